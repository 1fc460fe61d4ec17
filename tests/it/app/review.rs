//! Review: what each key does, and what it must not do.

mod places;
mod second_boxes;
pub(super) mod second_pass;

use super::harness::{Harness, project, sample};
use super::screens::snapshots;
use jiff::{SignedDuration, Timestamp};
use lakelens::app::effect::{Effect, Query, Write};
use lakelens::app::event::{Event, HistoryLine, Reply, Wrote};
use lakelens::app::screens::{Screen, review};
use lakelens::app::slots::Slot;
use lakelens::app::state::Pictures;
use lakelens::domain::annotation::{Annotation, Prediction, Shape};
use lakelens::domain::edit::{Change, Edit, Origin, Outcome};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{AnnotationId, ClassId, ProjectId, Rev, SampleId};
use lakelens::domain::key::KeyPress;
use lakelens::domain::project::Task;
use lakelens::domain::review::{Review, Verdict};
use lakelens::domain::sample::{Answer, Sample, Status};
use lakelens::ops::report::review::ReviewReport;

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

/// The n-th sample, answered by `who` with a class.
fn answered(n: usize, class: i64, who: &str) -> Sample {
    let annotation = Annotation {
        id: AnnotationId(uuid::Uuid::from_u128(n as u128)),
        ..Annotation::label(ClassId(class), who, days_ago(3))
    };
    let answer = Answer { status: Status::Labeled, annotations: vec![annotation], ..Answer::default() };
    Sample { answer, rev: Rev(1), ..sample(n) }
}

fn report(waiting: u64) -> ReviewReport {
    ReviewReport { waiting, accepted: 120, rejected: 3, people: vec!["bob".to_owned()], ..ReviewReport::default() }
}

/// A machine on the Review screen with these samples, all pictures shown.
fn reviewing(classes: &[&str], samples: Vec<Sample>) -> Harness {
    let mut h = Harness::new(Screen::Home(Default::default()));
    h.open(project(classes), samples.len());
    h.keys("g r");
    let count = samples.len() as u64;
    h.reply(Slot::Review, Reply::Review(Box::new(report(count))));
    h.reply(Slot::WalkForward, Reply::Page { samples, end: true });
    if h.state.label().unwrap().sample().is_some() {
        h.reply(Slot::Position, Reply::Position { rank: Some(1), total: count });
    }
    h.show_all();
    h.effects.clear();
    h
}

pub(crate) fn three() -> Harness {
    reviewing(&["daisy", "roses", "tulips"], (1..=3).map(|n| answered(n, 2, "bob")).collect())
}

fn edits(h: &Harness) -> Vec<Edit> {
    h.writes().into_iter().flat_map(|w| if let Write::Edits(e) = w { e } else { Vec::new() }).collect()
}

fn verdict(edit: &Edit) -> Review {
    match &edit.change {
        Change::Verdict { after: Some(review), .. } => review.clone(),
        other => panic!("{other:?}"),
    }
}

fn at(h: &Harness) -> usize {
    h.state.label().unwrap().at
}

#[test]
fn opens_on_what_waits_for_a_verdict() {
    let mut h = Harness::new(Screen::Home(Default::default()));
    h.keys("g r");
    assert!(h.effects.is_empty(), "without a project there is nothing to review");
    h.open(project(&["daisy"]), 3);
    h.keys("g r");
    let asked = h.asked();
    assert!(
        asked.iter().any(|q| matches!(q, Query::Page { queue, .. } if queue.filter.to_string() == "review:waiting"))
    );
    assert!(asked.contains(&Query::Review(ProjectId(1))));
}

#[test]
fn one_key_accepts_and_goes_on() {
    for key in ["a", "<enter>"] {
        let mut h = three();
        h.keys(key);
        let made = edits(&h);
        assert_eq!(made.len(), 1);
        let given = verdict(&made[0]);
        assert_eq!((given.verdict, given.rev, given.reviewer.as_str()), (Verdict::Accepted, Rev(1), "ann"));
        assert!(matches!(made[0].change, Change::Verdict { sample: SampleId(1), base: Rev(1), before: None, .. }));
        assert_eq!((at(&h), h.state.save.unsent), (1, 1));
        let counts = h.state.review().unwrap().report.clone().unwrap();
        assert_eq!((counts.waiting, counts.accepted), (2, 121));
        h.save_all();
        assert_eq!(h.state.save.unsent, 0);
    }
}

