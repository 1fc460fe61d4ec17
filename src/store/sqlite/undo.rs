//! Undo and redo: each person's own list, over all images and restarts, without ever overwriting somebody else.
//!
//! A sample's `state` names the event whose result stands. An edit can be undone only while its own result stands, and
//! redone only while what stood before it stands; undoing moves `state` back to the event before. So a chain of edits
//! is undone and redone step by step, and a change by anybody else in between is seen, even if it looks the same.

use super::commit::{Attempt, Obstacle, refused};
use super::tally::{Deltas, NO_REV};
use super::{Db, codes};
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::ids::{BatchId, EditId, ProjectId, Rev};
use crate::domain::sample::Answer;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{Applied, Refusal, UndoReport};
use jiff::Timestamp;

/// An event as undo needs it.
struct Done {
    event: i64,
    edit: EditId,
    batch: Option<[u8; 16]>,
    previous: Option<i64>,
    project: ProjectId,
    message: String,
    change: Change,
}

/// Which way a step goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Back,
    Again,
    /// Back, but as a new edit of its own.
    Apart,
}

impl Db<'_> {
    fn done(&self, wanted: &str, value: impl rusqlite::ToSql) -> Result<Option<Done>> {
        let sql = format!("SELECT id, edit, batch, previous, project, message, change FROM event WHERE {wanted} = ?");
        let row = self.row(&sql, [value], |r| {
            let change: String = r.get(6)?;
            Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get::<_, i64>(4)?, r.get(5)?, change))
        })?;
        let Some((event, edit, batch, previous, project, message, change)) = row else { return Ok(None) };
        let (edit, project) = (EditId(codes::uuid(edit)), ProjectId(project));
        Ok(Some(Done { event, edit, batch, previous, project, message, change: self.json(&change, "an event")? }))
    }

    pub(super) fn undo(&self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, Way::Back)
    }

    pub(super) fn redo(&self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.step(project, author, at, Way::Again)
    }

    /// The events of the next step: one, or all of its batch, in the order in which they are taken back or made again.
    fn next_step(&self, project: ProjectId, author: &str, way: Way) -> Result<Vec<Done>> {
        let (end, undone, order) = if way == Way::Back { ("max", 0, "DESC") } else { ("min", 1, "ASC") };
        let list = "FROM undo WHERE project = ? AND author = ? AND undone = ?";
        let top = self
            .row(&format!("SELECT {end}(event) {list}"), (project.0, author, undone), |r| r.get::<_, Option<i64>>(0))?;
        let Some(first) = self.done("id", top.flatten())? else { return Ok(Vec::new()) };
        let Some(batch) = first.batch else { return Ok(vec![first]) };
        let sql = format!(
            "SELECT e.id FROM event e JOIN undo u ON u.project = ?1 AND u.author = ?2 AND u.undone = ?3 AND u.event = e.id
             WHERE e.batch = ?4 ORDER BY e.id {order}"
        );
        let events = self.rows(&sql, (project.0, author, undone, batch), |r| r.get::<_, i64>(0))?;
        events.into_iter().map(|event| self.done("id", event)).filter_map(Result::transpose).collect()
    }

    fn step(&self, project: ProjectId, author: &str, at: Timestamp, way: Way) -> Result<UndoReport> {
        let mut deltas = Deltas::default();
        let mut report = UndoReport::default();
        let events = self.next_step(project, author, way)?;
        let batch = (events.len() > 1).then(BatchId::fresh);
        for done in events {
            self.execute(
                "DELETE FROM undo WHERE project = ? AND author = ? AND undone = ? AND event = ?",
                (project.0, author, i64::from(way == Way::Again), done.event),
            )?;
            let edit = new_edit(&done, author, at, way, batch);
            match self.apply(&done, edit, way, &mut deltas)? {
                Ok((applied, _)) => {
                    self.execute(
                        "INSERT INTO undo(project, author, undone, event) VALUES(?, ?, ?, ?)",
                        (project.0, author, i64::from(way == Way::Back), done.event),
                    )?;
                    report.applied.push(applied);
                }
                Err(obstacle) => report.refused.push(refusal(&done, obstacle)),
            }
        }
        deltas.write(self)?;
        Ok(report)
    }

    pub(super) fn undo_edit(
        &self,
        project: ProjectId,
        edit: EditId,
        author: &str,
        at: Timestamp,
    ) -> Result<UndoReport> {
        let found = self.done("edit", edit.0.as_bytes())?.filter(|d| d.project == project);
        let done = found.ok_or_else(|| StoreError::not_found(format!("edit {edit} in this project"), self.place))?;
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
        deltas.write(self)?;
        Ok(report)
    }

    /// Takes an undo or redo that was made elsewhere (a journal being sent): moves the named edit between the lists as
    /// if it had been made here. `None` if the named edit is not on the list; it is then an edit like any other.
    pub(super) fn replay(
        &self,
        edit: &Edit,
        of: EditId,
        deltas: &mut Deltas,
    ) -> Result<Option<std::result::Result<Rev, Obstacle>>> {
        let way = if edit.origin == Origin::Undo(of) { Way::Back } else { Way::Again };
        let Some(done) = self.done("edit", of.0.as_bytes())? else { return Ok(None) };
        let moved = self.execute(
            "UPDATE undo SET undone = ?4 WHERE project = ?1 AND author = ?2 AND event = ?3 AND undone = 1 - ?4",
            (edit.project.0, &edit.author, done.event, i64::from(way == Way::Back)),
        )?;
        if moved == 0 {
            return Ok(None);
        }
        let attempt = self.apply(&done, edit.clone(), way, deltas)?;
        if attempt.is_err() {
            let values = (edit.project.0, &edit.author, done.event);
            self.execute("DELETE FROM undo WHERE project = ? AND author = ? AND event = ?", values)?;
        }
        Ok(Some(attempt.map(|(applied, _)| applied.rev)))
    }

    /// Applies the change of `done`, or its inverse, as `edit`; returns it with its event.
    fn apply(&self, done: &Done, mut edit: Edit, way: Way, deltas: &mut Deltas) -> Attempt<(Applied, i64)> {
        let attempt = match &done.change {
            Change::Answer { .. } => self.apply_answer(done, &mut edit, way, deltas)?,
            Change::Verdict { .. } => self.apply_verdict(done, &mut edit, way, deltas)?,
            Change::Classes { .. } => self.apply_classes(done, &mut edit, way)?,
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
        let rev = self.set_answer(&head, target, event, state, editor.as_deref(), deltas)?;
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
