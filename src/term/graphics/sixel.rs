//! Sixel (DEC STD 070, VT340): bands of six rows, one run-length coded line for each colour of a band.

use super::{Pixels, iterm::at_cell, palette};
use crate::term::tmux;

/// The most bytes of one picture inside tmux.
const MAX_IN_TMUX: usize = tmux::MAX_PASSTHROUGH - 4096;

/// A picture as one sixel sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sixel {
    /// The whole sequence, without a cursor move.
    pub data: Vec<u8>,
    /// Every pixel has its own colour (within the protocol's 101 steps a channel).
    pub exact: bool,
}

/// Encodes with up to `colours` (2-256) colours. Inside tmux fewer colours are taken until it fits in one wrap.
#[must_use]
pub fn encode(pixels: Pixels<'_>, colours: u16, in_tmux: bool) -> Sixel {
    let mut colours = colours.clamp(2, 256);
    loop {
        let indexed = palette::reduce(pixels, colours);
        let data = write(pixels, &indexed);
        if !in_tmux || data.len() <= MAX_IN_TMUX || colours <= 8 {
            return Sixel { data, exact: indexed.exact };
        }
        colours /= 2;
    }
}

/// The sequence that shows `sixel` at a cell, 0-based; wrapped when tmux must hand it on.
#[must_use]
pub fn show(sixel: &Sixel, (column, row): (u16, u16), in_tmux: bool) -> Vec<u8> {
    at_cell(&sixel.data, column, row, in_tmux)
}

fn write(pixels: Pixels<'_>, indexed: &palette::Indexed) -> Vec<u8> {
    let width = pixels.width() as usize;
    let mut out = Vec::with_capacity(indexed.indices.len());
    // P2 = 1: pixels that are not set keep what is below.
    out.extend_from_slice(format!("\x1bP0;1;0q\"1;1;{};{}", pixels.width(), pixels.height()).as_bytes());
    let percent = |v: u8| (u32::from(v) * 100 + 127) / 255;
    for (number, [r, g, b]) in indexed.palette.iter().enumerate() {
        let text = format!("#{number};2;{};{};{}", percent(*r), percent(*g), percent(*b));
        out.extend_from_slice(text.as_bytes());
    }
    let mut masks = vec![0_u8; width * indexed.palette.len()];
    for band in indexed.indices.chunks(width * 6) {
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
