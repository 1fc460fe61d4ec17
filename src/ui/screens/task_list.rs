//! The task list: what, how far, how fast, how it ended.

use super::lake::wrapped;
use crate::app::screens::task_list::TaskListState;
use crate::app::state::State;
use crate::app::tasks::{Task, TaskState};
use crate::theme::Role;
use crate::ui::canvas::{Canvas, number};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// Draws the screen.
pub fn render(state: &State, list: &TaskListState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let tasks: Vec<&Task> = state.tasks.all().iter().rev().collect();
    let running = state.tasks.running().count();
    chrome::header(canvas, frame.header, "tasks", "", &format!("{running} running, {} in all", tasks.len()));
    if tasks.is_empty() {
        wrapped(canvas, frame.body, "No task has run yet. Scans and exports show up here.", Role::Muted);
    }
    let height = usize::from(frame.body.height / 2).max(1);
    let top = list.cursor.saturating_sub(height / 2).min(tasks.len().saturating_sub(height));
    let mut y = frame.body.y;
    for (i, task) in tasks.iter().enumerate().skip(top) {
        if y >= frame.body.bottom() {
            break;
        }
        let line = Rect { x: frame.body.x + 1, y, width: frame.body.width.saturating_sub(1), height: 1 };
        draw_row(state, task, canvas, line);
        if i == list.cursor {
            canvas.paint(Rect { x: line.x - 1, width: line.width + 1, ..line }, canvas.style(Role::Cursor));
        }
        y += 1;
        if i == list.cursor && list.open {
            for note in &task.notes {
                if y < frame.body.bottom() {
                    canvas.text(
                        Rect { x: line.x + 2, y, width: line.width - 2, height: 1 },
                        note,
                        canvas.style(Role::Muted),
                    );
                }
                y += 1;
            }
        }
    }
    chrome::hints(state, canvas, frame.hints);
}

fn draw_row(state: &State, task: &Task, canvas: &mut Canvas, line: Rect) {
    let seconds = (task.ended.unwrap_or(state.clock).saturating_sub(task.started)) as f64 / 1000.0;
    let (text, role) = match &task.state {
        TaskState::Running => (progress(task, seconds), Role::Accent),
        TaskState::Done(text) => (format!("done in {seconds:.1} s   {text}"), Role::Success),
        TaskState::Cancelled => ("cancelled".to_owned(), Role::Warning),
        TaskState::Failed(text) => (format!("failed: {text}"), Role::Danger),
    };
    let first = line.width.min(34);
    canvas.text(Rect { width: first, ..line }, &task.title, canvas.style(Role::Text));
    let rest = Rect { x: line.x + first + 1, width: line.width.saturating_sub(first + 1), ..line };
    canvas.text(rest, &text, canvas.style(role));
}

/// `1,204 / 3,670   33 %   1,500 a second   2 s left`.
fn progress(task: &Task, seconds: f64) -> String {
    let rate = if seconds > 0.3 { task.done as f64 / seconds } else { 0.0 };
    let mut text = number(task.done);
    if let Some(total) = task.total.filter(|t| *t > 0) {
        text = format!("{text} / {}   {} %", number(total), task.done * 100 / total);
        if rate > 0.0 {
            let left = total.saturating_sub(task.done) as f64 / rate;
            text = format!("{text}   {left:.0} s left");
        }
    }
    if rate >= 1.0 { format!("{text}   {} a second", number(rate as u64)) } else { text }
}
