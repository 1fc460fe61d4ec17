//! Damaged files of every format: what our own writers make, cut, flipped, doubled and mixed, always the same way.

#[allow(dead_code, unreachable_pub, reason = "the fuzz targets are other crates")]
#[path = "../../../fuzz/annotations.rs"]
pub(crate) mod annotations;

use annotations::{Memory, check};
use lakelens::domain::annotation::Shape;
use lakelens::domain::geometry::{BoxN, Point};
use lakelens::formats::dataset::{Aside, ClassInfo, Item, Mark, Outputs, Place, Spot, Standing, Unit};
use lakelens::formats::read::{Format, detect};
use lakelens::formats::write::reduce::reduce;
use lakelens::formats::write::{About, Classes, Entry, Kind, Losses, Options};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What a writer makes, in memory.
#[derive(Clone, Default)]
struct Made(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

struct Open(Made, String);

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.0.lock().unwrap().entry(self.1.clone()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outputs for Made {
    fn create(&mut self, path: &str) -> io::Result<Box<dyn Write + Send>> {
        self.0.lock().unwrap().insert(path.to_owned(), Vec::new());
        Ok(Box::new(Open(self.clone(), path.to_owned())))
    }

    fn aside(&mut self) -> io::Result<Box<dyn Aside>> {
        Ok(Box::new(tempfile::tempfile()?))
    }
}

fn mark(class: &str, shape: Shape) -> Mark {
    let attributes = [("occluded".to_owned(), true.into()), ("note".to_owned(), "<é & \"q\">".into())].into();
    let place = Place { file: Arc::from("x"), at: Spot::Whole };
    let class = class.to_owned();
    Mark { class, shape, unit: Unit::Part, score: None, author: Some("ann".into()), at: None, attributes, place }
}

fn items() -> Vec<Item> {
    let boxed = |x, y, w, h| Shape::Box(BoxN { x, y, w, h });
    let corner = |x, y| Point { x, y };
    let outline = Shape::Polygon { parts: vec![vec![corner(0.1, 0.1), corner(0.5, 0.125), corner(0.25, 0.75)]] };
    let mask = Shape::Mask { size: [12, 16], counts: vec![20, 5, 7, 5, 155] };
    let all = [
        ("a.jpg", vec![mark("cat", boxed(0.125, 0.25, 0.5, 0.5)), mark("dog, \"x\"", boxed(0.0, 0.0, 1.0, 1.0))]),
        ("sub/ü b.jpg", vec![mark("cat", outline), mark("dog, \"x\"", mask)]),
        ("none.png", vec![]),
        ("c.jpg", vec![mark("cat", Shape::Class)]),
    ];
    let item = |(name, marks): (&str, Vec<Mark>)| Item {
        name: name.to_owned(),
        width: Some(16),
        height: Some(12),
        stored_frame: false,
        split: None,
        standing: Standing::Judged,
        marks,
        extra: BTreeMap::new(),
        place: Place { file: Arc::from("x"), at: Spot::Whole },
    };
    all.into_iter().map(item).collect()
}

/// The files of a format as our writer makes them.
fn written(kind: Kind, options: Options) -> BTreeMap<String, Vec<u8>> {
    let class = |name: &str| ClassInfo { name: name.to_owned(), ..ClassInfo::default() };
    let about = About {
        project: "p".to_owned(),
        version: 1,
        task: "detection",
        source: "/pictures".to_owned(),
        classes: Classes::new([class("cat"), class("dog, \"x\"")]),
        splits: Vec::new(),
        pictures: false,
        options,
    };
    let (mut writer, mut out) = (kind.writer(about), Made::default());
    for (i, mut item) in items().into_iter().enumerate() {
        let says = writer.says();
        if reduce(&mut item, &says, &mut Losses::default()) {
            let origin = format!("/pictures/{}", item.name);
            let entry = Entry { id: i as u64 + 1, item: &item, origin: &origin, size: 9, content: None };
            writer.item(&entry, &mut out).unwrap();
        }
    }
    writer.finish(&mut out).unwrap();
    drop(writer);
    let files = out.0.lock().unwrap();
    files.clone()
}

/// Every format that is read, with files of it.
fn seeds() -> Vec<(Format, BTreeMap<String, Vec<u8>>)> {
    let plain = Options::default();
    let packed = Options { gzip: true, shards: 2, ..plain };
    let mut out: Vec<_> = [
        (Format::Coco, Kind::Coco, plain),
        (Format::Coco, Kind::CocoReference, plain),
        (Format::Jsonl, Kind::CvExplorer, plain),
        (Format::Jsonl, Kind::HfImageFolder, plain),
        (Format::Yolo, Kind::Yolo, plain),
        (Format::Yolo, Kind::YoloSeg, plain),
        (Format::Voc, Kind::Voc, plain),
        (Format::Cvat, Kind::Cvat, plain),
        (Format::LabelMe, Kind::LabelMe, plain),
        (Format::LabelStudio, Kind::LabelStudio, plain),
        (Format::CreateMl, Kind::CreateMl, plain),
        (Format::OpenImages, Kind::OpenImages, plain),
        (Format::Via, Kind::Via, plain),
        (Format::Datumaro, Kind::Datumaro, plain),
        (Format::Csv, Kind::CsvBoxes, plain),
        (Format::Parquet, Kind::Parquet, plain),
        (Format::Parquet, Kind::HfParquet, plain),
        (Format::TfRecord, Kind::TfRecord, plain),
        (Format::TfRecord, Kind::TfRecord, packed),
    ]
    .into_iter()
    .map(|(format, kind, options)| (format, written(kind, options)))
    .collect();
    let panoptic = br#"{"images":[{"id":1,"file_name":"a.jpg","width":4,"height":4}],
        "annotations":[{"image_id":1,"file_name":"a.png","segments_info":[{"id":7,"category_id":1,"bbox":[0,0,2,2],"iscrowd":0}]},
          {"image_id":1,"id":2,"category_id":1,"segmentation":{"size":[4,4],"counts":"04<"},"keypoints":[1,1,2],"num_keypoints":1},
          {"image_id":1,"id":3,"caption":"a cat"}],"categories":[{"id":1,"name":"cat","supercategory":"pet"}]}"#;
    out.push((Format::Coco, BTreeMap::from([("a.json".to_owned(), panoptic.to_vec())])));
    let folder = ["train/cat/a.jpg", "val/dog/b.jpg"].map(|name| (name.to_owned(), Vec::new()));
    out.push((Format::ImageFolder, BTreeMap::from(folder)));
    let ours = b"{\"path\":\"a.jpg\",\"status\":\"labeled\",\"annotations\":[{\"class\":\"cat\",\"kind\":\"box\",\"x\":0.1,\"y\":0.1,\"w\":0.2,\"h\":0.2}]}\n";
    out.push((Format::Jsonl, BTreeMap::from([("a.jsonl".to_owned(), ours.to_vec())])));
    out
}

/// The generator of Knuth's MMIX; its upper bits.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// What is put into files: what their syntaxes are made of, and numbers that are none.
const WORDS: [&[u8]; 30] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"<",
    b"</",
    b">",
    b"&",
    b"\n",
    b"\r\n",
    b"\\",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-1",
    b"99999999999999999999",
    b"null",
    b"true",
    b"../../x",
    b"\x1b[2J",
    b"=1+1",
    b"0.0000000000000000001",
    b"/etc/passwd",
    b"&#x0;",
];

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.next(4) {
        let at = random.next(bytes.len() + 1).min(bytes.len());
        let end = (at + 1 + random.next(24)).min(bytes.len());
        match random.next(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                let to = random.next(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            3 => drop(bytes.splice(at..at, WORDS[random.next(WORDS.len())].iter().copied())),
            4 => drop(bytes.splice(at..end, WORDS[random.next(WORDS.len())].iter().copied())),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.next(8);
                }
            }
        }
    }
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

