//! Snapping: the sides of a box move to the nearest strong edges of the picture. They are looked for in its pixels, beside
//! the loop; the answer counts only if the box is still what it was.

use super::{changing, sight};
use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::screens::viewing::current;
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::annotation::Shape;

/// A side moves at most this share of the picture's side: somewhat more than two keys of the grid may be off.
const REACH: f64 = 0.02;
/// And at least so many pixels.
const PIXELS: f64 = 8.0;

/// Asks where the edges are.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    let Some((id, at)) = changing::selected_box(state) else { return Vec::new() };
    let Some((picture, _)) = current(state) else { return Vec::new() };
    let Some(sight) = sight::sight(state) else { return Vec::new() };
    let (w, h) = sight.pixel();
    let reach = (REACH.max(w * PIXELS), REACH.max(h * PIXELS));
    if let Some(mode) = state.boxes_mut() {
        mode.snapping = Some((id, at));
    }
    let tag = state.slots.ask(Slot::Snap);
    vec![Effect::Ask(tag, Query::Snap { picture, at, reach })]
}

/// The edges have been found.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let Some((id, before)) = state.boxes_mut().and_then(|m| m.snapping.take()) else { return Vec::new() };
    let same = state.selected_shape().is_some_and(|a| a.id == id && a.shape == Shape::Box(before));
    match reply {
        Reply::Snapped(to) if same && to == before => {
            state.say(Level::Info, "no stronger edge is near the sides of this box");
            Vec::new()
        }
        Reply::Snapped(to) if same => changing::reshape(state, id, "box snapped", to),
        Reply::Failed(text) => {
            state.say(Level::Error, text);
            Vec::new()
        }
        _ => Vec::new(),
    }
}
