//! Long work beside the screens, each on a thread with a connection of its own: scans, clones, imports, exports, second
//! passes, taking back; and looks into files that are to be imported, and into what differs between two states.

mod exchange;
mod versions;

use super::message::Sender;
use super::services::StorePlace;
use super::sql::Sql;
use super::store_reads::begin_with;
use super::store_review;
use crate::app::effect::{Job, NewProject, Query};
use crate::app::event::{Event, Reply};
use crate::app::slots::{Slot, Tag};
use crate::app::tasks::{TaskId, TaskNews, TaskState};
use crate::domain::class::LabelSet;
use crate::domain::ids::ProjectId;
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::queue::Queue;
use crate::domain::text::printable;
use crate::lake::Lake;
use crate::ops::report::quality::{QualityReport, groups};
use crate::ops::report::{ScanReport, TaskProgress};
use crate::ops::{OpsError, Watch, quality, queue, scan};
use crate::store::{Store, records};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Between two reports of progress at least.
const PAUSE: Duration = Duration::from_millis(100);
/// Left-out files that are named in the task's notes.
const NOTED: usize = 50;

/// Starts and cancels tasks.
pub struct Jobs {
    work: Arc<Work>,
    running: HashMap<TaskId, Arc<AtomicBool>>,
    /// What ends the waiting of exports for a server.
    waiting: HashMap<TaskId, CancellationToken>,
    /// What looks into files or states, by what it is for.
    looking: HashMap<Slot, Arc<AtomicBool>>,
}

/// Where tasks put what does not fit into memory, and where rejected rows go.
pub struct Folders {
    /// What does not fit into memory.
    pub scratch: PathBuf,
    /// Rejected rows.
    pub rejects: PathBuf,
    /// What exports have begun behind servers.
    pub exports: PathBuf,
}

struct Work {
    store: StorePlace,
    lake: Lake,
    user: String,
    scratch: PathBuf,
    rejects: PathBuf,
    exports: PathBuf,
    sql: Sql,
    sender: Sender,
}

/// What came of a task: a sentence, and the project to show.
type Outcome = Result<(String, Option<ProjectId>), OpsError>;

impl Jobs {
    /// Tasks on a store and a lake.
    #[must_use]
    pub fn new(store: StorePlace, lake: Lake, user: String, folders: Folders, sql: Sql, sender: Sender) -> Self {
        let Folders { scratch, rejects, exports } = folders;
        let work = Arc::new(Work { store, lake, user, scratch, rejects, exports, sql, sender });
        Self { work, running: HashMap::new(), waiting: HashMap::new(), looking: HashMap::new() }
    }

    /// Takes a question, if it is one about a file that is to be imported, or one that compares states of a project; a newer
    /// one ends the older.
    pub fn ask(&mut self, tag: Tag, query: Query) -> Option<(Tag, Query)> {
        if !matches!(query, Query::ImportPreview(_) | Query::Compare { .. }) {
            return Some((tag, query));
        }
        self.forget(tag.slot);
        let (work, stop) = (Arc::clone(&self.work), Arc::new(AtomicBool::new(false)));
        self.looking.insert(tag.slot, Arc::clone(&stop));
        let sender = self.work.sender.clone();
        let run = move || match query {
            Query::ImportPreview(order) => work.look(tag, *order, &stop),
            Query::Compare { project, from, to } => work.compare(tag, project, (&from, &to), &stop),
            _ => {}
        };
        if let Err(error) = std::thread::Builder::new().name("looking".to_owned()).spawn(run) {
            sender.event(Event::Reply(tag, Reply::Failed(format!("no thread for reading: {error}"))));
        }
        None
    }

    /// Ends what looks into files or states for a slot.
    pub fn forget(&mut self, slot: Slot) {
        if let Some(older) = self.looking.remove(&slot) {
            older.store(true, Ordering::Relaxed);
        }
    }

    /// Starts a task on a thread of its own.
    pub fn start(&mut self, id: TaskId, mut job: Job) {
        if let Job::Export(order) = &mut job {
            let token = CancellationToken::new();
            order.wanted.stop = token.clone();
            self.waiting.insert(id, token);
        }
        let (work, stop) = (Arc::clone(&self.work), Arc::new(AtomicBool::new(false)));
        self.running.insert(id, Arc::clone(&stop));
        let sender = self.work.sender.clone();
        let spawned = std::thread::Builder::new().name(format!("task-{id}")).spawn(move || work.run(id, job, &stop));
        if let Err(error) = spawned {
            let text = format!("no thread for it: {error}; close something and try again");
            sender.event(Event::Task(id, TaskNews::Ended(TaskState::Failed(text))));
        }
    }

    /// Asks a task to end early.
    pub fn cancel(&self, id: TaskId) {
        if let Some(stop) = self.running.get(&id) {
            stop.store(true, Ordering::Relaxed);
        }
        if let Some(token) = self.waiting.get(&id) {
            token.cancel();
        }
    }

    /// Asks all tasks to end early.
    pub fn cancel_all(&self) {
        self.running.values().chain(self.looking.values()).for_each(|stop| stop.store(true, Ordering::Relaxed));
        self.waiting.values().for_each(CancellationToken::cancel);
    }
}

