//! The list of projects, and making new ones.

pub mod create;
pub mod present;

use super::Screen;
use super::moves::Move;
use crate::app::effect::{Effect, Job, ProjectChange, Query, Write};
use crate::app::event::Reply;
use crate::app::messages::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Confirm;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::registry::{Scope, Spec};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::ids::ProjectId;
use crate::domain::project::{Counts, Project};
use crate::domain::text::printable;
use std::collections::HashMap;

/// The state of the list of projects.
#[derive(Clone, Debug, Default)]
pub struct ProjectsState {
    /// All projects with their counts; nothing before the first answer.
    pub all: Option<Vec<(Project, Counts)>>,
    /// Who else works on which project now.
    pub here: HashMap<ProjectId, Vec<String>>,
    /// When that was asked for last, in milliseconds of the program's clock.
    pub looked: u64,
    /// The row under the cursor.
    pub cursor: usize,
    /// The trash is shown instead of the live projects.
    pub trash: bool,
}

impl ProjectsState {
    /// The projects that are listed: the live ones, versions of one family together, or those in the trash.
    #[must_use]
    pub fn rows(&self) -> Vec<&(Project, Counts)> {
        let mut rows: Vec<_> =
            self.all.iter().flatten().filter(|(p, _)| p.trashed_at.is_some() == self.trash).collect();
        rows.sort_by_key(|(p, _)| (self.family(p), p.version, p.id));
        rows
    }

    /// The oldest known ancestor of a project.
    fn family(&self, project: &Project) -> ProjectId {
        let all = self.all.as_deref().unwrap_or_default();
        let mut at = project;
        for _ in 0..all.len() {
            let parent = at.parent.and_then(|id| all.iter().find(|(p, _)| p.id == id));
            match parent {
                Some((parent, _)) => at = parent,
                None => break,
            }
        }
        at.id
    }
}

const LIST: &[Scope] = &[Scope::Projects];
/// Why nothing is done before the list has come.
pub(super) const UNREAD: &str = "the projects are still being read";

/// The actions of the list of projects.
pub const SPECS: &[Spec] = &[
    row("projects.open", "open", "Label the project", 1, false, |s, _| open(s)),
    row("projects.clone", "clone", "Make a new version, with or without the annotations", 2, true, |s, _| clone(s)),
    row("projects.rename", "rename", "Give the project another name", 3, true, |s, _| rename(s)),
    row("projects.rescan", "rescan", "Look for new and changed files", 4, true, |s, _| rescan(s)),
    row(
        "projects.dedupe",
        "find duplicates",
        "Find duplicates, blurred, dark, bright, odd and damaged pictures",
        0,
        true,
        |s, _| dedupe(s),
    ),
    row("projects.trash", "trash", "Put the project in the trash; it can be restored", 6, true, |s, _| trash(s)),
    row("projects.restore", "restore", "Take the project out of the trash", 0, true, |s, _| restore(s)),
    Spec {
        enabled: crate::app::registry::always,
        ..row("projects.show-trash", "trash can", "Show the trash, or the projects again", 0, false, |s, _| {
            show_trash(s)
        })
    },
];

const fn row(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    hint: u8,
    changes_data: bool,
    run: fn(&mut State, &[String]) -> Vec<Effect>,
) -> Spec {
    Spec { name, title, help, scopes: LIST, changes_data, repeats: false, hint, enabled: on_project, run }
}

fn list(state: &State) -> Option<&ProjectsState> {
    match state.screens.last() {
        Some(Screen::Projects(list)) => Some(list),
        _ => None,
    }
}

/// The project under the cursor.
pub(super) fn current(state: &State) -> Option<(Project, Counts)> {
    let list = list(state)?;
    list.rows().get(list.cursor).map(|row| (*row).clone())
}

/// Whether there is a project under the cursor.
pub(super) fn on_project(state: &State) -> Result<(), String> {
    let unread = list(state).is_some_and(|list| list.all.is_none()) && state.slots.is_waiting(Slot::Projects);
    match current(state) {
        Some(_) => Ok(()),
        // A key is not kept until they come: what would then be under the cursor was never seen.
        None if unread => Err(UNREAD.to_owned()),
        None => {
            Err("no project here yet; [go.lake] goes to the folders, [lake.new-project] makes a project there"
                .to_owned())
        }
    }
}

/// Asks for the list.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let (tag, clock) = (state.slots.ask(Slot::Projects), state.clock);
    if let Some(Screen::Projects(list)) = state.screens.last_mut() {
        // The list says it as well.
        list.looked = clock;
    }
    state.slots.drop_answers(Slot::Present);
    vec![Effect::Ask(tag, Query::Projects)]
}

/// Moves the cursor.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let page = usize::from(state.size.1).saturating_sub(6);
    if let Some(Screen::Projects(list)) = state.screens.last_mut() {
        let len = list.rows().len();
        list.cursor = way.apply(list.cursor, len, page);
    }
    Vec::new()
}

