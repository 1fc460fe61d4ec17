//! Looking closer: the geometry of zoom and pan as laws, and what the keys do on each screen.

use super::harness::Harness;
use super::lake::lake;
use super::screens::snapshots;
use lakelens::app::effect::{Effect, Write};
use lakelens::app::event::Event;
use lakelens::app::picture::{Channel, Look, Mark, PictureArea, PictureState, Stroke, Window};
use lakelens::app::zoom::{MAX_SCALE, Room, View, Way, screen_pixels};
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::ClassId;
use lakelens::media::info::ImageInfo;
use lakelens::term::caps::{BlockKind, Caps, Protocol};
use proptest::prelude::*;
use std::sync::Arc;

const WAYS: [(Way, Way); 4] =
    [(Way::Left, Way::Right), (Way::Right, Way::Left), (Way::Up, Way::Down), (Way::Down, Way::Up)];

fn rooms() -> impl Strategy<Value = Room> {
    let room = (20.0..3_000.0_f64, 20.0..2_000.0_f64).prop_map(|(w, h)| (w.round(), h.round()));
    (room, (1_u32..20_000, 1_u32..20_000)).prop_map(|(room, picture)| Room { room, picture })
}

/// A room and a view somewhere on the way of zooming in and panning about.
fn views() -> impl Strategy<Value = (Room, Option<View>)> {
    (rooms(), 0_usize..12, prop::collection::vec((0_usize..4, 0.05..1.0_f64), 0..6)).prop_map(|(room, steps, pans)| {
        let view = (0..steps).fold(None, |view, _| room.closer(view).or(view));
        let view = pans.iter().fold(view, |view, (way, share)| view.map(|v| room.panned(v, WAYS[*way].0, *share)));
        (room, view)
    })
}

fn close(a: View, b: View) -> bool {
    (a.centre.0 - b.centre.0).abs() < 1e-9 && (a.centre.1 - b.centre.1).abs() < 1e-9 && (a.scale - b.scale).abs() < 1e-9
}

proptest! {
    #[test]
    fn the_part_lies_in_the_picture_and_fills_the_room((room, view) in views()) {
        let Some(view) = view else { return Ok(()) };
        let w = room.window(view);
        prop_assert!(w.w >= 1 && w.h >= 1 && w.x + w.w <= Window::ONE && w.y + w.h <= Window::ONE, "{w:?}");
        prop_assert!(view.scale <= MAX_SCALE && view.scale >= room.whole());
        // Where the picture reaches beyond the room on both sides, the part has the room's aspect to a pixel.
        let pixels = |part: u32, side: u32| f64::from(part) / f64::from(Window::ONE) * f64::from(side);
        let seen = (pixels(w.w, room.picture.0) * view.scale, pixels(w.h, room.picture.1) * view.scale);
        let unit = |side: u32| (f64::from(side) / f64::from(Window::ONE) * view.scale).max(0.01);
        prop_assert!(w.w == Window::ONE || (seen.0 - room.room.0).abs() <= unit(room.picture.0), "{seen:?} {room:?}");
        prop_assert!(w.h == Window::ONE || (seen.1 - room.room.1).abs() <= unit(room.picture.1), "{seen:?} {room:?}");
    }

    #[test]
    fn in_and_out_again_is_the_same_part((room, view) in views()) {
        if let Some(closer) = room.closer(view) {
            prop_assert!(closer.scale > view.map_or(room.whole(), |v| v.scale) * 1.2);
            match (view, room.farther(closer)) {
                (Some(before), Some(after)) => prop_assert!(close(before, after), "{before:?} {after:?}"),
                (before, after) => prop_assert_eq!(before, after),
            }
        }
    }

    #[test]
    fn panning_stops_at_the_edge_and_goes_back((room, view) in views(), share in 0.05..1.0_f64) {
        let Some(view) = view else { return Ok(()) };
        for (way, back) in WAYS {
            let there = room.panned(view, way, share);
            prop_assert_eq!(there.scale, view.scale);
            let twice = room.panned(there, way, share);
            let at_edge = close(room.panned(twice, way, 0.01), twice);
            prop_assert!(at_edge || close(room.panned(twice, back, share), there), "{there:?} {twice:?}");
            let far = (0..2_000).fold(view, |v, _| room.panned(v, way, 1.0));
            prop_assert!(close(far, room.panned(far, way, 1.0)), "there is an end");
        }
    }

    #[test]
    fn one_to_one_shows_whole_pixels((room, view) in views()) {
        let Some(one) = room.one_to_one(view) else { return Ok(()) };
        prop_assert_eq!((one.scale, room.words(one)), (1.0, "1:1".to_owned()));
        let w = room.window(one);
        let start = f64::from(w.x) / f64::from(Window::ONE) * f64::from(room.picture.0);
        // As near to a pixel edge as a 2^16th of the side can say.
        prop_assert!((start - start.round()).abs() <= f64::from(room.picture.0) / f64::from(Window::ONE), "{start}");
    }
}

