//! COCO: instances (boxes, polygons, run lengths), key points, captions, image-level labels, panoptic, lists of results,
//! and CV Explorer's `coco_reference`.
//!
//! Pictures and what is on them stand in two lists in any order. They are joined by the id of the picture through a
//! [`Sorter`], so that the memory does not grow with the file; items come in the order of these ids. What always holds: an
//! annotation is an item's mark or a [`Bad`] with its place, never dropped silently; pictures without annotations are
//! items too, and judged empty unless nothing in the file has an annotation.

mod batch;
mod element;
mod group;
mod panoptic;
mod quick;

use super::codec::Pack;
use super::crew::{self, Give, PIECE};
use super::json;
use super::sorter::{Key, Sorter};
use super::{CLASSES, MARKS, Reading, broken, document_label, documents, io_error, too_many_classes};
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Place, ReadError, Spot, Standing, Take};
use batch::{Batch, Kind, Parsed};
use element::Element;
use group::{Records, Together};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Bytes of all categories together.
const CATEGORIES: usize = 32 << 20;
/// Bytes of what is kept of categories beside their names.
const KEPT: usize = 1 << 20;
/// What is kept of a category beside its name and the broader class.
const POINTS: [&str; 2] = ["keypoints", "skeleton"];
/// The lists of a file; one that has none of them is something else.
const LISTS: [&str; 3] = ["images", "annotations", "categories"];

/// Reads one file, or every COCO file of a folder.
///
/// # Errors
/// When a file is broken or cannot be read.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let mut found = false;
    for path in &documents(files, &["json"])? {
        if files.is_file() || looks_like(files, &path) {
            found = true;
            let mut join = Join::new(files, &path, with);
            join.gather(files, &path, true, take)?;
            if join.results > 0
                && let Some(reference) = with.reference
            {
                for path in &documents(reference, &["json"])? {
                    join.gather(reference, &path, false, take)?;
                }
            }
            join.give(take)?;
        }
    }
    if found { Ok(()) } else { Err(super::no_document(files, "COCO")) }
}

/// Whether the head of a JSON file is COCO's.
fn looks_like(files: &dyn Files, path: &str) -> bool {
    super::detect::head_of(files, path).is_some_and(|head| super::detect::is_coco(&head))
}

struct Join<'a> {
    files: &'a dyn Files,
    path: &'a str,
    scratch: &'a std::path::Path,
    file: Arc<str>,
    sorter: Sorter,
    classes: Vec<ClassInfo>,
    by_id: HashMap<String, String>,
    names: HashSet<String>,
    /// Bytes of what is kept of the classes.
    kept: usize,
    annotations: u64,
    results: u64,
    pictures: u64,
    /// There is a file that results belong to.
    referred: bool,
}

impl<'a> Join<'a> {
    fn new(files: &'a dyn Files, path: &'a str, with: &'a Reading<'a>) -> Self {
        Self {
            files,
            path,
            scratch: with.scratch,
            file: document_label(files, path),
            sorter: Sorter::new(with.scratch),
            classes: Vec::new(),
            by_id: HashMap::new(),
            names: HashSet::new(),
            kept: 0,
            annotations: 0,
            results: 0,
            pictures: 0,
            referred: with.reference.is_some(),
        }
    }

    fn place(&self, list: &'static str, n: u64) -> Place {
        Place { file: Arc::clone(&self.file), at: Spot::Element(list, n) }
    }

