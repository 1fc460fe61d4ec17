//! The gallery: what is selected and answered, what is not, and how pages are fetched.

use super::harness::{Harness, project, sample};
use super::screens::snapshots;
use lakelens::app::effect::{Effect, JumpTo, Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::overlays::Overlay;
use lakelens::app::picture::PictureState;
use lakelens::app::screens::Screen;
use lakelens::app::screens::gallery::GalleryState;
use lakelens::app::screens::label::state::picture;
use lakelens::app::slots::{Slot, Tag};
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::{ClassId, Rev, SampleId};
use lakelens::domain::key::KeyPress;
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Sample, Status};
use lakelens::media::info::ImageInfo;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The flower classes.
pub(crate) const FLOWERS: [&str; 5] = ["daisy", "dandelion", "roses", "sunflowers", "tulips"];

/// Says that these pictures are on the screen.
pub(crate) fn show<'a>(h: &mut Harness, samples: impl IntoIterator<Item = &'a Sample>) {
    let open = h.state.project.clone().unwrap();
    for sample in samples {
        let info = ImageInfo { format: "jpeg".to_owned(), width: 320, height: 240, ..ImageInfo::default() };
        let shown = PictureState::Shown { exact: false, info: Arc::new(info) };
        h.event(Event::Picture(picture(&open.project, sample), shown));
    }
}

/// A gallery of so many unlabeled samples, the thumbnails of the first screen shown.
pub(crate) fn gallery(samples: usize) -> Harness {
    gallery_of((1..=samples).map(sample).collect())
}

/// A gallery of these samples.
pub(crate) fn gallery_of(page: Vec<Sample>) -> Harness {
    let samples = page.len();
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.open(project(&FLOWERS), samples);
    h.keys("g o");
    h.reply(Slot::Gallery, Reply::Page { samples: page, end: true });
    if samples > 0 {
        h.reply(Slot::GalleryPosition, Reply::Position { rank: Some(1), total: samples as u64 });
    }
    show_screen(&mut h);
    h.effects.clear();
    h
}

fn state(h: &Harness) -> &GalleryState {
    h.state.gallery().unwrap()
}

/// Says that every thumbnail on the screen is drawn.
fn show_screen(h: &mut Harness) {
    let grid = h.state.grid(state(h).zoom);
    let on_screen: Vec<Sample> = state(h).shown(&grid).cloned().collect();
    show(h, &on_screen);
}

pub(crate) fn edits(h: &Harness) -> Vec<Edit> {
    h.writes().into_iter().flat_map(|w| if let Write::Edits(e) = w { e } else { Vec::new() }).collect()
}

pub(crate) fn after(edit: &Edit) -> Answer {
    match &edit.change {
        Change::Answer { after, .. } => after.clone(),
        other => panic!("{other:?}"),
    }
}

fn ids(edits: &[Edit]) -> Vec<i64> {
    edits.iter().filter_map(|e| e.change.sample()).map(|id| id.0).collect()
}

fn selected(h: &Harness) -> Vec<i64> {
    state(h).selected.iter().map(|id| id.0).collect()
}

fn range(ids: RangeInclusive<i64>) -> Vec<i64> {
    ids.collect()
}

fn question(h: &Harness) -> Option<(String, String)> {
    match h.state.overlays.last() {
        Some(Overlay::Confirm(c)) => Some((c.question.clone(), c.detail.clone())),
        _ => None,
    }
}

fn said(h: &Harness) -> String {
    h.state.messages.shown().map(|m| m.text.clone()).unwrap_or_default()
}

#[test]
fn the_cursor_moves_in_the_grid() {
    let mut h = gallery(60);
    let columns = h.state.grid(state(&h).zoom).columns;
    h.keys("j l l k");
    assert_eq!(state(&h).at, 2);
    h.keys("<down> <right> <left> h");
    assert_eq!(state(&h).at, columns + 1);
    h.keys("G");
    assert_eq!(state(&h).at, 59);
    h.keys("g g");
    assert_eq!((state(&h).at, state(&h).rank), (0, Some(1)));
    let page = h.state.grid(state(&h).zoom).page();
    h.keys("n");
    assert_eq!((state(&h).at, state(&h).top), (page, page));
    assert!(h.screen(80, 24).contains("page 2 / 6"));
    h.keys("p");
    assert_eq!((state(&h).at, state(&h).top), (0, 0));
}

