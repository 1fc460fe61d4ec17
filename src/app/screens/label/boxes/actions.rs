//! What can be done with boxes.

use super::{
    BoxMode, NO_BOXES_HERE, Stage, Way, attributes, can_draw, changing, drawing, draws, round, select, shapes, snapping,
};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::registry::{self, Scope, Spec};
use crate::app::screens::label::answer::{asks_for_shapes, can_answer};
use crate::app::state::State;

const BOXES: &[Scope] = &[Scope::Boxes];
/// Where boxes are drawn; a blind second pass has its own.
const LABEL: &[Scope] = &[Scope::Label, Scope::SecondPass];

/// The actions on boxes.
pub const SPECS: &[Spec] = &[
    Spec::looks(LABEL, "boxes.open", "boxes", "Draw and change boxes on the picture", 9, can_open, |s, _| open(s)),
    Spec::edits(
        BOXES,
        "boxes.draw",
        "box, then class",
        "Draw a box (mouse: `mouse = true`): two letters a corner, then its class",
        5,
        can_draw,
        |s, _| drawing::begin(s, 2, None),
    ),
    Spec::edits(
        BOXES,
        "boxes.extremes",
        "by four ends",
        "Draw a box by the object's four extreme points: left end, top, right end, bottom",
        0,
        can_draw,
        |s, _| drawing::begin(s, 4, None),
    ),
    Spec::moves(BOXES, "boxes.next", "next box", "Select the next box or outline", 3, |s, _| cycle(s, 1)),
    Spec::moves(BOXES, "boxes.previous", "previous box", "Select the box or outline before", 0, |s, _| cycle(s, -1)),
    Spec::edits(
        BOXES,
        "boxes.done",
        "done",
        "The boxes stand, or there is nothing here: go on to the next picture",
        2,
        can_answer,
        |s, _| {
            if matches!(s.boxes().map(|m| &m.stage), Some(Stage::Round(_))) {
                return round::go(s);
            }
            changing::done(s)
        },
    ),
    Spec {
        repeats: true,
        ..Spec::edits(
            BOXES,
            "boxes.push",
            "move",
            "Move the selected box, or its chosen edge; held down, it gets faster",
            2,
            on_shape,
            |s, args| towards(s, args, changing::push),
        )
    },
    Spec {
        repeats: true,
        ..Spec::edits(
            BOXES,
            "boxes.size",
            "resize",
            "Make the selected box wider, narrower, higher or lower",
            4,
            on_shape,
            |s, args| towards(s, args, changing::size),
        )
    },
    Spec::looks(
        BOXES,
        "boxes.edge",
        "edge",
        "Choose the edge that the arrows push, or the whole box again",
        0,
        on_shape,
        |s, args| match args.first().map(String::as_str) {
            Some("none") => changing::choose_edge(s, None),
            _ => towards(s, args, |s, way| changing::choose_edge(s, Some(way))),
        },
    ),
    Spec::edits(
        BOXES,
        "boxes.snap",
        "snap",
        "Move the sides of the selected box to the nearest strong edges of the picture",
        6,
        on_shape,
        |s, _| snapping::ask(s),
    ),
    Spec::edits(BOXES, "boxes.delete", "delete", "Delete the selected box or outline", 5, on_shape, |s, _| {
        if matches!(s.boxes().map(|m| &m.stage), Some(Stage::Round(_))) {
            return round::delete(s);
        }
        changing::delete(s)
    }),
    Spec::edits(
        BOXES,
        "boxes.clone",
        "clone",
        "Another box like the selected one, a little aside",
        0,
        on_shape,
        |s, _| changing::clone(s),
    ),
    Spec::edits(
        BOXES,
        "boxes.as-before",
        "as before",
        "The boxes of the picture before, once more on this one",
        0,
        can_draw,
        |s, _| changing::as_before(s),
    ),
    Spec::looks(
        BOXES,
        "boxes.attributes",
        "attributes",
        "What else is said of the selected box: set flags, change, add and delete values",
        0,
        has_selected,
        |s, _| attributes::open(s),
    ),
    Spec::edits(
        BOXES,
        "boxes.flag",
        "flag",
        "The selected box is occluded, truncated, difficult, a crowd, or it is not",
        0,
        on_shape,
        attributes::flag,
    ),
    Spec::looks(
        BOXES,
        "boxes.round",
        "look at each",
        "Look at each box and outline enlarged: keep it, delete it, or give it another class",
        6,
        has_shapes,
        |s, _| round::go(s),
    ),
    Spec::moves(
        BOXES,
        "boxes.back",
        "back",
        "One step back: to no edge, to no selection; then out of the boxes, or of a screen that is all about them",
        7,
        |s, _| back(s),
    ),
];

