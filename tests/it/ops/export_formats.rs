//! Exports for other labelling programs: what every format says of the same pictures, and what all of them hold.

use super::project::{Bench, open};
use arrow_array::{Array, BinaryArray, StringArray, StructArray};
use image::{Rgb, RgbImage};
use lakelens::domain::annotation::{Annotation, Prediction, Shape};
use lakelens::domain::class::LabelSet;
use lakelens::domain::geometry::{BoxN, Point};
use lakelens::domain::ids::ClassId;
use lakelens::domain::project::{ScanSettings, Task};
use lakelens::domain::queue::Filter;
use lakelens::domain::sample::{Answer, Status};
use lakelens::domain::text::encode_os;
use lakelens::formats::write::Kind;
use lakelens::lake::Lake;
use lakelens::ops::export::{Export, Format, Images, Options, Split, What};
use lakelens::ops::report::ExportReport;
use lakelens::ops::{OpsError, Watch, scan};
use lakelens::store::records::{NewProject, SamplePredictions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const WIDTH: f64 = 64.0;
const HEIGHT: f64 = 48.0;

fn boxed(x: f64, y: f64, w: f64, h: f64) -> Shape {
    Shape::Box(BoxN { x: x / WIDTH, y: y / HEIGHT, w: w / WIDTH, h: h / HEIGHT })
}

fn corners(points: &[(f64, f64)]) -> Vec<Point> {
    points.iter().map(|(x, y)| Point { x: x / WIDTH, y: y / HEIGHT }).collect()
}

fn mark(class: i64, shape: Shape) -> Annotation {
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    Annotation { shape, ..Annotation::label(ClassId(class), "ann", at) }
}

fn labeled(annotations: Vec<Annotation>) -> Answer {
    Answer { status: Status::Labeled, annotations, ..Answer::default() }
}

fn over(files: &[&str], classes: &[&str], task: Task) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    for file in files {
        let path = source.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::from_pixel(WIDTH as u32, HEIGHT as u32, Rgb([9, 8, 7])).save(path).unwrap();
    }
    let mut store = open(dir.path());
    let new = NewProject {
        name: "Cats / café".to_owned(),
        task,
        source: encode_os(source.as_os_str()),
        scan: ScanSettings { recursive: true, ..ScanSettings::default() },
        labels: LabelSet::from_names(classes, 1),
        author: "ann".to_owned(),
    };
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    let created = scan::create(&mut *store, &Lake::default(), &new, &mut watch).unwrap();
    let id = store.project_by_name(&new.name).unwrap().unwrap().id;
    Bench { dir, store, id, created }
}

/// Boxes, a polygon in two parts, a mask, an empty picture, a skipped and an untouched one; the same names in two
/// folders, the same name with two endings, and class names that break careless files.
fn zoo() -> Bench {
    let files = ["a/one.png", "b/one.bmp", "b/one.png", "b/empty.png", "c/new.png", "c/skip.png", "c/wh & le.png"];
    let mut bench = over(&files, &["cat", "dog, \"large\" <é>", "=x:日本"], Task::Detection);
    let mut crowd = mark(1, boxed(10.0, 5.0, 20.0, 30.0));
    crowd.attributes.insert("occluded".to_owned(), true.into());
    let parts = vec![
        corners(&[(10.25, 10.5), (20.75, 10.5), (20.75, 20.125)]),
        corners(&[(30.0, 30.0), (40.0, 30.0), (40.0, 40.0), (30.0, 40.0)]),
    ];
    bench.answer("a/one.png", labeled(vec![crowd, mark(2, Shape::Polygon { parts })]));
    bench.answer("b/one.bmp", labeled(vec![mark(3, boxed(0.0, 0.0, 64.0, 48.0))]));
    let mask = Shape::Mask { size: [48, 64], counts: vec![49, 2, 46, 2, 2973] };
    bench.answer("b/one.png", labeled(vec![mark(1, mask)]));
    bench.answer("b/empty.png", labeled(Vec::new()));
    bench.answer("c/skip.png", Answer { status: Status::Skipped, ..Answer::default() });
    bench.answer("c/wh & le.png", labeled(vec![mark(3, Shape::Class), mark(1, Shape::Class)]));
    bench
}

fn set(bench: &Bench, name: &str, kind: Kind) -> Export {
    Export::new(bench.dir.path().join(name), Format::Set(kind))
}

