//! What the wizards ask for: one of several values, a text, a project.

use crate::app::effect::Effect;
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::overlays::prompt::Prompt;
use crate::app::state::State;
use crate::domain::ids::ProjectId;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::ops::options::{Choice, Field};

/// Asks for one of the values of a choice.
pub(super) fn pick<O>(state: &mut State, choice: &Choice<O>, now: &str, take: fn(&mut State, &str) -> Vec<Effect>) {
    let item = |value: crate::ops::options::Value| Item {
        label: value.name.to_owned(),
        detail: value.about.to_owned(),
        key: if value.name == now { "now".to_owned() } else { String::new() },
        value: format!("{} {}", choice.flag, value.name),
    };
    let items: Vec<Item> = (choice.values)().into_iter().map(item).collect();
    let cursor = items.iter().position(|i| !i.key.is_empty()).unwrap_or(0);
    let picker = Picker { cursor, ..Picker::new(choice.title, items, take) };
    state.open(Overlay::Picker(picker));
}

/// Asks for what is typed into a field.
pub(super) fn ask<O>(
    state: &mut State,
    field: &Field<O>,
    now: &str,
    submit: fn(&mut State, &str) -> Result<Vec<Effect>, String>,
) {
    state.open(Overlay::Prompt(Prompt::new(field.title, now, submit).hint(&field.hint())));
}

/// Asks for a project.
pub(super) fn pick_project(state: &mut State, projects: &[Project], take: fn(&mut State, &str) -> Vec<Effect>) {
    let item = |project: &Project| Item {
        label: project_title(project),
        detail: printable(&project.source).into_owned(),
        value: project.id.to_string(),
        key: String::new(),
    };
    let picker = Picker::new("project", projects.iter().map(item).collect(), take);
    state.open(Overlay::Picker(Picker { empty: "no project yet".to_owned(), ..picker }));
}

/// A project by the text of its id.
pub(super) fn project_of(projects: &[Project], id: &str) -> Option<Project> {
    let id = ProjectId(id.parse().ok()?);
    projects.iter().find(|p| p.id == id).cloned()
}

/// A project as headers show it: `flowers v2`.
pub(super) fn project_title(project: &Project) -> String {
    let name = printable(&project.name).into_owned();
    let version = format!("v{}", project.version);
    if project.version > 1 && !name.ends_with(&version) { format!("{name} {version}") } else { name }
}
