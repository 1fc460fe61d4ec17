//! The default store: one SQLite file.
//!
//! Why SQLite: a label must be durable before it is shown as saved, and one write-ahead-log commit with
//! `synchronous=FULL` is as cheap as durability gets on one machine. What always holds: every write is one `IMMEDIATE`
//! transaction; statements are prepared once; all values travel as parameters; nothing here keeps a copy of what the
//! file says, so that several programs can work on it at once.

mod classes;
mod codes;
mod commit;
mod errors;
mod extras;
mod history;
mod open;
mod page;
mod plan;
mod predictions;
mod projects;
mod samples;
mod scan;
mod schema;
mod second;
mod stats;
mod tally;
mod undo;

use super::records::{
    Activity, Capabilities, Comment, Cursor, Direction, From, HistoryEntry, LedgerEntry, NewProject, NewSample,
    NewVersion, Person, Queued, SamplePredictions, ScanId, ScanReport, SecondAnswer, SecondPass, Settings, Shelf,
    Tallies, UndoReport,
};
use super::{Interrupt, Result, Store};
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
    scans: HashMap<ScanId, scan::Running>,
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

    /// A stored JSON text as a value.
    fn json<T: serde::de::DeserializeOwned>(&self, text: &str, what: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|e| errors::bad_json(&e, what, self.place))
    }

    /// A value as the JSON text to store.
    fn to_json<T: serde::Serialize>(&self, value: &T) -> Result<String> {
        serde_json::to_string(value).map_err(|e| super::StoreError::invalid(format!("cannot be written as JSON: {e}")))
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
        self.write(|db| db.create_project(new))
    }

    fn projects(&mut self, shelf: Shelf) -> Result<Vec<Project>> {
        self.read(|db| db.projects(shelf))
    }

    fn project(&mut self, id: ProjectId) -> Result<Project> {
        self.read(|db| db.project(id))
    }

    fn project_by_name(&mut self, name: &str) -> Result<Option<Project>> {
        self.read(|db| db.project_by_name(name))
    }

    fn rename_project(&mut self, id: ProjectId, name: &str) -> Result<()> {
        self.write(|db| db.rename_project(id, name))
    }

    fn set_scan(&mut self, id: ProjectId, scan: &ScanSettings) -> Result<()> {
        self.write(|db| db.set_scan(id, scan))
    }

    fn trash_project(&mut self, id: ProjectId) -> Result<()> {
        self.write(|db| db.trash_project(id))
    }

    fn restore_project(&mut self, id: ProjectId) -> Result<()> {
        self.write(|db| db.restore_project(id))
    }

    fn clone_project(&mut self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        self.write(|db| db.clone_project(id, new))
    }

    fn delete_project(&mut self, id: ProjectId) -> Result<()> {
        self.write(|db| db.delete_project(id))
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
        self.read(|db| db.page(project, queue, from, direction, limit))
    }

    fn cursor(&mut self, queue: &Queue, sample: SampleId) -> Result<Cursor> {
        self.read(|db| db.cursor(queue, sample))
    }

    fn position(&mut self, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64> {
        self.read(|db| db.position(project, queue, cursor))
    }

    fn nth(&mut self, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>> {
        self.read(|db| db.nth(project, queue, n))
    }

    fn count(&mut self, project: ProjectId, filter: &Filter) -> Result<u64> {
        self.read(|db| db.count(project, filter))
    }

    fn counts(&mut self, project: ProjectId) -> Result<Counts> {
        self.read(|db| Ok(db.tallies(project)?.counts))
    }

    fn tallies(&mut self, project: ProjectId) -> Result<Tallies> {
        self.read(|db| db.tallies(project))
    }

    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        self.write(|db| db.commit(edits))
    }

    fn undo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.write(|db| db.undo(project, author, at))
    }

    fn redo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.write(|db| db.redo(project, author, at))
    }

    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.write(|db| db.undo_edit(project, edit, author, at))
    }

    fn history(
        &mut self,
        project: ProjectId,
        sample: Option<SampleId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        self.read(|db| db.history(project, sample, before, limit))
    }

    fn decisions(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<HistoryEntry>> {
        self.read(|db| db.decisions(project, author, limit))
    }

    fn event_at(&mut self, project: ProjectId, at: Timestamp) -> Result<Option<EventId>> {
        self.read(|db| db.event_at(project, at))
    }

    fn answer_as_of(&mut self, sample: SampleId, event: Option<EventId>) -> Result<Answer> {
        self.read(|db| db.answer_as_of(sample, event))
    }

    fn people(&mut self, project: ProjectId) -> Result<Vec<Person>> {
        self.read(|db| db.people(project))
    }

    fn answer_times(&mut self, project: ProjectId, author: &str, since: Timestamp) -> Result<Vec<Timestamp>> {
        self.read(|db| db.answer_times(project, author, since))
    }

    fn activity(&mut self, project: ProjectId, since: Timestamp) -> Result<Vec<Activity>> {
        self.read(|db| db.activity(project, since))
    }

    fn save_queue(&mut self, project: ProjectId, name: &str, queue: &Queue) -> Result<()> {
        self.write(|db| db.save_queue(project, name, queue))
    }

    fn saved_queues(&mut self, project: ProjectId) -> Result<Vec<(String, Queue)>> {
        self.read(|db| db.saved_queues(project))
    }

    fn delete_queue(&mut self, project: ProjectId, name: &str) -> Result<()> {
        self.write(|db| db.delete_queue(project, name))
    }

    fn setting(&mut self, project: ProjectId, key: &str) -> Result<Option<String>> {
        self.read(|db| db.setting(project, key))
    }

    fn set_setting(&mut self, project: ProjectId, key: &str, value: Option<&str>) -> Result<()> {
        self.write(|db| db.set_setting(project, key, value))
    }

    fn settings(&mut self, project: ProjectId) -> Result<Settings> {
        self.read(|db| db.settings(project))
    }

    fn start_second_pass(&mut self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64> {
        self.write(|db| db.start_second_pass(project, share, seed, author))
    }

    fn second_pass(&mut self, project: ProjectId, author: &str) -> Result<SecondPass> {
        self.read(|db| db.second_pass(project, author))
    }

    fn second_pass_next(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>> {
        self.read(|db| db.second_pass_next(project, author, limit))
    }

    fn answer_second_pass(
        &mut self,
        project: ProjectId,
        sample: SampleId,
        answer: &Answer,
        author: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.write(|db| db.answer_second_pass(project, sample, answer, author, at))
    }

    fn second_answers(&mut self, project: ProjectId) -> Result<Vec<SecondAnswer>> {
        self.read(|db| db.second_answers(project))
    }

    fn put_predictions(&mut self, project: ProjectId, batch: &[SamplePredictions]) -> Result<()> {
        self.write(|db| db.put_predictions(project, batch))
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<i64> {
        self.write(|db| db.add_comment(comment))
    }

    fn resolve_comment(&mut self, id: i64, resolved: bool) -> Result<()> {
        self.write(|db| db.resolve_comment(id, resolved))
    }

    fn comments(&mut self, sample: SampleId) -> Result<Vec<Comment>> {
        self.read(|db| db.comments(sample))
    }

    fn take_once(&mut self, entry: &LedgerEntry) -> Result<bool> {
        self.write(|db| db.take_once(entry))
    }

    fn ledger(&mut self, source: &str) -> Result<Vec<LedgerEntry>> {
        self.read(|db| db.ledger(source))
    }
}