/// All files of a folder by their relative path.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).unwrap().map(Result::unwrap) {
            match entry.path() {
                path if path.is_dir() => open.push(path),
                path => {
                    let name = encode_os(path.strip_prefix(folder).unwrap().as_os_str());
                    out.insert(name, fs::read(path).unwrap());
                }
            }
        }
    }
    out
}

fn left_behind(bench: &Bench) -> Vec<String> {
    let names = fs::read_dir(bench.dir.path()).unwrap().map(|e| encode_os(&e.unwrap().file_name()));
    names.filter(|n| n.contains(".part")).collect()
}

fn told(report: &ExportReport) -> String {
    let mut text = format!("{} pictures, {} annotations\n", report.images, report.annotations);
    for loss in &report.loss {
        text.push_str(&format!("lost: {}: {}\n", loss.count, loss.what));
    }
    text
}

fn shown(bench: &mut Bench, kind: Kind) -> String {
    let report = bench.export(&set(bench, "out", kind)).unwrap();
    let source = encode_os(bench.source().as_os_str());
    let mut text = told(&report);
    for (name, bytes) in tree(&bench.dir.path().join("out")) {
        if name == "SHA256SUMS" || name == "lakelens-export.json" {
            continue;
        }
        let content = match String::from_utf8(bytes) {
            Ok(content) => content.replace(&source, "/SOURCE"),
            Err(error) => format!("{} bytes\n", error.as_bytes().len()),
        };
        text.push_str(&format!("== {name}\n{content}"));
    }
    text.replace('\r', "␍")
}

#[test]
fn every_format_says_the_same_pictures() {
    for format in Format::ALL {
        let Format::Set(kind) = format else { continue };
        if matches!(kind, Kind::HfJsonl | Kind::Parquet | Kind::HfParquet) {
            continue;
        }
        insta::assert_snapshot!(format!("export_{}", format.name()), shown(&mut zoo(), kind));
    }
}

#[test]
fn a_repeated_export_is_the_same_and_its_checksums_hold() {
    let mut bench = zoo();
    for format in Format::ALL {
        let Format::Set(kind) = format else { continue };
        if kind == Kind::HfJsonl {
            continue;
        }
        let split = Some(Split::parse("stratified", 3, "train=0.5,val=0.5").unwrap());
        let name = format.name();
        for turn in ["1", "2"] {
            let wanted = set(&bench, &format!("{name}{turn}"), kind);
            bench.export(&Export { images: Images::Copy, split: split.clone(), ..wanted }).unwrap();
        }
        let first = tree(&bench.dir.path().join(format!("{name}1")));
        assert!(first == tree(&bench.dir.path().join(format!("{name}2"))), "{name}");
        let sums = String::from_utf8(first["SHA256SUMS"].clone()).unwrap();
        for line in sums.lines() {
            let (sum, path) = line.split_once("  ").unwrap();
            let found = ring::digest::digest(&ring::digest::SHA256, &first[path]);
            let hex: String = found.as_ref().iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(hex, sum, "{path} of {name}");
        }
        assert_eq!(sums.lines().count(), first.len() - 2, "{name}: all but the list and the manifest");
    }
    assert_eq!(left_behind(&bench), [""; 0]);
}

#[test]
fn pictures_come_along_with_their_folders_and_never_meet() {
    let mut bench = zoo();
    for (kind, folder) in [(Kind::Coco, "images/"), (Kind::Voc, "JPEGImages/"), (Kind::LabelMe, "")] {
        for images in [Images::Copy, Images::Reference] {
            let wanted = Export { images, overwrite: true, ..set(&bench, "out", kind) };
            bench.export(&wanted).unwrap();
            let made = tree(&bench.dir.path().join("out"));
            let second = if kind == Kind::Coco { "b/one.png" } else { "b/one_png.png" };
            for (name, path) in [("a/one.png", "a/one.png"), ("b/one.bmp", "b/one.bmp"), (second, "b/one.png")] {
                let original = fs::read(bench.source().join(path)).unwrap();
                assert!(made.get(&format!("{folder}{name}")) == Some(&original), "{name} in {:?}", made.keys());
            }
        }
    }
}

