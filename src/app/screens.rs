//! The screens: a branch of state, actions and replies for each.

pub mod adjudicate;
pub mod answering;
pub mod classes;
pub mod conflicts;
pub mod counting;
pub mod gallery;
pub mod grid;
pub mod home;
pub mod label;
pub mod lake;
pub mod lists;
pub mod moves;
pub mod navigation;
pub mod objects;
pub mod profiles;
pub mod projects;
pub mod queues;
pub mod review;
pub mod rooms;
pub mod second_pass;
pub mod seen;
pub mod sql;
pub mod stats;
pub mod stretch;
pub mod sweep;
pub mod table;
pub mod task_list;
pub mod versions;
pub mod viewing;
pub mod wizard;

use super::effect::Effect;
use super::event::Reply;
use super::overlays::{comments, guide, trace};
use super::registry::{Scope, Spec};
use super::slots::{Slot, Tag};
use super::state::State;
use adjudicate::AdjudicateState;
use classes::ClassesState;
use conflicts::ConflictsState;
use gallery::GalleryState;
use home::HomeState;
use label::LabelState;
use lake::LakeState;
use moves::Move;
use objects::ObjectsState;
use projects::ProjectsState;
use review::ReviewState;
use second_pass::SecondPassState;
use stats::StatsState;
use sweep::SweepState;
use table::TableState;
use task_list::TaskListState;
use versions::VersionsState;
use wizard::export::ExportState;
use wizard::import::ImportState;

/// The rows of the registry, in the order of help.
pub const SPECS: &[&[Spec]] = &[
    label::SPECS,
    label::boxes::SPECS,
    label::alike::SPECS,
    label::gold::SPECS,
    review::SPECS,
    stats::SPECS,
    gallery::SPECS,
    sweep::SPECS,
    objects::SPECS,
    lake::SPECS,
    table::SPECS,
    sql::SPECS,
    projects::SPECS,
    wizard::GO,
    wizard::SPECS,
    classes::SPECS,
    home::SPECS,
    task_list::SPECS,
    conflicts::SPECS,
    adjudicate::SPECS,
    versions::SPECS,
    comments::SPECS,
    guide::SPECS,
    lists::SPECS,
    trace::SPECS,
    viewing::SPECS,
    navigation::SPECS,
    navigation::GO_SPECS,
    review::actions::GO,
    stats::GO,
    conflicts::GO,
    adjudicate::GO,
    versions::GO,
    sql::GO,
    profiles::SPECS,
];

/// A screen and its state.
#[derive(Clone, Debug)]
pub enum Screen {
    /// Recent places and projects.
    Home(HomeState),
    /// Folders and pictures.
    Lake(Box<LakeState>),
    /// A table of a catalog.
    Table(Box<TableState>),
    /// Statements and their rows; what it shows is kept when it is left.
    Sql,
    /// All projects.
    Projects(ProjectsState),
    /// One picture after the other.
    Label(Box<LabelState>),
    /// Verdicts, one picture after the other.
    Review(Box<ReviewState>),
    /// Some pictures answered again, blindly.
    SecondPass(Box<SecondPassState>),
    /// How far, how fast, how sure, who.
    Stats(Box<StatsState>),
    /// Thumbnails of a queue.
    Gallery(Box<GalleryState>),
    /// A page of one class: exceptions marked, the others accepted.
    Sweep(Box<SweepState>),
    /// Crops of the objects of one class: exceptions marked, the others accepted.
    Objects(Box<ObjectsState>),
    /// The classes of the open project.
    Classes(ClassesState),
    /// Tasks of this run.
    Tasks(TaskListState),
    /// Edits that met somebody else's.
    Conflicts(ConflictsState),
    /// Two answers to one picture, side by side.
    Adjudicate(Box<AdjudicateState>),
    /// Snapshots, and what differs between them.
    Versions(Box<VersionsState>),
    /// Labels from a file.
    Import(Box<ImportState>),
    /// Labels into files.
    Export(Box<ExportState>),
}

