//! `lakelens double`: blind double labelling of a share, for oneself or for others.

use super::context::Context;
use super::error::AppError;
use super::grammar::Json;
use super::output::{Table, grouped};
use super::stores;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::store::Store;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Have a share of the labelled pictures answered again without a sight of the first answer
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens double start flowers --share 10                   10 % for you
  lakelens double start flowers --share 10 --for ann,bob     the same pictures for both
  lakelens double status flowers
  lakelens agreement flowers")]
pub(crate) struct DoubleArgs {
    #[command(subcommand)]
    command: DoubleCommand,
}

#[derive(Debug, Subcommand)]
enum DoubleCommand {
    /// Draw a share at random; the first answers stay hidden and stay as they are
    #[command(after_help = "Examples:\n  lakelens double start flowers --share 10 --for ann,bob")]
    Start {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// How many in a hundred of the labelled pictures
        #[arg(long, value_name = "PERCENT", value_parser = percent)]
        share: f64,
        /// Who answers them; without it, you. Several people get the same pictures
        #[arg(long = "for", value_name = "NAME,…", value_delimiter = ',')]
        people: Vec<String>,
        /// The same number draws the same pictures
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u32,
        #[command(flatten)]
        json: Json,
    },
    /// Say how far everybody is
    #[command(after_help = "Examples:\n  lakelens double status flowers --for ann,bob --json")]
    Status {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// Ask for these people; without it, for all who have answered anything, and you
        #[arg(long = "for", value_name = "NAME,…", value_delimiter = ',')]
        people: Vec<String>,
        #[command(flatten)]
        json: Json,
    },
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim().parse().ok();
    number.filter(|v| *v > 0.0 && *v <= 100.0).ok_or_else(|| "give a number above 0, up to 100".to_owned())
}

pub(super) fn run(args: &DoubleArgs, context: &mut Context) -> Result<(), AppError> {
    match &args.command {
        DoubleCommand::Start { project, share, people, seed, json } => {
            start(project, *share, people, *seed, json.json, context)
        }
        DoubleCommand::Status { project, people, json } => {
            let mut store = stores::open(context)?;
            let project = stores::project(store.as_mut(), project)?;
            let mut people = named(people);
            if people.is_empty() {
                people = store.people(project.id)?.into_iter().map(|p| p.name).collect();
                people.push(context.loaded.user.clone());
                people.sort_unstable();
                people.dedup();
            }
            tell(store.as_mut(), &project, &people, json.json, context)
        }
    }
}

fn named(people: &[String]) -> Vec<String> {
    let mut people: Vec<String> = people.iter().map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    people.sort_unstable();
    people.dedup();
    people
}

fn start(
    project: &str,
    share: f64,
    people: &[String],
    seed: u32,
    json: bool,
    context: &mut Context,
) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let mut people = named(people);
    if people.is_empty() {
        people.push(context.loaded.user.clone());
    }
    let mut drawn = 0;
    for person in &people {
        drawn = store.start_second_pass(project.id, share / 100.0, seed, person)?;
    }
    if drawn == 0 {
        return Err(AppError::failed(format!("`{}` has no labelled picture to draw", printable(&project.name)))
            .hint("a second pass compares with a first answer; label some pictures first"));
    }
    tell(store.as_mut(), &project, &people, json, context)?;
    if !json {
        context.note("they find them with B on the Review and Stats screens; `lakelens agreement` tells the result");
    }
    Ok(())
}

fn tell(
    store: &mut dyn Store,
    project: &Project,
    people: &[String],
    json: bool,
    context: &mut Context,
) -> Result<(), AppError> {
    let mut rows = Vec::new();
    for person in people {
        let pass = store.second_pass(project.id, person)?;
        rows.push((person.clone(), pass));
    }
    if json {
        let rows: Vec<Value> =
            rows.iter().map(|(user, p)| json!({ "user": user, "chosen": p.chosen, "answered": p.answered })).collect();
        return context.out.json(&json!({ "project": project.name, "people": rows }));
    }
    let mut table = Table::new(&["WHO", ">DRAWN", ">ANSWERED", ">LEFT"]);
    for (user, pass) in rows.iter().filter(|(_, p)| p.chosen > 0) {
        let left = pass.chosen.saturating_sub(pass.answered);
        table.row([user.clone(), grouped(pass.chosen), grouped(pass.answered), grouped(left)]);
    }
    if rows.iter().all(|(_, p)| p.chosen == 0) {
        context.note(&format!(
            "nobody has a second pass here: `lakelens double start {} --share 10` draws one",
            printable(&project.name)
        ));
        return Ok(());
    }
    context.out.table(&table)
}
