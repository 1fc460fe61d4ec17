//! Labelling: what each key does, and what it must not do.

use super::harness::{Harness, sample, text_of};
use lakelens::app::effect::{Effect, Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::messages::Level;
use lakelens::app::overlays::Overlay;
use lakelens::app::screens::Screen;
use lakelens::app::slots::Slot;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::{ClassId, Rev, SampleId};
use lakelens::domain::key::KeyPress;
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Status};

fn edits(harness: &Harness) -> Vec<Edit> {
    harness.writes().into_iter().flat_map(|w| if let Write::Edits(e) = w { e } else { Vec::new() }).collect()
}

fn after(edit: &Edit) -> Answer {
    match &edit.change {
        Change::Answer { after, .. } => after.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_key_labels_and_goes_on() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("2");
    let made = edits(&h);
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].change.sample(), Some(SampleId(1)));
    assert_eq!(after(&made[0]).annotations[0].class, ClassId(2));
    let label = h.state.label().unwrap();
    assert_eq!((label.at, h.state.save.unsent), (1, 1));
    let counts = &h.state.project.as_ref().unwrap().counts;
    assert_eq!((counts.of(Status::Labeled), counts.of(Status::Unlabeled)), (1, 4));
    h.save_all();
    assert_eq!(h.state.save.unsent, 0);
}

#[test]
fn a_picture_that_is_not_on_the_screen_is_not_labelled() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.state.pictures = lakelens::app::state::Pictures::default();
    h.keys("1 s x f");
    assert!(edits(&h).is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("not on the screen"));
}

#[test]
fn what_cannot_be_read_beside_a_picture_is_a_word_that_passes() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    let fail = |h: &mut Harness, slot| {
        let tag = h.state.slots.ask(slot);
        h.event(Event::Reply(tag, Reply::Failed("the line broke".to_owned())));
    };
    for slot in [Slot::Counts, Slot::WalkForward, Slot::Tape, Slot::Position] {
        fail(&mut h, slot);
        let shown = h.state.messages.shown().unwrap();
        assert_eq!((shown.level, shown.text.as_str()), (Level::Warning, "the line broke"), "{slot:?}");
    }
    while h.state.messages.expires_at().is_some() {
        h.event(Event::Tick);
    }
    assert_eq!(h.state.messages.shown(), None);
    // What a key asked for stays until the next key.
    fail(&mut h, Slot::Jump);
    assert_eq!((h.state.messages.shown().unwrap().level, h.state.messages.expires_at()), (Level::Error, None));
}

#[test]
fn a_held_key_labels_once_and_a_paste_never() {
    let mut h = Harness::labelling(&["daisy", "roses"], 50);
    h.keys("1");
    for _ in 0..20 {
        h.event(Event::Key { press: KeyPress::char('1'), repeat: true });
    }
    h.event(Event::Paste("1112221s".to_owned()));
    assert_eq!(edits(&h).len(), 1);
}

#[test]
fn unknown_keys_say_so_and_change_nothing() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("7");
    assert!(edits(&h).is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("no class has the key 7"));
}

#[test]
fn read_only_changes_nothing() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.state.read_only = true;
    h.keys("1 s f x u");
    assert!(h.writes().is_empty());
}

#[test]
fn letters_and_the_leader_reach_more_classes() {
    let names: Vec<String> = (0..30).map(|i| format!("c{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut h = Harness::labelling(&names, 5);
    h.keys("a");
    h.keys("; c");
    let made = edits(&h);
    assert_eq!(after(&made[0]).annotations[0].class, ClassId(10));
    assert_eq!(after(&made[1]).annotations[0].class, ClassId(20));
    h.keys("; <esc> 1");
    assert_eq!(after(&edits(&h)[2]).annotations[0].class, ClassId(1));
}

#[test]
fn several_classes_are_toggled_and_confirmed() {
    let mut h = Harness::labelling(&["sky", "sea", "sand"], 5);
    h.state.project.as_mut().unwrap().project.task = Task::Multilabel;
    h.keys("1 3 1");
    assert!(edits(&h).is_empty());
    h.keys("2 <enter>");
    let made = edits(&h);
    assert_eq!(made.len(), 1);
    let classes: Vec<i64> = after(&made[0]).annotations.iter().map(|a| a.class.0).collect();
    assert_eq!(classes, [3, 2]);
    assert_eq!(h.state.label().unwrap().at, 1);
    // Moving on with toggled classes keeps them.
    h.keys("1 n");
    assert_eq!(edits(&h).len(), 2);
    // Esc takes them back.
    h.keys("1 <esc> n");
    assert_eq!(edits(&h).len(), 2);
}

#[test]
fn skip_flag_empty_clear() {
    let mut h = Harness::labelling(&["daisy"], 5);
    h.keys("s");
    h.keys("f");
    let made = edits(&h);
    assert_eq!(after(&made[0]).status, Status::Skipped);
    assert!(after(&made[1]).flagged && after(&made[1]).status == Status::Unlabeled);
    assert_eq!(h.state.label().unwrap().at, 1, "a flag stays on the picture");
    h.keys("0");
    let empty = after(&edits(&h)[2]);
    assert!(empty.status == Status::Labeled && empty.annotations.is_empty() && empty.flagged);
    h.keys("p x");
    assert_eq!(after(&edits(&h)[3]).status, Status::Unlabeled);
}

#[test]
fn relabelling_keeps_the_base_revision_in_step() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("1 p 2");
    let bases: Vec<i64> = edits(&h)
        .iter()
        .map(|e| match &e.change {
            Change::Answer { base, .. } => base.0,
            _ => -1,
        })
        .collect();
    assert_eq!(bases, [0, 1]);
}

#[test]
fn a_conflict_shows_theirs_and_says_so() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("1");
    let edit = edits(&h).remove(0);
    let theirs = Answer { status: Status::Skipped, ..Answer::default() };
    let outcome = Outcome::Conflict { rev: Rev(4), theirs: theirs.clone() };
    h.event(Event::Wrote(Wrote::Edits(vec![(edit, outcome)], None)));
    let shown = h.state.walk_sample(SampleId(1)).unwrap().clone();
    assert_eq!((shown.rev, shown.answer), (Rev(4), theirs));
    assert_eq!(h.state.save.conflicts, 1);
}

