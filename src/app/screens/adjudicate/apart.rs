//! What differs in the objects of two answers, one object after the other, each enlarged on both sides.
//!
//! What always holds: looking decides nothing; where one picture only is on the screen, it shows the answer that has the
//! object; after the last one the whole picture is shown again.

use super::{AdjudicateState, Dispute, HERE, current, here, is_twice};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::registry::Spec;
use crate::app::screens::label::boxes::round::extent;
use crate::app::screens::{Screen, viewing};
use crate::app::state::State;
use crate::domain::agreement::objects::{Apart, Objects};
use crate::domain::geometry::{BoxN, Point};

/// What is looked at takes this share of its room: more of the picture around it than of itself.
const SHARE: f64 = 0.4;

/// The action.
pub(super) const SPEC: Spec = Spec::looks(
    HERE,
    "adjudicate.look",
    "what differs",
    "Look at the next box on which the two differ, enlarged; after the last one the whole picture is there again",
    1,
    is_apart,
    |s, _| look(s),
);

impl AdjudicateState {
    /// The objects of both answers to the picture on the screen.
    #[must_use]
    pub fn objects(&self) -> Option<&Objects> {
        Some(&self.disputes.as_ref()?.get(self.at)?.objects)
    }

    /// The object that is looked at closer, its number from 1, and how many there are.
    #[must_use]
    pub fn looked(&self) -> Option<(&Apart, usize, usize)> {
        let Dispute { sample, objects, .. } = self.disputes.as_ref()?.get(self.at)?;
        let (_, at) = self.looked.filter(|(of, _)| *of == sample.id)?;
        Some((objects.apart.get(at)?, at + 1, objects.apart.len()))
    }
}

/// The Differences screen, if it is shown.
#[must_use]
pub fn shown(state: &State) -> Option<&AdjudicateState> {
    match state.screen()? {
        Screen::Adjudicate(here) => Some(here),
        _ => None,
    }
}

fn is_apart(state: &State) -> Result<(), String> {
    super::on_dispute(state)?;
    let any = shown(state).and_then(AdjudicateState::objects).is_some_and(|o| !o.apart.is_empty());
    any.then_some(()).ok_or_else(|| "no box or outline differs here".to_owned())
}

/// Looks at the next one, or at the whole picture again.
fn look(state: &mut State) -> Vec<Effect> {
    let Some(id) = current(state).map(|d| d.sample.id) else { return Vec::new() };
    let next = shown(state).and_then(AdjudicateState::looked).map_or(0, |(_, number, _)| number);
    let twice = is_twice(state);
    let Some(here) = here(state) else { return Vec::new() };
    here.looked = Some((id, next));
    let Some(one) = here.looked().map(|(one, ..)| one.clone()) else {
        here.looked = None;
        viewing::look_at(state, None);
        state.say(Level::Info, "these were all");
        return Vec::new();
    };
    match (&one.a, &one.b) {
        _ if twice => {}
        (None, Some(_)) => (here.turned, here.compared) = (Some(id), Some(id)),
        (Some(_), None) => here.turned = None,
        _ => {}
    }
    viewing::show_part(state, around(&one), SHARE);
    Vec::new()
}

/// The part of the picture that holds the object of both.
fn around(one: &Apart) -> Option<BoxN> {
    let boxes = [&one.a, &one.b].into_iter().flatten().filter_map(|a| extent(&a.shape));
    let corners = |at: BoxN| [Point { x: at.x, y: at.y }, Point { x: at.x + at.w, y: at.y + at.h }];
    let points: Vec<Point> = boxes.flat_map(corners).collect();
    BoxN::around(&points, (1e-4, 1e-4))
}
