//! Edits: what one key changes, with everything needed to take it back.
//!
//! An edit holds what stood before and what stands after, so its inverse is the same edit with the two swapped; undo,
//! redo, history, conflict display and as-of views all read that one record.

use super::class::LabelSet;
use super::ids::{BatchId, EditId, ProjectId, Rev, SampleId};
use super::review::Review;
use super::sample::Answer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an edit changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The answer of a sample. Raises its revision.
    Answer {
        /// The sample.
        sample: SampleId,
        /// The revision the person saw; another one in the store is a conflict.
        base: Rev,
        /// What stood.
        before: Answer,
        /// What stands.
        after: Answer,
    },
    /// A reviewer's verdict on a sample. Leaves its revision as it is.
    Verdict {
        /// The sample.
        sample: SampleId,
        /// The revision the reviewer saw.
        base: Rev,
        /// This reviewer's verdict before.
        before: Option<Review>,
        /// This reviewer's verdict now.
        after: Option<Review>,
    },
    /// The label set of the project.
    Classes {
        /// All classes before.
        before: LabelSet,
        /// All classes now.
        after: LabelSet,
    },
    /// A person's answer to a trusted (gold) picture that was mixed into their queue without a word. It is kept beside the
    /// sample: neither its answer nor its revision changes.
    Check {
        /// The sample.
        sample: SampleId,
        /// What this person had answered before.
        before: Option<Answer>,
        /// What this person answers now; nothing takes the answer back.
        after: Option<Answer>,
    },
}

impl Change {
    /// The change that takes this one back, based on revision `base`.
    #[must_use]
    pub fn inverse(&self, base: Rev) -> Self {
        match self.clone() {
            Self::Answer { sample, before, after, .. } => Self::Answer { sample, base, before: after, after: before },
            Self::Verdict { sample, before, after, .. } => Self::Verdict { sample, base, before: after, after: before },
            Self::Classes { before, after } => Self::Classes { before: after, after: before },
            Self::Check { sample, before, after } => Self::Check { sample, before: after, after: before },
        }
    }

    /// The sample it changes, if it changes one.
    #[must_use]
    pub fn sample(&self) -> Option<SampleId> {
        match self {
            Self::Answer { sample, .. } | Self::Verdict { sample, .. } | Self::Check { sample, .. } => Some(*sample),
            Self::Classes { .. } => None,
        }
    }
}

/// Why an edit was made; undo and redo name the edit they act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "origin", content = "of", rename_all = "snake_case")]
pub enum Origin {
    /// A person's key or command.
    Person,
    /// Takes back the named edit.
    Undo(EditId),
    /// Makes the named edit again.
    Redo(EditId),
    /// Came with an import or a scan (class from folder or CSV).
    Import,
}

/// How the message of every edit of an import begins. What takes an edit back keeps its message, not its origin: this is how
/// it is known that an import was taken back.
pub const IMPORT_MESSAGE: &str = "import ";

/// One edit on its way to a store, or as the store's history tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Made once by the client; a store takes it at most once.
    pub id: EditId,
    /// The project.
    pub project: ProjectId,
    /// What changes.
    #[serde(flatten)]
    pub change: Change,
    /// Why it was made.
    #[serde(flatten)]
    pub origin: Origin,
    /// Set when the edit is one of several that are undone together.
    pub batch: Option<BatchId>,
    /// Who made it.
    pub author: String,
    /// When it was made, by the client's clock.
    pub at: Timestamp,
    /// Free text, such as a commit message or `sweep`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Edit {
    /// A person's edit with a fresh id.
    #[must_use]
    pub fn by_person(project: ProjectId, change: Change, author: &str, at: Timestamp) -> Self {
        let author = author.to_owned();
        Self {
            id: EditId::fresh(),
            project,
            change,
            origin: Origin::Person,
            batch: None,
            author,
            at,
            message: String::new(),
        }
    }
}

/// What a store did with an edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Outcome {
    /// Durable in the store. An id it had already is also `Saved`, and changes nothing.
    Saved {
        /// The sample's revision now.
        rev: Rev,
    },
    /// Durable in the local journal, not yet confirmed by the remote store.
    Queued,
    /// Somebody else changed the sample first; nothing was overwritten.
    Conflict {
        /// The revision in the store.
        rev: Rev,
        /// The answer in the store; empty for a label set, which a project read again shows.
        theirs: Answer,
    },
    /// The store cannot take it, now or later: the sample is gone, a class is unknown, a number is not finite.
    Refused {
        /// What is wrong and what to do.
        reason: String,
    },
}
