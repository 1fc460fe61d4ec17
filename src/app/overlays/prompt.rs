//! One line of text: a filter, a name, a path, a reason.

use super::Overlay;
use crate::app::effect::Effect;
use crate::app::state::State;
use crate::domain::key::{Key, KeyPress};
use tui_input::{Input, InputRequest};

/// A text field with a title, optional completions and what its text is for.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What is asked: `Filter`, `Name of the new project`.
    pub title: String,
    /// A word on what may be typed.
    pub hint: String,
    /// The text and the cursor in it.
    pub input: Input,
    /// What is wrong with the text as submitted.
    pub problem: Option<String>,
    /// What the text can be completed to; `Tab` takes the first or the chosen one.
    pub completions: Vec<String>,
    /// Position in `completions`.
    pub chosen: usize,
    /// What goes on when the text changes.
    pub changed: fn(&mut State, &str) -> Vec<Effect>,
    /// What `Enter` does; an error keeps the field open and is shown in it.
    pub submit: fn(&mut State, &str) -> Result<Vec<Effect>, String>,
    /// What `Esc` does, besides closing the field.
    pub cancel: fn(&mut State) -> Vec<Effect>,
}

impl Prompt {
    /// A field with a title, a first text, and what `Enter` does.
    #[must_use]
    pub fn new(title: &str, text: &str, submit: fn(&mut State, &str) -> Result<Vec<Effect>, String>) -> Self {
        Self {
            title: title.to_owned(),
            hint: String::new(),
            input: Input::new(text.to_owned()),
            problem: None,
            completions: Vec::new(),
            chosen: 0,
            changed: |_, _| Vec::new(),
            submit,
            cancel: |_| Vec::new(),
        }
    }

    /// The same with a word on what may be typed.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        hint.clone_into(&mut self.hint);
        self
    }

    /// The same with something that goes on at every change of the text.
    #[must_use]
    pub fn on_change(mut self, changed: fn(&mut State, &str) -> Vec<Effect>) -> Self {
        self.changed = changed;
        self
    }

    /// The same with something that `Esc` does.
    #[must_use]
    pub fn on_cancel(mut self, cancel: fn(&mut State) -> Vec<Effect>) -> Self {
        self.cancel = cancel;
        self
    }

    pub(super) fn insert(&mut self, text: &str) {
        for c in text.chars() {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }
}

/// The change to a text field that a key asks for.
#[must_use]
pub fn request(press: KeyPress) -> Option<InputRequest> {
    Some(match (press.key, press.ctrl, press.alt) {
        (Key::Char('u'), true, _) => InputRequest::DeleteLine,
        (Key::Char('w'), true, _) => InputRequest::DeletePrevWord,
        (Key::Backspace, _, true) => InputRequest::DeletePrevWord,
        (Key::Char('k'), true, _) => InputRequest::DeleteTillEnd,
        (Key::Char(c), false, false) => InputRequest::InsertChar(c),
        (Key::Backspace, ..) => InputRequest::DeletePrevChar,
        (Key::Delete, ..) => InputRequest::DeleteNextChar,
        (Key::Left, true, _) => InputRequest::GoToPrevWord,
        (Key::Right, true, _) => InputRequest::GoToNextWord,
        (Key::Left, ..) => InputRequest::GoToPrevChar,
        (Key::Right, ..) => InputRequest::GoToNextChar,
        (Key::Home, ..) => InputRequest::GoToStart,
        (Key::End, ..) => InputRequest::GoToEnd,
        _ => return None,
    })
}

pub(super) fn key(state: &mut State, mut prompt: Prompt, press: KeyPress) -> Vec<Effect> {
    match press.key {
        Key::Enter => return submit(state, prompt),
        Key::Tab => {
            if let Some(text) = prompt.completions.get(prompt.chosen).cloned() {
                prompt.input = Input::new(text);
                return edited(state, prompt);
            }
        }
        Key::Down => prompt.chosen = (prompt.chosen + 1).min(prompt.completions.len().saturating_sub(1)),
        Key::Up => prompt.chosen = prompt.chosen.saturating_sub(1),
        _ => {
            if let Some(request) = request(press) {
                prompt.input.handle(request);
                return edited(state, prompt);
            }
        }
    }
    state.overlays.push(Overlay::Prompt(prompt));
    Vec::new()
}

fn submit(state: &mut State, prompt: Prompt) -> Vec<Effect> {
    let text = prompt.input.value().to_owned();
    match (prompt.submit)(state, &text) {
        Ok(effects) => effects,
        Err(problem) => {
            state.overlays.push(Overlay::Prompt(Prompt { problem: Some(problem), ..prompt }));
            Vec::new()
        }
    }
}

/// Puts a field back after its text changed, and lets what hangs on the text follow.
pub(super) fn edited(state: &mut State, mut prompt: Prompt) -> Vec<Effect> {
    prompt.problem = None;
    prompt.chosen = 0;
    let (changed, text) = (prompt.changed, prompt.input.value().to_owned());
    state.overlays.push(Overlay::Prompt(prompt));
    changed(state, &text)
}