#[test]
fn a_selection_is_labelled_in_one_batch_with_one_undo() {
    let mut h = gallery(60);
    h.keys("<space> <space> l <space>");
    assert_eq!(selected(&h), [1, 2, 4]);
    h.keys("3");
    let made = edits(&h);
    assert_eq!(ids(&made), [1, 2, 4]);
    assert_eq!(h.writes().len(), 1);
    assert!(made[0].batch.is_some() && made.iter().all(|e| e.batch == made[0].batch));
    assert!(made.iter().all(|e| after(e).annotations[0].class == ClassId(3)));
    assert!(selected(&h).is_empty(), "the next key must not label them again");
    let counts = &h.state.project.as_ref().unwrap().counts;
    assert_eq!((counts.of(Status::Labeled), counts.class[&ClassId(3)]), (3, 3));
    assert_eq!(h.state.save.unsent, 3);
    h.save_all();
    h.keys("u");
    assert!(matches!(h.writes()[..], [Write::Undo(_)]));
    let back = [1, 2, 4].map(|n| Sample { rev: Rev(2), ..sample(n) }).to_vec();
    let undone = made.into_iter().map(|e| (e, Outcome::Saved { rev: Rev(2) })).collect();
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits: undone, samples: back, counts: None }));
    assert_eq!(state(&h).window[0].answer.status, Status::Unlabeled);
    assert_eq!(state(&h).window[3].rev, Rev(2));
    assert!(said(&h).contains("3 pictures"));
}

#[test]
fn without_a_selection_only_a_thumbnail_that_is_shown_is_labelled() {
    let mut h = gallery(60);
    h.keys("2 l s");
    assert_eq!(ids(&edits(&h)), [1, 3]);
    assert!(edits(&h).iter().all(|e| e.batch.is_none()));
    h.effects.clear();
    h.state.pictures = Default::default();
    h.keys("1 s x f U E 0");
    assert!(edits(&h).is_empty());
    assert!(said(&h).contains("not on the screen yet"));
}

#[test]
fn a_held_key_labels_once_and_read_only_never() {
    let mut h = gallery(60);
    h.keys("1");
    for _ in 0..10 {
        h.event(Event::Key { press: KeyPress::char('1'), repeat: true });
        h.event(Event::Key { press: KeyPress::char('s'), repeat: true });
    }
    assert_eq!(edits(&h).len(), 1);
    h.effects.clear();
    h.state.read_only = true;
    h.keys("1 s f x U E A 2");
    assert!(edits(&h).is_empty());
}

#[test]
fn ranges_pages_everything_and_back() {
    let mut h = gallery(60);
    h.keys("l <space> j V");
    let columns = h.state.grid(state(&h).zoom).columns as i64;
    assert_eq!(selected(&h), range(2..=columns + 3));
    h.keys("<esc>");
    assert!(selected(&h).is_empty());
    assert!(matches!(h.state.screen(), Some(Screen::Gallery(_))), "the first Esc only clears the selection");
    h.keys("g g A");
    let page = h.state.grid(state(&h).zoom).page() as i64;
    assert_eq!(selected(&h), range(1..=page));
    h.keys("<space> I");
    assert_eq!(selected(&h), [1]);
    h.keys("%");
    assert_eq!(selected(&h), range(1..=60));
    h.keys("<esc> <esc>");
    assert!(matches!(h.state.screen(), Some(Screen::Projects(_))));
}

#[test]
fn many_are_asked_about_with_the_count_and_the_way_back() {
    let mut h = gallery(60);
    h.keys("% 3");
    assert!(edits(&h).is_empty());
    let (text, detail) = question(&h).unwrap();
    assert_eq!(text, "Label 60 pictures as roses?");
    assert!(
        detail.contains("50 were never on the screen") && detail.contains("`u` takes all of it back at once"),
        "{detail}"
    );
    h.keys("n");
    assert!(edits(&h).is_empty() && selected(&h).len() == 60);
    h.keys("3 y");
    let made = edits(&h);
    assert_eq!(made.len(), 60);
    assert!(made.iter().all(|e| e.batch == made[0].batch));
}

