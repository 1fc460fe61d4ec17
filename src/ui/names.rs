//! The names of classes on the shapes of the large picture, in the terminal's own letters.
//!
//! Why letters and not pixels: a class may be named in any script, and only the terminal has a font for it. What always
//! holds: no two names overlap; a name lies on the picture and within its edges; the selected shape's name comes first, so
//! that it is always there; where shapes are a crowd no other one is shown; names stand only on the picture they are about,
//! never on the one before it.

use super::canvas::{Canvas, cut, width};
use crate::app::picture::{CellRect, PictureState};
use crate::app::screens::label::boxes::round::extent;
use crate::app::screens::label::boxes::sight::{Sight, sight, sight_in};
use crate::app::screens::label::boxes::{BoxMode, Stage};
use crate::app::screens::label::state::picture;
use crate::app::state::State;
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::class::LabelSet;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::ids::AnnotationId;
use crate::domain::text::printable;
use crate::term::caps::Protocol;
use crate::theme::{Glyph, Role};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use std::cmp::Reverse;

/// More shapes in sight than this are a crowd.
const CROWD: usize = 40;
/// The most names where each cuts the picture into pieces that are placed one by one.
const MOST_PIECES: usize = 12;
/// A name takes at most so many columns.
const LONGEST: u16 = 18;
/// A name is at most this much wider than its shape.
const WIDER: u16 = 8;

/// One name and where it may stand.
struct Name {
    text: String,
    style: Style,
    /// The best place first.
    places: Vec<Rect>,
}

/// Draws the names over the picture of the screen.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let Some(sight) = shown(state) else { return };
    let Some((open, sample)) = state.project.as_ref().zip(state.label().and_then(|l| l.sample())) else { return };
    let labels = &open.project.labels;
    let mode = state.boxes();
    if mode.is_some_and(|m| !matches!(m.stage, Stage::Rest | Stage::Round(_))) {
        return;
    }
    let selected = mode.and_then(|m| m.selected);
    let pushed = mode.is_some_and(|m| moves(state, m));
    put(state, canvas, (labels, &sight), sample.answer.annotations.iter(), (selected, pushed));
}

/// Draws the names of some shapes over one of several pictures of a screen, that in `room`.
pub fn on<'a>(state: &State, canvas: &mut Canvas, room: CellRect, shapes: impl Iterator<Item = &'a Annotation>) {
    let Some((open, sight)) = state.project.as_ref().zip(sight_in(state, room)) else { return };
    if state.caps.protocol != Protocol::None {
        put(state, canvas, (&open.project.labels, &sight), shapes, (None, false));
    }
}

/// Draws the names of shapes, that of the selected one first unless it is `pushed` along.
fn put<'a>(
    state: &State,
    canvas: &mut Canvas,
    (labels, sight): (&LabelSet, &Sight),
    shapes: impl Iterator<Item = &'a Annotation>,
    (selected, pushed): (Option<AnnotationId>, bool),
) {
    let mut shapes: Vec<(&Annotation, BoxN)> = shapes
        .filter(|a| a.shape != Shape::Class)
        .filter_map(|a| Some((a, extent(&a.shape).filter(|at| in_sight(*at, sight))?)))
        .collect();
    let crowd = shapes.len() > CROWD;
    shapes.sort_by_key(|(a, at)| (Some(a.id) != selected, Reverse((at.w * at.h * 1e9) as u64)));
    let most = if by_pieces(state) { MOST_PIECES } else { CROWD };
    let mut taken: Vec<Rect> = Vec::new();
    for (shape, at) in shapes {
        let chosen = Some(shape.id) == selected;
        if taken.len() >= most || crowd && !chosen {
            break;
        }
        if chosen && pushed {
            continue;
        }
        let name = name(labels, canvas, shape, at, sight, chosen);
        let free = |r: &&Rect| !taken.iter().any(|t| near(*t).intersects(**r));
        if let Some(place) = name.places.iter().find(free).copied() {
            canvas.name(place, &name.text, name.style);
            taken.push(place);
        }
    }
}

