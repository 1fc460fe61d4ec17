//! Boxes in a blind second pass: drawn, changed and taken back by the keys of the Label screen, never the first answer's,
//! and compared with it.

use super::super::boxes::{Desk, corners};
use super::super::harness::{Harness, text_of};
use super::{answered, reviewing};
use crate::store::fixture::{Kind, SqliteFile, all, at, commit_one, edit, project_of};
use lakelens::app::effect::{Effect, Write};
use lakelens::app::event::{Event, Pointer, Reply, Wrote};
use lakelens::app::screens::label::boxes::sight::sight;
use lakelens::app::slots::Slot;
use lakelens::app::tasks::{TaskNews, TaskState};
use lakelens::domain::agreement::Study;
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::geometry::{BoxN, Point};
use lakelens::domain::ids::SampleId;
use lakelens::domain::project::Task;
use lakelens::domain::queue::Order;
use lakelens::domain::sample::{Answer, Sample, Status};
use lakelens::ops::Watch;
use lakelens::ops::agreement::{HIT, study};
use lakelens::ops::report::review::PassReport;

const SOME: BoxN = BoxN { x: 0.2, y: 0.3, w: 0.4, h: 0.5 };
const OTHER: BoxN = BoxN { x: 0.7, y: 0.1, w: 0.2, h: 0.2 };

/// A sample on which bob has drawn a box.
fn boxed(n: usize) -> Sample {
    let mut sample = answered(n, 2, "bob");
    sample.answer.annotations[0].shape = Shape::Box(SOME);
    sample
}

/// A second pass over these samples in a detection project.
fn pass(samples: Vec<Sample>) -> Harness {
    let mut h = reviewing(&["daisy", "roses", "tulips"], vec![answered(1, 2, "bob")]);
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    super::second_pass::drawn_at_once(&mut h);
    let id = h.effects.iter().find_map(|e| if let Effect::Start(id, _) = e { Some(*id) } else { None }).unwrap();
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Done("drawn".to_owned()))));
    let progress = PassReport { chosen: samples.len() as u64, answered: 0 };
    h.reply(Slot::WalkForward, Reply::SecondPass { samples, progress });
    h.show_all();
    h.effects.clear();
    h
}

/// The second answers since the last look.
fn given(h: &mut Harness) -> Vec<(SampleId, Answer)> {
    let effects = std::mem::take(&mut h.effects);
    let writes = effects.into_iter().filter_map(|e| if let Effect::Write(w) = e { Some(w) } else { None });
    writes
        .map(|write| match write {
            Write::SecondAnswer { sample, answer, .. } => (sample, answer),
            other => panic!("not a second answer: {other:?}"),
        })
        .collect()
}

fn boxes(answer: &Answer) -> Vec<(i64, BoxN)> {
    let of = |a: &Annotation| if let Shape::Box(at) = a.shape { Some((a.class.0, at)) } else { None };
    answer.annotations.iter().filter_map(of).collect()
}

/// The second answer on the screen.
fn here(h: &Harness) -> Answer {
    h.state.label().unwrap().sample().unwrap().answer.clone()
}

#[test]
fn the_boxes_of_the_first_answer_are_not_seen() {
    let mut h = pass((1..=3).map(boxed).collect());
    for (width, height) in [(160, 50), (80, 24), (40, 12)] {
        let (buffer, drawn) = h.draw(width, height);
        assert!(drawn.pictures.iter().chain(&drawn.ahead).all(|p| p.marks.is_empty() && p.live.is_none()));
        let text = text_of(&buffer);
        assert!(!text.contains("bob") && !text.contains("1 box"), "{text}");
    }
    // Neither by the keys that look at boxes or take those of the picture before.
    h.keys("<tab> P <space>");
    assert!(here(&h).annotations.is_empty() && given(&mut h).is_empty());
}

#[test]
fn boxes_are_drawn_moved_classed_and_deleted_as_the_second_answer() {
    let mut h = pass((1..=3).map(boxed).collect());
    h.keys("3").keys(&corners(OTHER));
    let drawn = boxes(&here(&h));
    assert!(drawn.len() == 1 && drawn[0].0 == 3 && drawn[0].1.iou(OTHER) > 0.9, "{drawn:?}");
    let author = here(&h).annotations[0].author.clone();
    assert_eq!((author, given(&mut h)), (h.state.user.clone(), vec![(SampleId(1), here(&h))]));
    h.keys("<right> <S-down> <esc> <tab> 1");
    let changed = boxes(&here(&h));
    assert!(changed[0].0 == 1 && changed[0].1.x > drawn[0].1.x && changed[0].1.h > drawn[0].1.h, "{changed:?}");
    let told = given(&mut h);
    assert_eq!((told.len(), &told[2].1), (3, &here(&h)));
    h.keys("d");
    let told = given(&mut h);
    assert_eq!((told[0].1.status, told[0].1.annotations.len()), (Status::Unlabeled, 0), "no answer any more");
}

#[test]
fn the_mouse_draws_too() {
    let mut h = pass((1..=2).map(boxed).collect());
    for (what, x, y) in [(Pointer::Press, 0.2, 0.3), (Pointer::Drag, 0.5, 0.6), (Pointer::Release, 0.6, 0.8)] {
        let place = sight(&h.state).unwrap().on_screen(Point { x, y });
        h.event(Event::Pointer(what, place));
    }
    h.keys("2");
    assert!(boxes(&here(&h))[0].1.iou(SOME) > 0.99, "{:?}", here(&h));
    assert_eq!(given(&mut h).len(), 1);
}

