//! The store as the program sees it when edits go through a journal: reads come from the remote store with the waiting
//! edits laid over them, edits go to the journal.

use super::journal::{Journal, Pending};
use super::sender::Sender;
use super::{Conflict, Connect, OnNews, OutboxState, Resolution};
use crate::domain::agreement::Kappa;
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, EventId, ProjectId, SampleId};
use crate::domain::project::{Counts, Project, ScanSettings};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Answer, Sample};
use crate::store::records::{
    Activity, Capabilities, Comment, Cursor, Direction, From, HistoryEntry, LedgerEntry, NewProject, NewSample,
    NewVersion, Person, Presence, Queued, SamplePredictions, ScanId, ScanReport, SecondAnswer, SecondPass, Settings,
    Shelf, Tallies, UndoReport,
};
use crate::store::{Interrupt, Result, Store};
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Pages that waiting edits have emptied are read again at most so often for one page.
const MOST_READS: usize = 20;

/// A remote store behind a journal.
pub struct Outboxed {
    pub(super) remote: Box<dyn Store>,
    pub(super) journal: Journal,
    path: PathBuf,
    connect: Connect,
    on_news: OnNews,
    sender: Option<Sender>,
}

impl Outboxed {
    /// Connects, and opens the journal at `path`. Nothing is sent before the first edit, [`Store::watch`] or
    /// [`Store::send`], so that a connection that only reads sends nothing.
    ///
    /// # Errors
    /// What connecting reports, or the journal.
    pub fn open(path: &Path, connect: Connect) -> Result<Self> {
        let journal = Journal::open(path)?;
        let remote = connect()?;
        let on_news: OnNews = Arc::new(|_| {});
        Ok(Self { remote, journal, path: path.to_owned(), connect, on_news, sender: None })
    }

    /// Has the sender look at the journal; starts it if it is not running.
    pub(super) fn wake(&mut self) {
        self.sender().wake();
    }

    fn sender(&mut self) -> &Sender {
        let start = || Sender::start(&self.path, Arc::clone(&self.connect), Arc::clone(&self.on_news));
        self.sender.get_or_insert_with(start)
    }
}

fn lay(pending: &HashMap<SampleId, Pending>, mut sample: Sample) -> Sample {
    if let Some(waiting) = pending.get(&sample.id) {
        if let Some(answer) = &waiting.answer {
            sample.answer = answer.clone();
        }
        // Not counted up from the store's: an edit may have been sent since the journal was read.
        sample.rev = waiting.rev.unwrap_or(sample.rev);
    }
    sample
}

impl Store for Outboxed {
    fn capabilities(&self) -> Capabilities {
        self.remote.capabilities()
    }

    fn place(&self) -> &str {
        self.remote.place()
    }

    fn read_only(&self) -> Option<String> {
        self.remote.read_only()
    }

    fn interrupt(&self) -> Interrupt {
        self.remote.interrupt()
    }

    fn outbox(&mut self) -> Result<OutboxState> {
        let (unsent, conflicts) = self.journal.counts()?;
        Ok(OutboxState { unsent, conflicts, waiting: None })
    }

    fn conflicts(&mut self, project: ProjectId) -> Result<Vec<Conflict>> {
        self.journal.conflicts(project)
    }

    fn resolve(&mut self, edit: EditId, how: Resolution, author: &str, at: Timestamp) -> Result<Option<Edit>> {
        self.carry_out(edit, how, author, at)
    }

    fn watch(&mut self, on_news: OnNews) {
        self.on_news = Arc::clone(&on_news);
        self.remote.watch(on_news);
        self.sender = None;
        self.wake();
    }

