//! A running export: every sample with the answer that is to be written, and what has come of them so far.

use super::manifest::{Checksums, Manifest};
use super::pages::{self, Past, Then};
use super::ship::Shipper;
use super::split::{By, Plan};
use super::{Export, Format, What};
use crate::domain::annotation::Shape;
use crate::domain::project::{Counts, Project};
use crate::domain::queue::Filter;
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::printable;
use crate::formats::csv::{GUARDED, guarded};
use crate::formats::write::{Kind, Losses};
use crate::ops::import::on_list;
use crate::ops::report::{ExportReport, Loss, TaskProgress};
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was written and what could not be, so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) images: u64,
    pub(super) annotations: u64,
    pub(super) status: BTreeMap<&'static str, u64>,
    pub(super) lost: Losses,
    /// Pictures of each part of a split data set.
    pub(super) parts: BTreeMap<String, u64>,
    pub(super) newest: Option<Timestamp>,
}

impl Tally {
    /// Everything but whole-picture classes, which most formats cannot say.
    pub(super) fn lose_shapes(&mut self, answer: &Answer) {
        let count = |wanted: &str| answer.annotations.iter().filter(|a| a.shape.kind() == wanted).count() as u64;
        self.lost.lose("boxes are not written", count("box"));
        self.lost.lose("polygons are not written", count("polygon"));
        self.lost.lose("masks are not written", count("mask"));
        let with = answer.annotations.iter().filter(|a| a.shape == Shape::Class && !a.attributes.is_empty()).count();
        self.lost.lose("attributes of a class are not written", with as u64);
    }

    /// Counts a picture that was written.
    pub(super) fn count(&mut self, answer: &Answer, annotations: usize) {
        self.images += 1;
        self.annotations += annotations as u64;
        self.newest = answer.annotations.iter().map(|a| a.at).max().max(self.newest);
    }

    /// Keeps a cell from being run by a spreadsheet.
    pub(super) fn guard(&mut self, cell: &mut String) {
        if let Cow::Owned(safe) = guarded(cell) {
            self.lost.lose(GUARDED, 1);
            *cell = safe;
        }
    }

    pub(super) fn losses(&self) -> Vec<Loss> {
        self.lost.iter().map(|(what, count)| Loss { what: what.to_owned(), count }).collect()
    }
}

/// A running export.
pub(super) struct Run<'a> {
    pub(super) store: &'a mut dyn Store,
    pub(super) project: &'a Project,
    pub(super) wanted: &'a Export,
    /// The past state that is written; `None` for today's.
    pub(super) then: Option<Past>,
    /// What is asked of pictures as they are today: all of the filter, or what is left of it where answers are past ones.
    pub(super) filter: Filter,
    /// Takes the files of a folder elsewhere.
    pub(super) shipper: Option<Arc<Shipper>>,
    pub(super) tally: Tally,
    pub(super) told: TaskProgress,
}

/// Takes one sample with the answer that is to be written.
pub(super) type Take<'a> = dyn FnMut(&mut Tally, &Sample, &Answer) -> Result<(), OpsError> + 'a;

