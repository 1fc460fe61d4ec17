//! Label Studio's brush strokes: the bytes of a picture (red, green, blue, opacity), packed by thi.ng's `rle-pack`.
//!
//! The packed form: 32 bits with the number of bytes; 5 bits, the bits of a byte less one; four times 4 bits, the bits of
//! the four lengths of blocks less one; then blocks: one bit that says whether a value is repeated, two bits that choose
//! a length, the length less one, and the value or values.

use super::super::bitmap::{PIXELS, Window, placed};
use crate::domain::annotation::Shape;
use serde_json::Value;

/// Opacity from which a pixel is painted: brushes have soft edges.
const PAINTED: u32 = 128;

/// The mask of what was painted on a picture of this size.
///
/// # Errors
/// When the data are cut off, or those of a picture of another size.
pub(super) fn mask(packed: &[Value], (width, height): (u32, u32)) -> Result<Shape, String> {
    let byte = |v: &Value| v.as_u64().and_then(|n| u8::try_from(n).ok()).ok_or("rle is no list of bytes");
    let bytes = packed.iter().map(byte).collect::<Result<Vec<u8>, _>>()?;
    let area = u64::from(width) * u64::from(height);
    if area > PIXELS {
        return Err(format!("a mask on {width} x {height} pixels is too large"));
    }
    let pixels = painted(&bytes, area * 4)
        .ok_or_else(|| format!("rle is cut off, or not that of a picture of {width} x {height} pixels"))?;
    placed(&Window { left: 0, top: 0, width, height }, &pixels, (width, height))
}

/// For each pixel whether it is painted; nothing unless there are so many bytes.
fn painted(bytes: &[u8], length: u64) -> Option<Vec<bool>> {
    let mut bits = Bits { bytes, at: 0 };
    if u64::from(bits.take(32)?) != length {
        return None;
    }
    let word = bits.take(5)? + 1;
    let mut sizes = [0; 4];
    for size in &mut sizes {
        *size = bits.take(4)? + 1;
    }
    let mut out = vec![false; usize::try_from(length / 4).ok()?];
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes numbers of so many bits.
    fn pack(fields: &[(u32, u32)]) -> Vec<u8> {
        let bits: Vec<u32> = fields.iter().flat_map(|(v, n)| (0..*n).rev().map(move |i| v >> i & 1)).collect();
        bits.chunks(8).map(|c| c.iter().fold(0, |out, bit| (out << 1) | *bit as u8) << (8 - c.len())).collect()
    }

    /// Two pixels beside each other: one painted, one not; as one block of four values and one repeated.
    fn two() -> Vec<u8> {
        let head = [(8, 32), (7, 5), (3, 4), (4, 4), (8, 4), (15, 4)];
        let values = [(0, 1), (0, 2), (3, 4), (9, 8), (9, 8), (9, 8), (255, 8)];
        let repeated = [(1, 1), (1, 2), (3, 5), (0, 8)];
        pack(&[&head[..], &values, &repeated].concat())
    }

    #[test]
    fn strokes_are_unpacked() {
        assert_eq!(painted(&two(), 8), Some(vec![true, false]));
        let list: Vec<Value> = two().into_iter().map(Value::from).collect();
        assert_eq!(mask(&list, (2, 1)), Ok(Shape::Mask { size: [1, 2], counts: vec![0, 1, 1] }));
        assert_eq!(mask(&list, (1, 2)), Ok(Shape::Mask { size: [2, 1], counts: vec![0, 1, 1] }));
    }

    #[test]
    fn what_is_cut_or_of_another_picture_is_refused() {
        let whole = two();
        for len in 0..whole.len() {
            assert_eq!(painted(&whole[..len], 8), None, "{len}");
        }
        assert_eq!(painted(&whole, 12), None);
        assert!(mask(&[Value::from(300)], (2, 1)).is_err());
        assert!(mask(&[], (100_000, 100_000)).is_err());
    }
}
