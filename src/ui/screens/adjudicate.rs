//! The Differences screen: one picture that was answered twice, and the two answers below it, left and right; where they
//! have boxes, the picture twice, each with its own, or in a narrow window once with those of one in turns.

use super::conflicts::answer_words;
use super::label::side::said;
use super::lake::{placeholder, wrapped};
use super::thumbnail::rect;
use crate::app::picture::{CellRect, PictureState};
use crate::app::screens::adjudicate::{AdjudicateState, Dispute, current, is_twice};
use crate::app::screens::label::state::picture;
use crate::app::screens::rooms;
use crate::app::state::{OpenProject, State};
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut_path, number};
use crate::ui::{chrome, names, viewing};
use ratatui::layout::Rect;

/// What the two answers are called: whose they are is told after the decision.
const SIDES: (&str, &str) = ("A", "B");
/// The places of the pictures on this screen.
const PLACES: [u32; 2] = [7, 8];

/// Draws the screen.
pub fn render(state: &State, here: &AdjudicateState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let name = state.project.as_ref().map_or(String::new(), |p| printable(&p.project.name).into_owned());
    let count = here.disputes.as_ref().map_or(0, Vec::len);
    let more = if here.more { "+" } else { "" };
    let right = match &here.disputes {
        Some(all) if !all.is_empty() => format!("{} / {}{more}", number(here.at as u64 + 1), number(count as u64)),
        _ => String::new(),
    };
    let decided = here.decided.len() as u64;
    let decided = if decided > 0 { format!("{} decided   ", number(decided)) } else { String::new() };
    let right = if area.width < 60 { right } else { format!("{decided}{right}") };
    chrome::header(canvas, frame.header, &name, "answers that differ", &right);
    match (&state.project, current(state)) {
        (Some(open), Some(dispute)) => {
            body(state, open, here, dispute, canvas, frame.body);
            status(state, open, here, &dispute.sample, canvas, frame.status);
        }
        _ => nothing(state, here, canvas, frame.body),
    }
    chrome::hints(state, canvas, frame.hints);
}

fn nothing(state: &State, here: &AdjudicateState, canvas: &mut Canvas, room: Rect) {
    let text = match (&here.problem, &here.disputes) {
        (Some(problem), _) => printable(problem).into_owned(),
        (None, None) => "comparing".to_owned(),
        (None, Some(_)) if !here.decided.is_empty() => {
            let what = if here.decided.len() == 1 {
                "It is decided.".to_owned()
            } else {
                format!("All {} are decided.", number(here.decided.len() as u64))
            };
            format!("{what} [edit.undo] takes the last decision back.")
        }
        (None, Some(_)) => "No picture has two answers that differ. [review.second-pass] on the Review screen draws \
                            pictures to be answered again."
            .to_owned(),
    };
    let room = Rect { y: room.y + room.height / 3, height: room.height * 2 / 3, width: room.width.min(76), ..room };
    wrapped(canvas, room, &state.with_keys(&text), Role::Text);
}

fn body(state: &State, open: &OpenProject, here: &AdjudicateState, dispute: &Dispute, canvas: &mut Canvas, at: Rect) {
    let twice = is_twice(state);
    let rooms = rooms::differences(CellRect { x: at.x, y: at.y, w: at.width, h: at.height }, twice);
    let [left, right] = rooms.pictures.map(rect);
    let b_shown = here.turned == Some(dispute.sample.id);
    let mut shown = [false; 2];
    if twice {
        show(state, open, here, (dispute, &dispute.a.0), PLACES[0], canvas, left);
        show(state, open, here, (dispute, &dispute.b.0), PLACES[1], canvas, right);
    } else if dispute.has_shapes() {
        // In turns, and it is said whose they are: boxes of one of the two would look like the truth.
        let answer = if b_shown { &dispute.b.0 } else { &dispute.a.0 };
        shown = [!b_shown, b_shown];
        show(state, open, here, (dispute, answer), PLACES[0], canvas, left);
    } else {
        show(state, open, here, (dispute, &Answer::default()), PLACES[0], canvas, left);
    }
    let sides = [(SIDES.0, &dispute.a.0), (SIDES.1, &dispute.b.0)];
    for (((name, answer), at), shown) in sides.into_iter().zip(rooms.answers).zip(shown) {
        answer_lines(open, (name, shown), answer, canvas, rect(at));
    }
    let [first, _] = rooms.answers.map(rect);
    objects_line(open, here, canvas, Rect { y: first.y + 2, width: at.width, height: 1, ..first });
}

