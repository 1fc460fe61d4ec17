//! The screen is ours between [`Guard::enter`] and its end, and the user's before and after, however we end.
//!
//! What always holds: leaving is idempotent and writes one byte string that ends any cut sequence, deletes our pictures,
//! undoes every mode and leaves the alternate screen; the terminal's settings come back as they were found; a terminal
//! that does not read any more cannot hold the program up. Nothing is global: a cheap [`Restorer`] goes to the panic
//! hook and to the code that handles signals.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long leaving waits for a terminal that does not read.
const PATIENCE: Duration = Duration::from_millis(500);

/// Why the screen could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Neither standard input nor `/dev/tty` is a terminal.
    #[error("this needs a terminal, and neither standard input nor /dev/tty is one ({0}); run it in a terminal window")]
    NoTerminal(std::io::Error),
    /// The terminal's settings could not be read or changed.
    #[error("the terminal's settings could not be changed: {0}; check that the terminal is still open")]
    Settings(std::io::Error),
}

/// What to switch on besides the alternate screen, raw mode, bracketed paste and focus reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    /// Report clicks and the wheel.
    pub mouse: bool,
    /// Switch on the Kitty keyboard protocol (all keys as sequences, with event types and text).
    pub keyboard: bool,
    /// Report the mouse in pixels and not in cells.
    pub pixels: bool,
}

#[derive(Debug)]
struct Terminal {
    descriptor: OwnedFd,
    found: Termios,
    modes: Modes,
    /// Our modes are on.
    active: bool,
    /// Bytes that delete our pictures.
    cleanup: Vec<u8>,
}

/// Gives the terminal back. Cheap to clone; every clone speaks of the same terminal.
#[derive(Clone, Debug)]
pub struct Restorer(Arc<Mutex<Terminal>>);

/// Holds the screen; gives it back when dropped.
#[derive(Debug)]
pub struct Guard {
    restorer: Restorer,
}

/// A descriptor of the terminal for reading and writing: standard input if it is one, `/dev/tty` otherwise.
///
/// # Errors
/// There is no terminal.
pub fn terminal() -> Result<OwnedFd, GuardError> {
    let input = rustix::stdio::stdin();
    if isatty(input) {
        return rustix::io::fcntl_dupfd_cloexec(input, 3).map_err(|e| GuardError::NoTerminal(e.into()));
    }
    let file = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(GuardError::NoTerminal)?;
    Ok(file.into())
}

/// Columns, rows, and the text area in pixels (0 where the terminal does not say).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowSize {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
}

/// The size of a terminal.
#[must_use]
pub fn window_size(terminal: impl AsFd) -> Option<WindowSize> {
    let size = tcgetwinsize(terminal).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some(WindowSize {
        columns: size.ws_col,
        rows: size.ws_row,
        width: size.ws_xpixel,
        height: size.ws_ypixel,
    })
}

impl Guard {
    /// Takes the screen of `descriptor`.
    ///
    /// # Errors
    /// The settings of the terminal could not be read or changed.
    pub fn enter(descriptor: OwnedFd, modes: Modes) -> Result<Self, GuardError> {
        let found = tcgetattr(&descriptor).map_err(|e| GuardError::Settings(e.into()))?;
        let terminal = Terminal { descriptor, found, modes, active: false, cleanup: Vec::new() };
        let restorer = Restorer(Arc::new(Mutex::new(terminal)));
        restorer.enter()?;
        Ok(Self { restorer })
    }

    /// A handle for the panic hook and for signals.
    #[must_use]
    pub fn restorer(&self) -> Restorer {
        self.restorer.clone()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.restorer.restore_now();
    }
}

impl Restorer {
    fn lock(&self) -> MutexGuard<'_, Terminal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the screen again, after [`Self::restore_now`]. Draw everything anew afterwards.
    ///
    /// # Errors
    /// The settings of the terminal could not be changed.
    pub fn enter(&self) -> Result<(), GuardError> {
        let mut terminal = self.lock();
        if terminal.active {
            return Ok(());
        }
        let mut raw = terminal.found.clone();
        raw.make_raw();
        tcsetattr(&terminal.descriptor, OptionalActions::Now, &raw).map_err(|e| GuardError::Settings(e.into()))?;
        terminal.active = true;
        let bytes = enter_bytes(terminal.modes);
        write_within(&terminal.descriptor, &bytes, PATIENCE);
        Ok(())
    }

    /// Gives the terminal back at once. Idempotent; safe in a panic hook: a lock held by the panicking thread is the
    /// only thing that could stop it, and no code panics while it holds it.
    pub fn restore_now(&self) {
        let mut terminal = self.lock();
        if !terminal.active {
            return;
        }
        terminal.active = false;
        let bytes = leave_bytes(terminal.modes, &terminal.cleanup);
        write_within(&terminal.descriptor, &bytes, PATIENCE);
        // Nothing more can be done about a terminal that is gone.
        tcsetattr(&terminal.descriptor, OptionalActions::Now, &terminal.found).ok();
    }

    /// What deletes our pictures, kept for the moment we leave. The presenter says it whenever it changes.
    pub fn set_cleanup(&self, bytes: Vec<u8>) {
        self.lock().cleanup = bytes;
    }

