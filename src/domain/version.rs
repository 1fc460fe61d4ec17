//! Versions of a table, and what differs between two of them.
//!
//! Why here: an engine that runs SQL and the direct reading of a Delta table answer the same questions, and every screen
//! and command shows the answers in one way.

use serde::Serialize;

/// A state of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum At {
    /// The table now.
    #[default]
    Now,
    /// A version.
    Version(i64),
    /// A time, as the engine reads it; read directly, one without a zone is in UTC.
    Time(String),
}

impl At {
    /// Reads `now`, a number, or a time such as `2026-11-01` or `2026-11-01T10:00:00Z`.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(Self::Now);
        }
        if let Ok(version) = text.parse::<i64>()
            && version >= 0
        {
            return Ok(Self::Version(version));
        }
        let date = text.parse::<jiff::civil::Date>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok();
        if date || text.parse::<jiff::Timestamp>().is_ok() {
            return Ok(Self::Time(text.to_owned()));
        }
        Err(format!("`{text}` is no version of a table; give `now`, a number, or a time such as 2026-11-01T10:00:00Z"))
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Version(n) => write!(f, "{n}"),
            Self::Time(time) => f.write_str(time),
        }
    }
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Its class is another.
    Changed,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

/// A row that differs between two states of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What happened.
    pub what: What,
    /// The row's id.
    pub id: String,
    /// The path of its picture, as the table has it.
    pub path: String,
    /// The class before; none as well for an added row.
    pub before: Option<String>,
    /// The class after; none as well for a removed row.
    pub after: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read() {
        assert_eq!(At::parse("now"), Ok(At::Now));
        assert_eq!(At::parse("12"), Ok(At::Version(12)));
        for time in ["2026-11-01", "2026-11-01T10:00:00Z", "2026-11-01 10:00:00"] {
            assert_eq!(At::parse(time), Ok(At::Time(time.to_owned())));
            assert!(!time.contains('\''));
        }
        for wrong in ["", "-1", "x", "2026-11-01' OR 1=1 --", "yesterday"] {
            assert!(At::parse(wrong).is_err(), "{wrong}");
        }
    }
}
