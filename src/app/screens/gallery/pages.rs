//! What of the queue is loaded: pages around the cursor, fetched by key, a bounded number of them.

use super::state::GalleryState;
use crate::app::effect::{Effect, JumpTo, Query};
use crate::app::messages::Level;
use crate::app::screens::grid::{Grid, first_zoom};
use crate::app::screens::moves::Move;
use crate::app::screens::queues::Chosen;
use crate::app::screens::{Screen, navigation};
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;
use crate::domain::ids::SampleId;
use crate::domain::queue::Queue;
use crate::domain::sample::Sample;

/// Samples kept in the window.
pub const KEPT: usize = 4_096;
/// At least so many samples are asked for at a time.
const LEAST: usize = 64;

/// Goes to the gallery of the open project: to the one that is open, or to a new one on the queue of the Label screen.
pub fn open(state: &mut State) -> Vec<Effect> {
    if state.gallery().is_some() {
        return navigation::go(state, Screen::Gallery(Box::default()));
    }
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let walked = |s: &&Screen| matches!(s, Screen::Label(label) if label.alone.is_none());
    let label = state.screens.iter().rev().find(walked).and_then(Screen::walk);
    let (chosen, from) = label.map_or((Chosen::default(), None), |l| {
        let chosen = Chosen { queue: l.queue.clone(), name: l.queue_name.clone(), saved: l.saved.clone() };
        (chosen, l.sample().map(|s| s.id))
    });
    let zoom = first_zoom(state.size, state.caps.cell);
    let fresh = GalleryState { zoom, ..GalleryState::default() };
    let mut effects = navigation::go(state, Screen::Gallery(Box::new(fresh)));
    let tag = state.slots.ask(Slot::GalleryQueues);
    effects.push(Effect::Ask(tag, Query::Queues(project)));
    effects.extend(set_queue(state, chosen.queue, chosen.name, from));
    effects
}

/// Shows another queue, from a sample or from the start.
pub fn set_queue(state: &mut State, queue: Queue, name: Option<String>, from: Option<SampleId>) -> Vec<Effect> {
    let Some(gallery) = state.gallery_mut() else { return Vec::new() };
    let saved = std::mem::take(&mut gallery.chosen.saved);
    let zoom = gallery.zoom;
    *gallery = GalleryState { chosen: Chosen { queue, name, saved }, zoom, ..GalleryState::default() };
    for slot in [Slot::Gallery, Slot::GalleryBack, Slot::GalleryJump, Slot::GalleryPosition] {
        state.slots.drop_answers(slot);
    }
    match from {
        Some(sample) => jump(state, JumpTo::Sample(sample)),
        None => first_page(state),
    }
}

fn first_page(state: &mut State) -> Vec<Effect> {
    if let Some(gallery) = state.gallery_mut() {
        gallery.at_start = true;
    }
    ask_page(state, None, false)
}

/// Whole rows, so that loading before the window moves no thumbnail sideways.
fn limit(grid: &Grid) -> usize {
    let rows = (LEAST.div_ceil(grid.columns)).max(grid.rows * 2);
    (rows * grid.columns).min(KEPT / 4)
}

fn ask_page(state: &mut State, beyond: Option<SampleId>, back: bool) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let Some((queue, zoom)) = state.gallery().map(|g| (g.chosen.queue.clone(), g.zoom)) else { return Vec::new() };
    let limit = limit(&state.grid(zoom));
    let tag = state.slots.ask(if back { Slot::GalleryBack } else { Slot::Gallery });
    vec![Effect::Ask(tag, Query::Page { project, queue, beyond, back, limit })]
}

fn jump(state: &mut State, to: JumpTo) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let Some((queue, zoom)) = state.gallery().map(|g| (g.chosen.queue.clone(), g.zoom)) else { return Vec::new() };
    let limit = limit(&state.grid(zoom));
    let tag = state.slots.ask(Slot::GalleryJump);
    vec![Effect::Ask(tag, Query::Jump { project, queue, to, limit })]
}

/// Samples have come.
pub fn page(state: &mut State, tag: Tag, samples: Vec<Sample>, end: bool) -> Vec<Effect> {
    let Some(zoom) = state.gallery().map(|g| g.zoom) else { return Vec::new() };
    let grid = state.grid(zoom);
    let Some(gallery) = state.gallery_mut() else { return Vec::new() };
    gallery.problem = None;
    let first = !std::mem::replace(&mut gallery.loaded, true);
    match tag.slot {
        Slot::Gallery => {
            gallery.at_end = end;
            append(gallery, samples);
        }
        Slot::GalleryBack => {
            gallery.at_start = end;
            let count = samples.len();
            samples.into_iter().rev().for_each(|s| gallery.window.push_front(s));
            (gallery.at, gallery.top) = (gallery.at + count, gallery.top + count);
        }
        _ if samples.is_empty() => {
            // The sample has left the queue: show the queue from its start.
            gallery.loaded = !first;
            return if first { first_page(state) } else { Vec::new() };
        }
        _ => {
            gallery.window = samples.into();
            (gallery.at, gallery.top, gallery.at_start, gallery.at_end) = (0, 0, false, end);
            gallery.rank = None;
            gallery.selected.clear();
        }
    }
    trim(gallery, &grid);
    gallery.scroll(&grid);
    let mut effects = keep_near(state);
    if first || tag.slot == Slot::GalleryJump {
        effects.extend(position(state));
    }
    effects
}

fn append(gallery: &mut GalleryState, samples: Vec<Sample>) {
    let known: std::collections::HashSet<SampleId> = gallery.window.iter().map(|s| s.id).collect();
    gallery.window.extend(samples.into_iter().filter(|s| !known.contains(&s.id)));
}

