//! The list of projects: versions of one family together, each with its progress.

use super::lake::wrapped;
use crate::app::screens::projects::ProjectsState;
use crate::app::state::State;
use crate::domain::project::{Counts, Project};
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut_path, number, width};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// Draws the screen.
pub fn render(state: &State, list: &ProjectsState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let rows = list.rows();
    let (title, what) = if list.trash { ("trash", "restore or delete for good") } else { ("projects", "") };
    let place = if rows.is_empty() { 0 } else { list.cursor + 1 };
    chrome::header(canvas, frame.header, title, what, &format!("{place} / {}", rows.len()));
    if rows.is_empty() {
        let text = match (&list.all, list.trash) {
            (None, _) => "loading",
            (Some(_), true) => "The trash is empty.",
            (Some(_), false) => {
                "No projects yet. [go.lake] goes to the folders; [lake.new-project] makes a project from the one that is open."
            }
        };
        wrapped(canvas, frame.body, &state.with_keys(text), Role::Muted);
    }
    let height = usize::from(frame.body.height);
    let top = list.cursor.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    for (i, (project, counts)) in rows.iter().skip(top).take(height).enumerate() {
        let y = frame.body.y + u16::try_from(i).unwrap_or(0);
        let line = Rect { x: frame.body.x + 1, y, width: frame.body.width.saturating_sub(1), height: 1 };
        let here = list.here.get(&project.id).map(Vec::as_slice).unwrap_or_default();
        draw_row((project, counts, here), canvas, line);
        if top + i == list.cursor {
            canvas.paint(Rect { x: line.x - 1, width: line.width + 1, ..line }, canvas.style(Role::Cursor));
        }
    }
    if let Some((project, counts)) = rows.get(list.cursor) {
        status(project, counts, canvas, frame.status);
    }
    chrome::hints(state, canvas, frame.hints);
}

fn draw_row((project, counts, here): (&Project, &Counts, &[String]), canvas: &mut Canvas, line: Rect) {
    let (done, all) = (counts.done(), counts.samples());
    let share = if all == 0 { 0.0 } else { done as f64 / all as f64 };
    let right = format!("{:>11} / {:<11}{:>4} %", number(done), number(all), (share * 100.0).floor());
    let used = canvas.right(line, &right, canvas.style(Role::Muted));
    // Who is there is worth more than a bar.
    let bar_width = if line.width > if here.is_empty() { 80 } else { 120 } { 16 } else { 0 };
    let bar = Rect { x: line.right().saturating_sub(used + bar_width + 1), width: bar_width, ..line };
    canvas.bar(bar, share, canvas.style(Role::Bar));
    let indent = if project.parent.is_some() { "  " } else { "" };
    let name = format!("{indent}{}", printable(&project.name));
    let room = Rect { width: line.width.saturating_sub(used + bar_width + 3), ..line };
    let first = room.width.min(34);
    canvas.text(Rect { width: first, ..room }, &name, canvas.style(Role::Text));
    let rest = Rect { x: room.x + first + 1, width: room.width.saturating_sub(first + 1), ..room };
    let names: Vec<&str> = here.iter().map(String::as_str).collect();
    let (here, task) = (are_here(&names), project.task.name());
    let used = width(&here) + if here.is_empty() { 0 } else { 2 };
    canvas.text(rest, &here, canvas.style(Role::Text));
    if used == 0 || used + width(task) <= rest.width {
        let last = Rect { x: rest.x + used, width: rest.width.saturating_sub(used), ..rest };
        canvas.text(last, task, canvas.style(Role::Muted));
    }
}

/// Who is there in few words: `ann is here`, `ann, bob +2 are here`.
pub(super) fn are_here(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is here"),
        [a, b] => format!("{a}, {b} are here"),
        [a, b, rest @ ..] => format!("{a}, {b} +{} are here", rest.len()),
    }
}

fn status(project: &Project, counts: &Counts, canvas: &mut Canvas, at: Rect) {
    let classes = format!(
        "{} classes   {} labeled   {} skipped",
        project.labels.live().count(),
        number(counts.of(crate::domain::sample::Status::Labeled)),
        number(counts.of(crate::domain::sample::Status::Skipped))
    );
    let used = canvas.right(at, &classes, canvas.style(Role::Muted));
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let source = cut_path(&printable(&project.source), room.width, canvas.palette.glyph(Glyph::Ellipsis));
    canvas.text(room, &source, canvas.style(Role::Text));
}
