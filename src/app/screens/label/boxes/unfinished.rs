//! A box that is not finished: half drawn, or drawn and without a class.
//!
//! What always holds: no action drops it without a word. What would leave it or begin something else says what is missing,
//! and the box stays until it has its class or is taken back step by step.

use super::Stage;
use crate::app::state::State;

/// Actions that leave an unfinished box as it is.
const HARMLESS: &[&str] = &["boxes.back", "boxes.done", "label.find-class", "project.guideline"];
/// The same by the beginnings of their names.
const HARMLESS_KINDS: &[&str] = &["app.", "view.", "look.", "preview."];
/// What leaves the screen all the same. Leaving the program is not among it: that is asked for by a key of its own.
const LEAVING: &[&str] = &["app.back", "app.close"];

/// Whether an action may run now.
///
/// # Errors
/// What the unfinished box still needs.
pub fn allows(state: &State, action: &str) -> Result<(), String> {
    let harmless = HARMLESS.contains(&action) || HARMLESS_KINDS.iter().any(|kind| action.starts_with(kind));
    if harmless && !LEAVING.contains(&action) {
        return Ok(());
    }
    match state.boxes().map(|m| &m.stage) {
        Some(Stage::Class(..)) => Err(CLASS.to_owned()),
        Some(Stage::Drawing(drawing)) if drawing.is_begun() => Err(asked(drawing.asks())),
        _ => Ok(()),
    }
}

/// What a drawn box without a class needs.
pub(super) const CLASS: &str =
    "which class? press its key, or [label.find-class] and its name; [boxes.back] takes a corner back";

/// What a half drawn box needs.
pub(super) fn asked(what: &str) -> String {
    format!("a box is being drawn: letters choose {what}; [boxes.back] goes back")
}
