//! The task list: what runs, what has ended and how.

use super::Screen;
use super::moves::Move;
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::registry::{Scope, Spec};
use crate::app::state::State;
use crate::app::tasks::{Task, TaskState};

/// The state of the task list.
#[derive(Clone, Debug, Default)]
pub struct TaskListState {
    /// The row under the cursor; the newest task is row 0.
    pub cursor: usize,
    /// The notes of the task under the cursor are shown.
    pub open: bool,
}

/// The actions of the task list.
pub const SPECS: &[Spec] = &[
    Spec {
        name: "tasks.cancel",
        title: "cancel",
        help: "Ask the task to end early; what it has done so far stays, of an export nothing",
        scopes: &[Scope::Tasks],
        changes_data: false,
        repeats: false,
        hint: 1,
        enabled: on_task,
        run: |state, _| cancel(state),
    },
    Spec {
        name: "tasks.open",
        title: "messages",
        help: "Show or hide what the task said",
        scopes: &[Scope::Tasks],
        changes_data: false,
        repeats: false,
        hint: 2,
        enabled: on_task,
        run: |state, _| {
            if let Some(Screen::Tasks(list)) = state.screens.last_mut() {
                list.open = !list.open;
            }
            Vec::new()
        },
    },
];

fn on_task(state: &State) -> Result<(), String> {
    current(state).map(|_| ()).ok_or_else(|| "no task has run yet".to_owned())
}

/// The task under the cursor.
#[must_use]
pub fn current(state: &State) -> Option<&Task> {
    match state.screens.last() {
        Some(Screen::Tasks(list)) => state.tasks.all().iter().rev().nth(list.cursor),
        _ => None,
    }
}

/// Moves the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let len = state.tasks.all().len();
    let page = usize::from(state.size.1).saturating_sub(6);
    if let Some(Screen::Tasks(list)) = state.screens.last_mut() {
        list.cursor = way.apply(list.cursor, len, page);
    }
    Vec::new()
}

fn cancel(state: &mut State) -> Vec<Effect> {
    let Some((id, running)) = current(state).map(|t| (t.id, t.state == TaskState::Running)) else { return Vec::new() };
    if running {
        return vec![Effect::Cancel(id)];
    }
    state.say(Level::Info, "this task has already ended");
    Vec::new()
}
