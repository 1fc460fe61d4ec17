//! What a link behind tmux carries, from the few answers that may be asked for.
//!
//! tmux takes everything at once and hands it on as fast as its client takes it, so a short run of bytes arrives at the
//! bottleneck of the way back to back, whatever is in between. The time between the answers to a question before and
//! one after the run is the time the bottleneck took. The rate is the middle of the last such measurements.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bytes a second where nothing is known.
pub(super) const UNKNOWN: f64 = 128.0 * 1024.0;
/// The same where the probe was answered at once: the terminal is on this machine.
const LOCAL: f64 = 8.0 * 1024.0 * 1024.0;
/// Answers within this time come from this machine.
const LOCAL_TRIP: Duration = Duration::from_millis(3);
/// What is believed at all.
const BELIEVED: (f64, f64) = (16.0 * 1024.0, 64.0 * 1024.0 * 1024.0);
/// Bytes of a run: the first one, and the least and the most.
const FIRST_RUN: u64 = 16 * 1024;
const RUN: (f64, f64) = (8.0 * 1024.0, 64.0 * 1024.0);
/// The time a run shall take.
const RUN_SECONDS: f64 = 0.013;
/// A run shorter than this measures nothing.
const SHORT_RUN: u64 = 3 * 1024;
/// Two answers closer than this cannot be told apart well enough.
const TICK: f64 = 0.001_5;
/// The part of the rate that is used, and the part after this time without a measurement.
const SHARE: f64 = 0.85;
const OLD_SHARE: f64 = 0.6;
const OLD: Duration = Duration::from_secs(3);
/// Once the rate is known, it is measured no more often.
const BETWEEN: Duration = Duration::from_secs(1);
/// Measurements that count.
const COUNTED: usize = 3;

/// Which end of a run a question stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Before,
    After,
}

/// What the answers told.
#[derive(Debug, Default)]
pub(super) struct Trains {
    /// The run under way started after so many bytes.
    open: Option<u64>,
    /// The question before the run was answered: when, and the bytes before it.
    before: Option<(Instant, u64)>,
    measured: VecDeque<f64>,
    measured_at: Option<Instant>,
    /// The rate as grown or cut since the last measurement.
    rate: Option<f64>,
    local: bool,
}

impl Trains {
    pub(super) fn hint(&mut self, trip: Duration) {
        self.local = trip < LOCAL_TRIP;
    }

    /// The rate of the link as far as it is known.
    pub(super) fn known(&self) -> Option<f64> {
        self.rate
    }

    /// What uploads may use.
    pub(super) fn allowed(&self, now: Instant) -> f64 {
        let Some(rate) = self.rate else { return if self.local { LOCAL } else { UNKNOWN } };
        let old = self.measured_at.is_none_or(|at| now.saturating_duration_since(at) > OLD);
        rate * if old { OLD_SHARE } else { SHARE }
    }

    /// Whether a run is under way: its bytes do not wait for the clock.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether another run is worth the short queue it makes.
    pub(super) fn wanted(&self, now: Instant) -> bool {
        self.measured_at.is_none_or(|at| now.saturating_duration_since(at) > BETWEEN) || self.measured.len() < COUNTED
    }

    fn length(&self) -> u64 {
        self.rate.map_or(FIRST_RUN, |rate| (rate * RUN_SECONDS).clamp(RUN.0, RUN.1) as u64)
    }

    /// A run starts after `sent` bytes.
    pub(super) fn begin(&mut self, sent: u64) {
        self.open = Some(sent);
        self.before = None;
    }

    /// Whether the run is long enough with `sent` bytes, or must end because nothing follows.
    pub(super) fn ends(&mut self, sent: u64, more: bool) -> bool {
        let Some(start) = self.open else { return false };
        let over = !more || sent.saturating_sub(start) >= self.length();
        if over {
            self.open = None;
        }
        over
    }

    /// No run is under way any more.
    pub(super) fn give_up(&mut self) {
        self.open = None;
        self.before = None;
    }

    /// A question at one end of a run was answered; it stands after `end` bytes. `queued` is how much longer the
    /// answer took than the shortest one.
    pub(super) fn answered(&mut self, which: End, end: u64, queued: Duration, shortest: Duration, now: Instant) {
        match which {
            End::Before => {
                self.before = Some((now, end));
                if queued > (shortest / 4).max(Duration::from_millis(25)) {
                    // What was written by the clock stands in a queue: the rate is too high.
                    self.rate = self.rate.map(|rate| (rate * 0.7).max(BELIEVED.0));
                }
            }
            End::After => {
                let Some((at, start)) = self.before.take() else { return };
                let bytes = end.saturating_sub(start);
                if bytes >= SHORT_RUN {
                    self.measure(bytes, now.saturating_duration_since(at).as_secs_f64(), now);
                }
            }
        }
    }

    fn measure(&mut self, bytes: u64, seconds: f64, now: Instant) {
        // Answers that come together only say that the link is faster than this can tell; believed step by step.
        let most = self.rate.map_or(BELIEVED.1, |rate| rate * 8.0);
        let rate = (bytes as f64 / seconds.max(TICK)).min(most).clamp(BELIEVED.0, BELIEVED.1);
        self.measured.push_back(rate);
        if self.measured.len() > COUNTED {
            self.measured.pop_front();
        }
        let mut sorted: Vec<f64> = self.measured.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        self.rate = sorted.get((sorted.len() - 1) / 2).copied();
        self.measured_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_bottleneck_and_one_odd_measurement_changes_little() {
        let mut trains = Trains::default();
        let mut now = Instant::now();
        assert!(trains.allowed(now) <= UNKNOWN);
        let mut run = |trains: &mut Trains, start: u64, rate: f64| {
            trains.begin(start);
            let bytes = trains.length();
            assert!(!trains.ends(start + bytes - 1, true) && trains.ends(start + bytes, true));
            trains.answered(End::Before, start, Duration::ZERO, Duration::from_millis(40), now);
            now += Duration::from_secs_f64(bytes as f64 / rate);
            trains.answered(End::After, start + bytes, Duration::ZERO, Duration::from_millis(40), now);
            now
        };
        let at = (0..3).map(|i| run(&mut trains, i * 100_000, 1_250_000.0)).last().unwrap();
        assert!((1_240_000.0..1_260_000.0).contains(&trains.known().unwrap()));
        assert!((1_050_000.0..1_070_000.0).contains(&trains.allowed(at)));
        run(&mut trains, 900_000, 9_000_000.0);
        assert!(trains.known().unwrap() < 1_260_000.0);
        assert!(trains.allowed(at + Duration::from_secs(60)) < 800_000.0, "old knowledge is used with care");
    }

    #[test]
    fn a_queue_lowers_the_rate() {
        let mut trains = Trains { rate: Some(1_000_000.0), ..Trains::default() };
        trains.begin(0);
        let trip = Duration::from_millis(40);
        trains.answered(End::Before, 10, Duration::from_millis(200), trip, Instant::now());
        assert!(trains.known().unwrap() < 750_000.0);
    }
}
