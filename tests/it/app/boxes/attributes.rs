//! Attributes of the selected box: shown beside the picture, flags set by a key, values typed; every change one edit.

use super::Desk;
use super::slips::boxed;
use crate::app::harness::{sample, text_of};
use crate::app::screens::snapshots;
use lakelens::app::event::Event;
use lakelens::app::overlays::Overlay;
use lakelens::domain::attribute::Attributes;
use lakelens::domain::project::Task;
use lakelens::domain::trace::of_shape;
use serde_json::{Value, json};

/// A desk on a picture with two boxes, the first of which is selected and has attributes of every kind.
fn desk() -> Desk {
    let mut one = boxed(1, 2);
    let text = r#"{"color": "red\u001b[31m", "difficult": "0", "iscrowd": 1, "keypoints": [0.1, 0.2, 2, 0, 0, 0],
        "seen": false, "z_order": 3}"#;
    one.answer.annotations[0].attributes = serde_json::from_str(text).unwrap();
    let mut desk = Desk::with(vec![one, sample(2)], &["cat", "dog"], Task::Detection);
    desk.keys("<tab>");
    desk
}

impl Desk {
    fn attributes(&self) -> Attributes {
        self.answer().annotations[0].attributes.clone()
    }

    fn typed(&mut self, text: &str) -> &mut Self {
        self.h.text(text);
        self.keys("<enter>")
    }

