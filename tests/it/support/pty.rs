//! The built program in a pseudo-terminal, with a terminal that answers questions and sees pictures.
//!
//! A thin layer over `termlens`, so that the tests do not depend on it. Every wait has a condition and a deadline, and
//! a failed one shows the screen.

use base64_simd::STANDARD;
use image::RgbImage;
use lakelens::domain::key::{Key, KeyPress};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use termlens::{Graphics, GraphicsAction, Input, Screen, Signal, Terminal, TerminalBuilder};

/// Deadline of every wait: generous, because test machines are small and busy.
const PATIENCE: Duration = Duration::from_secs(30);
/// The built program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_lakelens");

/// A user's home: data, settings and pictures in one scratch folder, which several runs share.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The variables every run gets, and no others: nothing of the machine leaks in.
    pub(crate) fn variables(&self) -> Vec<(OsString, OsString)> {
        let pairs: [(&str, PathBuf); 9] = [
            ("HOME", self.path("")),
            ("LAKELENS_DATA_DIR", self.path("data")),
            ("LAKELENS_CONFIG", self.path("config.toml")),
            ("LAKELENS_USER", "tester".into()),
            ("LANG", "C.UTF-8".into()),
            ("PATH", "/usr/bin:/bin".into()),
            ("TERM", "xterm-256color".into()),
            ("COLORTERM", "truecolor".into()),
            ("PS1", "prompt> ".into()),
        ];
        pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect()
    }

    /// Runs a subcommand to its end: exit code, standard output, standard error.
    pub(crate) fn command(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = std::process::Command::new(PROGRAM);
        command.args(args).env_clear().envs(self.variables()).current_dir(self.folder.path());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// A terminal that shows no pictures, 96 x 24.
    pub(crate) fn terminal(&self) -> Launch {
        // Without a configuration file the program would show its first-run hints on some screens and not on others.
        if !self.path("config.toml").exists() {
            std::fs::write(self.path("config.toml"), "").unwrap();
        }
        let builder = Terminal::builder().size(96, 24).cell_size(10, 20).timeout(PATIENCE).capture_graphics(64 << 20);
        Launch { builder: builder.env_clear().envs(self.variables()).current_dir(self.folder.path()) }
    }
}

/// A terminal about to be opened.
pub(crate) struct Launch {
    builder: TerminalBuilder,
}

impl Launch {
    fn with(self, change: impl FnOnce(TerminalBuilder) -> TerminalBuilder) -> Self {
        Self { builder: change(self.builder) }
    }

    /// Kitty graphics over a link, so that pictures come through the terminal and not through shared memory.
    pub(crate) fn kitty(self) -> Self {
        self.with(|b| b.graphics(Graphics::Kitty)).env("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    }

    pub(crate) fn sixel(self) -> Self {
        self.with(|b| b.graphics(Graphics::Sixel))
    }

    /// Answers nothing.
    pub(crate) fn mute(self) -> Self {
        self.with(|b| b.answer_queries(false))
    }

    pub(crate) fn light_background(self) -> Self {
        self.with(|b| b.background_rgb(0xff, 0xff, 0xff).foreground_rgb(0, 0, 0))
    }

    pub(crate) fn size(self, columns: u16, rows: u16) -> Self {
        self.with(|b| b.size(columns, rows))
    }

    pub(crate) fn env(self, name: &str, value: &str) -> Self {
        self.with(|b| b.env(name, value))
    }

    /// Runs the program with these arguments.
    pub(crate) fn run<S: AsRef<OsStr>>(self, args: &[S]) -> Session {
        self.run_program(PROGRAM, args)
    }

    /// Runs another program.
    pub(crate) fn run_program<S: AsRef<OsStr>>(self, program: impl AsRef<OsStr>, args: &[S]) -> Session {
        Session { terminal: self.builder.args(args).spawn(program).unwrap() }
    }

    /// Runs an interactive shell, for what only a shell does: job control.
    pub(crate) fn shell(self) -> Session {
        self.run_program("/bin/bash", &["--norc", "--noprofile", "-i"])
    }
}

/// A picture that reached the terminal.
pub(crate) struct SeenPicture {
    /// Column and row of its upper left corner.
    pub(crate) at: (u16, u16),
    /// Its pixels; only for the Kitty protocol.
    pub(crate) pixels: Option<RgbImage>,
}

/// The program, running.
pub(crate) struct Session {
    terminal: Terminal,
}

impl Session {
    /// Waits for a text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait(text, |s| s.contains(text))
    }

    /// Waits for a condition; `what` says which.
    #[track_caller]
    pub(crate) fn wait(&mut self, what: &str, condition: impl FnMut(&Screen) -> bool) -> &mut Self {
        if let Err(error) = self.terminal.wait_until(condition) {
            panic!("waited in vain for `{what}`\n{error}");
        }
        self
    }

    /// Presses keys, written as in the key map: `j <enter> <C-r>`.
    #[track_caller]
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for word in keys.split_whitespace() {
            self.press(KeyPress::parse(word).unwrap());
        }
        self
    }

