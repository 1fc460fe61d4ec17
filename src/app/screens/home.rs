//! The Home screen: go on where you left, recent projects and places.

use super::Screen;
use super::label::walk;
use super::moves::Move;
use super::profiles::{self, ProfileRow};
use super::projects;
use crate::app::effect::{Effect, Query};
use crate::app::messages::Level;
use crate::app::registry::{Scope, Spec, always};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{Counts, Project};

/// The state of the Home screen.
#[derive(Clone, Debug, Default)]
pub struct HomeState {
    /// All projects with their counts; nothing before the first answer.
    pub projects: Option<Vec<(Project, Counts)>>,
    /// The row under the cursor.
    pub cursor: usize,
}

/// A row of the Home screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A project.
    Project(Box<(Project, Counts)>),
    /// A place.
    Place(String),
    /// A profile.
    Profile(Box<ProfileRow>),
}

impl Row {
    /// Whether another row is about the same thing.
    fn names(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Project(one), Self::Project(other)) => one.0.id == other.0.id,
            (Self::Profile(one), Self::Profile(other)) => one.name == other.name,
            (one, other) => one == other,
        }
    }
}

impl HomeState {
    /// The rows: live projects, last made first, then places and profiles.
    #[must_use]
    pub fn rows(&self, state: &State) -> Vec<Row> {
        let mut live: Vec<_> =
            self.projects.iter().flatten().filter(|(p, _)| p.trashed_at.is_none()).cloned().collect();
        live.sort_by_key(|(p, _)| std::cmp::Reverse((Some(p.id.0) == state.places.last_project, p.created_at)));
        let projects = live.into_iter().take(8).map(|row| Row::Project(Box::new(row)));
        let mut places: Vec<String> = state.places.bookmarks.iter().chain(&state.places.recents).cloned().collect();
        places.extend(state.volumes.iter().map(|(_, path)| path.to_string()));
        let mut seen = std::collections::HashSet::new();
        places.retain(|p| seen.insert(p.clone()));
        let profiles = state.profiles.iter().take(6).map(|row| Row::Profile(Box::new(row.clone())));
        projects.chain(places.into_iter().take(8).map(Row::Place)).chain(profiles).collect()
    }
}

/// The actions of the Home screen.
pub const SPECS: &[Spec] = &[Spec {
    name: "home.open",
    title: "open",
    help: "Go on with the project, or open the place",
    scopes: &[Scope::Home],
    changes_data: false,
    repeats: false,
    hint: 1,
    enabled: always,
    run: |state, _| open(state),
}];

/// Asks for what the screen shows.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let tag = state.slots.ask(Slot::Home);
    vec![Effect::Ask(tag, Query::Projects), profiles::known(state)]
}

fn rows(state: &State) -> (Vec<Row>, usize) {
    match state.screens.last() {
        Some(Screen::Home(home)) => (home.rows(state), home.cursor),
        _ => (Vec::new(), 0),
    }
}

/// Moves the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let len = rows(state).0.len();
    let page = usize::from(state.size.1).saturating_sub(8);
    if let Some(Screen::Home(home)) = state.screens.last_mut() {
        home.cursor = way.apply(home.cursor, len, page);
    }
    Vec::new()
}

/// Takes the projects, which come above what is there already; a cursor that was moved stays on its row.
pub(super) fn take(state: &mut State, all: Vec<(Project, Counts)>) {
    let (before, cursor) = rows(state);
    let Some(Screen::Home(home)) = state.screens.last_mut() else { return };
    home.projects = Some(all);
    let after = rows(state).0;
    let same = before.get(cursor).and_then(|row| after.iter().position(|r| r.names(row)));
    if let (Some(Screen::Home(home)), Some(same)) = (state.screens.last_mut(), same.filter(|_| cursor > 0)) {
        home.cursor = same;
    }
}

fn open(state: &mut State) -> Vec<Effect> {
    let (rows, cursor) = rows(state);
    let unread = matches!(state.screens.last(), Some(Screen::Home(home)) if home.projects.is_none());
    if unread && cursor == 0 && state.slots.is_waiting(Slot::Home) {
        // What stands first now is not what is going to.
        state.say(Level::Info, projects::UNREAD);
        return Vec::new();
    }
    match rows.into_iter().nth(cursor) {
        Some(Row::Project(row)) => walk::begin(state, row.0.id),
        Some(Row::Place(place)) => match LakePath::parse(&place, &state.base()) {
            Ok(path) => state.show_lake(path),
            Err(_) => Vec::new(),
        },
        Some(Row::Profile(row)) => profiles::choose(state, &row.name),
        None => Vec::new(),
    }
}
