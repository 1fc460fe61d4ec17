//! Duplicates on the Label screen: told, shown in the gallery, given drafts, and drafts confirmed.

use super::harness::{Harness, sample};
use lakelens::app::effect::{Effect, Job, Query, Write};
use lakelens::app::event::{Event, Reply};
use lakelens::app::screens::Screen;
use lakelens::app::slots::Slot;
use lakelens::config::settings::{Measuring, Settings};
use lakelens::domain::edit::{Change, Edit};
use lakelens::domain::ids::{ClassId, ProjectId, SampleId};
use lakelens::domain::likeness::Likeness;
use lakelens::domain::sample::{Answer, Sample, Status};
use std::sync::Arc;

const PROJECT: ProjectId = ProjectId(1);

/// Pictures 2, 3 and 5 look like 2.
fn alike(n: usize) -> Sample {
    let likeness = [2, 3, 5].contains(&n).then_some(Likeness { group: 2, near: 3, exact: 1 });
    Sample { likeness, ..sample(n) }
}

fn labelling() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.state.update_samples(|s| *s = alike(s.id.0 as usize));
    h
}

fn edits(h: &Harness) -> Vec<Edit> {
    h.writes().into_iter().flat_map(|w| if let Write::Edits(e) = w { e } else { Vec::new() }).collect()
}

fn said(h: &Harness) -> String {
    h.state.messages.shown().map(|m| m.text.clone()).unwrap_or_default()
}

#[test]
fn duplicates_are_told_and_shown_in_the_gallery() {
    let mut h = labelling();
    assert!(!h.screen(100, 30).contains("duplicate"));
    h.keys("g v");
    assert!(said(&h).contains("nothing looks like this picture"), "{}", said(&h));
    h.keys("n");
    let screen = h.screen(100, 30);
    assert!(screen.contains("duplicate of 2 others   `g v`"), "{screen}");
    h.keys("g v");
    let asked = h.asked();
    let group = asked.iter().find_map(|q| match q {
        Query::Page { queue, .. } if !queue.filter.group.is_empty() => Some(queue.filter.to_string()),
        _ => None,
    });
    assert_eq!(group.as_deref(), Some("group:2"));
    assert!(matches!(h.state.screen(), Some(Screen::Gallery(_))));
}

#[test]
fn what_a_scan_has_found_is_measured_by_itself_within_reason() {
    let measured = |setting: Measuring, here: bool, bytes: u64| {
        let mut h = Harness::new(Screen::Projects(Default::default()));
        h.state.settings = Arc::new(Settings { measure: setting, ..Settings::default() });
        h.event(Event::Scanned { project: PROJECT, name: "flowers\u{1b}".into(), here, bytes });
        let started = h.effects.iter().filter(|e| matches!(e, Effect::Start(_, Job::Measure(PROJECT)))).count();
        assert_eq!(h.state.tasks.running().count(), started);
        assert!(h.state.tasks.all().iter().all(|t| !t.title.contains('\u{1b}')));
        started == 1
    };
    assert!(measured(Measuring::Auto, true, 1 << 30));
    // A bucket is not read through, and neither is a disk full of pictures, unless somebody asks for it.
    assert!(!measured(Measuring::Auto, false, 1 << 20));
    assert!(!measured(Measuring::Auto, true, 1 << 40));
    assert!(measured(Measuring::Always, false, 1 << 40));
    assert!(!measured(Measuring::Never, true, 1));
}

#[test]
fn the_answer_just_given_becomes_drafts_in_one_batch() {
    let mut h = labelling();
    h.keys("n Y");
    assert!(said(&h).contains("answer this picture first"), "{}", said(&h));
    h.keys("2");
    h.save_all();
    // The screen has gone on to the third picture, which has no answer.
    h.keys("Y");
    let mut third = alike(3);
    third.answer = Answer { status: Status::PreLabeled, ..Answer::default() };
    let mut fifth = alike(5);
    fifth.answer = Answer { status: Status::Skipped, ..Answer::default() };
    let mut sixth = alike(5);
    sixth.id = SampleId(6);
    h.reply(Slot::Alike, Reply::Page { samples: vec![alike(2), third, fifth, sixth], end: true });
    let made = edits(&h);
    assert_eq!(made.iter().map(|e| e.change.sample().unwrap().0).collect::<Vec<_>>(), [3, 6], "skipped ones stay");
    assert!(made[0].batch.is_some() && made[0].batch == made[1].batch);
    for edit in &made {
        let Change::Answer { after, .. } = &edit.change else { panic!("{edit:?}") };
        assert!(after.is_draft() && after.annotations[0].class == ClassId(2) && !after.flagged);
    }
    assert!(said(&h).contains("2 duplicates have a draft now; `u` takes them back"), "{}", said(&h));
    let counts = &h.state.project.as_ref().unwrap().counts;
    assert_eq!(counts.class.get(&ClassId(2)), Some(&1), "drafts are no answers");
    let screen = h.screen(100, 30);
    assert!(screen.contains("draft: roses"), "{screen}");
}

#[test]
fn many_drafts_at_once_are_asked_about_first() {
    let mut h = labelling();
    h.keys("n 2");
    h.save_all();
    let many = |count: i64| {
        let all = (100..100 + count).map(|id| Sample { id: SampleId(id), ..alike(5) }).collect();
        Reply::Page { samples: all, end: true }
    };
    h.keys("Y");
    h.reply(Slot::Alike, many(20));
    assert_eq!(edits(&h).len(), 20, "so many as elsewhere go unasked");
    h.save_all();
    h.keys("Y");
    h.reply(Slot::Alike, many(21));
    assert!(edits(&h).is_empty());
    assert!(h.screen(80, 24).contains("Give 21 duplicates this answer as drafts?"));
    h.read().keys("n");
    assert!(edits(&h).is_empty() && h.state.overlays.is_empty());
    h.keys("Y");
    h.reply(Slot::Alike, many(21));
    h.effects.clear();
    h.read().keys("y");
    h.reply(Slot::Alike, many(21));
    assert_eq!(edits(&h).len(), 21);
}

#[test]
fn enter_confirms_a_draft_and_a_class_key_replaces_it() {
    let draft = |h: &mut Harness| {
        let at = h.state.now;
        let given = Answer {
            status: Status::Labeled,
            annotations: vec![lakelens::domain::annotation::Annotation::label(ClassId(2), "bob", at)],
            ..Answer::default()
        };
        h.state.update_samples(|s| s.answer = given.as_draft("bob", at).unwrap());
    };
    let mut h = labelling();
    draft(&mut h);
    h.keys("<enter>");
    let Change::Answer { after, .. } = &edits(&h)[0].change else { panic!() };
    assert_eq!((after.status, after.annotations[0].class), (Status::Labeled, ClassId(2)));
    assert_eq!(after.annotations[0].author, "ann", "who confirms it has answered");
    assert_eq!(h.state.label().unwrap().at, 1);
    let mut h = labelling();
    draft(&mut h);
    h.keys("1");
    let Change::Answer { after, .. } = &edits(&h)[0].change else { panic!() };
    assert_eq!(after.annotations.iter().map(|a| a.class).collect::<Vec<_>>(), [ClassId(1)]);
}
