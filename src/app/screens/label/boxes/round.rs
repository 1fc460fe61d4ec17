//! The round: one shape after the other, enlarged, with a verdict each. `Enter` keeps it, deleting and class keys change it.
//!
//! What always holds: a verdict stands with its object until the object is changed, over restarts, where the store keeps it;
//! a round begins with the first object that has none; where somebody has accepted the picture, all of its objects have one.
//! An undo in a round goes back to the object that it was about.

use super::{Stage, changing, look_back, select, shapes};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::screens::label::answer;
use crate::app::screens::viewing;
use crate::app::state::State;
use crate::app::zoom::View;
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::edit::{Change, Edit};
use crate::domain::geometry::{BoxN, Point};
use crate::domain::ids::{AnnotationId, ClassId};
use crate::domain::mask;
use crate::domain::sample::{Sample, Status};

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
        self.of.saturating_sub(self.left.len())
    }
}

/// Begins a round, or keeps the shape that is looked at and goes on.
pub(super) fn go(state: &mut State) -> Vec<Effect> {
    if matches!(state.boxes().map(|m| &m.stage), Some(Stage::Round(_))) {
        return keep(state);
    }
    let of = shapes(state).count();
    let mut left: Vec<AnnotationId> = shapes(state).filter(|a| !has_verdict(state, a)).map(|a| a.id).collect();
    if left.is_empty() {
        state.say(Level::Info, "each of them has its verdict; this looks at all of them again");
        left = shapes(state).map(|a| a.id).collect();
    }
    left.reverse();
    let before = state.viewing.zoom;
    let Some(mode) = state.boxes_mut() else { return Vec::new() };
    mode.stage = Stage::Round(Round { before, left, verdicts: [0; 3], of });
    next(state);
    Vec::new()
}

/// Whether somebody has looked at a shape of the picture on the screen, or at the whole picture, since it was changed last.
fn has_verdict(state: &State, shape: &Annotation) -> bool {
    shape.verified.is_some() || state.label().and_then(|l| l.sample()).is_some_and(Sample::is_accepted)
}

/// Whether a verdict is written with the object. In a blind second pass it would be one about another answer; who keeps one
/// box of a draft has not said anything of the others.
fn writes(state: &State) -> bool {
    let labeled = state.label().and_then(|l| l.sample()).is_some_and(|s| s.answer.status == Status::Labeled);
    labeled && state.team.keeps_objects() && state.second_pass().is_none() && !state.read_only
}

/// The shape that is looked at stays as it is.
fn keep(state: &mut State) -> Vec<Effect> {
    let open = state.selected_shape().is_some_and(|a| !has_verdict(state, a));
    let mut effects = Vec::new();
    if open && writes(state) {
        if let Err(why) = answer::can_answer(state) {
            state.say(Level::Info, why);
            return effects;
        }
        effects = changing::verify(state);
    }
    verdict(state, 0);
    effects
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
    if kept + deleted + changed == 0 {
        return;
    }
    let lost =
        if kept == 0 || state.team.keeps_objects() { "" } else { "; this store does not remember which were kept" };
    state.say(
        Level::Info,
        format!(
            "looked at {}: {kept} kept, {deleted} deleted, {changed} with another class{lost}",
            kept + deleted + changed
        ),
    );
}

/// Edits were taken back while a round is on: it goes back to the object that the last of them was about.
pub fn taken_back(state: &mut State, edits: &[Edit]) {
    let here = state.label().and_then(|l| l.sample()).map(|s| s.id);
    let found = edits.iter().filter(|edit| edit.change.sample() == here).find_map(undone);
    let now = state.boxes().and_then(|m| m.selected);
    let Some((object, which)) = found else { return };
    let Some(Stage::Round(round)) = state.boxes_mut().map(|m| &mut m.stage) else { return };
    if let Some(count) = round.verdicts.get_mut(which) {
        *count = count.saturating_sub(1);
    }
    round.left.retain(|id| *id != object && Some(*id) != now);
    round.left.extend(now.filter(|id| *id != object));
    round.left.push(object);
    next(state);
}

/// The object whose verdict an edit has taken back, and which verdict it was.
fn undone(edit: &Edit) -> Option<(AnnotationId, usize)> {
    let Change::Answer { before, after, .. } = &edit.change else { return None };
    after.annotations.iter().filter(|a| a.shape != Shape::Class).find_map(|is| {
        match before.annotations.iter().find(|was| was.id == is.id) {
            None => Some((is.id, 1)),
            Some(was) if was.class != is.class => Some((is.id, 2)),
            Some(was) if was.verified.is_some() && is.verified.is_none() => Some((is.id, 0)),
            Some(_) => None,
        }
    })
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
    if state.selected_shape().is_some_and(|a| state.labels().resolve(a.class) == class) {
        return keep(state);
    }
    let effects = changing::relabel(state, class, writes(state));
    verdict(state, 2);
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
