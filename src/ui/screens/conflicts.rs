//! The Conflicts screen: the pictures on which a person has to decide, and of the one under the cursor both answers.

use super::lake::{placeholder, wrapped};
use super::thumbnail::rect;
use crate::app::picture::{CellRect, PictureState};
use crate::app::screens::conflicts::{ConflictLine, ConflictsState};
use crate::app::screens::label::state::picture;
use crate::app::screens::rooms;
use crate::app::state::{OpenProject, State};
use crate::domain::agreement::objects::objects;
use crate::domain::annotation::Shape;
use crate::domain::class::LabelSet;
use crate::domain::edit::Change;
use crate::domain::sample::{Answer, Status};
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::age::ago;
use crate::ui::canvas::{Canvas, cut_path, number};
use crate::ui::{chrome, viewing};
use ratatui::layout::Rect;

/// The place of the picture on this screen.
const PLACE: u32 = 6;

/// Draws the screen.
pub fn render(state: &State, conflicts: &ConflictsState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let count = conflicts.lines.as_ref().map_or(0, Vec::len) as u64;
    let name = state.project.as_ref().map_or(String::new(), |p| printable(&p.project.name).into_owned());
    chrome::header(canvas, frame.header, &name, "conflicts", &format!("{} to decide", number(count)));
    match (&state.project, &conflicts.lines) {
        (Some(open), Some(lines)) if !lines.is_empty() => body(state, open, (conflicts, lines), canvas, frame.body),
        (_, Some(_)) => {
            let text = "Nothing is to be decided: no edit of yours met somebody else's.";
            wrapped(canvas, frame.body, text, Role::Muted);
        }
        (_, None) => {
            let text = conflicts.problem.as_deref().unwrap_or("loading");
            wrapped(canvas, frame.body, &printable(text), Role::Muted);
        }
    }
    chrome::hints(state, canvas, frame.hints);
}

fn body(
    state: &State,
    open: &OpenProject,
    (conflicts, lines): (&ConflictsState, &[ConflictLine]),
    canvas: &mut Canvas,
    at: Rect,
) {
    let rooms = rooms::conflicts(CellRect { x: at.x, y: at.y, w: at.width, h: at.height });
    rows(state, conflicts, lines, canvas, rect(rooms.list));
    let Some(line) = lines.get(conflicts.cursor) else { return };
    sides(&open.project.labels, line, canvas, rect(rooms.answers));
    let Some(sample) = &line.sample else { return };
    let room = rect(rooms.picture);
    let wanted = picture(&open.project, sample);
    if let Some(PictureState::Failed { reason, .. }) = state.pictures.get(&wanted) {
        return placeholder(canvas, room, &sample.path, reason);
    }
    let next = lines.iter().skip(conflicts.cursor + 1).filter_map(|l| l.sample.as_ref());
    let ahead = next.take(2).map(|s| (picture(&open.project, s), Some(s)));
    viewing::show(state, canvas, PLACE, room, (wanted, Some(sample)), ahead);
}

fn rows(state: &State, conflicts: &ConflictsState, lines: &[ConflictLine], canvas: &mut Canvas, at: Rect) {
    let height = usize::from(at.height).max(1);
    let top = conflicts.cursor.saturating_sub(height / 2).min(lines.len().saturating_sub(height));
    for (i, line) in lines.iter().enumerate().skip(top).take(height) {
        let y = at.y + u16::try_from(i - top).unwrap_or(0);
        let row = Rect { x: at.x + 1, y, width: at.width.saturating_sub(1), height: 1 };
        let when = ago(state.now, line.edit.at);
        let used = canvas.right(row, &when, canvas.style(Role::Muted));
        let path = line.sample.as_ref().map_or("the label set, or a picture that is gone", |s| s.path.as_str());
        let ellipsis = canvas.glyph(Glyph::Ellipsis);
        let path = cut_path(&printable(path), row.width.saturating_sub(used + 2), &ellipsis);
        canvas.text(row, &path, canvas.style(Role::Text));
        if i == conflicts.cursor {
            canvas.paint(Rect { x: at.x, width: at.width, ..row }, canvas.style(Role::Cursor));
        }
    }
}

