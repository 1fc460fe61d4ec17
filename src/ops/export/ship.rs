//! Takes the files of an export to their place behind a server while others are still being written.
//!
//! Why: a copied data set may be larger than the disk of this machine. What always holds: at most [`QUEUED`] files wait;
//! what was taken away is removed here; of every file the name is noted before it is begun there, so that all of it can be
//! taken back; after the first failure nothing more is begun.

use super::super::OpsError;
use super::begun::Begun;
use super::filling::hashed;
use crate::lake::LakeError;
use crate::lake::target::Target;
use std::collections::{HashSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Files that wait to be taken away.
const QUEUED: usize = 16;
/// Files that are under way at once: servers ask for no more than about six.
pub(super) const THREADS: usize = 4;

/// Takes files away on threads of its own.
pub(super) struct Shipper {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    target: Target,
    begun: Arc<Begun>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Where each lies, and its path in the export.
    queue: VecDeque<(PathBuf, String)>,
    closed: bool,
    error: Option<OpsError>,
    /// Hashes of the names of what was begun there.
    sent: HashSet<u64>,
}

impl Shipper {
    /// Takes files to a folder, and notes what was begun.
    pub(super) fn start(target: &Target, begun: Arc<Begun>) -> Result<Self, OpsError> {
        let state = Mutex::new(State { queue: VecDeque::new(), closed: false, error: None, sent: HashSet::new() });
        let shared = Arc::new(Shared { target: target.clone(), begun, state, changed: Condvar::new() });
        let mut threads = Vec::with_capacity(THREADS);
        for number in 0..THREADS {
            let shared = Arc::clone(&shared);
            let spawned = std::thread::Builder::new().name(format!("ship-{number}")).spawn(move || shared.work());
            threads.push(spawned.map_err(|e| OpsError::Data(format!("no thread to send files with: {e}")))?);
        }
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// Takes a file that is complete; waits while many others wait. After a failure it is left where it is.
    pub(super) fn take(&self, place: PathBuf, path: String) {
        let mut state = self.shared.lock();
        while state.queue.len() >= QUEUED && state.error.is_none() {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.error.is_none() {
            state.queue.push_back((place, path));
            self.shared.changed.notify_all();
        }
    }

    /// Whether something could not be taken away.
    pub(super) fn has_failed(&self) -> bool {
        self.shared.lock().error.is_some()
    }

    /// Waits until all is taken away. Nothing can be given to it afterwards; asked again, it says nothing new.
    pub(super) fn finish(&self) -> Result<(), OpsError> {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic there is a failure like any other.
            if thread.join().is_err() {
                self.shared.fail(OpsError::Data("taking a file to its place failed inside the program".to_owned()));
            }
        }
        let mut state = self.shared.lock();
        state.error.take().map_or(Ok(()), Err)
    }

    /// Gives away the hashes of the names of all that was begun there.
    pub(super) fn sent(&self) -> HashSet<u64> {
        std::mem::take(&mut self.shared.lock().sent)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: OpsError) {
        let mut state = self.lock();
        state.error.get_or_insert(error);
        state.queue.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn work(&self) {
        while let Some((place, path)) = self.next() {
            if let Err(error) = self.send(&place, &path) {
                self.fail(error);
            }
        }
    }

    fn next(&self) -> Option<(PathBuf, String)> {
        let mut state = self.lock();
        loop {
            if state.error.is_some() {
                return None;
            }
            if let Some(next) = state.queue.pop_front() {
                self.changed.notify_all();
                return Some(next);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn send(&self, place: &Path, path: &str) -> Result<(), OpsError> {
        let target = self.target.below(path)?;
        self.begun.note(path).map_err(|e| OpsError::file("note", Path::new(path), &e))?;
        self.lock().sent.insert(hashed(path));
        target.put(place).map_err(reached)?;
        // What stays here only takes room until the export ends.
        drop(fs::remove_file(place));
        Ok(())
    }
}

/// What a place says, as an export says it.
pub(super) fn reached(error: LakeError) -> OpsError {
    match error {
        LakeError::Remote(remote) if remote.trouble == crate::lake::remote::Trouble::Cancelled => OpsError::Cancelled,
        other => OpsError::Lake(other),
    }
}
