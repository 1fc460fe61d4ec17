//! Effects: what `update` asks of the outside, as plain data.
//!
//! Three kinds, with three promises. *Questions* belong to a slot; a newer one cancels the older. *Writes* are never
//! cancelled, run in order, and are durable before they are reported as saved. *Tasks* run beside the screens, report
//! progress and can be cancelled.

mod work;

pub use work::{ExportOrder, ImportOrder, Job, NewProject, NewQueue};

use super::picture::PictureRef;
use super::slots::{Slot, Tag};
use super::tasks::TaskId;
use super::team::TeamOrder;
use crate::domain::edit::Edit;
use crate::domain::geometry::BoxN;
use crate::domain::ids::{AnnotationId, EditId, EventId, ProjectId, SampleId};
use crate::domain::lake_path::LakePath;
use crate::domain::queue::Queue;
use crate::lake::listing::Arrange;

/// Something asked of the outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Leave the program after everything is saved.
    Quit,
    /// Stop the program until the shell continues it.
    Suspend,
    /// Draw every cell and picture again.
    Redraw,
    /// Put text on the clipboard.
    Copy(String),
    /// Use the catalogs and engines of this profile.
    UseProfile(String),
    /// Use another theme.
    Theme(String),
    /// Keep recents, bookmarks and the last session for the next start.
    SavePlaces,
    /// Ask something; the answer comes as a reply with the same tag.
    Ask(Tag, Query),
    /// Stop working on what was last asked for a slot.
    Forget(Slot),
    /// Read folders from the disk again, not from what is known of them.
    Reread,
    /// Change the store.
    Write(Write),
    /// Tell or ask the others' side.
    Team(TeamOrder),
    /// Start a task.
    Start(TaskId, Job),
    /// Ask a task to end early.
    Cancel(TaskId),
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// List a place; answers come as growing snapshots.
    List {
        /// What to list.
        path: LakePath,
        /// How to arrange it.
        arrange: Arrange,
    },
    /// Size and times of a file.
    Facts(LakePath),
    /// The head of a file that is no picture.
    Preview(LakePath),
    /// What the catalog says of a table.
    TableFacts(LakePath),
    /// The first rows of a table.
    TableRows {
        /// The table.
        path: LakePath,
        /// One of its versions; without it, as it is now.
        version: Option<i64>,
    },
    /// The versions of a table.
    TableHistory(LakePath),
    /// The profiles that there are.
    Profiles,
    /// The engines that run SQL; with the address of one that was typed.
    SqlEngines(Option<String>),
    /// What ran on an engine before.
    SqlHistory(String),
    /// Run a statement.
    SqlRun {
        /// The name of the engine.
        engine: String,
        /// The statement.
        text: String,
        /// The engine may be started where it is stopped.
        start: bool,
    },
    /// Completions of a path as it is typed.
    Complete {
        /// What was typed.
        text: String,
        /// What a relative path is relative to.
        base: String,
    },
    /// All projects, those in the trash included.
    Projects,
    /// Who else works on which project.
    Present,
    /// One project with its counts.
    Project(ProjectId),
    /// The counts of a project.
    Counts(ProjectId),
    /// Samples of a queue, from its start or beyond a sample.
    Page {
        /// The project.
        project: ProjectId,
        /// Which samples, in which order.
        queue: Queue,
        /// Start beyond this sample; without it, at the start (or end, when going back).
        beyond: Option<SampleId>,
        /// Go towards the start of the queue.
        back: bool,
        /// At most this many.
        limit: usize,
    },
    /// A sample somewhere else in a queue, with its neighbours.
    Jump {
        /// The project.
        project: ProjectId,
        /// Which samples, in which order.
        queue: Queue,
        /// Where to.
        to: JumpTo,
        /// How many samples from there on.
        limit: usize,
    },
    /// The rank of a sample in a queue, and the length of the queue.
    Position {
        /// The project.
        project: ProjectId,
        /// Which samples, in which order.
        queue: Queue,
        /// The sample.
        sample: SampleId,
    },
    /// The last decisions of the person.
    Tape {
        /// The project.
        project: ProjectId,
        /// At most this many.
        limit: usize,
    },
    /// Events of a project or of one sample, newest first.
    History {
        /// The project.
        project: ProjectId,
        /// Only this sample.
        sample: Option<SampleId>,
        /// At most this many.
        limit: usize,
    },
    /// Progress, speed, people, agreement.
    Stats(ProjectId),
    /// How far the review is, who has answered, how far the person's blind second pass is.
    Review(ProjectId),
    /// The samples of the person's blind second pass that are still to be answered, without any answer.
    SecondPass {
        /// The project.
        project: ProjectId,
        /// At most this many.
        limit: usize,
    },
    /// Gold pictures to be mixed into the person's walk, without their answers.
    Gold {
        /// The project.
        project: ProjectId,
        /// A number of this walk: which come first, and at which places.
        walk: u64,
    },
    /// How well first and second answers agree, and where they differ.
    Agreement(ProjectId),
    /// Pictures that were answered twice and differently, and are not decided.
    Disputes(ProjectId),
    /// The guideline of a project.
    Guideline(ProjectId),
    /// The comments on a picture.
    Comments(SampleId),
    /// The lists of a project, and which of these samples are on them.
    Lists {
        /// The project.
        project: ProjectId,
        /// The samples.
        samples: Vec<SampleId>,
    },
    /// The queues saved by name.
    Queues(ProjectId),
    /// The queue and sample a person left the project at.
    Session(ProjectId),
    /// The person's edits that met somebody else's.
    Conflicts(ProjectId),
    /// The snapshots of a project.
    Versions(ProjectId),
    /// Count what differs between two states of a project.
    Compare {
        /// The project.
        project: ProjectId,
        /// The older state.
        from: VersionRef,
        /// The newer one.
        to: VersionRef,
    },
    /// These samples as the store has them now.
    Samples(Vec<SampleId>),
    /// The first pictures of a file, and what an import would make of them.
    ImportPreview(Box<ImportOrder>),
    /// The nearest strong edges of a picture around a box.
    Snap {
        /// The picture.
        picture: PictureRef,
        /// The box.
        at: BoxN,
        /// How far a side may move, as shares of the picture's width and height.
        reach: (f64, f64),
    },
}

