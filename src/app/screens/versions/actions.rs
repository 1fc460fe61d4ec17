//! What can be done on the Versions screen.

use super::{Compared, Comparison, SnapshotLine, VersionsState, compare, restoring};
use crate::app::effect::{Effect, Job, ProjectChange, VersionRef, Write};
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::prompt::Prompt;
use crate::app::registry::{Scope, Spec, always};
use crate::app::screens::label;
use crate::app::state::State;
use crate::domain::ids::ProjectId;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::text::printable;

const HERE: &[Scope] = &[Scope::Versions];
/// The longest part of a state's name in the name of a list, in characters.
const NAMED: usize = 80;

/// The actions of the screen.
pub const SPECS: &[Spec] = &[
    Spec::looks(
        HERE,
        "versions.open",
        "compare, open",
        "Compare the state with the present one; what was compared opens as a queue",
        1,
        always,
        |s, _| open(s),
    ),
    Spec::looks(
        HERE,
        "versions.mark",
        "mark",
        "Mark the state, or not: one is compared with the present state, two with each other",
        2,
        on_row,
        |s, _| mark(s),
    ),
    Spec::edits(HERE, "versions.take", "take", "Take a snapshot: give the present state a name", 3, settled, |s, _| {
        take(s)
    }),
    Spec::edits(
        HERE,
        "versions.restore",
        "restore",
        "Take chosen parts of the compared snapshot back; asks first, and undo takes it back",
        2,
        restoring::restorable,
        |s, _| restoring::choose_parts(s),
    ),
    Spec::edits(
        HERE,
        "versions.drop",
        "forget",
        "Forget the name of the snapshot; the history stays; asks first",
        6,
        on_snapshot,
        |s, _| ask_drop(s),
    ),
];

/// The list is there.
fn on_row(state: &State) -> Result<(), String> {
    let versions = state.versions().ok_or_else(|| "this is not the list of versions".to_owned())?;
    match (&versions.problem, &versions.snapshots) {
        (Some(why), _) => Err(why.clone()),
        (None, None) => Err("the snapshots are still being read".to_owned()),
        (None, Some(_)) => Ok(()),
    }
}

/// What is in the store is what the person sees.
pub(super) fn settled(state: &State) -> Result<(), String> {
    on_row(state)?;
    match state.save.settled() {
        true => Ok(()),
        false => Err("some edits are still on their way to the store and would not be part of it".to_owned()),
    }
}

fn on_snapshot(state: &State) -> Result<(), String> {
    on_row(state)?;
    let found = state.versions().and_then(|v| v.snapshot());
    found.map(|_| ()).ok_or_else(|| "this is the present state; [versions.take] gives it a name".to_owned())
}

pub(super) fn project(state: &State) -> Option<ProjectId> {
    state.project.as_ref().map(|p| p.project.id)
}

fn mark(state: &mut State) -> Vec<Effect> {
    let Some(versions) = state.versions_mut() else { return Vec::new() };
    let Some(row) = versions.current() else { return Vec::new() };
    match versions.marked.iter().position(|mark| *mark == row) {
        Some(at) => drop(versions.marked.remove(at)),
        None => {
            // A third mark takes the place of the first.
            versions.marked.push(row);
            let over = versions.marked.len().saturating_sub(2);
            versions.marked.drain(..over);
        }
    }
    compare(state)
}

fn take(state: &mut State) -> Vec<Effect> {
    let prompt = Prompt::new("name of the snapshot", "", |state, text| {
        let name = text.trim().to_owned();
        if name.is_empty() {
            return Err("give it a name".to_owned());
        }
        if matches!(name.to_lowercase().as_str(), "now" | "start") {
            return Err("`now` and `start` mean other states already".to_owned());
        }
        let same = |s: &SnapshotLine| s.name.to_lowercase() == name.to_lowercase();
        if state.versions().and_then(|v| v.snapshots.as_ref()).is_some_and(|all| all.iter().any(same)) {
            return Err("there is a snapshot of this name already, and a snapshot never changes".to_owned());
        }
        let taken = project(state).map(|id| Effect::Write(Write::Project(ProjectChange::TakeSnapshot(id, name))));
        Ok(taken.into_iter().collect())
    });
    state.open(Overlay::Prompt(prompt.hint("such as before-cleanup; nothing changes it later")));
    Vec::new()
}

