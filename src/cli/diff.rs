//! `lakelens diff`: what differs between two states of a project, or between two projects, as text, as JSON, or as a queue
//! to walk through.

use super::answers::answer_json;
use super::context::Context;
use super::error::AppError;
use super::grammar::Lines;
use super::output::{Table, grouped};
use super::snapshot::Which;
use super::{open as screen, stores, terminal};
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::text::printable;
use crate::ops::report::versions::Differences;
use crate::ops::versions::{self, Difference, Moment};
use crate::ops::{OpsError, Watch};
use crate::runtime::store_reads::begin_with;
use crate::store::Store;
use clap::Args;
use serde_json::json;

/// Lines shown to people who do not say how many they want.
const FEW: usize = 40;

/// Show what differs between two states of a project, or between two projects
#[derive(Debug, Args)]
#[command(after_help = "\
A state is a snapshot (`lakelens snapshot list`), a time, `start` or `now`. Classes have the names
that they had then; that one was renamed or merged is no difference.

Examples:
  lakelens diff flowers before-cleanup
  lakelens diff flowers 2026-11-01 2026-11-08 --only class
  lakelens diff flowers before-cleanup --only boxes --below-iou 0.8 --json
  lakelens diff flowers before-cleanup --only class --open
  lakelens diff flowers-v2 --against flowers")]
pub(crate) struct DiffArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The state to compare with
    #[arg(value_name = "A", required_unless_present = "against")]
    from: Option<String>,
    /// The other state
    #[arg(value_name = "B", default_value = "now")]
    to: String,
    /// Compare with the present answers of another project, such as the one this is a version of
    #[arg(long, value_name = "PROJECT", conflicts_with = "from")]
    against: Option<String>,
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
        let sides = || match (&self.against, &self.from) {
            (Some(other), _) => format!("diff against {}", other.trim()),
            (_, from) => format!("diff {} {}", from.as_deref().unwrap_or("start").trim(), self.to.trim()),
        };
        self.list.clone().or_else(|| self.open.then(sides))
    }

    /// The two sides that are compared.
    fn sides(&self, store: &mut dyn Store, project: &Project) -> Result<Sides, AppError> {
        if let Some(name) = &self.against {
            let before = stores::project(store, name)?;
            let names = (before.name.clone(), project.name.clone());
            return Ok(Sides { names, before, after: project.clone(), moments: None });
        }
        let from = versions::moment(store, project, self.from.as_deref().unwrap_or("start"))?;
        let to = versions::moment(store, project, &self.to)?;
        let names = (from.shown.clone(), to.shown.clone());
        let before = versions::project_at(store, project, &from)?;
        let after = versions::project_at(store, project, &to)?;
        Ok(Sides { names, before, after, moments: Some((from, to)) })
    }
}

/// What is compared.
struct Sides {
    /// What people call them.
    names: (String, String),
    /// The project of the first side, with its classes of then.
    before: Project,
    /// The project of the other side, with its classes of then.
    after: Project,
    /// The states, where both are of one project.
    moments: Option<(Moment, Moment)>,
}

pub(super) fn run(args: &DiffArgs, mut context: Context) -> Result<(), AppError> {
    let list = args.list();
    let mut store = if list.is_some() { stores::open_to_change(&context)? } else { stores::open(&context)? };
    let project = stores::project(store.as_mut(), &args.project)?;
    let sides = args.sides(store.as_mut(), &project)?;
    let done = told(args, list.as_deref(), store.as_mut(), &project, &sides, &mut context);
    let flushed = context.out.flush();
    let found = done?;
    flushed?;
    let Some(list) = list.filter(|_| args.open && found > 0 && terminal::is_there()) else { return Ok(()) };
    let filter = Filter { list: vec![list], ..Filter::default() };
    begin_with(store.as_mut(), project.id, &context.loaded.user, &Queue { filter, order: Order::Path })?;
    drop(store);
    let welcome = format!(
        "{} samples differ between {} and {}",
        grouped(found),
        printable(&sides.names.0),
        printable(&sides.names.1)
    );
    screen::open(None, Some(project.name), None, Some(welcome), context)
}

