//! Label Studio JSON, as it is exported: a list of tasks with annotations and predictions, or JSON-MIN, a list of pictures
//! with what one person said of each. Numbers are percent of the picture; a turned rectangle turns about its top left
//! corner and is read as a polygon.

mod brush;
mod passed;
mod region;

use super::json;
use super::{Reading, document_label, item, json_documents, near, not_of};
use crate::domain::text::percent_decoded;
use crate::formats::dataset::{Bad, Files, Found, Item, Place, ReadError, Spot, Standing, Take};
use passed::Passed;
use region::{Regions, Taken};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file is broken.
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let mut passed = Passed::default();
    for path in &json_documents(files, "Label Studio")? {
        let file = document_label(files, &path);
        let outer = json::each(super::open(files, &path)?, &file, &[], &mut |piece| {
            if !piece.list.is_empty() || !piece.key.is_empty() {
                return Ok(());
            }
            let place = Place { file: Arc::clone(&file), at: Spot::Element("items", piece.n) };
            let row = super::lines::short(piece.bytes);
            let task = piece.value().and_then(|v| match v {
                Value::Object(fields) => Ok(fields),
                _ => Err("a task must be an object".to_owned()),
            });
            let named = task.and_then(|task| Ok((picture(&task)?, task)));
            match named {
                Ok((name, task)) => {
                    let out = item(&near(files, &path, &name), &place);
                    match task.get("data") {
                        Some(_) => one(&task, out, &mut passed, take),
                        None => small(&task, out, &mut passed, take),
                    }
                }
                Err(reason) => take(Found::Bad(Bad { place, reason, name: None, whole: true, row })),
            }
        })?;
        if !outer.is_list() {
            return Err(not_of(&file, "Label Studio", "a list of tasks", &outer));
        }
    }
    passed.tell(files, take)
}

/// The picture of a task: the one text in its data that names one. JSON-MIN has no data: what is in it stands beside the
/// answers.
fn picture(task: &Map<String, Value>) -> Result<String, String> {
    let data = match task.get("data") {
        Some(data) => data.as_object().ok_or("a task has no data")?,
        None if is_small(task) => task,
        None => return Err("a task has no data".to_owned()),
    };
    let named = ["image", "img", "picture", "photo", "url"].into_iter().find_map(|key| data.get(key)?.as_str());
    let only = || data.values().filter_map(Value::as_str).find(|v| crate::domain::picture_name::is_picture_name(v));
    let given = named.or_else(only).ok_or("the data of a task names no picture")?;
    Ok(plain(given))
}

/// Whether a task is one of JSON-MIN.
fn is_small(task: &Map<String, Value>) -> bool {
    let keys = ["annotator", "annotation_id", "lead_time"];
    keys.iter().any(|key| task.contains_key(*key)) || task.values().any(|v| regions(Some(v)).any(region::is_small))
}

fn regions(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// A picture's address without what Label Studio puts around it: `/data/local-files/?d=a%20b.jpg`, `/data/upload/1/x.jpg`.
fn plain(given: &str) -> String {
    let inner = given.split_once("?d=").map_or(given, |(_, path)| path);
    let inner = inner
        .split_once("://")
        .filter(|(s, _)| s.starts_with("http"))
        .map_or(inner, |(_, rest)| rest.split_once('/').map_or(rest, |(_, path)| path));
    let coded = inner.len() != given.len() || given.starts_with("http") || given.starts_with("/data/");
    let decoded = if coded { percent_decoded(inner) } else { inner.to_owned() };
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

/// A task of the full form.
fn one(task: &Map<String, Value>, mut out: Item, passed: &mut Passed, take: &mut Take<'_>) -> Result<(), ReadError> {
    let list = |key: &str| task.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // The last annotation that was not cancelled is the one that counts; the others were made by other people.
    let done = list("annotations").iter().chain(list("completions")).filter_map(Value::as_object);
    let valid: Vec<&Map<String, Value>> =
        done.clone().filter(|a| a.get("was_cancelled") != Some(&Value::Bool(true))).collect();
    let cancelled = done.count() > valid.len();
    out.standing = match (valid.last(), cancelled) {
        (Some(_), _) => Standing::Answered,
        (None, true) => Standing::Skipped,
        (None, false) => Standing::Listed,
    };
    if valid.len() > 1 {
        let note = format!("{} people have annotated `{}`; the last answer is taken", valid.len(), out.name);
        take(Found::Note(out.place.clone(), note))?;
    }
    let guesses = list("predictions").iter().filter_map(Value::as_object).map(|p| (p, true));
    for (annotation, guess) in valid.last().map(|a| (*a, false)).into_iter().chain(guesses) {
        let mut all = Regions::new(guess.then_some(annotation));
        for region in regions(annotation.get("result")) {
            match all.add(region, &mut out) {
                Ok(Taken::Yes) => {}
                Ok(Taken::No) => passed.region(region),
                Err(reason) => bad(&out, reason, region, take)?,
            }
        }
        all.end(&mut out).into_iter().try_for_each(|(reason, row)| bad(&out, reason, row, take))?;
    }
    take(Found::Item(Box::new(out)))
}

fn bad(out: &Item, reason: String, row: &Value, take: &mut Take<'_>) -> Result<(), ReadError> {
    let row = super::lines::short(row.to_string().as_bytes());
    let (place, name) = (out.place.clone(), Some(out.name.clone()));
    take(Found::Bad(Bad { place, reason, name, whole: false, row }))
}

/// A task of JSON-MIN: what one person said, under the names that the labelling interface has for it.
fn small(task: &Map<String, Value>, mut out: Item, passed: &mut Passed, take: &mut Take<'_>) -> Result<(), ReadError> {
    for (key, value) in task {
        let found = region::small(key, value, &mut out);
        if found.is_empty() {
            passed.field(key, value);
        }
        for made in found {
            match made {
                Ok(mark) => out.marks.push(mark),
                Err((reason, region)) => bad(&out, reason, region, take)?,
            }
        }
    }
    take(Found::Item(Box::new(out)))
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
