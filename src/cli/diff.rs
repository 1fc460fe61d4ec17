//! `lakelens diff`: what differs between two states of a project, as text, as JSON, or as a queue to walk through.

use super::answers::answer_json;
use super::context::Context;
use super::error::AppError;
use super::grammar::Lines;
use super::output::{Table, grouped};
use super::snapshot::Which;
use super::{open as screen, stores, terminal};
use crate::domain::difference::Kind;
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::text::printable;
use crate::ops::versions::{self, Difference, Moment};
use crate::ops::{OpsError, Watch};
use crate::runtime::store_reads::begin_with;
use crate::store::Store;
use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;

/// Lines shown to people who do not say how many they want.
const FEW: usize = 40;

/// Show what differs between two states of a project
#[derive(Debug, Args)]
#[command(after_help = "\
A state is a snapshot (`lakelens snapshot list`), a time, `start` or `now`.

Examples:
  lakelens diff flowers before-cleanup
  lakelens diff flowers 2026-11-01 2026-11-08 --only class
  lakelens diff flowers before-cleanup --only boxes --below-iou 0.8 --json
  lakelens diff flowers before-cleanup --only class --open")]
pub(crate) struct DiffArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The state to compare with
    #[arg(value_name = "A")]
    from: String,
    /// The other state
    #[arg(value_name = "B", default_value = "now")]
    to: String,
    #[command(flatten)]
    which: Which,
    /// Keep what differs as a list of this name; the filter `list:NAME` finds it
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// Walk through what differs, on the screen
    #[arg(long)]
    open: bool,
    /// At most so many lines; without it 40 as text, all as JSON
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    json: Lines,
}

impl DiffArgs {
    /// The list that is made.
    fn list(&self) -> Option<String> {
        self.list.clone().or_else(|| self.open.then(|| format!("diff {} {}", self.from.trim(), self.to.trim())))
    }
}

/// What was found, for the last line.
#[derive(Default)]
struct Sum {
    all: u64,
    kinds: BTreeMap<Kind, u64>,
    flips: BTreeMap<(String, String), u64>,
}

pub(super) fn run(args: &DiffArgs, mut context: Context) -> Result<(), AppError> {
    let list = args.list();
    let mut store = if list.is_some() { stores::open_to_change(&context)? } else { stores::open(&context)? };
    let project = stores::project(store.as_mut(), &args.project)?;
    let (from, to) = (
        versions::moment(store.as_mut(), &project, &args.from)?,
        versions::moment(store.as_mut(), &project, &args.to)?,
    );
    let done = told(args, list.as_deref(), store.as_mut(), &project, (&from, &to), &mut context);
    let flushed = context.out.flush();
    let found = done?;
    flushed?;
    let Some(list) = list.filter(|_| args.open && found > 0 && terminal::is_there()) else { return Ok(()) };
    let filter = Filter { list: vec![list], ..Filter::default() };
    begin_with(store.as_mut(), project.id, &context.loaded.user, &Queue { filter, order: Order::Path })?;
    drop(store);
    let welcome =
        format!("{} samples differ between {} and {}", grouped(found), printable(&from.shown), printable(&to.shown));
    screen::open(None, Some(project.name), None, Some(welcome), context)
}

/// Prints what differs, and puts it on the list; returns how many samples that are.
fn told(
    args: &DiffArgs,
    list: Option<&str>,
    store: &mut dyn Store,
    project: &Project,
    (from, to): (&Moment, &Moment),
    context: &mut Context,
) -> Result<u64, AppError> {
    let mut sum = Sum::default();
    let mut table = Table::new(&["PATH", "WHAT", "DIFFERENCE", "WHO", "WHEN"]);
    let mut left = args.limit.unwrap_or(if args.json.json { usize::MAX } else { FEW });
    let cancel = context.cancel();
    let mut progress = context.progress();
    let out = &mut context.out;
    let mut broken = None;
    let mut take = |store: &mut dyn Store, page: Vec<Difference>| -> Result<(), OpsError> {
        if let Some(list) = list {
            let rows: Vec<_> = page.iter().map(|d| (d.row.sample, d.summary(project))).collect();
            store.put_list(project.id, list, &rows, sum.all == 0)?;
        }
        for found in &page {
            sum.count(found, project);
            if left == 0 {
                continue;
            }
            left -= 1;
            if args.json.json {
                out.json_line(&line(found, project)).map_err(|e| {
                    broken = Some(e);
                    OpsError::Cancelled
                })?;
            } else {
                table.row(cells(found, project));
            }
        }
        Ok(())
    };
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let done = versions::compare(store, project, (from, to), &args.which.wanted(), &mut watch, &mut take);
    drop(progress);
    if let Some(error) = broken {
        return Err(error);
    }
    done?;
    if !args.json.json {
        context.out.table(&table)?;
        context.out.line(&sum.text(from, to))?;
    }
    if let Some(list) = list.filter(|_| sum.all > 0 && !args.open) {
        let (name, filter) = (printable(list), Filter { list: vec![list.to_owned()], ..Filter::default() });
        context.note(&format!("kept as the list `{name}`: the filter {} finds it", printable(&filter.to_string())));
    }
    Ok(sum.all)
}

impl Sum {
    fn count(&mut self, found: &Difference, project: &Project) {
        self.all += 1;
        for kind in &found.change.kinds {
            *self.kinds.entry(*kind).or_default() += 1;
        }
        if found.change.kinds.contains(&Kind::Class) {
            let name = |a| crate::domain::sample::Answer::summary(a, &project.labels);
            *self.flips.entry((name(&found.row.before), name(&found.row.after))).or_default() += 1;
        }
    }

    fn text(&self, from: &Moment, to: &Moment) -> String {
        let kinds: Vec<String> = self.kinds.iter().map(|(k, n)| format!("{} {}", grouped(*n), k.name())).collect();
        let mut text = format!(
            "{} samples differ between {} and {}{}{}",
            grouped(self.all),
            printable(&from.shown),
            printable(&to.shown),
            if kinds.is_empty() { "" } else { ": " },
            kinds.join(", ")
        );
        let mut flips: Vec<_> = self.flips.iter().collect();
        flips.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        for ((before, after), n) in flips.into_iter().take(10) {
            text += &format!("\n  {:>8}  {} → {}", grouped(*n), printable(before), printable(after));
        }
        text
    }
}

fn line(found: &Difference, project: &Project) -> serde_json::Value {
    let (row, labels) = (&found.row, &project.labels);
    json!({
        "path": row.path, "kinds": found.change.kinds, "before": answer_json(&row.before, labels),
        "after": answer_json(&row.after, labels), "objects": found.change.objects, "user": row.author, "at": row.at,
    })
}

fn cells(found: &Difference, project: &Project) -> [String; 5] {
    let kinds: Vec<&str> = found.change.kinds.iter().map(|k| k.name()).collect();
    let when = found.row.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    [found.row.path.clone(), kinds.join(", "), found.summary(project), found.row.author.clone(), when]
}
