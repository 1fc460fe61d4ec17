//! The Table screen: what a table of a catalog is, its first rows with their pictures, and its versions, as four tabs.
//!
//! What always holds: a tab asks for what it shows when it is first shown, and never before, because rows and history may
//! cost compute; leaving the screen cancels what is still on its way; what is shown of rows is of one load, so that a
//! picture never stands beside another row.

pub mod actions;
pub mod cells;
pub mod guess;
pub mod moving;
pub mod rows;
pub mod state;

pub use actions::SPECS;
pub use state::TableState;

use super::{Screen, navigation};
use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;
use crate::domain::lake_path::LakePath;
use state::{Load, Tab, Trouble};

/// Shows a table, on its first tab.
pub fn open(state: &mut State, path: LakePath) -> Vec<Effect> {
    state.screens.retain(|s| !matches!(s, Screen::Table(_)));
    navigation::go(state, Screen::Table(Box::new(TableState::new(path))))
}

/// Asks for what the tab shows, as far as it is not known.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let clock = state.clock;
    let Some(table) = state.table_mut() else { return Vec::new() };
    let (path, version) = (table.path.clone(), table.version);
    let mut wanted: Vec<(Slot, Query)> = Vec::new();
    // The title says what the table is on every tab.
    if table.facts.wants(clock) {
        wanted.push((Slot::TableFacts, Query::TableFacts(path.clone())));
    }
    if table.tab == Tab::Rows && table.rows.wants(clock) {
        wanted.push((Slot::TableRows, Query::TableRows { path: path.clone(), version }));
    }
    if table.tab == Tab::History && table.history.wants(clock) {
        wanted.push((Slot::TableHistory, Query::TableHistory(path)));
    }
    wanted.into_iter().map(|(slot, query)| Effect::Ask(state.slots.ask(slot), query)).collect()
}

/// Cancels what is on its way: called before the screen is left.
pub fn leave(state: &mut State) -> Vec<Effect> {
    let Some(table) = state.table_mut() else { return Vec::new() };
    let waiting = [
        (Slot::TableFacts, table.facts.give_up()),
        (Slot::TableRows, table.rows.give_up()),
        (Slot::TableHistory, table.history.give_up()),
    ];
    let mut effects = Vec::new();
    for (slot, _) in waiting.into_iter().filter(|(_, waited)| *waited) {
        state.slots.drop_answers(slot);
        effects.push(Effect::Forget(slot));
    }
    effects
}

/// Takes an answer.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    let Some(table) = state.table_mut() else { return Vec::new() };
    match reply {
        Reply::TableFacts(facts) => table.facts = Load::Ready(*facts),
        Reply::TableRows(rows) => {
            table.take_rows(rows);
            moving::scroll(state);
        }
        Reply::TableHistory(commits) => table.history = Load::Ready(commits),
        Reply::TableTrouble(trouble) => table.failed(tag.slot, *trouble),
        Reply::Failed(text) => table.failed(tag.slot, Trouble::new("cannot be read", text)),
        _ => {}
    }
    Vec::new()
}

/// When something on the screen changes by itself: the time that an answer takes.
#[must_use]
pub fn next_tick(state: &State) -> Option<u64> {
    let since = state.table()?.waiting_since()?;
    let waited = state.clock.saturating_sub(since);
    // Nothing is said before then; after that the seconds are counted.
    Some(if waited < state::QUIET_MS { since + state::QUIET_MS } else { since + (waited / 1000 + 1) * 1000 })
}

impl State {
    /// The Table screen, if it is shown.
    #[must_use]
    pub fn table(&self) -> Option<&TableState> {
        match self.screens.last() {
            Some(Screen::Table(table)) => Some(table),
            _ => None,
        }
    }

    /// The Table screen, if it is shown.
    pub fn table_mut(&mut self) -> Option<&mut TableState> {
        match self.screens.last_mut() {
            Some(Screen::Table(table)) => Some(table),
            _ => None,
        }
    }
}
