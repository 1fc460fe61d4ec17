//! SQLite's result codes as store errors.

use crate::domain::text::printable;
use crate::store::error::StoreError;
use rusqlite::{Error, ErrorCode};

/// The store error for what SQLite reported about the file at `place`.
pub(in crate::store) fn from_sqlite(error: Error, place: &str) -> StoreError {
    let place = place.to_owned();
    let why = printable(&error.to_string()).into_owned();
    let Some(code) = error.sqlite_error_code() else {
        return match error {
            Error::FromSqlConversionFailure(..) | Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..) => {
                StoreError::Corrupt { place, why }
            }
            _ => StoreError::Failed { place, why },
        };
    };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy { place },
        ErrorCode::DiskFull => StoreError::DiskFull { place },
        ErrorCode::ReadOnly => StoreError::ReadOnly { place, why: "it is read-only".to_owned() },
        ErrorCode::PermissionDenied => StoreError::ReadOnly { place, why },
        ErrorCode::DatabaseCorrupt => StoreError::Corrupt { place, why },
        ErrorCode::NotADatabase => StoreError::NotAStore { place, why: "not a SQLite database".to_owned() },
        ErrorCode::OperationInterrupted => StoreError::Interrupted,
        ErrorCode::CannotOpen => {
            StoreError::Failed { place, why: format!("{why}: the folder is missing or may not be entered") }
        }
        _ => StoreError::Failed { place, why },
    }
}
