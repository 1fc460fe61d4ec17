//! The Home screen: what to go on with, recent projects, places.

use crate::app::screens::home::{HomeState, Row};
use crate::app::state::State;
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut_path, number};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// Draws the screen.
pub fn render(state: &State, home: &HomeState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let version = env!("CARGO_PKG_VERSION");
    chrome::header(canvas, frame.header, "lakelens", version, "");
    let rows = home.rows(state);
    let mut y = frame.body.y;
    let mut last: Option<&str> = None;
    for (i, row) in rows.iter().enumerate() {
        let title = match row {
            Row::Project(_) => "projects",
            Row::Place(_) => "places",
            Row::Profile(_) => "profiles",
        };
        if last != Some(title) {
            if last.is_some() {
                y += 1;
            }
            if y < frame.body.bottom() {
                canvas.text(Rect { y, height: 1, ..frame.body }, title, canvas.style(Role::Muted));
            }
            y += 1;
            last = Some(title);
        }
        if y >= frame.body.bottom() {
            break;
        }
        let line = Rect { x: frame.body.x + 2, y, width: frame.body.width.saturating_sub(2), height: 1 };
        draw_row(row, canvas, line);
        if i == home.cursor {
            canvas.paint(Rect { x: line.x - 1, width: line.width + 1, ..line }, canvas.style(Role::Cursor));
        }
        y += 1;
    }
    if home.projects.as_ref().is_some_and(Vec::is_empty) && y + 2 < frame.body.bottom() {
        let text = "No projects yet: open a folder with Enter and press P there.";
        canvas.text(Rect { y: y + 1, height: 1, ..frame.body }, text, canvas.style(Role::Muted));
    }
    chrome::hints(state, canvas, frame.hints);
}

fn draw_row(row: &Row, canvas: &mut Canvas, line: Rect) {
    match row {
        Row::Project(row) => {
            let (project, counts) = row.as_ref();
            let (done, all) = (counts.done(), counts.samples());
            let percent = (done * 100).checked_div(all).unwrap_or(0);
            let right = format!("{} / {}  {percent:>3} %", number(done), number(all));
            let used = canvas.right(line, &right, canvas.style(Role::Muted));
            let room = Rect { width: line.width.saturating_sub(used + 2), ..line };
            let name = Rect { width: room.width.min(32), ..room };
            canvas.text(name, &printable(&project.name), canvas.style(Role::Text));
            let rest = Rect { x: room.x + 33.min(room.width), width: room.width.saturating_sub(33), ..room };
            let source = cut_path(&printable(&project.source), rest.width, canvas.palette.glyph(Glyph::Ellipsis));
            canvas.text(rest, &source, canvas.style(Role::Muted));
        }
        Row::Place(place) => {
            canvas.text(line, &printable(place), canvas.style(Role::Text));
        }
        Row::Profile(row) => {
            let name = Rect { width: line.width.min(32), ..line };
            canvas.text(name, &printable(&row.name), canvas.style(Role::Text));
            let rest = Rect { x: line.x + 33.min(line.width), width: line.width.saturating_sub(33), ..line };
            let (text, role) = match (&row.problem, row.used) {
                (Some(problem), _) => (format!("cannot be used: {problem}"), Role::Danger),
                (None, true) => (format!("in use   {}", row.detail), Role::Muted),
                (None, false) => (row.detail.clone(), Role::Muted),
            };
            canvas.text(rest, &text, canvas.style(role));
        }
    }
}
