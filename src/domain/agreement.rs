//! How far people agree who answered the same pictures without seeing each other's answers: raw agreement, the kappas of
//! Cohen and Fleiss, Krippendorff's alpha, and for boxes their overlap and F1; for all, for each two people, and for each
//! class, with 95 % intervals.
//!
//! Why one place: which of these a team believes in is the team's business, so all are worked out from the same answers.
//! What always holds: neither the order of the people nor that of the pictures changes a value; whoever agrees in
//! everything gets 1; a value that is not defined (chance alone explains all) is none and never a number; the same answers
//! and the same seed give the same intervals.

pub mod adjudication;
mod bootstrap;
pub mod boxes;
mod cohen;
mod fleiss;
pub mod gold;
mod krippendorff;
mod matching;
pub mod nominal;
pub mod objects;
mod raw;
mod study;
mod sums;

pub use cohen::{Contingency, Kappa, cohen};
pub use study::{Agreement, ClassMeasure, Measure, PairMeasure, Study};
pub use sums::Pattern;

use serde::{Deserialize, Serialize};

/// A value with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The value; nothing where it is not defined.
    pub value: Option<f64>,
    /// The lower end of the interval; nothing below two pictures.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// A number with so many digits, never `-0.00`.
#[must_use]
pub fn digits(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let zero = text.starts_with('-') && text.bytes().all(|b| matches!(b, b'-' | b'.' | b'0'));
    if zero { text.trim_start_matches('-').to_owned() } else { text }
}

impl Figure {
    fn new(value: Option<f64>, interval: Option<(f64, f64)>) -> Self {
        // An interval that does not hold its own value comes from too few pictures to tell; it is widened, never moved.
        let ends = value.and(interval);
        let (low, high) = (ends.map(|e| e.0), ends.map(|e| e.1));
        Self { value, low: low.zip(value).map(|(l, v)| l.min(v)), high: high.zip(value).map(|(h, v)| h.max(v)) }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_less_than_zero_by_rounding() {
        let shown = |value| super::digits(value, 2);
        assert_eq!([-0.001, 0.0, -0.006, 0.996].map(shown), ["0.00", "0.00", "-0.01", "1.00"]);
    }
}
