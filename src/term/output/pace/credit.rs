//! How many unacknowledged bytes uploads may make when the terminal itself answers.
//!
//! First the credit doubles each round trip while that brings more through; then it is what the link holds (rate
//! times round trip) and one chunk. The chunk keeps the link busy, and is what finds a link that has become faster: as
//! long as the link is not full, each round brings a little more than the one before. A queue that builds up all the
//! same is seen in the round trips, and the rate is measured anew.

use super::delivery::{Ack, Delivery, Trips};
use std::time::{Duration, Instant};

/// The first credit.
const START: f64 = 16.0 * 1024.0;
/// The highest.
const MOST: f64 = 4.0 * 1024.0 * 1024.0;
/// The lowest: two chunks of 4 KB with what stands around their data.
const LEAST: f64 = 9.0 * 1024.0;
/// What is added to what the link holds: one chunk with what stands around its data.
const SPARE: f64 = 4.5 * 1024.0;
/// So much time of queue is no harm, and keeps a local terminal busy while this program does something else.
const SHORTEST_TRIP: f64 = 0.005;
/// No more than one question in this time, however fast the link.
const QUESTION_SECONDS: f64 = 0.000_3;
/// Answers that come unevenly let in more, up to this time.
const SPREAD: Duration = Duration::from_millis(5);
/// A round trip is measured anew, with an empty queue, when the shortest one is so old.
const REMEASURE: Duration = Duration::from_secs(8);
/// Answers are uneven by so much without a queue.
const UNEVEN: Duration = Duration::from_millis(2);
/// While climbing, at most so many times what the answers of a burst say that the link holds.
const OVERSHOOT: f64 = 1.25;
/// What a later climb adds each round.
const AGAIN: f64 = 0.25;
/// Corrections that may be in vain before the way is taken to be longer.
const PATIENT: u32 = 3;
/// Rounds between two looks at whether the rate has risen.
const EPOCH: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// More each round: `gain` 1 doubles it. `before` was the rate of the round before.
    Climb { gain: f64, before: f64 },
    /// No more for one round, in which the rate is measured that the last step has brought.
    Settle { until: u64 },
    /// What the link holds. `then` was the rate `rounds` ago.
    Hold { then: f64, rounds: u32 },
    /// Half of it, until so much is delivered: to see the round trip without a queue.
    Drain { until: u64 },
}

/// What an answer is judged by.
pub(super) struct Measured<'a> {
    pub(super) delivery: &'a mut Delivery,
    pub(super) trips: &'a mut Trips,
    /// All bytes written so far.
    pub(super) sent: u64,
    /// Uploads waited for credit.
    pub(super) pressed: bool,
    pub(super) now: Instant,
}

/// The credit.
#[derive(Debug)]
pub(super) struct Credit {
    bytes: f64,
    phase: Phase,
    /// Until so much is delivered, round trips tell of the time before the last correction.
    deaf_until: u64,
    /// Corrections in a row that did not help.
    in_vain: u32,
    /// When the round trip was last measured without a queue.
    drained: Option<Instant>,
}

impl Default for Credit {
    fn default() -> Self {
        Self { bytes: START, phase: Phase::Climb { gain: 1.0, before: 0.0 }, deaf_until: 0, in_vain: 0, drained: None }
    }
}

impl Credit {
    pub(super) fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// Bytes from one question to the next: each chunk has its own unless the link is very fast.
    pub(super) fn spacing(&self, delivery: &Delivery) -> u64 {
        delivery.rate().map_or(0, |rate| spacing(rate) as u64)
    }

    /// The rate at which a link that was idle is filled: no faster than it empties, or a little more, so that a link
    /// that has become faster is found. Nothing while the rate is not known.
    pub(super) fn filling_rate(&self, delivery: &Delivery, trips: &Trips) -> Option<f64> {
        let (rate, (_, shortest)) = (delivery.rate()?, trips.shortest()?);
        match self.phase {
            Phase::Climb { gain, .. } if gain >= 1.0 => None,
            Phase::Climb { gain, .. } => Some(rate * (1.0 + gain)),
            _ => Some(rate * 1.05 + SPARE / shortest.as_secs_f64().max(SHORTEST_TRIP)),
        }
    }

