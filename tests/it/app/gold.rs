//! Gold pictures in the walk of the Label screen: nothing tells them apart, and nothing they get touches the project.

use super::harness::{Harness, project, sample, text_of};
use lakelens::app::effect::{JumpTo, ProjectChange, Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::screens::Screen;
use lakelens::app::screens::label::state::LabelState;
use lakelens::app::screens::label::walk;
use lakelens::app::slots::Slot;
use lakelens::domain::agreement::gold::Ready;
use lakelens::domain::edit::{Change, Edit, Origin, Outcome};
use lakelens::domain::ids::{EditId, Rev, SampleId};
use lakelens::domain::queue::{Filter, Queue};
use lakelens::domain::sample::{Sample, Status};

/// A machine in a walk through 40 open pictures, one of every four gold; those have numbers from 1001 on.
fn walking() -> Harness {
    let label = LabelState { auto_advance: true, ..LabelState::default() };
    let mut h = Harness::new(Screen::Label(Box::new(label)));
    h.open(project(&["daisy", "roses"]), 60);
    let effects = walk::resume(&mut h.state, None);
    h.effects.extend(effects);
    let samples = (1_001..1_006).map(sample).collect();
    h.reply(Slot::Gold, Reply::Gold(Box::new(Ready { every: 4, seed: 3, samples })));
    h.reply(Slot::WalkForward, Reply::Page { samples: (1..=40).map(sample).collect(), end: false });
    h.reply(Slot::Position, Reply::Position { rank: Some(1), total: 60 });
    h.show_all();
    h.effects.clear();
    h
}

fn walked(h: &Harness) -> Vec<i64> {
    h.state.label().unwrap().walk.iter().map(|s| s.id.0).collect()
}

/// Goes on until a gold picture is on the screen.
fn at_gold(h: &mut Harness) -> SampleId {
    loop {
        let here = h.state.label().unwrap().sample().unwrap().id;
        if here.0 > 1_000 {
            return here;
        }
        h.keys("n");
    }
}

fn here(h: &Harness) -> Sample {
    h.state.label().unwrap().sample().unwrap().clone()
}

#[test]
fn one_of_every_four_is_mixed_in_and_the_rest_keep_their_order() {
    let h = walking();
    let found = walked(&h);
    let gold: Vec<usize> = found.iter().enumerate().filter(|(_, id)| **id > 1_000).map(|(at, _)| at).collect();
    assert_eq!(gold.len(), 5, "{found:?}");
    assert!(gold.iter().enumerate().all(|(i, at)| (i * 4 + 1..i * 4 + 4).contains(at)), "{gold:?}");
    let ordinary: Vec<i64> = found.into_iter().filter(|id| *id < 1_000).collect();
    assert_eq!(ordinary, (1..=40).collect::<Vec<i64>>());
    let label = h.state.label().unwrap();
    assert_eq!((label.rank, label.total), (Some(1), Some(65)), "counted like the others");
}

#[test]
fn an_answer_is_kept_apart_and_shown_like_any_other() {
    let mut h = walking();
    let gold = at_gold(&mut h);
    let counts = h.state.project.as_ref().unwrap().counts.clone();
    h.effects.clear();
    h.keys("2");
    let [Write::Edits(edits)] = &h.writes()[..] else { panic!() };
    let Change::Check { sample, before: None, after: Some(after) } = &edits[0].change else { panic!("{edits:?}") };
    assert_eq!((*sample, after.summary(&h.state.labels()).as_str()), (gold, "roses"));
    assert_eq!(h.state.project.as_ref().unwrap().counts, counts);
    assert_eq!(h.state.save.unsent, 1);
    h.save_all();
    assert!(h.state.save.settled());
    // Back to it: it says what was answered, like any other.
    h.keys("p");
    assert_eq!(here(&h).answer.summary(&h.state.labels()), "roses");
    h.keys("p s");
    assert!(matches!(&h.writes()[..], [Write::Edits(e)] if matches!(e[0].change, Change::Answer { .. })));
}

/// Pictures done as the header says, and those of a class as the column beside the picture says.
fn counted(h: &mut Harness) -> (u64, u64) {
    let text = h.screen(120, 30);
    let first =
        |line: &str, at: usize| line.split_whitespace().rev().nth(at).unwrap().replace(',', "").parse().unwrap();
    let done = text.lines().next().unwrap().split(" / ").next().unwrap();
    let class = text.lines().find(|line| line.contains("roses") && line.contains(" 2 ")).unwrap();
    (first(done, 0), first(class, 0))
}

#[test]
fn counts_move_on_a_gold_picture_as_on_any_other() {
    let mut h = walking();
    let counts = &mut h.state.project.as_mut().unwrap().counts;
    counts.status.insert(Status::Labeled, 20);
    let (before, roses) = counted(&mut h);
    assert_eq!(before, 15, "five of the twenty are gold ones that this person has still to answer");
    let gold = at_gold(&mut h);
    h.keys("2");
    assert_eq!(counted(&mut h), (before + 1, roses + 1));
    h.save_all();
    assert_eq!(counted(&mut h), (before + 1, roses + 1), "the store's counts say nothing of it");
    h.keys("p");
    assert_eq!(here(&h).id, gold);
    h.keys("n 2");
    assert_eq!(counted(&mut h), (before + 2, roses + 2));
}

#[test]
fn nothing_is_asked_by_the_place_of_a_gold_picture() {
    let mut h = walking();
    let gold = at_gold(&mut h);
    h.effects.clear();
    h.keys("N");
    let from = h.asked().into_iter().find_map(|q| match q {
        Query::Jump { to: JumpTo::NextUnlabeled(id), .. } => Some(id),
        _ => None,
    });
    assert!(from.is_some_and(|id| id.0 < 1_000), "{from:?}");
    let Some(lakelens::app::effect::Effect::Write(Write::Session { sample, .. })) = walk::remember(&h.state) else {
        panic!()
    };
    assert!(sample.is_some_and(|id| id.0 < 1_000 && id != gold));
    // The next page begins behind the last ordinary picture, even where a gold one is the last.
    let mut h = walking();
    for _ in 0..45 {
        h.keys("n");
    }
    let beyond: Vec<_> = h
        .asked()
        .into_iter()
        .filter_map(|q| if let Query::Page { beyond, back: false, .. } = q { beyond } else { None })
        .collect();
    assert!(!beyond.is_empty() && beyond.iter().all(|id| *id == SampleId(40)), "{beyond:?}");
}

#[test]
fn undo_comes_back_to_it_and_takes_only_that_answer() {
    let mut h = walking();
    let gold = at_gold(&mut h);
    h.keys("1");
    let Some(Write::Edits(edits)) = h.writes().pop() else { panic!() };
    h.save_all();
    h.keys("u");
    assert!(matches!(h.writes()[..], [Write::Undo(_)]));
    let done = edits[0].clone();
    let undo = Edit { id: EditId::fresh(), origin: Origin::Undo(done.id), change: done.change.inverse(Rev(0)), ..done };
    let edits = vec![(undo, Outcome::Saved { rev: Rev(3) })];
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits, samples: Vec::new(), counts: None }));
    assert_eq!((here(&h).id, here(&h).answer.status), (gold, Status::Unlabeled));
    assert!(h.state.messages.shown().unwrap().text.starts_with("taken back: daisy/1"));
    // An undo of an earlier run is about a picture that this walk does not have.
    let far = Edit::by_person(
        lakelens::domain::ids::ProjectId(1),
        Change::Check { sample: SampleId(4_711), before: None, after: None },
        "ann",
        h.state.now,
    );
    h.effects.clear();
    let edits = vec![(far, Outcome::Saved { rev: Rev(3) })];
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits, samples: Vec::new(), counts: None }));
    assert!(h.asked().iter().all(|q| !matches!(q, Query::Jump { .. })), "it would be shown with its answer");
    assert_eq!(here(&h).id, gold);
}

