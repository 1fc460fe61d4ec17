//! Label Studio JSON, as it is exported: a list of tasks with annotations and predictions. Numbers are percent of the
//! picture; a turned rectangle turns about its top left corner and is read as a polygon.

use super::json::{self, number, text};
use super::{Reading, document_label, documents, item, mark, near};
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::formats::dataset::{Bad, Files, Found, Item, Mark, Place, ReadError, Spot, Standing, Take, Unit};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Corners of the polygon that stands for an ellipse.
const ROUND: u32 = 64;

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file is broken.
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in documents(files, &["json"])? {
        let file = document_label(files, &path);
        json::each(super::open(files, &path)?, &file, &[], &mut |piece| {
            if !piece.list.is_empty() || !piece.key.is_empty() {
                return Err(super::broken(&file, "it is no Label Studio export: that is a list of tasks"));
            }
            let place = Place { file: Arc::clone(&file), at: Spot::Element("items", piece.n) };
            let row = super::lines::short(piece.bytes);
            let task = piece.value().and_then(|v| match v {
                Value::Object(fields) => Ok(fields),
                _ => Err("a task must be an object".to_owned()),
            });
            let named = task.and_then(|task| Ok((picture(&task)?, task)));
            match named {
                Ok((name, task)) => one(&task, item(&near(files, &path, &name), &place), take),
                Err(reason) => take(Found::Bad(Bad { place, reason, name: None, whole: true, row })),
            }
        })?;
    }
    Ok(())
}

/// The picture of a task: the one text in its data that names one.
fn picture(task: &Map<String, Value>) -> Result<String, String> {
    let data = task.get("data").and_then(Value::as_object).ok_or("a task has no data")?;
    let named = ["image", "img", "picture", "photo", "url"].into_iter().find_map(|key| data.get(key)?.as_str());
    let only = || data.values().filter_map(Value::as_str).find(|v| crate::domain::picture_name::is_picture_name(v));
    let given = named.or_else(only).ok_or("the data of a task names no picture")?;
    Ok(plain(given))
}

/// A picture's address without what Label Studio puts around it: `/data/local-files/?d=a%20b.jpg`, `/data/upload/1/x.jpg`.
fn plain(given: &str) -> String {
    let inner = given.split_once("?d=").map_or(given, |(_, path)| path);
    let inner = inner
        .split_once("://")
        .filter(|(s, _)| s.starts_with("http"))
        .map_or(inner, |(_, rest)| rest.split_once('/').map_or(rest, |(_, path)| path));
    let coded = inner.len() != given.len() || given.starts_with("http") || given.starts_with("/data/");
    let decoded = if coded { unescaped(inner) } else { inner.to_owned() };
    match decoded.strip_prefix("/data/upload/").or_else(|| decoded.strip_prefix("data/upload/")) {
        // The number of the project, and eight digits and a dash before the name that was uploaded.
        Some(upload) => {
            let name = upload
                .split_once('/')
                .filter(|(n, _)| n.bytes().all(|b| b.is_ascii_digit()))
                .map_or(upload, |(_, n)| n);
            let hashed = name.split_once('-').filter(|(h, _)| h.len() == 8 && h.bytes().all(|b| b.is_ascii_hexdigit()));
            hashed.map_or(name, |(_, rest)| rest).to_owned()
        }
        None => decoded,
    }
}

