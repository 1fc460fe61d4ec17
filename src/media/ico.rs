//! Icons that hold PNGs of any kind: the decoder for icons takes only those of 8-bit RGBA.

use super::bytes::Bytes;
use std::io::{Read, Seek, SeekFrom};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Icons are small; a larger entry is not unpacked.
const ENTRY: u32 = 32 << 20;

/// The largest picture of the icon, where it is a PNG (the directory is described in the ICO format of Windows: six bytes,
/// then sixteen for each entry).
pub(super) fn largest_png(bytes: &Bytes<'_>) -> Option<Vec<u8>> {
    let reader = &mut bytes.reader();
    let mut head = [0; 6];
    reader.read_exact(&mut head).ok()?;
    let count = u16::from_le_bytes([head[4], head[5]]);
    let mut best: Option<(u32, [u8; 16])> = None;
    for _ in 0..count {
        let mut entry = [0; 16];
        if reader.read_exact(&mut entry).is_err() {
            break;
        }
        // A side of 256 is written as 0; among entries of one size the deepest wins.
        let side = |byte: u8| u32::from(byte.wrapping_sub(1)) + 1;
        let depth = u32::from(u16::from_le_bytes([entry[6], entry[7]]).min(255));
        let score = side(entry[0]) * side(entry[1]) * 256 + depth;
        if best.is_none_or(|(top, _)| score > top) {
            best = Some((score, entry));
        }
    }
    let (_, entry) = best?;
    let field = |at: usize| entry.get(at..at + 4)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    let (length, offset) = (field(8)?, field(12)?);
    reader.seek(SeekFrom::Start(offset.into())).ok()?;
    let mut data = Vec::new();
    reader.take(length.min(ENTRY).into()).read_to_end(&mut data).ok()?;
    data.starts_with(PNG).then_some(data)
}
