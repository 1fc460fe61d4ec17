//! CreateML JSON: a list of pictures; boxes by their middle and size, in pixels.

use super::json::{self, number, text};
use super::{Reading, document_label, item, json_documents, mark, not_of, split_of};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::formats::dataset::{Bad, Files, Found, Mark, Place, ReadError, Spot, Take, Unit};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What the picture is called, in files of all ages.
pub(super) const NAMES: [&str; 3] = ["image", "imagefilename", "imageFilename"];

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file is broken.
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in &json_documents(files, "CreateML")? {
        let file = document_label(files, &path);
        let outer = json::each(super::open(files, &path)?, &file, &[], &mut |piece| {
            let place = Place { file: Arc::clone(&file), at: Spot::Element("images", piece.n) };
            if !piece.list.is_empty() || !piece.key.is_empty() {
                return Ok(());
            }
            let row = super::lines::short(piece.bytes);
            let value = piece.value().and_then(|v| match v {
                Value::Object(fields) => Ok(fields),
                _ => Err("a picture must be an object".to_owned()),
            });
            let named = value.and_then(|f| {
                Ok((
                    NAMES
                        .into_iter()
                        .find_map(|key| f.get(key))
                        .and_then(Value::as_str)
                        .ok_or("image is no text")?
                        .to_owned(),
                    f,
                ))
            });
            let (name, fields) = match named {
                Ok(known) => known,
                Err(reason) => return take(Found::Bad(Bad { place, reason, name: None, whole: true, row })),
            };
            let mut out = item(&super::near(files, &path, &name), &place);
            out.split = split_of(&path);
            let list = fields.get("annotations").or(fields.get("annotation")).and_then(Value::as_array);
            for one in list.into_iter().flatten() {
                let made = one.as_object().ok_or_else(|| "an annotation must be an object".to_owned());
                match made.and_then(|fields| thing(fields, &place)) {
                    Ok(mark) => out.marks.push(mark),
                    Err(reason) => {
                        let row = super::lines::short(one.to_string().as_bytes());
                        let (place, name) = (place.clone(), Some(out.name.clone()));
                        take(Found::Bad(Bad { place, reason, name, whole: false, row }))?;
                    }
                }
            }
            take(Found::Item(Box::new(out)))
        })?;
        if !outer.is_list() {
            return Err(not_of(&file, "CreateML", "a list of pictures", &outer));
        }
    }
    Ok(())
}

fn thing(fields: &Map<String, Value>, place: &Place) -> Result<Mark, String> {
    let label = text(fields, "label")?;
    let Some(at) = fields.get("coordinates").and_then(Value::as_object) else {
        return Ok(mark(label, Shape::Class, Unit::Pixel, place));
    };
    let (cx, cy, w, h) = (number(at, "x")?, number(at, "y")?, number(at, "width")?, number(at, "height")?);
    let mut out = mark(label, Shape::Box(BoxN { x: cx - w / 2.0, y: cy - h / 2.0, w, h }), Unit::Pixel, place);
    out.score = fields.get("confidence").and_then(Value::as_f64).filter(|s| (0.0..=1.0).contains(s));
    Ok(out)
}