/// What differs in the boxes of both: all in one line, or the one that is looked at.
fn objects_line(open: &OpenProject, here: &AdjudicateState, canvas: &mut Canvas, at: Rect) {
    let (labels, text, muted) = (&open.project.labels, canvas.style(Role::Text), canvas.style(Role::Muted));
    match (here.looked(), here.objects()) {
        (Some((one, number, of)), _) => {
            let place = format!("{number} of {of}   ");
            canvas.pieces(at, &[(&place, muted), (&one.words(SIDES, labels), text)]);
        }
        (None, Some(objects)) => _ = canvas.text(at, &objects.words(SIDES, labels), text),
        (None, None) => {}
    }
}

fn show(
    state: &State,
    open: &OpenProject,
    here: &AdjudicateState,
    (dispute, answer): (&Dispute, &Answer),
    place: u32,
    canvas: &mut Canvas,
    room: Rect,
) {
    let wanted = picture(&open.project, &dispute.sample);
    if let Some(PictureState::Failed { reason, .. }) = state.pictures.get(&wanted) {
        return placeholder(canvas, room, &dispute.sample.path, reason);
    }
    let sample = Sample { answer: answer.clone(), ..dispute.sample.clone() };
    let next = here.disputes.iter().flatten().skip(here.at + 1).take(3);
    let ahead = next.map(|d| (picture(&open.project, &d.sample), None));
    let there = matches!(state.pictures.get(&wanted), Some(PictureState::Shown { .. }));
    viewing::show(state, canvas, place, room, (wanted, Some(&sample)), ahead);
    // Names stand only where the answers differ: there they say in letters what the colours say.
    let Some(objects) = here.objects().filter(|_| there) else { return };
    let apart = answer.annotations.iter().filter(|a| !objects.same.contains(&a.id));
    names::on(state, canvas, CellRect { x: room.x, y: room.y, w: room.width, h: room.height }, apart);
}

/// What one answer says; `shown`: its boxes are those on the picture.
fn answer_lines(open: &OpenProject, (name, shown): (&str, bool), answer: &Answer, canvas: &mut Canvas, at: Rect) {
    let labels = &open.project.labels;
    let (key, text, muted) = (canvas.style(Role::Key), canvas.style(Role::Title), canvas.style(Role::Muted));
    let class = answer.annotations.first().and_then(|a| labels.get(labels.resolve(a.class)));
    let (style, shape) = match class {
        Some(class) => {
            let (style, shape) = canvas.palette.class(usize::from(class.colour));
            (style, shape.to_owned())
        }
        None => (muted, canvas.glyph(Glyph::Unlabeled)),
    };
    let words = printable(&answer_words(labels, answer)).into_owned();
    canvas.pieces(Rect { height: 1, ..at }, &[(name, key), ("  ", text), (&shape, style), (" ", text), (&words, text)]);
    let reason = answer.skip_reason.as_ref().map(|r| format!("because: {}", printable(r)));
    let unsure = answer.unsure.then(|| "was not sure".to_owned());
    let boxes = answer.annotations.iter().filter(|a| a.shape.kind() != "class").count();
    let shapes = (boxes > 0).then(|| format!("{} {}", number(boxes as u64), if boxes == 1 { "box" } else { "boxes" }));
    let shown = shown.then(|| "shown".to_owned());
    let facts: Vec<String> = [shown, shapes, reason, unsure].into_iter().flatten().collect();
    let line = Rect { x: at.x + 3, y: at.y + 1, width: at.width.saturating_sub(3), height: 1 };
    canvas.text(line, &facts.join(", "), muted);
}

fn status(state: &State, open: &OpenProject, here: &AdjudicateState, sample: &Sample, canvas: &mut Canvas, at: Rect) {
    let known = state.pictures.get(&picture(&open.project, sample));
    let used = match &here.last {
        Some(last) => {
            let text = format!("{} {last}", canvas.glyph(Glyph::Success));
            canvas.right(at, &text, canvas.style(Role::Success))
        }
        None => viewing::status(state, canvas, at, known, ("loading", "")),
    };
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    let path = cut_path(&printable(&sample.path), room.width * 2 / 3, &canvas.glyph(Glyph::Ellipsis));
    let (text, warn) = (canvas.style(Role::Text), canvas.style(Role::Warning));
    let said = said(&sample.notes, canvas).map(|text| format!("    {text}")).unwrap_or_default();
    canvas.pieces(room, &[(&path, text), (&said, warn)]);
}
