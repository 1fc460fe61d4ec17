//! What can go wrong in a store, said so that a person knows what happened, where, and what to do.

use crate::domain::text::printable;
use crate::remote::sql::SqlError;
use std::time::Duration;

/// A failure of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A project, sample, edit, saved queue... that is not there.
    #[error("there is no {what} in {place}")]
    NotFound {
        /// The thing, with its name.
        what: String,
        /// The store.
        place: String,
    },
    /// A live project has this name already.
    #[error("a project called `{name}` exists already in {place}; choose another name, or rename the other one first")]
    NameTaken {
        /// The name.
        name: String,
        /// The store.
        place: String,
    },
    /// The schema was written by a later version of the program.
    #[error(
        "{place} was written by a newer lakelens (schema {found}, this one knows up to {known}); update lakelens to open it"
    )]
    Newer {
        /// The store.
        place: String,
        /// Its schema version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// The file holds something else.
    #[error("{place} is not a lakelens store ({why}); give another file, or a path that does not exist yet")]
    NotAStore {
        /// The file.
        place: String,
        /// What was found.
        why: String,
    },
    /// It cannot be written.
    #[error("{place} cannot be written ({why}); make the file and its folder writable, or choose another with --store")]
    ReadOnly {
        /// The store.
        place: String,
        /// Why.
        why: String,
    },
    /// Another program holds the lock for longer than we wait.
    #[error("{place} is locked by another program; it is tried again, close the other program if this lasts")]
    Busy {
        /// The store.
        place: String,
    },
    /// The disk, the quota or the allowed size is used up.
    #[error("no space is left to write {place}; nothing that was saved is lost; free some space to go on")]
    DiskFull {
        /// The store.
        place: String,
    },
    /// The database is damaged.
    #[error("{place} is damaged ({why}); restore a copy, or rescue what can be read with `sqlite3 FILE .recover`")]
    Corrupt {
        /// The store.
        place: String,
        /// What the database says.
        why: String,
    },
    /// A server cannot be reached, or the connection to it is gone.
    #[error("{place} cannot be reached ({why}); it is tried again, check the network, the address and the server")]
    Offline {
        /// The store.
        place: String,
        /// What was reported.
        why: String,
    },
    /// A server does not let this person in.
    #[error("{place} refuses to sign in ({why}); check the user's name and the password, or sign in again")]
    Denied {
        /// The store.
        place: String,
        /// What was reported.
        why: String,
    },
    /// The request itself makes no sense.
    #[error("{what}")]
    Invalid {
        /// What is wrong and how it should be.
        what: String,
    },
    /// This kind of store cannot do it; see [`super::Capabilities`].
    #[error("{place} cannot {what}; use a project in lakelens' own store for that")]
    Unsupported {
        /// What was asked.
        what: String,
        /// The store.
        place: String,
    },
    /// The engine that runs SQL on a table.
    #[error(transparent)]
    Engine(SqlError),
    /// The read was cancelled.
    #[error("the request was cancelled")]
    Interrupted,
    /// Anything else the database or the system reports.
    #[error("{place}: {why}; try again, and check the disk if it stays")]
    Failed {
        /// The store.
        place: String,
        /// What was reported.
        why: String,
    },
}

impl StoreError {
    /// Something that is not there; `what` such as "project `birds`".
    #[must_use]
    pub fn not_found(what: impl AsRef<str>, place: &str) -> Self {
        Self::NotFound { what: printable(what.as_ref()).into_owned(), place: place.to_owned() }
    }

    /// A request that makes no sense.
    #[must_use]
    pub fn invalid(what: impl AsRef<str>) -> Self {
        Self::Invalid { what: printable(what.as_ref()).into_owned() }
    }

    /// Whether the same request may work later without being changed: after how long to try first.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { .. } => Some(Duration::from_millis(50)),
            Self::DiskFull { .. } | Self::ReadOnly { .. } | Self::Failed { .. } => Some(Duration::from_millis(500)),
            Self::Offline { .. } => Some(Duration::from_millis(200)),
            Self::Corrupt { .. } | Self::Denied { .. } => Some(Duration::from_secs(5)),
            Self::Engine(error) if error.is_passing() => Some(Duration::from_millis(500)),
            _ => None,
        }
    }
}

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        if error == SqlError::Cancelled { Self::Interrupted } else { Self::Engine(error) }
    }
}
