//! What `lakelens export` writes, `lakelens import` reads: the same boxes on the same pictures, in every format of boxes.

use super::{Home, json_lines};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Pictures with names that formats stumble over: equal ones in two folders, quotes, commas, other scripts.
const PICTURES: [&str; 5] = ["a.png", "b.png", "sub/a.png", "sub/é \"q\", x.png", "none.png"];
/// Of each format the name that the importer has for it, and whether it can say that there is nothing on a picture.
const FORMATS: [(&str, &str, bool); 17] = [
    ("coco", "coco", true),
    ("yolo", "yolo", true),
    ("voc", "voc", true),
    ("cvat", "cvat", true),
    ("labelme", "labelme", true),
    ("label-studio", "label_studio", true),
    ("createml", "createml", true),
    ("open-images", "open_images", true),
    // VIA lists a picture before anybody has looked at it.
    ("via", "via", false),
    ("datumaro", "datumaro", true),
    ("csv-boxes", "csv", true),
    // An import without annotations means there that nobody has answered.
    ("cv-explorer", "jsonl", false),
    ("hf-imagefolder", "jsonl", true),
    ("jsonl", "jsonl", true),
    ("parquet", "parquet", true),
    ("hf-parquet", "hf-parquet", true),
    ("tfrecord", "tfrecord", true),
];

fn project(home: &Home, name: &str) {
    home.ok(&["project", "create", name, "--from", "p", "-r", "--task", "detection", "--classes", "car"]);
}

/// Status and boxes of each picture, rounded to what every format keeps.
fn state(home: &Home, name: &str) -> BTreeMap<String, (String, Vec<String>)> {
    home.ok(&["export", name, "now.jsonl", "--force"]);
    let rows = json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap());
    let place = |b: &Value| {
        let part = |key: &str| format!("{:.3}", b[key].as_f64().unwrap());
        format!("{} {} {} {} {}", b["class"], part("x"), part("y"), part("w"), part("h"))
    };
    let row = |row: &Value| {
        let mut boxes: Vec<String> = row["boxes"].as_array().into_iter().flatten().map(place).collect();
        boxes.sort();
        (row["path"].as_str().unwrap().to_owned(), (row["status"].as_str().unwrap().to_owned(), boxes))
    };
    rows.iter().map(row).collect()
}

#[test]
fn every_format_of_boxes_comes_back() {
    let home = Home::new();
    PICTURES.iter().for_each(|name| drop(home.picture(&format!("p/{name}"))));
    project(&home, "src");
    for class in ["bus, \"big\"", "ünï"] {
        home.ok(&["project", "classes", "add", "src", class]);
    }
    let boxed = |class: &str, x, y, w, h| json!({ "class": class, "x": x, "y": y, "w": w, "h": h });
    let lines = [
        json!({ "path": "a.png", "boxes": [boxed("car", 0.125, 0.25, 0.25, 0.5), boxed("ünï", 0.5, 0.5, 0.25, 0.5)] }),
        json!({ "path": "sub/a.png", "boxes": [boxed("car", 0.0, 0.0, 1.0, 1.0)] }),
        json!({ "path": PICTURES[3], "boxes": [boxed("bus, \"big\"", 0.125, 0.25, 0.5, 0.25)] }),
        json!({ "path": "none.png", "empty": true }),
    ];
    let input: String = lines.iter().map(|l| format!("{l}\n")).collect();
    let fed = home.feed(&["label", "src", "--from", "-"], &input);
    assert_eq!(fed.code, 0, "{fed:?}");
    let wanted = state(&home, "src");
    for (format, read, negatives) in FORMATS {
        let dest = match format {
            "coco" => "out-coco.json".to_owned(),
            "csv-boxes" => "out.csv".to_owned(),
            "jsonl" => "out.jsonl".to_owned(),
            _ => format!("out-{format}"),
        };
        home.ok(&["export", "src", &dest, "--format", format]);
        for (way, extra) in [("seen", &[][..]), ("said", &["--format", read][..])] {
            let name = format!("{format} {way}");
            project(&home, &name);
            let ran = home.run(&[&["import", &name, &dest][..], extra].concat());
            assert_eq!(ran.code, 0, "{name}: {ran:?}");
            let mut expected = wanted.clone();
            if !negatives {
                expected.insert("none.png".to_owned(), ("unlabeled".to_owned(), Vec::new()));
            }
            assert_eq!(state(&home, &name), expected, "{name}: {ran:?}");
        }
    }
}

