//! `lakelens list add` and `remove`: what is on a list, from a script.

use crate::cli::context::Context;
use crate::cli::error::AppError;
use crate::cli::grammar::Json;
use crate::cli::output::grouped;
use crate::cli::stores;
use crate::domain::ids::SampleId;
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::text::printable;
use crate::store::Store;
use crate::store::records::{Direction, From};
use clap::Args;
use serde_json::json;
use std::ffi::OsString;

/// Samples that are written at once.
const PAGE: usize = 1_000;

/// Which pictures go on a list or come off it.
#[derive(Debug, Args)]
pub(super) struct Members {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The list
    #[arg(value_name = "NAME")]
    name: String,
    /// The pictures, relative to the project's source
    #[arg(value_name = "PATH", required_unless_present = "filter", conflicts_with = "filter")]
    paths: Vec<OsString>,
    /// All pictures that a filter takes, such as 'disagree class:roses'
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    filter: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// Puts pictures on a list, or takes them off.
pub(super) fn change(args: &Members, on: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let samples = match &args.filter {
        Some(filter) => matching(store.as_mut(), &project, filter)?,
        None => named(store.as_mut(), &project, &args.paths)?,
    };
    // Without any, the number on the list is all that is asked.
    let mut left = None;
    for some in samples.chunks(PAGE) {
        left = Some(if on {
            let rows: Vec<(SampleId, String)> = some.iter().map(|id| (*id, String::new())).collect();
            store.put_list(project.id, &args.name, &rows, false)?
        } else {
            store.take_off_list(project.id, &args.name, some)?
        });
    }
    let left = match left {
        Some(left) => left,
        None => store.take_off_list(project.id, &args.name, &[])?,
    };
    if args.json.json {
        let key = if on { "added" } else { "removed" };
        return context
            .out
            .json(&json!({ "project": project.name, "name": args.name, key: samples.len(), "samples": left }));
    }
    let (name, n) = (printable(args.name.trim()), grouped(samples.len() as u64));
    let what = if on { "on" } else { "off" };
    context.out.line(&format!("{n} {what} the list `{name}`, which has {}", grouped(left)))
}

fn named(store: &mut dyn Store, project: &Project, paths: &[OsString]) -> Result<Vec<SampleId>, AppError> {
    paths.iter().map(|path| Ok(stores::sample(store, project, &stores::path_text(path))?.id)).collect()
}

/// All of them before the first is written: what is written may change what the filter takes.
fn matching(store: &mut dyn Store, project: &Project, filter: &str) -> Result<Vec<SampleId>, AppError> {
    let queue = Queue {
        filter: Filter::parse(filter).map_err(|e| AppError::usage(format!("--filter: {}", printable(&e))))?,
        order: Order::Path,
    };
    let (mut out, mut from) = (Vec::new(), From::Edge);
    loop {
        let page = store.page(project.id, &queue, &from, Direction::Forward, PAGE)?;
        let Some(last) = page.last() else { return Ok(out) };
        from = From::After(last.cursor.clone());
        out.extend(page.iter().map(|q| q.sample.id));
    }
}
