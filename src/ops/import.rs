//! Takes annotation files of other programs into a project.
//!
//! Two passes. The first reads everything, finds the pictures, brings every number into the frame of the program and counts
//! what is wrong; nothing is written. The second writes, sorted by picture, in chunks of one transaction each. A dry run is
//! the same two passes without the writing, so its counters are those of the real run.
//!
//! What always holds: where the flags say that anything wrong stops the import, nothing has been written when it stops; an
//! edit is based on the revision that was read, so nobody's newer answer is overwritten; all edits of an import are one
//! batch, also when it was killed and run again; the same import again changes nothing.

mod classes;
mod files;
mod fit;
mod gather;
mod lookup;
mod names;
mod parts;
mod plan;
mod preview;
mod rejects;
mod rules;
mod seen;
mod summed;
mod table;
mod twins;
mod write;

pub use super::options::import::{Become, ImportOptions, Matching, NewClasses, OnBadRow, OnExisting, OnMissing};
pub use super::report::exchange::Imported;
pub use files::LakeFiles;
pub use lookup::{Meant, meant};
pub(in crate::ops) use parts::on_list;
pub use preview::preview;

use super::report::TaskProgress;
use super::{OpsError, Watch};
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::domain::version::At;
use crate::formats::dataset::{Files, ReadError};
use crate::formats::read::{self, Format, Reading};
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::store::Store;
use gather::Gather;
use jiff::Timestamp;
use rejects::Rejects;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// An import to be made.
#[derive(Clone)]
pub struct Import {
    /// The file or folder.
    pub from: LakePath,
    /// How.
    pub how: ImportOptions,
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

impl Import {
    /// An import that goes, or is only counted, now. Scratch files go into one folder; rejected rows into a file of their own in
    /// another.
    #[must_use]
    pub fn new(from: LakePath, how: ImportOptions, author: String, scratch: PathBuf, rejects: &Path) -> Self {
        let at = Timestamp::now();
        let process = rustix::process::getpid().as_raw_nonzero();
        // Two of one program in one second must not write one file.
        let stamp = at.strftime("%Y%m%dT%H%M%S%3fZ");
        let rejects = rejects.join(format!("import-{stamp}-{process}.jsonl"));
        Self { from, how, dry_run: false, author, at, scratch, rejects }
    }
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
    let reference = wanted.how.reference.as_ref().map(|path| LakeFiles::new(lake, path, stop)).transpose()?;
    files.begin_sum();
    let rejects = Rejects::new(wanted.rejects.clone(), &wanted.scratch);
    let mut gather = Gather::new(store, lake, project, wanted, &files, rejects, stop, watch);
    let with = reading(wanted, reference.as_ref());
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
    let format = match wanted.how.format {
        Some(format) => format,
        None if matches!(wanted.from, LakePath::Table(..)) => Format::Delta,
        None => read::detect::detect(&LakeFiles::new(lake, &wanted.from, stop)?)?,
    };
    if format == Format::Delta {
        return Ok((format, table::rows(lake, &wanted.from, &wanted.how.state, &wanted.scratch, stop)?));
    }
    if wanted.how.state != At::Now {
        let text = format!("{} has no versions; only a Delta table has", format.name());
        return Err(OpsError::Invalid(text));
    }
    Ok((format, LakeFiles::new(lake, &wanted.from, stop)?))
}

/// How the files of an import are read.
fn reading<'a>(wanted: &'a Import, reference: Option<&'a LakeFiles>) -> Reading<'a> {
    Reading {
        scratch: &wanted.scratch,
        reference: reference.map(|files| files as &dyn Files),
        voc_origin: wanted.how.voc_origin,
        columns: wanted.how.columns.clone(),
    }
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
        let how = &wanted.how;
        let mut options = format!(
            "{} {:?} {:?} {:?} {:?} {} {:?} {:?} {:?} {:?} {:?}",
            format.name(),
            how.matching,
            how.on_missing,
            how.on_existing,
            how.on_bad_row,
            how.clamp,
            how.voc_origin,
            how.become_what,
            how.classes,
            how.columns,
            how.model
        );
        // What was imported before there were other names is known again.
        if !how.class_map.is_empty() {
            options += &format!(" {:?}", how.class_map);
        }
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
