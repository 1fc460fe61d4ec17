//! The sweep: exceptions by letter, the rest by Enter, and nothing that was not on the screen.

use super::gallery::{after, edits, gallery, show};
use super::harness::{Harness, sample};
use super::screens::snapshots;
use lakelens::app::effect::{Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::screens::Screen;
use lakelens::app::screens::sweep::SweepState;
use lakelens::app::screens::sweep::state::Mode;
use lakelens::app::slots::Slot;
use lakelens::domain::annotation::{Annotation, Prediction, Shape};
use lakelens::domain::edit::{Change, Outcome};
use lakelens::domain::ids::{ClassId, Rev, SampleId};
use lakelens::domain::key::KeyPress;
use lakelens::domain::queue::Filter;
use lakelens::domain::review::Verdict;
use lakelens::domain::sample::{Answer, Sample, Status};

/// The n-th sample, guessed to be roses.
fn guessed(n: usize) -> Sample {
    let score = 0.99 - n as f64 / 1000.0;
    let guess = Prediction { class: ClassId(3), shape: Shape::Class, score, model: "m".to_owned() };
    Sample { predictions: vec![guess], answer: Answer { status: Status::PreLabeled, ..Answer::default() }, ..sample(n) }
}

fn state(h: &Harness) -> &SweepState {
    h.state.sweep().unwrap()
}

/// A sweep of predicted roses in a window of 160 x 50, its first page shown; long enough on the screen to be looked at.
pub(crate) fn sweep(samples: usize) -> Harness {
    let mut h = gallery(10);
    h.draw(160, 50);
    h.keys("W").text("roses predicted").keys("<enter>");
    h.reply(Slot::Sweep, Reply::Page { samples: (1..=samples).map(guessed).collect(), end: true });
    h.reply(Slot::SweepTotal, Reply::Position { rank: Some(1), total: samples as u64 });
    show_page(&mut h);
    h.effects.clear();
    h
}

/// Says that the thumbnails of the page are drawn, and lets the person look at them.
fn show_page(h: &mut Harness) {
    let page: Vec<Sample> = state(h).page.iter().filter_map(|id| state(h).stretch.sample(*id)).cloned().collect();
    show(h, &page);
    for _ in 0..4 {
        h.event(Event::Tick);
    }
}

fn said(h: &Harness) -> String {
    h.state.messages.shown().map(|m| m.text.clone()).unwrap_or_default()
}

#[test]
fn two_exceptions_and_enter() {
    let mut h = sweep(200);
    let page = state(&h).page.clone();
    assert!(page.len() >= 40, "{}", page.len());
    h.keys("s d <enter>");
    let made = edits(&h);
    assert_eq!(made.len(), page.len());
    assert_eq!(h.writes().len(), 1);
    assert!(made.iter().all(|e| e.batch.is_some() && e.batch == made[0].batch && e.message == "sweep"));
    for edit in &made {
        let answer = after(edit);
        if [page[1], page[2]].contains(&edit.change.sample().unwrap()) {
            assert!(answer.flagged && answer.status == Status::PreLabeled && answer.annotations.is_empty());
        } else {
            assert_eq!((answer.status, answer.annotations[0].class), (Status::Labeled, ClassId(3)));
        }
    }
    assert_eq!(state(&h).page[0], SampleId(page.len() as i64 + 1), "the next page comes at once");
    assert!(state(&h).marks.is_empty());
}

#[test]
fn the_keys_for_a_page_of_forty_with_two_exceptions_are_an_eighth() {
    let h = sweep(200);
    let letters: Vec<char> = lakelens::app::screens::sweep::hints::letters(&h.state);
    let all = lakelens::app::screens::sweep::hints::hints(&letters, 40);
    let worst: usize = all.iter().map(String::len).max().unwrap();
    assert!((2 * worst + 1) as f64 / 40.0 <= 0.125);
}

#[test]
fn marks_toggle_get_a_class_and_are_taken_away_by_esc() {
    let mut h = sweep(200);
    let page = state(&h).page.clone();
    h.keys("a a s 5 d <enter>");
    let by_id =
        |id: SampleId| edits(&h).into_iter().find(|e| e.change.sample() == Some(id)).map(|e| after(&e)).unwrap();
    assert_eq!(by_id(page[0]).annotations[0].class, ClassId(3));
    assert_eq!(by_id(page[1]).annotations[0].class, ClassId(5));
    assert!(by_id(page[2]).flagged);
    show_page(&mut h);
    h.keys("a s");
    assert_eq!(state(&h).marks.len(), 2);
    h.keys("<esc>");
    assert!(state(&h).marks.is_empty() && matches!(h.state.screen(), Some(Screen::Sweep(_))));
    h.keys("<esc>");
    assert!(matches!(h.state.screen(), Some(Screen::Gallery(_))));
}

#[test]
fn a_class_for_the_marked_by_picker_and_not_the_class_of_the_sweep() {
    let mut h = sweep(200);
    h.keys("1");
    assert!(said(&h).contains("mark thumbnails"));
    h.keys("a 3");
    assert!(said(&h).contains("class of this sweep"));
    h.keys("<space>").text("daisy").keys("<enter> <enter>");
    let first = edits(&h).into_iter().find(|e| e.change.sample() == Some(SampleId(1))).unwrap();
    assert_eq!(after(&first).annotations[0].class, ClassId(1));
}

#[test]
fn a_held_letter_marks_once() {
    let mut h = sweep(200);
    h.keys("a");
    for _ in 0..7 {
        h.event(Event::Key { press: KeyPress::char('a'), repeat: true });
    }
    assert_eq!(state(&h).marks.len(), 1);
}

#[test]
fn what_is_not_on_the_screen_is_not_accepted_and_leads_the_next_page() {
    let mut h = sweep(200);
    let page = state(&h).page.clone();
    h.state.pictures = Default::default();
    h.keys("<enter>");
    assert!(edits(&h).is_empty() && said(&h).contains("nothing was accepted"));
    let shown: Vec<Sample> = page[5..].iter().filter_map(|id| state(&h).stretch.sample(*id)).cloned().collect();
    show(&mut h, &shown);
    let screen = h.screen(160, 50);
    assert!(screen.contains("5 not shown yet, left for the next page"), "{screen}");
    h.keys("<enter>");
    assert_eq!(edits(&h).len(), page.len() - 5);
    assert_eq!(state(&h).page[..5], page[..5]);
}

#[test]
fn a_page_that_has_only_just_come_is_not_accepted() {
    let mut h = sweep(200);
    h.keys("<enter>");
    let next: Vec<Sample> = state(&h).page.iter().filter_map(|id| state(&h).stretch.sample(*id)).cloned().collect();
    let open = h.state.project.clone().unwrap();
    let first = edits(&h).len();
    // Even if its thumbnails are there already.
    for sample in &next {
        let picture = lakelens::app::screens::label::state::picture(&open.project, sample);
        let state = lakelens::app::picture::PictureState::Shown { exact: true, info: Default::default() };
        h.state.pictures.set(picture, state);
    }
    h.keys("<enter>");
    assert_eq!(edits(&h).len(), first);
    assert!(said(&h).contains("only just come"));
    h.event(Event::Key { press: KeyPress::parse("<enter>").unwrap(), repeat: true });
    assert_eq!(edits(&h).len(), first);
}

#[test]
fn one_undo_brings_the_page_back() {
    let mut h = sweep(200);
    let page = state(&h).page.clone();
    h.keys("s <enter>");
    let made = edits(&h);
    h.save_all();
    h.keys("u");
    assert!(matches!(h.writes()[..], [Write::Undo(_)]), "u stays undo in a sweep");
    let samples = page.iter().map(|id| Sample { rev: Rev(2), ..guessed(id.0 as usize) }).collect();
    let undone = made.into_iter().map(|e| (e, Outcome::Saved { rev: Rev(2) })).collect();
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits: undone, samples, counts: None }));
    assert_eq!(state(&h).page, page);
}

