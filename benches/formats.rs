//! What import and export cost, beside the Python programs that do the same, in one run.
//!
//! (a) COCO read: pycocotools loading the same file. (b) The same file into a SQLite project: Python's `executemany` of the
//! very rows that the import left behind, into the same tables of a copy of the store as it was before. (c) COCO out of
//! the project: Python's `json.dump` of the same structure, which it has in memory already. (d) JSON lines read and every
//! row checked: pandas reading them. (e) The most memory that importing and exporting the COCO file took, by the program
//! itself, while it ran alone.
//!
//! `LAKELENS_BENCH_IMAGES` (100,000, with five boxes each), `LAKELENS_BENCH_ROWS` (500,000), `LAKELENS_BENCH_DIR` where
//! the files are made (default: the build folder). pycocotools and pandas are put into the build folder by `pip`; where
//! that cannot be, their rows say so and nothing is compared.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "a program for measuring")]

#[path = "parts/child.rs"]
mod child;

use lakelens::domain::class::LabelSet;
use lakelens::domain::lake_path::LakePath;
use lakelens::domain::project::{Project, ScanSettings, Task};
use lakelens::formats::dataset::Found;
use lakelens::formats::read::{self, Format, Reading};
use lakelens::formats::write::Kind;
use lakelens::lake::Lake;
use lakelens::lake::remote::Stop;
use lakelens::ops::Watch;
use lakelens::ops::export::{self, Export, export};
use lakelens::ops::import::{Import, ImportOptions, LakeFiles, import};
use lakelens::store::Store;
use lakelens::store::records::{Mode, NewProject, NewSample};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const CLASSES: usize = 20;
const BOXES: usize = 5;
/// Rounds of what only reads; the best counts, on both sides.
const ROUNDS: usize = 3;

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let images: usize = number("LAKELENS_BENCH_IMAGES", 100_000);
    let rows: usize = number("LAKELENS_BENCH_ROWS", 500_000);
    let place = std::env::var("LAKELENS_BENCH_DIR").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let scratch = tempfile::tempdir_in(place).unwrap();
    let folder = scratch.path();
    let python = peers();
    let boxes = images * BOXES;
    println!("| import and export | lakelens, s | beside it, s | times as fast | bar |\n|---|--:|--:|--:|--:|");

    let coco = folder.join("coco.json");
    write_coco(&coco, images);
    let ours = best(&mut || assert_eq!(marks(Format::Coco, &coco, folder), (images, boxes)));
    let theirs = python.measure(&["read", text(&coco)]);
    row(&format!("COCO read, {images} images, {boxes} boxes; pycocotools"), ours, theirs, ">= 5");

    let path = folder.join("store.db");
    let project = new_store(&path, images, folder);
    std::fs::copy(&path, folder.join("before.db")).unwrap();
    let mut store = open(&path);
    let began = Instant::now();
    bring(store.as_mut(), &project, &coco, folder, boxes);
    let ours = began.elapsed().as_secs_f64();
    let theirs = python.measure(&["rows", text(&path), text(&folder.join("before.db"))]);
    row("the same into SQLite; a bare `executemany` of its rows", ours, theirs, ">= 0.33");

    let out = folder.join("out.json");
    let began = Instant::now();
    take_out(store.as_mut(), &project, &out, boxes);
    let ours = began.elapsed().as_secs_f64();
    let theirs = python.measure(&["dump", text(&out), text(&folder.join("dumped.json"))]);
    row("COCO export of it; `json.dump` of the same", ours, theirs, ">= 5");
    drop(store);

    let lines = folder.join("lines.jsonl");
    write_lines(&lines, rows);
    let ours = best(&mut || assert_eq!(marks(Format::Jsonl, &lines, folder), (rows, rows)));
    let theirs = python.measure(&["lines", text(&lines)]);
    row(&format!("JSON lines read and checked, {rows} rows; pandas"), ours, theirs, ">= 3");
    memory(&coco, images, folder);
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn row(what: &str, ours: f64, theirs: Result<f64, String>, bar: &str) {
    match theirs {
        Ok(theirs) => println!("| {what} | {ours:.2} | {theirs:.2} | {:.2} | {bar} |", theirs / ours),
        Err(why) => println!("| {what}: {why} | {ours:.2} | | | {bar} |"),
    }
}

