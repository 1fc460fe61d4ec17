//! A database shared with the CV Explorer web app: its rows, its history, its locks, and its schema as it was.

use super::fixture::{Kind, Schema, all, at, batch, boxed, commit_one, edit, labeled, paths, queue};
use super::server::{Raw, needed};
use lakelens::domain::annotation::{Annotation, Prediction, Shape};
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::ProjectId;
use lakelens::domain::queue::Order;
use lakelens::domain::sample::{Answer, Status};
use lakelens::remote::net::Net;
use lakelens::store::outbox::{Connect, Outboxed};
use lakelens::store::postgres::Tables;
use lakelens::store::records::{Direction, From, Mode, SamplePredictions};
use lakelens::store::{Store, StoreError, open};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const HOLD: Duration = Duration::from_secs(300);

/// The tables as the models of the newest version make them.
pub(crate) const LATE: &str = "
CREATE TABLE labeling_projects (id serial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE, description text,
  task_type varchar(50) NOT NULL, class_list json NOT NULL, source_volume text NOT NULL, source_type varchar(20) NOT NULL,
  source_table text, image_path_column varchar(255), source_filter text, serving_endpoint varchar(255),
  endpoint_config json, created_by varchar(255), created_at timestamptz, version integer NOT NULL,
  parent_project_id integer);
CREATE TABLE project_samples (id serial PRIMARY KEY, project_id integer NOT NULL REFERENCES labeling_projects(id),
  filepath text NOT NULL, filename varchar(512) NOT NULL, locked_by varchar(255), locked_at timestamptz,
  status varchar(50) NOT NULL, embedding json, embedding_vec json, prediction_confidence double precision,
  width integer, height integer, umap_x double precision, umap_y double precision);
CREATE INDEX ix_project_samples_project_status ON project_samples(project_id, status);
CREATE TABLE annotations (id serial PRIMARY KEY, sample_id integer NOT NULL REFERENCES project_samples(id),
  project_id integer NOT NULL REFERENCES labeling_projects(id), label varchar(255) NOT NULL,
  ann_type varchar(50) NOT NULL, bbox_json json, mask_json json, is_draft boolean NOT NULL, created_by varchar(255),
  created_at timestamptz);
CREATE INDEX ix_annotations_sample ON annotations(sample_id);
CREATE TABLE annotation_history (id serial PRIMARY KEY,
  sample_id integer NOT NULL REFERENCES project_samples(id) ON DELETE CASCADE,
  project_id integer NOT NULL REFERENCES labeling_projects(id) ON DELETE CASCADE, action varchar(50) NOT NULL,
  old_label varchar(255), new_label varchar(255), old_ann_type varchar(50), new_ann_type varchar(50),
  old_bbox_json json, new_bbox_json json, old_mask_json json, new_mask_json json, changed_by varchar(255),
  changed_at timestamptz);
INSERT INTO labeling_projects VALUES(1, 'Cars', '', 'detection', '[\"cat\",\"dog\"]', '/Volumes/c/s/v', 'volume', NULL, NULL,
  NULL, NULL, 'null', 'ann@x', now(), 1, NULL);
INSERT INTO project_samples(project_id, filepath, filename, status)
  SELECT 1, '/Volumes/c/s/v/' || n || '.jpg', n || '.jpg', 'unlabeled' FROM generate_series(1, 6) n;";

/// The three tables of the first versions.
const EARLY: &str = "
CREATE TABLE labeling_projects (id serial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE, description text,
  task_type varchar(50) NOT NULL, class_list json NOT NULL, source_volume text NOT NULL, created_by varchar(255),
  created_at timestamptz);
CREATE TABLE project_samples (id serial PRIMARY KEY, project_id integer NOT NULL REFERENCES labeling_projects(id),
  filepath text NOT NULL, filename varchar(512) NOT NULL, locked_by varchar(255), locked_at timestamptz,
  status varchar(50) NOT NULL);
