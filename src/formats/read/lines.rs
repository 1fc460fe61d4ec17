//! JSON lines: lakelens' own, CV Explorer's import form and its `hf_jsonl` exports, data sets of Ultralytics' platform.
//!
//! | keys | whose |
//! |---|---|
//! | `path`, `annotations` / `label` / `boxes`, `status`, … | ours, see [`crate::formats::jsonl::Record`] and `lakelens label` |
//! | `filename`, `annotations` of `label`, `ann_type`, `bbox_json` | CV Explorer's |
//! | `image`, `label` (a number into `classes.json`) | CV Explorer's `hf_jsonl` |
//! | `file`, `annotations` of `boxes`, `segments`, … after a first line of `class_names` | Ultralytics' platform, see [`ultralytics`] |
//!
//! Lines end at line feeds only, so that a line separator (U+2028) may stand in a text. A line that cannot be read is one
//! bad row.

mod by_number;
mod ultralytics;

pub(super) use by_number::OBJECT_CLASSES;

use super::crew::{self, Give, PIECE};
use super::json::{self, Scalar, field, number, text};
use super::{Reading, document_label, documents, io_error, near, split_of};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::domain::mask;
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Item, Mark, Place, ReadError, Spot, Standing, Take, Unit};
use by_number::by_number;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use ultralytics::Set;

/// The longest line that is read.
pub const LONGEST: u64 = 16 << 20;

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file cannot be read, or has a line that is longer than [`LONGEST`].
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in &documents(files, &["jsonl", "ndjson"])? {
        let file = document_label(files, &path);
        if let Some(classes) = declared(files, &path) {
            take(Found::Classes(classes))?;
        }
        let mut input = BufReader::with_capacity(256 << 10, super::open(files, &path)?);
        let mut first = Vec::new();
        (&mut input).take(LONGEST).read_until(b'\n', &mut first).map_err(|e| io_error(&file, e))?;
        let set = ultralytics::head(&first);
        if let Some(set) = &set {
            take(Found::Classes(set.classes()))?;
        }
        let mut input = first.as_slice().chain(input);
        let (names, split) = (class_names(files, &path), split_of(&path));
        let work = |lines: Lines| lines.read(&file, &names, split.as_ref(), set.as_ref());
        let feed = |give: &mut Give<'_, Lines>| {
            let mut lines = Lines::default();
            each_line(&mut input, &file, &mut |n, line| {
                if let Some(set) = &set
                    && set.begins_again(n, line, &file)?
                {
                    return Ok(());
                }
                lines.bytes.extend_from_slice(line);
                lines.ends.push((n, lines.bytes.len()));
                match lines.bytes.len() >= PIECE {
                    true => give(std::mem::take(&mut lines), line.len() > PIECE),
                    false => Ok(()),
                }
            })?;
            give(lines, false)
        };
        // Names in the metadata of Hugging Face's folders are relative to it.
        let is_beside = path.ends_with("/metadata.jsonl");
        let mut placed = |mut found: Found| {
            if let (true, Found::Item(item)) = (is_beside, &mut found) {
                item.name = near(files, &path, &item.name);
            }
            take(found)
        };
        crew::in_order(&work, feed, &mut |found| found.into_iter().try_for_each(&mut placed))?;
    }
    Ok(())
}

/// Lines with their numbers.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    ends: Vec<(u64, usize)>,
}

impl Lines {
    fn read(&self, file: &Arc<str>, names: &[String], split: Option<&String>, set: Option<&Set>) -> Vec<Found> {
        let (mut out, mut bad, mut start) = (Vec::with_capacity(self.ends.len()), Vec::new(), 0);
        for (n, end) in &self.ends {
            let line = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            let place = Place { file: Arc::clone(file), at: Spot::Line(*n) };
            let found = match set {
                Some(set) => set.record(line, &place, split.cloned(), &mut bad),
                None => record(line, &place, names, split.cloned(), &mut bad),
            };
            out.extend(bad.drain(..).map(Found::Bad));
            out.push(match found {
                Ok(item) => Found::Item(Box::new(item)),
                Err((reason, name)) => Found::Bad(Bad { place, reason, name, whole: true, row: short(line) }),
            });
        }
        out
    }
}

