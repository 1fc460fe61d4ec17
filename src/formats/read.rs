//! Readers of annotation files: each format into the one form of [`super::dataset`].
//!
//! What always holds: any bytes give items, bad rows or an error, never a panic; memory does not grow with the file (what
//! must be sorted goes through [`sorter`]); names are only passed on, never opened, except below what the user opened.

mod bitmap;
pub mod coco;
pub mod codec;
pub mod createml;
mod crew;
pub mod cvat;
pub mod datumaro;
pub mod detect;
mod foreign;
pub mod image_folders;
pub mod json;
pub mod keys;
pub mod label_studio;
pub mod labelme;
pub mod lines;
pub mod open_images;
pub mod parquet;
mod parts;
mod round;
pub mod sorter;
pub mod table;
pub mod tfrecord;
pub mod via;
pub mod voc;
pub mod xml;
pub mod yaml;
pub mod yolo;

use super::dataset::{Files, Item, Mark, Place, ReadError, Spot, Standing, Take, Unit};
use crate::domain::annotation::Shape;
use crate::domain::natural::NameList;
use parts::{split_of, split_of_cell, split_of_folders};
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
    /// YOLO v5, v8, v11, Darknet: text files of numbers.
    Yolo,
    /// Pascal VOC, and LabelMe's older XML.
    Voc,
    /// CVAT XML 1.1.
    Cvat,
    /// LabelMe JSON.
    LabelMe,
    /// Label Studio JSON.
    LabelStudio,
    /// CreateML JSON.
    CreateMl,
    /// Open Images CSV.
    OpenImages,
    /// VGG Image Annotator JSON.
    Via,
    /// datumaro JSON.
    Datumaro,
    /// Tables.
    Csv,
    /// Tables, and Hugging Face's pictures with lists of objects.
    Parquet,
    /// A Delta table. Which of its files count is known to its log, so whoever opens it gives its rows as one Parquet
    /// file.
    Delta,
    /// TensorFlow's records.
    TfRecord,
    /// A folder for each class.
    ImageFolder,
}

impl Format {
    /// All formats, in the order of help texts.
    pub const ALL: [Self; 16] = [
        Self::Coco,
        Self::Jsonl,
        Self::Yolo,
        Self::Voc,
        Self::Cvat,
        Self::LabelMe,
        Self::LabelStudio,
        Self::CreateMl,
        Self::OpenImages,
        Self::Via,
        Self::Datumaro,
        Self::Csv,
        Self::Parquet,
        Self::Delta,
        Self::TfRecord,
        Self::ImageFolder,
    ];

    /// The name in flags and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Coco => "coco",
            Self::Jsonl => "jsonl",
            Self::Yolo => "yolo",
            Self::Voc => "voc",
            Self::Cvat => "cvat",
            Self::LabelMe => "labelme",
            Self::LabelStudio => "label_studio",
            Self::CreateMl => "createml",
            Self::OpenImages => "open_images",
            Self::Via => "via",
            Self::Datumaro => "datumaro",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Delta => "delta",
            Self::TfRecord => "tfrecord",
            Self::ImageFolder => "imagefolder",
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
            Self::Yolo => {
                "YOLO v5, v8, v11, Darknet, DOTA: boxes, polygons, turned boxes (as polygons), key points kept"
            }
            Self::Voc => "Pascal VOC XML with ImageSets; also the older XML of LabelMe",
            Self::Cvat => "CVAT XML 1.1, images and videos: boxes, polygons, ellipses, masks, tags",
            Self::LabelMe => "LabelMe JSON: rectangles, polygons, circles, masks",
            Self::LabelStudio => {
                "Label Studio JSON and JSON-MIN: rectangles, polygons, ellipses, brushes, choices, predictions"
            }
            Self::CreateMl => "CreateML JSON",
            Self::OpenImages => "Open Images CSV, with class-descriptions",
            Self::Via => "VGG Image Annotator (VIA 1, 2, 3): JSON, a project, or CSV",
            Self::Datumaro => "datumaro JSON",
            Self::Parquet => "Parquet tables as CSV, and Hugging Face's with image, label, labels or objects",
            Self::Delta => "Delta table (--at VERSION|TIME), its columns as those of CSV",
            Self::TfRecord => {
                "TFRecord files of tf.train.Example or tensorflow-datasets, also gzipped and in shards, with names of classes"
            }
            Self::Csv => "CSV with one row for a box, a class or a picture (--columns names the columns)",
            Self::ImageFolder => "a folder for each class, also below train/, val/ and test/",
        }
    }

    /// Other names that are understood.
    const ALIASES: [(&'static str, Self); 18] = [
        ("coco_reference", Self::Coco),
        ("panoptic", Self::Coco),
        ("lakelens", Self::Jsonl),
        ("cvexplorer", Self::Jsonl),
        ("hf_jsonl", Self::Jsonl),
        ("cvx", Self::Jsonl),
        ("yolov5", Self::Yolo),
        ("yolov8", Self::Yolo),
        ("yolo_seg", Self::Yolo),
        ("yolo_obb", Self::Yolo),
        ("pascal_voc", Self::Voc),
        ("openimages", Self::OpenImages),
        ("hf_parquet", Self::Parquet),
        ("deltalake", Self::Delta),
        ("tf_record", Self::TfRecord),
        ("csv_boxes", Self::Csv),
        ("folders", Self::ImageFolder),
        ("yolo_cls", Self::ImageFolder),
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
        Format::Yolo => yolo::read(files, with, take),
        Format::Voc => voc::read(files, with, take),
        Format::Cvat => cvat::read(files, with, take),
        Format::LabelMe => labelme::read(files, with, take),
        Format::LabelStudio => label_studio::read(files, with, take),
        Format::CreateMl => createml::read(files, with, take),
        Format::OpenImages => open_images::read(files, with, take),
        Format::Via => via::read(files, with, take),
        Format::Datumaro => datumaro::read(files, with, take),
        Format::Csv => table::read(files, with, take),
        Format::Parquet | Format::Delta => parquet::read(files, with, take),
        Format::TfRecord => tfrecord::read(files, with, take),
        Format::ImageFolder => image_folders::read(files, with, take),
    }
}

