//! Hearing of what others do in the project that is open.
//!
//! Why a thread with a connection of its own: it waits for the server for as long as nothing happens, which neither the
//! reader nor the writer may. What always holds: one project is listened to at a time; a listener that is dropped tells
//! nothing more and ends by itself.

use super::message::Sender;
use super::services::StorePlace;
use crate::app::event::Event;
use crate::domain::ids::{EventId, ProjectId};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// One wait at the server; a listener that is not needed any more ends after it at the latest.
const WAIT: Duration = Duration::from_secs(20);
/// Changes read at once.
const MOST: usize = 500;
/// Between two tries to connect, while the server is away: twice as long after each.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(120);

/// Listens until it is dropped.
pub(super) struct Listener {
    project: ProjectId,
    stop: Arc<AtomicBool>,
    /// Dropped with the listener, which ends a pause at once.
    _wake: std::sync::mpsc::Sender<()>,
}

impl Listener {
    /// Starts listening to what others than `user` do in a project.
    pub(super) fn start(place: StorePlace, project: ProjectId, user: String, sender: Sender) -> Option<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (wake, over) = channel();
        let work = Work { place, project, user, sender, stop: Arc::clone(&stop), over };
        let thread = std::thread::Builder::new().name("elsewhere".to_owned()).spawn(move || work.run());
        thread.map_err(|error| tracing::warn!(%error, "changes by others are not listened to")).ok()?;
        Some(Self { project, stop, _wake: wake })
    }

    /// Whether it listens to this project.
    pub(super) fn is_about(&self, project: ProjectId) -> bool {
        self.project == project
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Work {
    place: StorePlace,
    project: ProjectId,
    user: String,
    sender: Sender,
    stop: Arc<AtomicBool>,
    over: Receiver<()>,
}

impl Work {
    fn run(self) {
        let (mut last, mut pause): (Option<EventId>, Duration) = (None, PAUSE);
        while !self.stopped() {
            let Err(error) = self.listen(&mut last, &mut pause) else { return };
            if error.retry_after().is_none() {
                tracing::warn!(%error, "what others do is not listened to any more");
                return;
            }
            tracing::debug!(%error, "listening to others is tried again");
            if self.over.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            pause = (pause * 2).min(LONGEST);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Returns when it is not needed any more.
    fn listen(&self, last: &mut Option<EventId>, pause: &mut Duration) -> Result<(), StoreError> {
        let mut store = self.place.open()?;
        if last.is_none() {
            // What stands when listening begins is what the screens read themselves.
            *last = store.wait_for_change(self.project, None, Duration::ZERO)?;
        }
        while !self.stopped() {
            let changed = store.wait_for_change(self.project, *last, WAIT)?.is_some();
            *pause = PAUSE;
            if changed {
                self.tell(store.as_mut(), last)?;
            }
        }
        Ok(())
    }

    fn tell(&self, store: &mut dyn Store, last: &mut Option<EventId>) -> Result<(), StoreError> {
        let mut first = true;
        loop {
            let found = store.changes_since(self.project, *last, MOST)?;
            let Some(newest) = found.last().map(|entry| entry.event) else {
                if first && !self.stopped() {
                    // Something came that is no event, such as pictures without an answer.
                    self.sender.event(Event::Elsewhere(self.project, Vec::new()));
                }
                return Ok(());
            };
            first = false;
            *last = Some(newest);
            let more = found.len() >= MOST;
            let theirs = found.into_iter().filter(|entry| entry.edit.author != self.user);
            let edits: Vec<_> = theirs.map(|entry| (entry.edit, entry.rev)).collect();
            if !edits.is_empty() && !self.stopped() {
                self.sender.event(Event::Elsewhere(self.project, edits));
            }
            if !more {
                return Ok(());
            }
        }
    }
}