/// `%20` and its like as what they stand for; what is none stays.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let pair = (*byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let value = pair.and_then(|p| std::str::from_utf8(p).ok()).and_then(|p| u8::from_str_radix(p, 16).ok());
        out.push(value.unwrap_or(*byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn one(task: &Map<String, Value>, mut out: Item, take: &mut Take<'_>) -> Result<(), ReadError> {
    let list = |key: &str| task.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // The last annotation that was not cancelled is the one that counts; the others were made by other people.
    let done = list("annotations").iter().chain(list("completions")).filter_map(Value::as_object);
    let valid: Vec<&Map<String, Value>> =
        done.clone().filter(|a| a.get("was_cancelled") != Some(&Value::Bool(true))).collect();
    let cancelled = done.count() > valid.len();
    out.standing = match (valid.last(), cancelled) {
        (Some(_), _) => Standing::Judged,
        (None, true) => Standing::Skipped,
        (None, false) => Standing::Listed,
    };
    if valid.len() > 1 {
        let note = format!("{} people have annotated `{}`; the last answer is taken", valid.len(), out.name);
        take(Found::Note(out.place.clone(), note))?;
    }
    let guesses = list("predictions").iter().filter_map(Value::as_object).map(|p| (p, true));
    for (annotation, guess) in valid.last().map(|a| (*a, false)).into_iter().chain(guesses) {
        let regions = annotation.get("result").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for region in regions {
            match marks(region, annotation, guess, &mut out) {
                Ok(made) => out.marks.extend(made),
                Err(reason) => {
                    let row = super::lines::short(region.to_string().as_bytes());
                    let (place, name) = (out.place.clone(), Some(out.name.clone()));
                    take(Found::Bad(Bad { place, reason, name, whole: false, row }))?;
                }
            }
        }
    }
    take(Found::Item(Box::new(out)))
}

/// The marks of a region, one for each of its labels; none for what is no label.
fn marks(region: &Value, annotation: &Map<String, Value>, guess: bool, out: &mut Item) -> Result<Vec<Mark>, String> {
    let fields = region.as_object().ok_or("a region must be an object")?;
    let kind = text(fields, "type")?;
    let side = |key: &str| json::field(fields, key).side().ok().flatten();
    out.width = out.width.or(side("original_width"));
    out.height = out.height.or(side("original_height"));
    let Some(value) = fields.get("value").and_then(Value::as_object) else { return Ok(Vec::new()) };
    let shape = match kind {
        "rectanglelabels" | "rectangle" => rectangle(value, fields)?,
        "polygonlabels" | "polygon" => Shape::Polygon { parts: vec![polygon(value)?] },
        "ellipselabels" | "ellipse" => ellipse(value)?,
        "choices" => Shape::Class,
        "brushlabels" | "keypointlabels" | "videorectangle" => {
            return Err(format!("a region of the type {kind} is not taken"));
        }
        // Relations, texts and ratings.
        _ => return Ok(Vec::new()),
    };
    // A shape's labels stand under the name of its type.
    let labels = value.get(kind).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if labels.is_empty() && kind.ends_with("labels") {
        return Err("the region has no label".to_owned());
    }
    let made = labels.iter().filter_map(Value::as_str).map(|label| {
        let mut made = mark(label, shape.clone(), Unit::Part, &out.place);
        if guess {
            let score = fields.get("score").or(annotation.get("score")).and_then(Value::as_f64);
            made.score = Some(score.unwrap_or(1.0).clamp(0.0, 1.0));
            made.author = annotation.get("model_version").and_then(Value::as_str).map(str::to_owned);
        }
        made
    });
    Ok(made.collect())
}

fn percent(value: &Map<String, Value>, key: &str) -> Result<f64, String> {
    Ok(number(value, key)? / 100.0)
}

fn rectangle(value: &Map<String, Value>, region: &Map<String, Value>) -> Result<Shape, String> {
    let (x, y) = (percent(value, "x")?, percent(value, "y")?);
    let (w, h) = (percent(value, "width")?, percent(value, "height")?);
    let angle = number(value, "rotation").unwrap_or(0.0);
    if angle == 0.0 {
        return Ok(Shape::Box(BoxN { x, y, w, h }));
    }
    // Percent of two sides: the turn is one of pixels.
    let (pw, ph) = (number(region, "original_width")?, number(region, "original_height")?);
    let (sin, cos) = angle.to_radians().sin_cos();
    let corner = |dx: f64, dy: f64| {
        let (dx, dy) = (dx * pw, dy * ph);
        Point { x: x + (dx * cos - dy * sin) / pw, y: y + (dx * sin + dy * cos) / ph }
    };
    Ok(Shape::Polygon { parts: vec![vec![corner(0.0, 0.0), corner(w, 0.0), corner(w, h), corner(0.0, h)]] })
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

fn ellipse(value: &Map<String, Value>) -> Result<Shape, String> {
    let (cx, cy) = (percent(value, "x")?, percent(value, "y")?);
    let (rx, ry) = (percent(value, "radiusX")?, percent(value, "radiusY")?);
    if number(value, "rotation").is_ok_and(|r| r != 0.0) {
        return Err("a turned ellipse is not taken".to_owned());
    }
    let corner = |n: u32| {
        let (sin, cos) = (f64::from(n) / f64::from(ROUND) * std::f64::consts::TAU).sin_cos();
        Point { x: cx + rx * cos, y: cy + ry * sin }
    };
    Ok(Shape::Polygon { parts: vec![(0..ROUND).map(corner).collect()] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pictures() {
        assert_eq!(plain("/data/local-files/?d=set/a%20b.jpg"), "set/a b.jpg");
        assert_eq!(plain("/data/upload/3/0a1b2c3d-x-y.jpg"), "x-y.jpg");
        assert_eq!(plain("s3://bucket/a%20b.jpg"), "s3://bucket/a%20b.jpg");
        assert_eq!(plain("a%20b.jpg"), "a%20b.jpg");
    }
}
