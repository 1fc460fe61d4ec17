//! Generated pictures: small, each unlike the others, so that a test can tell which one is on the screen.

use image::{Rgb, RgbImage};
use std::path::{Path, PathBuf};

/// Width and height of a generated picture, in pixels.
pub(crate) const SIZE: (u32, u32) = (320, 240);

/// A picture whose corners are red, green, blue and yellow, on a ground that depends on `seed`. Flat areas, so that it
/// survives resizing and a palette.
pub(crate) fn picture(seed: u8) -> RgbImage {
    let ground = Rgb([seed.wrapping_mul(37) % 200, 90, seed.wrapping_mul(91) % 200]);
    let corner = |x: u32, y: u32| match (x < SIZE.0 / 4, x >= SIZE.0 * 3 / 4, y < SIZE.1 / 4, y >= SIZE.1 * 3 / 4) {
        (true, _, true, _) => Some(Rgb([255, 0, 0])),
        (_, true, true, _) => Some(Rgb([0, 255, 0])),
        (true, _, _, true) => Some(Rgb([0, 0, 255])),
        (_, true, _, true) => Some(Rgb([255, 255, 0])),
        _ => None,
    };
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| corner(x, y).unwrap_or(ground))
}

/// Writes `count` pictures `NAME_01.png`, … into a folder that is made when needed. Returns their paths.
pub(crate) fn write(folder: &Path, name: &str, count: u8) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let paths: Vec<PathBuf> = (1..=count).map(|i| folder.join(format!("{name}_{i:02}.png"))).collect();
    for (seed, path) in (1..=count).zip(&paths) {
        picture(seed).save(path).unwrap();
    }
    paths
}

/// The folder with real data, or nothing and a printed line: `cargo test` must pass in a plain clone.
pub(crate) fn real_data(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LAKELENS_TEST_DATA").map(|d| PathBuf::from(d).join(what)).filter(|d| d.is_dir());
    if folder.is_none() {
        println!("skipped: LAKELENS_TEST_DATA has no `{what}`");
    }
    folder
}

/// Structural similarity of the brightness: windows of 8 x 8 pixels every 4.
pub(crate) fn ssim(a: &[u8], b: &[u8], width: usize) -> f64 {
    let luma = |rgb: &[u8]| -> Vec<f64> {
        rgb.chunks_exact(3)
            .map(|p| 0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2]))
            .collect()
    };
    let (a, b) = (luma(a), luma(b));
    let height = a.len() / width;
    let (mut sum, mut count) = (0.0, 0.0);
    for (y, x) in (0..height - 7).step_by(4).flat_map(|y| (0..width - 7).step_by(4).map(move |x| (y, x))) {
        let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (dy, dx) in (0..8).flat_map(|dy| (0..8).map(move |dx| (dy, dx))) {
            let (p, q) = (a[(y + dy) * width + x + dx], b[(y + dy) * width + x + dx]);
            (sa, sb, saa, sbb, sab) = (sa + p, sb + q, saa + p * p, sbb + q * q, sab + p * q);
        }
        let (ma, mb) = (sa / 64.0, sb / 64.0);
        let (va, vb, cov) = (saa / 64.0 - ma * ma, sbb / 64.0 - mb * mb, sab / 64.0 - ma * mb);
        let (c1, c2) = (6.5025, 58.5225);
        sum += (2.0 * ma * mb + c1) * (2.0 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
        count += 1.0;
    }
    sum / count
}
