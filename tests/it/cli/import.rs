//! `lakelens import` as scripts see it: what each flag does, what bad input gets, the laws of dry runs and repetition.

mod cases;
mod foreign;
mod kept;
mod left;
mod real;

use super::{Home, json_lines, keys};
use serde_json::{Value, json};

/// A project for boxes with five pictures of 16 x 12.
fn cars() -> Home {
    let home = Home::new();
    (1..=3).for_each(|i| {
        home.picture(&format!("cars/{i}.png"));
    });
    home.picture("cars/sub/3.png");
    home.picture("cars/sub/4.png");
    home.ok(&["project", "create", "cars", "--from", "cars", "-r", "--task", "detection", "--classes", "car,truck"]);
    home
}

fn coco(images: &Value, annotations: &Value) -> String {
    json!({
        "images": images, "annotations": annotations,
        "categories": [{ "id": 1, "name": "car" }, { "id": 2, "name": "bus" }],
    })
    .to_string()
}

fn image(id: u64, name: &str) -> Value {
    json!({ "id": id, "file_name": name, "width": 16, "height": 12 })
}

fn boxed(id: u64, image: u64, category: u64, bbox: [f64; 4]) -> Value {
    json!({ "id": id, "image_id": image, "category_id": category, "bbox": bbox, "iscrowd": 0, "segmentation": [] })
}

/// Two pictures with three boxes, and one without any.
fn good(home: &Home) {
    let images = json!([image(1, "1.png"), image(2, "2.png"), image(3, "sub/3.png")]);
    let boxes = [boxed(1, 1, 1, [0., 0., 8., 6.]), boxed(2, 1, 2, [8., 6., 8., 6.]), boxed(3, 2, 1, [1., 1., 2., 2.])];
    home.write("a.json", &coco(&images, &json!(boxes)));
}

fn run(home: &Home, args: &[&str]) -> Value {
    home.json(&[&["import", "cars"], args, &["--json"]].concat())
}

/// The counters of a run that stops, and its message.
fn stopped(home: &Home, args: &[&str]) -> (Value, String) {
    let ran = home.run(&[&["import", "cars"], args, &["--json"]].concat());
    assert_eq!(ran.code, 7, "{ran:?}");
    (serde_json::from_str(&ran.out).unwrap_or_default(), ran.err)
}

fn exported(home: &Home) -> Vec<Value> {
    home.ok(&["export", "cars", "now.jsonl", "--force"]);
    json_lines(&std::fs::read_to_string(home.path("now.jsonl")).unwrap())
}

fn boxes(home: &Home, path: &str) -> Vec<Value> {
    let rows = exported(home);
    let row = rows.iter().find(|r| r["path"] == path).unwrap();
    row["boxes"].as_array().cloned().unwrap_or_default()
}

fn counts(report: &Value) -> [u64; 7] {
    ["read", "matched", "created", "annotations", "replaced", "skipped", "rejected"]
        .map(|k| report[k].as_u64().unwrap())
}

#[test]
fn a_coco_file_is_taken_counted_before_taken_back_and_taken_again() {
    let home = cars();
    good(&home);
    let dry = run(&home, &["a.json", "--dry-run"]);
    let promised =
        ["annotations", "answered", "comments", "created", "dry_run", "guesses", "listed", "matched", "parts", "read"];
    let more = ["rejected", "replaced", "skeletons", "skipped", "unreadable"];
    assert_eq!(keys(&dry), [&promised[..], &more].concat());
    assert_eq!((counts(&dry), &dry["dry_run"]), ([3, 3, 0, 3, 0, 0, 0], &json!(true)));
    assert!(exported(&home).iter().all(|r| r["status"] == "unlabeled"));
    let real = run(&home, &["a.json"]);
    assert_eq!((counts(&real), &real["dry_run"]), (counts(&dry), &json!(false)));
    assert_eq!(
        boxes(&home, "1.png"),
        [
            json!({ "class": "car", "x": 0.0, "y": 0.0, "w": 0.5, "h": 0.5 }),
            json!({ "class": "bus", "x": 0.5, "y": 0.5, "w": 0.5, "h": 0.5 }),
        ]
    );
    let rows = exported(&home);
    let empty = rows.iter().find(|r| r["path"] == "sub/3.png").unwrap();
    assert_eq!(empty["status"], "labeled", "a picture without boxes is a verified negative");
    for how in ["skip", "replace", "append", "merge"] {
        let again = run(&home, &["a.json", "--on-existing", how]);
        assert_eq!(counts(&again), [3, 3, 0, 0, 0, 3, 0], "{how}");
    }
    assert!(home.ok(&["import", "cars", "a.json"]).contains("nothing changes"));
    home.ok(&["undo", "cars"]);
    assert!(exported(&home).iter().all(|r| r["status"] == "unlabeled"), "one undo takes all of it back");
    assert_eq!(counts(&run(&home, &["a.json"])), counts(&dry), "and it can be taken again");
}

