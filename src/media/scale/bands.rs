//! A resize that can be stopped: band by band, with the very bytes of the resize in one go.
//!
//! The crate that resizes does it in two passes, one along each side, and cannot be interrupted. Both passes take their
//! weights from the whole length of a side, so a band must keep that side whole: the pass down the picture is done for
//! some columns at a time, the pass across it for some rows. Their order is that of the crate: down first for 8 bits.

use super::super::error::MediaError;
use super::super::raster::{Raster, Sample};
use fast_image_resize::images::{CroppedImageMut, Image, ImageRef};
use fast_image_resize::{FilterType, MulDiv, PixelType, ResizeAlg, ResizeError, ResizeOptions, Resizer};
use std::ops::Range;

/// Pixels of the source in a band: a few hundredths of a second at the worst, which is ten times what the weights take
/// that each band computes anew.
pub(super) const BAND: usize = 12_000_000;
/// Bands begin at multiples of these, so that wide instructions see the same pixels together.
const COLUMNS: u32 = 64;
const ROWS: u32 = 8;
/// Pixels on each side that a result pixel looks at, for each source pixel that becomes one.
const SUPPORT: f64 = 3.0;

/// Part of a raster, in its pixels, and how many pixels become of it.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) to: (u32, u32),
}

/// Why there is no result.
pub(super) enum Stop {
    Cancelled,
    Broken(String),
}

impl Stop {
    pub(super) fn into_error(self, format: &'static str) -> MediaError {
        match self {
            Self::Cancelled => MediaError::Cancelled,
            Self::Broken(reason) => MediaError::Damaged { format, reason },
        }
    }
}

impl From<ResizeError> for Stop {
    fn from(error: ResizeError) -> Self {
        Self::Broken(error.to_string())
    }
}

fn broken(error: impl std::fmt::Display) -> Stop {
    Stop::Broken(error.to_string())
}

/// Resizes by Lanczos3, colours weighted by their alpha, and asks `cancel` before every `band` pixels of the source.
pub(super) fn resize(raster: &Raster, cut: Cut, band: usize, cancel: &dyn Fn() -> bool) -> Result<Vec<u8>, Stop> {
    let work = Work { kind: raster.pixel_type(), band: band.max(1), cancel };
    let few = (raster.width as usize).saturating_mul(raster.height as usize) <= band;
    if few || sides(cut) == (false, false) {
        work.ask()?;
        let source = source(raster.width, raster.height, &raster.data, work.kind)?;
        let mut target = Image::new(cut.to.0, cut.to.1, work.kind);
        Resizer::new().resize(&source, &mut target, &options(cut, raster.has_alpha()))?;
        return Ok(target.into_vec());
    }
    if !raster.has_alpha() {
        return work.passes(&raster.data, (raster.width, raster.height), cut, raster.sample);
    }
    let weighted = work.multiplied(raster)?;
    let mut data = work.passes(&weighted, (raster.width, raster.height), cut, raster.sample)?;
    let mut image = Image::from_slice_u8(cut.to.0, cut.to.1, &mut data, work.kind).map_err(broken)?;
    MulDiv::new().divide_alpha_inplace(&mut image).map_err(broken)?;
    Ok(data)
}

/// Whether there is anything to do across the picture, and down.
fn sides(cut: Cut) -> (bool, bool) {
    let across = f64::from(cut.to.0) != cut.width || cut.left != cut.left.round();
    (across, f64::from(cut.to.1) != cut.height || cut.top != cut.top.round())
}

fn options(cut: Cut, alpha: bool) -> ResizeOptions {
    let algorithm = ResizeAlg::Convolution(FilterType::Lanczos3);
    ResizeOptions::new().resize_alg(algorithm).crop(cut.left, cut.top, cut.width, cut.height).use_alpha(alpha)
}

fn source(width: u32, height: u32, data: &[u8], kind: PixelType) -> Result<ImageRef<'_>, Stop> {
    ImageRef::new(width, height, data, kind).map_err(broken)
}

/// What all steps of one resize have in common.
struct Work<'a> {
    kind: PixelType,
    band: usize,
    cancel: &'a dyn Fn() -> bool,
}