/// The lines of a JSONL export without what belongs to one project: ids, and verdicts.
fn whole(home: &Home, name: &str) -> Vec<Value> {
    home.ok(&["export", name, "whole.jsonl", "--force"]);
    let mut rows = json_lines(&std::fs::read_to_string(home.path("whole.jsonl")).unwrap());
    for row in &mut rows {
        row.as_object_mut().unwrap().remove("reviews");
        for mark in row["annotations"].as_array_mut().into_iter().flatten() {
            mark.as_object_mut().unwrap().remove("id");
        }
    }
    rows
}

#[test]
fn json_lines_bring_back_everything_but_ids_and_verdicts() {
    let home = Home::new();
    for n in 0..9 {
        home.picture(&format!("p/{n}.png"));
    }
    let create = |name: &str| home.ok(&["project", "create", name, "--from", "p", "--task", "segmentation"]);
    create("src");
    let by = |class: &str| json!({ "class": class, "author": "bob", "at": "2026-01-02T03:04:05Z" });
    let with = |mut mark: Value, more: Value| {
        mark.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        mark
    };
    let boxed = json!({ "kind": "box", "x": 0.125, "y": 0.25, "w": 0.5, "h": 0.5,
                        "attributes": { "hidden": true, "note": "\u{e9}\n", "n": 3.5 } });
    let corners = |at: f64| json!([{ "x": at, "y": 0.25 }, { "x": at + 0.25, "y": 0.25 }, { "x": at, "y": 0.5 }]);
    let polygon = json!({ "kind": "polygon", "parts": [corners(0.0), corners(0.5)] });
    let (w, h) = (16, 12);
    let mask = json!({ "kind": "mask", "size": [h, w], "counts": [3, 5, w * h - 8], "attributes": { "iscrowd": 1 } });
    let guess =
        json!({ "class": "car", "kind": "box", "x": 0.0, "y": 0.0, "w": 0.5, "h": 0.5, "score": 0.75, "model": "m" });
    let lines = [
        json!({ "path": "0.png", "flagged": true, "annotations": [with(by("car"), boxed), with(by("bus"), polygon)] }),
        json!({ "path": "1.png", "unsure": true, "annotations": [with(by("bus"), mask)], "predictions": [guess] }),
        json!({ "path": "2.png", "skip": true, "reason": "blurred, \"very\"", "flagged": true, "predictions": [guess] }),
        json!({ "path": "3.png", "status": "labeled", "predictions": [guess] }),
        json!({ "path": "4.png", "predictions": [guess] }),
        json!({ "path": "5.png", "flagged": true }),
        json!({ "path": "6.png", "unsure": true, "predictions": [guess] }),
    ];
    home.write("in.jsonl", &lines.map(|l| format!("{l}\n")).concat());
    home.ok(&["import", "src", "in.jsonl"]);
    home.ok(&["review", "src", "0.png", "accept"]);
    let wanted = whole(&home, "src");
    let said = |n: usize, key: &str| wanted[n][key] == Value::Bool(true);
    assert_eq!((&wanted[2]["status"], &wanted[3]["status"]), (&json!("skipped"), &json!("labeled")));
    assert!(said(0, "flagged") && said(1, "unsure") && said(2, "flagged") && said(5, "flagged") && said(6, "unsure"));
    assert_eq!((&wanted[5]["status"], &wanted[6]["status"]), (&json!("unlabeled"), &json!("pre_labeled")));
    create("back");
    home.ok(&["export", "src", "out.jsonl"]);
    let counts = |args: &[&str]| -> Value {
        let mut report: Value = home.json(args);
        report.as_object_mut().unwrap().remove("dry_run");
        report
    };
    let dry = counts(&["import", "back", "out.jsonl", "--dry-run", "--json"]);
    assert_eq!((&dry["answered"], &dry["annotations"], &dry["skipped"]), (&json!(6), &json!(8), &json!(2)));
    assert_eq!(counts(&["import", "back", "out.jsonl", "--json"]), dry);
    assert_eq!(whole(&home, "back"), wanted);
    assert!(home.ok(&["import", "back", "out.jsonl"]).contains("nothing changes"));
}

