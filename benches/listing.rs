//! What listing a very large folder costs, beside the bare reading of it by the standard library, as a small table.
//!
//! `LAKELENS_BENCH_FILES` sets the number of files (1,000,000), `LAKELENS_BENCH_DIR` where they are made (default: the
//! build folder). Memory is that of the whole process: while nothing is listed, when all is listed, and at its highest.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

use lakelens::domain::lake_path::LakePath;
use lakelens::domain::text::encode_os;
use lakelens::lake::Lister;
use lakelens::lake::listing::{Arrange, Listing, Progress, SortKey};
use std::fs::{self, File};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let files = std::env::var("LAKELENS_BENCH_FILES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000_usize);
    let place = std::env::var("LAKELENS_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let folder = tempfile::tempdir_in(place).unwrap();
    (0..files)
        .for_each(|i| drop(File::create(folder.path().join(format!("IMG_{:07}.jpg", i * 7919 % files))).unwrap()));
    println!("| folder of {files} files | |\n|---|---:|");
    bare(folder.path());
    listed(folder.path(), files);
}

fn row(what: &str, time: Duration) {
    println!("| {what} | {:.1} ms |", time.as_secs_f64() * 1e3);
}

/// What the standard library takes to read the names and kinds, keeping none.
fn bare(folder: &Path) {
    let start = Instant::now();
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let names: usize = entries.map(|e| e.file_name().len() + usize::from(e.file_type().unwrap().is_dir())).sum();
    row(&format!("bare `read_dir`, {names} bytes of names"), start.elapsed());
}

fn listed(folder: &Path, files: usize) {
    let (idle, _) = memory();
    let (sender, receiver) = channel();
    let start = Instant::now();
    let path = LakePath::Local(encode_os(folder.as_os_str()));
    let lister = Lister::spawn(path, Arrange::default(), Box::new(move |l| drop(sender.send((Instant::now(), l)))));
    let first = receiver.recv().unwrap();
    row(&format!("first snapshot, {} rows", first.1.len()), first.0 - start);
    let last = until(&receiver, |l| *l.progress() == Progress::Complete);
    row("all rows, in natural order", last.0 - start);
    let (now, peak) = memory();
    println!("| memory kept, bytes a file | {} |", now.saturating_sub(idle) / files.max(1) as u64);
    println!("| memory at its highest, bytes a file | {} |", peak.saturating_sub(idle) / files.max(1) as u64);
    let again = |what: &str, arrange: Arrange| {
        let start = Instant::now();
        lister.rearrange(arrange.clone());
        let (at, listing) = until(&receiver, |l| *l.arrange() == arrange);
        row(&format!("{what}, {} rows", listing.len()), at - start);
    };
    again("filter `9 77`", Arrange { filter: "9 77".to_owned(), ..Arrange::default() });
    again("filter `img_000001`", Arrange { filter: "img_000001".to_owned(), ..Arrange::default() });
    again("by name, reversed", Arrange { reverse: true, ..Arrange::default() });
    again("by size, all sizes asked for", Arrange { sort: SortKey::Size, ..Arrange::default() });
    let start = Instant::now();
    let found = last.1.position_of("IMG_0000001.jpg");
    row(&format!("position of a name ({found:?})"), start.elapsed());
}

fn until(receiver: &Receiver<(Instant, Listing)>, wanted: impl Fn(&Listing) -> bool) -> (Instant, Listing) {
    loop {
        let found = receiver.recv().unwrap();
        if wanted(&found.1) {
            return found;
        }
    }
}

/// Bytes in memory now, and at most so far.
fn memory() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |key: &str| {
        let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}