/// Prints what differs, and puts it on the list; returns how many samples that are.
fn told(
    args: &DiffArgs,
    list: Option<&str>,
    store: &mut dyn Store,
    project: &Project,
    sides: &Sides,
    context: &mut Context,
) -> Result<u64, AppError> {
    let mut sum = Differences::default();
    let mut table = Table::new(&["PATH", "WHAT", "DIFFERENCE", "WHO", "WHEN"]);
    let mut left = args.limit.unwrap_or(if args.json.json { usize::MAX } else { FEW });
    let cancel = context.cancel();
    let mut progress = context.progress();
    let (out, before, after) = (&mut context.out, &sides.before, &sides.after);
    let mut broken = None;
    let mut take = |store: &mut dyn Store, page: Vec<Difference>| -> Result<(), OpsError> {
        if let Some(list) = list {
            let rows: Vec<_> = page.iter().map(|d| (d.row.sample, d.summary(&before.labels, &after.labels))).collect();
            store.put_list(project.id, list, &rows, sum.all() == 0)?;
        }
        for found in &page {
            let answers = || (found.row.before.summary(&before.labels), found.row.after.summary(&after.labels));
            sum.add(&found.change, answers);
            if left == 0 {
                continue;
            }
            left -= 1;
            if args.json.json {
                out.json_line(&line(found, before, after)).map_err(|e| {
                    broken = Some(e);
                    OpsError::Cancelled
                })?;
            } else {
                table.row(cells(found, before, after));
            }
        }
        Ok(())
    };
    let mut watch = Watch { progress: &mut |p| progress.update(p), cancelled: &|| cancel.is_cancelled() };
    let wanted = args.which.wanted();
    let done = match &sides.moments {
        Some((from, to)) => versions::compare(store, project, (from, to), &wanted, &mut watch, &mut take),
        None => versions::compare_projects(store, (before, project), &wanted, &mut watch, &mut take),
    };
    drop(progress);
    if let Some(error) = broken {
        return Err(error);
    }
    done?;
    if !args.json.json {
        context.out.table(&table)?;
        context.out.line(&summed(&sum, &sides.names))?;
    }
    if let Some(list) = list.filter(|_| sum.all() > 0 && !args.open) {
        let (name, filter) = (printable(list), Filter { list: vec![list.to_owned()], ..Filter::default() });
        context.note(&format!("kept as the list `{name}`: the filter {} finds it", printable(&filter.to_string())));
    }
    Ok(sum.all())
}

/// What was found, in one line, and the answers that most often became others.
fn summed(found: &Differences, (from, to): &(String, String)) -> String {
    let kinds: Vec<String> = found.kinds().iter().map(|(k, n)| format!("{} {}", grouped(*n), k.name())).collect();
    let mut text = format!(
        "{} samples differ between {} and {}{}{}",
        grouped(found.all()),
        printable(from),
        printable(to),
        if kinds.is_empty() { "" } else { ": " },
        kinds.join(", ")
    );
    for (before, after, n) in found.flips().into_iter().take(10) {
        text += &format!("\n  {:>8}  {} → {}", grouped(n), printable(before), printable(after));
    }
    text
}

fn line(found: &Difference, before: &Project, after: &Project) -> serde_json::Value {
    let row = &found.row;
    json!({
        "path": row.path, "kinds": found.change.kinds, "before": answer_json(&row.before, &before.labels),
        "after": answer_json(&row.after, &after.labels), "objects": found.change.objects, "user": row.author, "at": row.at,
    })
}

fn cells(found: &Difference, before: &Project, after: &Project) -> [String; 5] {
    let kinds: Vec<&str> = found.change.kinds.iter().map(|k| k.name()).collect();
    let when = found.row.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    [
        found.row.path.clone(),
        kinds.join(", "),
        found.summary(&before.labels, &after.labels),
        found.row.author.clone(),
        when,
    ]
}