#[test]
fn what_others_do_to_it_is_not_seen() {
    let mut h = walking();
    let gold = at_gold(&mut h);
    let answer = lakelens::domain::sample::Answer { status: Status::Skipped, ..Default::default() };
    let change = Change::Answer { sample: gold, base: Rev(4), before: Default::default(), after: answer };
    let edit = Edit::by_person(lakelens::domain::ids::ProjectId(1), change, "bob", h.state.now);
    h.event(Event::Elsewhere(lakelens::domain::ids::ProjectId(1), vec![(edit, Rev(5))]));
    assert_eq!(here(&h).answer.status, Status::Unlabeled);
    assert!(!text_of(&h.draw(100, 30).0).contains("bob"));
}

#[test]
fn what_happened_to_it_is_nothing() {
    let mut h = walking();
    at_gold(&mut h);
    h.effects.clear();
    h.keys("g b");
    assert!(h.asked().is_empty(), "the store would tell");
    assert!(text_of(&h.draw(100, 30).0).contains("Nobody has changed it yet"));
}

#[test]
fn a_store_that_refuses_is_told_and_the_picture_is_open_again() {
    let mut h = walking();
    at_gold(&mut h);
    h.keys("A 1");
    let Some(Write::Edits(edits)) = h.writes().pop() else { panic!() };
    assert_eq!(here(&h).answer.status, Status::Labeled);
    let refused = Outcome::Refused { reason: "the sample is not there any more".to_owned() };
    h.event(Event::Wrote(Wrote::Edits(vec![(edits[0].clone(), refused)], None)));
    assert_eq!(here(&h).answer.status, Status::Unlabeled);
    assert!(h.state.messages.shown().unwrap().text.contains("not there any more"));
}