fn best(work: &mut dyn FnMut()) -> f64 {
    let once = |_| {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(once).fold(f64::INFINITY, f64::min)
}

/// Pictures and marks that a file holds, read as an import reads it.
fn marks(format: Format, file: &Path, scratch: &Path) -> (usize, usize) {
    let (lake, path) = (Lake::default(), LakePath::parse(text(file), "/").unwrap());
    let files = LakeFiles::new(&lake, &path, &Stop::never()).unwrap();
    let (mut items, mut marks) = (0, 0);
    read::read(format, &files, &Reading::new(scratch), &mut |found| {
        match found {
            Found::Item(item) => {
                items += 1;
                marks += item.marks.len();
            }
            Found::Bad(bad) => panic!("{}: {}", bad.place, bad.reason),
            Found::Classes(_) | Found::Note(..) => {}
        }
        Ok(())
    })
    .unwrap();
    (items, marks)
}

fn name(i: usize) -> String {
    format!("part_{:03}/img_{i:07}.jpg", i / 1000)
}

/// Left, top, width and height in a picture of 640 x 480, with the decimals that annotations have.
fn place(i: usize, n: usize) -> [f64; 4] {
    let step = |k: usize| ((i * 31 + n * 17 + k * 7) % 1000) as f64 / 1000.0;
    [step(1) * 500.0, step(2) * 380.0, 8.0 + step(3) * 130.0, 8.0 + step(4) * 90.0].map(|v| (v * 100.0).round() / 100.0)
}

fn write_coco(path: &Path, images: usize) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    write!(out, "{{\"info\": {{}}, \"images\": [").unwrap();
    for i in 0..images {
        let comma = if i == 0 { "" } else { ", " };
        let name = name(i);
        write!(out, "{comma}{{\"id\": {}, \"file_name\": \"{name}\", \"width\": 640, \"height\": 480}}", i + 1)
            .unwrap();
    }
    write!(out, "], \"annotations\": [").unwrap();
    for (i, n) in (0..images).flat_map(|i| (0..BOXES).map(move |n| (i, n))) {
        let (comma, [x, y, w, h]) = (if i + n == 0 { "" } else { ", " }, place(i, n));
        let (id, image, class, area) = (i * BOXES + n + 1, i + 1, (i + n * 3) % CLASSES + 1, w * h);
        write!(
            out,
            "{comma}{{\"id\": {id}, \"image_id\": {image}, \"category_id\": {class}, \"bbox\": [{x}, {y}, {w}, {h}], \
             \"area\": {area:.4}, \"iscrowd\": 0, \"segmentation\": []}}"
        )
        .unwrap();
    }
    let classes: Vec<String> = (1..=CLASSES).map(|c| format!("{{\"id\": {c}, \"name\": \"class {c}\"}}")).collect();
    write!(out, "], \"categories\": [{}]}}", classes.join(", ")).unwrap();
    out.flush().unwrap();
}

/// CV Explorer's form, one box a row.
fn write_lines(path: &Path, rows: usize) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    for i in 0..rows {
        let [x, y, w, h] = place(i, 0);
        let [x, y, w, h] = [x / 640.0, y / 480.0, w / 640.0, h / 480.0];
        writeln!(
            out,
            "{{\"filename\": \"{}\", \"annotations\": [{{\"label\": \"class {}\", \"ann_type\": \"bbox\", \
             \"bbox_json\": {{\"x\": {x:.6}, \"y\": {y:.6}, \"w\": {w:.6}, \"h\": {h:.6}}}}}]}}",
            name(i),
            i % CLASSES + 1
        )
        .unwrap();
    }
    out.flush().unwrap();
}

fn open(path: &Path) -> Box<dyn Store> {
    lakelens::store::open(&format!("sqlite:{}", path.display()), Mode::Create, &Default::default()).unwrap()
}

