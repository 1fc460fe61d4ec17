//! Edits for a remote store: what the status line says of them, and the screen on which conflicts are decided.

use super::harness::{Harness, sample};
use super::screens::snapshots;
use jiff::Timestamp;
use lakelens::app::effect::{Decision, Effect, Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::picture::Window;
use lakelens::app::screens::Screen;
use lakelens::app::screens::conflicts::ConflictLine;
use lakelens::app::slots::Slot;
use lakelens::app::state::OutboxState;
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::edit::{Change, Edit, Origin, Outcome};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{ClassId, EditId, ProjectId, Rev, SampleId};
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Status};

fn answer(classes: &[i64], author: &str) -> Answer {
    let at = Timestamp::from_second(1_789_999_000).unwrap();
    let annotations = classes.iter().map(|c| Annotation::label(ClassId(*c), author, at)).collect();
    Answer { status: Status::Labeled, annotations, ..Answer::default() }
}

fn edit(id: i64, class: i64) -> Edit {
    let change = Change::Answer {
        sample: SampleId(id),
        base: Rev(0),
        before: Answer::default(),
        after: answer(&[class], "ann"),
    };
    Edit::by_person(ProjectId(1), change, "ann", Timestamp::from_second(1_789_999_400).unwrap())
}

fn line(id: usize, theirs: Answer) -> ConflictLine {
    let mut there = sample(id);
    there.answer = theirs.clone();
    ConflictLine { edit: edit(i64::try_from(id).unwrap(), 1), sample: Some(there), theirs, reason: None }
}

/// The screen with three conflicts.
fn opened() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses", "tulips"], 10);
    h.state.project.as_mut().unwrap().project.task = Task::Multilabel;
    h.keys("g x");
    assert!(matches!(h.asked().as_slice(), [.., Query::Conflicts(_)]), "{:?}", h.asked());
    let refused = ConflictLine { reason: Some("class 9 is not there".to_owned()), ..line(6, Answer::default()) };
    let lines = vec![line(2, answer(&[2, 3], "bob")), line(4, answer(&[], "bob\u{1b}[2J")), refused];
    h.reply(Slot::Conflicts, Reply::Conflicts(lines));
    h.effects.clear();
    h
}

