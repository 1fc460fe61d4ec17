//! The Differences screen: pictures that were answered twice and differently, both answers side by side, until somebody
//! has decided.
//!
//! What always holds: nothing is thrown away: both answers stay where they are, and a decision is one ordinary edit whose
//! message names what was chosen, which one undo takes back. Who gave which answer, and which came first, is not shown
//! before the decision. A decision is about the picture that is on the screen, with the boxes of both; where there is room
//! for one picture only, they are shown in turns.

pub mod apart;

use super::Screen;
use super::answering;
use super::label::{LabelState, walk};
use super::moves::Move;
use super::navigation::{go, in_project};
use super::rooms::has_room_for_two;
use super::seen::{may_decide, not_seen};
use crate::app::effect::{Effect, Query, Write};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::registry::{Scope, Spec};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::agreement::adjudication::{self, Taken};
use crate::domain::agreement::objects::Objects;
use crate::domain::edit::Change;
use crate::domain::ids::SampleId;
use crate::domain::project::Task;
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;

/// A picture with two answers that differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispute {
    /// The sample as the store has it.
    pub sample: Sample,
    /// The one answer, and who gave it.
    pub a: (Answer, String),
    /// The other.
    pub b: (Answer, String),
    /// In which objects they differ; of thousands this takes a moment, so that it comes with them.
    pub objects: Objects,
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct AdjudicateState {
    /// What is to be decided; nothing before the first answer of the store.
    pub disputes: Option<Vec<Dispute>>,
    /// There are more, which come when these are decided.
    pub more: bool,
    /// Pictures decided since the screen was opened.
    pub decided: Vec<SampleId>,
    /// The one on the screen.
    pub at: usize,
    /// The picture of which B's boxes are shown, where there is room for one only.
    pub turned: Option<SampleId>,
    /// The picture that was looked at with the boxes of both.
    compared: Option<SampleId>,
    /// The object that is looked at closer: of which picture, and its position among those that differ.
    looked: Option<(SampleId, usize)>,
    /// The store was asked while a decision was on its way, and may answer without it: it is asked again afterwards.
    early: bool,
    /// What was decided last, and whose answer that was; ready to be shown.
    pub last: Option<String>,
    /// Why nothing can be shown.
    pub problem: Option<String>,
}

const HERE: &[Scope] = &[Scope::Adjudicate];

/// The actions of the screen.
pub const SPECS: &[Spec] = &[
    Spec::looks(
        HERE,
        "adjudicate.side",
        "other",
        "Show the boxes of the other answer, where there is room for one picture only",
        1,
        one_sided,
        |s, _| turn(s),
    ),
    decision("adjudicate.a", "take A", "The answer on the left stands", 1, decidable, |s, _| decide(s, Taken::A)),
    decision("adjudicate.b", "take B", "The answer on the right stands", 1, decidable, |s, _| decide(s, Taken::B)),
    decision(
        "adjudicate.both",
        "both",
        "The boxes or classes of both stand, what is the same once",
        3,
        joinable,
        |s, _| decide(s, Taken::Both),
    ),
    decision(
        "adjudicate.new",
        "neither",
        "Neither: give a third answer on the Label screen, which leads back here",
        4,
        on_dispute,
        |s, _| anew(s),
    ),
    apart::SPEC,
    Spec::moves(HERE, "adjudicate.next", "next", "The next picture, without a decision", 5, |s, _| step(s, Move::Down)),
    Spec::moves(HERE, "adjudicate.previous", "previous", "The picture before", 6, |s, _| step(s, Move::Up)),
];

/// The action that goes to the screen.
pub const GO: &[Spec] = &[Spec {
    name: "go.differences",
    title: "differences",
    help: "Go to the pictures that were answered twice and differently, to decide",
    scopes: &[Scope::Global],
    changes_data: false,
    repeats: false,
    hint: 0,
    enabled: in_project,
    run: |state, _| open(state),
}];

