//! When an upload may go on.
//!
//! Why: the path to a terminal takes far more than the link carries at once, and what it took lies before the next
//! key's frame. So uploads keep to a credit of bytes that the terminal has not yet acknowledged ([`credit`]), learnt
//! from how fast the answers come ([`delivery`]); or to a clock ([`clock`]), where answers do not come or say little:
//! in a silence, and behind tmux ([`trains`]).
//!
//! A state machine without a clock of its own: every call says what time it is. What always holds: frames are never
//! held back; uploads never make more unacknowledged bytes than the credit, save for a piece larger than all of it; a
//! question that is never answered holds nothing up for longer than the patience.

mod clock;
mod credit;
mod delivery;
mod ledger;
mod trains;

use super::link::{Link, Pacing};
use crate::term::{seq, tmux};
use clock::Clock;
use credit::{Credit, Measured};
use delivery::{Delivery, Trips};
use ledger::{Answer, Found, Ledger, Question};
use std::time::{Duration, Instant};
use trains::{End, Trains};

/// So little in flight counts as nothing: a link is never so slow that it would matter.
const SMALL: u64 = 2 * 1024;
/// Round trips over which the shortest counts; behind tmux, where there are few, for longer.
const WINDOW: Duration = Duration::from_secs(10);
const WINDOW_TMUX: Duration = Duration::from_secs(60);
/// Behind tmux, answers reach this program for so long after a key.
const LISTENING: Duration = Duration::from_secs(1);
/// Questions under way behind tmux.
const FEW: usize = 2;
/// An answer takes at least so long to be missed where round trips are known, and where they are not.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));
/// The longest patience for a question behind nothing, and for one behind a large frame.
const LONGEST: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(30));
/// A hint below this is that of the same machine.
const NEAR: Duration = Duration::from_millis(10);
/// Bytes a second in a silence: at least, where nothing is known, and at most.
const SILENT: (f64, f64, f64) = (32.0 * 1024.0, 128.0 * 1024.0, 1024.0 * 1024.0);

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

/// The state of the link.
#[derive(Debug)]
pub(super) struct Pace {
    pacing: Pacing,
    hint: Option<Duration>,
    sent: u64,
    ledger: Ledger,
    delivery: Delivery,
    trips: Trips,
    credit: Credit,
    clock: Clock,
    trains: Trains,
    /// Behind tmux, questions may be asked until then.
    listening: Option<Instant>,
    /// Uploads waited for credit in this round, and in the one before.
    pressed: (bool, bool),
    seen: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pacing: Pacing::default(),
            hint: None,
            sent: 0,
            ledger: Ledger::default(),
            delivery: Delivery::default(),
            trips: Trips::new(WINDOW),
            credit: Credit::default(),
            clock: Clock::default(),
            trains: Trains::default(),
            listening: None,
            pressed: (false, false),
            seen: None,
        }
    }
}

impl Pace {
    /// Says who answers. Whatever was learnt about another way is forgotten.
    pub(super) fn set_pacing(&mut self, pacing: Pacing, now: Instant) -> News {
        if pacing == self.pacing {
            return News::default();
        }
        let silent = self.ledger.is_silent().then_some(false);
        let trips = Trips::new(if pacing == Pacing::Tmux { WINDOW_TMUX } else { WINDOW });
        let listening = (pacing == Pacing::Tmux).then(|| now + LISTENING);
        *self = Self { pacing, sent: self.sent, trips, listening, seen: self.seen, ..Self::default() };
        self.delivery.forgive(self.sent, now);
        News { seen: None, silent }
    }

    /// How long the terminal took to answer before any of this.
    pub(super) fn hint_round_trip(&mut self, hint: Duration) {
        self.hint = Some(hint);
        self.trains.hint(hint);
    }

    /// The person has pressed a key: behind tmux, this pane is the active one.
    pub(super) fn typed(&mut self, now: Instant) {
        if self.pacing == Pacing::Tmux {
            self.listening = Some(now + LISTENING);
        }
    }

