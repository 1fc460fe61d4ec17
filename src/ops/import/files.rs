//! Annotation files wherever in the lake they lie, read from front to back; what is read is summed up, so that an import
//! is known again by its content.

use super::summed::Summed;
use crate::domain::lake_path::LakePath;
use crate::domain::natural::NaturalSort;
use crate::domain::text::{encode_os, printable};
use crate::formats::dataset::Files;
use crate::lake::far::{FarFolder, Place};
use crate::lake::listing::EntryKind;
use crate::lake::remote::Stop;
use crate::lake::{Found, Lake, LakeError, RemoteFile, open_plain, resolve};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of one read from a server.
const PIECE: usize = 2 << 20;
/// Folders that are listed at most, so that a loop of a server's making ends.
const FOLDERS: usize = 100_000;

/// A file or folder of the lake.
pub struct LakeFiles {
    shown: String,
    stop: Stop,
    root: Root,
    sum: Arc<Mutex<[u8; 32]>>,
}

enum Root {
    File(PathBuf),
    Folder(PathBuf),
    FarFile {
        lake: Lake,
        path: LakePath,
    },
    FarFolder(FarFolder),
    /// Rows of a table, in a file without a name.
    Rows(Arc<File>),
}

impl LakeFiles {
    /// Looks what lies at a path.
    ///
    /// # Errors
    /// When there is nothing, or no way leads there.
    pub fn new(lake: &Lake, path: &LakePath, stop: &Stop) -> Result<Self, LakeError> {
        let kind = lake.stat_while(path, stop)?.kind;
        let root = match (lake.place(path, stop)?, kind) {
            (Place::Here(file), EntryKind::File) => Root::File(file),
            (Place::Here(folder), _) => Root::Folder(folder),
            (Place::There(_), EntryKind::File) => Root::FarFile { lake: lake.clone(), path: path.clone() },
            (Place::There(folder), _) => Root::FarFolder(folder),
        };
        let shown = printable(&path.to_string()).into_owned();
        Ok(Self { shown, stop: stop.clone(), root, sum: Arc::default() })
    }

    /// The rows of a table, which lie in a nameless Parquet file.
    pub(super) fn of_rows(shown: &str, file: File, stop: &Stop) -> Self {
        let shown = shown.trim_end_matches('/').to_owned();
        Self { shown, stop: stop.clone(), root: Root::Rows(Arc::new(file)), sum: Arc::default() }
    }

    /// Forgets what has been read so far.
    pub fn begin_sum(&self) {
        *self.sum.lock().unwrap_or_else(PoisonError::into_inner) = [0; 32];
    }

    /// The sum over all files that were read since, whatever their order.
    #[must_use]
    pub fn sum(&self) -> [u8; 32] {
        *self.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raw(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        match &self.root {
            Root::File(file) if path.is_empty() => Ok(Box::new(open_plain(file).map_err(plain)?)),
            Root::Folder(folder) => {
                let file = resolve(folder, path).map_err(io::Error::other)?;
                // A link may lie inside and lead out.
                let real = std::fs::canonicalize(&file)?;
                if !real.starts_with(std::fs::canonicalize(folder)?) {
                    return Err(io::Error::other("it is a link that leads out of the folder"));
                }
                Ok(Box::new(open_plain(&real).map_err(plain)?))
            }
            Root::FarFile { lake, path: at } if path.is_empty() => {
                match lake.find(at, "", &self.stop).map_err(io::Error::other)? {
                    Found::Here(file) => Ok(Box::new(open_plain(&file).map_err(plain)?)),
                    Found::There(file) => Ok(Box::new(BufReader::with_capacity(PIECE, Ranges(*file, 0)))),
                }
            }
            Root::Rows(file) if path.is_empty() => {
                Ok(Box::new(BufReader::with_capacity(PIECE, Again(file.clone(), 0))))
            }
            Root::FarFolder(folder) if !path.split('/').any(|part| part == "..") && !path.starts_with('/') => {
                let file = folder.file(path, "", &self.stop);
                // A file that is not there shows when it is asked for.
                file.size().map_err(|e| io::Error::new(io::ErrorKind::NotFound, e.to_string()))?;
                Ok(Box::new(BufReader::with_capacity(PIECE, Ranges(file, 0))))
            }
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "there is no such file in what was opened")),
        }
    }
}

