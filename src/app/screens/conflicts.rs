//! The Conflicts screen: edits of this person that met somebody else's, side by side, until each is decided.
//!
//! What always holds: nothing is decided by moving the cursor, and nothing about a picture that nobody can have seen; a
//! decision names the edit that it is about, so that it cannot hit another one after the list has changed; what writes an
//! answer can be undone, and what gives one up asks first.

use super::Screen;
use super::moves::Move;
use super::navigation::{go, in_project};
use super::seen::{may_decide, not_seen};
use crate::app::effect::{Decision, Effect, Query, Write};
use crate::app::event::Reply;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::registry::{Scope, Spec};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::edit::{Change, Edit};
use crate::domain::project::Task;
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;

/// An edit that the store did not take.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictLine {
    /// The person's edit.
    pub edit: Edit,
    /// The sample as the store has it, if the edit is about one that is still there.
    pub sample: Option<Sample>,
    /// The answer that stood in its way.
    pub theirs: Answer,
    /// Why the store cannot take it, where it is not somebody else's answer.
    pub reason: Option<String>,
}

impl ConflictLine {
    /// The person's answer, if the edit is one.
    #[must_use]
    pub fn mine(&self) -> Option<&Answer> {
        match &self.edit.change {
            Change::Answer { after, .. } => Some(after),
            Change::Verdict { .. } | Change::Classes { .. } | Change::Check { .. } => None,
        }
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct ConflictsState {
    /// What is to be decided, oldest first; nothing before the first answer of the store.
    pub lines: Option<Vec<ConflictLine>>,
    /// The line under the cursor.
    pub cursor: usize,
    /// Why nothing can be shown.
    pub problem: Option<String>,
}

const HERE: &[Scope] = &[Scope::Conflicts];

/// The actions of the screen.
pub const SPECS: &[Spec] = &[
    decision("conflicts.mine", "mine", "Write your answer over the one in the store", 1, |s, _| {
        decide(s, Decision::Mine)
    }),
    decision("conflicts.theirs", "theirs", "Keep the answer in the store and give yours up; asks first", 2, |s, _| {
        ask_first(s)
    }),
    Spec {
        enabled: joinable,
        ..decision("conflicts.both", "both", "Keep the annotations of both answers", 3, |s, _| {
            decide(s, Decision::Both)
        })
    },
];

/// The action that goes to the screen.
pub const GO: &[Spec] = &[Spec {
    name: "go.conflicts",
    title: "conflicts",
    help: "Go to the edits of yours that met somebody else's",
    scopes: &[Scope::Global],
    changes_data: false,
    repeats: false,
    hint: 0,
    enabled: in_project,
    run: |state, _| go(state, Screen::Conflicts(ConflictsState::default())),
}];

const fn decision(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    hint: u8,
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    Spec { name, title, help, scopes: HERE, changes_data: true, repeats: false, hint, enabled: on_line, run }
}

/// Something is to be decided, and its picture is, or was, on the screen; what is about no picture needs none.
fn on_line(state: &State) -> Result<(), String> {
    let line = current(state).ok_or_else(|| "nothing is to be decided here".to_owned())?;
    match &line.sample {
        Some(sample) if !may_decide(state, sample) => Err(not_seen(state)),
        _ => Ok(()),
    }
}

/// Both answers can stand together only where a picture may have several classes; a row of a table never can.
fn joinable(state: &State) -> Result<(), String> {
    on_line(state)?;
    let one = state.project.as_ref().is_some_and(|open| open.project.task == Task::Classification);
    match current(state).and_then(ConflictLine::mine) {
        None => Err("only answers can be joined; take yours or theirs".to_owned()),
        Some(_) if one => Err("a picture of this project has one class; take yours or theirs".to_owned()),
        Some(_) => Ok(()),
    }
}

fn here(state: &mut State) -> Option<&mut ConflictsState> {
    match state.screens.last_mut() {
        Some(Screen::Conflicts(conflicts)) => Some(conflicts),
        _ => None,
    }
}

/// The conflict under the cursor.
#[must_use]
pub fn current(state: &State) -> Option<&ConflictLine> {
    match state.screens.last() {
        Some(Screen::Conflicts(conflicts)) => conflicts.lines.as_ref()?.get(conflicts.cursor),
        _ => None,
    }
}

/// What the screen asks for when it comes up.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    vec![Effect::Ask(state.slots.ask(Slot::Conflicts), Query::Conflicts(project))]
}

/// Takes the store's answer.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let Some(conflicts) = here(state) else { return Vec::new() };
    match reply {
        Reply::Conflicts(lines) => {
            conflicts.cursor = conflicts.cursor.min(lines.len().saturating_sub(1));
            (conflicts.lines, conflicts.problem) = (Some(lines), None);
        }
        Reply::Failed(why) => conflicts.problem = Some(why),
        _ => {}
    }
    Vec::new()
}

/// Moves the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let page = usize::from(state.size.1).saturating_sub(6);
    if let Some(conflicts) = here(state) {
        let len = conflicts.lines.as_ref().map_or(0, Vec::len);
        conflicts.cursor = way.apply(conflicts.cursor, len, page);
    }
    Vec::new()
}

/// An answer that is given up is nowhere in the store, so that undo cannot bring it back.
fn ask_first(state: &mut State) -> Vec<Effect> {
    let Some(line) = current(state) else { return Vec::new() };
    let labels = state.labels();
    let what = match line.mine() {
        Some(mine) => format!("Give up your answer, {}?", printable(&mine.summary(&labels))),
        None => "Give up your edit?".to_owned(),
    };
    let detail = match &line.sample {
        Some(sample) => format!("{} keeps the answer in the store: {}. ", sample.path, line.theirs.summary(&labels)),
        None => String::new(),
    };
    state.open(Overlay::Confirm(Confirm {
        question: what,
        detail: format!("{}This cannot be taken back.", printable(&detail)),
        value: line.edit.id.to_string(),
        late: None,
        yes: |state, of| {
            // The list may have changed while the question stood there.
            let same = current(state).is_some_and(|line| line.edit.id.to_string() == of);
            if same { decide(state, Decision::Theirs) } else { Vec::new() }
        },
    }));
    Vec::new()
}

fn decide(state: &mut State, decision: Decision) -> Vec<Effect> {
    let Some(line) = current(state) else { return Vec::new() };
    let write = Write::Resolve { project: line.edit.project, edit: line.edit.id, decision };
    // The line goes at once, so that a second key is about the next one.
    if let Some(conflicts) = here(state) {
        let cursor = conflicts.cursor;
        if let Some(lines) = conflicts.lines.as_mut().filter(|l| cursor < l.len()) {
            lines.remove(cursor);
            conflicts.cursor = cursor.min(lines.len().saturating_sub(1));
        }
    }
    vec![Effect::Write(write)]
}
