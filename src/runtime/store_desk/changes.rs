//! Changes of projects as the store carries them out, and what a step back or forward has changed: both run where the
//! store is read, and say what the person is told.

use super::super::store_review;
use crate::app::effect::ProjectChange;
use crate::app::event::Wrote;
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::project::Counts;
use crate::domain::sample::Sample;
use crate::domain::text::printable;
use crate::store::records::{NewSnapshot, UndoReport};
use crate::store::{Result, Store};
use jiff::Timestamp;

pub(super) fn apply(store: &mut dyn Store, change: ProjectChange, user: &str) -> Result<String> {
    let mut name = |id: ProjectId| store.project(id).map(|p| printable(&p.name).into_owned());
    Ok(match change {
        ProjectChange::Rename(id, to) => {
            let from = name(id)?;
            store.rename_project(id, &to)?;
            format!("{from} is called {} now", printable(&to))
        }
        ProjectChange::Trash(id) => {
            let name = name(id)?;
            store.trash_project(id)?;
            format!("{name} is in the trash; [projects.show-trash] shows it, [projects.restore] brings it back")
        }
        ProjectChange::Restore(id) => {
            store.restore_project(id)?;
            format!("{} is back", printable(&store.project(id)?.name))
        }
        ProjectChange::Delete(id) => {
            let name = name(id)?;
            store.delete_project(id)?;
            format!("{name} is deleted")
        }
        ProjectChange::TakeSnapshot(id, name) => {
            let (author, at, message) = (user.to_owned(), Timestamp::now(), String::new());
            let taken = store.take_snapshot(id, &NewSnapshot { name, author, at, message })?;
            format!("the snapshot {} holds the present state", printable(&taken.name))
        }
        ProjectChange::DropSnapshot(id, name) => {
            store.drop_snapshot(id, &name)?;
            format!("the name {} is forgotten; the history stays", printable(&name))
        }
        ProjectChange::Gold { project, sample, on } => store_review::gold(store, project, sample, on, user)?,
        ProjectChange::List { project, name, samples, on } => store_review::list(store, project, &name, &samples, on)?,
    })
}

pub(super) fn undone(store: &mut dyn Store, report: UndoReport, redo: bool) -> Result<Wrote> {
    let mut samples: Vec<Sample> = Vec::new();
    // Of a gold picture nothing but the person's own answer may be seen, and the edit has that.
    let seen_of = |edit: &Edit| edit.change.sample().filter(|_| !matches!(edit.change, Change::Check { .. }));
    let ids = report.applied.iter().filter_map(|a| seen_of(&a.edit));
    let mut seen: Vec<SampleId> = Vec::new();
    for id in ids {
        if !seen.contains(&id) && seen.len() < 1_000 {
            seen.push(id);
            let Some(sample) = reached(store.sample(id))? else { break };
            samples.push(sample);
        }
    }
    let counts = match report.applied.first() {
        Some(first) => reached(store.counts(first.edit.project))?,
        None => None,
    };
    if let Some(refusal) = report.refused.first() {
        let (by, count) = (printable(&refusal.by).into_owned(), report.refused.len());
        return Ok(Wrote::Refused(format!(
            "{by} changed {} since; that stays as it is",
            if count == 1 { "it".to_owned() } else { format!("{count} of them") }
        )));
    }
    Ok(made(report, redo, samples, counts))
}

pub(super) fn made(report: UndoReport, redo: bool, samples: Vec<Sample>, counts: Option<Counts>) -> Wrote {
    let edits = report.applied.into_iter().map(|a| (a.edit, Outcome::Saved { rev: a.rev })).collect();
    Wrote::Undone { redo, edits, samples, counts }
}

/// Nothing where the store cannot be reached now: what was taken back is durable all the same.
fn reached<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.retry_after().is_some() => Ok(None),
        Err(error) => Err(error),
    }
}
