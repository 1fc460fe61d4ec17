//! The thread: takes what comes next and writes it.

use super::queue::{Job, Kind, Queue, Step};
use super::{Shared, Written};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::sync::PoisonError;
use std::time::Instant;

pub(super) fn run(terminal: &OwnedFd, shared: &Shared, mut report: impl FnMut(Written)) {
    loop {
        match next(shared) {
            Step::Write(job) => {
                let result = write_all(terminal, &job.bytes);
                shared.lock().wrote(result.is_ok());
                shared.changed.notify_all();
                if result.is_err() {
                    return report(Written::Failed);
                }
                match job {
                    Job { kind: Kind::Frame, .. } => report(Written::Frame),
                    Job { kind: Kind::Piece(Some(tag)), .. } => report(Written::Upload(tag)),
                    Job { kind: Kind::Piece(None) | Kind::Own, .. } => {}
                }
            }
            Step::Report(news) => news.into_iter().for_each(&mut report),
            Step::Stop => return,
            // `next` waits itself.
            Step::Wait(_) => {}
        }
    }
}

/// Waits for the next step.
fn next(shared: &Shared) -> Step {
    let mut queue = shared.lock();
    loop {
        let until = match Queue::next(&mut queue, Instant::now()) {
            Step::Wait(until) => until,
            step => return step,
        };
        queue = match until {
            None => shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                shared.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
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
