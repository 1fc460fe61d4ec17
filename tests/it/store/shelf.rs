//! All tables of a connection as one store: a project is found, labelled and undone in its own table, and no other.

use super::fixture::all;
use super::table::{Person, source};
use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use lakelens::domain::annotation::Annotation;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::project::Project;
use lakelens::domain::queue::Order;
use lakelens::domain::sample::{Answer, Sample, Status};
use lakelens::remote::sql::{Attached, Dialect, Engine, Rows, Source, SqlError, Statement};
use lakelens::store::outbox::{News, Resolution};
use lakelens::store::records::{Comment, Mode, NewProject, Shelf};
use lakelens::store::table::{TableShelf, TableStore};
use lakelens::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

type Row = (String, String, Option<String>);

/// An engine that keeps its tables in memory and knows just the statements of a mirror; it can be away.
pub(super) struct InMemory {
    place: &'static str,
    pub(super) tables: Mutex<BTreeMap<String, Vec<Row>>>,
    pub(super) away: AtomicBool,
}

impl InMemory {
    pub(super) fn new(place: &'static str, tables: &[(&str, usize)]) -> Arc<Self> {
        let class = |i: usize| Some(if i.is_multiple_of(2) { "rose" } else { "tulip" }.to_owned());
        let rows =
            |count: usize| (0..count).map(|i| (format!("id{i}"), format!("/photos/{i}.jpg"), class(i))).collect();
        let tables = tables.iter().map(|(name, count)| ((*name).to_owned(), rows(*count))).collect();
        Arc::new(Self { place, tables: Mutex::new(tables), away: AtomicBool::new(false) })
    }

    pub(super) fn class(&self, table: &str, row: usize) -> Option<String> {
        self.tables.lock().unwrap()[table][row].2.clone()
    }
}

struct Once(Option<RecordBatch>);

impl Source for Once {
    fn next_batch(&mut self) -> lakelens::remote::sql::Result<Option<RecordBatch>> {
        Ok(self.0.take())
    }
}

impl Engine for InMemory {
    fn place(&self) -> &str {
        self.place
    }

    fn dialect(&self) -> Dialect {
        Dialect { parameters_in_changes: true, messages: false }
    }

    fn source(&self, rows: &Attached) -> String {
        format!("`{}`", rows.name)
    }

    fn run(&self, statement: &Statement, _: &CancellationToken) -> lakelens::remote::sql::Result<Rows> {
        let place = self.place.to_owned();
        if self.away.load(Ordering::Relaxed) {
            return Err(SqlError::unreachable(&place, "it is away"));
        }
        let mut tables = self.tables.lock().unwrap();
        let named =
            |(name, _): &(&String, &mut Vec<Row>)| statement.text.contains(&format!("`{}`", name.replace('.', "`.`")));
        let known = ["SELECT", "MERGE"].iter().any(|verb| statement.text.starts_with(verb));
        let found = tables.iter_mut().find(named).filter(|_| known && !statement.text.contains("VERSION AS OF"));
        let Some((_, rows)) = found else {
            let message = format!("not understood: {}", statement.text);
            let (class, state) = ("PARSE_SYNTAX_ERROR".to_owned(), String::new());
            return Err(SqlError::Refused { place, class, state, message });
        };
        let wanted = statement.attached.as_ref().map(|a| a.rows.clone());
        let is = |row: &Row, want: &[Option<String>]| {
            want[0].as_deref() == Some(row.0.as_str()) && want[1].as_deref() == Some(row.1.as_str())
        };
        if statement.text.starts_with("MERGE") {
            for want in wanted.unwrap_or_default() {
                rows.iter_mut().filter(|r| is(r, &want) && r.2 == want[2]).for_each(|r| r.2 = want[3].clone());
            }
            return Rows::open(Box::new(Once(None)));
        }
        let none = statement.text.ends_with("LIMIT 0");
        let shown: Vec<&Row> = rows
            .iter()
            .filter(|r| !none && wanted.as_ref().is_none_or(|all| all.iter().any(|want| is(r, want))))
            .collect();
        let schema = Schema::new(["id", "path", "class"].map(|n| Field::new(n, DataType::Utf8, true)).to_vec());
        let columns: [StringArray; 3] = [
            shown.iter().map(|r| Some(r.0.as_str())).collect(),
            shown.iter().map(|r| Some(r.1.as_str())).collect(),
            shown.iter().map(|r| r.2.as_deref()).collect(),
        ];
        let columns = columns.map(|c| Arc::new(c) as arrow_array::ArrayRef).to_vec();
        Rows::open(Box::new(Once(Some(RecordBatch::try_new(Arc::new(schema), columns).unwrap()))))
    }
}

