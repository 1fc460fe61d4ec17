//! The default store: one SQLite file.
//!
//! Why SQLite: a label must be durable before it is shown as saved, and one write-ahead-log commit with
//! `synchronous=FULL` is as cheap as durability gets on one machine. What always holds: every write is one `IMMEDIATE`
//! transaction; statements are prepared once; all values travel as parameters; nothing here keeps a copy of what the
//! file says, so that several programs can work on it at once.

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
use super::native::desk::Desk;
use super::native::page::Look;
use super::native::scans;
use super::native::second::blind;
use super::native::value::{Row, Value};
use super::records::{
    Activity, Capabilities, Comment, Cursor, Direction, From, HistoryEntry, LedgerEntry, NewProject, NewSample,
    NewVersion, Person, Queued, SamplePredictions, ScanId, ScanReport, SecondAnswer, SecondPass, Settings, Shelf,
    Tallies, UndoReport,
};
use super::{Interrupt, Result, Store};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, EventId, ProjectId, SampleId};
use crate::domain::project::{Counts, Project, ScanSettings};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Answer, Sample};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
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
    /// Set while the running read is to stop; SQLite's own interrupt only stops the statement that runs right then.
    stop: Arc<AtomicBool>,
}

impl SqliteStore {
    /// The error for what SQLite reported.
    fn failed(&self, error: rusqlite::Error) -> super::StoreError {
        errors::from_sqlite(error, &self.place)
    }

