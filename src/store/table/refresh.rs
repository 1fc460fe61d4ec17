//! Reads the table into the mirror: for the first time, and again when others have changed it.
//!
//! What always holds: a row whose label still has to be sent is left to the sender, which compares; what others changed
//! becomes an edit by [`AUTHOR`] in the mirror's history, so that it is seen, counted and undone like any other; where
//! the engine knows versions, all rows are of one.

use super::answers::{answer, class_text, same};
use super::rows::{Incoming, Known, RowFile};
use super::sender::Sender;
use super::source::Seen;
use super::{AUTHOR, project_of};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit, Origin, Outcome};
use crate::domain::ids::ClassId;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{Project, ScanSettings, Task};
use crate::domain::version::At;
use crate::store::records::{NewProject, NewSample};
use crate::store::{Result, Store, StoreError};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of one transaction.
const BATCH: usize = 5000;
/// Rows between two reports of progress.
const STRIDE: u64 = 10_000;

/// What reading the table found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Refreshed {
    /// The version that was read, where the engine tells.
    pub version: Option<i64>,
    /// Nothing was read, because the version is the one that was read before.
    pub unchanged: bool,
    /// Rows in the table that are pictures with a name of their own.
    pub rows: u64,
    /// Rows that were not known.
    pub added: u64,
    /// Known rows with another class than before.
    pub changed: u64,
    /// Known rows that are gone.
    pub missing: u64,
    /// Rows without id or path, or with a path that cannot be read.
    pub unusable: u64,
    /// Rows with a picture that an earlier row has.
    pub repeated: u64,
}

impl Sender {
    /// Brings the mirror up to date; `progress` hears how many rows were read.
    ///
    /// # Errors
    /// The engine's, also for a missing table or column or a wrong type; the mirror then is as before, or further.
    pub(super) fn refresh(&mut self, name: &str, author: &str, progress: &mut dyn FnMut(u64)) -> Result<Refreshed> {
        self.reader.check(&self.source, &self.stop)?;
        let version = self.reader.version(&self.source, &At::Now, &self.stop)?;
        let known = self.rows.state("version")?.and_then(|v| v.parse::<i64>().ok());
        let project = project_of(&mut self.mirror)?;
        if version.is_some() && version == known && project.is_some() {
            return Ok(Refreshed { version, unchanged: true, ..Refreshed::default() });
        }
        let mut report = Refreshed { version, ..Refreshed::default() };
        self.read_all(version, &mut report, progress)?;
        let project = match project {
            Some(project) => project,
            None => self.make(name, author)?,
        };
        self.take(&project)?;
        self.merge_in(&project, &mut report)?;
        self.rows.forget_incoming()?;
        self.rows.set_state("version", version.map(|v| v.to_string()).as_deref())?;
        Ok(report)
    }

    /// Reads all rows beside the mirror, by the canonical path of their pictures.
    fn read_all(&mut self, version: Option<i64>, report: &mut Refreshed, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let reader = Arc::clone(&self.reader);
        self.rows.forget_incoming()?;
        let file = &mut self.rows;
        reader.rows(&self.source, version, &self.stop, &mut |batch| {
            report.unusable += batch.total - batch.rows.len() as u64;
            file.together(|file| batch.rows.into_iter().try_for_each(|row| take(file, row, report)))?;
            if report.rows % STRIDE < batch.total {
                progress(report.rows);
            }
            Ok(())
        })
    }

    fn make(&mut self, name: &str, author: &str) -> Result<Project> {
        let source = match self.rows.ends()? {
            Some((first, last)) => common(&first, &last),
            None => {
                return Err(StoreError::invalid(format!(
                    "{} has no rows with an id and a path{}; look at the table, and at the columns that --id and --path name",
                    self.source.table,
                    if self.source.filter.is_empty() { "" } else { " that the filter takes" },
                )));
            }
        };
        if let Some((project, sample)) = super::sign::first(super::sign::number(&self.rows)?) {
            self.mirror.count_from(project, sample)?;
        }
        self.mirror.create_project(&NewProject {
            name: name.to_owned(),
            task: Task::Classification,
            source,
            scan: ScanSettings::default(),
            labels: LabelSet::default(),
            author: author.to_owned(),
        })
    }

    fn merge_in(&mut self, project: &Project, report: &mut Refreshed) -> Result<()> {
        let scan = self.mirror.begin_scan(project.id, AUTHOR)?;
        let mut after = String::new();
        loop {
            let batch = self.rows.incoming(&after, BATCH)?;
            let Some(last) = batch.last() else { break };
            after = last.place.clone();
            let paths: Vec<String> = batch.iter().map(|r| relative(&project.source, &r.place)).collect();
            let file = |(row, path): (&Incoming, &String)| NewSample {
                path: path.clone(),
                etag: row.id.clone(),
                class: row.class.clone().filter(|c| !c.trim().is_empty()),
                ..NewSample::default()
            };
            let files: Vec<NewSample> = batch.iter().zip(&paths).map(file).collect();
            report.added += self.mirror.add_samples(scan, &files)?.added;
            self.differences(project, &batch, &paths, report)?;
        }
        report.missing = self.mirror.finish_scan(scan)?.missing;
        Ok(())
    }

