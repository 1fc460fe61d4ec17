//! The pictures that names mean, matched as an import matches them, for what is told of pictures by name alone.

use super::Matching;
use super::names::{Hit, Names};
use crate::domain::ids::SampleId;
use crate::domain::project::Project;
use crate::ops::{OpsError, Watch};
use crate::store::Store;

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// This picture.
    One(SampleId),
    /// None of the project.
    None,
    /// So many, and nothing says which.
    Several(usize),
}

/// What each of these names means in a project, in their order. `folder` is a whole path that names may be relative to
/// where it lies below the project's source; it may be empty.
///
/// # Errors
/// The store's own, or that it was cancelled.
pub fn meant(
    store: &mut dyn Store,
    project: &Project,
    (matching, folder): (Matching, &str),
    names: &[&str],
    watch: &mut Watch<'_>,
) -> Result<Vec<Meant>, OpsError> {
    let hits = Names::new(project, matching, folder).find(store, names, watch)?;
    let meant = |hit| match hit {
        Hit::One(known) => Meant::One(known.id),
        Hit::None => Meant::None,
        Hit::Several(n) => Meant::Several(n),
    };
    Ok(hits.into_iter().map(meant).collect())
}