#[test]
fn a_few_that_were_never_shown_are_asked_about() {
    let mut h = gallery(60);
    h.keys("<space>");
    h.state.pictures = Default::default();
    h.keys("2");
    assert!(edits(&h).is_empty());
    assert!(question(&h).unwrap().1.contains("1 was never on the screen"));
}

#[test]
fn skip_flag_unsure_empty_clear_on_a_selection() {
    let mut h = gallery(60);
    let mut answers = |keys: &str| {
        if !selected(&h).is_empty() {
            h.keys("<esc>");
        }
        h.effects.clear();
        h.keys("g g <space> <space>").keys(keys);
        edits(&h).iter().map(after).collect::<Vec<Answer>>()
    };
    assert!(answers("s").iter().all(|a| a.status == Status::Skipped));
    let flagged = answers("f");
    assert!(flagged.len() == 2 && flagged.iter().all(|a| a.flagged && a.status == Status::Skipped));
    assert!(answers("f").iter().all(|a| !a.flagged));
    assert!(answers("E").iter().all(|a| a.status == Status::Labeled && a.annotations.is_empty()));
    assert!(answers("U").iter().all(|a| a.unsure));
    assert!(answers("x").iter().all(|a| *a == Answer::default()));
    assert_eq!(answers("x").len(), 0, "nothing changes twice");
}

#[test]
fn several_classes_are_added_and_taken_away_together() {
    let mut h = gallery(60);
    h.state.project.as_mut().unwrap().project.task = Task::Multilabel;
    h.keys("1 g g <space> <space> 2");
    let classes: Vec<Vec<i64>> =
        edits(&h)[1..].iter().map(|e| after(e).annotations.iter().map(|a| a.class.0).collect()).collect();
    assert_eq!(classes, [vec![1, 2], vec![2]]);
    h.effects.clear();
    h.keys("g g <space> <space> 2");
    let left: Vec<Answer> = edits(&h).iter().map(after).collect();
    assert_eq!(left[0].annotations.len(), 1);
    assert_eq!(left[1].status, Status::Unlabeled);
}

#[test]
fn projects_with_boxes_take_no_classes_here() {
    let mut h = gallery(10);
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    h.keys("1 W");
    assert!(edits(&h).is_empty() && h.state.sweep().is_none());
}

#[test]
fn somebody_elses_answer_is_shown_everywhere() {
    let mut h = gallery(10);
    h.keys("<space> <space> 1");
    let theirs = Answer { status: Status::Skipped, ..Answer::default() };
    let outcome = |e: Edit| (e, Outcome::Conflict { rev: Rev(5), theirs: theirs.clone() });
    let outcomes = edits(&h).into_iter().map(outcome).collect();
    h.event(Event::Wrote(Wrote::Edits(outcomes, None)));
    assert_eq!(h.state.save.conflicts, 2);
    assert_eq!((state(&h).window[1].rev, state(&h).window[1].answer.status), (Rev(5), Status::Skipped));
    assert!(said(&h).contains("2 of the pictures"));
}

#[test]
fn what_the_store_refuses_is_put_back() {
    let mut h = gallery(10);
    h.keys("1");
    let outcomes = edits(&h).into_iter().map(|e| (e, Outcome::Refused { reason: "it is gone".to_owned() })).collect();
    h.event(Event::Wrote(Wrote::Edits(outcomes, None)));
    assert_eq!((state(&h).window[0].rev, state(&h).window[0].answer.status), (Rev(0), Status::Unlabeled));
    assert!(said(&h).contains("it is gone"));
}

#[test]
fn enter_opens_the_label_screen_there_and_an_answer_there_is_seen_here() {
    let mut h = gallery(60);
    h.keys("l l <enter>");
    let wanted = Query::Jump {
        project: h.state.project.as_ref().unwrap().project.id,
        queue: state(&h).chosen.queue.clone(),
        to: JumpTo::Sample(SampleId(3)),
        limit: 64,
    };
    assert!(h.asked().contains(&wanted));
    assert!(!h.asked().iter().any(|q| matches!(q, Query::Session(_))), "the place of the last session must not win");
    h.reply(Slot::Jump, Reply::Page { samples: (3..=60).map(sample).collect(), end: true });
    h.keys("2");
    assert_eq!(ids(&edits(&h)), [3]);
    h.keys("<esc>");
    assert_eq!((state(&h).window[2].rev, state(&h).window[2].answer.status), (Rev(1), Status::Labeled));
    // Labelled again here, the edit is based on the revision that the first one made.
    h.effects.clear();
    h.keys("g g l l 4");
    assert!(matches!(edits(&h)[0].change, Change::Answer { base: Rev(1), .. }));
}

