//! Reading samples with what hangs on them.

use super::Db;
use crate::domain::annotation::{Annotation, Prediction, Shape};
use crate::domain::ids::{AnnotationId, ClassId, ProjectId, Rev, SampleId};
use crate::domain::natural::natural_key;
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::{Answer, Note, Sample};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::codes;
use crate::store::native::desk::Head;
use crate::store::records::Known;
use rusqlite::Row;

fn head_row(r: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        id: SampleId(r.get(0)?),
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
            annotations: Vec::new(),
        },
    })
}

const SAMPLE: &str =
    "SELECT id, project, path, size, etag, width, height, orientation, missing, rev, status, skip_reason,
    flagged, unsure, review, predicted IS NOT NULL,
    EXISTS(SELECT 1 FROM comment c WHERE c.sample = sample.id) OR EXISTS(SELECT 1 FROM listed t WHERE t.sample = sample.id)
    FROM sample WHERE ";

/// What hangs on a sample besides annotations, so that only what is there is asked for.
struct Hangs {
    verdicts: bool,
    predictions: bool,
    notes: bool,
}

/// A sample without annotations, and what else hangs on it.
fn sample_row(r: &Row<'_>) -> rusqlite::Result<(Sample, Hangs)> {
    let sample = Sample {
        id: SampleId(r.get(0)?),
        project: ProjectId(r.get(1)?),
        path: r.get(2)?,
        size: codes::unsigned(r.get(3)?),
        etag: r.get(4)?,
        width: r.get(5)?,
        height: r.get(6)?,
        orientation: r.get(7)?,
        missing: r.get(8)?,
        rev: Rev(r.get(9)?),
        answer: Answer {
            status: codes::status_from(r.get(10)?),
            skip_reason: r.get(11)?,
            flagged: r.get(12)?,
            unsure: r.get(13)?,
            annotations: Vec::new(),
        },
        predictions: Vec::new(),
        reviews: Vec::new(),
        notes: Vec::new(),
        likeness: None,
    };
    let hangs = Hangs { verdicts: r.get::<_, i64>(14)? > 1, predictions: r.get(15)?, notes: r.get(16)? };
    Ok((sample, hangs))
}

