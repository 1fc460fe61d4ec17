//! Texts and records as further programs write them: other encodings, other line ends, other names of features.

use super::mutations::annotations::Memory;
use super::odd::{Seen, detected, read, read_files};
use super::variants::boxes;
use lakelens::domain::annotation::Shape;
use lakelens::formats::dataset::Standing;
use lakelens::formats::read::Format;
use std::collections::BTreeMap;

fn read_folder(format: Format, files: &[(&str, &[u8])]) -> Seen {
    let files: BTreeMap<String, Vec<u8>> =
        files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
    read_files(format, Memory { files, name: "set".to_owned() })
}

fn voc(encoding: &str, name: &[u8]) -> Vec<u8> {
    let size = "<size><width>16</width><height>12</height></size>";
    let head = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?><annotation><filename>a.jpg</filename>{size}<object><name>"
    );
    let bounds = "<bndbox><xmin>4</xmin><ymin>3</ymin><xmax>12</xmax><ymax>9</ymax></bndbox>";
    [head.as_bytes(), name, format!("</name>{bounds}</object></annotation>").as_bytes()].concat()
}

fn classes(seen: &Seen) -> Vec<&str> {
    seen.items.iter().flat_map(|item| &item.marks).map(|mark| mark.class.as_str()).collect()
}

#[test]
fn xml_is_read_in_the_encoding_that_it_says() {
    for (encoding, bytes, class) in
        [("ISO-8859-1", &b"caf\xe9"[..], "café"), ("GBK", b"\xc3\xa8", "猫"), ("UTF-8", "猫".as_bytes(), "猫")]
    {
        let file = voc(encoding, bytes);
        assert_eq!(detected("a.xml", file.clone()), Ok(Format::Voc));
        let seen = read(Format::Voc, "a.xml", file);
        assert_eq!((classes(&seen), seen.reasons()), (vec![class], vec![]), "{encoding}");
    }
    let wide = String::from_utf8(voc("UTF-16", "猫".as_bytes())).unwrap();
    let wide: Vec<u8> = [0xfeff].into_iter().chain(wide.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(detected("a.xml", wide.clone()), Ok(Format::Voc));
    assert_eq!(classes(&read(Format::Voc, "a.xml", wide)), ["猫"]);
    let seen = read(Format::Voc, "a.xml", voc("UTF-8", b"caf\xe9"));
    assert!(seen.says("not UTF-8") && seen.says("save it as UTF-8"), "{:?}", seen.reasons());
    assert!(read(Format::Voc, "a.xml", voc("klingon", b"x")).says("`klingon`, which is not known"));
}

#[test]
fn rows_that_end_with_a_return_alone_are_rows() {
    let files: [(&str, &[u8]); 3] = [
        ("classes.txt", b"cat\rdog\r"),
        ("images/a.jpg", b""),
        ("labels/a.txt", b"0 0.5 0.5 0.5 0.5\r1 .5 .5 .25 .25\r"),
    ];
    let seen = read_folder(Format::Yolo, &files);
    let wanted = [("cat".to_owned(), [0.25, 0.25, 0.5, 0.5]), ("dog".to_owned(), [0.375, 0.375, 0.25, 0.25])];
    assert_eq!((boxes(&seen), seen.reasons()), (wanted.to_vec(), vec![]));
}

#[test]
fn names_in_a_data_yaml_as_pyyaml_escapes_them() {
    let files: [(&str, &[u8]); 3] = [
        ("data.yaml", b"names:\n- \"caf\\xE9\"\n- \"\\U0001F431\"\nnc: 2\n"),
        ("images/a.jpg", b""),
        ("labels/a.txt", b"0 0.5 0.5 0.5 0.5\n1 .5 .5 .25 .25\n"),
    ];
    assert_eq!(classes(&read_folder(Format::Yolo, &files)), ["café", "🐱"]);
}

#[test]
fn a_coco_file_without_a_part_finds_its_pictures_in_images() {
    let file = r#"{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}"#;
    let seen = read_folder(Format::Coco, &[("labels.json", file.as_bytes()), ("images/a.jpg", b"")]);
    assert_eq!(seen.items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["images/a.jpg"]);
}

fn varint(mut n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while n > 0x7f {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(bytes.len()), bytes].concat()
}

/// A file of one record with these features, each with its kind (1 bytes, 2 floats, 3 whole numbers) and its values.
fn record(features: &[(&str, u8, Vec<u8>)]) -> Vec<u8> {
    let one = |(name, kind, values): &(&str, u8, Vec<u8>)| {
        let list = if *kind == 3 && values.is_empty() { Vec::new() } else { field(1, values) };
        field(1, &[field(1, name.as_bytes()), field(2, &field(*kind, &list))].concat())
    };
    let example = field(1, &features.iter().flat_map(one).collect::<Vec<u8>>());
    let sum = |bytes: &[u8]| {
        let bit = |crc: u32| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        let crc = !bytes.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)));
        crc.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    };
    let length = (example.len() as u64).to_le_bytes();
    [&length[..], &sum(&length), &example, &sum(&example)].concat()
}

