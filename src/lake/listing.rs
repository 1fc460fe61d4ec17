//! The rows of one folder, schema or catalog, as the screens read them: a cheap snapshot that a lister publishes
//! again and again while it loads.
//!
//! What always holds: a snapshot never changes; reading a row, the length or the state costs no I/O and no search, so
//! `update` and `render` may do it; sorting and filtering are done by the lister, off the loop.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A catalog.
    Catalog,
    /// A schema.
    Schema,
    /// A table.
    Table,
    /// A volume.
    Volume,
    /// A folder.
    Folder,
    /// A file, or anything else that is not a folder.
    File,
}

/// One row, borrowed from a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The name in the form of [`crate::domain::text::encode_os`]; pass it through `printable` before drawing.
    pub name: &'a str,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes, where known without another question.
    pub size: Option<u64>,
    /// Last change, where known.
    pub modified: Option<Timestamp>,
}

/// By what rows are sorted. Folders (and other containers) always come before files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortKey {
    /// Natural order of the name.
    #[default]
    Name,
    /// Size.
    Size,
    /// Last change.
    Modified,
    /// Extension, then name.
    Extension,
}

/// How a listing is arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Arrange {
    /// Sort key.
    pub sort: SortKey,
    /// Largest, newest or last name first.
    pub reverse: bool,
    /// Show names that start with a dot.
    pub hidden: bool,
    /// Keep only names that match: fuzzy, without case; empty keeps all.
    pub filter: String,
}

/// How far a listing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// More rows are coming.
    #[default]
    Loading,
    /// Complete.
    Complete,
    /// Ended early; the rows so far are shown. Says what happened and what to do.
    Failed(String),
}

/// A snapshot of a listing. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    rows: Arc<Vec<Owned>>,
    order: Arc<Vec<u32>>,
    arrange: Arrange,
    progress: Progress,
}

#[derive(Clone, Debug)]
struct Owned {
    name: String,
    kind: EntryKind,
    size: Option<u64>,
    modified: Option<Timestamp>,
}

impl Listing {
    /// Number of rows that pass the filter.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether no row passes the filter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Number of entries read so far, before the filter.
    #[must_use]
    pub fn total(&self) -> usize {
        self.rows.len()
    }

    /// How far the listing is.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How it is arranged.
    #[must_use]
    pub fn arrange(&self) -> &Arrange {
        &self.arrange
    }

    /// The row at a position of the arranged list.
    #[must_use]
    pub fn row(&self, position: usize) -> Option<Row<'_>> {
        let owned = self.rows.get(*self.order.get(position)? as usize)?;
        Some(Row { name: &owned.name, kind: owned.kind, size: owned.size, modified: owned.modified })
    }

    /// A snapshot made from rows that are already arranged; for small listings and tests.
    #[must_use]
    pub fn from_rows(rows: &[Row<'_>], arrange: Arrange, progress: Progress) -> Self {
        let own = |r: &Row<'_>| Owned { name: r.name.to_owned(), kind: r.kind, size: r.size, modified: r.modified };
        let order = (0..u32::try_from(rows.len()).unwrap_or(u32::MAX)).collect();
        Self { rows: Arc::new(rows.iter().map(own).collect()), order: Arc::new(order), arrange, progress }
    }
}

impl Listing {
    /// The position of a name in the arranged list.
    #[must_use]
    pub fn position_of(&self, name: &str) -> Option<usize> {
        (0..self.len()).find(|i| self.row(*i).is_some_and(|r| r.name == name))
    }
}
