//! The regions of Label Studio: shapes with their labels, and what is said of a shape or of the picture besides.
//!
//! A labelling interface may ask for shape and label at once (`rectanglelabels`), or for each by itself (`rectangle` and
//! `labels`): then they are two regions with one id. More that is asked of a shape (choices, texts, ratings) has that id
//! too.

use super::super::json::{self, number, text};
use super::super::mark;
use super::super::round::ellipse;
use super::{brush, regions};
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::formats::dataset::{Item, Mark, Unit};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Types that hold a class or a shape which is not taken.
const OTHERS: [&str; 6] = ["keypointlabels", "keypoint", "videorectangle", "vectorlabels", "bitmasklabels", "taxonomy"];
/// Keys of JSON-MIN that may hold one class as a text.
const CLASS: [&str; 7] = ["choice", "choices", "class", "label", "labels", "category", "classification"];

/// Whether a region says anything that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    No,
}

/// Something that cannot be taken, and why.
pub(super) type Wrong<'a> = (String, &'a Value);

/// The regions of one annotation or prediction.
pub(super) struct Regions<'a> {
    /// The prediction they are of.
    guess: Option<&'a Map<String, Value>>,
    /// Marks with the ids of their regions.
    made: Vec<(Option<&'a str>, Mark)>,
    /// Shapes whose labels stand in another region.
    bare: Vec<(Option<&'a str>, &'a Value)>,
    /// What else is said of shapes: the id of the region, the question and the answer.
    said: Vec<(&'a str, String, Value)>,
}

impl<'a> Regions<'a> {
    pub(super) fn new(guess: Option<&'a Map<String, Value>>) -> Self {
        Self { guess, made: Vec::new(), bare: Vec::new(), said: Vec::new() }
    }

    /// Takes a region; the sizes that it says go to the item.
    pub(super) fn add(&mut self, region: &'a Value, out: &mut Item) -> Result<Taken, String> {
        let fields = region.as_object().ok_or("a region must be an object")?;
        let kind = text(fields, "type")?;
        sizes(fields, out);
        let Some(value) = fields.get("value").and_then(Value::as_object) else { return Ok(Taken::No) };
        let id = fields.get("id").and_then(Value::as_str);
        let shape = match kind {
            "rectangle" | "polygon" | "ellipse" | "brush" => {
                self.bare.push((id, region));
                return Ok(Taken::Yes);
            }
            "rectanglelabels" | "polygonlabels" | "ellipselabels" | "brushlabels" | "labels" => {
                shape(value, out.width.zip(out.height))?
            }
            "choices" | "textarea" | "rating" | "number" if is_shape(value) => {
                let asked = fields.get("from_name").and_then(Value::as_str).unwrap_or(kind);
                let key = if kind == "textarea" { "text" } else { kind };
                let Some((id, said)) = id.zip(value.get(key)) else { return Ok(Taken::No) };
                self.said.push((id, asked.to_owned(), alone(said)));
                return Ok(Taken::Yes);
            }
            "choices" => Shape::Class,
            kind if OTHERS.contains(&kind) => return Err(format!("a region of the type {kind} is not taken")),
            // Relations, and texts and ratings of the picture.
            _ => return Ok(Taken::No),
        };
        // A shape's labels stand under the name of its type.
        let mut labels = regions(value.get(kind)).filter_map(Value::as_str).peekable();
        if labels.peek().is_none() && kind.ends_with("labels") {
            return Err("the region has no label".to_owned());
        }
        for label in labels {
            let made = mark(label, shape.clone(), Unit::Part, &out.place);
            self.made.push((id, self.guessed(made, fields)));
        }
        Ok(Taken::Yes)
    }

    fn guessed(&self, mut made: Mark, fields: &Map<String, Value>) -> Mark {
        if let Some(prediction) = self.guess {
            let score = fields.get("score").or(prediction.get("score")).and_then(Value::as_f64);
            made.score = Some(score.unwrap_or(1.0).clamp(0.0, 1.0));
            made.author = prediction.get("model_version").and_then(Value::as_str).map(str::to_owned);
        }
        made
    }

    /// Gives the marks; returns the shapes without a label.
    pub(super) fn end(self, out: &mut Item) -> Vec<Wrong<'a>> {
        let labelled: HashSet<&str> = self.made.iter().filter_map(|(id, _)| *id).collect();
        let bare = self.bare.iter().filter(|(id, _)| !id.is_some_and(|id| labelled.contains(id)));
        let wrong = bare.map(|(_, region)| ("the region has no label".to_owned(), *region)).collect();
        let mut said: HashMap<&str, BTreeMap<String, Value>> = HashMap::new();
        for (id, asked, answer) in self.said {
            said.entry(id).or_default().insert(asked, answer);
        }
        for (id, mut made) in self.made {
            made.attributes.extend(id.and_then(|id| said.get(id)).cloned().unwrap_or_default());
            out.marks.push(made);
        }
        wrong
    }
}

/// The one value of a list; the list where there are several.
fn alone(value: &Value) -> Value {
    match value.as_array().map(Vec::as_slice) {
        Some([one]) => one.clone(),
        _ => value.clone(),
    }
}

