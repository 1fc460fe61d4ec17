//! The second pass: picture by picture, what was gathered becomes edits and predictions; or is only counted.

use super::gather::{Gathered, picture_path, sample_of};
use super::parts::Parts;
use super::plan::{Plan, annotations, plan, standing};
use super::{Become, Identity, Import, counted, progress, twins};
use crate::domain::annotation::Prediction;
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit, IMPORT_MESSAGE, Origin, Outcome};
use crate::domain::ids::{BatchId, ClassId, EditId, ProjectId, Rev, SampleId};
use crate::domain::project::Project;
use crate::domain::sample::{Answer, Sample};
use crate::domain::text::{decode_os, printable};
use crate::formats::dataset::{Bad, Item, Mark, Place};
use crate::formats::read::codec::Unpack;
use crate::formats::read::sorter::Key;
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::media::{Limits, inspect};
use crate::ops::report::TaskProgress;
use crate::ops::{OpsError, Watch, reading, skeletons};
use crate::store::Store;
use crate::store::records::{Comment, NewSample, SamplePredictions};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Pictures of one transaction.
const CHUNK: usize = 2000;
/// What hangs on them together at most, about 200 bytes each.
const WEIGHT: usize = 20_000;

/// All entries about one picture.
struct Group {
    key: Key,
    items: Vec<Item>,
}

#[allow(clippy::too_many_arguments)]
pub(super) fn write(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    wanted: &Import,
    identity: &Identity,
    gathered: &mut Gathered,
    stop: &Stop,
    watch: &mut Watch<'_>,
) -> Result<(), OpsError> {
    let Some(mut sorted) = gathered.sorted.take() else { return Ok(()) };
    let mut writer = Writer {
        store,
        lake,
        project,
        wanted,
        identity,
        stop,
        gathered,
        labels: LabelSet::default(),
        classes: HashMap::new(),
        parts: Parts::default(),
    };
    writer.set_classes()?;
    let mut told = progress(if wanted.dry_run { "counting" } else { "writing" });
    let total = writer.gathered.done.report.read;
    told.total = Some(total);
    let (mut chunk, mut weight): (Vec<Group>, _) = (Vec::new(), 0);
    let file: Arc<str> = Arc::from("");
    let scratch = |e: std::io::Error| OpsError::file("read", &wanted.scratch, &e);
    while let Some((key, record)) = sorted.next_record().map_err(scratch)? {
        let item = Unpack::new(record, &file).item().map_err(scratch)?;
        weight += record.len() / 200 + item.marks.len();
        match chunk.last_mut() {
            Some(group) if group.key == key => group.items.push(item),
            _ => {
                if chunk.len() >= CHUNK || weight >= WEIGHT {
                    watch.check()?;
                    weight = 0;
                    writer.next(std::mem::take(&mut chunk), &mut told)?;
                    watch.tell(&told);
                }
                chunk.push(Group { key, items: vec![item] });
            }
        }
    }
    writer.next(chunk, &mut told)?;
    writer.conclude();
    told.total = Some(told.done);
    watch.tell(&told);
    Ok(())
}

struct Writer<'a> {
    store: &'a mut dyn Store,
    lake: &'a Lake,
    project: &'a Project,
    wanted: &'a Import,
    identity: &'a Identity,
    stop: &'a Stop,
    gathered: &'a mut Gathered,
    labels: LabelSet,
    classes: HashMap<String, ClassId>,
    parts: Parts,
}

