//! Questions and changes of the review, the blind second pass and the statistics, as store calls.

use crate::app::event::Reply;
use crate::domain::class::LabelSet;
use crate::domain::ids::ProjectId;
use crate::ops::report::review::{AgreementReport, Disagreement, PassReport, ReviewReport};
use crate::store::records::SecondAnswer;
use crate::store::{Result, Store};

/// How far the review is, who has answered, and how far the person's second pass is.
pub(super) fn review(store: &mut dyn Store, project: ProjectId, user: &str) -> Result<Reply> {
    let tallies = store.tallies(project)?;
    let people = store.people(project)?.into_iter().map(|p| p.name).collect();
    let second = progress(store, project, user)?;
    Ok(Reply::Review(Box::new(ReviewReport {
        waiting: tallies.waiting,
        accepted: tallies.accepted,
        rejected: tallies.rejected,
        stale: tallies.stale,
        flagged: tallies.flagged,
        unsure: tallies.unsure,
        people,
        second,
    })))
}

/// How far the person's second pass is.
pub(super) fn progress(store: &mut dyn Store, project: ProjectId, user: &str) -> Result<PassReport> {
    let pass = store.second_pass(project, user)?;
    Ok(PassReport { chosen: pass.chosen, answered: pass.answered })
}

/// The samples of the person's second pass that are still to be answered.
pub(super) fn second_pass(store: &mut dyn Store, project: ProjectId, user: &str, limit: usize) -> Result<Reply> {
    let samples = store.second_pass_next(project, user, limit)?;
    Ok(Reply::SecondPass { samples, progress: progress(store, project, user)? })
}

/// Draws a second pass of so many in a hundred of the labelled samples, and says what was drawn.
///
/// # Errors
/// What the store says.
pub fn draw(store: &mut dyn Store, project: ProjectId, percent: u8, seed: u64, user: &str) -> Result<String> {
    let seed = u32::try_from(seed & u64::from(u32::MAX)).unwrap_or_default();
    let drawn = store.start_second_pass(project, f64::from(percent.min(100)) / 100.0, seed, user)?;
    Ok(match drawn {
        0 => "there is no labelled picture to draw".to_owned(),
        1 => "1 picture drawn".to_owned(),
        n => format!("{n} pictures drawn"),
    })
}

/// How well first and second answers agree, and where they differ, newest first.
pub(super) fn agreement(store: &mut dyn Store, project: ProjectId) -> Result<Reply> {
    let labels = store.project(project)?.labels;
    let kappa = Some(store.agreement(project)?).filter(|k| k.n > 0);
    let differ = store.disagreements(project)?;
    let differ_count = differ.len() as u64;
    let listed = differ.iter().rev().take(AgreementReport::LISTED).map(|pair| in_words(pair, &labels)).collect();
    Ok(Reply::Agreement(Box::new(AgreementReport { kappa, differ: listed, differ_count })))
}

fn in_words(pair: &SecondAnswer, labels: &LabelSet) -> Disagreement {
    Disagreement {
        sample: pair.sample,
        path: pair.path.clone(),
        first: pair.first.summary(labels),
        first_by: pair.first_by.clone(),
        second: pair.second.summary(labels),
        second_by: pair.second_by.clone(),
        at: pair.at,
    }
}
