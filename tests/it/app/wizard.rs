//! The wizards of import and export: what they ask for, what a dry run is worth, what they show.

mod exporting;
mod undoing;

use super::harness::{Harness, project, text_of};
use super::screens::snapshots;
use lakelens::app::effect::{Effect, ExportOrder, ImportOrder, Job, Query, Write};
use lakelens::app::event::{Event, Exchanged, Reply};
use lakelens::app::screens::Screen;
use lakelens::app::screens::home::{HomeState, Row};
use lakelens::app::screens::projects::ProjectsState;
use lakelens::app::slots::Slot;
use lakelens::app::tasks::{TaskId, TaskNews, TaskState};
use lakelens::domain::project::Counts;
use lakelens::formats::read::Format;
use lakelens::ops::export::{By, Format as Written, Images};
use lakelens::ops::import::{OnExisting, OnMissing};
use lakelens::ops::options::applies;
use lakelens::ops::options::import::{CHOICES, FIELDS};
use lakelens::ops::report::exchange::{ClassMeans, Fate, ImportPreview, Imported, PreviewClass, PreviewRow};
use lakelens::ops::report::{ExportReport, ImportReport, Loss};
use std::collections::HashMap;
use std::sync::Arc;

/// The list of projects, with one in it.
fn listed() -> Harness {
    let mut h = Harness::new(Screen::Projects(ProjectsState::default()));
    h.open(project(&["daisy", "rose"]), 40);
    let effects = lakelens::app::screens::shown(&mut h.state);
    h.effects.extend(effects);
    h.reply(Slot::Projects, projects());
    h.effects.clear();
    h
}

fn projects() -> Reply {
    Reply::Projects { all: vec![(project(&["daisy", "rose"]), Counts::default())], here: HashMap::new() }
}

fn row(n: usize, picture: &str, says: &str, fate: Fate, faults: &[&str]) -> PreviewRow {
    let place = format!("labels.csv, row {n}");
    let faults = faults.iter().map(|fault| format!("{place} (`{picture}`): {fault}")).collect();
    PreviewRow { place, picture: picture.to_owned(), says: says.to_owned(), fate, faults }
}

fn class(name: &str, seen: u64, means: ClassMeans) -> PreviewClass {
    PreviewClass { name: name.to_owned(), seen, means }
}

fn preview() -> ImportPreview {
    let known = |name: &str| ClassMeans::Known(name.to_owned());
    ImportPreview {
        format: "csv",
        recognised: true,
        rows: vec![
            row(1, "daisy/0001.jpg", "daisy", Fate::Found, &[]),
            row(2, "roses/with/a/very/long/name/of_a_picture_0002.jpg", "rose 0.91", Fate::Found, &[]),
            row(3, "daisy/9999.jpg", "daisy", Fate::Wrong, &["the project has no such picture"]),
            row(
                4,
                "daisy/0004.jpg",
                "box daisy, box tulip",
                Fate::Found,
                &["a classification project cannot accept a box"],
            ),
            row(5, "daisy/0005.jpg", "tulip", Fate::LeftOut, &[]),
            row(6, "new/0006.jpg", "tulip", Fate::Made, &[]),
        ],
        more: true,
        classes: vec![
            class("Daisy", 3, known("daisy")),
            class("rose", 1, known("rose")),
            class("tulip", 2, ClassMeans::New("tulip".to_owned())),
            class("", 1, ClassMeans::Refused("the class has no name".to_owned())),
        ],
        notes: vec!["labels.csv: numbers are pixels".to_owned()],
        broken: None,
    }
}

/// The import wizard with a file and its first pictures.
fn importing() -> Harness {
    let mut h = listed();
    h.keys("I");
    assert!(
        h.asked().iter().any(|q| matches!(q, Query::Complete { text, .. } if text == "/data/flowers/")),
        "{:?}",
        h.effects
    );
    h.text("labels.csv").keys("<enter>");
    h.reply(Slot::WizardProjects, projects());
    h.reply(Slot::ImportPreview, Reply::ImportPreview(Arc::new(preview())));
    h
}

fn looked_at(h: &Harness) -> ImportOrder {
    let found = h.asked().into_iter().rev().find_map(|q| if let Query::ImportPreview(o) = q { Some(*o) } else { None });
    found.expect("no look at the file")
}

/// The last task that was started.
fn started(h: &Harness) -> (TaskId, Job) {
    let of = |e: &Effect| if let Effect::Start(id, job) = e { Some((*id, job.clone())) } else { None };
    h.effects.iter().rev().find_map(of).expect("no task")
}

fn ordered(h: &Harness) -> (TaskId, ImportOrder) {
    match started(h) {
        (id, Job::Import(order)) => (id, *order),
        other => panic!("{other:?}"),
    }
}

