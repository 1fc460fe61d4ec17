//! What all measures of classes are made of, in one walk over the answers.
//!
//! Why sums: a thousand resamples need a thousand walks, so that one walk must serve every measure. What always holds: a
//! picture with fewer than two answers says nothing about agreement and is left out.

/// Answers to a picture: who (by number) gave which value (by number), ascending; and how many pictures have just these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// Who answered what.
    pub ratings: Vec<(usize, usize)>,
    /// Pictures with these answers.
    pub pictures: u64,
}

/// Sums over pictures.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// Pictures with at least two answers.
    pub(super) units: f64,
    /// Answers to them.
    pub(super) ratings: f64,
    /// For each picture the share of pairs of its answers that agree.
    pub(super) agreement: f64,
    /// Coincidences of equal answers, each picture's divided by its answers less one.
    pub(super) coincident: f64,
    /// How often each value was given.
    pub(super) values: Vec<f64>,
    /// The same for the first and for the second of two people.
    pub(super) sides: [Vec<f64>; 2],
}

impl Sums {
    /// Sums of patterns, each as often as its weight says; there are values up to `values`.
    pub(super) fn of(patterns: &[Pattern], weights: &[f64], values: usize) -> Self {
        let none = vec![0.0; values];
        let mut sums = Self { values: none.clone(), sides: [none.clone(), none], ..Self::default() };
        for (pattern, weight) in patterns.iter().zip(weights).filter(|(p, w)| p.ratings.len() > 1 && **w > 0.0) {
            sums.add(&pattern.ratings, *weight);
        }
        sums
    }

    fn add(&mut self, ratings: &[(usize, usize)], weight: f64) {
        let m = ratings.len() as f64;
        // Pictures have few answers: comparing all pairs beats counting values.
        let equal = |(_, a): &(usize, usize)| ratings.iter().filter(|(_, b)| a == b).count() as f64 - 1.0;
        let same: f64 = ratings.iter().map(equal).sum();
        self.units += weight;
        self.ratings += weight * m;
        self.agreement += weight * same / (m * (m - 1.0));
        self.coincident += weight * same / (m - 1.0);
        for (_, value) in ratings {
            if let Some(n) = self.values.get_mut(*value) {
                *n += weight;
            }
        }
        if let [(_, a), (_, b)] = ratings {
            for (side, value) in self.sides.iter_mut().zip([a, b]) {
                if let Some(n) = side.get_mut(*value) {
                    *n += weight;
                }
            }
        }
    }
}
