//! Which pictures look alike: sets of 64-bit hashes that differ in few bits.
//!
//! Why here: the same sets decide what a person labels once, what a queue puts side by side, and what a split of a data
//! set keeps together. What always holds: two pictures are in one set exactly when a chain of pictures leads from one to
//! the other, each step of which is near or is the same content; no pair is overlooked, whatever the hashes are.

use serde::{Deserialize, Serialize};

/// How many bits of 64 two near-duplicates differ in at most, where nobody says otherwise.
pub const DISTANCE: u32 = 6;
/// The largest distance that is taken: from about there on, pictures that have nothing in common are near.
pub const FARTHEST: u32 = 16;
/// So many are simply compared with each other.
const FEW: usize = 200;
/// Bits of a piece, at least: shorter ones tell too few hashes apart.
const SHORTEST: u32 = 3;

/// What is known of the pictures like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Likeness {
    /// Names the set: the number of its first sample.
    pub group: i64,
    /// Pictures that look alike, this one counted.
    pub near: u32,
    /// Pictures of the same content, this one counted; 1 where there is no other.
    pub exact: u32,
}

/// Sets of numbers from 0, joined two by two. The smallest number of a set stands for it.
#[derive(Clone, Debug)]
pub struct Sets(Vec<u32>);

impl Sets {
    /// So many numbers, each in a set of its own.
    #[must_use]
    pub fn new(count: u32) -> Self {
        Self((0..count).collect())
    }

    /// The number that stands for the set of this one.
    pub fn root(&mut self, mut number: u32) -> u32 {
        loop {
            let above = self.above(number);
            if above == number {
                return number;
            }
            // Halves the way for those that come later.
            let next = self.above(above);
            if let Some(slot) = self.0.get_mut(number as usize) {
                *slot = next;
            }
            number = next;
        }
    }

    fn above(&self, number: u32) -> u32 {
        self.0.get(number as usize).copied().unwrap_or(number)
    }

    /// Makes one set of two.
    pub fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(slot) = self.0.get_mut(one.max(other) as usize) {
            *slot = one.min(other);
        }
    }
}

/// Joins all numbers whose hashes differ in at most `distance` bits.
///
/// Two hashes that differ in at most `d` bits are equal in at least one of `d + 1` pieces (Norouzi, Punjani and Fleet
/// 2012, "multi-index hashing"): so hashes are sorted by each piece in turn, and only those equal in it are looked at,
/// by the same rule over the bits that are left. Bits in which all of them agree make no piece.
pub fn join_near(sets: &mut Sets, mut hashes: Vec<(u64, u32)>, distance: u32) {
    hashes.sort_unstable();
    for equal in hashes.chunk_by(|a, b| a.0 == b.0) {
        for pair in equal.windows(2) {
            if let [(_, one), (_, other)] = pair {
                sets.join(*one, *other);
            }
        }
    }
    hashes.dedup_by_key(|(hash, _)| *hash);
    search(sets, &mut hashes, u64::MAX, distance);
}

/// Joins the near ones of hashes that differ only in these bits.
fn search(sets: &mut Sets, items: &mut [(u64, u32)], bits: u64, distance: u32) {
    let Some(&(first, number)) = items.first() else { return };
    let root = sets.root(number);
    if items.iter().all(|(_, number)| sets.root(*number) == root) {
        return;
    }
    let varying = bits & items.iter().fold(0, |seen, (hash, _)| seen | (hash ^ first));
    if items.len() <= FEW || varying.count_ones() < SHORTEST * (distance + 1) {
        return compare(sets, items, distance);
    }
    for piece in pieces(varying, distance + 1) {
        items.sort_unstable_by_key(|(hash, _)| hash & piece);
        for equal in items.chunk_by_mut(|a, b| a.0 & piece == b.0 & piece).filter(|equal| equal.len() > 1) {
            search(sets, equal, varying & !piece, distance);
        }
    }
}