#[test]
fn undo_brings_the_picture_back() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("1 2");
    h.save_all();
    h.keys("u");
    assert!(matches!(h.writes().as_slice(), [Write::Undo(_)]));
    let edit = Edit::by_person(
        lakelens::domain::ids::ProjectId(1),
        Change::Answer { sample: SampleId(2), base: Rev(1), before: Answer::default(), after: Answer::default() },
        "ann",
        jiff::Timestamp::UNIX_EPOCH,
    );
    let edits = vec![(edit, Outcome::Saved { rev: Rev(2) })];
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits, samples: vec![sample(2)], counts: None }));
    assert_eq!(h.state.label().unwrap().sample().unwrap().id, SampleId(2));
}

#[test]
fn a_step_back_over_an_import_asks_first() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    let large = |h: &mut Harness, redo: bool| {
        let project = lakelens::domain::ids::ProjectId(1);
        h.event(Event::Wrote(Wrote::Large { project, redo, pictures: 50 }));
    };
    let question = |h: &Harness| match h.state.overlays.as_slice() {
        [Overlay::Confirm(confirm)] => confirm.question.clone(),
        other => panic!("{other:?}"),
    };
    h.keys("u");
    large(&mut h, false);
    assert_eq!(question(&h), "Take back a change of 50 pictures?");
    // `u` again is no answer, and a second question does not lie above the first.
    h.keys("u");
    large(&mut h, false);
    assert_eq!(question(&h), "Take back a change of 50 pictures?");
    h.effects.clear();
    h.read().keys("n");
    assert!(h.state.overlays.is_empty() && h.writes().is_empty());
    large(&mut h, false);
    h.read().keys("y");
    assert!(matches!(h.writes()[..], [Write::Confirmed { redo: false, .. }]), "{:?}", h.writes());
    h.effects.clear();
    h.keys("<C-r>");
    large(&mut h, true);
    assert_eq!(question(&h), "Make a change of 50 pictures again?");
    h.read().keys("y");
    assert!(matches!(h.writes()[..], [Write::Redo(_), Write::Confirmed { redo: true, .. }]), "{:?}", h.writes());
}

#[test]
fn a_question_that_comes_by_itself_is_not_answered_by_what_is_being_typed() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    let large = |h: &mut Harness| {
        let project = lakelens::domain::ids::ProjectId(1);
        h.event(Event::Wrote(Wrote::Large { project, redo: false, pictures: 50 }));
        h.effects.clear();
    };
    // Keys that follow each other without a pause were meant for the picture, a `y` among them as well.
    large(&mut h);
    assert!(!h.screen(80, 24).contains("y yes"), "its keys do not count yet");
    h.keys("<enter> 1 y y y <enter>");
    assert!(h.writes().is_empty() && h.state.overlays.len() == 1);
    h.read();
    assert!(h.screen(80, 24).contains("y yes"));
    // After that any other key is no, and it is said that nothing was done.
    h.keys("<enter>");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty());
    let said = h.state.messages.shown().unwrap().text.clone();
    assert_eq!(said, "not done: Take back a change of 50 pictures?");
    large(&mut h);
    h.read().keys("<esc>");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty());
    // It does not lie down over a field that somebody types into.
    h.keys("F").text("clas");
    large(&mut h);
    h.text("s:y").keys("<esc>");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty());
}

#[test]
fn enter_says_yes_to_no_question() {
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.keys("g p");
    let all = vec![(super::harness::project(&["daisy"]), Default::default())];
    h.reply(Slot::Projects, Reply::Projects { all, here: Default::default() });
    h.keys("x <enter> <space>");
    assert!(h.writes().is_empty() && h.state.overlays.len() == 1);
    h.keys("y");
    assert_eq!(h.writes().len(), 1);
}

