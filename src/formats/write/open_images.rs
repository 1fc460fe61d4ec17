//! Open Images: CSV files of boxes, of classes of whole pictures, of pictures and of class names.
//!
//! A picture's id is its name without the ending. The file of pictures is where those with nothing on them stand.

use super::geometry::Frame;
use super::reduce::is_set;
use super::split::{Parts, below, part};
use super::text::stem;
use super::{About, Attributes, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::formats::dataset::{Item, Outputs};
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

type Out = csv::Writer<Box<dyn Write + Send>>;

const BOXES: [&str; 13] = [
    "ImageID",
    "Source",
    "LabelName",
    "Confidence",
    "XMin",
    "XMax",
    "YMin",
    "YMax",
    "IsOccluded",
    "IsTruncated",
    "IsGroupOf",
    "IsDepiction",
    "IsInside",
];
const FLAGS: &[&str] = &["IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside"];

struct Open {
    boxes: Out,
    classes: Out,
    images: Out,
}

/// Writes Open Images.
pub(super) struct OpenImages {
    about: Arc<About>,
    open: Parts<Open>,
}

impl OpenImages {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(part: &str, out: &mut dyn Outputs) -> io::Result<Open> {
        let front = if part.is_empty() { String::new() } else { format!("{part}-") };
        let mut file = |name: &str, header: &[&str]| -> io::Result<Out> {
            let mut made = csv::Writer::from_writer(out.create(&format!("{front}{name}.csv"))?);
            made.write_record(header)?;
            Ok(made)
        };
        Ok(Open {
            boxes: file("annotations-bbox", &BOXES)?,
            classes: file("annotations-human-imagelabels", &["ImageID", "Source", "LabelName", "Confidence"])?,
            images: file("images", &["ImageID", "Subset", "FileName"])?,
        })
    }
}

impl Writer for OpenImages {
    fn says(&self) -> Says {
        let attributes = Attributes::Named(FLAGS);
        Says { class: true, classes: true, by_stem: true, attributes, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(below("images", part(item), &item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let part = part(item);
        let open = self.open.of(part, || Self::begin(part, out))?;
        let id = stem(&item.name);
        open.images.write_record([id, part, &item.name])?;
        for mark in &item.marks {
            if mark.shape == Shape::Class {
                open.classes.write_record([id, "verification", &mark.class, "1"])?;
                continue;
            }
            let Some(b) = frame.parts(mark) else { continue };
            let numbers = [b.x, b.x + b.w, b.y, b.y + b.h].map(|v| ((v * 1e9).round() / 1e9).to_string());
            let flags = FLAGS.iter().map(|name| if is_set(mark, name) { "1" } else { "0" });
            let front = [id, "xclick", &mark.class, "1"];
            open.boxes.write_record(front.into_iter().chain(numbers.iter().map(String::as_str)).chain(flags))?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.open.all(&self.about, |part| Self::begin(part, out))?;
        for (_, mut open) in self.open.drain() {
            for file in [&mut open.boxes, &mut open.classes, &mut open.images] {
                file.flush()?;
            }
        }
        let mut names = csv::Writer::from_writer(BufWriter::new(out.create("class-descriptions-boxable.csv")?));
        for name in self.about.classes.names() {
            names.write_record([name, name])?;
        }
        names.flush()
    }
}
