//! Files of servers kept on disk, so that a picture seen yesterday is not fetched again today.
//!
//! What always holds: a file appears complete or not at all, readable by its owner alone; what was used longest ago goes
//! first when the limit is reached; files that are not of this cache are never touched.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

const EXTENSION: &str = "bytes";
/// Files larger than this are not kept.
const LARGEST: usize = 64 << 20;
/// So many are written between two looks at the size of the whole.
const TRIM_EVERY: u64 = 32;
/// A half-written file older than this was left by a program that is gone.
const STALE: Duration = Duration::from_secs(600);

/// Files in one folder, which belongs to the cache alone. Several programs may use it at once.
#[derive(Debug)]
pub struct FileCache {
    folder: PathBuf,
    limit: u64,
    written: AtomicU64,
}

impl FileCache {
    /// A cache in `folder`, which is made when first needed, of at most `limit` bytes.
    #[must_use]
    pub fn new(folder: &Path, limit: u64) -> Self {
        Self { folder: folder.to_owned(), limit, written: AtomicU64::new(0) }
    }

    /// 128 bits of FNV-1a over path and stamp, and the stamp's size is checked on top.
    fn file(&self, path: &str, stamp: &str) -> PathBuf {
        let step =
            |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
        let basis = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
        let hash = path.bytes().chain([0]).chain(stamp.bytes()).fold(basis, |hash, byte| step(hash, &byte));
        self.folder.join(format!("{hash:032x}.{EXTENSION}"))
    }

    /// The file with this content, which becomes the most recently used.
    pub(crate) fn get(&self, path: &str, stamp: &str) -> Option<PathBuf> {
        let file = self.file(path, stamp);
        let meta = fs::symlink_metadata(&file).ok()?;
        let whole = super::size_in(stamp).is_none_or(|size| size == meta.len());
        if !meta.is_file() || !whole {
            return None;
        }
        // One that cannot be marked is dropped earlier, which is all.
        drop(File::options().write(true).open(&file).and_then(|f| f.set_modified(SystemTime::now())));
        Some(file)
    }

    /// Keeps a content.
    ///
    /// # Errors
    /// What the system says; the cache is as it was.
    pub(crate) fn put<'a>(
        &self,
        path: &str,
        stamp: &str,
        parts: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> io::Result<()> {
        if parts.clone().map(<[u8]>::len).sum::<usize>() > LARGEST {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let place = self.file(path, stamp);
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let temporary = place.with_extension(format!("{}-{number}.part", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| parts.into_iter().try_for_each(|part| file.write_all(part)))
            .and_then(|()| fs::rename(&temporary, &place));
        if written.is_err() {
            drop(fs::remove_file(&temporary));
        }
        written?;
        if number.is_multiple_of(TRIM_EVERY) { self.trim() } else { Ok(()) }
    }

    /// Deletes what was used longest ago until the rest fits the limit.
    fn trim(&self) -> io::Result<()> {
        let mut files = self.list()?;
        files.sort_by_key(|(_, _, used)| *used);
        let mut held: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (path, bytes, used) in files {
            let part = path.extension().is_some_and(|e| e == "part");
            let stale = part && used.elapsed().is_ok_and(|age| age > STALE);
            if stale || (held > self.limit && !part) {
                drop(fs::remove_file(&path));
                held = held.saturating_sub(bytes);
            }
        }
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<(PathBuf, u64, SystemTime)>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let ours = |path: &Path| path.extension().is_some_and(|e| e == EXTENSION || e == "part");
        let mut out = Vec::new();
        for entry in entries.filter_map(Result::ok).filter(|e| ours(&e.path())) {
            let Ok(meta) = entry.metadata() else { continue };
            out.push((entry.path(), meta.len(), meta.modified().unwrap_or(SystemTime::UNIX_EPOCH)));
        }
        Ok(out)
    }

    /// Files and bytes that are kept, and the bytes that are allowed.
    ///
    /// # Errors
    /// What the system says while listing.
    pub fn stats(&self) -> io::Result<(u64, u64, u64)> {
        let files = self.list()?;
        Ok((files.len() as u64, files.iter().map(|(_, bytes, _)| bytes).sum(), self.limit))
    }

    /// Deletes everything that is kept.
    ///
    /// # Errors
    /// What the system says.
    pub fn clear(&self) -> io::Result<()> {
        for (path, _, _) in self.list()? {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_comes_back_and_a_cut_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let cache = FileCache::new(&dir.path().join("deep/er"), 1 << 20);
        assert_eq!(cache.get("s3://b/x", "1-5"), None);
        cache.put("s3://b/x", "1-5", [b"ab".as_slice(), b"cde"].into_iter()).unwrap();
        let file = cache.get("s3://b/x", "1-5").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"abcde");
        assert_eq!((cache.get("s3://b/x", "2-5"), cache.get("s3://b/y", "1-5")), (None, None));
        fs::write(&file, b"abc").unwrap();
        assert_eq!(cache.get("s3://b/x", "1-5"), None);
        assert_eq!(cache.stats().unwrap().0, 1);
        cache.clear().unwrap();
        assert_eq!(cache.stats().unwrap().0, 0);
    }

    #[test]
    fn the_limit_holds() {
        let dir = tempfile::tempdir().unwrap();
        let cache = FileCache::new(dir.path(), 100);
        fs::write(dir.path().join("mine.txt"), vec![0; 500]).unwrap();
        for i in 0..10 {
            cache.put(&format!("f{i}"), "1-1e", [[0_u8; 30].as_slice()].into_iter()).unwrap();
        }
        cache.trim().unwrap();
        assert!(cache.stats().unwrap().1 <= 100);
        assert!(dir.path().join("mine.txt").exists());
    }
}