#[test]
fn a_mark_goes_with_the_answer_and_clearing_takes_it_back() {
    let mut h = walking();
    at_gold(&mut h);
    h.keys("A f");
    assert!(h.writes().is_empty() && here(&h).answer.flagged, "a mark alone is no answer");
    h.keys("1 x");
    let all: Vec<Edit> =
        h.writes().into_iter().flat_map(|w| if let Write::Edits(e) = w { e } else { Vec::new() }).collect();
    assert!(matches!(&all[0].change, Change::Check { after: Some(a), .. } if a.flagged), "{all:?}");
    assert!(matches!(&all[1].change, Change::Check { before: Some(_), after: None, .. }), "{all:?}");
}

#[test]
fn only_queues_of_all_open_pictures_have_them() {
    let mut h = walking();
    for (text, asks) in [("status:unlabeled,pre_labeled", true), ("status:unlabeled class:roses", false), ("", false)] {
        h.effects.clear();
        let queue = Queue { filter: Filter::parse(text).unwrap(), ..Queue::default() };
        let effects = walk::set_queue(&mut h.state, queue, None, None);
        let asked = effects.iter().any(|e| matches!(e, lakelens::app::effect::Effect::Ask(_, Query::Gold { .. })));
        assert_eq!(asked, asks, "{text}");
    }
    h.state.read_only = true;
    let queue = Queue { filter: Filter::status(Status::Unlabeled), ..Queue::default() };
    let effects = walk::set_queue(&mut h.state, queue, None, None);
    assert!(!effects.iter().any(|e| matches!(e, lakelens::app::effect::Effect::Ask(_, Query::Gold { .. }))));
}

#[test]
fn those_that_come_late_are_mixed_into_what_lies_ahead() {
    let label = LabelState { auto_advance: true, ..LabelState::default() };
    let mut h = Harness::new(Screen::Label(Box::new(label)));
    h.open(project(&["daisy", "roses"]), 60);
    let effects = walk::resume(&mut h.state, None);
    h.effects.extend(effects);
    h.reply(Slot::WalkForward, Reply::Page { samples: (1..=40).map(sample).collect(), end: true });
    h.show_all();
    h.keys("1 1 1");
    let guessed = lakelens::domain::annotation::Prediction {
        class: lakelens::domain::ids::ClassId(1),
        shape: lakelens::domain::annotation::Shape::Class,
        score: 0.9,
        model: "m".to_owned(),
    };
    let mut samples: Vec<Sample> = (1_001..1_003).map(sample).collect();
    samples[0].predictions = vec![guessed];
    samples.push(sample(20));
    h.reply(Slot::Gold, Reply::Gold(Box::new(Ready { every: 4, seed: 3, samples })));
    let found = walked(&h);
    assert_eq!(found[..5], [1, 2, 3, 4, 5]);
    assert_eq!(found.iter().filter(|id| **id > 1_000).count(), 2);
    assert_eq!(found.iter().filter(|id| **id == 20).count(), 1, "what the walk has already is not mixed in");
    let label = h.state.label().unwrap();
    assert!(label.walk.iter().all(|s| s.predictions.is_empty()), "among pictures without guesses one would tell");
}

#[test]
fn trusting_an_answer_asks_first() {
    let mut h = walking();
    h.keys("*");
    assert!(h.state.overlays.is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("nobody has answered it"));
    h.keys("1 p * x");
    assert!(!h.state.overlays.is_empty(), "another key is no answer");
    let text = text_of(&h.draw(100, 30).0);
    assert!(text.contains("Trust daisy as the answer of 0001.jpg?"), "{text}");
    h.effects.clear();
    h.keys("y");
    let marked = Write::Project(ProjectChange::Gold {
        project: lakelens::domain::ids::ProjectId(1),
        sample: SampleId(1),
        on: true,
    });
    assert_eq!(h.writes(), [marked]);
    let mut h = walking();
    at_gold(&mut h);
    h.keys("A 1 *");
    assert!(h.state.overlays.is_empty(), "what was answered to a gold picture is not trusted by itself");
}
