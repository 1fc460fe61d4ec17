//! How long a person waits for the first picture of a folder's names, beside the file managers that are installed.
//!
//! Each program is started in a pseudo-terminal of 120 x 40 cells that answers questions, on the same folder of 2,000
//! files, in turns; measured is the time until the folder's first name is on the screen. Programs that are not installed
//! are named and left out. `LAKELENS_BENCH_ROUNDS` sets the rounds.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

use std::path::Path;
use std::time::{Duration, Instant};
use termlens::Terminal;

const PEERS: [&str; 4] = ["yazi", "lf", "nnn", "ranger"];
const FIRST: &str = "aa_first_name.jpg";
const FILES: usize = 2_000;

fn main() {
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let rounds: usize = std::env::var("LAKELENS_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(21).max(3);
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("pictures");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join(FIRST), "").unwrap();
    for i in 0..FILES {
        std::fs::write(folder.join(format!("b{i:05}.jpg")), "").unwrap();
    }
    let (here, missing): (Vec<&str>, Vec<&str>) = PEERS.into_iter().partition(|p| installed(p));
    let ours = env!("CARGO_BIN_EXE_lakelens");
    let mut programs = vec![("lakelens", ours.to_owned())];
    programs.extend(here.iter().map(|p| (*p, (*p).to_owned())));
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); programs.len()];
    for _ in 0..rounds {
        for (i, (_, program)) in programs.iter().enumerate() {
            times[i].push(first_frame(program, home.path(), &folder));
        }
    }
    println!("| first name of a folder of {FILES} files on the screen | median ms | of lakelens |\n|---|---|---|");
    let medians: Vec<f64> = times.iter_mut().map(|t| median(t).as_secs_f64() * 1e3).collect();
    for ((name, _), ms) in programs.iter().zip(&medians) {
        println!("| {name} | {ms:.1} | {:.2} |", ms / medians[0]);
    }
    for name in missing {
        println!("| {name} | not installed | |");
    }
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Starts the program and waits for the first name.
fn first_frame(program: &str, home: &Path, folder: &Path) -> Duration {
    let path = std::env::var("PATH").unwrap_or_default();
    let builder = Terminal::builder()
        .size(120, 40)
        .cell_size(10, 20)
        .timeout(Duration::from_secs(20))
        .env_clear()
        .envs([("HOME", home.as_os_str()), ("PATH", path.as_ref()), ("LANG", "C.UTF-8".as_ref())])
        .envs([("TERM", "xterm-256color"), ("COLORTERM", "truecolor")])
        .current_dir(home)
        .args([folder]);
    let start = Instant::now();
    let mut terminal = builder.spawn(program).unwrap();
    terminal.wait_until(|screen| screen.text().contains(FIRST)).unwrap();
    let time = start.elapsed();
    drop(terminal);
    time
}
