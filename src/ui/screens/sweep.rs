//! The sweep: a page of one class, a letter under each thumbnail.

use super::lake::wrapped;
use super::thumbnail;
use crate::app::screens::sweep::SweepState;
use crate::app::screens::sweep::actions::{is_seen, tally};
use crate::app::screens::sweep::state::{Exception, Mode};
use crate::app::state::{OpenProject, State};
use crate::domain::sample::Sample;
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, number, width};
use crate::ui::chrome;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws the screen.
pub fn render(state: &State, sweep: &SweepState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let Some(open) = &state.project else {
        chrome::header(canvas, frame.header, "sweep", "", "");
        chrome::hints(state, canvas, frame.hints);
        return;
    };
    header(open, sweep, canvas, frame.header);
    if sweep.page.is_empty() {
        wrapped(canvas, frame.body, &state.with_keys(&nothing(open, sweep)), Role::Muted);
    }
    let grid = state.grid(sweep.zoom);
    let cells = sweep.cells(state);
    let widest = cells.iter().map(|(_, hint)| width(hint)).max().unwrap_or(1);
    for (n, (sample, hint)) in cells.iter().enumerate().take(grid.page()) {
        let Some(sample) = sample else { continue };
        let (picture, line) = grid.cell(n);
        thumbnail::draw(state, open, canvas, picture, sample);
        draw_line(state, open, sweep, canvas, thumbnail::rect(line), sample, (hint, widest));
    }
    thumbnail::prepare(open, canvas, &grid, sweep.ahead(&open.project.labels, grid.page()));
    let counts = tally(state, sweep);
    let damaged = cells.iter().filter(|(s, _)| s.is_some_and(|s| thumbnail::is_damaged(state, open, s))).count();
    status(counts, damaged, canvas, frame.status);
    let lead = if sweep.page.is_empty() { Vec::new() } else { lead(counts, area.width) };
    chrome::hints_after(state, canvas, frame.hints, &lead);
}

fn header(open: &OpenProject, sweep: &SweepState, canvas: &mut Canvas, at: Rect) {
    let labels = &open.project.labels;
    let class = printable(&labels.name(sweep.class)).into_owned();
    let project = chrome::project_title(&open.project);
    let what = format!("{}, by {}   {project}", sweep.mode.word(), sweep.queue(labels).order.name());
    let left = sweep.left.map(|n| format!("{} left", number(n))).unwrap_or_default();
    chrome::header(canvas, at, &format!("sweep {class}"), &what, &left);
}

fn nothing(open: &OpenProject, sweep: &SweepState) -> String {
    if let Some(problem) = &sweep.stretch.problem {
        return printable(problem).into_owned();
    }
    if !sweep.stretch.loaded || !sweep.stretch.at_end {
        return "loading".to_owned();
    }
    let class = printable(&open.project.labels.name(sweep.class)).into_owned();
    match sweep.mode {
        Mode::Predicted => {
            format!("No unanswered picture is predicted to be {class}. [sweep.next-class] goes to the next class.")
        }
        Mode::Present => {
            format!("Every picture labeled {class} has a verdict. [sweep.next-class] goes to the next class.")
        }
        Mode::Given => "No picture is left without an answer.".to_owned(),
    }
}

/// The hint, and what will become of the picture.
fn draw_line(
    state: &State,
    open: &OpenProject,
    sweep: &SweepState,
    canvas: &mut Canvas,
    at: Rect,
    sample: &Sample,
    (hint, widest): (&str, u16),
) {
    let labels = &open.project.labels;
    let at = thumbnail::badge(state, open, canvas, at, sample);
    if !sweep.is_open(sample, labels) {
        // Somebody else has answered it since the page came: no letter, nothing to accept.
        let (text, style) = thumbnail::answer(open, canvas, sample);
        canvas.text(at, &text, style);
        return;
    }
    canvas.text(Rect { width: widest.min(at.width), ..at }, hint, canvas.style(Role::Key));
    let room = Rect { x: at.x + widest + 1, width: at.width.saturating_sub(widest + 1), ..at };
    let (text, style) = verdict(state, open, sweep, canvas, sample);
    canvas.text(room, &text, style);
}

fn verdict(state: &State, open: &OpenProject, sweep: &SweepState, canvas: &Canvas, sample: &Sample) -> (String, Style) {
    let muted = canvas.style(Role::Muted);
    match sweep.marks.get(&sample.id) {
        Some(Exception::Flag) => (format!("{} flag", canvas.glyph(Glyph::Rejected)), canvas.style(Role::Danger)),
        Some(Exception::Class(id)) => {
            let colour = open.project.labels.get(*id).map_or(0, |c| c.colour);
            let (style, shape) = canvas.palette.class(usize::from(colour));
            (format!("{shape} {}", printable(&open.project.labels.name(*id))), style)
        }
        None if !is_seen(state, sample) => ("not yet".to_owned(), canvas.style(Role::Placeholder)),
        None => match (sweep.mode, sample.predictions.first()) {
            (Mode::Predicted, Some(best)) => (format!("{:.2}", best.score), muted),
            _ => (thumbnail::name(sample), muted),
        },
    }
}

/// What `Enter` would do, in words; at the right end, how many of the files are damaged.
fn status([accepted, classed, flagged, waiting]: [usize; 4], damaged: usize, canvas: &mut Canvas, at: Rect) {
    let (text, warning) = (canvas.style(Role::Text), canvas.style(Role::Warning));
    let part = |n: usize, long: &str, medium: &str, short: &str| {
        let words = match at.width {
            0..60 => short,
            60..98 => medium,
            _ => long,
        };
        format!("{n} {words}   ")
    };
    let mut pieces = Vec::new();
    if accepted > 0 {
        pieces.push((part(accepted, "to accept", "to accept", "to accept"), text));
    }
    if waiting > 0 {
        pieces.push((
            part(waiting, "not shown yet, left for the next page", "not shown, left for next page", "not yet"),
            warning,
        ));
    }
    if classed > 0 {
        pieces.push((part(classed, "to another class", "other class", "other"), text));
    }
    if flagged > 0 {
        pieces.push((part(flagged, "to flag, unanswered", "to flag", "to flag"), text));
    }
    let pieces: Vec<(&str, Style)> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    let used = canvas.pieces(at, &pieces);
    if damaged > 0 {
        let room = Rect { x: at.x + used, width: at.width.saturating_sub(used), ..at };
        canvas.right(room, &format!("{damaged} damaged"), warning);
    }
}

/// The hints of the keys that are no actions; the narrower the window, the fewer words.
fn lead([accepted, classed, flagged, _]: [usize; 4], columns: u16) -> Vec<(String, String)> {
    let others = if classed + flagged > 0 && columns >= 100 { "the other " } else { "" };
    let accepts = if columns < 60 { "accept".to_owned() } else { format!("accepts {others}{accepted}") };
    let enter = ("Enter".to_owned(), accepts);
    let marks = if columns >= 100 { "marks an exception" } else { "marks" };
    let letter = ("letter".to_owned(), marks.to_owned());
    let digit = ("digit".to_owned(), "class for the marked".to_owned());
    match (columns >= 60, flagged > 0) {
        (false, _) => vec![enter, letter],
        (true, false) => vec![letter, enter],
        (true, true) => vec![letter, enter, digit],
    }
}
