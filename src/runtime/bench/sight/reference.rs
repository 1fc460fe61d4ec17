//! The pictures of the set: what they look like, and how close to one of them something is.

use super::super::BenchError;
use super::decode::Rgba;
use crate::domain::geometry::BoxN;
use crate::media::source::FileSource;
use crate::media::{DecodeRequest, Limits, decode};
use crate::term::caps::BlockKind;
use crate::term::graphics::{Level, blocks};
use std::collections::HashMap;
use std::path::Path;

/// Mean colours across and down that a picture is recognised by.
const GRID: (usize, usize) = (16, 12);
/// From here on, in dB, every pixel counts as exact.
const EXACT: f64 = 48.0;
/// Pictures sent with less than this share of the pixels they are shown with are a first paint.
const COARSE: f64 = 0.6;

/// A picture of the set.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) pixels: Rgba,
    pub(super) signature: Vec<[f32; 3]>,
}

/// How close `seen` is to the picture; `share` of its pixels across were sent.
pub(super) fn level(seen: &Rgba, reference: &Reference, share: f64) -> Level {
    if share < COARSE || coarse(seen, &reference.pixels) {
        return Level::First;
    }
    if seen.psnr(&reference.pixels) >= EXACT { Level::Exact } else { Level::Good }
}

/// Pixels in blocks, which the picture itself does not have.
fn coarse(seen: &Rgba, reference: &Rgba) -> bool {
    seen.doubled() > 0.9 && reference.doubled() < 0.5
}

pub(super) fn reference(file: &Path, room: (u32, u32)) -> Result<Reference, BenchError> {
    let failed = |error| BenchError::Picture { file: file.display().to_string(), error };
    let source = FileSource::open(file).map_err(failed)?;
    let name = crate::domain::text::encode_os(file.as_os_str());
    let window = BoxN { x: 0.0, y: 0.0, w: 1.0, h: 1.0 };
    let request = DecodeRequest { max_width: room.0, max_height: room.1, window, enlarge: true, coarse: false };
    let picture = decode(&source, &name, &request, &Limits::default(), &|| false).map_err(failed)?;
    Ok(Reference::of(Rgba::of_rgb(&picture.rgb, picture.width, picture.height)))
}

impl Reference {
    pub(super) fn of(pixels: Rgba) -> Self {
        Self { signature: signature(&pixels), pixels }
    }
}

pub(super) fn signature(pixels: &Rgba) -> Vec<[f32; 3]> {
    let span = |n: usize, parts: usize, size: u32| {
        let size = size as usize;
        let from = (n * size / parts).min(size.saturating_sub(1));
        from..((n + 1) * size / parts).clamp(from + 1, size.max(from + 1))
    };
    let mut out = Vec::with_capacity(GRID.0 * GRID.1);
    for row in 0..GRID.1 {
        for column in 0..GRID.0 {
            out.push(pixels.mean(span(column, GRID.0, pixels.width), span(row, GRID.1, pixels.height)));
        }
    }
    out
}

pub(super) fn distance(a: &[[f32; 3]], b: &[[f32; 3]]) -> f32 {
    let squares = a.iter().zip(b).flat_map(|(x, y)| x.iter().zip(y)).map(|(x, y)| (x - y).powi(2));
    (squares.sum::<f32>() / (a.len().max(1) * 3) as f32).sqrt()
}

/// Which of 2 x 12 parts of a cell each block character fills, from the top left, row by row.
pub(super) fn symbols() -> HashMap<char, u32> {
    let kinds =
        [(BlockKind::Half, 1, 2), (BlockKind::Quadrant, 2, 2), (BlockKind::Sextant, 2, 3), (BlockKind::Octant, 2, 4)];
    let mut out = HashMap::new();
    for (kind, across, down) in kinds {
        for bits in 0..=u8::MAX >> (8 - across * down) {
            let set = |bit: u32| {
                let (x, y) = (bit % 2 * across / 2, bit / 2 * down / 12);
                bits >> (y * across + x) & 1 == 1
            };
            let mask = (0..24).filter(|bit| set(*bit)).fold(0, |mask, bit| mask | 1 << bit);
            out.insert(blocks::symbol(bits, kind), mask);
        }
    }
    out
}
