//! Who answered how much, and when.

use super::base::Base;
use super::codes;
use crate::domain::ids::ProjectId;
use crate::store::Result;
use crate::store::records::{Activity, Person};
use jiff::Timestamp;
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000_000_000;
/// Answers that people gave: not undo, not imports, and of a sample.
const ANSWERS: &str = "origin IN (0, 2) AND kind = 0";

impl dyn Base + '_ {
    pub(in crate::store) fn people(&self, project: ProjectId) -> Result<Vec<Person>> {
        let sql = "SELECT t.key, t.n, (SELECT max(e.at) FROM event e WHERE e.project = t.project AND e.author = t.key)
                   FROM tally t WHERE t.project = ? AND t.kind = 'by' AND t.n <> 0";
        let mut people = self.rows(sql, [project.0], |r| {
            let last = r.get::<Option<i64>>(2)?.map(codes::time);
            Ok(Person { name: r.get(0)?, samples: codes::unsigned(r.get(1)?), last })
        })?;
        people.sort_by(|a, b| b.samples.cmp(&a.samples).then_with(|| a.name.cmp(&b.name)));
        Ok(people)
    }

    pub(in crate::store) fn answer_times(
        &self,
        project: ProjectId,
        author: &str,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        let sql = format!(
            "SELECT max(at) AS last FROM event WHERE project = ? AND author = ? AND at >= ? AND {ANSWERS}
             GROUP BY sample ORDER BY last"
        );
        self.rows(&sql, (project.0, author, codes::nanos(since)), |r| Ok(codes::time(r.get(0)?)))
    }

    pub(in crate::store) fn activity(&self, project: ProjectId, since: Timestamp) -> Result<Vec<Activity>> {
        let sql = format!(
            "SELECT at / {HOUR} AS hour, author, count(DISTINCT sample) FROM event
             WHERE project = ? AND at >= ? AND {ANSWERS} GROUP BY hour, author"
        );
        let rows = self.rows(&sql, (project.0, codes::nanos(since)), |r| {
            Ok(((r.get::<i64>(0)?, r.get::<String>(1)?), codes::unsigned(r.get(2)?)))
        })?;
        let sorted: BTreeMap<(i64, String), u64> = rows.into_iter().collect();
        let entry = |((hour, name), samples)| Activity { hour: codes::time(hour * HOUR), name, samples };
        Ok(sorted.into_iter().map(entry).collect())
    }
}
