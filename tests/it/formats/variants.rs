//! Forms of the formats that other programs write besides the usual one.

use super::odd::{Seen, read};
use lakelens::domain::annotation::Shape;
use lakelens::formats::dataset::Standing;
use lakelens::formats::read::Format;
use serde_json::{Value, json};

pub(super) fn boxes(seen: &Seen) -> Vec<(String, [f64; 4])> {
    let all = seen.items.iter().flat_map(|item| &item.marks);
    let boxed = all.filter_map(|mark| match &mark.shape {
        Shape::Box(b) => Some((mark.class.clone(), [b.x, b.y, b.w, b.h])),
        _ => None,
    });
    boxed.collect()
}

/// The width and height of what a polygon encloses, in the unit of the file.
fn extent(seen: &Seen, n: usize) -> (f64, f64) {
    let Shape::Polygon { parts } = &seen.items[0].marks[n].shape else { panic!("no polygon") };
    let side = |of: fn(&lakelens::domain::geometry::Point) -> f64| {
        let all = || parts.iter().flatten().map(of);
        all().fold(f64::MIN, f64::max) - all().fold(f64::MAX, f64::min)
    };
    (side(|p| p.x), side(|p| p.y))
}

fn studio(regions: Value) -> Seen {
    let task = json!([{"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result": regions}]}]);
    read(Format::LabelStudio, "a.json", task.to_string())
}

fn region(id: &str, kind: &str, value: Value) -> Value {
    json!({"id": id, "type": kind, "from_name": format!("the {kind}"), "original_width": 200, "original_height": 100,
           "value": value})
}

#[test]
fn label_studio_asks_for_shape_and_label_by_themselves() {
    let place = json!({"x": 10, "y": 20, "width": 30, "height": 40});
    let with = |key: &str, value: Value| {
        let mut all = place.clone();
        all[key] = value;
        all
    };
    let seen = studio(json!([
        region("a", "rectangle", place.clone()),
        region("a", "labels", with("labels", json!(["cat"]))),
        region("a", "choices", with("choices", json!(["young"]))),
        region("a", "textarea", with("text", json!(["one", "two"]))),
        region("b", "rectangle", place.clone()),
    ]));
    assert_eq!(boxes(&seen), [("cat".to_owned(), [0.1, 0.2, 0.3, 0.4])]);
    assert_eq!(seen.reasons(), ["a.json, items 1: the region has no label"], "the shape that nobody labelled is told");
    let said = &seen.items[0].marks[0].attributes;
    assert_eq!((&said["the choices"], &said["the textarea"]), (&json!("young"), &json!(["one", "two"])));
}

#[test]
fn as_many_regions_as_an_element_may_hold_are_put_together() {
    let region = |n: usize, kind: &str, more: &str| {
        format!("{{\"id\":\"{n}\",\"type\":\"{kind}\",\"value\":{{\"x\":1,\"y\":1,\"width\":1,\"height\":1{more}}}}}")
    };
    let both = |n| [region(n, "rectangle", ""), region(n, "labels", ",\"labels\":[\"c\"]")];
    let regions: Vec<String> = (0..28_000).flat_map(both).collect();
    let task =
        format!("[{{\"data\":{{\"image\":\"a.jpg\"}},\"annotations\":[{{\"result\":[{}]}}]}}]", regions.join(","));
    let seen = read(Format::LabelStudio, "a.json", task);
    assert_eq!((seen.items[0].marks.len(), seen.reasons()), (28_000, vec![]));
}

#[test]
fn label_studio_turns_what_is_turned_by_pixels() {
    let round = json!({"x": 50, "y": 50, "radiusX": 10, "radiusY": 5, "rotation": 90, "ellipselabels": ["cat"]});
    let seen = studio(json!([region("a", "ellipselabels", round)]));
    // 20 pixels to each side and 5 up and down, turned: 5 to each side and 20 up and down, of 200 x 100.
    let (width, height) = extent(&seen, 0);
    assert!((width - 0.05).abs() < 1e-9 && (height - 0.4).abs() < 1e-9, "{width} {height}");
}

