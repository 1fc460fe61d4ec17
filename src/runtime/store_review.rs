//! Questions and changes of the review, the blind second pass and the statistics, as store calls.

use super::store_reads::from_ops;
use crate::app::effect::Remark;
use crate::app::event::Reply;
use crate::app::screens::adjudicate::Dispute;
use crate::domain::agreement::gold::GoldReport;
use crate::domain::agreement::objects::objects;
use crate::domain::agreement::{Study, adjudication};
use crate::domain::class::LabelSet;
use crate::domain::comment::Comment;
use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::sample::Note;
use crate::domain::text::printable;
use crate::ops::Watch;
use crate::ops::agreement::{self, HIT};
use crate::ops::gold as gold_pictures;
use crate::ops::report::review::{AgreementReport, Disagreement, PassReport, ReviewReport};
use crate::store::records::SecondAnswer;
use crate::store::{Result, Store};
use jiff::Timestamp;

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
    let pairs = agreement::pairs(store, project, AgreementReport::LISTED)?;
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    let study = agreement::study(store, project, Study::new(&labels, HIT), &mut watch).map_err(from_ops)?;
    let differ = pairs.differ().map(|pair| in_words(pair, &labels)).collect();
    let (kappa, differ_count) = (pairs.kappa(), pairs.differing);
    let gold = if store.capabilities().gold { gold_pictures::report(store, project)? } else { GoldReport::default() };
    Ok(Reply::Agreement(Box::new(AgreementReport { kappa, differ, differ_count, study: Some(study), gold })))
}

/// Marks a sample as gold, or takes the mark away; what was done, in words.
pub(super) fn gold(
    store: &mut dyn Store,
    project: ProjectId,
    sample: SampleId,
    on: bool,
    user: &str,
) -> Result<String> {
    let sample = store.sample(sample)?;
    let name = printable(&sample.path).into_owned();
    if !on {
        let gone = store.unmark_gold(project, &[sample.id])?;
        return Ok(if gone > 0 { format!("{name} is gold no more") } else { format!("{name} was not gold") });
    }
    let done = gold_pictures::mark(store, project, &[sample], user, Timestamp::now()).map_err(from_ops)?;
    Ok(match done.left.first() {
        Some((_, why)) => format!("{name} cannot be gold: {why}"),
        None => format!("{name} is gold; others meet it among their own"),
    })
}

/// Puts samples on a list or takes them off, and says so.
pub(super) fn list(
    store: &mut dyn Store,
    project: ProjectId,
    name: &str,
    samples: &[SampleId],
    on: bool,
) -> Result<String> {
    let n = samples.len();
    let pictures = if n == 1 { "the picture is".to_owned() } else { format!("{n} pictures are") };
    let all = if on {
        let rows: Vec<(SampleId, String)> = samples.iter().map(|id| (*id, String::new())).collect();
        store.put_list(project, name, &rows, false)?
    } else {
        store.take_off_list(project, name, samples)?
    };
    let (it, name) = (if n == 1 { "it" } else { "them" }, printable(name.trim()));
    // A list is no answer: undo would take back something else.
    let (way, back) = if on { ("on", format!("takes {it} off")) } else { ("off", format!("puts {it} back")) };
    Ok(format!("{pictures} {way} `{name}`, which has {all} now; [lists.put] {back}, not [edit.undo]"))
}

fn in_words(pair: &SecondAnswer, labels: &LabelSet) -> Disagreement {
    Disagreement {
        sample: pair.sample,
        path: pair.path.clone(),
        first: pair.first.summary(labels),
        first_by: pair.first_name().to_owned(),
        second: pair.second.summary(labels),
        second_by: pair.second_by.clone(),
        objects: objects(&pair.first, &pair.second, labels).words(("first", "second"), labels),
        at: pair.at,
    }
}

/// The comments on a picture.
///
/// # Errors
/// Where the store keeps none, that; else what the store says.
pub(super) fn comments(store: &mut dyn Store, sample: SampleId) -> Result<Reply> {
    if !store.capabilities().comments {
        return Err(store.unsupported("keep comments"));
    }
    Ok(Reply::Comments(sample, store.comments(sample)?))
}

/// Says something about a picture, or settles what was said; the comments and the remarks on it afterwards.
pub(super) fn remark(store: &mut dyn Store, remark: &Remark, user: &str) -> Result<(Vec<Comment>, Vec<Note>)> {
    let sample = match remark {
        Remark::Add { sample, annotation, text } => {
            let (author, text, at) = (user.to_owned(), text.clone(), Timestamp::now());
            let new = Comment { id: 0, sample: *sample, annotation: *annotation, author, text, at, resolved: false };
            store.add_comment(&new)?;
            *sample
        }
        Remark::Resolve { sample, id, resolved } => {
            store.resolve_comment(*id, *resolved)?;
            *sample
        }
    };
    Ok((store.comments(sample)?, store.sample(sample)?.notes))
}

/// So many pictures to be decided are fetched at once.
const DISPUTES: usize = 200;
/// Pairs of answers looked at a time.
const PAIRS: usize = 1_000;
/// Edits of a picture that are looked at for a decision, the newest.
const EDITS: usize = 50;

/// Pictures that were answered twice and differently, and about which nobody has decided since. Which of the two answers
/// is called A says nothing about which came first.
pub(super) fn disputes(store: &mut dyn Store, project: ProjectId) -> Result<Reply> {
    let labels = store.project(project)?.labels;
    let mut disputes: Vec<Dispute> = Vec::new();
    let mut last: Option<(SampleId, String)> = None;
    loop {
        let after = last.as_ref().map(|(sample, author)| (*sample, author.as_str()));
        let page = store.second_answers_after(project, after, PAIRS)?;
        let Some(end) = page.last() else { return Ok(Reply::Disputes { disputes, more: false }) };
        last = Some((end.sample, end.second_by.clone()));
        for pair in page {
            let known = disputes.last().is_some_and(|d| d.sample.id == pair.sample);
            if known || !adjudication::differ(&pair.first, &pair.second, &labels) {
                continue;
            }
            let history = store.history(project, Some(pair.sample), None, EDITS)?;
            if adjudication::is_decided(history.iter().map(|entry| &entry.edit), pair.at) {
                continue;
            }
            if disputes.len() == DISPUTES {
                return Ok(Reply::Disputes { disputes, more: true });
            }
            let sample = store.sample(pair.sample)?;
            let (a, b) = ((pair.first, pair.first_by), (pair.second, pair.second_by));
            let turned = (sample.id.0.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63) == 1;
            let (a, b) = if turned { (b, a) } else { (a, b) };
            let objects = objects(&a.0, &b.0, &labels);
            disputes.push(Dispute { sample, a, b, objects });
        }
    }
}
