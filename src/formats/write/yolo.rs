//! YOLO, versions 5 and 8 on: a text file beside each picture, boxes or polygons as parts of the displayed picture.
//!
//! What readers need: labels lie where the picture lies with the last `/images/` as `/labels/`; a picture with nothing on
//! it has an empty file; one line of another kind makes Ultralytics drop the picture, so boxes and polygons never mix;
//! `data.yaml` has `names` and no `nc`, which CVAT takes for a part of the data set; `path` is left out, so that the
//! folder can be moved; `val` is there, because Ultralytics asks for it; `classes.txt`, which Label Studio's converter asks
//! for, lies beside it and not among the labels, where labelImg looks for it: there it would be taken for labels by readers
//! that open every text file of the folder.

use super::geometry::Frame;
use super::split::part;
use super::text::{stem, yaml};
use super::{About, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::formats::dataset::{Item, Mark, Outputs, Unit};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

/// Decimals of a number: a hundredth of a pixel needs seven on the largest pictures.
const DECIMALS: usize = 9;

/// Writes YOLO labels.
pub(super) struct Yolo {
    about: Arc<About>,
    polygons: bool,
    text: String,
    /// The parts that have a picture.
    filled: BTreeSet<String>,
}

impl Yolo {
    pub(super) fn new(about: Arc<About>, polygons: bool) -> Self {
        Self { about, polygons, text: String::new(), filled: BTreeSet::new() }
    }

    fn line(&mut self, frame: &Frame, mark: &Mark) {
        let Some(class) = self.about.classes.index(&mark.class) else { return };
        let text = &mut self.text;
        match &mark.shape {
            Shape::Polygon { parts } => {
                let (kx, ky) = if mark.unit == Unit::Pixel { (frame.w, frame.h) } else { (1.0, 1.0) };
                let _ = write!(text, "{class}");
                for point in parts.iter().flatten() {
                    let _ = write!(text, " {} {}", number(point.x / kx), number(point.y / ky));
                }
            }
            _ => {
                let Some(b) = frame.parts(mark) else { return };
                let (x, y) = (number(b.x + b.w / 2.0), number(b.y + b.h / 2.0));
                let _ = write!(text, "{class} {x} {y} {} {}", number(b.w), number(b.h));
            }
        }
        text.push('\n');
    }
}

/// At least six decimals, more only where they say something.
fn number(value: f64) -> String {
    let mut text = format!("{:.DECIMALS$}", value.clamp(0.0, 1.0));
    while text.ends_with('0') && text.len() > "0.000000".len() {
        text.pop();
    }
    text
}

/// The part of the data set; what is not split is for training.
fn folder(item: &Item) -> &str {
    match part(item) {
        "" => "train",
        part => part,
    }
}

impl Writer for Yolo {
    fn says(&self) -> Says {
        // With polygons, a polygon in parts is several: the format has no way to say that they belong together.
        Says { boxes: !self.polygons, polygons: self.polygons, by_stem: true, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(format!("images/{}/{}", folder(item), item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        self.text.clear();
        if !self.filled.contains(folder(entry.item)) {
            self.filled.insert(folder(entry.item).to_owned());
        }
        let frame = Frame::of(entry.item);
        for mark in &entry.item.marks {
            self.line(&frame, mark);
        }
        let mut file = out.create(&format!("labels/{}/{}.txt", folder(entry.item), stem(&entry.item.name)))?;
        file.write_all(self.text.as_bytes())?;
        file.flush()
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        // A part without a picture has no folder, and readers end at one that is not there.
        let filled = |part: &&str| self.filled.contains(*part);
        let first = self.about.splits.iter().map(String::as_str).find(filled).unwrap_or("train");
        let train = Some("train").filter(filled).unwrap_or(first);
        let val = ["val", "valid", "validation", "test"].into_iter().find(filled);
        let mut text = format!("train: images/{train}\nval: images/{}\n", val.unwrap_or(train));
        // Only `test` is known to readers beside these two.
        if Some("test").filter(filled).is_some() {
            text.push_str("test: images/test\n");
        }
        text.push_str("names:\n");
        for (i, name) in self.about.classes.names().enumerate() {
            let _ = writeln!(text, "  {i}: {}", yaml(name));
        }
        // A line break would begin the next class.
        let names: String = self.about.classes.names().map(|n| n.replace(['\n', '\r'], " ") + "\n").collect();
        let mut file = out.create("classes.txt")?;
        file.write_all(names.as_bytes())?;
        file.flush()?;
        let mut file = out.create("data.yaml")?;
        file.write_all(text.as_bytes())?;
        file.flush()
    }
}