/// What was resolved since the last look.
fn resolved(h: &Harness) -> Vec<(EditId, Decision)> {
    h.writes()
        .iter()
        .map(|w| match w {
            Write::Resolve { edit, decision, .. } => (*edit, *decision),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn lines(h: &Harness) -> Vec<EditId> {
    match h.state.screen() {
        Some(Screen::Conflicts(c)) => c.lines.as_ref().unwrap().iter().map(|l| l.edit.id).collect(),
        _ => panic!("another screen"),
    }
}

#[test]
fn of_boxes_it_is_said_whose_are_seen_and_how_far_they_are_the_same() {
    let mut h = opened();
    assert!(!h.screen(80, 24).contains("is shown"));
    let boxed = |x: f64| {
        let shape = Shape::Box(BoxN { x, y: 0.2, w: 0.4, h: 0.4 });
        let mut given = answer(&[1], "bob");
        given.annotations[0].shape = shape;
        given
    };
    let mut one = line(2, boxed(0.2));
    let Change::Answer { after, .. } = &mut one.edit.change else { panic!() };
    *after = boxed(0.3);
    h.keys("q g x");
    h.reply(Slot::Conflicts, Reply::Conflicts(vec![one]));
    let text = h.screen(80, 24);
    assert!(text.contains("theirs is shown, overlap 0.60"), "{text}");
    // Of several it is said which of them differ.
    let mut theirs = boxed(0.2);
    let other = answer(&[2], "bob").annotations.remove(0);
    theirs.annotations.push(Annotation { shape: theirs.annotations[0].shape.clone(), ..other });
    let mut several = line(2, theirs);
    let Change::Answer { after, .. } = &mut several.edit.change else { panic!() };
    *after = boxed(0.22);
    h.keys("q g x");
    h.reply(Slot::Conflicts, Reply::Conflicts(vec![several]));
    let text = h.screen(120, 40);
    assert!(text.contains("theirs is shown   only theirs: roses   the same: 1, overlap 0.90"), "{text}");
}

#[test]
fn each_key_decides_the_conflict_under_the_cursor_once() {
    let mut h = opened();
    let edits = lines(&h);
    h.keys("j b y a c");
    // The line is gone at once: the next key is about the next one.
    let want = [(edits[1], Decision::Theirs), (edits[2], Decision::Mine), (edits[0], Decision::Both)];
    assert_eq!(resolved(&h), want);
    h.effects.clear();
    h.keys("a b c");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty(), "nothing is left to decide");
}

#[test]
fn giving_ones_own_answer_up_asks_first_and_the_rest_can_be_undone() {
    let mut h = opened();
    h.keys("b");
    assert!(h.screen(80, 24).contains("Give up your answer, daisy?"));
    h.keys("n");
    assert!(h.writes().is_empty() && lines(&h).len() == 3);
    h.keys("b");
    // The list changes while the question stands there: it is about none of the new lines.
    if let Some(Screen::Conflicts(c)) = h.state.screens.last_mut() {
        c.lines.as_mut().unwrap().remove(0);
    }
    h.keys("y");
    assert!(h.writes().is_empty());
    h.keys("a u");
    assert!(matches!(h.writes().last(), Some(Write::Undo(_))), "{:?}", h.writes());
}

#[test]
fn nothing_is_decided_about_a_picture_that_nobody_can_have_seen() {
    let mut h = opened();
    h.state.pictures = Default::default();
    h.keys("a b c");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("not on the screen yet"));
    // A change of the label set, or of a picture that is gone, has none.
    if let Some(Screen::Conflicts(c)) = h.state.screens.last_mut() {
        c.lines.as_mut().unwrap()[0].sample = None;
    }
    h.keys("a");
    assert_eq!(h.writes().len(), 1);
}

#[test]
fn the_picture_is_there_in_every_window_that_has_room_for_it() {
    let mut h = opened();
    for (width, height) in [(160, 50), (80, 24), (60, 20), (40, 12)] {
        let pictures = h.draw(width, height).1.pictures;
        assert!(pictures.len() == 1 && pictures[0].cells.h >= 3, "{width}x{height}: {pictures:?}");
        assert_eq!(
            h.state.picture_room().map(|room| (room.w, room.h)),
            Some((pictures[0].cells.w, pictures[0].cells.h))
        );
    }
    h.draw(100, 30);
    h.keys("z");
    assert_ne!(h.draw(100, 30).1.pictures[0].window, Window::ALL);
}

#[test]
fn where_a_picture_has_one_class_the_answers_cannot_be_joined_and_the_screen_says_so() {
    let mut h = opened();
    h.state.project.as_mut().unwrap().project.task = Task::Classification;
    assert!(!h.screen(80, 24).contains("both"), "offered, although it cannot be done");
    h.keys("c");
    assert!(h.writes().is_empty());
    assert!(h.screen(80, 24).contains("a picture of this project has one class; take yours or theirs"));
    h.keys("a");
    assert_eq!(h.writes().len(), 1);
}

#[test]
fn a_held_key_decides_once_and_read_only_never() {
    let mut h = opened();
    h.quick_keys("a a a");
    assert_eq!(h.writes().len(), 1);
    let mut h = opened();
    h.state.read_only = true;
    h.keys("a b");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty());
}

#[test]
fn what_was_decided_is_shown_and_the_list_asked_again() {
    let mut h = opened();
    h.keys("c");
    h.effects.clear();
    let mut made = edit(2, 3);
    if let Change::Answer { base, .. } = &mut made.change {
        *base = Rev(4);
    }
    h.event(Event::Wrote(Wrote::Resolved(Some(Box::new(made)))));
    assert!(h.asked().iter().any(|q| matches!(q, Query::Conflicts(_))));
    h.keys("q");
    let shown = h.state.label().unwrap().walk.iter().find(|s| s.id == SampleId(2)).unwrap();
    assert_eq!((shown.rev, shown.answer.annotations[0].class), (Rev(5), ClassId(3)));
}

