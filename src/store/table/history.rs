//! The history of a Delta table, as the engine tells it.

pub use crate::domain::commit::Commit;
use crate::remote::sql::{Engine, SqlError, TableName, history};
use crate::store::Result;
use tokio_util::sync::CancellationToken;

/// The commits of a table, newest first.
///
/// # Errors
/// The engine's; [`SqlError::Refused`] from one that keeps no history, such as Sail.
pub fn commits(
    engine: &dyn Engine,
    table: &TableName,
    limit: Option<u32>,
    stop: &CancellationToken,
) -> Result<Vec<Commit>> {
    Ok(history::commits(engine, table, limit, stop)?)
}

/// The version of a table now; `None` where the engine does not tell.
///
/// # Errors
/// The engine's, except that it keeps no history.
pub fn version(engine: &dyn Engine, table: &TableName, stop: &CancellationToken) -> Result<Option<i64>> {
    match commits(engine, table, Some(1), stop) {
        Ok(commits) => Ok(commits.first().map(|c| c.version)),
        Err(crate::store::StoreError::Engine(SqlError::Refused { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}
