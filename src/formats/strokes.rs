//! Label Studio's brush strokes: the bytes of a picture (red, green, blue, opacity), packed by thi.ng's `rle-pack`.
//!
//! The packed form: 32 bits with the number of bytes; 5 bits, the bits of a byte less one; four times 4 bits, the bits of
//! the four lengths of blocks less one; then blocks: one bit that says whether a value is repeated, two bits that choose
//! a length, the length less one, and the value or values. What always holds: unpacking takes no more memory than a
//! pixel a byte of what the caller says the picture has.

/// Opacity from which a pixel is painted: brushes have soft edges.
const PAINTED: u32 = 128;
/// The bits of the lengths that are written.
const SIZES: [u32; 4] = [4, 8, 12, 16];

/// For each pixel, row by row, whether it is painted; nothing where the bytes are cut off, or not those of a picture of
/// so many pixels.
#[must_use]
pub fn unpack(bytes: &[u8], pixels: u32) -> Option<Vec<bool>> {
    let mut bits = Bits { bytes, at: 0 };
    let length = u64::from(bits.take(32)?);
    if length != u64::from(pixels) * 4 {
        return None;
    }
    let word = bits.take(5)? + 1;
    let mut sizes = [0; 4];
    for size in &mut sizes {
        *size = bits.take(4)? + 1;
    }
    let mut out = vec![false; pixels as usize];
    let mut at: u64 = 0;
    while at < length {
        let same = bits.take(1)? == 1;
        let size = *sizes.get(bits.take(2)? as usize)?;
        let end = (at + 1 + u64::from(bits.take(size)?)).min(length);
        let mut value = if same { bits.take(word)? } else { 0 };
        for n in at..end {
            if !same {
                value = bits.take(word)?;
            }
            if n % 4 == 3 && value >= PAINTED {
                *out.get_mut((n / 4) as usize)? = true;
            }
        }
        at = end;
    }
    Some(out)
}

/// Packs pixels that are given row by row: painted ones become white. Nothing for more than the form can count.
#[must_use]
pub fn pack(pixels: &[bool]) -> Option<Vec<u8>> {
    let length = u32::try_from(pixels.len()).ok()?.checked_mul(4)?;
    let mut out = Packed::default();
    out.put(length, 32);
    out.put(7, 5);
    SIZES.iter().for_each(|size| out.put(size - 1, 4));
    for run in pixels.chunk_by(|a, b| a == b) {
        let value = if run.first() == Some(&true) { 255 } else { 0 };
        let mut left = run.len() as u64 * 4;
        while left > 0 {
            // The shortest length that holds all of it, or the longest there is.
            let fits = SIZES.iter().position(|size| left <= 1 << size).unwrap_or(SIZES.len() - 1);
            let size = SIZES.get(fits).copied().unwrap_or(16);
            let count = left.min(1 << size);
            out.put(1, 1);
            out.put(fits as u32, 2);
            out.put((count - 1) as u32, size);
            out.put(value, 8);
            left -= count;
        }
    }
    Some(out.bytes)
}

/// Numbers of so many bits, the first bit first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut out = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            out = (out << 1) | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(out)
    }
}

#[derive(Default)]
struct Packed {
    bytes: Vec<u8>,
    /// Bits of the last byte that are taken.
    taken: u32,
}

impl Packed {
    fn put(&mut self, value: u32, count: u32) {
        for bit in (0..count).rev().map(|i| value >> i & 1) {
            if self.taken == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= (bit << (7 - self.taken)) as u8;
            }
            self.taken = (self.taken + 1) % 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two pixels beside each other, one painted: a block of four values and one of four times the same.
    fn two() -> Vec<u8> {
        let mut out = Packed::default();
        let head = [(8, 32), (7, 5), (3, 4), (4, 4), (8, 4), (15, 4)];
        let values = [(0, 1), (0, 2), (3, 4), (9, 8), (9, 8), (9, 8), (255, 8)];
        let repeated = [(1, 1), (1, 2), (3, 5), (0, 8)];
        [&head[..], &values, &repeated].concat().iter().for_each(|(value, count)| out.put(*value, *count));
        out.bytes
    }

    #[test]
    fn blocks_of_both_kinds_are_unpacked() {
        assert_eq!(unpack(&two(), 2), Some(vec![true, false]));
    }

    #[test]
    fn what_is_cut_or_of_another_picture_is_refused() {
        let whole = two();
        for len in 0..whole.len() {
            assert_eq!(unpack(&whole[..len], 2), None, "{len}");
        }
        assert_eq!(unpack(&whole, 3), None);
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(runs in prop::collection::vec((1_usize..40_000, any::<bool>()), 0..12)) {
            let pixels: Vec<bool> = runs.iter().flat_map(|(n, on)| std::iter::repeat_n(*on, *n)).collect();
            prop_assert_eq!(unpack(&pack(&pixels).unwrap(), pixels.len() as u32), Some(pixels));
        }

        #[test]
        fn any_bytes_are_pixels_or_nothing(bytes in prop::collection::vec(any::<u8>(), 0..200), pixels in 0_u32..5000) {
            prop_assert!(unpack(&bytes, pixels).is_none_or(|out| out.len() == pixels as usize));
        }
    }
}
