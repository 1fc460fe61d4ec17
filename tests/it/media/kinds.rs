//! Pictures of every colour type and format, made in memory, so that every pixel is known.

use super::{decode_bytes, pixel};
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, ImageBuffer, ImageEncoder, ImageFormat, Pixel, Rgb, RgbImage, Rgba};
use lakelens::domain::geometry::BoxN;
use lakelens::media::{DecodeRequest, Limits, MediaError, MemorySource, decode, inspect, thumbnail};
use std::cell::Cell;
use std::io::Cursor;

const ALL: DecodeRequest = DecodeRequest {
    max_width: 4000,
    max_height: 4000,
    window: BoxN { x: 0.0, y: 0.0, w: 1.0, h: 1.0 },
    enlarge: false,
    coarse: false,
};

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// 40 x 24: a red quarter at the top left, a gradient, a blue last pixel.
fn scene() -> RgbImage {
    let mut image = RgbImage::from_fn(40, 24, |x, y| match (x < 20, y < 12) {
        (true, true) => Rgb([250, 10, 20]),
        _ => Rgb([x as u8 * 6, y as u8 * 10, 128]),
    });
    image.put_pixel(39, 23, Rgb([0, 0, 255]));
    image
}

#[test]
fn every_lossless_format_gives_its_pixels_exactly() {
    let image = DynamicImage::ImageRgb8(scene());
    let formats =
        [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Pnm, ImageFormat::WebP, ImageFormat::Qoi];
    for format in formats {
        let picture = decode_bytes(&encode(&image, format), "no-extension", &ALL).unwrap();
        assert_eq!((picture.width, picture.height), (40, 24), "{format:?}");
        assert_eq!(picture.rgb, image.as_bytes(), "{format:?}");
        assert_eq!((picture.info.damaged.as_ref(), picture.info.frames, picture.info.orientation), (None, 1, 1));
    }
    let tga = decode_bytes(&encode(&image, ImageFormat::Tga), "a.tga", &ALL).unwrap();
    assert_eq!(tga.rgb, image.as_bytes());
    let farbfeld = encode(&DynamicImage::ImageRgba16(image.to_rgba16()), ImageFormat::Farbfeld);
    assert_eq!(decode_bytes(&farbfeld, "", &ALL).unwrap().rgb, image.as_bytes());
    let icon = encode(&DynamicImage::ImageRgba8(image.to_rgba8()), ImageFormat::Ico);
    assert_eq!(decode_bytes(&icon, "", &ALL).unwrap().rgb, image.as_bytes());
}

#[test]
fn every_colour_type_of_png_and_tiff_gives_the_same_greys() {
    let grey = DynamicImage::ImageLuma8(ImageBuffer::from_fn(32, 8, |x, y| image::Luma([(x * 8 + y) as u8])));
    let wanted = grey.to_rgb8().into_raw();
    let types = [
        grey.clone(),
        DynamicImage::ImageLumaA8(grey.to_luma_alpha8()),
        DynamicImage::ImageRgb8(grey.to_rgb8()),
        DynamicImage::ImageRgba8(grey.to_rgba8()),
        DynamicImage::ImageLuma16(grey.to_luma16()),
        DynamicImage::ImageLumaA16(grey.to_luma_alpha16()),
        DynamicImage::ImageRgb16(grey.to_rgb16()),
        DynamicImage::ImageRgba16(grey.to_rgba16()),
    ];
    for image in types {
        let name = format!("{:?}", image.color());
        let png = decode_bytes(&encode(&image, ImageFormat::Png), "", &ALL).unwrap();
        assert_eq!(png.rgb, wanted, "png {name}: {}", png.info.colour);
        if !name.starts_with("La") {
            let tiff = decode_bytes(&encode(&image, ImageFormat::Tiff), "", &ALL).unwrap();
            assert_eq!(tiff.rgb, wanted, "tiff {name}: {}", tiff.info.colour);
        }
    }
}

