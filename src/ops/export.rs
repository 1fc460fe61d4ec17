//! Writes the answers of a project into files that other programs read.
//!
//! What always holds: samples stream through in pages, so memory does not grow with the project; the destination appears
//! in one step when it is complete, and nothing is left behind by an error, a full disk or a cancel; nothing that exists
//! is replaced unless that was asked for; what a format cannot say is counted and told.

mod count;
mod dataset;
mod delta;
mod folders;
mod manifest;
mod names;
mod outputs;
mod pages;
mod pictures;
mod publish;
mod scratch;
mod split;
mod tables;

pub use self::count::count;
pub use self::split::{By, Split};
pub use crate::formats::write::Options;

use self::manifest::{Checksums, Manifest};
use self::split::Plan;
use super::report::{ExportReport, Loss, TaskProgress};
use super::{OpsError, Watch, shown};
use crate::domain::annotation::Shape;
use crate::domain::ids::EventId;
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::queue::Filter;
use crate::domain::sample::{Answer, Sample};
use crate::formats::csv::{GUARDED, guarded};
use crate::formats::write::{Kind, Losses};
use crate::lake::Lake;
use crate::store::Store;
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One row a picture; see [`crate::formats::csv::LabelRow`].
    Csv,
    /// One JSON object a picture, without loss; see [`crate::formats::jsonl::Record`].
    Jsonl,
    /// A folder for each class, with the pictures in it and an `index.csv`.
    Folders,
    /// A Delta table with the rows of [`Kind::Parquet`], made or appended to.
    Delta,
    /// What other labelling programs read.
    Set(Kind),
}

impl Format {
    /// All formats, in the order in which help lists them.
    pub const ALL: [Self; 25] = [
        Self::Csv,
        Self::Jsonl,
        Self::Folders,
        Self::Set(Kind::Coco),
        Self::Set(Kind::CocoPanoptic),
        Self::Set(Kind::CocoCaptions),
        Self::Set(Kind::Yolo),
        Self::Set(Kind::YoloSeg),
        Self::Set(Kind::Voc),
        Self::Set(Kind::Cvat),
        Self::Set(Kind::LabelMe),
        Self::Set(Kind::LabelStudio),
        Self::Set(Kind::CreateMl),
        Self::Set(Kind::OpenImages),
        Self::Set(Kind::Via),
        Self::Set(Kind::Datumaro),
        Self::Set(Kind::CsvBoxes),
        Self::Set(Kind::HfImageFolder),
        Self::Set(Kind::HfParquet),
        Self::Set(Kind::Parquet),
        Self::Delta,
        Self::Set(Kind::TfRecord),
        Self::Set(Kind::CvExplorer),
        Self::Set(Kind::CocoReference),
        Self::Set(Kind::HfJsonl),
    ];

    /// The name in flags and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Folders => "folders",
            Self::Delta => "delta",
            Self::Set(Kind::Coco | Kind::CocoResults) => "coco",
            Self::Set(Kind::CocoPanoptic) => "coco-panoptic",
            Self::Set(Kind::CocoCaptions) => "coco-captions",
            Self::Set(Kind::CvExplorer) => "cv-explorer",
            Self::Set(Kind::CocoReference) => "coco_reference",
            Self::Set(Kind::HfJsonl) => "hf_jsonl",
            Self::Set(Kind::Yolo) => "yolo",
            Self::Set(Kind::YoloSeg) => "yolo-seg",
            Self::Set(Kind::Voc) => "voc",
            Self::Set(Kind::Cvat) => "cvat",
            Self::Set(Kind::LabelMe) => "labelme",
            Self::Set(Kind::LabelStudio) => "label-studio",
            Self::Set(Kind::CreateMl) => "createml",
            Self::Set(Kind::OpenImages) => "open-images",
            Self::Set(Kind::Via) => "via",
            Self::Set(Kind::Datumaro) => "datumaro",
            Self::Set(Kind::CsvBoxes) => "csv-boxes",
            Self::Set(Kind::HfImageFolder) => "hf-imagefolder",
            Self::Set(Kind::HfParquet) => "hf-parquet",
            Self::Set(Kind::Parquet) => "parquet",
            Self::Set(Kind::TfRecord) => "tfrecord",
        }
    }

    /// The format with this [`Format::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }
}

/// Whose word is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// What people have said.
    #[default]
    Answers,
    /// What models have guessed.
    Predictions,
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
    /// The file, or the folder.
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
    /// Whose word is written.
    pub what: What,
    /// How the data set is split, if it is.
    pub split: Option<Split>,
    /// What can be chosen of single formats.
    pub options: Options,
    /// Where a Delta table goes that is no folder of this machine; [`Export::dest`] is then a name beside which its rows
    /// wait.
    pub far: Option<LakePath>,
    /// The rows of a Delta table stay, and the new ones are added.
    pub append: bool,
    /// Ends the waiting for a server.
    pub stop: CancellationToken,
}

impl Export {
    /// The answers of today, of all pictures, in one format, with nothing chosen.
    #[must_use]
    pub fn new(dest: PathBuf, format: Format) -> Self {
        let (filter, images, what, options, stop) = Default::default();
        let (as_of, split, far, append, overwrite) = (None, None, None, false, false);
        Self { dest, format, filter, images, as_of, overwrite, what, split, options, far, append, stop }
    }
}

