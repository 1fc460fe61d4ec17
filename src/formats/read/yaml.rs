//! The little of YAML that a `data.yaml` of YOLO needs: top-level keys with a text, a list or a mapping of texts.
//!
//! Anything else at the top level is passed over as long as its own lines are indented; what is read and cannot be
//! understood (anchors, tags, block texts) is an error that says so.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a key holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    /// A text; numbers are texts too.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// Texts by key, in the order of the file.
    Map(Vec<(String, String)>),
}

/// Reads the wanted keys of the top level.
///
/// # Errors
/// The line and what cannot be read there.
pub fn keys(text: &str, wanted: &[&str]) -> Result<BTreeMap<String, Yaml>, String> {
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(Value::Object(fields)) = serde_json::from_str(text) {
        return Ok(of_json(&fields, wanted));
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut out = BTreeMap::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if line.starts_with([' ', '\t', '-', '#']) || line.trim().is_empty() || line.starts_with("...") {
            continue;
        }
        let Some((key, rest)) = line.split_once(':') else { continue };
        let key = plain(key.trim()).unwrap_or_default();
        let end = lines.iter().skip(at).position(|l| !is_inner(l)).map_or(lines.len(), |n| at + n);
        let inner = lines.get(at..end).unwrap_or_default();
        let first = at;
        at = end;
        if !wanted.contains(&key.as_str()) {
            continue;
        }
        let wrong =
            |n: usize, what: &str| format!("line {n}: {what}; lakelens reads simple texts, lists and mappings here");
        let rest = uncommented(rest).trim();
        let value = match rest.chars().next() {
            None => block(inner).map_err(|(n, what)| wrong(first + n + 1, what))?,
            Some('[' | '{') => {
                let whole = inner.iter().fold(rest.to_owned(), |all, line| folded(&all, uncommented(line)));
                flow(whole.trim()).ok_or_else(|| wrong(first, "the list or mapping is not closed or not simple"))?
            }
            Some('&' | '*' | '!' | '|' | '>') => return Err(wrong(first, "an anchor, tag or block text")),
            Some(_) => Yaml::Text(plain(rest).ok_or_else(|| wrong(first, "a text in quotes is not closed"))?),
        };
        out.insert(key, value);
    }
    Ok(out)
}

/// Whether a line belongs to the key above it.
fn is_inner(line: &str) -> bool {
    line.starts_with([' ', '\t', '-', ']', '}']) || line.trim().is_empty() || line.starts_with('#')
}

/// JSON is YAML as well.
fn of_json(fields: &Map<String, Value>, wanted: &[&str]) -> BTreeMap<String, Yaml> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let whole = |value: &Value| match value {
        Value::Array(list) => Yaml::List(list.iter().map(text).collect()),
        Value::Object(map) => Yaml::Map(map.iter().map(|(key, value)| (key.clone(), text(value))).collect()),
        other => Yaml::Text(text(other)),
    };
    let found = wanted.iter().filter_map(|key| Some(((*key).to_owned(), whole(fields.get(*key)?))));
    found.collect()
}