#[test]
fn nothing_is_written_when_anything_is_wrong() {
    let home = cars();
    let images = json!([image(1, "1.png"), image(2, "2.png")]);
    let rows =
        json!([boxed(1, 1, 1, [0., 0., 8., 6.]), boxed(2, 1, 9, [0., 0., 1., 1.]), boxed(3, 7, 1, [0., 0., 1., 1.])]);
    home.write("a.json", &coco(&images, &rows));
    let (report, told) = stopped(&home, &["a.json", "--rejects", "bad.jsonl"]);
    assert_eq!(counts(&report), [2, 2, 0, 0, 0, 0, 2]);
    assert!(told.contains("nothing was imported") && told.contains("bad.jsonl"), "{told}");
    let (dry, _) = stopped(&home, &["a.json", "--dry-run"]);
    assert_eq!(counts(&dry), counts(&report));
    assert!(exported(&home).iter().all(|r| r["status"] == "unlabeled"));
    assert_eq!(
        home.json(&["project", "show", "cars", "--json"])["classes"].as_array().unwrap().len(),
        2,
        "no class either"
    );
    let rejects = json_lines(&std::fs::read_to_string(home.path("bad.jsonl")).unwrap());
    let reasons: Vec<_> = rejects.iter().map(|r| r["reason"].as_str().unwrap()).collect();
    assert!(reasons.iter().any(|r| r.contains("category_id 9 is not in categories")), "{reasons:?}");
    assert!(reasons.iter().any(|r| r.contains("image_id 7 is not in images")), "{reasons:?}");
    assert!(rejects.iter().all(|r| keys(r) == ["file", "picture", "place", "reason", "row"]), "{rejects:?}");
    // I7: the ordinal, not the id.
    assert!(rejects.iter().any(|r| r["place"] == json!({ "annotations": 3 })), "{rejects:?}");
    // The rest of the picture stays, or goes with the row.
    let kept = run(&home, &["a.json", "--on-bad-row", "keep"]);
    assert_eq!(counts(&kept), [2, 2, 0, 1, 0, 0, 2]);
}

#[test]
fn a_picture_goes_with_its_bad_row_where_that_is_wanted() {
    let home = cars();
    let rows =
        json!([boxed(1, 1, 1, [0., 0., 8., 6.]), boxed(2, 1, 1, [10., 0., 8., 6.]), boxed(3, 2, 1, [0., 0., 1., 1.])]);
    home.write("a.json", &coco(&json!([image(1, "1.png"), image(2, "2.png")]), &rows));
    let dropped = run(&home, &["a.json", "--on-bad-row", "drop"]);
    assert_eq!((counts(&dropped), boxes(&home, "1.png").len()), ([2, 2, 0, 1, 0, 0, 1], 0));
    let clamped = run(&home, &["a.json", "--clamp"]);
    assert_eq!(counts(&clamped), [2, 2, 0, 2, 0, 1, 0]);
    assert_eq!(boxes(&home, "1.png")[1], json!({ "class": "car", "x": 0.625, "y": 0.0, "w": 0.375, "h": 0.5 }));
}

