//! However the program leaves the screen, no picture is left on it, and the shell has its terminal again; when it comes
//! back, so do the pictures.
//!
//! After `kill -9`, or while the program is stopped by `kill -STOP`, pictures stay: it gets no chance to act.

use super::flats;
use super::stage::{Emulator, Running, Setting, Stage, Window, new_kitty};
use crate::support::pty::{PROGRAM, eventually};
use image::RgbImage;
use lakelens::config::environment::Environment;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A colour of no picture, which the shell prints before the program starts: the main screen is there when it is seen.
const BEFORE: [u8; 3] = [175, 175, 175];
/// Another one, printed at the end: the terminal still obeys.
const AFTER: [u8; 3] = [175, 0, 175];
/// A file whose presence makes the program panic; set for the part below only.
const PANIC_WHEN: &str = "LAKELENS_TEST_PANIC_WHEN";

/// A terminal with a shell in it.
struct Shell {
    window: Window,
    // Dropped after the window, which needs its folder to end what it started.
    stage: Stage,
    running: Running,
    /// Pixels of each picture when it stood on the screen for the first time.
    whole: [Option<usize>; 2],
}

/// Pixels within a few steps of this colour: tmux may know 256 colours only.
fn pixels_of(shot: &RgbImage, colour: [u8; 3]) -> usize {
    shot.pixels().filter(|p| p.0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 4)).count()
}

/// Pixels that belong to a test picture, and to all others.
fn picture_pixels(shot: &RgbImage, picture: usize) -> (usize, usize) {
    let seen = shot.pixels().map(|p| flats::which(p.0)).filter(|w| *w != flats::NONE);
    seen.fold((0, 0), |(own, other), w| if usize::from(w) == picture { (own + 1, other) } else { (own, other + 1) })
}

fn bar(colour: [u8; 3]) -> String {
    let [r, g, b] = colour;
    format!("printf '\\033[48;2;{r};{g};{b}m%40s\\033[0m\\n' ''")
}

fn shows_bar(shot: &RgbImage, colour: [u8; 3]) -> bool {
    // The bar is 40 cells of at least 5 x 10 pixels.
    pixels_of(shot, colour) >= 2000
}

impl Shell {
    fn open(setting: Setting) -> Self {
        let stage = Stage::new();
        flats::write(&stage.path("pictures"), 2);
        let shell = ["/bin/bash", "--norc", "--noprofile", "-i"].map(std::ffi::OsStr::new);
        let mut window = stage.open(&setting.command(&shell));
        let running = window.running();
        window.press(&format!("clear; {}; stty -g > {}\r", bar(BEFORE), file(&stage, "before")));
        stage.until("the shell", |shot| shows_bar(shot, BEFORE));
        eventually("the settings before", || stage.path("before").exists());
        Self { stage, window, running, whole: [None; 2] }
    }

    fn start(&mut self, command: &str) {
        self.window.press(&format!("{command}\r"));
        self.stands(0);
    }

    /// Waits for a picture, as large as it was at first, and nothing of another one or of the main screen.
    fn stands(&mut self, picture: usize) {
        let (mut last, mut whole) = ((0, 0), self.whole[picture]);
        self.stage.until(&format!("picture {picture}"), |shot| {
            let now = picture_pixels(shot, picture);
            let still = std::mem::replace(&mut last, now) == now;
            let enough = whole.map_or(now.0 > 20_000, |whole| now.0.abs_diff(whole) * 50 <= whole);
            let stands = still && enough && now.1 * 50 <= now.0 && !shows_bar(shot, BEFORE);
            if stands {
                whole = whole.or(Some(now.0));
            }
            stands
        });
        self.whole[picture] = whole;
    }

    /// The program shows what keys ask for, and so is back.
    fn goes_on(&mut self) {
        for (key, picture) in [("j", 1), ("k", 0)] {
            self.window.press(key);
            self.stands(picture);
        }
    }

    /// Waits for the main screen, without any picture.
    fn main_screen_is_back(&self, after: &str) {
        self.stage.until(&format!("the main screen without a picture after {after}"), |shot| {
            let (first, other) = picture_pixels(shot, 0);
            shows_bar(shot, BEFORE) && first + other < 400
        });
    }

