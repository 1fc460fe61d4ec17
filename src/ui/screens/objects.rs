//! The object grid: crops of the objects of one class, a letter under each.

use super::lake::wrapped;
use super::thumbnail;
use crate::app::picture::{CellRect, PictureArea, PictureState};
use crate::app::screens::label::boxes::round::extent;
use crate::app::screens::label::state::picture;
use crate::app::screens::objects::accept::{Tally, tally};
use crate::app::screens::objects::pages::BARREN;
use crate::app::screens::objects::state::{Exception, ObjectId, ObjectsState, crop};
use crate::app::screens::sweep::actions::is_seen;
use crate::app::state::{OpenProject, State};
use crate::domain::annotation::Annotation;
use crate::domain::sample::Sample;
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut_path, number, width};
use crate::ui::{chrome, marks};
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The places of crops start here; those of whole pictures lie before.
const FIRST_PLACE: u32 = 1 << 16;
/// What is taken for the size of a picture that nobody has measured yet.
const UNKNOWN: (u32, u32) = (4_000, 3_000);

/// Draws the screen.
pub fn render(state: &State, objects: &ObjectsState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let Some(open) = &state.project else {
        chrome::header(canvas, frame.header, "objects", "", "");
        chrome::hints(state, canvas, frame.hints);
        return;
    };
    header(open, objects, canvas, frame.header);
    if objects.page.is_empty() {
        wrapped(canvas, frame.body, &state.with_keys(&nothing(open, objects)), Role::Muted);
    }
    let grid = state.grid(objects.zoom);
    let hints = objects.hints(state);
    let widest = hints.iter().map(|hint| width(hint)).max().unwrap_or(1);
    for (n, (id, hint)) in objects.page.iter().zip(&hints).enumerate().take(grid.page()) {
        let Some((sample, object)) = objects.object(*id) else { continue };
        let (cells, line) = grid.cell(n);
        draw(state, open, canvas, cells, (sample, object));
        let line = thumbnail::rect(line);
        draw_line((state, open), objects, canvas, line, (sample, *id), (hint, widest));
        if n == objects.cursor {
            canvas.paint(line, canvas.style(Role::Cursor));
        }
    }
    for (n, id) in objects.ahead(&open.project.labels, grid.page()).enumerate() {
        let (cells, _) = grid.cell(n);
        let shown = objects.object(id).and_then(|object| area_of(state, open, canvas, cells, object));
        canvas.drawn.ahead.extend(shown);
    }
    let counts = tally(state, objects);
    status((state, objects), counts, canvas, frame.status);
    let lead = if objects.page.is_empty() { Vec::new() } else { lead(counts, area.width) };
    chrome::hints_after(state, canvas, frame.hints, &lead);
}

fn header(open: &OpenProject, objects: &ObjectsState, canvas: &mut Canvas, at: Rect) {
    let labels = &open.project.labels;
    let class = objects.class.map(|id| printable(&labels.name(id)).into_owned()).unwrap_or_default();
    let project = chrome::project_title(&open.project);
    let which = if objects.all { "all" } else { "waiting for a verdict" };
    let what = format!("{which}, by {}   {project}", objects.queue(labels).order.name());
    let pictures = |n: u64| if n == 1 { "on 1 picture".to_owned() } else { format!("on {} pictures", number(n)) };
    let right = objects.pictures.filter(|_| at.width >= 60).map(pictures).unwrap_or_default();
    chrome::header(canvas, at, &format!("objects {class}"), &what, &right);
}

fn nothing(open: &OpenProject, objects: &ObjectsState) -> String {
    if let Some(problem) = &objects.stretch.problem {
        return printable(problem).into_owned();
    }
    let class = objects.class.map(|id| printable(&open.project.labels.name(id)).into_owned()).unwrap_or_default();
    if objects.barren >= BARREN && !objects.stretch.at_end {
        return format!(
            "Many pictures carry {class}, and none of the first {} has a box or an outline of it. [objects.accept] \
             looks further, [objects.next-class] goes to the next class.",
            number(objects.stretch.samples.len() as u64)
        );
    }
    if !objects.stretch.loaded || !objects.stretch.at_end {
        return "loading".to_owned();
    }
    if objects.all {
        return format!("That was the last box or outline of {class}. [objects.next-class] goes to the next class.");
    }
    format!(
        "No box or outline of {class} waits for a verdict. [objects.all] shows all of them, [objects.next-class] goes to \
         the next class."
    )
}

/// The place of an object's crop. It belongs to the object and not to the cell of the grid, so that no crop ever stands
/// above another one's line.
fn place(object: &Annotation) -> u32 {
    let id = object.id.0.as_u128() % u128::from(u32::MAX - FIRST_PLACE);
    FIRST_PLACE + u32::try_from(id).unwrap_or(0)
}

fn area_of(
    state: &State,
    open: &OpenProject,
    canvas: &Canvas,
    cells: CellRect,
    (sample, object): (&Sample, &Annotation),
) -> Option<PictureArea> {
    let wanted = picture(&open.project, sample);
    let size = state.picture_size(&wanted, Some(sample)).unwrap_or(UNKNOWN);
    let window = crop(&object.shape, size)?;
    let marks = marks::one(&open.project.labels, canvas.palette, object.class, &object.shape);
    Some(PictureArea { window, marks, ..PictureArea::plain(place(object), wanted, cells, true) })
}

