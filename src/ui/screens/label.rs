//! The Label screen: the picture as large as the window allows, the classes with their keys beside it.

pub(in crate::ui) mod boxes;
pub(super) mod side;

use super::lake::{facts_line, info_of, placeholder, wrapped};
use super::projects::are_here;
use super::thumbnail::rect;
use crate::app::picture::{CellRect, PictureState};
use crate::app::screens::label::LabelState;
use crate::app::screens::label::state::picture;
use crate::app::screens::rooms;
use crate::app::screens::second_pass::SecondPassState;
use crate::app::state::{OpenProject, State};
use crate::app::team::{self, Here};
use crate::domain::queue::Filter;
use crate::domain::sample::Status;
use crate::domain::text::printable;
use crate::theme::{Glyph, Role};
use crate::ui::canvas::{Canvas, cut_path, number};
use crate::ui::{chrome, names, viewing};
use ratatui::layout::Rect;

/// The place of the picture on this screen.
const PLACE: u32 = 2;
/// The place of the picture in a second pass.
const BLIND_PLACE: u32 = 5;

/// Draws the screen.
pub fn render(state: &State, label: &LabelState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let Some(open) = &state.project else {
        chrome::header(canvas, frame.header, "label", "", "");
        let text = label.problem.as_deref().unwrap_or("opening the project");
        wrapped(canvas, frame.body, &printable(text), Role::Muted);
        chrome::hints(state, canvas, frame.hints);
        return;
    };
    match state.second_pass() {
        Some(pass) => blind_header(open, pass, canvas, frame.header),
        None if label.alone.is_some() => alone_header(open, canvas, frame.header),
        None => header(state, open, label, canvas, frame.header),
    }
    let place = if state.second_pass().is_some() { BLIND_PLACE } else { PLACE };
    let (room, side, below) = split(frame.body);
    match label.sample() {
        Some(_) => draw_picture(state, open, label, place, canvas, room),
        None if label.waiting_next => not_yet(state, label, canvas, room),
        None if state.second_pass().is_some() => nothing_blind(state, label, canvas, room),
        None => nothing_here(state, open, &label.queue.filter, (label.loaded, label.problem.as_deref()), canvas, room),
    }
    match (side, below) {
        (Some(side), _) => {
            let side = viewing::map(state, canvas, side);
            side::column(state, open, label, canvas, side);
        }
        (None, Some(below)) => side::line(state, open, label, canvas, below),
        (None, None) => {}
    }
    scrubber(label, canvas, Rect { y: frame.status.y.saturating_sub(1), ..frame.status });
    status(state, open, label, canvas, frame.status);
    if state.boxes().is_some() {
        names::draw(state, canvas);
    }
    boxes::letters(state, canvas);
    boxes::hints(state, canvas, frame.hints);
}

fn header(state: &State, open: &OpenProject, label: &LabelState, canvas: &mut Canvas, at: Rect) {
    let title = chrome::project_title(&open.project);
    let queue = chrome::queue_title(&label.queue, label.queue_name.as_deref());
    let holder = label.sample().and_then(|s| state.team.holder(s.id)).map(|by| format!("   held by {by}"));
    let queue = format!("{queue}{}{}", holder.unwrap_or_default(), others(&state.team.here));
    let (done, all) = (label.done(&open.counts), open.counts.samples());
    let percent = (done * 100).checked_div(all).unwrap_or(0);
    let right = format!("{} / {} done   {percent} %", number(done), number(all));
    chrome::header(canvas, at, &title, &queue, &right);
}

/// `ann is here: 3,204`, with how many pictures are theirs; of several people the names.
fn others(here: &[Here]) -> String {
    let names: Vec<&str> = here.iter().map(|h| h.name.as_str()).collect();
    match here {
        [] => String::new(),
        [Here { samples: Some(samples @ 1..), .. }] => format!("   {}: {}", are_here(&names), number(*samples)),
        _ => format!("   {}", are_here(&names)),
    }
}

/// What stands above a picture that was opened from another screen.
fn alone_header(open: &OpenProject, canvas: &mut Canvas, at: Rect) {
    chrome::header(canvas, at, &chrome::project_title(&open.project), "this picture alone, an answer leads back", "");
}

fn blind_header(open: &OpenProject, pass: &SecondPassState, canvas: &mut Canvas, at: Rect) {
    let name = chrome::project_title(&open.project);
    let (done, of) = pass.done();
    let right = if of == 0 { String::new() } else { format!("{} / {}", number(done), number(of)) };
    chrome::header(canvas, at, &name, "second pass, first answers hidden", &right);
}

/// What stands where a second pass has no picture yet.
fn nothing_blind(state: &State, label: &LabelState, canvas: &mut Canvas, room: Rect) {
    let room = Rect { y: room.y + room.height / 3, height: room.height * 2 / 3, ..room };
    let drawing = state.second_pass().is_some_and(|p| p.drawing.is_some());
    let text = match (&label.problem, drawing, label.loaded) {
        (Some(problem), ..) => printable(problem).into_owned(),
        (None, true, _) => "drawing pictures at random".to_owned(),
        (None, false, false) => "loading".to_owned(),
        (None, false, true) => {
            "No pictures were drawn: a second pass needs labelled pictures. `q` goes back.".to_owned()
        }
    };
    wrapped(canvas, room, &text, Role::Muted);
}

/// The rectangle of the picture, and of the side column or the line below it.
pub(super) fn split(body: Rect) -> (Rect, Option<Rect>, Option<Rect>) {
    let rooms = rooms::walk(CellRect { x: body.x, y: body.y, w: body.width, h: body.height });
    (rect(rooms.picture), rooms.side.map(rect), rooms.below.map(rect))
}

