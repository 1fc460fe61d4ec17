//! The SQL screen: typing, running, what is refused and asked, the history, a queue of the rows; and profiles.

use super::harness::Harness;
use super::screens::snapshots;
use lakelens::app::effect::{Effect, Job, Query};
use lakelens::app::event::{Event, Reply};
use lakelens::app::screens::Screen;
use lakelens::app::screens::home::HomeState;
use lakelens::app::screens::profiles::ProfileRow;
use lakelens::app::screens::sql::{Focus, News, Offer, Problem, Run};
use lakelens::app::screens::table::rows::Loaded;
use lakelens::app::slots::Slot;
use lakelens::domain::lake_path::LakePath;
use lakelens::domain::sheet::{Cell, Column, Sheet};
use std::sync::Arc;

const ENGINE: &str = "databricks://prod/small";

fn sql(h: &mut Harness, slot: Slot, news: News) {
    h.reply(slot, Reply::Sql(Box::new(news)));
}

/// The screen with an engine and a history of two statements.
fn opened() -> Harness {
    let mut h = Harness::new(Screen::Home(HomeState::default()));
    h.keys("g q");
    let offers = vec![
        Offer { name: ENGINE.to_owned(), detail: "warehouse, running".to_owned() },
        Offer { name: "databricks://prod/clusters/etl".to_owned(), detail: "cluster, stopped".to_owned() },
    ];
    let chosen = Some(ENGINE.to_owned());
    sql(&mut h, Slot::SqlEngines, News::Engines { offers, chosen, problem: None, more: false });
    let history = ["SELECT 1", "SELECT path\nFROM old"].map(str::to_owned).to_vec();
    sql(&mut h, Slot::SqlHistory, News::History(history));
    h.effects.clear();
    h
}

fn rows(count: usize, more: bool) -> Arc<Loaded> {
    let column = |(name, kind): (&str, &str)| Column { name: name.to_owned(), kind: kind.to_owned() };
    let columns = [("path", "string"), ("class", "string"), ("score", "double"), ("note", "string")].map(column);
    let row = |n: usize| {
        let class = ["rose", "tulip", "daisy"][n % 3];
        let note = if n == 1 { Cell::Null } else { Cell::Text(format!("line {n}\u{1b}[2J")) };
        let score = Cell::Text(format!("0.{n}"));
        vec![Cell::Text(format!("/Volumes/main/vision/flowers/{n:04}.jpg")), Cell::Text(class.to_owned()), score, note]
    };
    let sheet = Sheet { columns: columns.to_vec(), rows: (0..count).map(row).collect(), more };
    Arc::new(Loaded::new(Arc::new(sheet), 1, ENGINE.to_owned(), vec![0]))
}

fn asked_to_run(h: &Harness) -> Option<(String, bool)> {
    h.asked().into_iter().rev().find_map(|q| match q {
        Query::SqlRun { text, start, .. } => Some((text, start)),
        _ => None,
    })
}

#[test]
fn a_statement_is_typed_over_several_lines_and_runs() {
    let mut h = opened();
    h.text("SELECT path, q").keys("<A-enter>").text("FROM x;").keys("<C-j>").text(" ").keys("<enter>");
    assert_eq!(asked_to_run(&h), Some(("SELECT path, q\nFROM x".to_owned(), false)));
    assert!(matches!(h.state.sql.run, Run::Running { .. }));
    // While it runs nothing else does, and Esc stops it.
    h.effects.clear();
    h.keys("<enter>");
    assert_eq!(asked_to_run(&h), None);
    h.keys("<esc>");
    assert_eq!((h.effects.last(), &h.state.sql.run), (Some(&Effect::Forget(Slot::SqlRun)), &Run::Idle));
    // A paste runs nothing.
    h.event(Event::Paste("SELECT 2\nFROM b\n".to_owned()));
    assert_eq!(asked_to_run(&h), None);
    assert!(h.state.sql.editor.text().ends_with("FROM b\n"));
}

