//! Boxes and points in the one frame of the whole program: normalised `0..1`, origin top left, in the picture as EXIF
//! says it is displayed (not as it is stored).

use serde::{Deserialize, Serialize};

/// A point, normalised `0..1`, in the displayed picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
}

/// An axis-aligned box, normalised `0..1`: corner `x`, `y` at the top left, size `w`, `h`. Half-open in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoxN {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

/// An edge of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The left one.
    Left,
    /// The right one.
    Right,
    /// The upper one.
    Top,
    /// The lower one.
    Bottom,
}

impl BoxN {
    /// The whole picture.
    pub const ALL: Self = Self { x: 0.0, y: 0.0, w: 1.0, h: 1.0 };

    /// The smallest box inside the picture that reaches from the first to the last of `points`, whatever their order, and
    /// is at least `least` wide and high. Nothing without a finite point.
    #[must_use]
    pub fn around(points: &[Point], least: (f64, f64)) -> Option<Self> {
        if points.is_empty() || !points.iter().all(|p| p.x.is_finite() && p.y.is_finite()) {
            return None;
        }
        let ends = |of: fn(&Point) -> f64, least: f64| {
            let from = points.iter().map(of).fold(f64::INFINITY, f64::min).clamp(0.0, 1.0);
            let to = points.iter().map(of).fold(f64::NEG_INFINITY, f64::max).clamp(0.0, 1.0);
            let least = least.clamp(1e-6, 1.0);
            if to - from >= least { (from, to) } else { (from.min(1.0 - least), from.min(1.0 - least) + least) }
        };
        let ((x0, x1), (y0, y1)) = (ends(|p| p.x, least.0), ends(|p| p.y, least.1));
        Some(Self::edges(x0, y0, x1, y1))
    }

    /// The box with these edges; their order and the picture's edges are the caller's business.
    fn edges(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self { x: x0, y: y0, w: x1 - x0, h: y1 - y0 }
    }

    /// Where an edge lies.
    #[must_use]
    pub fn edge(self, side: Side) -> f64 {
        match side {
            Side::Left => self.x,
            Side::Right => (self.x + self.w).min(1.0),
            Side::Top => self.y,
            Side::Bottom => (self.y + self.h).min(1.0),
        }
    }

    /// The middle.
    #[must_use]
    pub fn centre(self) -> Point {
        Point { x: self.x + self.w / 2.0, y: self.y + self.h / 2.0 }
    }

    /// Whether a point lies inside or on an edge.
    #[must_use]
    pub fn holds(self, at: Point) -> bool {
        (self.x..=self.edge(Side::Right)).contains(&at.x) && (self.y..=self.edge(Side::Bottom)).contains(&at.y)
    }

    /// The box somewhere else in the picture, as far as its edges reach; it keeps its size.
    #[must_use]
    pub fn moved(self, dx: f64, dy: f64) -> Self {
        let along = |from: f64, long: f64, by: f64| (from + by).clamp(0.0, (1.0 - long).max(0.0));
        Self { x: along(self.x, self.w, dx), y: along(self.y, self.h, dy), ..self }
    }

    /// The box with one edge at another place: inside the picture, and not nearer than `least` to the opposite one.
    #[must_use]
    pub fn with_edge(self, side: Side, at: f64, least: f64) -> Self {
        let (x0, x1) = (self.x, self.edge(Side::Right));
        let (y0, y1) = (self.y, self.edge(Side::Bottom));
        let low = |far: f64| at.clamp(0.0, (far - least).max(0.0).min(far));
        let high = |far: f64| at.clamp((far + least).min(1.0), 1.0);
        match side {
            Side::Left => Self::edges(low(x1), y0, x1, y1),
            Side::Right => Self::edges(x0, y0, high(x0), y1),
            Side::Top => Self::edges(x0, low(y1), x1, y1),
            Side::Bottom => Self::edges(x0, y0, x1, high(y0)),
        }
    }

