//! Profiles: which workspace the catalogs, volumes and engines are of, and choosing another.
//!
//! What always holds: choosing asks no server by itself; what was listed for the old profile leaves the screen at once and
//! is no longer asked for.

use super::Screen;
use crate::app::effect::{Effect, Query};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::registry::{Scope, Spec};
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;

/// A profile, as lists show it. No server was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileRow {
    /// Its name; text from outside.
    pub name: String,
    /// Way of signing in, cloud and server. Safe to show.
    pub detail: String,
    /// Why it cannot be used, and what to do. Safe to show.
    pub problem: Option<String>,
    /// It is the one in use.
    pub used: bool,
}

/// The actions.
pub const SPECS: &[Spec] = &[Spec::moves(
    &[Scope::Home, Scope::Lake, Scope::Sql],
    "profile.choose",
    "profile",
    "Choose the profile whose catalogs and engines are used",
    0,
    |s, _| vec![ask(s, Slot::ProfilePicker)],
)];

fn ask(state: &mut State, slot: Slot) -> Effect {
    Effect::Ask(state.slots.ask(slot), Query::Profiles)
}

/// Asks which profiles there are, for the Home screen and the header.
pub fn known(state: &mut State) -> Effect {
    ask(state, Slot::Profiles)
}

/// Takes an answer.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Profiles(rows) => {
            if let Some(used) = rows.iter().find(|row| row.used) {
                state.profile = Some(used.name.clone());
            }
            state.profiles = rows;
            if tag.slot == Slot::ProfilePicker {
                pick(state);
            }
        }
        Reply::Failed(text) => state.say(Level::Error, text),
        _ => {}
    }
    Vec::new()
}

fn pick(state: &mut State) {
    let item = |row: &ProfileRow| Item {
        label: printable(&row.name).into_owned(),
        detail: match &row.problem {
            Some(problem) => format!("cannot be used: {problem}"),
            None => row.detail.clone(),
        },
        key: if row.used { "now".to_owned() } else { String::new() },
        value: row.name.clone(),
    };
    let items = state.profiles.iter().map(item).collect();
    let mut picker = Picker::new("profile", items, choose);
    "no profiles; put one into ~/.databrickscfg: [NAME], host = https://…, token = …".clone_into(&mut picker.empty);
    state.open(Overlay::Picker(picker));
}

/// Uses a profile from now on.
pub fn choose(state: &mut State, name: &str) -> Vec<Effect> {
    let row = state.profiles.iter().find(|row| row.name == name).cloned().unwrap_or_default();
    if let Some(problem) = row.problem {
        state.say(Level::Error, format!("profile `{}` cannot be used: {problem}", printable(name)));
        return Vec::new();
    }
    let another = state.profile.as_deref() != Some(name);
    state.profile = Some(name.to_owned());
    state.profiles.iter_mut().for_each(|row| row.used = row.name == name);
    let mut effects = Vec::new();
    if another {
        effects.extend([Effect::UseProfile(name.to_owned()), Effect::Reread]);
        forget(state);
    }
    let local = matches!(state.lake().map(|l| &l.here.path), Some(LakePath::Local(_)));
    match state.screen() {
        Some(Screen::Sql) => effects.extend(super::sql::shown(state)),
        // A folder of this machine is nobody's profile.
        Some(Screen::Lake(_)) if local => {}
        _ => effects.extend(state.show_lake(LakePath::Root)),
    }
    state.say(Level::Info, format!("profile {}", printable(name)));
    effects
}

/// Drops what belongs to the old profile from every screen.
fn forget(state: &mut State) {
    state.sql.engine = None;
    (state.sql.offers, state.sql.history) = (Vec::new(), Vec::new());
    // Screens below would show the old profile's listings again.
    let top = state.screens.len().saturating_sub(1);
    let mut at = 0;
    state.screens.retain(|screen| {
        at += 1;
        let far = matches!(screen, Screen::Lake(lake) if lake.here.path.as_local().is_none());
        !(far && at - 1 < top)
    });
    for slot in 0..4 {
        state.slots.drop_answers(Slot::Column(slot));
    }
    if let Some(lake) = state.lake_mut() {
        lake.remembered.clear();
        lake.selected.clear();
        lake.below = None;
        lake.epoch += 1;
    }
}
