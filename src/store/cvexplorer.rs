//! The live database of CV Explorer, shared with the web app.
//!
//! Why: a team that labels there already can label here at the same time, on the same rows. What always holds: the schema
//! is never altered, and any of its later columns may be missing; every write is one transaction that locks the sample's
//! row, compares what stands with what the person saw, and writes history as the web app does; locks are its own
//! five-minute ones. What its tables cannot hold (flags, reasons, reviews, comments, saved queues, renamed classes) is
//! refused with a reason, and the screen disables it. Settings live as long as this connection; undo does too.

mod past;
mod people;
mod probe;
mod queue;
mod rows;
mod undo;
mod write;

use super::error::StoreError;
use super::native::base::Base;
use super::native::plan::Dialect;
use super::postgres::PostgresStore;
use super::records::{
    Activity, Capabilities, Comment, Cursor, Direction, From, HistoryEntry, LedgerEntry, NewProject, NewSample,
    NewVersion, Person, Queued, SamplePredictions, ScanId, ScanReport, SecondPass, Settings, Shelf, Tallies,
    UndoReport,
};
use super::sqlite::SqliteStore;
use super::{Interrupt, Result, Store};
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, EventId, ProjectId, SampleId};
use crate::domain::project::{Counts, Project, ScanSettings};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Answer, Sample};
use jiff::Timestamp;
use probe::Shape;
use std::collections::HashMap;
use std::time::Duration;

/// Minutes after which CV Explorer takes a lock for forgotten.
const HOLD_MINUTES: u32 = 5;

/// The connection under it.
pub(super) trait Bed: Send {
    /// Whose SQL.
    fn dialect(&self) -> Dialect;
    /// As [`Store::place`].
    fn place(&self) -> &str;
    /// As [`Store::read_only`].
    fn read_only(&self) -> Option<String>;
    /// As [`Store::interrupt`].
    fn interrupt(&self) -> Interrupt;
    /// Runs `work` on one state.
    fn read(&mut self, work: &mut dyn FnMut(&dyn Base) -> Result<()>) -> Result<()>;
    /// Runs `work` in one write transaction.
    fn write(&mut self, work: &mut dyn FnMut(&dyn Base) -> Result<()>) -> Result<()>;
}

/// A store in CV Explorer's tables.
pub struct CvExplorer {
    bed: Box<dyn Bed>,
    shape: Shape,
    settings: HashMap<ProjectId, Settings>,
    lists: undo::Lists,
}

impl CvExplorer {
    /// Looks whether a PostgreSQL database is CV Explorer's; gives the connection back if not.
    pub(super) fn on_server(store: PostgresStore) -> Result<std::result::Result<Self, PostgresStore>> {
        let mut store = store;
        match probe(&mut store)? {
            Some(shape) => Ok(Ok(Self::new(Box::new(store), shape))),
            None => Ok(Err(store)),
        }
    }

    /// Looks whether a SQLite file is CV Explorer's.
    pub(super) fn on_file(mut store: SqliteStore) -> Result<Option<Self>> {
        let shape = probe(&mut store)?;
        Ok(shape.map(|shape| Self::new(Box::new(store), shape)))
    }

    fn new(bed: Box<dyn Bed>, shape: Shape) -> Self {
        Self { bed, shape, settings: HashMap::new(), lists: undo::Lists::default() }
    }

    fn read<T>(&mut self, mut work: impl FnMut(&Shape, &dyn Base) -> Result<T>) -> Result<T> {
        let (shape, mut done) = (&self.shape, None);
        self.bed.read(&mut |db| work(shape, db).map(|value| done = Some(value)))?;
        done.ok_or(StoreError::Interrupted)
    }

    fn write<T>(&mut self, mut work: impl FnMut(&Shape, &dyn Base) -> Result<T>) -> Result<T> {
        let (shape, mut done) = (&self.shape, None);
        self.bed.write(&mut |db| work(shape, db).map(|value| done = Some(value)))?;
        done.ok_or(StoreError::Interrupted)
    }

