//! What an OpenEXR file needs to be decoded, which the size of its picture does not tell.
//!
//! Why: the pixels of a file fill its data window, which may be any other rectangle than the window that is displayed, and
//! they come in blocks that are held whole. The decoder knows no limit for either: some hundred bytes can ask for
//! gigabytes. What always holds: no file is decoded whose data window or whose blocks are beyond the limits.
//! Source: "OpenEXR File Layout", the attributes `dataWindow`, `displayWindow`, `compression` and `tiles`.

use super::super::bytes::Reader;
use super::super::error::MediaError;
use super::super::limits::Limits;
use exr::meta::header::Header;
use exr::meta::{BlockDescription, MetaData};
use std::io::BufReader;

/// A block as it is in the file, unpacked, and with its bytes put in order.
const COPIES: u64 = 3;
/// Bytes that are held for each block besides.
const ENTRY: u64 = 16;

/// Refuses a file that would take too much. One that cannot be read is left to the decoder, which says why.
pub(super) fn check(reader: Reader<'_>, limits: &Limits) -> Result<(), MediaError> {
    let Ok(meta) = MetaData::read_from_buffered(BufReader::new(reader), false) else { return Ok(()) };
    meta.headers.iter().try_for_each(|header| part(header, limits))
}

fn part(header: &Header, limits: &Limits) -> Result<(), MediaError> {
    let side = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let (width, height) = (side(header.layer_size.width()), side(header.layer_size.height()));
    limits.check_pixels(width, height)?;
    let pixels = match header.blocks {
        BlockDescription::ScanLines => {
            u64::from(width).saturating_mul(header.compression.scan_lines_per_block() as u64)
        }
        BlockDescription::Tiles(tiles) => {
            let (width, height) = (side(tiles.tile_size.width()), side(tiles.tile_size.height()));
            limits.check_pixels(width, height)?;
            u64::from(width) * u64::from(height)
        }
    };
    let block = pixels.saturating_mul(header.channels.bytes_per_pixel as u64);
    let entries = (header.chunk_count as u64).saturating_mul(ENTRY);
    limits.check_memory(block.saturating_mul(COPIES).saturating_add(entries))
}