fn imported(dry_run: bool, annotations: u64) -> Imported {
    let report = ImportReport {
        read: 1204,
        matched: 1200,
        annotations,
        answered: annotations,
        skipped: 4,
        rejected: 2,
        dry_run,
        ..Default::default()
    };
    Imported {
        report,
        format: "csv",
        new_classes: vec!["tulip".to_owned()],
        rejected: vec!["labels.csv, row 17 (`daisy/17.jpg`): width is \"wide\", not a number".to_owned()],
        rejects: Some("/state/rejects/import-20260101.jsonl".into()),
        ..Imported::default()
    }
}

fn end(h: &mut Harness, id: TaskId, told: Imported) {
    h.event(Event::Exchanged(id, Exchanged::Imported(Box::new(told))));
    h.event(Event::Task(id, TaskNews::Ended(TaskState::Done("counted".to_owned()))));
}

#[test]
fn a_file_is_looked_at_counted_and_then_imported() {
    let mut h = importing();
    let order = looked_at(&h);
    assert_eq!(
        (order.from.to_string().as_str(), order.project.0, order.dry_run),
        ("/data/flowers/labels.csv", 1, true)
    );
    // The first start is the dry run.
    h.keys("s");
    let (id, order) = ordered(&h);
    assert!(order.dry_run && h.state.tasks.running().count() == 1);
    h.effects.clear();
    h.keys("s");
    assert!(h.effects.is_empty(), "nothing starts while it is counted: {:?}", h.effects);
    end(&mut h, id, imported(true, 1197));
    h.keys("s");
    let (id, order) = ordered(&h);
    assert!(!order.dry_run);
    // While it runs nothing is changed, and another one is not started.
    h.effects.clear();
    h.keys("<enter> <space> d s");
    assert!(h.effects.is_empty() && h.state.overlays.is_empty(), "{:?}", h.effects);
    h.keys("x");
    assert_eq!(h.effects, [Effect::Cancel(id)]);
    h.effects.clear();
    end(&mut h, id, imported(false, 1197));
    // The open project has new classes and answers now.
    assert!(h.asked().contains(&Query::Project(lakelens::domain::ids::ProjectId(1))), "{:?}", h.effects);
    assert!(h.screen(80, 24).contains("labels added"));
    // What is done once is counted again before it is done again.
    h.keys("s");
    assert!(ordered(&h).1.dry_run);
}

#[test]
fn a_path_that_begins_anew_takes_the_place_of_the_folder_that_stood_there() {
    let mut h = listed();
    h.keys("I").text("/tmp/a.csv");
    let text = h.screen(80, 24);
    assert!(text.contains("file or folder: /tmp/a.csv") && !text.contains("flowers//tmp"), "{text}");
    assert!(h.asked().iter().any(|q| matches!(q, Query::Complete { text, .. } if text == "/tmp/a.csv")));
    h.keys("<enter>");
    assert_eq!(looked_at(&h).from.to_string(), "/tmp/a.csv");
}

#[test]
fn a_long_message_takes_on_nothing_of_the_line_that_it_covers() {
    use ratatui::style::Modifier;
    let mut h = importing();
    h.keys("d");
    let (id, _) = ordered(&h);
    end(&mut h, id, Imported { stopped: Some("bad ".repeat(60)), ..imported(true, 0) });
    for height in 20..30 {
        h.state.say(lakelens::app::messages::Level::Info, "so long that it takes the line above as well ".repeat(3));
        let (buffer, _) = h.draw(80, height);
        let cells = (0..80).map(|x| buffer[(x, height - 2)].modifier);
        assert!(cells.into_iter().all(|looks| !looks.contains(Modifier::BOLD)), "at {height}");
    }
}

#[test]
fn a_choice_that_changes_makes_the_dry_run_void_and_the_file_is_looked_at_again() {
    let mut h = importing();
    h.keys("d");
    let (id, _) = ordered(&h);
    end(&mut h, id, imported(true, 3));
    h.effects.clear();
    // From the file to the pictures that the project does not have: format, names, then those.
    h.keys("j j j <space>");
    assert_eq!(looked_at(&h).how.on_missing, OnMissing::Skip);
    h.keys("s");
    let (id, order) = ordered(&h);
    assert!(order.dry_run && order.how.on_missing == OnMissing::Skip);
    // A dry run that still runs is stopped when something changes.
    h.effects.clear();
    h.keys("j <enter>").text("merge").keys("<enter>");
    assert!(h.effects.contains(&Effect::Cancel(id)), "{:?}", h.effects);
    assert_eq!(looked_at(&h).how.on_existing, OnExisting::Merge);
    h.event(Event::Exchanged(id, Exchanged::Imported(Box::new(imported(true, 3)))));
    assert!(!h.screen(80, 24).contains("to be added"), "told of other choices");
}

