//! The plain records a store takes and gives, besides the types of the domain.

mod quality;
mod versions;

pub use quality::{Finding, Measured, SampleMeasures, Unmeasured};
pub use versions::{Differences, Differing, HistoryEntry, NewSnapshot, Snapshot};

use crate::domain::annotation::Prediction;
pub use crate::domain::comment::Comment;

use crate::domain::class::LabelSet;
use crate::domain::edit::Edit;
use crate::domain::ids::{ClassId, EditId, Rev, SampleId};
use crate::domain::project::{ScanSettings, Task};
use crate::domain::sample::{Answer, Sample, Status};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a kind of store can do; the screen disables the rest and says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Boxes.
    pub boxes: bool,
    /// Polygons and masks.
    pub masks: bool,
    /// Verdicts on single objects.
    pub objects: bool,
    /// Verdicts and the blind second pass.
    pub review: bool,
    /// Comments.
    pub comments: bool,
    /// Events, undo across restarts, as-of views.
    pub history: bool,
    /// Samples handed out to one person at a time.
    pub claims: bool,
    /// Changes by others arrive by themselves.
    pub feed: bool,
    /// Who works on a project is told.
    pub presence: bool,
    /// Predictions.
    pub predictions: bool,
    /// What is measured of pictures: duplicates, blur, light.
    pub measures: bool,
    /// Gold pictures, mixed into people's queues without a word.
    pub gold: bool,
    /// States can be named (snapshots), compared and taken back.
    pub versions: bool,
    /// Label sets can be changed.
    pub classes: bool,
    /// Projects can be created, cloned, renamed, trashed.
    pub projects: bool,
}

impl Capabilities {
    /// What lakelens' own schema on a server can do: everything.
    #[must_use]
    pub fn of_servers() -> Self {
        Self {
            boxes: true,
            masks: true,
            objects: true,
            review: true,
            comments: true,
            history: true,
            claims: true,
            feed: true,
            presence: true,
            predictions: true,
            measures: true,
            gold: true,
            versions: true,
            classes: true,
            projects: true,
        }
    }
}

/// How a store is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Read and write; made if it does not exist.
    #[default]
    Create,
    /// Read and write; must exist.
    Write,
    /// Never written; works on read-only media too.
    Read,
}

/// A project to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewProject {
    /// Unique among the live projects, compared without case.
    pub name: String,
    /// What is asked.
    pub task: Task,
    /// Canonical form of the lake path that sample paths are relative to.
    pub source: String,
    /// How the source is scanned.
    pub scan: ScanSettings,
    /// Classes to begin with; ids are the project's own, from 1.
    pub labels: LabelSet,
    /// Who makes it.
    pub author: String,
}

/// A new version of a project. It has the samples, classes, predictions, measures, saved queues and settings of the other.
/// History, reviews, comments, second passes and what people answered to gold pictures stay behind.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVersion {
    /// Its name.
    pub name: String,
    /// Answers are copied, and with them which of them are trusted (gold); otherwise every sample starts unlabeled, and no
    /// picture is gold, because nothing of what is trusted stands in the new version.
    pub annotations: bool,
    /// Who makes it.
    pub author: String,
}

/// Which projects a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    /// Those in use.
    #[default]
    Live,
    /// Those in the trash.
    Trash,
    /// All.
    All,
}

/// A scan that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScanId(pub i64);

/// One file as a scan found it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSample {
    /// Relative to the project's source, in the form of [`crate::domain::text::encode_os`].
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// What changes when the file changes.
    pub etag: String,
    /// Pixels as displayed, where the scan read them.
    pub width: Option<u32>,
    /// Pixels as displayed.
    pub height: Option<u32>,
    /// EXIF orientation 1-8, where the scan read it.
    pub orientation: Option<u8>,
    /// The class the folder or the CSV file gives; a new sample then starts labeled.
    pub class: Option<String>,
}

/// What is known of a picture before anything is said about it: enough to match a name with it and to read numbers that
/// are counted in its pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The sample.
    pub id: SampleId,
    /// Relative to the project's source.
    pub path: String,
    /// Pixels as displayed, where they are known.
    pub width: Option<u32>,
    /// Pixels as displayed.
    pub height: Option<u32>,
    /// EXIF orientation 1-8, where it is known.
    pub orientation: Option<u8>,
}

impl std::convert::From<Sample> for Known {
    fn from(sample: Sample) -> Self {
        let Sample { id, path, width, height, orientation, .. } = sample;
        Self { id, path, width, height, orientation }
    }
}

/// What a scan did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScanReport {
    /// Files that were not known.
    pub added: u64,
    /// Known files whose content changed (size or etag).
    pub changed: u64,
    /// Known files as they were.
    pub unchanged: u64,
    /// Added with a class.
    pub labeled: u64,
    /// Known files that are gone now; their labels stay. Counted by `finish_scan`.
    pub missing: u64,
    /// Files that were gone and are back.
    pub returned: u64,
}

impl std::ops::AddAssign for ScanReport {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.labeled += other.labeled;
        self.missing += other.missing;
        self.returned += other.returned;
    }
}

/// The value a queue is ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// Shuffle, change or score keys.
    Number(i64),
    /// Path keys.
    Bytes(Vec<u8>),
}

