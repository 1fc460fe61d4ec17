//! Who labelled what in CV Explorer's tables, and who holds what.

use super::HOLD_MINUTES;
use super::probe::Shape;
use super::rows::class_id;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::project::Counts;
use crate::domain::queue::Filter;
use crate::store::Result;
use crate::store::native::base::Base;
use crate::store::native::codes;
use crate::store::native::value::Row;
use crate::store::records::{Person, Tallies};
use jiff::Timestamp;

impl Shape {
    /// Counts by class and status. A sample with two classes counts for each of them.
    pub(super) fn tallies(&self, db: &dyn Base, project: ProjectId) -> Result<Tallies> {
        let accepted = self.accepted();
        let sql = format!(
            "SELECT a.label, count(DISTINCT a.sample_id) FROM annotations a WHERE a.project_id = ? AND {accepted}
             GROUP BY a.label"
        );
        let class = |r: &Row| Ok((class_id(&r.get::<String>(0)?), codes::unsigned(r.get(1)?)));
        let class = db.rows(&sql, [project.0], class)?.into_iter().collect();
        let empty = Filter { empty: Some(true), ..Filter::default() };
        let empty = self.counted(db, self.condition(project, &empty)?)?;
        let status = self.statuses(db, project)?.into_iter().collect();
        Ok(Tallies { counts: Counts { status, class, empty }, ..Tallies::default() })
    }

    /// Who has answers in a project, most samples first.
    pub(super) fn people(&self, db: &dyn Base, project: ProjectId) -> Result<Vec<Person>> {
        let sql = format!(
            "SELECT coalesce(a.created_by, ''), count(DISTINCT a.sample_id), {} FROM annotations a
             WHERE a.project_id = ? AND {} GROUP BY 1 ORDER BY 2 DESC, 1",
            self.micros("max(a.created_at)"),
            self.accepted()
        );
        db.rows(&sql, [project.0], |r| {
            let last = r.get::<Option<i64>>(2)?.and_then(|n| Timestamp::from_microsecond(n).ok());
            Ok(Person { name: r.get(0)?, samples: codes::unsigned(r.get(1)?), last })
        })
    }

    /// When a person answered since a time, ascending, one a sample.
    pub(super) fn answer_times(
        &self,
        db: &dyn Base,
        project: ProjectId,
        author: &str,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        let time = self.micros("max(a.created_at)");
        let sql = format!(
            "SELECT {time} FROM annotations a WHERE a.project_id = ? AND a.created_by = ? AND {} GROUP BY a.sample_id
             ORDER BY 1",
            self.accepted()
        );
        let times = db.rows(&sql, (project.0, author), |r| r.get::<Option<i64>>(0))?;
        let times = times.into_iter().flatten().filter_map(|n| Timestamp::from_microsecond(n).ok());
        Ok(times.filter(|t| *t >= since).collect())
    }

    /// Holds what a person still holds from now on; returns it.
    pub(super) fn renew_claims(&self, db: &dyn Base, project: ProjectId, owner: &str) -> Result<Vec<SampleId>> {
        let sql = format!(
            "UPDATE project_samples SET locked_at = {} WHERE project_id = ? AND locked_by = ? AND locked_at >= {}
             RETURNING id",
            self.now(0),
            self.now(HOLD_MINUTES)
        );
        db.rows(&sql, (project.0, owner), |r| r.get(0).map(SampleId))
    }

    /// Samples that are held now, and by whom, at most a thousand.
    pub(super) fn holds(&self, db: &dyn Base, project: ProjectId) -> Result<Vec<(SampleId, String)>> {
        let sql = format!(
            "SELECT id, locked_by FROM project_samples WHERE project_id = ? AND locked_by IS NOT NULL
             AND locked_at >= {} ORDER BY id LIMIT 1000",
            self.now(HOLD_MINUTES)
        );
        db.rows(&sql, [project.0], |r| Ok((SampleId(r.get(0)?), r.get(1)?)))
    }
}
