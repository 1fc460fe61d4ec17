//! A question before something that is large or cannot be taken back.
//!
//! What always holds: only `y` says yes. `Enter` is pressed for too many other things, and a question that comes by itself
//! may come while the person is typing: no key that was meant for what was on the screen before it says yes to it.

use super::Overlay;
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::screens::sweep::actions::JUST_CAME_MS;
use crate::app::state::State;
use crate::domain::key::{Key, KeyPress};

/// A yes-or-no question: `y` does it, `n`, `q` and `Esc` do not.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The question: `Move 214 pictures' labels to "rose"?`
    pub question: String,
    /// What will happen, and how it can be undone.
    pub detail: String,
    /// What yes passes on.
    pub value: String,
    /// When it came by itself, on the program's clock; nothing where a key has led to it at once.
    pub late: Option<u64>,
    /// What yes does.
    pub yes: fn(&mut State, &str) -> Vec<Effect>,
}

impl Confirm {
    /// A question that a key leads to at once.
    #[must_use]
    pub fn new(
        question: impl Into<String>,
        detail: impl Into<String>,
        value: impl Into<String>,
        yes: fn(&mut State, &str) -> Vec<Effect>,
    ) -> Self {
        Self { question: question.into(), detail: detail.into(), value: value.into(), late: None, yes }
    }

    /// When it can be answered, on the program's clock; nothing where it can be already.
    #[must_use]
    pub fn readable_at(&self, clock: u64) -> Option<u64> {
        self.late.map(|came| came + JUST_CAME_MS).filter(|at| clock < *at)
    }
}

impl State {
    /// Asks a question that comes by itself, such as with an answer of the store: keys are no answer before it can have been
    /// read, and any but `y` is no. It does not lie down over what the person types into or reads; there it is said that
    /// nothing was done.
    pub fn ask_late(&mut self, confirm: Confirm) {
        if self.overlays.is_empty() {
            self.open(Overlay::Confirm(Confirm { late: Some(self.clock), ..confirm }));
        } else {
            self.say(Level::Warning, not_done(&confirm));
        }
    }
}

fn not_done(confirm: &Confirm) -> String {
    format!("not done: {}", confirm.question)
}

pub(super) fn key(state: &mut State, confirm: Confirm, press: KeyPress) -> Vec<Effect> {
    let clock = state.clock;
    let unread = confirm.readable_at(clock).is_some();
    match press.key {
        // Who types on without a pause has not looked up yet.
        _ if unread => state.overlays.push(Overlay::Confirm(Confirm { late: Some(clock), ..confirm })),
        Key::Char('y' | 'Y') if !press.ctrl && !press.alt => return (confirm.yes)(state, &confirm.value),
        Key::Char('n' | 'N' | 'q') | Key::Esc => {}
        // Who typed on has not read it; that it was there is said, so that nobody believes it was done.
        _ if confirm.late.is_some() => state.say(Level::Info, not_done(&confirm)),
        _ => state.overlays.push(Overlay::Confirm(confirm)),
    }
    Vec::new()
}
