//! Two answers to one picture, side by side: what each key decides, and that nothing is thrown away.

use super::boxes::corners;
use super::harness::{Harness, sample, text_of};
use super::screens::snapshots;
use jiff::Timestamp;
use lakelens::app::effect::{JumpTo, Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::picture::{PictureState, Window};
use lakelens::app::screens::Screen;
use lakelens::app::screens::adjudicate::{Dispute, current};
use lakelens::app::screens::label::state::picture;
use lakelens::app::slots::Slot;
use lakelens::domain::agreement::objects::objects;
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{ClassId, Rev, SampleId};
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Note, Status};
use lakelens::media::info::ImageInfo;
use std::sync::Arc;

const CLASSES: [&str; 3] = ["daisy", "roses", "tulips"];

fn given(class: i64, boxes: &[f64]) -> Answer {
    let label = |class| Annotation::label(ClassId(class), "x", Timestamp::UNIX_EPOCH);
    let at = |x: &f64| Shape::Box(BoxN { x: *x, y: 0.2, w: 0.25, h: 0.5 });
    let annotations = match boxes {
        [] => vec![label(class)],
        all => all.iter().map(|x| Annotation { shape: at(x), ..label(class) }).collect(),
    };
    Answer { status: Status::Labeled, annotations, ..Answer::default() }
}

fn dispute(n: usize, a: Answer, b: Answer) -> Dispute {
    let mut sample = sample(n);
    (sample.answer, sample.rev) = (a.clone(), Rev(4));
    Dispute {
        objects: objects(&a, &b, &LabelSet::from_names(&CLASSES, 1)),
        sample,
        a: (a, "dora".to_owned()),
        b: (b, "bob\u{1b}[2J".to_owned()),
    }
}

/// The screen with these disputes, their pictures on it.
fn opened(disputes: Vec<Dispute>) -> Harness {
    let mut h = Harness::labelling(&CLASSES, 10);
    h.keys("g d");
    assert!(matches!(h.asked().as_slice(), [.., Query::Disputes(_)]), "{:?}", h.asked());
    let project = h.state.project.as_ref().unwrap().project.clone();
    for d in &disputes {
        let info = ImageInfo {
            format: "jpeg".to_owned(),
            width: 320,
            height: 240,
            bytes: 9,
            frames: 1,
            ..ImageInfo::default()
        };
        let shown = PictureState::Shown { exact: true, info: Arc::new(info) };
        h.event(Event::Picture(picture(&project, &d.sample), shown));
    }
    h.reply(Slot::Disputes, Reply::Disputes { disputes, more: false });
    h.effects.clear();
    h
}

fn three() -> Vec<Dispute> {
    vec![
        dispute(1, given(1, &[]), given(2, &[])),
        dispute(2, given(2, &[]), given(3, &[])),
        dispute(3, given(1, &[]), given(3, &[])),
    ]
}

fn edits(h: &Harness) -> Vec<Edit> {
    let all = h.writes().into_iter().flat_map(|w| if let Write::Edits(edits) = w { edits } else { Vec::new() });
    all.collect()
}

#[test]
fn a_key_decides_the_picture_on_the_screen_by_an_ordinary_edit() {
    let mut h = opened(three());
    h.keys("a b");
    let made = edits(&h);
    let told: Vec<_> = made.iter().map(|e| (e.change.sample().unwrap(), e.message.as_str(), e.batch)).collect();
    assert_eq!(
        told,
        [
            (SampleId(1), "decided: daisy by dora, not roses by bob\u{1b}[2J", None),
            (SampleId(2), "decided: tulips by bob\u{1b}[2J, not roses by dora", None),
        ]
    );
    let Change::Answer { before, after, base, .. } = &made[1].change else { panic!() };
    assert_eq!((before.classes(&h.state.labels()), *base), (vec![ClassId(2)], Rev(4)));
    assert_eq!(after, &given_as(after, 3), "the answer as it was given, author and all");
    // What stands already is written too: that somebody has looked is part of the history.
    let Change::Answer { before, after, .. } = &made[0].change else { panic!() };
    assert_eq!(before, after);
    let screen = h.screen(80, 24);
    assert!(screen.contains("B stands: bob\\x1b[2J") && screen.contains("1 / 1"), "{screen}");
    h.keys("u");
    assert!(h.writes().iter().any(|w| matches!(w, Write::Undo(_))));
}

