//! What an engine can answer instead of rows, said so that a person knows what happened, where, and what to do.

use crate::domain::text::printable;

/// A failure of an engine. Texts from servers are made harmless when it is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The address makes no sense.
    #[error("{0}")]
    Address(String),
    /// Nothing got there.
    #[error("{place} cannot be reached ({why}); {remedy}")]
    Unreachable {
        /// The engine.
        place: String,
        /// What the network said.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// It does not know us.
    #[error("{place} does not let us in ({why}); give a valid token, or sign in again")]
    Auth {
        /// The engine.
        place: String,
        /// What it said.
        why: String,
    },
    /// It has read the statement and says no: nothing was changed.
    #[error("{place} refuses the statement: {message}{}", remedy(class))]
    Refused {
        /// The engine.
        place: String,
        /// The class of the error, such as `TABLE_OR_VIEW_NOT_FOUND`; empty if it has none.
        class: String,
        /// The SQLSTATE; empty if it has none.
        state: String,
        /// What it said.
        message: String,
    },
    /// The connection broke while the statement ran.
    #[error(
        "{place} stopped answering ({why}); whether the statement took effect is not known: look before you repeat it"
    )]
    Unknown {
        /// The engine.
        place: String,
        /// What happened.
        why: String,
    },
    /// The answer cannot be read.
    #[error(
        "{place} sent an answer that cannot be read ({why}); check that it is the server you mean, and its version"
    )]
    Garbled {
        /// The engine.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// It was stopped on request.
    #[error("the statement was cancelled")]
    Cancelled,
}

/// Classes of errors for which there is something better to say than "no".
const REMEDIES: [(&str, &str); 8] = [
    ("TABLE_OR_VIEW_NOT_FOUND", "check the name of the table, and its catalog and schema"),
    ("UNRESOLVED_COLUMN", "check the names of the columns: the table may have been changed"),
    ("DELTA_TABLE_NOT_FOUND", "check the name or the path of the table"),
    ("PARSE_SYNTAX_ERROR", "correct the statement"),
    ("INSUFFICIENT_PERMISSIONS", "ask the owner for the permission"),
    ("PERMISSION_DENIED", "ask the owner for the permission"),
    ("CAST_INVALID_INPUT", "a value does not fit the type of its column"),
    ("UNSUPPORTED_FEATURE", "the engine cannot do this; use a Delta table, or another engine"),
];

fn remedy(class: &str) -> String {
    let found = REMEDIES.iter().find(|(prefix, _)| class.starts_with(prefix));
    found.map_or_else(String::new, |(_, remedy)| format!("; {remedy}"))
}

impl SqlError {
    /// Nothing got there, for a reason of the network.
    #[must_use]
    pub fn unreachable(place: &str, why: &str) -> Self {
        const REMEDY: &str = "check the address and the network, and that the server runs";
        Self::Unreachable { place: place.to_owned(), why: why.to_owned(), remedy: REMEDY }
    }

    /// A refusal with the texts of the server.
    #[must_use]
    pub fn refused(place: &str, class: &str, state: &str, message: &str) -> Self {
        Self::Refused {
            place: place.to_owned(),
            class: printable(class).into_owned(),
            state: printable(state).into_owned(),
            message: shown(message),
        }
    }

    /// Whether somebody else's change to the table came first, so that the same statement works when it is run again.
    #[must_use]
    pub fn is_concurrent(&self) -> bool {
        let Self::Refused { class, state, message, .. } = self else { return false };
        class.starts_with("DELTA_CONCURRENT")
            || state == "2D521"
            || message.contains("DELTA_CONCURRENT")
            || message.contains("ConcurrentAppendException")
            || message.contains("ConcurrentDelete")
            || message.contains("ConcurrentModificationException")
            || message.contains("Failed to commit transaction")
            || message.contains("ommit conflict")
    }

    /// Whether the table is not there (any more).
    #[must_use]
    pub fn is_missing_table(&self) -> bool {
        let Self::Refused { class, message, state, .. } = self else { return false };
        class.contains("TABLE_OR_VIEW_NOT_FOUND")
            || class.contains("TABLE_NOT_FOUND")
            || class.contains("PATH_NOT_FOUND")
            || class.contains("DELTA_MISSING")
            || state == "42P01"
            || message.contains("No commit files found")
            || message.contains("table not found")
            || message.contains("TABLE_OR_VIEW_NOT_FOUND")
    }

    /// Whether trying again later makes sense without changing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Unknown { .. }) || self.is_concurrent()
    }
}

/// The text of a server: its first lines, without the stack of calls, and harmless.
#[must_use]
pub fn shown(message: &str) -> String {
    let text = message.split("\n\nJVM stacktrace").next().unwrap_or(message);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).take(6).collect();
    let joined: String = lines.join(" ").chars().take(1000).collect();
    printable(joined.trim_end_matches('.')).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_do_and_is_harmless() {
        let error =
            SqlError::refused("sc://h:1", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "no \u{1b}[31m table.\n\n== SQL ==");
        let text = error.to_string();
        assert!(text.starts_with("sc://h:1 refuses the statement: no \\x1b[31m table"), "{text}");
        assert!(text.ends_with("; check the name of the table, and its catalog and schema"), "{text}");
        assert!(error.is_missing_table() && !error.is_passing());
    }

    #[test]
    fn what_others_did_first_is_tried_again() {
        for (class, state, message) in [
            ("DELTA_CONCURRENT_APPEND.ROW_LEVEL_CHANGES", "2D521", "files were added"),
            ("", "", "Failed to commit transaction: 5"),
            ("", "2D521", ""),
        ] {
            assert!(SqlError::refused("p", class, state, message).is_concurrent(), "{class}{message}");
        }
        assert!(!SqlError::refused("p", "PARSE_SYNTAX_ERROR", "42601", "near x").is_passing());
    }
}