fn floats(all: &[f32]) -> Vec<u8> {
    all.iter().flat_map(|n| n.to_le_bytes()).collect()
}

const SHARD: &str = "1.0.0/cells-train.tfrecord-00000-of-00001";

#[test]
fn records_of_tensorflow_datasets_have_their_boxes() {
    let name = ("image/filename", 1, b"a.jpg".to_vec());
    let objects = |classes: &[u8]| {
        record(&[
            name.clone(),
            ("objects/bbox", 2, floats(&[0.25, 0.125, 0.75, 0.5, 0.0, 0.0, 1.0, 1.0])),
            ("objects/label", 3, classes.to_vec()),
            ("objects/is_crowd", 3, vec![0, 1]),
        ])
    };
    let names: (&str, &[u8]) = ("1.0.0/objects-label.labels.txt", b"cat\r\ndog\r\n");
    let seen = read_folder(Format::TfRecord, &[(SHARD, &objects(&[1, 0])), names]);
    let wanted = [("dog".to_owned(), [0.125, 0.25, 0.375, 0.5]), ("cat".to_owned(), [0.0, 0.0, 1.0, 1.0])];
    assert_eq!((boxes(&seen), seen.reasons()), (wanted.to_vec(), vec![]));
    assert_eq!(seen.items[0].split.as_deref(), Some("train"));
    assert!(seen.items[0].marks[1].attributes.contains_key("iscrowd"));
    // Names that are missing are told, and so are numbers that do not fit.
    assert!(read_folder(Format::TfRecord, &[(SHARD, &objects(&[1, 0]))]).says("no objects-label.labels.txt"));
    assert!(read_folder(Format::TfRecord, &[(SHARD, &objects(&[1, 9])), names]).says("objects-label.labels.txt has 2"));
    assert!(
        read_folder(Format::TfRecord, &[(SHARD, &objects(&[1])), names]).says("8 numbers, not four for each of its 1")
    );
    // Nothing on it, which is said.
    let empty = record(&[name.clone(), ("objects/bbox", 2, vec![]), ("objects/label", 3, vec![])]);
    let seen = read_folder(Format::TfRecord, &[(SHARD, &empty), names]);
    assert_eq!((seen.items[0].standing, seen.items[0].marks.len(), seen.reasons()), (Standing::Judged, 0, vec![]));
}

#[test]
fn records_of_tensorflow_datasets_have_their_classes() {
    let names: (&str, &[u8]) = ("1.0.0/label.labels.txt", b"cat\ndog\n");
    let seen = |label: (&'static str, u8, Vec<u8>)| {
        let bytes = record(&[("filename", 1, b"a.jpg".to_vec()), label]);
        read_folder(Format::TfRecord, &[(SHARD, &bytes), names])
    };
    for label in [("label", 3, vec![1]), ("label", 1, b"dog".to_vec())] {
        let seen = seen(label);
        assert_eq!((classes(&seen), &seen.items[0].marks[0].shape), (vec!["dog"], &Shape::Class));
    }
    // -1 stands where nobody has said a class.
    let unsaid = seen(("label", 3, [vec![0xff; 9], vec![1]].concat()));
    assert_eq!((unsaid.items[0].standing, unsaid.items[0].marks.len()), (Standing::Listed, 0));
}

#[test]
fn a_record_that_says_what_is_on_it_in_an_unknown_way_is_not_empty() {
    let name = ("image/filename", 1, b"a.jpg".to_vec());
    let odd = record(&[name.clone(), ("faces/bbox", 2, floats(&[0.1, 0.1, 0.2, 0.2]))]);
    let seen = read(Format::TfRecord, "a.tfrecord", odd);
    assert!(seen.items.is_empty() && seen.says("`faces/bbox`; image/object/bbox"), "{:?}", seen.reasons());
    let seen = read(Format::TfRecord, "a.tfrecord", record(&[name, ("image/height", 3, vec![12])]));
    assert_eq!((seen.items[0].standing, seen.reasons()), (Standing::Judged, vec![]));
}

