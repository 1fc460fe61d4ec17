//! Rows that were not taken, as JSON lines: file, place, reason, and the row itself where it is at hand. The first few are
//! kept for a person as well.

use crate::domain::text::printable;
use crate::formats::dataset::{Bad, Item, Spot};
use crate::formats::read::keys::Keys;
use crate::formats::read::sorter::{Key, key_of};
use crate::ops::OpsError;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Rows that are kept for a person.
pub(super) const KEPT: usize = 20;

/// The file, made with the first row.
pub(super) struct Rejects {
    /// Nothing where nothing is to be written.
    path: Option<PathBuf>,
    file: Option<BufWriter<File>>,
    pub(super) count: u64,
    /// The first rows, each as a sentence that is safe to show, and whether its picture as a whole is lost.
    pub(super) first: Vec<(String, bool)>,
    /// Pictures of which a part was not taken.
    partly: Keys,
    scratch: PathBuf,
}

/// A picture as its file calls it.
fn called(file: &str, name: &str) -> Key {
    key_of(&format!("{file}\0{name}"))
}

impl Rejects {
    /// `scratch` is a folder for what does not fit into memory.
    pub(super) fn new(path: PathBuf, scratch: &Path) -> Self {
        Self { path: Some(path), ..Self::aside(scratch) }
    }

    /// Rows that are only counted and, the first of them, kept.
    pub(super) fn aside(scratch: &Path) -> Self {
        let (partly, scratch) = (Keys::new(scratch), scratch.to_owned());
        Self { path: None, file: None, count: 0, first: Vec::new(), partly, scratch }
    }

    pub(super) fn push(&mut self, bad: &Bad) -> Result<(), OpsError> {
        self.count += 1;
        if self.first.len() < KEPT {
            let name = bad.name.as_ref().map(|n| format!(" (`{}`)", printable(n))).unwrap_or_default();
            self.first.push((format!("{}{name}: {}", bad.place, printable(&bad.reason)), bad.whole));
        }
        if let Some(name) = bad.name.as_ref().filter(|_| !bad.whole) {
            let noted = self.partly.insert(called(&bad.place.file, name));
            noted.map_err(|e| OpsError::file("write", &self.scratch, &e))?;
        }
        let Some(path) = self.path.clone() else { return Ok(()) };
        let place = match bad.place.at {
            Spot::Whole => json!(null),
            Spot::Line(n) => json!({ "line": n }),
            Spot::Row(n) => json!({ "row": n }),
            Spot::Element(list, n) => json!({ list: n }),
        };
        let row = bad.row.as_ref().map(|row| serde_json::from_str(row).unwrap_or_else(|_| json!(row)));
        let record =
            json!({ "file": &*bad.place.file, "place": place, "reason": bad.reason, "picture": bad.name, "row": row });
        self.write(&path, &record.to_string()).map_err(|e| OpsError::file("write", &path, &e))
    }

    /// Whether a part of a picture was not taken, as far as the reader said whose part it was.
    pub(super) fn is_partial(&self, item: &Item) -> Result<bool, OpsError> {
        if self.partly.is_empty() {
            return Ok(false);
        }
        let found = self.partly.contains(called(&item.place.file, &item.name));
        found.map_err(|e| OpsError::file("read", &self.scratch, &e))
    }

    fn write(&mut self, path: &Path, record: &str) -> io::Result<()> {
        if self.file.is_none() {
            if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)?;
            }
            let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
            self.file = Some(BufWriter::new(open));
        }
        self.file.as_mut().map_or(Ok(()), |f| writeln!(f, "{record}"))
    }

    /// Writes everything out; the file, if there is one.
    pub(super) fn close(&mut self) -> Result<Option<PathBuf>, OpsError> {
        let (Some(file), Some(path)) = (&mut self.file, &self.path) else { return Ok(None) };
        file.flush().map_err(|e| OpsError::file("write", path, &e))?;
        Ok(Some(path.clone()))
    }
}
