//! Reading samples with what hangs on them: all of a page in one statement, which also makes them one state.

use super::tx::{Param, Statement, Tx};
use crate::domain::annotation::{Annotation, Prediction};
use crate::domain::ids::{AnnotationId, ClassId, ProjectId, Rev, SampleId};
use crate::domain::likeness::Likeness;
use crate::domain::natural::natural_key;
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::{Answer, Note, Sample};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::codes;
use crate::store::native::desk::Head;
use crate::store::native::value::Row;
use crate::store::records::Known;
use uuid::Uuid;

/// Annotations, predictions, verdicts and open comments of `sample s` as JSON texts.
const ANNOTATIONS: &str = "(SELECT json_agg(json_build_array(a.id, a.class, a.kind, a.geometry, a.attributes, a.author,
    a.at) ORDER BY a.place)::text FROM annotation a WHERE a.sample = s.id)";
const PREDICTIONS: &str = "CASE WHEN s.predicted IS NOT NULL THEN (SELECT json_agg(json_build_array(p.class, p.kind,
    p.geometry, p.score, p.model) ORDER BY p.place)::text FROM prediction p WHERE p.sample = s.id) END";
const REVIEWS: &str = "CASE WHEN s.review > 1 THEN (SELECT json_agg(json_build_array(r.rev, r.verdict, r.comment,
    r.reviewer, r.at) ORDER BY r.at, r.reviewer)::text FROM review r WHERE r.sample = s.id) END";
const NOTES: &str =
    "(SELECT json_agg(json_build_array(n.author, n.text) ORDER BY n.kind, n.place, n.author)::text FROM (
    SELECT 0 AS kind, c.id AS place, c.author, c.text FROM comment c WHERE c.sample = s.id AND c.resolved = 0
    UNION ALL SELECT 1, 0, t.name, t.note FROM listed t WHERE t.sample = s.id AND t.note <> '') n)";
const LIKENESS: &str = "(SELECT json_build_array(m.near, m.near_n, coalesce(m.exact_n, 1))::text FROM measure m
    WHERE m.sample = s.id AND m.near IS NOT NULL)";

type AnnotationRow = (Uuid, i64, String, Option<String>, Option<String>, String, i64);
type PredictionRow = (i64, String, Option<String>, f64, String);
type ReviewRow = (i64, String, Option<String>, String, i64);

/// A sample's row as edits need it, with its verdicts and what else is written back.
pub(super) struct Loaded {
    pub(super) head: Head,
    pub(super) reviews: Vec<Review>,
    pub(super) changed: i64,
    pub(super) class: Option<i64>,
    /// Who made the event whose result stands.
    pub(super) by: Option<String>,
}

/// The statement for the samples with these ids, in their order.
pub(super) fn samples_statement(ids: &[i64]) -> Statement {
    let sql = format!(
        "SELECT s.id, s.project, s.path, s.size, s.etag, s.width, s.height, s.orientation, s.missing, s.rev, s.status,
           s.skip_reason, s.flagged, s.unsure, {ANNOTATIONS}, {PREDICTIONS}, {REVIEWS}, {NOTES}, {LIKENESS}
         FROM unnest($1) WITH ORDINALITY AS w(id, n) JOIN sample s ON s.id = w.id ORDER BY w.n"
    );
    Statement::new(sql, vec![Param::ints(ids.to_vec())])
}

/// The statement for the rows that edits change, which stay locked until the transaction ends.
pub(super) fn heads_statement(ids: Vec<i64>) -> Statement {
    let sql = format!(
        "SELECT s.id, s.project, s.sort_key, s.rev, s.state, s.author, s.review, s.status, s.skip_reason, s.flagged,
           s.unsure, {ANNOTATIONS}, {REVIEWS}, s.changed, s.class, (SELECT e.author FROM event e WHERE e.id = s.state)
         FROM sample s WHERE s.id = ANY($1) ORDER BY s.id FOR UPDATE OF s"
    );
    Statement::new(sql, vec![Param::ints(ids)])
}

