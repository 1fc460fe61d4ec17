//! iTerm2 inline images (iterm2.com/documentation-images.html), also of WezTerm, mintty, Konsole and xterm.js.

use super::jpeg::{self, Loss};
use super::{GraphicsError, Level, Pixels, palette, png};
use crate::term::{seq, tmux};

/// The most bytes iTerm2 (from 3.5) and tmux take in one sequence, with room for what stands around the data.
const MAX_SEQUENCE: usize = tmux::MAX_PASSTHROUGH - 4096;
/// The structural similarity of a good picture, as [`jpeg`] foretells it.
const GOOD: f32 = 0.939;
/// How coarse a first paint is, the finest first, and the bytes on the line it should fit in.
const FIRST_SCALES: [f32; 6] = [0.6, 0.8, 1.2, 1.8, 2.8, 4.5];
const FIRST: usize = 6_900;
/// Base64 bytes of one part of a multipart file.
const PART: usize = 256 * 1024;

/// A picture file for the terminal, and whether it holds the exact pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// PNG or JPEG.
    pub data: Vec<u8>,
    /// Without loss.
    pub exact: bool,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

/// Encodes for a level: exact is PNG, as is what has at most 255 colours. The others are JPEG: the good picture as small
/// as its similarity allows, the first paint of a quarter of the resolution, which the terminal enlarges, and as coarse
/// as its bytes demand.
///
/// # Errors
/// An encoder failed.
pub fn encode(pixels: Pixels<'_>, level: Level) -> Result<File, GraphicsError> {
    let size = (pixels.width(), pixels.height());
    if level == Level::Exact || palette::exact(pixels, 255).is_some() {
        return Ok(File { data: png::encode(pixels, None)?, exact: true, size });
    }
    if level == Level::Good {
        return Ok(File { data: jpeg::encode(pixels, Loss::Similarity(GOOD))?, exact: false, size });
    }
    let size = (size.0.div_ceil(4).max(1), size.1.div_ceil(4).max(1));
    let rgb = super::blocks::sample(pixels, size.0 as usize, size.1 as usize).concat();
    let small = Pixels::new(&rgb, size.0, size.1)?;
    let mut data = Vec::new();
    for scale in FIRST_SCALES {
        data = jpeg::encode(small, Loss::Scale(scale))?;
        if data.len() * 4 / 3 <= FIRST {
            break;
        }
    }
    Ok(File { data, exact: false, size: (pixels.width(), pixels.height()) })
}

/// The sequences that show `file` at a cell (0-based). `columns` and `rows` are what it covers.
#[must_use]
pub fn show(file: &File, (column, row): (u16, u16), (columns, rows): (u16, u16), in_tmux: bool) -> Vec<Vec<u8>> {
    let encoded = base64_simd::STANDARD.encode_to_string(&file.data);
    let about = format!(
        "inline=1;size={};width={columns};height={rows};preserveAspectRatio=1;doNotMoveCursor=1",
        file.data.len()
    );
    let sequences: Vec<Vec<u8>> = if encoded.len() <= MAX_SEQUENCE {
        vec![format!("\x1b]1337;File={about}:{encoded}\x07").into_bytes()]
    } else {
        let parts = encoded.as_bytes().chunks(PART).map(|p| [b"\x1b]1337;FilePart=", p, b"\x07"].concat());
        std::iter::once(format!("\x1b]1337;MultipartFile={about}\x07").into_bytes())
            .chain(parts)
            .chain(std::iter::once(b"\x1b]1337;FileEnd\x07".to_vec()))
            .collect()
    };
    sequences.iter().map(|s| at_cell(s, column, row, in_tmux)).collect()
}

/// A sequence after the cursor was moved; inside tmux together in one wrap, because only there the cursor is known.
pub(super) fn at_cell(sequence: &[u8], column: u16, row: u16, in_tmux: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(sequence.len() + 32);
    if in_tmux {
        out.extend_from_slice(seq::SAVE_CURSOR);
    }
    seq::move_to(&mut out, column, row);
    out.extend_from_slice(sequence);
    if !in_tmux {
        return out;
    }
    out.extend_from_slice(seq::RESTORE_CURSOR);
    tmux::wrap(&out)
}
