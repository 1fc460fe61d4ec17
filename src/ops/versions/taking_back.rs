//! Chosen samples get what an earlier state says of them again.
//!
//! What always holds: it is edits like any other, one batch that one undo takes back again; what somebody changed since the
//! two states were compared stays as it is.

use super::{Difference, Moment, Wanted, compare, now};
use crate::domain::difference::{self, Kind};
use crate::domain::edit::{self, Edit, Origin, Outcome};
use crate::domain::ids::{BatchId, SampleId};
use crate::domain::project::Project;
use crate::domain::sample::{Answer, Sample};
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
    /// Samples that have their answer of then again, or what was chosen of it.
    pub restored: u64,
    /// Samples that somebody changed since the two states were compared; they stay as they are.
    pub conflicts: u64,
    /// Nothing was written.
    pub dry_run: bool,
}

/// Who takes back what, and what it is called in the history.
#[derive(Clone, Debug)]
pub struct Restore<'a> {
    /// The state whose answers come back.
    pub to: &'a Moment,
    /// The newer state that it was compared with when that was decided: what was changed after it stays. `None` is the
    /// state in which this begins.
    pub seen: Option<&'a Moment>,
    /// Which of the differences, and by their kinds what of each.
    pub wanted: &'a Wanted,
    /// Who.
    pub author: &'a str,
    /// When.
    pub at: Timestamp,
    /// Only count.
    pub dry_run: bool,
}

/// Gives chosen samples their answers of an earlier state again, as one batch that one undo takes back. Where kinds of
/// differences are chosen, what differs in other ways stays as it is.
///
/// # Errors
/// The store's own, or that it was cancelled; what was committed before stays and is undone as one batch.
pub fn restore(
    store: &mut dyn Store,
    project: &Project,
    wanted: &Restore<'_>,
    watch: &mut Watch<'_>,
) -> Result<Restored, OpsError> {
    let seen = match wanted.seen {
        Some(seen) => seen.clone(),
        None => now(store, project)?,
    };
    let mut report = Restored { dry_run: wanted.dry_run, ..Restored::default() };
    let (batch, message) = (BatchId::fresh(), format!("restore {}", wanted.to.shown));
    let mut take = |store: &mut dyn Store, page: Vec<Difference>| {
        report.differing += page.len() as u64;
        if wanted.dry_run {
            return Ok(());
        }
        for chunk in page.chunks(COMMIT) {
            let ids: Vec<SampleId> = chunk.iter().map(|d| d.row.sample).collect();
            let samples = store.samples_by_id(&ids)?;
            let edits = chunk.iter().zip(samples).filter_map(|(found, sample)| taken_back(found, sample, wanted));
            let edits = edits.map(|e| Edit { batch: Some(batch), message: message.clone(), ..e });
            let edits: Vec<Edit> = edits.collect();
            report.conflicts += (chunk.len() - edits.len()) as u64;
            for outcome in store.commit(&edits)? {
                match outcome {
                    Outcome::Saved { .. } | Outcome::Queued => report.restored += 1,
                    _ => report.conflicts += 1,
                }
            }
        }
        Ok(())
    };
    compare(store, project, (wanted.to, &seen), wanted.wanted, watch, &mut take)?;
    Ok(report)
}

/// The edit for a sample; nothing where its answer is no more the one that the difference tells of: somebody has changed it
/// since, and their answer stays.
fn taken_back(found: &Difference, sample: Sample, wanted: &Restore<'_>) -> Option<Edit> {
    let is = &sample.answer;
    // Guesses of a model come without an edit, and make an unlabeled sample a pre-labeled one.
    let open = |a: &Answer| a.takes_drafts() && a.annotations.is_empty();
    let guessed = open(is) && open(&found.row.after);
    let status = if guessed { found.row.after.status } else { is.status };
    if (Answer { status, ..is.clone() }) != found.row.after {
        return None;
    }
    let kinds = &wanted.wanted.kinds;
    let after = match kinds.is_empty() {
        true => found.row.before.clone(),
        false => {
            let chosen: Vec<Kind> = found.change.kinds.iter().filter(|k| kinds.contains(k)).copied().collect();
            difference::taken_back(&found.row.before, is, &chosen)
        }
    };
    let (id, project) = (sample.id, sample.project);
    let change = edit::Change::Answer { sample: id, base: sample.rev, before: sample.answer, after };
    Some(Edit { origin: Origin::Person, ..Edit::by_person(project, change, wanted.author, wanted.at) })
}