/// Draws the crop of an object, or why there is none.
fn draw(state: &State, open: &OpenProject, canvas: &mut Canvas, cells: CellRect, object: (&Sample, &Annotation)) {
    let at = thumbnail::rect(cells);
    if let Some(PictureState::Failed { reason, .. }) = state.pictures.get(&picture(&open.project, object.0)) {
        let text = if at.width < 12 { "no picture".to_owned() } else { format!("no picture: {}", printable(reason)) };
        wrapped(canvas, at, &text, Role::Warning);
        return;
    }
    match area_of(state, open, canvas, cells, object) {
        Some(area) => canvas.drawn.pictures.push(area),
        None => {
            wrapped(canvas, at, "outside of the picture", Role::Warning);
        }
    }
}

/// The hint, and what will become of the object.
fn draw_line(
    (state, open): (&State, &OpenProject),
    objects: &ObjectsState,
    canvas: &mut Canvas,
    at: Rect,
    (sample, id): (&Sample, ObjectId),
    (hint, widest): (&str, u16),
) {
    canvas.text(Rect { width: widest.min(at.width), ..at }, hint, canvas.style(Role::Key));
    let room = Rect { x: at.x + widest + 1, width: at.width.saturating_sub(widest + 1), ..at };
    let (text, style) = verdict((state, open), objects, canvas, (sample, id));
    canvas.text(room, &text, style);
}

fn verdict(
    (state, open): (&State, &OpenProject),
    objects: &ObjectsState,
    canvas: &Canvas,
    (sample, id): (&Sample, ObjectId),
) -> (String, Style) {
    let labels = &open.project.labels;
    let kept = objects.object(id).is_some_and(|(_, object)| object.verified.is_some());
    match objects.marks.get(&id) {
        Some(Exception::Flag) => (format!("{} flag", canvas.glyph(Glyph::Rejected)), canvas.style(Role::Danger)),
        Some(Exception::Delete) => (format!("{} delete", canvas.glyph(Glyph::Rejected)), canvas.style(Role::Danger)),
        Some(Exception::Class(id)) => {
            let (style, shape) = canvas.palette.class(labels.get(*id).map_or(0, |c| usize::from(c.colour)));
            (format!("{shape} {}", printable(&labels.name(*id))), style)
        }
        None if !is_seen(state, sample) => ("not yet".to_owned(), canvas.style(Role::Placeholder)),
        None if sample.is_accepted() || kept => {
            (format!("{} {}", canvas.glyph(Glyph::Saved), thumbnail::name(sample)), canvas.style(Role::Muted))
        }
        None => (thumbnail::name(sample), canvas.style(Role::Muted)),
    }
}

/// What `Enter` would do, in words; at the right end what is under the cursor.
fn status((state, objects): (&State, &ObjectsState), counts: Tally, canvas: &mut Canvas, at: Rect) {
    let (text, warning, danger) = (canvas.style(Role::Text), canvas.style(Role::Warning), canvas.style(Role::Danger));
    let parts = [
        (counts.accepted, "to accept", text),
        (counts.waiting, "not shown yet", warning),
        (counts.classed, "other class", text),
        (counts.deleted, "to delete", danger),
        (counts.flagged, "to flag", text),
    ];
    let pieces: Vec<(String, Style)> =
        parts.iter().filter(|(n, ..)| *n > 0).map(|(n, what, style)| (format!("{n} {what}   "), *style)).collect();
    let pieces: Vec<(&str, Style)> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    let used = canvas.pieces(at, &pieces);
    let Some((sample, object)) = objects.page.get(objects.cursor).and_then(|id| objects.object(*id)) else { return };
    let room = Rect { x: at.x + used, width: at.width.saturating_sub(used), ..at };
    let about = about(state, sample, object);
    let path = printable(&sample.path).into_owned();
    let most = room.width.saturating_sub(width(&about) + 3);
    let path = if most >= 12 { cut_path(&path, most, canvas.palette.glyph(Glyph::Ellipsis)) } else { String::new() };
    let gap = if path.is_empty() { "" } else { "   " };
    if room.width > width(&about) {
        canvas.right(room, &format!("{path}{gap}{about}"), canvas.style(Role::Muted));
    }
}

/// The kind of an object and its size: `box 62 x 80 px`.
fn about(state: &State, sample: &Sample, object: &Annotation) -> String {
    let kind = object.shape.kind();
    let size = state.project.as_ref().and_then(|p| state.picture_size(&picture(&p.project, sample), Some(sample)));
    match (size, extent(&object.shape)) {
        (Some((w, h)), Some(at)) => format!("{kind} {:.0} x {:.0} px", at.w * f64::from(w), at.h * f64::from(h)),
        _ => kind.to_owned(),
    }
}

/// The hints of the keys that are no actions; the narrower the window, the fewer words.
fn lead(counts: Tally, columns: u16) -> Vec<(String, String)> {
    let marked = counts.classed + counts.deleted + counts.flagged;
    let others = if marked > 0 && columns >= 100 { "the other " } else { "" };
    let accepts = if columns < 60 { "accept".to_owned() } else { format!("accepts {others}{}", counts.accepted) };
    let enter = ("Enter".to_owned(), accepts);
    let marks = if columns >= 100 { "marks an exception" } else { "marks" };
    let letter = ("letter".to_owned(), marks.to_owned());
    let digit = ("digit".to_owned(), "class for the marked".to_owned());
    match (columns >= 60, counts.flagged > 0) {
        (false, _) => vec![enter, letter],
        (true, false) => vec![letter, enter],
        (true, true) => vec![letter, enter, digit],
    }
}