#[test]
fn undo_takes_back_one_change_on_whatever_picture_and_redo_makes_it_again() {
    let mut h = pass((1..=3).map(boxed).collect());
    h.keys("1").keys(&corners(SOME)).keys("2").keys(&corners(OTHER)).keys("<enter>");
    assert_eq!(h.state.label().unwrap().at, 1);
    h.keys("<enter>");
    assert_eq!((h.state.label().unwrap().at, given(&mut h).last().unwrap().1.status), (2, Status::Labeled));
    h.keys("u");
    assert_eq!((h.state.label().unwrap().at, here(&h).status), (1, Status::Unlabeled));
    h.keys("u");
    assert_eq!((h.state.label().unwrap().at, boxes(&here(&h)).len()), (0, 1));
    h.keys("u u");
    assert_eq!(here(&h), Answer::default());
    assert!(h.state.messages.shown().unwrap().text.contains("nothing to take back"));
    let told = given(&mut h);
    assert_eq!(
        told.iter().map(|(id, a)| (id.0, a.status)).collect::<Vec<_>>(),
        [(2, Status::Unlabeled), (1, Status::Labeled), (1, Status::Unlabeled),]
    );
    h.keys("<C-r> <C-r>");
    assert_eq!(boxes(&here(&h)).iter().map(|b| b.0).collect::<Vec<_>>(), [1, 2]);
    // A new change ends what can be made again.
    h.keys("<tab> d <C-r>");
    assert!(h.state.messages.shown().unwrap().text.contains("nothing to make again"));
}

#[test]
fn the_pass_ends_with_enter_and_not_with_the_first_box_of_the_last_picture() {
    let mut h = pass((1..=2).map(boxed).collect());
    let stored = |answered| Event::Wrote(Wrote::SecondAnswer(Ok(PassReport { chosen: 2, answered })));
    h.keys("1").keys(&corners(SOME));
    assert!(h.screen(80, 24).contains("1 / 2"));
    h.keys("2").keys(&corners(OTHER));
    assert!(h.screen(80, 24).contains("1 / 2"), "two boxes are one picture");
    h.keys("<enter>").keys("1").keys(&corners(SOME));
    for answered in [1, 1, 1, 2] {
        h.event(stored(answered));
    }
    assert!(h.state.second_pass().is_some(), "another box may follow");
    h.keys("2").keys(&corners(OTHER));
    h.event(stored(2));
    assert!(h.state.second_pass().is_some());
    h.keys("<enter>");
    h.event(stored(2));
    assert!(h.state.second_pass().is_none() && h.state.stats().is_some());
}

#[test]
fn two_passes_drawn_by_keys_give_overlap_and_f1() {
    let kind = SqliteFile::new();
    let mut store = kind.connect();
    let (project, ids) = project_of(store.as_mut(), "p", 3);
    // The first person: two boxes, one box, nothing.
    let samples = all(store.as_mut(), project.id, "", Order::Path);
    let mut desk = Desk::with(samples, &["daisy", "roses", "tulips"], Task::Detection);
    desk.h.state.user = "bob".to_owned();
    desk.keys("1").keys(&corners(SOME)).keys("2").keys(&corners(OTHER)).keys("<enter>");
    desk.keys("1").keys(&corners(SOME)).keys("<enter>").keys("E");
    for (i, id) in ids.iter().enumerate() {
        let made = edit(store.as_mut(), *id, desk.stored[id].1.clone(), "bob", i as i64);
        commit_one(store.as_mut(), &made);
    }
    assert_eq!(store.start_second_pass(project.id, 1.0, 1, "ann").unwrap(), 3);

    // The second: the first box shifted by a quarter of its width, the other one not seen; the same; nothing either.
    let asked = store.second_pass_next(project.id, "ann", 64).unwrap();
    let mut h = pass(asked);
    let shifted = BoxN { x: 0.3, ..SOME };
    for _ in 0..3 {
        let id = h.state.label().unwrap().sample().unwrap().id;
        match ids.iter().position(|i| *i == id) {
            Some(0) => h.keys("1").keys(&corners(shifted)).keys("<enter>"),
            Some(1) => h.keys("1").keys(&corners(SOME)).keys("<enter>"),
            _ => h.keys("E"),
        };
    }
    for (i, (id, answer)) in given(&mut h).into_iter().enumerate() {
        store.answer_second_pass(project.id, id, &answer, "ann", at(90 + i as i64)).unwrap();
    }
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    let told = study(store.as_mut(), project.id, Study::new(&project.labels, HIT), &mut watch).unwrap();
    let boxes = told.all.boxes.unwrap();
    assert_eq!((boxes.compared, boxes.empty, boxes.boxes), (3, 1, 5));
    // Overlaps of 0.6 and 1; two hits of two and three boxes.
    assert!((boxes.iou.value.unwrap() - 0.8).abs() < 0.03, "{boxes:?}");
    assert!((boxes.f1.value.unwrap() - 0.8).abs() < 1e-9, "{boxes:?}");
    // The first answers are what they were.
    assert_eq!(all(store.as_mut(), project.id, "by:ann", Order::Path).len(), 0);
}