impl Screen {
    /// Where its keys are looked up.
    #[must_use]
    pub fn scope(&self, _state: &State) -> Scope {
        match self {
            Self::Home(_) => Scope::Home,
            Self::Lake(_) => Scope::Lake,
            Self::Table(_) => Scope::Table,
            Self::Sql => Scope::Sql,
            Self::Projects(_) => Scope::Projects,
            Self::Label(_) => Scope::Label,
            Self::Review(_) => Scope::Review,
            Self::SecondPass(_) => Scope::SecondPass,
            Self::Stats(_) => Scope::Stats,
            Self::Gallery(_) => Scope::Gallery,
            Self::Sweep(_) => Scope::Sweep,
            Self::Objects(_) => Scope::Objects,
            Self::Classes(_) => Scope::Classes,
            Self::Tasks(_) => Scope::Tasks,
            Self::Conflicts(_) => Scope::Conflicts,
            Self::Adjudicate(_) => Scope::Adjudicate,
            Self::Versions(_) => Scope::Versions,
            Self::Import(_) | Self::Export(_) => Scope::Wizard,
        }
    }
}

/// Moves the cursor of the screen that is shown.
pub fn step(state: &mut State, way: Move) -> Vec<Effect> {
    match state.screens.last() {
        Some(Screen::Home(_)) => home::step(state, way),
        Some(Screen::Lake(_)) => lake::actions::step(state, way),
        Some(Screen::Table(_)) => table::moving::step(state, way),
        Some(Screen::Sql) => sql::moving::step(state, way),
        Some(Screen::Projects(_)) => projects::step(state, way),
        Some(Screen::Tasks(_)) => task_list::step(state, way),
        Some(Screen::Conflicts(_)) => conflicts::step(state, way),
        Some(Screen::Adjudicate(_)) => adjudicate::step(state, way),
        Some(Screen::Versions(_)) => versions::step(state, way),
        Some(Screen::Import(_) | Screen::Export(_)) => wizard::step(state, way),
        Some(Screen::Stats(_)) => stats::step(state, way),
        Some(Screen::Gallery(_)) => gallery::pages::step(state, way),
        Some(Screen::Classes(_)) => classes::step(state, way),
        Some(Screen::Objects(_)) => objects::actions::step(state, way),
        Some(Screen::Label(_) | Screen::Review(_) | Screen::SecondPass(_) | Screen::Sweep(_)) | None => Vec::new(),
    }
}

/// What a screen asks for when it is shown (again).
pub fn shown(state: &mut State) -> Vec<Effect> {
    match state.screens.last() {
        Some(Screen::Home(_)) => home::shown(state),
        Some(Screen::Lake(_)) => lake::state::list_all(state),
        Some(Screen::Table(_)) => table::shown(state),
        Some(Screen::Sql) => sql::shown(state),
        Some(Screen::Projects(_)) => projects::shown(state),
        Some(Screen::Label(_)) => label::walk::shown(state),
        Some(Screen::Review(_)) => review::shown(state),
        Some(Screen::Stats(_)) => stats::shown(state),
        Some(Screen::Gallery(_)) => gallery::pages::shown(state),
        Some(Screen::Sweep(_)) => sweep::pages::fit(state),
        Some(Screen::Objects(_)) => objects::pages::shown(state),
        Some(Screen::Classes(_)) => classes::shown(state),
        Some(Screen::Conflicts(_)) => conflicts::shown(state),
        Some(Screen::Adjudicate(_)) => adjudicate::shown(state),
        Some(Screen::Versions(_)) => versions::shown(state),
        Some(Screen::Import(_) | Screen::Export(_)) => wizard::shown(state),
        Some(Screen::Tasks(_) | Screen::SecondPass(_)) | None => Vec::new(),
    }
}

/// Closes the screens that show samples or classes of the open project, before another project is opened.
pub fn close_project(state: &mut State) {
    let of_project = |s: &Screen| {
        matches!(
            s,
            Screen::Label(_)
                | Screen::Gallery(_)
                | Screen::Sweep(_)
                | Screen::Objects(_)
                | Screen::Classes(_)
                | Screen::Conflicts(_)
                | Screen::Adjudicate(_)
                | Screen::Versions(_)
        )
    };
    state.screens.retain(|s| !of_project(s));
}

