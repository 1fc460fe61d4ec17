//! What differs between two states of a project, counted.
//!
//! What always holds: the room it takes is bounded, however many pictures differ and in however many ways.

use crate::domain::difference::{Change, Kind, Objects};
use crate::domain::ids::EventId;
use std::collections::BTreeMap;

/// Pairs of answers that are told apart; of those that come after them only the number is known.
const PAIRS: usize = 10_000;

/// The pictures that differ between two states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// How many differ in exactly these ways, so that any choice of ways can be counted.
    by_kinds: BTreeMap<Vec<Kind>, u64>,
    /// How often one whole-picture answer became another.
    flips: BTreeMap<(String, String), u64>,
    /// What happened to boxes, polygons and masks.
    pub objects: ObjectSums,
    /// The last event of the newer state, so that just what was counted can be taken back.
    pub until: Option<EventId>,
}

/// What happened to the objects of all pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectSums {
    /// New ones.
    pub added: u64,
    /// Ones that are gone.
    pub removed: u64,
    /// Ones of another class.
    pub relabelled: u64,
    /// Ones of another place or shape, or with other attributes.
    pub moved: u64,
}

impl Differences {
    /// Counts a picture. `flip` says what its answer was and is; it is asked only where the classes are others.
    pub fn add(&mut self, change: &Change, flip: impl FnOnce() -> (String, String)) {
        *self.by_kinds.entry(change.kinds.clone()).or_default() += 1;
        if let Some(objects) = change.objects.filter(|_| change.kinds.contains(&Kind::Boxes)) {
            self.objects.add(objects);
        }
        if change.kinds.contains(&Kind::Class) {
            let pair = flip();
            let room = self.flips.len() < PAIRS;
            if room || self.flips.contains_key(&pair) {
                *self.flips.entry(pair).or_default() += 1;
            }
        }
    }

    /// How many pictures differ.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.by_kinds.values().sum()
    }

    /// How many pictures differ in at least one of these ways; in any at all where none is given.
    #[must_use]
    pub fn in_any(&self, kinds: &[Kind]) -> u64 {
        let fits = |of: &[Kind]| kinds.is_empty() || of.iter().any(|kind| kinds.contains(kind));
        self.by_kinds.iter().filter(|(of, _)| fits(of)).map(|(_, n)| n).sum()
    }

    /// The ways in which some picture differs, in the order of [`Kind::ALL`], with how many do. A picture that differs in
    /// two ways counts in both.
    #[must_use]
    pub fn kinds(&self) -> Vec<(Kind, u64)> {
        Kind::ALL.into_iter().map(|kind| (kind, self.in_any(&[kind]))).filter(|(_, n)| *n > 0).collect()
    }

    /// What answers were and are, each pair with how often, the most frequent first.
    #[must_use]
    pub fn flips(&self) -> Vec<(&str, &str, u64)> {
        let mut flips: Vec<_> = self.flips.iter().map(|((was, is), n)| (was.as_str(), is.as_str(), *n)).collect();
        flips.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (a.0, a.1).cmp(&(b.0, b.1))));
        flips
    }
}

impl ObjectSums {
    fn add(&mut self, of: Objects) {
        self.added += of.added as u64;
        self.removed += of.removed as u64;
        self.relabelled += of.relabelled as u64;
        self.moved += of.moved as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kinds: &[Kind]) -> Change {
        let objects = Objects { added: 1, removed: 2, relabelled: 3, moved: 4, iou: 0.5 };
        Change { kinds: kinds.to_vec(), objects: Some(objects) }
    }

    #[test]
    fn a_picture_that_differs_in_two_ways_is_one_picture() {
        let mut sums = Differences::default();
        let flip = || ("roses".to_owned(), "tulips".to_owned());
        sums.add(&change(&[Kind::Class, Kind::Boxes]), flip);
        sums.add(&change(&[Kind::Class]), flip);
        sums.add(&change(&[Kind::Marks]), || unreachable!("no class is another"));
        assert_eq!((sums.all(), sums.in_any(&[])), (3, 3));
        assert_eq!(sums.in_any(&[Kind::Class, Kind::Boxes]), 2);
        assert_eq!(sums.kinds(), [(Kind::Class, 2), (Kind::Boxes, 1), (Kind::Marks, 1)]);
        assert_eq!(sums.flips(), [("roses", "tulips", 2)]);
        assert_eq!(sums.objects, ObjectSums { added: 1, removed: 2, relabelled: 3, moved: 4 });
    }

    #[test]
    fn however_many_answers_there_are_the_room_is_bounded() {
        let mut sums = Differences::default();
        for n in 0..PAIRS + 50 {
            sums.add(&change(&[Kind::Class]), || (n.to_string(), String::new()));
        }
        assert_eq!((sums.all(), sums.flips().len()), (PAIRS as u64 + 50, PAIRS));
    }
}
