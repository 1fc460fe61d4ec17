//! JPEG at reduced size: the inverse DCT gives 1/8, 1/4 or 1/2 of the pixels directly, for a fraction of the work.
//!
//! Our own decoder does what is wanted small or in part, which is nearly all: in half to three quarters of the time of
//! the `jpeg-decoder` crate. Many pixels at half size or more, where that crate takes half of our time, and what ours does
//! not know (CMYK, odd sampling, lossless) are for it. It is strict, and what it refuses goes to ours, and then to the
//! tolerant one of the `image` crate at full size. All of them stop when they are cancelled, but for the last.
//! The crates do not notice a file that merely stops, so the end marker is looked for here. With the feature `turbo`,
//! libjpeg-turbo comes before all of them for pictures that are wanted whole.

use super::super::bytes::Bytes;
use super::super::error::MediaError;
use super::super::header::jpeg::JpegHeader;
use super::super::header::{decoder, explain};
use super::super::jpeg;
use super::super::limits::Limits;
use super::super::raster::{Placed, Raster, Sample, Space};
use super::super::sniff::Format;
use image::ImageDecoder;
use jpeg_decoder::{Decoder, Error, PixelFormat};
use std::io::{self, Read};

const CUT: &str = "the file ends before the picture does";
/// More pixels than these at half size or more are not decoded by ours.
const MANY: u64 = 1_000_000;
/// Bytes of a file between two looks whether it is still wanted.
const WATCHED: usize = 64 << 10;

/// What of a picture is decoded: `eighths`/8 of the pixels along each side, of a part in stored pixels (left, top, right
/// and bottom).
#[derive(Clone, Copy)]
pub(in super::super) struct Wanted {
    pub(in super::super) eighths: u32,
    pub(in super::super) part: [u32; 4],
    /// The first pass of a progressive picture is enough.
    pub(in super::super) first_pass: bool,
}

impl Wanted {
    /// All of the picture.
    pub(in super::super) fn whole(eighths: u32) -> Self {
        Self { eighths, part: [0, 0, u32::MAX, u32::MAX], first_pass: false }
    }

    /// All of the picture, and every pass.
    fn is_whole(&self, header: &JpegHeader) -> bool {
        let [left, top, right, bottom] = self.part;
        (left, top) == (0, 0) && right >= header.width && bottom >= header.height && !self.first_pass
    }
}

/// Decodes the pixels, with the reason when some are missing.
pub(in super::super) fn pixels(
    bytes: &Bytes<'_>,
    header: &JpegHeader,
    wanted: Wanted,
    limits: &Limits,
    cancel: &dyn Fn() -> bool,
) -> Result<(Placed, Option<String>), MediaError> {
    let Wanted { eighths, part, first_pass } = wanted;
    let pixels = u64::from(header.width) * u64::from(header.height);
    let samples = pixels * u64::from(eighths * eighths) / 64 * header.sampling.len().max(1) as u64;
    // Planes, the pixels put together from them, and what a progressive picture keeps: the coefficients that are needed,
    // of chroma up to four times as many, and a bit for each of the others.
    let kept = header.coefficients() * u64::from((eighths * eighths).min(16)) / 16 + pixels / 4;
    limits.check_memory(bytes.held() + 2 * samples + if header.progressive { kept } else { 0 })?;
    #[cfg(feature = "turbo")]
    if let Some(raster) = by_turbo(bytes, header, wanted, limits, cancel)? {
        return Ok((raster.into(), None));
    }
    if eighths >= 4 && samples > MANY * header.sampling.len() as u64 && wanted.is_whole(header) {
        let read = bytes.in_memory(limits, cancel)?;
        let file = read.as_ref().unwrap_or(bytes);
        limits.check_memory(file.held() + 2 * samples + header.coefficients())?;
        let result = scaled(file.whole(), header, eighths, cancel);
        if cancel() {
            return Err(MediaError::Cancelled);
        }
        if let Ok(raster) = result {
            let cut = !has_end(file.whole(), header.scan);
            return Ok((raster.into(), cut.then(|| CUT.to_owned())));
        }
    }
    match jpeg::decode(bytes, &jpeg::Wish { eighths, part, first_pass, cancel }) {
        Ok(done) => {
            let jpeg::Decoded { raster, left, top, whole, damaged } = done;
            Ok((Placed { raster, left, top, whole }, damaged.map(str::to_owned)))
        }
        Err(jpeg::Stop::Cancelled) => Err(MediaError::Cancelled),
        Err(jpeg::Stop::Io(error)) => Err(error.into()),
        Err(jpeg::Stop::Unknown) => {
            let read = bytes.in_memory(limits, cancel)?;
            let (raster, damaged) = by_others(read.as_ref().unwrap_or(bytes), header, eighths, limits, cancel)?;
            Ok((raster.into(), damaged))
        }
    }
}