const fn decision(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    hint: u8,
    enabled: fn(&State) -> Result<(), String>,
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    Spec { name, title, help, scopes: HERE, changes_data: true, repeats: false, hint, enabled, run }
}

/// Shows the screen.
pub fn open(state: &mut State) -> Vec<Effect> {
    go(state, Screen::Adjudicate(Box::default()))
}

fn on_dispute(state: &State) -> Result<(), String> {
    current(state).map(drop).ok_or_else(|| "nothing is to be decided here".to_owned())
}

fn decidable(state: &State) -> Result<(), String> {
    on_dispute(state)?;
    if !current(state).is_some_and(|d| may_decide(state, &d.sample)) {
        return Err(not_seen(state));
    }
    let compared = match state.screen() {
        Some(Screen::Adjudicate(here)) => here.compared,
        _ => None,
    };
    if one_sided(state).is_ok() && compared != current(state).map(|d| d.sample.id) {
        return Err("look at the boxes of B first: [adjudicate.side] shows them".to_owned());
    }
    Ok(())
}

/// Whether the two answers have a picture each: they have shapes, and there is room.
#[must_use]
pub fn is_twice(state: &State) -> bool {
    current(state).is_some_and(Dispute::has_shapes) && has_room_for_two(state.size)
}

/// Whether the shapes of one answer only are seen at a time.
fn one_sided(state: &State) -> Result<(), String> {
    on_dispute(state)?;
    let shapes = current(state).is_some_and(Dispute::has_shapes);
    let why = if shapes { "both answers are on the screen" } else { "neither answer has boxes" };
    if shapes && !is_twice(state) { Ok(()) } else { Err(why.to_owned()) }
}

/// Shows the boxes of the other answer.
fn turn(state: &mut State) -> Vec<Effect> {
    let Some(id) = current(state).map(|d| d.sample.id) else { return Vec::new() };
    if let Some(here) = here(state) {
        here.turned = if here.turned == Some(id) { None } else { Some(id) };
        here.compared = Some(id);
    }
    Vec::new()
}

fn joinable(state: &State) -> Result<(), String> {
    decidable(state)?;
    let one = state.project.as_ref().is_some_and(|open| open.project.task == Task::Classification);
    let shapes = current(state).is_some_and(Dispute::has_shapes);
    if one && !shapes {
        return Err("a picture of this project has one class; take A or B".to_owned());
    }
    Ok(())
}

impl Dispute {
    /// Whether either answer has boxes or other shapes.
    #[must_use]
    pub fn has_shapes(&self) -> bool {
        let shapes = |answer: &Answer| answer.annotations.iter().any(|a| a.shape.kind() != "class");
        shapes(&self.a.0) || shapes(&self.b.0)
    }
}

/// What is on the screen.
#[must_use]
pub fn current(state: &State) -> Option<&Dispute> {
    let Some(Screen::Adjudicate(here)) = state.screens.last() else { return None };
    here.disputes.as_ref()?.get(here.at)
}

fn here(state: &mut State) -> Option<&mut AdjudicateState> {
    match state.screens.last_mut() {
        Some(Screen::Adjudicate(here)) => Some(here),
        _ => None,
    }
}

/// What the screen asks for when it comes up.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    vec![Effect::Ask(state.slots.ask(Slot::Disputes), Query::Disputes(project))]
}

