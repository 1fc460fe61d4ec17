//! Layouts of whole data sets and tables as people hand them over: where parts of a set are said, what lies beside the
//! annotations, and what is known not to be read.

use super::mutations::annotations::Memory;
use super::odd::{detected, read, read_files};
use super::variants::boxes;
use lakelens::domain::annotation::Shape;
use lakelens::formats::dataset::Standing;
use lakelens::formats::read::{Format, detect};
use serde_json::{Value, json};

fn folder(files: &[(&str, &str)]) -> Memory {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    Memory { files, name: "set".to_owned() }
}

fn parts(format: Format, files: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
    let mut found: Vec<_> =
        read_files(format, folder(files)).items.into_iter().map(|item| (item.name, item.split)).collect();
    found.sort();
    found
}

fn part(name: &str, part: &str) -> (String, Option<String>) {
    (name.to_owned(), Some(part.to_owned()).filter(|p| !p.is_empty()))
}

const BOX: &str = "0 0.5 0.5 0.5 0.5\n";
const CAT: [f64; 4] = [10.0, 20.0, 30.0, 40.0];

fn cat() -> Vec<(String, [f64; 4])> {
    vec![("cat".to_owned(), CAT)]
}

#[test]
fn lists_of_pictures_say_the_part_where_the_folders_do_not() {
    let files = [
        ("data.yaml", "train: train.txt\nval: val2017.txt\nnames: [cat]\n"),
        ("train.txt", "./images/a.jpg\n/content/coco/images/b b.jpg\r\n"),
        ("val2017.txt", "images\\c.jpg\nother/d.jpg\n"),
        ("autosplit_test.txt", "data/images/e.jpg\n"),
        ("images/a.jpg", ""),
        ("images/b b.jpg", ""),
        ("images/c.jpg", ""),
        ("images/d.jpg", ""),
        ("labels/a.txt", BOX),
        ("labels/b b.txt", BOX),
        ("labels/c.txt", BOX),
        ("labels/d.txt", BOX),
        // Without its picture, as a list of labels alone has it.
        ("labels/e.txt", BOX),
    ];
    assert_eq!(
        parts(Format::Yolo, &files),
        [
            part("images/a.jpg", "train"),
            part("images/b b.jpg", "train"),
            part("images/c.jpg", "val"),
            part("images/d.jpg", ""),
            part("images/e", "test"),
        ]
    );
}

#[test]
fn the_name_of_a_picture_is_not_that_of_a_part() {
    let yolo = [("classes.txt", "cat\n"), ("images/train/crash-test.jpg", ""), ("labels/train/crash-test.txt", BOX)];
    assert_eq!(parts(Format::Yolo, &yolo), [part("images/train/crash-test.jpg", "train")]);
    let yolo = [("classes.txt", "cat\n"), ("crash-test.jpg", ""), ("crash-test.txt", BOX), ("eye_test.jpg", "")];
    assert_eq!(parts(Format::Yolo, &yolo), [part("crash-test.jpg", ""), part("eye_test.jpg", "")]);
    let voc = [("a_val.xml", "<annotation><filename>a_val.jpg</filename></annotation>"), ("a_val.jpg", "")];
    assert_eq!(parts(Format::Voc, &voc), [part("a_val.jpg", "")]);
    let labelme = [("b_val.json", "{\"imagePath\":\"b_val.jpg\",\"shapes\":[]}"), ("b_val.jpg", "")];
    assert_eq!(parts(Format::LabelMe, &labelme), [part("b_val.jpg", "")]);
}

#[test]
fn names_with_spaces_stand_in_the_lists_of_voc() {
    let one = |name: &str| format!("<annotation><filename>{name}</filename></annotation>");
    let names = ["a b.jpg", "c d.jpg", "frame 1.jpg", "e.jpg"];
    let [ab, cd, frame, e] = names.map(one);
    let files = [
        ("Annotations/a b.xml", ab.as_str()),
        ("Annotations/c d.xml", &cd),
        ("Annotations/frame 1.xml", &frame),
        ("Annotations/e.xml", &e),
        ("ImageSets/Main/train.txt", "a b\n\"c d\"\n"),
        ("ImageSets/Main/val.txt", "frame 1\ne  -1\n"),
    ];
    assert_eq!(
        parts(Format::Voc, &files),
        [part("a b.jpg", "train"), part("c d.jpg", "train"), part("e.jpg", "val"), part("frame 1.jpg", "val")]
    );
}

