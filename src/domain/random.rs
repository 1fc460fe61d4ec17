//! Numbers that look random and are the same for the same seed, on every machine and for ever.
//!
//! Why here: samples are shuffled, data sets are split, demo pictures are drawn and intervals are worked out with them, and
//! each must come out the same again tomorrow; so the numbers of a seed never change.

/// `SplitMix64`: G. Steele, D. Lea, C. Flood (2014), "Fast splittable pseudorandom number generators".
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// Above 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        ((self.next_number() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Below `end`; 0 where that is 0. The bias of the remainder is below 2^-40 for every list that fits into memory.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next_number() % end.max(1) as u64).unwrap_or(0)
    }
}

/// The number that a seed begins with: a bijection of all 64-bit numbers.
#[must_use]
pub fn first(seed: u64) -> u64 {
    Random::new(seed).next_number()
}

/// The finaliser of `SplitMix64`; another bijection of all 64-bit numbers, which leaves 0 as it is.
#[must_use]
pub fn mixed(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference() {
        // The first three of seed 1234567, as the authors' program prints them.
        let mut random = Random::new(1_234_567);
        let found: Vec<u64> = (0..3).map(|_| random.next_number()).collect();
        assert_eq!(found, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
        assert_eq!(first(1_234_567), found[0]);
    }
}
