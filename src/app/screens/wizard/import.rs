//! The import wizard: a file, how it is read, what the first pictures say, what a dry run counts, and the import itself.

use super::Run;
use super::asking::{ask, pick, pick_project, project_of, project_title};
use super::path;
use crate::app::effect::{Effect, ImportOrder, Job, Query, Write};
use crate::app::overlays::Overlay;
use crate::app::overlays::picker::{Item, Picker};
use crate::app::screens::{Screen, navigation, projects};
use crate::app::slots::Slot;
use crate::app::state::State;
use crate::domain::ids::ProjectId;
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::ops::options::import::{CHOICES, FIELDS, ImportOptions, on_screen};
use crate::ops::options::{Choice, Field, applies};
use crate::ops::report::exchange::{ImportPreview, Imported};
use std::sync::Arc;

/// What is known of the first pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Look {
    /// There is no file yet.
    #[default]
    None,
    /// They are being read.
    Reading,
    /// They cannot be read; says why.
    Failed(String),
    /// They are these.
    Shown(Arc<ImportPreview>),
}

/// A part of what is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The first pictures.
    #[default]
    Preview,
    /// The classes of the file, and what they are in the project.
    Classes,
    /// The counters.
    Result,
}

impl Tab {
    pub(super) const ALL: [(Self, &'static str); 3] =
        [(Self::Preview, "preview"), (Self::Classes, "classes"), (Self::Result, "result")];
}

/// Whether an import is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Back {
    /// Nobody has asked for it.
    #[default]
    No,
    /// It is on its way.
    Asked,
    /// It was.
    Done,
}

/// The state of the import wizard.
#[derive(Clone, Debug, Default)]
pub struct ImportState {
    /// The project that gets the labels.
    pub into: Option<Project>,
    /// All projects.
    pub projects: Vec<Project>,
    /// The file or folder.
    pub from: Option<LakePath>,
    /// How it is read.
    pub how: ImportOptions,
    /// The first pictures.
    pub look: Look,
    /// What runs.
    pub run: Option<Run>,
    /// What the last task of exactly these choices told.
    pub told: Option<Imported>,
    /// Why it told nothing.
    pub problem: Option<String>,
    /// Whether what was told of was taken back again.
    pub back: Back,
    /// What is shown below.
    pub tab: Tab,
    /// The line under the cursor.
    pub cursor: usize,
    /// The project that is waited for, while only its number is known.
    pub wanted: Option<ProjectId>,
}

/// Something that is chosen.
#[derive(Clone, Copy)]
pub(super) enum Row {
    Into,
    From,
    Choice(&'static Choice<ImportOptions>),
    Field(&'static Field<ImportOptions>),
    Reference,
}

impl ImportState {
    /// What is chosen, in the order of the screen: what means nothing for the format is left out.
    pub(super) fn rows(&self) -> Vec<Row> {
        let format = self.format();
        let mut rows = vec![Row::Into, Row::From];
        rows.extend(CHOICES.into_iter().filter(|c| applies(c.only, format)).map(Row::Choice));
        rows.extend(FIELDS.into_iter().filter(|f| applies(f.only, format)).map(Row::Field));
        if format == "coco" {
            rows.push(Row::Reference);
        }
        rows
    }

    /// The name of the format that is read.
    pub(super) fn format(&self) -> &'static str {
        match (&self.look, self.how.format) {
            (_, Some(format)) => format.name(),
            (Look::Shown(preview), None) => preview.format,
            _ => "",
        }
    }

    fn row(&self) -> Option<Row> {
        self.rows().get(self.cursor).copied()
    }

    /// The class of the file under the cursor, by its name there.
    fn class(&self) -> Option<String> {
        let (Tab::Classes, Look::Shown(preview)) = (self.tab, &self.look) else { return None };
        let at = self.cursor.checked_sub(self.rows().len())?;
        preview.classes.get(at).map(|class| class.name.clone())
    }

    pub(super) fn ready(&self) -> Result<(), String> {
        match (&self.into, &self.from) {
            (None, _) => Err("choose the project first".to_owned()),
            (_, None) => Err("choose the file first".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether a dry run of these choices has ended, and well.
    pub(super) fn counted(&self) -> Result<bool, String> {
        match &self.told {
            Some(told) if told.report.dry_run => match &told.stopped {
                Some(why) => Err(on_screen(why)),
                None => Ok(true),
            },
            _ => Ok(false),
        }
    }

    pub(super) fn turn(&mut self, forward: bool) {
        let at = Tab::ALL.iter().position(|(tab, _)| *tab == self.tab).unwrap_or(0);
        let to = if forward { at + 1 } else { at + Tab::ALL.len() - 1 } % Tab::ALL.len();
        self.tab = Tab::ALL.get(to).map_or(Tab::Preview, |(tab, _)| *tab);
        self.cursor = self.cursor.min(self.rows().len());
    }

    /// The projects have come.
    pub(super) fn known(&mut self, all: Vec<Project>) {
        let id = self.wanted.take().or_else(|| self.into.as_ref().map(|p| p.id));
        self.into = all.iter().find(|p| Some(p.id) == id).cloned();
        self.projects = all;
    }

    pub(super) fn told(&mut self, told: Imported) {
        (self.told, self.problem, self.tab, self.back) = (Some(told), None, Tab::Result, Back::No);
        self.cursor = self.cursor.min(self.rows().len());
    }
}

pub(super) fn wizard(state: &mut State) -> Option<&mut ImportState> {
    match state.screens.last_mut() {
        Some(Screen::Import(wizard)) => Some(wizard),
        _ => None,
    }
}

/// Opens the wizard. While an import runs, the one that is there is shown.
fn open(state: &mut State, into: Option<Project>, wanted: Option<ProjectId>, from: Option<LakePath>) -> Vec<Effect> {
    let busy = |s: &Screen| matches!(s, Screen::Import(wizard) if wizard.run.is_some());
    if !state.screens.iter().any(busy) {
        state.screens.retain(|s| !matches!(s, Screen::Import(_)));
    }
    let asks = from.is_none() && !state.screens.iter().any(|s| matches!(s, Screen::Import(_)));
    // The cursor stands on the file, which is what is asked first.
    let fresh = ImportState { into, wanted, from, cursor: 1, ..ImportState::default() };
    let mut effects = navigation::go(state, Screen::Import(Box::new(fresh)));
    if asks {
        effects.extend(ask_from(state));
    }
    effects
}

/// Imports into the project under the cursor of the list of projects.
pub(super) fn open_for_row(state: &mut State) -> Vec<Effect> {
    let into = projects::current(state).map(|(project, _)| project);
    open(state, into, None, None)
}

/// Imports into the open project.
pub(super) fn open_for_project(state: &mut State) -> Vec<Effect> {
    let into = state.project.as_ref().map(|p| p.project.clone());
    open(state, into, None, None)
}

/// Imports the entry under the cursor of the Lake screen into the project that was worked on last.
pub(super) fn open_for_entry(state: &mut State) -> Vec<Effect> {
    let from = state.lake().and_then(|l| l.current());
    let into = state.project.as_ref().map(|p| p.project.clone());
    let last = state.places.last_project.map(ProjectId).filter(|_| into.is_none());
    open(state, into, last, from)
}

/// Asks for the first pictures, where there is something to read.
pub(super) fn look(state: &mut State) -> Vec<Effect> {
    let Some(wizard) = wizard(state) else { return Vec::new() };
    let id = wizard.into.as_ref().map(|p| p.id).or(wizard.wanted);
    let (Some(project), Some(from)) = (id, wizard.from.clone()) else {
        wizard.look = Look::None;
        return Vec::new();
    };
    if !matches!(wizard.look, Look::Shown(_)) {
        wizard.look = Look::Reading;
    }
    let how = wizard.how.clone();
    let order = ImportOrder { project, from, how, dry_run: true };
    vec![Effect::Ask(state.slots.ask(Slot::ImportPreview), Query::ImportPreview(Box::new(order)))]
}

/// The first pictures have come, or cannot be read.
pub(super) fn looked(state: &mut State, found: Result<Arc<ImportPreview>, String>) {
    for screen in &mut state.screens {
        if let Screen::Import(wizard) = screen {
            wizard.look = match &found {
                Ok(preview) => Look::Shown(Arc::clone(preview)),
                Err(why) => Look::Failed(printable(why).into_owned()),
            };
        }
    }
}

/// Something was chosen: what was counted before counts no longer, and the first pictures are looked at again.
fn changed(state: &mut State) -> Vec<Effect> {
    let Some(wizard) = wizard(state) else { return Vec::new() };
    (wizard.told, wizard.problem) = (None, None);
    if wizard.tab == Tab::Result {
        wizard.tab = Tab::Preview;
    }
    let mut effects: Vec<Effect> = wizard.run.take().map(|run| Effect::Cancel(run.id)).into_iter().collect();
    effects.extend(look(state));
    effects
}

pub(super) fn shift(state: &mut State, forward: bool) -> Vec<Effect> {
    let Some(wizard) = wizard(state) else { return Vec::new() };
    match wizard.row() {
        Some(Row::Choice(choice)) => {
            choice.step(&mut wizard.how, forward);
            changed(state)
        }
        _ => Vec::new(),
    }
}

pub(super) fn change(state: &mut State) -> Vec<Effect> {
    let Some(here) = wizard(state) else { return Vec::new() };
    let (row, how, projects) = (here.row(), here.how.clone(), here.projects.clone());
    match row {
        Some(Row::Into) => pick_project(state, &projects, |state, id| {
            if let Some(wizard) = wizard(state) {
                wizard.into = project_of(&wizard.projects, id);
            }
            changed(state)
        }),
        Some(Row::From) => return ask_from(state),
        Some(Row::Reference) => return ask_reference(state),
        Some(Row::Choice(choice)) => pick(state, choice, (choice.get)(&how), chosen),
        Some(Row::Field(field)) => {
            let at = FIELDS.iter().position(|f| f.flag == field.flag);
            if let Some(submit) = at.and_then(|at| SUBMITS.get(at)) {
                ask(state, field, &(field.get)(&how), *submit);
            }
        }
        None => change_class(state),
    }
    Vec::new()
}

fn chosen(state: &mut State, value: &str) -> Vec<Effect> {
    let (flag, name) = value.split_once(' ').unwrap_or_default();
    if let (Some(wizard), Some(choice)) = (wizard(state), CHOICES.into_iter().find(|c| c.flag == flag)) {
        (choice.set)(&mut wizard.how, name);
    }
    changed(state)
}

/// What takes the text of a field.
type Submit = fn(&mut State, &str) -> Result<Vec<Effect>, String>;

/// What takes the text of each of [`FIELDS`], in their order. A prompt keeps a plain function, and no field is forgotten
/// here: the compiler counts them.
const SUBMITS: [Submit; FIELDS.len()] = [typed::<0>, typed::<1>, typed::<2>];

fn typed<const FIELD: usize>(state: &mut State, text: &str) -> Result<Vec<Effect>, String> {
    if let (Some(wizard), Some(field)) = (wizard(state), FIELDS.get(FIELD)) {
        (field.set)(&mut wizard.how, text)?;
    }
    Ok(changed(state))
}

fn ask_from(state: &mut State) -> Vec<Effect> {
    let base = state.base();
    let Some(wizard) = wizard(state) else { return Vec::new() };
    let source = wizard.into.as_ref().map(|p| path::folder(&p.source));
    let now = wizard.from.as_ref().map(ToString::to_string);
    let text = now.or(source).unwrap_or_else(|| path::folder(&base));
    path::ask(state, "file or folder", &text, "Tab completes; a path, /Volumes/…, s3://…", |state, text| {
        if text.trim().is_empty() {
            return Err("say which file".to_owned());
        }
        let from = LakePath::parse(text.trim(), &state.base())?;
        if let Some(wizard) = self::wizard(state) {
            (wizard.from, wizard.look) = (Some(from), Look::Reading);
            wizard.how.class_map.clear();
        }
        Ok(changed(state))
    })
}

fn ask_reference(state: &mut State) -> Vec<Effect> {
    let Some(wizard) = wizard(state) else { return Vec::new() };
    let text = wizard.how.reference.as_ref().or(wizard.from.as_ref()).map(ToString::to_string).unwrap_or_default();
    path::ask(
        state,
        "COCO file of the pictures",
        &text,
        "what a list of results belongs to; empty: nothing",
        |state, text| {
            let reference = match text.trim() {
                "" => None,
                text => Some(LakePath::parse(text, &state.base())?),
            };
            if let Some(wizard) = self::wizard(state) {
                wizard.how.reference = reference;
            }
            Ok(changed(state))
        },
    )
}

/// Asks which class of the project a class of the file is.
fn change_class(state: &mut State) {
    let Some((wizard, class)) = wizard(state).and_then(|w| w.class().map(|class| (w, class))) else { return };
    let Some(project) = &wizard.into else { return };
    let item = |label: String, detail: &str, value: &str| Item {
        label,
        detail: detail.to_owned(),
        value: value.to_owned(),
        key: String::new(),
    };
    let mut items = vec![item(printable(&class).into_owned(), "its own name", "")];
    items.extend(project.labels.live().map(|c| item(printable(&c.name).into_owned(), "class of the project", &c.name)));
    let title = format!("`{}` of the file is", printable(&class));
    let picker = Picker::new(&title, items, |state, name| {
        if let Some(wizard) = self::wizard(state)
            && let Some(class) = wizard.class()
        {
            match name {
                "" => drop(wizard.how.class_map.remove(&class)),
                name => drop(wizard.how.class_map.insert(class, name.to_owned())),
            }
        }
        changed(state)
    });
    state.open(Overlay::Picker(Picker { free_text: true, ..picker }));
}

/// The project whose answers an import has just changed.
pub(super) fn made(state: &State) -> Result<ProjectId, String> {
    let Some(Screen::Import(here)) = state.screen() else { return Err("only an import can be taken back".to_owned()) };
    let done = here.told.as_ref().filter(|told| !told.report.dry_run && here.run.is_none());
    match (done, here.back, &here.into) {
        (None, ..) | (_, _, None) => Err("nothing was imported here that could be taken back".to_owned()),
        (Some(told), ..) if !told.changes_answers() => {
            Err("no answer was changed by this import, so there is nothing to take back".to_owned())
        }
        (Some(_), Back::Asked | Back::Done, _) => Err("it was taken back already".to_owned()),
        (Some(_), Back::No, Some(project)) => Ok(project.id),
    }
}

/// Takes the import back. Once: what the same key would take back next is something else.
pub(super) fn undo(state: &mut State) -> Vec<Effect> {
    let Ok(project) = made(state) else { return Vec::new() };
    if let Some(wizard) = wizard(state) {
        wizard.back = Back::Asked;
    }
    vec![Effect::Write(Write::Undo(project))]
}

/// The wizard that has imported into a project and was asked to take that back.
fn asked(state: &mut State, project: ProjectId) -> Option<&mut ImportState> {
    let of = |wizard: &&mut Box<ImportState>| wizard.into.as_ref().is_some_and(|p| p.id == project);
    wizard_anywhere(state).filter(of).map(|wizard| &mut **wizard).filter(|wizard| wizard.told.is_some())
}

fn wizard_anywhere(state: &mut State) -> Option<&mut Box<ImportState>> {
    state.screens.iter_mut().find_map(|s| if let Screen::Import(wizard) = s { Some(wizard) } else { None })
}

/// A step back of this project is asked about, or is `sure`: of two presses the second must take nothing else back, and
/// who says no can ask again. Whether the wizard is where it is asked.
pub fn taking_back(state: &mut State, project: ProjectId, sure: bool) -> bool {
    let here = wizard(state).is_some();
    let found = asked(state, project).filter(|wizard| wizard.back != Back::Done);
    if let Some(wizard) = found.filter(|_| here) {
        wizard.back = if sure { Back::Asked } else { Back::No };
        return true;
    }
    false
}

/// A step of this project was taken back: where the import was asked to be, it was that.
pub fn taken_back(state: &mut State, project: ProjectId) {
    if let Some(wizard) = asked(state, project).filter(|wizard| wizard.back == Back::Asked) {
        wizard.back = Back::Done;
    }
}

/// Starts the dry run or the import.
pub(super) fn start(state: &mut State, dry: bool) -> Vec<Effect> {
    let Some(here) = wizard(state) else { return Vec::new() };
    let (Some(into), Some(from)) = (here.into.clone(), here.from.clone()) else { return Vec::new() };
    let older = here.run.take().map(|run| Effect::Cancel(run.id));
    let how = here.how.clone();
    let what = if dry { "dry run of" } else { "import" };
    let title = format!("{what} {} into {}", printable(from.name()), project_title(&into));
    let id = match dry {
        true => state.tasks.start_whole(title, state.clock),
        false => state.tasks.start(title, state.clock),
    };
    if !dry {
        state.tasks.ask_about(id);
    }
    if let Some(wizard) = wizard(state) {
        (wizard.run, wizard.told, wizard.problem, wizard.back) = (Some(Run { id, dry }), None, None, Back::No);
        wizard.tab = Tab::Result;
        wizard.cursor = wizard.cursor.min(wizard.rows().len());
    }
    let order = ImportOrder { project: into.id, from, how, dry_run: dry };
    older.into_iter().chain([Effect::Start(id, Job::Import(Box::new(order)))]).collect()
}
