//! Labelling a table: the screen on it, single labels, what waits, conflicts.

use super::TableRef;
use super::direct::{self, Way, way};
use crate::cli::context::Context;
use crate::cli::error::{AppError, Kind};
use crate::cli::output::{Table, grouped};
use crate::cli::{open as screen, stores, terminal};
use crate::domain::annotation::Annotation;
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::{Answer, Status};
use crate::domain::text::printable;
use crate::domain::version::At;
use crate::runtime::services::StoreOpener;
use crate::runtime::store_reads::begin_with;
use crate::store::Store;
use crate::store::records::Mode;
use crate::store::table::{Choice, Refreshed, Reviewed, TableStore};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::sync::Arc;

/// Label the rows of a table
#[derive(Debug, Args)]
pub(super) struct LabelArgs {
    #[command(flatten)]
    table: TableRef,
    /// Walk the rows in a random order
    #[arg(long)]
    random: bool,
    /// Only read the table into the mirror
    #[arg(long)]
    no_open: bool,
    /// Go on with what was read before, without asking the engine
    #[arg(long, conflicts_with_all = ["changed", "since"])]
    offline: bool,
    /// Only rows whose class changed between two versions or times, or that were added: `A..B`, or `A..` until now
    #[arg(long, value_name = "A..B", conflicts_with = "since")]
    changed: Option<String>,
    /// Only rows whose class changed since a version or a time, or that were added
    #[arg(long, value_name = "VERSION|TIME")]
    since: Option<String>,
}

impl LabelArgs {
    /// The two states that are compared.
    fn stretch(&self) -> Result<Option<(At, At)>, AppError> {
        let at = |text: &str| At::parse(text.trim()).map_err(AppError::usage);
        match (&self.changed, &self.since) {
            (Some(text), _) => {
                let (from, to) = text.split_once("..").ok_or_else(|| {
                    AppError::usage(format!("`{}` is no stretch of versions", printable(text))).hint(
                        "give two versions or times with two dots between them, such as 12..15 or 2026-11-01..now",
                    )
                })?;
                Ok(Some((at(from)?, if to.trim().is_empty() { At::Now } else { at(to)? })))
            }
            (None, Some(text)) => Ok(Some((at(text)?, At::Now))),
            (None, None) => Ok(None),
        }
    }
}

/// Give a row another class
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lakelens table set main.default.images /Volumes/main/default/p/1.jpg rose --store sc://localhost"
)]
pub(super) struct SetArgs {
    #[command(flatten)]
    table: TableRef,
    /// The picture, as the table names it or relative to the folder that all have in common
    #[arg(value_name = "PATH")]
    picture: OsString,
    /// The class; none with --clear
    #[arg(value_name = "CLASS", required_unless_present = "clear")]
    to: Option<String>,
    /// Take the class away
    #[arg(long, conflicts_with = "to")]
    clear: bool,
}

/// Say what is not in the table yet, --send sends it; without an engine, what the table is
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens table status main.default.images --store sc://localhost --send --json")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    table: TableRef,
    /// Send what waits, and wait for it
    #[arg(long)]
    send: bool,
}

/// List the labels against which somebody else's change stands, or end them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens table conflicts main.default.images --store sc://localhost
  lakelens table conflicts main.default.images --mine EDIT --store sc://localhost
  lakelens table conflicts main.default.images --theirs all --store sc://localhost")]
pub(super) struct ConflictsArgs {
    #[command(flatten)]
    table: TableRef,
    /// Give the table the label of this edit, or of `all`
    #[arg(long, value_name = "EDIT")]
    mine: Option<String>,
    /// Leave the table as it is, and follow it
    #[arg(long, value_name = "EDIT", conflicts_with = "mine")]
    theirs: Option<String>,
}

