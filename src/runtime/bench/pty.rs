//! A program in a pseudo-terminal of its own. It is killed when [`Program`] is dropped, however we end.

use super::BenchError;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What to start, and in what surroundings.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// The program.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// All its variables.
    pub(super) variables: Vec<(String, OsString)>,
    /// Its working directory.
    pub(super) folder: PathBuf,
}

/// A window: columns, rows, and a cell's width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) cell: (u16, u16),
}

/// A running program.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    /// The terminal's end of the pseudo-terminal.
    pub(super) master: OwnedFd,
}

impl Program {
    /// Starts it. With `setsid` of util-linux the pseudo-terminal becomes its controlling terminal, so that it also
    /// ends when we do; without, it only has it as standard input and output.
    pub(super) fn start(launch: &Launch, window: Window) -> Result<Self, BenchError> {
        let (master, slave) = pair(window).map_err(|e| BenchError::Terminal(e.into()))?;
        let setsid = find("setsid", launch);
        let mut command = match &setsid {
            Some(setsid) => Command::new(setsid),
            None => Command::new(&launch.program),
        };
        if setsid.is_some() {
            command.arg("--ctty").arg(&launch.program);
        }
        let copy = || slave.try_clone().map(Stdio::from);
        let (input, output, errors) = (copy(), copy(), copy());
        command.args(&launch.args).env_clear().envs(launch.variables.iter().map(|(k, v)| (k, v)));
        command.current_dir(&launch.folder);
        let streams = || -> std::io::Result<Command> {
            command.stdin(input?).stdout(output?).stderr(errors?);
            Ok(command)
        };
        let failed = |error| BenchError::Start { program: launch.program.display().to_string(), error };
        // The command holds copies of the slave: it must be gone before the end of the program can be seen.
        let child = streams().and_then(|mut command| command.spawn()).map_err(failed)?;
        Ok(Self { child, master })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pair(window: Window) -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let slave = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty())?;
    let Window { columns, rows, cell } = window;
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: columns.saturating_mul(cell.0),
        ws_ypixel: rows.saturating_mul(cell.1),
    };
    tcsetwinsize(&slave, size)?;
    Ok((master, slave))
}

/// A program on the path that the launch gives.
pub(super) fn find(name: &str, launch: &Launch) -> Option<PathBuf> {
    let path = launch.variables.iter().find(|(k, _)| k == "PATH").map(|(_, v)| v.clone())?;
    found_in(name, &path)
}

/// A program in one of the folders of a `PATH`.
pub(super) fn found_in(name: &str, path: &OsStr) -> Option<PathBuf> {
    let folders = path.as_bytes().split(|b| *b == b':').filter(|f| !f.is_empty());
    folders.map(|f| Path::new(OsStr::from_bytes(f)).join(name)).find(|p| p.is_file())
}
