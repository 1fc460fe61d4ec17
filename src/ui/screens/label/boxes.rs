//! Boxes on the Label screen: the letters that choose places, the box that is being made or changed, and what is said.

use crate::app::picture::{Mark, Stroke};
use crate::app::screens::label::boxes::attributes::said;
use crate::app::screens::label::boxes::drawing::Drawing;
use crate::app::screens::label::boxes::grid::Choice;
use crate::app::screens::label::boxes::mouse::Drag;
use crate::app::screens::label::boxes::sight::{Sight, sight};
use crate::app::screens::label::boxes::{Stage, round, shapes};
use crate::app::state::{OpenProject, State};
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::geometry::{BoxN, Point, Side};
use crate::domain::ids::ClassId;
use crate::domain::project::Task;
use crate::domain::text::printable;
use crate::theme::{Glyph, Palette, Role};
use crate::ui::canvas::{Canvas, cut, number, width};
use crate::ui::chrome;
use crate::ui::marks::{self, window};
use ratatui::layout::Rect;
use std::collections::HashSet;

/// The line of what is selected or being made, white in dashes on black: no class has it.
const SELECTED: [u8; 3] = [255, 255, 255];
/// The cells of the first choice are marked by letters with blanks around them, where there is so much room for each.
const WIDE: f64 = 5.0;

/// The box above the picture: the one that is being made, or the selected one. Only it is sent again when it changes.
#[must_use]
pub(in crate::ui) fn live(state: &State, palette: &Palette) -> Option<Mark> {
    let mode = state.boxes()?;
    let coloured = |at: BoxN, class: Option<ClassId>| {
        let rgb = class.map_or(SELECTED, |class| marks::look(&state.labels(), palette, class).0);
        Some(Mark { at: window(at)?, rgb, stroke: Stroke::Solid })
    };
    match &mode.stage {
        Stage::Drawing(drawing) => coloured(drawing.so_far()?, drawing.class),
        Stage::Class(_, made) => coloured(*made, None),
        Stage::Drag(drag) if drag.now.is_some() => {
            Some(Mark { at: window(drag.now?)?, rgb: SELECTED, stroke: Stroke::Dashed })
        }
        Stage::Rest | Stage::Round(_) | Stage::Drag(_) => chosen(&state.selected_shape()?.shape),
    }
}

/// The frame of the shape that is looked at.
#[must_use]
pub(in crate::ui) fn chosen(shape: &Shape) -> Option<Mark> {
    Some(Mark { at: window(round::extent(shape)?)?, rgb: SELECTED, stroke: Stroke::Dashed })
}

/// Draws the letters of the choice that is made now, over the picture.
pub(super) fn letters(state: &State, canvas: &mut Canvas) {
    let Some(Stage::Drawing(drawing)) = state.boxes().map(|m| &m.stage) else { return };
    let Some(sight) = sight(state) else { return };
    let choice = drawing.choice();
    let wide = choice == Choice::Cell && room_of_a_cell(drawing, &sight) >= WIDE;
    let style = canvas.style(Role::Hint).patch(canvas.style(Role::Cursor));
    let mut taken = HashSet::new();
    for (key, at) in drawing.grid.letters(choice, drawing.over) {
        let Some((mut x, y)) = sight.cell(at) else { continue };
        // In a very small window two places are in one cell: both letters are seen.
        while !taken.insert((x, y)) {
            x += 1;
        }
        let text = if wide { format!(" {key} ") } else { key.to_string() };
        let from = x.saturating_sub(u16::from(wide)).max(sight.cells.x);
        let place = Rect::new(from, y, width(&text), 1);
        canvas.cover(place, style);
        canvas.text(place, &text, style);
    }
}

fn room_of_a_cell(drawing: &Drawing, sight: &Sight) -> f64 {
    let cell = drawing.grid.cell(0, drawing.over);
    let (x0, _) = sight.on_screen(Point { x: cell.x, y: cell.y });
    let (x1, _) = sight.on_screen(Point { x: cell.x + cell.w, y: cell.y });
    x1 - x0
}

