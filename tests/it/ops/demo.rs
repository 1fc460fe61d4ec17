//! The generated data set decodes, scans, and is the same every time.

use lakelens::lake::Lake;
use lakelens::media::inspect::inspect;
use lakelens::media::limits::Limits;
use lakelens::media::source::FileSource;
use lakelens::ops::demo::{CLASSES, demo};
use lakelens::ops::{OpsError, Watch, scan};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PICTURES: usize = 40;

fn make(dir: &Path, seed: u64) -> Result<lakelens::ops::demo::DemoReport, OpsError> {
    demo(dir, PICTURES, seed, &mut Watch { progress: &mut |_| {}, cancelled: &|| false })
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(dir).unwrap().to_string_lossy().into_owned();
            found.push((name, fs::read(entry.path()).unwrap()));
        }
    }
    found
}

#[test]
fn it_is_a_data_set_like_a_real_one() {
    let dir = tempfile::tempdir().unwrap();
    let report = make(dir.path(), 7).unwrap();
    assert_eq!(report.pictures, PICTURES as u64);
    assert!(report.labeled > 0 && report.labeled < report.pictures && report.wrong < report.labeled);
    let (mut sizes, mut formats, mut turned) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (name, _) in files(&dir.path().join("pictures")) {
        let source = FileSource::open(&dir.path().join("pictures").join(&name)).unwrap();
        let info = inspect(&source, &name, &Limits::default()).unwrap();
        assert_eq!(info.damaged, None, "{name}");
        turned += usize::from(info.orientation != 1);
        sizes.insert((info.width, info.height));
        formats.insert(info.format);
    }
    assert!(sizes.len() > 3 && formats.len() == 2 && turned > 0, "{sizes:?} {formats:?} {turned}");
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    let scanned = scan::preview(&Lake::default(), &report.source, &report.scan(), &mut watch).unwrap();
    assert_eq!((scanned.found, scanned.labeled, scanned.skipped_count), (report.pictures, report.labeled, 0));
    assert!(scanned.classes.iter().all(|c| CLASSES.contains(&c.as_str())));
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_nothing_else_is_overwritten() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let report = make(a.path(), 7).unwrap();
    make(b.path(), 7).unwrap();
    assert_eq!(files(&a.path().join("pictures")), files(&b.path().join("pictures")));
    let before = fs::metadata(a.path().join("labels.csv")).unwrap().modified().unwrap();
    assert_eq!(make(a.path(), 7).unwrap(), report, "made before: used again");
    assert_eq!(fs::metadata(a.path().join("labels.csv")).unwrap().modified().unwrap(), before);
    let full = tempfile::tempdir().unwrap();
    fs::write(full.path().join("mine.txt"), b"x").unwrap();
    assert!(matches!(make(full.path(), 7), Err(OpsError::Exists(_))));
}
