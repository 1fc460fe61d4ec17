//! What a person asks to look at is what the terminal is sent: one to one, in a look, with boxes where they belong.

use super::rig::{area, caps};
use lakelens::app::picture::{CellRect, Channel, Look, Mark, Marks, PictureArea, Stroke, Window};
use lakelens::app::zoom::{Room, View, Way};
use lakelens::media::{Limits, MemorySource, decode};
use lakelens::runtime::present::recipe::{Form, Recipe, Wanted, prepare};
use lakelens::term::caps::Protocol;
use lakelens::term::graphics::{Level, kitty::Payload};

/// Pixels of the picture; no side is a multiple of anything.
const SIZE: (u32, u32) = (1_999, 1_501);
/// Cells of 4 x 8 pixels: a room of 400 x 400.
const CELLS: CellRect = CellRect { x: 0, y: 0, w: 100, h: 50 };
const ROOM: Room = Room { room: (400.0, 400.0), picture: SIZE };

fn colour(x: u32, y: u32) -> [u8; 3] {
    // Neighbours have nothing in common, so that a shift by part of a pixel is seen at once.
    let hash = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35);
    [(hash >> 8) as u8, (hash >> 16) as u8, (hash >> 24) as u8]
}

fn file() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let noise = image::RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| image::Rgb(colour(x, y)));
    noise.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// The pixels that a terminal on this machine is sent for an area, and their width.
fn sent(file: &[u8], area: &PictureArea) -> (Vec<u8>, u32) {
    let recipe = Recipe::new(&caps(Protocol::Kitty { shared_memory: true }, false));
    let wanted = Wanted::new(area, recipe, Level::Exact);
    let source = MemorySource::new(file.to_vec());
    let picture = decode(&source, "noise.png", &wanted.request(), &Limits::default(), &|| false).unwrap();
    match prepare(&picture, &wanted).unwrap().form {
        Form::Kitty(Payload::Raw { data, bits: 24, width, .. }) => (data, width),
        other => panic!("{other:?}"),
    }
}

fn at(sent: &(Vec<u8>, u32), x: u32, y: u32) -> [u8; 3] {
    let first = ((y * sent.1 + x) * 3) as usize;
    [sent.0[first], sent.0[first + 1], sent.0[first + 2]]
}

fn seen(view: View) -> PictureArea {
    PictureArea { window: ROOM.window(view), ..area(1, CELLS) }
}

#[test]
fn one_to_one_is_pixel_for_pixel_wherever_one_looks() {
    let file = file();
    let mut view = ROOM.one_to_one(None).unwrap();
    for way in [Way::Left, Way::Up, Way::Right, Way::Right, Way::Down, Way::Down, Way::Down, Way::Right] {
        view = ROOM.panned(view, way, 0.77);
        let area = seen(view);
        let sent = sent(&file, &area);
        assert_eq!(sent.0.len(), 400 * 400 * 3);
        let first = |from: u32, side: u32| (f64::from(from) * f64::from(side) / 65_536.0).round() as u32;
        let (x0, y0) = (first(area.window.x, SIZE.0), first(area.window.y, SIZE.1));
        let wrong = (0..400).flat_map(|y| (0..400).map(move |x| (x, y)));
        let wrong = wrong.filter(|(x, y)| at(&sent, *x, *y) != colour(x0 + x, y0 + y)).count();
        assert_eq!(wrong, 0, "pixels at {way:?} from {x0}, {y0}");
    }
}

#[test]
fn enlarged_pixels_are_blocks() {
    let file = file();
    let mut view = None;
    while let Some(closer) = ROOM.closer(view) {
        view = Some(closer);
    }
    let sent = sent(&file, &seen(view.unwrap()));
    // Eight screen pixels each: few places where neighbours differ.
    let changes = (1..400).filter(|x| at(&sent, *x, 200) != at(&sent, x - 1, 200)).count();
    assert!((49..=50).contains(&changes), "{changes}");
}

#[test]
fn looks_change_the_pixels_and_not_the_boxes() {
    let file = file();
    let red = [250, 20, 20];
    let corner = Window { x: 34_078, y: 34_000, w: Window::ONE / 3, h: Window::ONE / 3 };
    let mark = Mark { at: corner, rgb: red, stroke: Stroke::Solid };
    let plain = seen(ROOM.one_to_one(None).unwrap());
    let look = Look { channel: Channel::Green, ..Look::default() };
    let area = PictureArea { look, marks: Marks::new(vec![mark], Vec::new()), ..plain.clone() };
    let (before, after) = (sent(&file, &plain), sent(&file, &area));
    let [_, green, _] = at(&before, 100, 100);
    assert_eq!(at(&after, 100, 100), [green; 3]);
    // The pixel of the picture in which the box begins, counted from the first that is seen.
    let first = |from: u32, side: u32| (f64::from(from) * f64::from(side) / 65_536.0).round() as u32;
    let (x, y) = (1_039 - first(plain.window.x, SIZE.0), 779 - first(plain.window.y, SIZE.1));
    assert_eq!([at(&after, x - 1, y + 50), at(&after, x, y + 50), at(&after, x + 1, y + 50)], [[0; 3], red, red]);
    assert_eq!([at(&after, x + 50, y - 1), at(&after, x + 50, y), at(&after, x + 50, y + 2)], [[0; 3], red, [0; 3]]);
}
