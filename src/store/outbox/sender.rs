//! The sender: one thread that takes the journal's edits to the remote store.
//!
//! It holds a lock beside the journal while it runs, so that of several programs one sends. It sends what waits together,
//! keeps trying with longer and longer pauses while the network is away, and ends without waiting for the network.

use super::journal::Journal;
use super::{Connect, News, OnNews, OutboxState, Result};
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::EditId;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Edits in one batch at most.
const BATCH: usize = 1_000;
/// Before the first try after a failure, and at most between two.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Between two tries while somebody waits for the end of it.
const HURRY: Duration = Duration::from_millis(50);
/// How often another program's lock is looked at while edits wait.
const LOCKED_PAUSE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Inner {
    /// Something new waits.
    woken: bool,
    /// The journal is being read or sent.
    busy: bool,
    closing: bool,
    /// Somebody waits for everything to be sent: no long pauses.
    hurry: bool,
    /// The thread has ended, or never started.
    ended: bool,
    state: OutboxState,
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and tells it if it is another one now; in the order of the changes, whichever thread makes
    /// them.
    fn tell(&self, on_news: &OnNews, change: impl FnOnce(&mut OutboxState)) {
        let mut inner = self.lock();
        let before = inner.state.clone();
        change(&mut inner.state);
        if inner.state != before {
            on_news(News::Outbox(inner.state.clone()));
        }
        drop(inner);
        self.changed.notify_all();
    }
}

/// The handle to the sender's thread. Dropping it asks the thread to end and does not wait.
pub(super) struct Sender {
    shared: Arc<Shared>,
    on_news: OnNews,
}

impl Sender {
    /// Starts the thread on the journal at `path`.
    pub(super) fn start(path: &Path, connect: Connect, on_news: OnNews) -> Self {
        let shared = Arc::new(Shared::default());
        let (path, told) = (path.to_owned(), Arc::clone(&shared));
        let work = Work { path, connect, on_news: Arc::clone(&on_news), shared: told, remote: None };
        if let Err(error) = std::thread::Builder::new().name("outbox".to_owned()).spawn(move || work.run()) {
            tracing::error!(%error, "no thread for sending edits; they stay in the journal");
            shared.lock().ended = true;
        }
        Self { shared, on_news }
    }

    /// So much waits in the journal now.
    pub(super) fn waits(&self, unsent: u64, conflicts: u64) {
        self.shared.tell(&self.on_news, |state| (state.unsent, state.conflicts) = (unsent, conflicts));
    }

    /// Something new waits in the journal, or the person wants it sent now.
    pub(super) fn wake(&self) {
        self.shared.lock().woken = true;
        self.shared.changed.notify_all();
    }

    /// Waits until nothing waits to be sent, at most so long. Returns the state then.
    pub(super) fn flush(&self, patience: Duration) -> OutboxState {
        let end = Instant::now() + patience;
        let mut inner = self.shared.lock();
        // Both before the thread hears of either: one that took the first alone would sleep through a long pause.
        (inner.woken, inner.hurry) = (true, true);
        self.shared.changed.notify_all();
        while (inner.woken || inner.busy || inner.state.unsent > 0) && !inner.ended {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            inner = self.shared.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        inner.hurry = false;
        inner.state.clone()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
    }
}

struct Work {
    path: PathBuf,
    connect: Connect,
    on_news: OnNews,
    shared: Arc<Shared>,
    remote: Option<Box<dyn Store>>,
}

/// How a round ended.
enum Round {
    /// There may be more.
    Again,
    /// Nothing waits.
    Empty,
    /// It is tried again later.
    Later(Duration, String),
}

impl Work {
    fn run(mut self) {
        // A journal that is locked or on a full disk now may be usable later: its edits must not wait for a restart.
        // Nor must they when a store's client panics, which ends nothing but this thread.
        loop {
            let (why, pause) = match catch_unwind(AssertUnwindSafe(|| self.serve())) {
                Ok(Ok(())) => break,
                Ok(Err(error)) => (format!("the journal cannot be used now: {error}"), LOCKED_PAUSE),
                Err(_) => ("sending failed by a bug, which the log tells; it is tried again".to_owned(), LONGEST_PAUSE),
            };
            tracing::error!("{why}");
            self.remote = None;
            self.tell(|state| state.waiting = Some(why));
            self.shared.lock().woken = false;
            if !self.wait(Some(pause)) {
                break;
            }
        }
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
    }