fn folder(files: &BTreeMap<String, Vec<u8>>) -> Memory {
    Memory { files: files.clone(), name: "folder".to_owned() }
}

#[test]
fn what_is_not_damaged_is_found_and_known() {
    let (_kept, scratch) = scratch();
    for (format, files) in seeds() {
        let (items, marks, bad) =
            check(format, &folder(&files), &scratch).unwrap_or_else(|e| panic!("{format:?}: {e}"));
        assert!(items > 0 && (marks > 0 || format == Format::ImageFolder), "{format:?}: {items}, {marks}, {bad}");
        if format != Format::ImageFolder {
            let seen = detect::detect(&folder(&files));
            assert_eq!(seen.ok(), Some(format), "{:?}", files.keys());
        }
    }
}

/// So many damaged files of each seed; `LAKELENS_MUTATION_ROUNDS` says another number, for a longer search.
const ROUNDS: usize = 120;

fn rounds() -> usize {
    let wanted = std::env::var("LAKELENS_MUTATION_ROUNDS").ok().and_then(|n| n.parse().ok());
    wanted.unwrap_or(ROUNDS)
}

/// A format, and files of it with their names.
type Set<'a> = (Format, &'a [(&'a str, &'a [u8])]);

/// Files as other programs write them, in forms that our writers do not have.
fn further() -> Vec<(Format, BTreeMap<String, Vec<u8>>)> {
    let record = written(Kind::TfRecord, Options::default()).into_values().max_by_key(Vec::len).unwrap();
    let map = b"item {\n  id: 1\n  name: 'cat'\n}\nitem { name: \"dog\" id: 2 display_name: \"a dog\" }\n";
    let yaml = b"path: ..\ntrain: [images/train, train.txt]\nval:\n  - images/val\nnc: 2\nnames:\n  0: cat\n  1: 'dog, x'\nkpt_shape: [2, 3]\n";
    let via = br#"{"project":{"pname":"p"},"pid":"1","config":{},"attribute":{"1":{"aname":"label","options":{"0":"cat","1":"dog"}}},
        "file":{"1":{"fid":"1","fname":"a.jpg","src":"a.jpg"}},"view":{"1":{"fid_list":["1"]}},
        "metadata":{"x":{"vid":"1","flg":0,"z":[],"xy":[2,1,1,4,4],"av":{"1":"0"}},"y":{"vid":"1","z":[],"xy":[7,1,1,2,1,2,2],"av":{"1":"1"}}}}"#;
    let rows = b"filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n\
        a.jpg,9,{},1,0,\"{\"\"name\"\":\"\"rect\"\",\"\"x\"\":1,\"\"y\"\":1,\"\"width\"\":2,\"\"height\"\":2}\",\"{\"\"label\"\":\"\"cat\"\"}\"\n";
    let boxed = br#"[{"id":1,"data":{"image":"a.jpg"},"annotations":[{"result":[{"id":"b","type":"rectanglelabels","original_width":16,
        "original_height":12,"value":{"x":1,"y":1,"width":5,"height":5,"rotation":9,"rectanglelabels":["cat"]}},
        {"id":"r","type":"rating","from_name":"q","value":{"rating":4}}]}],"predictions":[]}]"#;
    let platform = br#"{"type":"dataset","task":"pose","class_names":{"0":"cat","1":"dog"},"kpt_shape":[2,3]}
{"type":"image","file":"a.jpg","width":16,"height":12,"split":"val","annotations":{"boxes":[[1,0.5,0.5,0.25,0.5]],"segments":[[0,0.1,0.1,0.2,0.1,0.2,0.3]]}}
{"type":"image","file":"b.jpg","annotations":{"pose":[[0,0.5,0.5,0.2,0.2,0.5,0.5,2,0.4,0.4,0]],"classification":[1],"obb":[]}}
"#;
    let sets: [Set<'_>; 13] = [
        (Format::Jsonl, &[("a.ndjson", platform)]),
        (
            Format::Csv,
            &[(
                "a.json",
                br#"[{"path":"a.jpg","label":["cat"],"bbox":[1,2,3.5,4]},{"path":"b.jpg","label":null,"bbox":null}]"#,
            )],
        ),
        (
            Format::Csv,
            &[("a.csv", b"path,labels\na.jpg,\"['cat', \"\"bird's\\x20\"\"]\"\nb.jpg,['dog' 'cat']\nc.jpg,[]\n")],
        ),
        (Format::TfRecord, &[("a.tfrecord", &record), ("label_map.pbtxt", map)]),
        (
            Format::Yolo,
            &[
                ("data.yaml", yaml),
                ("train.txt", b"./images/train/a.jpg\nimages/train/b.jpg\n"),
                ("images/train/a.jpg", b""),
                ("images/val/c.jpg", b""),
                ("labels/train/a.txt", b"0 0.5 0.5 0.25 0.25\n1 0.1 0.1 0.2 0.1 0.2 0.2\n"),
                ("labels/val/c.txt", b"0 0.5 0.5 0.25 0.25 0.4 0.4 2 0.5 0.5 1\n"),
            ],
        ),
        (Format::Yolo, &[("_annotations.txt", b"a.jpg 1,2,3,4,0 5,6,7,8,1\n"), ("_classes.txt", b"cat\ndog\n")]),
        (Format::Via, &[("a.json", via)]),
        (Format::Via, &[("a.csv", rows)]),
        (Format::Csv, &[("a.csv", b"sep=;\r\npath;class;bbox\r\na.jpg;cat;\"[1, 2.5, 3, 4]\"\r\nb.jpg;;\r\n")]),
        (Format::Csv, &[("a.csv", b"a.jpg,1,1,5,5,cat\nb.jpg,,,,,\n"), ("classes.csv", b"cat,0\n")]),
        (Format::Csv, &[("_classes.csv", b"filename, cat, dog\na.jpg, 1, 0\nb.jpg, 0, 1\n")]),
        (Format::Csv, &[("a.csv", b"TRAINING,gs://b/a.jpg,cat,0.1,0.1,,,0.5,0.5,,\nTEST,gs://b/b.jpg,,,,,,,,,\n")]),
        (Format::LabelStudio, &[("a.json", boxed)]),
    ];
    let owned =
        |files: &[(&str, &[u8])]| files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    sets.into_iter().map(|(format, files)| (format, owned(files))).collect()
}

