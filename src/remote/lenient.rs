//! Reading JSON of servers that differ: numbers that come as text, lists that come as nothing, names that are new.
//!
//! Why: Databricks sends 64-bit numbers as numbers or as text, the open-source catalog always as text, and both add
//! values to their enumerations. What always holds: none of that is an error here, and an unknown name keeps its text.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// A 64-bit number, as a number or as text. For `#[serde(deserialize_with = "…")]`.
///
/// # Errors
/// When it is neither.
pub fn int64<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    opt_int64(from)?.ok_or_else(|| D::Error::custom("a number is missing"))
}

/// As [`int64`]; `null` and an empty text are nothing. Needs `#[serde(default)]` beside it.
///
/// # Errors
/// When it is something else.
pub fn opt_int64<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    from.deserialize_any(Number)
}

/// As [`int64`] for sizes: nothing and negative numbers are 0. Needs `#[serde(default)]` beside it.
///
/// # Errors
/// When it is neither number nor text of one.
pub fn size<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Ok(opt_int64(from)?.map_or(0, |n| u64::try_from(n).unwrap_or(0)))
}

/// A list; `null` is an empty one. Needs `#[serde(default)]` beside it.
///
/// # Errors
/// When it is something else.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(from)?.unwrap_or_default())
}

struct Number;

impl Visitor<'_> for Number {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a 64-bit number, as a number or as text")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Self::Value, E> {
        Ok(Some(n))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Self::Value, E> {
        i64::try_from(n).map(Some).map_err(|_| E::invalid_value(Unexpected::Unsigned(n), &self))
    }

    fn visit_f64<E: Error>(self, n: f64) -> Result<Self::Value, E> {
        // 2^63 as a float; what is whole and below it is exactly an i64.
        let fits = n.fract() == 0.0 && n.abs() < 9_223_372_036_854_775_808.0;
        #[allow(clippy::cast_possible_truncation, reason = "it was looked at just before")]
        if fits { Ok(Some(n as i64)) } else { Err(E::invalid_value(Unexpected::Float(n), &self)) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "" => Ok(None),
            digits => digits.parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

/// An enumeration that a server may extend.
pub trait Name: Sized {
    /// The value with this name.
    fn from_name(name: &str) -> Option<Self>;
}

/// A value that is known, or the text of one that is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<E> {
    /// A value that is known here.
    Is(E),
    /// Another one, as the server wrote it; text from outside.
    Other(String),
}

impl<E: Name> Known<E> {
    /// Reads a name.
    #[must_use]
    pub fn read(name: &str) -> Self {
        E::from_name(name).map_or_else(|| Self::Other(name.to_owned()), Self::Is)
    }
}

impl<E> Known<E> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<&E> {
        match self {
            Self::Is(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl<E> Default for Known<E> {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl<'de, E: Name> Deserialize<'de> for Known<E> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = Option::<String>::deserialize(from)?.unwrap_or_default();
        Ok(Self::read(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "opt_int64")]
        at: Option<i64>,
        #[serde(default, deserialize_with = "size")]
        bytes: u64,
        #[serde(default, deserialize_with = "list")]
        names: Vec<String>,
        #[serde(default)]
        state: Known<Light>,
    }

    #[derive(Debug, PartialEq, Eq)]
    struct Light;

    impl Name for Light {
        fn from_name(name: &str) -> Option<Self> {
            (name == "GREEN").then_some(Self)
        }
    }

    fn row(text: &str) -> Row {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_servers_send_is_read() {
        let all = row(r#"{"at":"17","bytes":3.0,"names":["a"],"state":"GREEN","new":{"x":[1]}}"#);
        assert_eq!((all.at, all.bytes, all.names.len(), all.state), (Some(17), 3, 1, Known::Is(Light)));
        let bare = row(r#"{"at":null,"bytes":-1,"names":null,"state":null}"#);
        assert_eq!((bare.at, bare.bytes, bare.names.len(), bare.state), (None, 0, 0, Known::default()));
        let other = row(r#"{"at":"","state":"MAUVE"}"#);
        assert_eq!((other.at, other.state), (None, Known::Other("MAUVE".to_owned())));
        for wrong in [r#"{"at":"x"}"#, r#"{"at":1.5}"#, r#"{"at":9223372036854775808}"#, r#"{"at":1e300}"#] {
            assert!(serde_json::from_str::<Row>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn numbers_and_their_text_are_the_same(n: i64) {
            let (number, text) = (row(&format!(r#"{{"at":{n}}}"#)), row(&format!(r#"{{"at":" {n} "}}"#)));
            prop_assert_eq!((number.at, text.at), (Some(n), Some(n)));
        }
    }
}
