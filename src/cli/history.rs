//! `lakelens history`: what was changed, by whom, newest first.

use super::answers::{before_after_json, before_after_text, what};
use super::context::Context;
use super::error::AppError;
use super::grammar::Lines;
use super::output::Table;
use super::stores;
use crate::domain::ids::EventId;
use crate::domain::project::Project;
use crate::store::records::HistoryEntry;
use clap::Args;
use serde_json::{Value, json};
use std::ffi::OsString;

/// Events fetched at a time.
const PAGE: usize = 500;
/// Events shown to people who do not say how many they want.
const FEW: usize = 30;

/// Show what was changed, by whom, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens history flowers
  lakelens history flowers roses/12.jpg
  lakelens history flowers --json | jq 'select(.user == \"ann\")'")]
pub(crate) struct HistoryArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// Only this picture, relative to the project's source
    #[arg(value_name = "PATH")]
    path: Option<OsString>,
    /// At most so many events; without it 30 as text, all as JSON
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    json: Lines,
}

pub(super) fn run(args: &HistoryArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let sample = match &args.path {
        Some(path) => Some(stores::sample(store.as_mut(), &project, &stores::path_text(path))?.id),
        None => None,
    };
    let mut left = args.limit.unwrap_or(if args.json.json { usize::MAX } else { FEW });
    let mut table = Table::new(&["WHEN", "WHO", "WHAT", "PATH", "BEFORE", "AFTER", "MESSAGE"]);
    let mut before: Option<EventId> = None;
    while left > 0 {
        let page = store.history(project.id, sample, before, PAGE.min(left))?;
        let Some(last) = page.last() else { break };
        before = Some(last.event);
        left -= page.len().min(left);
        for entry in &page {
            if args.json.json {
                context.out.json_line(&entry_json(entry, &project))?;
            } else {
                table.row(entry_cells(entry, &project));
            }
        }
    }
    if args.json.json {
        return Ok(());
    }
    context.out.table(&table)
}

fn entry_json(entry: &HistoryEntry, project: &Project) -> Value {
    let edit = &entry.edit;
    let (before, after) = before_after_json(&edit.change, &project.labels);
    json!({
        "edit": edit.id, "path": entry.path, "what": what(&edit.change, edit.origin), "before": before, "after": after,
        "user": edit.author, "at": edit.at, "message": edit.message, "rev": entry.rev, "batch": edit.batch,
    })
}

fn entry_cells(entry: &HistoryEntry, project: &Project) -> [String; 7] {
    let edit = &entry.edit;
    let (before, after) = before_after_text(&edit.change, &project.labels);
    [
        edit.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        edit.author.clone(),
        what(&edit.change, edit.origin).to_owned(),
        entry.path.clone().unwrap_or_default(),
        before,
        after,
        edit.message.clone(),
    ]
}
