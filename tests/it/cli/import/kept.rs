//! What an import keeps that is no answer: the parts of a data set as lists, captions as remarks; and samples it makes of
//! pictures that are not there.

use super::*;
use std::collections::BTreeMap;

/// Pictures by the list they are on.
fn lists(home: &Home, project: &str) -> BTreeMap<String, Vec<String>> {
    let all = home.json(&["list", "ls", project, "--json"]);
    let names = all.as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap().to_owned());
    let on = |name: &str| {
        let rows = home.lines(&["list", "show", project, name, "--json"]);
        rows.iter().map(|r| r["path"].as_str().unwrap().to_owned()).collect()
    };
    names.map(|name| (name.clone(), on(&name))).collect()
}

fn create(home: &Home, name: &str) {
    home.ok(&["project", "create", name, "--from", "p", "-r", "--task", "detection", "--classes", "car"]);
}

#[test]
fn the_parts_of_a_data_set_are_kept_and_dealt_by_again() {
    let home = Home::new();
    (1..=8).for_each(|i| drop(home.picture(&format!("p/{i}.png"))));
    home.picture("p/other.png");
    create(&home, "src");
    let lines: String = (1..=8)
        .map(|i| {
            let boxes = json!([{ "class": "car", "x": 0.25, "y": 0.25, "w": 0.5, "h": 0.5 }]);
            format!("{}\n", json!({ "path": format!("{i}.png"), "boxes": boxes }))
        })
        .collect();
    assert_eq!(home.feed(&["label", "src", "--from", "-"], &lines).code, 0);
    let parts = ["--parts", "train=0.5,val=0.25,test=0.25", "--seed", "3"];
    let none = home.run(&["export", "src", "x", "--format", "yolo", "--split", "as-imported"]);
    assert!(none.code == 2 && none.err.contains("no list `train`, `val`, `test`"), "{none:?}");
    for format in ["yolo", "hf-imagefolder"] {
        let (one, two) = (format!("{format}-1"), format!("{format}-2"));
        let out = format!("out-{format}");
        let export = ["export", "src", &out, "--format", format, "--images", "copy", "--split", "random"];
        home.ok(&[&export[..], &parts].concat());
        create(&home, &one);
        let dry = home.json(&["import", &one, &out, "--match", "name", "--dry-run", "--json"]);
        let real = home.json(&["import", &one, &out, "--match", "name", "--json"]);
        assert_eq!((&dry["parts"], &dry["listed"]), (&real["parts"], &real["listed"]), "{format}");
        assert_eq!(real["parts"], json!({ "train": 4, "val": 2, "test": 2 }), "{format}");
        assert_eq!(real["listed"], 8, "{format}");
        let kept = lists(&home, &one);
        assert_eq!(kept.values().map(Vec::len).sum::<usize>(), 8, "{format}: {kept:?}");
        let again = home.json(&["import", &one, &out, "--match", "name", "--json"]);
        assert_eq!((&again["parts"], &again["listed"]), (&real["parts"], &json!(0)), "{format}");
        assert!(home.ok(&["import", &one, &out, "--match", "name"]).contains("nothing changes"), "{format}");
        // One more picture is labelled that no list has: no part is guessed for it.
        home.ok(&["label", &one, "other.png", "--empty"]);
        let back = format!("back-{format}");
        let export =
            ["export", &one, &back, "--format", format, "--images", "copy", "--split", "as-imported", "--json"];
        let made = home.json(&export);
        let lost = json!({ "what": "pictures on the list of no part are left out", "count": 1 });
        assert!(made["images"] == 8 && made["loss"].as_array().unwrap().contains(&lost), "{format}: {made}");
        create(&home, &two);
        home.ok(&["import", &two, &back, "--match", "name"]);
        assert_eq!(lists(&home, &two), kept, "{format}");
        home.ok(&["undo", &two]);
        assert_eq!(lists(&home, &two), kept, "{format}: an undo leaves the lists");
        assert_eq!(home.json(&["project", "show", &two, "--json"])["status"]["labeled"], 0, "{format}");
    }
}

