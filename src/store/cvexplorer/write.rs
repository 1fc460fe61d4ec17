//! Edits as CV Explorer would make them: the rows of its tables and of its history, in one transaction.
//!
//! What always holds: the sample's row is locked `FOR UPDATE` before its annotations are read, which its own inserts of
//! annotations wait for; `created_by`, `created_at` and `is_draft` are set, because its pages fail without them; absent
//! JSON is the literal `null`, as its own rows have it. A sample whose annotations cannot all be read is never changed.

use super::probe::Shape as Columns;
use super::rows::{Stored, Whole, annotation_id, class_id, revision};
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::class::{ClassIndex, LabelSet};
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::ids::{ProjectId, Rev};
use crate::domain::mask;
use crate::domain::sample::{Answer, Status};
use crate::store::Result;
use crate::store::native::base::{Base, to_json};
use crate::store::native::codes;
use crate::store::native::value::Value;
use crate::store::records::SamplePredictions;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// Why an answer cannot be stored here; `None` when it can.
fn fault(answer: &Answer, labels: &LabelSet, columns: &Columns) -> Option<String> {
    if answer.flagged || answer.unsure {
        return Some("a CV Explorer database keeps no flags; answer or skip the picture instead".to_owned());
    }
    if answer.skip_reason.as_ref().is_some_and(|r| !r.is_empty()) {
        return Some("a CV Explorer database keeps no reasons; skip without one".to_owned());
    }
    for annotation in &answer.annotations {
        match annotation.shape {
            Shape::Polygon { .. } => {
                return Some("a CV Explorer database keeps no polygons; import them as masks".to_owned());
            }
            Shape::Mask { .. } if !columns.has("annotations", "mask_json") => {
                return Some("this CV Explorer database is too old for masks; draw boxes".to_owned());
            }
            _ => {}
        }
        if !annotation.attributes.is_empty() {
            return Some("a CV Explorer database keeps no attributes; leave them out".to_owned());
        }
        if annotation.verified.is_some() {
            return Some("a CV Explorer database keeps no verdicts on single objects; leave them out".to_owned());
        }
    }
    codes::fault(answer, |class| labels.get(class).is_some())
}

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// What an annotation's row says: label, kind, box and mask.
struct Texts {
    label: String,
    kind: &'static str,
    bbox: String,
    mask: String,
}

impl Texts {
    fn of(annotation: &Annotation, labels: &LabelSet) -> Result<Self> {
        let label = labels.get(annotation.class).map(|c| c.name.clone()).unwrap_or_default();
        let null = || "null".to_owned();
        Ok(match &annotation.shape {
            Shape::Box(b) => Self { label, kind: "bbox", bbox: to_json(b)?, mask: null() },
            Shape::Mask { size, counts } => {
                let mask = serde_json::json!({ "size": size, "counts": mask::to_text(counts) }).to_string();
                Self { label, kind: "mask", bbox: null(), mask }
            }
            _ => Self { label, kind: "classification", bbox: null(), mask: null() },
        })
    }
}

