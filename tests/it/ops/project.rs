//! A project over a scratch folder in a real SQLite store.

use jiff::Timestamp;
use lakelens::domain::annotation::Annotation;
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::{Change, Edit, Outcome};
use lakelens::domain::ids::{ClassId, ProjectId};
use lakelens::domain::project::{ClassFrom, Project, ScanSettings, Task};
use lakelens::domain::sample::{Answer, Sample, Status};
use lakelens::domain::text::encode_os;
use lakelens::lake::Lake;
use lakelens::ops::export::{Export, export};
use lakelens::ops::report::{ExportReport, ScanReport};
use lakelens::ops::{OpsError, Watch, scan};
use lakelens::store::Store;
use lakelens::store::records::{Mode, NewProject};
use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(super) struct Bench {
    pub(super) dir: TempDir,
    pub(super) store: Box<dyn Store>,
    pub(super) id: ProjectId,
    pub(super) created: ScanReport,
}

pub(super) fn answered(classes: &[ClassId], at: Timestamp) -> Answer {
    let annotations = classes.iter().map(|c| Annotation::label(*c, "ann", at)).collect();
    Answer { status: Status::Labeled, annotations, ..Answer::default() }
}

pub(super) fn open(dir: &Path) -> Box<dyn Store> {
    lakelens::store::open(&format!("sqlite:{}", dir.join("store.db").display()), Mode::Create, &Default::default())
        .unwrap()
}

impl Bench {
    /// A project over these files.
    pub(super) fn new(files: &[&[u8]], class_from: ClassFrom, classes: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join("source").join(OsStr::from_bytes(file));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let source = dir.path().join("source");
        Self::over(dir, &source, class_from, classes)
    }

    pub(super) fn over(dir: TempDir, source: &Path, class_from: ClassFrom, classes: &[&str]) -> Self {
        let mut store = open(dir.path());
        let new = NewProject {
            name: "p".to_owned(),
            task: Task::Multilabel,
            source: encode_os(source.as_os_str()),
            scan: ScanSettings { recursive: true, class_from, ..ScanSettings::default() },
            labels: LabelSet::from_names(classes, 1),
            author: "ann".to_owned(),
        };
        let mut watch = Watch { progress: &mut |_| {}, cancelled: &|| false };
        let created = scan::create(&mut *store, &Lake::default(), &new, &mut watch).unwrap();
        let id = store.project_by_name("p").unwrap().unwrap().id;
        Self { dir, store, id, created }
    }

    pub(super) fn source(&self) -> PathBuf {
        self.dir.path().join("source")
    }

    pub(super) fn project(&mut self) -> Project {
        self.store.project(self.id).unwrap()
    }

    pub(super) fn sample(&mut self, path: &str) -> Sample {
        self.store.sample_by_path(self.id, path).unwrap().unwrap_or_else(|| panic!("no sample {path:?}"))
    }

    pub(super) fn answer(&mut self, path: &str, after: Answer) {
        let found = self.sample(path);
        let at =
            after.annotations.iter().map(|a| a.at).max().unwrap_or_else(|| "2026-01-01T00:00:00Z".parse().unwrap());
        let change = Change::Answer { sample: found.id, base: found.rev, before: found.answer, after };
        let outcome = self.store.commit(&[Edit::by_person(self.id, change, "ann", at)]).unwrap();
        assert!(matches!(outcome[..], [Outcome::Saved { .. }]), "{outcome:?}");
    }

    pub(super) fn export(&mut self, wanted: &Export) -> Result<ExportReport, OpsError> {
        self.export_until(wanted, u32::MAX)
    }

    /// Cancels at the given question.
    pub(super) fn export_until(&mut self, wanted: &Export, questions: u32) -> Result<ExportReport, OpsError> {
        let project = self.project();
        let asked = Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) >= questions;
        let mut watch = Watch { progress: &mut |_| {}, cancelled: &stop };
        export(&mut *self.store, &Lake::default(), &project, wanted, &mut watch)
    }

    pub(super) fn rescan(&mut self, questions: u32) -> Result<ScanReport, OpsError> {
        let project = self.project();
        let asked = Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) >= questions;
        let mut watch = Watch { progress: &mut |_| {}, cancelled: &stop };
        scan::rescan(&mut *self.store, &Lake::default(), &project, "ann", &mut watch)
    }
}
