//! `lakelens replay`: what people did, edit by edit in the order in which it happened.

use super::answers::{before_after_json, what as kind};
use super::context::Context;
use super::error::AppError;
use super::grammar::Lines;
use super::output::Table;
use super::stores;
use crate::domain::ids::EventId;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::domain::trace;
use crate::ops::versions::moment;
use crate::store::Store;
use crate::store::records::HistoryEntry;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

/// Events fetched at a time.
const PAGE: usize = 500;
/// Lines of one table, so that a long session needs no memory.
const TABLE: usize = 200;

/// Tell what people did, edit by edit, oldest first
#[derive(Debug, Args)]
#[command(after_help = "\
After a pause of 30 minutes a new session of that person begins. The state of any picture after
an edit is what `before` and `after` of `--json` say.

Examples:
  lakelens replay flowers --by ann
  lakelens replay flowers --by ann --since 2026-11-20
  lakelens replay flowers --since release-1 --json | jq 'select(.session == 2)'")]
pub(crate) struct ReplayArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// Only what this person did
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// From this state on: a snapshot, or a time such as 2026-11-01 or 2026-11-01T10:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// At most so many edits
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    json: Lines,
}

/// A pause of so many seconds ends a session.
const PAUSE: i64 = 30 * 60;

/// Where each person's session stands.
#[derive(Default)]
struct Sessions(std::collections::HashMap<String, (Timestamp, u64)>);

impl Sessions {
    /// The number of the person's session, from 1, and the seconds since their edit before in it.
    fn at(&mut self, author: &str, at: Timestamp) -> (u64, Option<f64>) {
        let known = self.0.get(author).copied();
        let pause = known.map(|(last, _)| (at.as_millisecond() - last.as_millisecond()) as f64 / 1000.0);
        let goes_on = pause.filter(|p| *p < PAUSE as f64);
        let session = known.map_or(1, |(_, n)| if goes_on.is_some() { n } else { n + 1 });
        self.0.insert(author.to_owned(), (at, session));
        (session, goes_on)
    }
}

pub(super) fn run(args: &ReplayArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let mut from = match &args.since {
        Some(since) => moment(store.as_mut(), &project, since)?.event,
        None => None,
    };
    let mut left = args.limit.unwrap_or(usize::MAX);
    let (mut sessions, mut table, mut rows) = (Sessions::default(), head(), 0);
    let mut told = 0_u64;
    while left > 0 {
        let page = page(store.as_mut(), &project, from)?;
        let Some(last) = page.last() else { break };
        from = Some(last.event);
        for entry in page.iter().filter(|e| args.by.as_ref().is_none_or(|by| e.edit.author == *by)).take(left) {
            let Some(what) = trace::what(&entry.edit, &project.labels) else { continue };
            let (session, pause) = sessions.at(&entry.edit.author, entry.edit.at);
            (left, told) = (left - 1, told + 1);
            if args.json.json {
                let (before, after) = before_after_json(&entry.edit.change, &project.labels);
                context.out.json_line(&json!({
                    "at": entry.edit.at, "user": entry.edit.author, "session": session, "pause": pause,
                    "path": entry.path, "kind": kind(&entry.edit.change, entry.edit.origin), "what": what,
                    "before": before, "after": after, "edit": entry.edit.id, "rev": entry.rev,
                }))?;
                continue;
            }
            table.row(cells(entry, &what, session, pause));
            rows += 1;
            if rows == TABLE {
                context.out.table(&table)?;
                (table, rows) = (head(), 0);
            }
        }
    }
    if args.json.json {
        return context.out.flush();
    }
    if told == 0 {
        let by = args.by.as_ref().map(|by| format!(" by `{}`", printable(by))).unwrap_or_default();
        context.note(&format!("no edit{by} to tell"));
        return Ok(());
    }
    if rows > 0 { context.out.table(&table) } else { Ok(()) }
}

fn page(store: &mut dyn Store, project: &Project, from: Option<EventId>) -> Result<Vec<HistoryEntry>, AppError> {
    Ok(store.changes_since(project.id, from, PAGE)?)
}

fn head() -> Table {
    Table::new(&["WHEN", "WHO", ">SESSION", ">AFTER", "PATH", "WHAT"])
}

fn cells(entry: &HistoryEntry, what: &str, session: u64, pause: Option<f64>) -> [String; 6] {
    [
        entry.edit.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        entry.edit.author.clone(),
        session.to_string(),
        pause.map(|s| format!("{s:.1} s")).unwrap_or_default(),
        entry.path.clone().unwrap_or_default(),
        what.to_owned(),
    ]
}
