//! PostgreSQL: bulk insert, pages and filters at two sizes, and CV Explorer's own query for its last page beside ours.
//!
//! Needs the server that `tests/servers/postgres start DIR` starts, in `LAKELENS_TEST_POSTGRES`. `LAKELENS_BENCH_SIZES`
//! are the sizes (10,000,1000000): the first and the last are compared. The connection is on this machine: times are the
//! work itself. Beside the insert of 100,000 samples with a class each (a sample, an annotation, an entry of its class,
//! an event with its history, all indexes) stands the least that any program could do with such rows: a bulk `unnest`
//! of path and JSON into one table with a key.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use lakelens::domain::class::LabelSet;
use lakelens::domain::ids::ProjectId;
use lakelens::domain::project::{ScanSettings, Task};
use lakelens::domain::queue::{Filter, Order, Queue};
use lakelens::remote::net::Net;
use lakelens::store::records::{Direction, From, Mode, NewProject, NewSample};
use lakelens::store::{Store, open};
use std::time::{Duration, Instant};

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
    let sizes = std::env::var("LAKELENS_BENCH_SIZES").unwrap_or_else(|_| "10000,1000000".to_owned());
    let sizes: Vec<usize> = sizes.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let (small, large) = (sizes[0], sizes[sizes.len() - 1]);
    let (net, schema) = (Net::default(), format!("bench_{}", std::process::id()));
    let location = format!("{server}?schema={schema}");
    let mut store = open(&location, Mode::Create, &net).unwrap();
    let store = store.as_mut();
    let rows = large.min(100_000);
    let bare = bare(&net, &server, &schema, rows);
    let (small_id, _) = fill(store, "small", small);
    let (large_id, insert) = fill(store, "large", large);
    println!("| PostgreSQL, ms, median of 11 | {small} samples | {large} samples | ratio |");
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
    println!("| insert {rows} with a class each | | {:.0} | |", insert.as_secs_f64() * 1e3);
    let ratio = insert.as_secs_f64() / bare.as_secs_f64();
    println!(
        "| a bare `unnest` of {rows} such rows into one table | | {:.0} | ours is {ratio:.1} of it |",
        bare.as_secs_f64() * 1e3
    );
    theirs(&net, &server, &schema, store, [small_id, large_id]);
}

async fn connected(server: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The rows as an import has them, into one table without history, in batches as large as ours.
fn bare(net: &Net, server: &str, schema: &str, rows: usize) -> Duration {
    let client = net.wait(connected(server));
    let table = format!("CREATE TABLE {schema}.bare(path TEXT PRIMARY KEY, answer JSONB NOT NULL)");
    net.wait(client.batch_execute(&table)).unwrap();
    let insert = format!(
        "INSERT INTO {schema}.bare SELECT path, answer::jsonb FROM unnest($1::text[], $2::text[]) AS n(path, answer)"
    );
    let begun = Instant::now();
    for start in (0..rows).step_by(BATCH) {
        let all = start..(start + BATCH).min(rows);
        let paths: Vec<String> = all.clone().map(|i| format!("part_{:03}/img_{i:07}.jpg", i / 1000)).collect();
        let answer = |i: usize| {
            let (class, x) = (CLASSES[i % 4], i as f64 / rows as f64);
            format!(
                r#"{{"annotations":[{{"label":"{class}","ann_type":"bbox","bbox_json":{{"x":{x},"y":0.2,"w":0.3,"h":0.4}}}}]}}"#
            )
        };
        let answers: Vec<String> = all.map(answer).collect();
        net.wait(client.execute(&insert, &[&paths, &answers])).unwrap();
    }
    begun.elapsed()
}

/// The statements that CV Explorer sends for a gallery page, on its own table with the same rows.
fn theirs(net: &Net, server: &str, schema: &str, store: &mut dyn Store, ids: [ProjectId; 2]) {
    let client = net.wait(connected(server));
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
