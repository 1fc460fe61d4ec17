//! Versions of a table: what changed between two of them, and bringing chosen rows back.
//!
//! What always holds: restoring is a change like any other, made as a new version; a row is brought back only while it
//! holds what the comparison showed.

use super::source::{Change, TableSource};
pub use crate::domain::version::{At, Difference, What};
use crate::remote::sql::{Engine, SqlError, Statement, TableName, texts};
use crate::store::{Result, StoreError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a restore that others got ahead of is tried again.
const RACES: u32 = 20;
/// Rows of one commit.
const BATCH: usize = 20_000;

/// What stands behind the name of the table. A time was read as one by [`At::parse`], and holds no quote.
fn clause(at: &At) -> String {
    match at {
        At::Now => String::new(),
        At::Version(n) => format!(" VERSION AS OF {n}"),
        At::Time(time) => format!(" TIMESTAMP AS OF '{time}'"),
    }
}

/// The rows of which the class differs, or that are in one state only, by path.
///
/// # Errors
/// The engine's, also for a version that is not there any more.
pub fn diff(
    engine: &dyn Engine,
    source: &TableSource,
    from: &At,
    to: &At,
    stop: &CancellationToken,
) -> Result<Vec<Difference>> {
    let table = source.name()?;
    let statement = Statement::new(format!(
        "SELECT coalesce(a.id, b.id) AS id, coalesce(a.path, b.path) AS path, a.class AS old, b.class AS new, \
         CASE WHEN a.here IS NULL THEN 'added' WHEN b.here IS NULL THEN 'removed' ELSE 'changed' END AS what \
         FROM ({}) AS a FULL OUTER JOIN ({}) AS b ON a.id = b.id AND a.path = b.path \
         WHERE a.here IS NULL OR b.here IS NULL OR NOT (a.class <=> b.class) ORDER BY path, id",
        side(source, &table, from),
        side(source, &table, to),
    ));
    let mut rows = engine.run(&statement, stop)?;
    let mut out = Vec::new();
    while let Some(batch) = rows.next_batch()? {
        let column = |i| texts(&batch, i, engine.place());
        let (ids, paths, old, new, kinds) = (column(0)?, column(1)?, column(2)?, column(3)?, column(4)?);
        let zipped = ids.into_iter().zip(paths).zip(old).zip(new).zip(kinds);
        out.extend(zipped.map(|((((id, path), before), after), what)| Difference {
            what: match what.as_deref() {
                Some("added") => What::Added,
                Some("removed") => What::Removed,
                _ => What::Changed,
            },
            id: id.unwrap_or_default(),
            path: path.unwrap_or_default(),
            before,
            after,
        }));
    }
    Ok(out)
}

fn side(source: &TableSource, table: &TableName, at: &At) -> String {
    format!("SELECT {}, 1 AS here FROM {table}{}{}", source.columns(""), clause(at), source.condition())
}

/// Gives changed rows their class before the change again, as a new version. Returns how many hold it now; the others
/// were changed by somebody since, and stay as they are. Added and removed rows are left alone.
///
/// # Errors
/// The engine's; batches before the failing one are done.
pub fn restore(
    engine: &dyn Engine,
    source: &TableSource,
    rows: &[Difference],
    message: &str,
    stop: &CancellationToken,
) -> Result<u64> {
    let types = source.types(engine, stop)?;
    let changed = rows.iter().filter(|r| r.what == What::Changed);
    let changes: Vec<Change> = changed
        .map(|r| Change { id: r.id.clone(), raw: r.path.clone(), expected: r.after.clone(), target: r.before.clone() })
        .collect();
    let mut restored = 0;
    for batch in changes.chunks(BATCH) {
        let name = format!("lakelens_{}", uuid::Uuid::now_v7().simple());
        let merge = source.merge(engine, types, batch, &name)?.message(message);
        change(engine, &merge, stop)?;
        let read = source.read_some(engine, types, batch, &name)?;
        let seen = super::sender::seen(engine, &read, stop)?;
        let now: std::collections::HashMap<_, _> =
            seen.iter().map(|s| ((s.id.as_str(), s.raw.as_str()), &s.class)).collect();
        let holds = |c: &&Change| now.get(&(c.id.as_str(), c.raw.as_str())).is_some_and(|class| **class == c.target);
        restored += batch.iter().filter(holds).count() as u64;
    }
    Ok(restored)
}

fn change(engine: &dyn Engine, statement: &Statement, stop: &CancellationToken) -> Result<()> {
    for race in 0..RACES {
        match engine.change(statement, stop) {
            Err(error) if error.is_concurrent() => {
                let (_open, wait) = std::sync::mpsc::channel::<()>();
                let _ = wait.recv_timeout(Duration::from_millis(50 * u64::from(race + 1)));
            }
            other => return Ok(other?),
        }
    }
    Err(StoreError::from(SqlError::unreachable(engine.place(), "others write the table all the time")))
}
