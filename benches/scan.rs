//! What scanning many files costs: the walk alone, into the SQLite store, and again when nothing changed, as a small
//! table, beside the bare walk of the same files.
//!
//! `LAKELENS_BENCH_FILES` sets the number of files (100,000), `LAKELENS_BENCH_DIR` where they are made (default: the
//! build folder).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

use lakelens::domain::class::LabelSet;
use lakelens::domain::project::{ClassFrom, ScanSettings, Task};
use lakelens::domain::text::encode_os;
use lakelens::lake::Lake;
use lakelens::ops::{Watch, scan};
use lakelens::store::records::{Mode, NewProject};
use std::fs;
use std::time::Instant;

/// Files of one folder.
const FOLDER: usize = 1000;

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let files = std::env::var("LAKELENS_BENCH_FILES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000_usize);
    let place = std::env::var("LAKELENS_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let scratch = tempfile::tempdir_in(place).unwrap();
    let source = scratch.path().join("source");
    for i in 0..files {
        let folder = source.join(format!("class_{}", i / FOLDER));
        if i % FOLDER == 0 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(folder.join(format!("IMG_{i:06}.jpg")), b"x").unwrap();
    }
    println!("| {files} files in folders of {FOLDER} | ms | files/s |\n|---|---:|---:|");
    let measure = |what: &str, work: &mut dyn FnMut() -> usize| {
        let start = Instant::now();
        let found = work();
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(found, files);
        println!("| {what} | {:.0} | {:.0} |", seconds * 1e3, files as f64 / seconds);
    };
    let class_from = ClassFrom::Folder;
    let settings = ScanSettings { recursive: true, class_from, ..ScanSettings::default() };
    let (lake, text) = (Lake::default(), encode_os(source.as_os_str()));
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    measure("bare walk with the size of each file", &mut || {
        let entries = walkdir::WalkDir::new(&source).into_iter().map(Result::unwrap);
        entries.filter(|e| e.metadata().unwrap().is_file()).count()
    });
    measure("scan without a store", &mut || scan::preview(&lake, &text, &settings, &mut watch).unwrap().found as usize);
    let location = format!("sqlite:{}", scratch.path().join("store.db").display());
    let mut store = lakelens::store::open(&location, Mode::Create, &Default::default()).unwrap();
    let new = NewProject {
        name: "bench".to_owned(),
        task: Task::Classification,
        source: text.clone(),
        scan: settings.clone(),
        labels: LabelSet::default(),
        author: "ann".to_owned(),
    };
    measure("scan into a new SQLite project, with classes", &mut || {
        scan::create(&mut *store, &lake, &new, &mut watch).unwrap().samples as usize
    });
    let project = store.project_by_name("bench").unwrap().unwrap();
    measure("scan again, nothing changed", &mut || {
        scan::rescan(&mut *store, &lake, &project, "ann", &mut watch).unwrap().found as usize
    });
}
