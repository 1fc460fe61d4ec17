//! The default store: one SQLite file.
//!
//! Why SQLite: a label must be durable before it is shown as saved, and one write-ahead-log commit with
//! `synchronous=FULL` is as cheap as durability gets on one machine. What always holds: every write is one `IMMEDIATE`
//! transaction; statements are prepared once; all values travel as parameters; nothing here keeps a copy of what the
//! file says, so that several programs can work on it at once (events never change: of those some may be known).

mod clone;
mod desk;
pub(super) mod errors;
mod look;
mod open;
mod predictions;
mod samples;
mod scan;
mod schema;
mod second;

use super::native::base::Base;
use super::native::calls::native_calls;
use super::native::desk::Desk;
use super::native::ground::Grounds;
use super::native::page::Look;
use super::native::scans;
use super::native::second::blind;
use super::native::value::{Row, Value};
use super::records::{
    Activity, Capabilities, Comment, Cursor, Differences, Direction, Finding, From, Gold, HistoryEntry, Known,
    LedgerEntry, Measured, NewProject, NewSample, NewSnapshot, NewVersion, Person, Queued, SampleMeasures,
    SamplePredictions, ScanId, ScanReport, SecondAnswer, SecondPass, Settings, Shelf, Snapshot, Tallies, UndoReport,
    Unmeasured,
};
use super::{Interrupt, Result, Store};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, EventId, ProjectId, SampleId};
use crate::domain::project::{Counts, Project, ScanSettings};
use crate::domain::quality::{Digest, Measures};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Answer, Sample};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A store in a SQLite file.
pub struct SqliteStore {
    connection: Connection,
    place: String,
    read_only: Option<String>,
    /// Files that running scans have seen, by scan.
    scans: HashMap<ScanId, scans::Running>,
    /// What changes of pictures with very many shapes are told apart from.
    grounds: RefCell<Grounds>,
    /// Set while the running read is to stop; SQLite's own interrupt only stops the statement that runs right then.
    stop: Arc<AtomicBool>,
}

impl SqliteStore {
    /// The error for what SQLite reported.
    fn failed(&self, error: rusqlite::Error) -> super::StoreError {
        errors::from_sqlite(error, &self.place)
    }

    /// Has the first project and the first sample of an empty file get these ids.
    pub(in crate::store) fn count_from(&mut self, project: ProjectId, sample: SampleId) -> Result<()> {
        self.write(|db| {
            for (name, id) in [("project", project.0), ("sample", sample.0)] {
                db.execute("DELETE FROM sqlite_sequence WHERE name = ?", [name])?;
                db.execute("INSERT INTO sqlite_sequence(name, seq) VALUES(?, ?)", (name, id - 1))?;
            }
            Ok(())
        })
    }

    /// Puts remarks of an author in the place of those of theirs that nobody has dealt with, in one transaction.
    pub(in crate::store) fn replace_comments(
        &mut self,
        project: ProjectId,
        author: &str,
        notes: &[(SampleId, String)],
        at: Timestamp,
    ) -> Result<()> {
        self.write(|db| db.base().replace_comments(project, author, notes, at))
    }

    /// Runs `work` in one write transaction; nothing stays of it when it fails.
    fn write<T>(&mut self, work: impl FnOnce(&Db<'_>) -> Result<T>) -> Result<T> {
        if let Some(why) = &self.read_only {
            return Err(super::StoreError::ReadOnly { place: self.place.clone(), why: why.clone() });
        }
        let place = self.place.clone();
        let failed = |e| errors::from_sqlite(e, &place);
        self.grounds.get_mut().forget();
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let done = work(&Db { connection: &tx, place: &place, grounds: &self.grounds, stop: None })?;
        tx.commit().map_err(failed)?;
        self.grounds.get_mut().keep();
        Ok(done)
    }

    /// Runs `work` on one state of the file.
    fn read<T>(&mut self, work: impl FnOnce(&Db<'_>) -> Result<T>) -> Result<T> {
        let (place, stop) = (self.place.clone(), Arc::clone(&self.stop));
        stop.store(false, Ordering::Relaxed);
        let failed = |e| errors::from_sqlite(e, &place);
        let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred).map_err(failed)?;
        let done = work(&Db { connection: &tx, place: &place, grounds: &self.grounds, stop: Some(&stop) })?;
        tx.finish().map_err(failed)?;
        Ok(done)
    }
}

impl super::cvexplorer::Bed for SqliteStore {
    fn dialect(&self) -> super::native::plan::Dialect {
        super::native::plan::Dialect::Sqlite
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn read_only(&self) -> Option<String> {
        self.read_only.clone()
    }

    fn interrupt(&self) -> Interrupt {
        Store::interrupt(self)
    }

    fn read(&mut self, work: &mut dyn FnMut(&dyn Base) -> Result<()>) -> Result<()> {
        Self::read(self, |db| work(db))
    }

    fn write(&mut self, work: &mut dyn FnMut(&dyn Base) -> Result<()>) -> Result<()> {
        Self::write(self, |db| work(db))
    }
}

/// A connection inside a transaction, with the name of its file for messages.
struct Db<'a> {
    connection: &'a Connection,
    place: &'a str,
    grounds: &'a RefCell<Grounds>,
    stop: Option<&'a AtomicBool>,
}

impl Db<'_> {
    fn failed(&self, error: rusqlite::Error) -> super::StoreError {
        errors::from_sqlite(error, self.place)
    }