impl Work<'_> {
    fn ask(&self) -> Result<(), Stop> {
        if (self.cancel)() { Err(Stop::Cancelled) } else { Ok(()) }
    }

    /// The pixels with their colours multiplied by their alpha.
    fn multiplied(&self, raster: &Raster) -> Result<Vec<u8>, Stop> {
        let row = raster.width as usize * self.kind.size();
        let rows = (self.band / (raster.width as usize).max(1)).max(1);
        let mut out = vec![0; raster.data.len()];
        for (from, to) in raster.data.chunks(row * rows).zip(out.chunks_mut(row * rows)) {
            self.ask()?;
            let height = u32::try_from(from.len() / row).unwrap_or(0);
            let mut target = Image::from_slice_u8(raster.width, height, to, self.kind).map_err(broken)?;
            MulDiv::new()
                .multiply_alpha(&source(raster.width, height, from, self.kind)?, &mut target)
                .map_err(broken)?;
        }
        Ok(out)
    }

    /// Both passes, or the one that is needed.
    fn passes(&self, data: &[u8], size: (u32, u32), cut: Cut, sample: Sample) -> Result<Vec<u8>, Stop> {
        let (width, height) = cut.to;
        let all = |start: f64, length: f64| start as u32..(start + length) as u32;
        match sides(cut) {
            (true, true) if sample == Sample::U8 => {
                // As wide as the source, so that the weights of the second pass are those of the source.
                let (columns, first) = (reach(cut.left, cut.width, width, size.0), Cut { to: (size.0, height), ..cut });
                let half = self.down(data, size, first, columns, 0)?;
                let second = Cut { top: 0.0, height: f64::from(height), ..cut };
                self.across(&half, (size.0, height), second, 0..height, 0)
            }
            (true, true) => {
                let (rows, first) = (reach(cut.top, cut.height, height, size.1), Cut { to: (width, size.1), ..cut });
                let half = self.across(data, size, first, rows, 0)?;
                let second = Cut { left: 0.0, width: f64::from(width), ..cut };
                self.down(&half, (width, size.1), second, 0..width, 0)
            }
            (true, false) => self.across(data, size, cut, all(cut.top, cut.height), cut.top as u32),
            _ => self.down(data, size, cut, all(cut.left, cut.width), cut.left as u32),
        }
    }

    /// The pass down the picture, for these columns of the source; they become those that are `shift` farther left.
    fn down(&self, data: &[u8], size: (u32, u32), cut: Cut, columns: Range<u32>, shift: u32) -> Result<Vec<u8>, Stop> {
        let source = source(size.0, size.1, data, self.kind)?;
        let mut target = Image::new(cut.to.0, cut.to.1, self.kind);
        let wide = u32::try_from(self.band / (size.1 as usize).max(1)).unwrap_or(u32::MAX).max(1);
        for band in bands(columns, wide.next_multiple_of(COLUMNS)) {
            self.ask()?;
            let width = band.end - band.start;
            let left = band.start - shift;
            let part = Cut { left: f64::from(band.start), width: f64::from(width), ..cut };
            let mut place = CroppedImageMut::new(&mut target, left, 0, width, cut.to.1).map_err(broken)?;
            Resizer::new().resize(&source, &mut place, &options(part, false))?;
        }
        Ok(target.into_vec())
    }

    /// The pass across the picture, for these rows of the source; they become those that are `shift` farther up.
    fn across(&self, data: &[u8], size: (u32, u32), cut: Cut, rows: Range<u32>, shift: u32) -> Result<Vec<u8>, Stop> {
        let source = source(size.0, size.1, data, self.kind)?;
        let mut target = Image::new(cut.to.0, cut.to.1, self.kind);
        let tall = u32::try_from(self.band / (size.0 as usize).max(1)).unwrap_or(u32::MAX).max(1);
        for band in bands(rows, tall.next_multiple_of(ROWS)) {
            self.ask()?;
            let height = band.end - band.start;
            let top = band.start - shift;
            let part = Cut { top: f64::from(band.start), height: f64::from(height), ..cut };
            let mut place = CroppedImageMut::new(&mut target, 0, top, cut.to.0, height).map_err(broken)?;
            Resizer::new().resize(&source, &mut place, &options(part, false))?;
        }
        Ok(target.into_vec())
    }
}

fn bands(all: Range<u32>, step: u32) -> impl Iterator<Item = Range<u32>> {
    let end = all.end;
    all.step_by(step.max(1) as usize).map(move |start| start..start.saturating_add(step).min(end))
}

