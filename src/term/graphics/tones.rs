//! A palette that behaves like a grey scale, and pixels as the eye weighs them.
//!
//! The colours of a photo are a few hues at many brightnesses. With the levels of each hue next to each other,
//! neighbouring pixels of a photo have neighbouring indices, and the Paeth filter of PNG predicts them as well as it
//! predicts grey: the hue as a rule exactly, because another hue is far away. A palette of the best single colours has
//! no such order: its indices are noise to PNG, and cost half as many bytes again for a picture less alike.

use super::Pixels;
use super::scene::{Point, Scene};

/// The most hues of a palette.
const MOST_HUES: usize = 16;
/// The most steps of brightness.
const MOST_LEVELS: usize = 32;
/// Bins along each axis of the plane of hues.
const BINS: usize = 64;
/// So many points a bin.
const BIN: i32 = 16;
/// The mean square error of hue, in points, below which one more hue is not worth its entries.
const HUE_ERROR: f32 = 24.0;
/// Farther from every colour than any two colours are from each other.
const NOWHERE: Point = Point { y: -2000, cb: 0, cr: 0 };

/// The palette: for each hue the levels of brightness it occurs at, darkest first.
pub(super) struct Tones {
    /// The colours.
    pub(super) palette: Vec<[u8; 3]>,
    /// Their points; what is no colour of the palette is far from everything.
    pub(super) points: [Point; 256],
    /// Hue of each colour.
    pub(super) hue_of: [u8; 256],
    /// Level of each brightness.
    level: [u8; 256],
    /// Hue of each bin of the plane of hues.
    hue: Vec<u8>,
    /// Index of each hue at each level; the nearest level where it does not occur.
    index: [[u8; MOST_LEVELS]; MOST_HUES],
}

impl Tones {
    /// The palette of a scene: at most `most` colours (up to 255), few where few will do.
    pub(super) fn new(pixels: Pixels<'_>, scene: &Scene, most: usize) -> Self {
        // Enough for the statistics, and prime to usual widths.
        let step = (scene.points.len() / 60_000).clamp(1, 13) | 1;
        let mut plane = vec![[0.0_f32; 3]; BINS * BINS];
        for (_, point) in scene.sample(step) {
            let [mass, cb, cr] = &mut plane[bin(point)];
            *mass += 1.0;
            *cb += f32::from(point.cb);
            *cr += f32::from(point.cr);
        }
        let full: Vec<Bin> =
            plane.iter().filter(|b| b[0] > 0.0).map(|b| Bin { mass: b[0], at: [b[1] / b[0], b[2] / b[0]] }).collect();
        let centres = hues(&full, (most / 8).clamp(1, MOST_HUES));
        let hue: Vec<u8> = (0..BINS * BINS).map(|bin| nearest(&centres, middle(bin)).0 as u8).collect();
        let mut bright = vec![[0.0_f32; 256]; centres.len()];
        for (_, point) in scene.sample(step) {
            bright[usize::from(hue[bin(point)])][point.luma()] += 1.0;
        }
        let mut tones = Self {
            palette: Vec::new(),
            points: [NOWHERE; 256],
            hue_of: [0; 256],
            level: [0; 256],
            hue,
            index: [[0; MOST_LEVELS]; MOST_HUES],
        };
        tones.lay_out(&bright, most);
        tones.settle(pixels, scene, step, &centres);
        tones
    }

    /// Gives every hue its levels, as many as there is room for.
    fn lay_out(&mut self, bright: &[[f32; 256]], most: usize) {
        let ranges: Vec<(usize, usize)> = bright.iter().map(range).collect();
        let mut all = [0.0; 256];
        bright.iter().for_each(|b| all.iter_mut().zip(b).for_each(|(a, b)| *a += b));
        for count in (2..=MOST_LEVELS).rev() {
            let levels = levels_of(&all, count);
            let total: usize = ranges.iter().map(|(low, high)| levels[*high] - levels[*low] + 1).sum();
            if total > most && count > 2 {
                continue;
            }
            self.level = levels.map(|l| l as u8);
            let mut first = 0;
            for (hue, (low, high)) in ranges.iter().enumerate() {
                let (low, high) = (levels[*low], levels[*high]);
                for level in 0..MOST_LEVELS {
                    self.index[hue][level] = (first + level.clamp(low, high) - low) as u8;
                }
                for index in first..=first + high - low {
                    self.hue_of[index] = hue as u8;
                }
                first += high - low + 1;
            }
            self.palette = vec![[0; 3]; first];
            return;
        }
    }

    /// Gives every entry the mean of the pixels that take it.
    fn settle(&mut self, pixels: Pixels<'_>, scene: &Scene, step: usize, centres: &[[f32; 2]]) {
        let (colours, _) = pixels.rgb().as_chunks::<3>();
        let mut sums = vec![[0.0_f32; 4]; self.palette.len()];
        for (i, point) in scene.sample(step) {
            let Some(colour) = colours.get(i) else { continue };
            let sum = &mut sums[usize::from(self.nearest(point))];
            sum.iter_mut().zip(colour).for_each(|(s, c)| *s += f32::from(*c));
            sum[3] += 1.0;
        }
        for (index, sum) in sums.iter().enumerate() {
            let [r, g, b, mass] = *sum;
            self.palette[index] = match mass > 0.0 {
                true => [r, g, b].map(|c| (c / mass + 0.5) as u8),
                false => self.unseen(index, centres[usize::from(self.hue_of[index])]),
            };
            self.points[index] = Point::new(self.palette[index]);
        }
    }

