//! Uploads by the clock, where answers say nothing or do not come.

use std::time::{Duration, Instant};

/// What may go out at once after a rest.
const BURST: f64 = 8.0 * 1024.0;
/// The same in time, for fast links.
const BURST_SECONDS: f64 = 0.002;
/// The most that is owed, in time: after a large frame uploads rest no longer than this.
const DEBT_SECONDS: f64 = 2.0;

/// So many bytes a second, no more than a little at once.
#[derive(Debug, Default)]
pub(super) struct Clock {
    rate: f64,
    /// Bytes that may go out; less than none after a frame.
    tokens: f64,
    at: Option<Instant>,
}

impl Clock {
    pub(super) fn set_rate(&mut self, rate: f64, now: Instant) {
        self.run(now);
        self.rate = rate.max(1.0);
    }

    pub(super) fn burst(&self) -> f64 {
        BURST.max(self.rate * BURST_SECONDS)
    }

    fn run(&mut self, now: Instant) {
        let since = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
        self.tokens = (self.tokens + since.as_secs_f64() * self.rate).min(self.burst());
    }

    /// When a piece of so many bytes may go: now if nothing is returned.
    pub(super) fn wait(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        self.run(now);
        let missing = (bytes as f64).min(self.burst()) - self.tokens;
        // A wait of less than the clock can tell would spin.
        (missing > 0.5).then(|| now + Duration::from_secs_f64((missing / self.rate).max(0.000_1)))
    }

    /// Bytes were written, whether they had to wait or not.
    pub(super) fn spend(&mut self, bytes: usize, now: Instant) {
        self.run(now);
        self.tokens = (self.tokens - bytes as f64).max(-self.rate * DEBT_SECONDS);
    }

    /// What was written faster than the rate allows.
    pub(super) fn debt(&self) -> usize {
        (-self.tokens).max(0.0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_to_its_rate_and_pays_for_frames() {
        let start = Instant::now();
        let mut clock = Clock::default();
        clock.set_rate(100_000.0, start);
        let (mut now, mut sent) = (start, 0);
        while now < start + Duration::from_secs(10) {
            match clock.wait(4096, now) {
                Some(later) => now = later,
                None => {
                    clock.spend(4096, now);
                    sent += 4096;
                }
            }
        }
        assert!((990_000..=1_012_000).contains(&sent), "{sent}");
        clock.spend(50_000, now);
        let free = clock.wait(4096, now).unwrap().duration_since(now);
        assert!((Duration::from_millis(450)..Duration::from_millis(650)).contains(&free), "{free:?}");
    }
}
