//! A table as a store: any Delta table (or other that its engine can change) with columns for id, class and path.
//!
//! Why a mirror: an engine needs seconds for what labelling needs in milliseconds, and a commit for every label would be a
//! file for every label. So the rows are mirrored into a SQLite store of our own, in which every queue, undo, review and
//! count works as in any project; its history is the journal, and a thread brings its edits into the table in batches.
//!
//! What always holds: a label is durable in the mirror before it is shown as saved; it is written into the table only
//! where the table still holds the class that the mirror knew, and it was read back before it counts as sent; what
//! somebody else changed first is kept as a conflict with both values. Undoing and redoing are edits like others.

mod answers;
pub mod changes;
mod conflicts;
mod follow;
pub mod history;
pub mod reading;
mod refresh;
mod rows;
mod sender;
mod shelf;
mod sign;
mod source;
mod thread;
pub mod versions;

pub use changes::Reviewed;
pub use conflicts::{Choice, TableConflict};
pub use follow::Caught;
pub use reading::TableReader;
pub use refresh::Refreshed;
pub use sender::Sent;
pub use shelf::TableShelf;
pub use source::{Seen, TableSource};

use self::follow::Follow;
use self::reading::{ByEngine, NoEngine};
use self::rows::RowFile;
use self::sender::Sender;
use self::thread::{Make, SenderThread, Turn};
use super::outbox::{Conflict, News, OnNews, OutboxState, Resolution};
use super::records::{Capabilities, HistoryEntry, Mode, NewProject, NewVersion, Presence, ScanId, Shelf, UndoReport};
use super::sqlite::SqliteStore;
use super::{Interrupt, Result, Store, StoreError};
use crate::domain::edit::{Change, Edit, Outcome};
use crate::domain::ids::{EditId, EventId, ProjectId};
use crate::domain::project::Project;
use crate::remote::sql::Engine;
use jiff::Timestamp;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The author of what others changed in the table.
pub const AUTHOR: &str = "the table";
/// How long a person waits for the answer of the table at most before a command goes on without it.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where the mirror of a table and what belongs to it lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFiles {
    mirror: PathBuf,
    rows: PathBuf,
    lock: PathBuf,
}

impl TableFiles {
    /// The files of a table on an engine, in a folder.
    #[must_use]
    pub fn of(folder: &Path, source: &TableSource, place: &str) -> Self {
        let name = source.fingerprint(place);
        let file = |end: &str| folder.join(format!("{name}.{end}"));
        Self { mirror: file("db"), rows: file("rows.db"), lock: file("lock") }
    }
}

/// What is not in the table yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unsent {
    /// Labels that wait.
    pub unsent: u64,
    /// Labels that somebody else's change stands against.
    pub conflicts: u64,
    /// Why they wait, where something is wrong.
    pub waiting: Option<String>,
}

/// A table as a store.
pub struct TableStore {
    inner: SqliteStore,
    place: String,
    source: TableSource,
    files: TableFiles,
    make: Make,
    thread: SenderThread,
    reader: Arc<dyn TableReader>,
    following: Follow,
    /// Why it is only read, where no engine is named.
    no_engine: Option<String>,
}

impl TableStore {
    /// Opens the mirror of a table; makes an empty one where there is none and `mode` allows it. The engine is only asked
    /// by [`Self::refresh`] and when there is something to send.
    ///
    /// # Errors
    /// When the files cannot be opened.
    pub fn open(engine: Arc<dyn Engine>, source: &TableSource, folder: &Path, mode: Mode) -> Result<Self> {
        let place = format!("{} of {}", source.table, engine.place());
        let reader: Arc<dyn TableReader> = Arc::new(ByEngine(Arc::clone(&engine)));
        let asked = engine.place().to_owned();
        let mut store = Self::with(engine, reader, place, source, folder, mode)?;
        if mode != Mode::Read && store.may_sign() {
            store.sign(&asked, folder)?;
        }
        if mode != Mode::Read && store.left_over()? {
            store.poke();
        }
        Ok(store)
    }

    /// Opens the mirror of a table that is read without an engine: it is looked at, reviewed and followed as any other,
    /// and nothing is written into it. The mirror is one of its own.
    ///
    /// # Errors
    /// When the files cannot be opened.
    pub fn open_to_read(reader: Arc<dyn TableReader>, source: &TableSource, folder: &Path, mode: Mode) -> Result<Self> {
        let place = reader.place().to_owned();
        let mut store = Self::with(Arc::new(NoEngine(place.clone())), reader, place, source, folder, mode)?;
        store.no_engine = Some("no engine is named, and without one a table is only read".to_owned());
        Ok(store)
    }

