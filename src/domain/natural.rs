//! The order people expect of file names: `img2` before `img10`; and names by the million.

mod names;
mod sort;

pub use names::{NameList, Names};
pub use sort::{NaturalOrder, NaturalSort};

/// A key whose byte order is the natural order of `text`: letters by lower case, runs of digits by value.
///
/// Ties (`A` and `a`, `1` and `01`) are broken by the text itself, which follows the folded form after a zero byte, so
/// the order is total and two different texts never have equal keys.
#[must_use]
pub fn natural_key(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2 + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let end = rest.find(|d: char| !d.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, tail) = rest.split_at(end);
            push_number(&mut out, digits);
            rest = tail;
        } else {
            push_folded(&mut out, c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    out.push(0);
    out.extend_from_slice(text.as_bytes());
    out
}

/// A digit run: its length after leading zeros, then the digits, so that longer numbers sort later.
fn push_number(out: &mut Vec<u8>, digits: &str) {
    let digits = digits.trim_start_matches('0');
    out.push(b'0');
    let mut length = digits.len();
    while length >= 255 {
        out.push(255);
        length -= 255;
    }
    out.push(u8::try_from(length).unwrap_or(254));
    out.extend_from_slice(digits.as_bytes());
}

/// A character in lower case; `/` sorts before everything so that a folder's files stay together.
fn push_folded(out: &mut Vec<u8>, c: char) {
    if c == '/' {
        out.push(1);
        return;
    }
    let mut buffer = [0; 4];
    for lower in c.to_lowercase() {
        out.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(mut names: Vec<&str>) -> Vec<&str> {
        names.sort_by_key(|n| natural_key(n));
        names
    }

    #[test]
    fn numbers_by_value_and_folders_together() {
        assert_eq!(sorted(vec!["img10", "img2", "Img1"]), ["Img1", "img2", "img10"]);
        assert_eq!(sorted(vec!["a-b/1", "a/2", "a/1"]), ["a/1", "a/2", "a-b/1"]);
        assert_ne!(natural_key("a01"), natural_key("a1"));
    }
}
