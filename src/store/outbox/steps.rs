//! Undo and redo in front of the journal: a step back is an edit like any other, so it works without the network too.

use super::front::Outboxed;
use super::{Conflict, Resolution, Result, both};
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::ids::{BatchId, EditId, ProjectId, Rev};
use crate::domain::review::Review;
use crate::store::records::{Applied, UndoReport};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::HashSet;

impl Outboxed {
    /// Takes back (or makes again) what this machine's journal knows; what it does not know any more is the remote
    /// store's own undo, once nothing waits to be sent.
    pub(super) fn step(&mut self, project: ProjectId, author: &str, at: Timestamp, redo: bool) -> Result<UndoReport> {
        let of = self.journal.step(project, author, redo)?;
        if of.is_empty() {
            return self.remote_step(project, author, at, redo);
        }
        let batch = (of.len() > 1).then(BatchId::fresh);
        let mut applied = Vec::with_capacity(of.len());
        for done in &of {
            let (change, rev) = self.turned(done, redo)?;
            let origin = if redo { Origin::Redo(done.id) } else { Origin::Undo(done.id) };
            let edit = Edit { id: EditId::fresh(), change, origin, batch, at, ..done.clone() };
            applied.push(Applied { edit, rev });
        }
        let ids: Vec<EditId> = of.iter().map(|e| e.id).collect();
        let edits: Vec<Edit> = applied.iter().map(|a| a.edit.clone()).collect();
        self.journal.turn(&ids, redo, &edits)?;
        self.wake();
        Ok(UndoReport { applied, refused: Vec::new() })
    }

    /// The change that takes `done` back or makes it again, on what stands here now, and the revision after it.
    fn turned(&mut self, done: &Edit, redo: bool) -> Result<(Change, Rev)> {
        let change = match done.change.sample() {
            // It has no revision, and stands by itself.
            Some(_) if matches!(done.change, Change::Check { .. }) => {
                if redo {
                    done.change.clone()
                } else {
                    done.change.inverse(Rev(0))
                }
            }
            // Its own result stands, or it conflicts when it is sent: nothing is overwritten unseen.
            Some(sample) => {
                // What waits says it by itself: behind a read of a store that hangs, the next labels would wait as well.
                let waiting = self.journal.pending()?.remove(&sample).and_then(|pending| pending.rev);
                let base = match waiting {
                    Some(rev) => rev,
                    None => self.sample(sample).map_or_else(|_| based(&done.change, redo), |s| s.rev),
                };
                if redo { rebased(&done.change, base) } else { done.change.inverse(base) }
            }
            None if redo => done.change.clone(),
            None => done.change.inverse(Rev(0)),
        };
        let rev = match &change {
            Change::Answer { base, .. } => Rev(base.0 + 1),
            Change::Verdict { base, .. } => *base,
            Change::Classes { .. } | Change::Check { .. } => Rev(0),
        };
        Ok((change, rev))
    }

    /// How many pictures the next step changes. What the remote store would do is asked of it only when nothing waits, as
    /// the step itself.
    pub(super) fn size_of_step(&mut self, project: ProjectId, author: &str, redo: bool) -> Result<u64> {
        let of = self.journal.step(project, author, redo)?;
        if of.is_empty() {
            return if self.journal.counts()?.0 > 0 { Ok(0) } else { self.remote.step_size(project, author, redo) };
        }
        let samples: HashSet<_> = of.iter().filter_map(|e| e.change.sample()).collect();
        Ok(samples.len() as u64)
    }

    fn remote_step(&mut self, project: ProjectId, author: &str, at: Timestamp, redo: bool) -> Result<UndoReport> {
        if self.journal.counts()?.0 > 0 {
            return Ok(UndoReport::default());
        }
        let report = match redo {
            true => self.remote.redo(project, author, at),
            false => self.remote.undo(project, author, at),
        };
        // Behind an undo that waits for the network the next labels would wait as well.
        report.map_err(|error| match error.retry_after() {
            Some(_) => StoreError::invalid(format!("not undone, the store cannot be reached: {error}")),
            None => error,
        })
    }

    /// Carries out what a person decided. The edit that now waits to be sent, if one does.
    pub(super) fn carry_out(
        &mut self,
        edit: EditId,
        how: Resolution,
        author: &str,
        at: Timestamp,
    ) -> Result<Option<Edit>> {
        let found = self.journal.conflict(edit)?;
        let conflict = found.ok_or_else(|| StoreError::not_found("conflict about this edit any more", self.place()))?;
        let instead = match (how, decided(&conflict, how)) {
            (Resolution::Theirs, _) => None,
            (_, Some(change)) => Some(Edit::by_person(conflict.edit.project, change, author, at)),
            (_, None) => {
                return Err(StoreError::invalid("only answers and verdicts can be decided so; make the change again"));
            }
        };
        self.journal.decide(edit, instead.as_ref())?;
        self.wake();
        Ok(instead)
    }
}

fn based(change: &Change, redo: bool) -> Rev {
    match change {
        Change::Answer { base, .. } if redo => *base,
        Change::Answer { base, .. } => Rev(base.0 + 1),
        Change::Verdict { base, .. } => *base,
        Change::Classes { .. } | Change::Check { .. } => Rev(0),
    }
}

fn rebased(change: &Change, base: Rev) -> Change {
    let mut change = change.clone();
    if let Change::Answer { base: old, .. } | Change::Verdict { base: old, .. } = &mut change {
        *old = base;
    }
    change
}

/// The change that replaces what stands in the store.
fn decided(conflict: &Conflict, how: Resolution) -> Option<Change> {
    let (theirs, base) = (&conflict.theirs, conflict.rev);
    match &conflict.edit.change {
        Change::Answer { sample, after, .. } => {
            let after = if how == Resolution::Both { both(theirs, after) } else { after.clone() };
            Some(Change::Answer { sample: *sample, base, before: theirs.clone(), after })
        }
        Change::Verdict { sample, before, after, .. } => {
            let on_this = |review: &Review| Review { rev: base, ..review.clone() };
            let after = after.as_ref().map(on_this);
            Some(Change::Verdict { sample: *sample, base, before: before.clone(), after })
        }
        Change::Classes { .. } | Change::Check { .. } => None,
    }
}