/// By libjpeg-turbo, which wants all of the file in memory, and of a progressive one all coefficients.
#[cfg(feature = "turbo")]
fn by_turbo(
    bytes: &Bytes<'_>,
    header: &JpegHeader,
    wanted: Wanted,
    limits: &Limits,
    cancel: &dyn Fn() -> bool,
) -> Result<Option<Raster>, MediaError> {
    if !wanted.is_whole(header) || header.progressive {
        return Ok(None);
    }
    let read = bytes.in_memory(limits, cancel)?;
    Ok(super::turbo::pixels(read.as_ref().unwrap_or(bytes).whole(), header, wanted.eighths))
}

/// By the decoders of other crates.
fn by_others(
    bytes: &Bytes<'_>,
    header: &JpegHeader,
    eighths: u32,
    limits: &Limits,
    cancel: &dyn Fn() -> bool,
) -> Result<(Raster, Option<String>), MediaError> {
    let samples = u64::from(header.width) * u64::from(header.height) * u64::from(eighths * eighths) / 64
        * header.sampling.len().max(1) as u64;
    limits.check_memory(bytes.held() + 2 * samples + header.coefficients())?;
    let cut = !has_end(bytes.whole(), header.scan);
    match scaled(bytes.whole(), header, eighths, cancel) {
        Ok(raster) => Ok((raster, cut.then(|| CUT.to_owned()))),
        Err(_) if cancel() => Err(MediaError::Cancelled),
        Err(reason) => {
            let raster = tolerant(bytes, header, limits)?;
            let damaged = match reason {
                Error::Unsupported(_) => None,
                other => Some(other.to_string()),
            };
            Ok((raster, if cut { Some(CUT.to_owned()) } else { damaged }))
        }
    }
}

/// Whether an end marker follows the first scan, wherever: what stands behind the picture (the video of a motion photo) is
/// no reason to call it damaged.
fn has_end(file: &[u8], scan: u64) -> bool {
    let data = usize::try_from(scan).ok().and_then(|start| file.get(start..)).unwrap_or_default();
    data.windows(2).rev().any(|pair| pair == [0xFF, 0xD9])
}

/// Decodes `eighths`/8 of the pixels. Where the file stops, end markers follow, from which the decoder goes on with
/// zeros instead of giving up what it has.
fn scaled(file: &[u8], header: &JpegHeader, eighths: u32, cancel: &dyn Fn() -> bool) -> Result<Raster, Error> {
    let ends = [0xFF, 0xD9].repeat(64);
    let mut decoder = Decoder::new(Watched { file, room: 0, cancel }.chain(ends.as_slice()));
    let size = |side: u32| u16::try_from((side * eighths).div_ceil(8)).unwrap_or(u16::MAX);
    // The decoder takes the smallest scale that reaches one of the two sizes; the longer side decides alone.
    let (width, height) = (size(header.width), size(header.height));
    let (ask_w, ask_h) = if header.width >= header.height { (width, u16::MAX) } else { (u16::MAX, height) };
    decoder.scale(ask_w, ask_h)?;
    let data = decoder.decode()?;
    let info = decoder.info().ok_or_else(|| Error::Format("no frame".to_owned()))?;
    let (channels, sample, space) = match info.pixel_format {
        PixelFormat::L8 => (1, Sample::U8, Space::Grey),
        PixelFormat::L16 => (1, Sample::U16, Space::Grey),
        PixelFormat::RGB24 => (3, Sample::U8, Space::Rgb),
        PixelFormat::CMYK32 => (4, Sample::U8, Space::Cmyk),
    };
    Ok(Raster { width: info.width.into(), height: info.height.into(), channels, sample, space, data })
}

/// A file in memory that cannot be read on once it is not wanted any more.
struct Watched<'f> {
    file: &'f [u8],
    /// Bytes until the next look.
    room: usize,
    cancel: &'f dyn Fn() -> bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.room == 0 {
            if (self.cancel)() {
                return Err(io::Error::other("cancelled"));
            }
            self.room = WATCHED;
        }
        let most = out.len().min(self.room);
        let count = self.file.read(&mut out[..most])?;
        self.room -= count;
        Ok(count)
    }
}

fn tolerant(bytes: &Bytes<'_>, header: &JpegHeader, limits: &Limits) -> Result<Raster, MediaError> {
    let samples = u64::from(header.width) * u64::from(header.height) * 3;
    // The decoder copies the file.
    limits.check_memory(2 * bytes.held() + samples + header.coefficients())?;
    let decoder = decoder(bytes.reader(), Format::Jpeg, limits)?;
    let (width, height) = decoder.dimensions();
    let mut raster = Raster::layout(width, height, decoder.color_type());
    raster.data = vec![0; usize::try_from(decoder.total_bytes()).unwrap_or(0)];
    decoder.read_image(&mut raster.data).map_err(|error| explain(error, Format::Jpeg))?;
    Ok(raster)
}
