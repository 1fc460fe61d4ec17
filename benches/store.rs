//! What the SQLite store costs, always beside something to compare with, as a small table.
//!
//! (a) One durable label against a hand-written transaction of the same rows into the same tables.
//! (b) Pages, counts and filters at growing sizes against the same at 10,000 samples.
//!
//! `LAKELENS_BENCH_SIZES=10000,1000000,10000000` sets the sizes, `LAKELENS_BENCH_ROUNDS` the rounds of each measure,
//! `LAKELENS_BENCH_DIR` where the files are made (default: the build folder, on the disk of the project).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

use jiff::Timestamp;
use lakelens::domain::annotation::{Annotation, Prediction, Shape};
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Edit};
use lakelens::domain::ids::{ClassId, ProjectId, Rev, SampleId};
use lakelens::domain::project::{ScanSettings, Task};
use lakelens::domain::queue::{Filter, Order, Queue};
use lakelens::domain::review::{Review, Verdict};
use lakelens::domain::sample::{Answer, Status};
use lakelens::store::Store;
use lakelens::store::records::{Direction, From, Mode, NewProject, NewSample, SamplePredictions};
use lakelens::store::sqlite::SqliteStore;
use rusqlite::Connection;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<usize>().ok());
    let rounds = number("LAKELENS_BENCH_ROUNDS").unwrap_or(200).max(3);
    let sizes = std::env::var("LAKELENS_BENCH_SIZES").unwrap_or_else(|_| "10000,1000000".to_owned());
    let sizes: Vec<usize> = sizes.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let place = std::env::var("LAKELENS_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let folder = tempfile::tempdir_in(place).unwrap();
    commits(folder.path(), rounds);
    reads(folder.path(), rounds, &sizes);
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn micros(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e6)
}

fn new_project(name: &str) -> NewProject {
    NewProject {
        name: name.to_owned(),
        task: Task::Classification,
        source: "local:/bench".to_owned(),
        scan: ScanSettings::default(),
        labels: LabelSet::from_names(&["daisy", "dandelion", "roses", "sunflowers", "tulips"], 1),
        author: "ann".to_owned(),
    }
}

/// A project of `n` samples; of each ten, four come with a class. Returns how long the scan took.
fn fill(store: &mut SqliteStore, n: usize, classes: bool) -> (ProjectId, Duration) {
    let project = store.create_project(&new_project(&format!("p{n}"))).unwrap().id;
    let names = ["daisy", "dandelion", "roses", "sunflowers", "tulips"];
    let file = |i: usize| NewSample {
        path: format!("2026-11-{:02}/IMG_{i:08}.jpg", i * 28 / n + 1),
        size: 100_000 + i as u64,
        etag: format!("{}", 1_700_000_000_000_000_000u64 + i as u64),
        class: (classes && i % 10 < 4).then(|| names[i / 10 % 5].to_owned()),
        ..NewSample::default()
    };
    let began = Instant::now();
    let scan = store.begin_scan(project, "ann").unwrap();
    for start in (0..n).step_by(10_000) {
        let files: Vec<NewSample> = (start..n.min(start + 10_000)).map(file).collect();
        store.add_samples(scan, &files).unwrap();
    }
    store.finish_scan(scan).unwrap();
    (project, began.elapsed())
}

fn label_edit(project: ProjectId, sample: SampleId, class: i64) -> Edit {
    let at = Timestamp::now();
    let annotations = vec![Annotation::label(ClassId(class), "ann", at)];
    let after = Answer { status: Status::Labeled, annotations, ..Answer::default() };
    let change = Change::Answer { sample, base: Rev(0), before: Answer::default(), after };
    Edit::by_person(project, change, "ann", at)
}