#[test]
fn excel_says_the_delimiter_in_a_line_of_its_own() {
    let rows =
        |head: &str, d: &str| format!("{head}\r\nfilename,label,x,y,w,h\r\na.jpg,cat,10,20,30,40\r\n").replace(',', d);
    for (head, delimiter) in [("sep=;", ";"), ("\u{feff}SEP=|", "|"), ("sep=,", ","), ("sep=\t", "\t"), ("sep=#", "#")]
    {
        let seen = read(Format::Csv, "a.csv", rows(head, delimiter));
        assert_eq!((boxes(&seen), seen.reasons()), (cat(), vec![]), "{head:?}");
    }
    let wrong = "sep=;\nfilename;label;x;y;w;h\na.jpg;cat;1;2;three;4\n";
    assert!(read(Format::Csv, "a.csv", wrong).says("a.csv, row 1: "), "rows are counted as before");
}

#[test]
fn the_tables_of_automl_have_no_header() {
    let rows = "TRAIN,gs://lab/a.jpg,cat,0.1,0.2,,,0.4,0.6,,\n\
                VALIDATION,gs://lab/b.jpg,cat,0.1,0.2,0.4,0.2,0.4,0.6,0.1,0.6\n\
                UNASSIGNED,gs://lab/c.jpg,,,,,,,,,\n";
    let seen = read(Format::Csv, "vertex.csv", rows);
    assert_eq!(seen.reasons(), Vec::<String>::new());
    let found: Vec<_> =
        boxes(&seen).into_iter().map(|(class, b)| (class, b.map(|n| (n * 1e6).round() / 1e6))).collect();
    assert_eq!(found, vec![("cat".to_owned(), [0.1, 0.2, 0.3, 0.4]); 2]);
    let mut about: Vec<_> = seen.items.iter().map(|i| (i.name.as_str(), i.split.as_deref(), i.marks.len())).collect();
    about.sort_unstable();
    let wanted =
        [("gs://lab/a.jpg", Some("train"), 1), ("gs://lab/b.jpg", Some("val"), 1), ("gs://lab/c.jpg", None, 0)];
    assert_eq!(about, wanted);
    let seen = read(Format::Csv, "vertex.csv", "TEST,gs://lab/a.jpg,cat\n");
    assert_eq!((seen.items[0].split.as_deref(), seen.items[0].marks.len()), (Some("test"), 1));
}

#[test]
fn one_cell_may_hold_a_whole_box() {
    for cell in [
        "\"[10.0, 20, 30, 40]\"",
        "\"(10, 20, 30, 40)\"",
        "\"{\"\"xmin\"\":10,\"\"ymin\"\":20,\"\"xmax\"\":40,\"\"ymax\"\":60}\"",
    ] {
        let seen = read(Format::Csv, "a.csv", format!("image_id,label,bbox\na,cat,{cell}\nb,,\n"));
        assert_eq!((boxes(&seen), seen.items.len(), seen.reasons()), (cat(), 2, vec![]), "{cell}");
    }
    // Lists of boxes are told, and not left out beside the classes.
    let seen = read(Format::Csv, "a.csv", "image,label,boxes\na.jpg,cat,\"[[1,2,3,4],[5,6,7,8]]\"\n");
    assert!(seen.says("a.csv, row 1: `[[1,2,3,4],[5,6,7,8]]` is no box") && seen.items[0].marks.is_empty());
    let line = json!({"file_name": "a.jpg", "labels": ["cat"], "boxes": [[1, 2, 3, 4]]});
    assert!(read(Format::Jsonl, "a.jsonl", line.to_string()).says("`boxes` is not read here"));
    // Columns of their own say it better.
    let seen = read(Format::Csv, "a.csv", "image,label,bbox,x,y,w,h\na.jpg,cat,none,10,20,30,40\n");
    assert_eq!(boxes(&seen), cat());
}

