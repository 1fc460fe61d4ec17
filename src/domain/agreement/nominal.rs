//! Agreement in classes: one value a person and picture, all measures with their intervals.

use super::sums::{Pattern, Sums};
use super::{Figure, bootstrap, cohen, fleiss, krippendorff, raw};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far people agree in what they call a picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Nominal {
    /// Pictures with at least two answers.
    pub pictures: u64,
    /// Answers to them.
    pub answers: u64,
    /// Share of pairs of answers that are the same, `0..=1`.
    pub raw: Figure,
    /// Cohen's kappa; only of two people.
    pub cohen: Figure,
    /// Fleiss' kappa.
    pub fleiss: Figure,
    /// Krippendorff's alpha.
    pub alpha: Figure,
}

/// The measures of patterns whose values are numbered below `values`. The order of the patterns does not matter.
#[must_use]
pub fn nominal(patterns: &[Pattern], values: usize, seed: u64) -> Nominal {
    let mut patterns: Vec<Pattern> = patterns.iter().filter(|p| p.ratings.len() > 1).cloned().collect();
    patterns.sort_unstable();
    let people: BTreeSet<usize> = patterns.iter().flat_map(|p| p.ratings.iter().map(|r| r.0)).collect();
    let two = people.len() == 2;
    let measure = |weights: &[f64]| {
        let sums = Sums::of(&patterns, weights, values);
        let cohen = if two { cohen::of_sums(&sums) } else { None };
        [raw::of_sums(&sums), cohen, fleiss::of_sums(&sums), krippendorff::of_sums(&sums)]
    };
    let pictures: Vec<u64> = patterns.iter().map(|p| p.pictures).collect();
    let weights: Vec<f64> = pictures.iter().map(|n| *n as f64).collect();
    let (found, ends) = (measure(&weights), bootstrap::intervals(&pictures, seed, measure));
    let mut figures = found.into_iter().zip(ends).map(|(value, ends)| Figure::new(value, ends));
    let mut next = || figures.next().unwrap_or_default();
    Nominal {
        pictures: pictures.iter().sum(),
        answers: patterns.iter().map(|p| p.pictures * p.ratings.len() as u64).sum(),
        raw: next(),
        cohen: next(),
        fleiss: next(),
        alpha: next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pictures by up to four people, some missing; at least one picture has two answers.
    fn pictures() -> impl Strategy<Value = Vec<Vec<(usize, usize)>>> {
        let one = proptest::collection::vec(proptest::option::of(0..3usize), 4);
        let with = |row: Vec<Option<usize>>| row.into_iter().enumerate().filter_map(|(i, v)| Some((i, v?))).collect();
        proptest::collection::vec(one.prop_map(with), 1..30)
    }

    fn patterns(rows: &[Vec<(usize, usize)>]) -> Vec<Pattern> {
        rows.iter().map(|r| Pattern { ratings: r.clone(), pictures: 1 }).collect()
    }

    fn values(n: &Nominal) -> [Option<f64>; 4] {
        [n.raw.value, n.cohen.value, n.fleiss.value, n.alpha.value]
    }

    fn close(a: &Nominal, b: &Nominal) -> bool {
        let near = |(a, b): (Option<f64>, Option<f64>)| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            (a, b) => a.is_none() && b.is_none(),
        };
        values(a).into_iter().zip(values(b)).all(near)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_depends_on_an_order(rows in pictures(), turn in 0..30usize) {
            let found = nominal(&patterns(&rows), 3, 1);
            let mut other = rows.clone();
            let by = turn % rows.len();
            other.rotate_left(by);
            prop_assert_eq!(&nominal(&patterns(&other), 3, 1), &found);
            // Other people first, other names for the values.
            let renamed = |r: &Vec<(usize, usize)>| {
                let mut r: Vec<_> = r.iter().map(|(who, v)| (3 - who, (v + 1) % 3)).collect();
                r.sort_unstable();
                r
            };
            let other: Vec<_> = rows.iter().map(renamed).collect();
            prop_assert!(close(&nominal(&patterns(&other), 3, 1), &found));
        }

        #[test]
        fn the_same_pictures_together_or_singly(rows in pictures()) {
            let doubled: Vec<Pattern> = patterns(&rows).into_iter().map(|p| Pattern { pictures: 2, ..p }).collect();
            let singly: Vec<_> = rows.iter().chain(&rows).cloned().collect();
            prop_assert!(close(&nominal(&doubled, 3, 1), &nominal(&patterns(&singly), 3, 1)));
        }

        #[test]
        fn whoever_agrees_gets_one(answers in proptest::collection::vec(0..3usize, 2..30)) {
            prop_assume!(answers.iter().any(|v| *v != answers[0]));
            let rows: Vec<_> = answers.iter().map(|v| vec![(0, *v), (1, *v)]).collect();
            let found = nominal(&patterns(&rows), 3, 1);
            for value in values(&found) {
                prop_assert!((value.unwrap() - 1.0).abs() < 1e-9);
            }
            prop_assert!(found.raw.low.is_some_and(|l| l > 0.999));
        }

        #[test]
        fn intervals_hold_their_value_and_stay_below_one(rows in pictures()) {
            let n = nominal(&patterns(&rows), 3, 5);
            for f in [n.raw, n.cohen, n.fleiss, n.alpha] {
                if let (Some(value), Some(low), Some(high)) = (f.value, f.low, f.high) {
                    prop_assert!(low <= value && value <= high && high <= 1.0 + 1e-9);
                }
            }
        }
    }

    #[test]
    fn of_two_people_cohen_is_the_same_either_way() {
        let table = [(1, 1, 20), (1, 0, 5), (0, 1, 10), (0, 0, 15)];
        let found: Vec<Pattern> =
            table.iter().map(|(a, b, n)| Pattern { ratings: vec![(0, *a), (1, *b)], pictures: *n }).collect();
        let n = nominal(&found, 2, 1);
        assert!((n.cohen.value.unwrap() - 0.4).abs() < 1e-9 && (n.raw.value.unwrap() - 0.7).abs() < 1e-9);
        // Fleiss, Cohen and Everitt's large-sample interval is 0.151 to 0.649.
        assert!((n.cohen.low.unwrap() - 0.151).abs() < 0.05 && (n.cohen.high.unwrap() - 0.649).abs() < 0.05, "{n:?}");
        assert_eq!((n.pictures, n.answers), (50, 100));
    }

    #[test]
    fn of_nothing_nothing_is_said() {
        assert_eq!(nominal(&[], 0, 1), Nominal::default());
        let alone = Pattern { ratings: vec![(0, 1)], pictures: 5 };
        assert_eq!(nominal(&[alone], 2, 1).raw, Figure::default());
        let all_the_same = Pattern { ratings: vec![(0, 1), (1, 1)], pictures: 5 };
        let n = nominal(&[all_the_same], 2, 1);
        assert_eq!((n.raw.value, n.cohen.value, n.fleiss.value, n.alpha.value), (Some(1.0), None, None, None));
    }
}
