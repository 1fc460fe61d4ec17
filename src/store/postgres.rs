//! The store of a team: lakelens' own schema on PostgreSQL, Databricks Lakebase among it.
//!
//! Why: people who label together need one truth, with locks and history, that they have rights on. What always holds:
//! every write is one transaction that locks the project's row first; reads are one statement, or one snapshot; no
//! statement is kept on the server between transactions, so that poolers do not matter; the connection is made when it
//! is needed and made again when it is lost. What was sent before the connection broke, without an answer, is never
//! taken for done: it fails with [`StoreError::Offline`], is tried again, and an edit's id keeps it from counting twice.

pub mod address;
mod bulk;
mod claims;
mod desk;
mod errors;
mod feed;
mod flush;
mod health;
mod link;
mod look;
mod samples;
mod scan;
mod schema;
mod tls;
mod tx;

use super::error::StoreError;
use super::native::calls::native_calls;
use super::native::desk::{Desk, Way};
use super::native::ground::SharedGrounds;
use super::native::scans::Running;
use super::native::second::blind;
use super::records::{
    Activity, Capabilities, Comment, Cursor, Differences, Direction, Finding, From, Gold, HistoryEntry, Known,
    LedgerEntry, Measured, Mode, NewProject, NewSample, NewSnapshot, NewVersion, Person, Presence, Queued,
    SampleMeasures, SamplePredictions, ScanId, ScanReport, SecondAnswer, SecondPass, Settings, Shelf, Snapshot,
    Tallies, UndoReport, Unmeasured,
};
use super::{Interrupt, Result, Store};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, EventId, ProjectId, SampleId};
use crate::domain::project::{Counts, Project, ScanSettings};
use crate::domain::quality::{Digest, Measures};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Answer, Sample};
use crate::remote::net::Net;
use crate::remote::password::PasswordSource;
use address::Address;
use desk::PgDesk;
use jiff::Timestamp;
use link::{Link, Maker};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tx::Tx;

pub use health::{Health, Tables, health, health_of};

/// How often work is begun again whose connection broke: whatever ended one (a failover, a password that ended) may end
/// the next one too.
const AGAIN: u32 = 3;
/// New samples after which the server's statistics are worth renewing at once.
const MANY: u64 = 10_000;

/// A store on a PostgreSQL server.
pub struct PostgresStore {
    link: Link,
    read_only: Option<String>,
    /// Files that running scans have seen, by scan.
    scans: HashMap<ScanId, Running>,
    /// A step of undo that may or may not have been done when the connection broke: who, when, which way.
    unsure: Option<(ProjectId, String, Timestamp, Way)>,
    /// Where changes by others are heard of, once somebody asked.
    ear: Option<feed::Ear>,
    /// What changes of pictures with very many shapes are told apart from.
    grounds: SharedGrounds,
}

impl PostgresStore {
    /// Connects, and makes or renews the schema as the mode allows. `password` is asked for each new connection.
    ///
    /// # Errors
    /// [`StoreError`]: not reached, not let in, newer, not to be made.
    pub fn open(address: Address, password: Option<Arc<dyn PasswordSource>>, mode: Mode, net: &Net) -> Result<Self> {
        let mut store = Self::attach(address, password, mode, net)?;
        let found = store.version()?;
        store.prepared(found, mode)
    }

    /// Makes or renews the schema, of which this version was found, as the mode allows.
    pub(super) fn prepared(mut self, found: i64, mode: Mode) -> Result<Self> {
        match schema::migrate(&self.link.line(false)?, found, mode) {
            Err(StoreError::ReadOnly { why, .. }) => self.read_only = Some(why),
            other => other?,
        }
        Ok(self)
    }

    /// Connects without looking for our own schema.
    pub(super) fn attach(
        address: Address,
        password: Option<Arc<dyn PasswordSource>>,
        mode: Mode,
        net: &Net,
    ) -> Result<Self> {
        let mut link = Link::new(Maker::new(net.clone(), address, password)?);
        link.line(false)?;
        let read_only = (mode == Mode::Read).then(|| "it was opened read-only".to_owned());
        Ok(Self { link, read_only, scans: HashMap::new(), unsure: None, ear: None, grounds: SharedGrounds::default() })
    }

    /// The version of our own schema; 0 where it is not there.
    pub(super) fn version(&mut self) -> Result<i64> {
        schema::version(&self.link.line(false)?)
    }

