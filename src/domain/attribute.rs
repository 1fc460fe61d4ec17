//! Attributes of annotations: what else is said of an object, beside its class and its place.
//!
//! Every format has its own: truth values, numbers that mean them, texts, lists of key points. What always holds: what is
//! not understood stays what it is; a text made of a value here is short, whatever the value.

use serde_json::Value;
use std::collections::BTreeMap;

/// The attributes of one annotation by their names.
pub type Attributes = BTreeMap<String, Value>;

/// Flags that formats have a place of their own for (VOC, CVAT, COCO, YOLO's `difficult`): the stored name, and what people
/// call it.
pub const FLAGS: [(&str, &str); 4] =
    [("occluded", "occluded"), ("truncated", "truncated"), ("difficult", "difficult"), ("iscrowd", "crowd")];

/// The name under which stores keep a verdict on an object beside its attributes. Nothing from outside is kept under it.
pub const VERIFIED: &str = "lakelens.verified";

/// Characters of a value that are shown at most.
const SHOWN: usize = 200;
/// Characters of a name at most.
pub const LONGEST_NAME: usize = 64;
/// Characters of a value that is typed, at most.
pub const LONGEST_VALUE: usize = 1_000;

/// What people call an attribute.
#[must_use]
pub fn title(name: &str) -> &str {
    FLAGS.iter().find(|(stored, _)| *stored == name).map_or(name, |(_, title)| title)
}

/// The stored name of what people call an attribute.
#[must_use]
pub fn stored_name(title: &str) -> &str {
    FLAGS.iter().find(|(_, called)| *called == title).map_or(title, |(stored, _)| stored)
}

/// A value as a yes: formats write that as truth values, numbers or texts.
#[must_use]
pub fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(set) => *set,
        Value::Number(n) => n.as_f64().is_some_and(|v| v > 0.0),
        Value::String(text) => matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes"),
        _ => false,
    }
}

/// Whether an attribute is a yes or a no: it is a truth value, or one of [`FLAGS`] that says nothing else.
#[must_use]
pub fn is_flag(name: &str, value: Option<&Value>) -> bool {
    let known = FLAGS.iter().any(|(stored, _)| *stored == name);
    match value {
        None => known,
        Some(Value::Bool(_)) => true,
        Some(Value::Number(n)) => known && matches!(n.as_f64(), Some(0.0 | 1.0)),
        Some(Value::String(text)) => {
            known && matches!(text.to_ascii_lowercase().as_str(), "0" | "1" | "true" | "false" | "yes" | "no")
        }
        Some(_) => false,
    }
}

/// What a flag becomes when it is set or taken back: a flag that formats know goes without a no, others keep their name.
#[must_use]
pub fn toggled(name: &str, value: Option<&Value>) -> Option<Value> {
    match value {
        Some(value) if is_yes(value) && FLAGS.iter().any(|(stored, _)| *stored == name) => None,
        Some(value) => Some(Value::Bool(!is_yes(value))),
        None => Some(Value::Bool(true)),
    }
}

/// What is shown of a value: `yes`, `red`, `17 points, 12 seen`, `3 values`; cut where it is long. Not escaped.
#[must_use]
pub fn text(name: &str, value: &Value) -> String {
    match value {
        flag if is_flag(name, Some(flag)) => if is_yes(flag) { "yes" } else { "no" }.to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => text.chars().take(SHOWN).collect(),
        Value::Array(list) if name == "keypoints" && list.len() % 3 == 0 && list.iter().all(Value::is_number) => {
            let seen = list.chunks(3).filter(|p| p.get(2).is_some_and(is_yes)).count();
            format!("{} points, {seen} seen", list.len() / 3)
        }
        Value::Array(list) => values(list.len()),
        Value::Object(fields) => values(fields.len()),
    }
}

fn values(n: usize) -> String {
    format!("{n} value{}", if n == 1 { "" } else { "s" })
}

/// Reads a value that was typed in the place of another one, which stays a number if it was one; what is new becomes a truth
/// value or a number where it reads as one.
///
/// # Errors
/// A sentence, where a number is wanted or the text is too long.
pub fn typed(text: &str, before: Option<&Value>) -> Result<Value, String> {
    let text = text.trim();
    if text.chars().count() > LONGEST_VALUE {
        return Err(format!("a value has at most {LONGEST_VALUE} characters"));
    }
    let number = || text.parse::<i64>().map(Value::from).ok().or_else(|| text.parse::<f64>().ok().and_then(finite));
    match before {
        Some(Value::Number(_)) => {
            number().ok_or_else(|| "it is a number; delete it to write something else".to_owned())
        }
        Some(Value::String(_)) => Ok(text.into()),
        _ => Ok(match text {
            "true" | "yes" => Value::Bool(true),
            "false" | "no" => Value::Bool(false),
            _ => number().unwrap_or_else(|| text.into()),
        }),
    }
}

