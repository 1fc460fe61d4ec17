//! All tables that were labelled through one connection, as one store: each table is a project.
//!
//! Why: a connection to an engine holds no projects of its own, but a person who labelled three tables through it has
//! three mirrors, and every screen and every command must find them where they are named as the store. What always
//! holds: a call goes to the mirror whose number the id has, so nothing is ever written into another table; the engine is
//! only asked when there is something to send, or when a table is followed.

use super::sign;
use super::{TableSource, TableStore};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Edit, Outcome};
use crate::domain::ids::{EditId, EventId, ProjectId, SampleId};
use crate::domain::project::{Counts, Project, ScanSettings};
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::{Answer, Sample};
use crate::remote::sql::Engine;
use crate::store::outbox::{Conflict, News, OnNews, OutboxState, Resolution};
use crate::store::records::{
    Activity, Capabilities, Comment, Cursor, Direction, From, HistoryEntry, Known, LedgerEntry, Mode, NewProject,
    NewSample, NewVersion, Person, Presence, Queued, SamplePredictions, ScanId, ScanReport, SecondAnswer, SecondPass,
    Settings, Shelf, Tallies, UndoReport,
};
use crate::store::{Interrupt, Result, Store, StoreError};
use jiff::Timestamp;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The tables of one connection as a store.
pub struct TableShelf {
    place: String,
    mode: Mode,
    tables: Vec<Numbered>,
    left_out: Vec<String>,
    notice: Option<String>,
}

struct Numbered {
    number: i64,
    store: TableStore,
}

impl TableShelf {
    /// Opens the mirrors that lie in a folder and are of this engine; `follow`: what others write into the tables is
    /// noticed. No mirror is made. What an earlier run left to send is sent, unless `mode` is [`Mode::Read`].
    ///
    /// # Errors
    /// None of a single mirror: one that cannot be opened is left out, see [`Self::left_out`].
    pub fn open(engine: &Arc<dyn Engine>, folder: &Path, mode: Mode, follow: bool) -> Result<Self> {
        let (signed, mut left_out) = sign::all(folder);
        let mut tables: Vec<Numbered> = Vec::new();
        for found in signed.into_iter().filter(|s| s.engine == engine.place()) {
            let table = &found.source.table;
            if tables.iter().any(|t| t.number == found.number) {
                left_out
                    .push(format!("{table}: its mirror is of an earlier version; `lakelens table {table}` opens it"));
                continue;
            }
            let mode = if mode == Mode::Create { Mode::Write } else { mode };
            match TableStore::open(Arc::clone(engine), &found.source, folder, mode) {
                Ok(mut store) => {
                    store.follow(follow);
                    tables.push(Numbered { number: found.number, store });
                }
                Err(error) => left_out.push(format!("{table}: {error}")),
            }
        }
        for what in &left_out {
            tracing::warn!(what, "a mirror is left out");
        }
        Ok(Self { place: format!("the tables of {}", engine.place()), mode, tables, left_out, notice: None })
    }

    /// The same, with something that a person should know of the engine.
    #[must_use]
    pub fn with_notice(self, notice: Option<String>) -> Self {
        Self { notice, ..self }
    }

    /// What a person should know of the engine.
    #[must_use]
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The mirrors that could not be opened, each with why.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// How many tables there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether there is no table.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    fn numbered(&mut self, number: i64, what: impl FnOnce() -> String) -> Result<&mut TableStore> {
        let found = self.tables.iter_mut().find(|t| t.number == number);
        found.map(|t| &mut t.store).ok_or_else(|| StoreError::not_found(what(), &self.place))
    }

    fn of(&mut self, id: ProjectId) -> Result<&mut TableStore> {
        self.numbered(sign::of_project(id), || format!("project {id}"))
    }

    fn with_sample(&mut self, id: SampleId) -> Result<&mut TableStore> {
        self.numbered(sign::of_sample(id), || format!("sample {id}"))
    }

    /// All projects with names that tell them apart.
    fn named(&mut self) -> Result<Vec<Project>> {
        let mut found: Vec<(Project, TableSource)> = Vec::new();
        for table in &mut self.tables {
            let source = table.store.source().clone();
            found.extend(table.store.mirrored()?.map(|project| (project, source)));
        }
        tell_apart(&mut found);
        let mut all: Vec<Project> = found.into_iter().map(|(project, _)| project).collect();
        all.sort_by_key(|p| p.name.to_lowercase());
        Ok(all)
    }

    fn nothing_to_make<T>(&self) -> Result<T> {
        Err(StoreError::invalid(format!(
            "{} are its projects: `lakelens table CATALOG.SCHEMA.TABLE` adds one that is there, `lakelens table create` makes \
             one from pictures; for a project of files use another --store",
            self.place
        )))
    }
}