/// Takes the store's answer. Decisions on their way are not in it yet: what they decided does not come back.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let settled = state.save.settled();
    let Some(here) = here(state) else { return Vec::new() };
    match reply {
        Reply::Disputes { disputes, more } => {
            if !settled && here.disputes.is_some() {
                return Vec::new();
            }
            // What comes back was taken back, to be decided anew: it is shown, so that no key hits another picture.
            let back = here.decided.iter().rfind(|id| disputes.iter().any(|d| d.sample.id == **id)).copied();
            here.decided.retain(|id| disputes.iter().all(|d| d.sample.id != *id));
            if back.is_some() {
                here.last = None;
            }
            let on = here.disputes.as_ref().and_then(|d| d.get(here.at)).map(|d| d.sample.id);
            let on = back.or(on);
            let same = disputes.iter().position(|d| Some(d.sample.id) == on);
            here.at = same.unwrap_or(here.at).min(disputes.len().saturating_sub(1));
            (here.disputes, here.more, here.problem) = (Some(disputes), more, None);
        }
        Reply::Failed(why) => here.problem = Some(why),
        _ => {}
    }
    Vec::new()
}

/// Moves on or back.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    if let Some(here) = here(state) {
        let len = here.disputes.as_ref().map_or(0, Vec::len);
        let way = match way {
            Move::Right => Move::Down,
            Move::Left => Move::Up,
            other => other,
        };
        here.at = way.apply(here.at, len, 10);
    }
    Vec::new()
}

fn decide(state: &mut State, taken: Taken) -> Vec<Effect> {
    let Some(dispute) = current(state).cloned() else { return Vec::new() };
    let Dispute { sample, a, b, .. } = dispute;
    let labels = state.labels();
    let (after, message) = adjudication::decision(taken, (&a.0, &a.1), (&b.0, &b.1), &labels);
    // Marks of the sample are not what was disputed.
    let after = Answer { flagged: sample.answer.flagged, ..after };
    let [first, second] = [&a.1, &b.1].map(|by| printable(adjudication::name(by)));
    let words = match taken {
        Taken::A => format!("A stands: {first}"),
        Taken::B => format!("B stands: {second}"),
        Taken::Both => format!("both stand: {first} and {second}"),
    };
    // Also where the answer stays what it is: that somebody has looked at both is part of the history.
    let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer, after };
    let edits = answering::make(state, vec![change], &message, None);
    done(state, sample.id, words);
    if edits.is_empty() { Vec::new() } else { vec![Effect::Write(Write::Edits(edits))] }
}

/// The picture goes at once, so that a second key is about the next one.
fn done(state: &mut State, sample: SampleId, words: String) {
    let Some(here) = here(state) else { return };
    if let Some(disputes) = &mut here.disputes {
        disputes.retain(|d| d.sample.id != sample);
        here.at = here.at.min(disputes.len().saturating_sub(1));
    }
    here.decided.push(sample);
    here.last = Some(words);
}

/// A picture that was opened alone is closed: a third answer that was given there has decided.
pub fn answered(state: &mut State, label: &LabelState) {
    let Some((alone, sample)) = label.alone.zip(label.sample()) else { return };
    let labels = state.labels();
    if here(state).is_none() {
        return;
    }
    if alone.answered {
        let words = format!("a third answer stands: {}", printable(&sample.answer.summary(&labels)));
        done(state, sample.id, words);
        let early = !state.save.settled();
        if let Some(here) = here(state) {
            here.early = early;
        }
    } else {
        state.say(Level::Info, "nothing was changed there, so that this is still to be decided");
    }
}

/// Edits are stored: where more is to be decided than was fetched, it is asked for when the list is empty; and what was
/// asked before they were stored is asked again.
pub fn saved(state: &mut State) -> Vec<Effect> {
    let settled = state.save.settled();
    let Some(here) = here(state).filter(|_| settled) else { return Vec::new() };
    let empty = here.more && here.disputes.as_ref().is_some_and(Vec::is_empty);
    if std::mem::take(&mut here.early) || empty { shown(state) } else { Vec::new() }
}

fn anew(state: &mut State) -> Vec<Effect> {
    let Some(sample) = current(state).map(|d| d.sample.id) else { return Vec::new() };
    state.say(Level::Info, "the answer you give here decides, and leads back; [app.back] goes back without one");
    walk::open_alone(state, sample)
}
