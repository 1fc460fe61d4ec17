//! Real files: what the reference decoder shows, we show, in the right size and the right way up.

use super::{data, decode_file, pixel};
use lakelens::media::{DecodeRequest, FileSource, Limits, inspect};
use std::fs;

const ALL: u32 = u32::MAX;

/// Files that the reference does not decode, and that we do.
const BETTER: [&str; 8] = [
    "odd/derived/photo.tga",
    "odd/derived/photo.ico",
    "odd/geotiff/RGBA.uint16.tif",
    "odd/geotiff/float_nan.tif",
    "odd/geotiff/corrupt.tif",
    "odd/image-rs/tiff/testsuite/ycbcr_jpeg_8bit.tif",
    "odd/image-rs/ico/images/png_l8.ico",
    "odd/skimage/multipage_rgb.tif",
];

#[test]
fn everything_the_reference_decodes_is_decoded_in_its_size() {
    let Some(data) = data() else { return };
    let table = fs::read_to_string(data.join("odd/outcomes_image-0.25.10.tsv")).unwrap();
    let mut wrong = Vec::new();
    let mut better = Vec::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [path, _, w, h, _, _, outcome, message] = fields[..] else { panic!("not a row: {line}") };
        let file = data.join(path);
        let facts = inspect(&FileSource::open(&file).unwrap(), path, &Limits::default());
        match decode_file(&file, &DecodeRequest::fit(200, 200)) {
            Ok(picture) => {
                let info = &picture.info;
                if outcome == "ok" && (info.width.to_string(), info.height.to_string()) != (w.to_owned(), h.to_owned())
                {
                    wrong.push(format!("{path}: {} x {} instead of {w} x {h}", info.width, info.height));
                }
                if facts.as_ref().map(|f| (f.width, f.height, f.frames)).ok()
                    != Some((info.width, info.height, info.frames))
                {
                    wrong.push(format!("{path}: inspect says {facts:?}"));
                }
                if picture.rgb.len() != (picture.width * picture.height * 3) as usize
                    || picture.width.max(picture.height) > 200
                {
                    wrong.push(format!("{path}: a picture of {} x {}", picture.width, picture.height));
                }
                if outcome != "ok" {
                    better.push(format!("{path}: {message} -> {:?}", info.damaged));
                }
            }
            Err(error) if outcome == "ok" => wrong.push(format!("{path}: {error}")),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
    for path in BETTER {
        assert!(better.iter().any(|line| line.starts_with(path)), "{path} no longer decodes");
    }
}

/// Whether a colour is the red of the patch that marks the true top left.
fn is_red([r, g, b]: [u8; 3]) -> bool {
    r > 150 && g < 90 && b < 90
}

#[test]
fn oriented_files_have_their_red_patch_at_the_true_top_left() {
    let Some(data) = data() else { return };
    let mut seen = 0;
    for entry in fs::read_dir(data.join("odd/derived")).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("orient") || name.ends_with(".avif") {
            continue;
        }
        for size in [ALL, 120, 60] {
            let picture = decode_file(&path, &DecodeRequest::fit(size, size)).unwrap();
            let (w, h) = (picture.width, picture.height);
            assert!(is_red(pixel(&picture, w / 40, h / 40)), "{name} at {size}: {:?}", pixel(&picture, w / 40, h / 40));
            let corners = [(w - 1 - w / 40, h / 40), (w / 40, h - 1 - h / 40), (w - 1 - w / 40, h - 1 - h / 40)];
            assert!(corners.iter().all(|(x, y)| !is_red(pixel(&picture, *x, *y))), "{name} at {size}");
        }
        // The same patch through a window on the top left of the displayed picture.
        let window = lakelens::domain::geometry::BoxN { x: 0.0, y: 0.0, w: 0.05, h: 0.05 };
        let part = decode_file(&path, &DecodeRequest { window, ..DecodeRequest::fit(ALL, ALL) }).unwrap();
        assert!(is_red(pixel(&part, part.width / 2, part.height / 2)), "{name} through a window");
        seen += 1;
    }
    assert!(seen >= 14, "{seen}");
}

#[test]
fn landscapes_of_every_orientation_look_alike() {
    let Some(data) = data() else { return };
    let open = |code: u8| {
        let path = data.join(format!("odd/orientation/Landscape_{code}.jpg"));
        decode_file(&path, &DecodeRequest::fit(60, 60)).unwrap()
    };
    let upright = open(1);
    for code in 2..=8 {
        let turned = open(code);
        assert_eq!((turned.width, turned.height, turned.info.orientation), (upright.width, upright.height, code));
        let off: u64 = turned.rgb.iter().zip(&upright.rgb).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        // The number drawn in the picture differs.
        assert!(off < 6 * upright.rgb.len() as u64, "orientation {code}: {}", off / upright.rgb.len() as u64);
    }
}

#[test]
fn whole_pictures_equal_the_reference_pixel_by_pixel() {
    let Some(data) = data() else { return };
    let mut compared = 0;
    for folder in
        ["odd/pngsuite", "odd/image-rs/bmp/images", "odd/image-rs/png/interlaced", "odd/image-rs/tiff/testsuite"]
    {
        for entry in fs::read_dir(data.join(folder)).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let Ok(reference) = image::open(&path) else { continue };
            let plain = matches!(reference, image::DynamicImage::ImageRgb8(_) | image::DynamicImage::ImageLuma8(_));
            let cmyk = path.to_string_lossy().contains("cmyk");
            if !plain || cmyk {
                continue;
            }
            let ours = decode_file(&path, &DecodeRequest::fit(ALL, ALL)).unwrap();
            if ours.info.profile.is_none() && ours.info.orientation == 1 {
                assert!(ours.rgb == reference.to_rgb8().into_raw(), "{}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn real_photographs_all_decode() {
    let Some(data) = data() else { return };
    let mut seen = 0;
    let mut folders = vec![data.join("flowers"), data.join("detection"), data.join("weeds")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if lakelens::media::sniff::is_picture_name(&path.to_string_lossy()) {
                let picture = decode_file(&path, &DecodeRequest::fit(64, 64)).unwrap();
                assert_eq!(picture.info.damaged, None, "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 1400, "{seen}");
}
