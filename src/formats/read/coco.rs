//! COCO: instances (boxes, polygons, run lengths), key points, captions, image-level labels, panoptic, lists of results,
//! and CV Explorer's `coco_reference`.
//!
//! Pictures and what is on them stand in two lists in any order. They are joined by the id of the picture through a
//! [`Sorter`], so that the memory does not grow with the file; items come in the order of these ids. What always holds: an
//! annotation is an item's mark or a [`Bad`] with its place, never dropped silently; pictures without annotations are
//! items too, and judged empty unless nothing in the file has an annotation.

mod element;
mod panoptic;

use super::codec::{Pack, Unpack};
use super::json::{self, Piece};
use super::sorter::{Key, Sorter, key_of};
use super::{Reading, broken, document_label, documents, io_error};
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Item, Mark, Place, ReadError, Spot, Standing, Take};
use element::{Element, Picture};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// More marks on one picture than this are no annotation but a mistake, and would have to be held at once.
const MARKS: usize = 200_000;

/// Reads one file, or every COCO file of a folder.
///
/// # Errors
/// When a file is broken or cannot be read.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in documents(files, &["json"])? {
        if files.is_file() || looks_like(files, &path) {
            let mut join = Join::new(files, &path, with);
            join.gather(files, &path, true)?;
            if join.results > 0
                && let Some(reference) = with.reference
            {
                for path in documents(reference, &["json"])? {
                    join.gather(reference, &path, false)?;
                }
            }
            join.give(take)?;
        }
    }
    Ok(())
}

/// Whether the head of a JSON file is COCO's.
fn looks_like(files: &dyn Files, path: &str) -> bool {
    super::detect::head_of(files, path).is_some_and(|head| super::detect::is_coco(&head))
}

struct Join<'a> {
    files: &'a dyn Files,
    path: &'a str,
    with: &'a Reading<'a>,
    file: Arc<str>,
    sorter: Sorter,
    classes: Vec<ClassInfo>,
    by_id: HashMap<String, String>,
    bad: Vec<Bad>,
    /// The element that is read now, for its rejection.
    row: Option<String>,
    annotations: u64,
    results: u64,
    pictures: u64,
}

/// Records of the sorter begin with what they are.
const PICTURE: u64 = 0;
const MARK: u64 = 1;
const CAPTION: u64 = 2;

impl<'a> Join<'a> {
    fn new(files: &'a dyn Files, path: &'a str, with: &'a Reading<'a>) -> Self {
        Self {
            files,
            path,
            with,
            file: document_label(files, path),
            sorter: Sorter::new(with.scratch),
            classes: Vec::new(),
            by_id: HashMap::new(),
            bad: Vec::new(),
            row: None,
            annotations: 0,
            results: 0,
            pictures: 0,
        }
    }

    fn place(&self, list: &'static str, n: u64) -> Place {
        Place { file: Arc::clone(&self.file), at: Spot::Element(list, n) }
    }

    /// Puts the elements of a file into the sorter; of a reference file only the pictures and classes.
    fn gather(&mut self, files: &dyn Files, path: &str, all: bool) -> Result<(), ReadError> {
        let input = super::open(files, path)?;
        let label = document_label(files, path);
        json::each(input, &label, &[], &mut |piece| match piece.list {
            "images" => self.picture(&piece),
            "categories" => {
                self.category(&piece);
                Ok(())
            }
            "annotations" if all => self.element(&piece, "annotations"),
            "" if all && piece.key.is_empty() => {
                self.results += 1;
                self.element(&piece, "elements")
            }
            _ => Ok(()),
        })
    }

    fn push(&mut self, key: Key, record: &[u8]) -> Result<(), ReadError> {
        self.sorter.push(key, record).map_err(|e| io_error("the scratch file", e))
    }

    fn reject(&mut self, place: Place, reason: String, name: Option<String>, whole: bool) {
        let row = self.row.take();
        self.bad.push(Bad { place, reason, name, whole, row });
    }