/// Reads a table into its mirror, as `lakelens table` does.
fn mirror(engine: &Arc<InMemory>, table: &str, folder: &Path) {
    let mut store = TableStore::open(Arc::<InMemory>::clone(engine), &source(table), folder, Mode::Create).unwrap();
    store.refresh(table, "ann", &CancellationToken::new(), &mut |_| {}).unwrap();
}

fn shelf(engine: &Arc<InMemory>, folder: &Path) -> TableShelf {
    let engine: Arc<dyn Engine> = Arc::<InMemory>::clone(engine);
    TableShelf::open(&engine, folder, Mode::Write, false).unwrap()
}

fn labelled(project: &Project, sample: &Sample, class: &str) -> Edit {
    let at = jiff::Timestamp::now();
    let annotations = vec![Annotation::label(project.labels.find(class).unwrap().id, "ann", at)];
    let after = Answer { status: Status::Labeled, annotations, ..Answer::default() };
    let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer.clone(), after };
    Edit::by_person(project.id, change, "ann", at)
}

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn each_table_is_a_project_and_an_edit_goes_into_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let engine = InMemory::new("mem://a", &[("main.d.flowers", 4), ("main.d.leaves", 3)]);
    let other = InMemory::new("mem://b", &[("main.d.stones", 2)]);
    mirror(&engine, "main.d.leaves", folder.path());
    mirror(&engine, "main.d.flowers", folder.path());
    mirror(&other, "main.d.stones", folder.path());
    let mut store = shelf(&engine, folder.path());
    let projects = store.projects(Shelf::Live).unwrap();
    let names: Vec<&str> = projects.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["main.d.flowers", "main.d.leaves"], "and nothing of the other engine");
    assert!(store.projects(Shelf::Trash).unwrap().is_empty());
    let [flowers, leaves] = ["MAIN.d.flowers", "main.d.leaves"].map(|n| store.project_by_name(n).unwrap().unwrap());
    assert_eq!(store.project(leaves.id).unwrap(), leaves);
    assert_eq!((store.counts(flowers.id).unwrap().samples(), store.counts(leaves.id).unwrap().samples()), (4, 3));
    let of = |store: &mut TableShelf, p: &Project| all(store, p.id, "", Order::Path);
    let (one, two) = (of(&mut store, &flowers), of(&mut store, &leaves));
    let ids: std::collections::BTreeSet<i64> = one.iter().chain(&two).map(|s| s.id.0).collect();
    assert_eq!(ids.len(), 7, "no id twice");
    // Both in one call, each into its own.
    let edits = [labelled(&flowers, &one[0], "tulip"), labelled(&leaves, &two[1], "rose")];
    let outcomes = store.commit(&edits).unwrap();
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Saved { .. })), "{outcomes:?}");
    assert_eq!(store.send(PATIENCE).unwrap().unsent, 0);
    let held = |i: usize| (engine.class("main.d.flowers", i), engine.class("main.d.leaves", i));
    let text = |t: &str| Some(t.to_owned());
    assert_eq!((held(0), held(1)), ((text("tulip"), text("rose")), (text("tulip"), text("rose"))));
    assert_eq!(store.sample(two[1].id).unwrap().answer.summary(&leaves.labels), "rose");
    assert_eq!(store.answer_as_of(two[1].id, None).unwrap(), Answer::default());
    // Undone where it was made.
    let report = store.undo(leaves.id, "ann", jiff::Timestamp::now()).unwrap();
    assert_eq!(report.applied.len(), 1);
    assert_eq!(store.send(PATIENCE).unwrap().unsent, 0);
    assert_eq!((engine.class("main.d.leaves", 1), engine.class("main.d.flowers", 0)), (text("tulip"), text("tulip")));
    // Remarks have ids of their own as well.
    let remark = |sample: &Sample, text: &str| Comment {
        id: 0,
        sample: sample.id,
        annotation: None,
        author: "ann".into(),
        text: text.into(),
        at: jiff::Timestamp::now(),
        resolved: false,
    };
    let first = store.add_comment(&remark(&one[2], "blurred")).unwrap();
    let second = store.add_comment(&remark(&two[2], "dark")).unwrap();
    assert_ne!(first, second);
    store.resolve_comment(second, true).unwrap();
    let (mine, theirs) = (store.comments(one[2].id).unwrap(), store.comments(two[2].id).unwrap());
    assert_eq!((mine[0].id, mine[0].resolved, theirs[0].id, theirs[0].resolved), (first, false, second, true));
}

