//! The SQL screen: the statement above, how it is doing below it, then its rows.

use super::lake::wrapped;
use super::table::grid::{Column, Grid};
use crate::app::screens::sql::{COUNTED_MS, Focus, Problem, Run, SqlState};
use crate::app::screens::table::cells::{self, Look};
use crate::app::screens::table::rows::Loaded;
use crate::app::state::State;
use crate::domain::text::printable;
use crate::theme::Role;
use crate::ui::canvas::{Canvas, cut_path, number, width};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// Before a line of the statement.
const PROMPT: u16 = 2;
/// Lines of text wider than this are hard to read.
const READABLE: u16 = 90;

/// Draws the screen.
pub fn render(state: &State, canvas: &mut Canvas, area: Rect) {
    let (sql, frame) = (&state.sql, chrome::frame(area));
    header(sql, canvas, frame.header);
    let height = u16::try_from(sql.editor.lines().len()).unwrap_or(u16::MAX).clamp(1, (frame.body.height / 3).max(1));
    statement(state, canvas, Rect { height, ..frame.body });
    let y = frame.body.y + height + 1;
    let rest = Rect { y, height: frame.body.bottom().saturating_sub(y), ..frame.body };
    match &sql.run {
        Run::Running { since, note } => running(state, *since, note.as_deref(), canvas, rest),
        Run::Failed(problem) => failed(problem, canvas, rest),
        Run::Idle if sql.rows.is_none() => nothing_yet(state, canvas, rest),
        Run::Idle | Run::Done(_) => {
            if let Some(rows) = &sql.rows {
                result(state, rows, canvas, rest, frame.status);
            }
        }
    }
    let typing = sql.focus == Focus::Statement;
    let own = [("Enter", "run"), ("Esc", "commands"), ("Alt-Enter", "new line"), ("Up", "earlier")];
    let own = own.map(|(key, title)| (key.to_owned(), title.to_owned()));
    match (typing, sql.running_since()) {
        (true, Some(_)) => keys(canvas, state, frame.hints, &[("Esc".to_owned(), "cancel".to_owned())]),
        (true, None) => keys(canvas, state, frame.hints, &own),
        (false, _) => chrome::hints(state, canvas, frame.hints),
    }
}

/// The hints while a statement is typed: no key of an action works then.
fn keys(canvas: &mut Canvas, state: &State, at: Rect, own: &[(String, String)]) {
    chrome::own_hints(state, canvas, at, own);
}

fn header(sql: &SqlState, canvas: &mut Canvas, at: Rect) {
    let right = match (&sql.run, &sql.rows) {
        (Run::Running { .. }, _) => "running".to_owned(),
        (Run::Failed(_), _) => "failed".to_owned(),
        (_, Some(rows)) => count(rows),
        _ => String::new(),
    };
    let engine = match (&sql.engine, sql.looking) {
        (Some(name), _) => printable(name).into_owned(),
        (None, true) => "looking for engines".to_owned(),
        (None, false) => "no engine".to_owned(),
    };
    let room = at.width.saturating_sub(width(&right) + 8);
    let engine = cut_path(&engine, room, canvas.palette.glyph(crate::theme::Glyph::Ellipsis));
    chrome::header(canvas, at, "sql", &engine, &right);
}

/// `first 1,000 rows` where there are more, `37 rows` where these are all.
fn count(rows: &Loaded) -> String {
    let n = rows.sheet.rows.len();
    match (n, rows.sheet.more) {
        (n, true) => format!("first {} rows, there are more", number(n as u64)),
        (1, false) => "1 row".to_owned(),
        (n, false) => format!("{} rows", number(n as u64)),
    }
}

fn statement(state: &State, canvas: &mut Canvas, at: Rect) {
    let (sql, typing) = (&state.sql, state.sql.focus == Focus::Statement);
    let lines = sql.editor.lines();
    let height = usize::from(at.height);
    let top = sql.editor.row.saturating_sub(height.saturating_sub(1)).min(lines.len().saturating_sub(height));
    let room = at.width.saturating_sub(PROMPT);
    for (i, line) in lines.iter().enumerate().skip(top).take(height) {
        let y = at.y + u16::try_from(i - top).unwrap_or(0);
        let mark = if i == 0 { "> " } else { "  " };
        let role = if typing { Role::Accent } else { Role::Muted };
        canvas.text(Rect { y, width: PROMPT, height: 1, ..at }, mark, canvas.style(role));
        let field = Rect { x: at.x + PROMPT, y, width: room, height: 1 };
        // A line that is longer than the screen moves to the left under the cursor.
        let own = i == sql.editor.row;
        let before: String = line.chars().take(if own { sql.editor.column } else { 0 }).collect();
        let skip = usize::from(width(&printable(&before)).saturating_sub(room.saturating_sub(1)));
        let shown: String = line.chars().skip(skip).collect();
        canvas.text(field, &printable(&shown), canvas.style(if typing { Role::Input } else { Role::Text }));
        if own && typing {
            let x = width(&printable(&before)).min(room.saturating_sub(1));
            canvas.drawn.cursor = Some((field.x + x, y));
        }
    }
    if lines.iter().all(String::is_empty) {
        let field = Rect { x: at.x + PROMPT, width: room, height: 1, ..at };
        canvas.text(field, "SELECT path, class FROM catalog.schema.table", canvas.style(Role::Placeholder));
    }
}

