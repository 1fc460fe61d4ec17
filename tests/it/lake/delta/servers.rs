//! Delta tables read directly from where real servers keep them, and as real engines write them.

use super::super::servers::{address, azure, on_azure, run, s3};
use super::{few, held, open, stop, story};
use crate::cli::{Home, Ran};
use crate::support::spark;
use lakelens::domain::version::At;
use lakelens::remote::net::Net;
use lakelens::remote::sql::Statement;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use std::path::Path;

/// Puts all files of a folder below a key of a store.
fn upload(store: &impl ObjectStore, folder: &Path, below: &str) {
    let net = Net::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let key = format!("{below}/{}", entry.strip_prefix(folder).unwrap().display());
            net.wait(store.put(&Key::parse(key).unwrap(), std::fs::read(&entry).unwrap().into())).unwrap();
        }
    }
}

/// The commands that need no engine say of a table in a store what they say of the same table on the disk.
fn same_as_on_the_disk(home: &Home, here: &str, there: &str, far: &dyn Fn(&[&str]) -> Ran) {
    let columns = ["--id", "id", "--class", "class", "--path", "path"];
    for (command, more) in [
        (&["table", "rows"][..], &["--jsonl"][..]),
        (&["table", "rows"], &["--version", "0", "--jsonl"]),
        (&["table", "history"], &["--json"]),
        (&["table", "diff"], &[&["0", "now", "--json"], &columns[..]].concat()),
    ] {
        let near = home.run(&[command, &[here], more].concat());
        let told = far(&[command, &[there], more].concat());
        assert_eq!((near.code, told.code), (0, 0), "{command:?} {more:?}: {near:?} {told:?}");
        assert_eq!(near.out.replace(here, "TABLE"), told.out.replace(there, "TABLE"), "{command:?} {more:?}");
    }
}

#[test]
#[ignore = "needs a server like S3; tests/run starts it"]
fn a_table_in_a_bucket_reads_as_on_the_disk() {
    let Some(server) = address("LAKELENS_S3") else { return };
    let ((folder, _table), home) = (story(), Home::new());
    upload(&s3(&server), folder.path(), "tables/story");
    let there = "s3://lake/tables/story";
    same_as_on_the_disk(&home, folder.path().to_str().unwrap(), there, &|args| run(&home, &server, args));
    let none = run(&home, &server, &["table", "rows", "s3://lake/tables"]);
    assert!(none.code != 0 && none.err.contains("tables"), "{none:?}");
}

#[test]
#[ignore = "needs a server like Azure Blob; tests/run starts it"]
fn a_table_in_a_container_reads_as_on_the_disk() {
    let Some(server) = address("LAKELENS_AZURE") else { return };
    let ((folder, _table), home) = (story(), Home::new());
    upload(&azure(&server), folder.path(), "tables/story");
    let there = "abfss://lake@devstoreaccount1.dfs.core.windows.net/tables/story";
    same_as_on_the_disk(&home, folder.path().to_str().unwrap(), there, &|args| on_azure(&home, &server, args));
}

