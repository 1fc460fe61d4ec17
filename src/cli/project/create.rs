//! Making a project from a source, and scanning the source again.

use crate::cli::context::Context;
use crate::cli::dedupe;
use crate::cli::error::AppError;
use crate::cli::grammar::Json;
use crate::cli::output::grouped;
use crate::cli::stores;
use crate::config::paths::expand;
use crate::domain::class::LabelSet;
use crate::domain::project::{ClassFrom, ScanSettings, Task};
use crate::domain::text::{encode_os, printable};
use crate::ops::report::ScanReport;
use crate::ops::{OpsError, Watch, quality, scan};
use crate::store::Store;
use crate::store::records::NewProject;
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;
use std::ffi::OsString;

/// Left-out files that are named in the text; the others are counted.
const NAMED: usize = 5;

/// Make a project from the pictures of a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens project create flowers --from ~/photos --recursive --class-from folder
  lakelens project create cells --from /data/cells --classes round,oval,broken
  lakelens project create xrays --from /data --class-from csv:labels.csv:file:finding
  lakelens project create cars --from /data/cars --task detection --classes car,truck --json")]
pub(super) struct CreateArgs {
    /// The name of the project
    #[arg(value_name = "NAME")]
    name: String,
    /// Folder or URI with the pictures
    #[arg(long, value_name = "URI")]
    from: OsString,
    /// Only paths that match, such as '*.jpg'
    #[arg(long, value_name = "PATTERN", default_value = "")]
    glob: String,
    /// Go into sub-folders
    #[arg(long, short)]
    recursive: bool,
    /// Take names that start with a dot as well
    #[arg(long)]
    hidden: bool,
    /// Where classes come from: folder, csv:FILE:ID:CLASS or none
    #[arg(long, value_name = "WHERE", default_value = "none")]
    class_from: OsString,
    /// The classes, in order, separated by commas
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    classes: Vec<String>,
    /// What is asked for each picture
    #[arg(long, value_name = "TASK", default_value = "classification",
          value_parser = PossibleValuesParser::new(Task::ALL.map(Task::name)))]
    task: String,
    /// Find duplicates and faults among the pictures as well, as `lakelens dedupe` does
    #[arg(long, conflicts_with = "dry_run")]
    measure: bool,
    /// Only say what would be found
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: Json,
}

/// Look for new, changed and missing pictures
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens project rescan flowers
  lakelens project rescan flowers --measure
  lakelens project rescan flowers --json")]
pub(super) struct RescanArgs {
    /// The project
    #[arg(value_name = "NAME")]
    name: String,
    /// Find duplicates and faults among the pictures as well, as `lakelens dedupe` does
    #[arg(long, conflicts_with = "dry_run")]
    measure: bool,
    /// Only say what would be found
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: Json,
}

pub(super) fn create(args: &CreateArgs, context: &mut Context) -> Result<(), AppError> {
    let source = context.lake_path(&args.from)?.to_string();
    let settings = ScanSettings {
        glob: args.glob.clone(),
        recursive: args.recursive,
        hidden: args.hidden || context.loaded.settings.hidden,
        class_from: class_from(&encode_os(&args.class_from), context)?,
    };
    let names: Vec<&str> = args.classes.iter().map(|c| c.trim()).filter(|c| !c.is_empty()).collect();
    let labels = LabelSet::from_names(&names, 1);
    if let Some(problem) = labels.problems(&[]).into_iter().next() {
        return Err(AppError::usage(problem));
    }
    let report = if args.dry_run {
        let lake = context.lake();
        watched(context, |watch| scan::preview(&lake, &source, &settings, watch))?
    } else {
        let task = Task::from_name(&args.task).unwrap_or_default();
        let (name, author) = (args.name.clone(), context.loaded.user.clone());
        let new = NewProject { name, task, source, scan: settings, labels, author };
        let mut store = stores::open_or_create(context)?;
        let lake = context.lake();
        let report = watched(context, |watch| scan::create(store.as_mut(), &lake, &new, watch))?;
        if args.measure {
            return measure(store.as_mut(), &report, args.json.json, context);
        }
        report
    };
    tell(&report, args.json.json, context)
}

