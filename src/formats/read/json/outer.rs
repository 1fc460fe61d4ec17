//! What a JSON file is on the outside, so that one that is something else is told from one with nothing in it.

use crate::domain::text::printable;
use std::collections::BTreeMap;

/// Keys that are remembered; a file with more has too many to be told apart by them.
const KEYS: usize = 64;
/// Keys that a message names.
const NAMED: usize = 5;

/// The outer list or object of a file that was read to its end.
#[derive(Debug, Default)]
pub struct Outer {
    is_list: bool,
    /// Elements of the list, whatever they are.
    length: u64,
    /// Each with whether a list or an object stands under it.
    keys: BTreeMap<String, bool>,
    more: bool,
}

impl Outer {
    pub(super) fn list(length: u64) -> Self {
        Self { is_list: true, length, ..Self::default() }
    }

    /// Notes a key, and whether a list or an object stands under it.
    pub(super) fn note(&mut self, key: &str, holds: bool) {
        let full = self.keys.len() >= KEYS;
        if let Some(known) = self.keys.get_mut(key) {
            *known |= holds;
        } else if full {
            self.more = true;
        } else {
            self.keys.insert(key.to_owned(), holds);
        }
    }

    /// Whether it is a list, not an object.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.is_list
    }

    /// Whether it is `[]` or `{}`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0 && self.keys.is_empty()
    }

    /// Whether it may be an object with a list or an object under one of these keys. So many keys that not all are known
    /// may hold any.
    #[must_use]
    pub fn may_have(&self, keys: &[&str]) -> bool {
        self.more || keys.iter().any(|key| self.keys.get(*key) == Some(&true))
    }

    /// What it is, in words.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.is_list {
            return if self.length == 0 { "an empty list" } else { "a list" }.to_owned();
        }
        let names: Vec<String> = self.keys.keys().take(NAMED).map(|key| format!("`{}`", short(key))).collect();
        match self.keys.len() {
            0 => "an empty object".to_owned(),
            1 => format!("an object with the key {}", names.join(", ")),
            n if n > NAMED => format!("an object with the keys {} and others", names.join(", ")),
            _ => format!("an object with the keys {}", names.join(", ")),
        }
    }
}

fn short(key: &str) -> String {
    printable(key).chars().take(40).collect()
}
