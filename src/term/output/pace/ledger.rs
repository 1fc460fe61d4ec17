//! Which answer belongs to which question.
//!
//! All questions look alike and so do the answers, so they are told apart by their order: the n-th answer belongs to
//! the n-th question. An answer may be late by seconds, or lost for ever (the terminal was exchanged, another pane got
//! it), and one may come that nobody asked for.
//!
//! What always holds: a question that was written off is still counted, so that its late answer is not taken for the
//! answer to a newer one; what is counted like that is forgotten once the line has been quiet for a while after an
//! answer, because then nothing more will come. So the count is right again after any loss.

use super::delivery::Snapshot;
use super::{Mark, trains};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// In silence a question is asked so often.
const EVERY: Duration = Duration::from_secs(1);
/// Questions asked into silence while there is nothing to write.
const LAST_TRIES: u32 = 10;

/// A question that was not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) asked: Instant,
    /// All bytes written up to and with it.
    pub(super) end: u64,
    pub(super) mark: Option<Mark>,
    pub(super) snapshot: Snapshot,
    /// Its place in a packet train.
    pub(super) train: Option<trains::End>,
}

/// What an answer means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// Nobody asked.
    Unasked,
    /// It belongs to a question that was written off.
    Late,
    /// It belongs to this question. `sure` unless answers may have been lost.
    To { question: Question, sure: bool },
}

/// What a look at the clock found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// Questions were written off: what was in flight up to here counts as delivered.
    WrittenOff(u64),
    /// The same, and the terminal does not answer at all.
    Silence(u64),
}

/// The questions under way.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    waiting: VecDeque<Question>,
    /// Questions written off that may still be answered.
    owed: u32,
    last_answer: Option<Instant>,
    /// Questions were written off, and whether their answers are late or lost is not known yet.
    doubt: bool,
    /// No answer since then.
    silent: Option<Instant>,
    /// Looks in a row that found no answer.
    missed: u32,
    last_asked: Option<Instant>,
    /// Questions asked in this silence.
    tries: u32,
}

