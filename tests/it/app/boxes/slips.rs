//! One slip of a finger loses nothing: what is half done asks, what would erase boxes asks first.

use super::{Desk, SOME, corners, outlined};
use crate::app::harness::sample;
use lakelens::app::overlays::Overlay;
use lakelens::app::screens::label::boxes::Stage;
use lakelens::domain::annotation::{Annotation, Prediction, Shape};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::ClassId;
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Sample, Status};

/// A picture with so many boxes of class 1 that somebody drew.
pub(in crate::app) fn boxed(n: usize, boxes: usize) -> Sample {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let one = |i: usize| {
        let shape = Shape::Box(BoxN { x: 0.05 + 0.1 * i as f64, ..SOME });
        Annotation { shape, ..Annotation::label(ClassId(1), "bob", at) }
    };
    let annotations = (0..boxes).map(one).collect();
    Sample { answer: Answer { status: Status::Labeled, annotations, ..Answer::default() }, ..sample(n) }
}

impl Desk {
    fn question(&self) -> Option<String> {
        match self.h.state.overlays.last() {
            Some(Overlay::Confirm(confirm)) => Some(confirm.question.clone()),
            _ => None,
        }
    }

    fn at(&self) -> usize {
        self.h.state.label().unwrap().at
    }
}

#[test]
fn enter_says_what_a_half_drawn_box_needs() {
    let mut desk = Desk::new(&["cat"], 3);
    for keys in ["b", "w", "t"] {
        desk.keys(keys).keys("<enter>");
        assert!(matches!(desk.stage(), Stage::Drawing(_)), "{keys}");
        assert!(desk.said().contains("letters choose"), "{}", desk.said());
        assert_eq!((desk.done.len(), desk.at()), (0, 0), "{keys}");
    }
    assert!(desk.said().contains("the other corner"), "{}", desk.said());
    // What begins something else leaves it as well.
    let drawn = desk.stage();
    desk.keys("<space> <C-r> <pgdn>");
    assert_eq!((desk.stage(), desk.done.len(), desk.at()), (drawn, 0, 0));
    // It is taken back step by step, and then there is nothing here.
    desk.keys("<esc> <esc> <enter>");
    assert_eq!((desk.done.len(), desk.at()), (1, 1));
}

#[test]
fn a_box_without_a_class_stays_until_it_has_one() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("b").keys(&corners(SOME));
    let drawn = desk.stage();
    for key in ["n", "p", "<space>", "m", "b", "s", "0", "E", "u", "<C-r>", "d", "P", "<enter>", "N", "f", "O"] {
        desk.keys(key);
        assert_eq!(desk.stage(), drawn, "{key}");
        assert!(desk.said().starts_with("which class?"), "{key}: {}", desk.said());
        assert_eq!((desk.done.len(), desk.at(), desk.h.state.overlays.len()), (0, 0, 0), "{key}");
        desk.h.state.messages = Default::default();
    }
    // Looking and asking for the class by its name do not lose it.
    desk.keys("> / c a t <enter>");
    assert_eq!((desk.boxes().len(), desk.stage()), (1, Stage::Rest));
}

#[test]
fn boxes_of_people_are_erased_only_after_a_question() {
    for (key, status) in [("0", Status::Labeled), ("E", Status::Labeled), ("s", Status::Skipped)] {
        let mut desk = Desk::with(vec![boxed(1, 3), sample(2)], &["cat"], Task::Detection);
        let before = desk.answer();
        desk.keys(key);
        assert!(desk.question().unwrap().contains("erase its 3 boxes?"), "{:?}", desk.question());
        // The same slip once more, and no.
        desk.keys(key).keys("n");
        assert_eq!((desk.answer(), desk.done.len(), desk.at()), (before.clone(), 0, 0), "{key}");
        desk.keys(key).keys("y");
        let first = desk.h.state.label().unwrap().walk[0].answer.clone();
        assert_eq!((first.status, first.annotations.len(), desk.at()), (status, 0, 1), "{key}");
        desk.keys("u");
        assert_eq!(desk.h.state.label().unwrap().walk[0].answer, before);
    }
    // In the round as well; and `x` brings sides to edges, whatever is on the picture.
    let mut desk = Desk::with(vec![boxed(1, 3), sample(2)], &["cat"], Task::Detection);
    desk.keys("<space> 0");
    assert!(desk.question().is_some() && desk.done.is_empty());
    desk.keys("<esc> <esc> x");
    assert_eq!((desk.boxes().len(), desk.done.len()), (3, 0));
    // Where there is nothing to lose, one key is enough.
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("0 s E");
    assert_eq!((desk.done.len(), desk.h.state.overlays.len()), (3, 0));
}

