//! The guideline above a screen: read, leafed through, closed.

use super::harness::{Harness, text_of};
use super::screens::snapshots;
use lakelens::app::effect::Query;
use lakelens::app::event::{Event, Reply};
use lakelens::app::picture::PictureState;
use lakelens::app::screens::Screen;
use lakelens::app::slots::Slot;
use lakelens::domain::ids::ProjectId;
use lakelens::domain::project::Task;
use lakelens::term::caps::Protocol;

const TEXT: &str = "# What to label\n\nOne **flower** a picture; the *largest* one counts. Press `s` for anything that is no flower \
at all, and say why.\n\n## Roses\n\n- thorns\n- leaves with a saw edge\n  - also when they are wet\n\n> When in doubt: flag it.\n\n\
---\n\n```\nroses/0001.jpg\n```\n\nSee [the page](https://example.org/\u{1b}[2Jroses).\n\n1. look\n2. answer\n";

fn opened() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses"], 3);
    h.keys("g i");
    assert_eq!(h.asked(), [Query::Guideline(ProjectId(1))]);
    h.reply(Slot::Guideline, Reply::Guideline(Some(TEXT.to_owned())));
    h.effects.clear();
    h
}

#[test]
fn it_is_leafed_through_and_closed() {
    let mut h = opened();
    assert!(h.screen(60, 14).contains("What to label"));
    h.keys("<space> <space> <space> <space> j");
    let screen = h.screen(60, 14);
    assert!(screen.contains("2. answer") && !screen.contains("What to label"), "{screen}");
    h.keys("k");
    assert!(!h.screen(60, 14).contains("2. answer"), "the end is the end: one step back is one step");
    h.keys("g 1");
    assert!(h.writes().is_empty() && h.screen(60, 14).contains("What to label"), "keys are not the screen's");
    h.keys("<esc> 1");
    assert_eq!(h.writes().len(), 1);
}

#[test]
fn a_project_without_one_says_how_to_set_it() {
    let mut h = Harness::labelling(&["daisy"], 1);
    h.keys("g i");
    h.reply(Slot::Guideline, Reply::Guideline(None));
    assert!(h.state.overlays.is_empty());
    assert!(h.screen(120, 24).contains("lakelens project guideline flowers FILE.md"));
    let mut h = Harness::new(Screen::Home(Default::default()));
    h.keys("g i");
    assert!(h.effects.is_empty());
}

#[test]
fn guide_screens() {
    let mut h = opened();
    snapshots("guide", &mut h);
    let (buffer, _) = h.draw_ascii(100, 30);
    assert!(text_of(&buffer).is_ascii());
}

#[test]
fn pictures_of_a_guideline_are_shown_where_the_terminal_can() {
    let mut h = Harness::labelling(&["daisy"], 3);
    h.keys("g i");
    let text = "# Roses\n\n![thorns](roses/0007.jpg)\n\nand that is all\n";
    h.reply(Slot::Guideline, Reply::Guideline(Some(text.to_owned())));
    let (_, drawn) = h.draw(100, 30);
    assert_eq!(drawn.pictures.len(), 1, "the picture below the panel waits");
    let area = &drawn.pictures[0];
    assert_eq!((area.picture.path.to_string().as_str(), area.cells.h), ("/data/flowers/roses/0007.jpg", 8));
    assert!(drawn.covers.is_empty(), "nothing is cut out of it");
    snapshots("guide_picture", &mut h);
    let reason = "it is not there any more".into();
    h.event(Event::Picture(area.picture.clone(), PictureState::Failed { reason, info: None }));
    let screen = h.screen(100, 30);
    let line = |part: &str| screen.lines().position(|line| line.contains(part)).unwrap();
    let told = line("cannot be shown: roses/0007.jpg");
    assert!(line("and that is all") <= told + 3, "no room is kept for a picture that does not come: {screen}");
    h.state.caps.protocol = Protocol::None;
    let (buffer, drawn) = h.draw(100, 30);
    assert!(text_of(&buffer).contains("thorns (roses/0007.jpg)") && drawn.pictures.iter().all(|p| p.cells.h != 8));
    h.keys("<esc>");
    assert!(h.state.overlays.is_empty());
}

#[test]
fn no_name_of_a_box_stays_behind_where_its_picture_waits() {
    let mut desk = super::boxes::Desk::with(vec![super::boxes::slips::boxed(1, 1)], &["cat"], Task::Detection);
    desk.keys("<tab>");
    let name = desk.h.draw(200, 50).1.names[0];
    desk.h.keys("g i");
    desk.h.reply(Slot::Guideline, Reply::Guideline(Some("# Cats\n".to_owned())));
    let (buffer, drawn) = desk.h.draw(200, 50);
    let first = |buffer: &ratatui::buffer::Buffer| buffer[(name.x + 1, name.y)].symbol().to_owned();
    assert!(drawn.covers.last().unwrap().x > name.x + 1, "it stands beside the pop-up");
    assert_eq!(first(&buffer), "●");
    // The picture waits for the one of the guideline, and the name with it.
    desk.h.reply(Slot::Guideline, Reply::Guideline(Some("# Cats\n\n![one](cats/1.jpg)\n".to_owned())));
    let (buffer, drawn) = desk.h.draw(200, 50);
    assert!(drawn.names.is_empty() && drawn.pictures.len() == 1);
    assert_eq!(first(&buffer), " ");
}
