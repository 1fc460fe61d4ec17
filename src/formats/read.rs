//! Readers of annotation files: each format into the one form of [`super::dataset`].
//!
//! What always holds: any bytes give items, bad rows or an error, never a panic; memory does not grow with the file (what
//! must be sorted goes through [`sorter`]); names are only passed on, never opened, except below what the user opened.

pub mod coco;
pub mod codec;
pub mod detect;
pub mod json;
pub mod lines;
pub mod sorter;

use super::dataset::{Files, Place, ReadError, Spot, Take};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// An annotation format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// COCO in all its kinds.
    Coco,
    /// JSON lines: ours, CV Explorer's, and its `hf_jsonl`.
    Jsonl,
}

impl Format {
    /// All formats, in the order of help texts.
    pub const ALL: [Self; 2] = [Self::Coco, Self::Jsonl];

    /// The name in flags and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Coco => "coco",
            Self::Jsonl => "jsonl",
        }
    }

    /// One line about it.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Coco => {
                "COCO JSON: boxes, polygons, RLE, key points, captions, panoptic, results; coco_reference of CV Explorer"
            }
            Self::Jsonl => "JSON lines of lakelens and of CV Explorer (filename, annotations), and its hf_jsonl",
        }
    }

    /// Other names that are understood.
    const ALIASES: [(&'static str, Self); 5] = [
        ("coco_reference", Self::Coco),
        ("panoptic", Self::Coco),
        ("lakelens", Self::Jsonl),
        ("cvexplorer", Self::Jsonl),
        ("hf_jsonl", Self::Jsonl),
    ];

    /// The format with this [`Format::name`], or one of the other names people use.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('-', "_");
        let alias = || Self::ALIASES.into_iter().find(|(alias, _)| *alias == name).map(|(_, format)| format);
        Self::ALL.into_iter().find(|f| f.name() == name).or_else(alias)
    }
}

/// The first pixel in Pascal VOC files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VocOrigin {
    /// Judged by what the files say.
    #[default]
    Auto,
    /// The first pixel is 0.
    Zero,
    /// The first pixel is 1, and the last one belongs to the box.
    One,
}

/// How files are read.
#[derive(Clone)]
pub struct Reading<'a> {
    /// A folder for what does not fit into memory.
    pub scratch: &'a Path,
    /// The file that a list of results belongs to.
    pub reference: Option<&'a dyn Files>,
    /// The first pixel of VOC boxes.
    pub voc_origin: VocOrigin,
    /// Which column of a table is what: `path`, `class`, `x`, `y`, `w`, `h`, …
    pub columns: BTreeMap<String, String>,
}

impl<'a> Reading<'a> {
    /// Without any wishes.
    #[must_use]
    pub fn new(scratch: &'a Path) -> Self {
        Self { scratch, reference: None, voc_origin: VocOrigin::Auto, columns: BTreeMap::new() }
    }
}

/// Reads a file or folder of this format.
///
/// # Errors
/// When something is broken beyond reading on, cannot be read at all, or the taker had enough.
pub fn read(format: Format, files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    match format {
        Format::Coco => coco::read(files, with, take),
        Format::Jsonl => lines::read(files, with, take),
    }
}

/// The files to be read: the one that was opened, or those of a folder with one of these endings.
fn documents(files: &dyn Files, endings: &[&str]) -> Result<Vec<String>, ReadError> {
    if files.is_file() {
        return Ok(vec![String::new()]);
    }
    let listed = files.list("").map_err(|e| io_error(files.shown(), e))?;
    let mut out = Vec::new();
    for path in listed {
        let path = path.map_err(|e| io_error(files.shown(), e))?;
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        if endings.contains(&ending.as_str()) {
            out.push(path);
        }
    }
    Ok(out)
}

/// How a file is called in messages.
fn document_label(files: &dyn Files, path: &str) -> Arc<str> {
    match path {
        "" => Arc::from(files.shown().trim_end_matches('/').rsplit('/').next().unwrap_or_default()),
        path => Arc::from(path),
    }
}

fn open(files: &dyn Files, path: &str) -> Result<Box<dyn Read + Send>, ReadError> {
    files.open(path).map_err(|e| io_error(&document_label(files, path), e))
}

fn io_error(file: &str, source: io::Error) -> ReadError {
    ReadError::Io { file: crate::domain::text::printable(file).into_owned(), source }
}

/// An error about a file as a whole.
fn broken(file: &Arc<str>, reason: impl Into<String>) -> ReadError {
    ReadError::Broken { place: Place { file: Arc::clone(file), at: Spot::Whole }, reason: reason.into() }
}

/// The part of a data set that a folder name or file name stands for.
fn split_of(path: &str) -> Option<String> {
    let known = |part: &str| match part.to_ascii_lowercase().as_str() {
        "train" | "training" => Some("train"),
        "val" | "valid" | "validation" => Some("val"),
        "test" | "testing" => Some("test"),
        _ => None,
    };
    let mut parts = path.rsplit('/');
    let stem = parts.next().and_then(|name| name.split('.').next()).unwrap_or_default();
    let last = stem.rsplit(['_', '-']).next().unwrap_or_default();
    known(last).or_else(|| parts.find_map(known)).map(str::to_owned)
}
