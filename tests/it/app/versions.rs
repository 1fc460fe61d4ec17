//! The Versions screen: snapshots are listed and taken, two states are compared, opened as a queue, and taken back.

use super::harness::{Harness, project, text_of};
use super::screens::snapshots;
use jiff::Timestamp;
use lakelens::app::effect::{Effect, Job, ProjectChange, Query, VersionRef, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::screens::Screen;
use lakelens::app::screens::versions::{Compared, SnapshotLine};
use lakelens::app::slots::Slot;
use lakelens::app::tasks::{TaskNews, TaskState};
use lakelens::domain::difference::{Change, Kind, Objects};
use lakelens::domain::ids::{EventId, ProjectId, Rev};
use lakelens::domain::project::Counts;
use lakelens::domain::sample::Status;
use lakelens::ops::report::versions::Differences;

fn line(name: &str, event: i64, author: &str, message: &str) -> SnapshotLine {
    let at = Timestamp::from_second(1_789_000_000 + event * 3_600).unwrap();
    let (author, message) = (author.to_owned(), message.to_owned());
    let labeled = u64::try_from(event).unwrap() * 10;
    SnapshotLine { name: name.to_owned(), event: Some(EventId(event)), author, at, message, labeled, samples: 3_670 }
}

fn named(name: &str, event: i64) -> VersionRef {
    VersionRef::Snapshot { name: name.to_owned(), event: Some(EventId(event)) }
}

/// The screen above a Label screen, with three snapshots.
fn opened() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses", "tulips"], 10);
    h.keys("g V");
    assert!(h.asked().contains(&Query::Versions(ProjectId(1))), "{:?}", h.asked());
    let all = vec![
        line("before-cleanup", 120, "bob", "as delivered"),
        line("a/path?\u{1b}[2J", 90, "eve.longname@example.org", ""),
        line("first", 7, "ann", ""),
    ];
    h.reply(Slot::Versions, Reply::Versions(all));
    h.effects.clear();
    h
}

fn change(kinds: &[Kind]) -> Change {
    let objects = Objects { added: 3, removed: 1, relabelled: 0, moved: 12, iou: 0.4 };
    Change { kinds: kinds.to_vec(), objects: Some(objects) }
}

fn found() -> Box<Differences> {
    let mut sums = Differences::default();
    sums.until = Some(EventId(400));
    let flip = |was: &str, is: &str| (was.to_owned(), is.to_owned());
    for _ in 0..1_204 {
        sums.add(&change(&[Kind::Class]), || flip("roses", "tulips"));
    }
    sums.add(&change(&[Kind::Class, Kind::Boxes]), || flip("daisy", "evil\u{1b}[2J"));
    sums.add(&change(&[Kind::Boxes]), || flip("", ""));
    sums.add(&change(&[Kind::Added]), || flip("", ""));
    Box::new(sums)
}

/// What was asked to be compared since the last look.
fn compared(h: &Harness) -> Vec<(VersionRef, VersionRef)> {
    let pair = |q| if let Query::Compare { from, to, .. } = q { Some((from, to)) } else { None };
    h.asked().into_iter().filter_map(pair).collect()
}

fn jobs(h: &Harness) -> Vec<Job> {
    h.effects.iter().filter_map(|e| if let Effect::Start(_, job) = e { Some(job.clone()) } else { None }).collect()
}

#[test]
fn screens_at_three_sizes() {
    let mut h = opened();
    h.keys("j <space>");
    h.reply(Slot::Comparison, Reply::Compared(found()));
    snapshots("versions", &mut h);
    h.keys("r <enter>");
    snapshots("versions_restore", &mut h);
    let mut h = Harness::labelling(&["daisy"], 3);
    h.keys("g V");
    assert!(h.screen(80, 24).contains("loading"));
    h.reply(Slot::Versions, Reply::Versions(Vec::new()));
    snapshots("versions_none", &mut h);
    h.keys("g p g V");
    h.reply(Slot::Versions, Reply::Failed("the web app's tables cannot keep snapshots; use \u{1b}[2J".to_owned()));
    snapshots("versions_unsupported", &mut h);
    h.effects.clear();
    h.keys("t r x <space> <enter>");
    assert!(h.writes().is_empty() && h.state.overlays.is_empty() && jobs(&h).is_empty());
}

