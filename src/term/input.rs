//! What comes in from the terminal: keys, pastes, the mouse, and the terminal's own answers, told apart.
//!
//! Why an own reader: in a labelling tool one key writes a label. Event libraries turn a late answer of the terminal
//! into ten key presses, or swallow the keys that follow it. Here a byte sequence is either a key or an answer, never
//! both, wherever the link cuts it.
//!
//! What always holds: no answer, however it is split, becomes a key; a paste never becomes keys; memory is bounded
//! whatever is sent; nothing is held back for longer than the waits of [`reader`].

pub mod encode;
mod keys;
pub mod parser;
pub mod reader;
mod replies;

use crate::domain::key::KeyPress;

/// One thing that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputEvent {
    /// A key went down. Releases are filtered out.
    Key {
        /// Which key.
        press: KeyPress,
        /// The terminal said that the key is held down (Kitty keyboard protocol only).
        repeat: bool,
    },
    /// A bracketed paste, as text from outside. Cut at [`parser::MAX_PASTE`] bytes.
    Paste(String),
    /// A click or the wheel.
    Mouse(Mouse),
    /// The terminal window got (`true`) or lost the focus.
    Focus(bool),
    /// The terminal answered a question.
    Reply(Reply),
    /// The terminal is gone: nothing will come any more.
    Closed,
}

/// A mouse report, in cells from the top left, 0-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What happened.
    pub kind: MouseKind,
    /// Column.
    pub column: u16,
    /// Row.
    pub row: u16,
    /// Shift was held.
    pub shift: bool,
    /// Alt was held.
    pub alt: bool,
    /// Control was held.
    pub ctrl: bool,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// A button went down: 0 left, 1 middle, 2 right.
    Press(u8),
    /// A button was let go.
    Release(u8),
    /// The mouse moved with a button held down.
    Drag(u8),
    /// One step of the wheel up.
    WheelUp,
    /// One step of the wheel down.
    WheelDown,
    /// One step of the wheel to the left.
    WheelLeft,
    /// One step of the wheel to the right.
    WheelRight,
}

/// An answer of the terminal. Texts are from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Kitty graphics: `ESC _ G i=ID,p=PLACEMENT;MESSAGE ESC \`.
    Graphics {
        /// Image id, 0 where the answer has none.
        id: u32,
        /// Placement number, 0 where the answer has none.
        placement: u32,
        /// `OK`, or `ENOENT:…` and the like.
        message: String,
    },
    /// Primary device attributes: `CSI ? 62 ; 4 c`; 4 means sixel.
    Attributes(Vec<u16>),
    /// XTVERSION: name and version.
    Version(String),
    /// A colour: OSC 10 text, 11 background, 4 palette; 16 bits a channel.
    Colour {
        /// The OSC number.
        slot: u16,
        /// Red, green, blue.
        rgb: (u16, u16, u16),
    },
    /// A window report `CSI kind ; height ; width t`: kind 4 the text area in pixels, 6 a cell in pixels, 8 the text
    /// area in cells.
    Window {
        /// What is reported.
        kind: u16,
        /// Height.
        height: u16,
        /// Width.
        width: u16,
    },
    /// `CSI 0 n`: everything before it was consumed by the terminal.
    Status,
    /// DECRPM: the state of a mode (0 unknown, 1 set, 2 reset, 3 and 4 the same for ever).
    Mode {
        /// The mode.
        mode: u16,
        /// Its state.
        value: u16,
    },
    /// The Kitty keyboard flags in force: `CSI ? flags u`.
    Keyboard(u32),
    /// Any other answer.
    Other,
}

impl InputEvent {
    /// A key press without repeat.
    #[must_use]
    pub const fn key(press: KeyPress) -> Self {
        Self::Key { press, repeat: false }
    }
}
