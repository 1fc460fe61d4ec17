//! Data sets of Ultralytics' platform (`.ndjson`): a line about the whole, then one for each picture with the rows that its
//! label file would have.
//!
//! ```json
//! {"type": "dataset", "task": "detect", "class_names": {"0": "cat"}}
//! {"type": "image", "file": "a.jpg", "width": 640, "height": 480, "split": "train", "annotations": {"boxes": [[0, 0.5, 0.5, 0.2, 0.1]]}}
//! ```
//!
//! Source: `ultralytics.data.converter.convert_ndjson_to_yolo`. What always holds: the numbers of classes are those of the
//! first line, and a file in which they change is not read; a picture without `annotations` is only listed.

use super::{Lost, Marks, list};
use crate::domain::annotation::Shape;
use crate::domain::text::printable;
use crate::formats::dataset::{Bad, ClassInfo, Item, Mark, Place, ReadError, Spot, Standing};
use crate::formats::read::item;
use crate::formats::read::json::{self, field, text};
use crate::formats::read::yolo::row::{Known, row};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Keys of rows.
const ROWS: [&str; 4] = ["boxes", "segments", "obb", "pose"];
/// More classes than this are none.
const CLASSES: usize = 100_000;

/// What the first line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Set {
    names: Vec<String>,
    /// How many key points an object has, and how many numbers each.
    points: Option<(usize, usize)>,
}

/// What a line says of a data set; nothing where it is about something else.
pub(super) fn head(line: &[u8]) -> Option<Set> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    // Most lines are pictures, and need not be parsed to know that.
    let start = line.get(..line.len().min(256)).unwrap_or_default();
    start.windows(9).find(|word| word == b"\"dataset\"")?;
    let value: Value = json::parse(line).ok()?;
    if value.get("type").and_then(Value::as_str) != Some("dataset") {
        return None;
    }
    let mut names = Vec::new();
    match value.get("class_names") {
        Some(Value::Array(list)) => names = list.iter().map(|n| n.as_str().unwrap_or_default().to_owned()).collect(),
        Some(Value::Object(fields)) => {
            for (key, name) in fields {
                let at = key.parse::<usize>().ok().filter(|n| *n < CLASSES)?;
                names.resize(names.len().max(at + 1), String::new());
                names.get_mut(at)?.clone_from(&name.as_str().unwrap_or_default().trim().to_owned());
            }
        }
        _ => {}
    }
    let whole = |n: &Value| n.as_u64().and_then(|n| usize::try_from(n).ok());
    let points = value.get("kpt_shape").and_then(Value::as_array).and_then(|shape| match shape.as_slice() {
        [count, numbers] => Some((whole(count)?, whole(numbers)?)),
        _ => None,
    });
    Some(Set { names, points })
}

impl Set {
    /// The classes, in the order of their numbers.
    pub(super) fn classes(&self) -> Vec<ClassInfo> {
        let named = self.names.iter().filter(|name| !name.is_empty());
        named.map(|name| ClassInfo { name: name.clone(), ..ClassInfo::default() }).collect()
    }

    /// Whether a line begins a data set once more, which files put together have.
    ///
    /// # Errors
    /// When its classes are others: what follows would be read under wrong names.
    pub(super) fn begins_again(&self, n: u64, line: &[u8], file: &Arc<str>) -> Result<bool, ReadError> {
        let Some(other) = head(line) else { return Ok(false) };
        if other == *self {
            return Ok(true);
        }
        let place = Place { file: Arc::clone(file), at: Spot::Line(n) };
        let reason =
            "another data set begins here, and its classes are not those of the first line; part the file".to_owned();
        Err(ReadError::Broken { place, reason })
    }

    /// The picture of a line.
    pub(super) fn record(
        &self,
        line: &[u8],
        place: &Place,
        split: Option<String>,
        bad: &mut Vec<Bad>,
    ) -> Result<Item, Lost> {
        let value: Value = json::parse(line).map_err(|e| (e.replace("it is no JSON", "invalid JSON"), None))?;
        let Value::Object(fields) = value else { return Err(("a line must be a JSON object".to_owned(), None)) };
        let name = text(&fields, "file").map_err(|e| (e, None))?.to_owned();
        if name.trim().is_empty() {
            return Err(("file is empty".to_owned(), None));
        }
        let lost = |reason: String| (reason, Some(name.clone()));
        let side = |key: &str| field(&fields, key).side().map_err(|e| lost(format!("{key} is {e}")));
        let mut out = item(&name, place);
        (out.width, out.height) = (side("width")?, side("height")?);
        out.split = split.or_else(|| text(&fields, "split").ok().map(str::to_owned));
        let mut marks = Marks { place, name: &name, bad, out: Vec::new() };
        out.standing = match fields.get("annotations") {
            Some(Value::Object(said)) if !said.is_empty() => {
                said.keys().try_for_each(|key| self.rows(key, said, &mut marks)).map_err(lost)?;
                Standing::Judged
            }
            None | Some(Value::Null | Value::Object(_)) => Standing::Listed,
            Some(_) => return Err(lost("annotations must be a JSON object".to_owned())),
        };
        out.marks = marks.out;
        Ok(out)
    }

    /// Takes the rows under a key.
    fn rows(&self, key: &str, said: &Map<String, Value>, marks: &mut Marks<'_>) -> Result<(), String> {
        for one in list(said, key)? {
            let made = match key {
                "classification" => self.classification(one, marks),
                _ if ROWS.contains(&key) => self.mark(key, one, marks.place),
                _ => Err(format!("annotations has `{}`, which is not read", printable(key))),
            };
            marks.add(made);
        }
        Ok(())
    }

    fn classification(&self, one: &Value, marks: &Marks<'_>) -> Result<Mark, String> {
        let class = self.known(None)?.class(&one.to_string())?;
        Ok(marks.mark(&class, Shape::Class))
    }

    fn mark(&self, key: &str, one: &Value, place: &Place) -> Result<Mark, String> {
        let numbers = one.as_array().filter(|list| list.iter().all(Value::is_number));
        let numbers = numbers.ok_or_else(|| format!("a row of {key} must be a list of numbers"))?;
        let texts: Vec<String> = numbers.iter().map(Value::to_string).collect();
        let beyond = numbers.len().saturating_sub(5);
        // Without a word on it, three numbers a point are tried first: two of them are the usual place, and one how it is seen.
        let guess = [3, 2].into_iter().find(|d| beyond > 0 && beyond.is_multiple_of(*d)).map(|d| (beyond / d, d));
        let points = if key == "pose" { self.points.or(guess) } else { None };
        let made = row(&texts.join(" "), self.known(points)?, place)?;
        match (key, &made.shape) {
            ("boxes" | "pose", Shape::Box(_)) | ("segments" | "obb", Shape::Polygon { .. }) => Ok(made),
            _ => Err(format!("a row of {key} has {} numbers", numbers.len())),
        }
    }

    /// What the numbers mean where key points are of this form.
    fn known(&self, points: Option<(usize, usize)>) -> Result<Known<'_>, String> {
        match self.names.is_empty() {
            true => Err("classes are numbers, and the first line of the file has no class_names".to_owned()),
            false => Ok(Known { names: &self.names, points }),
        }
    }
}
