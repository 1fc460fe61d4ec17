//! Keys to bytes: the opposite of the parser, for tests that type into the program and for the laws that hold both.

use crate::domain::key::{Key, KeyPress};

/// The bytes a terminal with the Kitty keyboard protocol sends for `press`. The parser reads the same key back, for
/// every key that [`KeyPress::normalised`] leaves as it is.
#[must_use]
pub fn encode(press: KeyPress) -> Vec<u8> {
    let modifiers = 1 + u8::from(press.shift) + 2 * u8::from(press.alt) + 4 * u8::from(press.ctrl);
    let with = |number: u32, last: char| match modifiers {
        1 if number == 1 && last != '~' && last != 'u' => format!("\x1b[{last}"),
        1 => format!("\x1b[{number}{last}"),
        _ => format!("\x1b[{number};{modifiers}{last}"),
    };
    let text = match press.key {
        Key::Char(c) if modifiers == 1 => c.to_string(),
        Key::Char(c) => with(u32::from(c), 'u'),
        Key::Enter if modifiers == 1 => "\r".to_owned(),
        Key::Enter => with(13, 'u'),
        Key::Esc => with(27, 'u'),
        Key::Tab if modifiers == 1 => "\t".to_owned(),
        Key::Tab => with(9, 'u'),
        Key::BackTab => format!("\x1b[9;{}u", modifiers + 1),
        Key::Backspace if modifiers == 1 => "\x7f".to_owned(),
        Key::Backspace => with(127, 'u'),
        Key::Delete => with(3, '~'),
        Key::Insert => with(2, '~'),
        Key::Left => with(1, 'D'),
        Key::Right => with(1, 'C'),
        Key::Up => with(1, 'A'),
        Key::Down => with(1, 'B'),
        Key::Home => with(1, 'H'),
        Key::End => with(1, 'F'),
        Key::PageUp => with(5, '~'),
        Key::PageDown => with(6, '~'),
        Key::F(n) => function_key(n, &with),
    };
    text.into_bytes()
}

fn function_key(n: u8, with: &dyn Fn(u32, char) -> String) -> String {
    let number = u32::from(n);
    match n {
        1 => with(1, 'P'),
        2 => with(1, 'Q'),
        // `CSI 1 ; m R` would be a cursor report.
        3 => with(13, '~'),
        4 => with(1, 'S'),
        5 => with(15, '~'),
        6..=10 => with(number + 11, '~'),
        11 | 12 => with(number + 12, '~'),
        _ => with(57376 + number - 13, 'u'),
    }
}
