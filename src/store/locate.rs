//! Which store a text means, and where the default one lies.

use super::cvexplorer::CvExplorer;
use super::postgres::PostgresStore;
use super::postgres::address::{self, Address};
use super::records::Mode;
use super::sqlite::SqliteStore;
use super::{Result, Store, StoreError};
use crate::domain::text::printable;
use crate::remote::net::Net;
use crate::remote::password::PasswordSource;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The user's own store inside the data directory.
#[must_use]
pub fn default_path(data_dir: &Path) -> PathBuf {
    data_dir.join("lakelens.db")
}

/// Opens the store that `location` means: `sqlite:PATH`, a path, or `postgres://…`.
///
/// # Errors
/// [`StoreError::Unsupported`] for kinds this build does not know; else what the kind reports.
pub fn open(location: &str, mode: Mode, net: &Net) -> Result<Box<dyn Store>> {
    open_with(location, mode, net, None)
}

/// Opens it as [`open`] does; where the location holds no password, `password` gives one to each connection.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    location: &str,
    mode: Mode,
    net: &Net,
    password: Option<Arc<dyn PasswordSource>>,
) -> Result<Box<dyn Store>> {
    let path = match location.split_once(':') {
        Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
            return on_server(Address::parse(location)?, mode, net, password);
        }
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
    open_file(Path::new(path), mode)
}

/// Opens a file: our own, or CV Explorer's.
///
/// # Errors
/// As [`open`].
pub fn open_file(path: &Path, mode: Mode) -> Result<Box<dyn Store>> {
    match SqliteStore::open(path, mode) {
        Err(StoreError::NotAStore { place, why }) if path.is_file() => {
            match SqliteStore::attach(path, mode).and_then(CvExplorer::on_file) {
                Ok(Some(found)) => Ok(Box::new(found)),
                _ => Err(StoreError::NotAStore { place, why }),
            }
        }
        other => Ok(Box::new(other?)),
    }
}

/// Our own schema where it is there already; else CV Explorer's tables where they are; else our own, made now.
///
/// # Errors
/// As [`open`].
pub fn on_server(
    address: Address,
    mode: Mode,
    net: &Net,
    password: Option<Arc<dyn PasswordSource>>,
) -> Result<Box<dyn Store>> {
    let password = password.filter(|_| !address.has_password());
    let mut own = PostgresStore::attach(address.clone(), password.clone(), mode, net)?;
    // Tables of another program may be just what is looked for.
    let found = own.version();
    if matches!(found, Ok(0) | Err(StoreError::NotAStore { .. })) {
        let theirs = PostgresStore::attach(address.for_others(), password, mode, net)?;
        if let Ok(found) = CvExplorer::on_server(theirs)? {
            return Ok(Box::new(found));
        }
    }
    Ok(Box::new(own.prepared(found?, mode)?))
}

/// The file that a location means; `None` for a server.
#[must_use]
pub fn file_of(location: &str) -> Option<PathBuf> {
    match location.split_once(':') {
        Some(("sqlite", path)) => Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path))),
        Some((_, rest)) if rest.starts_with("//") => None,
        _ => Some(PathBuf::from(location)),
    }
}

/// A location as it may be shown: without a password.
#[must_use]
pub fn shown(location: &str) -> String {
    match location.split_once(':') {
        Some(("postgres" | "postgresql", _)) => address::shown(location),
        Some((scheme, rest)) if rest.starts_with("//") && scheme != "sqlite" => format!("{}://…", printable(scheme)),
        _ => printable(location).into_owned(),
    }
}
