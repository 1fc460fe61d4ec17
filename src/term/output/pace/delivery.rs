//! What has arrived, how fast, and how long it took.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Rounds over which the highest rate counts.
const ROUNDS: u64 = 16;
/// Answers that tell how it goes now: those of the last round trip, at least and at most so many.
const RECENT: (usize, usize) = (4, 64);

/// Answers in a row that tell the rate of a burst.
const BURST: usize = 3;

/// Answers over which the spread is smoothed.
const SMOOTH: f64 = 32.0;

/// What was known when a question was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snapshot {
    delivered: u64,
    delivered_at: Instant,
    first_sent: Instant,
    limited: bool,
}

impl Snapshot {
    #[cfg(test)]
    pub(super) fn at(now: Instant) -> Self {
        Self { delivered: 0, delivered_at: now, first_sent: now, limited: false }
    }
}

/// What an answer tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ack {
    /// Bytes delivered since the answer before.
    pub(super) bytes: u64,
    /// There was too little to write to fill the link.
    pub(super) limited: bool,
    /// Everything that was in flight when the round began has arrived.
    pub(super) round_over: bool,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: Instant,
    delivered: u64,
    took: Duration,
}

/// Bytes delivered, and the rate of it, measured as BBR does: for each question, what was delivered between its
/// writing and its answer, over the longer of the time to send it and the time to get it acknowledged.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    delivered: u64,
    delivered_at: Option<Instant>,
    first_sent: Option<Instant>,
    /// Until this much is delivered the samples come from too little data.
    limited_until: u64,
    round_end: u64,
    rounds: u64,
    /// Highest rates: round and bytes a second, falling.
    best: VecDeque<(u64, f64)>,
    recent: VecDeque<Arrival>,
    burst: Option<f64>,
    /// How much longer than the shortest of its round trip an answer takes on average, in seconds.
    spread: f64,
}

impl Delivery {
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// The highest rate of the last rounds, bytes a second.
    pub(super) fn rate(&self) -> Option<f64> {
        self.best.front().map(|(_, rate)| *rate)
    }

    /// Nothing is in flight now: the clock of the next sample starts.
    pub(super) fn idle(&mut self, now: Instant) {
        self.delivered_at = Some(now);
        self.first_sent = Some(now);
    }

    /// Nothing was left to write after `sent` bytes.
    pub(super) fn limited(&mut self, sent: u64) {
        self.limited_until = sent;
    }

    pub(super) fn snapshot(&self, now: Instant) -> Snapshot {
        Snapshot {
            delivered: self.delivered,
            delivered_at: self.delivered_at.unwrap_or(now),
            first_sent: self.first_sent.unwrap_or(now),
            limited: self.delivered < self.limited_until,
        }
    }

    /// Takes what was in flight as delivered, without learning from it.
    pub(super) fn forgive(&mut self, sent: u64, now: Instant) {
        self.delivered = self.delivered.max(sent);
        self.recent.clear();
        self.idle(now);
    }

    /// The answer to a question that was written at `asked` and ends at `end`.
    pub(super) fn arrived(
        &mut self,
        (asked, end): (Instant, u64),
        then: &Snapshot,
        now: Instant,
        shortest: Duration,
    ) -> Option<Ack> {
        let bytes = end.checked_sub(self.delivered).filter(|b| *b > 0)?;
        self.delivered = end;
        self.delivered_at = Some(now);
        self.first_sent = Some(asked);
        let round_over = then.delivered >= self.round_end;
        if round_over {
            self.round_end = end;
            self.rounds += u64::from(!then.limited);
        }
        let took = now.saturating_duration_since(asked);
        self.remember(Arrival { at: now, delivered: end, took }, shortest);
        if let Some(least) = self.recent_trip() {
            self.spread += (took.saturating_sub(least).as_secs_f64() - self.spread) / SMOOTH;
        }
        let sending = asked.saturating_duration_since(then.first_sent);
        let interval = sending.max(now.saturating_duration_since(then.delivered_at));
        // Shorter than a round trip is no measurement but an answer that came out of turn.
        if interval >= shortest / 2 && !interval.is_zero() {
            let rate = end.saturating_sub(then.delivered) as f64 / interval.as_secs_f64();
            if !then.limited || self.rate().is_none_or(|best| rate > best) {
                self.take(rate);
            }
        }
        Some(Ack { bytes, limited: then.limited, round_over })
    }

