//! LabelMe JSON: a file for each picture, beside it. The numbers are pixels of the picture as it is displayed.

use super::json::{self, text};
use super::round::ellipse;
use super::{Reading, document_label, item, json_documents, mark, split_of_folders};
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::formats::dataset::{Bad, Files, Found, Item, Mark, Place, ReadError, Spot, Take, Unit};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The fields that are read; the picture's bytes are passed over.
#[derive(serde::Deserialize)]
struct Document {
    #[serde(default, rename = "imagePath")]
    path: json::Scalar,
    #[serde(default, rename = "imageWidth")]
    width: json::Scalar,
    #[serde(default, rename = "imageHeight")]
    height: json::Scalar,
    shapes: Vec<Value>,
    #[serde(default)]
    flags: BTreeMap<String, Value>,
}

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file cannot be read, or the one that was opened is no LabelMe file.
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in &json_documents(files, "LabelMe")? {
        let file = document_label(files, &path);
        let place = Place { file: Arc::clone(&file), at: Spot::Whole };
        // The picture itself may be in it, and is of any length.
        let document = match json::without(super::open(files, &path)?, &file, "imageData") {
            Ok(bytes) => json::parse::<Document>(&bytes),
            Err(ReadError::Broken { reason, .. }) => Err(reason),
            Err(other) => return Err(other),
        };
        match document {
            Ok(document) => picture(document, files, &path, &place, take)?,
            Err(reason) if files.is_file() => {
                let why = format!(
                    "it is no LabelMe file, which is an object with `imagePath` and `shapes`: {reason}; give another file, \
                     or say which format it is (--format NAME, `--format list` lists them)"
                );
                return Err(super::broken(&file, why));
            }
            Err(reason) => take(Found::Bad(Bad { place, reason, name: None, whole: true, row: None }))?,
        }
    }
    Ok(())
}

fn picture(
    document: Document,
    files: &dyn Files,
    path: &str,
    place: &Place,
    take: &mut Take<'_>,
) -> Result<(), ReadError> {
    let lost = |reason: String| Found::Bad(Bad { place: place.clone(), reason, name: None, whole: true, row: None });
    let json::Scalar::Text(given) = &document.path else {
        return take(lost(format!("imagePath is {}, not a text", document.path)));
    };
    // Relative to the file itself, and often written on Windows.
    let given = if given.contains('/') { given.clone() } else { given.replace('\\', "/") };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let name = if files.is_file() { given.clone() } else { beside(folder, &given).unwrap_or(given) };
    let mut out: Item = item(&name, place);
    let sides = (document.width.side(), document.height.side());
    match sides {
        (Ok(width), Ok(height)) => (out.width, out.height) = (width, height),
        (Err(what), _) => return take(lost(format!("imageWidth is {what}"))),
        (_, Err(what)) => return take(lost(format!("imageHeight is {what}"))),
    }
    out.split = split_of_folders(path);
    for (n, shape) in (1..).zip(&document.shapes) {
        let place = Place { file: Arc::clone(&place.file), at: Spot::Element("shapes", n) };
        let made = shape.as_object().ok_or_else(|| "a shape must be an object".to_owned());
        match made.and_then(|fields| thing(fields, &place, out.width.zip(out.height))) {
            Ok(mark) => out.marks.push(mark),
            Err(reason) => {
                let (name, row) = (Some(out.name.clone()), super::lines::short(shape.to_string().as_bytes()));
                take(Found::Bad(Bad { place, reason, name, whole: false, row }))?;
            }
        }
    }
    // Flags that are set are classes of the picture.
    for (flag, value) in &document.flags {
        if *value == Value::Bool(true) {
            out.marks.push(mark(flag, Shape::Class, Unit::Part, place));
        }
    }
    take(Found::Item(Box::new(out)))
}

/// A path relative to a folder; nothing if it leads out of what was opened.
pub(super) fn beside(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!path.starts_with('/')).then(|| parts.join("/"))
}

