//! The thread that reads the terminal and hands on events.
//!
//! What always holds: after [`InputThread::pause`] returns, nothing is read until [`InputThread::resume`], so that an
//! editor started in between gets every key; dropping the handle stops the thread; there is no wake-up while nothing
//! comes in.

use super::parser::{Parser, Pending};
use super::{InputEvent, Reply};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const READ_BYTES: usize = 16 * 1024;

#[derive(Debug, Default)]
struct Wanted {
    paused: bool,
    stopped: bool,
    expecting: bool,
    keyboard: bool,
    ssh: bool,
    /// The thread is outside of a read and will not start one before it is resumed.
    resting: bool,
    ended: bool,
}

impl Wanted {
    /// How long an unfinished sequence may wait for its rest.
    fn wait(&self, pending: Pending) -> Option<Duration> {
        let long = if self.ssh { Duration::from_secs(4) } else { Duration::from_secs(1) };
        match pending {
            Pending::Nothing => None,
            Pending::Sequence => Some(long),
            // The Escape key is then a sequence of its own: a lone Escape can only be the start of something.
            Pending::Escape if self.keyboard => Some(long),
            Pending::Escape if self.expecting => Some(long / 4),
            Pending::Escape => Some(Duration::from_millis(if self.ssh { 100 } else { 25 })),
        }
    }
}

#[derive(Debug)]
struct Shared {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running reader.
#[derive(Debug)]
pub struct InputThread {
    shared: Arc<Shared>,
    wake: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

/// Starts reading `terminal`. Every event goes to `send`, on the reader's thread; `false` from it ends the thread.
///
/// # Errors
/// No pipe or no thread could be made.
pub fn spawn(
    terminal: OwnedFd,
    ssh: bool,
    send: impl FnMut(InputEvent) -> bool + Send + 'static,
) -> std::io::Result<InputThread> {
    let (wait, wake) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    let shared = Arc::new(Shared {
        wanted: Mutex::new(Wanted { ssh, expecting: true, ..Wanted::default() }),
        changed: Condvar::new(),
    });
    let of_thread = Arc::clone(&shared);
    let thread = std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        run(&terminal, &wait, &of_thread, send);
        of_thread.lock().ended = true;
        of_thread.changed.notify_all();
    })?;
    Ok(InputThread { shared, wake, thread: Some(thread) })
}

impl InputThread {
    /// Stops reading, and returns when no read is under way.
    pub fn pause(&self) {
        self.shared.lock().paused = true;
        self.poke();
        let mut wanted = self.shared.lock();
        while wanted.paused && !wanted.resting && !wanted.ended {
            wanted = self.shared.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Reads again.
    pub fn resume(&self) {
        self.shared.lock().paused = false;
        self.shared.changed.notify_all();
    }

    /// Says that answers are outstanding, so that a lone Escape is more likely the start of one. True at the start,
    /// and ended by itself when the device attributes arrive, which are always asked last.
    pub fn expect_replies(&self, expecting: bool) {
        self.shared.lock().expecting = expecting;
    }

    /// Says that the Kitty keyboard protocol is on.
    pub fn keyboard_protocol(&self, on: bool) {
        self.shared.lock().keyboard = on;
    }

    /// Ends the thread.
    pub fn stop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        self.poke();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // The thread only fails if a handler of events failed, which has been reported there.
            drop(thread.join());
        }
    }

    fn poke(&self) {
        // A full pipe wakes the reader just as well.
        rustix::io::write(&self.wake, &[0]).ok();
    }
}

impl Drop for InputThread {
    fn drop(&mut self) {
        self.stop();
    }
}

enum Woken {
    Readable,
    Signalled,
    TimedOut,
    Gone,
}

fn run(terminal: &OwnedFd, wait: &OwnedFd, shared: &Shared, mut send: impl FnMut(InputEvent) -> bool) {
    let mut parser = Parser::new();
    let mut events = Vec::new();
    let mut bytes = vec![0; READ_BYTES];
    while rest(shared) {
        let timeout = shared.lock().wait(parser.pending());
        match wait_for(terminal.as_fd(), wait.as_fd(), timeout) {
            Woken::Readable => match rustix::io::read(terminal, &mut bytes) {
                Ok(0) => break,
                Ok(count) => parser.feed(bytes.get(..count).unwrap_or_default(), &mut events),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => break,
            },
            Woken::Signalled => {
                let mut scrap = [0; 64];
                rustix::io::read(wait, &mut scrap).ok();
            }
            Woken::TimedOut => parser.timeout(&mut events),
            Woken::Gone => break,
        }
        for event in events.drain(..) {
            if matches!(event, InputEvent::Reply(Reply::Attributes(_))) {
                shared.lock().expecting = false;
            }
            if !send(event) {
                return;
            }
        }
    }
    if !shared.lock().stopped {
        send(InputEvent::Closed);
    }
}

/// Waits while the reader is paused; false when it shall end.
fn rest(shared: &Shared) -> bool {
    let mut wanted = shared.lock();
    while wanted.paused && !wanted.stopped {
        wanted.resting = true;
        shared.changed.notify_all();
        wanted = shared.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
    }
    wanted.resting = false;
    !wanted.stopped
}

fn wait_for(terminal: BorrowedFd<'_>, wait: BorrowedFd<'_>, timeout: Option<Duration>) -> Woken {
    let mut fds = [PollFd::from_borrowed_fd(terminal, PollFlags::IN), PollFd::from_borrowed_fd(wait, PollFlags::IN)];
    let timeout = timeout.and_then(|t| Timespec::try_from(t).ok());
    match poll(&mut fds, timeout.as_ref()) {
        Ok(0) => Woken::TimedOut,
        Ok(_) => {
            let [terminal, wait] = fds.map(|fd| fd.revents());
            if wait.intersects(PollFlags::IN | PollFlags::HUP) {
                Woken::Signalled
            } else if terminal.intersects(PollFlags::IN) {
                Woken::Readable
            } else {
                Woken::Gone
            }
        }
        Err(Errno::INTR) => Woken::Signalled,
        Err(_) => Woken::Gone,
    }
}
