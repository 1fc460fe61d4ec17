//! The mouse draws, moves and resizes boxes; the edges of the picture attract them.

use super::{Desk, SOME, corners};
use crate::app::harness::text_of;
use lakelens::app::effect::{Effect, Query};
use lakelens::app::event::{Event, Pointer, Reply};
use lakelens::app::screens::label::boxes::Stage;
use lakelens::app::screens::label::boxes::sight::sight;
use lakelens::app::slots::Slot;
use lakelens::domain::geometry::{BoxN, Point};

impl Desk {
    fn point(&mut self, what: Pointer, x: f64, y: f64) {
        let at = sight(&self.h.state).unwrap().on_screen(Point { x, y });
        self.h.event(Event::Pointer(what, at));
        self.settle();
    }

    /// Drags from one point of the picture to another.
    fn drag(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.point(Pointer::Press, from.0, from.1);
        self.point(Pointer::Drag, f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        self.point(Pointer::Drag, to.0, to.1);
        self.point(Pointer::Release, to.0, to.1);
    }
}

#[test]
fn a_drag_draws_to_the_pixel() {
    let mut desk = Desk::new(&["cat", "dog"], 2);
    desk.h.state.caps.name = "kitty(0.40)".to_owned();
    desk.drag((0.2, 0.3), (0.6, 0.8));
    assert!(matches!(desk.stage(), Stage::Class(..)));
    desk.keys("2");
    assert_eq!(desk.boxes()[0].0, 2);
    assert!(desk.boxes()[0].1.iou(SOME) > 0.9999, "{:?}", desk.boxes());
    // A class that was said before is taken.
    desk.keys("1");
    desk.drag((0.9, 0.9), (0.7, 0.85));
    assert_eq!((desk.boxes()[1].0, desk.stage()), (1, Stage::Rest));
    assert!(desk.boxes()[1].1.iou(BoxN { x: 0.7, y: 0.85, w: 0.2, h: 0.05 }) > 0.99);
}

#[test]
fn a_box_is_moved_and_its_corner_pulled_each_as_one_edit() {
    let mut desk = Desk::new(&["cat"], 2);
    desk.drag((0.2, 0.3), (0.6, 0.8));
    desk.keys("1");
    desk.drag((0.4, 0.5), (0.5, 0.4));
    let moved = BoxN { x: 0.3, y: 0.2, ..SOME };
    assert!(desk.boxes()[0].1.iou(moved) > 0.999, "{:?}", desk.boxes());
    desk.drag((0.7, 0.7), (0.9, 0.9));
    assert!(desk.boxes()[0].1.iou(BoxN { w: 0.6, h: 0.7, ..moved }) > 0.999, "{:?}", desk.boxes());
    assert_eq!(desk.done.len(), 3);
    // Far outside of the picture is its edge.
    desk.h.event(Event::Pointer(Pointer::Press, sight(&desk.h.state).unwrap().on_screen(Point { x: 0.6, y: 0.5 })));
    desk.h.event(Event::Pointer(Pointer::Drag, (500.0, 500.0)));
    desk.h.event(Event::Pointer(Pointer::Release, (500.0, 500.0)));
    desk.settle();
    let at = desk.boxes()[0].1;
    assert!((at.x + at.w - 1.0).abs() < 1e-9 && (at.y + at.h - 1.0).abs() < 1e-9, "{at:?}");
    desk.keys("u u u u");
    assert!(desk.boxes().is_empty());
}

#[test]
fn a_click_selects_and_escape_ends_a_drag() {
    let mut desk = Desk::new(&["cat"], 2);
    desk.drag((0.2, 0.3), (0.6, 0.8));
    desk.keys("1 <esc>");
    assert!(desk.h.state.selected_shape().is_none());
    desk.point(Pointer::Press, 0.4, 0.5);
    desk.point(Pointer::Release, 0.4, 0.5);
    assert!(desk.h.state.selected_shape().is_some());
    desk.point(Pointer::Press, 0.4, 0.5);
    desk.point(Pointer::Drag, 0.5, 0.6);
    desk.keys("<esc>");
    desk.point(Pointer::Release, 0.5, 0.6);
    assert_eq!((desk.stage(), desk.done.len()), (Stage::Rest, 1));
    // The wheel looks closer, and pushes nothing.
    desk.h.event(Event::Pointer(Pointer::WheelUp, (10.0, 10.0)));
    assert!(desk.h.state.zoomed().is_some());
    assert_eq!(desk.done.len(), 1);
}

#[test]
fn a_drag_that_is_flat_makes_no_box_and_says_why() {
    let mut desk = Desk::new(&["cat"], 2);
    let begin = sight(&desk.h.state).unwrap().on_screen(Point { x: 0.2, y: 0.3 });
    let slip = |desk: &mut Desk, across: f64, down: f64| {
        desk.h.state.messages = Default::default();
        for (what, by) in [(Pointer::Press, 0.0), (Pointer::Drag, 1.0), (Pointer::Release, 1.0)] {
            desk.h.event(Event::Pointer(what, (begin.0 + across * by, begin.1 + down * by)));
        }
        desk.settle();
        desk.said()
    };
    // Where the mouse is told in cells, one cell is the least.
    for (across, down) in [(20.0, 0.0), (0.0, 8.0), (20.0, 0.9), (0.5, 0.5)] {
        let said = slip(&mut desk, across, down);
        assert!(said.contains("too thin for a box"), "{across} {down}: {said}");
        assert_eq!((desk.stage(), desk.boxes().len()), (Stage::Rest, 0), "{across} {down}");
    }
    // Pixels tell more: there it is three of them.
    desk.h.state.caps.name = "kitty(0.40)".to_owned();
    assert!(desk.h.state.caps.mouse_in_pixels());
    assert!(slip(&mut desk, 20.0, 0.1).contains("too thin"));
    // A click is none of this, and a class that was said before stays.
    assert_eq!(slip(&mut desk, 0.0, 0.0), "");
    desk.keys("1");
    assert!(slip(&mut desk, 20.0, 0.1).contains("too thin"));
    assert!(matches!(desk.stage(), Stage::Drawing(d) if d.class.is_some()), "{:?}", desk.stage());
    assert_eq!(slip(&mut desk, 20.0, 0.2), "");
    assert_eq!((desk.boxes().len(), desk.stage()), (1, Stage::Rest));
}

#[test]
fn a_thin_box_is_for_keys() {
    let mut desk = Desk::new(&["cat"], 2);
    let cells = sight(&desk.h.state).unwrap().cells;
    let row = 1.0 / f64::from(cells.h);
    desk.drag((0.2, 0.3), (0.6, 0.8));
    desk.keys("1");
    // The lower edge over the upper one and beyond: a row of cells is left of it.
    desk.drag((0.4, 0.8), (0.4, 0.1));
    let at = desk.boxes()[0].1;
    assert!(at.h > 0.9 * row && at.h < 2.0 * row, "{at:?}");
    for _ in 0..40 {
        desk.keys("K");
    }
    assert!(desk.boxes()[0].1.h < 0.5 * row, "{:?}", desk.boxes());
    // What is that thin already is not made thicker by a pull at its other side.
    let thin = desk.boxes()[0].1;
    desk.drag((0.6, thin.y), (0.8, thin.y));
    assert!(desk.boxes()[0].1.w > 0.5 && (desk.boxes()[0].1.h - thin.h).abs() < 1e-9, "{:?}", desk.boxes());
}

#[test]
fn what_is_pulled_tells_its_size_by_now() {
    let mut desk = Desk::new(&["cat"], 2);
    let shown = |desk: &mut Desk| text_of(&desk.h.draw(120, 30).0);
    shown(&mut desk);
    desk.point(Pointer::Press, 0.2, 0.3);
    desk.point(Pointer::Drag, 0.6, 0.8);
    // The pictures of the tests are 320 x 240.
    assert!(shown(&mut desk).contains("draws     128 x 120 px"), "{}", shown(&mut desk));
    desk.point(Pointer::Release, 0.6, 0.8);
    desk.keys("1");
    desk.point(Pointer::Press, 0.4, 0.5);
    desk.point(Pointer::Drag, 0.5, 0.5);
    assert!(shown(&mut desk).contains("at 96, 72"), "{}", shown(&mut desk));
}

#[test]
fn edges_attract_only_the_box_that_was_asked_about() {
    let mut desk = Desk::new(&["cat"], 2);
    desk.keys("1").keys(&corners(SOME));
    let ask = |desk: &mut Desk| {
        desk.h.keys("x");
        let asked = desk.h.effects.iter().any(|e| matches!(e, Effect::Ask(_, Query::Snap { .. })));
        assert!(asked, "{:?}", desk.h.effects);
    };
    ask(&mut desk);
    desk.h.reply(Slot::Snap, Reply::Snapped(SOME));
    desk.settle();
    assert_eq!((desk.boxes()[0].1, desk.done.len()), (SOME, 2));
    // What comes too late changes nothing.
    ask(&mut desk);
    desk.h.keys("l");
    desk.h.reply(Slot::Snap, Reply::Snapped(BoxN { x: 0.0, ..SOME }));
    desk.settle();
    assert!(desk.boxes()[0].1.x > 0.2);
    desk.keys("u u");
    assert!(desk.boxes()[0].1.iou(SOME) > 0.9 && desk.boxes()[0].1 != SOME);
}
