//! The object grid: crops of one class, exceptions by letter, the rest by Enter; and names on shapes.

use super::gallery::{after, edits, show};
use super::harness::{Harness, project, sample};
use super::screens::snapshots;
use lakelens::app::effect::{Effect, JumpTo, Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::overlays::Overlay;
use lakelens::app::picture::Window;
use lakelens::app::screens::Screen;
use lakelens::app::screens::objects::ObjectsState;
use lakelens::app::slots::Slot;
use lakelens::app::team::TeamNews;
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::edit::{Change, Edit, Origin, Outcome};
use lakelens::domain::geometry::{BoxN, Point};
use lakelens::domain::ids::{AnnotationId, ClassId, EditId, Rev, SampleId};
use lakelens::domain::project::{Project, Task};
use lakelens::domain::queue::Filter;
use lakelens::domain::review::Verdict;
use lakelens::domain::sample::{Answer, Sample, Status};

const CLASSES: [&str; 3] = ["cat", "dog", "bird"];

fn object(class: i64, n: usize, shape: Shape) -> Annotation {
    let id = AnnotationId(uuid::Uuid::from_u128((class as u128) << 64 | n as u128));
    Annotation { id, shape, ..Annotation::label(ClassId(class), "import", jiff::Timestamp::UNIX_EPOCH) }
}

fn at(x: f64) -> Shape {
    Shape::Box(BoxN { x, y: 0.2, w: 0.1, h: 0.2 })
}

/// The n-th picture: two cats, and every second one a dog as well.
fn pictured(n: usize) -> Sample {
    let mut annotations = vec![object(1, 10 * n, at(0.1)), object(1, 10 * n + 1, at(0.5))];
    if n.is_multiple_of(2) {
        annotations.push(object(2, 10 * n + 2, at(0.7)));
    }
    let answer = Answer { status: Status::Labeled, annotations, ..Answer::default() };
    Sample { rev: Rev(1), answer, ..sample(n) }
}

fn state(h: &Harness) -> &ObjectsState {
    h.state.objects().unwrap()
}

/// The object grid of the cats of so many pictures, in a window of 160 x 50, long enough on the screen to be looked at.
fn grid(samples: usize) -> Harness {
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.open(Project { task: Task::Detection, ..project(&CLASSES) }, samples);
    let counts = [(ClassId(1), samples as u64), (ClassId(2), (samples as u64 / 2).max(1))].into();
    h.state.project.as_mut().unwrap().counts.class = counts;
    h.draw(160, 50);
    h.keys("g o");
    h.reply(Slot::Gallery, Reply::Page { samples: (1..=samples).map(pictured).collect(), end: true });
    h.keys("b").text("cat").keys("<enter>");
    arrive(&mut h, (1..=samples).map(pictured).collect());
    h.reply(Slot::ObjectsTotal, Reply::Position { rank: Some(1), total: samples as u64 });
    h.effects.clear();
    h
}

/// Samples have come, their crops are drawn, and the person looks at them.
fn arrive(h: &mut Harness, samples: Vec<Sample>) {
    h.reply(Slot::Objects, Reply::Page { samples, end: true });
    show_page(h);
}

fn show_page(h: &mut Harness) {
    let shown: Vec<Sample> = state(h).stretch.samples.iter().cloned().collect();
    show(h, &shown);
    for _ in 0..4 {
        h.event(Event::Tick);
    }
}

fn said(h: &Harness) -> String {
    h.state.messages.shown().map(|m| m.text.clone()).unwrap_or_default()
}

fn verdicts(edits: &[Edit]) -> Vec<i64> {
    let one = |e: &Edit| match &e.change {
        Change::Verdict { sample, after: Some(review), .. } if review.verdict == Verdict::Accepted => Some(sample.0),
        _ => None,
    };
    edits.iter().filter_map(one).collect()
}

#[test]
fn it_asks_for_the_pictures_of_the_class_that_wait_for_a_verdict() {
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.open(Project { task: Task::Detection, ..project(&CLASSES) }, 3);
    h.state.project.as_mut().unwrap().counts.class = [(ClassId(2), 3)].into();
    h.keys("g s b");
    let asked = h.asked();
    let Some(Query::Page { queue, beyond: None, .. }) = asked.last() else { panic!("{asked:?}") };
    assert_eq!(queue.filter, Filter::parse("status:labeled class:dog review:waiting,stale -flag").unwrap());
    // All of them on a key.
    arrive(&mut h, vec![pictured(2)]);
    h.keys("A");
    let asked = h.asked();
    let Some(Query::Page { queue, .. }) = asked.last() else { panic!("{asked:?}") };
    assert_eq!(queue.filter, Filter::parse("status:labeled class:dog").unwrap());
}

#[test]
fn a_sweep_of_a_detection_project_is_about_its_objects() {
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.open(Project { task: Task::Detection, ..project(&CLASSES) }, 3);
    h.state.project.as_mut().unwrap().counts.class = [(ClassId(1), 3)].into();
    h.keys("g o W");
    assert_eq!(state(&h).class, Some(ClassId(1)));
}

#[test]
fn each_object_has_a_crop_of_its_own_from_the_picture_of_its_sample() {
    let mut h = grid(4);
    let (_, drawn) = h.draw(160, 50);
    assert_eq!(drawn.pictures.len(), 8);
    let (one, two) = (&drawn.pictures[0], &drawn.pictures[1]);
    assert_eq!(one.picture, two.picture);
    assert!(one.place != two.place && one.window != two.window && one.thumbnail);
    let unit = |v: f64| (v * f64::from(Window::ONE)) as u32;
    assert!(one.window.x < unit(0.1) && one.window.x + one.window.w > unit(0.2));
    assert_eq!(one.marks.len(), 1);
}

#[test]
fn enter_accepts_pictures_whose_objects_were_all_looked_at() {
    let mut h = grid(4);
    h.keys("<enter>");
    let made = edits(&h);
    // The second and the fourth have a dog that nobody has looked at.
    assert_eq!(verdicts(&made), [1, 3]);
    assert!(made.iter().all(|e| e.message == "objects" && e.batch == made[0].batch));
    assert!(said(&h).contains("8 looked at") && said(&h).contains("2 not complete"), "{}", said(&h));
    assert!(state(&h).page.is_empty());
    h.effects.clear();
    h.keys("<tab>");
    assert_eq!(state(&h).class, Some(ClassId(2)));
    arrive(&mut h, vec![pictured(2), pictured(4)]);
    h.keys("<enter>");
    assert_eq!(verdicts(&edits(&h)), [2, 4]);
}

#[test]
fn marked_ones_get_another_class_a_flag_or_go() {
    let mut h = grid(3);
    let page = state(&h).page.clone();
    h.keys("a 2 d x f <enter>");
    let made = edits(&h);
    let by_id = |id: i64| {
        let change = |e: &&Edit| matches!(&e.change, Change::Answer { sample, .. } if sample.0 == id);
        after(made.iter().find(change).unwrap())
    };
    assert_eq!(by_id(1).annotations[0].class, ClassId(2));
    assert_eq!(by_id(1).annotations[0].shape, at(0.1));
    assert_eq!(
        by_id(2).annotations.iter().map(|a| a.id).collect::<Vec<_>>(),
        [page[3].1, pictured(2).answer.annotations[2].id]
    );
    assert!(by_id(2).flagged || by_id(2).annotations.len() == 2);
    // The third was not touched; the first was changed and looked at.
    let judged = verdicts(&made);
    assert!(judged.contains(&1) && judged.contains(&3), "{judged:?}");
    let verdict = made.iter().find_map(|e| match &e.change {
        Change::Verdict { sample: SampleId(1), base, after: Some(review), .. } => Some((*base, review.rev)),
        _ => None,
    });
    assert_eq!(verdict, Some((Rev(2), Rev(2))), "it is about the answer as it is after the change");
}

/// The objects with a verdict of their own.
fn kept(answer: &Answer) -> Vec<AnnotationId> {
    answer.annotations.iter().filter(|a| a.verified.is_some()).map(|a| a.id).collect()
}

#[test]
fn an_object_keeps_its_verdict_until_it_is_changed() {
    let mut h = grid(2);
    h.keys("d <enter>");
    // The first cat of the second picture is flagged, the others were looked at; the dog was not.
    let made = edits(&h);
    let of = |id: i64| {
        let change = |e: &&Edit| matches!(&e.change, Change::Answer { sample, .. } if sample.0 == id);
        after(made.iter().find(change).unwrap())
    };
    let ids =
        |n: usize, which: &[usize]| which.iter().map(|i| pictured(n).answer.annotations[*i].id).collect::<Vec<_>>();
    assert_eq!((kept(&of(1)), kept(&of(2))), (ids(1, &[0, 1]), ids(2, &[1])));
    let verified = of(1).annotations[0].verified.clone().unwrap();
    assert_eq!(verified.by, "ann");
    // Another day: what comes from the store has its verdicts, and only what has none is asked about.
    let mut second = pictured(2);
    second.answer = of(2);
    second.answer.flagged = false;
    let mut h = grid(1);
    h.keys("<tab>");
    arrive(&mut h, vec![second.clone()]);
    h.keys("<backtab>");
    arrive(&mut h, vec![second.clone()]);
    assert_eq!(state(&h).page.iter().map(|id| id.1).collect::<Vec<_>>(), ids(2, &[0]));
    // On a key all of them are there, and the one that was kept has its mark.
    h.keys("A");
    arrive(&mut h, vec![second]);
    assert_eq!(state(&h).page.len(), 2);
    let saved = if h.state.caps.unicode { "✓" } else { "*" };
    assert!(h.screen(160, 50).contains(&format!("s {saved} ")), "{}", h.screen(160, 50));
}

#[test]
fn a_flag_is_no_verdict() {
    let mut h = grid(1);
    h.keys("a <enter>");
    let made = edits(&h);
    assert!(after(&made[0]).flagged && verdicts(&made).is_empty());
}

#[test]
fn what_is_not_on_the_screen_is_not_accepted() {
    let mut h = grid(3);
    h.state.pictures = Default::default();
    h.keys("<enter>");
    assert!(edits(&h).is_empty() && said(&h).contains("nothing was accepted"));
    show(&mut h, &[pictured(1)]);
    assert!(h.screen(160, 50).contains("4 not shown yet"));
    h.keys("<enter>");
    assert_eq!((verdicts(&edits(&h)), state(&h).page.len()), (vec![1], 4));
}

#[test]
fn undo_brings_the_page_back_whether_or_not_something_was_written() {
    let mut h = grid(2);
    let page = state(&h).page.clone();
    h.keys("<enter>");
    let made = edits(&h);
    assert_eq!(verdicts(&made), [1]);
    h.save_all();
    h.keys("u");
    assert!(matches!(h.writes()[..], [Write::Undo(_)]));
    let back = |e: &Edit| {
        let change = e.change.inverse(Rev(1));
        (Edit { id: EditId::fresh(), origin: Origin::Undo(e.id), change, ..e.clone() }, Outcome::Saved { rev: Rev(1) })
    };
    let undone = made.iter().map(back).collect();
    h.event(Event::Wrote(Wrote::Undone { redo: false, edits: undone, samples: vec![pictured(1)], counts: None }));
    assert_eq!(state(&h).page, page);
    // Where the store keeps no verdicts on objects, a page of pictures that are not complete writes nothing, and is taken
    // back here alone.
    let mut h = grid(2);
    h.event(Event::Team(TeamNews::Able { claims: false, presence: false, objects: false }));
    h.keys("<tab>");
    arrive(&mut h, vec![pictured(2)]);
    h.effects.clear();
    h.keys("<enter>");
    assert!(h.writes().is_empty() && state(&h).page.is_empty());
    h.keys("u");
    assert!(h.writes().is_empty(), "an older edit must not be taken back");
    assert_eq!(state(&h).page.len(), 1);
}

#[test]
fn a_page_can_be_left_without_a_decision_and_come_back_to() {
    let mut h = grid(200);
    let first = state(&h).page.clone();
    h.keys("<pgdn>");
    assert!(state(&h).page.iter().all(|id| !first.contains(id)) && !state(&h).page.is_empty());
    h.keys("<pgup>");
    assert_eq!(state(&h).page, first);
    assert!(h.writes().is_empty());
}

#[test]
fn one_is_opened_on_the_label_screen_and_selected_there() {
    let mut h = grid(3);
    let wanted = state(&h).page[3];
    h.keys("<right> <right> <right> o");
    assert!(matches!(h.state.screen(), Some(Screen::Label(_))));
    let jump = h.asked().into_iter().find_map(|q| if let Query::Jump { to, .. } = q { Some(to) } else { None });
    assert_eq!(jump, Some(JumpTo::Sample(wanted.0)));
    h.reply(Slot::Jump, Reply::Page { samples: vec![pictured(2), pictured(3)], end: true });
    assert_eq!(h.state.selected_shape().map(|a| a.id), Some(wanted.1));
    // What is changed there is what the grid shows afterwards.
    h.show_all();
    h.keys("d");
    assert!(h.effects.iter().any(|e| matches!(e, Effect::Write(Write::Edits(_)))));
    h.keys("<esc> <esc>");
    assert!(matches!(h.state.screen(), Some(Screen::Objects(_))));
    assert!(!state(&h).page.contains(&wanted));
}

#[test]
fn pictures_without_objects_are_not_read_for_ever() {
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.open(Project { task: Task::Detection, ..project(&CLASSES) }, 5_000);
    h.state.project.as_mut().unwrap().counts.class = [(ClassId(2), 5_000)].into();
    h.keys("g s b");
    // They carry the class as a whole.
    let bare = |n: usize| {
        let annotations = vec![Annotation::label(ClassId(2), "import", Default::default())];
        Sample { answer: Answer { status: Status::Labeled, annotations, ..Answer::default() }, ..sample(n) }
    };
    let mut pages = 0;
    while h.state.slots.is_waiting(Slot::Objects) && pages < 100 {
        h.reply(Slot::Objects, Reply::Page { samples: (1..=64).map(|n| bare(pages * 64 + n)).collect(), end: false });
        pages += 1;
    }
    assert_eq!(pages, 16);
    assert!(h.screen(80, 24).contains("none of the first"));
    h.keys("<enter>");
    assert!(h.state.slots.is_waiting(Slot::Objects));
}

#[test]
fn object_grid_snapshots() {
    let mut h = grid(40);
    h.keys("a 2 s x d");
    h.state.messages.expire(u64::MAX);
    snapshots("objects", &mut h);
}

#[test]
fn empty_object_grid_snapshot() {
    let mut h = grid(2);
    h.keys("<tab>");
    arrive(&mut h, Vec::new());
    h.state.messages.expire(u64::MAX);
    snapshots("objects_none", &mut h);
}

/// A picture with a polygon in two parts and a mask beside boxes.
fn outlined() -> Sample {
    let point = |x: f64, y: f64| Point { x, y };
    let polygon = Shape::Polygon {
        parts: vec![
            vec![point(0.1, 0.6), point(0.3, 0.65), point(0.2, 0.9)],
            vec![point(0.4, 0.6), point(0.5, 0.65), point(0.45, 0.9)],
        ],
    };
    let mask = Shape::Mask { size: [4, 5], counts: vec![5, 2, 2, 1, 10] };
    let shapes = [(1, at(0.1)), (2, at(0.6)), (3, polygon), (1, mask)];
    let annotations = shapes.into_iter().enumerate().map(|(n, (class, shape))| object(class, n, shape)).collect();
    let answer = Answer { status: Status::Labeled, annotations, ..Answer::default() };
    Sample { rev: Rev(1), answer, ..sample(1) }
}

#[test]
fn polygons_and_masks_are_drawn_in_label_review_and_gallery() {
    let mut desk = super::boxes::Desk::with(vec![outlined(), sample(2)], &CLASSES, Task::Segmentation);
    let (_, drawn) = desk.h.draw(80, 24);
    let marks = &drawn.pictures[0].marks;
    assert_eq!((marks.boxes().len(), marks.figures().len()), (2, 2));
    // Classes differ in colour and in stroke.
    assert_ne!(marks.figures()[0].rgb, marks.figures()[1].rgb);
    assert_ne!(marks.figures()[0].stroke, marks.figures()[1].stroke);
    // The same without boxes being worked on.
    desk.keys("<esc>");
    let (_, plain) = desk.h.draw(80, 24);
    assert_eq!(&plain.pictures[0].marks, marks);
    desk.h.keys("g o");
    desk.h.reply(Slot::GalleryJump, Reply::Page { samples: vec![outlined(), sample(2)], end: true });
    let (_, drawn) = desk.h.draw(80, 24);
    assert_eq!((drawn.pictures[0].marks.len(), drawn.pictures[1].marks.len()), (4, 0));
    desk.h.keys("g r");
    desk.h.reply(Slot::WalkForward, Reply::Page { samples: vec![outlined()], end: true });
    let (_, drawn) = desk.h.draw(80, 24);
    assert_eq!(drawn.pictures[0].marks.len(), 4);
}

#[test]
fn names_stand_on_shapes_where_they_fit() {
    let mut desk = super::boxes::Desk::with(vec![outlined(), sample(2)], &CLASSES, Task::Detection);
    snapshots("names", &mut desk.h);
    desk.keys("<tab> <tab>");
    snapshots("names_selected", &mut desk.h);
}

#[test]
fn no_two_names_overlap_and_the_selected_one_is_always_there() {
    let crowd = |count: usize| {
        let shapes = (0..count).map(|n| {
            let (x, y) = ((n * 37 % 90) as f64 / 100.0, (n * 53 % 90) as f64 / 100.0);
            object((n % 3) as i64 + 1, n, Shape::Box(BoxN { x, y, w: 0.08, h: 0.1 }))
        });
        let answer = Answer { status: Status::Labeled, annotations: shapes.collect(), ..Answer::default() };
        Sample { rev: Rev(1), answer, ..sample(1) }
    };
    for count in [3, 12, 30, 200] {
        let mut desk = super::boxes::Desk::with(vec![crowd(count)], &CLASSES, Task::Detection);
        desk.keys("<tab> <tab>");
        for size in [(40, 12), (80, 24), (160, 50)] {
            let (buffer, drawn) = desk.h.draw(size.0, size.1);
            let names = &drawn.names;
            assert!(!names.is_empty() && names.len() <= 12, "{count} {size:?}");
            let selected = &names[0];
            assert_eq!(buffer[(selected.x + 3, selected.y)].symbol(), "d", "the second one is a dog");
            for (i, a) in names.iter().enumerate() {
                for b in &names[i + 1..] {
                    let apart = a.y != b.y || a.x + a.w <= b.x || b.x + b.w <= a.x;
                    assert!(apart, "{a:?} {b:?}");
                }
            }
            if count > 40 {
                assert_eq!(names.len(), 1, "a crowd has no names but the selected one's");
            }
        }
    }
}

#[test]
fn help_names_no_key_that_marks_a_crop_and_no_action_by_its_id() {
    let mut h = grid(6);
    h.keys("?");
    let Some(Overlay::Picker(help)) = h.state.overlays.last() else { panic!("no help") };
    assert!(help.items.iter().all(|item| !item.detail.contains('[')), "{:?}", help.items);
    let up = help.items.iter().find(|item| item.value == "cursor.up").unwrap();
    assert_eq!(up.key, "Up", "`k` marks a crop here");
}
