//! Zoom and pan as geometry: which part of a picture is seen, how large.
//!
//! Two units: *picture pixels* of the displayed picture, and *screen pixels*, the smallest things the terminal can colour
//! (for graphics protocols the pixels of its font cells, for block characters the blocks). What always holds: the part
//! lies inside the picture; it has the aspect of the room, so that it fills it, as far as the picture reaches; nothing is
//! shown smaller than as a whole, or larger than [`MAX_SCALE`]; zooming in and out again gives the same part.

use super::picture::Window;
use crate::domain::geometry::BoxN;
use crate::term::caps::{BlockKind, Caps, Protocol};

/// The most screen pixels that a picture pixel is wide.
pub const MAX_SCALE: f64 = 8.0;
/// Between two steps below one to one.
const STEP: f64 = 1.5;
/// Steps closer than this to the next are left out.
const LEAST_STEP: f64 = 1.25;
/// Scales closer than this are the same.
const SAME: f64 = 1.01;

/// A picture and the room it is shown in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Width and height of the room in screen pixels.
    pub room: (f64, f64),
    /// Width and height of the picture in picture pixels, each at least 1.
    pub picture: (u32, u32),
}

/// What is looked at. It says nothing about the size of the window, so it stays what it is when the window changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The middle of the part, normalised `0..1`.
    pub centre: (f64, f64),
    /// Screen pixels for a picture pixel.
    pub scale: f64,
}

/// A direction of panning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// Up.
    Up,
    /// Down.
    Down,
}

/// The size of a room in screen pixels, for so many cells.
#[must_use]
pub fn screen_pixels(caps: &Caps, (columns, rows): (u16, u16)) -> (f64, f64) {
    let (w, h) = if caps.cell.0 == 0 || caps.cell.1 == 0 { (10, 20) } else { caps.cell };
    let (w, h) = (f64::from(w), f64::from(h));
    let (across, down) = match caps.protocol {
        Protocol::Blocks(BlockKind::Half) => (1.0, 2.0),
        Protocol::Blocks(BlockKind::Quadrant) => (2.0, 2.0),
        Protocol::Blocks(BlockKind::Sextant) => (2.0, 3.0),
        Protocol::Blocks(BlockKind::Octant) => (2.0, 4.0),
        Protocol::Ascii => (1.0, 1.0),
        _ => (w, h),
    };
    // Blocks may be higher than wide: their longer side is what one can tell apart.
    let unit = (w / across).max(h / down);
    (f64::from(columns.max(1)) * w / unit, f64::from(rows.max(1)) * h / unit)
}

impl Room {
    /// The scale at which the whole picture fills the room.
    #[must_use]
    pub fn whole(&self) -> f64 {
        (self.room.0 / f64::from(self.picture.0.max(1))).min(self.room.1 / f64::from(self.picture.1.max(1)))
    }

    /// The scales that zooming goes through, from the whole picture up: by a half up to one to one, then doubled, so
    /// that picture pixels are whole numbers of screen pixels.
    fn steps(&self) -> Vec<f64> {
        let whole = self.whole();
        let mut steps = vec![whole];
        let mut next = whole * STEP;
        while next * LEAST_STEP <= 1.0 {
            steps.push(next);
            next *= STEP;
        }
        steps.extend([1.0, 2.0, 4.0, MAX_SCALE].into_iter().filter(|s| *s >= whole * LEAST_STEP));
        steps
    }

    /// The view with its scale and middle inside of what is possible.
    #[must_use]
    pub fn clamped(&self, view: View) -> View {
        let whole = self.whole();
        let scale = view.scale.clamp(whole, MAX_SCALE.max(whole));
        let seen = self.share(scale);
        let inside = |middle: f64, share: f64| middle.clamp(share / 2.0, 1.0 - share / 2.0);
        View { centre: (inside(view.centre.0, seen.0), inside(view.centre.1, seen.1)), scale }
    }

    /// The share of the picture's width and height that is seen at a scale.
    fn share(&self, scale: f64) -> (f64, f64) {
        let along = |room: f64, picture: u32| (room / scale / f64::from(picture.max(1))).min(1.0);
        (along(self.room.0, self.picture.0), along(self.room.1, self.picture.1))
    }

