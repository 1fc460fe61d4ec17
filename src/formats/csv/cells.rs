//! What stands in one cell: several labels, and texts that a spreadsheet must not run.

use std::borrow::Cow;

/// Several labels in one cell: joined by `|`; a `|` or `\` inside a name has a `\` before it.
#[must_use]
pub fn join_labels<S: AsRef<str>>(names: &[S]) -> String {
    let escaped: Vec<String> = names.iter().map(|n| n.as_ref().replace('\\', "\\\\").replace('|', "\\|")).collect();
    escaped.join("|")
}

/// The names that [`join_labels`] was given. An empty cell holds none.
#[must_use]
pub fn split_labels(cell: &str) -> Vec<String> {
    if cell.is_empty() {
        return Vec::new();
    }
    let mut names = vec![String::new()];
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match (c, names.last_mut()) {
            ('|', _) => names.push(String::new()),
            ('\\', Some(last)) => last.extend(chars.next()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    names
}

/// What is told of cells that [`guarded`] changed.
pub const GUARDED: &str = "cells that a spreadsheet would run begin with a quote";

/// A cell that no spreadsheet takes for a formula: one that begins with `=`, `+`, `-`, `@`, a tab or a line break gets a
/// `'` in front, and so does one that begins with `'` and one of these, so that [`unguarded`] gives every text back.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The text that [`guarded`] was given.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest.trim_start_matches('\''))).unwrap_or(cell)
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn formulas_come_back(cell in "['=@+-]{0,3}.*") {
            let safe = guarded(&cell);
            prop_assert!(!is_formula(&safe));
            prop_assert_eq!(unguarded(&safe), cell.as_str());
        }

        #[test]
        fn labels_come_back(names in prop::collection::vec(".*[|\\\\]?.*", 0..5)) {
            prop_assume!(names != [""]);
            prop_assert_eq!(split_labels(&join_labels(&names)), names);
        }
    }
}
