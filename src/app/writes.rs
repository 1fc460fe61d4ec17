//! What becomes of changes: the store's word on every edit, and how the screens follow.

mod elsewhere;
mod steps;

pub use elsewhere::{elsewhere, renew, renewed};
use steps::{ask_step, undone};

use super::effect::{Effect, Query};
use super::event::Wrote;
use super::messages::Level;
use super::overlays::{self};
use super::screens::label::state::LabelState;
use super::screens::{self, Screen, label, second_pass};
use super::slots::Slot;
use super::state::State;
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::ids::{Rev, SampleId};
use crate::domain::project::Counts;
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;
use std::collections::BTreeMap;

/// Takes what became of a change.
pub fn written(state: &mut State, wrote: Wrote) -> Vec<Effect> {
    match wrote {
        Wrote::Edits(edits, counts) => settled(state, &edits, counts),
        Wrote::Sent(edits) => sent(state, &edits),
        Wrote::Resolved(edit) => resolved(state, edit.as_deref()),
        Wrote::Rejected { edits, reason } => rejected(state, &edits, &reason),
        Wrote::Undone { redo, edits, samples, counts } => undone(state, redo, &edits, samples, counts),
        Wrote::Large { project, redo, pictures } => {
            ask_step(state, project, redo, pictures);
            Vec::new()
        }
        Wrote::SecondAnswer(stored) => {
            state.save.waiting = None;
            second_pass::stored(state, stored)
        }
        Wrote::Remarked(remark, found) => overlays::comments::written(state, &remark, found),
        Wrote::Done(text) => {
            if let Some(text) = text {
                state.say(Level::Info, text);
            }
            Vec::new()
        }
        Wrote::Projects(text) => {
            state.say(Level::Info, text);
            match state.screens.last() {
                Some(Screen::Projects(_) | Screen::Home(_) | Screen::Versions(_)) => screens::shown(state),
                _ => Vec::new(),
            }
        }
        Wrote::Refused(text) => {
            state.say(Level::Error, text);
            Vec::new()
        }
        Wrote::Waiting { count, reason } => {
            state.save.unsent = state.save.unsent.max(count);
            if state.save.waiting.as_ref() != Some(&reason) {
                state.say(Level::Error, format!("not saved yet, but kept and tried again: {reason}"));
            }
            state.save.waiting = Some(reason);
            Vec::new()
        }
    }
}

/// What became of edits: saved, or somebody else was first, or the store cannot take them.
fn settled(state: &mut State, edits: &[(Edit, Outcome)], counts: Option<Counts>) -> Vec<Effect> {
    state.save.waiting = None;
    state.save.unsent = state.save.unsent.saturating_sub(edits.len());
    // A fix is an answer and a verdict on one sample: it is counted and told once, as the answer.
    let mut met: BTreeMap<SampleId, String> = BTreeMap::new();
    let (mut refused, mut reload) = (Vec::new(), false);
    for (edit, outcome) in edits {
        match (outcome, edit.change.sample()) {
            (Outcome::Saved { rev }, _) => take_revision(state, edit, *rev),
            (Outcome::Queued, _) => {}
            (_, None) => reload = true,
            (Outcome::Conflict { rev, theirs }, Some(id)) => {
                let path = theirs_shown(state, edit, id, *rev, theirs);
                met.entry(id).or_insert_with(|| told(edit, &path));
            }
            (Outcome::Refused { reason }, Some(id)) => {
                put_back(state, edit, id);
                refused.push(printable(reason).into_owned());
            }
        }
    }
    if let Some(reason) = refused.first() {
        state.say(Level::Error, format!("not written: {reason}"));
    }
    match (met.len(), met.into_values().next()) {
        (1, Some(text)) => state.say(Level::Error, text),
        (0, _) => {}
        (n, _) => state.say(
            Level::Error,
            format!("somebody else changed {n} of the pictures first; there yours was not written, theirs is shown"),
        ),
    }
    // What waits in the journal is not in the store's counts yet: they are asked for when it was sent.
    let known = counts.is_some() || edits.iter().any(|(_, outcome)| *outcome == Outcome::Queued);
    take_counts(state, counts);
    let follows = state.stats().is_some() || state.review().is_some();
    let mut effects = if known { Vec::new() } else { ask_counts(state) };
    if follows && state.save.unsent == 0 {
        effects.extend(screens::refresh(state));
    }
    effects.extend(screens::adjudicate::saved(state));
    if let Some(project) = state.project.as_ref().map(|p| p.project.id).filter(|_| reload) {
        state.say(Level::Error, "the label set was changed elsewhere; your change was not written, theirs is shown");
        let tag = state.slots.ask(Slot::Project);
        effects.push(Effect::Ask(tag, Query::Project(project)));
    }
    effects
}

