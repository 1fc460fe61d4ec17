//! Pictures as bytes or cells: pure encoders for each protocol. They know no file, no screen and no state.
//!
//! What always holds: a picture is given as RGB, 8 bits a channel, rows from the top, no gaps; every sequence stays
//! below the limits of tmux (1 MiB) and of the Kitty protocol (4096 bytes a chunk); nothing sends `CSI 2 J`.

pub mod ascii;
pub mod blocks;
mod deflate;
pub mod iterm;
mod jpeg;
pub mod kitty;
pub mod marks;
pub mod palette;
mod photo;
pub mod placeholder;
pub mod png;
mod scene;
pub mod shared;
pub mod sixel;
mod tones;
mod trace;

/// How close to the pixels of the decoded picture, for how many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// First paint: a quarter of the resolution, few colours.
    First,
    /// Full resolution, few colours or a lossy file: what a slow link can carry for every picture.
    Good,
    /// Every pixel as it was decoded, as far as the protocol can.
    Exact,
}

/// Why a picture could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum GraphicsError {
    /// The pixels do not have the size they claim, or none at all.
    #[error("the picture is said to be {width} x {height} pixels, but has {bytes} bytes")]
    Size {
        /// Claimed width.
        width: u32,
        /// Claimed height.
        height: u32,
        /// Bytes there are.
        bytes: usize,
    },
    /// An encoder refused it.
    #[error("the picture could not be encoded as {format}: {reason}")]
    Encode {
        /// The format.
        format: &'static str,
        /// The encoder's reason.
        reason: String,
    },
}

/// A picture: RGB, 8 bits a channel, rows from the top.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    rgb: &'a [u8],
    width: u32,
    height: u32,
}

impl<'a> Pixels<'a> {
    /// Wraps `rgb`, which must hold `3 * width * height` bytes and at least one pixel.
    ///
    /// # Errors
    /// The size does not fit.
    pub fn new(rgb: &'a [u8], width: u32, height: u32) -> Result<Self, GraphicsError> {
        let expected = (width as usize).checked_mul(height as usize).and_then(|n| n.checked_mul(3));
        if expected != Some(rgb.len()) || rgb.is_empty() {
            return Err(GraphicsError::Size { width, height, bytes: rgb.len() });
        }
        Ok(Self { rgb, width, height })
    }

    /// The bytes.
    #[must_use]
    pub fn rgb(&self) -> &'a [u8] {
        self.rgb
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The rows, from the top.
    pub fn rows(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.rgb.chunks_exact(self.width as usize * 3)
    }
}

/// How a picture stands in a box of cells: centred, on whole cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Cells from the left edge of the box.
    pub column: u16,
    /// Cells from its top edge.
    pub row: u16,
    /// Columns taken, at least 1.
    pub columns: u16,
    /// Rows taken, at least 1.
    pub rows: u16,
    /// Size in pixels of the cells taken.
    pub canvas: (u32, u32),
    /// Where in the canvas the picture begins, in pixels.
    pub offset: (u32, u32),
    /// Size of the picture in the canvas, in pixels; the pixels that are encoded may be fewer.
    pub picture: (u32, u32),
}

/// Fits a picture of `pixels` (width, height), already scaled to the box, into a box of `cells` with cells of `cell`
/// pixels.
#[must_use]
pub fn fit(cells: (u16, u16), cell: (u16, u16), pixels: (u32, u32)) -> Fit {
    let along = |cells: u16, cell: u16, pixels: u32| {
        let (cells, cell) = (cells.max(1), u32::from(cell.max(1)));
        let taken = u16::try_from(pixels.div_ceil(cell)).unwrap_or(u16::MAX).clamp(1, cells);
        let canvas = u32::from(taken) * cell;
        ((cells - taken) / 2, taken, canvas, canvas.saturating_sub(pixels) / 2)
    };
    let (column, columns, width, left) = along(cells.0, cell.0, pixels.0);
    let (row, rows, height, top) = along(cells.1, cell.1, pixels.1);
    Fit { column, row, columns, rows, canvas: (width, height), offset: (left, top), picture: pixels }
}

/// A rectangle of the cells that a picture takes, counted from its first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Columns left of it.
    pub column: u16,
    /// Rows above it.
    pub row: u16,
    /// Columns taken.
    pub columns: u16,
    /// Rows taken.
    pub rows: u16,
}

/// The picture on a transparent canvas of whole cells, as RGBA. A picture larger than the canvas is cut.
#[must_use]
pub fn padded_rgba(pixels: Pixels<'_>, fit: &Fit) -> Vec<u8> {
    let (width, height) = (fit.canvas.0 as usize, fit.canvas.1 as usize);
    let mut out = vec![0; width * height * 4];
    let rows = out.chunks_exact_mut(width * 4).skip(fit.offset.1 as usize);
    for (to, from) in rows.zip(pixels.rows()) {
        let cells = to.chunks_exact_mut(4).skip(fit.offset.0 as usize);
        for (rgba, rgb) in cells.zip(from.chunks_exact(3)) {
            if let ([r, g, b, a], [x, y, z]) = (rgba, rgb) {
                (*r, *g, *b, *a) = (*x, *y, *z, 255);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_centred_on_whole_cells() {
        let fit = fit((80, 40), (10, 20), (800, 601));
        assert_eq!((fit.column, fit.row, fit.columns, fit.rows), (0, 4, 80, 31));
        assert_eq!((fit.canvas, fit.offset), ((800, 620), (0, 9)));
        assert!(Pixels::new(&[0; 11], 2, 2).is_err() && Pixels::new(&[], 0, 0).is_err());
    }

    #[test]
    fn padding_is_transparent_and_the_picture_is_whole() {
        let rgb: Vec<u8> = (0..12).collect();
        let pixels = Pixels::new(&rgb, 2, 2).unwrap();
        let rgba = padded_rgba(pixels, &fit((1, 1), (4, 4), (2, 2)));
        assert_eq!(rgba.len(), 64);
        assert_eq!(&rgba[20..28], [0, 1, 2, 255, 3, 4, 5, 255]);
        assert_eq!(rgba.iter().skip(3).step_by(4).filter(|a| **a == 255).count(), 4);
    }
}