/// Where the picture of the screen is, once it is there.
fn shown(state: &State) -> Option<Sight> {
    let open = state.project.as_ref()?;
    let wanted = picture(&open.project, state.label()?.sample()?);
    let here = matches!(state.pictures.get(&wanted), Some(PictureState::Shown { .. }));
    sight(state).filter(|_| here && state.caps.protocol != Protocol::None)
}

/// A name that is pushed along with its box costs nothing only where pictures are made of cells.
fn moves(state: &State, mode: &BoxMode) -> bool {
    let cells = matches!(state.caps.protocol, Protocol::Blocks(_) | Protocol::Ascii | Protocol::KittyPlaceholders);
    mode.lifted && !cells
}

fn by_pieces(state: &State) -> bool {
    matches!(state.caps.protocol, Protocol::Kitty { .. } | Protocol::KittyAnchored)
}

fn in_sight(at: BoxN, sight: &Sight) -> bool {
    let part = sight.part;
    at.x < part.x + part.w && at.x + at.w > part.x && at.y < part.y + part.h && at.y + at.h > part.y
}

/// With a free column on either side.
fn near(at: Rect) -> Rect {
    Rect { x: at.x.saturating_sub(1), width: at.width + 2, ..at }
}

fn name(labels: &LabelSet, canvas: &Canvas, shape: &Annotation, at: BoxN, sight: &Sight, chosen: bool) -> Name {
    let index = labels.get(labels.resolve(shape.class)).map_or(0, |c| usize::from(c.colour));
    let (colour, mark) = canvas.palette.class(index);
    let cells = frame(at, sight);
    let room = if chosen { LONGEST } else { (cells.w + WIDER).min(LONGEST) };
    let name = printable(&labels.name(shape.class)).into_owned();
    let text = cut(
        &format!(" {mark} {name}"),
        room.min(sight.cells.w).saturating_sub(1),
        canvas.palette.glyph(Glyph::Ellipsis),
    );
    let text = format!("{text} ");
    let style = if chosen {
        canvas.style(Role::Cursor).add_modifier(Modifier::BOLD)
    } else {
        canvas.palette.ground().patch(colour).add_modifier(Modifier::REVERSED)
    };
    Name { places: places(cells, sight, width(&text)), text, style }
}

/// The cells that a shape takes, as far as it is in sight.
pub(super) fn frame(at: BoxN, sight: &Sight) -> CellRect {
    let part = sight.part;
    let inside = |x: f64, y: f64| Point { x: x.clamp(part.x, part.x + part.w), y: y.clamp(part.y, part.y + part.h) };
    let (first, last) = (inside(at.x, at.y), inside(at.x + at.w, at.y + at.h));
    let (x0, y0) = sight.cell(first).unwrap_or((sight.cells.x, sight.cells.y));
    let (x1, y1) = sight.cell(last).unwrap_or((x0, y0));
    CellRect { x: x0, y: y0, w: x1.saturating_sub(x0) + 1, h: y1.saturating_sub(y0) + 1 }
}

/// Above the upper left corner, inside it, below the lower one, and the same at the right end; none outside of the picture.
fn places(shape: CellRect, sight: &Sight, long: u16) -> Vec<Rect> {
    let cells = sight.cells;
    let (right, bottom) = (cells.x + cells.w, cells.y + cells.h);
    let long = long.min(cells.w);
    let left = shape.x.min(right.saturating_sub(long)).max(cells.x);
    let end = (shape.x + shape.w).saturating_sub(long).clamp(cells.x, right.saturating_sub(long).max(cells.x));
    let above = shape.y.checked_sub(1).filter(|y| *y >= cells.y);
    let below = Some(shape.y + shape.h).filter(|y| *y < bottom);
    // Inside a low shape a name would hide what is marked.
    let inside = Some(shape.y).filter(|_| shape.h >= 4 || above.is_none());
    let rows = [above, inside, below];
    let at = |x: u16| rows.into_iter().flatten().map(move |y| Rect::new(x, y, long, 1));
    at(left).chain(at(end)).collect()
}