/// Forgets whole rows at the end that is further away; nothing while something is selected.
fn trim(gallery: &mut GalleryState, grid: &Grid) {
    while gallery.window.len() > KEPT && gallery.selected.is_empty() {
        if gallery.at > gallery.window.len() / 2 {
            let count = grid.columns.min(gallery.at);
            gallery.window.drain(..count);
            (gallery.at, gallery.top) = (gallery.at - count, gallery.top.saturating_sub(count));
            gallery.at_start = false;
        } else {
            gallery.window.truncate(gallery.window.len().saturating_sub(grid.columns));
            gallery.at_end = false;
        }
    }
}

/// Asks for the rank of the sample under the cursor.
fn position(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let Some((queue, sample)) = state.gallery().and_then(|g| Some((g.chosen.queue.clone(), g.sample()?.id))) else {
        return Vec::new();
    };
    let tag = state.slots.ask(Slot::GalleryPosition);
    vec![Effect::Ask(tag, Query::Position { project, queue, sample })]
}

/// Asks for more samples when fewer than two screens of them lie before or after the one on the screen.
fn keep_near(state: &mut State) -> Vec<Effect> {
    let Some(gallery) = state.gallery() else { return Vec::new() };
    let near = state.grid(gallery.zoom).page() * 2;
    if gallery.window.len() >= KEPT && !gallery.selected.is_empty() {
        return Vec::new();
    }
    let after = gallery.window.len().saturating_sub(gallery.top + near / 2);
    let (first, last) = (gallery.window.front().map(|s| s.id), gallery.window.back().map(|s| s.id));
    let on = !gallery.at_end && after < near && !state.slots.is_waiting(Slot::Gallery);
    let back = !gallery.at_start && gallery.top < near && !state.slots.is_waiting(Slot::GalleryBack);
    let mut effects = Vec::new();
    if on && last.is_some() {
        effects.extend(ask_page(state, last, false));
    }
    if back && first.is_some() {
        effects.extend(ask_page(state, first, true));
    }
    effects
}

/// Puts the cursor on a position of the window.
pub fn go(state: &mut State, at: usize) -> Vec<Effect> {
    let Some(zoom) = state.gallery().map(|g| g.zoom) else { return Vec::new() };
    let grid = state.grid(zoom);
    let Some(gallery) = state.gallery_mut() else { return Vec::new() };
    let before = gallery.at as u64;
    gallery.at = at;
    gallery.scroll(&grid);
    let now = gallery.at as u64;
    gallery.rank = gallery.rank.and_then(|rank| (rank + now).checked_sub(before)).filter(|rank| *rank > 0);
    keep_near(state)
}

/// Moves the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let Some(gallery) = state.gallery() else { return Vec::new() };
    let grid = state.grid(gallery.zoom);
    match way {
        Move::Top if !gallery.at_start => {
            let Chosen { queue, name, .. } = gallery.chosen.clone();
            return keeping_selection(state, |state| set_queue(state, queue, name, None));
        }
        Move::Bottom if !gallery.at_end => {
            let Some(total) = gallery.total.filter(|t| *t > 0) else {
                state.say(Level::Info, "the length of the queue is not known yet");
                return Vec::new();
            };
            return keeping_selection(state, |state| jump(state, JumpTo::Number(total)));
        }
        _ => {}
    }
    let at = way.apply_grid(gallery.at, gallery.window.len(), grid.columns, grid.rows);
    if at == gallery.at && gallery.window.len() >= KEPT && !gallery.selected.is_empty() {
        let text = format!("{} pictures are loaded; label the selection or clear it with [app.back] to go on", KEPT);
        state.say(Level::Info, text);
    }
    go(state, at)
}

/// A jump leaves the loaded samples behind, and with them what is selected there.
fn keeping_selection(state: &mut State, jump: impl FnOnce(&mut State) -> Vec<Effect>) -> Vec<Effect> {
    if state.gallery().is_some_and(|g| !g.selected.is_empty()) {
        state.say(
            Level::Info,
            "pictures are selected; label them or clear the selection with [app.back] before you jump",
        );
        return Vec::new();
    }
    jump(state)
}

/// Shows the next or previous screen of thumbnails.
pub fn turn(state: &mut State, on: bool) -> Vec<Effect> {
    let Some(gallery) = state.gallery() else { return Vec::new() };
    let (grid, len, at, top) = (state.grid(gallery.zoom), gallery.window.len(), gallery.at, gallery.top);
    let page = grid.page();
    let (at, top) = if on {
        ((at + page).min(len.saturating_sub(1)), top + page)
    } else {
        (at.saturating_sub(page), top.saturating_sub(page))
    };
    if let Some(gallery) = state.gallery_mut() {
        gallery.top = top;
    }
    go(state, at)
}

/// The window or the size of thumbnails has changed.
pub fn fit(state: &mut State) -> Vec<Effect> {
    let at = state.gallery().map(|g| g.at);
    at.map(|at| go(state, at)).unwrap_or_default()
}

/// What the screen asks for when it is shown again: counts may have changed elsewhere.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let loaded = state.gallery().is_some_and(|g| g.loaded);
    let Some(project) = state.project.as_ref().map(|p| p.project.id).filter(|_| loaded) else { return Vec::new() };
    let tag = state.slots.ask(Slot::Counts);
    let mut effects = vec![Effect::Ask(tag, Query::Counts(project))];
    effects.extend(fit(state));
    effects.extend(position(state));
    effects
}
