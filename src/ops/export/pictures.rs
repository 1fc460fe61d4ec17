//! The files of the pictures of an export: copied, linked, read, or only asked for their size.

use super::Images;
use super::outputs::Folder;
use crate::domain::sample::Sample;
use crate::lake::far::Place;
use crate::lake::remote::Stop;
use crate::lake::{open_plain, resolve};
use crate::media::{ByteSource, FileSource, Limits};
use crate::ops::reading::Ranges;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Bytes of one read.
const PIECE: usize = 2 << 20;
/// Bytes of a picture that is held in memory to stand inside another file.
const LARGEST: u64 = 128 << 20;

/// Why a picture did not come along.
#[derive(Debug)]
pub(super) enum Placed {
    /// The picture itself is gone, closed or no file: told, and the export goes on.
    Unreadable,
    /// The destination cannot be written: the export ends.
    Failed(io::Error),
}

/// Opens a picture wherever it lies.
fn open(source: &Place, sample: &Sample) -> Option<Box<dyn ByteSource>> {
    match source {
        Place::Here(folder) => {
            let path = resolve(folder, &sample.path).ok()?;
            // A pipe or a device would never end.
            open_plain(&path).ok()?;
            Some(Box::new(FileSource::open(&path).ok()?))
        }
        Place::There(folder) => Some(Box::new(Ranges(folder.file(&sample.path, &sample.etag, &Stop::never())))),
    }
}

/// Width and height of a picture as EXIF says it is displayed.
pub(super) fn size(source: &Place, sample: &Sample) -> Option<(u32, u32)> {
    let found = open(source, sample)?;
    let info = crate::media::inspect(found.as_ref(), &sample.path, &Limits::default()).ok()?;
    Some((info.width, info.height))
}

/// The content of a picture that is to stand inside another file.
pub(super) fn content(source: &Place, sample: &Sample) -> Option<Vec<u8>> {
    let found = open(source, sample)?;
    let length = found.len().ok().filter(|length| *length <= LARGEST)?;
    let mut out = Vec::with_capacity(length as usize);
    pieces(found.as_ref(), length, &mut |piece| {
        out.extend_from_slice(piece);
        Ok(())
    })
    .ok()?;
    Some(out)
}

fn pieces(from: &dyn ByteSource, length: u64, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), Placed> {
    let mut piece = vec![0; PIECE.min(usize::try_from(length).unwrap_or(PIECE)).max(1)];
    let mut at = 0;
    while at < length {
        let count = from.read_at(at, &mut piece).ok().filter(|count| *count > 0).ok_or(Placed::Unreadable)?;
        take(piece.get(..count).unwrap_or_default()).map_err(Placed::Failed)?;
        at += count as u64;
    }
    Ok(())
}

/// Puts a picture into the export under a relative path.
pub(super) fn place(source: &Place, sample: &Sample, out: &Folder, path: &str, images: Images) -> Result<(), Placed> {
    if let (Images::Reference, Place::Here(folder)) = (images, source) {
        let to = out.place(path).map_err(Placed::Failed)?;
        return link(folder, sample, &to);
    }
    // A file behind a server can only be copied.
    let found = open(source, sample).ok_or(Placed::Unreadable)?;
    let length = found.len().map_err(|_| Placed::Unreadable)?;
    let mut piece = vec![0; 1];
    if length > 0 && found.read_at(0, &mut piece).is_err() {
        return Err(Placed::Unreadable);
    }
    let mut file = out.begin(path).map_err(Placed::Failed)?;
    let copied = pieces(found.as_ref(), length, &mut |piece| file.write_all(piece));
    if copied.is_err() {
        // Half a picture is no picture.
        out.abandon(file);
    }
    copied
}

fn link(folder: &Path, sample: &Sample, to: &Path) -> Result<(), Placed> {
    let from = resolve(folder, &sample.path).map_err(|_| Placed::Unreadable)?;
    open_plain(&from).map_err(|_| Placed::Unreadable)?;
    let real = fs::canonicalize(&from).map_err(|_| Placed::Unreadable)?;
    let linked = fs::hard_link(&real, to).or_else(|_| std::os::unix::fs::symlink(&real, to));
    linked.map_err(Placed::Failed)
}
