//! One scripted edit as it is asked for, and the answer it makes of a sample.

use crate::cli::stores;
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::attribute::Attributes;
use crate::domain::class::LabelSet;
use crate::domain::geometry::BoxN;
use crate::domain::project::Task;
use crate::domain::sample::{Answer, Sample, Status};
use jiff::Timestamp;
use serde::Deserialize;

/// A line of `label --from`; the flags of `label PROJECT PATH` make one too.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Request {
    /// Relative to the project's source.
    pub(crate) path: String,
    /// Classes of the whole picture: a name, or a list.
    pub(crate) label: Names,
    /// Boxes.
    pub(crate) boxes: Vec<BoxRequest>,
    /// Put aside.
    pub(crate) skip: bool,
    /// Why.
    pub(crate) reason: Option<String>,
    /// Verified: there is nothing in it.
    pub(crate) empty: bool,
    /// Take the answer away.
    pub(crate) clear: bool,
    /// Mark for another look, or take the mark away.
    pub(crate) flag: Option<bool>,
    /// The person is not sure, or is.
    pub(crate) unsure: Option<bool>,
    /// The revision this is based on; without it, the present one.
    pub(crate) rev: Option<i64>,
    /// Kept in the history.
    pub(crate) message: Option<String>,
    /// Taken and ignored, so that what `history` and `queue samples` print can be read back.
    pub(crate) status: Option<String>,
}

/// One name or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Names {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Names {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

/// A box, normalised `0..1` in the displayed frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoxRequest {
    class: String,
    x: f64,
    y: f64,
    w: f64,
    h: f64,
    /// What else is said of the object: `{"occluded": true, "color": "red"}`.
    #[serde(default)]
    attributes: Attributes,
}

impl Request {
    /// The answer the sample has after this.
    ///
    /// # Errors
    /// A sentence, when the request contradicts itself, the task or the label set.
    pub(crate) fn answer(&self, sample: &Sample, project: (&LabelSet, Task), author: &str) -> Result<Answer, String> {
        let labelled = !self.label.as_slice().is_empty() || !self.boxes.is_empty();
        let wishes = [labelled, self.skip, self.empty, self.clear].iter().filter(|w| **w).count();
        if wishes > 1 {
            return Err("labels, skip, empty and clear exclude each other".to_owned());
        }
        if self.reason.is_some() && !self.skip {
            return Err("a reason goes with skip".to_owned());
        }
        if wishes == 0 && self.flag.is_none() && self.unsure.is_none() {
            return Err("it says nothing to do: give a class, boxes, skip, empty, clear, flag or unsure".to_owned());
        }
        let mut answer = if wishes == 0 { sample.answer.clone() } else { self.fresh(sample, project, author)? };
        if let Some(unsure) = self.unsure {
            answer.unsure = unsure;
        }
        answer.flagged = self.flag.unwrap_or(sample.answer.flagged);
        Ok(answer)
    }

    fn fresh(&self, sample: &Sample, project: (&LabelSet, Task), author: &str) -> Result<Answer, String> {
        if self.skip {
            let skip_reason = self.reason.clone().filter(|r| !r.is_empty());
            return Ok(Answer { status: Status::Skipped, skip_reason, ..Answer::default() });
        }
        if self.clear {
            let guessed = !sample.predictions.is_empty();
            let status = if guessed { Status::PreLabeled } else { Status::Unlabeled };
            return Ok(Answer { status, ..Answer::default() });
        }
        Ok(Answer { status: Status::Labeled, annotations: self.annotations(project, author)?, ..Answer::default() })
    }

    fn annotations(&self, (labels, task): (&LabelSet, Task), author: &str) -> Result<Vec<Annotation>, String> {
        let (names, boxes) = (self.label.as_slice(), &self.boxes);
        match task {
            Task::Classification if names.len() > 1 => {
                return Err(format!("a classification project takes one class, not {}", names.len()));
            }
            Task::Classification | Task::Multilabel if !boxes.is_empty() => {
                return Err(format!("a {} project takes no boxes", task.name()));
            }
            Task::Detection | Task::Segmentation if !names.is_empty() => {
                return Err(format!("in a {} project a class goes with a box", task.name()));
            }
            _ => {}
        }
        let at = Timestamp::now();
        let class = |name: &str| {
            let describe = |e: crate::cli::error::AppError| format!("{}; {}", e.message, e.hints.join("; "));
            stores::class(labels, name).map(|c| c.id).map_err(describe)
        };
        let mut out: Vec<Annotation> = Vec::new();
        for name in names {
            let class = class(name)?;
            if out.iter().all(|a| a.class != class) {
                out.push(Annotation::label(class, author, at));
            }
        }
        for b in boxes {
            let shape = Shape::Box(b.checked()?);
            let attributes = b.attributes.clone();
            out.push(Annotation { shape, attributes, ..Annotation::label(class(&b.class)?, author, at) });
        }
        Ok(out)
    }
}

impl BoxRequest {
    /// The box, if it lies in the picture; a rounding error at the edge is forgiven.
    fn checked(&self) -> Result<BoxN, String> {
        const SLACK: f64 = 1e-6;
        let shown = || format!("x {} y {} w {} h {}", self.x, self.y, self.w, self.h);
        let inside = |from: f64, size: f64| from >= -SLACK && size > 0.0 && from + size <= 1.0 + SLACK;
        let wanted = BoxN { x: self.x, y: self.y, w: self.w, h: self.h };
        match wanted.clamped() {
            Some(clamped) if inside(self.x, self.w) && inside(self.y, self.h) => Ok(clamped),
            _ => Err(format!("the box {} is not inside the picture; corner and size are parts of 0..1", shown())),
        }
    }
}
