//! Records of what is measured of pictures.

use crate::domain::ids::SampleId;
use crate::domain::likeness::Likeness;
use crate::domain::quality::{Fault, Measures};

/// A sample whose present content was not measured yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmeasured {
    /// The sample.
    pub sample: SampleId,
    /// Its path.
    pub path: String,
    /// What changes when the file changes.
    pub etag: String,
    /// Bytes of the file.
    pub size: u64,
}

/// What was measured of a file, to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The sample.
    pub sample: SampleId,
    /// Of the file that was measured.
    pub etag: String,
    /// What was measured.
    pub measures: Measures,
}

/// What is known of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleMeasures {
    /// The sample.
    pub sample: SampleId,
    /// Its path.
    pub path: String,
    /// What was measured.
    pub measures: Measures,
}

/// What all measures of a project together say of a sample; those of which nothing is to be said are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The sample.
    pub sample: SampleId,
    /// The pictures that look like it.
    pub likeness: Option<Likeness>,
    /// The number of the first sample of the same content.
    pub content: Option<i64>,
    /// Its place among all that look alike, group by group; unique within the project.
    pub place: i64,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}
