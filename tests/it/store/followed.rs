//! A table while others write it: what changed between two of its versions as a queue, and new versions as they come.

use super::fixture::{all, queue};
use super::table::{Person, Server, held, source, text};
use crate::lake::delta::write::Written;
use crate::remote::warehouse::patient_warehouse;
use crate::support::spark::{connect, run};
use crate::support::workspace::FakeWorkspace;
use lakelens::domain::edit::{Change, Edit};
use lakelens::domain::ids::ProjectId;
use lakelens::domain::queue::Order;
use lakelens::domain::sample::Answer;
use lakelens::domain::version::At;
use lakelens::ops::table_files::TableFilesReader;
use lakelens::remote::net::Net;
use lakelens::remote::sql::{Attached, Dialect, Engine, Rows, SqlError, Statement};
use lakelens::store::records::Mode;
use lakelens::store::table::{AUTHOR, Caught, Reviewed, TableReader, TableSource, TableStore};
use lakelens::store::{Store, StoreError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes; only a test that hangs waits for it.
const LONG: Duration = Duration::from_secs(120);

/// Version 0: 1 to 4; version 1: 2 and 4 have other classes; version 2: 1 too, 4 is gone and 5 is new.
fn story(folder: &Path) -> Written {
    let mut table = Written::new(folder);
    let a = table.file("a.parquet", &[("1", "roses"), ("2", "roses"), ("3", "tulips"), ("4", "daisy")]);
    table.begin(&[]);
    table.commit("WRITE", "ann", "", &[a.add()]);
    let b = table.file("b.parquet", &[("1", "roses"), ("2", "tulips"), ("3", "tulips"), ("4", "lily")]);
    table.commit("UPDATE", "bob", "", &[a.remove(), b.add()]);
    let c = table.file("c.parquet", &[("1", "daisy"), ("2", "tulips"), ("3", "tulips"), ("5", "lily")]);
    table.commit("MERGE", "cleo", "", &[b.remove(), c.add()]);
    table
}

/// The mirror of a table that is read from its files, with everything in it.
fn mirror(folder: &Path, data: &Path) -> (TableStore, ProjectId) {
    let reader: Arc<dyn TableReader> = Arc::new(TableFilesReader::new(crate::lake::delta::open(folder)));
    let table = format!("delta.`{}`", folder.display());
    let [id, class, path] = ["id", "class", "path"].map(str::to_owned);
    let source = TableSource { table, id, class, path, filter: String::new() };
    let mut store = TableStore::open_to_read(reader, &source, data, Mode::Create).unwrap();
    store.refresh("t", "ann", &CancellationToken::new(), &mut |_| {}).unwrap();
    let project = store.mirrored().unwrap().unwrap().id;
    (store, project)
}

fn review(store: &mut TableStore, from: &str, to: &str) -> Reviewed {
    let (from, to) = (At::parse(from).unwrap(), At::parse(to).unwrap());
    store.review(&from, &to, &CancellationToken::new(), &mut |_, _| {}).unwrap()
}

/// The queue of what changed: each picture with what is said of it.
fn noted(store: &mut TableStore, project: ProjectId) -> Vec<(String, String)> {
    let said = |s: lakelens::domain::sample::Sample| {
        assert!(s.notes.iter().all(|n| n.author == AUTHOR), "{:?}", s.notes);
        (s.path, s.notes.into_iter().map(|n| n.text).collect())
    };
    all(store, project, "comment", Order::Path).into_iter().map(said).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn what_changed_between_two_versions_is_a_queue_that_says_what_and_who() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _written = story(folder.path());
    let (mut store, project) = mirror(folder.path(), data.path());
    let found = review(&mut store, "0", "now");
    assert_eq!((found.changed, found.added, found.removed, found.pictures, found.gone), (2, 1, 1, 3, 0));
    let expected = [
        ("1.jpg", "roses -> daisy\nversion 2 by cleo, 2026-11-03"),
        ("2.jpg", "roses -> tulips\nversion 1 by bob, 2026-11-02"),
        ("5.jpg", "added\nversion 2 by cleo, 2026-11-03"),
    ];
    assert_eq!(noted(&mut store, project), pairs(&expected));
    let filter = queue("comment class:tulips", Order::Path).filter;
    assert_eq!(store.count(project, &filter).unwrap(), 1, "it is a filter like any other");
    // The next comparison takes the place of this one. What changed and is gone by now cannot be looked at.
    let found = review(&mut store, "0", "1");
    assert_eq!((found.changed, found.added, found.removed, found.pictures, found.gone), (2, 0, 0, 1, 1));
    assert_eq!(noted(&mut store, project), pairs(&expected[1..2]));
    // A time is a version as well.
    let found = review(&mut store, "2026-11-02T12:00:00Z", "now");
    assert_eq!((found.changed, found.added, found.removed, found.pictures), (1, 1, 1, 2));
    assert_eq!(noted(&mut store, project), pairs(&[expected[0], expected[2]]));
    let found = review(&mut store, "2", "now");
    assert_eq!((found.pictures, noted(&mut store, project).len()), (0, 0));
    let error = store.review(&At::Version(9), &At::Now, &CancellationToken::new(), &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("no version 9"), "{error}");
}

#[test]
fn of_many_versions_only_the_stretch_is_named() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut written = Written::new(folder.path());
    let mut before = written.file("0.parquet", &[("1", "roses")]);
    written.begin(&[]);
    written.commit("WRITE", "ann", "", &[before.add()]);
    for i in 1..=30 {
        let after = written.file(&format!("{i}.parquet"), &[("1", if i % 2 == 0 { "roses" } else { "tulips" })]);
        written.commit("UPDATE", "bob", "", &[before.remove(), after.add()]);
        before = after;
    }
    let (mut store, project) = mirror(folder.path(), data.path());
    review(&mut store, "0", "29");
    assert_eq!(noted(&mut store, project), pairs(&[("1.jpg", "roses -> tulips\nbetween 0 and 29")]));
    review(&mut store, "25", "now");
    assert_eq!(noted(&mut store, project), pairs(&[("1.jpg", "tulips -> roses\nversion 30 by bob, 2026-12-01")]));
}

