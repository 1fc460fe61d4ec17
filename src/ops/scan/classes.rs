//! Where the class of a file comes from: nowhere, its folder, or a row of a CSV file.

use super::super::OpsError;
use super::super::report::ScanReport;
use crate::domain::project::ClassFrom;
use crate::domain::text::{decode_os, encode_os, printable};
use crate::formats::csv::{CsvError, CsvRows};
use crate::lake::open_plain;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Column names that mean the picture, for when none was given.
const IDS: [&str; 9] = ["path", "filename", "file", "file_name", "image", "image_path", "image_id", "id", "name"];
/// Column names that mean the class.
const CLASSES: [&str; 7] = ["class", "label", "species", "category", "class_name", "target", "labels"];

pub(super) enum Classes {
    None,
    Folder,
    Table(Box<Table>),
}

/// The rows of a class file, by what they call the picture.
pub(super) struct Table {
    /// Name of the CSV file, for reports.
    file: String,
    names: Vec<String>,
    rows: HashMap<String, Row>,
    /// Rows that were left out while reading, kept until there is a report to put them into.
    left_out: ScanReport,
}

struct Row {
    class: u32,
    line: u64,
    used: bool,
}

impl Classes {
    pub(super) fn new(from: &ClassFrom, source: &str) -> Result<Self, OpsError> {
        match from {
            ClassFrom::None => Ok(Self::None),
            ClassFrom::Folder => Ok(Self::Folder),
            ClassFrom::Csv { file, id, class } => {
                let path = PathBuf::from(decode_os(file));
                let shown = printable(file).into_owned();
                let opened = open_plain(&path).map_err(|e| OpsError::Lake(e.into()))?;
                let wrong = |error| OpsError::Csv { file: shown.clone(), error };
                let rows = CsvRows::new(opened).map_err(wrong)?;
                Table::read(rows, id, class, &path, source).map(|t| Self::Table(Box::new(t))).map_err(wrong)
            }
        }
    }

    /// The class of the file with this path; what is odd about it goes into the report.
    pub(super) fn of(&mut self, path: &str, report: &mut ScanReport) -> Option<String> {
        match self {
            Self::None => None,
            Self::Folder => {
                let folder = path.rsplit_once('/')?.0;
                Some(folder.rsplit('/').next().unwrap_or(folder).to_owned())
            }
            Self::Table(table) => table.of(path, report),
        }
    }

    /// Notes the rows that no file belongs to.
    pub(super) fn report_unused(&mut self, report: &mut ScanReport) {
        let Self::Table(table) = self else { return };
        report.skipped_count += table.left_out.skipped_count;
        let room = ScanReport::SKIPPED_MAX.saturating_sub(report.skipped.len());
        report.skipped.extend(table.left_out.skipped.drain(..).take(room));
        let mut unused: Vec<(u64, &String)> =
            table.rows.iter().filter(|(_, r)| !r.used).map(|(id, r)| (r.line, id)).collect();
        unused.sort_unstable();
        for (line, id) in unused {
            report.skip(id, format!("row {line} of `{}` names it, but there is no such picture", table.file));
        }
    }
}

impl Table {
    fn read(mut rows: CsvRows, id: &str, class: &str, file: &Path, source: &str) -> Result<Self, CsvError> {
        let id = pick(&mut rows, id, &IDS, 0)?;
        let class = pick(&mut rows, class, &CLASSES, 1)?;
        let name = file.file_name().map(encode_os).unwrap_or_default();
        let mut table = Self {
            file: printable(&name).into_owned(),
            names: Vec::new(),
            rows: HashMap::new(),
            left_out: ScanReport::default(),
        };
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let prefix = format!("{source}/");
        let mut cells = Vec::new();
        while let Some(line) = rows.next_row(&mut cells)? {
            let cell = |i: usize| cells.get(i).map_or("", |c| c.trim());
            let (picture, class) = (normal(cell(id), &prefix), cell(class));
            if picture.is_empty() || class.is_empty() {
                continue;
            }
            let number = *numbers.entry(class.to_owned()).or_insert_with(|| {
                table.names.push(class.to_owned());
                u32::try_from(table.names.len() - 1).unwrap_or(u32::MAX)
            });
            table.take(picture, number, line);
        }
        Ok(table)
    }