    /// Runs `work` on one state of the database. A connection that turns out to be gone is made again, a few times.
    fn read<T>(&mut self, mut work: impl FnMut(&Tx<'_>) -> Result<T>) -> Result<T> {
        let mut again = AGAIN;
        loop {
            let done = Tx::begin(self.link.line(true)?, true).and_then(|tx| {
                let done = work(&tx);
                tx.leave();
                done
            });
            if !matches!(done, Err(StoreError::Offline { .. })) {
                return done;
            }
            let spent = again == 0;
            again = self.fewer(again);
            self.link.hang_up();
            if spent {
                return done;
            }
        }
    }

    /// Runs `work` in one write transaction; nothing stays of it when it fails.
    fn write<T>(&mut self, work: impl FnMut(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.written(work).map_err(|(error, _)| error)
    }

    /// As [`Self::write`]; an error says whether it is unknown if the work was done. Until the commit was sent a broken
    /// connection costs nothing: the work is done again on a new one, a few times.
    fn written<T>(&mut self, mut work: impl FnMut(&Tx<'_>) -> Result<T>) -> std::result::Result<T, (StoreError, bool)> {
        if let Some(why) = &self.read_only {
            let place = self.link.maker.address.place().to_owned();
            return Err((StoreError::ReadOnly { place, why: why.clone() }, false));
        }
        let mut again = AGAIN;
        loop {
            let (error, unknown) = match self.attempt(&mut work) {
                Ok(done) => return Ok(done),
                Err(failed) => failed,
            };
            let spent = again == 0;
            again = self.fewer(again);
            self.after(&error);
            match unknown {
                Some(unknown) => return Err((error, unknown)),
                None if spent || !matches!(error, StoreError::Offline { .. }) => return Err((error, false)),
                None => {}
            }
        }
    }

    /// One try at a write. An error that must not be followed by another try says whether it is unknown if the work was
    /// done.
    fn attempt<T>(
        &mut self,
        work: &mut impl FnMut(&Tx<'_>) -> Result<T>,
    ) -> std::result::Result<T, (StoreError, Option<bool>)> {
        let line = self.link.line(false).map_err(|e| (e, Some(false)))?;
        let tx = Tx::begin(line, false).map_err(|e| (e, None))?;
        match work(&tx) {
            Ok(done) => tx.end().map(|()| done).map_err(|(error, lost)| (error, Some(lost))),
            Err(error) => {
                tx.leave();
                Err((error, None))
            }
        }
    }

    /// How often work is begun again after this one failed. A server that kept silent on a connection that stands was
    /// waited for long already: one more try, on a new connection, is all it gets.
    fn fewer(&self, again: u32) -> u32 {
        if self.link.is_up() { 0 } else { again.saturating_sub(1) }
    }

    /// Leaves the line as it must be after a failure: a new one, or this one without a transaction.
    fn after(&mut self, error: &StoreError) {
        match error {
            StoreError::Offline { .. } => self.link.hang_up(),
            // A commit among statements that failed rolled back already; one more does no harm.
            _ => {
                if let Ok(line) = self.link.line(false) {
                    line.send("ROLLBACK");
                }
            }
        }
    }

    /// Takes the state of a running scan out of the store.
    fn running(&mut self, scan: ScanId) -> Result<Running> {
        self.scans.remove(&scan).ok_or_else(|| StoreError::invalid("this scan is not running here; begin it again"))
    }

    /// Renews the server's statistics, which choose how queues are read. Without the right to, they renew themselves
    /// later.
    fn analyze(&mut self) {
        let schema = self.link.maker.address.schema.clone();
        if let Ok(line) = self.link.line(false) {
            let tables = ["sample", "sample_class", "annotation", "event"].map(|t| format!("\"{schema}\".{t}"));
            if let Err(error) = line.wait(line.client.batch_execute(&format!("ANALYZE {}", tables.join(", ")))) {
                tracing::warn!(%error, "statistics were not renewed");
            }
        }
    }

    /// A step of undo or redo. These have no edit id of the person's own: when the connection broke at the commit, the
    /// same request (same person, same time) is looked for in the history before it is done again.
    fn step(&mut self, project: ProjectId, author: &str, at: Timestamp, way: Way) -> Result<UndoReport> {
        let request = (project, author.to_owned(), at, way);
        if self.unsure.as_ref() == Some(&request) {
            let done = self.read(|db| db.step_done(project, author, at, way))?;
            self.unsure = None;
            if !done.applied.is_empty() {
                return Ok(done);
            }
        }
        let grounds = self.grounds.clone();
        let done = self.written(|db| {
            let desk = PgDesk::for_step(db, project, &grounds)?;
            let work = &desk as &dyn Desk;
            let report = match way {
                Way::Again => work.redo(project, author, at)?,
                _ => work.undo(project, author, at)?,
            };
            desk.finish().map(|()| report)
        });
        if done.is_ok() {
            grounds.lock().keep();
        }
        done.map_err(|(error, lost)| {
            self.unsure = lost.then_some(request);
            error
        })
    }
}

impl super::cvexplorer::Bed for PostgresStore {
    fn dialect(&self) -> super::native::plan::Dialect {
        super::native::plan::Dialect::Postgres
    }

    fn place(&self) -> &str {
        self.link.maker.address.place()
    }

    fn read_only(&self) -> Option<String> {
        self.read_only.clone()
    }

    fn interrupt(&self) -> Interrupt {
        self.link.interrupt()
    }

    fn read(&mut self, work: &mut dyn FnMut(&dyn super::native::base::Base) -> Result<()>) -> Result<()> {
        Self::read(self, |tx| work(tx.base()))
    }

    fn write(&mut self, work: &mut dyn FnMut(&dyn super::native::base::Base) -> Result<()>) -> Result<()> {
        Self::write(self, |tx| work(tx.base()))
    }
}

impl Tx<'_> {
    /// What a step of undo at that time did, from the history.
    fn step_done(&self, project: ProjectId, author: &str, at: Timestamp, way: Way) -> Result<UndoReport> {
        let entries = self.base().history_of_step(project, author, at, if way == Way::Again { 2 } else { 1 })?;
        let applied = |e: super::records::HistoryEntry| super::records::Applied { rev: e.rev, edit: e.edit };
        Ok(UndoReport { applied: entries.into_iter().map(applied).collect(), refused: Vec::new() })
    }
}

impl Store for PostgresStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of_servers()
    }

    fn place(&self) -> &str {
        self.link.maker.address.place()
    }

    fn read_only(&self) -> Option<String> {
        self.read_only.clone()
    }

    fn interrupt(&self) -> Interrupt {
        self.link.interrupt()
    }

    fn finish_scan(&mut self, scan: ScanId) -> Result<ScanReport> {
        let mut running = self.running(scan)?;
        let done = self.write(|db| db.finish_scan(scan, &mut running));
        match &done {
            Ok(report) if report.added > MANY => self.analyze(),
            Ok(_) => {}
            Err(_) => drop(self.scans.insert(scan, running)),
        }
        done
    }

    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        let grounds = self.grounds.clone();
        let outcomes = self.write(|db| {
            let desk = PgDesk::for_edits(db, edits, &grounds)?;
            let outcomes = (&desk as &dyn Desk).commit(edits)?;
            desk.finish().map(|()| outcomes)
        })?;
        grounds.lock().keep();
        Ok(outcomes)
    }