#[test]
fn without_an_engine_nothing_is_written() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _written = story(folder.path());
    let (mut store, project) = mirror(folder.path(), data.path());
    assert!(store.read_only().unwrap().contains("no engine"));
    let sample = store.sample_by_path(project, "1.jpg").unwrap().unwrap();
    let change =
        Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer, after: Answer::default() };
    let edit = Edit::by_person(project, change, "ann", jiff::Timestamp::now());
    assert!(matches!(store.commit(&[edit]), Err(StoreError::ReadOnly { .. })));
    assert!(matches!(store.undo(project, "ann", jiff::Timestamp::now()), Err(StoreError::ReadOnly { .. })));
}

#[test]
fn what_others_write_is_noticed_and_told() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut written = story(folder.path());
    let (mut store, project) = mirror(folder.path(), data.path());
    assert!(store.capabilities().feed && !store.capabilities().presence);
    let stop = CancellationToken::new();
    assert_eq!(store.catch_up(&stop).unwrap(), Caught { told: true, ..Caught::default() });
    store.follow_every(Duration::from_millis(1));
    let last = store.wait_for_change(project, None, Duration::ZERO).unwrap();
    assert!(last.is_some(), "the classes that the rows came with");
    assert_eq!(store.wait_for_change(project, last, Duration::from_millis(5)).unwrap(), None);
    // Another class, a new row with one, and a new row without.
    let rows = [("1", "roses"), ("2", "tulips"), ("3", "tulips"), ("5", "lily"), ("6", "roses"), ("7", "")];
    let d = written.file("d.parquet", &rows);
    let c = written.file("c.parquet", &[("1", "daisy"), ("2", "tulips"), ("3", "tulips"), ("5", "lily")]);
    written.commit("MERGE", "cleo", "", &[c.remove(), d.add()]);
    let next = store.wait_for_change(project, last, LONG).unwrap();
    assert!(next > last, "{next:?}");
    let came = store.changes_since(project, last, 100).unwrap();
    let told: Vec<_> = came.iter().filter_map(|e| Some((e.path.as_deref()?, e.edit.author.as_str()))).collect();
    assert_eq!(told, [("6.jpg", AUTHOR), ("1.jpg", AUTHOR)]);
    let labels = store.project(project).unwrap().labels;
    let shown = |store: &mut TableStore, path: &str| {
        store.sample_by_path(project, path).unwrap().map(|s| (s.answer.summary(&labels), s.missing))
    };
    assert_eq!(shown(&mut store, "1.jpg"), Some(("roses".to_owned(), false)));
    assert_eq!(shown(&mut store, "7.jpg"), Some(("unlabeled".to_owned(), false)));
    // A row that goes is no event, and is told all the same.
    let e = written.file("e.parquet", &rows[1..]);
    written.commit("DELETE", "cleo", "", &[d.remove(), e.add()]);
    assert_eq!(store.wait_for_change(project, next, LONG).unwrap(), next);
    assert_eq!(shown(&mut store, "1.jpg"), Some(("roses".to_owned(), true)));
    assert_eq!(store.wait_for_change(project, next, Duration::from_millis(5)).unwrap(), None);
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn spark_tells_what_changed_and_whose_batch_it_was() {
    let Some(server) = Server::spark() else { return };
    let (engine, table) = (server.engine(), server.table(20));
    let mut ann = Person::new(server.engine(), &table, "ann");
    let project = ann.store.mirrored().unwrap().unwrap().id;
    let first = review(&mut ann.store, "1", "now");
    assert_eq!(first.pictures, 0);
    ann.label("0.jpg", Some("tulip"));
    ann.label("2.jpg", Some("tulip"));
    ann.send();
    run(&*engine, &format!("UPDATE {table} SET class = 'lily' WHERE image_id = 'id3'"));
    run(&*engine, &format!("DELETE FROM {table} WHERE image_id = 'id19'"));
    ann.refresh();
    let found = review(&mut ann.store, "1", "now");
    assert_eq!((found.changed, found.added, found.removed, found.pictures, found.gone), (3, 0, 1, 3, 0));
    let said = noted(&mut ann.store, project);
    let starts = [
        ("0.jpg", "rose -> tulip\nversion 2 by ann"),
        ("2.jpg", "rose -> tulip\nversion 2 by ann"),
        ("3.jpg", "tulip -> lily\nversion 3"),
    ];
    assert_eq!(said.len(), starts.len(), "{said:?}");
    for ((path, text), (wanted, start)) in said.iter().zip(starts) {
        assert!(path == wanted && text.starts_with(start), "{said:?}");
    }
}

