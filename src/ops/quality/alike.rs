//! Comparing: which measured pictures look alike, and which of them something is wrong with.

use super::super::report::TaskProgress;
use super::super::report::quality::{Groups, QualityReport};
use super::super::{OpsError, Watch};
use crate::domain::ids::SampleId;
use crate::domain::likeness::{Likeness, Sets, join_near};
use crate::domain::project::Project;
use crate::domain::quality::{Digest, Fault, Norms, Size};
use crate::store::Store;
use crate::store::records::Finding;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Samples of one page.
const PAGE: usize = 5_000;

/// What is kept of every picture while all are compared: some fifty bytes.
#[derive(Default)]
struct Seen {
    /// By path; the place in this list is the number in the others.
    samples: Vec<SampleId>,
    hashes: Vec<(u64, u32)>,
    contents: Vec<(Digest, u32)>,
    sizes: Vec<(Size, u32)>,
    faults: BTreeMap<u32, Vec<Fault>>,
}

/// Pictures of the same content: the first one, and how many.
type Contents = BTreeMap<u32, (u32, u32)>;

pub(super) fn compare(
    store: &mut dyn Store,
    project: &Project,
    distance: u32,
    report: &mut QualityReport,
    watch: &mut Watch<'_>,
) -> Result<(), OpsError> {
    let mut seen = read(store, project, watch)?;
    let count = number(seen.samples.len());
    report.pictures = u64::from(count);
    let mut sets = Sets::new(count);
    let contents = seen.same(&mut sets, &mut report.exact);
    join_near(&mut sets, std::mem::take(&mut seen.hashes), distance);
    seen.mark_odd();
    let mut found = seen.findings(&mut sets, &contents, &mut report.near);
    report.faults = Fault::ALL.into_iter().map(|f| (f, 0)).collect();
    for fault in seen.faults.values().flatten() {
        *report.faults.entry(*fault).or_default() += 1;
    }
    watch.check()?;
    found.sort_unstable_by_key(|f| f.sample);
    store.put_findings(project.id, &found)?;
    Ok(())
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn read(store: &mut dyn Store, project: &Project, watch: &mut Watch<'_>) -> Result<Seen, OpsError> {
    let mut told = TaskProgress { step: "comparing".into(), unit: "pictures".into(), ..Default::default() };
    let (mut seen, mut after) = (Seen::default(), None::<String>);
    loop {
        watch.check()?;
        let page = store.measures(project.id, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(seen) };
        after = Some(last.path.clone());
        for one in &page {
            let at = number(seen.samples.len());
            seen.samples.push(one.sample);
            let pixels = one.measures.pixels.as_ref();
            seen.hashes.extend(pixels.and_then(|p| p.hash).map(|hash| (hash, at)));
            seen.contents.extend(one.measures.digest.map(|digest| (digest, at)));
            seen.sizes.extend(pixels.map(|p| (Size::of(p), at)));
            let faults = one.measures.faults();
            if !faults.is_empty() {
                seen.faults.insert(at, faults);
            }
        }
        told.done += page.len() as u64;
        watch.tell(&told);
    }
}

impl Seen {
    /// Joins files of the same content.
    fn same(&mut self, sets: &mut Sets, groups: &mut Groups) -> Contents {
        let mut out = Contents::new();
        self.contents.sort_unstable();
        for same in self.contents.chunk_by(|a, b| a.0 == b.0) {
            let [(_, first), others @ ..] = same else { continue };
            if others.is_empty() {
                continue;
            }
            groups.add(same.len() as u64);
            others.iter().for_each(|(_, other)| sets.join(*first, *other));
            out.extend(same.iter().map(|(_, at)| (*at, (*first, number(same.len())))));
        }
        out
    }

    fn mark_odd(&mut self) {
        let norms = Norms::of(self.sizes.iter().map(|(size, _)| *size));
        for (size, at) in &self.sizes {
            if norms.is_odd(*size) {
                self.faults.entry(*at).or_default().push(Fault::Odd);
            }
        }
    }

    /// Says of each sample what there is to be said: the largest groups come first, and within one the paths.
    fn findings(&self, sets: &mut Sets, contents: &Contents, groups: &mut Groups) -> Vec<Finding> {
        let count = number(self.samples.len());
        let mut sizes = vec![0_u32; self.samples.len()];
        for at in 0..count {
            if let Some(size) = sizes.get_mut(sets.root(at) as usize) {
                *size += 1;
            }
        }
        let size = |root: u32| sizes.get(root as usize).copied().unwrap_or(0);
        let id = |at: u32| self.samples.get(at as usize).map_or(0, |s| s.0);
        let mut members: Vec<(Reverse<u32>, u32, u32)> = (0..count)
            .map(|at| (at, sets.root(at)))
            .filter(|(_, root)| size(*root) > 1)
            .map(|(at, root)| (Reverse(size(root)), root, at))
            .collect();
        members.sort_unstable();
        members.chunk_by(|a, b| a.1 == b.1).for_each(|group| groups.add(group.len() as u64));
        let mut out: BTreeMap<u32, Finding> = BTreeMap::new();
        for (place, (Reverse(near), root, at)) in members.into_iter().enumerate() {
            let same = contents.get(&at);
            let likeness = Some(Likeness { group: id(root), near, exact: same.map_or(1, |(_, n)| *n) });
            let content = same.map(|(first, _)| id(*first));
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            out.insert(at, Finding { sample: SampleId(id(at)), likeness, content, place, faults: Vec::new() });
        }
        for (at, faults) in &self.faults {
            let alone =
                || Finding { sample: SampleId(id(*at)), likeness: None, content: None, place: 0, faults: Vec::new() };
            out.entry(*at).or_insert_with(alone).faults.clone_from(faults);
        }
        out.into_values().collect()
    }
}
