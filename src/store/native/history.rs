//! History: what was done, by whom, when; and what stood at any time.

use super::base::Base;
use super::codes;
use super::ground::Changes;
use super::value::{Row, Values};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::ids::{BatchId, EditId, EventId, ProjectId, Rev, SampleId};
use crate::domain::sample::Answer;
use crate::store::Result;
use crate::store::records::HistoryEntry;
use jiff::Timestamp;
use uuid::Uuid;

const EVENT: &str =
    "SELECT e.id, e.edit, e.project, e.origin, e.of, e.batch, e.author, e.at, e.message, e.rev, e.change,
    s.path FROM event e LEFT JOIN sample s ON s.id = e.sample WHERE ";

/// A row of [`EVENT`] with a placeholder for the change, which is still JSON.
fn event_row(r: &Row) -> Result<(HistoryEntry, String)> {
    let of = r.get::<Option<Uuid>>(4)?.map(EditId);
    let origin = match (r.get::<i64>(3)?, of) {
        (1, Some(of)) => Origin::Undo(of),
        (2, Some(of)) => Origin::Redo(of),
        (3, _) => Origin::Import,
        _ => Origin::Person,
    };
    let edit = Edit {
        id: EditId(r.get(1)?),
        project: ProjectId(r.get(2)?),
        change: Change::Classes { before: Default::default(), after: Default::default() },
        origin,
        batch: r.get::<Option<Uuid>>(5)?.map(BatchId),
        author: r.get(6)?,
        at: codes::time(r.get(7)?),
        message: r.get(8)?,
    };
    Ok((HistoryEntry { event: EventId(r.get(0)?), path: r.get(11)?, rev: Rev(r.get(9)?), edit }, r.get(10)?))
}

