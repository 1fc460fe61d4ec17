//! What comparing two versions of a project costs: time, and memory that does not follow the number of samples.
//!
//! `lakelens diff` compares in a process of its own, which writes its lines into a file, so that its peak memory is the
//! comparison's alone. Once a few samples differ (10,000, or a hundredth of the project where that is less), as between
//! two versions of a data set that is looked after; and once all do, as between the empty project and the whole. SQLite
//! keeps up to 32 MB of a large store's pages; beyond those the memory must not grow.
//!
//! `LAKELENS_BENCH_SIZES=10000,1000000` sets the sizes, `LAKELENS_BENCH_DIR` where the files are made (default: the build
//! folder, on the disk of the project).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

#[path = "parts/child.rs"]
mod child;

use jiff::Timestamp;
use lakelens::domain::annotation::Annotation;
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Edit};
use lakelens::domain::ids::{ClassId, ProjectId, SampleId};
use lakelens::domain::project::{ScanSettings, Task};
use lakelens::domain::sample::{Answer, Status};
use lakelens::store::Store;
use lakelens::store::records::{Mode, NewProject, NewSample, NewSnapshot};
use lakelens::store::sqlite::SqliteStore;
use std::path::Path;
use std::process::Command;

/// So many samples differ at most where few do.
const FEW: usize = 10_000;
const NAMES: [&str; 5] = ["daisy", "dandelion", "roses", "sunflowers", "tulips"];
/// Rounds of each; the best counts.
const ROUNDS: usize = 3;

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let sizes = std::env::var("LAKELENS_BENCH_SIZES").unwrap_or_else(|_| "10000,1000000".to_owned());
    let sizes: Vec<usize> = sizes.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let place = std::env::var("LAKELENS_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let scratch = tempfile::tempdir_in(place).unwrap();
    println!("| difference of two versions | s | bar, s | most memory, MB | more than the smallest | bar |");
    println!("|---|--:|--:|--:|--:|--:|");
    let mut smallest = [None; 3];
    for size in sizes {
        let file = scratch.path().join(format!("{size}.db"));
        let few = two_versions(&file, size);
        let cases = [
            (format!("{size} samples, {few} differ"), few, &["one", "two"][..], "< 3"),
            (format!("{size} samples, {few} differ, as JSON"), few, &["one", "two", "--json"][..], "< 3"),
            (format!("{size} samples, all differ, as JSON"), size, &["start", "two", "--json"][..], ""),
        ];
        for ((what, lines, args, bar), smallest) in cases.into_iter().zip(&mut smallest) {
            let (seconds, most) = compared(&file, args, lines, scratch.path());
            let more = most - *smallest.get_or_insert(most);
            println!("| {what} | {seconds:.2} | {bar} | {most:.0} | {more:.0} | < 36 |");
        }
    }
}

/// A project whose samples all came with a class, its version `one`, and its version `two`, in which some have another
/// class. Returns how many those are.
fn two_versions(file: &Path, size: usize) -> usize {
    let mut store = SqliteStore::open(file, Mode::Create).unwrap();
    let new = NewProject {
        name: "p".to_owned(),
        task: Task::Classification,
        source: "local:/bench".to_owned(),
        scan: ScanSettings::default(),
        labels: LabelSet::from_names(&NAMES, 1),
        author: "ann".to_owned(),
    };
    let project = store.create_project(&new).unwrap().id;
    let scan = store.begin_scan(project, "ann").unwrap();
    let sample = |i: usize| NewSample {
        path: format!("2026-11-{:02}/IMG_{i:08}.jpg", i * 28 / size + 1),
        size: 100_000 + i as u64,
        etag: "1".to_owned(),
        class: Some(NAMES[i % 5].to_owned()),
        ..NewSample::default()
    };
    for start in (0..size).step_by(10_000) {
        let samples: Vec<NewSample> = (start..size.min(start + 10_000)).map(sample).collect();
        store.add_samples(scan, &samples).unwrap();
    }
    store.finish_scan(scan).unwrap();
    named(&mut store, project, "one");
    let step = size.div_ceil(FEW.min(size / 100).max(1));
    let ids: Vec<SampleId> = (1..=size as i64).step_by(step).map(SampleId).collect();
    for some in ids.chunks(500) {
        let edits: Vec<Edit> = some.iter().map(|id| relabel(&mut store, project, *id)).collect();
        store.commit(&edits).unwrap();
    }
    named(&mut store, project, "two");
    ids.len()
}

fn named(store: &mut SqliteStore, project: ProjectId, name: &str) {
    let (author, message) = ("ann".to_owned(), String::new());
    store
        .take_snapshot(project, &NewSnapshot { name: name.to_owned(), author, at: Timestamp::now(), message })
        .unwrap();
}

fn relabel(store: &mut SqliteStore, project: ProjectId, id: SampleId) -> Edit {
    let (now, at) = (store.sample(id).unwrap(), Timestamp::now());
    let class = ClassId(now.answer.annotations[0].class.0 % 5 + 1);
    let annotations = vec![Annotation::label(class, "bob", at)];
    let after = Answer { status: Status::Labeled, annotations, ..Answer::default() };
    let change = Change::Answer { sample: id, base: now.rev, before: now.answer, after };
    Edit::by_person(project, change, "bob", at)
}

/// Seconds and the most memory in MB of one comparison, and that it found so many.
fn compared(file: &Path, args: &[&str], found: usize, folder: &Path) -> (f64, f64) {
    let out = folder.join("out");
    let mut best = (f64::INFINITY, 0.0_f64);
    for _ in 0..ROUNDS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakelens"));
        command.args(["diff", "p"]).args(args).args(["--store", &format!("sqlite:{}", file.display())]);
        command.env_clear().env("HOME", folder).stdout(std::fs::File::create(&out).unwrap());
        let (seconds, most) = child::measured(command);
        best = (best.0.min(seconds), best.1.max(most as f64 / 1024.0));
        let told = std::fs::read_to_string(&out).unwrap();
        if args.contains(&"--json") {
            assert_eq!(told.lines().count(), found);
        } else {
            let told: String = told.lines().filter(|line| line.contains(" samples differ ")).collect();
            let number: String = told.chars().take_while(|c| *c != ' ').filter(char::is_ascii_digit).collect();
            assert_eq!(number.parse(), Ok(found), "{told}");
        }
    }
    best
}
