//! What every subcommand gets: the settings, the environment, where results go, and Ctrl-C.

use super::error::{AppError, Kind};
use super::grammar::Global;
use super::output::{Out, Progress};
use crate::config::environment::Environment;
use crate::config::load::{self, Loaded, Problem};
use crate::config::paths::expand;
use crate::domain::lake_path::LakePath;
use crate::domain::text::{encode_os, printable};
use crate::lake::remote::Stop;
use crate::lake::{Lake, Place};
use crate::remote::net::Net;
use crate::runtime::connections::Shared;
use std::cell::OnceCell;
use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What every subcommand gets.
pub(crate) struct Context {
    /// The settings.
    pub(crate) loaded: Loaded,
    /// The environment.
    pub(crate) environment: Environment,
    /// Where results go.
    pub(crate) out: Out,
    /// The connections to workspaces; everything that asks one shares them.
    pub(crate) connections: Shared,
    /// Set once Ctrl-C is listened for.
    pub(crate) interrupts: Option<Interrupts>,
    /// Made when first asked for, and then the same: it holds connections.
    lake: OnceCell<Lake>,
}

impl Context {
    /// Loads the settings.
    pub(crate) fn new(global: &Global, environment: Environment) -> Result<Self, AppError> {
        let config = global.config.as_deref().map(encode_os);
        let loaded = load::load(&global.values(), config.as_deref(), &environment).map_err(AppError::usage)?;
        let (out, lake) = (Out::stdout(), OnceCell::new());
        let connections = Shared::new(&loaded, &environment, Net::default());
        Ok(Self { loaded, environment, out, connections, interrupts: None, lake })
    }

    /// Reads a path or URI of the command line; a relative one starts at the working directory.
    pub(crate) fn lake_path(&self, text: &OsStr) -> Result<LakePath, AppError> {
        let base = encode_os(self.environment.directory.as_os_str());
        self.lake().parse(&encode_os(text), &base).map_err(|e| AppError::usage(e.to_string()))
    }

    /// The lake: local folders, those that the settings name as volumes, and what lies behind servers.
    pub(crate) fn lake(&self) -> Lake {
        let folder = |path: &str| encode_os(expand(path, &self.environment).as_os_str());
        let place = |(name, path): (&String, &String)| Place { name: name.clone(), folder: folder(path) };
        let made = self.lake.get_or_init(|| {
            let places = self.loaded.settings.lake_local.iter().map(place).collect();
            crate::runtime::reach::lake(places, &self.loaded, &self.environment, &self.connections)
        });
        made.clone()
    }

    /// Raised by Ctrl-C, for what waits for servers.
    pub(crate) fn stop(&mut self) -> Stop {
        let cancel = self.cancel();
        Stop::new(move || cancel.is_cancelled())
    }

    /// The token that Ctrl-C cancels. From the first call on, Ctrl-C stops the work cleanly; a second one stops the
    /// program at once.
    pub(crate) fn cancel(&mut self) -> CancellationToken {
        self.interrupts.get_or_insert_with(Interrupts::listen).cancel.clone()
    }

    /// The error that an interrupted command ends with.
    pub(crate) fn interrupted(&self) -> AppError {
        AppError::new(Kind::Interrupted, "stopped").hint("what was saved before stays saved")
    }

    /// A progress line on stderr, silent where that is no terminal.
    pub(crate) fn progress(&self) -> Progress {
        Progress::new(std::io::stderr().is_terminal())
    }

    /// Says on stderr what of the configuration could not be read; the program goes on with defaults.
    pub(crate) fn warn_of_problems(&self) {
        let problems = &self.loaded.problems;
        let Some(first) = problems.first() else { return };
        let mut text = describe(first);
        if problems.len() > 1 {
            text.push_str(&format!("  and {} more: see `lakelens config check`\n", problems.len() - 1));
        }
        self.note(text.trim_end());
    }

    /// A message on stderr.
    pub(crate) fn note(&self, text: &str) {
        note(text);
    }
}

/// A message on stderr, also after the settings were given away.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A problem of the configuration, with the line it concerns.
pub(crate) fn describe(problem: &Problem) -> String {
    let word = if problem.warning { "warning" } else { "error" };
    let mut out = format!("{word}: {}: {}\n", problem.place, problem.message);
    if let Some((line, column)) = &problem.excerpt {
        out.push_str(&format!("  | {line}\n  | {}^\n", " ".repeat(column.saturating_sub(1))));
    }
    if let Some(hint) = &problem.hint {
        out.push_str(&format!("hint: {}\n", printable(hint)));
    }
    out
}

/// Listens for Ctrl-C, and for being asked to end, on a thread of its own, until it is dropped.
pub(crate) struct Interrupts {
    cancel: CancellationToken,
    over: CancellationToken,
}

impl Interrupts {
    /// What Ctrl-C cancels.
    pub(crate) fn token(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Where signals cannot be had, Ctrl-C ends the program as by default.
    fn listen() -> Self {
        let interrupts = Self { cancel: CancellationToken::new(), over: CancellationToken::new() };
        let (cancel, over) = (interrupts.cancel.clone(), interrupts.over.clone());
        let (ready, listening) = std::sync::mpsc::channel();
        let listen = move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async move {
                // Who asks the program to end (SIGTERM) wants nothing half-written either.
                let (Ok(mut interrupts), Ok(mut ends)) =
                    (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
                else {
                    return;
                };
                let _ = ready.send(());
                tokio::select! {
                    _ = interrupts.recv() => cancel.cancel(),
                    _ = ends.recv() => cancel.cancel(),
                    () = over.cancelled() => return,
                }
                let code = i32::from(Kind::Interrupted.exit_code());
                tokio::select! {
                    _ = interrupts.recv() => std::process::exit(code),
                    _ = ends.recv() => std::process::exit(code),
                    () = over.cancelled() => {}
                }
            });
        };
        if std::thread::Builder::new().name("interrupt".to_owned()).spawn(listen).is_ok() {
            // An error means that the thread could not listen; there is nothing to wait for then.
            let _ = listening.recv();
        }
        interrupts
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.over.cancel();
    }
}
