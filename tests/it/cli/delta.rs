//! Delta tables on the command line, without any engine.

use super::Home;
use crate::lake::delta::write::Written;

/// A table with two versions: 1 and 2, then 2 with another class.
fn table(home: &Home) {
    let mut table = Written::new(&home.path("images"));
    let a = table.file("a.parquet", &[("1", "roses"), ("2", "roses")]);
    table.begin(&[]);
    table.commit("WRITE", "ann", "first\u{1b}[31m", &[a.add()]);
    let b = table.file("b.parquet", &[("1", "roses"), ("2", "tulips")]);
    table.commit("UPDATE", "bob", "corrected", &[a.remove(), b.add()]);
}

#[test]
fn a_table_in_a_folder_is_looked_at_without_an_engine() {
    let home = Home::new();
    table(&home);
    let history = home.ok(&["table", "history", "./images"]);
    assert!(history.contains("UPDATE") && history.contains("corrected") && !history.contains('\u{1b}'), "{history}");
    let rows = home.lines(&["table", "rows", "./images", "--jsonl"]);
    assert_eq!((rows.len(), rows[1]["class"].as_str()), (2, Some("tulips")));
    let first = home.lines(&["table", "rows", "./images", "--version", "0", "--limit", "1", "--jsonl"]);
    assert_eq!((first.len(), first[0]["id"].as_str()), (1, Some("1")));
    let columns = ["--id", "id", "--class", "class", "--path", "path"];
    let diff = home.ok(&[&["table", "diff", "./images", "0", "1"][..], &columns].concat());
    assert!(
        diff.contains("roses") && diff.contains("tulips") && diff.contains("1 changed, 0 added, 0 removed"),
        "{diff}"
    );
    let status = home.ok(&["table", "status", "./images"]);
    assert!(status.contains("version     1") && status.contains("rows        2"), "{status}");
    let info = home.ok(&["info", "images"]);
    assert!(info.contains("format      Delta") && info.contains("columns (3)"), "{info}");
}

#[test]
fn what_changed_between_two_versions_is_told_and_noted_without_an_engine() {
    let home = Home::new();
    table(&home);
    let columns = ["--id", "id", "--class", "class", "--path", "path"];
    let at = |more: &[&'static str]| [&["table", "./images"][..], &columns, more].concat();
    let told = home.json(&at(&["--since", "0", "--json"]));
    let of = |name: &str| told["changes"][name].as_u64().unwrap();
    assert_eq!((of("changed"), of("added"), of("removed"), of("pictures"), of("gone")), (1, 0, 0, 1, 0), "{told}");
    let ran = home.run(&at(&["--changed", "0..1", "--no-open"]));
    assert!(ran.code == 0 && ran.err.contains("0 to 1: 1 changed, 0 added"), "{ran:?}");
    let ran = home.run(&at(&["--changed", "1..", "--no-open"]));
    assert!(ran.code == 0 && ran.err.contains("there is nothing to look at"), "{ran:?}");
    let ran = home.run(&at(&["--changed", "5"]));
    assert!(ran.code == 2 && ran.err.contains("no stretch of versions") && ran.err.contains("12..15"), "{ran:?}");
    let ran = home.run(&at(&["--since", "yesterday"]));
    assert!(ran.code == 2 && ran.err.contains("`yesterday`"), "{ran:?}");
    let ran = home.run(&at(&["--since", "0", "--read-only"]));
    assert!(ran.code == 2 && ran.err.contains("--read-only"), "{ran:?}");
}

#[test]
fn what_cannot_be_done_without_an_engine_is_said() {
    let home = Home::new();
    table(&home);
    let ran = home.run(&["table", "set", "./images", "/photos/1.jpg", "rose"]);
    assert!(ran.code == 2 && ran.err.contains("needs an engine") && ran.err.contains("--store"), "{ran:?}");
    let ran = home.run(&["table", "restore", "./images", "0", "--all"]);
    assert!(ran.code == 2 && ran.err.contains("needs an engine"), "{ran:?}");
    let ran = home.run(&["table", "diff", "./images", "0", "--filter", "id = 1"]);
    assert!(ran.code == 2 && ran.err.contains("--filter"), "{ran:?}");
    let ran = home.run(&["table", "rows", "./images", "--version", "7"]);
    assert!(ran.code == 1 && ran.err.contains("no version 7") && ran.err.contains("0 to 1"), "{ran:?}");
    let ran = home.run(&["table", "history", "."]);
    assert!(ran.code == 1 && ran.err.contains("no Delta table"), "{ran:?}");
}
