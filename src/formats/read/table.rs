//! Tables with one row for a box, a class or a picture, as CSV or as a JSON list of rows (see [`records`]); and rows of other
//! tables that look the same (Parquet).
//!
//! Columns are found by their names (`filename`, `label`, `xmin`, …; `--columns path=FILE,class=KIND` says others); without
//! a header, those of a few programs are known. Rows of one picture may lie anywhere: they are put together through a
//! [`Sorter`]. Boxes are `xmin ymin xmax ymax` or `x y w h`, or one column `bbox` (see [`place`]); they are parts of the
//! picture if no number of the file is above 1.5, which a first pass looks at, and pixels otherwise. A row without a class
//! is a picture with nothing on it, and one whose class is a printed list (see [`listed`]) has them all. A quote that keeps a spreadsheet from running a cell is taken off. Roboflow's
//! `_classes.csv` has a column for each class.

mod columns;
mod layout;
mod listed;
mod place;
pub(super) mod records;

pub(super) use columns::Columns;

use super::codec::{Pack, Unpack};
use super::sorter::{Sorter, key_of};
use super::{Reading, broken, document_label, documents, io_error, near, split_of};
use crate::formats::csv::{CsvRows, unguarded};
use crate::formats::dataset::{Bad, Files, Found, Item, Place, ReadError, Spot, Standing, Take, Unit};
use std::sync::Arc;

/// More columns than this are no table of annotations.
const COLUMNS: usize = 10_000;

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file is no table, or has no column for the picture.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in &documents(files, &["csv", "tsv", "json"])? {
        let file = document_label(files, &path);
        let is_list = super::detect::head_of(files, &path).is_some_and(|head| records::is_head(&head));
        if is_list {
            records::read(files, &path, with, take)?;
            continue;
        }
        if !files.is_file() && file.ends_with(".json") {
            continue;
        }
        if !files.is_file() && is_key(files, &path, &file)? {
            continue;
        }
        let (mut rows, columns) = start(files, &path, &file, with)?;
        let parts = columns.has_boxes() && all_parts(files, &path, &file, with)?;
        let mut table = Table::new(files, &path, with, columns, parts);
        let mut cells = Vec::new();
        while let Some(line) = next(&mut rows, &mut cells, &file)? {
            table.row(&cells, Some(line), take)?;
        }
        table.finish(take)?;
    }
    Ok(())
}

/// Whether a file only says which number is which class, as it lies beside the rows of keras-retinanet (`cat,0`).
fn is_key(files: &dyn Files, path: &str, file: &Arc<str>) -> Result<bool, ReadError> {
    if !path.rsplit('/').next().is_some_and(|name| ["_classes.csv", "classes.csv"].contains(&name)) {
        return Ok(false);
    }
    let mut rows = CsvRows::of_any_size(super::open(files, path)?).map_err(|e| broken(file, e.to_string()))?;
    if rows.column_like(&["pixel value"]).is_some() {
        let why = "it names the classes of pixels in PNG pictures, and masks of that kind are not read; export polygons, for \
                   instance as COCO";
        return Err(broken(file, why));
    }
    let (headless, mut cells) = (rows.header().is_none(), Vec::new());
    let first = next(&mut rows, &mut cells, file)?.is_some();
    let is_number = |cell: &String| cell.trim().parse::<u32>().is_ok();
    let is_picture = cells.first().is_some_and(|name| crate::domain::picture_name::is_picture_name(name.trim()));
    Ok(headless && first && cells.len() == 2 && cells.get(1).is_some_and(is_number) && !is_picture)
}

/// The rows of one table on their way to items.
pub(super) struct Table<'a> {
    files: &'a dyn Files,
    path: &'a str,
    file: Arc<str>,
    columns: Columns,
    unit: Unit,
    sorter: Sorter,
    row: u64,
}

impl<'a> Table<'a> {
    /// `parts`: the numbers of boxes are parts of the picture, not pixels.
    pub(super) fn new(files: &'a dyn Files, path: &'a str, with: &Reading<'_>, columns: Columns, parts: bool) -> Self {
        let unit = if parts { Unit::Part } else { Unit::Pixel };
        let (file, sorter) = (document_label(files, path), Sorter::new(with.scratch));
        Self { files, path, file, columns, unit, sorter, row: 0 }
    }