CREATE TABLE annotations (id serial PRIMARY KEY, sample_id integer NOT NULL REFERENCES project_samples(id),
  project_id integer NOT NULL REFERENCES labeling_projects(id), label varchar(255) NOT NULL,
  ann_type varchar(50) NOT NULL, bbox_json json, created_by varchar(255), created_at timestamptz);
INSERT INTO labeling_projects VALUES(1, 'Cars', '', 'detection', '[\"cat\",\"dog\"]', '/Volumes/c/s/v', 'ann@x', now());
INSERT INTO project_samples(project_id, filepath, filename, status)
  SELECT 1, '/Volumes/c/s/v/' || n || '.jpg', n || '.jpg', 'unlabeled' FROM generate_series(1, 6) n;";

const PROJECT: ProjectId = ProjectId(1);
const COLUMNS: &str = "SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = current_schema() ORDER BY 1, 2";

/// A database of the web app; its schema must be as it was in the end.
fn shared(tables: &str, case: impl Fn(&mut dyn Store, &Schema, &Raw)) {
    let kind = Schema::on(needed());
    Raw::connect(&kind.server).run(&format!("CREATE SCHEMA {}", kind.name));
    let web = kind.raw();
    web.run(tables);
    let before = web.run(COLUMNS);
    let mut store = kind.connect();
    case(store.as_mut(), &kind, &web);
    assert_eq!(web.run(COLUMNS), before, "the schema was altered");
}

/// What the web app does when a person saves classes there.
pub(crate) fn web_saves(web: &Raw, sample: i64, label: &str) {
    web.run(&format!(
        "BEGIN; DELETE FROM annotations WHERE sample_id = {sample};
         INSERT INTO annotations(sample_id, project_id, label, ann_type, bbox_json, mask_json, is_draft, created_by, created_at)
         VALUES({sample}, 1, '{label}', 'classification', 'null', 'null', false, 'eve@x', now());
         UPDATE project_samples SET status = 'labeled' WHERE id = {sample}; COMMIT"
    ));
}

