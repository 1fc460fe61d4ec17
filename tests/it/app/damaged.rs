//! A picture whose file is damaged says so on every screen that shows it.

use super::gallery::gallery;
use super::harness::Harness;
use super::lake::lake;
use super::review::three;
use super::sweep::sweep;
use lakelens::app::event::Event;
use lakelens::app::picture::{PictureRef, PictureState};
use lakelens::app::screens::label::state::picture;
use lakelens::media::info::ImageInfo;
use ratatui::buffer::Buffer;
use std::sync::Arc;

/// Says that a picture is shown, and whether its file is damaged; gives what the screen then looks like.
fn shown(h: &mut Harness, picture: &PictureRef, damaged: bool) -> String {
    let info = ImageInfo {
        format: "jpeg".to_owned(),
        width: 320,
        height: 240,
        damaged: damaged.then(|| "the file ends before the picture does".to_owned()),
        ..ImageInfo::default()
    };
    h.event(Event::Picture(picture.clone(), PictureState::Shown { exact: true, info: Arc::new(info) }));
    let (buffer, _) = h.draw(120, 30);
    text(&buffer)
}

fn text(buffer: &Buffer) -> String {
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
    (0..buffer.area.height).map(|y| row(y) + "\n").collect()
}

#[track_caller]
fn has_a_badge(mut h: Harness, picture: &PictureRef) {
    let whole = shown(&mut h, picture, false);
    assert!(!whole.contains("damaged"), "{whole}");
    let damaged = shown(&mut h, picture, true);
    assert!(damaged.contains("damaged"), "{damaged}");
}

#[test]
fn in_the_lake() {
    let h = lake(&["a.jpg", "b.jpg"]);
    let picture = h.state.lake().unwrap().picture_at(0).unwrap();
    has_a_badge(h, &picture);
}

#[test]
fn while_labelling() {
    let h = Harness::labelling(&["daisy", "roses"], 3);
    let first = h.state.label().unwrap().walk[0].clone();
    let wanted = picture(&h.state.project.as_ref().unwrap().project, &first);
    has_a_badge(h, &wanted);
}

#[test]
fn in_the_review() {
    let h = three();
    let first = h.state.label().unwrap().walk[0].clone();
    let wanted = picture(&h.state.project.as_ref().unwrap().project, &first);
    has_a_badge(h, &wanted);
}

#[test]
fn in_the_gallery() {
    let mut h = gallery(6);
    let grid = h.state.grid(h.state.gallery().unwrap().zoom);
    let second = h.state.gallery().unwrap().shown(&grid).nth(1).unwrap().clone();
    let wanted = picture(&h.state.project.as_ref().unwrap().project, &second);
    let screen = shown(&mut h, &wanted, true);
    let line = screen.lines().find(|l| l.contains("0002.jpg")).unwrap();
    assert_eq!(line.matches('!').count(), 1, "{screen}");
    assert!(!screen.contains("damaged"), "the cursor is on another picture: {screen}");
    h.keys("l");
    has_a_badge(h, &wanted);
}

#[test]
fn in_the_sweep() {
    let h = sweep(200);
    let first = h.state.sweep().unwrap().page[0];
    let first = h.state.sweep().unwrap().stretch.sample(first).unwrap().clone();
    let wanted = picture(&h.state.project.as_ref().unwrap().project, &first);
    has_a_badge(h, &wanted);
}

#[test]
fn it_is_said_once_and_the_lake_says_how() {
    let mut h = lake(&["a.jpg", "b.jpg"]);
    let picture = h.state.lake().unwrap().picture_at(0).unwrap();
    let screen = shown(&mut h, &picture, true);
    assert_eq!(screen.matches("damaged").count(), 1, "{screen}");
    assert!(screen.contains("the file ends before the picture does"), "{screen}");
}
