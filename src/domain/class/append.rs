//! New classes: their ids, hotkeys and colours.
//!
//! What always holds: each class that is appended costs the same, however many there are; an id is never that of another.

use super::{LEADER, LabelClass, LabelSet, work};
use crate::domain::ids::ClassId;
use std::collections::HashSet;

/// Hotkeys handed out to new classes without one, in this order. Letters that mean something else on the Label screen
/// (`n p s u x f m b e h j k l g z q`, …) are not among them.
const AUTOMATIC: &str = "123456789acirtvwy";

impl LabelSet {
    /// Makes classes from names, with automatic hotkeys and colours, ids counted from `first`.
    #[must_use]
    pub fn from_names<S: AsRef<str>>(names: &[S], first: i64) -> Self {
        let mut set = Self::default();
        let mut end = Appender { next: first, ..set.appender() };
        for name in names {
            end.append(name.as_ref());
        }
        set
    }

    /// Appends a class with the next free id, hotkey and colour; gives its id.
    pub fn append(&mut self, name: &str) -> ClassId {
        self.appender().append(name)
    }

    /// Appends, in this order, the names that no live class has, compared without case.
    pub fn append_missing<S: AsRef<str>>(&mut self, names: impl IntoIterator<Item = S>) {
        let mut known: HashSet<String> = self.by_name().into_keys().collect();
        let mut end = self.appender();
        for name in names {
            if known.insert(name.as_ref().to_lowercase()) {
                end.append(name.as_ref());
            }
        }
    }

    /// Looks through the set once, to append many classes.
    pub fn appender(&mut self) -> Appender<'_> {
        work::note(self.classes.len());
        let next = self.classes.iter().map(|c| c.id.0).max().unwrap_or(0).saturating_add(1);
        let keys: Vec<String> = self.free_hotkeys().collect();
        Appender { set: self, next, keys: keys.into_iter() }
    }

    /// The first hotkey no live class has: digits, then letters, then the leader and a letter; empty when all are taken.
    #[must_use]
    pub fn free_hotkey(&self) -> String {
        self.free_hotkeys().next().unwrap_or_default()
    }

    /// The hotkeys no live class has, in the order in which they are handed out.
    fn free_hotkeys(&self) -> impl Iterator<Item = String> {
        work::note(self.classes.len());
        let taken: HashSet<&str> = self.live().map(|c| c.hotkey.as_str()).collect();
        let leader = ('a'..='z').map(|c| format!("{LEADER}{c}"));
        AUTOMATIC.chars().map(String::from).chain(leader).filter(move |key| !taken.contains(key.as_str()))
    }
}

/// Adds classes at the end of a label set, each at the same cost however many there are.
#[derive(Debug)]
pub struct Appender<'a> {
    set: &'a mut LabelSet,
    next: i64,
    /// Hotkeys that are free.
    keys: std::vec::IntoIter<String>,
}

impl Appender<'_> {
    /// Appends a class with the next free id, hotkey and colour; gives its id.
    pub fn append(&mut self, name: &str) -> ClassId {
        work::note(1);
        let id = ClassId(self.next);
        self.next = self.next.saturating_add(1);
        let hotkey = self.keys.next().unwrap_or_default();
        let colour = u16::try_from(self.set.classes.len()).unwrap_or(u16::MAX);
        let name = name.to_owned();
        self.set.classes.push(LabelClass { id, name, hotkey, colour, parent: None, merged_into: None, retired: false });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_classes_get_distinct_keys() {
        let names: Vec<String> = (0..40).map(|i| format!("c{i}")).collect();
        let set = LabelSet::from_names(&names, 1);
        assert!(set.problems(&["n", "p"]).is_empty(), "{:?}", set.problems(&["n", "p"]));
        assert_eq!(set.classes[9].hotkey, "a");
        assert_eq!(set.classes[20].hotkey, ";d");
    }

    #[test]
    fn appending_costs_as_much_as_there_is_to_append() {
        let cost = |n: usize| {
            let names: Vec<String> = (0..n).map(|i| format!("Class {i}")).collect();
            let mut set = LabelSet::from_names(&["class 7", "other"], 1);
            let looks = work::of(|| set.append_missing(names.iter().chain(&names)));
            assert_eq!(set.classes.len(), n + 1, "one of them was there, in another case");
            assert_eq!(set.classes.last().map(|c| c.id), Some(ClassId(n as i64 + 1)));
            looks
        };
        assert!(cost(4000) < 5 * cost(1000), "{} and {}", cost(1000), cost(4000));
        let names: Vec<String> = (0..4000).map(|i| format!("c{i}")).collect();
        assert!(work::of(|| drop(LabelSet::from_names(&names, 1))) < 5000);
    }

    #[test]
    fn a_key_that_is_free_again_is_handed_out() {
        let mut set = LabelSet::from_names(&["a", "b", "c"], 1);
        set.classes[1].retired = true;
        set.append_missing(["d", "e"]);
        let keys: Vec<&str> = set.classes.iter().map(|c| c.hotkey.as_str()).collect();
        assert_eq!(keys, ["1", "2", "3", "2", "4"]);
        assert_eq!(set.append("f"), ClassId(6));
        assert_eq!(set.classes[5].hotkey, "5");
    }
}
