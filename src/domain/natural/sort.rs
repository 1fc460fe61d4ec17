//! Many names brought into natural order in little memory.
//!
//! Why: sorting needs a key for each name, which is longer than the name. Names are sorted a portion at a time, each portion
//! is held as a [`NameList`], and the portions are merged while they are read. What always holds: the keys of one portion
//! and of one name of each portion are all that is held at once.

use super::names::{NameList, Steps};
use super::natural_key;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Names of one portion.
const NAMES: usize = 1 << 15;
/// Bytes of the names of one portion.
const BYTES: usize = 4 << 20;

/// Names that are being collected.
#[derive(Debug, Default)]
pub struct NaturalSort {
    runs: Vec<NameList>,
    fresh: Vec<(String, u8)>,
    bytes: usize,
}

impl NaturalSort {
    /// Adds a name.
    pub fn push(&mut self, name: String) {
        self.push_marked(name, 0);
    }

    /// Adds a name with a mark of `0..=3`, which comes out with it.
    pub fn push_marked(&mut self, name: String, mark: u8) {
        self.bytes += name.len();
        self.fresh.push((name, mark));
        if self.fresh.len() >= NAMES || self.bytes >= BYTES {
            self.seal();
        }
    }

    fn seal(&mut self) {
        self.fresh.sort_by_cached_key(|(name, _)| natural_key(name));
        let mut run = NameList::default();
        self.fresh.drain(..).for_each(|(name, mark)| run.push_marked(&name, mark));
        run.shrink();
        self.runs.push(run);
        self.bytes = 0;
    }

    /// All names with their marks, in natural order.
    #[must_use]
    pub fn sorted(mut self) -> NaturalOrder {
        if !self.fresh.is_empty() {
            self.seal();
        }
        let mut order = NaturalOrder { heads: BinaryHeap::with_capacity(self.runs.len()), runs: Vec::new() };
        for (run, list) in std::mem::take(&mut self.runs).into_iter().enumerate() {
            order.runs.push((list, Steps::default()));
            order.go_on(run);
        }
        order
    }

    /// Bytes of memory it holds.
    #[must_use]
    pub fn held(&self) -> usize {
        let runs = self.runs.capacity() * size_of::<NameList>() + self.runs.iter().map(NameList::held).sum::<usize>();
        runs + self.fresh.capacity() * size_of::<(String, u8)>()
            + self.fresh.iter().map(|(name, _)| name.capacity()).sum::<usize>()
    }
}

/// Names in natural order, each with its mark.
#[derive(Debug)]
pub struct NaturalOrder {
    runs: Vec<(NameList, Steps)>,
    /// The next name of each run, the first in order on top.
    heads: BinaryHeap<Reverse<Head>>,
}

/// A name that waits; ordered by its key, which no other name has.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    key: Vec<u8>,
    run: usize,
    name: String,
    mark: u8,
}

impl NaturalOrder {
    fn go_on(&mut self, run: usize) {
        let Some((list, at)) = self.runs.get_mut(run) else { return };
        match list.after(at) {
            Some((name, mark)) => self.heads.push(Reverse(Head { key: natural_key(&name), run, name, mark })),
            None => *list = NameList::default(),
        }
    }
}

impl Iterator for NaturalOrder {
    type Item = (String, u8);

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse(Head { run, name, mark, .. }) = self.heads.pop()?;
        self.go_on(run);
        Some((name, mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names as a camera gives them, in the order in which a disk may have them.
    fn names(count: usize) -> impl Iterator<Item = String> {
        (0..count).map(move |i| i * 7919 % count).map(|i| format!("camera_{:02}/2024-05-17/IMG_{i:07}.jpg", i % 20))
    }

    #[test]
    fn portions_come_out_as_one() {
        let count = 2 * NAMES + 100;
        let mut sort = NaturalSort::default();
        names(count).enumerate().for_each(|(i, name)| sort.push_marked(name, (i % 3) as u8));
        let mut wanted: Vec<(String, u8)> = names(count).enumerate().map(|(i, name)| (name, (i % 3) as u8)).collect();
        wanted.sort_by_cached_key(|(name, _)| natural_key(name));
        assert!(sort.sorted().eq(wanted));
        assert_eq!(NaturalSort::default().sorted().next(), None);
    }

    #[test]
    fn long_names_end_a_portion_too() {
        let mut sort = NaturalSort::default();
        for i in 0..3000 {
            sort.push(format!("{i:04}{}", "x".repeat(4000)));
            assert!(sort.bytes < BYTES);
        }
        assert!(sort.held() < 3 * BYTES, "{}", sort.held());
        assert_eq!(sort.sorted().map(|(name, _)| name[..4].to_owned()).collect::<Vec<_>>().len(), 3000);
    }

    #[test]
    fn a_name_costs_a_few_bytes() {
        let held = |count| {
            let mut sort = NaturalSort::default();
            names(count).for_each(|name| sort.push(name));
            sort.held()
        };
        let (few, many) = (held(5 * NAMES), held(10 * NAMES));
        assert!((many - few) / (5 * NAMES) < 16, "{} bytes a name", (many - few) / (5 * NAMES));
        assert!(few < 5 * NAMES * 16 + (4 << 20), "{few} bytes");
    }
}
