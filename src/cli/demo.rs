//! `lakelens demo`: a generated data set, a project of it, and the screen on it.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::grouped;
use super::{open, stores, terminal};
use crate::config::paths::expand;
use crate::domain::class::LabelSet;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{ScanSettings, Task};
use crate::domain::text::printable;
use crate::ops::demo::{DemoReport, PICTURES, SEED, box_classes, demo, put_boxes};
use crate::ops::{Watch, scan};
use crate::store::records::NewProject;
use clap::Args;
use serde_json::json;
use std::ffi::OsString;

/// More pictures are not made.
const MOST: usize = 100_000;
/// The name of the project; the one with boxes has its own, beside it.
const PROJECT: &str = "demo";
const BOXES: &str = "demo-boxes";

/// Try it on generated pictures
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens demo
  lakelens demo --task detection
  lakelens demo --dir /tmp/shapes --pictures 100
  lakelens demo --no-open --json")]
pub(crate) struct DemoArgs {
    /// Where the pictures go; without it, the data folder
    #[arg(long, value_name = "DIR")]
    dir: Option<OsString>,
    /// How many pictures
    #[arg(long, value_name = "N", default_value_t = PICTURES)]
    pictures: usize,
    /// What is asked of the pictures: classes, or boxes around suns and leaves
    #[arg(long, value_name = "TASK", default_value = "classification", value_parser = ["classification", "detection"])]
    task: String,
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
    let task = Task::from_name(&args.task).unwrap_or_default();
    let name = if task == Task::Detection { BOXES } else { PROJECT };
    let samples = match store.project_by_name(name)? {
        Some(known) if known.source == source(&made)? => store.counts(known.id)?.samples(),
        Some(known) => {
            let message = format!("there is a project `{name}` of {} already", printable(&known.source));
            return Err(AppError::new(Kind::Failed, message)
                .hint(format!("`lakelens project rename {name} NEW` makes room for this one")));
        }
        None => {
            let new = wanted(task, name, &made, &context.loaded.user)?;
            let samples = scan::create(store.as_mut(), &lake, &new, &mut watch)?.samples;
            if let (Task::Detection, Some(project)) = (task, store.project_by_name(name)?) {
                put_boxes(store.as_mut(), project.id, &made, &new.author)?;
            }
            samples
        }
    };
    drop((progress, store));
    if args.json.json {
        context.out.json(&json!({ "project": name, "samples": samples, "made": made }))?;
        return context.out.flush();
    }
    let (pictures, from) = (grouped(made.pictures), printable(&made.source).into_owned());
    if args.no_open || !terminal::is_there() {
        context.out.line(&format!("project `{name}` with {pictures} pictures in {from}"))?;
        return context.out.flush();
    }
    let welcome = match task {
        Task::Detection => {
            "a demo: 1 or 2 and four letters draw a box, [boxes.done] next, [edit.undo] takes back, [app.help] every key"
        }
        _ => "a demo: 1-5 label, [edit.undo] takes back, [go.gallery] gallery, [app.help] every key, [app.quit] quits",
    };
    open::open(None, Some(name.to_owned()), None, Some(welcome.to_owned()), context)
}

/// The project of the pictures: classes come from the CSV file, boxes are put there afterwards.
fn wanted(task: Task, name: &str, made: &DemoReport, author: &str) -> Result<NewProject, AppError> {
    let (scan, labels) = match task {
        Task::Detection => (ScanSettings { recursive: true, ..ScanSettings::default() }, box_classes()),
        _ => (made.scan(), LabelSet::default()),
    };
    let (name, author) = (name.to_owned(), author.to_owned());
    Ok(NewProject { name, task, source: source(made)?, scan, labels, author })
}

/// The canonical form of the folder with the pictures.
fn source(made: &DemoReport) -> Result<String, AppError> {
    LakePath::parse(&made.source, "/").map(|p| p.to_string()).map_err(AppError::usage)
}
