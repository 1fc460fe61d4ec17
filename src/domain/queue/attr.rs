//! What a filter asks of the attributes of annotations: `attr:occluded`, `attr:color=red`.
//!
//! What always holds: names and values are compared without case; a flag that is `no`, `0` or empty counts as one that is not
//! there. Stores say the same in SQL, see `Part::Attribute`.

use crate::domain::attribute::{Attributes, VERIFIED, stored_name};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// One attribute as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wanted {
    /// Its stored name, in lower case.
    pub name: String,
    /// Its value, in lower case; nothing takes any value but a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Values, in lower case, that say that an attribute is not there.
pub const NO: [&str; 5] = ["", "0", "0.0", "false", "no"];

impl Wanted {
    /// Reads `name` or `name=value`.
    ///
    /// # Errors
    /// A sentence, where there is no name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let name = stored_name(&name.trim().to_lowercase()).to_owned();
        if name.is_empty() {
            return Err("`attr:` needs a name, as in attr:occluded or attr:color=red".to_owned());
        }
        if name == VERIFIED {
            return Err(format!("`{VERIFIED}` is no attribute that pictures can be found by"));
        }
        Ok(Self { name, value: value.map(|value| value.trim().to_lowercase()) })
    }

    /// The texts, in lower case, that mean the wanted value: `yes` is `true`, and `1` is `1.0`.
    #[must_use]
    pub fn values(&self) -> Vec<String> {
        let Some(value) = &self.value else { return Vec::new() };
        let mut out = vec![value.clone()];
        match value.as_str() {
            "yes" | "true" => out.extend(["true", "yes"].map(str::to_owned)),
            "no" | "false" => out.extend(["false", "no"].map(str::to_owned)),
            _ => {}
        }
        if let Some(number) = value.parse::<f64>().ok().filter(|n| n.is_finite()) {
            out.extend([format!("{number}"), format!("{number:?}")]);
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Whether an annotation with these attributes is meant.
    #[must_use]
    pub fn takes(&self, attributes: &Attributes) -> bool {
        let wanted = self.values();
        let text = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.to_lowercase()),
            other => Some(other.to_string().to_lowercase()),
        };
        let mut named = attributes.iter().filter(|(name, _)| name.to_lowercase() == self.name);
        named.any(|(_, value)| match text(value) {
            None => false,
            Some(text) if self.value.is_some() => wanted.contains(&text),
            Some(text) => !NO.contains(&text.as_str()),
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::queue::Filter;

    #[test]
    fn attributes_are_asked_for_by_name_and_value() {
        let of = |text: &str| serde_json::from_str::<Attributes>(text).unwrap();
        let takes = |wanted: &str, attributes: &str| Wanted::parse(wanted).unwrap().takes(&of(attributes));
        assert!(takes("Occluded", r#"{"occluded": true}"#) && takes("crowd", r#"{"iscrowd": 1}"#));
        assert!(takes("color", r#"{"Color": "Red"}"#) && takes("color=RED", r#"{"Color": "Red"}"#));
        assert!(takes("occluded=no", r#"{"occluded": false}"#) && takes("n=1", r#"{"n": 1.0}"#));
        for no in [r#"{"occluded": false}"#, r#"{"occluded": "0"}"#, r#"{"occluded": null}"#, "{}"] {
            assert!(!takes("occluded", no), "{no}");
        }
        assert!(!takes("color=blue", r#"{"color": "red"}"#));
    }

    #[test]
    fn the_text_form_comes_back() {
        for text in ["attr:occluded", "attr:iscrowd,\"color=dark red\"", "attr:\"a=b\\\"c=d\""] {
            let filter = Filter::parse(text).unwrap();
            assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter, "{text}");
        }
        assert_eq!(Filter::parse("attr:crowd,color=Red").unwrap().to_string(), "attr:iscrowd,color=red");
        assert!(Filter::parse("attr:=x").unwrap_err().contains("attr:occluded"));
    }
}
