//! `lakelens undo` and `lakelens redo`: take back what was done, across restarts.

use super::answers::before_after_text;
use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Lines;
use super::stores;
use crate::domain::ids::{EditId, SampleId};
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::store::Store;
use crate::store::records::UndoReport;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

/// Take back your last edit, or a whole batch
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens undo flowers
  lakelens undo flowers --edit 0190b5a2-7c1e-7a3b-8f00-3c5d2e1f4a6b
  lakelens undo flowers --json")]
pub(crate) struct UndoArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// This edit, whoever made it; `lakelens history` shows the ids
    #[arg(long, value_name = "ID")]
    edit: Option<uuid::Uuid>,
    #[command(flatten)]
    json: Lines,
}

/// Make your last undone edit again
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens redo flowers\n  lakelens redo flowers --json")]
pub(crate) struct RedoArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    #[command(flatten)]
    json: Lines,
}

pub(super) fn run_undo(args: &UndoArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let (user, now) = (context.loaded.user.clone(), Timestamp::now());
    let report = match args.edit {
        Some(id) => store.undo_edit(project.id, EditId(id), &user, now)?,
        None => store.undo(project.id, &user, now)?,
    };
    tell(&report, "undo", store.as_mut(), &project, args.json.json, context)
}

pub(super) fn run_redo(args: &RedoArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let report = store.redo(project.id, &context.loaded.user.clone(), Timestamp::now())?;
    tell(&report, "redo", store.as_mut(), &project, args.json.json, context)
}

fn tell(
    report: &UndoReport,
    verb: &str,
    store: &mut dyn Store,
    project: &Project,
    as_json: bool,
    context: &mut Context,
) -> Result<(), AppError> {
    if report.applied.is_empty() && report.refused.is_empty() {
        let user = printable(&context.loaded.user).into_owned();
        return Err(AppError::failed(format!(
            "there is nothing to {verb} for `{user}` in `{}`",
            printable(&project.name)
        ))
        .hint("`lakelens history` shows the edits; --user names another person"));
    }
    let path_of = |store: &mut dyn Store, id: Option<SampleId>| -> Result<Option<String>, AppError> {
        id.map(|id| Ok(store.sample(id)?.path)).transpose()
    };
    let state = stores::sent(store)?;
    for applied in &report.applied {
        let path = path_of(store, applied.edit.change.sample())?;
        if as_json {
            let line = json!({ "path": path, "edit": applied.edit.id, "rev": applied.rev, "state": state });
            context.out.json_line(&line)?;
        } else {
            let (before, after) = before_after_text(&applied.edit.change, &project.labels);
            let path = path.unwrap_or_else(|| "label set".to_owned());
            let line = format!("{state}  {}  {} -> {}", printable(&path), printable(&before), printable(&after));
            context.out.line(&line)?;
        }
    }
    for refusal in &report.refused {
        let path = path_of(store, refusal.sample)?;
        if as_json {
            let line = json!({ "path": path, "edit": refusal.edit, "rev": refusal.rev, "state": "conflict" });
            context.out.json_line(&line)?;
        } else {
            let path = path.unwrap_or_else(|| "label set".to_owned());
            let by = printable(&refusal.by).into_owned();
            context.out.line(&format!("conflict  {}  changed since by {by}", printable(&path)))?;
        }
    }
    if report.refused.is_empty() {
        return Ok(());
    }
    let message = format!("{} edits stay: the same things were changed since", report.refused.len());
    Err(AppError::new(Kind::Conflict, message).hint("`lakelens history PROJECT PATH` shows by whom"))
}
