//! `lakelens project`: labelling projects and their label sets.

mod classes;
pub(super) mod create;
mod guideline;
mod lifecycle;

use super::context::Context;
use super::error::AppError;
use super::grammar::JsonOrLines;
use super::output::{Table, grouped};
use super::stores;
use crate::domain::project::Project;
use crate::domain::sample::Status;
use crate::domain::text::printable;
use crate::ops::report::ProjectReport;
use crate::store::Store;
use crate::store::records::Shelf;
use clap::{Args, Subcommand};

/// Create, list, copy, rename and delete labelling projects
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens project create flowers --from ~/photos --recursive --class-from folder
  lakelens project list
  lakelens project clone flowers flowers-2
  lakelens project classes rename flowers rose roses")]
pub(crate) struct ProjectArgs {
    #[command(subcommand)]
    command: ProjectCommand,
}

#[derive(Debug, Subcommand)]
enum ProjectCommand {
    Create(create::CreateArgs),
    Rescan(create::RescanArgs),
    List(ListArgs),
    Show(ShowArgs),
    Clone(lifecycle::CloneArgs),
    Rename(lifecycle::RenameArgs),
    Trash(lifecycle::TrashArgs),
    Restore(lifecycle::RestoreArgs),
    Delete(lifecycle::DeleteArgs),
    Classes(classes::ClassesArgs),
    Guideline(guideline::GuidelineArgs),
}

/// List the projects with their progress
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakelens project list\n  lakelens project list --trash\n  lakelens project list --json"
)]
struct ListArgs {
    /// Those in the trash
    #[arg(long, conflicts_with = "all")]
    trash: bool,
    /// Those in the trash as well
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    json: JsonOrLines,
}

/// Show one project: source, progress, classes
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens project show flowers\n  lakelens project show flowers --json")]
struct ShowArgs {
    /// The project
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    json: JsonOrLines,
}

pub(super) fn run(args: &ProjectArgs, context: &mut Context) -> Result<(), AppError> {
    match &args.command {
        ProjectCommand::Create(args) => create::create(args, context),
        ProjectCommand::Rescan(args) => create::rescan(args, context),
        ProjectCommand::List(args) => list(args, context),
        ProjectCommand::Show(args) => show(args, context),
        ProjectCommand::Clone(args) => lifecycle::clone(args, context),
        ProjectCommand::Rename(args) => lifecycle::rename(args, context),
        ProjectCommand::Trash(args) => lifecycle::trash(args, context),
        ProjectCommand::Restore(args) => lifecycle::restore(args, context),
        ProjectCommand::Delete(args) => lifecycle::delete(args, context),
        ProjectCommand::Classes(args) => classes::run(args, context),
        ProjectCommand::Guideline(args) => guideline::run(args, context),
    }
}

fn list(args: &ListArgs, context: &mut Context) -> Result<(), AppError> {
    let shelf = match (args.trash, args.all) {
        (true, _) => Shelf::Trash,
        (_, true) => Shelf::All,
        _ => Shelf::Live,
    };
    let mut rows = Vec::new();
    if let Some(mut store) = stores::open_to_read(context)? {
        for project in store.projects(shelf)? {
            let counts = store.counts(project.id)?;
            rows.push((project.id, ProjectReport::new(&project, &counts)));
        }
    }
    if args.json.jsonl {
        return rows.iter().try_for_each(|(_, r)| context.out.json_line(r));
    }
    if args.json.json {
        return context.out.json(&rows.iter().map(|(_, r)| r).collect::<Vec<_>>());
    }
    if rows.is_empty() {
        context.note(match shelf {
            Shelf::Trash => "the trash is empty",
            _ => stores::first_project(context),
        });
        return Ok(());
    }
    let mut table = Table::new(&["", "NAME", ">VERSION", "TASK", ">DONE", ">SAMPLES", ">", "SOURCE"]);
    for (id, report) in &rows {
        let done = done(report);
        let share = (done * 100).checked_div(report.samples).map(|p| format!("{p} %")).unwrap_or_default();
        let mark = if report.trashed_at.is_some() { format!("#{id}") } else { String::new() };
        let cells = [
            &mark,
            &report.project,
            &report.version.to_string(),
            report.task.name(),
            &grouped(done),
            &grouped(report.samples),
            &share,
            &report.source,
        ];
        table.row(cells.map(str::to_owned));
    }
    context.out.table(&table)
}

fn done(report: &ProjectReport) -> u64 {
    [Status::Labeled, Status::Skipped].iter().filter_map(|s| report.status.get(s)).sum()
}

fn show(args: &ShowArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), &args.name)?;
    tell(store.as_mut(), &project, args.json, context)
}

/// Prints a project as it is now.
fn tell(store: &mut dyn Store, project: &Project, json: JsonOrLines, context: &mut Context) -> Result<(), AppError> {
    let counts = store.counts(project.id)?;
    let report = ProjectReport::new(project, &counts);
    if json.jsonl {
        return context.out.json_line(&report);
    }
    if json.json {
        return context.out.json(&report);
    }
    let trash = if project.trashed_at.is_some() { ", in the trash" } else { "" };
    let out = &mut context.out;
    out.line(&format!("{}  version {}, {}{trash}", printable(&report.project), report.version, report.task.name()))?;
    out.line(&format!("source   {}", printable(&report.source)))?;
    out.line(&format!("samples  {}", grouped(report.samples)))?;
    for (status, n) in &report.status {
        out.line(&format!("  {:<12} {:>10}", status.name(), grouped(*n)))?;
    }
    if report.classes.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["CLASS", "KEY", ">SAMPLES"]);
    for class in &report.classes {
        table.row([&class.name, &class.key, &grouped(class.count)]);
    }
    out.line("")?;
    out.table(&table)
}
