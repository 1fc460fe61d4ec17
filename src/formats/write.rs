//! Items into the files of annotation formats.
//!
//! Why a trait: how pictures are chosen, named, copied and split is the same for all formats, and so is the account of
//! what a format cannot say ([`reduce`]); a writer only turns items into bytes. What always holds:
//!
//! - A writer streams: what it holds does not grow with the data set.
//! - The same items give the same bytes, at any time and on any machine.
//! - A writer is only given marks that its [`Says`] allows; everything else has been changed or left out, and counted.

mod coco;
mod createml;
mod csv_boxes;
mod cvat;
mod cvx;
mod datumaro;
mod geometry;
mod hf;
mod label_studio;
mod labelme;
mod open_images;
mod panoptic;
mod parquet;
pub mod reduce;
mod split;
mod text;
mod tfrecord;
mod via;
mod voc;
mod yolo;

pub use self::reduce::{Attributes, Says};
use super::dataset::{ClassInfo, Item, Outputs};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

/// How often something could not be said, by what it is: a sentence without the number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses(BTreeMap<&'static str, u64>);

impl Losses {
    /// Counts what is lost; zero of it is nothing.
    pub fn lose(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// What was lost and how often, in the order of the sentences.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(what, count)| (*what, *count))
    }
}

/// The classes of an export in their order, which gives them their numbers.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    list: Vec<ClassInfo>,
    index: HashMap<String, usize>,
}

impl Classes {
    /// Classes in this order; of two with one name the first counts.
    #[must_use]
    pub fn new(all: impl IntoIterator<Item = ClassInfo>) -> Self {
        let mut made = Self::default();
        for class in all {
            if !made.index.contains_key(&class.name) {
                made.index.insert(class.name.clone(), made.list.len());
                made.list.push(class);
            }
        }
        made
    }

    /// The classes in order.
    #[must_use]
    pub fn list(&self) -> &[ClassInfo] {
        &self.list
    }

    /// The number of a class, from 0.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|c| c.name.as_str())
    }

    /// The number of a class, from 1, as formats have it that keep 0 for the background.
    fn number_of(&self, name: &str) -> usize {
        self.index(name).map_or(0, |i| i + 1)
    }
}

/// What a writer is told before the first item.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The project's name.
    pub project: String,
    /// Its version.
    pub version: u32,
    /// What is asked of a person: `classification`, `multilabel`, `detection`, `segmentation`.
    pub task: &'static str,
    /// Where its pictures lie.
    pub source: String,
    /// The classes.
    pub classes: Classes,
    /// The parts of the data set, in order; none where it is not split.
    pub splits: Vec<String>,
    /// Whether pictures are put beside the annotations.
    pub pictures: bool,
    /// What else can be chosen.
    pub options: Options,
}

/// What can be chosen of single formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The number of the first pixel in Pascal VOC: 0, or 1 as in the devkit, where the last pixel is then inside.
    pub voc_origin: u8,
    /// Cells of CSV files that a spreadsheet would run get a `'` in front.
    pub guard_formulas: bool,
    /// TFRecord files are compressed.
    pub gzip: bool,
    /// TFRecord files a part is dealt out to.
    pub shards: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { voc_origin: 0, guard_formulas: true, gzip: false, shards: 1 }
    }
}

/// One picture to be written.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// From 1; the same for this picture in every export of the project.
    pub id: u64,
    /// The picture and what is on it. Its name is what it is called inside the data set, with `/` between folders.
    pub item: &'a Item,
    /// Where the picture lies, for formats that point there.
    pub origin: &'a str,
    /// Bytes of the picture's file.
    pub size: u64,
    /// The picture's file, for formats that hold it and where it is to be held.
    pub content: Option<&'a [u8]>,
}

/// Where a format wants the file of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// In a file of this relative path.
    File(String),
    /// In the annotation file itself.
    Inside,
    /// Nowhere.
    Nowhere,
}

/// Turns items into the files of one format.
pub trait Writer {
    /// What the format can say.
    fn says(&self) -> Says;

    /// Where the file of a picture belongs.
    fn picture(&self, item: &Item) -> Picture;

    /// Writes one picture.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()>;