fn given_as(answer: &Answer, class: i64) -> Answer {
    assert_eq!(answer.annotations[0].class, ClassId(class));
    assert_eq!(answer.annotations[0].author, "x");
    answer.clone()
}

#[test]
fn names_are_hidden_until_the_decision() {
    let mut h = opened(three());
    for (w, height) in [(160, 50), (80, 24), (40, 12)] {
        let (buffer, _) = h.draw(w, height);
        let text = text_of(&buffer);
        assert!(!text.contains("dora") && !text.contains("bob"), "{text}");
        assert!(text.contains("daisy") && text.contains("roses"), "{text}");
    }
}

#[test]
fn both_are_for_boxes_and_several_classes_only() {
    let mut h = opened(three());
    h.keys("c");
    assert!(h.writes().is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("one class; take A or B"));
    let mut h = opened(vec![dispute(1, given(1, &[0.1, 0.5]), given(1, &[0.12]))]);
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    h.keys("c");
    let Change::Answer { after, .. } = &edits(&h)[0].change else { panic!() };
    assert_eq!(after.annotations.len(), 2, "the box that both have stands once");
    assert!(edits(&h)[0].message.starts_with("decided: both 2 boxes by dora and 1 box by bob"));
}

/// The disputes that are left, and where one is.
fn left(h: &Harness) -> (Vec<i64>, Option<i64>) {
    let Some(Screen::Adjudicate(here)) = h.state.screen() else { panic!("another screen") };
    let ids = here.disputes.iter().flatten().map(|d| d.sample.id.0).collect();
    (ids, current(&h.state).map(|d| d.sample.id.0))
}

/// Opens the dispute on the screen for a third answer, its picture shown.
fn anew(h: &mut Harness) {
    let there = current(&h.state).unwrap().sample.clone();
    h.keys("L");
    let asked = h.asked();
    let jump = |q: &Query| matches!(q, Query::Jump { to: JumpTo::Sample(id), limit: 1, .. } if *id == there.id);
    assert!(asked.iter().any(jump), "{asked:?}");
    h.reply(Slot::Jump, Reply::Page { samples: vec![there], end: false });
    h.show_all();
    h.effects.clear();
}

#[test]
fn a_third_answer_decides_and_leads_back_to_the_next_difference() {
    let mut h = opened(three());
    h.keys("n");
    anew(&mut h);
    assert!(h.screen(80, 24).contains("this picture alone"));
    h.effects.clear();
    // No key leads to another picture, which the next class key would overwrite.
    h.keys("n p N R G <home> l h");
    assert!(h.state.messages.shown().unwrap().text.contains("opened alone"));
    assert!(h.effects.is_empty() && h.state.label().unwrap().sample().unwrap().id == SampleId(2), "{:?}", h.effects);
    h.keys("1");
    assert_eq!(left(&h), (vec![1, 3], Some(3)));
    assert!(h.screen(80, 24).contains("a third answer stands: daisy"));
    h.keys("a");
    let made: Vec<_> = edits(&h).iter().map(|e| (e.change.sample().unwrap().0, e.message.clone())).collect();
    assert_eq!(made[0], (2, String::new()));
    assert!(made.len() == 2 && made[1].0 == 3 && made[1].1.starts_with("decided: "), "{made:?}");
    // What the store says before it has them may lack them: it is asked again.
    let told = |ids: &[usize]| three().into_iter().filter(|d| ids.contains(&(d.sample.id.0 as usize))).collect();
    let saved = edits(&h).into_iter().map(|e| (e, Outcome::Saved { rev: Rev(5) })).collect();
    h.reply(Slot::Disputes, Reply::Disputes { disputes: told(&[1, 2, 3]), more: false });
    assert_eq!(left(&h).0, [1]);
    h.effects.clear();
    h.event(Event::Wrote(Wrote::Edits(saved, None)));
    h.reply(Slot::Disputes, Reply::Disputes { disputes: told(&[1]), more: false });
    assert_eq!(left(&h).0, [1]);
    // The walk of the Label screen is where it was.
    h.keys("g a");
    let label = h.state.label().unwrap();
    assert!(label.alone.is_none() && label.walk.len() == 10 && label.at == 0);
}

