//! The program as a command in a terminal and in a pipe.

use crate::support::pty::{Home, has_controls};

#[test]
fn help_is_shown_in_a_terminal_and_the_terminal_is_left_as_it_was() {
    let home = Home::new();
    let mut session = home.terminal().size(100, 60).run(&["--help"]);
    assert_eq!(session.exit_code(), 0);
    session.wait_for("Usage:").wait_for("--graphics");
    session.assert_restored();
}

#[test]
fn a_pipe_gets_no_escape_sequence() {
    let home = Home::new();
    let (code, out, err) = home.command(&["--help"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("Usage:") && !has_controls(&out), "{out}");
    let (code, out, err) = home.command(&["--no-such-flag"]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("--no-such-flag") && !has_controls(&err), "{err}");
}

#[test]
fn without_a_terminal_the_screen_says_what_is_missing() {
    let home = Home::new();
    let (code, out, err) = home.command(&["."]);
    assert_ne!(code, 0);
    assert_eq!(out, "");
    assert!(!err.trim().is_empty() && !has_controls(&err), "{err}");
}