#[test]
fn a_photo_in_a_square_room() {
    let room = Room { room: (800.0, 800.0), picture: (4_000, 3_000) };
    let mut view = None;
    let mut scales = Vec::new();
    while let Some(closer) = room.closer(view) {
        scales.push(room.words(closer));
        view = Some(closer);
    }
    assert_eq!(scales, ["1.5x", "2.2x", "3.4x", "1:1", "2:1", "4:1", "8:1"]);
    // From the first step that is higher than the room on, the part is as many pixels wide as high.
    let square = room.closer(room.closer(None)).map(|v| room.window(v)).unwrap();
    assert_eq!(square, Window { x: 18_203, y: 13_347, w: 29_127, h: 38_836 });
    let side = |part: u32, side: u32| f64::from(part * side) / f64::from(Window::ONE);
    assert!((side(square.w, 4_000) - side(square.h, 3_000)).abs() < 0.1);
    // 800 x 800 pixels in the middle.
    let one = room.window(room.one_to_one(None).unwrap());
    assert_eq!(one, Window { x: 26_214, y: 24_030, w: 13_107, h: 17_476 });
}

#[test]
fn blocks_count_as_screen_pixels() {
    let caps = |protocol| Caps { protocol, cell: (10, 20), ..Caps::default() };
    let size = |protocol| screen_pixels(&caps(protocol), (80, 40));
    assert_eq!(size(Protocol::Sixel), (800.0, 800.0));
    assert_eq!(size(Protocol::Blocks(BlockKind::Half)), (80.0, 80.0));
    assert_eq!(size(Protocol::Blocks(BlockKind::Quadrant)), (80.0, 80.0));
    assert_eq!(size(Protocol::Blocks(BlockKind::Octant)), (160.0, 160.0));
    assert_eq!(size(Protocol::Ascii), (40.0, 40.0));
    assert_eq!(screen_pixels(&Caps::default(), (80, 40)), (40.0, 40.0));
}

/// The Label screen with pictures of 4000 x 3000 on it.
fn photos() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses"], 8);
    show(&mut h, 4_000, 3_000);
    h
}

fn show(h: &mut Harness, width: u32, height: u32) {
    let open = h.state.project.clone().unwrap();
    let walk: Vec<_> = h.state.label().unwrap().walk.iter().cloned().collect();
    for sample in walk {
        let picture = lakelens::app::screens::label::state::picture(&open.project, &sample);
        let info =
            ImageInfo { format: "jpeg".to_owned(), bytes: 2_500_000, frames: 1, width, height, ..ImageInfo::default() };
        h.event(Event::Picture(picture, PictureState::Shown { exact: false, info: Arc::new(info) }));
    }
    h.effects.clear();
}

