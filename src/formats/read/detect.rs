//! Which format it is, by what is in it.

use super::{Format, document_label, foreign, tfrecord};
use crate::domain::natural::NameList;
use crate::formats::dataset::{Files, ReadError};
use std::io::Read;

/// So much of a file is looked at.
const HEAD: u64 = 64 << 10;
/// So many files of a folder are looked at.
const FILES: usize = 2000;
/// So many files that hold no known format are looked at once more, for one that is known not to be read.
const FEW: usize = 20;

/// The first bytes of a file, as text.
pub(super) fn head_of(files: &dyn Files, path: &str) -> Option<String> {
    let mut head = Vec::new();
    files.open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    Some(String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head)).into_owned())
}

/// The same of XML, which may say another encoding than UTF-8.
fn xml_head(files: &dyn Files, path: &str) -> Option<String> {
    let mut head = Vec::new();
    files.open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let encoding = super::xml::encoding::of(&head).ok().flatten().unwrap_or(encoding_rs::UTF_8);
    Some(encoding.decode(&head).0.into_owned())
}

/// Whether a text begins like a COCO file: an object with its lists, or results.
pub(super) fn is_coco(head: &str) -> bool {
    let has = |key: &str| head.contains(&format!("\"{key}\""));
    let results = head.trim_start().starts_with('[') && has("image_id") && has("category_id");
    results
        || (head.trim_start().starts_with('{')
            && ((has("images") && !has("_via_img_metadata"))
                || has("segments_info")
                || (has("image_id") && has("category_id"))))
}

/// The format of what was opened.
///
/// # Errors
/// When it cannot be read, or is none that is known; the message names what was found.
pub fn detect(files: &dyn Files) -> Result<Format, ReadError> {
    if !files.is_file() && is_delta(files) {
        return Ok(Format::Delta);
    }
    let mut found = Vec::new();
    let paths = if files.is_file() { NameList::from_iter([""]) } else { documents(files)? };
    for path in paths.iter().take(FILES) {
        if let Some(format) = of_file(files, &path)
            && !found.contains(&format)
        {
            found.push(format);
        }
    }
    // Lists of pictures and attributes lie beside the rows of Open Images.
    if found.contains(&Format::OpenImages) {
        found.retain(|format| *format != Format::Csv);
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(nothing(files)),
        several => {
            let names: Vec<&str> = several.iter().map(|f| f.name()).collect();
            Err(unknown(files, &format!("it holds several formats: {}", names.join(", "))))
        }
    }
}

/// Whether there is the log of a Delta table.
fn is_delta(files: &dyn Files) -> bool {
    let is_log = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.ends_with(".json") || name.ends_with(".parquet") || name == "_last_checkpoint"
    };
    files.list("_delta_log").is_ok_and(|mut found| found.any(|path| path.as_ref().is_ok_and(is_log)))
}

/// Endings of files that may hold annotations.
const ENDINGS: [&str; 10] = ["json", "jsonl", "ndjson", "xml", "csv", "txt", "yaml", "yml", "tsv", "parquet"];

fn documents(files: &dyn Files) -> Result<NameList, ReadError> {
    let mut out = super::documents(files, &ENDINGS)?;
    let listed = files.list("").map_err(|e| super::io_error(files.shown(), e))?;
    // The names of shards end in their numbers.
    listed.filter_map(Result::ok).find(|path| tfrecord::is_name(path)).into_iter().for_each(|path| out.push(&path));
    Ok(out)
}

/// The first bytes of a file as they are.
fn bytes_of(files: &dyn Files, path: &str) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    files.open(path).ok()?.take(16).read_to_end(&mut head).ok()?;
    Some(head)
}

/// Formats that are no text.
fn of_bytes(head: &[u8], name: &str) -> Option<Format> {
    if head.starts_with(b"PAR1") {
        return Some(Format::Parquet);
    }
    let named = tfrecord::is_name(name);
    ((named && head.starts_with(b"\x1f\x8b")) || tfrecord::is_head(head)).then_some(Format::TfRecord)
}

/// Why nothing was found, where what is there shows it.
fn nothing(files: &dyn Files) -> ReadError {
    let shown = document_label(files, "");
    let listed = files.list("").into_iter().flatten().take(FILES).filter_map(Result::ok);
    let names: Vec<String> = if files.is_file() { vec![shown.to_string()] } else { listed.collect() };
    if let Some(why) = foreign::of_names(&names) {
        return super::broken(&shown, why);
    }
    if files.is_file() && bytes_of(files, "").is_some_and(|head| head.is_empty()) {
        return super::broken(&shown, "it is empty");
    }
    let paths = if files.is_file() { NameList::from_iter([""]) } else { documents(files).unwrap_or_default() };
    for path in paths.iter().take(FEW) {
        let known = bytes_of(files, &path).and_then(|head| foreign::of_bytes(&head));
        if let Some(why) = known.or_else(|| foreign::of_text(&head_of(files, &path)?)) {
            return super::broken(&document_label(files, &path), why);
        }
    }
    match foreign::has_pictures_in_folders(&names) {
        true => unknown(
            files,
            "no annotation format that is known was found in it, but pictures in folders: if these are their classes, add \
             --format imagefolder",
        ),
        false => unknown(files, "no annotation format that is known was found in it"),
    }
}

