//! What PostgreSQL, or the way to it, reports as store errors.

use crate::domain::text::printable;
use crate::store::error::StoreError;
use std::error::Error as _;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// The store error for what the driver reported.
pub(super) fn from_postgres(error: &Error, place: &str) -> StoreError {
    match error.as_db_error() {
        Some(reported) => from_server(reported, place),
        None => StoreError::Offline { place: place.to_owned(), why: chain(error) },
    }
}

/// The message with the reasons under it, which is where the driver says what happened.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(reason) = source {
        let reason_text = reason.to_string();
        if !text.contains(&reason_text) {
            text = format!("{text}: {reason_text}");
        }
        source = reason.source();
    }
    printable(&text).into_owned()
}

fn from_server(error: &DbError, place: &str) -> StoreError {
    let place = place.to_owned();
    let why = printable(error.message()).into_owned();
    let code = error.code();
    match code.code().get(..2).unwrap_or_default() {
        "28" => return StoreError::Denied { place, why },
        "08" => return StoreError::Offline { place, why },
        "40" | "55" => return StoreError::Busy { place },
        _ => {}
    }
    match *code {
        SqlState::INVALID_CATALOG_NAME => {
            StoreError::NotFound { what: format!("database on the server ({why})"), place }
        }
        SqlState::DISK_FULL => StoreError::DiskFull { place },
        SqlState::TOO_MANY_CONNECTIONS
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => StoreError::Offline { place, why },
        SqlState::READ_ONLY_SQL_TRANSACTION | SqlState::INSUFFICIENT_PRIVILEGE => StoreError::ReadOnly { place, why },
        SqlState::QUERY_CANCELED => {
            StoreError::Failed { place, why: format!("{why} (statement_timeout in the location allows more)") }
        }
        _ => StoreError::Failed { place, why: format!("{why} ({})", code.code()) },
    }
}

/// Whether a statement was stopped on somebody's request, or because it took too long.
pub(super) fn is_cancelled(error: &Error) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}
