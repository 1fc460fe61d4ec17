//! `lakelens gold`: pictures with a trusted answer, mixed into people's queues without a word, and how right people are.

mod named;

use super::answers::answer_json;
use super::context::Context;
use super::error::AppError;
use super::grammar::{Json, Lines};
use super::output::{Table, grouped};
use super::stores;
use crate::domain::agreement::gold::{ClassShare, EVERY, Share};
use crate::domain::ids::SampleId;
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::Sample;
use crate::domain::text::printable;
use crate::ops::gold::{self, SETTING};
use crate::ops::options::import::{ImportOptions, MATCH};
use crate::store::Store;
use crate::store::records::{Direction, From};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use std::collections::HashMap;
use std::ffi::OsString;

/// Samples read at once.
const PAGE: usize = 1_000;
/// Pictures that are left out are named up to so many.
const FEW: usize = 10;

/// Pictures with a trusted answer, asked of everybody among their own pictures without a word
#[derive(Debug, Args)]
#[command(after_help = "\
Whoever walks through all open pictures on the Label screen meets one gold picture among every
20, at places nobody can count to, never the same one twice, looking like any other. What they
answer is kept apart and changes nothing; `report` says how often each person is right.

Examples:
  lakelens gold add flowers roses/12.jpg tulips/7.jpg
  lakelens gold add flowers --filter 'review:accepted by:cleo' --every 10
  lakelens gold report flowers")]
pub(crate) struct GoldArgs {
    #[command(subcommand)]
    command: GoldCommand,
}

#[derive(Debug, Subcommand)]
enum GoldCommand {
    /// Trust the answers that pictures have now
    #[command(after_help = "\
What is trusted is the answer of this moment, whatever becomes of it later. A picture without an
answer, with a draft, or with a rejected answer is left out, and said.

Examples:
  lakelens gold add flowers roses/12.jpg tulips/7.jpg
  lakelens gold add flowers --from checked.txt --match name
  lakelens gold add flowers --from-list checked
  lakelens gold add flowers --filter 'review:accepted' --every 10

A line of --from holds the name of a picture; of a file that ends in .csv or .tsv the first
column does. Where a name leads to no picture or to several, nothing is changed.")]
    Add {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        which: Which,
        /// From now on one picture of so many is gold; 0 asks nobody
        #[arg(long, value_name = "N", value_parser = every)]
        every: Option<u32>,
        #[command(flatten)]
        json: Json,
    },
    /// Show the gold pictures with what is trusted
    #[command(after_help = "Examples:\n  lakelens gold list flowers --json")]
    List {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        json: Lines,
    },
    /// Ask nobody for these pictures any more; their own answers stay
    #[command(
        after_help = "Examples:\n  lakelens gold remove flowers roses/12.jpg\n  lakelens gold remove flowers --all"
    )]
    Remove {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        which: Which,
        /// All of them
        #[arg(long, conflicts_with_all = ["paths", "from", "from_list", "filter", "matching"])]
        all: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Say, or set, how many pictures there are to one gold one
    #[command(
        after_help = "Examples:\n  lakelens gold every flowers\n  lakelens gold every flowers 10\n  lakelens gold every flowers 0      asks nobody"
    )]
    Every {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// One picture of so many (at least 2); 0 asks nobody
        #[arg(value_name = "N", value_parser = every)]
        n: Option<u32>,
        #[command(flatten)]
        json: Json,
    },
    /// Say how often people are right, with 95 % intervals
    #[command(after_help = "Examples:\n  lakelens gold report flowers\n  lakelens gold report flowers --by ann --json")]
    Report {
        /// The project
        #[arg(value_name = "PROJECT")]
        project: String,
        /// Only this person
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        #[command(flatten)]
        json: Json,
    },
}

/// Which pictures.
#[derive(Debug, Args)]
struct Which {
    /// Pictures, relative to the project's source
    #[arg(value_name = "PATH")]
    paths: Vec<OsString>,
    /// All that this file names, one in each line; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    from: Option<OsString>,
    #[arg(long = MATCH.flag, value_name = "HOW", help = MATCH.help, default_value = MATCH.default(),
          requires = "from", conflicts_with_all = ["paths", "from_list", "filter"],
          value_parser = PossibleValuesParser::new(MATCH.names()))]
    matching: String,
    /// All on this list
    #[arg(long, value_name = "NAME", conflicts_with_all = ["paths", "from"])]
    from_list: Option<String>,
    /// All that a filter takes
    #[arg(long, value_name = "FILTER", conflicts_with_all = ["paths", "from", "from_list"])]
    filter: Option<String>,
}