fn ask_drop(state: &mut State) -> Vec<Effect> {
    let Some(name) = state.versions().and_then(|v| v.snapshot()).map(|s| s.name.clone()) else { return Vec::new() };
    state.open(Overlay::Confirm(Confirm::new(
        format!("Forget the snapshot {}?", printable(&name)),
        "Only the name goes; every answer and the history stay. The name cannot be brought back.".to_owned(),
        name,
        |state, name| {
            let change = project(state).map(|id| ProjectChange::DropSnapshot(id, name.to_owned()));
            change.map(|change| Effect::Write(Write::Project(change))).into_iter().collect()
        },
    )));
    Vec::new()
}

/// Compares what is under the cursor; where that was compared, what differs is opened.
fn open(state: &mut State) -> Vec<Effect> {
    let here = state.versions().and_then(VersionsState::compared_here).cloned();
    let Some(compared) = here else { return first(state) };
    match &compared.result {
        Compared::Running(_) => {
            state.say(Level::Info, "the two are still being compared; [app.back] stops it");
            Vec::new()
        }
        Compared::Failed(_) => compare(state),
        Compared::Done(found) if found.all() == 0 => {
            state.say(Level::Info, "nothing differs between the two");
            Vec::new()
        }
        Compared::Done(_) if state.read_only => {
            state.say(Level::Warning, "read-only: the pictures that differ cannot be put on a list to walk through");
            Vec::new()
        }
        Compared::Done(_) => list(state, &compared),
    }
}

/// What is under the cursor is the one that is marked, so that it is compared with the present state.
fn first(state: &mut State) -> Vec<Effect> {
    if let Err(why) = on_row(state) {
        state.say(Level::Info, why);
        return Vec::new();
    }
    match state.versions().and_then(|v| v.current()) {
        Some(VersionRef::Now) => {
            let text = "this is the present state: go to a snapshot to compare it, or take one ([versions.take])";
            state.say(Level::Info, text);
            Vec::new()
        }
        _ => {
            if let Some(versions) = state.versions_mut() {
                versions.marked.clear();
            }
            mark(state)
        }
    }
}

/// Starts the task that puts what differs on a list.
fn list(state: &mut State, compared: &Comparison) -> Vec<Effect> {
    let Some(project) = project(state) else { return Vec::new() };
    let short = |of: &VersionRef| of.name().chars().take(NAMED).collect::<String>();
    let list = format!("diff {} {}", short(&compared.from), short(&compared.to));
    let Some(versions) = state.versions_mut().filter(|v| v.opening.as_ref() != Some(&list)) else {
        state.say(Level::Info, "the pictures that differ are still being listed");
        return Vec::new();
    };
    versions.opening = Some(list.clone());
    let title = printable(&list).into_owned();
    let task = state.tasks.start(title, state.clock);
    let (from, to) = (compared.from.clone(), compared.to.clone());
    vec![Effect::Start(task, Job::ListDifferences { project, from, to, list })]
}

/// What differs lies on a list: it is opened where the person still waits for it. No screen comes up under keys that are
/// meant for another.
pub fn ready(state: &mut State, of: ProjectId, list: String) -> Vec<Effect> {
    let waits = state.versions().is_some_and(|v| v.opening.as_ref() == Some(&list));
    if project(state) != Some(of) || !waits || !state.overlays.is_empty() {
        let filter = Filter { list: vec![list], ..Filter::default() };
        let text = format!("what differs is on a list: the filter {} finds it", printable(&filter.to_string()));
        state.say(Level::Info, text);
        return Vec::new();
    }
    let filter = Filter { list: vec![list.clone()], ..Filter::default() };
    label::walk::open_queue(state, Queue { filter, order: Order::Path }, Some(list))
}
