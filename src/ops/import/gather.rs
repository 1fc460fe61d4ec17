//! The first pass: everything is read, matched and brought into the program's frame; nothing is written.

use super::classes::Classes;
use super::files::LakeFiles;
use super::fit::{Frame, Oddity, Size};
use super::names::{Hit, Names};
use super::rejects::Rejects;
use super::rules::{Rules, may_create, usable};
use super::seen::Seen;
use super::{Import, Imported, NewClasses, OnBadRow, OnMissing, counted, progress};
use crate::domain::annotation::Shape;
use crate::domain::ids::SampleId;
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Item, Mark, POINTS_IN_PARTS, Standing, Unit};
use crate::formats::read::Format;
use crate::formats::read::codec::Pack;
use crate::formats::read::sorter::{Key, Sorted, Sorter, key_of};
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::media::{Limits, inspect};
use crate::ops::report::TaskProgress;
use crate::ops::report::exchange::Fate;
use crate::ops::skeletons::{self, Skeleton};
use crate::ops::{OpsError, Watch, reading};
use crate::store::Store;
use crate::store::records::Known;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Pictures between two looks at whether to stop.
const STRIDE: u64 = 64;
/// Pictures that are looked up at once, when there is little on each.
const AT_ONCE: usize = 512;
/// Marks that are held back at most while pictures wait to be looked up, each picture counted as some of them.
const LOOK_UP: usize = 64 * AT_ONCE;
/// Key points are kept of so many classes at most: all of them are one small value of the project.
const CLASSES: usize = 1_000;
/// So many names that were not found are tried by file name, for the remedy.
const TRIED: usize = 2000;

/// What the first pass leaves to the second.
pub(super) struct Gathered {
    pub(super) sorted: Option<Sorted>,
    /// Classes to be added, in the order of the files.
    pub(super) classes: Vec<String>,
    /// What the files say of the key points of classes, by their names in the project.
    pub(super) skeletons: BTreeMap<String, Skeleton>,
    pub(super) rejects: Rejects,
    pub(super) done: Imported,
}