    /// Why what was given is no data set of this format, if it is none: a whole sentence.
    fn refusal(&self) -> Option<String> {
        None
    }

    /// What was lost in the writing itself.
    fn losses(&self) -> Losses {
        Losses::default()
    }

    /// Writes what stands at the end and closes everything.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()>;
}

/// The formats that are written from items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// COCO instances.
    Coco,
    /// COCO results: predictions.
    CocoResults,
    /// COCO panoptic: every pixel belongs to one segment or to none.
    CocoPanoptic,
    /// COCO captions: what is said of pictures in words.
    CocoCaptions,
    /// CV Explorer's JSON lines.
    CvExplorer,
    /// CV Explorer's COCO of pictures that stay where they are.
    CocoReference,
    /// CV Explorer's classes of pictures that stay where they are.
    HfJsonl,
    /// YOLO boxes.
    Yolo,
    /// YOLO polygons.
    YoloSeg,
    /// Pascal VOC.
    Voc,
    /// CVAT for images 1.1.
    Cvat,
    /// LabelMe.
    LabelMe,
    /// Label Studio's JSON.
    LabelStudio,
    /// `CreateML`.
    CreateMl,
    /// Open Images' CSV.
    OpenImages,
    /// VGG Image Annotator.
    Via,
    /// Datumaro's JSON.
    Datumaro,
    /// One row a box.
    CsvBoxes,
    /// Hugging Face's folder of pictures with `metadata.jsonl`.
    HfImageFolder,
    /// `TFRecord` files of `tf.train.Example`.
    TfRecord,
    /// Parquet, one row an annotation.
    Parquet,
    /// Hugging Face's Parquet, one row a picture with the picture inside.
    HfParquet,
}

impl Kind {
    /// The ending of the one file that this format consists of; nothing where it takes a folder.
    #[must_use]
    pub fn one_file(self) -> Option<&'static str> {
        match self {
            Self::Coco
            | Self::CocoResults
            | Self::CocoCaptions
            | Self::LabelStudio
            | Self::CreateMl
            | Self::Via
            | Self::Datumaro => Some("json"),
            Self::CvExplorer => Some("jsonl"),
            Self::Cvat => Some("xml"),
            Self::CsvBoxes => Some("csv"),
            Self::Parquet => Some("parquet"),
            _ => None,
        }
    }

    /// A writer of this format.
    #[must_use]
    pub fn writer(self, about: About) -> Box<dyn Writer> {
        let about = Arc::new(about);
        match self {
            Self::Coco => Box::new(coco::Coco::new(about)),
            Self::CocoResults => Box::new(coco::Results::new(about)),
            Self::CocoPanoptic => Box::new(panoptic::Panoptic::new(about)),
            Self::CocoCaptions => Box::new(coco::Captions::new(about)),
            Self::CvExplorer => Box::new(cvx::Lines::new(about)),
            Self::CocoReference => Box::new(cvx::Reference::new(about)),
            Self::HfJsonl => Box::new(cvx::HfJsonl::new(about)),
            Self::Yolo => Box::new(yolo::Yolo::new(about, false)),
            Self::YoloSeg => Box::new(yolo::Yolo::new(about, true)),
            Self::Voc => Box::new(voc::Voc::new(about)),
            Self::Cvat => Box::new(cvat::Cvat::new(about)),
            Self::LabelMe => Box::new(labelme::LabelMe),
            Self::LabelStudio => Box::new(label_studio::LabelStudio::new(about)),
            Self::CreateMl => Box::new(createml::CreateMl::new(about)),
            Self::OpenImages => Box::new(open_images::OpenImages::new(about)),
            Self::Via => Box::new(via::Via::new(about)),
            Self::Datumaro => Box::new(datumaro::Datumaro::new(about)),
            Self::CsvBoxes => Box::new(csv_boxes::CsvBoxes::new(about)),
            Self::HfImageFolder => Box::new(hf::ImageFolder::new(about)),
            Self::TfRecord => Box::new(tfrecord::TfRecord::new(about)),
            Self::Parquet => Box::new(parquet::Labels::new()),
            Self::HfParquet => Box::new(parquet::HuggingFace::new(about)),
        }
    }
}