/// The large picture as it is drawn, and those prepared for later.
fn areas(h: &mut Harness) -> (PictureArea, Vec<PictureArea>) {
    let (_, drawn) = h.draw(160, 50);
    (drawn.pictures[0].clone(), drawn.ahead)
}

#[test]
fn keys_zoom_pan_and_leave() {
    let mut h = photos();
    assert_eq!(areas(&mut h).0.window, Window::ALL);
    h.keys("z z z");
    let (area, ahead) = areas(&mut h);
    assert!(area.window.w < Window::ONE && area.window.h < Window::ONE);
    assert!(ahead.iter().all(|a| a.window == Window::ALL), "what comes next is shown whole");
    h.keys("<right>");
    let right = areas(&mut h).0.window;
    assert!(right.x > area.window.x && right.y == area.window.y);
    h.keys("<S-left> <S-left> <S-left> <up> <up> <up> <up> <up>");
    assert_eq!((areas(&mut h).0.window.x, areas(&mut h).0.window.y), (0, 0));
    assert_eq!(h.state.label().unwrap().at, 0, "the arrows did not go to another picture");
    h.keys("Z");
    assert!(areas(&mut h).0.window.w > area.window.w);
    h.keys("<esc>");
    assert_eq!(areas(&mut h).0.window, Window::ALL);
    h.keys("<right>");
    assert_eq!(h.state.label().unwrap().at, 1, "the arrows go to the next picture again");
    h.keys("= W");
    assert_eq!(areas(&mut h).0.window, Window::ALL);
    assert!(h.effects.iter().all(|e| !matches!(e, Effect::Write(Write::Edits(_)))));
}

#[test]
fn class_keys_label_while_zoomed_and_the_next_picture_is_whole() {
    let mut h = photos();
    h.keys("= <down>");
    assert!(h.state.zoomed().is_some());
    h.keys("2");
    assert_eq!(h.writes().len(), 1);
    assert_eq!(h.state.label().unwrap().at, 1);
    assert!(h.state.zoomed().is_none() && areas(&mut h).0.window == Window::ALL);
    h.keys("z n z p");
    assert_eq!(h.state.label().unwrap().at, 1, "n and p move while zoomed");
    assert!(h.state.zoomed().is_none());
}

#[test]
fn the_zoom_is_kept_where_the_settings_say_so() {
    let mut h = photos();
    let settings = lakelens::config::settings::Settings { keep_zoom: true, ..(*h.state.settings).clone() };
    h.state.settings = Arc::new(settings);
    h.keys("= <down>");
    let (before, ahead) = areas(&mut h);
    assert!(ahead.iter().all(|a| a.window == before.window), "and prepared so");
    h.keys("n");
    assert_eq!(areas(&mut h).0.window, before.window);
    h.keys("<esc> n");
    assert_eq!(areas(&mut h).0.window, Window::ALL);
}

#[test]
fn small_and_unknown_pictures_say_why_not() {
    let mut h = Harness::labelling(&["daisy"], 2);
    h.keys("=");
    assert!(h.state.messages.shown().unwrap().text.contains("one to one or larger"));
    h.keys("z z z z");
    assert!(h.state.messages.shown().unwrap().text.contains("as close as it goes"), "{:?}", h.state.messages.shown());
    h.keys("<esc> Z");
    assert!(h.state.messages.shown().unwrap().text.contains("the whole picture is shown; `z` zooms in"));
    h.state.pictures = lakelens::app::state::Pictures::default();
    let label = h.state.label_mut().unwrap();
    label.walk.iter_mut().for_each(|s| (s.width, s.height) = (None, None));
    h.keys("z");
    assert!(h.state.messages.shown().unwrap().text.contains("still loading"));
}

