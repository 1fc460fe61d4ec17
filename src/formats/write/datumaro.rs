//! Datumaro's own JSON: a file for each part of the data set, pictures in a folder of the part's name.

use super::geometry::Frame;
use super::split::{List, Parts, part};
use super::text::stem;
use super::{About, Attributes, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::domain::mask;
use crate::formats::dataset::{Item, Mark, Outputs};
use serde_json::{Map, Value, json};
use std::io;
use std::sync::Arc;

/// Writes Datumaro's JSON.
pub(super) struct Datumaro {
    about: Arc<About>,
    open: Parts<List>,
}

/// The part by the name that datumaro gives to one without.
fn named(part: &str) -> &str {
    if part.is_empty() { "default" } else { part }
}

impl Datumaro {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(about: &About, part: &str, out: &mut dyn Outputs) -> io::Result<List> {
        let one = |c: &crate::formats::dataset::ClassInfo| json!({"name": c.name, "parent": c.parent.as_deref().unwrap_or_default(), "attributes": []});
        let labels: Vec<Value> = about.classes.list().iter().map(one).collect();
        let categories = json!({"label": {"labels": labels, "attributes": []}});
        let head = "\"dm_format_version\":\"1.0\",\"media_type\":2,\"infos\":{}";
        let head = format!("{{{head},\"categories\":{categories},\"items\":[");
        List::begin(out, &format!("annotations/{}.json", named(part)), &head, "]}")
    }

    fn annotations(&self, frame: &Frame, mark: &Mark, number: usize) -> Vec<Value> {
        let label = self.about.classes.index(&mark.class).unwrap_or(0);
        let group = mark.attributes.get("group").and_then(Value::as_u64);
        let order = mark.attributes.get("z_order").and_then(Value::as_i64).unwrap_or(0);
        let others = mark.attributes.iter().filter(|(n, _)| !["group", "z_order", "area"].contains(&n.as_str()));
        let attributes: Map<String, Value> = others.map(|(n, v)| (n.clone(), v.clone())).collect();
        let base = |kind: &str, group: u64, more: Value| {
            let mut made = json!({
                "id": 0, "type": kind, "attributes": attributes, "group": group, "label_id": label, "z_order": order,
            });
            if let (Value::Object(made), Value::Object(more)) = (&mut made, more) {
                made.extend(more);
            }
            made
        };
        match &mark.shape {
            Shape::Class => vec![base("label", group.unwrap_or(0), json!({}))],
            Shape::Box(_) => {
                let b = frame.pixels(mark).unwrap_or_default();
                vec![base("bbox", group.unwrap_or(0), json!({"bbox": b}))]
            }
            Shape::Polygon { parts } => {
                // Parts of one thing are polygons of one group.
                let group = group.unwrap_or(if parts.len() > 1 { number as u64 } else { 0 });
                frame.corners(mark).iter().map(|p| base("polygon", group, json!({"points": p.concat()}))).collect()
            }
            Shape::Mask { size, counts } => {
                let runs = json!({"rle": {"counts": mask::to_text(counts), "size": size}});
                vec![base("mask", group.unwrap_or(0), runs)]
            }
        }
    }
}

impl Writer for Datumaro {
    fn says(&self) -> Says {
        let marks = Says { polygons: true, parts: true, masks: true, ..Says::BOXES };
        Says { class: true, classes: true, by_stem: true, attributes: Attributes::All, ..marks }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(format!("images/{}/{}", named(part(item)), item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let marks: Vec<Value> =
            item.marks.iter().enumerate().flat_map(|(i, m)| self.annotations(&frame, m, i + 1)).collect();
        let about = &self.about;
        let list = self.open.of(part(item), || Self::begin(about, part(item), out))?;
        let size = [item.height.unwrap_or(0), item.width.unwrap_or(0)];
        let made = json!({
            "id": stem(&item.name),
            "annotations": marks,
            "attr": {},
            "image": {"path": item.name, "size": size},
        });
        serde_json::to_writer(list.entry()?, &made).map_err(io::Error::from)
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        let about = &self.about;
        self.open.end(about, |part| Self::begin(about, part, out))
    }
}
