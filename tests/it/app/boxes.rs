//! Boxes: drawn by letters, pushed, given another class, looked at one after the other; every change one edit.

mod attributes;
mod cards;
mod credit;
mod laws;
mod mouse;
mod round;
pub(super) mod slips;

use super::harness::{Harness, project, sample};
use super::screens::snapshots;
use lakelens::app::effect::{Effect, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::screens::Screen;
use lakelens::app::screens::label::boxes::Stage;
use lakelens::app::screens::label::boxes::grid::Grid;
use lakelens::app::screens::label::state::LabelState;
use lakelens::app::slots::Slot;
use lakelens::domain::annotation::{Annotation, Prediction, Shape};
use lakelens::domain::edit::{Change, Edit, Origin, Outcome};
use lakelens::domain::geometry::{BoxN, Point};
use lakelens::domain::ids::{ClassId, Rev, SampleId};
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Sample, Status};
use std::collections::BTreeMap;

/// A machine on the Label screen of a detection project, and the store behind it.
pub(super) struct Desk {
    pub(super) h: Harness,
    /// What the store holds.
    pub(super) stored: BTreeMap<SampleId, (Rev, Answer)>,
    /// Edits that can be taken back, the last one last; and those that were.
    done: Vec<Edit>,
    undone: Vec<Edit>,
}

impl Desk {
    pub(super) fn new(classes: &[&str], samples: usize) -> Self {
        Self::with((1..=samples).map(sample).collect(), classes, Task::Detection)
    }

    pub(super) fn with(samples: Vec<Sample>, classes: &[&str], task: Task) -> Self {
        let label = LabelState { auto_advance: true, ..LabelState::default() };
        let mut h = Harness::new(Screen::Label(Box::new(label)));
        h.open(lakelens::domain::project::Project { task, ..project(classes) }, samples.len());
        let effects = lakelens::app::screens::label::walk::resume(&mut h.state, None);
        h.effects.extend(effects);
        let stored = samples.iter().map(|s| (s.id, (s.rev, s.answer.clone()))).collect();
        h.reply(Slot::WalkForward, Reply::Page { samples, end: true });
        h.show_all();
        h.effects.clear();
        Self { h, stored, done: Vec::new(), undone: Vec::new() }
    }

    /// Presses keys; the store takes what they write at once.
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.h.keys(key);
            self.settle();
        }
        self
    }

    fn settle(&mut self) {
        for effect in std::mem::take(&mut self.h.effects) {
            match effect {
                Effect::Write(Write::Edits(edits)) => edits.into_iter().for_each(|edit| self.take(edit)),
                Effect::Write(Write::Undo(_)) => self.back(false),
                Effect::Write(Write::Redo(_)) => self.back(true),
                _ => {}
            }
        }
    }

    fn take(&mut self, edit: Edit) {
        let Change::Answer { sample, base, before, after } = &edit.change else { panic!("{edit:?}") };
        let stored = self.stored.get_mut(sample).unwrap();
        assert_eq!((&stored.0, &stored.1), (base, before), "an edit that would meet what it did not see");
        *stored = (Rev(base.0 + 1), after.clone());
        let rev = stored.0;
        self.done.push(edit.clone());
        self.undone.clear();
        self.h.event(Event::Wrote(Wrote::Edits(vec![(edit, Outcome::Saved { rev })], None)));
    }

    fn back(&mut self, redo: bool) {
        let from = if redo { self.undone.pop() } else { self.done.pop() };
        let Some(edit) = from else {
            return self.h.event(Event::Wrote(Wrote::Undone {
                redo,
                edits: Vec::new(),
                samples: Vec::new(),
                counts: None,
            }));
        };
        let id = edit.change.sample().unwrap();
        let rev = self.stored[&id].0;
        let origin = if redo { Origin::Redo(edit.id) } else { Origin::Undo(edit.id) };
        let back = Edit { origin, ..Edit { change: edit.change.inverse(rev), ..edit } };
        let Change::Answer { after, .. } = &back.change else { panic!() };
        let now = (Rev(rev.0 + 1), after.clone());
        self.stored.insert(id, now.clone());
        let known = self.h.state.label().unwrap().walk.iter().find(|s| s.id == id).unwrap().clone();
        let shown = Sample { rev: now.0, answer: now.1, ..known };
        if redo {
            self.done.push(back.clone())
        } else {
            self.undone.push(back.clone())
        }
        let edits = vec![(back, Outcome::Saved { rev: now.0 })];
        self.h.event(Event::Wrote(Wrote::Undone { redo, edits, samples: vec![shown], counts: None }));
        self.h.effects.clear();
    }

    /// The answer of the picture on the screen.
    pub(super) fn answer(&self) -> Answer {
        self.h.state.label().unwrap().sample().unwrap().answer.clone()
    }

    /// Its boxes with their classes.
    pub(super) fn boxes(&self) -> Vec<(i64, BoxN)> {
        let of = |a: &Annotation| if let Shape::Box(at) = a.shape { Some((a.class.0, at)) } else { None };
        self.answer().annotations.iter().filter_map(of).collect()
    }

    pub(super) fn said(&self) -> String {
        self.h.state.messages.shown().map(|m| m.text.clone()).unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        self.h.state.boxes().unwrap().stage.clone()
    }
}