pub(super) fn rescan(args: &RescanArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = if args.dry_run { stores::open(context)? } else { stores::open_to_change(context)? };
    let project = stores::project(store.as_mut(), &args.name)?;
    let (lake, user) = (context.lake(), context.loaded.user.clone());
    let report = watched(context, |watch| match args.dry_run {
        true => scan::preview(&lake, &project.source, &project.scan, watch),
        false => scan::rescan(store.as_mut(), &lake, &project, &user, watch),
    })?;
    match args.measure {
        true => measure(store.as_mut(), &report, args.json.json, context),
        false => tell(&report, args.json.json, context),
    }
}

/// Measures and compares the pictures of a project that was scanned, and says what came of both.
fn measure(store: &mut dyn Store, scan: &ScanReport, as_json: bool, context: &mut Context) -> Result<(), AppError> {
    let project = stores::project(store, &scan.project)?;
    let lake = context.lake();
    let found = watched(context, |watch| quality::run(store, &lake, &project, quality::Wanted::default(), watch))?;
    if as_json {
        let mut out = serde_json::to_value(scan).unwrap_or_default();
        if let Some(out) = out.as_object_mut() {
            out.insert("quality".to_owned(), json!(found));
        }
        return context.out.json(&out);
    }
    tell(scan, false, context)?;
    dedupe::figures(&found, context)
}

/// Runs a workflow with a progress line and Ctrl-C.
fn watched<T>(context: &mut Context, work: impl FnOnce(&mut Watch<'_>) -> Result<T, OpsError>) -> Result<T, AppError> {
    let cancel = context.cancel();
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    Ok(work(&mut watch)?)
}

fn class_from(text: &str, context: &Context) -> Result<ClassFrom, AppError> {
    let wrong = || {
        AppError::usage(format!("`{}` does not say where classes come from", printable(text)))
            .hint("use folder, none, or csv:FILE:ID:CLASS with the names of two columns")
    };
    match text {
        "none" => Ok(ClassFrom::None),
        "folder" => Ok(ClassFrom::Folder),
        other => {
            // From the right, because the file's name may hold a colon.
            let mut parts = other.strip_prefix("csv:").ok_or_else(wrong)?.rsplitn(3, ':');
            let (Some(class), Some(id), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(wrong());
            };
            if class.is_empty() || id.is_empty() || file.is_empty() {
                return Err(wrong());
            }
            let file = encode_os(expand(file, &context.environment).as_os_str());
            Ok(ClassFrom::Csv { file, id: id.to_owned(), class: class.to_owned() })
        }
    }
}

/// Says what a scan did.
pub(in crate::cli) fn tell(report: &ScanReport, as_json: bool, context: &mut Context) -> Result<(), AppError> {
    if as_json {
        return context.out.json(report);
    }
    let would = if report.dry_run { "would have " } else { "" };
    let out = &mut context.out;
    out.line(&format!(
        "{}  {would}{} samples, {} labeled; {} found, {} added, {} changed, {} missing",
        printable(&report.project),
        grouped(report.samples),
        grouped(report.labeled),
        grouped(report.found),
        grouped(report.added),
        grouped(report.changed),
        grouped(report.missing)
    ))?;
    if !report.classes.is_empty() {
        let names: Vec<_> = report.classes.iter().take(30).map(|c| printable(c)).collect();
        out.line(&format!("classes  {}", names.join(", ")))?;
    }
    if report.skipped_count > 0 {
        out.line(&format!("left out  {}", grouped(report.skipped_count)))?;
        for skipped in report.skipped.iter().take(NAMED) {
            out.line(&format!("  {}: {}", printable(&skipped.path), printable(&skipped.reason)))?;
        }
    }
    Ok(())
}
