//! The Review screen: the picture as large as the window allows; beside it what was answered, by whom, and what others
//! and the model think.

mod side;

use super::label::{draw_picture, not_yet, scrubber, split, status};
use super::lake::wrapped;
use crate::app::screens::review::{ReviewState, queue_of};
use crate::app::state::{OpenProject, State};
use crate::domain::queue::ReviewState as Verdicts;
use crate::domain::text::printable;
use crate::theme::Role;
use crate::ui::canvas::{Canvas, number};
use crate::ui::{chrome, names, viewing};
use ratatui::layout::Rect;

/// The place of the picture on this screen.
const PLACE: u32 = 4;

/// Draws the screen.
pub fn render(state: &State, review: &ReviewState, canvas: &mut Canvas, area: Rect) {
    let frame = chrome::frame(area);
    let Some(open) = &state.project else {
        chrome::header(canvas, frame.header, "review", "", "");
        wrapped(canvas, frame.body, &state.with_keys("No project is open. [go.projects] lists them."), Role::Muted);
        chrome::hints(state, canvas, frame.hints);
        return;
    };
    header(open, review, canvas, frame.header);
    let (room, side, below) = split(frame.body);
    match review.label.sample() {
        Some(_) => draw_picture(state, open, &review.label, PLACE, canvas, room),
        None if review.label.waiting_next => not_yet(state, &review.label, canvas, room),
        None => nothing(state, review, canvas, room),
    }
    match (side, below) {
        (Some(side), _) => {
            let side = viewing::map(state, canvas, side);
            side::column(state, open, review, canvas, side);
        }
        (None, Some(below)) => side::line(state, open, review, canvas, below),
        (None, None) => {}
    }
    scrubber(&review.label, canvas, Rect { y: frame.status.y.saturating_sub(1), ..frame.status });
    status(state, open, &review.label, canvas, frame.status);
    names::draw(state, canvas);
    chrome::hints(state, canvas, frame.hints);
}

fn header(open: &OpenProject, review: &ReviewState, canvas: &mut Canvas, at: Rect) {
    let queue = &review.label.queue;
    let named = [
        (Verdicts::Waiting, "waiting for a verdict"),
        (Verdicts::Stale, "edited since the verdict"),
        (Verdicts::Rejected, "rejected"),
        (Verdicts::Accepted, "accepted"),
    ];
    let name = named.iter().find(|(v, _)| queue_of(*v).filter == queue.filter).map(|(_, n)| (*n).to_owned());
    let what = name.unwrap_or_else(|| printable(&queue.filter.to_string()).into_owned());
    let subtitle = format!("review: {what}, by {}", queue.order.name());
    let right = match &review.report {
        None => String::new(),
        Some(r) if at.width < 60 => format!("{} waiting", number(r.waiting)),
        Some(r) if at.width < 98 => {
            format!("{} / {} waiting", number(r.waiting), number(r.waiting + r.accepted + r.rejected))
        }
        Some(r) => {
            format!("{} waiting   {} accepted   {} rejected", number(r.waiting), number(r.accepted), number(r.rejected))
        }
    };
    chrome::header(canvas, at, &printable(&open.project.name), &subtitle, &right);
}

fn nothing(state: &State, review: &ReviewState, canvas: &mut Canvas, room: Rect) {
    let room = Rect { y: room.y + room.height / 3, height: room.height * 2 / 3, ..room };
    let text = match (&review.label.problem, review.label.loaded, &review.report) {
        (Some(problem), ..) => printable(problem).into_owned(),
        (None, false, _) => "loading".to_owned(),
        (None, true, Some(r)) if r.waiting == 0 && r.accepted + r.rejected > 0 => {
            "Every answer has a verdict. [review.queue] chooses other pictures, [review.second-pass] draws a blind second pass.".to_owned()
        }
        (None, true, Some(r)) if r.waiting + r.accepted + r.rejected == 0 => {
            "Nobody has answered yet, so nothing can be reviewed. [go.label] goes to the Label screen.".to_owned()
        }
        _ => "Nothing in this queue. [review.queue] chooses other pictures to review.".to_owned(),
    };
    wrapped(canvas, room, &state.with_keys(&text), Role::Text);
}