    fn problem(&self) -> String {
        match self.h.state.overlays.last() {
            Some(Overlay::Attributes(panel)) => panel.problem.clone().unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn two_keys_set_a_flag_and_one_takes_it_back() {
    let mut desk = desk();
    desk.keys(". o");
    assert_eq!(desk.attributes()["occluded"], json!(true));
    assert_eq!((desk.done.len(), desk.answer().annotations[0].author.as_str()), (1, "ann"));
    assert!(!desk.answer().annotations[1].attributes.contains_key("occluded"), "the other box is as it was");
    desk.keys("u");
    assert!(!desk.attributes().contains_key("occluded"));
    // A number that means yes, and a text that means no.
    desk.keys(". c . d");
    assert_eq!((desk.attributes().get("iscrowd"), &desk.attributes()["difficult"]), (None, &json!(true)));
    desk.keys("<esc> . t");
    assert!(
        !desk.attributes().contains_key("truncated") && desk.said().contains("nothing is selected"),
        "{}",
        desk.said()
    );
}

#[test]
fn the_panel_sets_types_adds_and_deletes() {
    let mut desk = desk();
    desk.keys(". . 1 2");
    assert_eq!((&desk.attributes()["occluded"], &desk.attributes()["truncated"]), (&json!(true), &json!(true)));
    // `color` is the fifth row: its text is there to be changed; another kind of text is no number.
    desk.keys("5 <C-u>").typed("dark blue");
    assert_eq!(desk.attributes()["color"], json!("dark blue"));
    desk.keys("8 <C-u>").typed("high");
    assert!(desk.problem().contains("number"), "{}", desk.problem());
    desk.keys("<C-u>").typed("7");
    assert_eq!(desk.attributes()["z_order"], json!(7));
    // What has parts stays as it is.
    desk.keys("6");
    assert!(desk.problem().contains("imported"), "{}", desk.problem());
    desk.keys("a").typed("keypoints=gone");
    assert!(desk.problem().contains("imported") && desk.attributes()["keypoints"].is_array(), "{}", desk.problem());
    desk.keys("<esc> a").typed("pose = left").keys("a").typed("crowd=no");
    assert_eq!((&desk.attributes()["pose"], &desk.attributes()["iscrowd"]), (&json!("left"), &json!(false)));
    desk.keys("5 <esc> x");
    assert!(!desk.attributes().contains_key("color"));
    let changes = desk.done.len();
    assert_eq!(changes, 7);
    // Keys are the panel's: none of them labels, moves or deletes a box.
    desk.keys("j j k h l s w n <end> <home> b");
    assert_eq!((desk.done.len(), desk.boxes().len(), desk.h.state.label().unwrap().at), (changes, 2, 0));
    desk.keys("u");
    assert_eq!(desk.attributes()["color"], json!("dark blue"), "undo works inside");
    desk.keys("<esc>");
    assert!(desk.h.state.overlays.is_empty() && desk.h.state.selected_shape().is_some());
    desk.keys("u u u u u u");
    assert_eq!(desk.attributes(), self::desk().attributes(), "one step each");
}

#[test]
fn who_changed_which_attribute_is_told() {
    let mut desk = desk();
    let id = desk.answer().annotations[0].id;
    desk.keys(". o . . 5 <C-u>").typed("blue").keys("x <esc>");
    let labels = desk.h.state.labels();
    let told: Vec<String> =
        of_shape(&desk.done, id, &labels).into_iter().map(|step| format!("{} {}", step.author, step.what)).collect();
    assert_eq!(told, ["ann occluded: yes", "ann color: red\u{1b}[31m → blue", "ann without color"]);
}

#[test]
fn nothing_is_changed_that_cannot_be() {
    let mut desk = desk();
    let before = desk.attributes();
    desk.h.state.read_only = true;
    desk.keys(". o . . 1");
    assert!(desk.problem().contains("read-only"), "{}", desk.problem());
    assert_eq!(desk.attributes(), before);
    desk.h.state.read_only = false;
    // A held key does not set and take back in turns.
    let press = lakelens::domain::key::KeyPress::parse("1").unwrap();
    for _ in 0..4 {
        desk.h.event(Event::Key { press, repeat: true });
    }
    assert_eq!((desk.attributes(), desk.done.len()), (before.clone(), 0));
    // Half typed, then left: nothing of it stays, and a paste is no key.
    desk.keys("a");
    desk.h.event(Event::Paste("worn=\u{7}yes".to_owned()));
    desk.keys("<esc> <esc>");
    assert_eq!((desk.attributes(), desk.done.len()), (before, 0));
    desk.keys(". . a <enter>");
    assert!(desk.problem().contains("name"), "{}", desk.problem());
}

#[test]
fn they_stand_beside_the_picture() {
    let mut desk = desk();
    let text = text_of(&desk.h.draw(100, 30).0);
    for wanted in ["          crowd", "color     red", "keypoints 2 points, 1 seen", "z_order   3"] {
        assert!(text.contains(wanted), "`{wanted}` in\n{text}");
    }
    assert!(!text.contains('\u{1b}') && !text.contains("seen      no"), "{text}");
    let narrow = text_of(&desk.h.draw(60, 20).0);
    assert!(narrow.contains("crowd, color=red"), "{narrow}");
    desk.keys("<tab>");
    let none = text_of(&desk.h.draw(100, 30).0);
    assert!(!none.contains("crowd") && !none.contains("z_order"), "nothing where there is nothing:\n{none}");
}

#[test]
fn as_many_as_an_import_brings_are_bounded_on_the_screen() {
    let mut desk = desk();
    let many: Attributes =
        (0..5_000).map(|n| (format!("attribute number {n:05}"), Value::from("x".repeat(500)))).collect();
    desk.h.state.label_mut().unwrap().walk[0].answer.annotations[0].attributes = many;
    let text = text_of(&desk.h.draw(80, 24).0);
    assert!(text.contains("more: `. .`"), "{text}");
    desk.keys(". . <end>");
    let text = text_of(&desk.h.draw(80, 24).0);
    assert!(text.contains("of 1000"), "{text}");
}

#[test]
fn attributes_at_three_sizes() {
    let mut desk = desk();
    snapshots("attributes_beside", &mut desk.h);
    desk.keys(". . j j j j");
    snapshots("attributes", &mut desk.h);
    desk.keys("<enter>");
    snapshots("attributes_typed", &mut desk.h);
    desk.keys("<esc> <esc> .");
    snapshots("attributes_keys", &mut desk.h);
}
