//! The Label screen: one picture after the other, one key a label.
//!
//! What always holds: a label key acts only on a picture that is on the screen (or that can never be shown, and says
//! so); a held key never labels twice; every change is an edit that can be undone; the walk keeps samples that have
//! left the queue, so that going back shows what was just done.

pub mod actions;
pub mod alike;
pub mod answer;
pub mod boxes;
mod erasing;
pub mod gold;
pub mod state;
pub mod walk;

pub use actions::SPECS;
pub use state::LabelState;

use crate::app::effect::Effect;
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::screens::second_pass;
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;

/// Takes an answer that concerns this screen.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Session(session) => walk::resume(state, session.map(|session| *session)),
        Reply::Page { samples, end } if state.second_pass().is_none() => walk::page(state, tag, samples, end),
        Reply::SecondPass { samples, progress } => second_pass::page(state, tag, samples, progress),
        Reply::Position { rank, total } => {
            if let Some(label) = state.label_mut() {
                // Pictures that were mixed in are counted like the others.
                let (all, before) = (label.gold_among(label.walk.len()), label.gold_among(label.at));
                (label.rank, label.total) = (rank.map(|n| n + before), Some(total + all));
            }
            Vec::new()
        }
        Reply::History(lines) if tag.slot == Slot::Tape && state.second_pass().is_none() => {
            if let Some(label) = state.label_mut() {
                label.tape = lines;
            }
            Vec::new()
        }
        Reply::Queues(saved) => {
            if let Some(label) = state.label_mut() {
                label.saved = saved;
            }
            Vec::new()
        }
        Reply::Failed(text) => {
            if let Some(label) = state.label_mut().filter(|_| tag.slot != Slot::Tape) {
                label.problem = Some(text.clone());
            }
            // With a picture to work on, what was to come beside it is no reason to cover its facts until a key.
            let goes_on = tag.slot != Slot::Jump && state.label().is_some_and(|l| l.sample().is_some());
            state.say(if goes_on { Level::Warning } else { Level::Error }, text);
            Vec::new()
        }
        _ => Vec::new(),
    }
}
