//! `lakelens dedupe`: measure the pictures of a project, find duplicates and faults, and label duplicates once.

use super::context::Context;
use super::error::AppError;
use super::grammar::Json;
use super::output::grouped;
use super::stores;
use crate::domain::likeness::{DISTANCE, FARTHEST};
use crate::domain::project::Project;
use crate::domain::queue::{Duplicate, Filter, Order, Queue};
use crate::domain::text::printable;
use crate::ops::quality::{self, Drafted, Wanted};
use crate::ops::report::quality::{QualityReport, groups};
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use crate::store::records::{Direction, From};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

/// Samples put on a list at once.
const PAGE: usize = 1_000;

/// Find duplicates, blurred, dark, bright, odd and damaged pictures
#[derive(Debug, Args)]
#[command(after_help = "\
Measures what was not measured yet, and compares all pictures of the project. What
is found is then there for filters (dup:near, dup:exact, blurry, dark, bright, odd,
damaged) and orders (blur, brightness, group).

Examples:
  lakelens dedupe flowers
  lakelens dedupe flowers --distance 3 --list twins
  lakelens dedupe flowers --propagate
  lakelens dedupe flowers --json | jq .near")]
pub(crate) struct DedupeArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// Bits of 64 that the hashes of two near-duplicates differ in at most
    #[arg(long, value_name = "BITS", default_value_t = DISTANCE,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(FARTHEST)))]
    distance: u32,
    /// Keep the near-duplicates as a list of this name; the filter `list:NAME` finds it
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// Give what is answered of one picture to its duplicates, as drafts; one undo takes them back
    #[arg(long)]
    propagate: bool,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(args: &DedupeArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let (cancel, lake, author) = (context.cancel(), context.lake(), context.loaded.user.clone());
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let wanted = Wanted { distance: args.distance };
    let done = all(args, store.as_mut(), &project, &author, &mut watch, |store, watch| {
        quality::run(store, &lake, &project, wanted, watch)
    });
    drop(progress);
    let (report, listed, drafted) = done?;
    if args.json.json {
        let mut out = serde_json::to_value(&report).unwrap_or_default();
        if let Some(out) = out.as_object_mut() {
            out.extend(args.list.as_ref().map(|name| ("list".to_owned(), json!({ "name": name, "samples": listed }))));
            out.extend(drafted.map(|d| ("propagated".to_owned(), json!(d))));
        }
        return context.out.json(&out);
    }
    text(args, &report, listed, drafted, context)
}

/// Everything that may take long.
fn all(
    args: &DedupeArgs,
    store: &mut dyn Store,
    project: &Project,
    author: &str,
    watch: &mut Watch<'_>,
    measure: impl FnOnce(&mut dyn Store, &mut Watch<'_>) -> Result<QualityReport, OpsError>,
) -> Result<(QualityReport, u64, Option<Drafted>), OpsError> {
    let report = measure(store, watch)?;
    let listed = match &args.list {
        Some(name) => list(store, project, name)?,
        None => 0,
    };
    let at = Timestamp::now();
    let drafted = args.propagate.then(|| quality::propagate(store, project, (author, at), watch)).transpose()?;
    Ok((report, listed, drafted))
}

/// Puts what looks alike on a list, group by group.
fn list(store: &mut dyn Store, project: &Project, name: &str) -> Result<u64, OpsError> {
    let queue = Queue { filter: Filter { dup: vec![Duplicate::Near], ..Filter::default() }, order: Order::Group };
    let (mut from, mut begin) = (From::Edge, true);
    loop {
        let page = store.page(project.id, &queue, &from, Direction::Forward, PAGE)?;
        let rows: Vec<_> = page.iter().map(|q| (q.sample.id, String::new())).collect();
        let sum = if begin || !rows.is_empty() { store.put_list(project.id, name, &rows, begin)? } else { 0 };
        begin = false;
        match page.last() {
            Some(last) if page.len() >= PAGE => from = From::After(last.cursor.clone()),
            _ => return Ok(sum),
        }
    }
}

fn text(
    args: &DedupeArgs,
    report: &QualityReport,
    listed: u64,
    drafted: Option<Drafted>,
    context: &mut Context,
) -> Result<(), AppError> {
    figures(report, context)?;
    let out = &mut context.out;
    if let Some(d) = drafted {
        out.line(&format!(
            "{:<10} {} in {}; `lakelens undo` takes them back",
            "drafts",
            grouped(d.drafts),
            groups(d.groups)
        ))?;
        if d.disagreeing > 0 {
            out.line(&format!("{:<10} {} got none: answers differ within", "", groups(d.disagreeing)))?;
        }
        if d.conflicts > 0 {
            out.line(&format!("{:<10} {} were changed by somebody at that moment and stay", "", grouped(d.conflicts)))?;
        }
    }
    if let Some(name) = args.list.as_ref().filter(|_| listed > 0) {
        let filter = Filter { list: vec![name.clone()], ..Filter::default() };
        let (name, filter) = (printable(name).into_owned(), filter.to_string());
        context.note(&format!(
            "{} pictures kept as the list `{name}`: the filter {} finds it",
            grouped(listed),
            printable(&filter)
        ));
    }
    Ok(())
}

/// How many pictures were measured, look alike and have faults, a line each.
pub(super) fn figures(report: &QualityReport, context: &mut Context) -> Result<(), AppError> {
    let out = &mut context.out;
    out.line(&format!("{:<10} {}", "pictures", grouped(report.pictures)))?;
    out.line(&format!("{:<10} {}", "measured", grouped(report.measured)))?;
    out.line(&format!("{:<10} {}", "dup:near", report.near.told()))?;
    out.line(&format!("{:<10} {}", "dup:exact", report.exact.told()))?;
    for (fault, n) in &report.faults {
        out.line(&format!("{:<10} {}", fault.name(), grouped(*n)))?;
    }
    if report.unreached > 0 {
        let unreached = grouped(report.unreached);
        context.note(&format!("{unreached} files could not be reached; `lakelens dedupe` tries them again"));
    }
    Ok(())
}