#[test]
fn filters_and_queues_as_on_the_label_screen() {
    let mut h = gallery(10);
    h.keys("/").text("color:red").keys("<enter>");
    assert!(
        matches!(h.state.overlays.last(), Some(Overlay::Prompt(p)) if p.problem.as_ref().unwrap().contains("color"))
    );
    h.keys("<C-u>").text("flag").keys("<enter>");
    let last = |h: &Harness| {
        h.asked()
            .into_iter()
            .rev()
            .find_map(|q| if let Query::Page { queue, .. } = q { Some(queue) } else { None })
            .unwrap()
    };
    assert_eq!(last(&h).filter.flag, Some(true));
    h.keys("O").text("unlabeled").keys("<enter>");
    assert_eq!(last(&h).filter.status, [Status::Unlabeled]);
    h.keys("<tab>");
    assert_eq!(last(&h).filter.class, ["daisy"]);
    h.keys("<backtab>");
    assert_eq!(last(&h).filter.class, ["tulips"]);
    h.keys("o").text("newest").keys("<enter>");
    assert_eq!(last(&h).order.name(), "newest");
    h.keys("O").text("save").keys("<enter>").text("new tulips").keys("<enter>");
    assert!(matches!(&h.writes()[..], [Write::SaveQueue { name, .. }] if name == "new tulips"));
}

#[test]
fn pages_come_by_key_on_both_sides_and_memory_stays_bounded() {
    let mut h = Harness::labelling(&FLOWERS, 5);
    h.keys("l l g o");
    assert!(h.asked().iter().any(|q| matches!(q, Query::Jump { to: JumpTo::Sample(SampleId(3)), .. })));
    let mut last = 10_000;
    h.reply(Slot::GalleryJump, Reply::Page { samples: (last..last + 64).map(sample).collect(), end: false });
    let beyond = |h: &Harness, wanted: bool| {
        h.asked().into_iter().rev().find_map(|q| match q {
            Query::Page { beyond, back, .. } if back == wanted => beyond,
            _ => None,
        })
    };
    assert_eq!(beyond(&h, true), Some(SampleId(10_000)));
    let columns = h.state.grid(state(&h).zoom).columns;
    h.reply(Slot::GalleryBack, Reply::Page { samples: (10_000 - columns..10_000).map(sample).collect(), end: true });
    assert_eq!((state(&h).at, state(&h).sample().unwrap().id), (columns, SampleId(10_000)));
    last += 64;
    for _ in 0..120 {
        h.keys("G");
        h.keys("<pgdn> <pgdn> <pgdn> <pgdn> <pgdn> <pgdn> <pgdn> <pgdn> <pgdn>");
        let Some(SampleId(after)) = beyond(&h, false) else { break };
        assert_eq!(after, last as i64 - 1);
        h.reply(Slot::Gallery, Reply::Page { samples: (last..last + 64).map(sample).collect(), end: false });
        last += 64;
        assert!(state(&h).window.len() <= 4_096);
    }
    assert!(last > 16_000);
    assert!(state(&h).window.iter().zip(state(&h).window.iter().skip(1)).all(|(a, b)| a.id < b.id));
}

#[test]
fn a_selection_is_never_forgotten_to_make_room() {
    let mut h = Harness::labelling(&FLOWERS, 5);
    h.keys("g o");
    h.reply(Slot::GalleryJump, Reply::Page { samples: (1..=4_096).map(sample).collect(), end: false });
    h.keys("<space>");
    h.effects.clear();
    h.keys("<pgdn> <pgdn>");
    for _ in 0..600 {
        h.keys("<pgdn>");
    }
    assert_eq!(state(&h).at, 4_095);
    assert!(h.asked().is_empty() && said(&h).contains("clear it with `Esc`"));
    assert_eq!(selected(&h), [1]);
}