    fn press(&mut self, press: KeyPress) {
        let key = match press.key {
            Key::Char(c) if press.ctrl => termlens::Key::Ctrl(c),
            Key::Char(c) if press.alt => termlens::Key::Alt(c),
            Key::Char(c) => termlens::Key::Char(c),
            Key::Enter => termlens::Key::Enter,
            Key::Esc => termlens::Key::Esc,
            Key::Tab => termlens::Key::Tab,
            Key::BackTab => termlens::Key::BackTab,
            Key::Backspace => termlens::Key::Backspace,
            Key::Delete => termlens::Key::Delete,
            Key::Insert => termlens::Key::Insert,
            Key::Left => termlens::Key::Left,
            Key::Right => termlens::Key::Right,
            Key::Up => termlens::Key::Up,
            Key::Down => termlens::Key::Down,
            Key::Home => termlens::Key::Home,
            Key::End => termlens::Key::End,
            Key::PageUp => termlens::Key::PageUp,
            Key::PageDown => termlens::Key::PageDown,
            Key::F(n) => termlens::Key::F(n),
        };
        if press.shift { self.send(key.shift()) } else { self.send(key) }
    }

    #[track_caller]
    fn send(&mut self, key: impl Input + std::fmt::Debug) {
        self.terminal.send(key).unwrap();
    }

    /// Types text, or sends bytes as a terminal would.
    #[track_caller]
    pub(crate) fn type_text(&mut self, text: &str) -> &mut Self {
        self.terminal.send_str(text).unwrap();
        self
    }

    pub(crate) fn paste(&mut self, text: &str) -> &mut Self {
        self.terminal.paste(text).unwrap();
        self
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.terminal.resize(columns, rows).unwrap();
        self
    }

    pub(crate) fn signal(&mut self, signal: Signal) -> &mut Self {
        self.terminal.signal(signal).unwrap();
        self
    }

    /// The screen as it is now.
    pub(crate) fn screen(&self) -> Screen {
        self.terminal.screen()
    }

    /// The screen as text.
    pub(crate) fn text(&self) -> String {
        self.terminal.screen().text()
    }

    /// Every picture that was sent and not only placed again, oldest first.
    pub(crate) fn pictures(&self) -> Vec<SeenPicture> {
        pictures_of(&self.terminal.screen())
    }

    /// Waits for a condition on the pictures that were sent.
    #[track_caller]
    pub(crate) fn wait_pictures(&mut self, what: &str, condition: impl Fn(&[SeenPicture]) -> bool) -> &mut Self {
        let mut sent = None;
        self.wait(what, |screen| {
            // Decoding is slow, so only when something new was sent.
            let total = screen.graphics().total();
            sent.replace(total) != Some(total) && condition(&pictures_of(screen))
        })
    }

    /// Waits for the end, by itself or by a signal.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> &mut Self {
        if let Err(error) = self.terminal.wait_exit() {
            panic!("it did not end\n{error}");
        }
        self
    }

    /// Waits for the end. Returns the exit code; a signal is an error.
    #[track_caller]
    pub(crate) fn exit_code(&mut self) -> u32 {
        let status = self.terminal.wait_exit().unwrap_or_else(|error| panic!("it did not end\n{error}"));
        status.code().unwrap_or_else(|| panic!("it was ended by {:?}", status.signal()))
    }

    /// Most memory the program has had, in KiB.
    #[track_caller]
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.terminal.pid().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// What a user's terminal must be like once the program has ended, however it ended.
    #[track_caller]
    pub(crate) fn assert_restored(&self) {
        self.assert_given_back();
        let screen = self.terminal.screen();
        assert!(!screen.bracketed_paste(), "bracketed paste is still on\n{}", screen.text());
    }

    /// The same where a shell has the terminal again, which takes pastes in brackets itself.
    #[track_caller]
    pub(crate) fn assert_given_back(&self) {
        let screen = self.terminal.screen();
        let text = screen.text();
        assert!(!screen.alternate_screen(), "the alternate screen is still on\n{text}");
        assert!(screen.cursor_visible(), "the cursor is still hidden\n{text}");
        assert!(!screen.focus_events(), "focus reports are still on\n{text}");
        assert!(screen.mouse_modes().is_empty(), "the mouse is still taken\n{text}");
        assert!(!screen.application_cursor(), "application cursor keys are still on\n{text}");
    }
}

fn pictures_of(screen: &Screen) -> Vec<SeenPicture> {
    let seen = screen.graphics();
    let sent = seen
        .payloads()
        .iter()
        .filter(|p| matches!(p.action(), GraphicsAction::Transmit | GraphicsAction::TransmitAndPlace));
    sent.map(|p| SeenPicture { at: p.at(), pixels: p.data().and_then(decode_png) }).collect()
}

/// The pixels of a PNG in base64, as the Kitty protocol carries it.
fn decode_png(base64: &[u8]) -> Option<RgbImage> {
    let bytes = STANDARD.decode_to_vec(base64).ok()?;
    Some(image::load_from_memory(&bytes).ok()?.to_rgb8())
}

/// Waits until `condition` holds for something outside of the terminal, such as a file; it is looked at after every
/// `step` of the process's own clock.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Whether any byte of `text` could move the cursor or change the terminal.
pub(crate) fn has_controls(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n')
}