#[test]
fn a_cell_with_a_printed_list_has_all_of_its_classes() {
    let text = "filepath,labels\na.jpg,\"['cat', \"\"bird's\"\"]\"\nb.jpg,['dog' 'cat']\nc.jpg,[]\nd.jpg,[x]\n";
    let seen = read(Format::Csv, "a.csv", text);
    assert_eq!(seen.reasons(), Vec::<String>::new());
    let of = |name: &str| seen.items.iter().find(|item| item.name == name).unwrap();
    let classes = |name: &str| of(name).marks.iter().map(|m| m.class.as_str()).collect::<Vec<_>>();
    let found = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"].map(classes);
    assert_eq!(found, [vec!["cat", "bird's"], vec!["dog", "cat"], vec![], vec!["[x]"]]);
    assert_eq!(of("c.jpg").standing, Standing::Judged, "it was looked at, and nothing is on it");
    let boxed = "filename,xmin,ymin,xmax,ymax,label\na.jpg,1,2,30,40,['cat']\na.jpg,1,2,30,40,\"['cat', 'dog']\"\n";
    let seen = read(Format::Csv, "a.csv", boxed);
    assert_eq!(seen.items[0].marks[0].class, "cat");
    assert!(seen.says("the box has 2 classes, not one (line 3)"), "{:?}", seen.reasons());
}

/// A data set of Ultralytics' platform.
fn platform(head: &str, lines: &[&str]) -> Seen {
    let text = [head].iter().chain(lines).fold(String::new(), |text, line| text + line + "\n");
    read(Format::Jsonl, "a.ndjson", text)
}

const HEAD: &str = r#"{"type":"dataset","task":"detect","name":"x","class_names":{"1":"dog","0":"cat"},"version":0}"#;

