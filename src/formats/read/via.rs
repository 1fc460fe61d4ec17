//! VGG Image Annotator (VIA 1, 2 and 3): annotations as JSON or CSV, or a whole project as JSON. The key of a picture is its
//! name and size; its regions are in pixels. The class is the attribute `label`, `class`, `name` or `type`, or the only one there is.

pub(super) mod project;
mod rows;

use super::json::{self, number, text};
use super::round::ellipse;
use super::{Reading, document_label, documents, item, mark, not_of, split_of};
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::formats::dataset::{Bad, Files, Found, Mark, Place, ReadError, Spot, Standing, Take, Unit};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Attributes that are likely the class.
const CLASS: [&str; 6] = ["label", "class", "name", "type", "category", "object"];

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file is broken.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let found = documents(files, &["json", "csv"])?;
    if found.iter().next().is_none() {
        return Err(super::no_document(files, "VIA"));
    }
    for path in &found {
        let file = document_label(files, &path);
        if file.to_ascii_lowercase().ends_with(".csv") {
            rows::read(files, &path, with, take)?;
            continue;
        }
        if project::is(files, &path) {
            project::read(files, &path, with, take)?;
            continue;
        }
        let mut n = 0;
        let outer = json::each(super::open(files, &path)?, &file, &["_via_img_metadata"], &mut |piece| {
            let inner = piece.list == "_via_img_metadata" || (piece.list.is_empty() && !piece.key.starts_with("_via"));
            if !inner || piece.key.is_empty() {
                return Ok(());
            }
            n += 1;
            let place = Place { file: Arc::clone(&file), at: Spot::Element("images", n) };
            let row = super::lines::short(piece.bytes);
            let fields = piece.value().and_then(|v| match v {
                Value::Object(fields) => Ok(fields),
                _ => Err("a picture must be an object".to_owned()),
            });
            let named = fields.and_then(|f| Ok((text(&f, "filename")?.to_owned(), f)));
            let (name, fields) = match named {
                Ok(known) => known,
                Err(reason) => return take(Found::Bad(Bad { place, reason, name: None, whole: true, row })),
            };
            let mut out = item(&super::near(files, &path, &name), &place);
            out.split = split_of(&path);
            let regions: Vec<Value> = match fields.get("regions") {
                Some(Value::Array(list)) => list.clone(),
                // VIA 1 has an object with numbers as keys.
                Some(Value::Object(map)) => map.values().cloned().collect(),
                _ => Vec::new(),
            };
            let whole = fields.get("file_attributes").and_then(Value::as_object);
            if let Some(class) = whole.and_then(|said| class_of_picture(said, !regions.is_empty())) {
                out.marks.push(mark(&class, Shape::Class, Unit::Pixel, &place));
            }
            for region in &regions {
                match thing(region, &place) {
                    Ok(mark) => out.marks.push(mark),
                    Err(reason) => {
                        let row = super::lines::short(region.to_string().as_bytes());
                        let (place, name) = (place.clone(), Some(out.name.clone()));
                        take(Found::Bad(Bad { place, reason, name, whole: false, row }))?;
                    }
                }
            }
            // VIA lists all pictures of the project, looked at or not.
            if out.marks.is_empty() {
                out.standing = Standing::Listed;
            }
            take(Found::Item(Box::new(out)))
        })?;
        // `{}` is what VIA writes of no pictures.
        let fits = !outer.is_list() && (n > 0 || outer.is_empty() || outer.may_have(&["_via_img_metadata"]));
        if !fits && files.is_file() {
            return Err(not_of(&file, "VIA", "an object of pictures by name and size, or a project with them", &outer));
        }
    }
    Ok(())
}

/// The class in the attributes of a picture. The only one there is counts where nothing is drawn on it and it is no number:
/// of pictures with regions, people note other things there, such as that they are done.
fn class_of_picture(fields: &Map<String, Value>, has_regions: bool) -> Option<String> {
    let named = fields.keys().any(|key| CLASS.iter().any(|class| key.eq_ignore_ascii_case(class)));
    let class = class_of(fields)?;
    (named || (!has_regions && class.parse::<f64>().is_err())).then_some(class)
}

/// The class in the attributes of a region or picture.
fn class_of(fields: &Map<String, Value>) -> Option<String> {
    let said = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        // A group of check boxes with one of them set.
        Value::Object(boxes) => {
            let mut set = boxes.iter().filter(|(_, v)| **v == Value::Bool(true)).map(|(k, _)| k.clone());
            set.next().filter(|_| set.next().is_none())
        }
        _ => None,
    };
    let named = CLASS.into_iter().find_map(|key| fields.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)));
    let only = || fields.iter().next().filter(|_| fields.len() == 1);
    named.or_else(only).and_then(|(_, value)| said(value))
}

fn thing(region: &Value, place: &Place) -> Result<Mark, String> {
    let fields = region.as_object().ok_or("a region must be an object")?;
    let at = fields.get("shape_attributes").and_then(Value::as_object).ok_or("a region has no shape_attributes")?;
    let empty = Map::new();
    let said = fields.get("region_attributes").and_then(Value::as_object).unwrap_or(&empty);
    let class =
        class_of(said).ok_or("the class of a region is not clear: it has no attribute `label`, and not just one")?;
    let value = |key: &str| number(at, key);
    let round = |rx: f64, ry: f64, turn: f64| -> Result<Shape, String> {
        Ok(ellipse(Point { x: value("cx")?, y: value("cy")? }, (rx, ry), turn))
    };
    let shape = match text(at, "name")? {
        "rect" => Shape::Box(BoxN { x: value("x")?, y: value("y")?, w: value("width")?, h: value("height")? }),
        "polygon" => Shape::Polygon { parts: vec![points(at)?] },
        "circle" => round(value("r")?, value("r")?, 0.0)?,
        "ellipse" => round(value("rx")?, value("ry")?, value("theta").unwrap_or(0.0))?,
        other => {
            return Err(format!("a {} is no box or polygon, and is not taken", crate::domain::text::printable(other)));
        }
    };
    let mut out = mark(&class, shape, Unit::Pixel, place);
    let kept = said.iter().filter(|(k, v)| !CLASS.iter().any(|c| k.eq_ignore_ascii_case(c)) && v.as_str() != Some(""));
    if said.len() > 1 {
        out.attributes = kept.map(|(k, v)| (k.clone(), v.clone())).collect();
    }
    Ok(out)
}

fn points(at: &Map<String, Value>) -> Result<Vec<Point>, String> {
    let list = |key: &str| -> Result<Vec<f64>, String> {
        let list = at.get(key).and_then(Value::as_array).ok_or_else(|| format!("{key} is no list"))?;
        list.iter().map(|v| json::Scalar::from(v).number().map_err(|w| format!("a number in {key} is {w}"))).collect()
    };
    let (x, y) = (list("all_points_x")?, list("all_points_y")?);
    if x.len() != y.len() {
        return Err(format!("{} x and {} y make no points", x.len(), y.len()));
    }
    Ok(x.into_iter().zip(y).map(|(x, y)| Point { x, y }).collect())
}