/// A place in a queue, valid for as long as the queue's order is the same, whatever happens to the sample there. Kept
/// in sessions as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// Which stretch of the order: the class in class order, before or after the start in a shuffle, scored or not.
    pub stretch: i64,
    /// The order's key there; unique within the project.
    pub key: Key,
}

/// Where a page starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// At the queue's first sample, going forward, or its last, going back.
    #[default]
    Edge,
    /// Next to this place, without it.
    After(Cursor),
    /// At this place; the sample there comes first if the filter still takes it.
    At(Cursor),
}

/// Which way a page goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// In the queue's order.
    #[default]
    Forward,
    /// Against it; the page's first sample is the one nearest to its start.
    Back,
}

/// A sample in a queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Queued {
    /// Its place.
    pub cursor: Cursor,
    /// The sample.
    pub sample: Sample,
}

/// A person's share of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Who.
    pub name: String,
    /// Samples whose present answer is theirs: samples, not boxes.
    pub samples: u64,
    /// Their last edit.
    pub last: Option<Timestamp>,
}

/// Answers of one person in one hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// The hour's start.
    pub hour: Timestamp,
    /// Who.
    pub name: String,
    /// Samples answered.
    pub samples: u64,
}

/// An edit that undo or redo made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Applied {
    /// The new edit: what stood, and what stands now.
    pub edit: Edit,
    /// The sample's revision now.
    pub rev: Rev,
}

/// An edit that could not be taken back, because somebody changed the same thing since.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refusal {
    /// The edit that stays.
    pub edit: EditId,
    /// Its sample.
    pub sample: Option<SampleId>,
    /// The sample's revision.
    pub rev: Rev,
    /// What stands; for label sets an empty answer.
    pub theirs: Answer,
    /// Who changed it last; empty if not known.
    pub by: String,
    /// Why it stays, as a sentence without capital and full stop.
    pub reason: String,
}

/// What undo or redo did. Both lists empty: there was nothing left to undo or redo.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UndoReport {
    /// In the order in which they were made.
    pub applied: Vec<Applied>,
    /// What stays as it is; it is off the person's undo list now.
    pub refused: Vec<Refusal>,
}

/// One answer given twice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SecondAnswer {
    /// The sample.
    pub sample: SampleId,
    /// Its path.
    pub path: String,
    /// The answer when the pass began.
    pub first: Answer,
    /// Who gave it; empty where it came with an import or a scan.
    pub first_by: String,
    /// The answer given blindly.
    pub second: Answer,
    /// Who gave that.
    pub second_by: String,
    /// When.
    pub at: Timestamp,
}

impl SecondAnswer {
    /// What whoever gave the first answer is called among the others.
    #[must_use]
    pub fn first_name(&self) -> &str {
        if self.first_by.is_empty() { "(imported)" } else { &self.first_by }
    }

    /// What is compared: status, and the classes through merges in order of their ids; boxes count by class.
    #[must_use]
    pub fn compared(&self, set: &LabelSet) -> (AnswerKey, AnswerKey) {
        (answer_key(&self.first, set), answer_key(&self.second, set))
    }
}

/// What agreement compares: the status and the sorted classes.
pub type AnswerKey = (Status, Vec<ClassId>);

fn answer_key(answer: &Answer, set: &LabelSet) -> AnswerKey {
    let mut classes: Vec<ClassId> = answer.annotations.iter().map(|a| set.resolve(a.class)).collect();
    classes.sort_unstable();
    (answer.status, classes)
}

/// A picture whose answer is trusted, to be asked of people without a word.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gold {
    /// The sample.
    pub sample: SampleId,
    /// Its path; not read when it is marked.
    pub path: String,
    /// The answer that is trusted; it stays whatever becomes of the sample's own.
    pub answer: Answer,
    /// Who trusts it.
    pub author: String,
    /// Since when.
    pub at: Timestamp,
}

/// How far a blind second pass is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SecondPass {
    /// Samples chosen.
    pub chosen: u64,
    /// Of them answered.
    pub answered: u64,
}

/// Predictions of one model on one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplePredictions {
    /// The sample.
    pub sample: SampleId,
    /// They replace those of the same models on that sample.
    pub predictions: Vec<Prediction>,
}

/// Somebody who works on a project now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// The running program; one person may have several.
    pub client: uuid::Uuid,
    /// Who.
    pub author: String,
    /// What is on the screen.
    pub sample: Option<SampleId>,
    /// When the client was last heard of, by the server's clock; not read when it is announced.
    pub seen: Timestamp,
}

/// A file that an import or a watch has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// Where it lies.
    pub source: String,
    /// Its path there.
    pub path: String,
    /// What changes when it changes.
    pub etag: String,
    /// Which run took it.
    pub run: String,
}

/// Small values kept with a project, by name: sessions, the last sample, per-person cursors.
pub type Settings = BTreeMap<String, String>;

/// Everything a screen shows about the progress of a project in one read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tallies {
    /// By status, class, and empty.
    pub counts: crate::domain::project::Counts,
    /// Flagged samples.
    pub flagged: u64,
    /// Samples marked unsure.
    pub unsure: u64,
    /// Samples whose file is gone.
    pub missing: u64,
    /// Answered, without a verdict on the present revision.
    pub waiting: u64,
    /// Accepted at the present revision.
    pub accepted: u64,
    /// Rejected at the present revision.
    pub rejected: u64,
    /// With a verdict that an edit made stale.
    pub stale: u64,
}
