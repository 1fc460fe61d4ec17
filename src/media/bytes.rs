//! A byte source as the decoders want it: buffered, seekable, and read whole where that is cheaper.

use super::error::MediaError;
use super::limits::Limits;
use super::source::{ByteSource, copy_at};
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Read in one go and kept; larger files of formats that need only parts are read in windows.
const WHOLE: u64 = 64 << 20;
/// Bytes of one request while reading a whole file; the caller can cancel in between.
const STEP: usize = 4 << 20;
/// Bytes from the start that are read first: they tell what a file is, and often hold a small picture of it.
const HEAD: usize = 64 << 10;
/// A head is never read beyond this.
const LONG_HEAD: usize = 128 << 10;
const WINDOW: usize = 64 << 10;
/// Bytes that a reader gives at once where it is watched: of the flattest picture, they are four megabytes of pixels.
const WATCHED: usize = 4 << 10;
/// The same where nothing is unpacked.
const WATCHED_COPY: usize = 1 << 20;

/// The bytes of one file: in memory, or behind its source.
pub(crate) enum Bytes<'a> {
    /// All of them.
    Whole(Vec<u8>),
    /// To be asked for, but for the first ones.
    Source {
        /// Where from.
        source: &'a dyn ByteSource,
        /// How many.
        len: u64,
        /// The first of them.
        head: Vec<u8>,
    },
}

impl<'a> Bytes<'a> {
    /// The first few kilobytes are read, or less where there is less.
    ///
    /// # Errors
    /// What the source says.
    pub(crate) fn new(source: &'a dyn ByteSource) -> Result<Self, MediaError> {
        let mut bytes = Self::Source { source, len: source.len()?, head: Vec::new() };
        bytes.extend_head(HEAD)?;
        Ok(match bytes {
            Self::Source { len, head, .. } if head.len() as u64 == len => Self::Whole(head),
            more => more,
        })
    }

    /// Reads on until the head has `wanted` bytes, or the file ends.
    fn extend_head(&mut self, wanted: usize) -> io::Result<()> {
        let Self::Source { source, len, head } = self else { return Ok(()) };
        let mut at = head.len();
        head.resize(usize::try_from(*len).unwrap_or(usize::MAX).min(wanted).max(at), 0);
        while at < head.len() {
            match read_some(*source, at as u64, &mut head[at..])? {
                0 => break,
                count => at += count,
            }
        }
        head.truncate(at);
        Ok(())
    }

    /// Bytes in all.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Source { len, .. } => *len,
        }
    }

    /// Bytes that are held in memory.
    pub(crate) fn held(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Source { head, .. } => head.len() as u64,
        }
    }

    /// What has been read from the start: the first few kilobytes, or all.
    pub(crate) fn head(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Source { head, .. } => head,
        }
    }

    /// Twice as much from the start, for a header that is longer than most. Never more than a slow connection gives in
    /// an instant.
    ///
    /// # Errors
    /// What the source says.
    pub(crate) fn long_head(&mut self) -> io::Result<&[u8]> {
        self.extend_head(LONG_HEAD)?;
        Ok(self.head())
    }

    /// Reads everything, in steps, when the file is small or `needed`.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`] when it is needed and over the limit, [`MediaError::Cancelled`], and what the source says.
    pub(crate) fn load(
        self,
        needed: bool,
        limits: &Limits,
        cancel: &dyn Fn() -> bool,
    ) -> Result<Bytes<'a>, MediaError> {
        let Self::Source { source, len, head: mut bytes } = self else {
            limits.check_file(self.len())?;
            return Ok(self);
        };
        if len > WHOLE && !needed {
            return Ok(Self::Source { source, len, head: bytes });
        }
        limits.check_file(len)?;
        let mut at = bytes.len();
        let whole = usize::try_from(len).unwrap_or(usize::MAX);
        bytes.reserve_exact(whole.saturating_sub(at));
        bytes.resize(whole, 0);
        while at < bytes.len() {
            if cancel() {
                return Err(MediaError::Cancelled);
            }
            let end = bytes.len().min(at + STEP);
            match read_some(source, at as u64, &mut bytes[at..end])? {
                0 => break,
                count => at += count,
            }
        }
        // The file may have been cut since its length was asked for.
        bytes.truncate(at);
        Ok(Self::Whole(bytes))
    }

    /// A reader from the start.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { bytes: self, buffer: Vec::new(), start: 0, used: 0, cancel: None }
    }

    /// A reader from the start that fails once `cancel` says so: what reads on and on ends there, whatever it is.
    pub(crate) fn watched<'r>(&'r self, cancel: &'r dyn Fn() -> bool) -> Reader<'r> {
        Reader { cancel: Some(cancel), ..self.reader() }
    }

    /// The same bytes, all in memory: these, or others that are read for it.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(crate) fn in_memory(
        &self,
        limits: &Limits,
        cancel: &dyn Fn() -> bool,
    ) -> Result<Option<Bytes<'a>>, MediaError> {
        match self {
            Self::Whole(_) => Ok(None),
            Self::Source { source, .. } => Bytes::new(*source)?.load(true, limits, cancel).map(Some),
        }
    }

    /// The bytes when they are in memory, else none.
    pub(crate) fn whole(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Source { .. } => &[],
        }
    }

    /// Reads at a place; nothing only at the end.
    pub(crate) fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Whole(bytes) => Ok(copy_at(bytes, offset, buf)),
            Self::Source { head, .. } if offset < head.len() as u64 => Ok(copy_at(head, offset, buf)),
            Self::Source { source, .. } => read_some(*source, offset, buf),
        }
    }
}