#[test]
fn transparency_shows_a_checkerboard_and_does_not_bleed_into_its_neighbours() {
    // Left opaque white, right transparent with a loud hidden red.
    let image = ImageBuffer::from_fn(64, 64, |x, _| if x < 32 { Rgba([255; 4]) } else { Rgba([255, 0, 0, 0]) });
    let bytes = encode(&DynamicImage::ImageRgba8(image), ImageFormat::Png);
    let whole = decode_bytes(&bytes, "", &ALL).unwrap();
    assert!(whole.info.alpha);
    assert_eq!(pixel(&whole, 5, 5), [255; 3]);
    let (a, b) = (pixel(&whole, 40, 0), pixel(&whole, 48, 0));
    assert!(a != b && a[0] == a[1] && a[1] == a[2] && b[0] == b[1], "{a:?} {b:?}");
    let small = decode_bytes(&bytes, "", &DecodeRequest::fit(17, 17)).unwrap();
    for p in small.rgb.as_chunks::<3>().0 {
        assert!(p[0].abs_diff(p[1]) <= 1 && p[1].abs_diff(p[2]) <= 1, "red bleeds: {p:?}");
    }
}

#[test]
fn jpegs_are_decoded_small_and_stay_close_to_the_full_decode() {
    let photo = RgbImage::from_fn(1600, 1200, |x, y| {
        let wave = |v: u32, period: f32| ((v as f32 / period).sin() * 60.0 + 128.0) as u8;
        Rgb([wave(x, 70.0), wave(y, 90.0), wave(x + y, 110.0)])
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&photo).unwrap();
    let wanted = image::imageops::resize(&photo, 200, 150, image::imageops::FilterType::Lanczos3);
    let small = decode_bytes(&bytes, "", &DecodeRequest::fit(200, 200)).unwrap();
    assert_eq!((small.width, small.height, small.info.width, small.info.height), (200, 150, 1600, 1200));
    let total: u64 = small.rgb.iter().zip(wanted.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    assert!(total < 2 * small.rgb.len() as u64, "off by {} on average", total as f64 / small.rgb.len() as f64);

    let grey = DynamicImage::ImageRgb8(photo).to_luma8();
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).write_image(&grey, 1600, 1200, ExtendedColorType::L8).unwrap();
    let small = decode_bytes(&bytes, "", &DecodeRequest::fit(100, 100)).unwrap();
    assert_eq!(small.info.colour, "grey 8 bit");
    assert!(small.rgb.as_chunks::<3>().0.iter().all(|p| p[0] == p[1] && p[1] == p[2]));
}

#[test]
fn a_cut_jpeg_or_png_shows_what_there_is_and_says_so() {
    let mut noise = 1_u32;
    let mut next = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8 | 1
    };
    let image = DynamicImage::ImageRgb8(RgbImage::from_fn(200, 160, |_, _| Rgb([next(), next(), next()])));
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90).encode_image(&image).unwrap();
    let png = encode(&image, ImageFormat::Png);
    let wide = encode(&DynamicImage::ImageRgb16(image.to_rgb16()), ImageFormat::Png);
    for (bytes, exact) in [(jpeg, false), (png, true), (wide, true)] {
        let picture = decode_bytes(&bytes[..bytes.len() / 2], "", &ALL).unwrap();
        let reason = picture.info.damaged.clone().unwrap_or_default();
        assert!(reason.contains("ends before the picture does"), "{reason}");
        assert_eq!((picture.width, picture.height), (200, 160));
        if exact {
            let rows = 200 * 3 * 40;
            assert_eq!(picture.rgb[..rows], image.as_bytes()[..rows]);
        }
        assert!(decode_bytes(&bytes, "", &ALL).unwrap().info.damaged.is_none());
    }
}

#[test]
fn windows_cut_exactly_and_enlarge_only_when_asked() {
    let image = DynamicImage::ImageRgb8(scene());
    let bytes = encode(&image, ImageFormat::Png);
    let window = BoxN { x: 0.5, y: 0.5, w: 0.5, h: 0.5 };
    let part = decode_bytes(&bytes, "", &DecodeRequest { window, ..ALL }).unwrap();
    assert_eq!(part.rgb, image.crop_imm(20, 12, 20, 12).as_bytes());
    assert_eq!((part.info.width, part.info.height), (40, 24), "the facts are those of the whole");

    let large = DecodeRequest { max_width: 400, max_height: 400, enlarge: true, ..ALL };
    let blocks = decode_bytes(&bytes, "", &large).unwrap();
    assert_eq!((blocks.width, blocks.height), (400, 240));
    for (x, y) in [(0, 0), (9, 9), (199, 119), (390, 230), (399, 239), (205, 125)] {
        let wanted = image.to_rgb8().get_pixel(x / 10, y / 10).0;
        assert_eq!(pixel(&blocks, x, y), wanted, "at {x}, {y}");
    }
}

