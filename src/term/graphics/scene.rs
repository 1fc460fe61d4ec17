//! Pixels as the eye weighs them: brightness for each, hue for four together, and how visible an error is where.

use super::Pixels;

/// How much more is seen of an error where nothing else is.
const FLAT: f32 = 40.0;
/// How much more is seen of an error where it is nearly black, against the square of the brightness.
const DARK: f32 = 30.0;

/// A colour as brightness (0-1020) and hue, scaled so that distances are about as visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// Brightness.
    pub(super) y: i16,
    /// Blue against the brightness.
    pub(super) cb: i16,
    /// Red against it.
    pub(super) cr: i16,
}

impl Point {
    /// The point of a colour.
    pub(super) fn new([r, g, b]: [u8; 3]) -> Self {
        let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
        let y = (77 * r + 150 * g + 29 * b) >> 6;
        Self { y: y as i16, cb: (((4 * b - y) * 36) >> 7) as i16, cr: (((4 * r - y) * 46) >> 7) as i16 }
    }

    /// Square of the distance in brightness.
    #[inline]
    pub(super) fn light_distance(self, other: Self) -> u32 {
        let dy = i32::from(self.y) - i32::from(other.y);
        (dy * dy) as u32
    }

    /// Square of the distance in hue.
    #[inline]
    pub(super) fn hue_distance(self, other: Self) -> u32 {
        let (cb, cr) = (i32::from(self.cb) - i32::from(other.cb), i32::from(self.cr) - i32::from(other.cr));
        (cb * cb + cr * cr) as u32
    }

    /// Brightness, 0-255.
    #[inline]
    pub(super) fn luma(self) -> usize {
        usize::from((self.y >> 2) as u8)
    }
}

/// A picture as points, and how visible errors are in each block of 8 x 8 of it.
pub(super) struct Scene {
    /// Width in pixels.
    pub(super) width: usize,
    /// Height in pixels.
    pub(super) height: usize,
    /// Rows from the top.
    pub(super) points: Vec<Point>,
    /// Blocks in a row.
    pub(super) across: usize,
    /// What an error weighs in each block, 256 for one of middling detail: less where there is more to see.
    pub(super) weights: Vec<u32>,
}

/// Pixels along a side of a block.
pub(super) const BLOCK: usize = 8;

impl Scene {
    /// Weighs a picture.
    pub(super) fn new(pixels: Pixels<'_>) -> Self {
        let (width, height) = (pixels.width() as usize, pixels.height() as usize);
        let (colours, _) = pixels.rgb().as_chunks::<3>();
        let mut points: Vec<Point> = colours.iter().map(|c| Point::new(*c)).collect();
        points.chunks_mut(2 * width).for_each(|rows| blend_hues(rows, width));
        let across = width.div_ceil(BLOCK);
        let mut weights = Vec::with_capacity(across * height.div_ceil(BLOCK));
        for rows in points.chunks(width * BLOCK) {
            for block in 0..across {
                let mut sums = (0_u32, 0_u64, 0_u32);
                for row in rows.chunks(width) {
                    for point in row.iter().skip(block * BLOCK).take(BLOCK) {
                        let y = u32::from(point.y as u16);
                        sums = (sums.0 + y, sums.1 + u64::from(y * y), sums.2 + 1);
                    }
                }
                let count = sums.2.max(1) as f32;
                let mean = sums.0 as f32 / count;
                let variance = (sums.1 as f32 / count - mean * mean).max(0.0) / 16.0;
                // The root of what the structural similarity of the block would lose by an error of one.
                let light = mean * mean / 16.0;
                let dark = DARK / (light + 6.5);
                let flat = FLAT / (2.0 * variance + 20.0);
                weights.push((256.0 * (100.0 / (2.0 * variance + 58.5) + dark * dark + flat * flat).sqrt()) as u32);
            }
        }
        Self { width, height, points, across, weights }
    }

    /// Every `step`-th pixel: its place and its point.
    pub(super) fn sample(&self, step: usize) -> impl Iterator<Item = (usize, Point)> {
        self.points.iter().copied().enumerate().step_by(step)
    }
}

/// Gives the four points of each square of two rows their mean hue: the eye sees no finer.
fn blend_hues(rows: &mut [Point], width: usize) {
    let (upper, lower) = rows.split_at_mut(width.min(rows.len()));
    if lower.len() < width {
        return;
    }
    for (a, b) in upper.chunks_exact_mut(2).zip(lower.chunks_exact_mut(2)) {
        let mean = |f: fn(&Point) -> i16| (f(&a[0]) + f(&a[1]) + f(&b[0]) + f(&b[1])) >> 2;
        let (cb, cr) = (mean(|p| p.cb), mean(|p| p.cr));
        for point in a.iter_mut().chain(b) {
            (point.cb, point.cr) = (cb, cr);
        }
    }
}
