//! Pieces of a file worked on by several threads, with the results in the order of the file.
//!
//! Why: parsing numbers and texts takes most of the time of reading a large file, and each row is parsed by itself. What
//! always holds: results come on the thread that reads, in the order in which the pieces were given; at most
//! [`WAITING`] pieces a thread are held at once, so that memory does not grow with the file.

use crate::formats::dataset::ReadError;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Bytes of a piece, about.
pub(super) const PIECE: usize = 256 << 10;
/// More threads than this do not make the one that reads any faster.
const MOST: usize = 4;
/// Pieces that are held for each thread.
const WAITING: u64 = 3;

/// Takes a piece; whether it is so large that no other should be held beside it.
pub(super) type Give<'a, T> = dyn FnMut(T, bool) -> Result<(), ReadError> + 'a;

/// Runs `feed`, which gives pieces; `work` makes a result of each, on any thread, and `take` gets the results in order.
pub(super) fn in_order<T: Send, R: Send>(
    work: &(impl Fn(T) -> R + Sync),
    feed: impl FnOnce(&mut Give<'_, T>) -> Result<(), ReadError>,
    take: &mut dyn FnMut(R) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    if threads < 2 {
        return feed(&mut |piece, _| take(work(piece)));
    }
    let (jobs, open) = sync_channel::<(u64, T)>(threads);
    let open = Mutex::new(open);
    thread::scope(|scope| {
        let (done, results) = channel();
        for _ in 0..threads {
            let (done, open) = (done.clone(), &open);
            // A worker ends when there are no more pieces, or nobody wants results any more.
            scope.spawn(move || while next(open).is_some_and(|(n, piece)| done.send((n, work(piece))).is_ok()) {});
        }
        drop(done);
        let mut desk = Desk { jobs, results, given: 0, next: 0, early: BTreeMap::new(), take };
        let fed = feed(&mut |piece, large| {
            if large {
                desk.wait_for(0)?;
                return (desk.take)(work(piece));
            }
            desk.give(piece)?;
            desk.wait_for(WAITING * threads as u64)
        });
        fed.and_then(|()| desk.wait_for(0))
        // Letting the desk go ends the workers, and the scope waits for them.
    })
}

fn next<T>(open: &Mutex<Receiver<T>>) -> Option<T> {
    open.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

struct Desk<'a, T, R> {
    jobs: SyncSender<(u64, T)>,
    results: Receiver<(u64, R)>,
    given: u64,
    /// The number of the result that is to be taken next.
    next: u64,
    /// Results that came before their turn.
    early: BTreeMap<u64, R>,
    take: &'a mut dyn FnMut(R) -> Result<(), ReadError>,
}

impl<T, R> Desk<'_, T, R> {
    fn give(&mut self, piece: T) -> Result<(), ReadError> {
        self.jobs.send((self.given, piece)).map_err(|_| ReadError::Stopped)?;
        self.given += 1;
        Ok(())
    }

    /// Takes what is ready, and waits while more than so many results are outstanding.
    fn wait_for(&mut self, most: u64) -> Result<(), ReadError> {
        loop {
            let result = match self.given - self.next > most {
                true => self.results.recv().map_err(|_| ReadError::Stopped)?,
                false => match self.results.try_recv() {
                    Ok(result) => result,
                    Err(_) => return Ok(()),
                },
            };
            self.early.insert(result.0, result.1);
            while let Some(result) = self.early.remove(&self.next) {
                self.next += 1;
                (self.take)(result)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_an_error_ends_it() {
        let work = |n: u64| (0..n % 977).fold(n, |sum, i| sum.wrapping_mul(31).wrapping_add(i)) ^ n;
        let mut found = Vec::new();
        let feed = |give: &mut Give<'_, u64>| (0..5000).try_for_each(|n| give(n, n % 1000 == 7));
        in_order(&work, feed, &mut |r| {
            found.push(r);
            Ok(())
        })
        .unwrap();
        assert_eq!(found, (0..5000).map(work).collect::<Vec<_>>());
        let mut taken = 0;
        let ended = in_order(&work, feed, &mut |_| {
            taken += 1;
            if taken == 100 { Err(ReadError::Stopped) } else { Ok(()) }
        });
        assert!(matches!(ended, Err(ReadError::Stopped)) && taken == 100);
    }
}