    /// The answers to what was asked so far go elsewhere.
    pub(super) fn cut(&mut self, now: Instant) {
        self.ledger.cut();
        self.trains.give_up();
        self.delivery.forgive(self.sent, now);
    }

    /// Bytes known or taken to have arrived.
    #[cfg(test)]
    pub(super) fn delivered(&self) -> u64 {
        self.delivery.delivered()
    }

    fn in_flight(&self) -> u64 {
        self.sent.saturating_sub(self.delivery.delivered())
    }

    fn by_clock(&self) -> bool {
        self.pacing == Pacing::Tmux || self.ledger.is_silent()
    }

    fn rate(&self) -> Option<f64> {
        if self.pacing == Pacing::Tmux { self.trains.known() } else { self.delivery.rate() }
    }

    fn clock_rate(&self, now: Instant) -> f64 {
        let known = if self.pacing == Pacing::Tmux { Some(self.trains.allowed(now)) } else { self.delivery.rate() };
        match (self.ledger.is_silent(), known) {
            (false, known) => known.unwrap_or(SILENT.1),
            (true, Some(rate)) => (rate / 2.0).clamp(SILENT.0, SILENT.2),
            (true, None) => SILENT.1,
        }
    }

    /// Whether answers are under way. In a silence none are expected.
    pub(super) fn awaits_answers(&self) -> bool {
        self.ledger.waiting() > 0 && !self.ledger.is_silent()
    }

    /// What is known of the link, with so many bytes of uploads waiting.
    pub(super) fn link(&self, backlog: usize) -> Link {
        let (credit, in_flight) = match self.pacing {
            Pacing::Off => (usize::MAX, 0),
            _ if self.by_clock() => (self.clock.burst() as usize, self.clock.debt()),
            _ => (self.credit.bytes(), usize::try_from(self.in_flight()).unwrap_or(usize::MAX)),
        };
        Link {
            round_trip: self.trips.shortest().map(|(_, trip)| trip).or(self.hint),
            bandwidth: self.rate().map(|rate| rate as u64),
            credit,
            in_flight,
            backlog,
            silent: self.ledger.is_silent(),
            sent: self.sent,
            seen: self.seen,
        }
    }

    /// Whether a piece of an upload may be written.
    pub(super) fn due(&mut self, bytes: usize, now: Instant) -> Due {
        if self.pacing == Pacing::Off || self.trains.is_open() {
            return Due::Now;
        }
        if self.by_clock() {
            let rate = self.clock_rate(now);
            self.clock.set_rate(rate, now);
            return self.clock.wait(bytes, now).map_or(Due::Now, |until| Due::Later(Some(until)));
        }
        if self.in_flight() > SMALL && !self.fits(self.in_flight(), bytes) {
            self.pressed.0 = true;
            return Due::Later(None);
        }
        let Some(rate) = self.credit.filling_rate(&self.delivery, &self.trips) else { return Due::Now };
        self.clock.set_rate(rate, now);
        self.clock.wait(bytes, now).map_or(Due::Now, |until| Due::Later(Some(until)))
    }

    fn fits(&self, in_flight: u64, bytes: usize) -> bool {
        in_flight + (bytes + seq::ASK_STATUS.len()) as u64 <= self.credit.bytes() as u64
    }

    /// Takes note of a frame, and appends a question to it. `waiting` says that uploads wait behind it.
    pub(super) fn wrote_frame(&mut self, bytes: &mut Vec<u8>, mark: Option<Mark>, waiting: bool, now: Instant) {
        let ask = match self.pacing {
            Pacing::Off => false,
            _ if self.ledger.is_silent() => self.try_is_due(true, now),
            Pacing::Direct => mark.is_some() || waiting || self.unasked() + bytes.len() as u64 > SMALL,
            Pacing::Tmux => mark.is_some() && self.may_ask(now),
        };
        if !waiting {
            self.delivery.limited(self.sent + bytes.len() as u64);
        }
        self.wrote(bytes, ask, mark, None, now);
    }