/// The keys of the places nearest to two corners of a picture of 320 x 240.
pub(super) fn corners(at: BoxN) -> String {
    let grid = Grid::of((320, 240));
    let [a, b] = grid.nearest(Point { x: at.x, y: at.y }, BoxN::ALL);
    let [c, d] = grid.nearest(Point { x: at.x + at.w, y: at.y + at.h }, BoxN::ALL);
    format!("{a} {b} {c} {d}")
}

const SOME: BoxN = BoxN { x: 0.2, y: 0.3, w: 0.4, h: 0.5 };

#[test]
fn five_keys_make_a_box() {
    let mut desk = Desk::new(&["cat", "dog"], 3);
    desk.keys("2").keys(&corners(SOME));
    let boxes = desk.boxes();
    assert_eq!((boxes.len(), boxes[0].0), (1, 2));
    assert!(boxes[0].1.iou(SOME) > 0.9, "{boxes:?}");
    // Five more: the class key draws the next box, it does not give the last one another class.
    let other = BoxN { x: 0.7, y: 0.1, w: 0.2, h: 0.2 };
    desk.keys("1").keys(&corners(other));
    assert_eq!(desk.boxes().iter().map(|b| b.0).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((desk.answer().status, desk.done.len()), (Status::Labeled, 2));
}

#[test]
fn the_class_may_come_last() {
    let mut desk = Desk::new(&["cat", "dog"], 3);
    desk.keys("b").keys(&corners(SOME));
    assert!(matches!(desk.stage(), Stage::Class(..)) && desk.boxes().is_empty());
    desk.keys("2");
    assert_eq!(desk.boxes()[0].0, 2);
    // The same class again with Enter.
    desk.keys("b").keys(&corners(SOME)).keys("<enter>");
    assert_eq!(desk.boxes().len(), 2);
}

#[test]
fn four_ends_make_a_box_too() {
    let mut desk = Desk::new(&["cat"], 3);
    let grid = Grid::of((320, 240));
    let ends = [(0.2, 0.5), (0.4, 0.3), (0.6, 0.5), (0.4, 0.8)];
    let keys: Vec<String> =
        ends.iter().flat_map(|(x, y)| grid.nearest(Point { x: *x, y: *y }, BoxN::ALL)).map(String::from).collect();
    desk.keys("X").keys(&keys.join(" ")).keys("1");
    assert!(desk.boxes()[0].1.iou(SOME) > 0.9, "{:?}", desk.boxes());
}

#[test]
fn escape_goes_back_one_step_and_loses_nothing() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("1").keys(&corners(SOME)).keys("b w w e");
    let steps = |desk: &Desk| match desk.stage() {
        Stage::Drawing(d) => (d.points.len(), d.cell.is_some()),
        _ => (9, false),
    };
    assert_eq!(steps(&desk), (1, true));
    desk.keys("<esc>");
    assert_eq!(steps(&desk), (1, false));
    desk.keys("<backspace>");
    assert_eq!(steps(&desk), (0, false));
    desk.keys("<esc>");
    assert_eq!(desk.stage(), Stage::Rest);
    assert_eq!(desk.boxes().len(), 1);
    desk.keys("<tab> e h <esc>");
    assert!(desk.h.state.boxes().unwrap().edge.is_none() && desk.h.state.selected_shape().is_some());
    desk.keys("<esc>");
    assert!(desk.h.state.selected_shape().is_none());
    desk.keys("<esc>");
    assert!(desk.h.state.boxes().is_some(), "a project that asks for boxes has no keys below them");
    assert_eq!((desk.said().as_str(), desk.boxes().len()), ("`Q` leaves the program", 1));
}

#[test]
fn letters_are_places_while_a_box_is_drawn() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("b q q G Z");
    assert!(desk.h.state.label().is_some() && matches!(desk.stage(), Stage::Drawing(_)));
    assert!(desk.boxes().is_empty());
    // After the box is there a slip of the finger does not close the screen.
    desk.keys("x z 1 q");
    assert!(desk.h.state.label().is_some());
    assert_eq!(desk.boxes().len(), 1);
}