/// Takes the list; the Home screen shows it as well.
pub fn reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    match (reply, state.screens.last_mut()) {
        (Reply::Projects { all, here }, Some(Screen::Projects(list))) => {
            (list.all, list.here) = (Some(all), here);
            list.cursor = list.cursor.min(list.rows().len().saturating_sub(1));
        }
        (Reply::Projects { all, .. }, Some(Screen::Home(_))) => super::home::take(state, all),
        (Reply::Failed(text), _) => state.say(Level::Error, text),
        _ => {}
    }
    Vec::new()
}

fn open(state: &mut State) -> Vec<Effect> {
    current(state).map(|(p, _)| super::label::walk::begin(state, p.id)).unwrap_or_default()
}

fn show_trash(state: &mut State) -> Vec<Effect> {
    if let Some(Screen::Projects(list)) = state.screens.last_mut() {
        (list.trash, list.cursor) = (!list.trash, 0);
    }
    Vec::new()
}

fn clone(state: &mut State) -> Vec<Effect> {
    let Some((project, _)) = current(state) else { return Vec::new() };
    let item = |label: &str, detail: &str, value: &str| Item {
        label: label.to_owned(),
        detail: detail.to_owned(),
        value: format!("{value} {}", project.id),
        key: String::new(),
    };
    let items = vec![
        item("with its annotations", "a copy to go on from", "with"),
        item("without annotations", "the same pictures and classes, all unlabeled", "without"),
    ];
    state.open(Overlay::Picker(Picker::new("new version", items, |state, value| {
        let (with, id) = value.split_once(' ').unwrap_or_default();
        let Ok(id) = id.parse().map(ProjectId) else { return Vec::new() };
        let Some((project, _)) = current(state) else { return Vec::new() };
        let name =
            format!("{} v{}", project.name.trim_end_matches(&format!(" v{}", project.version)), project.version + 1);
        let title = format!("clone {}", printable(&name));
        let task = state.tasks.start(title, state.clock);
        vec![Effect::Start(task, Job::Clone { project: id, name, annotations: with == "with" })]
    })));
    Vec::new()
}

fn rename(state: &mut State) -> Vec<Effect> {
    let Some((project, _)) = current(state) else { return Vec::new() };
    let prompt = Prompt::new("new name", &project.name, |state, text| {
        let name = text.trim().to_owned();
        if name.is_empty() {
            return Err("a project needs a name".to_owned());
        }
        let Some((project, _)) = current(state) else { return Ok(Vec::new()) };
        Ok(vec![Effect::Write(Write::Project(ProjectChange::Rename(project.id, name)))])
    });
    state.open(Overlay::Prompt(prompt));
    Vec::new()
}

fn rescan(state: &mut State) -> Vec<Effect> {
    let Some((project, _)) = current(state) else { return Vec::new() };
    let task = state.tasks.start(format!("rescan {}", printable(&project.name)), state.clock);
    vec![Effect::Start(task, Job::Rescan(project.id))]
}

fn dedupe(state: &mut State) -> Vec<Effect> {
    let Some((id, name)) = current(state).map(|(p, _)| (p.id, p.name.clone())) else { return Vec::new() };
    measure(state, id, &name)
}

/// Starts the task that measures the pictures of a project and compares them.
pub fn measure(state: &mut State, project: ProjectId, name: &str) -> Vec<Effect> {
    let task = state.tasks.start(format!("find duplicates in {}", printable(name)), state.clock);
    vec![Effect::Start(task, Job::Measure(project))]
}

fn trash(state: &mut State) -> Vec<Effect> {
    let Some((project, counts)) = current(state) else { return Vec::new() };
    let name = printable(&project.name).into_owned();
    let confirm = if project.trashed_at.is_some() {
        Confirm {
            question: format!("Delete {name} for good?"),
            detail: format!("{} answers are lost. This cannot be undone. The pictures stay.", counts.done()),
            value: project.id.to_string(),
            late: None,
            yes: |_, id| project_change(id, ProjectChange::Delete),
        }
    } else {
        Confirm {
            question: format!("Put {name} in the trash?"),
            detail: format!("{} answers go with it; it can be restored. The pictures stay.", counts.done()),
            value: project.id.to_string(),
            late: None,
            yes: |_, id| project_change(id, ProjectChange::Trash),
        }
    };
    state.open(Overlay::Confirm(confirm));
    Vec::new()
}

fn project_change(id: &str, change: fn(ProjectId) -> ProjectChange) -> Vec<Effect> {
    let id = id.parse().map(ProjectId);
    id.map(|id| vec![Effect::Write(Write::Project(change(id)))]).unwrap_or_default()
}

fn restore(state: &mut State) -> Vec<Effect> {
    match current(state) {
        Some((project, _)) if project.trashed_at.is_some() => {
            vec![Effect::Write(Write::Project(ProjectChange::Restore(project.id)))]
        }
        _ => {
            state.say(Level::Info, "this project is not in the trash");
            Vec::new()
        }
    }
}
