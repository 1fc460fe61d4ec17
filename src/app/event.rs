//! Events: everything that can happen to the state.

use super::effect::Remark;
use super::picture::{PictureRef, PictureState};
use super::preview_report::{LinkNews, PreviewReport};
use super::screens::adjudicate::Dispute;
use super::screens::conflicts::ConflictLine;
use super::screens::lake::state::{Facts, TextPreview};
use super::screens::profiles::ProfileRow;
use super::screens::sql::News;
use super::screens::table::rows::Loaded;
use super::screens::table::state::Trouble;
use super::screens::versions::SnapshotLine;
use super::slots::Tag;
use super::state::OutboxState;
use super::tasks::{TaskId, TaskNews};
use super::team::TeamNews;
use crate::domain::agreement::gold::Ready;
use crate::domain::comment::Comment;
use crate::domain::commit::Commit;
use crate::domain::edit::{Edit, Outcome};
use crate::domain::geometry::BoxN;
use crate::domain::ids::{ProjectId, Rev, SampleId};
use crate::domain::key::KeyPress;
use crate::domain::project::{Counts, Project};
use crate::domain::queue::Queue;
use crate::domain::sample::{Note, Sample};
use crate::lake::listing::Listing;
use crate::lake::table_info::TableInfo;
use crate::ops::report::exchange::{ImportPreview, Imported};
use crate::ops::report::review::{AgreementReport, PassReport, ReviewReport};
use crate::ops::report::versions::Differences;
use crate::ops::report::{ExportReport, StatsReport};
use crate::term::caps::Caps;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// Something happened. Events that need the time carry it.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed, or is held (`repeat`, where the terminal tells).
    Key {
        /// Which.
        press: KeyPress,
        /// The terminal says that it is held down.
        repeat: bool,
    },
    /// Text was pasted.
    Paste(String),
    /// The mouse did something, at a place in cells and parts of them.
    Pointer(Pointer, (f64, f64)),
    /// The window has this many columns and rows now.
    Resized(u16, u16),
    /// The probe is done.
    Caps(Caps),
    /// An answer to a question.
    Reply(Tag, Reply),
    /// What became of a change to the store.
    Wrote(Wrote),
    /// What the presenter knows of a picture has changed.
    Picture(PictureRef, PictureState),
    /// How the pictures are doing; sent while [`super::state::State::wants_preview_report`] says so.
    Preview(Box<PreviewReport>),
    /// The line to the terminal has changed.
    Link(LinkNews),
    /// A task reports.
    Task(TaskId, TaskNews),
    /// A task has imported or exported, or counted what that would do.
    Exchanged(TaskId, Exchanged),
    /// A task has put what differs between two states on a list of this name.
    Listed(ProjectId, String),
    /// A task has taken answers of this project back, or has ended early; whether it was done as a whole and took any back.
    Restored(ProjectId, bool),
    /// A task has made or changed a project, which should be opened or shown again.
    ProjectReady(ProjectId),
    /// A scan has found new or changed pictures in a project whose store keeps measures.
    Scanned {
        /// The project.
        project: ProjectId,
        /// Its name.
        name: String,
        /// Its pictures lie on this machine.
        here: bool,
        /// The bytes of all its pictures.
        bytes: u64,
    },
    /// The store can only be read; says why.
    ReadOnly(String),
    /// What the person should know of the store; safe to show.
    Notice(String),
    /// Somebody else changed something in a project: their edits, oldest first, each with the revision after it, as far
    /// as the store tells.
    Elsewhere(ProjectId, Vec<(Edit, Rev)>),
    /// What waits between this machine and a remote store has changed.
    Outbox(OutboxState),
    /// What the store says of others.
    Team(TeamNews),
    /// Time has passed: something on the screen may be over.
    Tick,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// The first button went down.
    Press,
    /// The mouse moved with it held down.
    Drag,
    /// It was let go.
    Release,
    /// The wheel went one step up.
    WheelUp,
    /// The wheel went one step down.
    WheelDown,
}

