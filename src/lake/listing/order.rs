//! Sorting and filtering of a listing, always off the loop.
//!
//! Sorting a million names by comparing natural keys made anew for each comparison takes many seconds. Here each key is
//! made once, cut to [`KEY_MAX`] bytes and laid into one arena; the eight bytes after the prefix that all keys share decide
//! most comparisons without touching the arena; names whose cut keys are equal are compared in full.

use super::table::Rows;
use super::{Arrange, EntryKind, SortKey};
use crate::domain::natural::natural_key;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::cmp::Ordering;

const KEY_MAX: usize = 96;
/// Between two looks at the cancel flag.
const STRIDE: usize = 4096;

/// The rows that are shown, in order, and what they come to.
#[derive(Debug)]
pub(crate) struct Arranged {
    pub(crate) order: Vec<u32>,
    pub(crate) containers: usize,
    pub(crate) bytes: Option<u64>,
    /// Sorted here, so that a name may be searched by halving.
    pub(crate) by_name: bool,
}

impl Default for Arranged {
    fn default() -> Self {
        Self { order: Vec::new(), containers: 0, bytes: Some(0), by_name: false }
    }
}

impl Arranged {
    /// Takes an order as it is.
    pub(crate) fn given(rows: &Rows, order: Vec<u32>) -> Self {
        let is_container = |id: &&u32| rows.entry(**id).is_some_and(|(_, k)| k.is_container());
        let containers = order.iter().take_while(is_container).count();
        let bytes = summed(rows, order.get(containers..).unwrap_or_default());
        Self { order, containers, bytes, by_name: false }
    }

    /// Filters and sorts; nothing when it was cancelled.
    pub(crate) fn new(rows: &Rows, arrange: &Arrange, cancelled: &dyn Fn() -> bool) -> Option<Self> {
        let (mut containers, mut files) = kept(rows, arrange, cancelled)?;
        let count = containers.len();
        sort(rows, arrange, &mut containers);
        if cancelled() {
            return None;
        }
        sort(rows, arrange, &mut files);
        let bytes = summed(rows, &files);
        containers.reserve_exact(files.len());
        containers.append(&mut files);
        Some(Self { order: containers, containers: count, bytes, by_name: arrange.sort == SortKey::Name })
    }
}

fn summed(rows: &Rows, files: &[u32]) -> Option<u64> {
    files.iter().try_fold(0_u64, |sum, id| Some(sum.saturating_add(rows.meta(*id).size()?)))
}

/// Two names in natural order.
pub(crate) fn compare_names(a: &str, b: &str) -> Ordering {
    natural_key(a).cmp(&natural_key(b))
}

/// The rows that pass the filter, containers and files apart.
fn kept(rows: &Rows, arrange: &Arrange, cancelled: &dyn Fn() -> bool) -> Option<(Vec<u32>, Vec<u32>)> {
    let mut filter = NameFilter::new(&arrange.filter);
    let (mut containers, mut files) = (Vec::new(), Vec::new());
    for id in 0..u32::try_from(rows.len()).unwrap_or(u32::MAX) {
        if (id as usize).is_multiple_of(STRIDE) && cancelled() {
            return None;
        }
        let Some((name, kind)) = rows.entry(id) else { continue };
        if (!arrange.hidden && name.starts_with('.')) || !filter.takes(name) {
            continue;
        }
        if kind == EntryKind::File { &mut files } else { &mut containers }.push(id);
    }
    Some((containers, files))
}

/// A fuzzy filter over names; an empty text takes everything.
struct NameFilter {
    pattern: Pattern,
    matcher: Option<Matcher>,
    buffer: Vec<char>,
}

impl NameFilter {
    fn new(text: &str) -> Self {
        let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
        // The matcher reserves a working area of over 100 kB: made only where there is something to match.
        let matcher = (!pattern.atoms.is_empty()).then(|| Matcher::new(Config::DEFAULT));
        Self { pattern, matcher, buffer: Vec::new() }
    }

    fn takes(&mut self, name: &str) -> bool {
        let Some(matcher) = &mut self.matcher else { return true };
        self.pattern.score(Utf32Str::new(name, &mut self.buffer), matcher).is_some()
    }
}

struct Item {
    /// The eight key bytes after the shared prefix, big end first.
    head: u64,
    start: usize,
    len: u32,
    id: u32,
}

fn sort(rows: &Rows, arrange: &Arrange, ids: &mut [u32]) {
    let mut arena: Vec<u8> = Vec::with_capacity(ids.len() * 16);
    let mut items = Vec::with_capacity(ids.len());
    let mut shared = KEY_MAX;
    let mut key = Vec::new();
    for id in ids.iter() {
        key.clear();
        push_key(rows, arrange, *id, &mut key);
        key.truncate(KEY_MAX);
        let first = items.first().map_or(&key[..], |i: &Item| arena.get(..i.len as usize).unwrap_or_default());
        shared = key.iter().zip(first).take(shared).take_while(|(a, b)| a == b).count();
        items.push(Item { head: 0, start: arena.len(), len: u32::try_from(key.len()).unwrap_or(0), id: *id });
        arena.extend_from_slice(&key);
    }
    let bytes = |item: &Item| arena.get(item.start + shared..item.start + item.len as usize).unwrap_or_default();
    for item in &mut items {
        let tail = bytes(item);
        item.head = (0..8).fold(0, |head, i| head << 8 | u64::from(tail.get(i).copied().unwrap_or(0)));
    }
    items.sort_unstable_by(|a, b| {
        let by_key = a.head.cmp(&b.head).then_with(|| bytes(a).cmp(bytes(b)));
        by_key.then_with(|| compare_names(rows.name(a.id), rows.name(b.id))).then(a.id.cmp(&b.id))
    });
    if arrange.reverse && !arrange.needs_meta() {
        items.reverse();
    }
    ids.iter_mut().zip(&items).for_each(|(id, item)| *id = item.id);
}

