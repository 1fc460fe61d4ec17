//! Large pictures are left behind as soon as they are not wanted any more, wherever the decoder is.

use jpeg_encoder::{ColorType, Encoder};
use lakelens::media::{DecodeRequest, Limits, MediaError, MemorySource, decode};
use std::cell::Cell;

/// 100 megapixels.
const SIDE: u16 = 10_000;

/// Grey, hardly more than a thousandth of its pixels in bytes.
fn png() -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, SIDE.into(), SIDE.into());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let rows = (0..usize::from(SIDE)).map(|y| vec![(y / 3) as u8; usize::from(SIDE)]);
    let pixels = rows.collect::<Vec<_>>().concat();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    out
}

/// 16-bit grey in 100 strips that all lie at the same place, run-length encoded (TIFF 6.0, section 9).
fn tiff() -> Vec<u8> {
    let strip = [0x81, 7].repeat(usize::from(SIDE) * 100 * 2 / 128 + 1);
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let (directory, strips) = (8_u32, 100_u32);
    let lists = directory + 2 + 9 * 12 + 4;
    let data = lists + 2 * 4 * strips;
    let side = u32::from(SIDE);
    let entries = [
        entry(256, 4, 1, side),
        entry(257, 4, 1, side),
        entry(258, 3, 1, 16),
        entry(259, 3, 1, 32_773),
        entry(262, 3, 1, 1),
        entry(273, 4, strips, lists),
        entry(277, 3, 1, 1),
        entry(278, 4, 1, side / strips),
        entry(279, 4, strips, lists + 4 * strips),
    ];
    let list = |value: u32| value.to_le_bytes().repeat(strips as usize);
    let head = [&b"II*\0"[..], &directory.to_le_bytes(), &[9, 0], &entries.concat(), &[0; 4]].concat();
    [head, list(data), list(strip.len() as u32), strip].concat()
}

fn progressive() -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 80);
    encoder.set_progressive(true);
    let pixels = vec![99; usize::from(SIDE) * usize::from(SIDE)];
    encoder.encode(&pixels, SIDE, SIDE, ColorType::Luma).unwrap();
    out
}

/// A million pixels of noise, of which no two rows are alike. Without loss: what keeps less gives its decoder all of its
/// bytes before that begins.
fn webp() -> Vec<u8> {
    let mut state = 1_u32;
    let noise = image::RgbImage::from_fn(1000, 1000, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut out = Vec::new();
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut out);
    encoder.encode(noise.as_raw(), 1000, 1000, image::ExtendedColorType::Rgb8).unwrap();
    out
}

#[test]
fn a_hundred_megapixels_are_left_behind_at_once() {
    let files =
        [("png", png(), 25), ("tiff", tiff(), 100), ("progressive jpeg", progressive(), 600), ("webp", webp(), 700)];
    for (name, file, least) in files {
        assert!(file.len() < 4 << 20, "{name} has {} bytes", file.len());
        let source = MemorySource::new(file);
        let asked = Cell::new(0_u32);
        let run = |stop_at: u32| {
            asked.set(0);
            let cancel = || {
                asked.set(asked.get() + 1);
                asked.get() > stop_at
            };
            decode(&source, "", &DecodeRequest::fit(100, 100), &Limits::default(), &cancel)
        };
        let picture = run(u32::MAX).unwrap();
        assert_eq!((picture.width, picture.height, &picture.info.damaged), (100, 100, &None), "{name}");
        // So many times the work could have ended: between two of them lies that share of it.
        let all = asked.get();
        assert!(all >= least, "{name} asks {all} times");
        for part in [0, 5, 50, 90] {
            let stop_at = all * part / 100;
            let result = run(stop_at);
            assert!(matches!(result, Err(MediaError::Cancelled)), "{name} at {stop_at} of {all}");
            assert!(asked.get() <= stop_at + 3, "{name} went on: {} after {stop_at}", asked.get());
        }
    }
}
