//! The tab `rows`: values in columns, the picture of the row under the cursor, and the value under the cursor in full.

use super::grid::{Column, Grid};
use crate::app::picture::PictureState;
use crate::app::screens::rooms::TableRooms;
use crate::app::screens::table::TableState;
use crate::app::screens::table::cells::{self, Look};
use crate::app::screens::table::rows::Loaded;
use crate::app::state::State;
use crate::domain::sheet::Cell;
use crate::domain::text::printable;
use crate::theme::Role;
use crate::ui::canvas::{Canvas, number};
use crate::ui::screens::lake::{facts_line, info_of, placeholder, wrapped};
use crate::ui::screens::thumbnail::rect;
use crate::ui::viewing;
use ratatui::layout::Rect;

/// The place of the picture on this screen.
const PLACE: u32 = 7;

/// Draws the tab.
pub(super) fn draw(state: &State, table: &TableState, canvas: &mut Canvas, rooms: &TableRooms, status: Rect) {
    let Some(rows) = table.rows.ready() else { return };
    let list = rect(rooms.list);
    grid(table, rows, canvas, list);
    if table.matching.is_empty() {
        let text = match rows.sheet.rows.len() {
            0 => "the table has no rows",
            _ => "no loaded row holds what the filter says; [app.back] shows all",
        };
        let below = Rect { y: list.y + 1, height: list.height.saturating_sub(1), ..list };
        wrapped(canvas, below, &state.with_keys(text), Role::Muted);
        return;
    }
    picture(state, table, rows, canvas, rooms);
    under_cursor(state, table, rows, canvas, status);
}

fn grid(table: &TableState, rows: &Loaded, canvas: &mut Canvas, at: Rect) {
    let sheet = &rows.sheet;
    let column = |(i, width): (usize, u16)| Column {
        title: printable(&sheet.columns[i].name).into_owned(),
        width,
        right: rows.is_right(i),
        paths: rows.pictures.contains(&i),
    };
    let columns: Vec<Column> = rows.widths(at.width).into_iter().enumerate().map(column).collect();
    let cell = |line: usize, column: usize| {
        let (text, look) = cells::shown(sheet.cell(table.matching[line], column));
        (text, if look == Look::Aside { Role::Muted } else { Role::Text })
    };
    let cursor = (table.cursor(), Some(table.column));
    Grid { columns: &columns, left: table.left, lines: table.matching.len(), cursor, cell: &cell }.draw(canvas, at);
}

fn picture(state: &State, table: &TableState, rows: &Loaded, canvas: &mut Canvas, rooms: &TableRooms) {
    let (Some(at), Some(column), Some(row)) = (rooms.picture.map(rect), table.picture_column(), table.row()) else {
        return;
    };
    let Some(picture) = table.current_picture() else {
        let text = match rows.sheet.cell(row, column) {
            Cell::Text(_) => "no path of a file: relative paths and other texts name no picture",
            Cell::Null | Cell::Bytes(_) => "no picture in this row",
        };
        let room = Rect { y: at.y + at.height / 3, height: at.height - at.height / 3, ..at };
        wrapped(canvas, room, text, Role::Placeholder);
        return;
    };
    let known = state.pictures.get(&picture);
    if let Some(PictureState::Failed { reason, .. }) = known {
        let name = match rows.sheet.cell(row, column) {
            Cell::Text(_) => picture.path.name().to_owned(),
            _ => format!("{}, row {}", rows.sheet.columns[column].name, number(row as u64 + 1)),
        };
        placeholder(canvas, at, &name, reason);
    } else {
        let count = usize::try_from(state.settings.prefetch).unwrap_or(8);
        let ahead = table.ahead(count).into_iter().map(|p| (p, None));
        viewing::show(state, canvas, PLACE, at, (picture, None), ahead);
    }
    if let Some(info) = known.and_then(info_of) {
        let facts = rect(rooms.facts);
        if facts.height > 0 {
            canvas.text(facts, &facts_line(info), canvas.style(Role::Muted));
        }
    }
}

/// The column, its type and the value under the cursor; at the right how the picture is shown, and where one is.
fn under_cursor(state: &State, table: &TableState, rows: &Loaded, canvas: &mut Canvas, at: Rect) {
    let (sheet, column) = (&rows.sheet, table.column);
    let place = format!("{} / {}", number(table.cursor() as u64 + 1), number(table.matching.len() as u64));
    let place = match sheet.columns.len() {
        0 | 1 => place,
        n => format!("column {} of {n}   {place}", column + 1),
    };
    let used = match table.current_picture() {
        Some(picture) => viewing::status(state, canvas, at, state.pictures.get(&picture), ("", &place)),
        None => canvas.right(at, &place, canvas.style(Role::Muted)),
    };
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let (Some(of), Some(row)) = (sheet.columns.get(column), table.row()) else { return };
    let (text, look) = cells::shown(sheet.cell(row, column));
    let (plain, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    let value = if look == Look::Aside { muted } else { plain };
    let (name, kind) = (printable(&of.name), printable(&of.kind));
    let kind = if kind.is_empty() { String::new() } else { format!(" {kind}") };
    canvas.pieces(room, &[(&name, canvas.style(Role::Accent)), (&kind, muted), ("   ", muted), (&text, value)]);
}
