//! What the cases share: a fresh store that can be closed and opened again, and short ways to make edits.

use jiff::Timestamp;
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::{BatchId, ClassId, ProjectId, Rev, SampleId};
use lakelens::domain::project::{Project, ScanSettings, Task};
use lakelens::domain::queue::{Filter, Order, Queue};
use lakelens::domain::review::{Review, Verdict};
use lakelens::domain::sample::{Answer, Sample, Status};
use lakelens::remote::net::Net;
use lakelens::store::records::{Capabilities, Direction, From, Mode, NewProject, NewSample};
use lakelens::store::sqlite::SqliteStore;
use lakelens::store::{Store, open};
use std::path::PathBuf;

use super::on_tables::OnTable;
pub(crate) use super::server::Schema;

/// A kind of store under test. Later kinds implement this and run the same cases.
pub(crate) trait Kind {
    /// A connection to the same, initially empty, store.
    fn connect(&self) -> Box<dyn Store>;
    /// Fails the test if the store is not sound inside.
    fn verify(&self);
}

/// A SQLite file.
pub(crate) struct SqliteFile {
    pub(crate) folder: tempfile::TempDir,
}

impl SqliteFile {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    pub(crate) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), Mode::Create).unwrap()
    }
}

impl Kind for SqliteFile {
    fn connect(&self) -> Box<dyn Store> {
        open(&format!("sqlite:{}", self.path().display()), Mode::Create, &Net::default()).unwrap()
    }

    fn verify(&self) {
        assert_eq!(self.store().check().unwrap(), Vec::<String>::new());
        let db = self.raw();
        verify_counts(&|sql| {
            let mut statement = db.prepare(sql).unwrap();
            let columns = statement.column_count();
            let row = |r: &rusqlite::Row<'_>| (0..columns).map(|i| r.get_ref(i).map(|v| format!("{v:?}"))).collect();
            let rows: Vec<Vec<String>> = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
            rows.iter().map(|cells| cells.join(" ")).collect()
        });
    }
}

/// Runs a case on every kind at hand: SQLite files and a table in memory always, PostgreSQL and tables of engines where the
/// environment names a server. Looks inside afterwards, and checks that a new connection reads the same.
pub(crate) fn on_every_kind(case: impl Fn(&mut dyn Store, &dyn Kind)) {
    on_every_kind_that("do this", |_| true, case);
}

/// The same on the kinds that can do something; which cannot is said.
pub(crate) fn on_every_kind_that(what: &str, can: fn(&Capabilities) -> bool, case: impl Fn(&mut dyn Store, &dyn Kind)) {
    let mut kinds: Vec<Box<dyn Kind>> = vec![Box::new(SqliteFile::new())];
    kinds.extend(Schema::at_hand().map(|kind| Box::new(kind) as Box<dyn Kind>));
    kinds.extend(OnTable::at_hand().into_iter().map(|kind| Box::new(kind) as Box<dyn Kind>));
    for kind in kinds {
        let store = kind.connect();
        if !can(&store.capabilities()) {
            println!("skipped on {}: it cannot {what}", store.place());
            continue;
        }
        drop(store);
        on_kind(kind.as_ref(), &case);
    }
}

fn on_kind(kind: &dyn Kind, case: &impl Fn(&mut dyn Store, &dyn Kind)) {
    let mut store = kind.connect();
    case(store.as_mut(), kind);
    let before = everything(store.as_mut());
    drop(store);
    assert_eq!(everything(kind.connect().as_mut()), before, "another connection reads something else");
    kind.verify();
}

/// All answers and counts of all projects, as text.
pub(crate) fn everything(store: &mut dyn Store) -> String {
    let mut out = String::new();
    for project in store.projects(lakelens::store::records::Shelf::All).unwrap() {
        out += &format!("{project:?}\n{:?}\n", store.tallies(project.id).unwrap());
        for sample in all(store, project.id, "", Order::Path) {
            out += &format!("{sample:?}\n");
        }
    }
    out
}

