//! Questions of the screens, answered by a store. Runs on the reader's thread.

use super::store_review;
use crate::app::effect::{JumpTo, Query};
use crate::app::event::{HistoryLine, Reply};
use crate::app::screens::conflicts::ConflictLine;
use crate::app::screens::versions::SnapshotLine;
use crate::domain::edit::Origin;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Sample, Status};
use crate::domain::text::printable;
use crate::store::outbox::Conflict;
use crate::store::records::{Direction, From, HistoryEntry, Presence, Shelf, Snapshot};
use crate::store::{Result, Store, StoreError};
use std::collections::{HashMap, HashSet};

/// The name of the setting that keeps where a person left a project.
#[must_use]
pub fn session_key(user: &str) -> String {
    format!("session:{user}")
}

/// Makes the next walk through a project begin with this queue.
///
/// # Errors
/// The store's own.
pub fn begin_with(store: &mut dyn Store, project: ProjectId, user: &str, queue: &Queue) -> Result<()> {
    let kept = serde_json::to_string(&(queue, None::<SampleId>)).ok();
    store.set_setting(project, &session_key(user), kept.as_deref())
}

/// The others by project, each once.
fn others(there: Vec<(ProjectId, Presence)>, user: &str) -> HashMap<ProjectId, Vec<String>> {
    let mut out: HashMap<ProjectId, Vec<String>> = HashMap::new();
    for (project, presence) in there {
        let name = printable(&presence.author).into_owned();
        let names = out.entry(project).or_default();
        if presence.author != user && !names.contains(&name) {
            names.push(name);
        }
    }
    out.retain(|_, names| !names.is_empty());
    out
}

/// Answers a question.
///
/// # Errors
/// The store's own; [`StoreError::Interrupted`] when a newer question stopped it.
pub fn answer(store: &mut dyn Store, user: &str, query: Query) -> Result<Reply> {
    Ok(match query {
        Query::Projects => {
            let projects = store.projects(Shelf::All)?;
            let with_counts = projects.into_iter().map(|p| Ok((store.counts(p.id)?, p)));
            let all: Result<Vec<_>> = with_counts.collect();
            let all = all?.into_iter().map(|(c, p)| (p, c)).collect();
            // Who is there is worth no error: the list is what was asked for.
            Reply::Projects { all, here: others(store.present().unwrap_or_default(), user) }
        }
        Query::Present => Reply::Present(others(store.present()?, user)),
        Query::Project(id) => Reply::Project(Box::new(store.project(id)?), store.counts(id)?),
        Query::Counts(id) => Reply::Counts(store.counts(id)?),
        Query::Page { project, queue, beyond, back, limit } => page(store, project, &queue, beyond, back, limit)?,
        Query::Jump { project, queue, to, limit } => jump(store, project, &queue, to, limit)?,
        Query::Position { project, queue, sample } => position(store, project, &queue, sample)?,
        Query::Tape { project, limit } => Reply::History(lines(store.decisions(project, user, limit)?)),
        Query::History { project, sample, limit } => {
            Reply::History(lines(store.history(project, sample, None, limit)?))
        }
        Query::Queues(project) => Reply::Queues(store.saved_queues(project)?),
        Query::Session(project) => {
            let kept = store.setting(project, &session_key(user))?;
            Reply::Session(kept.and_then(|text| serde_json::from_str(&text).ok()))
        }
        Query::Stats(id) => {
            let project = store.project(id)?;
            Reply::Stats(Box::new(crate::ops::stats::stats(store, &project, jiff::Timestamp::now()).map_err(from_ops)?))
        }
        Query::Review(project) => store_review::review(store, project, user)?,
        Query::SecondPass { project, limit } => store_review::second_pass(store, project, user, limit)?,
        Query::Gold { project, walk } => Reply::Gold(Box::new(crate::ops::gold::ready(store, project, user, walk)?)),
        Query::Agreement(project) => store_review::agreement(store, project)?,
        Query::Disputes(project) => store_review::disputes(store, project)?,
        Query::Guideline(project) => Reply::Guideline(store.setting(project, crate::ops::guideline::SETTING)?),
        Query::Lists { project, samples } => Reply::Lists(store.lists_with(project, &samples)?),
        Query::Comments(sample) => store_review::comments(store, sample)?,
        Query::Versions(project) => versions(store, project)?,
        Query::Samples(ids) => Reply::Samples(there(store, &ids)?),
        Query::Conflicts(project) => Reply::Conflicts(conflicts(store, project)?),
        Query::List { .. }
        | Query::Facts(_)
        | Query::Preview(_)
        | Query::Complete { .. }
        | Query::ImportPreview(_)
        | Query::Compare { .. }
        | Query::Snap { .. }
        | Query::TableFacts(_)
        | Query::TableRows { .. }
        | Query::TableHistory(_)
        | Query::Profiles
        | Query::SqlEngines(_)
        | Query::SqlHistory(_)
        | Query::SqlRun { .. } => Reply::Failed("this is not a question to the store".to_owned()),
    })
}

