//! Our JPEG decoder against two others, and against itself: parts, sizes, restarts, damage, and how much it reads.

use super::{data, decode_bytes, decode_file, pixel};
use image::{Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use lakelens::domain::geometry::BoxN;
use lakelens::media::{ByteSource, DecodeRequest, Limits, MediaError, MemorySource, Picture, decode};
use std::cell::Cell;
use std::io;
use std::path::PathBuf;

const ALL: u32 = u32::MAX;
const SAMPLINGS: [SamplingFactor; 6] = [
    SamplingFactor::F_1_1,
    SamplingFactor::F_2_1,
    SamplingFactor::F_1_2,
    SamplingFactor::F_2_2,
    SamplingFactor::F_4_1,
    SamplingFactor::F_4_2,
];

/// Soft waves with some noise.
fn photo(width: u32, height: u32) -> RgbImage {
    let mut state = 3_u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let wave = |v: u32, period: f32| ((v as f32 / period).sin() * 90.0 + 120.0) as u8 + (state >> 28) as u8;
        Rgb([wave(x, 23.0), wave(y, 31.0), wave(x + 2 * y, 57.0)])
    })
}

fn encoded(image: &RgbImage, sampling: SamplingFactor, progressive: bool, restart: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 92);
    encoder.set_sampling_factor(sampling);
    encoder.set_progressive(progressive);
    if restart > 0 {
        encoder.set_restart_interval(restart);
    }
    let side = |v: u32| u16::try_from(v).unwrap();
    encoder.encode(image.as_raw(), side(image.width()), side(image.height()), ColorType::Rgb).unwrap();
    out
}

/// Largest and mean difference.
fn off(a: &[u8], b: &[u8]) -> (u8, f64) {
    assert_eq!(a.len(), b.len());
    let each = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    (each.clone().max().unwrap_or(0), each.map(f64::from).sum::<f64>() / a.len() as f64)
}

fn by_reference(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let pixels = decoder.decode().ok()?;
    let grey = decoder.info()?.pixel_format == jpeg_decoder::PixelFormat::L8;
    Some(if grey { pixels.iter().flat_map(|v| [*v; 3]).collect() } else { pixels })
}

#[test]
fn every_sampling_coding_and_odd_size_is_what_two_other_decoders_see() {
    for (width, height) in [(100, 76), (65, 33), (17, 1), (1, 40), (8, 8)] {
        let image = photo(width, height);
        for sampling in SAMPLINGS {
            for (progressive, restart) in [(false, 0), (true, 0), (false, 3)] {
                let bytes = encoded(&image, sampling, progressive, restart);
                let ours = decode_bytes(&bytes, "", &DecodeRequest::fit(ALL, ALL)).unwrap();
                let what = format!("{width} x {height}, {sampling:?}, {progressive}, {restart}");
                assert_eq!((ours.width, ours.height, &ours.info.damaged), (width, height, &None), "{what}");
                // The other two repeat chroma that is stored at a quarter, or filter it in ways of their own.
                let exact = matches!(sampling, SamplingFactor::F_1_1);
                let (most, mean) = if exact { (4, 0.6) } else { (70, 4.0) };
                let reference = by_reference(&bytes).unwrap();
                let other = image::load_from_memory(&bytes).unwrap().to_rgb8().into_raw();
                let (one, two) = (off(&ours.rgb, &reference), off(&ours.rgb, &other));
                let closest = if one.1 < two.1 { one } else { two };
                assert!(closest.0 <= most && closest.1 <= mean, "{what}: {closest:?}");
            }
        }
    }
}

#[test]
fn restarts_and_passes_change_no_pixel() {
    let image = photo(333, 217);
    for sampling in SAMPLINGS {
        let plain = encoded(&image, sampling, false, 0);
        for request in [DecodeRequest::fit(ALL, ALL), DecodeRequest::fit(83, 83), DecodeRequest::fit(40, 40)] {
            let wanted = decode_bytes(&plain, "", &request).unwrap();
            for (progressive, restart) in [(true, 0), (false, 1), (false, 7), (true, 5)] {
                let bytes = encoded(&image, sampling, progressive, restart);
                let got = decode_bytes(&bytes, "", &request).unwrap();
                assert!(
                    got.rgb == wanted.rgb,
                    "{sampling:?} {progressive} {restart}: {:?}",
                    off(&got.rgb, &wanted.rgb)
                );
            }
        }
    }
}

#[test]
fn a_part_is_what_a_crop_of_the_whole_shows() {
    let image = photo(400, 300);
    for sampling in SAMPLINGS {
        for (progressive, restart) in [(false, 0), (true, 0), (false, 5)] {
            let bytes = encoded(&image, sampling, progressive, restart);
            let whole = decode_bytes(&bytes, "", &DecodeRequest::fit(ALL, ALL)).unwrap();
            for (x, y, w, h) in
                [(0, 0, 20, 20), (131, 77, 60, 41), (399, 299, 1, 1), (200, 0, 200, 300), (7, 250, 300, 50)]
            {
                let share = |v: u32, of: u32| f64::from(v) / f64::from(of);
                let window = BoxN { x: share(x, 400), y: share(y, 300), w: share(w, 400), h: share(h, 300) };
                let part = decode_bytes(&bytes, "", &DecodeRequest { window, ..DecodeRequest::fit(ALL, ALL) }).unwrap();
                assert_eq!((part.width, part.height), (w, h));
                for py in 0..h {
                    for px in 0..w {
                        let (a, b) = (pixel(&part, px, py), pixel(&whole, x + px, y + py));
                        assert_eq!(a, b, "{sampling:?} {progressive}: {px}, {py} of {x}, {y}");
                    }
                }
            }
        }
    }
}

