//! Raw agreement: the share of pairs of answers that are the same, with each picture counting once.

use super::sums::Sums;

/// The share, `0..=1`; nothing without a picture.
pub(super) fn of_sums(sums: &Sums) -> Option<f64> {
    (sums.units > 0.0).then(|| sums.agreement / sums.units)
}
