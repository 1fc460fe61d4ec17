//! Intervals by drawing pictures again: the percentile bootstrap (B. Efron, 1979), reproducible from its seed.
//!
//! What always holds: pictures are drawn, not answers, because the answers to one picture belong together; the cost of a
//! million pictures is that of a few thousand, because pictures with the same answers are drawn together.

use crate::domain::random::Random;

/// Resamples where pictures are few; fewer where they are so many that the interval is narrow anyway.
const RESAMPLES: usize = 1_000;
/// Draws in all, about.
const DRAWS: usize = 20_000_000;
/// Below so many expected draws a count is drawn exactly; above, from the normal distribution it then is.
const EXACT: f64 = 40.0;

/// How many of `n` independent draws hit, each with probability `p`.
fn binomial(random: &mut Random, n: f64, p: f64) -> f64 {
    if p > 0.5 {
        return n - binomial(random, n, 1.0 - p);
    }
    if n <= 0.0 || p <= 0.0 {
        return 0.0;
    }
    if n * p > EXACT {
        let normal = (-2.0 * random.unit().ln()).sqrt() * (std::f64::consts::TAU * random.unit()).cos();
        return (n * p + normal * (n * p * (1.0 - p)).sqrt()).round().clamp(0.0, n);
    }
    // Waiting times between hits (L. Devroye 1986, "Non-uniform random variate generation", X.4.3).
    let (end, mut time, mut hits) = (-(1.0 - p).ln(), 0.0, 0.0);
    while hits < n {
        time -= random.unit().ln() / (n - hits);
        if time > end {
            break;
        }
        hits += 1.0;
    }
    hits
}

/// How often each kind of picture is drawn when as many pictures are drawn again as there are.
fn draw(pictures: &[u64], random: &mut Random) -> Vec<f64> {
    let mut left: f64 = pictures.iter().sum::<u64>() as f64;
    let mut draws = left;
    let take = |n: &u64| {
        let n = *n as f64;
        let hits = if n >= left { draws } else { binomial(random, draws, n / left) };
        (left, draws) = (left - n, draws - hits);
        hits
    };
    pictures.iter().map(take).collect()
}

/// The same where every kind has one picture.
fn draw_single(len: usize, random: &mut Random) -> Vec<f64> {
    let mut hits = vec![0.0; len];
    for _ in 0..len {
        if let Some(n) = hits.get_mut(random.below(len)) {
            *n += 1.0;
        }
    }
    hits
}

/// The 95 % intervals of several measures: `measure` works them out for kinds of pictures drawn so often. Nothing where
/// there are fewer than two pictures, or where a measure is not defined for most draws.
pub(super) fn intervals<const N: usize>(
    pictures: &[u64],
    seed: u64,
    measure: impl Fn(&[f64]) -> [Option<f64>; N],
) -> [Option<(f64, f64)>; N] {
    let all: u64 = pictures.iter().sum();
    if all < 2 {
        return [None; N];
    }
    let mut random = Random::new(seed);
    let rounds = (DRAWS / pictures.len().max(1)).clamp(200, RESAMPLES);
    let single = pictures.iter().all(|n| *n == 1);
    let mut found: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        let weights = if single { draw_single(pictures.len(), &mut random) } else { draw(pictures, &mut random) };
        for (found, value) in found.iter_mut().zip(measure(&weights)) {
            found.extend(value);
        }
    }
    found.map(|values| percentiles(values, rounds))
}

fn percentiles(mut values: Vec<f64>, rounds: usize) -> Option<(f64, f64)> {
    if values.len() * 2 < rounds {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    let at = |share: f64| values.get((last * share).round() as usize).copied();
    at(0.025).zip(at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_drawn_as_there_are() {
        let mut random = Random::new(7);
        for pictures in [vec![3, 1, 0, 996], vec![1_000_000, 2_000_000, 5], vec![1; 40]] {
            let all: u64 = pictures.iter().sum();
            for _ in 0..50 {
                let drawn = draw(&pictures, &mut random);
                assert!((drawn.iter().sum::<f64>() - all as f64).abs() < 1e-6 && drawn.iter().all(|n| *n >= 0.0));
            }
        }
    }

    #[test]
    fn counts_have_the_mean_and_spread_of_a_binomial() {
        let mut random = Random::new(1);
        for (n, p) in [(50.0, 0.3), (1_000.0, 0.01), (100_000.0, 0.4), (60.0, 0.9)] {
            let hits: Vec<f64> = (0..4_000).map(|_| binomial(&mut random, n, p)).collect();
            let mean = hits.iter().sum::<f64>() / 4_000.0;
            let spread = hits.iter().map(|h| (h - mean).powi(2)).sum::<f64>() / 4_000.0;
            let (wanted, wide) = (n * p, n * p * (1.0 - p));
            assert!((mean - wanted).abs() < 4.0 * (wide / 4_000.0).sqrt(), "{n} {p}: {mean}");
            assert!((spread / wide - 1.0).abs() < 0.12, "{n} {p}: {spread} for {wide}");
        }
    }

    #[test]
    fn an_interval_of_a_share_is_the_textbooks() {
        // 80 of 100: the standard error is 0.04.
        let share = |w: &[f64]| [Some(w[0] / (w[0] + w[1]))];
        let [found] = intervals(&[80, 20], 3, share);
        let (low, high) = found.unwrap();
        assert!((low - 0.7216).abs() < 0.015 && (high - 0.8784).abs() < 0.015, "{low} {high}");
        assert_eq!(intervals(&[80, 20], 3, share), [Some((low, high))], "the same seed gives the same");
        assert_eq!(intervals(&[1], 3, |_| [Some(1.0)]), [None]);
    }
}
