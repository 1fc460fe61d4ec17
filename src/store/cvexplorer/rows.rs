//! CV Explorer's rows as our types.

use super::probe::Shape as Columns;
use crate::domain::annotation::{Annotation, Prediction, Shape};
use crate::domain::class::LabelSet;
use crate::domain::geometry::BoxN;
use crate::domain::ids::{AnnotationId, ClassId, ProjectId, Rev, SampleId};
use crate::domain::mask;
use crate::domain::project::{Project, ScanSettings, Task};
use crate::domain::sample::{Answer, Sample, Status};
use crate::store::Result;
use crate::store::error::StoreError;
use crate::store::native::base::Base;
use crate::store::native::value::{Row, Value};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// An annotation as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) label: String,
    pub(super) kind: String,
    /// `None` for SQL's NULL and for JSON's `null`.
    pub(super) bbox: Option<String>,
    pub(super) mask: Option<String>,
    pub(super) draft: bool,
    pub(super) by: String,
    pub(super) at: Timestamp,
}

/// A sample with all its annotations.
pub(super) struct Whole {
    pub(super) sample: Sample,
    pub(super) stored: Vec<Stored>,
}

/// The number of a class: CV Explorer knows only names, and a name must mean the same class in every session.
pub(super) fn class_id(name: &str) -> ClassId {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    ClassId((hash >> 16).cast_signed() + 1)
}

/// The id of an annotation's row.
pub(super) fn annotation_id(row: i64) -> AnnotationId {
    AnnotationId(Uuid::from_u128((0xc7e0_9105_u128 << 96) | u128::from(row.unsigned_abs())))
}