pub(super) fn open(args: &LabelArgs, mut context: Context) -> Result<(), AppError> {
    let stretch = args.stretch()?;
    let read_only = context.loaded.settings.read_only;
    if stretch.is_some() && read_only {
        return Err(AppError::usage("what changed is noted in the mirror of the table, which --read-only forbids")
            .hint("leave out --read-only; nothing is written into the table before a key gives a class"));
    }
    let opener = args.table.opener(args.offline, &mut context)?;
    let mut store = opener(if read_only { Mode::Read } else { Mode::Create })?;
    let report =
        if args.offline || context.loaded.settings.read_only { None } else { Some(refresh(&mut store, &mut context)?) };
    let project = project(&mut store)?;
    let reviewed = stretch.map(|(from, to)| review(&mut store, &from, &to, &mut context)).transpose()?;
    if args.table.json.json {
        let unsent = store.unsent()?;
        let classes: Vec<_> = project.labels.live().map(|c| c.name.clone()).collect();
        let samples = store.counts(project.id)?.samples();
        context.out.json(&json!({
            "project": project.name, "source": project.source, "samples": samples, "classes": classes,
            "read": report, "unsent": unsent.unsent, "conflicts": unsent.conflicts, "waiting": unsent.waiting,
            "changes": reviewed,
        }))?;
        return context.out.flush();
    }
    if let Some(report) = &report {
        context.note(&told(&project, report));
    }
    if let Some(reviewed) = &reviewed {
        context.note(&differs(reviewed));
    }
    if args.no_open || !terminal::is_there() || reviewed.as_ref().is_some_and(|r| r.pictures == 0) {
        return Ok(());
    }
    if args.random || reviewed.is_some() {
        // The walk that the screen begins with is the one that was left there.
        let seed = u32::from_le_bytes(uuid::Uuid::new_v4().into_bytes()[..4].try_into().unwrap_or_default());
        let order = if args.random { Order::Random { seed } } else { Order::Path };
        let filter = Filter { comment: reviewed.is_some().then_some(true), ..Filter::default() };
        begin_with(&mut store, project.id, &context.loaded.user, &Queue { filter, order })?;
    }
    drop(store);
    let opener: StoreOpener = Arc::new(move |mode: Mode| Ok(Box::new(opener(mode)?)));
    screen::open(None, Some(project.name), Some(opener), reviewed.as_ref().map(differs), context)
}

/// Compares two states of the table, with progress.
fn review(store: &mut TableStore, from: &At, to: &At, context: &mut Context) -> Result<Reviewed, AppError> {
    let stop = context.cancel();
    let mut said = false;
    let report = store.review(from, to, &stop, &mut |done, all| {
        if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            said = true;
            let text = format_args!("\r{done} of {all} versions compared");
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), text);
        }
    })?;
    if said {
        context.note("");
    }
    Ok(report)
}

/// What a comparison found, in one line.
fn differs(r: &Reviewed) -> String {
    let picture = |n: u64| if n == 1 { "row" } else { "rows" };
    let mut text = format!("{} to {}: {} changed, {} added", r.from, r.to, grouped(r.changed), grouped(r.added));
    if r.removed > 0 {
        text += &format!("; {} removed {}, without a picture now", grouped(r.removed), picture(r.removed));
    }
    if r.gone > 0 {
        text += &format!("; {} of them gone since", grouped(r.gone));
    }
    if r.pictures == 0 { format!("{text}; there is nothing to look at") } else { text }
}

/// Reads the table, with progress.
pub(super) fn refresh(store: &mut TableStore, context: &mut Context) -> Result<Refreshed, AppError> {
    let stop = context.cancel();
    let name = store.source().name()?.plain();
    let user = context.loaded.user.clone();
    let mut said = false;
    let report = store.refresh(&name, &user, &stop, &mut |rows| {
        if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            said = true;
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("\r{} rows read", grouped(rows)));
        }
    })?;
    if said {
        context.note("");
    }
    Ok(report)
}

fn told(project: &Project, report: &Refreshed) -> String {
    let version = report.version.map_or_else(String::new, |v| format!(" at version {v}"));
    if report.unchanged {
        return format!("{} is as it was{version}", printable(&project.name));
    }
    let left = report.unusable + report.repeated;
    let left = if left == 0 {
        String::new()
    } else {
        format!(
            "; left out {}: {} without id or whole path, {} with a picture that another row has",
            grouped(left),
            grouped(report.unusable),
            grouped(report.repeated)
        )
    };
    format!(
        "{}{version}: {} rows, {} new, {} changed by others, {} gone{left}",
        printable(&project.name),
        grouped(report.rows),
        grouped(report.added),
        grouped(report.changed),
        grouped(report.missing)
    )
}

pub(super) fn project(store: &mut TableStore) -> Result<Project, AppError> {
    store.mirrored()?.ok_or_else(|| {
        AppError::failed(format!("{} was not read yet", store.place()))
            .hint("leave out --offline and --read-only once, so that it is read")
    })
}

