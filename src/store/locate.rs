//! Which store a text means, and where the default one lies.

use super::records::Mode;
use super::sqlite::SqliteStore;
use super::{Result, Store, StoreError};
use crate::domain::text::printable;
use std::path::{Path, PathBuf};

/// The user's own store inside the data directory.
#[must_use]
pub fn default_path(data_dir: &Path) -> PathBuf {
    data_dir.join("lakelens.db")
}

/// Opens the store that `location` means: `sqlite:PATH`, or a path.
///
/// # Errors
/// [`StoreError::Unsupported`] for kinds this build does not know; else what the kind reports.
pub fn open(location: &str, mode: Mode) -> Result<Box<dyn Store>> {
    let path = match location.split_once(':') {
        Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
        Some((scheme, rest)) if rest.starts_with("//") => {
            // Only the scheme is named: the rest may hold a password.
            let place = format!("this lakelens, asked for `{}://…`,", printable(scheme));
            return Err(StoreError::Unsupported { what: "open such a store".to_owned(), place });
        }
        _ => location,
    };
    if path.is_empty() {
        return Err(StoreError::invalid("a store needs a path: sqlite:PATH"));
    }
    Ok(Box::new(SqliteStore::open(Path::new(path), mode)?))
}
