//! A sample: one picture of a project, and the answer people have given to it so far.

use super::annotation::{Annotation, Prediction, Shape};
use super::class::LabelSet;
use super::ids::{AnnotationId, ClassId, ProjectId, Rev, SampleId};
use super::likeness::Likeness;
use super::review::{Review, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far a sample is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has answered.
    #[default]
    Unlabeled,
    /// A model has guessed, or there is a draft; nobody has answered.
    PreLabeled,
    /// Answered; without annotations it is a verified empty picture.
    Labeled,
    /// Put aside, with or without a reason.
    Skipped,
}

impl Status {
    /// All statuses, in the order in which screens and JSON list them.
    pub const ALL: [Self; 4] = [Self::Unlabeled, Self::PreLabeled, Self::Labeled, Self::Skipped];

    /// The name in files, JSON, SQL and filters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unlabeled => "unlabeled",
            Self::PreLabeled => "pre_labeled",
            Self::Labeled => "labeled",
            Self::Skipped => "skipped",
        }
    }

    /// The status with this [`Status::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// Everything an edit can change about a sample. Two answers side by side are an edit's before and after.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// How far the sample is.
    pub status: Status,
    /// Why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_reason: Option<String>,
    /// Marked for another look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flagged: bool,
    /// The person answered but is not sure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
    /// The annotations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
}

impl Answer {
    /// The whole-picture classes, resolved through merges, in the order they were given, each once; none of a draft.
    #[must_use]
    pub fn classes(&self, set: &LabelSet) -> Vec<ClassId> {
        let mut out = Vec::new();
        for annotation in self.annotations.iter().filter(|a| a.shape == Shape::Class && !self.is_draft()) {
            let class = set.resolve(annotation.class);
            if !out.contains(&class) {
                out.push(class);
            }
        }
        out
    }

    /// What people read in a list: `roses, tulips`, `2 boxes, 1 outline`, `empty`, `skipped: blurred`, `draft: roses`, `unlabeled`.
    #[must_use]
    pub fn summary(&self, set: &LabelSet) -> String {
        match self.status {
            Status::Skipped => {
                self.skip_reason.as_ref().map_or_else(|| "skipped".to_owned(), |r| format!("skipped: {r}"))
            }
            Status::Labeled if self.annotations.is_empty() => "empty".to_owned(),
            Status::Labeled => self.annotation_names(set),
            Status::PreLabeled if self.is_draft() => {
                let given = Self { status: Status::Labeled, ..self.clone() };
                format!("draft: {}", given.annotation_names(set))
            }
            Status::Unlabeled | Status::PreLabeled => self.status.name().replace('_', "-"),
        }
    }

    /// Whether these are annotations that nobody has confirmed: what a duplicate was given.
    #[must_use]
    pub fn is_draft(&self) -> bool {
        self.status == Status::PreLabeled && !self.annotations.is_empty()
    }

    /// Whether a draft may take its place, because nobody has said anything.
    #[must_use]
    pub fn takes_drafts(&self) -> bool {
        matches!(self.status, Status::Unlabeled | Status::PreLabeled)
    }

    /// The answer that somebody gives who confirms a draft.
    #[must_use]
    pub fn confirmed(&self, author: &str, at: Timestamp) -> Self {
        let mine = |a: &Annotation| Annotation { author: author.to_owned(), at, ..a.clone() };
        Self { status: Status::Labeled, annotations: self.annotations.iter().map(mine).collect(), ..self.clone() }
    }

    /// The answer without what is only a draft.
    #[must_use]
    pub fn without_draft(&self) -> Self {
        let annotations = if self.is_draft() { Vec::new() } else { self.annotations.clone() };
        Self { annotations, ..self.clone() }
    }

    /// The same annotations as a draft for another picture; nothing where there are none.
    #[must_use]
    pub fn as_draft(&self, author: &str, at: Timestamp) -> Option<Self> {
        let copy = |a: &Annotation| Annotation {
            id: AnnotationId::fresh(),
            author: author.to_owned(),
            at,
            verified: None,
            ..a.clone()
        };
        let annotations: Vec<Annotation> = self.annotations.iter().map(copy).collect();
        (!annotations.is_empty()).then(|| Self { status: Status::PreLabeled, annotations, ..Self::default() })
    }

    fn annotation_names(&self, set: &LabelSet) -> String {
        let mut names: Vec<String> = self.classes(set).into_iter().map(|c| set.name(c)).collect();
        let is_box = |a: &&Annotation| matches!(a.shape, Shape::Box(_));
        let boxes = self.annotations.iter().filter(is_box).count();
        let outlines = self.annotations.iter().filter(|a| a.shape != Shape::Class).count() - boxes;
        let counted =
            |n: usize, one: &str, more: &str| (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { more }));
        names.extend(counted(boxes, "box", "boxes"));
        names.extend(counted(outlines, "outline", "outlines"));
        names.join(", ")
    }
}

/// A remark on a sample that nobody has dealt with yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Who says it: a person, a list; of a table, what changed in it.
    pub author: String,
    /// What is said; one thing a line.
    pub text: String,
}

/// A sample as lists and screens need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Its id.
    pub id: SampleId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Relative to the project's source, in the form of [`super::text::encode_os`].
    pub path: String,
    /// Size in bytes when it was scanned.
    pub size: u64,
    /// What changes when the file changes: modification time in nanoseconds, or a store's ETag.
    pub etag: String,
    /// Width in pixels as displayed, where the scan read it.
    pub width: Option<u32>,
    /// Height in pixels as displayed.
    pub height: Option<u32>,
    /// EXIF orientation 1-8, where the scan read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orientation: Option<u8>,
    /// The last scan did not find the file; the answer stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// Number of edits so far.
    pub rev: Rev,
    /// What people have said.
    pub answer: Answer,
    /// What models have guessed, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<Prediction>,
    /// The latest verdict by each reviewer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<Review>,
    /// Comments that nobody has dealt with yet, oldest first; then the remarks of lists that it stands on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Pictures that look like it, where they were looked for and there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<Likeness>,
}

impl Sample {
    /// Whether somebody has accepted it as it is.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.reviews.iter().any(|r| !r.is_stale(self.rev) && r.verdict == Verdict::Accepted)
    }
}