/// Takes a line with its number.
pub(super) type TakeLine<'a> = dyn FnMut(u64, &[u8]) -> Result<(), ReadError> + 'a;

/// Gives the lines that are not blank, with their numbers from 1.
pub(super) fn each_line(input: &mut dyn BufRead, file: &Arc<str>, take: &mut TakeLine<'_>) -> Result<(), ReadError> {
    let (mut line, mut n) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = (&mut *input).take(LONGEST).read_until(b'\n', &mut line).map_err(|e| io_error(file, e))?;
        if read == 0 {
            return Ok(());
        }
        n += 1;
        if read as u64 == LONGEST && !line.ends_with(b"\n") {
            let place = Place { file: Arc::clone(file), at: Spot::Line(n) };
            return Err(ReadError::Broken { place, reason: format!("the line is longer than {} MiB", LONGEST >> 20) });
        }
        let bytes = if n == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        if !bytes.trim_ascii().is_empty() {
            take(n, bytes)?;
        }
    }
}

/// The names in the `classes.json` beside a file.
pub(super) fn class_names(files: &dyn Files, path: &str) -> Vec<String> {
    if files.is_file() {
        return Vec::new();
    }
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut bytes = Vec::new();
    let Ok(input) = files.open(&format!("{folder}classes.json")) else { return Vec::new() };
    if input.take(LONGEST).read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    let value: Value = json::parse(&bytes).unwrap_or_default();
    let names = value.get("names").and_then(Value::as_array).into_iter().flatten();
    names.map(|n| n.as_str().unwrap_or_default().to_owned()).collect()
}

fn declared(files: &dyn Files, path: &str) -> Option<Vec<ClassInfo>> {
    let names = class_names(files, path);
    (!names.is_empty()).then(|| names.into_iter().map(|name| ClassInfo { name, ..ClassInfo::default() }).collect())
}

/// A row for the rejects file, if it is not too long for one.
pub(super) fn short(row: &[u8]) -> Option<String> {
    (row.len() < 8192).then(|| String::from_utf8_lossy(row.trim_ascii()).into_owned())
}

/// Why a picture cannot be taken, and its name as far as it is known.
pub(super) type Lost = (String, Option<String>);

fn record(
    line: &[u8],
    place: &Place,
    names: &[String],
    split: Option<String>,
    bad: &mut Vec<Bad>,
) -> Result<Item, Lost> {
    let value: Value = json::parse(line).map_err(|e| (e.replace("it is no JSON", "invalid JSON"), None))?;
    let Value::Object(fields) = value else {
        return Err(("a line must be a JSON object".to_owned(), None));
    };
    of_fields(&fields, place, names, split, bad)
}

/// The picture that an object is about. `names` are those of classes that are given by their number.
pub(super) fn of_fields(
    fields: &Map<String, Value>,
    place: &Place,
    names: &[String],
    split: Option<String>,
    bad: &mut Vec<Bad>,
) -> Result<Item, Lost> {
    let key = ["path", "filename", "image", "file_name"].into_iter().find(|k| fields.contains_key(*k));
    let key =
        key.ok_or_else(|| ("it names no picture: path, filename, image and file_name are missing".to_owned(), None))?;
    let name = text(fields, key).map_err(|e| (e, None))?.to_owned();
    if name.trim().is_empty() {
        return Err((format!("{key} is empty"), None));
    }
    let lost = |reason: String| (reason, Some(name.clone()));
    let side = |key: &str| field(fields, key).side().map_err(|e| lost(format!("{key} is {e}")));
    let mut item = Item {
        width: side("width")?,
        height: side("height")?,
        name: name.clone(),
        stored_frame: false,
        split: split.or_else(|| text(fields, "split").ok().map(str::to_owned)),
        standing: Standing::Judged,
        marks: Vec::new(),
        extra: extra(fields),
        place: place.clone(),
    };
    let mut maker = Marks { place, name: &name, bad, out: Vec::new() };
    match key {
        "path" => item.standing = ours(fields, &mut maker).map_err(lost)?,
        "filename" if !is_by_number(fields) => item.standing = theirs(fields, &mut maker).map_err(lost)?,
        _ => item.standing = by_number(fields, names, &mut maker).map_err(lost)?,
    }
    item.marks = maker.out;
    Ok(item)
}

