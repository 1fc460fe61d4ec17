//! Pictures like those of a camera, made from numbers: colour that drifts, light and shade at every scale, edges, texture,
//! and the noise of a sensor. The same number makes the same picture on every machine.

use super::BenchError;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Width and height: 12 megapixels, as most cameras give them.
pub const SIZE: (u32, u32) = (4000, 3000);
/// What cameras use.
const QUALITY: u8 = 90;
/// Layers of light and shade, from bumps as large as the picture to single pixels.
const OCTAVES: u32 = 11;

/// Writes `count` photos of `size` into `folder`, with a thread for each core. The files are given back in order.
///
/// # Errors
/// [`BenchError`] when a file cannot be written.
pub fn write(
    folder: &Path,
    count: usize,
    size: (u32, u32),
    progress: &(dyn Fn(usize) + Sync),
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<PathBuf>, BenchError> {
    let name = |number: usize| folder.join(format!("photo_{number:02}.jpg"));
    let (next, problem) = (Mutex::new(0..count), Mutex::new(None));
    let take = || next.lock().ok().and_then(|mut n| n.next());
    let work = || {
        while let Some(number) = take().filter(|_| !cancelled()) {
            match photo(number as u32, size)
                .and_then(|jpeg| std::fs::write(name(number), jpeg).map_err(|e| BenchError::file(&name(number), e)))
            {
                Ok(()) => progress(number),
                Err(error) => *problem.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(count);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    if cancelled() {
        return Err(BenchError::Cancelled);
    }
    match problem.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok((0..count).map(name).collect()),
    }
}

fn photo(number: u32, (width, height): (u32, u32)) -> Result<Vec<u8>, BenchError> {
    let scene = Scene::new(number, width.max(height));
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    let mut row = Row::default();
    for y in 0..height {
        scene.row(y, width, &mut row);
        rgb.extend_from_slice(&row.rgb);
    }
    let side = |n: u32| u16::try_from(n).map_err(|_| BenchError::Photo(format!("{n} pixels are too many")));
    let mut jpeg = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, QUALITY);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    let encoded = encoder.encode(&rgb, side(width)?, side(height)?, jpeg_encoder::ColorType::Rgb);
    encoded.map_err(|e| BenchError::Photo(e.to_string()))?;
    Ok(jpeg)
}

/// One octave of smooth noise: a bump every `period` pixels, so high.
#[derive(Clone, Copy, Debug)]
struct Octave {
    period: u32,
    height: f32,
    seed: u32,
}

/// What a photo shows: two areas with a rough border between them, each with its colours.
#[derive(Debug)]
struct Scene {
    seed: u32,
    octaves: Vec<Octave>,
    tint: [Octave; 2],
    colours: [[f32; 3]; 4],
    /// Where the border lies, and how steep it is.
    border: (f32, f32, f32),
}

/// A row in the making.
#[derive(Debug, Default)]
struct Row {
    rgb: Vec<u8>,
    light: Vec<f32>,
    rough: Vec<f32>,
    tints: [Vec<f32>; 2],
}

impl Scene {
    fn new(number: u32, side: u32) -> Self {
        let seed = number.wrapping_mul(0x9e37_79b9) ^ 0x51ed_270b;
        let unit = |k: u32| hash(k, 77, seed);
        let octave = |k: u32| {
            let period = (side >> k).max(2);
            // Natural scenes have about as much contrast in every octave, a little less in the finer ones.
            Octave { period, height: 0.30 * 0.92_f32.powi(k as i32), seed: seed.wrapping_add(k * 101) }
        };
        let octaves = (1..OCTAVES).map(octave).collect();
        let tint = [0, 1].map(|k| Octave { period: (side / 5).max(2), height: 1.0, seed: seed.wrapping_add(5000 + k) });
        // Colours around the circle, so that no two neighbours look alike.
        let hue = number as f32 * 0.381_966 + unit(1) * 0.05;
        let colour = |turn: f32, light: f32, strength: f32| {
            [0.0, 1.0 / 3.0, 2.0 / 3.0].map(|k| light + strength * ((hue + turn + k) * std::f32::consts::TAU).cos())
        };
        let colours =
            [colour(0.0, 0.62, 0.22), colour(0.12, 0.78, 0.12), colour(0.45, 0.30, 0.20), colour(0.6, 0.5, 0.25)];
        Self { seed, octaves, tint, colours, border: (0.3 + unit(2) * 0.4, (unit(3) - 0.5) * 0.9, unit(4)) }
    }

    fn row(&self, y: u32, width: u32, row: &mut Row) {
        let size = width as usize;
        row.light.clear();
        row.light.resize(size, 0.0);
        row.rough.clear();
        row.rough.resize(size, 0.0);
        for (number, octave) in self.octaves.iter().enumerate() {
            octave.add(y, &mut row.light);
            // The border follows the middle octaves: hills, trees, roofs.
            if (1..7).contains(&number) {
                octave.add(y, &mut row.rough);
            }
        }
        for (tint, out) in self.tint.iter().zip(&mut row.tints) {
            out.clear();
            out.resize(size, 0.0);
            tint.add(y, out);
        }
        row.rgb.clear();
        for x in 0..width {
            self.pixel(x, y, width, row);
        }
    }

    fn pixel(&self, x: u32, y: u32, width: u32, row: &mut Row) {
        let at = x as usize;
        let get = |values: &[f32]| values.get(at).copied().unwrap_or(0.0);
        let (u, v) = (x as f32 / width as f32, y as f32 / width as f32);
        let (base, slope, bend) = self.border;
        let line = base + slope * (u - 0.5) + 0.1 * (u * 7.0 + bend * 6.0).sin() + 0.5 * get(&row.rough);
        // A border two pixels wide, as a lens draws it.
        let below = ((v - line) * width as f32 / 2.0).clamp(0.0, 1.0);
        let (warm, cool) = (get(&row.tints[0]) + 0.5, get(&row.tints[1]) + 0.5);
        let [sky, haze, ground, leaf] = self.colours;
        // What is above the border is smooth, what is below has texture.
        let contrast = 0.25 + 0.75 * below;
        let grain = (hash(x, y, self.seed) + hash(y, x, self.seed ^ 99) - 1.0) * 0.035;
        for channel in 0..3 {
            let upper = mix(sky[channel], haze[channel], (v / line.max(0.05)).clamp(0.0, 1.0) * warm);
            let lower = mix(ground[channel], leaf[channel], cool.clamp(0.0, 1.0));
            let colour = mix(upper, lower, below) + get(&row.light) * contrast + grain;
            row.rgb.push((colour.clamp(0.0, 1.0) * 255.0) as u8);
        }
    }
}

impl Octave {
    /// Adds its noise to a row: the corners are looked up once for a period, the pixels between are mixed.
    fn add(&self, y: u32, out: &mut [f32]) {
        let (j, ty) = (y / self.period, ease((y % self.period) as f32 / self.period as f32));
        let edge = |i: u32| mix(hash(i, j, self.seed), hash(i, j + 1, self.seed), ty) - 0.5;
        let (mut i, mut left, mut right) = (0, edge(0), edge(1));
        for pixels in out.chunks_mut(self.period as usize) {
            for (x, pixel) in pixels.iter_mut().enumerate() {
                *pixel += self.height * mix(left, right, ease(x as f32 / self.period as f32));
            }
            i += 1;
            (left, right) = (right, edge(i + 1));
        }
    }
}

fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// A number in `0..1` that belongs to a point.
fn hash(x: u32, y: u32, seed: u32) -> f32 {
    let mut h = x.wrapping_mul(0x85eb_ca6b) ^ y.wrapping_mul(0xc2b2_ae35) ^ seed.wrapping_mul(0x27d4_eb2f);
    h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
    (h ^ (h >> 15)) as f32 / u32::MAX as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{DecodeRequest, FileSource, Limits, decode};
    use crate::term::graphics::{Level, Pixels, fit, kitty};

    /// Bytes of the file at a level, in a box of 800 x 800 pixels.
    fn bytes(file: &Path, level: Level) -> usize {
        let source = FileSource::open(file).unwrap();
        let picture = decode(&source, "photo", &DecodeRequest::fit(800, 800), &Limits::default(), &|| false).unwrap();
        let size = (picture.width, picture.height);
        let pixels = Pixels::new(&picture.rgb, size.0, size.1).unwrap();
        kitty::png_payload(pixels, &fit((80, 40), (10, 20), size), level).unwrap().0.bytes()
    }

    #[test]
    fn photos_are_as_hard_to_carry_as_real_ones() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), 2, (2000, 1500), &|_| {}, &|| false).unwrap();
        for file in &files {
            let (good, exact) = (bytes(file, Level::Good), bytes(file, Level::Exact));
            println!("{good} {exact}");
            assert!((40_000..150_000).contains(&good), "{good}");
            assert!((600_000..1_100_000).contains(&exact), "{exact}");
        }
        assert!(std::fs::read(&files[0]).unwrap() != std::fs::read(&files[1]).unwrap(), "two photos are alike");
    }
}
