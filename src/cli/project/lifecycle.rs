//! Copying, renaming, trashing, restoring and deleting projects.

use crate::cli::context::Context;
use crate::cli::error::AppError;
use crate::cli::grammar::JsonOrLines;
use crate::cli::output::grouped;
use crate::cli::stores;
use crate::domain::text::printable;
use crate::ops::gold::left_behind;
use crate::store::records::NewVersion;
use clap::Args;

/// Copy a project as a new version: the same pictures and classes
#[derive(Debug, Args)]
#[command(after_help = "\
Guideline, predictions and saved queues come along, and with the answers the gold pictures.
History, verdicts, comments and second passes stay behind.

Examples:
  lakelens project clone flowers flowers-2
  lakelens project clone flowers second-pass --without-annotations")]
pub(super) struct CloneArgs {
    /// The project
    #[arg(value_name = "NAME")]
    name: String,
    /// The name of the new version
    #[arg(value_name = "NEW")]
    new: String,
    /// Copy the answers as well; this is the default
    #[arg(long, conflicts_with = "without_annotations")]
    with_annotations: bool,
    /// Every picture starts unlabeled
    #[arg(long)]
    without_annotations: bool,
    #[command(flatten)]
    json: JsonOrLines,
}

/// Give a project another name
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens project rename flowers blossoms")]
pub(super) struct RenameArgs {
    /// The project
    #[arg(value_name = "NAME")]
    name: String,
    /// Its new name
    #[arg(value_name = "NEW")]
    new: String,
    #[command(flatten)]
    json: JsonOrLines,
}

/// Put a project into the trash; nothing is lost, and its name becomes free
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens project trash flowers\n  lakelens project restore flowers")]
pub(super) struct TrashArgs {
    /// The project
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    json: JsonOrLines,
}

/// Take a project out of the trash
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens project restore flowers\n  lakelens project restore '#3'")]
pub(super) struct RestoreArgs {
    /// The project, or its number as `project list --trash` shows it
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    json: JsonOrLines,
}

/// Delete a project in the trash for good, with its labels and history
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens project trash flowers && lakelens project delete flowers --yes")]
pub(super) struct DeleteArgs {
    /// The project in the trash, or its number as `project list --trash` shows it
    #[arg(value_name = "NAME")]
    name: String,
    /// Yes, for good
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    json: JsonOrLines,
}

pub(super) fn clone(args: &CloneArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.name)?;
    let annotations = args.with_annotations || !args.without_annotations;
    let new = NewVersion { name: args.new.clone(), annotations, author: context.loaded.user.clone() };
    let made = store.clone_project(project.id, &new)?;
    super::tell(store.as_mut(), &made, args.json, context)?;
    match left_behind(store.as_mut(), project.id, annotations)? {
        0 => {}
        n => context.note(&format!(
            "{} gold {} with `{}`: without answers there is nothing to trust",
            grouped(n),
            if n == 1 { "picture stays" } else { "pictures stay" },
            printable(&project.name)
        )),
    }
    Ok(())
}

pub(super) fn rename(args: &RenameArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.name)?;
    store.rename_project(project.id, &args.new)?;
    let renamed = store.project(project.id)?;
    super::tell(store.as_mut(), &renamed, args.json, context)
}

pub(super) fn trash(args: &TrashArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.name)?;
    store.trash_project(project.id)?;
    if args.json.json || args.json.jsonl {
        let trashed = store.project(project.id)?;
        return super::tell(store.as_mut(), &trashed, args.json, context);
    }
    let name = printable(&project.name).into_owned();
    context.out.line(&format!("`{name}` is in the trash; `lakelens project restore {name}` takes it out"))
}

pub(super) fn restore(args: &RestoreArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::trashed(store.as_mut(), &args.name)?;
    store.restore_project(project.id)?;
    let restored = store.project(project.id)?;
    super::tell(store.as_mut(), &restored, args.json, context)
}

pub(super) fn delete(args: &DeleteArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::trashed(store.as_mut(), &args.name)?;
    let samples = store.counts(project.id)?.samples();
    let name = printable(&project.name).into_owned();
    if !args.yes {
        let count = grouped(samples);
        return Err(AppError::usage(format!("`{name}` with {count} samples and its history would be gone for good"))
            .hint("give --yes to delete it"));
    }
    store.delete_project(project.id)?;
    if args.json.json || args.json.jsonl {
        let document = serde_json::json!({ "project": project.name, "samples": samples, "deleted": true });
        return context.out.json_line(&document);
    }
    context.out.line(&format!("deleted `{name}`; the picture files are untouched"))
}
