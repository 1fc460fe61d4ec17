//! Krippendorff's alpha for classes: any number of people, pictures that some of them did not answer.
//!
//! Method: K. Krippendorff (2011), "Computing Krippendorff's alpha-reliability", the nominal metric: one less the observed
//! disagreement, divided by that expected when answers are drawn from all answers without putting back.

use super::sums::Sums;

/// Alpha, at most 1; nothing when all answers are the same.
pub(super) fn of_sums(sums: &Sums) -> Option<f64> {
    let n = sums.ratings;
    let expected = n * n - sums.values.iter().map(|v| v * v).sum::<f64>();
    (sums.units > 0.0 && expected > 1e-9).then(|| 1.0 - (n - 1.0) * (n - sums.coincident) / expected)
}

#[cfg(test)]
mod tests {
    use super::super::sums::Pattern;
    use super::*;

    #[test]
    fn four_observers_of_twelve_units_with_gaps() {
        let rows = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."];
        let unit = |at: usize| {
            let given = |(who, row): (usize, &&str)| {
                let value = row.as_bytes().get(at)?.checked_sub(b'0')?;
                (value < 9).then_some((who, usize::from(value)))
            };
            Pattern { ratings: rows.iter().enumerate().filter_map(given).collect(), pictures: 1 }
        };
        let units: Vec<Pattern> = (0..12).map(unit).collect();
        let sums = Sums::of(&units, &[1.0; 12], 6);
        assert!((of_sums(&sums).unwrap() - 0.743).abs() < 5e-4, "{:?}", of_sums(&sums));
    }
}
