//! A Delta table as a store, on real engines: labels arrive once, nobody is overwritten, whatever the network does.

mod cuts;

use crate::support::spark::{address, connect, rows, run};
use lakelens::domain::annotation::Annotation;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::sample::{Answer, Status};
use lakelens::remote::net::Net;
use lakelens::remote::spark::Spark;
use lakelens::remote::sql::{Engine, Statement};
use lakelens::store::Store;
use lakelens::store::records::Mode;
use lakelens::store::table::versions::{At, What, diff, restore};
use lakelens::store::table::{Choice, Refreshed, TableSource, TableStore, history};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A server and a folder in which it keeps tables.
pub(super) struct Server {
    address: String,
    tables: String,
    pub(super) net: Net,
}

impl Server {
    fn of(server: &str, tables: &str) -> Option<Self> {
        let (address, tables) = (address(server)?, address(tables)?);
        Some(Self { address, tables, net: Net::default() })
    }

    pub(super) fn sail() -> Option<Self> {
        Self::of("LAKELENS_SAIL", "LAKELENS_SAIL_TABLES")
    }

    pub(super) fn spark() -> Option<Self> {
        Self::of("LAKELENS_SPARK", "LAKELENS_SPARK_DELTA")
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn engine(&self) -> Arc<Spark> {
        Arc::new(connect(&self.net, &self.address))
    }

    /// Makes a table, and gives the name by which every session knows it: Sail's catalog is the session's own.
    fn filled(&self, columns: &str, select: &str) -> String {
        let id = uuid::Uuid::now_v7().simple().to_string();
        let (engine, path) = (self.engine(), format!("{}/{id}", self.tables));
        run(&*engine, &format!("CREATE TABLE t_{id} ({columns}) USING DELTA LOCATION '{path}'"));
        run(&*engine, &format!("INSERT INTO t_{id} {select}"));
        format!("delta.`{path}`")
    }

    /// A table that is made with its first rows, because Sail has none without: the statement that makes it, what comes
    /// before its rows in the one that fills it, and its name.
    pub(super) fn later(&self) -> (String, String, String) {
        let id = uuid::Uuid::now_v7().simple().to_string();
        let (path, columns) = (format!("{}/{id}", self.tables), "image_id STRING, class STRING, origin STRING");
        let make = format!("CREATE TABLE t_{id} ({columns}) USING DELTA LOCATION '{path}'");
        (make, format!("INSERT INTO t_{id} VALUES"), format!("delta.`{path}`"))
    }

    /// Makes a table with so many rows of two classes, and gives its name.
    pub(super) fn table(&self, count: usize) -> String {
        let select = format!(
            "SELECT concat('id', id), CASE WHEN id % 2 = 0 THEN 'rose' ELSE 'tulip' END, \
             concat('/photos/', id, '.jpg') FROM range({count})"
        );
        self.filled("image_id STRING, class STRING, origin STRING", &select)
    }
}

pub(super) fn source(table: &str) -> TableSource {
    let [id, class, path] = ["image_id", "class", "origin"].map(str::to_owned);
    TableSource { table: table.to_owned(), id, class, path, filter: String::new() }
}

pub(super) struct Person {
    pub(super) store: TableStore,
    name: &'static str,
    _folder: Option<TempDir>,
}

impl Person {
    pub(super) fn new(engine: Arc<dyn Engine>, table: &str, name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut person = Self::at(engine, table, name, folder.path());
        person._folder = Some(folder);
        person.refresh();
        person
    }

    fn at(engine: Arc<dyn Engine>, table: &str, name: &'static str, folder: &Path) -> Self {
        Self::over(TableStore::open(engine, &source(table), folder, Mode::Create).unwrap(), name)
    }

    pub(super) fn over(store: TableStore, name: &'static str) -> Self {
        Self { store, name, _folder: None }
    }

    pub(super) fn refresh(&mut self) -> Refreshed {
        self.store.refresh("t", self.name, &CancellationToken::new(), &mut |_| {}).unwrap()
    }

