//! Selecting thumbnails.

use super::pages;
use super::state::GalleryState;
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::state::State;
use crate::domain::ids::SampleId;

/// Selects the thumbnail under the cursor, or takes it out of the selection, and goes on.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    let Some(gallery) = state.gallery_mut() else { return Vec::new() };
    let Some(id) = gallery.sample().map(|s| s.id) else { return Vec::new() };
    if !gallery.selected.remove(&id) {
        gallery.selected.insert(id);
    }
    gallery.anchor = Some(id);
    let at = (gallery.at + 1).min(gallery.window.len().saturating_sub(1));
    pages::go(state, at)
}

/// Selects everything between the thumbnail selected last and the cursor, both included.
pub fn range(state: &mut State) -> Vec<Effect> {
    let Some(gallery) = state.gallery_mut() else { return Vec::new() };
    let at = gallery.at;
    let from = gallery.anchor.and_then(|id| gallery.window.iter().position(|s| s.id == id)).unwrap_or(at);
    let (low, high) = (from.min(at), from.max(at));
    let ids: Vec<SampleId> = gallery.window.range(low..=high.min(gallery.window.len() - 1)).map(|s| s.id).collect();
    gallery.selected.extend(ids);
    gallery.anchor = gallery.sample().map(|s| s.id);
    say_count(state)
}

/// Selects everything on the screen.
pub fn page(state: &mut State) -> Vec<Effect> {
    let Some(gallery) = state.gallery() else { return Vec::new() };
    let ids: Vec<SampleId> = gallery.shown(&state.grid(gallery.zoom)).map(|s| s.id).collect();
    add(state, ids)
}

/// Selects everything that is loaded.
pub fn loaded(state: &mut State) -> Vec<Effect> {
    let Some(gallery) = state.gallery() else { return Vec::new() };
    let ids: Vec<SampleId> = gallery.window.iter().map(|s| s.id).collect();
    let all = gallery.at_start && gallery.at_end;
    let effects = add(state, ids);
    if !all {
        let count = state.gallery().map_or(0, |g| g.selected.len());
        state.say(Level::Info, format!("{count} selected: everything loaded so far, not the whole queue"));
    }
    effects
}

fn add(state: &mut State, ids: Vec<SampleId>) -> Vec<Effect> {
    if let Some(gallery) = state.gallery_mut() {
        gallery.selected.extend(ids);
        gallery.anchor = gallery.sample().map(|s| s.id);
    }
    say_count(state)
}

/// Selects what is not selected on the screen, and takes out what is.
pub fn invert(state: &mut State) -> Vec<Effect> {
    let Some(gallery) = state.gallery() else { return Vec::new() };
    let ids: Vec<SampleId> = gallery.shown(&state.grid(gallery.zoom)).map(|s| s.id).collect();
    if let Some(gallery) = state.gallery_mut() {
        for id in ids {
            if !gallery.selected.remove(&id) {
                gallery.selected.insert(id);
            }
        }
    }
    say_count(state)
}

/// Clears the selection. Returns whether there was one.
pub fn clear(state: &mut State) -> bool {
    let clear = |g: &mut GalleryState| {
        g.anchor = None;
        !std::mem::take(&mut g.selected).is_empty()
    };
    state.gallery_mut().is_some_and(clear)
}

fn say_count(state: &mut State) -> Vec<Effect> {
    let count = state.gallery().map_or(0, |g| g.selected.len());
    state.say(Level::Info, format!("{count} selected"));
    Vec::new()
}
