//! The blind second pass: samples answered again without seeing the first answer, stored apart.

use super::base::{Base, to_json};
use super::codes;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::sample::{Answer, Sample, Status};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{SecondAnswer, SecondPass};
use jiff::Timestamp;

impl dyn Base + '_ {
    /// Forgets what the author has not answered of an earlier pass, and says how many samples the new one has.
    pub(in crate::store) fn clear_second_pass(&self, project: ProjectId, share: f64, author: &str) -> Result<i64> {
        if !(0.0..=1.0).contains(&share) {
            return Err(StoreError::invalid("the share of samples to answer again must lie between 0 and 1"));
        }
        let labeled = self.tallies(project)?.counts.of(Status::Labeled);
        self.execute(
            "DELETE FROM second_pass WHERE project = ? AND author = ? AND second IS NULL",
            (project.0, author),
        )?;
        Ok(codes::signed((labeled as f64 * share).ceil() as u64))
    }

    pub(in crate::store) fn second_pass(&self, project: ProjectId, author: &str) -> Result<SecondPass> {
        let sql = "SELECT count(*), count(second) FROM second_pass WHERE project = ? AND author = ?";
        let pass = self.row(sql, (project.0, author), |r| {
            Ok(SecondPass { chosen: codes::unsigned(r.get(0)?), answered: codes::unsigned(r.get(1)?) })
        })?;
        Ok(pass.unwrap_or_default())
    }

    /// The samples of the author's pass still to be answered.
    pub(in crate::store) fn second_pass_ids(&self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<i64>> {
        let sql = "SELECT sample FROM second_pass WHERE project = ? AND author = ? AND second IS NULL
                   ORDER BY place LIMIT ?";
        self.rows(sql, (project.0, author, codes::limit(limit)), |r| r.get(0))
    }

    pub(in crate::store) fn answer_second_pass(
        &self,
        project: ProjectId,
        sample: SampleId,
        answer: &Answer,
        author: &str,
        at: Timestamp,
    ) -> Result<()> {
        let labels = self.labels(project)?;
        if let Some(why) = codes::fault(answer, |class| labels.get(class).is_some()) {
            return Err(StoreError::invalid(why));
        }
        let changed = if answer.status == Status::Unlabeled {
            let sql = "UPDATE second_pass SET second = NULL, at = NULL WHERE project = ? AND author = ? AND sample = ?";
            self.execute(sql, (project.0, author, sample.0))?
        } else {
            let sql = "UPDATE second_pass SET second = ?4, at = ?5 WHERE project = ?1 AND author = ?2 AND sample = ?3";
            self.execute(sql, (project.0, author, sample.0, to_json(answer)?, codes::nanos(at)))?
        };
        match changed {
            0 => Err(StoreError::not_found(format!("sample number {sample} in this second pass"), self.place())),
            _ => Ok(()),
        }
    }

    pub(in crate::store) fn second_answers_after(
        &self,
        project: ProjectId,
        after: Option<(SampleId, &str)>,
        limit: usize,
    ) -> Result<Vec<SecondAnswer>> {
        let (sample, author) = after.map_or((0, ""), |(sample, author)| (sample.0, author));
        // The sign keeps the project's own index out, which would have to be sorted for every page; the index by sample
        // has the order already.
        let which = "+p.project = ?1 AND p.second IS NOT NULL AND (p.sample, p.author) > (?2, ?3)
                     ORDER BY p.sample, p.author LIMIT ?4";
        let values = (project.0, sample, author, codes::limit(limit));
        let sql = format!(
            "SELECT p.sample, s.path, p.first, p.first_by, p.second, p.author, p.at
             FROM second_pass p JOIN sample s ON s.id = p.sample WHERE {which}"
        );
        let rows = self.rows(&sql, values, |r| {
            let pair = SecondAnswer {
                sample: SampleId(r.get(0)?),
                path: r.get(1)?,
                first: Answer::default(),
                first_by: r.get(3)?,
                second: Answer::default(),
                second_by: r.get(5)?,
                at: codes::time(r.get(6)?),
            };
            Ok((pair, r.get::<String>(2)?, r.get::<String>(4)?))
        })?;
        let complete = |(mut pair, first, second): (SecondAnswer, String, String)| {
            pair.first = self.json(&first, "a first answer")?;
            pair.second = self.json(&second, "a second answer")?;
            Ok(pair)
        };
        rows.into_iter().map(complete).collect()
    }
}

/// A sample as the second pass shows it: without answer, predictions, reviews and remarks.
pub(in crate::store) fn blind(mut sample: Sample) -> Sample {
    sample.answer = Answer::default();
    sample.predictions.clear();
    sample.reviews.clear();
    sample.notes.clear();
    sample
}
