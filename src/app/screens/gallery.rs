//! The gallery: thumbnails of a queue, several selected and answered at once.
//!
//! What always holds: a label key acts on the selection, or on the one thumbnail under the cursor, and then only if that
//! is on the screen; what was never on the screen, or is more than a few, is asked about first; one action is one batch,
//! so one undo takes all of it back; the selection is never shortened behind the person's back.

pub mod actions;
pub mod bulk;
pub mod pages;
pub mod select;
pub mod state;

pub use actions::SPECS;
pub use state::GalleryState;

use super::Screen;
use crate::app::effect::Effect;
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;

/// Takes an answer that concerns this screen.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Page { samples, end } => return pages::page(state, tag, samples, end),
        Reply::Position { rank, total } => {
            if let Some(gallery) = state.gallery_mut() {
                (gallery.rank, gallery.total) = (rank, Some(total));
            }
        }
        Reply::Queues(saved) => {
            if let Some(gallery) = state.gallery_mut() {
                gallery.chosen.saved = saved;
            }
        }
        Reply::Failed(text) => {
            if let Some(gallery) = state.gallery_mut().filter(|_| matches!(tag.slot, Slot::Gallery | Slot::GalleryJump))
            {
                gallery.problem = Some(text.clone());
            }
            state.say(Level::Error, text);
        }
        _ => {}
    }
    Vec::new()
}

impl State {
    /// The gallery, wherever it lies among the screens.
    #[must_use]
    pub fn gallery(&self) -> Option<&GalleryState> {
        self.screens.iter().rev().find_map(|s| if let Screen::Gallery(g) = s { Some(g.as_ref()) } else { None })
    }

    /// The gallery, wherever it lies among the screens.
    pub fn gallery_mut(&mut self) -> Option<&mut GalleryState> {
        self.screens.iter_mut().rev().find_map(|s| if let Screen::Gallery(g) = s { Some(g.as_mut()) } else { None })
    }
}
