//! The Stats screen: what it asks for, how it moves, what it says.

use super::harness::{Harness, project};
use super::screens::snapshots;
use jiff::{SignedDuration, Timestamp};
use lakelens::app::effect::{Effect, JumpTo, Query, Write};
use lakelens::app::event::{Event, Reply, Wrote};
use lakelens::app::screens::Screen;
use lakelens::app::screens::stats::View;
use lakelens::app::slots::Slot;
use lakelens::domain::agreement::gold::{Checks, GoldReport};
use lakelens::domain::agreement::{Agreement, Study, cohen};
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::class::LabelSet;
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{ClassId, ProjectId, SampleId};
use lakelens::domain::project::Task;
use lakelens::domain::sample::{Answer, Status};
use lakelens::ops::report::review::{AgreementReport, Disagreement, PassReport, ReviewReport};
use lakelens::ops::report::{ClassCount, HourCount, PersonReport, StatsReport};
use lakelens::term::caps::Depth;

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn pairs(agree: usize, differ: usize) -> Vec<(u8, u8)> {
    let same = (0..agree).map(|i| ((i % 3) as u8, (i % 3) as u8));
    same.chain((0..differ).map(|i| ((i % 3) as u8, ((i + 1) % 3) as u8))).collect()
}

fn person(user: &str, samples: u64, per_hour: Option<f64>, minutes: i64) -> PersonReport {
    PersonReport { user: user.to_owned(), samples, per_hour, median_seconds: None, last: Some(ago(minutes)) }
}

fn stats(labels: &LabelSet) -> StatsReport {
    let classes = labels.live().zip([214_u64, 301, 188, 240, 261].into_iter().cycle());
    StatsReport {
        project: "flowers".to_owned(),
        version: 1,
        samples: 3_670,
        status: [
            (Status::Unlabeled, 2_154),
            (Status::PreLabeled, 300),
            (Status::Labeled, 1_204),
            (Status::Skipped, 12),
        ]
        .into(),
        empty: 3,
        classes: classes.map(|(c, count)| ClassCount { name: c.name.clone(), key: c.hotkey.clone(), count }).collect(),
        people: vec![person("ann", 1_002, Some(1_240.4), 2), person("bob", 214, Some(860.0), 4_000)],
        activity: (0..24)
            .map(|i| HourCount { hour: ago(60 * (24 - i)), answers: [0, 0, 120, 420, 300, 12][i as usize % 6] })
            .collect(),
        eta_seconds: Some(7_560.0),
        kappa: Some(cohen(&pairs(109, 11))),
        unsent: 0,
        conflicts: 0,
    }
}

fn review() -> ReviewReport {
    ReviewReport {
        waiting: 1_080,
        accepted: 120,
        rejected: 3,
        stale: 1,
        flagged: 12,
        unsure: 4,
        people: vec!["ann".to_owned(), "bob".to_owned()],
        second: PassReport { chosen: 120, answered: 120 },
    }
}

fn agreement(differ: usize) -> AgreementReport {
    let pair = |n: usize| Disagreement {
        sample: SampleId(n as i64),
        path: format!("daisy/{n:04}_eea9edfd54_n.jpg"),
        first: "roses".to_owned(),
        first_by: "ann".to_owned(),
        second: "tulips".to_owned(),
        second_by: "bob".to_owned(),
        objects: String::new(),
        at: ago(60 * 24 * 3),
    };
    AgreementReport {
        kappa: Some(cohen(&pairs(109, differ))),
        differ: (1..=differ).map(pair).collect(),
        differ_count: differ as u64,
        study: Some(study()),
        gold: GoldReport::default(),
    }
}

/// Two people on twelve gold pictures.
fn gold() -> GoldReport {
    let labels = LabelSet::from_names(&FLOWERS, 1);
    let mut checks = Checks::new(&labels);
    let answer = |class: i64| Answer {
        status: Status::Labeled,
        annotations: vec![Annotation::label(ClassId(class), "x", now())],
        ..Answer::default()
    };
    for i in 0..12_i64 {
        checks.add("ann", &answer(1 + i % 3), &answer(1 + i % 3));
        checks.add("bob", &answer(1 + i % 3), &answer(if i % 4 == 0 { 4 } else { 1 + i % 3 }));
    }
    checks.report(40)
}

/// Three people, four classes, some of them boxes.
fn study() -> Agreement {
    let labels = LabelSet::from_names(&FLOWERS, 1);
    let mut study = Study::new(&labels, 0.5);
    for i in 0..60_i64 {
        let given = |who: i64| {
            let class = 1 + (i + i64::from((i + who) % 7 == 0)) % 4;
            let shape = Shape::Box(BoxN { x: 0.1, y: 0.1, w: 0.5 + 0.02 * who as f64, h: 0.5 });
            let annotation = Annotation { shape, ..Annotation::label(ClassId(class), "x", now()) };
            Answer { status: Status::Labeled, annotations: vec![annotation], ..Answer::default() }
        };
        let answers: Vec<(String, Answer)> =
            ["ann", "bob", "cleo"].into_iter().zip(0..).map(|(name, who)| (name.to_owned(), given(who))).collect();
        let few = if i % 3 == 0 { 3 } else { 2 };
        let answers: Vec<(String, &Answer)> = answers.iter().take(few).map(|(n, a)| (n.clone(), a)).collect();
        study.add(&answers);
    }
    study.report()
}

