//! Which part of a data set a picture belongs to: training, validation, test.
//!
//! What always holds: the same seed over the same pictures gives the same parts, at any time and on any machine; a group
//! is never torn apart, and nor are pictures that were found to look alike: a picture that a model was trained on tells
//! nothing about the model when its twin is the test.

use crate::domain::class::LabelSet;
use crate::domain::ids::SampleId;
use crate::domain::likeness::Sets;
use crate::domain::project::Counts;
use crate::domain::random;
use crate::domain::sample::{Answer, Sample};
use std::collections::{BTreeMap, HashMap};

/// What pictures must stay together, or be spread alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Every picture for itself.
    Random,
    /// Each class in the same shares; a picture counts for the rarest of its classes.
    Stratified,
    /// Pictures of one folder stay together.
    Folder,
    /// Pictures below one folder of the source stay together.
    Top,
    /// Pictures whose names are the same up to the first of this character stay together.
    Before(char),
    /// By the lists that have the names of the parts, as an import of a data set with parts leaves them.
    Imported,
}

/// What an export tells of pictures that no list puts into a part.
pub(super) const NO_PART: &str = "pictures on the list of no part are left out";

/// How a data set is split.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// What must stay together.
    pub by: By,
    /// Another seed gives other parts.
    pub seed: u64,
    /// Names and shares, which add up to 1; shares mean nothing where lists decide.
    pub parts: Vec<(String, f64)>,
}

impl Split {
    /// Reads `stratified`, `random`, `group:folder`, `group:top`, `group:before:_` or `as-imported`, and shares such as
    /// `train=0.8,val=0.1,test=0.1`.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(by: &str, seed: u64, shares: &str) -> Result<Self, String> {
        let by = match by {
            "random" => By::Random,
            "stratified" => By::Stratified,
            "group:folder" => By::Folder,
            "group:top" => By::Top,
            "as-imported" => By::Imported,
            other => {
                let mut end = other.strip_prefix("group:before:").unwrap_or_default().chars();
                let (Some(c), None) = (end.next(), end.next()) else {
                    return Err(format!(
                        "`{other}` is no way to split; use random, stratified, group:folder, group:top, \
                         group:before:_ or as-imported"
                    ));
                };
                By::Before(c)
            }
        };
        let mut parts: Vec<(String, f64)> = Vec::new();
        for text in shares.split(',') {
            let read = text.split_once('=').and_then(|(name, share)| Some((name.trim(), share.trim().parse().ok()?)));
            let Some((name, share)) = read else {
                return Err(format!("`{text}` is no part and its share; write train=0.8,val=0.1,test=0.1"));
            };
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let good: fn(f64) -> bool = |share| share.is_finite() && share > 0.0;
            if name.is_empty() || !name.chars().all(plain) || parts.iter().any(|(n, _)| n == name) || !good(share) {
                return Err(format!(
                    "`{text}` is no part and its share; each name stands once, of letters, digits, - and _, and a share is \
                     more than 0"
                ));
            }
            parts.push((name.to_owned(), share));
        }
        let sum: f64 = parts.iter().map(|(_, share)| share).sum();
        if (sum - 1.0).abs() > 1e-6 || parts.len() > usize::from(u8::MAX) {
            return Err(format!("the shares add up to {sum}, not to 1; write train=0.8,val=0.1,test=0.1"));
        }
        Ok(Self { by, seed, parts })
    }

    /// The name of [`By`] as [`Split::parse`] reads it.
    pub(super) fn by_name(&self) -> String {
        match self.by {
            By::Random => "random".to_owned(),
            By::Stratified => "stratified".to_owned(),
            By::Folder => "group:folder".to_owned(),
            By::Top => "group:top".to_owned(),
            By::Before(c) => format!("group:before:{c}"),
            By::Imported => "as-imported".to_owned(),
        }
    }
}

