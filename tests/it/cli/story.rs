//! The first story without a screen: folder, project, labels, undo, export, trash.

use super::{Home, has_keys, keys};
use serde_json::json;

/// A home with the project `flowers` over two classes of three pictures.
pub(super) fn flowers() -> Home {
    let home = Home::new();
    for name in ["roses/1.png", "roses/2.png", "roses/10.png", "tulips/1.png", "tulips/2.png", "tulips/3.png"] {
        home.picture(&format!("photos/{name}"));
    }
    home.write("photos/notes.txt", "not a picture");
    home
}

fn created() -> Home {
    let home = flowers();
    home.ok(&["project", "create", "flowers", "--from", "photos", "--recursive", "--classes", "roses,tulips,daisy"]);
    home
}

#[test]
fn create_reports_what_the_scan_found() {
    let home = flowers();
    let args = ["project", "create", "flowers", "--from", "photos", "--recursive", "--class-from", "folder", "--json"];
    let dry = home.json(&[&args[..], &["--dry-run"]].concat());
    assert_eq!((&dry["dry_run"], home.path("data").exists()), (&json!(true), false));
    let report = home.json(&args);
    has_keys(&report, &["project", "version", "samples", "labeled", "classes", "skipped"]);
    assert_eq!(report["samples"], 6);
    assert_eq!(report["labeled"], 6);
    assert_eq!(report["classes"], json!(["roses", "tulips"]));
    let again = home.run(&args);
    assert_eq!(again.code, 1, "{again:?}");
    home.picture("photos/tulips/4.png");
    let rescan = home.json(&["project", "rescan", "flowers", "--json"]);
    assert_eq!((&rescan["samples"], &rescan["added"]), (&json!(7), &json!(1)));
}

#[test]
fn project_list_show_and_status_have_the_promised_keys() {
    let home = created();
    let promised = ["project", "version", "parent", "task", "source", "samples", "status", "classes"];
    let list = home.json(&["project", "list", "--json"]);
    has_keys(&list[0], &promised);
    let show = home.json(&["project", "show", "flowers", "--json"]);
    has_keys(&show, &promised);
    assert_eq!(keys(&show["status"]), ["labeled", "pre_labeled", "skipped", "unlabeled"]);
    assert_eq!(keys(&show["classes"][0]), ["count", "key", "name"]);
    home.ok(&["label", "flowers", "roses/1.png", "roses"]);
    home.ok(&["label", "flowers", "roses/2.png", "roses"]);
    let status = home.json(&["status", "flowers", "--json"]);
    has_keys(&status, &["project", "status", "people", "unsent", "conflicts"]);
    assert_eq!(status["status"], json!({ "unlabeled": 4, "pre_labeled": 0, "labeled": 2, "skipped": 0 }));
    has_keys(&status["people"][0], &["user", "samples", "per_hour"]);
    assert_eq!((&status["people"][0]["user"], &status["people"][0]["samples"]), (&json!("ann"), &json!(2)));
    assert_eq!(home.lines(&["status", "--jsonl"]).len(), 1);
    assert!(home.ok(&["status", "flowers"]).contains("33 % done"));
    assert!(home.ok(&["status"]).contains("flowers"));
    assert!(home.ok(&["project", "list"]).contains("33 %"));
}

#[test]
fn an_empty_home_has_empty_lists_and_no_files() {
    let home = Home::new();
    assert_eq!(home.json(&["project", "list", "--json"]), json!([]));
    assert_eq!(home.json(&["status", "--json"]), json!([]));
    assert!(!home.path("data").exists());
    let ran = home.run(&["status", "flowers"]);
    assert!(ran.code == 1 && ran.err.contains("project create"), "{ran:?}");
}

