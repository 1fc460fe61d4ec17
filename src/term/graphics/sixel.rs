//! Sixel (DEC STD 070, VT340): bands of six rows, one run-length coded line for each colour of a band.

mod cut;

use super::{Fit, Level, Pixels, iterm::at_cell, palette};
pub use cut::show_part;

/// Colours of a picture; xterm and most others have 256 registers.
const COLOURS: u16 = 256;
/// Colours of a picture that a slow link has to carry, and how far apart neighbours may be that become one.
const FEW_COLOURS: [(u16, u32); 4] = [(64, 400), (64, 1000), (40, 1600), (24, 2500)];
/// The most bytes of a good picture, before more of its grain is given up.
const GOOD_WIRE: usize = 250_000;
/// About how many lines of pixels a strip has: a key waits for one strip at most.
const STRIP: u16 = 80;

/// A picture as sixel sequences, one for each strip of it, so that a key never waits for a whole picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sixel {
    /// The sequences from the top, without cursor moves.
    pub strips: Vec<Vec<u8>>,
    /// Rows of cells that each strip but the last takes.
    pub strip_rows: u16,
    /// Every pixel has its own colour (within the protocol's 101 steps a channel).
    pub exact: bool,
    /// It fills its cells to the last pixel.
    pub whole: bool,
}

/// Encodes for cells of a height in pixels: 256 colours at the exact level, 64 smoothed ones or fewer else. Every strip
/// takes whole rows of cells and defines the colours that it uses, because terminals may forget them between sequences.
/// Where the colour of the ground is known the picture stands in the middle of its cells and fills the rest of them with
/// it; else it begins in their corner and leaves the rest alone.
#[must_use]
pub fn encode(pixels: Pixels<'_>, fit: &Fit, level: Level, (cell_height, ground): (u16, Option<[u8; 3]>)) -> Sixel {
    let cut = |indexed: &palette::Indexed| match ground {
        Some(ground) => strips(&on_ground(pixels.width(), indexed, fit, ground), fit.canvas.0, cell_height, true),
        None => strips(indexed, pixels.width(), cell_height, false),
    };
    if level == Level::Exact {
        return cut(&palette::reduce(pixels, COLOURS - u16::from(ground.is_some())));
    }
    let mut sixel = Sixel { strips: Vec::new(), strip_rows: 1, exact: false, whole: false };
    for (colours, tolerance) in FEW_COLOURS {
        sixel = cut(&palette::smoothed(pixels, colours, tolerance));
        if sixel.strips.iter().map(Vec::len).sum::<usize>() <= GOOD_WIRE {
            break;
        }
    }
    sixel
}

/// The picture in the middle of its cells, with one more colour around it. A picture larger than its cells is cut.
fn on_ground(width: u32, picture: &palette::Indexed, fit: &Fit, ground: [u8; 3]) -> palette::Indexed {
    let (across, down) = (fit.canvas.0 as usize, fit.canvas.1 as usize);
    let mut palette = picture.palette.clone();
    let around = u8::try_from(palette.len()).unwrap_or(u8::MAX);
    palette.push(ground);
    let mut indices = vec![around; across * down];
    let rows = indices.chunks_exact_mut(across.max(1)).skip(fit.offset.1 as usize);
    for (to, from) in rows.zip(picture.indices.chunks_exact((width as usize).max(1))) {
        let cells = to.iter_mut().skip(fit.offset.0 as usize);
        cells.zip(from).for_each(|(to, from)| *to = *from);
    }
    palette::Indexed { palette, indices, exact: picture.exact }
}

fn strips(indexed: &palette::Indexed, width: u32, cell_height: u16, whole: bool) -> Sixel {
    let strip_rows = (STRIP / cell_height.max(1)).max(1);
    let lines = usize::from(strip_rows) * usize::from(cell_height.max(1));
    let width = width as usize;
    let strips = indexed.indices.chunks(width * lines).map(|part| write(width, part, &indexed.palette)).collect();
    Sixel { strips, strip_rows, exact: indexed.exact, whole }
}

/// The sequences that show `sixel` at a cell, 0-based, one for each strip; wrapped when tmux must hand them on.
#[must_use]
pub fn show(sixel: &Sixel, (column, row): (u16, u16), in_tmux: bool) -> Vec<Vec<u8>> {
    let row_of = |index: usize| row.saturating_add(sixel.strip_rows.saturating_mul(u16::try_from(index).unwrap_or(0)));
    sixel.strips.iter().enumerate().map(|(i, strip)| at_cell(strip, column, row_of(i), in_tmux)).collect()
}

fn write(width: usize, indices: &[u8], palette: &[[u8; 3]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(indices.len());
    // P2 = 1: pixels that are not set keep what is below.
    out.extend_from_slice(format!("\x1bP0;1;0q\"1;1;{width};{}", indices.len() / width.max(1)).as_bytes());
    let mut used = [false; 256];
    indices.iter().for_each(|index| used[usize::from(*index)] = true);
    let percent = |v: u8| (u32::from(v) * 100 + 127) / 255;
    for (number, [r, g, b]) in palette.iter().enumerate().filter(|(n, _)| used.get(*n) == Some(&true)) {
        let text = format!("#{number};2;{};{};{}", percent(*r), percent(*g), percent(*b));
        out.extend_from_slice(text.as_bytes());
    }
    let mut masks = vec![0_u8; width * palette.len()];
    for band in indices.chunks(width * 6) {
        write_band(&mut out, band, width, &mut masks);
        out.push(b'-');
    }
    out.pop();
    out.extend_from_slice(b"\x1b\\");
    out
}

/// One band. `masks` is zero between calls: a row of six-bit masks for each colour.
fn write_band(out: &mut Vec<u8>, band: &[u8], width: usize, masks: &mut [u8]) {
    let mut used = [false; 256];
    for (line, row) in band.chunks(width).enumerate() {
        for (x, &colour) in row.iter().enumerate() {
            used[usize::from(colour)] = true;
            if let Some(mask) = masks.get_mut(usize::from(colour) * width + x) {
                *mask |= 1 << line;
            }
        }
    }
    let mut first = true;
    for (colour, _) in used.iter().enumerate().filter(|(_, used)| **used) {
        if !std::mem::take(&mut first) {
            out.push(b'$');
        }
        out.extend_from_slice(format!("#{colour}").as_bytes());
        if let Some(row) = masks.get_mut(colour * width..(colour + 1) * width) {
            write_runs(out, row);
            row.fill(0);
        }
    }
}

fn write_runs(out: &mut Vec<u8>, row: &[u8]) {
    let end = row.iter().rposition(|m| *m != 0).map_or(0, |i| i + 1);
    for run in row.get(..end).unwrap_or_default().chunk_by(|a, b| a == b) {
        let character = run.first().map_or(b'?', |m| m + b'?');
        if run.len() > 3 {
            out.extend_from_slice(format!("!{}", run.len()).as_bytes());
            out.push(character);
        } else {
            out.extend(std::iter::repeat_n(character, run.len()));
        }
    }
}
