//! Label Studio's JSON, with the labelling interface that shows it.

use super::geometry::Frame;
use super::split::{List, part};
use super::text::xml;
use super::{About, Attributes, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::domain::mask;
use crate::formats::dataset::{Item, Mark, Outputs};
use crate::formats::strokes;
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use std::sync::Arc;

/// Writes Label Studio's JSON.
pub(super) struct LabelStudio {
    about: Arc<About>,
    tasks: Option<List>,
}

impl LabelStudio {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, tasks: None }
    }

    fn tasks(&mut self, out: &mut dyn Outputs) -> io::Result<&mut List> {
        match &mut self.tasks {
            Some(list) => Ok(list),
            none => Ok(none.insert(List::begin(out, "tasks.json", "[", "]")?)),
        }
    }

    /// The interface: what Label Studio needs to show the tasks.
    fn interface(&self) -> String {
        let labels = |tag: &str| {
            self.about.classes.names().map(|n| format!("    <{tag} value=\"{}\"/>\n", xml(n))).collect::<String>()
        };
        format!(
            "<View>\n  <Image name=\"image\" value=\"$image\"/>\n\
             \x20 <RectangleLabels name=\"label\" toName=\"image\">\n{}  </RectangleLabels>\n\
             \x20 <PolygonLabels name=\"polygon\" toName=\"image\">\n{}  </PolygonLabels>\n\
             \x20 <BrushLabels name=\"brush\" toName=\"image\">\n{}  </BrushLabels>\n\
             \x20 <Choices name=\"choice\" toName=\"image\" choice=\"multiple\">\n{}  </Choices>\n</View>\n",
            labels("Label"),
            labels("Label"),
            labels("Label"),
            labels("Choice")
        )
    }
}

/// Masks of more pixels are written as boxes.
const PIXELS: u64 = 64 << 20;

/// Numbers are parts of a hundred.
fn percent(part: f64) -> f64 {
    let value = (part * 1e12).round() / 1e10;
    if value == 0.0 { 0.0 } else { value }
}

fn is_small([height, width]: [u32; 2]) -> bool {
    u64::from(height) * u64::from(width) <= PIXELS
}

fn region(entry: &Entry<'_>, frame: &Frame, mark: &Mark, number: usize) -> Value {
    let (mut value, kind, from) = match &mark.shape {
        Shape::Class => {
            // All classes are one answer to one question; it stands where the first of them does.
            let whole = entry.item.marks.iter().filter(|m| m.shape == Shape::Class);
            let names: Vec<&str> = whole.map(|m| m.class.as_str()).collect();
            (json!({"choices": names}), "choices", "choice")
        }
        Shape::Polygon { .. } => {
            let corners = frame.corners(mark);
            let one = |[x, y]: &[f64; 2]| json!([percent(x / frame.w), percent(y / frame.h)]);
            let points: Vec<Value> = corners.iter().flatten().map(one).collect();
            (json!({"points": points, "closed": true, "polygonlabels": [mark.class]}), "polygonlabels", "polygon")
        }
        Shape::Mask { size, counts } if is_small(*size) => {
            let rle = strokes::pack(&mask::window(*size, counts, [0, 0, size[1], size[0]]));
            (json!({"format": "rle", "rle": rle, "brushlabels": [mark.class]}), "brushlabels", "brush")
        }
        Shape::Box(_) | Shape::Mask { .. } => {
            let b = frame.parts(mark).unwrap_or(crate::domain::geometry::BoxN { x: 0.0, y: 0.0, w: 0.0, h: 0.0 });
            let [x, y, w, h] = [b.x, b.y, b.w, b.h].map(percent);
            let value =
                json!({"x": x, "y": y, "width": w, "height": h, "rotation": 0, "rectanglelabels": [mark.class]});
            (value, "rectanglelabels", "label")
        }
    };
    let mut made = Map::new();
    made.insert("id".to_owned(), format!("{}-{}", entry.id, number + 1).into());
    for (name, value) in [("type", kind), ("from_name", from), ("to_name", "image")] {
        made.insert(name.to_owned(), value.into());
    }
    made.insert("value".to_owned(), value.take());
    // The pixels of a stroke are counted by these.
    let sides = match &mark.shape {
        Shape::Mask { size: [height, width], .. } => (*width, *height),
        _ => (entry.item.width.unwrap_or(0), entry.item.height.unwrap_or(0)),
    };
    for (name, value) in [("original_width", sides.0), ("original_height", sides.1)] {
        made.insert(name.to_owned(), value.into());
    }
    made.insert("image_rotation".to_owned(), 0.into());
    made.insert("origin".to_owned(), "manual".into());
    if let Some(meta) = mark.attributes.get("meta") {
        made.insert("meta".to_owned(), meta.clone());
    }
    Value::Object(made)
}

impl Writer for LabelStudio {
    fn says(&self) -> Says {
        let attributes = Attributes::Named(&["meta"]);
        Says { class: true, classes: true, polygons: true, masks: true, attributes, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(format!("images/{}", item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let folder = if self.about.pictures { "images/" } else { "" };
        let whole = item.marks.iter().position(|m| m.shape == Shape::Class);
        let regions = item.marks.iter().enumerate().filter(|(i, m)| m.shape != Shape::Class || whole == Some(*i));
        let result: Vec<Value> = regions.map(|(i, m)| region(entry, &frame, m, i)).collect();
        let mut data = Map::new();
        data.insert("image".to_owned(), format!("{folder}{}", item.name).into());
        if !part(item).is_empty() {
            data.insert("split".to_owned(), part(item).into());
        }
        // Negatives keep their size: a picture without regions says it nowhere else.
        for (name, value) in [("width", item.width), ("height", item.height)] {
            data.insert(name.to_owned(), value.unwrap_or(0).into());
        }
        let answer = json!({"id": entry.id, "result": result, "was_cancelled": false, "ground_truth": false});
        let task = json!({"id": entry.id, "data": data, "annotations": [answer], "predictions": []});
        serde_json::to_writer(self.tasks(out)?.entry()?, &task).map_err(io::Error::from)
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.tasks(out)?;
        self.tasks.take().map_or(Ok(()), List::end)?;
        let interface = self.interface();
        let mut file = out.create("labeling_config.xml")?;
        file.write_all(interface.as_bytes())?;
        file.flush()
    }
}
