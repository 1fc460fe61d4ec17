//! CV Explorer's 27 cases of importing, each with its better behaviour where one is wanted, and our own lines.

use super::*;

/// One line of CV Explorer's form.
fn line(home: &Home, text: &str) {
    home.write("l.jsonl", text);
}

#[test]
fn the_cases_of_cv_explorer() {
    let home = cars();
    let dog = |x: f64, w: f64| {
        format!(
            r#"{{"filename":"1.png","annotations":[{{"label":"car","ann_type":"bbox","bbox_json":{{"x":{x},"y":0.2,"w":{w},"h":0.4}}}}]}}"#
        )
    };
    let keep = |text: &str| {
        line(&home, text);
        counts(&run(&home, &["l.jsonl", "--on-bad-row", "keep", "--dry-run"]))
    };
    let good = dog(0.1, 0.3);
    assert_eq!(keep(&format!("[\"bad\"]\n{good}")), [2, 1, 0, 1, 0, 0, 1], "I2");
    assert_eq!(keep(r#"{"filename":"1.png","annotations":["oops"]}"#), [1, 0, 0, 0, 0, 0, 1], "I3");
    assert_eq!(keep(r#"{"filename":"1.png"}"#), [1, 1, 0, 0, 0, 1, 0], "I4");
    assert_eq!(keep(&format!("{good}\n{}", good.replace("1.png", "2.png"))), [2, 2, 0, 2, 0, 0, 0], "I8");
    assert_eq!(keep(&format!("{good}\n{good}")), [2, 1, 0, 1, 0, 0, 1], "I12");
    assert_eq!(keep(&format!("{}\n{}", dog(0.8, 0.5), dog(0.1, 0.0).replace("1.png", "2.png")))[6], 2, "I14");
    assert_eq!(keep(&good.replace("1.png", "sub/4.png")), [1, 1, 0, 1, 0, 0, 0], "I15, better: paths are names");
    assert_eq!(keep(&format!("\u{feff}{good}")), [1, 1, 0, 1, 0, 0, 0], "I17, better: a BOM is no error");
    assert_eq!(keep(&good.replace("\"car\"", "\"ca\u{2028}r\"")), [1, 1, 0, 1, 0, 0, 0], "I18, better");
    assert_eq!(keep(&good.replace("0.1,", "true,"))[6], 1, "I24");
    assert_eq!(keep(&good.replace("0.1,", "Infinity,"))[6], 1, "I24");
    line(&home, &format!("{good}\n{good}"));
    let (_, told) = stopped(&home, &["l.jsonl"]);
    assert!(told.contains("duplicate"), "I12: {told}");
    // I13: an empty list says that nobody has answered.
    line(&home, &good);
    run(&home, &["l.jsonl"]);
    line(&home, r#"{"filename":"1.png","annotations":[]}"#);
    assert_eq!(counts(&run(&home, &["l.jsonl", "--on-existing", "replace"]))[4], 1);
    assert!(exported(&home).iter().all(|r| r["status"] == "unlabeled"));
    // I16: masks.
    let mask = |size: &str, counts: &str| {
        format!(
            r#"{{"filename":"1.png","annotations":[{{"label":"car","ann_type":"mask","mask_json":{{"size":{size},"counts":{counts}}}}}]}}"#
        )
    };
    assert_eq!(keep(&mask("[12,16]", "[10,20,162]")), [1, 1, 0, 1, 0, 0, 0]);
    line(&home, &mask("[4,4]", "[4,4,8]"));
    let (_, told) = stopped(&home, &["l.jsonl"]);
    assert!(told.contains("does not match image 16x12"), "{told}");
    home.ok(&["project", "create", "kinds", "--from", "cars", "-r", "--classes", "car,truck"]);
    let ran = home.run(&["import", "kinds", "l.jsonl"]);
    assert!(ran.code == 7 && ran.err.contains("a classification project cannot accept a mask"), "I16: {ran:?}");
    // I26: two classes on one picture. A project of one class refuses the second, and says which project takes both.
    let kinds = r#"{"filename":"1.png","annotations":[{"label":"car","ann_type":"classification"},{"label":"truck","ann_type":"classification"}]}"#;
    line(&home, kinds);
    let ran = home.run(&["import", "kinds", "l.jsonl"]);
    let way = "`car` is given too; one made by `lakelens project create --task multilabel` can take both";
    assert!(ran.code == 7 && ran.err.contains(way), "I26: {ran:?}");
    home.ok(&["project", "create", "tags", "--from", "cars", "-r", "--classes", "car,truck", "--task", "multilabel"]);
    assert_eq!(counts(&home.json(&["import", "tags", "l.jsonl", "--json"])), [1, 1, 0, 2, 0, 0, 0], "I26");
    // I25: append twice adds once.
    line(&home, &good);
    assert_eq!(counts(&run(&home, &["l.jsonl", "--on-existing", "append"]))[3], 1);
    assert_eq!(counts(&run(&home, &["l.jsonl", "--on-existing", "append"]))[5], 1);
    // I23: rows that are left out are not looked at.
    line(&home, &good.replace("1.png", "gone.png").replace("\"car\"", "\"?\""));
    assert_eq!(counts(&run(&home, &["l.jsonl", "--on-missing", "skip", "--classes", "error"])), [1, 0, 0, 0, 0, 1, 0]);
}

#[test]
fn the_cases_of_cv_explorer_with_coco() {
    let home = cars();
    let told = |text: &str| {
        home.write("a.json", text);
        let ran = home.run(&["import", "cars", "a.json", "--format", "coco", "--dry-run"]);
        assert_eq!(ran.code, 7, "{ran:?}");
        ran.err
    };
    assert!(told(r#"["x", 1]"#).contains("a list of results names pictures and classes by number only"), "I5");
    let wide = json!([{ "id": 1, "file_name": "1.png", "width": "wide", "height": 12 }]);
    // The picture is dropped; what is on it has no picture then; the rest is read.
    let two = json!([wide[0], image(2, "2.png")]);
    let both = json!([boxed(1, 1, 1, [0., 0., 1., 1.]), boxed(2, 2, 1, [0., 0., 1., 1.])]);
    home.write("wide.json", &coco(&two, &both));
    let report = run(&home, &["wide.json", "--dry-run", "--on-bad-row", "keep", "--rejects", "wide.jsonl"]);
    assert_eq!(counts(&report), [2, 1, 0, 1, 0, 0, 2], "I6");
    let rejects = json_lines(&std::fs::read_to_string(home.path("wide.jsonl")).unwrap());
    let reasons: Vec<&str> = rejects.iter().map(|r| r["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["width is \"wide\", not a number", "image_id 1 is not in images"], "I6");
    let listed = json!([{ "id": 1, "image_id": [1], "category_id": 1, "bbox": [0, 0, 1, 1] }]);
    assert!(told(&coco(&json!([image(1, "1.png")]), &listed)).contains("image_id is a list"), "I19");
    let over = json!([boxed(1, 1, 1, [10., 0., 6.01, 1.])]);
    assert!(told(&coco(&json!([image(1, "1.png")]), &over)).contains("--clamp"), "I22");
    let again = json!([image(1, "1.png"), image(1, "2.png")]);
    assert!(told(&coco(&again, &json!([]))).contains("duplicate id"), "duplicate ids");
    let again = json!([image(1, "1.png"), image(2, "1.png")]);
    assert!(told(&coco(&again, &json!([]))).contains("duplicate"), "duplicate names");
    assert!(told("{\"images\":[{\"id\":1,").contains("cut off"));
    // I27: CV Explorer's own reference export.
    let whole = home.path("cars/1.png");
    home.write(
        "ref.json",
        &json!({
            "info": { "reference_images": true, "bbox_format": "relative_xywh" },
            "images": [{ "id": 7, "file_name": whole }],
            "annotations": [{ "id": 1, "image_id": 7, "category_id": 1, "iscrowd": 0, "bbox_normalized": [0.1, 0.2, 0.5, 0.5] }],
            "categories": [{ "id": 1, "name": "car" }],
        })
        .to_string(),
    );
    assert_eq!(counts(&run(&home, &["ref.json"])), [1, 1, 0, 1, 0, 0, 0]);
    assert_eq!(boxes(&home, "1.png"), [json!({ "class": "car", "x": 0.1, "y": 0.2, "w": 0.5, "h": 0.5 })]);
    // Ids as texts and floats, sizes as floats, NaN, a BOM, a repeated key: the rest is read.
    let text = "\u{feff}{\"images\":[{\"id\":\"1\",\"file_name\":\"1.png\",\"width\":16.0,\"height\":12.0},\
        {\"id\":2,\"file_name\":\"2.png\"}],\"annotations\":[{\"image_id\":1.0,\"category_id\":\"1\",\"bbox\":[0,0,8,6]}],\
        \"annotations\":[{\"image_id\":2,\"category_id\":1,\"bbox\":[NaN,0,8,6]},{\"image_id\":2,\"category_id\":1,\"bbox\":[0,0,8,6]}],\
        \"categories\":[{\"id\":1,\"name\":\"car\"}]}";
    home.write("odd.json", text);
    let report = run(&home, &["odd.json", "--on-existing", "replace", "--on-bad-row", "keep"]);
    assert_eq!(counts(&report), [2, 2, 0, 2, 1, 0, 1]);
}

#[test]
fn our_own_lines_come_back() {
    let home = cars();
    good(&home);
    run(&home, &["a.json"]);
    home.feed(&["label", "cars", "--from", "-"], "{\"path\":\"sub/4.png\",\"skip\":true,\"reason\":\"blurred\"}");
    let before = exported(&home);
    std::fs::copy(home.path("now.jsonl"), home.path("kept.jsonl")).unwrap();
    home.ok(&["project", "create", "cars2", "--from", "cars", "-r", "--task", "detection"]);
    let report = home.json(&["import", "cars2", "kept.jsonl", "--json"]);
    assert_eq!(counts(&report)[..4], [5, 5, 0, 3]);
    home.ok(&["export", "cars2", "back.jsonl"]);
    let after = json_lines(&std::fs::read_to_string(home.path("back.jsonl")).unwrap());
    for (a, b) in before.iter().zip(&after) {
        assert_eq!(
            (&a["path"], &a["status"], &a["boxes"], &a["reason"]),
            (&b["path"], &b["status"], &b["boxes"], &b["reason"])
        );
    }
    assert_eq!(counts(&home.json(&["import", "cars2", "kept.jsonl", "--json", "--on-existing", "replace"]))[5], 5);
}