#[test]
fn accepting_twice_makes_one_verdict() {
    let mut h = three();
    h.keys("a p a");
    assert_eq!(edits(&h).len(), 1);
    assert_eq!(at(&h), 1);
}

#[test]
fn rejecting_asks_why_and_takes_any_words() {
    let mut h = three();
    h.keys("x <enter>");
    h.keys("x").text("not a flower").keys("<enter>");
    h.keys("x <esc>");
    let made = edits(&h);
    assert_eq!(made.len(), 2, "Esc rejects nothing");
    let (first, second) = (verdict(&made[0]), verdict(&made[1]));
    assert_eq!((first.verdict, first.comment.as_deref()), (Verdict::Rejected, Some("wrong class")));
    assert_eq!(second.comment.as_deref(), Some("not a flower"));
    assert_eq!(at(&h), 2);
}

#[test]
fn a_changed_mind_replaces_the_own_verdict_only() {
    let mut samples = vec![answered(1, 2, "bob")];
    let review = |who: &str| Review {
        rev: Rev(1),
        verdict: Verdict::Rejected,
        comment: None,
        reviewer: who.to_owned(),
        at: days_ago(1),
    };
    samples[0].reviews = vec![review("ann"), review("cyd")];
    let mut h = reviewing(&["daisy", "roses"], samples);
    h.keys("a");
    let made = edits(&h);
    assert!(matches!(&made[0].change, Change::Verdict { before: Some(b), .. } if b.reviewer == "ann"));
    let reviews = &h.state.walk_sample(SampleId(1)).unwrap().reviews;
    let names: Vec<&str> = reviews.iter().map(|r| r.reviewer.as_str()).collect();
    assert_eq!(names, ["cyd", "ann"]);
}

#[test]
fn a_class_key_fixes_and_accepts_in_one_batch() {
    let mut h = three();
    h.keys("3");
    let made = edits(&h);
    assert_eq!(made.len(), 2);
    assert!(made[0].batch.is_some() && made[0].batch == made[1].batch, "one undo takes both back");
    let Change::Answer { base, after, .. } = &made[0].change else { panic!("{made:?}") };
    assert_eq!((*base, after.annotations[0].class, after.annotations[0].author.as_str()), (Rev(1), ClassId(3), "ann"));
    let given = verdict(&made[1]);
    assert_eq!((given.verdict, given.rev), (Verdict::Accepted, Rev(2)), "the verdict is on the new revision");
    let shown = h.state.walk_sample(SampleId(1)).unwrap().clone();
    assert_eq!(shown.rev, Rev(2));
    assert!(!shown.reviews[0].is_stale(shown.rev));
    assert_eq!((at(&h), h.state.save.unsent), (1, 2));
}

#[test]
fn the_class_it_has_already_is_an_accept() {
    let mut h = three();
    h.keys("2");
    let made = edits(&h);
    assert_eq!(made.len(), 1);
    assert_eq!(verdict(&made[0]).verdict, Verdict::Accepted);
}

#[test]
fn zero_and_typing_fix_as_well() {
    let mut h = three();
    h.keys("0");
    h.keys("e").text("tul").keys("<enter>");
    let made = edits(&h);
    assert!(matches!(&made[0].change, Change::Answer { after, .. } if after.annotations.is_empty()));
    assert!(matches!(&made[2].change, Change::Answer { after, .. } if after.annotations[0].class == ClassId(3)));
    h.keys("9");
    assert_eq!(edits(&h).len(), 4);
    assert!(h.state.messages.shown().unwrap().text.contains("no class has the key 9"));
}

