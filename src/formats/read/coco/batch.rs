//! Many elements of a file at once, parsed apart from everything else, so that several threads can do it.

use super::element::{Element, Picture};
use super::{CAPTION, MARK, id_key};
use crate::formats::dataset::{Bad, Item, Mark, Place, Spot};
use crate::formats::read::codec::Pack;
use crate::formats::read::crew::PIECE;
use crate::formats::read::json::{self, Piece};
use crate::formats::read::sorter::Key;
use std::sync::Arc;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of `images`.
    Picture,
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
    /// Records for the sorter, one after the other, and where each ends.
    pub(super) bytes: Vec<u8>,
    pub(super) records: Vec<(Key, usize)>,
    /// Panoptic annotations, whose masks lie in files: with key and id of the picture.
    pub(super) segments: Vec<(Element, Key, String, Place)>,
    pub(super) bad: Vec<Bad>,
    pub(super) annotations: u64,
    pub(super) results: u64,
}

/// A record of a mark. Its class is the id of its category until the join.
pub(super) fn pack_mark(image: &str, mark: &Mark, pack: &mut Pack) {
    pack.number(MARK);
    pack.text(image);
    pack.mark(mark);
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
        let (mut out, mut start) = (Parsed::default(), 0);
        let mut pack = Pack(Vec::with_capacity(self.bytes.len()));
        for (kind, n, end) in &self.elements {
            let bytes = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            let list = match kind {
                Kind::Picture => "images",
                Kind::Mark => "annotations",
                Kind::Result => "elements",
            };
            let place = Place { file: Arc::clone(file), at: Spot::Element(list, *n) };
            let made = match kind {
                Kind::Picture => out.picture(bytes, &place),
                Kind::Mark | Kind::Result => {
                    out.annotations += 1;
                    out.results += u64::from(*kind == Kind::Result);
                    out.mark(bytes, &place, &mut pack).map_err(|reason| (reason, None))
                }
            };
            if let Err((reason, name)) = made {
                let row = crate::formats::read::lines::short(bytes);
                out.bad.push(Bad { place, reason, name, whole: *kind == Kind::Picture, row });
            }
        }
        out.bytes = pack.0;
        out
    }
}

impl Parsed {
    fn picture(&mut self, bytes: &[u8], place: &Place) -> Result<(), (String, Option<String>)> {
        let picture: Picture = json::parse(bytes).map_err(|reason| (reason, None))?;
        let (id, item) = picture.item(place.clone())?;
        self.pictures.push((id_key(&id), item));
        Ok(())
    }

    fn mark(&mut self, bytes: &[u8], place: &Place, pack: &mut Pack) -> Result<(), String> {
        let element: Element = json::parse(bytes)?;
        let id = element.image_id.id().ok_or_else(|| format!("image_id is {}, not an id", element.image_id))?;
        let key = id_key(&id);
        if let Some(caption) = element.caption() {
            pack.number(CAPTION);
            pack.text(caption);
        } else if element.panoptic {
            self.segments.push((element, key, id, place.clone()));
            return Ok(());
        } else {
            let mark = element.mark(place.clone())?;
            pack_mark(&id, &mark, pack);
        }
        self.records.push((key, pack.0.len()));
        Ok(())
    }
}
