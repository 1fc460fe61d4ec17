//! A folder behind a server, walked from the outside: for scans and exports, which want every entry and show none.
//!
//! What always holds: one page is in memory at a time; a wait for the server ends when the caller is told to stop; a
//! failure is an error, never an end.

use super::bytes::RemoteFile;
use super::place::{Lake, LakeError};
use super::reach::{Reached, Remotes};
use super::remote::{Mark, RemoteEntry, RemoteError, RemoteVolume, Stop, Trouble, wait_while};
use crate::domain::lake_path::LakePath;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the pictures of a project lie.
#[derive(Clone)]
pub enum Place {
    /// In a folder of this machine.
    Here(PathBuf),
    /// Behind a server.
    There(FarFolder),
}

/// A folder behind a server.
#[derive(Clone)]
pub struct FarFolder {
    remotes: Arc<Remotes>,
    volume: Arc<dyn RemoteVolume>,
    inside: String,
    path: LakePath,
}

impl Lake {
    /// Where a folder lies, to be walked or read from. Whether it is there shows when that is done.
    ///
    /// # Errors
    /// When no way leads there.
    pub fn place(&self, path: &LakePath, stop: &Stop) -> Result<Place, LakeError> {
        match self.reach(path, stop)? {
            (Reached::Volume(volume, inside), Some(remotes)) => {
                let (remotes, path) = (Arc::clone(remotes), path.clone());
                Ok(Place::There(FarFolder { remotes, volume, inside, path }))
            }
            (Reached::Folder(folder), _) => Ok(Place::Here(folder)),
            _ => Err(LakeError::NeedsConnection(path.to_string())),
        }
    }
}

impl FarFolder {
    /// The entries of the folder at a path below this one; with `deep`, of everything below it where the server can list
    /// that ([`Self::lists_deep`]).
    #[must_use]
    pub fn pages(&self, below: &str, deep: bool) -> Pages {
        let inside = joined(&self.inside, below);
        Pages { folder: self.clone(), inside, deep, next: Some(Mark::default()) }
    }

    /// Whether everything below a folder can be listed at once.
    #[must_use]
    pub fn lists_deep(&self) -> bool {
        self.volume.lists_deep()
    }

    /// A file below it. The stamp as for [`Lake::find`].
    #[must_use]
    pub fn file(&self, below: &str, stamp: &str, stop: &Stop) -> RemoteFile {
        let path = below.split('/').filter(|part| !part.is_empty()).fold(self.path.clone(), |at, name| at.child(name));
        let at = (Arc::clone(&self.volume), joined(&self.inside, below));
        RemoteFile::new(Arc::clone(&self.remotes), at, &path, stamp, stop.clone())
    }
}

fn joined(folder: &str, below: &str) -> String {
    [folder, below].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// A listing that is read page by page.
pub struct Pages {
    folder: FarFolder,
    inside: String,
    deep: bool,
    next: Option<Mark>,
}

impl Pages {
    /// The next page, which may be empty; nothing after the last one. Asked again after an error, it goes on where it was.
    ///
    /// # Errors
    /// The server's, or that it was cancelled.
    pub fn next_page(&mut self, cancelled: &dyn Fn() -> bool) -> Result<Option<Vec<RemoteEntry>>, RemoteError> {
        let Some(mark) = &self.next else { return Ok(None) };
        let place = self.folder.path.to_string();
        let lost = || RemoteError::cancelled("list", &place);
        let ask = |mark: &Mark| {
            let volume = &self.folder.volume;
            wait_while(self.folder.remotes.net(), cancelled, volume.page(&self.inside, self.deep, mark), lost)
        };
        let page = match ask(mark) {
            Err(error) if error.trouble == Trouble::Forgotten && !mark.after.is_empty() => {
                ask(&Mark { token: None, ..mark.clone() })?
            }
            other => other?,
        };
        self.next = page.next;
        Ok(Some(page.entries))
    }
}
