//! `lakelens demo`: a generated data set, a project of it, and the screen on it.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::grouped;
use super::{open, stores, terminal};
use crate::config::paths::expand;
use crate::domain::class::LabelSet;
use crate::domain::lake_path::LakePath;
use crate::domain::project::Task;
use crate::domain::text::printable;
use crate::ops::demo::{DemoReport, PICTURES, SEED, demo};
use crate::ops::{Watch, scan};
use crate::store::records::NewProject;
use clap::Args;
use serde_json::json;
use std::ffi::OsString;

/// More pictures are not made.
const MOST: usize = 100_000;
/// The name of the project.
const PROJECT: &str = "demo";

/// Try it on generated pictures
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens demo
  lakelens demo --dir /tmp/shapes --pictures 100
  lakelens demo --no-open --json")]
pub(crate) struct DemoArgs {
    /// Where the pictures go; without it, the data folder
    #[arg(long, value_name = "DIR")]
    dir: Option<OsString>,
    /// How many pictures
    #[arg(long, value_name = "N", default_value_t = PICTURES)]
    pictures: usize,
    /// Only make the pictures and the project
    #[arg(long)]
    no_open: bool,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(args: &DemoArgs, mut context: Context) -> Result<(), AppError> {
    let dir = match &args.dir {
        Some(dir) => expand(&stores::path_text(dir), &context.environment),
        None => context.loaded.paths.data.join(PROJECT),
    };
    let mut store = stores::open_or_create(&context)?;
    let (cancel, lake) = (context.cancel(), context.lake());
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let made = demo(&dir, args.pictures.clamp(1, MOST), SEED, &mut watch)?;
    let samples = match store.project_by_name(PROJECT)? {
        Some(known) if known.source == source(&made)? => store.counts(known.id)?.samples(),
        Some(known) => {
            let message = format!("there is a project `{PROJECT}` of {} already", printable(&known.source));
            return Err(AppError::new(Kind::Failed, message)
                .hint(format!("`lakelens project rename {PROJECT} NEW` makes room for this one")));
        }
        None => {
            let labels = LabelSet::default();
            let (name, author) = (PROJECT.to_owned(), context.loaded.user.clone());
            let task = Task::Classification;
            let new = NewProject { name, task, source: source(&made)?, scan: made.scan(), labels, author };
            scan::create(store.as_mut(), &lake, &new, &mut watch)?.samples
        }
    };
    drop((progress, store));
    if args.json.json {
        context.out.json(&json!({ "project": PROJECT, "samples": samples, "made": made }))?;
        return context.out.flush();
    }
    let (pictures, from) = (grouped(made.pictures), printable(&made.source).into_owned());
    if args.no_open || !terminal::is_there() {
        context.out.line(&format!("project `{PROJECT}` with {pictures} pictures in {from}"))?;
        return context.out.flush();
    }
    let welcome =
        "a demo: 1-5 label, [edit.undo] takes back, [go.gallery] gallery, [app.help] every key, [app.quit] quits";
    open::open(None, Some(PROJECT.to_owned()), None, Some(welcome.to_owned()), context)
}

/// The canonical form of the folder with the pictures.
fn source(made: &DemoReport) -> Result<String, AppError> {
    LakePath::parse(&made.source, "/").map(|p| p.to_string()).map_err(AppError::usage)
}
