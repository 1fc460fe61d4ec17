//! The strongest edges of a picture near the sides of a box: what a box that was drawn by hand probably means.
//!
//! What always holds: a side moves at most as far as it is told, and only to where the picture changes clearly along most
//! of it, from dark to bright or from bright to dark; a side without such a place stays where it is. The share and the
//! step are those with which boxes of photographs come nearer to what people drew carefully: with less, the pips of a
//! playing card and the rim of a cell draw a side away as often as its edge draws it near.

use super::decode::Picture;
use crate::domain::geometry::{BoxN, Side};

/// A mean step of brightness (0-255) between the two sides of an edge that is clear.
const CLEAR: f64 = 15.0;
/// The share of a side along which an edge must be clear.
const ALONG: f64 = 0.7;
/// A place at the far end of what is looked at has to be so many times stronger than one that is near.
const FAR: f64 = 2.0;
/// The corners of an object are often round: this share of a side is left out at each end.
const ENDS: f64 = 0.15;
/// The sides depend on each other, so that they are looked for twice.
const PASSES: usize = 2;

/// The brightness of a part of a picture.
struct Plane {
    luma: Vec<u8>,
    width: usize,
    height: usize,
}

impl Plane {
    fn new(picture: &Picture) -> Self {
        let (pixels, _) = picture.rgb.as_chunks::<3>();
        let luma = pixels.iter().map(|[r, g, b]| {
            // Rec. 601.
            ((u32::from(*r) * 299 + u32::from(*g) * 587 + u32::from(*b) * 114) / 1000) as u8
        });
        Self { luma: luma.collect(), width: picture.width as usize, height: picture.height as usize }
    }

    /// A pixel, its place along and across the side that is looked for.
    fn at(&self, along: usize, across: usize, upright: bool) -> i32 {
        let (x, y) = if upright { (across, along) } else { (along, across) };
        self.luma.get(y * self.width + x).map_or(0, |v| i32::from(*v))
    }

    /// How much the brightness changes at a line between `across - 1` and `across`, between two places along it; nothing
    /// where that is no clear edge.
    fn step(&self, across: usize, (from, to): (usize, usize), upright: bool) -> Option<f64> {
        let side = if upright { self.width } else { self.height };
        if across < 2 || across + 1 >= side || from >= to {
            return None;
        }
        // Two pixels on either side, so that noise does not look like an edge.
        let change = |along: usize| {
            let near = self.at(along, across, upright) + self.at(along, across + 1, upright);
            f64::from(near - self.at(along, across - 1, upright) - self.at(along, across - 2, upright)) / 2.0
        };
        let (mut sum, mut clear) = (0.0, 0.0);
        for step in (from..to).map(change) {
            sum += step;
            clear += if step.abs() > CLEAR { step.signum() } else { 0.0 };
        }
        let long = (to - from) as f64;
        let step = (sum / long).abs();
        (step >= CLEAR && clear * sum.signum() >= ALONG * long).then_some(step)
    }
}

/// The box with its sides at the nearest clear edges of the picture. `seen` is the part of the picture whose pixels these
/// are; a side moves at most `reach` (shares of the picture's width and height).
#[must_use]
pub fn snapped(picture: &Picture, seen: BoxN, at: BoxN, reach: (f64, f64)) -> BoxN {
    let plane = Plane::new(picture);
    if plane.luma.len() < plane.width * plane.height || seen.w <= 0.0 || seen.h <= 0.0 {
        return at;
    }
    let mut now = at;
    for _ in 0..PASSES {
        for side in [Side::Left, Side::Right, Side::Top, Side::Bottom] {
            let upright = matches!(side, Side::Left | Side::Right);
            let (pixels, long, start, reach) =
                if upright { (plane.width, seen.w, seen.x, reach.0) } else { (plane.height, seen.h, seen.y, reach.1) };
            let found = nearest(&plane, seen, now, (side, at.edge(side)), reach / long * pixels as f64);
            if let Some(across) = found {
                now = now.with_edge(side, start + across as f64 / pixels as f64 * long, long / pixels as f64);
            }
        }
    }
    now
}

