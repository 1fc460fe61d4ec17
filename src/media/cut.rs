//! Parts of a picture that is decoded already: what many crops of one picture share.

use super::decode::{DecodeRequest, Picture};
use super::error::MediaError;
use super::raster::{Placed, Raster, Sample, Space};
use super::scale::{Plan, scale};
use crate::domain::geometry::BoxN;
use image::metadata::Orientation;
use std::sync::Arc;

/// Cuts a part out of a displayed picture and fits it into at most so many pixels, enlarged where it has fewer.
///
/// # Errors
/// [`MediaError::Damaged`] where the picture has not the pixels that it claims.
pub fn cut(picture: &Picture, window: BoxN, (max_width, max_height): (u32, u32)) -> Result<Picture, MediaError> {
    let request = DecodeRequest { max_width, max_height, window, enlarge: true, coarse: false };
    let (width, height) = (picture.width, picture.height);
    let plan = Plan::new(width, height, Orientation::NoTransforms, &request);
    let [left, top, right, bottom] = plan.region(width, height, 8);
    // Only what the resize looks at: most crops are small.
    let (row, first, last) = (width as usize * 3, left as usize * 3, right as usize * 3);
    let lines = picture.rgb.chunks_exact(row.max(1)).skip(top as usize).take((bottom - top) as usize);
    let data: Vec<u8> = lines.filter_map(|line| line.get(first..last)).flatten().copied().collect();
    let (width, height) = (right - left, bottom - top);
    let raster = Raster { width, height, channels: 3, sample: Sample::U8, space: Space::Rgb, data };
    let placed = Placed { raster, left, top, whole: (picture.width, picture.height) };
    let raster = scale(placed, &plan, "picture", &|| false)?;
    let full = (plan.width, plan.height);
    Ok(Picture { rgb: raster.data, width: raster.width, height: raster.height, full, info: Arc::clone(&picture.info) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::ImageInfo;

    /// A picture of which every pixel says where it is.
    fn picture(width: u32, height: u32) -> Picture {
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 7])).collect();
        Picture { rgb, width, height, full: (width, height), info: Arc::new(ImageInfo::default()) }
    }

    #[test]
    fn a_cut_of_the_same_size_has_the_same_pixels() {
        let cut = cut(&picture(100, 80), BoxN { x: 0.2, y: 0.25, w: 0.3, h: 0.5 }, (30, 40)).unwrap();
        assert_eq!((cut.width, cut.height, cut.stands_in()), (30, 40, false));
        assert_eq!(&cut.rgb[..6], [20, 20, 7, 21, 20, 7]);
        assert_eq!(cut.rgb.last_chunk::<3>(), Some(&[49, 59, 7]));
    }

    #[test]
    fn small_parts_are_enlarged_and_broken_ones_are_no_panic() {
        let whole = picture(100, 80);
        let one = cut(&whole, BoxN { x: 0.99, y: 0.99, w: 0.01, h: 0.01 }, (50, 50)).unwrap();
        assert!(one.width.max(one.height) == 50, "{} {}", one.width, one.height);
        for window in [BoxN { x: f64::NAN, y: 0.0, w: 1.0, h: 1.0 }, BoxN { x: 2.0, y: 2.0, w: 1.0, h: 1.0 }] {
            assert!(cut(&whole, window, (10, 10)).is_ok());
        }
        assert!(cut(&picture(1, 1), BoxN::ALL, (4, 4)).is_ok());
    }
}
