//! iTerm2 inline images (iterm2.com/documentation-images.html), also of WezTerm, mintty, Konsole and xterm.js.

use super::{GraphicsError, Level, Pixels, palette, png};
use crate::term::{seq, tmux};
use std::borrow::Cow;

/// The most bytes iTerm2 (from 3.5) and tmux take in one sequence, with room for what stands around the data.
const MAX_SEQUENCE: usize = tmux::MAX_PASSTHROUGH - 4096;
/// JPEG qualities of a good picture and of a first paint, the best first, and the bytes on the line they should fit in.
const QUALITIES: [u8; 4] = [62, 58, 50, 42];
const FIRST_QUALITIES: [u8; 4] = [60, 42, 28, 18];
const GOOD: usize = 64_000;
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

/// Encodes for a level: exact is PNG, as is what has at most 256 colours; the others are JPEG, the first paint of a quarter
/// of the resolution, which the terminal enlarges. Noisy pictures give up quality until they fit.
///
/// # Errors
/// An encoder failed.
pub fn encode(pixels: Pixels<'_>, level: Level) -> Result<File, GraphicsError> {
    let size = (pixels.width(), pixels.height());
    if level == Level::Exact || palette::exact(pixels, 255).is_some() {
        return Ok(File { data: png::encode(pixels, None)?, exact: true, size });
    }
    let (rgb, (width, height), qualities, most) = match level {
        Level::First => {
            let (w, h) = (size.0.div_ceil(4).max(1), size.1.div_ceil(4).max(1));
            (Cow::Owned(super::blocks::sample(pixels, w as usize, h as usize).concat()), (w, h), FIRST_QUALITIES, FIRST)
        }
        Level::Good | Level::Exact => (Cow::Borrowed(pixels.rgb()), size, QUALITIES, GOOD),
    };
    let mut data = Vec::new();
    for quality in qualities {
        data = jpeg(&rgb, (width, height), quality)?;
        if data.len() * 4 / 3 <= most {
            break;
        }
    }
    Ok(File { data, exact: false, size })
}

fn jpeg(rgb: &[u8], (width, height): (u32, u32), quality: u8) -> Result<Vec<u8>, GraphicsError> {
    let failed = |reason: String| GraphicsError::Encode { format: "JPEG", reason };
    let side = |n: u32| u16::try_from(n).map_err(|_| failed(format!("{n} pixels are too many for a side")));
    let mut data = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut data, quality);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder
        .encode(rgb, side(width)?, side(height)?, jpeg_encoder::ColorType::Rgb)
        .map_err(|e| failed(e.to_string()))?;
    Ok(data)
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