/// What a remote store did with edits that were kept here: where it took one, the screen shows it already.
fn sent(state: &mut State, edits: &[(Edit, Outcome)]) -> Vec<Effect> {
    let mut told: Option<String> = None;
    let mut count = 0;
    for (edit, outcome) in edits {
        let why = match (outcome, edit.change.sample()) {
            (Outcome::Saved { rev }, _) => {
                take_revision(state, edit, *rev);
                continue;
            }
            (Outcome::Queued, _) => continue,
            (Outcome::Conflict { rev, theirs }, Some(id)) => {
                let path = shown_instead(state, edit, id, *rev, theirs);
                format!("somebody else changed {path} first; [go.conflicts] shows both answers")
            }
            (Outcome::Conflict { .. }, None) => {
                "the label set was changed elsewhere; [go.conflicts] says more".to_owned()
            }
            (Outcome::Refused { reason }, _) => {
                format!("the store did not take an edit: {}; [go.conflicts] says more", printable(reason))
            }
        };
        count += 1;
        told.get_or_insert(why);
    }
    match (count, told) {
        (0, _) | (_, None) => {}
        (1, Some(text)) => state.say(Level::Error, text),
        (n, Some(_)) => {
            state.say(Level::Error, format!("{n} edits met somebody else's; [go.conflicts] shows both answers"))
        }
    }
    let mut effects = ask_counts(state);
    if count > 0 && matches!(state.screen(), Some(Screen::Conflicts(_))) {
        effects.extend(screens::shown(state));
    }
    effects
}

/// The screens count revisions up themselves; a store that does not count (CV Explorer's) says which one it is.
fn take_revision(state: &mut State, edit: &Edit, rev: Rev) {
    let Change::Answer { sample, base, after, .. } = &edit.change else { return };
    if rev == Rev(base.0.wrapping_add(1)) {
        return;
    }
    state.update_samples(|shown| {
        if shown.id == *sample && shown.answer == *after {
            shown.rev = rev;
        }
    });
}

/// A decision was carried out: what it wrote is shown.
fn resolved(state: &mut State, edit: Option<&Edit>) -> Vec<Effect> {
    if let Some((Change::Answer { sample, base, after, .. }, id)) = edit.map(|e| (&e.change, e.change.sample())) {
        let (rev, after) = (Rev(base.0 + 1), after.clone());
        debug_assert_eq!(Some(*sample), id);
        state.update_samples(|s| {
            if Some(s.id) == id {
                (s.rev, s.answer) = (rev, after.clone());
            }
        });
    }
    let mut effects = ask_counts(state);
    if matches!(state.screen(), Some(Screen::Conflicts(_))) {
        effects.extend(screens::shown(state));
    }
    effects
}

/// Edits that can never be written: the screen takes them back, last one first.
fn rejected(state: &mut State, edits: &[Edit], reason: &str) -> Vec<Effect> {
    state.save.unsent = state.save.unsent.saturating_sub(edits.len());
    for edit in edits.iter().rev() {
        match (&edit.change, edit.change.sample()) {
            (_, Some(id)) => put_back(state, edit, id),
            (Change::Classes { before, .. }, _) => {
                if let Some(open) = state.project.as_mut() {
                    open.project.labels = before.clone();
                }
            }
            _ => {}
        }
        if let Some(label) = state.label_mut() {
            label.tape.retain(|line| line.edit.id != edit.id);
        }
    }
    state.say(Level::Error, format!("{} not saved and taken back: {reason}", edits.len()));
    ask_counts(state)
}