#[test]
fn floats_are_brought_into_range_whatever_they_hold() {
    // Heights from -100 to 900, with holes and a broken sensor.
    let mut heights: Vec<f32> = (0..100).map(|i| -100.0 + i as f32 * 10.0 + f32::from(i == 99) * 10.0).collect();
    (heights[50], heights[51]) = (f32::NAN, f32::INFINITY);
    let mut bytes = Cursor::new(Vec::new());
    tiff::encoder::TiffEncoder::new(&mut bytes)
        .unwrap()
        .write_image::<tiff::encoder::colortype::Gray32Float>(10, 10, &heights)
        .unwrap();
    let picture = decode_bytes(bytes.get_ref(), "", &ALL).unwrap();
    assert_eq!(picture.info.colour, "grey 32 bit float");
    let at = |i: u32| pixel(&picture, i % 10, i / 10)[0];
    assert_eq!((at(0), at(99), at(50), at(51)), (0, 255, 0, 255));
    assert!(at(49).abs_diff(125) <= 1 && at(10) < at(11), "{} {}", at(49), at(10));

    let hdr = ImageBuffer::from_fn(8, 8, |x, _| Rgb([x as f32, 0.214, 0.0]));
    let bytes = encode(&DynamicImage::ImageRgb32F(hdr), ImageFormat::OpenExr);
    let picture = decode_bytes(&bytes, "", &ALL).unwrap();
    assert_eq!((pixel(&picture, 0, 0)[0], pixel(&picture, 5, 0)[0]), (0, 255));
    assert!(pixel(&picture, 0, 0)[1].abs_diff(127) <= 1, "linear 0.214 is middle grey: {:?}", pixel(&picture, 0, 0));
}

#[test]
fn the_first_frame_of_an_animation_is_shown_and_all_are_counted() {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for shade in [10_u8, 90, 200] {
        encoder
            .encode_frame(image::Frame::new(ImageBuffer::from_pixel(6, 4, Rgba([shade, shade, shade, 255]))))
            .unwrap();
    }
    drop(encoder);
    let picture = decode_bytes(&bytes, "", &ALL).unwrap();
    assert_eq!((picture.info.frames, picture.info.colour.as_str()), (3, "palette 8 bit"));
    assert_eq!(pixel(&picture, 3, 2), [10; 3]);
}

#[test]
fn a_colour_profile_is_applied_and_named() {
    let linear = {
        let mut profile = moxcms::ColorProfile::new_display_p3();
        profile.description = None;
        profile.encode().unwrap()
    };
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(linear).unwrap();
    let red: Vec<u8> = Rgb([200_u8, 40, 40]).channels().repeat(16);
    encoder.write_image(&red, 4, 4, ExtendedColorType::Rgb8).unwrap();
    let picture = decode_bytes(&bytes, "", &ALL).unwrap();
    assert_eq!(picture.info.profile.as_deref(), Some("rgb"));
    let [r, g, b] = pixel(&picture, 1, 1);
    assert!(r > 210 && g < 40 && b < 45, "P3 red is stronger in sRGB: {r} {g} {b}");
}

#[test]
fn a_caller_can_cancel_between_any_two_stages() {
    let bytes = encode(&DynamicImage::ImageRgb8(scene()), ImageFormat::Png);
    let source = MemorySource::new(bytes);
    let mut stages = 0;
    loop {
        let asked = Cell::new(0);
        let cancel = || {
            asked.set(asked.get() + 1);
            asked.get() > stages
        };
        match decode(&source, "", &DecodeRequest::fit(10, 10), &Limits::default(), &cancel) {
            Err(MediaError::Cancelled) => stages += 1,
            other => break drop(other.unwrap()),
        }
    }
    assert!(stages >= 5, "{stages}");
}

