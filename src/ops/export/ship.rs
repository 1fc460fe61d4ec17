//! Takes the files of an export to their place behind a server while others are still being written.
//!
//! Why: a copied data set may be larger than the disk of this machine. What always holds: at most [`QUEUED`] files wait;
//! what was taken away is removed here; of every file that was begun there the name is kept, so that all of it can be
//! taken back; after the first failure nothing more is begun.

use super::super::OpsError;
use crate::lake::LakeError;
use crate::lake::target::Target;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Files that wait to be taken away.
const QUEUED: usize = 16;
/// Files that are under way at once: servers ask for no more than about six.
const THREADS: usize = 4;
/// What stands between two names in the list of what was sent; no name holds it.
const END: u8 = 0;

/// Takes files away on threads of its own.
pub(super) struct Shipper {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    list: PathBuf,
}

struct Shared {
    target: Target,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Where each lies, and its path in the export.
    queue: VecDeque<(PathBuf, String)>,
    closed: bool,
    error: Option<OpsError>,
    sent: BufWriter<File>,
}

impl Shipper {
    /// Takes files to a folder; `list` is a file that is made for their names.
    pub(super) fn start(target: &Target, list: PathBuf) -> Result<Self, OpsError> {
        let failed = |e: io::Error| OpsError::file("write", &list, &e);
        let sent = BufWriter::new(File::create_new(&list).map_err(failed)?);
        let state = Mutex::new(State { queue: VecDeque::new(), closed: false, error: None, sent });
        let shared = Arc::new(Shared { target: target.clone(), state, changed: Condvar::new() });
        let mut threads = Vec::with_capacity(THREADS);
        for number in 0..THREADS {
            let shared = Arc::clone(&shared);
            let spawned = std::thread::Builder::new().name(format!("ship-{number}")).spawn(move || shared.work());
            threads.push(spawned.map_err(failed)?);
        }
        Ok(Self { shared, threads: Mutex::new(threads), list })
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
        if let Err(error) = state.sent.flush() {
            state.error.get_or_insert_with(|| OpsError::file("write", &self.list, &error));
        }
        state.error.take().map_or(Ok(()), Err)
    }

    /// Gives the path of every file that was begun there.
    pub(super) fn each_sent(&self, take: &mut dyn FnMut(&str)) -> io::Result<()> {
        each_name(&self.list, take)
    }
}

fn each_name(list: &Path, take: &mut dyn FnMut(&str)) -> io::Result<()> {
    for name in BufReader::new(File::open(list)?).split(END) {
        take(&String::from_utf8_lossy(&name?));
    }
    Ok(())
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
        let noted = {
            let mut state = self.lock();
            state.sent.write_all(path.as_bytes()).and_then(|()| state.sent.write_all(&[END]))
        };
        noted.map_err(|e| OpsError::file("write", place, &e))?;
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
