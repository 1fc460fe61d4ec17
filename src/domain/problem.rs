//! Something in a file of the user that was not understood. It never stops the program: what can be used is used, and
//! the problems are listed.

use super::text::printable;
use std::fmt;
use std::ops::Range;

/// One thing that is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `FILE:LINE:COLUMN`, or the name of what it concerns where the text is not at hand.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do; empty: nothing better to say.
    pub hint: String,
}

impl Problem {
    /// A problem at a byte of a text; line and column (in characters) count from 1.
    #[must_use]
    pub fn at(file: &str, text: &str, span: &Range<usize>, message: String, hint: String) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { place: format!("{}:{line}:{column}", printable(file)), message, hint }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "; {}", self.hint) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let problem = |start| Problem::at("f", "a\nüb = 1", &(start..start + 1), String::new(), String::new()).place;
        assert_eq!(problem(0), "f:1:1");
        assert_eq!(problem(4), "f:2:2");
        assert_eq!(problem(999), "f:2:7");
    }
}