fn thing(fields: &Map<String, Value>, place: &Place, size: Option<(u32, u32)>) -> Result<Mark, String> {
    let label = text(fields, "label")?;
    let kind = fields.get("shape_type").and_then(Value::as_str).unwrap_or("polygon");
    let points = points(fields)?;
    let shape = match (kind, points.as_slice()) {
        ("rectangle", [a, b]) => corners(*a, *b),
        // X-AnyLabeling gives all four corners of a box.
        ("rectangle", [a, b, c, d]) if is_upright([a, b, c, d]) => corners(*a, *c),
        ("rectangle" | "rotation" | "oriented_rectangle" | "quadrilateral", four) if four.len() == 4 => {
            Shape::Polygon { parts: vec![points.clone()] }
        }
        ("polygon", three) if three.len() >= 3 => Shape::Polygon { parts: vec![points.clone()] },
        ("circle", [middle, rim]) => {
            let radius = (rim.x - middle.x).hypot(rim.y - middle.y);
            ellipse(*middle, (radius, radius), 0.0)
        }
        ("mask", [a, b]) => mask(fields, *a, *b, size)?,
        ("point" | "line" | "linestrip" | "points" | "cuboid", _) => {
            return Err(super::no_area(kind));
        }
        (kind, points) => {
            let kind = crate::domain::text::printable(kind);
            return Err(format!("a shape of the type `{kind}` cannot have {} points", points.len()));
        }
    };
    let mut out = mark(label, shape, Unit::Pixel, place);
    // The last two and `attributes` are those of X-AnyLabeling.
    for key in ["description", "group_id", "difficult", "score"] {
        let said = |v: &&Value| !v.is_null() && **v != Value::Bool(false) && v.as_str() != Some("");
        if let Some(value) = fields.get(key).filter(said) {
            out.attributes.insert(key.to_owned(), value.clone());
        }
    }
    let more = fields.get("attributes").and_then(Value::as_object).into_iter().flatten();
    out.attributes.extend(more.map(|(k, v)| (k.clone(), v.clone())));
    let flags = fields.get("flags").and_then(Value::as_object).into_iter().flatten();
    out.attributes.extend(flags.filter(|(_, v)| **v != Value::Bool(false)).map(|(k, v)| (k.clone(), v.clone())));
    Ok(out)
}

fn points(fields: &Map<String, Value>) -> Result<Vec<Point>, String> {
    let list = fields.get("points").and_then(Value::as_array).ok_or("points is no list")?;
    let point = |p: &Value| {
        let pair = p.as_array().filter(|p| p.len() == 2).ok_or("a point is not two numbers")?;
        let value = |v: &Value| json::Scalar::from(v).number().map_err(|w| format!("a number of a point is {w}"));
        let [x, y] = pair.as_slice() else { return Err("a point is not two numbers".to_owned()) };
        Ok(Point { x: value(x)?, y: value(y)? })
    };
    list.iter().map(point).collect()
}

/// Whether four corners, one after the other, are those of a box that is not turned.
fn is_upright([a, b, c, d]: [&Point; 4]) -> bool {
    let (same_x, same_y) = (|p: &Point, q: &Point| p.x == q.x, |p: &Point, q: &Point| p.y == q.y);
    (same_y(a, b) && same_x(b, c) && same_y(c, d) && same_x(d, a))
        || (same_x(a, b) && same_y(b, c) && same_x(c, d) && same_y(d, a))
}

/// The box between two corners, in any order.
fn corners(a: Point, b: Point) -> Shape {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Shape::Box(BoxN { x, y, w: a.x.max(b.x) - x, h: a.y.max(b.y) - y })
}

/// A PNG in its box.
fn mask(fields: &Map<String, Value>, a: Point, b: Point, size: Option<(u32, u32)>) -> Result<Shape, String> {
    let (width, height) = size.ok_or("a mask needs imageWidth and imageHeight")?;
    let bytes = base64_simd::STANDARD.decode_to_vec(text(fields, "mask")?).map_err(|_| "the mask is no base64")?;
    let (w, h, pixels) = super::bitmap::decode(bytes)?;
    let (left, top) = (a.x.min(b.x), a.y.min(b.y));
    let inside =
        left >= 0.0 && top >= 0.0 && left + f64::from(w) <= f64::from(width) && top + f64::from(h) <= f64::from(height);
    if !inside || left.fract() != 0.0 || top.fract() != 0.0 {
        return Err(format!("the mask of {w}x{h} at {left}, {top} does not lie in the picture of {width}x{height}"));
    }
    let at = super::bitmap::Window { left: left as u32, top: top as u32, width: w, height: h };
    super::bitmap::placed(&at, &pixels, (width, height))
}
