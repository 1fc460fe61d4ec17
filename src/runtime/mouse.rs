//! The wheel, where the mouse was switched on: it moves the cursor. Clicks are left to the terminal's own selection.

use crate::domain::key::{Key, KeyPress};
use crate::term::input::{Mouse, MouseKind};

/// The key a mouse report stands for.
#[must_use]
pub fn key_for(mouse: &Mouse) -> Option<KeyPress> {
    match mouse.kind {
        MouseKind::WheelUp => Some(KeyPress::plain(Key::Up)),
        MouseKind::WheelDown => Some(KeyPress::plain(Key::Down)),
        _ => None,
    }
}