impl Tx<'_> {
    /// The samples with these ids, in this order; those that are gone are left out.
    pub(super) fn samples(&self, ids: &[i64]) -> Result<Vec<Sample>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.ask_one(samples_statement(ids))?.iter().map(|row| self.sample_of(row)).collect()
    }

    pub(super) fn sample(&self, id: SampleId) -> Result<Sample> {
        let missing = || StoreError::not_found(format!("sample number {id}"), self.name());
        self.samples(&[id.0])?.pop().ok_or_else(missing)
    }

    pub(super) fn sample_by_path(&self, project: ProjectId, path: &str) -> Result<Option<Sample>> {
        let sql = "SELECT id FROM sample WHERE project = ? AND sort_key = ?";
        let id: Option<i64> = self.base().row(sql, (project.0, natural_key(path)), |r| r.get(0))?;
        id.map(|id| self.sample(SampleId(id))).transpose()
    }

    pub(super) fn samples_by_id(&self, ids: &[SampleId]) -> Result<Vec<Sample>> {
        let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let found = self.samples(&numbers)?;
        let lost = ids.iter().enumerate().find(|(i, id)| found.get(*i).is_none_or(|s| s.id != **id));
        match lost {
            Some((_, id)) => Err(StoreError::not_found(format!("sample number {id}"), self.name())),
            None => Ok(found),
        }
    }

    pub(super) fn known_paths(&self, project: ProjectId, paths: &[String]) -> Result<Vec<Option<Known>>> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        // Key by key: a plain join reads the whole project each time while the server does not know yet how large it has
        // become, and only the order makes the paths the index to be used.
        let sql = "SELECT w.n, s.id, s.path, s.width, s.height, s.orientation
            FROM unnest($2) WITH ORDINALITY AS w(sort_key, n)
            CROSS JOIN LATERAL (SELECT * FROM sample WHERE project = $1 AND sort_key >= w.sort_key
              ORDER BY sort_key LIMIT 1) s WHERE s.sort_key = w.sort_key";
        let keys = paths.iter().map(|path| natural_key(path)).collect();
        let mut out = vec![None; paths.len()];
        for row in self.ask_one(Statement::new(sql, vec![Param::int(project.0), Param::blobs(keys)]))? {
            let place = usize::try_from(row.get::<i64>(0)? - 1).unwrap_or(usize::MAX);
            let orientation = row.get::<Option<u16>>(5)?.and_then(|o| u8::try_from(o).ok());
            let (id, path) = (SampleId(row.get(1)?), row.get(2)?);
            let known = Known { id, path, width: row.get(3)?, height: row.get(4)?, orientation };
            if let Some(slot) = out.get_mut(place) {
                *slot = Some(known);
            }
        }
        Ok(out)
    }

    fn sample_of(&self, r: &Row) -> Result<Sample> {
        let id = SampleId(r.get(0)?);
        Ok(Sample {
            id,
            project: ProjectId(r.get(1)?),
            path: r.get(2)?,
            size: codes::unsigned(r.get(3)?),
            etag: r.get(4)?,
            width: r.get(5)?,
            height: r.get(6)?,
            orientation: r.get::<Option<u16>>(7)?.and_then(|o| u8::try_from(o).ok()),
            missing: r.get(8)?,
            rev: Rev(r.get(9)?),
            answer: Answer {
                status: codes::status_from(r.get(10)?),
                skip_reason: r.get(11)?,
                flagged: r.get(12)?,
                unsure: r.get(13)?,
                annotations: self.annotations(r.get(14)?, id)?,
            },
            predictions: self.predictions(r.get(15)?, id)?,
            reviews: self.reviews(r.get(16)?)?,
            notes: self.notes(r.get(17)?)?,
            likeness: self.likeness(r.get(18)?)?,
        })
    }

    /// A row of [`heads_statement`].
    pub(super) fn loaded(&self, r: &Row) -> Result<Loaded> {
        let id = SampleId(r.get(0)?);
        let head = Head {
            id,
            project: ProjectId(r.get(1)?),
            sort_key: r.get(2)?,
            rev: Rev(r.get(3)?),
            state: r.get(4)?,
            author: r.get(5)?,
            review: r.get(6)?,
            answer: Answer {
                status: codes::status_from(r.get(7)?),
                skip_reason: r.get(8)?,
                flagged: r.get(9)?,
                unsure: r.get(10)?,
                annotations: self.annotations(r.get(11)?, id)?,
            },
        };
        Ok(Loaded { head, reviews: self.reviews(r.get(12)?)?, changed: r.get(13)?, class: r.get(14)?, by: r.get(15)? })
    }

    fn annotations(&self, text: Option<String>, sample: SampleId) -> Result<Vec<Annotation>> {
        let Some(text) = text else { return Ok(Vec::new()) };
        let rows: Vec<AnnotationRow> = self.base().json(&text, "annotations")?;
        let annotation = |(id, class, kind, geometry, attributes, author, at): AnnotationRow| {
            let kept = match attributes {
                Some(text) => self.base().json(&text, "attributes of an annotation")?,
                None => Default::default(),
            };
            let (attributes, verified) = codes::attributes_from(kept);
            Ok(Annotation {
                id: AnnotationId(id),
                class: ClassId(class),
                shape: self.shape(&kind, geometry.as_deref(), sample)?,
                attributes,
                author,
                at: codes::time(at),
                verified,
            })
        };
        rows.into_iter().map(annotation).collect()
    }

    fn shape(&self, kind: &str, geometry: Option<&str>, id: SampleId) -> Result<crate::domain::annotation::Shape> {
        codes::shape(kind, geometry).ok_or_else(|| StoreError::Corrupt {
            place: self.name().to_owned(),
            why: format!("the geometry of a {} on sample {id} makes no sense", crate::domain::text::printable(kind)),
        })
    }

    /// Predictions of their JSON text.
    pub(super) fn predictions(&self, text: Option<String>, sample: SampleId) -> Result<Vec<Prediction>> {
        let Some(text) = text else { return Ok(Vec::new()) };
        let rows: Vec<PredictionRow> = self.base().json(&text, "predictions")?;
        let prediction = |(class, kind, geometry, score, model): PredictionRow| {
            let shape = self.shape(&kind, geometry.as_deref(), sample)?;
            Ok(Prediction { class: ClassId(class), shape, score, model })
        };
        rows.into_iter().map(prediction).collect()
    }

    fn notes(&self, text: Option<String>) -> Result<Vec<Note>> {
        let Some(text) = text else { return Ok(Vec::new()) };
        let rows: Vec<(String, String)> = self.base().json(&text, "comments")?;
        Ok(rows.into_iter().map(|(author, text)| Note { author, text }).collect())
    }

    fn likeness(&self, text: Option<String>) -> Result<Option<Likeness>> {
        let Some(text) = text else { return Ok(None) };
        let (group, near, exact) = self.base().json(&text, "the pictures that look like a sample")?;
        Ok(Some(Likeness { group, near, exact }))
    }

    fn reviews(&self, text: Option<String>) -> Result<Vec<Review>> {
        let Some(text) = text else { return Ok(Vec::new()) };
        let rows: Vec<ReviewRow> = self.base().json(&text, "verdicts")?;
        let review = |(rev, verdict, comment, reviewer, at): ReviewRow| {
            let rejected = verdict == Verdict::Rejected.name();
            let verdict = if rejected { Verdict::Rejected } else { Verdict::Accepted };
            Review { rev: Rev(rev), verdict, comment, reviewer, at: codes::time(at) }
        };
        Ok(rows.into_iter().map(review).collect())
    }
}
