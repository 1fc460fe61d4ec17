//! Stores: where projects, samples, answers and their history live.
//!
//! Why a trait: one person's SQLite file, a team's PostgreSQL, another program's database and a plain table must look
//! the same to the rest of the program. What always holds, for every kind:
//!
//! - A commit that returned `Saved` is durable; an edit id is taken at most once.
//! - Nothing is overwritten that the person has not seen: revisions are compared, and a difference is a conflict.
//! - Counts, history and the answers themselves change in one transaction.
//! - Pages are fetched by key, so the last page of ten million samples costs what the first one costs.
//!
//! Calls block: they run on the threads of [`writer`] and [`reader`], never on the screen's.

pub mod cvexplorer;
pub mod error;
pub mod locate;
mod native;
pub mod outbox;
pub mod pass_on;
pub mod postgres;
pub mod reader;
pub mod records;
pub mod sqlite;
pub mod table;
pub mod writer;

pub use error::StoreError;
pub use locate::{default_path, open, open_with};

use crate::domain::class::LabelSet;
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, EventId, ProjectId, SampleId};
use crate::domain::project::{Counts, Project, ScanSettings};
use crate::domain::quality::{Digest, Measures};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Answer, Sample};
use jiff::Timestamp;
use outbox::{Conflict, OnNews, OutboxState, Resolution};
use records::{
    Activity, Capabilities, Comment, Cursor, Differences, Direction, Finding, From, Gold, HistoryEntry, Known,
    LedgerEntry, Measured, NewProject, NewSample, NewSnapshot, NewVersion, Person, Presence, Queued, SampleMeasures,
    SamplePredictions, ScanId, ScanReport, SecondAnswer, SecondPass, Settings, Shelf, Snapshot, Tallies, UndoReport,
    Unmeasured,
};
use std::sync::Arc;
use std::time::Duration;

/// What store calls return.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Stops the read that runs on the store it came from; may be called from any thread, at any time, without effect when
/// nothing runs. The read returns [`StoreError::Interrupted`].
pub type Interrupt = Arc<dyn Fn() + Send + Sync>;

/// What stores without lakelens' own tables say of gold pictures.
const NO_GOLD: &str = "keep gold pictures: it has no place for an answer beside a picture's own; lakelens' own stores \
                       (SQLite, PostgreSQL) have";

/// A metadata store. See the module for what always holds.
///
/// # Errors
/// Every call returns a [`StoreError`] that says what happened, where and what to do; a call that fails has changed
/// nothing.
pub trait Store: Send {
    /// What this kind can do.
    fn capabilities(&self) -> Capabilities;
    /// Where it is, for messages; safe to show.
    fn place(&self) -> &str;
    /// Why it cannot be written; `None` when it can.
    fn read_only(&self) -> Option<String>;
    /// A handle that stops a running read.
    fn interrupt(&self) -> Interrupt;

    /// Makes a project.
    fn create_project(&mut self, new: &NewProject) -> Result<Project>;
    /// Projects by name.
    fn projects(&mut self, shelf: Shelf) -> Result<Vec<Project>>;
    /// One project, live or in the trash.
    fn project(&mut self, id: ProjectId) -> Result<Project>;
    /// The live project with this name, compared without case.
    fn project_by_name(&mut self, name: &str) -> Result<Option<Project>>;
    /// Gives a project another name.
    fn rename_project(&mut self, id: ProjectId, name: &str) -> Result<()>;
    /// Changes how a project's source is scanned.
    fn set_scan(&mut self, id: ProjectId, scan: &ScanSettings) -> Result<()>;
    /// Puts a project into the trash; its name becomes free.
    fn trash_project(&mut self, id: ProjectId) -> Result<()>;
    /// Takes a project out of the trash; fails if its name is taken by now.
    fn restore_project(&mut self, id: ProjectId) -> Result<()>;
    /// Makes a new version of a project with the same samples and classes.
    fn clone_project(&mut self, id: ProjectId, new: &NewVersion) -> Result<Project>;
    /// Deletes a project in the trash for good.
    fn delete_project(&mut self, id: ProjectId) -> Result<()>;