/// (a): the same rows into the same tables of another file, statement by statement, taking turns.
fn commits(folder: &Path, rounds: usize) {
    let open = |name: &str| SqliteStore::open(&folder.join(name), Mode::Create).unwrap();
    let (mut ours, mut theirs) = (open("ours.db"), open("raw.db"));
    let (project, _) = fill(&mut ours, 10_000, false);
    fill(&mut theirs, 10_000, false);
    drop(theirs);
    let raw = Connection::open(folder.join("raw.db")).unwrap();
    raw.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;")
        .unwrap();
    raw.set_prepared_statement_cache_capacity(64);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for i in 0..rounds {
        let sample = SampleId((i as i64 * 37) % 10_000 + 1);
        let edit = label_edit(project, sample, 1 + i as i64 % 5);
        let began = Instant::now();
        ours.commit(std::slice::from_ref(&edit)).unwrap();
        a.push(began.elapsed());
        let Change::Answer { after, .. } = &edit.change else { continue };
        let change = serde_json::to_string(&edit.change).unwrap();
        let began = Instant::now();
        raw_commit(&raw, &edit, sample.0, &after.annotations[0], &change);
        b.push(began.elapsed());
    }
    let (a, b) = (median(&mut a), median(&mut b));
    println!("| durable label | µs | raw SQLite µs | ratio | bar |\n|---|--:|--:|--:|--:|");
    println!("| one label | {} | {} | {:.2} | 1.3 |", micros(a), micros(b), a.as_secs_f64() / b.as_secs_f64());
    let edits: Vec<Edit> =
        (0..40).map(|i| label_edit(project, SampleId((i * 37 + 5) % 10_000 + 1), 1 + i % 5)).collect();
    let began = Instant::now();
    ours.commit(&edits).unwrap();
    println!("\nA sweep page of 40 in one commit: {} µs.\n", micros(began.elapsed()));
}

fn raw_commit(db: &Connection, edit: &Edit, sample: i64, annotation: &Annotation, change: &str) {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| db.prepare_cached(sql).unwrap().execute(values).unwrap();
    let at = i64::try_from(edit.at.as_nanosecond()).unwrap();
    let (edit_id, annotation_id) = (edit.id.0.as_bytes().as_slice(), annotation.id.0.as_bytes().as_slice());
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    run(
        "INSERT INTO event(edit, project, sample, kind, origin, author, at, message, rev, change)
         VALUES(?, 1, ?, 0, 0, 'ann', ?, '', 1, ?)",
        &[&edit_id, &sample, &at, &change],
    );
    let event = db.last_insert_rowid();
    run(
        "INSERT INTO annotation(sample, id, place, class, kind, author, at) VALUES(?, ?, 0, ?, 'class', 'ann', ?)",
        &[&sample, &annotation_id, &annotation.class.0, &at],
    );
    run(
        "INSERT INTO sample_class(project, class, sort_key, sample, changed, under)
         SELECT 1, ?2, sort_key, id, ?3, ?2 FROM sample WHERE id = ?1",
        &[&sample, &annotation.class.0, &event],
    );
    run(
        "UPDATE sample SET status = 2, rev = 1, state = ?2, changed = ?2, author = 'ann', class = ?3, review = 1 WHERE id = ?1",
        &[&sample, &event, &annotation.class.0],
    );
    let class = annotation.class.0.to_string();
    for (kind, key, n) in [
        ("status", "unlabeled", -1),
        ("status", "labeled", 1),
        ("review", "1", 1),
        ("by", "ann", 1),
        ("class", class.as_str(), 1),
    ] {
        run(
            "INSERT INTO tally(project, kind, key, n) VALUES(1, ?1, ?2, ?3)
             ON CONFLICT(project, kind, key) DO UPDATE SET n = n + ?3",
            &[&kind, &key, &n],
        );
    }
    run("INSERT INTO undo(project, author, undone, event) VALUES(1, 'ann', 0, ?)", &[&event]);
    db.execute_batch("COMMIT").unwrap();
}

/// The queues that people walk through, with the orders they use.
fn queues() -> Vec<Queue> {
    let one = |filter: &str, order| Queue { filter: Filter::parse(filter).unwrap(), order };
    vec![
        one("", Order::Path),
        one("", Order::Newest),
        one("", Order::Class),
        one("", Order::Random { seed: 3 }),
        one("", Order::ScoreUp),
        one("status:unlabeled", Order::Path),
        one("status:unlabeled", Order::Random { seed: 3 }),
        one("status:labeled", Order::Newest),
        one("class:roses", Order::Path),
        one("class:roses", Order::Newest),
        one("class:roses status:labeled", Order::Class),
        one("predicted:tulips", Order::ScoreDown),
        one("review:waiting", Order::Path),
        one("review:rejected", Order::Newest),
        one("flag", Order::Path),
        one("-flag status:unlabeled", Order::Path),
    ]
}

