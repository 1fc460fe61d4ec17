//! Open Images: `ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,…` in parts of the picture, and
//! `class-descriptions*.csv` (later `oidv7-class-descriptions*.csv`), which says what `/m/0abc` is called.

use super::codec::Pack;
use super::keys::Keys;
use super::sorter::{Sorter, key_of};
use super::{
    CLASSES, Reading, broken, document_label, documents, io_error, item, mark, split_of, too_many_classes, xml,
};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::formats::csv::CsvRows;
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Mark, Place, ReadError, Spot, Take, Unit};
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// Flags that a box may have: 1, 0, or -1 for not known.
const FLAGS: [&str; 5] = ["IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside"];

/// Bytes of a file with the names of classes that are read.
const NAMES: u64 = 64 << 20;

/// Whether a file says what classes are called, by its path; FiftyOne has it as `metadata/classes.csv`.
pub(super) fn is_description(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    name.contains("class-descriptions") || (name == "classes.csv" && folder.rsplit('/').next() == Some("metadata"))
}

/// Reads one file, or all of a folder with the names of its classes.
///
/// # Errors
/// When a file is no table, or lacks a column.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let paths = documents(files, &["csv"])?;
    let (describing, others): (Vec<String>, Vec<String>) =
        paths.iter().partition(|p| !files.is_file() && is_description(p));
    let mut names: HashMap<String, String> = HashMap::new();
    let mut classes = Vec::new();
    for path in &describing {
        let file = document_label(files, path);
        // No header to guess: a comma and two cells.
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(super::open(files, path)?.take(NAMES));
        for row in rows.records() {
            let row = row.map_err(|e| broken(&file, e.to_string()))?;
            let (Some(id), Some(name)) = (row.get(0), row.get(1)) else { continue };
            if names.len() >= CLASSES {
                return Err(too_many_classes(&file));
            }
            if id != "LabelName"
                && names.insert(id.trim_start_matches('\u{feff}').to_owned(), name.to_owned()).is_none()
            {
                classes.push(ClassInfo { name: name.to_owned(), ..ClassInfo::default() });
            }
        }
    }
    // Open Images knows thousands of classes; only those that are used are added.
    let few = classes.len() <= 100;
    if few {
        take(Found::Classes(classes))?;
    }
    let (mut seen, mut listing) = (Keys::new(with.scratch), Vec::new());
    for path in &others {
        let file = document_label(files, path);
        let mut rows = CsvRows::of_any_size(super::open(files, path)?).map_err(|e| broken(&file, e.to_string()))?;
        let Some(columns) = Columns::new(&rows) else {
            if files.is_file() {
                return Err(broken(&file, "it has no columns ImageID and LabelName; it is no Open Images file"));
            }
            listing.push(path);
            continue;
        };
        let mut sorter = Sorter::new(with.scratch);
        let (mut cells, mut n) = (Vec::new(), 0);
        while rows.next_row(&mut cells).map_err(|e| broken(&file, e.to_string()))?.is_some() {
            n += 1;
            let place = Place { file: Arc::clone(&file), at: Spot::Row(n) };
            let name = cells.get(columns.image).map(|c| c.trim()).unwrap_or_default().to_owned();
            if name.is_empty() {
                let reason = "it names no picture".to_owned();
                take(Found::Bad(Bad { place, reason, name: None, whole: false, row: None }))?;
                continue;
            }
            let mut out = item(&name, &place);
            out.split = split_of(path);
            match columns.thing(&cells, &names, &place) {
                Ok(Some(mark)) => out.marks.push(mark),
                Ok(None) => {}
                Err(reason) => {
                    let row = serde_json::to_string(&cells).ok();
                    take(Found::Bad(Bad { place, reason, name: Some(name), whole: false, row }))?;
                    continue;
                }
            }
            let mut pack = Pack::default();
            pack.item(&out);
            seen.insert(key_of(&out.name)).map_err(|e| io_error("the scratch file", e))?;
            sorter.push(key_of(&out.name), &pack.bytes).map_err(|e| io_error("the scratch file", e))?;
        }
        super::table::together(sorter, &file, take)?;
    }
    listing.into_iter().try_for_each(|path| empty_pictures(files, path, &seen, take))
}

