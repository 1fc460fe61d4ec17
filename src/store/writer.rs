//! The writer: one thread that owns the connection for writing.
//!
//! What always holds: requests are done in the order in which they came; edits that wait while a commit runs go into
//! the next transaction together; nothing is reported as done before it is durable; what cannot be written now stays
//! here, is tried again, and the state says why.

use super::outbox::Resolution;
use super::records::UndoReport;
use super::{Result, Store, StoreError};
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, ProjectId, SampleId};
use crate::domain::queue::Queue;
use crate::domain::sample::Answer;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Something to write.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteRequest {
    /// Edits, committed together.
    Commit(Vec<Edit>),
    /// Takes back a person's last edit or batch.
    Undo {
        /// The project.
        project: ProjectId,
        /// Who.
        author: String,
        /// When.
        at: Timestamp,
    },
    /// Makes the last undone edit or batch again.
    Redo {
        /// The project.
        project: ProjectId,
        /// Who.
        author: String,
        /// When.
        at: Timestamp,
    },
    /// Takes back a person's last edit or batch, or makes it again, unless that changes more than so many pictures.
    Step {
        /// The project.
        project: ProjectId,
        /// Who.
        author: String,
        /// When.
        at: Timestamp,
        /// Forward and not back.
        redo: bool,
        /// So many pictures are changed without a question.
        most: u64,
    },
    /// Takes back one edit.
    UndoEdit {
        /// The project.
        project: ProjectId,
        /// The edit.
        edit: EditId,
        /// Who takes it back.
        author: String,
        /// When.
        at: Timestamp,
    },
    /// What a person decided about an edit that met somebody else's.
    Resolve {
        /// The edit.
        edit: EditId,
        /// The decision.
        how: Resolution,
        /// Who decided.
        author: String,
        /// When.
        at: Timestamp,
    },
    /// A second answer, blindly given.
    SecondAnswer {
        /// The project.
        project: ProjectId,
        /// The sample.
        sample: SampleId,
        /// The answer.
        answer: Answer,
        /// Who.
        author: String,
        /// When.
        at: Timestamp,
    },
    /// Saves a queue under a name; `None` deletes it.
    SaveQueue {
        /// The project.
        project: ProjectId,
        /// The name.
        name: String,
        /// The queue.
        queue: Option<Queue>,
    },
}

impl WriteRequest {
    /// How many edits of a person it holds, for "3 unsaved".
    fn weight(&self) -> usize {
        match self {
            Self::Commit(edits) => edits.len(),
            _ => 1,
        }
    }
}

/// What the writer reports, in order. `on_done` is called on the writer's thread and must not block.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteDone {
    /// Durable, or not taken for the reason the outcome gives; one entry for each edit, in order.
    Committed(Vec<(EditId, Outcome)>),
    /// An undo (also of one named edit) is durable.
    Undone(UndoReport),
    /// A redo is durable.
    Redone(UndoReport),
    /// A step changes more pictures than was allowed; nothing was done.
    Large {
        /// The project.
        project: ProjectId,
        /// Forward and not back.
        redo: bool,
        /// How many pictures it changes.
        pictures: u64,
    },
    /// A decision is durable; the edit that was made for it, if one was.
    Resolved(Option<Edit>),
    /// Any other request is durable.
    Stored(WriteRequest),
    /// Will never work; it is off the queue.
    Failed(WriteRequest, StoreError),
    /// The state changed.
    State(WriteState),
}

/// What the status bar shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WriteState {
    /// Everything is durable.
    #[default]
    Saved,
    /// So many edits are being written.
    Saving(usize),
    /// So many edits wait, because the store cannot be written now.
    Waiting {
        /// Edits not yet durable.
        edits: usize,
        /// What happened and what to do.
        reason: StoreError,
    },
}

/// Called with each report.
pub type OnDone = Box<dyn Fn(WriteDone) + Send>;

#[derive(Default)]
struct Inner {
    queue: VecDeque<WriteRequest>,
    /// Edits taken off the queue that are being written.
    running: usize,
    closing: bool,
    /// Tries again now instead of after the pause.
    hurry: bool,
    state: WriteState,
}

impl Inner {
    fn unsaved(&self) -> usize {
        self.running + self.queue.iter().map(WriteRequest::weight).sum::<usize>()
    }