fn can_open(state: &State) -> Result<(), String> {
    if state.label().is_none_or(|l| l.sample().is_none()) {
        return Err("there is no picture here".to_owned());
    }
    if !asks_for_shapes(state) && shapes(state).next().is_none() {
        return Err(NO_BOXES_HERE.to_owned());
    }
    Ok(())
}

fn on_shape(state: &State) -> Result<(), String> {
    can_answer(state)?;
    has_selected(state)
}

fn has_selected(state: &State) -> Result<(), String> {
    has_shapes(state)?;
    let draws = if draws(state) { ", [boxes.draw] draws one" } else { "" };
    state
        .selected_shape()
        .map(|_| ())
        .ok_or_else(|| format!("nothing is selected; [boxes.next] selects the next{draws}"))
}

fn has_shapes(state: &State) -> Result<(), String> {
    let nothing = || match draws(state) {
        true => "there are no boxes here; [boxes.draw] draws one".to_owned(),
        false => "there are no outlines here; they come with an import".to_owned(),
    };
    shapes(state).next().map(|_| ()).ok_or_else(nothing)
}

/// Begins the work on boxes; where there are none yet, the first one is drawn at once.
fn open(state: &mut State) -> Vec<Effect> {
    let none = shapes(state).next().is_none();
    if let Some(label) = state.label_mut() {
        label.boxes = Some(BoxMode::default());
    }
    super::follow(state);
    if none && !state.read_only && can_draw(state).is_ok() { drawing::begin(state, 2, None) } else { Vec::new() }
}

fn cycle(state: &mut State, by: i64) -> Vec<Effect> {
    if let Err(why) = has_shapes(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    if matches!(state.boxes().map(|m| &m.stage), Some(Stage::Rest)) {
        let next = changing::neighbour(state, by);
        select(state, next);
        if let Some(mode) = state.boxes_mut() {
            mode.fresh = false;
        }
    }
    Vec::new()
}

fn towards(state: &mut State, args: &[String], act: fn(&mut State, Way) -> Vec<Effect>) -> Vec<Effect> {
    let way = match args.first().map(String::as_str) {
        Some("left") => Way::Left,
        Some("right") => Way::Right,
        Some("up") => Way::Up,
        Some("down") => Way::Down,
        _ => {
            state.say(Level::Info, "say where to: `boxes.push left`, `right`, `up` or `down`, on a key of the key map");
            return Vec::new();
        }
    };
    act(state, way)
}

/// `Esc`: one step back. Nothing that was done is lost.
fn back(state: &mut State) -> Vec<Effect> {
    let asked = asks_for_shapes(state);
    let Some(mode) = state.boxes_mut() else { return Vec::new() };
    match &mode.stage {
        Stage::Drawing(_) | Stage::Class(..) => drawing::back(state),
        Stage::Round(_) => round::end(state),
        Stage::Drag(_) => mode.stage = Stage::Rest,
        Stage::Rest if mode.edge.take().is_some() => {}
        Stage::Rest if mode.selected.is_some() => select(state, None),
        // A project that asks for boxes has no keys below these: the next step back leaves the screen.
        Stage::Rest if asked => return registry::run(state, "app.back", &[]),
        Stage::Rest => {
            if let Some(label) = state.label_mut() {
                label.boxes = None;
            }
        }
    }
    Vec::new()
}
