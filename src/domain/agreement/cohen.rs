//! Cohen's kappa: two people, corrected by what each of them answers how often.
//!
//! Method: J. Cohen (1960), "A coefficient of agreement for nominal scales"; standard error after Fleiss, Cohen and
//! Everitt (1969), "Large sample standard errors of kappa and weighted kappa".

use super::sums::Sums;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Cohen's kappa over `n` pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kappa {
    /// Number of pairs.
    pub n: u64,
    /// Share of pairs that agree, `0..=1`.
    pub observed: f64,
    /// Share expected by chance from the marginals, `0..=1`.
    pub expected: f64,
    /// Kappa, at most 1; `None` when chance alone explains everything (one class on both sides).
    pub kappa: Option<f64>,
    /// 95 % interval by the large-sample standard error, clipped to `-1..=1`; `None` below two pairs or without kappa.
    pub interval: Option<(f64, f64)>,
}

/// How often which two answers met: all that kappa needs of the pairs, so that they need not be kept. Memory follows the
/// number of different answers, not of pairs.
#[derive(Clone, Debug)]
pub struct Contingency<T> {
    n: u64,
    cells: BTreeMap<(T, T), u64>,
}

impl<T> Default for Contingency<T> {
    fn default() -> Self {
        Self { n: 0, cells: BTreeMap::new() }
    }
}

impl<T: Ord> Contingency<T> {
    /// Counts one pair (first answer, second answer).
    pub fn add(&mut self, pair: (T, T)) {
        self.n += 1;
        *self.cells.entry(pair).or_default() += 1;
    }

    /// Different pairs that were met.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Cohen's kappa of what was counted.
    #[must_use]
    pub fn kappa(&self) -> Kappa {
        let n = self.n as f64;
        if self.n == 0 {
            return Kappa { n: 0, observed: 0.0, expected: 0.0, kappa: None, interval: None };
        }
        let (mut rows, mut columns): (BTreeMap<&T, f64>, BTreeMap<&T, f64>) = Default::default();
        for ((a, b), count) in &self.cells {
            *rows.entry(a).or_default() += *count as f64 / n;
            *columns.entry(b).or_default() += *count as f64 / n;
        }
        let cells = || self.cells.iter().map(move |((a, b), count)| (a, b, *count as f64 / n));
        let share = |side: &BTreeMap<&T, f64>, key: &T| side.get(key).copied().unwrap_or(0.0);
        let observed: f64 = cells().filter(|(a, b, _)| a == b).map(|(.., p)| p).sum();
        let expected: f64 = rows.iter().map(|(k, p)| p * share(&columns, k)).sum();
        if 1.0 - expected < 1e-12 {
            return Kappa { n: self.n, observed, expected, kappa: None, interval: None };
        }
        let kappa = (observed - expected) / (1.0 - expected);
        // Fleiss, Cohen and Everitt's variance: diagonal, off-diagonal and chance terms.
        let diagonal: f64 = cells()
            .filter(|(a, b, _)| a == b)
            .map(|(a, _, p)| p * (1.0 - (share(&rows, a) + share(&columns, a)) * (1.0 - kappa)).powi(2))
            .sum();
        let off: f64 = cells()
            .filter(|(a, b, _)| a != b)
            .map(|(a, b, p)| p * (share(&columns, a) + share(&rows, b)).powi(2))
            .sum();
        let chance = (kappa - expected * (1.0 - kappa)).powi(2);
        let variance = (diagonal + (1.0 - kappa).powi(2) * off - chance).max(0.0) / (n * (1.0 - expected).powi(2));
        let half = 1.959_964 * variance.sqrt();
        let interval = (self.n > 1).then_some(((kappa - half).max(-1.0), (kappa + half).min(1.0)));
        Kappa { n: self.n, observed, expected, kappa: Some(kappa), interval }
    }
}

/// Cohen's kappa of pairs (first answer, second answer). Answers may be anything that can be ordered.
#[must_use]
pub fn cohen<T: Ord + Clone>(pairs: &[(T, T)]) -> Kappa {
    let mut table = Contingency::default();
    pairs.iter().cloned().for_each(|pair| table.add(pair));
    table.kappa()
}

/// Kappa of two people from the sums over what both answered; nothing when chance alone explains everything.
pub(super) fn of_sums(sums: &Sums) -> Option<f64> {
    let n = sums.units;
    let [first, second] = &sums.sides;
    let expected: f64 = first.iter().zip(second).map(|(a, b)| a * b).sum::<f64>() / (n * n);
    (n > 0.0 && 1.0 - expected > 1e-12).then(|| (sums.agreement / n - expected) / (1.0 - expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: &[(u8, u8, usize)]) -> Vec<(u8, u8)> {
        cells.iter().flat_map(|&(a, b, n)| std::iter::repeat_n((a, b), n)).collect()
    }

    #[test]
    fn textbook_table() {
        // 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed 0.7, expected 0.5, kappa 0.4.
        let k = cohen(&table(&[(1, 1, 20), (1, 0, 5), (0, 1, 10), (0, 0, 15)]));
        assert!((k.observed - 0.7).abs() < 1e-9 && (k.expected - 0.5).abs() < 1e-9);
        assert!((k.kappa.unwrap() - 0.4).abs() < 1e-9);
        let (low, high) = k.interval.unwrap();
        // Standard error 0.127 (Fleiss, Cohen and Everitt's formula worked by hand).
        assert!((low - 0.1508).abs() < 5e-3 && (high - 0.6492).abs() < 5e-3, "{low} {high}");
    }

    #[test]
    fn extremes() {
        assert_eq!(cohen::<u8>(&[]).kappa, None);
        assert_eq!(cohen(&table(&[(1, 1, 9)])).kappa, None);
        let perfect = cohen(&table(&[(1, 1, 5), (0, 0, 5)]));
        assert!((perfect.kappa.unwrap() - 1.0).abs() < 1e-9);
    }
}
