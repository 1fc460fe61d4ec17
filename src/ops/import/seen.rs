//! Which pictures an import has met: those of the project in a bit each, pictures to be made by their keys.

use crate::formats::read::keys::Keys;
use crate::formats::read::sorter::Key;
use std::io;
use std::path::Path;

/// Ids of a store are dense; one that is not would make the bits too many.
const DENSE: usize = 1 << 28;

/// Samples by a bit each, pictures to be made by a hash.
pub(super) struct Seen {
    ids: Vec<u64>,
    others: Keys,
}

impl Seen {
    /// Nothing yet; many keys go into a nameless file of this folder.
    pub(super) fn new(scratch: &Path) -> Self {
        Self { ids: Vec::new(), others: Keys::new(scratch) }
    }

    /// Notes a picture; `false` if it was noted before.
    pub(super) fn insert(&mut self, key: Key) -> io::Result<bool> {
        let Some(id) = usize::try_from(key).ok().filter(|id| *id < DENSE) else { return self.others.insert(key) };
        let (word, bit) = (id / 64, 1_u64 << (id % 64));
        if self.ids.len() <= word {
            self.ids.resize(word + 1, 0);
        }
        let Some(word) = self.ids.get_mut(word) else { return Ok(true) };
        let fresh = *word & bit == 0;
        *word |= bit;
        Ok(fresh)
    }
}