    /// Begins a scan, or goes on with the one that a kill interrupted: list the source from its start again.
    fn begin_scan(&mut self, project: ProjectId, author: &str) -> Result<ScanId>;
    /// Takes files, in one transaction. Known files are compared by size and etag; answers are never touched. Unknown
    /// classes are appended to the label set.
    fn add_samples(&mut self, scan: ScanId, files: &[NewSample]) -> Result<ScanReport>;
    /// Ends a scan: known files it did not see are marked missing. Returns the whole scan's report.
    fn finish_scan(&mut self, scan: ScanId) -> Result<ScanReport>;

    /// One sample.
    fn sample(&mut self, id: SampleId) -> Result<Sample>;
    /// The sample with this path.
    fn sample_by_path(&mut self, project: ProjectId, path: &str) -> Result<Option<Sample>>;
    /// Samples by their ids, in this order; an error if one is not there.
    fn samples_by_id(&mut self, ids: &[SampleId]) -> Result<Vec<Sample>> {
        ids.iter().map(|id| self.sample(*id)).collect()
    }
    /// What is known of the pictures at these paths, one for each, in this order; `None` where there is none.
    fn known_paths(&mut self, project: ProjectId, paths: &[String]) -> Result<Vec<Option<Known>>> {
        paths.iter().map(|path| Ok(self.sample_by_path(project, path)?.map(Known::from))).collect()
    }
    /// At most `limit` samples of a queue, in order of the walk.
    fn page(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        from: &From,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Queued>>;
    /// The place of a sample in the queue's order, whether or not the filter takes it.
    fn cursor(&mut self, queue: &Queue, sample: SampleId) -> Result<Cursor>;
    /// How many samples of the queue stand before the place. Its cost grows with the answer; may be interrupted.
    fn position(&mut self, project: ProjectId, queue: &Queue, cursor: &Cursor) -> Result<u64>;
    /// The place of the `n`-th sample, from 0. Its cost grows with `n`; may be interrupted.
    fn nth(&mut self, project: ProjectId, queue: &Queue, n: u64) -> Result<Option<Cursor>>;
    /// How many samples a filter takes: at once for a filter of one word, else its cost grows with the answer.
    fn count(&mut self, project: ProjectId, filter: &Filter) -> Result<u64>;
    /// Counts by status and class, at once at any size.
    fn counts(&mut self, project: ProjectId) -> Result<Counts>;
    /// The counts with flags and reviews, at once at any size.
    fn tallies(&mut self, project: ProjectId) -> Result<Tallies>;

    /// Takes edits, in order, in one transaction. Conflicts and refusals are outcomes of single edits; an error means
    /// that none was taken.
    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>>;
    /// Takes back the author's last edit, or the whole batch it belongs to.
    fn undo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport>;
    /// Makes the author's last undone edit or batch again.
    fn redo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport>;
    /// How many pictures the next step of the author back (`redo`: forward again) changes; 0 where there is none, or where
    /// it changes the label set alone.
    fn step_size(&mut self, project: ProjectId, author: &str, redo: bool) -> Result<u64>;
    /// Takes back one edit of anybody; itself an edit that undo takes back.
    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport>;

    /// Newest first, of a project or one sample, before an event.
    fn history(
        &mut self,
        project: ProjectId,
        sample: Option<SampleId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>>;
    /// The author's last answers, newest first, undone ones left out.
    fn decisions(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<HistoryEntry>>;
    /// The last event at or before a time; `None` before the first.
    fn event_at(&mut self, project: ProjectId, at: Timestamp) -> Result<Option<EventId>>;
    /// The `n`-th sample of a project (from 1) in the order in which they came; `None` where there are fewer, or where the
    /// store does not know the order. Samples never leave a project, so whoever knows how many there were knows which.
    fn nth_added(&mut self, project: ProjectId, n: u64) -> Result<Option<SampleId>> {
        let _ = (project, n);
        Ok(None)
    }
    /// The last sample of a project that was there at a time, in the order in which they came; 0 before the first. `None`
    /// where none came since then, or where the store does not know.
    fn newest_at(&mut self, project: ProjectId, at: Timestamp) -> Result<Option<SampleId>> {
        let _ = (project, at);
        Ok(None)
    }
    /// The answer a sample had right after an event (`None`: before all events).
    fn answer_as_of(&mut self, sample: SampleId, event: Option<EventId>) -> Result<Answer>;
    /// The label set that a project had right after an event (`None`: before all events). That of today where the store
    /// keeps no history of it.
    fn labels_as_of(&mut self, project: ProjectId, event: Option<EventId>) -> Result<LabelSet> {
        let _ = event;
        Ok(self.project(project)?.labels)
    }
    /// People with answers, most samples first.
    fn people(&mut self, project: ProjectId) -> Result<Vec<Person>>;
    /// Times of a person's answers since `since`, ascending, one a sample; for [`crate::domain::stats::speed`].
    fn answer_times(&mut self, project: ProjectId, author: &str, since: Timestamp) -> Result<Vec<Timestamp>>;
    /// Answers by hour and person since `since`, ascending.
    fn activity(&mut self, project: ProjectId, since: Timestamp) -> Result<Vec<Activity>>;

    /// Stores a queue under a name, replacing the one of that name.
    fn save_queue(&mut self, project: ProjectId, name: &str, queue: &Queue) -> Result<()>;
    /// Saved queues by name.
    fn saved_queues(&mut self, project: ProjectId) -> Result<Vec<(String, Queue)>>;
    /// Forgets a saved queue.
    fn delete_queue(&mut self, project: ProjectId, name: &str) -> Result<()>;
    /// A small value kept with the project.
    fn setting(&mut self, project: ProjectId, key: &str) -> Result<Option<String>>;
    /// Keeps a small value; `None` forgets it.
    fn set_setting(&mut self, project: ProjectId, key: &str, value: Option<&str>) -> Result<()>;
    /// All small values of a project.
    fn settings(&mut self, project: ProjectId) -> Result<Settings>;

    /// Chooses a random share (`0..=1`) of the labeled samples to be answered again by `author`, who does not see the
    /// first answer. Replaces what the author had not answered of an earlier pass. Returns how many were chosen.
    fn start_second_pass(&mut self, project: ProjectId, share: f64, seed: u32, author: &str) -> Result<u64>;
    /// How far the author's pass is.
    fn second_pass(&mut self, project: ProjectId, author: &str) -> Result<SecondPass>;
    /// Samples of the author's pass still to be answered, without answer, predictions and reviews.
    fn second_pass_next(&mut self, project: ProjectId, author: &str, limit: usize) -> Result<Vec<Sample>>;
    /// Stores a second answer apart: the sample's own answer stays. A repeated answer replaces the earlier one; one that
    /// is none (`Unlabeled`, as after the last box was deleted) takes it away, and the sample is still to be answered.
    fn answer_second_pass(
        &mut self,
        project: ProjectId,
        sample: SampleId,
        answer: &Answer,
        author: &str,
        at: Timestamp,
    ) -> Result<()>;
    /// At most `limit` pairs of answers by sample and second author, from after a sample and author on; nothing where
    /// there are no second passes.
    fn second_answers_after(
        &mut self,
        project: ProjectId,
        after: Option<(SampleId, &str)>,
        limit: usize,
    ) -> Result<Vec<SecondAnswer>> {
        let _ = (project, after, limit);
        Ok(Vec::new())
    }

    /// Marks samples as gold, with the answer that is trusted; one that is gold already gets the new answer. Returns how
    /// many were not gold before.
    fn mark_gold(&mut self, project: ProjectId, marks: &[Gold]) -> Result<u64> {
        let _ = (project, marks);
        Err(self.unsupported(NO_GOLD))
    }
    /// Takes the mark away; what people answered to them stays stored and counts no more. Returns how many were gold.
    fn unmark_gold(&mut self, project: ProjectId, samples: &[SampleId]) -> Result<u64> {
        let _ = (project, samples);
        Err(self.unsupported(NO_GOLD))
    }
    /// All gold pictures of a project, by path.
    fn gold(&mut self, project: ProjectId) -> Result<Vec<Gold>> {
        let _ = project;
        Err(self.unsupported(NO_GOLD))
    }
    /// Gold pictures that `author` has not answered and that stand answered in the project, so that no ordinary queue of
    /// open pictures has them too.
    fn gold_open(&mut self, project: ProjectId, author: &str) -> Result<Vec<SampleId>> {
        let _ = (project, author);
        Ok(Vec::new())
    }
    /// What people answered to gold pictures, by sample and person: `first` is what is trusted and by whom, `second` the
    /// person's answer.
    fn gold_answers(&mut self, project: ProjectId) -> Result<Vec<SecondAnswer>> {
        let _ = project;
        Err(self.unsupported(NO_GOLD))
    }

    /// Stores predictions; unlabeled samples become pre-labeled. No answer and no revision changes.
    fn put_predictions(&mut self, project: ProjectId, batch: &[SamplePredictions]) -> Result<()>;
    /// Adds a comment; returns its number.
    fn add_comment(&mut self, comment: &Comment) -> Result<i64>;
    /// Marks a comment as dealt with, or not.
    fn resolve_comment(&mut self, id: i64, resolved: bool) -> Result<()>;
    /// Comments on a sample, oldest first.
    fn comments(&mut self, sample: SampleId) -> Result<Vec<Comment>>;
    /// Notes a file as taken; `false` if it was taken before with the same etag.
    fn take_once(&mut self, entry: &LedgerEntry) -> Result<bool>;
    /// Files taken from a source, by path.
    fn ledger(&mut self, source: &str) -> Result<Vec<LedgerEntry>>;

    /// What waits between this machine and a remote store; nothing where edits are written at once.
    fn outbox(&mut self) -> Result<OutboxState> {
        Ok(OutboxState::default())
    }

    /// What a person has to decide in a project, oldest first, one for each sample.
    fn conflicts(&mut self, _project: ProjectId) -> Result<Vec<Conflict>> {
        Ok(Vec::new())
    }

    /// Carries out what a person decided about the conflict of this edit. Returns the edit that is made for it.
    fn resolve(&mut self, _edit: EditId, _how: Resolution, _author: &str, _at: Timestamp) -> Result<Option<Edit>> {
        Err(StoreError::not_found("conflict about this edit", self.place()))
    }

    /// Has news told from now on, and edits that an earlier run left behind sent.
    fn watch(&mut self, _on_news: OnNews) {}

    /// Sends what waits, at most for so long, and says what is left.
    fn send(&mut self, _patience: Duration) -> Result<OutboxState> {
        self.outbox()
    }

    /// Hands out the next samples of a queue that nobody holds, at most `limit`, and holds them for `owner` for `time`.
    /// No two owners ever hold the same sample. An answer ends the hold. Needs [`Capabilities::claims`].
    ///
    /// # Errors
    /// [`StoreError::Busy`] when there are some and others are writing all of them at this moment.
    fn claim(
        &mut self,
        project: ProjectId,
        queue: &Queue,
        owner: &str,
        limit: usize,
        time: Duration,
    ) -> Result<Vec<Queued>> {
        let _ = (project, queue, owner, limit, time);
        Err(self.unsupported("hand out samples to one person at a time"))
    }

    /// Holds what the owner still holds for `time` from now on; returns it. What is missing was lost to time, and may be
    /// held by somebody else. Needs [`Capabilities::claims`].
    fn renew_claims(&mut self, project: ProjectId, owner: &str, time: Duration) -> Result<Vec<SampleId>> {
        let _ = (project, owner, time);
        Err(self.unsupported("hand out samples to one person at a time"))
    }

    /// Gives back what the owner holds; returns how many samples that were. Needs [`Capabilities::claims`].
    fn release_claims(&mut self, project: ProjectId, owner: &str) -> Result<u64> {
        let _ = (project, owner);
        Err(self.unsupported("hand out samples to one person at a time"))
    }

    /// Samples that are held now, and by whom, at most a thousand; nothing where no samples are handed out.
    fn holds(&mut self, project: ProjectId) -> Result<Vec<(SampleId, String)>> {
        let _ = project;
        Ok(Vec::new())
    }

    /// What happened after an event (`None`: from the beginning), oldest first.
    fn changes_since(&mut self, project: ProjectId, event: Option<EventId>, limit: usize) -> Result<Vec<HistoryEntry>> {
        let _ = (project, event, limit);
        Err(self.unsupported("say what happened since"))
    }

    /// Waits on the calling thread until something happened after `event`, at most for `time`; the last event then, which
    /// is `event` itself where what came is none, such as samples without an answer. Needs [`Capabilities::feed`].
    fn wait_for_change(
        &mut self,
        project: ProjectId,
        event: Option<EventId>,
        time: Duration,
    ) -> Result<Option<EventId>> {
        let _ = (project, event, time);
        Err(self.unsupported("say by itself that something changed"))
    }

    /// Says that a client works on a project, and tells who does now. To be said again every half minute; who says
    /// nothing for a minute is gone. Needs [`Capabilities::presence`].
    fn announce(&mut self, project: ProjectId, presence: &Presence) -> Result<Vec<Presence>> {
        let _ = (project, presence);
        Err(self.unsupported("say who is there"))
    }

    /// Who works on which project now, by project and name; nothing where the store does not tell.
    fn present(&mut self) -> Result<Vec<(ProjectId, Presence)>> {
        Ok(Vec::new())
    }

    /// Gives the present state of a project a name. Edits that wait to be sent are not part of it.
    fn take_snapshot(&mut self, project: ProjectId, new: &NewSnapshot) -> Result<Snapshot> {
        let _ = (project, new);
        Err(self.unsupported("keep snapshots"))
    }

    /// All snapshots of a project, the oldest state first.
    fn snapshots(&mut self, project: ProjectId) -> Result<Vec<Snapshot>> {
        let _ = project;
        Ok(Vec::new())
    }

    /// Forgets the name of a state; the history stays as it is.
    fn drop_snapshot(&mut self, project: ProjectId, name: &str) -> Result<()> {
        let _ = project;
        Err(StoreError::not_found(format!("snapshot `{name}`"), self.place()))
    }

    /// Samples that were edited between the states after two events, by path, from after the path `after` on; in either
    /// direction of time. At most `limit` are looked at for a page.
    fn differences(
        &mut self,
        project: ProjectId,
        from: Option<EventId>,
        to: Option<EventId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Differences> {
        let _ = (project, from, to, after, limit);
        Err(self.unsupported("compare two states of a project"))
    }

    /// Puts samples on a list, each with a remark (an empty one leaves what was said before); `begin` empties the list before. Returns how many
    /// are on it then.
    fn put_list(&mut self, project: ProjectId, name: &str, samples: &[(SampleId, String)], begin: bool) -> Result<u64> {
        let _ = (project, name, samples, begin);
        Err(self.unsupported("keep lists of samples"))
    }

    /// The lists of a project with how many samples are on each, by name.
    fn lists(&mut self, project: ProjectId) -> Result<Vec<(String, u64)>> {
        let _ = project;
        Ok(Vec::new())
    }

    /// The same by name, each with how many of these samples are on it.
    fn lists_with(&mut self, project: ProjectId, samples: &[SampleId]) -> Result<Vec<(String, u64, u64)>> {
        let _ = (project, samples);
        Err(self.unsupported("keep lists of samples"))
    }

    /// Takes samples off a list. Returns how many are on it then; a list without any is gone.
    fn take_off_list(&mut self, project: ProjectId, name: &str, samples: &[SampleId]) -> Result<u64> {
        let _ = (project, name, samples);
        Err(self.unsupported("keep lists of samples"))
    }

    /// Throws a list away; its samples stay as they are.
    fn drop_list(&mut self, project: ProjectId, name: &str) -> Result<()> {
        let _ = project;
        Err(StoreError::not_found(format!("list `{name}`"), self.place()))
    }

    /// Samples whose present content was not measured yet, by path, from after the path `after` on. Needs
    /// [`Capabilities::measures`], as the following do.
    fn unmeasured(&mut self, project: ProjectId, after: Option<&str>, limit: usize) -> Result<Vec<Unmeasured>> {
        let _ = (project, after, limit);
        Err(self.unsupported("keep what is measured of pictures"))
    }

    /// What is known of these contents, in whatever project; each once.
    fn known_measures(&mut self, contents: &[Digest]) -> Result<Vec<Measures>> {
        let _ = contents;
        Ok(Vec::new())
    }

    /// Keeps what was measured, in one transaction.
    fn put_measures(&mut self, project: ProjectId, batch: &[Measured]) -> Result<()> {
        let _ = (project, batch);
        Err(self.unsupported("keep what is measured of pictures"))
    }

    /// What was measured of the pictures of a project that are there, by path, from after the path `after` on.
    fn measures(&mut self, project: ProjectId, after: Option<&str>, limit: usize) -> Result<Vec<SampleMeasures>> {
        let _ = (project, after, limit);
        Err(self.unsupported("keep what is measured of pictures"))
    }

    /// Puts what all measures together say in the place of what they said before, in one transaction.
    fn put_findings(&mut self, project: ProjectId, found: &[Finding]) -> Result<()> {
        let _ = (project, found);
        Err(self.unsupported("keep what is measured of pictures"))
    }

    /// The error for what this kind cannot do; `what` follows "cannot".
    fn unsupported(&self, what: &str) -> StoreError {
        StoreError::Unsupported { what: what.to_owned(), place: self.place().to_owned() }
    }
}
