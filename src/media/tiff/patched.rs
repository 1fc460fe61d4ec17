//! A TIFF whose decoder is told another photometric interpretation than the file has: it gives palettes only as indices of
//! grey, and the colours are looked up here.

use crate::media::bytes::Reader;
use std::io::{self, Read, Seek, SeekFrom};

const PHOTOMETRIC: u16 = 262;

/// The photometric tag of the first directory: its value, and where it stands in the file.
#[derive(Clone, Copy)]
pub(super) struct Photometric {
    pub(super) at: u64,
    pub(super) value: u16,
    little: bool,
}

impl Photometric {
    /// The bytes that say `black is zero`, under which the decoder gives a palette's indices as grey.
    pub(super) fn black_is_zero(self) -> [u8; 2] {
        if self.little { [1, 0] } else { [0, 1] }
    }
}

pub(super) fn photometric(reader: &mut Reader<'_>) -> Option<Photometric> {
    let mut head = [0; 16];
    reader.read_exact(&mut head[..8]).ok()?;
    let little = head[0] == b'I';
    let number = |bytes: &[u8]| {
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        if little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) }
    };
    let big = number(&head[2..4]) == 43;
    let offset = if big {
        reader.read_exact(&mut head[8..]).ok()?;
        number(&head[8..16])
    } else {
        number(&head[4..8])
    };
    let (count_size, entry_size, value_at) = if big { (8, 20, 12) } else { (2, 12, 8) };
    reader.seek(SeekFrom::Start(offset)).ok()?;
    let mut entry = [0; 20];
    reader.read_exact(&mut entry[..count_size]).ok()?;
    let count = number(&entry[..count_size]).min(4096);
    for index in 0..count {
        reader.read_exact(&mut entry[..entry_size]).ok()?;
        if number(&entry[..2]) == u64::from(PHOTOMETRIC) {
            let at = offset.checked_add(count_size as u64 + index * entry_size as u64 + value_at as u64)?;
            let value = u16::try_from(number(&entry[value_at..value_at + 2])).ok()?;
            return Some(Photometric { at, value, little });
        }
    }
    None
}

/// A reader that shows two bytes of the file as others.
pub(super) struct Patched<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) patch: Option<(u64, [u8; 2])>,
}

impl Read for Patched<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let start = self.reader.stream_position()?;
        let count = self.reader.read(out)?;
        if let Some((at, bytes)) = self.patch {
            for (place, byte) in (at..).zip(bytes) {
                let index = place.checked_sub(start).and_then(|i| usize::try_from(i).ok());
                if let Some(target) = index.filter(|i| *i < count).and_then(|i| out.get_mut(i)) {
                    *target = byte;
                }
            }
        }
        Ok(count)
    }
}

impl Seek for Patched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
