//! How fast a workspace is asked: a few requests at once, and a pause for everyone when it says that it is too much.
//!
//! What always holds: clones of one client share one pace; nobody who waits here holds a connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// The pace of one workspace.
#[derive(Debug)]
pub(super) struct Pace {
    places: Arc<Semaphore>,
    rest: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most `in_flight` requests at once.
    #[must_use]
    pub(super) fn new(in_flight: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(in_flight)), rest: Mutex::new(None) }
    }

    /// Waits for a place and for the end of the pause. The place is free again when what is returned is dropped.
    pub(super) async fn enter(&self, jitter: Duration) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed, so there is always a place to be had.
        let place = self.places.clone().acquire_owned().await.ok();
        while let Some(until) = self.until() {
            sleep_until(until + part_of(jitter)).await;
        }
        place
    }

    /// Makes everyone wait this long, or longer if they have to already.
    pub(super) fn slow_down(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        *rest = Some(rest.map_or(until, |at| at.max(until)));
    }

    /// How long everyone still has to wait.
    #[must_use]
    pub(super) fn resting(&self) -> Option<Duration> {
        self.until().map(|until| until.saturating_duration_since(Instant::now()))
    }

    fn until(&self) -> Option<Instant> {
        let rest = *self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.filter(|until| *until > Instant::now())
    }
}

/// A random part of a time, so that those who were stopped together do not come back together.
#[must_use]
pub(super) fn part_of(time: Duration) -> Duration {
    let [byte, ..] = uuid::Uuid::now_v7().as_bytes().last_chunk::<1>().copied().unwrap_or_default();
    time.mul_f64(f64::from(byte) / 256.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::net::Net;

    #[test]
    fn only_so_many_at_once_and_all_rest_together() {
        Net::default().wait(async {
            let pace = Arc::new(Pace::new(2));
            let first = pace.enter(Duration::ZERO).await;
            let _second = pace.enter(Duration::ZERO).await;
            let mut third = Box::pin(pace.enter(Duration::ZERO));
            assert!(futures::poll!(&mut third).is_pending());
            drop(first);
            assert!(third.await.is_some());
            assert_eq!(pace.resting(), None);
            pace.slow_down(Duration::from_secs(60));
            pace.slow_down(Duration::from_millis(1));
            assert!(pace.resting().is_some_and(|rest| rest > Duration::from_secs(50)));
            let mut waiting = Box::pin(pace.enter(Duration::ZERO));
            assert!(futures::poll!(&mut waiting).is_pending());
        });
    }
}