/// What an answer holds besides marks.
fn extra(fields: &Map<String, Value>) -> BTreeMap<String, Value> {
    let kept = ["flagged", "flag", "unsure", "reason", "captions"];
    let said = |v: &Value| !v.is_null() && *v != Value::Bool(false);
    let kept = kept.into_iter().filter_map(|key| Some((key, fields.get(key).filter(|v| said(v))?)));
    kept.map(|(key, value)| (if key == "flag" { "flagged" } else { key }.to_owned(), value.clone())).collect()
}

/// Collects the marks of a line.
struct Marks<'a> {
    place: &'a Place,
    name: &'a str,
    bad: &'a mut Vec<Bad>,
    out: Vec<Mark>,
}

impl Marks<'_> {
    fn add(&mut self, made: Result<Mark, String>) {
        match made {
            Ok(mark) => self.out.push(mark),
            Err(reason) => {
                let (place, name) = (self.place.clone(), Some(self.name.to_owned()));
                self.bad.push(Bad { place, reason, name, whole: false, row: None });
            }
        }
    }

    fn mark(&self, class: &str, shape: Shape) -> Mark {
        Mark {
            class: class.to_owned(),
            shape,
            unit: Unit::Part,
            score: None,
            author: None,
            at: None,
            attributes: BTreeMap::new(),
            place: self.place.clone(),
        }
    }
}

fn list<'a>(fields: &'a Map<String, Value>, key: &str) -> Result<&'a [Value], String> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(format!("'{key}' must be a list")),
    }
}

/// The frame of a box: its four numbers.
fn boxed(fields: &Map<String, Value>) -> Result<Shape, String> {
    let side = |key: &str| number(fields, key);
    Ok(Shape::Box(BoxN { x: side("x")?, y: side("y")?, w: side("w")?, h: side("h")? }))
}

/// A line of lakelens.
fn ours(fields: &Map<String, Value>, marks: &mut Marks<'_>) -> Result<Standing, String> {
    let full = list(fields, "annotations")?;
    for one in full {
        let made = full_mark(one, marks);
        marks.add(made);
    }
    if full.is_empty() {
        let labels = match fields.get("label") {
            Some(Value::String(name)) => std::slice::from_ref(name).iter().map(|n| Value::String(n.clone())).collect(),
            _ => list(fields, "label")?.to_vec(),
        };
        for label in &labels {
            let made = label.as_str().map(|name| marks.mark(name, Shape::Class));
            marks.add(made.ok_or_else(|| format!("label is {}, not a text", Scalar::from(label))));
        }
        for one in list(fields, "boxes")? {
            let made = one.as_object().ok_or_else(|| "a box must be a JSON object".to_owned());
            let made = made.and_then(|o| Ok(marks.mark(text(o, "class")?, boxed(o)?)));
            marks.add(made);
        }
    }
    for one in list(fields, "predictions")? {
        let made = full_mark(one, marks).and_then(|mut mark| {
            let fields = one.as_object().ok_or("a prediction must be a JSON object")?;
            mark.score = Some(number(fields, "score")?);
            mark.author = text(fields, "model").ok().map(str::to_owned);
            Ok(mark)
        });
        marks.add(made);
    }
    let skip = fields.get("skip") == Some(&Value::Bool(true));
    let known = |status: &str| crate::domain::sample::Status::from_name(status);
    Ok(match fields.get("status").and_then(Value::as_str) {
        _ if skip => Standing::Skipped,
        Some(status) => match known(status).ok_or_else(|| format!("status is \"{status}\", which is none"))? {
            crate::domain::sample::Status::Skipped => Standing::Skipped,
            crate::domain::sample::Status::Labeled => Standing::Answered,
            _ => Standing::Listed,
        },
        None if fields.contains_key("label") || fields.contains_key("boxes") || fields.contains_key("annotations") => {
            Standing::Judged
        }
        None if fields.get("empty") == Some(&Value::Bool(true)) => Standing::Answered,
        None => Standing::Listed,
    })
}