    fn send(&mut self, patience: Duration) -> Result<OutboxState> {
        if self.journal.counts()?.0 == 0 {
            return self.outbox();
        }
        Ok(self.sender().flush(patience))
    }

    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        self.journal.add(edits)?;
        self.wake();
        Ok(vec![Outcome::Queued; edits.len()])
    }

    fn undo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, false)
    }

    fn redo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, true)
    }

    fn sample(&mut self, id: SampleId) -> Result<Sample> {
        let pending = self.journal.pending()?;
        Ok(lay(&pending, self.remote.sample(id)?))
    }

    fn sample_by_path(&mut self, project: ProjectId, path: &str) -> Result<Option<Sample>> {
        let pending = self.journal.pending()?;
        Ok(self.remote.sample_by_path(project, path)?.map(|sample| lay(&pending, sample)))
    }

    /// Samples that waiting edits have taken out of a queue by status are left out.
    fn page(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        from: &From,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Queued>> {
        // What waits is read first: an edit that is sent in between is laid over its own result, which changes nothing.
        let pending = self.journal.pending()?;
        if pending.is_empty() {
            return self.remote.page(project, queue, from, direction, limit);
        }
        let status = &queue.filter.status;
        let stays = |q: &Queued| status.is_empty() || status.contains(&q.sample.answer.status);
        let (mut out, mut from) = (Vec::with_capacity(limit), from.clone());
        for _ in 0..MOST_READS {
            let wanted = limit - out.len();
            let found = self.remote.page(project, queue, &from, direction, wanted)?;
            let end = found.len() < wanted;
            if let Some(last) = found.last() {
                from = From::After(last.cursor.clone());
            }
            let laid = found.into_iter().map(|q| Queued { sample: lay(&pending, q.sample), ..q });
            out.extend(laid.filter(stays));
            if end || out.len() >= limit {
                break;
            }
        }
        Ok(out)
    }

    fn create_project(&mut self, new: &NewProject) -> Result<Project> {
        self.remote.create_project(new)
    }

    fn projects(&mut self, shelf: Shelf) -> Result<Vec<Project>> {
        self.remote.projects(shelf)
    }

    fn project(&mut self, id: ProjectId) -> Result<Project> {
        self.remote.project(id)
    }

    fn project_by_name(&mut self, name: &str) -> Result<Option<Project>> {
        self.remote.project_by_name(name)
    }

    fn rename_project(&mut self, id: ProjectId, name: &str) -> Result<()> {
        self.remote.rename_project(id, name)
    }

    fn set_scan(&mut self, id: ProjectId, scan: &ScanSettings) -> Result<()> {
        self.remote.set_scan(id, scan)
    }

    fn trash_project(&mut self, id: ProjectId) -> Result<()> {
        self.remote.trash_project(id)
    }

    fn restore_project(&mut self, id: ProjectId) -> Result<()> {
        self.remote.restore_project(id)
    }

    fn clone_project(&mut self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        self.remote.clone_project(id, new)
    }

    fn delete_project(&mut self, id: ProjectId) -> Result<()> {
        self.remote.delete_project(id)
    }

    fn begin_scan(&mut self, project: ProjectId, author: &str) -> Result<ScanId> {
        self.remote.begin_scan(project, author)
    }

    fn add_samples(&mut self, scan: ScanId, files: &[NewSample]) -> Result<ScanReport> {
        self.remote.add_samples(scan, files)
    }

    fn finish_scan(&mut self, scan: ScanId) -> Result<ScanReport> {
        self.remote.finish_scan(scan)
    }

    fn cursor(&mut self, queue: &Queue, sample: SampleId) -> Result<Cursor> {
        self.remote.cursor(queue, sample)
    }

    fn position(&mut self, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64> {
        self.remote.position(project, queue, cursor)
    }

    fn nth(&mut self, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>> {
        self.remote.nth(project, queue, n)
    }

    fn count(&mut self, project: ProjectId, filter: &Filter) -> Result<u64> {
        self.remote.count(project, filter)
    }

    fn counts(&mut self, project: ProjectId) -> Result<Counts> {
        self.remote.counts(project)
    }

    fn tallies(&mut self, project: ProjectId) -> Result<Tallies> {
        self.remote.tallies(project)
    }

    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.remote.undo_edit(project, edit, author, at)
    }

    fn history(
        &mut self,
        project: ProjectId,
        sample: Option<SampleId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        self.remote.history(project, sample, before, limit)
    }

    fn decisions(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<HistoryEntry>> {
        self.remote.decisions(project, author, limit)
    }

    fn event_at(&mut self, project: ProjectId, at: Timestamp) -> Result<Option<EventId>> {
        self.remote.event_at(project, at)
    }

    fn answer_as_of(&mut self, sample: SampleId, event: Option<EventId>) -> Result<Answer> {
        self.remote.answer_as_of(sample, event)
    }

    fn people(&mut self, project: ProjectId) -> Result<Vec<Person>> {
        self.remote.people(project)
    }

    fn answer_times(&mut self, project: ProjectId, author: &str, since: Timestamp) -> Result<Vec<Timestamp>> {
        self.remote.answer_times(project, author, since)
    }

    fn activity(&mut self, project: ProjectId, since: Timestamp) -> Result<Vec<Activity>> {
        self.remote.activity(project, since)
    }

    fn save_queue(&mut self, project: ProjectId, name: &str, queue: &Queue) -> Result<()> {
        self.remote.save_queue(project, name, queue)
    }

    fn saved_queues(&mut self, project: ProjectId) -> Result<Vec<(String, Queue)>> {
        self.remote.saved_queues(project)
    }

    fn delete_queue(&mut self, project: ProjectId, name: &str) -> Result<()> {
        self.remote.delete_queue(project, name)
    }

    fn setting(&mut self, project: ProjectId, key: &str) -> Result<Option<String>> {
        self.remote.setting(project, key)
    }

    fn set_setting(&mut self, project: ProjectId, key: &str, value: Option<&str>) -> Result<()> {
        self.remote.set_setting(project, key, value)
    }

    fn settings(&mut self, project: ProjectId) -> Result<Settings> {
        self.remote.settings(project)
    }

    fn start_second_pass(&mut self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64> {
        self.remote.start_second_pass(project, share, seed, author)
    }

    fn second_pass(&mut self, project: ProjectId, author: &str) -> Result<SecondPass> {
        self.remote.second_pass(project, author)
    }

    fn second_pass_next(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>> {
        self.remote.second_pass_next(project, author, limit)
    }

    fn answer_second_pass(
        &mut self,
        project: ProjectId,
        sample: SampleId,
        answer: &Answer,
        author: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.remote.answer_second_pass(project, sample, answer, author, at)
    }

    fn second_answers(&mut self, project: ProjectId) -> Result<Vec<SecondAnswer>> {
        self.remote.second_answers(project)
    }

    fn put_predictions(&mut self, project: ProjectId, batch: &[SamplePredictions]) -> Result<()> {
        self.remote.put_predictions(project, batch)
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<i64> {
        self.remote.add_comment(comment)
    }

    fn resolve_comment(&mut self, id: i64, resolved: bool) -> Result<()> {
        self.remote.resolve_comment(id, resolved)
    }

    fn comments(&mut self, sample: SampleId) -> Result<Vec<Comment>> {
        self.remote.comments(sample)
    }

    fn take_once(&mut self, entry: &LedgerEntry) -> Result<bool> {
        self.remote.take_once(entry)
    }

    fn ledger(&mut self, source: &str) -> Result<Vec<LedgerEntry>> {
        self.remote.ledger(source)
    }

    fn agreement(&mut self, project: ProjectId) -> Result<Kappa> {
        self.remote.agreement(project)
    }

    fn disagreements(&mut self, project: ProjectId) -> Result<Vec<SecondAnswer>> {
        self.remote.disagreements(project)
    }

    fn claim(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        owner: &str,
        limit: usize,
        time: Duration,
    ) -> Result<Vec<Queued>> {
        self.remote.claim(project, queue, owner, limit, time)
    }

    fn renew_claims(&mut self, project: ProjectId, owner: &str, time: Duration) -> Result<Vec<SampleId>> {
        self.remote.renew_claims(project, owner, time)
    }

    fn release_claims(&mut self, project: ProjectId, owner: &str) -> Result<u64> {
        self.remote.release_claims(project, owner)
    }

    fn changes_since(&mut self, project: ProjectId, event: Option<EventId>, limit: usize) -> Result<Vec<HistoryEntry>> {
        self.remote.changes_since(project, event, limit)
    }

    fn wait_for_change(
        &mut self,
        project: ProjectId,
        event: Option<EventId>,
        time: Duration,
    ) -> Result<Option<EventId>> {
        self.remote.wait_for_change(project, event, time)
    }

    fn announce(&mut self, project: ProjectId, presence: &Presence) -> Result<Vec<Presence>> {
        self.remote.announce(project, presence)
    }
}
