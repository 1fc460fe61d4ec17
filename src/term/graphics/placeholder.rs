//! Unicode placeholders of the Kitty protocol: cells that stand for a part of a picture, so that tmux can move, clip
//! and redraw them like text. The picture's id is the foreground colour, the cell's row and column are diacritics.

use crate::term::caps::Depth;
use ratatui::style::Color;

/// The placeholder character.
pub const PLACEHOLDER: char = '\u{10eeee}';

/// Runs (first, count) of the diacritics that number rows and columns: the combining marks of class 230 of Unicode 6.0
/// without a decomposition, less some that fuse with letters (kitty's `rowcolumn-diacritics.txt`), 297 in all.
const DIACRITICS: [(u32, u8); 86] = [
    (0x305, 1),
    (0x30d, 2),
    (0x310, 1),
    (0x312, 1),
    (0x33d, 3),
    (0x346, 1),
    (0x34a, 3),
    (0x350, 3),
    (0x357, 1),
    (0x35b, 1),
    (0x363, 13),
    (0x483, 5),
    (0x592, 4),
    (0x597, 3),
    (0x59c, 6),
    (0x5a8, 2),
    (0x5ab, 2),
    (0x5af, 1),
    (0x5c4, 1),
    (0x610, 8),
    (0x657, 5),
    (0x65d, 2),
    (0x6d6, 7),
    (0x6df, 4),
    (0x6e4, 1),
    (0x6e7, 2),
    (0x6eb, 2),
    (0x730, 1),
    (0x732, 2),
    (0x735, 2),
    (0x73a, 1),
    (0x73d, 1),
    (0x73f, 3),
    (0x743, 1),
    (0x745, 1),
    (0x747, 1),
    (0x749, 2),
    (0x7eb, 7),
    (0x7f3, 1),
    (0x816, 4),
    (0x81b, 9),
    (0x825, 3),
    (0x829, 5),
    (0x951, 1),
    (0x953, 2),
    (0xf82, 2),
    (0xf86, 2),
    (0x135d, 3),
    (0x17dd, 1),
    (0x193a, 1),
    (0x1a17, 1),
    (0x1a75, 8),
    (0x1b6b, 1),
    (0x1b6d, 7),
    (0x1cd0, 3),
    (0x1cda, 2),
    (0x1ce0, 1),
    (0x1dc0, 2),
    (0x1dc3, 7),
    (0x1dcb, 2),
    (0x1dd1, 22),
    (0x1dfe, 1),
    (0x20d0, 2),
    (0x20d4, 4),
    (0x20db, 2),
    (0x20e1, 1),
    (0x20e7, 1),
    (0x20e9, 1),
    (0x20f0, 1),
    (0x2cef, 3),
    (0x2de0, 32),
    (0xa66f, 1),
    (0xa67c, 2),
    (0xa6f0, 2),
    (0xa8e0, 18),
    (0xaab0, 1),
    (0xaab2, 2),
    (0xaab7, 2),
    (0xaabe, 2),
    (0xaac1, 1),
    (0xfe20, 7),
    (0x10a0f, 1),
    (0x10a38, 1),
    (0x1d185, 5),
    (0x1d1aa, 4),
    (0x1d242, 3),
];

/// The largest id that placeholders can name with these colours.
#[must_use]
pub fn largest_id(depth: Depth) -> u32 {
    if depth == Depth::True { 0x00ff_ffff } else { 255 }
}

/// The colour that names a picture.
#[must_use]
pub fn colour(id: u32, depth: Depth) -> Color {
    let [_, r, g, b] = id.to_be_bytes();
    if depth == Depth::True { Color::Rgb(r, g, b) } else { Color::Indexed(b) }
}

/// The text of the cell at `column` and `row` of a picture, or nothing beyond the 297th.
#[must_use]
pub fn symbol(column: u16, row: u16) -> Option<String> {
    Some([PLACEHOLDER, diacritic(row)?, diacritic(column)?].iter().collect())
}

fn diacritic(number: u16) -> Option<char> {
    let mut left = u32::from(number);
    for (first, count) in DIACRITICS {
        if left < u32::from(count) {
            return char::from_u32(first + left);
        }
        left -= u32::from(count);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_297_diacritics_in_order() {
        assert_eq!(diacritic(0), Some('\u{305}'));
        assert_eq!(diacritic(1), Some('\u{30d}'));
        assert_eq!(diacritic(255), Some('\u{a8e5}'));
        assert_eq!(diacritic(296), Some('\u{1d244}'));
        assert_eq!(diacritic(297), None);
    }

    #[test]
    fn an_id_is_a_colour() {
        assert_eq!(colour(0x01_0203, Depth::True), Color::Rgb(1, 2, 3));
        assert_eq!(colour(42, Depth::Ansi256), Color::Indexed(42));
        assert_eq!(symbol(1, 0).unwrap(), "\u{10eeee}\u{305}\u{30d}");
    }
}