    fn undo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, Way::Back)
    }

    fn redo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, Way::Again)
    }

    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport> {
        let grounds = self.grounds.clone();
        let report = self.write(|db| {
            let desk = PgDesk::for_step(db, project, &grounds)?;
            let report = (&desk as &dyn Desk).undo_edit(project, edit, author, at)?;
            desk.finish().map(|()| report)
        })?;
        grounds.lock().keep();
        Ok(report)
    }

    fn second_pass_next(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>> {
        self.read(|db| {
            let ids = db.base().second_pass_ids(project, author, limit)?;
            Ok(db.samples(&ids)?.into_iter().map(blind).collect())
        })
    }

    fn claim(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        owner: &str,
        limit: usize,
        time: Duration,
    ) -> Result<Vec<Queued>> {
        self.write(|db| db.claim(project, queue, owner, limit, time))
    }

    fn renew_claims(&mut self, project: ProjectId, owner: &str, time: Duration) -> Result<Vec<SampleId>> {
        self.write(|db| db.renew_claims(project, owner, time))
    }

    fn holds(&mut self, project: ProjectId) -> Result<Vec<(SampleId, String)>> {
        self.read(|db| db.holds(project))
    }

    fn release_claims(&mut self, project: ProjectId, owner: &str) -> Result<u64> {
        self.write(|db| db.release_claims(project, owner))
    }

    fn wait_for_change(
        &mut self,
        project: ProjectId,
        event: Option<EventId>,
        time: Duration,
    ) -> Result<Option<EventId>> {
        self.listen(project, event, time)
    }

    fn present(&mut self) -> Result<Vec<(ProjectId, Presence)>> {
        self.read(|db| db.present())
    }

    fn announce(&mut self, project: ProjectId, presence: &Presence) -> Result<Vec<Presence>> {
        self.write(|db| db.announce(project, presence))
    }

    native_calls!();
}