/// One read, repeated when a signal interrupts it, and never trusted to have filled more than it was given.
fn read_some(source: &dyn ByteSource, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read_at(offset, buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(|count| count.min(buf.len())),
        }
    }
}

/// A buffered, seekable reader over [`Bytes`].
pub(crate) struct Reader<'a> {
    bytes: &'a Bytes<'a>,
    buffer: Vec<u8>,
    /// Offset of the buffer in the file.
    start: u64,
    /// Bytes of the buffer that were consumed.
    used: usize,
    cancel: Option<&'a dyn Fn() -> bool>,
}

impl Reader<'_> {
    /// At most how many of `count` bytes are given at once.
    fn watch(&self, count: usize, most: usize) -> io::Result<usize> {
        match self.cancel {
            // Not `Interrupted`, which is tried again.
            Some(cancel) if cancel() => Err(io::Error::other("cancelled")),
            Some(_) => Ok(count.min(most)),
            None => Ok(count),
        }
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used >= self.buffer.len() && out.len() >= WINDOW {
            let position = self.start + self.used as u64;
            let room = self.watch(out.len(), WATCHED_COPY)?;
            let count = self.bytes.read_at(position, &mut out[..room])?;
            (self.start, self.used) = (position + count as u64, 0);
            self.buffer.clear();
            return Ok(count);
        }
        let ready = self.fill_buf()?;
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used >= self.buffer.len() {
            self.start += self.used as u64;
            self.used = 0;
            self.buffer.resize(WINDOW, 0);
            let count = self.bytes.read_at(self.start, &mut self.buffer);
            self.buffer.truncate(*count.as_ref().unwrap_or(&0));
            count?;
        }
        let rest = self.buffer.get(self.used..).unwrap_or_default();
        Ok(&rest[..self.watch(rest.len(), WATCHED)?])
    }

    fn consume(&mut self, count: usize) {
        self.used = (self.used + count).min(self.buffer.len());
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let here = self.start + self.used as u64;
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(delta) => self.bytes.len().checked_add_signed(delta),
            SeekFrom::Current(delta) => here.checked_add_signed(delta),
        };
        let target = target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek outside the file"))?;
        match target.checked_sub(self.start).and_then(|d| usize::try_from(d).ok()) {
            Some(used) if used <= self.buffer.len() => self.used = used,
            _ => {
                self.buffer.clear();
                (self.start, self.used) = (target, 0);
            }
        }
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::source::MemorySource;

    #[test]
    fn reading_and_seeking_agree_with_a_cursor() {
        let data: Vec<u8> = (0..200_000_u32).map(|i| ((i * 7) >> 3) as u8).collect();
        let source = MemorySource::new(data.clone());
        let bytes = Bytes::new(&source).unwrap();
        let (mut ours, mut theirs) = (bytes.reader(), io::Cursor::new(&data));
        let moves = [
            (SeekFrom::Start(10), 5),
            (SeekFrom::Current(65_536), 70_000),
            (SeekFrom::End(-3), 10),
            (SeekFrom::Start(0), 65_537),
            (SeekFrom::Current(-65_000), 100),
            (SeekFrom::Start(300_000), 4),
            (SeekFrom::Start(199_999), 4),
        ];
        for (to, count) in moves {
            assert_eq!(ours.seek(to).unwrap(), theirs.seek(to).unwrap(), "{to:?}");
            let (mut a, mut b) = (Vec::new(), Vec::new());
            ours.by_ref().take(count).read_to_end(&mut a).unwrap();
            theirs.by_ref().take(count).read_to_end(&mut b).unwrap();
            assert_eq!(a, b, "{to:?}");
            assert_eq!(ours.stream_position().unwrap(), theirs.stream_position().unwrap());
        }
        assert!(ours.seek(SeekFrom::End(-300_000)).is_err());
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        struct Huge;
        impl ByteSource for Huge {
            fn len(&self) -> io::Result<u64> {
                Ok(3 << 30)
            }
            fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
                assert!(offset + (buf.len() as u64) < 1 << 20, "must not be read");
                Ok(buf.len())
            }
        }
        let load = |needed| Bytes::new(&Huge).unwrap().load(needed, &Limits::default(), &|| false);
        assert!(matches!(load(true), Err(MediaError::TooLarge { .. })));
        assert!(matches!(load(false), Ok(Bytes::Source { .. })));
    }
}
