//! What a terminal makes of the bytes of a picture, and the canvas that pictures are put on.

use base64_simd::forgiving_decode_to_vec;
use std::ops::Range;

/// Pixels with alpha, rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rgba {
    pub(super) width: u32,
    pub(super) height: u32,
    data: Vec<[u8; 4]>,
}

impl Rgba {
    pub(super) fn clear(width: u32, height: u32) -> Self {
        Self { width, height, data: vec![[0; 4]; width as usize * height as usize] }
    }

    pub(super) fn of_rgb(rgb: &[u8], width: u32, height: u32) -> Self {
        let data = rgb.as_chunks::<3>().0.iter().map(|[r, g, b]| [*r, *g, *b, 255]).collect();
        Self { width, height, data }
    }

    fn row(&self, y: usize) -> &[[u8; 4]] {
        let width = self.width as usize;
        self.data.get(y * width..(y + 1) * width).unwrap_or_default()
    }

    pub(super) fn set(&mut self, x: u32, y: u32, pixel: [u8; 4]) {
        if x < self.width
            && let Some(old) = self.data.get_mut(y as usize * self.width as usize + x as usize)
        {
            *old = pixel;
        }
    }

    /// Draws a part of `source` (x, y, width, height; all where the width is 0), stretched to a rectangle, where `clip`
    /// allows it.
    pub(super) fn draw(&mut self, source: &Self, part: [u32; 4], to: [i32; 4], clip: Option<[i32; 4]>) {
        let [px, py, pw, ph] = match part {
            [_, _, 0, _] | [_, _, _, 0] => [0, 0, source.width, source.height],
            part => part,
        };
        let clip = clip.unwrap_or(to);
        let inside = |from: i32, length: i32, end: u32| from.max(0)..(from + length).min(end as i32);
        let (rows, columns) = (inside(to[1], to[3], self.height), inside(to[0], to[2], self.width));
        // Which pixel of the source each column shows, once for all rows.
        let across: Vec<(u32, usize)> = columns
            .filter(|x| (clip[0]..clip[0] + clip[2]).contains(x))
            .map(|x| (x as u32, (px + (x - to[0]) as u32 * pw / (to[2].max(1) as u32)) as usize))
            .collect();
        for y in rows.filter(|y| (clip[1]..clip[1] + clip[3]).contains(y)) {
            let from = source.row((py + (y - to[1]) as u32 * ph / (to[3].max(1) as u32)) as usize);
            for (x, at) in &across {
                if let Some(pixel) = from.get(*at).filter(|p| p[3] > 127) {
                    self.set(*x, y as u32, *pixel);
                }
            }
        }
    }

    /// Where it is not clear: x, y, width, height.
    pub(super) fn seen(&self) -> Option<[i32; 4]> {
        let seen = |pixel: &[u8; 4]| pixel[3] > 127;
        let rows = (0..self.height as usize).filter(|y| self.row(*y).iter().any(seen));
        let (top, bottom) = rows.fold((usize::MAX, 0), |(low, high), y| (low.min(y), high.max(y + 1)));
        let (mut left, mut right) = (usize::MAX, 0);
        for y in top.min(bottom)..bottom {
            left = left.min(self.row(y).iter().position(seen).unwrap_or(usize::MAX));
            right = right.max(self.row(y).iter().rposition(seen).map_or(0, |x| x + 1));
        }
        (left < right).then(|| [left as i32, top as i32, (right - left) as i32, (bottom - top) as i32])
    }

    /// A part of it: x, y, width, height.
    pub(super) fn cut(&self, [x, y, w, h]: [i32; 4]) -> Self {
        let part = x.max(0) as usize..(x + w).max(0) as usize;
        let rows = (y.max(0)..y + h).flat_map(|y| self.row(y as usize).get(part.clone()).unwrap_or_default());
        let data: Vec<[u8; 4]> = rows.copied().collect();
        let width = part.len() as u32;
        Self { width, height: (data.len() / part.len().max(1)) as u32, data }
    }

    /// The mean colour of a rectangle, clear pixels left out.
    pub(super) fn mean(&self, columns: Range<usize>, rows: Range<usize>) -> [f32; 3] {
        let (mut sum, mut count) = ([0_u64; 3], 0_u64);
        for y in rows {
            for pixel in self.row(y).get(columns.clone()).unwrap_or_default().iter().filter(|p| p[3] > 127) {
                sum.iter_mut().zip(pixel).for_each(|(s, v)| *s += u64::from(*v));
                count += 1;
            }
        }
        sum.map(|s| s as f32 / count.max(1) as f32)
    }

