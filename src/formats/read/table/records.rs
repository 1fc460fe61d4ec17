//! Rows of a table as a JSON list of objects, as pandas writes them with `orient="records"`.
//!
//! What always holds: a key is a column whichever row it stands in first; where it is missing or `null`, the cell is empty.

use super::columns::{CLASS, Named, PATH};
use super::{COLUMNS, Columns, Table};
use crate::formats::dataset::{Bad, Files, Found, Place, ReadError, Spot, Take};
use crate::formats::read::{Reading, broken, document_label, json, lines};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::Arc;

/// Whether a file that begins like this is one: a list whose first element names a picture and its class.
pub(in crate::formats::read) fn is_head(start: &str) -> bool {
    let (mut first, input) = (None, Box::new(Cursor::new(start.as_bytes().to_vec())));
    let is_list = start.trim_start().starts_with('[');
    // The head is cut somewhere, which is no matter here.
    let _ = json::each(input, &Arc::from(""), &[], &mut |piece| {
        first = piece.value().ok().filter(|_| is_list);
        Err(ReadError::Stopped)
    });
    let Some(Value::Object(fields)) = first else { return false };
    let names: Vec<String> = fields.keys().cloned().collect();
    [&PATH[..], &CLASS].iter().all(|usual| names.column_like(usual).is_some())
}

/// Reads a file.
pub(super) fn read(files: &dyn Files, path: &str, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let file = document_label(files, path);
    let mut names = BTreeSet::new();
    each(files, path, &file, &mut |_, row| {
        for key in row.iter().flat_map(Map::keys).filter(|key| !key.is_empty()) {
            if !names.contains(key) {
                names.insert(key.clone());
            }
        }
        if names.len() > COLUMNS {
            return Err(broken(&file, format!("its rows have more than {COLUMNS} different keys")));
        }
        Ok(())
    })?;
    let mut names: Vec<String> = names.into_iter().collect();
    let columns = Columns::new(&mut names, &file, with)?;
    let mut parts = columns.has_boxes();
    if parts {
        each(files, path, &file, &mut |_, row| {
            parts &= row.is_none_or(|row| !columns.in_pixels(&cells(&row, &names)));
            Ok(())
        })?;
    }
    let mut table = Table::new(files, path, with, columns, parts);
    each(files, path, &file, &mut |bytes, row| match row {
        Some(row) => table.row(&cells(&row, &names), None, take),
        None => {
            table.row += 1;
            let place = Place { file: Arc::clone(&file), at: Spot::Row(table.row) };
            let why = json::parse::<Value>(bytes).err();
            let reason = why.unwrap_or_else(|| "a row must be a JSON object".to_owned());
            take(Found::Bad(Bad { place, reason, name: None, whole: false, row: lines::short(bytes) }))
        }
    })?;
    table.finish(take)
}

/// Takes an element as it stands in the file, with its fields where it is an object.
type TakeRow<'a> = dyn FnMut(&[u8], Option<Map<String, Value>>) -> Result<(), ReadError> + 'a;

/// Gives the elements of the list.
fn each(files: &dyn Files, path: &str, file: &Arc<str>, take: &mut TakeRow<'_>) -> Result<(), ReadError> {
    let outer = json::each(super::super::open(files, path)?, file, &[], &mut |piece| {
        if !piece.list.is_empty() || !piece.key.is_empty() {
            return Ok(());
        }
        match piece.value() {
            Ok(Value::Object(fields)) => take(piece.bytes, Some(fields)),
            _ => take(piece.bytes, None),
        }
    })?;
    match outer.is_list() {
        true => Ok(()),
        false => Err(broken(file, "it is a JSON object, not a list of rows")),
    }
}

fn cells(row: &Map<String, Value>, names: &[String]) -> Vec<String> {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    names.iter().map(|name| row.get(name).map(cell).unwrap_or_default()).collect()
}
