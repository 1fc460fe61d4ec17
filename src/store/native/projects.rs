//! Projects: creating, listing, renaming, the trash, and new versions.

use super::base::{Base, to_json};
use super::value::{Row, Values};
use super::{classes, codes};
use crate::domain::class::LabelSet;
use crate::domain::ids::ProjectId;
use crate::domain::project::{Project, ScanSettings, Task};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{NewProject, NewVersion, Shelf};
use jiff::Timestamp;

const COLUMNS: &str =
    "SELECT id, name, version, parent, task, source, scan, created_by, created_at, trashed_at FROM project";

/// A row of [`COLUMNS`]; the scan settings are still JSON and the labels missing.
fn project_row(r: &Row) -> Result<(Project, String)> {
    let project = Project {
        id: ProjectId(r.get(0)?),
        name: r.get(1)?,
        version: r.get(2)?,
        parent: r.get::<Option<i64>>(3)?.map(ProjectId),
        task: Task::from_name(&r.get::<String>(4)?).unwrap_or_default(),
        source: r.get(5)?,
        scan: ScanSettings::default(),
        labels: LabelSet::default(),
        created_by: r.get(7)?,
        created_at: codes::time(r.get(8)?),
        trashed_at: r.get::<Option<i64>>(9)?.map(codes::time),
    };
    Ok((project, r.get(6)?))
}