#[test]
fn letters_that_judge_never_label() {
    let names: Vec<String> = (0..30).map(|i| format!("c{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut h = reviewing(&names, (1..=5).map(|n| answered(n, 1, "bob")).collect());
    let labels = h.state.labels();
    let by_key = |key: &str| labels.live().find(|c| c.hotkey == key).map(|c| c.id).unwrap();
    h.keys("a");
    assert!(matches!(edits(&h)[0].change, Change::Verdict { .. }), "`a` accepts, whatever class has that key");
    assert_eq!(review::key_of(&h.state, labels.live().find(|c| c.hotkey == "a").unwrap()), None);
    h.keys("c");
    let after = |e: &Edit| if let Change::Answer { after, .. } = &e.change { after.clone() } else { panic!("{e:?}") };
    assert_eq!(after(&edits(&h)[1]).annotations[0].class, by_key("c"));
    h.keys("; c");
    assert_eq!(after(&edits(&h)[3]).annotations[0].class, by_key(";c"));
}

#[test]
fn a_picture_that_is_not_on_the_screen_gets_no_verdict() {
    let mut h = three();
    h.state.pictures = Pictures::default();
    h.keys("a 3 x e f");
    assert!(h.writes().is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("not on the screen"));
}

#[test]
fn read_only_gives_no_verdict() {
    let mut h = three();
    h.state.read_only = true;
    h.keys("a x 3 0 e f u c");
    assert!(h.writes().is_empty());
}

#[test]
fn a_held_key_judges_once_and_a_paste_never() {
    let mut h = three();
    for (key, held) in [('a', 2), ('3', 2)] {
        h.event(Event::Key { press: KeyPress::char(key), repeat: false });
        for _ in 0..held {
            h.event(Event::Key { press: KeyPress::char(key), repeat: true });
        }
    }
    h.event(Event::Paste("aaa3x".to_owned()));
    assert_eq!(edits(&h).len(), 3, "one accept, one fix of two edits");
    // A terminal that does not tell held keys: the same key again at once.
    let mut h = three();
    for _ in 0..3 {
        h.event_at_once(Event::Key { press: KeyPress::char('a'), repeat: false });
    }
    assert_eq!(edits(&h).len(), 1);
}

#[test]
fn what_nobody_has_answered_cannot_be_accepted() {
    let mut h = reviewing(&["daisy"], vec![sample(1)]);
    h.keys("a");
    assert!(h.writes().is_empty());
    assert!(h.state.messages.shown().unwrap().text.contains("nobody has answered"));
    h.keys("x");
    assert!(h.state.overlays.is_empty());
}

#[test]
fn boxes_are_judged_but_not_fixed_by_a_class() {
    let mut h = three();
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    h.keys("3");
    assert!(h.writes().is_empty());
    h.keys("a");
    assert_eq!(edits(&h).len(), 1);
}

#[test]
fn what_became_of_boxes_is_told_by_name() {
    let boxed = |n: u128, class, x| {
        let shape = Shape::Box(BoxN { x, y: 0.2, w: 0.3, h: 0.4 });
        let id = AnnotationId(uuid::Uuid::from_u128(n));
        Annotation { id, shape, ..Annotation::label(ClassId(class), "bob", days_ago(3)) }
    };
    let with = |annotations: &[&Annotation]| {
        let annotations = annotations.iter().map(|a| (*a).clone()).collect();
        Answer { status: Status::Labeled, annotations, ..Answer::default() }
    };
    let (one, other) = (boxed(1, 1, 0.1), boxed(2, 2, 0.6));
    let roses = Annotation { class: ClassId(2), ..one.clone() };
    let moved = boxed(1, 1, 0.15);
    for (before, after, wanted) in [
        (with(&[&one]), with(&[&roses]), "daisy → roses"),
        (with(&[&one]), with(&[&moved]), "daisy: moved, overlap 0.71"),
        (with(&[&one]), with(&[&one, &other]), "drawn as roses"),
        (with(&[&one, &other]), with(&[&one]), "deleted (roses)"),
    ] {
        let mut h = reviewing(&["daisy", "roses"], vec![Sample { answer: after.clone(), rev: Rev(2), ..sample(1) }]);
        let change = Change::Answer { sample: SampleId(1), base: Rev(1), before, after };
        let edit = Edit::by_person(ProjectId(1), change, "bob", days_ago(3));
        h.state.review_mut().unwrap().history = vec![HistoryLine { edit, path: None, undone: false }];
        let text = shown(&mut h);
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

#[test]
fn several_classes_are_toggled_then_accepted_as_one_fix() {
    let mut h = three();
    h.state.project.as_mut().unwrap().project.task = Task::Multilabel;
    h.keys("3");
    assert!(edits(&h).is_empty());
    h.keys("a");
    let made = edits(&h);
    assert_eq!(made.len(), 2);
    assert!(matches!(&made[0].change, Change::Answer { after, .. } if after.annotations.len() == 2));
    assert_eq!(at(&h), 1);
    // Going on with toggled classes keeps them; Esc takes them back.
    h.keys("1 n");
    assert_eq!(edits(&h).len(), 4);
    h.keys("1 <esc> p");
    assert_eq!(edits(&h).len(), 4);
}

#[test]
fn an_edit_after_a_verdict_makes_it_stale() {
    let mut h = three();
    h.keys("a p f");
    let shown = h.state.walk_sample(SampleId(1)).unwrap().clone();
    assert!(shown.answer.flagged && shown.reviews[0].is_stale(shown.rev));
    let screen = h.screen(120, 40);
    assert!(screen.contains("edited since"), "{screen}");
    let counts = |h: &Harness| h.state.review().unwrap().report.clone().map(|r| (r.waiting, r.stale, r.accepted));
    h.state.review_mut().unwrap().report = Some(ReviewReport { waiting: 3, stale: 1, ..ReviewReport::default() });
    h.keys("a");
    let last = edits(&h).pop().unwrap();
    assert!(matches!(&last.change, Change::Verdict { base: Rev(2), before: Some(_), .. }));
    assert_eq!(counts(&h), Some((2, 0, 1)), "what is stale waits as well");
}

#[test]
fn a_conflict_takes_the_verdict_off_the_screen_and_shows_theirs() {
    let mut h = three();
    h.keys("a");
    let edit = edits(&h).remove(0);
    let theirs = Answer { status: Status::Skipped, ..Answer::default() };
    let outcome = Outcome::Conflict { rev: Rev(2), theirs: theirs.clone() };
    h.event(Event::Wrote(Wrote::Edits(vec![(edit, outcome)], None)));
    let shown = h.state.walk_sample(SampleId(1)).unwrap().clone();
    assert_eq!((shown.rev, shown.answer, shown.reviews.len()), (Rev(2), theirs, 0));
    assert_eq!(h.state.save.conflicts, 1);
    assert!(h.state.messages.shown().unwrap().text.contains("look at it again"));
}

#[test]
fn a_fix_that_met_somebody_else_counts_as_one_conflict() {
    let mut h = three();
    h.keys("3");
    let theirs = Answer { status: Status::Skipped, ..Answer::default() };
    let outcome = Outcome::Conflict { rev: Rev(5), theirs };
    let outcomes = edits(&h).into_iter().map(|e| (e, outcome.clone())).collect();
    h.event(Event::Wrote(Wrote::Edits(outcomes, None)));
    assert_eq!((h.state.save.conflicts, h.state.save.unsent), (1, 0));
    assert!(h.state.walk_sample(SampleId(1)).unwrap().reviews.is_empty());
}

#[test]
fn undo_brings_the_picture_and_its_old_verdicts_back() {
    let mut h = three();
    h.keys("3 a");
    h.save_all();
    h.keys("u");
    assert!(matches!(h.writes().as_slice(), [Write::Undo(_)]));
    let change = Change::Verdict { sample: SampleId(2), base: Rev(1), before: None, after: None };
    let edit = Edit::by_person(ProjectId(1), change, "ann", now());
    let edits = vec![(edit, Outcome::Saved { rev: Rev(1) })];
    let samples = vec![answered(2, 2, "bob")];
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits, samples, counts: None }));
    assert_eq!(h.state.label().unwrap().sample().unwrap().id, SampleId(2));
    assert!(h.state.walk_sample(SampleId(2)).unwrap().reviews.is_empty());
    assert!(h.asked().contains(&Query::Review(ProjectId(1))), "the counts are asked for again");
    h.effects.clear();
    h.keys("<C-r>");
    assert!(matches!(h.writes().as_slice(), [Write::Redo(_)]));
}

#[test]
fn moving_asks_for_the_history_of_each_picture_once() {
    let mut h = three();
    h.keys("n");
    let asked = h.asked();
    let wanted = |q: &&Query| matches!(q, Query::History { sample: Some(SampleId(2)), .. });
    assert_eq!(asked.iter().filter(wanted).count(), 1);
    h.keys("l n");
    assert_eq!(at(&h), 2);
    assert!(h.state.messages.shown().unwrap().text.contains("last picture"));
    h.keys("h <left> <left>");
    assert_eq!(at(&h), 0);
}

fn told(h: &mut Harness) {
    let mut first = answered(1, 2, "bob");
    first.predictions = vec![Prediction { class: ClassId(3), shape: Shape::Class, score: 0.91, model: "m".to_owned() }];
    let review = |who: &str, verdict, comment: Option<&str>, rev, days| Review {
        rev: Rev(rev),
        verdict,
        comment: comment.map(str::to_owned),
        reviewer: who.to_owned(),
        at: days_ago(days),
    };
    first.rev = Rev(2);
    first.reviews =
        vec![review("cyd", Verdict::Rejected, Some("wrong class"), 1, 2), review("dan", Verdict::Accepted, None, 2, 1)];
    let before = answered(1, 1, "eve").answer;
    let change = Change::Answer { sample: SampleId(1), base: Rev(1), before, after: first.answer.clone() };
    let edit = Edit::by_person(ProjectId(1), change, "bob", days_ago(3));
    h.state.label_mut().unwrap().walk[0] = first;
    h.state.review_mut().unwrap().history = vec![HistoryLine { edit, path: None, undone: false }];
}

fn shown(h: &mut Harness) -> String {
    h.screen(160, 50)
}

#[test]
fn an_imported_answer_is_nobodys_own_work() {
    let line = |answer: &Answer, origin, who: &str, days| {
        let change =
            Change::Answer { sample: SampleId(1), base: Rev(0), before: Answer::default(), after: answer.clone() };
        let edit = Edit { origin, ..Edit::by_person(ProjectId(1), change, who, days_ago(days)) };
        HistoryLine { edit, path: None, undone: false }
    };
    let mut h = reviewing(&["daisy", "roses", "tulips"], vec![answered(1, 2, "ann")]);
    assert_eq!(h.state.user, "ann");
    let answer = h.state.label().unwrap().sample().unwrap().answer.clone();
    h.state.review_mut().unwrap().history = vec![line(&answer, Origin::Person, "ann", 3)];
    let text = shown(&mut h);
    assert!(text.contains("your own answer") && text.contains("  by ann"), "{text}");
    // The same that came with an import or a scan of hers: she may judge it like a stranger's.
    h.state.review_mut().unwrap().history = vec![line(&answer, Origin::Import, "ann", 3)];
    let text = shown(&mut h);
    assert!(text.contains("imported by ann") && !text.contains("your own"), "{text}");
    let beside = h.screen(80, 24);
    assert!(beside.contains("  imported by ann") && beside.contains("  3 days ago"), "{beside}");
    let narrow = h.screen(60, 20);
    assert!(!narrow.contains("your own"), "{narrow}");
    h.keys("a");
    assert_eq!(verdict(&edits(&h)[0]).verdict, Verdict::Accepted);

    // What she made of it since is her own again, and what she imported without any mark is not.
    let mut h = reviewing(&["daisy", "roses", "tulips"], vec![answered(1, 3, "ann")]);
    let fixed = h.state.label().unwrap().sample().unwrap().answer.clone();
    let came = line(&answered(1, 2, "ann").answer, Origin::Import, "ann", 4);
    h.state.review_mut().unwrap().history = vec![line(&fixed, Origin::Person, "ann", 3), came];
    let text = shown(&mut h);
    assert!(text.contains("your own answer") && !text.contains("imported by"), "{text}");
    let empty = Answer { status: Status::Labeled, ..Answer::default() };
    let mut h = reviewing(&["daisy"], vec![Sample { answer: empty.clone(), rev: Rev(1), ..sample(1) }]);
    h.state.review_mut().unwrap().history = vec![line(&empty, Origin::Import, "ann", 3)];
    let text = shown(&mut h);
    assert!(text.contains("imported by ann") && !text.contains("your own"), "{text}");
}

#[test]
fn review_screens() {
    let mut h =
        reviewing(&["daisy", "roses", "tulips", "sunflowers"], (1..=40).map(|n| answered(n, 2, "bob")).collect());
    told(&mut h);
    snapshots("review", &mut h);
    let names: Vec<String> = (1..=30).map(|i| format!("a class with a rather long name, number {i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut h = reviewing(&names, (1..=3).map(|n| answered(n, 17, "ann")).collect());
    snapshots("review_30_classes", &mut h);
    snapshots("review_nothing", &mut reviewing(&["daisy"], Vec::new()));
}
