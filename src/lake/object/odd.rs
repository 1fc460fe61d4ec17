//! Keys that are no paths: with empty parts, `.`, `..` or control characters.
//!
//! Why: `object_store` refuses a whole page of a listing for one such key, and then nothing of a folder is seen. So the
//! text of a listing is looked through before, and such keys get a form that can be shown: `a//b` becomes `a/%2F/b`.
//! What always holds: every other key stays as it is; an odd one is seen in its folder, and opening it says that it is
//! not there.

use object_store::path::Path;
use std::borrow::Cow;

/// The elements that hold keys, of S3 and Google, and of Azure.
const ELEMENTS: [(&str, &str); 3] = [("<Key>", "</Key>"), ("<Prefix>", "</Prefix>"), ("<Name>", "</Name>")];

/// Whether a request asks for a listing.
pub(super) fn is_listing(query: &str) -> bool {
    query.split('&').any(|part| part == "list-type=2" || part == "comp=list")
}

/// A listing in which every key is a path.
pub(super) fn mended(listing: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(open) = listing[at..].find('<').map(|i| at + i) {
        let rest = &listing[open..];
        at = open + 1;
        let Some((tag, end)) = ELEMENTS.iter().find(|(tag, _)| rest.starts_with(tag)) else { continue };
        let start = open + tag.len();
        let Some(length) = listing[start..].find(end) else { break };
        let key = &listing[start..start + length];
        at = start + length;
        if let Some(shown) = odd(key) {
            out.push_str(&listing[done..start]);
            out.push_str(&shown);
            done = at;
        }
    }
    if done == 0 {
        return Cow::Borrowed(listing);
    }
    out.push_str(&listing[done..]);
    Cow::Owned(out)
}

/// How a key is shown, if it is no path; as text of XML.
fn odd(escaped: &str) -> Option<String> {
    let suspect = escaped.contains("//")
        || escaped.starts_with('/')
        || escaped.contains("&#")
        || escaped.chars().any(char::is_control)
        || escaped.split('/').any(|part| part == "." || part == "..");
    let key = if suspect { unescaped(escaped) } else { return None };
    let fine = Path::parse(&key).is_ok_and(|path| path.as_ref() == key.trim_end_matches('/'));
    (!fine && !key.is_empty()).then(|| escape(&shown(&key)))
}

fn shown(key: &str) -> String {
    let (body, slash) = key.strip_suffix('/').map_or((key, ""), |body| (body, "/"));
    let part = |part: &str| match part {
        "" => "%2F".to_owned(),
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        plain => {
            plain.chars().map(|c| if c.is_control() { format!("%{:02X}", u32::from(c)) } else { c.into() }).collect()
        }
    };
    let parts: Vec<String> = body.split('/').map(part).collect();
    format!("{}{slash}", parts.join("/"))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once(';') else {
            out.push('&');
            rest = after;
            continue;
        };
        let number = name.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16).ok());
        let number = number.or_else(|| name.strip_prefix('#').map(|n| n.parse().ok()));
        out.push(match (name, number) {
            ("lt", _) => '<',
            ("gt", _) => '>',
            ("quot", _) => '"',
            ("apos", _) => '\'',
            (_, Some(number)) => number.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER),
            _ => '&',
        });
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_keys_can_be_shown_and_others_stay() {
        let page = |key: &str| format!("<R><Prefix>d/</Prefix><Contents><Key>{key}</Key><Size>1</Size></Contents></R>");
        for plain in ["d/a.jpg", "d/a&amp;b.jpg", "d/\u{e9} x", "d/", "d/a&#39;b", "d/..a"] {
            assert!(matches!(mended(&page(plain)), Cow::Borrowed(_)), "{plain}");
        }
        for (key, shown) in [
            ("d//a", "d/%2F/a"),
            ("/a", "%2F/a"),
            ("d//", "d/%2F/"),
            ("d/../x", "d/%2E%2E/x"),
            ("d/a&#x1b;[31m", "d/a%1B[31m"),
            ("d/&lt;a&gt;//&amp;", "d/&lt;a&gt;/%2F/&amp;"),
        ] {
            assert_eq!(mended(&page(key)), page(shown), "{key}");
        }
        let azure = "<Blobs><BlobPrefix><Name>a//</Name></BlobPrefix><Blob><Name>b</Name></Blob></Blobs>";
        assert_eq!(mended(azure), azure.replace("a//", "a/%2F/"));
        assert!(is_listing("list-type=2&prefix=a") && is_listing("restype=container&comp=list") && !is_listing("a=1"));
    }
}
