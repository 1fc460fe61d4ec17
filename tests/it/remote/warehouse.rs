//! SQL warehouses: the client against our own workspace, which answers as the API does; SQL by a real engine behind it.

use crate::remote::http::wire;
use crate::support::spark::{address, connect, rows};
use crate::support::workspace::{
    FakeWorkspace, SqlBackend, SqlColumn, SqlFailure, SqlRequest, SqlTable, Warehouse as Known,
};
use lakelens::remote::http::Workspace;
use lakelens::remote::net::Net;
use lakelens::remote::spark::Spark;
use lakelens::remote::sql::{Attached, Engine, SqlError, Statement, Value};
use lakelens::remote::warehouse::Warehouse;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;

/// Answers from a list, whatever is asked; keeps what was asked.
struct Says(fn(usize, &SqlRequest) -> Result<SqlTable, SqlFailure>, AtomicUsize);

impl SqlBackend for Says {
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure> {
        (self.0)(self.1.fetch_add(1, Ordering::Relaxed), request)
    }
}

fn numbers(n: usize) -> SqlTable {
    let columns = [("id", "BIGINT"), ("name", "STRING")];
    let columns = columns.map(|(name, kind)| SqlColumn { name: name.into(), type_text: kind.into() }).to_vec();
    SqlTable { columns, rows: (0..n).map(|i| vec![Some(i.to_string()), None]).collect() }
}

fn failure(message: &str, state: &str) -> SqlFailure {
    SqlFailure { code: "BAD_REQUEST".into(), message: message.into(), sql_state: Some(state.into()) }
}

pub(crate) fn warehouse(fake: &FakeWorkspace, sql: Arc<dyn SqlBackend>) -> Warehouse {
    let (id, name, state) = ("w1".to_owned(), "small".to_owned(), "STOPPED".to_owned());
    fake.world().warehouses.push(Known { id, name, state, polls: None });
    fake.world().sql = Some(sql);
    Warehouse::new(&Workspace::with(fake.with_token(), wire()), "w1")
}

/// The same with a real engine behind it, asked with the usual patience: its first answers take a while.
pub(crate) fn patient_warehouse(fake: &FakeWorkspace, sql: Spark, net: &Net) -> Warehouse {
    drop(warehouse(fake, Arc::new(Through(sql))));
    Warehouse::new(&Workspace::new(fake.with_token(), net).unwrap(), "w1")
}

fn says(fake: &FakeWorkspace, answer: fn(usize, &SqlRequest) -> Result<SqlTable, SqlFailure>) -> Warehouse {
    warehouse(fake, Arc::new(Says(answer, AtomicUsize::new(0))))
}

#[test]
fn a_result_of_several_parts_arrives_whole_after_some_polling() {
    let fake = FakeWorkspace::start();
    let engine = says(&fake, |_, _| Ok(numbers(2500)));
    fake.world().sql_polls = 2;
    let all = rows(&engine, &Statement::new("SELECT 1"));
    assert_eq!(all.len(), 2500);
    assert!(all.iter().enumerate().all(|(i, r)| r[0] == Some(i.to_string()) && r[1].is_none()));
    assert_eq!(fake.world().asked("/api/2.0/sql/statements/01ef-0001/result/chunks/"), 2);
}

#[test]
fn a_result_too_large_for_one_answer_is_fetched_through_links_without_our_token() {
    let fake = FakeWorkspace::start();
    let engine = says(&fake, |call, _| match call {
        0 => Err(failure("Inline byte limit exceeded. Statements executed with disposition=INLINE ...", "54000")),
        _ => Ok(numbers(1500)),
    });
    assert_eq!(rows(&engine, &Statement::new("SELECT 1")).len(), 1500);
    let links: Vec<_> = fake.world().seen.iter().filter(|s| s.path.starts_with("/link/")).cloned().collect();
    assert_eq!(links.len(), 2);
    assert!(links.iter().all(|s| !s.headers.contains_key("authorization")));
}

/// A struct as data sets for training have it, as Arrow has it.
fn pictures() -> Vec<u8> {
    use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray, StructArray};
    use arrow_schema::Field;
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![Some(b"\x89PNG\r\n\x1a\n".as_slice()), None]));
    let path: ArrayRef = Arc::new(StringArray::from(vec![Some("a.png"), Some("/b.png")]));
    let field = |name: &str, of: &ArrayRef| Arc::new(Field::new(name, of.data_type().clone(), true));
    let image = StructArray::from(vec![(field("bytes", &bytes), bytes), (field("path", &path), path)]);
    let batch = RecordBatch::try_from_iter([("image", Arc::new(image) as ArrayRef)]).unwrap();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn pictures_in_structs_come_as_bytes_and_as_text_only_where_nothing_better_is_had() {
    use lakelens::domain::sheet::Cell;
    let kind = "STRUCT<bytes: BINARY, path: STRING>";
    let table = |call: usize, _: &SqlRequest| {
        let columns = vec![SqlColumn { name: "image".into(), type_text: "STRUCT<bytes: BINARY, path: STRING>".into() }];
        let rows = ["{\"path\":\"a.png\"}", "{\"path\":\"/b.png\"}"].map(|c| vec![Some(c.to_owned())]).to_vec();
        // The second of two tables is given as JSON alone.
        if call == 3 { Err(failure("ARROW_STREAM is not supported", "0A000")) } else { Ok(SqlTable { columns, rows }) }
    };
    let fake = FakeWorkspace::start();
    let engine = says(&fake, table);
    fake.world().sql_arrow = Some(pictures());
    let read = || {
        let mut found = engine.run(&Statement::new("SELECT * FROM t"), &CancellationToken::new()).unwrap();
        lakelens::remote::sql::sheet::read(&mut found, 9, "here").unwrap()
    };
    let sheet = read();
    let cells: Vec<&Cell> = sheet.rows.iter().map(|row| &row[0]).collect();
    let bytes = Cell::Bytes(b"\x89PNG\r\n\x1a\n".as_slice().into());
    assert_eq!(cells, [&bytes, &Cell::Text("/b.png".to_owned())]);
    let sheet = read();
    assert_eq!((sheet.columns[0].kind.as_str(), sheet.rows[0][0].text()), (kind, Some("{\"path\":\"a.png\"}")));
}