/// Draws the last line: while letters choose, what they choose.
pub(super) fn hints(state: &State, canvas: &mut Canvas, at: Rect) {
    let key =
        |name: &str| state.keymap.keys_for(&["boxes", "label", "global"], name).into_iter().next().unwrap_or_default();
    let own = |first: (&str, String)| {
        let rest = [(first.0.to_owned(), first.1), (key("boxes.back"), "one step back".to_owned())];
        rest.to_vec()
    };
    match state.boxes().map(|m| &m.stage) {
        Some(Stage::Drawing(drawing)) => {
            let what = match drawing.choice() {
                Choice::Cell => format!("{}: which part", drawing.asks()),
                Choice::Place(_) => format!("{}: where in it", drawing.asks()),
            };
            chrome::own_hints(state, canvas, at, &own(("letter", what)));
        }
        Some(Stage::Class(..)) => {
            let same = state.boxes().and_then(|m| m.class).map(|class| state.labels().name(class));
            let mut hints = own(("class key", "what is it".to_owned()));
            if let Some(name) = same {
                hints.insert(1, (key("boxes.done"), format!("{} again", printable(&name))));
            }
            hints.insert(1, (key("label.find-class"), "find a class".to_owned()));
            chrome::own_hints(state, canvas, at, &hints);
        }
        Some(Stage::Round(_)) => {
            let mut hints = own(("class key", "another class".to_owned()));
            hints.insert(0, (key("boxes.done"), "keep".to_owned()));
            hints.insert(1, (key("boxes.delete"), "delete".to_owned()));
            chrome::own_hints(state, canvas, at, &hints);
        }
        Some(Stage::Rest | Stage::Drag(_)) | None => chrome::hints(state, canvas, at),
    }
}

/// The class that is drawn, or that of the selected shape.
pub(super) fn class_of_keys(state: &State) -> Option<ClassId> {
    match &state.boxes()?.stage {
        Stage::Drawing(drawing) => drawing.class,
        Stage::Class(..) => None,
        Stage::Rest | Stage::Round(_) | Stage::Drag(_) => state.selected_shape().map(|shape| shape.class),
    }
}

/// What is said of boxes in the side column.
pub(super) fn rows(state: &State, open: &OpenProject) -> Vec<(String, Role)> {
    let Some(mode) = state.boxes() else { return Vec::new() };
    let all = shapes(state).count() as u64;
    let selected = state.selected_shape();
    let mut rows = Vec::new();
    let head = match (&mode.stage, selected) {
        (Stage::Drawing(drawing), _) => format!("draws     {}", drawing.asks().trim_start_matches("the ")),
        (Stage::Class(..), _) => "draws     which class?".to_owned(),
        (Stage::Round(round), _) => format!("looks at  {} of {}", round.number(), round.of),
        (Stage::Drag(Drag { now: Some(now), .. }), None) => {
            format!("draws     {}", size_and_place(state, *now).into_iter().next().unwrap_or_default())
        }
        (Stage::Rest | Stage::Drag(_), Some(shape)) => {
            let at = shapes(state).position(|a| a.id == shape.id).unwrap_or(0) as u64 + 1;
            format!("{:<10}{} of {}", shape.shape.kind(), number(at), number(all))
        }
        (Stage::Rest | Stage::Drag(_), None) => {
            let what = if open.project.task == Task::Segmentation { "outlines" } else { "boxes" };
            format!("{what:<10}{}", if all == 0 { "none yet".to_owned() } else { number(all) })
        }
    };
    rows.push((head, Role::Accent));
    if let Some(shape) = selected {
        rows.extend(about(state, open, shape).into_iter().map(|text| (text, Role::Text)));
    }
    if let Some(edge) = mode.edge {
        let edge = match edge {
            Side::Left => "left",
            Side::Right => "right",
            Side::Top => "upper",
            Side::Bottom => "lower",
        };
        rows.push((format!("          {edge} edge"), Role::Accent));
    }
    rows
}