/// A picture that is going to be written.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// The stratum or group.
    key: u64,
    /// The picture's own number.
    number: u64,
    id: i64,
    /// Those that look like it.
    alike: Option<i64>,
}

/// Pictures that stay together, and the smallest of their numbers.
struct Unit {
    key: u64,
    number: u64,
    ids: Vec<i64>,
}

/// Collects the pictures, then knows the part of each.
pub(super) struct Plan {
    split: Split,
    seen: Vec<Seen>,
    parts: HashMap<i64, u8>,
}

impl Plan {
    pub(super) fn new(split: Split) -> Self {
        Self { split, seen: Vec::new(), parts: HashMap::new() }
    }

    /// Takes a picture that is going to be written.
    pub(super) fn see(&mut self, sample: &Sample, answer: &Answer, labels: &LabelSet, counts: &Counts) {
        let path = sample.path.as_str();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let key = match self.split.by {
            By::Random | By::Imported => 0,
            By::Stratified => {
                let classes = answer.annotations.iter().map(|a| labels.resolve(a.class));
                classes.min_by_key(|c| (counts.of_class(labels, *c), c.0)).map_or(u64::MAX, |c| c.0.unsigned_abs())
            }
            By::Folder => hash(0, folder),
            By::Top => hash(0, path.split_once('/').map_or("", |(top, _)| top)),
            By::Before(c) => hash(0, &format!("{folder}/{}", name.split(c).next().unwrap_or(name))),
        };
        let (number, alike) = (hash(self.split.seed, path), sample.likeness.map(|l| l.group));
        self.seen.push(Seen { key, number, id: sample.id.0, alike });
    }

    /// Puts a picture into the part with this number, unless it is in one.
    pub(super) fn put(&mut self, id: SampleId, part: usize) {
        self.parts.entry(id.0).or_insert(part as u8);
    }

    /// Deals the pictures out.
    pub(super) fn deal(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        match self.split.by {
            By::Imported => {}
            By::Random | By::Stratified => self.deal_strata(units(seen)),
            By::Folder | By::Top | By::Before(_) => self.deal_groups(&joined(seen)),
        }
    }

    /// In each stratum, pictures that look alike go where most is missing, the largest groups first; then all others, in
    /// the order of their numbers, are cut at what is missing still. Where the cuts lie in a small stratum is by chance,
    /// so that no part is always short.
    fn deal_strata(&mut self, mut units: Vec<Unit>) {
        units.sort_unstable_by_key(|u| (u.key, u.number));
        for stratum in units.chunk_by(|a, b| a.key == b.key) {
            let offset = stratum.first().map_or(0.5, |u| share(random::first(u.key ^ self.split.seed)));
            let (alone, mut together): (Vec<&Unit>, Vec<&Unit>) = stratum.iter().partition(|u| u.ids.len() == 1);
            together.sort_by_key(|u| (std::cmp::Reverse(u.ids.len()), u.number));
            let mut missing = self.missing(stratum.iter().map(|u| u.ids.len()).sum());
            for unit in &together {
                self.give(&unit.ids, &mut missing);
            }
            let ends = if together.is_empty() { self.ends() } else { ends_of(&missing) };
            for (at, id) in alone.iter().flat_map(|u| &u.ids).enumerate() {
                let at = (at as f64 + offset) / alone.len() as f64;
                let part = ends.iter().position(|end| at < *end).unwrap_or(ends.len() - 1);
                self.parts.insert(*id, part as u8);
            }
        }
    }

