//! An X server without a screen, and terminals in it that run the built program. Everything started here is ended by its
//! process id when the test is over, also when it fails.

use crate::support::pty::{Home, PROGRAM, eventually};
use image::RgbImage;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Deadline for anything to appear: software rendering on a small, busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(90);

/// A started process, ended with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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

    /// A folder in the user's home.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
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

    pub(super) fn kitty(&self) -> Window {
        self.open(&["kitty", "--config", &real("kitty.conf"), "-e"], false)
    }

    pub(super) fn kitty_tmux(&self) -> Window {
        self.open(&["kitty", "--config", &real("kitty.conf"), "-e"], true)
    }

    pub(super) fn xterm(&self) -> Window {
        self.open(&XTERM, false)
    }

    pub(super) fn xterm_tmux(&self) -> Window {
        self.open(&XTERM, true)
    }

    fn open(&self, terminal: &[&str], tmux: bool) -> Window {
        std::fs::write(self.home.path("config.toml"), "").unwrap();
        let (fifo, status) = (self.home.path("keys.fifo"), self.home.path("status"));
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let mut command = Command::new(terminal[0]);
        command.args(&terminal[1..]).env_clear().envs(self.variables());
        let conf = real("tmux.conf");
        if tmux {
            command.args(["tmux", "-L", "real", "-f", &conf, "new-session"]);
        }
        command.args(["/usr/bin/python3", &real("relay.py")]).arg(&fifo).arg(&status).arg(PROGRAM);
        command.arg(self.home.path("pictures")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let terminal = Process(command.spawn().expect("the terminal starts; tests/run installs it"));
        // Opened for reading too, so that opening does not wait for the other side.
        let fifo = std::fs::OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
        let tmux = tmux.then(|| Tmux { variables: self.variables() });
        Window { fifo, status, _terminal: terminal, tmux }
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
                let kept = std::env::temp_dir().join(format!("lakelens-failed-{}.png", std::process::id()));
                let saved = shot.is_some_and(|s| s.save(&kept).is_ok());
                panic!(
                    "waited in vain for {what}; the last screenshot{} is {}",
                    if saved { "" } else { " (missing)" },
                    kept.display()
                );
            }
        }
    }
}

const XTERM: [&str; 14] = [
    "xterm",
    "-ti",
    "vt340",
    "-geometry",
    "80x24+0+0",
    "-xrm",
    "XTerm*numColorRegisters: 256",
    "-xrm",
    "XTerm*allowWindowOps: true",
    "-fa",
    "DejaVu Sans Mono",
    "-fs",
    "12",
    "-e",
];

fn real(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real").join(name).display().to_string()
}

impl Window {
    /// Types keys.
    pub(super) fn press(&mut self, keys: &str) {
        self.fifo.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the program's end. The terminal stays open.
    pub(super) fn exit_code(&mut self) -> i32 {
        eventually("the program's end", || self.status.exists());
        std::fs::read_to_string(&self.status).unwrap().trim().parse().unwrap()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The relay ends at this, and with it the terminal, before it is ended by force.
        let _ = self.fifo.write_all(b"\n");
        self.tmux.take();
    }
}
