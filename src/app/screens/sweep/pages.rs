//! The page of a sweep, and what is loaded behind it.

use super::state::SweepState;
use crate::app::effect::Effect;
use crate::app::screens::stretch;
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::ids::SampleId;
use crate::domain::sample::Sample;
use std::collections::HashSet;

/// Samples kept behind the page, so that an undo brings them back at once.
const KEPT: usize = 4_096;
/// At least so many samples are asked for at a time.
const LEAST: usize = 64;

/// Starts a sweep: asks for its first samples and for their number.
pub fn begin(state: &mut State) -> Vec<Effect> {
    state.slots.drop_answers(Slot::Sweep);
    state.slots.drop_answers(Slot::SweepTotal);
    ask(state, None)
}

fn ask(state: &mut State, beyond: Option<SampleId>) -> Vec<Effect> {
    let labels = state.labels();
    let Some((queue, zoom)) = state.sweep().map(|s| (s.queue(&labels), s.zoom)) else { return Vec::new() };
    let limit = (state.grid(zoom).page() * 2).max(LEAST);
    stretch::ask(state, Slot::Sweep, queue, beyond, limit)
}

/// Samples have come. They fill a page that is short, at its end, and wait behind a full one.
pub fn page(state: &mut State, samples: Vec<Sample>, end: bool) -> Vec<Effect> {
    let Some(sweep) = state.sweep_mut() else { return Vec::new() };
    let first = sweep.stretch.take(samples, end);
    let mut effects = fill(state);
    if first {
        effects.extend(total(state));
    }
    effects
}

fn total(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let found = state.sweep().and_then(|s| Some((s.queue(&labels), s.stretch.samples.front()?.id)));
    found.map_or_else(Vec::new, |(queue, first)| stretch::ask_total(state, Slot::SweepTotal, queue, first))
}

/// Adds what is open to a page that is short.
fn fill(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let Some(room) = state.sweep().map(|s| state.grid(s.zoom).page()) else { return Vec::new() };
    let clock = state.clock;
    let Some(sweep) = state.sweep_mut() else { return Vec::new() };
    let missing = room.saturating_sub(sweep.page.len());
    let more: Vec<SampleId> = sweep.ahead(&labels, missing).map(|s| s.id).collect();
    if !more.is_empty() {
        sweep.since = clock;
        sweep.page.extend(more);
    }
    keep_near(state)
}

/// Makes the page anew: what is open, in order. Exceptions that are still on it stay marked.
pub fn renew(state: &mut State) -> Vec<Effect> {
    if let Some(sweep) = state.sweep_mut() {
        sweep.page.clear();
    }
    let effects = fill(state);
    if let Some(sweep) = state.sweep_mut() {
        let page: HashSet<SampleId> = sweep.page.iter().copied().collect();
        sweep.marks.retain(|id, _| page.contains(id));
        if let Some(first) = sweep.page.first() {
            sweep.stretch.forget_before(*first, KEPT);
        }
    }
    effects
}

/// The window or the size of thumbnails has changed.
pub fn fit(state: &mut State) -> Vec<Effect> {
    if state.sweep().is_some() { renew(state) } else { Vec::new() }
}

/// Asks for more when less than a page waits behind the one on the screen.
fn keep_near(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let Some(sweep) = state.sweep() else { return Vec::new() };
    let room = state.grid(sweep.zoom).page();
    let open = sweep.stretch.samples.iter().filter(|s| sweep.is_open(s, &labels)).count();
    if open >= room * 2 || state.slots.is_waiting(Slot::Sweep) {
        return Vec::new();
    }
    let beyond = sweep.stretch.beyond();
    if beyond.is_none() { Vec::new() } else { ask(state, beyond) }
}

impl SweepState {
    /// The samples that will be on the next page if all of this one are accepted.
    pub fn ahead<'a>(
        &'a self,
        labels: &'a crate::domain::class::LabelSet,
        count: usize,
    ) -> impl Iterator<Item = &'a Sample> {
        let page: HashSet<SampleId> = self.page.iter().copied().collect();
        self.stretch.samples.iter().filter(move |s| !page.contains(&s.id) && self.is_open(s, labels)).take(count)
    }
}
