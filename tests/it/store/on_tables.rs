//! Tables of engines as kinds of the suite: a case makes its project and its samples as anywhere else, and gets a table
//! with those rows and the mirror of it. Afterwards the table must hold what the mirror says.

use super::fixture::Kind;
use super::shelf::InMemory;
use super::table::{Server, held, source};
use crate::remote::warehouse::patient_warehouse;
use crate::support::spark::{connect, run};
use crate::support::workspace::FakeWorkspace;
use jiff::Timestamp;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::{EditId, ProjectId};
use lakelens::domain::project::{Project, ScanSettings};
use lakelens::domain::sample::{Sample, Status};
use lakelens::remote::sql::Engine;
use lakelens::store::outbox::{Conflict, OutboxState};
use lakelens::store::records::{
    Capabilities, Mode, NewProject, NewSample, NewVersion, ScanId, ScanReport, Shelf, UndoReport,
};
use lakelens::store::sqlite::SqliteStore;
use lakelens::store::table::{TableSource, TableStore};
use lakelens::store::{Interrupt, Result, Store};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Puts rows into the table: id and path of each, without a class.
type Fill = Arc<dyn Fn(&[(String, String)]) + Send + Sync>;
/// What the table holds: class by path.
type Look = Arc<dyn Fn() -> BTreeMap<String, Option<String>> + Send + Sync>;

/// A table on an engine, and the folder of its mirror.
pub(super) struct OnTable {
    folder: TempDir,
    engine: Arc<dyn Engine>,
    source: TableSource,
    fill: Fill,
    look: Look,
    /// Kept for as long as the engine needs it.
    _workspace: Option<FakeWorkspace>,
}

impl OnTable {
    fn new(engine: Arc<dyn Engine>, table: &str, fill: Fill, look: Look) -> Self {
        let (folder, source) = (tempfile::tempdir().unwrap(), source(table));
        Self { folder, engine, source, fill, look, _workspace: None }
    }

    /// Every table kind at hand: in memory always, on Sail where the environment names it, and there also through a
    /// warehouse. On Spark, where a case takes minutes, only when `LAKELENS_TEST_TABLES=all` asks for it.
    pub(super) fn at_hand() -> Vec<Self> {
        let mut all = vec![Self::in_memory()];
        let asked = std::env::var("LAKELENS_TEST_TABLES").is_ok_and(|v| v == "all");
        let spark = if asked { Server::spark() } else { None };
        if !asked && Server::spark().is_some() {
            println!("skipped: the suite of stores over tables of Spark; LAKELENS_TEST_TABLES=all runs it");
        }
        for server in [Server::sail(), spark].into_iter().flatten() {
            all.push(Self::over_spark(&server));
            all.push(Self::over_warehouse(&server));
        }
        all
    }

    fn in_memory() -> Self {
        let engine = InMemory::new("mem://suite", &[("d.t", 0)]);
        let (to, from) = (Arc::clone(&engine), Arc::clone(&engine));
        let fill: Fill = Arc::new(move |rows| {
            let rows = rows.iter().map(|(id, path)| (id.clone(), path.clone(), None));
            to.tables.lock().unwrap().get_mut("d.t").unwrap().extend(rows);
        });
        let look: Look = Arc::new(move || {
            from.tables.lock().unwrap()["d.t"].iter().map(|(_, path, class)| (path.clone(), class.clone())).collect()
        });
        Self::new(engine, "d.t", fill, look)
    }

    fn over_spark(server: &Server) -> Self {
        let engine = server.engine();
        let (make, insert, table) = server.later();
        let to = Arc::clone(&engine);
        let fill: Fill = Arc::new(move |rows| {
            let rows: Vec<String> = rows.iter().map(|(id, path)| format!("('{id}', NULL, '{path}')")).collect();
            run(&*to, &make);
            run(&*to, &format!("{insert} {}", rows.join(", ")));
        });
        let (from, name) = (Arc::clone(&engine), table.clone());
        Self::new(engine, &table, fill, Arc::new(move || held(&*from, &name)))
    }

    fn over_warehouse(server: &Server) -> Self {
        let direct = Self::over_spark(server);
        let workspace = FakeWorkspace::start();
        let client = patient_warehouse(&workspace, connect(&server.net, server.address()), &server.net);
        let engine: Arc<dyn Engine> = Arc::new(client);
        Self { engine, _workspace: Some(workspace), ..direct }
    }

    fn mirror(&self) -> PathBuf {
        self.folder.path().join(format!("{}.db", self.source.fingerprint(self.engine.place())))
    }

    fn store(&self) -> TableStore {
        TableStore::open(Arc::clone(&self.engine), &self.source, self.folder.path(), Mode::Create).unwrap()
    }
}

impl Kind for OnTable {
    fn connect(&self) -> Box<dyn Store> {
        let (mirror, fill) = (self.mirror(), Arc::clone(&self.fill));
        Box::new(Mirror { store: self.store(), mirror, fill, files: Vec::new() })
    }

