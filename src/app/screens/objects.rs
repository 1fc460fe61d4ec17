//! The object grid: crops of the objects of one class; letters mark the exceptions, `Enter` accepts all others.
//!
//! What always holds: only a crop that is on the screen is accepted; the page never changes under the person's hands; a
//! page is one batch with the message `objects`, taken back by one undo; an object that is not marked stays what it is,
//! byte for byte.
//!
//! An object that was accepted keeps that verdict until it is changed, over restarts; a store that has no place for it
//! (CV Explorer's) is made up for as long as the program runs. A picture gets a verdict of its own when every box and outline
//! on it was accepted here, in one class or in several. A picture that also carries a class of its own gets none here: crops
//! do not show whether that is right.

pub mod accept;
pub mod actions;
pub mod pages;
pub mod state;

pub use actions::{SPECS, open};
pub use state::ObjectsState;

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
            if let Some(objects) = state.objects_mut() {
                objects.pictures = Some(total);
            }
        }
        Reply::Failed(text) => {
            if let Some(objects) = state.objects_mut().filter(|_| tag.slot == Slot::Objects) {
                objects.stretch.problem = Some(text.clone());
            }
            state.say(Level::Error, text);
        }
        _ => {}
    }
    Vec::new()
}

impl State {
    /// The object grid, wherever it lies among the screens.
    #[must_use]
    pub fn objects(&self) -> Option<&ObjectsState> {
        self.screens.iter().rev().find_map(|s| if let Screen::Objects(o) = s { Some(o.as_ref()) } else { None })
    }

    /// The object grid, wherever it lies among the screens.
    pub fn objects_mut(&mut self) -> Option<&mut ObjectsState> {
        self.screens.iter_mut().rev().find_map(|s| if let Screen::Objects(o) = s { Some(o.as_mut()) } else { None })
    }
}
