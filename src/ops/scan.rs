//! Takes the pictures of a folder into a project, and again later what has changed since.
//!
//! Which files are taken: those with the extension of a picture, also of one that cannot be decoded, since it can still be
//! labelled; those without any extension, or chosen by a glob, whose content begins like a picture. Everything else is
//! reported with its reason, up to a bound. Dimensions are left unknown: reading a hundred thousand headers costs more
//! than all the rest, and the first look at a picture tells them.
//!
//! What always holds: one transaction a batch; answers are never touched; a scan that was killed or cancelled is taken up
//! by the next one; a link never leads out of the source.

mod classes;
mod far;
mod walk;

use self::classes::Classes;
use self::far::FarWalk;
use self::walk::{Step, Walk};
use super::report::{ScanReport, TaskProgress};
use super::{OpsError, Watch};
use crate::domain::lake_path::LakePath;
use crate::domain::project::{Project, ScanSettings};
use crate::domain::text::{encode_os, printable};
use crate::lake::Lake;
use crate::lake::far::Place;
use crate::lake::listing::EntryKind;
use crate::lake::remote::Stop;
use crate::store::Store;
use crate::store::records::{NewProject, NewSample};

/// Files of one transaction.
const BATCH: usize = 2000;
/// Steps between two looks at whether to stop.
const STRIDE: u64 = 256;

/// Makes a project and scans its source. Source and class file are looked at first, so that a wrong name makes no project.
///
/// # Errors
/// When the source or the class file cannot be read, the store says no, or it was cancelled; a cancelled scan leaves the
/// project with what was taken so far, and [`rescan`] goes on.
pub fn create(
    store: &mut dyn Store,
    lake: &Lake,
    new: &NewProject,
    watch: &mut Watch<'_>,
) -> Result<ScanReport, OpsError> {
    let ready = Ready::new(lake, &new.source, &new.scan)?;
    let project = store.create_project(new)?;
    ready.run(store, &project, &new.author, watch)
}

/// Scans the source of a project again: new files are added, changed ones noted, missing ones marked.
///
/// # Errors
/// As for [`create`].
pub fn rescan(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    author: &str,
    watch: &mut Watch<'_>,
) -> Result<ScanReport, OpsError> {
    if let Ok(Some(_)) = store.setting(project.id, super::queue::STATEMENT) {
        let text = "the pictures of this project are what a statement found, not what lies in a folder; run the statement \
                    again and make another project of its rows";
        return Err(OpsError::Invalid(text.to_owned()));
    }
    Ready::new(lake, &project.source, &project.scan)?.run(store, project, author, watch)
}

/// Says what a scan would find, without a store.
///
/// # Errors
/// As for [`create`].
pub fn preview(
    lake: &Lake,
    source: &str,
    settings: &ScanSettings,
    watch: &mut Watch<'_>,
) -> Result<ScanReport, OpsError> {
    let mut ready = Ready::new(lake, source, settings)?;
    let mut report = ScanReport { dry_run: true, ..ScanReport::default() };
    let mut names = std::collections::BTreeSet::new();
    ready.each_batch(&mut report, watch, &mut |batch, report| {
        for class in batch.iter().filter_map(|s| s.class.as_ref()) {
            report.labeled += 1;
            if !names.contains(class) {
                names.insert(class.clone());
            }
        }
        Ok(())
    })?;
    report.samples = report.found;
    report.classes = names.into_iter().collect();
    Ok(report)
}

/// Gives all pictures of a folder, batch by batch, without a store; with their classes where the settings say how.
///
/// # Errors
/// As for [`create`], and those of `take`.
pub fn pictures(
    lake: &Lake,
    source: &str,
    settings: &ScanSettings,
    watch: &mut Watch<'_>,
    take: &mut dyn FnMut(&[NewSample]) -> Result<(), OpsError>,
) -> Result<ScanReport, OpsError> {
    let mut ready = Ready::new(lake, source, settings)?;
    let mut report = ScanReport::default();
    ready.each_batch(&mut report, watch, &mut |batch, _| take(batch))?;
    Ok(report)
}

/// Takes one batch; may add to the report.
type Take<'a> = dyn FnMut(&[NewSample], &mut ScanReport) -> Result<(), OpsError> + 'a;

/// A scan whose source and class file have been opened.
struct Ready {
    walk: Source,
    classes: Classes,
}

