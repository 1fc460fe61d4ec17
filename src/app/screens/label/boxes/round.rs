//! The round: one shape after the other, enlarged, with a verdict each. `Enter` keeps it, deleting and class keys change it.

use super::{Stage, changing, look_back, select, shapes};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::screens::viewing;
use crate::app::state::State;
use crate::app::zoom::View;
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::ids::{AnnotationId, ClassId};
use crate::domain::mask;

/// An object takes this share of the room.
const SHARE: f64 = 0.5;

/// A round through the shapes of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// What was looked at before.
    before: Option<View>,
    /// Those still to come, the next one last.
    left: Vec<AnnotationId>,
    /// How many were kept, deleted, given another class.
    pub verdicts: [usize; 3],
    /// How many there are in all.
    pub of: usize,
}

impl Round {
    /// The how-manieth shape is looked at, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.of - self.left.len()
    }
}

/// Begins a round, or keeps the shape that is looked at and goes on.
pub(super) fn go(state: &mut State) -> Vec<Effect> {
    if matches!(state.boxes().map(|m| &m.stage), Some(Stage::Round(_))) {
        verdict(state, 0);
        return Vec::new();
    }
    let mut left: Vec<AnnotationId> = shapes(state).map(|a| a.id).collect();
    left.reverse();
    let of = left.len();
    if of == 0 {
        state.say(Level::Info, "there is nothing to look at; [boxes.draw] draws a box");
        return Vec::new();
    }
    let before = state.viewing.zoom;
    let Some(mode) = state.boxes_mut() else { return Vec::new() };
    mode.stage = Stage::Round(Round { before, left, verdicts: [0; 3], of });
    next(state);
    Vec::new()
}

/// Looks at the next shape, or ends the round.
fn next(state: &mut State) {
    let Some(Stage::Round(round)) = state.boxes_mut().map(|m| &mut m.stage) else { return };
    match round.left.pop() {
        Some(id) => {
            select(state, Some(id));
            if let Some(part) = state.selected_shape().and_then(|a| extent(&a.shape)) {
                viewing::show_part(state, Some(part), SHARE);
            }
        }
        None => end(state),
    }
}

/// Ends the round and looks at what was looked at before.
pub(super) fn end(state: &mut State) {
    let Some(Stage::Round(round)) = state.boxes().map(|m| m.stage.clone()) else { return };
    if let Some(mode) = state.boxes_mut() {
        mode.stage = Stage::Rest;
    }
    select(state, None);
    look_back(state, round.before);
    let [kept, deleted, changed] = round.verdicts;
    state.say(
        Level::Info,
        format!("looked at {}: {kept} kept, {deleted} deleted, {changed} with another class", kept + deleted + changed),
    );
}

fn verdict(state: &mut State, which: usize) {
    if let Some(Stage::Round(round)) = state.boxes_mut().map(|m| &mut m.stage)
        && let Some(count) = round.verdicts.get_mut(which)
    {
        *count += 1;
    }
    next(state);
}

/// Gives the shape that is looked at another class, and goes on.
pub(super) fn relabel(state: &mut State, class: ClassId) -> Vec<Effect> {
    let same = state.selected_shape().is_some_and(|a| state.labels().resolve(a.class) == class);
    let effects = changing::relabel(state, class);
    verdict(state, if same { 0 } else { 2 });
    effects
}

/// Deletes the shape that is looked at, and goes on.
pub(super) fn delete(state: &mut State) -> Vec<Effect> {
    let effects = changing::delete(state);
    verdict(state, 1);
    effects
}

/// The box around a shape, as far as it has one that is cheap to know.
#[must_use]
pub fn extent(shape: &Shape) -> Option<BoxN> {
    match shape {
        Shape::Class => None,
        Shape::Box(at) => at.clamped(),
        Shape::Polygon { parts } => {
            let points: Vec<Point> = parts.iter().flatten().copied().collect();
            BoxN::around(&points, (1e-4, 1e-4))
        }
        Shape::Mask { size, counts } => mask::extent(*size, counts),
    }
}
