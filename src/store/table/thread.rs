//! The thread that brings edits into the table while the person goes on labelling.
//!
//! What always holds: it sleeps until there is something to do; only one sender of a table works at a time, whatever
//! number of programs have it open, because each holds the lock of a file while it works.

use super::TableFiles;
use super::sender::Sender;
use crate::store::{Result, StoreError};
use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long edits are gathered before they are sent together.
const GATHER: Duration = Duration::from_millis(1500);
/// How long leaving waits for the table.
const LEAVING: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Inner {
    /// There is something to send.
    wanted: bool,
    /// Send now, without gathering or waiting after a failure.
    hurry: bool,
    working: bool,
    closing: bool,
    /// How often everything was sent or it failed.
    rounds: u64,
    error: Option<StoreError>,
    /// Told after each round.
    told: Option<Told>,
}

/// Called on the thread after each round.
pub(super) type Told = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle to the thread; it starts with the first thing to do.
pub(super) struct SenderThread {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    stop: CancellationToken,
}

/// Holds the lock of a table until it is dropped.
pub(super) struct Turn {
    _file: File,
}

impl Turn {
    /// Waits for the turn.
    pub(super) fn wait(files: &TableFiles) -> Result<Self> {
        let failed = |e: std::io::Error| StoreError::Failed {
            place: files.lock.display().to_string(),
            why: format!("the lock of the table cannot be had: {e}"),
        };
        let file = File::options().create(true).append(true).open(&files.lock).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Makes a sender for a round; each round has connections of its own to the files.
pub(super) type Make = Arc<dyn Fn(&CancellationToken) -> Result<Sender> + Send + Sync>;

impl SenderThread {
    pub(super) fn new() -> Self {
        Self { shared: Arc::default(), thread: None, stop: CancellationToken::new() }
    }

    /// Says that there is something to send.
    pub(super) fn poke(&mut self, files: &TableFiles, make: &Make) {
        self.shared.lock().wanted = true;
        self.shared.changed.notify_all();
        if self.thread.is_none() {
            let (shared, stop, files, make) =
                (Arc::clone(&self.shared), self.stop.clone(), files.clone(), Arc::clone(make));
            let work = move || run(&shared, &files, &make, &stop);
            match std::thread::Builder::new().name("table-sender".to_owned()).spawn(work) {
                Ok(thread) => self.thread = Some(thread),
                // What is not sent stays written down.
                Err(error) => tracing::error!(%error, "no thread for sending"),
            }
        }
    }

    /// Has `told` called after each round from now on.
    pub(super) fn tell(&self, told: Told) {
        self.shared.lock().told = Some(told);
    }

    /// Sends at once and waits until everything is in the table, or it failed.
    pub(super) fn flush(&self, longest: Duration) -> Result<()> {
        let end = Instant::now() + longest;
        let mut inner = self.shared.lock();
        if self.thread.is_none() {
            return Ok(());
        }
        let rounds = inner.rounds;
        inner.hurry = true;
        self.shared.changed.notify_all();
        while (inner.wanted || inner.working) && inner.rounds == rounds {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            inner = self.shared.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        inner.error.clone().map_or(Ok(()), Err)
    }
}

impl Drop for SenderThread {
    /// Makes one last try for what waits, and does not wait long for it.
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let end = Instant::now() + LEAVING;
        let mut inner = self.shared.lock();
        (inner.closing, inner.hurry) = (true, true);
        self.shared.changed.notify_all();
        while (inner.working || inner.wanted) && !end.saturating_duration_since(Instant::now()).is_zero() {
            let left = end.saturating_duration_since(Instant::now());
            inner = self.shared.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let idle = !inner.working;
        drop(inner);
        self.stop.cancel();
        if idle {
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared, files: &TableFiles, make: &Make, stop: &CancellationToken) {
    let mut failures = 0_u32;
    while next(shared, failures) {
        let done = Turn::wait(files).and_then(|_turn| {
            let mut sender = make(stop)?;
            let done = sender.drain();
            if let Err(error) = &done {
                let _ = sender.rows.set_state("waiting", Some(&error.to_string()));
            }
            done
        });
        let mut inner = shared.lock();
        inner.working = false;
        inner.rounds += 1;
        match done {
            Ok(sent) => {
                tracing::debug!(?sent, "sent");
                failures = 0;
                inner.error = None;
            }
            Err(error) => {
                tracing::warn!(%error, "edits wait");
                failures += 1;
                // A failed last try is not repeated: it is made again when the table is opened again.
                inner.wanted = !inner.closing;
                inner.error = Some(error);
            }
        }
        shared.changed.notify_all();
        let told = inner.told.clone();
        drop(inner);
        if let Some(told) = told {
            told();
        }
    }
}

/// Waits for something to do; `false` when it is over.
fn next(shared: &Shared, failures: u32) -> bool {
    let mut inner = shared.lock();
    while !inner.wanted {
        if inner.closing {
            return false;
        }
        inner = shared.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
    }
    let pause =
        if failures == 0 { GATHER } else { FIRST_PAUSE.saturating_mul(1 << failures.min(8)).min(LONGEST_PAUSE) };
    let end = Instant::now() + pause;
    while !inner.hurry && !inner.closing {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        inner = shared.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
    }
    (inner.wanted, inner.hurry, inner.working) = (false, false, true);
    true
}
