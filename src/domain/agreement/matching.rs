//! Which box of one person is which box of another: the assignment with the largest overlap in all.
//!
//! Method: H. W. Kuhn (1955), "The Hungarian method for the assignment problem", in the form with potentials that takes
//! the square of the fewer boxes times the more. What always holds: boxes that do not overlap are never the same; groups
//! of boxes that do not touch are matched apart, so that thousands of scattered boxes cost little.

use crate::domain::geometry::BoxN;
use crate::domain::likeness::Sets;

/// A group that is larger than this (boxes of one times boxes of the other) is matched best pair first instead.
const LARGEST: usize = 160_000;

/// The number of a box of the one, that of a box of the other, and how far they overlap.
type Pair = (usize, usize, f64);

/// The overlaps (intersection over union, above 0) of the matched boxes, in no order of meaning.
#[must_use]
pub(super) fn matched(a: &[BoxN], b: &[BoxN]) -> Vec<f64> {
    pairs(a, b).into_iter().map(|(.., iou)| iou).collect()
}

/// Which box of the one is which of the other, by their numbers, and how far they overlap (above 0), in no order of
/// meaning.
#[must_use]
pub(super) fn pairs(a: &[BoxN], b: &[BoxN]) -> Vec<Pair> {
    // Boxes that touch each other, directly or through others, are one set.
    let mut sets = Sets::new(number(a.len() + b.len()));
    let mut touching = Vec::new();
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            let iou = x.iou(*y);
            if iou > 0.0 {
                sets.join(number(i), number(a.len() + j));
                touching.push((i, j, iou));
            }
        }
    }
    let mut by_group: std::collections::BTreeMap<u32, Vec<Pair>> = Default::default();
    for (i, j, iou) in touching {
        by_group.entry(sets.root(number(i))).or_default().push((i, j, iou));
    }
    by_group.values().flat_map(|pairs| group(pairs)).collect()
}

/// No picture has more boxes than are counted so.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn group(pairs: &[Pair]) -> Vec<Pair> {
    let numbered = |of: fn(&Pair) -> usize| {
        let mut all: Vec<usize> = pairs.iter().map(of).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (rows, columns) = (numbered(|p| p.0), numbered(|p| p.1));
    if rows.len() * columns.len() > LARGEST {
        return greedy(pairs.to_vec());
    }
    // The method wants at least as many columns as rows.
    let turned = rows.len() > columns.len();
    let (height, width) = if turned { (columns.len(), rows.len()) } else { (rows.len(), columns.len()) };
    let mut overlap = vec![vec![0.0; width]; height];
    for (i, j, iou) in pairs {
        let (Ok(i), Ok(j)) = (rows.binary_search(i), columns.binary_search(j)) else { continue };
        let (i, j) = if turned { (j, i) } else { (i, j) };
        if let Some(cell) = overlap.get_mut(i).and_then(|row| row.get_mut(j)) {
            *cell = *iou;
        }
    }
    let found = assign(&overlap).into_iter().filter(|(.., iou)| *iou > 0.0);
    let found = found.map(|(i, j, iou)| if turned { (j, i, iou) } else { (i, j, iou) });
    found.filter_map(|(i, j, iou)| Some((*rows.get(i)?, *columns.get(j)?, iou))).collect()
}

fn greedy(mut pairs: Vec<Pair>) -> Vec<Pair> {
    pairs.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    let (mut rows, mut columns) = (std::collections::HashSet::new(), std::collections::HashSet::new());
    let mut out = Vec::new();
    for (i, j, iou) in pairs {
        if !rows.contains(&i) && !columns.contains(&j) {
            rows.insert(i);
            columns.insert(j);
            out.push((i, j, iou));
        }
    }
    out
}

