//! The eight EXIF orientations: of sizes, of windows, of pixels.

use crate::domain::geometry::BoxN;
use image::metadata::Orientation;

/// Whether width and height change places between the stored and the displayed picture.
pub(super) fn swaps_axes(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// What turns the displayed picture back into the stored one.
pub(super) fn inverse(orientation: Orientation) -> Orientation {
    match orientation {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        other => other,
    }
}

/// The box of the stored picture that is displayed as `shown`; both normalised.
pub(super) fn stored_box(shown: BoxN, orientation: Orientation) -> BoxN {
    let BoxN { x, y, w, h } = shown;
    let (far_x, far_y) = (1.0 - x - w, 1.0 - y - h);
    let (x, y, w, h) = match orientation {
        Orientation::NoTransforms => (x, y, w, h),
        Orientation::FlipHorizontal => (far_x, y, w, h),
        Orientation::Rotate180 => (far_x, far_y, w, h),
        Orientation::FlipVertical => (x, far_y, w, h),
        Orientation::Rotate90FlipH => (y, x, h, w),
        Orientation::Rotate90 => (y, far_x, h, w),
        Orientation::Rotate270FlipH => (far_y, far_x, h, w),
        Orientation::Rotate270 => (far_y, x, h, w),
    };
    BoxN { x, y, w, h }
}

/// Turns pixels of `channels` bytes from the stored into the displayed frame; gives the displayed width and height.
pub(super) fn displayed(
    pixels: Vec<u8>,
    width: u32,
    height: u32,
    channels: usize,
    orientation: Orientation,
) -> (Vec<u8>, u32, u32) {
    if orientation == Orientation::NoTransforms {
        return (pixels, width, height);
    }
    let (sw, sh) = (width as usize, height as usize);
    let (dw, dh) = if swaps_axes(orientation) { (sh, sw) } else { (sw, sh) };
    let mut out = Vec::with_capacity(pixels.len());
    for y in 0..dh {
        for x in 0..dw {
            let (sx, sy) = match orientation {
                Orientation::NoTransforms => (x, y),
                Orientation::FlipHorizontal => (sw - 1 - x, y),
                Orientation::Rotate180 => (sw - 1 - x, sh - 1 - y),
                Orientation::FlipVertical => (x, sh - 1 - y),
                Orientation::Rotate90FlipH => (y, x),
                Orientation::Rotate90 => (y, sh - 1 - x),
                Orientation::Rotate270FlipH => (sw - 1 - y, sh - 1 - x),
                Orientation::Rotate270 => (sw - 1 - y, x),
            };
            let at = (sy * sw + sx) * channels;
            out.extend_from_slice(pixels.get(at..at + channels).unwrap_or_default());
        }
    }
    if swaps_axes(orientation) { (out, height, width) } else { (out, width, height) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, RgbImage};

    #[test]
    fn pixels_and_windows_turn_as_exif_says() {
        let image = RgbImage::from_fn(5, 3, |x, y| image::Rgb([x as u8 * 10, y as u8 * 10, 7]));
        for code in 1..=8 {
            let orientation = Orientation::from_exif(code).unwrap();
            let mut reference = DynamicImage::ImageRgb8(image.clone());
            reference.apply_orientation(orientation);
            let (pixels, w, h) = displayed(image.as_raw().clone(), 5, 3, 3, orientation);
            assert_eq!((w, h), (reference.width(), reference.height()), "orientation {code}");
            assert_eq!(&pixels, reference.as_bytes(), "orientation {code}");
            let back = displayed(pixels.clone(), w, h, 3, inverse(orientation));
            assert_eq!(back, (image.as_raw().clone(), 5, 3), "orientation {code}");

            // The one pixel at displayed (1, 2) comes from the stored pixel that its window names.
            let (fw, fh) = (f64::from(w), f64::from(h));
            let window = stored_box(BoxN { x: 1.0 / fw, y: 2.0 / fh, w: 1.0 / fw, h: 1.0 / fh }, orientation);
            let at = ((window.x * 5.0).round() as u32, (window.y * 3.0).round() as u32);
            let shown = &pixels[(2 * w as usize + 1) * 3..][..3];
            assert_eq!(shown, image.get_pixel(at.0, at.1).0, "orientation {code}");
        }
    }
}
