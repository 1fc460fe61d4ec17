//! Scans into a real store, again and again, and what statistics make of it.

use super::project::{Bench, answered};
use lakelens::domain::ids::ClassId;
use lakelens::domain::project::ClassFrom;
use lakelens::domain::sample::Status;
use lakelens::domain::text::encode_os;
use lakelens::ops::OpsError;
use lakelens::ops::stats::stats;
use std::fs;
use std::path::PathBuf;

#[test]
fn a_second_scan_takes_only_what_changed() {
    let files: [&[u8]; 3] = [b"daisy/1.jpg", b"daisy/2.jpg", b"rose/1.jpg"];
    let mut bench = Bench::new(&files, ClassFrom::Folder, &[]);
    assert_eq!((bench.created.samples, bench.created.labeled, bench.created.added), (3, 3, 3));
    assert_eq!(bench.created.classes, ["daisy", "rose"]);
    bench.answer("rose/1.jpg", answered(&[ClassId(1)], "2026-01-01T00:00:00Z".parse().unwrap()));
    let source = bench.source();
    fs::write(source.join("daisy/2.jpg"), b"other, longer content").unwrap();
    fs::remove_file(source.join("daisy/1.jpg")).unwrap();
    fs::write(source.join("rose/new.jpg"), b"x").unwrap();
    let report = bench.rescan(u32::MAX).unwrap();
    assert_eq!((report.found, report.added, report.changed, report.missing), (3, 1, 1, 1), "{report:?}");
    assert_eq!(bench.sample("rose/1.jpg").answer.annotations[0].class, ClassId(1), "a scan touches no answer");
    assert!(bench.sample("daisy/1.jpg").missing);
    let report = bench.rescan(u32::MAX).unwrap();
    assert_eq!((report.added, report.changed), (0, 0));
}

#[test]
fn a_cancelled_scan_is_taken_up_again() {
    let mut bench = Bench::new(&[b"0.jpg"], ClassFrom::None, &["x"]);
    let source = bench.source();
    (1..5000).for_each(|i| fs::write(source.join(format!("{i}.jpg")), b"x").unwrap());
    assert!(matches!(bench.rescan(12), Err(OpsError::Cancelled)));
    let project = bench.id;
    let part = bench.store.counts(project).unwrap().samples();
    assert!((2..5000).contains(&part), "{part}");
    let report = bench.rescan(u32::MAX).unwrap();
    assert_eq!((report.samples, report.missing), (5000, 0));
    assert_eq!(bench.sample("4999.jpg").size, 1);
}

#[test]
fn weeds_from_a_table_into_a_store() {
    let Some(data) = std::env::var_os("LAKELENS_TEST_DATA").map(PathBuf::from) else {
        println!("skipped: LAKELENS_TEST_DATA is not set");
        return;
    };
    let file = encode_os(data.join("weeds/labels.csv").as_os_str());
    let class_from = ClassFrom::Csv { file, id: "Filename".to_owned(), class: "Species".to_owned() };
    let bench = Bench::over(tempfile::tempdir().unwrap(), &data.join("weeds/images"), class_from, &[]);
    assert_eq!((bench.created.samples, bench.created.labeled, bench.created.classes.len()), (720, 720, 9));
    assert!(bench.created.skipped.is_empty());
}

#[test]
fn statistics_say_how_far_how_fast_and_who() {
    let names: Vec<String> = (0..10).map(|i| format!("{i}.jpg")).collect();
    let files: Vec<&[u8]> = names.iter().map(|n| n.as_bytes()).collect();
    let mut bench = Bench::new(&files, ClassFrom::None, &["x", "y"]);
    for (i, name) in names.iter().take(4).enumerate() {
        let at = format!("2026-01-01T10:00:{:02}Z", i * 2).parse().unwrap();
        bench.answer(name, answered(&[ClassId(1)], at));
    }
    let project = bench.project();
    let now = "2026-01-01T12:30:00Z".parse().unwrap();
    let report = stats(&mut *bench.store, &project, now).unwrap();
    assert_eq!((report.samples, report.status[&Status::Labeled], report.status[&Status::Skipped]), (10, 4, 0));
    assert_eq!((report.unsent, report.conflicts), (0, 0), "edits for a file are written at once");
    assert_eq!((report.classes[0].name.as_str(), report.classes[0].count, report.classes[1].count), ("x", 4, 0));
    let ann = &report.people[0];
    assert_eq!((ann.user.as_str(), ann.samples), ("ann", 4));
    assert!((ann.per_hour.unwrap() - 1800.0).abs() < 1.0, "{ann:?}");
    assert!((report.eta_seconds.unwrap() - 12.0).abs() < 0.1, "six are left, at two seconds each");
    assert_eq!(report.activity.len(), 48);
    assert_eq!(report.activity.iter().map(|h| h.answers).sum::<u64>(), 4);
    assert_eq!(report.activity[45].answers, 4, "two hours ago");
    assert!(report.kappa.is_none());
    assert!((report.share_done() - 0.4).abs() < 1e-9);
}
