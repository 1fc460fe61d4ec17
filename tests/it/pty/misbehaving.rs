//! Terminals that do not do what they should. In each of them the keys work, nothing typed comes out of an answer, memory
//! stays small, and the terminal is given back.

use crate::support::pictures;
use crate::support::pty::{Home, Launch, Session};

/// What the program may have at its peak, in KiB: it shows four small pictures.
const PEAK_KIB: u64 = 300 << 10;
/// Answers of a terminal with Kitty graphics, but for the last.
const KITTY: &str = "\x1bP>|kitty(0.41.1)\x1b\\\x1b[?0u\x1b_Gi=31;OK\x1b\\";

fn home() -> (Home, String) {
    let home = Home::new();
    let folder = home.path("pictures");
    pictures::write(&folder, "flower", 4);
    (home, folder.display().to_string())
}

/// A terminal in which only the test answers, over a link, so that no shared memory is used.
fn scripted(home: &Home) -> Launch {
    home.terminal().mute().env("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
}

fn ready(session: &mut Session) {
    session.wait("the first frame", |s| s.alternate_screen() && s.contains("1 / 4"));
}

/// Keys move the cursor one by one, and the program leaves the terminal as it was.
#[track_caller]
fn still_usable(session: &mut Session) {
    session.keys("j").wait_for("2 / 4").keys("j").wait_for("3 / 4");
    assert!(session.text().contains("flower_03.png"), "{}", session.text());
    let peak = session.peak_kib();
    assert!(peak < PEAK_KIB, "{peak} KiB at the peak");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn one_that_never_answers_is_usable() {
    let (home, folder) = home();
    let mut session = scripted(&home).run(&[&folder]);
    ready(&mut session);
    still_usable(&mut session);
}

#[test]
fn one_that_answers_after_the_deadline_gets_its_pictures_after_all() {
    let (home, folder) = home();
    // Not over a link: the deadline is a second there, and the block characters say that it is over.
    let mut session = home.terminal().mute().run(&[&folder]);
    ready(&mut session);
    session.wait("a picture of block characters", |s| s.contains("▀") || s.contains("▄"));
    let (head, tail) = KITTY.split_at(KITTY.len() - 9);
    session.type_text("\x1b[4;480;960t\x1b[6;20;10t").type_text(head).type_text(tail).type_text("\x1b[?62;c");
    session.wait("a Kitty picture", |s| s.graphics().kitty() > 0);
    still_usable(&mut session);
}

#[test]
fn one_that_answers_last_things_first_and_everything_twice_gets_its_pictures() {
    let (home, folder) = home();
    let mut session = scripted(&home).run(&[&folder]);
    ready(&mut session);
    let all = format!("\x1b[?62;c{KITTY}");
    session.type_text(&all).type_text(&all).type_text("\x1b[0n\x1b[0n\x1b[0n");
    session.wait("a Kitty picture", |s| s.graphics().kitty() > 0);
    still_usable(&mut session);
}

#[test]
fn one_that_lies_about_its_cells_is_usable() {
    let (home, folder) = home();
    for lie in [
        "\x1b[6;0;0t\x1b[4;0;0t",
        "\x1b[6;1;1t\x1b[4;24;96t",
        "\x1b[6;10000;10000t\x1b[4;65535;65535t",
        "\x1b[6;10;20t\x1b[4;960;480t",
        "\x1b[6;400;200t",
        "\x1b[6;20t\x1b[4;;t\x1b[6;99999999;99999999t",
    ] {
        let mut session = scripted(&home).run(&[&folder]);
        ready(&mut session);
        session.type_text(&format!("{lie}{KITTY}\x1b[?62;c"));
        session.wait("a Kitty picture", |s| s.graphics().kitty() > 0);
        session.resize(60, 20).wait("the new size", |s| s.size() == (60, 20) && s.contains("1 / 4"));
        session.type_text(lie);
        still_usable(&mut session);
    }
}

#[test]
fn one_whose_name_is_garbage_types_nothing() {
    let (home, folder) = home();
    let long = "jQ".repeat(50_000);
    for garbage in ["\x1b[31mjjQ\x1b]0;t\x07jj\x1b[2Jj\x18j", long.as_str()] {
        let mut session = scripted(&home).run(&[&folder]);
        ready(&mut session);
        session.type_text(&format!("\x1bP>|{garbage}\x1b\\\x1b[?62;c"));
        still_usable(&mut session);
    }
}

#[test]
fn one_that_answers_inside_a_paste_types_nothing() {
    let (home, folder) = home();
    let mut session = scripted(&home).run(&[&folder]);
    ready(&mut session);
    session.type_text(&format!("\x1b[200~jj{KITTY}\x1b[?62;cjj\x1b[201~"));
    still_usable(&mut session);
}

#[test]
fn windows_of_any_size_are_usable() {
    let (home, folder) = home();
    let mut session = home.terminal().kitty().run(&[&folder]);
    ready(&mut session);
    // The model of a terminal takes no fewer than two.
    for (columns, rows) in [(2, 2), (2, 60), (300, 2), (1000, 1000), (96, 24)] {
        session.resize(columns, rows).wait("the new size", |s| s.size() == (columns, rows));
    }
    session.wait_for("1 / 4");
    still_usable(&mut session);
}

/// Answers every transmission with an error until the condition holds.
#[track_caller]
fn refuse_until(session: &mut Session, what: &str, error: &str, mut condition: impl FnMut(&termlens::Screen) -> bool) {
    let mut answered = std::collections::HashSet::new();
    for _ in 0..200 {
        let mut fresh = Vec::new();
        let mut done = false;
        session.wait(what, |s| {
            done = condition(s);
            let seen = s.graphics();
            let ids = seen.payloads().iter().filter_map(termlens::GraphicsPayload::id);
            fresh = ids.filter(|id| *id > 40 && !answered.contains(id)).collect();
            done || !fresh.is_empty()
        });
        if done {
            return;
        }
        for id in fresh {
            answered.insert(id);
            session.type_text(&format!("\x1b_Gi={id};{error}\x1b\\"));
        }
    }
    panic!("200 rounds, and not yet {what}");
}

#[test]
fn one_that_refuses_every_picture_gets_the_next_protocol_and_says_so() {
    let (home, folder) = home();
    for error in ["ENOENT:no such image", "EINVAL:no", "ENOSPC:full"] {
        let mut session = scripted(&home).run(&[&folder]);
        ready(&mut session);
        session.type_text(&format!("{KITTY}\x1b[?62;4c"));
        refuse_until(&mut session, "sixel", error, |s| s.graphics().sixel() > 0);
        // The toast about it may be covered at once by the one about acknowledgements that do not come.
        session.keys(":").type_text("preview").keys("<enter>").wait_for("the terminal refuses").keys(":");
        session.type_text("preview").keys("<enter>").wait("the panel gone", |s| !s.contains("the terminal refuses"));
        still_usable(&mut session);

        let mut session = scripted(&home).run(&[&folder]);
        ready(&mut session);
        session.type_text(&format!("{KITTY}\x1b[?62c"));
        refuse_until(&mut session, "block characters", error, |s| ["▀", "▄", "🬂"].iter().any(|b| s.contains(b)));
        still_usable(&mut session);
    }
}

#[test]
fn one_that_stops_acknowledging_is_usable() {
    let (home, folder) = home();
    let mut session = scripted(&home).run(&[&folder]);
    ready(&mut session);
    // It answers the questions at the start, and never again.
    session.type_text(&format!("\x1b[4;480;960t\x1b[6;20;10t{KITTY}\x1b[?62;c"));
    session.wait("a Kitty picture", |s| s.graphics().kitty() > 0);
    still_usable(&mut session);
}
