//! What screens and `--json` tell of verdicts and of answers given twice.

use crate::domain::agreement::gold::GoldReport;
use crate::domain::agreement::{Agreement, Kappa};
use crate::domain::ids::SampleId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far the review of a project is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewReport {
    /// Answered samples without a verdict on their present revision, stale ones included.
    pub waiting: u64,
    /// Accepted at their present revision.
    pub accepted: u64,
    /// Rejected at their present revision.
    pub rejected: u64,
    /// With a verdict, but edited after it.
    pub stale: u64,
    /// Flagged samples.
    pub flagged: u64,
    /// Samples whose answer is marked unsure.
    pub unsure: u64,
    /// People with answers, the one with most samples first.
    pub people: Vec<String>,
    /// The present blind second pass of the person who asks.
    pub second: PassReport,
}

/// How far a blind second pass is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PassReport {
    /// Samples drawn.
    pub chosen: u64,
    /// Of them answered again.
    pub answered: u64,
}

impl PassReport {
    /// Samples still to be answered.
    #[must_use]
    pub fn left(self) -> u64 {
        self.chosen.saturating_sub(self.answered)
    }
}

/// How well first and second answers agree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgreementReport {
    /// Cohen's kappa of all pairs; nothing before the first pair.
    pub kappa: Option<Kappa>,
    /// The pairs that differ, newest first, at most [`AgreementReport::LISTED`].
    pub differ: Vec<Disagreement>,
    /// Pairs that differ in all.
    pub differ_count: u64,
    /// All measures, of all, of each two people and of each class.
    pub study: Option<Agreement>,
    /// How right people are on gold pictures.
    pub gold: GoldReport,
}

impl AgreementReport {
    /// So many differing pairs are listed; the others are only counted.
    pub const LISTED: usize = 1000;
}

/// One sample with two different answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The sample.
    pub sample: SampleId,
    /// Its path in the project.
    pub path: String,
    /// The first answer in words: `roses`, `skipped: blurred`.
    pub first: String,
    /// Who gave it.
    pub first_by: String,
    /// The second answer in words.
    pub second: String,
    /// Who gave that.
    pub second_by: String,
    /// In which boxes and outlines the two differ, in words; empty where neither has any.
    #[serde(default)]
    pub objects: String,
    /// When the second answer was given.
    pub at: Timestamp,
}
