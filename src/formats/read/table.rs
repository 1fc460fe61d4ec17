//! Tables with one row for a box, a class or a picture, as CSV; and rows of other tables that look the same (Parquet).
//!
//! Columns are found by their names (`filename`, `label`, `xmin`, …; `--columns path=FILE,class=KIND` says others). Rows of
//! one picture may lie anywhere: they are put together through a [`Sorter`]. Boxes are `xmin ymin xmax ymax` or `x y w h`;
//! they are parts of the picture if no number of the file is above 1.5, which a first pass looks at, and pixels otherwise. A row without a class is
//! a picture with nothing on it. A quote that keeps a spreadsheet from running a cell is taken off. Roboflow's `_classes.csv` has a column for each class.

use super::codec::{Pack, Unpack};
use super::sorter::{Sorter, key_of};
use super::{Reading, broken, document_label, documents, io_error, item, mark, near, split_of, xml};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::domain::text::printable;
use crate::formats::csv::{CsvRows, split_labels, unguarded};
use crate::formats::dataset::{Bad, Files, Found, Item, Mark, Place, ReadError, Spot, Standing, Take, Unit};
use std::sync::Arc;

/// More columns than this are no table of annotations.
const COLUMNS: usize = 10_000;
const PATH: [&str; 10] =
    ["path", "filename", "file_name", "file", "image_path", "image", "img", "image_id", "imageid", "id"];
const CLASS: [&str; 9] =
    ["class", "label", "labels", "class_name", "classname", "labelname", "category", "species", "target"];
