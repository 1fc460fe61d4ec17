//! Exports to places behind servers: buckets, volumes of a workspace, DBFS.
//!
//! Such a place gives many files their names one after the other, so the manifest says whether an export is whole: from
//! the first file on one stands there that says `unfinished`, and the real one comes last. What always holds: nothing that
//! is there is replaced unless that was asked for, and of folders only earlier exports and empty ones; an export that
//! fails leaves nothing behind where nothing was; a list that is read there removes nothing outside of its folder.

use super::manifest::{BESIDE, NAME};
use super::outputs::{SUMS, listed};
use super::scratch::Scratch;
use super::ship::{Shipper, reached};
use super::standing::may_write;
use super::{Export, Images, here, is_one_file};
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::lake::remote::{Stop, Trouble};
use crate::lake::target::{Goal, Stands, Target};
use crate::lake::{Lake, LakeError};
use crate::ops::report::ExportReport;
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use serde_json::json;
use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
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
    let stood = may_write(wanted, &target)?;
    let aside = Scratch::beside(&wanted.dest);
    fs::create_dir_all(aside.path()).map_err(|e| aside.failed(&e))?;
    let dest = aside.path().join(file_name(&target));
    let inner = Export { dest, far: None, overwrite: false, ..wanted.clone() };
    let mut job = Job { lake, target: &target, aside: aside.path(), inner, stood };
    match is_one_file(wanted) {
        true => job.file(store, project, watch),
        false => job.folder(store, project, watch),
    }
}

/// The name under which it waits here.
fn file_name(target: &Target) -> PathBuf {
    let name = target.path().name();
    PathBuf::from(if matches!(name, "" | "." | "..") || name.contains('/') { "export" } else { name })
}

/// An export that is written here, in a folder that is gone afterwards, and goes there.
struct Job<'a> {
    lake: &'a Lake,
    target: &'a Target,
    aside: &'a Path,
    inner: Export,
    /// What was there before.
    stood: Stands,
}