fn plain(error: crate::lake::LocalError) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

impl Files for LakeFiles {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn is_file(&self) -> bool {
        matches!(self.root, Root::File(_) | Root::FarFile { .. } | Root::Rows(_))
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        // A server's answer may be long in coming, and nobody would wait for the thread that waits for it.
        let is_near = matches!(self.root, Root::File(_) | Root::Folder(_));
        Ok(Box::new(Summed::new(self.raw(path)?, path, is_near, &self.sum)))
    }

    fn list(&self, folder: &str) -> io::Result<Box<dyn Iterator<Item = io::Result<String>> + '_>> {
        let paths = match &self.root {
            Root::Folder(root) => here(root, folder)?,
            Root::FarFolder(root) => there(root, folder, &self.stop)?,
            Root::File(_) | Root::FarFile { .. } | Root::Rows(_) => NaturalSort::default(),
        };
        Ok(Box::new(paths.sorted().map(|(path, _)| path).filter(|path| !is_litter(path)).map(Ok)))
    }

    fn exists(&self, path: &str) -> bool {
        match &self.root {
            Root::Folder(folder) => resolve(folder, path).is_ok_and(|file| file.is_file()),
            _ => self.raw(path).is_ok(),
        }
    }
}

/// Folders in which systems and programs keep copies and drafts of what lies beside them.
const LITTER: [&str; 4] = ["__MACOSX", ".ipynb_checkpoints", "@eaDir", "_temporary"];

/// Whether a file is none of the data set but was left beside it: what a Mac knows of `a.xml` in `._a.xml`, the copies that a
/// notebook keeps, thumbnails of a network disk, what a job of Spark had not finished.
fn is_litter(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    name.starts_with("._") || folders.split('/').any(|folder| LITTER.contains(&folder))
}

/// All files below a folder of this machine; links are not followed.
fn here(root: &Path, folder: &str) -> io::Result<NaturalSort> {
    let start = resolve(root, folder).map_err(io::Error::other)?;
    let mut out = NaturalSort::default();
    for entry in walkdir::WalkDir::new(&start) {
        let entry = entry.map_err(io::Error::from)?;
        if entry.file_type().is_file()
            && let Ok(below) = entry.path().strip_prefix(root)
        {
            out.push(encode_os(below.as_os_str()));
        }
    }
    Ok(out)
}

fn there(root: &FarFolder, folder: &str, stop: &Stop) -> io::Result<NaturalSort> {
    let (mut out, mut waiting, mut listed) = (NaturalSort::default(), vec![folder.trim_matches('/').to_owned()], 0);
    while let Some(below) = waiting.pop() {
        listed += 1;
        if listed > FOLDERS {
            return Err(io::Error::other(format!("it holds more than {FOLDERS} folders")));
        }
        let mut pages = root.pages(&below, root.lists_deep());
        while let Some(entries) = pages.next_page(&|| stop.is_raised()).map_err(io::Error::other)? {
            for entry in entries {
                let path = if below.is_empty() { entry.name.clone() } else { format!("{below}/{}", entry.name) };
                match entry.kind {
                    EntryKind::File => out.push(path),
                    EntryKind::Folder if !root.lists_deep() => waiting.push(path),
                    _ => {}
                }
            }
        }
    }
    Ok(out)
}

/// An open file from front to back, whoever else reads it.
struct Again(Arc<File>, u64);

impl Read for Again {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read_at(buffer, self.1)?;
        self.1 += n as u64;
        Ok(n)
    }
}

/// A file behind a server, from front to back.
struct Ranges(RemoteFile, u64);

impl Read for Ranges {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read_at(self.1, buffer).map_err(io::Error::other)?;
        self.1 += n as u64;
        Ok(n)
    }
}