#[test]
fn the_look_stays_until_it_is_reset_and_says_so() {
    let mut h = photos();
    h.keys("> > > ( C");
    let wanted = Look { brightness: 3, contrast: -1, channel: Channel::Red };
    assert_eq!(areas(&mut h).0.look, wanted);
    let said = h.state.messages.shown().unwrap().text.clone();
    assert_eq!(said, "all pictures: brightness +3, contrast -1, red only; `D` shows their own colours");
    h.keys("n n");
    let (area, ahead) = areas(&mut h);
    assert!(area.look == wanted && ahead.iter().all(|a| a.look == wanted));
    for _ in 0..30 {
        h.keys("<lt>");
    }
    assert_eq!(h.state.viewing.look.brightness, -10);
    h.keys("C C C D");
    assert_eq!(areas(&mut h).0.look, Look::default());
    h.keys("D");
    assert!(h.state.messages.shown().unwrap().text.contains("own colours"));
}

#[test]
fn exact_is_asked_for_one_picture() {
    let mut h = photos();
    assert!(!areas(&mut h).0.exact);
    h.keys("+");
    let (area, ahead) = areas(&mut h);
    assert!(area.exact && ahead.iter().all(|a| !a.exact));
    h.keys("n");
    assert!(!areas(&mut h).0.exact);
    h.keys("p");
    assert!(!areas(&mut h).0.exact);
}

#[test]
fn boxes_in_the_store_are_marks_in_the_colour_of_their_class() {
    let mut h = photos();
    let at = BoxN { x: 0.25, y: 0.5, w: 0.5, h: 0.75 };
    let boxed = |class| Annotation {
        shape: Shape::Box(at),
        ..Annotation::label(ClassId(class), "bob", jiff::Timestamp::UNIX_EPOCH)
    };
    h.state.label_mut().unwrap().sample_mut().unwrap().answer.annotations = vec![boxed(1), boxed(2)];
    let (area, ahead) = areas(&mut h);
    let half = Window::ONE / 2;
    let at = Window { x: Window::ONE / 4, y: half, w: half, h: half };
    let mark = |rgb, stroke| Mark { at, rgb, stroke };
    // Cyan and yellow are the first two classes of the default theme.
    assert_eq!(area.marks.boxes(), [mark([0, 205, 205], Stroke::Solid), mark([205, 205, 0], Stroke::Dashed)]);
    assert!(ahead.iter().all(|a| a.marks.is_empty()));
}

#[test]
fn the_lake_zooms_too() {
    let mut h = lake(&["a.jpg", "b.jpg"]);
    assert_eq!(areas(&mut h).0.window, Window::ALL);
    let picture = h.state.lake().unwrap().picture_at(0).unwrap();
    let info = ImageInfo { width: 4_000, height: 3_000, ..ImageInfo::default() };
    h.event(Event::Picture(picture, PictureState::Shown { exact: true, info: Arc::new(info) }));
    h.keys("z <down>");
    assert_eq!(h.state.lake().unwrap().here.cursor, 0);
    assert_ne!(areas(&mut h).0.window, Window::ALL);
    h.keys("j");
    assert_eq!(h.state.lake().unwrap().here.cursor, 1, "j moves while zoomed");
    assert!(h.state.viewing.zoom.is_none());
}

#[test]
fn the_room_for_zooming_is_the_room_that_is_drawn() {
    for (width, height) in [(40, 12), (70, 20), (80, 24), (101, 30), (160, 50), (300, 90)] {
        let mut label = photos();
        let (_, drawn) = label.draw(width, height);
        assert_eq!(label.state.picture_room(), Some(drawn.pictures[0].cells));
        let mut lake = lake(&["a.jpg"]);
        for large in [false, true] {
            lake.state.large_picture = large;
            let (_, drawn) = lake.draw(width, height);
            assert_eq!(lake.state.picture_room(), Some(drawn.pictures[0].cells), "{width}x{height} {large}");
        }
    }
}

#[test]
fn zoomed_screens() {
    let mut h = photos();
    h.keys("z z z <right> <down> > C");
    h.event(Event::Tick);
    let later = h.state.clock + 10_000;
    h.state.messages.expire(later);
    snapshots("label_zoomed", &mut h);
}