#[test]
fn label_history_undo_redo() {
    let home = created();
    let saved = home.lines(&["label", "flowers", "roses/1.png", "roses", "--json"]);
    assert_eq!(keys(&saved[0]), ["edit", "path", "rev", "state"]);
    assert_eq!(
        (&saved[0]["path"], &saved[0]["state"], &saved[0]["rev"]),
        (&json!("roses/1.png"), &json!("saved"), &json!(1))
    );
    home.ok(&["label", "flowers", home.path("photos/roses/1.png").to_str().unwrap(), "TULIPS"]);
    home.ok(&["label", "flowers", "roses/2.png", "--skip", "--reason", "blurred"]);
    home.ok(&["label", "flowers", "roses/10.png", "--empty", "--flag", "--unsure"]);
    let events = home.lines(&["history", "flowers", "roses/1.png", "--json"]);
    has_keys(&events[0], &["edit", "path", "what", "before", "after", "user", "at", "message"]);
    assert_eq!((&events[0]["before"]["label"], &events[0]["after"]["label"]), (&json!(["roses"]), &json!(["tulips"])));
    assert_eq!(events[0]["user"], "ann");
    assert!(events[0]["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(home.lines(&["history", "flowers", "--json", "--limit", "2"]).len(), 2);

    let undone = home.lines(&["undo", "flowers", "--json"]);
    assert_eq!((&undone[0]["path"], &undone[0]["state"]), (&json!("roses/10.png"), &json!("saved")));
    let redone = home.lines(&["redo", "flowers", "--json"]);
    assert_eq!(redone[0]["path"], "roses/10.png");
    let first = saved[0]["edit"].as_str().unwrap();
    let refused = home.run(&["undo", "flowers", "--edit", first]);
    assert_eq!(refused.code, 6, "a later edit stands on it: {refused:?}");
    let other = home.run(&["undo", "flowers", "--user", "bob"]);
    assert!(other.code == 1 && other.err.contains("nothing to undo for `bob`"), "{other:?}");
    let rows = home.lines(&["queue", "samples", "flowers", "--filter", "-unsure status:labeled,skipped", "--json"]);
    let paths: Vec<_> = rows.iter().map(|r| r["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["roses/1.png", "roses/2.png"]);
    assert_eq!(rows[1]["reason"], "blurred");
}

#[test]
fn label_sets_change_and_come_back() {
    let home = created();
    home.ok(&["label", "flowers", "roses/1.png", "roses"]);
    home.ok(&["project", "classes", "add", "flowers", "rose"]);
    home.ok(&["project", "classes", "merge", "flowers", "roses", "rose"]);
    let classes = home.json(&["project", "classes", "list", "flowers", "--json"]);
    let rose = classes.as_array().unwrap().iter().find(|c| c["name"] == "rose").unwrap();
    assert_eq!(rose["count"], 1);
    home.ok(&["undo", "flowers"]);
    home.ok(&["project", "classes", "rename", "flowers", "roses", "red roses"]);
    home.ok(&["project", "classes", "reorder", "flowers", "daisy", "tulips"]);
    home.ok(&["project", "classes", "hotkey", "flowers", "daisy", ";d"]);
    home.ok(&["project", "classes", "colour", "flowers", "daisy", "5"]);
    home.ok(&["project", "classes", "retire", "flowers", "rose"]);
    let names: Vec<String> = home
        .lines(&["project", "classes", "list", "flowers", "--jsonl"])
        .iter()
        .map(|c| c["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["daisy", "tulips", "red roses"]);
    let taken = home.run(&["project", "classes", "hotkey", "flowers", "daisy", "u"]);
    assert!(taken.code == 2 && taken.err.contains("means something else"), "{taken:?}");
    let unknown = home.run(&["project", "classes", "retire", "flowers", "tulpis"]);
    assert!(unknown.code == 1 && unknown.err.contains("did you mean `tulips`?"), "{unknown:?}");
}

#[test]
fn reviews_and_saved_queues() {
    let home = created();
    let early = home.run(&["review", "flowers", "roses/1.png", "accept"]);
    assert_eq!(early.code, 2, "{early:?}");
    home.ok(&["label", "flowers", "roses/1.png", "roses"]);
    let verdict = home.lines(&["review", "flowers", "roses/1.png", "reject", "--comment", "wrong class", "--json"]);
    assert_eq!(verdict[0]["state"], "saved");
    home.ok(&["queue", "save", "flowers", "again", "--filter", "review:rejected", "--order", "newest"]);
    let queues = home.json(&["queue", "list", "flowers", "--json"]);
    assert_eq!((&queues[0]["name"], &queues[0]["samples"]), (&json!("again"), &json!(1)));
    assert!(home.ok(&["queue", "samples", "flowers", "again"]).contains("roses/1.png"));
    home.ok(&["queue", "delete", "flowers", "again"]);
    assert_eq!(home.json(&["queue", "list", "flowers", "--json"]), json!([]));
    let wrong = home.run(&["queue", "samples", "flowers", "--filter", "colour:red"]);
    assert!(wrong.code == 2 && wrong.err.contains("status:"), "{wrong:?}");
}

#[test]
fn versions_names_and_the_trash() {
    let home = created();
    home.ok(&["label", "flowers", "roses/1.png", "roses"]);
    let with = home.json(&["project", "clone", "flowers", "second", "--json"]);
    assert_eq!((&with["version"], &with["status"]["labeled"]), (&json!(2), &json!(1)));
    let without = home.json(&["project", "clone", "flowers", "third", "--without-annotations", "--json"]);
    assert_eq!((&without["samples"], &without["status"]["labeled"]), (&json!(6), &json!(0)));
    home.ok(&["project", "rename", "third", "blossoms"]);
    let early = home.run(&["project", "delete", "blossoms", "--yes"]);
    assert!(early.code == 1 && early.err.contains("project trash"), "{early:?}");
    home.ok(&["project", "trash", "blossoms"]);
    assert_eq!(home.json(&["project", "list", "--trash", "--json"])[0]["project"], "blossoms");
    let gone = home.run(&["project", "show", "blossoms"]);
    assert!(gone.code == 1 && gone.err.contains("project restore blossoms"), "{gone:?}");
    home.ok(&["project", "restore", "blossoms"]);
    home.ok(&["project", "trash", "blossoms"]);
    let unsure = home.run(&["project", "delete", "blossoms"]);
    assert!(unsure.code == 2 && unsure.err.contains("--yes"), "{unsure:?}");
    home.ok(&["project", "delete", "blossoms", "--yes"]);
    assert_eq!(home.json(&["project", "list", "--all", "--json"]).as_array().unwrap().len(), 2);
}

#[test]
fn exports_say_what_they_wrote() {
    let home = created();
    home.ok(&["label", "flowers", "roses/1.png", "roses"]);
    home.ok(&["label", "flowers", "tulips/1.png", "tulips"]);
    for (dest, format) in [("out.csv", "csv"), ("out.jsonl", "jsonl"), ("sorted", "folders")] {
        let args = ["export", "flowers", dest, "--format", format, "--filter", "status:labeled", "--json"];
        let report = home.json(&args);
        assert_eq!(keys(&report), ["annotations", "dest", "format", "images", "loss", "manifest"]);
        assert_eq!((&report["images"], &report["annotations"]), (&json!(2), &json!(2)), "{format}");
        assert!(home.path(dest).exists());
        assert!(std::path::Path::new(report["manifest"].as_str().unwrap()).exists());
        let again = home.run(&args);
        assert!(again.code == 1 && again.err.contains("--force"), "{again:?}");
        home.ok(&[&args[..], &["--force"]].concat());
    }
    let csv = std::fs::read_to_string(home.path("out.csv")).unwrap();
    assert!(csv.contains("roses/1.png") && csv.contains("tulips"), "{csv}");
    let unknown = home.run(&["export", "flowers", "out.xyz"]);
    assert!(unknown.code == 2 && unknown.err.contains("--format"), "{unknown:?}");
}

#[test]
fn the_demo_makes_a_project_once() {
    let home = Home::new();
    let made = home.json(&["demo", "--dir", "shapes", "--pictures", "12", "--json"]);
    assert_eq!((&made["project"], &made["samples"]), (&json!("demo"), &json!(12)));
    let status = home.json(&["status", "demo", "--json"]);
    assert_eq!(status["samples"], 12);
    home.ok(&["demo", "--dir", "shapes", "--pictures", "12", "--no-open"]);
    assert_eq!(home.json(&["project", "list", "--json"]).as_array().unwrap().len(), 1);
    let other = home.run(&["demo", "--dir", "elsewhere", "--pictures", "12"]);
    assert!(other.code == 1 && other.err.contains("project rename demo"), "{other:?}");
}

#[test]
fn the_demo_has_boxes_where_they_are_asked_for() {
    let home = Home::new();
    let demo = ["demo", "--dir", "shapes", "--pictures", "60", "--task", "detection"];
    let made = home.json(&[demo.as_slice(), &["--json"]].concat());
    assert_eq!((&made["project"], &made["samples"]), (&json!("demo-boxes"), &json!(60)));
    // The same pictures may be labelled with classes as well.
    home.ok(&["demo", "--dir", "shapes", "--pictures", "60", "--no-open"]);
    home.ok(&[demo.as_slice(), &["--no-open"]].concat());
    assert_eq!(home.json(&["project", "list", "--json"]).as_array().unwrap().len(), 2);
    let status = home.json(&["status", "demo-boxes", "--json"]);
    assert_eq!(status["samples"], 60);
    home.ok(&["export", "demo-boxes", "boxes.jsonl", "--format", "jsonl"]);
    let text = std::fs::read_to_string(home.path("boxes.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let count = |line: &serde_json::Value| line["boxes"].as_array().map_or(0, Vec::len);
    let answered = lines.iter().filter(|l| l["status"] == "labeled").count();
    let with_boxes = lines.iter().filter(|l| count(l) > 0).count();
    assert!(with_boxes > 2 && answered > with_boxes && answered < 60, "{with_boxes} of {answered}");
}

#[test]
fn ctrl_c_stops_cleanly_with_its_own_code() {
    let home = created();
    let mut child = home
        .command(&["label", "flowers", "--from", "-", "--json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::Write::write_all(&mut input, b"{\"path\":\"roses/1.png\",\"label\":\"roses\"}\n").unwrap();
    let mut answer = String::new();
    std::io::BufRead::read_line(&mut answers, &mut answer).unwrap();
    assert!(answer.contains("saved"), "{answer}");
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(home.json(&["status", "flowers", "--json"])["status"]["labeled"], 1);
}
