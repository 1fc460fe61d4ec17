//! What workflows tell: plain records that screens draw and that `--json` prints as they are.
//!
//! What always holds: the JSON keys here are the ones that scripts rely on; a key may be added, none is renamed.

pub mod exchange;
pub mod quality;
pub mod review;
pub mod versions;

use crate::domain::agreement::Kappa;
use crate::domain::project::{Counts, Project, SkippedFile, Task};
use crate::domain::sample::Status;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a running workflow is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskProgress {
    /// What is being done now, as a person reads it: `reading folders`, `writing`.
    pub step: String,
    /// Pieces finished: files, samples or rows, as `unit` says.
    pub done: u64,
    /// Pieces in all, once known.
    pub total: Option<u64>,
    /// What a piece is, in the plural: `files`, `samples`.
    pub unit: String,
    /// Bytes read or written so far.
    pub bytes: u64,
}

impl TaskProgress {
    /// Share done, `0..=1`, once the total is known.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let total = self.total?;
        Some(if total == 0 { 1.0 } else { (self.done as f64 / total as f64).clamp(0.0, 1.0) })
    }
}

/// What a scan did: the answer of `project create` and `project rescan`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScanReport {
    /// The project's name.
    pub project: String,
    /// Its version.
    pub version: u32,
    /// Samples in the project after the scan.
    pub samples: u64,
    /// Of those, samples that have an answer.
    pub labeled: u64,
    /// The live classes of the project, in order.
    pub classes: Vec<String>,
    /// Files left out, at most [`ScanReport::SKIPPED_MAX`] of them.
    pub skipped: Vec<SkippedFile>,
    /// Files left out in all.
    pub skipped_count: u64,
    /// Pictures found by this scan.
    pub found: u64,
    /// The bytes of their files.
    pub bytes: u64,
    /// Samples this scan added.
    pub added: u64,
    /// Samples whose file has changed since the last scan.
    pub changed: u64,
    /// Samples whose file this scan no longer found; they stay in the project.
    pub missing: u64,
    /// Only counted, nothing written.
    pub dry_run: bool,
}

impl ScanReport {
    /// So many left-out files are listed; the others are only counted, so that a report stays small.
    pub const SKIPPED_MAX: usize = 1000;

    /// Notes a file that was left out.
    pub fn skip(&mut self, path: &str, reason: impl Into<String>) {
        self.skipped_count += 1;
        if self.skipped.len() < Self::SKIPPED_MAX {
            self.skipped.push(SkippedFile { path: path.to_owned(), reason: reason.into() });
        }
    }
}

/// Something a format cannot say, and how often that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// What is lost, as a sentence without the number: `boxes are not written`.
    pub what: String,
    /// How often.
    pub count: u64,
}

/// What an export did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportReport {
    /// The file or folder written.
    pub dest: String,
    /// The format: `csv`, `jsonl`, `folders`.
    pub format: String,
    /// Samples written.
    pub images: u64,
    /// Annotations written.
    pub annotations: u64,
    /// What could not be represented; empty when nothing was lost.
    pub loss: Vec<Loss>,
    /// The manifest file written beside the data.
    pub manifest: String,
    /// The version of a Delta table since which the rows are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Everything was there already, and nothing was written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unchanged: bool,
    /// Nothing was written: this is what would be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// One class of a project with its count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// Its name.
    pub name: String,
    /// Its hotkey; empty without.
    pub key: String,
    /// Samples that carry it, merged classes included.
    pub count: u64,
}

/// A project as `project list` and `project show` print it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectReport {
    /// Its name.
    pub project: String,
    /// Its version.
    pub version: u32,
    /// The id of the project it was cloned from.
    pub parent: Option<i64>,
    /// What is asked.
    pub task: Task,
    /// Where the pictures are.
    pub source: String,
    /// All samples.
    pub samples: u64,
    /// Samples by status; every status is present.
    pub status: BTreeMap<Status, u64>,
    /// Live classes in order.
    pub classes: Vec<ClassCount>,
    /// When it was put into the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trashed_at: Option<Timestamp>,
}

impl ProjectReport {
    /// Puts a project and its counts together.
    #[must_use]
    pub fn new(project: &Project, counts: &Counts) -> Self {
        Self {
            project: project.name.clone(),
            version: project.version,
            parent: project.parent.map(|p| p.0),
            task: project.task,
            source: project.source.clone(),
            samples: counts.samples(),
            status: every_status(counts),
            classes: class_counts(project, counts),
            trashed_at: project.trashed_at,
        }
    }
}

/// The count of every status, zeros included, so that scripts find every key.
#[must_use]
pub fn every_status(counts: &Counts) -> BTreeMap<Status, u64> {
    Status::ALL.into_iter().map(|s| (s, counts.of(s))).collect()
}

/// The live classes of a project with their counts, in order.
#[must_use]
pub fn class_counts(project: &Project, counts: &Counts) -> Vec<ClassCount> {
    let count = |c: &crate::domain::class::LabelClass| ClassCount {
        name: c.name.clone(),
        key: c.hotkey.clone(),
        count: counts.of_class(&project.labels, c.id),
    };
    project.labels.live().map(count).collect()
}

