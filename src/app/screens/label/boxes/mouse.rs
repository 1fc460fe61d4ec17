//! Boxes by the mouse: a drag over the picture draws one, a drag of a box moves it, a drag of an edge or a corner of the
//! selected one pushes that.
//!
//! What always holds: a slip makes no box that is too thin to be seen, and pulls none so thin; keys may.

use super::drawing::Drawing;
use super::grid::Grid;
use super::{Stage, can_draw, changing, drawing, round, select, shapes, sight, takes_classes, unfinished};
use crate::app::effect::Effect;
use crate::app::event::Pointer;
use crate::app::messages::Level;
use crate::app::registry;
use crate::app::screens::label::answer;
use crate::app::state::State;
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point, Side};
use crate::domain::ids::{AnnotationId, ClassId};

/// An edge is taken by a press so many cells from it, or less.
const NEAR: (f64, f64) = (1.0, 0.5);
/// A drag shorter than this, in cells, is a click.
const CLICK: f64 = 0.3;
/// A box is drawn by the mouse with so many pixels of the screen a side at least, or one cell where only cells are told.
const THIN: f64 = 3.0;

/// A drag that is going on.
#[derive(Clone, Debug, PartialEq)]
pub struct Drag {
    from: (f64, f64),
    what: What,
    /// What the box is by now.
    pub now: Option<BoxN>,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// A new box, of this class if it was said before.
    New(Option<ClassId>),
    /// The whole box.
    Whole(AnnotationId, BoxN),
    /// One or two edges of it.
    Edges(AnnotationId, BoxN, Option<Side>, Option<Side>),
}

/// The mouse did something at a place of the screen, in cells and parts of them.
pub fn pointer(state: &mut State, what: Pointer, at: (f64, f64)) -> Vec<Effect> {
    if !takes_classes(state) || !state.overlays.is_empty() {
        return Vec::new();
    }
    match what {
        Pointer::WheelUp => registry::run(state, "view.closer", &[]),
        Pointer::WheelDown => registry::run(state, "view.farther", &[]),
        Pointer::Press => {
            press(state, at);
            Vec::new()
        }
        Pointer::Drag => {
            drag(state, at);
            Vec::new()
        }
        Pointer::Release => {
            drag(state, at);
            release(state, at)
        }
    }
}

fn inside(state: &State, (x, y): (f64, f64)) -> bool {
    sight::sight(state).is_some_and(|s| {
        let (x0, y0) = (f64::from(s.cells.x), f64::from(s.cells.y));
        (x0..x0 + f64::from(s.cells.w)).contains(&x) && (y0..y0 + f64::from(s.cells.h)).contains(&y)
    })
}

fn press(state: &mut State, from: (f64, f64)) {
    if !inside(state, from) || state.read_only {
        return;
    }
    if let Err(why) = answer::can_answer(state) {
        return state.say(Level::Info, why);
    }
    if matches!(state.boxes().map(|m| &m.stage), Some(Stage::Class(..))) {
        return state.say(Level::Warning, unfinished::CLASS);
    }
    drawing::open_mode(state);
    let class = match state.boxes().map(|m| &m.stage) {
        Some(Stage::Drawing(drawing)) => drawing.class,
        _ => None,
    };
    while matches!(state.boxes().map(|m| &m.stage), Some(Stage::Drawing(_))) {
        drawing::back(state);
    }
    round::end(state);
    let Some(what) = taken(state, from, class) else { return };
    if let What::Whole(id, _) = what {
        select(state, Some(id));
    }
    put(state, Stage::Drag(Drag { from, what, now: None }));
}

/// What a press takes: an edge of the selected box, a box, or nothing, and then a new one begins.
fn taken(state: &mut State, from: (f64, f64), class: Option<ClassId>) -> Option<What> {
    let sight = sight::sight(state)?;
    let at = sight.point(from);
    if class.is_none() {
        if let Some((id, Shape::Box(frame))) = state.selected_shape().map(|a| (a.id, a.shape.clone()))
            && let (x, y) = near(&sight, frame, from)
            && (x.is_some() || y.is_some())
        {
            return Some(What::Edges(id, frame, x, y));
        }
        let hit = |a: &&crate::domain::annotation::Annotation| matches!(a.shape, Shape::Box(b) if b.holds(at));
        let area = |a: &crate::domain::annotation::Annotation| round::extent(&a.shape).map_or(0.0, |b| b.w * b.h);
        let smallest = shapes(state).filter(hit).min_by(|a, b| area(a).total_cmp(&area(b)));
        if let Some((id, Shape::Box(frame))) = smallest.map(|a| (a.id, a.shape.clone())) {
            return Some(What::Whole(id, frame));
        }
    }
    match can_draw(state) {
        Ok(()) => {
            select(state, None);
            Some(What::New(class))
        }
        Err(why) => {
            state.say(Level::Info, why);
            None
        }
    }
}