/// The class of a shape, its size and place in pixels, who made it.
fn about(state: &State, open: &OpenProject, shape: &Annotation) -> Vec<String> {
    let mut out = vec![format!("          {}", printable(&open.project.labels.name(shape.class)))];
    // While the mouse pulls it, what it is by now.
    let pulled = match state.boxes().map(|mode| &mode.stage) {
        Some(Stage::Drag(drag)) => drag.now,
        _ => None,
    };
    let places = pulled.or_else(|| round::extent(&shape.shape)).map(|at| size_and_place(state, at));
    out.extend(places.into_iter().flatten().map(|text| format!("          {text}")));
    if let Some(verified) = &shape.verified {
        out.push(format!("kept by   {}", printable(&verified.by)));
    }
    if shape.shape.kind() != "box" {
        let corners = match &shape.shape {
            Shape::Polygon { parts } => parts.iter().map(Vec::len).sum::<usize>(),
            _ => 0,
        };
        if corners > 0 {
            out.push(format!("          {corners} corners"));
        }
    }
    out
}

/// `154 x 80 px` and `at 55, 55`, in pixels of the picture; nothing before its size is known.
fn size_and_place(state: &State, at: BoxN) -> Vec<String> {
    let Some(sight) = sight(state) else { return Vec::new() };
    let (w, h) = (f64::from(sight.size.0), f64::from(sight.size.1));
    vec![format!("{:.0} x {:.0} px", at.w * w, at.h * h), format!("at {:.0}, {:.0}", at.x * w, at.y * h)]
}

/// Lines of attributes at most; how many more there are is said.
const LINES: usize = 5;

/// The attributes of the selected shape for a column of this width: flags that are set, then names and values.
pub(super) fn attributes(state: &State, canvas: &Canvas, room: u16) -> Vec<String> {
    let Some(shape) = state.selected_shape().filter(|_| room > 12) else { return Vec::new() };
    let ellipsis = canvas.glyph(Glyph::Ellipsis);
    let row = |(name, value): (&str, Option<String>)| {
        let text = match value {
            None => format!("          {}", printable(name)),
            Some(value) => {
                let name = cut(&printable(name), room / 2, &ellipsis);
                format!("{name}{} {}", " ".repeat(9_usize.saturating_sub(width(&name).into())), printable(&value))
            }
        };
        cut(&text, room, &ellipsis)
    };
    let mut rows: Vec<String> = said(shape).take(LINES).map(row).collect();
    let more = said(shape).count().saturating_sub(LINES);
    if more > 0 {
        rows.pop();
        rows.push(cut(&state.with_keys(&format!("{} more: [boxes.attributes]", more + 1)), room, &ellipsis));
    }
    rows
}

/// In one line what is pulled or selected, and how large it is: `2 of 3  154 x 80 px`.
pub(super) fn in_line(state: &State) -> Option<String> {
    let mode = state.boxes()?;
    let shape = state.selected_shape();
    let pulled = match &mode.stage {
        Stage::Drag(drag) => drag.now,
        Stage::Class(_, made) => Some(*made),
        _ => None,
    };
    let frame = pulled.or_else(|| round::extent(&shape?.shape));
    let size = size_and_place(state, frame?).into_iter().next()?;
    let place = shape.and_then(|shape| shapes(state).position(|a| a.id == shape.id));
    let place = place.map(|at| format!("{} of {}  ", number(at as u64 + 1), number(shapes(state).count() as u64)));
    Some(format!("{}{size}", place.unwrap_or_default()))
}

/// The attributes in one line: `occluded, color=red`.
pub(super) fn attributes_in_line(state: &State, canvas: &Canvas, room: u16) -> Option<String> {
    let shape = state.selected_shape()?;
    let one = |(name, value): (&str, Option<String>)| match value {
        None => printable(name).into_owned(),
        Some(value) => format!("{}={}", printable(name), printable(&value)),
    };
    let all: Vec<String> = said(shape).take(LINES).map(one).collect();
    (!all.is_empty()).then(|| cut(&all.join(", "), room, &canvas.glyph(Glyph::Ellipsis)))
}