    fn take(&mut self, picture: String, class: u32, line: u64) {
        if let Some(known) = self.rows.get(&picture) {
            if known.class != class {
                let first = self.names.get(known.class as usize).map(|n| printable(n).into_owned()).unwrap_or_default();
                let reason = format!(
                    "row {line} of `{}` gives it another class than row {}, which counts: `{first}`",
                    self.file, known.line
                );
                self.left_out.skip(&picture, reason);
            }
            return;
        }
        self.rows.insert(picture, Row { class, line, used: false });
    }

    /// By the whole path; else by the file name; else by either without extension.
    fn of(&mut self, path: &str, report: &mut ScanReport) -> Option<String> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let bare = |text: &str| text.rsplit_once('.').map_or(text.len(), |(stem, _)| stem.len());
        let spellings = [path, name, &path[..bare(path)], &name[..bare(name)]];
        let found = spellings.into_iter().find(|s| self.rows.contains_key(*s))?;
        let row = self.rows.get_mut(found)?;
        if std::mem::replace(&mut row.used, true) {
            let reason = format!(
                "row {} of `{}` names it, but there are several files of that name and an earlier one has its class; it \
                 starts unlabeled, write paths into the file",
                row.line, self.file
            );
            report.skip(path, reason);
            return None;
        }
        self.names.get(row.class as usize).cloned()
    }
}

fn pick(rows: &mut CsvRows, wanted: &str, usual: &[&str], otherwise: usize) -> Result<usize, CsvError> {
    if !wanted.trim().is_empty() {
        return rows.column(wanted);
    }
    match rows.column_like(usual) {
        Some(column) => Ok(column),
        None if rows.columns() > otherwise => Ok(otherwise),
        None => rows.column(&format!("{}", otherwise + 1)),
    }
}

/// A path as it stands in a CSV file, relative to the source: without `./`, the source itself, Windows' slashes.
fn normal(text: &str, source: &str) -> String {
    let text = if text.contains('\\') && !text.contains('/') { text.replace('\\', "/") } else { text.to_owned() };
    let inside = text.strip_prefix(source).unwrap_or(&text);
    inside.trim_start_matches("./").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn classes(text: &'static str, id: &str, class: &str) -> Classes {
        let rows = CsvRows::new(Cursor::new(text)).unwrap();
        Classes::Table(Box::new(Table::read(rows, id, class, Path::new("/x/labels.csv"), "/data").unwrap()))
    }

    #[test]
    fn every_way_to_name_a_picture() {
        let text = "file,kind\n./a/1.jpg,x\n/data/b/2.jpg,y\nsub\\3.jpg,z\n4.jpg,w\n5,v\n6.jpg,\n";
        let mut table = classes(text, "file", "kind");
        let mut report = ScanReport::default();
        let mut of = |path: &str| table.of(path, &mut report);
        assert_eq!(of("a/1.jpg").as_deref(), Some("x"));
        assert_eq!(of("b/2.jpg").as_deref(), Some("y"));
        assert_eq!(of("sub/3.jpg").as_deref(), Some("z"));
        assert_eq!(of("deep/er/4.jpg").as_deref(), Some("w"));
        assert_eq!(of("5.jpg").as_deref(), Some("v"));
        assert_eq!((of("6.jpg"), of("7.jpg")), (None, None));
        table.report_unused(&mut report);
        assert_eq!(report.skipped_count, 0, "{:?}", report.skipped);
    }

    #[test]
    fn what_does_not_fit_is_reported_with_its_row() {
        let mut table = classes("image,label\na.jpg,x\na.jpg,x\na.jpg,y\ngone.jpg,x\n", "", "");
        let mut report = ScanReport::default();
        assert_eq!(table.of("one/a.jpg", &mut report).as_deref(), Some("x"));
        assert_eq!(table.of("two/a.jpg", &mut report), None);
        table.report_unused(&mut report);
        let told: Vec<_> = report.skipped.iter().map(|s| (s.path.as_str(), s.reason.as_str())).collect();
        assert!(told[0].0 == "two/a.jpg" && told[0].1.contains("row 2"), "{told:?}");
        assert!(told[1].0 == "a.jpg" && told[1].1.contains("row 4") && told[1].1.contains("`x`"), "{told:?}");
        assert!(told[2].0 == "gone.jpg" && told[2].1.contains("row 5"), "{told:?}");
    }
}
