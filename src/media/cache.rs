//! Pictures kept: decoded in memory, encoded on disk. Both know how many bytes they hold and never hold more than they may.

pub mod disk;

pub use disk::{CacheStats, DiskCache, DiskKey};

use super::decode::Picture;
use lru::LruCache;
use std::hash::Hash;
use std::sync::Arc;

/// Decoded pictures, the least recently used dropped first. Belongs to one owner; wrap it for more.
pub struct PictureCache<K: Hash + Eq> {
    entries: LruCache<K, Arc<Picture>>,
    held: usize,
    budget: usize,
}

impl<K: Hash + Eq> PictureCache<K> {
    /// An empty cache for so many bytes of pixels.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self { entries: LruCache::unbounded(), held: 0, budget }
    }

    /// The picture, which becomes the most recently used.
    pub fn get(&mut self, key: &K) -> Option<Arc<Picture>> {
        self.entries.get(key).cloned()
    }

    /// Whether the picture is there; changes no order.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.entries.contains(key)
    }

    /// Keeps a picture and drops the least recently used beyond the budget; one larger than the budget is not kept.
    pub fn insert(&mut self, key: K, picture: Arc<Picture>) {
        self.remove(&key);
        if picture.bytes() > self.budget {
            return;
        }
        self.held += picture.bytes();
        self.entries.put(key, picture);
        while self.held > self.budget {
            let Some((_, dropped)) = self.entries.pop_lru() else { break };
            self.held -= dropped.bytes();
        }
    }

    /// Forgets one picture.
    pub fn remove(&mut self, key: &K) {
        if let Some(old) = self.entries.pop(key) {
            self.held -= old.bytes();
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.held = 0;
    }

    /// Bytes of pixels held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.held
    }

    /// Bytes it may hold.
    #[must_use]
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// Pictures held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::info::ImageInfo;

    fn picture(bytes: usize) -> Arc<Picture> {
        Arc::new(Picture {
            rgb: vec![0; bytes],
            width: 1,
            height: 1,
            full: (1, 1),
            info: Arc::new(ImageInfo::default()),
        })
    }

    #[test]
    fn the_least_recently_used_goes_first_and_bytes_are_counted() {
        let mut cache = PictureCache::new(100);
        cache.insert("a", picture(40));
        cache.insert("b", picture(40));
        assert!(cache.get(&"a").is_some());
        cache.insert("c", picture(40));
        assert_eq!((cache.contains(&"a"), cache.contains(&"b"), cache.bytes()), (true, false, 80));
        cache.insert("a", picture(10));
        assert_eq!((cache.bytes(), cache.len()), (50, 2));
        cache.insert("a", picture(101));
        assert_eq!((cache.contains(&"a"), cache.bytes()), (false, 40));
        cache.clear();
        assert!(cache.is_empty() && cache.bytes() == 0);
    }
}
