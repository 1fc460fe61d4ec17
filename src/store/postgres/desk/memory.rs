//! What a write transaction has fetched, and what it is going to write: nothing of it is in the database before the end.

use super::super::samples::Loaded;
use crate::domain::class::LabelSet;
use crate::domain::ids::{ClassId, EditId, ProjectId, Rev, SampleId};
use crate::store::native::desk::Done;
use crate::store::native::tally::Deltas;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use uuid::Uuid;

/// A sample as it was fetched and as it is to be.
pub(in crate::store::postgres) struct Held {
    pub(in crate::store::postgres) was: Loaded,
    pub(in crate::store::postgres) now: Loaded,
    pub(in crate::store::postgres) answered: bool,
    pub(in crate::store::postgres) touched: bool,
}

/// A row of the undo lists: whose, of which list, which event.
pub(in crate::store::postgres) type UndoKey = (i64, String, bool, i64);

/// An event to be written.
pub(in crate::store::postgres) struct EventRow {
    pub(in crate::store::postgres) id: i64,
    pub(in crate::store::postgres) edit: Uuid,
    pub(in crate::store::postgres) project: i64,
    pub(in crate::store::postgres) sample: Option<i64>,
    pub(in crate::store::postgres) kind: i64,
    pub(in crate::store::postgres) origin: i64,
    pub(in crate::store::postgres) of: Option<Uuid>,
    pub(in crate::store::postgres) batch: Option<Uuid>,
    pub(in crate::store::postgres) author: String,
    pub(in crate::store::postgres) at: i64,
    pub(in crate::store::postgres) message: String,
    pub(in crate::store::postgres) rev: i64,
    pub(in crate::store::postgres) previous: Option<i64>,
    pub(in crate::store::postgres) change: String,
}

/// What was fetched and what is to be written.
#[derive(Default)]
pub(in crate::store::postgres) struct Memory {
    /// Edits that were taken before, with their samples and the revisions of these.
    pub(super) taken: HashMap<EditId, Option<(SampleId, Rev)>>,
    /// Edits taken in this transaction, with their samples.
    pub(super) fresh: HashMap<EditId, Option<SampleId>>,
    pub(super) projects: HashMap<ProjectId, bool>,
    pub(in crate::store::postgres) samples: HashMap<SampleId, Option<Held>>,
    pub(in crate::store::postgres) labels: HashMap<ProjectId, LabelSet>,
    pub(super) authors: HashMap<i64, Option<String>>,
    pub(super) done: HashMap<EditId, Option<Done>>,
    /// Whether each was there, and whether it is to be.
    pub(in crate::store::postgres) undo: BTreeMap<UndoKey, (bool, bool)>,
    pub(in crate::store::postgres) cleared: BTreeSet<(i64, String)>,
    pub(super) in_use: HashMap<ProjectId, BTreeSet<ClassId>>,
    pub(super) numbers: VecDeque<i64>,
    pub(in crate::store::postgres) events: Vec<EventRow>,
    pub(in crate::store::postgres) deltas: Vec<Deltas>,
}
