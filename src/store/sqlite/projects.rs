//! Projects: creating, listing, renaming, the trash, and new versions.

use super::{Db, codes};
use crate::domain::class::LabelSet;
use crate::domain::ids::ProjectId;
use crate::domain::project::{Project, ScanSettings, Task};
use crate::store::error::StoreError;
use crate::store::records::{NewProject, NewVersion, Shelf};
use crate::store::{Result, sqlite::classes};
use jiff::Timestamp;
use rusqlite::Row;

const COLUMNS: &str =
    "SELECT id, name, version, parent, task, source, scan, created_by, created_at, trashed_at FROM project";

/// A row of [`COLUMNS`]; the scan settings are still JSON and the labels missing.
fn project_row(r: &Row<'_>) -> rusqlite::Result<(Project, String)> {
    let project = Project {
        id: ProjectId(r.get(0)?),
        name: r.get(1)?,
        version: r.get(2)?,
        parent: r.get::<_, Option<i64>>(3)?.map(ProjectId),
        task: Task::from_name(&r.get::<_, String>(4)?).unwrap_or_default(),
        source: r.get(5)?,
        scan: ScanSettings::default(),
        labels: LabelSet::default(),
        created_by: r.get(7)?,
        created_at: codes::time(r.get(8)?),
        trashed_at: r.get::<_, Option<i64>>(9)?.map(codes::time),
    };
    Ok((project, r.get(6)?))
}

