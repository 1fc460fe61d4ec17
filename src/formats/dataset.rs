//! What every annotation format says, in one form: pictures, and on each the things somebody or some model saw.
//!
//! Why one form: with readers and writers of some twenty formats, whatever is between a file and a project is done once.
//! What always holds:
//!
//! - Readers and writers are pure and stream: bytes come from a [`Files`] and go to an [`Outputs`], whatever lies behind
//!   them, and memory does not grow with the file (a reader that must sort says how it does so).
//! - A reader changes nothing that it reads: names, numbers and units are the file's. What they mean for a project
//!   (which sample, which class, whether a box leaves its picture) is decided by whoever takes the items.
//! - Every item and every mark knows where it stands in its file, so that a message can name the place.

use crate::domain::annotation::Shape;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Where something stands in a foreign file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, relative to what was opened, as it is shown to a person.
    pub file: Arc<str>,
    /// Where in it.
    pub at: Spot,
}

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spot {
    /// The file as a whole.
    Whole,
    /// A line, from 1.
    Line(u64),
    /// A row of a table, from 1, the header not counted.
    Row(u64),
    /// An element of the named list, from 1: `annotations 17`.
    Element(&'static str, u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = crate::domain::text::printable(&self.file);
        match self.at {
            Spot::Whole => write!(f, "{file}"),
            Spot::Line(n) => write!(f, "{file}, line {n}"),
            Spot::Row(n) => write!(f, "{file}, row {n}"),
            Spot::Element(list, n) => write!(f, "{file}, {list} {n}"),
        }
    }
}

/// The unit of the numbers of a shape. The frame is the picture as EXIF says it is displayed, origin top left, unless the
/// reader knows that its format means the stored one and has said so in [`Item::stored_frame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Parts of the picture's width and height, `0..1`.
    Part,
    /// Pixels of the picture.
    Pixel,
}

/// The attribute of a mark whose key points a reader knows in parts of the picture only: triples of x, y and how well the
/// point is seen, as COCO's `keypoints` have them in pixels. Whoever takes the mark makes those of them.
pub const POINTS_IN_PARTS: &str = "keypoints_normalized";

/// One thing on a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The class by name.
    pub class: String,
    /// Where it applies; the numbers of boxes and polygons in [`Mark::unit`], as they stand in the file.
    pub shape: Shape,
    /// The unit of the numbers.
    pub unit: Unit,
    /// A model's confidence, `0..=1`: the mark is then a prediction.
    pub score: Option<f64>,
    /// Which model or person, where the file says so.
    pub author: Option<String>,
    /// When, where the file says so.
    pub at: Option<Timestamp>,
    /// Whatever else the format says of it, by the format's own names (`iscrowd`, `difficult`, `occluded`, `keypoints`).
    pub attributes: BTreeMap<String, Value>,
    /// Where it stands.
    pub place: Place,
}

/// What a file says of how far a picture is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It has been looked at: no marks means that there is nothing on it.
    #[default]
    Judged,
    /// A person has answered it, and the file says so beside what models have guessed: no marks but guesses means that
    /// there is nothing on it.
    Answered,
    /// It is only listed.
    Listed,
    /// It was put aside.
    Skipped,
}

/// One picture with what is on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The picture as the file names it: a path with any separators, a bare name, or a name without its ending. Untrusted.
    pub name: String,
    /// Pixels, where the file says so.
    pub width: Option<u32>,
    /// Pixels, where the file says so.
    pub height: Option<u32>,
    /// The numbers refer to the picture as it is stored, not as EXIF says it is displayed.
    pub stored_frame: bool,
    /// The part of the data set it belongs to: `train`, `val`, `test` or a name of the file's own.
    pub split: Option<String>,
    /// How far it is.
    pub standing: Standing,
    /// What is on it, in the order of the file.
    pub marks: Vec<Mark>,
    /// Whatever else the format says of the picture, by the format's own names (`captions`, `license`, `date_captured`).
    pub extra: BTreeMap<String, Value>,
    /// Where it stands.
    pub place: Place,
}

/// A class that a file declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassInfo {
    /// Its name.
    pub name: String,
    /// A broader class by name, such as COCO's `supercategory`.
    pub parent: Option<String>,
    /// Whatever else the format says of it and is kept, by the format's own names (COCO's `keypoints`, `skeleton`).
    /// Untrusted.
    pub more: BTreeMap<String, Value>,
}

/// Something of a file that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Where it stands.
    pub place: Place,
    /// What is wrong, naming the value: `width is "wide", not a number`.
    pub reason: String,
    /// The picture it belongs to as far as that is known.
    pub name: Option<String>,
    /// The picture as a whole is lost, not only one thing on it.
    pub whole: bool,
    /// The row itself, as it stands in the file, where it is text and short.
    pub row: Option<String>,
}

/// What a reader finds, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// All classes that the file declares, in its order; before the first item where the format allows that.
    Classes(Vec<ClassInfo>),
    /// A picture. Several items of one name are for the taker to put together.
    Item(Box<Item>),
    /// What cannot be taken; reading goes on after it.
    Bad(Bad),
    /// Something to know that loses nothing, such as an origin that was guessed.
    Note(Place, String),
}

/// Takes what a reader finds; an error ends the reading and comes back from it.
pub type Take<'a> = dyn FnMut(Found) -> Result<(), ReadError> + 'a;

/// Why reading ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file as a whole is not what it should be; nothing after this place can be trusted.
    #[error("{place}: {}", crate::domain::text::printable(.reason))]
    Broken {
        /// Where.
        place: Place,
        /// Why, and what would help.
        reason: String,
    },
    /// The bytes could not be had.
    #[error("{file}: {source}")]
    Io {
        /// The file as it is shown.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The taker had enough.
    #[error("stopped")]
    Stopped,
}

/// Where a reader's bytes come from: one file, or a folder of files, on any path the program knows.
pub trait Files {
    /// What was opened, for messages; safe to show.
    fn shown(&self) -> &str;
    /// Whether one file was opened, not a folder; its relative path is then empty.
    fn is_file(&self) -> bool;
    /// Opens a file by its path relative to what was opened, with `/` between folders.
    ///
    /// # Errors
    /// When there is none, or its bytes cannot be had. Paths that leave what was opened are never followed.
    fn open(&self, path: &str) -> io::Result<Box<dyn io::Read + Send>>;
    /// Relative paths of all files below a folder (empty: all of them), with `/` between folders, in natural order.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    fn list(&self, folder: &str) -> io::Result<Box<dyn Iterator<Item = io::Result<String>> + '_>>;
    /// Whether there is a file of this relative path.
    fn exists(&self, path: &str) -> bool {
        self.open(path).is_ok()
    }
}

/// Where a writer's bytes go: a folder that appears as a whole when everything has been written.
pub trait Outputs {
    /// Begins a file by its relative path, with `/` between folders; folders are made as needed. The last write must be
    /// followed by a flush. Nothing is held back: whoever writes in small pieces buffers them.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create(&mut self, path: &str) -> io::Result<Box<dyn io::Write + Send>>;

    /// A nameless file for what comes later in the output than it becomes known; gone when it is dropped.
    ///
    /// # Errors
    /// When it cannot be made.
    fn aside(&mut self) -> io::Result<Box<dyn Aside>>;
}

/// A nameless file that is written and then read again.
pub trait Aside: io::Read + io::Write + io::Seek + Send {}

impl<T: io::Read + io::Write + io::Seek + Send> Aside for T {}
