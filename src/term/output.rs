//! The thread that owns what goes out to the terminal.
//!
//! Why: a slow link makes a write block for seconds; the loop must go on taking keys meanwhile. And a path like SSH
//! takes a megabyte before it blocks, behind which a key's answer would wait for a second. So a frame is handed over
//! whole; while one is on its way the loop skips frames instead of queueing them. Picture data goes out in chunks
//! between frames, no more of it at a time than the link carries without a queue, which the terminal's answers to
//! questions between the chunks tell.
//!
//! What always holds: a frame and a chunk are each written whole and in order; frames come before uploads and never
//! wait for credit; a frame with a delete or a transmission of its own comes after the end of whatever is half sent, and
//! the upload that was under way starts again; the thread sleeps while there is nothing to do.

#[cfg(test)]
mod laws;
mod link;
mod pace;
mod queue;
#[cfg(test)]
mod simulated;
mod writer;

pub use link::{Link, Pacing};

use pace::Mark;
use queue::Queue;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One picture's transmission: whole sequences that may have frames between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upload {
    /// Who it is for; comes back in [`Written::Upload`].
    pub tag: u64,
    /// The sequences, in order.
    pub chunks: Vec<Vec<u8>>,
    /// Written when the upload is dropped after its first chunk went out (for Kitty, the delete that ends the
    /// transmission). May be empty.
    pub abort: Vec<u8>,
}

/// What the thread reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A frame left; the next one may come.
    Frame,
    /// All chunks of an upload left.
    Upload(u64),
    /// The terminal has consumed a watched frame.
    Seen {
        /// What was given with the frame.
        mark: u64,
        /// The time since the frame was handed over.
        after: Duration,
    },
    /// The terminal has stopped answering (`true`), or answers again.
    Silent(bool),
    /// The terminal is gone; nothing more will be written.
    Failed,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handle to the writer; cheap to clone.
#[derive(Clone, Debug)]
pub struct Output {
    shared: Arc<Shared>,
}

impl Output {
    /// Starts the thread on `terminal`. `report` runs on that thread after each write and for each piece of news.
    /// Nothing is asked of the terminal before [`Self::set_pacing`].
    ///
    /// # Errors
    /// No thread could be made.
    pub fn spawn(terminal: OwnedFd, report: impl FnMut(Written) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        // Not joined: a terminal that blocks for ever must not hold up the end of the program.
        std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || writer::run(&terminal, &of_thread, report))?;
        Ok(Self { shared })
    }

    /// Hands over one frame. It overtakes every upload and never waits for credit.
    pub fn frame(&self, bytes: Vec<u8>) {
        self.hand_over(bytes, None);
    }

    /// Hands over one frame, and asks the terminal to say when it has consumed it: [`Written::Seen`] comes then with
    /// this mark. It never comes where nothing may be asked (see [`Pacing`]), or when the answer is lost.
    pub fn frame_watched(&self, bytes: Vec<u8>, mark: u64) {
        self.hand_over(bytes, Some(Mark { mark, handed: Instant::now() }));
    }

    fn hand_over(&self, bytes: Vec<u8>, mark: Option<Mark>) {
        if !bytes.is_empty() {
            self.change(|q| q.push_frame(bytes, mark));
        }
    }

    /// Hands over one picture, to go out between frames after the uploads before it.
    pub fn upload(&self, upload: Upload) {
        self.change(|q| q.push_upload(upload));
    }

    /// Says which uploads still matter, and in which order. Waiting ones take that order; the one that is under way
    /// goes on first if it is among them. All others are dropped, the one under way by writing its `abort`. Returns
    /// the tags that were dropped; an upload whose last chunk is being written is no longer among them.
    #[must_use]
    pub fn keep(&self, tags: &[u64]) -> Vec<u64> {
        self.change(|q| q.keep(tags))
    }

    /// Says who answers questions. What was learnt about another way is forgotten.
    pub fn set_pacing(&self, pacing: Pacing) {
        self.change(|q| q.set_pacing(pacing, Instant::now()));
    }

    /// A first estimate of the round trip: the time in which the probe was answered.
    pub fn hint_round_trip(&self, hint: Duration) {
        self.change(|q| q.pace.hint_round_trip(hint));
    }

    /// The terminal has answered `CSI 0 n`. An answer nobody asked for changes nothing.
    pub fn acknowledged(&self) {
        self.change(|q| q.acknowledged(Instant::now()));
    }

    /// The person has just pressed a key.
    pub fn typed(&self) {
        self.change(|q| q.pace.typed(Instant::now()));
    }

    /// What is known of the link.
    #[must_use]
    pub fn link(&self) -> Link {
        let queue = self.shared.lock();
        queue.pace.link(queue.backlog())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let result = change(&mut self.shared.lock());
        self.shared.changed.notify_all();
        result
    }

    /// Whether the next frame would be written at once. While it is false the loop skips frames.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.shared.lock().no_frames()
    }

    /// Bytes of picture data that wait.
    #[must_use]
    pub fn upload_backlog(&self) -> usize {
        self.shared.lock().backlog()
    }

    /// Waits until everything handed over was written, at most for `patience`; says whether it was.
    #[must_use]
    pub fn flush(&self, patience: Duration) -> bool {
        self.wait(patience, |q| q.settled(true))
    }

    /// Drops the uploads, and waits until the rest is written and every question that may still be answered is, at most
    /// for `patience`; says whether it is. Before the terminal is given to somebody who would take answers for keys.
    pub fn settle(&self, patience: Duration) -> bool {
        self.change(Queue::drop_uploads);
        self.wait(patience, |q| q.settled(true) && !q.pace.awaits_answers())
    }

    /// Forgets the waiting uploads, writes the waiting frames for at most `patience`, and holds: nothing is written
    /// until [`Self::resume`]. For the time an editor owns the terminal. Uploads that were cut count as lost.
    pub fn pause(&self, patience: Duration) -> bool {
        self.change(Queue::drop_uploads);
        let done = self.wait(patience, |q| q.settled(false));
        self.shared.lock().hold(Instant::now());
        done
    }

    /// Writes again after [`Self::pause`].
    pub fn resume(&self) {
        self.change(Queue::go_on);
    }

    /// Ends the thread: uploads are dropped, frames written for at most `patience`. Says whether all were.
    pub fn stop(&self, patience: Duration) -> bool {
        let done = self.pause(patience);
        self.change(|q| q.stopped = true);
        done
    }

    fn wait(&self, patience: Duration, done: impl Fn(&Queue) -> bool) -> bool {
        let end = Instant::now() + patience;
        let mut queue = self.shared.lock();
        while !done(&queue) && !queue.failed() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            queue = self.shared.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        done(&queue)
    }
}
