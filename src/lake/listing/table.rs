//! The entries of one folder in as little memory as they need: names end to end in chunks, one byte for the kind, sizes
//! and times only where somebody asked for them.
//!
//! What always holds: a full chunk never changes, so tables and snapshots share it; an entry keeps its number.

use super::{EntryKind, Row};
use jiff::Timestamp;
use std::sync::Arc;

/// Entries of a full chunk. Every chunk but the last is full, so that an entry is found by division.
const CHUNK: usize = 4096;

/// Size and time of an entry; 16 bytes, with marks for "not known".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    size: u64,
    micros: i64,
}

impl Meta {
    pub(crate) const UNKNOWN: Self = Self { size: u64::MAX, micros: i64::MIN };

    pub(crate) fn new(size: Option<u64>, modified: Option<Timestamp>) -> Self {
        Self { size: size.unwrap_or(u64::MAX), micros: modified.map_or(i64::MIN, Timestamp::as_microsecond) }
    }

    pub(crate) fn size(self) -> Option<u64> {
        (self.size != u64::MAX).then_some(self.size)
    }

    pub(crate) fn modified(self) -> Option<Timestamp> {
        (self.micros != i64::MIN).then(|| Timestamp::from_microsecond(self.micros).ok()).flatten()
    }

    pub(crate) fn micros(self) -> i64 {
        self.micros
    }
}

#[derive(Clone, Debug, Default)]
struct Names {
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<u32>,
    kinds: Vec<EntryKind>,
}

impl Names {
    fn push(&mut self, name: &str, kind: EntryKind) {
        self.text.push_str(name);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.kinds.push(kind);
    }

    fn get(&self, index: usize) -> Option<(&str, EntryKind)> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).and_then(|i| self.ends.get(i)).map_or(0, |e| *e as usize);
        Some((self.text.get(start..end)?, *self.kinds.get(index)?))
    }

    fn compact(mut self) -> Self {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.kinds.shrink_to_fit();
        self
    }
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    names: Arc<Names>,
    /// As long as the names, or empty.
    meta: Arc<[Meta]>,
}

/// All entries at one moment, for reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    chunks: Vec<Chunk>,
    len: usize,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn entry(&self, id: u32) -> Option<(&str, EntryKind)> {
        self.chunks.get(id as usize / CHUNK)?.names.get(id as usize % CHUNK)
    }

    pub(crate) fn name(&self, id: u32) -> &str {
        self.entry(id).map_or("", |(name, _)| name)
    }

    pub(crate) fn meta(&self, id: u32) -> Meta {
        let chunk = self.chunks.get(id as usize / CHUNK);
        chunk.and_then(|c| c.meta.get(id as usize % CHUNK)).copied().unwrap_or(Meta::UNKNOWN)
    }

    pub(crate) fn row(&self, id: u32) -> Option<Row<'_>> {
        let (name, kind) = self.entry(id)?;
        let meta = self.meta(id);
        Some(Row { name, kind, size: meta.size(), modified: meta.modified() })
    }
}

/// The growing table of a lister.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    full: Vec<Chunk>,
    tail: Names,
    /// Of the chunk that is being measured, which need not be the last.
    tail_meta: Vec<Meta>,
    /// Entries from the start whose size and time have been asked for.
    measured: usize,
}