/// The data sets of other programs in the test data, those of them that are recognised.
fn real() -> Vec<(Format, BTreeMap<String, Vec<u8>>)> {
    let Some(data) = std::env::var_os("LAKELENS_TEST_DATA").map(|data| PathBuf::from(data).join("formats")) else {
        println!("skipped: LAKELENS_TEST_DATA is not set");
        return Vec::new();
    };
    let mut out = Vec::new();
    for set in walkdir::WalkDir::new(&data).min_depth(1).max_depth(2).sort_by_file_name() {
        let set = set.unwrap();
        let mut files = BTreeMap::new();
        for file in
            walkdir::WalkDir::new(set.path()).into_iter().map(Result::unwrap).filter(|f| f.file_type().is_file())
        {
            let name = file.path().strip_prefix(set.path()).unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read(file.path()).unwrap());
        }
        let small = files.len() < 200 && files.values().map(Vec::len).sum::<usize>() < 1 << 20;
        if let Some(format) = small.then(|| detect::detect(&folder(&files)).ok()).flatten() {
            out.push((format, files));
        }
    }
    assert!(out.len() > 10, "{}", out.len());
    out
}

fn damaged(format: Format, files: &BTreeMap<String, Vec<u8>>, rounds: usize, scratch: &Path) {
    let names: Vec<&String> = files.keys().collect();
    let seed =
        names.iter().flat_map(|n| n.bytes()).fold(7, |sum: u64, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
    let mut random = Random(seed);
    for round in 0..rounds {
        let mut broken = folder(files);
        let name = names[random.next(names.len())].clone();
        damage(broken.files.get_mut(&name).unwrap(), &mut random);
        let bytes = broken.files[&name].clone();
        let run = || drop(check(format, &broken, scratch));
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
            panic!("{format:?}, round {round}, {name}: {:?}", String::from_utf8_lossy(&bytes));
        }
        let one = Memory { files: BTreeMap::from([(String::new(), bytes)]), name };
        drop(check(format, &one, scratch));
        drop(detect::detect(&one));
    }
}

