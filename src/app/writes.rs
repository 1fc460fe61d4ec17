//! What becomes of changes: the store's word on every edit, and how the screens follow.

use super::effect::{Effect, JumpTo};
use super::event::Wrote;
use super::messages::Level;
use super::screens::label::state::{FLASH_MS, Flash};
use super::screens::{self, Screen, label, second_pass};
use super::state::State;
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::ids::SampleId;
use crate::domain::project::Counts;
use crate::domain::sample::Sample;
use crate::domain::text::printable;

/// Takes what became of a change.
pub fn written(state: &mut State, wrote: Wrote) -> Vec<Effect> {
    match wrote {
        Wrote::Edits(edits, counts) => {
            state.save.waiting = None;
            state.save.unsent = state.save.unsent.saturating_sub(edits.len());
            for (edit, outcome) in edits {
                settle(state, &edit, outcome);
            }
            take_counts(state, counts);
            let follows = state.stats().is_some() || state.review().is_some();
            if follows && state.save.unsent == 0 { screens::refresh(state) } else { Vec::new() }
        }
        Wrote::Undone { redo, edits, samples, counts } => undone(state, redo, &edits, samples, counts),
        Wrote::SecondAnswer(stored) => {
            state.save.waiting = None;
            second_pass::stored(state, stored)
        }
        Wrote::Done(text) => {
            if let Some(text) = text {
                state.say(Level::Info, text);
            }
            Vec::new()
        }
        Wrote::Projects(text) => {
            state.say(Level::Info, text);
            match state.screens.last() {
                Some(Screen::Projects(_) | Screen::Home(_)) => screens::shown(state),
                _ => Vec::new(),
            }
        }
        Wrote::Refused(text) => {
            state.say(Level::Error, text);
            Vec::new()
        }
        Wrote::Waiting { count, reason } => {
            state.save.unsent = state.save.unsent.max(count);
            state.save.waiting = Some(reason);
            Vec::new()
        }
    }
}

/// One edit: saved, or somebody else was first, or the store cannot take it.
fn settle(state: &mut State, edit: &Edit, outcome: Outcome) {
    let Some(id) = edit.change.sample() else { return };
    let (rev, theirs) = match outcome {
        Outcome::Conflict { rev, theirs } => (rev, theirs),
        Outcome::Refused { reason } => {
            state.say(Level::Error, format!("not written: {}", printable(&reason)));
            return;
        }
        Outcome::Saved { .. } | Outcome::Queued => return,
    };
    let mut path = String::new();
    for shown in state.walk_samples(id) {
        (shown.rev, shown.answer) = (rev, theirs.clone());
        path = printable(&shown.path).into_owned();
        if let Change::Verdict { before, .. } = &edit.change {
            shown.reviews.retain(|r| r.reviewer != edit.author);
            shown.reviews.extend(before.clone());
        }
    }
    match edit.change {
        // The other half of a fix: its answer has been counted and told already.
        Change::Verdict { .. } if edit.batch.is_some() => {}
        Change::Verdict { .. } => {
            state.save.conflicts += 1;
            let text = format!("somebody changed {path} before your verdict; it was not written, look at it again");
            state.say(Level::Error, text);
        }
        _ => {
            state.save.conflicts += 1;
            let text = format!("somebody else changed {path} first; your change was not written, theirs is shown");
            state.say(Level::Error, text);
        }
    }
}

/// The store's counts are taken once nothing is on its way any more; before that the screen's own are newer.
fn take_counts(state: &mut State, counts: Option<Counts>) {
    let settled = state.save.unsent == 0;
    if let (Some(counts), Some(open), true) = (counts, state.project.as_mut(), settled) {
        open.counts = counts;
    }
}

fn undone(
    state: &mut State,
    redo: bool,
    edits: &[(Edit, Outcome)],
    samples: Vec<Sample>,
    counts: Option<Counts>,
) -> Vec<Effect> {
    let verb = if redo { "made again" } else { "taken back" };
    if edits.is_empty() {
        state.say(Level::Info, if redo { "nothing to make again" } else { "nothing to take back" });
        return Vec::new();
    }
    for (edit, _) in edits {
        if let (Change::Classes { after, .. }, Some(open)) = (&edit.change, state.project.as_mut()) {
            open.project.labels = after.clone();
        }
    }
    take_counts(state, counts);
    let first = samples.first().map(|s| (s.id, s.path.clone()));
    let count = samples.len();
    for sample in samples {
        state.walk_samples(sample.id).for_each(|shown| shown.clone_from(&sample));
    }
    let what = match (&first, count) {
        (Some((_, path)), 1) => printable(path).into_owned(),
        (_, 0) => "the label set".to_owned(),
        (_, n) => format!("{n} pictures"),
    };
    state.say(Level::Info, format!("{verb}: {what}"));
    let until = state.clock + FLASH_MS;
    let mut effects = screens::refresh(state);
    // A blind pass is told nothing of what happened to answers.
    let blind = state.second_pass().is_some();
    if let Some(label) = state.label_mut().filter(|_| !blind) {
        label.draft = None;
        label.flash = Some(Flash { text: verb.to_owned(), class: None, until });
        match state.review_mut() {
            Some(review) => review.asked = None,
            None => effects.extend(label::walk::refresh_tape(state)),
        }
        if let Some((id, _)) = first {
            effects.extend(label::walk::jump(state, JumpTo::Sample(id)));
        }
    }
    effects
}

impl State {
    /// A sample wherever it lies in the walk of a Label or Review screen, shown or not. A blind second pass is left out.
    pub fn walk_samples(&mut self, id: SampleId) -> impl Iterator<Item = &mut Sample> {
        let walks = self.screens.iter_mut().rev().filter(|s| !matches!(s, Screen::SecondPass(_)));
        walks.filter_map(Screen::walk_mut).filter_map(move |label| label.walk.iter_mut().find(|s| s.id == id))
    }

    /// The first of these.
    pub fn walk_sample(&mut self, id: SampleId) -> Option<&mut Sample> {
        self.walk_samples(id).next()
    }
}