    fn with(
        engine: Arc<dyn Engine>,
        reader: Arc<dyn TableReader>,
        place: String,
        source: &TableSource,
        folder: &Path,
        mode: Mode,
    ) -> Result<Self> {
        source.name()?;
        let files = TableFiles::of(folder, source, engine.place());
        let inner = SqliteStore::open(&files.mirror, mode)?;
        let (source, make_files, make_place) = (source.clone(), files.clone(), place.clone());
        let (for_sender, for_reading) = (source.clone(), Arc::clone(&reader));
        let make: Make = Arc::new(move |stop| {
            Ok(Sender {
                mirror: SqliteStore::open(&make_files.mirror, Mode::Write)?,
                rows: RowFile::open(&make_files.rows, &make_place)?,
                engine: Arc::clone(&engine),
                reader: Arc::clone(&for_reading),
                source: for_sender.clone(),
                stop: stop.clone(),
            })
        });
        let (thread, following) = (SenderThread::new(), Follow::new(reader.is_costly()));
        Ok(Self { inner, place, source, files, make, thread, reader, following, no_engine: None })
    }

    /// Whether an earlier run left something to send.
    fn left_over(&mut self) -> Result<bool> {
        if !self.files.rows.exists() {
            return Ok(false);
        }
        let rows = self.rows()?;
        Ok(rows.pending_count()? > 0 || rows.flight()?.is_some() || self.untaken(&rows)? > 0)
    }

    fn rows(&self) -> Result<RowFile> {
        RowFile::open(&self.files.rows, &self.place)
    }

    fn poke(&mut self) {
        self.thread.poke(&self.files, &self.make);
    }

    /// The project that mirrors the table; `None` before the first [`Self::refresh`].
    ///
    /// # Errors
    /// The mirror's.
    pub fn mirrored(&mut self) -> Result<Option<Project>> {
        project_of(&mut self.inner)
    }

    /// The table.
    #[must_use]
    pub fn source(&self) -> &TableSource {
        &self.source
    }

