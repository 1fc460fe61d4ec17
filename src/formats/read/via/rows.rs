//! VIA's CSV: a row for each region, with JSON in its cells; a picture without regions has one row with nothing in it.
//! Rows of one picture may lie anywhere: they are put together through a [`Sorter`].

use super::super::codec::Pack;
use super::super::sorter::{Sorter, key_of};
use super::super::{Reading, broken, document_label, io_error, item, lines, mark, near, open, split_of, table};
use super::{class_of_picture, thing};
use crate::domain::annotation::Shape;
use crate::formats::csv::{CsvError, CsvRows};
use crate::formats::dataset::{Bad, Files, Found, Item, Place, ReadError, Spot, Standing, Take, Unit};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Reads one file.
pub(super) fn read(files: &dyn Files, path: &str, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let file = document_label(files, path);
    let wrong = |e: CsvError| broken(&file, e.to_string());
    let mut rows = CsvRows::of_any_size(open(files, path)?).map_err(wrong)?;
    let columns = Columns::new(&mut rows).map_err(wrong)?;
    let (mut sorter, mut cells, mut n) = (Sorter::new(with.scratch), Vec::new(), 0);
    while rows.next_row(&mut cells).map_err(wrong)?.is_some() {
        n += 1;
        let place = Place { file: Arc::clone(&file), at: Spot::Row(n) };
        let row = || lines::short(serde_json::to_string(&cells).ok()?.as_bytes());
        let Some(name) = cells.get(columns.name).map(String::as_str).filter(|name| !name.trim().is_empty()) else {
            let reason = "it names no picture".to_owned();
            take(Found::Bad(Bad { place, reason, name: None, whole: true, row: row() }))?;
            continue;
        };
        let mut out = item(&near(files, path, name), &place);
        out.split = split_of(path);
        if let Err(reason) = columns.marks(&cells, &mut out) {
            let name = Some(out.name.clone());
            take(Found::Bad(Bad { place, reason, name, whole: false, row: row() }))?;
        }
        let mut pack = Pack::default();
        pack.item(&out);
        sorter.push(key_of(&out.name), &pack.bytes).map_err(|e| io_error("the scratch file", e))?;
    }
    table::together(sorter, &file, take)
}

/// Where the columns are.
struct Columns {
    name: usize,
    number: Option<usize>,
    shape: usize,
    said: usize,
    whole: Option<usize>,
}

impl Columns {
    fn new(rows: &mut CsvRows) -> Result<Self, CsvError> {
        Ok(Self {
            name: rows.column("filename")?,
            number: rows.column_like(&["region_id"]),
            shape: rows.column("region_shape_attributes")?,
            said: rows.column("region_attributes")?,
            whole: rows.column_like(&["file_attributes"]),
        })
    }

    /// Puts what a row says onto its picture. A picture of which nothing is said was only listed.
    fn marks(&self, cells: &[String], out: &mut Item) -> Result<(), String> {
        let cell = |column: Option<usize>| column.and_then(|c| cells.get(c)).map_or("", |cell| cell.trim());
        let at = object(cell(Some(self.shape)), "region_shape_attributes")?;
        // What is said of the picture stands in each of its rows.
        if at.is_empty() || cell(self.number) == "0" {
            let whole = object(cell(self.whole), "file_attributes")?;
            out.marks.extend(
                class_of_picture(&whole, !at.is_empty())
                    .map(|class| mark(&class, Shape::Class, Unit::Pixel, &out.place)),
            );
        }
        if at.is_empty() {
            out.standing = if out.marks.is_empty() { Standing::Listed } else { Standing::Judged };
            return Ok(());
        }
        let said = object(cell(Some(self.said)), "region_attributes")?;
        out.marks.push(thing(&json!({"shape_attributes": at, "region_attributes": said}), &out.place)?);
        Ok(())
    }
}

fn object(cell: &str, column: &str) -> Result<Map<String, Value>, String> {
    if cell.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(cell).map_err(|e| format!("{column} holds no JSON object: {e}"))
}