/// One person's share of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonReport {
    /// Who.
    pub user: String,
    /// Distinct samples this person answered.
    pub samples: u64,
    /// Samples per hour of work, pauses removed; nothing before the second answer.
    pub per_hour: Option<f64>,
    /// Median seconds between two answers, pauses left out.
    pub median_seconds: Option<f64>,
    /// The last answer.
    pub last: Option<Timestamp>,
}

/// Answers given in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourCount {
    /// The start of the hour, UTC.
    pub hour: Timestamp,
    /// Answers given in it.
    pub answers: u64,
}

/// How far, how fast, how sure, who: what the Stats screen and `status` show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatsReport {
    /// The project's name.
    pub project: String,
    /// Its version.
    pub version: u32,
    /// All samples.
    pub samples: u64,
    /// Samples by status; every status is present.
    pub status: BTreeMap<Status, u64>,
    /// Labeled samples without any annotation.
    pub empty: u64,
    /// Live classes in order.
    pub classes: Vec<ClassCount>,
    /// People, the busiest first.
    pub people: Vec<PersonReport>,
    /// Answers per hour over the last hours, oldest first, hours without answers included.
    pub activity: Vec<HourCount>,
    /// Seconds of work that the rest will take at the recent speed of all people together.
    pub eta_seconds: Option<f64>,
    /// Agreement of two people on the samples that both answered, where any were answered twice.
    pub kappa: Option<Kappa>,
    /// Edits that the store has not confirmed.
    pub unsent: u64,
    /// Edits that met somebody else's change.
    pub conflicts: u64,
}

impl StatsReport {
    /// Samples that need no further answer, as a share of all, `0..=1`; 0 without samples.
    #[must_use]
    pub fn share_done(&self) -> f64 {
        let done: u64 = [Status::Labeled, Status::Skipped].iter().filter_map(|s| self.status.get(s)).sum();
        if self.samples == 0 { 0.0 } else { done as f64 / self.samples as f64 }
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportReport {
    /// Pictures in the files.
    pub read: u64,
    /// Of them found in the project.
    pub matched: u64,
    /// Samples made.
    pub created: u64,
    /// Annotations and predictions added.
    pub annotations: u64,
    /// Of them predictions (guesses of a model). They are no answers: taking the import back leaves them.
    pub guesses: u64,
    /// Pictures that got an answer, or another one, or a mark beside it; also answers without annotations.
    pub answered: u64,
    /// Pictures whose answer, or whose predictions of that model, were others before.
    pub replaced: u64,
    /// Pictures that were left as they are.
    pub skipped: u64,
    /// Rows that were not taken.
    pub rejected: u64,
    /// Remarks on pictures (captions) added. They are no answers: taking the import back leaves them.
    pub comments: u64,
    /// Pictures of the files in each part (train, val, test) that the files speak of.
    pub parts: BTreeMap<String, u64>,
    /// Pictures put on the list of their part. Taking the import back leaves them there.
    pub listed: u64,
    /// Classes of which the file names key points. Taking the import back leaves the names.
    pub skeletons: u64,
    /// Samples made of pictures that are not there; never of a source that is not on this machine, which is not asked.
    pub unreadable: u64,
    /// Only counted, nothing written.
    pub dry_run: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_keys_scripts_rely_on() {
        let keys = |value: serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        let has = |value, wanted: &[&str]| {
            let found = keys(value);
            assert!(wanted.iter().all(|w| found.iter().any(|f| f == w)), "{wanted:?} in {found:?}");
        };
        let scan = serde_json::to_value(ScanReport::default()).unwrap();
        has(scan, &["project", "version", "samples", "labeled", "classes", "skipped"]);
        let export = serde_json::to_value(ExportReport::default()).unwrap();
        has(export, &["dest", "format", "images", "annotations", "loss", "manifest"]);
        let stats = StatsReport { status: every_status(&Counts::default()), ..StatsReport::default() };
        let stats = serde_json::to_value(stats).unwrap();
        has(stats["status"].clone(), &["unlabeled", "pre_labeled", "labeled", "skipped"]);
        has(stats, &["project", "status", "people", "unsent", "conflicts"]);
        has(serde_json::to_value(PersonReport::default()).unwrap(), &["user", "samples", "per_hour"]);
        let project = serde_json::to_value(ProjectReport::default()).unwrap();
        has(project, &["project", "version", "parent", "task", "source", "samples", "status", "classes"]);
    }

    #[test]
    fn a_report_stays_small() {
        let mut report = ScanReport::default();
        for i in 0..ScanReport::SKIPPED_MAX + 5 {
            report.skip(&format!("{i}.txt"), "not a picture");
        }
        assert_eq!(report.skipped.len(), ScanReport::SKIPPED_MAX);
        assert_eq!(report.skipped_count, ScanReport::SKIPPED_MAX as u64 + 5);
    }
}
