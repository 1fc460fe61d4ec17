//! Values of JSON files whatever they hold, so that a message can say what is wrong with one.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A value of any kind, without what is in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Scalar {
    /// Not there, or `null`.
    #[default]
    Null,
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A text.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// A list or an object.
    Nested(&'static str),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("missing"),
            Self::Int(n) => n.fmt(f),
            Self::Float(n) => n.fmt(f),
            Self::Text(text) => {
                let shown: String = crate::domain::text::printable(text).chars().take(60).collect();
                write!(f, "\"{shown}\"")
            }
            Self::Bool(b) => b.fmt(f),
            Self::Nested(kind) => f.write_str(kind),
        }
    }
}

impl Scalar {
    /// The number, if it is one and finite.
    ///
    /// # Errors
    /// What it is instead: `true, not a number`.
    pub fn number(&self) -> Result<f64, String> {
        match self {
            Self::Int(n) => Ok(*n as f64),
            Self::Float(n) if n.is_finite() => Ok(*n),
            other => Err(format!("{other}, not a finite number")),
        }
    }

    /// A key for ids: numbers, whole floats and texts that hold a whole number are the same id.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Int(n) => Some(n.to_string()),
            Self::Float(n) if n.fract() == 0.0 && n.abs() < 9e15 => Some(format!("{n:.0}")),
            Self::Text(text) if text.trim().parse::<i64>().is_ok_and(|n| n.to_string() == text.trim()) => {
                Some(text.trim().to_owned())
            }
            Self::Text(text) if !text.trim().is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    /// Pixels of a side: a whole number, also as a float or in a text.
    ///
    /// # Errors
    /// What it is instead.
    pub fn side(&self) -> Result<Option<u32>, String> {
        let whole = |n: f64| {
            let fits = n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&n);
            if fits { Ok((n > 0.0).then_some(n as u32)) } else { Err(format!("{n}, not a number of pixels")) }
        };
        match self {
            Self::Null => Ok(None),
            Self::Int(n) => whole(*n as f64),
            Self::Float(n) if n.is_finite() => whole(*n),
            Self::Text(text) => match text.trim().parse::<f64>() {
                Ok(n) if n.is_finite() => whole(n),
                _ => Err(format!("{self}, not a number")),
            },
            other => Err(format!("{other}, not a number")),
        }
    }
}

impl From<&Value> for Scalar {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => n.as_i64().map_or_else(|| Self::Float(n.as_f64().unwrap_or(f64::NAN)), Self::Int),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(_) => Self::Nested("a list"),
            Value::Object(_) => Self::Nested("an object"),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Null)
            }
            fn visit_bool<E>(self, b: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(b))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Scalar, E> {
                Ok(Scalar::Int(n))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Scalar, E> {
                Ok(i64::try_from(n).map_or(Scalar::Float(n as f64), Scalar::Int))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Scalar, E> {
                Ok(Scalar::Float(n))
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Nested("a list"))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Nested("an object"))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A field of an object as a scalar.
#[must_use]
pub fn field(object: &Map<String, Value>, key: &str) -> Scalar {
    object.get(key).map(Scalar::from).unwrap_or_default()
}

/// A field that must be a finite number.
///
/// # Errors
/// `width is "wide", not a finite number`.
pub fn number(object: &Map<String, Value>, key: &str) -> Result<f64, String> {
    field(object, key).number().map_err(|what| format!("{key} is {what}"))
}

/// A field that must be a text.
///
/// # Errors
/// `label is 7, not a text`.
pub fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a str, String> {
    match object.get(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("{key} is {}, not a text", field(object, key))),
    }
}

/// What remains of an object once the named fields are taken, for attributes.
#[must_use]
pub fn others(object: &Map<String, Value>, taken: &[&str]) -> std::collections::BTreeMap<String, Value> {
    let rest = object.iter().filter(|(key, value)| !taken.contains(&key.as_str()) && !value.is_null());
    rest.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_however_they_are_written() {
        let id = |text: &str| serde_json::from_str::<Scalar>(text).unwrap().id();
        assert_eq!([id("5"), id("5.0"), id("\"5\""), id("\" 5\"")], [(); 4].map(|()| Some("5".to_owned())));
        assert_eq!([id("[1]"), id("true"), id("null"), id("1.5")], [(); 4].map(|()| None));
        assert_eq!(id("\"05\""), Some("05".to_owned()));
    }
}