#[test]
fn an_import_is_taken_back_where_it_was_made_and_once() {
    let mut h = importing();
    h.keys("u s");
    let (id, _) = ordered(&h);
    end(&mut h, id, imported(true, 1197));
    h.keys("u");
    assert!(h.writes().is_empty(), "a dry run has written nothing");
    h.keys("s");
    let (id, _) = ordered(&h);
    end(&mut h, id, imported(false, 1197));
    assert!(h.screen(100, 30).contains("`u` takes the answers back"), "{}", h.screen(100, 30));
    h.keys("u u");
    assert_eq!(h.writes(), [Write::Undo(lakelens::domain::ids::ProjectId(1))]);
}

#[test]
fn the_format_and_the_classes_can_be_changed() {
    let mut h = importing();
    h.keys("j <enter>").text("open_im").keys("<enter>");
    assert_eq!(looked_at(&h).how.format, Some(Format::OpenImages));
    h.reply(Slot::ImportPreview, Reply::ImportPreview(Arc::new(preview())));
    // The third class of the file is a class of the project, by another name.
    h.keys("<tab> G k <enter>").text("rose").keys("<enter>");
    let map = looked_at(&h).how.class_map;
    assert_eq!(map.into_iter().collect::<Vec<_>>(), [("tulip".to_owned(), "rose".to_owned())]);
    h.keys("<enter> <enter>");
    assert!(looked_at(&h).how.class_map.is_empty(), "its own name again");
}

#[test]
fn every_field_takes_its_own_text() {
    let mut h = importing();
    h.keys("j <enter>").text("delta").keys("<enter>");
    assert_eq!(looked_at(&h).how.format, Some(Format::Delta));
    let before = CHOICES.iter().filter(|c| applies(c.only, "delta")).count();
    for (n, field) in FIELDS.into_iter().enumerate() {
        let text = match field.flag {
            "columns" => "class=LABEL,path=FILE",
            "model" => "resnet",
            "at" => "7",
            other => panic!("nothing to type for {other}"),
        };
        // Below the project, the file and the choices.
        let at = 2 + before + n;
        match h.state.screens.last_mut() {
            Some(Screen::Import(wizard)) => wizard.cursor = at,
            _ => panic!("no wizard"),
        }
        h.keys("<enter> <C-u>").text(text).keys("<enter>");
        assert_eq!((field.get)(&looked_at(&h).how), text, "{}", field.flag);
    }
    let how = looked_at(&h).how;
    assert_eq!(how.model.as_deref(), Some("resnet"), "no field wrote into another");
}

#[test]
fn what_would_stop_the_import_is_said_and_nothing_starts() {
    let mut h = importing();
    h.keys("d");
    let (id, _) = ordered(&h);
    let stopped = Some("2 rows are wrong; the first: labels.csv, row 17: no".to_owned());
    end(&mut h, id, Imported { stopped, ..imported(true, 0) });
    h.effects.clear();
    h.keys("s");
    assert!(h.effects.is_empty(), "{:?}", h.effects);
    let screen = h.screen(80, 24);
    assert!(screen.contains("stops") && screen.contains("2 rows are wrong"), "{screen}");
}

#[test]
fn why_an_import_would_stop_stands_there_in_full_in_the_words_of_the_screen() {
    let mut h = importing();
    h.keys("d");
    let (id, _) = ordered(&h);
    let why = "12 pictures of the file are not in the project; 9 of them would match one picture by file name alone \
               (--match name); --on-missing skip leaves them out, --on-missing create makes samples of them";
    end(&mut h, id, Imported { stopped: Some(why.to_owned()), ..imported(true, 0) });
    let screen = h.screen(80, 24);
    let words: Vec<&str> = screen.split_whitespace().collect();
    let told = "(`find pictures: name`); `unknown pictures: skip` leaves them out, `unknown pictures: create` makes \
                samples of them";
    for part in told.split(' ') {
        assert!(words.contains(&part), "{part}: {screen}");
    }
    assert!(!screen.contains("--"), "{screen}");
    h.keys("s");
    let said = &h.state.messages.shown().unwrap().text;
    assert!(said.contains("`unknown pictures: skip`") && !said.contains("--"), "{said}");
    h.keys("G");
    assert!(h.screen(80, 24).contains("wrong rows"), "{}", h.screen(80, 24));
}