    fn picture(&mut self, piece: &Piece<'_>) -> Result<(), ReadError> {
        let place = self.place("images", piece.n);
        let picture: Picture = match json::parse(piece.bytes) {
            Ok(picture) => picture,
            Err(reason) => {
                self.reject(place, reason, None, true);
                return Ok(());
            }
        };
        match picture.item(place.clone()) {
            Ok((id, mut item)) => {
                self.pictures += 1;
                item.name = self.near(item.name);
                let mut pack = Pack::default();
                pack.number(PICTURE);
                pack.item(&item);
                self.push(id_key(&id), &pack.0)
            }
            Err((reason, name)) => {
                self.reject(place, reason, name, true);
                Ok(())
            }
        }
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
        let places = [
            beside,
            format!("{above}images/{part}/{name}"),
            format!("{above}images/{name}"),
            format!("{above}{part}/{name}"),
        ];
        places.into_iter().find(|path| self.files.exists(path)).unwrap_or(name)
    }

    fn category(&mut self, piece: &Piece<'_>) {
        let place = self.place("elements", piece.n);
        let value = piece.value();
        let fields = value.as_ref().ok().and_then(Value::as_object);
        let id = fields.and_then(|f| json::field(f, "id").id());
        let name = fields.and_then(|f| json::text(f, "name").ok()).map(str::trim).filter(|n| !n.is_empty());
        let (Some(fields), Some(id), Some(name)) = (fields, id, name) else {
            let reason = format!("category {} has no id or no name", piece.n);
            return self.reject(place, reason, None, false);
        };
        let parent = json::text(fields, "supercategory").ok().map(str::trim);
        let parent = parent.filter(|p| !p.is_empty() && *p != "none" && *p != name).map(str::to_owned);
        if let Some(other) = self.by_id.get(&id) {
            if other != name {
                let reason = format!("category id {id} is used twice; `{other}` counts, `{name}` does not");
                self.reject(place, reason, None, false);
            }
            return;
        }
        self.by_id.insert(id, name.to_owned());
        if self.classes.iter().all(|c| c.name != name) {
            self.classes.push(ClassInfo { name: name.to_owned(), parent });
        }
    }

    fn element(&mut self, piece: &Piece<'_>, list: &'static str) -> Result<(), ReadError> {
        self.annotations += 1;
        let place = self.place(list, piece.n);
        let element: Element = match json::parse(piece.bytes) {
            Ok(element) => element,
            Err(reason) => {
                self.reject(place, reason, None, false);
                return Ok(());
            }
        };
        let Some(id) = element.image_id.id() else {
            self.reject(place, format!("image_id is {}, not an id", element.image_id), None, false);
            return Ok(());
        };
        let key = id_key(&id);
        if let Some(caption) = element.caption() {
            let mut pack = Pack::default();
            pack.number(CAPTION);
            pack.text(caption);
            return self.push(key, &pack.0);
        }
        if !element.segments.is_empty() {
            return self.segments(element, key, &id, &place);
        }
        match element.mark(place.clone()) {
            Ok(mark) => self.push_mark(key, &id, &mark),
            Err(reason) => {
                self.reject(place, reason, None, false);
                Ok(())
            }
        }
    }

    /// The class of the mark is the id of its category until the join.
    fn push_mark(&mut self, key: Key, image: &str, mark: &Mark) -> Result<(), ReadError> {
        let mut pack = Pack::default();
        pack.number(MARK);
        pack.text(image);
        pack.mark(mark);
        self.push(key, &pack.0)
    }

    fn segments(&mut self, element: Element, key: Key, image: &str, place: &Place) -> Result<(), ReadError> {
        let png = element.file_name().and_then(|name| panoptic::masks(self.files, self.path, name));
        let masks = match png {
            Some(Ok(masks)) => Some(masks),
            Some(Err(reason)) => {
                self.reject(place.clone(), reason, None, false);
                return Ok(());
            }
            None => None,
        };
        for segment in &element.segments {
            match panoptic::mark(segment, masks.as_ref(), place) {
                Ok(mark) => self.push_mark(key, image, &mark)?,
                Err(reason) => self.reject(place.clone(), reason, None, false),
            }
        }
        Ok(())
    }

