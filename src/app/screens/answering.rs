//! Answers: what each decision makes of an answer, and how answers become edits.
//!
//! What always holds: an edit carries the revision the person saw; its result is shown at once on every screen that
//! holds the sample, and in the counts; several edits of one action share a batch, so that one undo takes all back.

use super::counting::recount;
use crate::app::effect::{Effect, Write};
use crate::app::state::State;
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit};
use crate::domain::ids::{BatchId, ClassId, Rev, SampleId};
use crate::domain::review::{Review, Verdict};
use crate::domain::sample::{Answer, Sample, Status};
use jiff::Timestamp;
use std::collections::HashMap;

/// The answer with exactly these whole-picture classes: annotations that stay keep their author and time, boxes stay.
#[must_use]
pub fn with_classes(before: &Answer, labels: &LabelSet, classes: &[ClassId], author: &str, at: Timestamp) -> Answer {
    let mut annotations: Vec<Annotation> = before.without_draft().annotations;
    annotations.retain(|a| a.shape != Shape::Class || classes.contains(&labels.resolve(a.class)));
    for class in classes {
        if !annotations.iter().any(|a| a.shape == Shape::Class && labels.resolve(a.class) == *class) {
            annotations.push(Annotation::label(*class, author, at));
        }
    }
    Answer { status: Status::Labeled, skip_reason: None, flagged: before.flagged, unsure: false, annotations }
}

/// The answer of a sample that is put aside.
#[must_use]
pub fn skipped(before: &Answer, reason: Option<String>) -> Answer {
    Answer { status: Status::Skipped, skip_reason: reason, annotations: Vec::new(), ..before.clone() }
}

/// The answer that says: nothing of the label set is in the picture.
#[must_use]
pub fn emptied(before: &Answer) -> Answer {
    Answer { flagged: before.flagged, status: Status::Labeled, ..Answer::default() }
}

/// No answer, as before anybody gave one. A flag stays.
#[must_use]
pub fn cleared(before: &Answer) -> Answer {
    Answer { flagged: before.flagged, ..Answer::default() }
}

/// How many boxes, polygons and masks of people an answer has that another one has not any more. Those of a draft are
/// nobody's yet.
#[must_use]
pub fn lost_shapes(before: &Answer, after: &Answer) -> usize {
    let stays = |a: &Annotation| after.annotations.iter().any(|b| b.id == a.id);
    let shapes = before.annotations.iter().filter(|a| a.shape != Shape::Class && !before.is_draft());
    shapes.filter(|a| !stays(a)).count()
}

/// The change of a sample's answer, based on the revision that is shown; nothing if the answer stays the same.
#[must_use]
pub fn answer_change(sample: &Sample, after: Answer) -> Option<Change> {
    let before = sample.answer.clone();
    (before != after).then_some(Change::Answer { sample: sample.id, base: sample.rev, before, after })
}

/// Makes the edits of these changes and shows their results at once. The caller sends them, see [`send`].
pub fn make(state: &mut State, changes: Vec<Change>, message: &str, batch: Option<BatchId>) -> Vec<Edit> {
    let (author, now) = (state.user.clone(), state.now);
    let Some(open) = &mut state.project else { return Vec::new() };
    for change in &changes {
        match change {
            Change::Answer { before, after, .. } => recount(&mut open.counts, before, after),
            Change::Classes { after, .. } => open.project.labels = after.clone(),
            Change::Verdict { .. } | Change::Check { .. } => {}
        }
    }
    let project = open.project.id;
    super::versions::other_step(state);
    let edit = |change| Edit { message: message.to_owned(), batch, ..Edit::by_person(project, change, &author, now) };
    let edits: Vec<Edit> = changes.into_iter().map(edit).collect();
    show_everywhere(state, &edits);
    state.save.unsent += edits.len();
    edits
}

/// Shows what edits change on every screen that holds one of their samples.
pub fn show_everywhere(state: &mut State, edits: &[Edit]) {
    let mut by_sample: HashMap<SampleId, Vec<&Edit>> = HashMap::new();
    for (id, edit) in edits.iter().filter_map(|e| Some((e.change.sample()?, e))) {
        by_sample.entry(id).or_default().push(edit);
    }
    state.update_samples(|sample| {
        for edit in by_sample.get(&sample.id).into_iter().flatten() {
            show(sample, &edit.change, &edit.author);
        }
    });
}

/// What a sample looks like once the store has taken the change.
fn show(sample: &mut Sample, change: &Change, reviewer: &str) {
    match change {
        Change::Answer { base, after, .. } => {
            sample.answer = after.clone();
            sample.rev = Rev(base.0 + 1);
        }
        Change::Verdict { after, .. } => {
            sample.reviews.retain(|r| r.reviewer != reviewer);
            sample.reviews.extend(after.clone());
        }
        // It stands apart from the sample; the walk that mixed the picture in shows it, see `label::gold`.
        Change::Classes { .. } | Change::Check { .. } => {}
    }
}

/// Makes edits and sends them to the store: one batch if there are several.
pub fn send(state: &mut State, changes: Vec<Change>, message: &str) -> Vec<Effect> {
    let batch = (changes.len() > 1).then(BatchId::fresh);
    let edits = make(state, changes, message, batch);
    if edits.is_empty() { Vec::new() } else { vec![Effect::Write(Write::Edits(edits))] }
}

/// The person's verdict that a sample is right as it stands at a revision, in the place of an earlier one of theirs.
#[must_use]
pub fn accepted(state: &State, sample: &Sample, rev: Rev) -> Change {
    let reviewer = state.user.clone();
    let before = sample.reviews.iter().find(|r| r.reviewer == reviewer).cloned();
    let after = Review { rev, verdict: Verdict::Accepted, comment: None, reviewer, at: state.now };
    Change::Verdict { sample: sample.id, base: rev, before, after: Some(after) }
}
