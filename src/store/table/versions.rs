//! Versions of a table: what changed between two of them, and bringing chosen rows back.
//!
//! What always holds: restoring is a change like any other, made as a new version; a row is brought back only while it
//! holds what the comparison showed.

use super::source::{Change, TableSource};
use crate::remote::sql::{Engine, SqlError, Statement, TableName, texts};
use crate::store::{Result, StoreError};
use serde::Serialize;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a restore that others got ahead of is tried again.
const RACES: u32 = 20;
/// Rows of one commit.
const BATCH: usize = 20_000;

/// A state of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The table now.
    Now,
    /// A version.
    Version(i64),
    /// A time, as the engine reads it.
    Time(String),
}

impl At {
    /// Reads `now`, a number, or a time such as `2026-11-01` or `2026-11-01T10:00:00Z`.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        if text == "now" {
            return Ok(Self::Now);
        }
        if let Ok(version) = text.parse::<i64>()
            && version >= 0
        {
            return Ok(Self::Version(version));
        }
        let date = text.parse::<jiff::civil::Date>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok();
        if date || text.parse::<jiff::Timestamp>().is_ok() {
            return Ok(Self::Time(text.to_owned()));
        }
        Err(format!("`{text}` is no version of a table; give `now`, a number, or a time such as 2026-11-01T10:00:00Z"))
    }

    /// What stands behind the name of the table. A time was read as one by [`Self::parse`], and holds no quote.
    fn clause(&self) -> String {
        match self {
            Self::Now => String::new(),
            Self::Version(n) => format!(" VERSION AS OF {n}"),
            Self::Time(time) => format!(" TIMESTAMP AS OF '{time}'"),
        }
    }
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Its class is another.
    Changed,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

/// A row that differs between two states of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What happened.
    pub what: What,
    /// The row's id.
    pub id: String,
    /// The path of its picture, as the table has it.
    pub path: String,
    /// The class before; none as well for an added row.
    pub before: Option<String>,
    /// The class after; none as well for a removed row.
    pub after: Option<String>,
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
    format!("SELECT {}, 1 AS here FROM {table}{}{}", source.columns(""), at.clause(), source.condition())
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
    let (place, why) = (engine.place().to_owned(), "others write the table all the time".to_owned());
    Err(StoreError::from(SqlError::Unreachable { place, why }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read() {
        assert_eq!(At::parse("now"), Ok(At::Now));
        assert_eq!(At::parse("12"), Ok(At::Version(12)));
        for time in ["2026-11-01", "2026-11-01T10:00:00Z", "2026-11-01 10:00:00"] {
            assert_eq!(At::parse(time), Ok(At::Time(time.to_owned())));
            assert!(!time.contains('\''));
        }
        for wrong in ["", "-1", "x", "2026-11-01' OR 1=1 --", "yesterday"] {
            assert!(At::parse(wrong).is_err(), "{wrong}");
        }
    }
}
