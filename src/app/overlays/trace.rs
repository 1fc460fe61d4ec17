//! What happened to the picture, or to the shape that is selected: who, when, what; newest first.
//!
//! What always holds: opening it waits for nothing and changes nothing; of a gold picture that was mixed in it says what it
//! says of a picture that nobody has touched.

use super::Overlay;
use crate::app::effect::{Effect, Query};
use crate::app::event::{HistoryLine, Reply};
use crate::app::messages::Level;
use crate::app::registry::{Scope, Spec};
use crate::app::screens::label::{LabelState, gold};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::edit::Edit;
use crate::domain::ids::AnnotationId;
use crate::domain::key::{Key, KeyPress};
use crate::domain::text::printable;
use crate::domain::trace::{Step, of_picture, of_shape};

/// Events that are asked for, the newest.
const EVENTS: usize = 1_000;

/// The panel.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The file's name, ready to be shown.
    pub name: String,
    /// The shape that was selected, with the name of its class, ready to be shown.
    pub shape: Option<(AnnotationId, String)>,
    /// The whole picture is told, although a shape was selected.
    pub whole: bool,
    /// The picture's edits, newest first; nothing before they have come.
    pub lines: Option<Vec<HistoryLine>>,
    /// The first line shown.
    pub top: usize,
}

/// The action that opens the panel.
pub const SPECS: &[Spec] = &[Spec {
    scopes: &[Scope::Label, Scope::Review, Scope::Boxes],
    ..Spec::looks(
        &[Scope::Label],
        "trace.open",
        "what happened",
        "Who did what to this picture or to the selected box, and when",
        0,
        on_sample,
        |s, _| open(s),
    )
}];

fn on_sample(state: &State) -> Result<(), String> {
    let sample = state.label().and_then(LabelState::sample);
    sample.map(drop).ok_or_else(|| "there is no picture here".to_owned())
}

fn open(state: &mut State) -> Vec<Effect> {
    let Some((id, path)) = state.label().and_then(LabelState::sample).map(|s| (s.id, s.path.clone())) else {
        return Vec::new();
    };
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    let name = printable(path.rsplit('/').next().unwrap_or(&path)).into_owned();
    let shape = state.selected_shape().map(|a| (a.id, printable(&state.labels().name(a.class)).into_owned()));
    let blind = gold::is_here(state);
    let lines = blind.then(Vec::new);
    state.open(Overlay::Trace(Trace { name, shape, lines, ..Trace::default() }));
    if blind {
        return Vec::new();
    }
    vec![Effect::Ask(state.slots.ask(Slot::Trace), Query::History { project, sample: Some(id), limit: EVENTS })]
}

/// The edits have come.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    let Some(at) = state.overlays.iter().position(|o| matches!(o, Overlay::Trace(_))) else { return Vec::new() };
    match reply {
        Reply::History(lines) => {
            if let Some(Overlay::Trace(trace)) = state.overlays.get_mut(at) {
                trace.lines = Some(lines);
            }
        }
        Reply::Failed(why) => {
            state.overlays.remove(at);
            state.say(Level::Error, why);
        }
        _ => {}
    }
    Vec::new()
}

impl Trace {
    /// What is told, newest first; nothing before it has come.
    #[must_use]
    pub fn steps(&self, state: &State) -> Option<Vec<Step>> {
        let edits = || self.lines.iter().flatten().map(|line| &line.edit as &Edit);
        self.lines.as_ref()?;
        Some(match self.shape.as_ref().filter(|_| !self.whole) {
            Some((id, _)) => of_shape(edits(), *id, &state.labels()),
            None => of_picture(edits(), &state.labels()),
        })
    }
}

pub(super) fn key(state: &mut State, mut trace: Trace, press: KeyPress) -> Vec<Effect> {
    let page = height(state);
    match (press.key, press.ctrl) {
        (Key::Char('q') | Key::Enter, _) => return Vec::new(),
        (Key::Tab, _) if trace.shape.is_some() => (trace.whole, trace.top) = (!trace.whole, 0),
        (Key::Down | Key::Char('j'), _) => trace.top += 1,
        (Key::Up | Key::Char('k'), _) => trace.top = trace.top.saturating_sub(1),
        (Key::PageDown | Key::Char(' ' | 'd'), _) => trace.top += page,
        (Key::PageUp | Key::Char('u'), _) => trace.top = trace.top.saturating_sub(page),
        (Key::Home | Key::Char('g'), _) => trace.top = 0,
        (Key::End | Key::Char('G'), _) => trace.top = usize::MAX / 2,
        _ => {}
    }
    let count = trace.steps(state).map_or(0, |steps| steps.len());
    trace.top = trace.top.min(count.saturating_sub(page));
    state.overlays.push(Overlay::Trace(trace));
    Vec::new()
}

/// Lines that are seen at once.
#[must_use]
pub fn height(state: &State) -> usize {
    usize::from(state.size.1.saturating_sub(8)).clamp(1, 24)
}
