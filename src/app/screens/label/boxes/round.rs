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
        Shape::Mask { size, counts } => mask_extent(*size, counts),
    }
}

/// The box around the ones of a mask, from its run lengths.
fn mask_extent([height, width]: [u32; 2], counts: &[u32]) -> Option<BoxN> {
    let (height, width) = (u64::from(height), u64::from(width));
    if height == 0 || width == 0 {
        return None;
    }
    let (mut at, mut ends) = (0_u64, None::<(u64, u64, u64, u64)>);
    for (i, count) in counts.iter().enumerate() {
        let (from, to) = (at, (at + u64::from(*count)).min(height * width));
        at = to;
        if i % 2 == 0 || from >= to {
            continue;
        }
        let (c0, c1) = (from / height, (to - 1) / height);
        // A run that goes on in the next column reaches from top to bottom.
        let (r0, r1) = if c0 == c1 { (from % height, (to - 1) % height) } else { (0, height - 1) };
        let old = ends.unwrap_or((c0, r0, c1, r1));
        ends = Some((old.0.min(c0), old.1.min(r0), old.2.max(c1), old.3.max(r1)));
    }
    let (c0, r0, c1, r1) = ends?;
    let (w, h) = (width as f64, height as f64);
    let (x, y) = (c0 as f64 / w, r0 as f64 / h);
    BoxN { x, y, w: (c1 + 1) as f64 / w - x, h: (r1 + 1) as f64 / h - y }.clamped()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_reaches_as_far_as_its_ones() {
        // 4 rows, 5 columns; ones at column 1 rows 1-2 and column 2 row 1.
        let at = mask_extent([4, 5], &[5, 2, 2, 1, 10]).unwrap();
        assert_eq!(at, BoxN { x: 0.2, y: 0.25, w: 0.6 - 0.2, h: 0.5 });
        assert_eq!(mask_extent([4, 5], &[20]), None);
        assert_eq!(mask_extent([0, 5], &[0, 1]), None);
    }
}
