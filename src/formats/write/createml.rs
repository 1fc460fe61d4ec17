//! `CreateML`: a list of pictures, each with its boxes by centre and size in pixels.

use super::geometry::{Frame, round6};
use super::split::{Parts, below, part, parts};
use super::{About, Entry, Picture, Says, Writer};
use crate::formats::dataset::{Item, Outputs};
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

type Open = (BufWriter<Box<dyn Write + Send>>, bool);

/// Writes `CreateML`.
pub(super) struct CreateMl {
    about: Arc<About>,
    open: Parts<Open>,
}

impl CreateMl {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(part: &str, out: &mut dyn Outputs) -> io::Result<Open> {
        let mut file = BufWriter::new(out.create(&below("", part, "annotations.json"))?);
        file.write_all(b"[")?;
        Ok((file, true))
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
        let (file, first) = self.open.of(part(item), || Self::begin(part(item), out))?;
        file.write_all(if *first { b"\n".as_slice() } else { b",\n" })?;
        *first = false;
        let marks: Vec<Value> = item
            .marks
            .iter()
            .filter_map(|mark| {
                let [x, y, w, h] = frame.pixels(mark)?;
                let place = json!({"x": round6(x + w / 2.0), "y": round6(y + h / 2.0), "width": w, "height": h});
                Some(json!({"label": mark.class, "coordinates": place}))
            })
            .collect();
        serde_json::to_writer(file, &json!({"image": item.name, "annotations": marks})).map_err(io::Error::from)
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        for part in parts(&self.about) {
            self.open.of(&part, || Self::begin(&part, out))?;
        }
        self.open.drain().try_for_each(|(_, (mut file, _))| {
            file.write_all(b"\n]\n")?;
            file.flush()
        })
    }
}