    /// Takes note of a piece of an upload, and appends a question to it. `following` is the size of the next one.
    pub(super) fn wrote_piece(&mut self, bytes: &mut Vec<u8>, following: Option<usize>, now: Instant) {
        let after = self.sent + bytes.len() as u64;
        if following.is_none() {
            self.delivery.limited(after);
        }
        let (ask, train) = match self.pacing {
            Pacing::Off => (false, None),
            _ if self.ledger.is_silent() => (self.try_is_due(true, now), None),
            Pacing::Direct => (self.piece_asks(bytes.len(), following), None),
            Pacing::Tmux => self.train_end(after, following.is_some(), now),
        };
        self.wrote(bytes, ask, None, train, now);
        if train == Some(End::Before) {
            self.trains.begin(self.sent);
        }
    }

    /// After the last piece that fits and the last of all; before that as often as the credit asks for.
    fn piece_asks(&self, bytes: usize, following: Option<usize>) -> bool {
        let unasked = self.unasked() + bytes as u64;
        let spacing = self.credit.spacing(&self.delivery);
        unasked >= spacing || following.is_none_or(|next| !self.fits(self.in_flight() + bytes as u64, next))
    }

    /// Bytes written since the last question.
    fn unasked(&self) -> u64 {
        self.sent.saturating_sub(self.ledger.asked_to().max(self.delivery.delivered()))
    }

    fn train_end(&mut self, after: u64, more: bool, now: Instant) -> (bool, Option<End>) {
        let may_ask = self.may_ask(now);
        if self.trains.is_open() {
            if !self.trains.ends(after, more) {
                return (false, None);
            }
            if !may_ask {
                self.trains.give_up();
            }
            return (may_ask, may_ask.then_some(End::After));
        }
        let begins = more && may_ask && self.ledger.waiting() == 0 && self.trains.wanted(now);
        (begins, begins.then_some(End::Before))
    }

    fn may_ask(&self, now: Instant) -> bool {
        self.listening.is_some_and(|until| now < until) && self.ledger.waiting() < FEW
    }

    fn try_is_due(&self, waiting: bool, now: Instant) -> bool {
        self.next_try(waiting).is_some_and(|at| at <= now)
    }

    /// When to ask into the silence.
    fn next_try(&self, waiting: bool) -> Option<Instant> {
        let at = self.ledger.next_try(waiting)?;
        match self.pacing {
            Pacing::Tmux => self.listening.is_some_and(|until| at < until).then_some(at),
            Pacing::Off | Pacing::Direct => Some(at),
        }
    }

    fn wrote(&mut self, bytes: &mut Vec<u8>, ask: bool, mark: Option<Mark>, train: Option<End>, now: Instant) {
        if self.ledger.waiting() == 0 && self.in_flight() <= SMALL {
            self.delivery.idle(now);
        }
        let snapshot = self.delivery.snapshot(now);
        if ask {
            match self.pacing {
                Pacing::Tmux => bytes.extend_from_slice(&tmux::wrap(seq::ASK_STATUS)),
                Pacing::Off | Pacing::Direct => bytes.extend_from_slice(seq::ASK_STATUS),
            }
        }
        self.sent += bytes.len() as u64;
        self.clock.spend(bytes.len(), now);
        if ask {
            self.ledger.ask(Question { asked: now, end: self.sent, mark, snapshot, train });
        }
    }