/// (b): pages of 60 at the start, the middle and the end, and counts.
fn reads(folder: &Path, rounds: usize, sizes: &[usize]) {
    let mut stores: Vec<(usize, SqliteStore, ProjectId)> = Vec::new();
    println!("| scan | seconds | with classes | seconds |\n|---|--:|---|--:|");
    for n in sizes {
        let mut plain = SqliteStore::open(&folder.join(format!("plain{n}.db")), Mode::Create).unwrap();
        let (_, bare) = fill(&mut plain, (*n).min(100_000), false);
        let mut store = SqliteStore::open(&folder.join(format!("p{n}.db")), Mode::Create).unwrap();
        let (project, full) = fill(&mut store, *n, true);
        decorate(&mut store, project, *n);
        println!("| {} files | {:.2} | {n} files | {:.2} |", (*n).min(100_000), bare.as_secs_f64(), full.as_secs_f64());
        stores.push((*n, store, project));
    }
    print!("\n| read |");
    sizes.iter().for_each(|n| print!(" {n} µs | ratio |"));
    println!("\n|---|{}", "--:|--:|".repeat(sizes.len()));
    for queue in queues() {
        let name = format!("`{}` by {}", queue.filter, queue.order.name());
        line(&mut stores, &format!("page of {name}"), rounds, &mut |store, project, i| {
            let from = place(store, project, &queue, i);
            let began = Instant::now();
            store.page(project, &queue, &from, Direction::Forward, 60).unwrap();
            began.elapsed()
        });
    }
    for filter in ["", "status:unlabeled", "class:roses", "review:waiting", "flag"] {
        let filter = Filter::parse(filter).unwrap();
        line(&mut stores, &format!("count of `{filter}`"), rounds, &mut |store, project, _| {
            let began = Instant::now();
            store.count(project, &filter).unwrap();
            began.elapsed()
        });
    }
    line(&mut stores, "all counts", rounds, &mut |store, project, _| {
        let began = Instant::now();
        store.tallies(project).unwrap();
        began.elapsed()
    });
}

/// The start, the middle and the end of a queue in turn: by a sample there, without counting.
fn place(store: &mut SqliteStore, project: ProjectId, queue: &Queue, i: usize) -> From {
    if i.is_multiple_of(3) {
        return From::Edge;
    }
    if i % 3 == 1 {
        let total = store.tallies(project).unwrap().counts.samples() as i64;
        let sample = SampleId(total / 10 + (i as i64 * 7919) % (total * 8 / 10));
        return From::After(store.cursor(queue, sample).unwrap());
    }
    let last = store.page(project, queue, &From::Edge, Direction::Back, 60).unwrap();
    last.last().map_or(From::Edge, |q| From::At(q.cursor.clone()))
}

type Measure<'a> = &'a mut dyn FnMut(&mut SqliteStore, ProjectId, usize) -> Duration;

fn line(stores: &mut [(usize, SqliteStore, ProjectId)], name: &str, rounds: usize, measure: Measure<'_>) {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); stores.len()];
    for i in 0..rounds {
        for ((_, store, project), times) in stores.iter_mut().zip(&mut times) {
            times.push(measure(store, *project, i));
        }
    }
    let medians: Vec<Duration> = times.iter_mut().map(|t| median(t)).collect();
    print!("| {name} |");
    for time in &medians {
        print!(" {} | {:.2} |", micros(*time), time.as_secs_f64() / medians[0].as_secs_f64());
    }
    println!();
}

/// The same number of predictions, flags and verdicts at every size, spread over all samples.
fn decorate(store: &mut SqliteStore, project: ProjectId, n: usize) {
    let step = (n / 1000).max(1);
    let ids: Vec<SampleId> = (1..=n as i64).step_by(step).map(SampleId).collect();
    let guess = |i: usize| Prediction {
        class: ClassId(1 + i as i64 % 5),
        shape: Shape::Class,
        score: (i % 97) as f64 / 97.0,
        model: "m".to_owned(),
    };
    let predictions: Vec<SamplePredictions> =
        ids.iter().enumerate().map(|(i, id)| SamplePredictions { sample: *id, predictions: vec![guess(i)] }).collect();
    store.put_predictions(project, &predictions).unwrap();
    let mut edits = Vec::new();
    for (i, id) in ids.iter().enumerate() {
        let now = store.sample(*id).unwrap();
        let at = Timestamp::now();
        let after = Answer { flagged: true, ..now.answer.clone() };
        let change = if i % 2 == 0 {
            Change::Answer { sample: *id, base: now.rev, before: now.answer, after }
        } else {
            let verdict = Verdict::Rejected;
            let review = Review { rev: now.rev, verdict, comment: None, reviewer: "bob".to_owned(), at };
            Change::Verdict { sample: *id, base: now.rev, before: None, after: Some(review) }
        };
        edits.push(Edit::by_person(project, change, "bob", at));
    }
    store.commit(&edits).unwrap();
}
