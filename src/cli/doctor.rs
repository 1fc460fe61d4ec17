//! `lakelens doctor`: what works, what does not, and what to do about it.

mod connection;
mod terminal;

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::stores::{self, Where};
use crate::domain::text::printable;
use crate::runtime::server::Server;
use crate::runtime::table_stores::TableStores;
use crate::store::Store;
use crate::store::postgres::Tables;
use crate::store::records::Mode;
use clap::Args;
use serde::Serialize;
use std::path::Path;

/// Check the terminal, the configuration, the store, the cache and the connection
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens doctor                      this computer, and the connection that would be used
  lakelens doctor dev                  the connection of a profile, step by step
  lakelens doctor --json | jq '.checks[] | select(.ok | not)'")]
pub(crate) struct DoctorArgs {
    /// Profile whose connection is checked: its configuration, name, network, certificate, sign-in and permissions
    #[arg(value_name = "PROFILE")]
    name: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    name: String,
    ok: bool,
    detail: String,
    remedy: Option<String>,
}

impl Check {
    fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), ok: true, detail: detail.into(), remedy: None }
    }

    fn bad(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name: name.to_owned(), ok: false, detail: detail.into(), remedy: Some(remedy.into()) }
    }
}

pub(super) fn run(args: &DoctorArgs, context: &mut Context) -> Result<(), AppError> {
    let mut checks = Vec::new();
    if let Some(name) = &args.name {
        connection::checks(Some(name), context, &mut checks);
        return report(&checks, args.json.json, context);
    }
    terminal::checks(context, &mut checks);
    config(context, &mut checks);
    let paths = context.loaded.paths.clone();
    checks.push(folder("data folder", &paths.data));
    store(context, &mut checks);
    checks.push(folder("state folder", &paths.state));
    checks.push(folder("cache folder", &paths.cache));
    connection::checks(None, context, &mut checks);
    report(&checks, args.json.json, context)
}

fn report(checks: &[Check], as_json: bool, context: &mut Context) -> Result<(), AppError> {
    if as_json {
        context.out.json(&serde_json::json!({ "checks": checks }))?;
    } else {
        let width = checks.iter().map(|c| c.name.len()).max().unwrap_or(0);
        for check in checks {
            let mark = if check.ok { "ok  " } else { "FAIL" };
            context.out.line(&format!("{mark}  {:<width$}  {}", check.name, printable(&check.detail)))?;
            if let Some(remedy) = &check.remedy {
                context.out.line(&format!("      {:<width$}  -> {}", "", printable(remedy)))?;
            }
        }
    }
    let wrong: Vec<&str> = checks.iter().filter(|c| !c.ok).map(|c| c.name.as_str()).collect();
    match wrong.as_slice() {
        [] => Ok(()),
        ["config"] => Err(AppError::new(Kind::Config, "the configuration has errors")),
        names => {
            Err(AppError::failed(format!("{} of {} checks failed: {}", names.len(), checks.len(), names.join(", "))))
        }
    }
}

fn config(context: &Context, checks: &mut Vec<Check>) {
    let file = context.loaded.paths.config_file.display().to_string();
    let problems = super::diagnosis::problems(context);
    let errors: Vec<_> = problems.iter().filter(|p| !p.warning).collect();
    checks.push(match errors.first() {
        Some(first) => {
            let detail = format!("{}: {}", first.place, first.message);
            Check::bad("config", detail, "`lakelens config check` lists everything, `lakelens config edit` opens it")
        }
        None if context.loaded.paths.config_file.exists() => {
            let warnings = problems.len();
            Check::ok("config", if warnings == 0 { file } else { format!("{file}, {warnings} warnings") })
        }
        None => Check::ok("config", format!("{file} does not exist: defaults hold")),
    });
    checks.push(Check::ok("user", context.loaded.user.clone()));
}

