//! Working together on the command line: double labelling and agreement.

use super::story::flowers;
use super::{Home, has_keys};
use serde_json::json;

fn drawn() -> Home {
    let home = flowers();
    home.ok(&["project", "create", "flowers", "--from", "photos", "--recursive", "--class-from", "folder"]);
    home
}

#[test]
fn a_share_is_drawn_for_others_and_told() {
    let home = drawn();
    let started = home.json(&["double", "start", "flowers", "--share", "50", "--for", "bob,cleo", "--json"]);
    has_keys(&started, &["project", "people"]);
    assert_eq!(started["people"][0], json!({ "user": "bob", "chosen": 3, "answered": 0 }));
    assert_eq!(started["people"][1]["chosen"], json!(3));
    let told = home.ok(&["double", "status", "flowers", "--for", "bob"]);
    assert!(told.contains("WHO") && told.contains("bob") && !told.contains("cleo"), "{told}");
    assert_eq!(home.run(&["double", "start", "flowers", "--share", "0"]).code, 2);
    let none = home.run(&["agreement", "flowers"]);
    assert_eq!((none.code, none.out.as_str()), (0, ""), "{none:?}");
    assert!(none.err.contains("lakelens double start flowers"), "{none:?}");
    let document = home.json(&["agreement", "flowers", "--json"]);
    has_keys(&document, &["project", "people", "iou", "all", "pairs", "classes"]);
    assert_eq!(document["all"]["pictures"], json!(0));
    let wrong = home.run(&["agreement", "flowers", "--class", "rose"]);
    assert!(wrong.code != 0 && wrong.err.contains("did you mean `roses`?"), "{wrong:?}");
    assert_eq!(home.run(&["agreement", "flowers", "--iou", "2"]).code, 2);
}

#[test]
fn answers_are_trusted_listed_and_told() {
    let home = drawn();
    let queue = home.ok(&["queue", "samples", "flowers", "--limit", "2"]);
    let paths: Vec<&str> = queue.lines().filter_map(|l| l.split("  ").next()).collect();
    let none = home.run(&["gold", "list", "flowers"]);
    assert!(none.code == 0 && none.out.is_empty() && none.err.contains("lakelens gold add flowers"), "{none:?}");
    assert!(home.ok(&["gold", "add", "flowers", paths[0], paths[1], "--every", "10"]).contains("one of every 10"));
    let again = home.json(&["gold", "add", "flowers", "--filter", "status:labeled", "--json"]);
    has_keys(&again, &["project", "added", "again", "left_out", "every"]);
    assert_eq!((&again["again"], &again["every"]), (&json!(2), &json!(10)));
    let listed = home.ok(&["gold", "list", "flowers"]);
    assert!(listed.contains("TRUSTED BY") && listed.contains(paths[0]), "{listed}");
    assert!(home.ok(&["gold", "list", "flowers", "--json"]).lines().all(|l| l.contains("\"answer\"")));
    let told = home.json(&["gold", "report", "flowers", "--json"]);
    has_keys(&told, &["project", "marked", "every", "all", "people", "classes"]);
    assert_eq!(told["all"]["of"], json!(0));
    let nobody = home.run(&["gold", "report", "flowers", "--by", "zoe"]);
    assert!(nobody.code == 1 && nobody.err.contains("no gold picture yet"), "{nobody:?}");
    assert!(home.ok(&["gold", "remove", "flowers", paths[0]]).starts_with("1 picture is gold no more"));
    assert!(home.ok(&["gold", "every", "flowers", "0"]).contains("nobody is asked"));
    assert_eq!(home.run(&["gold", "every", "flowers", "1"]).code, 2);
    assert_eq!(home.run(&["gold", "add", "flowers"]).code, 2);
    let wrong = home.run(&["gold", "add", "flowers", "--from-list", "nothing"]);
    assert!(wrong.err.contains("there is no list `nothing`"), "{wrong:?}");
    home.ok(&["gold", "remove", "flowers", "--all"]);
    assert_eq!(home.ok(&["gold", "list", "flowers", "--json"]), "");
}

