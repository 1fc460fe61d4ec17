//! Pictures as they reach a terminal: the right one, at the right place, and gone when the program is.

use crate::support::pictures;
use crate::support::pty::{Home, SeenPicture, Session};
use image::RgbImage;

fn open(home: &Home, count: u8) -> String {
    let folder = home.path("pictures");
    pictures::write(&folder, "flower", count);
    folder.display().to_string()
}

/// Whether a picture shows `source`: the corners have their colours and the middle the ground.
fn shows(seen: &SeenPicture, source: &RgbImage) -> bool {
    let Some(pixels) = &seen.pixels else { return false };
    let sample =
        |image: &RgbImage, x: u32, y: u32| image.get_pixel(x * image.width() / 100, y * image.height() / 100).0;
    [(5, 5), (95, 5), (5, 95), (95, 95), (50, 50), (50, 5), (5, 50)]
        .into_iter()
        .all(|(x, y)| sample(pixels, x, y).iter().zip(sample(source, x, y)).all(|(a, b)| a.abs_diff(b) <= 24))
}

#[track_caller]
pub(super) fn wait_for_picture(session: &mut Session, seed: u8) {
    let source = pictures::picture(seed);
    session.wait_pictures(&format!("picture {seed}"), |seen| seen.iter().any(|p| shows(p, &source)));
}

#[test]
fn kitty_gets_the_picture_under_the_cursor_pixel_by_pixel() {
    let home = Home::new();
    let folder = open(&home, 4);
    let mut session = home.terminal().kitty().run(&[&folder]);
    wait_for_picture(&mut session, 1);
    session.keys("j").wait_for("2 / 4");
    wait_for_picture(&mut session, 2);
    let place = session.pictures().last().map(|p| p.at);
    assert!(place.is_some_and(|(row, col)| row < 24 && col < 96), "{place:?}");
    let deletes = session.screen().graphics().deletes();
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    assert!(session.screen().graphics().deletes() > deletes, "pictures were left in the terminal");
    session.assert_restored();
}

#[test]
fn sixel_and_blocks_show_something_and_leave_nothing() {
    let home = Home::new();
    let folder = open(&home, 2);
    let mut session = home.terminal().sixel().run(&[&folder]);
    session.wait("a sixel picture", |s| s.graphics().sixel() > 0);
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    let mut session = home.terminal().run(&[&folder]);
    session.wait("half blocks in red and blue", |s| {
        let cells = (0..s.rows()).flat_map(|y| (0..s.cols()).filter_map(move |x| s.cell(y, x)));
        let colours: Vec<_> = cells.flat_map(|c| [c.style().fg, c.style().bg]).collect();
        let has = |r, g, b| colours.contains(&termlens::Color::Rgb(r, g, b));
        has(255, 0, 0) && has(0, 0, 255)
    });
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
}

#[test]
fn a_held_key_ends_on_the_picture_it_stops_at() {
    let home = Home::new();
    let folder = open(&home, 40);
    let mut session = home.terminal().kitty().run(&[&folder]);
    session.wait_for("1 / 40");
    session.type_text(&"j".repeat(37)).wait_for("38 / 40");
    wait_for_picture(&mut session, 38);
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
}

#[test]
fn a_damaged_file_says_why_and_the_next_one_is_shown() {
    let home = Home::new();
    let folder = open(&home, 2);
    std::fs::write(home.path("pictures/a_broken.png"), b"\x89PNG\r\n\x1a\nnot a picture").unwrap();
    std::fs::write(home.path("pictures/b_empty.jpg"), b"").unwrap();
    let mut session = home.terminal().kitty().run(&[&folder]);
    session.wait_for("a_broken.png").wait_for("1 / 4");
    session.keys("j").wait_for("2 / 4").keys("j").wait_for("3 / 4");
    wait_for_picture(&mut session, 1);
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
}

#[test]
fn real_photographs_are_shown() {
    let Some(flowers) = pictures::real_data("flowers/daisy") else { return };
    let home = Home::new();
    let mut session = home.terminal().kitty().run(&[&flowers]);
    session.wait("a photograph", |s| s.graphics().kitty() > 0);
    for _ in 0..5 {
        session.keys("j");
    }
    session.wait_for("6 / ");
    let sent = session.pictures().len();
    assert!(sent > 0);
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}
