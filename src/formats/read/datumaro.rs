//! datumaro JSON: items with labels, boxes, polygons and run lengths, in pixels; other types are said to be left out.

use super::json::{self, Scalar, field, number, others};
use super::{Reading, document_label, item, json_documents, mark, not_of};
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::mask;
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Mark, Place, ReadError, Spot, Standing, Take, Unit};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Reads one file, or all of a folder (`annotations/train.json`, …).
///
/// # Errors
/// When a file is broken, or has items before its categories.
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let mut found = false;
    for path in &json_documents(files, "datumaro")? {
        let file = document_label(files, &path);
        let labels = labels(files, &path)?;
        take(Found::Classes(
            labels.iter().map(|name| ClassInfo { name: name.clone(), ..ClassInfo::default() }).collect(),
        ))?;
        let stem = file.rsplit('/').next().and_then(|n| n.strip_suffix(".json")).unwrap_or_default().to_owned();
        let outer = json::each(super::open(files, &path)?, &file, &[], &mut |piece| {
            if piece.list != "items" {
                return Ok(());
            }
            let place = Place { file: Arc::clone(&file), at: Spot::Element("items", piece.n) };
            let row = super::lines::short(piece.bytes);
            let fields = match piece.value() {
                Ok(Value::Object(fields)) => fields,
                Ok(_) => return lost(place, "an item must be an object".to_owned(), row, take),
                Err(reason) => return lost(place, reason, row, take),
            };
            one(&fields, &labels, files, &path, &stem, &place, take)
        })?;
        let fits = !outer.is_list() && outer.may_have(&["items", "categories"]);
        if !fits && files.is_file() {
            return Err(not_of(&file, "datumaro", "an object with `items` and `categories`", &outer));
        }
        found |= fits;
    }
    // Other files may lie beside those that are meant.
    if found { Ok(()) } else { Err(super::no_document(files, "datumaro")) }
}

fn lost(place: Place, reason: String, row: Option<String>, take: &mut Take<'_>) -> Result<(), ReadError> {
    take(Found::Bad(Bad { place, reason, name: None, whole: true, row }))
}

/// The labels of a file, which may stand after its items: a pass of their own.
fn labels(files: &dyn Files, path: &str) -> Result<Vec<String>, ReadError> {
    let (mut out, file) = (Vec::new(), document_label(files, path));
    json::each(super::open(files, path)?, &file, &[], &mut |piece| {
        if piece.key == "categories" {
            let value = piece.value().map_err(|reason| super::broken(&file, format!("categories: {reason}")))?;
            let list = value.pointer("/label/labels").and_then(Value::as_array).into_iter().flatten();
            out = list.map(|l| l.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()).collect();
        }
        Ok(())
    })?;
    Ok(out)
}

