//! The program and the terminal it is in: everything taken is given back, whatever happens, and nothing the terminal says
//! late is taken for keys.

use crate::support::pictures;
use crate::support::pty::{Home, Session};
use termlens::{Color, Screen, Signal};

/// A home with four pictures, and the arguments that open them.
fn home() -> (Home, String) {
    let home = Home::new();
    let folder = home.path("pictures");
    pictures::write(&folder, "flower", 4);
    (home, folder.display().to_string())
}

/// The screen with the cursor on the first picture.
fn ready(session: &mut Session) {
    session.wait("the first frame", |s| s.alternate_screen() && s.contains("1 / 4"));
}

#[test]
fn quitting_gives_the_terminal_back() {
    let (home, folder) = home();
    for launch in [home.terminal(), home.terminal().kitty(), home.terminal().sixel(), home.terminal().mute()] {
        let mut session = launch.run(&[&folder]);
        ready(&mut session);
        session.keys("Q");
        assert_eq!(session.exit_code(), 0);
        session.assert_restored();
    }
}

#[test]
fn closing_the_last_screen_leaves() {
    let (home, folder) = home();
    let mut session = home.terminal().run(&[&folder]);
    ready(&mut session);
    session.keys("q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn signals_give_the_terminal_back() {
    let (home, folder) = home();
    for signal in [Signal::Term, Signal::Hup, Signal::Int] {
        let mut session = home.terminal().kitty().run(&[&folder]);
        ready(&mut session);
        session.signal(signal).ended();
        session.assert_restored();
    }
}

/// Whether the shell waits for a command: what is typed before it does may be taken for keys of the program that it stops,
/// and that it stopped one may be read from the time before.
fn is_asking(screen: &Screen) -> bool {
    !screen.alternate_screen() && screen.contains("Stopped") && screen.text().trim_end().ends_with("prompt>")
}

#[test]
fn no_frame_is_left_on_the_screen_of_the_shell_however_often_it_is_suspended() {
    let (home, folder) = home();
    let mut session = home.terminal().shell();
    session.wait_for("prompt>").type_text(&format!("{} {folder}\n", crate::support::pty::PROGRAM));
    ready(&mut session);
    for _ in 0..12 {
        session.keys("<C-z>").wait("the shell", is_asking);
        assert!(!session.text().contains("flower_0"), "a frame is on it: {}", session.text());
        session.type_text("fg\n").wait("the screen", |s| s.alternate_screen() && s.contains("1 / 4"));
    }
    session.keys("Q").wait("the shell", |s| !s.alternate_screen());
    assert!(!session.text().contains("flower_0"), "a frame is on it: {}", session.text());
}

#[test]
fn suspending_gives_the_shell_its_terminal_and_fg_comes_back() {
    let (home, folder) = home();
    let mut session = home.terminal().shell();
    session.wait_for("prompt>").type_text(&format!("{} {folder}\n", crate::support::pty::PROGRAM));
    ready(&mut session);
    session.keys("j").wait_for("2 / 4");
    session.keys("<C-z>").wait("the shell", is_asking);
    session.assert_given_back();
    session.type_text("echo still $((40 + 2))\n").wait_for("still 42");
    session.type_text("fg\n").wait("the screen", |s| s.alternate_screen() && s.contains("2 / 4"));
    session.keys("j").wait_for("3 / 4").keys("Q").wait("the shell", |s| !s.alternate_screen());
    session.assert_given_back();
    session.type_text("exit\n");
    session.ended();
}

#[test]
fn a_window_too_small_to_use_is_survived() {
    let (home, folder) = home();
    let mut session = home.terminal().kitty().run(&[&folder]);
    ready(&mut session);
    session.resize(10, 3).wait("a word on the size", |s| s.size() == (10, 3) && s.contains("lakelens"));
    session.keys("j").resize(2, 2).resize(400, 120).resize(96, 24);
    session.wait("the screen again", |s| s.size() == (96, 24) && s.contains("flower_02.png") && s.contains("2 / 4"));
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn answers_that_come_late_are_no_keys() {
    let (home, folder) = home();
    let mut session = home.terminal().mute().run(&[&folder]);
    ready(&mut session);
    let late = [
        "\x1b_Gi=31;OK\x1b\\",
        "\x1b_Gi=32;EBADF:no such object\x1b\\",
        "\x1b[?62;4;22c",
        "\x1b[?1u",
        "\x1b[6;20;10t",
        "\x1b[4;480;960t",
        "\x1b]11;rgb:1111/2222/3333\x1b\\",
        "\x1b]10;rgb:dddd/dddd/dddd\x07",
        "\x1bP>|kitty(0.41.1)\x1b\\",
        "\x1b[?2026;2$y",
        "\x1b[0n",
        "\x1b[12;34R",
        "\x1bP1+r524742=38\x1b\\",
        "\x1b[I",
        "\x1b[O",
    ];
    for answer in late {
        // In two writes, as a slow link cuts them.
        let (head, tail) = answer.split_at(answer.len() / 2);
        session.type_text(head).type_text(tail);
    }
    // The key after them is the first that moves anything.
    session.keys("j").wait_for("2 / 4");
    let text = session.text();
    assert!(text.contains("flower_02.png") && !text.contains("keys  "), "{text}");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
}

fn colours(screen: &Screen) -> Vec<Color> {
    let cells = (0..screen.rows()).flat_map(|y| (0..screen.cols()).filter_map(move |x| screen.cell(y, x)));
    let mut found: Vec<Color> = cells.flat_map(|c| [c.style().fg, c.style().bg]).collect();
    found.sort_by_key(|c| format!("{c:?}"));
    found.dedup();
    found
}

#[test]
fn no_color_means_none() {
    let (home, folder) = home();
    for launch in [home.terminal().env("NO_COLOR", "1"), home.terminal().env("TERM", "dumb").env("COLORTERM", "")] {
        let mut session = launch.run(&[&folder]);
        ready(&mut session);
        session.keys("?").wait_for("Open the folder");
        assert_eq!(colours(&session.screen()), [Color::Default], "{}", session.text());
        // Escape and a key right after it would be one key with Alt.
        session.keys("<esc>").wait("no help", |s| !s.contains("Open the folder")).keys("Q");
        assert_eq!(session.exit_code(), 0);
    }
}

#[test]
fn the_default_theme_follows_the_background() {
    let (home, folder) = home();
    for (launch, accent) in [(home.terminal(), 6), (home.terminal().light_background(), 4)] {
        let mut session = launch.run(&[&folder]);
        ready(&mut session);
        session.wait(&format!("colour {accent} for keys"), |s| {
            let key = s.find("? help").and_then(|(row, col)| s.cell(row, col));
            key.is_some_and(|c| c.style().fg == Color::Indexed(accent))
        });
        session.keys("Q");
        assert_eq!(session.exit_code(), 0);
    }
}

#[test]
fn hostile_names_reach_nobody() {
    let home = Home::new();
    let folder = home.path("pictures");
    let written = pictures::write(&folder, "flower", 3);
    std::fs::rename(&written[0], folder.join("a\x1b]2;owned\x07\x1b[31m.png")).unwrap();
    std::fs::rename(&written[1], folder.join("b\u{202e}gnp.\u{200b}exe.png")).unwrap();
    let mut session = home.terminal().kitty().run(&[&folder]);
    session.wait_for("\\x1b]2;owned\\x07").wait_for("\\u{202e}");
    session.keys("j").wait_for("2 / 3");
    assert!(!session.screen().title().contains("owned"), "the title was taken over");
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn pasted_text_is_no_command() {
    let (home, folder) = home();
    let mut session = home.terminal().run(&[&folder]);
    ready(&mut session);
    // As keys this would move the cursor and quit.
    session.paste("jjQ\n");
    session.keys("j").wait_for("2 / 4").keys("Q");
    assert_eq!(session.exit_code(), 0);
}
