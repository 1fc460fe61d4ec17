//! The Lake screen: Miller columns over catalogs, schemas, volumes and folders, with the picture beside them.

pub mod actions;
pub mod state;

pub use actions::SPECS;
pub use state::LakeState;

use crate::app::effect::Effect;
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::slots::Tag;
use crate::app::state::State;

/// Takes an answer that concerns this screen.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Listing(listing) => return state::listed(state, tag, listing),
        Reply::Facts(facts) => {
            if let Some(lake) = state.lake_mut() {
                lake.facts = facts;
            }
        }
        Reply::Preview(preview) => {
            if let Some(lake) = state.lake_mut() {
                lake.text = Some(preview);
            }
        }
        Reply::Failed(text) => state.say(Level::Error, text),
        _ => {}
    }
    Vec::new()
}
