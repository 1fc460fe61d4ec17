//! Connections to real engines that are cut at random moments, and answers that get lost: nothing is lost or written twice.

use super::{Person, Server, held, text};
use crate::remote::warehouse::{Through, warehouse};
use crate::support::spark::{Relay, connect, port, run};
use crate::support::workspace::FakeWorkspace;
use lakelens::remote::http::Workspace;
use lakelens::remote::profile::Connection;
use lakelens::remote::profile::host::Host;
use lakelens::remote::spark::Spark;
use lakelens::remote::sql::{Attached, Dialect, Engine, Result, Rows, SqlError, Statement};
use lakelens::remote::warehouse::Warehouse;
use lakelens::store::StoreError;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
/// How often the connection is cut; the bar of the project is 200.
fn cuts(usual: usize) -> usize {
    std::env::var("LAKELENS_TEST_CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// The relay in front of a server, and sessions through it.
fn cut_spark(server: &Server, rounds: usize) {
    let relay = Relay::start(&server.net, port(&server.address));
    let through = format!("sc://127.0.0.1:{}", relay.port);
    cut_at_random(server, rounds, &relay, &|| Arc::new(connect(&server.net, &through)));
}

/// The relay in front of a workspace whose SQL a server runs.
fn cut_warehouse(server: &Server, rounds: usize) {
    let fake = FakeWorkspace::start();
    drop(warehouse(&fake, Arc::new(Through(connect(&server.net, &server.address)))));
    let relay = Relay::start(&server.net, fake.host().rsplit_once(':').unwrap().1.parse().unwrap());
    let host = Host::parse(&format!("http://127.0.0.1:{}", relay.port)).unwrap();
    let connection = || Connection { host: host.clone(), ..fake.with_token() };
    cut_at_random(server, rounds, &relay, &|| {
        Arc::new(Warehouse::new(&Workspace::new(connection(), &server.net).unwrap(), "w1"))
    });
}

/// Labels while the connection is cut at random moments; the program is "killed" now and then as well.
fn cut_at_random(server: &Server, rounds: usize, relay: &Relay, engine: &dyn Fn() -> Arc<dyn Engine>) {
    let rows_count = 60;
    let table = server.table(rows_count);
    let folder = tempfile::tempdir().unwrap();
    let mut ann = Person::at(engine(), &table, "ann", folder.path());
    ann.refresh();
    let mut wanted = BTreeMap::new();
    let mut chance = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |n: u64| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        chance % n
    };
    let mut failures = 0;
    for round in 0..rounds {
        for _ in 0..=random(3) {
            let row = random(rows_count as u64);
            let class = if random(2) == 0 { "rose" } else { "tulip" };
            ann.label(&format!("{row}.jpg"), Some(class));
            wanted.insert(format!("/photos/{row}.jpg"), text(class));
        }
        let pause = std::time::Duration::from_micros(random(60_000));
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let (_open, wait) = std::sync::mpsc::channel::<()>();
                let _ = wait.recv_timeout(pause);
                relay.cut();
            });
            let stop = CancellationToken::new();
            if random(4) == 0 {
                // What a kill leaves behind: a batch under way of which nobody knows.
                stop.cancel();
            }
            failures += usize::from(ann.store.send_now(&stop).is_err());
        });
        if round % 7 == 6 {
            drop(ann);
            ann = Person::at(engine(), &table, "ann", folder.path());
        }
    }
    while ann.store.send_now(&CancellationToken::new()).is_err() {}
    let now = held(&*server.engine(), &table);
    let lost: Vec<_> = wanted.iter().filter(|(path, class)| now[*path] != **class).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(ann.store.unsent().unwrap(), Default::default(), "no conflict with oneself");
    println!("{rounds} rounds with a cut, {failures} failed sends, {} labels, none lost", wanted.len());
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn sail_loses_nothing_when_connections_are_cut() {
    if let Some(server) = Server::sail() {
        cut_spark(&server, cuts(40));
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn spark_loses_nothing_when_connections_are_cut() {
    if let Some(server) = Server::spark() {
        cut_spark(&server, cuts(3));
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn a_warehouse_loses_nothing_when_connections_are_cut() {
    if let Some(server) = Server::spark() {
        cut_warehouse(&server, cuts(3));
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn a_batch_that_arrived_without_an_answer_is_not_repeated() {
    let Some(server) = Server::spark() else { return };
    let (engine, table) = (server.engine(), server.table(4));
    let folder = tempfile::tempdir().unwrap();
    let lost: Arc<dyn Engine> = Arc::new(LosesAnswers(server.engine()));
    let mut ann = Person::at(lost, &table, "ann", folder.path());
    ann.refresh();
    ann.label("0.jpg", Some("tulip"));
    let error = ann.store.send_now(&CancellationToken::new()).unwrap_err();
    assert!(matches!(error, StoreError::Engine(SqlError::Unknown { .. })), "{error:?}");
    // Somebody decides that it was a rose after all, before ann's program looks again.
    run(&*engine, &format!("UPDATE {table} SET class = 'rose' WHERE image_id = 'id0'"));
    drop(ann);
    let mut ann = Person::at(server.engine(), &table, "ann", folder.path());
    ann.send();
    assert_eq!(held(&*engine, &table)["/photos/0.jpg"], text("rose"), "their decision stays");
}

/// An engine whose answers to changes get lost.
struct LosesAnswers(Arc<Spark>);

impl Engine for LosesAnswers {
    fn place(&self) -> &str {
        self.0.place()
    }

    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    fn source(&self, rows: &Attached) -> String {
        self.0.source(rows)
    }

    fn run(&self, statement: &Statement, stop: &CancellationToken) -> Result<Rows> {
        let mut rows = self.0.run(statement, stop)?;
        if statement.message.is_some() {
            while rows.next_batch()?.is_some() {}
            return Err(SqlError::Unknown { place: self.place().to_owned(), why: "cut".to_owned() });
        }
        Ok(rows)
    }
}
