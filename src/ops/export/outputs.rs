//! The files of an export while they are written, each with its checksum.
//!
//! What always holds: nothing is written outside the folder; the list of checksums grows on the disk, not in memory; a
//! file whose last bytes did not reach the disk ends the export.

use super::ship::Shipper;
use crate::formats::dataset::{Aside, Outputs};
use ring::digest::{Context, SHA256};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The list of checksums inside an exported folder, as `sha256sum -c` reads it.
pub(super) const SUMS: &str = "SHA256SUMS";

/// A folder that is being filled.
pub(super) struct Folder {
    root: PathBuf,
    /// The file that was begun first.
    first: Option<String>,
    sums: Arc<Mutex<Sums>>,
    /// Takes files elsewhere as they are written.
    shipper: Option<Arc<Shipper>>,
}

struct Sums {
    list: BufWriter<File>,
    hash: Context,
    files: u64,
    bytes: u64,
    /// Of the file that was begun first, with its length.
    first: Option<(String, u64)>,
    error: Option<io::Error>,
}

/// What was written in all.
pub(super) struct Written {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Of the list of checksums.
    pub(super) sha256: String,
    /// Of the file that was begun first, with its length.
    pub(super) first: Option<(String, u64)>,
}

impl Folder {
    /// A folder that has just been made, whose files may be taken elsewhere as soon as they are written.
    pub(super) fn shipped(root: &Path, shipper: Option<Arc<Shipper>>) -> io::Result<Self> {
        Ok(Self { shipper, ..Self::new(root)? })
    }

    /// A folder that has just been made.
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        let list = BufWriter::new(File::create_new(root.join(SUMS))?);
        let sums = Sums { list, hash: Context::new(&SHA256), files: 0, bytes: 0, first: None, error: None };
        Ok(Self { root: root.to_owned(), first: None, sums: Arc::new(Mutex::new(sums)), shipper: None })
    }

    /// Where a file of this relative path lies; its folders are made.
    pub(super) fn place(&self, path: &str) -> io::Result<PathBuf> {
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside || path.is_empty() {
            let name = crate::domain::text::printable(path).into_owned();
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` leads out of the export")));
        }
        let place = self.root.join(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(place)
    }

    /// The path of the file that was begun first.
    pub(super) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// Closes the list. All files must be closed.
    pub(super) fn finish(self) -> io::Result<Written> {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = sums.error.take() {
            return Err(error);
        }
        sums.list.flush()?;
        let hash = std::mem::replace(&mut sums.hash, Context::new(&SHA256));
        let (files, bytes, first) = (sums.files, sums.bytes, sums.first.take());
        Ok(Written { files, bytes, sha256: hex(hash.finish().as_ref()), first })
    }

    /// Begins a file.
    pub(super) fn begin(&self, path: &str) -> io::Result<Hashed> {
        if self.shipper.as_ref().is_some_and(|shipper| shipper.has_failed()) {
            return Err(io::Error::other("what was written before could not be taken to its place"));
        }
        let place = self.place(path)?;
        let (file, sums) = (File::create_new(&place)?, Arc::clone(&self.sums));
        let ship = self.shipper.clone().map(|shipper| (shipper, place));
        let hash = Some(Context::new(&SHA256));
        Ok(Hashed { file, hash, bytes: 0, path: path.to_owned(), is_first: false, sums, ship })
    }

    /// Takes back a file that was begun.
    pub(super) fn abandon(&self, mut file: Hashed) {
        file.hash = None;
        if let Ok(place) = self.place(&file.path) {
            drop(fs::remove_file(place));
        }
    }
}

impl Outputs for Folder {
    fn create(&mut self, path: &str) -> io::Result<Box<dyn Write + Send>> {
        let mut file = self.begin(path)?;
        file.is_first = self.first.is_none();
        self.first.get_or_insert_with(|| path.to_owned());
        Ok(Box::new(file))
    }

    fn aside(&mut self) -> io::Result<Box<dyn Aside>> {
        let path = self.root.join(format!(".{}.aside", uuid::Uuid::now_v7().simple()));
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        // Without a name it cannot be left behind.
        fs::remove_file(&path)?;
        Ok(Box::new(file))
    }
}

/// A file that is summed up as it is written; its checksum is noted when it is dropped.
pub(super) struct Hashed {
    file: File,
    hash: Option<Context>,
    bytes: u64,
    path: String,
    is_first: bool,
    sums: Arc<Mutex<Sums>>,
    /// Who takes it elsewhere, and where it lies.
    ship: Option<(Arc<Shipper>, PathBuf)>,
}

impl Write for Hashed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        if let (Some(hash), Some(bytes)) = (&mut self.hash, buffer.get(..written)) {
            hash.update(bytes);
        }
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Hashed {
    fn drop(&mut self) {
        let Some(hash) = self.hash.take() else { return };
        let sum = hex(hash.finish().as_ref());
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let line = line(&sum, &self.path);
        sums.hash.update(line.as_bytes());
        if let Err(error) = sums.list.write_all(line.as_bytes()) {
            sums.error.get_or_insert(error);
        }
        sums.files += 1;
        sums.bytes += self.bytes;
        if self.is_first {
            sums.first = Some((sum, self.bytes));
        }
        drop(sums);
        if let Some((shipper, place)) = self.ship.take() {
            shipper.take(place, std::mem::take(&mut self.path));
        }
    }
}

/// A line of `sha256sum`: with a backslash in front where the name holds one or a line break.
fn line(sum: &str, path: &str) -> String {
    if path.contains(['\\', '\n', '\r']) {
        let path = path.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
        return format!("\\{sum}  {path}\n");
    }
    format!("{sum}  {path}\n")
}

/// The path in a line of [`line()`]; nothing for what is no such line, and for paths that lead out of their folder.
pub(super) fn listed(line: &str) -> Option<String> {
    let (escaped, line) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let (_, path) = line.split_once("  ")?;
    let mut out = String::with_capacity(path.len());
    let mut rest = path.chars();
    while let Some(c) = rest.next() {
        out.push(match (escaped, c) {
            (true, '\\') => match rest.next()? {
                'n' => '\n',
                'r' => '\r',
                other => other,
            },
            _ => c,
        });
    }
    let inside = out.split('/').all(|part| !matches!(part, "" | "." | ".."));
    inside.then_some(out)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The checksum and the length of a file.
pub(super) fn sum_of(path: &Path) -> io::Result<(String, u64)> {
    let (mut file, mut hash, mut bytes) = (File::open(path)?, Context::new(&SHA256), 0);
    let mut piece = vec![0; 256 << 10];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok((hex(hash.finish().as_ref()), bytes));
        }
        hash.update(piece.get(..count).unwrap_or_default());
        bytes += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_checksums_reads_back_and_leads_nowhere_else() {
        for path in ["a.txt", "images/train/1 2.jpg", "odd\\n\nb\rc", "\\"] {
            let line = line("00", path);
            assert_eq!(listed(line.strip_suffix('\n').unwrap()).as_deref(), Some(path), "{line:?}");
        }
        for bad in ["", "00 a", "00  ../a", "00  /etc/passwd", "00  a//b", "00  a/./b", "\\00  a\\"] {
            assert_eq!(listed(bad), None, "{bad:?}");
        }
    }
}
