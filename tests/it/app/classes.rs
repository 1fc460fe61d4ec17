//! The label-set editor: each change is one edit that can be undone, and no change makes a clash.

use super::gallery::{FLOWERS, edits, gallery};
use super::harness::{Harness, project};
use super::screens::snapshots;
use lakelens::app::effect::{Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::overlays::Overlay;
use lakelens::app::screens::Screen;
use lakelens::app::screens::classes::edit::reserved;
use lakelens::app::slots::Slot;
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Outcome};
use lakelens::domain::ids::{ClassId, Rev};
use lakelens::domain::project::Counts;

fn editor() -> Harness {
    let mut h = gallery(10);
    h.keys("e");
    h.effects.clear();
    h
}

fn labels(h: &Harness) -> LabelSet {
    h.state.labels()
}

fn names(h: &Harness) -> Vec<String> {
    labels(h).classes.iter().map(|c| c.name.clone()).collect()
}

fn problem(h: &Harness) -> String {
    match h.state.overlays.last() {
        Some(Overlay::Prompt(p)) => p.problem.clone().unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_opens_from_the_label_screen_the_gallery_and_the_projects() {
    let mut h = Harness::labelling(&FLOWERS, 5);
    h.keys("e");
    assert!(h.state.classes().is_some());
    h.keys("<esc>");
    assert!(h.state.label().is_some());
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.event(Event::Resized(80, 24));
    h.keys("g p");
    h.reply(
        Slot::Projects,
        Reply::Projects { all: vec![(project(&FLOWERS), Counts::default())], here: Default::default() },
    );
    h.keys("e");
    assert!(h.state.classes().is_some());
    assert_eq!(names(&h), FLOWERS);
    assert!(h.asked().iter().any(|q| matches!(q, Query::Project(_))), "somebody else may have changed it");
}

#[test]
fn adding_renaming_moving_retiring_colouring_are_one_edit_each() {
    let mut h = editor();
    h.keys("c").text("lilies").keys("<enter>");
    let added = labels(&h).classes[5].clone();
    assert_eq!((added.id, added.name.as_str(), added.hotkey.as_str(), added.colour), (ClassId(6), "lilies", "6", 5));
    assert_eq!(h.state.classes().unwrap().cursor, 5);
    h.keys("R <C-u>").text("lily").keys("<enter> K K");
    assert_eq!(names(&h), ["daisy", "dandelion", "roses", "lily", "sunflowers", "tulips"]);
    h.keys("J x C");
    assert!(labels(&h).classes[4].retired);
    let made = edits(&h);
    assert_eq!(made.len(), 7);
    assert_eq!(h.writes().len(), 7);
    let messages: Vec<&str> = made.iter().map(|e| e.message.as_str()).collect();
    assert_eq!(
        messages,
        ["add lilies", "rename lilies to lily", "move lily", "move lily", "move lily", "retire lily", "colour of lily"]
    );
    for pair in made.windows(2) {
        let (Change::Classes { after, .. }, Change::Classes { before, .. }) = (&pair[0].change, &pair[1].change) else {
            panic!("{pair:?}")
        };
        assert_eq!(after, before);
    }
    assert_eq!(h.state.save.unsent, 7);
}

#[test]
fn undo_shows_the_set_as_it_was() {
    let mut h = editor();
    h.keys("x");
    let edit = edits(&h).remove(0);
    let before = match &edit.change {
        Change::Classes { before, .. } => before.clone(),
        other => panic!("{other:?}"),
    };
    h.save_all();
    h.keys("u");
    assert!(matches!(h.writes()[..], [Write::Undo(_)]));
    let inverse = lakelens::domain::edit::Edit { change: edit.change.inverse(Rev(0)), ..edit };
    let edits = vec![(inverse, Outcome::Saved { rev: Rev(0) })];
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits, samples: Vec::new(), counts: None }));
    assert_eq!(labels(&h), before);
}

