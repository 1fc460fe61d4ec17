//! A Delta table that is read from its files as a table to be looked at, reviewed and followed, without any engine.
//!
//! Why here: the files are the lake's, the mirror is the store's, and neither knows the other.

use crate::domain::commit::Commit;
use crate::domain::version::{At, Difference};
use crate::lake::delta::{Columns, DeltaError, DeltaTable};
use crate::store::table::reading::{Batch, Take};
use crate::store::table::{Seen, TableReader, TableSource};
use crate::store::{Result, StoreError};
use tokio_util::sync::CancellationToken;

/// Rows that are handed on together.
const ROWS: usize = 4096;

/// Reads a table from its files.
pub struct TableFilesReader {
    table: DeltaTable,
}

impl TableFilesReader {
    /// Of this table.
    #[must_use]
    pub fn new(table: DeltaTable) -> Self {
        Self { table }
    }

    /// What the reader of the files says, as a store says it: only what may pass by itself is tried again.
    fn told(&self, error: DeltaError) -> StoreError {
        match error {
            DeltaError::Cancelled { .. } => StoreError::Interrupted,
            DeltaError::Lake(error) => {
                StoreError::Offline { place: self.table.place().to_owned(), why: error.to_string() }
            }
            other => StoreError::invalid(other.to_string()),
        }
    }
}

fn columns(source: &TableSource) -> Result<Columns> {
    if !source.filter.trim().is_empty() {
        return Err(StoreError::invalid("a filter in SQL needs an engine; name one, or leave the filter out"));
    }
    Ok(Columns { id: source.id.clone(), class: source.class.clone(), path: source.path.clone() })
}

impl TableReader for TableFilesReader {
    fn place(&self) -> &str {
        self.table.place()
    }

    fn is_costly(&self) -> bool {
        false
    }

    fn check(&self, source: &TableSource, stop: &CancellationToken) -> Result<()> {
        self.table.check(&columns(source)?, stop).map_err(|e| self.told(e))
    }

    fn version(&self, _: &TableSource, at: &At, stop: &CancellationToken) -> Result<Option<i64>> {
        self.table.version(at, stop).map(Some).map_err(|e| self.told(e))
    }

    fn commits(&self, _: &TableSource, limit: u32, stop: &CancellationToken) -> Result<Vec<Commit>> {
        self.table.commits(limit as usize, stop).map_err(|e| self.told(e))
    }

    fn rows(
        &self,
        source: &TableSource,
        version: Option<i64>,
        stop: &CancellationToken,
        take: &mut Take<'_>,
    ) -> Result<()> {
        let at = version.map_or(At::Now, At::Version);
        let (mut batch, mut taken) = (Batch::default(), Ok(()));
        let read = self.table.labels(&columns(source)?, &at, stop, |id, path, class| {
            batch.total += 1;
            batch.rows.extend(id.zip(path).map(|(id, raw)| Seen { id, raw, class }));
            if batch.total as usize >= ROWS {
                taken = take(std::mem::take(&mut batch));
            }
            taken.is_ok()
        });
        taken?;
        read.map_err(|e| self.told(e))?;
        take(batch)
    }

    fn diff(&self, source: &TableSource, from: &At, to: &At, stop: &CancellationToken) -> Result<Vec<Difference>> {
        self.table.diff(&columns(source)?, from, to, stop).map_err(|e| self.told(e))
    }
}
