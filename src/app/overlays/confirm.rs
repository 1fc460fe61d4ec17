//! A question before something that is large or cannot be taken back.

use super::Overlay;
use crate::app::effect::Effect;
use crate::app::state::State;
use crate::domain::key::{Key, KeyPress};

/// A yes-or-no question. `y` or `Enter` does it, anything else is no.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The question: `Move 214 pictures' labels to "rose"?`
    pub question: String,
    /// What will happen, and how it can be undone.
    pub detail: String,
    /// What yes passes on.
    pub value: String,
    /// What yes does.
    pub yes: fn(&mut State, &str) -> Vec<Effect>,
}

pub(super) fn key(state: &mut State, confirm: Confirm, press: KeyPress) -> Vec<Effect> {
    match press.key {
        Key::Char('y' | 'Y') | Key::Enter => (confirm.yes)(state, &confirm.value),
        Key::Char('n' | 'N' | 'q') => Vec::new(),
        _ => {
            state.overlays.push(Overlay::Confirm(confirm));
            Vec::new()
        }
    }
}
