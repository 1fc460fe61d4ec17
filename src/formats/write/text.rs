//! Text for XML, YAML and CSV, so that no name breaks a file.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text inside XML elements and attributes. Characters that XML 1.0 cannot hold become U+FFFD.
pub(super) fn xml(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !matches!(c, '&' | '<' | '>' | '"' | '\'' | '\u{fffe}' | '\u{ffff}') && !c.is_control();
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' | '\u{7f}'..='\u{9f}' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A text of YAML in double quotes, which YAML 1.1 and 1.2 read alike.
pub(super) fn yaml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The path of a picture without its ending.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    match path.get(name..).and_then(|n| n.rfind('.')) {
        Some(dot) if dot > 0 => path.get(..name + dot).unwrap_or(path),
        _ => path,
    }
}

/// The last part of a path.
pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_no_file() {
        assert_eq!(xml("a \"b\" <c>&'\n\u{1}é"), "a &quot;b&quot; &lt;c&gt;&amp;&apos;&#10;\u{fffd}é");
        assert_eq!(yaml("a: \"b\"\\ #\n\u{85}"), "\"a: \\\"b\\\"\\\\ #\\n\\u0085\"");
        assert_eq!(
            (stem("a.b/c.tar.gz"), stem("a.b/c"), stem(".x"), stem("a/.x")),
            ("a.b/c.tar", "a.b/c", ".x", "a/.x")
        );
    }
}