/// More marks on one picture than this are no annotation but a mistake, and would have to be held at once.
const MARKS: usize = 200_000;
/// More classes than this are no list of classes but a mistake, and are known by heart while a file is read.
pub const CLASSES: usize = 100_000;

/// What is told of a picture with more than [`MARKS`].
fn too_many(file: &Arc<str>, name: &str) -> ReadError {
    let name = crate::domain::text::printable(name);
    broken(file, format!("more than {MARKS} annotations belong to one picture, `{name}`"))
}

/// What is told of a file with more than [`CLASSES`].
fn too_many_classes(file: &Arc<str>) -> ReadError {
    broken(file, format!("it has more than {CLASSES} classes"))
}

/// The files to be read: the one that was opened, or those of a folder with one of these endings.
fn documents(files: &dyn Files, endings: &[&str]) -> Result<NameList, ReadError> {
    if files.is_file() {
        return Ok(NameList::from_iter([""]));
    }
    let listed = files.list("").map_err(|e| io_error(files.shown(), e))?;
    let mut out = NameList::default();
    for path in listed {
        let path = path.map_err(|e| io_error(files.shown(), e))?;
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        // Our own exports say what is in them; that is no annotation.
        let manifest = path.rsplit('/').next() == Some(crate::formats::MANIFEST);
        if endings.contains(&ending.as_str()) && !manifest {
            out.push(&path);
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

/// Why a shape is not taken that has no area, or more than one plane.
fn no_area(kind: &str) -> String {
    format!("the shape is of the type `{kind}`: it is no box, polygon or mask, and is not taken")
}

/// The class that a cell names. A name of a picture may hold any bytes, because files have such names; that of a class is text.
fn class_of_cell(cell: &str) -> Result<&str, String> {
    match crate::domain::text::has_raw_bytes(cell) {
        true => Err("the class is not UTF-8 text; save the file as UTF-8 and try again".to_owned()),
        false => Ok(cell),
    }
}

/// An error about a file as a whole.
fn broken(file: &Arc<str>, reason: impl Into<String>) -> ReadError {
    ReadError::Broken { place: Place { file: Arc::clone(file), at: Spot::Whole }, reason: reason.into() }
}

/// An error about a JSON file that is something else: what files of the format are, and what this one is.
fn not_of(file: &Arc<str>, format: &str, should: &str, outer: &json::Outer) -> ReadError {
    let is = outer.shown();
    let why = format!(
        "it is no {format} file: that is {should}, and this is {is}; give another file, or say which format it is \
         (--format NAME, `--format list` lists them)"
    );
    broken(file, why)
}

/// The JSON files to be read; there is at least one.
fn json_documents(files: &dyn Files, format: &str) -> Result<NameList, ReadError> {
    let found = documents(files, &["json"])?;
    match found.iter().next() {
        Some(_) => Ok(found),
        None => Err(no_document(files, format)),
    }
}

/// An error about a folder that holds nothing of a format.
fn no_document(files: &dyn Files, format: &str) -> ReadError {
    let why = format!(
        "there is no {format} file (.json) in it; give another folder, or say which format it is (--format NAME, \
         `--format list` lists them)"
    );
    broken(&document_label(files, ""), why)
}

/// A picture that has been looked at, with nothing on it yet.
fn item(name: &str, place: &Place) -> Item {
    Item {
        name: name.to_owned(),
        width: None,
        height: None,
        stored_frame: false,
        split: None,
        standing: Standing::Judged,
        marks: Vec::new(),
        extra: BTreeMap::new(),
        place: place.clone(),
    }
}

/// A mark of which nothing is said but its class and shape.
fn mark(class: &str, shape: Shape, unit: Unit, place: &Place) -> Mark {
    Mark {
        class: class.to_owned(),
        shape,
        unit,
        score: None,
        author: None,
        at: None,
        attributes: BTreeMap::new(),
        place: place.clone(),
    }
}

/// A picture's name below what was opened, where it lies beside the file that names it; else as the file says.
fn near(files: &dyn Files, path: &str, name: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = if files.is_file() { None } else { labelme::beside(folder, name) };
    beside.filter(|path| files.exists(path)).unwrap_or_else(|| name.to_owned())
}
