//! What an export would write and what it would lose, before it is made.
//!
//! What always holds: it is the export itself, of the same samples through the same writers, into a folder that is gone
//! afterwards; only the files of the pictures are left alone.

use super::scratch::{Scratch, may_replace};
use super::{Export, Format, Images, export};
use crate::domain::project::Project;
use crate::lake::Lake;
use crate::ops::report::ExportReport;
use crate::ops::{OpsError, Watch, shown};
use crate::store::Store;
use std::fs;
use std::path::Path;

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
    let ending = wanted.dest.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let one_file = match wanted.format {
        Format::Set(kind) => kind.one_file().is_some_and(|wanted| ending.as_deref() == Some(wanted)),
        other => matches!(other, Format::Csv | Format::Jsonl),
    };
    let table = wanted.format == Format::Delta;
    if table && !wanted.overwrite && !wanted.append && wanted.far.is_none() && wanted.dest.exists() {
        return Err(OpsError::Exists(shown(&wanted.dest)));
    }
    // A file is replaced as it is; the rows of a table stay in its older versions.
    let replaced = one_file && wanted.overwrite;
    if !table && !replaced {
        may_replace(&wanted.dest, wanted.overwrite)?;
    }
    fs::create_dir_all(scratch).map_err(|e| OpsError::file("create", scratch, &e))?;
    let folder = Scratch::beside(&scratch.join("export"));
    fs::create_dir(folder.path()).map_err(|e| folder.failed(&e))?;
    let dest = folder.path().join(wanted.dest.file_name().unwrap_or_default());
    // A file that has no place for pictures refuses them before anything is written.
    let images = if one_file { wanted.images } else { Images::None };
    let aside = Export { dest, images, overwrite: false, far: None, append: false, ..wanted.clone() };
    let report = export(store, lake, project, &aside, watch)?;
    let dest = match &wanted.far {
        Some(far) => far.to_string(),
        None => crate::domain::text::encode_os(wanted.dest.as_os_str()),
    };
    Ok(ExportReport { dest, version: None, ..report })
}