#[test]
fn a_warning_goes_with_the_key_that_does_what_it_asks_for() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.state.read_only = true;
    h.keys("s");
    assert!(h.state.messages.shown().unwrap().text.starts_with("read-only"));
    // What is refused, unbound or unfinished leaves it; what is done takes it away.
    h.keys("<f9> g <esc>");
    assert!(h.state.messages.shown().is_some());
    h.keys("n");
    assert_eq!(h.state.messages.shown(), None);
    // What others did stays as long as it takes to be read.
    h.event(Event::Notice("the disk is nearly full".to_owned()));
    h.keys("n");
    assert!(h.state.messages.shown().is_some());
}

#[test]
fn stale_answers_are_dropped() {
    let mut h = Harness::labelling(&["daisy"], 3);
    let old = h.state.slots.ask(Slot::Jump);
    let _new = h.state.slots.ask(Slot::Jump);
    h.event(Event::Reply(old, Reply::Page { samples: vec![sample(9)], end: true }));
    assert_eq!(h.state.label().unwrap().sample().unwrap().id, SampleId(1));
}

#[test]
fn the_walk_asks_for_more_before_it_runs_short() {
    let mut h = Harness::labelling(&["daisy"], 30);
    h.state.label_mut().unwrap().at_end = false;
    h.keys("n n n n n n n n");
    assert!(h.asked().iter().any(|q| matches!(q, Query::Page { back: false, beyond: Some(SampleId(30)), .. })));
}

#[test]
fn quitting_keeps_the_place_and_toggled_classes() {
    let mut h = Harness::labelling(&["sky", "sea"], 5);
    h.state.project.as_mut().unwrap().project.task = Task::Multilabel;
    h.keys("1 Q");
    let writes = h.writes();
    assert!(matches!(&writes[0], Write::Edits(_)), "{writes:?}");
    assert!(matches!(&writes[1], Write::Session { sample: Some(SampleId(1)), .. }), "{writes:?}");
    assert_eq!(h.effects.last(), Some(&Effect::Quit));
}

#[test]
fn an_edit_that_cannot_be_written_is_taken_back_and_said() {
    let mut h = Harness::labelling(&["daisy", "roses"], 5);
    h.keys("1");
    let made = edits(&h);
    h.event(Event::Wrote(Wrote::Rejected { edits: made, reason: "the disk is full; free some space".to_owned() }));
    let sample = h.state.walk_sample(SampleId(1)).unwrap().clone();
    assert_eq!((sample.rev, sample.answer.status), (Rev(0), Status::Unlabeled));
    assert_eq!(h.state.save.unsent, 0);
    assert!(h.state.label().unwrap().tape.is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("disk is full"));
}

#[test]
fn a_key_that_comes_faster_than_a_person_presses_is_a_held_key() {
    let mut h = Harness::labelling(&["daisy", "roses"], 50);
    for key in ["s", "1"] {
        h.effects.clear();
        h.quick_keys(&[key; 20].join(" "));
        assert_eq!(edits(&h).len(), 1, "{key}");
    }
    // Moves go on while a key is held.
    let before = h.state.label().unwrap().at;
    h.quick_keys("n n n n n");
    assert_eq!(h.state.label().unwrap().at, before + 5);
}

#[test]
fn a_new_project_never_takes_the_picture_away_under_a_decision() {
    let mut h = Harness::labelling(&["daisy"], 5);
    h.event(Event::ProjectReady(lakelens::domain::ids::ProjectId(9)));
    assert_eq!(h.state.project.as_ref().unwrap().project.id.0, 1);
    assert!(h.state.messages.shown().unwrap().text.contains("ready"));
}

#[test]
fn a_store_that_cannot_be_written_says_why_once() {
    let mut h = Harness::labelling(&["daisy"], 5);
    h.keys("1");
    for _ in 0..3 {
        h.event(Event::Wrote(Wrote::Waiting { count: 1, reason: "the disk is full".to_owned() }));
    }
    assert_eq!(h.state.messages.all().count(), 1);
    assert!(h.screen(80, 24).contains("1 not saved"));
}

#[test]
fn an_empty_queue_says_what_was_looked_for() {
    let mut h = Harness::labelling(&["daisy"], 3);
    h.state.project.as_mut().unwrap().counts.status = [(Status::Labeled, 3)].into();
    let empty = |h: &mut Harness, filter: &str| {
        h.keys("F <C-u>").text(filter).keys("<enter>");
        h.reply(Slot::WalkForward, Reply::Page { samples: Vec::new(), end: true });
        text_of(&h.draw(100, 24).0)
    };
    let text = empty(&mut h, "dup:near");
    assert!(text.contains("No picture is `dup:near`") && !text.contains("Done"), "{text}");
    let text = empty(&mut h, "status:unlabeled");
    assert!(text.contains("Done: all 3 pictures have an answer"), "{text}");
}
