//! Rows that were not taken, as JSON lines: file, place, reason, and the row itself where it is at hand.

use crate::domain::text::printable;
use crate::formats::dataset::{Bad, Spot};
use crate::ops::OpsError;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file, made with the first row.
pub(super) struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    pub(super) count: u64,
    pub(super) first: Option<String>,
}

impl Rejects {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None, count: 0, first: None }
    }

    pub(super) fn push(&mut self, bad: &Bad) -> Result<(), OpsError> {
        self.count += 1;
        self.first.get_or_insert_with(|| {
            let name = bad.name.as_ref().map(|n| format!(" (`{}`)", printable(n))).unwrap_or_default();
            format!("{}{name}: {}", bad.place, printable(&bad.reason))
        });
        let place = match bad.place.at {
            Spot::Whole => json!(null),
            Spot::Line(n) => json!({ "line": n }),
            Spot::Row(n) => json!({ "row": n }),
            Spot::Element(list, n) => json!({ list: n }),
        };
        let row = bad.row.as_ref().map(|row| serde_json::from_str(row).unwrap_or_else(|_| json!(row)));
        let record =
            json!({ "file": &*bad.place.file, "place": place, "reason": bad.reason, "picture": bad.name, "row": row });
        self.write(&record.to_string()).map_err(|e| OpsError::file("write", &self.path, &e))
    }

    fn write(&mut self, record: &str) -> io::Result<()> {
        if self.file.is_none() {
            if let Some(folder) = self.path.parent().filter(|f| !f.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)?;
            }
            let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
            self.file = Some(BufWriter::new(open));
        }
        self.file.as_mut().map_or(Ok(()), |f| writeln!(f, "{record}"))
    }

    /// Writes everything out; the file, if there is one.
    pub(super) fn close(&mut self) -> Result<Option<PathBuf>, OpsError> {
        let Some(file) = &mut self.file else { return Ok(None) };
        file.flush().map_err(|e| OpsError::file("write", &self.path, &e))?;
        Ok(Some(Path::to_path_buf(&self.path)))
    }
}
