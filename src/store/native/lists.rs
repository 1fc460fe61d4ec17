//! Lists of samples that somebody or something put together: what differs between two versions, near-duplicates, a
//! selection to come back to. A filter finds them by `list:NAME`.
//!
//! What always holds: a list holds samples of its own project only, each once, with at most one remark.

use super::base::Base;
use super::snapshots::usable;
use super::value::Values;
use crate::domain::ids::{ProjectId, SampleId};
use crate::store::Result;
use crate::store::error::StoreError;

impl dyn Base + '_ {
    pub(in crate::store) fn put_list(
        &self,
        project: ProjectId,
        name: &str,
        samples: &[(SampleId, String)],
        begin: bool,
    ) -> Result<u64> {
        let name = usable(name, "list")?;
        if begin {
            self.execute("DELETE FROM listed WHERE project = ? AND folded = ?", (project.0, name.to_lowercase()))?;
        }
        let sql = "INSERT INTO listed(project, folded, sample, name, note, sort_key)
                   SELECT ?1, ?2, id, ?4, ?5, sort_key FROM sample
                   WHERE id = ?3 AND project = ?1
                   ON CONFLICT(project, folded, sample) DO UPDATE SET note = excluded.note";
        for (sample, note) in samples {
            self.defer(sql, &(project.0, name.to_lowercase(), sample.0, name, note.as_str()).list())?;
        }
        let sql = "SELECT count(*) FROM listed WHERE project = ? AND folded = ?";
        Ok(u64::try_from(self.number(sql, (project.0, name.to_lowercase()))?).unwrap_or(0))
    }

    pub(in crate::store) fn lists(&self, project: ProjectId) -> Result<Vec<(String, u64)>> {
        let sql = "SELECT min(name), count(*) FROM listed WHERE project = ? GROUP BY folded ORDER BY folded";
        self.rows(sql, [project.0], |r| Ok((r.get(0)?, u64::try_from(r.get::<i64>(1)?).unwrap_or(0))))
    }

    pub(in crate::store) fn drop_list(&self, project: ProjectId, name: &str) -> Result<()> {
        let sql = "DELETE FROM listed WHERE project = ? AND folded = ?";
        match self.execute(sql, (project.0, name.trim().to_lowercase()))? {
            0 => Err(StoreError::not_found(format!("list `{name}`"), self.place())),
            _ => Ok(()),
        }
    }
}
