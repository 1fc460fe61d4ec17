//! `CreateML`: a list of pictures, each with its boxes by centre and size in pixels.

use super::geometry::{Frame, round6};
use super::split::{List, Parts, below, part};
use super::{About, Entry, Picture, Says, Writer};
use crate::formats::dataset::{Item, Outputs};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;

/// Writes `CreateML`.
pub(super) struct CreateMl {
    about: Arc<About>,
    open: Parts<List>,
}

impl CreateMl {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(part: &str, out: &mut dyn Outputs) -> io::Result<List> {
        List::begin(out, &below("", part, "annotations.json"), "[", "]")
    }
}

impl Writer for CreateMl {
    fn says(&self) -> Says {
        Says::BOXES
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(below("", part(item), &item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let list = self.open.of(part(item), || Self::begin(part(item), out))?;
        let marks: Vec<Value> = item
            .marks
            .iter()
            .filter_map(|mark| {
                let [x, y, w, h] = frame.pixels(mark)?;
                let place = json!({"x": round6(x + w / 2.0), "y": round6(y + h / 2.0), "width": w, "height": h});
                Some(json!({"label": mark.class, "coordinates": place}))
            })
            .collect();
        serde_json::to_writer(list.entry()?, &json!({"image": item.name, "annotations": marks}))
            .map_err(io::Error::from)
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.open.end(&self.about, |part| Self::begin(part, out))
    }
}