/// Pictures that our own export lists by file name and that no row is about: there is nothing on them. The official lists
/// have no file names; what they list without a row was not judged.
fn empty_pictures(files: &dyn Files, path: &str, seen: &Keys, take: &mut Take<'_>) -> Result<(), ReadError> {
    let file = document_label(files, path);
    let mut rows = CsvRows::of_any_size(super::open(files, path)?).map_err(|e| broken(&file, e.to_string()))?;
    let (Some(id), Some(name)) = (rows.column_like(&["ImageID"]), rows.column_like(&["FileName"])) else {
        return Ok(());
    };
    let (mut cells, mut n) = (Vec::new(), 0);
    while rows.next_row(&mut cells).map_err(|e| broken(&file, e.to_string()))?.is_some() {
        n += 1;
        let (Some(id), Some(name)) = (cells.get(id), cells.get(name)) else { continue };
        let known = seen.contains(key_of(id)).map_err(|e| io_error("the scratch file", e))?;
        if !known && !name.is_empty() {
            let mut out = item(name, &Place { file: Arc::clone(&file), at: Spot::Row(n) });
            out.split = split_of(path);
            take(Found::Item(Box::new(out)))?;
        }
    }
    Ok(())
}

struct Columns {
    image: usize,
    label: usize,
    place: Option<[usize; 4]>,
    flags: Vec<(usize, &'static str)>,
    confidence: Option<usize>,
    /// The picture that has the mask of the row.
    mask: Option<usize>,
}

impl Columns {
    fn new(rows: &CsvRows) -> Option<Self> {
        let at = |name: &str| rows.column_like(&[name]);
        let place = [at("XMin"), at("XMax"), at("YMin"), at("YMax")];
        Some(Self {
            image: at("ImageID")?,
            label: at("LabelName")?,
            place: place.into_iter().collect::<Option<Vec<usize>>>().and_then(|p| p.try_into().ok()),
            flags: FLAGS.into_iter().filter_map(|name| Some((at(name)?, name))).collect(),
            confidence: at("Confidence"),
            mask: at("MaskPath"),
        })
    }

    /// The mark of a row; nothing for a class that was judged not to be there.
    fn thing(&self, cells: &[String], names: &HashMap<String, String>, place: &Place) -> Result<Option<Mark>, String> {
        let cell = |i: usize| cells.get(i).map(|c| c.trim()).filter(|c| !c.is_empty());
        let id = cell(self.label).ok_or("it has no LabelName")?;
        let class = super::class_of_cell(names.get(id).map_or(id, String::as_str))?;
        if let Some(mask) = self.mask.and_then(cell) {
            let mask = crate::domain::text::printable(mask);
            return Err(format!("its mask is the picture `{mask}`, and masks in pictures of their own are not read"));
        }
        let confidence = self.confidence.and_then(cell).map(|c| xml::number(Some(c), "Confidence")).transpose()?;
        let shape = match self.place {
            None if confidence == Some(0.0) => return Ok(None),
            None => Shape::Class,
            Some(columns) => {
                let mut numbers = [0.0; 4];
                for ((slot, column), name) in numbers.iter_mut().zip(columns).zip(["XMin", "XMax", "YMin", "YMax"]) {
                    *slot = xml::number(cell(column), name)?;
                }
                let [x0, x1, y0, y1] = numbers;
                Shape::Box(BoxN { x: x0, y: y0, w: x1 - x0, h: y1 - y0 })
            }
        };
        let mut out = mark(class, shape, Unit::Part, place);
        // 1 is what a person has verified.
        out.score = confidence.filter(|c| *c < 1.0 && *c > 0.0);
        for (column, name) in &self.flags {
            if cell(*column) == Some("1") {
                out.attributes.insert((*name).to_owned(), true.into());
            }
        }
        Ok(Some(out))
    }
}
