//! Scans: what was seen, which classes the files name, and when samples came.

use super::base::Base;
use super::codes;
use crate::domain::class::{ClassIndex, LabelSet};
use crate::domain::ids::{BatchId, ClassId, ProjectId, SampleId};
use crate::domain::natural::natural_key;
use crate::store::Result;
use crate::store::records::{NewSample, ScanReport};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// A scan that runs in this process.
pub(in crate::store) struct Running {
    pub(in crate::store) project: ProjectId,
    pub(in crate::store) author: String,
    pub(in crate::store) batch: BatchId,
    /// Samples whose files were seen: one bit each, in blocks of 65,536 ids.
    seen: BTreeMap<i64, Vec<u64>>,
    /// Those of the batch that is being written.
    fresh: Vec<i64>,
    pub(in crate::store) report: ScanReport,
}

impl Running {
    /// A scan that saw nothing yet.
    pub(in crate::store) fn new(project: ProjectId, author: &str, batch: BatchId) -> Self {
        let author = author.to_owned();
        Self { project, author, batch, seen: BTreeMap::new(), fresh: Vec::new(), report: ScanReport::default() }
    }

    /// Begins a batch of files.
    pub(in crate::store) fn begin_batch(&mut self) {
        self.fresh.clear();
    }

    /// Notes that a sample's file was seen; `false` if it was before.
    pub(in crate::store) fn see(&mut self, id: i64) -> bool {
        let (block, bit) = (id >> 16, (id & 0xffff) as usize);
        let words = self.seen.entry(block).or_insert_with(|| vec![0; 1024]);
        let Some(word) = words.get_mut(bit / 64) else { return false };
        let new = *word & (1 << (bit % 64)) == 0;
        *word |= 1 << (bit % 64);
        if new {
            self.fresh.push(id);
        }
        new
    }

    /// Whether a sample's file was seen.
    pub(in crate::store) fn has_seen(&self, id: i64) -> bool {
        let bit = (id & 0xffff) as usize;
        let word = self.seen.get(&(id >> 16)).and_then(|words| words.get(bit / 64)).copied().unwrap_or(0);
        word & (1 << (bit % 64)) != 0
    }

    /// Takes back what the last batch saw, because its transaction failed.
    pub(in crate::store) fn forget_batch(&mut self) {
        for id in std::mem::take(&mut self.fresh) {
            let bit = (id & 0xffff) as usize;
            if let Some(word) = self.seen.get_mut(&(id >> 16)).and_then(|words| words.get_mut(bit / 64)) {
                *word &= !(1 << (bit % 64));
            }
        }
    }
}

impl dyn Base + '_ {
    /// Notes that samples may come from now on, and which was the newest until then.
    pub(in crate::store) fn note_arrival(&self, project: ProjectId, at: Timestamp) -> Result<()> {
        // Not `max(id)`: PostgreSQL would walk all samples of the store back from the newest until it meets one of the project.
        let sql = "INSERT INTO arrival(project, at, newest)
                   SELECT ?1, ?2, coalesce(max(id + 0), 0) FROM sample WHERE project = ?1 ON CONFLICT DO NOTHING";
        self.execute(sql, (project.0, codes::nanos(at))).map(drop)
    }

    /// The last sample that was there at a time; 0 before the first. `None` where nothing came since then, and where
    /// nobody noted what came.
    pub(in crate::store) fn newest_at(&self, project: ProjectId, at: Timestamp) -> Result<Option<SampleId>> {
        if self.project(project)?.created_at > at {
            return Ok(Some(SampleId(0)));
        }
        let next = "SELECT newest FROM arrival WHERE project = ? AND at > ? ORDER BY at LIMIT 1";
        let Some(newest) = self.row(next, (project.0, codes::nanos(at)), |r| r.get::<i64>(0))? else { return Ok(None) };
        // Clients' clocks differ: what was edited by then was there.
        let event = self.event_at(project, at)?.map_or(0, |event| event.0);
        let edited = "SELECT max(sample) FROM event WHERE project = ? AND id <= ?";
        let edited = self.row(edited, (project.0, event), |r| r.get::<Option<i64>>(0))?.flatten();
        Ok(Some(SampleId(newest.max(edited.unwrap_or(0)))))
    }
}

/// The classes that files name, each of them once, in natural order.
pub(in crate::store) fn class_names(files: &[NewSample]) -> Vec<&str> {
    let mut names: Vec<&str> =
        files.iter().filter_map(|f| f.class.as_deref()).filter(|n| !n.trim().is_empty()).collect();
    names.sort_unstable_by_key(|n| natural_key(n));
    names.dedup();
    names
}

/// Maps class names to classes; unknown ones are appended. Returns the label set then, and the class of each name.
pub(in crate::store) fn with_classes(before: &LabelSet, names: &[&str]) -> (LabelSet, HashMap<String, ClassId>) {
    let mut known: HashMap<String, ClassId> = HashMap::new();
    let index = ClassIndex::of(before);
    // A retired class is found too: the file's folder still says so; a live one of that name comes first.
    for class in before.classes.iter().filter(|c| c.retired || c.merged_into.is_some()).chain(before.live()) {
        known.insert(class.name.to_lowercase(), index.resolve(class.id));
    }
    let (mut after, mut classes) = (before.clone(), HashMap::new());
    let mut end = after.appender();
    for name in names {
        let id = *known.entry(name.to_lowercase()).or_insert_with(|| end.append(name));
        classes.insert((*name).to_owned(), id);
    }
    (after, classes)
}