#[test]
fn arrows_push_and_a_held_one_gets_faster() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("1").keys(&corners(SOME));
    let before = desk.boxes()[0].1;
    desk.keys("l");
    let one = desk.boxes()[0].1.x - before.x;
    assert!(one > 0.0 && (desk.boxes()[0].1.w - before.w).abs() < 1e-12);
    desk.keys("l l l l l l l l l l l");
    let twelve = desk.boxes()[0].1.x - before.x;
    assert!(twelve > 20.0 * one, "{one} {twelve}");
    assert_eq!(desk.done.len(), 13, "each push is an edit of its own");
    desk.keys("u");
    assert!(desk.boxes()[0].1.x - before.x < twelve);
}

#[test]
fn a_held_arrow_goes_on_pushing() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("1").keys(&corners(SOME));
    let before = desk.boxes()[0].1.y;
    for _ in 0..10 {
        desk.h.quick_keys("k");
        desk.settle();
    }
    assert!(desk.boxes()[0].1.y < before);
    assert_eq!(desk.done.len(), 11);
}

#[test]
fn one_edge_can_be_pushed_alone() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("1").keys(&corners(SOME));
    let before = desk.boxes()[0].1;
    desk.keys("e h h");
    let after = desk.boxes()[0].1;
    assert!(after.x < before.x && (after.x + after.w - before.x - before.w).abs() < 1e-12);
    assert_eq!((after.y, after.h), (before.y, before.h));
    // An arrow along the edge chooses another one.
    desk.keys("j j");
    let lower = desk.boxes()[0].1;
    assert!(lower.h > after.h && (lower.y, lower.x, lower.w) == (after.y, after.x, after.w));
    desk.keys("e e L");
    assert!(desk.boxes()[0].1.w > lower.w);
}

#[test]
fn a_selected_box_gets_another_class_and_is_deleted() {
    let mut desk = Desk::new(&["cat", "dog"], 3);
    desk.keys("1").keys(&corners(SOME)).keys("<esc> <tab> 2");
    assert_eq!(desk.boxes()[0].0, 2);
    desk.keys("o");
    assert_eq!(desk.boxes().len(), 2);
    desk.keys("d");
    assert_eq!(desk.boxes().len(), 1);
    desk.keys("<tab> d");
    assert!(desk.boxes().is_empty());
    assert_eq!(desk.answer().status, Status::Unlabeled, "that there is nothing is an answer of its own");
    desk.keys("u u u");
    assert_eq!(desk.boxes(), [(2, desk.boxes()[0].1)]);
}

#[test]
fn a_picture_without_boxes_is_done_with_enter() {
    let mut desk = Desk::new(&["cat"], 3);
    desk.keys("<enter>");
    let label = desk.h.state.label().unwrap();
    assert_eq!(label.at, 1);
    let first = &label.walk[0].answer;
    assert_eq!((first.status, first.annotations.len()), (Status::Labeled, 0));
    assert_eq!(desk.h.state.project.as_ref().unwrap().counts.empty, 1);
    // With boxes, Enter goes on and changes nothing.
    desk.keys("1").keys(&corners(SOME)).keys("<enter>");
    assert_eq!((desk.h.state.label().unwrap().at, desk.done.len()), (2, 2));
}

#[test]
fn the_boxes_of_the_picture_before_are_taken_over() {
    let mut desk = Desk::new(&["cat", "dog"], 3);
    desk.keys("2").keys(&corners(SOME)).keys("<enter> P");
    assert_eq!(desk.boxes()[0].0, 2);
    let label = desk.h.state.label().unwrap();
    let (one, two) = (&label.walk[0].answer.annotations[0], &label.walk[1].answer.annotations[0]);
    assert_eq!(one.shape, two.shape);
    assert_ne!(one.id, two.id);
    desk.keys("n P");
    assert_eq!(desk.boxes().len(), 1);
}

#[test]
fn guesses_of_a_model_are_taken_before_nothing_is_said() {
    let mut first = sample(1);
    let guess = |x: f64| Prediction {
        class: ClassId(1),
        shape: Shape::Box(BoxN { x, ..SOME }),
        score: 0.9,
        model: "m".to_owned(),
    };
    first.predictions = vec![guess(0.1), guess(0.3)];
    let mut desk = Desk::with(vec![first, sample(2)], &["cat"], Task::Detection);
    let (_, drawn) = desk.h.draw(80, 24);
    assert_eq!(drawn.pictures[0].marks.len(), 2, "guesses are shown before they are taken");
    desk.keys("<enter>");
    assert_eq!((desk.boxes().len(), desk.h.state.label().unwrap().at), (2, 0));
    desk.keys("<enter>");
    assert_eq!(desk.h.state.label().unwrap().at, 1);
}

