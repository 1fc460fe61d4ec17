//! The past of a project: named states, what differs between two, and the history of edits.

use crate::domain::edit::Edit;
use crate::domain::ids::{EventId, Rev, SampleId};
use crate::domain::project::Counts;
use crate::domain::sample::Answer;
use jiff::Timestamp;
use serde::Serialize;

/// A snapshot to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSnapshot {
    /// Unique in the project, compared without case; never given to another state.
    pub name: String,
    /// Who takes it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// Why, in the person's words; may be empty.
    pub message: String,
}

/// A name for the state of a project after an event; the state itself can be read for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Unique in the project, compared without case.
    pub name: String,
    /// The last event that belongs to it; `None` before the first.
    pub event: Option<EventId>,
    /// Who took it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// Why; may be empty.
    pub message: String,
    /// The counts as they were.
    pub counts: Counts,
}

/// A sample that was edited between two states.
#[derive(Clone, Debug, PartialEq)]
pub struct Differing {
    /// The sample.
    pub sample: SampleId,
    /// Its path.
    pub path: String,
    /// The answer of the first state.
    pub before: Answer,
    /// The answer of the second state; may mean the same as `before` where edits took each other back.
    pub after: Answer,
    /// Who made the last edit between the two.
    pub author: String,
    /// When.
    pub at: Timestamp,
}

/// A page of samples that were edited between two states, by path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// The samples.
    pub rows: Vec<Differing>,
    /// The path to go on after; `None` at the end.
    pub next: Option<String>,
}

/// A row of the history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// Its place; pages of the history go on before it.
    pub event: EventId,
    /// The sample's path, for edits of a sample.
    pub path: Option<String>,
    /// The sample's revision after it.
    pub rev: Rev,
    /// The edit itself, with what stood before and after.
    pub edit: Edit,
}