#[test]
fn a_picture_whose_only_row_is_wrong_is_not_taken_for_empty() {
    let home = cars();
    // By what the file itself says, and by what the picture's frame says.
    home.write("a.csv", "path,class,x,y,w,h\n1.png,car,0,0,wide,6\n2.png,car,10,0,80,6\n3.png,car,0,0,8,6\n");
    let kept = run(&home, &["a.csv", "--on-bad-row", "keep"]);
    assert_eq!((counts(&kept)[3], counts(&kept)[6]), (1, 2));
    let states: Vec<_> = exported(&home).into_iter().map(|r| r["status"].clone()).collect();
    assert_eq!(states.iter().filter(|s| **s == "labeled").count(), 1, "{states:?}");
    home.write("b.csv", "path,class,x,y,w,h\n1.png,car,0,0,wide,6\n1.png,car,0,0,8,6\n");
    let dropped = run(&home, &["b.csv", "--on-bad-row", "drop"]);
    assert_eq!(
        (counts(&dropped)[3], boxes(&home, "1.png").len()),
        (0, 0),
        "the row that is right goes with the picture"
    );
}

#[test]
fn a_row_without_a_class_is_no_answer_where_the_file_has_no_boxes() {
    let home = cars();
    home.ok(&["project", "create", "kinds", "--from", "cars", "-r", "--classes", "car,truck"]);
    home.write("a.csv", "path,class\n1.png,car\n2.png,\n3.png,\n");
    let report = home.json(&["import", "kinds", "a.csv", "--json"]);
    assert_eq!((counts(&report)[1], counts(&report)[3]), (3, 1));
    let status = home.json(&["status", "kinds", "--json"]);
    assert!(status.to_string().contains("\"labeled\":1"), "{status}");
}

#[test]
fn names_are_matched_as_wanted() {
    let home = cars();
    let one = |name: &str| {
        home.write("a.json", &coco(&json!([image(1, name)]), &json!([boxed(1, 1, 1, [0., 0., 8., 6.])])));
    };
    one("train/4.png");
    let (report, told) = stopped(&home, &["a.json"]);
    assert_eq!(counts(&report), [1, 0, 0, 0, 0, 0, 1]);
    assert!(told.contains("1 of them would match one picture by file name alone (--match name)"), "{told}");
    assert_eq!(counts(&run(&home, &["a.json", "--match", "name"]))[1], 1);
    one("3.png");
    assert_eq!(counts(&run(&home, &["a.json", "--dry-run"]))[1], 1, "by path there is only one");
    let (_, told) = stopped(&home, &["a.json", "--match", "name"]);
    assert!(told.contains("2 pictures of the project have this name"), "{told}");
    one("data\\set\\sub\\3.png");
    assert_eq!(counts(&run(&home, &["a.json", "--match", "suffix", "--dry-run"]))[1], 1);
    one(home.path("cars/sub/3.png").to_str().unwrap());
    assert_eq!(counts(&run(&home, &["a.json", "--dry-run"]))[1], 1, "a whole path below the source");
    one("2");
    assert_eq!(counts(&run(&home, &["a.json", "--dry-run"]))[1], 1, "a name without its ending");
}

#[test]
fn letters_with_marks_may_be_written_either_way() {
    let (apart, together) = ("u\u{308}ber/Cafe\u{301} 1.png", "\u{fc}ber/Caf\u{e9} 1.png");
    for (there, named) in [(apart, together), (together, apart)] {
        let home = Home::new();
        home.picture(&format!("p/{there}"));
        home.ok(&["project", "create", "cars", "--from", "p", "-r", "--classes", "car"]);
        for matching in ["path", "name", "suffix"] {
            home.write("in.jsonl", &json!({ "path": named, "label": "car" }).to_string());
            let args = ["import", "cars", "in.jsonl", "--match", matching, "--dry-run", "--json"];
            assert_eq!(home.json(&args)["matched"], json!(1), "{matching}: {named:?}");
        }
        // A picture of exactly this name is the one that is meant.
        home.picture(&format!("p/{named}"));
        home.ok(&["project", "rescan", "cars"]);
        home.ok(&["import", "cars", "in.jsonl", "--match", "path"]);
        let rows = exported(&home);
        let labeled: Vec<&Value> = rows.iter().filter(|r| r["status"] == "labeled").map(|r| &r["path"]).collect();
        assert_eq!(labeled, [named]);
    }
}

