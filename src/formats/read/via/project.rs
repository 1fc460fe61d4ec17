//! A project of VIA 3 as JSON: files, attributes, views, and regions that name a view and are said with numbers.
//!
//! Regions stand before the views that they name, so the file is read twice; regions of one picture may lie anywhere and
//! are put together through a [`Sorter`]. Each region is turned into the one of VIA 2 that says the same.

use super::super::codec::Pack;
use super::super::json::{Piece, Scalar, each};
use super::super::sorter::{Sorter, key_of};
use super::super::{
    Reading, broken, detect, document_label, io_error, item, lines, mark, near, not_of, open, split_of, table,
};
use super::{class_of, thing};
use crate::domain::annotation::Shape;
use crate::formats::dataset::{Bad, Files, Found, Item, Place, ReadError, Spot, Standing, Take, Unit};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// More pictures than this are no project of somebody's browser, and are known by heart while it is read.
const FILES: usize = 250_000;
/// Bytes of all attributes together.
const ATTRIBUTES: usize = 4 << 20;

/// Whether a file begins like a project of VIA 3.
pub(super) fn is(files: &dyn Files, path: &str) -> bool {
    detect::head_of(files, path).is_some_and(|head| is_head(&head))
}

/// Whether a text begins like a project of VIA 3.
pub(in crate::formats::read) fn is_head(head: &str) -> bool {
    head.trim_start().starts_with('{') && ["\"project\"", "\"pid\"", "\"config\""].iter().all(|key| head.contains(key))
}

/// Reads one file.
pub(super) fn read(files: &dyn Files, path: &str, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let file = document_label(files, path);
    let mut known = Known::default();
    let outer = each(open(files, path)?, &file, &["attribute", "file", "view"], &mut |piece| {
        known.note(&piece);
        match known.files.len().max(known.views.len()) > FILES || known.length > ATTRIBUTES {
            true => Err(broken(
                &file,
                format!("it has more than {FILES} pictures, or very many attributes; export it in parts"),
            )),
            false => Ok(()),
        }
    })?;
    if !outer.may_have(&["file", "metadata", "view"]) {
        return Err(not_of(&file, "VIA", "a project with `file`, `view` and `metadata`", &outer));
    }
    let mut sorter = Sorter::new(with.scratch);
    let mut push = |out: &Item| {
        let mut pack = Pack::default();
        pack.item(out);
        sorter.push(key_of(&out.name), &pack.bytes).map_err(|e| io_error("the scratch file", e))
    };
    let bare = |name: &str, place: &Place| Item { split: split_of(path), ..item(&near(files, path, name), place) };
    // A project lists all its pictures, looked at or not.
    let whole = Place { file: Arc::clone(&file), at: Spot::Whole };
    for name in known.files.values() {
        push(&Item { standing: Standing::Listed, ..bare(name, &whole) })?;
    }
    let mut n = 0;
    each(open(files, path)?, &file, &["metadata"], &mut |piece| {
        if piece.list != "metadata" {
            return Ok(());
        }
        n += 1;
        let place = Place { file: Arc::clone(&file), at: Spot::Element("metadata", n) };
        let bad = |reason: String, name: Option<String>| {
            let whole = name.is_none();
            Found::Bad(Bad { place: place.clone(), reason, name, whole, row: lines::short(piece.bytes) })
        };
        let value = match piece.value() {
            Ok(value) => value,
            Err(reason) => return take(bad(reason, None)),
        };
        let Some(name) = known.picture(&value) else {
            return take(bad("its view names no file of the project".to_owned(), None));
        };
        let mut out = bare(name, &place);
        match known.marks(&value, &mut out) {
            Ok(()) => push(&out),
            Err(reason) => take(bad(reason, Some(out.name))),
        }
    })?;
    table::together(sorter, &file, take)
}

/// What regions refer to, by id.
#[derive(Default)]
struct Known {
    /// Names, and what the values of those mean that are chosen from a list.
    attributes: HashMap<String, (String, Map<String, Value>)>,
    files: HashMap<String, String>,
    /// The first file of each.
    views: HashMap<String, String>,
    /// Bytes of the attributes.
    length: usize,
}

/// The text of a field; of numbers as well.
fn text(value: &Value, key: &str) -> Option<String> {
    Scalar::from(value.get(key)?).id().filter(|text| !text.is_empty())
}

