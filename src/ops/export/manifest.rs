//! The file beside an export that says what it is and how it came about.

use super::super::OpsError;
use super::{Export, Tally};
use crate::domain::project::Project;
use crate::ops::report::Loss;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The manifest's name inside an exported folder; it also marks the folder as an export that may be replaced.
pub(super) const NAME: &str = "lakelens-export.json";

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
    as_of: Option<Timestamp>,
    exported_at: Timestamp,
    images: u64,
    annotations: u64,
    status: &'a BTreeMap<&'static str, u64>,
    loss: Vec<Loss>,
}

impl<'a> Manifest<'a> {
    pub(super) fn new(project: &'a Project, wanted: &'a Export, tally: &'a Tally) -> Self {
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
            as_of: wanted.as_of,
            exported_at: wanted.at,
            images: tally.images,
            annotations: tally.annotations,
            status: &tally.status,
            loss: tally.losses(),
        }
    }

    pub(super) fn bytes(&self, place: &Path) -> Result<Vec<u8>, OpsError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| OpsError::file("write", place, &e.into()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