    /// The program, which the shell started.
    fn program(&self) -> Pid {
        let shell = self.running.process;
        let children = PathBuf::from(format!("/proc/{shell}/task/{shell}/children"));
        let mut found = None;
        eventually("the program's process", || {
            let text = std::fs::read_to_string(&children).unwrap();
            found = text.split_whitespace().next_back().and_then(|n| Pid::from_raw(n.parse().unwrap()));
            found.is_some()
        });
        found.unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.program(), signal).unwrap();
    }

    /// Waits until the program is stopped.
    fn is_stopped(&self) {
        let stat = format!("/proc/{}/stat", self.program().as_raw_nonzero());
        eventually("the program to stop", || {
            let text = std::fs::read_to_string(&stat).unwrap_or_default();
            text.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
        });
    }

    /// The shell's settings are as they were, and what it prints is seen.
    fn obeys(mut self) {
        self.window.press(&format!("{}; stty -g > {}\r", bar(AFTER), file(&self.stage, "after")));
        self.stage.until("what the shell prints", |shot| shows_bar(shot, AFTER));
        eventually("the settings after", || self.stage.path("after").exists());
        let settings = |name: &str| std::fs::read_to_string(self.stage.path(name)).unwrap();
        eventually("the settings to be written", || settings("after").ends_with('\n'));
        assert_eq!(settings("before"), settings("after"), "the terminal's settings are not given back");
    }
}

fn file(stage: &Stage, name: &str) -> String {
    stage.path(name).display().to_string()
}

/// Leaves the screen in every way there is, one after the other in the same terminal.
fn leaves_nothing(setting: Setting) {
    if !super::filming() {
        return;
    }
    let mut shell = Shell::open(setting);
    let program = format!("{PROGRAM} {}", file(&shell.stage, "pictures"));
    shell.start(&program);
    shell.window.press("\x1a");
    shell.main_screen_is_back("Ctrl-Z");
    shell.window.press("fg\r");
    shell.stands(0);
    shell.goes_on();

    // Job control takes the terminal when the program is stopped by somebody else; it returns with `fg`.
    shell.signal(Signal::STOP);
    shell.is_stopped();
    shell.window.press("fg\r");
    shell.stands(0);
    shell.goes_on();

    shell.signal(Signal::TERM);
    shell.main_screen_is_back("SIGTERM");
    shell.start(&program);
    shell.window.press("Q");
    shell.main_screen_is_back("quitting");

    let (itself, trigger) = (std::env::current_exe().unwrap(), file(&shell.stage, "panic-now"));
    let part = "--exact real_terminals::leaving::the_part_that_panics --nocapture";
    shell.start(&format!("{PANIC_WHEN}={trigger} {} {part}", itself.display()));
    std::fs::write(&trigger, "").unwrap();
    shell.main_screen_is_back("a panic");

    // Without job control the shell does not notice that its program is stopped for a while.
    shell.window.press("set +m\r");
    shell.start(&program);
    shell.signal(Signal::STOP);
    shell.is_stopped();
    shell.signal(Signal::CONT);
    shell.goes_on();
    shell.window.press("Q");
    shell.main_screen_is_back("quitting again");
    shell.obeys();
}

/// The whole program on one thread; the panic on another of the name that the hook takes for the one that ends the
/// program, as the loop has no place that panics.
#[test]
fn the_part_that_panics() {
    // Run by itself, this is nothing.
    let Some(trigger) = std::env::var_os(PANIC_WHEN) else { return };
    let pictures = Path::new(&trigger).with_file_name("pictures").into_os_string();
    let named = || std::thread::Builder::new().name("main".to_owned());
    let arguments = [OsString::from("lakelens"), pictures];
    named().spawn(move || lakelens::cli::run(arguments, Environment::of_process())).unwrap();
    let panics = named().spawn(move || {
        eventually("the word to panic", || Path::new(&trigger).exists());
        panic!("the frame is torn");
    });
    assert!(panics.unwrap().join().is_err());
    std::process::exit(101);
}

#[test]
#[ignore = "needs Xvfb and kitty; tests/run starts it"]
fn no_picture_is_left_in_kitty() {
    leaves_nothing(Setting::new(Emulator::Kitty));
}

#[test]
#[ignore = "needs Xvfb, kitty and tmux; tests/run starts it"]
fn no_picture_is_left_in_kitty_inside_tmux() {
    leaves_nothing(Setting::new(Emulator::Kitty).in_tmux());
}

#[test]
#[ignore = "needs Xvfb and xterm; tests/run starts it"]
fn no_picture_is_left_in_xterm() {
    leaves_nothing(Setting::new(Emulator::Xterm));
}

#[test]
#[ignore = "needs Xvfb, xterm and tmux; tests/run starts it"]
fn no_picture_is_left_in_xterm_inside_tmux() {
    leaves_nothing(Setting::new(Emulator::Xterm).in_tmux());
}

#[test]
#[ignore = "needs Xvfb and a newer kitty; tests/run starts it"]
fn no_picture_is_left_in_a_newer_kitty() {
    if new_kitty().is_some() {
        leaves_nothing(Setting::new(Emulator::NewKitty));
    }
}

#[test]
#[ignore = "needs Xvfb, a newer kitty and its tmux; tests/run starts it"]
fn no_picture_is_left_in_a_newer_kitty_inside_tmux() {
    if new_kitty().is_some() {
        leaves_nothing(Setting::new(Emulator::NewKitty).in_tmux());
    }
}
