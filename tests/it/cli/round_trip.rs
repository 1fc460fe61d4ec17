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
