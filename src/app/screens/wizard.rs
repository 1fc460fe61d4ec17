//! The wizards of import and export: what is to be done stands above, line by line with its defaults; below stands what would
//! come of it, before anything is done.
//!
//! What always holds: nothing is written before a dry run of exactly these choices has ended well, and it was started after
//! that; the work is a task, which goes on when the screen is left; a choice that changes makes an earlier dry run void.

mod asking;
pub mod export;
pub mod import;
mod import_page;
mod path;

use super::moves::Move;
use super::{Screen, gallery, label};
use crate::app::effect::{Effect, Query};
use crate::app::event::{Exchanged, Reply};
use crate::app::messages::Level;
use crate::app::registry::{Scope, Spec};
use crate::app::slots::{Slot, Tag};
use crate::app::state::State;
use crate::app::tasks::{Task, TaskId, TaskState};
use crate::domain::project::Project;
use crate::domain::text::{grouped, printable};
use crate::ops::options::{Choice, Field};

/// How something is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    #[default]
    Plain,
    /// Of little weight.
    Quiet,
    /// Something new.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong.
    Bad,
}

/// A line above: something that is chosen. All texts are safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub title: String,
    /// The value.
    pub value: String,
    /// What the value does.
    pub about: String,
    /// The value is a path, of which the end tells more than the middle.
    pub path: bool,
    /// The value is still missing.
    pub missing: bool,
}

/// A line below: something that is told. All texts are safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What it is about.
    pub left: String,
    /// What is said.
    pub right: String,
    /// How it is meant.
    pub tone: Tone,
    /// More, shown below the line under the cursor.
    pub detail: String,
    /// It is never cut: what is said takes as many lines as it needs.
    pub whole: bool,
}

impl Said {
    /// A plain line of two texts.
    #[must_use]
    pub fn new(left: impl Into<String>, right: impl Into<String>) -> Self {
        Self { left: left.into(), right: right.into(), ..Self::default() }
    }

    /// The same, meant otherwise.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// Everything a wizard shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What is worked on.
    pub title: String,
    /// What is done.
    pub subtitle: String,
    /// How far it is.
    pub right: String,
    /// What is chosen.
    pub lines: Vec<Line>,
    /// The parts of what is told.
    pub tabs: Vec<String>,
    /// The one that is shown.
    pub tab: usize,
    /// What is told.
    pub said: Vec<Said>,
    /// What stands there while nothing is told, and how it is meant.
    pub empty: (String, Tone),
    /// The line under the cursor; those that are told come after those that are chosen.
    pub cursor: usize,
}

/// A task of a wizard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The task.
    pub id: TaskId,
    /// It only counts.
    pub dry: bool,
}

const WIZARD: &[Scope] = &[Scope::Wizard];

/// The actions of the wizards.
pub const SPECS: &[Spec] = &[
    Spec::looks(WIZARD, "wizard.change", "change", "Change the line under the cursor", 1, free, |s, _| change(s)),
    Spec::looks(WIZARD, "wizard.count", "dry run", "Count what would happen; nothing is written", 2, ready, |s, _| {
        count(s)
    }),
    Spec::edits(WIZARD, "wizard.go", "start", "Do it, after a dry run", 3, ready, |s, _| go(s)),
    Spec::edits(
        WIZARD,
        "wizard.undo",
        "undo",
        "Take back the last change of the project that was imported into: the import that has just been made",
        6,
        |s| import::made(s).map(drop),
        |s, _| import::undo(s),
    ),
    Spec::looks(WIZARD, "wizard.next-panel", "more", "Show the next of preview, classes, result", 4, panels, |s, _| {
        turn(s, true)
    }),
    Spec::looks(
        WIZARD,
        "wizard.previous-panel",
        "back",
        "Show the one before of preview, classes, result",
        0,
        panels,
        |s, _| turn(s, false),
    ),
    Spec::looks(WIZARD, "wizard.next", "next", "Take the next value", 0, free, |s, _| shift(s, true)),
    Spec::looks(WIZARD, "wizard.previous", "previous", "Take the value before", 0, free, |s, _| shift(s, false)),
    Spec::looks(
        WIZARD,
        "wizard.cancel",
        "cancel",
        "Stop what runs: of an import what is written stays, of an export nothing",
        5,
        running,
        |s, _| cancel(s),
    ),
];