impl Writer<'_> {
    /// Writes a chunk and counts it; an error says what was written before.
    fn next(&mut self, chunk: Vec<Group>, told: &mut TaskProgress) -> Result<(), OpsError> {
        let (before, pictures) = (if self.wanted.dry_run { 0 } else { told.done }, chunk.len() as u64);
        self.chunk(chunk).map_err(|error| error.after(before))?;
        told.done += pictures;
        Ok(())
    }

    fn batch(&self) -> BatchId {
        BatchId(self.identity.batch)
    }

    fn edit(&self, id: EditId, change: Change) -> Edit {
        let message = format!("{IMPORT_MESSAGE}{}", printable(&self.wanted.from.to_string()));
        Edit {
            id,
            origin: Origin::Import,
            batch: Some(self.batch()),
            message,
            ..Edit::by_person(self.project.id, change, &self.wanted.author, self.wanted.at)
        }
    }

    /// Adds the classes that are missing.
    fn set_classes(&mut self) -> Result<(), OpsError> {
        let before = self.store.project(self.project.id)?.labels;
        let mut after = before.clone();
        after.append_missing(std::mem::take(&mut self.gathered.classes));
        self.gathered.done.report.skeletons = self.gathered.skeletons.len() as u64;
        if after != before && !self.wanted.dry_run {
            let edit = self.edit(EditId::fresh(), Change::Classes { before, after: after.clone() });
            match self.store.commit(&[edit])?.into_iter().next() {
                Some(Outcome::Refused { reason }) => return Err(OpsError::Invalid(reason)),
                Some(Outcome::Conflict { .. }) => {
                    let why = "somebody changed the classes at the same moment; import again".to_owned();
                    return Err(OpsError::Invalid(why));
                }
                _ => after = self.store.project(self.project.id)?.labels,
            }
        }
        if !self.wanted.dry_run {
            skeletons::keep(self.store, self.project.id, &after, &std::mem::take(&mut self.gathered.skeletons))?;
        }
        self.classes = after.by_name();
        self.labels = after;
        Ok(())
    }

    fn chunk(&mut self, groups: Vec<Group>) -> Result<(), OpsError> {
        let made = self.create(&groups)?;
        let ids: Vec<SampleId> = groups.iter().filter_map(|group| sample_of(group.key)).collect();
        let mut samples = self.store.samples_by_id(&ids)?.into_iter();
        let (mut edits, mut predictions) = (Vec::new(), Vec::new());
        for group in &groups {
            let sample = match sample_of(group.key) {
                Some(_) => samples.next(),
                None => group.items.first().and_then(|i| made.get(&i.name)).cloned(),
            };
            if let Some(sample) = sample {
                self.group(group, sample, &mut edits, &mut predictions)?;
            }
        }
        self.commit(edits, predictions)
    }

    /// Makes the samples that are missing; in a dry run only in mind.
    fn create(&mut self, groups: &[Group]) -> Result<HashMap<String, Sample>, OpsError> {
        let fresh = groups.iter().filter(|g| sample_of(g.key).is_none()).filter_map(|g| g.items.first());
        let names: Vec<&str> = fresh.map(|i| i.name.as_str()).collect();
        self.gathered.done.report.created += names.len() as u64;
        self.gathered.done.report.unreadable += names.iter().filter(|name| self.is_gone(name)).count() as u64;
        let mut out = HashMap::new();
        if names.is_empty() {
            return Ok(out);
        }
        if self.wanted.dry_run {
            out.extend(names.iter().map(|name| ((*name).to_owned(), unborn(self.project.id, name))));
            return Ok(out);
        }
        let new: Vec<NewSample> = names.iter().map(|name| self.new_sample(name)).collect();
        // The scan is left open: ending it would mark every other file as missing. The next scan takes it up.
        let scan = self.store.begin_scan(self.project.id, &self.wanted.author)?;
        self.store.add_samples(scan, &new)?;
        let paths: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let known = self.store.known_paths(self.project.id, &paths)?;
        let ids: Vec<SampleId> = known.iter().flatten().map(|k| k.id).collect();
        out.extend(self.store.samples_by_id(&ids)?.into_iter().map(|sample| (sample.path.clone(), sample)));
        Ok(out)
    }

    /// Whether there is no file of this name in a source on this machine. Others are not asked: a look costs a request.
    fn is_gone(&self, name: &str) -> bool {
        let found = picture_path(&self.project.source, name);
        let local = found.as_ref().and_then(|(path, _)| path.as_local());
        local.is_some_and(|path| !std::fs::metadata(decode_os(path)).is_ok_and(|file| file.is_file()))
    }

    /// Says what the counters cannot.
    fn conclude(&mut self) {
        let done = &mut self.gathered.done;
        let report = &mut done.report;
        report.parts = self.parts.pictures();
        done.notes.extend(self.parts.notes());
        let local = picture_path(&self.project.source, "x").is_some_and(|(path, _)| path.as_local().is_some());
        match (report.created, report.unreadable) {
            (0, _) => {}
            (_, 0) if local => {}
            (_, 0) => done.notes.push(
                "whether the new pictures are there was not looked at, because the source is not on this machine"
                    .into(),
            ),
            (created, gone) => {
                let of = counted(created, "new picture", "new pictures");
                done.notes.push(format!("{gone} of {of} cannot be opened: the source has no such file"));
            }
        }
    }

    /// What the header of a new picture says, where there is one.
    fn new_sample(&self, name: &str) -> NewSample {
        let bare = NewSample { path: name.to_owned(), ..NewSample::default() };
        let Some((path, stamp)) = picture_path(&self.project.source, name) else { return bare };
        let Ok(source) = reading::open(self.lake, &path, &stamp, self.stop) else { return bare };
        let size = source.len().unwrap_or(0);
        match inspect(source.as_ref(), name, &Limits::default()) {
            Ok(info) => {
                let (width, height, orientation) = (Some(info.width), Some(info.height), Some(info.orientation));
                NewSample { size, width, height, orientation, ..bare }
            }
            Err(_) => NewSample { size, ..bare },
        }
    }

    fn group(
        &mut self,
        group: &Group,
        sample: Sample,
        edits: &mut Vec<Made>,
        predictions: &mut Vec<SamplePredictions>,
    ) -> Result<(), OpsError> {
        let once = twins::once(&group.items);
        let marks: Vec<&Mark> = match &once {
            Some(marks) => marks.iter().collect(),
            None => group.items.iter().flat_map(|i| &i.marks).collect(),
        };
        let (guesses, said): (Vec<&Mark>, Vec<&Mark>) =
            marks.into_iter().partition(|m| match self.wanted.how.become_what {
                Become::Auto => m.score.is_some(),
                Become::Annotations => false,
                Become::Predictions => true,
            });
        let guessed = self.guesses(&guesses, &sample, predictions);
        self.captions(&group.items, &sample)?;
        let listed = self.parts.take(self.store, self.project.id, &group.items, sample.id)?;
        self.gathered.done.report.listed += u64::from(listed);
        let as_guesses = self.wanted.how.become_what == Become::Predictions;
        let standing = standing(&group.items, !guesses.is_empty() && said.is_empty(), as_guesses);
        let new = annotations(&said, &sample.path, &self.classes, self.wanted, self.identity);
        match plan(&sample, &group.items, standing, new, self.wanted.how.on_existing, &self.labels) {
            Plan::Stay => self.gathered.done.report.skipped += u64::from(!guessed),
            Plan::Answer { after, added, replaced } => {
                let base = sample.rev;
                let (number, rev) = (sample.id.0.to_le_bytes(), base.0.to_le_bytes());
                // With the revision in it, the same import can be made again after it was taken back.
                let batch = self.identity.batch;
                let id = EditId(self.identity.id("edit", &[batch.as_bytes(), &number, &rev]));
                let change = Change::Answer { sample: sample.id, base, before: sample.answer, after: *after };
                if let Some(first) = group.items.first() {
                    let (place, name) = (first.place.clone(), first.name.clone());
                    edits.push(Made { edit: self.edit(id, change), place, name, replaced, added });
                }
            }
        }
        Ok(())
    }

    /// Predictions of a picture; `false` if they are there already or there are none.
    fn guesses(&mut self, marks: &[&Mark], sample: &Sample, out: &mut Vec<SamplePredictions>) -> bool {
        let model = self.wanted.how.model.clone().unwrap_or_else(|| {
            let path = self.wanted.from.to_string();
            let name = path.rsplit('/').next().unwrap_or_default();
            name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
        });
        let new = marks.iter().filter_map(|mark| {
            let class = self.classes.get(&mark.class.to_lowercase()).copied()?;
            let model = mark.author.clone().unwrap_or_else(|| model.clone());
            Some(Prediction { class, shape: mark.shape.clone(), score: mark.score.unwrap_or(1.0), model })
        });
        let mut new: Vec<Prediction> = new.collect();
        new.sort_by(|a, b| b.score.total_cmp(&a.score));
        let old = || sample.predictions.iter().filter(|o| new.iter().any(|n| n.model == o.model));
        if new.is_empty() || old().eq(new.iter()) {
            return false;
        }
        self.gathered.done.report.annotations += new.len() as u64;
        self.gathered.done.report.guesses += new.len() as u64;
        self.gathered.done.report.replaced += u64::from(old().next().is_some());
        out.push(SamplePredictions { sample: sample.id, predictions: new });
        true
    }

    /// Captions are kept as remarks, each once.
    fn captions(&mut self, items: &[Item], sample: &Sample) -> Result<(), OpsError> {
        let texts = items.iter().filter_map(|i| i.extra.get("captions")).filter_map(Value::as_array).flatten();
        let texts: Vec<&str> = texts.filter_map(Value::as_str).collect();
        if texts.is_empty() || !self.store.capabilities().comments {
            return Ok(());
        }
        let known = if sample.id.0 == 0 { Vec::new() } else { self.store.comments(sample.id)? };
        let mut known: HashSet<&str> = known.iter().map(|c| c.text.as_str()).collect();
        for text in texts {
            if !known.insert(text) {
                continue;
            }
            self.gathered.done.report.comments += 1;
            if !self.wanted.dry_run {
                self.store.add_comment(&Comment {
                    id: 0,
                    sample: sample.id,
                    annotation: None,
                    author: self.wanted.author.clone(),
                    text: text.to_owned(),
                    at: self.wanted.at,
                    resolved: true,
                })?;
            }
        }
        Ok(())
    }

    fn commit(&mut self, made: Vec<Made>, predictions: Vec<SamplePredictions>) -> Result<(), OpsError> {
        let (mut edits, mut facts) = (Vec::with_capacity(made.len()), Vec::with_capacity(made.len()));
        for Made { edit, place, name, replaced, added } in made {
            edits.push(edit);
            facts.push((place, name, replaced, added));
        }
        let outcomes = match (self.wanted.dry_run, edits.is_empty()) {
            (false, false) => self.store.commit(&edits)?,
            _ => vec![Outcome::Queued; edits.len()],
        };
        for (outcome, (place, name, replaced, added)) in outcomes.into_iter().zip(facts) {
            let reason = match outcome {
                Outcome::Saved { .. } | Outcome::Queued => {
                    self.gathered.done.report.answered += 1;
                    self.gathered.done.report.annotations += added;
                    self.gathered.done.report.replaced += u64::from(replaced);
                    continue;
                }
                Outcome::Conflict { .. } => {
                    self.gathered.done.conflicts += 1;
                    "somebody changed this picture while the import ran; their answer stays".to_owned()
                }
                Outcome::Refused { reason } => reason,
            };
            self.gathered.rejects.push(&Bad { place, reason, name: Some(name), whole: true, row: None })?;
        }
        if self.wanted.dry_run {
            return Ok(());
        }
        self.parts.write(self.store, self.project.id)?;
        if !predictions.is_empty() {
            self.store.put_predictions(self.project.id, &predictions)?;
        }
        Ok(())
    }
}

/// An edit with what is told of it.
struct Made {
    edit: Edit,
    /// Where the file speaks of the picture.
    place: Place,
    name: String,
    /// There was another answer.
    replaced: bool,
    /// Annotations that were not there.
    added: u64,
}

/// A sample that a real run would have made.
fn unborn(project: ProjectId, path: &str) -> Sample {
    Sample {
        id: SampleId(0),
        project,
        path: path.to_owned(),
        size: 0,
        etag: String::new(),
        width: None,
        height: None,
        orientation: None,
        missing: false,
        rev: Rev(0),
        answer: Answer::default(),
        predictions: Vec::new(),
        reviews: Vec::new(),
        notes: Vec::new(),
        likeness: None,
    }
}
