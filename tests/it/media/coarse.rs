//! A coarse picture stands in for the whole one: in its frame, in its colours, from less of the file.

use super::kinds::{jpeg, with_exif};
use super::{data, decode_bytes, pixel};
use image::{Rgb, RgbImage};
use lakelens::domain::geometry::BoxN;
use lakelens::media::{ByteSource, DecodeRequest, FileSource, Limits, MemorySource, Picture, decode};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

const COARSE: DecodeRequest = DecodeRequest {
    max_width: 400,
    max_height: 400,
    window: BoxN { x: 0.0, y: 0.0, w: 1.0, h: 1.0 },
    enlarge: true,
    coarse: true,
};

/// Bytes that remember how far they were read, and how much.
struct Counted {
    inner: MemorySource,
    end: AtomicU64,
    sum: AtomicU64,
}

impl Counted {
    fn new(bytes: &[u8]) -> Self {
        Self { inner: MemorySource::new(bytes), end: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }
}

impl ByteSource for Counted {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read_at(offset, buf)?;
        self.end.fetch_max(offset + count as u64, Ordering::Relaxed);
        self.sum.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn decode_counted(bytes: &[u8], request: &DecodeRequest) -> (Picture, u64, u64) {
    let source = Counted::new(bytes);
    let picture = decode(&source, "", request, &Limits::default(), &|| false).unwrap();
    (picture, source.end.into_inner(), source.sum.into_inner())
}

/// Left half red, right half blue, with black bars above and below, and noise that makes the file large.
fn halves(w: u32, h: u32, bar: u32, noise: bool) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(w, h, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let n = if noise { (state >> 27) as u8 } else { 0 };
        match (x < w / 2, y < bar || y >= h - bar) {
            (_, true) => Rgb([0; 3]),
            (true, _) => Rgb([220, n, n]),
            _ => Rgb([n, n, 220]),
        }
    })
}

/// The average colours of a grid of squares.
fn grid(picture: &Picture) -> Vec<[f64; 3]> {
    let range = |i: u32, side: u32| i * side / 6..((i + 1) * side).div_ceil(6);
    let mean = |(column, row): (u32, u32)| {
        let pixels: Vec<[u8; 3]> = range(row, picture.height)
            .step_by(3)
            .flat_map(|y| range(column, picture.width).map(move |x| (x, y)))
            .map(|(x, y)| pixel(picture, x, y))
            .collect();
        [0, 1, 2].map(|c| pixels.iter().map(|p| f64::from(p[c])).sum::<f64>() / pixels.len() as f64)
    };
    (0..36).map(|i| mean((i % 6, i / 6))).collect()
}

/// How far two pictures are apart where they are farthest.
fn apart(coarse: &Picture, full: &Picture) -> f64 {
    let off = |(a, b): (&[f64; 3], &[f64; 3])| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    grid(coarse).iter().zip(&grid(full)).map(off).fold(0.0, f64::max)
}

#[test]
fn a_thumbnail_comes_from_the_first_bytes_turned_and_without_bars() {
    let photo = jpeg(&halves(1500, 1000, 0, true));
    assert!(photo.len() > 300_000, "{}", photo.len());
    for code in 1..=8 {
        let file = with_exif(&photo, code, "", &jpeg(&halves(160, 120, 7, false)));
        let (coarse, end, _) = decode_counted(&file, &COARSE);
        let (full, ..) = decode_counted(&file, &DecodeRequest { coarse: false, ..COARSE });
        assert!(end <= 128 << 10, "{end} bytes were looked at");
        assert_eq!((coarse.full, &coarse.info), ((full.width, full.height), &full.info), "orientation {code}");
        assert_eq!(coarse.width.max(coarse.height), 160);
        assert!(apart(&coarse, &full) < 40.0, "orientation {code}: {}", apart(&coarse, &full));
    }
    // A part of which the thumbnail has too little comes from the file itself.
    let file = with_exif(&photo, 6, "", &jpeg(&halves(160, 120, 7, false)));
    let window = BoxN { x: 0.2, y: 0.3, w: 0.3, h: 0.3 };
    let (part, end, _) = decode_counted(&file, &DecodeRequest { window, ..COARSE });
    let (full, ..) = decode_counted(&file, &DecodeRequest { window, coarse: false, ..COARSE });
    assert!(end > 128 << 10 && part.full == (full.width, full.height) && apart(&part, &full) < 40.0);
    // A part that is large enough is cut out of it.
    let window = BoxN { x: 0.1, y: 0.1, w: 0.6, h: 0.6 };
    let small = DecodeRequest { window, max_width: 200, max_height: 200, ..COARSE };
    let (part, end, _) = decode_counted(&file, &small);
    let (full, ..) = decode_counted(&file, &DecodeRequest { coarse: false, ..small });
    assert!(end <= 128 << 10 && part.full == (full.width, full.height));
    assert!(apart(&part, &full) < 40.0, "{}", apart(&part, &full));
}

