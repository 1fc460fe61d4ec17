//! `lakelens review`: a verdict on the answer of a picture.

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Lines;
use super::label::state;
use super::stores;
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::Status;
use crate::domain::text::printable;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::json;
use std::ffi::OsString;

/// Accept or reject the answer of a picture
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens review flowers roses/12.jpg accept
  lakelens review flowers roses/12.jpg reject --comment 'wrong class'
  lakelens review flowers roses/12.jpg withdraw --json")]
pub(crate) struct ReviewArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The picture, relative to the project's source
    #[arg(value_name = "PATH")]
    path: OsString,
    /// The verdict
    #[arg(value_name = "VERDICT", value_enum)]
    verdict: Word,
    /// Why
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    #[command(flatten)]
    json: Lines,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Word {
    /// The answer stands
    Accept,
    /// The answer goes back to be done again
    Reject,
    /// Take your verdict away
    Withdraw,
}

pub(super) fn run(args: &ReviewArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let sample = stores::sample(store.as_mut(), &project, &stores::path_text(&args.path))?;
    let shown = printable(&sample.path).into_owned();
    if !matches!(sample.answer.status, Status::Labeled | Status::Skipped) {
        return Err(AppError::usage(format!("`{shown}` has no answer yet that could be reviewed"))
            .hint("label it first: `lakelens label PROJECT PATH CLASS`"));
    }
    let (user, at) = (context.loaded.user.clone(), Timestamp::now());
    let verdict = match args.verdict {
        Word::Accept => Some(Verdict::Accepted),
        Word::Reject => Some(Verdict::Rejected),
        Word::Withdraw => None,
    };
    let review =
        |verdict| Review { rev: sample.rev, verdict, comment: args.comment.clone(), reviewer: user.clone(), at };
    let before = sample.reviews.iter().find(|r| r.reviewer == user).cloned();
    let change = Change::Verdict { sample: sample.id, base: sample.rev, before, after: verdict.map(review) };
    let edit = Edit::by_person(project.id, change, &user, at);
    let id = edit.id;
    let outcomes = store.commit(&[edit])?;
    let Some(outcome) = outcomes.first() else { return Err(AppError::new(Kind::Bug, "the store gave no outcome")) };
    let (state, rev) = state(outcome).map_err(AppError::failed)?;
    if args.json.json {
        context.out.json_line(&json!({ "path": sample.path, "edit": id, "rev": rev, "state": state }))?;
    } else {
        let word = verdict.map_or("withdrawn", Verdict::name);
        context.out.line(&format!("{state}  {shown}  {word}"))?;
    }
    match outcome {
        Outcome::Conflict { .. } => Err(AppError::new(Kind::Conflict, format!("`{shown}` was edited in the meantime"))
            .hint("look at it again, then review it")),
        _ => Ok(()),
    }
}
