//! Writes the answers of a project into files that other programs read.
//!
//! What always holds: samples stream through in pages, so memory does not grow with the project; the destination appears
//! in one step when it is complete, and nothing is left behind by an error, a full disk or a cancel; nothing that exists
//! is replaced unless that was asked for; what a format cannot say is counted and told.

mod folders;
mod manifest;
mod scratch;
mod tables;

use self::manifest::Manifest;
use super::report::{ExportReport, Loss, TaskProgress};
use super::{OpsError, Watch, shown};
use crate::domain::annotation::Shape;
use crate::domain::ids::EventId;
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::sample::{Answer, Sample};
use crate::lake::Lake;
use crate::store::Store;
use crate::store::records::{Direction, From};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Samples of one page.
const PAGE: usize = 500;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One row a picture; see [`crate::formats::csv::LabelRow`].
    Csv,
    /// One JSON object a picture, without loss; see [`crate::formats::jsonl::Record`].
    Jsonl,
    /// A folder for each class, with the pictures in it and an `index.csv`.
    Folders,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Jsonl, Self::Folders];

    /// The name in flags and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Folders => "folders",
        }
    }

    /// The format with this [`Format::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// What becomes of the picture files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Images {
    /// They are copied.
    Copy,
    /// They are hard-linked; where that cannot be, linked by name. An edit of one is then an edit of both.
    Reference,
    /// They stay where they are, named by their path.
    #[default]
    None,
}

impl Images {
    /// The name in flags and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Reference => "reference",
            Self::None => "none",
        }
    }

    /// The choice with this [`Images::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Copy, Self::Reference, Self::None].into_iter().find(|i| i.name() == name)
    }
}

/// An export to be made.
#[derive(Clone, Debug)]
pub struct Export {
    /// The file, or the folder for [`Format::Folders`].
    pub dest: PathBuf,
    /// What is written.
    pub format: Format,
    /// Which samples, by their state of today.
    pub filter: Filter,
    /// What becomes of the pictures. CSV and JSON lines only name them.
    pub images: Images,
    /// Write the answers as they were then; `None` for today's.
    pub as_of: Option<Timestamp>,
    /// Replace what is there. A folder is replaced only when it is an earlier export or empty.
    pub overwrite: bool,
    /// Now, for the manifest.
    pub at: Timestamp,
}

/// Makes an export.
///
/// # Errors
/// When something is in the way, a file cannot be written, the store says no, or it was cancelled; nothing is left behind.
pub fn export(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    wanted: &Export,
    watch: &mut Watch<'_>,
) -> Result<ExportReport, OpsError> {
    if wanted.format != Format::Folders && wanted.images == Images::Copy {
        let format = wanted.format.name();
        return Err(OpsError::Invalid(format!(
            "{format} has no place for pictures; use --images none, or --format folders to copy them"
        )));
    }
    if wanted.dest.file_name().is_none() {
        return Err(OpsError::Invalid(format!("`{}` names no file to write", shown(&wanted.dest))));
    }
    watch.check()?;
    let event = match wanted.as_of {
        Some(at) => Some(store.event_at(project.id, at)?),
        None => None,
    };
    let total = store.count(project.id, &wanted.filter)?;
    let mut run = Run {
        store,
        project,
        wanted,
        event,
        tally: Tally::default(),
        told: TaskProgress { step: "writing".into(), unit: "samples".into(), total: Some(total), ..Default::default() },
    };
    match wanted.format {
        Format::Csv | Format::Jsonl => tables::write(&mut run, watch),
        Format::Folders => folders::write(&mut run, lake, watch),
    }
}

/// What was written and what could not be, so far.
#[derive(Debug, Default)]
struct Tally {
    images: u64,
    annotations: u64,
    status: BTreeMap<&'static str, u64>,
    loss: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn lose(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.loss.entry(what).or_default() += count;
        }
    }

    /// Everything but whole-picture classes, which most formats cannot say.
    fn lose_shapes(&mut self, answer: &Answer) {
        let count = |wanted: &str| answer.annotations.iter().filter(|a| a.shape.kind() == wanted).count() as u64;
        self.lose("boxes are not written", count("box"));
        self.lose("polygons are not written", count("polygon"));
        self.lose("masks are not written", count("mask"));
        let with = answer.annotations.iter().filter(|a| a.shape == Shape::Class && !a.attributes.is_empty()).count();
        self.lose("attributes of a class are not written", with as u64);
    }

    fn losses(&self) -> Vec<Loss> {
        self.loss.iter().map(|(what, count)| Loss { what: (*what).to_owned(), count: *count }).collect()
    }
}

/// A running export.
struct Run<'a> {
    store: &'a mut dyn Store,
    project: &'a Project,
    wanted: &'a Export,
    /// The event whose state is written; outer `None` for today's.
    event: Option<Option<EventId>>,
    tally: Tally,
    told: TaskProgress,
}

/// Takes one sample with the answer that is to be written.
type Take<'a> = dyn FnMut(&mut Tally, &Sample, &Answer) -> Result<(), OpsError> + 'a;

impl Run<'_> {
    /// Gives every sample of the filter to `take`, in path order.
    fn each(&mut self, watch: &mut Watch<'_>, take: &mut Take<'_>) -> Result<(), OpsError> {
        let queue = Queue { filter: self.wanted.filter.clone(), order: Order::Path };
        let mut from = From::Edge;
        loop {
            watch.check()?;
            let page = self.store.page(self.project.id, &queue, &from, Direction::Forward, PAGE)?;
            let Some(last) = page.last() else { break };
            from = From::After(last.cursor.clone());
            for queued in &page {
                let sample = &queued.sample;
                let past = match self.event {
                    Some(event) => Some(self.store.answer_as_of(sample.id, event)?),
                    None => None,
                };
                let answer = past.as_ref().unwrap_or(&sample.answer);
                *self.tally.status.entry(answer.status.name()).or_default() += 1;
                take(&mut self.tally, sample, answer)?;
            }
            self.told.done += page.len() as u64;
            watch.tell(&self.told);
        }
        self.told.total = Some(self.told.done);
        watch.tell(&self.told);
        Ok(())
    }

    fn manifest(&self) -> Manifest<'_> {
        Manifest::new(self.project, self.wanted, &self.tally)
    }

    fn report(&self, manifest: &std::path::Path) -> ExportReport {
        let text = |path: &std::path::Path| crate::domain::text::encode_os(path.as_os_str());
        ExportReport {
            dest: text(&self.wanted.dest),
            format: self.wanted.format.name().to_owned(),
            images: self.tally.images,
            annotations: self.tally.annotations,
            loss: self.tally.losses(),
            manifest: text(manifest),
        }
    }
}