    /// Takes what others changed into the mirror, and remembers what the table holds.
    fn differences(
        &mut self,
        project: &Project,
        batch: &[Incoming],
        paths: &[String],
        report: &mut Refreshed,
    ) -> Result<()> {
        let labels = self.mirror.project(project.id)?.labels;
        let classes = labels.by_name();
        let mut learned: Vec<(&String, Known)> = Vec::new();
        let (mut edits, mut after) = (Vec::new(), Vec::new());
        for (row, path) in batch.iter().zip(paths) {
            let now = Known { id: row.id.clone(), raw: row.raw.clone(), base: row.class.clone() };
            let before = self.rows.known(path)?;
            if self.rows.pending_of(path)?.is_some() || self.rows.clash_of(path)?.is_some() {
                continue;
            }
            match before {
                Some(before) if before == now => {}
                Some(before) if !same(before.base.as_deref(), now.base.as_deref()) => {
                    report.changed += 1;
                    match self.external(project, path, &now, (&labels, &classes))? {
                        Some(edit) => {
                            edits.push(edit);
                            after.push((path, now));
                        }
                        None => learned.push((path, now)),
                    }
                }
                _ => learned.push((path, now)),
            }
        }
        for (outcome, row) in self.mirror.commit(&edits)?.iter().zip(after) {
            // A label that came in between is compared by the sender.
            if matches!(outcome, Outcome::Saved { .. }) {
                learned.push(row);
            }
        }
        self.rows.together(|rows| learned.iter().try_for_each(|(path, known)| rows.learn(path, known)))
    }

    /// The edit that brings somebody else's change into the mirror; `None` if it shows it already. The label set comes with
    /// its classes by name.
    pub(super) fn external(
        &mut self,
        project: &Project,
        path: &str,
        now: &Known,
        (labels, classes): (&LabelSet, &HashMap<String, ClassId>),
    ) -> Result<Option<Edit>> {
        let Some(sample) = self.mirror.sample_by_path(project.id, path)? else { return Ok(None) };
        let shown = class_text(&sample.answer, labels).flatten();
        if same(shown.as_deref(), now.base.as_deref()) {
            return Ok(None);
        }
        let at = Timestamp::now();
        let Some(answer) = answer(now.base.as_deref(), classes, AUTHOR, at) else { return Ok(None) };
        let change = Change::Answer { sample: sample.id, base: sample.rev, before: sample.answer, after: answer };
        let mut edit = Edit::by_person(project.id, change, AUTHOR, at);
        edit.origin = Origin::Import;
        edit.message = format!("changed in {}", self.source.table);
        Ok(Some(edit))
    }
}

/// Takes a row that was read.
fn take(file: &RowFile, row: Seen, report: &mut Refreshed) -> Result<()> {
    // A relative path would mean another file on every machine.
    let Some(path) = LakePath::parse_whole(&row.raw) else {
        report.unusable += 1;
        return Ok(());
    };
    let incoming = Incoming { place: path.to_string(), id: row.id, raw: row.raw, class: row.class };
    if file.put_incoming(&incoming)? {
        report.rows += 1;
    } else {
        report.repeated += 1;
    }
    Ok(())
}

/// The deepest folder that holds two places, and so everything between them in the order of their texts.
fn common(first: &str, last: &str) -> String {
    let parse = |text: &str| LakePath::parse(text, "").unwrap_or(LakePath::Root);
    let (first, last) = (parse(first), parse(last));
    let mut at = first.parent().unwrap_or(LakePath::Root);
    loop {
        let prefix = at.to_string();
        let holds = |p: &LakePath| relative_to(&prefix, &p.to_string()).is_some();
        if holds(&first) && holds(&last) {
            return prefix;
        }
        match at.parent() {
            // Above volumes and buckets there is only the lake: paths are whole then.
            Some(up) if !matches!(up, LakePath::Schema(..) | LakePath::Catalog(_)) => at = up,
            _ => return LakePath::Root.to_string(),
        }
    }
}

fn relative_to<'a>(source: &str, place: &'a str) -> Option<&'a str> {
    let rest = place.strip_prefix(source)?;
    if source.ends_with('/') { Some(rest) } else { rest.strip_prefix('/') }.filter(|r| !r.is_empty())
}

/// The path of a sample: below the source, or whole where the source is the lake itself.
pub(super) fn relative(source: &str, place: &str) -> String {
    relative_to(source, place).unwrap_or(place).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_the_deepest_common_folder() {
        assert_eq!(common("/a/b/x/1.jpg", "/a/b/y/2.jpg"), "/a/b");
        assert_eq!(common("/a/bc/1.jpg", "/a/bd/2.jpg"), "/a");
        assert_eq!(common("/a/1.jpg", "/b/1.jpg"), "/");
        assert_eq!(common("/Volumes/c/s/v/x/1.jpg", "/Volumes/c/s/v/x/2.jpg"), "/Volumes/c/s/v/x");
        assert_eq!(common("/Volumes/c/s/v/1.jpg", "/Volumes/c/s/w/2.jpg"), "lake:/");
        assert_eq!(common("s3://b/x/1.jpg", "s3://b/y/2.jpg"), "s3://b");
        assert_eq!(common("/a/1.jpg", "s3://b/y/2.jpg"), "lake:/");
        assert_eq!(relative("/a/b", "/a/b/x/1.jpg"), "x/1.jpg");
        assert_eq!(relative("/", "/a/1.jpg"), "a/1.jpg");
        assert_eq!(relative("lake:/", "s3://b/1.jpg"), "s3://b/1.jpg");
    }
}