#[test]
fn an_answer_with_boxes_is_removed_only_after_a_question() {
    let mut desk = Desk::with(vec![boxed(1, 1), sample(2)], &["cat"], Task::Classification);
    let before = desk.answer();
    desk.keys("x");
    assert_eq!(desk.question().as_deref(), Some("Remove the answer and erase its box?"));
    desk.keys("n");
    assert_eq!(desk.answer(), before);
    desk.keys("x y");
    assert_eq!(desk.answer(), Answer::default());
    // A reason to skip is kept through the question.
    let mut desk = Desk::with(vec![boxed(1, 2), sample(2)], &["cat"], Task::Classification);
    desk.keys("S b l u r <enter>");
    assert_eq!(desk.question().as_deref(), Some("Skip this picture and erase its 2 boxes?"));
    desk.keys("y");
    let first = &desk.h.state.label().unwrap().walk[0].answer;
    assert!(first.status == Status::Skipped && first.skip_reason.is_some(), "{first:?}");
}

#[test]
fn a_detection_project_never_leaves_its_boxes() {
    let mut first = sample(1);
    let shape = Shape::Box(SOME);
    first.predictions = vec![Prediction { class: ClassId(1), shape, score: 0.9, model: "m".to_owned() }];
    let mut desk = Desk::with(vec![first, sample(2)], &["cat"], Task::Detection);
    desk.keys("<esc> <esc> <enter>");
    assert!(desk.h.state.boxes().is_some() && desk.boxes().len() == 1);
    // `Enter` again goes on and takes no guess twice; `x` snaps, `e` chooses edges.
    desk.keys("<esc> <esc> <enter> p");
    assert_eq!((desk.boxes().len(), desk.done.len()), (1, 1));
    desk.keys("<esc> x e h");
    assert!(desk.h.state.overlays.is_empty() && desk.answer().status == Status::Labeled);
    let accept = lakelens::app::registry::run(&mut desk.h.state, "label.accept", &[]);
    desk.h.effects.extend(accept);
    desk.keys("p");
    assert_eq!(desk.boxes().len(), 1, "the same action by its name does not add the guess again");
}

#[test]
fn nothing_is_drawn_in_a_project_of_classes() {
    for task in [Task::Classification, Task::Multilabel] {
        let mut desk = Desk::with(vec![sample(1), boxed(2, 2), sample(3)], &["cat", "dog"], task);
        desk.keys("b");
        assert!(desk.h.state.boxes().is_none());
        assert!(desk.said().contains("--task detection"), "{}", desk.said());
        // What came from elsewhere is seen, selected, given another class and deleted.
        desk.keys("n b");
        assert!(desk.h.state.boxes().is_some() && desk.stage() == Stage::Rest);
        desk.keys("b");
        assert!(desk.said().contains("--task detection") && desk.stage() == Stage::Rest, "{}", desk.said());
        desk.keys("P o X <tab> 2");
        assert_eq!(desk.boxes().iter().map(|b| b.0).collect::<Vec<_>>(), [2, 1]);
        desk.keys("d d");
        assert!(desk.boxes().is_empty() && desk.h.state.boxes().is_none(), "without boxes their keys are off again");
        desk.keys("u");
        assert_eq!(desk.boxes().len(), 1);
    }
}

#[test]
fn the_gallery_asks_before_boxes_are_erased() {
    let samples: Vec<Sample> = vec![boxed(1, 3), boxed(2, 4), sample(3)];
    let mut h = crate::app::gallery::gallery_of(samples);
    h.keys("<space> <space> <space> x");
    let Some(Overlay::Confirm(confirm)) = h.state.overlays.last() else { panic!() };
    assert!(confirm.detail.contains("7 boxes on 2 pictures would be erased."), "{}", confirm.detail);
    h.keys("n");
    assert!(h.writes().is_empty());
    // A class takes no boxes away.
    h.keys("1");
    assert!(h.state.overlays.is_empty() && !h.writes().is_empty());
}

#[test]
fn outlines_are_shapes_of_people_too() {
    let mut desk = Desk::with(vec![outlined(), sample(2)], &["cat"], Task::Segmentation);
    desk.keys("0");
    assert_eq!(desk.question().as_deref(), Some("Say that nothing is here and erase its 3 boxes?"));
}
