//! Formats there and back through the program, and names and cells that would do harm elsewhere.

use super::{Home, json_lines};
use serde_json::{Value, json};

/// Two projects of this task over the same pictures of 16 x 12.
fn pair(task: &str) -> Home {
    let home = Home::new();
    for name in ["1.png", "2.png", "sub/3.png"] {
        home.picture(&format!("photos/{name}"));
    }
    for project in ["there", "back"] {
        home.ok(&["project", "create", project, "--from", "photos", "-r", "--task", task]);
    }
    home
}

fn answers(home: &Home, project: &str) -> Vec<Value> {
    home.ok(&["export", project, "now.jsonl", "--force"]);
    json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap())
}

fn of<'a>(rows: &'a [Value], path: &str) -> &'a Value {
    rows.iter().find(|row| row["path"] == path).unwrap()
}

const FORMULAS: [&str; 6] = ["=1+1", "+b", "-c", "@d", "'=e", "plain"];

#[test]
fn a_spreadsheet_runs_nothing_and_every_name_comes_back() {
    let home = pair("multilabel");
    home.ok(&[&["project", "classes", "add", "there", "--"][..], &FORMULAS].concat());
    let line = json!({ "path": "1.png", "label": FORMULAS }).to_string();
    let ran = home.feed(&["label", "there", "--from", "-"], &line);
    assert_eq!(ran.code, 0, "{ran:?}");
    for format in ["csv", "csv-boxes"] {
        home.ok(&["export", "there", "out.csv", "--format", format, "--force"]);
        let text = std::fs::read_to_string(home.path("out.csv")).unwrap();
        let cells = text.lines().flat_map(|line| line.split(','));
        for cell in cells.map(|cell| cell.trim_matches('"')) {
            assert!(!cell.starts_with(['=', '+', '@']) && !cell.starts_with("-c"), "{format}: {cell}");
        }
        home.ok(&["import", "back", "out.csv", "--on-existing", "replace"]);
        let (rows, mut wanted) = (answers(&home, "back"), FORMULAS.map(Value::from).to_vec());
        let mut found = of(&rows, "1.png")["label"].as_array().unwrap().clone();
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        found.sort_by_key(text);
        wanted.sort_by_key(text);
        assert_eq!(found, wanted, "{format}");
        home.ok(&["undo", "back"]);
    }
    home.ok(&["export", "there", "raw.csv", "--format", "csv-boxes", "--formulas", "keep"]);
    assert!(std::fs::read_to_string(home.path("raw.csv")).unwrap().contains(",=1+1,"));
}

#[test]
fn a_folder_of_pictures_with_metadata_csv_is_taken() {
    let home = pair("classification");
    home.write("photos/metadata.csv", "file_name,label\n1.png,rose\nsub/3.png,\"tulip, red\"\n");
    let report = home.json(&["import", "back", "photos/metadata.csv", "--json"]);
    assert_eq!((&report["read"], &report["annotations"]), (&json!(2), &json!(2)));
    let rows = answers(&home, "back");
    assert_eq!(of(&rows, "1.png")["label"], json!(["rose"]));
    assert_eq!(of(&rows, "sub/3.png")["label"], json!(["tulip, red"]));
    // The same from the folder that holds it, as `datasets` opens it.
    home.ok(&["undo", "back"]);
    home.ok(&["import", "back", "photos"]);
    assert_eq!(of(&answers(&home, "back"), "sub/3.png")["label"], json!(["tulip, red"]));
}

/// Names of pictures that no file should be able to choose.
const HOSTILE: [&str; 8] = [
    "../secret.png",
    "sub/../../secret.png",
    "/etc/hostname.png",
    "C:/windows/x.png",
    "a//b.png",
    "./../x.png",
    "1\u{1b}[31m.png",
    "2\u{7}\u{9b}.png",
];