    /// Peak signal to noise ratio in dB against a picture of about the same size; infinite where every pixel is the
    /// same.
    pub(super) fn psnr(&self, other: &Self) -> f64 {
        let mut sum = 0_u64;
        for y in 0..self.height as usize {
            let line = other.row(y * other.height as usize / (self.height as usize).max(1));
            for (x, pixel) in self.row(y).iter().enumerate() {
                let Some(against) = line.get(x * other.width as usize / (self.width as usize).max(1)) else { continue };
                let square = |i: usize| u64::from(pixel[i].abs_diff(against[i])).pow(2);
                sum += square(0) + square(1) + square(2);
            }
        }
        let mean = sum as f64 / (self.data.len().max(1) * 3) as f64;
        if mean == 0.0 { f64::INFINITY } else { 10.0 * (255.0_f64.powi(2) / mean).log10() }
    }

    /// The share of pixel pairs (0 1, 2 3, ...) that are the same.
    pub(super) fn doubled(&self) -> f64 {
        let (mut same, mut all) = (0_usize, 0_usize);
        for y in 0..self.height as usize {
            let (pairs, _) = self.row(y).as_chunks::<2>();
            same += pairs.iter().filter(|[a, b]| a == b).count();
            all += pairs.len();
        }
        same as f64 / all.max(1) as f64
    }
}

/// A file in base64.
pub(super) fn file(data: &[u8]) -> Option<Rgba> {
    let bytes = forgiving_decode_to_vec(data).ok()?;
    let image = image::load_from_memory(&bytes).ok()?.into_rgba8();
    let (width, height) = image.dimensions();
    Some(Rgba { width, height, data: image.pixels().map(|p| p.0).collect() })
}

/// Raw pixels in base64.
pub(super) fn raw(data: &[u8], bits: u32, (width, height): (u32, u32)) -> Option<Rgba> {
    let bytes = forgiving_decode_to_vec(data).ok()?;
    let data: Vec<[u8; 4]> = match bits {
        24 => bytes.as_chunks::<3>().0.iter().map(|[r, g, b]| [*r, *g, *b, 255]).collect(),
        _ => bytes.as_chunks::<4>().0.to_vec(),
    };
    (data.len() == width as usize * height as usize).then_some(Rgba { width, height, data })
}

/// A sixel sequence, from its raster attributes on.
pub(super) fn sixel(data: &[u8]) -> Option<Rgba> {
    let mut reader = Sixels { data, at: 0 };
    let mut palette = vec![[0, 0, 0, 255]; 1024];
    let mut canvas = Rgba::clear(0, 0);
    let (mut x, mut y, mut colour, mut count) = (0_u32, 0_u32, 0_usize, 1_u32);
    while let Some(byte) = reader.byte() {
        match byte {
            b'"' => {
                let numbers = reader.numbers();
                let side = |n: usize| numbers.get(n).copied().unwrap_or(0).min(10_000);
                canvas = Rgba::clear(side(2), side(3));
            }
            b'#' => {
                let numbers = reader.numbers();
                colour = numbers.first().map_or(0, |n| *n as usize);
                if let [_, 2, r, g, b] = numbers.as_slice() {
                    let part = |n: &u32| u8::try_from((n * 255 + 50) / 100).unwrap_or(255);
                    *palette.get_mut(colour)? = [part(r), part(g), part(b), 255];
                }
            }
            b'!' => count = reader.number(),
            b'$' => x = 0,
            b'-' => (x, y) = (0, y + 6),
            b'?'..=b'~' => {
                let pixel = *palette.get(colour)?;
                for column in x..x.saturating_add(count).min(canvas.width) {
                    for line in (0..6).filter(|line| (byte - b'?') >> line & 1 == 1) {
                        canvas.set(column, y + line, pixel);
                    }
                }
                x = x.saturating_add(std::mem::replace(&mut count, 1));
            }
            _ => {}
        }
    }
    (canvas.width > 0).then_some(canvas)
}

struct Sixels<'a> {
    data: &'a [u8],
    at: usize,
}

impl Sixels<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.data.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn number(&mut self) -> u32 {
        let mut number = 0_u32;
        while let Some(digit) = self.data.get(self.at).filter(|b| b.is_ascii_digit()) {
            number = number.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    fn numbers(&mut self) -> Vec<u32> {
        let mut out = vec![self.number()];
        while self.data.get(self.at) == Some(&b';') {
            self.at += 1;
            out.push(self.number());
        }
        out
    }
}
