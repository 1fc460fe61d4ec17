//! What an export would write and what it would lose, before it is made.
//!
//! What always holds: it is the export itself, of the same samples through the same writers, into a folder that is gone
//! afterwards; only the files of the pictures are left alone.

use super::scratch::{Scratch, may_replace, may_replace_file};
use super::{Export, Format, Images, apart, export, far, is_one_file, standing};
use crate::domain::project::Project;
use crate::lake::Lake;
use crate::lake::target::Goal;
use crate::ops::report::ExportReport;
use crate::ops::{OpsError, Watch, shown};
use crate::store::Store;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Counts what an export would do.
///
/// # Errors
/// Those of the export, and when the folder for scratch files cannot be written.
pub fn count(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    wanted: &Export,
    scratch: &Path,
    watch: &mut Watch<'_>,
) -> Result<ExportReport, OpsError> {
    let one_file = is_one_file(wanted);
    apart::check(store, lake, wanted)?;
    may_write(lake, wanted, one_file)?;
    fs::create_dir_all(scratch).map_err(|e| OpsError::file("create", scratch, &e))?;
    let folder = Scratch::beside(&scratch.join("export"));
    fs::create_dir(folder.path()).map_err(|e| folder.failed(&e))?;
    let named = wanted.far.as_ref().map(|far| PathBuf::from(far.name()));
    let named = named.as_deref().unwrap_or(&wanted.dest).file_name();
    let dest = folder.path().join(named.unwrap_or(OsStr::new("export")));
    // A file that has no place for pictures refuses them before anything is written.
    let images = if one_file { wanted.images } else { Images::None };
    let aside = Export { dest, images, overwrite: false, far: None, append: false, ..wanted.clone() };
    let report = export(store, lake, project, &aside, watch)?;
    let dest = match &wanted.far {
        Some(far) => far.to_string(),
        None => crate::domain::text::encode_os(wanted.dest.as_os_str()),
    };
    Ok(ExportReport { dest, version: None, manifest: String::new(), unchanged: false, dry_run: true, ..report })
}

/// Whether the export itself may write where it is to go.
fn may_write(lake: &Lake, wanted: &Export, one_file: bool) -> Result<(), OpsError> {
    let free = |dest: &Path| match one_file {
        true => may_replace_file(dest, wanted.overwrite),
        false => may_replace(dest, wanted.overwrite).map(drop),
    };
    match &wanted.far {
        // The rows of a table stay in its older versions.
        None if wanted.format == Format::Delta => match wanted.overwrite || wanted.append || !wanted.dest.exists() {
            true => Ok(()),
            false => Err(OpsError::Exists(shown(&wanted.dest))),
        },
        Some(_) if wanted.format == Format::Delta => Ok(()),
        None => free(&wanted.dest),
        Some(far) => match far::goal(lake, wanted, far)? {
            Goal::Here(dest) => free(&dest),
            Goal::There(target) => standing::may_write(wanted, &target).map(drop),
        },
    }
}