/// A folder that exists must be writable; one that does not must be possible to make.
fn folder(name: &str, path: &Path) -> Check {
    let shown = path.display().to_string();
    let existing = path.ancestors().find(|p| p.exists()).unwrap_or_else(|| Path::new("/"));
    if !existing.is_dir() {
        let detail = format!("{shown} cannot be made: {} is no folder", existing.display());
        return Check::bad(name, detail, "choose another place with --data-dir");
    }
    if let Err(error) = rustix::fs::access(existing, rustix::fs::Access::WRITE_OK) {
        let remedy = "make it writable, or choose another place with --data-dir";
        return Check::bad(name, format!("{shown} cannot be written: {error}"), remedy);
    }
    match rustix::fs::statvfs(existing) {
        Ok(fs) => {
            let free = fs.f_bavail.saturating_mul(fs.f_frsize);
            let state = if path.exists() { "" } else { " (will be made)" };
            let detail = format!("{shown}{state}, {} free", super::output::bytes(free));
            if free < 64 << 20 {
                return Check::bad(
                    name,
                    detail,
                    "free some space: labels cannot be saved on a full disk; or choose another place with --data-dir",
                );
            }
            Check::ok(name, detail)
        }
        Err(error) => Check::bad(name, format!("{shown}: {error}"), "check the file system"),
    }
}

/// The server of the store can be reached, speaks TLS, and holds a schema that this program knows.
fn server(server: &Server, checks: &mut Vec<Check>) {
    match server.health() {
        Ok(health) => {
            let tls = health.tls.map_or_else(|| "no TLS".to_owned(), |version| printable(&version).into_owned());
            let schema = match health.tables {
                Tables::None => "no schema yet: it is made with the first project".to_owned(),
                Tables::Ours(n) => format!("schema {n}"),
                Tables::CvExplorer => "the tables of CV Explorer, which are used as they are".to_owned(),
            };
            let detail = format!(
                "{}, PostgreSQL {}, {tls}, {schema}, {} ms there and back",
                health.place,
                printable(&health.version),
                health.latency.as_millis()
            );
            checks.push(Check::ok("store", detail));
        }
        Err(error) => {
            let remedy = "check the address, the network and the password (PGPASSWORD), or choose another with --store";
            checks.push(Check::bad("store", error.to_string(), remedy));
        }
    }
}

/// The mirrors of the tables of an engine; whether the engine answers is a check of its connection.
fn tables(found: &TableStores, checks: &mut Vec<Check>) {
    let opened = found.open(Mode::Read, false).and_then(|mut shelf| Ok((shelf.outbox()?, shelf)));
    match opened {
        Ok((outbox, shelf)) => {
            let (place, n) = (shelf.place().to_owned(), shelf.len());
            match shelf.left_out() {
                [] => checks.push(Check::ok("store", format!("{place}: {n} mirrored, {} unsent", outbox.unsent))),
                out => {
                    let remedy = "`lakelens table CATALOG.SCHEMA.TABLE` reads a table again";
                    checks.push(Check::bad(
                        "store",
                        format!("{place}: left out {}", printable(&out.join("; "))),
                        remedy,
                    ));
                }
            }
        }
        Err(error) => checks.push(Check::bad("store", error.to_string(), "choose another with --store")),
    }
}

/// The store can be opened, is sound, and can be written.
fn store(context: &Context, checks: &mut Vec<Check>) {
    let file = match stores::place(context) {
        Ok(Where::File(file)) => file,
        Ok(Where::Server(found)) => return server(&found, checks),
        Ok(Where::Tables(found)) => return tables(&found, checks),
        Err(error) => {
            checks.push(Check::bad("store", error.message, error.hints.join("; ")));
            return;
        }
    };
    let shown = file.display().to_string();
    if !file.exists() {
        checks.push(Check::ok("store", format!("{shown} does not exist: it is made with the first project")));
        return;
    }
    let opened = stores::open_to_check(&file).and_then(|store| store.check());
    match opened {
        Err(error) => {
            checks.push(Check::bad("store", error.to_string(), "choose another with --store, or restore a copy"))
        }
        Ok(wrong) => match wrong.first() {
            None => checks.push(Check::ok("store", format!("{shown}, sound"))),
            Some(first) => {
                let detail = format!("{shown} is damaged in {} places: {first}", wrong.len());
                let remedy = "restore a copy, or rescue what can be read with `sqlite3 FILE .recover`";
                checks.push(Check::bad("store", detail, remedy));
            }
        },
    }
    if let Err(error) = rustix::fs::access(&file, rustix::fs::Access::WRITE_OK) {
        let remedy = "make the file writable, or choose another with --store";
        checks.push(Check::bad("store file", format!("{shown} cannot be written: {error}"), remedy));
    }
}
