//! `lakelens ls`: the entries of any place in the lake.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Lines;
use super::output::bytes;
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::lake::listing::{Arrange, EntryKind, Listing, Progress, Row};
use clap::Args;
use serde_json::json;
use std::ffi::OsString;
use std::sync::mpsc;
use std::time::Duration;

/// How often the wait for a listing looks whether Ctrl-C was pressed.
const GLANCE: Duration = Duration::from_millis(200);
/// Folders inside folders are followed to this depth, so that a circle of links ends.
const DEEPEST: usize = 64;

/// List catalogs, schemas, tables, volumes, folders and files
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens ls ~/photos
  lakelens ls ~/photos --long --recursive
  lakelens ls s3://bucket/2026 --long
  lakelens ls lake:/ --json")]
pub(crate) struct LsArgs {
    /// Folder, file or URI; without it, the top of the lake
    #[arg(value_name = "URI")]
    uri: Option<OsString>,
    /// Size and time as well
    #[arg(long, short)]
    long: bool,
    /// Go into folders
    #[arg(long, short)]
    recursive: bool,
    /// Names that start with a dot as well
    #[arg(long, short)]
    all: bool,
    #[command(flatten)]
    json: Lines,
}

pub(super) fn run(args: &LsArgs, context: &mut Context) -> Result<(), AppError> {
    let path = match &args.uri {
        Some(uri) => context.lake_path(uri)?,
        None => LakePath::Root,
    };
    let stop = context.stop();
    let stat = context.lake().stat_while(&path, &stop)?;
    if matches!(stat.kind, EntryKind::File | EntryKind::Table) {
        let row = Row { name: path.name(), kind: stat.kind, size: stat.size, modified: stat.modified };
        return entry(&path, row.name, &row, args, context);
    }
    let mut failed = 0;
    folder(&path, "", 0, args, context, &mut failed)?;
    match failed {
        0 => Ok(()),
        n => Err(AppError::failed(format!("{n} folders could not be listed"))),
    }
}

/// Lists one folder; `prefix` is what stands before the names of people's text. A folder below the first that cannot be
/// listed is reported and passed over.
fn folder(
    path: &LakePath,
    prefix: &str,
    depth: usize,
    args: &LsArgs,
    context: &mut Context,
    failed: &mut usize,
) -> Result<(), AppError> {
    let listing = complete(path, args.all || context.loaded.settings.hidden, context)?;
    let stop = context.stop();
    for position in 0..listing.len() {
        let Some(row) = listing.row(position) else { continue };
        let child = match (path, row.kind) {
            (LakePath::Schema(c, s), EntryKind::Table) => LakePath::Table(c.clone(), s.clone(), row.name.to_owned()),
            _ => path.child(row.name),
        };
        // A listing knows the sizes of small folders only; those of others are asked for when they are wanted.
        let known = row.kind != EntryKind::File || row.size.is_some() || !(args.long || args.json.json);
        let (size, modified) = match known {
            true => (row.size, row.modified),
            false => context.lake().stat_while(&child, &stop).map_or((None, None), |s| (s.size, s.modified)),
        };
        let text = format!("{prefix}{}", row.name);
        entry(&child, &text, &Row { size, modified, ..row }, args, context)?;
        let holds = !matches!(row.kind, EntryKind::File | EntryKind::Table);
        if args.recursive && holds && depth < DEEPEST && !is_link(&child, context) {
            let below = format!("{text}/");
            match folder(&child, &below, depth + 1, args, context, failed) {
                Err(error) if error.kind == Kind::Interrupted || error.is_broken_pipe() => return Err(error),
                Err(error) => {
                    context.note(error.report().trim_end());
                    *failed += 1;
                }
                Ok(()) => {}
            }
        }
    }
    Ok(())
}

fn is_link(path: &LakePath, context: &Context) -> bool {
    context.lake().local_path(path).is_ok_and(|p| p.is_symlink())
}

/// Waits for the whole listing.
fn complete(path: &LakePath, hidden: bool, context: &mut Context) -> Result<Listing, AppError> {
    let cancel = context.cancel();
    let (sender, snapshots) = mpsc::channel();
    let arrange = Arrange { hidden, ..Arrange::default() };
    let publish = Box::new(move |listing: Listing| {
        let finished = *listing.progress() != Progress::Loading;
        if finished {
            let _ = sender.send(listing);
        }
    });
    let _lister = context.lake().list(path, arrange, publish);
    let listing = loop {
        match snapshots.recv_timeout(GLANCE) {
            Ok(listing) => break listing,
            Err(_) if cancel.is_cancelled() => return Err(context.interrupted()),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(AppError::new(Kind::Bug, "the listing ended without a word"));
            }
        }
    };
    match listing.progress() {
        Progress::Failed(why) => {
            Err(AppError::failed(format!("`{}` cannot be listed: {why}", printable(&path.to_string()))))
        }
        _ => Ok(listing),
    }
}

fn entry(path: &LakePath, text: &str, row: &Row<'_>, args: &LsArgs, context: &mut Context) -> Result<(), AppError> {
    if args.json.json {
        return context.out.json_line(&json!({
            "uri": path.to_string(), "kind": row.kind, "name": row.name, "size": row.size, "modified": row.modified,
        }));
    }
    let mark = if matches!(row.kind, EntryKind::File | EntryKind::Table) { "" } else { "/" };
    let name = printable(text);
    if !args.long {
        return context.out.line(&format!("{name}{mark}"));
    }
    let size = row.size.map(bytes).unwrap_or_default();
    let modified = row.modified.map(|m| m.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
    context.out.line(&format!("{size:>9}  {modified:<16}  {name}{mark}"))
}
