//! Undo and redo for as long as the connection lives: CV Explorer's history cannot say what to take back.

use super::CvExplorer;
use crate::domain::edit::{Change, Edit, Origin, Outcome};
use crate::domain::ids::{BatchId, EditId, ProjectId, Rev};
use crate::store::records::{Applied, Refusal, UndoReport};
use crate::store::{Result, Store};
use jiff::Timestamp;
use std::collections::HashSet;

/// What can be undone and redone, oldest first.
#[derive(Default)]
pub(super) struct Lists {
    undo: Vec<(Edit, Rev)>,
    redo: Vec<(Edit, Rev)>,
}

impl Lists {
    /// Notes edits that were taken.
    pub(super) fn made(&mut self, edits: &[Edit], outcomes: &[Outcome]) {
        for (edit, outcome) in edits.iter().zip(outcomes) {
            if let (Outcome::Saved { rev }, Change::Answer { .. }) = (outcome, &edit.change) {
                self.redo.retain(|(other, _)| other.author != edit.author || other.project != edit.project);
                self.undo.push((edit.clone(), *rev));
            }
        }
    }

    /// How many pictures the last step of a person changes.
    pub(super) fn size(&self, back: bool, project: ProjectId, author: &str) -> u64 {
        let list = if back { &self.undo } else { &self.redo };
        let own = || list.iter().map(|(e, _)| e).filter(|e| e.project == project && e.author == author);
        let Some(last) = own().next_back() else { return 0 };
        let step = own().filter(|e| if last.batch.is_some() { e.batch == last.batch } else { e.id == last.id });
        let samples: HashSet<_> = step.filter_map(|e| e.change.sample()).collect();
        samples.len() as u64
    }

    /// Takes the last step of a person off a list: an edit, or its whole batch.
    fn last(&mut self, back: bool, project: ProjectId, author: &str) -> Vec<(Edit, Rev)> {
        let list = if back { &mut self.undo } else { &mut self.redo };
        let of = |e: &Edit| e.project == project && e.author == author;
        let Some((last, _)) = list.iter().rfind(|(e, _)| of(e)) else { return Vec::new() };
        let (batch, id): (Option<BatchId>, EditId) = (last.batch, last.id);
        let taken = |e: &Edit| of(e) && if batch.is_some() { e.batch == batch } else { e.id == id };
        let (step, rest) = std::mem::take(list).into_iter().partition(|(e, _)| taken(e));
        *list = rest;
        step
    }
}

impl CvExplorer {
    /// One step back, or forward again: only while what the person left still stands.
    pub(super) fn step(&mut self, project: ProjectId, author: &str, at: Timestamp, back: bool) -> Result<UndoReport> {
        let step = self.lists.last(back, project, author);
        let mut report = UndoReport::default();
        for (done, rev) in step.into_iter().rev() {
            let origin = if back { Origin::Undo(done.id) } else { Origin::Redo(done.id) };
            let mut edit = Edit { id: EditId::fresh(), origin, at, ..done.clone() };
            edit.change = done.change.inverse(rev);
            let outcome = match self.write(|shape, db| shape.commit(db, std::slice::from_ref(&edit))) {
                Ok(mut outcomes) => outcomes.pop(),
                Err(error) => {
                    // Nothing was done: the step stays where it was.
                    let list = if back { &mut self.lists.undo } else { &mut self.lists.redo };
                    list.push((done, rev));
                    return Err(error);
                }
            };
            match outcome {
                Some(Outcome::Saved { rev }) => {
                    let list = if back { &mut self.lists.redo } else { &mut self.lists.undo };
                    list.push((edit.clone(), rev));
                    report.applied.push(Applied { edit, rev });
                }
                other => {
                    let sample = done.change.sample();
                    let stands = sample.map(|id| self.sample(id)).transpose()?;
                    let reason = match other {
                        Some(Outcome::Refused { reason }) => reason,
                        _ => "somebody else changed it since; look at it before you decide".to_owned(),
                    };
                    let rev = stands.as_ref().map_or(Rev(0), |s| s.rev);
                    let by = String::new();
                    let theirs = stands.map(|s| s.answer).unwrap_or_default();
                    report.refused.push(Refusal { edit: done.id, sample, rev, theirs, by, reason });
                }
            }
        }
        Ok(report)
    }
}
