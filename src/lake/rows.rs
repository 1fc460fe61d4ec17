//! The rows and the history of a table, whoever reads them.
//!
//! Why a trait: an engine reads any table and costs compute, and the files of a Delta table can be read without one; the
//! screens must not see the difference. What always holds: no more rows and no more bytes are read than were asked for,
//! and what is left over is said to be there.

use crate::domain::commit::Commit;
use crate::domain::sheet::{Cell, Sheet};
use crate::remote::sql::{Engine, Rows, SqlError, Statement, TableName, history, sheet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Rows that are taken over between two looks at the bytes they have.
const STRIDE: usize = 32;

/// How much is read at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Rows.
    pub rows: usize,
    /// Bytes of their values; a little more may be read.
    pub bytes: usize,
}

/// Why rows or a history could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowsError {
    /// The engine says no.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The files cannot be read: what happened and what to do, safe to show.
    #[error("{0}")]
    Files(String),
}

/// Reads one table. Calls block: they are for threads of their own.
pub trait TableRows: Send + Sync {
    /// Who reads it, for people: `warehouse w1 of prod`. Safe to show.
    fn place(&self) -> String;

    /// The first rows of the table, or of one of its versions.
    ///
    /// # Errors
    /// When the table, or the version, cannot be read.
    fn rows(&self, most: Most, version: Option<i64>, stop: &CancellationToken) -> Result<Sheet, RowsError>;

    /// The versions of the table, newest first, at most so many.
    ///
    /// # Errors
    /// When the table keeps no history, or it cannot be read.
    fn history(&self, limit: u32, stop: &CancellationToken) -> Result<Vec<Commit>, RowsError>;
}

/// A table that an engine reads.
pub struct EngineRows {
    engine: Arc<dyn Engine>,
    table: TableName,
}

impl EngineRows {
    /// A table of this engine.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>, table: TableName) -> Self {
        Self { engine, table }
    }
}

impl TableRows for EngineRows {
    fn place(&self) -> String {
        self.engine.place().to_owned()
    }

    fn rows(&self, most: Most, version: Option<i64>, stop: &CancellationToken) -> Result<Sheet, RowsError> {
        let at = version.map_or_else(String::new, |n| format!(" VERSION AS OF {n}"));
        // One more than is shown tells whether there are more.
        let text = format!("SELECT * FROM {}{at} LIMIT {}", self.table, most.rows.saturating_add(1));
        let mut rows = self.engine.run(&Statement::new(text), stop)?;
        Ok(read(&mut rows, most, self.engine.place())?)
    }

    fn history(&self, limit: u32, stop: &CancellationToken) -> Result<Vec<Commit>, RowsError> {
        Ok(history::commits(self.engine.as_ref(), &self.table, Some(limit), stop)?)
    }
}

/// Reads the first rows of a result.
fn read(rows: &mut Rows, most: Most, place: &str) -> Result<Sheet, SqlError> {
    let mut out = rows.schema().map(|schema| sheet::empty(&schema)).unwrap_or_default();
    let mut bytes = 0;
    while let Some(batch) = rows.next_batch()? {
        let mut at = 0;
        while at < batch.num_rows() {
            if out.more || bytes >= most.bytes {
                out.more = true;
                return Ok(out);
            }
            let (before, next) = (out.rows.len(), STRIDE.min(batch.num_rows() - at));
            sheet::append(&mut out, &batch.slice(at, next), most.rows, place)?;
            bytes += out.rows[before..].iter().flatten().map(weight).sum::<usize>();
            at += next;
        }
    }
    Ok(out)
}

/// Bytes of a value.
pub(super) fn weight(cell: &Cell) -> usize {
    match cell {
        Cell::Null => 0,
        Cell::Text(text) => text.len(),
        Cell::Bytes(bytes) => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};

    struct Batches(Vec<RecordBatch>);

    impl crate::remote::sql::Source for Batches {
        fn next_batch(&mut self) -> crate::remote::sql::Result<Option<RecordBatch>> {
            Ok((!self.0.is_empty()).then(|| self.0.remove(0)))
        }
    }

    fn read_some(most: Most) -> (usize, bool) {
        let batch = |from: i64| {
            let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(from..from + 100));
            let texts: ArrayRef = Arc::new(StringArray::from(vec!["0123456789"; 100]));
            RecordBatch::try_from_iter([("id", ids), ("text", texts)]).unwrap()
        };
        let mut rows = Rows::open(Box::new(Batches(vec![batch(100), batch(200), batch(300)]))).unwrap();
        let sheet = read(&mut rows, most, "here").unwrap();
        assert_eq!(sheet.columns.len(), 2);
        (sheet.rows.len(), sheet.more)
    }

    #[test]
    fn no_more_rows_and_bytes_are_read_than_were_asked_for() {
        let bytes = usize::MAX;
        assert_eq!(read_some(Most { rows: 1000, bytes }), (300, false));
        assert_eq!(read_some(Most { rows: 300, bytes }), (300, false));
        assert_eq!(read_some(Most { rows: 299, bytes }), (299, true));
        assert_eq!(read_some(Most { rows: 1000, bytes: 500 }), (64, true));
    }
}
