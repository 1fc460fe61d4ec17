//! The incremental parser: bytes in any pieces to events. Pure: no clock, no descriptor.
//!
//! A state machine after the VT500 parser of Paul Williams (vt100.net/emu/dec_ansi_parser), turned round: it reads what
//! a terminal sends. Ambiguities (a lone Escape, a cut sequence) are settled by [`Parser::timeout`], which the reader
//! calls when nothing followed for as long as [`Parser::pending`] asks. What follows later still is looked at once more
//! (see [`cut`]): the rest of an answer is no key, however late.
//!
//! One difference from a terminal: an Escape inside a string does not end it, because what would follow is text of the
//! answer and would be keys. Only its terminator, silence, or an answer that is known ends a string.

mod cut;

use super::{InputEvent, Reply, keys, replies};
use crate::domain::key::{Key, KeyPress};
use cut::Cut;

/// Bytes of a paste that are kept; the rest of it is dropped.
pub const MAX_PASTE: usize = 1 << 20;
/// Bytes of the parameters of one control sequence; longer ones are dropped.
const MAX_CSI: usize = 256;
/// Bytes of one answer string that are kept.
const MAX_STRING: usize = 4096;
const PASTE_END: &[u8] = b"\x1b[201~";

/// What the parser is in the middle of, which says how long to wait for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Nothing.
    Nothing,
    /// An Escape that may be the key itself or the start of a sequence.
    Escape,
    /// A sequence, a character or a paste that has begun.
    Sequence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ground,
    Escape,
    Csi,
    /// A control sequence that is too long: skipped to its end.
    CsiIgnore,
    /// `CSI [`: the function keys of the Linux console.
    Console,
    Ss3,
    /// DCS, OSC, APC, PM or SOS, named by its introducer.
    Text(u8),
    /// The same, after an Escape that may begin the terminator.
    TextEscape(u8),
    /// A control sequence inside of a string.
    TextCsi(u8),
    /// Bytes left of an X10 mouse report.
    Mouse(u8),
    Utf8(u8),
    Paste,
}

/// The parser.
#[derive(Debug)]
pub struct Parser {
    state: State,
    /// An Escape stood before the present sequence: Alt.
    alt: bool,
    buffer: Vec<u8>,
    /// The parameters of a control sequence inside of a string.
    inner: Vec<u8>,
    /// The string began inside of another one, whose end may have been lost.
    nested: bool,
    /// The sequence that [`Parser::timeout`] gave up last.
    cut: Option<Cut>,
}

impl Default for Parser {
    fn default() -> Self {
        Self { state: State::Ground, alt: false, buffer: Vec::new(), inner: Vec::new(), nested: false, cut: None }
    }
}

