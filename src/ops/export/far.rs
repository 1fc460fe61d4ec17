//! Exports to places behind servers: buckets, volumes of a workspace, DBFS.
//!
//! Such a place gives many files their names one after the other, so the manifest says whether an export is whole: from
//! before the first file on one stands there that says `unfinished`, and the real one comes last. What always holds: nothing
//! that is there is replaced unless that was asked for, and of folders only earlier exports and empty ones; an export that
//! fails takes back what it has written where nothing was, or says what is left; a list that is read there removes nothing
//! outside of its folder.

use super::begun::{Begun, name_of_run};
use super::filling::Filling;
use super::manifest::{BESIDE, NAME};
use super::scratch::Scratch;
use super::ship::reached;
use super::standing::{self, may_write, note};
use super::{Export, Images, here, is_one_file};
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::lake::target::{Goal, Stands, Target};
use crate::ops::report::ExportReport;
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

/// Where an export goes.
pub(super) fn goal(lake: &Lake, wanted: &Export, far: &LakePath) -> Result<Goal, OpsError> {
    let token = wanted.stop.clone();
    let goal = lake.target(far, &Stop::new(move || token.is_cancelled())).map_err(reached)?;
    if let Goal::There(target) = &goal {
        let refuse = |why: &str| Err(OpsError::Invalid(format!("`{}` {why}", printable(&far.to_string()))));
        if wanted.images == Images::Reference {
            return refuse("lies behind a server, where no link leads to a picture; use --images copy or none");
        }
        if target.is_root() && is_one_file(wanted) {
            return refuse("names no file to write; add its name");
        }
    }
    Ok(goal)
}

/// Makes an export that goes to a place of the lake.
pub(super) fn export(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    (wanted, far): (&Export, &LakePath),
    watch: &mut Watch<'_>,
) -> Result<ExportReport, OpsError> {
    let target = match goal(lake, wanted, far)? {
        Goal::Here(dest) => {
            return here(store, lake, project, (&Export { dest, far: None, ..wanted.clone() }, None), watch);
        }
        Goal::There(target) => target,
    };
    let (stood, former) = may_write(wanted, &target)?;
    let aside = Scratch::beside(&wanted.dest);
    fs::create_dir_all(aside.path()).map_err(|e| aside.failed(&e))?;
    let dest = aside.path().join(file_name(&target));
    let inner = Export { dest, far: None, overwrite: false, ..wanted.clone() };
    let (made, manifest) = match is_one_file(wanted) {
        true => {
            let manifest = target.beside(BESIDE);
            let one = OneFile { lake, target: &target, inner: &inner, manifest: &manifest, replaces: wanted.overwrite };
            (one.write(stood, store, project, watch), manifest)
        }
        false => {
            let manifest = target.below(NAME).map_err(reached)?;
            let fresh = matches!(stood, Stands::Nothing | Stands::Empty);
            let begun = Arc::new(former.map_or_else(|| Begun::new(&wanted.begun, fresh), Ok)?);
            let (aside, inner, manifest_there) = (aside.path(), &inner, manifest.clone());
            let filling = Filling { lake, target: &target, aside, inner, begun, manifest: manifest_there };
            (filling.fill(stood, store, project, watch), manifest)
        }
    };
    let (dest, manifest) = (target.path().to_string(), manifest.path().to_string());
    made.map(|report| ExportReport { dest, manifest, ..report })
}

/// The name under which it waits here.
fn file_name(target: &Target) -> PathBuf {
    let name = target.path().name();
    PathBuf::from(if matches!(name, "" | "." | "..") || name.contains('/') { "export" } else { name })
}

/// An export of one file with its manifest beside it.
struct OneFile<'a> {
    lake: &'a Lake,
    target: &'a Target,
    inner: &'a Export,
    manifest: &'a Target,
    replaces: bool,
}

impl OneFile<'_> {
    /// Each of the two appears in one step, the data first. Where nothing was, the name is taken before the work begins.
    fn write(
        &self,
        stood: Stands,
        store: &mut dyn Store,
        project: &Project,
        watch: &mut Watch<'_>,
    ) -> Result<ExportReport, OpsError> {
        let run = name_of_run();
        let taken = stood == Stands::Nothing && self.take(&run)?;
        let report = match here(store, self.lake, project, (self.inner, None), watch) {
            Ok(report) => report,
            Err(error) if taken => return Err(self.give_back(error, &run, false)),
            Err(error) => return Err(error),
        };
        let put = self.target.put(&self.inner.dest).and_then(|()| self.manifest.put(&self.manifest_here()));
        match put.map_err(reached) {
            Ok(()) => Ok(report),
            Err(error) if taken => Err(self.give_back(error, &run, true)),
            Err(error) => Err(self.half(error)),
        }
    }

    fn manifest_here(&self) -> PathBuf {
        let mut beside = self.inner.dest.clone().into_os_string();
        beside.push(BESIDE);
        PathBuf::from(beside)
    }

    /// Takes the name, by a manifest that says `unfinished`. Of two that do so one ends here.
    fn take(&self, run: &str) -> Result<bool, OpsError> {
        match self.manifest.make(note(run).into_bytes()) {
            Ok(true) => Ok(true),
            Ok(false) if self.replaces => Ok(false),
            Ok(false) => Err(OpsError::Exists(printable(&self.manifest.path().to_string()).into_owned())),
            Err(error) => Err(self.give_back(reached(error), run, false)),
        }
    }

    /// Removes what was written, where that is still ours; says so where it stays.
    fn give_back(&self, error: OpsError, run: &str, data: bool) -> OpsError {
        self.target.settle();
        let manifest = self.manifest.to_the_end();
        let same = || {
            let (mut there, here) = (Vec::new(), fs::read(self.manifest_here()).unwrap_or_default());
            manifest.read(here.len() as u64 + 1, &mut there).is_ok() && there == here
        };
        let ours = standing::is_of(&manifest, run).unwrap_or(false) || (data && same());
        if !ours {
            return error;
        }
        let removed = if data { self.target.remove() } else { Ok(()) }.and_then(|()| manifest.remove());
        match removed {
            Ok(()) => error,
            Err(_) => {
                let place = printable(&self.manifest.path().to_string()).into_owned();
                OpsError::Data(format!("{error}; `{place}` is left there and says that the export is unfinished"))
            }
        }
    }

    /// An error after which the file there may be the new one with the manifest of the earlier one.
    fn half(&self, error: OpsError) -> OpsError {
        let place = printable(&self.target.path().to_string()).into_owned();
        let first = if matches!(error, OpsError::Cancelled) { "stopped".to_owned() } else { error.to_string() };
        OpsError::Data(format!("{first}; `{place}` may have the new answers and the earlier manifest: export again"))
    }
}