/// A state of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionRef {
    /// As it is now.
    Now,
    /// As a snapshot holds it.
    Snapshot {
        /// The name of the snapshot.
        name: String,
        /// The last event that belongs to it; `None` before the first.
        event: Option<EventId>,
    },
}

impl VersionRef {
    /// What people call it, as they typed it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Now => "now",
            Self::Snapshot { name, .. } => name,
        }
    }
}

/// Where a jump goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JumpTo {
    /// The n-th sample of the queue, counted from 1.
    Number(u64),
    /// This sample.
    Sample(SampleId),
    /// A sample picked by a random number.
    Random(u64),
    /// The first one after this sample that nobody has answered.
    NextUnlabeled(SampleId),
}

/// A change to the store.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Edits, in order; each is reported with its outcome.
    Edits(Vec<Edit>),
    /// Take back the person's last edit or batch in a project; a large one is asked about first.
    Undo(ProjectId),
    /// Make the person's last undone edit again; a large one is asked about first.
    Redo(ProjectId),
    /// Take back or make again, whatever its size: the person has said so.
    Confirmed {
        /// The project.
        project: ProjectId,
        /// Make again and not take back.
        redo: bool,
    },
    /// Take back one named edit.
    UndoEdit(ProjectId, EditId),
    /// Carry out what the person decided about an edit that met somebody else's.
    Resolve {
        /// The project.
        project: ProjectId,
        /// The person's edit.
        edit: EditId,
        /// What was decided.
        decision: Decision,
    },
    /// Keep where the person is, for the next start.
    Session {
        /// The project.
        project: ProjectId,
        /// The queue.
        queue: Queue,
        /// The sample under the cursor.
        sample: Option<SampleId>,
    },
    /// Save a queue under a name.
    SaveQueue {
        /// The project.
        project: ProjectId,
        /// The name.
        name: String,
        /// The queue; without it the name is removed.
        queue: Option<Queue>,
    },
    /// Change the list of projects.
    Project(ProjectChange),
    /// Say something about a picture, or settle what was said. Tried once and at once: nobody works on because of it, and
    /// a failure is told together with the text.
    Remark(Remark),
    /// The answer given in a blind second pass; the sample's own answer stays.
    SecondAnswer {
        /// The project.
        project: ProjectId,
        /// The sample.
        sample: SampleId,
        /// What the person answered this time.
        answer: crate::domain::sample::Answer,
    },
}

/// A change to what people say about a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Say something, of the picture or of one of its annotations.
    Add {
        /// The picture.
        sample: SampleId,
        /// The annotation.
        annotation: Option<AnnotationId>,
        /// What is said.
        text: String,
    },
    /// Mark a comment as dealt with, or not.
    Resolve {
        /// The picture.
        sample: SampleId,
        /// The comment.
        id: i64,
        /// Dealt with.
        resolved: bool,
    },
}

/// What a person decides about an edit that met somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The person's answer replaces the one in the store.
    Mine,
    /// The store's answer stays.
    Theirs,
    /// The annotations of both.
    Both,
}

/// A change to a project itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectChange {
    /// Give it another name.
    Rename(ProjectId, String),
    /// Put it in the trash.
    Trash(ProjectId),
    /// Take it out of the trash.
    Restore(ProjectId),
    /// Delete it for good, from the trash.
    Delete(ProjectId),
    /// Give its present state a name.
    TakeSnapshot(ProjectId, String),
    /// Forget the name of a state.
    DropSnapshot(ProjectId, String),
    /// Mark a sample as gold with the answer it has, or take the mark away.
    Gold {
        /// The project.
        project: ProjectId,
        /// The sample.
        sample: SampleId,
        /// Mark it.
        on: bool,
    },
    /// Put samples on a list, or take them off.
    List {
        /// The project.
        project: ProjectId,
        /// The list; a new name makes one.
        name: String,
        /// The samples.
        samples: Vec<SampleId>,
        /// Put them on it.
        on: bool,
    },
}