impl Known {
    fn note(&mut self, piece: &Piece<'_>) {
        let Ok(value) = piece.value() else { return };
        let id = piece.key.to_owned();
        match piece.list {
            "attribute" => {
                self.length += piece.bytes.len();
                let options = value.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
                let name = text(&value, "aname").unwrap_or_else(|| id.clone());
                self.attributes.insert(id, (name, options));
            }
            "file" => {
                let name = text(&value, "fname").or_else(|| text(&value, "src"));
                self.files.extend(name.map(|name| (id, name)));
            }
            "view" => {
                let first = value.get("fid_list").and_then(Value::as_array).and_then(|list| list.first());
                self.views.extend(first.and_then(|fid| Some((id, Scalar::from(fid).id()?))));
            }
            _ => {}
        }
    }

    fn picture(&self, value: &Value) -> Option<&str> {
        let view = text(value, "vid")?;
        self.files.get(self.views.get(&view).unwrap_or(&view)).map(String::as_str)
    }

    fn marks(&self, value: &Value, out: &mut Item) -> Result<(), String> {
        if value.get("z").and_then(Value::as_array).is_some_and(|times| !times.is_empty()) {
            return Err("it is about a time in a video, which is not taken".to_owned());
        }
        let said = self.said(value.get("av").and_then(Value::as_object).unwrap_or(&Map::new()));
        match value.get("xy").and_then(Value::as_array).map(Vec::as_slice) {
            None | Some([]) => {
                out.marks.extend(class_of(&said).map(|class| mark(&class, Shape::Class, Unit::Pixel, &out.place)));
                if out.marks.is_empty() {
                    out.standing = Standing::Listed;
                }
            }
            Some(numbers) => {
                let region = json!({ "shape_attributes": shape(numbers)?, "region_attributes": said });
                out.marks.push(thing(&region, &out.place)?);
            }
        }
        Ok(())
    }

    /// Attributes by their names, with what was chosen as it is called.
    fn said(&self, values: &Map<String, Value>) -> Map<String, Value> {
        let one = |(id, value): (&String, &Value)| {
            let (name, options) = self.attributes.get(id)?;
            let chosen = value.as_str().and_then(|text| chosen(text, options));
            Some((name.clone(), chosen.unwrap_or_else(|| value.clone())))
        };
        values.iter().filter_map(one).collect()
    }
}

/// What a value chooses among options, by their names: one, or, of check boxes, a list of several, which are told as `0,2`.
/// Nothing where any part of it is no option: it is a text then.
fn chosen(text: &str, options: &Map<String, Value>) -> Option<Value> {
    if let Some(one) = options.get(text.trim()) {
        return Some(one.clone());
    }
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut names = parts.map(|part| options.get(part).cloned()).collect::<Option<Vec<Value>>>()?;
    match names.len() {
        0 => None,
        1 => names.pop(),
        _ => Some(Value::Array(names)),
    }
}

/// The numbers of a region as VIA 2 says the same.
fn shape(numbers: &[Value]) -> Result<Value, String> {
    let (kind, rest) = numbers.split_first().ok_or("xy is empty")?;
    let rest: Option<Vec<f64>> = rest.iter().map(Value::as_f64).collect();
    let rest = rest.ok_or("xy holds something that is no number")?;
    let even = |least: usize| rest.len() >= least && rest.len().is_multiple_of(2);
    let side = |from: usize| rest.iter().skip(from).step_by(2).copied().collect::<Vec<f64>>();
    match (kind.as_u64(), rest.as_slice()) {
        (Some(2), &[x, y, width, height]) => {
            Ok(json!({ "name": "rect", "x": x, "y": y, "width": width, "height": height }))
        }
        (Some(3), &[cx, cy, r]) => Ok(json!({ "name": "circle", "cx": cx, "cy": cy, "r": r })),
        (Some(4), &[cx, cy, rx, ry]) => Ok(json!({ "name": "ellipse", "cx": cx, "cy": cy, "rx": rx, "ry": ry })),
        (Some(7), _) if even(6) => Ok(json!({ "name": "polygon", "all_points_x": side(0), "all_points_y": side(1) })),
        // A box by its outermost points.
        (Some(8), _) if even(4) => {
            let ends = |all: Vec<f64>| all.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
            let ((left, right), (top, bottom)) = (ends(side(0)), ends(side(1)));
            Ok(json!({ "name": "rect", "x": left, "y": top, "width": right - left, "height": bottom - top }))
        }
        (Some(1 | 5 | 6 | 9), _) => {
            Err("a point, a line or a circle by points is no box or polygon, and is not taken".to_owned())
        }
        _ => Err("xy is no shape that is known".to_owned()),
    }
}