#[test]
fn missing_pictures_are_left_out_or_made() {
    let home = cars();
    home.picture("cars/new/5.png");
    let images = json!([image(1, "1.png"), image(2, "new/5.png")]);
    let rows = json!([boxed(1, 1, 1, [0., 0., 8., 6.]), boxed(2, 2, 1, [0., 0., 1., 1.])]);
    home.write("a.json", &coco(&images, &rows));
    assert_eq!(counts(&run(&home, &["a.json", "--on-missing", "skip", "--dry-run"])), [2, 1, 0, 1, 0, 1, 0]);
    // What was said already is no advice, and nothing is there already of pictures that nobody knows.
    home.write("other.json", &coco(&json!([image(1, "7.png")]), &json!([boxed(1, 1, 1, [0., 0., 8., 6.])])));
    let none = home.run(&["import", "cars", "other.json", "--on-missing", "skip"]);
    assert!(
        none.err.contains("--on-missing create makes samples") && !none.err.contains("--on-missing skip"),
        "{}",
        none.err
    );
    assert!(none.out.contains("nothing else changes: the project has none of these pictures"), "{}", none.out);
    let dry = run(&home, &["a.json", "--on-missing", "create", "--dry-run"]);
    assert_eq!(counts(&dry), [2, 1, 1, 2, 0, 0, 0]);
    assert_eq!(counts(&run(&home, &["a.json", "--on-missing", "create"])), counts(&dry));
    assert_eq!(boxes(&home, "new/5.png").len(), 1);
    let shown = home.json(&["project", "rescan", "cars", "--json"]);
    assert_eq!((&shown["samples"], &shown["missing"]), (&json!(6), &json!(0)));
    for name in ["../out.png", "/etc/x.png", "a/../../x.png", "a\u{1b}[31m.png"] {
        home.write("b.json", &coco(&json!([image(1, name)]), &json!([])));
        let (report, _) = stopped(&home, &["b.json", "--on-missing", "create"]);
        assert_eq!(counts(&report)[6], 1, "{name}");
    }
}

#[test]
fn classes_of_the_file_may_have_other_names_in_the_project() {
    let home = cars();
    let rows = json!([boxed(1, 1, 1, [0., 0., 8., 6.])]);
    home.write("a.json", &coco(&json!([image(1, "1.png")]), &rows));
    let mapped = ["a.json", "--map", "car=truck", "--map", "truck=Truck", "--classes", "error"];
    assert_eq!(counts(&run(&home, &mapped))[3], 1);
    home.ok(&["export", "cars", "out.csv", "--format", "csv-boxes"]);
    let out = std::fs::read_to_string(home.path("out.csv")).unwrap();
    assert!(out.contains("truck") && !out.contains(",car"), "{out}");
    assert_eq!(counts(&run(&home, &mapped))[3], 0, "again");
}

#[test]
fn answers_that_are_there_are_treated_as_wanted() {
    let home = cars();
    home.feed(
        &["label", "cars", "--from", "-"],
        "{\"path\":\"1.png\",\"boxes\":[{\"class\":\"car\",\"x\":0,\"y\":0,\"w\":0.5,\"h\":0.5},{\"class\":\"truck\",\"x\":0,\"y\":0,\"w\":1,\"h\":1}]}",
    );
    good(&home);
    let dry = |how: &str| counts(&run(&home, &["a.json", "--on-existing", how, "--dry-run"]));
    assert_eq!(dry("skip"), [3, 3, 0, 1, 0, 1, 0]);
    assert_eq!(dry("replace"), [3, 3, 0, 3, 1, 0, 0]);
    assert_eq!(dry("append"), [3, 3, 0, 3, 0, 0, 0]);
    assert_eq!(dry("merge"), [3, 3, 0, 2, 0, 0, 0], "the car is there already");
    assert_eq!(counts(&run(&home, &["a.json", "--on-existing", "merge"])), dry_of([3, 3, 0, 2, 0, 0, 0]));
    assert_eq!(boxes(&home, "1.png").len(), 3);
}

fn dry_of(counts: [u64; 7]) -> [u64; 7] {
    counts
}