#[test]
fn a_thumbnail_of_something_else_is_not_taken() {
    let photo = jpeg(&halves(1500, 1000, 0, true));
    let coarse_of = |thumbnail: &[u8]| decode_counted(&with_exif(&photo, 1, "", thumbnail), &COARSE);
    // What would be bars is not black: the thumbnail is a part of the picture, or of another.
    for other in [jpeg(&halves(160, 120, 0, false)), jpeg(&halves(20, 13, 0, false)), b"\xff\xd8\xff".to_vec()] {
        let (picture, end, _) = coarse_of(&other);
        assert!(end > 128 << 10, "from {} x {}", picture.width, picture.height);
        assert_eq!(picture.full, (400, 267));
    }
    assert!(coarse_of(&jpeg(&halves(160, 106, 0, false))).1 <= 128 << 10);
}

#[test]
fn the_first_pass_of_a_progressive_file_is_enough_and_nothing_is_read_twice() {
    let photo = halves(2400, 1600, 0, true);
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.set_progressive(true);
    encoder.encode(photo.as_raw(), 2400, 1600, jpeg_encoder::ColorType::Rgb).unwrap();
    let (coarse, end, sum) = decode_counted(&file, &COARSE);
    let (full, ..) = decode_counted(&file, &DecodeRequest { coarse: false, ..COARSE });
    assert!(end < file.len() as u64 / 2 && sum == end, "{sum} bytes up to {end} of {}", file.len());
    assert_eq!((coarse.full, &coarse.info), ((full.width, full.height), &full.info));
    assert!(apart(&coarse, &full) < 12.0, "{}", apart(&coarse, &full));
    // Its only pass is the whole: nothing is read twice for it either. libjpeg-turbo takes the file as one piece.
    let baseline = jpeg(&photo);
    let (coarse, _, sum) = decode_counted(&baseline, &COARSE);
    assert_eq!((coarse.width, coarse.full), (300, (400, 267)));
    assert!(sum == baseline.len() as u64 || cfg!(feature = "turbo"), "{sum}");
}

#[test]
fn what_is_small_or_no_jpeg_is_whole_at_once() {
    let mut png = io::Cursor::new(Vec::new());
    halves(900, 600, 0, false).write_to(&mut png, image::ImageFormat::Png).unwrap();
    for file in [png.into_inner(), jpeg(&halves(300, 200, 0, true))] {
        let full = decode_bytes(&file, "", &DecodeRequest { coarse: false, ..COARSE }).unwrap();
        let small = DecodeRequest { max_width: 40, max_height: 40, ..COARSE };
        assert_eq!(decode_bytes(&file, "", &small).unwrap().full, (40, 27));
        assert_eq!(decode_bytes(&file, "", &COARSE).unwrap().full, full.full);
    }
}

#[test]
fn every_file_announces_the_size_that_it_will_have() {
    let Some(data) = data() else { return };
    let mut folders: Vec<PathBuf> =
        ["derived", "orientation", "image-rs/jpg", "avif", "geotiff"].map(|f| data.join("odd").join(f)).into();
    let window = BoxN { x: 0.31, y: 0.12, w: 0.43, h: 0.77 };
    let whole = COARSE.window;
    let (mut seen, mut smaller) = (0, 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let jpeg = path.extension().is_some_and(|e| e.to_string_lossy().to_lowercase().starts_with("jp"));
            let requests = [(whole, 200, true), (window, 200, true), (whole, 400, false)];
            for (window, max, enlarge) in requests.into_iter().take(if jpeg { 3 } else { 1 }) {
                let request = DecodeRequest { max_width: max, max_height: max, window, enlarge, coarse: true };
                let Ok(source) = FileSource::open(&path) else { continue };
                let name = path.to_string_lossy();
                let decoded = |request| decode(&source, &name, &request, &Limits::default(), &|| false);
                let Ok(full) = decoded(DecodeRequest { coarse: false, ..request }) else { continue };
                let Ok(coarse) = decoded(request) else { panic!("{name} has no coarse picture") };
                assert_eq!(coarse.full, (full.width, full.height), "{name}");
                assert!(coarse.width <= full.width && coarse.height <= full.height, "{name}");
                assert!(coarse.width * 7 >= full.width && coarse.height * 7 >= full.height, "{name}");
                assert!(full.full == coarse.full && apart(&coarse, &full) < 26.0, "{name}: {}", apart(&coarse, &full));
                seen += 1;
                smaller += usize::from(coarse.width < full.width);
            }
        }
    }
    assert!(seen > 100 && smaller > 12, "{smaller} of {seen} are smaller");
}
