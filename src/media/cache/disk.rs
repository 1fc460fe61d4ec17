//! Thumbnails on disk, so that a folder seen yesterday is shown before one of its files is read today.
//!
//! One file for each entry, named by a hash of its key: a line of JSON (key, facts, size), then the picture. Photographs
//! are kept as JPEG (quality 90, no chroma subsampling: about a tenth of PNG, decoded as fast, and no difference shows at
//! the size of a thumbnail); pictures of at most 256 colours as PNG, which is exact there and smaller. What is shown as
//! exact never comes from here.
//!
//! What always holds: an entry appears complete or not at all; an entry that is damaged, or belongs to another key with
//! the same hash, is as if it were not there.

use super::super::decode::{DecodeRequest, Picture, decode};
use super::super::info::ImageInfo;
use super::super::limits::Limits;
use super::super::source::MemorySource;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

const EXTENSION: &str = "thumb";
const QUALITY: u8 = 90;
/// A header or an entry beyond these is not one of ours.
const HEADER: usize = 1 << 20;
const ENTRY: u64 = 64 << 20;

/// What an entry is a picture of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DiskKey {
    /// The file, as text that tells it from every other.
    pub path: String,
    /// Bytes of the file.
    pub size: u64,
    /// Modification time, ETag or whatever else changes with the content.
    pub etag: String,
    /// Pixels across and down that the picture was fitted into.
    pub fit: (u32, u32),
}

impl DiskKey {
    /// The name of its file: 128 bits of FNV-1a. Collisions are no danger, as the key itself is kept inside.
    fn file_name(&self) -> String {
        let parts = [
            self.path.as_bytes(),
            &self.size.to_le_bytes(),
            self.etag.as_bytes(),
            &self.fit.0.to_le_bytes(),
            &self.fit.1.to_le_bytes(),
        ];
        let step =
            |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
        let basis = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
        // The length of each part goes in too, so that "ab" + "c" is not "a" + "bc".
        let hash = parts.iter().fold(basis, |hash, part| {
            let length = (part.len() as u64).to_le_bytes();
            length.iter().chain(part.iter()).fold(hash, step)
        });
        format!("{hash:032x}.{EXTENSION}")
    }
}

/// What `lakelens cache show` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CacheStats {
    /// Pictures.
    pub entries: u64,
    /// Bytes of their files.
    pub bytes: u64,
    /// Bytes that are allowed.
    pub limit: u64,
}

#[derive(Serialize, Deserialize)]
struct EntryHeader {
    key: DiskKey,
    info: ImageInfo,
    /// Checked before the picture is decoded, as disks lose ends of files.
    bytes: u64,
}

/// Thumbnails in one folder, which belongs to the cache alone. Several processes may use it at once.
#[derive(Clone, Debug)]
pub struct DiskCache {
    folder: PathBuf,
    limit: u64,
}

impl DiskCache {
    /// A cache in `folder`, which is made when first needed, of at most `limit` bytes.
    #[must_use]
    pub fn new(folder: &Path, limit: u64) -> Self {
        Self { folder: folder.to_owned(), limit }
    }

    /// The picture kept for the key. A damaged entry is deleted.
    #[must_use]
    pub fn get(&self, key: &DiskKey) -> Option<Picture> {
        let path = self.folder.join(key.file_name());
        let file = fs::symlink_metadata(&path).ok()?;
        let content = if file.is_file() && file.len() <= ENTRY { fs::read(&path).ok()? } else { Vec::new() };
        match parse(&content) {
            Some((header, _)) if header.key != *key => None,
            Some((header, data)) => match read_picture(header, data) {
                Some(picture) => Some(self.touch(&path, picture)),
                None => self.discard(&path),
            },
            None => self.discard(&path),
        }
    }

    /// Marks an entry as used, by its modification time, and passes the picture on.
    fn touch(&self, path: &Path, picture: Picture) -> Picture {
        // An entry that cannot be marked is evicted earlier, which is all.
        drop(File::options().write(true).open(path).and_then(|file| file.set_modified(SystemTime::now())));
        picture
    }

    fn discard(&self, path: &Path) -> Option<Picture> {
        drop(fs::remove_file(path));
        None
    }

