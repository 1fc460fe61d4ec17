//! Exports in the formats of other labelling programs: one file, or a folder of files with the pictures beside them.
//!
//! Only answered pictures are written: in most formats a picture without boxes means that there is nothing on it.

use super::names::Naming;
use super::outputs::{Folder, sum_of};
use super::pictures::{self, Placed};
use super::publish;
use super::scratch::Scratch;
use super::split::{NO_PART, Plan};
use super::tables::{beside, publish as publish_file};
use super::{Images, OpsError, Run, Tally, Watch, What, is_one_file, shown};
use crate::domain::class::LabelSet;
use crate::domain::sample::{Answer, Sample, Status};
use crate::formats::dataset::{ClassInfo, Item, Mark, Place as Where, Spot, Standing, Unit};
use crate::formats::write::reduce::reduce;
use crate::formats::write::{About, Classes, Entry, Kind, Picture, Says, Writer};
use crate::lake::Lake;
use crate::lake::far::Place;
use crate::ops::report::ExportReport;
use crate::ops::scan::source_place;
use crate::ops::skeletons;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

pub(super) fn write(
    run: &mut Run<'_>,
    lake: &Lake,
    kind: Kind,
    watch: &mut Watch<'_>,
) -> Result<ExportReport, OpsError> {
    let kind = match (kind, run.wanted.what) {
        (kind, What::Answers) => kind,
        (Kind::Coco, What::Predictions) => Kind::CocoResults,
        (_, What::Predictions) => {
            let format = run.wanted.format.name();
            let text = format!("{format} has no place for predictions; --format coco writes a results file of them");
            return Err(OpsError::Invalid(text));
        }
    };
    if is_one_file(run.wanted) {
        one_file(run, lake, kind, watch)
    } else {
        publish::folder(run, watch, |run, scratch, out, watch| fill(run, lake, kind, scratch, out, watch))
    }
}

fn one_file(run: &mut Run<'_>, lake: &Lake, kind: Kind, watch: &mut Watch<'_>) -> Result<ExportReport, OpsError> {
    let beside = beside(run)?;
    let dest = shown(&run.wanted.dest);
    if run.wanted.images != Images::None {
        let text = format!("`{dest}` is one file, which has no place for pictures; name a folder");
        return Err(OpsError::Invalid(text));
    }
    let inside = matches!(kind, Kind::CsvBoxes | Kind::Cvat | Kind::LabelStudio | Kind::Parquet);
    if run.wanted.split.is_some() && !inside {
        let text = format!("`{dest}` is one file, and the parts of this format are files of their own; name a folder");
        return Err(OpsError::Invalid(text));
    }
    let aside = Scratch::beside(&run.wanted.dest);
    fs::create_dir(aside.path()).map_err(|e| aside.failed(&e))?;
    let mut out = Folder::new(aside.path()).map_err(|e| aside.failed(&e))?;
    fill(run, lake, kind, &aside, &mut out, watch)?;
    let made = out.first().map(|first| aside.path().join(first));
    let sum = out.finish().map_err(|e| aside.failed(&e))?.first;
    let scratch = Scratch::beside(&run.wanted.dest);
    let made = made.unwrap_or_else(|| aside.path().to_owned());
    fs::rename(&made, scratch.path())
        .and_then(|()| fs::File::open(scratch.path())?.sync_all())
        .map_err(|e| aside.failed(&e))?;
    let sum = sum.map_or_else(|| sum_of(scratch.path()), Ok).map_err(|e| scratch.failed(&e))?;
    publish_file(run, scratch, sum, &beside, watch)
}

/// Everything between a sample and a writer.
struct Filling<'a> {
    labels: &'a LabelSet,
    what: What,
    images: Images,
    says: Says,
    source: Option<Place>,
    origin: String,
    naming: Naming,
    plan: Option<Plan>,
    here: Arc<str>,
}

