//! From the wanted part of a picture to the wanted size.

mod bands;

use super::decode::DecodeRequest;
use super::error::MediaError;
use super::orient::{stored_box, swaps_axes};
use super::raster::{Placed, Raster};
use crate::domain::geometry::BoxN;
use bands::{Cut, Stop};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;

/// From this enlargement on, single pixels are what people look at: they keep their edges.
const PIXEL_VIEW: f64 = 4.0;
/// Pixels along a side of what is asked for; more than any screen has.
const SIDE: u32 = 16_384;
/// A coarse picture of this part of the wanted pixels, along a side, is decoded where the format lets one choose.
const COARSE: f64 = 1.0 / 4.0;
/// What is said when a decoder gives fewer pixels than it announced.
const SHORT: &str = "pixels are missing";
/// Result pixels that a pixel of the source reaches on each side, and some more for roundings.
const REACH: f64 = 4.0;
/// Below this part it is too little to tell pictures apart.
const TOO_COARSE: f64 = 1.0 / 6.25;

/// Which part of the stored picture becomes how many pixels. Everything in the stored frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    /// Normalised part.
    pub(super) part: BoxN,
    /// Pixels of the result, before orientation.
    pub(super) width: u32,
    /// Pixels of the result, before orientation.
    pub(super) height: u32,
    /// Result pixels for each stored pixel.
    factor: f64,
}

impl Plan {
    /// Fits the wanted part into the wanted size, keeping the aspect; at least one pixel.
    pub(super) fn new(width: u32, height: u32, orientation: Orientation, request: &DecodeRequest) -> Self {
        let all = BoxN { x: 0.0, y: 0.0, w: 1.0, h: 1.0 };
        let mut part = stored_box(request.window.clamped().unwrap_or(all), orientation);
        let (fw, fh) = (f64::from(width), f64::from(height));
        let (mut max_w, mut max_h) = (request.max_width.clamp(1, SIDE), request.max_height.clamp(1, SIDE));
        if swaps_axes(orientation) {
            (max_w, max_h) = (max_h, max_w);
        }
        let fit =
            |part: BoxN| (f64::from(max_w) / (part.w * fw).max(1.0)).min(f64::from(max_h) / (part.h * fh).max(1.0));
        let mut factor = fit(part);
        if factor >= 1.0 && !request.enlarge {
            // Shown as it is, so it has to start and end at whole pixels.
            part = whole_pixels(part, fw, fh);
            factor = 1.0;
        } else if let Some(whole) = one_to_one(part, (fw, fh), (max_w, max_h)) {
            part = whole;
            factor = 1.0;
        }
        let size = |length: f64, most: u32| ((length.max(1.0) * factor).round() as u32).clamp(1, most);
        Self { part, width: size(part.w * fw, max_w), height: size(part.h * fh, max_h), factor }
    }

    /// Whether every stored pixel becomes one pixel.
    fn is_copy(&self, raster: &Raster) -> bool {
        let all = self.part.x <= 0.0 && self.part.y <= 0.0 && self.part.w >= 1.0 && self.part.h >= 1.0;
        all && (self.width, self.height) == (raster.width, raster.height)
    }

    /// The smallest number of eighths at which a JPEG can be decoded with no fewer pixels than are wanted.
    pub(super) fn eighths(&self, width: u32, height: u32) -> u32 {
        self.eighths_for(width, height, 1.0)
    }

    /// The same for a coarse picture.
    pub(super) fn coarse_eighths(&self, width: u32, height: u32) -> u32 {
        self.eighths_for(width, height, COARSE)
    }

    /// The part in stored pixels (left, top, right and bottom), with all around it that the resize looks at.
    pub(super) fn region(&self, width: u32, height: u32, eighths: u32) -> [u32; 4] {
        let side = |start: f64, length: f64, side: u32, wanted: u32| {
            let (start, length) = (start * f64::from(side), length * f64::from(side));
            let around = REACH * (length / f64::from(wanted.max(1))).max(8.0 / f64::from(eighths));
            let end = (start + length + around).ceil().min(f64::from(side));
            ((start - around).floor().max(0.0) as u32, end as u32)
        };
        let (left, right) = side(self.part.x, self.part.w, width, self.width);
        let (top, bottom) = side(self.part.y, self.part.h, height, self.height);
        [left, top, right, bottom]
    }