#[test]
fn one_mark_is_compared_with_now_and_two_with_each_other_the_older_first() {
    let mut h = opened();
    h.keys("j <space>");
    assert_eq!(compared(&h), [(named("before-cleanup", 120), VersionRef::Now)]);
    h.effects.clear();
    h.keys("j j <space>");
    assert_eq!(compared(&h), [(named("first", 7), named("before-cleanup", 120))]);
    h.effects.clear();
    // A third mark takes the place of the first one.
    h.keys("k <space>");
    assert_eq!(compared(&h), [(named("first", 7), named("a/path?\u{1b}[2J", 90))]);
    h.effects.clear();
    h.keys("<esc>");
    assert!(h.state.versions().unwrap().marked.is_empty(), "Esc takes marks away before it leaves");
    assert!(h.effects.contains(&Effect::Forget(Slot::Comparison)), "what runs is stopped");
    h.keys("<esc>");
    assert!(h.state.versions().is_none());
}

#[test]
fn an_answer_to_other_marks_is_not_shown() {
    let mut h = opened();
    h.keys("j <space>");
    let tag = h.effects.iter().find_map(|e| match e {
        Effect::Ask(tag, Query::Compare { .. }) => Some(*tag),
        _ => None,
    });
    h.keys("j <space>");
    h.event(Event::Reply(tag.unwrap(), Reply::Compared(found())));
    let now = h.state.versions().unwrap().compared.as_ref().unwrap();
    assert_eq!(now.result, Compared::Running(0));
    h.reply(Slot::Comparison, Reply::Comparing(4_000));
    h.event(Event::Tick);
    h.event(Event::Tick);
    h.event(Event::Tick);
    assert!(h.screen(80, 24).contains("comparing, 4,000 edited pictures so far"));
    h.reply(Slot::Comparison, Reply::Failed("the line broke".to_owned()));
    assert!(h.screen(80, 24).contains("the line broke"));
    h.effects.clear();
    h.keys("<enter>");
    assert_eq!(compared(&h).len(), 1, "Enter tries again");
}

#[test]
fn enter_compares_and_then_opens_what_differs_as_a_queue() {
    let mut h = opened();
    h.keys("<enter>");
    assert!(compared(&h).is_empty(), "the present state with itself");
    h.keys("j <enter>");
    assert_eq!(compared(&h).len(), 1);
    h.keys("<enter>");
    assert!(jobs(&h).is_empty(), "nothing is known yet");
    h.reply(Slot::Comparison, Reply::Compared(found()));
    h.effects.clear();
    h.keys("<enter>");
    let [Job::ListDifferences { from, to: VersionRef::Now, list, .. }] = &jobs(&h)[..] else {
        panic!("{:?}", jobs(&h))
    };
    assert_eq!((from, list.as_str()), (&named("before-cleanup", 120), "diff before-cleanup now"));
    let list = list.clone();
    h.event(Event::Listed(ProjectId(1), list.clone()));
    let label = h.state.label().expect("the Label screen");
    assert_eq!(label.queue.filter.list, [list]);
    // Who has gone on is not taken away from there.
    h.keys("g V");
    h.keys("g s");
    h.event(Event::Listed(ProjectId(1), "diff first now".to_owned()));
    assert!(matches!(h.state.screen(), Some(Screen::Stats(_))));
    assert!(h.state.messages.shown().unwrap().text.contains("list:"));
}

#[test]
fn keys_are_about_the_row_under_the_cursor() {
    let mut h = opened();
    h.keys("j <enter>");
    h.reply(Slot::Comparison, Reply::Compared(found()));
    h.effects.clear();
    // On a row that was not compared nothing is taken back, and Enter compares that one.
    h.keys("j r");
    assert!(h.state.overlays.is_empty());
    h.keys("<enter>");
    assert_eq!((compared(&h), jobs(&h).len()), (vec![(named("a/path?\u{1b}[2J", 90), VersionRef::Now)], 0));
    h.reply(Slot::Comparison, Reply::Compared(found()));
    h.keys("r");
    assert!(h.screen(80, 24).contains("take back to a/path"), "{}", h.screen(80, 24));
}