#[test]
fn an_entry_that_names_no_place_is_about_the_whole_picture() {
    let home = Home::new();
    home.picture("p/a.png");
    home.picture("p/b.png");
    home.ok(&["project", "create", "one", "--from", "p", "--classes", "cat,dog"]);
    let guesses = json!([{ "class": "dog", "score": 0.5 }, { "class": "cat", "score": 0.25, "model": "m" }]);
    let lines = [
        json!({ "path": "a.png", "annotations": [{ "class": "cat" }] }),
        json!({ "path": "b.png", "predictions": guesses }),
    ];
    home.write("in.jsonl", &lines.map(|line| line.to_string()).join("\n"));
    home.ok(&["import", "one", "in.jsonl"]);
    home.ok(&["export", "one", "now.jsonl"]);
    let rows = json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap());
    assert_eq!(rows[0]["label"], json!(["cat"]), "{rows:?}");
    let guess = &rows[1]["predictions"][0];
    assert_eq!((&guess["class"], &guess["kind"], &guess["score"]), (&json!("dog"), &json!("class"), &json!(0.5)));
    // What names a place in words that are not known is refused, not taken for a class of the picture.
    home.write("in.jsonl", "{\"path\":\"a.png\",\"annotations\":[{\"class\":\"cat\",\"bbox\":[1,2,3,4]}]}");
    let refused = home.run(&["import", "one", "in.jsonl"]);
    assert!(refused.code == 7 && refused.err.contains("x is missing"), "{refused:?}");
}

#[test]
fn answers_without_annotations_are_changes() {
    let home = Home::new();
    home.picture("p/a.png");
    home.picture("p/b.png");
    project(&home, "one");
    home.ok(&["label", "one", "a.png", "--empty"]);
    home.write("in.jsonl", "{\"path\":\"a.png\",\"empty\":true}\n{\"path\":\"b.png\",\"empty\":true}\n");
    let told = home.ok(&["import", "one", "in.jsonl"]);
    assert!(told.contains("1 answered") && !told.contains("nothing changes"), "{told}");
    assert!(home.ok(&["import", "one", "in.jsonl"]).contains("nothing changes"));
}

#[test]
fn a_task_that_was_submitted_empty_is_answered_although_a_model_found_something() {
    let home = Home::new();
    home.picture("p/a.png");
    home.picture("p/b.png");
    project(&home, "one");
    let value = json!({ "x": 10, "y": 10, "width": 50, "height": 50, "rectanglelabels": ["car"] });
    let region = json!({ "type": "rectanglelabels", "original_width": 16, "original_height": 12, "value": value });
    let guess = json!([{ "result": [region], "score": 0.9, "model_version": "m" }]);
    let task =
        |name: &str, done: Value| json!({ "data": { "image": name }, "annotations": done, "predictions": guess });
    let nothing = json!([{ "result": [], "was_cancelled": false }]);
    home.write("tasks.json", &json!([task("a.png", nothing), task("b.png", json!([]))]).to_string());
    let told = home.ok(&["import", "one", "tasks.json", "--format", "label_studio"]);
    assert!(told.contains("1 answered"), "{told}");
    home.ok(&["export", "one", "now.jsonl"]);
    let rows = json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap());
    let status: Vec<&Value> = rows.iter().map(|row| &row["status"]).collect();
    assert_eq!(status, ["labeled", "pre_labeled"], "{rows:?}");
}

