//! Where on the screen a point of the picture is, and the other way round.
//!
//! It follows how the presenter puts a picture into its room: as large as it fits, its aspect kept, centred, first by
//! whole cells and then by pixels inside them.

use crate::app::picture::{CellRect, Window};
use crate::app::screens::viewing::current;
use crate::app::state::State;
use crate::app::zoom::screen_pixels;
use crate::domain::geometry::{BoxN, Point};

/// A picture on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// The cells it takes.
    pub cells: CellRect,
    /// The part of the picture that is seen.
    pub part: BoxN,
    /// The whole picture in pixels of its own.
    pub size: (u32, u32),
    /// Where the part begins on the screen, in cells.
    first: (f64, f64),
    /// How many cells the part takes.
    long: (f64, f64),
    /// The size of the smallest thing that can be told apart on the screen, as a share of the picture.
    pub dot: (f64, f64),
}

/// Where the picture under the eye is, if its size is known.
#[must_use]
pub fn sight(state: &State) -> Option<Sight> {
    sight_in(state, state.picture_room()?)
}

/// Where it is in this room, of screens that show it twice.
#[must_use]
pub fn sight_in(state: &State, room: CellRect) -> Option<Sight> {
    let (picture, sample) = current(state)?;
    let size = state.picture_size(&picture, sample)?;
    let window = state.window_of(&picture, sample);
    let unit = |v: u32| f64::from(v) / f64::from(Window::ONE);
    let part = BoxN { x: unit(window.x), y: unit(window.y), w: unit(window.w), h: unit(window.h) };
    let (cw, ch) = if state.caps.cell.0 == 0 || state.caps.cell.1 == 0 { (10, 20) } else { state.caps.cell };
    let (cw, ch) = (f64::from(cw), f64::from(ch));
    let (wide, high) = (f64::from(size.0) * part.w, f64::from(size.1) * part.h);
    let scale = (f64::from(room.w) * cw / wide.max(1.0)).min(f64::from(room.h) * ch / high.max(1.0));
    let along = |room: u16, cell: f64, pixels: f64| {
        let pixels = pixels.round().max(1.0);
        let taken = ((pixels / cell).ceil().max(1.0) as u16).min(room.max(1));
        let offset = ((f64::from(taken) * cell - pixels) / 2.0).floor().max(0.0);
        ((room.max(1) - taken) / 2, taken, offset / cell, pixels / cell)
    };
    let (column, w, left, across) = along(room.w, cw, wide * scale);
    let (row, h, top, down) = along(room.h, ch, high * scale);
    let cells = CellRect { x: room.x + column, y: room.y + row, w, h };
    let first = (f64::from(cells.x) + left, f64::from(cells.y) + top);
    let dots = screen_pixels(&state.caps, (room.w, room.h));
    let dot = |cells: f64, room: u16, dots: f64, part: f64| part / (cells * dots / f64::from(room.max(1))).max(1.0);
    let dot = (dot(across, room.w, dots.0, part.w), dot(down, room.h, dots.1, part.h));
    Some(Sight { cells, part, size, first, long: (across, down), dot })
}

impl Sight {
    /// Where a point is on the screen, in cells; nothing if it is not in sight.
    #[must_use]
    pub fn cell(&self, at: Point) -> Option<(u16, u16)> {
        let seen = (self.part.x - 1e-9..=self.part.x + self.part.w + 1e-9).contains(&at.x)
            && (self.part.y - 1e-9..=self.part.y + self.part.h + 1e-9).contains(&at.y);
        let (x, y) = self.on_screen(at);
        let inside = |v: f64, from: u16, long: u16| (v.max(0.0) as u16).clamp(from, (from + long).saturating_sub(1));
        seen.then(|| (inside(x, self.cells.x, self.cells.w), inside(y, self.cells.y, self.cells.h)))
    }

    /// Where a point is on the screen, in cells and parts of them, also outside of what is seen.
    #[must_use]
    pub fn on_screen(&self, at: Point) -> (f64, f64) {
        let x = self.first.0 + (at.x - self.part.x) / self.part.w * self.long.0;
        let y = self.first.1 + (at.y - self.part.y) / self.part.h * self.long.1;
        (x, y)
    }

    /// The point of the picture at a place of the screen, in cells and parts of them; the nearest one of what is seen.
    #[must_use]
    pub fn point(&self, (x, y): (f64, f64)) -> Point {
        let along = |at: f64, first: f64, long: f64, from: f64, part: f64| {
            (from + ((at - first) / long).clamp(0.0, 1.0) * part).clamp(0.0, 1.0)
        };
        Point {
            x: along(x, self.first.0, self.long.0, self.part.x, self.part.w),
            y: along(y, self.first.1, self.long.1, self.part.y, self.part.h),
        }
    }

    /// The step of a push, as a share of the picture: one pixel of the picture, and at least one that can be seen.
    #[must_use]
    pub fn step(&self) -> (f64, f64) {
        let one = |side: u32, dot: f64| (1.0 / f64::from(side.max(1))).max(dot);
        (one(self.size.0, self.dot.0), one(self.size.1, self.dot.1))
    }

    /// The least sides of a box: a pixel of the picture.
    #[must_use]
    pub fn pixel(&self) -> (f64, f64) {
        (1.0 / f64::from(self.size.0.max(1)), 1.0 / f64::from(self.size.1.max(1)))
    }
}
