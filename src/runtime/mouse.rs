//! The mouse, where it was switched on: what it did, and where.

use crate::app::event::Pointer;
use crate::term::input::{Mouse, MouseKind};

/// What a report means; nothing for other buttons than the first.
#[must_use]
pub fn pointer(mouse: &Mouse) -> Option<Pointer> {
    match mouse.kind {
        MouseKind::WheelUp => Some(Pointer::WheelUp),
        MouseKind::WheelDown => Some(Pointer::WheelDown),
        MouseKind::Press(0) => Some(Pointer::Press),
        MouseKind::Drag(0) => Some(Pointer::Drag),
        MouseKind::Release(0) => Some(Pointer::Release),
        _ => None,
    }
}

/// The place of a report on the screen, in cells and parts of them. `pixels`: the size of a cell, where the terminal
/// reports pixels; where it reports cells, the middle of the cell is meant.
#[must_use]
pub fn place(mouse: &Mouse, pixels: Option<(u16, u16)>) -> (f64, f64) {
    let (x, y) = (f64::from(mouse.column), f64::from(mouse.row));
    match pixels {
        Some((w, h)) => ((x + 0.5) / f64::from(w.max(1)), (y + 0.5) / f64::from(h.max(1))),
        None => (x + 0.5, y + 0.5),
    }
}