#[test]
fn the_index_of_pandas_is_a_column_without_a_name() {
    let seen = read(Format::Csv, "a.csv", ",image,label,bbox\n0,a.jpg,cat,\"[10, 20, 30, 40]\"\n1,b.jpg,,\n");
    assert_eq!((boxes(&seen), seen.items.len(), seen.reasons()), (cat(), 2, vec![]));
    // Rows without a header stay rows.
    let seen = read(Format::Csv, "a.csv", "a.jpg,cat\nb.jpg,dog\n");
    assert_eq!(seen.items.len(), 2);
}

#[test]
fn lines_that_say_a_label_beside_the_name_are_not_passed_over() {
    for key in ["filename", "file_name", "image", "path"] {
        let seen = read(Format::Jsonl, "a.jsonl", json!({key: "a.jpg", "label": "cat"}).to_string());
        let classes: Vec<&str> = seen.items[0].marks.iter().map(|m| m.class.as_str()).collect();
        assert_eq!((classes, seen.items[0].standing), (vec!["cat"], Standing::Judged), "{key}");
    }
    for (key, place) in [("bbox", json!([1, 2, 3, 4])), ("bbox", json!({"x": 1})), ("xmin", json!(1))] {
        let line = json!({"filename": "a.jpg", "label": "cat", key: place});
        let seen = read(Format::Jsonl, "a.jsonl", line.to_string());
        assert!(seen.items.is_empty() && seen.says(&format!("`{key}` is not read here")), "{:?}", seen.reasons());
    }
    let several = json!({"filename": "a.jpg", "label": ["cat", "dog"]});
    assert_eq!(read(Format::Jsonl, "a.jsonl", several.to_string()).items[0].marks.len(), 2);
    // Without either, CV Explorer says that nobody has answered.
    for line in [json!({"filename": "a.jpg"}), json!({"filename": "a.jpg", "label": null})] {
        let seen = read(Format::Jsonl, "a.jsonl", line.to_string());
        assert_eq!((seen.items[0].standing, seen.reasons()), (Standing::Listed, vec![]));
    }
}

#[test]
fn what_people_note_of_a_picture_in_via_is_not_its_class() {
    let region = json!({"shape_attributes": {"name": "rect", "x": 10, "y": 20, "width": 30, "height": 40},
                        "region_attributes": {"class": "cat"}});
    let marks = |regions: Value, said: Value| {
        let file = json!({"a.jpg1": {"filename": "a.jpg", "size": 1, "regions": regions, "file_attributes": said}});
        let seen = read(Format::Via, "via.json", file.to_string());
        seen.items[0].marks.iter().map(|m| m.class.clone()).collect::<Vec<_>>()
    };
    assert_eq!(marks(json!([region]), json!({"done": "yes"})), ["cat"]);
    assert_eq!(marks(json!([]), json!({"done": "1"})), Vec::<String>::new());
    assert_eq!(marks(json!([]), json!({"species": "dog"})), ["dog"]);
    assert_eq!(marks(json!([region]), json!({"label": "day", "note": "x"})), ["day", "cat"]);
    let rows = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n\
                a.jpg,1,\"{\"\"done\"\":\"\"yes\"\"}\",1,0,\"{\"\"name\"\":\"\"rect\"\",\"\"x\"\":10,\"\"y\"\":20,\"\"width\"\":30,\"\"height\"\":40}\",\"{\"\"class\"\":\"\"cat\"\"}\"\n";
    let seen = read(Format::Via, "via.csv", rows);
    assert_eq!((boxes(&seen), seen.items[0].marks.len()), (cat(), 1));
}