#[test]
fn a_page_of_an_older_queue_is_dropped() {
    let mut h = gallery(10);
    h.keys("<tab>");
    let old =
        h.effects.iter().find_map(|e| if let Effect::Ask(tag, Query::Page { .. }) = e { Some(*tag) } else { None });
    h.keys("<tab>");
    h.event(Event::Reply(old.unwrap(), Reply::Page { samples: vec![sample(99)], end: true }));
    assert!(state(&h).window.is_empty());
    h.reply(Slot::Gallery, Reply::Page { samples: vec![sample(7)], end: true });
    assert_eq!(state(&h).window[0].id, SampleId(7));
    let foreign = Tag { slot: Slot::GalleryJump, generation: 1 };
    h.event(Event::Reply(foreign, Reply::Page { samples: vec![sample(99)], end: true }));
    assert_eq!(state(&h).window.len(), 1);
}

#[test]
fn thumbnails_have_their_own_places_and_the_next_screen_is_prepared() {
    let mut h = gallery(60);
    let (_, drawn) = h.draw(80, 24);
    let page = h.state.grid(state(&h).zoom).page();
    assert_eq!((drawn.pictures.len(), drawn.ahead.len()), (page, page));
    assert!(drawn.pictures.iter().chain(&drawn.ahead).all(|p| p.thumbnail));
    let places: std::collections::BTreeSet<u32> = drawn.pictures.iter().map(|p| p.place).collect();
    assert_eq!(places.len(), page);
    assert_eq!(drawn.ahead[0].cells, drawn.pictures[0].cells);
    // A line further down, a thumbnail keeps its place, so it is moved and never stands above another one's label.
    h.keys("j j");
    let (_, moved) = h.draw(80, 24);
    assert_eq!(moved.pictures[0].picture, drawn.pictures[state(&h).top].picture);
    assert_eq!(moved.pictures[0].place, drawn.pictures[state(&h).top].place);
}

#[test]
fn another_project_never_meets_the_samples_of_this_one() {
    let mut h = gallery(10);
    let other = lakelens::domain::ids::ProjectId(2);
    // Here a new project is only told; it is opened from the list of projects.
    h.event(Event::ProjectReady(other));
    assert!(h.state.gallery().is_some());
    h.keys("g p");
    h.event(Event::ProjectReady(other));
    assert!(h.state.gallery().is_none());
    let mut second = project(&["cat"]);
    second.id = other;
    h.reply(Slot::Project, Reply::Project(Box::new(second), Default::default()));
    h.effects.clear();
    h.keys("g o");
    assert!(state(&h).window.is_empty());
    assert!(h.asked().iter().all(|q| !matches!(q, Query::Page { project, .. } if *project != other)));
}

#[test]
fn larger_and_smaller() {
    let mut h = gallery(200);
    let page = |h: &Harness| h.state.grid(state(h).zoom).page();
    let first = page(&h);
    h.keys("-");
    assert!(page(&h) > first);
    h.keys("- - - - - - - -");
    assert_eq!(h.state.grid(state(&h).zoom).width, 6);
    h.keys("+ + + + + + + + + + + +");
    assert!(h.state.grid(state(&h).zoom).columns >= 2);
    assert!(said(&h).contains("as large as"));
}

#[test]
fn the_grid_fills_the_body_that_the_frame_leaves() {
    for (w, h) in [(40, 12), (80, 24), (160, 50), (99, 19), (100, 20)] {
        let body = lakelens::app::screens::grid::body((w, h));
        let frame = lakelens::ui::chrome::frame(ratatui::layout::Rect::new(0, 0, w, h)).body;
        assert_eq!((body.x, body.y, body.w, body.h), (frame.x, frame.y, frame.width, frame.height));
    }
}

#[test]
fn gallery_snapshots() {
    let mut h = gallery(200);
    h.keys("3 5 s 1 f l 4 U <space> l <space>");
    h.state.messages.expire(u64::MAX);
    snapshots("gallery", &mut h);
    h.keys("A 2");
    snapshots("gallery_confirm", &mut h);
    snapshots("gallery_empty", &mut gallery(0));
}
