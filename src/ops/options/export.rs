//! What an export can be told.

use super::{Choice, Field, Table, Value, choose, name_of, values};
use crate::domain::queue::Filter;
pub use crate::ops::export::{By, Export, Format, Images};
use crate::ops::export::{Split, What};

/// The shares of a split where nothing is said.
pub const SHARES: &str = "train=0.8,val=0.1,test=0.1";

const PICTURES: Table<Images, 3> = [
    (Images::None, "none", "stay where they are, and are named"),
    (Images::Copy, "copy", "copied into the folder"),
    (Images::Reference, "reference", "linked into the folder"),
];
const WHOSE: Table<What, 2> = [
    (What::Answers, "answers", "what people have said"),
    (What::Predictions, "predictions", "what models have guessed"),
];
const SPLITS: Table<Option<By>, 7> = [
    (None, "none", "one part"),
    (Some(By::Random), "random", "every picture for itself"),
    (Some(By::Stratified), "stratified", "each class in the same shares"),
    (Some(By::Folder), "group:folder", "pictures of a folder stay together"),
    (Some(By::Top), "group:top", "pictures of a top folder stay together"),
    (Some(By::Before(UP_TO)), "group:before", "pictures whose names begin alike stay together"),
    (Some(By::Imported), "as-imported", "by the lists train, val, test that an import left"),
];
/// Where names that begin alike end to be alike, where nothing is said.
const UP_TO: char = '_';
const STANDING: Table<bool, 2> =
    [(false, "keep", "nothing is replaced"), (true, "replace", "an earlier export is replaced")];
const ROWS: Table<bool, 2> =
    [(false, "new", "there is no table yet, or they are replaced"), (true, "append", "they stay")];
const FORMULA: Table<bool, 2> =
    [(true, "guard", "cells that a spreadsheet would run get a quote"), (false, "keep", "kept as they are")];
const PACKED: Table<bool, 2> = [(false, "off", "not compressed"), (true, "on", "compressed")];
const ORIGINS: Table<u8, 2> = [(0, "0", "counted from 0"), (1, "1", "counted from 1, as the devkit does")];

/// What is written.
pub const FORMAT: Choice<Export> = Choice {
    flag: "format",
    title: "format",
    help: "The format; without it, csv or jsonl by the ending of DEST",
    only: &[],
    values: || Format::ALL.map(|f| Value { name: f.name(), about: about(f.name()) }).to_vec(),
    get: |o| o.format.name(),
    set: |o, name| o.format = Format::from_name(name).unwrap_or(o.format),
};
/// What becomes of the picture files.
pub const IMAGES: Choice<Export> = Choice {
    flag: "images",
    title: "picture files",
    help: "What becomes of the picture files: copied, linked, or only named",
    only: &[],
    values: || values(&PICTURES),
    get: |o| name_of(&PICTURES, &o.images),
    set: |o, name| choose(&PICTURES, &mut o.images, name),
};
/// Whose word is written.
pub const WHAT: Choice<Export> = Choice {
    flag: "what",
    title: "whose word",
    help: "What people have said, or what models have guessed (coco)",
    only: &["coco"],
    values: || values(&WHOSE),
    get: |o| name_of(&WHOSE, &o.what),
    set: |o, name| choose(&WHOSE, &mut o.what, name),
};
/// How the data set is split.
pub const SPLIT: Choice<Export> = Choice {
    flag: "split",
    title: "split",
    help: "Split into parts: random, stratified, group:folder, group:top, group:before:CHAR, or as-imported: by the lists \
           of the parts' names; what is on none is left out",
    only: &[],
    values: || values(&SPLITS),
    get: |o| {
        let by = o.split.as_ref().map(|s| s.by);
        name_of(&SPLITS, &by.map(|by| if let By::Before(_) = by { By::Before(UP_TO) } else { by }))
    },
    set: |o, name| {
        let (seed, parts) = match o.split.take() {
            Some(old) => (old.seed, Some(old.parts)),
            None => (0, None),
        };
        o.split = split_by(name)
            .and_then(|by| Split::parse(by, seed, SHARES))
            .ok()
            .map(|new| Split { parts: parts.unwrap_or(new.parts), ..new });
    },
};

/// A way to split as [`Split::parse`] reads it: that of the screen, where the character is a line of its own, or that of
/// the flag, which holds it.
///
/// # Errors
/// A sentence that says what there is.
pub fn split_by(name: &str) -> Result<&str, String> {
    let by = if name == "group:before" { "group:before:_" } else { name };
    Split::parse(by, 0, SHARES).map(|_| by)
}

