//! A plain mutation loop for stable Rust: takes files from folders, damages them, and runs every entry point.
//!
//! Each finding (a panic that reached a decoder's guard, or a slow input) is written beside the current folder as
//! `finding-N`, with one line about it.

#[path = "entry.rs"]
mod entry;

use std::collections::HashMap;
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const SLOW: Duration = Duration::from_secs(2);
const LARGEST: u64 = 200 << 10;

/// The generator of Knuth's MMIX; its upper bits.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

fn seeds(folders: impl Iterator<Item = PathBuf>) -> Vec<Vec<u8>> {
    let mut folders: Vec<PathBuf> = folders.collect();
    let mut seeds = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if metadata.is_file() && metadata.len() <= LARGEST => {
                    seeds.extend(std::fs::read(entry.path()).ok());
                }
                _ => {}
            }
        }
    }
    seeds
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.next(6) {
        let reach = if random.next(2) == 0 { bytes.len().min(200) } else { bytes.len() };
        let at = random.next(reach);
        match random.next(6) {
            0 => bytes.truncate(at.max(8)),
            1 => {
                let count = random.next(40).min(bytes.len() - at);
                let copy: Vec<u8> = bytes[at..at + count].to_vec();
                let to = random.next(bytes.len());
                bytes.splice(to..to, copy);
            }
            2 if at + 4 <= bytes.len() => {
                let value = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff_u32][random.next(8)];
                let value = if random.next(2) == 0 { value.to_le_bytes() } else { value.to_be_bytes() };
                bytes[at..at + 4].copy_from_slice(&value);
            }
            3 => drop(bytes.drain(at..(at + random.next(9)).min(bytes.len()))),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.next(256) as u8;
                }
            }
        }
    }
}

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let seconds = arguments.next().and_then(|s| s.to_str()?.parse().ok()).unwrap_or(60);
    let seeds = seeds(arguments.map(PathBuf::from));
    assert!(!seeds.is_empty(), "usage: mutate SECONDS FOLDER...");
    let mut random = Random(std::time::UNIX_EPOCH.elapsed().map_or(1, |d| d.as_nanos() as u64) | 1);
    let (begin, mut runs, mut findings) = (Instant::now(), 0_u64, HashMap::<String, usize>::new());
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    while begin.elapsed() < Duration::from_secs(seconds) {
        let mut bytes = seeds[random.next(seeds.len())].clone();
        damage(&mut bytes, &mut random);
        let start = Instant::now();
        let outcome = catch_unwind(|| {
            entry::any(&bytes);
            entry::text(&bytes[..bytes.len().min(4096)]);
        });
        let slow = start.elapsed() > SLOW;
        if outcome.is_err() || slow {
            let what = format!("{:02x?}, {}", &bytes[..bytes.len().min(4)], if slow { "slow" } else { "panic" });
            let count = findings.entry(what.clone()).or_default();
            *count += 1;
            if *count == 1 {
                println!("{what}: {:?}", start.elapsed());
                drop(std::fs::write(format!("finding-{}", findings.len()), &bytes));
            }
        }
        runs += 1;
    }
    std::panic::set_hook(hook);
    println!("{runs} runs of {} files, findings: {findings:?}", seeds.len());
}
