//! Tasks as data: long work that runs beside the screens, reports progress and can be cancelled.

use super::VersionRef;
use crate::domain::difference::Kind;
use crate::domain::ids::{EventId, ProjectId};
use crate::domain::lake_path::LakePath;
use crate::domain::project::{ScanSettings, Task};
use crate::ops::options::export::Export;
use crate::ops::options::import::ImportOptions;

/// Long work.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one for each task a person starts")]
pub enum Job {
    /// Make a project and scan its source into it.
    Create(NewProject),
    /// Look for new and changed files.
    Rescan(ProjectId),
    /// Measure the pictures of a project, and find duplicates and faults.
    Measure(ProjectId),
    /// Make a new version of a project.
    Clone {
        /// The project to copy.
        project: ProjectId,
        /// The name of the copy.
        name: String,
        /// Copy the annotations as well.
        annotations: bool,
    },
    /// Take annotation files into a project, or count what that would do.
    Import(Box<ImportOrder>),
    /// Write a project into files, or count what that would write.
    Export(Box<ExportOrder>),
    /// Make a project of the pictures that a statement found.
    Queue(Box<NewQueue>),
    /// Put the samples that differ between two states on a list.
    ListDifferences {
        /// The project.
        project: ProjectId,
        /// The older state.
        from: VersionRef,
        /// The newer one.
        to: VersionRef,
        /// The name of the list.
        list: String,
    },
    /// Give samples what an earlier state says of them again.
    Restore {
        /// The project.
        project: ProjectId,
        /// The state.
        to: VersionRef,
        /// The last event of the present state that it was compared with: what was changed after it stays.
        seen: Option<EventId>,
        /// Only samples that differ in one of these ways, and only that of them; empty takes everything.
        kinds: Vec<Kind>,
    },
    /// Draw a blind second pass.
    SecondPass {
        /// The project.
        project: ProjectId,
        /// How many in a hundred of the labelled samples.
        percent: u8,
        /// Seed of the draw.
        seed: u64,
    },
}

/// An import.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportOrder {
    /// The project that gets the labels.
    pub project: ProjectId,
    /// The file or folder.
    pub from: LakePath,
    /// How it is read.
    pub how: ImportOptions,
    /// Count only.
    pub dry_run: bool,
}

/// An export.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportOrder {
    /// The project.
    pub project: ProjectId,
    /// What is written, and where.
    pub wanted: Export,
    /// Count only.
    pub dry_run: bool,
}

/// A project to be made of what a statement found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQueue {
    /// Its name.
    pub name: String,
    /// The statement.
    pub statement: String,
    /// The engine that ran it.
    pub engine: String,
    /// The column with the paths.
    pub path: usize,
    /// The column with the classes.
    pub class: Option<usize>,
    /// A path and a class for each row; nothing where the statement has to run again for all of them.
    pub rows: Option<Vec<(Option<String>, Option<String>)>>,
}

/// A project to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// What is asked.
    pub task: Task,
    /// Where its pictures are.
    pub source: LakePath,
    /// How they are found.
    pub scan: ScanSettings,
    /// Classes to begin with.
    pub classes: Vec<String>,
}