/// Cuts bits into so many pieces of about the same size.
fn pieces(bits: u64, count: u32) -> Vec<u64> {
    let (mut left, mut out) = (bits, Vec::new());
    for rest in (1..=count).rev() {
        let mut piece = 0;
        for _ in 0..left.count_ones().div_ceil(rest) {
            let lowest = left & left.wrapping_neg();
            piece |= lowest;
            left &= !lowest;
        }
        out.push(piece);
    }
    out
}

/// Compares all with all, set by set: what has joined a set is not looked for any more. Where nearly all are near, this
/// takes hardly more than one round.
fn compare(sets: &mut Sets, items: &mut [(u64, u32)], distance: u32) {
    // Those before `done` have been compared with all; those up to `grown` belong to the set that grows.
    let (mut done, mut grown) = (0, 0);
    while grown < items.len() {
        grown = grown.max(done + 1);
        let Some(&(hash, number)) = items.get(done) else { return };
        done += 1;
        let mut at = grown;
        while let Some(&(other, found)) = items.get(at) {
            if (hash ^ other).count_ones() <= distance {
                sets.join(number, found);
                items.swap(grown, at);
                grown += 1;
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;
    use proptest::prelude::*;

    fn found(hashes: &[u64], distance: u32) -> Vec<u32> {
        let count = u32::try_from(hashes.len()).unwrap();
        let mut sets = Sets::new(count);
        join_near(&mut sets, hashes.iter().copied().zip(0..).collect(), distance);
        (0..count).map(|n| sets.root(n)).collect()
    }

    /// Every pair, and nothing clever.
    fn plain(hashes: &[u64], distance: u32) -> Vec<u32> {
        let count = u32::try_from(hashes.len()).unwrap();
        let mut sets = Sets::new(count);
        for (a, i) in hashes.iter().zip(0..) {
            for (b, j) in hashes.iter().zip(0..i) {
                if (a ^ b).count_ones() <= distance {
                    sets.join(i, j);
                }
            }
        }
        (0..count).map(|n| sets.root(n)).collect()
    }

    fn numbers(seed: u64) -> impl Iterator<Item = u64> {
        let mut random = Random::new(seed);
        std::iter::repeat_with(move || random.next_number())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_sets_are_those_of_comparing_every_pair(
            seed in any::<u64>(),
            centres in 1_usize..400,
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>(), any::<u64>(), any::<u64>()), 0..600),
            mask in prop_oneof![Just(u64::MAX), any::<u64>(), Just(0xfff_ffff), Just(0x3ff)],
            distance in 0_u32..=FARTHEST,
        ) {
            let centres: Vec<u64> = numbers(seed).take(centres).map(|n| n & mask).collect();
            // Three random numbers under each other leave an eighth of the bits: about 8 flips.
            let near = flips.iter().map(|(at, a, b, c)| at.get(&centres) ^ (a & b & c & mask));
            let hashes: Vec<u64> = centres.iter().copied().chain(near).collect();
            prop_assert_eq!(found(&hashes, distance), plain(&hashes, distance));
        }
    }

    #[test]
    fn crowded_and_constant_hashes_are_no_worse() {
        // All within twenty bits: nearly everything is near.
        let crowd: Vec<u64> = numbers(1).take(3_000).map(|n| (n & 0xf_ffff) << 20).collect();
        assert_eq!(found(&crowd, 2), plain(&crowd, 2));
        assert_eq!(found(&[7; 500], 0), vec![0; 500]);
        assert_eq!(found(&[], 6), Vec::<u32>::new());
        assert_eq!(found(&[0, u64::MAX], FARTHEST), [0, 1]);
    }

    #[test]
    fn pieces_cover_all_bits_once() {
        for bits in numbers(3).take(50) {
            let cut = pieces(bits, 7);
            assert_eq!(cut.len(), 7);
            assert_eq!(cut.iter().fold(0, |a, b| a | b), bits);
            assert_eq!(cut.iter().map(|p| p.count_ones()).sum::<u32>(), bits.count_ones());
        }
    }
}
