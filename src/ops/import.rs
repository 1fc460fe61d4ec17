//! Takes annotation files of other programs into a project.
//!
//! Two passes. The first reads everything, finds the pictures, brings every number into the frame of the program and counts
//! what is wrong; nothing is written. The second writes, sorted by picture, in chunks of one transaction each. A dry run is
//! the same two passes without the writing, so its counters are those of the real run.
//!
//! What always holds: where the flags say that anything wrong stops the import, nothing has been written when it stops; an
//! edit is based on the revision that was read, so nobody's newer answer is overwritten; all edits of an import are one
//! batch, also when it was killed and run again; the same import again changes nothing.

mod files;
mod fit;
mod gather;
mod names;
mod plan;
mod rejects;
mod rules;
mod seen;
mod table;
mod write;

pub use files::LakeFiles;
pub use names::Matching;

use super::report::{ImportReport, TaskProgress};
use super::{OpsError, Watch};
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::domain::version::At;
use crate::formats::dataset::{Files, ReadError};
use crate::formats::read::{self, Format, Reading, VocOrigin};
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::store::Store;
use gather::Gather;
use jiff::Timestamp;
use rejects::Rejects;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use uuid::Uuid;

/// What becomes of a picture that the project does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnMissing {
    /// Nothing is imported.
    #[default]
    Error,
    /// It is left out.
    Skip,
    /// It becomes a sample.
    Create,
}

/// What becomes of a picture that has an answer already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnExisting {
    /// Its answer stays.
    #[default]
    Skip,
    /// Its answer is that of the file.
    Replace,
    /// Everything of the file is added.
    Append,
    /// What is not there yet is added.
    Merge,
}

/// What becomes of a row that is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnBadRow {
    /// Nothing is imported.
    #[default]
    Fail,
    /// The row is left out, the rest of its picture is kept.
    Keep,
    /// Its picture is left out.
    Drop,
}

/// What marks become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Become {
    /// Those with a score predictions, the others annotations.
    #[default]
    Auto,
    /// Annotations, whatever their score.
    Annotations,
    /// Predictions; without a score they are certain.
    Predictions,
}

/// What becomes of a class that the project does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NewClasses {
    /// It is added, in the order of the file.
    #[default]
    Add,
    /// Its rows are wrong.
    Error,
}

/// An import to be made.
#[derive(Clone)]
pub struct Import {
    /// The file or folder.
    pub from: LakePath,
    /// What it is; by its content without it.
    pub format: Option<Format>,
    /// Which state of a Delta table.
    pub state: At,
    /// The file that a list of results belongs to.
    pub reference: Option<LakePath>,
    /// How names are matched.
    pub matching: Matching,
    /// Pictures that the project does not have.
    pub on_missing: OnMissing,
    /// Pictures with an answer.
    pub on_existing: OnExisting,
    /// Rows that are wrong.
    pub on_bad_row: OnBadRow,
    /// Cut off what leaves its picture.
    pub clamp: bool,
    /// The first pixel of VOC boxes.
    pub voc_origin: VocOrigin,
    /// What marks become.
    pub become_what: Become,
    /// Classes that the project does not have.
    pub classes: NewClasses,
    /// Columns of tables.
    pub columns: BTreeMap<String, String>,
    /// The model that predictions are of, where the file does not say.
    pub model: Option<String>,
    /// Count only.
    pub dry_run: bool,
    /// Who imports.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// A folder for what does not fit into memory.
    pub scratch: PathBuf,
    /// Where rejected rows go.
    pub rejects: PathBuf,
}

/// Everything that is told of an import.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The counters.
    pub report: ImportReport,
    /// The format that was read.
    pub format: &'static str,
    /// Things to know, safe to show.
    pub notes: Vec<String>,
    /// Why nothing was imported, with what would help.
    pub stopped: Option<String>,
    /// Pictures that somebody changed while this ran; they stay as they are.
    pub conflicts: u64,
    /// The file of rejected rows, if there are any.
    pub rejects: Option<PathBuf>,
}

