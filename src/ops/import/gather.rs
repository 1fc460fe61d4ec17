//! The first pass: everything is read, matched and brought into the program's frame; nothing is written.

use super::files::LakeFiles;
use super::fit::{Frame, Oddity, Size};
use super::names::{Hit, Names};
use super::rejects::Rejects;
use super::{Become, Import, Imported, NewClasses, OnBadRow, OnMissing, counted, progress};
use crate::domain::annotation::Shape;
use crate::domain::ids::SampleId;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{Project, Task};
use crate::domain::sample::Sample;
use crate::domain::text::printable;
use crate::formats::dataset::{Bad, Files, Found, Item, Mark, Unit};
use crate::formats::read::Format;
use crate::formats::read::codec::Pack;
use crate::formats::read::sorter::{Key, Sorted, Sorter, key_of};
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::media::{Limits, inspect};
use crate::ops::report::TaskProgress;
use crate::ops::{OpsError, Watch, reading};
use crate::store::Store;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Pictures between two looks at whether to stop.
const STRIDE: u64 = 64;
/// So many names that were not found are tried by file name, for the remedy.
const TRIED: usize = 2000;
/// Longer names are no names of classes.
const CLASS_NAME: usize = 200;

/// What the first pass leaves to the second.
pub(super) struct Gathered {
    pub(super) sorted: Option<Sorted>,
    /// Classes to be added, in the order of the files.
    pub(super) classes: Vec<String>,
    pub(super) rejects: Rejects,
    pub(super) done: Imported,
}

impl Gathered {
    pub(super) fn close(mut self) -> Result<Imported, OpsError> {
        self.done.rejects = self.rejects.close()?;
        self.done.report.rejected = self.rejects.count;
        Ok(self.done)
    }
}

pub(super) struct Gather<'a, 'w> {
    store: &'a mut dyn Store,
    lake: &'a Lake,
    project: &'a Project,
    wanted: &'a Import,
    stop: &'a Stop,
    watch: &'a mut Watch<'w>,
    names: Names,
    /// Live classes by name without case; those to be added as well.
    known: HashMap<String, ()>,
    classes: Vec<String>,
    sorter: Sorter,
    rejects: Rejects,
    done: Imported,
    told: TaskProgress,
    /// Pictures of the file that is read now, to know a second entry of the same.
    seen: (Arc<str>, Seen),
    missing: Vec<String>,
    missing_count: u64,
    oddities: BTreeMap<&'static str, (u64, String)>,
    notes: HashSet<String>,
}

/// Samples by a bit each, pictures to be made by a hash.
#[derive(Default)]
struct Seen {
    ids: Vec<u64>,
    new: HashSet<Key>,
}

impl Seen {
    fn insert(&mut self, key: Key) -> bool {
        let Ok(id) = usize::try_from(key) else { return self.new.insert(key) };
        // Ids of a store are dense; one that is not would make the bits too many.
        if id > 1 << 31 {
            return self.new.insert(key);
        }
        let (word, bit) = (id / 64, 1_u64 << (id % 64));
        if self.ids.len() <= word {
            self.ids.resize(word + 1, 0);
        }
        let Some(word) = self.ids.get_mut(word) else { return true };
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }
}

