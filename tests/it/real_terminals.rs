//! Pictures in real terminals: an X server without a screen, kitty and xterm in it, with and without tmux, and what a
//! screenshot shows of a picture that is known to the pixel.

mod camera;
mod changes;
mod flats;
mod judge;
mod leaving;
mod stage;

use crate::support::pictures;
use image::RgbImage;
use stage::{Emulator, Setting, Stage};

/// No terminal here has higher cells, in pixels.
const CELL: u32 = 24;

/// Where the picture is in a screenshot: left, top, width, height.
type Place = (u32, u32, u32, u32);

fn near(pixel: [u8; 3], wanted: [u8; 3]) -> bool {
    pixel.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 40)
}

/// Finds the picture by its corners: the first block of red and the last of yellow, whose left and right ends, and top
/// and bottom ends, the blue and green ones confirm.
fn find(shot: &RgbImage) -> Option<Place> {
    const BLOCK: u32 = 12;
    let solid = |x: u32, y: u32, colour: [u8; 3]| {
        (0..BLOCK).all(|i| {
            near(shot.get_pixel(x + i, y + i).0, colour) && near(shot.get_pixel(x + BLOCK - 1 - i, y + i).0, colour)
        })
    };
    let (w, h) = (shot.width().checked_sub(BLOCK)?, shot.height().checked_sub(BLOCK)?);
    let all = |colour: [u8; 3]| {
        let at = (0..h).flat_map(|y| (0..w).map(move |x| (x, y))).filter(|(x, y)| solid(*x, *y, colour));
        at.fold(None, |ends: Option<(u32, u32, u32, u32)>, (x, y)| {
            let (l, t, r, b) = ends.unwrap_or((x, y, x, y));
            Some((l.min(x), t.min(y), r.max(x), b.max(y)))
        })
    };
    let (red, green, blue, yellow) = (all([255, 0, 0])?, all([0, 255, 0])?, all([0, 0, 255])?, all([255, 255, 0])?);
    let agree = |a: u32, b: u32| a.abs_diff(b) <= 2;
    let upright = agree(red.0, blue.0) && agree(red.1, green.1) && agree(green.2, yellow.2) && agree(blue.3, yellow.3);
    upright.then_some((red.0, red.1, yellow.2 + BLOCK - red.0, yellow.3 + BLOCK - red.1))
}

/// Likeness in decibels (peak signal-to-noise ratio) of what is on the screen to the source scaled to the same size.
fn likeness(shot: &RgbImage, (x, y, w, h): Place, source: &RgbImage) -> f64 {
    let wanted = image::imageops::resize(source, w, h, image::imageops::FilterType::Lanczos3);
    let part = image::imageops::crop_imm(shot, x, y, w, h).to_image();
    let squares: f64 = part.iter().zip(wanted.iter()).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    let mean = squares / (f64::from(w) * f64::from(h) * 3.0);
    if mean == 0.0 { f64::INFINITY } else { 10.0 * (255.0 * 255.0 / mean).log10() }
}

/// Opens a folder of generated pictures, looks at two of them, quits, and looks at what is left.
fn shows_pictures(setting: &Setting, least: f64) {
    let stage = Stage::new();
    pictures::write(&stage.path("pictures"), "flower", 4);
    let mut window = stage.open(setting);
    // The second picture's ground colour is not the first's: a stale picture is no likeness.
    for (seed, keys) in [(1, ""), (2, "j")] {
        window.press(keys);
        let source = pictures::picture(seed);
        let (mut best, mut place) = (0.0_f64, None);
        stage.until(&format!("picture {seed} at {least} dB"), |shot| {
            place = find(shot);
            best = place.map_or(0.0, |p| likeness(shot, p, &source));
            best >= least
        });
        let (_, _, w, h) = place.unwrap();
        println!("picture {seed}: {w} x {h} pixels, {best:.1} dB");
        // Block characters round it to whole cells.
        let wanted = w * pictures::SIZE.1 / pictures::SIZE.0;
        assert!(h.abs_diff(wanted) <= CELL, "{w} x {h} is not the shape of the picture");
        assert!(w >= 100, "{w} x {h} is not a large picture");
    }
    window.press("Q");
    assert_eq!(window.exit_code(), 0);
    let kept = |shot: &RgbImage| {
        [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]
            .into_iter()
            .filter(|c| shot.pixels().filter(|p| near(p.0, *c)).count() > 200)
            .count()
    };
    stage.until("a screen without the picture", |shot| kept(shot) == 0);
}

/// Whether the long tests that film whole walks and all ways of leaving run: they take minutes, and want a machine that
/// does nothing else.
fn filming() -> bool {
    let on = std::env::var_os("LAKELENS_FILM").is_some();
    if !on {
        println!("skipped: filming real terminals: LAKELENS_FILM is not set");
    }
    on
}

#[test]
#[ignore = "needs Xvfb and kitty; tests/run starts it"]
fn kitty_shows_every_pixel() {
    shows_pictures(&Setting::new(Emulator::Kitty), 38.0);
}

/// A large picture with the corners that [`find`] looks for, and in the middle something of every frequency.
fn detailed() -> RgbImage {
    let mut picture = image::imageops::resize(&pictures::picture(1), 1600, 1200, image::imageops::FilterType::Nearest);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (dx, dy) = (i64::from(x) - 800, i64::from(y) - 600);
        if dx.abs() < 380 && dy.abs() < 280 {
            let rings = (((dx * dx + dy * dy) as f64 / 900.0).sin() * 120.0 + 128.0) as u8;
            *pixel = image::Rgb([rings, (x * 3 + y) as u8, ((x ^ y) & 255) as u8]);
        }
    }
    picture
}

