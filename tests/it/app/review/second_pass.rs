//! The blind second pass: nothing of the first answer is seen or touched.

use super::super::harness::{Harness, text_of};
use super::super::screens::snapshots;
use super::{answered, three};
use lakelens::app::effect::{Effect, Job, Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::slots::Slot;
use lakelens::app::tasks::{TaskNews, TaskState};
use lakelens::domain::ids::{ProjectId, SampleId};
use lakelens::domain::sample::{Answer, Sample};
use lakelens::ops::report::review::PassReport;

/// How far the person's pass is.
fn told(chosen: u64, answered: u64) -> Reply {
    Reply::SecondPass { samples: Vec::new(), progress: PassReport { chosen, answered } }
}

/// `B` where no pass was begun, and the number that is proposed.
pub(in crate::app) fn drawn_at_once(h: &mut Harness) {
    h.keys("B <enter>");
    assert!(h.effects.iter().all(|e| !matches!(e, Effect::Start(..))), "not before it is known whether one was begun");
    h.reply(Slot::Pass, told(0, 0));
    h.keys("<enter>");
}

/// A machine in a second pass over so many samples.
fn second_pass(samples: usize) -> Harness {
    let mut h = three();
    drawn_at_once(&mut h);
    let job =
        h.effects.iter().find_map(|e| if let Effect::Start(id, job) = e { Some((*id, job.clone())) } else { None });
    let (id, job) = job.unwrap();
    assert!(matches!(job, Job::SecondPass { percent: 10, .. }));
    assert!(h.asked().iter().all(|q| !matches!(q, Query::SecondPass { limit: 2.., .. })), "not before they are drawn");
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Done("drawn".to_owned()))));
    let drawn: Vec<Sample> = (1..=samples).map(|n| answered(n, 2, "bob")).collect();
    let progress = PassReport { chosen: samples as u64, answered: 0 };
    h.reply(Slot::WalkForward, Reply::SecondPass { samples: drawn, progress });
    h.show_all();
    h.effects.clear();
    h
}

#[test]
fn a_second_pass_shows_nothing_of_the_first_answer() {
    let mut h = second_pass(3);
    for (width, height) in [(160, 50), (100, 30), (80, 24), (40, 12)] {
        let (buffer, _) = h.draw(width, height);
        let screen = text_of(&buffer);
        for hidden in ["bob", "daisy/", "120", "differs", "now  ", "before"] {
            assert!(!screen.contains(hidden), "{hidden}:\n{screen}");
        }
    }
    assert!(h.state.label().unwrap().walk.iter().all(|s| s.answer == Answer::default()));
}

#[test]
fn second_answers_are_kept_apart() {
    let mut h = second_pass(3);
    let counts = h.state.project.as_ref().unwrap().counts.clone();
    h.keys("1 s 0");
    let given: Vec<(i64, String)> = h
        .writes()
        .iter()
        .map(|w| match w {
            Write::SecondAnswer { sample, answer, .. } => (sample.0, answer.summary(&h.state.labels())),
            other => panic!("{other:?}"),
        })
        .collect();
    let wanted = [(1, "daisy"), (2, "skipped"), (3, "empty")].map(|(n, a)| (n, a.to_owned()));
    assert_eq!(given, wanted);
    assert_eq!(h.state.project.as_ref().unwrap().counts, counts);
    assert_eq!(h.state.save.unsent, 3);
}

#[test]
fn what_would_tell_or_touch_the_first_answer_does_nothing() {
    let mut h = second_pass(3);
    h.keys("x f U T O");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("does nothing on this screen"));
}

#[test]
fn undo_in_a_second_pass_goes_back_to_answer_again() {
    let mut h = second_pass(3);
    h.keys("1 u 2");
    let given: Vec<_> = h.writes();
    assert_eq!(given.len(), 2);
    assert!(given.iter().all(|w| matches!(w, Write::SecondAnswer { sample: SampleId(1), .. })));
}