    /// Reads the table again, or for the first time; `progress` hears how many rows were read.
    ///
    /// # Errors
    /// The engine's, and what is wrong with the table.
    pub fn refresh(
        &mut self,
        name: &str,
        author: &str,
        stop: &CancellationToken,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Refreshed> {
        let _turn = Turn::wait(&self.files)?;
        (self.make)(stop)?.refresh(name, author, progress)
    }

    /// Sends everything now and waits for it.
    ///
    /// # Errors
    /// The engine's; what was not sent is tried again later.
    pub fn send_now(&mut self, stop: &CancellationToken) -> Result<Sent> {
        let _turn = Turn::wait(&self.files)?;
        let mut sender = (self.make)(stop)?;
        let sent = sender.drain();
        if let Err(error) = &sent {
            sender.rows.set_state("waiting", Some(&error.to_string()))?;
        }
        sent
    }

    /// Waits until the thread has sent everything, or has failed.
    ///
    /// # Errors
    /// Why it failed.
    pub fn settle(&mut self) -> Result<()> {
        self.thread.flush(PATIENCE)
    }

    /// Edits that were not even written down for sending.
    fn untaken(&mut self, rows: &RowFile) -> Result<u64> {
        let Some(project) = project_of(&mut self.inner)? else { return Ok(0) };
        let from: i64 = rows.state("sent_through")?.and_then(|t| t.parse().ok()).unwrap_or(0);
        let mine = |e: &&HistoryEntry| matches!(e.edit.change, Change::Answer { .. }) && e.edit.author != AUTHOR;
        Ok(sender::unsent(&mut self.inner, &project, from)?.iter().filter(mine).count() as u64)
    }

    /// What is not in the table yet.
    ///
    /// # Errors
    /// The mirror's.
    pub fn unsent(&mut self) -> Result<Unsent> {
        let rows = self.rows()?;
        let unsent = rows.pending_count()? + self.untaken(&rows)?;
        let waiting = rows.state("waiting")?.filter(|_| unsent > 0);
        Ok(Unsent { unsent, conflicts: rows.clash_count()?, waiting })
    }

    /// Refuses what would have to be written into the table where nothing can.
    fn may_write(&self) -> Result<()> {
        match &self.no_engine {
            Some(why) => Err(StoreError::ReadOnly { place: self.place.clone(), why: why.clone() }),
            None => Ok(()),
        }
    }

    fn cannot<T>(&self, what: &str) -> Result<T> {
        Err(StoreError::Unsupported { what: what.to_owned(), place: self.place.clone() })
    }
}

/// The one project of a mirror.
fn project_of(mirror: &mut SqliteStore) -> Result<Option<Project>> {
    Ok(mirror.projects(Shelf::Live)?.into_iter().next())
}

impl Store for TableStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            gold: false,
            boxes: false,
            masks: false,
            objects: false,
            claims: false,
            // A mirror that cannot be written follows nothing.
            feed: self.following.is_on() && self.inner.read_only().is_none(),
            presence: false,
            projects: false,
            ..self.inner.capabilities()
        }
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn read_only(&self) -> Option<String> {
        self.no_engine.clone().or_else(|| self.inner.read_only())
    }

    fn interrupt(&self) -> Interrupt {
        self.inner.interrupt()
    }

    fn create_project(&mut self, _: &NewProject) -> Result<Project> {
        self.cannot("hold other projects than its table")
    }

    fn trash_project(&mut self, _: ProjectId) -> Result<()> {
        self.cannot("put its table into the trash")
    }

    fn clone_project(&mut self, _: ProjectId, _: &NewVersion) -> Result<Project> {
        self.cannot("make versions of its table")
    }

    fn begin_scan(&mut self, _: ProjectId, _: &str) -> Result<ScanId> {
        self.cannot("scan a folder")
    }

    fn outbox(&mut self) -> Result<OutboxState> {
        let Unsent { unsent, conflicts, waiting } = self.unsent()?;
        Ok(OutboxState { unsent, conflicts, waiting })
    }

    fn conflicts(&mut self, id: ProjectId) -> Result<Vec<Conflict>> {
        let project = self.inner.project(id)?;
        let mut out = Vec::new();
        for clash in self.rows()?.clashes()? {
            out.extend(self.shown(&project, clash)?);
        }
        Ok(out)
    }

    fn resolve(&mut self, edit: EditId, how: Resolution, _author: &str, _at: Timestamp) -> Result<Option<Edit>> {
        let choice = match how {
            Resolution::Mine => Choice::Mine,
            Resolution::Theirs => Choice::Theirs,
            Resolution::Both => {
                let what = "a column of classes holds one class; choose mine or theirs";
                return Err(StoreError::invalid(what));
            }
        };
        self.settle_conflict(&edit.to_string(), choice)?;
        Ok(None)
    }

    fn watch(&mut self, on_news: OnNews) {
        let (files, place) = (self.files.clone(), self.place.clone());
        self.thread.tell(Arc::new(move || {
            let Ok(rows) = RowFile::open(&files.rows, &place) else { return };
            if let (Ok(unsent), Ok(conflicts), Ok(waiting)) =
                (rows.pending_count(), rows.clash_count(), rows.state("waiting"))
            {
                on_news(News::Outbox(OutboxState { unsent, conflicts, waiting: waiting.filter(|_| unsent > 0) }));
            }
        }));
        if self.left_over().unwrap_or(false) {
            self.poke();
        }
    }

    fn send(&mut self, patience: Duration) -> Result<OutboxState> {
        // Why it failed is in the state.
        let _ = self.thread.flush(patience);
        self.outbox()
    }

    fn wait_for_change(
        &mut self,
        project: ProjectId,
        event: Option<EventId>,
        time: Duration,
    ) -> Result<Option<EventId>> {
        self.wait_for_news(project, event, time)
    }

    fn announce(&mut self, _: ProjectId, _: &Presence) -> Result<Vec<Presence>> {
        self.cannot("say who is there")
    }

    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        self.may_write()?;
        let outcomes = self.inner.commit(edits)?;
        self.poke();
        Ok(outcomes)
    }

    fn undo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.may_write()?;
        let report = self.inner.undo(project, author, at)?;
        self.poke();
        Ok(report)
    }

    fn redo(&mut self, project: ProjectId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.may_write()?;
        let report = self.inner.redo(project, author, at)?;
        self.poke();
        Ok(report)
    }

    fn step_size(&mut self, project: ProjectId, author: &str, redo: bool) -> Result<u64> {
        self.inner.step_size(project, author, redo)
    }

    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.may_write()?;
        let report = self.inner.undo_edit(project, edit, author, at)?;
        self.poke();
        Ok(report)
    }

    crate::store::pass_on::pass_on!(inner: shelf samples queues past extras versions quality);
}
