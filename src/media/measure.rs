//! What the pixels of a picture say: its difference hash, how light, how rich in contrast and how sharp it is.
//!
//! Why on a small picture: a JPEG gives it for a fraction of the cost of all its pixels, and sharpness can only be
//! compared at one size. What always holds: the same content gives the same numbers, at any time.

use super::decode::{DecodeRequest, Picture, decode};
use super::error::MediaError;
use super::limits::Limits;
use super::source::{ByteSource, MemorySource};
use crate::domain::quality::{Digest, Measures, Pixels};
use std::io;

/// Pixels along a side of what is measured.
const SIDE: u32 = 256;
/// With less contrast (standard deviation of the grey) the hash would be that of noise.
const FLAT: f64 = 2.0;
/// Cells of the hash across and down.
const CELLS: (usize, usize) = (9, 8);
/// Bytes of one read.
const PIECE: usize = 1 << 20;
/// Files up to this size are read once: for their content, and for their pixels from memory.
const HELD: u64 = 64 << 20;

/// The content of a file, and its bytes where they are few enough to be kept for [`pixels`].
///
/// # Errors
/// What the disk or the connection says, or that it was cancelled.
pub fn content(
    source: &dyn ByteSource,
    cancel: &dyn Fn() -> bool,
) -> Result<(Digest, Option<MemorySource>), MediaError> {
    let length = source.len().map_err(MediaError::Read)?;
    let mut held = (length <= HELD).then(|| Vec::with_capacity(usize::try_from(length).unwrap_or(0)));
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    let mut piece = vec![0; PIECE.min(usize::try_from(length).unwrap_or(PIECE)).max(1)];
    let mut at = 0;
    while at < length {
        if cancel() {
            return Err(MediaError::Cancelled);
        }
        let count = source.read_at(at, &mut piece).map_err(MediaError::Read)?;
        let read = piece.get(..count).filter(|read| !read.is_empty());
        let read = read.ok_or_else(|| MediaError::Read(io::Error::from(io::ErrorKind::UnexpectedEof)))?;
        hash.update(read);
        held.iter_mut().for_each(|held| held.extend_from_slice(read));
        at += count as u64;
    }
    let mut digest = [0; 16];
    digest.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
    Ok((Digest(digest), held.map(MemorySource::new)))
}

/// Measures a picture whose content is known. What cannot be decoded is said in the measures and is no error.
///
/// # Errors
/// Only that it was cancelled.
pub fn pixels(
    source: &dyn ByteSource,
    name: &str,
    digest: Digest,
    limits: &Limits,
    cancel: &dyn Fn() -> bool,
) -> Result<Measures, MediaError> {
    match decode(source, name, &DecodeRequest::fit(SIDE, SIDE), limits, cancel) {
        Ok(picture) => {
            let damaged = picture.info.damaged.clone();
            Ok(Measures { digest: Some(digest), pixels: Some(of(&picture)), damaged })
        }
        Err(MediaError::Cancelled) => Err(MediaError::Cancelled),
        Err(error) => Ok(Measures { digest: Some(digest), pixels: None, damaged: Some(error.to_string()) }),
    }
}

/// What the pixels of a decoded picture say.
fn of(picture: &Picture) -> Pixels {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let grey: Vec<f32> = picture.rgb.as_chunks::<3>().0.iter().map(|rgb| luma(*rgb)).collect();
    let (brightness, contrast) = spread(grey.iter().map(|v| f64::from(*v)));
    let hash = (contrast >= FLAT).then(|| difference_hash(&grey, width, height));
    let sharpness = sharpness(&grey, width, height);
    Pixels { width: picture.info.width, height: picture.info.height, hash, brightness, contrast, sharpness }
}

fn luma([red, green, blue]: [u8; 3]) -> f32 {
    0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)
}

/// Mean and standard deviation.
fn spread(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    let mean = if count > 0.0 { sum / count } else { 0.0 };
    let variance = if count > 0.0 { squares / count - mean * mean } else { 0.0 };
    (mean, variance.max(0.0).sqrt())
}

