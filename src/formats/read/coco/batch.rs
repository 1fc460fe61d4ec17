//! Many elements of a file at once, parsed apart from everything else, so that several threads can do it.

use super::element::{Element, Picture};
use super::group::{CAPTION, file_key, id_key, name_keys, number_key, pack_bad, pack_mark};
use super::quick;
use crate::domain::annotation::Shape;
use crate::formats::dataset::{Bad, Item, Mark, Place, Spot, Unit};
use crate::formats::read::codec::Pack;
use crate::formats::read::crew::PIECE;
use crate::formats::read::json::{self, Piece};
use crate::formats::read::lines;
use crate::formats::read::sorter::Key;
use std::fmt::Write as _;
use std::sync::Arc;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of `images`.
    Picture,
    /// Of `images` of the file that results belong to.
    Reference,
    /// Of `annotations`.
    Mark,
    /// Of a list of results.
    Result,
}

/// Elements as they stand in the file.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// What each is, its number, and where it ends.
    elements: Vec<(Kind, u64, usize)>,
}

/// What became of them.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) pictures: Vec<(Key, Item)>,
    /// Under the keys of their names.
    pub(super) named: Vec<(Key, Item)>,
    /// Records for the sorter, one after the other, and where each ends.
    pub(super) bytes: Vec<u8>,
    pub(super) records: Vec<(Key, usize)>,
    /// Panoptic annotations, whose masks lie in files: with key and id of the picture.
    pub(super) segments: Vec<(Element, Key, String, Place)>,
    pub(super) bad: Vec<Bad>,
    pub(super) annotations: u64,
    pub(super) results: u64,
}

impl Batch {
    /// Adds an element; whether it is time to parse them.
    pub(super) fn add(&mut self, kind: Kind, piece: &Piece<'_>) -> bool {
        self.bytes.extend_from_slice(piece.bytes);
        self.elements.push((kind, piece.n, self.bytes.len()));
        self.bytes.len() >= PIECE
    }

    /// Parses them all.
    pub(super) fn parsed(&self, file: &Arc<str>) -> Parsed {
        // A name of the file of their own: threads that count on one and the same wait for each other.
        let file = &Arc::from(&**file);
        let (mut out, mut start) = (Parsed::default(), 0);
        let mut pack = Pack::of(file);
        pack.bytes.reserve(self.bytes.len() / 2);
        let mut boxed = crate::formats::read::mark("", Shape::Class, Unit::Pixel, &place(file, Kind::Mark, 0));
        for (kind, n, end) in &self.elements {
            let bytes = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            let place = place(file, *kind, *n);
            let made = match kind {
                Kind::Picture => out.picture(bytes, &place),
                Kind::Reference => out.picture(bytes, &place).map(|()| out.name_last()),
                Kind::Mark | Kind::Result => {
                    out.annotations += 1;
                    out.results += u64::from(*kind == Kind::Result);
                    match quick::boxed(bytes) {
                        Some(found) => {
                            out.boxed(&found, &mut boxed, place.at, &mut pack);
                            Ok(())
                        }
                        None => out.mark(bytes, &place, *kind, &mut pack).map_err(|reason| (reason, None)),
                    }
                }
            };
            if let Err((reason, name)) = made {
                let row = lines::short(bytes);
                out.bad.push(Bad { place, reason, name, whole: matches!(kind, Kind::Picture | Kind::Reference), row });
            }
        }
        out.bytes = pack.bytes;
        out
    }
}

fn place(file: &Arc<str>, kind: Kind, n: u64) -> Place {
    let list = match kind {
        Kind::Picture | Kind::Reference => "images",
        Kind::Mark => "annotations",
        Kind::Result => "elements",
    };
    Place { file: Arc::clone(file), at: Spot::Element(list, n) }
}

impl Parsed {
    fn picture(&mut self, bytes: &[u8], place: &Place) -> Result<(), (String, Option<String>)> {
        if let Some(found) = quick::picture(bytes) {
            let mut item = crate::formats::read::item(found.name, place);
            (item.width, item.height) = (Some(found.width), Some(found.height));
            self.pictures.push((number_key(found.id), item));
            return Ok(());
        }
        let picture: Picture = json::parse(bytes).map_err(|reason| (reason, None))?;
        let (id, item) = picture.item(place.clone())?;
        self.pictures.push((id_key(&id), item));
        Ok(())
    }

    /// Lets results name the picture that came last by its file.
    fn name_last(&mut self) {
        if let Some((_, item)) = self.pictures.last() {
            self.named.extend(name_keys(&item.name).map(|key| (key, item.clone())));
        }
    }

    /// Takes a box over; `mark` is used again for each.
    fn boxed(&mut self, found: &quick::Boxed, mark: &mut Mark, at: Spot, pack: &mut Pack) {
        let key = number_key(found.image);
        mark.class.clear();
        // A text takes everything.
        let _ = write!(mark.class, "{}", found.class);
        (mark.shape, mark.score, mark.place.at) = (Shape::Box(found.place), found.score, at);
        pack_mark(key, "", mark, pack);
        self.records.push((key, pack.bytes.len()));
    }

    fn mark(&mut self, bytes: &[u8], place: &Place, kind: Kind, pack: &mut Pack) -> Result<(), String> {
        let element: Element = json::parse(bytes)?;
        let id = element.image_id.id().ok_or_else(|| format!("image_id is {}, not an id", element.image_id))?;
        // What Ultralytics calls an id is the name of the file, and a number where that is one; newer versions say it beside.
        let (id, key) = match element.file_name().filter(|_| kind == Kind::Result && !element.panoptic) {
            Some(name) => (name.to_owned(), file_key(name)),
            None => (id.clone(), id_key(&id)),
        };
        if let Some(caption) = element.caption() {
            pack.number(CAPTION);
            pack.text(caption);
        } else if element.panoptic {
            self.segments.push((element, key, id, place.clone()));
            return Ok(());
        } else {
            match element.mark(place.clone()) {
                Ok(mark) => pack_mark(key, &id, &mark, pack),
                Err(reason) => pack_bad(place, &reason, lines::short(bytes).as_deref(), pack),
            }
        }
        self.records.push((key, pack.bytes.len()));
        Ok(())
    }
}
