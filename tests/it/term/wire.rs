//! Bytes on the line and likeness of each level, on real photos in a box of 800 x 800 pixels.

use crate::support::pictures::ssim;
use lakelens::media::{DecodeRequest, FileSource, Limits, decode};
use lakelens::term::caps::{BlockKind, Depth};
use lakelens::term::cells;
use lakelens::term::graphics::kitty::{self, Payload};
use lakelens::term::graphics::{Fit, Level, Pixels, blocks, fit, iterm, sixel};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(crate) const PHOTOS: [&str; 4] = [
    "odd/avif/dog_exif_extended_xmp_icc.jpg",
    "odd/orientation/Landscape_1.jpg",
    "detection/cards/test/IMG_2387.JPG",
    "flowers/roses/410421672_563550467c.jpg",
];

struct Photo {
    name: &'static str,
    rgb: Vec<u8>,
    size: (u32, u32),
    fit: Fit,
}

impl Photo {
    fn pixels(&self) -> Pixels<'_> {
        Pixels::new(&self.rgb, self.size.0, self.size.1).unwrap()
    }
}

fn photos() -> Vec<Photo> {
    let Ok(data) = std::env::var("LAKELENS_TEST_DATA") else {
        println!("skipped: bytes of real photos: LAKELENS_TEST_DATA is not set");
        return Vec::new();
    };
    let load = |name: &'static str| {
        let source = FileSource::open(&std::path::Path::new(&data).join(name)).unwrap();
        let request = DecodeRequest { enlarge: true, ..DecodeRequest::fit(800, 800) };
        let picture = decode(&source, name, &request, &Limits::default(), &|| false).unwrap();
        let size = (picture.width, picture.height);
        Photo { name, rgb: picture.rgb, size, fit: fit((80, 40), (10, 20), size) }
    };
    PHOTOS.into_iter().map(load).collect()
}

/// The mean over the photos of what `bytes` gives for each.
fn mean(photos: &[Photo], bytes: impl Fn(&Photo) -> usize) -> usize {
    let all: Vec<usize> = photos.iter().map(bytes).collect();
    println!("{all:?}");
    all.iter().sum::<usize>() / all.len()
}

fn kitty_bytes(photo: &Photo, level: Level) -> (Vec<u8>, usize) {
    let (Payload::Png(data), _) = kitty::png_payload(photo.pixels(), &photo.fit, level).unwrap() else { panic!("raw") };
    let wire = kitty::transmit_png(12_345, &data, false, true).concat().len();
    (data, wire)
}

/// The picture within its padded canvas.
fn cut(data: &[u8], fit: &Fit) -> Vec<u8> {
    let image = image::load_from_memory(data).unwrap().to_rgb8();
    image::imageops::crop_imm(&image, fit.offset.0, fit.offset.1, fit.picture.0, fit.picture.1).to_image().into_raw()
}

#[test]
fn a_good_kitty_picture_is_small_and_alike() {
    let photos = photos();
    if photos.is_empty() {
        return;
    }
    for photo in &photos {
        let (data, _) = kitty_bytes(photo, Level::Good);
        let alike = ssim(&photo.rgb, &cut(&data, &photo.fit), photo.size.0 as usize);
        println!("{} {alike:.3}", photo.name);
        assert!(alike >= 0.93, "{}: {alike:.3}", photo.name);
        let (data, _) = kitty_bytes(photo, Level::Exact);
        assert!(cut(&data, &photo.fit) == photo.rgb, "{}", photo.name);
    }
    let bytes = mean(&photos, |photo| kitty_bytes(photo, Level::Good).1);
    assert!(bytes <= 120_000, "{bytes}");
}

#[test]
fn first_paints_are_tiny_and_stand_where_the_picture_will() {
    for photo in photos() {
        let (data, bytes) = kitty_bytes(&photo, Level::First);
        assert!(bytes <= 15_000, "{}: {bytes}", photo.name);
        let small = image::load_from_memory(&data).unwrap();
        let large = small.resize_exact(photo.fit.canvas.0, photo.fit.canvas.1, image::imageops::FilterType::Triangle);
        let mut png = std::io::Cursor::new(Vec::new());
        large.write_to(&mut png, image::ImageFormat::Png).unwrap();
        let back = cut(png.get_ref(), &photo.fit);
        let off = photo.rgb.iter().zip(&back).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / back.len() as f64;
        assert!(off < 22.0, "{}: {off:.1} off", photo.name);
        let file = iterm::encode(photo.pixels(), &photo.fit, Level::First, 20).unwrap();
        let bytes = iterm::show(&file, (0, 0), (80, 40), false).concat().len();
        assert!(bytes <= 7_000, "{}: {bytes}", photo.name);
    }
}

#[test]
fn good_pictures_of_the_other_protocols_are_small() {
    let photos = photos();
    if photos.is_empty() {
        return;
    }
    let bytes = mean(&photos, |photo| {
        let file = iterm::encode(photo.pixels(), &photo.fit, Level::Good, 20).unwrap();
        let back = image::load_from_memory(&file.files[0]).unwrap().to_rgb8().into_raw();
        let alike = ssim(&photo.rgb, &back, photo.size.0 as usize);
        assert!(alike >= 0.93, "{}: {alike:.3}", photo.name);
        iterm::show(&file, (0, 0), (80, 40), false).concat().len()
    });
    assert!(bytes <= 60_000, "iTerm2 {bytes}");
    let bytes = mean(&photos, |photo| {
        let sixel = sixel::encode(photo.pixels(), &photo.fit, Level::Good, (20, Some([0; 3])));
        sixel::show(&sixel, (0, 0), false).concat().len()
    });
    assert!(bytes <= 250_000, "sixel {bytes}");
    for (level, most) in [(Level::Good, 30_000), (Level::First, 18_000)] {
        let bytes = mean(&photos, |photo| {
            let grid = blocks::encode(photo.pixels(), &photo.fit, BlockKind::Half, Depth::True, level);
            let mut buffer = Buffer::empty(Rect::new(0, 0, grid.columns, grid.rows));
            let empty = buffer.clone();
            for (cell, picture) in buffer.content.iter_mut().zip(&grid.cells) {
                cell.set_char(picture.symbol).set_fg(picture.foreground).set_bg(picture.background);
            }
            let mut out = Vec::new();
            cells::write(empty.diff(&buffer).into_iter(), &mut out);
            out.len()
        });
        assert!(bytes <= most, "half blocks at {level:?}: {bytes}");
    }
}