#[test]
fn an_answer_after_a_cancel_is_dropped() {
    let mut h = opened();
    h.text("SELECT 1").keys("<enter>");
    let tag = h.effects.iter().find_map(|e| match e {
        Effect::Ask(tag, Query::SqlRun { .. }) => Some(*tag),
        _ => None,
    });
    h.keys("<esc>");
    h.event(Event::Reply(tag.unwrap(), Reply::Sql(Box::new(News::Rows(rows(3, false))))));
    assert!(h.state.sql.rows.is_none());
}

#[test]
fn the_history_is_walked_from_the_first_and_the_last_line() {
    let mut h = opened();
    h.text("new").keys("<up>");
    assert_eq!(h.state.sql.editor.text(), "SELECT path\nFROM old");
    h.keys("<up>");
    assert_eq!(h.state.sql.editor.text(), "SELECT 1");
    h.keys("<up> <down>");
    assert_eq!(h.state.sql.editor.text(), "SELECT path\nFROM old");
    h.keys("<down>");
    assert_eq!(h.state.sql.editor.text(), "new");
    h.keys("<down>");
    assert_eq!(h.state.sql.editor.text(), "new");
}

#[test]
fn what_changes_data_is_asked_about_and_refused_in_read_only_mode() {
    let mut h = opened();
    h.text("DELETE FROM t").keys("<enter>");
    assert_eq!(asked_to_run(&h), None);
    assert_eq!(h.state.overlays.len(), 1);
    h.keys("n");
    assert_eq!(asked_to_run(&h), None);
    h.keys("<enter> y");
    assert_eq!(asked_to_run(&h), Some(("DELETE FROM t".to_owned(), false)));
    h.effects.clear();
    h.keys("<esc>");
    let said = h.state.messages.shown().unwrap().text.clone();
    assert!(said.contains("not known"), "{said}");
    h.state.read_only = true;
    h.keys("<enter>");
    assert_eq!((asked_to_run(&h), h.state.overlays.len()), (None, 0));
    let said = h.state.messages.shown().unwrap().text.clone();
    assert!(said.starts_with("read-only: only SELECT"), "{said}");
    h.keys("<C-u>").text("WITH a AS (SELECT 1) SELECT * FROM a").keys("<enter>");
    assert!(asked_to_run(&h).is_some());
}

#[test]
fn what_is_stopped_is_started_only_when_the_person_says_so() {
    let mut h = opened();
    h.text("SELECT 1").keys("<enter>");
    sql(&mut h, Slot::SqlRun, News::MustStart("the cluster `etl` is stopped. Start it?".to_owned()));
    assert_eq!((h.state.overlays.len(), &h.state.sql.run), (1, &Run::Idle));
    h.read();
    snapshots("sql_stopped", &mut h);
    h.effects.clear();
    h.keys("n");
    assert_eq!(asked_to_run(&h), None);
    h.keys("<enter>");
    sql(&mut h, Slot::SqlRun, News::MustStart("the cluster `etl` is stopped. Start it?".to_owned()));
    h.read().keys("y");
    assert_eq!(asked_to_run(&h), Some(("SELECT 1".to_owned(), true)));
    sql(&mut h, Slot::SqlRun, News::Progress("the cluster `etl` is starting (12 s): Finding instances".to_owned()));
    snapshots("sql_starting", &mut h);
    // Everything else can be used meanwhile, and the rows are there when one comes back.
    h.keys("<f1> <esc>");
    h.state.sql.focus = Focus::Rows;
    h.keys("g h");
    assert!(matches!(h.state.screen(), Some(Screen::Home(_))));
    sql(&mut h, Slot::SqlRun, News::Rows(rows(2, false)));
    h.keys("g q");
    assert_eq!(h.state.sql.rows.as_ref().unwrap().sheet.rows.len(), 2);
}

#[test]
fn who_works_on_another_screen_is_told_and_not_asked_to_start_something() {
    let mut h = opened();
    h.text("SELECT 1").keys("<enter>");
    h.state.sql.focus = Focus::Rows;
    h.keys("g h");
    sql(&mut h, Slot::SqlRun, News::MustStart("the cluster `etl` is stopped. Start it?".to_owned()));
    let said = h.state.messages.shown().unwrap().text.clone();
    assert_eq!(said, "the statement was not run: the cluster `etl` is stopped. Start it?");
    h.effects.clear();
    h.read().keys("y <enter>");
    assert_eq!((h.state.overlays.len(), asked_to_run(&h)), (0, None));
}

