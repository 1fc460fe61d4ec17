//! Hugging Face's folder of pictures: `metadata.jsonl` beside them.
//!
//! A project of single classes has a `label`; others have `labels` and `objects` with boxes in pixels, all lines alike, so
//! that the columns have one type.

use super::geometry::Frame;
use super::split::{Parts, below, part};
use super::{About, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::formats::dataset::{Item, Outputs};
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

/// Writes `metadata.jsonl`.
pub(super) struct ImageFolder {
    about: Arc<About>,
    open: Parts<BufWriter<Box<dyn Write + Send>>>,
}

impl ImageFolder {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(part: &str, out: &mut dyn Outputs) -> io::Result<BufWriter<Box<dyn Write + Send>>> {
        Ok(BufWriter::new(out.create(&below("", part, "metadata.jsonl"))?))
    }

    fn single(&self) -> bool {
        self.about.task == "classification"
    }
}

impl Writer for ImageFolder {
    fn says(&self) -> Says {
        let single = self.single();
        Says { class: true, classes: !single, boxes: !single, needs_class: single, size: !single, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(below("", part(item), &item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let classes: Vec<&str> =
            item.marks.iter().filter(|m| m.shape == Shape::Class).map(|m| m.class.as_str()).collect();
        let line = if self.single() {
            json!({"file_name": item.name, "label": classes.first()})
        } else {
            let boxes = || item.marks.iter().filter_map(|m| Some((m, frame.pixels(m)?)));
            let places: Vec<Value> = boxes().map(|(_, b)| json!(b)).collect();
            let names: Vec<&str> = boxes().map(|(m, _)| m.class.as_str()).collect();
            let areas: Vec<f64> = boxes().map(|(m, _)| frame.area(m)).collect();
            let objects = json!({"bbox": places, "categories": names, "area": areas});
            let (width, height) = (item.width, item.height);
            json!({"file_name": item.name, "width": width, "height": height, "labels": classes, "objects": objects})
        };
        let file = self.open.of(part(item), || Self::begin(part(item), out))?;
        serde_json::to_writer(&mut *file, &line)?;
        file.write_all(b"\n")
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        // `datasets` gives up on a folder with metadata and no pictures.
        self.open.any(&self.about, |part| Self::begin(part, out))?;
        self.open.drain().try_for_each(|(_, mut file)| file.flush())
    }
}
