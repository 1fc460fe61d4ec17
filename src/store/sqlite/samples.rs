//! Reading samples with what hangs on them.

use super::Db;
use crate::domain::annotation::{Annotation, Prediction, Shape};
use crate::domain::ids::{AnnotationId, ClassId, ProjectId, Rev, SampleId};
use crate::domain::natural::natural_key;
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::{Answer, Note, Sample};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::base::to_json;
use crate::store::native::codes;
use crate::store::native::desk::Head;
use crate::store::records::Known;
use rusqlite::Row;
use std::collections::HashMap;

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
    EXISTS(SELECT 1 FROM comment c WHERE c.sample = sample.id) OR EXISTS(SELECT 1 FROM listed t WHERE t.sample = sample.id),
    EXISTS(SELECT 1 FROM measure m WHERE m.sample = sample.id AND m.near IS NOT NULL)
    FROM sample WHERE ";

/// The columns of [`annotation_row`]. They come in no order: of a statement with values and `ORDER BY`, SQLite as it is
/// built here makes a new plan each time it runs, which costs several times what it then reads.
const ANNOTATION: &str =
    "SELECT sample, place, id, class, kind, geometry, attributes, author, at FROM annotation WHERE ";

/// An annotation as it was read: of which sample, in which place, and what cannot be understood without the store's name.
struct Placed {
    sample: SampleId,
    place: i64,
    annotation: Annotation,
    /// The kind, where the geometry makes no sense of it.
    wrong: Option<String>,
    attributes: Option<String>,
}

fn annotation_row(r: &Row<'_>) -> rusqlite::Result<Placed> {
    let shape = codes::shape(r.get_ref(4)?.as_str()?, r.get_ref(5)?.as_str_or_null()?);
    Ok(Placed {
        sample: SampleId(r.get(0)?),
        place: r.get(1)?,
        wrong: if shape.is_none() { Some(r.get(4)?) } else { None },
        attributes: r.get(6)?,
        annotation: Annotation {
            id: AnnotationId(codes::uuid(r.get(2)?)),
            class: ClassId(r.get(3)?),
            shape: shape.unwrap_or(Shape::Class),
            attributes: Default::default(),
            author: r.get(7)?,
            at: codes::time(r.get(8)?),
            verified: None,
        },
    })
}

/// What hangs on a sample besides annotations, so that only what is there is asked for.
struct Hangs {
    verdicts: bool,
    predictions: bool,
    notes: bool,
    alike: bool,
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
    let verdicts = r.get::<_, i64>(14)? > 1;
    let hangs = Hangs { verdicts, predictions: r.get(15)?, notes: r.get(16)?, alike: r.get(17)? };
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
        let rows = self.rows(&format!("{ANNOTATION} sample = ?"), [id.0], annotation_row)?;
        let mut placed = rows.into_iter().map(|row| self.annotation(row)).collect::<Result<Vec<_>>>()?;
        placed.sort_by_key(|(place, _)| *place);
        Ok(placed.into_iter().map(|(_, annotation)| annotation).collect())
    }

    /// An annotation with its place.
    fn annotation(&self, row: Placed) -> Result<(i64, Annotation)> {
        let Placed { sample, place, mut annotation, wrong, attributes } = row;
        if let Some(kind) = wrong {
            return Err(self.senseless(&kind, sample));
        }
        if let Some(text) = attributes {
            let kept = self.base().json(&text, "attributes of an annotation")?;
            (annotation.attributes, annotation.verified) = codes::attributes_from(kept);
        }
        Ok((place, annotation))
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

    /// The samples with these ids, in this order; those that are gone are left out. All are read by one statement, and so
    /// are their annotations: that is what a page of a gallery and an export wait for.
    pub(super) fn samples_at_once(&self, ids: &[i64]) -> Result<Vec<Sample>> {
        self.go_on()?;
        let list = to_json(&ids)?;
        let mut annotations: HashMap<SampleId, Vec<(i64, Annotation)>> = HashMap::with_capacity(ids.len());
        let sql = format!("{ANNOTATION} sample IN (SELECT value FROM json_each(?))");
        for row in self.rows(&sql, [&list], annotation_row)? {
            annotations.entry(row.sample).or_default().push(self.annotation(row)?);
        }
        self.go_on()?;
        let sql = format!("{SAMPLE} id IN (SELECT value FROM json_each(?))");
        let rows = self.rows(&sql, [&list], sample_row)?;
        let mut rows: HashMap<i64, _> = rows.into_iter().map(|row| (row.0.id.0, row)).collect();
        let whole = |(mut sample, hangs): (Sample, Hangs)| {
            let mut placed = annotations.remove(&sample.id).unwrap_or_default();
            placed.sort_by_key(|(place, _)| *place);
            sample.answer.annotations = placed.into_iter().map(|(_, annotation)| annotation).collect();
            self.hang(&mut sample, &hangs)?;
            Ok(sample)
        };
        ids.iter().filter_map(|id| rows.remove(id)).map(whole).collect()
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
        self.hang(&mut sample, &hangs)?;
        Ok(sample)
    }

    /// Adds everything but annotations.
    fn hang(&self, sample: &mut Sample, hangs: &Hangs) -> Result<()> {
        if hangs.alike {
            sample.likeness = self.base().likeness(sample.id)?;
        }
        if hangs.notes {
            sample.notes = self.notes(sample.id)?;
        }
        if hangs.verdicts {
            sample.reviews = self.verdicts(sample.id)?;
        }
        if hangs.predictions {
            sample.predictions = self.predictions(sample.id)?;
        }
        Ok(())
    }
}