#[test]
fn a_decision_that_is_taken_back_is_on_the_screen_again() {
    let mut h = opened(three());
    h.keys("n a");
    assert_eq!(left(&h), (vec![1, 3], Some(3)));
    let saved = edits(&h).into_iter().map(|e| (e, Outcome::Saved { rev: Rev(5) })).collect();
    h.event(Event::Wrote(Wrote::Edits(saved, None)));
    h.keys("u");
    let effects = lakelens::app::screens::shown(&mut h.state);
    h.effects.extend(effects);
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits: Vec::new(), samples: Vec::new(), counts: None }));
    h.reply(Slot::Disputes, Reply::Disputes { disputes: three(), more: false });
    assert_eq!(left(&h), (vec![1, 2, 3], Some(2)));
    // What comes for another reason leaves the one on the screen.
    let effects = lakelens::app::screens::shown(&mut h.state);
    h.effects.extend(effects);
    h.keys("n");
    h.reply(Slot::Disputes, Reply::Disputes { disputes: three(), more: false });
    assert_eq!(left(&h).1, Some(3));
}

#[test]
fn without_an_answer_there_nothing_is_decided() {
    let mut h = opened(three());
    anew(&mut h);
    h.keys("q");
    assert_eq!(left(&h), (vec![1, 2, 3], Some(1)));
    assert!(h.state.messages.shown().unwrap().text.contains("still to be decided"));
    assert!(h.asked().iter().any(|q| matches!(q, Query::Disputes(_))));
    // Another screen takes its place: nobody comes back to it by surprise.
    anew(&mut h);
    h.keys("g d");
    assert_eq!(left(&h).1, Some(1));
    assert_eq!(h.state.screens.iter().filter(|s| matches!(s, Screen::Label(_))).count(), 1);
}

#[test]
fn a_third_answer_may_be_boxes_and_enter_leads_back() {
    let mut h =
        opened(vec![dispute(1, given(1, &[0.1]), given(1, &[0.6])), dispute(2, given(2, &[0.1]), given(2, &[0.6]))]);
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    anew(&mut h);
    let at = BoxN { x: 0.3, y: 0.3, w: 0.3, h: 0.4 };
    h.keys("2").keys(&corners(at));
    assert_eq!(h.state.label().unwrap().sample().unwrap().answer.annotations.len(), 2);
    h.keys("<enter>");
    assert_eq!(left(&h), (vec![2], Some(2)));
    assert_eq!(edits(&h).len(), 1);
}

#[test]
fn in_a_narrow_window_the_boxes_of_both_are_shown_in_turns_before_a_key_decides() {
    let boxes =
        || vec![dispute(1, given(1, &[0.1, 0.5]), given(3, &[0.12])), dispute(2, given(1, &[0.1]), given(1, &[0.6]))];
    let mut h = opened(boxes());
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    let (_, drawn) = h.draw(60, 20);
    let marks = |drawn: &lakelens::ui::Drawn| drawn.pictures.iter().map(|p| p.marks.clone()).collect::<Vec<_>>();
    let of_a = marks(&drawn);
    assert!(of_a.len() == 1 && !of_a[0].is_empty());
    h.keys("b a");
    assert!(edits(&h).is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("`Tab` shows them"), "{:?}", h.state.messages.shown());
    h.keys("<tab>");
    let of_b = marks(&h.draw(60, 20).1);
    assert!(of_b.len() == 1 && of_b != of_a);
    h.keys("<tab>");
    assert_eq!(marks(&h.draw(60, 20).1), of_a);
    h.keys("b");
    assert_eq!(edits(&h).len(), 1);
    // The next one is to be compared again.
    h.keys("a");
    assert_eq!(edits(&h).len(), 1);
    // Where both are on the screen, nothing is in the way.
    assert_eq!(h.draw(100, 30).1.pictures.len(), 2);
    h.keys("<tab> a");
    assert_eq!(edits(&h).len(), 2);
}

