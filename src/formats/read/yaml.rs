//! The little of YAML that a `data.yaml` of YOLO needs: top-level keys with a text, a list or a mapping of texts.
//!
//! Anything else at the top level is passed over as long as its own lines are indented; what is read and cannot be
//! understood (anchors, tags, block texts) is an error that says so.

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
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
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
                let whole = inner.iter().fold(rest.to_owned(), |all, line| all + " " + uncommented(line));
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

/// A line without its comment.
fn uncommented(line: &str) -> &str {
    let (mut quote, mut before) = (None, ' ');
    for (i, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return line.get(..i).unwrap_or_default(),
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

/// A text, in quotes or not.
fn plain(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('\'') {
        return inner.strip_suffix('\'').map(|t| t.replace("''", "'"));
    }
    if text.starts_with('"') {
        // The escapes of JSON are those of YAML that anybody uses.
        return serde_json::from_str(text).ok();
    }
    Some(text.to_owned())
}

fn block(lines: &[&str]) -> Result<Yaml, (usize, &'static str)> {
    let (mut list, mut map) = (Vec::new(), Vec::new());
    for (n, line) in lines.iter().enumerate() {
        let line = uncommented(line).trim();
        if line.is_empty() {
            continue;
        }
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
    let (mut parts, mut part, mut quote) = (Vec::new(), String::new(), None);
    for c in inner.chars() {
        match (quote, c) {
            (None, ',') => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            (None, '[' | ']' | '{' | '}') => return None,
            (None, '"' | '\'') if part.trim().is_empty() || part.ends_with([' ', ':']) => quote = Some(c),
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
        ] {
            assert_eq!(keys(text, &["names"]).unwrap()["names"], list, "{text}");
        }
        let map = Yaml::Map(vec![("0".into(), "a".into()), ("1".into(), "b: c".into())]);
        for text in ["names:\n  0: a\n  1: 'b: c'\n", "names: {0: a, 1: 'b: c'}"] {
            assert_eq!(keys(text, &["names"]).unwrap()["names"], map, "{text}");
        }
        let all = keys("path: ../x\r\ntrain: images/train\r\n", &["path", "train"]).unwrap();
        assert_eq!(all["path"], Yaml::Text("../x".into()));
        assert!(keys("names: &x [a]", &["names"]).unwrap_err().contains("line 1"));
        assert!(keys("names: [a", &["names"]).unwrap_err().contains("not closed"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(names|:| |\n|-|'|\"|\\[|\\]|\\{|\\}|,|#|a|0){0,30}") {
            let _ = keys(&text, &["names"]);
        }
    }
}
