//! What becomes of changes: the store's word on every edit, and how the screens follow.

use super::effect::{Effect, JumpTo};
use super::event::Wrote;
use super::messages::Level;
use super::screens::label::state::{FLASH_MS, Flash};
use super::screens::{self, Screen, label};
use super::state::State;
use crate::domain::edit::{Change, Edit, Outcome};
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
            Vec::new()
        }
        Wrote::Undone { redo, edits, samples, counts } => undone(state, redo, &edits, samples, counts),
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

/// One edit: saved, or somebody else was first.
fn settle(state: &mut State, edit: &Edit, outcome: Outcome) {
    let (Outcome::Conflict { rev, theirs }, Change::Answer { sample, .. }) = (outcome, &edit.change) else { return };
    state.save.conflicts += 1;
    let id = *sample;
    let mut path = String::new();
    if let Some(shown) = state.walk_sample(id) {
        (shown.rev, shown.answer) = (rev, theirs);
        path = printable(&shown.path).into_owned();
    }
    state
        .say(Level::Error, format!("somebody else changed {path} first; your change was not written, theirs is shown"));
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
        if let Some(shown) = state.walk_sample(sample.id) {
            *shown = sample;
        }
    }
    let what = match (&first, count) {
        (Some((_, path)), 1) => printable(path).into_owned(),
        (_, 0) => "the label set".to_owned(),
        (_, n) => format!("{n} pictures"),
    };
    state.say(Level::Info, format!("{verb}: {what}"));
    let until = state.clock + FLASH_MS;
    let mut effects = screens::refresh(state);
    if let Some(label) = state.label_mut() {
        label.draft = None;
        label.flash = Some(Flash { text: verb.to_owned(), class: None, until });
        effects.extend(label::walk::refresh_tape(state));
        if let Some((id, _)) = first {
            effects.extend(label::walk::jump(state, JumpTo::Sample(id)));
        }
    }
    effects
}

impl State {
    /// A sample of the walk of the Label screen, wherever that lies among the screens.
    pub fn walk_sample(&mut self, id: crate::domain::ids::SampleId) -> Option<&mut Sample> {
        self.screens.iter_mut().rev().find_map(|screen| match screen {
            Screen::Label(label) => label.walk.iter_mut().find(|s| s.id == id),
            _ => None,
        })
    }
}
