//! Asks the terminal what it can do, outside of the screen: for `doctor` and `show`.

use super::context::Context;
use crate::term::caps::Caps;
use crate::term::guard;
use crate::term::input::{InputEvent, reader};
use crate::term::probe::{Probe, Step};
use crate::term::surroundings::{Surroundings, Wish};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::time::Instant;

/// Whether stdin and stdout both are a terminal that can be asked.
pub(super) fn is_there() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// The terminal in raw mode, so that its answers are neither echoed nor held back until a line ends.
struct Quiet {
    terminal: OwnedFd,
    found: Termios,
}

impl Quiet {
    fn new(terminal: OwnedFd) -> io::Result<Self> {
        let found = tcgetattr(&terminal)?;
        let mut raw = found.clone();
        raw.make_raw();
        tcsetattr(&terminal, OptionalActions::Now, &raw)?;
        Ok(Self { terminal, found })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Flushes what came in too late, which would otherwise stand on the prompt. Nothing can be done if it fails.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.found);
    }
}

fn surroundings(context: &Context, terminal: &OwnedFd) -> Surroundings {
    let settings = &context.loaded.settings;
    let found = Surroundings::from_process(guard::window_size(terminal));
    Surroundings {
        wish: Wish::from_name(settings.graphics.name()).unwrap_or_default(),
        ascii: settings.ascii,
        no_color: settings.no_color || found.no_color,
        ..found
    }
}

/// Asks the terminal, and waits for its answers.
///
/// # Errors
/// The terminal cannot be read or written.
pub(super) fn probe(context: &Context) -> io::Result<Caps> {
    let terminal = guard::terminal().map_err(io::Error::other)?;
    let surroundings = surroundings(context, &terminal);
    let ssh = surroundings.ssh;
    let mut probe = Probe::new(surroundings);
    let asked = probe.start();
    if asked.is_empty() {
        return Ok(probe.on_deadline());
    }
    let quiet = Quiet::new(terminal.try_clone()?)?;
    let (sender, events) = mpsc::channel();
    let mut input = reader::spawn(terminal.try_clone()?, ssh, move |event| sender.send(event).is_ok())?;
    write(&terminal, &asked)?;
    let mut deadline = Instant::now() + probe.patience();
    let caps = loop {
        match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(InputEvent::Reply(reply)) => match probe.on_reply(&reply) {
                Step::Wait => {}
                Step::Ask(bytes) => {
                    write(&terminal, &bytes)?;
                    deadline = Instant::now() + probe.patience();
                }
                Step::Done(caps) => break *caps,
            },
            Ok(InputEvent::Closed) | Err(_) => break probe.on_deadline(),
            Ok(_) => {}
        }
    };
    input.stop();
    drop(quiet);
    Ok(caps)
}

fn write(terminal: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(terminal, bytes))?;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}
