//! How a table is read: by an engine, or by whatever else gives its rows and its history, such as its files.
//!
//! Why a trait: looking at a table, reviewing what changed in it and following it need no engine; only writing does.
//! What always holds: everything that is read of one version is of that version, whoever reads.

use super::source::{Seen, TableSource};
use super::{history, sender, versions};
use crate::domain::commit::Commit;
use crate::domain::version::{At, Difference};
use crate::remote::sql::{Attached, Dialect, Engine, Rows, SqlError, Statement, quoted};
use crate::store::{Result, StoreError};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Rows of a table that came together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The rows with an id and a path.
    pub rows: Vec<Seen>,
    /// How many there were, with the others.
    pub total: u64,
}

/// Takes rows.
pub type Take<'a> = dyn FnMut(Batch) -> Result<()> + 'a;

/// What reads a table.
///
/// # Errors
/// Every call returns an error that names the table, what is wrong and what to do.
pub trait TableReader: Send + Sync {
    /// Where the table is read, for messages; safe to show.
    fn place(&self) -> &str;
    /// Whether asking keeps something awake that costs money.
    fn is_costly(&self) -> bool;
    /// Checks that the table is there and has the columns.
    fn check(&self, source: &TableSource, stop: &CancellationToken) -> Result<()>;
    /// The version that a state is; `None` where that is not told. Of [`At::Now`] it is cheap.
    fn version(&self, source: &TableSource, at: &At, stop: &CancellationToken) -> Result<Option<i64>>;
    /// The commits, newest first; none where no history is kept.
    fn commits(&self, source: &TableSource, limit: u32, stop: &CancellationToken) -> Result<Vec<Commit>>;
    /// Gives all rows of a version, or of the newest one.
    fn rows(
        &self,
        source: &TableSource,
        version: Option<i64>,
        stop: &CancellationToken,
        take: &mut Take<'_>,
    ) -> Result<()>;
    /// The rows that differ between two states, by path.
    fn diff(&self, source: &TableSource, from: &At, to: &At, stop: &CancellationToken) -> Result<Vec<Difference>>;
}

/// Reads by an engine.
pub(super) struct ByEngine(pub(super) Arc<dyn Engine>);

impl TableReader for ByEngine {
    fn place(&self) -> &str {
        self.0.place()
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn check(&self, source: &TableSource, stop: &CancellationToken) -> Result<()> {
        source.types(self.0.as_ref(), stop).map(drop)
    }

    fn version(&self, source: &TableSource, at: &At, stop: &CancellationToken) -> Result<Option<i64>> {
        match at {
            At::Now => history::version(self.0.as_ref(), &source.name()?, stop),
            At::Version(version) => Ok(Some(*version)),
            // Only the engine knows in which zone it reads a time.
            At::Time(_) => Ok(None),
        }
    }

    fn commits(&self, source: &TableSource, limit: u32, stop: &CancellationToken) -> Result<Vec<Commit>> {
        match history::commits(self.0.as_ref(), &source.name()?, Some(limit), stop) {
            Err(StoreError::Engine(SqlError::Refused { .. })) => Ok(Vec::new()),
            other => other,
        }
    }

    fn rows(
        &self,
        source: &TableSource,
        version: Option<i64>,
        stop: &CancellationToken,
        take: &mut Take<'_>,
    ) -> Result<()> {
        let mut result = self.0.run(&source.read(version)?, stop)?;
        while let Some(batch) = result.next_batch()? {
            take(Batch { rows: sender::seen_of(&batch, self.0.place())?, total: batch.num_rows() as u64 })?;
        }
        Ok(())
    }

    fn diff(&self, source: &TableSource, from: &At, to: &At, stop: &CancellationToken) -> Result<Vec<Difference>> {
        versions::diff(self.0.as_ref(), source, from, to, stop)
    }
}

/// Stands where an engine would: every statement is refused with what to do about it.
pub(super) struct NoEngine(pub(super) String);

impl NoEngine {
    fn refusal(&self) -> SqlError {
        SqlError::Address(format!("writing into {} needs an engine; give --store, --warehouse or --cluster", self.0))
    }
}

impl Engine for NoEngine {
    fn place(&self) -> &str {
        &self.0
    }

    fn dialect(&self) -> Dialect {
        Dialect { parameters_in_changes: false, messages: false }
    }

    fn source(&self, rows: &Attached) -> String {
        quoted(&rows.name)
    }

    fn run(&self, _: &Statement, _: &CancellationToken) -> crate::remote::sql::Result<Rows> {
        Err(self.refusal())
    }
}