    /// A question by itself, where one is needed: uploads wait for credit and no answer is to come, an answer may be
    /// lost, or a silence may be over.
    pub(super) fn bare_question(&mut self, waiting: bool, now: Instant) -> Option<Vec<u8>> {
        let needed = match self.pacing {
            Pacing::Off => false,
            _ if self.ledger.is_silent() => self.try_is_due(waiting, now),
            Pacing::Direct => {
                self.ledger.wants_question() || (waiting && self.ledger.waiting() == 0 && self.in_flight() > SMALL)
            }
            Pacing::Tmux => self.ledger.wants_question() && self.may_ask(now),
        };
        let mut bytes = Vec::new();
        needed.then(|| self.wrote(&mut bytes, true, None, None, now))?;
        Some(bytes)
    }

    /// The terminal has answered one question.
    pub(super) fn acknowledged(&mut self, now: Instant) -> News {
        if self.pacing == Pacing::Off {
            return News::default();
        }
        let (answer, back) = self.ledger.answer(now);
        let Answer::To { question, sure } = answer else { return News::default() };
        if back {
            self.credit = Credit::default();
        }
        let took = now.saturating_duration_since(question.asked);
        if sure {
            self.trips.take(now, took);
        }
        self.learn(&question, sure, took, now);
        let seen = question.mark.map(|m| (m.mark, now.saturating_duration_since(m.handed)));
        self.seen = seen.map(|(_, after)| after).or(self.seen);
        News { seen, silent: back.then_some(false) }
    }

    fn learn(&mut self, question: &Question, sure: bool, took: Duration, now: Instant) {
        let shortest = self.trips.shortest().map_or(took, |(_, trip)| trip);
        let written = (question.asked, question.end);
        let ack = self.delivery.arrived(written, &question.snapshot, now, shortest);
        match (self.pacing, question.train) {
            (Pacing::Tmux, Some(end)) if sure => {
                self.trains.answered(end, question.end, took.saturating_sub(shortest), shortest, now);
            }
            (Pacing::Tmux, Some(_)) => self.trains.give_up(),
            (Pacing::Direct, _) => {
                let Some(ack) = ack else { return };
                let pressed = self.pressed.0 || self.pressed.1;
                if ack.round_over {
                    self.pressed = (false, self.pressed.0);
                }
                let (delivery, trips) = (&mut self.delivery, &mut self.trips);
                self.credit.acknowledged(&ack, &mut Measured { delivery, trips, sent: self.sent, pressed, now });
            }
            (Pacing::Tmux | Pacing::Off, _) => {}
        }
    }

    /// How long the oldest question may take: longer behind a large frame.
    fn patience(&self) -> Duration {
        let base = match (self.trips.shortest(), self.hint) {
            (Some((_, trip)), _) => (8 * trip).clamp(PATIENCE.0, LONGEST.0),
            (None, Some(hint)) if hint < NEAR => PATIENCE.0,
            (None, _) => PATIENCE.1,
        };
        if self.by_clock() {
            return base;
        }
        let before = self.ledger.front().map_or(0, |q| q.end.saturating_sub(self.delivery.delivered()));
        let rate = self.rate().map_or(SILENT.0, |rate| (rate / 2.0).max(SILENT.0));
        (base + Duration::from_secs_f64(before as f64 / rate)).min(LONGEST.1)
    }

    /// Looks at the clock. What is written off shortens the patience with what was asked next, so it looks until nothing
    /// more is overdue: else the next look would be due at once.
    pub(super) fn look(&mut self, now: Instant) -> News {
        let strikes = if self.pacing == Pacing::Tmux { 2 } else { 1 };
        let mut news = News::default();
        loop {
            let end = match self.ledger.look(now, self.patience(), strikes) {
                Found::Nothing => return news,
                Found::WrittenOff(end) => end,
                Found::Silence(end) => {
                    news.silent = Some(true);
                    end
                }
            };
            self.delivery.forgive(end, now);
            self.trains.give_up();
        }
    }

    /// When to look again; `waiting` says that uploads wait.
    pub(super) fn deadline(&self, waiting: bool) -> Option<Instant> {
        let tried = self.next_try(waiting);
        [self.ledger.deadline(self.patience()), tried].into_iter().flatten().min()
    }
}