impl Job<'_> {
    /// One file and the manifest beside it: each appears in one step, the data first.
    fn file(
        &mut self,
        store: &mut dyn Store,
        project: &Project,
        watch: &mut Watch<'_>,
    ) -> Result<ExportReport, OpsError> {
        let report = here(store, self.lake, project, (&self.inner, None), watch)?;
        let manifest = self.target.beside(BESIDE);
        let mut beside = self.inner.dest.clone().into_os_string();
        beside.push(BESIDE);
        let put = self.target.put(&self.inner.dest).and_then(|()| manifest.put(Path::new(&beside)));
        if let Err(error) = put {
            if self.stood == Stands::Nothing {
                // That it failed is told; that it could not be taken back either changes nothing of that.
                drop(self.target.remove());
            }
            return Err(reached(error));
        }
        Ok(self.report(report, &manifest))
    }

    /// A folder: its files go there as they are written.
    fn folder(
        &mut self,
        store: &mut dyn Store,
        project: &Project,
        watch: &mut Watch<'_>,
    ) -> Result<ExportReport, OpsError> {
        let manifest = self.target.below(NAME).map_err(reached)?;
        let before = self.before()?;
        self.begin(&manifest, before.is_none())?;
        let shipper = Arc::new(Shipper::start(self.target, self.aside.join("sent"))?);
        let made = here(store, self.lake, project, (&self.inner, Some(Arc::clone(&shipper))), watch);
        // The first cause is told: what could not be taken away, unless it was the person who ended it.
        let sent = shipper.finish();
        let whole = match (made, sent) {
            (Err(OpsError::Cancelled), _) | (_, Err(OpsError::Cancelled)) => Err(OpsError::Cancelled),
            (_, Err(error)) | (Err(error), Ok(())) => Err(error),
            (Ok(report), Ok(())) => self.end(&shipper, before.as_deref(), &manifest).map(|()| report),
        };
        match whole {
            Ok(report) => Ok(self.report(report, &manifest)),
            Err(error) if before.is_some() => Err(self.half(error)),
            Err(error) => {
                self.take_back(&shipper, &manifest);
                Err(error)
            }
        }
    }

    /// The list of what the earlier export has there, in a file here; nothing where there is none.
    fn before(&self) -> Result<Option<PathBuf>, OpsError> {
        if self.stood != Stands::Folder {
            return Ok(None);
        }
        let (at, list) = (self.target.below(SUMS).map_err(reached)?, self.aside.join("before"));
        let mut file = File::create_new(&list).map_err(|e| OpsError::file("write", &list, &e))?;
        if at.stands().map_err(reached)? == Stands::File {
            at.read(u64::MAX, &mut file).map_err(reached)?;
        }
        Ok(Some(list))
    }

    /// From now on what is there says that it is unfinished. Of two exports into the same new folder one ends here.
    fn begin(&self, manifest: &Target, fresh: bool) -> Result<(), OpsError> {
        let note = json!({ "tool": concat!("lakelens ", env!("CARGO_PKG_VERSION")), "unfinished": true });
        let note = format!("{note:#}\n");
        if fresh {
            return match manifest.make(note.into_bytes()).map_err(reached)? {
                true => Ok(()),
                false => Err(OpsError::Exists(printable(&self.target.path().to_string()).into_owned())),
            };
        }
        let place = self.aside.join("unfinished");
        fs::write(&place, note).map_err(|e| OpsError::file("write", &place, &e))?;
        manifest.put(&place).map_err(reached)
    }

    /// Puts the list of checksums there, removes what only the earlier export had, and puts the manifest there.
    fn end(&self, shipper: &Shipper, before: Option<&Path>, manifest: &Target) -> Result<(), OpsError> {
        let sums = self.target.below(SUMS).map_err(reached)?;
        sums.put(&self.inner.dest.join(SUMS)).map_err(reached)?;
        if let Some(before) = before {
            self.remove_others(shipper, before).map_err(|e| match e {
                Gone::Here(error) => OpsError::file("read", before, &error),
                Gone::There(error) => error,
            })?;
        }
        manifest.put(&self.inner.dest.join(NAME)).map_err(reached)
    }

    fn remove_others(&self, shipper: &Shipper, before: &Path) -> Result<(), Gone> {
        let (mut kept, mut folders) = (HashSet::new(), BTreeSet::new());
        let mut keep = |path: &str| {
            kept.insert(hashed(path));
        };
        shipper.each_sent(&mut keep).map_err(Gone::Here)?;
        for line in BufReader::new(File::open(before).map_err(Gone::Here)?).lines() {
            let path = line.ok().as_deref().and_then(listed);
            let Some(path) = path.filter(|path| !kept.contains(&hashed(path)) && path != NAME && path != SUMS) else {
                continue;
            };
            let other = self.target.below(&path).and_then(|other| other.remove());
            other.map_err(|error| Gone::There(reached(error)))?;
            folders.extend(above(&path).map(str::to_owned));
        }
        self.remove_folders(&folders);
        Ok(())
    }

    /// Removes everything again. What cannot be removed stays, with a manifest that says what it is.
    fn take_back(&self, shipper: &Shipper, manifest: &Target) {
        let (mut all, mut reachable, mut folders) = (true, true, BTreeSet::new());
        let mut remove = |path: &str| {
            folders.extend(above(path).map(str::to_owned));
            // A server that does not answer is not waited for again and again.
            if reachable && let Err(error) = self.target.below(path).and_then(|target| target.remove()) {
                (all, reachable) = (false, !is_away(&error));
            }
        };
        remove(SUMS);
        let listed = shipper.each_sent(&mut remove);
        if all && reachable && listed.is_ok() {
            drop(manifest.remove());
            self.remove_folders(&folders);
            if self.stood == Stands::Nothing {
                drop(self.target.remove_folder());
            }
        }
    }

    /// Removes folders that have become empty, the deepest first. One that stays does no harm.
    fn remove_folders(&self, folders: &BTreeSet<String>) {
        for folder in folders.iter().rev() {
            drop(self.target.below(folder).and_then(|target| target.remove_folder()));
        }
    }

    /// An error after which what was there before is neither whole nor gone.
    fn half(&self, error: OpsError) -> OpsError {
        let place = printable(&self.target.path().to_string()).into_owned();
        let rest = format!("the earlier export in `{place}` is half replaced; export again to finish it");
        match error {
            OpsError::Cancelled => OpsError::Data(format!("stopped; {rest}")),
            error => OpsError::Data(format!("{error}; {rest}")),
        }
    }

    fn report(&self, report: ExportReport, manifest: &Target) -> ExportReport {
        let (dest, manifest) = (self.target.path().to_string(), manifest.path().to_string());
        ExportReport { dest, manifest, ..report }
    }
}

/// Where removing went wrong.
enum Gone {
    Here(io::Error),
    There(OpsError),
}

/// The folders above a relative path, the outermost first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(at, _)| path.get(..at))
}

fn is_away(error: &LakeError) -> bool {
    matches!(error, LakeError::Remote(e) if matches!(e.trouble, Trouble::Unreachable | Trouble::Busy))
}

fn hashed(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}
