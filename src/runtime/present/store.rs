//! What was prepared and not yet shown or sent, within a budget of bytes; the least recently used goes first.

use super::recipe::{Failure, Prepared, Wanted};
use lru::LruCache;
use std::sync::Arc;

/// Bytes of prepared pictures that are kept.
const BUDGET: usize = 96 << 20;

/// A picture that was prepared, or why it could not be.
pub(super) type Entry = Result<Arc<Prepared>, Failure>;

/// The store.
#[derive(Debug)]
pub(super) struct Store {
    entries: LruCache<Wanted, Entry>,
    bytes: usize,
}

fn cost(entry: &Entry) -> usize {
    entry.as_ref().map_or(256, |prepared| prepared.bytes())
}

impl Store {
    pub(super) fn new() -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0 }
    }

    /// The entry, which becomes the most recently used.
    pub(super) fn get(&mut self, wanted: &Wanted) -> Option<&Entry> {
        self.entries.get(wanted)
    }

    /// Why a picture cannot be shown at any level; a coarse level that failed does not matter where a finer one did not.
    pub(super) fn failure(&self, base: &Wanted) -> Option<&Failure> {
        let finest = super::emit::FINEST_FIRST.into_iter().find_map(|level| self.entries.peek(&base.at(level)))?;
        finest.as_ref().err()
    }

    pub(super) fn insert(&mut self, wanted: Wanted, entry: Entry) {
        self.remove(&wanted);
        self.bytes += cost(&entry);
        self.entries.put(wanted, entry);
        // The newest stays even when it is larger than the budget: it is about to be shown.
        while self.bytes > BUDGET && self.entries.len() > 1 {
            let Some((_, old)) = self.entries.pop_lru() else { break };
            self.bytes -= cost(&old);
        }
    }

    pub(super) fn remove(&mut self, wanted: &Wanted) {
        if let Some(old) = self.entries.pop(wanted) {
            self.bytes -= cost(&old);
        }
    }

    /// Drops the data of a picture that the terminal holds by now.
    pub(super) fn strip(&mut self, wanted: &Wanted) {
        if let Some(Ok(prepared)) = self.entries.peek(wanted) {
            let bare = prepared.bare();
            self.insert(wanted.clone(), Ok(Arc::new(bare)));
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}
