//! A photo as indices that PNG's Paeth filter predicts: each pixel takes the index that is cheapest in bits and error
//! together.
//!
//! What always holds: whatever is chosen, the bytes given back decode to just these indices; padding around the picture
//! is one index everywhere.

use super::scene::{BLOCK, Point, Scene};
use super::tones::Tones;

/// PNG's number of the Paeth filter.
const PAETH: u8 = 4;

/// What an error of hue weighs against one of brightness: a change is paid for once, but seen as far as it goes.
const HUE: u32 = 5;
/// Bits of the code for a pixel that is as predicted, of runs of them rather.
const AS_PREDICTED: f32 = 0.5;

/// What a difference from the prediction costs, in squared steps of brightness (0-1020).
pub(super) struct Rates {
    of: [u32; 256],
    /// An error up to this is kept without looking further.
    fine: u32,
    /// The most that the next pixel counts in a choice.
    cap: u32,
}

impl Rates {
    /// `price` is what a bit may cost, in squared steps of brightness (0-255).
    ///
    /// The bits are those of most photos. Those of the picture itself would not do: where zeros are frequent they are
    /// cheap, and get more frequent.
    pub(super) fn new(price: f32) -> Self {
        let of = std::array::from_fn(|i| {
            let difference = i.min(256 - i);
            let bits = match difference {
                0 => AS_PREDICTED,
                1..=8 => 2.2 + 0.8 * difference as f32,
                _ => 11.0,
            };
            (bits * price * 16.0) as u32
        });
        let least = (3.0 * price * 16.0) as u32;
        Self { of, fine: (least - of[0]) * 7 / 10, cap: (least + (11.0 * price * 16.0) as u32) / 2 }
    }
}

/// Where the picture lies in the image that is sent.
#[derive(Clone, Copy)]
pub(super) struct Canvas {
    /// Width in pixels.
    pub(super) width: usize,
    /// Height in pixels.
    pub(super) height: usize,
    /// Columns before the picture.
    pub(super) left: usize,
    /// Rows above it.
    pub(super) top: usize,
    /// The index of what is not picture.
    pub(super) clear: u8,
}

/// The whole canvas: its filtered rows, each after the number of its filter, which is what PNG compresses; and the
/// indices that they decode to.
pub(super) fn traced(scene: &Scene, tones: &Tones, rates: &Rates, canvas: Canvas) -> (Vec<u8>, Vec<u8>) {
    let mut out = Vec::with_capacity((canvas.width + 1) * canvas.height);
    let mut indices = vec![canvas.clear; canvas.width * canvas.height];
    let picture = canvas.left.min(canvas.width)..(canvas.left + scene.width).min(canvas.width);
    // What PNG takes to be above the first row and left of every row.
    let nothing = vec![0; canvas.width];
    for y in 0..canvas.height {
        out.push(PAETH);
        let (before, rest) = indices.split_at_mut(y * canvas.width);
        let above = before.rchunks(canvas.width).next().unwrap_or(&nothing);
        let Some(row) = rest.get_mut(..canvas.width) else { break };
        let Some(line) = y.checked_sub(canvas.top).filter(|line| *line < scene.height) else {
            unpredicted(&mut out, row, above, 0..canvas.width);
            continue;
        };
        unpredicted(&mut out, row, above, 0..picture.start);
        let at = |row: &[u8]| picture.start.checked_sub(1).and_then(|x| row.get(x)).copied().unwrap_or(0);
        let start = (at(row), at(above));
        let (inside, up) = (row.get_mut(picture.clone()), above.get(picture.clone()));
        line_of(scene, tones, rates, line, start, up.unwrap_or_default(), inside.unwrap_or_default(), &mut out);
        unpredicted(&mut out, row, above, picture.end..canvas.width);
    }
    (out, indices)
}

/// Adds what the filter leaves of given indices.
fn unpredicted(out: &mut Vec<u8>, row: &[u8], above: &[u8], range: std::ops::Range<usize>) {
    let at = |row: &[u8], x: Option<usize>| x.and_then(|x| row.get(x)).copied().unwrap_or(0);
    for x in range {
        let (left, up) = (at(row, x.checked_sub(1)), at(above, Some(x)));
        let predicted = paeth(left.into(), up.into(), at(above, x.checked_sub(1)).into());
        out.push(at(row, Some(x)).wrapping_sub(predicted as u8));
    }
}

/// What PNG predicts from the pixels to the left, above, and above to the left. Without a branch: which of the three it
/// is, is as good as random in a texture.
#[inline]
fn paeth(left: i32, above: i32, corner: i32) -> i32 {
    let (to_left, to_above) = ((above - corner).abs(), (left - corner).abs());
    let to_corner = (left + above - 2 * corner).abs();
    let nearer = if to_left <= to_above { left } else { above };
    if to_left.min(to_above) <= to_corner { nearer } else { corner }
}

