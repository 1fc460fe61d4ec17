//! The Stats screen: how far, how fast, how sure, who, with numbers in one column; and where two answers differ.

mod agreement;
mod measures;
mod rows;

use super::lake::wrapped;
use crate::app::screens::stats::{StatsState, View};
use crate::app::state::{OpenProject, State};
use crate::domain::text::printable;
use crate::theme::Role;
use crate::ui::canvas::{Canvas, number};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// Columns of the questions, and of the classes beside them, at most.
const COLUMN: u16 = 66;
/// Free columns between the two.
const GAP: u16 = 4;

/// Draws the screen.
pub fn render(state: &State, stats: &StatsState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let name = state.project.as_ref().map(|p| printable(&p.project.name).into_owned()).unwrap_or_default();
    chrome::hints(state, canvas, frame.hints);
    let Some(open) = &state.project else {
        chrome::header(canvas, frame.header, "stats", "", "");
        wrapped(canvas, frame.body, &state.with_keys("No project is open. [go.projects] lists them."), Role::Muted);
        return;
    };
    if stats.view == View::Agreement {
        let count = stats.agreement.as_ref().map_or(0, |a| a.differ_count.max(a.differ.len() as u64));
        let place = if count == 0 { 0 } else { stats.cursor + 1 };
        let right = format!("{} / {}", number(place as u64), number(count));
        chrome::header(canvas, frame.header, &name, "first and second answers", &right);
        agreement::render(state, stats, canvas, frame.body);
        let pair = stats.agreement.as_ref().and_then(|a| a.differ.get(stats.cursor));
        let style = canvas.style(Role::Text);
        pair.map(|pair| canvas.text(frame.status, &pair.objects, style));
        return;
    }
    if stats.view == View::Measures {
        measures::render(state, stats, &name, canvas, &frame);
        return;
    }
    let right = stats.report.as_ref().map(done).unwrap_or_default();
    chrome::header(canvas, frame.header, &name, "stats", &right);
    if stats.report.is_none() {
        let text = stats.problem.as_deref().unwrap_or("counting");
        wrapped(canvas, frame.body, &printable(text), Role::Muted);
        return;
    }
    overview(state, open, stats, canvas, area, frame.body, frame.status);
}

/// `1,216 / 3,670 done   33 %`, as on the Label screen.
fn done(report: &crate::ops::report::StatsReport) -> String {
    let percent = (report.share_done() * 100.0).floor();
    let left = rows::left(report);
    format!("{} / {} done   {percent} %", number(report.samples.saturating_sub(left)), number(report.samples))
}

fn overview(
    state: &State,
    open: &OpenProject,
    stats: &StatsState,
    canvas: &mut Canvas,
    area: Rect,
    body: Rect,
    status: Rect,
) {
    let columns = stats.columns(area.width);
    let height = usize::from(body.height);
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let places = match columns.len() {
        1 => vec![body],
        _ => {
            let half = COLUMN.min((body.width - GAP) / 2);
            vec![Rect { width: half, ..body }, Rect { x: body.x + half + GAP, width: half, ..body }]
        }
    };
    for (rows, at) in columns.iter().zip(places) {
        let top = stats.top.min(rows.len().saturating_sub(height));
        for (i, row) in (0..body.height).zip(rows.iter().skip(top)) {
            rows::draw(state, open, stats, *row, canvas, Rect { y: at.y + i, height: 1, ..at });
        }
    }
    if longest > height {
        let top = stats.top.min(longest - height);
        let text = format!("lines {} to {} of {longest}", top + 1, top + height);
        canvas.right(status, &text, canvas.style(Role::Muted));
    }
}
