//! The command line: grammar, one file per subcommand, text for people and JSON for programs, the error report.
//!
//! What always holds: results go to stdout, everything else to stderr; in a pipe there is no colour and no progress bar;
//! a reader that goes away (`| head`) is not an error; text from outside is printed only after
//! [`crate::domain::text::printable`].

mod agreement;
mod answers;
mod auth;
mod bench;
mod cache;
mod completions;
mod config;
mod context;
mod dedupe;
mod demo;
mod diagnosis;
mod diff;
mod doctor;
mod double;
mod engines;
pub mod error;
mod export;
mod gold;
mod grammar;
mod history;
mod import;
mod info;
mod label;
mod list;
mod ls;
mod man;
mod mistyped;
mod open;
mod output;
mod project;
mod queue;
mod replay;
mod review;
mod show;
mod snapshot;
mod sql;
mod status;
mod stores;
mod table;
mod terminal;
mod undo;

use context::Context;
use error::{AppError, Kind};
use grammar::{Cli, Command};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use crate::config::environment::Environment;
use crate::runtime::crash::Trail;

/// The whole grammar, as the help, the man page, the completions and the README's table need it.
#[must_use]
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Runs the program: parses, loads the settings, runs the subcommand, reports what went wrong.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let json = args.iter().any(|a| a == "--json" || a == "--jsonl");
    let work = move || match parse(&args)? {
        Some(cli) => dispatch(cli, environment),
        None => Ok(()),
    };
    // The panic hook has told the user by the time a panic gets here.
    let Ok(done) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) else {
        return ExitCode::from(Kind::Bug.exit_code());
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            let report = if json { format!("{}\n", error.json()) } else { error.report() };
            // Nothing can be done when stderr is gone as well.
            let _ = std::io::stderr().write_all(report.as_bytes());
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// The parsed command line; nothing where the parser has answered by itself (`--help`, `--version`).
fn parse(args: &[OsString]) -> Result<Option<Cli>, AppError> {
    let error = match <Cli as clap::Parser>::try_parse_from(args) {
        Ok(cli) if cli.path.is_some() && cli.command.is_some() => {
            return Err(AppError::usage("a path and a subcommand together make no sense")
                .hint("write `./NAME` for a folder that is called like a subcommand"));
        }
        Ok(cli) => return Ok(Some(cli)),
        Err(error) => error,
    };
    if !error.use_stderr() {
        write!(std::io::stdout(), "{}", error.render())?;
        return Ok(None);
    }
    let unknown = error.kind() == clap::error::ErrorKind::UnknownArgument;
    if let Some(error) = unknown.then(|| mistyped::first_word(args)).flatten() {
        return Err(error);
    }
    let text = error.render().to_string();
    Err(usage_error(&text))
}

/// Splits the parser's report into our message and hints, so that both forms of the report look like all others.
fn usage_error(text: &str) -> AppError {
    let body = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
    let mut paragraphs = body.split("\n\n");
    let mut message: Vec<&str> = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    for paragraph in paragraphs.by_ref() {
        for line in paragraph.lines() {
            match line.trim().strip_prefix("tip: ") {
                Some(tip) => hints.push(tip.to_owned()),
                None if line.trim_start().starts_with("Usage:") => hints.push(line.trim().to_owned()),
                None if line.starts_with("For more information") => hints.push("`--help` shows examples".to_owned()),
                None => message.push(line),
            }
        }
    }
    AppError { hints, ..AppError::new(Kind::Usage, message.join("\n")) }
}

fn dispatch(cli: Cli, environment: Environment) -> Result<(), AppError> {
    let context = Context::new(&cli.global, environment)?;
    crate::runtime::crash::install(context.loaded.paths.state.clone(), Trail::default(), || {});
    let config_command = matches!(cli.command, Some(Command::Config(_) | Command::Doctor(_)));
    if cli.command.is_some() && !config_command {
        context.warn_of_problems();
    }
    crate::runtime::logging::start(context.loaded.settings.log, &context.loaded.paths.log_file())
        .map_err(|e| AppError::failed("the log file cannot be opened").because(e))?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "start");
    match cli.command {
        None => open::run(cli.path, context),
        Some(command) => command.run(context),
    }
}