    /// Gives everything: classes, what is bad, then picture by picture.
    fn give(mut self, take: &mut Take<'_>) -> Result<(), ReadError> {
        if self.results > 0 && self.pictures == 0 {
            let reason = "a list of results names pictures and classes by number only; give the COCO file that it belongs \
                          to as well (--reference FILE)";
            return Err(broken(&self.file, reason));
        }
        take(Found::Classes(std::mem::take(&mut self.classes)))?;
        for bad in std::mem::take(&mut self.bad) {
            take(Found::Bad(bad))?;
        }
        let standing = if self.annotations == 0 { Standing::Listed } else { Standing::Judged };
        let results = self.results > 0;
        let sorter = std::mem::replace(&mut self.sorter, Sorter::new(self.with.scratch));
        let mut sorted = sorter.finish().map_err(|e| io_error("the scratch file", e))?;
        let (mut record, mut group) = (Vec::new(), Group::default());
        let mut at: Option<Key> = None;
        while let Some(key) = sorted.next(&mut record).map_err(|e| io_error("the scratch file", e))? {
            if at.is_some_and(|at| at != key) {
                self.close(std::mem::take(&mut group), standing, results, take)?;
            }
            at = Some(key);
            self.add(&mut group, &record).map_err(|e| io_error("the scratch file", e))?;
            if group.marks.len() > MARKS {
                return Err(broken(&self.file, format!("more than {MARKS} annotations belong to one picture")));
            }
        }
        self.close(group, standing, results, take)
    }

    fn add(&self, group: &mut Group, record: &[u8]) -> std::io::Result<()> {
        let mut unpack = Unpack::new(record, &self.file);
        match unpack.number()? {
            PICTURE => group.pictures.push(unpack.item()?),
            MARK => {
                let image = unpack.text()?.to_owned();
                group.marks.push((image, unpack.mark()?));
            }
            _ => group.captions.push(unpack.text()?.to_owned()),
        }
        Ok(())
    }

    fn close(&self, group: Group, standing: Standing, results: bool, take: &mut Take<'_>) -> Result<(), ReadError> {
        let mut pictures = group.pictures.into_iter();
        let Some(mut item) = pictures.next() else {
            for (image, mark) in group.marks {
                let reason = format!("image_id {image} is not in images");
                take(Found::Bad(Bad { place: mark.place, reason, name: None, whole: false, row: None }))?;
            }
            return Ok(());
        };
        for again in pictures {
            let reason = format!("duplicate id in images: it is that of `{}`, which counts", item.name);
            take(Found::Bad(Bad { place: again.place, reason, name: Some(again.name), whole: true, row: None }))?;
        }
        if results && group.marks.is_empty() {
            return Ok(());
        }
        for (_, mut mark) in group.marks {
            match self.by_id.get(&mark.class) {
                Some(name) => {
                    mark.class.clone_from(name);
                    item.marks.push(mark);
                }
                None => {
                    let reason = format!("category_id {} is not in categories", mark.class);
                    let name = Some(item.name.clone());
                    take(Found::Bad(Bad { place: mark.place, reason, name, whole: false, row: None }))?;
                }
            }
        }
        if !group.captions.is_empty() {
            item.extra.insert("captions".to_owned(), group.captions.into());
        }
        item.standing =
            if item.extra.contains_key("captions") && item.marks.is_empty() { Standing::Listed } else { standing };
        take(Found::Item(Box::new(item)))
    }
}

/// Everything that has the same id.
#[derive(Default)]
struct Group {
    pictures: Vec<Item>,
    marks: Vec<(String, Mark)>,
    captions: Vec<String>,
}

/// Whole numbers in their own order, then everything else.
fn id_key(id: &str) -> Key {
    match id.parse::<i64>() {
        Ok(n) if n.to_string() == id => Key::from(n.cast_unsigned() ^ (1 << 63)),
        _ => key_of(id),
    }
}