/// What is walked.
enum Source {
    Here(Box<Walk>),
    There(Box<FarWalk>),
}

impl Source {
    fn next_step(&mut self, cancelled: &dyn Fn() -> bool) -> Result<Option<Step>, OpsError> {
        match self {
            Self::Here(walk) => Ok(walk.next_step()),
            Self::There(walk) => walk.next_step(cancelled),
        }
    }
}

impl Ready {
    fn new(lake: &Lake, source: &str, settings: &ScanSettings) -> Result<Self, OpsError> {
        let (place, name) = source_place(lake, source)?;
        let classes = Classes::new(&settings.class_from, &name)?;
        let walk = match place {
            Place::Here(folder) => Source::Here(Box::new(Walk::new(&folder, settings)?)),
            Place::There(folder) => Source::There(Box::new(FarWalk::new(folder, settings)?)),
        };
        Ok(Self { walk, classes })
    }

    fn run(
        mut self,
        store: &mut dyn Store,
        project: &Project,
        author: &str,
        watch: &mut Watch<'_>,
    ) -> Result<ScanReport, OpsError> {
        let scan = store.begin_scan(project.id, author)?;
        let mut report = ScanReport { project: project.name.clone(), version: project.version, ..Default::default() };
        self.each_batch(&mut report, watch, &mut |batch, _| {
            store.add_samples(scan, batch)?;
            Ok(())
        })?;
        let done = store.finish_scan(scan)?;
        (report.added, report.changed, report.missing) = (done.added, done.changed, done.missing);
        let counts = store.counts(project.id)?;
        report.samples = counts.samples();
        report.labeled = counts.of(crate::domain::sample::Status::Labeled);
        report.classes = store.project(project.id)?.labels.live().map(|c| c.name.clone()).collect();
        Ok(report)
    }

    fn each_batch(
        &mut self,
        report: &mut ScanReport,
        watch: &mut Watch<'_>,
        take: &mut Take<'_>,
    ) -> Result<(), OpsError> {
        let mut told = TaskProgress { step: "reading folders".into(), unit: "files".into(), ..TaskProgress::default() };
        let mut batch = Vec::with_capacity(BATCH);
        let mut steps = 0_u64;
        watch.check()?;
        while let Some(step) = self.walk.next_step(watch.cancelled)? {
            steps += 1;
            if steps.is_multiple_of(STRIDE) {
                watch.check()?;
                watch.tell(&told);
            }
            match step {
                Step::Skipped { path, reason } => report.skip(&path, reason),
                Step::File(mut file) => {
                    file.class = self.classes.of(&file.path, report);
                    (told.done, told.bytes) = (told.done + 1, told.bytes.saturating_add(file.size));
                    report.found += 1;
                    report.bytes = told.bytes;
                    batch.push(file);
                }
            }
            if batch.len() >= BATCH {
                take(&batch, report)?;
                batch.clear();
            }
        }
        if !batch.is_empty() {
            take(&batch, report)?;
        }
        self.classes.report_unused(report);
        told.total = Some(told.done);
        watch.tell(&told);
        Ok(())
    }
}

/// The folder of a source, wherever it stands in the lake, and its name, which paths in tables may begin with.
///
/// # Errors
/// When it is no folder, or cannot be reached.
pub fn source_place(lake: &Lake, source: &str) -> Result<(Place, String), OpsError> {
    let path = LakePath::parse(source, "/").map_err(OpsError::Invalid)?;
    let no_folder = || {
        OpsError::Invalid(format!(
            "`{}` is a file; a project is made from a folder: give the folder it lies in, and choose files with a glob",
            printable(source)
        ))
    };
    match lake.place(&path, &Stop::never())? {
        Place::Here(folder) => match std::fs::metadata(&folder) {
            Ok(meta) if meta.is_dir() => {
                let name = encode_os(folder.as_os_str());
                Ok((Place::Here(folder), name))
            }
            Ok(_) => Err(no_folder()),
            Err(error) => Err(OpsError::file("scan", &folder, &error)),
        },
        far @ Place::There(_) => match lake.stat(&path)?.kind {
            EntryKind::Folder => Ok((far, path.to_string())),
            EntryKind::File => Err(no_folder()),
            _ => Err(OpsError::Invalid(format!(
                "`{}` holds no files; a project is made from a volume, a bucket or a folder of one",
                printable(source)
            ))),
        },
    }
}
