//! Sequences that are keys or the mouse: xterm, VT, rxvt, the Linux console, and the Kitty keyboard protocol.

use super::{InputEvent, Mouse, MouseKind};
use crate::domain::key::{Key, KeyPress};

/// A key, with Alt where an Escape came before it.
pub(super) fn with_alt(key: Key, alt: bool) -> InputEvent {
    InputEvent::key(KeyPress { alt, ..KeyPress::plain(key) })
}

/// Alt with a character.
pub(super) fn alt_char(c: char) -> InputEvent {
    with_alt(Key::Char(c), true)
}

/// A byte below 0x80 that stands alone.
pub(super) fn control_or_ascii(byte: u8, alt: bool) -> KeyPress {
    let (key, ctrl) = match byte {
        0 => (Key::Char(' '), true),
        b'\t' => (Key::Tab, false),
        b'\r' => (Key::Enter, false),
        // Raw mode sends Return as CR, so LF is Control-J.
        0x01..=0x1a => (Key::Char(char::from(byte - 1 + b'a')), true),
        0x1b => (Key::Esc, false),
        0x1c..=0x1f => (Key::Char(char::from(byte - 0x1c + b'4')), true),
        0x7f => (Key::Backspace, false),
        _ => (Key::Char(char::from(byte)), false),
    };
    KeyPress { key, ctrl, alt, shift: false }
}

/// The modifiers of `CSI … ; m`: one more than a bit set.
#[derive(Clone, Copy, Default)]
struct Modifiers(u32);

impl Modifiers {
    fn from_parameter(value: Option<u32>) -> Self {
        Self(value.unwrap_or(1).saturating_sub(1))
    }

    fn press(self, key: Key, alt: bool) -> Option<KeyPress> {
        // Super and Hyper belong to the desktop: such a press is not the plain key.
        (self.0 & 0b1_1000 == 0).then(|| {
            KeyPress { key, shift: self.0 & 1 != 0, alt: alt || self.0 & 0b10_0010 != 0, ctrl: self.0 & 4 != 0 }
                .normalised()
        })
    }
}

/// `1;5:3` as numbers: fields by `;`, the parts of a field by `:`.
fn fields(parameters: &[u8]) -> Vec<Vec<Option<u32>>> {
    let number = |part: &[u8]| std::str::from_utf8(part).ok().and_then(|t| t.parse().ok());
    parameters.split(|b| *b == b';').map(|field| field.split(|b| *b == b':').map(number).collect()).collect()
}

/// A control sequence that is a key or the mouse; anything else is nothing.
pub(super) fn csi(parameters: &[u8], last: u8, alt: bool) -> Option<InputEvent> {
    if let Some(rest) = parameters.strip_prefix(b"<") {
        return mouse(rest, last);
    }
    if !parameters.iter().all(|b| b.is_ascii_digit() || matches!(b, b';' | b':')) {
        return None;
    }
    match (parameters.is_empty(), last) {
        (true, b'I') => return Some(InputEvent::Focus(true)),
        (true, b'O') => return Some(InputEvent::Focus(false)),
        (true, b'Z') => return Some(with_alt(Key::BackTab, alt)),
        (true, b'a'..=b'd') => {
            let press = KeyPress { shift: true, alt, ..KeyPress::plain(cursor_key(last.to_ascii_uppercase())?) };
            return Some(InputEvent::key(press));
        }
        _ => {}
    }
    let fields = fields(parameters);
    let first = fields.first().and_then(|f| f.first().copied().flatten());
    let second = fields.get(1).map_or(&[][..], Vec::as_slice);
    let modifiers = Modifiers::from_parameter(second.first().copied().flatten());
    let event = second.get(1).copied().flatten().unwrap_or(1);
    if let Some(c) = typed(last, &fields, modifiers) {
        return finish(Key::Char(c), Modifiers(modifiers.0 & !1), event, alt);
    }
    let key = match last {
        b'u' => kitty_key(first?, fields.first().and_then(|f| f.get(1).copied().flatten()), modifiers)?,
        b'~' if first == Some(27) && fields.len() == 3 => {
            kitty_key(fields.get(2).and_then(|f| f.first().copied().flatten())?, None, modifiers)?
        }
        b'~' => tilde_key(first?)?,
        b'^' | b'$' | b'@' if fields.len() == 1 => return rxvt(first?, last, alt),
        // `CSI row ; column R` is a cursor report; only the bare form is surely F3.
        b'R' if !parameters.is_empty() => return None,
        _ => cursor_key(last).filter(|_| matches!(first, None | Some(1)))?,
    };
    finish(key, modifiers, event, alt)
}

/// The character a key of the Kitty keyboard protocol types, where the terminal says it (`CSI code ; modifiers ; text u`):
/// right for every layout, dead keys and caps lock. Nothing with Control or Alt, which type no text.
fn typed(last: u8, fields: &[Vec<Option<u32>>], modifiers: Modifiers) -> Option<char> {
    let text = fields.get(2).filter(|_| last == b'u')?;
    let [Some(code)] = text.as_slice() else { return None };
    let c = char::from_u32(*code).filter(|c| !c.is_control())?;
    (modifiers.0 & 0b10_0110 == 0).then_some(c)
}

