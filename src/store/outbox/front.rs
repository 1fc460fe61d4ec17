//! The store as the program sees it when edits go through a journal: reads come from the remote store with the waiting
//! edits laid over them, edits go to the journal.

use super::journal::{Journal, Pending};
use super::later::Later;
use super::sender::Sender;
use super::{Conflict, Connect, OnNews, OutboxState, Resolution};
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, ProjectId, SampleId};
use crate::domain::queue::Queue;
use crate::domain::sample::Sample;
use crate::store::records::{Direction, From, Known, Queued, UndoReport};
use crate::store::{Result, Store, StoreError};
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pages that waiting edits have emptied are read again at most so often for one page.
const MOST_READS: usize = 20;

/// How long answers may take to arrive before holds are given back; it runs on a thread that nobody waits for.
const ARRIVING: Duration = Duration::from_secs(5);
/// How often the journal is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(25);

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
    /// Opens the journal at `path`, and connects to the store that is called `place` in messages (without secrets). One that
    /// cannot be reached now is reached by a later call. Nothing is sent before the first edit, [`Store::watch`] or
    /// [`Store::send`], so that a connection that only reads sends nothing.
    ///
    /// # Errors
    /// The journal's; what connecting reports, unless it is a matter of time.
    pub fn open(path: &Path, place: &str, connect: Connect) -> Result<Self> {
        let journal = Journal::open(path)?;
        let remote = match connect() {
            Err(StoreError::Offline { why, .. }) => {
                tracing::warn!(place, why, "not reached yet; edits are kept in the journal");
                Box::new(Later::new(Arc::clone(&connect), place.to_owned()))
            }
            other => other?,
        };
        let on_news: OnNews = Arc::new(|_| {});
        Ok(Self { remote, journal, path: path.to_owned(), connect, on_news, sender: None })
    }

    /// What an earlier run left in the journal at `path`, without asking the store. Nothing where there is no journal, or
    /// where it cannot be read, which opening it reports.
    #[must_use]
    pub fn left(path: &Path) -> Option<OutboxState> {
        let journal = path.exists().then(|| Journal::open(path))?.ok()?;
        let (unsent, conflicts) = journal.counts().ok()?;
        Some(OutboxState { unsent, conflicts, waiting: None })
    }

    /// Has the sender look at the journal; starts it if it is not running. How much waits is told first: the sender may
    /// hang in what it sends, and what was just kept must not be taken for sent for a moment.
    pub(super) fn wake(&mut self) {
        match self.journal.counts() {
            Ok((unsent, conflicts)) => self.sender().waits(unsent, conflicts),
            Err(error) => tracing::warn!(%error, "what waits was not counted"),
        }
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

    fn step_size(&mut self, project: ProjectId, author: &str, redo: bool) -> Result<u64> {
        self.size_of_step(project, author, redo)
    }

    fn sample(&mut self, id: SampleId) -> Result<Sample> {
        let pending = self.journal.pending()?;
        Ok(lay(&pending, self.remote.sample(id)?))
    }

    fn sample_by_path(&mut self, project: ProjectId, path: &str) -> Result<Option<Sample>> {
        let pending = self.journal.pending()?;
        Ok(self.remote.sample_by_path(project, path)?.map(|sample| lay(&pending, sample)))
    }

    fn samples_by_id(&mut self, ids: &[SampleId]) -> Result<Vec<Sample>> {
        let pending = self.journal.pending()?;
        Ok(self.remote.samples_by_id(ids)?.into_iter().map(|sample| lay(&pending, sample)).collect())
    }

    fn known_paths(&mut self, project: ProjectId, paths: &[String]) -> Result<Vec<Option<Known>>> {
        self.remote.known_paths(project, paths)
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

    /// What was answered here and has not arrived yet is not handed out again.
    fn claim(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        owner: &str,
        limit: usize,
        time: Duration,
    ) -> Result<Vec<Queued>> {
        let pending = self.journal.pending()?;
        let found = self.remote.claim(project, queue, owner, limit, time)?;
        Ok(found.into_iter().filter(|q| !pending.contains_key(&q.sample.id)).collect())
    }

    /// What was answered here and has not arrived yet is not asked again.
    fn gold_open(&mut self, project: ProjectId, author: &str) -> Result<Vec<SampleId>> {
        let pending = self.journal.pending()?;
        let mut open = self.remote.gold_open(project, author)?;
        open.retain(|id| !pending.contains_key(id));
        Ok(open)
    }

    /// An answer that has not arrived yet would be asked of somebody else: it goes first. Where it cannot arrive now,
    /// nothing is given back, and the holds end with the answers or by themselves.
    fn release_claims(&mut self, project: ProjectId, owner: &str) -> Result<u64> {
        let end = Instant::now() + ARRIVING;
        while self.journal.counts()?.0 > 0 {
            if Instant::now() >= end {
                return Ok(0);
            }
            std::thread::park_timeout(LOOK);
        }
        self.remote.release_claims(project, owner)
    }

    crate::store::pass_on::pass_on!(remote: manner shelf making queues named_step past extras gold versions quality team);
}