impl Run<'_> {
    /// Gives every sample of the filter to `take`, in path order.
    pub(super) fn each(&mut self, watch: &mut Watch<'_>, take: &mut Take<'_>) -> Result<(), OpsError> {
        self.walk(watch, &mut |tally, sample, answer| {
            *tally.status.entry(answer.status.name()).or_default() += 1;
            take(tally, sample, answer)
        })
    }

    pub(super) fn walk(&mut self, watch: &mut Watch<'_>, take: &mut Take<'_>) -> Result<(), OpsError> {
        let Self { store, project, wanted, then, filter, tally, told, .. } = self;
        told.done = 0;
        let remarks = wanted.format == Format::Set(Kind::CocoCaptions);
        let (guesses, revs) = (wanted.what == What::Predictions, wanted.format == Format::Jsonl);
        let then = then.map(|past| Then { past, filter: &wanted.filter, labels: &project.labels, guesses, revs });
        let pages = pages::Wanted { project: project.id, filter, then, remarks };
        pages::each(&mut **store, &pages, watch, &mut |page, watch| {
            for (sample, past) in &page {
                let answer = past.as_ref().unwrap_or(&sample.answer);
                // What nobody has confirmed is no answer.
                let given = answer.is_draft().then(|| answer.without_draft());
                take(tally, sample, given.as_ref().unwrap_or(answer))?;
            }
            told.done += page.len() as u64;
            watch.tell(told);
            Ok(())
        })?;
        self.told.total = Some(self.told.done);
        watch.tell(&self.told);
        Ok(())
    }

    /// Deals the pictures that are going to be written out to the parts of a split data set.
    pub(super) fn plan(
        &mut self,
        watch: &mut Watch<'_>,
        chosen: &dyn Fn(&Answer) -> bool,
    ) -> Result<Option<Plan>, OpsError> {
        let Some(split) = &self.wanted.split else { return Ok(None) };
        let mut plan = Plan::new(split.clone());
        if split.by == By::Imported {
            self.as_listed(&mut plan, &split.parts)?;
            return Ok(Some(plan));
        }
        self.told.step = "choosing the parts".into();
        let counts = self.counts(watch)?;
        let labels = self.project.labels.clone();
        self.walk(watch, &mut |_, sample, answer| {
            if chosen(answer) {
                plan.see(sample, answer, &labels, &counts);
            }
            Ok(())
        })?;
        plan.deal();
        self.told.step = "writing".into();
        Ok(Some(plan))
    }

    /// Reads the parts from the lists of their names; the first that a picture is on counts.
    fn as_listed(&mut self, plan: &mut Plan, parts: &[(String, f64)]) -> Result<(), OpsError> {
        let lists = self.store.lists(self.project.id)?;
        let is = |name: &str| lists.iter().any(|(list, _)| list.to_lowercase() == name.to_lowercase());
        if !parts.iter().any(|(name, _)| is(name)) {
            let names: Vec<String> = parts.iter().map(|(name, _)| format!("`{}`", printable(name))).collect();
            return Err(OpsError::Invalid(format!(
                "the project has no list {}; an import of a data set with parts keeps them, and --parts says which count",
                names.join(", ")
            )));
        }
        for (at, (name, _)) in parts.iter().enumerate().filter(|(_, (name, _))| is(name)) {
            on_list(self.store, self.project.id, name, &mut |id| plan.put(id, at))?;
        }
        Ok(())
    }

    /// How many pictures carry each class, in the state that is written.
    fn counts(&mut self, watch: &mut Watch<'_>) -> Result<Counts, OpsError> {
        if self.then.is_none() {
            return Ok(self.store.counts(self.project.id)?);
        }
        let (mut counts, labels) = (Counts::default(), self.project.labels.clone());
        self.walk(watch, &mut |_, _, answer| {
            let classes: BTreeSet<_> = answer.annotations.iter().map(|a| labels.resolve(a.class)).collect();
            classes.into_iter().for_each(|class| *counts.class.entry(class).or_default() += 1);
            Ok(())
        })?;
        Ok(counts)
    }

    pub(super) fn manifest(&self, checksums: Checksums) -> Manifest<'_> {
        Manifest::new(self.project, self.wanted, &self.tally, checksums)
    }

    pub(super) fn report(&self, manifest: &std::path::Path) -> ExportReport {
        let text = |path: &std::path::Path| crate::domain::text::encode_os(path.as_os_str());
        ExportReport {
            dest: text(&self.wanted.dest),
            format: self.wanted.format.name().to_owned(),
            images: self.tally.images,
            annotations: self.tally.annotations,
            loss: self.tally.losses(),
            manifest: text(manifest),
            version: None,
            unchanged: false,
            dry_run: false,
        }
    }
}
