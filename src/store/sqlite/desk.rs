//! The rows behind edits, one prepared statement each.

use super::Db;
use crate::domain::annotation::Annotation;
use crate::domain::class::LabelSet;
use crate::domain::edit::Edit;
use crate::domain::ids::{AnnotationId, ClassId, EditId, ProjectId, Rev, SampleId};
use crate::domain::review::Review;
use crate::domain::sample::Answer;
use crate::store::Result;
use crate::store::native::base::to_json;
use crate::store::native::codes;
use crate::store::native::desk::{Desk, Done, Head, NewEvent, Standing, Way};
use crate::store::native::tally::{Deltas, NO_REV};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

impl Desk for Db<'_> {
    fn place(&self) -> &str {
        self.place
    }

    fn taken(&self, edit: EditId) -> Result<Option<Rev>> {
        let sql = "SELECT sample FROM event WHERE edit = ?";
        let Some(sample) = self.row(sql, [edit.0.as_bytes()], |r| r.get::<_, Option<i64>>(0))? else {
            return Ok(None);
        };
        let rev = self.row("SELECT rev FROM sample WHERE id = ?", [sample], |r| r.get(0))?;
        Ok(Some(rev.map_or(NO_REV, Rev)))
    }

    fn has_project(&self, project: ProjectId) -> Result<bool> {
        Ok(self.row("SELECT 1 FROM project WHERE id = ?", [project.0], |_| Ok(()))?.is_some())
    }

    fn head(&self, id: SampleId) -> Result<Option<Head>> {
        self.sample_head(id)
    }

    fn reviews(&self, id: SampleId) -> Result<Vec<Review>> {
        self.verdicts(id)
    }

    fn author_of(&self, event: Option<i64>) -> Result<Option<String>> {
        self.row("SELECT author FROM event WHERE id = ?", [event], |r| r.get(0))
    }

    fn labels(&self, project: ProjectId) -> Result<LabelSet> {
        self.base().labels(project)
    }

    fn has_class(&self, project: ProjectId, class: ClassId) -> Result<bool> {
        let sql = "SELECT 1 FROM label_class WHERE project = ? AND id = ?";
        Ok(self.row(sql, (project.0, class.0), |_| Ok(()))?.is_some())
    }

    fn class_in_use(&self, project: ProjectId, class: ClassId) -> Result<bool> {
        self.base().class_in_use(project, class)
    }

    fn done(&self, edit: EditId) -> Result<Option<Done>> {
        self.event("edit", edit.0.as_bytes())
    }

    fn next_step(&self, project: ProjectId, author: &str, way: Way) -> Result<Vec<Done>> {
        let (end, undone, order) = if way == Way::Back { ("max", 0, "DESC") } else { ("min", 1, "ASC") };
        let list = "FROM undo WHERE project = ? AND author = ? AND undone = ?";
        let top = self
            .row(&format!("SELECT {end}(event) {list}"), (project.0, author, undone), |r| r.get::<_, Option<i64>>(0))?;
        let Some(first) = self.event("id", top.flatten())? else { return Ok(Vec::new()) };
        let Some(batch) = first.batch else { return Ok(vec![first]) };
        let sql = format!(
            "SELECT e.id FROM event e JOIN undo u ON u.project = ?1 AND u.author = ?2 AND u.undone = ?3 AND u.event = e.id
             WHERE e.batch = ?4 ORDER BY e.id {order}"
        );
        let events = self.rows(&sql, (project.0, author, undone, batch.as_bytes()), |r| r.get::<_, i64>(0))?;
        events.into_iter().map(|event| self.event("id", event)).filter_map(Result::transpose).collect()
    }

    fn append(&self, event: &NewEvent<'_>) -> Result<i64> {
        let edit = event.edit;
        self.execute(
            "INSERT INTO event(edit, project, sample, kind, origin, of, batch, author, at, message, rev, previous, change)
             VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                edit.id.0.as_bytes(),
                edit.project.0,
                event.change.sample().map(|s| s.0),
                codes::change_code(event.change),
                event.origin,
                event.of.as_ref().map(|o| o.0.as_bytes()),
                edit.batch.as_ref().map(|b| b.0.as_bytes()),
                &edit.author,
                codes::nanos(edit.at),
                &edit.message,
                event.rev.0,
                event.previous,
                self.grounds.borrow_mut().text(edit, event.change)?,
            ),
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    fn write_labels(&self, project: ProjectId, before: &LabelSet, after: &LabelSet) -> Result<()> {
        self.base().write_labels(project, before, after)
    }

    fn write_answer(&self, head: &Head, after: &Answer, to: &Standing) -> Result<()> {
        self.write_annotations(head.id, &head.answer.annotations, &after.annotations)?;
        self.write_classes_of(head, to)?;
        self.execute(
            "UPDATE sample SET status = ?2, skip_reason = ?3, flagged = ?4, unsure = ?5, empty = ?6, rev = ?7,
               state = ?8, changed = ?9, author = ?10, class = ?11, review = ?12 WHERE id = ?1",
            (
                head.id.0,
                codes::status_code(to.new.status),
                &after.skip_reason,
                to.new.flagged,
                to.new.unsure,
                to.new.empty,
                to.rev.0,
                to.state,
                to.event,
                &to.new.author,
                to.class,
                to.review,
            ),
        )?;
        Ok(())
    }

    fn write_review(&self, sample: SampleId, reviewer: &str, review: Option<&Review>) -> Result<()> {
        match review {
            Some(r) => self.execute(
                "INSERT OR REPLACE INTO review(sample, reviewer, rev, verdict, comment, at) VALUES(?, ?, ?, ?, ?, ?)",
                (sample.0, reviewer, r.rev.0, r.verdict.name(), &r.comment, codes::nanos(r.at)),
            )?,
            None => self.execute("DELETE FROM review WHERE sample = ? AND reviewer = ?", (sample.0, reviewer))?,
        };
        Ok(())
    }

    fn write_review_code(&self, sample: SampleId, code: i64) -> Result<()> {
        self.execute("UPDATE sample SET review = ?2 WHERE id = ?1", (sample.0, code))?;
        Ok(())
    }

    fn write_check(&self, edit: &Edit, sample: SampleId, answer: Option<&Answer>) -> Result<()> {
        self.base().write_check(edit, sample, answer)
    }

    fn clear_redo(&self, project: ProjectId, author: &str) -> Result<()> {
        self.execute("DELETE FROM undo WHERE project = ? AND author = ? AND undone = 1", (project.0, author))?;
        Ok(())
    }

    fn put_undo(&self, project: ProjectId, author: &str, undone: bool, event: i64) -> Result<()> {
        let values = (project.0, author, undone, event);
        self.execute("INSERT INTO undo(project, author, undone, event) VALUES(?, ?, ?, ?)", values)?;
        Ok(())
    }

    fn drop_undo(&self, project: ProjectId, author: &str, undone: bool, event: i64) -> Result<bool> {
        let values = (project.0, author, undone, event);
        let sql = "DELETE FROM undo WHERE project = ? AND author = ? AND undone = ? AND event = ?";
        Ok(self.execute(sql, values)? > 0)
    }

    fn add_tallies(&self, deltas: Deltas) -> Result<()> {
        self.write_tallies(deltas)
    }
}