const XMIN: [&str; 5] = ["xmin", "x_min", "x1", "left", "bbox_xmin"];
const YMIN: [&str; 5] = ["ymin", "y_min", "y1", "top", "bbox_ymin"];
const XMAX: [&str; 5] = ["xmax", "x_max", "x2", "right", "bbox_xmax"];
const YMAX: [&str; 5] = ["ymax", "y_max", "y2", "bottom", "bbox_ymax"];
const W: [&str; 4] = ["w", "bbox_width", "box_width", "bbox_w"];
const H: [&str; 4] = ["h", "bbox_height", "box_height", "bbox_h"];

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file is no table, or has no column for the picture.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in documents(files, &["csv", "tsv"])? {
        let file = document_label(files, &path);
        let (mut rows, columns) = start(files, &path, &file, with)?;
        let parts = columns.has_boxes() && all_parts(files, &path, &file, with)?;
        let mut table = Table::new(files, &path, with, columns, parts);
        let mut cells = Vec::new();
        while next(&mut rows, &mut cells, &file)? {
            table.row(&cells, take)?;
        }
        table.finish(take)?;
    }
    Ok(())
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

    /// Takes the next row.
    pub(super) fn row(&mut self, cells: &[String], take: &mut Take<'_>) -> Result<(), ReadError> {
        self.row += 1;
        let place = Place { file: Arc::clone(&self.file), at: Spot::Row(self.row) };
        match self.columns.item(cells, &place, self.unit) {
            Ok((mut one, wrong)) => {
                one.name = near(self.files, self.path, &one.name);
                one.split = one.split.or_else(|| split_of(self.path));
                for reason in wrong {
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
    let mut record = Vec::new();
    let mut open: Option<(super::sorter::Key, Item)> = None;
    while let Some(key) = sorted.next(&mut record).map_err(scratch)? {
        let one = Unpack::new(&record, file).item().map_err(scratch)?;
        match &mut open {
            Some((at, whole)) if *at == key => {
                if one.standing != Standing::Listed && whole.standing == Standing::Listed {
                    whole.standing = one.standing;
                }
                whole.width = whole.width.or(one.width);
                whole.height = whole.height.or(one.height);
                whole.marks.extend(one.marks);
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

fn next(rows: &mut CsvRows, cells: &mut Vec<String>, file: &Arc<str>) -> Result<bool, ReadError> {
    loop {
        match rows.next_row(cells).map_err(|e| broken(file, e.to_string()))? {
            None => return Ok(false),
            Some(_) if cells.iter().all(|c| c.trim().is_empty()) => {}
            Some(_) => {
                for cell in cells.iter_mut().filter(|c| c.starts_with('\'')) {
                    *cell = unguarded(cell).to_owned();
                }
                return Ok(true);
            }
        }
    }
}

/// Whether all numbers of the boxes are parts of the picture.
fn all_parts(files: &dyn Files, path: &str, file: &Arc<str>, with: &Reading<'_>) -> Result<bool, ReadError> {
    let (mut rows, columns) = start(files, path, file, with)?;
    let mut cells = Vec::new();
    while next(&mut rows, &mut cells, file)? {
        if columns.in_pixels(&cells) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The names of the columns of a table.
pub(super) trait Named {
    /// The index of a column by its name or number.
    fn column(&mut self, name: &str) -> Result<usize, String>;
    /// The first column with one of these names.
    fn column_like(&self, names: &[&str]) -> Option<usize>;
    /// The names, where the table has any.
    fn header(&self) -> Option<&[String]>;
    /// How many columns there are.
    fn columns(&self) -> usize;
}

impl Named for CsvRows {
    fn column(&mut self, name: &str) -> Result<usize, String> {
        Self::column(self, name).map_err(|e| e.to_string())
    }

    fn column_like(&self, names: &[&str]) -> Option<usize> {
        Self::column_like(self, names)
    }

    fn header(&self) -> Option<&[String]> {
        Self::header(self)
    }

    fn columns(&self) -> usize {
        Self::columns(self)
    }
}

impl Named for Vec<String> {
    fn column(&mut self, name: &str) -> Result<usize, String> {
        self.column_like(&[name.trim()]).ok_or_else(|| {
            let names: Vec<String> = self.iter().map(|n| format!("`{}`", printable(n))).collect();
            format!("there is no column `{}`; the columns are {}", printable(name), names.join(", "))
        })
    }

    fn column_like(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.iter().position(|own| own.trim().eq_ignore_ascii_case(name)))
    }

    fn header(&self) -> Option<&[String]> {
        Some(self)
    }

    fn columns(&self) -> usize {
        self.len()
    }
}

/// Where the columns are.
pub(super) struct Columns {
    path: usize,
    class: Option<usize>,
    place: [Option<usize>; 4],
    /// The last two of `place` are a size, not a corner.
    sized: bool,
    width: Option<usize>,
    height: Option<usize>,
    score: Option<usize>,
    model: Option<usize>,
    split: Option<usize>,
    /// Our own export says how far a picture is.
    status: Option<usize>,
    reason: Option<usize>,
    /// A column for each class.
    one_hot: Vec<(usize, String)>,
}

impl Columns {
    pub(super) fn new(rows: &mut dyn Named, file: &Arc<str>, with: &Reading<'_>) -> Result<Self, ReadError> {
        let mut asked = |key: &str, usual: &[&str]| -> Result<Option<usize>, ReadError> {
            match with.columns.get(key) {
                Some(name) => rows.column(name).map(Some).map_err(|e| broken(file, e)),
                None => Ok(rows.column_like(usual)),
            }
        };
        let path = asked("path", &PATH)?;
        let class = asked("class", &CLASS)?;
        let corners = [asked("xmin", &XMIN)?, asked("ymin", &YMIN)?, asked("xmax", &XMAX)?, asked("ymax", &YMAX)?];
        let (x, y) = (asked("x", &["x", "bbox_x"])?, asked("y", &["y", "bbox_y"])?);
        let mut sizes = [asked("w", &W)?, asked("h", &H)?];
        let (mut width, mut height) = (
            asked("width", &["width", "image_width", "img_width"])?,
            asked("height", &["height", "image_height", "img_height"])?,
        );
        let (score, model) = (asked("score", &["score", "confidence", "conf"])?, asked("model", &["model"])?);
        let split = asked("split", &["split", "subset", "set"])?;
        let sized = corners[2].is_none();
        if sized && x.is_some() && sizes[0].is_none() {
            // `x, y, width, height` is a box.
            sizes = [width.take(), height.take()];
        }
        let place = if sized { [x, y, sizes[0], sizes[1]] } else { corners };
        let named = |key: &str| rows.header().and_then(|h| h.iter().position(|c| c.trim().eq_ignore_ascii_case(key)));
        let (status, reason) = (named("status"), named("skip_reason"));
        let one_hot = if file.ends_with("_classes.csv") && class.is_none() {
            let cells = rows.header().unwrap_or_default().iter().enumerate();
            cells.filter(|(i, _)| Some(*i) != path).map(|(i, name)| (i, name.trim().to_owned())).collect()
        } else {
            Vec::new()
        };
        let headless = rows.header().is_none();
        let (path, class) = match (path, headless) {
            (Some(path), _) => (path, class.or_else(|| (headless && rows.columns() > 1).then_some(1))),
            (None, true) => (0, class.or_else(|| (rows.columns() > 1).then_some(1))),
            (None, false) => {
                let names: Vec<String> =
                    rows.header().unwrap_or_default().iter().take(30).map(|c| format!("`{}`", printable(c))).collect();
                let why = format!(
                    "no column names the picture; the columns are {}; say it with --columns path=NAME",
                    names.join(", ")
                );
                return Err(broken(file, why));
            }
        };
        if class.is_none() && one_hot.is_empty() && !headless {
            let why = "no column names the class; say it with --columns class=NAME".to_owned();
            return Err(broken(file, why));
        }
        Ok(Self { path, class, place, sized, width, height, score, model, split, status, reason, one_hot })
    }

    pub(super) fn has_boxes(&self) -> bool {
        self.place.iter().all(Option::is_some)
    }

    /// Whether the box of a row can only be in pixels.
    pub(super) fn in_pixels(&self, cells: &[String]) -> bool {
        let mut numbers = self.place.iter().flatten().filter_map(|c| cells.get(*c)?.trim().parse::<f64>().ok());
        numbers.any(|n| n > 1.5)
    }

    /// The item of a row, with what of it cannot be taken.
    fn item(&self, cells: &[String], place: &Place, unit: Unit) -> Result<(Item, Vec<String>), String> {
        let cell = |at: Option<usize>| at.and_then(|i| cells.get(i)).map(|c| c.trim()).filter(|c| !c.is_empty());
        let name = cell(Some(self.path)).ok_or("it names no picture")?;
        let mut out = item(name, place);
        (out.width, out.height) = (xml::side(cell(self.width)), xml::side(cell(self.height)));
        out.split = cell(self.split).map(str::to_owned);
        let mut wrong = Vec::new();
        for (column, class) in &self.one_hot {
            match cell(Some(*column)) {
                Some("1" | "1.0" | "true" | "True") => out.marks.push(mark(class, Shape::Class, unit, place)),
                None | Some("0" | "0.0" | "false" | "False") => {}
                Some(other) => wrong.push(format!("column `{class}` is \"{other}\", neither 0 nor 1")),
            }
        }
        match cell(self.status) {
            Some("skipped") => out.standing = Standing::Skipped,
            Some("unlabeled" | "pre_labeled") => out.standing = Standing::Listed,
            _ => {}
        }
        if let Some(reason) = cell(self.reason) {
            out.extra.insert("reason".to_owned(), reason.into());
        }
        // Numbers without a class are wrong; neither is a picture with nothing on it.
        let boxed = self.place.iter().any(|c| cell(*c).is_some()).then(|| self.boxed(cells));
        match (cell(self.class), boxed) {
            // Where the file has classes of whole pictures only, one without is not answered.
            (None, None) if !self.has_boxes() && self.one_hot.is_empty() && cell(self.status).is_none() => {
                out.standing = Standing::Listed;
            }
            (None, None) => {}
            (None, Some(_)) => wrong.push("the box has no class".to_owned()),
            (Some(class), None) => {
                let names = if self.status.is_some() { split_labels(class) } else { vec![class.to_owned()] };
                let marks = names.iter().map(|name| self.scored(mark(name, Shape::Class, unit, place), cells));
                marks.for_each(|made| made.map_or_else(|e| wrong.push(e), |m| out.marks.push(m)));
            }
            (Some(class), Some(made)) => {
                match made.and_then(|b| self.scored(mark(class, Shape::Box(b), unit, place), cells)) {
                    Ok(mark) => out.marks.push(mark),
                    Err(reason) => wrong.push(reason),
                }
            }
        }
        Ok((out, wrong))
    }

    fn scored(&self, mut mark: Mark, cells: &[String]) -> Result<Mark, String> {
        let cell = |at: Option<usize>| at.and_then(|i| cells.get(i)).map(|c| c.trim()).filter(|c| !c.is_empty());
        if let Some(score) = cell(self.score) {
            let score = xml::number(Some(score), "score")?;
            if !(0.0..=1.0).contains(&score) {
                return Err(format!("score is {score}, not between 0 and 1"));
            }
            mark.score = Some(score);
        }
        mark.author = cell(self.model).map(str::to_owned);
        Ok(mark)
    }

    fn boxed(&self, cells: &[String]) -> Result<BoxN, String> {
        let names = if self.sized { ["x", "y", "w", "h"] } else { ["xmin", "ymin", "xmax", "ymax"] };
        let mut numbers = [0.0; 4];
        for ((slot, column), name) in numbers.iter_mut().zip(self.place).zip(names) {
            let column = column.ok_or_else(|| format!("there is no column for {name} (--columns {name}=NAME)"))?;
            let cell = cells.get(column).map(|c| c.trim()).filter(|c| !c.is_empty());
            *slot = xml::number(cell, name)?;
        }
        let [x, y, a, b] = numbers;
        Ok(if self.sized { BoxN { x, y, w: a, h: b } } else { BoxN { x, y, w: a - x, h: b - y } })
    }
}
