//! A set of keys whose memory does not grow with them: few are kept in memory, many in a table in a nameless file.
//!
//! Why: which pictures were met must be known while a file is read, and files are of any size. What always holds: a key
//! that was put in is found again, wherever it lies; nothing is left on the disk.

use super::sorter::{Key, nameless};
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Keys that are kept in memory before the rest, and these, go into the file.
const FEW: usize = 400_000;
/// Bytes of a key in the file; those of an empty place are zeros.
const WIDTH: usize = size_of::<Key>();
/// Keys of one read.
const RUN: usize = 8;
/// Keys of one read when all are moved.
const PIECE: usize = 16 << 10;

/// A set of keys.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    most: usize,
    /// All of them, while they are few; of many only the key 0, which the file cannot say.
    few: HashSet<Key>,
    table: Option<Table>,
}

impl Keys {
    /// An empty set; many keys go into a nameless file of this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self::with_room(folder, FEW)
    }

    /// The same with another number of keys in memory.
    #[must_use]
    pub fn with_room(folder: &Path, most: usize) -> Self {
        Self { folder: folder.to_owned(), most, few: HashSet::new(), table: None }
    }

    /// Whether nothing was put in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.few.is_empty() && self.table.is_none()
    }

    /// Puts a key in; `false` if it was there.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn insert(&mut self, key: Key) -> io::Result<bool> {
        let Some(table) = self.table.as_mut().filter(|_| key != 0) else {
            let fresh = self.few.insert(key);
            if self.table.is_none() && self.few.len() > self.most {
                self.spill()?;
            }
            return Ok(fresh);
        };
        if table.is_full() {
            *table = table.larger(&self.folder)?;
        }
        table.insert(key)
    }

    /// Whether a key was put in.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn contains(&self, key: Key) -> io::Result<bool> {
        match &self.table {
            Some(table) if key != 0 => Ok(table.find(key)?.is_ok()),
            _ => Ok(self.few.contains(&key)),
        }
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut table = Table::new(&self.folder, (self.few.len() * 4).next_power_of_two() as u64)?;
        let zero = self.few.remove(&0);
        for key in std::mem::take(&mut self.few) {
            table.insert(key)?;
        }
        self.few.extend(zero.then_some(0));
        self.table = Some(table);
        Ok(())
    }
}

/// Open addressing in a file that is mostly holes at first.
#[derive(Debug)]
struct Table {
    file: File,
    /// A power of two.
    places: u64,
    taken: u64,
}

impl Table {
    fn new(folder: &Path, places: u64) -> io::Result<Self> {
        let file = nameless(folder)?;
        let places = places.max(RUN as u64);
        file.set_len(places * WIDTH as u64)?;
        Ok(Self { file, places, taken: 0 })
    }

    /// More than half of the places are taken, so that looking for one takes longer.
    fn is_full(&self) -> bool {
        self.taken * 2 > self.places
    }

    /// Where a key is, or the empty place where it belongs.
    fn find(&self, key: Key) -> io::Result<Result<u64, u64>> {
        // Ids follow each other; neighbours in the file would be neighbours of many.
        let mixed = (key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut at = (mixed >> 20) & (self.places - 1);
        loop {
            let mut bytes = [0; WIDTH * RUN];
            let n = RUN.min((self.places - at) as usize);
            let part = bytes.get_mut(..n * WIDTH).unwrap_or_default();
            self.file.read_exact_at(part, at * WIDTH as u64)?;
            for found in keys_of(part) {
                match found {
                    0 => return Ok(Err(at)),
                    found if found == key => return Ok(Ok(at)),
                    _ => at += 1,
                }
            }
            at &= self.places - 1;
        }
    }

    fn insert(&mut self, key: Key) -> io::Result<bool> {
        let Err(at) = self.find(key)? else { return Ok(false) };
        self.file.write_all_at(&key.to_le_bytes(), at * WIDTH as u64)?;
        self.taken += 1;
        Ok(true)
    }

    /// The same keys with more room.
    fn larger(&self, folder: &Path) -> io::Result<Self> {
        let mut out = Self::new(folder, self.places * 4)?;
        let mut bytes = vec![0; PIECE * WIDTH];
        let mut at = 0;
        while at < self.places {
            let n = PIECE.min((self.places - at) as usize);
            let part = bytes.get_mut(..n * WIDTH).unwrap_or_default();
            self.file.read_exact_at(part, at * WIDTH as u64)?;
            for key in keys_of(part).filter(|key| *key != 0) {
                out.insert(key)?;
            }
            at += n as u64;
        }
        Ok(out)
    }
}

fn keys_of(bytes: &[u8]) -> impl Iterator<Item = Key> {
    bytes.chunks_exact(WIDTH).filter_map(|chunk| chunk.try_into().ok()).map(Key::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_file_knows_what_memory_knows(
            keys in prop::collection::vec(prop_oneof![0_u128..40, any::<u128>()], 0..400), most in 0_usize..40
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut set = Keys::with_room(folder.path(), most);
            let mut wanted = HashSet::new();
            prop_assert!(set.is_empty());
            for key in keys {
                prop_assert_eq!(set.contains(key).unwrap(), wanted.contains(&key));
                prop_assert_eq!(set.insert(key).unwrap(), wanted.insert(key));
                prop_assert!(!set.is_empty());
            }
            for key in (0..60).chain(wanted.iter().copied()) {
                prop_assert_eq!(set.contains(key).unwrap(), wanted.contains(&key));
            }
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