#[test]
fn label_studios_small_form_is_known_and_read() {
    let place = json!({"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["cat"],
                       "original_width": 200, "original_height": 100});
    let mut bare = place.clone();
    bare["rectanglelabels"] = json!([]);
    let tasks = json!([
        {"image": "/data/upload/1/0a1b2c3d-a.jpg", "id": 1, "where": [place, bare], "annotator": 1, "annotation_id": 7},
        {"image": "s3://lab/b.jpg", "id": 2, "choice": "dog", "note": "fine", "annotator": 1, "annotation_id": 8},
        {"image": "c.jpg", "id": 3, "kinds": {"choices": ["dog", "cat"]}, "annotator": 1, "annotation_id": 9},
        {"id": 4, "annotator": 1, "annotation_id": 10},
    ]);
    let seen = read(Format::LabelStudio, "a.json", tasks.to_string());
    assert_eq!(boxes(&seen), [("cat".to_owned(), [0.1, 0.2, 0.3, 0.4])]);
    let names: Vec<&str> = seen.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["a.jpg", "s3://lab/b.jpg", "c.jpg"]);
    let classes = |n: usize| seen.items[n].marks.iter().map(|m| m.class.as_str()).collect::<Vec<_>>();
    assert_eq!((classes(1), classes(2)), (vec!["dog"], vec!["dog", "cat"]));
    assert!(seen.says("items 1: the region has no label") && seen.says("items 4: the data of a task names no picture"));
    assert_eq!(super::odd::detected("a.json", tasks.to_string()), Ok(Format::LabelStudio));
}

#[test]
fn a_shape_that_is_not_taken_is_told_and_not_left_out_silently() {
    for kind in ["keypointlabels", "videorectangle", "vectorlabels", "taxonomy"] {
        let seen = studio(json!([region("a", kind, json!({"x": 1, "y": 1, kind: ["cat"]}))]));
        assert!(seen.says(&format!("a region of the type {kind} is not taken")), "{:?}", seen.reasons());
    }
}

#[test]
fn lvis_names_its_pictures_by_their_addresses() {
    let file = json!({
        "images": [{"id": 1, "width": 16, "height": 12, "coco_url": "http://images.example/train2017/000000000009.jpg"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "segmentation": []}],
        "categories": [{"id": 1, "name": "cat", "frequency": "f"}],
    });
    let seen = read(Format::Coco, "lvis.json", file.to_string());
    assert_eq!((seen.items[0].name.as_str(), seen.reasons()), ("train2017/000000000009.jpg", vec![]));
    assert_eq!(boxes(&seen), [("cat".to_owned(), [1.0, 2.0, 3.0, 4.0])]);
}

#[test]
fn via_is_read_from_its_csv() {
    let rows = [
        "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes",
        "a.jpg,1,\"{\"\"label\"\":\"\"day\"\"}\",2,0,\"{\"\"name\"\":\"\"rect\"\",\"\"x\"\":1,\"\"y\"\":2,\"\"width\"\":3,\"\"height\"\":4}\",\"{\"\"type\"\":\"\"cat\"\"}\"",
        "b.jpg,1,{},0,0,{},{}",
        "a.jpg,1,\"{\"\"label\"\":\"\"day\"\"}\",2,1,\"{\"\"name\"\":\"\"circle\"\",\"\"cx\"\":9,\"\"cy\"\":9,\"\"r\"\":5}\",\"{\"\"type\"\":\"\"dog\"\"}\"",
        "c.jpg,1,{},1,0,{oops,{}",
    ];
    let seen = read(Format::Via, "via.csv", rows.join("\n"));
    let item = |name: &str| seen.items.iter().find(|item| item.name == name).unwrap();
    let classes: Vec<&str> = item("a.jpg").marks.iter().map(|m| m.class.as_str()).collect();
    assert_eq!(classes, ["day", "cat", "dog"], "what is said of a picture is said once");
    assert_eq!(boxes(&seen), [("cat".to_owned(), [1.0, 2.0, 3.0, 4.0])]);
    assert_eq!((item("a.jpg").standing, item("b.jpg").standing), (Standing::Judged, Standing::Listed));
    assert!(seen.says("via.csv, row 4: region_shape_attributes holds no JSON object"), "{:?}", seen.reasons());
    assert_eq!(super::odd::detected("via.csv", rows.join("\n")), Ok(Format::Via));
}