    /// Puts the elements of a file into the sorter; of a reference file only the pictures and classes.
    fn gather(&mut self, files: &dyn Files, path: &str, all: bool, take: &mut Take<'_>) -> Result<(), ReadError> {
        let input = super::open(files, path)?;
        let label = document_label(files, path);
        let file = Arc::clone(&self.file);
        let (mut categories, mut length, mut outer) = (Vec::new(), 0, None);
        let feed = |give: &mut Give<'_, Batch>| {
            let mut batch = Batch::default();
            let whole = json::each(input, &label, &[], &mut |piece| {
                let kind = match (piece.list, piece.key) {
                    ("images", _) if all => Kind::Picture,
                    ("images", _) => Kind::Reference,
                    ("annotations", _) if all => Kind::Mark,
                    ("", "") if all => Kind::Result,
                    ("categories", _) => {
                        length += piece.bytes.len();
                        if categories.len() == CLASSES || length > CATEGORIES {
                            return Err(too_many_classes(&label));
                        }
                        categories.push((piece.n, piece.bytes.to_vec()));
                        return Ok(());
                    }
                    _ => return Ok(()),
                };
                match batch.add(kind, &piece) {
                    true => give(std::mem::take(&mut batch), piece.bytes.len() > PIECE),
                    false => Ok(()),
                }
            })?;
            outer = Some(whole);
            give(batch, false)
        };
        crew::in_order(&|batch: Batch| batch.parsed(&file), feed, &mut |parsed| self.add_parsed(parsed, take))?;
        if let Some(outer) = outer.filter(|_| files.is_file()) {
            self.is_coco(&label, &outer, all, take)?;
        }
        for (n, bytes) in categories {
            if let Some(bad) = self.category(n, &bytes) {
                take(Found::Bad(bad))?;
            }
        }
        Ok(())
    }

    /// Whether a file is COCO's, which one with nothing in it is by the names of its lists alone.
    fn is_coco(&self, label: &Arc<str>, outer: &json::Outer, all: bool, take: &mut Take<'_>) -> Result<(), ReadError> {
        let should = "an object with the lists `images`, `annotations` and `categories`";
        if all && outer.is_list() && outer.is_empty() && self.referred {
            let place = Place { file: Arc::clone(label), at: Spot::Whole };
            return take(Found::Note(place, "it is an empty list: the model found nothing".to_owned()));
        }
        let fits = if outer.is_list() { all && !outer.is_empty() } else { outer.may_have(&LISTS) };
        if fits { Ok(()) } else { Err(super::not_of(label, "COCO", should, outer)) }
    }

    /// Takes over what was made of a batch.
    fn add_parsed(&mut self, parsed: Parsed, take: &mut Take<'_>) -> Result<(), ReadError> {
        self.pictures += parsed.pictures.len() as u64;
        self.annotations += parsed.annotations;
        self.results += parsed.results;
        for bad in parsed.bad {
            take(Found::Bad(bad))?;
        }
        let mut pack = Pack::of(&self.file);
        for (key, mut item) in parsed.pictures {
            item.name = self.near(item.name);
            pack.bytes.clear();
            group::pack_picture(&item, &mut pack);
            self.push(key, &pack.bytes)?;
        }
        for (key, mut item) in parsed.named {
            item.name = self.near(item.name);
            pack.bytes.clear();
            group::pack_named(&item, &mut pack);
            self.push(key, &pack.bytes)?;
        }
        let mut start = 0;
        for (key, end) in parsed.records {
            self.push(key, parsed.bytes.get(start..end).unwrap_or_default())?;
            start = end;
        }
        parsed
            .segments
            .into_iter()
            .try_for_each(|(element, key, id, place)| self.segments(element, key, &id, &place, take))
    }

    fn push(&mut self, key: Key, record: &[u8]) -> Result<(), ReadError> {
        self.sorter.push(key, record).map_err(|e| io_error("the scratch file", e))
    }

    /// The name below the folder that was opened, where the picture lies in one of the usual places there.
    fn near(&self, name: String) -> String {
        if self.files.is_file() || name.starts_with('/') || name.contains("..") || name.contains(':') {
            return name;
        }
        let (folder, stem) = self.path.rsplit_once('/').unwrap_or(("", self.path));
        let above = folder.rsplit_once('/').map_or(String::new(), |(above, _)| format!("{above}/"));
        let part = stem.strip_suffix(".json").and_then(|s| s.rsplit_once('_')).map_or("", |(_, part)| part);
        let beside = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let of_part = [format!("{above}images/{part}/{name}"), format!("{above}{part}/{name}")];
        let of_part = of_part.into_iter().filter(|_| !part.is_empty());
        let places = [beside].into_iter().chain(of_part).chain([format!("{above}images/{name}")]);
        places.into_iter().find(|path| self.files.exists(path)).unwrap_or(name)
    }

    /// Takes a category; what is wrong with it, if anything is.
    fn category(&mut self, n: u64, bytes: &[u8]) -> Option<Bad> {
        let bad =
            |reason: String| Bad { place: self.place("elements", n), reason, name: None, whole: false, row: None };
        let value = match json::parse::<Value>(bytes) {
            Ok(value) => value,
            Err(reason) => return Some(bad(format!("category {n} cannot be read: {reason}"))),
        };
        let fields = value.as_object();
        let id = fields.and_then(|f| json::field(f, "id").id());
        let name = fields.and_then(|f| json::text(f, "name").ok()).map(str::trim).filter(|n| !n.is_empty());
        let (Some(fields), Some(id), Some(name)) = (fields, id, name) else {
            return Some(bad(format!("category {n} has no id or no name")));
        };
        let parent = json::text(fields, "supercategory").ok().map(str::trim);
        let parent = parent.filter(|p| !p.is_empty() && *p != "none" && *p != name).map(str::to_owned);
        if let Some(other) = self.by_id.get(&id) {
            return match other == name {
                true => None,
                false => Some(bad(format!("category id {id} is used twice; `{other}` counts, `{name}` does not"))),
            };
        }
        self.by_id.insert(id, name.to_owned());
        if self.names.insert(name.to_owned()) {
            self.kept += bytes.len();
            let points = POINTS.iter().filter(|_| self.kept <= KEPT);
            let more = points.filter_map(|f| Some(((*f).to_owned(), fields.get(*f)?.clone()))).collect();
            self.classes.push(ClassInfo { name: name.to_owned(), parent, more });
        }
        None
    }

    fn segments(
        &mut self,
        element: Element,
        key: Key,
        image: &str,
        place: &Place,
        take: &mut Take<'_>,
    ) -> Result<(), ReadError> {
        let bad = |reason| Found::Bad(Bad { place: place.clone(), reason, name: None, whole: false, row: None });
        let png = element.file_name().and_then(|name| panoptic::masks(self.files, self.path, name));
        let masks = match png {
            Some(Ok(masks)) => Some(masks),
            Some(Err(reason)) => return take(bad(reason)),
            None => None,
        };
        for segment in &element.segments {
            match panoptic::mark(segment, masks.as_ref(), place) {
                Ok(mark) => {
                    let mut pack = Pack::of(&self.file);
                    group::pack_mark(key, image, &mark, &mut pack);
                    self.push(key, &pack.bytes)?;
                }
                Err(reason) => take(bad(reason))?,
            }
        }
        Ok(())
    }

    /// Gives everything that was not bad: classes, then picture by picture.
    fn give(mut self, take: &mut Take<'_>) -> Result<(), ReadError> {
        if self.results > 0 && self.pictures == 0 {
            let reason = "a list of results names pictures and classes by number only; give the COCO file that it belongs \
                          to as well (--reference FILE)";
            return Err(broken(&self.file, reason));
        }
        take(Found::Classes(std::mem::take(&mut self.classes)))?;
        let standing = if self.annotations == 0 { Standing::Listed } else { Standing::Judged };
        if self.annotations == 0 && self.pictures > 0 {
            let place = Place { file: Arc::clone(&self.file), at: Spot::Whole };
            let why = "no annotation is in it, so that its pictures are only listed: none counts as answered with nothing on it";
            take(Found::Note(place, why.to_owned()))?;
        }
        let together = Together { file: &self.file, by_id: &self.by_id, standing, results: self.results > 0 };
        let failed = |e| io_error("the scratch file", e);
        let sorter = std::mem::replace(&mut self.sorter, Sorter::new(self.scratch));
        let mut sorted = sorter.finish().map_err(failed)?;
        let feed = |give: &mut Give<'_, Records>| {
            let mut records = Records::default();
            while let Some((key, record)) = sorted.next_record().map_err(failed)? {
                if records.is_full_before(key) {
                    let large = records.is_large();
                    give(std::mem::take(&mut records), large)?;
                }
                if records.add(key, record) > MARKS {
                    return Err(broken(&self.file, format!("more than {MARKS} annotations belong to one picture")));
                }
            }
            let large = records.is_large();
            give(records, large)
        };
        crew::in_order(&|records: Records| together.found(&records), feed, &mut |found| {
            found.map_err(failed)?.into_iter().try_for_each(&mut *take)
        })
    }
}