#[test]
fn the_status_line_tells_kept_from_sent() {
    let mut h = Harness::labelling(&["daisy"], 3);
    let outbox = |unsent, conflicts, waiting: Option<&str>| {
        Event::Outbox(OutboxState { unsent, conflicts, waiting: waiting.map(str::to_owned) })
    };
    assert!(h.screen(80, 24).contains("saved"));
    h.event(outbox(12, 0, None));
    assert!(h.screen(80, 24).contains("12 unsent"));
    h.event(outbox(12, 0, Some("the server does not answer")));
    let screen = h.screen(100, 24);
    assert!(screen.contains("12 unsent, offline") && screen.contains("kept on this machine"), "{screen}");
    h.event(outbox(0, 1, None));
    assert!(h.screen(80, 24).contains("conflict 1"));
    h.event(outbox(0, 0, None));
    assert!(h.screen(80, 24).contains("saved"));
}

#[test]
fn a_conflict_found_later_shows_theirs_and_says_where_to_decide() {
    let mut h = Harness::labelling(&["daisy", "roses"], 3);
    h.keys("1");
    let conflict = Outcome::Conflict { rev: Rev(7), theirs: answer(&[2], "bob") };
    h.event(Event::Wrote(Wrote::Sent(vec![(edit(1, 1), conflict)])));
    let shown = h.state.label().unwrap().walk.iter().find(|s| s.id == SampleId(1)).unwrap();
    assert_eq!((shown.rev, shown.answer.annotations[0].class), (Rev(7), ClassId(2)));
    assert!(h.screen(100, 24).contains("g x"), "{}", h.screen(100, 24));
}

#[test]
fn conflicts_snapshots() {
    snapshots("conflicts", &mut opened());
    let mut none = Harness::labelling(&["daisy"], 1);
    none.keys("g x");
    none.reply(Slot::Conflicts, Reply::Conflicts(Vec::new()));
    snapshots("conflicts_none", &mut none);
}

#[test]
fn an_undo_is_shown_although_the_store_cannot_be_read() {
    let mut h = Harness::labelling(&["daisy", "roses"], 3);
    h.keys("2");
    let labelled = |h: &Harness| h.state.label().unwrap().walk[0].answer.annotations.len();
    assert_eq!(labelled(&h), 1);
    let Some(Write::Edits(edits)) = h.writes().pop() else { panic!("{:?}", h.effects) };
    let back = Edit { change: edits[0].change.inverse(Rev(1)), ..edits[0].clone() };
    let applied = vec![(back, Outcome::Saved { rev: Rev(2) })];
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits: applied, samples: Vec::new(), counts: None }));
    assert_eq!(labelled(&h), 0);
    assert_eq!(h.state.label().unwrap().walk[0].rev, Rev(2));
    assert!(h.screen(80, 24).contains("taken back"));
}

#[test]
fn what_others_answer_is_shown_at_once_and_never_something_older() {
    let mut h = Harness::labelling(&["daisy", "roses"], 3);
    let project = h.state.project.as_ref().unwrap().project.id;
    let theirs = |id: i64, class: i64| {
        let mut edit = edit(id, class);
        edit.author = "bob".to_owned();
        edit
    };
    let first = |h: &Harness| {
        let sample = &h.state.label().unwrap().walk[0];
        (sample.rev, sample.answer.annotations.first().map(|a| a.class.0))
    };
    h.event(Event::Elsewhere(project, vec![(theirs(1, 2), Rev(3)), (theirs(1, 1), Rev(2)), (theirs(99, 1), Rev(1))]));
    assert_eq!(first(&h), (Rev(3), Some(2)));
    assert!(h.screen(100, 24).contains("bob has just answered this picture"));
    // The next key is about what is shown now.
    h.effects.clear();
    h.keys("1");
    let Some(Write::Edits(edits)) = h.writes().pop() else { panic!("{:?}", h.effects) };
    assert!(matches!(edits[0].change, Change::Answer { base: Rev(3), .. }), "{:?}", edits[0]);
    // Another project is none of this one's business.
    h.event(Event::Elsewhere(ProjectId(77), vec![(theirs(2, 2), Rev(9))]));
    assert_eq!(h.state.label().unwrap().walk[1].rev, Rev(0));
}

