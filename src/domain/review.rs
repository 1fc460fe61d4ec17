//! Verdicts on a sample's annotations, and when they stop counting.

use super::ids::Rev;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a reviewer decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The answer stands.
    Accepted,
    /// The answer goes back to be done again.
    Rejected,
}

impl Verdict {
    /// The name in files, JSON, SQL and filters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

/// A verdict on the answer a sample had at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The revision that was judged.
    pub rev: Rev,
    /// What was decided.
    pub verdict: Verdict,
    /// Why; expected for rejections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who judged.
    pub reviewer: String,
    /// When.
    pub at: Timestamp,
}

impl Review {
    /// A verdict is stale once the sample was edited after it.
    #[must_use]
    pub fn is_stale(&self, now: Rev) -> bool {
        self.rev < now
    }
}