#[test]
fn turned_boxes_of_rolabelimg_are_polygons() {
    let turned = |angle: &str| {
        let text = format!(
            "<annotation><filename>a</filename><size><width>80</width><height>60</height></size><object>\
             <type>robndbox</type><name>cat</name><robndbox><cx>25</cx><cy>40</cy><w>30</w><h>40</h><angle>{angle}</angle>\
             </robndbox></object></annotation>"
        );
        read(Format::Voc, "a.xml", text)
    };
    assert_eq!(boxes(&turned("0.0")), cat());
    let seen = turned("1.5707963267948966");
    let Shape::Polygon { parts } = &seen.items[0].marks[0].shape else { panic!("{:?}", seen.reasons()) };
    let xs: Vec<i64> = parts[0].iter().map(|p| p.x.round() as i64).collect();
    let ys: Vec<i64> = parts[0].iter().map(|p| p.y.round() as i64).collect();
    assert_eq!((xs, ys), (vec![45, 45, 5, 5], vec![25, 55, 55, 25]), "a quarter clockwise about its middle");
    assert!(turned("much").says("angle is \"much\""));
}

#[test]
fn older_files_of_createml_are_known() {
    let at = json!({"x": 25, "y": 40, "width": 30, "height": 40});
    for (name, list) in [("imagefilename", "annotation"), ("imageFilename", "annotations"), ("image", "annotations")] {
        let text = json!([{name: "a.jpg", list: [{"label": "cat", "coordinates": at}]}]).to_string();
        assert_eq!(detected("a.json", text.clone()), Ok(Format::CreateMl), "{name}");
        assert_eq!(boxes(&read(Format::CreateMl, "a.json", text)), cat(), "{name}");
    }
}

#[test]
fn a_coco_file_may_begin_with_more_categories_than_are_looked_at() {
    let categories: Vec<Value> = (0..3000).map(|n| json!({"id": n, "name": format!("class number {n}")})).collect();
    let text = format!("{{\"info\": {{}}, \"categories\" : {}, \"images\": []}}", Value::from(categories));
    assert!(text.len() > 64 << 10);
    assert_eq!(detected("a.json", text), Ok(Format::Coco));
    let notes = "{\"categories\": [{\"id\": 0, \"name\": \"cat\"}], \"info\": {\"contributor\": \"Label Studio\"}}";
    assert!(detected("notes.json", notes).is_err());
    let files = [("classes.txt", "cat\n"), ("notes.json", notes), ("images/a.jpg", ""), ("labels/a.txt", BOX)];
    assert_eq!(detect::detect(&folder(&files)).ok(), Some(Format::Yolo), "as Label Studio exports it");
    let labels = "x".repeat(70_000);
    let datumaro =
        format!("{{\"info\":{{}},\"categories\":{{\"label\":{{\"labels\":[{{\"name\":\"{labels}\",\"id\":1}}]}}}}}}");
    assert_ne!(detected("a.json", datumaro), Ok(Format::Coco));
}

#[test]
fn open_images_as_fiftyone_keeps_it_is_one_format() {
    let head = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n";
    let rows = format!("{head}a,xclick,/m/1,1,0.25,0.75,0.25,0.75\n");
    let files = [
        ("train/labels/detections.csv", rows.as_str()),
        ("train/labels/classifications.csv", "ImageID,Source,LabelName,Confidence\na,verification,/m/1,0\n"),
        ("train/metadata/classes.csv", "/m/1,Cat\n"),
        ("train/metadata/attributes.csv", "/m/2,Wooden\n"),
        ("train/metadata/image_ids.csv", "ImageID,Subset,OriginalURL\na,train,http://x/a.jpg\n"),
        ("train/data/a.jpg", ""),
    ];
    assert_eq!(detect::detect(&folder(&files)).ok(), Some(Format::OpenImages));
    let seen = read_files(Format::OpenImages, folder(&files));
    assert_eq!((boxes(&seen), seen.reasons()), (vec![("Cat".to_owned(), [0.25, 0.25, 0.5, 0.5])], vec![]));
    assert!(seen.items.iter().all(|item| item.standing == Standing::Judged && item.split.as_deref() == Some("train")));
}

/// A field of a protocol buffer that has a length; none here is longer than 127 bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