pub(super) fn fill(
    run: &mut Run<'_>,
    lake: &Lake,
    kind: Kind,
    scratch: &Scratch,
    out: &mut Folder,
    watch: &mut Watch<'_>,
) -> Result<(), OpsError> {
    let plan = run.plan(watch, &|answer: &Answer| answer.status == Status::Labeled)?;
    let mut writer = kind.writer(about(run)?);
    let says = writer.says();
    let source = match source_place(lake, &run.project.source) {
        Ok((place, _)) => Some(place),
        // Without pictures to copy, sizes that are known already may be all that is needed.
        Err(error) if run.wanted.images != Images::None => return Err(error),
        Err(_) => None,
    };
    let mut filling = Filling {
        labels: &run.project.labels,
        what: run.wanted.what,
        images: run.wanted.images,
        says,
        source,
        origin: run.project.source.trim_end_matches('/').to_owned(),
        naming: Naming::new(says.by_stem),
        plan,
        here: Arc::from("project"),
    };
    run.each(watch, &mut |tally, sample, answer| filling.take(tally, sample, answer, writer.as_mut(), scratch, out))?;
    if let Some(refusal) = writer.refusal() {
        return Err(OpsError::Invalid(refusal));
    }
    writer.finish(out).map_err(|e| scratch.failed(&e))?;
    for (what, count) in writer.losses().iter() {
        run.tally.lost.lose(what, count);
    }
    Ok(())
}

/// Classes in the project's order; retired ones that still stand on pictures come after those that are offered.
fn about(run: &mut Run<'_>) -> Result<About, OpsError> {
    let (project, wanted) = (run.project, run.wanted);
    let counts = run.store.counts(project.id)?;
    let labels = &project.labels;
    let mut skeletons = skeletons::of(run.store, project.id)?;
    let retired = labels.classes.iter().filter(|c| c.merged_into.is_none() && c.retired);
    let used = retired.filter(|c| counts.class.contains_key(&c.id) || run.then.is_some());
    let info = |c: &crate::domain::class::LabelClass| ClassInfo {
        name: c.name.clone(),
        parent: c.parent.map(|p| labels.name(p)),
        more: skeletons.remove(&c.id).unwrap_or_default(),
    };
    Ok(About {
        project: project.name.clone(),
        version: project.version,
        task: project.task.name(),
        source: project.source.clone(),
        classes: Classes::new(labels.live().chain(used).map(info)),
        splits: wanted.split.iter().flat_map(|s| s.parts.iter().map(|(name, _)| name.clone())).collect(),
        pictures: wanted.images != Images::None,
        options: wanted.options,
    })
}

