//! Taking edits: compare, record, apply, count; all in the caller's transaction.

use super::desk::{Desk, Head, NewEvent, Standing};
use super::tally::{Deltas, Facets, NO_REV};
use super::{classes, codes};
use crate::domain::class::{ClassIndex, LabelSet};
use crate::domain::edit::{Change, Edit, Origin, Outcome};
use crate::domain::ids::{BatchId, ProjectId, Rev, SampleId};
use crate::domain::review::Review;
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use std::collections::HashMap;

/// Why an edit is not taken.
pub(in crate::store) enum Obstacle {
    /// Somebody changed the same thing.
    Conflict { rev: Rev, theirs: Answer, by: String },
    /// It can never be taken.
    Refused(String),
}

/// `Ok(Ok(_))`: done; `Ok(Err(_))`: this one edit is not taken; `Err(_)`: the database failed.
pub(in crate::store) type Attempt<T> = Result<std::result::Result<T, Obstacle>>;

pub(in crate::store) fn refused<T>(why: impl Into<String>) -> Attempt<T> {
    Ok(Err(Obstacle::Refused(why.into())))
}

impl dyn Desk + '_ {
    pub(in crate::store) fn commit(&self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        let mut deltas = Deltas::default();
        let mut outcomes = Vec::with_capacity(edits.len());
        // A verdict that comes with an answer judges that answer: where the answer is not taken, nor is the verdict, even
        // if somebody else's answer happens to have the revision it names.
        let mut stopped: HashMap<(BatchId, SampleId), Outcome> = HashMap::new();
        for edit in edits {
            let whole = edit.batch.zip(edit.change.sample());
            let judged = whole.filter(|_| matches!(edit.change, Change::Verdict { .. }));
            if let Some(outcome) = judged.and_then(|key| stopped.get(&key)) {
                outcomes.push(outcome.clone());
                continue;
            }
            let outcome = match self.take(edit, &mut deltas)? {
                Ok(rev) => Outcome::Saved { rev },
                Err(Obstacle::Conflict { rev, theirs, .. }) => Outcome::Conflict { rev, theirs },
                Err(Obstacle::Refused(reason)) => Outcome::Refused { reason },
            };
            if let (Some(key), false) = (whole, matches!(outcome, Outcome::Saved { .. })) {
                stopped.insert(key, outcome.clone());
            }
            outcomes.push(outcome);
        }
        self.add_tallies(deltas)?;
        Ok(outcomes)
    }

    fn take(&self, edit: &Edit, deltas: &mut Deltas) -> Attempt<Rev> {
        if let Some(rev) = self.taken(edit.id)? {
            return Ok(Ok(rev));
        }
        if !self.has_project(edit.project)? {
            return refused("the project is not there any more; open another");
        }
        if let Origin::Undo(of) | Origin::Redo(of) = edit.origin
            && let Some(done) = self.replay(edit, of, deltas)?
        {
            return Ok(done);
        }
        let done = match &edit.change {
            Change::Answer { sample, base, after, .. } => self.take_answer(edit, *sample, *base, after, deltas)?,
            Change::Verdict { sample, base, after, before } => {
                self.take_verdict(edit, *sample, *base, before.as_ref(), after.as_ref(), deltas)?
            }
            Change::Classes { before, after } => self.take_classes(edit, before, after)?,
            Change::Check { sample, before, after } => {
                self.take_check(edit, *sample, before.as_ref(), after.as_ref())?
            }
        };
        match done {
            Ok((event, rev)) => {
                self.remember(edit, event)?;
                Ok(Ok(rev))
            }
            Err(obstacle) => Ok(Err(obstacle)),
        }
    }

    /// The sample an edit changes, if the edit may change it.
    fn changed_sample(&self, edit: &Edit, id: SampleId, base: Rev) -> Attempt<Head> {
        let Some(head) = self.head(id)? else { return refused("the sample is not there any more; open the next one") };
        if head.project != edit.project {
            return refused("the sample belongs to another project; open it there");
        }
        if head.rev != base {
            return Ok(Err(self.conflict(&head)?));
        }
        Ok(Ok(head))
    }

    /// What stands on a sample, as the reason not to overwrite it.
    pub(in crate::store) fn conflict(&self, head: &Head) -> Result<Obstacle> {
        let by = self.author_of(head.state)?.or_else(|| head.author.clone()).unwrap_or_default();
        Ok(Obstacle::Conflict { rev: head.rev, theirs: head.answer.clone(), by })
    }

    fn take_answer(
        &self,
        edit: &Edit,
        sample: SampleId,
        base: Rev,
        after: &Answer,
        deltas: &mut Deltas,
    ) -> Attempt<(i64, Rev)> {
        let head = match self.changed_sample(edit, sample, base)? {
            Ok(head) => head,
            Err(obstacle) => return Ok(Err(obstacle)),
        };
        if let Some(why) = self.fault(edit.project, after)? {
            return refused(why);
        }
        // What the store holds is what stood, whatever the client believed: history and undo rely on it.
        let (before, after) = (head.answer.clone(), after.clone());
        let change = Change::Answer { sample, base, before, after };
        let event = self.record(edit, &change, Rev(head.rev.0 + 1), head.state)?;
        let Change::Answer { after, .. } = &change else { return refused("not an answer") };
        let author = answered_by(&head, after, &edit.author);
        let rev = self.set_answer(&head, after, event, Some(event), author, deltas)?;
        Ok(Ok((event, rev)))
    }

    /// What makes an answer impossible to store.
    pub(in crate::store) fn fault(&self, project: ProjectId, answer: &Answer) -> Result<Option<String>> {
        let mut known = HashMap::new();
        for annotation in &answer.annotations {
            if let std::collections::hash_map::Entry::Vacant(entry) = known.entry(annotation.class) {
                entry.insert(self.has_class(project, annotation.class)?);
            }
        }
        Ok(codes::fault(answer, |class| known.get(&class).copied().unwrap_or(false)))
    }

    /// Appends the event of an edit.
    pub(in crate::store) fn record(
        &self,
        edit: &Edit,
        change: &Change,
        rev: Rev,
        previous: Option<i64>,
    ) -> Result<i64> {
        let (origin, of) = match edit.origin {
            Origin::Person => (0, None),
            Origin::Undo(of) => (1, Some(of)),
            Origin::Redo(of) => (2, Some(of)),
            Origin::Import => (3, None),
        };
        self.append(&NewEvent { edit, origin, of, change, rev, previous })
    }

    /// Puts a new edit on its author's undo list; what could be redone is gone then.
    pub(in crate::store) fn remember(&self, edit: &Edit, event: i64) -> Result<()> {
        self.clear_redo(edit.project, &edit.author)?;
        self.put_undo(edit.project, &edit.author, false, event)
    }

    /// Writes an answer: annotations by difference, the row, the class list, the counts. Returns the new revision.
    pub(in crate::store) fn set_answer(
        &self,
        head: &Head,
        after: &Answer,
        event: i64,
        state: Option<i64>,
        author: Option<String>,
        deltas: &mut Deltas,
    ) -> Result<Rev> {
        let rev = Rev(head.rev.0 + 1);
        let answered = matches!(after.status, Status::Labeled | Status::Skipped);
        let author = author.filter(|_| answered);
        let reviews = if head.review > 1 { self.reviews(head.id)? } else { Vec::new() };
        let review = codes::review_code(answered, rev, &reviews);
        let old = Facets::of(&head.answer, head.review, head.author.clone());
        let new = Facets::of(after, review, author);
        deltas.count(head.project, &old, -1);
        deltas.count(head.project, &new, 1);
        let class = first_class(after);
        self.write_answer(head, after, &Standing { rev, state, event, class, review, old, new })?;
        Ok(rev)
    }

    fn take_verdict(
        &self,
        edit: &Edit,
        sample: SampleId,
        base: Rev,
        before: Option<&Review>,
        after: Option<&Review>,
        deltas: &mut Deltas,
    ) -> Attempt<(i64, Rev)> {
        let head = match self.changed_sample(edit, sample, base)? {
            Ok(head) => head,
            Err(obstacle) => return Ok(Err(obstacle)),
        };
        let Some(reviewer) = after.or(before).map(|r| r.reviewer.clone()) else {
            return refused("a verdict needs a reviewer; give one");
        };
        let stands = self.reviews(sample)?.into_iter().find(|r| r.reviewer == reviewer);
        let change = Change::Verdict { sample, base, before: stands, after: after.cloned() };
        let event = self.record(edit, &change, head.rev, head.state)?;
        self.set_review(&head, &reviewer, after, deltas)?;
        Ok(Ok((event, head.rev)))
    }

    /// Writes or removes a reviewer's verdict.
    pub(in crate::store) fn set_review(
        &self,
        head: &Head,
        reviewer: &str,
        review: Option<&Review>,
        deltas: &mut Deltas,
    ) -> Result<()> {
        self.write_review(head.id, reviewer, review)?;
        let answered = matches!(head.answer.status, Status::Labeled | Status::Skipped);
        let code = codes::review_code(answered, head.rev, &self.reviews(head.id)?);
        for (code, n) in [(head.review, -1), (code, 1)] {
            if code > 0 {
                deltas.add(head.project, "review", code, n);
            }
        }
        self.write_review_code(head.id, code)
    }

    /// Keeps a person's answer to a gold picture beside the sample. It is taken as well where the picture is no gold any
    /// more: what a person has answered is never lost.
    pub(in crate::store) fn take_check(
        &self,
        edit: &Edit,
        sample: SampleId,
        before: Option<&Answer>,
        after: Option<&Answer>,
    ) -> Attempt<(i64, Rev)> {
        let Some(head) = self.head(sample)? else {
            return refused("the sample is not there any more; open the next one");
        };
        if head.project != edit.project {
            return refused("the sample belongs to another project; open it there");
        }
        if let Some(why) = after.map(|a| self.fault(edit.project, a)).transpose()?.flatten() {
            return refused(why);
        }
        let change = Change::Check { sample, before: before.cloned(), after: after.cloned() };
        let event = self.record(edit, &change, head.rev, head.state)?;
        self.write_check(edit, sample, after)?;
        Ok(Ok((event, head.rev)))
    }

    fn take_classes(&self, edit: &Edit, from: &LabelSet, to: &LabelSet) -> Attempt<(i64, Rev)> {
        let before = self.labels(edit.project)?;
        match self.set_classes(edit.project, &before, from, to)? {
            Ok(after) => {
                let event = self.record(edit, &Change::Classes { before, after }, NO_REV, None)?;
                Ok(Ok((event, NO_REV)))
            }
            Err(obstacle) => Ok(Err(obstacle)),
        }
    }

    /// Takes the change `from` -> `to` into the label set that stands, and writes it. Returns what stands then.
    pub(in crate::store) fn set_classes(
        &self,
        project: ProjectId,
        current: &LabelSet,
        from: &LabelSet,
        to: &LabelSet,
    ) -> Attempt<LabelSet> {
        let Some(after) = classes::merge(current, from, to) else {
            return Ok(Err(Obstacle::Conflict { rev: NO_REV, theirs: Answer::default(), by: String::new() }));
        };
        if let Some(problem) = classes::problem(&after) {
            return refused(problem);
        }
        let index = ClassIndex::of(&after);
        for class in current.classes.iter().filter(|c| !index.has(c.id)) {
            if self.class_in_use(project, class.id)? {
                return refused(format!(
                    "samples carry the class `{}`; retire it or merge it into another",
                    class.name
                ));
            }
        }
        self.write_labels(project, current, &after)?;
        Ok(Ok(after))
    }
}