    fn eighths_for(&self, width: u32, height: u32, share: f64) -> u32 {
        let enough = |side: u32, part: f64, wanted: u32, eighths: u32| {
            f64::from((side * eighths).div_ceil(8)) * part >= f64::from(wanted) * share
        };
        [1, 2, 4]
            .into_iter()
            .find(|n| enough(width, self.part.w, self.width, *n) && enough(height, self.part.h, self.height, *n))
            .unwrap_or(8)
    }

    /// The same part with no more pixels than a coarse picture of `width` x `height` has of it; nothing when they are
    /// too few.
    pub(super) fn coarse(&self, width: u32, height: u32) -> Option<Self> {
        let side = |has: u32, part: f64, wanted: u32| {
            let has = f64::from(has) * part;
            (has >= f64::from(wanted) * TOO_COARSE).then(|| (has.round() as u32).clamp(1, wanted))
        };
        let (width, height) = (side(width, self.part.w, self.width)?, side(height, self.part.h, self.height)?);
        Some(Self { width, height, ..*self })
    }
}

/// A part of a picture that was meant to have as many pixels as there is room for, at its pixel edges. Windows are given
/// in fractions that miss an edge by a little; resampled, every pixel would be mixed with its neighbours.
fn one_to_one(part: BoxN, (width, height): (f64, f64), (max_w, max_h): (u32, u32)) -> Option<BoxN> {
    let whole = whole_pixels(part, width, height);
    let count = ((whole.w * width).round(), (whole.h * height).round());
    let room = (f64::from(max_w), f64::from(max_h));
    let fills = count.0 <= room.0 && count.1 <= room.1 && (count.0 == room.0 || count.1 == room.1);
    (fills && (part.w < 1.0 || part.h < 1.0)).then_some(whole)
}

/// The same part, moved to the nearest pixel edges.
fn whole_pixels(part: BoxN, width: f64, height: f64) -> BoxN {
    let snap = |start: f64, length: f64, side: f64| {
        let count = (length * side).round().clamp(1.0, side);
        ((start * side).round().clamp(0.0, side - count) / side, count / side)
    };
    let ((x, w), (y, h)) = (snap(part.x, part.w, width), snap(part.y, part.h, height));
    BoxN { x, y, w, h }
}

/// Cuts and resizes: Lanczos3 over the footprint of each result pixel, with colours weighted by their alpha. Asks
/// `cancel` every dozen megapixels of the source.
///
/// # Errors
/// [`MediaError::Damaged`] if the decoder gave fewer bytes than its layout says, and [`MediaError::Cancelled`].
pub(super) fn scale(
    placed: Placed,
    plan: &Plan,
    format: &'static str,
    cancel: &dyn Fn() -> bool,
) -> Result<Raster, MediaError> {
    let whole = placed.whole;
    if plan.is_copy(&placed.raster) && whole == (placed.raster.width, placed.raster.height) {
        return Ok(placed.raster);
    }
    let cut = |start: f64, length: f64, whole: u32, from: u32, has: u32| {
        let (whole, has) = (f64::from(whole), f64::from(has));
        let length = (length * whole).clamp(1.0, whole);
        let start = (start * whole).clamp(0.0, whole - length) - f64::from(from);
        (start.clamp(0.0, (has - length).max(0.0)), length.min(has))
    };
    let (left, w) = cut(plan.part.x, plan.part.w, whole.0, placed.left, placed.raster.width);
    let (top, h) = cut(plan.part.y, plan.part.h, whole.1, placed.top, placed.raster.height);
    let raster = placed.raster;
    let same = |start: f64, length: f64, wanted: u32| {
        (start - start.round()).abs() < 1e-6 && (length - f64::from(wanted)).abs() < 1e-6
    };
    if same(left, w, plan.width) && same(top, h, plan.height) {
        return crop(&raster, left.round() as usize, top.round() as usize, plan)
            .ok_or_else(|| MediaError::Damaged { format, reason: SHORT.to_owned() });
    }
    let cut = Cut { left, top, width: w, height: h, to: (plan.width, plan.height) };
    let data = match plan.factor {
        factor if factor >= PIXEL_VIEW => blocks(&raster, cut),
        _ => bands::resize(&raster, cut, bands::BAND, cancel),
    };
    let data = data.map_err(|stop| stop.into_error(format))?;
    Ok(Raster { width: plan.width, height: plan.height, data, ..raster })
}

