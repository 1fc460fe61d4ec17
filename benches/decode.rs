//! What a JPEG costs from its file to the bytes for the terminal: processor time beside `timg`, the leanest of the
//! programs that show pictures, and memory at the peak.
//!
//! Both are whole processes for each picture, in turns, with their system time: this bench starts itself, and does with
//! the decode pool what the program does for a picture of 80 x 40 cells of 10 x 20 pixels (Kitty, good level). The stages
//! are measured on their own, as processor time of one thread. Memory is the peak of a process that looks at 48-megapixel
//! photos one after another, at all levels and keeping none, above one that looks at nothing.
//!
//! Then pictures of 100 megapixels are looked at and left, in the running program and in its decode pool, and every odd
//! file of `LAKELENS_TEST_DATA` is decoded in a process of its own.
//!
//! `cargo bench --features turbo --bench decode` measures the other decoder. `LAKELENS_BENCH_ROUNDS` sets the rounds.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

#[path = "parts/large.rs"]
mod large;
#[path = "parts/odd.rs"]
mod odd;
#[path = "parts/turns.rs"]
mod turns;

use lakelens::app::picture::{Look, Marks, PictureRef, Window};
use lakelens::domain::lake_path::LakePath;
use lakelens::media::source::FileSource;
use lakelens::media::{ByteSource, Limits, MediaError, decode};
use lakelens::runtime::bench::photos;
use lakelens::runtime::pool::{Caches, DecodePool, Decoded, Opener, default_threads};
use lakelens::runtime::present::recipe::{Form, Prepared, Recipe, Wanted, prepare};
use lakelens::term::caps::{Depth, Protocol};
use lakelens::term::graphics::{Level, kitty};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};

/// Megapixels, the size, and the bars: of the default build, and with `turbo`.
const SIZES: [(&str, (u32, u32), [f64; 2]); 2] =
    [("12 MP", photos::SIZE, [0.7, 0.5]), ("48 MP", (8000, 6000), [1.0, 0.75])];
/// Photos of each size.
const PHOTOS: usize = 3;
/// Megabytes above the idle program.
const MEMORY: f64 = 24.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--show", file] => show(Path::new(file)),
        ["--stages", file] => stages(Path::new(file)),
        ["--peak", files @ ..] => peak(files),
        ["--odd", file] => odd::decode(Path::new(file)),
        // The tables of large and of odd pictures alone.
        ["--large"] => large::measure(),
        ["--odd"] => odd::measure(),
        // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
        arguments if arguments.contains(&"--test") => {}
        _ => measure(),
    }
}

fn measure() {
    let rounds: usize = std::env::var("LAKELENS_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(7).max(1);
    let folder = tempfile::tempdir().unwrap();
    let turbo = cfg!(feature = "turbo");
    let name = if turbo { "lakelens with `turbo`" } else { "lakelens" };
    println!("| JPEG to Kitty's bytes, 800 x 800 | {name}, CPU ms | decode, resize | encode | `timg` | ratio | bar |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let mut large = Vec::new();
    for (megapixels, size, bars) in SIZES {
        let place = folder.path().join(megapixels.replace(' ', "_"));
        std::fs::create_dir(&place).unwrap();
        let files = photos::write(&place, PHOTOS, size, &|_| {}, &|| false).unwrap();
        let (ours, theirs) = in_turns(&files, rounds);
        let stages = stages_of(&files, rounds);
        let (theirs, ratio) = match theirs {
            Some(theirs) => (format!("{theirs:.1}"), format!("{:.2}", ours / theirs)),
            None => ("not installed".to_owned(), String::new()),
        };
        let bar = bars[usize::from(turbo)];
        println!("| {megapixels} | {ours:.1} | {:.1} | {:.1} | {theirs} | {ratio} | {bar} |", stages.0, stages.1);
        large = files;
    }
    let peak = |files: &[PathBuf]| ours("--peak").args(files).output().map(|o| number(&o.stdout)[0] / 1024.0).unwrap();
    let (busy, idle) = (peak(&large), peak(&[]));
    println!("\n| looking at {PHOTOS} photos of 48 MP, {name} | peak MB | idle MB | more | bar |");
    println!("|---|--:|--:|--:|--:|");
    println!("| {} threads, nothing kept | {busy:.1} | {idle:.1} | {:.1} | {MEMORY} |", default_threads(), busy - idle);
    large::measure();
    odd::measure();
}

/// Processor milliseconds of one process for one picture: ours, and timg's where it is installed.
fn in_turns(files: &[PathBuf], rounds: usize) -> (f64, Option<f64>) {
    let terminal = Terminal::new();
    let there = Command::new("timg").arg("--version").output().is_ok();
    let (mut ours_ms, mut theirs_ms) = (0.0, 0.0);
    // The first round only warms the caches of the system.
    for round in 0..=rounds {
        let counts = f64::from(u8::from(round > 0));
        ours_ms += counts * cpu(|| files.iter().for_each(|file| terminal.run(ours("--show").arg(file))));
        if there {
            let timg = |file: &PathBuf| terminal.run(Command::new("timg").args(["-pk", "-g80x40"]).arg(file));
            theirs_ms += counts * cpu(|| files.iter().for_each(timg));
        }
    }
    let each = (rounds * files.len()) as f64;
    (ours_ms / each, there.then_some(theirs_ms / each))
}

/// Processor milliseconds of the stages: decode and resize, encode.
fn stages_of(files: &[PathBuf], rounds: usize) -> (f64, f64) {
    let mut all: [Vec<f64>; 2] = Default::default();
    for file in files.iter().cycle().take(rounds * files.len()) {
        let found = number(&ours("--stages").arg(file).output().unwrap().stdout);
        all.iter_mut().zip(found).for_each(|(all, found)| all.push(found));
    }
    let [decode, encode] = all.map(|mut all| {
        all.sort_unstable_by(f64::total_cmp);
        all[all.len() / 2]
    });
    (decode, encode)
}

fn ours(what: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(what);
    command
}

fn number(output: &[u8]) -> Vec<f64> {
    String::from_utf8_lossy(output).split_whitespace().map(|n| n.parse().unwrap()).collect()
}

/// A terminal of 80 x 40 cells of 10 x 20 pixels, for programs that ask standard input for its size; it never answers.
struct Terminal {
    _controller: rustix::fd::OwnedFd,
    name: PathBuf,
}

impl Terminal {
    fn new() -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = PathBuf::from(ptsname(&controller, Vec::new()).unwrap().into_string().unwrap());
        let size = rustix::termios::Winsize { ws_row: 40, ws_col: 80, ws_xpixel: 800, ws_ypixel: 800 };
        rustix::termios::tcsetwinsize(&controller, size).unwrap();
        Self { _controller: controller, name }
    }

    /// Runs a program to its end, its output into nothing.
    fn run(&self, command: &mut Command) {
        let input = File::options().read(true).write(true).open(&self.name).unwrap();
        let status = command.stdin(input).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{command:?}");
    }
}

/// User and system milliseconds of the children that end meanwhile. The kernel counts in hundredths of a second, so
/// only sums over many say something.
fn cpu(work: impl FnOnce()) -> f64 {
    let children = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        // The name of the program may hold spaces, but it ends with the last bracket (proc(5), cutime and cstime).
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        [13, 14].map(|at: usize| fields[at].parse::<f64>().unwrap()).iter().sum::<f64>() * 10.0
    };
    let before = children();
    work();
    children() - before
}

