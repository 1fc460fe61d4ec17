//! Our workspace is one: the official Python SDK takes it for a real one. And it can be served to other programs.

use crate::support::workspace::{
    Cluster, FakeWorkspace, Instance, PRINCIPAL, SqlBackend, SqlColumn, SqlFailure, SqlRequest, SqlTable, TOKEN, USER,
    Warehouse,
};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const PYTHON: &str = "LAKELENS_DATABRICKS_PYTHON";

/// Knows two statements, for the envelope alone; real SQL is run by the engines in their own tests.
struct TwoStatements;

impl SqlBackend for TwoStatements {
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure> {
        if request.statement == "SELECT 1" {
            let columns = vec![SqlColumn { name: "1".to_owned(), type_text: "INT".to_owned() }];
            return Ok(SqlTable { columns, rows: vec![vec![Some("1".to_owned())]] });
        }
        let message = "[PARSE_SYNTAX_ERROR] Syntax error at or near 'BAD'.".to_owned();
        Err(SqlFailure { code: "BAD_REQUEST".to_owned(), message, sql_state: Some("42601".to_owned()) })
    }
}

/// A workspace with a few of everything.
fn furnished(folder: &Path) -> FakeWorkspace {
    let fake = FakeWorkspace::start();
    let mut world = fake.world();
    let (volume, many, dbfs) = (folder.join("v"), folder.join("many"), folder.join("dbfs"));
    [&volume, &many, &dbfs].into_iter().for_each(|f| std::fs::create_dir(f).unwrap());
    (0..2500).for_each(|n| std::fs::write(many.join(format!("{n:04}")), "").unwrap());
    std::fs::write(volume.join("one.jpg"), "picture").unwrap();
    world.volume("main.a.v", &volume);
    world.volume("main.a.many", &many);
    world.dbfs = Some(dbfs);
    (0..5).for_each(|n| world.securable("tables", &format!("main.a.t{n}"), json!({ "columns": [] })));
    world.clusters = vec![Cluster::new("0101-123456-abcdefgh", "etl", "TERMINATED")];
    world.warehouses = vec![Warehouse::new("0123456789abcdef", "small", "STOPPED")];
    for cluster in &mut world.clusters {
        cluster.polls = Some(0);
    }
    for warehouse in &mut world.warehouses {
        warehouse.polls = Some(0);
    }
    world.instances = ["shop", "projects/p/branches/b/endpoints/e"]
        .map(|name| Instance {
            name: name.to_owned(),
            host: "db.example.com".to_owned(),
            state: "AVAILABLE".to_owned(),
            life: Duration::from_secs(3600),
        })
        .to_vec();
    world.sql = Some(Arc::new(TwoStatements));
    (world.page_size, world.empty_pages, world.integers_as_text) = (2, true, true);
    drop(world);
    fake
}

#[test]
#[ignore = "needs the official Python SDK; tests/run installs it"]
fn the_official_sdk_takes_it_for_a_real_one() {
    let Some(python) = std::env::var_os(PYTHON) else {
        println!("skipped: {PYTHON} is not set, so the workspace is not shown to the official SDK");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let fake = furnished(folder.path());
    let mut command = Command::new(python);
    command.args(["-c", include_str!("sdk.py")]).env_clear().env("HOME", folder.path()).env("PATH", "/usr/bin:/bin");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let asked = json!({ "host": fake.host(), "token": TOKEN, "id": PRINCIPAL.0, "secret": PRINCIPAL.1 });
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    let tables: Vec<Value> = seen["tables"].as_array().unwrap().iter().map(|t| t[0].clone()).collect();
    assert!(seen["tables"][0][1].is_number(), "{seen}");
    assert_eq!(json!(tables), json!(["main.a.t0", "main.a.t1", "main.a.t2", "main.a.t3", "main.a.t4"]));
    for (name, expected) in [
        ("me", json!(USER)),
        ("catalogs", json!(["main"])),
        ("schemas", json!(["main.a"])),
        ("volumes", json!(["main.a.many", "main.a.v"])),
        ("downloaded", json!("0123456789")),
        ("length", json!(10)),
        ("many", json!(2500)),
        ("listed", json!([["new folder", true, null], ["one.jpg", false, 7]])),
        ("dbfs_whole", json!(true)),
        ("dbfs_listed", json!([["/out/ü #1.bin", false, 256 * 6000]])),
        ("clusters", json!([["etl", "TERMINATED"]])),
        ("warehouses", json!([["small", "STOPPED"]])),
        ("started", json!("RUNNING")),
        ("instance", json!("db.example.com")),
        ("sql", json!(["SUCCEEDED", ["1"], [["1"]]])),
        ("m2m", json!(PRINCIPAL.0)),
    ] {
        assert_eq!(seen[name], expected, "{name}: {seen}");
    }
    for (name, part) in [
        ("missing", "does not exist"),
        ("taken", "exists"),
        ("not_empty", "not empty"),
        ("dbfs_taken", "already exists"),
        ("dbfs_missing", "No file or directory exists"),
        ("no_cluster", "does not exist"),
        ("failed_sql", "Syntax error"),
        ("password", "eyJ-password"),
        ("endpoint_password", "eyJ-password"),
        ("wrong", "Invalid access token"),
    ] {
        assert!(seen[name].to_string().contains(part), "{name}: {seen}");
    }
}

/// For trying things out by hand, and for other programs: prints its address and token, and ends with its input.
#[test]
#[ignore = "serves a workspace until its input ends; set LAKELENS_SERVE_WORKSPACE to a folder of files for its volume"]
fn serve() {
    let Some(folder) = std::env::var_os("LAKELENS_SERVE_WORKSPACE") else {
        println!("skipped: LAKELENS_SERVE_WORKSPACE is not set; it is for use by hand");
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let fake = furnished(scratch.path());
    fake.world().volume("main.a.files", Path::new(&folder));
    println!("DATABRICKS_HOST={}\nDATABRICKS_TOKEN={TOKEN}", fake.host());
    let _ended = std::io::stdin().read_to_end(&mut Vec::new());
}