fn nothing_yet(state: &State, canvas: &mut Canvas, at: Rect) {
    let at = Rect { width: at.width.min(READABLE), ..at };
    let sql = &state.sql;
    let text = if sql.engine.is_none() && !sql.looking {
        "Nothing here runs SQL yet. Esc, then [sql.engine] takes an address such as sc://HOST:15002; or put \
         `warehouse_id` or `cluster_id` into a profile of ~/.databrickscfg."
    } else {
        "The first 1,000 rows are shown. Where they hold paths of pictures, Esc and then [sql.queue] makes a project of \
         them."
    };
    wrapped(canvas, at, &state.with_keys(text), Role::Muted);
}

fn running(state: &State, since: u64, note: Option<&str>, canvas: &mut Canvas, at: Rect) {
    let waited = state.clock.saturating_sub(since);
    if waited < COUNTED_MS && note.is_none() {
        return;
    }
    let at = Rect { width: at.width.min(READABLE), ..at };
    let key = if state.sql.focus == Focus::Statement { "Esc" } else { "[sql.cancel]" };
    let text = match note {
        Some(note) => format!("{note}; {key} stops waiting"),
        None => format!("running, {} s; {key} cancels it", waited / 1000),
    };
    let used = wrapped(canvas, at, &state.with_keys(&text), Role::Muted);
    if note.is_some() {
        let below = Rect { y: at.y + used, height: at.height.saturating_sub(used), ..at };
        wrapped(
            canvas,
            below,
            "The statement runs as soon as it is up; other screens can be used until then.",
            Role::Muted,
        );
    }
}

fn failed(problem: &Problem, canvas: &mut Canvas, at: Rect) {
    let at = Rect { width: at.width.min(READABLE), ..at };
    let place = problem.at.map(|(line, column)| format!("line {line}, column {column}"));
    let title = [Some(problem.class.clone()).filter(|c| !c.is_empty()), place].into_iter().flatten();
    let title = title.collect::<Vec<_>>().join("   ");
    let used = if title.is_empty() { 0 } else { wrapped(canvas, at, &title, Role::Danger) };
    let below = Rect { y: at.y + used, height: at.height.saturating_sub(used), ..at };
    wrapped(canvas, below, &problem.text, if used == 0 { Role::Danger } else { Role::Text });
}

fn result(state: &State, rows: &Loaded, canvas: &mut Canvas, at: Rect, status: Rect) {
    let (sql, sheet) = (&state.sql, &rows.sheet);
    if sheet.columns.is_empty() {
        wrapped(canvas, at, "Done. The statement gives no rows.", Role::Muted);
    } else {
        let list = Rect { x: at.x + 1, width: at.width.saturating_sub(2), ..at };
        let column = |(i, width): (usize, u16)| Column {
            title: printable(&sheet.columns[i].name).into_owned(),
            width,
            right: rows.is_right(i),
            paths: rows.pictures.contains(&i),
        };
        let columns: Vec<Column> = rows.widths(list.width).into_iter().enumerate().map(column).collect();
        let cell = |line: usize, column: usize| {
            let (text, look) = cells::shown(sheet.cell(line, column));
            (text, if look == Look::Aside { Role::Muted } else { Role::Text })
        };
        let cursor = (sql.row, Some(sql.column));
        Grid { columns: &columns, left: sql.left, lines: sheet.rows.len(), cursor, cell: &cell }.draw(canvas, list);
        if sheet.rows.is_empty() {
            let below = Rect { y: at.y + 1, height: at.height.saturating_sub(1), ..at };
            wrapped(canvas, below, "no rows", Role::Muted);
        }
    }
    status_line(sql, rows, canvas, status);
}

/// The value under the cursor in full, and how long it took.
fn status_line(sql: &SqlState, rows: &Loaded, canvas: &mut Canvas, at: Rect) {
    let took = match sql.run {
        Run::Done(ms) if ms >= 1000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        Run::Done(ms) => format!("{ms} ms"),
        _ => String::new(),
    };
    let place = format!("{} / {}", number(sql.row as u64 + 1), number(rows.sheet.rows.len() as u64));
    let right = if rows.sheet.rows.is_empty() { took } else { format!("{took}   {place}") };
    let used = canvas.right(at, right.trim(), canvas.style(Role::Muted));
    let Some(column) = rows.sheet.columns.get(sql.column).filter(|_| !rows.sheet.rows.is_empty()) else { return };
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let (name, kind) = (printable(&column.name), printable(&column.kind));
    let (value, _) = cells::shown(rows.sheet.cell(sql.row, sql.column));
    let (accent, muted, text) = (canvas.style(Role::Accent), canvas.style(Role::Muted), canvas.style(Role::Text));
    canvas.pieces(room, &[(&name, accent), (" ", muted), (&kind, muted), ("   ", muted), (&value, text)]);
}
