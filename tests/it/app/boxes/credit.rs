//! Whose a box is after somebody changed it.

use super::slips::boxed;
use super::{Desk, SOME, corners};
use crate::app::harness::sample;
use lakelens::domain::annotation::Annotation;
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Sample, Status};
use std::collections::BTreeSet;

fn authors(answer: &Answer) -> Vec<&str> {
    answer.annotations.iter().map(|a| a.author.as_str()).collect()
}

#[test]
fn a_box_is_theirs_who_moved_it_or_gave_it_its_class() {
    let mut desk = Desk::with(vec![boxed(1, 3), sample(2)], &["cat", "dog"], Task::Detection);
    let before = desk.answer();
    assert_eq!(authors(&before), ["bob", "bob", "bob"]);
    desk.keys("<tab> l");
    assert_eq!(authors(&desk.answer()), ["ann", "bob", "bob"]);
    let untouched = |answer: &Answer| answer.annotations[2].clone();
    desk.keys("<tab> 2");
    let after = desk.answer();
    assert_eq!(authors(&after), ["ann", "ann", "bob"]);
    let moved: &Annotation = &after.annotations[0];
    assert_eq!((moved.at > before.annotations[0].at, moved.id), (true, before.annotations[0].id));
    assert_eq!(untouched(&after), untouched(&before));
    // `Enter` claims nothing, and undo gives each back to whom it was.
    desk.keys("<esc> <enter> p");
    assert_eq!(desk.answer(), after);
    desk.keys("u u");
    assert_eq!(desk.answer(), before);
}

#[test]
fn what_changes_nothing_makes_nobody_its_author() {
    let mut desk = Desk::with(vec![boxed(1, 2), sample(2)], &["cat", "dog"], Task::Detection);
    let before = desk.answer();
    // The class that it has already; then against the edge, where the last pushes change nothing.
    desk.keys("<tab> 1");
    assert_eq!((desk.answer(), desk.done.len()), (before, 0));
    for _ in 0..40 {
        desk.keys("h");
    }
    let (there, count) = (desk.answer(), desk.done.len());
    desk.keys("h h");
    assert_eq!((desk.answer(), desk.done.len()), (there, count));
}

fn drafted() -> Sample {
    let given = boxed(1, 3);
    let answer = given.answer.as_draft("bob", jiff::Timestamp::UNIX_EPOCH).unwrap();
    Sample { answer, ..given }
}

#[test]
fn a_draft_is_theirs_who_confirms_it() {
    let mut desk = Desk::with(vec![drafted(), sample(2)], &["cat", "dog"], Task::Detection);
    let draft = desk.answer();
    desk.keys("<enter>");
    let first = desk.h.state.label().unwrap().walk[0].answer.clone();
    assert_eq!(first, draft.confirmed("ann", first.annotations[0].at));
    assert_eq!((first.status, desk.done.len()), (Status::Labeled, 1));
    desk.keys("p <enter>");
    assert_eq!(desk.done.len(), 1, "it is confirmed once");
}

#[test]
fn who_moves_one_box_of_a_draft_answers_for_the_draft() {
    for keys in ["<tab> l", "<tab> 2", "<tab> d"] {
        let mut desk = Desk::with(vec![drafted(), sample(2)], &["cat", "dog"], Task::Detection);
        let draft = desk.answer();
        desk.keys(keys);
        let answer = desk.answer();
        assert_eq!(answer.status, Status::Labeled, "{keys}");
        assert_eq!(authors(&answer).into_iter().collect::<BTreeSet<_>>(), ["ann"].into(), "{keys}");
        desk.keys("u");
        assert_eq!(desk.answer(), draft, "{keys}");
    }
    let mut desk = Desk::with(vec![drafted(), sample(2)], &["cat", "dog"], Task::Detection);
    desk.keys("1").keys(&corners(SOME));
    assert_eq!(authors(&desk.answer()), ["ann"; 4]);
}
