//! The blind second pass: choosing samples at random.

use super::Db;
use crate::domain::ids::{ProjectId, SampleId};
use crate::store::Result;
use crate::store::native::base::to_json;
use crate::store::native::codes;

impl Db<'_> {
    pub(super) fn start_second_pass(&self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64> {
        let wanted = self.base().clear_second_pass(project, share, author)?;
        // The fixed shuffle from a place given by the seed, round to where it began: random, and the same again.
        let start = codes::shuffle(i64::from(seed));
        let mut chosen: Vec<i64> = Vec::new();
        for range in ["shuffle >= ?2", "shuffle < ?2"] {
            let sql = format!(
                "SELECT id FROM sample INDEXED BY sample_status_shuffle
                 WHERE project = ?1 AND status = 2 AND {range} ORDER BY shuffle LIMIT ?3"
            );
            let left = wanted - codes::limit(chosen.len());
            chosen.extend(self.rows(&sql, (project.0, start, left), |r| r.get::<_, i64>(0))?);
        }
        for (place, id) in chosen.iter().enumerate() {
            self.choose(project, SampleId(*id), codes::limit(place), author)?;
        }
        Ok(chosen.len() as u64)
    }

    fn choose(&self, project: ProjectId, id: SampleId, place: i64, author: &str) -> Result<()> {
        let Some(head) = self.sample_head(id)? else { return Ok(()) };
        let by = self.row(&codes::giver("id = ?"), [id.0], |r| r.get::<_, String>(1))?;
        self.execute(
            "INSERT INTO second_pass(project, author, sample, place, first, first_by) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT(project, author, sample) DO UPDATE SET place = ?4, first = ?5, first_by = ?6, second = NULL",
            (project.0, author, id.0, place, to_json(&head.answer)?, by.unwrap_or_default()),
        )?;
        Ok(())
    }
}