impl Which {
    /// The pictures that the file names, with their places in it; nothing where no file is given.
    fn named(
        &self,
        store: &mut dyn Store,
        project: &Project,
        context: &mut Context,
    ) -> Result<Option<Vec<(SampleId, String)>>, AppError> {
        let Some(from) = &self.from else { return Ok(None) };
        let mut how = ImportOptions::default();
        (MATCH.set)(&mut how, &self.matching);
        named::pictures(store, project, from, how.matching, context).map(Some)
    }
}

fn every(text: &str) -> Result<u32, String> {
    let number = text.trim().parse().ok();
    number.filter(|n| *n != 1).ok_or_else(|| "give a whole number from 2 on, or 0 for none".to_owned())
}

pub(super) fn run(args: &GoldArgs, context: &mut Context) -> Result<(), AppError> {
    match &args.command {
        GoldCommand::Add { project, which, every, json } => add(project, which, *every, json.json, context),
        GoldCommand::List { project, json } => list(project, json.json, context),
        GoldCommand::Remove { project, which, all, json } => remove(project, which, *all, json.json, context),
        GoldCommand::Every { project, n, json } => share(project, *n, json.json, context),
        GoldCommand::Report { project, by, json } => report(project, by.as_deref(), json.json, context),
    }
}

/// Calls `each` with pages of the pictures that are meant.
fn meant(
    store: &mut dyn Store,
    project: &Project,
    which: &Which,
    mut each: impl FnMut(&mut dyn Store, &[Sample]) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let filter = match (&which.from_list, &which.filter) {
        (Some(name), _) => {
            let wanted = name.trim().to_lowercase();
            let lists = store.lists(project.id)?;
            let known = lists.into_iter().find(|(n, _)| n.to_lowercase() == wanted);
            let Some((name, _)) = known else {
                return Err(AppError::failed(format!("there is no list `{}`", printable(name)))
                    .hint(format!("`lakelens list ls {}` names the lists", printable(&project.name))));
            };
            Filter { list: vec![name], ..Filter::default() }
        }
        (None, Some(text)) => Filter::parse(text).map_err(|why| AppError::usage(format!("--filter: {why}")))?,
        (None, None) if which.paths.is_empty() => {
            return Err(AppError::usage("say which pictures")
                .hint("give paths, --from FILE, --from-list NAME or --filter FILTER"));
        }
        (None, None) => {
            let named = |path: &OsString| stores::sample(store, project, &stores::path_text(path));
            let samples = which.paths.iter().map(named).collect::<Result<Vec<_>, _>>()?;
            return each(store, &samples);
        }
    };
    let queue = Queue { filter, order: Order::Path };
    let mut from = From::Edge;
    loop {
        let page = store.page(project.id, &queue, &from, Direction::Forward, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = From::After(last.cursor.clone());
        let samples: Vec<Sample> = page.into_iter().map(|q| q.sample).collect();
        each(store, &samples)?;
    }
}

fn add(project: &str, which: &Which, every: Option<u32>, as_json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let (user, at) = (context.loaded.user.clone(), Timestamp::now());
    let (mut new, mut again, mut left, mut places) = (0, 0, Vec::new(), HashMap::new());
    let mut mark = |store: &mut dyn Store, samples: &[Sample]| -> Result<(), AppError> {
        let done = gold::mark(store, project.id, samples, &user, at)?;
        (new, again) = (new + done.new, again + done.again);
        left.extend(done.left);
        Ok(())
    };
    match which.named(store.as_mut(), &project, context)? {
        // All of them in one call: the store takes them all or none.
        Some(named) => {
            let ids: Vec<_> = named.iter().map(|(id, _)| *id).collect();
            let samples = store.samples_by_id(&ids)?;
            mark(store.as_mut(), &samples)?;
            places = samples.into_iter().map(|s| s.path).zip(named.into_iter().map(|(_, place)| place)).collect();
        }
        None => meant(store.as_mut(), &project, which, mark)?,
    }
    if let Some(every) = every {
        store.set_setting(project.id, SETTING, Some(&every.to_string()))?;
    }
    let every = gold::every(store.as_mut(), project.id)?;
    if as_json {
        let left: Vec<_> = left.iter().map(|(path, why)| json!({ "path": path, "why": why })).collect();
        return context
            .out
            .json(&json!({ "project": project.name, "added": new, "again": again, "left_out": left, "every": every }));
    }
    for (path, why) in left.iter().take(FEW) {
        let place = places.get(path).map(|place: &String| format!("{place}: ")).unwrap_or_default();
        context.note(&format!("{place}{}: left out, {why}", printable(path)));
    }
    if left.len() > FEW {
        context.note(&format!("{} more left out", grouped((left.len() - FEW) as u64)));
    }
    if new + again == 0 {
        return Err(AppError::failed("none of these pictures can be gold")
            .hint("a gold picture needs an answer that is trusted; label or accept it first"));
    }
    let renewed = if again > 0 { format!(", {} with the present answer", grouped(again)) } else { String::new() };
    let pictures = if new == 1 { "picture" } else { "pictures" };
    context.out.line(&format!("{} more gold {pictures}{renewed}; {}", grouped(new), asked(every)))
}

fn asked(every: u32) -> String {
    if every == 0 { "nobody is asked".to_owned() } else { format!("one of every {every} pictures is gold") }
}

fn list(project: &str, as_json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let all = store.gold(project.id)?;
    if as_json {
        for one in &all {
            let answer = answer_json(&one.answer, &project.labels);
            let line = json!({ "path": one.path, "answer": answer, "user": one.author, "at": one.at });
            context.out.json_line(&line)?;
        }
        return context.out.flush();
    }
    if all.is_empty() {
        let name = printable(&project.name);
        context.note(&format!("no gold pictures yet: `lakelens gold add {name} PATH…` trusts the answers they have"));
        return Ok(());
    }
    let mut table = Table::new(&["PATH", "ANSWER", "TRUSTED BY"]);
    for one in &all {
        table.row([one.path.as_str(), &one.answer.summary(&project.labels), &one.author]);
    }
    context.out.table(&table)
}

fn remove(project: &str, which: &Which, all: bool, as_json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let mut gone = 0;
    if all {
        let marked: Vec<_> = store.gold(project.id)?.into_iter().map(|g| g.sample).collect();
        gone = store.unmark_gold(project.id, &marked)?;
    } else if let Some(named) = which.named(store.as_mut(), &project, context)? {
        let ids: Vec<_> = named.into_iter().map(|(id, _)| id).collect();
        gone = store.unmark_gold(project.id, &ids)?;
    } else {
        meant(store.as_mut(), &project, which, |store, samples| {
            let ids: Vec<_> = samples.iter().map(|s| s.id).collect();
            gone += store.unmark_gold(project.id, &ids)?;
            Ok(())
        })?;
    }
    if as_json {
        return context.out.json(&json!({ "project": project.name, "removed": gone }));
    }
    context.out.line(&match gone {
        1 => "1 picture is gold no more; its answer stays".to_owned(),
        n => format!("{} pictures are gold no more; their answers stay", grouped(n)),
    })
}

fn share(project: &str, n: Option<u32>, as_json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = if n.is_some() { stores::open_to_change(context)? } else { stores::open(context)? };
    let project = stores::project(store.as_mut(), project)?;
    if let Some(n) = n {
        let kept = n.to_string();
        store.set_setting(project.id, SETTING, Some(kept.as_str()).filter(|_| n != EVERY))?;
    }
    let every = gold::every(store.as_mut(), project.id)?;
    if as_json {
        return context.out.json(&json!({ "project": project.name, "every": every }));
    }
    context.out.line(&asked(every))
}

fn report(project: &str, by: Option<&str>, as_json: bool, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), project)?;
    let mut found = gold::report(store.as_mut(), project.id)?;
    if let Some(by) = by {
        found.people.retain(|p| p.name == by);
        let Some(person) = found.people.first() else {
            return Err(AppError::failed(format!("`{}` has answered no gold picture yet", printable(by)))
                .hint("they meet them among the open pictures on the Label screen"));
        };
        (found.all, found.classes) = (person.share, person.classes.clone());
    }
    let every = gold::every(store.as_mut(), project.id)?;
    if as_json {
        return context.out.json(&json!({
            "project": project.name, "marked": found.marked, "every": every, "all": found.all,
            "people": found.people, "classes": found.classes,
        }));
    }
    let name = printable(&project.name).into_owned();
    context.out.line(&format!(
        "{name}  {} gold pictures, {}; {} answers",
        grouped(found.marked),
        asked(every),
        grouped(found.all.of)
    ))?;
    if found.all.of == 0 {
        if found.marked == 0 {
            context.note(&format!("`lakelens gold add {name} PATH…` makes pictures gold"));
        } else {
            context.note("people meet them among the open pictures on the Label screen");
        }
        return Ok(());
    }
    let people = found.people.iter().map(|p| (p.name.clone(), p.share)).collect();
    table("WHO", people, context)?;
    let classes = |c: &ClassShare| (c.class.clone(), c.share);
    context.out.line("")?;
    table("CLASS", found.classes.iter().map(classes).collect(), context)
}

fn table(head: &str, rows: Vec<(String, Share)>, context: &mut Context) -> Result<(), AppError> {
    let mut table = Table::new(&[head, ">ASKED", ">RIGHT", ">SHARE", "95 %"]);
    for (name, share) in rows {
        let shown = |value: Option<f64>| value.map(|v| format!("{v:.2}")).unwrap_or_default();
        let ends = format!("{} to {}", shown(share.low), shown(share.high));
        table.row([name, grouped(share.of), grouped(share.right), shown(share.value), ends]);
    }
    context.out.table(&table)
}