impl Db<'_> {
    /// Writes changes of counts.
    pub(super) fn write_tallies(&self, deltas: Deltas) -> Result<()> {
        for (project, kind, key, n) in deltas.changes() {
            self.execute(
                "INSERT INTO tally(project, kind, key, n) VALUES(?1, ?2, ?3, ?4)
                 ON CONFLICT(project, kind, key) DO UPDATE SET n = n + ?4",
                (project, kind, key, n),
            )?;
        }
        Ok(())
    }

    fn event(&self, wanted: &str, value: impl rusqlite::ToSql) -> Result<Option<Done>> {
        let sql = format!("SELECT id, edit, batch, previous, project, message, change FROM event WHERE {wanted} = ?");
        let row = self.row(&sql, [value], |r| {
            let (edit, batch): ([u8; 16], Option<[u8; 16]>) = (r.get(1)?, r.get(2)?);
            let (previous, project): (Option<i64>, i64) = (r.get(3)?, r.get(4)?);
            let change: String = r.get(6)?;
            Ok((r.get(0)?, codes::uuid(edit), batch.map(Uuid::from_bytes), previous, project, r.get(5)?, change))
        })?;
        let Some((event, edit, batch, previous, project, message, change)) = row else { return Ok(None) };
        let (edit, project) = (EditId(edit), ProjectId(project));
        let change = self.base().change_of(&change)?;
        Ok(Some(Done { event, edit, batch, previous, project, message, change }))
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
            let attributes = codes::attributes(annotation).map(|kept| to_json(&kept));
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

    fn write_classes_of(&self, head: &Head, to: &Standing) -> Result<()> {
        for class in to.old.classes.iter().filter(|c| !to.new.classes.contains(c)) {
            let values = (head.project.0, class, &head.sort_key);
            self.execute("DELETE FROM sample_class WHERE project = ? AND class = ? AND sort_key = ?", values)?;
        }
        for class in &to.new.classes {
            self.execute(
                "INSERT INTO sample_class(project, class, sort_key, sample, changed, under) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT(project, class, sort_key) DO UPDATE SET changed = ?5, under = ?6",
                (head.project.0, class, &head.sort_key, head.id.0, to.event, to.class),
            )?;
        }
        Ok(())
    }
}
