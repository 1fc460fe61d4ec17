//! The history of a Delta table, as the engine tells it.

use super::{Engine, Result, Statement, TableName, texts};
use crate::domain::commit::Commit;
use crate::domain::text::printable;
use arrow_array::RecordBatch;
use tokio_util::sync::CancellationToken;

/// The commits of a table, newest first.
///
/// # Errors
/// The engine's; [`SqlError::Refused`](super::SqlError::Refused) from one that keeps no history, such as Sail.
pub fn commits(
    engine: &dyn Engine,
    table: &TableName,
    limit: Option<u32>,
    stop: &CancellationToken,
) -> Result<Vec<Commit>> {
    let limit = limit.map_or_else(String::new, |n| format!(" LIMIT {n}"));
    let statement = Statement::new(format!("DESCRIBE HISTORY {table}{limit}"));
    let mut out = Vec::new();
    for batch in engine.all(&statement, stop)? {
        out.extend(read(&batch, engine.place())?);
    }
    Ok(out)
}

fn read(batch: &RecordBatch, place: &str) -> Result<Vec<Commit>> {
    let column = |name: &str| -> Result<Vec<Option<String>>> {
        match batch.schema().index_of(name) {
            Ok(index) => Ok(texts(batch, index, place)?),
            Err(_) => Ok(vec![None; batch.num_rows()]),
        }
    };
    let safe = |text: Option<String>| text.map(|t| printable(&t).into_owned());
    let (versions, times, operations) = (column("version")?, column("timestamp")?, column("operation")?);
    let (users, messages) = (column("userName")?, column("userMetadata")?);
    let rows = versions.into_iter().zip(times).zip(operations).zip(users.into_iter().zip(messages));
    let commit = |(((version, at), operation), (user, message)): (_, (Option<String>, Option<String>))| {
        let version: Option<String> = version;
        let version = version.and_then(|v| v.parse().ok()).unwrap_or_default();
        let (at, operation, user, message) = (safe(at), safe(operation), safe(user), safe(message));
        Commit { version, at, operation, user, message, ..Commit::default() }
    };
    Ok(rows.map(commit).collect())
}