/// Actions that open a wizard.
pub const GO: &[Spec] = &[
    Spec::looks(
        &[Scope::Projects],
        "projects.import",
        "import",
        "Take annotation files into the project under the cursor",
        5,
        super::projects::on_project,
        |s, _| import::open_for_row(s),
    ),
    Spec::looks(
        &[Scope::Projects],
        "projects.export",
        "export",
        "Write the labels of the project under the cursor for other programs",
        5,
        super::projects::on_project,
        |s, _| export::open_for_row(s),
    ),
    Spec::looks(
        &[Scope::Lake],
        "lake.import",
        "import",
        "Take the annotation file or folder under the cursor into a project",
        0,
        super::lake::actions::on_entry,
        |s, _| import::open_for_entry(s),
    ),
    Spec::looks(
        &[Scope::Global],
        "import.open",
        "import",
        "Take annotation files into the open project",
        0,
        super::navigation::in_project,
        |s, _| import::open_for_project(s),
    ),
    Spec::looks(
        &[Scope::Global],
        "export.open",
        "export",
        "Write the labels of the open project for other programs",
        0,
        super::navigation::in_project,
        |s, _| export::open_for_project(s),
    ),
];

fn run_of(state: &State) -> Option<Run> {
    match state.screen() {
        Some(Screen::Import(wizard)) => wizard.run,
        Some(Screen::Export(wizard)) => wizard.run,
        _ => None,
    }
}

/// Nothing is being written.
fn free(state: &State) -> Result<(), String> {
    match run_of(state) {
        Some(Run { dry: false, .. }) => Err("it is running; [wizard.cancel] stops it".to_owned()),
        _ => Ok(()),
    }
}

fn running(state: &State) -> Result<(), String> {
    run_of(state).map(|_| ()).ok_or_else(|| "nothing is running".to_owned())
}

fn panels(state: &State) -> Result<(), String> {
    match state.screen() {
        Some(Screen::Import(_)) => Ok(()),
        _ => Err("there is only the result".to_owned()),
    }
}

/// Everything is chosen that must be.
fn ready(state: &State) -> Result<(), String> {
    free(state)?;
    match state.screen() {
        Some(Screen::Import(wizard)) => wizard.ready(),
        Some(Screen::Export(wizard)) => wizard.ready(),
        _ => Ok(()),
    }
}

fn change(state: &mut State) -> Vec<Effect> {
    match state.screen() {
        Some(Screen::Import(_)) => import::change(state),
        Some(Screen::Export(_)) => export::change(state),
        _ => Vec::new(),
    }
}

fn shift(state: &mut State, forward: bool) -> Vec<Effect> {
    match state.screen() {
        Some(Screen::Import(_)) => import::shift(state, forward),
        Some(Screen::Export(_)) => export::shift(state, forward),
        _ => Vec::new(),
    }
}

fn count(state: &mut State) -> Vec<Effect> {
    match state.screen() {
        Some(Screen::Import(_)) => import::start(state, true),
        Some(Screen::Export(_)) => export::start(state, true),
        _ => Vec::new(),
    }
}

fn go(state: &mut State) -> Vec<Effect> {
    if run_of(state).is_some() {
        state.say(Level::Info, "the dry run has not ended yet");
        return Vec::new();
    }
    let counted = match state.screen() {
        Some(Screen::Import(wizard)) => wizard.counted(),
        Some(Screen::Export(wizard)) => wizard.counted(),
        _ => return Vec::new(),
    };
    match (counted, state.screen()) {
        (Ok(false), _) => {
            state.say(Level::Info, "the dry run comes first; [wizard.go] again starts");
            count(state)
        }
        (Ok(true), Some(Screen::Import(_))) => import::start(state, false),
        (Ok(true), _) => export::start(state, false),
        (Err(why), _) => {
            state.say(Level::Warning, why);
            Vec::new()
        }
    }
}

fn turn(state: &mut State, forward: bool) -> Vec<Effect> {
    if let Some(Screen::Import(wizard)) = state.screens.last_mut() {
        wizard.turn(forward);
    }
    Vec::new()
}

fn cancel(state: &mut State) -> Vec<Effect> {
    run_of(state).map(|run| Effect::Cancel(run.id)).into_iter().collect()
}

/// Moves the cursor through what is chosen and what is told.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    let Some(page) = page(state) else { return Vec::new() };
    let len = page.lines.len() + page.said.len();
    let to = way.apply(page.cursor, len, usize::from(state.size.1).saturating_sub(12).max(1));
    match state.screens.last_mut() {
        Some(Screen::Import(wizard)) => wizard.cursor = to,
        Some(Screen::Export(wizard)) => wizard.cursor = to,
        _ => {}
    }
    Vec::new()
}

/// What the wizard that is on the screen shows.
#[must_use]
pub fn page(state: &State) -> Option<Page> {
    match state.screen()? {
        Screen::Import(wizard) => Some(import_page::page(state, wizard)),
        Screen::Export(wizard) => Some(export::page(state, wizard)),
        _ => None,
    }
}

