//! Thumbnails in a grid: the picture, and what its answer is in one line. Shared by the gallery and the sweep.

use super::lake::wrapped;
use crate::app::picture::{CellRect, PictureArea, PictureRef, PictureState};
use crate::app::screens::grid::Grid;
use crate::app::screens::label::state::picture;
use crate::app::state::{OpenProject, State};
use crate::domain::sample::{Sample, Status};
use crate::domain::text::printable;
use crate::term::caps::Protocol;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, width};
use crate::ui::marks;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The places of thumbnails start here; those of large pictures lie before.
const FIRST_PLACE: u32 = 1 << 16;

/// The place of a sample's thumbnail. It belongs to the sample and not to the cell of the grid: a cell that is filled
/// anew is blank until its own picture comes, so no picture ever stands above another one's label.
fn place(sample: &Sample) -> u32 {
    let id = u64::from_ne_bytes(sample.id.0.to_ne_bytes()) % u64::from(u32::MAX - FIRST_PLACE);
    FIRST_PLACE + u32::try_from(id).unwrap_or(0)
}

/// The rectangle of cells that a picture takes.
pub(super) fn rect(cells: CellRect) -> Rect {
    Rect::new(cells.x, cells.y, cells.w, cells.h)
}

/// Draws the picture of a sample, or why there is none.
pub(super) fn draw(state: &State, open: &OpenProject, canvas: &mut Canvas, cells: CellRect, sample: &Sample) {
    let wanted = picture(&open.project, sample);
    let at = rect(cells);
    if let Some(PictureState::Failed { reason, .. }) = state.pictures.get(&wanted) {
        let text = if at.width < 12 { "no picture".to_owned() } else { format!("no picture: {}", printable(reason)) };
        wrapped(
            canvas,
            Rect { y: at.y + at.height / 4, height: at.height - at.height / 4, ..at },
            &text,
            Role::Warning,
        );
        return;
    }
    if state.caps.protocol == Protocol::None {
        wrapped(canvas, at, &name(sample), Role::Placeholder);
        return;
    }
    let marks = marks::on_thumbnail(&open.project.labels, canvas.palette, sample);
    canvas.thumbnail(place(sample), wanted, at, marks);
}

/// Has the thumbnails of the next screen prepared, in the cells they will get.
pub(super) fn prepare<'a>(
    open: &OpenProject,
    canvas: &mut Canvas,
    grid: &Grid,
    samples: impl Iterator<Item = &'a Sample>,
) {
    for (n, sample) in samples.enumerate().take(grid.page()) {
        let wanted: PictureRef = picture(&open.project, sample);
        let (cells, _) = grid.cell(n);
        let marks = marks::on_thumbnail(&open.project.labels, canvas.palette, sample);
        canvas.drawn.ahead.push(PictureArea { marks, ..PictureArea::plain(place(sample), wanted, cells, true) });
    }
}

/// The file name of a sample, safe to show.
pub(super) fn name(sample: &Sample) -> String {
    let path = printable(&sample.path).into_owned();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// What stands in the line under a thumbnail: the answer in the colour and shape of its class, or the file name of a
/// picture without one.
pub(super) fn answer(open: &OpenProject, canvas: &Canvas, sample: &Sample) -> (String, Style) {
    let labels = &open.project.labels;
    let muted = canvas.style(Role::Muted);
    let class = sample.answer.classes(labels).first().copied().and_then(|id| labels.get(id));
    match (sample.answer.status, class) {
        (Status::Labeled, Some(class)) => {
            let (style, shape) = canvas.palette.class(usize::from(class.colour));
            (format!("{shape} {}", printable(&sample.answer.summary(labels))), style)
        }
        (Status::Labeled, None) => (printable(&sample.answer.summary(labels)).into_owned(), canvas.style(Role::Text)),
        (Status::Skipped, _) => {
            (format!("{} {}", canvas.glyph(Glyph::Skipped), printable(&sample.answer.summary(labels))), muted)
        }
        (Status::Unlabeled | Status::PreLabeled, _) => match sample.predictions.first() {
            Some(best) => {
                let name = labels.name(best.class);
                let text = format!("{} {} {:.2}", canvas.glyph(Glyph::Predicted), printable(&name), best.score);
                (text, canvas.style(Role::Predicted))
            }
            None => (name(sample), muted),
        },
    }
}

/// Draws the line under a thumbnail of the gallery: answer, marks, and the file name where there is room.
pub(super) fn line(
    (state, open): (&State, &OpenProject),
    canvas: &mut Canvas,
    at: Rect,
    sample: &Sample,
    (selected, cursor): (bool, bool),
) {
    let mut room = badge(state, open, canvas, at, sample);
    if selected {
        let mark = canvas.glyph(Glyph::Marked);
        let used = canvas.text(room, &mark, canvas.style(Role::Marked)) + 1;
        room = Rect { x: room.x + used, width: room.width.saturating_sub(used), ..room };
    }
    let marks = marks(canvas, sample);
    if !marks.is_empty() {
        let used = canvas.right(room, &marks, canvas.style(Role::Warning)) + 1;
        room.width = room.width.saturating_sub(used);
    }
    let (text, style) = answer(open, canvas, sample);
    let used = canvas.text(room, &text, style);
    let rest = Rect { x: room.x + used + 2, width: room.width.saturating_sub(used + 2), ..room };
    let file = name(sample);
    if text != file && rest.width >= 8.min(width(&file)) {
        canvas.right(rest, &file, canvas.style(Role::Muted));
    }
    if selected {
        canvas.paint(room, canvas.style(Role::Selected));
    }
    if cursor {
        canvas.paint(at, canvas.style(Role::Cursor));
    }
}

/// Says at the right end of a thumbnail's line that its file is damaged, if it is; gives what is left of the line.
pub(super) fn badge(state: &State, open: &OpenProject, canvas: &mut Canvas, at: Rect, sample: &Sample) -> Rect {
    if !is_damaged(state, open, sample) {
        return at;
    }
    // A short one leaves room for the answer; the status line of the screen says the word.
    let text = if at.width < 20 { canvas.glyph(Glyph::Warning) } else { "damaged".to_owned() };
    let used = canvas.right(at, &text, canvas.style(Role::Warning)) + 1;
    Rect { width: at.width.saturating_sub(used), ..at }
}

/// Whether a sample's picture is on the screen, and its file is not whole.
pub(super) fn is_damaged(state: &State, open: &OpenProject, sample: &Sample) -> bool {
    state.pictures.get(&picture(&open.project, sample)).is_some_and(PictureState::is_damaged)
}

/// Flag and unsure mark of a sample, and that there is something to read about it.
pub(super) fn marks(canvas: &Canvas, sample: &Sample) -> String {
    let marks = [(sample.answer.flagged, Glyph::Flag), (sample.answer.unsure, Glyph::Unsure)];
    let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, glyph)| canvas.glyph(*glyph)).collect();
    let said = match sample.notes.len() {
        0 => String::new(),
        1 => canvas.glyph(Glyph::Comment),
        n => format!("{}{n}", canvas.glyph(Glyph::Comment)),
    };
    marks + &said
}
