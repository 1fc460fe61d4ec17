//! What lies above a screen: text fields, pickers, questions. One at a time has the keys, the last one opened.
//!
//! What always holds: `Esc` closes the top one and changes nothing; a key that is meant for a text field never reaches
//! an action.

pub mod attributes;
pub mod comments;
pub mod confirm;
pub mod guide;
pub mod picker;
pub mod prompt;
pub mod trace;

use super::effect::Effect;
use super::state::State;
use crate::domain::key::{Key, KeyPress};
use comments::Comments;
use confirm::Confirm;
use guide::Guide;
use picker::Picker;
use prompt::Prompt;
use trace::Trace;

/// Something above the screen.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// A line of text is asked for.
    Prompt(Prompt),
    /// One of several things is asked for: the palette, help, bookmarks, classes.
    Picker(Picker),
    /// Yes or no.
    Confirm(Confirm),
    /// What people say about a picture.
    Comments(Comments),
    /// What to label, and how.
    Guide(Guide),
    /// What happened to a picture or a shape.
    Trace(Trace),
    /// What else is said of the selected shape.
    Attributes(attributes::Panel),
}

impl State {
    /// Opens an overlay above all others.
    pub fn open(&mut self, overlay: Overlay) {
        self.pending.clear();
        self.overlays.push(overlay);
    }
}

/// When the top overlay changes by itself, on the program's clock.
#[must_use]
pub fn next_tick(state: &State) -> Option<u64> {
    match state.overlays.last() {
        Some(Overlay::Confirm(confirm)) => confirm.readable_at(state.clock),
        _ => None,
    }
}

/// Gives a key to the top overlay; `held`: it is held down.
pub fn key(state: &mut State, press: KeyPress, held: bool) -> Vec<Effect> {
    let Some(top) = state.overlays.pop() else {
        return Vec::new();
    };
    if press == KeyPress::plain(Key::Esc) {
        return match top {
            Overlay::Prompt(prompt) => (prompt.cancel)(state),
            Overlay::Confirm(confirm) => confirm::key(state, confirm, press),
            Overlay::Picker(_) | Overlay::Guide(_) | Overlay::Trace(_) => Vec::new(),
            Overlay::Comments(panel) => comments::leave(state, &panel),
            Overlay::Attributes(panel) => attributes::leave(state, panel),
        };
    }
    match top {
        Overlay::Prompt(prompt) => prompt::key(state, prompt, press),
        Overlay::Picker(picker) => picker::key(state, picker, press),
        Overlay::Confirm(confirm) => confirm::key(state, confirm, press),
        Overlay::Comments(panel) => comments::key(state, panel, press),
        Overlay::Guide(guide) => guide::key(state, guide, press),
        Overlay::Trace(trace) => trace::key(state, trace, press),
        Overlay::Attributes(panel) => attributes::key(state, panel, press, held),
    }
}

/// Gives pasted text to the top overlay; without one it is dropped, because a paste must never act.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    let line: String = text.chars().filter(|c| !c.is_control()).take(4096).collect();
    match state.overlays.pop() {
        Some(Overlay::Prompt(mut prompt)) => {
            prompt.insert(&line);
            prompt::edited(state, prompt)
        }
        Some(Overlay::Picker(mut picker)) => {
            picker.insert(&line);
            state.overlays.push(Overlay::Picker(picker));
            Vec::new()
        }
        Some(Overlay::Comments(mut panel)) => {
            panel.insert(&line);
            state.overlays.push(Overlay::Comments(panel));
            Vec::new()
        }
        Some(Overlay::Attributes(mut panel)) => {
            panel.insert(&line);
            state.overlays.push(Overlay::Attributes(panel));
            Vec::new()
        }
        other => {
            state.overlays.extend(other);
            Vec::new()
        }
    }
}
