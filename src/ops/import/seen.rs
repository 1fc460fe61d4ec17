//! Which pictures an import has met, in a bit each.

use crate::formats::read::sorter::Key;
use std::collections::HashSet;

/// Samples by a bit each, pictures to be made by a hash.
#[derive(Default)]
pub(super) struct Seen {
    ids: Vec<u64>,
    new: HashSet<Key>,
}

impl Seen {
    /// Notes a picture; `false` if it was noted before.
    pub(super) fn insert(&mut self, key: Key) -> bool {
        let Ok(id) = usize::try_from(key) else { return self.new.insert(key) };
        // Ids of a store are dense; one that is not would make the bits too many.
        if id > 1 << 31 {
            return self.new.insert(key);
        }
        let (word, bit) = (id / 64, 1_u64 << (id % 64));
        if self.ids.len() <= word {
            self.ids.resize(word + 1, 0);
        }
        let Some(word) = self.ids.get_mut(word) else { return true };
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }
}
