//! The blind second pass: samples answered again without seeing the first answer, stored apart.

use super::{Db, codes};
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::sample::{Answer, Sample, Status};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{SecondAnswer, SecondPass};
use jiff::Timestamp;

impl Db<'_> {
    pub(super) fn start_second_pass(&self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64> {
        if !(0.0..=1.0).contains(&share) {
            return Err(StoreError::invalid("the share of samples to answer again must lie between 0 and 1"));
        }
        let labeled = self.tallies(project)?.counts.of(Status::Labeled);
        let wanted = codes::signed((labeled as f64 * share).ceil() as u64);
        self.execute(
            "DELETE FROM second_pass WHERE project = ? AND author = ? AND second IS NULL",
            (project.0, author),
        )?;
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
        let Some(head) = self.head(id)? else { return Ok(()) };
        self.execute(
            "INSERT INTO second_pass(project, author, sample, place, first, first_by) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT(project, author, sample) DO UPDATE SET place = ?4, first = ?5, first_by = ?6, second = NULL",
            (project.0, author, id.0, place, self.to_json(&head.answer)?, head.author.unwrap_or_default()),
        )?;
        Ok(())
    }

    pub(super) fn second_pass(&self, project: ProjectId, author: &str) -> Result<SecondPass> {
        let sql = "SELECT count(*), count(second) FROM second_pass WHERE project = ? AND author = ?";
        let pass = self.row(sql, (project.0, author), |r| {
            Ok(SecondPass { chosen: codes::unsigned(r.get(0)?), answered: codes::unsigned(r.get(1)?) })
        })?;
        Ok(pass.unwrap_or_default())
    }

    pub(super) fn second_pass_next(&self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>> {
        let sql = "SELECT sample FROM second_pass WHERE project = ? AND author = ? AND second IS NULL
                   ORDER BY place LIMIT ?";
        let ids = self.rows(sql, (project.0, author, codes::limit(limit)), |r| r.get(0))?;
        let blind = |id| {
            let mut sample = self.sample(SampleId(id))?;
            sample.answer = Answer::default();
            sample.predictions.clear();
            sample.reviews.clear();
            Ok(sample)
        };
        ids.into_iter().map(blind).collect()
    }

    pub(super) fn answer_second_pass(
        &self,
        project: ProjectId,
        sample: SampleId,
        answer: &Answer,
        author: &str,
        at: Timestamp,
    ) -> Result<()> {
        if let Some(why) = self.fault(project, answer)? {
            return Err(StoreError::invalid(why));
        }
        let changed = self.execute(
            "UPDATE second_pass SET second = ?4, at = ?5 WHERE project = ?1 AND author = ?2 AND sample = ?3",
            (project.0, author, sample.0, self.to_json(answer)?, codes::nanos(at)),
        )?;
        match changed {
            0 => Err(StoreError::not_found(format!("sample number {sample} in this second pass"), self.place)),
            _ => Ok(()),
        }
    }

    pub(super) fn second_answers(&self, project: ProjectId) -> Result<Vec<SecondAnswer>> {
        let sql = "SELECT p.sample, s.path, p.first, p.first_by, p.second, p.author, p.at
                   FROM second_pass p JOIN sample s ON s.id = p.sample
                   WHERE p.project = ? AND p.second IS NOT NULL ORDER BY p.at, p.sample";
        let rows = self.rows(sql, [project.0], |r| {
            let pair = SecondAnswer {
                sample: SampleId(r.get(0)?),
                path: r.get(1)?,
                first: Answer::default(),
                first_by: r.get(3)?,
                second: Answer::default(),
                second_by: r.get(5)?,
                at: codes::time(r.get(6)?),
            };
            Ok((pair, r.get::<_, String>(2)?, r.get::<_, String>(4)?))
        })?;
        let complete = |(mut pair, first, second): (SecondAnswer, String, String)| {
            pair.first = self.json(&first, "a first answer")?;
            pair.second = self.json(&second, "a second answer")?;
            Ok(pair)
        };
        rows.into_iter().map(complete).collect()
    }
}
