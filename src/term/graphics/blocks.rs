//! Pictures out of block characters: a foreground and a background for each cell, and the pattern that fits best.

use super::{Fit, Level, Pixels};
use crate::term::caps::{BlockKind, Depth, XTERM_16};
use ratatui::style::Color;

/// A cell of a picture made of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureCell {
    /// The character.
    pub symbol: char,
    /// Its colour.
    pub foreground: Color,
    /// The colour behind it.
    pub background: Color,
}

/// Cells in rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellGrid {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// `columns * rows` cells.
    pub cells: Vec<PictureCell>,
}

/// A colour while it is averaged.
pub(super) type Rgb = [u8; 3];

/// Draws the picture on the cells of `fit`.
#[must_use]
pub fn encode(pixels: Pixels<'_>, fit: &Fit, kind: BlockKind, depth: Depth, level: Level) -> CellGrid {
    let (across, down) = kind.dots();
    let (across, down) = (across as usize, down as usize);
    let samples = sample(pixels, usize::from(fit.columns) * across, usize::from(fit.rows) * down);
    let stride = usize::from(fit.columns) * across;
    let mut cells = Vec::with_capacity(usize::from(fit.columns) * usize::from(fit.rows));
    let mut group = Vec::with_capacity(across * down);
    for row in 0..usize::from(fit.rows) {
        for column in 0..usize::from(fit.columns) {
            group.clear();
            for y in 0..down {
                let at = (row * down + y) * stride + column * across;
                group.extend_from_slice(samples.get(at..at + across).unwrap_or_default());
            }
            cells.push(cell(&group, kind, depth));
        }
    }
    CellGrid { columns: fit.columns, rows: fit.rows, cells: within(cells, level) }
}

/// The cells with as few changes of colour as the level has bytes for.
fn within(cells: Vec<PictureCell>, level: Level) -> Vec<PictureCell> {
    let (tolerances, most) = match level {
        Level::First => ([500, 1200, 2500, 6000], 7),
        Level::Good => ([150, 400, 900, 2000], 12),
        Level::Exact => return cells,
    };
    let mut out = Vec::new();
    for tolerance in tolerances {
        out = Vec::with_capacity(cells.len());
        let mut cost = 0;
        for cell in &cells {
            let next = out.last().map_or(*cell, |before| reused(*cell, before, tolerance));
            cost += out.last().map_or(0, |before| change(&next, before));
            out.push(next);
        }
        if cost <= cells.len() * most {
            break;
        }
    }
    out
}

/// About how many bytes a cell costs after another.
fn change(cell: &PictureCell, before: &PictureCell) -> usize {
    let colour = |changed: bool| if changed { 15 } else { 0 };
    let (front, back) = (cell.foreground != before.foreground, cell.background != before.background);
    let around = if front || back { 3 } else { 0 };
    cell.symbol.len_utf8() + colour(front) + colour(back) + around
}

/// The cell with the colours of the one before it, as far as they are within a squared distance: the writer sends only
/// what changes.
fn reused(cell: PictureCell, before: &PictureCell, tolerance: u32) -> PictureCell {
    let pick = |own: Color, old: Color| if close(own, old, tolerance) { old } else { own };
    let (foreground, background) = (pick(cell.foreground, before.foreground), pick(cell.background, before.background));
    // One of two halves that are nearly alike is drawn as a blank in the background.
    if cell.symbol == '▀' && tolerance > 0 && close(foreground, background, tolerance) {
        return PictureCell { symbol: ' ', foreground: before.foreground, background };
    }
    PictureCell { symbol: cell.symbol, foreground, background }
}

fn close(a: Color, b: Color, tolerance: u32) -> bool {
    match (a, b) {
        (Color::Rgb(r, g, b), Color::Rgb(x, y, z)) => {
            let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
            square(r, x) + square(g, y) + square(b, z) <= tolerance
        }
        _ => a == b,
    }
}

/// A picture of as many pixels as it will have dots, for what has to be drawn dot by dot: encoded, it is the same.
#[must_use]
pub fn reduced(pixels: Pixels<'_>, (columns, rows): (u32, u32)) -> Vec<u8> {
    sample(pixels, columns as usize, rows as usize).into_flattened()
}

