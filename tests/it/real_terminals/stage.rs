//! An X server without a screen, and terminals in it that run the built program. Everything started here is ended by its
//! process id when the test is over, also when it fails.

use super::camera::{Camera, View};
use crate::support::pty::{Home, PROGRAM, eventually};
use image::RgbImage;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Deadline for anything to appear: software rendering on a small, busy machine is slow.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
/// The words of a command that starts a newer kitty than the installed one, where there is one.
const NEW_KITTY: &str = "LAKELENS_NEW_KITTY";

/// A started process, ended with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A terminal emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emulator {
    /// The installed kitty.
    Kitty,
    /// A newer one, of which a variable says how it is started.
    NewKitty,
    /// xterm as a VT340, which has sixel.
    Xterm,
}

/// What is opened.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    emulator: Emulator,
    tmux: bool,
    /// Columns and rows.
    size: (u16, u16),
    variables: Vec<(&'static str, OsString)>,
    /// The program and its arguments; nothing is the built program on the folder with pictures.
    command: Vec<OsString>,
}

impl Setting {
    pub(super) fn new(emulator: Emulator) -> Self {
        Self { emulator, tmux: false, size: (80, 24), variables: Vec::new(), command: Vec::new() }
    }

    pub(super) fn in_tmux(self) -> Self {
        Self { tmux: true, ..self }
    }

    pub(super) fn size(self, columns: u16, rows: u16) -> Self {
        Self { size: (columns, rows), ..self }
    }

