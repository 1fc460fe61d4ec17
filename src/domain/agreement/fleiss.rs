//! Fleiss' kappa: any number of people, corrected by how often each value is given at all.
//!
//! Method: J. L. Fleiss (1971), "Measuring nominal scale agreement among many raters". Where pictures have different
//! numbers of answers, each picture counts once in the observed agreement and each answer once in that by chance, which is
//! the same as Fleiss' where all have equally many.

use super::sums::Sums;

/// Kappa, at most 1; nothing when chance alone explains everything.
pub(super) fn of_sums(sums: &Sums) -> Option<f64> {
    let expected: f64 = sums.values.iter().map(|n| (n / sums.ratings).powi(2)).sum();
    (sums.units > 0.0 && 1.0 - expected > 1e-12).then(|| (sums.agreement / sums.units - expected) / (1.0 - expected))
}

#[cfg(test)]
mod tests {
    use super::super::sums::Pattern;
    use super::*;

    #[test]
    fn ten_subjects_by_fourteen_raters() {
        let table = [
            [0, 0, 0, 0, 14],
            [0, 2, 6, 4, 2],
            [0, 0, 3, 5, 6],
            [0, 3, 9, 2, 0],
            [2, 2, 8, 1, 1],
            [7, 7, 0, 0, 0],
            [3, 2, 6, 3, 0],
            [2, 5, 3, 2, 2],
            [6, 5, 2, 1, 0],
            [0, 2, 2, 3, 7],
        ];
        let pattern = |row: &[usize; 5]| {
            let values = row.iter().enumerate().flat_map(|(value, n)| std::iter::repeat_n(value, *n));
            Pattern { ratings: values.enumerate().collect(), pictures: 1 }
        };
        let patterns: Vec<Pattern> = table.iter().map(pattern).collect();
        let sums = Sums::of(&patterns, &[1.0; 10], 5);
        assert!((sums.agreement / sums.units - 0.378).abs() < 5e-4);
        assert!((of_sums(&sums).unwrap() - 0.210).abs() < 5e-4);
    }
}