/// `yours` and `theirs`, one below the other, and why.
fn sides(labels: &LabelSet, line: &ConflictLine, canvas: &mut Canvas, at: Rect) {
    let mine = match &line.edit.change {
        Change::Answer { after, .. } => answer_words(labels, after),
        Change::Verdict { after: Some(review), .. } => format!("verdict: {}", review.verdict.name()),
        Change::Verdict { after: None, .. } => "verdict taken back".to_owned(),
        Change::Classes { .. } => "a change of the label set".to_owned(),
        Change::Check { after: Some(after), .. } => answer_words(labels, after),
        Change::Check { after: None, .. } => "an answer taken back".to_owned(),
    };
    let theirs = line.theirs.annotations.first().map(|a| a.author.as_str()).unwrap_or_default();
    let by = if theirs.is_empty() { "theirs".to_owned() } else { format!("theirs, {}", printable(theirs)) };
    let rows = [("yours".to_owned(), mine, Role::Accent), (by, answer_words(labels, &line.theirs), Role::Text)];
    let mut y = at.y;
    for (name, answer, role) in rows {
        if y + 1 >= at.bottom() {
            return;
        }
        canvas.text(Rect { y, height: 1, ..at }, &name, canvas.style(Role::Muted));
        canvas.text(
            Rect { x: at.x + 2, y: y + 1, width: at.width.saturating_sub(2), height: 1 },
            &answer,
            canvas.style(role),
        );
        y += 2;
    }
    if let (Some(text), true) = (on_picture(labels, line), y < at.bottom()) {
        canvas.text(Rect { y, height: 1, ..at }, &text, canvas.style(Role::Muted));
        y += 1;
    }
    if let (Some(reason), true) = (&line.reason, y < at.bottom()) {
        let text = format!("not taken: {}", printable(reason));
        canvas.text(Rect { y, height: 1, ..at }, &text, canvas.style(Role::Warning));
    }
}

/// Whose boxes are seen, and in which the two differ: for one box each how far it is the same; nothing where there are none.
fn on_picture(labels: &LabelSet, line: &ConflictLine) -> Option<String> {
    let boxes = |answer: &Answer| -> Vec<Shape> {
        let shapes = answer.annotations.iter().map(|a| a.shape.clone());
        shapes.filter(|shape| *shape != Shape::Class).collect()
    };
    let Change::Answer { after, .. } = &line.edit.change else { return None };
    let (mine, theirs) = (boxes(after), boxes(&line.theirs));
    Some(match (mine.as_slice(), theirs.as_slice()) {
        ([], []) => return None,
        ([Shape::Box(mine)], [Shape::Box(theirs)]) => {
            format!("theirs is shown, overlap {:.2}", mine.iou(*theirs))
        }
        (_, []) => "yours is not shown".to_owned(),
        _ => {
            let words = objects(after, &line.theirs, labels).words(("yours", "theirs"), labels);
            format!("theirs is shown   {words}")
        }
    })
}

/// `roses, tulips; 3 boxes`, `skipped`, `nothing in it`.
pub(super) fn answer_words(labels: &LabelSet, answer: &Answer) -> String {
    match answer.status {
        Status::Skipped => return "skipped".to_owned(),
        Status::Unlabeled | Status::PreLabeled => return "no answer".to_owned(),
        Status::Labeled if answer.annotations.is_empty() => return "nothing in it".to_owned(),
        Status::Labeled => {}
    }
    let mut counts: Vec<(String, usize)> = Vec::new();
    for annotation in &answer.annotations {
        let id = labels.resolve(annotation.class);
        let name = labels.get(id).map_or_else(|| format!("class {id}"), |c| printable(&c.name).into_owned());
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    let words = counts.into_iter().map(|(name, n)| if n == 1 { name } else { format!("{name} x{n}") });
    words.collect::<Vec<_>>().join(", ")
}