    /// The edit that gives a row a class.
    fn edit(&mut self, path: &str, class: Option<&str>) -> Edit {
        let project = self.store.mirrored().unwrap().unwrap();
        let sample = self.store.sample_by_path(project.id, path).unwrap().unwrap();
        let at = jiff::Timestamp::now();
        let after = match class {
            Some(class) => {
                let class = project.labels.find(class).unwrap().id;
                let annotations = vec![Annotation::label(class, self.name, at)];
                Answer { status: Status::Labeled, annotations, ..Answer::default() }
            }
            None => Answer::default(),
        };
        let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer, after };
        Edit::by_person(project.id, change, self.name, at)
    }

    pub(super) fn label(&mut self, path: &str, class: Option<&str>) {
        let edit = self.edit(path, class);
        assert!(matches!(self.store.commit(&[edit]).unwrap()[0], Outcome::Saved { .. }));
    }

    pub(super) fn send(&mut self) {
        self.store.send_now(&CancellationToken::new()).unwrap();
    }

    pub(super) fn shown(&mut self, path: &str) -> String {
        let project = self.store.mirrored().unwrap().unwrap();
        self.store.sample_by_path(project.id, path).unwrap().unwrap().answer.summary(&project.labels)
    }
}

/// What the table holds: class by path.
pub(super) fn held(engine: &dyn Engine, table: &str) -> BTreeMap<String, Option<String>> {
    let all = rows(engine, &Statement::new(format!("SELECT origin, class FROM {table}")));
    all.into_iter().map(|mut r| (r[0].take().unwrap(), r[1].take())).collect()
}

