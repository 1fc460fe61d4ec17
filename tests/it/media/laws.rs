//! What holds for every input: no entry point panics, and what comes back is well formed.

use image::{DynamicImage, ImageFormat, RgbaImage};
use lakelens::domain::geometry::BoxN;
use lakelens::media::{DecodeRequest, Limits, MemorySource, Picture, decode, inspect, sniff, thumbnail};
use proptest::prelude::*;
use std::io::Cursor;

/// Small enough that no mutation of a header makes a test slow.
const LIMITS: Limits = Limits { file_bytes: 1 << 20, memory: 32 << 20, pixels: 1 << 20, side: 4096 };
const NAMES: [&str; 4] = ["a.jpg", "a.tga", "a", "a.tiff"];

/// One valid file of each format.
fn seeds() -> Vec<Vec<u8>> {
    let image =
        RgbaImage::from_fn(21, 13, |x, y| image::Rgba([x as u8 * 9, y as u8 * 17, (x ^ y) as u8, 255 - x as u8]));
    let image = DynamicImage::ImageRgba8(image);
    let opaque = DynamicImage::ImageRgb8(image.to_rgb8());
    let write = |image: &DynamicImage, format| {
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, format).unwrap();
        out.into_inner()
    };
    use ImageFormat as F;
    let mut seeds: Vec<_> =
        [F::Png, F::Gif, F::WebP, F::Bmp, F::Tiff, F::Ico, F::Tga, F::Qoi].map(|f| write(&image, f)).into();
    seeds.extend([F::Jpeg, F::Pnm].map(|f| write(&opaque, f)));
    seeds.push(write(&DynamicImage::ImageRgb16(image.to_rgb16()), F::Tiff));
    seeds.push(write(&DynamicImage::ImageRgb16(image.to_rgb16()), F::Png));
    seeds.push(write(&DynamicImage::ImageRgb32F(image.to_rgb32f()), F::Hdr));
    seeds.push(write(&DynamicImage::ImageRgb32F(image.to_rgb32f()), F::OpenExr));
    seeds.push(write(&DynamicImage::ImageRgba16(image.to_rgba16()), F::Farbfeld));
    seeds
}

fn well_formed(picture: &Picture, request: &DecodeRequest) {
    assert_eq!(picture.rgb.len(), picture.width as usize * picture.height as usize * 3);
    assert!(picture.width >= 1 && picture.width <= request.max_width.max(1));
    assert!(picture.height >= 1 && picture.height <= request.max_height.max(1));
    assert!(picture.info.frames >= 1 && (1..=8).contains(&picture.info.orientation));
}

/// Every entry point.
fn run(bytes: &[u8], name: &str, request: &DecodeRequest) {
    let source = MemorySource::new(bytes);
    let _ = sniff::sniff(bytes, name);
    if let Ok(picture) = decode(&source, name, request, &LIMITS, &|| false) {
        well_formed(&picture, request);
    }
    let _ = inspect(&source, name, &LIMITS);
    let _ = thumbnail(&source, name, &LIMITS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_of_any_kind_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), name in 0..NAMES.len()) {
        run(&bytes, NAMES[name], &DecodeRequest::fit(16, 16));
    }

    #[test]
    fn damaged_files_of_every_format_are_survived(
        seed in 0..15_usize,
        cut in 0.0..1.5_f64,
        hits in prop::collection::vec((0.0..1.0_f64, any::<u8>(), any::<bool>()), 0..6),
        size in (0..40_u32, 0..40_u32),
        window in (-0.5..1.5_f64, -0.5..1.5_f64, -0.5..1.5_f64, -0.5..1.5_f64),
        enlarge in any::<bool>(),
    ) {
        let seeds = seeds();
        let mut bytes = seeds[seed % seeds.len()].clone();
        for (place, value, early) in hits {
            // Headers are short and decide the most: half of the hits go there.
            let reach = if early { bytes.len().min(64) } else { bytes.len() };
            let at = (place * reach as f64) as usize;
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate((cut * bytes.len() as f64) as usize);
        let (x, y, w, h) = window;
        let request = DecodeRequest { max_width: size.0, max_height: size.1, window: BoxN { x, y, w, h }, enlarge, coarse: false };
        run(&bytes, NAMES[seed % NAMES.len()], &request);
    }
}

#[test]
fn the_seeds_are_valid() {
    for (index, seed) in seeds().iter().enumerate() {
        let picture =
            decode(&MemorySource::new(seed.as_slice()), "a.tga", &DecodeRequest::fit(21, 21), &LIMITS, &|| false);
        let picture = picture.unwrap_or_else(|error| panic!("seed {index}: {error}"));
        assert_eq!((picture.width, picture.height), (21, 13), "seed {index}");
    }
}
