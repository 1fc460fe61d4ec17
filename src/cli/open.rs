//! `lakelens [PATH|URI]`: opens the screen.

use super::context::{Context, note};
use super::error::AppError;
use crate::domain::lake_path::LakePath;
use crate::domain::text::{decode_os, encode_os};
use crate::runtime::services::StoreOpener;
use crate::runtime::{self, OpenRequest};
use std::ffi::OsString;
use std::path::Path;

pub(super) fn run(path: Option<OsString>, context: Context) -> Result<(), AppError> {
    let target = path.map(|p| checked(&p, &context)).transpose()?;
    open(target, None, None, None, context)
}

/// Opens the screen on a place or a project, with a first word to the person.
pub(super) fn open(
    target: Option<LakePath>,
    project: Option<String>,
    store: Option<StoreOpener>,
    welcome: Option<String>,
    context: Context,
) -> Result<(), AppError> {
    let Context { loaded, environment, connections, interrupts, .. } = context;
    // From here on the loop listens for signals.
    drop(interrupts);
    let left = runtime::open(OpenRequest { target, project, store, welcome, loaded, environment, connections })
        .map_err(|error| AppError::failed(error.to_string()))?;
    match left.unsent {
        0 => {}
        1 => note("1 edit is kept in the journal and is sent at the next start: lakelens status"),
        n => note(&format!("{n} edits are kept in the journal and are sent at the next start: lakelens status")),
    }
    Ok(())
}

/// The place to open. A name that is neither there nor a path may be a mistyped subcommand.
fn checked(text: &OsString, context: &Context) -> Result<LakePath, AppError> {
    let path = context.lake_path(text)?;
    let missing = path.as_local().is_some_and(|local| !Path::new(&decode_os(local)).exists());
    if !missing {
        return Ok(path);
    }
    Err(super::mistyped::place(&encode_os(text)))
}