fn opened(classes: &[&str], report: impl Fn(&LabelSet) -> StatsReport) -> Harness {
    let mut h = Harness::new(Screen::Home(Default::default()));
    h.open(project(classes), 10);
    h.keys("g s");
    let report = report(&h.state.labels());
    h.reply(Slot::Stats, Reply::Stats(Box::new(report)));
    h.reply(Slot::Review, Reply::Review(Box::new(review())));
    h.reply(Slot::Agreement, Reply::Agreement(Box::new(agreement(11))));
    h.effects.clear();
    h
}

const FLOWERS: [&str; 5] = ["daisy", "dandelion", "roses", "sunflowers", "tulips"];

fn thirty() -> Vec<String> {
    (1..=30).map(|i| format!("class {i}")).collect()
}

#[test]
fn asks_when_shown_and_after_edits_only() {
    let mut h = Harness::new(Screen::Home(Default::default()));
    h.keys("g s");
    assert!(h.effects.is_empty());
    h.open(project(&FLOWERS), 10);
    h.keys("g s");
    let asked = h.asked();
    let id = ProjectId(1);
    assert_eq!(asked[asked.len() - 3..], [Query::Stats(id), Query::Review(id), Query::Agreement(id)]);
    h.effects.clear();
    h.event(Event::Tick);
    h.keys("j k");
    assert!(h.effects.is_empty(), "nothing is polled");
    h.event(Event::Wrote(Wrote::Edits(Vec::new(), None)));
    assert_eq!(h.asked(), [Query::Counts(id), Query::Stats(id), Query::Review(id), Query::Agreement(id)]);
}

#[test]
fn undo_works_here_and_asks_again() {
    let mut h = opened(&FLOWERS, stats);
    h.keys("u");
    assert!(matches!(h.writes().as_slice(), [Write::Undo(_)]));
}

#[test]
fn scrolling_stops_at_the_ends() {
    let names = thirty();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut h = opened(&names, stats);
    h.draw(80, 24);
    h.keys("k");
    assert!(h.screen(80, 24).contains("how far"));
    h.keys("G");
    assert!(h.screen(80, 24).contains("class 30"));
    h.keys("k");
    let before = h.state.stats().unwrap().top;
    h.keys("j j j");
    assert_eq!(h.state.stats().unwrap().top, before + 1, "the end is the end");
    h.keys("g g");
    assert_eq!(h.state.stats().unwrap().top, 0);
}

#[test]
fn disagreements_are_listed_and_open_on_the_label_screen() {
    let mut h = opened(&FLOWERS, stats);
    h.keys("<enter>");
    assert!(h.state.stats().is_some(), "nothing is under a cursor in the overview");
    h.keys("<tab>");
    assert_eq!(h.state.stats().unwrap().view, View::Agreement);
    h.keys("j j k <enter>");
    assert!(matches!(h.state.screen(), Some(Screen::Label(_))));
    let jump = |q: &Query| matches!(q, Query::Jump { to: JumpTo::Sample(SampleId(2)), .. });
    assert!(h.asked().iter().any(jump), "{:?}", h.asked());
    h.reply(Slot::Jump, Reply::Page { samples: vec![super::harness::sample(2)], end: false });
    h.show_all();
    h.keys("2");
    assert_eq!(h.state.stats().unwrap().cursor, 1, "an answer leads back");
    h.keys("<enter> q");
    assert_eq!(h.state.stats().unwrap().cursor, 1, "coming back finds the same line");
    h.keys("G");
    assert_eq!(h.state.stats().unwrap().cursor, 10);
    h.reply(Slot::Agreement, Reply::Agreement(Box::new(agreement(2))));
    assert_eq!(h.state.stats().unwrap().cursor, 1);
    h.keys("<backtab>");
    assert_eq!(h.state.stats().unwrap().view, View::Overview);
}

#[test]
fn a_failure_is_said_and_old_numbers_stay() {
    let mut h = Harness::new(Screen::Home(Default::default()));
    h.open(project(&FLOWERS), 10);
    h.keys("g s");
    h.reply(Slot::Stats, Reply::Failed("the store does not answer".to_owned()));
    assert!(h.screen(80, 24).contains("the store does not answer"));
    let mut h = opened(&FLOWERS, stats);
    h.keys("g h g s");
    h.reply(Slot::Stats, Reply::Failed("the store does not answer".to_owned()));
    assert!(h.screen(80, 24).contains("1,204"));
}

