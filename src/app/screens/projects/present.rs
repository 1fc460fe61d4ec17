//! Who else works on which project, kept up to date while the list of projects is shown.
//!
//! Why by asking now and then: the change feed is of one project, and here all of them are shown. What always holds: one
//! question at a time, and only while the list is on top, the store says who is there, and the person is; an answer that
//! does not come changes nothing.

use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::screens::Screen;
use crate::app::slots::Slot;
use crate::app::state::State;

/// How often it is asked, in milliseconds: who says nothing for a minute is gone, and says it every twenty seconds.
const EVERY_MS: u64 = 10_000;
/// Nobody looks after so many milliseconds without a key: a database that could sleep is not kept awake.
const AWAY_MS: u64 = 600_000;

/// When it is asked next; nothing where it is not.
#[must_use]
pub fn due(state: &State) -> Option<u64> {
    let Some(Screen::Projects(list)) = state.screens.last() else { return None };
    let pressed = state.last_key.map_or(0, |(_, at)| at);
    let wanted = state.team.says_who() && list.all.is_some() && !state.slots.is_waiting(Slot::Present);
    let due = list.looked + EVERY_MS;
    (wanted && due < pressed + AWAY_MS).then_some(due)
}

/// Asks where it is time.
pub fn tick(state: &mut State) -> Vec<Effect> {
    if due(state).is_none_or(|at| state.clock < at) {
        return Vec::new();
    }
    let clock = state.clock;
    if let Some(Screen::Projects(list)) = state.screens.last_mut() {
        list.looked = clock;
    }
    vec![Effect::Ask(state.slots.ask(Slot::Present), Query::Present)]
}

/// Takes the answer. A failure is told by what the person asks for, not by this.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    if let (Reply::Present(here), Some(Screen::Projects(list))) = (reply, state.screens.last_mut()) {
        list.here = here;
    }
    Vec::new()
}
