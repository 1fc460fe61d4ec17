//! The thread that owns what goes out to the terminal.
//!
//! Why: a slow link makes a write block for seconds; the loop must go on taking keys meanwhile. A frame is handed over
//! whole; while one is on its way the loop skips frames instead of queueing them. Picture data goes out in chunks of at
//! most 4 KB between frames, so that a key never waits for more than one chunk.
//!
//! What always holds: a frame and a chunk are each written whole and in order; frames come before uploads; an upload
//! that a frame aborted (kitty drops what is half sent when it reads a delete or another transmission) starts again;
//! the thread sleeps while there is nothing to do.

use rustix::io::Errno;
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One picture's transmission: whole sequences that may have frames between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Who it is for; comes back in [`Written::Upload`].
    pub tag: u64,
    /// The sequences, in order.
    pub chunks: Vec<Vec<u8>>,
}

/// What the thread reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A frame left; the next one may come.
    Frame,
    /// All chunks of an upload left.
    Upload(u64),
    /// The terminal is gone; nothing more will be written.
    Failed,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Vec<u8>>,
    uploads: VecDeque<Progress>,
    /// A frame is being written now.
    writing_frame: bool,
    /// Anything is being written now.
    writing: bool,
    paused: bool,
    stopped: bool,
    failed: bool,
}

#[derive(Debug)]
struct Progress {
    tag: u64,
    chunks: Vec<Arc<[u8]>>,
    /// Chunks that were taken for writing.
    taken: usize,
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

enum Job {
    Frame(Vec<u8>),
    /// A chunk, and the tag of the upload that it completes.
    Chunk(Arc<[u8]>, Option<u64>),
}

impl Output {
    /// Starts the thread on `terminal`. `report` runs on that thread after each write.
    ///
    /// # Errors
    /// No thread could be made.
    pub fn spawn(terminal: OwnedFd, report: impl FnMut(Written) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        // Not joined: a terminal that blocks for ever must not hold up the end of the program.
        std::thread::Builder::new().name("output".to_owned()).spawn(move || run(&terminal, &of_thread, report))?;
        Ok(Self { shared })
    }

    /// Hands over one frame.
    pub fn frame(&self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.shared.lock().frames.push_back(bytes);
            self.shared.changed.notify_all();
        }
    }

    /// Hands over one picture, to go out between frames after the uploads before it.
    pub fn upload(&self, upload: Upload) {
        let chunks = upload.chunks.into_iter().map(Arc::from).collect();
        self.shared.lock().uploads.push_back(Progress { tag: upload.tag, chunks, taken: 0 });
        self.shared.changed.notify_all();
    }

    /// Whether the next frame would be written at once. While it is false the loop skips frames.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let queue = self.shared.lock();
        queue.frames.is_empty() && !queue.writing_frame
    }

    /// Bytes of picture data that wait.
    #[must_use]
    pub fn upload_backlog(&self) -> usize {
        let queue = self.shared.lock();
        queue.uploads.iter().flat_map(|u| u.chunks.iter().skip(u.taken)).map(|c| c.len()).sum()
    }

    /// Waits until everything handed over was written, at most for `patience`; says whether it was.
    #[must_use]
    pub fn flush(&self, patience: Duration) -> bool {
        self.wait(patience, |q| q.frames.is_empty() && q.uploads.is_empty() && !q.writing)
    }

    /// Forgets the waiting uploads, writes the waiting frames for at most `patience`, and holds: nothing is written
    /// until [`Self::resume`]. For the time an editor owns the terminal. Uploads that were cut count as lost.
    pub fn pause(&self, patience: Duration) -> bool {
        self.shared.lock().uploads.clear();
        let done = self.wait(patience, |q| q.frames.is_empty() && !q.writing);
        let mut queue = self.shared.lock();
        queue.paused = true;
        queue.frames.clear();
        done
    }

    /// Writes again after [`Self::pause`].
    pub fn resume(&self) {
        self.shared.lock().paused = false;
        self.shared.changed.notify_all();
    }

    /// Ends the thread: uploads are dropped, frames written for at most `patience`. Says whether all were.
    pub fn stop(&self, patience: Duration) -> bool {
        let done = self.pause(patience);
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        done
    }

    fn wait(&self, patience: Duration, done: impl Fn(&Queue) -> bool) -> bool {
        let end = Instant::now() + patience;
        let mut queue = self.shared.lock();
        while !done(&queue) && !queue.failed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            queue = self.shared.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        done(&queue)
    }
}

fn run(terminal: &OwnedFd, shared: &Shared, mut report: impl FnMut(Written)) {
    while let Some(job) = next(shared) {
        let (bytes, written) = match &job {
            Job::Frame(bytes) => (bytes.as_slice(), Some(Written::Frame)),
            Job::Chunk(bytes, completes) => (bytes.as_ref(), completes.map(Written::Upload)),
        };
        let result = write_all(terminal, bytes);
        {
            let mut queue = shared.lock();
            queue.writing = false;
            queue.writing_frame = false;
            queue.failed |= result.is_err();
        }
        shared.changed.notify_all();
        if result.is_err() {
            return report(Written::Failed);
        }
        if let Some(written) = written {
            report(written);
        }
    }
}

fn next(shared: &Shared) -> Option<Job> {
    let mut queue = shared.lock();
    loop {
        if queue.stopped {
            return None;
        }
        if !queue.paused {
            if let Some(frame) = queue.frames.pop_front() {
                if let Some(begun) = queue.uploads.front_mut()
                    && aborts(&frame)
                {
                    begun.taken = 0;
                }
                queue.writing = true;
                queue.writing_frame = true;
                return Some(Job::Frame(frame));
            }
            if let Some(job) = next_chunk(&mut queue.uploads) {
                queue.writing = true;
                return Some(job);
            }
        }
        queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

fn next_chunk(uploads: &mut VecDeque<Progress>) -> Option<Job> {
    loop {
        let upload = uploads.front_mut()?;
        let chunk = upload.chunks.get(upload.taken).map(Arc::clone);
        upload.taken += 1;
        let complete = (upload.taken >= upload.chunks.len()).then_some(upload.tag);
        if complete.is_some() {
            uploads.pop_front();
        }
        if let Some(chunk) = chunk {
            return Some(Job::Chunk(chunk, complete));
        }
    }
}

/// Whether a frame holds a Kitty command that makes the terminal drop a half sent picture.
fn aborts(frame: &[u8]) -> bool {
    frame.windows(6).any(|w| w == b"\x1b_Ga=d" || w == b"\x1b_Ga=t")
}

fn write_all(terminal: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(terminal, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait_writable(terminal)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Another program may have set the shared terminal to non-blocking.
fn wait_writable(terminal: &OwnedFd) -> Result<(), Errno> {
    use rustix::event::{PollFd, PollFlags, poll};
    match poll(&mut [PollFd::new(terminal, PollFlags::OUT)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}