#[test]
fn pictures_that_a_file_names_become_gold_all_or_none() {
    let home = drawn();
    let queue = home.ok(&["queue", "samples", "flowers", "--limit", "3"]);
    let paths: Vec<&str> = queue.lines().filter_map(|l| l.split("  ").next()).collect();
    let bare = |path: &str| path.rsplit_once('/').unwrap().1.to_owned();
    let gold = || home.ok(&["gold", "list", "flowers", "--json"]).lines().count();
    home.write("bad.txt", &format!("{}\r\n\r\nno/such.png\n{}\n", paths[0], paths[1]));
    let bad = home.run(&["gold", "add", "flowers", "--from", "bad.txt"]);
    assert!(bad.code == 7 && bad.err.contains("bad.txt:3: the project has no picture `no/such.png`"), "{bad:?}");
    assert!(bad.err.contains("nothing was changed") && bad.err.contains("--match name"), "{bad:?}");
    assert_eq!(gold(), 0, "nothing is half done");
    // The first column of a table, below its header; a name twice counts once.
    home.write("checked.csv", &format!("path,who\n\"{}\",ann\n{},bob\n{},ann\n", paths[0], paths[1], paths[0]));
    let added = home.json(&["gold", "add", "flowers", "--from", "checked.csv", "--json"]);
    assert_eq!((&added["added"], &added["left_out"]), (&json!(2), &json!([])));
    let told = home.feed(&["gold", "remove", "flowers", "--from", "-"], &format!("./{}\n", paths[0]));
    assert!(told.code == 0 && told.out.starts_with("1 picture is gold no more"), "{told:?}");
    assert_eq!(gold(), 1);
    // By less than the path: only where that is one picture.
    let path = home.run(&["gold", "add", "flowers", "--from", "names.txt"]);
    assert!(path.code == 1 && path.err.contains("names.txt cannot be read"), "{path:?}");
    home.write("names.txt", &format!("{}\n", bare(paths[0])));
    assert_eq!(home.run(&["gold", "add", "flowers", "--from", "names.txt"]).code, 7);
    let several = home.run(&["gold", "add", "flowers", "--from", "names.txt", "--match", "name"]);
    assert!(
        several.code == 7 && several.err.contains("names.txt:1: ") && several.err.contains("may be 2 pictures"),
        "{several:?}"
    );
    home.write("suffix.txt", &format!("elsewhere/{}\n", paths[0]));
    let ends = home.json(&["gold", "add", "flowers", "--from", "suffix.txt", "--match", "suffix", "--json"]);
    assert_eq!(ends["added"], json!(1));
    // What cannot be trusted is left out as always, with its line.
    home.ok(&["label", "flowers", paths[2], "--clear"]);
    home.write("open.txt", &format!("{}\n{}\n", paths[1], paths[2]));
    let open = home.run(&["gold", "add", "flowers", "--from", "open.txt"]);
    assert!(
        open.code == 0 && open.err.contains(&format!("open.txt:2: {}: left out, nobody has answered it", paths[2])),
        "{open:?}"
    );
    home.write("empty.txt", "\n");
    assert!(home.run(&["gold", "add", "flowers", "--from", "empty.txt"]).err.contains("empty.txt names no picture"));
    assert_eq!(home.run(&["gold", "add", "flowers", paths[0], "--from", "open.txt"]).code, 2);
    assert_eq!(home.run(&["gold", "add", "flowers", paths[0], "--match", "name"]).code, 2);
    // A new version has them with its answers, and says what it has not without.
    let with = home.run(&["project", "clone", "flowers", "with"]);
    assert!(with.code == 0 && !with.err.contains("gold"), "{with:?}");
    assert_eq!(home.ok(&["gold", "list", "with", "--json"]).lines().count(), 2);
    let without = home.run(&["project", "clone", "flowers", "without", "--without-annotations"]);
    assert!(without.code == 0 && without.err.contains("2 gold pictures stay with `flowers`"), "{without:?}");
}

#[test]
fn a_session_is_told_in_its_order() {
    let home = drawn();
    let queue = home.ok(&["queue", "samples", "flowers", "--limit", "2"]);
    let paths: Vec<&str> = queue.lines().filter_map(|l| l.split("  ").next()).collect();
    home.ok(&["--user", "zoe", "label", "flowers", paths[0], "tulips"]);
    home.ok(&["--user", "zoe", "label", "flowers", paths[1], "tulips"]);
    home.ok(&["--user", "zoe", "undo", "flowers"]);
    let told = home.ok(&["replay", "flowers", "--by", "zoe"]);
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].contains("WHEN") && lines.len() == 4, "{told}");
    assert!(lines[1].contains(paths[0]) && lines[1].contains("→ tulips"), "{told}");
    assert!(lines[2].contains(paths[1]) && lines[3].contains("tulips →"), "{told}");
    let json = home.ok(&["replay", "flowers", "--by", "zoe", "--json"]);
    let rows: Vec<serde_json::Value> = json.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    has_keys(&rows[0], &["at", "user", "session", "pause", "path", "kind", "what", "before", "after", "edit", "rev"]);
    assert_eq!((&rows[0]["session"], &rows[0]["pause"]), (&json!(1), &serde_json::Value::Null));
    assert!(rows[1]["pause"].as_f64().is_some_and(|p| p >= 0.0), "{json}");
    assert_eq!(rows[2]["kind"], json!("undo"));
    assert_eq!(home.ok(&["replay", "flowers", "--by", "zoe", "--limit", "1", "--json"]).lines().count(), 1);
    let later = home.run(&["replay", "flowers", "--by", "zoe", "--since", "now"]);
    assert!(later.code == 0 && later.err.contains("no edit by `zoe`"), "{later:?}");
    assert!(home.run(&["replay", "flowers", "--since", "whenever"]).code != 0);
}

#[test]
fn a_guideline_is_set_shown_and_removed() {
    let home = drawn();
    let none = home.run(&["project", "guideline", "flowers"]);
    assert!(none.code == 0 && none.out.is_empty() && none.err.contains("FILE.md"), "{none:?}");
    home.write("guide.md", "# Roses\nwith *thorns*\n");
    assert!(home.ok(&["project", "guideline", "flowers", "guide.md"]).contains("2 lines"));
    assert_eq!(home.ok(&["project", "guideline", "flowers"]), "# Roses\nwith *thorns*\n");
    let told = home.json(&["project", "guideline", "flowers", "--json"]);
    assert_eq!(told["guideline"], json!("# Roses\nwith *thorns*\n"));
    let fed = home.feed(&["project", "guideline", "flowers", "-"], "evil \u{1b}[2J text");
    assert_eq!(fed.code, 0, "{fed:?}");
    assert_eq!(home.ok(&["project", "guideline", "flowers"]), "evil \\x1b[2J text\n");
    for (file, content, why) in [("empty.md", " \n", "is empty"), ("long.md", &"x".repeat(300_000), "longer than")] {
        home.write(file, content);
        let wrong = home.run(&["project", "guideline", "flowers", file]);
        assert!(wrong.code == 7 && wrong.err.contains(why), "{wrong:?}");
    }
    std::fs::write(home.path("bytes.md"), b"ab\xff").unwrap();
    assert!(home.run(&["project", "guideline", "flowers", "bytes.md"]).err.contains("byte 2 is none"));
    assert!(home.ok(&["project", "guideline", "flowers", "--remove"]).contains("no guideline any more"));
}