#[test]
fn no_screen_comes_up_under_keys_that_are_meant_for_this_one() {
    let mut h = opened();
    h.keys("j <enter>");
    h.reply(Slot::Comparison, Reply::Compared(found()));
    h.effects.clear();
    h.keys("<enter> <enter>");
    assert_eq!(jobs(&h).len(), 1, "it is listed once");
    h.keys("j");
    h.event(Event::Listed(ProjectId(1), "diff before-cleanup now".to_owned()));
    assert!(h.state.versions().is_some());
    assert!(h.state.messages.shown().unwrap().text.contains("list:"));
}

#[test]
fn nothing_that_differs_opens_nothing() {
    let mut h = opened();
    h.keys("j <enter>");
    h.reply(Slot::Comparison, Reply::Compared(Box::default()));
    h.keys("<enter>");
    assert!(jobs(&h).is_empty());
    assert!(h.screen(80, 24).contains("nothing differs"));
    h.keys("r");
    assert!(h.state.overlays.is_empty());
}

#[test]
fn a_snapshot_is_taken_under_a_name_that_is_free() {
    let mut h = opened();
    h.keys("t").text("Before-CLEANUP").keys("<enter>");
    assert!(h.writes().is_empty() && h.screen(80, 24).contains("of this name already"));
    h.keys("<C-u>").text("Now").keys("<enter>");
    assert!(h.writes().is_empty() && h.screen(80, 24).contains("mean other states"));
    h.keys("<C-u>").text("Before-CLEANUP2").keys("<enter>");
    let taken = ProjectChange::TakeSnapshot(ProjectId(1), "Before-CLEANUP2".to_owned());
    assert_eq!(h.writes(), [Write::Project(taken)]);
    h.effects.clear();
    h.event(Event::Wrote(Wrote::Projects("the snapshot holds the present state".to_owned())));
    assert!(h.asked().contains(&Query::Versions(ProjectId(1))), "the list is read again");
    // What is on its way would not be part of it.
    h.state.save.unsent = 2;
    h.keys("t");
    assert!(h.state.overlays.is_empty());
    h.state.save.unsent = 0;
    h.state.read_only = true;
    h.keys("t");
    assert!(h.state.overlays.is_empty());
}

#[test]
fn taking_back_asks_with_the_count_and_only_y_is_yes() {
    let mut h = opened();
    h.keys("j <space>");
    h.keys("r");
    assert!(h.state.overlays.is_empty(), "nothing was counted yet");
    h.reply(Slot::Comparison, Reply::Compared(found()));
    h.effects.clear();
    h.keys("r").text("another").keys("<enter>");
    assert!(text_of(&h.draw(80, 24).0).contains("Take 1,205 pictures back to before-cleanup (another class)?"));
    h.keys("<enter> <space> j <esc>");
    assert!(jobs(&h).is_empty() && h.state.overlays.is_empty());
    h.keys("r").text("another").keys("<enter> y");
    let (project, to, kinds) = (ProjectId(1), named("before-cleanup", 120), vec![Kind::Class]);
    let wanted = Job::Restore { project, to, seen: Some(EventId(400)), kinds };
    assert_eq!(jobs(&h), [wanted]);
    h.effects.clear();
    // The comparison is of other states by the time of the answer: nothing is taken back to them.
    h.keys("r <enter>");
    h.state.versions_mut().unwrap().compared.as_mut().unwrap().from = named("first", 7);
    h.keys("y");
    assert!(jobs(&h).is_empty());
}

#[test]
fn only_differences_from_the_present_state_can_be_taken_back() {
    let mut h = opened();
    h.keys("j <space> j <space>");
    h.reply(Slot::Comparison, Reply::Compared(found()));
    h.keys("r");
    assert!(h.state.overlays.is_empty());
    h.state.read_only = true;
    h.keys("<enter>");
    assert!(jobs(&h).is_empty(), "a list cannot be written");
}

