//! Cells as bytes: of the cells that changed, only what differs from the cell before.
//!
//! Why our own: a picture made of characters is thousands of cells with two colours each, and writing both of them for
//! every cell costs twice the bytes. What always holds: after the last byte the attributes are reset and the cursor may
//! stand anywhere; nothing is assumed of where it stood before.

use super::seq;
use ratatui::buffer::{Cell, CellDiffOption};
use ratatui::style::{Color, Modifier};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// Modifiers, what sets and what ends them. Bold and dim end together.
const MODIFIERS: [(Modifier, &str, &str); 8] = [
    (Modifier::BOLD, "1", "22"),
    (Modifier::DIM, "2", "22"),
    (Modifier::ITALIC, "3", "23"),
    (Modifier::UNDERLINED, "4", "24"),
    (Modifier::SLOW_BLINK, "5", "25"),
    (Modifier::REVERSED, "7", "27"),
    (Modifier::HIDDEN, "8", "28"),
    (Modifier::CROSSED_OUT, "9", "29"),
];

/// What the terminal has been told.
struct Pen {
    foreground: Color,
    background: Color,
    modifier: Modifier,
}

/// Writes cells (column, row, cell) in the order they come in, which should be by rows.
pub fn write<'a>(updates: impl Iterator<Item = (u16, u16, &'a Cell)>, out: &mut Vec<u8>) {
    let mut pen = Pen { foreground: Color::Reset, background: Color::Reset, modifier: Modifier::empty() };
    let mut cursor: Option<(u16, u16)> = None;
    let mut begun = false;
    for (x, y, cell) in updates {
        if !std::mem::replace(&mut begun, true) {
            out.extend_from_slice(seq::RESET_STYLE);
        }
        match cursor {
            Some((column, row)) if row == y && column == x => {}
            // On the same line a step to the right is shorter than a place.
            Some((column, row)) if row == y && x > column => {
                let steps = x - column;
                let text = if steps == 1 { "\x1b[C".to_owned() } else { format!("\x1b[{steps}C") };
                out.extend_from_slice(text.as_bytes());
            }
            _ => seq::move_to(out, x, y),
        }
        pen.change(cell, out);
        out.extend_from_slice(cell.symbol().as_bytes());
        let columns = columns_of(cell);
        // What follows a character of unsure width is placed anew.
        cursor = columns.map(|columns| (x.saturating_add(columns), y));
    }
    if begun {
        out.extend_from_slice(seq::RESET_STYLE);
    }
}

/// How far the cursor moves, where all terminals agree.
fn columns_of(cell: &Cell) -> Option<u16> {
    if let CellDiffOption::ForcedWidth(columns) = cell.diff_option {
        return Some(columns.get());
    }
    let symbol = cell.symbol();
    if symbol.len() == 1 {
        return Some(1);
    }
    let plain = symbol.chars().count() == 1 && symbol.width() == 1;
    plain.then_some(1)
}

impl Pen {
    fn change(&mut self, cell: &Cell, out: &mut Vec<u8>) {
        let mut text = String::new();
        if cell.modifier != self.modifier {
            let gone = self.modifier - cell.modifier;
            for (modifier, _, end) in MODIFIERS {
                if gone.contains(modifier) {
                    part(&mut text, end);
                    if end == "22" {
                        // Both have ended; the one that stays is set again.
                        self.modifier -= Modifier::BOLD | Modifier::DIM;
                    }
                }
            }
            let fresh = cell.modifier - (self.modifier - gone);
            MODIFIERS.iter().filter(|(m, ..)| fresh.contains(*m)).for_each(|(_, set, _)| part(&mut text, set));
            self.modifier = cell.modifier;
        }
        // A blank shows no foreground, unless it is turned around or underlined.
        let shows = cell.symbol() != " " || !cell.modifier.is_empty();
        if cell.fg != self.foreground && shows {
            colour(&mut text, cell.fg, 30);
            self.foreground = cell.fg;
        }
        if cell.bg != self.background {
            colour(&mut text, cell.bg, 40);
            self.background = cell.bg;
        }
        if !text.is_empty() {
            out.extend_from_slice(b"\x1b[");
            out.extend_from_slice(text.as_bytes());
            out.push(b'm');
        }
    }
}

fn part(text: &mut String, code: &str) {
    if !text.is_empty() {
        text.push(';');
    }
    text.push_str(code);
}

/// The code of a colour; `base` is 30 for the foreground and 40 for the background.
fn colour(text: &mut String, colour: Color, base: u8) {
    let basic = |n: u8| (base + n).to_string();
    let bright = |n: u8| (base + 60 + n).to_string();
    let code = match colour {
        Color::Reset => basic(9),
        Color::Black => basic(0),
        Color::Red => basic(1),
        Color::Green => basic(2),
        Color::Yellow => basic(3),
        Color::Blue => basic(4),
        Color::Magenta => basic(5),
        Color::Cyan => basic(6),
        Color::Gray => basic(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(n) => format!("{};5;{n}", base + 8),
        Color::Rgb(r, g, b) => {
            let mut code = String::new();
            let _ = write!(code, "{};2;{r};{g};{b}", base + 8);
            code
        }
    };
    part(text, &code);
}