/// The rows with their columns and gains under the assignment with the largest sum; there are no more rows than columns.
/// Inside, rows and columns count from 1, and column 0 stands for "none yet".
#[allow(clippy::needless_range_loop, reason = "several lists are walked by the same number")]
fn assign(gain: &[Vec<f64>]) -> Vec<Pair> {
    let (n, m) = (gain.len(), gain.first().map_or(0, Vec::len));
    let cost = |i: usize, j: usize| 1.0 - gain.get(i - 1).and_then(|row| row.get(j - 1)).copied().unwrap_or(0.0);
    let (mut u, mut v, mut row_of) = (vec![0.0; n + 1], vec![0.0; m + 1], vec![0usize; m + 1]);
    for i in 1..=n {
        row_of[0] = i;
        let (mut least, mut used, mut way) = (vec![f64::INFINITY; m + 1], vec![false; m + 1], vec![0usize; m + 1]);
        let mut j0 = 0;
        while row_of[j0] != 0 {
            used[j0] = true;
            let (i0, mut delta, mut j1) = (row_of[j0], f64::INFINITY, 0);
            for j in 1..=m {
                if used[j] {
                    continue;
                }
                let reduced = cost(i0, j) - u[i0] - v[j];
                if reduced < least[j] {
                    (least[j], way[j]) = (reduced, j0);
                }
                if least[j] < delta {
                    (delta, j1) = (least[j], j);
                }
            }
            for j in 0..=m {
                if used[j] {
                    u[row_of[j]] += delta;
                    v[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            j0 = j1;
        }
        while j0 != 0 {
            row_of[j0] = row_of[way[j0]];
            j0 = way[j0];
        }
    }
    (1..=m).filter(|j| row_of[*j] > 0).map(|j| (row_of[j] - 1, j - 1, 1.0 - cost(row_of[j], j))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(at: f64) -> BoxN {
        BoxN { x: at, y: 0.0, w: 0.2, h: 1.0 }
    }

    /// The best sum by trying all assignments.
    fn best(a: &[BoxN], b: &[BoxN]) -> f64 {
        let Some((first, rest)) = a.split_first() else { return 0.0 };
        let without = best(rest, b);
        let with = (0..b.len()).map(|j| {
            let mut left = b.to_vec();
            first.iou(left.remove(j)) + best(rest, &left)
        });
        with.fold(without, f64::max)
    }

    proptest! {
        #[test]
        fn no_assignment_is_better(
            a in proptest::collection::vec(0.0..0.8_f64, 0..5),
            b in proptest::collection::vec(0.0..0.8_f64, 0..5),
        ) {
            let (a, b): (Vec<_>, Vec<_>) = (a.into_iter().map(row).collect(), b.into_iter().map(row).collect());
            let found = matched(&a, &b);
            prop_assert!(pairs(&a, &b).iter().all(|(i, j, iou)| (a[*i].iou(b[*j]) - iou).abs() < 1e-9));
            prop_assert!((found.iter().sum::<f64>() - best(&a, &b)).abs() < 1e-9);
            prop_assert!(found.len() <= a.len().min(b.len()));
            prop_assert!((matched(&b, &a).iter().sum::<f64>() - found.iter().sum::<f64>()).abs() < 1e-9);
        }
    }

    #[test]
    fn the_nearest_box_is_left_to_another_where_that_is_better() {
        // Best first would match the inner two (0.67) and leave the outer two without a partner; this way it is 0.54 and 0.33.
        let found = matched(&[row(0.0), row(0.1)], &[row(0.06), row(0.2)]);
        assert_eq!(found.len(), 2);
        assert!(matched(&[row(0.0)], &[row(0.5)]).is_empty());
    }

    #[test]
    fn a_thousand_scattered_boxes_find_themselves() {
        let at = |i: i32| BoxN { x: f64::from(i % 40) / 40.0, y: f64::from(i / 40) / 40.0, w: 0.02, h: 0.02 };
        let all: Vec<BoxN> = (0..1_000).map(at).collect();
        assert!((matched(&all, &all).iter().sum::<f64>() - 1_000.0).abs() < 1e-6);
    }
}