/// Replace what is there.
pub const FORCE: Choice<Export> = Choice {
    flag: "force",
    title: "what is there",
    help: "Replace what is there; of a Delta table the rows, which its older versions keep",
    only: &[],
    values: || values(&STANDING),
    get: |o| name_of(&STANDING, &o.overwrite),
    set: |o, name| choose(&STANDING, &mut o.overwrite, name),
};
/// Cells that a spreadsheet would run.
pub const FORMULAS: Choice<Export> = Choice {
    flag: "formulas",
    title: "formulas",
    help: "CSV: cells that a spreadsheet would run get a quote in front, or are kept as they are",
    only: &["csv", "csv-boxes", "folders"],
    values: || values(&FORMULA),
    get: |o| name_of(&FORMULA, &o.options.guard_formulas),
    set: |o, name| choose(&FORMULA, &mut o.options.guard_formulas, name),
};
/// The rows of a table stay.
pub const APPEND: Choice<Export> = Choice {
    flag: "append",
    title: "rows of the table",
    help: "delta: the rows of the table stay, these are added in a new version",
    only: &["delta"],
    values: || values(&ROWS),
    get: |o| name_of(&ROWS, &o.append),
    set: |o, name| choose(&ROWS, &mut o.append, name),
};
/// The first pixel of VOC boxes.
pub const VOC_ORIGIN: Choice<Export> = Choice {
    flag: "voc-origin",
    title: "first pixel",
    help: "voc: count pixels from 0, or from 1 as the devkit does",
    only: &["voc"],
    values: || values(&ORIGINS),
    get: |o| name_of(&ORIGINS, &o.options.voc_origin),
    set: |o, name| choose(&ORIGINS, &mut o.options.voc_origin, name),
};
/// Compressed files.
pub const GZIP: Choice<Export> = Choice {
    flag: "gzip",
    title: "gzip",
    help: "tfrecord: compress the files",
    only: &["tfrecord"],
    values: || values(&PACKED),
    get: |o| name_of(&PACKED, &o.options.gzip),
    set: |o, name| choose(&PACKED, &mut o.options.gzip, name),
};
/// All of them, in the order of the screen.
pub const CHOICES: [&Choice<Export>; 9] =
    [&FORMAT, &IMAGES, &WHAT, &SPLIT, &FORCE, &APPEND, &FORMULAS, &VOC_ORIGIN, &GZIP];

/// Which pictures.
pub const FILTER: Field<Export> = Field {
    flag: "filter",
    title: "pictures",
    help: "Only these pictures, such as 'status:labeled class:roses'; with --as-of, status, class, by, flag, unsure and \
           empty are asked of the answer of then, the rest of the picture of today",
    form: "status:labeled class:roses review:accepted",
    empty: "all",
    only: &[],
    get: |o| o.filter.to_string(),
    set: |o, text| Filter::parse(text).map(|filter| o.filter = filter),
};
/// The labels as they were.
pub const AS_OF: Field<Export> = Field {
    flag: "as-of",
    title: "as of",
    help: "The labels and the names of classes as they were in this state: a snapshot, a time, `start`",
    form: "a snapshot, or 2026-01-31T12:00:00Z",
    empty: "as they are",
    only: &[],
    get: |o| o.as_of.clone().unwrap_or_default(),
    set: |o, text| {
        o.as_of = Some(text.trim().to_owned()).filter(|state| !state.is_empty());
        Ok(())
    },
};
/// Where names that begin alike end to be alike.
pub const BEFORE: Field<Export> = Field {
    flag: "split",
    title: "names alike up to",
    help: SPLIT.help,
    form: "one character, such as _",
    empty: "",
    only: &[],
    get: |o| match o.split.as_ref().map(|s| s.by) {
        Some(By::Before(end)) => end.to_string(),
        _ => String::new(),
    },
    set: |o, text| {
        let mut end = text.chars();
        let (Some(end), None) = (end.next(), end.next()) else {
            return Err("write one character, such as _".to_owned());
        };
        if let Some(split) = &mut o.split {
            split.by = By::Before(end);
        }
        Ok(())
    },
};
/// Files that a part is dealt out to.
pub const SHARDS: Field<Export> = Field {
    flag: "shards",
    title: "files of a part",
    help: "tfrecord: deal the pictures of a part out to so many files",
    form: "a number",
    empty: "",
    only: &["tfrecord"],
    get: |o| o.options.shards.to_string(),
    set: |o, text| {
        let shards = text.trim().parse().ok().filter(|n| (1..=MOST_SHARDS).contains(n));
        o.options.shards = shards.ok_or_else(|| format!("write a whole number from 1 to {MOST_SHARDS}"))?;
        Ok(())
    },
};
const MOST_SHARDS: u32 = 10_000;
/// The shares of a split.
pub const PARTS: Field<Export> = Field {
    flag: "parts",
    title: "parts",
    help: "The parts and their shares",
    form: "train=0.8,val=0.1,test=0.1",
    empty: "",
    only: &[],
    get: |o| {
        let parts = o.split.iter().flat_map(|s| &s.parts).map(|(name, share)| format!("{name}={share}"));
        parts.collect::<Vec<_>>().join(",")
    },
    set: |o, text| {
        let Some(old) = &o.split else { return Ok(()) };
        let parts = Split::parse("random", old.seed, text.trim())?.parts;
        o.split = Some(Split { parts, ..old.clone() });
        Ok(())
    },
};
/// The seed of a split.
pub const SEED: Field<Export> = Field {
    flag: "seed",
    title: "seed",
    help: "Another number splits otherwise; the same one always alike",
    form: "a number",
    empty: "",
    only: &[],
    get: |o| o.split.as_ref().map(|s| s.seed.to_string()).unwrap_or_default(),
    set: |o, text| {
        let seed = text.trim().parse().map_err(|_| "write a whole number, such as 7".to_owned())?;
        if let Some(split) = &mut o.split {
            split.seed = seed;
        }
        Ok(())
    },
};