    /// Keeps a picture: written beside its place, then renamed into it.
    ///
    /// # Errors
    /// What the system says; the cache is as it was.
    pub fn put(&self, key: &DiskKey, picture: &Picture) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let data = encode(picture)?;
        let header = EntryHeader { key: key.clone(), info: (*picture.info).clone(), bytes: data.len() as u64 };
        let mut content = serde_json::to_vec(&header).map_err(io::Error::other)?;
        content.push(b'\n');
        content.extend_from_slice(&data);
        let name = key.file_name();
        let temporary = self.folder.join(format!(".{name}.{}.part", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| file.write_all(&content));
        let placed = written.and_then(|()| fs::rename(&temporary, self.folder.join(&name)));
        if placed.is_err() {
            drop(fs::remove_file(&temporary));
        }
        placed
    }

    /// Deletes the entries used longest ago until the rest fit the limit, and left-over temporary files; gives the number
    /// deleted. To be called once in a while, not for each entry: it lists the folder.
    ///
    /// # Errors
    /// What the system says while listing.
    pub fn trim(&self) -> io::Result<u64> {
        let mut entries = self.list()?;
        entries.sort_by_key(|entry| entry.used);
        let mut held: u64 = entries.iter().map(|e| e.bytes).sum();
        let mut deleted = 0;
        for entry in entries {
            let stale = entry.temporary && entry.used.elapsed().is_ok_and(|age| age.as_secs() > 600);
            if (held > self.limit && !entry.temporary) || stale {
                drop(fs::remove_file(&entry.path));
                held = held.saturating_sub(entry.bytes);
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// How much is kept.
    ///
    /// # Errors
    /// What the system says while listing.
    pub fn stats(&self) -> io::Result<CacheStats> {
        let entries = self.list()?;
        let bytes = entries.iter().map(|e| e.bytes).sum();
        Ok(CacheStats { entries: entries.len() as u64, bytes, limit: self.limit })
    }

    /// Deletes every entry; gives what there was. Files that are not the cache's own stay.
    ///
    /// # Errors
    /// What the system says.
    pub fn clear(&self) -> io::Result<CacheStats> {
        let before = self.stats()?;
        for entry in self.list()? {
            match fs::remove_file(&entry.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(before)
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        let folder = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut out = Vec::new();
        for entry in folder {
            let path = entry?.path();
            let temporary = path.extension().is_some_and(|e| e == "part");
            if !temporary && path.extension().is_none_or(|e| e != EXTENSION) {
                continue;
            }
            // Another process may have deleted it since.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            out.push(Listed { path, bytes: metadata.len(), used, temporary });
        }
        Ok(out)
    }
}

struct Listed {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
    temporary: bool,
}

fn parse(content: &[u8]) -> Option<(EntryHeader, &[u8])> {
    let end = content.iter().take(HEADER).position(|b| *b == b'\n')?;
    let header: EntryHeader = serde_json::from_slice(content.get(..end)?).ok()?;
    let data = content.get(end + 1..)?;
    (header.bytes == data.len() as u64).then_some((header, data))
}

fn read_picture(header: EntryHeader, data: &[u8]) -> Option<Picture> {
    let (width, height) = header.key.fit;
    let request = DecodeRequest::fit(width, height);
    let picture = decode(&MemorySource::new(data), "", &request, &Limits::default(), &|| false).ok()?;
    let whole =
        picture.info.damaged.is_none() && (picture.width, picture.height) == (picture.info.width, picture.info.height);
    whole.then(|| Picture { info: Arc::new(header.info), ..picture })
}

fn encode(picture: &Picture) -> io::Result<Vec<u8>> {
    let (colours, _) = picture.rgb.as_chunks::<3>();
    let mut seen = HashSet::new();
    let few = colours.iter().all(|colour| {
        seen.insert(*colour);
        seen.len() <= 256
    });
    let mut out = Vec::new();
    match (few, u16::try_from(picture.width), u16::try_from(picture.height)) {
        (false, Ok(width), Ok(height)) => {
            let mut encoder = jpeg_encoder::Encoder::new(&mut out, QUALITY);
            encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
            encoder.encode(&picture.rgb, width, height, jpeg_encoder::ColorType::Rgb).map_err(io::Error::other)?;
        }
        _ => {
            let mut encoder = png::Encoder::new(&mut out, picture.width, picture.height);
            encoder.set_color(png::ColorType::Rgb);
            encoder.set_compression(png::Compression::Fast);
            encoder.write_header()?.write_image_data(&picture.rgb)?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> DiskKey {
        DiskKey { path: path.to_owned(), size: 7, etag: "t".to_owned(), fit: (64, 64) }
    }

    fn picture(colour: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
        let rgb = (0..48 * 64).flat_map(|i| colour(i % 64, i / 64)).collect();
        let info = ImageInfo { format: "jpeg".to_owned(), width: 640, height: 480, ..ImageInfo::default() };
        Picture { rgb, width: 64, height: 48, full: (64, 48), info: Arc::new(info) }
    }

    #[test]
    fn photographs_come_back_alike_and_drawings_exactly() {
        let dir = tempfile::tempdir().unwrap();
        let cache = DiskCache::new(&dir.path().join("made/on/demand"), 1 << 20);
        assert_eq!(cache.stats().unwrap().entries, 0);
        let drawing = picture(|x, y| if (x / 8 + y / 8) % 2 == 0 { [255, 0, 0] } else { [0, 0, 255] });
        let photograph = picture(|x, y| [x as u8 * 4, y as u8 * 5, (x + y) as u8 * 2]);
        cache.put(&key("a"), &drawing).unwrap();
        cache.put(&key("b"), &photograph).unwrap();
        assert_eq!(cache.get(&key("a")), Some(drawing));
        let back = cache.get(&key("b")).unwrap();
        assert_eq!((back.width, back.height, &back.info), (64, 48, &photograph.info));
        let worst = back.rgb.iter().zip(&photograph.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(worst < 12, "{worst}");
        for other in [DiskKey { size: 8, ..key("a") }, DiskKey { etag: String::new(), ..key("a") }, key("c")] {
            assert_eq!(cache.get(&other), None);
        }
        assert_eq!(cache.clear().unwrap().entries, 2);
        assert_eq!(cache.stats().unwrap(), CacheStats { entries: 0, bytes: 0, limit: 1 << 20 });
    }

    #[test]
    fn a_damaged_entry_is_as_if_it_were_not_there_and_is_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let cache = DiskCache::new(dir.path(), 1 << 20);
        let photograph = picture(|x, y| [x as u8 * 4, y as u8 * 5, 9]);
        let path = dir.path().join(key("a").file_name());
        cache.put(&key("a"), &photograph).unwrap();
        let whole = fs::read(&path).unwrap();
        let line = whole.iter().position(|b| *b == b'\n').unwrap();
        for broken in [&b""[..], b"\n", &whole[..whole.len() - 9], &whole[..line], &[0; 900]] {
            fs::write(&path, broken).unwrap();
            assert_eq!(cache.get(&key("a")), None);
            assert!(!path.exists());
        }
        // The same hash, another key: left alone, and not used.
        fs::write(dir.path().join(key("b").file_name()), &whole).unwrap();
        assert_eq!(cache.get(&key("b")), None);
        assert_eq!(cache.stats().unwrap().entries, 1);
    }

    #[test]
    fn trimming_deletes_what_was_used_longest_ago() {
        let dir = tempfile::tempdir().unwrap();
        let cache = DiskCache::new(dir.path(), 1 << 20);
        let drawing = picture(|_, _| [1, 2, 3]);
        for (age, name) in ["old", "older", "oldest"].iter().enumerate() {
            cache.put(&key(name), &drawing).unwrap();
            let used = SystemTime::now() - std::time::Duration::from_secs(3600 * (age as u64 + 1));
            let file = File::options().write(true).open(dir.path().join(key(name).file_name())).unwrap();
            file.set_modified(used).unwrap();
        }
        fs::write(dir.path().join("notes.txt"), "not ours").unwrap();
        assert!(cache.get(&key("oldest")).is_some(), "a use makes it the newest");
        let one = cache.stats().unwrap().bytes / 3;
        let small = DiskCache::new(dir.path(), one * 2 + 8);
        assert_eq!(small.trim().unwrap(), 1);
        assert!(cache.get(&key("older")).is_none() && cache.get(&key("old")).is_some());
        assert!(cache.get(&key("oldest")).is_some() && dir.path().join("notes.txt").exists());
    }
}