    fn idle(&self) -> bool {
        self.queue.is_empty() && self.running == 0
    }
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Shared {
    /// A panic elsewhere must not lose edits: the queue itself is always whole.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle to the writer's thread.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(10);
/// Edits in one transaction at most, so that the first of very many is not acknowledged only with the last.
const GROUP: usize = 10_000;

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the system gives no thread.
    pub fn spawn(store: Box<dyn Store>, on_done: OnDone) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let place = store.place().to_owned();
        let work = Work { store, on_done, shared: Arc::clone(&shared) };
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || work.run());
        let thread = thread.map_err(|e| StoreError::Failed { place, why: format!("no thread for writing: {e}") })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Puts a request behind the others; never blocks on the store.
    pub fn submit(&self, request: WriteRequest) {
        self.shared.lock().queue.push_back(request);
        self.shared.changed.notify_all();
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> WriteState {
        self.shared.lock().state.clone()
    }

    /// Edits that are not durable yet.
    #[must_use]
    pub fn unsaved(&self) -> usize {
        self.shared.lock().unsaved()
    }

    /// Tries again at once, without waiting for the pause to end.
    pub fn retry(&self) {
        self.shared.lock().hurry = true;
        self.shared.changed.notify_all();
    }

    /// Waits until everything is durable, at most for `deadline`. Returns how many edits are not.
    #[must_use = "edits that are not durable would be lost on leaving"]
    pub fn flush(&self, deadline: Duration) -> usize {
        let end = Instant::now() + deadline;
        let mut inner = self.shared.lock();
        inner.hurry = true;
        self.shared.changed.notify_all();
        while !inner.idle() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.changed.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        inner.unsaved()
    }

    /// Flushes, stops the thread, and gives back what could not be written, so that the caller can keep it elsewhere.
    #[must_use = "what is returned was not written"]
    pub fn close(mut self, deadline: Duration) -> Vec<WriteRequest> {
        let _ = self.flush(deadline);
        self.stop();
        self.shared.lock().queue.drain(..).collect()
    }

    fn stop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    /// Makes one last try for what is queued.
    fn drop(&mut self) {
        self.stop();
    }
}

struct Work {
    store: Box<dyn Store>,
    on_done: OnDone,
    shared: Arc<Shared>,
}

impl Work {
    fn run(mut self) {
        let mut failures = 0;
        while let Some(group) = self.next() {
            match self.write(&group) {
                Ok(done) => {
                    failures = 0;
                    self.settle(&group, done);
                }
                Err(error) => match error.retry_after() {
                    Some(first) => {
                        self.put_back(group, &error);
                        if !self.pause(first, failures) {
                            return;
                        }
                        failures += 1;
                    }
                    None => self.give_up(group, error),
                },
            }
        }
    }

