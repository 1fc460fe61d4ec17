//! Accepting a page: what it makes of each picture, and how it is taken back.

use super::pages;
use super::state::{Exception, ObjectId, ObjectsState, Step};
use crate::app::effect::{Effect, Write};
use crate::app::messages::Level;
use crate::app::registry;
use crate::app::screens::sweep::actions::{JUST_CAME_MS, is_seen};
use crate::app::screens::{Screen, answering};
use crate::app::state::State;
use crate::domain::annotation::{Shape, Verified};
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::ids::{AnnotationId, BatchId, EditId, Rev};
use crate::domain::sample::{Answer, Sample, Status};
use std::collections::BTreeSet;

/// Pages that can be taken back one after the other.
const MOST_STEPS: usize = 64;

/// What `Enter` would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Objects that are accepted.
    pub accepted: usize,
    /// Objects that get another class.
    pub classed: usize,
    /// Objects that go.
    pub deleted: usize,
    /// Objects whose pictures get a flag.
    pub flagged: usize,
    /// Objects that are not on the screen yet, and stay.
    pub waiting: usize,
}

/// What `Enter` would do with the page.
#[must_use]
pub fn tally(state: &State, objects: &ObjectsState) -> Tally {
    let mut out = Tally::default();
    for id in &objects.page {
        let Some((sample, _)) = objects.object(*id) else { continue };
        let count = match objects.marks.get(id) {
            Some(Exception::Class(_)) => &mut out.classed,
            Some(Exception::Delete) => &mut out.deleted,
            Some(Exception::Flag) => &mut out.flagged,
            None if is_seen(state, sample) => &mut out.accepted,
            None => &mut out.waiting,
        };
        *count += 1;
    }
    out
}

/// Accepts the page.
pub fn accept(state: &mut State) -> Vec<Effect> {
    let Some(Screen::Objects(objects)) = state.screen() else { return Vec::new() };
    if objects.page.is_empty() {
        let effects = pages::more(state);
        if effects.is_empty() {
            state.say(Level::Info, "nothing to accept here; [objects.next-class] goes to the next class");
        }
        return effects;
    }
    if state.clock.saturating_sub(objects.since) < JUST_CAME_MS {
        state.say(Level::Info, "this page has only just come; look at it, then press [objects.accept]");
        return Vec::new();
    }
    let counts = tally(state, objects);
    let decided: Vec<ObjectId> = objects.page.iter().copied().filter(|id| is_decided(state, objects, *id)).collect();
    if decided.is_empty() {
        state.say(Level::Info, "no crop of this page is on the screen; nothing was accepted");
        return Vec::new();
    }
    let mut samples: Vec<&Sample> = Vec::new();
    for (id, _) in &decided {
        if samples.last().is_none_or(|s| s.id != *id) {
            samples.extend(objects.stretch.sample(*id));
        }
    }
    let changes: Vec<Change> = samples.iter().flat_map(|s| decision(state, objects, s, &decided)).collect();
    let judged = changes.iter().filter(|c| matches!(c, Change::Verdict { .. })).count();
    let open = samples.len() - judged;
    let edits = answering::make(state, changes, "objects", Some(BatchId::fresh()));
    settle(state, decided, edits.iter().map(|e| e.id).collect());
    let mut effects = if edits.is_empty() { Vec::new() } else { vec![Effect::Write(Write::Edits(edits))] };
    effects.extend(pages::renew(state));
    state.say(Level::Info, told(counts, judged, open));
    effects
}

/// Whether accepting the page says something of an object: it was seen, or marked.
fn is_decided(state: &State, objects: &ObjectsState, id: ObjectId) -> bool {
    let seen = objects.object(id).is_some_and(|(sample, _)| is_seen(state, sample));
    seen || objects.object(id).is_some() && objects.marks.contains_key(&id)
}