    /// The part of the box that lies inside the picture, or nothing if none does or a number is not finite.
    #[must_use]
    pub fn clamped(self) -> Option<Self> {
        if ![self.x, self.y, self.w, self.h].iter().all(|v| v.is_finite()) {
            return None;
        }
        // What lies inside stays to the last bit: the size made of two edges again would often differ in it.
        let along = |from: f64, long: f64| {
            let (start, end) = (from.clamp(0.0, 1.0), (from + long).clamp(0.0, 1.0));
            let is_inside = start == from && end == from + long;
            (end > start).then_some((start, if is_inside { long } else { end - start }))
        };
        let ((x, w), (y, h)) = (along(self.x, self.w)?, along(self.y, self.h)?);
        Some(Self { x, y, w, h })
    }

    /// Intersection over union with `other`, `0..=1`.
    #[must_use]
    pub fn iou(self, other: Self) -> f64 {
        let w = (self.x + self.w).min(other.x + other.w) - self.x.max(other.x);
        let h = (self.y + self.h).min(other.y + other.h) - self.y.max(other.y);
        if w <= 0.0 || h <= 0.0 {
            return 0.0;
        }
        let both = w * h;
        both / (self.w * self.h + other.w * other.h - both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inside(b: BoxN) -> bool {
        b.x >= 0.0 && b.y >= 0.0 && b.w > 0.0 && b.h > 0.0 && b.x + b.w <= 1.0 && b.y + b.h <= 1.0
    }

    fn any_box() -> impl Strategy<Value = BoxN> {
        let point = || (0.0..=1.0_f64, 0.0..=1.0_f64).prop_map(|(x, y)| Point { x, y });
        (point(), point()).prop_map(|(a, b)| BoxN::around(&[a, b], (0.001, 0.002)).unwrap())
    }

    #[test]
    fn a_box_inside_the_picture_stays_to_the_last_bit_and_another_is_cut() {
        let inside = BoxN { x: 0.1, y: 0.7, w: 0.2, h: 0.1 };
        assert_eq!(inside.clamped(), Some(inside));
        let over = BoxN { x: -0.25, y: 0.5, w: 0.5, h: 1.0 };
        assert_eq!(over.clamped(), Some(BoxN { x: 0.0, y: 0.5, w: 0.25, h: 0.5 }));
        assert_eq!(BoxN { x: 1.5, ..inside }.clamped(), None);
    }

    proptest! {
        #[test]
        fn no_change_leaves_the_picture(b in any_box(), dx in -2.0..2.0_f64, dy in -2.0..2.0_f64, at in -1.0..2.0_f64) {
            prop_assert!(inside(b), "{b:?}");
            let moved = b.moved(dx, dy);
            prop_assert!(inside(moved), "{moved:?}");
            prop_assert_eq!((moved.w, moved.h), (b.w, b.h));
            for side in [Side::Left, Side::Right, Side::Top, Side::Bottom] {
                let pushed = b.with_edge(side, at, 0.001);
                prop_assert!(inside(pushed), "{side:?} {at} {b:?} {pushed:?}");
            }
        }
    }

    #[test]
    fn corners_in_any_order_make_the_same_box() {
        let (a, b) = (Point { x: 0.5, y: 0.25 }, Point { x: 0.25, y: 0.75 });
        let made = BoxN { x: 0.25, y: 0.25, w: 0.25, h: 0.5 };
        assert_eq!((BoxN::around(&[a, b], (0.0, 0.0)), BoxN::around(&[b, a], (0.0, 0.0))), (Some(made), Some(made)));
        let edge = Point { x: 1.0, y: 1.0 };
        let least = BoxN::around(&[edge, edge], (0.25, 0.5)).unwrap();
        assert_eq!(least, BoxN { x: 0.75, y: 0.5, w: 0.25, h: 0.5 });
        assert_eq!(BoxN::around(&[Point { x: f64::NAN, y: 0.0 }], (0.1, 0.1)), None);
    }
}
