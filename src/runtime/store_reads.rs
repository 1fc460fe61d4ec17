//! Questions to the store, answered on a thread with its own connection. A newer question of a slot stops the older.

use super::message::Sender;
use super::store_review;
use crate::app::effect::{JumpTo, Query};
use crate::app::event::{Event, HistoryLine, Reply};
use crate::app::slots::{Slot, Tag};
use crate::domain::edit::Origin;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Sample, Status};
use crate::store::records::{Direction, From, HistoryEntry, Shelf};
use crate::store::{Interrupt, Result, Store, StoreError};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The name of the setting that keeps where a person left a project.
#[must_use]
pub fn session_key(user: &str) -> String {
    format!("session:{user}")
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<(Tag, Query)>,
    newest: HashMap<Slot, u64>,
    running: Option<Tag>,
    interrupt: Option<Interrupt>,
    stopped: bool,
}

/// The thread that answers.
pub struct Reader {
    shared: Arc<(Mutex<Waiting>, Condvar)>,
}

fn lock(mutex: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reader {
    /// Starts answering. `open` runs on the thread; while it fails, every question is answered with its error.
    #[must_use]
    pub fn start(open: impl Fn() -> Result<Box<dyn Store>> + Send + 'static, user: String, sender: Sender) -> Self {
        let shared: Arc<(Mutex<Waiting>, Condvar)> = Arc::default();
        let of_thread = Arc::clone(&shared);
        let run = move || serve(&of_thread, &open, &user, &sender);
        if let Err(error) = std::thread::Builder::new().name("store-reads".to_owned()).spawn(run) {
            tracing::error!(%error, "no thread for reading the store");
        }
        Self { shared }
    }

    /// Asks; an older question of the same slot is forgotten or stopped.
    pub fn ask(&self, tag: Tag, query: Query) {
        let mut waiting = lock(&self.shared.0);
        waiting.newest.insert(tag.slot, tag.generation);
        waiting.queue.retain(|(t, _)| t.slot != tag.slot);
        waiting.queue.push_back((tag, query));
        if waiting.running.is_some_and(|t| t.slot == tag.slot)
            && let Some(interrupt) = &waiting.interrupt
        {
            interrupt();
        }
        self.shared.1.notify_all();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut waiting = lock(&self.shared.0);
        waiting.stopped = true;
        if let Some(interrupt) = &waiting.interrupt {
            interrupt();
        }
        self.shared.1.notify_all();
    }
}

fn serve(shared: &(Mutex<Waiting>, Condvar), open: &dyn Fn() -> Result<Box<dyn Store>>, user: &str, sender: &Sender) {
    let mut store: Option<Box<dyn Store>> = None;
    while let Some((tag, query)) = next(shared) {
        let opened = match store.take() {
            Some(store) => Ok(store),
            None => open(),
        };
        let reply = match opened {
            Ok(mut opened) => {
                lock(&shared.0).interrupt = Some(opened.interrupt());
                let reply = answer(opened.as_mut(), user, query);
                store = Some(opened);
                reply
            }
            Err(error) => Err(error),
        };
        lock(&shared.0).running = None;
        match reply {
            Ok(reply) => sender.event(Event::Reply(tag, reply)),
            Err(StoreError::Interrupted) => {}
            Err(error) => sender.event(Event::Reply(tag, Reply::Failed(error.to_string()))),
        }
    }
}

fn next(shared: &(Mutex<Waiting>, Condvar)) -> Option<(Tag, Query)> {
    let mut waiting = lock(&shared.0);
    loop {
        if waiting.stopped {
            return None;
        }
        if let Some((tag, query)) = waiting.queue.pop_front() {
            waiting.running = Some(tag);
            return Some((tag, query));
        }
        waiting = shared.1.wait(waiting).unwrap_or_else(PoisonError::into_inner);
    }
}

fn answer(store: &mut dyn Store, user: &str, query: Query) -> Result<Reply> {
    Ok(match query {
        Query::Projects => {
            let projects = store.projects(Shelf::All)?;
            let with_counts = projects.into_iter().map(|p| Ok((store.counts(p.id)?, p)));
            let all: Result<Vec<_>> = with_counts.collect();
            Reply::Projects(all?.into_iter().map(|(c, p)| (p, c)).collect())
        }
        Query::Project(id) => Reply::Project(Box::new(store.project(id)?), store.counts(id)?),
        Query::Counts(id) => Reply::Counts(store.counts(id)?),
        Query::Page { project, queue, beyond, back, limit } => page(store, project, &queue, beyond, back, limit)?,
        Query::Jump { project, queue, to, limit } => jump(store, project, &queue, to, limit)?,
        Query::Position { project, queue, sample } => position(store, project, &queue, sample)?,
        Query::Tape { project, limit } => Reply::History(lines(store.decisions(project, user, limit)?)),
        Query::History { project, sample, limit } => {
            Reply::History(lines(store.history(project, sample, None, limit)?))
        }
        Query::Queues(project) => Reply::Queues(store.saved_queues(project)?),
        Query::Session(project) => {
            let kept = store.setting(project, &session_key(user))?;
            Reply::Session(kept.and_then(|text| serde_json::from_str(&text).ok()))
        }
        Query::Stats(_) => Reply::Stats(Box::default()),
        Query::Review(project) => store_review::review(store, project, user)?,
        Query::SecondPass { project, limit } => store_review::second_pass(store, project, user, limit)?,
        Query::Agreement(project) => store_review::agreement(store, project)?,
        Query::List { .. } | Query::Facts(_) | Query::Preview(_) | Query::Complete { .. } => {
            Reply::Failed("this is not a question to the store".to_owned())
        }
    })
}

fn page(
    store: &mut dyn Store,
    project: ProjectId,
    queue: &Queue,
    beyond: Option<SampleId>,
    back: bool,
    limit: usize,
) -> Result<Reply> {
    let from = match beyond {
        Some(id) => From::After(store.cursor(queue, id)?),
        None => From::Edge,
    };
    let direction = if back { Direction::Back } else { Direction::Forward };
    let found = store.page(project, queue, &from, direction, limit)?;
    let end = found.len() < limit;
    let mut samples: Vec<Sample> = found.into_iter().map(|q| q.sample).collect();
    if back {
        samples.reverse();
    }
    Ok(Reply::Page { samples, end })
}

fn jump(store: &mut dyn Store, project: ProjectId, queue: &Queue, to: JumpTo, limit: usize) -> Result<Reply> {
    let nothing = Reply::Page { samples: Vec::new(), end: true };
    let target = match to {
        JumpTo::Number(n) => store.nth(project, queue, n.saturating_sub(1))?,
        JumpTo::Random(n) => {
            let count = store.count(project, &queue.filter)?;
            if count == 0 { None } else { store.nth(project, queue, n % count)? }
        }
        JumpTo::Sample(id) => Some(store.cursor(queue, id)?),
        JumpTo::NextUnlabeled(id) => next_unlabeled(store, project, queue, id)?,
    };
    let Some(cursor) = target else { return Ok(nothing) };
    let found = store.page(project, queue, &From::At(cursor), Direction::Forward, limit)?;
    let end = found.len() < limit;
    let mut samples: Vec<Sample> = found.into_iter().map(|q| q.sample).collect();
    if let JumpTo::Sample(id) = to
        && samples.first().map(|s| s.id) != Some(id)
    {
        // It has left the queue, but it is what was asked for.
        samples.insert(0, store.sample(id)?);
    }
    Ok(Reply::Page { samples, end })
}

/// The next unanswered sample in the queue's order: after the one given, else from the start.
fn next_unlabeled(
    store: &mut dyn Store,
    project: ProjectId,
    queue: &Queue,
    after: SampleId,
) -> Result<Option<crate::store::records::Cursor>> {
    let status = vec![Status::Unlabeled, Status::PreLabeled];
    let open = Queue { filter: Filter { status, ..queue.filter.clone() }, order: queue.order };
    let from = From::After(store.cursor(queue, after)?);
    for from in [from, From::Edge] {
        if let Some(found) = store.page(project, &open, &from, Direction::Forward, 1)?.pop() {
            return Ok(Some(found.cursor));
        }
    }
    Ok(None)
}

fn position(store: &mut dyn Store, project: ProjectId, queue: &Queue, sample: SampleId) -> Result<Reply> {
    let cursor = store.cursor(queue, sample)?;
    let before = store.position(project, queue, &cursor)?;
    let total = store.count(project, &queue.filter)?;
    Ok(Reply::Position { rank: (before < total).then_some(before + 1), total })
}

/// History entries as the screens show them: an entry that a later one took back is marked.
fn lines(entries: Vec<HistoryEntry>) -> Vec<HistoryLine> {
    let mut undone = HashSet::new();
    let mut out = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Origin::Undo(of) = entry.edit.origin {
            undone.insert(of);
        }
        out.push(HistoryLine { undone: undone.contains(&entry.edit.id), edit: entry.edit, path: entry.path });
    }
    out
}