#[test]
fn unknown_classes_are_added_or_wrong() {
    let home = cars();
    good(&home);
    let (report, told) = stopped(&home, &["a.json", "--classes", "error"]);
    assert!(counts(&report)[6] == 1 && told.contains("label 'bus' not in project class_list"), "{told}");
    run(&home, &["a.json"]);
    let shown = home.json(&["project", "show", "cars", "--json"]);
    let names: Vec<_> = shown["classes"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
    assert_eq!(names, [json!("car"), json!("truck"), json!("bus")]);
    // Where every picture is answered already a class comes all the same, and that is a change.
    let text = std::fs::read_to_string(home.path("a.json")).unwrap();
    home.write("b.json", &text.replace("bus", "tram"));
    let told = home.ok(&["import", "cars", "b.json"]);
    assert!(told.contains("classes added: tram") && told.contains("nothing else changes"), "{told}");
    assert!(home.ok(&["import", "cars", "b.json"]).contains("nothing changes"));
}

fn class_names(home: &Home) -> Vec<String> {
    let shown = home.json(&["project", "show", "cars", "--json"]);
    shown["classes"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn classes_that_only_pictures_left_out_have_are_not_added() {
    let home = cars();
    // `bus` is on a picture that the project does not have; `tram` is declared for answers to come.
    let categories = json!([
        { "id": 1, "name": "car" }, { "id": 2, "name": "Bus", "keypoints": ["door"], "skeleton": [[1, 1]] },
        { "id": 3, "name": "tram" }, { "id": 4, "name": "van" },
    ]);
    let images = json!([image(1, "1.png"), image(2, "gone.png"), image(3, "2.png")]);
    let rows = [boxed(1, 1, 1, [0., 0., 8., 6.]), boxed(2, 2, 2, [0., 0., 8., 6.]), boxed(3, 2, 4, [0., 0., 8., 6.])];
    let rows = json!([&rows[..], &[boxed(4, 3, 4, [0., 0., 8., 6.])]].concat());
    home.write("a.json", &json!({ "images": images, "annotations": rows, "categories": categories }).to_string());
    let left = ["import", "cars", "a.json", "--on-missing", "skip"];
    let dry = home.ok(&[&left[..], &["--dry-run"]].concat());
    assert!(dry.contains("classes would be added: tram, van\n"), "{dry}");
    let counted = run(&home, &["a.json", "--on-missing", "skip", "--dry-run"]);
    let real = run(&home, &["a.json", "--on-missing", "skip"]);
    assert_eq!((counts(&real), &real["skeletons"]), (counts(&counted), &json!(0)));
    assert_eq!((counts(&counted), &counted["skeletons"]), ([3, 2, 0, 2, 0, 1, 0], &json!(0)));
    assert_eq!(class_names(&home), ["car", "truck", "tram", "van"]);
    assert!(home.ok(&left).contains("nothing changes"), "again");
    // Whoever makes the pictures gets their classes.
    let made = home.ok(&["import", "cars", "a.json", "--on-missing", "create"]);
    assert!(made.contains("classes added: Bus\n"), "{made}");
}

#[test]
fn classes_of_pictures_that_go_with_a_bad_row_are_not_added() {
    let home = cars();
    home.write("a.csv", "path,class,x,y,w,h\n1.png,bus,0,0,8,6\n1.png,car,10,0,80,6\n2.png,van,0,0,8,6\n");
    home.write("set/data.yaml", "names: [car, bus, tram]\n");
    home.write("set/labels/1.txt", "1 0.5 0.5 0.5 0.5\n0 0.9 0.5 0.5 0.5\n");
    home.write("set/labels/2.txt", "0 0.5 0.5 0.5 0.5\n");
    let told = home.ok(&["import", "cars", "a.csv", "--on-bad-row", "drop"]);
    assert!(told.contains("classes added: van\n"), "{told}");
    let told = home.ok(&["import", "cars", "set", "--on-bad-row", "drop", "--match", "name"]);
    assert!(told.contains("classes added: tram\n"), "{told}");
    assert_eq!(class_names(&home), ["car", "truck", "van", "tram"]);
}

#[test]
fn scores_make_predictions_and_results_need_their_file() {
    let home = cars();
    good(&home);
    home.write("r.json", r#"[{"image_id":2,"category_id":2,"bbox":[0,0,8,6],"score":0.75}]"#);
    let (_, told) = stopped(&home, &["r.json"]);
    assert!(told.contains("--reference FILE"), "{told}");
    let told = home.ok(&["import", "cars", "r.json", "--reference", "a.json", "--dry-run"]);
    assert!(told.contains("1 of them guesses of a model; `lakelens undo` leaves them"), "{told}");
    let report = run(&home, &["r.json", "--reference", "a.json"]);
    assert_eq!(counts(&report), [1, 1, 0, 1, 0, 0, 0]);
    let rows = exported(&home);
    let row = rows.iter().find(|r| r["path"] == "2.png").unwrap();
    assert_eq!(row["status"], "pre_labeled");
    assert_eq!(row["predictions"][0]["score"], 0.75);
    assert_eq!(row["predictions"][0]["model"], "r");
    assert_eq!(counts(&run(&home, &["r.json", "--reference", "a.json"])), [1, 1, 0, 0, 0, 1, 0]);
    assert_eq!(counts(&run(&home, &["r.json", "--reference", "a.json", "--as", "annotations"]))[3], 1);
    assert_eq!(boxes(&home, "2.png").len(), 1);
}

#[test]
fn results_may_name_their_picture_by_its_file() {
    let home = cars();
    let images = json!([image(70, "p/1.png"), image(1, "x/2.png"), image(72, "y/2.png"), image(73, "z/4.png")]);
    home.write("a.json", &coco(&images, &json!([])));
    let result = |more: Value| {
        let mut row = json!({ "category_id": 2, "bbox": [0, 0, 8, 6], "score": 0.75 });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let take = |rows: Value, more: &[&str]| {
        home.write("r.json", &rows.to_string());
        run(&home, &[&["r.json", "--reference", "a.json", "--match", "name", "--dry-run"][..], more].concat())
    };
    // As Ultralytics writes them: the stem of the name for an id, and in newer versions the name.
    let newer = [json!({ "image_id": 1, "file_name": "1.png" }), json!({ "image_id": 4, "file_name": "4.png" })];
    assert_eq!(counts(&take(newer.map(result).into(), &["--on-bad-row", "keep"]))[..4], [2, 2, 0, 2]);
    assert_eq!(counts(&take(json!([result(json!({ "image_id": 4 }))]), &[])), [1, 1, 0, 1, 0, 0, 0], "by its stem");
    // An id is an id first: that of 2.png here.
    home.write("r.json", &json!([result(json!({ "image_id": 1 }))]).to_string());
    run(&home, &["r.json", "--reference", "a.json", "--match", "name"]);
    let guessed = exported(&home).into_iter().filter(|row| row["status"] == "pre_labeled");
    assert_eq!(guessed.map(|row| row["path"].clone()).collect::<Vec<_>>(), ["2.png"]);
    home.write("r.json", &json!([result(json!({ "image_id": 1, "file_name": "2.png" }))]).to_string());
    let (_, told) = stopped(&home, &["r.json", "--reference", "a.json"]);
    assert!(told.contains("2 pictures have the name"), "{told}");
}

#[test]
fn formats_are_listed_and_recognised() {
    let home = cars();
    assert!(home.ok(&["import", "cars", "x", "--format", "list"]).contains("coco"));
    home.write("x.json", "{\"hello\": 1}");
    let (_, told) = stopped(&home, &["x.json"]);
    assert!(told.contains("no annotation format"), "{told}");
    let ran = home.run(&["import", "cars", "x.json", "--format", "nope"]);
    assert!(ran.code == 2 && ran.err.contains("no format `nope`"), "{ran:?}");
}

/// What a COCO file says of key points comes out as it came in: of the classes and of each annotation.
#[test]
fn key_points_names_and_skeleton_come_out_as_they_came_in() {
    let home = cars();
    let mut posed = boxed(1, 1, 1, [0., 0., 8., 6.]);
    posed["keypoints"] = json!([1.5, 2.0, 2, 0, 0, 0, 7.25, 5.0, 1]);
    posed["num_keypoints"] = json!(2);
    let others = [boxed(2, 1, 2, [8., 6., 8., 6.]), boxed(3, 2, 1, [1., 1., 2., 2.])];
    let categories = json!([
        { "id": 1, "name": "car", "supercategory": "", "keypoints": ["front", "back", "roof"], "skeleton": [[1, 2], [2, 3]] },
        { "id": 2, "name": "bus", "supercategory": "", "keypoints": ["door", 7], "skeleton": "none" },
    ]);
    let file = json!({
        "images": [image(1, "1.png"), image(2, "2.png"), image(3, "sub/3.png")],
        "annotations": [&posed, &others[0], &others[1]], "categories": categories,
    });
    home.write("a.json", &file.to_string());
    run(&home, &["a.json", "--dry-run"]);
    let categories_now = |dest: &str| -> Vec<Value> {
        home.ok(&["export", "cars", dest, "--format", "coco", "--force"]);
        let read = std::fs::read_to_string(home.path(dest)).unwrap();
        serde_json::from_str::<Value>(&read).unwrap()["categories"].as_array().cloned().unwrap()
    };
    assert!(categories_now("dry.json").iter().all(|c| c.get("skeleton").is_none()), "a dry run writes nothing");
    run(&home, &["a.json"]);
    let again = run(&home, &["a.json"]);
    assert_eq!(again["annotations"], json!(0), "the same again changes nothing");

    // A class keeps them under another name, and so does a new version of the project.
    home.ok(&["project", "classes", "rename", "cars", "car", "vehicle"]);
    home.ok(&["project", "clone", "cars", "cars-2"]);
    for (project, dest) in [("cars", "out.json"), ("cars-2", "out-2.json")] {
        home.ok(&["export", project, dest, "--format", "coco"]);
        let out: Value = serde_json::from_str(&std::fs::read_to_string(home.path(dest)).unwrap()).unwrap();
        let class = |name: &str| {
            let all = out["categories"].as_array().unwrap();
            all.iter().find(|c| c["name"] == name).cloned().unwrap_or_default()
        };
        let vehicle = class("vehicle");
        assert_eq!(vehicle["keypoints"], categories[0]["keypoints"], "{out}");
        assert_eq!(vehicle["skeleton"], categories[0]["skeleton"]);
        assert!(class("bus").get("keypoints").is_none(), "what is no list of names is not kept: {out}");
        assert!(class("bus").get("skeleton").is_none() && class("truck").get("keypoints").is_none());
        let annotations = out["annotations"].as_array().unwrap();
        let with: Vec<&Value> = annotations.iter().filter(|a| a.get("keypoints").is_some()).collect();
        assert_eq!((annotations.len(), with.len()), (3, 1), "{out}");
        assert_eq!((&with[0]["keypoints"], &with[0]["num_keypoints"]), (&posed["keypoints"], &json!(2)));
        assert_eq!(with[0]["category_id"], vehicle["id"]);
        assert!(with[0].get("attributes").is_none(), "they stand beside the box, not among the attributes");
    }
}

/// YOLO has key points in parts of the picture, COCO in its pixels: what is imported from one is right in the other.
#[test]
fn poses_of_yolo_come_out_in_pixels() {
    let home = cars();
    home.write("set/data.yaml", "names: [car]\nkpt_shape: [2, 3]\n");
    home.write("set/1.txt", "0 0.5 0.5 0.5 0.5 0.25 0.75 2 0 0 0\n");
    let args = ["set", "--match", "name"];
    assert_eq!(run(&home, &args)["annotations"], json!(1));
    home.ok(&["export", "cars", "out.json", "--format", "coco"]);
    let out: Value = serde_json::from_str(&std::fs::read_to_string(home.path("out.json")).unwrap()).unwrap();
    let one = &out["annotations"][0];
    assert_eq!((&one["keypoints"], &one["num_keypoints"]), (&json!([4.0, 9.0, 2, 0, 0, 0]), &json!(1)), "{one}");
    assert_eq!(run(&home, &args)["annotations"], json!(0), "the same again changes nothing");
}
