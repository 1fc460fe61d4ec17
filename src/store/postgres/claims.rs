//! Samples handed out to one person at a time, and who is there.
//!
//! What always holds: a hold is a row lock for a moment (`SKIP LOCKED`: nobody waits for anybody) and then an owner and
//! an end in the row, by the server's clock; so clients' clocks do not matter, and who vanishes holds nothing for long.

use super::tx::{Param, Statement, Tx};
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::Queue;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::codes;
use crate::store::native::page::Look;
use crate::store::native::plan::Dialect;
use crate::store::native::value::Value;
use crate::store::records::{Cursor, Key, Presence, Queued};
use std::time::Duration;

/// The server's clock in nanoseconds.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000";
/// Who says nothing for so long is gone.
const GONE: Duration = Duration::from_secs(60);

/// Holds that are told at once.
const MOST: usize = 1000;

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX / 2)
}

impl Tx<'_> {
    pub(super) fn claim(
        &self,
        project: ProjectId,
        queue: &Queue,
        owner: &str,
        limit: usize,
        time: Duration,
    ) -> Result<Vec<Queued>> {
        // No key changes: an event or an annotation that is being added to a sample does not hide it.
        let held = self.open(project, queue, limit, " FOR NO KEY UPDATE OF s SKIP LOCKED")?;
        if held.is_empty() && limit > 0 && !self.open(project, queue, 1, "")?.is_empty() {
            // Somebody is writing all there are: they are not at their end for that.
            return Err(StoreError::Busy { place: self.place().to_owned() });
        }
        let ids: Vec<i64> = held.iter().map(|(_, id)| *id).collect();
        self.later(Statement::new(
            format!("UPDATE sample SET claim_owner = $2, claim_until = {NOW} + $3 WHERE id = ANY($1)"),
            vec![Param::ints(ids.clone()), Param::text(owner.to_owned()), Param::int(nanos(time))],
        ));
        let mut samples = self.samples(&ids)?.into_iter();
        let queued = |(cursor, _)| Some(Queued { cursor, sample: samples.next()? });
        Ok(held.into_iter().map_while(queued).collect())
    }

    /// The next samples of a queue that nobody holds; `lock` says which lock is taken on them.
    fn open(&self, project: ProjectId, queue: &Queue, limit: usize, lock: &str) -> Result<Vec<(Cursor, i64)>> {
        let (walk, _) = (self as &dyn Look).walk(project, queue)?;
        let mut held: Vec<(Cursor, i64)> = Vec::new();
        for stretch in walk.stretches.iter().filter(|s| s.samples(&walk.stored) > 0 && !walk.parts.nothing) {
            let plan = walk.parts.plan(stretch, &walk.stored, limit as u64, false);
            for range in plan.ranges(project, Dialect::Postgres) {
                let left = limit.saturating_sub(held.len());
                if left == 0 {
                    break;
                }
                let key = range.key(stretch.column);
                let mut sql = range.bounded(stretch.column, None);
                let order = if stretch.descending { "DESC" } else { "ASC" };
                sql.text.insert_str(0, &format!("SELECT {key}, s.id"));
                sql.push(&format!(" AND (s.claim_until IS NULL OR s.claim_until < {NOW}) ORDER BY {key} {order}"));
                sql.value(" LIMIT ?", Value::Integer(codes::limit(left)));
                sql.push(lock);
                for row in self.ask_one(Statement::common(&sql.text, &sql.values))? {
                    let key = match row.0.first() {
                        Some(Value::Blob(bytes)) => Key::Bytes(bytes.clone()),
                        _ => Key::Number(row.get(0)?),
                    };
                    let id = row.get(1)?;
                    if held.iter().all(|(_, other)| *other != id) {
                        held.push((Cursor { stretch: stretch.id, key }, id));
                    }
                }
            }
        }
        Ok(held)
    }

    pub(super) fn renew_claims(&self, project: ProjectId, owner: &str, time: Duration) -> Result<Vec<SampleId>> {
        let sql = format!(
            "UPDATE sample SET claim_until = {NOW} + $3
             WHERE project = $1 AND claim_owner = $2 AND claim_until >= {NOW} RETURNING id"
        );
        let params = vec![Param::int(project.0), Param::text(owner.to_owned()), Param::int(nanos(time))];
        let rows = self.ask_one(Statement::new(sql, params))?;
        let mut held: Vec<SampleId> = rows.iter().map(|r| r.get(0).map(SampleId)).collect::<Result<_>>()?;
        held.sort_unstable();
        Ok(held)
    }

    pub(super) fn holds(&self, project: ProjectId) -> Result<Vec<(SampleId, String)>> {
        let sql = format!(
            "SELECT id, claim_owner FROM sample WHERE project = ? AND claim_owner IS NOT NULL AND claim_until >= {NOW}
             ORDER BY id LIMIT {MOST}"
        );
        self.base().rows(&sql, [project.0], |r| Ok((SampleId(r.get(0)?), r.get(1)?)))
    }

    pub(super) fn release_claims(&self, project: ProjectId, owner: &str) -> Result<u64> {
        let sql = "UPDATE sample SET claim_owner = NULL, claim_until = NULL WHERE project = ? AND claim_owner = ?";
        self.base().execute(sql, (project.0, owner))
    }

    pub(super) fn announce(&self, project: ProjectId, presence: &Presence) -> Result<Vec<Presence>> {
        let mine = format!(
            "INSERT INTO presence(project, client, author, sample, seen) VALUES(?, ?, ?, ?, {NOW})
             ON CONFLICT(project, client) DO UPDATE SET author = excluded.author, sample = excluded.sample,
               seen = excluded.seen"
        );
        let values: [Value; 4] =
            [project.0.into(), presence.client.into(), (&presence.author).into(), presence.sample.map(|s| s.0).into()];
        let gone = format!("DELETE FROM presence WHERE seen < {NOW} - ?");
        let there = "SELECT client, author, sample, seen FROM presence WHERE project = ? ORDER BY author, client";
        let statements = [
            Statement::common(&gone, &[nanos(GONE).into()]),
            Statement::common(&mine, &values),
            Statement::common(there, &[project.0.into()]),
        ];
        let rows = self.ask(&statements)?.pop().unwrap_or_default();
        rows.iter().map(presence_row).collect()
    }

    pub(super) fn present(&self) -> Result<Vec<(ProjectId, Presence)>> {
        let sql = format!(
            "SELECT client, author, sample, seen, project FROM presence WHERE seen >= {NOW} - ?
             ORDER BY project, author, client LIMIT {MOST}"
        );
        self.base().rows(&sql, [nanos(GONE)], |r| Ok((ProjectId(r.get(4)?), presence_row(r)?)))
    }
}

fn presence_row(r: &crate::store::native::value::Row) -> Result<Presence> {
    Ok(Presence {
        client: r.get(0)?,
        author: r.get(1)?,
        sample: r.get::<Option<i64>>(2)?.map(SampleId),
        seen: codes::time(r.get(3)?),
    })
}