/// What a good picture of a file needs, as the presenter says it.
fn wanted(file: &Path, level: Level) -> Wanted {
    Wanted {
        picture: PictureRef { path: Arc::new(LakePath::Local(file.to_string_lossy().into_owned())), etag: "".into() },
        window: Window::ALL,
        look: Look::default(),
        marks: Marks::default(),
        cut: false,
        cells: (80, 40),
        recipe: Recipe {
            protocol: Protocol::Kitty { shared_memory: false },
            depth: Depth::True,
            cell: (10, 20),
            tmux: false,
            light: false,
            ground: None,
        },
        level,
    }
}

/// The program's pool on local files, keeping no decoded picture.
fn pool() -> (DecodePool, mpsc::Receiver<Decoded>) {
    let (send, results) = mpsc::channel();
    let opener: Opener = Arc::new(|picture, _| match &*picture.path {
        LakePath::Local(path) => Ok(Box::new(FileSource::open(Path::new(path))?) as Box<dyn ByteSource>),
        _ => Err(MediaError::Cancelled),
    });
    let caches = Caches { memory: 0, disk: None };
    let send = move |decoded| send.send(decoded).unwrap_or_default();
    (DecodePool::spawn(default_threads(), caches, Limits::default(), opener, send).unwrap(), results)
}

fn through(pool: &DecodePool, results: &mpsc::Receiver<Decoded>, wanted: Wanted) -> Arc<Prepared> {
    pool.want(vec![wanted]);
    results.recv().unwrap().result.unwrap()
}

/// The whole way, in one process.
fn show(file: &Path) {
    let (pool, results) = pool();
    let prepared = through(&pool, &results, wanted(file, Level::Good));
    let Form::Kitty(kitty::Payload::Png(data)) = &prepared.form else { return };
    let mut out = std::io::stdout().lock();
    kitty::transmit_png(1, data, false, false).iter().for_each(|chunk| out.write_all(chunk).unwrap());
}

/// Prints the processor milliseconds of the stages.
fn stages(file: &Path) {
    let wanted = wanted(file, Level::Good);
    // Nanoseconds that this thread was on a processor (proc(5), schedstat).
    let now = || number(&std::fs::read("/proc/thread-self/schedstat").unwrap())[0] / 1e6;
    let begun = now();
    let source = FileSource::open(file).unwrap();
    let picture = decode(&source, "", &wanted.request(), &Limits::default(), &|| false).unwrap();
    let decoded = now();
    prepare(&picture, &wanted).unwrap();
    println!("{} {}", decoded - begun, now() - decoded);
}

/// Prints the kilobytes that were in memory at most, after looking at the files one by one.
fn peak(files: &[&str]) {
    let (pool, results) = pool();
    for file in files {
        for level in [Level::First, Level::Good, Level::Exact] {
            through(&pool, &results, wanted(Path::new(file), level));
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("{}", most.trim().trim_end_matches("kB"));
}