/// A line without its comment.
fn uncommented(line: &str) -> &str {
    let (mut quote, mut before, mut escaped) = (None, ' ', false);
    for (i, c) in line.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (None, '#') if before.is_whitespace() => return line.get(..i).unwrap_or_default(),
            // Inside a word it is no quote (`it's`), but the second of two belongs to the text in quotes.
            (None, '"' | '\'') if before.is_whitespace() || "[{,:".contains(before) || before == c => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

/// A text that goes on in the next line: a space stands for the break, and nothing where a backslash ends the line.
fn folded(text: &str, next: &str) -> String {
    let (text, next) = (text.trim_end(), next.trim());
    let slashes = text.len() - text.trim_end_matches('\\').len();
    match slashes % 2 {
        1 => text[..text.len() - 1].to_owned() + next,
        _ if text.is_empty() || next.is_empty() => text.to_owned() + next,
        _ => format!("{text} {next}"),
    }
}

/// A text, in quotes or not.
fn plain(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('\'') {
        return inner.strip_suffix('\'').map(|t| t.replace("''", "'"));
    }
    match text.starts_with('"') {
        // JSON writes what lies beyond 16 bits as two halves, which YAML does not know.
        true => serde_json::from_str(text).ok().or_else(|| unescaped(text.strip_prefix('"')?.strip_suffix('"')?)),
        false => Some(text.to_owned()),
    }
}

/// A text between double quotes with the escapes of YAML, as PyYAML writes every letter that is not ASCII.
fn unescaped(text: &str) -> Option<String> {
    let (mut out, mut rest) = (String::new(), text.chars());
    while let Some(c) = rest.next() {
        if c != '\\' {
            if c == '"' {
                return None;
            }
            out.push(c);
            continue;
        }
        let kind = rest.next()?;
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        out.push(match digits {
            0 => escaped(kind)?,
            n => char::from_u32(u32::from_str_radix(&rest.by_ref().take(n).collect::<String>(), 16).ok()?)?,
        });
    }
    Some(out)
}

/// The character that a letter after a backslash stands for.
fn escaped(kind: char) -> Option<char> {
    const KNOWN: [(char, char); 18] = [
        ('0', '\0'),
        ('a', '\u{7}'),
        ('b', '\u{8}'),
        ('t', '\t'),
        ('\t', '\t'),
        ('n', '\n'),
        ('v', '\u{b}'),
        ('f', '\u{c}'),
        ('r', '\r'),
        ('e', '\u{1b}'),
        (' ', ' '),
        ('"', '"'),
        ('/', '/'),
        ('\\', '\\'),
        ('N', '\u{85}'),
        ('_', '\u{a0}'),
        ('L', '\u{2028}'),
        ('P', '\u{2029}'),
    ];
    KNOWN.into_iter().find(|(known, _)| *known == kind).map(|(_, meant)| meant)
}

/// The entries of a block with the lines in which they begin; what is indented more than the first belongs to the one above.
fn entries(lines: &[&str]) -> Vec<(usize, String)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (mut out, mut first): (Vec<(usize, String)>, _) = (Vec::new(), None);
    for (n, line) in lines.iter().enumerate().filter(|(_, line)| !uncommented(line).trim().is_empty()) {
        let first = *first.get_or_insert(indent(line));
        match out.last_mut().filter(|_| indent(line) > first) {
            Some((_, above)) => *above = folded(above, line),
            None => out.push((n, line.trim().to_owned())),
        }
    }
    out
}

fn block(lines: &[&str]) -> Result<Yaml, (usize, &'static str)> {
    let (mut list, mut map) = (Vec::new(), Vec::new());
    for (n, line) in entries(lines) {
        let line = uncommented(&line).trim();
        if let Some(item) = line.strip_prefix("- ").or(if line == "-" { Some("") } else { None }) {
            list.push(plain(item.trim()).ok_or((n, "a text in quotes is not closed"))?);
        } else {
            let (key, value) = split(line).ok_or((n, "neither an entry of a list nor `key: value`"))?;
            map.push((key, value));
        }
    }
    match (list.is_empty(), map.is_empty()) {
        (false, true) => Ok(Yaml::List(list)),
        (true, false) => Ok(Yaml::Map(map)),
        (true, true) => Ok(Yaml::Text(String::new())),
        (false, false) => Err((0, "a list and a mapping in one")),
    }
}

/// `key: value`, where the key may be in quotes and hold a colon.
fn split(text: &str) -> Option<(String, String)> {
    let start = match text.chars().next()? {
        quote @ ('"' | '\'') => text.get(1..)?.find(quote)? + 2,
        _ => 0,
    };
    let colon = start + text.get(start..)?.find(':')?;
    Some((plain(text.get(..colon)?.trim())?, plain(text.get(colon + 1..)?.trim())?))
}

