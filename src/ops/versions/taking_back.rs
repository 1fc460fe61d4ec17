//! Chosen samples get what an earlier state says of them again.
//!
//! What always holds: it is edits like any other, one batch that one undo takes back again; what somebody changed since the
//! two states were compared stays as it is.

use super::{Difference, Moment, Wanted, compare, moment};
use crate::domain::edit::{self, Edit, Origin, Outcome};
use crate::domain::ids::{BatchId, SampleId};
use crate::domain::project::Project;
use crate::domain::sample::Answer;
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use jiff::Timestamp;
use serde::Serialize;

/// Edits of one commit.
const COMMIT: usize = 500;

/// What taking back did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Samples that differ and were wanted.
    pub differing: u64,
    /// Samples that have their answer of then again.
    pub restored: u64,
    /// Samples that somebody else changed meanwhile; they stay as they are.
    pub conflicts: u64,
    /// Nothing was written.
    pub dry_run: bool,
}

/// Who takes back what, and what it is called in the history.
#[derive(Clone, Debug)]
pub struct Restore<'a> {
    /// The state whose answers come back.
    pub to: &'a Moment,
    /// Which of the differences.
    pub wanted: &'a Wanted,
    /// Who.
    pub author: &'a str,
    /// When.
    pub at: Timestamp,
    /// Only count.
    pub dry_run: bool,
}

/// Gives chosen samples their answers of an earlier state again, as one batch that one undo takes back.
///
/// # Errors
/// The store's own, or that it was cancelled; what was committed before stays and is undone as one batch.
pub fn restore(
    store: &mut dyn Store,
    project: &Project,
    wanted: &Restore<'_>,
    watch: &mut Watch<'_>,
) -> Result<Restored, OpsError> {
    let now = moment(store, project, "now")?;
    let mut report = Restored { dry_run: wanted.dry_run, ..Restored::default() };
    let (batch, message) = (BatchId::fresh(), format!("restore {}", wanted.to.shown));
    let mut take = |store: &mut dyn Store, page: Vec<Difference>| {
        report.differing += page.len() as u64;
        if wanted.dry_run {
            return Ok(());
        }
        for chunk in page.chunks(COMMIT) {
            let edits: Result<Vec<Edit>, OpsError> = chunk
                .iter()
                .map(|d| Ok(taken_back(store, project, d.row.sample, d.row.before.clone(), wanted)?))
                .map(|e| e.map(|e| Edit { batch: Some(batch), message: message.clone(), ..e }))
                .collect();
            for outcome in store.commit(&edits?)? {
                match outcome {
                    Outcome::Saved { .. } | Outcome::Queued => report.restored += 1,
                    _ => report.conflicts += 1,
                }
            }
        }
        Ok(())
    };
    compare(store, project, (wanted.to, &now), wanted.wanted, watch, &mut take)?;
    Ok(report)
}

fn taken_back(
    store: &mut dyn Store,
    project: &Project,
    id: SampleId,
    after: Answer,
    wanted: &Restore<'_>,
) -> crate::store::Result<Edit> {
    let sample = store.sample(id)?;
    let change = edit::Change::Answer { sample: id, base: sample.rev, before: sample.answer, after };
    Ok(Edit { origin: Origin::Person, ..Edit::by_person(project.id, change, wanted.author, wanted.at) })
}