pub(super) fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn relabelling_end_to_end(server: &Server) {
    let (engine, table) = (server.engine(), server.table(100));
    let mut ann = Person::new(server.engine(), &table, "ann");
    let project = ann.store.mirrored().unwrap().unwrap();
    assert_eq!(project.source, "/photos");
    assert_eq!(project.labels.live().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["rose", "tulip"]);
    assert_eq!(ann.store.counts(project.id).unwrap().of(Status::Labeled), 100);
    for i in 0..10 {
        ann.label(&format!("{i}.jpg"), Some("tulip"));
    }
    ann.label("11.jpg", None);
    // A label that is taken back before it was sent is none.
    ann.label("12.jpg", Some("tulip"));
    ann.label("12.jpg", Some("rose"));
    let sent = ann.store.send_now(&CancellationToken::new()).unwrap();
    assert_eq!(
        (sent.rows, sent.commits, sent.conflicts),
        (6, 1, 0),
        "5 roses became tulips, and one class was taken away"
    );
    let now = held(&*engine, &table);
    assert!((0..10).all(|i| now[&format!("/photos/{i}.jpg")] == text("tulip")));
    assert_eq!((now["/photos/11.jpg"].clone(), now["/photos/12.jpg"].clone()), (None, text("rose")));
    // Undo is a label as well.
    ann.store.undo(project.id, "ann", jiff::Timestamp::now()).unwrap();
    ann.store.undo(project.id, "ann", jiff::Timestamp::now()).unwrap();
    ann.store.undo(project.id, "ann", jiff::Timestamp::now()).unwrap();
    ann.store.settle().unwrap();
    assert_eq!(held(&*engine, &table)["/photos/11.jpg"], text("tulip"));
    assert_eq!(ann.store.unsent().unwrap().unsent, 0);

    // Somebody else changes three rows; ann has changed one of them herself meanwhile, and another to the same.
    run(&*engine, &format!("UPDATE {table} SET class = 'lily' WHERE image_id IN ('id20', 'id21')"));
    run(&*engine, &format!("UPDATE {table} SET class = 'tulip' WHERE image_id = 'id22'"));
    ann.label("20.jpg", Some("tulip"));
    ann.label("22.jpg", Some("tulip"));
    ann.send();
    assert_eq!(held(&*engine, &table)["/photos/20.jpg"], text("lily"), "nobody is overwritten");
    let conflicts = ann.store.table_conflicts().unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!((conflicts[0].mine.clone(), conflicts[0].theirs.clone()), (text("tulip"), text("lily")));
    let report = ann.refresh();
    assert_eq!((report.changed, report.added, report.missing), (1, 0, 0));
    assert_eq!((ann.shown("21.jpg"), ann.shown("20.jpg")), ("lily".to_owned(), "tulip".to_owned()));
    ann.store.settle_conflict(&conflicts[0].edit, Choice::Mine).unwrap();
    ann.store.settle().unwrap();
    assert_eq!(held(&*engine, &table)["/photos/20.jpg"], text("tulip"));
    run(&*engine, &format!("UPDATE {table} SET class = 'iris' WHERE image_id = 'id30'"));
    ann.label("30.jpg", Some("tulip"));
    ann.send();
    let conflict = ann.store.table_conflicts().unwrap().pop().unwrap();
    ann.store.settle_conflict(&conflict.edit, Choice::Theirs).unwrap();
    assert_eq!(ann.shown("30.jpg"), "iris");
    assert_eq!(held(&*engine, &table)["/photos/30.jpg"], text("iris"));
    // Rows that come and go.
    run(&*engine, &format!("DELETE FROM {table} WHERE image_id = 'id40'"));
    // By name, because Sail inserts by path no more than it finds the names of other sessions.
    let path = table.trim_start_matches("delta.").trim_matches('`');
    let id = path.rsplit('/').next().unwrap();
    let columns = "image_id STRING, class STRING, origin STRING";
    run(&*engine, &format!("CREATE TABLE IF NOT EXISTS t_{id} ({columns}) USING DELTA LOCATION '{path}'"));
    run(
        &*engine,
        &format!("INSERT INTO t_{id} VALUES ('new', 'rose', '/photos/new.jpg'), (NULL, 'x', '/photos/y.jpg')"),
    );
    let report = ann.refresh();
    assert_eq!((report.added, report.missing, report.unusable), (1, 1, 1));
    ann.label("40.jpg", Some("tulip"));
    ann.send();
    assert!(ann.store.table_conflicts().unwrap()[0].gone);
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn sail_relabelling_end_to_end() {
    if let Some(server) = Server::sail() {
        relabelling_end_to_end(&server);
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn spark_relabelling_end_to_end() {
    let Some(server) = Server::spark() else { return };
    relabelling_end_to_end(&server);
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn a_batch_is_one_commit_with_a_message_and_versions_can_be_compared_and_brought_back() {
    let Some(server) = Server::spark() else { return };
    let (engine, table, stop) = (server.engine(), server.table(50), CancellationToken::new());
    let mut ann = Person::new(server.engine(), &table, "ann");
    for i in 0..20 {
        ann.label(&format!("{i}.jpg"), Some("tulip"));
    }
    ann.send();
    let name = source(&table).name().unwrap();
    let commits = history::commits(&*engine, &name, None, &stop).unwrap();
    let newest = &commits[0];
    assert_eq!((newest.version, newest.operation.as_deref()), (2, Some("MERGE")));
    let message = newest.message.clone().unwrap();
    assert!(message.starts_with("lakelens batch ") && message.ends_with(": 10 labels by ann"), "{message}");
    run(&*engine, &format!("DELETE FROM {table} WHERE image_id = 'id49'"));
    let found = diff(&*engine, &source(&table), &At::Version(1), &At::Now, &stop).unwrap();
    let of = |what| found.iter().filter(|d| d.what == what).count();
    assert_eq!((of(What::Changed), of(What::Added), of(What::Removed)), (10, 0, 1));
    let back = diff(&*engine, &source(&table), &At::Now, &At::Version(1), &stop).unwrap();
    assert_eq!(back.iter().filter(|d| d.what == What::Added).count(), 1);
    // One of the chosen rows is changed by somebody before it is brought back.
    let chosen: Vec<_> = found.iter().filter(|d| ["id0", "id2", "id4"].contains(&d.id.as_str())).cloned().collect();
    run(&*engine, &format!("UPDATE {table} SET class = 'lily' WHERE image_id = 'id4'"));
    assert_eq!(restore(&*engine, &source(&table), &chosen, "bring back", &stop).unwrap(), 2);
    let now = held(&*engine, &table);
    let classes = ["/photos/0.jpg", "/photos/2.jpg", "/photos/4.jpg", "/photos/6.jpg"].map(|p| now[p].clone());
    assert_eq!(classes, [text("rose"), text("rose"), text("lily"), text("tulip")]);
    let message = history::commits(&*engine, &name, Some(1), &stop).unwrap()[0].message.clone();
    assert_eq!(message, text("bring back"));
    assert!(ann.refresh().changed >= 3);
    assert!(ann.refresh().unchanged, "a version that was read is not read again");
}

/// People who label rows of their own in one table at the same time.
fn writers_at_once(server: &Server, people: usize, rounds: usize) {
    let table = server.table(people * rounds);
    let names = ["ann", "ben", "cleo", "dan"];
    std::thread::scope(|scope| {
        for (person, name) in names.into_iter().enumerate().take(people) {
            let table = &table;
            scope.spawn(move || {
                let mut who = Person::new(server.engine(), table, name);
                for round in 0..rounds {
                    let row = round * people + person;
                    who.label(&format!("{row}.jpg"), Some(if row.is_multiple_of(2) { "tulip" } else { "rose" }));
                    while who.store.send_now(&CancellationToken::new()).is_err() {}
                }
                assert_eq!(who.store.unsent().unwrap(), Default::default());
            });
        }
    });
    let now = held(&*server.engine(), &table);
    let wrong: Vec<_> = (0..people * rounds)
        .filter(|row| now[&format!("/photos/{row}.jpg")] != text(if row.is_multiple_of(2) { "tulip" } else { "rose" }))
        .collect();
    assert!(wrong.is_empty(), "lost: {wrong:?}");
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn sail_takes_writers_at_once() {
    if let Some(server) = Server::sail() {
        writers_at_once(&server, 4, 5);
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn spark_takes_writers_at_once() {
    if let Some(server) = Server::spark() {
        writers_at_once(&server, 3, 3);
    }
}

/// What is wrong with a table is said with its name.
fn bad_tables(server: &Server) {
    let table = server.table(3);
    let folder = tempfile::tempdir().unwrap();
    let open = |source: &TableSource| TableStore::open(server.engine(), source, folder.path(), Mode::Create).unwrap();
    let refused = |source: &TableSource| {
        let mut store = open(source);
        store.refresh("t", "ann", &CancellationToken::new(), &mut |_| {}).unwrap_err().to_string()
    };
    let missing = TableSource { class: "klass".into(), ..source(&table) };
    let error = refused(&missing);
    assert!(error.contains("klass"), "{error}");
    let error = refused(&source(&format!("delta.`{}/nowhere`", server.tables)));
    assert!(error.contains("nowhere") && error.contains("check"), "{error}");
    let typed = server.filled("image_id BIGINT, class DOUBLE, origin STRING", "VALUES (1, 0.5D, '/x.jpg')");
    let error = refused(&source(&typed));
    assert!(error.contains("column `class`") && error.contains("Float64") && error.contains("--class"), "{error}");
    let filtered = TableSource { filter: "class = 'no such'".into(), ..source(&table) };
    let error = refused(&filtered);
    assert!(error.contains("filter"), "{error}");
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn sail_bad_tables_are_named() {
    if let Some(server) = Server::sail() {
        bad_tables(&server);
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn spark_bad_tables_are_named() {
    if let Some(server) = Server::spark() {
        bad_tables(&server);
    }
}