/// The program writes a table there, twice, and reads it back.
fn written_and_read(home: &Home, there: &str, far: &dyn Fn(&[&str]) -> Ran) {
    home.picture("photos/1.png");
    for project in ["p", "back"] {
        home.ok(&["project", "create", project, "--from", "photos", "--task", "classification"]);
    }
    let label = |class: &str| {
        let ran = home.feed(&["label", "p", "--from", "-"], &format!("{{\"path\":\"1.png\",\"label\":[\"{class}\"]}}"));
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    home.ok(&["project", "classes", "add", "p", "rose", "tulip"]);
    label("rose");
    let ok = |args: &[&str]| {
        let ran = far(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.out
    };
    let export = ["export", "p", there, "--format", "delta"];
    ok(&export);
    assert!(ok(&export).contains("nothing changes"));
    label("tulip");
    let ran = far(&export);
    assert!(ran.code == 1 && ran.err.contains("--append"), "{ran:?}");
    ok(&[&export[..], &["--force"]].concat());
    for (at, class) in [("0", "rose"), ("1", "tulip")] {
        ok(&["import", "back", there, "--at", at, "--on-existing", "replace"]);
        home.ok(&["export", "back", "now.jsonl", "--force"]);
        let rows = crate::cli::json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap());
        assert_eq!(rows[0]["label"][0], class);
    }
    let history = ok(&["table", "history", there]);
    assert!(history.contains("lakelens export of p: 1 pictures"), "{history}");
}

#[test]
#[ignore = "needs a server like S3; tests/run starts it"]
fn a_table_is_written_into_a_bucket() {
    let Some(server) = address("LAKELENS_S3") else { return };
    let (home, name) = (Home::new(), uuid::Uuid::now_v7().simple());
    written_and_read(&home, &format!("s3://lake/made/{name}"), &|args| run(&home, &server, args));
    let ran = run(&home, &server, &["export", "p", "s3://no-such-bucket/x", "--format", "delta"]);
    assert!(ran.code != 0 && ran.err.contains("no-such-bucket") && ran.err.contains("not there"), "{ran:?}");
}

#[test]
#[ignore = "needs a server like Azure Blob; tests/run starts it"]
fn a_table_is_written_into_a_container() {
    let Some(server) = address("LAKELENS_AZURE") else { return };
    let (home, name) = (Home::new(), uuid::Uuid::now_v7().simple());
    let there = format!("abfss://lake@devstoreaccount1.dfs.core.windows.net/made/{name}");
    written_and_read(&home, &there, &|args| on_azure(&home, &server, args));
}

/// Spark writes a checkpoint after ten commits; deletion vectors and mapped columns are what Databricks makes by default.
#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn a_table_that_spark_wrote_reads_as_spark_reads_it() {
    let (Some(server), Some(tables)) = (address("LAKELENS_SPARK"), address("LAKELENS_SPARK_DELTA")) else { return };
    let net = Net::default();
    let engine = spark::connect(&net, &server);
    let folder = format!("{tables}/{}", uuid::Uuid::now_v7().simple());
    let table = format!("delta.`{folder}`");
    spark::run(
        &engine,
        &format!(
            "CREATE TABLE {table} (id STRING, class STRING, path STRING) USING DELTA TBLPROPERTIES \
             ('delta.enableDeletionVectors' = 'true', 'delta.columnMapping.mode' = 'name')"
        ),
    );
    for i in 0..6 {
        let rows = format!("SELECT concat('{i}-', id), 'rose', concat('/photos/{i}/', id, '.jpg') FROM range(20)");
        spark::run(&engine, &format!("INSERT INTO {table} {rows}"));
        let changed = format!("UPDATE {table} SET class = 'tulip' WHERE id IN ('{i}-3', '{i}-4')");
        spark::run(&engine, &changed);
    }
    spark::run(&engine, &format!("DELETE FROM {table} WHERE id LIKE '%-7'"));
    let log = Path::new(&folder).join("_delta_log");
    let has = |end: &str| std::fs::read_dir(&log).unwrap().any(|e| e.unwrap().path().to_string_lossy().ends_with(end));
    assert!(has(".checkpoint.parquet"), "the log has a checkpoint");
    let ours = open(Path::new(&folder));
    for (at, version) in [(At::Now, ""), (At::Version(11), " VERSION AS OF 11"), (At::Version(3), " VERSION AS OF 3")] {
        let mut theirs: Vec<(String, String)> =
            spark::rows(&engine, &Statement::new(format!("SELECT id, class FROM {table}{version}")))
                .into_iter()
                .map(|row| (row[0].clone().unwrap(), row[1].clone().unwrap()))
                .collect();
        theirs.sort();
        assert_eq!(held(&ours.first_rows(&at, few(1000), &stop()).unwrap()), theirs, "{version}");
    }
}

/// What other engines need of a table: a log that they take, types that they know, and versions that they can add to.
#[test]
#[ignore = "needs Apache Spark with Delta; tests/run starts it"]
fn a_table_that_is_exported_is_read_and_changed_by_spark_and_read_again() {
    let (Some(server), Some(tables)) = (address("LAKELENS_SPARK"), address("LAKELENS_SPARK_DELTA")) else { return };
    let net = Net::default();
    let engine = spark::connect(&net, &server);
    let folder = format!("{tables}/{}", uuid::Uuid::now_v7().simple());
    let table = format!("delta.`{folder}`");
    let home = super::super::exports::cards();
    let export = |more: &[&str]| home.ok(&[&["export", "cards", &folder, "--format", "delta"], more].concat());
    let rows = |what: &str| spark::rows(&engine, &Statement::new(format!("SELECT {what} FROM {table}")));
    export(&[]);
    let cell = |text: &str| Some(text.to_owned());
    let boxes = "filename, label, x, y, w, h";
    assert_eq!(
        rows(&format!("{boxes}, typeof(x), typeof(filename)")).first().map(|row| row[..].to_vec()),
        Some(["1.png", "ace", "0.5", "0.25", "8.0", "6.125", "double", "string"].map(cell).to_vec())
    );
    assert_eq!(rows("filename").len(), 4, "three boxes and an empty picture");
    export(&["--append"]);
    assert_eq!(rows("filename").len(), 8);
    // Spark changes it, with what it does by default, and both agree on every version.
    spark::run(&engine, &format!("ALTER TABLE {table} SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')"));
    spark::run(&engine, &format!("DELETE FROM {table} WHERE label IS NULL"));
    spark::run(&engine, &format!("UPDATE {table} SET label = 'king' WHERE x = 0.5"));
    let told = home.lines(&["table", "rows", &folder, "--limit", "1000", "--jsonl"]);
    let mut ours: Vec<_> = told.iter().map(|r| (r["label"].as_str().map(str::to_owned), r["x"].to_string())).collect();
    let theirs = rows("label, cast(x AS STRING)");
    let mut theirs: Vec<_> = theirs.into_iter().map(|r| (r[0].clone(), r[1].clone().unwrap())).collect();
    ours.sort();
    theirs.sort();
    assert_eq!((ours.len(), &ours), (6, &theirs));
    let back = home.json(&["import", "back", &folder, "--json"]);
    assert_eq!((&back["read"], &back["rejected"]), (&2.into(), &0.into()), "{back}");
    let refused = home.run(&["export", "cards", &folder, "--format", "delta", "--append"]);
    assert!(refused.code == 0 || refused.err.contains("deletion vectors"), "{refused:?}");
}
