//! `lakelens snapshot`: names for states of a project, and taking chosen parts back.

use super::context::Context;
use super::error::AppError;
use super::grammar::{Json, JsonOrLines};
use super::output::{Table, grouped};
use super::stores;
use crate::domain::difference::Kind;
use crate::domain::sample::Status;
use crate::domain::text::printable;
use crate::ops::Watch;
use crate::ops::versions::{self, Restore, Wanted};
use crate::store::records::{NewSnapshot, Snapshot};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Give the state of a project a name, compare with it, take parts of it back
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens snapshot take flowers before-cleanup --message 'as delivered'
  lakelens snapshot list flowers
  lakelens diff flowers before-cleanup
  lakelens snapshot restore flowers before-cleanup --only class --dry-run")]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
enum SnapshotCommand {
    /// Give the present state a name; it can be read, compared and taken back for ever
    #[command(after_help = "Examples:\n  lakelens snapshot take flowers before-cleanup --message 'as delivered'")]
    Take {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// What it is called; a name is never given twice
        #[arg(value_name = "NAME")]
        name: String,
        /// Why, for those who read it later
        #[arg(long, short, value_name = "TEXT", default_value = "")]
        message: String,
        #[command(flatten)]
        json: Json,
    },
    /// List the snapshots of a project, the oldest first
    #[command(after_help = "Examples:\n  lakelens snapshot list flowers --json")]
    List {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        json: JsonOrLines,
    },
    /// Forget a name; the history stays as it is
    #[command(after_help = "Examples:\n  lakelens snapshot drop flowers before-cleanup")]
    Drop {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// The snapshot
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        json: Json,
    },
    /// Give samples the labels of an earlier state again; one `lakelens undo` takes all of it back
    #[command(after_help = "\
With --only, only that part of an answer comes back: its classes, its boxes, its marks. That a
picture is answered at all, or put aside, comes back with all that stood on it.

Examples:
  lakelens snapshot restore flowers before-cleanup --only class --path roses/ --dry-run")]
    Restore {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// A snapshot, or a time
        #[arg(value_name = "SNAPSHOT|TIME")]
        state: String,
        #[command(flatten)]
        which: Which,
        /// Only count what would be restored
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        json: Json,
    },
}

/// Which differences are meant.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Only samples that differ in one of these ways
    #[arg(long, value_name = "KIND,…", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    only: Vec<String>,
    /// Only samples with a box that overlaps with what it was by less than this (0 to 1)
    #[arg(long, value_name = "IOU", value_parser = share)]
    below_iou: Option<f64>,
    /// Only samples whose path contains this
    #[arg(long = "path", value_name = "TEXT")]
    text: Vec<String>,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|v| (0.0..=1.0).contains(v)).ok_or_else(|| "give a number from 0 to 1".to_owned())
}

impl Which {
    pub(super) fn wanted(&self) -> Wanted {
        let kinds = self.only.iter().filter_map(|k| Kind::from_name(k)).collect();
        Wanted { kinds, below_iou: self.below_iou, text: self.text.clone() }
    }
}

pub(super) fn run(args: &SnapshotArgs, context: &mut Context) -> Result<(), AppError> {
    match &args.command {
        SnapshotCommand::Take { project, name, message, json } => take(project, name, message, json.json, context),
        SnapshotCommand::List { project, json } => list(project, *json, context),
        SnapshotCommand::Drop { project, name, json } => forget(project, name, json.json, context),
        SnapshotCommand::Restore { project, state, which, dry_run, json } => {
            restore(project, state, &which.wanted(), *dry_run, json.json, context)
        }
    }
}

fn take(project: &str, name: &str, message: &str, json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), project)?;
    versions::settle(store.as_mut())?;
    let (author, message) = (context.loaded.user.clone(), message.to_owned());
    let new = NewSnapshot { name: name.to_owned(), author, at: Timestamp::now(), message };
    let taken = store.take_snapshot(project.id, &new)?;
    if json {
        return context.out.json(&told(&project.name, &taken));
    }
    let labeled = taken.counts.of(Status::Labeled);
    let (name, labeled, all) = (printable(&taken.name), grouped(labeled), grouped(taken.counts.samples()));
    context.out.line(&format!("`{name}`: {labeled} of {all} samples labeled"))
}

fn told(project: &str, snapshot: &Snapshot) -> Value {
    let status: serde_json::Map<String, Value> =
        Status::ALL.iter().map(|s| (s.name().to_owned(), json!(snapshot.counts.of(*s)))).collect();
    json!({
        "project": project, "name": snapshot.name, "event": snapshot.event, "user": snapshot.author,
        "at": snapshot.at, "message": snapshot.message, "status": status,
    })
}

fn list(project: &str, json: JsonOrLines, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let all = store.snapshots(project.id)?;
    if json.jsonl {
        return all.iter().try_for_each(|s| context.out.json_line(&told(&project.name, s)));
    }
    if json.json {
        return context.out.json(&all.iter().map(|s| told(&project.name, s)).collect::<Vec<_>>());
    }
    if all.is_empty() {
        context.note(&format!("no snapshot yet; `lakelens snapshot take {} NAME` makes one", printable(&project.name)));
        return Ok(());
    }
    let mut table = Table::new(&["NAME", "WHEN", "WHO", ">LABELED", ">SAMPLES", "MESSAGE"]);
    for s in &all {
        let (labeled, samples) = (grouped(s.counts.of(Status::Labeled)), grouped(s.counts.samples()));
        let when = s.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        table.row([s.name.as_str(), &when, &s.author, &labeled, &samples, &s.message]);
    }
    context.out.table(&table)
}

fn forget(project: &str, name: &str, json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), project)?;
    store.drop_snapshot(project.id, name)?;
    if json {
        return context.out.json(&json!({ "project": project.name, "dropped": name }));
    }
    context.out.line(&format!("forgot the name `{}`; the history stays", printable(name)))
}

fn restore(
    project: &str,
    state: &str,
    wanted: &Wanted,
    dry_run: bool,
    json: bool,
    context: &mut Context,
) -> Result<(), AppError> {
    let mut store = if dry_run { stores::open(context)? } else { stores::open_to_change(context)? };
    let project = stores::project(store.as_mut(), project)?;
    let to = versions::moment(store.as_mut(), &project, state)?;
    let author = context.loaded.user.clone();
    let cancel = context.cancel();
    let mut progress = context.progress();
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let restore = Restore { to: &to, seen: None, wanted, author: &author, at: Timestamp::now(), dry_run };
    let report = versions::restore(store.as_mut(), &project, &restore, &mut watch);
    drop(progress);
    let report = report?;
    if json {
        return context.out.json(&report);
    }
    if dry_run {
        return context
            .out
            .line(&format!("{} samples would be restored; nothing was written", grouped(report.differing)));
    }
    context.out.line(&format!("{} samples restored; `lakelens undo` takes it back", grouped(report.restored)))?;
    match report.conflicts {
        0 => Ok(()),
        n => context.out.line(&format!("{} samples were changed by somebody at that moment and stay", grouped(n))),
    }
}