impl dyn Base + '_ {
    fn complete(&self, (mut project, scan): (Project, String)) -> Result<Project> {
        project.scan = self.json(&scan, "scan settings")?;
        project.labels = self.labels(project.id)?;
        Ok(project)
    }

    pub(in crate::store) fn projects(&self, shelf: Shelf) -> Result<Vec<Project>> {
        let which = match shelf {
            Shelf::Live => "WHERE trashed_at IS NULL",
            Shelf::Trash => "WHERE trashed_at IS NOT NULL",
            Shelf::All => "",
        };
        let rows = self.rows(&format!("{COLUMNS} {which} ORDER BY folded, version, id"), (), project_row)?;
        rows.into_iter().map(|row| self.complete(row)).collect()
    }

    pub(in crate::store) fn project(&self, id: ProjectId) -> Result<Project> {
        let row = self.row(&format!("{COLUMNS} WHERE id = ?"), [id.0], project_row)?;
        self.complete(row.ok_or_else(|| StoreError::not_found(format!("project number {id}"), self.place()))?)
    }

    pub(in crate::store) fn project_by_name(&self, name: &str) -> Result<Option<Project>> {
        let sql = format!("{COLUMNS} WHERE folded = ? AND trashed_at IS NULL");
        self.row(&sql, [folded(name)], project_row)?.map(|row| self.complete(row)).transpose()
    }

    fn free_name(&self, name: &str, except: Option<ProjectId>) -> Result<()> {
        if name.trim().is_empty() {
            return Err(StoreError::invalid("a project needs a name; give one"));
        }
        let sql = "SELECT id FROM project WHERE folded = ? AND trashed_at IS NULL";
        match self.row(sql, [folded(name)], |r| r.get::<i64>(0))? {
            Some(other) if Some(ProjectId(other)) != except => {
                let name = crate::domain::text::printable(name).into_owned();
                Err(StoreError::NameTaken { name, place: self.place().to_owned() })
            }
            _ => Ok(()),
        }
    }

    pub(in crate::store) fn create_project(&self, new: &NewProject) -> Result<Project> {
        self.free_name(&new.name, None)?;
        if let Some(problem) = classes::problem(&new.labels) {
            return Err(StoreError::invalid(problem));
        }
        let values = (
            &new.name,
            folded(&new.name),
            new.task.name(),
            &new.source,
            to_json(&new.scan)?,
            &new.author,
            codes::nanos(Timestamp::now()),
        );
        let sql =
            "INSERT INTO project(name, folded, version, family, parent, task, source, scan, created_by, created_at)
             VALUES(?1, ?2, 1, 0, NULL, ?3, ?4, ?5, ?6, ?7) RETURNING id";
        let id = ProjectId(self.number(sql, values)?);
        self.execute("UPDATE project SET family = id WHERE id = ?", [id.0])?;
        self.write_labels(id, &LabelSet::default(), &new.labels)?;
        self.project(id)
    }

    /// The number that a statement gives back.
    pub(in crate::store) fn number(&self, sql: &str, values: impl Values) -> Result<i64> {
        let failed =
            || StoreError::Failed { place: self.place().to_owned(), why: "a statement gave no number".to_owned() };
        self.row(sql, values, |r| r.get(0))?.ok_or_else(failed)
    }

    /// Runs an update of one project row; an unknown id is an error.
    fn change_project(&self, id: ProjectId, sql: &str, values: impl Values) -> Result<()> {
        match self.execute(sql, values)? {
            0 => Err(StoreError::not_found(format!("project number {id}"), self.place())),
            _ => Ok(()),
        }
    }

    pub(in crate::store) fn rename_project(&self, id: ProjectId, name: &str) -> Result<()> {
        self.free_name(name, Some(id))?;
        self.change_project(id, "UPDATE project SET name = ?2, folded = ?3 WHERE id = ?1", (id.0, name, folded(name)))
    }

    pub(in crate::store) fn set_scan(&self, id: ProjectId, scan: &ScanSettings) -> Result<()> {
        self.change_project(id, "UPDATE project SET scan = ?2 WHERE id = ?1", (id.0, to_json(scan)?))
    }

    pub(in crate::store) fn trash_project(&self, id: ProjectId) -> Result<()> {
        let now = codes::nanos(Timestamp::now());
        self.change_project(id, "UPDATE project SET trashed_at = coalesce(trashed_at, ?2) WHERE id = ?1", (id.0, now))
    }

    pub(in crate::store) fn restore_project(&self, id: ProjectId) -> Result<()> {
        let project = self.project(id)?;
        self.free_name(&project.name, Some(id))?;
        self.change_project(id, "UPDATE project SET trashed_at = NULL WHERE id = ?1", [id.0])
    }

    pub(in crate::store) fn delete_project(&self, id: ProjectId) -> Result<()> {
        if self.project(id)?.trashed_at.is_none() {
            return Err(StoreError::invalid("only a project in the trash can be deleted for good; trash it first"));
        }
        self.change_project(id, "DELETE FROM project WHERE id = ?1", [id.0])
    }

    /// Makes the project row of a new version, with its label set, queues and settings; the samples are copied by the kind.
    pub(in crate::store) fn clone_head(&self, id: ProjectId, new: &NewVersion) -> Result<ProjectId> {
        self.free_name(&new.name, None)?;
        self.project(id)?;
        let copy = self.number(
            "INSERT INTO project(name, folded, version, family, parent, task, source, scan, created_by, created_at)
             SELECT ?2, ?3, (SELECT max(version) + 1 FROM project f WHERE f.family = p.family), family, id, task,
                    source, scan, ?4, ?5
             FROM project p WHERE id = ?1 RETURNING id",
            (id.0, &new.name, folded(&new.name), &new.author, codes::nanos(Timestamp::now())),
        )?;
        let copy = ProjectId(copy);
        self.write_labels(copy, &LabelSet::default(), &self.labels(id)?)?;
        self.execute(
            "INSERT INTO saved_queue SELECT ?2, name, queue FROM saved_queue WHERE project = ?1",
            (id.0, copy.0),
        )?;
        // Such as the guideline, and how many pictures there are to a gold one. Where somebody stands in a queue is of
        // the other version.
        self.execute(
            "INSERT INTO setting(project, key, value)
             SELECT ?2, key, value FROM setting WHERE project = ?1 AND key NOT LIKE 'session:%'",
            (id.0, copy.0),
        )?;
        Ok(copy)
    }

    /// Writes the counts of a project from its samples. Used where many samples change at once.
    pub(in crate::store) fn recount(&self, id: ProjectId) -> Result<()> {
        self.execute("DELETE FROM tally WHERE project = ?", [id.0])?;
        self.execute(
            "INSERT INTO tally(project, kind, key, n)
             SELECT ?1, 'status', CASE status WHEN 0 THEN 'unlabeled' WHEN 1 THEN 'pre_labeled' WHEN 2 THEN 'labeled'
                ELSE 'skipped' END, count(*) FROM sample WHERE project = ?1 GROUP BY status
             UNION ALL SELECT ?1, 'is', 'flagged', count(*) FROM sample WHERE project = ?1 AND flagged = 1
             UNION ALL SELECT ?1, 'is', 'unsure', count(*) FROM sample WHERE project = ?1 AND unsure = 1
             UNION ALL SELECT ?1, 'is', 'empty', count(*) FROM sample WHERE project = ?1 AND empty = 1
             UNION ALL SELECT ?1, 'is', 'missing', count(*) FROM sample WHERE project = ?1 AND missing = 1
             UNION ALL SELECT ?1, 'is', 'doubted', count(*) FROM doubt WHERE project = ?1
             UNION ALL SELECT ?1, 'review', CAST(review AS TEXT), count(*) FROM sample WHERE project = ?1 AND review > 0 GROUP BY review
             UNION ALL SELECT ?1, 'by', author, count(*) FROM sample WHERE project = ?1 AND author IS NOT NULL GROUP BY author
             UNION ALL SELECT ?1, 'predicted', CAST(predicted AS TEXT), count(*) FROM sample
                WHERE project = ?1 AND predicted IS NOT NULL GROUP BY predicted
             UNION ALL SELECT ?1, 'class', CAST(class AS TEXT), count(*) FROM sample_class WHERE project = ?1 GROUP BY class",
            [id.0],
        )?;
        self.execute(&super::measures::count_quality(), [id.0])?;
        Ok(())
    }
}

/// How names are compared: without case.
fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}