/// A store with a project of so many pictures whose sizes are known, as a scan leaves it.
fn new_store(path: &Path, images: usize, source: &Path) -> Project {
    let mut store = open(path);
    let new = NewProject {
        name: "bench".to_owned(),
        task: Task::Detection,
        source: text(source).to_owned(),
        scan: ScanSettings::default(),
        labels: LabelSet::default(),
        author: "ann".to_owned(),
    };
    let project = store.create_project(&new).unwrap();
    let scan = store.begin_scan(project.id, "ann").unwrap();
    for start in (0..images).step_by(10_000) {
        let file = |i| NewSample {
            path: name(i),
            size: 100_000,
            etag: "1".to_owned(),
            width: Some(640),
            height: Some(480),
            orientation: Some(1),
            ..NewSample::default()
        };
        let files: Vec<NewSample> = (start..images.min(start + 10_000)).map(file).collect();
        store.add_samples(scan, &files).unwrap();
    }
    store.finish_scan(scan).unwrap();
    project
}

fn bring(store: &mut dyn Store, project: &Project, coco: &Path, folder: &Path, boxes: usize) {
    let from = LakePath::parse(text(coco), "/").unwrap();
    let wanted =
        Import::new(from, ImportOptions::default(), "ann".to_owned(), folder.join("scratch"), &folder.join("rejects"));
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    let done = import(store, &Lake::default(), project, &wanted, &Stop::never(), &mut watch).unwrap();
    assert_eq!((done.report.annotations as usize, done.stopped), (boxes, None));
}

fn take_out(store: &mut dyn Store, project: &Project, out: &Path, boxes: usize) {
    let project = store.project(project.id).unwrap();
    let wanted = Export::new(out.to_owned(), export::Format::Set(Kind::Coco));
    let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
    let done = export(store, &Lake::default(), &project, &wanted, &mut watch).unwrap();
    assert_eq!(done.annotations as usize, boxes);
}

/// The most memory of the program itself, importing and exporting, as the system counts it.
fn memory(coco: &Path, images: usize, folder: &Path) {
    println!("\n| memory, {images} images | most, MB | bar |\n|---|--:|--:|");
    let home = folder.join("home");
    std::fs::create_dir(&home).unwrap();
    let path = home.join("store.db");
    drop(new_store(&path, images, folder));
    let store = format!("sqlite:{}", path.display());
    let out = home.join("out.json");
    for (what, args) in [
        ("import", &["import", "bench", text(coco)][..]),
        ("export", &["export", "bench", text(&out), "--format", "coco"][..]),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakelens"));
        command.args(args).args(["--store", &store]).env_clear().env("HOME", &home).stdout(Stdio::null());
        let (_, most) = child::measured(command);
        println!("| {what} | {:.0} | < 200 |", most as f64 / 1024.0);
    }
}

/// Python with what is measured against, or why not.
struct Peers(Result<PathBuf, String>);

fn peers() -> Peers {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats-peers");
    let python = place.join("bin/python");
    let run = |command: &mut Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).status().is_ok_and(|s| s.success())
    };
    let ready = |python: &Path| run(Command::new(python).args(["-c", "import pycocotools.coco, pandas"]));
    if !ready(&python) {
        let made = run(Command::new("python3").args(["-m", "venv"]).arg(&place));
        let packages = ["-m", "pip", "install", "--quiet", "pycocotools", "pandas"];
        if !made || !run(Command::new(&python).args(packages)) || !ready(&python) {
            return Peers(Err("pycocotools and pandas cannot be installed here".to_owned()));
        }
    }
    Peers(Ok(python))
}

impl Peers {
    /// Seconds that a peer says it took.
    fn measure(&self, args: &[&str]) -> Result<f64, String> {
        let python = self.0.clone()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/formats_peers.py");
        let done =
            Command::new(python).arg(script).args(args).stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
        let told = String::from_utf8_lossy(&done.stdout);
        let last = told.lines().last().and_then(|line| line.parse().ok());
        last.ok_or_else(|| String::from_utf8_lossy(&done.stderr).lines().last().unwrap_or("it failed").to_owned())
    }
}