#[test]
fn damaged_files_are_never_more_than_a_message() {
    let (_kept, scratch) = scratch();
    for (format, files) in seeds() {
        damaged(format, &files, rounds(), &scratch);
    }
}

#[test]
fn damaged_files_of_other_programs_are_never_more_than_a_message() {
    let (_kept, scratch) = scratch();
    for (format, files) in further() {
        let (items, marks, bad) =
            check(format, &folder(&files), &scratch).unwrap_or_else(|e| panic!("{format:?}: {e}"));
        assert!(items > 0 && marks > 0, "{format:?} {:?}: {items}, {marks}, {bad}", files.keys());
        damaged(format, &files, rounds(), &scratch);
    }
    for (format, files) in real() {
        damaged(format, &files, rounds() / 10, &scratch);
    }
}

#[test]
fn a_file_cut_anywhere_is_never_taken_for_whole_without_a_word() {
    let (_kept, scratch) = scratch();
    let text = |format: &Format| matches!(format, Format::Coco | Format::LabelStudio | Format::Datumaro | Format::Cvat);
    for (format, files) in seeds().into_iter().filter(|(format, _)| text(format)) {
        let (name, bytes) = files.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
        let end = bytes.trim_ascii_end().len();
        for cut in (1..end).step_by(7) {
            let mut short = folder(&files);
            short.files.insert(name.clone(), bytes[..cut].to_vec());
            short.files.retain(|other, _| other == name);
            let found = check(format, &short, &scratch);
            // In a folder, a stump that is not known for what it was is no file of the format.
            assert!(found.is_err() || found == Ok((0, 0, 0)), "{format:?} cut at {cut} of {end}: {found:?}");
        }
    }
}
