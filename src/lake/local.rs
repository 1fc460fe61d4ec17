//! One folder, entry by entry: names without loss, kinds without a question to the disk where the folder tells them.

use super::listing::EntryKind;
use super::listing::table::Meta;
use crate::domain::text::{decode_os, encode_os, printable};
use jiff::Timestamp;
use std::fs::{self, ReadDir};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why a place on this machine cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} `{place}`: {why}")]
pub struct LocalError {
    doing: &'static str,
    place: String,
    why: String,
    kind: ErrorKind,
}

impl LocalError {
    pub(crate) fn new(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        let why = match error.kind() {
            ErrorKind::NotFound => {
                "it does not exist, or no longer; check the spelling or go to the folder above".to_owned()
            }
            ErrorKind::PermissionDenied => "permission denied; ask its owner for read access".to_owned(),
            ErrorKind::NotADirectory => "it is a file, not a folder; open the folder it lies in".to_owned(),
            ErrorKind::StaleNetworkFileHandle | ErrorKind::TimedOut => {
                format!("the file server does not answer ({error}); check the mount and reload")
            }
            _ => format!("{error}; reload to try again"),
        };
        Self { doing, place: shown(path), why, kind: error.kind() }
    }

    pub(crate) fn because(doing: &'static str, path: &Path, why: &str) -> Self {
        Self { doing, place: shown(path), why: why.to_owned(), kind: ErrorKind::Other }
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// A path for people.
pub(crate) fn shown(path: &Path) -> String {
    printable(&encode_os(path.as_os_str())).into_owned()
}

/// Reads the entries of one folder in the order of the disk.
pub(crate) struct FolderReader {
    folder: PathBuf,
    entries: ReadDir,
}

impl FolderReader {
    pub(crate) fn open(folder: &Path) -> Result<Self, LocalError> {
        let entries = fs::read_dir(folder).map_err(|e| LocalError::new("list", folder, &e))?;
        Ok(Self { folder: folder.to_owned(), entries })
    }

    /// The next name and kind. A folder that was removed meanwhile is an error, not an end.
    pub(crate) fn next_entry(&mut self) -> Result<Option<(String, EntryKind)>, LocalError> {
        match self.entries.next() {
            Some(Ok(entry)) => {
                let kind = match entry.file_type() {
                    Ok(kind) if kind.is_dir() => EntryKind::Folder,
                    Ok(kind) if kind.is_symlink() => kind_behind(&entry.path()),
                    _ => EntryKind::File,
                };
                Ok(Some((encode_os(&entry.file_name()), kind)))
            }
            Some(Err(error)) => Err(LocalError::new("go on listing", &self.folder, &error)),
            None => match fs::metadata(&self.folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => Err(LocalError::because(
                    "go on listing",
                    &self.folder,
                    "it was removed meanwhile; go to the folder above",
                )),
                _ => Ok(None),
            },
        }
    }
}

/// A link to a folder is a folder; a broken link or a loop is a file.
fn kind_behind(link: &Path) -> EntryKind {
    if fs::metadata(link).is_ok_and(|m| m.is_dir()) { EntryKind::Folder } else { EntryKind::File }
}

/// Size and time of an entry, of the target where it is a link; unknown for what cannot be asked. Folders have no size.
pub(crate) fn measure(folder: &Path, name: &str) -> Meta {
    let path = folder.join(decode_os(name));
    let found = fs::metadata(&path).or_else(|_| fs::symlink_metadata(&path));
    let Ok(meta) = found else { return Meta::UNKNOWN };
    let size = (!meta.is_dir()).then_some(meta.len());
    Meta::new(size, meta.modified().ok().and_then(|t| Timestamp::try_from(t).ok()))
}