#[test]
#[ignore = "needs Xvfb and kitty; tests/run starts it"]
fn kitty_shows_exactly_the_pixels_that_the_library_makes() {
    use lakelens::media::{DecodeRequest, FileSource, Limits, decode};
    for setting in [Setting::new(Emulator::Kitty), Setting::new(Emulator::Kitty).over_ssh()] {
        let stage = Stage::new();
        let folder = stage.path("pictures");
        std::fs::create_dir_all(&folder).unwrap();
        detailed().save(folder.join("detailed.png")).unwrap();
        let mut window = stage.open(&setting);
        let mut closest = usize::MAX;
        stage.until("the exact pixels", |shot| {
            let Some((x, y, w, h)) = find(shot) else { return false };
            let source = FileSource::open(&folder.join("detailed.png")).unwrap();
            let request = DecodeRequest::fit(w, h);
            let wanted = decode(&source, "detailed.png", &request, &Limits::default(), &|| false).unwrap();
            let seen = image::imageops::crop_imm(shot, x, y, wanted.width, wanted.height).to_image();
            let other = seen.as_raw().chunks(3).zip(wanted.rgb.chunks(3)).filter(|(a, b)| a != b).count();
            closest = closest.min(other);
            println!("{w} x {h} pixels, {other} of them other");
            (wanted.width, wanted.height) == (w, h) && other == 0
        });
        assert_eq!(closest, 0);
        window.press("Q");
        assert_eq!(window.exit_code(), 0);
    }
}

/// A real photo with the corners that [`find`] looks for.
fn marked(photo: &RgbImage) -> RgbImage {
    let (width, height) = photo.dimensions();
    let (corner_x, corner_y) = (width / 12, height / 12);
    let mut out = photo.clone();
    for (x, y, pixel) in out.enumerate_pixels_mut() {
        let (left, right) = (x < corner_x, x >= width - corner_x);
        let (top, bottom) = (y < corner_y, y >= height - corner_y);
        pixel.0 = match (left, right, top, bottom) {
            (true, _, true, _) => [255, 0, 0],
            (_, true, true, _) => [0, 255, 0],
            (true, _, _, true) => [0, 0, 255],
            (_, true, _, true) => [255, 255, 0],
            _ => pixel.0,
        };
    }
    out
}

#[test]
#[ignore = "needs Xvfb and kitty; tests/run starts it"]
fn over_a_slow_line_kitty_shows_a_good_picture_before_the_exact_one() {
    use lakelens::media::{DecodeRequest, FileSource, Limits, decode};
    let Some(data) = pictures::real_data("flowers") else { return };
    for photo in crate::term::wire::PHOTOS {
        let stage = Stage::new();
        let file = stage.path("pictures").join("photo.png");
        std::fs::create_dir_all(stage.path("pictures")).unwrap();
        let photo = image::open(data.parent().unwrap().join(photo)).unwrap();
        marked(&photo.resize(1000, 1000, image::imageops::FilterType::Triangle).to_rgb8()).save(&file).unwrap();
        // The exact picture takes seconds, so that many screenshots are taken of the one before.
        let mut window = stage.open(&Setting::new(Emulator::Kitty).over_a_line(40, 120_000));
        let mut best = 0.0_f64;
        stage.until("the exact pixels", |shot| {
            let Some((x, y, w, h)) = find(shot) else { return false };
            let source = FileSource::open(&file).unwrap();
            let wanted =
                decode(&source, "photo.png", &DecodeRequest::fit(w, h), &Limits::default(), &|| false).unwrap();
            if (wanted.width, wanted.height) != (w, h) {
                return false;
            }
            let seen = image::imageops::crop_imm(shot, x, y, w, h).to_image();
            let exact = *seen.as_raw() == wanted.rgb;
            if !exact {
                best = best.max(pictures::ssim(&wanted.rgb, seen.as_raw(), w as usize));
            }
            exact
        });
        println!("{best:.3} alike before it is exact");
        assert!(best >= 0.93, "{best:.3}");
        window.press("Q");
        assert_eq!(window.exit_code(), 0);
    }
}

#[test]
#[ignore = "needs Xvfb, kitty and tmux; tests/run starts it"]
fn kitty_inside_tmux_shows_the_picture() {
    // kitty before 0.28 knows no Unicode placeholders; block characters then stand in.
    shows_pictures(&Setting::new(Emulator::Kitty).in_tmux(), 20.0);
}

#[test]
#[ignore = "needs Xvfb and xterm; tests/run starts it"]
fn xterm_shows_sixel_in_its_palette() {
    shows_pictures(&Setting::new(Emulator::Xterm), 24.0);
}

#[test]
#[ignore = "needs Xvfb, xterm and tmux; tests/run starts it"]
fn xterm_inside_tmux_shows_the_picture() {
    shows_pictures(&Setting::new(Emulator::Xterm).in_tmux(), 20.0);
}

#[test]
fn the_search_finds_a_picture_and_nothing_else() {
    let source = pictures::picture(3);
    let mut shot = RgbImage::from_pixel(700, 500, image::Rgb([20, 20, 20]));
    assert_eq!(find(&shot), None);
    let scaled = image::imageops::resize(&source, 480, 360, image::imageops::FilterType::Lanczos3);
    image::imageops::replace(&mut shot, &scaled, 150, 60);
    let place = find(&shot).unwrap();
    assert_eq!(place, (150, 60, 480, 360));
    assert!(likeness(&shot, place, &source) > 60.0);
    assert!(likeness(&shot, place, &pictures::picture(4)) < 20.0, "another picture is told apart");
}
