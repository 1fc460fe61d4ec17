//! A store behind a link that may break around every commit. Reading never fails here.

use super::Link;
use jiff::Timestamp;
use lakelens::domain::edit::{Edit, Outcome};
use lakelens::domain::ids::{EditId, EventId, ProjectId, SampleId};
use lakelens::domain::project::{Counts, Project, ScanSettings};
use lakelens::domain::queue::{Filter, Queue};
use lakelens::domain::sample::{Answer, Sample};
use lakelens::store::records::{
    Activity, Capabilities, Comment, Cursor, Direction, From, HistoryEntry, LedgerEntry, NewProject, NewSample,
    NewVersion, Person, Queued, SamplePredictions, ScanId, ScanReport, SecondAnswer, SecondPass, Settings, Shelf,
    Tallies, UndoReport,
};
use lakelens::store::{Interrupt, Result, Store};

pub(super) struct Linked {
    pub(super) store: Box<dyn Store>,
    pub(super) link: Link,
}

impl Store for Linked {
    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        let Self { store, link } = self;
        link.around(|| store.commit(edits))
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn place(&self) -> &str {
        self.store.place()
    }

    fn read_only(&self) -> Option<String> {
        self.store.read_only()
    }

    fn interrupt(&self) -> Interrupt {
        self.store.interrupt()
    }

    fn create_project(&mut self, new: &NewProject) -> Result<Project> {
        self.store.create_project(new)
    }

    fn projects(&mut self, shelf: Shelf) -> Result<Vec<Project>> {
        self.store.projects(shelf)
    }

    fn project(&mut self, id: ProjectId) -> Result<Project> {
        self.store.project(id)
    }

    fn project_by_name(&mut self, name: &str) -> Result<Option<Project>> {
        self.store.project_by_name(name)
    }

    fn rename_project(&mut self, id: ProjectId, name: &str) -> Result<()> {
        self.store.rename_project(id, name)
    }

    fn set_scan(&mut self, id: ProjectId, scan: &ScanSettings) -> Result<()> {
        self.store.set_scan(id, scan)
    }

    fn trash_project(&mut self, id: ProjectId) -> Result<()> {
        self.store.trash_project(id)
    }

    fn restore_project(&mut self, id: ProjectId) -> Result<()> {
        self.store.restore_project(id)
    }

    fn clone_project(&mut self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        self.store.clone_project(id, new)
    }

    fn delete_project(&mut self, id: ProjectId) -> Result<()> {
        self.store.delete_project(id)
    }

    fn begin_scan(&mut self, project: ProjectId, author: &str) -> Result<ScanId> {
        self.store.begin_scan(project, author)
    }

    fn add_samples(&mut self, scan: ScanId, files: &[NewSample]) -> Result<ScanReport> {
        self.store.add_samples(scan, files)
    }

    fn finish_scan(&mut self, scan: ScanId) -> Result<ScanReport> {
        self.store.finish_scan(scan)
    }

    fn sample(&mut self, id: SampleId) -> Result<Sample> {
        self.store.sample(id)
    }

    fn sample_by_path(&mut self, project: ProjectId, path: &str) -> Result<Option<Sample>> {
        self.store.sample_by_path(project, path)
    }

    fn page(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        from: &From,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Queued>> {
        self.store.page(project, queue, from, direction, limit)
    }

    fn cursor(&mut self, queue: &Queue, sample: SampleId) -> Result<Cursor> {
        self.store.cursor(queue, sample)
    }

    fn position(&mut self, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64> {
        self.store.position(project, queue, cursor)
    }

    fn nth(&mut self, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>> {
        self.store.nth(project, queue, n)
    }

    fn count(&mut self, project: ProjectId, filter: &Filter) -> Result<u64> {
        self.store.count(project, filter)
    }

    fn counts(&mut self, project: ProjectId) -> Result<Counts> {
        self.store.counts(project)
    }

    fn tallies(&mut self, project: ProjectId) -> Result<Tallies> {
        self.store.tallies(project)
    }

    fn undo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.store.undo(project, author, at)
    }

    fn redo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.store.redo(project, author, at)
    }

    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.store.undo_edit(project, edit, author, at)
    }

    fn history(
        &mut self,
        project: ProjectId,
        sample: Option<SampleId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        self.store.history(project, sample, before, limit)
    }

    fn decisions(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<HistoryEntry>> {
        self.store.decisions(project, author, limit)
    }

    fn event_at(&mut self, project: ProjectId, at: Timestamp) -> Result<Option<EventId>> {
        self.store.event_at(project, at)
    }

    fn answer_as_of(&mut self, sample: SampleId, event: Option<EventId>) -> Result<Answer> {
        self.store.answer_as_of(sample, event)
    }

    fn people(&mut self, project: ProjectId) -> Result<Vec<Person>> {
        self.store.people(project)
    }

    fn answer_times(&mut self, project: ProjectId, author: &str, since: Timestamp) -> Result<Vec<Timestamp>> {
        self.store.answer_times(project, author, since)
    }

    fn activity(&mut self, project: ProjectId, since: Timestamp) -> Result<Vec<Activity>> {
        self.store.activity(project, since)
    }

    fn save_queue(&mut self, project: ProjectId, name: &str, queue: &Queue) -> Result<()> {
        self.store.save_queue(project, name, queue)
    }

    fn saved_queues(&mut self, project: ProjectId) -> Result<Vec<(String, Queue)>> {
        self.store.saved_queues(project)
    }

    fn delete_queue(&mut self, project: ProjectId, name: &str) -> Result<()> {
        self.store.delete_queue(project, name)
    }

    fn setting(&mut self, project: ProjectId, key: &str) -> Result<Option<String>> {
        self.store.setting(project, key)
    }

    fn set_setting(&mut self, project: ProjectId, key: &str, value: Option<&str>) -> Result<()> {
        self.store.set_setting(project, key, value)
    }

    fn settings(&mut self, project: ProjectId) -> Result<Settings> {
        self.store.settings(project)
    }

    fn start_second_pass(&mut self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64> {
        self.store.start_second_pass(project, share, seed, author)
    }

    fn second_pass(&mut self, project: ProjectId, author: &str) -> Result<SecondPass> {
        self.store.second_pass(project, author)
    }

    fn second_pass_next(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>> {
        self.store.second_pass_next(project, author, limit)
    }

    fn answer_second_pass(
        &mut self,
        project: ProjectId,
        sample: SampleId,
        answer: &Answer,
        author: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.store.answer_second_pass(project, sample, answer, author, at)
    }

    fn second_answers(&mut self, project: ProjectId) -> Result<Vec<SecondAnswer>> {
        self.store.second_answers(project)
    }

    fn put_predictions(&mut self, project: ProjectId, batch: &[SamplePredictions]) -> Result<()> {
        self.store.put_predictions(project, batch)
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<i64> {
        self.store.add_comment(comment)
    }

    fn resolve_comment(&mut self, id: i64, resolved: bool) -> Result<()> {
        self.store.resolve_comment(id, resolved)
    }

    fn comments(&mut self, sample: SampleId) -> Result<Vec<Comment>> {
        self.store.comments(sample)
    }

    fn take_once(&mut self, entry: &LedgerEntry) -> Result<bool> {
        self.store.take_once(entry)
    }

    fn ledger(&mut self, source: &str) -> Result<Vec<LedgerEntry>> {
        self.store.ledger(source)
    }
}
