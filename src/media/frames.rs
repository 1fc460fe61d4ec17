//! Frames and pages counted, and the stored colour type read, by walking a file's blocks; bounded in steps.

use super::bytes::{Bytes, Reader};
use super::sniff::Format;
use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

/// More are not counted.
const FRAMES: u32 = 10_000;
/// Blocks that are walked over; a file of more gives what was counted so far.
const BLOCKS: usize = 1_000_000;
/// A walk ends here when the file is not in memory: each further step may be a request.
const WALK: u64 = 8 << 20;

/// Frames of an animation or pages of a document, at least 1.
pub(super) fn count(bytes: &Bytes<'_>, format: Format) -> u32 {
    let reader = &mut bytes.reader();
    let end = if bytes.whole().is_empty() { WALK.min(bytes.len()) } else { bytes.len() };
    let counted = match format {
        Format::Gif => gif(reader, end),
        Format::Png => png_chunk(reader, *b"acTL").map(|data| be32(&data)),
        Format::WebP => webp(reader, end),
        Format::Tiff => tiff(reader),
        _ => None,
    };
    counted.unwrap_or(1).clamp(1, FRAMES)
}

/// What a PNG or GIF stores, which the decoders hide because they expand it.
pub(super) fn stored_colour(bytes: &Bytes<'_>, format: Format) -> Option<String> {
    if format == Format::Gif {
        return Some("palette 8 bit".to_owned());
    }
    let header = (format == Format::Png).then(|| png_chunk(&mut bytes.reader(), *b"IHDR"))??;
    let [.., depth, kind, _, _, _] = header.as_slice() else { return None };
    let kind = match kind {
        0 => "grey",
        2 => "rgb",
        3 => "palette",
        4 => "grey + alpha",
        6 => "rgb + alpha",
        _ => return None,
    };
    Some(format!("{kind} {depth} bit"))
}

fn array<const N: usize>(reader: &mut Reader<'_>) -> Option<[u8; N]> {
    let mut out = [0; N];
    reader.read_exact(&mut out).ok().map(|()| out)
}

fn skip(reader: &mut Reader<'_>, count: u64) -> Option<()> {
    reader.seek(SeekFrom::Current(i64::try_from(count).ok()?)).ok().map(|_| ())
}

fn be32(data: &[u8]) -> u32 {
    data.first_chunk().map_or(0, |b| u32::from_be_bytes(*b))
}

/// The first bytes of a chunk that stands before the picture's data.
fn png_chunk(reader: &mut Reader<'_>, wanted: [u8; 4]) -> Option<Vec<u8>> {
    skip(reader, 8)?;
    for _ in 0..4096 {
        let length = u32::from_be_bytes(array(reader)?);
        let kind: [u8; 4] = array(reader)?;
        if kind == wanted {
            let mut data = Vec::new();
            reader.take(u64::from(length.min(64))).read_to_end(&mut data).ok()?;
            return Some(data);
        }
        if &kind == b"IDAT" {
            return None;
        }
        skip(reader, u64::from(length) + 4)?;
    }
    None
}

fn gif(reader: &mut Reader<'_>, end: u64) -> Option<u32> {
    let header: [u8; 13] = array(reader)?;
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    skip(reader, table(header[10]))?;
    let mut frames = 0;
    let mut blocks = 0;
    while blocks < BLOCKS && frames < FRAMES && reader.stream_position().ok()? < end {
        match array::<1>(reader) {
            Some([0x2C]) => {
                let Some(descriptor) = array::<9>(reader) else { break };
                frames += 1;
                skip(reader, table(descriptor[8]) + 1)?;
            }
            Some([0x21]) => skip(reader, 1)?,
            _ => break,
        }
        while let Some([length]) = array::<1>(reader).filter(|b| b[0] != 0) {
            skip(reader, length.into())?;
            blocks += 1;
            if blocks >= BLOCKS || reader.stream_position().ok()? >= end {
                break;
            }
        }
    }
    Some(frames)
}

fn webp(reader: &mut Reader<'_>, end: u64) -> Option<u32> {
    skip(reader, 12)?;
    let mut frames = 0;
    for _ in 0..BLOCKS {
        let Some(kind) = array::<4>(reader) else { break };
        let length = u64::from(u32::from_le_bytes(array(reader)?));
        frames += u32::from(&kind == b"ANMF");
        skip(reader, length + (length & 1))?;
        if frames >= FRAMES || reader.stream_position().ok()? >= end {
            break;
        }
    }
    Some(frames)
}

/// Directories of a TIFF or BigTIFF; a chain that loops ends where it meets itself.
fn tiff(reader: &mut Reader<'_>) -> Option<u32> {
    let head: [u8; 4] = array(reader)?;
    let little = head[0] == b'I';
    let big = head[if little { 2 } else { 3 }] == 43;
    let number = |reader: &mut Reader<'_>, size: usize| -> Option<u64> {
        let mut bytes = [0; 8];
        reader.read_exact(bytes.get_mut(..size)?).ok()?;
        Some(if little { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) >> (8 * (8 - size)) })
    };
    let (offset, count, entry) = if big { (8, 8, 20) } else { (4, 2, 12) };
    if big {
        skip(reader, 4)?;
    }
    let mut seen = HashSet::new();
    let mut next = number(reader, offset)?;
    while next != 0 && seen.len() < FRAMES as usize && seen.insert(next) {
        let read = |reader: &mut Reader<'_>| {
            reader.seek(SeekFrom::Start(next)).ok()?;
            let entries = number(reader, count)?.min(1 << 20);
            skip(reader, entries * entry)?;
            number(reader, offset)
        };
        match read(reader) {
            Some(following) => next = following,
            None => break,
        }
    }
    u32::try_from(seen.len()).ok()
}