fn sizes(fields: &Map<String, Value>, out: &mut Item) {
    let side = |key: &str| json::field(fields, key).side().ok().flatten();
    out.width = out.width.or(side("original_width"));
    out.height = out.height.or(side("original_height"));
}

/// Whether a region of JSON-MIN stands here: its labels are among its numbers.
pub(super) fn is_small(region: &Value) -> bool {
    region.as_object().is_some_and(|fields| fields.contains_key("original_width") && is_shape(fields))
}

/// What a key of JSON-MIN holds: marks, and what is wrong with others.
pub(super) fn small<'a>(key: &str, value: &'a Value, out: &mut Item) -> Vec<Result<Mark, Wrong<'a>>> {
    let place = out.place.clone();
    let class = |name: &str| mark(name, Shape::Class, Unit::Part, &place);
    match value {
        Value::String(name) if CLASS.contains(&key) => vec![Ok(class(name))],
        Value::Object(fields) => {
            regions(fields.get("choices")).filter_map(Value::as_str).map(|name| Ok(class(name))).collect()
        }
        Value::Array(list) => {
            let mut made = Vec::new();
            for region in list.iter().filter(|region| is_small(region)) {
                match small_region(region, out) {
                    Ok(marks) => made.extend(marks.into_iter().map(Ok)),
                    Err(reason) => made.push(Err((reason, region))),
                }
            }
            made
        }
        _ => Vec::new(),
    }
}

fn small_region(region: &Value, out: &mut Item) -> Result<Vec<Mark>, String> {
    let fields = region.as_object().ok_or("a region must be an object")?;
    sizes(fields, out);
    let shape = shape(fields, out.width.zip(out.height))?;
    let named = fields.iter().filter(|(key, _)| key.ends_with("labels")).flat_map(|(_, v)| regions(Some(v)));
    let marks: Vec<Mark> =
        named.filter_map(Value::as_str).map(|label| mark(label, shape.clone(), Unit::Part, &out.place)).collect();
    if marks.is_empty() { Err("the region has no label".to_owned()) } else { Ok(marks) }
}

/// Whether the numbers of a shape stand here.
fn is_shape(value: &Map<String, Value>) -> bool {
    ["x", "points", "rle"].iter().any(|key| value.contains_key(*key))
}

/// The shape whose numbers stand here, on a picture of this size.
fn shape(value: &Map<String, Value>, size: Option<(u32, u32)>) -> Result<Shape, String> {
    if let Some(packed) = value.get("rle").and_then(Value::as_array) {
        return brush::mask(packed, size.ok_or("a brush stroke needs original_width and original_height")?);
    }
    let percent = |key: &str| number(value, key).map(|n| n / 100.0);
    if value.contains_key("points") {
        return Ok(Shape::Polygon { parts: vec![polygon(value)?] });
    }
    let turn = number(value, "rotation").unwrap_or(0.0);
    let (x, y) = (percent("x")?, percent("y")?);
    let whole = if value.contains_key("radiusX") {
        ellipse(Point { x, y }, (percent("radiusX")?, percent("radiusY")?), 0.0)
    } else {
        Shape::Box(BoxN { x, y, w: percent("width")?, h: percent("height")? })
    };
    if turn == 0.0 {
        return Ok(whole);
    }
    turned(whole, Point { x, y }, turn, size.ok_or("a turned shape needs original_width and original_height")?)
}

/// A shape turned about a point by so many degrees. Percent are of two sides: the turn is one of pixels.
fn turned(shape: Shape, about: Point, degrees: f64, (width, height): (u32, u32)) -> Result<Shape, String> {
    let (width, height, (sin, cos)) = (f64::from(width), f64::from(height), degrees.to_radians().sin_cos());
    let parts = match shape {
        Shape::Box(BoxN { x, y, w, h }) => {
            vec![[(x, y), (x + w, y), (x + w, y + h), (x, y + h)].map(|(x, y)| Point { x, y }).to_vec()]
        }
        Shape::Polygon { parts } => parts,
        Shape::Class | Shape::Mask { .. } => return Err("it cannot be turned".to_owned()),
    };
    let turn = |p: Point| {
        let (dx, dy) = ((p.x - about.x) * width, (p.y - about.y) * height);
        Point { x: about.x + (dx * cos - dy * sin) / width, y: about.y + (dx * sin + dy * cos) / height }
    };
    Ok(Shape::Polygon { parts: parts.into_iter().map(|part| part.into_iter().map(turn).collect()).collect() })
}

fn polygon(value: &Map<String, Value>) -> Result<Vec<Point>, String> {
    let list = value.get("points").and_then(Value::as_array).ok_or("a polygon has no points")?;
    let point = |p: &Value| match p.as_array().map(Vec::as_slice) {
        Some([x, y]) => {
            let part =
                |v: &Value| json::Scalar::from(v).number().map(|n| n / 100.0).map_err(|w| format!("a point is {w}"));
            Ok(Point { x: part(x)?, y: part(y)? })
        }
        _ => Err("a point is not two numbers".to_owned()),
    };
    list.iter().map(point).collect()
}