/// The time of an event: the program's clock in milliseconds, and the calendar.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Milliseconds since the program started; never goes back.
    pub clock: u64,
    /// The calendar time.
    pub now: Timestamp,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A snapshot of a listing; more may come.
    Listing(Listing),
    /// Facts about a file; nothing if it has gone.
    Facts(Option<Facts>),
    /// The head of a file.
    Preview(TextPreview),
    /// What the catalog says of a table.
    TableFacts(Box<TableInfo>),
    /// The first rows of a table.
    TableRows(Arc<Loaded>),
    /// The versions of a table, newest first.
    TableHistory(Vec<Commit>),
    /// What was asked of a table cannot be shown.
    TableTrouble(Box<Trouble>),
    /// The profiles that there are.
    Profiles(Vec<ProfileRow>),
    /// Something about engines and statements.
    Sql(Box<News>),
    /// A box at the edges that were found near it.
    Snapped(BoxN),
    /// The first pictures of a file.
    ImportPreview(Arc<ImportPreview>),
    /// Completions.
    Completions(Vec<String>),
    /// All projects with their counts.
    Projects {
        /// Each with its counts.
        all: Vec<(Project, Counts)>,
        /// Who else works on which now, by name, where the store tells.
        here: HashMap<ProjectId, Vec<String>>,
    },
    /// Who else works on which project now, by name.
    Present(HashMap<ProjectId, Vec<String>>),
    /// One project with its counts.
    Project(Box<Project>, Counts),
    /// Counts.
    Counts(Counts),
    /// Samples in the order of the queue (also when going back), and whether the queue ends there.
    Page {
        /// The samples.
        samples: Vec<Sample>,
        /// Nothing lies beyond.
        end: bool,
    },
    /// The rank of a sample, counted from 1, and the length of its queue.
    Position {
        /// Rank; nothing if the sample is not in the queue any more.
        rank: Option<u64>,
        /// Length of the queue.
        total: u64,
    },
    /// Events, newest first, each with the path of its sample.
    History(Vec<HistoryLine>),
    /// Statistics.
    Stats(Box<StatsReport>),
    /// How far the review is.
    Review(Box<ReviewReport>),
    /// Samples of the blind second pass that are still to be answered, and how far it is.
    SecondPass {
        /// The samples.
        samples: Vec<Sample>,
        /// How far the pass is.
        progress: PassReport,
    },
    /// Gold pictures to be mixed into the walk.
    Gold(Box<Ready>),
    /// How well first and second answers agree.
    Agreement(Box<AgreementReport>),
    /// Pictures with two answers that differ.
    Disputes {
        /// The first of them.
        disputes: Vec<Dispute>,
        /// There are more.
        more: bool,
    },
    /// The guideline of the project, if it has one.
    Guideline(Option<String>),
    /// The comments on a picture, oldest first.
    Comments(SampleId, Vec<Comment>),
    /// The lists of the project by name: how many pictures are on each, and how many of those that were asked about.
    Lists(Vec<(String, u64, u64)>),
    /// The snapshots of a project, the newest state first.
    Versions(Vec<SnapshotLine>),
    /// So many edited samples were compared so far.
    Comparing(u64),
    /// What differs between two states.
    Compared(Box<Differences>),
    /// Samples as the store has them.
    Samples(Vec<Sample>),
    /// Saved queues.
    Queues(Vec<(String, Queue)>),
    /// What the person has to decide.
    Conflicts(Vec<ConflictLine>),
    /// Where the person left the project.
    Session(Option<Box<(Queue, Option<SampleId>)>>),
    /// It could not be answered; a sentence for people.
    Failed(String),
}

/// What a task has imported or exported.
#[derive(Clone, Debug)]
pub enum Exchanged {
    /// Labels came from a file.
    Imported(Box<Imported>),
    /// Labels went into files.
    Exported(ExportReport),
}

/// One event of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryLine {
    /// The edit.
    pub edit: Edit,
    /// The path of its sample, if it changed one.
    pub path: Option<String>,
    /// It has been taken back since.
    pub undone: bool,
}

/// What became of a change to the store.
#[derive(Clone, Debug)]
pub enum Wrote {
    /// Edits and their outcomes, in order, with the counts after them.
    Edits(Vec<(Edit, Outcome)>, Option<Counts>),
    /// An undo or redo: the edits that were applied with their outcomes, and the counts after them.
    Undone {
        /// It was a redo.
        redo: bool,
        /// The edits that were applied.
        edits: Vec<(Edit, Outcome)>,
        /// The samples as they are now.
        samples: Vec<Sample>,
        /// The counts now.
        counts: Option<Counts>,
    },
    /// An undo or redo that would change many pictures; nothing was done yet.
    Large {
        /// The project.
        project: ProjectId,
        /// It is a redo.
        redo: bool,
        /// How many pictures it changes.
        pictures: u64,
    },
    /// What a remote store did with edits that were kept here before.
    Sent(Vec<(Edit, Outcome)>),
    /// A decision was carried out; the edit that was made for it, if one was.
    Resolved(Option<Box<Edit>>),
    /// A second answer is stored, and the pass is so far; or why it is not.
    SecondAnswer(Result<PassReport, String>),
    /// What became of something that was said about a picture: the comments and remarks on it now, or why it failed.
    Remarked(Remark, Result<(Vec<Comment>, Vec<Note>), String>),
    /// Something else was written; a sentence for the status line, if it is worth one.
    Done(Option<String>),
    /// The list of projects has changed.
    Projects(String),
    /// It was refused, and nothing was changed.
    Refused(String),
    /// Edits that can never be written; nothing was changed, and the screen takes them back.
    Rejected {
        /// The edits.
        edits: Vec<Edit>,
        /// Why, and what to do.
        reason: String,
    },
    /// It cannot be written now; it is kept and tried again.
    Waiting {
        /// How many changes wait.
        count: usize,
        /// Why.
        reason: String,
    },
}
