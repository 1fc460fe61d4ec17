//! The Review screen: one answer after the other, one key a verdict.
//!
//! What always holds: a verdict is given only on a picture that is on the screen and on the revision that was seen; a
//! fix and the verdict on it are one batch, taken back by one undo; judging one's own work is allowed, and said; what
//! somebody imported is not their own work.

pub mod actions;
pub mod queues;
pub mod verdict;

pub use actions::SPECS;

use super::Screen;
use super::label::{LabelState, walk};
use crate::app::effect::{Effect, Query};
use crate::app::event::{HistoryLine, Reply};
use crate::app::messages::Level;
use crate::app::registry::Scope;
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::class::LabelClass;
use crate::domain::ids::SampleId;
use crate::domain::key::KeyPress;
use crate::domain::queue::{Filter, Queue, ReviewState as Verdicts};
use crate::keymap::Lookup;
use crate::ops::report::review::ReviewReport;

/// Events of a sample that are asked for.
const HISTORY: usize = 20;

/// The state of the Review screen.
#[derive(Clone, Debug, Default)]
pub struct ReviewState {
    /// The walk through the queue, as on the Label screen.
    pub label: LabelState,
    /// How far the review is; nothing before the first answer.
    pub report: Option<ReviewReport>,
    /// The sample whose events were asked for.
    pub asked: Option<SampleId>,
    /// Its events, newest first.
    pub history: Vec<HistoryLine>,
}

/// Samples in one state of review.
#[must_use]
pub fn queue_of(state: Verdicts) -> Queue {
    Queue { filter: Filter { review: vec![state], ..Filter::default() }, ..Queue::default() }
}

/// Shows the screen: what is open already, or the samples that wait for a verdict.
pub fn open(state: &mut State) -> Vec<Effect> {
    let known = state.screens.iter().any(|s| matches!(s, Screen::Review(_)));
    let mut effects = super::navigation::go(state, Screen::Review(Box::default()));
    if !known {
        let advance = state.settings.auto_advance;
        if let Some(label) = state.label_mut() {
            label.auto_advance = advance;
        }
        effects.extend(walk::set_queue(state, queue_of(Verdicts::Waiting), None, None));
    }
    effects
}

/// What the screen asks for when it is shown.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let mut effects = ask_report(state);
    let Some(review) = state.review_mut() else { return effects };
    review.asked = None;
    if let Some(id) = review.label.sample().map(|s| s.id) {
        effects.extend(walk::jump(state, crate::app::effect::JumpTo::Sample(id)));
    }
    effects
}

/// Asks how far the review is.
pub fn ask_report(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let tag = state.slots.ask(Slot::Review);
    vec![Effect::Ask(tag, Query::Review(project))]
}

/// Another sample may be on the screen: its events are asked for once.
pub fn looked_at(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let Some(review) = state.review_mut() else { return Vec::new() };
    let now = review.label.sample().map(|s| s.id);
    if now == review.asked {
        return Vec::new();
    }
    review.asked = now;
    review.history.clear();
    let Some(sample) = now else { return Vec::new() };
    let tag = state.slots.ask(Slot::History);
    vec![Effect::Ask(tag, Query::History { project, sample: Some(sample), limit: HISTORY })]
}

/// Whether the keys typed so far mean nothing else on this screen, or a class by its digit: then they may be class keys.
#[must_use]
pub fn is_free(state: &State) -> bool {
    let scopes = state.scopes();
    let names: Vec<&str> = scopes.iter().map(|s| s.name()).collect();
    match state.keymap.lookup(&names, &state.pending) {
        Lookup::None => true,
        Lookup::Run(calls) => calls.iter().all(|c| c.action == "review.fix" && !c.args.is_empty()),
        Lookup::Prefix(_) => false,
    }
}

/// The hotkey of a class, if it means the class on this screen.
#[must_use]
pub fn key_of<'a>(state: &State, class: &'a LabelClass) -> Option<&'a str> {
    let key = class.hotkey.as_str();
    let first = key.chars().next().map(KeyPress::char)?;
    match state.keymap.lookup(&[Scope::Review.name(), Scope::Global.name()], &[first]) {
        Lookup::None => Some(key),
        Lookup::Run(calls) => calls.iter().all(|c| c.action == "review.fix" && !c.args.is_empty()).then_some(key),
        Lookup::Prefix(_) => None,
    }
}

/// Takes an answer that concerns this screen alone.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let settled = state.save.unsent == 0;
    match (reply, state.review_mut()) {
        // While verdicts are on their way, the counts on the screen are newer than the store's.
        (Reply::Review(report), Some(review)) if settled || review.report.is_none() => review.report = Some(*report),
        (Reply::History(lines), Some(review)) => review.history = lines,
        (Reply::Failed(text), _) => state.say(Level::Error, text),
        _ => {}
    }
    Vec::new()
}

impl State {
    /// The Review screen, if it is shown.
    #[must_use]
    pub fn review(&self) -> Option<&ReviewState> {
        match self.screens.last() {
            Some(Screen::Review(review)) => Some(review),
            _ => None,
        }
    }

    /// The Review screen, if it is shown.
    pub fn review_mut(&mut self) -> Option<&mut ReviewState> {
        match self.screens.last_mut() {
            Some(Screen::Review(review)) => Some(review),
            _ => None,
        }
    }
}