#[test]
fn numbers_come_out_as_they_went_in() {
    let mut bench = over(&["a.png"], &["x"], Task::Segmentation);
    let odd = [(0.1, 0.7), (63.999999, 12.345678), (33.333333, 47.99)];
    let marks =
        vec![mark(1, boxed(17.375, 0.333333, 46.625, 47.5)), mark(1, Shape::Polygon { parts: vec![corners(&odd)] })];
    bench.answer("a.png", labeled(marks));
    let dest = bench.dir.path().join("x.json");
    bench.export(&Export::new(dest.clone(), Format::Set(Kind::Coco))).unwrap();
    let made: Value = serde_json::from_slice(&fs::read(dest).unwrap()).unwrap();
    assert_eq!(made["annotations"][0]["bbox"], serde_json::json!([17.375, 0.333333, 46.625, 47.5]));
    let flat = serde_json::json!([[0.1, 0.7, 63.999999, 12.345678, 33.333333, 47.99]]);
    assert_eq!(made["annotations"][1]["segmentation"], flat);
}

#[test]
fn predictions_become_a_results_file_with_the_ids_of_the_pictures() {
    let mut bench = over(&["a.png", "b.png"], &["x", "y"], Task::Detection);
    let id = bench.sample("b.png").id;
    let guess = Prediction { class: ClassId(2), shape: boxed(1.0, 2.0, 3.0, 4.0), score: 0.75, model: "m".to_owned() };
    bench.store.put_predictions(bench.id, &[SamplePredictions { sample: id, predictions: vec![guess] }]).unwrap();
    let dest = bench.dir.path().join("guesses.json");
    let wanted = Export { what: What::Predictions, ..Export::new(dest.clone(), Format::Set(Kind::Coco)) };
    assert_eq!(bench.export(&wanted).unwrap().images, 1);
    let made: Value = serde_json::from_slice(&fs::read(dest).unwrap()).unwrap();
    let want = serde_json::json!([{"image_id": id.0, "category_id": 2, "bbox": [1.0, 2.0, 3.0, 4.0], "score": 0.75}]);
    assert_eq!(made, want);
    let other = Export { what: What::Predictions, ..set(&bench, "y", Kind::Yolo) };
    assert!(matches!(bench.export(&other), Err(OpsError::Invalid(_))));
}

#[test]
fn one_file_takes_no_pictures_and_nothing_is_left_by_an_error() {
    let mut bench = zoo();
    let file = Export::new(bench.dir.path().join("x.json"), Format::Set(Kind::Coco));
    for bad in [
        Export { images: Images::Copy, ..file.clone() },
        Export { split: Some(Split::parse("random", 0, "a=0.5,b=0.5").unwrap()), ..file.clone() },
    ] {
        assert!(matches!(bench.export(&bad), Err(OpsError::Invalid(_))));
    }
    bench.export(&file).unwrap();
    assert!(matches!(bench.export(&file), Err(OpsError::Exists(_))));
    let stopped = bench.export_until(&set(&bench, "yolo", Kind::Yolo), 3);
    assert!(matches!(stopped, Err(OpsError::Cancelled)), "{stopped:?}");
    let refused = bench.export(&set(&bench, "hf", Kind::HfJsonl));
    assert!(matches!(&refused, Err(OpsError::Invalid(why)) if why.contains("one.png")), "{refused:?}");
    assert!(!bench.dir.path().join("yolo").exists() && !bench.dir.path().join("hf").exists());
    assert_eq!(left_behind(&bench), [""; 0]);
}

#[test]
fn parts_hold_all_pictures_once_and_groups_whole() {
    let files: Vec<String> = (0..40).map(|i| format!("g{}/p{i:02}.png", i / 4)).collect();
    let mut bench = over(&files.iter().map(String::as_str).collect::<Vec<_>>(), &["x", "y"], Task::Detection);
    for (i, file) in files.iter().enumerate() {
        bench.answer(file, labeled(vec![mark(1 + i64::from(i % 10 == 0), boxed(1.0, 1.0, 9.0, 9.0))]));
    }
    for by in ["random", "stratified", "group:folder"] {
        let split = Some(Split::parse(by, 1, "train=0.5,val=0.25,test=0.25").unwrap());
        let wanted = Export { split, overwrite: true, ..set(&bench, "out", Kind::Coco) };
        bench.export(&wanted).unwrap();
        let mut seen = BTreeMap::new();
        for part in ["train", "val", "test"] {
            let path = bench.dir.path().join(format!("out/annotations/instances_{part}.json"));
            let made: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            let images = made["images"].as_array().unwrap();
            assert!(images.len().abs_diff(if part == "train" { 20 } else { 10 }) <= 2, "{by} {part} {}", images.len());
            for image in images {
                let name = image["file_name"].as_str().unwrap().to_owned();
                assert_eq!(seen.insert(name, part), None, "in two parts");
            }
        }
        assert_eq!(seen.len(), 40);
        if by == "group:folder" {
            let mut of = BTreeMap::new();
            assert!(seen.iter().all(|(n, part)| of.entry(n.split('/').next()).or_insert(*part) == part));
        }
    }
}

