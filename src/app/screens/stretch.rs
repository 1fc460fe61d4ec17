//! A stretch of a queue that is loaded piece by piece, behind a page of which people take decisions.
//!
//! Why: a sweep and the object grid both show pages that are filled from it and go back by an undo. What always holds:
//! samples stand in the order of their queue, none twice; those that were decided stay until they are forgotten.

use crate::app::effect::{Effect, Query};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::ids::SampleId;
use crate::domain::queue::Queue;
use crate::domain::sample::Sample;
use std::collections::{HashSet, VecDeque};

/// What is loaded of a queue.
#[derive(Clone, Debug, Default)]
pub struct Stretch {
    /// The samples that are loaded, in order, also those that are decided by now.
    pub samples: VecDeque<Sample>,
    /// Nothing lies after them.
    pub at_end: bool,
    /// The first ones have come.
    pub loaded: bool,
    /// Why nothing can be shown.
    pub problem: Option<String>,
}

impl Stretch {
    /// Takes what came. Returns whether it is the first that came.
    pub fn take(&mut self, samples: Vec<Sample>, end: bool) -> bool {
        self.problem = None;
        self.at_end = end;
        let known: HashSet<SampleId> = self.samples.iter().map(|s| s.id).collect();
        self.samples.extend(samples.into_iter().filter(|s| !known.contains(&s.id)));
        !std::mem::replace(&mut self.loaded, true)
    }

    /// The sample with this id, if it is loaded.
    #[must_use]
    pub fn sample(&self, id: SampleId) -> Option<&Sample> {
        self.samples.iter().find(|s| s.id == id)
    }

    /// Where the next piece begins; nothing when there is none to ask for.
    #[must_use]
    pub fn beyond(&self) -> Option<SampleId> {
        self.samples.back().filter(|_| !self.at_end).map(|s| s.id)
    }

    /// Forgets what lies before a sample, as far as more than `kept` are loaded. Returns what was forgotten.
    pub fn forget_before(&mut self, first: SampleId, kept: usize) -> Vec<SampleId> {
        let before = self.samples.iter().position(|s| s.id == first).unwrap_or(0);
        let over = self.samples.len().saturating_sub(kept).min(before);
        self.samples.drain(..over).map(|s| s.id).collect()
    }
}

/// Asks for the piece of a queue after a sample, or for its first one.
pub fn ask(state: &mut State, slot: Slot, queue: Queue, beyond: Option<SampleId>, limit: usize) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let tag = state.slots.ask(slot);
    vec![Effect::Ask(tag, Query::Page { project, queue, beyond, back: false, limit })]
}

/// Asks how many samples a queue has, by the position of its first one.
pub fn ask_total(state: &mut State, slot: Slot, queue: Queue, first: SampleId) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let tag = state.slots.ask(slot);
    vec![Effect::Ask(tag, Query::Position { project, queue, sample: first })]
}