/// Adds to names that several have what is different: the column of the class, or else the filter, or the other columns.
fn tell_apart(found: &mut [(Project, TableSource)]) {
    let marks: [fn(&TableSource) -> String; 3] = [
        |s| s.class.clone(),
        |s| if s.filter.is_empty() { format!("{}, all rows", s.class) } else { format!("{}, {}", s.class, s.filter) },
        |s| format!("{}, {}, {}, {}", s.class, s.id, s.path, s.filter),
    ];
    let names: Vec<String> = found.iter().map(|(p, _)| p.name.clone()).collect();
    for (i, name) in names.iter().enumerate() {
        let alike: Vec<&TableSource> = found
            .iter()
            .zip(&names)
            .filter(|(_, n)| n.to_lowercase() == name.to_lowercase())
            .map(|((_, s), _)| s)
            .collect();
        if alike.len() < 2 {
            continue;
        }
        let differ = |mark: &&fn(&TableSource) -> String| {
            let own = found.get(i).map(|(_, s)| mark(s)).unwrap_or_default();
            alike.iter().filter(|s| mark(s) == own).count() == 1
        };
        let mark = marks.iter().find(differ).copied().unwrap_or(marks[2]);
        if let Some((project, source)) = found.get_mut(i) {
            project.name = format!("{name} ({})", mark(source));
        }
    }
}