#[test]
fn a_column_may_name_the_part_and_a_picture_stays_in_its_part() {
    let home = cars();
    home.write(
        "a.csv",
        "path,class,xmin,ymin,xmax,ymax,fold\n1.png,car,0,0,8,6,A\n2.png,car,0,0,8,6,b\n3.png,car,0,0,8,6,\n",
    );
    let report = run(&home, &["a.csv", "--columns", "split=fold"]);
    assert_eq!((&report["parts"], &report["listed"]), (&json!({ "A": 1, "b": 1 }), &json!(2)));
    home.write("b.csv", "path,class,xmin,ymin,xmax,ymax,fold\n1.png,car,0,0,8,6,b\n3.png,car,0,0,8,6,a\n");
    for _ in 0..2 {
        let ran = home.run(&["import", "cars", "b.csv", "--columns", "split=fold"]);
        assert!(ran.code == 0 && ran.err.contains("1 pictures are on the list of another part"), "{ran:?}");
    }
    let kept = lists(&home, "cars");
    assert_eq!(kept["A"], ["1.png", "3.png"]);
    assert_eq!(kept["b"], ["2.png"]);
}

#[test]
fn captions_are_counted_and_stay() {
    let home = cars();
    let said = |id: u64, image: u64, text: &str| json!({ "id": id, "image_id": image, "caption": text });
    let coco = json!({
        "images": [image(1, "1.png"), image(2, "2.png")],
        "annotations": [said(1, 1, "a car"), said(2, 1, "a car"), said(3, 1, "red"), said(4, 2, "a car")],
    });
    home.write("c.json", &coco.to_string());
    let dry = run(&home, &["c.json", "--dry-run"]);
    assert_eq!(dry["comments"], 3, "each text of a picture once");
    let text = home.ok(&["import", "cars", "c.json", "--dry-run"]);
    assert!(text.contains("3 remarks would be added") && !text.contains("nothing changes"), "{text}");
    assert_eq!(run(&home, &["c.json"])["comments"], 3);
    assert_eq!(run(&home, &["c.json"])["comments"], 0);
    let text = home.ok(&["import", "cars", "c.json"]);
    assert!(text.contains("nothing changes") && !text.contains("remarks"), "{text}");
}

#[test]
fn samples_made_of_nothing_are_told() {
    let home = cars();
    home.picture("cars/new.png");
    let images = json!([image(1, "new.png"), image(2, "gone.png")]);
    home.write("a.json", &coco(&images, &json!([boxed(1, 1, 1, [0., 0., 8., 6.]), boxed(2, 2, 1, [0., 0., 8., 6.])])));
    for dry in [&["--dry-run"][..], &[]] {
        let ran = home.run(&[&["import", "cars", "a.json", "--on-missing", "create", "--json"], dry].concat());
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&report["created"], &report["unreadable"]), (&json!(2), &json!(1)), "{ran:?}");
        assert!(ran.err.contains("1 of 2 new pictures cannot be opened"), "{ran:?}");
    }
}

#[test]
fn a_table_without_a_header_needs_both_columns() {
    let home = cars();
    home.write("a.csv", "k,1.png,car\nm,2.png,truck\n");
    home.ok(&["project", "create", "kinds", "--from", "cars", "-r", "--classes", "car,truck"]);
    for half in ["path=2", "class=3", "class=1"] {
        let ran = home.run(&["import", "kinds", "a.csv", "--format", "csv", "--columns", half]);
        assert!(ran.code != 0 && ran.err.contains("--columns path=1,class=2"), "{half}: {ran:?}");
    }
    let whole = ["import", "kinds", "a.csv", "--format", "csv", "--columns", "path=2,class=3", "--json"];
    assert_eq!(home.json(&whole)["annotations"], 2);
}
