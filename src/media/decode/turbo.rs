//! libjpeg-turbo, where it is built in (`--features turbo`): sequential JPEGs at reduced size, in hand-written vector code.
//!
//! What always holds: it gives whole pictures or nothing. What it refuses or only warns of (cut, damaged, unusual files)
//! is left to the other decoders, which keep what there is and say what is missing. Between its pixels and ours lie
//! roundings alone at full size (a mean of 0.5 levels, 50 dB) and nearly so at 1/8 (1.5 levels, 40 dB). At 1/4 and 1/2 it
//! averages pixels where ours leaves out frequencies, which shows in grain alone: up to 8 levels and 29 dB, and 13 levels
//! and 23.5 dB, in photos of grass. The test holds it to these figures. It cannot be stopped, but takes a tenth of a
//! second for the largest photos.

use super::super::header::jpeg::JpegHeader;
use super::super::raster::{Raster, Sample, Space};
use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

/// `eighths`/8 of the pixels along each side; nothing for a file that is not quite right.
pub(super) fn pixels(file: &[u8], header: &JpegHeader, eighths: u32) -> Option<Raster> {
    let (channels, format, space) = match header.sampling.len() {
        1 => (1, PixelFormat::GRAY, Space::Grey),
        3 => (3, PixelFormat::RGB, Space::Rgb),
        _ => return None,
    };
    let mut decoder = Decompressor::new().ok()?;
    decoder.set_scaling_factor(ScalingFactor::new(eighths as usize, 8)).ok()?;
    let found = decoder.read_header(file).ok()?;
    let size = |side: usize| u32::try_from(side).unwrap_or(0);
    if (size(found.width), size(found.height)) != (header.width, header.height) {
        return None;
    }
    let found = found.scaled(decoder.scaling_factor());
    let (width, height, pitch) = (found.width, found.height, found.width * channels);
    let mut data = vec![0; pitch * height];
    decoder.decompress(file, Image { pixels: data.as_mut_slice(), width, pitch, height, format }).ok()?;
    Some(Raster { width: size(width), height: size(height), channels, sample: Sample::U8, space, data })
}

#[cfg(test)]
mod tests {
    use super::super::super::bytes::Bytes;
    use super::super::super::jpeg::{self, Wish};
    use super::*;
    use std::path::{Path, PathBuf};

    /// The JPEGs below a folder.
    fn photographs(folder: &Path, out: &mut Vec<PathBuf>) {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.to_string_lossy().to_lowercase();
            if path.is_dir() {
                photographs(&path, out);
            } else if [".jpg", ".jpeg", ".jfif"].iter().any(|end| name.ends_with(end)) {
                out.push(path);
            }
        }
    }

    /// Mean difference, and the ratio of signal to noise in decibels.
    fn apart(a: &Raster, b: &Raster) -> (f64, f64) {
        let each = a.data.iter().zip(&b.data).map(|(a, b)| f64::from(a.abs_diff(*b)));
        let count = a.data.len().max(1) as f64;
        let square = each.clone().map(|d| d * d).sum::<f64>() / count;
        (each.sum::<f64>() / count, 10.0 * (255.0 * 255.0 / square.max(1e-9)).log10())
    }

    #[test]
    #[allow(clippy::print_stderr, clippy::print_stdout, reason = "a skipped test says so")]
    fn both_decoders_see_the_same() {
        let Some(data) = std::env::var_os("LAKELENS_TEST_DATA").map(PathBuf::from) else {
            eprintln!("skipped: LAKELENS_TEST_DATA is not set");
            return;
        };
        let mut files = Vec::new();
        ["odd", "flowers", "weeds", "detection"].iter().for_each(|name| photographs(&data.join(name), &mut files));
        files.sort();
        let (mut compared, mut left, mut worst) = (0, 0, (0.0, f64::MAX));
        for (index, path) in files.iter().enumerate() {
            let file = std::fs::read(path).unwrap();
            let odd = path.starts_with(data.join("odd"));
            let Ok(header) = JpegHeader::read(&mut std::io::Cursor::new(&file)) else { continue };
            if header.progressive || file.len() > 4 << 20 || (!odd && index % 25 != 0) {
                continue;
            }
            for eighths in [1, 2, 4, 8] {
                let Some(theirs) = pixels(&file, &header, eighths) else {
                    left += 1;
                    continue;
                };
                let wish = Wish { eighths, part: [0, 0, u32::MAX, u32::MAX], first_pass: false, cancel: &|| false };
                let Ok(ours) = jpeg::decode(&Bytes::Whole(file.clone()), &wish) else { continue };
                let (name, ours) = (path.display(), ours.raster);
                assert_eq!((ours.width, ours.height, ours.channels), (theirs.width, theirs.height, theirs.channels));
                let (mean, ratio) = apart(&ours, &theirs);
                let (most, least) = match eighths {
                    8 => (0.5, 50.0),
                    4 => (13.0, 23.5),
                    2 => (8.0, 29.0),
                    _ => (1.5, 40.0),
                };
                assert!(mean <= most && ratio >= least, "{name} at {eighths}/8: mean {mean:.3}, {ratio:.1} dB");
                worst = (mean.max(worst.0), ratio.min(worst.1));
                compared += 1;
            }
        }
        println!("{compared} compared, {left} left to the others, the farthest: {worst:?}");
        assert!(compared > 300 && left > 0, "{compared} compared, {left} left");
    }

    #[test]
    fn a_file_that_is_cut_is_left_to_the_others() {
        let mut file = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut file, 90);
        let rgb: Vec<u8> = (0..96 * 96 * 3_u32).map(|i| ((i * i) >> 7) as u8).collect();
        encoder.encode(&rgb, 96, 96, jpeg_encoder::ColorType::Rgb).unwrap();
        let header = JpegHeader::read(&mut std::io::Cursor::new(&file)).unwrap();
        assert!(pixels(&file, &header, 8).is_some_and(|raster| raster.data.len() == rgb.len()));
        assert!(pixels(&file[..file.len() / 2], &header, 8).is_none());
        assert!(pixels(&file, &JpegHeader { width: 95, ..header }, 8).is_none());
    }
}
