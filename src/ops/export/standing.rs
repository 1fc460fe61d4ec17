//! What stands already where an export is to go behind a server, and whether it may be replaced.
//!
//! What always holds: nothing is replaced that nobody asked to replace; of folders only those that a manifest shows to be
//! exports of this program, whole or not.

use super::manifest::{BESIDE, NAME};
use super::ship::reached;
use super::{Export, is_one_file};
use crate::domain::text::printable;
use crate::lake::target::{Stands, Target};
use crate::ops::OpsError;
use serde_json::Value;

/// A manifest of more bytes is none.
const LARGEST: u64 = 16 << 20;

/// What stands where an export is to be written, if it may be.
///
/// # Errors
/// When something is in the way, and what the server says.
pub(super) fn may_write(wanted: &Export, target: &Target) -> Result<Stands, OpsError> {
    let shown = |target: &Target| printable(&target.path().to_string()).into_owned();
    let stands = target.stands().map_err(reached)?;
    if is_one_file(wanted) {
        return match stands {
            Stands::Folder | Stands::Empty => {
                let dest = shown(target);
                let text = format!("`{dest}` is a folder; name the file to write, such as `{dest}/labels.csv`");
                Err(OpsError::Invalid(text))
            }
            Stands::File if !wanted.overwrite => Err(OpsError::Exists(shown(target))),
            Stands::Nothing if !wanted.overwrite => {
                let manifest = target.beside(BESIDE);
                match manifest.stands().map_err(reached)? {
                    Stands::Nothing => Ok(stands),
                    _ => Err(OpsError::Exists(shown(&manifest))),
                }
            }
            _ => Ok(stands),
        };
    }
    match stands {
        Stands::Nothing | Stands::Empty => Ok(stands),
        _ if !wanted.overwrite => Err(OpsError::Exists(shown(target))),
        Stands::Folder if is_ours(target)? => Ok(stands),
        _ => Err(OpsError::Invalid(format!(
            "`{}` is no earlier export of this kind and is not replaced; choose another folder",
            shown(target)
        ))),
    }
}

/// Whether a folder holds an export of this program, whole or not.
fn is_ours(target: &Target) -> Result<bool, OpsError> {
    let at = target.below(NAME).map_err(reached)?;
    if at.stands().map_err(reached)? != Stands::File {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    at.read(LARGEST, &mut bytes).map_err(reached)?;
    let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(manifest.get("tool").and_then(Value::as_str).is_some_and(|tool| tool.starts_with("lakelens")))
}
