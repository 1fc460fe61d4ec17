//! Delta tables that are read directly. The tables are written here, file by file, so that no server is needed; those
//! that real engines write are read in `servers`.

mod append;
mod damage;
mod servers;
pub(crate) mod write;

use self::write::{Written, far_deletions, inline_deletions};
use lakelens::domain::lake_path::LakePath;
use lakelens::domain::sheet::{Cell, Sheet};
use lakelens::domain::text::encode_os;
use lakelens::domain::version::{At, Difference, What};
use lakelens::lake::Lake;
use lakelens::lake::delta::{Columns, DeltaTable};
use lakelens::lake::rows::Most;
use lakelens::remote::net::Net;
use std::path::Path;
use tokio_util::sync::CancellationToken;

pub(crate) fn open(folder: &Path) -> DeltaTable {
    let path = LakePath::Local(encode_os(folder.as_os_str()));
    DeltaTable::open(&Lake::default(), &path, &Net::default(), &CancellationToken::new()).unwrap()
}

pub(crate) fn columns() -> Columns {
    Columns { id: "id".to_owned(), class: "class".to_owned(), path: "path".to_owned() }
}

/// So many rows at most.
fn few(rows: usize) -> Most {
    Most { rows, bytes: 1 << 20 }
}

fn stop() -> CancellationToken {
    CancellationToken::new()
}

/// Ids and classes, in order.
fn held(sheet: &Sheet) -> Vec<(String, String)> {
    let (id, class) = (sheet.column("id").unwrap(), sheet.column("class").unwrap());
    let text = |cell: &Cell| cell.text().unwrap_or("NULL").to_owned();
    let mut out: Vec<_> = sheet.rows.iter().map(|row| (text(&row[id]), text(&row[class]))).collect();
    out.sort();
    out
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

/// Version 0: files a (1, 2, 3) and b (4, 5); version 1: a rewritten with 2 changed; version 2: 4 deleted by a vector and
/// c (6) added.
pub(super) fn story() -> (tempfile::TempDir, Written) {
    let dir = tempfile::tempdir().unwrap();
    let mut table = Written::new(dir.path());
    let a = table.file("a.parquet", &[("1", "roses"), ("2", "roses"), ("3", "")]);
    let b = table.file("b.parquet", &[("4", "tulips"), ("5", "tulips")]);
    table.begin(&[]);
    table.commit("WRITE", "ann", "first import", &[a.add(), b.add()]);
    let a2 = table.file("a2.parquet", &[("1", "roses"), ("2", "tulips"), ("3", "")]);
    table.commit("UPDATE", "bob", "corrected", &[a.remove(), a2.add()]);
    let c = table.file("c.parquet", &[("6", "daisy")]);
    table.commit("MERGE", "ann", "", &[b.remove(), b.add_with(&inline_deletions(&[0])), c.add()]);
    (dir, table)
}

#[test]
fn rows_are_those_of_the_version_without_the_deleted_ones() {
    let (dir, _) = story();
    let table = open(dir.path());
    let rows = |at: &At| held(&table.first_rows(at, few(100), &stop()).unwrap());
    let first = pairs(&[("1", "roses"), ("2", "roses"), ("3", "NULL"), ("4", "tulips"), ("5", "tulips")]);
    assert_eq!(rows(&At::Version(0)), first);
    let now = pairs(&[("1", "roses"), ("2", "tulips"), ("3", "NULL"), ("5", "tulips"), ("6", "daisy")]);
    assert_eq!((rows(&At::Now), rows(&At::Version(2))), (now.clone(), now));
    let sheet = table.first_rows(&At::Now, few(2), &stop()).unwrap();
    assert!(sheet.more && sheet.rows.len() == 2);
    assert!(!table.first_rows(&At::Now, few(5), &stop()).unwrap().more);
    let kinds: Vec<_> = sheet.columns.iter().map(|c| (c.name.as_str(), c.kind.as_str())).collect();
    assert_eq!(kinds, [("id", "string"), ("class", "string"), ("path", "string")]);
}

#[test]
fn a_deletion_vector_is_never_larger_in_memory_than_on_the_disk() {
    let with = |deletions: &serde_json::Value| {
        let dir = tempfile::tempdir().unwrap();
        let mut table = Written::new(dir.path());
        let a = table.file("a.parquet", &[("1", "roses"), ("2", "tulips")]);
        table.begin(&[]);
        table.commit("WRITE", "ann", "", &[a.add_with(deletions)]);
        open(dir.path()).first_rows(&At::Now, few(9), &stop()).map(|sheet| held(&sheet))
    };
    assert_eq!(with(&inline_deletions(&[1])).unwrap(), pairs(&[("1", "roses")]));
    // A row that no file has: as a mask it would take more memory than any computer has.
    assert_eq!(with(&far_deletions(u32::MAX, &[1])).unwrap(), pairs(&[("1", "roses"), ("2", "tulips")]));
    let mut lying = inline_deletions(&[1]);
    lying["cardinality"] = serde_json::json!(7);
    let error = with(&lying).unwrap_err().to_string();
    assert!(error.contains("a.parquet") && error.contains("names 1 rows, and the log says 7"), "{error}");
    lying["cardinality"] = serde_json::json!(u64::MAX >> 1);
    assert!(with(&lying).unwrap_err().to_string().contains("are not read"));
}

#[test]
fn what_is_known_of_a_table_comes_from_its_log() {
    let (dir, _) = story();
    let table = open(dir.path());
    let about = table.about(&At::Now, &stop()).unwrap();
    assert_eq!((about.version, about.versions, about.files, about.rows), (2, (0, 2), 3, Some(5)));
    assert_eq!(about.properties.get("owner").map(String::as_str), Some("the lab"));
    let history = table.commits(10, &stop()).unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|c| (c.version, c.operation.as_deref().unwrap(), c.user.as_deref().unwrap(), c.message.as_deref()))
        .collect();
    let expected =
        [(2, "MERGE", "ann", None), (1, "UPDATE", "bob", Some("corrected")), (0, "WRITE", "ann", Some("first import"))];
    assert_eq!(told, expected);
    assert_eq!(history[0].at.as_deref(), Some("2026-11-03T00:00:00Z"));
    assert_eq!(table.commits(1, &stop()).unwrap().len(), 1);
}

