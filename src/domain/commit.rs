//! One version of a table, as its history tells of it.

use serde::Serialize;

/// A commit of a table. Texts are safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// The version it made.
    pub version: i64,
    /// When, as the engine writes it.
    pub at: Option<String>,
    /// What was done, such as `MERGE`.
    pub operation: Option<String>,
    /// Who did it.
    pub user: Option<String>,
    /// The message that was given with it.
    pub message: Option<String>,
    /// Rows that it put into the table, changed ones too, where it tells.
    pub added: Option<u64>,
    /// Rows that it took out of the table, changed ones too, where it tells.
    pub removed: Option<u64>,
}
