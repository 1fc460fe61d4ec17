//! Undo and redo in a blind second pass. Second answers are no edits of a sample, so that the store's own undo knows
//! nothing of them.
//!
//! What always holds: where boxes are drawn, one undo takes back one change and shows its picture; elsewhere it goes back
//! to the picture before, whose answer the next key replaces; nothing from before this pass is touched.

use super::{back, put};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::screens::label::{boxes, walk};
use crate::app::state::State;
use crate::domain::ids::SampleId;
use crate::domain::sample::Answer;
use std::collections::VecDeque;

/// So many changes can be taken back.
const KEPT: usize = 200;

/// Changes of a pass: each is a sample, and its second answer on the other side of the change.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    /// To be taken back, the newest last.
    done: VecDeque<(SampleId, Answer)>,
    /// To be made again, the newest last.
    undone: Vec<(SampleId, Answer)>,
}

impl Steps {
    /// A change was made to what was the answer before.
    pub(super) fn made(&mut self, sample: SampleId, before: Answer) {
        self.undone.clear();
        self.keep(sample, before);
    }

    fn keep(&mut self, sample: SampleId, before: Answer) {
        self.done.push_back((sample, before));
        if self.done.len() > KEPT {
            self.done.pop_front();
        }
    }
}

/// Takes back the last change of the boxes, or goes back to the picture before.
pub fn undo(state: &mut State) -> Vec<Effect> {
    if boxes::takes_classes(state) { turn(state, false) } else { back(state) }
}

/// Makes the change again that was taken back, where boxes are drawn.
pub fn redo(state: &mut State) -> Vec<Effect> {
    if boxes::takes_classes(state) {
        return turn(state, true);
    }
    state.say(Level::Info, "a second pass has nothing to make again");
    Vec::new()
}

fn turn(state: &mut State, redo: bool) -> Vec<Effect> {
    let Some(pass) = state.second_pass_mut() else { return Vec::new() };
    let step = if redo { pass.steps.undone.pop() } else { pass.steps.done.pop_back() };
    let Some((id, answer)) = step else {
        state.say(Level::Info, if redo { "nothing to make again" } else { "nothing to take back" });
        return Vec::new();
    };
    let Some((at, now)) =
        pass.label.walk.iter().enumerate().find(|(_, s)| s.id == id).map(|(i, s)| (i, s.answer.clone()))
    else {
        state.say(Level::Info, "the picture of that change is not in the walk any more");
        return Vec::new();
    };
    if redo {
        pass.steps.keep(id, now);
    } else {
        pass.steps.undone.push((id, now));
    }
    pass.closed = false;
    let mut effects = walk::go(state, at);
    effects.extend(put(state, answer));
    state.say(Level::Info, if redo { "made the last change again" } else { "took back the last change" });
    effects
}
