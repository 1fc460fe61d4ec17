//! The large picture of a screen: which part of it in which colours, what lies on it, and how that is told.

use super::canvas::{Canvas, width};
use super::marks;
use super::screens::label::boxes;
use crate::app::picture::{Mark, PictureArea, PictureRef, PictureState, Window};
use crate::app::screens::adjudicate::apart;
use crate::app::screens::viewing::look_words;
use crate::app::state::State;
use crate::domain::annotation::Annotation;
use crate::domain::sample::Sample;
use crate::domain::text::printable;
use crate::theme::{Glyph, Palette, Role};
use ratatui::layout::Rect;

/// The largest map of a picture, in columns and rows.
const MAP: (u16, u16) = (12, 6);
/// A side column lower than this has no room for a map.
const MAP_FROM: u16 = 16;

/// Puts the large picture into its room, and has those prepared that will probably be wanted next, nearest first.
pub fn show<'a>(
    state: &State,
    canvas: &mut Canvas,
    place: u32,
    at: Rect,
    (picture, sample): (PictureRef, Option<&Sample>),
    ahead: impl Iterator<Item = (PictureRef, Option<&'a Sample>)>,
) {
    if at.width == 0 || at.height == 0 {
        return;
    }
    let cells = crate::app::picture::CellRect { x: at.x, y: at.y, w: at.width, h: at.height };
    let area = |palette: &Palette, picture: PictureRef, sample: Option<&Sample>| PictureArea {
        window: state.window_of(&picture, sample),
        look: state.viewing.look,
        marks: sample.map(|s| marks::on_screen(state, palette, s)).unwrap_or_default(),
        ..PictureArea::plain(place, picture, cells, false)
    };
    let live = boxes::live(state, canvas.palette).or_else(|| looked_at(state, sample?));
    let shown = PictureArea { exact: state.viewing.exact, live, ..area(canvas.palette, picture, sample) };
    canvas.drawn.pictures.push(shown);
    canvas.drawn.ahead.extend(ahead.map(|(picture, sample)| area(canvas.palette, picture, sample)));
}

/// The frame of the object of this answer that is looked at, of two that differ.
fn looked_at(state: &State, sample: &Sample) -> Option<Mark> {
    let (one, ..) = apart::shown(state)?.looked()?;
    let mine = |a: &&Annotation| sample.answer.annotations.iter().any(|other| other.id == a.id);
    let own = [&one.a, &one.b].into_iter().flatten().find(mine)?;
    boxes::chosen(&own.shape)
}

/// How close to its own pixels a picture is shown.
fn level<'a>(known: Option<&PictureState>, waiting: &'a str) -> &'a str {
    match known {
        Some(PictureState::Shown { exact: true, .. }) => "exact",
        Some(PictureState::Shown { exact: false, .. }) => "~",
        Some(PictureState::Failed { .. }) => "no picture",
        Some(PictureState::Waiting) | None => waiting,
    }
}

/// Draws at the right end of a line how the picture is shown: which part, in which colours, how exactly (`waiting` while
/// it is not shown at all); then `tail`. Returns the columns used.
pub fn status(
    state: &State,
    canvas: &mut Canvas,
    at: Rect,
    known: Option<&PictureState>,
    (waiting, tail): (&str, &str),
) -> u16 {
    let wide = at.width >= 70;
    let mut pieces: Vec<(String, Role)> = Vec::new();
    let look = look_words(state.viewing.look);
    if !look.is_empty() {
        pieces.push((if wide { look } else { "own look".to_owned() }, Role::Accent));
    }
    if let Some((room, view, window)) = state.zoomed() {
        let place = place_words(&window);
        let words = room.words(view);
        pieces.push((if wide { format!("{words} {place}") } else { words }, Role::Accent));
    }
    if let Some(lowered) = &state.preview.lowered {
        let how = printable(lowered).split(',').next().unwrap_or_default().to_owned();
        pieces.push((how, Role::Warning));
    }
    if known.is_some_and(PictureState::is_damaged) {
        pieces.push(("damaged".to_owned(), Role::Warning));
    }
    pieces.push((level(known, waiting).to_owned(), Role::Muted));
    pieces.push((tail.to_owned(), Role::Muted));
    pieces.retain(|(text, _)| !text.is_empty());
    let mut used = 0;
    for (text, role) in pieces.iter().rev() {
        let gap = if used == 0 { 0 } else { 3 };
        let room = Rect { width: at.width.saturating_sub(used + gap), ..at };
        if width(text) > room.width {
            break;
        }
        used += gap + canvas.right(room, text, canvas.style(*role));
    }
    used
}

/// Where the part lies: `at 40, 62 %`, across and down; one number where the picture is seen from side to side.
fn place_words(window: &Window) -> String {
    match window.position() {
        (Some(x), Some(y)) => format!("at {x}, {y} %"),
        (Some(x), None) => format!("at {x} % across"),
        (None, Some(y)) => format!("at {y} % down"),
        (None, None) => String::new(),
    }
}

/// Draws a map of the picture at the foot of a column: what is shown in it, and the rest. Returns what is left of the
/// column.
pub fn map(state: &State, canvas: &mut Canvas, column: Rect) -> Rect {
    let Some((room, _, window)) = state.zoomed().filter(|_| column.height >= MAP_FROM) else { return column };
    let (w, h) = map_size(state.caps.cell, room.picture);
    let at = Rect::new(column.right() - w, column.bottom() - h, w, h);
    let (on, off) = (canvas.glyph(Glyph::BarFull), canvas.glyph(Glyph::BarEmpty));
    let seen = |cell: u16, cells: u16, from: u32, length: u32| {
        // A cell is seen when its middle is, and the cell with the middle of the part always is.
        let at = |twice: u64| twice * u64::from(Window::ONE) / (2 * u64::from(cells));
        let middle = u64::from(from) + u64::from(length) / 2;
        let (first, next, own) = (at(2 * u64::from(cell)), at(2 * u64::from(cell) + 2), at(2 * u64::from(cell) + 1));
        (u64::from(from)..u64::from(from) + u64::from(length)).contains(&own) || (first..next).contains(&middle)
    };
    let (bright, dim) = (canvas.style(Role::Bar), canvas.style(Role::BarEmpty));
    for y in 0..h {
        for x in 0..w {
            let inside = seen(x, w, window.x, window.w) && seen(y, h, window.y, window.h);
            let cell = Rect::new(at.x + x, at.y + y, 1, 1);
            canvas.text(cell, if inside { &on } else { &off }, if inside { bright } else { dim });
        }
    }
    Rect { height: column.height - h - 1, ..column }
}

/// Columns and rows of the map of a picture, in its aspect.
fn map_size(cell: (u16, u16), picture: (u32, u32)) -> (u16, u16) {
    let cell = if cell.0 == 0 || cell.1 == 0 { (10, 20) } else { cell };
    // Rows for a column.
    let aspect = f64::from(picture.1) / f64::from(picture.0.max(1)) * f64::from(cell.0) / f64::from(cell.1);
    let fit = f64::from(MAP.0).min(f64::from(MAP.1) / aspect.max(1e-6));
    let side = |v: f64, most: u16| (v.round() as u16).clamp(1, most);
    (side(fit, MAP.0), side(fit * aspect, MAP.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_have_the_aspect_of_the_picture() {
        assert_eq!(map_size((10, 20), (4000, 3000)), (12, 5));
        assert_eq!(map_size((10, 20), (3000, 4000)), (9, 6));
        assert_eq!(map_size((0, 0), (10_000, 100)), (12, 1));
        assert_eq!(map_size((10, 20), (1, 60_000)), (1, 6));
    }
}
