//! Paths that are typed, with completion.

use crate::app::effect::{Effect, Query};
use crate::app::overlays::Overlay;
use crate::app::overlays::prompt::Prompt;
use crate::app::slots::Slot;
use crate::app::state::State;

/// Asks for a path.
pub(super) fn ask(
    state: &mut State,
    title: &str,
    text: &str,
    hint: &str,
    submit: fn(&mut State, &str) -> Result<Vec<Effect>, String>,
) -> Vec<Effect> {
    let prompt = Prompt::new(title, text, submit).hint(hint).on_change(|state, text| {
        let tag = state.slots.ask(Slot::Completion);
        vec![Effect::Ask(tag, Query::Complete { text: text.to_owned(), base: state.base() })]
    });
    let changed = prompt.changed;
    state.open(Overlay::Prompt(prompt));
    changed(state, text)
}

/// A path with a slash at its end.
pub(super) fn folder(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}
