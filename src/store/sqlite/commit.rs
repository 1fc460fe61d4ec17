//! Taking edits: compare, record, apply, count; all in the caller's transaction.

use super::samples::Head;
use super::tally::{Deltas, Facets, NO_REV};
use super::{Db, classes, codes};
use crate::domain::annotation::Annotation;
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit, Origin, Outcome};
use crate::domain::ids::{AnnotationId, BatchId, ClassId, EditId, ProjectId, Rev, SampleId};
use crate::domain::review::Review;
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use std::collections::{BTreeSet, HashMap};

/// Why an edit is not taken.
pub(super) enum Obstacle {
    /// Somebody changed the same thing.
    Conflict { rev: Rev, theirs: Answer, by: String },
    /// It can never be taken.
    Refused(String),
}

/// `Ok(Ok(_))`: done; `Ok(Err(_))`: this one edit is not taken; `Err(_)`: the database failed.
pub(super) type Attempt<T> = Result<std::result::Result<T, Obstacle>>;

pub(super) fn refused<T>(why: impl Into<String>) -> Attempt<T> {
    Ok(Err(Obstacle::Refused(why.into())))
}

impl Db<'_> {
    pub(super) fn commit(&self, edits: &[Edit]) -> Result<Vec<Outcome>> {
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
        deltas.write(self)?;
        Ok(outcomes)
    }

    fn take(&self, edit: &Edit, deltas: &mut Deltas) -> Attempt<Rev> {
        let taken = "SELECT sample FROM event WHERE edit = ?";
        if let Some(sample) = self.row(taken, [edit.id.0.as_bytes()], |r| r.get::<_, Option<i64>>(0))? {
            return Ok(Ok(self.rev(sample)?));
        }
        if self.row("SELECT 1 FROM project WHERE id = ?", [edit.project.0], |_| Ok(()))?.is_none() {
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
        };
        match done {
            Ok((event, rev)) => {
                self.remember(edit, event)?;
                Ok(Ok(rev))
            }
            Err(obstacle) => Ok(Err(obstacle)),
        }
    }

    fn rev(&self, sample: Option<i64>) -> Result<Rev> {
        let rev = self.row("SELECT rev FROM sample WHERE id = ?", [sample], |r| r.get(0))?;
        Ok(rev.map_or(NO_REV, Rev))
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
    pub(super) fn conflict(&self, head: &Head) -> Result<Obstacle> {
        let by = self.author_of(head.state)?.or_else(|| head.author.clone()).unwrap_or_default();
        Ok(Obstacle::Conflict { rev: head.rev, theirs: head.answer.clone(), by })
    }

    /// Who made the event.
    pub(super) fn author_of(&self, event: Option<i64>) -> Result<Option<String>> {
        self.row("SELECT author FROM event WHERE id = ?", [event], |r| r.get(0))
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
        let rev = self.set_answer(&head, after, event, Some(event), Some(&edit.author), deltas)?;
        Ok(Ok((event, rev)))
    }

    /// What makes an answer impossible to store.
    pub(super) fn fault(&self, project: ProjectId, answer: &Answer) -> Result<Option<String>> {
        let mut ids = BTreeSet::new();
        let mut classes: Vec<ClassId> = Vec::new();
        for annotation in &answer.annotations {
            if !ids.insert(annotation.id) {
                return Ok(Some("two annotations have the same id; give each its own".to_owned()));
            }
            if !codes::is_finite(&annotation.shape) {
                return Ok(Some("a coordinate is not a finite number; draw the shape again".to_owned()));
            }
            if !classes.contains(&annotation.class) {
                classes.push(annotation.class);
            }
        }
        for class in classes {
            let sql = "SELECT 1 FROM label_class WHERE project = ? AND id = ?";
            if self.row(sql, (project.0, class.0), |_| Ok(()))?.is_none() {
                return Ok(Some(format!("the label set has no class number {class}; read the project again")));
            }
        }
        Ok(None)
    }

    /// Appends the event of an edit.
    pub(super) fn record(&self, edit: &Edit, change: &Change, rev: Rev, previous: Option<i64>) -> Result<i64> {
        let (origin, of) = match edit.origin {
            Origin::Person => (0, None),
            Origin::Undo(of) => (1, Some(of)),
            Origin::Redo(of) => (2, Some(of)),
            Origin::Import => (3, None),
        };
        self.execute(
            "INSERT INTO event(edit, project, sample, kind, origin, of, batch, author, at, message, rev, previous, change)
             VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                edit.id.0.as_bytes(),
                edit.project.0,
                change.sample().map(|s| s.0),
                codes::change_code(change),
                origin,
                of.as_ref().map(|o: &EditId| o.0.as_bytes()),
                edit.batch.as_ref().map(|b| b.0.as_bytes()),
                &edit.author,
                codes::nanos(edit.at),
                &edit.message,
                rev.0,
                previous,
                self.to_json(change)?,
            ),
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Puts a new edit on its author's undo list; what could be redone is gone then.
    pub(super) fn remember(&self, edit: &Edit, event: i64) -> Result<()> {
        let who = (edit.project.0, &edit.author);
        self.execute("DELETE FROM undo WHERE project = ? AND author = ? AND undone = 1", who)?;
        let values = (edit.project.0, &edit.author, event);
        self.execute("INSERT INTO undo(project, author, undone, event) VALUES(?, ?, 0, ?)", values)?;
        Ok(())
    }

    /// Writes an answer: annotations by difference, the row, the class list, the counts. Returns the new revision.
    pub(super) fn set_answer(
        &self,
        head: &Head,
        after: &Answer,
        event: i64,
        state: Option<i64>,
        editor: Option<&str>,
        deltas: &mut Deltas,
    ) -> Result<Rev> {
        let rev = Rev(head.rev.0 + 1);
        let answered = matches!(after.status, Status::Labeled | Status::Skipped);
        let author = answered.then(|| answered_by(after, editor)).flatten();
        let reviews = if head.review > 1 { self.reviews(head.id)? } else { Vec::new() };
        let review = codes::review_code(answered, rev, &reviews);
        let old = Facets::of(&head.answer, head.review, head.author.clone());
        let new = Facets::of(after, review, author);
        deltas.count(head.project, &old, -1);
        deltas.count(head.project, &new, 1);
        self.write_annotations(head.id, &head.answer.annotations, &after.annotations)?;
        let first = first_class(after);
        self.write_classes_of(head, &old.classes, &new.classes, event, first)?;
        self.execute(
            "UPDATE sample SET status = ?2, skip_reason = ?3, flagged = ?4, unsure = ?5, empty = ?6, rev = ?7,
               state = ?8, changed = ?9, author = ?10, class = ?11, review = ?12 WHERE id = ?1",
            (
                head.id.0,
                codes::status_code(new.status),
                &after.skip_reason,
                new.flagged,
                new.unsure,
                new.empty,
                rev.0,
                state,
                event,
                &new.author,
                first,
                review,
            ),
        )?;
        Ok(rev)
    }

    /// Deletes, inserts and updates only what differs, so that untouched annotations keep their rows as they are.
    fn write_annotations(&self, sample: SampleId, before: &[Annotation], after: &[Annotation]) -> Result<()> {
        let old: HashMap<AnnotationId, (usize, &Annotation)> =
            before.iter().enumerate().map(|(place, a)| (a.id, (place, a))).collect();
        let kept: BTreeSet<AnnotationId> = after.iter().map(|a| a.id).collect();
        for annotation in before.iter().filter(|a| !kept.contains(&a.id)) {
            let values = (sample.0, annotation.id.0.as_bytes());
            self.execute("DELETE FROM annotation WHERE sample = ? AND id = ?", values)?;
        }
        for (place, annotation) in after.iter().enumerate() {
            if old.get(&annotation.id) == Some(&(place, annotation)) {
                continue;
            }
            let attributes = (!annotation.attributes.is_empty()).then(|| self.to_json(&annotation.attributes));
            self.execute(
                "INSERT OR REPLACE INTO annotation(sample, id, place, class, kind, geometry, attributes, author, at)
                 VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    sample.0,
                    annotation.id.0.as_bytes(),
                    codes::limit(place),
                    annotation.class.0,
                    annotation.shape.kind(),
                    codes::geometry(&annotation.shape),
                    attributes.transpose()?,
                    &annotation.author,
                    codes::nanos(annotation.at),
                ),
            )?;
        }
        Ok(())
    }

    fn write_classes_of(&self, head: &Head, old: &[i64], new: &[i64], event: i64, first: Option<i64>) -> Result<()> {
        for class in old.iter().filter(|c| !new.contains(c)) {
            let values = (head.project.0, class, &head.sort_key);
            self.execute("DELETE FROM sample_class WHERE project = ? AND class = ? AND sort_key = ?", values)?;
        }
        for class in new {
            self.execute(
                "INSERT INTO sample_class(project, class, sort_key, sample, changed, under) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT(project, class, sort_key) DO UPDATE SET changed = ?5, under = ?6",
                (head.project.0, class, &head.sort_key, head.id.0, event, first),
            )?;
        }
        Ok(())
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
    pub(super) fn set_review(
        &self,
        head: &Head,
        reviewer: &str,
        review: Option<&Review>,
        deltas: &mut Deltas,
    ) -> Result<()> {
        match review {
            Some(r) => self.execute(
                "INSERT OR REPLACE INTO review(sample, reviewer, rev, verdict, comment, at) VALUES(?, ?, ?, ?, ?, ?)",
                (head.id.0, reviewer, r.rev.0, r.verdict.name(), &r.comment, codes::nanos(r.at)),
            )?,
            None => self.execute("DELETE FROM review WHERE sample = ? AND reviewer = ?", (head.id.0, reviewer))?,
        };
        let answered = matches!(head.answer.status, Status::Labeled | Status::Skipped);
        let code = codes::review_code(answered, head.rev, &self.reviews(head.id)?);
        for (code, n) in [(head.review, -1), (code, 1)] {
            if code > 0 {
                deltas.add(head.project, "review", code, n);
            }
        }
        self.execute("UPDATE sample SET review = ?2 WHERE id = ?1", (head.id.0, code))?;
        Ok(())
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
    pub(super) fn set_classes(
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
        for class in current.classes.iter().filter(|c| after.get(c.id).is_none()) {
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

/// Whose answer it is: the author of the newest annotation, or of the edit where there is none.
fn answered_by(answer: &Answer, editor: Option<&str>) -> Option<String> {
    let newest = answer.annotations.iter().max_by_key(|a| a.at).map(|a| a.author.as_str());
    newest.or(editor).map(str::to_owned)
}

/// The class a sample stands under in class order: the first of the whole picture, else the first of all.
fn first_class(answer: &Answer) -> Option<i64> {
    let whole = answer.annotations.iter().find(|a| a.shape == crate::domain::annotation::Shape::Class);
    whole.or(answer.annotations.first()).map(|a| a.class.0)
}