    fn verify(&self) {
        let mut store = self.store();
        let Some(project) = store.mirrored().unwrap() else { return };
        store.send_now(&CancellationToken::new()).unwrap();
        let unsent = store.unsent().unwrap();
        assert_eq!((unsent.unsent, unsent.conflicts), (0, 0), "{unsent:?}");
        let history = store.history(project.id, None, None, 10_000).unwrap();
        if history.iter().any(|h| matches!(h.edit.change, Change::Classes { .. })) {
            println!("{}: what the table holds is not compared, classes were renamed or merged since", store.place());
            return;
        }
        let held = (self.look)();
        for sample in super::fixture::all(&mut store, project.id, "", lakelens::domain::queue::Order::Path) {
            let path = format!("{}/{}", project.source, sample.path);
            if let Some(wanted) = column(&project, &sample) {
                assert_eq!(held.get(&path), Some(&wanted), "{path} in {}", store.place());
            }
        }
    }
}

/// What the table must hold for a sample; nothing where it keeps what it held before.
fn column(project: &Project, sample: &Sample) -> Option<Option<String>> {
    match sample.answer.status {
        Status::Skipped => None,
        Status::Labeled => Some(sample.answer.classes(&project.labels).first().map(|c| project.labels.name(*c))),
        Status::Unlabeled | Status::PreLabeled => Some(None),
    }
}

/// The store of a table, which makes its rows from the samples of a case.
struct Mirror {
    store: TableStore,
    mirror: PathBuf,
    fill: Fill,
    files: Vec<NewSample>,
}

impl Store for Mirror {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn place(&self) -> &str {
        self.store.place()
    }

    fn read_only(&self) -> Option<String> {
        self.store.read_only()
    }

    fn interrupt(&self) -> Interrupt {
        self.store.interrupt()
    }

    /// The project of the mirror, with the classes of the case: a table without a class has none to tell of.
    fn create_project(&mut self, new: &NewProject) -> Result<Project> {
        let mut mirror = SqliteStore::open(&self.mirror, Mode::Write)?;
        mirror.create_project(&NewProject { source: "/data/flowers".to_owned(), ..new.clone() })
    }

    fn begin_scan(&mut self, _: ProjectId, _: &str) -> Result<ScanId> {
        self.files.clear();
        Ok(ScanId(1))
    }

    fn add_samples(&mut self, _: ScanId, files: &[NewSample]) -> Result<ScanReport> {
        self.files.extend_from_slice(files);
        Ok(ScanReport { added: files.len() as u64, ..ScanReport::default() })
    }

    fn finish_scan(&mut self, _: ScanId) -> Result<ScanReport> {
        let row = |(i, file): (usize, &NewSample)| (format!("id{i}"), format!("/data/flowers/{}", file.path));
        (self.fill)(&self.files.iter().enumerate().map(row).collect::<Vec<_>>());
        let report = self.store.refresh("t", "ann", &CancellationToken::new(), &mut |_| {})?;
        Ok(ScanReport { added: report.added, ..ScanReport::default() })
    }

    fn projects(&mut self, shelf: Shelf) -> Result<Vec<Project>> {
        self.store.projects(shelf)
    }

    fn project(&mut self, id: ProjectId) -> Result<Project> {
        self.store.project(id)
    }

    fn project_by_name(&mut self, name: &str) -> Result<Option<Project>> {
        self.store.project_by_name(name)
    }

    fn rename_project(&mut self, id: ProjectId, name: &str) -> Result<()> {
        self.store.rename_project(id, name)
    }

    fn set_scan(&mut self, id: ProjectId, scan: &ScanSettings) -> Result<()> {
        self.store.set_scan(id, scan)
    }

    fn trash_project(&mut self, id: ProjectId) -> Result<()> {
        self.store.trash_project(id)
    }

    fn restore_project(&mut self, id: ProjectId) -> Result<()> {
        self.store.restore_project(id)
    }

    fn clone_project(&mut self, id: ProjectId, new: &NewVersion) -> Result<Project> {
        self.store.clone_project(id, new)
    }

    fn delete_project(&mut self, id: ProjectId) -> Result<()> {
        self.store.delete_project(id)
    }

    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        self.store.commit(edits)
    }

    fn undo_edit(&mut self, project: ProjectId, edit: EditId, author: &str, at: Timestamp) -> Result<UndoReport> {
        self.store.undo_edit(project, edit, author, at)
    }

    fn outbox(&mut self) -> Result<OutboxState> {
        self.store.outbox()
    }

    fn conflicts(&mut self, project: ProjectId) -> Result<Vec<Conflict>> {
        self.store.conflicts(project)
    }

    fn send(&mut self, patience: Duration) -> Result<OutboxState> {
        self.store.send(patience)
    }

    lakelens::store::pass_on::pass_on!(store: samples queues steps past extras versions quality);
}