/// Asks for the projects, which may have changed.
pub fn shown(state: &mut State) -> Vec<Effect> {
    let mut effects = vec![Effect::Ask(state.slots.ask(Slot::WizardProjects), Query::Projects)];
    effects.extend(import::look(state));
    effects
}

/// Takes an answer.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Projects { all, .. } => {
            let live: Vec<Project> = all.into_iter().map(|(p, _)| p).filter(|p| p.trashed_at.is_none()).collect();
            for screen in &mut state.screens {
                match screen {
                    Screen::Import(wizard) => wizard.known(live.clone()),
                    Screen::Export(wizard) => wizard.known(live.clone()),
                    _ => {}
                }
            }
        }
        Reply::ImportPreview(found) => import::looked(state, Ok(found)),
        Reply::Failed(why) if tag.slot == Slot::ImportPreview => import::looked(state, Err(why)),
        Reply::Failed(why) => state.say(Level::Error, why),
        _ => {}
    }
    Vec::new()
}

/// A task has imported or exported, or counted what it would do.
pub fn exchanged(state: &mut State, id: TaskId, what: Exchanged) -> Vec<Effect> {
    let mut changed = None;
    for screen in &mut state.screens {
        match (screen, &what) {
            (Screen::Import(wizard), Exchanged::Imported(told)) if wizard.run.is_some_and(|r| r.id == id) => {
                wizard.told(told.as_ref().clone());
            }
            (Screen::Export(wizard), Exchanged::Exported(told)) if wizard.run.is_some_and(|r| r.id == id) => {
                wizard.told(told.clone());
            }
            _ => {}
        }
    }
    if let Exchanged::Imported(told) = what
        && !told.report.dry_run
    {
        changed = Some(());
    }
    changed.map(|()| refreshed(state)).unwrap_or_default()
}

/// What shows answers or classes asks for them again after an import.
fn refreshed(state: &mut State) -> Vec<Effect> {
    match state.screen() {
        Some(Screen::Import(_) | Screen::Projects(_) | Screen::Home(_) | Screen::Stats(_)) => {
            let mut effects = super::shown(state);
            if let Some(id) = state.project.as_ref().map(|p| p.project.id) {
                effects.push(Effect::Ask(state.slots.ask(Slot::Project), Query::Project(id)));
            }
            effects
        }
        // Nothing that is being decided is taken from under the hands.
        Some(Screen::Label(here)) if here.draft.is_none() && here.boxes.is_none() => label::walk::shown(state),
        Some(Screen::Gallery(_)) => gallery::pages::shown(state),
        _ => {
            let id = state.project.as_ref().map(|p| p.project.id);
            id.map(|id| Effect::Ask(state.slots.ask(Slot::Project), Query::Project(id))).into_iter().collect()
        }
    }
}

/// A task has ended; a wizard that waits for it learns how.
pub fn ended(state: &mut State, id: TaskId, how: &TaskState) {
    let problem = match how {
        TaskState::Failed(why) => Some(why.clone()),
        TaskState::Cancelled => Some("it was cancelled".to_owned()),
        _ => None,
    };
    for screen in &mut state.screens {
        let (run, told) = match screen {
            Screen::Import(wizard) => (&mut wizard.run, &mut wizard.problem),
            Screen::Export(wizard) => (&mut wizard.run, &mut wizard.problem),
            _ => continue,
        };
        if run.is_some_and(|r| r.id == id) {
            *run = None;
            told.clone_from(&problem);
        }
    }
}

/// How far a task is: `1,204 / 3,670`.
fn progress(task: &Task) -> String {
    match task.total.filter(|total| *total > 0) {
        Some(total) => format!("{} / {}", grouped(task.done), grouped(total)),
        None => grouped(task.done),
    }
}

/// What the header says on its right.
fn right(state: &State, run: Option<Run>, told: Option<bool>) -> String {
    let task = run.and_then(|run| state.tasks.all().iter().find(|t| t.id == run.id));
    match (run, task, told) {
        (Some(run), Some(task), _) => {
            format!("{} {}", if run.dry { "dry run" } else { "running" }, progress(task))
        }
        (_, _, Some(true)) => "dry run done".to_owned(),
        (_, _, Some(false)) => "done".to_owned(),
        _ => "not counted yet".to_owned(),
    }
}

fn line_of<O>(choice: &Choice<O>, options: &O) -> Line {
    Line {
        title: choice.title.to_owned(),
        value: (choice.get)(options).to_owned(),
        about: choice.about(options).to_owned(),
        ..Line::default()
    }
}

fn line_of_field<O>(field: &Field<O>, options: &O) -> Line {
    let value = printable(&(field.get)(options)).into_owned();
    let about = if value.is_empty() { field.unwritten() } else { String::new() };
    Line { title: field.title.to_owned(), value, about, ..Line::default() }
}
