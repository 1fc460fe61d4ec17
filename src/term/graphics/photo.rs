//! A photo as a PNG of few bytes: how much quality which picture gets.
//!
//! What a bit costs and what it is worth is one number, the price. Before the picture is encoded, some of its rows are
//! tried, to find the price at which it keeps the similarity it needs, and not much more.

use super::scene::{BLOCK, Scene};
use super::tones::Tones;
use super::trace::{self, Canvas, Rates};
use super::{Fit, GraphicsError, Pixels, deflate, png};

/// The structural similarity that the rows tried should keep.
const SIMILARITY: f32 = 0.944;
/// The price that most photos end near.
const USUAL_PRICE: f32 = 18.0;
/// The price below which more bits show nothing.
const LOWEST_PRICE: f32 = 1.0;
/// The price above which errors are seen that the similarity does not tell.
const HIGHEST_PRICE: f32 = 30.0;
/// The loss goes with about this power of the price.
const POWER: f32 = 0.7;
/// Rows of blocks that are tried.
const TRIED: usize = 8;

/// Encodes at full size, for [`super::Level::Good`].
///
/// # Errors
/// The encoder failed.
pub(super) fn good(pixels: Pixels<'_>, fit: &Fit) -> Result<Vec<u8>, GraphicsError> {
    let scene = Scene::new(pixels);
    let tones = Tones::new(pixels, &scene, most_colours(scene.points.len()));
    let price = price_for_similarity(&scene, &tones);
    let (filtered, _) = trace::traced(&scene, &tones, &Rates::new(price), Canvas::new(fit, &tones));
    png::write_compressed(fit.canvas, &tones.palette, fit.canvas != fit.picture, &deflate::zlib(&filtered))
}

/// A palette must not weigh much beside its picture.
fn most_colours(pixels: usize) -> usize {
    (pixels / 120).clamp(24, 240)
}

impl Canvas {
    fn new(fit: &Fit, tones: &Tones) -> Self {
        let side = |v: u32| v as usize;
        Self {
            width: side(fit.canvas.0),
            height: side(fit.canvas.1),
            left: side(fit.offset.0),
            top: side(fit.offset.1),
            clear: u8::try_from(tones.palette.len()).unwrap_or(u8::MAX),
        }
    }
}

/// What a bit may cost.
fn price_for_similarity(scene: &Scene, tones: &Tones) -> f32 {
    let allowed = 1.0 - SIMILARITY;
    let every = (scene.height / BLOCK / TRIED).max(1);
    let mut price = USUAL_PRICE;
    for _ in 0..2 {
        let loss = trace::trial(scene, tones, &Rates::new(price), every).max(0.001);
        price = (price * (allowed / loss).powf(1.0 / POWER)).clamp(LOWEST_PRICE, HIGHEST_PRICE);
    }
    price
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Waves of colour under grain: more colours than a palette holds, and every kind of neighbour.
    fn waves(width: u32, height: u32, grain: u32) -> Vec<u8> {
        let value = |x: u32, y: u32, i: u32| {
            let wave = ((x as f32 * 0.11 + i as f32).sin() + (y as f32 * 0.07 - i as f32).cos()) * 60.0 + 127.0;
            let noise = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ i).wrapping_mul(0xc2b2_ae3d) >> 16;
            (wave + (noise % (grain + 1)) as f32).clamp(0.0, 255.0) as u8
        };
        (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..3).map(move |i| value(x, y, i)))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn other_decoders_see_the_very_indices_that_were_chosen(
            size in (1_u32..90, 1_u32..70), cell in (1_u16..12, 1_u16..20), grain in 0_u32..90, price in 1_f32..40.0,
        ) {
            let rgb = waves(size.0, size.1, grain);
            let pixels = Pixels::new(&rgb, size.0, size.1).unwrap();
            let fit = super::super::fit((100, 80), cell, size);
            let scene = Scene::new(pixels);
            let tones = Tones::new(pixels, &scene, most_colours(scene.points.len()));
            let (filtered, indices) = trace::traced(&scene, &tones, &Rates::new(price), Canvas::new(&fit, &tones));
            let padded = fit.canvas != fit.picture;
            let data = png::write_compressed(fit.canvas, &tones.palette, padded, &deflate::zlib(&filtered)).unwrap();
            let image = image::load_from_memory(&data).unwrap().to_rgba8();
            prop_assert_eq!(image.dimensions(), fit.canvas);
            for (i, (pixel, index)) in image.pixels().zip(&indices).enumerate() {
                let (x, y) = (i as u32 % fit.canvas.0, i as u32 / fit.canvas.0);
                let inside = (fit.offset.0..fit.offset.0 + size.0).contains(&x) && (fit.offset.1..fit.offset.1 + size.1).contains(&y);
                let meant = match tones.palette.get(usize::from(*index)) {
                    Some([r, g, b]) => [*r, *g, *b, 255],
                    None => [0; 4],
                };
                prop_assert_eq!((pixel.0, pixel.0[3] == 255), (meant, inside), "at {} {}", x, y);
            }
        }

        #[test]
        fn the_picture_stays_near(size in (1_u32..90, 1_u32..70), grain in 0_u32..30) {
            let rgb = waves(size.0, size.1, grain);
            let fit = super::super::fit((100, 80), (1, 1), size);
            let data = good(Pixels::new(&rgb, size.0, size.1).unwrap(), &fit).unwrap();
            let back = image::load_from_memory(&data).unwrap().to_rgb8().into_raw();
            let off = rgb.iter().zip(&back).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>() / rgb.len() as u64;
            prop_assert!(off < 16, "{} off", off);
        }
    }
}
