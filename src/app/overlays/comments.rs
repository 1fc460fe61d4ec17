//! What people say about a picture, or about the box that is selected: read, add, settle.
//!
//! What always holds: opening it waits for nothing; what was typed is never lost, neither by leaving nor by a store that
//! cannot be reached: it stands here again when the picture's comments are opened the next time, and that is said.

use super::Overlay;
use super::prompt::request;
use crate::app::effect::{Effect, Query, Remark, Write};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::registry::{Scope, Spec};
use crate::app::screens::{Screen, adjudicate, conflicts};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::comment::Comment;
use crate::domain::ids::{AnnotationId, SampleId};
use crate::domain::key::{Key, KeyPress};
use crate::domain::sample::{Note, Sample};
use crate::domain::text::printable;
use tui_input::{Input, InputRequest};

/// Characters of one comment at most; more is no comment.
const LONGEST: usize = 4_000;

/// The panel.
#[derive(Clone, Debug)]
pub struct Comments {
    /// The picture.
    pub sample: SampleId,
    /// What is commented on, ready to be shown: the file's name, or the class of a box.
    pub about: String,
    /// The annotation that a new comment is about.
    pub annotation: Option<AnnotationId>,
    /// The comments, oldest first; nothing before they have come.
    pub list: Option<Vec<Comment>>,
    /// Position in `list`.
    pub cursor: usize,
    /// What is being typed.
    pub input: Input,
    /// A change is on its way.
    pub sending: bool,
    /// What went wrong, ready to be shown.
    pub problem: Option<String>,
}

/// The action that opens the panel.
pub const SPECS: &[Spec] = &[Spec {
    scopes: &[Scope::Label, Scope::Review, Scope::Gallery, Scope::Boxes, Scope::Adjudicate, Scope::Conflicts],
    ..Spec::looks(
        &[Scope::Label],
        "comments.open",
        "comments",
        "What people say about the picture, or about the selected box; type to add to it",
        0,
        on_sample,
        |s, _| open(s),
    )
}];

/// The picture that is meant.
fn sample(state: &State) -> Option<&Sample> {
    match state.screen() {
        Some(Screen::Gallery(gallery)) => gallery.sample(),
        Some(Screen::Adjudicate(_)) => adjudicate::current(state).map(|d| &d.sample),
        Some(Screen::Conflicts(_)) => conflicts::current(state).and_then(|line| line.sample.as_ref()),
        Some(Screen::Label(_) | Screen::Review(_)) => state.label().and_then(|l| l.sample()),
        _ => None,
    }
}

fn on_sample(state: &State) -> Result<(), String> {
    sample(state).map(drop).ok_or_else(|| "there is no picture here to comment on".to_owned())
}

fn open(state: &mut State) -> Vec<Effect> {
    let Some((id, path)) = sample(state).map(|s| (s.id, s.path.clone())) else { return Vec::new() };
    let name = printable(path.rsplit('/').next().unwrap_or(&path)).into_owned();
    let shape = state.selected_shape();
    let of = shape.map(|s| (s.id, printable(&state.labels().name(s.class)).into_owned()));
    let about = of.as_ref().map_or(name.clone(), |(_, class)| format!("{class} in {name}"));
    let text = state.unsaid.get(&id).cloned().unwrap_or_default();
    state.open(Overlay::Comments(Comments {
        sample: id,
        about,
        annotation: of.map(|(id, _)| id),
        list: None,
        cursor: 0,
        input: Input::new(text),
        sending: false,
        problem: None,
    }));
    vec![Effect::Ask(state.slots.ask(Slot::Comments), Query::Comments(id))]
}

impl Comments {
    /// The comment under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Comment> {
        self.list.as_ref()?.get(self.cursor)
    }

    pub(super) fn insert(&mut self, text: &str) {
        for c in text.chars() {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    fn take(&mut self, list: Vec<Comment>) {
        // The newest is what one looks for; after that the cursor stays where it was.
        let grown = self.list.as_ref().is_none_or(|old| old.len() < list.len());
        self.cursor = if grown { list.len().saturating_sub(1) } else { self.cursor.min(list.len().saturating_sub(1)) };
        self.list = Some(list);
    }
}

/// The panel that is open on this picture.
fn panel(state: &mut State, sample: SampleId) -> Option<&mut Comments> {
    state.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Comments(panel) if panel.sample == sample => Some(panel),
        _ => None,
    })
}

/// `Esc`: what was typed is kept.
pub(super) fn leave(state: &mut State, panel: &Comments) -> Vec<Effect> {
    let text = panel.input.value().trim();
    if text.is_empty() {
        state.unsaid.remove(&panel.sample);
    } else {
        state.unsaid.insert(panel.sample, text.to_owned());
        state.say(Level::Info, "the comment is not sent; [comments.open] on this picture shows it again");
    }
    Vec::new()
}