/// Every count in the store equals a recount from the rows it counts, and the derived columns follow from the rows.
/// `read` gives the rows of a query as texts.
pub(crate) fn verify_counts(read: &dyn Fn(&str) -> Vec<String>) {
    let recount = "
        SELECT project, 'status', CASE status WHEN 0 THEN 'unlabeled' WHEN 1 THEN 'pre_labeled' WHEN 2 THEN 'labeled'
               ELSE 'skipped' END, count(*) FROM sample GROUP BY 1, 3
        UNION ALL SELECT project, 'is', 'flagged', count(*) FROM sample WHERE flagged = 1 GROUP BY 1
        UNION ALL SELECT project, 'is', 'unsure', count(*) FROM sample WHERE unsure = 1 GROUP BY 1
        UNION ALL SELECT project, 'is', 'missing', count(*) FROM sample WHERE missing = 1 GROUP BY 1
        UNION ALL SELECT project, 'is', 'empty', count(*) FROM sample s WHERE status = 2
               AND NOT EXISTS(SELECT 1 FROM annotation a WHERE a.sample = s.id) GROUP BY 1
        UNION ALL SELECT project, 'is', 'doubted', count(*) FROM doubt GROUP BY 1
        UNION ALL SELECT project, 'review', CAST(review AS TEXT), count(*) FROM sample WHERE review > 0 GROUP BY 1, 3
        UNION ALL SELECT project, 'by', author, count(*) FROM sample WHERE author IS NOT NULL GROUP BY 1, 3
        UNION ALL SELECT s.project, 'predicted', CAST(p.class AS TEXT), count(*)
               FROM sample s JOIN prediction p ON p.sample = s.id AND p.place = 0 GROUP BY 1, 3
        UNION ALL SELECT s.project, 'class', CAST(a.class AS TEXT), count(DISTINCT a.sample)
               FROM annotation a JOIN sample s ON s.id = a.sample AND s.status <> 1 GROUP BY 1, 3
        UNION ALL SELECT project, 'quality', 'measured', count(*) FROM measure WHERE blur IS NOT NULL GROUP BY 1
        UNION ALL SELECT project, 'quality', 'near', count(*) FROM measure WHERE near IS NOT NULL GROUP BY 1
        UNION ALL SELECT project, 'quality', 'exact', count(*) FROM measure WHERE exact IS NOT NULL GROUP BY 1
        UNION ALL SELECT project, 'quality', 'blurry', count(*) FROM measure WHERE blurry = 1 GROUP BY 1
        UNION ALL SELECT project, 'quality', 'dark', count(*) FROM measure WHERE dark = 1 GROUP BY 1
        UNION ALL SELECT project, 'quality', 'bright', count(*) FROM measure WHERE bright = 1 GROUP BY 1
        UNION ALL SELECT project, 'quality', 'odd', count(*) FROM measure WHERE odd = 1 GROUP BY 1
        UNION ALL SELECT project, 'quality', 'damaged', count(*) FROM measure WHERE broken = 1 GROUP BY 1";
    let sorted = |sql: &str| {
        let mut rows = read(sql);
        rows.sort();
        rows
    };
    let counts = "SELECT project, kind, key, n FROM tally WHERE n <> 0";
    assert_eq!(sorted(counts), sorted(recount), "counts differ from rows");
    for (what, sql) in [
        (
            "classes too many",
            "SELECT project, class, sample FROM sample_class EXCEPT
            SELECT s.project, a.class, a.sample FROM annotation a JOIN sample s ON s.id = a.sample AND s.status <> 1",
        ),
        (
            "classes too few",
            "SELECT s.project, a.class, a.sample FROM annotation a
            JOIN sample s ON s.id = a.sample AND s.status <> 1 EXCEPT SELECT project, class, sample FROM sample_class",
        ),
        (
            "keys of classes",
            "SELECT c.sample FROM sample_class c JOIN sample s ON s.id = c.sample
            WHERE s.sort_key <> c.sort_key OR s.changed <> c.changed OR s.class <> c.under",
        ),
        (
            "revisions",
            "SELECT s.id FROM sample s WHERE rev <> (SELECT count(*) FROM event e
            WHERE e.sample = s.id AND e.kind = 0)",
        ),
        (
            "predicted",
            "SELECT s.id FROM sample s WHERE (predicted IS NOT NULL) <> EXISTS(SELECT 1 FROM prediction p
            WHERE p.sample = s.id AND p.place = 0 AND p.class = s.predicted)",
        ),
    ] {
        assert_eq!(sorted(sql), Vec::<String>::new(), "derived rows differ from what they follow from: {what}");
    }
}

/// A time, `n` seconds after a fixed one.
pub(crate) fn at(n: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + n).unwrap()
}

pub(crate) fn new_project(name: &str) -> NewProject {
    NewProject {
        name: name.to_owned(),
        task: Task::Classification,
        source: "local:/data/flowers".to_owned(),
        scan: ScanSettings { recursive: true, ..ScanSettings::default() },
        labels: LabelSet::from_names(&["daisy", "roses", "tulips"], 1),
        author: "ann".to_owned(),
    }
}