    /// Notes that the Kitty keyboard protocol is wanted or not, and gives the bytes that switch it now. Empty when
    /// nothing changes or the screen is not ours at the moment.
    #[must_use]
    pub fn set_keyboard(&self, on: bool) -> Vec<u8> {
        let mut terminal = self.lock();
        let changed = terminal.modes.keyboard != on;
        terminal.modes.keyboard = on;
        match (changed && terminal.active, on) {
            (false, _) => Vec::new(),
            (true, true) => KEYBOARD_ON.to_vec(),
            (true, false) => KEYBOARD_OFF.to_vec(),
        }
    }

    /// Notes that the mouse is wanted in pixels, and gives the bytes that switch that now; nothing without a mouse.
    #[must_use]
    pub fn set_pixels(&self, on: bool) -> Vec<u8> {
        let mut terminal = self.lock();
        let on = on && terminal.modes.mouse;
        let changed = terminal.modes.pixels != on;
        terminal.modes.pixels = on;
        match (changed && terminal.active, on) {
            (false, _) => Vec::new(),
            (true, true) => PIXELS_ON.to_vec(),
            // Leaving pixels leaves the form of the reports as well.
            (true, false) => b"\x1b[?1016l\x1b[?1006h".to_vec(),
        }
    }

    /// Whether the mouse is reported in pixels.
    #[must_use]
    pub fn in_pixels(&self) -> bool {
        self.lock().modes.pixels
    }

    /// Gives the terminal back and stops the program as Ctrl-Z does; returns when it is continued, with the screen
    /// taken again. The input thread must be paused before.
    ///
    /// # Errors
    /// The settings of the terminal could not be changed on return.
    pub fn suspend(&self) -> Result<(), GuardError> {
        self.restore_now();
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)
            .map_err(|e| GuardError::Settings(e.into()))?;
        self.enter()
    }
}

/// Disambiguation, event types, alternate keys, all keys, and the text they type. Nothing less tells a held key from a
/// second press: with event types alone, kitty 0.26 sends the release of Enter and Tab as a second press.
const KEYBOARD_ON: &[u8] = b"\x1b[>31u";
const KEYBOARD_OFF: &[u8] = b"\x1b[<u";
const PIXELS_ON: &[u8] = b"\x1b[?1016h";

fn enter_bytes(modes: Modes) -> Vec<u8> {
    let mut out = Vec::new();
    // Title saved, alternate screen, cursor hidden, bracketed paste, focus reports.
    out.extend_from_slice(b"\x1b[22;0t\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1004h\x1b[0m\x1b[H\x1b[J");
    if modes.keyboard {
        out.extend_from_slice(KEYBOARD_ON);
    }
    if modes.mouse {
        out.extend_from_slice(b"\x1b[?1000h\x1b[?1002h\x1b[?1006h");
    }
    if modes.mouse && modes.pixels {
        out.extend_from_slice(PIXELS_ON);
    }
    out
}

fn leave_bytes(modes: Modes, cleanup: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    // Ends a sequence that was cut by the reason we leave, and an open synchronized update.
    out.extend_from_slice(b"\x1b\\\x1b[?2026l");
    out.extend_from_slice(cleanup);
    if modes.mouse {
        out.extend_from_slice(b"\x1b[?1016l\x1b[?1006l\x1b[?1002l\x1b[?1000l");
    }
    if modes.keyboard {
        out.extend_from_slice(KEYBOARD_OFF);
    }
    out.extend_from_slice(b"\x1b[?1004l\x1b[?2004l\x1b[0m\x1b[H\x1b[J\x1b[?1049l\x1b[?25h\x1b[23;0t");
    out
}

/// Writes as much as the terminal takes within `patience`.
fn write_within(terminal: &OwnedFd, mut bytes: &[u8], patience: Duration) {
    let end = Instant::now() + patience;
    while !bytes.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else { return };
        let mut fds = [PollFd::new(terminal, PollFlags::OUT)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return,
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return,
        }
        // Small pieces: a blocking terminal takes what it has room for.
        match rustix::io::write(terminal, bytes.get(..bytes.len().min(512)).unwrap_or_default()) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_undoes_what_entering_did() {
        let modes = Modes { mouse: true, keyboard: true, pixels: true };
        let enter = String::from_utf8(enter_bytes(modes)).unwrap();
        let leave = String::from_utf8(leave_bytes(modes, b"<pictures>")).unwrap();
        let set = |text: &str, last: char| -> Vec<u32> {
            let modes = text.split("\x1b[?").filter_map(|part| part.split_once(last));
            modes.filter_map(|(number, _)| number.parse().ok()).collect()
        };
        for mode in set(&enter, 'h') {
            assert!(set(&leave, 'l').contains(&mode), "mode {mode} stays on");
        }
        assert_eq!(set(&enter, 'l'), [25], "the cursor is the one thing switched off");
        assert!(set(&leave, 'h').contains(&25));
        assert!(enter.contains("\x1b[>31u") && leave.contains("\x1b[<u"));
        let at = |text: &str| leave.find(text).unwrap();
        assert!(leave.starts_with("\x1b\\"), "a cut sequence is ended first");
        assert!(at("<pictures>") < at("\x1b[?1049l") && at("\x1b[<u") < at("\x1b[?1049l"));
        assert!(!enter.contains("2J") && !leave.contains("2J"));
    }
}