#[test]
fn after_the_last_answer_the_agreement_is_shown() {
    let mut h = second_pass(2);
    h.keys("1 2");
    let progress = |answered| Event::Wrote(Wrote::SecondAnswer(Ok(PassReport { chosen: 2, answered })));
    h.event(progress(1));
    assert!(h.state.second_pass().is_some());
    h.event(progress(2));
    assert!(h.state.stats().is_some() && h.state.second_pass().is_none());
    assert!(h.asked().contains(&Query::Agreement(ProjectId(1))));
    assert_eq!(h.state.save.unsent, 0);
}

#[test]
fn a_second_answer_that_is_not_written_is_said() {
    let mut h = second_pass(2);
    h.keys("1");
    h.event(Event::Wrote(Wrote::SecondAnswer(Err("the disk is full".to_owned()))));
    assert!(h.state.save.unsent == 0 && h.state.second_pass().unwrap().unsent.is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("the disk is full"));
}

#[test]
fn the_progress_of_a_new_pass_leaves_earlier_ones_out() {
    let mut h = three();
    drawn_at_once(&mut h);
    let id = h.effects.iter().find_map(|e| if let Effect::Start(id, _) = e { Some(*id) } else { None }).unwrap();
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Done("3 pictures drawn".to_owned()))));
    let samples = (1..=3).map(|n| answered(n, 2, "bob")).collect();
    h.reply(Slot::WalkForward, Reply::SecondPass { samples, progress: PassReport { chosen: 23, answered: 20 } });
    h.show_all();
    assert!(h.screen(80, 24).contains("0 / 3"));
    h.keys("1");
    h.event(Event::Wrote(Wrote::SecondAnswer(Ok(PassReport { chosen: 23, answered: 21 }))));
    assert!(h.screen(80, 24).contains("1 / 3"));
}

#[test]
fn a_pass_that_was_begun_goes_on() {
    let mut h = three();
    h.keys("B").reply(Slot::Pass, told(20, 12));
    assert!(h.screen(80, 24).contains("12 of 20 answered"));
    h.keys("<enter>");
    assert!(h.asked().contains(&Query::SecondPass { project: ProjectId(1), limit: 64 }));
    let progress = PassReport { chosen: 20, answered: 12 };
    h.reply(Slot::WalkForward, Reply::SecondPass { samples: vec![answered(5, 1, "bob")], progress });
    assert!(h.screen(80, 24).contains("12 / 20"));
}

#[test]
fn the_share_of_a_second_pass_is_checked() {
    let mut h = three();
    for wrong in ["0", "101", "x", "-3"] {
        h.keys("B").reply(Slot::Pass, told(20, 20));
        h.keys("<C-u>").text(wrong).keys("<enter>");
        assert!(h.effects.iter().all(|e| !matches!(e, Effect::Start(..))), "{wrong}");
        h.keys("<esc>");
    }
    // Typed before it is known that none was begun.
    h.keys("B").text("25 %").reply(Slot::Pass, told(0, 0));
    h.keys("<enter>");
    assert!(h.effects.iter().any(|e| matches!(e, Effect::Start(_, Job::SecondPass { percent: 25, .. }))));
}

#[test]
fn a_store_that_does_not_say_whether_a_pass_was_begun_leaves_something_to_close() {
    let mut h = three();
    h.keys("B").reply(Slot::Pass, Reply::Failed("the line is cut".to_owned()));
    assert!(h.screen(80, 24).contains("the line is cut"));
    h.keys("1 <enter> <esc>");
    assert!(h.writes().is_empty() && h.effects.iter().all(|e| !matches!(e, Effect::Start(..))));
    assert!(h.state.overlays.is_empty());
}

#[test]
fn a_draw_that_fails_says_why() {
    let mut h = three();
    drawn_at_once(&mut h);
    let id = h.effects.iter().find_map(|e| if let Effect::Start(id, _) = e { Some(*id) } else { None }).unwrap();
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Failed("the store is read-only".to_owned()))));
    assert!(h.screen(80, 24).contains("the store is read-only"));
}

#[test]
fn second_pass_screens() {
    let mut h = second_pass(20);
    h.keys("1 2");
    snapshots("second_pass", &mut h);
}
