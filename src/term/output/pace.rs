//! When an upload may go on.
//!
//! A state machine without a clock of its own: every call says what time it is.

use super::link::{Link, Pacing};
use crate::term::seq;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a watched frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) mark: u64,
    /// When the frame was handed over.
    pub(super) handed: Instant,
}

/// Whether a piece may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Now,
    /// After an answer, or at this time.
    Later(Option<Instant>),
}

/// What became known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// A watched frame was consumed, so long after it was handed over.
    pub(super) seen: Option<(u64, Duration)>,
    /// The terminal has stopped answering, or answers again.
    pub(super) silent: Option<bool>,
}

/// A question that was not answered yet.
#[derive(Clone, Copy, Debug)]
struct Question {
    asked: Instant,
    /// All bytes written up to and with it.
    end: u64,
    mark: Option<Mark>,
}

/// The state of the link.
#[derive(Debug, Default)]
pub(super) struct Pace {
    pacing: Pacing,
    hint: Option<Duration>,
    sent: u64,
    acknowledged: u64,
    questions: VecDeque<Question>,
    round_trip: Option<Duration>,
    seen: Option<Duration>,
}

impl Pace {
    pub(super) fn set_pacing(&mut self, pacing: Pacing, _now: Instant) {
        self.pacing = pacing;
        self.cut();
    }

    pub(super) fn hint_round_trip(&mut self, hint: Duration) {
        self.hint = Some(hint);
    }

    pub(super) fn typed(&mut self, _now: Instant) {}

    /// The answers to what was asked go elsewhere.
    pub(super) fn cut(&mut self) {
        self.questions.clear();
        self.acknowledged = self.sent;
    }

    pub(super) fn link(&self, backlog: usize) -> Link {
        Link {
            round_trip: self.round_trip.or(self.hint),
            bandwidth: None,
            credit: usize::MAX,
            in_flight: usize::try_from(self.sent - self.acknowledged).unwrap_or(usize::MAX),
            backlog,
            silent: false,
            sent: self.sent,
            seen: self.seen,
        }
    }

    pub(super) fn due(&mut self, _bytes: usize, _now: Instant) -> Due {
        Due::Now
    }

    /// Takes note of a frame, and appends a question to it.
    pub(super) fn wrote_frame(&mut self, bytes: &mut Vec<u8>, mark: Option<Mark>, _waiting: bool, now: Instant) {
        self.wrote(bytes, mark, mark.is_some(), now);
    }

    /// Takes note of a piece of an upload, and appends a question to it. `following` is the size of the next one.
    pub(super) fn wrote_piece(&mut self, bytes: &mut Vec<u8>, following: Option<usize>, now: Instant) {
        self.wrote(bytes, None, following.is_none(), now);
    }

    fn wrote(&mut self, bytes: &mut Vec<u8>, mark: Option<Mark>, ask: bool, now: Instant) {
        let ask = ask && self.pacing == Pacing::Direct;
        if ask {
            bytes.extend_from_slice(seq::ASK_STATUS);
        }
        self.sent += bytes.len() as u64;
        if ask {
            self.questions.push_back(Question { asked: now, end: self.sent, mark });
        }
    }

    /// A question by itself, where one is needed and none is under way.
    pub(super) fn bare_question(&mut self, _waiting: bool, _now: Instant) -> Option<Vec<u8>> {
        None
    }

    /// The terminal has answered one question.
    pub(super) fn acknowledged(&mut self, now: Instant) -> News {
        let Some(question) = self.questions.pop_front() else { return News::default() };
        self.acknowledged = question.end;
        let took = now.saturating_duration_since(question.asked);
        self.round_trip = Some(self.round_trip.map_or(took, |r| r.min(took)));
        let seen = question.mark.map(|m| (m.mark, now.saturating_duration_since(m.handed)));
        self.seen = seen.map(|(_, after)| after).or(self.seen);
        News { seen, silent: None }
    }

    /// Looks at the clock.
    pub(super) fn look(&mut self, _now: Instant) -> News {
        News::default()
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        None
    }
}
