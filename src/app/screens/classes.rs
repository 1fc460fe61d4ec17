//! The label-set editor: classes with their keys, colours and counts.
//!
//! What always holds: every change is one edit of the whole set that can be undone; no annotation is rewritten, because
//! annotations name classes by id; a hotkey never clashes with another class or with a command of the screens on which
//! classes are given.

pub mod edit;

pub use edit::SPECS;

use super::Screen;
use super::moves::Move;
use super::{close_project, navigation};
use crate::app::effect::{Effect, Query};
use crate::app::slots::Slot;
use crate::app::state::{OpenProject, State};
use crate::domain::class::LabelClass;

/// The state of the editor.
#[derive(Clone, Debug, Default)]
pub struct ClassesState {
    /// The row under the cursor: a position in the label set, retired and merged classes included.
    pub cursor: usize,
}

impl State {
    /// The editor, if it is shown.
    #[must_use]
    pub fn classes(&self) -> Option<&ClassesState> {
        match self.screens.last() {
            Some(Screen::Classes(classes)) => Some(classes),
            _ => None,
        }
    }
}

/// Opens the editor on the open project, or on the project under the cursor of the list.
pub fn open(state: &mut State) -> Vec<Effect> {
    if let Some(Screen::Projects(list)) = state.screens.last()
        && let Some((project, counts)) = list.rows().get(list.cursor).map(|row| (*row).clone())
    {
        let other = state.project.as_ref().is_some_and(|open| open.project.id != project.id);
        if other {
            close_project(state);
        }
        state.project = Some(OpenProject { project, counts });
    }
    navigation::go(state, Screen::Classes(ClassesState::default()))
}

/// Asks for the project again: somebody else may have changed its classes.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let Some(project) = state.project.as_ref().map(|p| p.project.id) else { return Vec::new() };
    if state.save.unsent > 0 {
        return Vec::new();
    }
    let tag = state.slots.ask(Slot::Project);
    vec![Effect::Ask(tag, Query::Project(project))]
}

/// Moves the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let len = state.project.as_ref().map_or(0, |p| p.project.labels.classes.len());
    let page = usize::from(state.size.1).saturating_sub(6);
    if let Some(Screen::Classes(classes)) = state.screens.last_mut() {
        classes.cursor = way.apply(classes.cursor, len, page);
    }
    Vec::new()
}

/// The class under the cursor.
#[must_use]
pub fn current(state: &State) -> Option<LabelClass> {
    let at = state.classes()?.cursor;
    state.project.as_ref()?.project.labels.classes.get(at).cloned()
}
