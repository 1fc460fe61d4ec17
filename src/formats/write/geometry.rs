//! Numbers of shapes in the units of the formats, and COCO's run lengths.
//!
//! What always holds: pixel numbers are rounded to six decimals, so that what came in pixels goes out as it came; a box
//! inside its picture is inside it after rounding too.

use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::mask;
use crate::formats::dataset::{Item, Mark, Unit};

/// Rounds to a millionth.
pub(super) fn round6(value: f64) -> f64 {
    let rounded = (value * 1e6).round() / 1e6;
    // No minus before a zero.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// The size of a picture in pixels as displayed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) w: f64,
    pub(super) h: f64,
}

impl Frame {
    /// Of a picture; zero where its size is unknown.
    pub(super) fn of(item: &Item) -> Self {
        Self { w: f64::from(item.width.unwrap_or(0)), h: f64::from(item.height.unwrap_or(0)) }
    }

    /// What a number of this unit is to be multiplied by to get pixels.
    fn scale(&self, unit: Unit) -> (f64, f64) {
        match unit {
            Unit::Part => (self.w, self.h),
            Unit::Pixel => (1.0, 1.0),
        }
    }

    /// The box of a mark, or the one around it: left, top, width, height in pixels. Nothing for a whole picture or an
    /// empty mask.
    pub(super) fn pixels(&self, mark: &Mark) -> Option<[f64; 4]> {
        let (kx, ky) = self.scale(mark.unit);
        match &mark.shape {
            Shape::Class => None,
            Shape::Box(b) => Some(self.tidy([b.x * kx, b.y * ky, b.w * kx, b.h * ky])),
            Shape::Polygon { parts } => around(parts).map(|b| self.tidy([b.x * kx, b.y * ky, b.w * kx, b.h * ky])),
            Shape::Mask { size, counts } => mask::bounds(*size, counts).map(|b| b.map(f64::from)),
        }
    }

    fn tidy(&self, [x, y, w, h]: [f64; 4]) -> [f64; 4] {
        let side = |from: f64, length: f64, whole: f64| {
            let (start, size) = (round6(from), round6(length));
            let over = start + size > whole && from + length <= whole + 1e-9;
            (start, if over { round6(whole - start) } else { size })
        };
        let ((x, w), (y, h)) = (side(x, w, self.w), side(y, h, self.h));
        [x, y, w, h]
    }

    /// The box of a mark, or the one around it, as parts of the picture: left, top, width, height.
    pub(super) fn parts(&self, mark: &Mark) -> Option<BoxN> {
        let around = match &mark.shape {
            Shape::Class => return None,
            Shape::Box(b) => *b,
            Shape::Polygon { parts } => around(parts)?,
            Shape::Mask { size: [h, w], counts } => {
                let [x, y, bw, bh] = mask::bounds([*h, *w], counts)?.map(f64::from);
                let (w, h) = (f64::from(*w), f64::from(*h));
                return Some(BoxN { x: x / w, y: y / h, w: bw / w, h: bh / h });
            }
        };
        if mark.unit == Unit::Part {
            return Some(around);
        }
        Some(BoxN { x: around.x / self.w, y: around.y / self.h, w: around.w / self.w, h: around.h / self.h })
    }

    /// The corners of the parts of a polygon in pixels.
    pub(super) fn corners(&self, mark: &Mark) -> Vec<Vec<[f64; 2]>> {
        let (kx, ky) = self.scale(mark.unit);
        let Shape::Polygon { parts } = &mark.shape else { return Vec::new() };
        parts.iter().map(|part| part.iter().map(|p| [round6(p.x * kx), round6(p.y * ky)]).collect()).collect()
    }

    /// The pixels that a mark covers; a polygon's parts do not overlap.
    pub(super) fn area(&self, mark: &Mark) -> f64 {
        match &mark.shape {
            Shape::Mask { counts, .. } => mask::area(counts) as f64,
            Shape::Polygon { .. } => round6(self.corners(mark).iter().map(|part| shoelace(part)).sum()),
            Shape::Box(_) | Shape::Class => self.pixels(mark).map_or(0.0, |[_, _, w, h]| round6(w * h)),
        }
    }
}

fn shoelace(part: &[[f64; 2]]) -> f64 {
    let next = part.iter().cycle().skip(1);
    part.iter().zip(next).map(|([x0, y0], [x1, y1])| x0 * y1 - x1 * y0).sum::<f64>().abs() / 2.0
}

/// The box around the parts of a polygon, in its unit.
pub(super) fn around(parts: &[Vec<Point>]) -> Option<BoxN> {
    let points = || parts.iter().flatten();
    points().next()?;
    let least = |of: fn(&Point) -> f64| points().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&Point) -> f64| points().map(of).fold(f64::NEG_INFINITY, f64::max);
    let (x, y) = (least(|p| p.x), least(|p| p.y));
    Some(BoxN { x, y, w: most(|p| p.x) - x, h: most(|p| p.y) - y })
}
