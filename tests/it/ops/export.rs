//! A project in a real store: scanned, answered, exported, read again and compared; and what must never be left behind.

use super::project::{Bench, answered};
use lakelens::domain::annotation::{Annotation, Shape};
use lakelens::domain::geometry::BoxN;
use lakelens::domain::ids::ClassId;
use lakelens::domain::project::ClassFrom;
use lakelens::domain::queue::Filter;
use lakelens::domain::sample::{Answer, Status};
use lakelens::domain::text::encode_os;
use lakelens::formats::csv::{CsvRows, split_labels};
use lakelens::formats::jsonl::{Record, read_line};
use lakelens::ops::OpsError;
use lakelens::ops::export::{Export, Format, Images};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

fn wanted(dest: &Path, format: Format) -> Export {
    Export::new(dest.to_owned(), format)
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut csv = CsvRows::new(File::open(path).unwrap()).unwrap();
    let (mut all, mut cells) = (Vec::new(), Vec::new());
    while csv.next_row(&mut cells).unwrap().is_some() {
        all.push(cells.clone());
    }
    all
}

fn left_behind(dir: &Path) -> Vec<String> {
    fs::read_dir(dir).unwrap().map(|e| encode_os(&e.unwrap().file_name())).filter(|n| n.contains(".part")).collect()
}

/// Four pictures: one with a class and a box, one verified empty, one skipped, one untouched; names that are no fun.
fn small() -> Bench {
    let mut bench = Bench::new(
        &[b"a/one.jpg", b"b/one.jpg", b"c,\"x\"\n.jpg", b"bad\xff.jpg"],
        ClassFrom::None,
        &["rose", "x|y, \"z\"\n"],
    );
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let place = BoxN { x: 0.1, y: 0.2, w: 0.3, h: 1.0 / 3.0 };
    let mut boxed = answered(&[ClassId(2), ClassId(1)], at);
    boxed.annotations.push(Annotation { shape: Shape::Box(place), ..Annotation::label(ClassId(1), "ann", at) });
    bench.answer("a/one.jpg", boxed);
    bench.answer("b/one.jpg", Answer { status: Status::Labeled, ..Answer::default() });
    let reason = Some("too \"dark\"".to_owned());
    let skipped = Answer { status: Status::Skipped, skip_reason: reason, flagged: true, ..Answer::default() };
    bench.answer("c,\"x\"\n.jpg", skipped);
    bench
}

#[test]
fn csv_comes_back_and_tells_what_it_cannot_say() {
    let mut bench = small();
    let dest = bench.dir.path().join("labels.csv");
    let report = bench.export(&wanted(&dest, Format::Csv)).unwrap();
    assert_eq!((report.images, report.annotations), (4, 2));
    assert!(report.loss.iter().any(|l| l.what == "boxes are not written" && l.count == 1), "{:?}", report.loss);
    let found = rows(&dest);
    let of = |path: &str| found.iter().find(|r| r[0] == path).unwrap_or_else(|| panic!("{path:?} in {found:?}"));
    assert_eq!(split_labels(&of("a/one.jpg")[1]), ["x|y, \"z\"\n", "rose"]);
    assert_eq!(of("a/one.jpg")[2..5], ["labeled", "ann", "2026-01-01T00:00:00Z"]);
    assert_eq!(of("b/one.jpg")[1..3], ["", "labeled"]);
    let skipped = of("c,\"x\"\n.jpg");
    assert_eq!((skipped[2].as_str(), skipped[5].as_str(), skipped[7].as_str()), ("skipped", "true", "too \"dark\""));
    of(&encode_os(OsStr::from_bytes(b"bad\xff.jpg")));
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(&report.manifest).unwrap()).unwrap();
    assert_eq!(manifest["status"]["labeled"], 2);
    assert_eq!(manifest["images"], 4);
    assert!(fs::read(&dest).unwrap().windows(2).any(|w| w == b"\r\n"), "RFC 4180 ends lines with CRLF");
}

