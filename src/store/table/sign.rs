//! What the file beside a mirror says about itself: which table it is of, on which engine, and its number.
//!
//! Why a number: all tables that are labelled through one connection are opened together as one store, in which a project
//! and a sample must be named by one id. So each mirror counts from a place of its own. What always holds: two mirrors of
//! a folder have different numbers; a mirror that was filled before it got one has the number 0.

use super::rows::RowFile;
use super::{TableSource, TableStore};
use crate::domain::ids::{ProjectId, SampleId};
use crate::store::{Result, Store, StoreError};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Samples of one table at most, as a power of two.
const SAMPLE_BITS: u32 = 30;
/// Ids of samples have 40 bits; see the ranks of the native schema.
const HIGHEST: i64 = (1 << (40 - SAMPLE_BITS)) - 1;
/// Project 1 is the one of a mirror without a number.
const LOWEST: i64 = 2;
/// How the name of such a file ends.
const END: &str = ".rows.db";

/// What a mirror is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// Where the engine is, as [`crate::remote::sql::Engine::place`] says it.
    pub(super) engine: String,
    pub(super) source: TableSource,
    pub(super) number: i64,
}

/// The number of the mirror that has a project.
pub(super) fn of_project(id: ProjectId) -> i64 {
    if id.0 < LOWEST { 0 } else { id.0 }
}

/// The number of the mirror that has a sample.
pub(super) fn of_sample(id: SampleId) -> i64 {
    id.0 >> SAMPLE_BITS
}

/// The number that a comment has in the store of all tables, and back: the mirror's number and its own.
pub(super) fn comment(number: i64, id: i64) -> i64 {
    (number << SAMPLE_BITS) | id
}

/// The mirror and its own number of a comment.
pub(super) fn of_comment(id: i64) -> (i64, i64) {
    (id >> SAMPLE_BITS, id & ((1 << SAMPLE_BITS) - 1))
}

/// What the files of a folder say about themselves, by their names; what cannot be read is left out, and said.
pub(super) fn all(folder: &Path) -> (Vec<Signed>, Vec<String>) {
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    let Ok(entries) = std::fs::read_dir(folder) else { return (found, left_out) };
    let is_ours = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().ends_with(END));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(is_ours).collect();
    paths.sort();
    for path in paths {
        match read(&path) {
            Ok(signed) => found.extend(signed),
            Err(error) => left_out.push(format!("{}: {error}", path.display())),
        }
    }
    (found, left_out)
}

/// What a file says; nothing where it was never signed.
fn read(path: &Path) -> rusqlite::Result<Option<Signed>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let state = |key: &str| -> rusqlite::Result<Option<String>> {
        connection.query_row("SELECT value FROM state WHERE key = ?", [key], |r| r.get(0)).optional()
    };
    let (engine, source, number) = (state("engine")?, state("source")?, state("number")?);
    let source = source.and_then(|text| serde_json::from_str(&text).ok());
    let number = number.and_then(|text| text.parse().ok());
    let signed = engine.zip(source).zip(number);
    Ok(signed.map(|((engine, source), number)| Signed { engine, source, number }))
}

/// The number that a mirror was given; 0 where it has none.
pub(super) fn number(rows: &RowFile) -> Result<i64> {
    Ok(rows.state("number")?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Where the projects and the samples of a mirror with this number begin.
pub(super) fn first(number: i64) -> Option<(ProjectId, SampleId)> {
    (number >= LOWEST).then(|| (ProjectId(number), SampleId((number << SAMPLE_BITS) + 1)))
}

impl TableStore {
    /// Writes down what the mirror is of, and gives it a number, unless that was done before.
    pub(super) fn sign(&mut self, engine: &str, folder: &Path) -> Result<()> {
        let rows = self.rows()?;
        if rows.state("number")?.is_some() {
            return Ok(());
        }
        let path = folder.join("numbers.lock");
        let failed = |e: std::io::Error| StoreError::Failed {
            place: path.display().to_string(),
            why: format!("the lock of the tables cannot be had: {e}"),
        };
        let turn = File::options().create(true).append(true).open(&path).map_err(failed)?;
        turn.lock().map_err(failed)?;
        // A mirror of an earlier version has its ids already.
        let number = if self.mirrored()?.is_some() { 0 } else { free(folder) };
        let source = serde_json::to_string(&self.source).map_err(|e| StoreError::invalid(e.to_string()))?;
        let mut rows = rows;
        rows.together(|rows| {
            rows.set_state("engine", Some(engine))?;
            rows.set_state("source", Some(&source))?;
            rows.set_state("number", Some(&number.to_string()))
        })
    }

    /// Whether the mirror can be signed.
    pub(super) fn may_sign(&self) -> bool {
        self.inner.read_only().is_none()
    }
}

/// The lowest number that no mirror of the folder has.
fn free(folder: &Path) -> i64 {
    let taken: std::collections::BTreeSet<i64> = all(folder).0.iter().map(|s| s.number).collect();
    (LOWEST..=HIGHEST).find(|n| !taken.contains(n)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_their_mirror() {
        let (project, sample) = first(7).unwrap();
        assert_eq!((of_project(project), of_sample(sample)), (7, 7));
        assert_eq!(of_sample(SampleId(sample.0 + (1 << SAMPLE_BITS) - 2)), 7);
        assert_eq!((of_project(ProjectId(1)), of_sample(SampleId(12))), (0, 0));
        assert_eq!(first(0), None);
        assert_eq!(of_comment(comment(7, 3)), (7, 3));
        assert!(first(HIGHEST).unwrap().1.0 < 1 << 40);
    }
}