/// A picture with a polygon, a mask, and a box.
fn outlined() -> Sample {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let point = |x: f64, y: f64| Point { x, y };
    let polygon = Shape::Polygon { parts: vec![vec![point(0.1, 0.1), point(0.3, 0.15), point(0.2, 0.4)]] };
    let mask = Shape::Mask { size: [4, 5], counts: vec![5, 2, 2, 1, 10] };
    let annotations = [polygon, mask, Shape::Box(SOME)]
        .into_iter()
        .map(|shape| Annotation { shape, ..Annotation::label(ClassId(1), "import", at) })
        .collect();
    Sample { answer: Answer { status: Status::Labeled, annotations, ..Answer::default() }, ..sample(1) }
}

#[test]
fn outlines_are_kept_byte_for_byte_unless_deleted() {
    let mut desk = Desk::with(vec![outlined(), sample(2)], &["cat", "dog"], Task::Segmentation);
    let before = desk.answer();
    desk.keys("1");
    assert!(desk.said().contains("cannot be drawn"), "{}", desk.said());
    desk.keys("<tab> l");
    assert!(desk.said().contains("keeps its outline"), "{}", desk.said());
    assert_eq!(desk.answer(), before);
    desk.keys("2 <tab> <tab> j");
    let after = desk.answer();
    assert_eq!(after.annotations[0].class, ClassId(2));
    for i in 0..2 {
        assert_eq!(after.annotations[i].shape, before.annotations[i].shape);
    }
    desk.keys("<esc> <tab> d");
    assert_eq!(desk.answer().annotations.len(), 2);
    desk.keys("u u u");
    assert_eq!(desk.answer(), before);
}

#[test]
fn the_box_that_is_pushed_is_drawn_above_the_picture() {
    let mut desk = Desk::new(&["cat"], 2);
    for x in [0.1, 0.5] {
        desk.keys("1").keys(&corners(BoxN { x, y: 0.2, w: 0.3, h: 0.3 }));
    }
    let (_, one) = desk.h.draw(80, 24);
    desk.keys("l");
    let (_, two) = desk.h.draw(80, 24);
    assert_eq!(one.pictures[0].marks, two.pictures[0].marks, "a push changes no pixel of the picture");
    assert_ne!(one.pictures[0].live, two.pictures[0].live);
    assert_eq!(two.pictures[0].marks.len(), 1);
    // Selecting does not either.
    desk.keys("<esc>");
    let (_, rest) = desk.h.draw(80, 24);
    desk.keys("<tab>");
    let (_, chosen) = desk.h.draw(80, 24);
    assert_eq!(rest.pictures[0].marks, chosen.pictures[0].marks);
    assert!(rest.pictures[0].live.is_none() && chosen.pictures[0].live.is_some());
}

#[test]
fn class_keys_of_a_detection_project_never_label_the_whole_picture() {
    let mut desk = Desk::new(&["cat", "dog"], 2);
    desk.keys("2");
    assert!(matches!(desk.stage(), Stage::Drawing(_)));
    desk.keys("<esc> <esc> <enter> / d o g <enter>");
    assert!(desk.done.iter().all(|e| !matches!(&e.change, Change::Answer { after, .. }
        if after.annotations.iter().any(|a| a.shape == Shape::Class))));
    let mut other = Desk::with(vec![sample(1), sample(2)], &["cat"], Task::Classification);
    assert!(other.h.state.boxes().is_none());
    other.keys("b").keys(&corners(SOME)).keys("1");
    let kinds: Vec<&str> = other.done.iter().flat_map(|e| kinds_after(e)).collect();
    assert!(!kinds.contains(&"box") && kinds.contains(&"class"), "{kinds:?}");
}

fn kinds_after(edit: &Edit) -> Vec<&'static str> {
    match &edit.change {
        Change::Answer { after, .. } => after.annotations.iter().map(|a| a.shape.kind()).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn read_only_draws_nothing() {
    let mut desk = Desk::new(&["cat"], 2);
    desk.h.state.read_only = true;
    desk.keys("1 b w w e e <enter> P");
    assert!(desk.done.is_empty() && desk.stage() == Stage::Rest);
}

#[test]
fn boxes_at_three_sizes() {
    let mut desk = Desk::new(&["cat", "dog", "a bird on a wire"], 3);
    desk.keys("2").keys(&corners(SOME)).keys("1").keys(&corners(BoxN { x: 0.7, y: 0.1, w: 0.2, h: 0.2 }));
    snapshots("boxes_selected", &mut desk.h);
    desk.keys("b");
    snapshots("boxes_first_choice", &mut desk.h);
    desk.keys("w");
    snapshots("boxes_second_choice", &mut desk.h);
    desk.keys("t d");
    snapshots("boxes_second_corner", &mut desk.h);
    desk.keys("g");
    snapshots("boxes_which_class", &mut desk.h);
    desk.keys("3 <esc> <space>");
    snapshots("boxes_round", &mut desk.h);
}
