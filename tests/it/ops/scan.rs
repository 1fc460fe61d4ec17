//! Which files a scan takes, what it says of the others, and where classes come from.

use lakelens::domain::project::{ClassFrom, ScanSettings};
use lakelens::domain::text::encode_os;
use lakelens::lake::Lake;
use lakelens::ops::report::{ScanReport, TaskProgress};
use lakelens::ops::{OpsError, Watch, scan};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

fn preview(source: &Path, settings: &ScanSettings) -> Result<ScanReport, OpsError> {
    let source = encode_os(source.as_os_str());
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    scan::preview(&Lake::default(), &source, settings, &mut watch)
}

fn recursive() -> ScanSettings {
    ScanSettings { recursive: true, ..ScanSettings::default() }
}

fn put(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn reason<'a>(report: &'a ScanReport, path: &str) -> &'a str {
    let found = report.skipped.iter().find(|s| s.path == path);
    found.map_or_else(|| panic!("{path} is not among {:?}", report.skipped), |s| s.reason.as_str())
}

#[test]
fn pictures_by_name_or_content_and_reasons_for_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    put(root, "a.JPG", b"x");
    put(root, "sub/b.png", PNG);
    put(root, "bare", PNG);
    put(root, "README", b"hello, this is text");
    put(root, "notes.txt", b"text");
    put(root, "empty.jpg", b"");
    put(root, ".hidden/c.png", PNG);
    let report = preview(root, &recursive()).unwrap();
    assert_eq!((report.found, report.skipped_count), (3, 3), "{report:?}");
    assert!(reason(&report, "notes.txt").contains("not a picture by its name"));
    assert!(reason(&report, "empty.jpg").contains("empty"));
    reason(&report, "README");
    assert_eq!(preview(root, &ScanSettings::default()).unwrap().found, 2, "only the folder itself");
    assert_eq!(preview(root, &ScanSettings { hidden: true, ..recursive() }).unwrap().found, 4);
}

#[test]
fn globs_choose_by_name_or_by_path() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["a.jpg", "x/b.JPG", "x/y/c.jpg", "x/d.png"] {
        put(dir.path(), path, b"x");
    }
    put(dir.path(), "x/odd.dat", PNG);
    put(dir.path(), "x/bad.dat", b"no picture");
    let with = |glob: &str| preview(dir.path(), &ScanSettings { glob: glob.to_owned(), ..recursive() });
    assert_eq!(with("*.jpg").unwrap().found, 3);
    assert_eq!(with("x/*.jpg").unwrap().found, 1);
    assert_eq!(with("x/**/*.{jpg,png}").unwrap().found, 3);
    let report = with("*.dat").unwrap();
    assert_eq!((report.found, report.skipped_count), (1, 1));
    assert!(matches!(with("[a"), Err(OpsError::Invalid(_))));
}

#[test]
fn links_never_loop_and_never_lead_out() {
    let dir = tempfile::tempdir().unwrap();
    let (root, outside) = (dir.path().join("set"), dir.path().join("outside"));
    put(&outside, "secret.jpg", b"x");
    put(&root, "sub/a.jpg", b"x");
    symlink("..", root.join("sub/loop")).unwrap();
    symlink("self", root.join("self")).unwrap();
    symlink(&outside, root.join("out")).unwrap();
    symlink(outside.join("secret.jpg"), root.join("leak.jpg")).unwrap();
    symlink("sub/a.jpg", root.join("alias.jpg")).unwrap();
    let report = preview(&root, &recursive()).unwrap();
    assert_eq!(report.found, 2, "the file and its alias: {report:?}");
    assert!(reason(&report, "leak.jpg").contains("out of the source"));
    assert!(reason(&report, "out").contains("out of the source"));
    assert!(reason(&report, "self").contains("nowhere"));
    let through_link = dir.path().join("link");
    symlink(&root, &through_link).unwrap();
    assert_eq!(preview(&through_link, &recursive()).unwrap().found, 2, "the source itself may be a link");
}

#[test]
fn a_source_that_is_no_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a.jpg", b"x");
    let error = preview(&dir.path().join("a.jpg"), &recursive()).unwrap_err().to_string();
    assert!(error.contains("is a file") && error.contains("folder"), "{error}");
    assert!(preview(&dir.path().join("none"), &recursive()).unwrap_err().to_string().contains("does not exist"));
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    let remote = scan::preview(&Lake::default(), "s3://bucket/x", &recursive(), &mut watch);
    assert!(matches!(remote, Err(OpsError::Lake(_))));
}

#[test]
fn cancelling_stops_and_progress_is_told() {
    let dir = tempfile::tempdir().unwrap();
    (0..1000).for_each(|i| put(dir.path(), &format!("{i}.jpg"), b"xy"));
    let source = encode_os(dir.path().as_os_str());
    let mut told: Vec<TaskProgress> = Vec::new();
    let mut watch = Watch { progress: &mut |p| told.push(p.clone()), cancelled: &|| false };
    scan::preview(&Lake::default(), &source, &recursive(), &mut watch).unwrap();
    let last = told.last().unwrap();
    assert_eq!((last.done, last.total, last.bytes), (1000, Some(1000), 2000));
    let asked = std::cell::Cell::new(0);
    let stop = || asked.replace(asked.get() + 1) > 1;
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &stop };
    let stopped = scan::preview(&Lake::default(), &source, &recursive(), &mut watch);
    assert!(matches!(stopped, Err(OpsError::Cancelled)));
}

fn data(part: &str) -> Option<PathBuf> {
    let found = std::env::var_os("LAKELENS_TEST_DATA").map(|d| PathBuf::from(d).join(part));
    if found.is_none() {
        println!("skipped: LAKELENS_TEST_DATA is not set");
    }
    found
}

#[test]
fn flowers_get_their_class_from_their_folder() {
    let Some(flowers) = data("flowers") else { return };
    let report = preview(&flowers, &ScanSettings { class_from: ClassFrom::Folder, ..recursive() }).unwrap();
    assert_eq!((report.found, report.labeled), (199, 199));
    assert_eq!(report.classes, ["daisy", "dandelion", "roses", "sunflowers", "tulips"]);
    let left_out: Vec<_> = report.skipped.iter().map(|s| s.path.as_str()).collect();
    assert_eq!(left_out, ["ATTRIBUTION.txt", "LICENSE.txt"]);
}

#[test]
fn weeds_get_their_class_from_a_table() {
    let Some(weeds) = data("weeds") else { return };
    let file = encode_os(weeds.join("labels.csv").as_os_str());
    for (id, class) in [("Filename", "Species"), ("1", "3"), ("", "species")] {
        let class_from = ClassFrom::Csv { file: file.clone(), id: id.to_owned(), class: class.to_owned() };
        let report = preview(&weeds.join("images"), &ScanSettings { class_from, ..recursive() }).unwrap();
        assert_eq!((report.found, report.labeled, report.skipped_count), (720, 720, 0));
        assert_eq!(report.classes.len(), 9);
        assert!(report.classes.contains(&"Chinee apple".to_owned()));
    }
    let class_from = ClassFrom::Csv { file, id: "Filename".to_owned(), class: "colour".to_owned() };
    let error = preview(&weeds, &ScanSettings { class_from, ..recursive() }).unwrap_err().to_string();
    assert!(error.contains("`colour`") && error.contains("`Species`"), "{error}");
}
