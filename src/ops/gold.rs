//! Gold pictures of a project: marking them, choosing what is mixed into a person's queue, how right people are.
//!
//! What always holds: what is trusted is the answer that stood when the picture was marked; a picture without an answer,
//! with a draft, or with a rejected answer is never gold; nobody is asked the same picture twice.

use super::OpsError;
use crate::domain::agreement::gold::{Checks, EVERY, GoldReport, READY, Ready, obstacle};
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::random::{first, mixed};
use crate::domain::sample::{Answer, Sample, Status};
use crate::store::records::Gold;
use crate::store::{Store, StoreError};
use jiff::Timestamp;

/// The setting with one gold picture of how many; 0 mixes none.
pub const SETTING: &str = "gold:every";
/// What marking did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Not gold before.
    pub new: u64,
    /// Gold before, with the present answer now.
    pub again: u64,
    /// Left as they are, each with why.
    pub left: Vec<(String, &'static str)>,
}

/// Marks samples as gold with the answers that stand.
///
/// # Errors
/// The store's own.
pub fn mark(
    store: &mut dyn Store,
    project: ProjectId,
    samples: &[Sample],
    author: &str,
    at: Timestamp,
) -> Result<Marked, OpsError> {
    let mut done = Marked::default();
    let mut marks = Vec::with_capacity(samples.len());
    for sample in samples {
        match obstacle(sample) {
            Some(why) => done.left.push((sample.path.clone(), why)),
            None => marks.push(Gold {
                sample: sample.id,
                path: sample.path.clone(),
                answer: Answer { flagged: false, ..sample.answer.clone() },
                author: author.to_owned(),
                at,
            }),
        }
    }
    done.new = store.mark_gold(project, &marks)?;
    done.again = (marks.len() as u64).saturating_sub(done.new);
    Ok(done)
}

/// How many gold pictures a new version of a project does not have: those of a version without answers, because what is
/// trusted does not stand there.
///
/// # Errors
/// The store's own.
pub fn left_behind(store: &mut dyn Store, project: ProjectId, annotations: bool) -> Result<u64, StoreError> {
    if annotations || !store.capabilities().gold {
        return Ok(0);
    }
    Ok(store.gold(project)?.len() as u64)
}

/// One picture of how many is gold; 0: none.
///
/// # Errors
/// The store's own.
pub fn every(store: &mut dyn Store, project: ProjectId) -> Result<u32, StoreError> {
    Ok(store.setting(project, SETTING)?.and_then(|text| text.parse().ok()).unwrap_or(EVERY))
}

/// What may be mixed into the queue of a person now. Which picture comes first, and at which places they come, is random
/// for each person and walk, and the same for the same `walk`.
///
/// # Errors
/// The store's own.
pub fn ready(store: &mut dyn Store, project: ProjectId, user: &str, walk: u64) -> Result<Ready, StoreError> {
    let mut open = store.gold_open(project, user)?;
    if open.is_empty() {
        return Ok(Ready::default());
    }
    let every = every(store, project)?;
    if every == 0 {
        return Ok(Ready::default());
    }
    let seed = user.bytes().fold(first(walk), |seed, byte| mixed(seed ^ u64::from(byte)).wrapping_add(1));
    open.sort_by_key(|id| first(seed ^ id.0.cast_unsigned()));
    open.truncate(READY);
    let samples = store.samples_by_id(&open)?;
    let at = |id: SampleId| samples.iter().find(|s| s.id == id).cloned();
    Ok(Ready { every, seed, samples: open.into_iter().filter_map(at).map(blind).collect() })
}

/// A gold sample as it is shown: as if nobody had said anything about it. A model's guess stays, as on any other.
fn blind(mut sample: Sample) -> Sample {
    let status = if sample.predictions.is_empty() { Status::Unlabeled } else { Status::PreLabeled };
    sample.answer = Answer { status, ..Answer::default() };
    sample.reviews.clear();
    sample.notes.clear();
    sample.likeness = None;
    sample
}

/// How right people are.
///
/// # Errors
/// The store's own.
pub fn report(store: &mut dyn Store, project: ProjectId) -> Result<GoldReport, StoreError> {
    let labels = store.project(project)?.labels;
    let marked = store.gold(project)?.len() as u64;
    let answers = store.gold_answers(project)?;
    let mut checks = Checks::new(&labels);
    for pair in &answers {
        checks.add(&pair.second_by, &pair.first, &pair.second);
    }
    Ok(checks.report(marked))
}