impl Filling<'_> {
    fn take(
        &mut self,
        tally: &mut Tally,
        sample: &Sample,
        answer: &Answer,
        writer: &mut dyn Writer,
        scratch: &Scratch,
        out: &mut Folder,
    ) -> Result<(), OpsError> {
        let Some(mut item) = self.item(tally, sample, answer) else { return Ok(()) };
        if self.plan.is_some() && item.split.is_none() {
            tally.lost.lose(NO_PART, 1);
            return Ok(());
        }
        if self.says.size && !self.sized(&mut item, sample) {
            tally.lost.lose("pictures of unknown size are left out, because they cannot be read", 1);
            return Ok(());
        }
        if !reduce(&mut item, &self.says, &mut tally.lost) {
            return Ok(());
        }
        let (name, renamed) = self.naming.name(&sample.path);
        tally
            .lost
            .lose("pictures get another name, so that no two meet and every format can say it", u64::from(renamed));
        item.name = name;
        let content = self.picture(tally, sample, &item, writer, out).map_err(|e| scratch.failed(&e))?;
        let origin = match sample.path.starts_with('/') || sample.path.contains(":/") {
            true => sample.path.clone(),
            false => format!("{}/{}", self.origin, sample.path),
        };
        let id = u64::try_from(sample.id.0).unwrap_or_default();
        let entry = Entry { id, item: &item, origin: &origin, size: sample.size, content: content.as_deref() };
        writer.item(&entry, out).map_err(|e| scratch.failed(&e))?;
        tally.count(answer, item.marks.len());
        if let Some(part) = &item.split {
            *tally.parts.entry(part.clone()).or_default() += 1;
        }
        Ok(())
    }

    /// What is on a picture; nothing where the picture is not to be written.
    fn item(&self, tally: &mut Tally, sample: &Sample, answer: &Answer) -> Option<Item> {
        let mut extra = BTreeMap::new();
        let marks = match self.what {
            What::Answers if self.says.captions => {
                let captions: Vec<&str> = sample.notes.iter().map(|n| n.text.as_str()).collect();
                if captions.is_empty() {
                    tally.lost.lose("pictures of which nothing is said are left out", 1);
                    return None;
                }
                tally.lost.lose("annotations are not written", answer.annotations.len() as u64);
                extra.insert("captions".to_owned(), captions.into());
                Vec::new()
            }
            What::Answers => {
                if let Some(why) = left_out(answer.status) {
                    tally.lost.lose(why, 1);
                    return None;
                }
                told(tally, sample, answer);
                answer
                    .annotations
                    .iter()
                    .map(|a| Mark {
                        class: self.labels.name(a.class),
                        shape: a.shape.clone(),
                        unit: Unit::Part,
                        score: None,
                        author: Some(a.author.clone()),
                        at: Some(a.at),
                        attributes: a.attributes.clone(),
                        place: self.place(),
                    })
                    .collect()
            }
            What::Predictions if sample.predictions.is_empty() => return None,
            What::Predictions => sample
                .predictions
                .iter()
                .map(|p| Mark {
                    class: self.labels.name(p.class),
                    shape: p.shape.clone(),
                    unit: Unit::Part,
                    score: Some(p.score),
                    author: Some(p.model.clone()),
                    at: None,
                    attributes: BTreeMap::new(),
                    place: self.place(),
                })
                .collect(),
        };
        Some(Item {
            name: String::new(),
            width: sample.width,
            height: sample.height,
            stored_frame: false,
            split: self.plan.as_ref().and_then(|plan| plan.part(sample)),
            standing: Standing::Judged,
            marks,
            extra,
            place: self.place(),
        })
    }

    fn place(&self) -> Where {
        Where { file: Arc::clone(&self.here), at: Spot::Whole }
    }

    /// Whether the size of the picture is known, or could be read.
    fn sized(&self, item: &mut Item, sample: &Sample) -> bool {
        if item.width.is_none() || item.height.is_none() {
            let found = self.source.as_ref().and_then(|source| pictures::size(source, sample));
            (item.width, item.height) = found.unzip();
        }
        item.width.is_some_and(|w| w > 0) && item.height.is_some_and(|h| h > 0)
    }

    /// Puts the picture's file where the format wants it; gives its content back where that is inside.
    fn picture(
        &self,
        tally: &mut Tally,
        sample: &Sample,
        item: &Item,
        writer: &dyn Writer,
        out: &Folder,
    ) -> std::io::Result<Option<Vec<u8>>> {
        let (Some(source), true) = (&self.source, self.images != Images::None) else { return Ok(None) };
        match writer.picture(item) {
            Picture::Nowhere => Ok(None),
            Picture::Inside => {
                let content = pictures::content(source, sample);
                tally.lost.lose("pictures cannot be read and are only named", u64::from(content.is_none()));
                Ok(content)
            }
            Picture::File(path) => match pictures::place(source, sample, out, &path, self.images) {
                Ok(()) => Ok(None),
                Err(Placed::Unreadable) => {
                    tally.lost.lose("pictures cannot be read and are only named", 1);
                    Ok(None)
                }
                Err(Placed::Failed(error)) => Err(error),
            },
        }
    }
}

/// Why a picture of this status is not written.
fn left_out(status: Status) -> Option<&'static str> {
    match status {
        Status::Labeled => None,
        Status::Skipped => Some("skipped pictures are left out"),
        Status::Unlabeled | Status::PreLabeled => Some("pictures without an answer are left out"),
    }
}

/// Counts what only this program knows of a picture.
fn told(tally: &mut Tally, sample: &Sample, answer: &Answer) {
    for (what, count) in [
        ("predictions are not written", sample.predictions.len()),
        ("verdicts are not written", sample.reviews.len()),
        ("open comments are not written", sample.notes.len()),
        ("flags for another look are not written", usize::from(answer.flagged)),
        ("doubts are not written", usize::from(answer.unsure)),
    ] {
        tally.lost.lose(what, count as u64);
    }
}