    /// Takes the next row, which begins in this line where the file is text.
    pub(super) fn row(&mut self, cells: &[String], at: Option<u64>, take: &mut Take<'_>) -> Result<(), ReadError> {
        self.row += 1;
        let place = Place { file: Arc::clone(&self.file), at: Spot::Row(self.row) };
        match self.columns.item(cells, &place, self.unit) {
            Ok((mut one, wrong)) => {
                one.name = near(self.files, self.path, &one.name);
                one.split = one.split.or_else(|| split_of(self.path));
                for reason in wrong {
                    let reason = at.map_or_else(|| reason.clone(), |at| format!("{reason} (line {at})"));
                    let (place, name, row) = (place.clone(), Some(one.name.clone()), line(cells));
                    take(Found::Bad(Bad { place, reason, name, whole: false, row }))?;
                }
                let mut pack = Pack::default();
                pack.item(&one);
                self.sorter.push(key_of(&one.name), &pack.bytes).map_err(|e| io_error("the scratch file", e))
            }
            Err(reason) => take(Found::Bad(Bad { place, reason, name: None, whole: false, row: line(cells) })),
        }
    }

    /// Gives the items.
    pub(super) fn finish(self, take: &mut Take<'_>) -> Result<(), ReadError> {
        together(self.sorter, &self.file, take)
    }
}

/// Gives the items of a sorter, those of one key as one.
pub(super) fn together(sorter: Sorter, file: &Arc<str>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let scratch = |e| io_error("the scratch file", e);
    let mut sorted = sorter.finish().map_err(scratch)?;
    let mut open: Option<(super::sorter::Key, Item)> = None;
    while let Some((key, record)) = sorted.next_record().map_err(scratch)? {
        let one = Unpack::new(record, file).item().map_err(scratch)?;
        match &mut open {
            Some((at, whole)) if *at == key => {
                if one.standing != Standing::Listed && whole.standing == Standing::Listed {
                    whole.standing = one.standing;
                }
                whole.width = whole.width.or(one.width);
                whole.height = whole.height.or(one.height);
                whole.marks.extend(one.marks);
                if whole.marks.len() > super::MARKS {
                    return Err(super::too_many(file, &whole.name));
                }
            }
            _ => {
                if let Some((_, done)) = open.replace((key, one)) {
                    take(Found::Item(Box::new(done)))?;
                }
            }
        }
    }
    open.map_or(Ok(()), |(_, done)| take(Found::Item(Box::new(done))))
}

fn line(cells: &[String]) -> Option<String> {
    super::lines::short(serde_json::to_string(cells).ok()?.as_bytes())
}

fn start(files: &dyn Files, path: &str, file: &Arc<str>, with: &Reading<'_>) -> Result<(CsvRows, Columns), ReadError> {
    let mut rows = CsvRows::of_any_size(super::open(files, path)?).map_err(|e| broken(file, e.to_string()))?;
    if rows.columns() > COLUMNS {
        return Err(broken(file, format!("it has {} columns; {COLUMNS} are the most", rows.columns())));
    }
    let columns = Columns::new(&mut rows, file, with)?;
    Ok((rows, columns))
}

/// The next row that is not blank; the line in which it begins.
fn next(rows: &mut CsvRows, cells: &mut Vec<String>, file: &Arc<str>) -> Result<Option<u64>, ReadError> {
    loop {
        match rows.next_row(cells).map_err(|e| broken(file, e.to_string()))? {
            None => return Ok(None),
            Some(_) if cells.iter().all(|c| c.trim().is_empty()) => {}
            Some(line) => {
                for cell in cells.iter_mut().filter(|c| c.starts_with('\'')) {
                    *cell = unguarded(cell).to_owned();
                }
                return Ok(Some(line));
            }
        }
    }
}

/// Whether all numbers of the boxes are parts of the picture.
fn all_parts(files: &dyn Files, path: &str, file: &Arc<str>, with: &Reading<'_>) -> Result<bool, ReadError> {
    let (mut rows, columns) = start(files, path, file, with)?;
    let mut cells = Vec::new();
    while next(&mut rows, &mut cells, file)?.is_some() {
        if columns.in_pixels(&cells) {
            return Ok(false);
        }
    }
    Ok(true)
}