impl Gathered {
    pub(super) fn close(mut self) -> Result<Imported, OpsError> {
        self.done.rejects = self.rejects.close()?;
        self.done.report.rejected = self.rejects.count;
        self.done.rejected = self.rejects.first.into_iter().map(|(text, _)| text).collect();
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
    rules: Rules,
    /// Classes that may be added.
    classes: Classes,
    skeletons: BTreeMap<String, Skeleton>,
    sorter: Sorter,
    pack: Pack,
    /// What was found and not dealt with yet, and what it weighs.
    waiting: Vec<Found>,
    weight: usize,
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
            names: Names::new(project, wanted.how.matching, &folder),
            rules: Rules::new(project, wanted),
            classes: Classes::default(),
            skeletons: BTreeMap::new(),
            sorter: Sorter::new(&wanted.scratch),
            pack: Pack::default(),
            waiting: Vec::new(),
            weight: 0,
            rejects,
            done: Imported::default(),
            told: progress("reading"),
            seen: (Arc::from(""), Seen::new(&wanted.scratch)),
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

    /// Takes what a reader found. It is held back until there is enough to look many pictures up at once.
    pub(super) fn take(&mut self, found: Found) -> Result<(), OpsError> {
        self.weight += match &found {
            Found::Item(item) => {
                LOOK_UP / AT_ONCE + item.marks.iter().map(|m| 1 + m.shape.numbers() / 16).sum::<usize>()
            }
            _ => 1,
        };
        self.waiting.push(found);
        if self.weight >= LOOK_UP { self.settle() } else { Ok(()) }
    }

    /// Takes one thing and deals with it at once, for a look at the first few. What became of it, if it was a picture, and what
    /// is wrong with it.
    pub(super) fn look(&mut self, found: Found) -> Result<(Fate, Vec<String>), OpsError> {
        let before = (self.done.report.matched, self.done.report.skipped);
        self.rejects.first.clear();
        self.take(found)?;
        self.settle()?;
        let whole = self.rejects.first.iter().any(|(_, whole)| *whole);
        let faults: Vec<String> = self.rejects.first.drain(..).map(|(text, _)| text).collect();
        let dropped = !faults.is_empty() && self.wanted.how.on_bad_row == OnBadRow::Drop;
        let fate = match (self.done.report.matched > before.0, self.done.report.skipped > before.1) {
            _ if whole => Fate::Wrong,
            (_, true) => Fate::LeftOut,
            _ if dropped => Fate::LeftOut,
            (true, _) => Fate::Found,
            (false, _) => Fate::Made,
        };
        Ok((fate, faults))
    }

    /// Deals with everything that waits, in the order of the file.
    fn settle(&mut self) -> Result<(), OpsError> {
        self.weight = 0;
        let all = std::mem::take(&mut self.waiting);
        let names: Vec<&str> = all
            .iter()
            .filter_map(|found| if let Found::Item(item) = found { Some(item.name.as_str()) } else { None })
            .collect();
        let mut hits = self.names.find(self.store, &names, self.watch)?.into_iter();
        for found in all {
            match found {
                Found::Classes(classes) => {
                    for class in classes {
                        self.note_skeleton(&class);
                        if self.wanted.how.classes == NewClasses::Add && usable(&class.name).is_ok() {
                            self.add_class(self.wanted.how.class(&class.name));
                        }
                    }
                }
                Found::Item(item) => self.item(*item, hits.next().unwrap_or(Hit::None))?,
                Found::Bad(bad) => {
                    self.done.report.read += u64::from(bad.whole);
                    self.rejects.push(&bad)?;
                }
                Found::Note(place, text) => {
                    let note = format!("{place}: {}", printable(&text));
                    if self.notes.len() < 50 && self.notes.insert(note.clone()) {
                        self.done.notes.push(note);
                    }
                }
            }
        }
        Ok(())
    }

    /// Remembers what the file says of the key points of a class.
    fn note_skeleton(&mut self, class: &ClassInfo) {
        let sound = class.more.iter().filter(|(field, value)| skeletons::is_sound(field, value));
        let skeleton: Skeleton = sound.map(|(field, value)| (field.clone(), value.clone())).collect();
        if !skeleton.is_empty() && self.skeletons.len() < CLASSES {
            self.skeletons.insert(self.wanted.how.class(&class.name).trim().to_owned(), skeleton);
        }
    }

    fn add_class(&mut self, name: &str) {
        let name = name.trim();
        if self.rules.add(name) {
            self.classes.add(name);
        }
    }

    fn item(&mut self, mut item: Item, hit: Hit) -> Result<(), OpsError> {
        for mark in &mut item.marks {
            mark.class = self.wanted.how.class(&mark.class).to_owned();
        }
        let taken = self.put(&mut item, hit)?;
        for mark in &item.marks {
            self.classes.meet(mark.class.trim(), taken);
            if taken {
                self.add_class(&mark.class);
            }
        }
        Ok(())
    }

    /// Keeps a picture for the second pass; `false` if it is left out.
    fn put(&mut self, item: &mut Item, hit: Hit) -> Result<bool, OpsError> {
        self.done.report.read += 1;
        let partial = self.rejects.is_partial(item)?;
        self.told.done += 1;
        if self.told.done.is_multiple_of(STRIDE) {
            self.watch.check()?;
            self.watch.tell(&self.told);
        }
        let known = match hit {
            Hit::One(known) => Some(known),
            Hit::Several(n) => {
                let way = self.wanted.how.matching.name();
                let reason =
                    format!("{n} pictures of the project have this {way}; write more of the path into the file");
                return self.reject(item, reason);
            }
            Hit::None => None,
        };
        let key = match (&known, self.wanted.how.on_missing) {
            (Some(known), _) => Key::from(known.id.0.unsigned_abs()),
            (None, OnMissing::Create) => {
                item.name = self.names.path_of(&item.name);
                if let Err(reason) = may_create(&item.name) {
                    return self.reject(item, reason);
                }
                key_of(&item.name)
            }
            (None, way) => return self.lost(item, way),
        };
        if *self.seen.0 != *item.place.file {
            self.seen = (Arc::clone(&item.place.file), Seen::new(&self.wanted.scratch));
        }
        let scratch = |e| OpsError::file("write", &self.wanted.scratch, &e);
        if !self.seen.1.insert(key).map_err(scratch)? {
            return self.reject(item, "duplicate: an earlier entry of this file is about the same picture".to_owned());
        }
        self.done.report.matched += u64::from(known.is_some());
        if let Some(known) = &known {
            item.name.clone_from(&known.path);
        }
        let whole = self.fit(item, known.as_ref())? && !partial;
        if !whole && self.wanted.how.on_bad_row != OnBadRow::Keep {
            return Ok(false);
        }
        let judged = matches!(item.standing, Standing::Judged | Standing::Answered);
        if !whole && judged && item.marks.iter().all(|mark| mark.score.is_some()) {
            // What is on it could not be read: nobody has said that nothing is on it.
            item.standing = Standing::Listed;
        }
        self.pack.bytes.clear();
        self.pack.item(item);
        self.sorter.push(key, &self.pack.bytes).map_err(scratch)?;
        Ok(true)
    }

    fn reject(&mut self, item: &Item, reason: String) -> Result<bool, OpsError> {
        let (place, name) = (item.place.clone(), Some(item.name.clone()));
        self.rejects.push(&Bad { place, reason, name, whole: true, row: None })?;
        Ok(false)
    }

    fn lost(&mut self, item: &Item, way: OnMissing) -> Result<bool, OpsError> {
        self.missing_count += 1;
        if self.missing.len() < TRIED {
            self.missing.push(item.name.clone());
        }
        if way == OnMissing::Skip {
            self.done.report.skipped += 1;
            return Ok(false);
        }
        self.reject(item, "the project has no such picture".to_owned())
    }

    /// Brings all marks into the frame; those that cannot be are rejected. Whether all could.
    fn fit(&mut self, item: &mut Item, known: Option<&Known>) -> Result<bool, OpsError> {
        let in_pixels = |m: &Mark| m.unit == Unit::Pixel && !matches!(m.shape, Shape::Class);
        let points = |m: &Mark| m.attributes.contains_key(POINTS_IN_PARTS);
        let sized = |m: &Mark| in_pixels(m) || points(m) || matches!(m.shape, Shape::Mask { .. });
        let needs = item.stored_frame || item.marks.iter().any(sized);
        let real = if needs { self.size(item, known) } else { None };
        let (frame, oddity) = Frame::new(item, real, self.wanted.how.clamp);
        if let Some(oddity) = oddity {
            self.odd(oddity, item);
        }
        let (mut kept, mut wrong) = (Vec::with_capacity(item.marks.len()), Vec::new());
        for mut mark in std::mem::take(&mut item.marks) {
            let fault = self.rules.fault(&mark, &kept).or_else(|| frame.fit(&mut mark).err());
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
        item.marks = kept;
        Ok(wrong.is_empty())
    }

    /// The size of a picture: from the project, else from its header.
    fn size(&self, item: &Item, known: Option<&Known>) -> Option<Size> {
        if let Some(known) = known
            && let Some((width, height)) = known.width.zip(known.height)
            && let Some(orientation) = known.orientation
        {
            return Some(Size { width, height, orientation });
        }
        let name = known.map_or(item.name.as_str(), |s| s.path.as_str());
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
        self.settle()?;
        self.told.total = Some(self.told.done);
        self.watch.tell(&self.told);
        self.done.format = format.name();
        self.done.report.dry_run = self.wanted.dry_run;
        for (what, (n, first)) in &self.oddities {
            self.done.notes.push(format!("{}: {what} (first: {first})", counted(*n, "picture", "pictures")));
        }
        let remedy = self.remedy()?;
        if self.missing_count > 0 && self.wanted.how.on_missing == OnMissing::Error {
            let n = counted(self.missing_count, "picture of the file is", "pictures of the file are");
            self.done.stopped = Some(format!("{n} not in the project; {remedy}"));
        } else if self.rejects.count > 0 && self.wanted.how.on_bad_row == OnBadRow::Fail {
            let n = counted(self.rejects.count, "row is wrong", "rows are wrong");
            let first = self.rejects.first.first().map(|(text, _)| text.as_str()).unwrap_or_default();
            self.done.stopped = Some(format!("{n}; the first: {first}"));
        } else if self.missing_count > 0 {
            let n = counted(self.missing_count, "picture was", "pictures were");
            self.done.notes.push(format!("{n} left out, because the project does not have them; {remedy}"));
        }
        let sorted = self.sorter.finish().map_err(|e| OpsError::file("read", &self.wanted.scratch, &e))?;
        let (rejects, mut skeletons, mut done) = (self.rejects, self.skeletons, self.done);
        let (classes, left) = self.classes.part();
        let known: HashSet<String> = self.project.labels.live().map(|class| class.name.to_lowercase()).collect();
        skeletons.retain(|name, _| known.contains(&name.to_lowercase()) || !left.contains(&name.to_lowercase()));
        done.new_classes.clone_from(&classes);
        Ok(Gathered { sorted: Some(sorted), classes, skeletons, rejects, done })
    }

    /// What would help with the pictures that were not found.
    fn remedy(&mut self) -> Result<String, OpsError> {
        let general = match self.wanted.how.on_missing {
            OnMissing::Error => "--on-missing skip leaves them out, --on-missing create makes samples of them",
            OnMissing::Skip | OnMissing::Create => "--on-missing create makes samples of them",
        };
        if self.missing.is_empty() || self.wanted.how.matching != super::Matching::Path {
            return Ok(general.to_owned());
        }
        let (mut one, mut several) = (0_u64, 0_u64);
        let names = std::mem::take(&mut self.missing);
        for count in self.names.of_these_names(self.store, &names, self.watch)? {
            match count {
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

/// The sample a key stands for; nothing for one that is still to be made.
pub(super) fn sample_of(key: Key) -> Option<SampleId> {
    i64::try_from(key).ok().map(SampleId)
}