impl<'a, 'w> Gather<'a, 'w> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn new(
        store: &'a mut dyn Store,
        lake: &'a Lake,
        project: &'a Project,
        wanted: &'a Import,
        files: &LakeFiles,
        rejects: Rejects,
        stop: &'a Stop,
        watch: &'a mut Watch<'w>,
    ) -> Self {
        let opened = wanted.from.to_string();
        let folder = if files.is_file() { opened.rsplit_once('/').map_or("", |(f, _)| f).to_owned() } else { opened };
        Self {
            names: Names::new(project, wanted.matching, &folder),
            known: project.labels.live().map(|c| (c.name.to_lowercase(), ())).collect(),
            classes: Vec::new(),
            sorter: Sorter::new(&wanted.scratch),
            rejects,
            done: Imported::default(),
            told: progress("reading"),
            seen: (Arc::from(""), Seen::default()),
            missing: Vec::new(),
            missing_count: 0,
            oddities: BTreeMap::new(),
            notes: HashSet::new(),
            store,
            lake,
            project,
            wanted,
            stop,
            watch,
        }
    }

    pub(super) fn take(&mut self, found: Found) -> Result<(), OpsError> {
        match found {
            Found::Classes(classes) => {
                for class in classes {
                    if self.wanted.classes == NewClasses::Add && usable(&class.name).is_ok() {
                        self.add_class(&class.name);
                    }
                }
                Ok(())
            }
            Found::Item(item) => self.item(*item),
            Found::Bad(bad) => {
                self.done.report.read += u64::from(bad.whole);
                self.rejects.push(&bad)
            }
            Found::Note(place, text) => {
                let note = format!("{place}: {}", printable(&text));
                if self.notes.len() < 50 && self.notes.insert(note.clone()) {
                    self.done.notes.push(note);
                }
                Ok(())
            }
        }
    }

    fn add_class(&mut self, name: &str) {
        let name = name.trim();
        if self.known.insert(name.to_lowercase(), ()).is_none() {
            self.classes.push(name.to_owned());
        }
    }

    fn item(&mut self, mut item: Item) -> Result<(), OpsError> {
        self.done.report.read += 1;
        self.told.done += 1;
        if self.told.done.is_multiple_of(STRIDE) {
            self.watch.check()?;
            self.watch.tell(&self.told);
        }
        let hit = self.names.find(self.store, &item.name, self.watch)?;
        let sample = match hit {
            Hit::One(sample) => Some(sample),
            Hit::Several(n) => {
                let way = self.wanted.matching.name();
                let reason =
                    format!("{n} pictures of the project have this {way}; write more of the path into the file");
                return self.reject(&item, reason);
            }
            Hit::None => None,
        };
        let key = match (&sample, self.wanted.on_missing) {
            (Some(sample), _) => Key::from(sample.id.0.unsigned_abs()),
            (None, OnMissing::Create) => {
                item.name = self.names.path_of(&item.name);
                if let Err(reason) = may_create(&item.name) {
                    return self.reject(&item, reason);
                }
                key_of(&item.name)
            }
            (None, way) => return self.lost(&item, way),
        };
        if *self.seen.0 != *item.place.file {
            self.seen = (Arc::clone(&item.place.file), Seen::default());
        }
        if !self.seen.1.insert(key) {
            return self.reject(&item, "duplicate: an earlier entry of this file is about the same picture".to_owned());
        }
        self.done.report.matched += u64::from(sample.is_some());
        if let Some(sample) = &sample {
            item.name.clone_from(&sample.path);
        }
        if !self.fit(&mut item, sample.as_deref())? {
            return Ok(());
        }
        let mut pack = Pack::default();
        pack.item(&item);
        let scratch = |e| OpsError::file("write", &self.wanted.scratch, &e);
        self.sorter.push(key, &pack.0).map_err(scratch)
    }

    fn reject(&mut self, item: &Item, reason: String) -> Result<(), OpsError> {
        let (place, name) = (item.place.clone(), Some(item.name.clone()));
        self.rejects.push(&Bad { place, reason, name, whole: true, row: None })
    }

    fn lost(&mut self, item: &Item, way: OnMissing) -> Result<(), OpsError> {
        self.missing_count += 1;
        if self.missing.len() < TRIED {
            self.missing.push(item.name.clone());
        }
        if way == OnMissing::Skip {
            self.done.report.skipped += 1;
            return Ok(());
        }
        self.reject(item, "the project has no such picture".to_owned())
    }

    /// Brings all marks into the frame; those that cannot be are rejected. `false` when the picture is to be left out.
    fn fit(&mut self, item: &mut Item, sample: Option<&Sample>) -> Result<bool, OpsError> {
        let in_pixels = |m: &Mark| m.unit == Unit::Pixel && !matches!(m.shape, Shape::Class);
        let needs =
            item.stored_frame || item.marks.iter().any(|m| in_pixels(m) || matches!(m.shape, Shape::Mask { .. }));
        let real = if needs { self.size(item, sample) } else { None };
        let (frame, oddity) = Frame::new(item, real, self.wanted.clamp);
        if let Some(oddity) = oddity {
            self.odd(oddity, item);
        }
        let (mut kept, mut wrong) = (Vec::with_capacity(item.marks.len()), Vec::new());
        for mut mark in std::mem::take(&mut item.marks) {
            mark.class = mark.class.trim().to_owned();
            let fault = self.fault(&mark, &kept).or_else(|| frame.fit(&mut mark).err());
            match fault {
                Some(reason) => wrong.push((mark, reason)),
                None => kept.push(mark),
            }
        }
        for (mark, reason) in &wrong {
            let row = serde_json::to_string(&serde_json::json!({ "class": mark.class, "shape": mark.shape })).ok();
            let row = row.filter(|r| r.len() < 4096);
            let (place, name) = (mark.place.clone(), Some(item.name.clone()));
            self.rejects.push(&Bad { place, reason: reason.clone(), name, whole: false, row })?;
        }
        for mark in &kept {
            self.add_class(&mark.class);
        }
        item.marks = kept;
        Ok(wrong.is_empty() || self.wanted.on_bad_row == OnBadRow::Keep)
    }

    /// What makes a mark impossible here, whatever its numbers.
    fn fault(&self, mark: &Mark, before: &[Mark]) -> Option<String> {
        if let Err(reason) = usable(&mark.class) {
            return Some(reason);
        }
        let shown = printable(&mark.class);
        if self.wanted.classes == NewClasses::Error && !self.known.contains_key(&mark.class.to_lowercase()) {
            return Some(format!("label '{shown}' not in project class_list"));
        }
        let (task, whole) = (self.project.task, matches!(mark.shape, Shape::Class));
        match task {
            Task::Classification | Task::Multilabel if !whole => {
                Some(format!("a {} project cannot accept a {}", task.name(), mark.shape.kind()))
            }
            Task::Detection | Task::Segmentation if whole => {
                Some(format!("a {} project cannot accept a class without a shape", task.name()))
            }
            Task::Classification if self.is_annotation(mark) => {
                let first = before.iter().find(|m| self.is_annotation(m))?;
                let other = first.class.to_lowercase() != mark.class.to_lowercase();
                other.then(|| {
                    format!("a classification project takes one class, and `{}` is given too", printable(&first.class))
                })
            }
            _ => None,
        }
    }

    fn is_annotation(&self, mark: &Mark) -> bool {
        match self.wanted.become_what {
            Become::Auto => mark.score.is_none(),
            Become::Annotations => true,
            Become::Predictions => false,
        }
    }

    /// The size of a picture: from the project, else from its header.
    fn size(&self, item: &Item, sample: Option<&Sample>) -> Option<Size> {
        if let Some(sample) = sample
            && let Some((width, height)) = sample.width.zip(sample.height)
            && let Some(orientation) = sample.orientation
        {
            return Some(Size { width, height, orientation });
        }
        let name = sample.map_or(item.name.as_str(), |s| s.path.as_str());
        let (path, stamp) = picture_path(&self.project.source, name)?;
        let source = reading::open(self.lake, &path, &stamp, self.stop).ok()?;
        let info = inspect(source.as_ref(), name, &Limits::default()).ok()?;
        Some(Size { width: info.width, height: info.height, orientation: info.orientation })
    }

    fn odd(&mut self, oddity: Oddity, item: &Item) {
        let what = match oddity {
            Oddity::Transposed => {
                "the declared size is that of the stored picture, which EXIF turns; the marks were turned with it"
            }
            Oddity::Other => "the declared size is not that of the picture; the marks were scaled",
        };
        self.oddities.entry(what).or_insert_with(|| (0, printable(&item.name).into_owned())).0 += 1;
    }

    /// Ends the pass: what is wrong stops the import where the flags say so.
    pub(super) fn finish(mut self, format: Format) -> Result<Gathered, OpsError> {
        self.told.total = Some(self.told.done);
        self.watch.tell(&self.told);
        self.done.format = format.name();
        self.done.report.dry_run = self.wanted.dry_run;
        for (what, (n, first)) in &self.oddities {
            self.done.notes.push(format!("{}: {what} (first: {first})", counted(*n, "picture", "pictures")));
        }
        let remedy = self.remedy()?;
        if self.missing_count > 0 && self.wanted.on_missing == OnMissing::Error {
            let n = counted(self.missing_count, "picture of the file is", "pictures of the file are");
            self.done.stopped = Some(format!("{n} not in the project; {remedy}"));
        } else if self.rejects.count > 0 && self.wanted.on_bad_row == OnBadRow::Fail {
            let n = counted(self.rejects.count, "row is wrong", "rows are wrong");
            let first = self.rejects.first.clone().unwrap_or_default();
            self.done.stopped = Some(format!("{n}; the first: {first}"));
        } else if self.missing_count > 0 {
            let n = counted(self.missing_count, "picture was", "pictures were");
            self.done.notes.push(format!("{n} left out, because the project does not have them; {remedy}"));
        }
        let sorted = self.sorter.finish().map_err(|e| OpsError::file("read", &self.wanted.scratch, &e))?;
        let (classes, rejects, done) = (self.classes, self.rejects, self.done);
        Ok(Gathered { sorted: Some(sorted), classes, rejects, done })
    }

    /// What would help with the pictures that were not found.
    fn remedy(&mut self) -> Result<String, OpsError> {
        let general = "--on-missing skip leaves them out, --on-missing create makes samples of them";
        if self.missing.is_empty() || self.wanted.matching != super::Matching::Path {
            return Ok(general.to_owned());
        }
        let (mut one, mut several) = (0_u64, 0_u64);
        for name in std::mem::take(&mut self.missing) {
            match self.names.of_this_name(self.store, &name, self.watch)? {
                0 => {}
                1 => one += 1,
                _ => several += 1,
            }
        }
        let ambiguous = match several {
            0 => String::new(),
            n => format!(", {n} by the file name of several (ambiguous)"),
        };
        Ok(match one + several {
            0 => general.to_owned(),
            _ => {
                format!("{one} of them would match one picture by file name alone (--match name){ambiguous}; {general}")
            }
        })
    }
}

