//! Which server a path leads to, and what is kept of the servers' answers.
//!
//! What always holds: nothing is connected before it is asked for; each way is asked in turn and the first that knows
//! the path answers.

use super::bytes::ByteCache;
use super::kept::KeptListings;
use super::remote::{Asked, Piece, RemoteError, RemoteVolume, Stop, Version, wait};
use crate::domain::lake_path::LakePath;
use crate::remote::net::Net;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a path was found.
pub enum Reached {
    /// This way does not know such paths.
    Nothing,
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a volume of a server, at this path below it.
    Volume(Arc<dyn RemoteVolume>, String),
}

/// A way to places that are not on this machine.
pub trait Reach: Send + Sync {
    /// Finds a path, which may mean asking a server.
    fn reach<'a>(&'a self, path: &'a LakePath) -> Asked<'a, Reached>;
}

/// All ways, and what is kept.
pub struct Remotes {
    net: Net,
    ways: Vec<Arc<dyn Reach>>,
    kept: KeptListings,
    bytes: ByteCache,
}

impl Remotes {
    /// The ways, in the order in which they are asked, and where bytes are kept.
    #[must_use]
    pub fn new(net: Net, ways: Vec<Arc<dyn Reach>>, bytes: ByteCache) -> Self {
        Self { net, ways, kept: KeptListings::default(), bytes }
    }

    pub(crate) fn bytes(&self) -> &ByteCache {
        &self.bytes
    }

    pub(crate) fn net(&self) -> &Net {
        &self.net
    }

    pub(crate) fn kept(&self) -> &KeptListings {
        &self.kept
    }

    /// Finds a path; [`Reached::Nothing`] where no way knows it. Waits for servers.
    pub(crate) fn reach(&self, path: &LakePath, stop: &Stop) -> Result<Reached, RemoteError> {
        for way in &self.ways {
            match self.wait(stop, way.reach(path), "reach", path)? {
                Reached::Nothing => {}
                found => return Ok(found),
            }
        }
        Ok(Reached::Nothing)
    }

    pub(crate) fn wait<T>(
        &self,
        stop: &Stop,
        answer: Asked<'_, T>,
        doing: &'static str,
        path: &LakePath,
    ) -> Result<T, RemoteError> {
        wait(&self.net, stop, answer, || RemoteError::cancelled(doing, &path.to_string()))
    }

    /// Some bytes of a file.
    pub(crate) fn read(
        &self,
        volume: &dyn RemoteVolume,
        (inside, path): (&str, &LakePath),
        range: std::ops::Range<u64>,
        version: Option<&Version>,
        stop: &Stop,
    ) -> Result<Piece, RemoteError> {
        self.wait(stop, volume.read(inside, range, version), "read", path)
    }
}

impl std::fmt::Debug for Remotes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remotes").field("ways", &self.ways.len()).finish_non_exhaustive()
    }
}
