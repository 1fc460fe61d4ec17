//! The Spark Connect client against real servers: Apache Spark and Sail.

use crate::support::spark::{Relay, address, connect, port, rows, run};
use lakelens::remote::net::Net;
use lakelens::remote::spark::{Address, Spark};
use lakelens::remote::sql::{Attached, Engine, SqlError, Statement, Value};
use tokio_util::sync::CancellationToken;

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// A text that would break out of a statement, a name and a terminal.
const EVIL: &str = "it's \u{1b}[31m `x`; DROP TABLE t --";

/// Values that travel beside the statement. Apache Spark 4.1 and 4.2 lose them where `spark.sql.extensions` is set, as it is
/// for Delta (`UNBOUND_SQL_PARAMETER`): the program attaches rows instead wherever it can.
fn takes_parameters(server: &str) {
    let net = Net::default();
    let engine = connect(&net, server);
    let evil = EVIL;
    let statement = Statement::new("SELECT :a AS a, :b AS b, :c AS c, :d AS d, CAST(:e AS STRING) AS e")
        .with("a", Value::Text(evil.to_owned()))
        .with("b", Value::Int(-5))
        .with("c", Value::Bool(true))
        .with("d", Value::Float(0.5))
        .with("e", Value::Null);
    assert_eq!(rows(&engine, &statement), [vec![text(evil), text("-5"), text("true"), text("0.5"), None]]);
}

