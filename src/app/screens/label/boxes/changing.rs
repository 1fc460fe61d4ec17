//! Changing the shapes of a picture: each change is one edit of its answer.

use super::{Stage, Way, can_draw, select, shapes, sight, unfinished};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::screens::label::answer;
use crate::app::screens::second_pass;
use crate::app::state::State;
use crate::domain::annotation::{Annotation, Shape, Verified};
use crate::domain::geometry::{BoxN, Side};
use crate::domain::ids::{AnnotationId, ClassId};
use crate::domain::sample::{Answer, Status};
use std::collections::{BTreeMap, HashSet};

/// A clone lies this share of the picture to the right of its original, and below it.
const ASIDE: f64 = 0.02;

/// Changes the annotations of the picture on the screen as one edit.
///
/// With shapes on it the picture counts as answered. Without any it is not: that there is nothing is an answer of its
/// own, which `Enter` gives.
pub(super) fn change(state: &mut State, message: &str, change: impl FnOnce(&mut Vec<Annotation>)) -> Vec<Effect> {
    let Some(before) = state.label().and_then(|l| l.sample()).map(|s| s.answer.clone()) else { return Vec::new() };
    // Who changes something of a draft answers for all of it from then on; undo gives the draft back.
    let stands = if before.is_draft() { before.confirmed(&state.user, state.now) } else { before.clone() };
    let mut annotations = stands.annotations;
    change(&mut annotations);
    let status = if annotations.is_empty() { Status::Unlabeled } else { Status::Labeled };
    answer::edit(state, Answer { status, skip_reason: None, annotations, ..before }, message)
}

/// Changes the shape of one annotation, which is the person's from then on. A push against the edge changes nothing.
pub(super) fn reshape(state: &mut State, id: AnnotationId, message: &str, to: BoxN) -> Vec<Effect> {
    if shapes(state).any(|a| a.id == id && a.shape == Shape::Box(to)) {
        return Vec::new();
    }
    let (author, at) = (state.user.clone(), state.now);
    let effects = change(state, message, |annotations| {
        if let Some(one) = annotations.iter_mut().find(|a| a.id == id) {
            one.shape = Shape::Box(to);
            (one.author, one.at, one.verified) = (author, at, None);
        }
    });
    if let Some(mode) = state.boxes_mut().filter(|_| !effects.is_empty()) {
        mode.lifted = true;
    }
    effects
}

fn fresh(state: &State, class: ClassId, shape: Shape) -> Annotation {
    let (author, at) = (state.user.clone(), state.now);
    Annotation { id: AnnotationId::fresh(), class, shape, attributes: BTreeMap::new(), author, at, verified: None }
}