/// The picture of a sample in the lake.
pub(super) fn picture_path(source: &str, name: &str) -> Option<(LakePath, String)> {
    let root = LakePath::parse(source, "/").ok()?;
    if name.starts_with('/') || name.split('/').any(|part| part == ".." || part.is_empty()) {
        return None;
    }
    Some((name.split('/').fold(root, |at, part| at.child(part)), String::new()))
}

/// Whether a name can be that of a class.
fn usable(name: &str) -> Result<(), String> {
    match name.trim() {
        "" => Err("the class has no name".to_owned()),
        long if long.len() > CLASS_NAME => Err(format!("the name of the class has {} bytes", long.len())),
        _ => Ok(()),
    }
}

/// Whether a name from a file may become the path of a sample.
fn may_create(path: &str) -> Result<(), String> {
    let parts_fit = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if path.starts_with('/') || path.contains(":/") || !parts_fit {
        return Err("its name leads out of the project's source, so no sample is made of it".to_owned());
    }
    if path.chars().any(char::is_control) {
        return Err("its name holds control characters, so no sample is made of it".to_owned());
    }
    Ok(())
}

/// The sample a key stands for; nothing for one that is still to be made.
pub(super) fn sample_of(key: Key) -> Option<SampleId> {
    i64::try_from(key).ok().map(SampleId)
}