    fn serve(&mut self) -> Result<()> {
        let mut journal = Journal::open(&self.path)?;
        let mut lock: Option<File> = None;
        let mut failures = 0;
        loop {
            {
                let mut inner = self.shared.lock();
                (inner.woken, inner.busy) = (false, true);
            }
            self.count(&journal)?;
            if lock.is_none() {
                lock = self.try_lock();
            }
            let round = match &lock {
                Some(_) => self.round(&mut journal)?,
                None if self.shared.lock().state.unsent == 0 => Round::Empty,
                None => Round::Later(LOCKED_PAUSE, "another lakelens on this machine sends them".to_owned()),
            };
            let pause = match round {
                Round::Again => {
                    failures = 0;
                    continue;
                }
                Round::Empty => {
                    failures = 0;
                    self.tell(|state| state.waiting = None);
                    None
                }
                Round::Later(pause, why) => {
                    let pause = pause.saturating_mul(1 << failures.min(7)).min(LONGEST_PAUSE);
                    failures += 1;
                    self.tell(|state| state.waiting = Some(why));
                    Some(pause)
                }
            };
            if !self.wait(pause) {
                return Ok(());
            }
        }
    }

    /// Waits for something new; at most so long, if given. `false` when it is time to end.
    fn wait(&self, pause: Option<Duration>) -> bool {
        let begun = Instant::now();
        let end = pause.map(|p| begun + p);
        let mut inner = self.shared.lock();
        inner.busy = false;
        self.shared.changed.notify_all();
        loop {
            if inner.closing {
                return false;
            }
            let end = if inner.hurry { end.map(|e| e.min(begun + HURRY)) } else { end };
            let left = end.map(|e| e.saturating_duration_since(Instant::now()));
            if inner.woken || left.is_some_and(|l| l.is_zero()) {
                return true;
            }
            inner = match left {
                Some(left) => self.shared.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.shared.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// The lock that says who sends; kept until the thread ends.
    fn try_lock(&self) -> Option<File> {
        let path = self.path.with_extension("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(file)
    }

    /// Sends one batch.
    fn round(&mut self, journal: &mut Journal) -> Result<Round> {
        let batch = journal.next(BATCH)?;
        if batch.is_empty() {
            return Ok(Round::Empty);
        }
        // A store that cannot be reached, for whatever reason, says nothing about the edits.
        if let Err(error) = self.connect() {
            return Ok(Round::Later(FIRST_PAUSE, error.to_string()));
        }
        let outcomes = match self.send(&batch) {
            Ok(outcomes) => outcomes,
            Err(error) => match error.retry_after() {
                Some(_) => {
                    // A connection that failed once is not trusted again.
                    self.remote = None;
                    return Ok(Round::Later(FIRST_PAUSE, error.to_string()));
                }
                None if batch.len() > 1 => return self.one_by_one(journal, &batch),
                None => vec![Outcome::Refused { reason: error.to_string() }],
            },
        };
        self.settle(journal, batch, outcomes)?;
        Ok(Round::Again)
    }

    fn connect(&mut self) -> Result<()> {
        if self.remote.is_none() {
            self.remote = Some((self.connect)()?);
        }
        Ok(())
    }

    fn send(&mut self, batch: &[Edit]) -> Result<Vec<Outcome>> {
        let Some(remote) = self.remote.as_mut() else { return Err(StoreError::Interrupted) };
        let outcomes = remote.commit(batch)?;
        if outcomes.len() == batch.len() {
            return Ok(outcomes);
        }
        let why = format!("it answered {} of {} edits", outcomes.len(), batch.len());
        Err(StoreError::Failed { place: remote.place().to_owned(), why })
    }

    /// A batch that can never be taken as a whole: the one at fault is found by sending each alone.
    fn one_by_one(&mut self, journal: &mut Journal, batch: &[Edit]) -> Result<Round> {
        for edit in batch {
            let one = std::slice::from_ref(edit);
            let outcomes = match self.send(one) {
                Ok(outcomes) => outcomes,
                Err(error) if error.retry_after().is_some() => {
                    self.remote = None;
                    return Ok(Round::Later(FIRST_PAUSE, error.to_string()));
                }
                Err(error) => vec![Outcome::Refused { reason: error.to_string() }],
            };
            self.settle(journal, one.to_vec(), outcomes)?;
        }
        Ok(Round::Again)
    }

    fn settle(&mut self, journal: &mut Journal, batch: Vec<Edit>, outcomes: Vec<Outcome>) -> Result<()> {
        let pairs: Vec<(EditId, Outcome)> = batch.iter().map(|e| e.id).zip(outcomes.iter().cloned()).collect();
        journal.settle(&pairs, Timestamp::now())?;
        self.tell(|state| state.waiting = None);
        self.count(journal)?;
        (self.on_news)(News::Settled(batch.into_iter().zip(outcomes).collect()));
        Ok(())
    }

    fn count(&self, journal: &Journal) -> Result<()> {
        let (unsent, conflicts) = journal.counts()?;
        self.tell(|state| (state.unsent, state.conflicts) = (unsent, conflicts));
        Ok(())
    }

    fn tell(&self, change: impl FnOnce(&mut OutboxState)) {
        self.shared.tell(&self.on_news, change);
    }
}
