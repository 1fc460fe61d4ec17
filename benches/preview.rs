//! How long a person waits for a 12-megapixel photo over a slow link: this program, key by key, beside the programs that
//! are installed and show one picture a call. The same relay (10 Mbit/s, 40 ms), the same scripted terminal.
//!
//! Takes about four minutes. `LAKELENS_BENCH_KEYS` sets how many keys are pressed in each run.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

use lakelens::runtime::bench::peers::{self, Peer};
use lakelens::runtime::bench::{Graphics, LinkReport, LinkRequest, Percentiles, Place, Watch, link, photos};
use std::path::PathBuf;
use std::time::Duration;

/// A run: what it is called, how, where, milliseconds between two keys, and how many are pressed.
type Run = (&'static str, Graphics, bool, Place, u64, usize);

/// Keys at three paces where pictures are kept by the terminal, then every screen and every other way to show pictures.
const RUNS: [Run; 11] = [
    ("a key every second", Graphics::Kitty, false, Place::Lake, 1000, 30),
    ("a key every 400 ms", Graphics::Kitty, false, Place::Lake, 400, 50),
    ("a key every 150 ms", Graphics::Kitty, false, Place::Lake, 150, 80),
    ("in tmux, every second", Graphics::Kitty, true, Place::Lake, 1000, 20),
    ("in tmux, every 150 ms", Graphics::Kitty, true, Place::Lake, 150, 50),
    ("labelling, every second", Graphics::Kitty, false, Place::Label, 1000, 20),
    ("reviewing, every 400 ms", Graphics::Kitty, false, Place::Review, 400, 20),
    ("gallery, a page every second", Graphics::Kitty, false, Place::Gallery, 1000, 8),
    ("iTerm2, every second", Graphics::Iterm, false, Place::Lake, 1000, 20),
    ("sixel, every second", Graphics::Sixel, false, Place::Lake, 1000, 20),
    ("half blocks, every second", Graphics::Blocks, false, Place::Lake, 1000, 20),
];
/// Pictures that are shown by each peer.
const SHOWN: usize = 4;

fn main() {
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let keys: Option<usize> = std::env::var("LAKELENS_BENCH_KEYS").ok().and_then(|n| n.parse().ok());
    let folder = tempfile::tempdir().unwrap();
    let images = photos::write(folder.path(), 12, photos::SIZE, &|_| {}, &|| false).unwrap();
    let request = LinkRequest {
        program: PathBuf::from(env!("CARGO_BIN_EXE_lakelens")),
        scratch: folder.path().to_owned(),
        path: std::env::var_os("PATH").unwrap_or_default(),
        rate: 10e6,
        rtt: Duration::from_millis(40),
        every: Duration::from_secs(1),
        count: 1,
        images,
        graphics: Graphics::Kitty,
        tmux: false,
        screen: Place::Lake,
        local: false,
        ready: false,
    };
    let watch = Watch { progress: &|_, _, _| {}, cancelled: &|| false };
    heading();
    let mut best = None;
    for (name, graphics, tmux, screen, every, count) in RUNS {
        let (every, count) = (Duration::from_millis(every), keys.unwrap_or(count));
        let run = LinkRequest { graphics, tmux, screen, every, count, ..request.clone() };
        match link(&run, &watch) {
            Ok(report) => {
                best = best.or(report.visible_ms.map(|seen| seen.p50));
                ours(name, &report);
            }
            Err(error) => println!("| {name} | {error} | | | | | | |"),
        }
    }
    let shown = request.images.iter().take(SHOWN).cloned().collect();
    let others = peers::measure(&LinkRequest { images: shown, ..request }, &watch).unwrap();
    others.iter().for_each(|peer| theirs(peer, best.unwrap_or(f64::NAN)));
}

fn heading() {
    println!(
        "| a 12-megapixel photo, 800 x 800 px, over 10 Mbit/s and 40 ms | seen, ms: half | 99 % | all | key, bytes | \
         first, bytes | full, bytes | full after, ms |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
}

fn ours(name: &str, report: &LinkReport) {
    let Percentiles { p50, p99, max, .. } = report.visible_ms.unwrap_or_default();
    let bytes = |n: Option<usize>| n.map_or(String::new(), |n| n.to_string());
    let full = report.full_ms.map_or(String::new(), |ms| format!("{:.0}", ms.p50));
    let wrong = report.unseen + report.stale + report.unknown + report.blank;
    let note = if wrong == 0 { String::new() } else { format!(" ({wrong} wrong or blank)") };
    println!(
        "| lakelens, {name}{note} | {p50:.0} | {p99:.0} | {max:.0} | {} | {} | {} | {full} |",
        bytes(report.key_bytes.map(|b| b.max)),
        bytes(report.image_bytes.first),
        bytes(report.image_bytes.full),
    );
}

/// Another program, and how many times as long it takes.
fn theirs(peer: &Peer, best: f64) {
    let name = &peer.name;
    match peer.taken {
        Some(taken) => {
            let times = taken.ms.p50 / best;
            println!(
                "| `{name}`, {times:.1} times as long | {:.0} | {:.0} | {:.0} | | | {} | {:.0} |",
                taken.ms.p50, taken.ms.p99, taken.ms.max, taken.bytes, taken.ms.p50
            );
        }
        None if peer.installed => println!("| `{name}`: the scripted terminal saw no picture | | | | | | | |"),
        None => println!("| `{name}` is not installed | | | | | | | |"),
    }
}