/// All that an entry may say besides its shape.
const WITHOUT_PLACE: [&str; 7] = ["id", "class", "author", "at", "attributes", "score", "model"];

fn full_mark(value: &Value, marks: &Marks<'_>) -> Result<Mark, String> {
    let fields = value.as_object().ok_or("annotation entries must be JSON objects")?;
    let class = text(fields, "class")?;
    let shape = match fields.get("kind") {
        // What says nothing of a place is about the whole picture.
        None if fields.keys().all(|key| WITHOUT_PLACE.contains(&key.as_str())) => Shape::Class,
        None => boxed(fields)?,
        Some(_) => serde_json::from_value(value.clone()).map_err(|e| format!("its shape cannot be read: {e}"))?,
    };
    let mut mark = marks.mark(class, shape);
    mark.author = text(fields, "author").ok().map(str::to_owned);
    mark.at = text(fields, "at").ok().and_then(|t| t.parse().ok());
    if let Some(Value::Object(attributes)) = fields.get("attributes") {
        mark.attributes = attributes.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    }
    Ok(mark)
}

/// Whether a line that begins like one of CV Explorer's says its classes as those with `file_name` do.
fn is_by_number(fields: &Map<String, Value>) -> bool {
    let says = |key: &str| fields.get(key).is_some_and(|value| !value.is_null());
    !fields.contains_key("annotations") && ["label", "labels", "objects"].into_iter().any(says)
}

/// A line of CV Explorer's import form. Without annotations it says that nobody has answered.
fn theirs(fields: &Map<String, Value>, marks: &mut Marks<'_>) -> Result<Standing, String> {
    let all = list(fields, "annotations")?;
    for one in all {
        // As CV Explorer has it: an entry that is no object makes the whole row unusable.
        let entry = one.as_object().ok_or("annotation entries must be JSON objects")?;
        let made = their_mark(entry, marks);
        marks.add(made);
    }
    Ok(if all.is_empty() { Standing::Listed } else { Standing::Judged })
}

fn their_mark(entry: &Map<String, Value>, marks: &Marks<'_>) -> Result<Mark, String> {
    let label = text(entry, "label")?;
    let kind = entry.get("ann_type").and_then(Value::as_str);
    let inner = |key: &str| entry.get(key).and_then(Value::as_object);
    let shape = match kind {
        None | Some("classification") => Shape::Class,
        Some("bbox") => {
            let fields = inner("bbox_json").ok_or("bbox annotation missing bbox_json")?;
            boxed(fields).map_err(|e| format!("bbox.{e}"))?
        }
        Some("mask") => {
            let fields = inner("mask_json").or_else(|| inner("mask_rle")).or_else(|| inner("segmentation"));
            let fields = fields.ok_or("mask annotation without mask_json")?;
            mask(fields)?
        }
        Some(other) => return Err(format!("ann_type must be 'classification', 'bbox' or 'mask', got '{other}'")),
    };
    let mut mark = marks.mark(label, shape);
    if let Some(Value::Number(score)) =
        entry.get("confidence").filter(|_| entry.get("is_draft") == Some(&Value::Bool(true)))
    {
        mark.score = score.as_f64();
    }
    Ok(mark)
}

fn mask(fields: &Map<String, Value>) -> Result<Shape, String> {
    let whole = |v: &Value| v.as_u64().and_then(|n| u32::try_from(n).ok());
    let size: Vec<u32> = list(fields, "size")?.iter().filter_map(whole).collect();
    let size = <[u32; 2]>::try_from(size).map_err(|_| "the size of the mask is not [height, width]")?;
    let counts = match fields.get("counts") {
        Some(Value::String(text)) => mask::from_text(text)?,
        Some(Value::Array(list)) => {
            let counts: Option<Vec<u32>> = list.iter().map(whole).collect();
            counts.ok_or("counts hold something that is no run length")?
        }
        _ => return Err("the mask has no counts".to_owned()),
    };
    Ok(Shape::Mask { size, counts })
}