/// Two are the same when they would write the same; what ends them is no part of that.
impl PartialEq for Export {
    fn eq(&self, other: &Self) -> bool {
        let Self { dest, format, filter, images, as_of, overwrite, what, split, options, far, append, stop: _ } = self;
        (dest, format, filter, images, as_of)
            == (&other.dest, &other.format, &other.filter, &other.images, &other.as_of)
            && (overwrite, what, split, options) == (&other.overwrite, &other.what, &other.split, &other.options)
            && (far, append) == (&other.far, &other.append)
    }
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
    if matches!(wanted.format, Format::Csv | Format::Jsonl) && wanted.images == Images::Copy {
        let format = wanted.format.name();
        return Err(OpsError::Invalid(format!(
            "{format} has no place for pictures; use --images none, or --format folders to copy them"
        )));
    }
    if wanted.dest.file_name().is_none() {
        return Err(OpsError::Invalid(format!("`{}` names no file to write", shown(&wanted.dest))));
    }
    if wanted.format != Format::Delta && (wanted.append || wanted.far.is_some()) {
        let format = wanted.format.name();
        return Err(OpsError::Invalid(format!("{format} is a file of this machine and is not appended to; delta is")));
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
        Format::Delta => delta::write(&mut run, lake, watch),
        Format::Set(kind) => dataset::write(&mut run, lake, kind, watch),
    }
}

/// What was written and what could not be, so far.
#[derive(Debug, Default)]
struct Tally {
    images: u64,
    annotations: u64,
    status: BTreeMap<&'static str, u64>,
    lost: Losses,
    /// Pictures of each part of a split data set.
    parts: BTreeMap<String, u64>,
    newest: Option<Timestamp>,
}

impl Tally {
    /// Everything but whole-picture classes, which most formats cannot say.
    fn lose_shapes(&mut self, answer: &Answer) {
        let count = |wanted: &str| answer.annotations.iter().filter(|a| a.shape.kind() == wanted).count() as u64;
        self.lost.lose("boxes are not written", count("box"));
        self.lost.lose("polygons are not written", count("polygon"));
        self.lost.lose("masks are not written", count("mask"));
        let with = answer.annotations.iter().filter(|a| a.shape == Shape::Class && !a.attributes.is_empty()).count();
        self.lost.lose("attributes of a class are not written", with as u64);
    }

    /// Counts a picture that was written.
    fn count(&mut self, answer: &Answer, annotations: usize) {
        self.images += 1;
        self.annotations += annotations as u64;
        self.newest = answer.annotations.iter().map(|a| a.at).max().max(self.newest);
    }

    /// Keeps a cell from being run by a spreadsheet.
    fn guard(&mut self, cell: &mut String) {
        if let Cow::Owned(safe) = guarded(cell) {
            self.lost.lose(GUARDED, 1);
            *cell = safe;
        }
    }

    fn losses(&self) -> Vec<Loss> {
        self.lost.iter().map(|(what, count)| Loss { what: what.to_owned(), count }).collect()
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
        self.walk(watch, &mut |tally, sample, answer| {
            *tally.status.entry(answer.status.name()).or_default() += 1;
            take(tally, sample, answer)
        })
    }

    fn walk(&mut self, watch: &mut Watch<'_>, take: &mut Take<'_>) -> Result<(), OpsError> {
        let Self { store, project, wanted, event, tally, told } = self;
        told.done = 0;
        let remarks = wanted.format == Format::Set(Kind::CocoCaptions);
        let pages = pages::Wanted { project: project.id, filter: &wanted.filter, event: *event, remarks };
        pages::each(&mut **store, &pages, watch, &mut |page, watch| {
            for (sample, past) in &page {
                let answer = past.as_ref().unwrap_or(&sample.answer);
                // What nobody has confirmed is no answer.
                let given = answer.is_draft().then(|| answer.without_draft());
                take(tally, sample, given.as_ref().unwrap_or(answer))?;
            }
            told.done += page.len() as u64;
            watch.tell(told);
            Ok(())
        })?;
        self.told.total = Some(self.told.done);
        watch.tell(&self.told);
        Ok(())
    }

    /// Deals the pictures that are going to be written out to the parts of a split data set.
    fn plan(&mut self, watch: &mut Watch<'_>, chosen: &dyn Fn(&Answer) -> bool) -> Result<Option<Plan>, OpsError> {
        let Some(split) = &self.wanted.split else { return Ok(None) };
        let mut plan = Plan::new(split.clone());
        let counts = self.store.counts(self.project.id)?;
        let labels = self.project.labels.clone();
        self.told.step = "choosing the parts".into();
        self.walk(watch, &mut |_, sample, answer| {
            if chosen(answer) {
                plan.see(sample, answer, &labels, &counts);
            }
            Ok(())
        })?;
        plan.deal();
        self.told.step = "writing".into();
        Ok(Some(plan))
    }

    fn manifest(&self, checksums: Checksums) -> Manifest<'_> {
        Manifest::new(self.project, self.wanted, &self.tally, checksums)
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
            version: None,
            unchanged: false,
        }
    }
}
