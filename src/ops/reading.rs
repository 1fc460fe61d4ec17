//! The bytes of a picture, wherever in the lake it lies.
//!
//! Why here: decoders know byte sources and no lake, the lake knows files and no decoders. What always holds: a file
//! behind a server is read in ranges, as far as it is wanted and no longer.

use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::lake::remote::Stop;
use crate::lake::{Found, Lake, LakeError, RemoteFile};
use crate::media::{ByteSource, FileSource, MediaError};
use std::io;

/// Opens a picture. `stamp` tells its content from an older one, see [`crate::lake::listing::stamp`]; it may be empty.
/// Reading ends with an error as soon as `stop` is raised.
///
/// # Errors
/// When no way leads there, or it is no plain file of this machine.
pub fn open(lake: &Lake, path: &LakePath, stamp: &str, stop: &Stop) -> Result<Box<dyn ByteSource>, MediaError> {
    match lake.find(path, stamp, stop) {
        Ok(Found::Here(file)) => Ok(Box::new(FileSource::open(&file)?)),
        Ok(Found::There(file)) => Ok(Box::new(Ranges(*file))),
        Err(LakeError::Remote(error)) => Err(MediaError::Reach(error.to_string())),
        Err(error) => {
            let path = printable(&path.to_string()).into_owned();
            Err(MediaError::Open { path, source: io::Error::other(error) })
        }
    }
}

/// A file behind a server, as the decoders want it.
pub(super) struct Ranges(pub(super) RemoteFile);

impl ByteSource for Ranges {
    fn len(&self) -> io::Result<u64> {
        self.0.size().map_err(io::Error::other)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buf).map_err(io::Error::other)
    }
}
