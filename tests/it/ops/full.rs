//! An import for which the space does not suffice.

use super::project::Bench;
use lakelens::domain::class::LabelSet;
use lakelens::domain::ids::ProjectId;
use lakelens::domain::lake_path::LakePath;
use lakelens::domain::project::ClassFrom;
use lakelens::domain::sample::Status;
use lakelens::lake::Lake;
use lakelens::lake::remote::Stop;
use lakelens::ops::import::{Import, ImportOptions, Imported, import};
use lakelens::ops::options::import::OnMissing;
use lakelens::ops::{OpsError, Watch};
use lakelens::store::records::Mode;
use lakelens::store::{Store, sqlite::SqliteStore};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Pictures of the file: several transactions.
const PICTURES: u64 = 5000;

fn run(store: &mut dyn Store, dir: &Path) -> Result<Imported, OpsError> {
    let project = store.project_by_name("p")?.unwrap();
    let from = LakePath::parse("labels.csv", &dir.display().to_string()).unwrap();
    let how = ImportOptions { on_missing: OnMissing::Create, ..ImportOptions::default() };
    let wanted = Import::new(from, how, "ann".to_owned(), dir.join("scratch"), &dir.join("rejects"));
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    import(store, &Lake::default(), &project, &wanted, &Stop::never(), &mut watch)
}

fn bench() -> Bench {
    let bench = Bench::new(&[b"0.jpg"], ClassFrom::None, &["rose"]);
    let mut rows = "path,class\n".to_owned();
    (0..PICTURES).for_each(|i| writeln!(rows, "{i}.jpg,rose").unwrap());
    fs::write(bench.dir.path().join("labels.csv"), rows).unwrap();
    bench
}

fn pages(dir: &Path) -> u32 {
    let file = rusqlite::Connection::open(dir.join("store.db")).unwrap();
    file.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap()
}

fn labeled(store: &mut SqliteStore, project: ProjectId) -> u64 {
    store.counts(project).unwrap().status.get(&Status::Labeled).copied().unwrap_or(0)
}

#[test]
fn an_import_that_fills_the_disk_says_what_was_saved_and_completes_when_repeated() {
    let whole = bench();
    let before = pages(whole.dir.path());
    let mut store = SqliteStore::open(&whole.dir.path().join("store.db"), Mode::Create).unwrap();
    run(&mut store, whole.dir.path()).unwrap();
    let needed = pages(whole.dir.path()) - before;

    let mut bench = bench();
    let dir = bench.dir.path().to_owned();
    let mut store = SqliteStore::open(&dir.join("store.db"), Mode::Create).unwrap();
    store.limit_pages(before + needed * 3 / 5).unwrap();
    let error = run(&mut store, &dir).unwrap_err();
    let OpsError::Begun { saved, .. } = &error else { panic!("{error}") };
    assert!((1..PICTURES).contains(saved), "{error}");
    assert_eq!(labeled(&mut store, bench.id), *saved);
    let told = error.to_string();
    assert!(told.contains("no space is left") && told.contains("were done before that"), "{told}");

    store.limit_pages(0).unwrap();
    let done = run(&mut store, &dir).unwrap();
    assert_eq!(done.report.annotations, PICTURES - saved);
    assert_eq!(labeled(&mut store, bench.id), PICTURES);
    let labels = LabelSet::from_names(&["rose"], 1);
    assert_eq!(bench.project().labels, labels);
}
