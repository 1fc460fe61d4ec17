//! Snapshots and differences on the command line.

use super::story::flowers;
use super::{Home, has_keys};
use serde_json::json;

fn relabelled() -> Home {
    let home = flowers();
    home.ok(&["project", "create", "flowers", "--from", "photos", "--recursive", "--class-from", "folder"]);
    let taken = home.json(&["snapshot", "take", "flowers", "delivered", "-m", "v1", "--json"]);
    has_keys(&taken, &["project", "name", "event", "user", "at", "message", "status"]);
    assert_eq!((&taken["name"], &taken["status"]["labeled"]), (&json!("delivered"), &json!(6)));
    home.ok(&["label", "flowers", "roses/2.png", "tulips"]);
    home.ok(&["label", "flowers", "tulips/3.png", "roses"]);
    home
}

#[test]
fn a_difference_is_told_to_people_and_to_programs() {
    let home = relabelled();
    let lines = home.lines(&["diff", "flowers", "delivered", "--json"]);
    assert_eq!(lines.len(), 2);
    has_keys(&lines[0], &["path", "kinds", "before", "after", "objects", "user", "at"]);
    assert_eq!((&lines[0]["path"], &lines[0]["kinds"]), (&json!("roses/2.png"), &json!(["class"])));
    assert_eq!((&lines[0]["before"]["label"], &lines[0]["after"]["label"]), (&json!(["roses"]), &json!(["tulips"])));
    let text = home.ok(&["diff", "flowers", "delivered"]);
    assert!(
        text.contains("roses → tulips") && text.contains("2 samples differ between delivered and now: 2 class"),
        "{text}"
    );
    assert!(home.ok(&["diff", "flowers", "delivered", "--only", "added,removed"]).contains("0 samples differ"));
    assert_eq!(home.lines(&["diff", "flowers", "delivered", "--path", "tulips/", "--json"]).len(), 1);
    assert!(home.ok(&["snapshot", "list", "flowers"]).contains("delivered"));
    let wrong = home.run(&["diff", "flowers", "delivred"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.err.contains("neither a snapshot (`delivered`)"), "{wrong:?}");
}

#[test]
fn a_list_of_what_differs_can_be_walked_and_exported() {
    let home = relabelled();
    let said = home.run(&["diff", "flowers", "delivered", "--list", "to check"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("list:\"to check\""), "{said:?}");
    let rows = home.lines(&["queue", "samples", "flowers", "--filter", "list:\"to check\"", "--json"]);
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_snapshot_is_exported_as_it_was() {
    let home = relabelled();
    home.ok(&["label", "flowers", "tulips/1.png", "--skip"]);
    let export = |dest: &str, more: &[&str]| {
        home.ok(&[&["export", "flowers", dest, "--as-of", "delivered"], more].concat());
        std::fs::read_to_string(home.path(dest)).unwrap()
    };
    let wanted: [(&str, &[&str]); 3] = [
        ("a.csv", &[]),
        ("b.jsonl", &["--filter", "class:roses status:labeled by:ann -flag -unsure -empty"]),
        ("c.csv", &["--format", "csv-boxes", "--split", "stratified"]),
    ];
    let first = wanted.map(|(dest, more)| export(dest, more));
    assert!(first[0].contains("roses/2.png,roses") && first[0].contains("tulips/1.png,tulips"), "{}", first[0]);
    assert_eq!(first[1].lines().count(), 3, "what was relabelled since is there: {}", first[1]);
    // Names and answers change; what was delivered does not.
    home.ok(&["project", "classes", "merge", "flowers", "tulips", "roses"]);
    home.ok(&["project", "classes", "rename", "flowers", "roses", "Rosaceae"]);
    home.ok(&["label", "flowers", "roses/1.png", "--skip"]);
    // Nor do pictures that came since belong to it.
    home.picture("photos/roses/0.png");
    home.ok(&["project", "rescan", "flowers"]);
    for ((dest, more), was) in wanted.into_iter().zip(&first) {
        assert_eq!(&export(&format!("again-{dest}"), more), was, "{dest}");
    }
    let today = home.path("now.csv");
    home.ok(&["export", "flowers", "now.csv"]);
    let today = std::fs::read_to_string(today).unwrap();
    assert!(today.contains("Rosaceae") && !today.contains("tulips,"), "{today}");
    let lines = home.lines(&["diff", "flowers", "delivered", "--json"]);
    let differ: Vec<_> = lines.iter().map(|l| l["path"].as_str().unwrap()).collect();
    assert_eq!(differ, ["roses/0.png", "roses/1.png", "tulips/1.png"], "what merged counts as the same");
    assert_eq!(lines[2]["before"]["label"], json!(["tulips"]), "by its name of then");
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(home.path("again-a.csv.manifest.json")).unwrap()).unwrap();
    assert_eq!((&manifest["as_of"], &manifest["classes"]), (&json!("delivered"), &json!(["roses", "tulips"])));
    let wrong = home.run(&["export", "flowers", "x.csv", "--as-of", "delivred"]);
    assert!(wrong.code == 2 && wrong.err.contains("neither a snapshot (`delivered`)"), "{wrong:?}");
    assert!(home.ok(&["export", "flowers", "start.csv", "--as-of", "start"]).contains("7 pictures"));
    assert!(home.ok(&["export", "flowers", "then.csv", "--as-of", "2001-01-01"]).contains("0 pictures"));
}

#[test]
fn a_time_is_exported_as_it_was() {
    let home = relabelled();
    let at = jiff::Timestamp::now().to_string();
    home.ok(&["export", "flowers", "today.csv"]);
    std::fs::copy(home.path("photos/roses/2.png"), home.path("photos/roses/9.png")).unwrap();
    home.ok(&["project", "rescan", "flowers"]);
    home.ok(&["label", "flowers", "roses/2.png", "roses"]);
    assert!(home.ok(&["export", "flowers", "then.csv", "--as-of", &at]).contains("6 pictures"));
    let text = |name: &str| std::fs::read_to_string(home.path(name)).unwrap();
    assert_eq!(text("then.csv"), text("today.csv"), "without what came since");
}

#[test]
fn restoring_is_counted_first_and_undone_at_once() {
    let home = relabelled();
    let dry = home.json(&["snapshot", "restore", "flowers", "delivered", "--dry-run", "--json"]);
    assert_eq!(dry, json!({ "differing": 2, "restored": 0, "conflicts": 0, "dry_run": true }));
    let done = home.json(&["snapshot", "restore", "flowers", "delivered", "--path", "roses/", "--json"]);
    assert_eq!((&done["restored"], &done["dry_run"]), (&json!(1), &json!(false)));
    assert_eq!(home.lines(&["diff", "flowers", "delivered", "--json"]).len(), 1);
    home.ok(&["undo", "flowers"]);
    assert_eq!(home.lines(&["diff", "flowers", "delivered", "--json"]).len(), 2);
    let again = home.run(&["snapshot", "take", "flowers", "Delivered"]);
    assert!(again.code != 0 && again.err.contains("a snapshot never changes"), "{again:?}");
    assert!(home.ok(&["snapshot", "drop", "flowers", "delivered"]).contains("history stays"));
}

#[test]
fn a_clone_is_compared_with_its_parent() {
    let home = relabelled();
    home.ok(&["project", "clone", "flowers", "flowers-v2"]);
    home.ok(&["label", "flowers-v2", "roses/2.png", "roses"]);
    let text = home.ok(&["diff", "flowers-v2", "--against", "flowers"]);
    assert!(text.contains("1 samples differ between flowers and flowers-v2: 1 class"), "{text}");
    let lines = home.lines(&["diff", "flowers-v2", "--against", "flowers", "--list", "since", "--json"]);
    assert_eq!((&lines[0]["path"], lines.len()), (&json!("roses/2.png"), 1));
    assert_eq!((&lines[0]["before"]["label"], &lines[0]["after"]["label"]), (&json!(["tulips"]), &json!(["roses"])));
    assert_eq!(home.lines(&["list", "show", "flowers-v2", "since", "--json"])[0]["remark"], json!("tulips → roses"));
    assert_ne!(home.run(&["diff", "flowers-v2"]).code, 0);
}
