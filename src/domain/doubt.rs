//! How unsure a model is of a picture: what active learning asks people first.
//!
//! What always holds: it is about the model whose guess is the best one, so that guesses of different models are never mixed;
//! both numbers lie in `0..=1`. Of a model that told one score only the score says all there is to say, and there is no
//! [`Doubt`].

use super::annotation::{Prediction, Shape};
use super::ids::ClassId;
use std::collections::BTreeMap;

/// How unsure a model is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    /// How far the best class is ahead of the second.
    pub margin: f64,
    /// Entropy of the scores of the classes that were told, as a share of the most it can be.
    pub entropy: f64,
}

impl Doubt {
    /// The doubt in guesses, the best one first; nothing where the model told fewer than two classes of the whole picture.
    #[must_use]
    pub fn of(predictions: &[Prediction]) -> Option<Self> {
        let best = predictions.first().filter(|p| p.shape == Shape::Class)?;
        let mut scores: BTreeMap<ClassId, f64> = BTreeMap::new();
        let whole = |p: &&Prediction| p.shape == Shape::Class && p.model == best.model;
        for p in predictions.iter().filter(whole) {
            let score = scores.entry(p.class).or_insert(0.0);
            *score = score.max(p.score.clamp(0.0, 1.0));
        }
        let mut scores: Vec<f64> = scores.into_values().collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        let [first, second, ..] = scores.as_slice() else { return None };
        let sum: f64 = scores.iter().sum();
        let part = |score: &f64| if *score > 0.0 { -(score / sum) * (score / sum).ln() } else { 0.0 };
        // Scores that are all nothing say nothing at all.
        let most = (scores.len() as f64).ln();
        let entropy = if sum > 0.0 { scores.iter().map(part).sum::<f64>() / most } else { 1.0 };
        Some(Self { margin: first - second, entropy: entropy.clamp(0.0, 1.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(class: i64, score: f64, model: &str) -> Prediction {
        Prediction { class: ClassId(class), shape: Shape::Class, score, model: model.to_owned() }
    }

    #[test]
    fn margin_and_entropy_are_of_the_best_model_alone() {
        let of = |list: &[Prediction]| Doubt::of(list).unwrap();
        let sure = of(&[guess(1, 0.9, "a"), guess(2, 0.05, "a"), guess(3, 0.05, "a")]);
        let torn = of(&[guess(1, 0.4, "a"), guess(2, 0.35, "a"), guess(3, 0.25, "a")]);
        assert!((sure.margin - 0.85).abs() < 1e-9 && (torn.margin - 0.05).abs() < 1e-9);
        assert!(sure.entropy < torn.entropy && torn.entropy < 1.0);
        let even = of(&[guess(1, 0.2, "a"), guess(2, 0.2, "a")]);
        assert!((even.entropy - 1.0).abs() < 1e-9 && even.margin == 0.0);
        // Another model, a second guess of the same class, and one score alone.
        for list in [vec![guess(1, 0.7, "a"), guess(2, 0.6, "b")], vec![guess(1, 0.7, "a"), guess(1, 0.6, "a")]] {
            assert_eq!(Doubt::of(&list), None);
        }
        assert_eq!(of(&[guess(1, 0.0, "a"), guess(2, 0.0, "a")]), Doubt { margin: 0.0, entropy: 1.0 });
        assert_eq!(of(&[guess(1, 9.0, "a"), guess(2, 0.0, "a")]), Doubt { margin: 1.0, entropy: 0.0 });
        assert_eq!(Doubt::of(&[]), None);
    }
}
