//! A panic in the middle of a frame: the terminal is given back and the user is told where the report is.
//!
//! The program has no switch that makes it panic, so the test binary plays it: it takes the screen as the program does,
//! installs the same hook, and panics.

use crate::support::pty::Home;
use lakelens::runtime::crash::{self, Trail};
use lakelens::term::guard::{Guard, Modes, terminal};
use std::path::PathBuf;

/// Set only by the test below: where the report goes.
const ROLE: &str = "LAKELENS_TEST_CRASH_FOLDER";

#[test]
fn a_panic_gives_the_terminal_back_and_writes_a_report() {
    let home = Home::new();
    let state = home.path("state");
    std::fs::create_dir_all(&state).unwrap();
    let itself = std::env::current_exe().unwrap();
    let launch = home.terminal().env(ROLE, &state.display().to_string());
    let mut session = launch.run_program(&itself, &["--exact", "pty::crash::the_part_that_panics", "--nocapture"]);
    session.ended();
    let told = session.screen().full_text();
    assert!(told.contains("lakelens has crashed; this is a bug"), "{told}");
    session.assert_restored();
    let files: Vec<PathBuf> = std::fs::read_dir(&state).unwrap().map(|e| e.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("one report is expected, not {files:?}") };
    let report = std::fs::read_to_string(file).unwrap();
    assert!(report.contains("message: the frame is torn") && report.contains("last actions: label.hotkey"), "{report}");
}

#[test]
fn the_part_that_panics() {
    // Run by itself, this is nothing.
    let Some(state) = std::env::var_os(ROLE) else { return };
    // Only a panic of the thread called `main` ends the program; a test has a thread of its own.
    let main = std::thread::Builder::new().name("main".to_owned()).spawn(move || panic_in_a_frame(state.into()));
    main.unwrap().join().unwrap();
}

fn panic_in_a_frame(state: PathBuf) {
    let guard = Guard::enter(terminal().unwrap(), Modes { mouse: true, keyboard: true, pixels: false }).unwrap();
    let (restorer, trail) = (guard.restorer(), Trail::default());
    trail.push("label.hotkey");
    crash::install(state, trail, move || restorer.restore_now());
    // Whoever draws is in the middle of a sequence.
    print!("\x1b[?2026h\x1b[5;5Hhalf a frame \x1b[3");
    std::io::Write::flush(&mut std::io::stdout()).unwrap();
    // The hook must restore, before its message is written; the guard's own end would come after.
    std::mem::forget(guard);
    panic!("the frame is torn");
}