impl Db<'_> {
    fn complete(&self, (mut project, scan): (Project, String)) -> Result<Project> {
        project.scan = self.json(&scan, "scan settings")?;
        project.labels = self.labels(project.id)?;
        Ok(project)
    }

    pub(super) fn projects(&self, shelf: Shelf) -> Result<Vec<Project>> {
        let which = match shelf {
            Shelf::Live => "WHERE trashed_at IS NULL",
            Shelf::Trash => "WHERE trashed_at IS NOT NULL",
            Shelf::All => "",
        };
        let rows = self.rows(&format!("{COLUMNS} {which} ORDER BY folded, version, id"), [], project_row)?;
        rows.into_iter().map(|row| self.complete(row)).collect()
    }

    pub(super) fn project(&self, id: ProjectId) -> Result<Project> {
        let row = self.row(&format!("{COLUMNS} WHERE id = ?"), [id.0], project_row)?;
        self.complete(row.ok_or_else(|| StoreError::not_found(format!("project number {id}"), self.place))?)
    }

    pub(super) fn project_by_name(&self, name: &str) -> Result<Option<Project>> {
        let sql = format!("{COLUMNS} WHERE folded = ? AND trashed_at IS NULL");
        self.row(&sql, [folded(name)], project_row)?.map(|row| self.complete(row)).transpose()
    }

    fn free_name(&self, name: &str, except: Option<ProjectId>) -> Result<()> {
        if name.trim().is_empty() {
            return Err(StoreError::invalid("a project needs a name; give one"));
        }
        let sql = "SELECT id FROM project WHERE folded = ? AND trashed_at IS NULL";
        match self.row(sql, [folded(name)], |r| r.get::<_, i64>(0))? {
            Some(other) if Some(ProjectId(other)) != except => {
                let name = crate::domain::text::printable(name).into_owned();
                Err(StoreError::NameTaken { name, place: self.place.to_owned() })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn create_project(&self, new: &NewProject) -> Result<Project> {
        self.free_name(&new.name, None)?;
        if let Some(problem) = classes::problem(&new.labels) {
            return Err(StoreError::invalid(problem));
        }
        let values = (
            &new.name,
            folded(&new.name),
            new.task.name(),
            &new.source,
            self.to_json(&new.scan)?,
            &new.author,
            codes::nanos(Timestamp::now()),
        );
        self.execute(
            "INSERT INTO project(name, folded, version, family, parent, task, source, scan, created_by, created_at)
             VALUES(?1, ?2, 1, 0, NULL, ?3, ?4, ?5, ?6, ?7)",
            values,
        )?;
        let id = ProjectId(self.connection.last_insert_rowid());
        self.execute("UPDATE project SET family = id WHERE id = ?", [id.0])?;
        self.write_labels(id, &LabelSet::default(), &new.labels)?;
        self.project(id)
    }

    /// Runs an update of one project row; an unknown id is an error.
    fn change(&self, id: ProjectId, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        match self.execute(sql, values)? {
            0 => Err(StoreError::not_found(format!("project number {id}"), self.place)),
            _ => Ok(()),
        }
    }

    pub(super) fn rename_project(&self, id: ProjectId, name: &str) -> Result<()> {
        self.free_name(name, Some(id))?;
        self.change(id, "UPDATE project SET name = ?2, folded = ?3 WHERE id = ?1", (id.0, name, folded(name)))
    }

    pub(super) fn set_scan(&self, id: ProjectId, scan: &ScanSettings) -> Result<()> {
        self.change(id, "UPDATE project SET scan = ?2 WHERE id = ?1", (id.0, self.to_json(scan)?))
    }

    pub(super) fn trash_project(&self, id: ProjectId) -> Result<()> {
        let now = codes::nanos(Timestamp::now());
        self.change(id, "UPDATE project SET trashed_at = coalesce(trashed_at, ?2) WHERE id = ?1", (id.0, now))
    }

    pub(super) fn restore_project(&self, id: ProjectId) -> Result<()> {
        let project = self.project(id)?;
        self.free_name(&project.name, Some(id))?;
        self.change(id, "UPDATE project SET trashed_at = NULL WHERE id = ?1", [id.0])
    }

    pub(super) fn delete_project(&self, id: ProjectId) -> Result<()> {
        if self.project(id)?.trashed_at.is_none() {
            return Err(StoreError::invalid("only a project in the trash can be deleted for good; trash it first"));
        }
        self.change(id, "DELETE FROM project WHERE id = ?1", [id.0])
    }

    pub(super) fn clone_project(&self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        self.free_name(&new.name, None)?;
        self.project(id)?;
        self.execute(
            "INSERT INTO project(name, folded, version, family, parent, task, source, scan, created_by, created_at)
             SELECT ?2, ?3, (SELECT max(version) + 1 FROM project f WHERE f.family = p.family), family, id, task,
                    source, scan, ?4, ?5
             FROM project p WHERE id = ?1",
            (id.0, &new.name, folded(&new.name), &new.author, codes::nanos(Timestamp::now())),
        )?;
        let copy = ProjectId(self.connection.last_insert_rowid());
        self.write_labels(copy, &LabelSet::default(), &self.labels(id)?)?;
        self.clone_samples(id, copy, new.annotations)?;
        self.execute(
            "INSERT INTO saved_queue SELECT ?2, name, queue FROM saved_queue WHERE project = ?1",
            (id.0, copy.0),
        )?;
        self.project(copy)
    }

    /// Copies samples with ids shifted by one number, so that everything that hangs on them is copied by arithmetic.
    fn clone_samples(&self, id: ProjectId, copy: ProjectId, answers: bool) -> Result<()> {
        let shift = "SELECT (SELECT coalesce(max(id), 0) FROM sample) + 1 - coalesce(min(id), 1)
                     FROM sample WHERE project = ?";
        let shift: i64 = self.row(shift, [id.0], |r| r.get(0))?.unwrap_or(0);
        let predictions = "CASE WHEN rank < 0 THEN -(id + ?3) ELSE (rank >> 40 << 40) | (id + ?3) END, predicted";
        let answer = if answers {
            "CASE WHEN changed < 0 THEN -(id + ?3) ELSE changed END, status, skip_reason, flagged, unsure, empty,
             author, class, CASE WHEN status > 1 THEN 1 ELSE 0 END"
        } else {
            "-(id + ?3), CASE WHEN predicted IS NULL THEN 0 ELSE 1 END, NULL, 0, 0, 0, NULL, NULL, 0"
        };
        self.execute(
            &format!(
                "INSERT INTO sample(id, project, path, sort_key, shuffle, size, etag, width, height, orientation,
                   missing, rank, predicted, changed, status, skip_reason, flagged, unsure, empty, author, class, review)
                 SELECT id + ?3, ?2, path, sort_key, shuffle, size, etag, width, height, orientation, missing,
                   {predictions}, {answer}
                 FROM sample WHERE project = ?1 ORDER BY id"
            ),
            (id.0, copy.0, shift),
        )?;
        let of_project = "(SELECT id FROM sample WHERE project = ?1)";
        self.execute(
            &format!(
                "INSERT INTO prediction SELECT sample + ?2, place, class, kind, geometry, score, model
                 FROM prediction WHERE sample IN {of_project}"
            ),
            (id.0, shift),
        )?;
        if answers {
            self.execute(
                &format!(
                    "INSERT INTO annotation SELECT sample + ?2, id, place, class, kind, geometry, attributes, author, at
                     FROM annotation WHERE sample IN {of_project}"
                ),
                (id.0, shift),
            )?;
            self.execute(
                "INSERT INTO sample_class(project, class, sort_key, sample, changed, under)
                 SELECT ?2, c.class, c.sort_key, c.sample + ?3,
                   CASE WHEN c.changed < 0 THEN -(c.sample + ?3) ELSE c.changed END, c.under
                 FROM sample_class c WHERE c.project = ?1",
                (id.0, copy.0, shift),
            )?;
        }
        self.recount(copy)
    }

    /// Writes the counts of a project from its samples. Used where many samples change at once.
    pub(super) fn recount(&self, id: ProjectId) -> Result<()> {
        self.execute("DELETE FROM tally WHERE project = ?", [id.0])?;
        self.execute(
            "INSERT INTO tally(project, kind, key, n)
             SELECT ?1, 'status', CASE status WHEN 0 THEN 'unlabeled' WHEN 1 THEN 'pre_labeled' WHEN 2 THEN 'labeled'
                ELSE 'skipped' END, count(*) FROM sample WHERE project = ?1 GROUP BY status
             UNION ALL SELECT ?1, 'is', 'flagged', count(*) FROM sample WHERE project = ?1 AND flagged = 1
             UNION ALL SELECT ?1, 'is', 'unsure', count(*) FROM sample WHERE project = ?1 AND unsure = 1
             UNION ALL SELECT ?1, 'is', 'empty', count(*) FROM sample WHERE project = ?1 AND empty = 1
             UNION ALL SELECT ?1, 'is', 'missing', count(*) FROM sample WHERE project = ?1 AND missing = 1
             UNION ALL SELECT ?1, 'review', review, count(*) FROM sample WHERE project = ?1 AND review > 0 GROUP BY review
             UNION ALL SELECT ?1, 'by', author, count(*) FROM sample WHERE project = ?1 AND author IS NOT NULL GROUP BY author
             UNION ALL SELECT ?1, 'predicted', predicted, count(*) FROM sample
                WHERE project = ?1 AND predicted IS NOT NULL GROUP BY predicted
             UNION ALL SELECT ?1, 'class', class, count(*) FROM sample_class WHERE project = ?1 GROUP BY class",
            [id.0],
        )?;
        Ok(())
    }
}

/// How names are compared: without case.
fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}
