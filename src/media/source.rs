//! Where the bytes of a picture come from: a local file, memory, or a range reader of a remote volume.

use super::error::MediaError;
use crate::domain::text::{encode_os, printable};
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

/// Random access to the bytes of one file.
pub trait ByteSource: Send + Sync {
    /// Bytes in all.
    ///
    /// # Errors
    /// What the system or the connection says.
    fn len(&self) -> io::Result<u64>;

    /// Reads up to `buf.len()` bytes from `offset`; fewer are allowed, none only at the end.
    ///
    /// # Errors
    /// What the system or the connection says.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;

    /// Whether there are no bytes.
    ///
    /// # Errors
    /// What the system or the connection says.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// A local file.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    /// Opens a regular file, also through links.
    ///
    /// What the path is gets checked before it is opened, because opening a pipe waits for a writer and opening some
    /// devices has effects; and again on the open file, because the path may have changed between.
    ///
    /// # Errors
    /// [`MediaError::NotAFile`] for folders, pipes, sockets and devices, [`MediaError::Open`] for the rest.
    pub fn open(path: &Path) -> Result<Self, MediaError> {
        let shown = || printable(&encode_os(path.as_os_str())).into_owned();
        let failed = |source| MediaError::Open { path: shown(), source };
        let refuse = |kind| MediaError::NotAFile { path: shown(), what: kind_name(kind) };
        let kind = std::fs::metadata(path).map_err(|error| explain_link(path, error)).map_err(failed)?.file_type();
        if !kind.is_file() {
            return Err(refuse(kind));
        }
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(refuse(metadata.file_type()));
        }
        Ok(Self { file, len: metadata.len() })
    }
}

/// A link whose target is missing says so, instead of "no such file" about a name that is plainly in the folder.
fn explain_link(path: &Path, error: io::Error) -> io::Error {
    match std::fs::read_link(path) {
        Ok(target) if error.kind() == io::ErrorKind::NotFound => {
            let target = printable(&encode_os(target.as_os_str())).into_owned();
            io::Error::new(error.kind(), format!("it is a link to {target}, which does not exist"))
        }
        _ => error,
    }
}

fn kind_name(kind: FileType) -> &'static str {
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "a special file",
    }
}

impl ByteSource for FileSource {
    fn len(&self) -> io::Result<u64> {
        Ok(self.len)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }
}

/// Bytes in memory, shared.
#[derive(Clone, Debug)]
pub struct MemorySource(Arc<[u8]>);

impl MemorySource {
    /// Takes the bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }
}

impl ByteSource for MemorySource {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        Ok(copy_at(&self.0, offset, buf))
    }
}

/// Copies what lies at `offset` of `bytes`; past the end nothing.
pub(crate) fn copy_at(bytes: &[u8], offset: u64, buf: &mut [u8]) -> usize {
    let rest = usize::try_from(offset).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
    let count = rest.len().min(buf.len());
    buf[..count].copy_from_slice(&rest[..count]);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |path: &Path| FileSource::open(path).unwrap_err().to_string();
        assert!(refused(dir.path()).ends_with("is a folder, not a file"));
        assert!(refused(Path::new("/dev/zero")).contains("a device"));

        let fifo = dir.path().join("pipe.jpg");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(refused(&fifo).contains("a named pipe"));

        let link = dir.path().join("link.png");
        std::os::unix::fs::symlink("gone\u{1b}.png", &link).unwrap();
        assert!(refused(&link).contains("a link to gone\\x1b.png, which does not exist"), "{}", refused(&link));
        let knot = dir.path().join("self.png");
        std::os::unix::fs::symlink("self.png", &knot).unwrap();
        assert!(refused(&knot).contains("cannot be opened"));
    }

    #[test]
    fn a_file_reads_at_any_offset_and_nothing_past_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, b"0123456789").unwrap();
        let sources: [Box<dyn ByteSource>; 2] =
            [Box::new(FileSource::open(&path).unwrap()), Box::new(MemorySource::new(*b"0123456789"))];
        for source in sources {
            let mut buf = [0; 4];
            assert_eq!((source.len().unwrap(), source.is_empty().unwrap()), (10, false));
            assert_eq!((source.read_at(7, &mut buf).unwrap(), &buf[..3]), (3, &b"789"[..]));
            assert_eq!(source.read_at(10, &mut buf).unwrap(), 0);
            assert_eq!(source.read_at(1 << 60, &mut buf).unwrap(), 0);
        }
    }
}
