//! The bytes of a file behind a server, fetched as they are wanted and only once.
//!
//! Why: the decoders read a head, then more, then perhaps all of it, and a picture is decoded again for every size in
//! which it is shown. What always holds: bytes are fetched in whole blocks of [`BLOCK`], one request at a time for one
//! file; what is held stays within a budget; a file that changes while it is read is an error, never a mixture; a reader
//! that is told to stop stops within a glance, and its request with it.

pub mod disk;

use self::disk::FileCache;
use super::place::LakeError;
use super::reach::Remotes;
use super::remote::{Piece, RemoteError, RemoteVolume, Stop, Trouble, Version};
use crate::domain::lake_path::LakePath;
use lru::LruCache;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of a block, and of the first request for a picture: they hold the header and mostly a small picture.
pub const BLOCK: u64 = 64 << 10;
/// How often a waiting reader looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(20);
/// Requests in a row that bring nothing before a read fails.
const TRIES: u32 = 3;

/// Blocks of one request at most, two megabytes: what is lost when a reader is stopped.
const REQUEST: u64 = 32;

/// The size in a [`super::listing::stamp`].
fn size_in(stamp: &str) -> Option<u64> {
    u64::from_str_radix(stamp.rsplit_once('-')?.1, 16).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is held of one content.
#[derive(Debug, Default)]
struct Held {
    total: Option<u64>,
    version: Version,
    blocks: BTreeMap<u64, Arc<[u8]>>,
    /// A request is on its way.
    fetching: bool,
}

impl Held {
    fn bytes(&self) -> usize {
        self.blocks.values().map(|block| block.len()).sum()
    }

    /// The first block of the range that is missing, and how many in a row are.
    fn missing(&self, first: u64, last: u64) -> Option<(u64, u64)> {
        let from = (first..=last).find(|block| !self.blocks.contains_key(block))?;
        let count = (from..=last).take_while(|block| !self.blocks.contains_key(block)).count() as u64;
        Some((from, count))
    }

    /// Takes the whole blocks of a piece; how many.
    fn take(&mut self, first: u64, piece: &Piece) -> u64 {
        let start = first * BLOCK;
        let mut taken = 0;
        for chunk in piece.bytes.chunks(BLOCK as usize) {
            let end = start + taken * BLOCK + chunk.len() as u64;
            if chunk.len() as u64 != BLOCK && end != piece.total {
                break;
            }
            self.blocks.insert(first + taken, chunk.into());
            taken += 1;
        }
        taken
    }
}

#[derive(Debug, Default)]
struct Contents {
    held: Mutex<Held>,
    changed: Condvar,
}

type Key = (String, String);

/// What is held of all files, in memory and on disk.
pub struct ByteCache {
    contents: Mutex<LruCache<Key, Arc<Contents>>>,
    budget: usize,
    disk: Option<FileCache>,
}

impl ByteCache {
    /// At most so many bytes in memory; on disk as the cache there says.
    #[must_use]
    pub fn new(budget: usize, disk: Option<FileCache>) -> Self {
        Self { contents: Mutex::new(LruCache::unbounded()), budget, disk }
    }

    /// The file on this machine that holds this content, if it was kept.
    pub(crate) fn on_disk(&self, path: &LakePath, stamp: &str) -> Option<std::path::PathBuf> {
        self.disk.as_ref()?.get(&path.to_string(), stamp)
    }

    fn contents(&self, key: &Key) -> Arc<Contents> {
        let mut all = lock(&self.contents);
        Arc::clone(all.get_or_insert(key.clone(), Arc::default))
    }

    /// Drops what was used longest ago beyond the budget, but never the file itself that was just read.
    fn trim(&self) {
        let mut all = lock(&self.contents);
        let mut held: usize = all.iter().map(|(_, contents)| lock(&contents.held).bytes()).sum();
        while held > self.budget && all.len() > 1 {
            let Some((_, dropped)) = all.pop_lru() else { break };
            held = held.saturating_sub(lock(&dropped.held).bytes());
        }
    }

    /// Keeps a complete content on disk. A disk that does not take it costs time later, nothing else.
    fn keep(&self, (path, stamp): &Key, held: &Held) {
        let Some(disk) = self.disk.as_ref().filter(|_| !stamp.is_empty()) else { return };
        let blocks = held.total.map_or(0, |total| total.div_ceil(BLOCK));
        if held.blocks.len() as u64 != blocks || blocks == 0 {
            return;
        }
        if let Err(error) = disk.put(path, stamp, held.blocks.values().map(AsRef::as_ref)) {
            tracing::debug!(%error, "a picture was not kept on disk");
        }
    }
}

/// A file behind a server.
pub struct RemoteFile {
    remotes: Arc<Remotes>,
    volume: Arc<dyn RemoteVolume>,
    inside: String,
    path: LakePath,
    stop: Stop,
    key: Key,
    contents: Arc<Contents>,
    expected: Option<u64>,
}

impl RemoteFile {
    /// Opens a file; nothing is asked yet. An empty stamp stands for "whatever is there now", which is asked once for
    /// each opening.
    pub(crate) fn new(
        remotes: Arc<Remotes>,
        (volume, inside): (Arc<dyn RemoteVolume>, String),
        path: &LakePath,
        stamp: &str,
        stop: Stop,
    ) -> Self {
        let key = (path.to_string(), stamp.to_owned());
        let contents = if stamp.is_empty() { Arc::default() } else { remotes.bytes().contents(&key) };
        let expected = size_in(stamp);
        Self { remotes, volume, inside, path: path.clone(), stop, key, contents, expected }
    }

    /// Bytes of the file.
    ///
    /// # Errors
    /// Where it has to be asked: the server's.
    pub fn size(&self) -> Result<u64, LakeError> {
        if let Some(total) = lock(&self.contents.held).total.or(self.expected) {
            return Ok(total);
        }
        self.block(0, 0)?;
        Ok(lock(&self.contents.held).total.unwrap_or(0))
    }

    /// Copies bytes from `offset`; as many as there are at once, none only at the end.
    ///
    /// # Errors
    /// The server's, or that it is no longer wanted.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize, LakeError> {
        let end = self.size()?.min(offset.saturating_add(buf.len() as u64));
        if offset >= end {
            return Ok(0);
        }
        let first = offset / BLOCK;
        let block = self.block(first, (end - 1) / BLOCK)?;
        let mut done = 0;
        let mut next = Some(block);
        let mut at = first;
        while let Some(block) = next {
            let skip = usize::try_from((offset + done as u64).saturating_sub(at * BLOCK)).unwrap_or(usize::MAX);
            let rest = block.get(skip..).unwrap_or_default();
            let count = rest.len().min(buf.len() - done);
            buf[done..done + count].copy_from_slice(&rest[..count]);
            done += count;
            at += 1;
            next = if done < buf.len() { lock(&self.contents.held).blocks.get(&at).cloned() } else { None };
        }
        Ok(done)
    }

    /// The block `first`, fetched together with what is missing of those up to `last`.
    fn block(&self, first: u64, last: u64) -> Result<Arc<[u8]>, LakeError> {
        let mut tries = 0;
        loop {
            let mut held = lock(&self.contents.held);
            if let Some(block) = held.blocks.get(&first) {
                return Ok(Arc::clone(block));
            }
            if held.total == Some(0) {
                return Ok(Arc::new([]));
            }
            if self.stop.is_raised() {
                return Err(RemoteError::cancelled("read", &self.path.to_string()).into());
            }
            if held.fetching {
                drop(self.contents.changed.wait_timeout(held, GLANCE));
                continue;
            }
            held.fetching = true;
            let last = last.min(first + REQUEST - 1);
            let (from, count) = held.missing(first, last).unwrap_or((first, 1));
            let version = held.total.map(|_| held.version.clone());
            drop(held);
            let fetched = self.fetch(from, count, version.as_ref());
            tries += 1;
            match fetched {
                Ok(0) if tries >= TRIES => {
                    let why = "the server ends its answers before they are complete";
                    let remedy = "try again later";
                    return Err(RemoteError::new(Trouble::Cut, "read", &self.key.0, why, remedy).into());
                }
                Ok(0) => {}
                Ok(_) => tries = 0,
                Err(error) if error.trouble == Trouble::Cut && tries < TRIES => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Fetches blocks; how many came.
    fn fetch(&self, from: u64, count: u64, version: Option<&Version>) -> Result<u64, RemoteError> {
        let range = from * BLOCK..(from + count) * BLOCK;
        let piece = self.remotes.read(self.volume.as_ref(), (&self.inside, &self.path), range, version, &self.stop);
        let mut held = lock(&self.contents.held);
        held.fetching = false;
        self.contents.changed.notify_all();
        let piece = piece?;
        let changed = |why: &str| {
            Err(RemoteError::new(
                Trouble::Changed,
                "read",
                &self.key.0,
                why,
                "reload, or rescan the project, to read it anew",
            ))
        };
        if self.expected.is_some_and(|size| size != piece.total) {
            return changed("it is not what it was when it was listed");
        }
        if held.total.is_some_and(|total| total != piece.total)
            || (held.total.is_some() && held.version != piece.version)
        {
            return changed("it was changed while it was read");
        }
        (held.total, held.version) = (Some(piece.total), piece.version.clone());
        if piece.total == 0 {
            return Ok(1);
        }
        let taken = held.take(from, &piece);
        self.remotes.bytes().keep(&self.key, &held);
        drop(held);
        self.remotes.bytes().trim();
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_tells_its_size() {
        use crate::lake::listing::stamp;
        let at = jiff::Timestamp::from_microsecond(1_700_000_000_123_456).unwrap();
        let text = stamp(Some(4711), Some(at)).unwrap();
        assert_eq!(size_in(&text), Some(4711));
        assert_eq!(stamp(None, Some(at)), None);
        assert_eq!(size_in("\"etag\""), None);
        assert_eq!(size_in("#1"), None);
    }

    #[test]
    fn only_whole_blocks_are_held() {
        let mut held = Held::default();
        let piece = |len: usize, total| Piece { bytes: vec![1; len], total, version: Version::default() };
        let block = BLOCK as usize;
        assert_eq!(held.take(0, &piece(block + 5, 10 * BLOCK)), 1);
        assert_eq!(held.missing(0, 3), Some((1, 3)));
        assert_eq!(held.take(2, &piece(7, 2 * BLOCK + 7)), 1);
        assert_eq!(held.missing(0, 2), Some((1, 1)));
        assert_eq!(held.bytes(), block + 7);
    }
}