    /// Each group goes where most is missing, the largest first, so that no large one comes too late to fit.
    fn deal_groups(&mut self, seen: &[Seen]) {
        let mut groups: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
        for one in seen {
            groups.entry(one.key).or_default().push(one.id);
        }
        let mut missing = self.missing(seen.len());
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(key, ids)| (std::cmp::Reverse(ids.len()), random::first(key ^ self.split.seed)));
        for (_, ids) in groups {
            self.give(&ids, &mut missing);
        }
    }

    /// How many of so many pictures each part is to have.
    fn missing(&self, count: usize) -> Vec<f64> {
        self.split.parts.iter().map(|(_, share)| share * count as f64).collect()
    }

    /// Gives pictures to the part that misses most.
    fn give(&mut self, ids: &[i64], missing: &mut [f64]) {
        let most = (0..missing.len()).max_by(|a, b| {
            let of = |i: &usize| missing.get(*i).copied().unwrap_or_default();
            of(a).total_cmp(&of(b)).then(b.cmp(a))
        });
        let Some(part) = most else { return };
        if let Some(left) = missing.get_mut(part) {
            *left -= ids.len() as f64;
        }
        self.parts.extend(ids.iter().map(|id| (*id, part as u8)));
    }

    /// Where each part ends on the way from 0 to 1.
    fn ends(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let step = |(_, share): &(String, f64)| {
            sum += share;
            sum
        };
        self.split.parts.iter().map(step).collect()
    }

    /// The part of a picture. One that came into the project meanwhile goes where its number says, or, where lists decide,
    /// into none, as every picture that is on none of them.
    pub(super) fn part(&self, sample: &Sample) -> Option<String> {
        let known = self.parts.get(&sample.id.0).map(|p| usize::from(*p));
        let chance = || {
            let at = share(hash(self.split.seed, &sample.path));
            self.ends().iter().position(|end| at < *end).unwrap_or(0)
        };
        let at = if self.split.by == By::Imported { known? } else { known.unwrap_or_else(chance) };
        self.split.parts.get(at).map(|(name, _)| name.clone())
    }
}

/// Pictures that look alike as one; the stratum of each is that of the picture with the smallest number.
fn units(mut seen: Vec<Seen>) -> Vec<Unit> {
    seen.sort_unstable_by_key(|s| (s.alike, s.number, s.id));
    let same = |a: &Seen, b: &Seen| a.alike.is_some() && a.alike == b.alike;
    let unit = |like: &[Seen]| {
        let first = like.first()?;
        Some(Unit { key: first.key, number: first.number, ids: like.iter().map(|s| s.id).collect() })
    };
    seen.chunk_by(same).filter_map(unit).collect()
}

/// The same pictures, with one key for all groups that pictures which look alike lie in.
fn joined(mut seen: Vec<Seen>) -> Vec<Seen> {
    let mut keys: Vec<u64> = seen.iter().map(|s| s.key).collect();
    keys.sort_unstable();
    keys.dedup();
    let at = |key: u64| keys.binary_search(&key).map_or(0, |at| at as u32);
    let mut sets = Sets::new(keys.len() as u32);
    let mut first: HashMap<i64, u64> = HashMap::new();
    for one in &seen {
        if let Some(alike) = one.alike {
            sets.join(at(one.key), at(*first.entry(alike).or_insert(one.key)));
        }
    }
    for one in &mut seen {
        let root = sets.root(at(one.key));
        one.key = keys.get(root as usize).copied().unwrap_or(one.key);
    }
    seen
}

/// Where each part ends on the way from 0 to 1, by what it misses.
fn ends_of(missing: &[f64]) -> Vec<f64> {
    let sum: f64 = missing.iter().map(|m| m.max(0.0)).sum();
    let mut end = 0.0;
    let step = |m: &f64| {
        end += m.max(0.0) / sum.max(f64::MIN_POSITIVE);
        end
    };
    missing.iter().map(step).collect()
}