/// Makes an import, or only counts.
///
/// # Errors
/// When a file cannot be read or is broken, the store says no, or it was cancelled. What was written before stays, and the
/// same import again goes on with it.
pub fn import(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    wanted: &Import,
    stop: &Stop,
    watch: &mut Watch<'_>,
) -> Result<Imported, OpsError> {
    let (format, files) = open(lake, wanted, stop)?;
    let reference = wanted.reference.as_ref().map(|path| LakeFiles::new(lake, path, stop)).transpose()?;
    files.begin_sum();
    let rejects = Rejects::new(wanted.rejects.clone());
    let mut gather = Gather::new(store, lake, project, wanted, &files, rejects, stop, watch);
    let with = Reading {
        scratch: &wanted.scratch,
        reference: reference.as_ref().map(|files| files as &dyn Files),
        voc_origin: wanted.voc_origin,
        columns: wanted.columns.clone(),
    };
    let mut failed = None;
    let read = read::read(format, &files, &with, &mut |found| {
        gather.take(found).map_err(|error| {
            failed = Some(error);
            ReadError::Stopped
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    read?;
    let mut gathered = gather.finish(format)?;
    let identity = Identity::new(project, wanted, format, &files.sum());
    if gathered.done.stopped.is_none() {
        write::write(store, lake, project, wanted, &identity, &mut gathered, stop, watch)?;
    }
    gathered.close()
}

/// What is to be read and how; of a Delta table its rows.
fn open(lake: &Lake, wanted: &Import, stop: &Stop) -> Result<(Format, LakeFiles), OpsError> {
    let format = match wanted.format {
        Some(format) => format,
        None if matches!(wanted.from, LakePath::Table(..)) => Format::Delta,
        None => read::detect::detect(&LakeFiles::new(lake, &wanted.from, stop)?)?,
    };
    if format == Format::Delta {
        return Ok((format, table::rows(lake, &wanted.from, &wanted.state, &wanted.scratch, stop)?));
    }
    if wanted.state != At::Now {
        let text = format!("{} has no versions; only a Delta table has", format.name());
        return Err(OpsError::Invalid(text));
    }
    Ok((format, LakeFiles::new(lake, &wanted.from, stop)?))
}

impl From<ReadError> for OpsError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Stopped => Self::Cancelled,
            other => Self::Data(other.to_string()),
        }
    }
}

/// What an import is known by: ids that are the same when it is made again.
pub(super) struct Identity {
    /// Of the content and the options.
    batch: Uuid,
    /// Of the content alone.
    content: [u8; 32],
}

impl Identity {
    fn new(project: &Project, wanted: &Import, format: Format, sum: &[u8; 32]) -> Self {
        let options = format!(
            "{} {:?} {:?} {:?} {:?} {} {:?} {:?} {:?} {:?} {:?}",
            format.name(),
            wanted.matching,
            wanted.on_missing,
            wanted.on_existing,
            wanted.on_bad_row,
            wanted.clamp,
            wanted.voc_origin,
            wanted.become_what,
            wanted.classes,
            wanted.columns,
            wanted.model
        );
        let project = project.id.0.to_le_bytes();
        let batch = named(&[b"batch", &project, sum, options.as_bytes()]);
        Self { batch, content: *sum }
    }

    /// An id that only these parts have.
    fn id(&self, kind: &str, parts: &[&[u8]]) -> Uuid {
        let mut all: Vec<&[u8]> = vec![kind.as_bytes(), &self.content];
        all.extend_from_slice(parts);
        named(&all)
    }
}

/// A UUID of version 8 from SHA-256 of the parts.
fn named(parts: &[&[u8]]) -> Uuid {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let sum: [u8; 32] = digest.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(sum.get(..16).unwrap_or(&[0; 16]));
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn progress(step: &str) -> TaskProgress {
    TaskProgress { step: step.to_owned(), unit: "pictures".to_owned(), ..TaskProgress::default() }
}

/// A count with its noun, safe to show.
fn counted(n: u64, one: &str, several: &str) -> String {
    format!("{n} {}", printable(if n == 1 { one } else { several }))
}
