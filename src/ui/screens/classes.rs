//! The label-set editor: a row a class.

use super::lake::wrapped;
use crate::app::screens::classes::ClassesState;
use crate::app::state::{OpenProject, State};
use crate::domain::class::LabelClass;
use crate::domain::text::printable;
use crate::theme::Role;
use crate::ui::canvas::{Canvas, number};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// Columns of the counts at the right.
const COUNT: u16 = 7;

/// Draws the screen.
pub fn render(state: &State, classes: &ClassesState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let Some(open) = &state.project else {
        chrome::header(canvas, frame.header, "label set", "", "");
        wrapped(canvas, frame.body, "opening the project", Role::Muted);
        chrome::hints(state, canvas, frame.hints);
        return;
    };
    let all = &open.project.labels.classes;
    let cursor = classes.cursor.min(all.len().saturating_sub(1));
    let place = if all.is_empty() { 0 } else { cursor + 1 };
    let right = format!("{place} / {}", all.len());
    chrome::header(canvas, frame.header, &chrome::project_title(&open.project), "label set", &right);
    if all.is_empty() {
        wrapped(canvas, frame.body, &state.with_keys("No classes yet. [classes.add] adds one."), Role::Muted);
    }
    let height = usize::from(frame.body.height);
    let top = cursor.saturating_sub(height / 2).min(all.len().saturating_sub(height));
    for (y, (at, class)) in (frame.body.y..).zip(all.iter().enumerate().skip(top).take(height)) {
        let line = Rect { y, height: 1, width: frame.body.width.min(76), ..frame.body };
        row(open, class, canvas, line);
        if at == cursor {
            canvas.paint(line, canvas.style(Role::Cursor));
        }
    }
    if let Some(class) = all.get(cursor) {
        canvas.text(frame.status, &state.with_keys(&fate(open, class)), canvas.style(Role::Muted));
    }
    chrome::hints(state, canvas, frame.hints);
}

/// Key, shape, name, state, count.
fn row(open: &OpenProject, class: &LabelClass, canvas: &mut Canvas, line: Rect) {
    let labels = &open.project.labels;
    let live = !class.retired && class.merged_into.is_none();
    let (colour, shape) = canvas.palette.class(usize::from(class.colour));
    let shape = shape.to_owned();
    let text = canvas.style(if live { Role::Text } else { Role::Disabled });
    let cell = |x: u16, w: u16| {
        let x = x.min(line.width);
        Rect { x: line.x + x, width: w.min(line.width - x), ..line }
    };
    if live {
        canvas.text(cell(1, 3), &class.hotkey, canvas.style(Role::Key));
        canvas.text(cell(5, 2), &shape, colour);
    }
    let count = number(open.counts.class.get(&class.id).copied().unwrap_or(0));
    canvas.right(cell(0, line.width.saturating_sub(1)), &count, text);
    let room = line.width.saturating_sub(7 + COUNT + 3);
    let state = match class.merged_into {
        Some(_) => format!("counts as {}", printable(&labels.name(class.id))),
        None if class.retired => "retired".to_owned(),
        None => String::new(),
    };
    let taken = if state.is_empty() { 0 } else { canvas.right(cell(7, room), &state, text) + 2 };
    canvas.text(cell(7, room.saturating_sub(taken)), &printable(&class.name), text);
}

/// What the class under the cursor is, in a sentence.
fn fate(open: &OpenProject, class: &LabelClass) -> String {
    let labels = &open.project.labels;
    let own = open.counts.class.get(&class.id).copied().unwrap_or(0);
    let all = open.counts.of_class(labels, class.id);
    let pictures = |n: u64| if n == 1 { "1 picture".to_owned() } else { format!("{} pictures", number(n)) };
    match (class.merged_into, class.retired) {
        (Some(_), _) => format!(
            "{} counted as {}; no label was rewritten, [classes.merge] separates them",
            pictures(own),
            printable(&labels.name(class.id))
        ),
        (None, true) => format!("{} keep it; it is not offered any more, [classes.retire] restores it", pictures(own)),
        (None, false) if all > own => format!("{}, {} with merged classes", pictures(own), number(all)),
        (None, false) => format!("on {}", pictures(own)),
    }
}