    /// One step closer around the middle; nothing if it is as close as possible. Without a view, from the whole picture.
    #[must_use]
    pub fn closer(&self, view: Option<View>) -> Option<View> {
        let now = self.clamped(view.unwrap_or(View { centre: (0.5, 0.5), scale: self.whole() }));
        let scale = self.steps().into_iter().find(|s| *s > now.scale * SAME)?;
        Some(self.clamped(View { scale, ..now }))
    }

    /// One step back around the middle; nothing if that is the whole picture.
    #[must_use]
    pub fn farther(&self, view: View) -> Option<View> {
        let now = self.clamped(view);
        let scale = self.steps().into_iter().rev().find(|s| *s * SAME < now.scale)?;
        (scale > self.whole() * SAME).then(|| self.clamped(View { scale, ..now }))
    }

    /// One picture pixel as one screen pixel, around the middle; nothing if the whole picture is shown at least that
    /// large.
    #[must_use]
    pub fn one_to_one(&self, view: Option<View>) -> Option<View> {
        let centre = view.map_or((0.5, 0.5), |v| self.clamped(v).centre);
        (self.whole() * SAME < 1.0).then(|| self.clamped(View { centre, scale: 1.0 }))
    }

    /// A view in which a part of the picture takes about `share` of the room; nothing if that is the whole picture.
    #[must_use]
    pub fn around(&self, part: BoxN, share: f64) -> Option<View> {
        let along = |room: f64, picture: u32, part: f64| room * share / (f64::from(picture.max(1)) * part.max(1e-6));
        let scale = along(self.room.0, self.picture.0, part.w).min(along(self.room.1, self.picture.1, part.h));
        let middle = part.centre();
        let view = self.clamped(View { centre: (middle.x, middle.y), scale });
        (view.scale > self.whole() * SAME).then_some(view)
    }

    /// Moves the part by a share of itself, as far as the picture reaches.
    #[must_use]
    pub fn panned(&self, view: View, way: Way, share: f64) -> View {
        let now = self.clamped(view);
        let seen = self.share(now.scale);
        let (x, y) = match way {
            Way::Left => (-share * seen.0, 0.0),
            Way::Right => (share * seen.0, 0.0),
            Way::Up => (0.0, -share * seen.1),
            Way::Down => (0.0, share * seen.1),
        };
        self.clamped(View { centre: (now.centre.0 + x, now.centre.1 + y), ..now })
    }

    /// The part of the picture that is seen. It begins at a whole picture pixel where the picture allows, so that at one
    /// to one nothing is between two pixels.
    #[must_use]
    pub fn window(&self, view: View) -> Window {
        let view = self.clamped(view);
        let seen = self.share(view.scale);
        let along = |middle: f64, share: f64, picture: u32| {
            let (side, one) = (f64::from(picture.max(1)), f64::from(Window::ONE));
            let first = ((middle - share / 2.0) * side).round().clamp(0.0, ((1.0 - share) * side).max(0.0));
            let length = ((share * one).round() as u32).clamp(1, Window::ONE);
            (((first / side * one).round() as u32).min(Window::ONE - length), length)
        };
        let (x, w) = along(view.centre.0, seen.0, self.picture.0);
        let (y, h) = along(view.centre.1, seen.1, self.picture.1);
        Window { x, y, w, h }
    }

    /// How large the part is shown: `1:1`, `4:1` where picture pixels are whole numbers of screen pixels, else how many
    /// times larger than as a whole: `3.4x`.
    #[must_use]
    pub fn words(&self, view: View) -> String {
        let scale = self.clamped(view).scale;
        let ratio = [1.0, 2.0, 4.0, MAX_SCALE].into_iter().find(|s| (scale - s).abs() < 1e-9);
        ratio.map_or_else(|| format!("{:.1}x", scale / self.whole()), |s| format!("{s:.0}:1"))
    }
}

impl Window {
    /// Where the part lies in the picture, in percent of the way from one end to the other, across and down; nothing
    /// where the whole side is seen.
    #[must_use]
    pub fn position(&self) -> (Option<u32>, Option<u32>) {
        let along = |first: u32, length: u32| {
            let way = Self::ONE.saturating_sub(length);
            (way > 0).then(|| (first * 100 + way / 2) / way)
        };
        (along(self.x, self.w), along(self.y, self.h))
    }
}
