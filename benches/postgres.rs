//! PostgreSQL: bulk insert, pages and filters at two sizes, and CV Explorer's own query for its last page beside ours.
//!
//! Needs the server that `tests/servers/postgres start DIR` starts, in `LAKELENS_TEST_POSTGRES`. `LAKELENS_BENCH_SAMPLES`
//! is the large size (1,000,000); the small one is 10,000. The connection is on this machine: times are the work itself.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use lakelens::domain::class::LabelSet;
use lakelens::domain::ids::ProjectId;
use lakelens::domain::project::{ScanSettings, Task};
use lakelens::domain::queue::{Filter, Order, Queue};
use lakelens::remote::net::Net;
use lakelens::store::records::{Direction, From, Mode, NewProject, NewSample};
use lakelens::store::{Store, open};
use std::time::{Duration, Instant};

const SMALL: usize = 10_000;
const BATCH: usize = 10_000;
const CLASSES: [&str; 4] = ["daisy", "roses", "sunflowers", "tulips"];

fn fill(store: &mut dyn Store, name: &str, samples: usize) -> (ProjectId, Duration) {
    let new = NewProject {
        name: name.to_owned(),
        task: Task::Classification,
        source: "/Volumes/a/b/c".to_owned(),
        scan: ScanSettings::default(),
        labels: LabelSet::from_names(&CLASSES, 1),
        author: "bench".to_owned(),
    };
    let project = store.create_project(&new).unwrap().id;
    let scan = store.begin_scan(project, "bench").unwrap();
    let mut first = Duration::ZERO;
    let begun = Instant::now();
    for start in (0..samples).step_by(BATCH) {
        let file = |i: usize| NewSample {
            path: format!("part_{:03}/img_{i:07}.jpg", i / 1000),
            size: 100_000,
            etag: format!("{i:x}"),
            class: Some(CLASSES[i % 4].to_owned()),
            ..NewSample::default()
        };
        let files: Vec<NewSample> = (start..(start + BATCH).min(samples)).map(file).collect();
        store.add_samples(scan, &files).unwrap();
        if start + BATCH == 100_000 {
            first = begun.elapsed();
        }
    }
    if first.is_zero() {
        first = begun.elapsed();
    }
    store.finish_scan(scan).unwrap();
    (project, first)
}

/// The middle of eleven times.
fn median(mut work: impl FnMut()) -> Duration {
    work();
    let mut times: Vec<Duration> = (0..11)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[5]
}

fn page(store: &mut dyn Store, project: ProjectId, filter: &str, direction: Direction) -> Duration {
    let queue = Queue { filter: Filter::parse(filter).unwrap(), order: Order::Path };
    median(|| {
        let found = store.page(project, &queue, &From::Edge, direction, 60).unwrap();
        assert!(found.len() == 60 || filter == "flag", "{filter}: {}", found.len());
    })
}

fn line(what: &str, small: Duration, large: Duration) {
    let ratio = large.as_secs_f64() / small.as_secs_f64();
    println!("| {what} | {:.2} | {:.2} | {ratio:.2} |", small.as_secs_f64() * 1e3, large.as_secs_f64() * 1e3);
}

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let Some(server) = std::env::var("LAKELENS_TEST_POSTGRES").ok().filter(|s| !s.is_empty()) else {
        println!("skipped: LAKELENS_TEST_POSTGRES names no server; tests/servers/postgres start DIR prints it");
        return;
    };
    let large = std::env::var("LAKELENS_BENCH_SAMPLES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let (net, schema) = (Net::default(), format!("bench_{}", std::process::id()));
    let location = format!("{server}?schema={schema}");
    let mut store = open(&location, Mode::Create, &net).unwrap();
    let store = store.as_mut();
    let (small_id, _) = fill(store, "small", SMALL);
    let (large_id, insert) = fill(store, "large", large);
    println!("| PostgreSQL, ms, median of 11 | {SMALL} samples | {large} samples | ratio |");
    println!("|---|---|---|---|");
    for (what, filter, direction) in [
        ("first page of 60", "", Direction::Forward),
        ("last page of 60", "", Direction::Back),
        ("first page, class:roses", "class:roses", Direction::Forward),
        ("last page, class:roses,tulips", "class:roses,tulips", Direction::Back),
        ("first page, status:labeled by:bench", "status:labeled by:bench", Direction::Forward),
        ("first page, flag (nothing)", "flag", Direction::Forward),
    ] {
        line(what, page(store, small_id, filter, direction), page(store, large_id, filter, direction));
    }
    let counted = |store: &mut dyn Store, id| median(|| drop(store.tallies(id).unwrap()));
    line("all counts", counted(store, small_id), counted(store, large_id));
    println!("| insert {} with a class each | | {:.0} | |", large.min(100_000), insert.as_secs_f64() * 1e3);
    theirs(&net, &server, &schema, store, [small_id, large_id]);
}

/// The statements that CV Explorer sends for a gallery page, on its own table with the same rows.
fn theirs(net: &Net, server: &str, schema: &str, store: &mut dyn Store, ids: [ProjectId; 2]) {
    let client = net.wait(async {
        let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    });
    let run = |sql: &str| net.wait(client.batch_execute(sql)).unwrap();
    run(&format!(
        "SET search_path TO {schema}; CREATE TABLE project_samples AS SELECT id, project AS project_id, path AS filepath,
           'labeled'::varchar(50) AS status FROM sample; ALTER TABLE project_samples ADD PRIMARY KEY (id);
         CREATE INDEX ON project_samples(project_id, status); ANALYZE project_samples"
    ));
    let times = ids.map(|id| {
        let n = store.tallies(id).unwrap().counts.samples();
        let page = "SELECT * FROM project_samples WHERE project_id =";
        median(|| {
            run(&format!("SELECT count(*) FROM ({page} {id}) AS anon_1"));
            run(&format!("{page} {id} ORDER BY id LIMIT 24 OFFSET {}", n - 24));
        })
    });
    line("CV Explorer's last page (count and OFFSET)", times[0], times[1]);
    let ours = ids.map(|id| page(store, id, "", Direction::Back));
    println!("| its last page to ours | | | {:.1} |", times[1].as_secs_f64() / ours[1].as_secs_f64());
    run(&format!("SET client_min_messages TO warning; DROP SCHEMA {schema} CASCADE"));
}