fn finite(n: f64) -> Option<Value> {
    serde_json::Number::from_f64(n).map(Value::Number)
}

/// Reads `name` (a flag that is set) or `name=value`.
///
/// # Errors
/// A sentence: there is no name, or it is too long, or the value is.
pub fn named(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    let name = stored_name(name.trim()).to_owned();
    if name.is_empty() {
        return Err("it needs a name: `occluded` or `color=red`".to_owned());
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("a name has at most {LONGEST_NAME} characters"));
    }
    Ok((name, value.map_or(Ok(Value::Bool(true)), |value| typed(value, None))?))
}

/// What differs, in words: `occluded: yes`, `color: red → blue`, `without pose`. Not escaped.
#[must_use]
pub fn changes(before: &Attributes, after: &Attributes) -> Vec<String> {
    let mut out = Vec::new();
    for (name, new) in after {
        match before.get(name) {
            Some(old) if old == new => {}
            Some(old) if !is_flag(name, Some(new)) => {
                out.push(format!("{}: {} → {}", title(name), text(name, old), text(name, new)));
            }
            _ => out.push(format!("{}: {}", title(name), text(name, new))),
        }
    }
    out.extend(before.keys().filter(|name| !after.contains_key(*name)).map(|name| format!("without {}", title(name))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn flags_are_told_from_values() {
        assert!(
            is_flag("occluded", None) && is_flag("iscrowd", Some(&json!(1))) && is_flag("seen", Some(&json!(false)))
        );
        assert!(
            !is_flag("color", None)
                && !is_flag("difficult", Some(&json!("very")))
                && !is_flag("z_order", Some(&json!(1)))
        );
        assert_eq!(toggled("occluded", None), Some(json!(true)));
        assert_eq!(toggled("iscrowd", Some(&json!(1))), None);
        assert_eq!(toggled("seen", Some(&json!(true))), Some(json!(false)));
        assert_eq!(toggled("difficult", Some(&json!("0"))), Some(json!(true)));
    }

    #[test]
    fn values_are_shown_short() {
        assert_eq!(text("keypoints", &json!([0.1, 0.2, 2, 0, 0, 0])), "2 points, 1 seen");
        assert_eq!(text("iscrowd", &json!(1)), "yes");
        assert_eq!(text("z_order", &json!(1)), "1");
        assert_eq!(text("actions", &json!({"jumping": true})), "1 value");
        assert_eq!(text("note", &json!("x".repeat(9_000))).len(), SHOWN);
        assert_eq!((title("iscrowd"), stored_name("crowd"), title("color")), ("crowd", "iscrowd", "color"));
    }

    #[test]
    fn what_is_typed_keeps_its_kind() {
        assert_eq!(typed("3", Some(&json!(1.5))), Ok(json!(3)));
        assert!(typed("red", Some(&json!(1))).is_err() && typed("nan", Some(&json!(1))).is_err());
        assert_eq!(typed("3", Some(&json!("red"))), Ok(json!("3")));
        assert_eq!(named("color = red"), Ok(("color".to_owned(), json!("red"))));
        assert_eq!(named("crowd"), Ok(("iscrowd".to_owned(), json!(true))));
        assert_eq!(named("seen=no"), Ok(("seen".to_owned(), json!(false))));
        assert_eq!(named("wide=1e999"), Ok(("wide".to_owned(), json!("1e999"))), "no number is that large");
        assert!(named(" =red").is_err() && named(&"x".repeat(65)).is_err());
    }

    #[test]
    fn changes_are_told() {
        let of = |text: &str| serde_json::from_str::<Attributes>(text).unwrap();
        let before = of(r#"{"color": "red", "pose": "left", "truncated": true}"#);
        let after = of(r#"{"color": "blue", "occluded": true, "pose": "left"}"#);
        assert_eq!(changes(&before, &after), ["color: red → blue", "occluded: yes", "without truncated"]);
        assert!(changes(&after, &after).is_empty());
    }
}