#[test]
fn a_failed_statement_is_an_error_although_http_says_200() {
    let fake = FakeWorkspace::start();
    let engine = says(&fake, |call, _| match call {
        0 => Err(failure("[TABLE_OR_VIEW_NOT_FOUND] The table `x` cannot be found.", "42P01")),
        1 => Err(failure("[DELTA_CONCURRENT_APPEND] Files were added by a concurrent update.", "2D521")),
        _ => Ok(SqlTable { columns: Vec::new(), rows: Vec::new() }),
    });
    let ask = || engine.all(&Statement::new("SELECT 1"), &CancellationToken::new());
    let error = ask().unwrap_err();
    assert!(error.is_missing_table() && error.to_string().contains("warehouse w1 of fake"), "{error}");
    assert!(ask().unwrap_err().is_concurrent());
    assert!(ask().unwrap().iter().all(|b| b.num_rows() == 0), "no rows and no columns are no error");
}

#[test]
fn a_statement_is_cancelled_and_an_unknown_warehouse_named() {
    let fake = FakeWorkspace::start();
    let engine = says(&fake, |_, _| Ok(numbers(1)));
    fake.world().sql_polls = 1_000_000;
    let stop = CancellationToken::new();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| engine.all(&Statement::new("SELECT 1"), &stop));
        while fake.world().asked("/api/2.0/sql/statements/01ef") == 0 {
            std::thread::yield_now();
        }
        stop.cancel();
        assert_eq!(running.join().unwrap().unwrap_err(), SqlError::Cancelled);
    });
    assert_eq!(fake.world().asked("/api/2.0/sql/statements/01ef-0001/cancel"), 1);
    let other = Warehouse::new(&Workspace::with(fake.with_token(), wire()), "nowhere");
    let error = other.all(&Statement::new("SELECT 1"), &CancellationToken::new()).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}

/// Has a Spark Connect server run the SQL, with the parameters as literals: some of these servers take none.
pub(crate) struct Through(pub(crate) Spark);

impl SqlBackend for Through {
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure> {
        let mut text = request.statement.clone();
        for parameter in &request.parameters {
            let literal = parameter.value.as_ref().map_or_else(
                || "NULL".to_owned(),
                |v| format!("CAST('{}' AS {})", v.replace('\\', "\\\\").replace('\'', "\\'"), parameter.type_name),
            );
            text = text.replace(&format!(":{}", parameter.name), &literal);
        }
        let statement = Statement::new(text);
        let failed = |e: SqlError| match e {
            SqlError::Refused { class, state, message, .. } => failure(&format!("[{class}] {message}"), &state),
            other => failure(&other.to_string(), ""),
        };
        let batches = self.0.all(&statement, &CancellationToken::new()).map_err(failed)?;
        let mut table = SqlTable { columns: Vec::new(), rows: Vec::new() };
        for batch in batches {
            let column =
                |f: &Arc<arrow_schema::Field>| SqlColumn { name: f.name().clone(), type_text: "STRING".into() };
            table.columns = batch.schema().fields().iter().map(column).collect();
            // Maps and lists, as in the history of a table, are nothing that a test here reads.
            let texts =
                |i| lakelens::remote::sql::texts(&batch, i, "fake").unwrap_or_else(|_| vec![None; batch.num_rows()]);
            let columns: Vec<_> = (0..batch.num_columns()).map(texts).collect();
            table.rows.extend((0..batch.num_rows()).map(|r| columns.iter().map(|c| c[r].clone()).collect()));
        }
        Ok(table)
    }
}

#[test]
#[ignore = "needs Apache Spark; tests/run starts it"]
fn attached_rows_arrive_whatever_they_hold() {
    let Some(server) = address("LAKELENS_SPARK_TOKEN") else { return };
    let net = Net::default();
    let fake = FakeWorkspace::start();
    warehouse(&fake, Arc::new(Through(connect(&net, &server))));
    // With the usual patience: a real engine needs seconds for its first statement.
    let engine = Warehouse::new(&Workspace::new(fake.with_token(), &net).unwrap(), "w1");
    let evil = "it's \"; DROP \\ `x` :rows ü\n";
    let row = |a: &str, b: Option<&str>| vec![Some(a.to_owned()), b.map(str::to_owned)];
    let attached = Attached {
        name: "rows".into(),
        columns: vec!["id".into(), "before".into()],
        rows: vec![row("1", None), row(evil, Some(""))],
    };
    let text = format!("SELECT s.`id`, s.`before` FROM {} AS s ORDER BY s.`id`", engine.source(&attached));
    let read = rows(&engine, &Statement::new(text).attach(attached));
    assert_eq!(read, [row("1", None), row(evil, Some(""))]);
    let statement =
        Statement::new("SELECT :a AS a, :n AS n").with("a", Value::Text("x'y".into())).with("n", Value::Int(7));
    assert_eq!(rows(&engine, &statement), [row("x'y", Some("7"))]);
}
