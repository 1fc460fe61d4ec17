//! Labelling projects, and the plain records that describe their progress.

use super::class::LabelSet;
use super::ids::{ClassId, ProjectId};
use super::sample::Status;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is asked of a person for each picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Exactly one class.
    #[default]
    Classification,
    /// Any number of classes.
    Multilabel,
    /// Boxes.
    Detection,
    /// Polygons and masks.
    Segmentation,
}

impl Task {
    /// All tasks, in the order in which screens offer them.
    pub const ALL: [Self; 4] = [Self::Classification, Self::Multilabel, Self::Detection, Self::Segmentation];

    /// The name in files, JSON, SQL and flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Multilabel => "multilabel",
            Self::Detection => "detection",
            Self::Segmentation => "segmentation",
        }
    }

    /// The task with this [`Task::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }
}

/// Where the class of a freshly scanned sample comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub enum ClassFrom {
    /// Samples start unlabeled.
    #[default]
    None,
    /// The name of the folder a file lies in.
    Folder,
    /// A CSV file with one row a picture.
    Csv {
        /// The file, absolute.
        file: String,
        /// Column with the file name or path relative to the source.
        id: String,
        /// Column with the class name.
        class: String,
    },
}

/// What a project remembers about its source, so that a re-scan does the same again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScanSettings {
    /// Only paths that match; empty means every image type that can be decoded.
    pub glob: String,
    /// Go into sub-folders.
    pub recursive: bool,
    /// Take files and folders whose name starts with a dot.
    pub hidden: bool,
    /// Where classes come from.
    pub class_from: ClassFrom,
}

/// A labelling project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its id in its store.
    pub id: ProjectId,
    /// Unique among the live projects of the store.
    pub name: String,
    /// 1 for a new project, one more for each clone of it.
    pub version: u32,
    /// The project it was cloned from.
    pub parent: Option<ProjectId>,
    /// What is asked.
    pub task: Task,
    /// Canonical form of the [`super::lake_path::LakePath`] that sample paths are relative to.
    pub source: String,
    /// How the source is scanned.
    pub scan: ScanSettings,
    /// Classes in order.
    pub labels: LabelSet,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Set while it lies in the trash.
    pub trashed_at: Option<Timestamp>,
}

/// Counts that a store keeps in the transaction of every edit, so that reading them costs the same at any size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Samples by status.
    pub status: BTreeMap<Status, u64>,
    /// Samples that carry a class, by the class as stored (not resolved through merges).
    pub class: BTreeMap<ClassId, u64>,
    /// Labeled samples without any annotation.
    pub empty: u64,
}

impl Counts {
    /// All samples.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.status.values().sum()
    }

    /// Samples with this status.
    #[must_use]
    pub fn of(&self, status: Status) -> u64 {
        self.status.get(&status).copied().unwrap_or(0)
    }

    /// Samples that need no further answer: labeled or skipped.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.of(Status::Labeled) + self.of(Status::Skipped)
    }

    /// Samples of a class, merged classes included.
    #[must_use]
    pub fn of_class(&self, set: &LabelSet, class: ClassId) -> u64 {
        self.class.iter().filter(|(id, _)| set.resolve(**id) == class).map(|(_, n)| *n).sum()
    }
}

/// A file that a scan or import left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    /// The path as it came.
    pub path: String,
    /// Why it was left out and what to do.
    pub reason: String,
}