fn unknown(files: &dyn Files, why: &str) -> ReadError {
    super::broken(
        &document_label(files, ""),
        format!("{why}; say which it is (--format NAME, `--format list` lists them)"),
    )
}

/// The format that a file shows by itself; nothing for those that say nothing.
fn of_file(files: &dyn Files, path: &str) -> Option<Format> {
    let label = document_label(files, path).to_ascii_lowercase();
    if let Some(format) = of_bytes(&bytes_of(files, path)?, &label) {
        return Some(format);
    }
    let head = if label.ends_with(".xml") { xml_head(files, path)? } else { head_of(files, path)? };
    let name = label.rsplit('/').next().unwrap_or_default();
    let start = head.trim_start();
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "xml" if start.contains("<annotations") => Some(Format::Cvat),
        "xml" if start.contains("<annotation") => Some(Format::Voc),
        "csv" | "tsv" if super::open_images::is_description(&label) => Some(Format::OpenImages),
        "csv" if start.lines().next().is_some_and(|first| first.contains("region_shape_attributes")) => {
            Some(Format::Via)
        }
        "csv" | "tsv" => {
            let first = start.lines().next().unwrap_or_default();
            let is_open = first.contains("ImageID") && ["LabelName", "Subset"].iter().any(|c| first.contains(c));
            Some(if is_open { Format::OpenImages } else { Format::Csv })
        }
        "yaml" | "yml" => start.contains("names").then_some(Format::Yolo),
        "txt" => of_text(start, name),
        _ if start.starts_with(['{', '[']) => of_json(start),
        _ => None,
    }
}

/// Rows that begin with a number and have five or more, one of which may be wrong: the reader says which.
fn of_text(start: &str, name: &str) -> Option<Format> {
    if super::yolo::is_list_of_boxes(start) {
        return Some(Format::Yolo);
    }
    if name == "classes.txt" {
        return None;
    }
    let words: Vec<&str> = start.lines().next()?.split_whitespace().collect();
    let numbers = words.iter().filter(|w| w.parse::<f64>().is_ok()).count();
    let first = words.first()?.parse::<f64>().is_ok();
    (first && (numbers >= 5 || (words.len() == 5 && numbers == 4))).then_some(Format::Yolo)
}

/// Whether the list of a COCO file's categories comes first and is so long that nothing else is seen. Those of datumaro are
/// an object; a file with nothing else, such as the `notes.json` beside YOLO labels of Label Studio, is none.
fn begins_with_categories(start: &str) -> bool {
    if (start.len() as u64) < HEAD / 2 {
        return false;
    }
    let after = start.split_once("\"categories\"").map(|(_, rest)| rest.trim_start());
    let list = after.and_then(|rest| rest.strip_prefix(':')).is_some_and(|rest| rest.trim_start().starts_with('['));
    list && start.contains("\"id\"") && start.contains("\"name\"")
}

fn of_json(start: &str) -> Option<Format> {
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    let list = start.starts_with('[');
    if super::via::project::is_head(start) || has("_via_img_metadata") || (has("regions") && has("filename")) {
        return Some(Format::Via);
    }
    if has("shapes") && (has("imagePath") || has("shape_type")) {
        return Some(Format::LabelMe);
    }
    if list && has("data") && (has("annotations") || has("predictions")) {
        return Some(Format::LabelStudio);
    }
    if list && !has("image_id") && ((has("annotation_id") && has("annotator")) || has("original_width")) {
        return Some(Format::LabelStudio);
    }
    let pictures = || super::createml::NAMES.into_iter().any(has);
    if list && pictures() && (has("annotations") || has("annotation")) && !has("category_id") {
        return Some(Format::CreateMl);
    }
    if !list && has("categories") && has("items") && !has("images") {
        return Some(Format::Datumaro);
    }
    if is_coco(start) || (!list && begins_with_categories(start)) {
        return Some(Format::Coco);
    }
    if super::table::records::is_head(start) {
        return Some(Format::Csv);
    }
    let first = start.lines().next().unwrap_or_default();
    let line = serde_json::from_str::<serde_json::Value>(first).ok();
    // A picture is named, or it is in the line with its bytes or its path.
    let names =
        |value: &serde_json::Value| value.as_object().is_none_or(|o| o.contains_key("path") || o.contains_key("bytes"));
    let keys = ["path", "filename", "image"];
    let named = |o: &serde_json::Map<_, _>| keys.iter().any(|key| o.get(*key).is_some_and(names));
    line.as_ref().and_then(|v| v.as_object()).is_some_and(named).then_some(Format::Jsonl)
}
