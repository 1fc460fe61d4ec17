//! Single statements that both databases understand, for everything that is done a few times an hour.

use super::measures::{FindingRow, SET_FINDING};
use super::value::{Row, Value, Values};
use crate::domain::class::LabelSet;
use crate::domain::ids::ProjectId;
use crate::domain::text::printable;
use crate::store::Result;
use crate::store::error::StoreError;

/// A connection inside a transaction.
///
/// Statements name their values `?` (the next) or `?3` (the third), as SQLite does; a server's driver numbers them.
pub(in crate::store) trait Base {
    /// The store, for messages.
    fn place(&self) -> &str;
    /// Runs a statement; returns how many rows it changed.
    fn change(&self, sql: &str, values: &[Value]) -> Result<u64>;
    /// Runs a statement before anything is read or committed, but not necessarily now.
    fn defer(&self, sql: &str, values: &[Value]) -> Result<()> {
        self.change(sql, values).map(drop)
    }
    /// All rows of a query.
    fn fetch(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>>;
    /// Writes what was found out about measured samples: `near` to `broken` of each row's first column.
    fn write_findings(&self, rows: &[FindingRow]) -> Result<()> {
        rows.iter().try_for_each(|row| self.defer(SET_FINDING, &row.map(Value::from)))
    }
    /// Writes the difference of two label sets.
    fn write_labels(&self, project: ProjectId, before: &LabelSet, after: &LabelSet) -> Result<()>;
}

impl dyn Base + '_ {
    /// Runs a statement; returns how many rows it changed.
    pub(in crate::store) fn execute(&self, sql: &str, values: impl Values) -> Result<u64> {
        self.change(sql, &values.list())
    }

    /// All rows of a query.
    pub(in crate::store) fn rows<T>(
        &self,
        sql: &str,
        values: impl Values,
        row: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.fetch(sql, &values.list())?.iter().map(row).collect()
    }

    /// The first row of a query, if there is one.
    pub(in crate::store) fn row<T>(
        &self,
        sql: &str,
        values: impl Values,
        row: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        self.fetch(sql, &values.list())?.first().map(row).transpose()
    }

    /// A stored JSON text as a value.
    pub(in crate::store) fn json<T: serde::de::DeserializeOwned>(&self, text: &str, what: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|e| bad_json(&e, what, self.place()))
    }
}

/// A value as the JSON text to store.
pub(in crate::store) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| StoreError::invalid(format!("cannot be written as JSON: {e}")))
}

/// A stored JSON text that cannot be read.
pub(in crate::store) fn bad_json(error: &serde_json::Error, what: &str, place: &str) -> StoreError {
    StoreError::Corrupt { place: place.to_owned(), why: format!("{what}: {}", printable(&error.to_string())) }
}
