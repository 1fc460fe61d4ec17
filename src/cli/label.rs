//! `lakelens label`: scripted edits, one by one or as a stream of JSON lines.
//!
//! What always holds: a line is printed only after its edit is durable; a line that cannot be taken changes nothing and
//! stops nothing, it goes to the rejects file; all edits of one call are one batch, so one `undo` takes them back.

mod rejects;
mod request;

use super::context::Context;
use super::error::{AppError, Kind};
use super::grammar::Lines;
use super::output::grouped;
use super::stores;
use crate::config::paths::expand;
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::ids::{BatchId, EditId, Rev, SampleId};
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::store::Store;
use clap::Args;
use jiff::Timestamp;
use rejects::Rejects;
use request::{Names, Request};
use serde_json::json;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

/// Edits that go into one transaction when the input does not pause.
const BATCH: usize = 256;
/// A longer line is no request.
const LONGEST_LINE: u64 = 4 << 20;
/// How often a wait for input looks whether Ctrl-C was pressed.
const GLANCE: Duration = Duration::from_millis(200);

/// Label pictures from a script
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens label flowers roses/12.jpg roses
  lakelens label flowers roses/13.jpg --skip --reason blurred
  lakelens label flowers roses/14.jpg --empty --flag
  echo '{\"path\":\"a.jpg\",\"label\":[\"roses\"]}' | lakelens label flowers --from - --json

A line of --from holds: path, label (a name or a list), boxes (class, x, y, w, h; 0..1;
attributes such as {\"occluded\":true}), skip, reason, empty, clear, flag, unsure, rev (refuse if the picture was edited since), message.")]
pub(crate) struct LabelArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The picture, relative to the project's source
    #[arg(value_name = "PATH", required_unless_present = "from", conflicts_with = "from")]
    path: Option<OsString>,
    /// Its class, or classes in a multilabel project
    #[arg(value_name = "CLASS", conflicts_with = "from")]
    classes: Vec<String>,
    /// Read edits as JSON lines from this file, or from stdin with `-`
    #[arg(long, value_name = "FILE")]
    from: Option<OsString>,
    /// Put the picture aside
    #[arg(long, conflicts_with_all = ["from", "classes", "empty", "clear"])]
    skip: bool,
    /// Why it is put aside
    #[arg(long, value_name = "TEXT", requires = "skip")]
    reason: Option<String>,
    /// There is nothing in the picture: a verified negative
    #[arg(long, conflicts_with_all = ["from", "classes", "clear"])]
    empty: bool,
    /// Take the answer away
    #[arg(long, conflicts_with_all = ["from", "classes"])]
    clear: bool,
    /// Mark for another look
    #[arg(long, conflicts_with = "from")]
    flag: bool,
    /// Take that mark away
    #[arg(long, conflicts_with_all = ["from", "flag"])]
    no_flag: bool,
    /// Say that you are not sure
    #[arg(long, conflicts_with = "from")]
    unsure: bool,
    /// A note that is kept in the history
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// Where lines that cannot be taken go; without it, a file in the state folder
    #[arg(long, value_name = "FILE", requires = "from")]
    rejects: Option<OsString>,
    #[command(flatten)]
    json: Lines,
}

pub(super) fn run(args: &LabelArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.project)?;
    let author = context.loaded.user.clone();
    let mut labeller = Labeller { store, project, author, batch: None, pending: Vec::new(), tally: Tally::default() };
    match &args.from {
        Some(from) => stream(args, from, &mut labeller, context),
        None => single(args, &mut labeller, context),
    }
}

