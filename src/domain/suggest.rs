//! "Did you mean …": the known name nearest to one that was mistyped.

/// Names longer than this are not compared: nobody mistypes them, and the comparison is quadratic.
const LONGEST: usize = 100;

/// The candidate that is one plausible typing error away from `word`: at most a third of its letters differ, compared
/// without case; or the only one that starts with it.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    if wanted.is_empty() || wanted.len() > LONGEST {
        return None;
    }
    let candidates: Vec<&str> = candidates.into_iter().filter(|c| c.len() <= LONGEST).collect();
    let scored = candidates.iter().map(|c| (distance(&wanted, &c.to_lowercase()), *c));
    let best = scored.min_by_key(|(d, _)| *d).filter(|(d, c)| *d <= c.chars().count().max(wanted.chars().count()) / 3);
    if let Some((_, name)) = best {
        return Some(name);
    }
    let mut starting = candidates.iter().filter(|c| c.to_lowercase().starts_with(&wanted));
    match (starting.next(), starting.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// Edits between two words: insert, delete, replace, or swap two neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let differ = usize::from(a[i - 1] != b[j - 1]);
            let mut cost = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + differ);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_likely_name_and_nothing_else() {
        let names = ["roses", "tulips", "dandelion", "Sunflowers"];
        assert_eq!(nearest("rsoes", names), Some("roses"));
        assert_eq!(nearest("sunflower", names), Some("Sunflowers"));
        assert_eq!(nearest("dand", names), Some("dandelion"));
        assert_eq!(nearest("cat", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(distance("ab", "ba"), 1);
    }
}