#[test]
fn merging_says_that_nothing_is_rewritten_and_can_be_taken_apart() {
    let mut h = editor();
    h.keys("M").text("roses").keys("<enter>");
    assert_eq!(labels(&h).classes[0].merged_into, Some(ClassId(3)));
    assert!(h.state.messages.shown().unwrap().text.contains("nothing was rewritten"));
    assert_eq!(edits(&h).len(), 1);
    // Its key is free now; when it comes back, it takes another one.
    h.keys("j e <C-u> 1 <enter>");
    assert_eq!(labels(&h).classes[1].hotkey, "1");
    h.keys("k M");
    let back = labels(&h).classes[0].clone();
    assert_eq!((back.merged_into, back.hotkey.as_str()), (None, "2"));
    assert!(labels(&h).problems(&[]).is_empty());
}

#[test]
fn no_merge_in_a_circle() {
    let mut h = editor();
    h.keys("M").text("roses").keys("<enter> j j M");
    let offered: Vec<String> = match h.state.overlays.last() {
        Some(Overlay::Picker(p)) => p.items.iter().map(|i| i.label.clone()).collect(),
        other => panic!("{other:?}"),
    };
    assert!(!offered.contains(&"daisy".to_owned()) && !offered.contains(&"roses".to_owned()));
}

#[test]
fn hotkeys_take_one_key_or_the_leader_and_refuse_clashes() {
    let mut h = editor();
    for (key, why) in [
        ("2", "share the hotkey"),
        ("s", "means something else"),
        ("ab", "is not one key"),
        (";", "is not one key"),
        ("0", "means something else"),
        ("V", "means something else"),
        ("e", "means something else"),
    ] {
        h.keys("e <C-u>").text(key).keys("<enter>");
        assert!(problem(&h).contains(why), "{key}: {}", problem(&h));
        h.keys("<esc>");
    }
    assert!(edits(&h).is_empty());
    h.keys("e <C-u>").text(";d").keys("<enter>");
    assert_eq!(labels(&h).classes[0].hotkey, ";d");
    h.keys("e <C-u> <enter>");
    assert_eq!(labels(&h).classes[0].hotkey, "");
    assert_eq!(edits(&h).len(), 2);
}

#[test]
fn keys_given_by_themselves_never_clash_with_commands() {
    let h = editor();
    let names: Vec<String> = (0..40).map(|i| format!("c{i}")).collect();
    let taken = reserved(&h.state);
    let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
    assert_eq!(LabelSet::from_names(&names, 1).problems(&taken), Vec::<String>::new());
}

#[test]
fn names_are_unique_and_not_empty() {
    let mut h = editor();
    h.keys("c").text("Roses").keys("<enter>");
    assert!(problem(&h).contains("two classes"));
    h.keys("<esc> c").text("  ").keys("<enter>");
    assert!(problem(&h).contains("needs a name"));
    h.keys("<esc> R <C-u>").text("tulips").keys("<enter>");
    assert!(problem(&h).contains("two classes"));
    assert!(edits(&h).is_empty());
}

#[test]
fn a_restored_class_cannot_bring_a_second_of_its_name() {
    let mut h = editor();
    h.keys("x c").text("daisy").keys("<enter> g g x");
    assert!(labels(&h).classes[0].retired);
    assert!(h.state.messages.shown().unwrap().text.contains("two classes"));
}

#[test]
fn somebody_elses_set_is_shown_after_a_conflict() {
    let mut h = editor();
    h.keys("x");
    let edit = edits(&h).remove(0);
    h.effects.clear();
    let outcome = Outcome::Conflict { rev: Rev(0), theirs: Default::default() };
    h.event(Event::Wrote(Wrote::Edits(vec![(edit, outcome)], None)));
    let mut theirs = project(&["daisy", "lilies"]);
    theirs.labels.classes[1].hotkey = "9".to_owned();
    h.reply(Slot::Project, Reply::Project(Box::new(theirs), Counts::default()));
    assert_eq!(names(&h), ["daisy", "lilies"]);
}

#[test]
fn read_only_changes_no_class() {
    let mut h = editor();
    h.state.read_only = true;
    h.keys("c R M K J x e C");
    assert!(edits(&h).is_empty() && h.state.overlays.is_empty());
}

#[test]
fn classes_snapshots() {
    let mut h = editor();
    h.state.project.as_mut().unwrap().counts.class =
        [(ClassId(1), 214), (ClassId(2), 301), (ClassId(3), 12_188)].into();
    h.keys("j x j j M").text("roses").keys("<enter> k");
    h.state.messages.expire(u64::MAX);
    snapshots("classes", &mut h);
}
