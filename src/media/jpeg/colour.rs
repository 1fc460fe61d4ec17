//! From planes to pixels: chroma enlarged where it is stored smaller, then luma and chroma to red, green and blue (JFIF).

use super::super::raster::Raster;
use super::Stop;
use super::frame::{Component, Frame};

/// Puts the pixels of all wanted MCUs together.
pub(super) fn pixels(frame: &Frame, cancel: &dyn Fn() -> bool) -> Result<Raster, Stop> {
    let mut raster = frame.raster();
    let (left, top, width, height) = frame.covered();
    if let [only] = frame.components.as_slice() {
        let lines = only.plane.chunks_exact(only.stride.max(1)).take(height);
        lines.for_each(|line| raster.data.extend_from_slice(line.get(..width).unwrap_or_default()));
        return Ok(raster);
    }
    let mut lines: [Line; 3] = std::array::from_fn(|_| Line { wide: vec![0; width + 8], tall: Vec::new() });
    let [a, b, c] = frame.components.as_slice() else { return Err(Stop::Unknown) };
    raster.data.resize(width * height * 3, 0);
    for (y, out) in raster.data.chunks_exact_mut(width * 3).enumerate() {
        if y % 64 == 0 && cancel() {
            return Err(Stop::Cancelled);
        }
        let [la, lb, lc] = &mut lines;
        let line = |line: &mut Line, c: &Component| -> () { line.fill(c, y, (left, top), frame.whole, width) };
        let a = sample_row(la, a, y, width, &line);
        let b = sample_row(lb, b, y, width, &line);
        let c = sample_row(lc, c, y, width, &line);
        if frame.ycc { to_rgb(out, a, b, c) } else { interleave(out, a, b, c) }
    }
    Ok(raster)
}

/// The samples of one row: of the plane as they are, or enlarged.
fn sample_row<'s>(
    line: &'s mut Line,
    component: &'s Component,
    y: usize,
    width: usize,
    enlarge: &impl Fn(&mut Line, &Component),
) -> &'s [u8] {
    if component.grow == (1, 1) {
        let start = y * component.stride;
        return component.plane.get(start..start + width).unwrap_or_default();
    }
    enlarge(line, component);
    line.wide.get(..width).unwrap_or_default()
}

/// A row that is being enlarged.
struct Line {
    wide: Vec<u8>,
    /// Two rows of samples, the nearer three times.
    tall: Vec<u16>,
}

impl Line {
    /// Output row `y` of a component that has fewer samples: by the triangle filter where it is stored at half, as the
    /// reference decoder of the JPEG group does it, else by repetition.
    fn fill(&mut self, c: &Component, y: usize, from: (usize, usize), whole: (usize, usize), width: usize) {
        let (across, down) = c.grow;
        let columns = c.real(whole.0, from.0 / across, across).min(c.stride);
        let rows = c.real(whole.1, from.1 / down, down).min(c.plane.len() / c.stride.max(1)).max(1);
        let row = |at: usize| {
            let start = at.min(rows - 1) * c.stride;
            c.plane.get(start..start + columns).unwrap_or_default()
        };
        let at = y / down;
        let near = row(at);
        if !matches!(across, 1 | 2) || !matches!(down, 1 | 2) {
            for (x, out) in self.wide.iter_mut().take(width).enumerate() {
                *out = near.get((x / across).min(columns - 1)).copied().unwrap_or(128);
            }
            return;
        }
        let far = match (down, y % 2) {
            (1, _) => near,
            (_, 0) => row(at.saturating_sub(1)),
            _ => row(at + 1),
        };
        // Down, in quarters.
        self.tall.clear();
        self.tall.extend(near.iter().zip(far).map(|(n, f)| 3 * u16::from(*n) + u16::from(*f)));
        if across == 1 {
            let round = if y.is_multiple_of(2) { 1 } else { 2 };
            for (out, sum) in self.wide.iter_mut().zip(&self.tall) {
                *out = ((sum + round) >> 2) as u8;
            }
            return;
        }
        // Across, in sixteenths; rounded down and up by turns, so that nothing gets lighter.
        let (low, high) = if down == 2 { (8, 7) } else { (4, 8) };
        let tall = self.tall.as_slice();
        let mix = |before: u16, here: u16, after: u16| {
            [((3 * here + before + low) >> 4) as u8, ((3 * here + after + high) >> 4) as u8]
        };
        let pairs = self.wide.as_chunks_mut::<2>().0;
        if let ([first, second, ..], Some(pair)) = (tall, pairs.first_mut()) {
            *pair = mix(*first, *first, *second);
        }
        for (pair, around) in pairs.iter_mut().skip(1).zip(tall.windows(3)) {
            *pair = mix(around[0], around[1], around[2]);
        }
        if let ([.., before, last], Some(pair)) = (tall, pairs.get_mut(tall.len() - 1)) {
            *pair = mix(*before, *last, *last);
        } else if let ([only], Some(pair)) = (tall, pairs.first_mut()) {
            *pair = mix(*only, *only, *only);
        }
    }
}

fn interleave(out: &mut [u8], a: &[u8], b: &[u8], c: &[u8]) {
    for (pixel, ((r, g), b)) in out.as_chunks_mut::<3>().0.iter_mut().zip(a.iter().zip(b).zip(c)) {
        *pixel = [*r, *g, *b];
    }
}

/// Pixels that are converted together, plane by plane, before they are put side by side.
const TOGETHER: usize = 64;

/// ITU-R BT.601 at full range, to within a thirty-second of a level before it is rounded.
fn to_rgb(out: &mut [u8], luma: &[u8], blue: &[u8], red: &[u8]) {
    let chunks = luma.chunks(TOGETHER).zip(blue.chunks(TOGETHER)).zip(red.chunks(TOGETHER));
    for (out, ((y, cb), cr)) in out.chunks_mut(TOGETHER * 3).zip(chunks) {
        let mut planes = [[0_u8; TOGETHER]; 3];
        let [r, g, b] = &mut planes;
        for i in 0..y.len().min(cb.len()).min(cr.len()).min(TOGETHER) {
            // Chroma with 7 fractional bits, products with 5.
            let (y, cb, cr) = (i16::from(y[i]) << 5, (i16::from(cb[i]) - 128) << 7, (i16::from(cr[i]) - 128) << 7);
            let times = |chroma: i16, factor: i16| ((i32::from(chroma) * i32::from(factor)) >> 16) as i16;
            let byte = |v: i16| ((v + 16) >> 5).clamp(0, 255) as u8;
            r[i] = byte(y + times(cr, 22_970));
            g[i] = byte(y - times(cb, 5638) - times(cr, 11_700));
            b[i] = byte(y + times(cb, 29_032));
        }
        interleave(out, r, g, b);
    }
}
