//! The first story: open a folder, make a project, label with one key each, undo, leave, come back to the same place,
//! export.

use crate::support::pictures;
use crate::support::pty::{Home, Session};

/// Makes a project of the folder that is open, with classes that are typed.
pub(super) fn make_project(session: &mut Session, name: &str, classes: &str) {
    session.keys("P").wait_for("name of the new project").keys("<C-u>").type_text(name).keys("<enter>");
    session.wait_for("what is asked?").keys("<enter>");
    session.wait_for("where do the classes come from?").keys("<enter>");
    session.wait_for("classes, separated by commas").type_text(classes).keys("<enter>");
}

/// Waits until a picture is on the screen with this many done: before that, label keys are not taken.
pub(super) fn at<'s>(session: &'s mut Session, name: &str, done: &str) -> &'s mut Session {
    session.wait(&format!("{name} to be seen, {done} done"), |s| {
        let facts = s.row_text(s.rows() - 2);
        let seen = facts.contains("exact") || facts.trim_end().ends_with('~');
        s.contains(&format!("{done} done")) && facts.contains(name) && seen
    })
}

/// The same where pictures come late: a frame in between may still tell of the picture as another screen showed it, so
/// that it counts only with a picture on the terminal.
pub(super) fn there<'s>(session: &'s mut Session, name: &str, done: &str) -> &'s mut Session {
    at(session, name, done).wait_pictures("the picture", |seen| !seen.is_empty());
    at(session, name, done)
}

/// Makes a project of the folder, and labels three of its six pictures.
fn first_day(home: &Home, folder: &str) {
    let mut session = home.terminal().kitty().run(&[folder]);
    session.wait_for("1 / 6");
    make_project(&mut session, "blossom", "daisy, roses, tulips");
    at(&mut session, "flower_01.png", "0 / 6").keys("1");
    at(&mut session, "flower_02.png", "1 / 6").keys("2");
    // Another key each time: the same one again, faster than a person presses, counts as held down.
    at(&mut session, "flower_03.png", "2 / 6").keys("1");
    // The wrong one: taken back, and the right one given.
    at(&mut session, "flower_04.png", "3 / 6").keys("u");
    at(&mut session, "flower_03.png", "2 / 6").keys("3");
    at(&mut session, "flower_04.png", "3 / 6").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn a_folder_becomes_labels_and_the_next_day_goes_on_where_this_one_ended() {
    let home = Home::new();
    let folder = home.path("flowers");
    pictures::write(&folder, "flower", 6);
    first_day(&home, &folder.display().to_string());

    let mut session = home.terminal().kitty().run::<&str>(&[]);
    session.wait_for("blossom").keys("<enter>");
    at(&mut session, "flower_04.png", "3 / 6").keys("s");
    at(&mut session, "flower_05.png", "4 / 6").keys("1");
    at(&mut session, "flower_06.png", "5 / 6").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();

    let (code, _, err) = home.command(&["export", "blossom", "labels.csv", "--format", "csv"]);
    assert_eq!(code, 0, "{err}");
    let written = std::fs::read_to_string(home.path("labels.csv")).unwrap();
    for (picture, class) in
        [("flower_01", "daisy"), ("flower_02", "roses"), ("flower_03", "tulips"), ("flower_05", "daisy")]
    {
        let row = written.lines().find(|l| l.contains(picture)).unwrap_or_else(|| panic!("no {picture} in\n{written}"));
        assert!(row.contains(class), "{row}");
    }
    let unlabeled =
        written.lines().filter(|l| l.contains("flower_06")).any(|l| l.contains("daisy") || l.contains("roses"));
    assert!(!unlabeled, "{written}");
}

#[test]
fn duplicates_of_a_new_project_are_found_without_being_asked_for() {
    let home = Home::new();
    let folder = home.path("flowers");
    pictures::write(&folder, "flower", 6);
    std::fs::copy(folder.join("flower_02.png"), folder.join("flower_07.png")).unwrap();
    let mut session = home.terminal().kitty().run(&[&folder]);
    session.wait_for("1 / 7");
    make_project(&mut session, "blossom", "daisy, roses");
    at(&mut session, "flower_01.png", "0 / 7").wait_for("look alike");
    session.keys("F").wait_for("filter").type_text("dup:exact").keys("<enter>");
    at(&mut session, "flower_02.png", "0 / 7").wait_for("duplicate of").keys("1");
    at(&mut session, "flower_07.png", "1 / 7").wait_for("saved").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn a_kill_loses_no_label_that_was_shown_as_saved() {
    let home = Home::new();
    let folder = home.path("flowers");
    pictures::write(&folder, "flower", 6);
    let mut session = home.terminal().run(&[&folder]);
    session.wait_for("1 / 6");
    make_project(&mut session, "blossom", "daisy, roses");
    at(&mut session, "flower_01.png", "0 / 6").keys("1");
    at(&mut session, "flower_02.png", "1 / 6").keys("2");
    at(&mut session, "flower_03.png", "2 / 6").wait_for("saved");
    session.signal(termlens::Signal::Kill).ended();

    let mut session = home.terminal().run::<&str>(&[]);
    session.wait_for("blossom").keys("<enter>");
    at(&mut session, "flower_03.png", "2 / 6").keys("Q");
    assert_eq!(session.exit_code(), 0);
}

#[test]
fn real_flowers_take_their_classes_from_their_folders() {
    let Some(flowers) = pictures::real_data("flowers") else { return };
    let home = Home::new();
    let mut session = home.terminal().kitty().run(&[&flowers]);
    session.wait_for("daisy").wait_for("tulips").keys("P").wait_for("name of the new project").keys("<enter>");
    session.wait_for("what is asked?").keys("<enter>");
    session.wait_for("where do the classes come from?").keys("<down> <enter>");
    session.wait_for("dandelion").wait_for("sunflowers").wait_for("done");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
}