/// Adds a shape and selects it.
pub(super) fn add(state: &mut State, class: ClassId, shape: Shape) -> Vec<Effect> {
    if let Err(why) = answer::can_answer(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    let made = fresh(state, class, shape);
    let id = made.id;
    let effects = change(state, "box", |annotations| annotations.push(made));
    select(state, Some(id));
    if let Some(mode) = state.boxes_mut() {
        (mode.fresh, mode.lifted, mode.class) = (true, true, Some(class));
    }
    effects
}

/// The selected box; says why there is none.
pub(super) fn selected_box(state: &mut State) -> Option<(AnnotationId, BoxN)> {
    match state.selected_shape().map(|a| (a.id, a.shape.clone())) {
        Some((id, Shape::Box(at))) => Some((id, at)),
        Some((_, shape)) => {
            let text = format!("a {} keeps its outline here; it can be given another class or deleted", shape.kind());
            state.say(Level::Info, text);
            None
        }
        None => {
            state.say(Level::Info, "no box is selected; [boxes.next] selects one, [boxes.draw] draws one");
            None
        }
    }
}

/// Moves the selected box, or pushes its chosen edge. The same push again and again gets faster.
pub(super) fn push(state: &mut State, way: Way) -> Vec<Effect> {
    let Some((id, at)) = selected_box(state) else { return Vec::new() };
    let Some((dx, dy, sight)) = step(state, way, false) else { return Vec::new() };
    let edge = state.boxes().and_then(|m| m.edge);
    let to = match edge {
        Some(side @ (Side::Left | Side::Right)) if dx != 0.0 => at.with_edge(side, at.edge(side) + dx, sight.pixel().0),
        Some(side @ (Side::Top | Side::Bottom)) if dy != 0.0 => at.with_edge(side, at.edge(side) + dy, sight.pixel().1),
        // An arrow along the chosen edge chooses the edge it points at.
        Some(_) => return choose_edge(state, Some(way)),
        None => at.moved(dx, dy),
    };
    reshape(state, id, "box moved", to)
}

/// Makes the selected box larger or smaller at its right or lower edge.
pub(super) fn size(state: &mut State, way: Way) -> Vec<Effect> {
    let Some((id, at)) = selected_box(state) else { return Vec::new() };
    let Some((dx, dy, sight)) = step(state, way, true) else { return Vec::new() };
    let pixel = sight.pixel();
    let to = if dx != 0.0 {
        at.with_edge(Side::Right, at.edge(Side::Right) + dx, pixel.0)
    } else {
        at.with_edge(Side::Bottom, at.edge(Side::Bottom) + dy, pixel.1)
    };
    reshape(state, id, "box resized", to)
}

/// How far a push goes, across and down.
fn step(state: &mut State, way: Way, sizes: bool) -> Option<(f64, f64, sight::Sight)> {
    let sight = sight::sight(state)?;
    let clock = state.clock;
    let times = state.boxes_mut()?.run.push((way, sizes), clock);
    let (x, y) = sight.step();
    let (dx, dy) = match way {
        Way::Left => (-x, 0.0),
        Way::Right => (x, 0.0),
        Way::Up => (0.0, -y),
        Way::Down => (0.0, y),
    };
    Some((dx * times, dy * times, sight))
}

/// Chooses the edge that arrows push; nothing chooses the whole box again.
pub(super) fn choose_edge(state: &mut State, way: Option<Way>) -> Vec<Effect> {
    if way.is_some() && selected_box(state).is_none() {
        return Vec::new();
    }
    let edge = way.map(|way| match way {
        Way::Left => Side::Left,
        Way::Right => Side::Right,
        Way::Up => Side::Top,
        Way::Down => Side::Bottom,
    });
    if let Some(mode) = state.boxes_mut() {
        mode.edge = edge;
    }
    Vec::new()
}

/// Deletes the selected shape and selects the one after it.
pub(super) fn delete(state: &mut State) -> Vec<Effect> {
    let Some(id) = state.selected_shape().map(|a| a.id) else {
        state.say(Level::Info, "nothing is selected; [boxes.next] selects a box");
        return Vec::new();
    };
    let next = neighbour(state, 1).filter(|next| *next != id);
    let effects = change(state, "box deleted", |annotations| annotations.retain(|a| a.id != id));
    select(state, next);
    if shapes(state).next().is_none() {
        let text = if answer::asks_for_shapes(state) {
            "no boxes are left; [boxes.done] says that there is nothing here, [edit.undo] brings it back"
        } else {
            "no boxes are left; [edit.undo] brings it back"
        };
        state.say(Level::Info, text);
    }
    effects
}

/// The selected shape is right as it stands. Nothing else about the picture changes.
pub(super) fn verify(state: &mut State) -> Vec<Effect> {
    let Some(id) = state.selected_shape().map(|a| a.id) else { return Vec::new() };
    let Some(mut answer) = state.label().and_then(|l| l.sample()).map(|s| s.answer.clone()) else { return Vec::new() };
    let verified = Some(Verified { by: state.user.clone(), at: state.now });
    if let Some(one) = answer.annotations.iter_mut().find(|a| a.id == id) {
        one.verified = verified;
    }
    answer::edit(state, answer, "object kept")
}

/// Gives the selected shape another class; it is the person's from then on, and `verified` where they looked at it alone.
pub(super) fn relabel(state: &mut State, class: ClassId, verified: bool) -> Vec<Effect> {
    let Some(id) = state.selected_shape().map(|a| a.id) else { return Vec::new() };
    let (author, at) = (state.user.clone(), state.now);
    let verified = verified.then(|| Verified { by: author.clone(), at });
    let other = shapes(state).any(|a| a.id == id && a.class != class);
    let given = |annotations: &mut Vec<Annotation>| {
        if let Some(one) = annotations.iter_mut().find(|a| a.id == id) {
            (one.class, one.author, one.at, one.verified) = (class, author, at, verified);
        }
    };
    let effects = if other { change(state, "box relabelled", given) } else { Vec::new() };
    if let Some(mode) = state.boxes_mut() {
        (mode.class, mode.lifted) = (Some(class), true);
    }
    effects
}

/// Another box like the selected one, a little aside.
pub(super) fn clone(state: &mut State) -> Vec<Effect> {
    if let Err(why) = can_draw(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    let Some((_, at)) = selected_box(state) else { return Vec::new() };
    let Some(class) = state.selected_shape().map(|a| a.class) else { return Vec::new() };
    let aside = |from: f64, long: f64| if from + long + ASIDE <= 1.0 { ASIDE } else { -ASIDE };
    add(state, class, Shape::Box(at.moved(aside(at.x, at.w), aside(at.y, at.h))))
}

/// The boxes of the picture before, once more on this one; those that are here already are not doubled.
pub(super) fn as_before(state: &mut State) -> Vec<Effect> {
    let Some(label) = state.label() else { return Vec::new() };
    let Some(before) = label.at.checked_sub(1).and_then(|at| label.walk.get(at)) else {
        state.say(Level::Info, "no picture of this queue was shown before this one");
        return Vec::new();
    };
    let boxes = before.answer.annotations.iter().filter(|a| matches!(a.shape, Shape::Box(_)));
    let copied: Vec<(ClassId, Shape)> = boxes.map(|a| (a.class, a.shape.clone())).collect();
    let any = !copied.is_empty();
    let bits = |class: ClassId, shape: &Shape| match shape {
        Shape::Box(at) => Some((class, [at.x, at.y, at.w, at.h].map(f64::to_bits))),
        _ => None,
    };
    let here: HashSet<_> = shapes(state).filter_map(|a| bits(a.class, &a.shape)).collect();
    let new = |(class, shape): &(ClassId, Shape)| bits(*class, shape).is_some_and(|one| !here.contains(&one));
    let fresh: Vec<(ClassId, Shape)> = copied.into_iter().filter(new).collect();
    if fresh.is_empty() {
        let text =
            if any { "the boxes of the picture before are here already" } else { "the picture before has no boxes" };
        state.say(Level::Info, text);
        return Vec::new();
    }
    take(state, fresh, "boxes of the picture before")
}

/// The boxes that a model has guessed become the person's own.
fn take_guesses(state: &mut State) -> Vec<Effect> {
    let guessed = guesses(state);
    if guessed.is_empty() {
        state.say(Level::Info, "no model has guessed boxes here; [boxes.draw] draws one");
        return Vec::new();
    }
    take(state, guessed, "guesses accepted")
}

/// The shapes that a model has guessed on the picture on the screen.
#[must_use]
pub fn guesses(state: &State) -> Vec<(ClassId, Shape)> {
    let sample = state.label().and_then(|l| l.sample());
    let guessed = sample.into_iter().flat_map(|s| &s.predictions).filter(|p| p.shape != Shape::Class);
    guessed.map(|p| (p.class, p.shape.clone())).collect()
}

fn take(state: &mut State, shapes: Vec<(ClassId, Shape)>, message: &str) -> Vec<Effect> {
    let count = shapes.len();
    let made: Vec<Annotation> = shapes.into_iter().map(|(class, shape)| fresh(state, class, shape)).collect();
    let only = made.first().map(|a| a.id).filter(|_| count == 1);
    let effects = change(state, message, |annotations| annotations.extend(made));
    select(state, only);
    state.say(Level::Info, format!("{count} {}", if count == 1 { "box" } else { "boxes" }));
    effects
}

/// The shape after the selected one, or before it, in the order they were made; the first or last one if none is.
pub(super) fn neighbour(state: &State, by: i64) -> Option<AnnotationId> {
    let ids: Vec<AnnotationId> = shapes(state).map(|a| a.id).collect();
    let count = i64::try_from(ids.len()).ok().filter(|n| *n > 0)?;
    let at = state.boxes()?.selected.and_then(|id| ids.iter().position(|i| *i == id));
    let next = match at {
        Some(at) => (i64::try_from(at).unwrap_or(0) + by).rem_euclid(count),
        None if by > 0 => 0,
        None => count - 1,
    };
    usize::try_from(next).ok().and_then(|i| ids.get(i)).copied()
}

/// The picture is done: its boxes stand; without any, there is nothing here. Guesses of a model are taken first, to be
/// looked at.
pub fn done(state: &mut State) -> Vec<Effect> {
    match state.boxes().map(|m| (&m.stage, m.class)) {
        Some((Stage::Class(..), Some(class))) => return super::drawing::given(state, class),
        Some((Stage::Class(..), None)) => {
            state.say(Level::Warning, unfinished::CLASS);
            return Vec::new();
        }
        // That there is nothing here is not said by somebody who is drawing.
        Some((Stage::Drawing(drawing), _)) => {
            let text = unfinished::asked(drawing.asks());
            state.say(Level::Warning, text);
            return Vec::new();
        }
        _ => {}
    }
    let Some(sample) = state.label().and_then(|l| l.sample()) else { return Vec::new() };
    let (status, any) = (sample.answer.status, !sample.answer.annotations.is_empty());
    if !any && status != Status::Labeled && !guesses(state).is_empty() {
        return take_guesses(state);
    }
    if let Err(why) = answer::can_answer(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    if any {
        let mut effects = change(state, "", |_| {});
        second_pass::close(state);
        effects.extend(answer::go_on(state));
        return effects;
    }
    answer::empty(state)
}