#[test]
fn no_file_makes_a_sample_that_leads_out_or_moves_a_terminal() {
    let home = pair("detection");
    home.picture("secret.png");
    let coco = |names: &[&str]| {
        let images: Vec<Value> = (1..)
            .zip(names)
            .map(|(id, name)| json!({ "id": id, "file_name": name, "width": 16, "height": 12 }))
            .collect();
        let boxes: Vec<Value> = (1..=names.len())
            .map(|id| json!({ "id": id, "image_id": id, "category_id": 1, "bbox": [1, 1, 5, 5] }))
            .collect();
        json!({ "images": images, "annotations": boxes, "categories": [{ "id": 1, "name": "car" }] }).to_string()
    };
    let lines: Vec<String> = HOSTILE
        .iter()
        .map(|n| json!({ "filename": n, "annotations": [{ "label": "car", "ann_type": "bbox", "bbox_json": { "x": 0.1, "y": 0.1, "w": 0.2, "h": 0.2 } }] }).to_string())
        .collect();
    let cells = HOSTILE.map(|name| format!("\"{name}\",car,1,1,5,5\n")).concat();
    let voc = |name: &str| {
        let name = name.replace(['\u{1b}', '\u{7}'], "&#9;");
        format!(
            "<annotation><filename>{name}</filename><size><width>16</width><height>12</height></size><object><name>car</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>"
        )
    };
    home.write("h.json", &coco(&HOSTILE));
    home.write("h.jsonl", &lines.join("\n"));
    home.write("h.csv", &format!("path,label,x,y,w,h\n{cells}"));
    for (n, name) in HOSTILE.iter().enumerate() {
        home.write(&format!("voc/{n}.xml"), &voc(name));
    }
    for file in ["h.json", "h.jsonl", "h.csv", "voc"] {
        let args = ["import", "back", file, "--on-missing", "create", "--on-bad-row", "keep", "--json"];
        let ran = home.run(&args);
        assert!(!ran.err.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{file}: {ran:?}");
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{file}: {e}: {ran:?}"));
        assert_eq!(report["created"], 0, "{file}: {report}");
        let paths: Vec<String> =
            answers(&home, "back").iter().map(|row| row["path"].as_str().unwrap().to_owned()).collect();
        assert_eq!(paths, ["1.png", "2.png", "sub/3.png"], "{file}");
    }
    // One that is what it says is made.
    home.picture("photos/new.png");
    home.write("good.json", &coco(&["new.png"]));
    assert_eq!(home.json(&["import", "back", "good.json", "--on-missing", "create", "--json"])["created"], 1);
}

#[test]
fn attributes_go_through_cvat() {
    let home = pair("detection");
    let mark = json!({ "id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5],
        "attributes": { "colour": "red & <blue>", "occluded": true, "doors": 4, "z_order": 2 } });
    let plain = json!({ "id": 2, "image_id": 1, "category_id": 1, "bbox": [2, 2, 5, 5] });
    let image = json!({ "id": 1, "file_name": "1.png", "width": 16, "height": 12 });
    let coco = json!({ "images": [image], "annotations": [mark, plain], "categories": [{ "id": 1, "name": "car" }] });
    home.write("a.json", &coco.to_string());
    home.ok(&["import", "there", "a.json"]);
    let told = home.ok(&["export", "there", "out.xml", "--format", "cvat"]);
    assert!(!told.contains("attributes"), "nothing is lost: {told}");
    let text = std::fs::read_to_string(home.path("out.xml")).unwrap();
    assert!(text.contains("<name>colour</name>") && text.contains("<attribute name=\"doors\">4</attribute>"), "{text}");
    home.ok(&["import", "back", "out.xml"]);
    let rows = answers(&home, "back");
    let attributes = &of(&rows, "1.png")["annotations"][0]["attributes"];
    assert_eq!(attributes["colour"], "red & <blue>");
    assert_eq!((&attributes["occluded"], &attributes["doors"]), (&json!(true), &json!("4")), "{attributes}");
    assert_eq!(attributes["z_order"].as_f64(), Some(2.0), "{attributes}");
}

#[test]
fn attributes_are_given_by_lines_found_by_filters_and_taken_along() {
    let home = pair("detection");
    home.ok(&["project", "classes", "add", "there", "car"]);
    let boxed = |x: f64, attributes: Value| json!({ "class": "car", "x": x, "y": 0.25, "w": 0.25, "h": 0.5, "attributes": attributes });
    let lines = [
        json!({ "path": "1.png", "boxes": [boxed(0.125, json!({ "occluded": true, "difficult": true, "color": "Red" })), boxed(0.5, json!({}))] }),
        json!({ "path": "2.png", "boxes": [boxed(0.125, json!({ "truncated": true, "occluded": false }))] }),
    ];
    let ran = home.feed(&["label", "there", "--from", "-"], &lines.map(|l| l.to_string()).join("\n"));
    assert_eq!(ran.code, 0, "{ran:?}");
    for (filter, path) in [("attr:occluded", "1.png"), ("attr:truncated", "2.png"), ("attr:color=red,crowd", "1.png")] {
        let found = home.lines(&["queue", "samples", "there", "--filter", filter, "--json"]);
        let paths: Vec<&str> = found.iter().map(|row| row["path"].as_str().unwrap()).collect();
        assert_eq!(paths, [path], "{filter}");
    }
    for format in ["voc", "cvat", "jsonl"] {
        let out = if format == "jsonl" { "out.jsonl".to_owned() } else { format!("out-{format}") };
        home.ok(&["export", "there", &out, "--format", format]);
        home.ok(&["import", "back", &out, "--on-existing", "replace"]);
        let rows = answers(&home, "back");
        let mut first = of(&rows, "1.png")["boxes"][0]["attributes"].clone();
        if let Some(fields) = first.as_object_mut().filter(|_| format == "voc") {
            // VOC has a place for its own flags only, and the export says so.
            fields.insert("color".to_owned(), "Red".into());
        }
        let flag = |value: &Value| [json!(true), json!("true")].contains(value);
        assert!(flag(&first["occluded"]) && flag(&first["difficult"]) && first["color"] == "Red", "{format}: {first}");
        assert!(flag(&of(&rows, "2.png")["boxes"][0]["attributes"]["truncated"]), "{format}");
        assert!(of(&rows, "1.png")["boxes"][1].get("attributes").is_none(), "{format}");
    }
}

#[test]
fn flags_go_through_labelme() {
    let home = pair("detection");
    let shape = json!({"label": "cat", "shape_type": "rectangle", "points": [[1, 2], [5, 6]], "group_id": 3, "mask": null,
                       "description": "", "flags": {"hidden": true, "old": false}});
    let file = json!({"version": "6.3.1", "flags": {}, "imagePath": "1.png", "imageData": null, "imageHeight": 12,
                      "imageWidth": 16, "shapes": [shape]});
    home.write("one.json", &file.to_string());
    home.ok(&["import", "there", "one.json"]);
    let told = home.run(&["export", "there", "out", "--format", "labelme"]);
    assert!(told.code == 0 && !(told.out + &told.err).contains("attributes"), "nothing of it is lost");
    let back: Value = serde_json::from_str(&std::fs::read_to_string(home.path("out/1.json")).unwrap()).unwrap();
    let shape = &back["shapes"][0];
    assert_eq!((&shape["flags"], &shape["group_id"]), (&json!({"hidden": true}), &json!(3)), "{back}");
}

#[test]
fn segments_go_through_panoptic_pixel_for_pixel() {
    let home = pair("segmentation");
    let image = |id: u64, name: &str| json!({ "id": id, "file_name": name, "width": 16, "height": 12 });
    let ring = json!({ "id": 1, "image_id": 1, "category_id": 1, "segmentation": [[2, 2, 10, 2, 10, 8, 2, 8]] });
    // 12 rows: the whole second column and half of the third, under the polygon in part.
    let mask = json!({ "id": 2, "image_id": 1, "category_id": 2, "iscrowd": 1,
        "segmentation": { "size": [12, 16], "counts": [12, 18, 162] } });
    let hidden = json!({ "id": 3, "image_id": 3, "category_id": 1, "segmentation": [[2, 2, 4, 2, 4, 4, 2, 4]] });
    let over = json!({ "id": 4, "image_id": 3, "category_id": 2, "segmentation": [[1, 1, 6, 1, 6, 6, 1, 6]] });
    let coco = json!({
        "images": [image(1, "1.png"), image(2, "2.png"), image(3, "sub/3.png")],
        "annotations": [ring, mask, hidden, over],
        "categories": [{ "id": 1, "name": "leaf" }, { "id": 2, "name": "stem" }],
    });
    home.write("a.json", &coco.to_string());
    home.ok(&["import", "there", "a.json"]);
    let told = home.ok(&["export", "there", "out", "--format", "coco-panoptic"]);
    assert!(told.contains("lost: 1: segments without a pixel of their own"), "{told}");
    let made: Value = serde_json::from_str(&std::fs::read_to_string(home.path("out/panoptic.json")).unwrap()).unwrap();
    let first = &made["annotations"][0]["segments_info"];
    // Of the polygon 8 x 6 pixels, without those of the mask: column 2, rows 2 to 5.
    assert_eq!((&first[0]["area"], &first[1]["area"]), (&json!(48 - 4), &json!(18)), "{first}");
    assert_eq!(first[1]["bbox"], json!([1, 0, 2, 12]));
    assert_eq!(first[1]["iscrowd"], 1);
    home.ok(&["import", "back", "out"]);
    let rows = answers(&home, "back");
    let marks = of(&rows, "1.png")["annotations"].as_array().unwrap();
    assert_eq!(marks.len(), 2, "{marks:?}");
    let counts = |i: usize| marks[i]["counts"].clone();
    assert_eq!((counts(1), &marks[1]["class"]), (json!([12, 18, 162]), &json!("stem")));
    assert_eq!(of(&rows, "2.png")["status"], "labeled", "a picture without segments has been looked at");
    assert_eq!(of(&rows, "sub/3.png")["annotations"].as_array().unwrap().len(), 1);
}

#[test]
fn masks_go_through_label_studios_brush_pixel_for_pixel() {
    let home = pair("segmentation");
    let image = json!({ "id": 1, "file_name": "1.png", "width": 16, "height": 12 });
    let mask = |id: u64, counts: &[u32]| json!({ "id": id, "image_id": 1, "category_id": 1, "segmentation": { "size": [12, 16], "counts": counts } });
    let masks = [&[0, 1, 12, 3, 176][..], &[12, 18, 1, 2, 159], &[191, 1]];
    let all: Vec<Value> = (1..).zip(masks).map(|(id, counts)| mask(id, counts)).collect();
    let coco = json!({ "images": [image], "annotations": all, "categories": [{ "id": 1, "name": "leaf" }] });
    home.write("a.json", &coco.to_string());
    home.ok(&["import", "there", "a.json"]);
    let told = home.ok(&["export", "there", "tasks.json", "--format", "label-studio"]);
    assert!(!told.contains("mask"), "nothing of them is lost: {told}");
    home.ok(&["import", "back", "tasks.json"]);
    let rows = answers(&home, "back");
    let marks = of(&rows, "1.png")["annotations"].as_array().unwrap();
    let counts: Vec<&Value> = marks.iter().map(|mark| &mark["counts"]).collect();
    assert_eq!(counts, [&json!(masks[0]), &json!(masks[1]), &json!(masks[2])]);
}

#[test]
fn captions_come_back() {
    let home = pair("detection");
    let image = |id: u64, name: &str| json!({ "id": id, "file_name": name, "width": 16, "height": 12 });
    let said = |id: u64, image: u64, text: &str| json!({ "id": id, "image_id": image, "caption": text });
    let coco = json!({
        "images": [image(1, "1.png"), image(2, "sub/3.png")],
        "annotations": [said(1, 1, "A \"red\" flower."), said(2, 1, "Ein Beet"), said(3, 2, "日本")],
    });
    home.write("captions.json", &coco.to_string());
    home.ok(&["import", "there", "captions.json"]);
    home.ok(&["export", "there", "out.json", "--format", "coco-captions"]);
    let texts = |file: &str| {
        let made: Value = serde_json::from_str(&std::fs::read_to_string(home.path(file)).unwrap()).unwrap();
        let name = |id: &Value| {
            made["images"].as_array().unwrap().iter().find(|i| i["id"] == *id).unwrap()["file_name"].clone()
        };
        let marks = made["annotations"].as_array().unwrap().clone();
        marks.iter().map(|a| json!([name(&a["image_id"]), a["caption"]])).collect::<Vec<_>>()
    };
    assert_eq!(texts("out.json"), texts("captions.json"));
    home.ok(&["import", "back", "out.json"]);
    home.ok(&["export", "back", "again.json", "--format", "coco-captions"]);
    assert_eq!(texts("again.json"), texts("captions.json"));
}

#[test]
fn what_several_files_of_a_folder_say_is_said_once() {
    let home = pair("detection");
    let file = |extra: serde_json::Value| {
        let bbox = |id: u64, x: f64| json!({ "id": id, "image_id": 1, "category_id": 1, "bbox": [x, 2.0, 4.0, 5.0] });
        let mut first = bbox(1, 1.0);
        first.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({
            "images": [{ "id": 1, "file_name": "1.png", "width": 16, "height": 12 }],
            "annotations": [first, bbox(2, 1.0), bbox(3, 7.0)],
            "categories": [{ "id": 1, "name": "person" }],
        })
        .to_string()
    };
    std::fs::create_dir_all(home.path("coco/annotations")).unwrap();
    home.write("coco/annotations/instances_val.json", &file(json!({ "attributes": { "pose": "standing" } })));
    home.write(
        "coco/annotations/person_keypoints_val.json",
        &file(json!({ "keypoints": [1, 2, 2], "num_keypoints": 1 })),
    );
    let told = home.json(&["import", "there", "coco", "--match", "name", "--json"]);
    assert_eq!(told["annotations"], json!(3), "two alike in one file stay two: {told}");
    home.ok(&["export", "there", "out.json", "--format", "coco"]);
    let out: Value = serde_json::from_str(&std::fs::read_to_string(home.path("out.json")).unwrap()).unwrap();
    let all = out["annotations"].as_array().unwrap();
    assert_eq!(
        (all.len(), &all[0]["keypoints"], &all[0]["attributes"]["pose"]),
        (3, &json!([1, 2, 2]), &json!("standing"))
    );
    let again = home.json(&["import", "there", "coco", "--match", "name", "--json"]);
    assert_eq!((&again["annotations"], &again["skipped"]), (&json!(0), &json!(1)), "{again}");
}
