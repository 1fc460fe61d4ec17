//! VGG Image Annotator: one object of pictures, each under its name and size in bytes.

use super::geometry::Frame;
use super::split::{List, Parts, below, part};
use super::{About, Attributes, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::formats::dataset::{Item, Mark, Outputs};
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use std::sync::Arc;

/// Writes VIA.
pub(super) struct Via {
    about: Arc<About>,
    open: Parts<List>,
}

impl Via {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(part: &str, out: &mut dyn Outputs) -> io::Result<List> {
        List::begin(out, &below("", part, "via_region_data.json"), "{", "}")
    }
}

fn region(frame: &Frame, mark: &Mark) -> Option<Value> {
    let shape = match &mark.shape {
        Shape::Class => return None,
        Shape::Polygon { .. } => {
            let corners = frame.corners(mark).concat();
            let (xs, ys): (Vec<f64>, Vec<f64>) = corners.iter().map(|[x, y]| (*x, *y)).unzip();
            json!({"name": "polygon", "all_points_x": xs, "all_points_y": ys})
        }
        Shape::Box(_) | Shape::Mask { .. } => {
            let [x, y, w, h] = frame.pixels(mark)?;
            json!({"name": "rect", "x": x, "y": y, "width": w, "height": h})
        }
    };
    let mut attributes = Map::new();
    attributes.insert("label".to_owned(), mark.class.as_str().into());
    attributes.extend(mark.attributes.iter().filter(|(n, _)| *n != "label").map(|(n, v)| (n.clone(), v.clone())));
    Some(json!({"shape_attributes": shape, "region_attributes": attributes}))
}

/// One class is a text, several are ticked boxes.
fn whole(item: &Item) -> Value {
    let classes: Vec<&str> = item.marks.iter().filter(|m| m.shape == Shape::Class).map(|m| m.class.as_str()).collect();
    match classes.as_slice() {
        [] => json!({}),
        [one] => json!({"label": one}),
        several => {
            let ticked: Map<String, Value> = several.iter().map(|n| ((*n).to_owned(), true.into())).collect();
            json!({"label": ticked})
        }
    }
}

impl Writer for Via {
    fn says(&self) -> Says {
        Says { class: true, classes: true, polygons: true, attributes: Attributes::All, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(below("", part(item), &item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let list = self.open.of(part(item), || Self::begin(part(item), out))?;
        let regions: Vec<Value> = item.marks.iter().filter_map(|m| region(&frame, m)).collect();
        let key = Value::from(format!("{}{}", item.name, entry.size));
        let made =
            json!({"filename": item.name, "size": entry.size, "regions": regions, "file_attributes": whole(item)});
        write!(list.entry()?, "{key}:{made}")
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.open.end(&self.about, |part| Self::begin(part, out))
    }
}
