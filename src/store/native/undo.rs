//! Undo and redo: each person's own list, over all images and restarts, without ever overwriting somebody else.
//!
//! A sample's `state` names the event whose result stands. An edit can be undone only while its own result stands, and
//! redone only while what stood before it stands; undoing moves `state` back to the event before. So a chain of edits
//! is undone and redone step by step, and a change by anybody else in between is seen, even if it looks the same.

use super::commit::{Attempt, Obstacle, answered_before, refused};
use super::desk::{Desk, Done, Way};
use super::tally::{Deltas, NO_REV};
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::ids::{BatchId, EditId, ProjectId, Rev};
use crate::domain::sample::Answer;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{Applied, Refusal, UndoReport};
use jiff::Timestamp;

impl dyn Desk + '_ {
    pub(in crate::store) fn undo(&self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, Way::Back)
    }

    pub(in crate::store) fn redo(&self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, Way::Again)
    }

    fn step(&self, project: ProjectId, author: &str, at: Timestamp, way: Way) -> Result<UndoReport> {
        let mut deltas = Deltas::default();
        let mut report = UndoReport::default();
        let events = self.next_step(project, author, way)?;
        let batch = (events.len() > 1).then(BatchId::fresh);
        for done in events {
            self.drop_undo(project, author, way == Way::Again, done.event)?;
            let edit = new_edit(&done, author, at, way, batch);
            if matches!(done.change, Change::Classes { .. }) {
                // Whether a class is in use is read from the counts, which the steps before this one have changed.
                self.add_tallies(std::mem::take(&mut deltas))?;
            }
            match self.apply(&done, edit, way, &mut deltas)? {
                Ok((applied, _)) => {
                    self.put_undo(project, author, way == Way::Back, done.event)?;
                    report.applied.push(applied);
                }
                Err(obstacle) => report.refused.push(refusal(&done, obstacle)),
            }
        }
        self.add_tallies(deltas)?;
        Ok(report)
    }

    pub(in crate::store) fn undo_edit(
        &self,
        project: ProjectId,
        edit: EditId,
        author: &str,
        at: Timestamp,
    ) -> Result<UndoReport> {
        let found = self.done(edit)?.filter(|d| d.project == project);
        let done = found.ok_or_else(|| StoreError::not_found(format!("edit {edit} in this project"), self.place()))?;
        let mut deltas = Deltas::default();
        let mut report = UndoReport::default();
        let inverse = new_edit(&done, author, at, Way::Apart, None);
        match self.apply(&done, inverse, Way::Apart, &mut deltas)? {
            Ok((applied, event)) => {
                self.remember(&applied.edit, event)?;
                report.applied.push(applied);
            }
            Err(obstacle) => report.refused.push(refusal(&done, obstacle)),
        }
        self.add_tallies(deltas)?;
        Ok(report)
    }

    /// Takes an undo or redo that was made elsewhere (a journal being sent): moves the named edit between the lists as
    /// if it had been made here. `None` if the named edit is not on the list; it is then an edit like any other.
    pub(in crate::store) fn replay(
        &self,
        edit: &Edit,
        of: EditId,
        deltas: &mut Deltas,
    ) -> Result<Option<std::result::Result<Rev, Obstacle>>> {
        let way = if edit.origin == Origin::Undo(of) { Way::Back } else { Way::Again };
        let Some(done) = self.done(of)? else { return Ok(None) };
        if !self.drop_undo(edit.project, &edit.author, way == Way::Again, done.event)? {
            return Ok(None);
        }
        let attempt = self.apply(&done, edit.clone(), way, deltas)?;
        if attempt.is_ok() {
            self.put_undo(edit.project, &edit.author, way == Way::Back, done.event)?;
        }
        Ok(Some(attempt.map(|(applied, _)| applied.rev)))
    }

    /// Applies the change of `done`, or its inverse, as `edit`; returns it with its event.
    fn apply(&self, done: &Done, mut edit: Edit, way: Way, deltas: &mut Deltas) -> Attempt<(Applied, i64)> {
        let attempt = match &done.change {
            Change::Answer { .. } => self.apply_answer(done, &mut edit, way, deltas)?,
            Change::Verdict { .. } => self.apply_verdict(done, &mut edit, way, deltas)?,
            Change::Classes { .. } => self.apply_classes(done, &mut edit, way)?,
            Change::Check { sample, before, after } => {
                let (from, to) = if way == Way::Again { (before, after) } else { (after, before) };
                edit.change = Change::Check { sample: *sample, before: from.clone(), after: to.clone() };
                let taken = self.take_check(&edit, *sample, from.as_ref(), to.as_ref())?;
                taken.map(|(event, rev)| (rev, event))
            }
        };
        Ok(attempt.map(|(rev, event)| (Applied { edit, rev }, event)))
    }

    fn apply_answer(&self, done: &Done, edit: &mut Edit, way: Way, deltas: &mut Deltas) -> Attempt<(Rev, i64)> {
        let Change::Answer { sample, before, after, .. } = &done.change else { return refused("not an answer") };
        let Some(head) = self.head(*sample)? else { return refused("the sample is not there any more") };
        let expected = if way == Way::Again { done.previous } else { Some(done.event) };
        if head.state != expected {
            return Ok(Err(self.conflict(&head)?));
        }
        let target = if way == Way::Again { after } else { before };
        if let Some(why) = self.fault(done.project, target)? {
            return refused(why);
        }
        let (before, after) = (head.answer.clone(), target.clone());
        edit.change = Change::Answer { sample: *sample, base: head.rev, before, after };
        let event = self.record(edit, &edit.change, Rev(head.rev.0 + 1), head.state)?;
        let state = match way {
            Way::Back => done.previous,
            Way::Again => Some(done.event),
            Way::Apart => Some(event),
        };
        let editor = if way == Way::Apart { Some(edit.author.clone()) } else { self.author_of(state)? };
        let author = answered_before(&head, target, editor);
        let rev = self.set_answer(&head, target, event, state, author, deltas)?;
        Ok(Ok((rev, event)))
    }

    fn apply_verdict(&self, done: &Done, edit: &mut Edit, way: Way, deltas: &mut Deltas) -> Attempt<(Rev, i64)> {
        let Change::Verdict { sample, before, after, .. } = &done.change else { return refused("not a verdict") };
        let Some(head) = self.head(*sample)? else { return refused("the sample is not there any more") };
        let (from, to) = if way == Way::Again { (before, after) } else { (after, before) };
        let Some(reviewer) = from.as_ref().or(to.as_ref()).map(|r| r.reviewer.clone()) else {
            return refused("a verdict needs a reviewer");
        };
        let stands = self.reviews(*sample)?.into_iter().find(|r| r.reviewer == reviewer);
        if stands != *from {
            return Ok(Err(self.conflict(&head)?));
        }
        edit.change = Change::Verdict { sample: *sample, base: head.rev, before: from.clone(), after: to.clone() };
        let event = self.record(edit, &edit.change, head.rev, head.state)?;
        self.set_review(&head, &reviewer, to.as_ref(), deltas)?;
        Ok(Ok((head.rev, event)))
    }

    fn apply_classes(&self, done: &Done, edit: &mut Edit, way: Way) -> Attempt<(Rev, i64)> {
        let Change::Classes { before, after } = &done.change else { return refused("not a label set") };
        let (from, to) = if way == Way::Again { (before, after) } else { (after, before) };
        let current = self.labels(done.project)?;
        match self.set_classes(done.project, &current, from, to)? {
            Ok(after) => {
                edit.change = Change::Classes { before: current, after };
                let event = self.record(edit, &edit.change, NO_REV, None)?;
                Ok(Ok((NO_REV, event)))
            }
            Err(obstacle) => Ok(Err(obstacle)),
        }
    }
}

fn new_edit(done: &Done, author: &str, at: Timestamp, way: Way, batch: Option<BatchId>) -> Edit {
    let origin = if way == Way::Again { Origin::Redo(done.edit) } else { Origin::Undo(done.edit) };
    Edit {
        id: EditId::fresh(),
        project: done.project,
        change: done.change.clone(),
        origin,
        batch,
        author: author.to_owned(),
        at,
        message: done.message.clone(),
    }
}

fn refusal(done: &Done, obstacle: Obstacle) -> Refusal {
    let (rev, theirs, by, reason) = match obstacle {
        Obstacle::Conflict { rev, theirs, by } => {
            let reason = "somebody else changed it since; look at it before you decide".to_owned();
            (rev, theirs, by, reason)
        }
        Obstacle::Refused(reason) => (NO_REV, Answer::default(), String::new(), reason),
    };
    Refusal { edit: done.edit, sample: done.change.sample(), rev, theirs, by, reason }
}