    /// A colour for an entry that no pixel of the sample takes.
    fn unseen(&self, index: usize, [cb, cr]: [f32; 2]) -> [u8; 3] {
        let hue = usize::from(self.hue_of[index]);
        let level = self.index[hue].iter().position(|i| usize::from(*i) == index).unwrap_or(0);
        let lowest = self.level.iter().position(|l| usize::from(*l) == level).unwrap_or(0);
        let count = self.level.iter().filter(|l| usize::from(**l) == level).count();
        let y = (lowest + count / 2) as f32;
        let (r, b) = (y + cr * 128.0 / 184.0, y + cb * 128.0 / 144.0);
        let g = (y - 0.299 * r - 0.114 * b) / 0.587;
        [r, g, b].map(|c| c.clamp(0.0, 255.0) as u8)
    }

    /// The entry of a hue at the brightness of a point.
    #[inline]
    pub(super) fn with_hue(&self, point: Point, hue: u8) -> u8 {
        self.index[usize::from(hue) % MOST_HUES][usize::from(self.level[point.luma()]) % MOST_LEVELS]
    }

    /// The hue of a point.
    #[inline]
    pub(super) fn hue(&self, point: Point) -> u8 {
        self.hue.get(bin(point)).copied().unwrap_or(0)
    }

    /// The entry of a point by its level and hue alone.
    #[inline]
    pub(super) fn nearest(&self, point: Point) -> u8 {
        self.with_hue(point, self.hue(point))
    }
}

/// The lowest and the highest brightness of a hue, without the few pixels that stand out.
fn range(bright: &[f32; 256]) -> (usize, usize) {
    let few = bright.iter().sum::<f32>() * 0.004;
    let end = |mut all: Box<dyn Iterator<Item = usize> + '_>| {
        let mut sum = 0.0;
        all.find(|i| {
            sum += bright[*i];
            sum > few
        })
    };
    let low = end(Box::new(0..256)).unwrap_or(0);
    (low, end(Box::new((0..256).rev())).unwrap_or(255).max(low))
}

/// Part of the plane of hues: how much is there, and where on average.
struct Bin {
    mass: f32,
    at: [f32; 2],
}

#[inline]
fn bin(point: Point) -> usize {
    let along = |v: i16| ((i32::from(v) / BIN) + BINS as i32 / 2).clamp(0, BINS as i32 - 1) as usize;
    along(point.cb) * BINS + along(point.cr)
}

fn middle(bin: usize) -> [f32; 2] {
    let along = |i: usize| ((i as i32 - BINS as i32 / 2) * BIN + BIN / 2) as f32;
    [along(bin / BINS), along(bin % BINS)]
}

/// The nearest of some places, and the square of the distance.
fn nearest(centres: &[[f32; 2]], at: [f32; 2]) -> (usize, f32) {
    let distance = |c: &[f32; 2]| (c[0] - at[0]).powi(2) + (c[1] - at[1]).powi(2);
    let all = centres.iter().map(distance).enumerate();
    all.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

/// At most `most` hues: the worst one is split until the rest is hardly seen.
fn hues(bins: &[Bin], most: usize) -> Vec<[f32; 2]> {
    let mut centres = vec![[0.0, 0.0]];
    let total: f32 = bins.iter().map(|b| b.mass).sum();
    move_to_means(&mut centres, bins);
    while centres.len() < most {
        // For each hue: the error along both axes.
        let mut errors = vec![[0.0_f32; 3]; centres.len()];
        for bin in bins {
            let (hue, _) = nearest(&centres, bin.at);
            let error = &mut errors[hue];
            (0..2).for_each(|i| error[i] += bin.mass * (bin.at[i] - centres[hue][i]).powi(2));
            error[2] += bin.mass;
        }
        let all: f32 = errors.iter().map(|e| e[0] + e[1]).sum();
        let worst = (0..centres.len()).max_by(|a, b| {
            let sum = |i: usize| errors[i][0] + errors[i][1];
            sum(*a).total_cmp(&sum(*b))
        });
        let Some(worst) = worst.filter(|_| all > HUE_ERROR * total) else { break };
        let axis = usize::from(errors[worst][1] > errors[worst][0]);
        let spread = (errors[worst][axis] / errors[worst][2].max(1.0)).sqrt();
        let mut other = centres[worst];
        centres[worst][axis] -= spread;
        other[axis] += spread;
        centres.push(other);
        (0..3).for_each(|_| move_to_means(&mut centres, bins));
    }
    centres.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
    centres
}

fn move_to_means(centres: &mut [[f32; 2]], bins: &[Bin]) {
    let mut sums = vec![[0.0_f32; 3]; centres.len()];
    for bin in bins {
        let sum = &mut sums[nearest(centres, bin.at).0];
        (0..2).for_each(|i| sum[i] += bin.mass * bin.at[i]);
        sum[2] += bin.mass;
    }
    for (centre, [cb, cr, mass]) in centres.iter_mut().zip(sums) {
        if mass > 0.0 {
            *centre = [cb / mass, cr / mass];
        }
    }
}

/// The level (0 to `levels` - 1) of each brightness: fine where there is much to tell apart. The cube root of the mass
/// is what makes the mean square error least.
fn levels_of(bright: &[f32; 256], levels: usize) -> [usize; 256] {
    let floor = bright.iter().sum::<f32>() / 256_000.0;
    let density: Vec<f32> = (0..256_usize)
        .map(|i| {
            let near = bright.get(i.saturating_sub(4)..(i + 5).min(256)).unwrap_or_default();
            (near.iter().sum::<f32>() / near.len().max(1) as f32 + floor).cbrt()
        })
        .collect();
    let total: f32 = density.iter().sum();
    let mut before = 0.0;
    let mut out = [0; 256];
    for (level, density) in out.iter_mut().zip(&density) {
        *level = (((before + density / 2.0) / total * levels as f32) as usize).min(levels - 1);
        before += density;
    }
    out
}
