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