// The export cases of CV Explorer.

fn classified() -> Bench {
    let mut bench = over(&["0.png", "1.png", "2.png"], &["cat", "dog, \"large\""], Task::Classification);
    bench.answer("0.png", labeled(vec![mark(1, Shape::Class)]));
    bench.answer("1.png", labeled(vec![mark(2, Shape::Class)]));
    bench
}

#[test]
fn e1_e3_e10_a_reference_export_of_classes_reads_no_picture() {
    let mut bench = classified();
    // No picture is there to be read, and one is without an answer.
    fs::remove_dir_all(bench.source()).unwrap();
    fs::create_dir(bench.source()).unwrap();
    let report = bench.export(&set(&bench, "hf", Kind::HfJsonl)).unwrap();
    assert_eq!((report.images, report.loss.len()), (2, 1));
    let made = tree(&bench.dir.path().join("hf"));
    let names: Vec<&str> = made.keys().map(String::as_str).collect();
    assert_eq!(names, ["SHA256SUMS", "classes.json", "lakelens-export.json", "metadata.json", "train.jsonl"]);
    let text = String::from_utf8(made["train.jsonl"].clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.iter().map(|l| l["label"].as_i64().unwrap()).collect::<Vec<_>>(), [0, 1]);
    assert!(lines[0]["image"].as_str().unwrap().ends_with("/source/0.png"));
    let classes: Value = serde_json::from_slice(&made["classes.json"]).unwrap();
    assert_eq!(classes["names"], serde_json::json!(["cat", "dog, \"large\""]));
    let told: Value = serde_json::from_slice(&made["metadata.json"]).unwrap();
    assert_eq!((&told["project_name"], &told["image_count"]), (&"Cats / café".into(), &2.into()));
}

#[test]
fn e2_a_reference_export_of_boxes_has_parts_of_the_picture() {
    let mut bench = over(&["0.png", "1.png"], &["cat", "dog"], Task::Detection);
    bench.answer("0.png", labeled(vec![mark(2, Shape::Box(BoxN { x: 0.1, y: 0.2, w: 0.5, h: 0.5 }))]));
    bench.answer("1.png", labeled(Vec::new()));
    let report = bench.export(&set(&bench, "ref", Kind::CocoReference)).unwrap();
    assert_eq!(report.images, 2, "E8: a picture with nothing on it stays");
    let made: Value =
        serde_json::from_slice(&fs::read(bench.dir.path().join("ref/annotations.json")).unwrap()).unwrap();
    let one = &made["annotations"][0];
    assert_eq!(one["bbox_normalized"], serde_json::json!([0.1, 0.2, 0.5, 0.5]));
    assert_eq!((&one["category_id"], one.get("bbox"), made["images"][0].get("width")), (&2.into(), None, None));
    assert_eq!(made["info"]["bbox_format"], "relative_xywh");
}

#[test]
fn e4_e9_what_is_no_single_class_is_refused_as_a_whole() {
    for marks in [vec![], vec![mark(1, Shape::Class), mark(2, Shape::Class)], vec![mark(1, boxed(1.0, 1.0, 2.0, 2.0))]]
    {
        let mut bench = classified();
        bench.answer("2.png", labeled(marks));
        let refused = bench.export(&set(&bench, "hf", Kind::HfJsonl));
        assert!(matches!(&refused, Err(OpsError::Invalid(why)) if why.contains("for 1: 2.png")), "{refused:?}");
        assert!(!bench.dir.path().join("hf").exists());
        assert_eq!(left_behind(&bench), [""; 0]);
    }
}