impl Db<'_> {
    /// The head of a sample, with its annotations; `None` if it is not there.
    pub(super) fn sample_head(&self, id: SampleId) -> Result<Option<Head>> {
        let sql = "SELECT id, project, sort_key, rev, state, author, review, status, skip_reason,
                   flagged, unsure FROM sample WHERE id = ?";
        let Some(mut head) = self.row(sql, [id.0], head_row)? else { return Ok(None) };
        head.answer.annotations = self.annotations(id)?;
        Ok(Some(head))
    }

    /// The annotations of a sample, in the order they were given.
    pub(super) fn annotations(&self, id: SampleId) -> Result<Vec<Annotation>> {
        let sql =
            "SELECT id, class, kind, geometry, attributes, author, at FROM annotation WHERE sample = ? ORDER BY place";
        let rows = self.rows(sql, [id.0], |r| {
            let shape = codes::shape(r.get_ref(2)?.as_str()?, r.get_ref(3)?.as_str_or_null()?);
            let kind = if shape.is_none() { r.get(2)? } else { String::new() };
            let annotation = Annotation {
                id: AnnotationId(codes::uuid(r.get(0)?)),
                class: ClassId(r.get(1)?),
                shape: shape.unwrap_or(Shape::Class),
                attributes: Default::default(),
                author: r.get(5)?,
                at: codes::time(r.get(6)?),
            };
            Ok((annotation, kind, r.get::<_, Option<String>>(4)?))
        })?;
        let complete = |(mut annotation, wrong, attributes): (Annotation, String, Option<String>)| {
            if !wrong.is_empty() {
                return Err(self.senseless(&wrong, id));
            }
            if let Some(text) = attributes {
                annotation.attributes = self.base().json(&text, "attributes of an annotation")?;
            }
            Ok(annotation)
        };
        rows.into_iter().map(complete).collect()
    }

    fn senseless(&self, kind: &str, id: SampleId) -> StoreError {
        StoreError::Corrupt {
            place: self.place.to_owned(),
            why: format!("the geometry of a {} on sample {id} makes no sense", crate::domain::text::printable(kind)),
        }
    }

    fn shape(&self, kind: &str, geometry: Option<&str>, id: SampleId) -> Result<Shape> {
        codes::shape(kind, geometry).ok_or_else(|| self.senseless(kind, id))
    }

    /// The predictions on a sample, best first.
    pub(super) fn predictions(&self, id: SampleId) -> Result<Vec<Prediction>> {
        let sql = "SELECT class, kind, geometry, score, model FROM prediction WHERE sample = ? ORDER BY place";
        let rows = self.rows(sql, [id.0], |r| {
            let (kind, geometry): (String, Option<String>) = (r.get(1)?, r.get(2)?);
            Ok((r.get::<_, i64>(0)?, kind, geometry, r.get::<_, f64>(3)?, r.get::<_, String>(4)?))
        })?;
        let complete = |(class, kind, geometry, score, model): (i64, String, Option<String>, f64, String)| {
            let shape = self.shape(&kind, geometry.as_deref(), id)?;
            Ok(Prediction { class: ClassId(class), shape, score, model })
        };
        rows.into_iter().map(complete).collect()
    }

    /// The latest verdict by each reviewer.
    pub(super) fn verdicts(&self, id: SampleId) -> Result<Vec<Review>> {
        let sql = "SELECT rev, verdict, comment, reviewer, at FROM review WHERE sample = ? ORDER BY at, reviewer";
        self.rows(sql, [id.0], |r| {
            let rejected = r.get::<_, String>(1)? == Verdict::Rejected.name();
            Ok(Review {
                rev: Rev(r.get(0)?),
                verdict: if rejected { Verdict::Rejected } else { Verdict::Accepted },
                comment: r.get(2)?,
                reviewer: r.get(3)?,
                at: codes::time(r.get(4)?),
            })
        })
    }

    /// Comments on the sample that nobody has dealt with yet, and the remarks of lists it stands on.
    fn notes(&self, id: SampleId) -> Result<Vec<Note>> {
        let sql = "SELECT author, text FROM (SELECT 0 AS kind, id AS place, author, text FROM comment
                     WHERE sample = ?1 AND resolved = 0
                   UNION ALL SELECT 1, 0, name, note FROM listed WHERE sample = ?1 AND note <> '')
                   ORDER BY kind, place, author";
        self.rows(sql, [id.0], |r| Ok(Note { author: r.get(0)?, text: r.get(1)? }))
    }

    pub(super) fn sample(&self, id: SampleId) -> Result<Sample> {
        let row = self.row(&format!("{SAMPLE} id = ?"), [id.0], sample_row)?;
        self.complete_sample(row.ok_or_else(|| StoreError::not_found(format!("sample number {id}"), self.place))?)
    }

    pub(super) fn sample_by_path(&self, project: ProjectId, path: &str) -> Result<Option<Sample>> {
        let sql = format!("{SAMPLE} project = ? AND sort_key = ?");
        self.row(&sql, (project.0, natural_key(path)), sample_row)?.map(|row| self.complete_sample(row)).transpose()
    }

    pub(super) fn samples_by_id(&self, ids: &[SampleId]) -> Result<Vec<Sample>> {
        ids.iter().map(|id| self.sample(*id)).collect()
    }

    pub(super) fn known_paths(&self, project: ProjectId, paths: &[String]) -> Result<Vec<Option<Known>>> {
        let sql = "SELECT id, path, width, height, orientation FROM sample WHERE project = ? AND sort_key = ?";
        let known = |r: &Row<'_>| {
            let (id, path) = (SampleId(r.get(0)?), r.get(1)?);
            Ok(Known { id, path, width: r.get(2)?, height: r.get(3)?, orientation: r.get(4)? })
        };
        paths.iter().map(|path| self.row(sql, (project.0, natural_key(path)), known)).collect()
    }

    fn complete_sample(&self, (mut sample, hangs): (Sample, Hangs)) -> Result<Sample> {
        sample.answer.annotations = self.annotations(sample.id)?;
        sample.likeness = self.base().likeness(sample.id)?;
        if hangs.notes {
            sample.notes = self.notes(sample.id)?;
        }
        if hangs.verdicts {
            sample.reviews = self.verdicts(sample.id)?;
        }
        if hangs.predictions {
            sample.predictions = self.predictions(sample.id)?;
        }
        Ok(sample)
    }
}
