//! Saved queues, settings, comments, and the ledger of files taken.

use super::base::{Base, to_json};
use super::codes;
use super::value::Values;
use crate::domain::ids::{AnnotationId, ProjectId, SampleId};
use crate::domain::queue::Queue;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{Comment, LedgerEntry, Settings};
use jiff::Timestamp;

impl dyn Base + '_ {
    pub(in crate::store) fn save_queue(&self, project: ProjectId, name: &str, queue: &Queue) -> Result<()> {
        if name.trim().is_empty() {
            return Err(StoreError::invalid("a saved queue needs a name; give one"));
        }
        let values = (project.0, name, to_json(queue)?);
        let sql = "INSERT INTO saved_queue(project, name, queue) VALUES(?, ?, ?)
                   ON CONFLICT(project, name) DO UPDATE SET queue = excluded.queue";
        self.execute(sql, values)?;
        Ok(())
    }

    pub(in crate::store) fn saved_queues(&self, project: ProjectId) -> Result<Vec<(String, Queue)>> {
        let sql = "SELECT name, queue FROM saved_queue WHERE project = ? ORDER BY name";
        let rows = self.rows(sql, [project.0], |r| Ok((r.get::<String>(0)?, r.get::<String>(1)?)))?;
        rows.into_iter().map(|(name, queue)| Ok((name, self.json(&queue, "a saved queue")?))).collect()
    }

    pub(in crate::store) fn delete_queue(&self, project: ProjectId, name: &str) -> Result<()> {
        match self.execute("DELETE FROM saved_queue WHERE project = ? AND name = ?", (project.0, name))? {
            0 => Err(StoreError::not_found(format!("saved queue `{name}`"), self.place())),
            _ => Ok(()),
        }
    }

    pub(in crate::store) fn setting(&self, project: ProjectId, key: &str) -> Result<Option<String>> {
        self.row("SELECT value FROM setting WHERE project = ? AND key = ?", (project.0, key), |r| r.get(0))
    }

    pub(in crate::store) fn set_setting(&self, project: ProjectId, key: &str, value: Option<&str>) -> Result<()> {
        match value {
            Some(value) => {
                let sql = "INSERT INTO setting(project, key, value) VALUES(?, ?, ?)
                           ON CONFLICT(project, key) DO UPDATE SET value = excluded.value";
                self.execute(sql, (project.0, key, value))?
            }
            None => self.execute("DELETE FROM setting WHERE project = ? AND key = ?", (project.0, key))?,
        };
        Ok(())
    }

    pub(in crate::store) fn settings(&self, project: ProjectId) -> Result<Settings> {
        let sql = "SELECT key, value FROM setting WHERE project = ?";
        Ok(self.rows(sql, [project.0], |r| Ok((r.get(0)?, r.get(1)?)))?.into_iter().collect())
    }

    pub(in crate::store) fn add_comment(&self, comment: &Comment) -> Result<i64> {
        let values = (
            comment.sample.0,
            comment.annotation.map(|a| a.0),
            &comment.author,
            &comment.text,
            codes::nanos(comment.at),
            comment.resolved,
        );
        let sql = "INSERT INTO comment(sample, annotation, author, text, at, resolved) VALUES(?, ?, ?, ?, ?, ?)
                   RETURNING id";
        self.number(sql, values)
    }

    /// Puts remarks of an author in the place of those that nobody has dealt with.
    pub(in crate::store) fn replace_comments(
        &self,
        project: ProjectId,
        author: &str,
        notes: &[(SampleId, String)],
        at: Timestamp,
    ) -> Result<()> {
        let sql = "DELETE FROM comment WHERE author = ? AND resolved = 0
                   AND sample IN (SELECT id FROM sample WHERE project = ?)";
        self.execute(sql, (author, project.0))?;
        let sql = "INSERT INTO comment(sample, author, text, at, resolved) VALUES(?, ?, ?, ?, 0)";
        notes.iter().try_for_each(|(sample, text)| self.defer(sql, &(sample.0, author, text, codes::nanos(at)).list()))
    }

    pub(in crate::store) fn resolve_comment(&self, id: i64, resolved: bool) -> Result<()> {
        match self.execute("UPDATE comment SET resolved = ?2 WHERE id = ?1", (id, resolved))? {
            0 => Err(StoreError::not_found(format!("comment number {id}"), self.place())),
            _ => Ok(()),
        }
    }

    pub(in crate::store) fn comments(&self, sample: SampleId) -> Result<Vec<Comment>> {
        let sql = "SELECT id, annotation, author, text, at, resolved FROM comment WHERE sample = ? ORDER BY id";
        self.rows(sql, [sample.0], |r| {
            Ok(Comment {
                id: r.get(0)?,
                sample,
                annotation: r.get::<Option<uuid::Uuid>>(1)?.map(AnnotationId),
                author: r.get(2)?,
                text: r.get(3)?,
                at: codes::time(r.get(4)?),
                resolved: r.get(5)?,
            })
        })
    }

    pub(in crate::store) fn take_once(&self, entry: &LedgerEntry) -> Result<bool> {
        let changed = self.execute(
            "INSERT INTO ledger(source, path, etag, run) VALUES(?1, ?2, ?3, ?4)
             ON CONFLICT(source, path) DO UPDATE SET etag = excluded.etag, run = excluded.run WHERE ledger.etag <> excluded.etag",
            (&entry.source, &entry.path, &entry.etag, &entry.run),
        )?;
        Ok(changed > 0)
    }

    pub(in crate::store) fn ledger(&self, source: &str) -> Result<Vec<LedgerEntry>> {
        self.rows("SELECT source, path, etag, run FROM ledger WHERE source = ? ORDER BY path", [source], |r| {
            Ok(LedgerEntry { source: r.get(0)?, path: r.get(1)?, etag: r.get(2)?, run: r.get(3)? })
        })
    }
}