/// What accepting the page makes of one sample: its answer where something was marked, its verdict where all of its
/// objects were looked at.
fn decision(state: &State, objects: &ObjectsState, sample: &Sample, decided: &[ObjectId]) -> Vec<Change> {
    let mark = |id: AnnotationId| objects.marks.get(&(sample.id, id));
    let mut answer = sample.answer.clone();
    answer.annotations.retain(|a| mark(a.id) != Some(&Exception::Delete));
    // What somebody has accepted as a whole says it of each of its objects.
    let keeps = state.team.keeps_objects() && !sample.is_accepted();
    for one in &mut answer.annotations {
        if let Some(Exception::Class(class)) = mark(one.id).filter(|m| **m != Exception::Class(one.class)) {
            (one.class, one.author, one.at, one.verified) = (*class, state.user.clone(), state.now, None);
        }
        let due = keeps && one.verified.is_none() && mark(one.id) != Some(&Exception::Flag);
        if due && decided.contains(&(sample.id, one.id)) {
            one.verified = Some(Verified { by: state.user.clone(), at: state.now });
        }
    }
    if sample.answer.annotations.iter().any(|a| mark(a.id) == Some(&Exception::Flag)) {
        answer.flagged = true;
    }
    if answer.annotations.is_empty() {
        // That there is nothing is an answer of its own, which nobody has given.
        answer.status = Status::Unlabeled;
    }
    let complete = is_complete(objects, sample, &answer, decided);
    let change = answering::answer_change(sample, answer);
    let rev = if change.is_some() { Rev(sample.rev.0 + 1) } else { sample.rev };
    let due = complete && (change.is_some() || !sample.is_accepted());
    change.into_iter().chain(due.then(|| answering::accepted(state, sample, rev))).collect()
}

/// Whether every box and outline of the answer was looked at, and there is nothing else to judge.
fn is_complete(objects: &ObjectsState, sample: &Sample, answer: &Answer, decided: &[ObjectId]) -> bool {
    let before = objects.looked.get(&sample.id);
    let looked = |id: AnnotationId| before.is_some_and(|ids| ids.contains(&id)) || decided.contains(&(sample.id, id));
    let all = answer.annotations.iter().all(|a| a.shape != Shape::Class && (a.verified.is_some() || looked(a.id)));
    all && !answer.flagged && answer.status == Status::Labeled && !answer.annotations.is_empty()
}

fn settle(state: &mut State, decided: Vec<ObjectId>, edits: Vec<EditId>) {
    let Some(objects) = state.objects_mut() else { return };
    for (sample, id) in &decided {
        objects.looked.entry(*sample).or_default().insert(*id);
    }
    objects.marks.clear();
    objects.cursor = 0;
    objects.steps.push(Step { objects: decided, edits });
    let over = objects.steps.len().saturating_sub(MOST_STEPS);
    objects.steps.drain(..over);
}

fn told(counts: Tally, judged: usize, open: usize) -> String {
    let Tally { accepted, classed, deleted, flagged, .. } = counts;
    let parts = [(classed, "with another class"), (deleted, "deleted"), (flagged, "flagged")];
    let parts: String = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect();
    let pictures = |n: usize| if n == 1 { "1 picture".to_owned() } else { format!("{n} pictures") };
    let whole = match (judged, open) {
        (n, 0) => format!("{} accepted", pictures(n)),
        (0, m) => format!("{} not complete yet", pictures(m)),
        (n, m) => format!("{} accepted, {m} not complete yet", pictures(n)),
    };
    format!("{accepted} looked at{parts}; {whole}; [objects.undo] takes it back")
}

/// Takes the last page back: in the store, where something was written for it.
pub fn undo(state: &mut State) -> Vec<Effect> {
    let unwritten = |o: &ObjectsState| o.steps.last().is_some_and(|s| s.edits.is_empty());
    if !state.objects().is_some_and(unwritten) {
        return registry::run(state, "edit.undo", &[]);
    }
    if let Some(step) = state.objects_mut().and_then(|o| o.steps.pop()) {
        forget(state, &step);
    }
    state.say(Level::Info, "taken back: the last page; nothing had been written for it");
    pages::renew(state)
}

/// Edits were taken back: what they were about is open again.
pub fn taken_back(state: &mut State, edits: &[Edit]) {
    for edit in edits {
        let Origin::Undo(of) = edit.origin else { continue };
        let Some(objects) = state.objects_mut() else { return };
        if let Some(at) = objects.steps.iter().position(|s| s.edits.contains(&of)) {
            let step = objects.steps.remove(at);
            forget(state, &step);
        }
    }
}

fn forget(state: &mut State, step: &Step) {
    let Some(objects) = state.objects_mut() else { return };
    for (sample, id) in &step.objects {
        let left: Option<&mut BTreeSet<AnnotationId>> = objects.looked.get_mut(sample);
        left.map(|ids| ids.remove(id));
    }
}
