//! Gold pictures: which answers are trusted, and what people answered to them without knowing.
//!
//! What always holds: what is trusted is a copy, so that no later answer of anybody changes it; an answer to a gold picture
//! comes as an edit like any other (see [`Change::Check`]), so that it is kept in the journal, taken once and undone like
//! any other, and never touches the sample.
//!
//! [`Change::Check`]: crate::domain::edit::Change::Check

use super::base::{Base, to_json};
use super::codes;
use super::value::{Value, Values};
use crate::domain::edit::Edit;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::sample::Answer;
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::records::{Gold, SecondAnswer};
use std::collections::BTreeSet;

/// The most that is asked about in one statement.
const CHUNK: usize = 400;

/// Marks for the numbers of samples, and the values of a statement that has the project before them.
fn listed<'a>(project: ProjectId, ids: impl ExactSizeIterator<Item = &'a SampleId>) -> (String, Vec<Value>) {
    let marks = vec!["?"; ids.len()].join(", ");
    (marks, std::iter::once(project.0).chain(ids.map(|id| id.0)).map(Value::from).collect())
}

impl dyn Base + '_ {
    pub(in crate::store) fn mark_gold(&self, project: ProjectId, marks: &[Gold]) -> Result<u64> {
        let labels = self.labels(project)?;
        for mark in marks {
            if let Some(why) = codes::fault(&mark.answer, |class| labels.get(class).is_some()) {
                return Err(StoreError::invalid(why));
            }
        }
        let sql = "INSERT INTO gold(project, sample, answer, author, at) VALUES(?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT(project, sample) DO UPDATE SET answer = excluded.answer, author = excluded.author,
                     at = excluded.at";
        let mut new = 0;
        for chunk in marks.chunks(CHUNK) {
            let ids: BTreeSet<SampleId> = chunk.iter().map(|mark| mark.sample).collect();
            let here = self.among("SELECT id FROM sample WHERE project = ? AND id IN", project, &ids)?;
            if let Some(lost) = ids.difference(&here).next() {
                return Err(StoreError::not_found(format!("sample number {lost}"), self.place()));
            }
            let known = self.among("SELECT sample FROM gold WHERE project = ? AND sample IN", project, &ids)?;
            new += (ids.len() - known.len()) as u64;
            for mark in chunk {
                let (author, at) = (mark.author.as_str(), codes::nanos(mark.at));
                let values = (project.0, mark.sample.0, to_json(&mark.answer)?, author, at);
                self.defer(sql, &values.list())?;
            }
        }
        Ok(new)
    }

    /// Which of these samples a query finds; it ends where their numbers follow in brackets.
    fn among(&self, query: &str, project: ProjectId, ids: &BTreeSet<SampleId>) -> Result<BTreeSet<SampleId>> {
        let (marks, values) = listed(project, ids.iter());
        Ok(self.rows(&format!("{query} ({marks})"), values, |r| Ok(SampleId(r.get(0)?)))?.into_iter().collect())
    }

    pub(in crate::store) fn unmark_gold(&self, project: ProjectId, samples: &[SampleId]) -> Result<u64> {
        let gone = |chunk: &[SampleId]| {
            let (marks, values) = listed(project, chunk.iter());
            self.execute(&format!("DELETE FROM gold WHERE project = ? AND sample IN ({marks})"), values)
        };
        samples.chunks(CHUNK).map(gone).sum()
    }

    pub(in crate::store) fn gold(&self, project: ProjectId) -> Result<Vec<Gold>> {
        let sql = "SELECT g.sample, s.path, g.author, g.at, g.answer FROM gold g JOIN sample s ON s.id = g.sample
                   WHERE g.project = ? ORDER BY s.sort_key";
        let rows = self.rows(sql, [project.0], |r| {
            let gold = Gold {
                sample: SampleId(r.get(0)?),
                path: r.get(1)?,
                answer: Answer::default(),
                author: r.get(2)?,
                at: codes::time(r.get(3)?),
            };
            Ok((gold, r.get::<String>(4)?))
        })?;
        let complete = |(gold, answer): (Gold, String)| {
            Ok(Gold { answer: self.json(&answer, "the answer of a gold picture")?, ..gold })
        };
        rows.into_iter().map(complete).collect()
    }

    pub(in crate::store) fn gold_open(&self, project: ProjectId, author: &str) -> Result<Vec<SampleId>> {
        let sql = "SELECT g.sample FROM gold g JOIN sample s ON s.id = g.sample
                   WHERE g.project = ?1 AND s.status IN (2, 3) AND s.missing = 0 AND NOT EXISTS(
                     SELECT 1 FROM gold_answer a WHERE a.project = ?1 AND a.author = ?2 AND a.sample = g.sample)
                   ORDER BY g.sample";
        self.rows(sql, (project.0, author), |r| Ok(SampleId(r.get(0)?)))
    }

    pub(in crate::store) fn gold_answers(&self, project: ProjectId) -> Result<Vec<SecondAnswer>> {
        let sql = "SELECT a.sample, s.path, g.author, a.author, a.at, g.answer, a.answer
                   FROM gold_answer a JOIN gold g ON g.project = a.project AND g.sample = a.sample
                   JOIN sample s ON s.id = a.sample WHERE a.project = ? ORDER BY a.sample, a.author";
        let rows = self.rows(sql, [project.0], |r| {
            let pair = SecondAnswer {
                sample: SampleId(r.get(0)?),
                path: r.get(1)?,
                first: Answer::default(),
                first_by: r.get(2)?,
                second: Answer::default(),
                second_by: r.get(3)?,
                at: codes::time(r.get(4)?),
            };
            Ok((pair, r.get::<String>(5)?, r.get::<String>(6)?))
        })?;
        let complete = |(pair, first, second): (SecondAnswer, String, String)| {
            let first = self.json(&first, "the answer of a gold picture")?;
            Ok(SecondAnswer { first, second: self.json(&second, "an answer to a gold picture")?, ..pair })
        };
        rows.into_iter().map(complete).collect()
    }

    /// Keeps or removes the answer of an edit's author to a gold picture.
    pub(in crate::store) fn write_check(&self, edit: &Edit, sample: SampleId, answer: Option<&Answer>) -> Result<()> {
        let (project, author) = (edit.project.0, edit.author.as_str());
        let Some(answer) = answer else {
            let sql = "DELETE FROM gold_answer WHERE project = ? AND author = ? AND sample = ?";
            return self.defer(sql, &(project, author, sample.0).list());
        };
        let sql = "INSERT INTO gold_answer(project, author, sample, answer, at) VALUES(?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT(project, author, sample) DO UPDATE SET answer = excluded.answer, at = excluded.at";
        let values = (project, author, sample.0, to_json(answer)?, codes::nanos(edit.at));
        self.defer(sql, &values.list())
    }
}
