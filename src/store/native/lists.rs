//! Lists of samples that somebody or something put together: what differs between two versions, near-duplicates, a
//! selection to come back to. A filter finds them by `list:NAME`.
//!
//! What always holds: a list holds samples of its own project only, each once, with at most one remark.

use super::base::Base;
use super::codes;
use super::snapshots::usable;
use super::value::{Value, Values};
use crate::domain::ids::{ProjectId, SampleId};
use crate::store::Result;
use crate::store::error::StoreError;
use std::collections::BTreeMap;

/// The most that is asked about in one statement.
const CHUNK: usize = 400;

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
                   ON CONFLICT(project, folded, sample) DO UPDATE SET
                     note = CASE WHEN excluded.note = '' THEN listed.note ELSE excluded.note END";
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

    pub(in crate::store) fn lists_with(
        &self,
        project: ProjectId,
        samples: &[SampleId],
    ) -> Result<Vec<(String, u64, u64)>> {
        let mut on: BTreeMap<String, u64> = BTreeMap::new();
        for chunk in samples.chunks(CHUNK) {
            let sql = format!(
                "SELECT folded, count(*) FROM listed WHERE project = ? AND sample IN ({}) GROUP BY folded",
                vec!["?"; chunk.len()].join(", ")
            );
            let values = std::iter::once(project.0).chain(chunk.iter().map(|id| id.0)).map(Value::Integer);
            for (name, n) in
                self.rows(&sql, values.collect::<Vec<_>>(), |r| Ok((r.get::<String>(0)?, r.get::<i64>(1)?)))?
            {
                *on.entry(name).or_default() += codes::unsigned(n);
            }
        }
        let known = |(name, all): (String, u64)| {
            let of = on.get(&name.to_lowercase()).copied().unwrap_or(0);
            (name, all, of)
        };
        Ok(self.lists(project)?.into_iter().map(known).collect())
    }

    pub(in crate::store) fn take_off_list(&self, project: ProjectId, name: &str, samples: &[SampleId]) -> Result<u64> {
        let folded = name.trim().to_lowercase();
        for chunk in samples.chunks(CHUNK) {
            let sql = format!(
                "DELETE FROM listed WHERE project = ? AND folded = ? AND sample IN ({})",
                vec!["?"; chunk.len()].join(", ")
            );
            let mut values = vec![Value::Integer(project.0), Value::Text(folded.clone())];
            values.extend(chunk.iter().map(|id| Value::Integer(id.0)));
            self.execute(&sql, values)?;
        }
        let sql = "SELECT count(*) FROM listed WHERE project = ? AND folded = ?";
        Ok(codes::unsigned(self.number(sql, (project.0, folded))?))
    }

    pub(in crate::store) fn drop_list(&self, project: ProjectId, name: &str) -> Result<()> {
        let sql = "DELETE FROM listed WHERE project = ? AND folded = ?";
        match self.execute(sql, (project.0, name.trim().to_lowercase()))? {
            0 => Err(StoreError::not_found(format!("list `{name}`"), self.place())),
            _ => Ok(()),
        }
    }
}
