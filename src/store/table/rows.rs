//! What is known about the rows of the table, beside the mirror: what the table held when it was last read, what is still
//! to be sent, what is on its way, and what somebody else changed first.
//!
//! What always holds: a change is written down before it is sent, and crossed out only after it was seen in the table.

use crate::store::{Result, StoreError};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::Path;
use std::time::Duration;

const SCHEMA: &str = "
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS row(
  path TEXT PRIMARY KEY,             -- the sample's
  id TEXT NOT NULL,
  raw TEXT NOT NULL,                 -- the path as the table has it
  base TEXT                          -- the class that the table held when it was last read or written
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending(
  path TEXT PRIMARY KEY,
  edit TEXT NOT NULL,                -- the last edit that wants it
  author TEXT NOT NULL,
  expected TEXT,                     -- the class that the table must still hold
  target TEXT,
  tries INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flight(path TEXT PRIMARY KEY, batch TEXT NOT NULL, expected TEXT, target TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS conflict(
  path TEXT PRIMARY KEY, edit TEXT NOT NULL, author TEXT NOT NULL, mine TEXT, theirs TEXT, gone INTEGER NOT NULL, at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE incoming(place TEXT PRIMARY KEY, id TEXT NOT NULL, raw TEXT NOT NULL, class TEXT) STRICT, WITHOUT ROWID;
";

/// How long a statement waits for another program.
const BUSY: Duration = Duration::from_secs(10);

/// A row that is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) path: String,
    pub(super) edit: String,
    pub(super) author: String,
    pub(super) expected: Option<String>,
    pub(super) target: Option<String>,
    pub(super) tries: i64,
}

/// A row that somebody else changed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clash {
    pub(super) path: String,
    pub(super) edit: String,
    pub(super) author: String,
    pub(super) mine: Option<String>,
    pub(super) theirs: Option<String>,
    /// The row is not in the table any more.
    pub(super) gone: bool,
    pub(super) at: String,
}

/// A row that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) raw: String,
    pub(super) base: Option<String>,
}

/// A row that was just read from the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Incoming {
    /// The canonical path of the picture.
    pub(super) place: String,
    pub(super) id: String,
    pub(super) raw: String,
    pub(super) class: Option<String>,
}

/// The file.
pub(super) struct RowFile {
    connection: Connection,
    place: String,
}

impl RowFile {
    pub(super) fn open(path: &Path, place: &str) -> Result<Self> {
        let failed = |e: rusqlite::Error| StoreError::Failed { place: place.to_owned(), why: e.to_string() };
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection.execute_batch(SCHEMA).map_err(failed)?;
        Ok(Self { connection, place: place.to_owned() })
    }

