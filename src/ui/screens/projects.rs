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
    let layout = Layout::of(&rows, list, frame.body.width.saturating_sub(1));
    let height = usize::from(frame.body.height);
    let top = list.cursor.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    for (i, (project, counts)) in rows.iter().skip(top).take(height).enumerate() {
        let y = frame.body.y + u16::try_from(i).unwrap_or(0);
        let line = Rect { x: frame.body.x + 1, y, width: frame.body.width.saturating_sub(1), height: 1 };
        let here = list.here.get(&project.id).map(Vec::as_slice).unwrap_or_default();
        draw_row((project, counts, here), &layout, canvas, line);
        if top + i == list.cursor {
            canvas.paint(Rect { x: line.x - 1, width: line.width + 1, ..line }, canvas.style(Role::Cursor));
        }
    }
    if let Some((project, counts)) = rows.get(list.cursor) {
        status(project, counts, canvas, frame.status);
    }
    chrome::hints(state, canvas, frame.hints);
}

/// What the columns of the list need, the same in all rows.
struct Layout {
    /// The widest number of answered pictures, and of all.
    numbers: (usize, usize),
    name: u16,
    /// Who is there, and the task.
    rest: u16,
    bar: u16,
}

/// A name gets so many columns at most, and so many before anything but the numbers does.
const NAME: (u16, u16) = (34, 15);
/// The bar.
const BAR: u16 = 16;

impl Layout {
    fn of(rows: &[&(Project, Counts)], list: &ProjectsState, room: u16) -> Self {
        let here = |p: &Project| list.here.get(&p.id).map(Vec::as_slice).unwrap_or_default();
        let widest = |of: &dyn Fn(&(Project, Counts)) -> u16| rows.iter().map(|row| of(row)).max().unwrap_or(0);
        let done = widest(&|(_, counts)| width(&number(counts.done())));
        let all = widest(&|(_, counts)| width(&number(counts.samples())));
        let name = widest(&|(project, _)| width(&title(project))).min(NAME.0);
        let people = widest(&|(project, _)| width(&beside(project, here(project)).0));
        let both = |(people, task): (String, &str)| width(&people) + width(task);
        let full = widest(&|(project, _)| both(beside(project, here(project))));
        // What is left beside the numbers: the name and the task, then the bar. Half a word of the task says nothing.
        let left = room.saturating_sub(done + all + 12);
        let most = left.saturating_sub(name.min(NAME.1) + 1);
        let rest = if full <= most { full } else { people.min(most) };
        let name = left.saturating_sub(rest + 1).min(NAME.0);
        let bar = if left > name + rest + BAR + 2 { BAR } else { 0 };
        Self { numbers: (done.into(), all.into()), name, rest, bar }
    }
}

fn title(project: &Project) -> String {
    let indent = if project.parent.is_some() { "  " } else { "" };
    format!("{indent}{}", printable(&project.name))
}

/// Who is there, which is worth more than anything after it, with a gap, and what is asked.
fn beside(project: &Project, here: &[String]) -> (String, &'static str) {
    let names: Vec<&str> = here.iter().map(String::as_str).collect();
    let people = are_here(&names);
    (if people.is_empty() { people } else { people + "  " }, project.task.name())
}

fn draw_row((project, counts, here): (&Project, &Counts, &[String]), layout: &Layout, canvas: &mut Canvas, line: Rect) {
    let (done, all) = (counts.done(), counts.samples());
    let share = if all == 0 { 0.0 } else { done as f64 / all as f64 };
    let (before, after) = layout.numbers;
    let right = format!("{:>before$} / {:<after$} {:>4} %", number(done), number(all), (share * 100.0).floor());
    let used = canvas.right(line, &right, canvas.style(Role::Muted));
    let bar = Rect { x: line.right().saturating_sub(used + layout.bar + 1), width: layout.bar, ..line };
    canvas.bar(bar, share, canvas.style(Role::Bar));
    canvas.text(Rect { width: layout.name, ..line }, &title(project), canvas.style(Role::Text));
    let rest = Rect { x: line.x + layout.name + 1, width: layout.rest, ..line };
    let (people, task) = beside(project, here);
    let fits = width(&people) + width(task) <= rest.width;
    let (plain, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    if fits {
        canvas.pieces(rest, &[(&people, plain), (task, muted)]);
    } else {
        canvas.text(rest, people.trim_end(), plain);
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
    let count = project.labels.live().count();
    let classes = format!(
        "{count} class{}   {} labeled   {} skipped",
        if count == 1 { "" } else { "es" },
        number(counts.of(crate::domain::sample::Status::Labeled)),
        number(counts.of(crate::domain::sample::Status::Skipped))
    );
    let used = canvas.right(at, &classes, canvas.style(Role::Muted));
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let source = cut_path(&printable(&project.source), room.width, canvas.palette.glyph(Glyph::Ellipsis));
    canvas.text(room, &source, canvas.style(Role::Text));
}