/// What a screen asks for after samples have changed under it (an undo), besides what it already knows.
pub fn refresh(state: &mut State) -> Vec<Effect> {
    match state.screens.last() {
        Some(Screen::Projects(_) | Screen::Home(_) | Screen::Stats(_) | Screen::Conflicts(_)) => shown(state),
        Some(Screen::Adjudicate(_) | Screen::Versions(_)) => shown(state),
        Some(Screen::Review(_)) => review::ask_report(state),
        Some(Screen::Sweep(_)) => sweep::pages::renew(state),
        Some(Screen::Objects(_)) => objects::pages::renew(state),
        _ => Vec::new(),
    }
}

/// Gives a current answer to whom it concerns.
pub fn reply(state: &mut State, tag: Tag, reply: Reply) -> Vec<Effect> {
    match tag.slot {
        Slot::Column(_) | Slot::FileFacts | Slot::TextPreview => lake::reply(state, tag, reply),
        Slot::TableFacts | Slot::TableRows | Slot::TableHistory => table::reply(state, tag, reply),
        Slot::SqlEngines | Slot::SqlHistory | Slot::SqlRun => sql::reply(state, reply),
        Slot::Profiles | Slot::ProfilePicker => profiles::reply(state, tag, reply),
        Slot::Completion => navigation::completions(state, reply),
        Slot::Conflicts => conflicts::reply(state, reply),
        Slot::Disputes => adjudicate::reply(state, reply),
        Slot::Versions | Slot::Comparison => versions::reply(state, tag, reply),
        Slot::Renewed => super::writes::renewed(state, reply),
        Slot::Projects | Slot::Home => projects::reply(state, reply),
        Slot::Present => projects::present::reply(state, reply),
        Slot::Project | Slot::Counts => navigation::project_reply(state, tag.slot, reply),
        Slot::Review if state.stats().is_some() => stats::reply(state, reply),
        Slot::Review | Slot::History => review::reply(state, reply),
        Slot::Stats | Slot::Agreement => stats::reply(state, reply),
        Slot::Gallery | Slot::GalleryBack | Slot::GalleryJump | Slot::GalleryPosition | Slot::GalleryQueues => {
            gallery::reply(state, tag, reply)
        }
        Slot::Pass => second_pass::begun(state, reply),
        Slot::Guideline => guide::reply(state, reply),
        Slot::Trace => trace::reply(state, reply),
        Slot::Comments => comments::reply(state, reply),
        Slot::Lists => lists::reply(state, reply),
        Slot::Gold => label::gold::reply(state, reply),
        Slot::Alike => label::alike::reply(state, reply),
        Slot::WizardProjects | Slot::ImportPreview => wizard::reply(state, tag, reply),
        Slot::Snap => label::boxes::snapping::reply(state, reply),
        Slot::Sweep | Slot::SweepTotal => sweep::reply(state, tag, reply),
        Slot::Objects | Slot::ObjectsTotal => objects::reply(state, tag, reply),
        _ => label::reply(state, tag, reply),
    }
}

/// The window has another size.
pub fn resized(state: &mut State) -> Vec<Effect> {
    match state.screens.last() {
        Some(Screen::Gallery(_)) => gallery::pages::fit(state),
        Some(Screen::Sweep(_)) => sweep::pages::fit(state),
        Some(Screen::Objects(_)) => objects::pages::fit(state),
        Some(Screen::Label(_) | Screen::SecondPass(_)) => {
            label::boxes::drawing::resized(state);
            Vec::new()
        }
        Some(Screen::Table(_)) => {
            table::moving::scroll(state);
            Vec::new()
        }
        Some(Screen::Sql) => {
            sql::moving::scroll(state);
            Vec::new()
        }
        _ => Vec::new(),
    }
}