#[test]
fn labels_that_differ_are_found_and_files_that_both_have_are_not_read() {
    let (dir, _) = story();
    let table = open(dir.path());
    let found = table.diff(&columns(), &At::Version(0), &At::Version(2), &stop()).unwrap();
    let row = |what, id: &str, before: Option<&str>, after: Option<&str>| Difference {
        what,
        id: id.to_owned(),
        path: format!("/photos/{id}.jpg"),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let expected = [
        row(What::Changed, "2", Some("roses"), Some("tulips")),
        row(What::Removed, "4", Some("tulips"), None),
        row(What::Added, "6", None, Some("daisy")),
    ];
    assert_eq!(found, expected);
    // Both versions have b as it was: nothing of it is asked for, not even whether it is there.
    std::fs::remove_file(dir.path().join("b.parquet")).unwrap();
    let found = table.diff(&columns(), &At::Version(0), &At::Version(1), &stop()).unwrap();
    assert_eq!(found, expected[..1]);
    let error = table.first_rows(&At::Now, few(100), &stop()).unwrap_err().to_string();
    assert!(error.contains("b.parquet") && error.contains("VACUUM"), "{error}");
}

#[test]
fn renamed_columns_and_partitions_are_as_the_table_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut table = Written::new(dir.path());
    table.mapped = true;
    let a = table.file("day=2026-11-01%2000/a.parquet", &[("1", "roses")]);
    table.begin(&["day"]);
    table.commit("WRITE", "ann", "", &[a.add_in("2026-11-01 00")]);
    let table = open(dir.path());
    let sheet = table.first_rows(&At::Now, few(10), &stop()).unwrap();
    assert_eq!(held(&sheet), pairs(&[("1", "roses")]));
    assert_eq!(sheet.cell(0, sheet.column("day").unwrap()).text(), Some("2026-11-01 00"));
    assert_eq!(table.about(&At::Now, &stop()).unwrap().partitions, ["day"]);
}

#[test]
fn times_are_versions_too() {
    let (dir, _) = story();
    let table = open(dir.path());
    let version = |text: &str| table.version(&At::parse(text).unwrap(), &stop()).map_err(|e| e.to_string());
    assert_eq!(version("2026-11-02"), Ok(1));
    assert_eq!(version("2026-11-02T23:59:59Z"), Ok(1));
    assert_eq!(version("2030-01-01"), Ok(2));
    let error = version("2026-01-01").unwrap_err();
    assert!(error.contains("before its first commit") && error.contains("it has 0 to 2"), "{error}");
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_a_remedy() {
    let (dir, mut written) = story();
    let table = open(dir.path());
    let told = |at: &At| table.first_rows(at, few(1), &stop()).unwrap_err().to_string();
    let missing = told(&At::Version(9));
    assert!(missing.contains("no version 9") && missing.contains("it has 0 to 2"), "{missing}");
    let column = Columns { class: "label".to_owned(), ..columns() };
    let error = table.diff(&column, &At::Version(0), &At::Now, &stop()).unwrap_err().to_string();
    assert!(error.contains("no column `label`") && error.contains("id, class, path") && error.contains("--class"));
    let nothing = tempfile::tempdir().unwrap();
    let error = open(nothing.path()).about(&At::Now, &stop()).unwrap_err().to_string();
    assert!(error.contains("is no Delta table") && error.contains("_delta_log"), "{error}");
    written.line(r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["timeMachine"],"writerFeatures":["timeMachine"]}}"#);
    let error = told(&At::Now);
    assert!(error.contains("timeMachine") && error.contains("through an engine"), "{error}");
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    assert!(table.first_rows(&At::Version(1), few(1), &cancelled).unwrap_err().to_string().contains("cancelled"));
}

#[test]
fn a_damaged_line_is_named() {
    let (dir, mut written) = story();
    written.line("{\"add\":{\"path\":7}}");
    let error = open(dir.path()).first_rows(&At::Now, few(1), &stop()).unwrap_err().to_string();
    assert!(error.contains("00000000000000000003.json, line 1") && error.contains("is damaged"), "{error}");
    // Older versions are as they were.
    assert_eq!(open(dir.path()).first_rows(&At::Version(2), few(9), &stop()).unwrap().rows.len(), 5);
}
