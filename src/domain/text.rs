//! Text from outside: how it is shown without harm, and how file names that are not UTF-8 are kept without loss.
//!
//! A file name, a table cell, a server message or an EXIF value may hold escape sequences, bidi overrides or
//! invisible characters. Everything that draws or prints such text passes it through [`printable`] first.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// First of the 128 private-use characters that stand for the bytes `0x80..=0xff` of a name that is not UTF-8.
const RAW_BASE: u32 = 0xF780;

/// Shows text on one line: control, bidi, zero-width, line-separating and raw-byte characters become visible escapes
/// such as `\n`, `\x1b`, `\u{202e}`. Printable text is borrowed unchanged.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(needs_escape) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if needs_escape(c) {
            push_escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            let code = c as u32;
            let shown = match raw_byte(c) {
                Some(byte) => format!("\\x{byte:02x}"),
                None if code < 0x100 => format!("\\x{code:02x}"),
                None => format!("\\u{{{code:x}}}"),
            };
            out.push_str(&shown);
        }
    }
}

fn needs_escape(c: char) -> bool {
    c.is_control()
        || raw_byte(c).is_some()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
            | '\u{10eeee}')
}

fn raw_byte(c: char) -> Option<u8> {
    let offset = (c as u32).checked_sub(RAW_BASE)?;
    u8::try_from(offset).ok().filter(|b| *b < 0x80).map(|b| b + 0x80)
}

/// Whether a text holds bytes that are no UTF-8, as [`encode_os`] keeps them.
#[must_use]
pub fn has_raw_bytes(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| raw_byte(c).is_some())
}

/// Keeps a file name as text without loss: valid UTF-8 as it is, every other byte as one private-use character.
///
/// [`decode_os`] gives the same bytes back for every name, also for names that already hold those characters.
#[must_use]
pub fn encode_os(name: &OsStr) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if raw_byte(c).is_some() {
                let mut buffer = [0; 4];
                c.encode_utf8(&mut buffer).as_bytes().iter().for_each(|b| push_raw(&mut out, *b));
            } else {
                out.push(c);
            }
        }
        chunk.invalid().iter().for_each(|b| push_raw(&mut out, *b));
    }
    out
}

fn push_raw(out: &mut String, byte: u8) {
    let raw = u32::from(byte).checked_sub(0x80).and_then(|offset| char::from_u32(RAW_BASE + offset));
    out.push(raw.unwrap_or(char::from(byte & 0x7f)));
}

/// The file name that [`encode_os`] was given.
#[must_use]
pub fn decode_os(text: &str) -> OsString {
    let mut bytes = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        match raw_byte(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    }
    OsString::from_vec(bytes)
}

/// `%20` and its like, as addresses write what they cannot hold (RFC 3986, 2.1), as what they stand for. What is none stays
/// as it is, and so does a text that would not be UTF-8 afterwards.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let pair = (*byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let pair = pair.filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
        let value = pair.and_then(|p| std::str::from_utf8(p).ok()).and_then(|p| u8::from_str_radix(p, 16).ok());
        out.push(value.unwrap_or(*byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// A number with thousands separated: `1,204`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_visible_and_plain_text_is_borrowed() {
        assert!(matches!(printable("naïve 日本.jpg"), Cow::Borrowed(_)));
        assert_eq!(printable("a\u{1b}[31m\u{202e}\n"), "a\\x1b[31m\\u{202e}\\n");
        assert_eq!(printable(&encode_os(OsStr::from_bytes(b"bad_\xff"))), "bad_\\xff");
    }

    #[test]
    fn percent_signs_are_undone_where_they_stand_for_something() {
        assert_eq!(percent_decoded("a%20b%2fc%C3%A9"), "a b/c\u{e9}");
        assert_eq!(percent_decoded("100% %zz %4 %FF"), "100% %zz %4 %FF");
    }

    #[test]
    fn names_that_hold_the_private_characters_survive() {
        for name in [&b"plain"[..], b"\xff\xfe", "\u{f7ff}\u{f780}".as_bytes(), b"\xed\xa0\x80"] {
            assert_eq!(decode_os(&encode_os(OsStr::from_bytes(name))).as_bytes(), name);
        }
    }
}