/// The pixels of a side that a resize of a part of it looks at.
fn reach(start: f64, length: f64, to: u32, side: u32) -> Range<u32> {
    let around = SUPPORT * (length / f64::from(to.max(1))).max(1.0) + 1.0;
    let first = (start - around).floor().max(0.0) as u32;
    first..((start + length + around).ceil() as u32).min(side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::raster::Space;
    use proptest::prelude::*;
    use std::cell::Cell;

    const KINDS: [(Sample, usize); 10] = [
        (Sample::U8, 1),
        (Sample::U8, 2),
        (Sample::U8, 3),
        (Sample::U8, 4),
        (Sample::U16, 1),
        (Sample::U16, 3),
        (Sample::U16, 4),
        (Sample::F32, 1),
        (Sample::F32, 3),
        (Sample::F32, 4),
    ];

    fn raster((sample, channels): (Sample, usize), (width, height): (u32, u32), seed: u32) -> Raster {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        let count = width as usize * height as usize * channels;
        let data = match sample {
            Sample::U8 => (0..count).map(|_| next() as u8).collect(),
            Sample::U16 => (0..count).flat_map(|_| (next() as u16).to_ne_bytes()).collect(),
            Sample::F32 => (0..count).flat_map(|_| (next() as f32 / u32::MAX as f32).to_ne_bytes()).collect(),
        };
        let space = if channels < 3 { Space::Grey } else { Space::Rgb };
        Raster { width, height, channels, sample, space, data }
    }

    /// The resize, and how often it asked.
    fn counted(raster: &Raster, cut: Cut, band: usize) -> (Vec<u8>, usize) {
        let asked = Cell::new(0);
        let ask = || {
            asked.set(asked.get() + 1);
            false
        };
        match resize(raster, cut, band, &ask) {
            Ok(data) => (data, asked.get()),
            Err(stop) => panic!("{:?}", stop.into_error("test")),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn bands_give_the_very_bytes_of_the_whole(
            kind in 0..KINDS.len(),
            size in (1_u32..400, 1_u32..400),
            to in (1_u32..300, 1_u32..300),
            part in (0.0..1.0_f64, 0.0..1.0_f64, 0.01..1.0_f64, 0.01..1.0_f64),
            whole in (any::<bool>(), any::<bool>(), any::<bool>()),
            (seed, band) in (any::<u32>(), 1_usize..20_000),
        ) {
            let raster = raster(KINDS[kind], size, seed);
            let along = |side: u32, start: f64, length: f64, whole: bool| {
                let side = f64::from(side);
                let length = (length * side).clamp(1.0, side);
                let start = start * (side - length);
                if whole { (start.floor(), length.floor()) } else { (start, length) }
            };
            let (left, width) = along(size.0, part.0, part.2, whole.0);
            let (top, height) = along(size.1, part.1, part.3, whole.1);
            // Sometimes one side keeps its pixels.
            let to = if whole.2 && whole.0 { (width as u32, to.1) } else { to };
            let cut = Cut { left, top, width, height, to };
            let (once, asked) = counted(&raster, cut, usize::MAX);
            prop_assert_eq!(asked, 1);
            prop_assert!(counted(&raster, cut, band).0 == once);
        }
    }

    #[test]
    fn it_ends_at_the_band_where_it_is_stopped() {
        for (kind, least) in [((Sample::U8, 3), 16), ((Sample::U16, 1), 100), ((Sample::F32, 4), 110)] {
            let raster = raster(kind, (1024, 800), 7);
            let cut = Cut { left: 0.0, top: 0.0, width: 1024.0, height: 800.0, to: (100, 77) };
            let (_, all) = counted(&raster, cut, 800 * 8);
            assert!(all >= least, "{kind:?}: {all}");
            for stop_at in [0, 1, all / 2, all - 1] {
                let asked = Cell::new(0);
                let ask = || {
                    asked.set(asked.get() + 1);
                    asked.get() > stop_at
                };
                let result = resize(&raster, cut, 800 * 8, &ask);
                assert!(matches!(result, Err(Stop::Cancelled)) && asked.get() == stop_at + 1, "{kind:?} {stop_at}");
            }
        }
    }
}
