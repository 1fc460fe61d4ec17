//! What goes wrong between here and a workspace, driven through the built program to the message that a person reads:
//! each names the thing, the cause and what to do, and holds no secret.

use super::{Home, Ran, json_lines};
use crate::support::workspace::{
    Cluster, FakeWorkspace, Fault, SqlBackend, SqlColumn, SqlFailure, SqlRequest, SqlTable, TOKEN, Warehouse,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Answers as an engine does whose tables are not what somebody believes.
struct Changed;

impl SqlBackend for Changed {
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure> {
        let refused = |message: &str, state: &str| {
            Err(SqlFailure { code: "BAD_REQUEST".into(), message: message.into(), sql_state: Some(state.into()) })
        };
        let said = request.statement.as_str();
        match () {
            () if said.contains("gone") => {
                refused("[TABLE_OR_VIEW_NOT_FOUND] The table or view `main`.`v`.`gone` cannot be found.", "42P01")
            }
            () if said.contains("renamed") => refused(
                "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `class` cannot be resolved. Did you mean `klass`?",
                "42703",
            ),
            () => {
                let columns = [("image_id", "BIGINT"), ("path", "STRING"), ("class", "DOUBLE")];
                let columns = columns.map(|(n, t)| SqlColumn { name: n.into(), type_text: t.into() }).to_vec();
                Ok(SqlTable { columns, rows: Vec::new() })
            }
        }
    }
}

fn workspace() -> FakeWorkspace {
    let fake = FakeWorkspace::start();
    let mut world = fake.world();
    world.securable("catalogs", "main", json!({}));
    world.securable("schemas", "main.v", json!({}));
    world.clusters = vec![
        Cluster::new("0202-123456-abcdefgh", "twin", "TERMINATED"),
        Cluster::new("0303-123456-abcdefgh", "twin", "RUNNING"),
    ];
    world.warehouses = vec![Warehouse::new("0123456789abcdef", "small", "PONDERING")];
    world.sql = Some(Arc::new(Changed));
    drop(world);
    fake
}

fn home(host: &str, token: &str) -> Home {
    let home = Home::new();
    home.write(".databrickscfg", &format!("[dev]\nhost = {host}\ntoken = {token}\n"));
    home
}

fn run(home: &Home, args: &[&str]) -> Ran {
    let ran = home.run(&[&["--profile", "dev"], args].concat());
    let all = format!("{}{}", ran.out, ran.err);
    assert!(!all.contains("5ecret") && !all.contains('\u{1b}'), "{ran:?}");
    ran
}

fn assert_says(ran: &Ran, parts: &[&str]) {
    for part in parts {
        assert!(ran.err.contains(part), "`{part}` is not in {ran:?}");
    }
}

const LIST: [&str; 2] = ["ls", "lake:/main"];
const CATALOG: &str = "GET /api/2.1/unity-catalog";

/// A name, what goes wrong, the exit code, and what the message says.
type Case = (&'static str, Fault, i32, &'static [&'static str]);

#[test]
fn every_answer_that_is_none_is_told_with_thing_cause_and_remedy() {
    let denied = r#"{"error_code":"PERMISSION_DENIED","message":"User lacks USE CATALOG on 'main'"}"#;
    let busy = r#"{"error_code":"RESOURCE_EXHAUSTED","message":"enough"}"#;
    let cases: [Case; 5] = [
        ("expired token", Fault::Expired, 4, &["lake:/main", "access token expired", "make a new one"]),
        ("no permission", Fault::Status(403, None, denied), 4, &["lake:/main", "USE CATALOG", "ask its owner"]),
        ("429, an hour", Fault::Status(429, Some("3600"), busy), 5, &["lake:/main", "wait 3600 s", "wait a minute"]),
        ("a web page", Fault::Page(200), 1, &["lake:/main", "web page", "https://NAME"]),
        ("a cut body", Fault::Cut(3), 5, &["lake:/main", "try again"]),
    ];
    for (name, fault, code, says) in cases {
        let fake = workspace();
        fake.fault(CATALOG, usize::MAX, fault);
        let ran = run(&home(fake.host(), TOKEN), &LIST);
        assert_eq!(ran.code, code, "{name}: {ran:?}");
        assert_says(&ran, says);
    }
}

#[test]
fn a_wrong_host_and_a_wrong_token_are_told_apart() {
    let fake = workspace();
    let secure = fake.host().replace("http://", "https://");
    let cases: [(&str, &str, i32, &[&str]); 4] = [
        ("http://127.0.0.1:1", TOKEN, 5, &["127.0.0.1:1", "connection refused", "firewall"]),
        ("https://no-such-name.invalid", TOKEN, 5, &["no-such-name.invalid", "check the spelling"]),
        (secure.as_str(), TOKEN, 5, &["https://127.0.0.1", "does not speak TLS", "http"]),
        (fake.host(), "dapi-wr0ng-5ecret", 4, &["lake:/main", "Invalid access token", "make a new one"]),
    ];
    for (host, token, code, says) in cases {
        let ran = run(&home(host, token), &LIST);
        assert_eq!(ran.code, code, "{ran:?}");
        assert_says(&ran, says);
    }
}

#[test]
fn machines_and_tables_that_are_not_what_is_believed_are_named() {
    let fake = workspace();
    let home = home(fake.host(), TOKEN);
    let set = |table| ["table", "set", table, "/x.jpg", "rose", "--warehouse", "small"];
    let cases: [(&[&str], &[&str]); 6] = [
        (&["sql", "SELECT 1", "--cluster", "none"], &["the cluster `none`", "`twin`", "name one of them"]),
        (
            &["sql", "SELECT 1", "--cluster", "twin"],
            &["2 clusters have this name", "0303-123456-abcdefgh", "by its id"],
        ),
        (&["table", "rows", "main.v.gone", "--warehouse", "small"], &["gone", "cannot be found", "check the name"]),
        (&set("main.v.gone"), &["there is no table main.v.gone", "0123456789abcdef", "check its name"]),
        (&set("main.v.renamed"), &["`class` cannot be resolved", "check the names of the columns"]),
        (&set("main.v.typed"), &["column `class` of main.v.typed holds Float64", "name another with --class"]),
    ];
    for (args, says) in cases {
        let ran = run(&home, args);
        assert_ne!(ran.code, 0, "{ran:?}");
        assert_says(&ran, says);
    }
}

#[test]
fn odd_answers_that_mean_something_are_read_all_the_same() {
    let fake = workspace();
    let (home, files) = (home(fake.host(), TOKEN), tempfile::tempdir().unwrap());
    std::fs::write(files.path().join("a.jpg"), b"12345").unwrap();
    fake.world().volume("main.v.pictures", files.path());
    (fake.world().empty_pages, fake.world().integers_as_text) = (true, true);
    fake.fault("GET /api/2.0/fs/directories", 1, Fault::Slow(Duration::from_millis(1)));
    let rows = run(&home, &["ls", "/Volumes/main/v/pictures", "--json"]);
    assert_eq!(json_lines(&rows.out)[0]["size"], json!(5), "{rows:?}");
    assert_eq!(run(&home, &LIST).out.trim(), "v/");
    // A state that nobody knows yet is shown as it is, and asked to work like any other.
    let warehouse = run(&home, &["sql", "SELECT 1", "--warehouse", "small", "--jsonl"]);
    assert_eq!(warehouse.code, 0, "{warehouse:?}");
}

#[test]
fn a_clock_that_is_wrong_is_told_by_doctor_and_hinders_nothing_else() {
    let fake = workspace();
    let home = home(fake.host(), TOKEN);
    fake.fault("GET /", usize::MAX, Fault::Clock("Sat, 01 Jan 2000 00:00:00 GMT"));
    let checks = run(&home, &["doctor", "dev"]);
    assert!(checks.code == 1 && checks.out.contains("the clock of this computer is"), "{checks:?}");
    assert!(checks.out.contains("set the clock"), "{checks:?}");
    assert_eq!(run(&home, &LIST).out.trim(), "v/");
}
