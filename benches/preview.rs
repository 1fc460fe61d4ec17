//! How long a person waits for a 12-megapixel photo over a slow link: this program, key by key, beside the programs that
//! are installed and show one picture a call. The same relay (10 Mbit/s, 40 ms), the same scripted terminal.
//!
//! Takes about three minutes. `LAKELENS_BENCH_KEYS` sets how many keys are pressed at each pace.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

use lakelens::runtime::bench::peers::{self, Peer};
use lakelens::runtime::bench::{Graphics, LinkReport, LinkRequest, Place, Watch, link, photos};
use std::path::PathBuf;
use std::time::Duration;

/// Milliseconds between two keys, and how many are pressed.
const PACES: [(u64, usize); 3] = [(1000, 30), (400, 50), (150, 80)];
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
    let ours: Vec<LinkReport> = PACES
        .iter()
        .map(|(every, count)| {
            let (every, count) = (Duration::from_millis(*every), keys.unwrap_or(*count));
            link(&LinkRequest { every, count, ..request.clone() }, &watch).unwrap()
        })
        .collect();
    let shown = request.images.iter().take(SHOWN).cloned().collect();
    let others = peers::measure(&LinkRequest { images: shown, ..request }, &watch).unwrap();
    print(&ours, &others);
}

fn print(ours: &[LinkReport], others: &[Peer]) {
    let best = ours.first().and_then(|r| r.visible_ms).map_or(f64::NAN, |p| p.p50);
    println!(
        "| a 12-megapixel photo over 10 Mbit/s, 40 ms | seen after, ms: half | all | bytes a picture | of lakelens |"
    );
    println!("|---|---|---|---|---|");
    for report in ours {
        let Some(seen) = report.visible_ms else { continue };
        let name = format!("lakelens, a key every {} ms", report.every_ms);
        let bytes = report.image_bytes.full.unwrap_or(0);
        println!("| {name} | {:.0} | {:.0} | {bytes} | {:.1} |", seen.p50, seen.max, seen.p50 / best);
    }
    for peer in others {
        match peer.taken {
            Some(taken) => println!(
                "| `{}` | {:.0} | {:.0} | {} | {:.1} |",
                peer.name,
                taken.ms.p50,
                taken.ms.max,
                taken.bytes,
                taken.ms.p50 / best
            ),
            None if peer.installed => println!("| `{}` | shows nothing | | | |", peer.name),
            None => println!("| `{}` | not installed | | | |", peer.name),
        }
    }
}