impl Parser {
    /// A parser at rest.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses `bytes`, as they arrived together, and appends what they mean to `out`.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<InputEvent>) {
        let late = self.rest(bytes, out);
        for &byte in bytes.get(late..).unwrap_or_default() {
            self.step(byte, out);
        }
    }

    /// Bytes that are held of what is unfinished.
    #[must_use]
    pub fn held(&self) -> usize {
        self.buffer.capacity() + self.inner.capacity() + self.cut.as_ref().map_or(0, Cut::held)
    }

    /// What is unfinished.
    #[must_use]
    pub fn pending(&self) -> Pending {
        match self.state {
            State::Ground => Pending::Nothing,
            State::Escape => Pending::Escape,
            _ => Pending::Sequence,
        }
    }

    /// Nothing followed: a lone Escape is the key; a cut sequence is dropped, because it was no key.
    pub fn timeout(&mut self, out: &mut Vec<InputEvent>) {
        self.cut = Cut::of(self);
        match self.state {
            State::Escape => {
                let presses = if self.alt { 2 } else { 1 };
                out.extend((0..presses).map(|_| InputEvent::key(KeyPress::plain(Key::Esc))));
            }
            State::Ss3 if self.buffer.is_empty() => out.push(keys::alt_char('O')),
            State::Paste => self.finish_paste(out),
            _ => {}
        }
        self.reset();
    }

    fn reset(&mut self) {
        self.state = State::Ground;
        self.alt = false;
        self.buffer.clear();
        self.inner.clear();
        self.nested = false;
    }

    fn step(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        match self.state {
            State::Ground => self.ground(byte, out),
            State::Escape => self.escape(byte, out),
            State::Csi => self.csi(byte, out),
            State::CsiIgnore => self.csi_ignore(byte, out),
            State::Console => self.console(byte, out),
            State::Ss3 => self.ss3(byte, out),
            State::Text(kind) => self.text(kind, byte, out),
            State::TextEscape(kind) => self.text_escape(kind, byte, out),
            State::TextCsi(kind) => self.text_csi(kind, byte, out),
            State::Mouse(left) if left > 1 => self.state = State::Mouse(left - 1),
            State::Mouse(_) => self.reset(),
            State::Utf8(left) => self.utf8(left, byte, out),
            State::Paste => self.paste(byte, out),
        }
    }

    fn ground(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        match byte {
            0x1b => {
                self.buffer.clear();
                self.state = State::Escape;
            }
            0xc2..=0xf4 => {
                self.buffer.clear();
                self.buffer.push(byte);
                self.state = State::Utf8(if byte < 0xe0 {
                    1
                } else if byte < 0xf0 {
                    2
                } else {
                    3
                });
            }
            // A continuation byte or an impossible one: the start of the character was lost.
            0x80.. => self.reset(),
            _ => {
                let press = keys::control_or_ascii(byte, self.alt);
                self.reset();
                out.push(InputEvent::key(press));
            }
        }
    }

    fn escape(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        match byte {
            b'[' => self.state = State::Csi,
            b'O' => self.state = State::Ss3,
            b'P' | b']' | b'_' | b'^' | b'X' => {
                self.escape_before_answer(out);
                self.state = State::Text(byte);
            }
            // The end of a string whose beginning was given up.
            b'\\' => self.reset(),
            0x1b if self.alt => out.push(InputEvent::key(KeyPress::plain(Key::Esc))),
            0x1b => self.alt = true,
            _ => {
                self.alt = true;
                self.state = State::Ground;
                self.ground(byte, out);
            }
        }
    }

    fn csi(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        match byte {
            b'[' if self.buffer.is_empty() => self.state = State::Console,
            b'M' if self.buffer.is_empty() => self.state = State::Mouse(3),
            // rxvt ends the keys with Shift in `$`, which elsewhere is the byte before the end.
            b'$' if !self.buffer.is_empty() && self.buffer.iter().all(u8::is_ascii_digit) => self.end_csi(byte, out),
            0x20..=0x3f if self.buffer.len() < MAX_CSI => self.buffer.push(byte),
            0x20..=0x3f => self.state = State::CsiIgnore,
            0x40..=0x7e => self.end_csi(byte, out),
            _ => self.interrupted(byte, out),
        }
    }

    fn end_csi(&mut self, last: u8, out: &mut Vec<InputEvent>) {
        if self.buffer == b"200" && last == b'~' {
            self.reset();
            self.state = State::Paste;
            return;
        }
        let reply = replies::csi(&self.buffer, last);
        if reply.is_some() {
            self.escape_before_answer(out);
        }
        let event = reply.or_else(|| keys::csi(&self.buffer, last, self.alt));
        self.reset();
        out.extend(event);
    }

    /// Answers have no Alt: an Escape right before one is the key, pressed while the answer was on its way.
    fn escape_before_answer(&mut self, out: &mut Vec<InputEvent>) {
        if std::mem::take(&mut self.alt) {
            out.push(InputEvent::key(KeyPress::plain(Key::Esc)));
        }
    }

    fn csi_ignore(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        match byte {
            0x20..=0x3f => {}
            0x40..=0x7e => self.reset(),
            _ => self.interrupted(byte, out),
        }
    }

    fn console(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        let alt = self.alt;
        match byte {
            b'A'..=b'E' => out.push(keys::with_alt(Key::F(byte - b'A' + 1), alt)),
            0x20..=0x7e => {}
            _ => return self.interrupted(byte, out),
        }
        self.reset();
    }

    fn ss3(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        match byte {
            b'0'..=b'9' if self.buffer.is_empty() => self.buffer.push(byte),
            0x20..=0x7e => {
                let event = keys::ss3(&self.buffer, byte, self.alt);
                self.reset();
                out.extend(event);
            }
            _ => self.interrupted(byte, out),
        }
    }

    /// A byte that cannot stand in a sequence: the sequence is dropped, the byte counts.
    fn interrupted(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        self.reset();
        if !matches!(byte, 0x18 | 0x1a) {
            self.ground(byte, out);
        }
    }

    fn text(&mut self, kind: u8, byte: u8, out: &mut Vec<InputEvent>) {
        match byte {
            0x1b => self.state = State::TextEscape(kind),
            0x07 if kind == b']' && (!self.nested || self.is_known(kind)) => self.end_text(kind, out),
            _ if self.buffer.len() < MAX_STRING => self.buffer.push(byte),
            _ => {}
        }
    }

    fn text_escape(&mut self, kind: u8, byte: u8, out: &mut Vec<InputEvent>) {
        self.state = match byte {
            b'\\' => return self.end_text(kind, out),
            0x1b => State::TextEscape(kind),
            b'[' => {
                self.inner.clear();
                State::TextCsi(kind)
            }
            // Perhaps another answer, after one whose end was lost.
            b'P' | b']' | b'_' | b'^' | b'X' => {
                self.buffer.clear();
                self.nested = true;
                State::Text(byte)
            }
            _ => State::Text(kind),
        };
    }

    fn text_csi(&mut self, kind: u8, byte: u8, out: &mut Vec<InputEvent>) {
        match byte {
            0x20..=0x3f if self.inner.len() < MAX_CSI => self.inner.push(byte),
            0x40..=0x7e => match replies::csi(&self.inner, byte) {
                Some(answer) if answer != InputEvent::Reply(Reply::Other) => {
                    self.reset();
                    out.push(answer);
                }
                _ => self.state = State::Text(kind),
            },
            0x1b => self.state = State::TextEscape(kind),
            _ => self.state = State::Text(kind),
        }
    }

    fn is_known(&self, kind: u8) -> bool {
        replies::string(kind, &self.buffer) != Reply::Other
    }

    fn end_text(&mut self, kind: u8, out: &mut Vec<InputEvent>) {
        let reply = replies::string(kind, &self.buffer);
        self.reset();
        out.push(InputEvent::Reply(reply));
    }

    fn utf8(&mut self, left: u8, byte: u8, out: &mut Vec<InputEvent>) {
        if !(0x80..0xc0).contains(&byte) {
            self.reset();
            return self.ground(byte, out);
        }
        self.buffer.push(byte);
        if left > 1 {
            self.state = State::Utf8(left - 1);
            return;
        }
        let alt = self.alt;
        let found = std::str::from_utf8(&self.buffer).ok().and_then(|s| s.chars().next());
        self.reset();
        out.extend(found.filter(|c| !c.is_control()).map(|c| keys::with_alt(Key::Char(c), alt)));
    }

    fn paste(&mut self, byte: u8, out: &mut Vec<InputEvent>) {
        if self.buffer.len() >= MAX_PASTE + PASTE_END.len() {
            // Make room for the end mark only: what is beyond the limit is dropped.
            self.buffer.remove(MAX_PASTE);
        }
        self.buffer.push(byte);
        if byte == b'~' && self.buffer.ends_with(PASTE_END) {
            self.buffer.truncate(self.buffer.len() - PASTE_END.len());
            self.finish_paste(out);
            self.reset();
        }
    }

    fn finish_paste(&mut self, out: &mut Vec<InputEvent>) {
        self.buffer.truncate(MAX_PASTE);
        out.push(InputEvent::Paste(String::from_utf8_lossy(&self.buffer).into_owned()));
    }
}