#[test]
fn a_part_without_a_picture_is_not_named_to_programs_that_would_look_for_it() {
    let home = Home::new();
    for name in ["a.png", "b.png"] {
        home.picture(&format!("p/{name}"));
    }
    project(&home, "src");
    home.write("in.csv", "path,label,x,y,w,h,split\na.png,car,1,1,2,2,train\nb.png,car,1,1,2,2,TEST\n");
    home.ok(&["import", "src", "in.csv"]);
    let export = |format: &str, filter: &str| {
        let more = ["--split", "as-imported", "--images", "copy", "--force", "--filter", filter];
        home.ok(&[&["export", "src", "out", "--format", format], &more[..]].concat());
        let is = |path: &str| home.path("out").join(path).exists();
        ["train", "val", "test"].map(|part| match format {
            "yolo" => is(&format!("images/{part}")),
            "hf-parquet" => is(&format!("data/{part}-00000-of-00001.parquet")),
            _ => is(&format!("{part}/metadata.jsonl")),
        })
    };
    for format in ["hf-imagefolder", "hf-parquet", "yolo"] {
        assert_eq!(export(format, ""), [true, false, true], "{format}");
    }
    let data = || std::fs::read_to_string(home.path("out/data.yaml")).unwrap();
    assert!(data().starts_with("train: images/train\nval: images/test\ntest: images/test\nnames:"), "{}", data());
    assert_eq!(export("yolo", "a.png"), [true, false, false]);
    assert!(data().starts_with("train: images/train\nval: images/train\nnames:"), "{}", data());
    // One that has nothing at all has a part all the same, so that there is something to read.
    assert_eq!(export("hf-imagefolder", "none.png"), [true, false, false]);
}

#[test]
fn exports_know_the_names_that_imports_have() {
    let home = Home::new();
    home.picture("p/a.png");
    project(&home, "src");
    for name in ["label_studio", "open_images", "csv_boxes", "hf_parquet", "pascal_voc", "yolov8", "imagefolder"] {
        home.ok(&["export", "src", "out", "--format", name, "--dry-run"]);
    }
    let ran = home.run(&["export", "src", "out", "--format", "open images"]);
    assert!(ran.code == 2 && !ran.err.contains("open_images"), "others are not listed: {ran:?}");
}

#[test]
fn an_export_taken_back_into_its_own_project_changes_nothing() {
    let home = Home::new();
    ["a.png", "b.png"].iter().for_each(|name| drop(home.picture(&format!("p/{name}"))));
    project(&home, "src");
    let boxed = |x: f64, y: f64, w: f64, h: f64| json!({ "class": "car", "x": x, "y": y, "w": w, "h": h });
    let boxes = [boxed(0.1, 1.0 / 3.0, 0.7, 0.123_456_789), boxed(0.300_000_1, 0.2, 1.0 / 7.0, 0.1)];
    let lines = [json!({ "path": "a.png", "boxes": boxes }), json!({ "path": "b.png", "empty": true })];
    let fed = home.feed(&["label", "src", "--from", "-"], &lines.map(|l| format!("{l}\n")).concat());
    assert_eq!(fed.code, 0, "{fed:?}");
    for (format, read) in [("coco", "coco"), ("yolo", "yolo"), ("csv-boxes", "csv"), ("tfrecord", "tfrecord")] {
        let dest = format!("out-{format}");
        home.ok(&["export", "src", &dest, "--format", format]);
        let done = home.json(&["import", "src", &dest, "--format", read, "--on-existing", "replace", "--json"]);
        let changes = ["answered", "annotations", "replaced"].map(|key| done[key].as_u64());
        assert_eq!((changes, &done["skipped"]), ([Some(0); 3], &json!(2)), "{format}: {done}");
    }
    // What differs by more is taken.
    home.write("in.csv", "path,label,x,y,w,h\na.png,car,1,1,2,2\n");
    assert!(home.ok(&["import", "src", "in.csv", "--on-existing", "replace"]).contains("1 pictures replaced"));
}