#[test]
fn marks_that_there_is_more_stand_on_no_word() {
    let mut h = importing();
    for width in 50..=80 {
        let text = text_of(&h.draw(width, 18).0);
        let ends: Vec<&str> = text.lines().filter(|line| line.ends_with(['↑', '↓'])).collect();
        assert!(!ends.is_empty() && ends.iter().all(|line| line.ends_with(" ↑") || line.ends_with(" ↓")), "{ends:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_says_why_and_one_that_breaks_shows_what_comes_before() {
    let mut h = importing();
    h.keys("<enter>").text("x").keys("<enter>");
    h.reply(Slot::ImportPreview, Reply::Failed("no annotation format that is known was found in it".to_owned()));
    assert!(h.screen(80, 24).contains("no annotation format"));
    h.keys("<enter>").text("y").keys("<enter>");
    let broken = Some("labels.json, annotations 3: the file ends in the middle".to_owned());
    h.reply(Slot::ImportPreview, Reply::ImportPreview(Arc::new(ImportPreview { broken, ..preview() })));
    let screen = h.screen(80, 24);
    assert!(screen.contains("broken") && screen.contains("daisy/0001.jpg"), "{screen}");
}

#[test]
fn nothing_is_imported_where_nothing_may_be_changed() {
    let mut h = importing();
    h.keys("d");
    let (id, _) = ordered(&h);
    end(&mut h, id, imported(true, 3));
    h.effects.clear();
    h.state.read_only = true;
    h.keys("s");
    assert!(h.effects.is_empty(), "{:?}", h.effects);
}

#[test]
fn an_import_goes_on_when_the_screen_is_left_and_is_found_again() {
    let mut h = importing();
    h.keys("d");
    let (id, _) = ordered(&h);
    end(&mut h, id, imported(true, 3));
    h.keys("s");
    let (id, _) = ordered(&h);
    h.keys("g p");
    h.effects.clear();
    h.keys("I");
    assert!(h.state.overlays.is_empty(), "the one that runs is shown, no other asked for");
    end(&mut h, id, imported(false, 3));
    assert!(h.screen(80, 24).contains("labels added"));
}

#[test]
fn an_entry_of_a_folder_is_imported_into_the_project_that_was_open_last() {
    let mut h = super::lake::lake(&["labels.csv"]);
    h.state.places.last_project = Some(1);
    h.keys("I");
    let order = looked_at(&h);
    assert_eq!((order.from.name(), order.project.0), ("labels.csv", 1));
    h.reply(Slot::WizardProjects, projects());
    assert!(h.screen(80, 24).contains("flowers"));
}

#[test]
fn import_wizard() {
    let mut h = listed();
    h.keys("I <esc>");
    snapshots("import_empty", &mut h);
    let mut h = importing();
    snapshots("import_preview", &mut h);
    h.keys("G k k k");
    snapshots("import_wrong_row", &mut h);
    h.keys("<tab>");
    snapshots("import_classes", &mut h);
    h.keys("d");
    let (id, _) = ordered(&h);
    h.event(Event::Task(id, TaskNews::Progress { done: 1204, total: Some(3670) }));
    snapshots("import_counting", &mut h);
    end(&mut h, id, imported(true, 1197));
    h.state.messages.expire(u64::MAX);
    snapshots("import_counted", &mut h);
}

#[test]
fn keys_before_the_list_has_come_say_that_it_is_being_read_and_do_nothing_later() {
    for keys in ["I", "E", "<enter>"] {
        let mut h = Harness::new(Screen::Projects(ProjectsState::default()));
        let effects = lakelens::app::screens::shown(&mut h.state);
        h.effects.extend(effects);
        h.keys(keys);
        assert!(h.screen(80, 24).contains("still being read"), "{keys}: {}", h.screen(80, 24));
        h.reply(Slot::Projects, projects());
        assert!(matches!(h.state.screen(), Some(Screen::Projects(_))), "{keys}");
        h.keys(keys);
        assert!(!matches!(h.state.screen(), Some(Screen::Projects(_))), "{keys}");
    }
}

#[test]
fn the_first_row_of_home_is_opened_only_when_it_is_what_it_is_going_to_be() {
    let mut h = Harness::new(Screen::Home(HomeState::default()));
    h.state.places.recents = vec!["/data/a".to_owned(), "/data/b".to_owned()];
    let effects = lakelens::app::screens::shown(&mut h.state);
    h.effects.extend(effects);
    h.keys("<enter>");
    assert!(matches!(h.state.screen(), Some(Screen::Home(_))));
    assert!(h.screen(80, 24).contains("still being read"), "{}", h.screen(80, 24));
    h.keys("j");
    h.reply(Slot::Home, projects());
    let Some(Screen::Home(home)) = h.state.screen() else { panic!("elsewhere") };
    assert_eq!(home.rows(&h.state).get(home.cursor), Some(&Row::Place("/data/b".to_owned())));
    h.keys("k k <enter>");
    assert!(h.asked().iter().any(|q| matches!(q, Query::Project(_))), "{:?}", h.asked());
}