    /// The next requests to do in one transaction; waits for them. `None` when the writer closes and nothing is left.
    fn next(&self) -> Option<Vec<WriteRequest>> {
        let mut inner = self.shared.lock();
        loop {
            if let Some(first) = inner.queue.pop_front() {
                let mut group = vec![first];
                let mut edits = group.iter().map(WriteRequest::weight).sum::<usize>();
                while matches!(group.last(), Some(WriteRequest::Commit(_))) && edits < GROUP {
                    let Some(WriteRequest::Commit(_)) = inner.queue.front() else { break };
                    let Some(request) = inner.queue.pop_front() else { break };
                    edits += request.weight();
                    group.push(request);
                }
                inner.running = edits.max(1);
                let unsaved = inner.unsaved();
                if !matches!(inner.state, WriteState::Waiting { .. }) {
                    inner.state = WriteState::Saving(unsaved);
                }
                return Some(group);
            }
            if inner.closing {
                return None;
            }
            inner = self.shared.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write(&mut self, group: &[WriteRequest]) -> Result<WriteDone> {
        let store = &mut self.store;
        match group {
            [WriteRequest::Commit(_), ..] => {
                let edits: Vec<Edit> = group.iter().flat_map(edits_of).cloned().collect();
                let outcomes = store.commit(&edits)?;
                Ok(WriteDone::Committed(edits.iter().map(|e| e.id).zip(outcomes).collect()))
            }
            [WriteRequest::Undo { project, author, at }] => Ok(WriteDone::Undone(store.undo(*project, author, *at)?)),
            [WriteRequest::Redo { project, author, at }] => Ok(WriteDone::Redone(store.redo(*project, author, *at)?)),
            [WriteRequest::Step { project, author, at, redo, most }] => {
                let (project, redo) = (*project, *redo);
                let pictures = store.step_size(project, author, redo)?;
                match redo {
                    _ if pictures > *most => Ok(WriteDone::Large { project, redo, pictures }),
                    true => Ok(WriteDone::Redone(store.redo(project, author, *at)?)),
                    false => Ok(WriteDone::Undone(store.undo(project, author, *at)?)),
                }
            }
            [WriteRequest::UndoEdit { project, edit, author, at }] => {
                Ok(WriteDone::Undone(store.undo_edit(*project, *edit, author, *at)?))
            }
            [WriteRequest::Resolve { edit, how, author, at }] => {
                Ok(WriteDone::Resolved(store.resolve(*edit, *how, author, *at)?))
            }
            [request @ WriteRequest::SecondAnswer { project, sample, answer, author, at }] => {
                store.answer_second_pass(*project, *sample, answer, author, *at)?;
                Ok(WriteDone::Stored(request.clone()))
            }
            [request @ WriteRequest::SaveQueue { project, name, queue }] => {
                match queue {
                    Some(queue) => store.save_queue(*project, name, queue)?,
                    None => store.delete_queue(*project, name)?,
                }
                Ok(WriteDone::Stored(request.clone()))
            }
            _ => Ok(WriteDone::Committed(Vec::new())),
        }
    }

    /// Reports what is durable, and the state where it changed.
    fn settle(&self, group: &[WriteRequest], done: WriteDone) {
        tracing::trace!(requests = group.len(), "written");
        (self.on_done)(done);
        self.finish();
    }

    fn finish(&self) {
        let mut inner = self.shared.lock();
        inner.running = 0;
        let unsaved = inner.unsaved();
        let state = if inner.idle() { WriteState::Saved } else { WriteState::Saving(unsaved) };
        inner.state = state.clone();
        drop(inner);
        (self.on_done)(WriteDone::State(state));
        self.shared.changed.notify_all();
    }

    /// Puts requests back to the front of the queue, in order, and says that they wait.
    fn put_back(&self, group: Vec<WriteRequest>, reason: &StoreError) {
        tracing::warn!(%reason, "the store cannot be written now; edits wait");
        let mut inner = self.shared.lock();
        inner.running = 0;
        for request in group.into_iter().rev() {
            inner.queue.push_front(request);
        }
        let state = WriteState::Waiting { edits: inner.unsaved(), reason: reason.clone() };
        inner.state = state.clone();
        drop(inner);
        (self.on_done)(WriteDone::State(state));
    }

    /// Waits before the next try, longer each time. `false` when the writer closes: what waits is then given back.
    fn pause(&self, first: Duration, failures: u32) -> bool {
        let end = Instant::now() + first.saturating_mul(1 << failures.min(10)).min(LONGEST);
        let mut inner = self.shared.lock();
        loop {
            if inner.closing {
                return false;
            }
            let left = end.saturating_duration_since(Instant::now());
            if std::mem::take(&mut inner.hurry) || left.is_zero() {
                return true;
            }
            let waited = self.shared.changed.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A request that can never work. In a group only the one at fault goes: each is tried alone.
    fn give_up(&mut self, group: Vec<WriteRequest>, error: StoreError) {
        if let [one] = group.as_slice() {
            tracing::error!(%error, "a request cannot be written");
            (self.on_done)(WriteDone::Failed(one.clone(), error));
            self.finish();
            return;
        }
        for (i, request) in group.iter().enumerate() {
            match self.write(std::slice::from_ref(request)) {
                Ok(done) => (self.on_done)(done),
                Err(error) if error.retry_after().is_some() => {
                    self.put_back(group.get(i..).unwrap_or_default().to_vec(), &error);
                    return;
                }
                Err(error) => (self.on_done)(WriteDone::Failed(request.clone(), error)),
            }
        }
        self.finish();
    }
}

fn edits_of(request: &WriteRequest) -> &[Edit] {
    match request {
        WriteRequest::Commit(edits) => edits,
        _ => &[],
    }
}