/// The same request, decoded whole and then cut and resized by hand.
fn resized(whole: &Picture, window: BoxN, width: u32, height: u32) -> Vec<u8> {
    use fast_image_resize::images::{Image, ImageRef};
    let kind = fast_image_resize::PixelType::U8x3;
    let source = ImageRef::new(whole.width, whole.height, &whole.rgb, kind).unwrap();
    let mut target = Image::new(width, height, kind);
    let (w, h) = (f64::from(whole.width), f64::from(whole.height));
    let algorithm = fast_image_resize::ResizeAlg::Convolution(fast_image_resize::FilterType::Lanczos3);
    let options = fast_image_resize::ResizeOptions::new().resize_alg(algorithm);
    let options = options.crop(window.x * w, window.y * h, window.w * w, window.h * h);
    fast_image_resize::Resizer::new().resize(&source, &mut target, &options).unwrap();
    target.into_vec()
}

#[test]
fn a_part_that_is_resized_has_its_surroundings() {
    let image = photo(640, 480);
    let bytes = encoded(&image, SamplingFactor::F_2_2, false, 0);
    let whole = decode_bytes(&bytes, "", &DecodeRequest::fit(ALL, ALL)).unwrap();
    let window = BoxN { x: 0.3, y: 0.25, w: 0.4, h: 0.5 };
    for size in [(200, 200), (256, 240), (300, 300)] {
        let request = DecodeRequest { window, enlarge: true, ..DecodeRequest::fit(size.0, size.1) };
        let part = decode_bytes(&bytes, "", &request).unwrap();
        let wanted = resized(&whole, window, part.width, part.height);
        assert!(off(&part.rgb, &wanted).0 <= 1, "{size:?}: {:?}", off(&part.rgb, &wanted));
    }
}

/// Bytes that count how far they were read.
struct Watched(MemorySource, std::sync::atomic::AtomicU64);

impl ByteSource for Watched {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.read_at(offset, buf)
    }
}

#[test]
fn a_decode_is_cancelled_between_rows_of_blocks_and_between_reads() {
    let image = photo(320, 2400);
    for progressive in [false, true] {
        let bytes = encoded(&image, SamplingFactor::F_2_2, progressive, 0);
        let asked = Cell::new(0_u32);
        let run = |stop_at: u32| {
            asked.set(0);
            let source = Watched(MemorySource::new(bytes.as_slice()), 0.into());
            let cancel = || {
                asked.set(asked.get() + 1);
                asked.get() > stop_at
            };
            decode(&source, "", &DecodeRequest::fit(400, 400), &Limits::default(), &cancel)
        };
        assert!(run(u32::MAX).is_ok());
        // 150 rows of MCUs: between two questions lies little work.
        let all = asked.get();
        assert!(all > 150, "{all}");
        for stop_at in (0..all).step_by(61) {
            assert!(matches!(run(stop_at), Err(MediaError::Cancelled)), "{progressive} at {stop_at} of {all}");
            assert!(asked.get() <= stop_at + 2, "stopped at once");
        }
    }
}

#[test]
fn damage_costs_what_it_hits() {
    let image = photo(480, 480);
    let clean = encoded(&image, SamplingFactor::F_2_2, false, 30);
    let whole = decode_bytes(&clean, "", &DecodeRequest::fit(ALL, ALL)).unwrap();
    let mut hit = clean.clone();
    let middle = clean.len() / 2;
    hit[middle..middle + 40].fill(0xFF);
    let picture = decode_bytes(&hit, "", &DecodeRequest::fit(ALL, ALL)).unwrap();
    assert!(picture.info.damaged.is_some());
    // An interval of 30 MCUs is a row of 16 pixels: all but a few rows are as they were.
    let row = 480 * 3;
    let same = picture.rgb.chunks(row).zip(whole.rgb.chunks(row)).filter(|(a, b)| a == b).count();
    assert!(same > 400 && same < 480, "{same} rows");
}

/// The JPEGs of the data folder that are worth the time without optimisation.
fn photographs(data: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let folders = ["odd", "flowers", "detection", "weeds"];
    let mut folders: Vec<PathBuf> = folders.map(|f| data.join(f)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.to_string_lossy().to_lowercase();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".jpg") || name.ends_with(".jpeg") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_photograph_is_what_the_reference_sees() {
    let Some(data) = data() else { return };
    let (mut compared, mut worst) = (0, (0, 0.0, PathBuf::new()));
    for (index, path) in photographs(&data).into_iter().enumerate() {
        let odd = path.to_string_lossy().contains("odd");
        let bytes = std::fs::read(&path).unwrap();
        if (!odd && index % 24 != 0) || bytes.len() > 300_000 {
            continue;
        }
        let Some(reference) = by_reference(&bytes) else { continue };
        let ours = decode_file(&path, &DecodeRequest::fit(ALL, ALL)).unwrap();
        // Profiles and orientations are the business of others.
        let plain = ours.info.profile.is_none() && ours.info.orientation == 1 && !ours.info.colour.contains("cmyk");
        if !plain || reference.len() != ours.rgb.len() {
            continue;
        }
        let off = off(&ours.rgb, &reference);
        if off.1 > worst.1 {
            worst = (off.0, off.1, path.clone());
        }
        assert!(off.0 <= 4 && off.1 < 0.75 && ours.info.damaged.is_none(), "{}: {off:?}", path.display());
        compared += 1;
    }
    println!("{compared} compared, the farthest: {worst:?}");
    assert!(compared > 60, "{compared}");
}