impl dyn Base + '_ {
    fn entries(&self, wanted: &str, values: impl Values) -> Result<Vec<HistoryEntry>> {
        let rows = self.rows(&format!("{EVENT}{wanted}"), values, event_row)?;
        self.with_changes(rows)
    }

    fn with_changes(&self, rows: Vec<(HistoryEntry, String)>) -> Result<Vec<HistoryEntry>> {
        let changes = Changes::of(self);
        let complete = |(mut entry, change): (HistoryEntry, String)| {
            entry.edit.change = changes.read(&change)?;
            Ok(entry)
        };
        rows.into_iter().map(complete).collect()
    }

    pub(in crate::store) fn history(
        &self,
        project: ProjectId,
        sample: Option<SampleId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        let before = before.map_or(i64::MAX, |e| e.0);
        match sample {
            Some(sample) => self.entries(
                "e.sample = ? AND e.project = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?",
                (sample.0, project.0, before, codes::limit(limit)),
            ),
            None => self.entries(
                "e.project = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?",
                (project.0, before, codes::limit(limit)),
            ),
        }
    }

    /// What happened after an event, oldest first.
    pub(in crate::store) fn changes_since(
        &self,
        project: ProjectId,
        event: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        let after = event.map_or(0, |e| e.0);
        self.entries("e.project = ? AND e.id > ? ORDER BY e.id LIMIT ?", (project.0, after, codes::limit(limit)))
    }

    /// What one step of undo (origin 1) or redo (2) did.
    pub(in crate::store) fn history_of_step(
        &self,
        project: ProjectId,
        author: &str,
        at: Timestamp,
        origin: i64,
    ) -> Result<Vec<HistoryEntry>> {
        self.entries(
            "e.project = ? AND e.author = ? AND e.at = ? AND e.origin = ? ORDER BY e.id",
            (project.0, author, codes::nanos(at), origin),
        )
    }

    /// How many pictures the next step back or forward of a person changes.
    pub(in crate::store) fn step_size(&self, project: ProjectId, author: &str, redo: bool) -> Result<u64> {
        let end = if redo { "min" } else { "max" };
        let top = format!(
            "SELECT id, CASE WHEN sample IS NULL THEN 0 ELSE 1 END, CASE WHEN batch IS NULL THEN 0 ELSE 1 END FROM event
             WHERE id = (SELECT {end}(event) FROM undo WHERE project = ? AND author = ? AND undone = ?)"
        );
        let undone = i64::from(redo);
        let row = |r: &Row| Ok((r.get::<i64>(0)?, r.get::<i64>(1)?, r.get::<i64>(2)?));
        let (event, own) = match self.row(&top, (project.0, author, undone), row)? {
            None => return Ok(0),
            Some((_, own, 0)) => return Ok(codes::unsigned(own)),
            Some((event, own, _)) => (event, own),
        };
        let sql = "SELECT count(DISTINCT e.sample) FROM undo u JOIN event e ON e.id = u.event
             WHERE u.project = ?1 AND u.author = ?2 AND u.undone = ?3
               AND e.batch = (SELECT batch FROM event WHERE id = ?4)";
        let count: Option<i64> = self.row(sql, (project.0, author, undone, event), |r| r.get(0))?;
        Ok(codes::unsigned(count.unwrap_or(own)))
    }

    pub(in crate::store) fn decisions(
        &self,
        project: ProjectId,
        author: &str,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        // What stands on the undo list is what the person did and did not take back.
        let sql = format!(
            "{EVENT}e.id IN (SELECT event FROM undo WHERE project = ?1 AND author = ?2 AND undone = 0
               ORDER BY event DESC LIMIT ?3) AND e.sample IS NOT NULL ORDER BY e.id DESC"
        );
        let rows = self.rows(&sql, (project.0, author, codes::limit(limit)), event_row)?;
        self.with_changes(rows)
    }

    pub(in crate::store) fn event_at(&self, project: ProjectId, at: Timestamp) -> Result<Option<EventId>> {
        // Clients' clocks differ: the last event in commit order among those not after the time.
        let sql = "SELECT max(id) FROM event WHERE project = ? AND at = (SELECT max(at) FROM event
                   WHERE project = ?1 AND at <= ?)";
        let id = self.row(sql, (project.0, codes::nanos(at)), |r| r.get::<Option<i64>>(0))?;
        Ok(id.flatten().map(EventId))
    }

    /// Ids are given in the order in which samples come, and no sample of a project is ever deleted alone.
    pub(in crate::store) fn nth_added(&self, project: ProjectId, n: u64) -> Result<Option<SampleId>> {
        let Some(before) = n.checked_sub(1) else { return Ok(None) };
        let sql = "SELECT id FROM sample WHERE project = ? ORDER BY id LIMIT 1 OFFSET ?";
        self.row(sql, (project.0, codes::signed(before)), |r| r.get::<i64>(0)).map(|id| id.map(SampleId))
    }

    /// The label set right after an event: what the first change of it afterwards began with, else what stands.
    pub(in crate::store) fn labels_as_of(&self, project: ProjectId, event: Option<EventId>) -> Result<LabelSet> {
        let sql = "SELECT change FROM event WHERE project = ? AND id > ? AND kind = 2 ORDER BY id LIMIT 1";
        let next = self.row(sql, (project.0, event.map_or(0, |e| e.0)), |r| r.get::<String>(0))?;
        match next.map(|text| self.json(&text, "an event")).transpose()? {
            Some(Change::Classes { before, .. }) => Ok(before),
            _ => self.labels(project),
        }
    }

    /// The answer right after an event; `None` where the sample was never edited: what it came with stands.
    pub(in crate::store) fn answer_as_of(&self, sample: SampleId, event: Option<EventId>) -> Result<Option<Answer>> {
        let event = event.map_or(0, |e| e.0);
        let sides = [("<= ?", "DESC", false), ("> ?", "ASC", true)];
        for (range, order, before_it) in sides {
            let sql = format!(
                "SELECT change FROM event WHERE sample = ? AND id {range} AND kind = 0
                 ORDER BY id {order} LIMIT 1"
            );
            let Some(text) = self.row(&sql, (sample.0, event), |r| r.get::<String>(0))? else { continue };
            if let Change::Answer { before, after, .. } = self.change_of(&text)? {
                return Ok(Some(if before_it { before } else { after }));
            }
        }
        Ok(None)
    }
}