/// The mean colour of each of `columns` x `rows` equal parts of the picture.
pub(super) fn sample(pixels: Pixels<'_>, columns: usize, rows: usize) -> Vec<Rgb> {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let span = |i: usize, parts: usize, size: usize| {
        let from = (i * size / parts).min(size - 1);
        from..((i + 1) * size / parts).clamp(from + 1, size)
    };
    let mut out = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let lines = span(row, rows, height);
        for column in 0..columns {
            let across = span(column, columns, width);
            let mut sum = [0_u32; 3];
            let count = (lines.len() * across.len()) as u32;
            for y in lines.clone() {
                let part = pixels.rgb().get((y * width + across.start) * 3..(y * width + across.end) * 3);
                for rgb in part.unwrap_or_default().chunks_exact(3) {
                    sum.iter_mut().zip(rgb).for_each(|(s, v)| *s += u32::from(*v));
                }
            }
            out.push(sum.map(|s| u8::try_from((s + count / 2) / count.max(1)).unwrap_or(u8::MAX)));
        }
    }
    out
}

/// Rec. 709 luma, 0-255.
pub(super) fn luma(c: Rgb) -> u8 {
    u8::try_from((u32::from(c[0]) * 54 + u32::from(c[1]) * 183 + u32::from(c[2]) * 19) >> 8).unwrap_or(u8::MAX)
}

fn cell(group: &[Rgb], kind: BlockKind, depth: Depth) -> PictureCell {
    if depth == Depth::Mono {
        let bits = bits(group, |c| luma(c) > 127);
        return PictureCell { symbol: symbol(bits, kind), foreground: Color::Reset, background: Color::Reset };
    }
    if kind == BlockKind::Half {
        let colour = |i: usize| map(group.get(i).copied().unwrap_or_default(), depth);
        return PictureCell { symbol: '▀', foreground: colour(0), background: colour(1) };
    }
    let channel = widest_channel(group);
    let mean = group.iter().map(|c| u32::from(c[channel])).sum::<u32>() / (group.len().max(1) as u32);
    let set = |c: Rgb| u32::from(c[channel]) > mean;
    let foreground = average(group.iter().copied().filter(|c| set(*c)));
    let background = average(group.iter().copied().filter(|c| !set(*c)));
    PictureCell {
        symbol: symbol(bits(group, set), kind),
        foreground: map(foreground.or(background).unwrap_or_default(), depth),
        background: map(background.or(foreground).unwrap_or_default(), depth),
    }
}

/// The channel along which the colours differ most: splitting there keeps the two means closest.
fn widest_channel(group: &[Rgb]) -> usize {
    let range = |i: usize| {
        let low = group.iter().map(|c| c[i]).min().unwrap_or(0);
        group.iter().map(|c| c[i]).max().unwrap_or(0) - low
    };
    // Green first: where all agree, it carries most of the brightness.
    [1, 0, 2].into_iter().max_by_key(|i| (range(*i), *i == 1)).unwrap_or(1)
}

fn average(colours: impl Iterator<Item = Rgb>) -> Option<Rgb> {
    let (mut sum, mut count) = ([0_u32; 3], 0_u32);
    for colour in colours {
        sum.iter_mut().zip(colour).for_each(|(s, v)| *s += u32::from(v));
        count += 1;
    }
    (count > 0).then(|| sum.map(|s| u8::try_from(s / count).unwrap_or(u8::MAX)))
}

fn bits(group: &[Rgb], set: impl Fn(Rgb) -> bool) -> u8 {
    group.iter().take(8).enumerate().fold(0, |bits, (i, c)| bits | u8::from(set(*c)) << i)
}

/// The colour the terminal can show that is closest.
pub fn map(rgb: [u8; 3], depth: Depth) -> Color {
    let [r, g, b] = rgb;
    match depth {
        Depth::True => Color::Rgb(r, g, b),
        Depth::Ansi256 => Color::Indexed(nearest_256(rgb)),
        Depth::Ansi16 => Color::Indexed(nearest_16(rgb)),
        Depth::Mono => Color::Reset,
    }
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    let square = |i: usize| u32::from(a[i].abs_diff(b[i])).pow(2);
    2 * square(0) + 4 * square(1) + square(2)
}

