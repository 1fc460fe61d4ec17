//! Text that must not be seen: tokens, passwords, client secrets.

use std::fmt;

/// A text that shows nothing of itself: `{}` and `{:?}` give `***`, there is no serialisation, and only
/// [`Secret::expose`] gives it away, so that a search for that word finds every place where a secret leaves.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into custody.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; for a request header or body, never for a message.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Adds a line to a value of several lines.
    pub fn add_line(&mut self, line: &str) {
        self.0.push('\n');
        self.0.push_str(line);
    }

    /// How many characters it has: all that may be told of it.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether there is nothing to hide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