impl Table {
    pub(crate) fn push(&mut self, name: &str, kind: EntryKind) {
        self.tail.push(name, kind);
        if self.tail.ends.len() == CHUNK {
            let names = Arc::new(std::mem::take(&mut self.tail).compact());
            let begun = self.measured > self.full.len() * CHUNK;
            let meta = meta_of_chunk(if begun { &self.tail_meta } else { &[] }, CHUNK);
            self.full.push(Chunk { names, meta });
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.full.len() * CHUNK + self.tail.ends.len()
    }

    pub(crate) fn name(&self, index: usize) -> Option<&str> {
        let names = self.full.get(index / CHUNK).map_or(&self.tail, |c| &*c.names);
        names.get(index % CHUNK).map(|(name, _)| name)
    }

    /// The first entries, with their kinds.
    pub(crate) fn names(&self, most: usize) -> Vec<(String, EntryKind)> {
        let rows = self.rows();
        let ids = 0..u32::try_from(rows.len().min(most)).unwrap_or(u32::MAX);
        ids.filter_map(|id| rows.entry(id).map(|(name, kind)| (name.to_owned(), kind))).collect()
    }

    /// The entries whose size and time are still to be asked for.
    pub(crate) fn unmeasured(&self) -> std::ops::Range<usize> {
        self.measured..self.len()
    }

    /// Sets the sizes and times of the entries after those already measured, in order.
    pub(crate) fn set_meta(&mut self, metas: &[Meta]) {
        for meta in metas {
            let (chunk, index) = (self.measured / CHUNK, self.measured % CHUNK);
            self.measured += 1;
            self.tail_meta.truncate(index);
            self.tail_meta.push(*meta);
            if let Some(full) = self.full.get_mut(chunk).filter(|_| index + 1 == CHUNK) {
                full.meta = std::mem::take(&mut self.tail_meta).into();
            }
        }
        // The run ended inside a full chunk: its other entries stay unknown until they are measured.
        if let Some(full) = self.full.get_mut(self.measured / CHUNK) {
            full.meta = meta_of_chunk(&self.tail_meta, CHUNK);
        }
    }

    /// A snapshot: shares all full chunks, copies only the last one.
    pub(crate) fn rows(&self) -> Rows {
        let mut chunks = self.full.clone();
        let measured_tail = self.measured >= self.full.len() * CHUNK;
        let tail_meta = if measured_tail { self.tail_meta.as_slice() } else { &[] };
        let tail = Chunk {
            names: Arc::new(self.tail.clone().compact()),
            meta: meta_of_chunk(tail_meta, self.tail.ends.len()),
        };
        chunks.push(tail);
        Rows { chunks, len: self.len() }
    }
}

/// As many as the chunk has entries, or none where nothing is known.
fn meta_of_chunk(known: &[Meta], len: usize) -> Arc<[Meta]> {
    if known.is_empty() {
        return Arc::new([]);
    }
    known.iter().copied().chain(std::iter::repeat(Meta::UNKNOWN)).take(len).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(n: usize) -> Table {
        let mut table = Table::default();
        (0..n).for_each(|i| table.push(&format!("f{i}"), EntryKind::File));
        table
    }

    #[test]
    fn entries_keep_their_number_across_chunks_and_snapshots() {
        let mut table = filled(CHUNK + 3);
        let before = table.rows();
        table.push("late", EntryKind::Folder);
        let after = table.rows();
        assert_eq!((before.len(), after.len()), (CHUNK + 3, CHUNK + 4));
        for rows in [&before, &after] {
            assert_eq!(rows.entry(CHUNK as u32), Some((format!("f{CHUNK}").as_str(), EntryKind::File)));
        }
        assert_eq!(before.entry(CHUNK as u32 + 3), None);
        assert_eq!(after.entry(CHUNK as u32 + 3), Some(("late", EntryKind::Folder)));
    }

    #[test]
    fn sizes_arrive_in_any_portion() {
        let n = 2 * CHUNK + 10;
        for portion in [1, 7, CHUNK, CHUNK + 1, n] {
            let mut table = filled(n);
            let mut next = 0;
            while !table.unmeasured().is_empty() {
                let end = (next + portion).min(n);
                let metas: Vec<Meta> = (next..end).map(|i| Meta::new(Some(i as u64), None)).collect();
                table.set_meta(&metas);
                next = end;
                assert_eq!(table.rows().meta((end - 1) as u32).size(), Some(end as u64 - 1));
                if end < n {
                    assert_eq!(table.rows().meta(end as u32), Meta::UNKNOWN);
                }
            }
            let rows = table.rows();
            assert!((0..n).all(|i| rows.meta(i as u32).size() == Some(i as u64)), "portion {portion}");
        }
    }

    #[test]
    fn measuring_goes_on_after_more_entries_came() {
        let mut table = filled(CHUNK - 2);
        table.set_meta(&vec![Meta::new(Some(1), None); CHUNK - 2]);
        (0..10).for_each(|i| table.push(&format!("more{i}"), EntryKind::File));
        assert_eq!(table.unmeasured().len(), 10);
        table.set_meta(&[Meta::new(Some(2), None); 10]);
        let rows = table.rows();
        assert_eq!(rows.meta(CHUNK as u32 - 3).size(), Some(1));
        assert!((CHUNK - 2..CHUNK + 8).all(|i| rows.meta(i as u32).size() == Some(2)));
    }
}
