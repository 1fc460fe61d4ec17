//! `label --from`: a stream of JSON lines.

use super::{Home, has_keys, json_lines, keys, ran};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

fn cars() -> Home {
    let home = Home::new();
    (1..=5).for_each(|i| {
        home.picture(&format!("cars/{i}.png"));
    });
    home.ok(&["project", "create", "cars", "--from", "cars", "--task", "detection", "--classes", "car,truck"]);
    home
}

#[test]
fn good_lines_are_saved_and_bad_ones_are_in_the_rejects_file() {
    let home = cars();
    let input = [
        r#"{"path":"1.png","boxes":[{"class":"car","x":0.1,"y":0.2,"w":0.5,"h":0.5}]}"#,
        r#"{"path":"1.png","flag":true}"#,
        "",
        r#"{"path":"2.png","skip":true,"reason":"blurred"}"#,
        r#"{"path":"3.png","boxes":[{"class":"card","x":0,"y":0,"w":1,"h":1}]}"#,
        r#"{"path":"3.png","boxes":[{"class":"car","x":0.9,"y":0,"w":0.5,"h":1}]}"#,
        r#"{"path":"nowhere.png","empty":true}"#,
        r#"{"path":"4.png","label":"car"}"#,
        r#"{"path":"4.png"}"#,
        r#"{"path":"4.png","emtpy":true}"#,
        "not json",
    ]
    .join("\n");
    let ran = home.feed(&["label", "cars", "--from", "-", "--json", "--rejects", "bad.jsonl"], &input);
    assert_eq!(ran.code, 7, "{ran:?}");
    let saved = json_lines(&ran.out);
    let rows: Vec<_> = saved.iter().map(|s| (s["path"].as_str().unwrap(), s["rev"].as_i64().unwrap())).collect();
    assert_eq!(rows, [("1.png", 1), ("1.png", 2), ("2.png", 1)]);
    assert!(saved.iter().all(|s| s["state"] == "saved" && keys(s) == ["edit", "path", "rev", "state"]));
    let rejects = json_lines(&std::fs::read_to_string(home.path("bad.jsonl")).unwrap());
    let numbers: Vec<_> = rejects.iter().map(|r| r["line"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [5, 6, 7, 8, 9, 10, 11]);
    has_keys(&rejects[0], &["line", "reason", "input"]);
    assert!(rejects[0]["reason"].as_str().unwrap().contains("did you mean `car`?"), "{}", rejects[0]);
    let report: serde_json::Value = serde_json::from_str(ran.err.trim()).unwrap();
    assert!(report["error"]["hints"][0].as_str().unwrap().contains("bad.jsonl"), "{report}");
    // One call is one batch: one undo takes all of it back.
    assert_eq!(home.lines(&["undo", "cars", "--json"]).len(), 3);
    let left = home.json(&["project", "show", "cars", "--json"]);
    assert_eq!(left["status"]["unlabeled"], 5);
}

#[test]
fn a_line_is_answered_once_it_is_durable_while_the_input_stays_open() {
    let home = cars();
    let mut child = home
        .command(&["label", "cars", "--from", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for (path, done) in [("1.png", 1), ("2.png", 2)] {
        writeln!(input, "{}", json!({ "path": path, "empty": true })).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!((answer["path"].as_str(), answer["state"].as_str()), (Some(path), Some("saved")));
        // Another process sees it while this one still runs.
        assert_eq!(home.json(&["status", "cars", "--json"])["status"]["labeled"], done);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_edit_based_on_an_old_revision_is_a_conflict() {
    let home = cars();
    home.ok(&["label", "cars", "1.png", "--empty"]);
    let ran = home.feed(&["label", "cars", "--from", "-", "--json"], r#"{"path":"1.png","clear":true,"rev":0}"#);
    assert_eq!(ran.code, 6, "{ran:?}");
    assert_eq!(json_lines(&ran.out)[0]["state"], "conflict");
    assert_eq!(home.json(&["status", "cars", "--json"])["status"]["labeled"], 1);
}

#[test]
fn two_processes_write_at_the_same_time() {
    let home = cars();
    let lines = |mark: bool| {
        let line = |i: usize| json!({ "path": format!("{}.png", i % 5 + 1), "flag": mark }).to_string();
        (0..60).map(line).collect::<Vec<_>>().join("\n")
    };
    let start = |user: &str, input: String| {
        let mut command = home.command(&["label", "cars", "--from", "-", "--json", "--user", user]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        (child, writer)
    };
    let both = [start("ann", lines(true)), start("bob", lines(false))];
    let mut answered = 0;
    for (child, writer) in both {
        let ran = ran(child.wait_with_output().unwrap());
        writer.join().unwrap().unwrap();
        assert!([0, 6].contains(&ran.code), "{ran:?}");
        let states = json_lines(&ran.out);
        assert_eq!(states.len(), 60);
        answered += states.iter().filter(|s| s["state"] == "saved").count();
    }
    // Every edit that was shown as saved is in the history exactly once.
    assert_eq!(home.lines(&["history", "cars", "--json"]).len(), answered);
}

#[test]
fn a_detection_project_refuses_whole_picture_classes_and_a_wrong_class_is_suggested() {
    let home = cars();
    let whole = home.run(&["label", "cars", "1.png", "car"]);
    assert!(whole.code == 2 && whole.err.contains("goes with a box"), "{whole:?}");
    let wrong = home.run(&["label", "cars", "1.png", "trcuk"]);
    assert!(wrong.code == 1 && wrong.err.contains("did you mean `truck`?"), "{wrong:?}");
    let nowhere = home.run(&["label", "cars", "a/1.png", "car"]);
    assert!(nowhere.code == 1 && nowhere.err.contains("did you mean `1.png`?"), "{nowhere:?}");
    let project = home.run(&["label", "crs", "1.png", "car"]);
    assert!(project.code == 1 && project.err.contains("did you mean `cars`?"), "{project:?}");
}
