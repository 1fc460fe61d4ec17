//! What it costs to find the near ones of many hashes, exactly, beside comparing every pair, as a small table.
//!
//! `LAKELENS_BENCH_HASHES` sets the number of hashes (100,000). The hashes are of three kinds: all different; a fifth of
//! them near another one, as in a project with duplicates; and crowded, all bits but 28 alike, as of frames of one camera.
//! Every pair is compared of a tenth of them, and its time taken a hundredfold.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for measuring")]

use lakelens::domain::likeness::{DISTANCE, Sets, join_near};
use std::time::Instant;

/// The bar, in milliseconds.
const BAR: f64 = 5_000.0;

fn main() {
    // `cargo test --benches` starts this too, with `--test`: nothing is measured then.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let count = std::env::var("LAKELENS_BENCH_HASHES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000_u32);
    println!("| {count} hashes, at most {DISTANCE} bits apart | ms | groups | every pair, ms | bar |");
    println!("|---|--:|--:|--:|--:|");
    let random: Vec<u64> = numbers(1).take(count as usize).collect();
    let mut near = random.clone();
    for at in (0..near.len()).step_by(5).skip(1) {
        near[at] = near[at - 1] ^ (1 << (at % 64)) ^ (1 << (at % 61));
    }
    let crowded: Vec<u64> = random.iter().map(|n| (n & 0x0fff_ffff) << 18).collect();
    for (what, hashes) in [("all different", &random), ("a fifth near another", &near), ("crowded", &crowded)] {
        let start = Instant::now();
        let groups = grouped(hashes, join_near);
        let time = start.elapsed().as_secs_f64() * 1e3;
        let some: Vec<u64> = hashes.iter().take(hashes.len() / 10).copied().collect();
        let start = Instant::now();
        let plain = grouped(&some, every_pair);
        let pairs = start.elapsed().as_secs_f64() * 1e5;
        assert_eq!(plain, grouped(&some, join_near), "{what}");
        println!("| {what} | {time:.0} | {groups} | {pairs:.0} | {BAR:.0} |");
    }
}

/// How many sets of two or more there are.
fn grouped(hashes: &[u64], join: fn(&mut Sets, Vec<(u64, u32)>, u32)) -> usize {
    let count = u32::try_from(hashes.len()).unwrap();
    let mut sets = Sets::new(count);
    join(&mut sets, hashes.iter().copied().zip(0..).collect(), DISTANCE);
    let mut sizes = vec![0; hashes.len()];
    (0..count).for_each(|n| sizes[sets.root(n) as usize] += 1);
    sizes.iter().filter(|n| **n > 1).count()
}

fn every_pair(sets: &mut Sets, hashes: Vec<(u64, u32)>, distance: u32) {
    for (at, (one, number)) in hashes.iter().enumerate() {
        for (other, twin) in &hashes[at + 1..] {
            if (one ^ other).count_ones() <= distance {
                sets.join(*number, *twin);
            }
        }
    }
}

/// A fixed stream of numbers (`SplitMix64`).
fn numbers(mut state: u64) -> impl Iterator<Item = u64> {
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