pub(super) fn key(state: &mut State, mut panel: Comments, press: KeyPress) -> Vec<Effect> {
    let effects = match (press.key, press.ctrl) {
        (Key::Enter, _) => add(state, &mut panel),
        (Key::Tab | Key::BackTab, _) => settle(state, &mut panel),
        (Key::Down, _) | (Key::Char('n'), true) => {
            panel.cursor = (panel.cursor + 1).min(panel.list.as_ref().map_or(0, Vec::len).saturating_sub(1));
            Vec::new()
        }
        (Key::Up, _) | (Key::Char('p'), true) => {
            panel.cursor = panel.cursor.saturating_sub(1);
            Vec::new()
        }
        _ => {
            let room = panel.input.value().chars().count() < LONGEST;
            if let Some(request) = request(press).filter(|r| room || !matches!(r, InputRequest::InsertChar(_))) {
                panel.problem = None;
                panel.input.handle(request);
            }
            Vec::new()
        }
    };
    state.overlays.push(Overlay::Comments(panel));
    effects
}

/// Why nothing can be changed now.
fn refusal(state: &State, panel: &Comments) -> Option<String> {
    if state.read_only {
        return Some("read-only: nothing can be said here; :app.toggle-read-only lifts it".to_owned());
    }
    panel.sending.then(|| "the change before is still on its way".to_owned())
}

fn add(state: &mut State, panel: &mut Comments) -> Vec<Effect> {
    let text = panel.input.value().trim().to_owned();
    if text.is_empty() {
        return Vec::new();
    }
    if let Some(why) = refusal(state, panel) {
        panel.problem = Some(why);
        return Vec::new();
    }
    // Until the store has it, it stays with the picture, whatever becomes of the panel.
    state.unsaid.insert(panel.sample, text.clone());
    (panel.sending, panel.problem, panel.input) = (true, None, Input::default());
    let remark = Remark::Add { sample: panel.sample, annotation: panel.annotation, text };
    vec![Effect::Write(Write::Remark(remark))]
}

fn settle(state: &mut State, panel: &mut Comments) -> Vec<Effect> {
    let Some((id, resolved)) = panel.current().map(|c| (c.id, c.resolved)) else { return Vec::new() };
    if let Some(why) = refusal(state, panel) {
        panel.problem = Some(why);
        return Vec::new();
    }
    panel.sending = true;
    vec![Effect::Write(Write::Remark(Remark::Resolve { sample: panel.sample, id, resolved: !resolved }))]
}

/// The comments have come, or will not. A store that keeps none closes the panel, with the reason.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Comments(sample, list) => {
            if let Some(panel) = panel(state, sample) {
                panel.take(list);
            }
        }
        Reply::Failed(why) => {
            let at = state.overlays.iter().position(|o| matches!(o, Overlay::Comments(_)));
            if let Some(Overlay::Comments(panel)) = at.map(|at| state.overlays.remove(at)) {
                let text = panel.input.value().trim();
                if !text.is_empty() {
                    state.unsaid.insert(panel.sample, text.to_owned());
                }
            }
            state.say(Level::Error, format!("no comments here: {}", printable(&why)));
        }
        _ => {}
    }
    Vec::new()
}

/// What became of a change. A text that was not written comes back.
pub fn written(state: &mut State, remark: &Remark, found: Result<(Vec<Comment>, Vec<Note>), String>) -> Vec<Effect> {
    let (Remark::Add { sample, .. } | Remark::Resolve { sample, .. }) = remark;
    match found {
        Ok((list, notes)) => {
            if let Remark::Add { text, .. } = remark
                && state.unsaid.get(sample) == Some(text)
            {
                state.unsaid.remove(sample);
            }
            state.update_samples(|s| {
                if s.id == *sample {
                    s.notes.clone_from(&notes);
                }
            });
            if let Some(panel) = panel(state, *sample) {
                panel.sending = false;
                panel.take(list);
            }
        }
        Err(why) => failed(state, remark, *sample, &printable(&why)),
    }
    Vec::new()
}

fn failed(state: &mut State, remark: &Remark, sample: SampleId, why: &str) {
    let text = if let Remark::Add { text, .. } = remark { Some(text.as_str()) } else { None };
    // What was typed since goes on behind it.
    let both = |typed: &str| match (text, typed.trim()) {
        (Some(text), "") => text.to_owned(),
        (Some(text), typed) if typed != text => format!("{text} {typed}"),
        (_, typed) => typed.to_owned(),
    };
    if let Some(panel) = panel(state, sample) {
        let problem = if text.is_some() { "not sent, and kept here" } else { "not written" };
        (panel.sending, panel.problem) = (false, Some(format!("{problem}: {why}")));
        panel.input = Input::new(both(panel.input.value()));
        return;
    }
    let Some(_) = text else { return state.say(Level::Error, format!("a comment was not changed: {why}")) };
    let kept = both(state.unsaid.get(&sample).map_or("", String::as_str));
    state.unsaid.insert(sample, kept);
    let text = format!("a comment was not sent: {why}; [comments.open] on its picture shows it again");
    state.say(Level::Error, text);
}
