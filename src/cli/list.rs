//! `lakelens list`: the lists of samples that were kept, what is on one, and throwing one away.

mod members;

use super::context::Context;
use super::error::AppError;
use super::grammar::{Json, JsonOrLines, Lines};
use super::output::{Table, grouped};
use super::stores;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::Sample;
use crate::domain::text::printable;
use crate::store::StoreError;
use crate::store::records::{Direction, From};
use clap::{Args, Subcommand};
use serde_json::json;

/// Samples read at once.
const PAGE: usize = 1_000;
/// Lines shown to people who do not say how many they want.
const FEW: usize = 40;

/// Show, fill and drop lists of pictures: your own, and those that diff and dedupe keep
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens list ls flowers
  lakelens list show flowers twins
  lakelens list add flowers work roses/12.jpg roses/13.jpg
  lakelens list drop flowers twins")]
pub(crate) struct ListArgs {
    #[command(subcommand)]
    command: ListCommand,
}

#[derive(Debug, Subcommand)]
enum ListCommand {
    /// Name the lists of a project, with how many samples are on each
    #[command(after_help = "Examples:\n  lakelens list ls flowers --json")]
    Ls {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        json: JsonOrLines,
    },
    /// Show what is on a list, by path, with the remarks
    #[command(after_help = "Examples:\n  lakelens list show flowers twins --limit 100")]
    Show {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// The list
        #[arg(value_name = "NAME")]
        name: String,
        /// At most so many lines; without it 40 as text, all as JSON
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        #[command(flatten)]
        json: Lines,
    },
    /// Put pictures on a list, which is made where there is none of the name
    #[command(after_help = "Examples:
  lakelens list add flowers work roses/12.jpg roses/13.jpg
  lakelens list add flowers doubtful --filter 'disagree class:roses' --json")]
    Add(members::Members),
    /// Take pictures off a list
    #[command(after_help = "Examples:\n  lakelens list remove flowers work roses/12.jpg")]
    Remove(members::Members),
    /// Throw a list away; its samples stay as they are
    #[command(after_help = "Examples:\n  lakelens list drop flowers twins")]
    Drop {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// The list
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        json: Json,
    },
}

pub(super) fn run(args: &ListArgs, context: &mut Context) -> Result<(), AppError> {
    match &args.command {
        ListCommand::Ls { project, json } => ls(project, *json, context),
        ListCommand::Show { project, name, limit, json } => show(project, name, *limit, json.json, context),
        ListCommand::Add(members) => members::change(members, true, context),
        ListCommand::Remove(members) => members::change(members, false, context),
        ListCommand::Drop { project, name, json } => forget(project, name, json.json, context),
    }
}

fn ls(project: &str, json: JsonOrLines, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let all = store.lists(project.id)?;
    let told = |(name, samples): &(String, u64)| json!({ "project": project.name, "name": name, "samples": samples });
    if json.jsonl {
        return all.iter().try_for_each(|list| context.out.json_line(&told(list)));
    }
    if json.json {
        return context.out.json(&all.iter().map(told).collect::<Vec<_>>());
    }
    if all.is_empty() {
        let name = printable(&project.name);
        context.note(&format!("no list yet; `lakelens dedupe {name} --list NAME` makes one"));
        return Ok(());
    }
    let mut table = Table::new(&["NAME", ">SAMPLES"]);
    for (name, samples) in &all {
        table.row([name.as_str(), &grouped(*samples)]);
    }
    context.out.table(&table)
}

fn show(project: &str, name: &str, limit: Option<usize>, json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let wanted = name.trim().to_lowercase();
    let lists = store.lists(project.id)?;
    let Some((name, all)) = lists.into_iter().find(|(n, _)| n.to_lowercase() == wanted) else {
        return Err(StoreError::not_found(format!("list `{name}`"), store.place()).into());
    };
    let queue = Queue { filter: Filter { list: vec![name.clone()], ..Filter::default() }, order: Order::Path };
    let mut left = limit.unwrap_or(if json { usize::MAX } else { FEW });
    let (mut from, mut table) = (From::Edge, Table::new(&["PATH", "ANSWER", "REMARK"]));
    while left > 0 {
        let page = store.page(project.id, &queue, &from, Direction::Forward, PAGE.min(left))?;
        let Some(last) = page.last() else { break };
        from = From::After(last.cursor.clone());
        left -= page.len();
        for sample in page.iter().map(|q| &q.sample) {
            let (answer, remark) = (sample.answer.summary(&project.labels), remark(sample, &name));
            if json {
                context.out.json_line(&json!({ "path": sample.path, "answer": answer, "remark": remark }))?;
            } else {
                table.row([sample.path.as_str(), &answer, &remark]);
            }
        }
    }
    if json {
        return context.out.flush();
    }
    context.out.table(&table)?;
    context.note(&format!("{} samples on the list `{}`", grouped(all), printable(&name)));
    Ok(())
}

/// What the list says of a sample.
fn remark(sample: &Sample, list: &str) -> String {
    sample.notes.iter().filter(|n| n.author == list).map(|n| n.text.as_str()).next_back().unwrap_or_default().to_owned()
}

fn forget(project: &str, name: &str, json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), project)?;
    store.drop_list(project.id, name)?;
    if json {
        return context.out.json(&json!({ "project": project.name, "dropped": name }));
    }
    context.out.line(&format!("dropped the list `{}`; its samples stay as they are", printable(name)))
}