    fn queued(&mut self, keys: &[(i64, i64)]) -> Result<Vec<Queued>> {
        let ids: Vec<i64> = keys.iter().map(|(_, id)| *id).collect();
        let found = self.read(|shape, db| shape.samples(db, &ids, false))?;
        let mut found: HashMap<i64, Sample> = found.into_iter().map(|w| (w.sample.id.0, w.sample)).collect();
        let queued = |(key, id): &(i64, i64)| {
            let cursor = Cursor { stretch: 0, key: super::records::Key::Number(*key) };
            Some(Queued { cursor, sample: found.remove(id)? })
        };
        Ok(keys.iter().filter_map(queued).collect())
    }
}

fn probe(bed: &mut dyn Bed) -> Result<Option<Shape>> {
    let (dialect, mut found) = (bed.dialect(), None);
    bed.read(&mut |db| Shape::probe(db, dialect).map(|shape| found = shape))?;
    Ok(found)
}

impl Store for CvExplorer {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            boxes: true,
            masks: self.shape.has("annotations", "mask_json"),
            objects: false,
            review: false,
            comments: false,
            history: self.shape.has_past(),
            claims: true,
            feed: false,
            presence: false,
            predictions: self.shape.has("annotations", "is_draft"),
            measures: false,
            gold: false,
            versions: false,
            classes: true,
            projects: false,
        }
    }

    fn place(&self) -> &str {
        self.bed.place()
    }

    fn read_only(&self) -> Option<String> {
        self.bed.read_only()
    }

    fn interrupt(&self) -> Interrupt {
        self.bed.interrupt()
    }

    fn create_project(&mut self, new: &NewProject) -> Result<Project> {
        let _ = new;
        Err(self.unsupported("make projects"))
    }

    fn projects(&mut self, shelf: Shelf) -> Result<Vec<Project>> {
        match shelf {
            Shelf::Trash => Ok(Vec::new()),
            _ => self.read(|shape, db| shape.projects(db, None)),
        }
    }

    fn project(&mut self, id: ProjectId) -> Result<Project> {
        let place = self.bed.place().to_owned();
        self.read(|shape, db| {
            let mut project = shape.projects(db, Some(id))?.pop();
            if let Some(project) = &mut project {
                shape.dead_labels(db, &mut project.labels, id)?;
            }
            project.ok_or_else(|| StoreError::not_found(format!("project number {id}"), &place))
        })
    }

    fn project_by_name(&mut self, name: &str) -> Result<Option<Project>> {
        let all = self.projects(Shelf::Live)?;
        let wanted = name.trim().to_lowercase();
        all.into_iter().find(|p| p.name.to_lowercase() == wanted).map(|p| self.project(p.id)).transpose()
    }

    fn rename_project(&mut self, id: ProjectId, name: &str) -> Result<()> {
        let _ = (id, name);
        Err(self.unsupported("rename projects"))
    }

    fn set_scan(&mut self, id: ProjectId, scan: &ScanSettings) -> Result<()> {
        let _ = (id, scan);
        Err(self.unsupported("scan folders"))
    }

    fn trash_project(&mut self, id: ProjectId) -> Result<()> {
        let _ = id;
        Err(self.unsupported("delete projects"))
    }

    fn restore_project(&mut self, id: ProjectId) -> Result<()> {
        let _ = id;
        Err(self.unsupported("delete projects"))
    }

    fn clone_project(&mut self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        let _ = (id, new);
        Err(self.unsupported("make new versions"))
    }

    fn delete_project(&mut self, id: ProjectId) -> Result<()> {
        let _ = id;
        Err(self.unsupported("delete projects"))
    }

    fn begin_scan(&mut self, project: ProjectId, author: &str) -> Result<ScanId> {
        let _ = (project, author);
        Err(self.unsupported("scan folders"))
    }

    fn add_samples(&mut self, scan: ScanId, files: &[NewSample]) -> Result<ScanReport> {
        let _ = (scan, files);
        Err(self.unsupported("scan folders"))
    }

    fn finish_scan(&mut self, scan: ScanId) -> Result<ScanReport> {
        let _ = scan;
        Err(self.unsupported("scan folders"))
    }

    fn sample(&mut self, id: SampleId) -> Result<Sample> {
        self.read(|shape, db| shape.sample(db, id))
    }

    fn sample_by_path(&mut self, project: ProjectId, path: &str) -> Result<Option<Sample>> {
        self.read(|shape, db| {
            let sql = "SELECT s.id FROM project_samples s JOIN labeling_projects p ON p.id = s.project_id
                       WHERE s.project_id = ?1 AND (s.filepath = ?2 OR s.filepath = p.source_volume || '/' || ?2)
                       ORDER BY s.id LIMIT 1";
            let id: Option<i64> = db.row(sql, (project.0, path), |r| r.get(0))?;
            id.map(|id| shape.sample(db, SampleId(id))).transpose()
        })
    }

    fn page(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        from: &From,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Queued>> {
        let keys = self.read(|shape, db| shape.page(db, project, queue, from, direction, limit))?;
        self.queued(&keys)
    }

    fn cursor(&mut self, queue: &Queue, sample: SampleId) -> Result<Cursor> {
        self.read(|shape, db| shape.cursor(db, queue.order, sample))
    }

    fn position(&mut self, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64> {
        self.read(|shape, db| shape.position(db, project, queue, cursor))
    }

    fn nth(&mut self, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>> {
        self.read(|shape, db| shape.nth(db, project, queue, n))
    }

    fn count(&mut self, project: ProjectId, filter: &Filter) -> Result<u64> {
        self.read(|shape, db| shape.counted(db, shape.condition(project, filter)?))
    }

    fn counts(&mut self, project: ProjectId) -> Result<Counts> {
        Ok(self.tallies(project)?.counts)
    }

    fn tallies(&mut self, project: ProjectId) -> Result<Tallies> {
        self.read(|shape, db| shape.tallies(db, project))
    }

    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        let outcomes = self.write(|shape, db| shape.commit(db, edits))?;
        self.lists.made(edits, &outcomes);
        Ok(outcomes)
    }

    fn undo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, true)
    }

    fn redo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, false)
    }

    fn step_size(&mut self, project: ProjectId, author: &str, redo: bool) -> Result<u64> {
        Ok(self.lists.size(!redo, project, author))
    }

    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport> {
        let _ = (project, edit, author, at);
        Err(self.unsupported("take back named edits"))
    }

    fn history(
        &mut self,
        project: ProjectId,
        sample: Option<SampleId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        if !self.shape.has_past() {
            return Err(self.unsupported("show what was changed"));
        }
        self.read(|shape, db| shape.past(db, project, sample, before, limit))
    }

    fn decisions(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<HistoryEntry>> {
        let _ = (project, author, limit);
        Ok(Vec::new())
    }

    fn event_at(&mut self, project: ProjectId, at: Timestamp) -> Result<Option<EventId>> {
        let _ = (project, at);
        Ok(None)
    }

    fn answer_as_of(&mut self, sample: SampleId, event: Option<EventId>) -> Result<Answer> {
        let _ = (sample, event);
        Err(self.unsupported("show earlier answers"))
    }

    fn people(&mut self, project: ProjectId) -> Result<Vec<Person>> {
        self.read(|shape, db| shape.people(db, project))
    }

    fn answer_times(&mut self, project: ProjectId, author: &str, since: Timestamp) -> Result<Vec<Timestamp>> {
        self.read(|shape, db| shape.answer_times(db, project, author, since))
    }

    fn activity(&mut self, project: ProjectId, since: Timestamp) -> Result<Vec<Activity>> {
        self.read(|shape, db| shape.activity(db, project, since))
    }

    fn save_queue(&mut self, project: ProjectId, name: &str, queue: &Queue) -> Result<()> {
        let _ = (project, name, queue);
        Err(self.unsupported("save queues"))
    }

    fn saved_queues(&mut self, project: ProjectId) -> Result<Vec<(String, Queue)>> {
        let _ = project;
        Ok(Vec::new())
    }

    fn delete_queue(&mut self, project: ProjectId, name: &str) -> Result<()> {
        let _ = (project, name);
        Err(self.unsupported("save queues"))
    }

    fn setting(&mut self, project: ProjectId, key: &str) -> Result<Option<String>> {
        Ok(self.settings.get(&project).and_then(|s| s.get(key)).cloned())
    }

    fn set_setting(&mut self, project: ProjectId, key: &str, value: Option<&str>) -> Result<()> {
        let settings = self.settings.entry(project).or_default();
        match value {
            Some(value) => settings.insert(key.to_owned(), value.to_owned()),
            None => settings.remove(key),
        };
        Ok(())
    }

    fn settings(&mut self, project: ProjectId) -> Result<Settings> {
        Ok(self.settings.get(&project).cloned().unwrap_or_default())
    }

    fn start_second_pass(&mut self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64> {
        let _ = (project, share, seed, author);
        Err(self.unsupported("hold second passes"))
    }

    fn second_pass(&mut self, project: ProjectId, author: &str) -> Result<SecondPass> {
        let _ = (project, author);
        Ok(SecondPass::default())
    }

    fn second_pass_next(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>> {
        let _ = (project, author, limit);
        Ok(Vec::new())
    }

    fn answer_second_pass(
        &mut self,
        project: ProjectId,
        sample: SampleId,
        answer: &Answer,
        author: &str,
        at: Timestamp,
    ) -> Result<()> {
        let _ = (project, sample, answer, author, at);
        Err(self.unsupported("hold second passes"))
    }

    fn put_predictions(&mut self, project: ProjectId, batch: &[SamplePredictions]) -> Result<()> {
        let at = Timestamp::now();
        self.write(|shape, db| shape.put_predictions(db, project, batch, at))
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<i64> {
        let _ = comment;
        Err(self.unsupported("keep comments"))
    }

    fn resolve_comment(&mut self, id: i64, resolved: bool) -> Result<()> {
        let _ = (id, resolved);
        Err(self.unsupported("keep comments"))
    }

    fn comments(&mut self, sample: SampleId) -> Result<Vec<Comment>> {
        let _ = sample;
        Ok(Vec::new())
    }

    fn take_once(&mut self, entry: &LedgerEntry) -> Result<bool> {
        let _ = entry;
        Err(self.unsupported("keep a ledger"))
    }

    fn ledger(&mut self, source: &str) -> Result<Vec<LedgerEntry>> {
        let _ = source;
        Ok(Vec::new())
    }

    fn changes_since(&mut self, project: ProjectId, event: Option<EventId>, limit: usize) -> Result<Vec<HistoryEntry>> {
        let _ = (project, event, limit);
        Err(self.unsupported("say what happened since"))
    }

    fn claim(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        owner: &str,
        limit: usize,
        time: Duration,
    ) -> Result<Vec<Queued>> {
        // The web app takes a lock for forgotten after five minutes, whatever we would like.
        let _ = time;
        let keys = self.write(|shape, db| shape.claim(db, project, queue, owner, limit))?;
        self.queued(&keys)
    }

    fn renew_claims(&mut self, project: ProjectId, owner: &str, time: Duration) -> Result<Vec<SampleId>> {
        let _ = time;
        self.write(|shape, db| shape.renew_claims(db, project, owner))
    }

    fn holds(&mut self, project: ProjectId) -> Result<Vec<(SampleId, String)>> {
        self.read(|shape, db| shape.holds(db, project))
    }

    fn release_claims(&mut self, project: ProjectId, owner: &str) -> Result<u64> {
        let sql =
            "UPDATE project_samples SET locked_by = NULL, locked_at = NULL WHERE project_id = ? AND locked_by = ?";
        self.write(|_, db| db.execute(sql, (project.0, owner)))
    }
}