/// The snapshots of a project, the newest state first.
fn versions(store: &mut dyn Store, project: ProjectId) -> Result<Reply> {
    if !store.capabilities().versions {
        return Err(store.unsupported("keep snapshots of a project, or compare its states"));
    }
    let line = |s: Snapshot| SnapshotLine {
        labeled: s.counts.of(Status::Labeled),
        samples: s.counts.samples(),
        name: s.name,
        event: s.event,
        author: s.author,
        at: s.at,
        message: s.message,
    };
    Ok(Reply::Versions(store.snapshots(project)?.into_iter().rev().map(line).collect()))
}

/// Those of the samples that are still there.
fn there(store: &mut dyn Store, ids: &[SampleId]) -> Result<Vec<Sample>> {
    match store.samples_by_id(ids) {
        Err(StoreError::NotFound { .. }) => {}
        found => return found,
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        match store.sample(*id) {
            Ok(sample) => found.push(sample),
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn page(
    store: &mut dyn Store,
    project: ProjectId,
    queue: &Queue,
    beyond: Option<SampleId>,
    back: bool,
    limit: usize,
) -> Result<Reply> {
    let from = match beyond {
        Some(id) => From::After(store.cursor(queue, id)?),
        None => From::Edge,
    };
    let direction = if back { Direction::Back } else { Direction::Forward };
    let found = store.page(project, queue, &from, direction, limit)?;
    let end = found.len() < limit;
    let mut samples: Vec<Sample> = found.into_iter().map(|q| q.sample).collect();
    if back {
        samples.reverse();
    }
    Ok(Reply::Page { samples, end })
}

fn jump(store: &mut dyn Store, project: ProjectId, queue: &Queue, to: JumpTo, limit: usize) -> Result<Reply> {
    let nothing = Reply::Page { samples: Vec::new(), end: true };
    let target = match to {
        JumpTo::Number(n) => store.nth(project, queue, n.saturating_sub(1))?,
        JumpTo::Random(n) => {
            let count = store.count(project, &queue.filter)?;
            if count == 0 { None } else { store.nth(project, queue, n % count)? }
        }
        JumpTo::Sample(id) => Some(store.cursor(queue, id)?),
        JumpTo::NextUnlabeled(id) => next_unlabeled(store, project, queue, id)?,
    };
    let Some(cursor) = target else { return Ok(nothing) };
    let found = store.page(project, queue, &From::At(cursor), Direction::Forward, limit)?;
    let end = found.len() < limit;
    let mut samples: Vec<Sample> = found.into_iter().map(|q| q.sample).collect();
    if let JumpTo::Sample(id) = to
        && samples.first().map(|s| s.id) != Some(id)
    {
        // It has left the queue, but it is what was asked for.
        samples.insert(0, store.sample(id)?);
    }
    Ok(Reply::Page { samples, end })
}

/// The next unanswered sample in the queue's order: after the one given, else from the start.
fn next_unlabeled(
    store: &mut dyn Store,
    project: ProjectId,
    queue: &Queue,
    after: SampleId,
) -> Result<Option<crate::store::records::Cursor>> {
    let status = vec![Status::Unlabeled, Status::PreLabeled];
    let open = Queue { filter: Filter { status, ..queue.filter.clone() }, order: queue.order };
    let from = From::After(store.cursor(queue, after)?);
    for from in [from, From::Edge] {
        if let Some(found) = store.page(project, &open, &from, Direction::Forward, 1)?.pop() {
            return Ok(Some(found.cursor));
        }
    }
    Ok(None)
}

fn position(store: &mut dyn Store, project: ProjectId, queue: &Queue, sample: SampleId) -> Result<Reply> {
    let cursor = store.cursor(queue, sample)?;
    let before = store.position(project, queue, &cursor)?;
    let total = store.count(project, &queue.filter)?;
    Ok(Reply::Position { rank: (before < total).then_some(before + 1), total })
}

/// What the person has to decide, each with its sample as the store has it.
fn conflicts(store: &mut dyn Store, project: ProjectId) -> Result<Vec<ConflictLine>> {
    let found = store.conflicts(project)?;
    let line = |conflict: Conflict, store: &mut dyn Store| {
        let Conflict { edit, theirs, reason, .. } = conflict;
        let sample = match edit.change.sample().map(|id| store.sample(id)) {
            None | Some(Err(StoreError::NotFound { .. })) => None,
            Some(sample) => Some(sample?),
        };
        Ok(ConflictLine { edit, sample, theirs, reason })
    };
    found.into_iter().map(|conflict| line(conflict, store)).collect()
}

/// History entries as the screens show them: an entry that a later one took back is marked.
fn lines(entries: Vec<HistoryEntry>) -> Vec<HistoryLine> {
    let mut undone = HashSet::new();
    let mut out = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Origin::Undo(of) = entry.edit.origin {
            undone.insert(of);
        }
        out.push(HistoryLine { undone: undone.contains(&entry.edit.id), edit: entry.edit, path: entry.path });
    }
    out
}

/// Statistics only read the store, so that any failure of theirs is the store's.
pub(super) fn from_ops(error: crate::ops::OpsError) -> crate::store::StoreError {
    match error {
        crate::ops::OpsError::Store(error) => error,
        other => crate::store::StoreError::Failed { place: "the statistics".to_owned(), why: other.to_string() },
    }
}
