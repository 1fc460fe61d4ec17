//! What all who write behind servers have in common: a file of this machine piece by piece.
//!
//! What always holds: no more than one piece is in memory.

use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read};

/// The next piece of a file, of so many bytes unless it is the last one; empty at its end.
pub(super) async fn piece(mut file: File, most: u64) -> io::Result<(File, Bytes)> {
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        file.by_ref().take(most).read_to_end(&mut bytes)?;
        Ok((file, Bytes::from(bytes)))
    });
    read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