pub(super) fn set(args: &SetArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = args.table.open(context)?;
    if store.mirrored()?.is_none() {
        refresh(&mut store, context)?;
    }
    let project = project(&mut store)?;
    let sample = stores::sample(&mut store, &project, &stores::path_text(&args.picture))?;
    let (author, at) = (context.loaded.user.clone(), Timestamp::now());
    let after = match &args.to {
        Some(name) => {
            let class = stores::class(&project.labels, name)?.id;
            let annotations = vec![Annotation::label(class, &author, at)];
            Answer { status: Status::Labeled, annotations, ..Answer::default() }
        }
        None => Answer::default(),
    };
    let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer, after };
    let edit = Edit::by_person(project.id, change, &author, at);
    let outcome = store.commit(std::slice::from_ref(&edit))?;
    if let Some(Outcome::Conflict { .. } | Outcome::Refused { .. }) = outcome.first() {
        return Err(
            AppError::new(Kind::Conflict, "the label was changed in the mirror at the same moment").hint("try again")
        );
    }
    let sent = store.settle();
    let conflict = store.table_conflicts()?.into_iter().find(|c| c.path == sample.path);
    let state = match (&sent, &conflict) {
        (Err(_), _) => "queued",
        (Ok(()), Some(_)) => "conflict",
        (Ok(()), None) => "saved",
    };
    if args.table.json.json {
        context.out.json(&json!({
            "path": sample.path, "edit": edit.id, "state": state, "theirs": conflict.as_ref().map(|c| c.theirs.clone()),
        }))?;
    } else {
        context.out.line(&format!("{state}  {}", printable(&sample.path)))?;
    }
    match (sent, conflict) {
        (Err(error), _) => {
            context
                .note(&format!("kept here, and sent with the next label or `lakelens table status --send`: {error}"));
            Ok(())
        }
        (Ok(()), Some(_)) => Err(AppError::new(Kind::Conflict, "somebody else changed the row first")
            .hint("`lakelens table conflicts` shows both classes and ends it")),
        (Ok(()), None) => Ok(()),
    }
}

pub(super) fn status(args: &StatusArgs, context: &mut Context) -> Result<(), AppError> {
    if !args.send
        && let Way::Direct(table) = way(args.table.text(), &args.table.engine, context)?
    {
        let about = table.about(&At::Now, &context.cancel())?;
        if args.table.json.json {
            return context.out.json(&direct::about_json(&about));
        }
        return direct::about_lines(&about).iter().try_for_each(|line| context.out.line(line));
    }
    let mut store = args.table.open(context)?;
    let sent = if args.send { Some(store.send_now(&context.cancel())?) } else { None };
    let unsent = store.unsent()?;
    if args.table.json.json {
        let sent = sent.map(|s| json!({ "rows": s.rows, "commits": s.commits, "conflicts": s.conflicts }));
        return context.out.json(&json!({
            "table": args.table.table, "unsent": unsent.unsent, "conflicts": unsent.conflicts,
            "waiting": unsent.waiting, "sent": sent,
        }));
    }
    if let Some(sent) = sent {
        context.out.line(&format!("sent       {} in {} commits", grouped(sent.rows), grouped(sent.commits)))?;
    }
    context.out.line(&format!("unsent     {}", grouped(unsent.unsent)))?;
    context.out.line(&format!("conflicts  {}", grouped(unsent.conflicts)))?;
    if let Some(why) = unsent.waiting {
        context.out.line(&format!("waiting    {}", printable(&why)))?;
    }
    Ok(())
}

pub(super) fn conflicts(args: &ConflictsArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = args.table.open(context)?;
    let wanted = match (&args.mine, &args.theirs) {
        (Some(edit), _) => Some((edit, Choice::Mine)),
        (None, Some(edit)) => Some((edit, Choice::Theirs)),
        (None, None) => None,
    };
    if let Some((edit, choice)) = wanted {
        let ended: Vec<String> = match edit.as_str() {
            "all" => store.table_conflicts()?.into_iter().map(|c| c.edit).collect(),
            one => vec![one.to_owned()],
        };
        for edit in &ended {
            store.settle_conflict(edit, choice)?;
        }
        store.settle()?;
    }
    let left = store.table_conflicts()?;
    if args.table.json.json {
        let left: Vec<Value> = left.iter().map(|c| json!(c)).collect();
        return context.out.json(&left);
    }
    let mut table = Table::new(&["EDIT", "PATH", "WHO", "MINE", "THEIRS"]);
    for conflict in &left {
        let class = |c: &Option<String>| c.as_ref().map_or_else(|| "none".to_owned(), |c| printable(c).into_owned());
        let theirs = if conflict.gone { "the row is gone".to_owned() } else { class(&conflict.theirs) };
        let (path, author) = (printable(&conflict.path).into_owned(), printable(&conflict.author).into_owned());
        table.row([conflict.edit.clone(), path, author, class(&conflict.mine), theirs]);
    }
    context.out.table(&table)
}