/// Somebody else's change is taken over, also where one's own label stands against it.
fn others_are_followed(server: &Server) {
    let (engine, table, stop) = (server.engine(), server.table(20), CancellationToken::new());
    let mut ann = Person::new(server.engine(), &table, "ann");
    run(&*engine, &format!("UPDATE {table} SET class = 'lily' WHERE image_id IN ('id3', 'id5')"));
    ann.label("5.jpg", Some("rose"));
    let caught = ann.store.catch_up(&stop).unwrap();
    assert_eq!((caught.changed, caught.added, caught.missing), (1, 0, 0), "5 is left to the sender");
    assert_eq!((ann.shown("3.jpg"), ann.shown("5.jpg")), ("lily".to_owned(), "rose".to_owned()));
    ann.send();
    assert_eq!(ann.store.table_conflicts().unwrap().len(), 1);
    assert_eq!(held(&*engine, &table)["/photos/5.jpg"], text("lily"));
    assert!(!ann.store.catch_up(&stop).unwrap().is_something());
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn sail_is_followed() {
    if let Some(server) = Server::sail() {
        others_are_followed(&server);
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn spark_is_followed() {
    if let Some(server) = Server::spark() {
        others_are_followed(&server);
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn batches_of_ones_own_are_not_read_again() {
    let Some(server) = Server::spark() else { return };
    own_batches(&server, server.engine());
    // A warehouse does not write the message of a batch into the history.
    let fake = FakeWorkspace::start();
    let net = Net::default();
    own_batches(&server, Arc::new(patient_warehouse(&fake, connect(&net, server.address()), &net)));
}

fn own_batches(server: &Server, engine: Arc<dyn Engine>) {
    let (table, stop) = (server.table(10), CancellationToken::new());
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(Counted { inner: engine, readings: Default::default() });
    let mut store = TableStore::open(engine.clone(), &source(&table), folder.path(), Mode::Create).unwrap();
    store.refresh("t", "ann", &stop, &mut |_| {}).unwrap();
    let mut ann = Person::over(store, "ann");
    ann.label("0.jpg", Some("tulip"));
    ann.send();
    let readings = engine.readings();
    let caught = ann.store.catch_up(&stop).unwrap();
    assert!(caught.told && !caught.is_something(), "{caught:?}");
    assert_eq!(engine.readings(), readings, "the rows were not read");
    run(&*server.engine(), &format!("UPDATE {table} SET class = 'lily' WHERE image_id = 'id1'"));
    assert_eq!(ann.store.catch_up(&stop).unwrap().changed, 1);
    assert!(engine.readings() > readings);
}

/// An engine that counts how often all rows of a version are read.
struct Counted {
    inner: Arc<dyn Engine>,
    readings: std::sync::atomic::AtomicUsize,
}

impl Counted {
    fn readings(&self) -> usize {
        self.readings.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Engine for Counted {
    fn place(&self) -> &str {
        self.inner.place()
    }

    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn source(&self, rows: &Attached) -> String {
        self.inner.source(rows)
    }

    fn run(&self, statement: &Statement, stop: &CancellationToken) -> Result<Rows, SqlError> {
        if statement.text.contains("VERSION AS OF") {
            self.readings.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        self.inner.run(statement, stop)
    }
}
