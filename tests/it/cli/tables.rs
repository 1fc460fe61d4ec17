//! An engine as the store: the tables that were labelled through it are its projects, for every command.

use super::{Home, has_keys};
use crate::support::spark::{address, connect, rows, run};
use lakelens::remote::net::Net;
use lakelens::remote::spark::Spark;
use lakelens::remote::sql::Statement;

/// An engine with a table of six rows; its name for every session, and where it lies.
fn table(engine: &Spark, folder: &str) -> (String, String) {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let path = format!("{folder}/{id}");
    let columns = "image_id STRING, class STRING, origin STRING";
    run(engine, &format!("CREATE TABLE t_{id} ({columns}) USING DELTA LOCATION '{path}'"));
    let select = "SELECT concat('id', id), CASE WHEN id % 2 = 0 THEN 'rose' ELSE 'tulip' END, \
                  concat('/photos/', id, '.jpg') FROM range(6)";
    run(engine, &format!("INSERT INTO t_{id} {select}"));
    (format!("delta.`{path}`"), path)
}

fn every_command(server: &str, folder: &str) {
    let engine = connect(&Net::default(), server);
    let (name, path) = table(&engine, folder);
    let held = |row: usize| {
        let statement = Statement::new(format!("SELECT class FROM {name} WHERE image_id = 'id{row}'"));
        rows(&engine, &statement)[0][0].clone().unwrap_or_default()
    };
    let home = Home::new();
    let store = ["--store", server];
    let with = |args: &[&'static str]| [args, &store[..]].concat();
    let ran = home.run(&with(&["project", "list"]));
    assert!(ran.code == 0 && ran.err.contains("lakelens table CATALOG.SCHEMA.TABLE"), "{ran:?}");
    home.ok(&["table", &path, "--no-open", "--store", server]);
    let list = home.json(&with(&["project", "list", "--json"]));
    let project = list[0]["project"].as_str().unwrap().to_owned();
    assert_eq!((list.as_array().unwrap().len(), list[0]["samples"].as_u64()), (1, Some(6)));
    let on = |args: &[&str], more: &[&str]| -> Vec<String> {
        args.iter().chain(&[project.as_str()]).chain(more).chain(&store).map(|s| (*s).to_owned()).collect()
    };
    let go = |args: Vec<String>| home.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let status = go(on(&["status"], &["--json"]));
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap_or_else(|e| panic!("{e}: {status:?}"));
    has_keys(&status, &["project", "status", "people", "unsent", "conflicts"]);
    assert_eq!((status["status"]["labeled"].as_u64(), status["unsent"].as_u64()), (Some(6), Some(0)));
    // Once it says "saved", the table has it.
    let ran = go(on(&["label"], &["0.jpg", "tulip"]));
    assert!(ran.code == 0 && ran.out.starts_with("saved"), "{ran:?}");
    assert_eq!(held(0), "tulip");
    let ran = go(on(&["history"], &["0.jpg", "--jsonl"]));
    assert!(ran.out.lines().count() >= 2 && ran.out.contains("\"ann\""), "{ran:?}");
    let ran = go(on(&["undo"], &[]));
    assert!(ran.code == 0 && ran.out.starts_with("saved"), "{ran:?}");
    assert_eq!(held(0), "rose");
    for args in [on(&["project", "show"], &[]), on(&["project", "classes", "list"], &[]), on(&["queue", "list"], &[])] {
        let ran = go(args.clone());
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    }
    let ran = go(on(&["export"], &["out.csv", "--format", "csv"]));
    assert!(ran.code == 0 && std::fs::read_to_string(home.path("out.csv")).unwrap().contains("rose"), "{ran:?}");
    // A stream: sent together at its end.
    let lines: String = (0..6).map(|i| format!("{{\"path\":\"{i}.jpg\",\"label\":\"tulip\"}}\n")).collect();
    let args = on(&["label"], &["--from", "-", "--json"]);
    let ran = home.feed(&args.iter().map(String::as_str).collect::<Vec<_>>(), &lines);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 6), "{ran:?}");
    assert_eq!((held(2), held(4)), ("tulip".to_owned(), "tulip".to_owned()));
    // Somebody else was first: nothing is overwritten.
    run(&engine, &format!("UPDATE {name} SET class = 'lily' WHERE image_id = 'id1'"));
    let ran = go(on(&["label"], &["1.jpg", "rose"]));
    assert!(ran.code == 6 && ran.out.starts_with("conflict"), "{ran:?}");
    assert_eq!(held(1), "lily");
    let ran = go(on(&["project", "trash"], &[]));
    assert!(ran.code != 0 && ran.err.contains("trash"), "{ran:?}");
    let ran = home.run(&with(&["doctor", "--json"]));
    assert!(ran.out.contains("1 mirrored, 0 unsent"), "{ran:?}");
    // What belongs to a folder of pictures is said to need another store.
    home.picture("photos/a.png");
    let ran = home.run(&with(&["project", "create", "p", "--from", "photos"]));
    assert!(ran.code == 2 && ran.err.contains("lakelens table create"), "{ran:?}");
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn a_table_is_made_where_it_is_wanted() {
    let (Some(server), Some(folder)) = (address("LAKELENS_SAIL"), address("LAKELENS_SAIL_TABLES")) else { return };
    let home = Home::new();
    home.picture("photos/rose/a.png");
    home.picture("photos/tulip/b.png");
    let name = format!("placed_{}", uuid::Uuid::now_v7().simple());
    let (table, place) = (format!("default.{name}"), format!("{folder}/{name}"));
    let make = |more: &[&str]| {
        let fixed = ["table", "create", &table, "--from", "photos", "--store", &server];
        home.run(&[&fixed[..], more].concat())
    };
    // Sail has no place of its own for tables, and says so.
    let ran = make(&[]);
    assert!(ran.code != 0 && ran.err.contains("--location says where"), "{ran:?}");
    let ran = make(&["--location", &format!("{place}' --")]);
    assert!(ran.code == 2 && ran.err.contains("quotes, backslashes"), "{ran:?}");
    let ran = make(&["--location", &place]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(std::path::Path::new(&place).join("_delta_log").is_dir());
    // Sail forgets names with the session; the place stays.
    let asked = format!("SELECT class, count(*) AS n FROM delta.`{place}` GROUP BY class");
    assert_eq!(home.ok(&["sql", &asked, "--store", &server, "--jsonl"]).lines().count(), 2);
}

#[test]
#[ignore = "needs Sail; tests/run starts it"]
fn tables_on_sail_are_projects_of_every_command() {
    if let (Some(server), Some(folder)) = (address("LAKELENS_SAIL"), address("LAKELENS_SAIL_TABLES")) {
        every_command(&server, &folder);
    }
}

#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn tables_on_spark_are_projects_of_every_command() {
    if let (Some(server), Some(folder)) = (address("LAKELENS_SPARK"), address("LAKELENS_SPARK_DELTA")) {
        every_command(&server, &folder);
    }
}

#[test]
fn an_engine_that_is_named_wrongly_or_away_is_said() {
    let home = Home::new();
    for (store, code, says) in [
        ("databricks://dev", 3, "databricks://PROFILE/WAREHOUSE"),
        ("databricks://nobody/0123456789abcdef", 4, "nobody"),
        ("sc://", 3, "sc://"),
        ("mysql://h/d", 3, "sc://HOST:PORT"),
    ] {
        let ran = home.run(&["project", "list", "--store", store]);
        assert!(ran.code == code && ran.err.contains(says), "{store}: {ran:?}");
    }
    // Nothing is asked of an engine whose tables nobody has labelled, so it may be away.
    let ran = home.run(&["status", "--store", "sc://127.0.0.1:1"]);
    assert!(ran.code == 0 && ran.err.contains("no table was labelled through this connection"), "{ran:?}");
    let ran = home.run(&["label", "x", "a.jpg", "rose", "--store", "sc://127.0.0.1:1"]);
    assert!(ran.code == 1 && ran.err.contains("there is no project `x`"), "{ran:?}");
}