    /// The program believes that a network lies between, and sends pictures through the connection.
    pub(super) fn over_ssh(self) -> Self {
        self.with("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    }

    /// A line with so many milliseconds there and back and so many bytes a second lies between.
    pub(super) fn over_a_line(self, milliseconds: u32, bytes: u32) -> Self {
        self.over_ssh().with("RELAY_LINK", format!("{milliseconds},{bytes}"))
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(super) fn command(self, command: &[&std::ffi::OsStr]) -> Self {
        Self { command: command.iter().map(|w| (*w).to_owned()).collect(), ..self }
    }
}

/// The words that start the newer kitty; without them a test that needs it says so and is over.
pub(super) fn new_kitty() -> Option<Vec<String>> {
    let words: Option<Vec<String>> = std::env::var(NEW_KITTY).ok().map(|c| c.split(' ').map(str::to_owned).collect());
    if words.is_none() {
        println!("skipped: {NEW_KITTY} does not say how to start a newer kitty");
    }
    words
}

/// An X server, and the home of its user.
pub(super) struct Stage {
    home: Home,
    display: String,
    _server: Process,
}

/// A terminal with the program in it.
pub(super) struct Window {
    fifo: std::fs::File,
    status: PathBuf,
    display: String,
    _terminal: Process,
    tmux: Option<Tmux>,
}

/// A tmux server of our own; it detaches itself from its terminal, so it is told to end.
struct Tmux {
    variables: Vec<(OsString, OsString)>,
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut kill = Command::new("tmux");
        kill.args(["-L", "real", "kill-server"]).env_clear().envs(self.variables.iter().cloned());
        let _ = kill.stderr(Stdio::null()).status();
    }
}

impl Stage {
    pub(super) fn new() -> Self {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1200x1000x24", "-dpi", "96", "+extension", "GLX"]);
        command.args(["-nolisten", "tcp"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Process(command.spawn().expect("Xvfb starts; tests/run installs it"));
        let mut line = String::new();
        BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let display = format!(":{}", line.trim());
        assert!(display.len() > 1, "Xvfb found no free display");
        Self { home: Home::new(), display, _server: server }
    }

    /// A file or folder in the user's home.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    fn variables(&self) -> Vec<(OsString, OsString)> {
        let mut all = self.home.variables();
        all.retain(|(k, _)| k != "TERM" && k != "COLORTERM");
        let more = [
            ("DISPLAY", self.display.clone().into()),
            ("LIBGL_ALWAYS_SOFTWARE", "1".into()),
            ("LC_ALL", "C.UTF-8".into()),
            ("TMUX_TMPDIR", self.home.path("").into_os_string()),
            ("XDG_RUNTIME_DIR", self.home.path("").into_os_string()),
        ];
        all.extend(more.map(|(k, v): (&str, OsString)| (k.into(), v)));
        all
    }

    /// Opens a terminal, one at a time.
    pub(super) fn open(&self, setting: &Setting) -> Window {
        std::fs::write(self.home.path("config.toml"), "").unwrap();
        let (fifo, status) = (self.home.path("keys.fifo"), self.home.path("status"));
        for old in [&fifo, &status, &started(&status)] {
            let _ = std::fs::remove_file(old);
        }
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let words = words(setting);
        let mut command = Command::new(&words[0]);
        let mut variables = self.variables();
        variables.extend(setting.variables.iter().map(|(k, v)| ((*k).into(), v.clone())));
        command.args(&words[1..]).env_clear().envs(variables.clone());
        if setting.tmux {
            command.args(["tmux", "-L", "real", "-f", &real("tmux.conf"), "new-session"]);
        }
        command.args(["/usr/bin/python3", &real("relay.py")]).arg(&fifo).arg(&status);
        match setting.command.is_empty() {
            true => command.arg(PROGRAM).arg(self.home.path("pictures")),
            false => command.args(&setting.command),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let terminal = Process(command.spawn().expect("the terminal starts; tests/run installs it"));
        // Opened for reading too, so that opening does not wait for the other side.
        let fifo = std::fs::OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
        let tmux = setting.tmux.then_some(Tmux { variables });
        Window { fifo, status, display: self.display.clone(), _terminal: terminal, tmux }
    }

    /// What is on the screen now.
    fn shot(&self) -> Option<RgbImage> {
        let mut command = Command::new("import");
        command.args(["-display", &self.display, "-window", "root", "-depth", "8", "png24:-"]);
        let output = command.stderr(Stdio::null()).output().expect("ImageMagick's import; tests/run installs it");
        Some(image::load_from_memory(&output.stdout).ok()?.to_rgb8())
    }

    /// Takes screenshots until one fulfils the condition; a failure keeps the last one.
    #[track_caller]
    pub(super) fn until(&self, what: &str, mut condition: impl FnMut(&RgbImage) -> bool) {
        let start = Instant::now();
        loop {
            let shot = self.shot();
            if shot.as_ref().is_some_and(&mut condition) {
                return;
            }
            if start.elapsed() > PATIENCE {
                panic!("waited in vain for {what}; {}", keep(shot));
            }
        }
    }

    /// Fails, and keeps what is on the screen.
    #[track_caller]
    pub(super) fn fail(&self, why: &str) -> ! {
        panic!("{why}; {}", keep(self.shot()));
    }
}

fn keep(shot: Option<RgbImage>) -> String {
    let test = std::thread::current().name().and_then(|n| n.rsplit(':').next()).unwrap_or("test").to_owned();
    let kept = std::env::temp_dir().join(format!("lakelens-failed-{test}.png"));
    match shot.is_some_and(|s| s.save(&kept).is_ok()) {
        true => format!("the last screenshot is {}", kept.display()),
        false => "there is no screenshot".to_owned(),
    }
}

fn started(status: &Path) -> PathBuf {
    status.with_extension("started")
}

/// The words that start the emulator, up to those of what runs in it.
fn words(setting: &Setting) -> Vec<String> {
    let (columns, rows) = setting.size;
    if setting.emulator == Emulator::Xterm {
        let geometry = format!("{columns}x{rows}+0+0");
        let fixed = ["xterm", "-ti", "vt340", "-geometry", &geometry, "-xrm", "XTerm*numColorRegisters: 256", "-xrm"];
        let more = ["XTerm*allowWindowOps: true", "-fa", "DejaVu Sans Mono", "-fs", "12", "-e"];
        return fixed.into_iter().chain(more).map(str::to_owned).collect();
    }
    let mut all = match setting.emulator {
        Emulator::NewKitty => new_kitty().expect("the test asks for it first"),
        Emulator::Kitty | Emulator::Xterm => vec!["kitty".to_owned()],
    };
    all.extend(["--config".to_owned(), real("kitty.conf")]);
    for size in [format!("initial_window_width={columns}c"), format!("initial_window_height={rows}c")] {
        all.extend(["-o".to_owned(), size]);
    }
    all.push("-e".to_owned());
    all
}

fn real(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real").join(name).display().to_string()
}

/// What runs in a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    /// Its process id.
    pub(super) process: i32,
    /// Width and height of a cell in pixels.
    pub(super) cell: (u32, u32),
}

impl Running {
    /// The time on a processor that the program has used, in the clock ticks of the system, while all of its threads
    /// wait; nothing while one works.
    pub(super) fn busy(&self) -> Option<u64> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process)).ok()?;
        let mut ticks = 0;
        for thread in threads {
            let stat = std::fs::read_to_string(thread.ok()?.path().join("stat")).ok()?;
            // The name of the thread, in parentheses, may hold anything; the state and the numbers come after it.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            if *fields.first()? != "S" {
                return None;
            }
            ticks += fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        }
        Some(ticks)
    }
}

impl Window {
    /// Types keys.
    pub(super) fn press(&mut self, keys: &str) {
        self.fifo.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the program runs.
    pub(super) fn running(&self) -> Running {
        let file = started(&self.status);
        eventually("the program's start", || file.exists());
        let numbers = std::fs::read_to_string(file).unwrap();
        let numbers: Vec<u32> = numbers.split(' ').map(|n| n.parse().unwrap()).collect();
        let [process, rows, columns, width, height] = numbers[..] else { panic!("{numbers:?}") };
        Running { process: process.try_into().unwrap(), cell: (width / columns, height / rows) }
    }

    /// Waits for the program's end. The terminal stays open.
    pub(super) fn exit_code(&mut self) -> i32 {
        eventually("the program's end", || self.status.exists());
        std::fs::read_to_string(&self.status).unwrap().trim().parse().unwrap()
    }

    /// Looks at a part of the window all the time.
    pub(super) fn film(&self, view: View) -> Camera {
        Camera::start(&self.display, view)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The relay ends at this, and with it the terminal, before it is ended by force.
        let _ = self.fifo.write_all(b"\n");
        self.tmux.take();
    }
}