/// Chooses the indices of one line of the picture. `start` is what stands left of it in this row and the one above.
#[allow(clippy::too_many_arguments, reason = "the loop that all the time goes into keeps everything in registers")]
fn line_of(
    scene: &Scene,
    tones: &Tones,
    rates: &Rates,
    line: usize,
    start: (u8, u8),
    above: &[u8],
    row: &mut [u8],
    out: &mut Vec<u8>,
) {
    let points = scene.points.get(line * scene.width..).unwrap_or_default();
    let weights = scene.weights.get(line / BLOCK * scene.across..).unwrap_or_default();
    let (mut left, mut corner) = (i32::from(start.0), i32::from(start.1));
    let blocks = row.chunks_mut(BLOCK).zip(points.chunks(BLOCK).zip(above.chunks(BLOCK))).zip(weights);
    for (block, ((indices, (points_here, above_here)), weight)) in blocks.enumerate() {
        let fine = (rates.fine << 8) / weight.max(&1);
        for (x, (index, (point, up))) in indices.iter_mut().zip(points_here.iter().zip(above_here)).enumerate() {
            let up = i32::from(*up);
            let predicted = paeth(left, up, corner);
            let entry = tones.points[predicted as usize & 255];
            let (light, hue) = (entry.light_distance(*point), HUE * entry.hue_distance(*point));
            corner = up;
            if light <= fine && hue <= rates.fine {
                *index = predicted as u8;
                out.push(0);
                left = predicted;
                continue;
            }
            let at = block * BLOCK + x + 1;
            let next = points.get(at).copied().zip(above.get(at).map(|i| i32::from(*i)));
            let pixel = Pixel { point: *point, weight: *weight, predicted, up, next };
            let chosen = choose(&pixel, tones, rates);
            *index = chosen as u8;
            out.push(chosen.wrapping_sub(predicted) as u8);
            left = chosen;
        }
    }
}

/// A pixel for which the prediction may not do.
struct Pixel {
    point: Point,
    weight: u32,
    predicted: i32,
    /// The index above.
    up: i32,
    /// The pixel to the right, and the index above that.
    next: Option<(Point, i32)>,
}

#[inline]
fn choose(pixel: &Pixel, tones: &Tones, rates: &Rates) -> i32 {
    let error = |index: i32, point: Point| {
        let entry = tones.points[index as usize & 255];
        // Far from the colour in a flat block the product takes more than 32 bits.
        let light = (u64::from(entry.light_distance(point)) * u64::from(pixel.weight)) >> 8;
        light.min(1 << 28) as u32 + HUE * entry.hue_distance(point)
    };
    let cost = |index: i32| error(index, pixel.point) + rates.of[(index - pixel.predicted) as usize & 255];
    // The same hue at the level of the pixel, or the right hue.
    let hue = tones.hue_of[pixel.predicted as usize & 255];
    let mut best = i32::from(tones.with_hue(pixel.point, hue));
    let mut least = cost(best);
    if HUE * tones.points[best as usize & 255].hue_distance(pixel.point) > rates.fine {
        let other = i32::from(tones.nearest(pixel.point));
        let other_cost = cost(other);
        if other_cost < least {
            (best, least) = (other, other_cost);
        }
    }
    let keep = error(pixel.predicted, pixel.point) + rates.of[0];
    let Some((point, up)) = pixel.next.filter(|_| keep < least + rates.cap && least < keep + rates.cap) else {
        return if least < keep { best } else { pixel.predicted };
    };
    // A choice is also what the next pixel is predicted from.
    let ahead = |index: i32| error(paeth(index, up, pixel.up), point).min(rates.cap);
    if least + ahead(best) < keep + ahead(pixel.predicted) { best } else { pixel.predicted }
}

/// What these rates lose of a structural similarity of 1, as far as every `every`-th row of blocks can tell.
pub(super) fn trial(scene: &Scene, tones: &Tones, rates: &Rates, every: usize) -> f32 {
    let (mut loss, mut blocks) = (0.0, 0_usize);
    // A row of blocks to get into the state that the picture would be in there, and one to measure.
    let mut strip = vec![0_u8; scene.width * BLOCK];
    let mut unused = Vec::with_capacity(2 * strip.len());
    for measured in (every / 2..scene.height / BLOCK).step_by(every) {
        let top = measured.saturating_sub(1) * BLOCK;
        let before = scene.points.get(top.saturating_sub(1) * scene.width..).unwrap_or_default();
        let mut above: Vec<u8> = before.iter().take(scene.width).map(|p| tones.nearest(*p)).collect();
        unused.clear();
        for from in [top, measured * BLOCK] {
            for (line, row) in strip.chunks_exact_mut(scene.width).enumerate() {
                line_of(scene, tones, rates, from + line, (0, 0), &above, row, &mut unused);
                above.copy_from_slice(row);
            }
        }
        let across = scene.width / BLOCK;
        (0..across).for_each(|block| loss += block_loss(scene, tones, &strip, measured * BLOCK, block));
        blocks += across;
    }
    loss / blocks.max(1) as f32
}

/// What a block loses of its structural similarity of 1 (Wang et al. 2004, on brightness, without overlap).
fn block_loss(scene: &Scene, tones: &Tones, strip: &[u8], top: usize, block: usize) -> f32 {
    let (mut sums, mut squares, mut product) = ([0_i32; 2], [0_i64; 2], 0_i64);
    for line in 0..BLOCK {
        let at = block * BLOCK;
        let points = scene.points.get((top + line) * scene.width + at..).unwrap_or_default();
        let indices = strip.get(line * scene.width + at..).unwrap_or_default();
        for (point, index) in points.iter().zip(indices).take(BLOCK) {
            let (x, y) = (i32::from(point.y), i32::from(tones.points[usize::from(*index)].y));
            sums = [sums[0] + x, sums[1] + y];
            squares = [squares[0] + i64::from(x * x), squares[1] + i64::from(y * y)];
            product += i64::from(x * y);
        }
    }
    const COUNT: f32 = (BLOCK * BLOCK) as f32;
    // Brightness is in quarters here: the constants of the measure, times 16.
    let (c1, c2) = (6.5025 * 16.0, 58.5225 * 16.0);
    let means = sums.map(|s| s as f32 / COUNT);
    let variance = |i: usize| squares[i] as f32 / COUNT - means[i] * means[i];
    let covariance = product as f32 / COUNT - means[0] * means[1];
    let light = (2.0 * means[0] * means[1] + c1) / (means[0] * means[0] + means[1] * means[1] + c1);
    1.0 - light * (2.0 * covariance + c2) / (variance(0) + variance(1) + c2)
}
