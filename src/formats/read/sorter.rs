//! Records brought into the order of their keys with bounded memory: what fits is sorted in place, the rest goes into
//! sorted runs in nameless files and is merged while it is read.
//!
//! Why: annotation files name a picture here and what is on it elsewhere, and rows of one picture lie far apart; files
//! are of any size. What always holds: records of one key come in the order in which they were put in; nothing is left on
//! the disk, because the files have lost their names before the first byte is written.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that are kept in memory before a run is written.
const BUDGET: usize = 56 << 20;
/// Bytes of one write.
const PIECE: usize = 256 << 10;

/// What records are sorted by.
pub type Key = u128;

/// A key for a name: names that differ have keys that differ, as far as 127 bits of SipHash can tell.
#[must_use]
pub fn key_of(name: &str) -> Key {
    let half = |salt: u8| {
        let mut hasher = std::hash::DefaultHasher::new();
        (salt, name).hash(&mut hasher);
        hasher.finish()
    };
    (Key::from(half(1)) << 64 | Key::from(half(2))) | 1 << 127
}

/// Takes records.
#[derive(Debug)]
pub struct Sorter {
    folder: PathBuf,
    budget: usize,
    bytes: Vec<u8>,
    index: Vec<Entry>,
    runs: Vec<File>,
}

/// Where the record of a key stands. Keys are in halves and places in 32 bits, because there are as many as records.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: [u64; 2],
    at: u32,
    length: u32,
}

/// Bytes of memory for an entry: itself, and its share of what sorting needs beside it.
const ENTRY: usize = size_of::<Entry>() * 3 / 2;

impl Entry {
    fn new(key: Key, at: usize, length: usize) -> io::Result<Self> {
        let narrow = |n: usize| u32::try_from(n).map_err(io::Error::other);
        Ok(Self { key: [(key >> 64) as u64, key as u64], at: narrow(at)?, length: narrow(length)? })
    }

    fn key(&self) -> Key {
        Key::from(self.key[0]) << 64 | Key::from(self.key[1])
    }

    /// Its record among the bytes of all.
    fn record<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let at = self.at as usize;
        bytes.get(at..at + self.length as usize).unwrap_or_default()
    }
}

impl Sorter {
    /// Runs that do not fit into memory go into nameless files of this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self::with_budget(folder, BUDGET)
    }

    /// The same with another number of bytes in memory.
    #[must_use]
    pub fn with_budget(folder: &Path, budget: usize) -> Self {
        Self { folder: folder.to_owned(), budget, bytes: Vec::new(), index: Vec::new(), runs: Vec::new() }
    }

    /// Puts a record in.
    ///
    /// # Errors
    /// When the disk cannot take a run.
    pub fn push(&mut self, key: Key, record: &[u8]) -> io::Result<()> {
        self.index.push(Entry::new(key, self.bytes.len(), record.len())?);
        self.bytes.extend_from_slice(record);
        if self.bytes.len() + self.index.len() * ENTRY > self.budget { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.index.sort_by_key(|entry| entry.key);
        let mut out = BufWriter::with_capacity(PIECE, nameless(&self.folder)?);
        for entry in self.index.drain(..) {
            out.write_all(&entry.key().to_le_bytes())?;
            out.write_all(&u64::from(entry.length).to_le_bytes())?;
            out.write_all(entry.record(&self.bytes))?;
        }
        self.bytes.clear();
        let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.runs.push(file);
        Ok(())
    }

    /// Ends the putting in; the records come out in the order of their keys.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.index.sort_by_key(|entry| entry.key);
            return Ok(Sorted(Source::Memory { bytes: self.bytes, index: self.index.into_iter() }));
        }
        self.spill()?;
        let (bytes, index) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.index));
        drop((bytes, index));
        let mut runs = Vec::new();
        let mut heap = BinaryHeap::new();
        for (number, file) in self.runs.into_iter().enumerate() {
            let mut run = Run { input: BufReader::with_capacity(PIECE / 4, file), record: Vec::new() };
            if let Some(key) = run.advance()? {
                heap.push(Reverse((key, number)));
            }
            runs.push(run);
        }
        Ok(Sorted(Source::Runs { runs, heap, last: None }))
    }
}

/// A file without a name: it is gone when it is closed, also after a crash.
pub(crate) fn nameless(folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("sort-{}", uuid::Uuid::new_v4()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// A sorted run that is being read.
#[derive(Debug)]
struct Run {
    input: BufReader<File>,
    record: Vec<u8>,
}

impl Run {
    fn advance(&mut self) -> io::Result<Option<Key>> {
        let mut key = [0; 16];
        match self.input.read_exact(&mut key) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let mut length = [0; 8];
        self.input.read_exact(&mut length)?;
        self.record.resize(usize::try_from(u64::from_le_bytes(length)).map_err(io::Error::other)?, 0);
        self.input.read_exact(&mut self.record)?;
        Ok(Some(Key::from_le_bytes(key)))
    }
}

/// Gives records in order.
#[derive(Debug)]
pub struct Sorted(Source);

#[derive(Debug)]
enum Source {
    /// Everything fitted into memory.
    Memory {
        bytes: Vec<u8>,
        /// Where each record stands.
        index: std::vec::IntoIter<Entry>,
    },
    /// Runs are merged.
    Runs {
        /// Oldest first.
        runs: Vec<Run>,
        /// The run with the smallest key is next, of equal ones the oldest.
        heap: BinaryHeap<Reverse<(Key, usize)>>,
        /// The run whose record was lent last: it goes on when that is not needed any more.
        last: Option<usize>,
    },
}

impl Sorted {
    /// The next record with its key; nothing at the end.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn next_record(&mut self) -> io::Result<Option<(Key, &[u8])>> {
        match &mut self.0 {
            Source::Memory { bytes, index } => Ok(index.next().map(|entry| (entry.key(), entry.record(bytes)))),
            Source::Runs { runs, heap, last } => {
                if let Some(number) = last.take()
                    && let Some(run) = runs.get_mut(number)
                    && let Some(next) = run.advance()?
                {
                    heap.push(Reverse((next, number)));
                }
                let Some(Reverse((key, number))) = heap.pop() else { return Ok(None) };
                *last = Some(number);
                Ok(runs.get(number).map(|run| (key, run.record.as_slice())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_give_what_memory_gives(keys in prop::collection::vec(0_u8..9, 0..200), budget in 1_usize..4000) {
            let folder = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::with_budget(folder.path(), budget);
            for (i, key) in keys.iter().enumerate() {
                sorter.push(Key::from(*key), &vec![*key; i % 7]).unwrap();
                sorter.push(Key::from(*key), i.to_string().as_bytes()).unwrap();
            }
            let mut wanted: Vec<(Key, Vec<u8>)> = Vec::new();
            for (i, key) in keys.iter().enumerate() {
                wanted.push((Key::from(*key), vec![*key; i % 7]));
                wanted.push((Key::from(*key), i.to_string().into_bytes()));
            }
            wanted.sort_by_key(|(key, _)| *key);
            let mut sorted = sorter.finish().unwrap();
            let mut found = Vec::new();
            while let Some((key, record)) = sorted.next_record().unwrap() {
                found.push((key, record.to_vec()));
            }
            prop_assert_eq!(found, wanted);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