pub(super) fn draw_picture(
    state: &State,
    open: &OpenProject,
    label: &LabelState,
    place: u32,
    canvas: &mut Canvas,
    room: Rect,
) {
    let Some(sample) = label.sample() else { return };
    let wanted = picture(&open.project, sample);
    if let Some(PictureState::Failed { reason, .. }) = state.pictures.get(&wanted) {
        placeholder(canvas, room, &sample.path, reason);
        return;
    }
    let count = usize::try_from(state.settings.prefetch).unwrap_or(8);
    let ahead = label.ahead(count).into_iter().map(|s| (picture(&open.project, s), Some(s)));
    viewing::show(state, canvas, place, room, (wanted, Some(sample)), ahead);
}

/// What stands where the next picture has not come yet.
pub(super) fn not_yet(state: &State, label: &LabelState, canvas: &mut Canvas, room: Rect) {
    let room = Rect { y: room.y + room.height / 3, height: room.height * 2 / 3, ..room };
    let (text, role) = match &label.problem {
        Some(problem) => {
            let text = format!("{}. [walk.next] asks again, [walk.previous] goes back.", printable(problem));
            (text, Role::Danger)
        }
        None => ("The next pictures are on their way. [walk.previous] goes back.".to_owned(), Role::Muted),
    };
    let scope = if state.review().is_some() { "review" } else { "label" };
    wrapped(canvas, room, &state.with_keys(&text.replace("[walk.", &format!("[{scope}."))), role);
}

/// What stands where a queue has no picture; the gallery says the same. `loaded`: whether the first page has come, and
/// what went wrong.
pub(super) fn nothing_here(
    state: &State,
    open: &OpenProject,
    filter: &Filter,
    (loaded, problem): (bool, Option<&str>),
    canvas: &mut Canvas,
    room: Rect,
) {
    let room = Rect { y: room.y + room.height / 3, height: room.height * 2 / 3, ..room };
    if !loaded {
        wrapped(canvas, room, &printable(problem.unwrap_or("loading")), Role::Muted);
        return;
    }
    let left = open.counts.samples() - open.counts.done().min(open.counts.samples());
    let text = if open.counts.samples() == 0 {
        "This project has no pictures. [go.projects] lists projects, rescan there looks again.".to_owned()
    } else if !asks_for_open(filter) && left == 0 {
        // That all are answered says nothing of what was looked for.
        format!("No picture is `{}`. [label.queue] chooses another queue.", printable(&filter.to_string()))
    } else if left == 0 {
        format!(
            "Done: all {} pictures have an answer. [label.queue] chooses another queue.",
            number(open.counts.samples())
        )
    } else if let Some((n, who)) = team::all_held(state) {
        let pictures =
            if n == 1 { "The one picture that is".to_owned() } else { format!("The {} pictures that are", number(n)) };
        let held = if n == 1 { "is held" } else { "are held" };
        format!(
            "{pictures} left {held} by {who}. [label.anyway] shows what they hold; it goes on by itself when they give \
             something back. [label.queue] chooses another queue."
        )
    } else {
        format!(
            "Nothing in this queue; {} pictures are still unlabeled. [label.queue] chooses another queue.",
            number(left)
        )
    };
    wrapped(canvas, room, &state.with_keys(&text), Role::Text);
}

/// Whether a queue is of what nobody has answered, or of everything.
fn asks_for_open(filter: &Filter) -> bool {
    let open = Filter { status: filter.status.clone(), ..Filter::default() };
    *filter == open && filter.status.iter().all(|s| matches!(s, Status::Unlabeled | Status::PreLabeled))
}

/// One line: where in the queue the picture stands.
pub(super) fn scrubber(label: &LabelState, canvas: &mut Canvas, at: Rect) {
    let (Some(rank), Some(total)) = (label.rank, label.total) else { return };
    // A picture that was jumped to stands in the walk before it is known to be of the queue again.
    let total = total.max(rank);
    let text = format!(" {} / {}", number(rank), number(total));
    let used = canvas.right(at, &text, canvas.style(Role::Muted));
    let track = Rect { width: at.width.saturating_sub(used + 1), ..at };
    if track.width < 8 || total == 0 {
        return;
    }
    let (done, rest) = (canvas.style(Role::Bar), canvas.style(Role::BarEmpty));
    let place = ((rank.saturating_sub(1)) * u64::from(track.width) / total.max(1)).min(u64::from(track.width) - 1);
    let place = u16::try_from(place).unwrap_or(0);
    let line = canvas.glyph(Glyph::LineAcross);
    for x in 0..track.width {
        canvas.text(Rect { x: track.x + x, width: 1, ..track }, &line, if x < place { done } else { rest });
    }
    let knob = canvas.glyph(Glyph::Thumb);
    canvas.text(Rect { x: track.x + place, width: 1, ..track }, &knob, canvas.style(Role::Accent));
}

pub(super) fn status(state: &State, open: &OpenProject, label: &LabelState, canvas: &mut Canvas, at: Rect) {
    let Some(sample) = label.sample() else { return };
    let known = state.pictures.get(&picture(&open.project, sample));
    let used = viewing::status(state, canvas, at, known, ("loading", ""));
    let facts = known.and_then(info_of).map(facts_line).unwrap_or_default();
    let room = Rect { width: at.width.saturating_sub(used + 2), ..at };
    // Folder names may tell the first answer.
    let name = if state.second_pass().is_some() {
        picture(&open.project, sample).path.name().to_owned()
    } else {
        sample.path.clone()
    };
    let path = printable(&name).into_owned();
    let path = cut_path(&path, room.width / 2, canvas.palette.glyph(Glyph::Ellipsis));
    let (text, muted) = (canvas.style(Role::Text), canvas.style(Role::Muted));
    canvas.pieces(room, &[(&path, text), ("    ", muted), (&facts, muted)]);
}
