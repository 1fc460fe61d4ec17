//! The file beside an export that says what it is and how it came about.

use super::super::OpsError;
use super::outputs::{SUMS, Written};
use super::split::By;
use super::{Export, Tally};
use crate::domain::project::Project;
use crate::ops::report::Loss;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The manifest's name inside an exported folder; it also marks the folder as an export that may be replaced.
pub(super) use crate::formats::MANIFEST as NAME;

/// What the name of the manifest of a single file ends in, after the name of the file.
pub(super) const BESIDE: &str = ".manifest.json";

/// By what the data can be checked.
#[derive(Serialize)]
pub(super) struct Checksums {
    /// What the checksum is of: the one file, or the list of the checksums of all files.
    of: String,
    sha256: String,
    /// Files written, pictures that were copied included.
    files: u64,
    /// Their bytes.
    bytes: u64,
}

impl Checksums {
    /// Of a folder with a list.
    pub(super) fn list(written: &Written) -> Self {
        let (sha256, files, bytes) = (written.sha256.clone(), written.files, written.bytes);
        Self { of: SUMS.to_owned(), sha256, files, bytes }
    }

    /// Of one file.
    pub(super) fn file(dest: &Path, (sha256, bytes): (String, u64)) -> Self {
        let of = dest.file_name().map(crate::domain::text::encode_os).unwrap_or_default();
        Self { of, sha256, files: 1, bytes }
    }
}

#[derive(Serialize)]
struct Parts<'a> {
    by: String,
    seed: u64,
    shares: BTreeMap<&'a str, f64>,
    pictures: &'a BTreeMap<String, u64>,
}

/// What stands in it depends on the project and on what was asked for, never on the clock: a repeated export has the
/// same bytes.
#[derive(Serialize)]
pub(super) struct Manifest<'a> {
    tool: &'static str,
    project: &'a str,
    version: u32,
    task: &'static str,
    source: &'a str,
    classes: Vec<&'a str>,
    format: &'static str,
    images_mode: &'static str,
    filter: String,
    as_of: Option<&'a str>,
    /// The newest answer among those written.
    newest_answer: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<Parts<'a>>,
    images: u64,
    annotations: u64,
    status: &'a BTreeMap<&'static str, u64>,
    loss: Vec<Loss>,
    checksums: Checksums,
}

impl<'a> Manifest<'a> {
    pub(super) fn new(project: &'a Project, wanted: &'a Export, tally: &'a Tally, checksums: Checksums) -> Self {
        let split = wanted.split.as_ref().map(|split| Parts {
            by: split.by_name(),
            seed: split.seed,
            shares: split
                .parts
                .iter()
                .filter(|_| split.by != By::Imported)
                .map(|(name, share)| (name.as_str(), *share))
                .collect(),
            pictures: &tally.parts,
        });
        Self {
            tool: concat!("lakelens ", env!("CARGO_PKG_VERSION")),
            project: &project.name,
            version: project.version,
            task: project.task.name(),
            source: &project.source,
            classes: project.labels.live().map(|c| c.name.as_str()).collect(),
            format: wanted.format.name(),
            images_mode: wanted.images.name(),
            filter: wanted.filter.to_string(),
            as_of: wanted.as_of.as_deref(),
            newest_answer: tally.newest,
            split,
            images: tally.images,
            annotations: tally.annotations,
            status: &tally.status,
            loss: tally.losses(),
            checksums,
        }
    }

    pub(super) fn bytes(&self, place: &Path) -> Result<Vec<u8>, OpsError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| OpsError::file("write", place, &e.into()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
