//! Versions of a table on the command line.

use super::TableRef;
use super::direct::{self, Way, way};
use crate::cli::context::Context;
use crate::cli::engines::{EngineArgs, engine};
use crate::cli::error::AppError;
use crate::cli::grammar::Lines;
use crate::cli::output::{Table, grouped};
use crate::domain::text::printable;
use crate::store::table::history::commits;
use crate::store::table::versions::{At, Difference, What, diff as compare, restore as bring_back};
use clap::Args;
use serde_json::json;

/// Show the versions of a table, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens table history main.default.images --store sc://localhost --limit 5 --json
  lakelens table history /data/images

ADDED and REMOVED are rows, where the commit tells; a changed row is both.")]
pub(super) struct HistoryArgs {
    /// The table
    #[arg(value_name = "PATH|CATALOG.SCHEMA.TABLE")]
    table: String,
    /// At most so many versions
    #[arg(long, value_name = "N", default_value_t = 30)]
    limit: u32,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    json: Lines,
}

/// Show which labels differ between two versions of a table
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens table diff main.default.images 3 --store sc://localhost
  lakelens table diff main.default.images 2026-11-01 now --json --store sc://localhost
  lakelens table diff s3://lake/images 3 5 --id image_id --class class --path origin

A version is `now`, a number of `lakelens table history`, or a time.")]
pub(super) struct DiffArgs {
    #[command(flatten)]
    table: TableRef,
    /// The version before
    #[arg(value_name = "FROM")]
    from: String,
    /// The version after
    #[arg(value_name = "TO", default_value = "now")]
    to: String,
}

/// Give rows the class again that they had in a version
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens table restore main.default.images 3 --only /photos/1.jpg --store sc://localhost
  lakelens table restore main.default.images 3 --all --message 'undo the bulk import' --store sc://localhost

The rows are changed in a new version. A row that somebody changes meanwhile stays as it is.")]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    table: TableRef,
    /// The version with the classes that are wanted
    #[arg(value_name = "VERSION")]
    from: String,
    /// Only the row with this picture or this id; may be repeated
    #[arg(long, value_name = "PATH|ID", required_unless_present = "all")]
    only: Vec<String>,
    /// All rows that differ
    #[arg(long, conflicts_with = "only")]
    all: bool,
    /// Only say what would be restored
    #[arg(long)]
    dry_run: bool,
    /// A message for the history of the table
    #[arg(long, value_name = "TEXT", default_value = "")]
    message: String,
}

pub(super) fn history(args: &HistoryArgs, context: &mut Context) -> Result<(), AppError> {
    let stop = context.cancel();
    let list = match way(&args.table, &args.engine, context)? {
        Way::Engine(engine, name) => commits(engine.as_ref(), &name, Some(args.limit), &stop)?,
        Way::Direct(table) => table.commits(args.limit as usize, &stop)?,
    };
    let mut table = Table::new(&["VERSION", "WHEN", "WHO", "WHAT", ">ADDED", ">REMOVED", "MESSAGE"]);
    for commit in list {
        if args.json.json {
            context.out.json_line(&commit)?;
        } else {
            let cells = [commit.at, commit.user, commit.operation, commit.message].map(Option::unwrap_or_default);
            let [at, user, operation, message] = cells;
            let [added, removed] = [commit.added, commit.removed].map(|n| n.map(grouped).unwrap_or_default());
            table.row([commit.version.to_string(), at, user, operation, added, removed, message]);
        }
    }
    if args.json.json { Ok(()) } else { context.out.table(&table) }
}

fn at(text: &str) -> Result<At, AppError> {
    At::parse(text).map_err(AppError::usage)
}

pub(super) fn diff(args: &DiffArgs, context: &mut Context) -> Result<(), AppError> {
    let (from, to) = (at(&args.from)?, at(&args.to)?);
    let stop = context.cancel();
    let found = match way(args.table.text(), &args.table.engine, context)? {
        Way::Engine(engine, _) => compare(engine.as_ref(), &args.table.source(context)?, &from, &to, &stop)?,
        Way::Direct(table) => table.diff(&direct::columns(&args.table)?, &from, &to, &stop)?,
    };
    if args.table.json.json {
        return context.out.json(&json!({
            "changed": count(&found, What::Changed), "added": count(&found, What::Added),
            "removed": count(&found, What::Removed), "rows": found,
        }));
    }
    context.out.table(&listed(&found))?;
    context.out.line(&format!(
        "{} changed, {} added, {} removed",
        grouped(count(&found, What::Changed)),
        grouped(count(&found, What::Added)),
        grouped(count(&found, What::Removed))
    ))
}

fn count(found: &[Difference], what: What) -> u64 {
    found.iter().filter(|d| d.what == what).count() as u64
}

fn listed(found: &[Difference]) -> Table {
    let mut table = Table::new(&["WHAT", "ID", "PATH", "BEFORE", "AFTER"]);
    let class = |c: &Option<String>| c.as_ref().map_or_else(|| "none".to_owned(), |c| printable(c).into_owned());
    for row in found {
        let (what, before, after) = match row.what {
            What::Changed => ("changed", class(&row.before), class(&row.after)),
            What::Added => ("added", String::new(), class(&row.after)),
            What::Removed => ("removed", class(&row.before), String::new()),
        };
        let (id, path) = (printable(&row.id).into_owned(), printable(&row.path).into_owned());
        table.row([what.to_owned(), id, path, before, after]);
    }
    table
}

pub(super) fn restore(args: &RestoreArgs, context: &mut Context) -> Result<(), AppError> {
    let from = at(&args.from)?;
    let stop = context.cancel();
    direct::must_have_engine(&args.table, context)?;
    let engine = engine(&args.table.engine, context)?;
    let source = args.table.source(context)?;
    let mut found = compare(engine.as_ref(), &source, &from, &At::Now, &stop)?;
    found.retain(|d| d.what == What::Changed && (args.all || args.only.iter().any(|o| *o == d.path || *o == d.id)));
    if found.is_empty() {
        return Err(AppError::failed("no row of these has another class now than in that version")
            .hint("`lakelens table diff` lists the rows that have"));
    }
    if args.dry_run {
        return if args.table.json.json {
            context.out.json(&json!({ "dry_run": true, "restored": found.len(), "left": 0, "rows": found }))
        } else {
            context.out.table(&listed(&found))
        };
    }
    let user = &context.loaded.user;
    let text = if args.message.is_empty() { format!("restored by {user}") } else { args.message.clone() };
    let message = format!("lakelens: {text} (version {})", args.from);
    let restored = bring_back(engine.as_ref(), &source, &found, &message, &stop)?;
    let left = found.len() as u64 - restored;
    if args.table.json.json {
        return context.out.json(&json!({ "dry_run": false, "restored": restored, "left": left, "rows": found }));
    }
    context.out.line(&format!("{} rows restored, {} changed by others meanwhile", grouped(restored), grouped(left)))
}