#[test]
fn data_sets_of_ultralytics_platform_are_read() {
    let seen = platform(
        HEAD,
        &[
            r#"{"type":"image","file":"a.jpg","url":"https://h/a.jpg","width":640,"height":480,"split":"train","annotations":{"boxes":[[1,0.5,0.5,0.25,0.5],[0,0.1,0.2,0.1,0.1]]}}"#,
            r#"{"type":"image","file":"b.jpg","width":640,"height":480,"split":"val","annotations":{"segments":[[0,0.1,0.1,0.2,0.1,0.2,0.3]]}}"#,
            r#"{"type":"image","file":"c.jpg","annotations":{"obb":[[0,0.1,0.1,0.2,0.1,0.2,0.3,0.1,0.3]]}}"#,
            r#"{"type":"image","file":"d.jpg","annotations":{"pose":[[0,0.5,0.5,0.2,0.2,0.5,0.5,2,0.4,0.4,0]]}}"#,
            r#"{"type":"image","file":"e.jpg","annotations":{"classification":[1]}}"#,
            HEAD,
            r#"{"type":"image","file":"f.jpg","annotations":{"boxes":[]}}"#,
            r#"{"type":"image","file":"g.jpg","split":"test"}"#,
        ],
    );
    assert!(seen.reasons().is_empty() && !seen.says(""), "{:?}", seen.reasons());
    let [a, b, c, d, e, f, g] = seen.items.as_slice() else { panic!("{:?}", seen.items) };
    assert_eq!(
        (a.name.as_str(), a.width, a.height, a.split.as_deref()),
        ("a.jpg", Some(640), Some(480), Some("train"))
    );
    assert_eq!(a.marks.iter().map(|m| m.class.as_str()).collect::<Vec<_>>(), ["dog", "cat"]);
    assert_eq!(boxes(&seen)[0], ("dog".to_owned(), [0.375, 0.25, 0.25, 0.5]));
    let corners = |item: &lakelens::formats::dataset::Item| match &item.marks[0].shape {
        Shape::Polygon { parts } => parts[0].len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((corners(b), corners(c)), (3, 4));
    let points = &d.marks[0].attributes["keypoints_normalized"];
    assert_eq!(*points, serde_json::json!([0.5, 0.5, 2, 0.4, 0.4, 0]));
    assert_eq!((e.marks[0].class.as_str(), &e.marks[0].shape), ("dog", &Shape::Class));
    assert_eq!((f.standing, g.standing), (Standing::Judged, Standing::Listed));
}

#[test]
fn what_is_wrong_in_a_data_set_of_ultralytics_platform_is_told() {
    let boxed = r#"{"type":"image","file":"a.jpg","annotations":{"boxes":[[0,0.5,0.5,0.25,0.5]]}}"#;
    let other = HEAD.replace("cat", "cow");
    let seen = platform(HEAD, &[boxed, &other, boxed]);
    assert!(seen.says("line 3: another data set begins here") && seen.says("part the file"));
    let seen = platform(r#"{"type":"dataset","task":"detect"}"#, &[boxed]);
    assert!(seen.says("line 2: classes are numbers, and the first line of the file has no class_names"));
    for (annotations, reason) in [
        (r#"{"boxes":[[7,0.5,0.5,0.25,0.5]]}"#, "class 7 has no name; there are 2"),
        (r#"{"boxes":[[0,0.5,0.5]]}"#, "not 2"),
        (r#"{"boxes":[[0,0.1,0.1,0.2,0.1,0.2,0.3]]}"#, "a row of boxes has 7 numbers"),
        (r#"{"boxes":[[0,"0.5",0.5,0.1,0.1]]}"#, "a row of boxes must be a list of numbers"),
        (r#"{"boxes":5}"#, "'boxes' must be a list"),
        (r#"{"depth":[[1]]}"#, "annotations has `depth`, which is not read"),
        ("[]", "annotations must be a JSON object"),
    ] {
        let seen = platform(HEAD, &[&format!(r#"{{"type":"image","file":"a.jpg","annotations":{annotations}}}"#)]);
        assert!(seen.says(reason), "{annotations}: {:?}", seen.reasons());
    }
    let seen = platform(HEAD, &[r#"{"type":"image","url":"https://h/a.jpg"}"#]);
    assert!(seen.says("file is missing, not a text"), "{:?}", seen.reasons());
}

#[test]
fn rows_of_a_table_may_be_a_json_list() {
    let text = r#"[{"image_path":"a.jpg","labels":["cat","dog"],"split":"val"},
        {"image_path":"b.jpg","labels":"cat","note":"x"},{"image_path":"c.jpg","labels":null},{"image_path":"d.jpg","labels":[]},
        7,{"image_path":null,"labels":"cat"},{"image_path":"e.jpg","labels":"it \ud83d"}]"#;
    let seen = read(Format::Csv, "a.json", text);
    let of = |name: &str| seen.items.iter().find(|item| item.name == name).unwrap();
    let classes = |name: &str| of(name).marks.iter().map(|m| m.class.as_str()).collect::<Vec<_>>();
    assert_eq!([classes("a.jpg"), classes("b.jpg"), classes("d.jpg")], [vec!["cat", "dog"], vec!["cat"], vec![]]);
    assert_eq!((of("c.jpg").standing, of("d.jpg").standing), (Standing::Listed, Standing::Judged));
    assert_eq!(of("a.jpg").split.as_deref(), Some("val"));
    assert!(seen.says("row 5: a row must be a JSON object") && seen.says("row 6: it names no picture"));
    assert!(seen.says("row 7: it is no JSON"), "{:?}", seen.reasons());
    assert_eq!(seen.reasons().len(), 3);
    let boxed = r#"[{"filename":"a.jpg","label":"cat"},{"filename":"a.jpg","label":"cat","bbox":[1,2,30,40.5]},
        {"filename":"b.jpg","label":"dog","bbox":[0.5,0.5,1,1]}]"#;
    let seen = read(Format::Csv, "a.json", boxed);
    assert_eq!(boxes(&seen).iter().map(|(_, b)| b[3]).fold(0.0, f64::max), 40.5, "{:?}", seen.reasons());
    let units = seen.items.iter().flat_map(|item| &item.marks).map(|m| m.unit);
    assert!(units.into_iter().all(|unit| unit == lakelens::formats::dataset::Unit::Pixel));
    for (text, format) in [(boxed, Some(Format::Csv)), (r#"[{"filename":"a.jpg","size":3}]"#, None), ("[]", None)] {
        assert_eq!(detected("a.json", text).ok(), format, "{text}");
    }
    let seen = read_folder(Format::Csv, &[("rows.json", boxed.as_bytes()), ("other.json", b"{\"a\": 1}")]);
    assert_eq!((seen.items.len(), seen.reasons().len()), (2, 0));
}
