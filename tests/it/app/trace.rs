//! What happened to a picture or a box: the panel above the Label and the Review screen.

use super::harness::{Harness, project, sample, text_of};
use super::screens::snapshots;
use jiff::SignedDuration;
use lakelens::app::effect::Query;
use lakelens::app::event::{HistoryLine, Reply};
use lakelens::app::overlays::Overlay;
use lakelens::app::slots::Slot;
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::edit::{Change, Edit, Origin};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{ClassId, EditId, ProjectId, Rev, SampleId};
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Status};

fn boxed(class: i64, x: f64, now: jiff::Timestamp) -> Annotation {
    let shape = Shape::Box(BoxN { x, y: 0.2, w: 0.3, h: 0.4 });
    Annotation { shape, ..Annotation::label(ClassId(class), "ann", now) }
}

fn with(annotations: &[&Annotation]) -> Answer {
    let annotations: Vec<Annotation> = annotations.iter().map(|a| (*a).clone()).collect();
    let status = if annotations.is_empty() { Status::Unlabeled } else { Status::Labeled };
    Answer { status, annotations, ..Answer::default() }
}

/// A machine on a picture with two boxes, the first of which is selected, and the panel open; the edits are newest first.
fn opened() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses"], 3);
    let mut boxes = project(&["daisy", "roses"]);
    boxes.task = Task::Detection;
    h.open(boxes, 3);
    let now = h.state.now;
    let (one, other) = (boxed(1, 0.1, now), boxed(2, 0.6, now));
    let moved = Annotation { shape: Shape::Box(BoxN { x: 0.15, y: 0.2, w: 0.3, h: 0.4 }), ..one.clone() };
    let roses = Annotation { class: ClassId(2), ..moved.clone() };
    let states = [
        with(&[]),
        with(&[&one]),
        with(&[&one, &other]),
        with(&[&moved, &other]),
        with(&[&other]),
        with(&[&moved, &other]),
    ];
    let people = ["ann", "ann", "bob.with.a.long.name@example.org", "cleo", "cleo"];
    let mut edits: Vec<Edit> = states
        .windows(2)
        .zip(people)
        .zip(0..)
        .map(|((pair, who), n)| {
            let (before, after) = (pair[0].clone(), pair[1].clone());
            let change = Change::Answer { sample: SampleId(1), base: Rev(n), before, after };
            Edit::by_person(ProjectId(1), change, who, now - SignedDuration::from_hours(100 - n * 20))
        })
        .collect();
    edits[4].origin = Origin::Undo(EditId::fresh());
    let before = with(&[&moved, &other]);
    let change = Change::Answer { sample: SampleId(1), base: Rev(5), before, after: with(&[&roses, &other]) };
    edits.push(Edit::by_person(ProjectId(1), change, "ann", now));
    h.state.label_mut().unwrap().sample_mut().unwrap().answer = with(&[&roses, &other]);
    h.keys("b <tab>");
    assert!(h.state.selected_shape().is_some());
    h.effects.clear();
    h.keys("g b");
    assert!(h.asked().contains(&Query::History { project: ProjectId(1), sample: Some(SampleId(1)), limit: 1_000 }));
    let line = |edit: &Edit| HistoryLine { edit: edit.clone(), path: Some(sample(1).path), undone: false };
    h.reply(Slot::Trace, Reply::History(edits.iter().rev().map(line).collect()));
    h
}

#[test]
fn the_selected_box_is_followed_and_the_picture_on_request() {
    let mut h = opened();
    let text = text_of(&h.draw(100, 30).0);
    let wanted = ["daisy → roses", "undo: drawn as daisy", "deleted (daisy)", "moved, overlap 0.71", "drawn as daisy"];
    let found: Vec<Option<usize>> = wanted.iter().map(|w| text.rfind(w)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{found:?}\n{text}");
    assert!(text.contains("the selected roses in 0001.jpg") && text.contains("4 days ago"), "{text}");
    h.keys("<tab>");
    let text = text_of(&h.draw(100, 30).0);
    assert!(text.contains("drawn as roses") && text.contains("unlabeled → 1 box"), "{text}");
    h.keys("1 q");
    assert!(h.state.overlays.is_empty() && h.writes().is_empty(), "keys are the panel's");
}

#[test]
fn trace_screens() {
    let mut h = opened();
    snapshots("trace", &mut h);
}

#[test]
fn an_answer_that_cannot_be_read_is_said() {
    let mut h = Harness::labelling(&["daisy"], 2);
    h.keys("g b");
    assert!(matches!(h.state.overlays.last(), Some(Overlay::Trace(_))));
    h.reply(Slot::Trace, Reply::Failed("the store does not answer".to_owned()));
    assert!(h.state.overlays.is_empty() && h.screen(80, 24).contains("does not answer"));
}