/// What differs in the boxes of a picture of cards: a class, a box that lies elsewhere, one that stands alone.
fn cards() -> Vec<Dispute> {
    let low = |x| Shape::Box(BoxN { x, y: 0.4, w: 0.25, h: 0.2 });
    let boxed = |class: i64, x: f64| Annotation { shape: low(x), ..given(class, &[x]).annotations.remove(0) };
    let answer = |all: Vec<Annotation>| Answer { status: Status::Labeled, annotations: all, ..Answer::default() };
    let a = answer(vec![boxed(1, 0.0), boxed(2, 0.3), boxed(3, 0.5)]);
    let b = answer(vec![boxed(1, 0.01), boxed(3, 0.3), boxed(3, 0.7), boxed(1, 0.75)]);
    vec![dispute(1, a, b), dispute(2, given(1, &[0.1]), given(1, &[0.6]))]
}

fn detecting(disputes: Vec<Dispute>) -> Harness {
    let mut h = opened(disputes);
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    h
}

#[test]
fn what_differs_in_the_boxes_is_said_and_what_both_have_is_grey() {
    let mut h = detecting(cards());
    let text = h.screen(100, 30);
    let said = "class: roses / tulips   elsewhere: tulips 0.11   only B: daisy   the same: 1, overlap 0.92";
    assert!(text.contains(said), "{text}");
    let (_, drawn) = h.draw(100, 30);
    for (picture, names) in drawn.pictures.iter().zip([2, 3]) {
        let grey = picture.marks.boxes().iter().filter(|m| m.rgb == [150; 3]).count();
        assert_eq!((grey, picture.marks.boxes().len()), (1, names + 1));
    }
    // What differs has its name on the picture, what is the same has none.
    assert_eq!(drawn.names.len(), 5);
    // Where only classes differ there is nothing to add.
    let text = opened(three()).screen(100, 30);
    assert!(!text.contains("only A") && !text.contains("the same"), "{text}");
}

#[test]
fn space_looks_at_each_box_that_differs_and_then_at_the_whole_picture() {
    let mut h = detecting(cards());
    h.draw(100, 30);
    let mut windows = Vec::new();
    let told = ["1 of 3   A says roses, B says tulips, overlap 1.00", "2 of 3   tulips lies elsewhere, overlap 0.11"];
    for (n, said) in told.into_iter().chain(["3 of 3   only B has it: daisy"]).enumerate() {
        h.keys("<space>");
        let (buffer, drawn) = h.draw(100, 30);
        let text = text_of(&buffer);
        assert!(text.contains(said), "{text}");
        let framed: Vec<bool> = drawn.pictures.iter().map(|p| p.live.is_some()).collect();
        assert_eq!(framed, [n < 2, true], "the box is framed where it is");
        let same = drawn.pictures.iter().all(|p| p.window == drawn.pictures[0].window);
        assert!(same && (n == 1 || drawn.pictures[0].window != Window::ALL), "two that are far apart fill the picture");
        windows.push(drawn.pictures[0].window);
    }
    windows.dedup();
    assert_eq!(windows.len(), 3);
    h.keys("<space>");
    assert!(h.draw(100, 30).1.pictures.iter().all(|p| p.window == Window::ALL && p.live.is_none()));
    assert!(edits(&h).is_empty(), "looking decides nothing");
    // A key decides in the middle of it, and the next picture begins anew.
    h.keys("<space> b");
    assert_eq!(edits(&h).len(), 1);
    assert!(h.screen(100, 30).contains("elsewhere") || h.screen(100, 30).contains("only A: daisy   only B: daisy"));
}

