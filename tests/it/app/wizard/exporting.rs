//! The wizard of exports.

use super::*;

fn exporting() -> Harness {
    let mut h = listed();
    h.keys("E");
    h.reply(Slot::WizardProjects, projects());
    h
}

fn export_of(h: &Harness) -> (TaskId, ExportOrder) {
    match started(h) {
        (id, Job::Export(order)) => (id, *order),
        other => panic!("{other:?}"),
    }
}

fn lossy() -> ExportReport {
    let loss = |what: &str, count| Loss { what: what.to_owned(), count };
    ExportReport {
        dest: "/data/flowers-yolo".to_owned(),
        format: "yolo".to_owned(),
        images: 1204,
        annotations: 3670,
        loss: vec![loss("pictures without an answer are left out", 31), loss("polygons are written as their boxes", 7)],
        manifest: "/data/flowers-yolo/lakelens-export.json".to_owned(),
        ..ExportReport::default()
    }
}

#[test]
fn what_an_export_would_lose_is_told_before_it_is_made() {
    let mut h = exporting();
    h.keys("<enter>").text("yolo").keys("<enter>");
    h.keys("j j <enter>").text("status:labeled").keys("<enter> j <space>");
    h.keys("s");
    let (id, order) = export_of(&h);
    assert!(order.dry_run && order.wanted.format == Written::from_name("yolo").unwrap());
    assert_eq!((order.wanted.filter.to_string().as_str(), order.wanted.images), ("status:labeled", Images::Copy));
    assert_eq!(order.wanted.dest.to_str(), Some("/data/flowers-yolo"));
    h.event(Event::Exchanged(id, Exchanged::Exported(lossy())));
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Done("counted".to_owned()))));
    h.state.messages.expire(u64::MAX);
    snapshots("export_counted", &mut h);
    h.keys("s");
    let (id, order) = export_of(&h);
    assert!(!order.dry_run);
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Failed("no space is left".to_owned()))));
    assert!(h.screen(80, 24).contains("no space is left"));
}

#[test]
fn the_format_that_is_offered_first_has_a_place_for_what_the_project_asks_for() {
    use lakelens::domain::project::{Project, Task};
    assert_eq!(exporting().screen(80, 24).matches("csv").count(), 2, "in the format and in the name of the file");
    let mut h = listed();
    let boxed = Project { task: Task::Detection, ..project(&["daisy", "rose"]) };
    let all = || Reply::Projects { all: vec![(boxed.clone(), Counts::default())], here: HashMap::new() };
    let effects = lakelens::app::screens::shown(&mut h.state);
    h.effects.extend(effects);
    h.reply(Slot::Projects, all());
    h.keys("E");
    h.reply(Slot::WizardProjects, all());
    let text = h.screen(80, 24);
    assert!(text.contains("coco") && text.contains("flowers.json") && !text.contains("csv"), "{text}");
}

#[test]
fn names_that_begin_alike_stay_together_and_labels_can_be_those_of_then() {
    let mut h = exporting();
    h.keys("<enter>").text("tfrecord").keys("<enter>");
    h.keys("j j j j <enter>").text("before").keys("<enter>");
    h.keys("j <enter> <C-u>").text("--").keys("<enter>");
    assert!(h.screen(80, 24).contains("one character"), "{}", h.screen(80, 24));
    h.keys("<C-u>").text("-").keys("<enter>");
    // The last of the lines above, and the one before it.
    h.keys("G <enter>").text("delivered").keys("<enter>");
    h.keys("k <enter> <C-u>").text("0").keys("<enter>");
    assert!(h.screen(80, 24).contains("from 1 to 10000"), "{}", h.screen(80, 24));
    h.keys("<C-u>").text("16").keys("<enter> d");
    let wanted = export_of(&h).1.wanted;
    assert_eq!(wanted.split.map(|s| s.by), Some(By::Before('-')));
    assert_eq!(wanted.as_of.as_deref(), Some("delivered"));
    assert_eq!(wanted.options.shards, 16);
}

#[test]
fn the_place_of_an_export_follows_the_format_until_it_is_typed() {
    let mut h = exporting();
    assert!(h.screen(80, 24).contains("/data/flowers.csv"));
    h.keys("<space>");
    assert!(h.screen(80, 24).contains("/data/flowers.jsonl"));
    h.keys("j <enter> <C-u>").text("s3://bucket/x").keys("<enter>");
    assert!(h.screen(80, 24).contains("s3://bucket/x"));
    h.keys("d");
    assert_eq!(export_of(&h).1.wanted.far.map(|far| far.to_string()).as_deref(), Some("s3://bucket/x"));
    h.effects.clear();
    h.keys("<enter> <C-u>").text("/").keys("<enter>");
    assert!(h.screen(80, 24).contains("`/` is no place for an export"));
    h.keys("<C-u>").text("/out/here.jsonl").keys("<enter> k <space>");
    assert!(h.screen(80, 24).contains("/out/here.jsonl"));
    h.keys("d");
    assert_eq!(export_of(&h).1.wanted.dest.to_str(), Some("/out/here.jsonl"));
}

#[test]
fn leaving_asks_while_an_export_is_under_way() {
    let under_way = || {
        let mut h = exporting();
        h.keys("s");
        let (id, _) = export_of(&h);
        h.event(Event::Exchanged(id, Exchanged::Exported(lossy())));
        h.event(Event::Task(id, TaskNews::Ended(TaskState::Done("counted".to_owned()))));
        h.keys("s");
        let (id, order) = export_of(&h);
        assert!(!order.dry_run);
        (h, id)
    };
    let left = |h: &Harness| h.effects.iter().any(|e| matches!(e, Effect::Quit));
    let (mut h, id) = under_way();
    h.keys("Q");
    assert!(h.screen(80, 24).contains("is under way. Stop it and leave?") && !left(&h), "{}", h.screen(80, 24));
    h.keys("n");
    assert!(!left(&h));
    h.keys("Q y");
    assert!(left(&h));
    // One that has ended is no reason to ask.
    let (mut h, _) = under_way();
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Cancelled)));
    h.keys("Q");
    assert!(left(&h));
}

#[test]
fn a_cancelled_export_says_that_nothing_of_it_stays() {
    let mut h = exporting();
    h.keys("<enter>").text("yolo").keys("<enter>");
    h.keys("s");
    let (id, _) = export_of(&h);
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Cancelled)));
    let text = h.state.messages.shown().unwrap().text.clone();
    assert!(text.contains("cancelled; nothing of it stays"), "{text}");
    let scan = h.state.tasks.start("scan flowers", 0);
    h.event(Event::Task(scan, TaskNews::Ended(TaskState::Cancelled)));
    let text = h.state.messages.shown().unwrap().text.clone();
    assert!(text.contains("cancelled; what was done so far stays"), "{text}");
}

#[test]
fn an_example_is_not_taken_for_what_was_chosen() {
    let mut h = exporting();
    let screen = h.screen(100, 24);
    assert!(screen.contains("all   such as status:labeled class:roses"), "{screen}");
    h.keys("j j <enter>");
    let screen = h.screen(100, 24);
    assert!(screen.contains("such as status:labeled class:roses review:accepted; empty: all"), "{screen}");
}