/// The clearest line near a side, near ones preferred. It lies between the pixel before and this one.
fn nearest(plane: &Plane, seen: BoxN, now: BoxN, (side, from): (Side, f64), reach: f64) -> Option<usize> {
    let upright = matches!(side, Side::Left | Side::Right);
    let pixel = |v: f64, start: f64, long: f64, pixels: usize| (v - start) / long * pixels as f64;
    let x = |v: f64| pixel(v, seen.x, seen.w, plane.width);
    let y = |v: f64| pixel(v, seen.y, seen.h, plane.height);
    let (middle, ends, most) = if upright {
        (x(from), (y(now.y), y(now.edge(Side::Bottom))), plane.height)
    } else {
        (y(from), (x(now.x), x(now.edge(Side::Right))), plane.width)
    };
    let cut = (ends.1 - ends.0) * ENDS;
    let inside = |v: f64| (v.round().max(0.0) as usize).min(most);
    let span = (inside(ends.0 + cut), inside(ends.1 - cut));
    let first = (middle - reach).max(0.0).round() as usize;
    let last = (middle + reach).max(0.0).round() as usize;
    let score = |across: usize| {
        let step = plane.step(across, span, upright)?;
        let far = ((across as f64 - middle).abs() / reach.max(1.0)).min(1.0);
        Some((step / (1.0 + (FAR - 1.0) * far), across))
    };
    let best = (first..=last).filter_map(score).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, across)| across)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::info::ImageInfo;
    use std::sync::Arc;

    /// A bright rectangle on dark noise.
    fn picture(object: (u32, u32, u32, u32)) -> Picture {
        let (width, height) = (200_u32, 150_u32);
        let mut rgb = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let noise = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35) >> 28;
                let inside = x >= object.0 && x < object.2 && y >= object.1 && y < object.3;
                rgb.extend([(if inside { 180 } else { 60 } + noise) as u8; 3]);
            }
        }
        Picture { rgb, width, height, full: (width, height), info: Arc::new(ImageInfo::default()) }
    }

    #[test]
    fn a_box_drawn_nearby_finds_the_object() {
        let picture = picture((40, 30, 120, 90));
        let object = BoxN { x: 0.2, y: 0.2, w: 0.4, h: 0.4 };
        for (dx, dy) in [(0.02, -0.03), (-0.03, 0.02), (0.0, 0.0), (0.03, 0.03)] {
            let drawn = BoxN { x: object.x + dx, y: object.y + dy, w: object.w - dx, h: object.h - 2.0 * dy };
            let found = snapped(&picture, BoxN::ALL, drawn, (0.05, 0.05));
            assert!(found.iou(object) > 0.999, "{drawn:?} {found:?}");
        }
    }

    #[test]
    fn only_what_is_clear_and_near_moves_a_side() {
        let picture = picture((40, 30, 120, 90));
        let far = BoxN { x: 0.7, y: 0.7, w: 0.2, h: 0.2 };
        assert_eq!(snapped(&picture, BoxN::ALL, far, (0.05, 0.05)), far);
        let out_of_reach = BoxN { x: 0.1, y: 0.1, w: 0.6, h: 0.6 };
        assert_eq!(snapped(&picture, BoxN::ALL, out_of_reach, (0.05, 0.05)), out_of_reach);
    }

    #[test]
    fn a_part_of_the_picture_will_do() {
        let picture = picture((40, 30, 120, 90));
        // The pixels are those of the middle of a picture four times as large.
        let seen = BoxN { x: 0.25, y: 0.25, w: 0.5, h: 0.5 };
        let object = BoxN { x: 0.35, y: 0.35, w: 0.2, h: 0.2 };
        let found = snapped(&picture, seen, BoxN { x: 0.36, w: 0.18, ..object }, (0.02, 0.02));
        assert!(found.iou(object) > 0.999, "{found:?}");
    }
}
