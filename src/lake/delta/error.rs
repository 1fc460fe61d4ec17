//! What can go wrong with a Delta table that is read directly, said so that a person knows what to do.

use crate::domain::text::printable;
use crate::lake::LakeError;
use crate::lake::remote::RemoteError;
use delta_kernel::KernelError;
use std::error::Error;

/// Bytes of a foreign message that are shown.
const LONGEST: usize = 400;

/// Why a Delta table cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// There is no log.
    #[error(
        "{place} is no Delta table: it has no folder _delta_log with commits; give the folder that holds _delta_log"
    )]
    NotDelta {
        /// The folder.
        place: String,
    },
    /// A catalog's table that has another format.
    #[error("{place} cannot be read directly: {why}; name an engine with --store, --warehouse or --cluster")]
    NotHere {
        /// The table.
        place: String,
        /// Why.
        why: String,
    },
    /// A version that is not there.
    #[error("{place} has no version {wanted}: {have}; `lakelens table history` lists what there is")]
    NoVersion {
        /// The table.
        place: String,
        /// What was asked for.
        wanted: String,
        /// Which versions there are.
        have: String,
    },
    /// A feature of the table that this version does not read.
    #[error(
        "{place} cannot be read directly: {what}; read it through an engine: --store sc://HOST:PORT, --warehouse or \
         --cluster"
    )]
    Unsupported {
        /// The table.
        place: String,
        /// The feature, as the reader says it.
        what: String,
    },
    /// The log makes no sense.
    #[error("the log of {place} is damaged{}: {why}; restore the file, or ask who writes this table", at(.file, *.line))]
    Damaged {
        /// The table.
        place: String,
        /// The file of the log, where it is known.
        file: Option<String>,
        /// The line in it, from 1.
        line: Option<usize>,
        /// What is wrong.
        why: String,
    },
    /// A file of the table cannot be read.
    #[error("the file {file} of {place} cannot be read: {why}; {remedy}")]
    Unreadable {
        /// The table.
        place: String,
        /// The file.
        file: String,
        /// Why.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A column that is not there.
    #[error("{place} has no column `{name}`; it has {have}; name another with --{what}")]
    Column {
        /// The table.
        place: String,
        /// The column.
        name: String,
        /// The columns there are.
        have: String,
        /// The option that names it.
        what: &'static str,
    },
    /// There is a table, and nobody said that it may be changed.
    #[error(
        "{place} is a Delta table already, with other rows; say whether they are replaced or the new ones appended"
    )]
    Exists {
        /// The table.
        place: String,
    },
    /// It cannot be written into.
    #[error("{place} cannot be written: {why}")]
    NotWritable {
        /// The table.
        place: String,
        /// Why, and what to do.
        why: String,
    },
    /// The place cannot be reached.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Nobody wants the answer any more.
    #[error("reading {place} was cancelled")]
    Cancelled {
        /// The table.
        place: String,
    },
}

fn at(file: &Option<String>, line: Option<usize>) -> String {
    let file = file.as_ref().map(|file| format!(" in {file}")).unwrap_or_default();
    line.map_or_else(|| file.clone(), |line| format!("{file}, line {line}"))
}

/// A foreign message on one line, not too long.
pub(super) fn words(text: &str) -> String {
    let mut text = text.replace("This is a kernel bug, please report.", "");
    // What stands before the cause says only how it came here.
    for wrapping in ["Error interacting with object store: ", "Generic lake error: "] {
        text = text.replace(wrapping, "");
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(LONGEST).collect();
    printable(cut.trim_end_matches(['.', ' '])).into_owned()
}

/// What the reader says, as a failure of this table. Nothing where it may be the log that is damaged.
pub(super) fn told(place: &str, error: &KernelError) -> Option<DeltaError> {
    let place = place.to_owned();
    if let Some(remote) = remote_of(error) {
        return Some(DeltaError::Lake(LakeError::Remote(remote.clone())));
    }
    match error {
        KernelError::Backtraced { source, .. } => told(&place, source),
        KernelError::Cancelled => Some(DeltaError::Cancelled { place }),
        KernelError::Unsupported(what) => Some(DeltaError::Unsupported { place, what: words(what) }),
        KernelError::InvalidProtocol(what) => {
            let what = format!("its protocol is not understood ({})", words(what));
            Some(DeltaError::Unsupported { place, what })
        }
        KernelError::FileNotFound(file) => Some(gone(place, file)),
        _ => None,
    }
}

/// A file that the log names and that is not there.
fn gone(place: String, file: &str) -> DeltaError {
    DeltaError::Unreadable {
        place,
        file: words(file),
        why: "it is not there".to_owned(),
        remedy: "it may have been removed by VACUUM; choose a newer version, or restore the file",
    }
}

/// What the reader says of a file of rows.
pub(super) fn of_file(place: &str, file: &str, error: &KernelError) -> DeltaError {
    if remote_of(error).is_none() && is_missing(error) {
        return gone(place.to_owned(), file);
    }
    told(place, error).unwrap_or_else(|| DeltaError::Unreadable {
        place: place.to_owned(),
        file: words(file),
        why: words(&error.to_string()),
        remedy: "restore the file, or choose a version that does not have it",
    })
}

/// The server's own failure, where one is behind it.
fn remote_of(error: &KernelError) -> Option<&RemoteError> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// Whether a file that is not there is behind it.
fn is_missing(error: &KernelError) -> bool {
    causes(error).any(|cause| matches!(cause.downcast_ref(), Some(object_store::Error::NotFound { .. })))
}

/// The error and what is behind it, also where the reader's own chain leaves something out.
fn causes(error: &KernelError) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |at| behind(*at))
}

fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<KernelError>() {
        Some(KernelError::ObjectStore(error)) => Some(error),
        Some(KernelError::Backtraced { source, .. }) => Some(source.as_ref()),
        _ => error.source(),
    }
}