fn one(
    fields: &Map<String, Value>,
    labels: &[String],
    files: &dyn Files,
    path: &str,
    stem: &str,
    place: &Place,
    take: &mut Take<'_>,
) -> Result<(), ReadError> {
    let media = ["image", "media"].into_iter().find_map(|key| fields.get(key).and_then(Value::as_object));
    let given = media.and_then(|m| m.get("path")).and_then(Value::as_str).filter(|p| !p.is_empty());
    let id = field(fields, "id").id();
    let Some(name) = given.map(str::to_owned).or(id) else {
        return lost(place.clone(), "an item has neither a path nor an id".to_owned(), None, take);
    };
    let name = match files.is_file() {
        true => name,
        // Pictures lie in images/ beside annotations/, below the name of the part.
        false => {
            let root = path.rsplit_once("annotations/").map_or("", |(root, _)| root);
            let places =
                [format!("{root}images/{name}"), format!("{root}images/{stem}/{name}"), format!("{root}{name}")];
            places.into_iter().find(|p| !name.contains("..") && files.exists(p)).unwrap_or(name)
        }
    };
    let mut out = item(&name, place);
    let sides: Vec<u32> = media
        .and_then(|m| m.get("size"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|n| n.as_u64().and_then(|n| u32::try_from(n).ok()))
        .collect();
    if let [height, width] = sides.as_slice() {
        (out.width, out.height) = (Some(*width), Some(*height));
    }
    out.split = (stem != "default").then(|| super::split_of(stem).unwrap_or_else(|| stem.to_owned()));
    let list = fields.get("annotations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for entry in list {
        let made = entry.as_object().ok_or_else(|| "an annotation must be an object".to_owned());
        match made.and_then(|fields| thing(fields, labels, place)) {
            Ok(Some(mark)) => out.marks.push(mark),
            Ok(None) => {
                let caption = entry.get("caption").and_then(Value::as_str).unwrap_or_default();
                let captions = out.extra.entry("captions".to_owned()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = captions {
                    list.push(caption.into());
                }
            }
            Err(reason) => {
                let row = super::lines::short(entry.to_string().as_bytes());
                let name = Some(out.name.clone());
                take(Found::Bad(Bad { place: place.clone(), reason, name, whole: false, row }))?;
            }
        }
    }
    if out.marks.is_empty() && out.extra.contains_key("captions") {
        out.standing = Standing::Listed;
    }
    take(Found::Item(Box::new(out)))
}

/// The mark of an annotation; nothing for a caption.
fn thing(fields: &Map<String, Value>, labels: &[String], place: &Place) -> Result<Option<Mark>, String> {
    let kind = json::text(fields, "type")?;
    if kind == "caption" {
        return Ok(None);
    }
    let id = field(fields, "label_id");
    let class = match &id {
        Scalar::Int(n) => usize::try_from(*n).ok().and_then(|n| labels.get(n)).filter(|name| !name.is_empty()),
        _ => None,
    };
    let class = class.ok_or_else(|| format!("label_id is {id}; the file has {} labels", labels.len()))?;
    let shape = match kind {
        "label" => Shape::Class,
        "bbox" => {
            let [x, y, w, h] = <[f64; 4]>::try_from(numbers(fields, "bbox")?).map_err(|_| "bbox is not 4 numbers")?;
            Shape::Box(BoxN { x, y, w, h })
        }
        "polygon" => {
            let list = numbers(fields, "points")?;
            if list.len() % 2 == 1 {
                return Err(format!("points are {} numbers, which make no corners", list.len()));
            }
            let corners =
                list.chunks_exact(2).filter_map(|p| <[f64; 2]>::try_from(p).ok()).map(|[x, y]| Point { x, y });
            Shape::Polygon { parts: vec![corners.collect()] }
        }
        "mask" => {
            let rle = fields.get("rle").and_then(Value::as_object).ok_or("a mask has no rle")?;
            let size: Vec<f64> = numbers(rle, "size")?;
            let [h, w] = <[f64; 2]>::try_from(size).map_err(|_| "size of the rle is not two numbers")?;
            Shape::Mask { size: [h as u32, w as u32], counts: mask::from_text(json::text(rle, "counts")?)? }
        }
        other => {
            return Err(format!(
                "a {} is no label, box, polygon or mask, and is not taken",
                crate::domain::text::printable(other)
            ));
        }
    };
    let mut out = mark(class, shape, Unit::Pixel, place);
    out.attributes = fields.get("attributes").and_then(Value::as_object).map(|a| others(a, &[])).unwrap_or_default();
    if let Ok(group) = number(fields, "group")
        && group != 0.0
    {
        out.attributes.insert("group".to_owned(), group.into());
    }
    Ok(Some(out))
}

fn numbers(fields: &Map<String, Value>, key: &str) -> Result<Vec<f64>, String> {
    let list = fields.get(key).and_then(Value::as_array).ok_or_else(|| format!("{key} is no list"))?;
    list.iter().map(|v| Scalar::from(v).number().map_err(|w| format!("a number of {key} is {w}"))).collect()
}
