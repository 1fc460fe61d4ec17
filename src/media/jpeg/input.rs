//! The bytes of a JPEG from front to back, in pieces: a file of any size costs a quarter of a megabyte.

use super::super::bytes::Bytes;
use std::io;

/// Bytes of one read, between which a caller may cancel.
const PIECE: usize = 256 << 10;

/// A window on the file that only moves forward.
pub(super) struct Input<'a> {
    bytes: &'a Bytes<'a>,
    /// What was read and is not yet used, where the file is not in memory as a whole.
    window: Vec<u8>,
    /// Place of the window in the file.
    start: u64,
    /// Next byte, in the window.
    pub(super) at: usize,
    /// Nothing follows the window.
    pub(super) ended: bool,
}

impl<'a> Input<'a> {
    /// From the start of the file.
    pub(super) fn new(bytes: &'a Bytes<'a>) -> Self {
        let whole = !bytes.whole().is_empty();
        Self { bytes, window: Vec::new(), start: 0, at: 0, ended: whole }
    }

    /// What can be looked at.
    pub(super) fn data(&self) -> &[u8] {
        let whole = self.bytes.whole();
        if whole.is_empty() { &self.window } else { whole }
    }

    /// Sees to it that `count` bytes follow, or that the file ends before them.
    ///
    /// # Errors
    /// What the source says.
    pub(super) fn ensure(&mut self, count: usize) -> io::Result<()> {
        if self.ended || self.data().len().saturating_sub(self.at) >= count {
            return Ok(());
        }
        let used = self.at.min(self.window.len());
        self.window.drain(..used);
        (self.start, self.at) = (self.start + used as u64, self.at - used);
        while !self.ended && self.window.len().saturating_sub(self.at) < count {
            let held = self.window.len();
            self.window.resize(held + PIECE.max(count), 0);
            let place = self.start + held as u64;
            let read = self.bytes.read_at(place, &mut self.window[held..]);
            self.window.truncate(held + *read.as_ref().unwrap_or(&0));
            self.ended = read? == 0;
        }
        Ok(())
    }

    /// The next byte; nothing at the end.
    ///
    /// # Errors
    /// What the source says.
    pub(super) fn byte(&mut self) -> io::Result<Option<u8>> {
        self.ensure(1)?;
        let byte = self.data().get(self.at).copied();
        self.at += usize::from(byte.is_some());
        Ok(byte)
    }

    /// The payload of a segment, whose length comes first; nothing when it is cut.
    ///
    /// # Errors
    /// What the source says.
    pub(super) fn segment(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (Some(high), Some(low)) = (self.byte()?, self.byte()?) else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low])).saturating_sub(2);
        self.ensure(length)?;
        let payload = self.data().get(self.at..self.at + length).map(<[u8]>::to_vec);
        self.at += payload.as_ref().map_or(0, Vec::len);
        Ok(payload)
    }

    /// Moves behind the next marker and gives it; nothing at the end. Stuffed bytes are passed over, so that it also
    /// finds the end of a scan.
    ///
    /// # Errors
    /// What the source says.
    pub(super) fn marker(&mut self) -> io::Result<Option<u8>> {
        loop {
            self.ensure(2)?;
            let rest = self.data().get(self.at..).unwrap_or_default();
            let found = rest.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF));
            match found {
                Some(place) => {
                    let marker = rest[place + 1];
                    self.at += place + 2;
                    return Ok(Some(marker));
                }
                None if self.ended => return Ok(None),
                // The last byte may be the first half of a marker.
                None => self.at += rest.len().saturating_sub(1),
            }
        }
    }
}