#[test]
fn e5_a_second_export_leaves_the_first_alone() {
    let mut bench = classified();
    bench.export(&set(&bench, "v1", Kind::HfJsonl)).unwrap();
    let before = tree(&bench.dir.path().join("v1"));
    bench.answer("0.png", labeled(vec![mark(2, Shape::Class)]));
    bench.export(&set(&bench, "v2", Kind::HfJsonl)).unwrap();
    assert!(before == tree(&bench.dir.path().join("v1")) && before != tree(&bench.dir.path().join("v2")));
    assert!(matches!(bench.export(&set(&bench, "v1", Kind::HfJsonl)), Err(OpsError::Exists(_))));
}

#[test]
fn e7_boxes_that_are_none_are_refused() {
    for place in [
        BoxN { x: 0.5, y: 0.5, w: 0.0, h: 0.1 },
        BoxN { x: -0.1, y: 0.5, w: 0.1, h: 0.1 },
        BoxN { x: 0.8, y: 0.5, w: 0.5, h: 0.1 },
    ] {
        let mut bench = over(&["0.png"], &["cat"], Task::Detection);
        bench.answer("0.png", labeled(vec![mark(1, Shape::Box(place))]));
        let refused = bench.export(&set(&bench, "ref", Kind::CocoReference));
        assert!(matches!(&refused, Err(OpsError::Invalid(why)) if why.contains("0.png")), "{refused:?}");
    }
}

#[test]
fn parquet_holds_the_rows_and_the_pictures() {
    let mut bench = zoo();
    let dest = bench.dir.path().join("x.parquet");
    bench.export(&Export::new(dest.clone(), Format::Set(Kind::Parquet))).unwrap();
    let rows = |path: &Path| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
        reader.build().unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let batch = &rows(&dest)[0];
    let text = |name: &str| {
        let column = batch.column_by_name(name).unwrap();
        column.as_any().downcast_ref::<StringArray>().unwrap().iter().map(|v| v.map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(text("filename").len(), 7, "six annotations and one empty picture");
    assert_eq!(text("label").iter().filter(|l| l.is_none()).count(), 1);
    let wanted = Export { images: Images::Copy, ..set(&bench, "hf", Kind::HfParquet) };
    assert_eq!(bench.export(&wanted).unwrap().images, 5);
    let made = rows(&bench.dir.path().join("hf/data/train-00000-of-00001.parquet"));
    let image = made[0].column_by_name("image").unwrap().as_any().downcast_ref::<StructArray>().unwrap().clone();
    let bytes = image.column_by_name("bytes").unwrap().as_any().downcast_ref::<BinaryArray>().unwrap().clone();
    assert_eq!(
        (made[0].num_rows(), bytes.value(0)),
        (5, fs::read(bench.source().join("a/one.png")).unwrap().as_slice())
    );
}

#[test]
fn formulas_are_guarded_or_kept_and_told() {
    let mut bench = over(&["=1+1.png"], &["@cmd", "'=y"], Task::Detection);
    bench.answer("=1+1.png", labeled(vec![mark(1, boxed(1.0, 1.0, 2.0, 2.0)), mark(2, Shape::Class)]));
    let dest = bench.dir.path().join("x.csv");
    let wanted = Export::new(dest.clone(), Format::Set(Kind::CsvBoxes));
    let report = bench.export(&wanted).unwrap();
    assert_eq!(report.loss[0].count, 3);
    let text = fs::read_to_string(&dest).unwrap();
    assert!(text.contains("\r\n'=1+1.png,'@cmd,1,1,2,2,64,48,\r\n") && text.contains(",''=y,"), "{text}");
    let options = Options { guard_formulas: false, ..Options::default() };
    let report = bench.export(&Export { options, overwrite: true, ..wanted }).unwrap();
    assert!(report.loss.is_empty() && fs::read_to_string(&dest).unwrap().contains("\r\n=1+1.png,@cmd,"));
}

#[test]
fn the_filter_chooses_and_the_manifest_says_so() {
    let mut bench = zoo();
    let filter = Filter::parse("class:cat").unwrap();
    let report = bench.export(&Export { filter, ..set(&bench, "out", Kind::Coco) }).unwrap();
    let manifest: Value = serde_json::from_slice(&fs::read(&report.manifest).unwrap()).unwrap();
    assert_eq!(manifest["filter"], "class:cat");
    assert_eq!(manifest["classes"], serde_json::json!(["cat", "dog, \"large\" <é>", "=x:日本"]));
    assert_eq!((&manifest["images"], &manifest["checksums"]["of"]), (&report.images.into(), &"SHA256SUMS".into()));
}