    /// Runs `work` in one write transaction; nothing stays of it when it fails.
    fn write<T>(&mut self, work: impl FnOnce(&Db<'_>) -> Result<T>) -> Result<T> {
        if let Some(why) = &self.read_only {
            return Err(super::StoreError::ReadOnly { place: self.place.clone(), why: why.clone() });
        }
        let place = self.place.clone();
        let failed = |e| errors::from_sqlite(e, &place);
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let done = work(&Db { connection: &tx, place: &place, stop: None })?;
        tx.commit().map_err(failed)?;
        Ok(done)
    }

    /// Runs `work` on one state of the file.
    fn read<T>(&mut self, work: impl FnOnce(&Db<'_>) -> Result<T>) -> Result<T> {
        let (place, stop) = (self.place.clone(), Arc::clone(&self.stop));
        stop.store(false, Ordering::Relaxed);
        let failed = |e| errors::from_sqlite(e, &place);
        let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred).map_err(failed)?;
        let done = work(&Db { connection: &tx, place: &place, stop: Some(&stop) })?;
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
        Capabilities {
            boxes: true,
            masks: true,
            review: true,
            comments: true,
            history: true,
            claims: false,
            feed: false,
            predictions: true,
            classes: true,
            projects: true,
        }
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

    fn create_project(&mut self, new: &NewProject) -> Result<Project> {
        self.write(|db| db.base().create_project(new))
    }

    fn projects(&mut self, shelf: Shelf) -> Result<Vec<Project>> {
        self.read(|db| db.base().projects(shelf))
    }

    fn project(&mut self, id: ProjectId) -> Result<Project> {
        self.read(|db| db.base().project(id))
    }

    fn project_by_name(&mut self, name: &str) -> Result<Option<Project>> {
        self.read(|db| db.base().project_by_name(name))
    }

    fn rename_project(&mut self, id: ProjectId, name: &str) -> Result<()> {
        self.write(|db| db.base().rename_project(id, name))
    }

    fn set_scan(&mut self, id: ProjectId, scan: &ScanSettings) -> Result<()> {
        self.write(|db| db.base().set_scan(id, scan))
    }

    fn trash_project(&mut self, id: ProjectId) -> Result<()> {
        self.write(|db| db.base().trash_project(id))
    }

    fn restore_project(&mut self, id: ProjectId) -> Result<()> {
        self.write(|db| db.base().restore_project(id))
    }

    fn clone_project(&mut self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        self.write(|db| db.clone_project(id, new))
    }

    fn delete_project(&mut self, id: ProjectId) -> Result<()> {
        self.write(|db| db.base().delete_project(id))
    }

    fn begin_scan(&mut self, project: ProjectId, author: &str) -> Result<ScanId> {
        let (scan, running) = self.write(|db| db.begin_scan(project, author))?;
        self.scans.insert(scan, running);
        Ok(scan)
    }

    fn add_samples(&mut self, scan: ScanId, files: &[NewSample]) -> Result<ScanReport> {
        let mut running = self.running(scan)?;
        let added = self.write(|db| db.add_samples(&mut running, files));
        if let Ok(report) = &added {
            running.report += *report;
        } else {
            // What the failed batch noted as seen must not count: the scan then sees too little, never too much.
            running.forget_batch();
        }
        self.scans.insert(scan, running);
        added
    }

    fn finish_scan(&mut self, scan: ScanId) -> Result<ScanReport> {
        let mut running = self.running(scan)?;
        let done = self.write(|db| db.finish_scan(scan, &mut running));
        if done.is_err() {
            self.scans.insert(scan, running);
        }
        done
    }

    fn sample(&mut self, id: SampleId) -> Result<Sample> {
        self.read(|db| db.sample(id))
    }

    fn sample_by_path(&mut self, project: ProjectId, path: &str) -> Result<Option<Sample>> {
        self.read(|db| db.sample_by_path(project, path))
    }

    fn page(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        from: &From,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Queued>> {
        self.read(|db| (db as &dyn Look).page(project, queue, from, direction, limit))
    }

    fn cursor(&mut self, queue: &Queue, sample: SampleId) -> Result<Cursor> {
        self.read(|db| (db as &dyn Look).cursor(queue, sample))
    }

    fn position(&mut self, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64> {
        self.read(|db| (db as &dyn Look).position(project, queue, cursor))
    }

    fn nth(&mut self, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>> {
        self.read(|db| (db as &dyn Look).nth(project, queue, n))
    }

    fn count(&mut self, project: ProjectId, filter: &Filter) -> Result<u64> {
        self.read(|db| (db as &dyn Look).count(project, filter))
    }

    fn counts(&mut self, project: ProjectId) -> Result<Counts> {
        self.read(|db| Ok(db.base().tallies(project)?.counts))
    }

    fn tallies(&mut self, project: ProjectId) -> Result<Tallies> {
        self.read(|db| db.base().tallies(project))
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

    fn history(
        &mut self,
        project: ProjectId,
        sample: Option<SampleId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        self.read(|db| db.base().history(project, sample, before, limit))
    }

    fn decisions(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<HistoryEntry>> {
        self.read(|db| db.base().decisions(project, author, limit))
    }

    fn event_at(&mut self, project: ProjectId, at: Timestamp) -> Result<Option<EventId>> {
        self.read(|db| db.base().event_at(project, at))
    }

    fn answer_as_of(&mut self, sample: SampleId, event: Option<EventId>) -> Result<Answer> {
        self.read(|db| match db.base().answer_as_of(sample, event)? {
            Some(answer) => Ok(answer),
            None => Ok(db.sample(sample)?.answer),
        })
    }

    fn people(&mut self, project: ProjectId) -> Result<Vec<Person>> {
        self.read(|db| db.base().people(project))
    }

    fn answer_times(&mut self, project: ProjectId, author: &str, since: Timestamp) -> Result<Vec<Timestamp>> {
        self.read(|db| db.base().answer_times(project, author, since))
    }

    fn activity(&mut self, project: ProjectId, since: Timestamp) -> Result<Vec<Activity>> {
        self.read(|db| db.base().activity(project, since))
    }

    fn save_queue(&mut self, project: ProjectId, name: &str, queue: &Queue) -> Result<()> {
        self.write(|db| db.base().save_queue(project, name, queue))
    }

    fn saved_queues(&mut self, project: ProjectId) -> Result<Vec<(String, Queue)>> {
        self.read(|db| db.base().saved_queues(project))
    }

    fn delete_queue(&mut self, project: ProjectId, name: &str) -> Result<()> {
        self.write(|db| db.base().delete_queue(project, name))
    }

    fn setting(&mut self, project: ProjectId, key: &str) -> Result<Option<String>> {
        self.read(|db| db.base().setting(project, key))
    }

    fn set_setting(&mut self, project: ProjectId, key: &str, value: Option<&str>) -> Result<()> {
        self.write(|db| db.base().set_setting(project, key, value))
    }

    fn settings(&mut self, project: ProjectId) -> Result<Settings> {
        self.read(|db| db.base().settings(project))
    }

    fn start_second_pass(&mut self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64> {
        self.write(|db| db.start_second_pass(project, share, seed, author))
    }

    fn second_pass(&mut self, project: ProjectId, author: &str) -> Result<SecondPass> {
        self.read(|db| db.base().second_pass(project, author))
    }

    fn second_pass_next(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>> {
        self.read(|db| {
            let ids = db.base().second_pass_ids(project, author, limit)?;
            ids.into_iter().map(|id| db.sample(SampleId(id)).map(blind)).collect()
        })
    }

    fn answer_second_pass(
        &mut self,
        project: ProjectId,
        sample: SampleId,
        answer: &Answer,
        author: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.write(|db| db.base().answer_second_pass(project, sample, answer, author, at))
    }

    fn second_answers(&mut self, project: ProjectId) -> Result<Vec<SecondAnswer>> {
        self.read(|db| db.base().second_answers(project))
    }

    fn put_predictions(&mut self, project: ProjectId, batch: &[SamplePredictions]) -> Result<()> {
        self.write(|db| db.put_predictions(project, batch))
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<i64> {
        self.write(|db| db.base().add_comment(comment))
    }

    fn resolve_comment(&mut self, id: i64, resolved: bool) -> Result<()> {
        self.write(|db| db.base().resolve_comment(id, resolved))
    }

    fn comments(&mut self, sample: SampleId) -> Result<Vec<Comment>> {
        self.read(|db| db.base().comments(sample))
    }

    fn take_once(&mut self, entry: &LedgerEntry) -> Result<bool> {
        self.write(|db| db.base().take_once(entry))
    }

    fn ledger(&mut self, source: &str) -> Result<Vec<LedgerEntry>> {
        self.read(|db| db.base().ledger(source))
    }

    fn changes_since(&mut self, project: ProjectId, event: Option<EventId>, limit: usize) -> Result<Vec<HistoryEntry>> {
        self.read(|db| db.base().changes_since(project, event, limit))
    }
}