/// Asks for the store's own counts once nothing is on its way.
pub fn ask_counts(state: &mut State) -> Vec<Effect> {
    let project = state.project.as_ref().map(|p| p.project.id);
    match project {
        Some(id) if state.save.settled() => vec![Effect::Ask(state.slots.ask(Slot::Counts), Query::Counts(id))],
        _ => Vec::new(),
    }
}

fn told(edit: &Edit, path: &str) -> String {
    match edit.change {
        Change::Verdict { .. } => {
            format!("somebody changed {path} before your verdict; it was not written, look at it again")
        }
        _ => format!("somebody else changed {path} first; your change was not written, theirs is shown"),
    }
}

/// Shows somebody else's answer on every screen that holds the sample. Returns the sample's path, safe to show.
fn theirs_shown(state: &mut State, edit: &Edit, id: SampleId, rev: Rev, theirs: &Answer) -> String {
    // The verdict of a fix is refused because of its answer, which has been counted.
    let is_verdict = matches!(edit.change, Change::Verdict { .. });
    if !(is_verdict && edit.batch.is_some() && edit.message == "review") {
        state.save.conflicts += 1;
    }
    shown_instead(state, edit, id, rev, theirs)
}

fn shown_instead(state: &mut State, edit: &Edit, id: SampleId, rev: Rev, theirs: &Answer) -> String {
    let mut path = String::new();
    state.update_samples(|sample| {
        if sample.id == id {
            (sample.rev, sample.answer) = (rev, theirs.clone());
            take_verdict_back(sample, edit);
            path = printable(&sample.path).into_owned();
        }
    });
    path
}

/// Shows again what stood before a change that the store did not take.
fn put_back(state: &mut State, edit: &Edit, id: SampleId) {
    if let Change::Check { before, .. } = &edit.change {
        label::gold::show(state, id, before.as_ref());
        return;
    }
    state.update_samples(|sample| {
        if sample.id == id {
            if let Change::Answer { base, before, .. } = &edit.change {
                (sample.rev, sample.answer) = (*base, before.clone());
            }
            take_verdict_back(sample, edit);
        }
    });
}

fn take_verdict_back(sample: &mut Sample, edit: &Edit) {
    if let Change::Verdict { before, .. } = &edit.change {
        sample.reviews.retain(|r| r.reviewer != edit.author);
        sample.reviews.extend(before.clone());
    }
}

/// The store's counts are taken once nothing is on its way any more; before that the screen's own are newer.
fn take_counts(state: &mut State, counts: Option<Counts>) {
    let settled = state.save.settled();
    if let (Some(counts), Some(open), true) = (counts, state.project.as_mut(), settled) {
        open.counts = counts;
    }
}

impl State {
    /// Changes every copy of samples that some screen holds. A blind second pass is left out.
    pub fn update_samples(&mut self, mut change: impl FnMut(&mut Sample)) {
        for screen in &mut self.screens {
            match screen {
                Screen::SecondPass(_) => {}
                Screen::Adjudicate(here) => {
                    here.disputes.iter_mut().flatten().map(|d| &mut d.sample).for_each(&mut change);
                }
                Screen::Gallery(gallery) => gallery.window.iter_mut().for_each(&mut change),
                Screen::Sweep(sweep) => sweep.stretch.samples.iter_mut().for_each(&mut change),
                Screen::Objects(objects) => objects.stretch.samples.iter_mut().for_each(&mut change),
                other => {
                    let Some(label) = other.walk_mut() else { continue };
                    // Gold pictures are shown as if nobody had answered them, whatever becomes of their own answer.
                    let ordinary = label.walk.iter_mut().filter(|s| !label.gold.holds(s.id));
                    ordinary.for_each(&mut change);
                }
            }
        }
    }

    /// A sample wherever it lies in the walk of a Label or Review screen, shown or not.
    pub fn walk_sample(&mut self, id: SampleId) -> Option<&mut Sample> {
        let walks = self.screens.iter_mut().rev().filter(|s| !matches!(s, Screen::SecondPass(_)));
        let ordinary = |label: &LabelState, id| !label.gold.holds(id);
        walks
            .filter_map(Screen::walk_mut)
            .filter(|label| ordinary(label, id))
            .find_map(|label| label.walk.iter_mut().find(|s| s.id == id))
    }
}