/// The bytes that decide the place of a row. Reversed numbers are turned round here, so that equal ones stay by name.
fn push_key(rows: &Rows, arrange: &Arrange, id: u32, key: &mut Vec<u8>) {
    let name = rows.name(id);
    let number = match arrange.sort {
        SortKey::Name => None,
        SortKey::Size => Some(rows.meta(id).size().map_or(0, |s| s.saturating_add(1))),
        // Shifts the range of signed numbers up, so that unsigned order is time order.
        SortKey::Modified => Some(rows.meta(id).micros().cast_unsigned() ^ (1 << 63)),
        SortKey::Extension => {
            let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or("", |(_, e)| e);
            key.extend(extension.to_lowercase().bytes());
            key.push(0);
            None
        }
    };
    if let Some(number) = number {
        key.extend((if arrange.reverse { !number } else { number }).to_be_bytes());
    }
    let natural = natural_key(name);
    // The tie-break at the end of a natural key repeats the name: it is compared in full where it comes to that.
    key.extend(natural.get(..natural.len().saturating_sub(name.len())).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::super::table::{Meta, Table};
    use super::*;
    use jiff::Timestamp;

    fn rows(names: &[(&str, EntryKind, u64, i64)]) -> Rows {
        let mut table = Table::default();
        names.iter().for_each(|(n, k, ..)| table.push(n, *k));
        let meta = |&(_, _, s, t): &(&str, EntryKind, u64, i64)| Meta::new(Some(s), Timestamp::from_second(t).ok());
        table.set_meta(&names.iter().map(meta).collect::<Vec<_>>());
        table.rows()
    }

    fn names(rows: &Rows, arrange: &Arrange) -> Vec<String> {
        let arranged = Arranged::new(rows, arrange, &|| false).unwrap();
        arranged.order.iter().map(|id| rows.name(*id).to_owned()).collect()
    }

    #[test]
    fn every_sort_key_and_its_reverse() {
        use EntryKind::{File, Folder};
        let r = rows(&[
            ("b10.png", File, 3, 30),
            ("b2.jpg", File, 1, -5),
            ("a.jpg", File, 2, 20),
            ("zoo", Folder, 0, 9),
            ("Art", Folder, 0, 8),
            (".git", Folder, 0, 1),
        ]);
        let by = |sort, reverse| Arrange { sort, reverse, ..Arrange::default() };
        assert_eq!(names(&r, &by(SortKey::Name, false)), ["Art", "zoo", "a.jpg", "b2.jpg", "b10.png"]);
        assert_eq!(names(&r, &by(SortKey::Name, true)), ["zoo", "Art", "b10.png", "b2.jpg", "a.jpg"]);
        assert_eq!(names(&r, &by(SortKey::Size, true)), ["Art", "zoo", "b10.png", "a.jpg", "b2.jpg"]);
        assert_eq!(names(&r, &by(SortKey::Modified, false)), ["Art", "zoo", "b2.jpg", "a.jpg", "b10.png"]);
        assert_eq!(names(&r, &by(SortKey::Extension, false)), ["Art", "zoo", "a.jpg", "b2.jpg", "b10.png"]);
        assert_eq!(names(&r, &Arrange { hidden: true, ..Arrange::default() })[0], ".git");
    }

    #[test]
    fn filters_are_fuzzy_and_without_case() {
        use EntryKind::File;
        let r = rows(&[("IMG_0001.JPG", File, 1, 1), ("img_0002.png", File, 1, 1), ("notes.txt", File, 1, 1)]);
        let with = |filter: &str| names(&r, &Arrange { filter: filter.to_owned(), ..Arrange::default() });
        assert_eq!(with("im1"), ["IMG_0001.JPG"]);
        assert_eq!(with("img !png"), ["IMG_0001.JPG"]);
        assert_eq!(with("TXT$"), ["notes.txt"]);
        assert!(with("zzz").is_empty());
    }

    #[test]
    fn long_names_with_a_shared_start_are_ordered_to_the_last_digit() {
        let long =
            "a very long name that all the files of this folder share, longer than the cut key, to be sure of it_";
        let given: Vec<String> =
            (0..300).map(|i| format!("{long}{}{}", "x".repeat(i % 2 * 40), (i * 7919) % 300)).collect();
        let entries: Vec<_> = given.iter().map(|n| (n.as_str(), EntryKind::File, 0, 0)).collect();
        let mut wanted = given.clone();
        wanted.sort_by_key(|n| natural_key(n));
        assert_eq!(names(&rows(&entries), &Arrange::default()), wanted);
    }

    #[test]
    fn cancelled_work_gives_nothing() {
        let r = rows(&[("a", EntryKind::File, 0, 0)]);
        assert!(Arranged::new(&r, &Arrange::default(), &|| true).is_none());
    }
}
