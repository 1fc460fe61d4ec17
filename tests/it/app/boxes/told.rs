//! What the screen says while boxes are made: which class, which keys, what was done before, what was taken back.

use super::{Desk, SOME, corners, outlined};
use crate::app::boxes::slips::boxed;
use crate::app::harness::{sample, text_of};
use lakelens::domain::project::Task;

/// The last line of the screen.
fn footer(desk: &mut Desk, width: u16) -> String {
    desk.h.state.messages = Default::default();
    let text = text_of(&desk.h.draw(width, 24).0);
    text.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn the_last_line_always_has_help_and_what_is_next() {
    let mut desk = Desk::new(&["cat", "dog"], 3);
    for width in 56..=160 {
        let line = footer(&mut desk, width);
        assert!(line.contains("? help") && line.contains("1-2 draw"), "{width}: {line}");
        assert!(width < 70 || line.contains("Enter done"), "{width}: {line}");
    }
    desk.keys("1").keys(&corners(SOME));
    let line = footer(&mut desk, 80);
    for hint in ["1-2 draw", "arrows move", "Enter done", "? help"] {
        assert!(line.contains(hint), "{hint}: {line}");
    }
    // Of a box that was selected the keys of classes say what it is.
    desk.keys("<esc> <tab>");
    let line = footer(&mut desk, 160);
    assert!(line.contains("1-2 its class") && line.contains("HJKL resize"), "{line}");
}

#[test]
fn the_class_that_is_drawn_is_marked() {
    let mut desk = Desk::new(&["cat", "dog"], 3);
    let marked = |desk: &mut Desk| -> Vec<bool> {
        let text = text_of(&desk.h.draw(120, 30).0);
        ["cat", "dog"].map(|name| text.lines().any(|l| l.contains(name) && l.contains('▍'))).to_vec()
    };
    assert_eq!(marked(&mut desk), [false, false]);
    desk.keys("2");
    assert_eq!(marked(&mut desk), [false, true]);
    desk.keys(&corners(SOME)).keys("<esc>");
    assert_eq!(marked(&mut desk), [false, false]);
    desk.keys("<tab> 1");
    assert_eq!(marked(&mut desk), [true, false]);
}

#[test]
fn a_narrow_window_tells_how_large_the_selected_box_is() {
    let mut desk = Desk::new(&["cat", "dog"], 3);
    desk.keys("2").keys(&corners(SOME));
    for width in [48, 60, 67, 80, 120] {
        let text = text_of(&desk.h.draw(width, 20).0);
        assert!(text.contains("1 of 1") && text.contains("128 x 120 px"), "{width}\n{text}");
        assert!(text.contains("dog"), "{width}\n{text}");
    }
    desk.keys("<esc>");
    assert!(!text_of(&desk.h.draw(60, 20).0).contains(" px"));
    // The class of the box is seen, also where there are more classes than room.
    let names: Vec<String> = (1..=30).map(|n| format!("class number {n}")).collect();
    let mut desk = Desk::new(&names.iter().map(String::as_str).collect::<Vec<_>>(), 3);
    desk.keys("9").keys(&corners(SOME));
    let text = text_of(&desk.h.draw(60, 20).0);
    assert!(text.contains("class number 9") && text.contains("128 x 120 px"), "{text}");
}

#[test]
fn pushes_of_a_box_are_one_decision() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("1").keys(&corners(SOME)).keys("l l l j j <enter> 1").keys(&corners(SOME)).keys("l");
    let told = lakelens::app::screens::label::actions::decisions(&desk.h.state);
    let told: Vec<_> = told.into_iter().map(|(_, id, what, _)| (id.0, what)).collect();
    assert_eq!(told, [(2, "1 box".to_owned()), (1, "1 box".to_owned())]);
}

#[test]
fn what_was_taken_back_is_named() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("1").keys(&corners(SOME)).keys("l u");
    assert!(desk.said().starts_with("taken back: ") && desk.said().ends_with(" (box moved)"), "{}", desk.said());
}

#[test]
fn the_boxes_of_the_picture_before_come_once() {
    let mut desk = Desk::with(vec![boxed(1, 3), sample(2)], &["cat"], Task::Detection);
    desk.keys("P");
    assert_eq!((desk.said().as_str(), desk.done.len()), ("no picture of this queue was shown before this one", 0));
    desk.keys("n P P P");
    assert_eq!((desk.boxes().len(), desk.done.len()), (3, 1), "{}", desk.said());
    assert_eq!(desk.said(), "the boxes of the picture before are here already");
    // One that was moved since comes again, the others do not.
    desk.keys("<tab> l P");
    assert_eq!((desk.boxes().len(), desk.done.len()), (4, 3));
}

#[test]
fn a_round_that_ends_at_once_says_nothing() {
    let mut desk = Desk::with(vec![boxed(1, 3), sample(2)], &["cat"], Task::Detection);
    desk.keys("<space> <esc>");
    assert_eq!(desk.said(), "");
    desk.keys("<space> <enter> <esc>");
    assert!(desk.said().starts_with("looked at 1:"), "{}", desk.said());
}

#[test]
fn outlines_are_called_outlines_and_no_box_is_offered() {
    let mut desk = Desk::with(vec![outlined(), sample(2)], &["cat", "dog"], Task::Segmentation);
    let text = text_of(&desk.h.draw(120, 30).0);
    assert!(text.contains("1 box, 2 outlines"), "{text}");
    desk.keys("d");
    assert!(!desk.said().contains("`b`") && desk.said().contains("`Tab`"), "{}", desk.said());
    desk.keys("n <space>");
    assert_eq!(desk.said(), "there are no outlines here; they come with an import");
    assert!(text_of(&desk.h.draw(120, 30).0).contains("outlines  none yet"));
}

#[test]
fn help_begins_with_the_keys_of_boxes_and_knows_no_words_that_fit_nothing() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("?");
    let text = text_of(&desk.h.draw(100, 30).0);
    let line = |what: &str| text.lines().position(|l| l.contains(what)).unwrap_or(usize::MAX);
    assert!(line("by four ends") < line("skip because"), "{text}");
    desk.h.text("zqzq");
    let text = text_of(&desk.h.draw(100, 30).0);
    assert!(text.contains("nothing fits `zqzq`"), "{text}");
}
