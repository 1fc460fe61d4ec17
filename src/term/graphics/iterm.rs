//! iTerm2 inline images (iterm2.com/documentation-images.html), also of WezTerm, mintty, Konsole and xterm.js.

use super::jpeg::{self, Loss};
use super::{Cells, Fit, GraphicsError, Level, Pixels, padded_rgba, palette, png};
use crate::term::{seq, tmux};

/// The structural similarity of a good picture, as [`jpeg`] foretells it.
const GOOD: f32 = 0.939;
/// How coarse a first paint is, the finest first, and the bytes on the line it should fit in.
const FIRST_SCALES: [f32; 6] = [0.6, 0.8, 1.2, 1.8, 2.8, 4.5];
const FIRST: usize = 6_900;
/// Bytes of exact pixels that are sent as one file; more are sent in strips.
const ONE_FILE: usize = 128 * 1024;
/// About how many lines of pixels a strip has: a key waits for one strip at most.
const STRIP: u32 = 24;

/// A picture as files for the terminal, and whether they hold the exact pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// PNG or JPEG: one file for the whole picture, or one for each strip of its cells from the top, so that a key never
    /// waits for a whole picture.
    pub files: Vec<Vec<u8>>,
    /// Rows of cells that each strip but the last takes; 0 for a file of the whole picture.
    pub strip_rows: u16,
    /// Without loss.
    pub exact: bool,
}

impl File {
    fn whole(data: Vec<u8>, exact: bool) -> Self {
        Self { files: vec![data], strip_rows: 0, exact }
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.files.iter().map(Vec::len).sum()
    }
}

/// Encodes for a level: exact is PNG, as is what has at most 255 colours. The others are JPEG: the good picture as small
/// as its similarity allows, the first paint of a quarter of the resolution, which the terminal enlarges, and as coarse
/// as its bytes demand. Cells are `cell_height` pixels high.
///
/// # Errors
/// An encoder failed.
pub fn encode(pixels: Pixels<'_>, fit: &Fit, level: Level, cell_height: u16) -> Result<File, GraphicsError> {
    let size = (pixels.width(), pixels.height());
    if palette::exact(pixels, 255).is_some() {
        return Ok(File::whole(png::encode(pixels, None)?, true));
    }
    match level {
        Level::Exact if pixels.rgb().len() > ONE_FILE && size == fit.picture => strips(pixels, fit, cell_height),
        Level::Exact => Ok(File::whole(png::encode(pixels, None)?, true)),
        Level::Good => Ok(File::whole(jpeg::encode(pixels, Loss::Similarity(GOOD))?, false)),
        Level::First => first(pixels),
    }
}

fn first(pixels: Pixels<'_>) -> Result<File, GraphicsError> {
    let (width, height) = (pixels.width().div_ceil(4).max(1), pixels.height().div_ceil(4).max(1));
    let rgb = super::blocks::sample(pixels, width as usize, height as usize).concat();
    let small = Pixels::new(&rgb, width, height)?;
    let mut data = Vec::new();
    for scale in FIRST_SCALES {
        data = jpeg::encode(small, Loss::Scale(scale))?;
        if data.len() * 4 / 3 <= FIRST {
            break;
        }
    }
    Ok(File::whole(data, false))
}

/// Strips of whole rows of cells, each as wide as the cells that the picture takes.
fn strips(pixels: Pixels<'_>, fit: &Fit, cell_height: u16) -> Result<File, GraphicsError> {
    let cell = u32::from(cell_height.max(1));
    let rows = (STRIP / cell).max(1);
    let padded = fit.canvas != fit.picture;
    let data = if padded { padded_rgba(pixels, fit) } else { pixels.rgb().to_vec() };
    let line = fit.canvas.0 as usize * if padded { 4 } else { 3 };
    let strip = |part: &[u8]| png::lossless(part, (fit.canvas.0, (part.len() / line.max(1)) as u32), padded);
    let files = data.chunks(line * (rows * cell) as usize).map(strip).collect::<Result<_, _>>()?;
    Ok(File { files, strip_rows: u16::try_from(rows).unwrap_or(u16::MAX), exact: true })
}

/// The sequences that show `file` at a cell (0-based), one for each strip. `columns` and `rows` are what it covers.
#[must_use]
pub fn show(file: &File, at: (u16, u16), (columns, rows): (u16, u16), in_tmux: bool) -> Vec<Vec<u8>> {
    let sequence = |(index, data): (usize, &Vec<u8>)| {
        let above = file.strip_rows.saturating_mul(u16::try_from(index).unwrap_or(u16::MAX)).min(rows);
        let rows = match file.strip_rows {
            0 => rows,
            most => (rows - above).min(most),
        };
        place(data, at, Cells { column: 0, row: above, columns, rows }, (file.strip_rows == 0, in_tmux))
    };
    file.files.iter().enumerate().map(sequence).collect()
}

/// The sequences that draw the cells `part` of the `columns` and `rows` that `file` covers from the cell `at` on, and the
/// cells that they draw: of a file in strips whole rows of cells, or those of `part` alone where it is narrow. Nothing
/// where the file is one piece, because only the terminal knows how it scales it.
#[must_use]
pub fn show_part(
    file: &File,
    part: Cells,
    (columns, rows): (u16, u16),
    at: (u16, u16),
    in_tmux: bool,
) -> Option<(Vec<Vec<u8>>, Cells)> {
    let tall = (file.strip_rows > 0).then_some(file.strip_rows)?;
    let bottom = part.row.saturating_add(part.rows).min(rows);
    let (first, end) = (part.row / tall, bottom.div_ceil(tall));
    // To cut is to decode and to encode again, which pays where little is left.
    let narrow = part.columns <= columns / 2;
    let (column, wide) = if narrow { (part.column, part.columns) } else { (0, columns) };
    let mut out = Vec::new();
    for index in first..end {
        let row = index * tall;
        let data = file.files.get(usize::from(index))?;
        let cells = Cells { column, row, columns: wide, rows: tall.min(rows - row) };
        out.push(match narrow {
            true => place(&png::columns(data, (column, wide), columns)?, at, cells, (false, in_tmux)),
            false => place(data, at, cells, (false, in_tmux)),
        });
    }
    let row = first * tall;
    Some((out, Cells { column, row, columns: wide, rows: (end * tall).min(rows) - row }))
}

/// The sequence that shows a file in cells of a picture that begins at a cell.
fn place(data: &[u8], at: (u16, u16), cells: Cells, (keep, in_tmux): (bool, bool)) -> Vec<u8> {
    let Cells { column, row, columns, rows } = cells;
    let encoded = base64_simd::STANDARD.encode_to_string(data);
    let text = format!(
        "\x1b]1337;File=inline=1;size={};width={columns};height={rows};preserveAspectRatio={};\
         doNotMoveCursor=1:{encoded}\x07",
        data.len(),
        u8::from(keep),
    );
    at_cell(text.as_bytes(), at.0.saturating_add(column), at.1.saturating_add(row), in_tmux)
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
