//! EXIF orientation is the same thing in every container: eight stored pictures that are displayed as one.

use super::decode_bytes;
use super::kinds::with_exif;
use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use lakelens::domain::geometry::BoxN;
use lakelens::media::DecodeRequest;
use std::io::Cursor;

/// 48 x 32, no two corners alike, soft enough for JPEG.
fn shown() -> RgbImage {
    RgbImage::from_fn(48, 32, |x, y| Rgb([x as u8 * 5, y as u8 * 7, (x + y) as u8 * 3]))
}

/// The picture that an orientation turns into `shown`.
fn stored(code: u8) -> DynamicImage {
    let back = match code {
        6 => 8,
        8 => 6,
        other => other,
    };
    let mut image = DynamicImage::ImageRgb8(shown());
    image.apply_orientation(Orientation::from_exif(back).unwrap());
    image
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// An EXIF block that holds the orientation alone.
fn block(code: u8) -> Vec<u8> {
    [&b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"[..], &[code], &[0; 6]].concat()
}

fn jpeg(image: &DynamicImage, code: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 100);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder.encode(image.as_bytes(), width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    with_exif(&bytes, code.into(), "", &[])
}

/// An `eXIf` chunk behind the header (PNG, third edition, 11.3.4.5).
fn png(image: &DynamicImage, code: u8) -> Vec<u8> {
    let bytes = encode(image, ImageFormat::Png);
    let chunk = [&b"eXIf"[..], &block(code)].concat();
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xEDB8_8320 } else { c >> 1 })
    };
    let sum = !chunk.iter().fold(u32::MAX, step);
    let length = chunk.len() as u32 - 4;
    [&bytes[..33], &length.to_be_bytes(), &chunk, &sum.to_be_bytes(), &bytes[33..]].concat()
}

/// The extended form of a lossless WebP, with an `EXIF` chunk at its end.
fn webp(image: &DynamicImage, code: u8) -> Vec<u8> {
    let bytes = encode(image, ImageFormat::WebP);
    let side = |v: u32| (v - 1).to_le_bytes()[..3].to_vec();
    let head = [&[8, 0, 0, 0][..], &side(image.width()), &side(image.height())].concat();
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let pad = vec![0; data.len() % 2];
        [&name[..], &(data.len() as u32).to_le_bytes(), data, &pad].concat()
    };
    let body = [b"WEBP".to_vec(), chunk(b"VP8X", &head), bytes[12..].to_vec(), chunk(b"EXIF", &block(code))].concat();
    chunk(b"RIFF", &body)
}

/// Tag 274 in a directory that is written anew behind the file.
fn tiff(image: &DynamicImage, code: u8) -> Vec<u8> {
    let mut bytes = encode(image, ImageFormat::Tiff);
    assert!(bytes.starts_with(b"II*\0"));
    let at = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let mut entries: Vec<[u8; 12]> = bytes[at + 2..][..12 * count].as_chunks().0.to_vec();
    let tag = |entry: &[u8; 12]| u16::from_le_bytes([entry[0], entry[1]]);
    entries.retain(|entry| tag(entry) != 274);
    entries.push([0x12, 1, 3, 0, 1, 0, 0, 0, code, 0, 0, 0]);
    entries.sort_by_key(tag);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    let new = (bytes.len() as u32).to_le_bytes();
    bytes[4..8].copy_from_slice(&new);
    bytes.extend((entries.len() as u16).to_le_bytes());
    entries.iter().for_each(|entry| bytes.extend(entry));
    bytes.extend([0; 4]);
    bytes
}

#[test]
fn every_orientation_is_the_same_in_every_container() {
    let window = BoxN { x: 0.25, y: 0.5, w: 0.5, h: 0.25 };
    let requests = [DecodeRequest::fit(48, 48), DecodeRequest { window, ..DecodeRequest::fit(48, 48) }];
    for request in requests {
        let reference = decode_bytes(&encode(&stored(1), ImageFormat::Bmp), "", &request).unwrap();
        for code in 1..=8 {
            let image = stored(code);
            let files = [png(&image, code), webp(&image, code), tiff(&image, code), jpeg(&image, code)];
            for (name, file) in ["png", "webp", "tiff", "jpg"].iter().zip(files) {
                let picture = decode_bytes(&file, "", &request).unwrap();
                let size = (picture.width, picture.height);
                assert_eq!(picture.info.orientation, code, "{name}");
                assert_eq!((size, picture.full), ((reference.width, reference.height), size), "{name} {code}");
                let off = picture.rgb.iter().zip(&reference.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                assert!(off <= if *name == "jpg" { 4 } else { 0 }, "{name} {code}: {off}");
                let info = &picture.info;
                assert_eq!((info.width, info.height, &info.damaged), (48, 32, &None), "{name} {code}");
            }
        }
    }
}