impl Columns {
    /// Takes edits, in order.
    pub(super) fn commit(&self, db: &dyn Base, edits: &[Edit]) -> Result<Vec<Outcome>> {
        let mut ids: Vec<i64> = edits.iter().filter_map(|e| e.change.sample()).map(|s| s.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let found = self.samples(db, &ids, true)?;
        let mut samples: HashMap<i64, Whole> = found.into_iter().map(|w| (w.sample.id.0, w)).collect();
        let mut labels: HashMap<ProjectId, LabelSet> = HashMap::new();
        let mut outcomes = Vec::with_capacity(edits.len());
        for edit in edits {
            let outcome = match &edit.change {
                Change::Answer { sample, base, before, after } => {
                    // What was changed before in this transaction is read again: new rows have numbers then.
                    let whole = match samples.remove(&sample.0) {
                        Some(whole) => Some(whole),
                        None => self.samples(db, &[sample.0], true)?.pop(),
                    };
                    match whole {
                        Some(whole) => {
                            let labels = self.labels_of(db, &mut labels, edit.project)?;
                            self.answer(db, &whole, (*base, before, after), labels, edit)?
                        }
                        None => refused("the sample is not there any more; open the next one"),
                    }
                }
                Change::Verdict { .. } => refused("a CV Explorer database keeps no reviews"),
                Change::Check { .. } => refused("a CV Explorer database keeps no gold pictures"),
                Change::Classes { before, after } => {
                    let outcome = self.classes(db, edit.project, before, after)?;
                    labels.remove(&edit.project);
                    outcome
                }
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    fn labels_of<'a>(
        &self,
        db: &dyn Base,
        known: &'a mut HashMap<ProjectId, LabelSet>,
        project: ProjectId,
    ) -> Result<&'a LabelSet> {
        if let std::collections::hash_map::Entry::Vacant(entry) = known.entry(project) {
            let mut labels = self.projects(db, Some(project))?.pop().map(|p| p.labels).unwrap_or_default();
            self.dead_labels(db, &mut labels, project)?;
            entry.insert(labels);
        }
        Ok(known.entry(project).or_default())
    }

    fn answer(
        &self,
        db: &dyn Base,
        whole: &Whole,
        (base, before, after): (Rev, &Answer, &Answer),
        labels: &LabelSet,
        edit: &Edit,
    ) -> Result<Outcome> {
        if whole.sample.project != edit.project {
            return Ok(refused("the sample belongs to another project; open it there"));
        }
        if whole.sample.rev != base {
            // There are no edit ids here: what stands already was sent before, its acknowledgement lost on the way.
            if same(&whole.sample.answer, after) {
                return Ok(Outcome::Saved { rev: whole.sample.rev });
            }
            // Revisions are no counts here: an edit made before its predecessor was sent cannot know the one that this
            // will have. What the person saw still stands, which is what a revision is to say.
            if !stands(&whole.sample.answer, before) {
                return Ok(Outcome::Conflict { rev: whole.sample.rev, theirs: whole.sample.answer.clone() });
            }
        }
        if let Some(why) = fault(after, labels, self) {
            return Ok(refused(&why));
        }
        if whole.stored.iter().any(|a| a.shape().is_none()) {
            return Ok(refused("an annotation of this picture cannot be read here; change it in CV Explorer"));
        }
        // As its own saving does, drafts go with an answer; skipping leaves everything as it is.
        let answered = after.status == Status::Labeled;
        let kept = |a: &&Stored| {
            let stays = after.annotations.iter().any(|b| is_row(b, a));
            if a.draft { !answered } else { stays }
        };
        let (stays, gone): (Vec<&Stored>, Vec<&Stored>) = whole.stored.iter().partition(kept);
        for row in &gone {
            db.defer("DELETE FROM annotations WHERE id = ?", &[row.id.into()])?;
            self.history(db, whole, "delete", Some(row), None, edit)?;
        }
        let mut stored: Vec<Stored> = stays.into_iter().cloned().collect();
        for annotation in after.annotations.iter().filter(|a| !whole.stored.iter().any(|b| !b.draft && is_row(a, b))) {
            let texts = Texts::of(annotation, labels)?;
            let by = if annotation.author.is_empty() { &edit.author } else { &annotation.author };
            self.insert(db, whole, &texts, false, by, annotation.at)?;
            let row = Stored {
                id: 0,
                label: texts.label,
                kind: texts.kind.to_owned(),
                bbox: Some(texts.bbox).filter(|t| t != "null"),
                mask: Some(texts.mask).filter(|t| t != "null"),
                draft: false,
                by: by.clone(),
                at: annotation.at,
            };
            self.history(db, whole, "create", None, Some(&row), edit)?;
            stored.push(row);
        }
        let drafts = stored.iter().any(|a| a.draft);
        let status = match after.status {
            Status::Unlabeled | Status::PreLabeled if drafts => Status::PreLabeled,
            Status::PreLabeled => Status::Unlabeled,
            other => other,
        };
        let sql = "UPDATE project_samples SET status = ?, locked_by = NULL, locked_at = NULL WHERE id = ?";
        db.defer(sql, &[status.name().into(), whole.sample.id.0.into()])?;
        Ok(Outcome::Saved { rev: revision(status.name(), &stored) })
    }

    fn insert(&self, db: &dyn Base, whole: &Whole, texts: &Texts, draft: bool, by: &str, at: Timestamp) -> Result<()> {
        let (mut names, mut marks) = (String::new(), String::new());
        let mut values: Vec<Value> = vec![
            whole.sample.id.0.into(),
            whole.sample.project.0.into(),
            (&texts.label).into(),
            texts.kind.into(),
            (&texts.bbox).into(),
        ];
        if self.has("annotations", "mask_json") {
            names += ", mask_json";
            marks += &format!(", {}", self.json());
            values.push((&texts.mask).into());
        }
        if self.has("annotations", "is_draft") {
            names += ", is_draft";
            marks += if draft { ", TRUE" } else { ", FALSE" };
        }
        values.extend([by.into(), micros(at).into()]);
        let sql = format!(
            "INSERT INTO annotations(sample_id, project_id, label, ann_type, bbox_json{names}, created_by, created_at)
             VALUES(?, ?, ?, ?, {}{marks}, ?, {})",
            self.json(),
            self.time()
        );
        db.defer(&sql, &values)
    }

    fn history(
        &self,
        db: &dyn Base,
        whole: &Whole,
        action: &str,
        old: Option<&Stored>,
        new: Option<&Stored>,
        edit: &Edit,
    ) -> Result<()> {
        let table = "annotation_history";
        if !self.has(table, "id") {
            return Ok(());
        }
        let text = |row: Option<&Stored>, value: &dyn Fn(&Stored) -> Option<String>| match row.and_then(value) {
            Some(text) => Value::Text(text),
            None => Value::Null,
        };
        let json = |row: Option<&Stored>, value: &dyn Fn(&Stored) -> Option<String>| {
            Value::Text(row.and_then(value).unwrap_or_else(|| "null".to_owned()))
        };
        let mut columns: Vec<(&str, &str, Value)> = vec![
            ("old_label", "?", text(old, &|a| Some(a.label.clone()))),
            ("new_label", "?", text(new, &|a| Some(a.label.clone()))),
            ("old_ann_type", "?", text(old, &|a| Some(a.kind.clone()))),
            ("new_ann_type", "?", text(new, &|a| Some(a.kind.clone()))),
            ("old_bbox_json", self.json(), json(old, &|a| a.bbox.clone())),
            ("new_bbox_json", self.json(), json(new, &|a| a.bbox.clone())),
            ("old_mask_json", self.json(), json(old, &|a| a.mask.clone())),
            ("new_mask_json", self.json(), json(new, &|a| a.mask.clone())),
        ];
        columns.retain(|(name, _, _)| self.has(table, name));
        columns.push(("changed_by", "?", (&edit.author).into()));
        columns.push(("changed_at", self.time(), micros(edit.at).into()));
        let names: Vec<&str> = columns.iter().map(|(name, _, _)| *name).collect();
        let marks: Vec<&str> = columns.iter().map(|(_, mark, _)| *mark).collect();
        let sql = format!(
            "INSERT INTO {table}(sample_id, project_id, action, {}) VALUES(?, ?, ?, {})",
            names.join(", "),
            marks.join(", ")
        );
        let mut values = vec![whole.sample.id.0.into(), whole.sample.project.0.into(), action.into()];
        values.extend(columns.into_iter().map(|(_, _, value)| value));
        db.defer(&sql, &values)
    }

    /// Classes can be added, as CV Explorer adds them; renaming and merging would rewrite other people's annotations.
    fn classes(&self, db: &dyn Base, project: ProjectId, before: &LabelSet, after: &LabelSet) -> Result<Outcome> {
        let lock = if self.lock(false).is_empty() { "" } else { " FOR UPDATE" };
        let sql = format!("SELECT CAST(class_list AS TEXT) FROM labeling_projects WHERE id = ?{lock}");
        let text: Option<String> = db.row(&sql, [project.0], |r| r.get(0))?;
        let Some(text) = text else { return Ok(refused("the project is not there any more; open another")) };
        let mut names: Vec<String> = db.json(&text, "a class list")?;
        let mut known: HashSet<String> = names.iter().map(|n| n.to_lowercase()).collect();
        let (old, new) = (ClassIndex::of(before), ClassIndex::of(after));
        if before.classes.iter().any(|c| {
            new.get(c.id)
                .is_none_or(|now| now.name != c.name || now.retired != c.retired || now.merged_into != c.merged_into)
        }) {
            return Ok(refused("in a CV Explorer database classes can only be added here; change them in CV Explorer"));
        }
        for class in after.classes.iter().filter(|c| !old.has(c.id)) {
            if !known.insert(class.name.to_lowercase()) {
                return Ok(refused(&format!("a class called `{}` is there already", class.name)));
            }
            names.push(class.name.clone());
        }
        let sql = format!("UPDATE labeling_projects SET class_list = {} WHERE id = ?", self.json());
        db.defer(&sql, &[to_json(&names)?.into(), project.0.into()])?;
        Ok(Outcome::Saved { rev: Rev(0) })
    }

    /// Stores predictions as drafts of their model.
    pub(super) fn put_predictions(
        &self,
        db: &dyn Base,
        project: ProjectId,
        batch: &[SamplePredictions],
        at: Timestamp,
    ) -> Result<()> {
        let mut known = HashMap::new();
        let labels = self.labels_of(db, &mut known, project)?.clone();
        let ids: Vec<i64> = batch.iter().map(|b| b.sample.0).collect();
        let samples = self.samples(db, &ids, true)?;
        let by_id: HashMap<i64, &Whole> = samples.iter().map(|w| (w.sample.id.0, w)).collect();
        for one in batch {
            let Some(whole) = by_id.get(&one.sample.0) else { continue };
            for model in one.predictions.iter().map(|p| &p.model) {
                let sql = "DELETE FROM annotations WHERE sample_id = ? AND is_draft AND created_by = ?";
                db.defer(sql, &[one.sample.0.into(), format!("model:{model}").into()])?;
            }
            for p in &one.predictions {
                let mut annotation = Annotation::label(p.class, &format!("model:{}", p.model), at);
                annotation.shape = p.shape.clone();
                let texts = Texts::of(&annotation, &labels)?;
                self.insert(db, whole, &texts, true, &annotation.author, at)?;
            }
            if whole.sample.answer.status == Status::Unlabeled && !one.predictions.is_empty() {
                let sql = "UPDATE project_samples SET status = 'pre_labeled' WHERE id = ?";
                db.defer(sql, &[one.sample.0.into()])?;
            }
            let best = one.predictions.iter().map(|p| p.score).fold(0.0, f64::max);
            if self.has("project_samples", "prediction_confidence") && !one.predictions.is_empty() {
                let sql = "UPDATE project_samples SET prediction_confidence = ? WHERE id = ?";
                db.defer(sql, &[best.into(), one.sample.0.into()])?;
            }
        }
        Ok(())
    }
}

/// Whether an annotation is a row as it stands: untouched rows keep their number and their author.
fn is_row(annotation: &Annotation, row: &Stored) -> bool {
    annotation.id == annotation_id(row.id)
        && annotation.class == class_id(&row.label)
        && row.shape().as_ref() == Some(&annotation.shape)
        && annotation.author == row.by
}

/// Whether two answers say the same; rows have numbers of their own.
fn same(a: &Answer, b: &Answer) -> bool {
    let list = |answer: &Answer| {
        let mut list: Vec<String> =
            answer.annotations.iter().map(|x| format!("{:?} {:?} {}", x.class, x.shape, x.author)).collect();
        list.sort_unstable();
        list
    };
    a.status == b.status && list(a) == list(b)
}

/// Whether what the person saw is what stands; drafts make a sample pre-labeled, and are no answer.
fn stands(now: &Answer, seen: &Answer) -> bool {
    let open = |a: &Answer| Answer {
        status: if a.status == Status::PreLabeled { Status::Unlabeled } else { a.status },
        ..a.clone()
    };
    same(&open(now), &open(seen))
}

fn refused(reason: &str) -> Outcome {
    Outcome::Refused { reason: reason.to_owned() }
}