fn micros(n: i64) -> Timestamp {
    Timestamp::from_microsecond(n).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// JSON's `null` is as good as nothing.
fn present(text: Option<String>) -> Option<String> {
    text.filter(|t| t.trim() != "null")
}

impl Stored {
    /// The shape; `None` where it cannot be read, and then it is never touched.
    pub(super) fn shape(&self) -> Option<Shape> {
        #[derive(serde::Deserialize)]
        struct Mask {
            size: [u32; 2],
            counts: String,
        }
        match self.kind.as_str() {
            "classification" => Some(Shape::Class),
            "bbox" => serde_json::from_str::<BoxN>(self.bbox.as_deref()?).ok().map(Shape::Box),
            "mask" => {
                let Mask { size, counts } = serde_json::from_str(self.mask.as_deref()?).ok()?;
                Some(Shape::Mask { size, counts: mask::from_text(&counts).ok()? })
            }
            _ => None,
        }
    }

    pub(super) fn annotation(&self) -> Option<Annotation> {
        Some(Annotation {
            id: annotation_id(self.id),
            class: class_id(&self.label),
            shape: self.shape()?,
            attributes: BTreeMap::new(),
            author: self.by.clone(),
            at: self.at,
            verified: None,
        })
    }
}

/// A number that changes whenever the status or any annotation does, and is the same for the same content.
pub(super) fn revision(status: &str, stored: &[Stored]) -> Rev {
    let mut lines: Vec<String> = stored
        .iter()
        .map(|a| {
            let shape = a.shape().map(|s| format!("{s:?}"));
            let raw = shape.unwrap_or_else(|| format!("{:?} {:?}", a.bbox, a.mask));
            format!("{}\u{1}{}\u{1}{raw}\u{1}{}\u{1}{}", a.label, a.kind, a.draft, a.by)
        })
        .collect();
    lines.sort_unstable();
    if lines.is_empty() && status == "unlabeled" {
        return Rev(0);
    }
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = status.bytes().chain(lines.join("\u{2}").into_bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    Rev((hash >> 12).cast_signed())
}

impl Columns {
    /// All projects, or one.
    pub(super) fn projects(&self, db: &dyn Base, id: Option<ProjectId>) -> Result<Vec<Project>> {
        let table = "labeling_projects";
        let sql = format!(
            "SELECT id, name, task_type, CAST(class_list AS TEXT), source_volume, {}, {}, coalesce({}, ''), {} FROM {table}
             WHERE id = ?1 OR ?1 = -1 ORDER BY name, id",
            self.or(table, "version", "1"),
            self.or(table, "parent_project_id", "CAST(NULL AS INTEGER)"),
            self.or(table, "created_by", "''"),
            self.micros("created_at")
        );
        let row = |r: &Row| {
            let names: Vec<String> = db.json(&r.get::<String>(3)?, "a class list")?;
            Ok(Project {
                id: ProjectId(r.get(0)?),
                name: r.get(1)?,
                version: r.get(5)?,
                parent: r.get::<Option<i64>>(6)?.map(ProjectId),
                task: Task::from_name(&r.get::<String>(2)?).unwrap_or_default(),
                source: r.get(4)?,
                scan: ScanSettings::default(),
                labels: label_set(&names),
                created_by: r.get(7)?,
                created_at: micros(r.get::<Option<i64>>(8)?.unwrap_or(0)),
                trashed_at: None,
            })
        };
        db.rows(&sql, [id.map_or(-1, |id| id.0)], row)
    }

    /// Classes that annotations carry although they are not in the class list any more: they stay visible as retired.
    pub(super) fn dead_labels(&self, db: &dyn Base, labels: &mut LabelSet, project: ProjectId) -> Result<()> {
        let sql = "SELECT DISTINCT label FROM annotations WHERE project_id = ? ORDER BY label";
        let mut known: HashSet<ClassId> = labels.classes.iter().map(|c| c.id).collect();
        for name in db.rows(sql, [project.0], |r| r.get::<String>(0))? {
            if known.insert(class_id(&name)) {
                let mut one = LabelSet::from_names(&[&name], 1).classes;
                for class in &mut one {
                    (class.id, class.retired, class.hotkey) = (class_id(&name), true, String::new());
                }
                labels.classes.extend(one);
            }
        }
        Ok(())
    }

    /// Samples with everything, in the order of the ids; those that are gone are left out. `lock`: until the end of the
    /// transaction nobody else changes them or their annotations.
    pub(super) fn samples(&self, db: &dyn Base, ids: &[i64], lock: bool) -> Result<Vec<Whole>> {
        let mut found = HashMap::new();
        for ids in ids.chunks(400) {
            let marks = vec!["?"; ids.len()].join(", ");
            let values: Vec<Value> = ids.iter().map(Value::from).collect();
            let table = "project_samples";
            let sql = format!(
                "SELECT s.id, s.project_id, s.filepath, s.status, {}, {}, p.source_volume
                 FROM project_samples s JOIN labeling_projects p ON p.id = s.project_id WHERE s.id IN ({marks})
                 ORDER BY s.id{}",
                self.or(table, "width", "CAST(NULL AS INTEGER)").replace("width", "s.width"),
                self.or(table, "height", "CAST(NULL AS INTEGER)").replace("height", "s.height"),
                if lock { self.lock(false) } else { "" }
            );
            let heads = db.rows(&sql, values.clone(), |r| self.head(r))?;
            // After the lock: what stands now is what is changed.
            let mut annotations = self.annotations(db, &marks, values)?;
            for (mut sample, status) in heads {
                let stored = annotations.remove(&sample.id.0).unwrap_or_default();
                sample.rev = revision(&status, &stored);
                let accepted = stored.iter().filter(|a| !a.draft);
                sample.answer.annotations = accepted.filter_map(Stored::annotation).collect();
                sample.predictions = predictions(&stored);
                found.insert(sample.id.0, Whole { sample, stored });
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    fn head(&self, r: &Row) -> Result<(Sample, String)> {
        let (path, status): (String, String) = (r.get(2)?, r.get(3)?);
        let source: String = r.get(6)?;
        let inside = path.strip_prefix(source.trim_end_matches('/')).map(|rest| rest.trim_start_matches('/'));
        let sample = Sample {
            id: SampleId(r.get(0)?),
            project: ProjectId(r.get(1)?),
            path: inside.filter(|p| !source.is_empty() && !p.is_empty()).unwrap_or(&path).to_owned(),
            size: 0,
            etag: String::new(),
            width: r.get(4)?,
            height: r.get(5)?,
            orientation: None,
            missing: false,
            rev: Rev(0),
            answer: Answer { status: Status::from_name(&status).unwrap_or_default(), ..Answer::default() },
            predictions: Vec::new(),
            reviews: Vec::new(),
            notes: Vec::new(),
            likeness: None,
        };
        Ok((sample, status))
    }

    fn annotations(&self, db: &dyn Base, marks: &str, values: Vec<Value>) -> Result<HashMap<i64, Vec<Stored>>> {
        let table = "annotations";
        let sql = format!(
            "SELECT sample_id, id, label, ann_type, CAST(bbox_json AS TEXT), CAST({} AS TEXT), {}, coalesce({}, ''), {}
             FROM annotations WHERE sample_id IN ({marks}) ORDER BY sample_id, id",
            self.or(table, "mask_json", "NULL"),
            self.or(table, "is_draft", "0"),
            self.or(table, "created_by", "''"),
            self.micros("created_at"),
        );
        let row = |r: &Row| {
            let stored = Stored {
                id: r.get(1)?,
                label: r.get(2)?,
                kind: r.get(3)?,
                bbox: present(r.get(4)?),
                mask: present(r.get(5)?),
                draft: r.get(6)?,
                by: r.get(7)?,
                at: micros(r.get::<Option<i64>>(8)?.unwrap_or(0)),
            };
            Ok((r.get::<i64>(0)?, stored))
        };
        let mut out: HashMap<i64, Vec<Stored>> = HashMap::new();
        for (sample, stored) in db.rows(&sql, values, row)? {
            out.entry(sample).or_default().push(stored);
        }
        Ok(out)
    }

    /// One sample.
    pub(super) fn sample(&self, db: &dyn Base, id: SampleId) -> Result<Sample> {
        let found = self.samples(db, &[id.0], false)?.pop();
        found.map(|w| w.sample).ok_or_else(|| StoreError::not_found(format!("sample number {id}"), db.place()))
    }
}

fn label_set(names: &[String]) -> LabelSet {
    let mut labels = LabelSet::from_names(names, 1);
    for class in &mut labels.classes {
        class.id = class_id(&class.name);
    }
    labels
}

/// Drafts are what models and propagation suggest.
fn predictions(stored: &[Stored]) -> Vec<Prediction> {
    let drafts = stored.iter().filter(|a| a.draft);
    let prediction = |a: &Stored| {
        let model = a.by.strip_prefix("model:").unwrap_or(&a.by).to_owned();
        Some(Prediction { class: class_id(&a.label), shape: a.shape()?, score: 1.0, model })
    };
    drafts.filter_map(prediction).collect()
}