#[test]
fn in_a_narrow_window_space_shows_the_side_that_has_the_box() {
    let mut h = detecting(cards());
    h.draw(60, 20);
    h.keys("<space> <space> <space>");
    let (buffer, drawn) = h.draw(60, 20);
    let text = text_of(&buffer);
    assert!(text.contains("3 of 3   only B has it: daisy") && text.contains("shown, 4 boxes"), "{text}");
    assert!(drawn.pictures.len() == 1 && drawn.pictures[0].live.is_some());
    // The boxes of both were on the screen, so that a key decides.
    h.keys("a");
    assert_eq!(edits(&h).len(), 1);
    let mut h = opened(three());
    h.keys("<space>");
    assert!(h.state.messages.shown().unwrap().text.contains("no box or outline differs"));
}

#[test]
fn both_pictures_are_looked_at_closer_together() {
    let mut h = opened(vec![dispute(1, given(1, &[0.1]), given(1, &[0.6]))]);
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    h.draw(100, 30);
    h.keys("z z <right>");
    let drawn = h.draw(100, 30).1;
    let windows: Vec<_> = drawn.pictures.iter().map(|p| p.window).collect();
    assert!(windows.len() == 2 && windows[0] == windows[1] && windows[0] != Window::ALL, "{windows:?}");
    h.keys("W");
    assert!(h.draw(100, 30).1.pictures.iter().all(|p| p.window == Window::ALL));
}

#[test]
fn a_picture_that_can_never_be_shown_is_decided_all_the_same() {
    let mut h = opened(three());
    let open = h.state.project.as_ref().unwrap().project.clone();
    let failed = PictureState::Failed { reason: "cut off".into(), info: None };
    h.event(Event::Picture(picture(&open, &three()[0].sample), failed));
    h.keys("a");
    assert_eq!(edits(&h).len(), 1);
}

#[test]
fn a_picture_that_nobody_can_have_seen_is_not_decided() {
    let mut h = Harness::labelling(&["daisy", "roses", "tulips"], 1);
    h.keys("g d");
    let unseen = vec![dispute(9, given(1, &[]), given(2, &[]))];
    h.reply(Slot::Disputes, Reply::Disputes { disputes: unseen, more: false });
    h.keys("a");
    assert!(edits(&h).is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("not on the screen yet"));
}

#[test]
fn more_are_fetched_when_these_are_decided() {
    let mut h = opened(Vec::new());
    h.keys("g h g d");
    h.reply(Slot::Disputes, Reply::Disputes { disputes: three()[..1].to_vec(), more: true });
    h.keys("a");
    let saved = edits(&h).into_iter().map(|e| (e, Outcome::Saved { rev: Rev(5) })).collect();
    h.effects.clear();
    h.event(Event::Wrote(Wrote::Edits(saved, None)));
    assert!(h.asked().iter().any(|q| matches!(q, Query::Disputes(_))));
}

#[test]
fn difference_screens() {
    let mut disputes = three();
    disputes[0].sample.notes = vec![Note { author: "eve".to_owned(), text: "is this a rose?".to_owned() }];
    disputes[0].b.0.unsure = true;
    snapshots("differences", &mut opened(disputes));
    let mut h = opened(vec![
        dispute(1, given(1, &[0.1, 0.5]), given(3, &[0.12])),
        dispute(2, given(1, &[0.1]), Answer { status: Status::Skipped, ..Answer::default() }),
    ]);
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    snapshots("differences_boxes", &mut h);
    let mut h = detecting(cards());
    snapshots("differences_objects", &mut h);
    h.keys("<space>");
    snapshots("differences_looked_at", &mut h);
    snapshots("differences_none", &mut opened(Vec::new()));
}