#[test]
fn others_changes_do_not_move_the_page() {
    let mut h = sweep(200);
    let page = state(&h).page.clone();
    h.state.update_samples(|s| {
        if s.id == page[0] {
            s.answer.status = Status::Skipped;
        }
    });
    h.event(Event::Tick);
    assert_eq!(state(&h).page, page);
    h.keys("a <enter>");
    assert!(edits(&h).iter().all(|e| e.change.sample() != Some(page[0])));
}

#[test]
fn labels_that_are_there_are_accepted_as_a_verdict() {
    let mut h = gallery(10);
    h.draw(160, 50);
    h.keys("W").text("roses present").keys("<enter>");
    let queue = h
        .asked()
        .into_iter()
        .rev()
        .find_map(|q| if let Query::Page { queue, .. } = q { Some(queue) } else { None })
        .unwrap();
    assert_eq!(queue.filter, Filter::parse("status:labeled class:roses review:waiting -flag").unwrap());
    let labelled = |n| Sample {
        rev: Rev(1),
        answer: Answer {
            status: Status::Labeled,
            annotations: vec![Annotation::label(ClassId(3), "import", Default::default())],
            ..Answer::default()
        },
        ..sample(n)
    };
    h.reply(Slot::Sweep, Reply::Page { samples: (1..=5).map(labelled).collect(), end: true });
    show_page(&mut h);
    h.effects.clear();
    h.keys("a 1 s <enter>");
    let made = edits(&h);
    assert_eq!(made.len(), 5);
    assert_eq!(after(&made[0]).annotations[0].class, ClassId(1));
    assert!(after(&made[1]).flagged && after(&made[1]).annotations[0].class == ClassId(3));
    for edit in &made[2..] {
        let Change::Verdict { base, after: Some(review), .. } = &edit.change else { panic!("{edit:?}") };
        assert_eq!((*base, review.rev, review.verdict), (Rev(1), Rev(1), Verdict::Accepted));
    }
    assert!(state(&h).page.is_empty());
    assert!(h.screen(160, 50).contains("Every picture labeled roses has a verdict"));
}