#[test]
fn rows_and_errors_are_shown() {
    let mut h = opened();
    snapshots("sql_empty", &mut h);
    h.text("SELECT path, class, score, note").keys("<A-enter>").text("FROM main.vision.flowers").keys("<enter>");
    sql(&mut h, Slot::SqlRun, News::Rows(rows(40, true)));
    h.keys("j l");
    snapshots("sql_rows", &mut h);
    h.keys("e");
    let text =
        "databricks: warehouse small refuses the statement: Syntax error at or near 'FRM'; correct the statement";
    let class = "PARSE_SYNTAX_ERROR   42601".to_owned();
    h.keys("<enter>");
    sql(&mut h, Slot::SqlRun, News::Failed(Problem { class, text: text.to_owned(), at: Some((2, 1)) }));
    assert_eq!((h.state.sql.editor.row, h.state.sql.editor.column), (1, 0));
    snapshots("sql_failed", &mut h);
}

#[test]
fn rows_become_a_queue() {
    let mut h = opened();
    h.text("SELECT * FROM t").keys("<enter>");
    sql(&mut h, Slot::SqlRun, News::Rows(rows(3, false)));
    h.keys("P").text("night").keys("<enter>");
    snapshots("sql_queue", &mut h);
    h.keys("<down> <enter>");
    let Some(Effect::Start(_, Job::Queue(new))) = h.effects.last().cloned() else { panic!("{:?}", h.effects.last()) };
    assert_eq!((new.name.as_str(), new.statement.as_str(), new.engine.as_str()), ("night", "SELECT * FROM t", ENGINE));
    assert_eq!((new.path, new.class), (0, Some(1)));
    let first = (Some("/Volumes/main/vision/flowers/0000.jpg".to_owned()), Some("rose".to_owned()));
    assert_eq!(new.rows.unwrap()[0], first);
    // Of a result that was cut the statement runs again.
    h.keys("<enter>");
    sql(&mut h, Slot::SqlRun, News::Rows(rows(3, true)));
    h.keys("P").text("all").keys("<enter> <enter>");
    let Some(Effect::Start(_, Job::Queue(new))) = h.effects.last().cloned() else { panic!("{:?}", h.effects.last()) };
    assert_eq!((new.class, new.rows), (None, None));
    h.state.read_only = true;
    h.keys("P");
    assert!(h.state.overlays.is_empty());
}

#[test]
fn another_profile_leaves_nothing_of_the_old_one() {
    let mut h = opened();
    let row = |name: &str, used| ProfileRow {
        name: name.to_owned(),
        detail: "pat   aws   https://dbc-1.cloud.databricks.com".to_owned(),
        problem: (name == "old").then(|| "host is missing; write host = https://…".to_owned()),
        used,
    };
    let profiles = vec![row("prod", true), row("dev", false), row("old", false)];
    let effects = h.state.show_lake(LakePath::Volume {
        catalog: "main".into(),
        schema: "vision".into(),
        volume: "flowers".into(),
        path: String::new(),
    });
    h.effects.extend(effects);
    h.keys("w");
    h.reply(Slot::ProfilePicker, Reply::Profiles(profiles.clone()));
    assert_eq!(h.state.profile.as_deref(), Some("prod"));
    snapshots("profile_picker", &mut h);
    h.effects.clear();
    h.keys("<down> <enter>");
    assert_eq!(&h.effects[..2], [Effect::UseProfile("dev".to_owned()), Effect::Reread]);
    assert_eq!(h.state.lake().map(|l| l.here.path.clone()), Some(LakePath::Root));
    assert_eq!((h.state.sql.engine.clone(), h.state.sql.offers.len()), (None, 0));
    // One that cannot be used says why, and nothing changes.
    h.keys("w");
    h.reply(Slot::ProfilePicker, Reply::Profiles(vec![row("dev", true), row("old", false)]));
    h.keys("<down> <enter>");
    assert_eq!(h.state.profile.as_deref(), Some("dev"));
    assert!(h.state.messages.shown().unwrap().text.contains("host is missing"));
    h.keys("g h");
    h.reply(Slot::Profiles, Reply::Profiles(profiles));
    snapshots("home_profiles", &mut h);
}