    fn take(&mut self, rate: f64) {
        while self.best.back().is_some_and(|(_, r)| *r <= rate) {
            self.best.pop_back();
        }
        self.best.push_back((self.rounds, rate));
        while self.best.len() > 1 && self.best.front().is_some_and(|(round, _)| round + ROUNDS < self.rounds) {
            self.best.pop_front();
        }
    }

    fn remember(&mut self, arrival: Arrival, span: Duration) {
        if let Some(first) = self.recent.iter().rev().nth(BURST - 1) {
            let time = arrival.at.saturating_duration_since(first.at).as_secs_f64();
            let rate = (arrival.delivered - first.delivered) as f64 / time.max(0.000_001);
            self.burst = Some(self.burst.map_or(rate, |best| best.max(rate)));
        }
        self.recent.push_back(arrival);
        let old = |a: &Arrival| a.at + span < arrival.at;
        while self.recent.len() > RECENT.1 || (self.recent.len() > RECENT.0 && self.recent.front().is_some_and(old)) {
            self.recent.pop_front();
        }
    }

    /// The highest rate at which a few answers in a row came in: when they were asked for in a burst, that of the
    /// narrowest part of the way. Too high where answers were held up and came together.
    pub(super) fn burst_rate(&self) -> Option<f64> {
        self.burst
    }

    /// How much longer than the shortest an answer takes though no queue explains it: the program and the terminal do
    /// other things too.
    pub(super) fn spread(&self) -> Duration {
        Duration::from_secs_f64(self.spread)
    }

    /// The spread is measured anew.
    pub(super) fn restart_spread(&mut self) {
        self.spread = 0.0;
    }

    /// The shortest time of the last few answers.
    pub(super) fn last_trip(&self) -> Option<Duration> {
        (self.recent.len() >= RECENT.0).then(|| self.recent.iter().rev().take(RECENT.0).map(|a| a.took).min())?
    }

    /// The shortest time to an answer in the last round trip.
    pub(super) fn recent_trip(&self) -> Option<Duration> {
        (self.recent.len() >= RECENT.0).then(|| self.recent.iter().map(|a| a.took).min())?
    }

    /// The rate of the last round trip alone, and from now on the best one.
    pub(super) fn restart_rate(&mut self) {
        let Some(last) = self.recent.back() else { return };
        let Some(first) = self.recent.iter().find(|a| a.at + last.took >= last.at) else { return };
        let time = last.at.saturating_duration_since(first.at).as_secs_f64();
        if time > 0.0 {
            let rate = (last.delivered - first.delivered) as f64 / time;
            self.best.clear();
            self.take(rate);
        }
    }
}

/// The shortest of the times to an answer over a sliding time.
#[derive(Debug)]
pub(super) struct Trips {
    window: Duration,
    /// When, and how long; rising.
    shortest: VecDeque<(Instant, Duration)>,
}

impl Trips {
    pub(super) fn new(window: Duration) -> Self {
        Self { window, shortest: VecDeque::new() }
    }

    pub(super) fn take(&mut self, now: Instant, took: Duration) {
        while self.shortest.back().is_some_and(|(_, t)| *t >= took) {
            self.shortest.pop_back();
        }
        self.shortest.push_back((now, took));
        while self.shortest.len() > 1 && self.shortest.front().is_some_and(|(at, _)| *at + self.window < now) {
            self.shortest.pop_front();
        }
    }

    /// The shortest, and when it was measured.
    pub(super) fn shortest(&self) -> Option<(Instant, Duration)> {
        self.shortest.front().copied()
    }

    /// The way has become longer: only this counts.
    pub(super) fn restart(&mut self, now: Instant, took: Duration) {
        self.shortest.clear();
        self.shortest.push_back((now, took));
    }
}