/// What every server has to do alike.
fn asks_and_answers(server: &str) {
    let net = Net::default();
    let engine = connect(&net, server);
    let evil = EVIL;
    let attached = Attached {
        name: "lakelens_test".into(),
        columns: vec!["id".into(), "a `b`".into()],
        rows: (0..20_000).map(|i| vec![text(&i.to_string()), if i == 7 { None } else { text(evil) }]).collect(),
    };
    let sql = format!("SELECT count(*), count(`a ``b```), max(`a ``b```) FROM {}", engine.source(&attached));
    let counted = rows(&engine, &Statement::new(sql).attach(attached));
    assert_eq!(counted, [vec![text("20000"), text("19999"), text(evil)]]);
    // No rows still have columns.
    let none = engine.run(&Statement::new("SELECT 1 AS one WHERE false"), &CancellationToken::new()).unwrap();
    assert_eq!(none.schema().unwrap().field(0).name(), "one");
    let error = engine.all(&Statement::new("SELECT * FROM nowhere_at_all"), &CancellationToken::new()).unwrap_err();
    assert!(error.is_missing_table(), "{error:?}");
    let error = engine.all(&Statement::new("SELEKT 1"), &CancellationToken::new()).unwrap_err();
    assert!(matches!(error, SqlError::Refused { .. }), "{error:?}");
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn sail_asks_and_answers() {
    if let Some(server) = address("LAKELENS_SAIL") {
        asks_and_answers(&server);
        takes_parameters(&server);
    }
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn sail_sends_three_million_rows_and_a_cut_among_them_is_said() {
    let Some(server) = address("LAKELENS_SAIL") else { return };
    let net = Net::default();
    let relay = Relay::start(&net, port(&server));
    let engine = connect(&net, &format!("sc://127.0.0.1:{}", relay.port));
    assert_eq!(counted(&engine, 3_000_000, |_| {}), Ok(3_000_000));
    // Sail does not number its rows, and loses some with a connection: never a short result without a word.
    let cut = counted(&engine, 3_000_000, |batches| {
        if batches % 100 == 50 {
            relay.cut()
        }
    });
    assert!(matches!(cut, Ok(3_000_000) | Err(SqlError::Unknown { .. })), "{cut:?}");
}

/// Rows of a range that arrive, each checked to be the next.
fn counted(engine: &Spark, rows: i64, mut each: impl FnMut(u64)) -> Result<i64, SqlError> {
    use arrow_array::{Array, Int64Array};
    let statement = Statement::new(format!("SELECT id FROM range(0, {rows}, 1, 1)"));
    let mut result = engine.run(&statement, &CancellationToken::new()).unwrap();
    let (mut next, mut batches) = (0, 0);
    while let Some(batch) = result.next_batch()? {
        let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
        for value in column.values() {
            assert_eq!(*value, next);
            next += 1;
        }
        batches += 1;
        each(batches);
    }
    Ok(next)
}

#[test]
#[ignore = "needs Apache Spark; tests/run starts it"]
fn spark_asks_and_answers() {
    if let Some(server) = address("LAKELENS_SPARK") {
        asks_and_answers(&server);
    }
}

#[test]
#[ignore = "needs Apache Spark; tests/run starts it"]
fn spark_sends_all_of_three_million_rows_though_it_closes_its_streams() {
    let Some(server) = address("LAKELENS_SPARK") else { return };
    let net = Net::default();
    let relay = Relay::start(&net, port(&server));
    let engine = connect(&net, &format!("sc://127.0.0.1:{}", relay.port));
    assert_eq!(counted(&engine, 3_000_000, |_| {}), Ok(3_000_000));
    // And once more with the connection cut now and then.
    assert_eq!(
        counted(&engine, 1_000_000, |batches| if batches % 40 == 20 {
            relay.cut()
        }),
        Ok(1_000_000)
    );
}

#[test]
#[ignore = "needs Apache Spark; tests/run starts it"]
fn a_token_is_needed_where_the_server_wants_one() {
    let Some(server) = address("LAKELENS_SPARK_TOKEN") else { return };
    let net = Net::default();
    takes_parameters(&server);
    let engine = connect(&net, &server);
    assert_eq!(rows(&engine, &Statement::new("SELECT 1 AS a")), [vec![text("1")]]);
    for wrong in [format!("sc://127.0.0.1:{}", port(&server)), server.replace("sesame", "opensaysme")] {
        let error = connect(&net, &wrong).all(&Statement::new("SELECT 1"), &CancellationToken::new()).unwrap_err();
        assert!(matches!(error, SqlError::Auth { .. }), "{error:?}");
        assert!(!error.to_string().contains("opensaysme"));
    }
    // A token that is asked for each time can be renewed.
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let count = std::sync::Arc::clone(&asked);
    let source: lakelens::remote::spark::TokenSource = std::sync::Arc::new(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Box::pin(async { Ok(lakelens::remote::secret::Secret::new("sesame")) })
    });
    let address = Address::parse(&format!("sc://127.0.0.1:{}", port(&server))).unwrap();
    let engine = Spark::new(&net, &address, Some(source)).unwrap();
    assert_eq!(rows(&engine, &Statement::new("SELECT 2 AS a")), [vec![text("2")]]);
    assert!(asked.load(std::sync::atomic::Ordering::Relaxed) >= 2);
}

#[test]
#[ignore = "needs Apache Spark; tests/run starts it"]
fn a_statement_is_stopped_on_request() {
    let Some(server) = address("LAKELENS_SPARK") else { return };
    let net = Net::default();
    let engine = connect(&net, &server);
    let stop = CancellationToken::new();
    let endless =
        "SELECT count(*) FROM range(0, 100000000, 1, 2) AS a JOIN range(0, 1000000, 1, 2) AS b ON a.id % 7 < b.id % 5";
    std::thread::scope(|scope| {
        let running = scope.spawn(|| engine.all(&Statement::new(endless), &stop));
        // It runs when the server has noticed it: another statement is answered meanwhile.
        assert_eq!(rows(&engine, &Statement::new("SELECT 3 AS a")), [vec![text("3")]]);
        stop.cancel();
        assert_eq!(running.join().unwrap().unwrap_err(), SqlError::Cancelled);
    });
    assert_eq!(rows(&engine, &Statement::new("SELECT 1 AS a")), [vec![text("1")]]);
}

#[test]
#[ignore = "needs Apache Spark; tests/run starts it"]
fn a_session_that_is_over_is_followed_by_another() {
    let Some(server) = address("LAKELENS_SPARK") else { return };
    let net = Net::default();
    let id = uuid::Uuid::new_v4();
    let with_id = format!("{server}/;session_id={id}");
    let engine = connect(&net, &with_id);
    run(&engine, "CREATE TEMPORARY VIEW mine AS SELECT 1 AS a");
    // The other handle on the same session ends it, between two statements: one that runs then has an unknown end.
    connect(&net, &with_id).end();
    let attached =
        Attached { name: "again".into(), columns: vec!["a".into()], rows: vec![vec![text("x")], vec![None]] };
    let sql = format!("SELECT count(*) AS n FROM {}", engine.source(&attached));
    assert_eq!(rows(&engine, &Statement::new(sql).attach(attached)), [vec![text("2")]]);
    assert_ne!(engine.session(), id.to_string(), "another session has begun");
}

#[test]
fn nobody_there_is_said_so() {
    let net = Net::default();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let engine = connect(&net, &format!("sc://127.0.0.1:{port}"));
    let error = engine.all(&Statement::new("SELECT 1"), &CancellationToken::new()).unwrap_err();
    assert!(matches!(&error, SqlError::Unreachable { why, .. } if why.contains("refused")), "{error:?}");
    assert!(error.to_string().starts_with(&format!("sc://127.0.0.1:{port} cannot be reached")), "{error}");
}
