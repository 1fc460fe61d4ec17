//! Whether bytes are text, and in which encoding.

/// Share of characters that may be control or replacement characters in what is still text.
const STRANGE: usize = 20;
/// Bytes that are enough to recognise UTF-16 without its mark.
const SAMPLE: usize = 512;

/// The text, without its byte order mark; nothing if the bytes are no text. `cut`: the last character may be incomplete.
pub(super) fn text(bytes: &[u8], cut: bool) -> Option<String> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, cut),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match zeros(bytes) {
            (0, 0) => utf8(bytes, cut),
            (first, second) if second > 4 * first.max(1) => utf16(bytes, u16::from_le_bytes),
            (first, second) if first > 4 * second.max(1) => utf16(bytes, u16::from_be_bytes),
            _ => return None,
        },
    };
    let strange = |c: &char| *c == '\u{fffd}' || (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b'));
    let (mut odd, mut all) = (0, 0);
    for c in text.chars().take(1 << 14) {
        all += 1;
        odd += usize::from(strange(&c));
    }
    (odd * STRANGE <= all).then_some(text)
}

fn utf8(bytes: &[u8], cut: bool) -> String {
    let end = match std::str::from_utf8(bytes) {
        Err(error) if cut && error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    };
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Zero bytes at even and at odd places: text has them only in UTF-16, on one side.
fn zeros(bytes: &[u8]) -> (usize, usize) {
    let (pairs, rest) = bytes[..bytes.len().min(SAMPLE)].as_chunks::<2>();
    let count = |side: usize| pairs.iter().filter(|pair| pair[side] == 0).count();
    (count(0) + usize::from(rest == [0]), count(1))
}
