//! JSON documents, broken into lines; lines of JSON objects, as a table.

use super::{COLUMNS, Preview, ROWS, shown, table};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// A document with a longer line than this is broken into lines.
const LONG_LINE: usize = 200;
/// Bytes of the broken text; a deep document would indent itself to any size.
const PRETTY_BYTES: usize = 1 << 20;
/// Levels that are still indented.
const DEPTH: usize = 32;

/// A table, where the text is lines of objects: at least two, or one when the name says so.
pub(super) fn lines_table(text: &str, extension: &str, truncated: bool) -> Option<Preview> {
    let named = matches!(extension, "jsonl" | "ndjson" | "geojsonl");
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    let mut columns: Vec<String> = Vec::new();
    let mut objects: Vec<Map<String, Value>> = Vec::new();
    while let Some(line) = lines.next() {
        match serde_json::from_str(line) {
            Ok(Value::Object(object)) => {
                let new = |key: &&String| !columns.contains(*key);
                let fresh: Vec<String> = object.keys().filter(new).cloned().collect();
                columns.extend(fresh);
                columns.truncate(COLUMNS);
                objects.push(object);
            }
            // The last line may be cut.
            _ if truncated && lines.peek().is_none() => break,
            _ => return None,
        }
        if objects.len() >= ROWS {
            break;
        }
    }
    if objects.len() < if named { 1 } else { 2 } {
        return None;
    }
    let row =
        |object: &Map<String, Value>| columns.iter().map(|key| object.get(key).map(cell).unwrap_or_default()).collect();
    let rows = objects.iter().map(row).collect();
    let more = truncated || lines.next().is_some();
    Some(table(columns.iter().map(|key| shown(key)).collect(), rows, more))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shown(text),
        other => shown(&other.to_string()),
    }
}

/// The text in lines, where it is a JSON document, or the head of one.
pub(super) fn pretty(text: &str, extension: &str, truncated: bool) -> Option<String> {
    let named = matches!(extension, "json" | "geojson" | "ipynb" | "topojson");
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let valid = match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => true,
        Err(error) => truncated && error.is_eof(),
    };
    if !valid && !named {
        return None;
    }
    let long = text.lines().any(|line| line.len() > LONG_LINE);
    Some(if long { indent(text) } else { text.to_owned() })
}

/// Breaks and indents, token by token, so that the order of keys stays and a cut document does not matter.
fn indent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut chars = text.chars().filter(|c| *c != '\r').peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', 2 * depth.min(DEPTH)));
    };
    while let Some(c) = chars.next() {
        if out.len() > PRETTY_BYTES {
            break;
        }
        match c {
            '"' => {
                out.push(c);
                while let Some(c) = chars.next() {
                    out.push(c);
                    match c {
                        '\\' => out.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}
