//! A part of a sixel picture, cut out of its strips: a picture is kept only as it goes out, and what letters have erased
//! of it must come back without all of it.

use super::{Sixel, at_cell, write};
use crate::term::graphics::Cells;

/// The sequences that draw the cells `part` of a picture whose first cell is `at`; cells are `cell` pixels. The colours
/// are those of the whole, under the same numbers. Nothing where the strips are not as [`super::encode`] writes them.
#[must_use]
pub fn show_part(sixel: &Sixel, part: Cells, cell: (u16, u16), at: (u16, u16), in_tmux: bool) -> Option<Vec<Vec<u8>>> {
    let tall = sixel.strip_rows.max(1);
    let bottom = part.row.saturating_add(part.rows);
    let mut out = Vec::new();
    for (index, strip) in sixel.strips.iter().enumerate() {
        let first = u16::try_from(index).ok()?.checked_mul(tall)?;
        let (top, end) = (part.row.max(first), bottom.min(first.saturating_add(tall)));
        if top >= end {
            continue;
        }
        let picture = read(strip)?;
        let pixels = |cells: u16, cell: u16| usize::from(cells) * usize::from(cell);
        let across = (pixels(part.column, cell.0), pixels(part.columns, cell.0));
        let down = (pixels(top - first, cell.1), pixels(end - top, cell.1));
        let Some(cut) = picture.cut(across, down) else { continue };
        let (column, row) = (at.0.saturating_add(part.column), at.1.saturating_add(top));
        out.push(at_cell(&cut, column, row, in_tmux));
    }
    Some(out)
}

/// A strip, read back.
struct Strip {
    width: usize,
    palette: Vec<[u8; 3]>,
    indices: Vec<u8>,
}

impl Strip {
    /// `count` pixels from `first` on, along each side, as a sequence; nothing where the strip has none there.
    fn cut(&self, across: (usize, usize), down: (usize, usize)) -> Option<Vec<u8>> {
        let right = across.0.saturating_add(across.1).min(self.width);
        let lines = self.indices.chunks_exact(self.width).skip(down.0).take(down.1);
        let indices: Vec<u8> = lines.filter_map(|line| line.get(across.0..right)).flatten().copied().collect();
        (!indices.is_empty()).then(|| write(right - across.0, &indices, &self.palette))
    }
}

/// Reads what [`super::write`] wrote.
fn read(strip: &[u8]) -> Option<Strip> {
    let start = strip.iter().position(|b| *b == b'"')? + 1;
    let mut text = Text { bytes: strip.get(start..strip.len().checked_sub(2)?)?, at: 0 };
    let [_, _, width, height] = text.numbers()?;
    let mut picture = Strip { width, palette: Vec::new(), indices: vec![0; width.checked_mul(height)?] };
    let (mut x, mut band, mut colour) = (0, 0, 0);
    while let Some(byte) = text.next() {
        match byte {
            b'#' => {
                colour = text.number()?;
                if text.skip(b';') {
                    let [_, red, green, blue] = text.numbers()?;
                    picture.define(colour, [red, green, blue])?;
                }
            }
            b'$' => x = 0,
            b'-' => (x, band) = (0, band + 1),
            b'!' => {
                let count = text.number()?;
                let mask = text.next()?.checked_sub(b'?')?;
                picture.draw((x, band * 6), count, mask, colour)?;
                x += count;
            }
            mask => {
                picture.draw((x, band * 6), 1, mask.checked_sub(b'?')?, colour)?;
                x += 1;
            }
        }
    }
    Some(picture)
}

impl Strip {
    /// A colour from hundredths to 255ths, which the writer turns into the same hundredths.
    fn define(&mut self, number: usize, hundredths: [usize; 3]) -> Option<()> {
        if number > 255 {
            return None;
        }
        self.palette.resize(self.palette.len().max(number + 1), [0; 3]);
        *self.palette.get_mut(number)? = hundredths.map(|v| u8::try_from((v * 255 + 50) / 100).unwrap_or(u8::MAX));
        Some(())
    }

    fn draw(&mut self, (x, y): (usize, usize), count: usize, mask: u8, colour: usize) -> Option<()> {
        let colour = u8::try_from(colour).ok()?;
        for line in (0..6).filter(|line| mask >> line & 1 == 1) {
            let first = (y + line) * self.width + x;
            self.indices.get_mut(first..first + count).filter(|_| x + count <= self.width)?.fill(colour);
        }
        Some(())
    }
}

/// The text of a sequence.
struct Text<'s> {
    bytes: &'s [u8],
    at: usize,
}

impl Text<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn skip(&mut self, wanted: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found
    }

    /// Digits. The numbers of our own sequences have at most six.
    fn number(&mut self) -> Option<usize> {
        let digits = self.bytes.get(self.at..)?.iter().take_while(|b| b.is_ascii_digit()).count().min(6);
        let text = std::str::from_utf8(self.bytes.get(self.at..self.at + digits)?).ok()?;
        self.at += digits;
        text.parse().ok()
    }

    /// Four of them, between semicolons.
    fn numbers(&mut self) -> Option<[usize; 4]> {
        let mut out = [0; 4];
        for (index, number) in out.iter_mut().enumerate() {
            if index > 0 && !self.skip(b';') {
                return None;
            }
            *number = self.number()?;
        }
        Some(out)
    }
}
