//! Opening the file: what is checked, and how the connection is set up.

use super::{SqliteStore, errors, schema};
use crate::domain::text::printable;
use crate::store::error::StoreError;
use crate::store::records::Mode;
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// How long a statement waits for another program's lock before the state becomes "locked by another program".
const BUSY: Duration = Duration::from_millis(2500);
/// Prepared statements kept; a session uses fewer.
const STATEMENTS: usize = 256;

impl SqliteStore {
    /// Opens the file, makes it where `mode` says so, and brings its schema up to date.
    ///
    /// A file that exists but cannot be written opens read-only, and [`crate::store::Store::read_only`] says why.
    ///
    /// # Errors
    /// See [`StoreError`]: missing, not a store, newer, damaged, not to be opened.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, StoreError> {
        let place = printable(&path.to_string_lossy()).into_owned();
        if mode != Mode::Create && !path.exists() {
            return Err(StoreError::not_found(format!("file `{place}`"), "this computer"));
        }
        if path.is_dir() {
            return Err(StoreError::NotAStore { place, why: "it is a folder".to_owned() });
        }
        if mode == Mode::Read {
            return Self::open_read_only(path, place, "it was opened read-only".to_owned());
        }
        match Self::open_writable(path, &place, mode) {
            Err(StoreError::ReadOnly { why, .. }) if path.exists() => Self::open_read_only(path, place, why),
            other => other,
        }
    }

    fn open_writable(path: &Path, place: &str, mode: Mode) -> Result<Self, StoreError> {
        let failed = |e| errors::from_sqlite(e, place);
        if mode == Mode::Create
            && let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty() && !f.exists())
        {
            std::fs::create_dir_all(folder).map_err(|e| StoreError::Failed {
                place: place.to_owned(),
                why: format!("its folder cannot be made: {e}"),
            })?;
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, mode == Mode::Create);
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            let why = "its permissions do not allow it".to_owned();
            return Err(StoreError::ReadOnly { place: place.to_owned(), why });
        }
        // Before anything is written: a foreign or a newer file stays as it is.
        schema::version(&connection, place)?;
        let journal: String = connection.query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0)).map_err(failed)?;
        tracing::debug!(place, journal, "store opened");
        connection
            .execute_batch(
                "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 2000;
                 PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;",
            )
            .map_err(failed)?;
        schema::migrate(&mut connection, place)?;
        Self::prepare(connection, place.to_owned(), None)
    }

    /// Opens a file of another program, which stays as it is: neither its schema nor its journal mode is touched.
    pub(in crate::store) fn attach(path: &Path, mode: Mode) -> Result<Self, StoreError> {
        let place = printable(&path.to_string_lossy()).into_owned();
        let failed = |e| errors::from_sqlite(e, &place);
        let read = mode == Mode::Read;
        let access = if read { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        let read = read || connection.is_readonly("main").map_err(failed)?;
        Self::prepare(connection, place, read.then(|| "it was opened read-only".to_owned()))
    }

    /// Opens without any write. A write-ahead log needs its side files beside the database; where the folder does not
    /// let them be made, the file is read as it stands (`immutable`), which nobody can then be writing either.
    fn open_read_only(path: &Path, place: String, why: String) -> Result<Self, StoreError> {
        let failed = |e| errors::from_sqlite(e, &place);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let plain = Connection::open_with_flags(path, flags).map_err(failed).and_then(|c| {
            c.busy_timeout(BUSY).map_err(failed)?;
            schema::version(&c, &place).map(|v| (c, v))
        });
        let (connection, version) = match plain {
            Err(StoreError::Failed { .. } | StoreError::ReadOnly { .. }) => {
                let flags = flags | OpenFlags::SQLITE_OPEN_URI;
                let c = Connection::open_with_flags(immutable_uri(path), flags).map_err(failed)?;
                let version = schema::version(&c, &place)?;
                (c, version)
            }
            other => other?,
        };
        if version < schema::KNOWN {
            let why = format!("schema {version} of an older lakelens, or empty; open it once for writing");
            return Err(StoreError::NotAStore { place, why });
        }
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;").map_err(failed)?;
        Self::prepare(connection, place, Some(why))
    }

    fn prepare(connection: Connection, place: String, read_only: Option<String>) -> Result<Self, StoreError> {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        super::look::add_functions(&connection).map_err(|e| errors::from_sqlite(e, &place))?;
        Ok(Self {
            connection,
            place,
            read_only,
            scans: HashMap::new(),
            grounds: Default::default(),
            stop: Default::default(),
        })
    }

    /// Says what SQLite's own check finds wrong with the file; empty when it is sound. Reads all of it.
    ///
    /// # Errors
    /// When the check itself cannot run.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            let mut check = self.connection.prepare("PRAGMA integrity_check(20)")?;
            let lines: rusqlite::Result<Vec<String>> = check.query_map([], |r| r.get(0))?.collect();
            let mut keys = self.connection.prepare("PRAGMA foreign_key_check")?;
            let orphans: rusqlite::Result<Vec<String>> = keys
                .query_map([], |r| {
                    Ok(format!("row of `{}` without its `{}`", r.get::<_, String>(0)?, r.get::<_, String>(2)?))
                })?
                .collect();
            Ok(lines?.into_iter().filter(|l| l != "ok").chain(orphans?.into_iter().take(20)).collect())
        };
        run().map_err(|e| self.failed(e))
    }

    /// Limits the file to so many pages of 4 KiB, as a quota does; 0 lifts the limit.
    ///
    /// # Errors
    /// When the pragma cannot run.
    pub fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        let pages = if pages == 0 { 4_294_967_294 } else { i64::from(pages) };
        self.connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .map_err(|e| self.failed(e))
    }
}

fn immutable_uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri + "?immutable=1"
}