#[test]
fn a_class_is_given_to_unlabeled_pictures_only_when_chosen() {
    let mut h = gallery(10);
    h.keys("W");
    assert!(h.state.sweep().is_none(), "it asks which class");
    h.text("tulips given").keys("<enter>");
    assert_eq!((state(&h).mode, state(&h).class), (Mode::Given, ClassId(5)));
    h.reply(Slot::Sweep, Reply::Page { samples: (1..=3).map(sample).collect(), end: true });
    show_page(&mut h);
    h.effects.clear();
    h.keys("<enter>");
    assert!(edits(&h).iter().all(|e| after(e).annotations[0].class == ClassId(5)));
    assert_eq!(edits(&h).len(), 3);
}

#[test]
fn tab_goes_to_the_next_class_and_stale_pages_are_dropped() {
    let mut h = sweep(30);
    h.keys("<tab>");
    assert_eq!(state(&h).class, ClassId(4));
    let old = h.effects.iter().rev().find_map(|e| match e {
        lakelens::app::effect::Effect::Ask(tag, Query::Page { .. }) => Some(*tag),
        _ => None,
    });
    h.keys("<backtab>");
    h.event(Event::Reply(old.unwrap(), Reply::Page { samples: vec![guessed(9)], end: true }));
    assert!(state(&h).page.is_empty());
    h.keys("/").text("daisy predicted").keys("<enter>");
    assert_eq!(state(&h).class, ClassId(1));
}

#[test]
fn no_letter_of_a_thumbnail_is_a_command() {
    let h = sweep(200);
    let letters = lakelens::app::screens::sweep::hints::letters(&h.state);
    assert!(letters.iter().all(|c| !"guq".contains(*c)));
    assert!(letters.len() >= 20);
}

#[test]
fn sweep_snapshots() {
    let mut h = sweep(300);
    h.keys("s 5 d");
    let page = state(&h).page.clone();
    let open = h.state.project.clone().unwrap();
    let waiting = state(&h).stretch.sample(page[4]).cloned().unwrap();
    let picture = lakelens::app::screens::label::state::picture(&open.project, &waiting);
    h.event(Event::Picture(picture, lakelens::app::picture::PictureState::Waiting));
    h.state.messages.expire(u64::MAX);
    snapshots("sweep", &mut h);
}