fn classes(store: &mut dyn Store) -> Vec<i64> {
    store.project(PROJECT).unwrap().labels.live().map(|c| c.id.0).collect()
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn the_first_versions_and_the_newest_are_read_and_labelled() {
    for tables in [EARLY, LATE] {
        shared(tables, |store, _, web| {
            let project = store.project_by_name("cars").unwrap().unwrap();
            assert_eq!((project.id, project.source.as_str()), (PROJECT, "/Volumes/c/s/v"));
            assert_eq!(project.labels.live().map(|c| c.name.clone()).collect::<Vec<_>>(), ["cat", "dog"]);
            assert_eq!(paths(store, PROJECT, "", Order::Path), ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"]);
            let ids = all(store, PROJECT, "", Order::Path);
            let cat = classes(store)[0];
            let mut annotation = boxed(cat, 0.25, "ann@x");
            annotation.attributes.clear();
            let answer = Answer { status: Status::Labeled, annotations: vec![annotation], ..Answer::default() };
            let made = edit(store, ids[0].id, answer, "ann@x", 0);
            let Outcome::Saved { rev } = commit_one(store, &made) else { panic!() };
            let sample = store.sample(ids[0].id).unwrap();
            assert_eq!((sample.rev, sample.answer.status), (rev, Status::Labeled));
            assert_eq!(sample.answer.annotations[0].author, "ann@x");
            // The same edit again, because its acknowledgement was lost, changes nothing.
            assert_eq!(commit_one(store, &made), Outcome::Saved { rev });
            assert_eq!(web.run("SELECT count(*) FROM annotations"), ["1"]);
            assert_eq!(store.sample_by_path(PROJECT, "3.jpg").unwrap().unwrap().id, ids[2].id);
            for order in [Order::Newest, Order::Random { seed: 7 }] {
                assert_eq!(paths(store, PROJECT, "", order).len(), 6);
            }
            let made = store.create_project(&super::fixture::new_project("x"));
            assert!(matches!(made, Err(StoreError::Unsupported { .. })));
        });
    }
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn rows_are_written_as_the_web_app_writes_them() {
    shared(LATE, |store, _, web| {
        let (ids, class) = (all(store, PROJECT, "", Order::Path), classes(store));
        let first = edit(store, ids[0].id, labeled(&[class[0]], "ann@x", at(0)), "ann@x", 0);
        commit_one(store, &first);
        // Absent JSON is the literal null, and what its pages need is set.
        let row = "SELECT label, ann_type, bbox_json::text, mask_json::text, is_draft, created_by, created_at IS NULL
                   FROM annotations";
        assert_eq!(web.run(row), ["cat classification null null f ann@x f"]);
        let second = edit(store, ids[0].id, labeled(&[class[1]], "bob@x", at(1)), "bob@x", 1);
        commit_one(store, &second);
        let history =
            "SELECT action, old_label, new_label, new_bbox_json::text, changed_by FROM annotation_history ORDER BY id";
        assert_eq!(
            web.run(history),
            ["create NULL cat null ann@x", "delete cat NULL null bob@x", "create NULL dog null bob@x"]
        );
        // Skipping writes no history and keeps what stands.
        let skip = Answer { status: Status::Skipped, ..store.sample(ids[0].id).unwrap().answer };
        let skip = edit(store, ids[0].id, skip, "bob@x", 2);
        assert!(matches!(commit_one(store, &skip), Outcome::Saved { .. }));
        assert_eq!(web.run(history).len(), 3);
        assert_eq!(web.run("SELECT status FROM project_samples WHERE id = 1"), ["skipped"]);
        // SQL's NULL reads as JSON's null does; masks come back as they were.
        web.run("INSERT INTO annotations VALUES(90, 2, 1, 'cat', 'mask', NULL, '{\"size\":[10,10],\"counts\":\"Q14600000k0\"}', false, 'eve@x', now())");
        let sample = store.sample(ids[1].id).unwrap();
        let Shape::Mask { size, counts } = &sample.answer.annotations[0].shape else { panic!() };
        assert_eq!((size, counts.as_slice()), (&[10, 10], [33, 4, 6, 4, 6, 4, 6, 4, 33].as_slice()));
        let mut more = sample.answer.clone();
        more.status = Status::Labeled;
        more.annotations.push(Annotation::label(lakelens::domain::ids::ClassId(class[1]), "ann@x", at(3)));
        let more = edit(store, ids[1].id, more, "ann@x", 3);
        assert!(matches!(commit_one(store, &more), Outcome::Saved { .. }));
        assert_eq!(web.run("SELECT id, created_by FROM annotations WHERE sample_id = 2 AND id = 90"), ["90 eve@x"]);
        // A mask that gets another class keeps its runs as they were written.
        let mut other = store.sample(ids[1].id).unwrap().answer;
        other.annotations[0].class = lakelens::domain::ids::ClassId(class[1]);
        let other = edit(store, ids[1].id, other, "ann@x", 3);
        assert!(matches!(commit_one(store, &other), Outcome::Saved { .. }));
        let runs = "SELECT mask_json->>'counts' FROM annotations WHERE ann_type = 'mask'";
        assert_eq!(web.run(runs), ["Q14600000k0"]);
        // A polygon has no place here, and the refusal says what has.
        let corner = |x: f64, y: f64| lakelens::domain::geometry::Point { x, y };
        let parts = vec![vec![corner(0.1, 0.1), corner(0.2, 0.1), corner(0.1, 0.3)]];
        let polygon = Annotation {
            shape: Shape::Polygon { parts },
            ..labeled(&[class[0]], "ann@x", at(3)).annotations.remove(0)
        };
        let polygon = Answer { status: Status::Labeled, annotations: vec![polygon], ..Answer::default() };
        let polygon = edit(store, ids[2].id, polygon, "ann@x", 3);
        let Outcome::Refused { reason } = commit_one(store, &polygon) else { panic!("taken") };
        assert!(reason.contains("masks"), "{reason}");
        // What the tables cannot hold is refused with a reason.
        let flagged = Answer { flagged: true, ..Answer::default() };
        let flagged = edit(store, ids[2].id, flagged, "ann@x", 4);
        assert!(matches!(commit_one(store, &flagged), Outcome::Refused { .. }));
        assert_eq!(store.undo(PROJECT, "bob@x", at(5)).unwrap().applied.len(), 1);
        assert_eq!(store.sample(ids[0].id).unwrap().answer.status, Status::Labeled);
        assert_eq!(store.redo(PROJECT, "bob@x", at(6)).unwrap().applied.len(), 1);
        let both = batch(vec![
            edit(store, ids[3].id, labeled(&[class[0]], "ann@x", at(7)), "ann@x", 7),
            edit(store, ids[4].id, labeled(&[class[0]], "ann@x", at(7)), "ann@x", 7),
        ]);
        store.commit(&both).unwrap();
        assert_eq!(store.undo(PROJECT, "ann@x", at(8)).unwrap().applied.len(), 2);
        assert_eq!(web.run("SELECT status FROM project_samples WHERE id IN (4, 5)"), ["unlabeled", "unlabeled"]);
    });
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn several_edits_of_a_sample_that_wait_in_the_journal_do_not_meet_each_other() {
    shared(LATE, |store, kind, web| {
        let (ids, class) = (all(store, PROJECT, "", Order::Path), classes(store));
        let folder = tempfile::tempdir().unwrap();
        let (away, location, net) = (Arc::new(AtomicBool::new(true)), kind.location(), kind.net.clone());
        let gone = Arc::clone(&away);
        let connect: Connect = Arc::new(move || match gone.load(Ordering::SeqCst) {
            true => Err(StoreError::Offline { place: "far".to_owned(), why: "pulled out".to_owned() }),
            false => open(&location, Mode::Write, &net),
        });
        // The network is away when the program starts; the journal is there all the same.
        let mut kept = Outboxed::open(&folder.path().join("j"), "far", connect).unwrap();
        assert!(matches!(kept.sample(ids[0].id), Err(StoreError::Offline { .. })));
        away.store(false, Ordering::SeqCst);
        assert_eq!(kept.sample(ids[0].id).unwrap().rev.0, 0);
        away.store(true, Ordering::SeqCst);
        // As the screen does: each edit is about what the one before it left, counted up by one.
        for (n, of) in [&[class[0]][..], &[class[1]], &[class[0], class[1]], &[class[1]]].into_iter().enumerate() {
            let made = edit(&mut kept, ids[0].id, labeled(of, "ann@x", at(n as i64)), "ann@x", n as i64);
            assert_eq!(commit_one(&mut kept, &made), Outcome::Queued);
        }
        let other = edit(&mut kept, ids[1].id, labeled(&[class[0]], "ann@x", at(9)), "ann@x", 9);
        commit_one(&mut kept, &other);
        web_saves(web, 2, "dog");
        away.store(false, Ordering::SeqCst);
        let left = kept.send(Duration::from_secs(30)).unwrap();
        // Only what the web app saved meanwhile is a conflict.
        assert_eq!((left.unsent, left.conflicts), (0, 1), "{left:?}");
        assert_eq!(web.run("SELECT label FROM annotations WHERE sample_id = 1"), ["dog"]);
        assert_eq!(web.run("SELECT label, created_by FROM annotations WHERE sample_id = 2"), ["dog eve@x"]);
    });
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn its_history_says_who_saved_what_and_the_doctor_whose_tables_they_are() {
    for (tables, told) in [(LATE, true), (EARLY, false)] {
        shared(tables, |store, kind, _| {
            let health = lakelens::store::postgres::health(&kind.location(), None, &kind.net).unwrap();
            assert_eq!(health.tables, Tables::CvExplorer);
            let (ids, class) = (all(store, PROJECT, "", Order::Path), classes(store));
            for (n, (id, class, who)) in
                [(ids[0].id, class[0], "ann@x"), (ids[1].id, class[0], "ann@x"), (ids[0].id, class[1], "bob@x")]
                    .into_iter()
                    .enumerate()
            {
                let n = n as i64 * 3600;
                let made = edit(store, id, labeled(&[class], who, at(n)), who, n);
                assert!(matches!(commit_one(store, &made), Outcome::Saved { .. }));
            }
            assert_eq!(store.capabilities().history, told);
            let hours: Vec<_> =
                store.activity(PROJECT, at(1)).unwrap().into_iter().map(|a| (a.hour, a.name, a.samples)).collect();
            if !told {
                assert_eq!(hours, []);
                return;
            }
            assert_eq!(hours, [(at(3600), "ann@x".to_owned(), 1), (at(7200), "bob@x".to_owned(), 1)]);
            let entries = store.history(PROJECT, None, None, 2).unwrap();
            let told: Vec<_> = entries.iter().map(|e| (e.path.clone().unwrap(), e.edit.author.as_str())).collect();
            assert_eq!(told, [("1.jpg".to_owned(), "bob@x"), ("2.jpg".to_owned(), "ann@x")]);
            let Change::Answer { before, after, .. } = &entries[0].edit.change else { panic!() };
            let of = |a: &Answer| a.annotations.iter().map(|a| a.class.0).collect::<Vec<_>>();
            assert_eq!((of(before), of(after)), (vec![class[0]], vec![class[1]]));
            let rest = store.history(PROJECT, Some(ids[0].id), Some(entries[1].event), 9).unwrap();
            assert_eq!(rest.iter().map(|e| e.edit.author.as_str()).collect::<Vec<_>>(), ["ann@x"]);
        });
    }
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn what_the_web_app_saved_meanwhile_is_a_conflict() {
    shared(LATE, |store, kind, web| {
        let (ids, class) = (all(store, PROJECT, "", Order::Path), classes(store));
        let mine = edit(store, ids[0].id, labeled(&[class[0]], "ann@x", at(0)), "ann@x", 0);
        web_saves(web, 1, "dog");
        let Outcome::Conflict { theirs, .. } = commit_one(store, &mine) else { panic!("overwritten") };
        assert_eq!(theirs.annotations[0].class.0, class[1]);
        assert_eq!(web.run("SELECT label, created_by FROM annotations"), ["dog eve@x"]);
        // In the middle of the web app's transaction: we wait for it, and then see what it did.
        let mine = edit(store, ids[1].id, labeled(&[class[0]], "ann@x", at(1)), "ann@x", 1);
        web.run("BEGIN; INSERT INTO annotations VALUES(91, 2, 1, 'dog', 'classification', 'null', 'null', false, 'eve@x', now())");
        let outcome = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| kind.connect().commit(std::slice::from_ref(&mine)).unwrap().remove(0));
            let blocked = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%project_samples%'";
            while Raw::connect(&kind.server).run(blocked) != ["t"] {}
            web.run("COMMIT");
            waiting.join().unwrap()
        });
        assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    });
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn its_five_minute_locks_are_kept_and_taken() {
    shared(LATE, |store, kind, web| {
        web.run(
            "UPDATE project_samples SET locked_by = 'eve@x', locked_at = now() - interval '1 minute' WHERE id = 1;
                 UPDATE project_samples SET locked_by = 'eve@x', locked_at = now() - interval '6 minutes' WHERE id = 2",
        );
        let todo = queue("status:unlabeled,pre_labeled", Order::Path);
        let mut other = kind.connect();
        let pull = |store: &mut dyn Store, who: &str, n| -> Vec<i64> {
            store.claim(PROJECT, &todo, who, n, HOLD).unwrap().iter().map(|q| q.sample.id.0).collect()
        };
        // One is being taken by the web app right now: it is passed over, not waited for.
        web.run("BEGIN; SELECT id FROM project_samples WHERE id = 3 FOR UPDATE");
        assert_eq!(pull(store, "ann@x", 2), [2, 4]);
        web.run("ROLLBACK");
        assert_eq!(pull(other.as_mut(), "bob@x", 9), [3, 5, 6]);
        assert_eq!(store.renew_claims(PROJECT, "ann@x", HOLD).unwrap().len(), 2);
        assert_eq!(store.release_claims(PROJECT, "ann@x").unwrap(), 2);
        assert_eq!(pull(other.as_mut(), "bob@x", 9), [2, 4]);
    });
}

#[test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
fn filters_count_and_drafts_are_predictions() {
    shared(LATE, |store, _, web| {
        web_saves(web, 1, "dog");
        web_saves(web, 2, "bird");
        web.run("INSERT INTO annotations VALUES(92, 3, 1, 'cat', 'bbox', '{\"x\":0.1,\"y\":0.2,\"w\":0.3,\"h\":0.4}', 'null', true, 'model:m1', now());
                 UPDATE project_samples SET status = 'pre_labeled' WHERE id = 3");
        assert_eq!(paths(store, PROJECT, "class:dog", Order::Path), ["1.jpg"]);
        assert_eq!(paths(store, PROJECT, "predicted:cat", Order::Path), ["3.jpg"]);
        assert_eq!(paths(store, PROJECT, "by:eve@x", Order::Newest), ["2.jpg", "1.jpg"]);
        assert_eq!(paths(store, PROJECT, "status:unlabeled 5.JPG", Order::Path), ["5.jpg"]);
        let attributes = lakelens::domain::queue::Filter::parse("attr:occluded").unwrap();
        assert!(store.count(PROJECT, &attributes).unwrap_err().to_string().contains("keeps no attributes"));
        let disagree = lakelens::domain::queue::Filter::parse("disagree").unwrap();
        assert!(store.count(PROJECT, &disagree).unwrap_err().to_string().contains("forgets what a model said"));
        assert_eq!(store.tallies(PROJECT).unwrap().counts.of(Status::Labeled), 2);
        // A class that is not in the list any more is still there to be seen.
        let labels = store.project(PROJECT).unwrap().labels;
        assert!(labels.classes.iter().any(|c| c.name == "bird" && c.retired));
        let sample = store.sample_by_path(PROJECT, "3.jpg").unwrap().unwrap();
        assert!(sample.answer.annotations.is_empty());
        assert_eq!(sample.predictions[0].model, "m1");
        // Answering takes the drafts with it, as saving there does.
        let cat = classes(store)[0];
        let answer = edit(store, sample.id, labeled(&[cat], "ann@x", at(0)), "ann@x", 0);
        assert!(matches!(commit_one(store, &answer), Outcome::Saved { .. }));
        assert_eq!(web.run("SELECT is_draft, created_by FROM annotations WHERE sample_id = 3"), ["f ann@x"]);
        let class = lakelens::domain::ids::ClassId(classes(store)[1]);
        let guess = Prediction { class, shape: Shape::Class, score: 0.75, model: "m2".to_owned() };
        let id = store.sample_by_path(PROJECT, "5.jpg").unwrap().unwrap().id;
        store.put_predictions(PROJECT, &[SamplePredictions { sample: id, predictions: vec![guess] }]).unwrap();
        assert_eq!(
            web.run("SELECT status, prediction_confidence FROM project_samples WHERE id = 5"),
            ["pre_labeled 0.75"]
        );
        assert_eq!(web.run("SELECT created_by FROM annotations WHERE sample_id = 5"), ["model:m2"]);
        let first = store.page(PROJECT, &queue("", Order::ScoreDown), &From::Edge, Direction::Forward, 1).unwrap();
        assert_eq!(first[0].sample.id, id);
        assert_eq!(
            store.nth(PROJECT, &queue("", Order::Path), 2).unwrap(),
            Some(store.cursor(&queue("", Order::Path), lakelens::domain::ids::SampleId(3)).unwrap())
        );
        // A class is added as the web app adds it; renaming is not ours to do.
        let before = store.project(PROJECT).unwrap().labels;
        let mut after = before.clone();
        after.classes.extend(lakelens::domain::class::LabelSet::from_names(&["horse"], 77).classes);
        let add = Edit::by_person(PROJECT, Change::Classes { before: before.clone(), after }, "ann@x", at(1));
        assert!(matches!(commit_one(store, &add), Outcome::Saved { .. }));
        assert_eq!(web.run("SELECT class_list::text FROM labeling_projects"), ["[\"cat\",\"dog\",\"horse\"]"]);
        let mut renamed = before.clone();
        renamed.classes[0].name = "kitten".to_owned();
        let rename = Edit::by_person(PROJECT, Change::Classes { before, after: renamed }, "ann@x", at(2));
        assert!(matches!(commit_one(store, &rename), Outcome::Refused { .. }));
    });
}

#[test]
fn a_sqlite_file_of_the_web_app_is_labelled_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(
        "CREATE TABLE labeling_projects(id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL UNIQUE, description TEXT,
           task_type VARCHAR(50) NOT NULL, class_list JSON NOT NULL, source_volume TEXT NOT NULL, created_by VARCHAR(255),
           created_at DATETIME, version INTEGER NOT NULL, parent_project_id INTEGER);
         CREATE TABLE project_samples(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, filepath TEXT NOT NULL,
           filename VARCHAR(512) NOT NULL, locked_by VARCHAR(255), locked_at DATETIME, status VARCHAR(50) NOT NULL);
         CREATE TABLE annotations(id INTEGER PRIMARY KEY, sample_id INTEGER NOT NULL, project_id INTEGER NOT NULL,
           label VARCHAR(255) NOT NULL, ann_type VARCHAR(50) NOT NULL, bbox_json JSON, is_draft BOOLEAN NOT NULL,
           created_by VARCHAR(255), created_at DATETIME);
         INSERT INTO labeling_projects VALUES(1, 'Cars', '', 'classification', '[\"cat\",\"dog\"]', '/data', 'a',
           '2026-01-02 03:04:05.678901', 1, NULL);
         INSERT INTO project_samples VALUES(1, 1, '/data/1.jpg', '1.jpg', NULL, NULL, 'unlabeled'),
           (2, 1, '/data/2.jpg', '2.jpg', 'eve@x', '2026-01-02 03:04:05.678901', 'unlabeled');",
    )
    .unwrap();
    let tables = |raw: &rusqlite::Connection| -> String {
        raw.query_row("SELECT group_concat(sql || name) FROM sqlite_schema", [], |r| r.get(0)).unwrap()
    };
    let before = tables(&raw);
    let mut store = open(path.to_str().unwrap(), Mode::Create, &Net::default()).unwrap();
    let store = store.as_mut();
    let project = store.project_by_name("Cars").unwrap().unwrap();
    assert_eq!(project.created_at.as_microsecond(), 1_767_323_045_678_901);
    let class = classes(store);
    let pulled = store.claim(PROJECT, &queue("status:unlabeled", Order::Path), "ann@x", 9, HOLD).unwrap();
    assert_eq!(pulled.len(), 2, "a lock of January is forgotten by now");
    for q in &pulled {
        let made = edit(store, q.sample.id, labeled(&[class[1]], "ann@x", at(0)), "ann@x", 0);
        assert!(matches!(commit_one(store, &made), Outcome::Saved { .. }));
    }
    assert_eq!(paths(store, PROJECT, "class:dog", Order::Newest), ["2.jpg", "1.jpg"]);
    assert_eq!(store.sample(pulled[0].sample.id).unwrap().answer.annotations[0].at, at(0));
    let row = "SELECT bbox_json || is_draft || created_by || created_at FROM annotations WHERE sample_id = 1";
    let row: String = raw.query_row(row, [], |r| r.get(0)).unwrap();
    assert_eq!(row, "null0ann@x2027-01-15 08:00:00.000000");
    assert_eq!(tables(&raw), before);
}
