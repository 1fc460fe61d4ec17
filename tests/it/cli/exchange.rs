//! `lakelens export --format delta` and the way back, without any engine.

use super::{Home, json_lines};
use crate::lake::delta::write::{Written, inline_deletions};
use serde_json::{Value, json};

/// Two projects over the same three pictures; the first has boxes, an empty picture and one without an answer.
fn cars() -> Home {
    let home = Home::new();
    for name in ["1.png", "2.png", "sub/3.png", "sub/4.png"] {
        home.picture(&format!("cars/{name}"));
    }
    for project in ["cars", "back"] {
        home.ok(&["project", "create", project, "--from", "cars", "-r", "--task", "detection"]);
    }
    let image = |id: u64, name: &str| json!({ "id": id, "file_name": name, "width": 16, "height": 12 });
    let boxed = |image: u64, category: u64, bbox: [f64; 4]| json!({ "id": bbox[0] * 10.0 + bbox[2], "image_id": image, "category_id": category, "bbox": bbox });
    let coco = json!({
        "images": [image(1, "1.png"), image(2, "2.png"), image(3, "sub/3.png")],
        "annotations": [boxed(1, 1, [0.5, 0.25, 8.0, 6.125]), boxed(1, 2, [8., 6., 8., 6.]), boxed(2, 1, [1., 1., 2., 2.])],
        "categories": [{ "id": 1, "name": "car" }, { "id": 2, "name": "=bus, \"large\"" }],
    });
    home.write("a.json", &coco.to_string());
    home.ok(&["import", "cars", "a.json"]);
    home
}

fn table(home: &Home, more: &[&str]) -> Vec<Value> {
    home.lines(&[&["table", "rows", "./out", "--limit", "1000", "--jsonl"][..], more].concat())
}

fn answers(home: &Home, project: &str) -> Vec<Value> {
    home.ok(&["export", project, "now.jsonl", "--force"]);
    let rows = json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap());
    rows.into_iter().map(|row| json!([row["path"], row["status"], row["boxes"]])).collect()
}

const EXPORT: [&str; 5] = ["export", "cars", "out", "--format", "delta"];

#[test]
fn a_table_is_made_once_appended_to_when_asked_and_replaced_when_asked() {
    let home = cars();
    let export = |more: &[&str]| home.run(&[&EXPORT[..], more].concat());
    let first = home.json(&[&EXPORT[..], &["--json"]].concat());
    assert_eq!((&first["version"], &first["images"], &first["annotations"]), (&json!(0), &json!(3), &json!(3)));
    let rows = table(&home, &[]);
    assert_eq!(rows.len(), 4, "a row for each box, and one for the picture without any: {rows:?}");
    assert_eq!((&rows[0]["filename"], &rows[0]["label"], &rows[0]["x"]), (&json!("1.png"), &json!("car"), &json!(0.5)));
    assert!(rows[3]["label"].is_null() && rows[3]["filename"] == "sub/3.png", "{rows:?}");
    // The same again changes nothing, and says so.
    for more in [&[][..], &["--force"]] {
        let again = export(more);
        assert!(
            again.code == 0 && again.out.contains("nothing changes") && again.out.contains("version 0"),
            "{again:?}"
        );
    }
    assert_eq!(home.json(&[&EXPORT[..], &["--json"]].concat())["unchanged"], true);
    // Other rows need a word.
    home.feed(&["label", "cars", "--from", "-"], "{\"path\":\"sub/4.png\",\"boxes\":[]}");
    home.ok(&["import", "cars", "a.json", "--on-existing", "skip"]);
    std::fs::remove_file(home.path("a.json")).unwrap();
    home.write("b.csv", "path,label,x,y,w,h\nsub/4.png,car,1,2,3,4\n");
    home.ok(&["import", "cars", "b.csv", "--on-existing", "replace"]);
    let other = export(&[]);
    assert!(other.code == 1 && other.err.contains("--append") && other.err.contains("--force"), "{other:?}");
    assert_eq!(table(&home, &[]).len(), 4, "nothing was written");
    assert!(export(&["--append"]).code == 0 && table(&home, &[]).len() == 9);
    assert!(export(&["--append"]).code == 0 && table(&home, &[]).len() == 14, "asked to append, it appends");
    let ran = export(&["--append", "--force"]);
    assert!(ran.code == 2, "{ran:?}");
    assert!(export(&["--force"]).code == 0);
    assert_eq!((table(&home, &[]).len(), table(&home, &["--version", "2"]).len()), (5, 14), "older versions stay");
    assert!(export(&["--force"]).out.contains("nothing changes"));
    let history = home.ok(&["table", "history", "./out"]);
    assert!(history.contains("lakelens export of cars: 4 pictures") && history.contains("CREATE TABLE"), "{history}");
    // Every file that is there belongs to a version.
    let files = std::fs::read_dir(home.path("out")).unwrap().count();
    assert_eq!(files, 1 + 4, "the log, and a file for each version that wrote");
}

