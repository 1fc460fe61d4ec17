//! Numbers of shapes in the units of the formats, and COCO's run lengths.
//!
//! What always holds: pixel numbers are rounded to six decimals, so that what came in pixels goes out as it came; a box
//! inside its picture is inside it after rounding too.

use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
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
            Shape::Mask { size, counts } => mask_box(*size, counts).map(|b| b.map(f64::from)),
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
                let [x, y, bw, bh] = mask_box([*h, *w], counts)?.map(f64::from);
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
            Shape::Mask { counts, .. } => mask_area(counts) as f64,
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

/// The runs of ones of a mask: first pixel and the one after the last, column-major.
fn ones(counts: &[u32]) -> impl Iterator<Item = (u64, u64)> + '_ {
    let mut at = 0_u64;
    counts.iter().enumerate().filter_map(move |(i, run)| {
        let from = at;
        at += u64::from(*run);
        (i % 2 == 1 && *run > 0).then_some((from, at))
    })
}

/// The pixels of a mask that are set.
#[must_use]
pub fn mask_area(counts: &[u32]) -> u64 {
    ones(counts).map(|(from, to)| to - from).sum()
}

/// The box around a mask of this height and width: left, top, width, height. Nothing where no pixel is set.
#[must_use]
pub fn mask_box(size: [u32; 2], counts: &[u32]) -> Option<[u32; 4]> {
    let h = u64::from(size[0]).max(1);
    let (mut x0, mut y0, mut x1, mut y1) = (u64::MAX, u64::MAX, 0, 0);
    for (from, to) in ones(counts) {
        let (first, last) = (from / h, (to - 1) / h);
        let (top, bottom) = if first == last { (from % h, (to - 1) % h) } else { (0, h - 1) };
        (x0, y0, x1, y1) = (x0.min(first), y0.min(top), x1.max(last), y1.max(bottom));
    }
    let whole = |v: u64| u32::try_from(v).unwrap_or(u32::MAX);
    (x0 != u64::MAX).then(|| [whole(x0), whole(y0), whole(x1 - x0 + 1), whole(y1 - y0 + 1)])
}

/// The pixels of a mask inside a box, row by row.
pub(super) fn mask_window(size: [u32; 2], counts: &[u32], window: [u32; 4]) -> Vec<bool> {
    let [left, top, width, height] = window.map(|v| v as usize);
    let h = (size[0] as usize).max(1);
    let mut bits = vec![false; width * height];
    for (from, to) in ones(counts) {
        for pixel in from..to {
            let (x, y) = (pixel as usize / h, pixel as usize % h);
            if let (Some(x), Some(y)) = (x.checked_sub(left), y.checked_sub(top))
                && x < width
                && let Some(bit) = bits.get_mut(y * width + x)
            {
                *bit = true;
            }
        }
    }
    bits
}

/// Run lengths as COCO compresses them: each less the one before the last, in groups of five bits from the lowest, a
/// sixth bit where more follow, 48 added (pycocotools' `rleToString`).
#[must_use]
pub fn compress(counts: &[u32]) -> String {
    let mut out = String::with_capacity(counts.len() * 2);
    for (i, run) in counts.iter().enumerate() {
        let before = if i > 2 { counts.get(i - 2).copied().unwrap_or(0) } else { 0 };
        let mut left = i64::from(*run) - i64::from(before);
        loop {
            let mut group = (left & 0x1f) as u8;
            left >>= 5;
            let more = if group & 0x10 == 0 { left != 0 } else { left != -1 };
            if more {
                group |= 0x20;
            }
            out.push(char::from(group + 48));
            if !more {
                break;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_compressed_as_coco_does() {
        // CV Explorer's golden vectors, written by pycocotools.
        for (counts, want) in [(vec![16], "`0"), (vec![0, 16], "0`0"), (vec![0, 1, 34], "01R1"), (vec![34, 1], "R11")] {
            assert_eq!(compress(&counts), want, "{counts:?}");
        }
    }

    #[test]
    fn a_mask_knows_its_box_and_its_area() {
        // 4 rows, 3 columns; column 1 rows 1-2 set.
        assert_eq!(mask_box([4, 3], &[5, 2, 5]), Some([1, 1, 1, 2]));
        assert_eq!(mask_box([4, 3], &[3, 2, 7]), Some([0, 0, 2, 4]));
        assert_eq!((mask_box([4, 3], &[12]), mask_area(&[5, 2, 5])), (None, 2));
        assert_eq!(mask_window([4, 3], &[5, 2, 5], [1, 1, 1, 2]), [true, true]);
    }
}
