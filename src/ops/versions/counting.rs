//! Two states of a project compared as a whole: counted, or put on a list to walk through.

use super::{Difference, Moment, Wanted, compare, project_at};
use crate::domain::project::Project;
use crate::ops::report::versions::Differences;
use crate::ops::{OpsError, Watch};
use crate::store::Store;

/// Counts what differs between two states; classes have the names that they had then.
///
/// # Errors
/// As for [`compare`].
pub fn count(
    store: &mut dyn Store,
    project: &Project,
    (from, to): (&Moment, &Moment),
    watch: &mut Watch<'_>,
) -> Result<Differences, OpsError> {
    let (before, after) = (project_at(store, project, from)?.labels, project_at(store, project, to)?.labels);
    let mut sums = Differences::default();
    sums.until = to.event;
    let mut take = |_: &mut dyn Store, page: Vec<Difference>| {
        for found in &page {
            sums.add(&found.change, || (found.row.before.summary(&before), found.row.after.summary(&after)));
        }
        Ok(())
    };
    compare(store, project, (from, to), &Wanted::default(), watch, &mut take)?;
    Ok(sums)
}

/// Puts every sample that differs between two states on a list of this name, each with a remark on how; what was on the list
/// before is forgotten. Returns how many there are.
///
/// # Errors
/// As for [`compare`]; what was put on the list before it stays there.
pub fn list(
    store: &mut dyn Store,
    project: &Project,
    (from, to): (&Moment, &Moment),
    name: &str,
    watch: &mut Watch<'_>,
) -> Result<u64, OpsError> {
    let (before, after) = (project_at(store, project, from)?.labels, project_at(store, project, to)?.labels);
    let mut all = 0;
    let mut take = |store: &mut dyn Store, page: Vec<Difference>| {
        let rows: Vec<_> = page.iter().map(|d| (d.row.sample, d.summary(&before, &after))).collect();
        store.put_list(project.id, name, &rows, all == 0)?;
        all += rows.len() as u64;
        Ok(())
    };
    compare(store, project, (from, to), &Wanted::default(), watch, &mut take)?;
    Ok(all)
}