    fn done<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|e| StoreError::Failed { place: self.place.clone(), why: e.to_string() })
    }

    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.done(self.connection.prepare_cached(sql).and_then(|mut s| s.execute(values)))
    }

    fn list<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.done((|| self.connection.prepare_cached(sql)?.query_map(values, read)?.collect())())
    }

    /// Runs `work` in one transaction.
    pub(super) fn together<T>(&mut self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.execute("BEGIN IMMEDIATE", [])?;
        match work(self) {
            Ok(done) => {
                self.execute("COMMIT", [])?;
                Ok(done)
            }
            Err(error) => {
                let _ = self.execute("ROLLBACK", []);
                Err(error)
            }
        }
    }

    fn count(&self, sql: &str) -> Result<u64> {
        let n: i64 = self.done(self.connection.query_row(sql, [], |r| r.get(0)))?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    pub(super) fn state(&self, key: &str) -> Result<Option<String>> {
        let read =
            || self.connection.query_row("SELECT value FROM state WHERE key = ?", [key], |r| r.get(0)).optional();
        self.done(read())
    }

    pub(super) fn set_state(&self, key: &str, value: Option<&str>) -> Result<()> {
        match value {
            Some(value) => self.execute("INSERT OR REPLACE INTO state(key, value) VALUES(?, ?)", (key, value))?,
            None => self.execute("DELETE FROM state WHERE key = ?", [key])?,
        };
        Ok(())
    }

    pub(super) fn known(&self, path: &str) -> Result<Option<Known>> {
        let read = |r: &Row<'_>| Ok(Known { id: r.get(0)?, raw: r.get(1)?, base: r.get(2)? });
        let sql = "SELECT id, raw, base FROM row WHERE path = ?";
        self.done(self.connection.prepare_cached(sql).and_then(|mut s| s.query_row([path], read).optional()))
    }

    pub(super) fn set_base(&self, path: &str, base: Option<&str>) -> Result<()> {
        self.execute("UPDATE row SET base = ?2 WHERE path = ?1", (path, base))?;
        Ok(())
    }

    pub(super) fn learn(&self, path: &str, known: &Known) -> Result<()> {
        let values = (path, &known.id, &known.raw, &known.base);
        self.execute("INSERT OR REPLACE INTO row(path, id, raw, base) VALUES(?, ?, ?, ?)", values)?;
        Ok(())
    }

    pub(super) fn pending(&self, limit: usize) -> Result<Vec<Pending>> {
        let sql = "SELECT path, edit, author, expected, target, tries FROM pending ORDER BY edit LIMIT ?";
        self.list(sql, [i64::try_from(limit).unwrap_or(i64::MAX)], pending)
    }

    pub(super) fn pending_of(&self, path: &str) -> Result<Option<Pending>> {
        let sql = "SELECT path, edit, author, expected, target, tries FROM pending WHERE path = ?";
        Ok(self.list(sql, [path], pending)?.pop())
    }

    pub(super) fn pending_count(&self) -> Result<u64> {
        self.count("SELECT count(*) FROM pending")
    }

    pub(super) fn put_pending(&self, p: &Pending) -> Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO pending(path, edit, author, expected, target, tries) VALUES(?, ?, ?, ?, ?, ?)",
            params![p.path, p.edit, p.author, p.expected, p.target, p.tries],
        )?;
        Ok(())
    }

    pub(super) fn drop_pending(&self, path: &str) -> Result<()> {
        self.execute("DELETE FROM pending WHERE path = ?", [path])?;
        Ok(())
    }

    /// Writes down what is about to be sent.
    pub(super) fn begin_flight(&mut self, batch: &str, rows: &[Pending]) -> Result<()> {
        self.together(|file| {
            for row in rows {
                let values = (&row.path, batch, &row.expected, &row.target);
                file.execute(
                    "INSERT OR REPLACE INTO flight(path, batch, expected, target) VALUES(?, ?, ?, ?)",
                    values,
                )?;
            }
            Ok(())
        })
    }

    /// What was sent without having been seen in the table since: the batch, and its paths.
    pub(super) fn flight(&self) -> Result<Option<(String, Vec<String>)>> {
        let rows = self.list("SELECT batch, path FROM flight ORDER BY path", [], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let batch: Option<String> = rows.first().map(|(batch, _): &(String, String)| batch.clone());
        Ok(batch.map(|b| (b, rows.into_iter().map(|(_, path)| path).collect())))
    }

    pub(super) fn end_flight(&self) -> Result<()> {
        self.execute("DELETE FROM flight", [])?;
        Ok(())
    }

    pub(super) fn clashes(&self) -> Result<Vec<Clash>> {
        let sql = "SELECT path, edit, author, mine, theirs, gone, at FROM conflict ORDER BY at, path";
        self.list(sql, [], clash)
    }

    pub(super) fn clash_of(&self, path: &str) -> Result<Option<Clash>> {
        let sql = "SELECT path, edit, author, mine, theirs, gone, at FROM conflict WHERE path = ?";
        Ok(self.list(sql, [path], clash)?.pop())
    }

    pub(super) fn clash_count(&self) -> Result<u64> {
        self.count("SELECT count(*) FROM conflict")
    }

    pub(super) fn put_clash(&self, c: &Clash) -> Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO conflict(path, edit, author, mine, theirs, gone, at) VALUES(?, ?, ?, ?, ?, ?, ?)",
            params![c.path, c.edit, c.author, c.mine, c.theirs, c.gone, c.at],
        )?;
        Ok(())
    }

    pub(super) fn drop_clash(&self, path: &str) -> Result<()> {
        self.execute("DELETE FROM conflict WHERE path = ?", [path])?;
        Ok(())
    }

    pub(super) fn forget_incoming(&self) -> Result<()> {
        self.execute("DELETE FROM incoming", [])?;
        Ok(())
    }

    /// Takes a row that was read; `false` if there was one of that picture already.
    pub(super) fn put_incoming(&self, row: &Incoming) -> Result<bool> {
        let values = (&row.place, &row.id, &row.raw, &row.class);
        Ok(self.execute("INSERT OR IGNORE INTO incoming(place, id, raw, class) VALUES(?, ?, ?, ?)", values)? > 0)
    }

    /// The next rows that were read, behind a path, in order of their paths.
    pub(super) fn incoming(&self, after: &str, limit: usize) -> Result<Vec<Incoming>> {
        let sql = "SELECT place, id, raw, class FROM incoming WHERE place > ? ORDER BY place LIMIT ?";
        let read = |r: &Row<'_>| Ok(Incoming { place: r.get(0)?, id: r.get(1)?, raw: r.get(2)?, class: r.get(3)? });
        self.list(sql, (after, i64::try_from(limit).unwrap_or(i64::MAX)), read)
    }

    /// The first and the last path that were read.
    pub(super) fn ends(&self) -> Result<Option<(String, String)>> {
        let read = |r: &Row<'_>| Ok(r.get::<_, Option<String>>(0)?.zip(r.get::<_, Option<String>>(1)?));
        self.done(self.connection.query_row("SELECT min(place), max(place) FROM incoming", [], read))
    }
}

fn pending(r: &Row<'_>) -> rusqlite::Result<Pending> {
    Ok(Pending {
        path: r.get(0)?,
        edit: r.get(1)?,
        author: r.get(2)?,
        expected: r.get(3)?,
        target: r.get(4)?,
        tries: r.get(5)?,
    })
}

fn clash(r: &Row<'_>) -> rusqlite::Result<Clash> {
    Ok(Clash {
        path: r.get(0)?,
        edit: r.get(1)?,
        author: r.get(2)?,
        mine: r.get(3)?,
        theirs: r.get(4)?,
        gone: r.get(5)?,
        at: r.get(6)?,
    })
}