/// The 6x6x6 cube or the 24 greys of the 256-colour palette.
fn nearest_256(rgb: Rgb) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |v: u8| (0..6_u8).min_by_key(|i| STEPS[usize::from(*i)].abs_diff(v)).unwrap_or(0);
    let [r, g, b] = rgb.map(step);
    let cube = [r, g, b].map(|i| STEPS[usize::from(i)]);
    let grey = luma(rgb).saturating_sub(3) / 10;
    let grey = grey.min(23);
    let grey_value = 8 + 10 * grey;
    match distance(rgb, [grey_value; 3]) < distance(rgb, cube) {
        true => 232 + grey,
        false => 16 + 36 * r + 6 * g + b,
    }
}

/// xterm's defaults; the user's own 16 colours are unknown, but near these.
fn nearest_16(rgb: Rgb) -> u8 {
    (0..16_u8).min_by_key(|i| distance(rgb, XTERM_16[usize::from(*i)])).unwrap_or(0)
}

const QUADRANTS: [char; 16] = [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];
/// Octants that Unicode had before it had octants, by their bits.
const OLD_OCTANTS: [(u8, char); 26] = [
    (0, ' '),
    (1, '\u{1cea8}'),
    (2, '\u{1ceab}'),
    (3, '\u{1fb82}'),
    (5, '▘'),
    (10, '▝'),
    (15, '▀'),
    (20, '\u{1fbe6}'),
    (40, '\u{1fbe7}'),
    (63, '\u{1fb85}'),
    (64, '\u{1cea3}'),
    (80, '▖'),
    (85, '▌'),
    (90, '▞'),
    (95, '▛'),
    (128, '\u{1cea0}'),
    (160, '▗'),
    (165, '▚'),
    (170, '▐'),
    (175, '▜'),
    (192, '▂'),
    (240, '▄'),
    (245, '▙'),
    (250, '▟'),
    (252, '▆'),
    (255, '█'),
];

/// The character with these parts set: bit 0 top left, bit 1 right of it, and so on by rows.
pub fn symbol(bits: u8, kind: BlockKind) -> char {
    match kind {
        BlockKind::Half => [' ', '▀', '▄', '█'][usize::from(bits & 3)],
        BlockKind::Quadrant => QUADRANTS[usize::from(bits & 15)],
        BlockKind::Sextant => match bits & 63 {
            0 => ' ',
            0x15 => '▌',
            0x2a => '▐',
            63 => '█',
            // U+1FB00 leaves out the four that existed before.
            bits => {
                let skipped = 1 + u32::from(bits > 0x15) + u32::from(bits > 0x2a);
                char::from_u32(0x1fb00 + u32::from(bits) - skipped).unwrap_or('█')
            }
        },
        BlockKind::Octant => match OLD_OCTANTS.iter().find(|(b, _)| *b == bits) {
            Some((_, symbol)) => *symbol,
            None => {
                let skipped = OLD_OCTANTS.iter().filter(|(b, _)| *b < bits).count() as u32;
                char::from_u32(0x1cd00 + u32::from(bits) - skipped).unwrap_or('█')
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_has_its_own_character() {
        for (kind, count) in
            [(BlockKind::Half, 4), (BlockKind::Quadrant, 16), (BlockKind::Sextant, 64), (BlockKind::Octant, 256)]
        {
            let mut all: Vec<char> = (0..count).map(|b: u16| symbol(u8::try_from(b).unwrap(), kind)).collect();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), usize::from(count), "{kind:?}");
        }
        assert_eq!(symbol(1, BlockKind::Sextant), '\u{1fb00}');
        assert_eq!(symbol(62, BlockKind::Sextant), '\u{1fb3b}');
        assert_eq!(symbol(4, BlockKind::Octant), '\u{1cd00}');
        assert_eq!(symbol(254, BlockKind::Octant), '\u{1cde5}');
    }

    #[test]
    fn palettes_hit_their_own_colours() {
        assert_eq!(nearest_256([255, 0, 0]), 196);
        assert_eq!(nearest_256([8, 8, 8]), 232);
        assert_eq!(nearest_256([238, 238, 238]), 255);
        assert_eq!(nearest_16([250, 250, 250]), 15);
    }
}