/// The edges of a box that a place is near to.
fn near(sight: &sight::Sight, frame: BoxN, (x, y): (f64, f64)) -> (Option<Side>, Option<Side>) {
    let (x0, y0) = sight.on_screen(Point { x: frame.x, y: frame.y });
    let (x1, y1) = sight.on_screen(Point { x: frame.edge(Side::Right), y: frame.edge(Side::Bottom) });
    let about = |v: f64, from: f64, to: f64, near: f64| v > from - near && v < to + near;
    if !about(x, x0, x1, NEAR.0) || !about(y, y0, y1, NEAR.1) {
        return (None, None);
    }
    let pick = |v: f64, low: f64, high: f64, near: f64, sides: (Side, Side)| match ((v - low).abs(), (v - high).abs()) {
        (a, b) if a <= near && a <= b => Some(sides.0),
        (_, b) if b <= near => Some(sides.1),
        _ => None,
    };
    // A very small box is moved, not torn at an edge.
    let across = if x1 - x0 > 3.0 * NEAR.0 { pick(x, x0, x1, NEAR.0, (Side::Left, Side::Right)) } else { None };
    let down = if y1 - y0 > 3.0 * NEAR.1 { pick(y, y0, y1, NEAR.1, (Side::Top, Side::Bottom)) } else { None };
    (across, down)
}

/// The least that a drag reaches across and down, in cells: a hand that slips stays below it.
fn thin(state: &State) -> (f64, f64) {
    let (w, h) = state.caps.cell;
    if state.caps.mouse_in_pixels() { (THIN / f64::from(w), THIN / f64::from(h)) } else { (1.0, 1.0) }
}

/// Whether a drag is too short in a direction to mean a box. Over the picture's edge, half of it has to be inside.
fn is_flat(state: &State, sight: &sight::Sight, from: (f64, f64), to: (f64, f64)) -> bool {
    let least = thin(state);
    let inside = |at| sight.on_screen(sight.point(at));
    let (a, b) = (inside(from), inside(to));
    let short = |moved: f64, seen: f64, least: f64| moved.abs() < least - 1e-6 || seen.abs() < least / 2.0 - 1e-6;
    short(to.0 - from.0, b.0 - a.0, least.0) || short(to.1 - from.1, b.1 - a.1, least.1)
}

/// The least sides of a box that is pulled: a pixel of the picture, and what can be seen, unless it was smaller before.
fn least_sides(state: &State, sight: &sight::Sight, frame: BoxN) -> (f64, f64) {
    let (thin, pixel, one) = (thin(state), sight.pixel(), sight.on_screen(Point { x: 0.0, y: 0.0 }));
    let far = sight.on_screen(Point { x: 1.0, y: 1.0 });
    let least = |cells: f64, whole: f64, side: f64, pixel: f64| (cells / whole.max(1.0)).min(side).max(pixel);
    (least(thin.0, far.0 - one.0, frame.w, pixel.0), least(thin.1, far.1 - one.1, frame.h, pixel.1))
}

fn drag(state: &mut State, at: (f64, f64)) {
    let Some(sight) = sight::sight(state) else { return };
    let Some(Stage::Drag(begun)) = state.boxes().map(|m| &m.stage) else { return };
    let flat = is_flat(state, &sight, begun.from, at);
    let least = match begun.what {
        What::Edges(_, frame, ..) => least_sides(state, &sight, frame),
        _ => sight.pixel(),
    };
    let Some(Stage::Drag(drag)) = state.boxes_mut().map(|m| &mut m.stage) else { return };
    if drag.now.is_none() && (at.0 - drag.from.0).hypot(at.1 - drag.from.1) < CLICK {
        return;
    }
    let (from, to) = (sight.point(drag.from), sight.point(at));
    drag.now = match drag.what {
        What::New(_) if flat => None,
        What::New(_) => BoxN::around(&[from, to], least),
        What::Whole(_, frame) => Some(frame.moved(to.x - from.x, to.y - from.y)),
        What::Edges(_, frame, x, y) => {
            let wide = x.map_or(frame, |side| frame.with_edge(side, to.x, least.0));
            Some(y.map_or(wide, |side| wide.with_edge(side, to.y, least.1)))
        }
    };
    let moves = !matches!(drag.what, What::New(_)) && drag.now.is_some();
    if let Some(mode) = state.boxes_mut().filter(|_| moves) {
        mode.lifted = true;
    }
}

fn release(state: &mut State, at: (f64, f64)) -> Vec<Effect> {
    let Some(Stage::Drag(drag)) = state.boxes().map(|m| m.stage.clone()) else { return Vec::new() };
    put(state, Stage::Rest);
    let Some(made) = drag.now else { return slipped(state, &drag, at) };
    match drag.what {
        What::New(Some(class)) => changing::add(state, class, Shape::Box(made)),
        What::New(None) => {
            let Some(sight) = sight::sight(state) else { return Vec::new() };
            let drawing = Drawing::done(Grid::of(sight.size), sight.part, state.viewing.zoom);
            put(state, Stage::Class(drawing, made));
            Vec::new()
        }
        What::Whole(id, _) => changing::reshape(state, id, "box moved", made),
        What::Edges(id, ..) => changing::reshape(state, id, "box resized", made),
    }
}

/// A new box that was not drawn: a class that was said before waits for it as it did, and more than a click is told why.
fn slipped(state: &mut State, drag: &Drag, at: (f64, f64)) -> Vec<Effect> {
    let What::New(class) = drag.what else { return Vec::new() };
    if (at.0 - drag.from.0).hypot(at.1 - drag.from.1) >= CLICK {
        state.say(Level::Info, "too thin for a box: drag from corner to corner; thin ones are drawn by letters");
    }
    if class.is_some() { drawing::begin(state, 2, class) } else { Vec::new() }
}

fn put(state: &mut State, stage: Stage) {
    if let Some(mode) = state.boxes_mut() {
        mode.stage = stage;
    }
}
