//! A folder that is filled beside its destination and gets its name when it is whole, with its manifest in it.

use super::Run;
use super::manifest::{Checksums, NAME};
use super::outputs::Folder;
use super::scratch::{Scratch, may_replace, replace};
use crate::ops::report::ExportReport;
use crate::ops::{OpsError, Watch};
use std::fs;

/// Has `fill` write the files of an export, then publishes them.
pub(super) fn folder(
    run: &mut Run<'_>,
    watch: &mut Watch<'_>,
    fill: impl FnOnce(&mut Run<'_>, &Scratch, &mut Folder, &mut Watch<'_>) -> Result<(), OpsError>,
) -> Result<ExportReport, OpsError> {
    let dest = run.wanted.dest.clone();
    let standing = may_replace(&dest, run.wanted.overwrite)?;
    let scratch = Scratch::beside(&dest);
    fs::create_dir(scratch.path()).map_err(|e| scratch.failed(&e))?;
    let mut out = Folder::shipped(scratch.path(), run.shipper.clone()).map_err(|e| scratch.failed(&e))?;
    fill(run, &scratch, &mut out, watch)?;
    if let Some(shipper) = &run.shipper {
        // The folder is about to get another name, under which nobody would look for what still waits in it.
        shipper.finish()?;
    }
    let written = out.finish().map_err(|e| scratch.failed(&e))?;
    let manifest = run.manifest(Checksums::list(&written)).bytes(&dest)?;
    fs::write(scratch.path().join(NAME), manifest).map_err(|e| scratch.failed(&e))?;
    watch.check()?;
    if standing {
        replace(scratch, &dest)?
    } else {
        scratch.publish(false)?
    }
    Ok(run.report(&dest.join(NAME)))
}