fn single(args: &LabelArgs, labeller: &mut Labeller, context: &mut Context) -> Result<(), AppError> {
    let request = Request {
        path: args.path.as_deref().map(stores::path_text).unwrap_or_default(),
        label: Names::Many(args.classes.clone()),
        skip: args.skip,
        reason: args.reason.clone(),
        empty: args.empty,
        clear: args.clear,
        flag: (args.flag || args.no_flag).then_some(args.flag),
        unsure: args.unsure.then_some(true),
        message: args.message.clone(),
        ..Request::default()
    };
    // The errors of the command line keep their own kinds and hints.
    let sample = stores::sample(labeller.store.as_mut(), &labeller.project, &request.path)?;
    for name in &args.classes {
        stores::class(&labeller.project.labels, name)?;
    }
    let edit = labeller.edit(&request, &sample).map_err(AppError::usage)?;
    labeller.pending.push(Pending { path: sample.path, edit, line: 1, input: Vec::new() });
    let refused = labeller.commit(args.json.json, true, context)?;
    if let Some((_, reason)) = refused.into_iter().next() {
        return Err(AppError::failed(reason));
    }
    labeller.tally.conflict_error()
}

fn stream(args: &LabelArgs, from: &OsString, labeller: &mut Labeller, context: &mut Context) -> Result<(), AppError> {
    let lines = read_lines(from, context)?;
    let cancel = context.cancel();
    labeller.batch = Some(BatchId::fresh());
    let mut rejects = Rejects::new(rejects_path(args, context));
    let mut number = 0;
    let conflicts = labeller.store.outbox()?.conflicts;
    loop {
        // Commit what waits as soon as the input pauses, so that a program that reads our answers is never left waiting.
        let next = match lines.try_recv() {
            Ok(line) => Some(line),
            Err(_) => {
                settle(labeller, args, &mut rejects, context)?;
                next_line(&lines, &cancel)
            }
        };
        if cancel.is_cancelled() {
            settle(labeller, args, &mut rejects, context)?;
            return Err(context.interrupted());
        }
        let Some(line) = next else { break };
        let line = line.map_err(|e| AppError::failed("the input cannot be read").because(e))?;
        number += 1;
        if !line.iter().all(u8::is_ascii_whitespace) {
            take(number, line, labeller, args, &mut rejects, context)?;
        }
    }
    labeller.send_rest(conflicts)?;
    if !args.json.json {
        let (saved, conflicts) = (grouped(labeller.tally.saved), grouped(labeller.tally.conflicts));
        let rejected = grouped(rejects.count());
        context.out.line(&format!("{saved} saved, {conflicts} conflicts, {rejected} rejected"))?;
    }
    context.out.flush()?;
    rejects.finish(labeller.tally.saved)?;
    labeller.tally.conflict_error()
}

/// Takes one line: its edit waits for the next transaction, or the line is rejected.
fn take(
    line: u64,
    input: Vec<u8>,
    labeller: &mut Labeller,
    args: &LabelArgs,
    rejects: &mut Rejects,
    context: &mut Context,
) -> Result<(), AppError> {
    let mut read = labeller.read(&input, args)?;
    if let Ok(None) = read {
        // A second line for the same picture is based on what the first one makes of it.
        settle(labeller, args, rejects, context)?;
        read = labeller.read(&input, args)?;
    }
    match read {
        Ok(Some((path, edit))) => labeller.pending.push(Pending { path, edit, line, input }),
        Ok(None) => return Err(AppError::new(Kind::Bug, "an edit waits after a commit")),
        Err(reason) => rejects.push(line, &reason, &input)?,
    }
    if labeller.pending.len() >= BATCH {
        settle(labeller, args, rejects, context)?;
    }
    Ok(())
}

/// Commits what waits; what the store cannot take is rejected.
fn settle(
    labeller: &mut Labeller,
    args: &LabelArgs,
    rejects: &mut Rejects,
    context: &mut Context,
) -> Result<(), AppError> {
    for (pending, reason) in labeller.commit(args.json.json, false, context)? {
        rejects.push(pending.line, &reason, &pending.input)?;
    }
    Ok(())
}

fn rejects_path(args: &LabelArgs, context: &Context) -> std::path::PathBuf {
    let given = args.rejects.as_deref().map(|r| expand(&stores::path_text(r), &context.environment));
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    given.unwrap_or_else(|| {
        let process = rustix::process::getpid().as_raw_nonzero();
        context.loaded.paths.state.join("rejects").join(format!("label-{now}-{process}.jsonl"))
    })
}