pub(crate) fn file(path: &str) -> NewSample {
    NewSample { path: path.to_owned(), size: 100, etag: "1".to_owned(), ..NewSample::default() }
}

/// A project with samples `img1.jpg` to `img{n}.jpg`.
pub(crate) fn project_of(store: &mut dyn Store, name: &str, n: usize) -> (Project, Vec<SampleId>) {
    let project = store.create_project(&new_project(name)).unwrap();
    let scan = store.begin_scan(project.id, "ann").unwrap();
    let files: Vec<NewSample> = (1..=n).map(|i| file(&format!("img{i}.jpg"))).collect();
    store.add_samples(scan, &files).unwrap();
    store.finish_scan(scan).unwrap();
    let ids = all(store, project.id, "", Order::Path).iter().map(|s| s.id).collect();
    (project, ids)
}

/// A whole-picture label.
pub(crate) fn labeled(classes: &[i64], author: &str, when: Timestamp) -> Answer {
    let annotations = classes.iter().map(|c| Annotation::label(ClassId(*c), author, when)).collect();
    Answer { status: Status::Labeled, annotations, ..Answer::default() }
}

pub(crate) fn boxed(class: i64, x: f64, author: &str) -> Annotation {
    let mut annotation = Annotation::label(ClassId(class), author, at(0));
    annotation.shape = Shape::Box(BoxN { x, y: 0.1, w: 0.2, h: 1.0 / 3.0 });
    annotation.attributes.insert("occluded".to_owned(), serde_json::json!(true));
    annotation
}

/// An edit of the sample as it stands now.
pub(crate) fn edit(store: &mut dyn Store, sample: SampleId, after: Answer, author: &str, n: i64) -> Edit {
    let now = store.sample(sample).unwrap();
    let change = Change::Answer { sample, base: now.rev, before: now.answer, after };
    Edit::by_person(now.project, change, author, at(n))
}

/// Labels a sample with one class.
pub(crate) fn label(store: &mut dyn Store, sample: SampleId, class: i64, author: &str, n: i64) -> Edit {
    let edit = edit(store, sample, labeled(&[class], author, at(n)), author, n);
    assert!(matches!(commit_one(store, &edit), Outcome::Saved { .. }));
    edit
}

pub(crate) fn commit_one(store: &mut dyn Store, edit: &Edit) -> Outcome {
    store.commit(std::slice::from_ref(edit)).unwrap().remove(0)
}

pub(crate) fn batch(mut edits: Vec<Edit>) -> Vec<Edit> {
    let id = BatchId::fresh();
    edits.iter_mut().for_each(|e| e.batch = Some(id));
    edits
}

pub(crate) fn verdict(store: &mut dyn Store, sample: SampleId, verdict: Verdict, reviewer: &str, n: i64) -> Edit {
    let now = store.sample(sample).unwrap();
    let before = now.reviews.iter().find(|r| r.reviewer == reviewer).cloned();
    let comment = (verdict == Verdict::Rejected).then(|| "look again".to_owned());
    let after = Some(Review { rev: now.rev, verdict, comment, reviewer: reviewer.to_owned(), at: at(n) });
    Edit::by_person(now.project, Change::Verdict { sample, base: now.rev, before, after }, reviewer, at(n))
}

pub(crate) fn queue(filter: &str, order: Order) -> Queue {
    Queue { filter: Filter::parse(filter).unwrap(), order }
}

/// All samples of a queue, in pages of 3.
pub(crate) fn all(store: &mut dyn Store, project: ProjectId, filter: &str, order: Order) -> Vec<Sample> {
    let queue = queue(filter, order);
    let (mut out, mut from) = (Vec::new(), From::Edge);
    loop {
        let page = store.page(project, &queue, &from, Direction::Forward, 3).unwrap();
        let Some(last) = page.last() else { return out };
        from = From::After(last.cursor.clone());
        out.extend(page.into_iter().map(|q| q.sample));
    }
}

pub(crate) fn paths(store: &mut dyn Store, project: ProjectId, filter: &str, order: Order) -> Vec<String> {
    all(store, project, filter, order).into_iter().map(|s| s.path).collect()
}

pub(crate) fn rev_of(store: &mut dyn Store, sample: SampleId) -> Rev {
    store.sample(sample).unwrap().rev
}
