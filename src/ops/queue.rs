//! A project of pictures that somebody else names: the rows of a statement.
//!
//! Why not a scan: what belongs to the project is what was found, not what lies in a folder. What always holds: nothing is
//! made before all rows were looked at; a row without a whole path, or with one that was there already, is left out and
//! counted; the statement is kept with the project, and a scan of its folder is refused, because that would add what was
//! never asked for.

use super::report::{ScanReport, TaskProgress};
use super::{OpsError, Watch};
use crate::domain::class::LabelSet;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{ScanSettings, Task};
use crate::domain::sample::Status;
use crate::store::records::{NewProject, NewSample};
use crate::store::{Store, StoreError};
use std::collections::HashSet;

/// The setting of a project that holds the statement its pictures came from.
pub const STATEMENT: &str = "source.statement";
/// Rows of one transaction.
const BATCH: usize = 2000;

/// What is made.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The name of the project.
    pub name: String,
    /// Who makes it.
    pub author: String,
    /// Where the rows came from.
    pub statement: String,
    /// A path and a class for each row.
    pub rows: Vec<(Option<String>, Option<String>)>,
}

/// Makes the project.
///
/// # Errors
/// When no row names a picture, the name is taken, or the store says no; what was taken until a cancel stays.
pub fn create(store: &mut dyn Store, wanted: Wanted, watch: &mut Watch<'_>) -> Result<ScanReport, OpsError> {
    let mut report = ScanReport::default();
    let rows = usable(wanted.rows, &mut report);
    let Some(source) = common_folder(rows.iter().map(|(path, _)| path)) else {
        return Err(OpsError::Invalid(
            "no row names a picture by a whole path, such as /Volumes/… or s3://…; select such a column".to_owned(),
        ));
    };
    watch.check()?;
    let project = store.create_project(&NewProject {
        name: wanted.name,
        task: Task::Classification,
        source: source.clone(),
        scan: ScanSettings::default(),
        // Classes come with the rows that have them.
        labels: LabelSet::default(),
        author: wanted.author.clone(),
    })?;
    match store.set_setting(project.id, STATEMENT, Some(&wanted.statement)) {
        // A store without such settings has the project all the same.
        Ok(()) | Err(StoreError::Unsupported { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let scan = store.begin_scan(project.id, &wanted.author)?;
    let total = rows.len() as u64;
    let mut told = TaskProgress { step: "adding pictures".into(), unit: "pictures".into(), ..TaskProgress::default() };
    told.total = Some(total);
    for batch in rows.chunks(BATCH) {
        let sample = |(path, class): &(LakePath, Option<String>)| NewSample {
            path: relative(&source, &path.to_string()),
            class: class.clone(),
            ..NewSample::default()
        };
        store.add_samples(scan, &batch.iter().map(sample).collect::<Vec<_>>())?;
        told.done += batch.len() as u64;
        watch.tell(&told);
        watch.check()?;
    }
    let done = store.finish_scan(scan)?;
    let counts = store.counts(project.id)?;
    (report.project, report.version, report.added) = (project.name, project.version, done.added);
    (report.samples, report.labeled) = (counts.samples(), counts.of(Status::Labeled));
    report.classes = store.project(project.id)?.labels.live().map(|c| c.name.clone()).collect();
    Ok(report)
}

/// The rows with a whole path that no row before has; the others are counted.
fn usable(rows: Vec<(Option<String>, Option<String>)>, report: &mut ScanReport) -> Vec<(LakePath, Option<String>)> {
    let (mut seen, mut out) = (HashSet::new(), Vec::new());
    for (path, class) in rows {
        let text = path.unwrap_or_default();
        let named = LakePath::parse_whole(&text)
            .filter(|p| matches!(p, LakePath::Volume { .. } | LakePath::Local(_) | LakePath::Remote { .. }));
        match named {
            None => report.skip(&text, "it is no whole path of a file".to_owned()),
            Some(path) if !seen.insert(path.clone()) => report.skip(&text, "another row names it".to_owned()),
            Some(path) => out.push((path, class.map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()))),
        }
    }
    out
}

/// The deepest folder that holds all of them; the lake itself where they lie in several volumes or buckets.
fn common_folder<'a>(mut paths: impl Iterator<Item = &'a LakePath>) -> Option<String> {
    let first = paths.next()?;
    let mut folder = first.parent().unwrap_or(LakePath::Root);
    for path in paths {
        let text = path.to_string();
        while relative_to(&folder.to_string(), &text).is_none() {
            folder = match folder.parent() {
                Some(up) if !matches!(up, LakePath::Schema(..) | LakePath::Catalog(_)) => up,
                // Above volumes and buckets there is only the lake: paths are whole then.
                _ => return Some(LakePath::Root.to_string()),
            };
        }
    }
    Some(folder.to_string())
}

fn relative_to<'a>(source: &str, place: &'a str) -> Option<&'a str> {
    let rest = place.strip_prefix(source)?;
    if source.ends_with('/') { Some(rest) } else { rest.strip_prefix('/') }.filter(|r| !r.is_empty())
}

fn relative(source: &str, place: &str) -> String {
    relative_to(source, place).unwrap_or(place).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_paths_below_their_common_folder() {
        let row = |path: &str, class: &str| (Some(path.to_owned()), Some(class.to_owned()));
        let rows = vec![
            row("/Volumes/c/s/v/a/1.jpg", "rose"),
            row("dbfs:/Volumes/c/s/v/b/2.jpg", " "),
            row("/Volumes/c/s/v/a/1.jpg", "tulip"),
            row("a/3.jpg", ""),
            (None, None),
        ];
        let mut report = ScanReport::default();
        let rows = usable(rows, &mut report);
        assert_eq!((rows.len(), report.skipped_count), (2, 3));
        assert_eq!((rows[0].1.as_deref(), rows[1].1.as_deref()), (Some("rose"), None));
        let source = common_folder(rows.iter().map(|(p, _)| p)).unwrap();
        assert_eq!(
            (source.as_str(), relative(&source, "/Volumes/c/s/v/b/2.jpg").as_str()),
            ("/Volumes/c/s/v", "b/2.jpg")
        );
        let paths = |texts: &[&str]| texts.iter().map(|t| LakePath::parse(t, "").unwrap()).collect::<Vec<_>>();
        let far = paths(&["s3://b/x/1.jpg", "/Volumes/c/s/v/2.jpg"]);
        assert_eq!(common_folder(far.iter()).as_deref(), Some("lake:/"));
        assert_eq!(common_folder(paths(&["/x/1.jpg", "/y/1.jpg"]).iter()).as_deref(), Some("/"));
        assert_eq!(common_folder([].iter()), None);
    }
}
