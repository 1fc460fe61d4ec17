//! Writes the answers of a project into files that other programs read.
//!
//! What always holds: samples stream through in pages, so memory does not grow with the project; on this machine the
//! destination appears in one step when it is complete, and nothing is left behind by an error, a full disk or a cancel
//! (behind servers see [`far`]); nothing that exists is replaced unless that was asked for, and no pictures of a project
//! ever; what a format cannot say is counted and told.

mod apart;
mod begun;
mod count;
mod dataset;
mod delta;
mod far;
mod filling;
mod folders;
mod manifest;
mod names;
mod outputs;
mod owner;
mod pages;
mod pictures;
mod publish;
mod removal;
mod run;
mod scratch;
mod ship;
mod split;
mod standing;
mod tables;

pub use self::count::count;
pub use self::split::{By, Split};
pub use crate::formats::write::Options;

use self::pages::Past;
use self::run::{Run, Tally};
use self::ship::Shipper;
use super::report::{ExportReport, TaskProgress};
use super::{OpsError, Watch, shown, versions};
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::queue::Filter;
use crate::formats::write::Kind;
use crate::lake::Lake;
use crate::store::Store;
use std::path::PathBuf;
use std::sync::Arc;
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

    /// Other names that are understood: those of imports, and those people use.
    pub const ALIASES: [(&'static str, &'static str); 18] = [
        ("imagefolder", "folders"),
        ("panoptic", "coco-panoptic"),
        ("coco_panoptic", "coco-panoptic"),
        ("coco_captions", "coco-captions"),
        ("coco-reference", "coco_reference"),
        ("yolov5", "yolo"),
        ("yolov8", "yolo"),
        ("yolo_seg", "yolo-seg"),
        ("pascal_voc", "voc"),
        ("pascal-voc", "voc"),
        ("label_studio", "label-studio"),
        ("open_images", "open-images"),
        ("openimages", "open-images"),
        ("csv_boxes", "csv-boxes"),
        ("hf_imagefolder", "hf-imagefolder"),
        ("hf_parquet", "hf-parquet"),
        ("hf-jsonl", "hf_jsonl"),
        ("deltalake", "delta"),
    ];

    /// The format with this [`Format::name`], or one of the [`Format::ALIASES`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = Self::ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, own)| own);
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
    /// Which samples; with [`Export::as_of`], what it says of answers is asked of those of then.
    pub filter: Filter,
    /// What becomes of the pictures. CSV and JSON lines only name them.
    pub images: Images,
    /// Write the answers as they were in this state, named as [`versions::moment`] reads it; `None` for today's.
    pub as_of: Option<String>,
    /// Replace what is there. A folder is replaced only when it is an earlier export or empty.
    pub overwrite: bool,
    /// Whose word is written.
    pub what: What,
    /// How the data set is split, if it is.
    pub split: Option<Split>,
    /// What can be chosen of single formats.
    pub options: Options,
    /// Where it goes in the lake, where that is no path of this machine; [`Export::dest`] is then a name beside which its
    /// files wait.
    pub far: Option<LakePath>,
    /// The folder in which this machine notes what it has begun behind servers.
    pub begun: PathBuf,
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
        let begun = dest.with_file_name("begun");
        Self { dest, format, filter, images, as_of, overwrite, what, split, options, far, begun, append, stop }
    }
}

/// Two are the same when they would write the same; what ends them and where they are noted is no part of that.
impl PartialEq for Export {
    fn eq(&self, other: &Self) -> bool {
        let Self { dest, format, filter, images, as_of, overwrite, what, split, options, far, append, .. } = self;
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
    if wanted.format != Format::Delta && wanted.append {
        return Err(OpsError::Invalid(format!("{} is not appended to; delta is", wanted.format.name())));
    }
    apart::check(store, lake, wanted)?;
    match &wanted.far {
        Some(far) if wanted.format != Format::Delta => far::export(store, lake, project, (wanted, far), watch),
        _ => here(store, lake, project, (wanted, None), watch),
    }
}

/// Whether the data is one file, by the format and the ending of the name; else it is a folder.
fn is_one_file(wanted: &Export) -> bool {
    let name = match &wanted.far {
        Some(far) => PathBuf::from(far.name()),
        None => wanted.dest.clone(),
    };
    let ending = name.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    match wanted.format {
        Format::Set(kind) => kind.one_file().is_some_and(|wanted| ending.as_deref() == Some(wanted)),
        other => matches!(other, Format::Csv | Format::Jsonl),
    }
}

/// Makes an export on this machine; its files may be taken elsewhere as they are written.
fn here(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    (wanted, shipper): (&Export, Option<Arc<Shipper>>),
    watch: &mut Watch<'_>,
) -> Result<ExportReport, OpsError> {
    watch.check()?;
    let then = wanted.as_of.as_deref().map(|state| versions::moment(store, project, state)).transpose()?;
    let past = then.as_ref().map(|then| versions::project_at(store, project, then)).transpose()?;
    let then = match then {
        Some(then) => Some(Past { event: then.event, newest: then.newest(store, project.id)? }),
        None => None,
    };
    let filter = if then.is_some() { wanted.filter.without_answers() } else { wanted.filter.clone() };
    let total = store.count(project.id, &filter)?;
    let mut run = Run {
        store,
        project: past.as_ref().unwrap_or(project),
        wanted,
        then,
        filter,
        shipper,
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