    /// An answer has come.
    pub(super) fn acknowledged(&mut self, ack: &Ack, link: &mut Measured<'_>) {
        let (Some(rate), Some((_, shortest))) = (link.delivery.rate(), link.trips.shortest()) else { return };
        let telling = link.pressed && !ack.limited;
        match self.phase {
            Phase::Climb { gain, before } if telling => self.climb((gain, before), ack, rate, shortest, link),
            Phase::Settle { until } if link.delivery.delivered() >= until => {
                self.hold_from(rate, link.sent);
                link.delivery.restart_spread();
            }
            Phase::Hold { then, rounds } if telling => {
                if ack.round_over {
                    self.phase = next_epoch(then, rounds, rate, shortest);
                }
                self.thin_out(rate, shortest, link);
                self.drain(link);
            }
            Phase::Drain { until } if link.delivery.delivered() >= until || !link.pressed => {
                self.hold_from(rate, link.sent);
            }
            // What is held back here says nothing of the link.
            Phase::Drain { .. } => link.delivery.limited(link.sent),
            Phase::Climb { .. } | Phase::Settle { .. } | Phase::Hold { .. } => {}
        }
        self.resize(ack.bytes as f64, link);
    }

    fn hold_from(&mut self, rate: f64, sent: u64) {
        self.deaf_until = sent;
        self.phase = Phase::Hold { then: rate, rounds: 0 };
    }

    /// More credit; enough when a round brought hardly more through, or when the answers take longer and longer.
    fn climb(&mut self, (gain, before): (f64, f64), ack: &Ack, rate: f64, shortest: Duration, link: &Measured<'_>) {
        let burst = link.delivery.burst_rate().map_or(MOST, |rate| target(OVERSHOOT * rate, shortest) + SPARE);
        self.bytes = self.bytes.max((self.bytes + gain * ack.bytes as f64).min(burst).min(MOST));
        let full = ack.round_over && before > 0.0 && rate < before * (1.0 + gain / 4.0);
        let slow = shortest + (shortest / 4 + UNEVEN * 2).mul_f64(gain);
        if full || link.delivery.last_trip().is_some_and(|trip| trip > slow) {
            self.phase = Phase::Settle { until: link.sent };
        } else if ack.round_over {
            self.phase = Phase::Climb { gain, before: rate };
        }
    }

    /// Measures the rate anew where a queue stands that the credit does not explain.
    fn thin_out(&mut self, rate: f64, shortest: Duration, link: &mut Measured<'_>) {
        if link.delivery.delivered() < self.deaf_until {
            return;
        }
        let Some(trip) = link.delivery.recent_trip() else { return };
        let explained = Duration::from_secs_f64((self.bytes / rate - shortest.as_secs_f64()).clamp(0.0, 1.0));
        if trip <= shortest + 2 * explained + UNEVEN {
            self.in_vain = 0;
            return;
        }
        self.in_vain += 1;
        if self.in_vain > PATIENT {
            // Less in flight made it no shorter: the way itself has become longer.
            link.trips.restart(link.now, trip);
            self.in_vain = 0;
        }
        link.delivery.restart_rate();
        self.hold_from(link.delivery.rate().unwrap_or(rate), link.sent);
    }

    /// Lets the queue run empty once in a while.
    fn drain(&mut self, link: &Measured<'_>) {
        let measured = self.drained.max(link.trips.shortest().map(|(at, _)| at));
        if measured.is_some_and(|at| link.now.saturating_duration_since(at) > REMEASURE) {
            self.drained = Some(link.now);
            // Two chunks more than is in flight now: those see the link without a queue.
            self.phase = Phase::Drain { until: link.sent + 2 * SPARE as u64 };
        }
    }

    fn resize(&mut self, delivered: f64, link: &Measured<'_>) {
        let (Some(rate), Some((_, shortest))) = (link.delivery.rate(), link.trips.shortest()) else { return };
        match self.phase {
            Phase::Climb { .. } | Phase::Settle { .. } => {}
            Phase::Hold { .. } => {
                // Upwards no faster than the link empties, so that what is new makes no queue.
                let most = self.bytes.max(LEAST) + delivered;
                let trip = shortest + link.delivery.spread().min(SPREAD).min(shortest / 4);
                self.bytes = target(rate, trip).clamp(LEAST, most.min(MOST));
            }
            Phase::Drain { .. } => self.bytes = (rate * shortest.as_secs_f64() / 2.0).clamp(SPARE, MOST),
        }
    }
}

/// Climbs again when the rate has risen by more than chance over some rounds.
fn next_epoch(then: f64, rounds: u32, rate: f64, shortest: Duration) -> Phase {
    match rounds + 1 {
        EPOCH if rate > then + 2.0 * SPARE / shortest.as_secs_f64().max(SHORTEST_TRIP) => {
            Phase::Climb { gain: AGAIN, before: 0.0 }
        }
        EPOCH => Phase::Hold { then: rate, rounds: 0 },
        rounds => Phase::Hold { then, rounds },
    }
}

/// What the link holds, and one chunk.
fn target(rate: f64, trip: Duration) -> f64 {
    rate * trip.as_secs_f64().max(SHORTEST_TRIP) + SPARE.max(1.5 * spacing(rate))
}

/// Bytes from one question to the next.
fn spacing(rate: f64) -> f64 {
    rate * QUESTION_SECONDS
}
