//! A part of a TIFF: only the tiles or strips that hold it are read and decoded.
//!
//! Satellite pictures are cut into tiles for just this: a look at a corner of a hundred megapixels costs that corner.

use super::{Grid, TiffPicture};
use std::num::NonZeroUsize;
use tiff::decoder::{DecodingSampleType, TiffCodingUnit};
use tiff::{ColorType, TiffError, TiffResult};

/// The tiles or strips that hold a part.
pub(super) struct Region {
    /// The part, in a buffer of its own.
    pub(super) grid: Grid,
    /// Bits of a pixel in each plane.
    bits: usize,
    /// Pixels of a tile or strip, across and down.
    chunk: (u32, u32),
    /// First and last of them that are needed, across and down, the last not included.
    columns: (u32, u32),
    rows: (u32, u32),
    /// How many make a row of the picture.
    across: u32,
}

impl TiffPicture<'_> {
    /// What has to be decoded of a part in stored pixels (left, top, right and bottom); nothing where that is all of the
    /// picture, or where colours depend on values elsewhere: measurements are stretched by all that there are.
    pub(super) fn region(&self, part: [u32; 4], kind: DecodingSampleType) -> Option<Region> {
        if self.is_measured(kind) {
            return None;
        }
        let planar = self.layout.planes > 1;
        let bits = usize::from(self.colour.bit_depth()) * if planar { 1 } else { self.samples() };
        let (wide, high) = self.decoder.chunk_dimensions();
        let chunk = (wide.min(self.width), high.min(self.height));
        // Rows of tiles are put together in whole bytes.
        let ragged = wide < self.width && !(wide as usize * bits).is_multiple_of(8);
        if chunk.0 == 0 || chunk.1 == 0 || ragged || (planar && !bits.is_multiple_of(8)) {
            return None;
        }
        let [left, top, right, bottom] = part;
        let left = if bits.is_multiple_of(8) { left } else { left / 8 * 8 };
        let (right, bottom) = (right.min(self.width), bottom.min(self.height));
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        if width == 0 || height == 0 {
            return None;
        }
        let (columns, rows) = ((left / chunk.0, right.div_ceil(chunk.0)), (top / chunk.1, bottom.div_ceil(chunk.1)));
        let across = self.width.div_ceil(chunk.0);
        let needed = u64::from(columns.1 - columns.0) * u64::from(rows.1 - rows.0);
        let all = u64::from(across) * u64::from(self.height.div_ceil(chunk.1));
        let row = (width as usize * bits).div_ceil(8);
        let plane = row * height as usize;
        let grid = Grid { left, top, width, height, row, plane: if planar { plane } else { 0 } };
        (needed < all).then_some(Region { grid, bits, chunk, columns, rows, across })
    }

    /// Whether the colours that are shown come from the range of all values.
    fn is_measured(&self, kind: DecodingSampleType) -> bool {
        let full = matches!(
            self.colour,
            ColorType::Gray(16) | ColorType::RGB(16) | ColorType::RGBA(16) | ColorType::CMYK(16) | ColorType::CMYKA(16)
        );
        let eight_bit = self.colour.bit_depth() <= 8 && kind == DecodingSampleType::U8;
        let direct = self.is_direct(kind) || eight_bit || (full && kind == DecodingSampleType::U16);
        !direct
    }

    /// Bytes that reading a region takes besides its own.
    pub(super) fn chunk_bytes(&self, region: &Region) -> u64 {
        let row = (region.chunk.0 as usize * region.bits).div_ceil(8);
        (row * region.chunk.1 as usize * self.layout.planes.max(1)) as u64
    }

    /// Decodes the tiles or strips, and puts what is wanted of them together.
    pub(super) fn read_region(&mut self, region: &Region) -> TiffResult<Vec<u8>> {
        let planes = self.layout.planes.max(1);
        let mut out = vec![0; region.grid.row * region.grid.height as usize * planes];
        let mut buffer = Vec::new();
        for row in region.rows.0..region.rows.1 {
            for column in region.columns.0..region.columns.1 {
                let unit = TiffCodingUnit(row * region.across + column);
                let layout = self.decoder.image_coding_unit_layout(unit)?;
                buffer.clear();
                // The length that is announced forgets that rows of bits end at whole bytes.
                let most = usize::try_from(self.chunk_bytes(region)).unwrap_or(usize::MAX);
                buffer.resize(layout.complete_len.max(most), 0);
                self.decoder.read_coding_unit_bytes(unit, &mut buffer)?;
                let stride = layout.row_stride.map_or(0, NonZeroUsize::get);
                let plane = layout.plane_stride.map_or(buffer.len(), NonZeroUsize::get);
                for index in 0..planes {
                    let from = buffer.get(index * plane..).unwrap_or_default();
                    let to = out.get_mut(index * region.grid.plane..).unwrap_or_default();
                    region.copy((column, row), (from, stride), to).ok_or(TiffError::IntSizeError)?;
                }
            }
        }
        Ok(out)
    }
}

impl Region {
    /// Copies what a tile or strip, decoded with rows of `stride` bytes, has of the part.
    fn copy(&self, (column, row): (u32, u32), (from, stride): (&[u8], usize), to: &mut [u8]) -> Option<()> {
        let grid = &self.grid;
        let overlap = |index: u32, side: u32, start: u32, length: u32| {
            let first = index * side;
            (start.max(first), (start + length).min(first.saturating_add(side)), first)
        };
        let (x, right, left) = overlap(column, self.chunk.0, grid.left, grid.width);
        let (y, bottom, top) = overlap(row, self.chunk.1, grid.top, grid.height);
        let bytes = |pixels: u32| (pixels as usize * self.bits) / 8;
        let count = ((right - x) as usize * self.bits).div_ceil(8);
        for line in y..bottom {
            let source = (line - top) as usize * stride + bytes(x - left);
            let target = (line - grid.top) as usize * grid.row + bytes(x - grid.left);
            to.get_mut(target..target + count)?.copy_from_slice(from.get(source..source + count)?);
        }
        Some(())
    }
}