/// Calls that go to the table of a project.
macro_rules! by_project {
    ($(fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {$(
        fn $name(&mut self, project: ProjectId $(, $arg: $kind)*) -> Result<$out> {
            self.of(project)?.$name(project $(, $arg)*)
        }
    )*};
}

impl Store for TableShelf {
    fn capabilities(&self) -> Capabilities {
        let feed = self.tables.iter().any(|t| t.store.capabilities().feed);
        Capabilities {
            gold: false,
            boxes: false,
            masks: false,
            objects: false,
            claims: false,
            feed,
            presence: false,
            projects: false,
            ..Capabilities::of_servers()
        }
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn read_only(&self) -> Option<String> {
        (self.mode == Mode::Read).then(|| "it was opened read-only".to_owned())
    }

    fn interrupt(&self) -> Interrupt {
        let all: Vec<Interrupt> = self.tables.iter().map(|t| t.store.interrupt()).collect();
        Arc::new(move || all.iter().for_each(|stop| stop()))
    }

    fn create_project(&mut self, _: &NewProject) -> Result<Project> {
        self.nothing_to_make()
    }

    fn projects(&mut self, shelf: Shelf) -> Result<Vec<Project>> {
        if shelf == Shelf::Trash { Ok(Vec::new()) } else { self.named() }
    }

    fn project(&mut self, id: ProjectId) -> Result<Project> {
        let found = self.named()?.into_iter().find(|p| p.id == id);
        found.ok_or_else(|| StoreError::not_found(format!("project {id}"), &self.place))
    }

    fn project_by_name(&mut self, name: &str) -> Result<Option<Project>> {
        let wanted = name.to_lowercase();
        Ok(self.named()?.into_iter().find(|p| p.name.to_lowercase() == wanted))
    }

    by_project! {
        fn rename_project(name: &str) -> ();
        fn set_scan(scan: &ScanSettings) -> ();
        fn trash_project() -> ();
        fn restore_project() -> ();
        fn clone_project(new: &NewVersion) -> Project;
        fn delete_project() -> ();
        fn begin_scan(author: &str) -> ScanId;
        fn sample_by_path(path: &str) -> Option<Sample>;
        fn known_paths(paths: &[String]) -> Vec<Option<Known>>;
        fn page(queue: &Queue, from: &From, direction: Direction, limit: usize) -> Vec<Queued>;
        fn position(queue: &Queue, cursor: &Cursor) -> u64;
        fn nth(queue: &Queue, n: u64) -> Option<Cursor>;
        fn count(filter: &Filter) -> u64;
        fn counts() -> Counts;
        fn tallies() -> Tallies;
        fn undo(author: &str, at: Timestamp) -> UndoReport;
        fn redo(author: &str, at: Timestamp) -> UndoReport;
        fn step_size(author: &str, redo: bool) -> u64;
        fn undo_edit(edit: EditId, author: &str, at: Timestamp) -> UndoReport;
        fn history(sample: Option<SampleId>, before: Option<EventId>, limit: usize) -> Vec<HistoryEntry>;
        fn decisions(author: &str, limit: usize) -> Vec<HistoryEntry>;
        fn event_at(at: Timestamp) -> Option<EventId>;
        fn nth_added(n: u64) -> Option<SampleId>;
        fn labels_as_of(event: Option<EventId>) -> LabelSet;
        fn people() -> Vec<Person>;
        fn answer_times(author: &str, since: Timestamp) -> Vec<Timestamp>;
        fn activity(since: Timestamp) -> Vec<Activity>;
        fn save_queue(name: &str, queue: &Queue) -> ();
        fn saved_queues() -> Vec<(String, Queue)>;
        fn delete_queue(name: &str) -> ();
        fn setting(key: &str) -> Option<String>;
        fn set_setting(key: &str, value: Option<&str>) -> ();
        fn settings() -> Settings;
        fn start_second_pass(share: f64, seed: u32, author: &str) -> u64;
        fn second_pass(author: &str) -> SecondPass;
        fn second_pass_next(author: &str, limit: usize) -> Vec<Sample>;
        fn answer_second_pass(sample: SampleId, answer: &Answer, author: &str, at: Timestamp) -> ();
        fn second_answers_after(after: Option<(SampleId, &str)>, limit: usize) -> Vec<SecondAnswer>;
        fn put_predictions(batch: &[SamplePredictions]) -> ();
        fn conflicts() -> Vec<Conflict>;
        fn changes_since(event: Option<EventId>, limit: usize) -> Vec<HistoryEntry>;
        fn wait_for_change(event: Option<EventId>, time: Duration) -> Option<EventId>;
        fn announce(presence: &Presence) -> Vec<Presence>;
    }

    fn add_samples(&mut self, _: ScanId, _: &[NewSample]) -> Result<ScanReport> {
        self.nothing_to_make()
    }

    fn finish_scan(&mut self, _: ScanId) -> Result<ScanReport> {
        self.nothing_to_make()
    }

    fn sample(&mut self, id: SampleId) -> Result<Sample> {
        self.with_sample(id)?.sample(id)
    }

    fn cursor(&mut self, queue: &Queue, sample: SampleId) -> Result<Cursor> {
        self.with_sample(sample)?.cursor(queue, sample)
    }

    fn answer_as_of(&mut self, sample: SampleId, event: Option<EventId>) -> Result<Answer> {
        self.with_sample(sample)?.answer_as_of(sample, event)
    }

    /// Edits of one table after another are one transaction; those of several tables are one for each, in order.
    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        let mut out = Vec::with_capacity(edits.len());
        for group in edits.chunk_by(|a, b| a.project == b.project) {
            let Some(first) = group.first() else { continue };
            out.extend(self.of(first.project)?.commit(group)?);
        }
        Ok(out)
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<i64> {
        let id = self.with_sample(comment.sample)?.add_comment(comment)?;
        Ok(sign::comment(sign::of_sample(comment.sample), id))
    }

    fn resolve_comment(&mut self, id: i64, resolved: bool) -> Result<()> {
        let (number, own) = sign::of_comment(id);
        self.numbered(number, || format!("comment {id}"))?.resolve_comment(own, resolved)
    }

    fn comments(&mut self, sample: SampleId) -> Result<Vec<Comment>> {
        let number = sign::of_sample(sample);
        let mut found = self.with_sample(sample)?.comments(sample)?;
        found.iter_mut().for_each(|c| c.id = sign::comment(number, c.id));
        Ok(found)
    }

    fn take_once(&mut self, _: &LedgerEntry) -> Result<bool> {
        self.nothing_to_make()
    }

    fn ledger(&mut self, _: &str) -> Result<Vec<LedgerEntry>> {
        Ok(Vec::new())
    }

    fn outbox(&mut self) -> Result<OutboxState> {
        let mut sum = OutboxState::default();
        for table in &mut self.tables {
            add(&mut sum, table.store.outbox()?);
        }
        Ok(sum)
    }

    fn resolve(&mut self, edit: EditId, how: Resolution, author: &str, at: Timestamp) -> Result<Option<Edit>> {
        let wanted = edit.to_string();
        for table in &mut self.tables {
            if table.store.table_conflicts()?.iter().any(|c| c.edit == wanted) {
                return table.store.resolve(edit, how, author, at);
            }
        }
        Err(StoreError::not_found("conflict about this edit", &self.place))
    }

    fn watch(&mut self, on_news: OnNews) {
        self.notice.iter().for_each(|text| on_news(News::Notice(text.clone())));
        self.left_out.iter().for_each(|what| on_news(News::Notice(format!("left out: {what}"))));
        let states: Vec<OutboxState> = self.tables.iter_mut().map(|t| t.store.outbox().unwrap_or_default()).collect();
        let states = Arc::new(Mutex::new(states));
        for (i, table) in self.tables.iter_mut().enumerate() {
            let (states, on_news) = (Arc::clone(&states), Arc::clone(&on_news));
            table.store.watch(Arc::new(move |news| {
                let News::Outbox(state) = news else { return on_news(news) };
                let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(known) = states.get_mut(i) {
                    *known = state;
                }
                let mut sum = OutboxState::default();
                states.iter().for_each(|state| add(&mut sum, state.clone()));
                drop(states);
                on_news(News::Outbox(sum));
            }));
        }
    }

    fn send(&mut self, patience: Duration) -> Result<OutboxState> {
        let end = Instant::now() + patience;
        let mut sum = OutboxState::default();
        for table in &mut self.tables {
            add(&mut sum, table.store.send(end.saturating_duration_since(Instant::now()))?);
        }
        Ok(sum)
    }
}

fn add(sum: &mut OutboxState, one: OutboxState) {
    sum.unsent += one.unsent;
    sum.conflicts += one.conflicts;
    sum.waiting = sum.waiting.take().or(one.waiting);
}
