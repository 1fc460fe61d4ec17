//! What CV Explorer's history can tell: one row for each annotation that was made or deleted, by whom and when.
//!
//! What it cannot tell is the whole answer before and after, so an entry holds only the annotations that came and went,
//! and answers as of a time are not to be had. Skipping leaves no row.

use super::probe::Shape;
use super::rows::Stored;
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::ids::{EditId, EventId, ProjectId, Rev, SampleId};
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use crate::store::native::base::Base;
use crate::store::native::codes;
use crate::store::native::value::Row;
use crate::store::records::{Activity, HistoryEntry};
use jiff::Timestamp;
use uuid::Uuid;

const TABLE: &str = "annotation_history";
/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;
/// Rows that were written so many microseconds apart at most are one saving.
const TOGETHER: i64 = 1_000_000;
/// Rows that one saving has at most; more of them become several entries.
const ROWS: usize = 64;

/// A row of the history.
struct Past {
    row: i64,
    sample: i64,
    path: String,
    old: Option<Stored>,
    new: Option<Stored>,
    by: String,
    at: i64,
}

impl Shape {
    /// Whether there is a history that says who and when.
    pub(super) fn has_past(&self) -> bool {
        ["id", "sample_id", "old_label", "new_label", "changed_by", "changed_at"].iter().all(|c| self.has(TABLE, c))
    }

    /// Samples saved by hour and person.
    pub(super) fn activity(&self, db: &dyn Base, project: ProjectId, since: Timestamp) -> Result<Vec<Activity>> {
        if !self.has_past() {
            return Ok(Vec::new());
        }
        let time = self.micros("h.changed_at");
        let sql = format!(
            "SELECT {time} / {HOUR}, coalesce(h.changed_by, ''), count(DISTINCT h.sample_id) FROM {TABLE} h
             WHERE h.project_id = ? AND {time} >= ? GROUP BY 1, 2 ORDER BY 1, 2"
        );
        let rows = db.rows(&sql, (project.0, since.as_microsecond()), |r| {
            Ok((r.get::<i64>(0)?, r.get::<String>(1)?, codes::unsigned(r.get(2)?)))
        })?;
        let entry = |(hour, name, samples): (i64, String, u64)| {
            Some(Activity { hour: Timestamp::from_microsecond(hour * HOUR).ok()?, name, samples })
        };
        Ok(rows.into_iter().filter_map(entry).collect())
    }

    /// Savings of a project or of one sample, newest first, before a row.
    pub(super) fn past(
        &self,
        db: &dyn Base,
        project: ProjectId,
        sample: Option<SampleId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>> {
        if !self.has_past() {
            return Ok(Vec::new());
        }
        let mut out = Vec::new();
        let mut before = before.map_or(i64::MAX, |e| e.0);
        let mut open: Vec<Past> = Vec::new();
        while out.len() < limit {
            let rows = self.past_rows(db, project, sample, before)?;
            let end = rows.len() < ROWS;
            for row in rows {
                before = row.row;
                if open.last().is_some_and(|last| !last.is_with(&row)) || open.len() >= ROWS {
                    out.extend(entry(project, std::mem::take(&mut open)));
                }
                open.push(row);
            }
            if end {
                out.extend(entry(project, open));
                break;
            }
        }
        out.truncate(limit);
        Ok(out)
    }

    fn past_rows(&self, db: &dyn Base, project: ProjectId, sample: Option<SampleId>, before: i64) -> Result<Vec<Past>> {
        let column = |name: &str| match self.has(TABLE, name) {
            true => format!("CAST(h.{name} AS TEXT)"),
            false => "CAST(NULL AS TEXT)".to_owned(),
        };
        let sql = format!(
            "SELECT h.id, h.sample_id, s.filepath, p.source_volume, coalesce(h.changed_by, ''), {},
               h.old_label, {}, {}, {}, h.new_label, {}, {}, {}
             FROM {TABLE} h JOIN project_samples s ON s.id = h.sample_id JOIN labeling_projects p ON p.id = h.project_id
             WHERE h.project_id = ?1 AND h.id < ?2 AND (h.sample_id = ?3 OR ?3 = -1) ORDER BY h.id DESC LIMIT {ROWS}",
            self.micros("h.changed_at"),
            column("old_ann_type"),
            column("old_bbox_json"),
            column("old_mask_json"),
            column("new_ann_type"),
            column("new_bbox_json"),
            column("new_mask_json"),
        );
        db.rows(&sql, (project.0, before, sample.map_or(-1, |s| s.0)), |r| {
            let (path, source, by) = (r.get::<String>(2)?, r.get::<String>(3)?, r.get::<String>(4)?);
            let at = r.get::<Option<i64>>(5)?.unwrap_or_default();
            let path = path.strip_prefix(&source).map_or(path.as_str(), |p| p.trim_start_matches('/')).to_owned();
            let (old, new) = (stored(r, 6, &by, at)?, stored(r, 10, &by, at)?);
            Ok(Past { row: r.get(0)?, sample: r.get(1)?, path, old, new, by, at })
        })
    }
}

impl Past {
    /// Whether another row belongs to the same saving.
    fn is_with(&self, other: &Self) -> bool {
        self.sample == other.sample && self.by == other.by && (self.at - other.at).abs() < TOGETHER
    }
}

/// An annotation of a history row: label, kind, box and mask from this column on.
fn stored(r: &Row, first: usize, by: &str, at: i64) -> Result<Option<Stored>> {
    let present = |text: Option<String>| text.filter(|t| t.trim() != "null");
    let Some(label) = r.get::<Option<String>>(first)? else { return Ok(None) };
    let kind = r.get::<Option<String>>(first + 1)?.unwrap_or_else(|| "classification".to_owned());
    Ok(Some(Stored {
        id: 0,
        label,
        kind,
        bbox: present(r.get(first + 2)?),
        mask: present(r.get(first + 3)?),
        draft: false,
        by: by.to_owned(),
        at: Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH),
    }))
}

/// One saving as an edit; its rows are newest first.
fn entry(project: ProjectId, rows: Vec<Past>) -> Option<HistoryEntry> {
    let newest = rows.first()?;
    let at = Timestamp::from_microsecond(newest.at).unwrap_or(Timestamp::UNIX_EPOCH);
    let answer = |side: fn(&Past) -> Option<&Stored>| {
        let annotations: Vec<_> = rows.iter().rev().filter_map(side).filter_map(Stored::annotation).collect();
        let status = if annotations.is_empty() { Status::Unlabeled } else { Status::Labeled };
        Answer { status, annotations, ..Answer::default() }
    };
    let (before, after) = (answer(|p| p.old.as_ref()), answer(|p| p.new.as_ref()));
    let change = Change::Answer { sample: SampleId(newest.sample), base: Rev(0), before, after };
    let mut edit = Edit::by_person(project, change, &newest.by, at);
    // The same row is the same edit, whenever it is read.
    edit.id = EditId(Uuid::from_u128((0xc7e0_9106_u128 << 96) | u128::from(newest.row.unsigned_abs())));
    edit.origin = Origin::Person;
    Some(HistoryEntry { event: EventId(newest.row), path: Some(newest.path.clone()), rev: Rev(0), edit })
}