#[test]
fn what_comes_from_a_table_is_told_and_new_pictures_join_the_walk() {
    let mut h = Harness::labelling(&["daisy", "roses"], 3);
    let project = h.state.project.as_ref().unwrap().project.id;
    let theirs = |id: i64, class: i64, rev| {
        let mut edit = Edit { author: "the table".to_owned(), origin: Origin::Import, ..edit(id, class) };
        if let Change::Answer { base, before, .. } = &mut edit.change {
            (*base, before.flagged) = (Rev(rev), rev > 0);
        }
        (edit, Rev(rev + 1))
    };
    assert!(h.state.label().unwrap().at_end);
    h.effects.clear();
    h.event(Event::Elsewhere(project, vec![theirs(2, 2, 4), theirs(3, 1, 4)]));
    assert!(h.screen(100, 24).contains("the table: 2 labels changed"));
    assert!(!h.asked().iter().any(|q| matches!(q, Query::Page { .. })), "nothing is new");
    h.event(Event::Elsewhere(project, vec![theirs(2, 1, 5), theirs(9, 1, 0)]));
    assert!(h.screen(100, 24).contains("the table: 1 label changed, 1 new with a class"));
    let beyond = |q: &Query| matches!(q, Query::Page { beyond: Some(id), back: false, .. } if id.0 == 3);
    assert!(h.asked().iter().any(beyond), "{:?}", h.asked());
    // Pictures without an answer are no edits.
    h.reply(Slot::WalkForward, Reply::Page { samples: vec![sample(9)], end: true });
    h.effects.clear();
    h.event(Event::Elsewhere(project, Vec::new()));
    assert!(h.asked().iter().any(|q| matches!(q, Query::Page { beyond: Some(id), .. } if id.0 == 9)));
}

#[test]
fn counts_of_a_remote_store_do_not_hide_what_waits_for_it() {
    let mut h = Harness::labelling(&["daisy", "roses"], 3);
    h.keys("2");
    let Some(Write::Edits(edits)) = h.writes().pop() else { panic!("{:?}", h.effects) };
    let asked = |h: &Harness| h.effects.iter().filter(|e| matches!(e, Effect::Ask(_, Query::Counts(_)))).count();
    h.effects.clear();
    h.event(Event::Wrote(Wrote::Edits(vec![(edits[0].clone(), Outcome::Queued)], None)));
    h.event(Event::Outbox(OutboxState { unsent: 1, ..OutboxState::default() }));
    assert_eq!(asked(&h), 0, "the store cannot know of it yet");
    assert!(h.screen(100, 24).contains("1 / 3 done"));
    h.event(Event::Wrote(Wrote::Sent(vec![(edits[0].clone(), Outcome::Saved { rev: Rev(1) })])));
    assert_eq!(asked(&h), 0);
    h.event(Event::Outbox(OutboxState::default()));
    assert_eq!(asked(&h), 1, "now it does");
}

#[test]
fn a_store_that_does_not_count_revisions_says_which_one_it_is() {
    let mut h = Harness::labelling(&["daisy", "roses"], 3);
    h.keys("2");
    let Some(Write::Edits(edits)) = h.writes().pop() else { panic!("{:?}", h.effects) };
    let rev = |h: &Harness| h.state.label().unwrap().walk[0].rev;
    assert_eq!(rev(&h), Rev(1));
    h.event(Event::Wrote(Wrote::Edits(vec![(edits[0].clone(), Outcome::Queued)], None)));
    h.event(Event::Wrote(Wrote::Sent(vec![(edits[0].clone(), Outcome::Saved { rev: Rev(7_777) })])));
    assert_eq!(rev(&h), Rev(7_777));
}