/// `[a, 'b']` or `{0: a, 1: "b"}`.
fn flow(text: &str) -> Option<Yaml> {
    let is_list = text.starts_with('[');
    let inner = text.get(1..)?.trim_end().strip_suffix(if is_list { ']' } else { '}' })?;
    let (mut parts, mut part, mut quote, mut escaped) = (Vec::new(), String::new(), None, false);
    for c in inner.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (None, ',') => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            (None, '[' | ']' | '{' | '}') => return None,
            (None, '"' | '\'') if part.trim().is_empty() || part.ends_with([' ', ':', c]) => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
        part.push(c);
    }
    if !part.trim().is_empty() {
        parts.push(part);
    }
    if quote.is_some() {
        return None;
    }
    match is_list {
        true => parts.iter().map(|p| plain(p.trim())).collect::<Option<_>>().map(Yaml::List),
        false => parts.iter().map(|p| split(p.trim())).collect::<Option<_>>().map(Yaml::Map),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn data_files_as_people_have_them() {
        let list = Yaml::List(vec!["a".into(), "b, c".into(), "it's # 1".into()]);
        for text in [
            "train: x # y\nnc: 3\nnames: ['a', \"b, c\", 'it''s # 1']\n",
            "names:\n- a\n- 'b, c' # second\n\n-  \"it's # 1\"\nval: y",
            "names: [a,\n  \"b, c\",\n  'it''s # 1'\n]\n",
            "{\"names\": [\"a\", \"b, c\", \"it's # 1\"]}",
        ] {
            assert_eq!(keys(text, &["names"]).unwrap()["names"], list, "{text}");
        }
        let map = Yaml::Map(vec![("0".into(), "a".into()), ("1".into(), "b: c".into())]);
        for text in ["names:\n  0: a\n  1: 'b: c'\n", "names: {0: a, 1: 'b: c'}"] {
            assert_eq!(keys(text, &["names"]).unwrap()["names"], map, "{text}");
        }
        let both = Yaml::List(vec!["it's, x".into(), "b".into()]);
        assert_eq!(keys("names: ['it''s, x', b]", &["names"]).unwrap()["names"], both);
        assert_eq!(keys("{\"nc\": 2, \"names\": {\"0\": \"a\", \"1\": \"b: c\"}}", &["names"]).unwrap()["names"], map);
        let all = keys("path: ../x\r\ntrain: images/train\r\n", &["path", "train"]).unwrap();
        assert_eq!(all["path"], Yaml::Text("../x".into()));
        assert!(keys("names: &x [a]", &["names"]).unwrap_err().contains("line 1"));
        assert!(keys("names: [a", &["names"]).unwrap_err().contains("not closed"));
    }

    #[test]
    fn names_as_pyyaml_writes_them() {
        let long = "a class with a name that is so long that the line of it is broken into two of them, or three";
        let texts = ["\u{e9}t\u{e9}", "\u{1f431} cat", "it's", "a \"b\"", "tab\there", long, "nel\u{85}"];
        let list = Yaml::List(texts.map(str::to_owned).to_vec());
        let block = r#"names:
- "\xE9t\xE9"
- "\U0001F431 cat"
- it's # no quote
- a "b"
- "tab\there"
- a class with a name that is so long that the line of it is broken into two of
  them, or three
- "nel\N"
nc: 7
"#;
        assert_eq!(keys(block, &["names"]).unwrap()["names"], list);
        let flow = r#"names: ["\xE9t\xE9", "\U0001F431 cat", it's, a "b", "tab\there", a class with a name that is
    so long that the line of it is broken into two of them, "or three", "nel\N"]"#;
        let Yaml::List(found) = &keys(flow, &["names"]).unwrap()["names"] else { panic!("no list") };
        assert_eq!((found.len(), &found[..5], &found[7]), (8, &texts.map(str::to_owned)[..5], &texts[6].to_owned()));
        let broken = "names:\n  0: \"a \\\n    \\ b\\\"c\" # d\n";
        assert_eq!(keys(broken, &["names"]).unwrap()["names"], Yaml::Map(vec![("0".into(), "a  b\"c".into())]));
        for wrong in ["names: [\"\\q\"]", "names: [\"\\xZZ\"]", "names: [\"\\UFFFFFFFF\"]", "names: [\"a\\\"]"] {
            assert!(keys(wrong, &["names"]).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(names|:| |\n|-|'|\"|\\[|\\]|\\{|\\}|,|#|a|0){0,30}") {
            let _ = keys(&text, &["names"]);
        }
    }
}
