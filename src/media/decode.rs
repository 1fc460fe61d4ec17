//! Bytes to a small RGB picture: decode as few pixels as will do, scale, bring to sRGB, orient, lay over a checkerboard.

mod coarse;
pub(super) mod jpeg;
mod other;
#[cfg(feature = "turbo")]
mod turbo;

use super::bytes::Bytes;
use super::colour;
use super::error::MediaError;
use super::header::{self, Header, Opened};
use super::info::ImageInfo;
use super::limits::Limits;
use super::orient::{displayed, swaps_axes};
use super::raster::{Placed, Raster};
use super::scale::{Plan, scale};
use super::sniff::{Format, sniff};
use super::source::ByteSource;
use crate::domain::geometry::BoxN;
use crate::domain::unwind::caught;
use jpeg::Wanted;
use std::sync::Arc;

/// What is wanted of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecodeRequest {
    /// Pixels across, at most.
    pub max_width: u32,
    /// Pixels down, at most.
    pub max_height: u32,
    /// The part that is wanted, normalised, in the displayed picture; an empty or broken one means all.
    pub window: BoxN,
    /// Whether the part is enlarged to fill the size; else a small picture keeps its pixels exactly. Up to four times the
    /// result is smooth, from there on every pixel of the file is a block.
    pub enlarge: bool,
    /// Any picture that can be had at once will do, however coarse: a thumbnail inside the file, its first pass.
    pub coarse: bool,
}

impl DecodeRequest {
    /// The whole picture in at most so many pixels, never enlarged.
    #[must_use]
    pub fn fit(max_width: u32, max_height: u32) -> Self {
        Self { max_width, max_height, window: BoxN { x: 0.0, y: 0.0, w: 1.0, h: 1.0 }, enlarge: false, coarse: false }
    }
}

/// A decoded picture, ready for a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// sRGB, three bytes a pixel, row by row from the top left of the displayed picture, without padding.
    pub rgb: Vec<u8>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Width and height of the picture that was asked for. Larger than the pixels where a coarse one stands in.
    pub full: (u32, u32),
    /// The facts of the file.
    pub info: Arc<ImageInfo>,
}

impl Picture {
    /// Bytes that the pixels take in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rgb.len()
    }

    /// A coarse picture, with fewer pixels than were asked for, which a whole one will replace.
    #[must_use]
    pub fn stands_in(&self) -> bool {
        (self.width, self.height) != self.full
    }
}

/// Decodes the wanted part of a picture at the wanted size. `name` decides only where the content does not.
///
/// `cancel` is asked between the stages and wherever a decoder asks for more bytes, which it does not get any more then:
/// every 4 KB of what is packed (PNG, GIF, TIFF: strip by strip or finer, WebP without loss), every row of blocks of a
/// JPEG, between all scans of a progressive one; and every dozen megapixels of the resize. What cannot be stopped: WebP
/// with loss, whose decoder takes all of its bytes before it begins and asks for nothing more. [`Limits`] bound it, to at
/// most 2 s on the thread that called.
///
/// A damaged file gives what decodes, with the reason in `info.damaged`.
///
/// # Errors
/// [`MediaError`] where nothing can be shown.
pub fn decode(
    source: &dyn ByteSource,
    name: &str,
    request: &DecodeRequest,
    limits: &Limits,
    cancel: &dyn Fn() -> bool,
) -> Result<Picture, MediaError> {
    let stop = || if cancel() { Err(MediaError::Cancelled) } else { Ok(()) };
    stop()?;
    let mut bytes = Bytes::new(source)?;
    let format = sniff(bytes.head(), name)?;
    stop()?;
    if request.coarse
        && format == Format::Jpeg
        && let Some(picture) = guarded(format, || coarse::from_the_start(&mut bytes, request, limits, cancel))?
    {
        return Ok(picture);
    }
    let bytes = match format {
        Format::Jpeg => {
            limits.check_file(bytes.len())?;
            bytes
        }
        _ => bytes.load(false, limits, cancel)?,
    };
    stop()?;
    let length = bytes.len();
    let (bytes, inner) = header::unpacked(bytes, format);
    guarded(format, || {
        let opened = header::open(&bytes, inner, limits, cancel);
        // A decoder takes the end of its bytes for damage, or for an error of the disk.
        stop()?;
        let (mut header, opened) = opened?;
        header.container = format;
        let plan = Plan::new(header.width, header.height, header.orientation, request);
        let coarse = request.coarse && coarse::worth_it(&header);
        let decoded = match opened {
            Opened::Jpeg(jpeg) => {
                let (width, height) = (jpeg.width, jpeg.height);
                let eighths = if coarse { plan.coarse_eighths(width, height) } else { plan.eighths(width, height) };
                let part = plan.region(width, height, eighths);
                jpeg::pixels(&bytes, &jpeg, Wanted { eighths, part, first_pass: false }, limits, cancel)
            }
            Opened::Tiff(tiff) => {
                let part = plan.region(header.width, header.height, 8);
                tiff.pixels(part, bytes.held(), limits)
            }
            Opened::Other(decoder) => other::pixels(decoder, &header, &bytes, limits, cancel).map(placed),
        };
        stop()?;
        let (mut placed, damaged) = decoded?;
        colour::tame(&mut placed.raster, inner);
        let fewer = coarse && placed.whole.0 < header.width;
        let target = if fewer { plan.coarse(placed.whole.0, placed.whole.1) } else { None };
        let raster = scale(placed, &target.unwrap_or(plan), format.name(), cancel)?;
        stop()?;
        Ok(finish(raster, &plan, &header, length, damaged))
    })
}

/// Of a decoder that gives all of a picture.
fn placed((raster, damaged): (Raster, Option<String>)) -> (Placed, Option<String>) {
    (raster.into(), damaged)
}

/// The last stages, all on the small picture.
pub(super) fn finish(raster: Raster, plan: &Plan, header: &Header, bytes: u64, damaged: Option<String>) -> Picture {
    let (width, height) = (raster.width, raster.height);
    let raster = colour::to_srgb(raster, header.icc.as_deref(), header.format);
    let channels = raster.channels;
    let (pixels, width, height) = displayed(raster.data, width, height, channels, header.orientation);
    let turned = swaps_axes(header.orientation);
    let full = if turned { (plan.height, plan.width) } else { (plan.width, plan.height) };
    let rgb = colour::flatten(pixels, width, channels);
    Picture { rgb, width, height, full, info: Arc::new(header.info(bytes, damaged)) }
}

/// Runs code of decoders and turns a panic into an error.
///
/// Decoders are large parsers fed by files from anywhere. One bad file must not end a session with unsaved work on the
/// screen, so panics are caught here. Nothing is shared with the closure that could be left half
/// changed: it owns what it decodes and only reads the file's bytes.
pub(super) fn guarded<T>(format: Format, work: impl FnOnce() -> Result<T, MediaError>) -> Result<T, MediaError> {
    caught(work).unwrap_or(Err(MediaError::Decoder { format: format.name() }))
}
