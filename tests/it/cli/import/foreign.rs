//! Files that are something else than what they are said to be, and what of a file is no annotation.

use super::*;

/// What is said of a file that is not taken; nothing is written.
fn refused(home: &Home, format: &str, path: &str, more: &[&str]) -> String {
    let ran = home.run(&[&["import", "cars", path, "--format", format], more].concat());
    assert_eq!(ran.code, 7, "{format} {path}: {ran:?}");
    assert!(ran.out.is_empty() && class_names(home) == ["car", "truck"], "{format} {path}: {ran:?}");
    ran.err
}

#[test]
fn a_json_file_that_is_something_else_is_no_empty_one() {
    let home = cars();
    home.write("results.json", "[]");
    let cases = [
        ("coco", "{}", "an empty object"),
        ("coco", "[]", "an empty list"),
        ("coco", r#"{"tasks": [], "b\u001b[2J": 1}"#, "an object with the keys `b"),
        ("coco", r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}"#, "`a`, `b`, `c`, `d`, `e` and others"),
        ("coco", r#"{"images": 1, "annotations": "none"}"#, "an object with the keys `annotations`, `images`"),
        ("datumaro", r#"{"items": 3}"#, "an object with the key `items`"),
        ("label_studio", "{}", "an empty object"),
        ("label_studio", r#"{"images": [], "annotations": []}"#, "an object with the keys `annotations`, `images`"),
        ("label_studio", r#"{"tasks": [{"data": {"image": "1.png"}}]}"#, "an object with the key `tasks`"),
        ("createml", "{}", "an empty object"),
        ("createml", r#"{"images": []}"#, "an object with the key `images`"),
        ("via", "[]", "an empty list"),
        ("via", r#"[{"filename": "1.png"}]"#, "a list"),
        ("via", r#"{"images": [{"id": 1}]}"#, "an object with the key `images`"),
        ("via", r#"{"project": {}, "pid": 1, "config": {}}"#, "the keys `config`, `pid`, `project`"),
        ("datumaro", "{}", "an empty object"),
        ("datumaro", "[]", "an empty list"),
        ("datumaro", r#"{"images": []}"#, "an object with the key `images`"),
        ("labelme", "{}", "`imagePath` and `shapes`"),
        ("labelme", "[]", "`imagePath` and `shapes`"),
    ];
    for (format, text, is) in cases {
        home.write("a.json", text);
        let told = refused(&home, format, "a.json", &[]);
        assert!(told.contains("a.json: it is no ") && told.contains(is), "{format} {text}: {told}");
        assert!(told.contains("--format NAME") && !told.contains('\u{1b}'), "{format} {text}: {told}");
        home.write("folder/a.txt", "x");
        let none = refused(&home, format, "folder", &["--dry-run"]);
        assert!(none.contains("folder: there is no ") && none.contains("--format NAME"), "{format}: {none}");
    }
    // A list of results is told from it by the file that it belongs to.
    good(&home);
    let told = home.run(&["import", "cars", "results.json", "--format", "coco", "--reference", "a.json"]);
    assert!(
        told.code == 0 && told.err.contains("results.json: it is an empty list: the model found nothing"),
        "{told:?}"
    );
}

#[test]
fn a_file_with_nothing_in_it_stays_fine() {
    let home = cars();
    for (format, text) in [
        ("coco", r#"{"images": [], "annotations": []}"#),
        ("coco", r#"{"images": [], "annotations": [], "categories": []}"#),
        ("label_studio", "[]"),
        ("createml", "[]"),
        ("via", "{}"),
        ("via", r#"{"_via_settings": {}, "_via_img_metadata": {}, "_via_attributes": {}}"#),
        ("via", r#"{"project": {}, "pid": 1, "config": {}, "attribute": {}, "file": {}, "metadata": {}, "view": {}}"#),
        ("datumaro", r#"{"info": {}, "categories": {}, "items": []}"#),
    ] {
        home.write("a.json", text);
        assert_eq!(counts(&run(&home, &["a.json", "--format", format])), [0; 7], "{format} {text}");
    }
}

#[test]
fn numbers_with_a_comma_are_told_with_what_to_write() {
    let home = cars();
    home.write("a.csv", "sep=;\nfile;kind;left;top;right;bottom\n\n1.png;car;1;1;5;5\n2.png;car;0,5;1;5;5\n");
    let columns = ["--columns", "path=file,class=kind,xmin=left,ymin=top,xmax=right,ymax=bottom"];
    let told = refused(&home, "csv", "a.csv", &columns);
    let says = "a.csv, row 2 (`2.png`): xmin (column `left`) is \"0,5\", written with a comma; write 0.5 (line 5)";
    assert!(told.contains(says), "{told}");
    for (cell, meant) in [
        ("-,25", "write -0.25"),
        ("1,250", "write 1.250, or 1250 if thousands are meant"),
        ("0,125", "write 0.125 "),
        ("1,2,3", "not a finite number"),
        ("wide", "not a finite number"),
    ] {
        home.write("a.csv", &format!("path;class;xmin;ymin;xmax;ymax\n2.png;car;{cell};1;5;5\n"));
        let told = refused(&home, "csv", "a.csv", &[]);
        assert!(told.contains(&format!("xmin is \"{cell}\"")) && told.contains(meant), "{cell}: {told}");
    }
}

#[test]
fn answers_of_label_studio_that_are_no_annotation_are_counted_once() {
    let home = cars();
    let rating = |n: u64| json!({ "id": "r", "type": "rating", "from_name": "quality", "value": { "rating": n } });
    let text = json!({ "id": "t", "type": "textarea", "from_name": "note", "value": { "text": ["dark"] } });
    let boxed = json!({ "id": "b", "type": "rectanglelabels", "original_width": 16, "original_height": 12,
        "value": { "x": 0, "y": 0, "width": 50, "height": 50, "rectanglelabels": ["car"] } });
    // What is said of a region is kept with it.
    let of_box = json!({ "id": "b", "type": "rating", "from_name": "sure",
        "value": { "x": 0, "y": 0, "width": 50, "height": 50, "rating": 3 } });
    let relation = json!({ "type": "relation", "from_id": "b", "to_id": "b" });
    let task =
        |name: &str, result: Vec<Value>| json!({ "data": { "image": name }, "annotations": [{ "result": result }] });
    let first = task("1.png", vec![rating(4), boxed.clone(), of_box, relation]);
    home.write("a.json", &json!([first, task("2.png", vec![rating(2), text, boxed])]).to_string());
    let ran = home.run(&["import", "cars", "a.json", "--dry-run"]);
    let says = "a.json: 4 answers that are neither a class nor a shape are left out (ratings, texts, relations and the \
                like): quality (rating) 2, note (textarea) 1, relation 1";
    assert!(ran.code == 0 && ran.err.contains(says), "{ran:?}");
    assert_eq!(ran.err.matches("left out").count(), 1, "{ran:?}");
    let small = json!([{ "image": "3.png", "id": 3, "annotator": 1, "annotation_id": 2, "lead_time": 1.5, "quality": 4,
        "label": [{ "x": 0, "y": 0, "width": 50, "height": 50, "rectanglelabels": ["car"], "original_width": 16,
            "original_height": 12 }] }]);
    home.write("small.json", &small.to_string());
    let ran = home.run(&["import", "cars", "small.json", "--dry-run"]);
    assert!(ran.err.contains("small.json: 1 answer that is neither a class nor a shape is left out"), "{ran:?}");
    assert!(ran.err.contains("quality 1"), "{ran:?}");
}