#[test]
fn json_lines_lose_nothing() {
    let mut bench = small();
    let dest = bench.dir.path().join("all.jsonl");
    let report = bench.export(&wanted(&dest, Format::Jsonl)).unwrap();
    assert_eq!((report.images, report.annotations, report.loss.len()), (4, 3, 0));
    let (mut input, mut line) = (BufReader::new(File::open(&dest).unwrap()), Vec::new());
    let mut seen = 0;
    while read_line(&mut input, &mut line).unwrap() {
        let record: Record = serde_json::from_slice(&line).unwrap();
        let labels = bench.project().labels;
        let answer = record.answer(&|name| labels.find(name).map(|c| c.id)).unwrap();
        assert_eq!(answer, bench.sample(&record.path).answer, "{}", record.path);
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn filters_and_times_choose_what_is_written() {
    let mut bench = small();
    let dest = bench.dir.path().join("f.csv");
    let filter = Filter::parse("status:skipped").unwrap();
    assert_eq!(bench.export(&Export { filter, ..wanted(&dest, Format::Csv) }).unwrap().images, 1);
    let dest = bench.dir.path().join("then.csv");
    let as_of = Some("2020-01-01T00:00:00Z".to_owned());
    bench.export(&Export { as_of, ..wanted(&dest, Format::Csv) }).unwrap();
    assert!(rows(&dest).iter().all(|r| r[2] == "unlabeled"), "before all edits nothing was labeled");
    let dest = bench.dir.path().join("none.csv");
    let filter = Filter::parse("class:nobody").unwrap();
    assert_eq!(bench.export(&Export { filter, ..wanted(&dest, Format::Csv) }).unwrap().images, 0);
    assert!(fs::read_to_string(&dest).unwrap().starts_with("path,label,status"), "a header stands also without rows");
}

#[test]
fn nothing_is_replaced_or_left_half_done() {
    let mut bench = small();
    let root = bench.dir.path().to_owned();
    let dest = root.join("labels.csv");
    fs::write(&dest, "mine").unwrap();
    assert!(matches!(bench.export(&wanted(&dest, Format::Csv)), Err(OpsError::Exists(_))));
    assert_eq!(fs::read_to_string(&dest).unwrap(), "mine");
    let stopped = bench.export_until(&Export { overwrite: true, ..wanted(&dest, Format::Csv) }, 2);
    assert!(matches!(stopped, Err(OpsError::Cancelled)), "{stopped:?}");
    assert_eq!(fs::read_to_string(&dest).unwrap(), "mine", "cancelled: the old file stands");
    bench.export(&Export { overwrite: true, ..wanted(&dest, Format::Csv) }).unwrap();
    assert_ne!(fs::read_to_string(&dest).unwrap(), "mine");
    let folder = root.join("photos");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mine.jpg"), "mine").unwrap();
    let over = Export { overwrite: true, ..wanted(&folder, Format::Folders) };
    assert!(matches!(bench.export(&over), Err(OpsError::Invalid(_))), "somebody's folder is never replaced");
    assert!(folder.join("mine.jpg").exists());
    assert!(matches!(bench.export(&wanted(&root.join("no/such/x.csv"), Format::Csv)), Err(OpsError::File { .. })));
    assert!(bench.export(&Export { images: Images::Copy, ..wanted(&root.join("y.csv"), Format::Csv) }).is_err());
    assert_eq!(left_behind(&root), [""; 0]);
}

#[test]
fn class_folders_hold_the_pictures() {
    let names: [&[u8]; 5] = [b"a/1.jpg", b"b/1.jpg", b"b/2.jpg", b"c/3.jpg", b"c/gone.jpg"];
    let mut bench = Bench::new(&names, ClassFrom::None, &["a/b", "A_B", "con"]);
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    for (path, classes) in [
        ("a/1.jpg", vec![1]),
        ("b/1.jpg", vec![1, 2]),
        ("b/2.jpg", vec![2]),
        ("c/3.jpg", vec![3]),
        ("c/gone.jpg", vec![1]),
    ] {
        let ids: Vec<ClassId> = classes.into_iter().map(ClassId).collect();
        bench.answer(path, answered(&ids, at));
    }
    fs::remove_file(bench.source().join("c/gone.jpg")).unwrap();
    let dest = bench.dir.path().join("out");
    for images in [Images::Copy, Images::Reference] {
        let over = Export { images, overwrite: true, ..wanted(&dest, Format::Folders) };
        let report = bench.export(&over).unwrap();
        assert_eq!(report.images, 5);
        let lost: Vec<_> = report.loss.iter().map(|l| (l.what.as_str(), l.count)).collect();
        let further = ("further classes of a picture are left out", 1);
        assert_eq!(lost, [further, ("pictures cannot be read and are only in the index", 1)]);
        for (file, path) in [
            ("a_b/1.jpg", "a/1.jpg"),
            ("a_b/b__1.jpg", "b/1.jpg"),
            ("A_B_2/2.jpg", "b/2.jpg"),
            ("_con/3.jpg", "c/3.jpg"),
        ] {
            let (made, original) = (dest.join(file), bench.source().join(path));
            assert_eq!(fs::read(&made).unwrap(), fs::read(&original).unwrap(), "{file}");
            let same = fs::metadata(&made).unwrap().ino() == fs::metadata(&original).unwrap().ino();
            assert_eq!(same, images == Images::Reference);
        }
        let index = rows(&dest.join("index.csv"));
        assert!(index.contains(&vec!["A_B_2/2.jpg".to_owned(), "A_B".to_owned(), "b/2.jpg".to_owned()]), "{index:?}");
        assert!(index.contains(&vec![String::new(), "a/b".to_owned(), "c/gone.jpg".to_owned()]));
    }
    assert_eq!(left_behind(bench.dir.path()), [""; 0]);
}