/// Every pixel as a block.
fn blocks(raster: &Raster, cut: Cut) -> Result<Vec<u8>, Stop> {
    let kind = raster.pixel_type();
    let Cut { left, top, width, height, to } = cut;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Nearest).crop(left, top, width, height).use_alpha(false);
    let source = ImageRef::new(raster.width, raster.height, &raster.data, kind);
    let source = source.map_err(|e| Stop::Broken(e.to_string()))?;
    let mut target = Image::new(to.0, to.1, kind);
    Resizer::new().resize(&source, &mut target, &options)?;
    Ok(target.into_vec())
}

/// The pixels of the part as they are.
fn crop(raster: &Raster, left: usize, top: usize, plan: &Plan) -> Option<Raster> {
    let pixel = raster.pixel_type().size();
    let (row, width) = (raster.width as usize * pixel, plan.width as usize * pixel);
    let mut data = Vec::with_capacity(width * plan.height as usize);
    for line in raster.data.chunks_exact(row).skip(top).take(plan.height as usize) {
        data.extend_from_slice(line.get(left * pixel..left * pixel + width)?);
    }
    let whole = data.len() == width * plan.height as usize;
    whole.then_some(Raster { width: plan.width, height: plan.height, data, ..*raster })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(w: u32, h: u32) -> DecodeRequest {
        DecodeRequest::fit(w, h)
    }

    #[test]
    fn pictures_are_fitted_and_never_enlarged_unless_asked() {
        let plan = |w, h, code, request: &DecodeRequest| {
            let plan = Plan::new(w, h, Orientation::from_exif(code).unwrap(), request);
            (plan.width, plan.height)
        };
        assert_eq!(plan(4000, 3000, 1, &request(800, 800)), (800, 600));
        assert_eq!(plan(4000, 3000, 6, &request(400, 800)), (533, 400));
        assert_eq!(plan(30, 20, 1, &request(800, 800)), (30, 20));
        let enlarge = DecodeRequest { enlarge: true, ..request(800, 800) };
        assert_eq!(plan(30, 20, 1, &enlarge), (800, 533));
        assert_eq!(plan(30_000, 1, 1, &request(800, 800)), (800, 1));
        assert_eq!(plan(1, 1, 1, &request(0, 0)), (1, 1));
        let window = BoxN { x: 0.5, y: 0.0, w: 0.25, h: 0.5 };
        assert_eq!(plan(4000, 3000, 1, &DecodeRequest { window, ..request(500, 500) }), (333, 500));
        let silly = BoxN { x: f64::NAN, y: 0.0, w: -1.0, h: 2.0 };
        assert_eq!(plan(40, 30, 1, &DecodeRequest { window: silly, ..request(500, 500) }), (40, 30));
    }

    #[test]
    fn jpegs_are_decoded_with_just_enough_pixels() {
        let eighths = |w, h, request: &DecodeRequest| Plan::new(w, h, Orientation::NoTransforms, request).eighths(w, h);
        assert_eq!(eighths(4000, 3000, &request(500, 500)), 1);
        assert_eq!(eighths(4000, 3000, &request(501, 501)), 2);
        assert_eq!(eighths(4000, 3000, &request(800, 800)), 2);
        assert_eq!(eighths(4000, 3000, &request(1900, 1900)), 4);
        assert_eq!(eighths(4000, 3000, &request(2100, 2100)), 8);
        let window = BoxN { x: 0.0, y: 0.0, w: 0.25, h: 0.25 };
        assert_eq!(eighths(4000, 3000, &DecodeRequest { window, ..request(500, 500) }), 4);
    }
}
