//! Pictures that look like the one on the Label screen: shown side by side, or given its answer as drafts.
//!
//! What always holds: a draft is given only where nobody has answered; all drafts of one key are one batch, so one undo
//! takes them back; many are asked about first.

use super::state::{Giving, LabelState};
use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::overlays::confirm::Confirm;
use crate::app::registry::{Scope, Spec};
use crate::app::screens::gallery::bulk::ASK_ABOVE;
use crate::app::screens::{answering, gallery};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::difference;
use crate::domain::edit::Change;
use crate::domain::ids::SampleId;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::{Sample, Status};

const LABEL: &[Scope] = &[Scope::Label];
/// Pictures of a group that get a draft at once; more are a task for the command line.
const MOST: usize = 500;

/// What can be done with duplicates.
pub const SPECS: &[Spec] = &[
    Spec::looks(
        LABEL,
        "label.alike",
        "duplicates",
        "Show the pictures that look like this one, in the gallery",
        0,
        |s| looks_like_others(s).map(drop),
        |s, _| show(s),
    ),
    Spec::edits(
        LABEL,
        "label.propagate",
        "draft duplicates",
        "Give the answer of this picture, or the one just given, to its duplicates as drafts",
        0,
        |s| source(s).map(drop),
        |s, _| ask(s, false),
    ),
];

fn looks_like_others(state: &State) -> Result<&Sample, String> {
    let sample = state.label().and_then(LabelState::sample);
    let sample = sample.ok_or_else(|| "there is no picture here; [label.queue] chooses another queue".to_owned())?;
    match sample.likeness {
        Some(_) => Ok(sample),
        None => Err("nothing looks like this picture, as far as is known; [projects.dedupe] on the list of projects \
                     looks for duplicates"
            .to_owned()),
    }
}

/// The picture whose answer is given on: the one on the screen, or the one before it, which was just answered.
fn source(state: &State) -> Result<&Sample, String> {
    let answered = |s: &&Sample| s.likeness.is_some() && s.answer.status == Status::Labeled;
    let label = state.label();
    let before = label.and_then(|l| l.walk.get(l.at.checked_sub(1)?));
    if let Some(found) = label.and_then(LabelState::sample).into_iter().chain(before).find(answered) {
        return Ok(found);
    }
    looks_like_others(state)?;
    Err("answer this picture first; then its duplicates can have the same as drafts".to_owned())
}

fn queue_of(group: i64) -> Queue {
    Queue { filter: Filter { group: vec![group], ..Filter::default() }, order: Order::Path }
}

fn show(state: &mut State) -> Vec<Effect> {
    let Some(group) = looks_like_others(state).ok().and_then(|s| s.likeness).map(|l| l.group) else {
        return Vec::new();
    };
    let mut effects = gallery::pages::open(state);
    effects.extend(gallery::pages::set_queue(state, queue_of(group), None, None));
    effects
}

/// Asks for the duplicates as the store has them; the drafts are made when they come.
fn ask(state: &mut State, sure: bool) -> Vec<Effect> {
    let Some((id, group)) = source(state).ok().and_then(|s| Some((s.id, s.likeness?.group))) else { return Vec::new() };
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    if let Some(label) = state.label_mut() {
        label.giving = Some(Giving { of: id, sure });
    }
    let tag = state.slots.ask(Slot::Alike);
    vec![Effect::Ask(tag, Query::Page { project, queue: queue_of(group), beyond: None, back: false, limit: MOST })]
}

/// Many at once are asked about, as elsewhere. Yes asks the store again, so that nothing older than the answer counts.
fn ask_first(state: &mut State, id: SampleId, count: usize) -> Vec<Effect> {
    let detail = "They become drafts, which count as answers when somebody confirms them. [edit.undo] takes all back.";
    let question = format!("Give {count} duplicates this answer as drafts?");
    let detail = state.with_keys(detail);
    state.ask_late(Confirm::new(question, detail, id.to_string(), |state, of| {
        let same = source(state).is_ok_and(|s| s.id.to_string() == of);
        if same { ask(state, true) } else { Vec::new() }
    }));
    Vec::new()
}

/// The duplicates have come: they get their drafts.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let samples = match reply {
        Reply::Page { samples, .. } => samples,
        Reply::Failed(text) => {
            state.say(Level::Error, text);
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    let Some(Giving { of: id, sure }) = state.label_mut().and_then(|l| l.giving.take()) else { return Vec::new() };
    let (labels, user, now) = (state.labels(), state.user.clone(), state.now);
    let shown = state.label().and_then(|l| l.walk.iter().find(|s| s.id == id));
    let Some(answer) = shown.or(samples.iter().find(|s| s.id == id)).map(|s| s.answer.clone()) else {
        return Vec::new();
    };
    let draft = |sample: &Sample| -> Option<Change> {
        let after = difference::drafted(&sample.answer, &answer, &labels, &user, now)?;
        answering::answer_change(sample, after).filter(|_| sample.id != id)
    };
    let changes: Vec<Change> = samples.iter().filter_map(draft).collect();
    if changes.len() > ASK_ABOVE && !sure {
        return ask_first(state, id, changes.len());
    }
    let text = match changes.len() {
        0 if answer.annotations.is_empty() => "an empty picture says nothing about its duplicates".to_owned(),
        0 => "all its duplicates are answered, or have this draft already".to_owned(),
        1 => "1 duplicate has a draft now; [edit.undo] takes it back".to_owned(),
        n => format!("{n} duplicates have a draft now; [edit.undo] takes them back"),
    };
    state.say(Level::Info, text);
    answering::send(state, changes, "from a duplicate")
}