    /// Fails when the read was cancelled between two statements.
    fn go_on(&self) -> Result<()> {
        match self.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => Err(super::StoreError::Interrupted),
            _ => Ok(()),
        }
    }

    /// Runs a statement that returns no rows; returns how many rows it changed.
    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.connection.prepare_cached(sql).and_then(|mut s| s.execute(values)).map_err(|e| self.failed(e))
    }

    /// All rows of a query.
    fn rows<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        row: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let run =
            || -> rusqlite::Result<Vec<T>> { self.connection.prepare_cached(sql)?.query_map(values, row)?.collect() };
        run().map_err(|e| self.failed(e))
    }

    /// The first row of a query, if there is one.
    fn row<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        row: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        use rusqlite::OptionalExtension;
        self.go_on()?;
        let run = || self.connection.prepare_cached(sql)?.query_row(values, row).optional();
        run().map_err(|e| self.failed(e))
    }

    /// Single statements that a server understands too.
    fn base(&self) -> &dyn Base {
        self
    }

    /// Queues, as a server reads them too.
    fn look(&self) -> &dyn Look {
        self
    }
}

impl Base for Db<'_> {
    fn place(&self) -> &str {
        self.place
    }

    fn change(&self, sql: &str, values: &[Value]) -> Result<u64> {
        self.execute(sql, rusqlite::params_from_iter(values)).map(|n| n as u64)
    }

    fn fetch(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        self.go_on()?;
        self.rows(sql, rusqlite::params_from_iter(values), |r| {
            let columns = r.as_ref().column_count();
            (0..columns).map(|i| r.get_ref(i).map(Value::from)).collect::<rusqlite::Result<_>>().map(Row)
        })
    }

    fn write_labels(&self, project: ProjectId, before: &LabelSet, after: &LabelSet) -> Result<()> {
        self.base().write_labels_singly(project, before, after)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(n) => ValueRef::Integer(*n),
            Self::Real(x) => ValueRef::Real(*x),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::Uuid(id) => ValueRef::Blob(id.as_bytes()),
        }))
    }
}

impl std::convert::From<rusqlite::types::ValueRef<'_>> for Value {
    fn from(value: rusqlite::types::ValueRef<'_>) -> Self {
        use rusqlite::types::ValueRef;
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(n) => Self::Integer(n),
            ValueRef::Real(x) => Self::Real(x),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

impl Store for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities { claims: false, feed: false, presence: false, ..Capabilities::of_servers() }
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn read_only(&self) -> Option<String> {
        self.read_only.clone()
    }

    fn interrupt(&self) -> Interrupt {
        let handle = self.connection.get_interrupt_handle();
        let stop = Arc::clone(&self.stop);
        Arc::new(move || {
            stop.store(true, Ordering::Relaxed);
            handle.interrupt();
        })
    }

    fn finish_scan(&mut self, scan: ScanId) -> Result<ScanReport> {
        let mut running = self.running(scan)?;
        let done = self.write(|db| db.finish_scan(scan, &mut running));
        if done.is_err() {
            self.scans.insert(scan, running);
        }
        done
    }

    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        self.write(|db| (db as &dyn Desk).commit(edits))
    }

    fn undo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.write(|db| (db as &dyn Desk).undo(project, author, at))
    }

    fn redo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.write(|db| (db as &dyn Desk).redo(project, author, at))
    }

    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.write(|db| (db as &dyn Desk).undo_edit(project, edit, author, at))
    }

    fn second_pass_next(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>> {
        self.read(|db| {
            let ids = db.base().second_pass_ids(project, author, limit)?;
            ids.into_iter().map(|id| db.sample(SampleId(id)).map(blind)).collect()
        })
    }

    native_calls!();
}
