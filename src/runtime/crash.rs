//! When the program panics: the terminal is put right, a file says what happened, and the user is told where it is.
//!
//! The file holds the version, the message, the place, what the terminal is, the last actions and a backtrace. Actions
//! are ids of our own registry, so what the user looked at does not get into it; secrets print as `***` everywhere.

use crate::config::private_file;
use crate::domain::unwind::is_caught;
use std::backtrace::Backtrace;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// So many actions are kept.
const LAST_ACTIONS: usize = 200;

/// What the loop tells as it goes, so that a crash can be understood. Cloning gives another handle to the same record.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    terminal: String,
    actions: VecDeque<String>,
}

impl Trail {
    /// Notes what the terminal is.
    pub fn set_terminal(&self, description: &str) {
        description.clone_into(&mut self.lock().terminal);
    }

    /// Notes an action, by its id in the registry.
    pub fn push(&self, action: &str) {
        let mut inner = self.lock();
        if inner.actions.len() == LAST_ACTIONS {
            inner.actions.pop_front();
        }
        inner.actions.push_back(action.to_owned());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Installs the panic hook. `restore` is called first: it puts the terminal back into the state the shell expects, and
/// must be able to run more than once. A later call replaces the hook of an earlier one.
pub fn install(state: PathBuf, trail: Trail, restore: impl Fn() + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        // Only a panic of the main thread that is not caught ends the program. Decoders may panic on a hostile picture: that is caught,
        // gets a placeholder, and must not tear the screen down; it goes to the log.
        let ends = ends();
        if ends {
            restore();
        }
        let report = report(info, &trail);
        if !ends {
            tracing::error!("{report}");
            return;
        }
        let text = match write(&state, &report) {
            Ok(file) => format!(
                "lakelens has crashed; this is a bug. Labels that were shown as saved are saved.\n\
                 What happened is in {}; please send that file with your report.",
                crate::domain::text::printable(&file.display().to_string())
            ),
            Err(_) => report,
        };
        // Nothing can be done when stderr is gone as well.
        let _ = writeln!(std::io::stderr(), "{text}");
    }));
}

/// Whether a panic of this thread by now ends the program.
fn ends() -> bool {
    std::thread::current().name() == Some("main") && !is_caught()
}

fn report(info: &PanicHookInfo<'_>, trail: &Trail) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    let mut out = format!("lakelens {}\n", env!("CARGO_PKG_VERSION"));
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    // A crash while the trail was being written must not wait for itself.
    let trail = trail.inner.try_lock();
    let (terminal, actions): (String, Vec<String>) = match &trail {
        Ok(inner) => (inner.terminal.clone(), inner.actions.iter().cloned().collect()),
        Err(_) => ("unknown".to_owned(), Vec::new()),
    };
    let lines = [("message", message), ("place", &place), ("thread", &thread), ("terminal", &terminal)];
    for (name, value) in lines {
        let _ = writeln!(out, "{name}: {}", crate::domain::text::printable(value));
    }
    let _ = writeln!(out, "last actions: {}", actions.join(" "));
    let _ = writeln!(out, "\n{}", Backtrace::force_capture());
    out
}

fn write(state: &Path, report: &str) -> std::io::Result<PathBuf> {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let file = state.join(format!("crash-{now}.txt"));
    private_file::replace(&file, report.as_bytes())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_is_caught_does_not_end_the_program() {
        let look = || (ends(), crate::domain::unwind::caught(ends), ends());
        let main = std::thread::Builder::new().name("main".to_owned()).spawn(look).unwrap();
        assert_eq!(main.join().unwrap(), (true, Some(false), true));
    }

    #[test]
    fn only_the_last_actions_are_kept() {
        let trail = Trail::default();
        (0..LAST_ACTIONS + 3).for_each(|i| trail.clone().push(&format!("a{i}")));
        let inner = trail.lock();
        assert_eq!((inner.actions.len(), inner.actions[0].as_str()), (LAST_ACTIONS, "a3"));
    }
}