#[test]
fn what_an_engine_that_is_away_did_not_get_is_counted_and_sent_later() {
    let folder = tempfile::tempdir().unwrap();
    let engine = InMemory::new("mem://a", &[("d.a", 2), ("d.b", 2)]);
    mirror(&engine, "d.a", folder.path());
    mirror(&engine, "d.b", folder.path());
    engine.away.store(true, Ordering::Relaxed);
    let mut store = shelf(&engine, folder.path());
    let told = Arc::new(Mutex::new(0));
    let hears = Arc::clone(&told);
    store.watch(Arc::new(move |news| {
        if let News::Outbox(state) = news {
            *hears.lock().unwrap() = state.unsent;
        }
    }));
    for name in ["d.a", "d.b"] {
        let project = store.project_by_name(name).unwrap().unwrap();
        let sample = all(&mut store, project.id, "", Order::Path).remove(0);
        store.commit(&[labelled(&project, &sample, "tulip")]).unwrap();
        store.send(PATIENCE).unwrap();
    }
    let left = store.outbox().unwrap();
    assert_eq!((left.unsent, left.waiting.is_some_and(|w| w.contains("it is away"))), (2, true));
    crate::support::pty::eventually("both tables are counted", || *told.lock().unwrap() == 2);
    drop(store);
    // The next start finds them, and sends them once the engine is back.
    engine.away.store(false, Ordering::Relaxed);
    let mut store = shelf(&engine, folder.path());
    assert_eq!(store.send(PATIENCE).unwrap().unsent, 0);
    assert_eq!((engine.class("d.a", 0).as_deref(), engine.class("d.b", 0).as_deref()), (Some("tulip"), Some("tulip")));
}

#[test]
fn a_conflict_is_found_and_ended_in_its_own_table() {
    let folder = tempfile::tempdir().unwrap();
    let engine = InMemory::new("mem://a", &[("d.a", 2), ("d.b", 2)]);
    mirror(&engine, "d.a", folder.path());
    mirror(&engine, "d.b", folder.path());
    let mut store = shelf(&engine, folder.path());
    let [a, b] = ["d.a", "d.b"].map(|n| store.project_by_name(n).unwrap().unwrap());
    let sample = all(&mut store, b.id, "", Order::Path).remove(0);
    engine.tables.lock().unwrap().get_mut("d.b").unwrap()[0].2 = None;
    let edit = labelled(&b, &sample, "tulip");
    store.commit(std::slice::from_ref(&edit)).unwrap();
    assert_eq!(store.send(PATIENCE).unwrap().conflicts, 1);
    assert!(store.conflicts(a.id).unwrap().is_empty());
    assert_eq!(store.conflicts(b.id).unwrap()[0].edit.id, edit.id);
    let at = jiff::Timestamp::now();
    store.resolve(edit.id, Resolution::Mine, "ann", at).unwrap();
    assert_eq!((store.send(PATIENCE).unwrap().conflicts, engine.class("d.b", 0).as_deref()), (0, Some("tulip")));
    assert!(matches!(store.resolve(edit.id, Resolution::Mine, "ann", at), Err(StoreError::NotFound { .. })));
}

#[test]
fn mirrors_of_one_table_have_names_that_tell_them_apart() {
    let folder = tempfile::tempdir().unwrap();
    let engine = InMemory::new("mem://a", &[("d.a", 2)]);
    mirror(&engine, "d.a", folder.path());
    let second = lakelens::store::table::TableSource { class: "species".into(), ..source("d.a") };
    let third = lakelens::store::table::TableSource { filter: "x > 1".into(), ..source("d.a") };
    for source in [second, third] {
        let engine: Arc<dyn Engine> = Arc::<InMemory>::clone(&engine);
        Person::over(TableStore::open(engine, &source, folder.path(), Mode::Create).unwrap(), "ann").refresh();
    }
    let mut store = shelf(&engine, folder.path());
    // The helper names all of them `t`, or `d.a` as the command does.
    let names: Vec<String> = store.projects(Shelf::Live).unwrap().into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["d.a", "t (class)", "t (species)"]);
    for name in &names {
        assert_eq!(&store.project_by_name(name).unwrap().unwrap().name, name);
    }
}

#[test]
fn it_makes_no_projects_of_files_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let engine = InMemory::new("mem://a", &[("d.a", 2)]);
    let mut store = shelf(&engine, &folder.path().join("never made"));
    assert!(store.projects(Shelf::All).unwrap().is_empty() && store.is_empty());
    let new = NewProject {
        name: "x".into(),
        task: Default::default(),
        source: "/x".into(),
        scan: Default::default(),
        labels: Default::default(),
        author: "ann".into(),
    };
    let error = store.create_project(&new).unwrap_err().to_string();
    assert!(error.contains("mem://a") && error.contains("lakelens table CATALOG.SCHEMA.TABLE"), "{error}");
    assert!(matches!(store.counts(lakelens::domain::ids::ProjectId(9)), Err(StoreError::NotFound { .. })));
}
