//! The guideline above a screen: read, leafed through, closed.

use super::harness::{Harness, text_of};
use super::screens::snapshots;
use lakelens::app::effect::Query;
use lakelens::app::event::Reply;
use lakelens::app::screens::Screen;
use lakelens::app::slots::Slot;
use lakelens::domain::ids::ProjectId;

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