fn finish(key: Key, modifiers: Modifiers, event: u32, alt: bool) -> Option<InputEvent> {
    let press = modifiers.press(key, alt)?;
    match event {
        1 => Some(InputEvent::key(press)),
        2 => Some(InputEvent::Key { press, repeat: true }),
        _ => None,
    }
}

fn rxvt(number: u32, last: u8, alt: bool) -> Option<InputEvent> {
    let bits = match last {
        b'$' => 1,
        b'^' => 4,
        _ => 5,
    };
    finish(tilde_key(number)?, Modifiers(bits), 1, alt)
}

/// `ESC O x`, with the one digit that old terminals put before `x` for modifiers.
pub(super) fn ss3(parameter: &[u8], last: u8, alt: bool) -> Option<InputEvent> {
    let modifiers = Modifiers::from_parameter(parameter.first().map(|d| u32::from(*d - b'0')));
    let key = match last {
        b'a'..=b'd' => {
            let key = cursor_key(last.to_ascii_uppercase())?;
            return finish(key, Modifiers(4), 1, alt);
        }
        b'M' => Key::Enter,
        b'I' => Key::Tab,
        b' ' => Key::Char(' '),
        b'X' => Key::Char('='),
        // The application keypad: `j` is `*`, … `y` is `9`.
        b'j'..=b'y' => Key::Char(char::from(last - b'j' + b'*')),
        _ => cursor_key(last)?,
    };
    finish(key, modifiers, 1, alt)
}

fn cursor_key(last: u8) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'F' => Key::End,
        b'H' => Key::Home,
        b'P' => Key::F(1),
        b'Q' => Key::F(2),
        b'R' => Key::F(3),
        b'S' => Key::F(4),
        b'Z' => Key::BackTab,
        b'E' => Key::Char('5'),
        _ => return None,
    })
}

fn tilde_key(number: u32) -> Option<Key> {
    let n = u8::try_from(number).ok()?;
    Some(match n {
        1 | 7 => Key::Home,
        2 => Key::Insert,
        3 => Key::Delete,
        4 | 8 => Key::End,
        5 => Key::PageUp,
        6 => Key::PageDown,
        11..=15 => Key::F(n - 10),
        17..=21 => Key::F(n - 11),
        23..=26 => Key::F(n - 12),
        28 | 29 => Key::F(n - 13),
        31..=34 => Key::F(n - 14),
        _ => return None,
    })
}

/// A key of the Kitty keyboard protocol (sw.kovidgoyal.net/kitty/keyboard-protocol), also `CSI 27 ; m ; code ~`.
fn kitty_key(code: u32, shifted: Option<u32>, modifiers: Modifiers) -> Option<Key> {
    Some(match code {
        27 => Key::Esc,
        13 | 57414 => Key::Enter,
        9 => Key::Tab,
        8 | 127 => Key::Backspace,
        57399..=57408 => Key::Char(char::from_digit(code - 57399, 10)?),
        57409 => Key::Char('.'),
        57410 => Key::Char('/'),
        57411 => Key::Char('*'),
        57412 => Key::Char('-'),
        57413 => Key::Char('+'),
        57415 => Key::Char('='),
        57416 => Key::Char(','),
        57417 => Key::Left,
        57418 => Key::Right,
        57419 => Key::Up,
        57420 => Key::Down,
        57421 => Key::PageUp,
        57422 => Key::PageDown,
        57423 => Key::Home,
        57424 => Key::End,
        57425 => Key::Insert,
        57426 => Key::Delete,
        57376..=57387 => Key::F(u8::try_from(code - 57376).ok()? + 13),
        // Media keys, lock keys and modifiers on their own.
        57344..=63743 => return None,
        _ => {
            let code = shifted.filter(|_| modifiers.0 & 1 != 0 && modifiers.0 & 4 == 0).unwrap_or(code);
            Key::Char(char::from_u32(code).filter(|c| !c.is_control())?)
        }
    })
}

/// SGR mouse reports: `CSI < b ; x ; y M` for a press, `m` for a release.
fn mouse(parameters: &[u8], last: u8) -> Option<InputEvent> {
    let fields = fields(parameters);
    let get = |i: usize| fields.get(i).and_then(|f| f.first().copied().flatten());
    let (bits, x, y) = (get(0)?, get(1)?, get(2)?);
    let button = u8::try_from(bits & 3).ok()?;
    let kind = match (bits & 64 != 0, last) {
        (true, b'M') => match button {
            0 => MouseKind::WheelUp,
            1 => MouseKind::WheelDown,
            2 => MouseKind::WheelLeft,
            _ => MouseKind::WheelRight,
        },
        (false, b'm') => MouseKind::Release(button),
        (false, b'M') if button < 3 && bits & 32 != 0 => MouseKind::Drag(button),
        (false, b'M') if button < 3 => MouseKind::Press(button),
        _ => return None,
    };
    let cell = |v: u32| u16::try_from(v.saturating_sub(1)).unwrap_or(u16::MAX);
    Some(InputEvent::Mouse(Mouse {
        kind,
        column: cell(x),
        row: cell(y),
        shift: bits & 4 != 0,
        alt: bits & 8 != 0,
        ctrl: bits & 16 != 0,
    }))
}
