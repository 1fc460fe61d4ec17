//! What stands already where an export is to go behind a server, and whether it may be replaced.
//!
//! What always holds: nothing is replaced that nobody asked to replace; of folders only those that a manifest shows to be
//! exports of this program; of those that are not whole only where it is known what lies in them.

use super::begun::Begun;
use super::manifest::{BESIDE, NAME};
use super::ship::reached;
use super::{Export, is_one_file};
use crate::domain::picture_name::is_picture_name;
use crate::domain::text::printable;
use crate::lake::target::{Stands, Target};
use crate::ops::OpsError;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A manifest of more bytes is none.
const LARGEST: u64 = 16 << 20;

/// The manifest of an export that is not whole yet.
pub(super) fn note(run: &str) -> String {
    let tool = concat!("lakelens ", env!("CARGO_PKG_VERSION"));
    let note = json!({ "tool": tool, "unfinished": true, "run": run, "begun": Timestamp::now().to_string() });
    format!("{note:#}\n")
}

/// Whether a manifest there is the [`note`] of this run.
///
/// # Errors
/// What the server says.
pub(super) fn is_of(manifest: &Target, run: &str) -> Result<bool, OpsError> {
    Ok(read(manifest)?.is_some_and(|found| text(&found, "run") == Some(run)))
}

/// What stands where an export is to be written, if it may be; for a folder in which one of this machine was broken off,
/// what is known of that.
///
/// # Errors
/// When something is in the way, and what the server says.
pub(super) fn may_write(wanted: &Export, target: &Target) -> Result<(Stands, Option<Begun>), OpsError> {
    let stands = target.stands().map_err(reached)?;
    if is_one_file(wanted) {
        return may_write_file(wanted, target, stands).map(|()| (stands, None));
    }
    let found = match stands {
        Stands::Nothing | Stands::Empty => return Ok((stands, None)),
        Stands::File => None,
        Stands::Folder => read(&target.below(NAME).map_err(reached)?)?,
    };
    let ours = found.filter(|found| text(found, "tool").is_some_and(|tool| tool.starts_with("lakelens")));
    let former = match &ours {
        Some(found) if found.get("unfinished").is_some() => Some(broken_off(wanted, target, found)?),
        _ => None,
    };
    match former {
        Some(begun) if wanted.overwrite || begun.is_fresh() => Ok((stands, Some(begun))),
        None if wanted.overwrite && ours.is_some() => Ok((stands, None)),
        _ if !wanted.overwrite => Err(OpsError::Exists(shown(target))),
        _ => Err(OpsError::Invalid(format!(
            "`{}` is no earlier export of this kind and is not replaced; choose another folder",
            shown(target)
        ))),
    }
}

fn shown(target: &Target) -> String {
    printable(&target.path().to_string()).into_owned()
}

fn may_write_file(wanted: &Export, target: &Target, stands: Stands) -> Result<(), OpsError> {
    match stands {
        Stands::Folder | Stands::Empty => {
            let dest = shown(target);
            let text = format!("`{dest}` is a folder; name the file to write, such as `{dest}/labels.csv`");
            Err(OpsError::Invalid(text))
        }
        Stands::File if !wanted.overwrite => Err(OpsError::Exists(shown(target))),
        Stands::File if is_picture_name(&target.path().to_string()) => {
            Err(OpsError::Invalid(super::scratch::kept(&shown(target), "a picture")))
        }
        Stands::Nothing if !wanted.overwrite => {
            let manifest = target.beside(BESIDE);
            match manifest.stands().map_err(reached)? {
                Stands::Nothing => Ok(()),
                _ => Err(OpsError::Exists(shown(&manifest))),
            }
        }
        _ => Ok(()),
    }
}

/// What is known of an export that has begun to fill a folder and did not end.
fn broken_off(wanted: &Export, target: &Target, found: &Value) -> Result<Begun, OpsError> {
    if let Some(begun) = Begun::resume(&wanted.begun, text(found, "run").unwrap_or_default())? {
        return Ok(begun);
    }
    let since = text(found, "begun").map(|at| format!(" since {}", printable(at))).unwrap_or_default();
    Err(OpsError::Data(format!(
        "`{}` holds an export that is unfinished{since}: it is under way elsewhere, or was broken off on a machine that \
         alone knows what it has left; export there again to finish it, or empty the folder",
        shown(target)
    )))
}

fn text<'a>(found: &'a Value, name: &str) -> Option<&'a str> {
    found.get(name).and_then(Value::as_str)
}

/// The manifest there; nothing where there is none. What is no manifest is an empty one.
fn read(manifest: &Target) -> Result<Option<Value>, OpsError> {
    if manifest.stands().map_err(reached)? != Stands::File {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    manifest.read(LARGEST, &mut bytes).map_err(reached)?;
    Ok(Some(serde_json::from_slice(&bytes).unwrap_or_default()))
}
