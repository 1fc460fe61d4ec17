//! A place that files are written to, wherever in the lake it lies: where exports go.
//!
//! Why apart from reading: most of the lake is only read, and whoever writes must say where, once, before the first byte.
//! What always holds: a file appears there whole or not at all; no name leads out of the place; a wait for the server ends
//! when the caller is told to stop.

use super::listing::EntryKind;
use super::place::{Lake, LakeError};
use super::reach::{Reached, Remotes};
use super::remote::{Mark, RemoteError, RemoteVolume, RemoteWriter, Stop, Trouble};
use crate::domain::lake_path::LakePath;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of one request.
const PIECE: u64 = 1 << 20;

/// Where a path that is to be written leads.
pub enum Goal {
    /// On this machine.
    Here(PathBuf),
    /// Behind a server.
    There(Target),
}

/// What is at a place already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Nothing.
    Nothing,
    /// A file.
    File,
    /// A folder without anything in it.
    Empty,
    /// A folder with something in it.
    Folder,
}

/// A file, or a folder that files are put into, behind a server.
#[derive(Clone)]
pub struct Target {
    remotes: Arc<Remotes>,
    volume: Arc<dyn RemoteVolume>,
    inside: String,
    path: LakePath,
    stop: Stop,
}

impl Lake {
    /// Where a path leads that is to be written. What is done there later is done only while `stop` allows it.
    ///
    /// # Errors
    /// When no way leads there, or this program only reads there.
    pub fn target(&self, path: &LakePath, stop: &Stop) -> Result<Goal, LakeError> {
        let target = match self.reach(path, stop)? {
            (Reached::Volume(volume, inside), Some(remotes)) => {
                Target { remotes: Arc::clone(remotes), volume, inside, path: path.clone(), stop: stop.clone() }
            }
            (Reached::Folder(folder), _) => return Ok(Goal::Here(folder)),
            _ => return Err(LakeError::NeedsConnection(path.to_string())),
        };
        target.writer("write")?;
        Ok(Goal::There(target))
    }
}

impl Target {
    /// The place.
    #[must_use]
    pub fn path(&self) -> &LakePath {
        &self.path
    }

    /// A file below it, or beside it where it is a file itself: the name goes on with this text.
    #[must_use]
    pub fn beside(&self, ending: &str) -> Self {
        let parent = self.path.parent().unwrap_or(LakePath::Root);
        let path = parent.child(&format!("{}{ending}", self.path.name()));
        Self { inside: format!("{}{ending}", self.inside), path, ..self.clone() }
    }

    /// The place at a relative path below it.
    ///
    /// # Errors
    /// When that leads out of it.
    pub fn below(&self, path: &str) -> Result<Self, LakeError> {
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(LakeError::Outside(crate::domain::text::printable(path).into_owned()));
        }
        let inside = if self.inside.is_empty() { path.to_owned() } else { format!("{}/{path}", self.inside) };
        let at = path.split('/').fold(self.path.clone(), |at, name| at.child(name));
        Ok(Self { inside, path: at, ..self.clone() })
    }

    /// The same place; what is done there is done also when nothing else is wanted any more.
    #[must_use]
    pub fn to_the_end(&self) -> Self {
        Self { stop: Stop::never(), ..self.clone() }
    }

    /// Whether it is the volume or the bucket itself, which cannot be a file.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.inside.is_empty()
    }

    /// What is there.
    ///
    /// # Errors
    /// The server's own.
    pub fn stands(&self) -> Result<Stands, LakeError> {
        let stat = match self.remotes.wait(&self.stop, self.volume.stat(&self.inside), "look at", &self.path) {
            Ok(stat) => stat,
            // A bucket or a volume that is not there is not made.
            Err(error) if error.trouble == Trouble::NotFound && !self.is_root() => return Ok(Stands::Nothing),
            Err(error) => return Err(error.into()),
        };
        if stat.kind == EntryKind::File {
            return Ok(Stands::File);
        }
        let first = Mark::default();
        let page = self.remotes.wait(&self.stop, self.volume.page(&self.inside, false, &first), "list", &self.path)?;
        Ok(if page.entries.is_empty() && page.next.is_none() { Stands::Empty } else { Stands::Folder })
    }

    /// Writes what the file there holds, as it is now, to somewhere else; nothing beyond so many bytes.
    ///
    /// # Errors
    /// The server's own, or what cannot be written.
    pub fn read(&self, most: u64, to: &mut dyn Write) -> Result<(), LakeError> {
        let mut at = 0_u64;
        loop {
            let range = at..most.min(at.saturating_add(PIECE));
            let (inside, volume) = ((self.inside.as_str(), &self.path), self.volume.as_ref());
            let piece = self.remotes.read(volume, inside, range, None, &self.stop)?;
            let written = to.write_all(&piece.bytes);
            written.map_err(|e| self.lost(&e))?;
            at += piece.bytes.len() as u64;
            if piece.bytes.is_empty() || at >= piece.total.min(most) {
                return Ok(());
            }
        }
    }

    fn lost(&self, error: &io::Error) -> RemoteError {
        RemoteError::new(Trouble::Other, "keep a copy of", &self.path.to_string(), &error.to_string(), "")
    }

    /// Puts a file of this machine there; one that is there is replaced as a whole.
    ///
    /// # Errors
    /// The server's own, or that it is not wanted any more.
    pub fn put(&self, from: &Path) -> Result<(), LakeError> {
        let upload = self.writer("write")?.upload(&self.inside, from);
        Ok(self.remotes.wait(&self.stop, upload, "write", &self.path)?)
    }

    /// Makes a small file; `false` if there is one already. Most places tell two that do so at the same moment apart.
    ///
    /// # Errors
    /// The server's own, or that it is not wanted any more; the file may then be there.
    pub fn make(&self, bytes: Vec<u8>) -> Result<bool, LakeError> {
        let made = self.writer("write")?.create(&self.inside, bytes.into());
        Ok(self.remotes.wait(&self.stop, made, "write", &self.path)?)
    }

    /// Removes the file, if it is there; also when nothing else is wanted any more.
    ///
    /// # Errors
    /// The server's own.
    pub fn remove(&self) -> Result<(), LakeError> {
        let removal = self.writer("remove")?.remove(&self.inside);
        Ok(self.remotes.wait(&Stop::never(), removal, "remove", &self.path)?)
    }

    /// Removes the folder, if it is there and empty; also when nothing else is wanted any more.
    ///
    /// # Errors
    /// The server's own.
    pub fn remove_folder(&self) -> Result<(), LakeError> {
        let removal = self.writer("remove")?.remove_folder(&self.inside);
        Ok(self.remotes.wait(&Stop::never(), removal, "remove", &self.path)?)
    }

    /// Waits until nothing that was begun there is under way any more; also when nothing else is wanted any more.
    pub fn settle(&self) {
        if let Ok(writer) = self.writer("write") {
            // It says nothing but that it has come to an end.
            drop(self.remotes.wait(&Stop::never(), writer.settled(), "write", &self.path));
        }
    }

    fn writer(&self, doing: &'static str) -> Result<&dyn RemoteWriter, RemoteError> {
        self.volume.writer().ok_or_else(|| {
            let remedy = "write into a bucket, a volume or a local folder";
            RemoteError::new(Trouble::Settings, doing, &self.path.to_string(), "this place is only read", remedy)
        })
    }
}
