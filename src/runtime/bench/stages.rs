//! What the program itself measured of its stages, from its debug log.
//!
//! A line is `preview: stages` with `name=number` pairs; `level=NAME` says of which level. Whatever names are there are
//! taken.

use super::timeline::rank;
use std::collections::BTreeMap;

/// What marks a line.
const MARK: &str = "preview: stages";

/// The medians of every number, by level.
pub(super) fn medians(log: &str) -> BTreeMap<String, BTreeMap<String, f64>> {
    let mut found: BTreeMap<String, BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    for pairs in log.lines().filter_map(|line| line.split_once(MARK)).map(|(_, rest)| rest) {
        let pairs = || pairs.split_whitespace().filter_map(|pair| pair.split_once('='));
        let level = pairs().find(|(name, _)| *name == "level").map_or("any", |(_, value)| value).trim_matches('"');
        let of_level = found.entry(level.to_ascii_lowercase()).or_default();
        for (name, value) in pairs().filter_map(|(name, value)| Some((name, value.parse::<f64>().ok()?))) {
            of_level.entry(name.to_owned()).or_default().push(value);
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        rank(&values, 0.5).copied().unwrap_or(0.0)
    };
    let of_level = |names: BTreeMap<String, Vec<f64>>| names.into_iter().map(|(n, v)| (n, median(v))).collect();
    found.into_iter().map(|(level, names)| (level, of_level(names))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_by_level_whatever_they_are_called() {
        let log = "\
2026-01-01T00:00:00Z DEBUG preview: stages open=1.5 decode=20 level=Good bytes=98000 name=a.jpg
2026-01-01T00:00:01Z DEBUG preview: stages open=2.5 decode=40 level=Good
2026-01-01T00:00:01Z DEBUG preview: stages open=9 decode=30 level=Good
2026-01-01T00:00:02Z DEBUG preview: stages open=0.1 level=First
2026-01-01T00:00:03Z  INFO lakelens: something else=1
";
        let found = medians(log);
        assert_eq!(found["good"]["decode"], 30.0);
        assert_eq!((found["good"]["open"], found["good"]["bytes"]), (2.5, 98000.0));
        assert_eq!(found["first"].len(), 1);
        assert_eq!(found.len(), 2);
        assert!(medians("").is_empty());
    }
}