#[test]
fn the_second_pass_can_be_drawn_from_here() {
    let mut h = opened(&FLOWERS, stats);
    super::review::second_pass::drawn_at_once(&mut h);
    assert!(h.effects.iter().any(|e| matches!(e, Effect::Start(..))));
}

#[test]
fn hostile_names_are_drawn_as_escapes() {
    let mut h = opened(&["evil\u{1b}[2J"], |labels| StatsReport {
        people: vec![person("bad\u{202e}name", 3, None, 1)],
        ..stats(labels)
    });
    let screen = h.screen(120, 40);
    assert!(!screen.contains('\u{1b}') && !screen.contains('\u{202e}'));
}

#[test]
fn it_reads_without_colours_and_beyond_ascii() {
    let mut h = opened(&FLOWERS, stats);
    h.state.caps.depth = Depth::Mono;
    let (buffer, _) = h.draw_ascii(120, 40);
    let text = super::harness::text_of(&buffer);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("stats_ascii", text);
}

#[test]
fn stats_screens() {
    snapshots("stats", &mut opened(&FLOWERS, stats));
    let names = thirty();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    snapshots("stats_30_classes", &mut opened(&names, stats));
    let long = ["a class whose name is so long that no column can ever hold it", "b"];
    let one = |labels: &LabelSet| StatsReport {
        people: vec![person("somebody.with.a.long.name@example.org", 1, None, 0)],
        kappa: None,
        activity: Vec::new(),
        eta_seconds: None,
        ..stats(labels)
    };
    snapshots("stats_long_names", &mut opened(&long, one));
}

#[test]
fn stats_of_nothing() {
    let mut h = Harness::new(Screen::Home(Default::default()));
    h.open(project(&[]), 0);
    h.keys("g s");
    h.reply(Slot::Stats, Reply::Stats(Box::default()));
    h.reply(Slot::Agreement, Reply::Agreement(Box::default()));
    snapshots("stats_nothing", &mut h);
    h.keys("<tab>");
    snapshots("agreement_nothing", &mut h);
}

#[test]
fn how_right_people_are_stands_below_how_far_they_agree() {
    let mut h = opened(&FLOWERS, stats);
    h.keys("g s");
    let nobody_twice = Study::new(&LabelSet::from_names(&FLOWERS, 1), 0.5).report();
    let report = AgreementReport { gold: gold(), study: Some(nobody_twice), ..AgreementReport::default() };
    h.reply(Slot::Agreement, Reply::Agreement(Box::new(report)));
    h.keys("<tab> <tab>");
    snapshots("gold_alone", &mut h);
    h.keys("g s");
    h.reply(Slot::Agreement, Reply::Agreement(Box::new(AgreementReport { gold: gold(), ..agreement(2) })));
    h.keys("<tab> <tab>");
    let screen = h.screen(140, 40);
    assert!(screen.contains("gold pictures") && screen.contains("0.75") && screen.contains("cleo"), "{screen}");
    snapshots("gold_and_measures", &mut h);
}

#[test]
fn agreement_of_boxes_says_that_it_is_about_classes() {
    let mut h = opened(&FLOWERS, stats);
    h.keys("<tab>");
    assert!(h.screen(80, 24).contains("109 agree (91 %)"));
    h.state.project.as_mut().unwrap().project.task = Task::Detection;
    let text = h.screen(80, 24);
    assert!(text.contains("109 name the same classes (91 %)") && text.contains("boxes differ: `g d`"), "{text}");
    assert!(h.screen(40, 12).contains("name the same classes"));
    // Short names leave room for who gave the answer.
    let report = h.state.stats_mut().unwrap().agreement.as_mut().unwrap();
    for pair in &mut report.differ {
        (pair.path, pair.first_by) = ("a/1.png".to_owned(), "(imported)".to_owned());
    }
    report.differ[1].objects = "only second: tulips   the same: 2, overlap 0.84".to_owned();
    let text = h.screen(80, 24);
    assert!(text.contains("roses, (imported)") && !text.contains("only second"), "{text}");
    h.keys("j");
    let lines: Vec<String> = h.screen(60, 20).lines().map(str::to_owned).collect();
    assert!(lines[18].contains("only second: tulips   the same: 2, overlap 0.84"), "{lines:?}");
}

#[test]
fn agreement_screens() {
    let mut h = opened(&FLOWERS, stats);
    h.keys("<tab> j");
    snapshots("agreement", &mut h);
    h.keys("<tab>");
    snapshots("measures", &mut h);
    h.draw(80, 14);
    h.keys("G");
    assert!(h.screen(80, 14).contains("sunflowers"));
    h.keys("<tab>");
    assert_eq!(h.state.stats().unwrap().view, View::Overview);
}