/// See [`Pixels::hash`].
fn difference_hash(grey: &[f32], width: usize, height: usize) -> u64 {
    let (columns, rows) = (cells(width, CELLS.0), cells(height, CELLS.1));
    let mut hash = 0;
    for row in &rows {
        let mut before: Option<f32> = None;
        for column in &columns {
            let mut mean = 0.0;
            for (y, share) in row {
                let line = grey.get(y * width..(y + 1) * width).unwrap_or_default();
                mean += share * column.iter().map(|(x, part)| part * line.get(*x).unwrap_or(&0.0)).sum::<f32>();
            }
            // Whole steps of grey: what is less is a matter of rounding.
            let mean = mean.round();
            if let Some(before) = before {
                hash = hash << 1 | u64::from(mean > before);
            }
            before = Some(mean);
        }
    }
    hash
}

/// The pixels of each of `count` equal cells along a side, with their shares of the cell.
fn cells(side: usize, count: usize) -> Vec<Vec<(usize, f32)>> {
    let long = side as f64 / count as f64;
    let cell = |i: usize| {
        let (start, end) = (i as f64 * long, (i + 1) as f64 * long);
        let pixels = start as usize..(end.ceil() as usize).min(side);
        let share = |x: usize| (end.min((x + 1) as f64) - start.max(x as f64)).max(0.0) / long;
        pixels.map(|x| (x, share(x) as f32)).collect()
    };
    (0..count).map(cell).collect()
}

/// See [`Pixels::sharpness`].
fn sharpness(grey: &[f32], width: usize, height: usize) -> f64 {
    let mut values = Vec::with_capacity(grey.len());
    for y in 1..height.saturating_sub(1) {
        let line = |y: usize| grey.get(y * width..(y + 1) * width).unwrap_or_default();
        let (above, here, below) = (line(y - 1), line(y), line(y + 1));
        for ((beside, up), down) in here.windows(3).zip(above.iter().skip(1)).zip(below.iter().skip(1)) {
            if let [left, middle, right] = beside {
                values.push(f64::from(left + right + up + down - 4.0 * middle));
            }
        }
    }
    let (_, deviation) = spread(values.into_iter());
    deviation * deviation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, height: usize, at: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        (0..width * height).map(|i| at(i % width, i / width)).collect()
    }

    #[test]
    fn the_hash_says_where_it_gets_lighter() {
        assert_eq!(difference_hash(&grey(90, 80, |x, _| x as f32), 90, 80), u64::MAX);
        assert_eq!(difference_hash(&grey(90, 80, |x, _| 90.0 - x as f32), 90, 80), 0);
        // Only the first row of cells gets lighter: its eight bits are the highest.
        let first = grey(90, 80, |x, y| if y < 10 { x as f32 } else { 0.0 });
        assert_eq!(difference_hash(&first, 90, 80), 0xff << 56);
        // A picture smaller than the cells is spread over them.
        assert_eq!(difference_hash(&grey(2, 1, |x, _| x as f32 * 200.0), 2, 1).count_ones(), 16);
        // What is flat stays so, whatever the shares of the pixels are.
        assert_eq!(difference_hash(&grey(100, 77, |_, _| 33.3), 100, 77), 0);
        assert_eq!(difference_hash(&[], 0, 0), 0);
    }

    #[test]
    fn cells_share_every_pixel_once() {
        for side in [1_usize, 2, 8, 9, 10, 100, 256] {
            let cells = cells(side, 9);
            for pixel in 0..side {
                let shares = cells.iter().flatten().filter(|(x, _)| *x == pixel).map(|(_, share)| share);
                let sum: f32 = shares.sum::<f32>() * side as f32 / 9.0;
                assert!((sum - 1.0).abs() < 1e-4, "{side} {pixel} {sum}");
            }
        }
    }

    #[test]
    fn smeared_pictures_are_less_sharp() {
        let sharp = grey(64, 64, |x, y| if (x / 4 + y / 4) % 2 == 0 { 0.0 } else { 200.0 });
        let soft = grey(64, 64, |x, y| {
            let near = |dx: usize, dy: usize| {
                sharp[(y + dy).saturating_sub(2).min(63) * 64 + (x + dx).saturating_sub(2).min(63)]
            };
            (0..25).map(|i| near(i % 5, i / 5)).sum::<f32>() / 25.0
        });
        assert!(sharpness(&sharp, 64, 64) > 10.0 * sharpness(&soft, 64, 64));
        assert_eq!(sharpness(&grey(64, 64, |_, _| 7.0), 64, 64), 0.0);
        assert_eq!(sharpness(&grey(2, 2, |x, _| x as f32), 2, 2), 0.0);
    }
}