#[test]
fn a_project_of_via_3_is_read() {
    let region = |vid: &str, xy: Value, av: Value| json!({"vid": vid, "flg": 0, "z": [], "xy": xy, "av": av});
    let project = json!({
        "project": {"pid": "__VIA_PROJECT_ID__", "creator": "VGG Image Annotator"},
        "config": {},
        "attribute": {
            "1": {"aname": "class", "anchor_id": "FILE1_Z0_XY1", "type": 4, "options": {"0": "cat", "1": "dog"}},
            "2": {"aname": "note", "type": 1, "options": {}},
            "3": {"aname": "seen", "type": 2, "options": {"0": "front", "1": "back", "2": "side"}}
        },
        "file": {"1": {"fid": "1", "fname": "a.jpg", "type": 2}, "2": {"fid": 2, "fname": "b.jpg", "type": 2}},
        "metadata": {
            "w": region("v1", json!([2, 1, 2, 3, 4]), json!({"1": "0", "2": "wet, 0", "3": "0,2"})),
            "x": region("v1", json!([7, 1, 1, 9, 1, 9, 9]), json!({"1": "1,"})),
            "s": region("v1", json!([2, 1, 2, 3, 4]), json!({"1": "0,1"})),
            "y": region("v1", json!([8, 5, 0, 9, 4, 5, 8, 1, 4]), json!({"1": "1"})),
            "p": region("v1", json!([1, 5, 5]), json!({"1": "1"})),
            "q": region("v9", json!([2, 1, 2, 3, 4]), json!({"1": "1"})),
            "t": {"vid": "v1", "z": [1.5, 2.0], "xy": [], "av": {"1": "1"}}
        },
        "view": {"v1": {"fid_list": ["1"]}, "v2": {"fid_list": [2]}}
    });
    let seen = read(Format::Via, "via.json", project.to_string());
    assert_eq!(super::odd::detected("via.json", project.to_string()), Ok(Format::Via));
    let item = |name: &str| seen.items.iter().find(|item| item.name == name).unwrap();
    let wanted = [("cat".to_owned(), [1.0, 2.0, 3.0, 4.0]), ("dog".to_owned(), [1.0, 0.0, 8.0, 8.0])];
    assert_eq!(boxes(&seen), wanted);
    assert_eq!(item("a.jpg").marks.len(), 3);
    assert_eq!(item("a.jpg").marks[0].attributes["note"], "wet, 0", "no list of options");
    assert_eq!(item("a.jpg").marks[0].attributes["seen"], json!(["front", "side"]));
    assert!(item("a.jpg").marks.iter().all(|mark| ["cat", "dog"].contains(&mark.class.as_str())), "no `0,1`");
    assert!(seen.says("the class of a region is not clear"), "two classes at once: {:?}", seen.reasons());
    assert_eq!((item("a.jpg").standing, item("b.jpg").standing), (Standing::Judged, Standing::Listed));
    for reason in ["metadata 1", "is no box or polygon", "its view names no file", "a time in a video"] {
        assert!(seen.says(reason), "{reason}: {:?}", seen.reasons());
    }
}

