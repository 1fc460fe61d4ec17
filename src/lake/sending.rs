//! What all who write behind servers have in common: which names can be written, folders that are made once, and a file
//! of this machine piece by piece.
//!
//! What always holds: of a file no more than one piece is in memory, and never more of it is read than it had bytes when
//! it was looked at.

use super::remote::{RemoteError, Trouble};
use bytes::Bytes;
use futures::Stream;
use futures::stream::try_unfold;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// So many folders are kept in mind; then all are forgotten, and made once more.
const MOST: usize = 4096;

/// Refuses paths that do not name a file below the place: empty ones, and those that lead elsewhere.
pub(super) fn check_path(doing: &'static str, place: &str, path: &str) -> Result<(), RemoteError> {
    if path.split('/').all(|part| !matches!(part, "" | "." | "..")) {
        return Ok(());
    }
    let why = "its path has an empty part, `.` or `..`";
    Err(RemoteError::new(Trouble::Other, doing, place, why, "name a file below the volume, each folder by its name"))
}

/// The folder of a path; nothing where that is the place itself.
pub(super) fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

/// Bytes of a file of this machine that is to be sent to `place`.
pub(super) fn size_of(place: &str, from: &Path) -> Result<u64, RemoteError> {
    let told = std::fs::metadata(from).and_then(|found| match found.is_file() {
        true => Ok(found.len()),
        false => Err(io::Error::other("it is no file")),
    });
    told.map_err(|error| {
        let why = format!("{} cannot be read: {error}", from.display());
        RemoteError::new(Trouble::Other, "write", place, &why, "check that file and its permissions")
    })
}

/// The next piece of a file, of so many bytes unless it is the last one; empty at its end.
pub(super) async fn piece(mut file: File, most: u64) -> io::Result<(File, Bytes)> {
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        file.by_ref().take(most).read_to_end(&mut bytes)?;
        Ok((file, Bytes::from(bytes)))
    });
    read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// The first `size` bytes of a file in pieces of `step` bytes; the last one may be shorter.
pub(super) fn pieces(from: PathBuf, size: u64, step: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    try_unfold((from, None, size), move |(from, file, rest)| async move {
        let file = match file {
            Some(file) => file,
            None => File::open(&from)?,
        };
        let (file, bytes) = piece(file, step.min(rest)).await?;
        let rest = rest - bytes.len() as u64;
        Ok((!bytes.is_empty()).then_some((bytes, (from, Some(file), rest))))
    })
}

/// Folders that were made already.
#[derive(Default)]
pub(super) struct Made(Mutex<HashSet<String>>);

impl Made {
    pub(super) fn has(&self, folder: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(folder)
    }

    pub(super) fn add(&self, folder: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(folder.to_owned());
    }

    /// Forgets a folder that turned out to be away.
    pub(super) fn forget(&self, folder: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt;

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for fine in ["a", "a/b c/%23#?.png", "..a/b..", "...", "\u{e9}"] {
            assert!(check_path("write", "x", fine).is_ok(), "{fine}");
        }
        for bad in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a/."] {
            assert!(check_path("write", "x", bad).is_err(), "{bad}");
        }
        assert_eq!((parent("a/b/c"), parent("a")), (Some("a/b"), None));
    }

    #[test]
    fn a_file_comes_in_pieces_and_no_more_than_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"0123456789").unwrap();
        let read = |size, step| {
            let all: Vec<Bytes> =
                crate::remote::net::Net::default().wait(pieces(path.clone(), size, step).try_collect()).unwrap();
            all.iter().map(|b| String::from_utf8(b.to_vec()).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(read(10, 4), ["0123", "4567", "89"]);
        assert_eq!(read(8, 4), ["0123", "4567"]);
        assert_eq!(read(0, 4), [""; 0]);
        assert!(size_of("x", dir.path()).unwrap_err().to_string().contains("it is no file"));
    }

    #[test]
    fn folders_are_remembered_within_bounds() {
        let made = Made::default();
        (0..3 * MOST).for_each(|n| made.add(&n.to_string()));
        assert!(made.has(&(3 * MOST - 1).to_string()) && made.0.lock().unwrap().len() <= MOST);
        made.forget(&(3 * MOST - 1).to_string());
        assert!(!made.has(&(3 * MOST - 1).to_string()));
    }
}
