//! The page of the object grid, and what is loaded behind it: samples that carry the class, fetched by key.

use super::state::{ObjectId, ObjectsState};
use crate::app::effect::Effect;
use crate::app::screens::{Screen, stretch};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::ids::SampleId;
use crate::domain::sample::Sample;
use std::collections::HashSet;

/// Samples kept, so that an undo brings their objects back at once.
const KEPT: usize = 1_024;
/// Samples asked for at a time.
const LIMIT: usize = 64;
/// After so many pages without any object the person is asked: the class may be one of whole pictures.
pub const BARREN: usize = 16;

/// Starts looking through a class: asks for its first samples.
pub fn begin(state: &mut State) -> Vec<Effect> {
    state.slots.drop_answers(Slot::Objects);
    state.slots.drop_answers(Slot::ObjectsTotal);
    ask(state, None)
}

fn ask(state: &mut State, beyond: Option<SampleId>) -> Vec<Effect> {
    let labels = state.labels();
    let queue = state.objects().filter(|o| o.class.is_some()).map(|o| o.queue(&labels));
    queue.map_or_else(Vec::new, |queue| stretch::ask(state, Slot::Objects, queue, beyond, LIMIT))
}

/// Samples have come. Their objects fill a page that is short, at its end, and wait behind a full one.
pub fn page(state: &mut State, samples: Vec<Sample>, end: bool) -> Vec<Effect> {
    let labels = state.labels();
    let Some(objects) = state.objects_mut() else { return Vec::new() };
    let first = objects.stretch.take(samples, end);
    objects.barren = if objects.open(&labels).next().is_some() { 0 } else { objects.barren + 1 };
    let mut effects = fill(state);
    if first {
        effects.extend(total(state));
    }
    effects
}

fn total(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let found = state.objects().and_then(|o| Some((o.queue(&labels), o.stretch.samples.front()?.id)));
    found.map_or_else(Vec::new, |(queue, first)| stretch::ask_total(state, Slot::ObjectsTotal, queue, first))
}

/// Adds what is open to a page that is short.
fn fill(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let Some(room) = state.objects().map(|o| state.grid(o.zoom).page()) else { return Vec::new() };
    let clock = state.clock;
    let Some(objects) = state.objects_mut() else { return Vec::new() };
    let missing = room.saturating_sub(objects.page.len());
    let more: Vec<ObjectId> = objects.ahead(&labels, missing).collect();
    if !more.is_empty() {
        objects.since = clock;
        objects.page.extend(more);
    }
    keep_near(state)
}

/// Makes the page anew: what is open, in order. Exceptions that are still on it stay marked.
pub fn renew(state: &mut State) -> Vec<Effect> {
    if let Some(objects) = state.objects_mut() {
        objects.page.clear();
    }
    let effects = fill(state);
    if let Some(objects) = state.objects_mut() {
        let page: HashSet<ObjectId> = objects.page.iter().copied().collect();
        objects.marks.retain(|id, _| page.contains(id));
        objects.cursor = objects.cursor.min(objects.page.len().saturating_sub(1));
        trim(objects);
    }
    effects
}

/// Forgets the first samples, as far as no page needs them.
fn trim(objects: &mut ObjectsState) {
    let Some(first) = objects.passed.iter().flatten().chain(&objects.page).map(|id| id.0).next() else { return };
    for id in objects.stretch.forget_before(first, KEPT) {
        objects.looked.remove(&id);
    }
}

/// The window or the size of the crops has changed.
pub fn fit(state: &mut State) -> Vec<Effect> {
    if state.objects().is_some() { renew(state) } else { Vec::new() }
}

/// What the screen asks for when it is shown again: objects may have changed under it. Pages that nothing was written for
/// are settled: an undo here must not take back what was done elsewhere.
pub fn shown(state: &mut State) -> Vec<Effect> {
    if let Some(objects) = state.objects_mut() {
        objects.steps.retain(|s| !s.edits.is_empty());
    }
    fit(state)
}

/// Goes on without a decision, or back to what was left so.
pub fn turn(state: &mut State, on: bool) -> Vec<Effect> {
    let Some(Screen::Objects(objects)) = state.screens.last_mut() else { return Vec::new() };
    objects.cursor = 0;
    if !on {
        let Some(page) = objects.passed.pop() else { return Vec::new() };
        objects.page = page;
        return renew(state);
    }
    if objects.page.is_empty() {
        return more(state);
    }
    let page = std::mem::take(&mut objects.page);
    objects.marks.clear();
    objects.passed.push(page);
    renew(state)
}

/// Asks for more although many samples had no object.
pub fn more(state: &mut State) -> Vec<Effect> {
    if let Some(objects) = state.objects_mut() {
        objects.barren = 0;
    }
    keep_near(state)
}

/// Asks for more when less than a page waits behind the one on the screen.
fn keep_near(state: &mut State) -> Vec<Effect> {
    let labels = state.labels();
    let Some(objects) = state.objects() else { return Vec::new() };
    let room = state.grid(objects.zoom).page();
    let enough = objects.ahead(&labels, room).count() >= room;
    if enough || objects.barren >= BARREN || state.slots.is_waiting(Slot::Objects) {
        return Vec::new();
    }
    let beyond = objects.stretch.beyond();
    if beyond.is_none() { Vec::new() } else { ask(state, beyond) }
}