#[test]
fn what_other_screens_hold_follows_what_was_taken_back() {
    let mut h = opened();
    h.keys("j <space>");
    h.effects.clear();
    h.event(Event::Restored(ProjectId(1), true));
    let asked = h.asked();
    let Some(Query::Samples(ids)) = asked.iter().find(|q| matches!(q, Query::Samples(_))) else { panic!("{asked:?}") };
    assert_eq!(ids.len(), 10);
    assert_eq!(compared(&h).len(), 1, "what differs from the present state is counted again");
    let mut samples: Vec<_> = (1..=10).map(super::harness::sample).collect();
    samples[0].rev = Rev(4);
    samples[0].answer.status = Status::Skipped;
    // Older than what the screen shows.
    samples[1].answer.status = Status::Skipped;
    h.reply(Slot::Renewed, Reply::Samples(samples));
    h.keys("q");
    let shown: Vec<_> = h.state.label().unwrap().walk.iter().take(2).map(|s| s.answer.status).collect();
    assert_eq!(shown, [Status::Skipped, Status::Unlabeled]);
    h.effects.clear();
    h.event(Event::Restored(ProjectId(2), true));
    assert!(h.effects.is_empty(), "another project");
}

#[test]
fn from_the_list_of_projects_the_row_under_the_cursor_becomes_the_open_project() {
    let mut h = Harness::labelling(&["daisy"], 3);
    h.keys("g p");
    let other = lakelens::domain::project::Project { id: ProjectId(2), name: "weeds".to_owned(), ..project(&["weed"]) };
    let all = vec![(project(&["daisy"]), Counts::default()), (other, Counts::default())];
    h.reply(Slot::Projects, Reply::Projects { all, here: Default::default() });
    h.keys("j V");
    assert_eq!(h.state.project.as_ref().unwrap().project.id, ProjectId(2));
    assert!(h.state.versions().is_some() && h.state.label().is_none());
    assert!(!h.state.screens.iter().any(|s| matches!(s, Screen::Label(_))), "it showed samples of the other project");
}

#[test]
fn a_forgotten_name_asks_first() {
    let mut h = opened();
    h.keys("x");
    assert!(h.state.overlays.is_empty(), "the present state has no name");
    h.keys("j x <enter> n");
    assert!(h.writes().is_empty());
    h.keys("x y");
    let gone = ProjectChange::DropSnapshot(ProjectId(1), "before-cleanup".to_owned());
    assert_eq!(h.writes(), [Write::Project(gone)]);
}

#[test]
fn a_task_that_is_cancelled_leaves_the_screen_as_it_is() {
    let mut h = opened();
    h.keys("j <enter>");
    h.reply(Slot::Comparison, Reply::Compared(found()));
    h.keys("<enter>");
    let id = h.effects.iter().find_map(|e| if let Effect::Start(id, _) = e { Some(*id) } else { None }).unwrap();
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Cancelled)));
    assert!(h.state.versions().unwrap().compared.is_some());
}

#[test]
fn undo_is_about_what_was_restored_here_and_about_nothing_else() {
    let undone = |h: &Harness| h.writes().iter().filter(|w| matches!(w, Write::Undo(_))).count();
    let mut h = opened();
    h.keys("u");
    assert_eq!(undone(&h), 0, "it would take back whatever was done last");
    assert!(h.state.messages.shown().unwrap().text.contains("nothing was restored here"));
    let restore = |h: &mut Harness, any: bool| {
        h.state.versions_mut().unwrap().marked.clear();
        h.keys("k k k j <space>");
        h.reply(Slot::Comparison, Reply::Compared(found()));
        h.keys("r <enter> y");
        h.effects.clear();
        h.keys("u");
        assert_eq!(undone(h), 0, "it is still being restored");
        h.event(Event::Restored(ProjectId(1), any));
    };
    restore(&mut h, false);
    h.keys("u");
    assert_eq!(undone(&h), 0, "nothing was");
    restore(&mut h, true);
    h.keys("u u");
    assert_eq!(undone(&h), 1, "once");
    // It is asked about first; who says no can press it again.
    let large = Wrote::Large { project: ProjectId(1), redo: false, pictures: 1_205 };
    h.event(Event::Wrote(large));
    h.read().keys("n u");
    assert_eq!(undone(&h), 2);
    // Something else that was done since is not what this screen is about.
    restore(&mut h, true);
    h.keys("g a 1 g V u");
    assert_eq!(undone(&h), 0);
}
