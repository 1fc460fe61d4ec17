//! An import that is killed while it writes: what is there is whole, and the same import again completes it.

use super::{Home, json_lines};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

/// Pictures of the file: several transactions.
const PICTURES: usize = 5000;

/// Two boxes on each picture.
fn file(home: &Home) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(home.path("cars.jsonl")).unwrap());
    for i in 0..PICTURES {
        let boxed = |x: f64| json!({ "class": "car", "x": x, "y": 0.25, "w": 0.25, "h": 0.5 });
        writeln!(out, "{}", json!({ "path": format!("{i}.jpg"), "boxes": [boxed(0.0), boxed(0.5)] })).unwrap();
    }
    out.flush().unwrap();
}

fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path("cars")).unwrap();
    home.ok(&["project", "create", "cars", "--from", "cars", "--task", "detection", "--classes", "car"]);
    file(&home);
    home
}

fn store(home: &Home) -> PathBuf {
    let files = walkdir::WalkDir::new(home.path("data")).into_iter().map(Result::unwrap);
    files.map(|f| f.into_path()).find(|f| f.extension().is_some_and(|e| e == "db")).unwrap()
}

/// Events of the store by now.
fn events(store: &rusqlite::Connection) -> i64 {
    store.query_row("SELECT count(*) FROM event WHERE kind = 0", [], |row| row.get(0)).unwrap_or(0)
}

/// Status and number of boxes of each picture that has an answer.
fn answers(home: &Home) -> BTreeMap<String, usize> {
    home.ok(&["export", "cars", "now.jsonl", "--force"]);
    let rows = json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap());
    let answered = rows.iter().filter(|row| row["status"] != "unlabeled");
    let boxes = |row: &Value| row["boxes"].as_array().map_or(0, Vec::len);
    answered.map(|row| (row["path"].as_str().unwrap().to_owned(), boxes(row))).collect()
}

const IMPORT: [&str; 5] = ["import", "cars", "cars.jsonl", "--on-missing", "create"];

#[test]
fn an_import_that_was_killed_is_whole_and_completes_when_repeated() {
    let home = home();
    let path = store(&home);
    for more in [1, 1500] {
        let watched = rusqlite::Connection::open(&path).unwrap();
        let before = events(&watched);
        let mut child = home.command(&IMPORT).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while events(&watched) < before + more {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        drop(watched);
        let found = answers(&home);
        assert!(!found.is_empty() && found.len() < PICTURES, "{}", found.len());
        assert!(found.values().all(|boxes| *boxes == 2), "a picture has half of its boxes");
        assert_eq!(
            std::fs::read_dir(home.path("data"))
                .unwrap()
                .filter(|f| { f.as_ref().unwrap().file_name().to_string_lossy().starts_with("sort-") })
                .count(),
            0
        );
    }
    let report = home.json(&[&IMPORT[..], &["--json"]].concat());
    assert_eq!(answers(&home).len(), PICTURES);
    let (added, left) = (report["annotations"].as_u64().unwrap(), report["skipped"].as_u64().unwrap());
    assert_eq!(added / 2 + left, PICTURES as u64, "{report}");
    let again = home.json(&[&IMPORT[..], &["--json"]].concat());
    assert_eq!((&again["annotations"], &again["skipped"]), (&json!(0), &json!(PICTURES)));
    // All its pieces are one step of undo.
    home.ok(&["undo", "cars"]);
    assert_eq!(answers(&home), BTreeMap::new());
}

#[test]
fn an_import_that_is_asked_to_end_stops_between_two_steps() {
    let home = home();
    let watched = rusqlite::Connection::open(store(&home)).unwrap();
    let before = events(&watched);
    let mut child = home.command(&IMPORT).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while events(&watched) == before {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be asked");
    }
    let asked = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let ended = child.wait_with_output().unwrap();
    drop(watched);
    let found = answers(&home);
    // It may have been through already; what it may not is end by the signal.
    match ended.status.code() {
        Some(0) => assert_eq!(found.len(), PICTURES),
        code => assert!(code == Some(130) && String::from_utf8_lossy(&ended.stderr).contains("stopped"), "{ended:?}"),
    }
    assert!(asked.success() && found.values().all(|boxes| *boxes == 2), "{}", found.len());
    home.ok(&IMPORT);
    assert_eq!(answers(&home).len(), PICTURES);
}

/// Names of half-written files and folders in a folder.
fn parts(folder: &std::path::Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).into_iter().flatten().map(|f| f.unwrap().file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".part")).collect()
}

#[test]
fn what_a_killed_export_leaves_goes_with_the_next_one_in_its_folder() {
    let home = home();
    home.ok(&IMPORT);
    let sets = home.path("sets");
    std::fs::create_dir(&sets).unwrap();
    let args = ["export", "cars", "sets/a", "--format", "yolo", "--images", "none"];
    let mut child = home.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while parts(&sets).is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be held");
    }
    let held = std::process::Command::new("kill").args(["-STOP", &child.id().to_string()]).status().unwrap();
    assert!(held.success());
    let before = parts(&sets);
    // As another machine, and an older program, would have left it.
    let others = [".b.0123456789abcdef0000000100000000.part", ".c.json.019343aad8a87b1c9f2e4d5a6b7c8d9e.part"];
    for name in others {
        home.write(&format!("sets/{name}"), "{}");
    }
    home.ok(&["export", "cars", "sets/b.csv"]);
    let now = parts(&sets);
    assert!(before.iter().all(|part| now.contains(part)), "one that goes on keeps its own: {before:?} {now:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    home.ok(&["export", "cars", "sets/c.csv"]);
    let mut left = parts(&sets);
    left.sort();
    assert_eq!(left, others, "what nobody knows the writer of stays");
    home.ok(&args);
    assert!(sets.join("a/data.yaml").exists(), "and it can be made again");
}