type Line = std::io::Result<Vec<u8>>;

/// Waits for the next line, until the input ends or Ctrl-C.
fn next_line(lines: &Receiver<Line>, cancel: &tokio_util::sync::CancellationToken) -> Option<Line> {
    loop {
        match lines.recv_timeout(GLANCE) {
            Ok(line) => return Some(line),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Reads lines on a thread, so that waiting for input never holds back what was read. The channel is bounded.
fn read_lines(from: &OsString, context: &Context) -> Result<Receiver<Line>, AppError> {
    let input: Box<dyn Read + Send> = if from == "-" {
        Box::new(std::io::stdin())
    } else {
        let text = stores::path_text(from);
        let file = std::fs::File::open(expand(&text, &context.environment))
            .map_err(|e| AppError::failed(format!("{} cannot be read", printable(&text))).because(e))?;
        Box::new(file)
    };
    let (sender, receiver) = mpsc::sync_channel(BATCH);
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || send_lines(BufReader::new(input), &sender))
        .map_err(|e| AppError::failed("a thread cannot be started").because(e))?;
    Ok(receiver)
}

fn send_lines(mut input: impl BufRead, sender: &SyncSender<Line>) {
    loop {
        let mut line = Vec::new();
        let read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        let message = match read {
            Ok(0) => return,
            Ok(_) if line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n") => {
                let _ = sender.send(Err(std::io::Error::other(format!("a line is longer than {LONGEST_LINE} bytes"))));
                return;
            }
            Ok(_) => Ok(line),
            Err(error) => Err(error),
        };
        let stop = message.is_err();
        if sender.send(message).is_err() || stop {
            return;
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    saved: u64,
    conflicts: u64,
}

impl Tally {
    fn conflict_error(&self) -> Result<(), AppError> {
        if self.conflicts == 0 {
            return Ok(());
        }
        let pictures = if self.conflicts == 1 { "picture was" } else { "pictures were" };
        let message =
            format!("{} {pictures} edited by somebody else in the meantime; nothing was overwritten", self.conflicts);
        Err(AppError::new(Kind::Conflict, message).hint("look at `lakelens history PROJECT PATH`, then label again"))
    }
}

/// An edit that waits for its transaction, and the line it came from.
struct Pending {
    path: String,
    edit: Edit,
    line: u64,
    input: Vec<u8>,
}

struct Labeller {
    store: Box<dyn Store>,
    project: Project,
    author: String,
    batch: Option<BatchId>,
    pending: Vec<Pending>,
    tally: Tally,
}

impl Labeller {
    /// Whether an edit of the same picture waits already.
    fn waits(&self, sample: SampleId) -> bool {
        self.pending.iter().any(|p| p.edit.change.sample() == Some(sample))
    }

    /// Makes the edit of a line; the inner error is the reason to reject the line. A second line for a picture whose edit
    /// still waits gives nothing: commit what waits, then ask again.
    fn read(&mut self, input: &[u8], args: &LabelArgs) -> Result<Result<Option<(String, Edit)>, String>, AppError> {
        let mut request: Request = match serde_json::from_slice(input) {
            Ok(request) => request,
            Err(error) => return Ok(Err(format!("it is not a request: {error}"))),
        };
        if request.path.is_empty() {
            return Ok(Err("it names no path".to_owned()));
        }
        request.message = request.message.or_else(|| args.message.clone());
        let describe = |e: &AppError| [std::slice::from_ref(&e.message), &e.hints].concat().join("; ");
        let sample = match stores::sample(self.store.as_mut(), &self.project, &request.path) {
            Ok(sample) => sample,
            Err(error) if error.kind == Kind::Failed => return Ok(Err(describe(&error))),
            Err(error) => return Err(error),
        };
        if self.waits(sample.id) {
            return Ok(Ok(None));
        }
        Ok(self.edit(&request, &sample).map(|edit| Some((sample.path, edit))))
    }

    fn edit(&self, request: &Request, sample: &crate::domain::sample::Sample) -> Result<Edit, String> {
        let after = request.answer(sample, (&self.project.labels, self.project.task), &self.author)?;
        let base = request.rev.map_or(sample.rev, Rev);
        let change = Change::Answer { sample: sample.id, base, before: sample.answer.clone(), after };
        let mut edit = Edit::by_person(self.project.id, change, &self.author, Timestamp::now());
        edit.batch = self.batch;
        edit.message = request.message.clone().unwrap_or_default();
        Ok(edit)
    }

    /// Commits what waits, says what became of each edit, and gives those that the store cannot take, with the reason.
    fn commit(&mut self, as_json: bool, text: bool, context: &mut Context) -> Result<Vec<(Pending, String)>, AppError> {
        let mut refused = Vec::new();
        if self.pending.is_empty() {
            return Ok(refused);
        }
        let pending = std::mem::take(&mut self.pending);
        let edits: Vec<Edit> = pending.iter().map(|p| p.edit.clone()).collect();
        let outcomes = self.store.commit(&edits)?;
        let (word, against) = self.after_commit(text)?;
        for (pending, outcome) in pending.into_iter().zip(&outcomes) {
            let (state, rev) = match state(outcome) {
                Ok(("saved", rev)) if against.contains(&pending.edit.id) => ("conflict", rev),
                Ok(("saved", rev)) => (word, rev),
                Ok(known) => known,
                Err(reason) => {
                    refused.push((pending, reason.to_owned()));
                    continue;
                }
            };
            match state {
                "conflict" => self.tally.conflicts += 1,
                _ => self.tally.saved += 1,
            }
            let (path, edit) = (&pending.path, &pending.edit);
            if as_json {
                context.out.json_line(&json!({ "path": path, "edit": edit.id, "rev": rev, "state": state }))?;
            } else if text {
                let now = self.summary(outcome, edit);
                context.out.line(&format!("{state}  {}  {}", printable(path), printable(&now)))?;
            }
        }
        context.out.flush()?;
        Ok(refused)
    }

    /// What a store that keeps edits on this machine first has done with those just taken: the word for them, and those
    /// that somebody else's change stands against. Only a single edit is waited for.
    fn after_commit(&mut self, wait: bool) -> Result<(&'static str, Vec<EditId>), AppError> {
        if !wait {
            let waits = self.store.outbox()?.unsent > 0;
            return Ok((if waits { "queued" } else { "saved" }, Vec::new()));
        }
        let word = stores::sent(self.store.as_mut())?;
        let against = self.store.conflicts(self.project.id)?;
        Ok((word, against.into_iter().map(|c| c.edit.id).collect()))
    }

    /// Sends what a stream left on this machine; what somebody else changed first counts as a conflict then.
    fn send_rest(&mut self, conflicts_before: u64) -> Result<(), AppError> {
        stores::sent(self.store.as_mut())?;
        let found = self.store.outbox()?.conflicts.saturating_sub(conflicts_before).min(self.tally.saved);
        self.tally.conflicts += found;
        self.tally.saved -= found;
        Ok(())
    }

    /// What the picture's answer is now.
    fn summary(&self, outcome: &Outcome, edit: &Edit) -> String {
        match (outcome, &edit.change) {
            (Outcome::Conflict { theirs, .. }, _) => theirs.summary(&self.project.labels),
            (_, Change::Answer { after, .. }) => after.summary(&self.project.labels),
            _ => String::new(),
        }
    }
}

/// The word and the revision that scripts get for an outcome; the inner error is why the store cannot take the edit.
pub(super) fn state(outcome: &Outcome) -> Result<(&'static str, Option<Rev>), &str> {
    match outcome {
        Outcome::Saved { rev } => Ok(("saved", Some(*rev))),
        Outcome::Queued => Ok(("queued", None)),
        Outcome::Conflict { rev, .. } => Ok(("conflict", Some(*rev))),
        Outcome::Refused { reason } => Err(reason),
    }
}