#[test]
fn the_first_labelme_writes_boxes_as_corners() {
    let object = |kind: &str, points: &[(f64, f64)]| {
        let points: String = points.iter().map(|(x, y)| format!("<pt><x>{x:.2}</x><y>{y:.2}</y></pt>")).collect();
        format!("<object><name>cat</name><deleted>0</deleted>{kind}<polygon><username/>{points}</polygon></object>")
    };
    let upright = [(30.0, 37.0), (42.0, 37.0), (42.0, 46.0), (30.0, 46.0)];
    let turned = [(30.0, 37.0), (42.0, 39.0), (42.0, 46.0), (30.0, 46.0)];
    let text = format!(
        "<annotation><filename>a.jpg</filename>{}{}{}</annotation>",
        object("<type>bounding_box</type>", &upright),
        object("", &upright),
        object("<type>bounding_box</type>", &turned)
    );
    let seen = read(Format::Voc, "a.xml", text);
    assert_eq!(boxes(&seen), [("cat".to_owned(), [30.0, 37.0, 12.0, 9.0])]);
    assert_eq!(seen.items[0].marks.len(), 3, "the others are outlines: {:?}", seen.reasons());
}

#[test]
fn tables_without_a_header_are_read_where_it_is_known_who_wrote_them() {
    let read = |text: &str| read(Format::Csv, "boxes.csv", text.to_owned());
    let cat = [("cat".to_owned(), [10.0, 20.0, 30.0, 40.0])];
    let seen = read("a.jpg,10,20,40,60,cat\nb.jpg,,,,,\n");
    assert_eq!((boxes(&seen), seen.reasons().len()), (cat.to_vec(), 0));
    assert_eq!(seen.items.iter().find(|item| item.name == "b.jpg").unwrap().standing, Standing::Judged);
    let seen = read("cat,10,20,30,40,a.jpg,640,480\n");
    assert_eq!((boxes(&seen), seen.items[0].width, seen.items[0].height), (cat.to_vec(), Some(640), Some(480)));
    // The class could be in any of them: nothing is guessed.
    let seen = read("a.jpg,2021,cat\n");
    assert!(seen.items.is_empty() && seen.says("--columns path=1,class=2"), "{:?}", seen.reasons());
}

#[test]
fn objects_of_hugging_face_stand_in_lists_or_by_themselves() {
    let read = |line: Value| read(Format::Jsonl, "metadata.jsonl", line.to_string());
    let cat = [("cat".to_owned(), [1.0, 2.0, 3.0, 4.0])];
    for objects in [
        json!({"bbox": [[1, 2, 3, 4]], "categories": ["cat"]}),
        json!({"bbox": [[1, 2, 3, 4]], "label": ["cat"]}),
        json!([{"bbox": [1, 2, 3, 4], "category": "cat"}]),
    ] {
        let seen = read(json!({"file_name": "a.jpg", "objects": objects}));
        assert_eq!(boxes(&seen), cat, "{objects}: {:?}", seen.reasons());
    }
    let seen = read(json!({"file_name": "a.jpg", "objects": [{"bbox": [1, 2, 3, 4]}]}));
    assert!(seen.says("an object has no category"), "{:?}", seen.reasons());
}

#[test]
fn cvat_turns_its_ellipses() {
    let text = "<annotations><version>1.1</version><image id=\"0\" name=\"a.jpg\" width=\"200\" height=\"100\">\
                <ellipse label=\"cat\" cx=\"50\" cy=\"50\" rx=\"20\" ry=\"5\"/>\
                <ellipse label=\"cat\" cx=\"50\" cy=\"50\" rx=\"20\" ry=\"5\" rotation=\"90\"/></image></annotations>";
    let seen = read(Format::Cvat, "a.xml", text);
    let near = |(w, h): (f64, f64), (a, b): (f64, f64)| (w - a).abs() < 1e-9 && (h - b).abs() < 1e-9;
    assert!(near(extent(&seen, 0), (40.0, 10.0)) && near(extent(&seen, 1), (10.0, 40.0)), "{:?}", seen.reasons());
}

#[test]
fn a_yolo_file_with_a_word_for_a_number_is_known_all_the_same() {
    let text = "0 0.5 abc 0.2 0.3\n";
    assert_eq!(super::odd::detected("a.txt", text), Ok(Format::Yolo));
    assert!(super::odd::detected("a.txt", "5 words that are text\n").is_err());
}
