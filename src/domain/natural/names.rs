//! Names in little memory: each holds only what its predecessor does not begin with.
//!
//! Why: a folder may have millions of files, and a list of strings costs a hundred bytes for each. Names of one folder begin
//! alike, so that in natural order about ten bytes are left of each. What always holds: what comes out is what went in.

/// Names between two that are held as a whole, so that any of them is found in a few steps.
const BLOCK: usize = 16;
/// Marks are below this.
const MARKS: usize = 4;

/// A list of names that only grows.
#[derive(Clone, Debug, Default)]
pub struct NameList {
    bytes: Vec<u8>,
    /// Where every [`BLOCK`]th name begins in `bytes`.
    blocks: Vec<usize>,
    /// The name that came last.
    last: Vec<u8>,
    len: usize,
}

impl NameList {
    /// Adds a name at the end.
    pub fn push(&mut self, name: &str) {
        self.push_marked(name, 0);
    }

    /// Adds a name at the end with a mark of `0..=3`, whatever it means to the caller; a higher one counts as 3.
    pub fn push_marked(&mut self, name: &str, mark: u8) {
        let name = name.as_bytes();
        let shared = match self.len.is_multiple_of(BLOCK) {
            true => {
                self.blocks.push(self.bytes.len());
                0
            }
            false => self.last.iter().zip(name).take_while(|(a, b)| a == b).count(),
        };
        let rest = name.get(shared..).unwrap_or_default();
        self.number(shared * MARKS + usize::from(mark).min(MARKS - 1));
        self.number(rest.len());
        self.bytes.extend_from_slice(rest);
        self.last.truncate(shared);
        self.last.extend_from_slice(rest);
        self.len += 1;
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The name at a place, from 0.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<String> {
        let block = *self.blocks.get(place / BLOCK).filter(|_| place < self.len)?;
        let mut at = Steps { at: block, name: Vec::new() };
        (0..=place % BLOCK).try_for_each(|_| at.step(&self.bytes).map(drop))?;
        Some(at.text())
    }

    /// All names in their order.
    #[must_use]
    pub fn iter(&self) -> Names<'_> {
        Names { list: self, at: Steps::default() }
    }

    /// Gives back what it has set aside for more names.
    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.blocks.shrink_to_fit();
    }

    /// Bytes of memory it holds.
    #[must_use]
    pub fn held(&self) -> usize {
        self.bytes.capacity() + self.blocks.capacity() * size_of::<usize>() + self.last.capacity()
    }

    /// The name after `at` with its mark, and goes on to it.
    pub(super) fn after(&self, at: &mut Steps) -> Option<(String, u8)> {
        at.step(&self.bytes).map(|mark| (at.text(), mark))
    }
}

impl<S: AsRef<str>> FromIterator<S> for NameList {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut list = Self::default();
        names.into_iter().for_each(|name| list.push(name.as_ref()));
        list
    }
}

impl<'a> IntoIterator for &'a NameList {
    type Item = String;
    type IntoIter = Names<'a>;

    fn into_iter(self) -> Names<'a> {
        self.iter()
    }
}

/// The names of a list in their order.
#[derive(Clone, Debug)]
pub struct Names<'a> {
    list: &'a NameList,
    at: Steps,
}

impl Iterator for Names<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.list.after(&mut self.at).map(|(name, _)| name)
    }
}

/// A place between two names.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    at: usize,
    /// The name before it.
    name: Vec<u8>,
}

impl Steps {
    /// Goes on to the next name; its mark.
    fn step(&mut self, bytes: &[u8]) -> Option<u8> {
        let first = self.number(bytes)?;
        let rest = self.number(bytes)?;
        let end = self.at.checked_add(rest)?;
        self.name.truncate(first / MARKS);
        self.name.extend_from_slice(bytes.get(self.at..end)?);
        self.at = end;
        Some((first % MARKS) as u8)
    }

    fn number(&mut self, bytes: &[u8]) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = *bytes.get(self.at)?;
            self.at += 1;
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return Some(number);
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_comes_out_is_what_went_in(names in prop::collection::vec(("[ab/é\u{1f4f7}]{0,200}", 0_u8..4), 0..80)) {
            let mut list = NameList::default();
            names.iter().for_each(|(name, mark)| list.push_marked(name, *mark));
            let plain: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), plain.clone());
            let mut at = Steps::default();
            let marked: Vec<_> = std::iter::from_fn(|| list.after(&mut at)).collect();
            prop_assert_eq!(marked, names);
            for (place, name) in plain.iter().enumerate() {
                prop_assert_eq!(list.get(place), Some(name.clone()));
            }
            prop_assert_eq!((list.get(list.len()), list.is_empty()), (None, plain.is_empty()));
        }
    }
}
