//! The next byte that means something, found eight bytes at a time.
//!
//! Why: whoever follows the shape of a large file does little else, and most bytes mean nothing. What always holds: what is
//! found is the first byte of its kind, as a loop over single bytes would find it.

/// A byte in each of eight places.
const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = EACH << 7;

/// The first quote or backslash.
pub(super) fn text_end(bytes: &[u8]) -> Option<usize> {
    first(bytes, |eight| equal(eight, b'"') | equal(eight, b'\\'), |byte| matches!(byte, b'"' | b'\\'))
}

/// The first quote, backslash or byte below the space: where a text ends that stands for itself.
pub fn plain_text(bytes: &[u8]) -> Option<usize> {
    let below = |eight: u64| eight.wrapping_sub(EACH * 0x20) & !eight & HIGH;
    let ends = |eight| equal(eight, b'"') | equal(eight, b'\\') | below(eight);
    first(bytes, ends, |byte| matches!(byte, b'"' | b'\\') || byte < 0x20)
}

/// The first byte that begins or ends a text, a list or an object.
pub(super) fn bracket(bytes: &[u8]) -> Option<usize> {
    // Square and curly ones differ in one bit.
    let ends = |eight: u64| {
        let curly = eight | (EACH * 0x20);
        equal(eight, b'"') | equal(curly, b'{') | equal(curly, b'}')
    };
    first(bytes, ends, is_bracket)
}

/// Whether a byte begins or ends a text, a list or an object.
pub(super) fn is_bracket(byte: u8) -> bool {
    matches!(byte, b'"' | b'[' | b']' | b'{' | b'}')
}

/// How many lines end here.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    // So many that their number fits into a byte are counted at once, which goes many times as fast.
    let count = |few: &[u8]| few.iter().fold(0_u8, |n, byte| n + u8::from(*byte == b'\n'));
    bytes.chunks(255).map(|few| u64::from(count(few))).sum()
}

/// Marks the lowest byte that is this one by its uppermost bit. Bytes above it may be marked without being it.
fn equal(eight: u64, byte: u8) -> u64 {
    let other = eight ^ (EACH * u64::from(byte));
    other.wrapping_sub(EACH) & !other & HIGH
}

/// The first byte that is marked, or that `one` is true of, which must mean the same.
fn first(bytes: &[u8], marks: impl Fn(u64) -> u64, one: impl Fn(u8) -> bool) -> Option<usize> {
    let (eights, rest) = bytes.as_chunks::<8>();
    for (i, eight) in eights.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*eight));
        if found != 0 {
            return Some(i * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| one(*byte)).map(|at| eights.len() * 8 + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes next to those that are looked for, and any other.
    fn near() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            prop::sample::select(
                &b"\"!#[]{}Zz\\^_|~\x1f\x20\x00\x80\xdb\xdd\xfb\xfd\xa2\n\x0b\x7f\x5a\x3b\x3d\x02"[..]
            ),
            any::<u8>()
        ];
        prop::collection::vec(byte, 0..40)
    }

    proptest! {
        #[test]
        fn the_first_is_found(bytes in near()) {
            let naive = |one: &dyn Fn(u8) -> bool| bytes.iter().position(|byte| one(*byte));
            prop_assert_eq!(text_end(&bytes), naive(&|b| b == b'"' || b == b'\\'));
            prop_assert_eq!(plain_text(&bytes), naive(&|b| b == b'"' || b == b'\\' || b < 0x20));
            prop_assert_eq!(bracket(&bytes), naive(&is_bracket));
        }

        #[test]
        fn lines_are_counted(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..1200)) {
            prop_assert_eq!(line_ends(&bytes), bytes.iter().filter(|b| **b == b'\n').count() as u64);
        }
    }
}