#[test]
fn a_table_whose_making_was_killed_is_made_by_the_next_run_and_files_of_others_are_in_the_way() {
    let home = cars();
    home.ok(&EXPORT);
    // As after a kill between the rows and their commit.
    let log = home.path("out/_delta_log");
    std::fs::remove_dir_all(&log).unwrap();
    std::fs::create_dir(&log).unwrap();
    home.write("out/_delta_log/.00000000000000000000.json.0123.part", "{");
    home.write("out/.rows-0011223344556677-x.snappy.parquet.0123.part", "PAR1");
    assert_eq!(home.json(&[&EXPORT[..], &["--json"]].concat())["version"], 0);
    assert_eq!(table(&home, &[]).len(), 4, "the rows of the killed run are no part of the table");
    for foreign in ["out/other.parquet", "out/_delta_log/00000000000000000007.checkpoint.parquet"] {
        std::fs::remove_dir_all(&log).unwrap();
        std::fs::create_dir(&log).unwrap();
        home.write(foreign, "PAR1");
        let ran = home.run(&EXPORT);
        assert!(ran.code != 0, "{foreign}: {ran:?}");
        assert!(!home.path("out/_delta_log/00000000000000000000.json").exists(), "{foreign}");
        std::fs::remove_file(home.path(foreign)).unwrap();
    }
}

#[test]
fn what_is_exported_comes_back_at_any_version() {
    let home = cars();
    home.ok(&EXPORT);
    home.write("b.csv", "path,label,x,y,w,h\nsub/4.png,car,1,2,3,4\n");
    let before = answers(&home, "cars");
    home.ok(&["import", "cars", "b.csv"]);
    home.ok(&[&EXPORT[..], &["--force"]].concat());
    let after = answers(&home, "cars");
    let dry = home.json(&["import", "back", "out", "--at", "0", "--dry-run", "--json"]);
    assert_eq!((&dry["read"], &dry["annotations"], &dry["rejected"]), (&json!(3), &json!(3), &json!(0)));
    home.ok(&["import", "back", "out", "--at", "0"]);
    assert_eq!(answers(&home, "back"), before);
    assert!(home.ok(&["import", "back", "out", "--format", "delta", "--at", "0"]).contains("nothing changes"));
    home.ok(&["import", "back", "./out"]);
    assert_eq!(answers(&home, "back"), after);
    let ran = home.run(&["import", "back", "out", "--at", "7"]);
    assert!(ran.code == 2 && ran.err.contains("no version 7"), "{ran:?}");
    let ran = home.run(&["import", "back", "b.csv", "--at", "1"]);
    assert!(ran.code == 2 && ran.err.contains("csv has no versions"), "{ran:?}");
    let ran = home.run(&["import", "back", "cars", "--format", "delta"]);
    assert!(ran.code == 7 && ran.err.contains("no Delta table"), "{ran:?}");
}

#[test]
fn tables_of_others_are_read_as_their_log_says() {
    let home = Home::new();
    for n in 1..=3 {
        home.picture(&format!("photos/{n}.jpg"));
    }
    home.ok(&["project", "create", "p", "--from", "photos", "--task", "classification"]);
    let mut written = Written::new(&home.path("theirs"));
    let a = written.file("a.parquet", &[("1", "roses"), ("2", "roses"), ("3", "tulips")]);
    written.begin(&[]);
    written.commit("WRITE", "ann", "", &[a.add()]);
    let b = written.file("b.parquet", &[("1", "daisy")]);
    written.commit("MERGE", "ann", "", &[a.remove(), a.add_with(&inline_deletions(&[0])), b.add()]);
    let classes = |at: &[&str]| {
        let args = [
            "import",
            "p",
            "theirs",
            "--match",
            "name",
            "--columns",
            "path=path,class=class",
            "--on-existing",
            "replace",
        ];
        home.ok(&[&args[..], at].concat());
        home.ok(&["export", "p", "now.jsonl", "--force"]);
        let rows = json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap());
        rows.iter().map(|row| row["label"][0].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(classes(&[]), ["daisy", "roses", "tulips"]);
    assert_eq!(classes(&["--at", "0"]), ["roses", "roses", "tulips"]);
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is() {
    let home = cars();
    let refused = |dest: &str, more: &[&str], words: &[&str]| {
        let ran = home.run(&[&["export", "cars", dest, "--format", "delta"], more].concat());
        assert!(ran.code != 0 && words.iter().all(|w| ran.err.contains(w)), "{dest}: {ran:?}");
    };
    let before = std::fs::read_dir(home.path("cars")).unwrap().count();
    refused("cars", &[], &["no Delta table", "new or an empty folder"]);
    assert_eq!(std::fs::read_dir(home.path("cars")).unwrap().count(), before);
    refused("a.json", &[], &["is a file", "name a folder"]);
    refused("out", &["--images", "copy"], &["no place for pictures", "hf-parquet"]);
    refused("out", &["--what", "predictions"], &["no place for predictions"]);
    refused("main.labels.cars/x/../y", &["--as-of", "nowhere"], &["`nowhere` is neither a snapshot"]);
    let mut written = Written::new(&home.path("theirs"));
    written.begin(&[]);
    let a = written.file("a.parquet", &[("1", "roses")]);
    written.commit("WRITE", "ann", "", &[a.add()]);
    refused("theirs", &["--append"], &["no column `filename`", "new folder"]);
    refused("theirs", &[], &["--append", "--force"]);
    let ran = home.run(&["export", "cars", "x.csv", "--append"]);
    assert!(ran.code == 2 && ran.err.contains("not appended"), "{ran:?}");
    for (dest, says) in [
        ("s3://lab/x", "AWS_ACCESS_KEY_ID"),
        ("/Volumes/main/a/v/x", "--profile"),
        ("lake:/main/a", "needs a connection"),
        ("/Volumes/local/default/none/x.json", "lake.local"),
    ] {
        let ran = home.run(&["export", "cars", dest, "--format", "coco"]);
        assert!(ran.code != 0 && ran.err.contains(says), "{dest}: {ran:?}");
    }
    assert!(!home.path("out").exists() && !home.path("x.csv").exists());
    let left: Vec<_> = std::fs::read_dir(home.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
}