impl Ledger {
    pub(super) fn ask(&mut self, question: Question) {
        self.last_asked = Some(question.asked);
        if self.silent.is_some() {
            self.tries += 1;
        }
        self.waiting.push_back(question);
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The bytes up to the last question under way.
    pub(super) fn asked_to(&self) -> u64 {
        self.waiting.back().map_or(0, |q| q.end)
    }

    pub(super) fn front(&self) -> Option<&Question> {
        self.waiting.front()
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent.is_some()
    }

    /// Takes an answer. Returns what it means, and whether it ended a silence.
    pub(super) fn answer(&mut self, now: Instant) -> (Answer, bool) {
        if self.owed == 0 && self.waiting.is_empty() {
            return (Answer::Unasked, false);
        }
        self.last_answer = Some(now);
        self.missed = 0;
        let sure = !self.doubt;
        let (answer, back) = match self.owed {
            0 => match self.waiting.pop_front() {
                Some(question) => (Answer::To { question, sure }, self.silent.take().is_some()),
                None => (Answer::Unasked, false),
            },
            _ => {
                self.owed -= 1;
                (Answer::Late, false)
            }
        };
        if self.owed == 0 && self.waiting.is_empty() {
            // Everything that was asked is answered: the count is right.
            self.doubt = false;
        }
        (answer, back)
    }

    /// Since when nothing has come that should have.
    fn quiet_since(&self) -> Option<Instant> {
        let oldest = self.waiting.front()?.asked;
        Some(self.last_answer.map_or(oldest, |last| last.max(oldest)))
    }

    /// Writes off what is overdue. It takes `strikes` looks without any answer until that is a silence.
    pub(super) fn look(&mut self, now: Instant, patience: Duration, strikes: u32) -> Found {
        if self.quiet_since().is_none_or(|since| now < since + patience) {
            return Found::Nothing;
        }
        let overdue = self.waiting.iter().take_while(|q| q.asked + patience <= now).count();
        let unheard = self.waiting.iter().take(overdue).any(|q| self.last_answer.is_none_or(|last| q.asked > last));
        let end = self.waiting.drain(..overdue).next_back().map_or(0, |q| q.end);
        let overdue = u32::try_from(overdue).unwrap_or(u32::MAX);
        if !unheard && self.doubt {
            // The terminal has answered since, and then nothing more: the rest is lost.
            self.owed = 0;
            self.doubt = !self.waiting.is_empty();
            return Found::WrittenOff(end);
        }
        self.owed = self.owed.saturating_add(overdue);
        self.doubt = true;
        self.missed += u32::from(unheard);
        if self.missed < strikes || self.silent.is_some() {
            return Found::WrittenOff(end);
        }
        self.silent = Some(now);
        self.tries = 0;
        Found::Silence(end)
    }

    /// When to look again.
    pub(super) fn deadline(&self, patience: Duration) -> Option<Instant> {
        self.quiet_since().map(|since| since + patience)
    }

    /// When the next question into the silence is due; nothing outside of one, or while late answers come in.
    pub(super) fn next_try(&self, waiting_uploads: bool) -> Option<Instant> {
        let since = self.silent?;
        let answering = self.last_answer.is_some_and(|last| last > since);
        let unsettled = self.owed > 0 || !self.waiting.is_empty();
        if (answering && unsettled) || (self.tries >= LAST_TRIES && !waiting_uploads) {
            return None;
        }
        Some(self.last_asked.map_or(since, |last| (last + EVERY).max(since)))
    }

    /// Whether one more question would tell late answers from lost ones.
    pub(super) fn wants_question(&self) -> bool {
        self.doubt && self.owed > 0 && self.waiting.is_empty() && self.silent.is_none()
    }

    /// Nothing more will come of what was asked so far.
    pub(super) fn cut(&mut self) {
        self.waiting.clear();
        self.owed = 0;
        self.doubt = false;
        self.missed = 0;
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    struct Rig {
        ledger: Ledger,
        start: Instant,
        asked: u64,
    }

    impl Rig {
        fn new() -> Self {
            Self { ledger: Ledger::default(), start: Instant::now(), asked: 0 }
        }

        fn at(&self, ms: u64) -> Instant {
            self.start + Duration::from_millis(ms)
        }

        fn ask(&mut self, ms: u64) {
            self.asked += 1;
            let asked = self.at(ms);
            let snapshot = Snapshot::at(asked);
            self.ledger.ask(Question { asked, end: self.asked, mark: None, snapshot, train: None });
        }

        /// The number of the question that was answered.
        fn answer(&mut self, ms: u64) -> Option<u64> {
            match self.ledger.answer(self.at(ms)).0 {
                Answer::To { question, .. } => Some(question.end),
                Answer::Late | Answer::Unasked => None,
            }
        }

        fn look(&mut self, ms: u64) -> Found {
            self.ledger.look(self.at(ms), PATIENCE, 1)
        }
    }

    #[test]
    fn late_answers_belong_to_the_questions_written_off() {
        let mut rig = Rig::new();
        (0..3).for_each(|i| rig.ask(i * 10));
        assert_eq!(rig.look(900), Found::Nothing);
        assert_eq!(rig.look(1100), Found::Silence(3));
        rig.ask(1200);
        assert_eq!([rig.answer(1300), rig.answer(1310), rig.answer(1320)], [None; 3]);
        assert!(rig.ledger.is_silent());
        assert_eq!(rig.answer(1330), Some(4));
        assert!(!rig.ledger.is_silent());
        assert_eq!(rig.answer(1400), None, "nobody asked");
    }

    #[test]
    fn lost_answers_are_forgotten_when_the_line_is_quiet_after_an_answer() {
        let mut rig = Rig::new();
        (0..3).for_each(|i| rig.ask(i * 10));
        assert_eq!(rig.look(1100), Found::Silence(3));
        rig.ask(1200);
        assert_eq!(rig.answer(1240), None);
        assert_eq!(rig.ledger.next_try(true), None, "more may come of what was asked before");
        assert_eq!(rig.look(2300), Found::WrittenOff(4));
        assert!(rig.ledger.next_try(true).is_some_and(|at| at <= rig.at(2300)));
        rig.ask(2300);
        assert_eq!(rig.answer(2340), Some(5));
        assert!(!rig.ledger.is_silent());
    }

    #[test]
    fn one_lost_answer_among_others_is_no_silence() {
        let mut rig = Rig::new();
        (0..4).for_each(|i| rig.ask(i * 10));
        assert_eq!([rig.answer(40), rig.answer(50), rig.answer(60)], [Some(1), Some(2), Some(3)]);
        assert_eq!(rig.look(1200), Found::WrittenOff(4));
        assert!(rig.ledger.wants_question() && !rig.ledger.is_silent());
        rig.ask(1200);
        assert_eq!(rig.answer(1240), None);
        assert_eq!(rig.look(2300), Found::WrittenOff(5));
        rig.ask(2400);
        assert_eq!(rig.answer(2440), Some(6));
        assert!(!rig.ledger.wants_question());
    }

    #[test]
    fn questions_into_the_silence_stop_when_there_is_nothing_to_write() {
        let mut rig = Rig::new();
        rig.ask(0);
        assert_eq!(rig.look(1000), Found::Silence(1));
        for i in 0..u64::from(LAST_TRIES) {
            assert!(rig.ledger.next_try(false).is_some());
            rig.ask(1000 * (i + 2));
            assert_eq!(rig.look(1000 * (i + 3)), Found::WrittenOff(i + 2), "a silence is said once");
        }
        assert_eq!(rig.ledger.next_try(false), None);
        assert!(rig.ledger.next_try(true).is_some());
    }
}
