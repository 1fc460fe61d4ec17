//! The rows of one folder, schema or catalog, as the screens read them: a cheap snapshot that a lister publishes
//! again and again while it loads.
//!
//! What always holds: a snapshot never changes; reading a row, the length or the state costs no I/O and no search, so
//! `update` and `render` may do it; sorting and filtering are done by the lister, off the loop. Names lie in shared
//! chunks ([`table`]), so that a million files cost tens of megabytes and a snapshot of them copies next to nothing.

pub(crate) mod order;
pub(crate) mod table;

use self::order::{Arranged, compare_names};
use self::table::{Meta, Rows, Table};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
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

impl EntryKind {
    /// Whether it is listed before the files: everything but a file.
    #[must_use]
    pub fn is_container(self) -> bool {
        self != Self::File
    }

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Schema => "schema",
            Self::Table => "table",
            Self::Volume => "volume",
            Self::Folder => "folder",
            Self::File => "file",
        }
    }
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

impl Row<'_> {
    /// What tells the content of this file from an older one, as far as the listing knows.
    #[must_use]
    pub fn stamp(&self) -> Option<String> {
        stamp(self.size, self.modified)
    }
}

/// What tells contents of one path apart without asking its server: the time in microseconds and the size, both in
/// hexadecimal.
#[must_use]
pub fn stamp(size: Option<u64>, modified: Option<Timestamp>) -> Option<String> {
    Some(format!("{:x}-{:x}", modified?.as_microsecond(), size?))
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
    /// Keep only names that match: fuzzy, without case; empty keeps all. Words are joined by "and"; `^start`, `end$`,
    /// `'literally` and `!not` narrow as in other fuzzy finders.
    pub filter: String,
}

impl Arrange {
    /// Whether the sizes and times of all rows are needed to arrange them.
    #[must_use]
    pub fn needs_meta(&self) -> bool {
        matches!(self.sort, SortKey::Size | SortKey::Modified)
    }
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
    rows: Arc<Rows>,
    shown: Arc<Arranged>,
    arrange: Arrange,
    progress: Progress,
}

impl Listing {
    /// Number of rows that pass the filter.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shown.order.len()
    }

    /// Whether no row passes the filter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shown.order.is_empty()
    }

    /// Number of entries read so far, before the filter, hidden ones included.
    #[must_use]
    pub fn total(&self) -> usize {
        self.rows.len()
    }

    /// Folders and other containers that pass the filter; they come first.
    #[must_use]
    pub fn folders(&self) -> usize {
        self.shown.containers
    }

    /// Files that pass the filter.
    #[must_use]
    pub fn files(&self) -> usize {
        self.len() - self.folders()
    }

    /// Summed size of the files that pass the filter; nothing while the size of one of them is not known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.shown.bytes
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
        self.rows.row(*self.shown.order.get(position)?)
    }

    /// Where the row with this name stands, so that a cursor stays on its row when more rows arrive or the order
    /// changes. Costs a binary search when sorted by name, else a walk over the shown rows.
    #[must_use]
    pub fn position_of(&self, name: &str) -> Option<usize> {
        let is_it = |position: &usize| self.row(*position).is_some_and(|r| r.name == name);
        if self.arrange.sort != SortKey::Name || !self.shown.by_name {
            return (0..self.len()).find(is_it);
        }
        let parts = [0..self.folders(), self.folders()..self.len()];
        parts.into_iter().find_map(|part| self.search(name, part.start, part.end)).filter(is_it)
    }

    fn search(&self, name: &str, mut low: usize, mut high: usize) -> Option<usize> {
        while low < high {
            let middle = low.midpoint(high);
            let found = compare_names(self.row(middle)?.name, name);
            match if self.arrange.reverse { found.reverse() } else { found } {
                Ordering::Equal => return Some(middle),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// A snapshot made from rows that are already arranged; for small listings and tests.
    #[must_use]
    pub fn from_rows(rows: &[Row<'_>], arrange: Arrange, progress: Progress) -> Self {
        let mut table = Table::default();
        let mut metas = Vec::with_capacity(rows.len());
        for row in rows {
            table.push(row.name, row.kind);
            metas.push(Meta::new(row.size, row.modified));
        }
        table.set_meta(&metas);
        let rows = table.rows();
        let order = (0..u32::try_from(rows.len()).unwrap_or(u32::MAX)).collect();
        let shown = Arranged::given(&rows, order);
        Self { rows: Arc::new(rows), shown: Arc::new(shown), arrange, progress }
    }

    pub(crate) fn new(rows: Arc<Rows>, shown: Arranged, arrange: Arrange, progress: Progress) -> Self {
        Self { rows, shown: Arc::new(shown), arrange, progress }
    }

    /// A listing that could not be read at all.
    #[must_use]
    pub fn failed(reason: impl Into<String>, arrange: Arrange) -> Self {
        Self { arrange, progress: Progress::Failed(reason.into()), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_given() {
        let row = |name, kind, size| Row { name, kind, size, modified: None };
        let rows = [row("z", EntryKind::Folder, None), row("b.jpg", EntryKind::File, Some(7))];
        let listing = Listing::from_rows(&rows, Arrange::default(), Progress::Complete);
        assert_eq!((listing.len(), listing.folders(), listing.files(), listing.bytes()), (2, 1, 1, Some(7)));
        assert_eq!(listing.row(1), Some(rows[1]));
        assert_eq!(listing.row(2), None);
        assert_eq!(listing.position_of("b.jpg"), Some(1));
        assert_eq!(listing.position_of("c"), None);
        assert_eq!(Listing::default().bytes(), Some(0));
    }
}