/// Whose answer it is after an edit. A mark leaves it with whom it was. Else it is theirs who made what the edit brought:
/// the newest annotation that is new or not as it was, so that an import keeps the authors it names; where it brought
/// none, because something was deleted or there is nothing, it is the editor's.
fn answered_by(head: &Head, after: &Answer, editor: &str) -> Option<String> {
    if head.author.is_some() && !changed(&head.answer, after) {
        return head.author.clone();
    }
    let stood = &head.answer.annotations;
    let brought = after.annotations.iter().filter(|a| !stood.iter().any(|b| b.says_the_same(a))).max_by_key(|a| a.at);
    Some(brought.map_or(editor, |a| a.author.as_str()).to_owned())
}

/// Whose answer it is that a step of undo or redo goes back to: the author of its newest annotation, or, where there is
/// none, of the event that made it.
pub(in crate::store) fn answered_before(head: &Head, after: &Answer, editor: Option<String>) -> Option<String> {
    if head.author.is_some() && !changed(&head.answer, after) {
        return head.author.clone();
    }
    let newest = after.annotations.iter().max_by_key(|a| a.at).map(|a| a.author.clone());
    newest.or(editor)
}

/// Whether two answers differ in more than marks, and in more than who has looked at what.
fn changed(before: &Answer, after: &Answer) -> bool {
    let (old, new) = (&before.annotations, &after.annotations);
    let same = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.says_the_same(b));
    (before.status, &before.skip_reason) != (after.status, &after.skip_reason) || !same
}

/// The class a sample stands under in class order: the first of the whole picture, else the first of all. A draft stands
/// under none.
fn first_class(answer: &Answer) -> Option<i64> {
    if answer.is_draft() {
        return None;
    }
    let whole = answer.annotations.iter().find(|a| a.shape == crate::domain::annotation::Shape::Class);
    whole.or(answer.annotations.first()).map(|a| a.class.0)
}