impl Work {
    fn run(&self, id: TaskId, job: Job, stop: &Arc<AtomicBool>) {
        let mut last: Option<Instant> = None;
        let mut progress = |now: &TaskProgress| {
            if last.is_none_or(|at| at.elapsed() >= PAUSE) {
                last = Some(Instant::now());
                self.tell(id, TaskNews::Progress { done: now.done, total: now.total });
            }
        };
        let cancelled = || stop.load(Ordering::Relaxed);
        let mut watch = Watch { progress: &mut progress, cancelled: &cancelled };
        let outcome = self.work(id, job, stop, &mut watch);
        let (state, project) = match outcome {
            Ok((text, project)) => (TaskState::Done(text), project),
            Err(OpsError::Cancelled) => (TaskState::Cancelled, None),
            Err(error) => (TaskState::Failed(error.to_string()), None),
        };
        self.tell(id, TaskNews::Ended(state));
        if let Some(project) = project {
            self.sender.event(Event::ProjectReady(project));
        }
    }

    fn tell(&self, id: TaskId, news: TaskNews) {
        self.sender.event(Event::Task(id, news));
    }

    fn work(&self, id: TaskId, job: Job, stop: &Arc<AtomicBool>, watch: &mut Watch<'_>) -> Outcome {
        let mut store = self.store.open()?;
        match job {
            Job::Create(new) => {
                let new = self.new_project(new);
                let report = scan::create(store.as_mut(), &self.lake, &new, watch)?;
                self.note(id, &report);
                let project = store.project_by_name(&new.name)?;
                project.iter().for_each(|p| self.scanned(store.as_ref(), p, &report));
                Ok((told(&report), project.map(|p| p.id)))
            }
            Job::Rescan(project) => {
                let project = store.project(project)?;
                let report = scan::rescan(store.as_mut(), &self.lake, &project, &self.user, watch)?;
                self.note(id, &report);
                self.scanned(store.as_ref(), &project, &report);
                Ok((told(&report), None))
            }
            Job::Measure(project) => {
                let project = store.project(project)?;
                let report = quality::run(store.as_mut(), &self.lake, &project, quality::Wanted::default(), watch)?;
                if report.unreached > 0 {
                    let text = format!("{} files could not be reached; run it again for them", report.unreached);
                    self.tell(id, TaskNews::Note(text));
                }
                Ok((found(&report), None))
            }
            Job::Clone { project, name, annotations } => {
                let new = records::NewVersion { name, annotations, author: self.user.clone() };
                let made = store.clone_project(project, &new)?;
                let left = match crate::ops::gold::left_behind(store.as_mut(), project, annotations)? {
                    0 => String::new(),
                    1 => "; 1 gold picture stays behind with its answer".to_owned(),
                    n => format!("; {n} gold pictures stay behind with their answers"),
                };
                Ok((format!("made {}{left}", printable(&made.name)), None))
            }
            Job::Import(order) => Ok((self.import(id, *order, store.as_mut(), stop, watch)?, None)),
            Job::Export(order) => Ok((self.export(id, *order, store.as_mut(), watch)?, None)),
            Job::Queue(mut new) => {
                let rows = self.sql.rows_of(&mut new, watch)?;
                let (name, author, statement) = (new.name, self.user.clone(), new.statement);
                let wanted = queue::Wanted { name: name.clone(), author, statement, rows };
                let report = queue::create(store.as_mut(), wanted, watch)?;
                self.note(id, &report);
                let project = store.project_by_name(&name)?.map(|p| p.id);
                if let Some(id) = project.filter(|_| report.labeled > 0) {
                    // What came with a label is to be looked at as well.
                    begin_with(store.as_mut(), id, &self.user, &Queue::default())?;
                }
                Ok((told(&report), project))
            }
            Job::ListDifferences { project, from, to, list } => {
                Ok((self.list_differences(store.as_mut(), project, (&from, &to), list, watch)?, None))
            }
            Job::Restore { project, to, seen, kinds } => {
                Ok((self.restore(store.as_mut(), project, (&to, seen), kinds, watch)?, None))
            }
            Job::SecondPass { project, percent, seed } => {
                let text = store_review::draw(store.as_mut(), project, percent, seed, &self.user)?;
                Ok((text, None))
            }
        }
    }

    fn new_project(&self, new: NewProject) -> records::NewProject {
        records::NewProject {
            name: new.name,
            task: new.task,
            source: new.source.to_string(),
            scan: new.scan,
            labels: LabelSet::from_names(&new.classes, 1),
            author: self.user.clone(),
        }
    }

    /// Says that there is something new to be measured, where there is.
    fn scanned(&self, store: &dyn Store, project: &Project, report: &ScanReport) {
        if report.added + report.changed > 0 && store.capabilities().measures {
            let here = LakePath::parse(&project.source, "/").is_ok_and(|source| source.as_local().is_some());
            let (project, name, bytes) = (project.id, project.name.clone(), report.bytes);
            self.sender.event(Event::Scanned { project, name, here, bytes });
        }
    }

    /// Keeps the names of left-out files with the task.
    fn note(&self, id: TaskId, report: &ScanReport) {
        for skipped in report.skipped.iter().take(NOTED) {
            let text = format!("left out {}: {}", printable(&skipped.path), printable(&skipped.reason));
            self.tell(id, TaskNews::Note(text));
        }
    }
}

/// What measuring found, in one line: faults only where there are any.
fn found(report: &QualityReport) -> String {
    let near = report.near;
    let mut text = match near.groups {
        0 => "no two pictures look alike".to_owned(),
        n => format!("{} pictures look alike, in {}", near.pictures, groups(n)),
    };
    for (fault, n) in report.faults.iter().filter(|(_, n)| **n > 0) {
        text += &format!(", {n} {}", fault.name());
    }
    text
}

/// `199 pictures, 199 labeled, 2 left out`.
fn told(report: &ScanReport) -> String {
    let mut parts = vec![format!("{} pictures", report.samples), format!("{} labeled", report.labeled)];
    let more = [(report.changed, "changed"), (report.missing, "missing"), (report.skipped_count, "left out")];
    parts.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    parts.join(", ")
}
