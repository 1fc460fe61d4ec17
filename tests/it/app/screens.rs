//! Snapshots of every screen at three sizes, with styles.

use super::harness::{Harness, project, text_of};
use super::lake::lake;
use lakelens::app::event::Reply;
use lakelens::app::screens::Screen;
use lakelens::app::slots::Slot;
use lakelens::domain::ids::ProjectId;
use lakelens::domain::project::{Counts, Project, Task};
use lakelens::domain::sample::{Note, Sample, Status};

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (160, 50)];

/// Compares the screen at three sizes with its snapshots.
pub(crate) fn snapshots(name: &str, harness: &mut Harness) {
    for (width, height) in SIZES {
        let screen = harness.screen(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen);
    }
}

#[test]
fn label() {
    let mut h = Harness::labelling(&["daisy", "dandelion", "roses", "sunflowers", "tulips"], 40);
    h.keys("3 1 s 2");
    snapshots("label", &mut h);
}

/// The first sample, as a comparison of two versions of its table leaves it.
fn noted(samples: &mut [Sample]) {
    let note = |author: &str, text: &str| Note { author: author.to_owned(), text: text.to_owned() };
    samples[0].notes = vec![
        note("the table", "roses -> tul\u{1b}[1mips\nversion 5 by bob, 2026-11-03"),
        note("eve.longname@example.org", "is this a rose?"),
    ];
}

#[test]
fn what_changed_stands_beside_the_picture() {
    let mut h = Harness::labelling(&["daisy", "dandelion", "roses", "sunflowers", "tulips"], 40);
    noted(h.state.label_mut().unwrap().walk.make_contiguous());
    h.state.label_mut().unwrap().queue.filter.comment = Some(true);
    snapshots("label_changed", &mut h);
    let mut h = super::review::three();
    noted(h.state.label_mut().unwrap().walk.make_contiguous());
    snapshots("review_changed", &mut h);
}

#[test]
fn lake_screen() {
    let mut h = lake(&["sub", "a.jpg", "b.jpg", "日本語.png", "notes.txt"]);
    h.keys("j j");
    snapshots("lake", &mut h);
}

#[test]
fn home_projects_tasks() {
    snapshots("home", &mut Harness::new(Screen::Home(Default::default())));
    snapshots("projects", &mut Harness::new(Screen::Projects(Default::default())));
    snapshots("tasks", &mut Harness::new(Screen::Tasks(Default::default())));
}

/// Three projects of different names, tasks and sizes.
fn listed(here: &[&str]) -> Harness {
    let mut h = Harness::new(Screen::Projects(Default::default()));
    h.keys("g p");
    let row = |id: i64, name: &str, task, labeled, all| {
        let project = Project { id: ProjectId(id), name: name.to_owned(), task, ..project(&["daisy"]) };
        let status = [(Status::Labeled, labeled), (Status::Unlabeled, all - labeled)].into();
        (project, Counts { status, ..Counts::default() })
    };
    let all = vec![
        row(1, "flowers", Task::Classification, 1_204, 3_670),
        row(2, "street crossings in the city, north", Task::Detection, 0, 1_048_576),
        row(3, "leaves", Task::Segmentation, 12, 12),
    ];
    let here = [(ProjectId(1), here.iter().map(|name| (*name).to_owned()).collect())].into();
    h.reply(Slot::Projects, Reply::Projects { all, here });
    h
}

#[test]
fn the_list_of_projects_keeps_what_matters_at_80_columns() {
    let mut h = listed(&[]);
    let whole = |text: &str, wanted: &[&str]| wanted.iter().for_each(|w| assert!(text.contains(w), "{w}\n{text}"));
    for width in [60, 80, 100, 160] {
        let text = text_of(&h.draw(width, 24).0);
        whole(&text, &["flowers", "classification", "detection", "segmentation", "1,204 / 3,670", "32 %", "100 %"]);
        whole(&text, &["street cross", " 1 class  "]);
    }
    // In very little room the task goes and not half of it.
    let text = text_of(&h.draw(40, 12).0);
    whole(&text, &["flowers", "leaves", "32 %"]);
    assert!(!text.contains("classif") && !text.contains("detec"), "{text}");
    let mut h = listed(&["bob", "carl", "dora"]);
    for width in [80, 100] {
        whole(&text_of(&h.draw(width, 24).0), &["bob, carl +1 are here", "flowers", "detection", "1,204 / 3,670"]);
    }
    snapshots("projects_listed", &mut h);
}

#[test]
fn overlays() {
    let mut h = lake(&["a.jpg"]);
    h.keys("?");
    snapshots("help", &mut h);
    h.keys("<esc> P");
    snapshots("prompt", &mut h);
}

#[test]
fn a_window_that_is_too_small_says_so() {
    let mut h = lake(&["a.jpg"]);
    insta::assert_snapshot!(h.screen(10, 3));
}

#[test]
fn a_long_message_takes_two_lines() {
    let mut h = lake(&["a.jpg"]);
    let text = "/somewhere/lakelens.db was written by a newer lakelens (schema 999, this one knows up to 1); update lakelens to open it";
    h.state.say(lakelens::app::messages::Level::Error, text);
    let screen = h.screen(80, 24);
    assert!(screen.contains("error: /somewhere") && screen.contains("update lakelens to open it"), "{screen}");
}

#[test]
fn an_address_in_a_message_leaves_room_for_what_happened() {
    let mut h = lake(&["a.jpg"]);
    let text = "postgres://ann%40example.com@instance-0f3a.database.example.com:5432/databricks_postgres?schema=labels_of_the_team \
        cannot be reached (connection refused); it is tried again, check the network, the address and the server";
    h.state.say(lakelens::app::messages::Level::Error, text);
    let screen = h.screen(80, 24);
    for part in
        ["error: postgres://ann", "of_the_team", "cannot be reached (connection", " refused); it is tried again"]
    {
        assert!(screen.contains(part), "{part} in\n{screen}");
    }
}
