//! Bits of a scan, from the most significant, without the zeros that are stuffed behind every `FF` (T.81, F.1.2.3).
//!
//! What always holds: behind the data follow zeros, without end, and they are counted.

/// What a reader was in the middle of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bits {
    /// The next bits, from the top.
    buffer: u64,
    /// How many of them count.
    count: u32,
    /// Zeros among them that stand for nothing.
    padding: u32,
    /// Next byte in the data.
    pub(super) at: usize,
}

impl Bits {
    /// None taken yet.
    pub(super) fn from(at: usize) -> Self {
        Self { at, ..Self::default() }
    }
}

/// Reads bits of a slice. Copied rather than lent where a call is not inlined, so that it stays in registers.
#[derive(Clone, Copy)]
pub(super) struct BitReader<'d> {
    data: &'d [u8],
    bits: Bits,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

impl<'d> BitReader<'d> {
    /// Goes on where `bits` was.
    pub(super) fn new(data: &'d [u8], bits: Bits) -> Self {
        Self { data, bits }
    }

    /// What to go on with.
    pub(super) fn state(&self) -> Bits {
        self.bits
    }

    /// Bytes that were not looked at.
    #[inline(always)]
    pub(super) fn room(&self) -> usize {
        self.data.len().saturating_sub(self.bits.at)
    }

    /// Whether bits were taken that are not in the data.
    #[inline(always)]
    pub(super) fn overrun(&self) -> bool {
        self.bits.padding > self.bits.count
    }

    /// Sees to it that at least 32 bits can be looked at.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if self.bits.count < 32 {
            self.refill_now();
        }
    }

    #[inline(always)]
    fn refill_now(&mut self) {
        let bits = &mut self.bits;
        if let Some(eight) = self.data.get(bits.at..).and_then(|d| d.first_chunk::<8>()) {
            let word = u64::from_be_bytes(*eight);
            // No byte is FF: the inverted word has no zero byte.
            if (!word).wrapping_sub(ONES) & word & TOPS == 0 {
                bits.buffer |= word >> bits.count;
                bits.at += ((63 - bits.count) >> 3) as usize;
                bits.count |= 56;
                return;
            }
        }
        self.bits = refill_slowly(self.data, self.bits);
    }

    /// The next bits; at most as many as the last refill promised.
    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.bits.buffer >> (64 - count)) as usize
    }

    /// Passes over bits that were looked at.
    #[inline(always)]
    pub(super) fn consume(&mut self, count: u32) {
        self.bits.buffer <<= count;
        self.bits.count -= count;
    }

    /// A value of up to 15 bits, of those that can be looked at.
    #[inline(always)]
    pub(super) fn value(&mut self, size: u32) -> i32 {
        // Two shifts, as one by 64 is none.
        let bits = (self.bits.buffer >> 1 >> (63 - size)) as i32;
        self.consume(size);
        extend(bits, size)
    }

    /// A number of up to 16 bits, refilled for.
    #[inline]
    pub(super) fn number(&mut self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        self.refill();
        let value = self.peek(count) as u32;
        self.consume(count);
        value
    }
}

#[cold]
#[inline(never)]
fn refill_slowly(data: &[u8], mut bits: Bits) -> Bits {
    // Bits beyond the count may be there already; they are those of the next byte.
    bits.buffer &= !(u64::MAX >> bits.count);
    while bits.count <= 56 {
        let byte = match (data.get(bits.at), data.get(bits.at + 1)) {
            (Some(0xFF), Some(0)) => {
                bits.at += 2;
                0xFF
            }
            (Some(0xFF), Some(0xFF)) => {
                bits.at += 1;
                continue;
            }
            (Some(byte), _) if *byte != 0xFF => {
                bits.at += 1;
                *byte
            }
            // A marker, or the end.
            _ => {
                bits.padding += 8;
                0
            }
        };
        bits.buffer |= u64::from(byte) << (56 - bits.count);
        bits.count += 8;
    }
    bits
}

/// The value that `size` bits stand for (T.81, F.2.2.1, EXTEND).
#[inline(always)]
pub(super) fn extend(bits: i32, size: u32) -> i32 {
    let all = (1 << size) - 1;
    if bits > all >> 1 { bits } else { bits - all }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_without_stuffing_and_end_in_counted_zeros() {
        let data = [0xA5, 0xFF, 0, 0x0F, 1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xFF, 0, 9, 0xFF, 0xD9];
        let plain: [u8; 15] = [0xA5, 0xFF, 0x0F, 1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 9, 0, 0];
        for step in 1..=16_u32 {
            let mut reader = BitReader::new(&data, Bits::default());
            let mut taken = 0;
            while taken + step <= plain.len() as u32 * 8 {
                let value = reader.number(step);
                let wanted = (taken..taken + step)
                    .fold(0, |v, bit| v << 1 | u32::from(plain[bit as usize / 8] >> (7 - bit % 8) & 1));
                assert_eq!(value, wanted, "{step} bits at {taken}");
                taken += step;
                assert_eq!(reader.overrun(), taken > 13 * 8, "{step} bits at {taken}");
            }
        }
    }

    #[test]
    fn values_extend_to_both_signs() {
        let all: Vec<i32> = (0..8).map(|bits| extend(bits, 3)).collect();
        assert_eq!(all, [-7, -6, -5, -4, 4, 5, 6, 7]);
        assert_eq!((extend(0, 0), extend(0, 1), extend(1, 1)), (0, -1, 1));
    }
}
