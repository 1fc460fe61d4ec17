//! The gallery: as many thumbnails as fit, each with its answer below it.

use super::label::nothing_here;
use super::lake::wrapped;
use super::thumbnail;
use crate::app::screens::gallery::GalleryState;
use crate::app::screens::grid::Grid;
use crate::app::state::{OpenProject, State};
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut_path, number};
use crate::ui::chrome;
use ratatui::layout::Rect;

/// Draws the screen.
pub fn render(state: &State, gallery: &GalleryState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let Some(open) = &state.project else {
        chrome::header(canvas, frame.header, "gallery", "", "");
        wrapped(canvas, frame.body, "opening the project", Role::Muted);
        chrome::hints(state, canvas, frame.hints);
        return;
    };
    let grid = state.grid(gallery.zoom);
    header(open, gallery, &grid, canvas, frame.header);
    if gallery.window.is_empty() {
        let problem = gallery.problem.as_deref();
        nothing_here(state, open, &gallery.chosen.queue.filter, (gallery.loaded, problem), canvas, frame.body);
    }
    for (n, sample) in gallery.shown(&grid).enumerate() {
        let (cells, line) = grid.cell(n);
        thumbnail::draw(state, open, canvas, cells, sample);
        let selected = gallery.selected.contains(&sample.id);
        let cursor = gallery.top + n == gallery.at;
        thumbnail::line((state, open), canvas, thumbnail::rect(line), sample, (selected, cursor));
    }
    thumbnail::prepare(open, canvas, &grid, gallery.ahead(&grid));
    status((state, open), gallery, canvas, frame.status);
    chrome::hints(state, canvas, frame.hints);
}

fn header(open: &OpenProject, gallery: &GalleryState, grid: &Grid, canvas: &mut Canvas, at: Rect) {
    let title = chrome::project_title(&open.project);
    let queue = chrome::queue_title(&gallery.chosen.queue, gallery.chosen.name.as_deref());
    let mut right = Vec::new();
    if let Some((page, pages)) = gallery.page_number(grid) {
        right.push(format!("page {} / {}", number(page), number(pages)));
    }
    if let Some(total) = gallery.total.filter(|_| at.width >= 60) {
        right.push(format!("{} pictures", number(total)));
    }
    chrome::header(canvas, at, &title, &queue, &right.join("   "));
}

fn status((state, open): (&State, &OpenProject), gallery: &GalleryState, canvas: &mut Canvas, at: Rect) {
    let Some(sample) = gallery.sample() else { return };
    let selected = gallery.selected.len() as u64;
    let place = match (gallery.rank, gallery.total) {
        (Some(rank), Some(total)) => format!("{} / {}", number(rank), number(total)),
        _ => String::new(),
    };
    let mut used = canvas.right(at, &place, canvas.style(Role::Muted));
    if selected > 0 {
        let room = Rect { width: at.width.saturating_sub(used + 3), ..at };
        used += 3 + canvas.right(room, &format!("{} selected", number(selected)), canvas.style(Role::Marked));
    }
    if thumbnail::is_damaged(state, open, sample) {
        let room = Rect { width: at.width.saturating_sub(used + 3), ..at };
        used += 3 + canvas.right(room, "damaged", canvas.style(Role::Warning));
    }
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let answer = printable(&sample.answer.summary(&open.project.labels)).into_owned();
    let path = printable(&sample.path).into_owned();
    let most = if room.width < 50 { room.width } else { room.width / 2 };
    let path = cut_path(&path, most, canvas.palette.glyph(Glyph::Ellipsis));
    let (text, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    let pieces = [(path.as_str(), text), ("    ", muted), (answer.as_str(), muted)];
    canvas.pieces(room, if room.width < 40 { &pieces[..1] } else { &pieces });
}
