//! The sweep: a page of thumbnails of one class; letters mark the exceptions, `Enter` accepts all others.
//!
//! What always holds: only a thumbnail that is on the screen is accepted; the page never changes under the person's
//! hands (others' changes, late answers), only by accepting, undoing, choosing a class or resizing; a page that has only
//! just come is not accepted by a second press of the same key; one page is one batch with the message `sweep`.

pub mod actions;
pub mod hints;
pub mod pages;
pub mod state;

pub use actions::{SPECS, open};
pub use state::SweepState;

use super::Screen;
use crate::app::effect::Effect;
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;

/// Takes an answer that concerns this screen.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Page { samples, end } => return pages::page(state, samples, end),
        Reply::Position { total, .. } => {
            if let Some(sweep) = state.sweep_mut() {
                sweep.left = Some(total);
            }
        }
        Reply::Failed(text) => {
            if let Some(sweep) = state.sweep_mut().filter(|_| tag.slot == Slot::Sweep) {
                sweep.stretch.problem = Some(text.clone());
            }
            state.say(Level::Error, text);
        }
        _ => {}
    }
    Vec::new()
}

impl State {
    /// The sweep, wherever it lies among the screens.
    #[must_use]
    pub fn sweep(&self) -> Option<&SweepState> {
        self.screens.iter().rev().find_map(|s| if let Screen::Sweep(g) = s { Some(g.as_ref()) } else { None })
    }

    /// The sweep, wherever it lies among the screens.
    pub fn sweep_mut(&mut self) -> Option<&mut SweepState> {
        self.screens.iter_mut().rev().find_map(|s| if let Screen::Sweep(g) = s { Some(g.as_mut()) } else { None })
    }
}
