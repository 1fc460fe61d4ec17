//! What edits and undo need of a database: the rows they read, and the rows they write.
//!
//! Why a trait: a file is asked row by row, which costs nothing; over a network everything is fetched and written at
//! once, and the rules of edits must not know the difference. What always holds: what was written is what is read
//! afterwards in the same transaction, whether it was sent yet or not.

use super::tally::{Deltas, Facets};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit};
use crate::domain::ids::{ClassId, EditId, ProjectId, Rev, SampleId};
use crate::domain::review::Review;
use crate::domain::sample::Answer;
use crate::store::Result;
use uuid::Uuid;

/// What of a sample's row decides how an edit applies.
#[derive(Clone, Debug)]
pub(in crate::store) struct Head {
    pub(in crate::store) id: SampleId,
    pub(in crate::store) project: ProjectId,
    pub(in crate::store) sort_key: Vec<u8>,
    pub(in crate::store) rev: Rev,
    pub(in crate::store) state: Option<i64>,
    pub(in crate::store) author: Option<String>,
    pub(in crate::store) review: i64,
    pub(in crate::store) answer: Answer,
}

/// An event as undo needs it.
#[derive(Clone, Debug)]
pub(in crate::store) struct Done {
    pub(in crate::store) event: i64,
    pub(in crate::store) edit: EditId,
    pub(in crate::store) batch: Option<Uuid>,
    pub(in crate::store) previous: Option<i64>,
    pub(in crate::store) project: ProjectId,
    pub(in crate::store) message: String,
    pub(in crate::store) change: Change,
}

/// Which way a step of undo goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Way {
    /// Undo.
    Back,
    /// Redo.
    Again,
    /// Back, but as a new edit of its own.
    Apart,
}

/// An event to be appended.
pub(in crate::store) struct NewEvent<'a> {
    pub(in crate::store) edit: &'a Edit,
    /// See `origin` in the schema.
    pub(in crate::store) origin: i64,
    pub(in crate::store) of: Option<EditId>,
    /// What stood and what stands, as the store saw it.
    pub(in crate::store) change: &'a Change,
    pub(in crate::store) rev: Rev,
    pub(in crate::store) previous: Option<i64>,
}

/// What a sample's row says after an answer was written.
pub(in crate::store) struct Standing {
    pub(in crate::store) rev: Rev,
    /// The event whose result stands.
    pub(in crate::store) state: Option<i64>,
    /// The event that changed it.
    pub(in crate::store) event: i64,
    /// The class it stands under.
    pub(in crate::store) class: Option<i64>,
    pub(in crate::store) review: i64,
    pub(in crate::store) old: Facets,
    pub(in crate::store) new: Facets,
}

/// The rows behind edits, inside one write transaction.
pub(in crate::store) trait Desk {
    /// The store, for messages.
    fn place(&self) -> &str;
    /// The present revision of what an edit changed, if the edit was taken before.
    fn taken(&self, edit: EditId) -> Result<Option<Rev>>;
    /// Whether the project is there.
    fn has_project(&self, project: ProjectId) -> Result<bool>;
    /// A sample's row with its annotations.
    fn head(&self, id: SampleId) -> Result<Option<Head>>;
    /// The latest verdict by each reviewer.
    fn reviews(&self, id: SampleId) -> Result<Vec<Review>>;
    /// Who made the event.
    fn author_of(&self, event: Option<i64>) -> Result<Option<String>>;
    /// The label set.
    fn labels(&self, project: ProjectId) -> Result<LabelSet>;
    /// Whether the label set has a class.
    fn has_class(&self, project: ProjectId, class: ClassId) -> Result<bool>;
    /// Whether any sample carries the class or is predicted to.
    fn class_in_use(&self, project: ProjectId, class: ClassId) -> Result<bool>;
    /// The event of an edit.
    fn done(&self, edit: EditId) -> Result<Option<Done>>;
    /// The events of the next step: one, or all of its batch, in the order in which they are taken back or made again.
    fn next_step(&self, project: ProjectId, author: &str, way: Way) -> Result<Vec<Done>>;

    /// Appends an event; returns its number.
    fn append(&self, event: &NewEvent<'_>) -> Result<i64>;
    /// Writes the difference of two label sets.
    fn write_labels(&self, project: ProjectId, before: &LabelSet, after: &LabelSet) -> Result<()>;
    /// Writes an answer: annotations by difference, the row, the class list.
    fn write_answer(&self, head: &Head, after: &Answer, standing: &Standing) -> Result<()>;
    /// Writes or removes a reviewer's verdict.
    fn write_review(&self, sample: SampleId, reviewer: &str, review: Option<&Review>) -> Result<()>;
    /// Writes what the verdicts say together.
    fn write_review_code(&self, sample: SampleId, code: i64) -> Result<()>;
    /// Keeps or removes the author's answer to a gold picture.
    fn write_check(&self, edit: &Edit, sample: SampleId, answer: Option<&Answer>) -> Result<()>;
    /// Forgets what the author could redo.
    fn clear_redo(&self, project: ProjectId, author: &str) -> Result<()>;
    /// Puts an event on the author's list of what can be undone, or redone (`undone`).
    fn put_undo(&self, project: ProjectId, author: &str, undone: bool, event: i64) -> Result<()>;
    /// Takes an event off a list; whether it was there.
    fn drop_undo(&self, project: ProjectId, author: &str, undone: bool, event: i64) -> Result<bool>;
    /// Adds to the counts.
    fn add_tallies(&self, deltas: Deltas) -> Result<()>;
}
