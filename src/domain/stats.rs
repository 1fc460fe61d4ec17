//! Throughput: how fast people answer, with pauses removed, and how long the rest will take.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A gap longer than this between two answers of one person is a pause, not work.
pub const PAUSE_SECONDS: f64 = 60.0;

/// The speed of one person over a series of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Distinct samples answered.
    pub samples: u64,
    /// Seconds of work: the gaps of at most [`PAUSE_SECONDS`]; a gap that is a pause counts as one typical gap.
    pub seconds: f64,
    /// Median seconds between two answers, pauses left out.
    pub median_seconds: f64,
}

impl Speed {
    /// Samples per hour of work; `None` before the second answer.
    #[must_use]
    pub fn per_hour(&self) -> Option<f64> {
        (self.seconds > 0.0 && self.samples > 1).then(|| self.samples as f64 * 3600.0 / self.seconds)
    }

    /// Seconds that `left` samples will take at this speed.
    #[must_use]
    pub fn eta_seconds(&self, left: u64) -> Option<f64> {
        self.per_hour().map(|rate| left as f64 * 3600.0 / rate)
    }
}

/// Speed from the times of answers, ascending, one time per sample answered.
#[must_use]
pub fn speed(times: &[Timestamp]) -> Speed {
    let gap = |pair: &[Timestamp]| match pair {
        [a, b] => (b.as_microsecond() - a.as_microsecond()).max(0) as f64 / 1e6,
        _ => 0.0,
    };
    let mut gaps: Vec<f64> = times.windows(2).map(gap).collect();
    let pauses = gaps.iter().filter(|g| **g > PAUSE_SECONDS).count();
    gaps.retain(|g| *g <= PAUSE_SECONDS);
    gaps.sort_by(f64::total_cmp);
    let median = gaps.get(gaps.len() / 2).copied().unwrap_or(0.0);
    // The first answer of each stretch took time as well, though nothing marks its start.
    let starts = (pauses + usize::from(!times.is_empty())) as f64;
    Speed { samples: times.len() as u64, seconds: gaps.iter().sum::<f64>() + starts * median, median_seconds: median }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_do_not_count() {
        let at = |s: i64| Timestamp::from_second(1_700_000_000 + s).unwrap();
        let s = speed(&[at(0), at(2), at(4), at(3604), at(3606)]);
        assert_eq!(s.samples, 5);
        assert!((s.seconds - 10.0).abs() < 1e-9, "{s:?}");
        assert!((s.per_hour().unwrap() - 1800.0).abs() < 1e-6);
        assert_eq!(speed(&[at(0)]).per_hour(), None);
    }
}
