//! Measures the pictures of a project, finds those that look alike and those that something is wrong with.
//!
//! Each content is measured once, whatever it is called and however many projects hold it; a later run measures what has
//! changed since, and compares all again, which costs little. What always holds: no answer is touched, except that
//! [`propagate`] gives drafts where nobody has answered, as one batch that one undo takes back; a run that was stopped
//! goes on where it was; at most [`HELD`] bytes of files are in memory; the threads give way to everything else.

mod alike;
mod drafts;
mod measuring;

pub use drafts::{Drafted, propagate};

use super::report::quality::QualityReport;
use super::{OpsError, Watch};
use crate::domain::likeness::{DISTANCE, FARTHEST};
use crate::domain::project::Project;
use crate::lake::Lake;
use crate::store::Store;

/// Bytes of files that are in memory at once, besides the last one.
const HELD: u64 = 64 << 20;

/// How pictures are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How many bits of their hashes two pictures that look alike differ in at most.
    pub distance: u32,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { distance: DISTANCE }
    }
}

/// Measures what was not measured yet, compares all, and keeps what was found.
///
/// # Errors
/// When the source cannot be reached, the store cannot keep measures or says no, or it was cancelled: what was measured
/// until then stays.
pub fn run(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    wanted: Wanted,
    watch: &mut Watch<'_>,
) -> Result<QualityReport, OpsError> {
    if wanted.distance > FARTHEST {
        return Err(OpsError::Invalid(format!(
            "{} bits are too many: from about {FARTHEST} on, pictures that have nothing in common are near; give a smaller \
             distance",
            wanted.distance
        )));
    }
    let mut report = QualityReport { project: project.name.clone(), distance: wanted.distance, ..Default::default() };
    measuring::measure(store, lake, project, &mut report, watch)?;
    alike::compare(store, project, wanted.distance, &mut report, watch)?;
    Ok(report)
}