/// A number from 0 to 1.
fn share(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// FNV-1a of a text with a seed, mixed: the same everywhere and for ever.
pub(super) fn hash(seed: u64, text: &str) -> u64 {
    let step = |at: u64, byte: u8| (at ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    random::first(text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ random::first(seed), step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(by: &str, seed: u64, keys: &[u64]) -> Vec<u8> {
        let split = Split::parse(by, seed, "train=0.8,val=0.1,test=0.1").unwrap();
        let mut plan = Plan::new(split);
        plan.seen = keys.iter().zip(0..).map(|(key, id)| seen(*key, seed, id, None)).collect();
        plan.deal();
        (0..keys.len() as i64).map(|id| plan.parts[&id]).collect()
    }

    fn seen(key: u64, seed: u64, id: i64, alike: Option<i64>) -> Seen {
        Seen { key, number: hash(seed, &id.to_string()), id, alike }
    }

    proptest! {
        #[test]
        fn pictures_that_look_alike_are_never_parted(
            by in prop::sample::select(vec!["random", "stratified", "group:folder"]),
            seed in any::<u64>(),
            pictures in prop::collection::vec((0_u64..8, prop::option::of(0_i64..12)), 1..200),
        ) {
            let mut plan = Plan::new(Split::parse(by, seed, "train=0.8,val=0.1,test=0.1").unwrap());
            plan.seen = pictures.iter().zip(0..).map(|((key, alike), id)| seen(*key, seed, id, *alike)).collect();
            plan.deal();
            prop_assert_eq!(plan.parts.len(), pictures.len());
            for ((key, alike), id) in pictures.iter().zip(0..) {
                for ((other, like), twin) in pictures.iter().zip(0..id) {
                    let together = (alike.is_some() && alike == like) || (by == "group:folder" && key == other);
                    prop_assert!(!together || plan.parts[&id] == plan.parts[&twin], "{} and {}", id, twin);
                }
            }
        }
    }

    #[test]
    fn shares_hold_where_many_look_alike() {
        let mut plan = Plan::new(Split::parse("random", 3, "train=0.8,val=0.1,test=0.1").unwrap());
        // Half of a thousand pictures in groups of two to six.
        plan.seen = (0..1000).map(|id| seen(0, 3, id, (id < 500).then_some(id / (2 + id % 5)))).collect();
        plan.deal();
        let of = |part: u8| plan.parts.values().filter(|p| **p == part).count();
        assert_eq!([of(0), of(1), of(2)], [800, 100, 100]);
    }

    #[test]
    fn shares_hold_in_every_stratum_and_groups_stay_whole() {
        let keys: Vec<u64> = (0..1000).map(|i| i % 3).collect();
        let parts = plan("stratified", 7, &keys);
        for stratum in 0..3 {
            let of = |part: u8| keys.iter().zip(&parts).filter(|(k, p)| **k == stratum && **p == part).count();
            assert!(of(0).abs_diff(267) <= 1 && of(1).abs_diff(33) <= 1 && of(2).abs_diff(33) <= 1, "{stratum}");
        }
        assert_eq!(parts, plan("stratified", 7, &keys));
        assert_ne!(parts, plan("stratified", 8, &keys));
        let keys: Vec<u64> = (0..1000).map(|i| i / 20).collect();
        let parts = plan("group:folder", 1, &keys);
        for (key, part) in keys.iter().zip(&parts) {
            assert!(keys.iter().zip(&parts).all(|(k, p)| k != key || p == part));
        }
        assert_eq!([0, 1, 2].map(|w| parts.iter().filter(|p| **p == w).count()), [800, 100, 100]);
    }

    #[test]
    fn bad_splits_are_told() {
        for (by, shares) in [
            ("fold", "train=1"),
            ("group:", "train=1"),
            ("random", "train=0.8"),
            ("random", "train=0.5,train=0.5"),
            ("random", "a/b=1"),
            ("random", "train=2,val=-1"),
            ("random", "train"),
            ("random", "train=NaN"),
        ] {
            assert!(Split::parse(by, 0, shares).is_err(), "{by} {shares}");
        }
        assert_eq!(Split::parse("group:before:_", 0, "train=1").unwrap().by, By::Before('_'));
    }
}
