//! `lakelens queue`: saved queues, and the samples that a queue walks through.

use super::answers::answer_json;
use super::context::Context;
use super::error::AppError;
use super::grammar::{JsonOrLines, Lines};
use super::output::Table;
use super::stores;
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::suggest::nearest;
use crate::domain::text::printable;
use crate::store::Store;
use crate::store::records::{Direction, From as PageStart};
use clap::{Args, Subcommand};
use serde_json::json;

/// Samples fetched at a time.
const PAGE: usize = 500;

/// Save queues, and list the pictures of one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens queue save flowers doubtful --filter 'unsure status:labeled' --order newest
  lakelens queue list flowers
  lakelens queue samples flowers --filter 'status:unlabeled' --limit 100 --json")]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    command: QueueCommand,
}

#[derive(Debug, Args)]
struct Which {
    /// Which pictures, such as 'status:unlabeled class:roses -flag'
    #[arg(long, value_name = "FILTER", default_value = "", allow_hyphen_values = true)]
    filter: String,
    /// In what order: path, random or random:7, newest, class, score, uncertain, margin, entropy, group, blur, brightness
    #[arg(long, value_name = "ORDER", default_value = "path")]
    order: String,
}

#[derive(Debug, Subcommand)]
enum QueueCommand {
    /// The saved queues of a project, with the number of pictures in each
    #[command(after_help = "Examples:\n  lakelens queue list flowers\n  lakelens queue list flowers --json")]
    List {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        json: JsonOrLines,
    },
    /// Save a queue under a name, replacing the one of that name
    #[command(after_help = "Examples:\n  lakelens queue save flowers doubtful --filter unsure")]
    Save {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// The queue's name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        json: JsonOrLines,
    },
    /// Forget a saved queue; its pictures stay as they are
    #[command(after_help = "Examples:\n  lakelens queue delete flowers doubtful")]
    Delete {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// The queue's name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        json: JsonOrLines,
    },
    /// The pictures of a queue, in its order
    #[command(after_help = "\
Examples:
  lakelens queue samples flowers doubtful
  lakelens queue samples flowers --filter 'class:roses review:waiting' --order random:7 --limit 20 --json")]
    Samples {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// A saved queue; without it, the one that --filter and --order describe
        #[arg(value_name = "NAME", conflicts_with_all = ["filter", "order"])]
        name: Option<String>,
        #[command(flatten)]
        which: Which,
        /// At most so many
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        #[command(flatten)]
        json: Lines,
    },
}

pub(super) fn run(args: &QueueArgs, context: &mut Context) -> Result<(), AppError> {
    match &args.command {
        QueueCommand::List { project, json } => list(project, *json, context),
        QueueCommand::Save { project, name, which, json } => save(project, name, which, *json, context),
        QueueCommand::Delete { project, name, json } => delete(project, name, *json, context),
        QueueCommand::Samples { project, name, which, limit, json } => {
            samples(project, name.as_deref(), which, limit.unwrap_or(usize::MAX), json.json, context)
        }
    }
}

impl Which {
    fn queue(&self) -> Result<Queue, AppError> {
        let order = Order::from_name(&self.order).ok_or_else(|| {
            let names = Order::NAMES;
            let error = AppError::usage(format!("`{}` is no order", printable(&self.order)));
            match nearest(&self.order, names) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("use {}", names.join(", "))),
            }
        })?;
        Ok(Queue { filter: parse_filter(&self.filter)?, order })
    }
}

/// Reads the text form of a filter.
pub(super) fn parse_filter(text: &str) -> Result<Filter, AppError> {
    Filter::parse(text).map_err(|e| AppError::usage(format!("the filter `{}` is not understood: {e}", printable(text))))
}

fn list(name: &str, json: JsonOrLines, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), name)?;
    let mut rows = Vec::new();
    for (name, queue) in store.saved_queues(project.id)? {
        let count = store.count(project.id, &queue.filter)?;
        rows.push((name, queue.filter.to_string(), queue.order.name(), count));
    }
    let object = |(name, filter, order, count): &(String, String, &str, u64)| json!({ "project": project.name, "name": name, "filter": filter, "order": order, "samples": count });
    if json.jsonl {
        return rows.iter().try_for_each(|r| context.out.json_line(&object(r)));
    }
    if json.json {
        return context.out.json(&rows.iter().map(object).collect::<Vec<_>>());
    }
    let mut table = Table::new(&["NAME", ">SAMPLES", "ORDER", "FILTER"]);
    for (name, filter, order, count) in &rows {
        table.row([name, &super::output::grouped(*count), *order, filter]);
    }
    context.out.table(&table)
}

fn save(project: &str, name: &str, which: &Which, json: JsonOrLines, context: &mut Context) -> Result<(), AppError> {
    let queue = which.queue()?;
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), project)?;
    store.save_queue(project.id, name, &queue)?;
    let count = store.count(project.id, &queue.filter)?;
    if json.json || json.jsonl {
        let filter = queue.filter.to_string();
        let (name, order) = (name.to_owned(), queue.order.name());
        return context.out.json_line(
            &json!({ "project": project.name, "name": name, "filter": filter, "order": order, "samples": count }),
        );
    }
    context.out.line(&format!("saved `{}`, {} pictures", printable(name), super::output::grouped(count)))
}

fn saved(store: &mut dyn Store, project: &Project, name: &str) -> Result<Queue, AppError> {
    let all = store.saved_queues(project.id)?;
    if let Some((_, queue)) = all.iter().find(|(n, _)| n == name) {
        return Ok(queue.clone());
    }
    let error = AppError::failed(format!("there is no saved queue `{}`", printable(name)));
    Err(match nearest(name, all.iter().map(|(n, _)| n.as_str())) {
        Some(near) => error.hint(format!("did you mean `{}`?", printable(near))),
        None => error.hint(format!("`lakelens queue list {}` lists them", printable(&project.name))),
    })
}

fn delete(project: &str, name: &str, json: JsonOrLines, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), project)?;
    saved(store.as_mut(), &project, name)?;
    store.delete_queue(project.id, name)?;
    if json.json || json.jsonl {
        return context.out.json_line(&json!({ "project": project.name, "name": name, "deleted": true }));
    }
    context.out.line(&format!("forgot `{}`", printable(name)))
}

fn samples(
    project: &str,
    name: Option<&str>,
    which: &Which,
    limit: usize,
    as_json: bool,
    context: &mut Context,
) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let queue = match name {
        Some(name) => saved(store.as_mut(), &project, name)?,
        None => which.queue()?,
    };
    let (mut from, mut left) = (PageStart::Edge, limit);
    while left > 0 {
        let page = store.page(project.id, &queue, &from, Direction::Forward, PAGE.min(left))?;
        let Some(last) = page.last() else { break };
        from = PageStart::After(last.cursor.clone());
        left -= page.len().min(left);
        for queued in &page {
            let sample = &queued.sample;
            if as_json {
                let mut line = answer_json(&sample.answer, &project.labels);
                if let Some(object) = line.as_object_mut() {
                    object.insert("path".to_owned(), json!(sample.path));
                    object.insert("rev".to_owned(), json!(sample.rev));
                }
                context.out.json_line(&line)?;
            } else {
                let summary = sample.answer.summary(&project.labels);
                context.out.line(&format!("{}  {}", printable(&sample.path), printable(&summary)))?;
            }
        }
    }
    Ok(())
}