#[test]
fn limits_are_checked_against_the_header() {
    let bytes = encode(&DynamicImage::ImageRgb8(scene()), ImageFormat::Png);
    let tight = |limits: Limits| {
        let source = MemorySource::new(bytes.clone());
        let outcomes =
            [decode(&source, "", &ALL, &limits, &|| false).map(drop), inspect(&source, "", &limits).map(drop)];
        outcomes.map(|outcome| matches!(outcome, Err(MediaError::TooLarge { .. })))
    };
    assert_eq!(tight(Limits { pixels: 40 * 24 - 1, ..Limits::default() }), [true, true]);
    assert_eq!(tight(Limits { side: 39, ..Limits::default() }), [true, true]);
    assert!(tight(Limits { memory: 40 * 24 * 3, ..Limits::default() })[0]);
    assert!(tight(Limits { file_bytes: 10, ..Limits::default() })[0]);
    assert_eq!(tight(Limits::default()), [false, false]);
}

/// A JPEG with an EXIF block (TIFF, big-endian): orientation, a description, and a thumbnail.
pub(super) fn with_exif(jpeg: &[u8], orientation: u16, description: &str, thumbnail: &[u8]) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let text = [description.as_bytes(), &[0]].concat();
    let [high, low] = orientation.to_be_bytes();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
    // Header 8, first directory 2 + 2 * 12 + 4, second directory the same, then the text, then the thumbnail.
    let (text_at, jpeg_at) = (68_u32, 8 + 30 + 30 + length(&text));
    let mut tiff = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    tiff.extend(entry(0x010E, 2, length(&text), text_at.to_be_bytes()));
    tiff.extend(entry(0x0112, 3, 1, [high, low, 0, 0]));
    tiff.extend(38_u32.to_be_bytes());
    tiff.extend([0, 2]);
    tiff.extend(entry(0x0201, 4, 1, jpeg_at.to_be_bytes()));
    tiff.extend(entry(0x0202, 4, 1, length(thumbnail).to_be_bytes()));
    tiff.extend([0; 4]);
    tiff.extend([&text, thumbnail].concat());
    let size = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
    [&[0xFF, 0xD8, 0xFF, 0xE1], &size[..], b"Exif\0\0", &tiff, &jpeg[2..]].concat()
}

pub(super) fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(image).unwrap();
    bytes
}

#[test]
fn an_embedded_thumbnail_is_turned_and_loses_its_bars() {
    // 3:2, left half red; the thumbnail is 4:3 with black bars above and below.
    let halves = |w: u32, h: u32, bar: u32| {
        RgbImage::from_fn(w, h, |x, y| match (x < w / 2, y < bar || y >= h - bar) {
            (_, true) => Rgb([0; 3]),
            (true, _) => Rgb([220, 0, 0]),
            _ => Rgb([0, 0, 220]),
        })
    };
    let small = jpeg(&halves(160, 120, 7));
    let bytes = with_exif(&jpeg(&halves(600, 400, 0)), 6, "evil \u{1b}[31m", &small);
    let source = MemorySource::new(bytes.clone());
    let quick = thumbnail(&source, "", &Limits::default()).unwrap().unwrap();
    assert_eq!((quick.info.width, quick.info.height, quick.info.orientation), (400, 600, 6));
    assert!(quick.width < quick.height, "{} x {}", quick.width, quick.height);
    let full = decode_bytes(&bytes, "", &DecodeRequest::fit(quick.width, quick.height)).unwrap();
    // A quarter turn clockwise puts the left half on top; nothing is black.
    for picture in [&quick, &full] {
        let (w, h) = (picture.width, picture.height);
        for x in [1, w / 2, w - 2] {
            assert!(pixel(picture, x, h / 4)[0] > 180, "{:?}", pixel(picture, x, h / 4));
            assert!(pixel(picture, x, h * 3 / 4)[2] > 180, "{:?}", pixel(picture, x, h * 3 / 4));
        }
    }
    let shown = &full.info.exif["ImageDescription"];
    assert!(shown.contains("evil") && !shown.contains('\u{1b}'), "{shown:?}");

    let broken = with_exif(&jpeg(&halves(60, 40, 0)), 6, "", b"\xff\xd8 nothing more");
    assert!(thumbnail(&MemorySource::new(broken), "", &Limits::default()).unwrap().is_none());
    assert!(thumbnail(&MemorySource::new(jpeg(&halves(60, 40, 0))), "", &Limits::default()).unwrap().is_none());
}