/// A few words about a format.
fn about(name: &str) -> &'static str {
    match name {
        "csv" => "one row a picture",
        "jsonl" => "one object a picture, nothing lost",
        "folders" => "a folder for each class, with the pictures",
        "coco" => "COCO JSON: boxes, polygons, masks",
        "coco-panoptic" => "panoptic COCO: a JSON file, and a PNG file a picture",
        "coco-captions" => "COCO captions: the remarks on pictures",
        "yolo" => "YOLO: boxes as text files, with data.yaml",
        "yolo-seg" => "YOLO: polygons as text files, with data.yaml",
        "voc" => "Pascal VOC: an XML file a picture",
        "cvat" => "CVAT XML 1.1",
        "labelme" => "LabelMe: a JSON file a picture",
        "label-studio" => "Label Studio JSON",
        "createml" => "CreateML JSON: boxes",
        "open-images" => "Open Images CSV: boxes and classes",
        "via" => "VGG Image Annotator JSON",
        "datumaro" => "datumaro JSON",
        "csv-boxes" => "CSV with one row a box",
        "hf-imagefolder" => "Hugging Face imagefolder with metadata.jsonl",
        "hf-parquet" => "Hugging Face Parquet with the pictures inside",
        "parquet" => "Parquet with one row an annotation",
        "tfrecord" => "TFRecord with the pictures inside",
        "cv-explorer" => "JSON lines of CV Explorer",
        "coco_reference" => "COCO of CV Explorer, pictures by their path",
        "hf_jsonl" => "JSON lines of CV Explorer for Hugging Face",
        "delta" => "a Delta table",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn every_choice_takes_all_its_values_and_every_format_is_told_of() {
        let mut export = Export::new(PathBuf::from("/x"), Format::Csv);
        for choice in CHOICES {
            assert_eq!((choice.get)(&export), choice.default(), "{}", choice.flag);
            for value in (choice.values)() {
                (choice.set)(&mut export, value.name);
                assert_eq!((choice.get)(&export), value.name, "{}", choice.flag);
                assert!(!value.about.is_empty(), "{}", value.name);
            }
        }
        assert_eq!((PARTS.get)(&export), SHARES);
        (PARTS.set)(&mut export, "a=0.5,b=0.5").unwrap();
        (SEED.set)(&mut export, "7").unwrap();
        (SPLIT.set)(&mut export, "stratified");
        assert_eq!(((PARTS.get)(&export).as_str(), (SEED.get)(&export).as_str()), ("a=0.5,b=0.5", "7"));
        assert!((PARTS.set)(&mut export, "a=0.5").unwrap_err().contains("add up"));
        (SPLIT.set)(&mut export, "group:before:-");
        assert_eq!(((SPLIT.get)(&export), (BEFORE.get)(&export).as_str()), ("group:before", "-"));
        assert_eq!((PARTS.get)(&export), "a=0.5,b=0.5");
        (SPLIT.set)(&mut export, "group:before");
        assert_eq!((BEFORE.get)(&export), "_");
        (BEFORE.set)(&mut export, "ß").unwrap();
        assert_eq!((BEFORE.get)(&export), "ß");
        assert!((BEFORE.set)(&mut export, "ab").is_err() && (BEFORE.set)(&mut export, "").is_err());
        assert!(split_by("group:before:ab").unwrap_err().contains("no way to split"));
        (AS_OF.set)(&mut export, " 2026-01-31T12:00:00Z ").unwrap();
        assert_eq!((AS_OF.get)(&export), "2026-01-31T12:00:00Z");
        (AS_OF.set)(&mut export, "delivered").unwrap();
        assert_eq!(export.as_of.as_deref(), Some("delivered"));
        (AS_OF.set)(&mut export, "").unwrap();
        assert_eq!(export.as_of, None);
        (SHARDS.set)(&mut export, "16").unwrap();
        assert!((SHARDS.set)(&mut export, "0").is_err() && (SHARDS.set)(&mut export, "10001").is_err());
        assert_eq!((SHARDS.get)(&export), "16");
    }
}