/// A file of one record with a box of class 1, which the record does not name.
fn record() -> Vec<u8> {
    let feature = |name: &str, kind: u8, values: &[u8]| {
        let value = field(2, &field(kind, &field(1, values)));
        field(1, &[field(1, name.as_bytes()), value].concat())
    };
    let side = |name: &str, at: f32| feature(&format!("image/object/bbox/{name}"), 2, &at.to_le_bytes());
    let features = [
        feature("image/filename", 1, b"a.jpg"),
        feature("image/object/class/label", 3, &[1]),
        side("xmin", 0.25),
        side("xmax", 0.75),
        side("ymin", 0.25),
        side("ymax", 0.75),
    ];
    let all = features.concat();
    let example = [&[0x0a, (all.len() & 0x7f | 0x80) as u8, (all.len() >> 7) as u8], &all[..]].concat();
    let length = (example.len() as u64).to_le_bytes();
    let sum = |bytes: &[u8]| {
        let bit = |crc: u32| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        let crc = !bytes.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)));
        crc.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    };
    [&length[..], &sum(&length), &example, &sum(&example)].concat()
}

#[test]
fn the_label_map_of_records_may_have_any_name_where_it_is_the_only_one() {
    let map = |id: u8| format!("item {{\n  name: \"cat\",\n  id: {id}\n}}\n");
    let seen = |maps: &[&str]| {
        let mut files = folder(&[]);
        files.files.insert("train/cells.tfrecord".to_owned(), record());
        files.files.extend(maps.iter().map(|name| ((*name).to_owned(), map(1).into_bytes())));
        read_files(Format::TfRecord, files)
    };
    let named = vec![("cat".to_owned(), [0.25, 0.25, 0.5, 0.5])];
    assert_eq!(boxes(&seen(&["train/cells_label_map.pbtxt"])), named);
    assert_eq!(boxes(&seen(&["train/label_map.pbtxt", "train/other.pbtxt"])), named);
    for none in [&["test/cells_label_map.pbtxt"][..], &["train/a.pbtxt", "train/b.pbtxt"]] {
        assert!(seen(none).says("class 1 has no name"), "{none:?}");
    }
}

#[test]
fn what_is_not_read_is_known_by_sight() {
    let utf16: Vec<u8> = "{\"images\": []}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = |name: &str, bytes: &[u8], why: &str| {
        let told = detected(name, bytes).unwrap_err();
        assert!(told.contains(why), "{name}: {told}");
    };
    refused("a.json", &[&[0xff, 0xfe][..], &utf16].concat(), "save it as UTF-8");
    refused("a.csv.gz", &[0x1f, 0x8b, 8, 0, 0], "gunzip");
    refused("a.tar", b"train/0001.json\0", "it is a tar archive; unpack it");
    refused("a.pkl", b"\x80\x04\x95", "a pickle of Python");
    refused("a.json.zst", b"\x28\xb5\x2f\xfd", "it is packed; unpack it");
    refused("a.feather", b"ARROW1\0\0", "write it as Parquet");
    refused("a.db", b"SQLite format 3\0", "write its table as CSV");
    refused("a.orc", b"ORC", "write it as Parquet or CSV");
    refused("labels.json", b"{\"classes\": [\"cat\"], \"labels\": {\"a\": 0}}", "COCODetectionDataset");
    refused("a.xlsx", b"PK\x03\x04", "save the sheet as CSV");
    refused("a.json", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull");
    refused("a.json", b"\n<!DOCTYPE html><html>", "web page");
    refused("a.json", b"", "it is empty");
    let kitti = "cat 0.00 0 0.00 4.0 6.0 24.0 16.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0\n";
    refused("a.txt", kitti.as_bytes(), "it is KITTI");
    let why = |files: &[(&str, &str)]| detect::detect(&folder(files)).unwrap_err().to_string();
    assert!(why(&[("data/a.jpg", ""), ("labels/a.txt", kitti)]).contains("labels/a.txt: it is KITTI"));
    assert!(why(&[("samples.json", "{}"), ("metadata.json", "{}")]).contains("FiftyOne"));
}
