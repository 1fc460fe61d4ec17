//! Pictures and what is on them brought together: the records that go through the sorter, and what is made of those of one
//! picture.
//!
//! What always holds: the records of a picture stay in the order of the file and are worked on by one thread; a picture
//! is the first of its id, and what is on a picture that is not there is told, never lost.

use crate::formats::dataset::{Bad, Found, Item, Mark, Place, Standing};
use crate::formats::read::codec::{Pack, Unpack};
use crate::formats::read::crew::PIECE;
use crate::formats::read::sorter::{Key, key_of};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// Records begin with what they are.
const PICTURE: u64 = 0;
const MARK: u64 = 1;
pub(super) const CAPTION: u64 = 2;
const BAD: u64 = 3;
const NAMED: u64 = 4;

/// The key of an id: whole numbers in their own order, then everything else.
pub(super) fn id_key(id: &str) -> Key {
    match id.parse::<i64>() {
        Ok(n) if n.to_string() == id => number_key(n),
        _ => key_of(id),
    }
}

/// The key of an id that is a whole number.
pub(super) fn number_key(n: i64) -> Key {
    Key::from(n.cast_unsigned() ^ (1 << 63))
}

/// The whole number that a key is of; nothing for other ids.
fn number_of(key: Key) -> Option<i64> {
    u64::try_from(key).ok().map(|n| (n ^ (1 << 63)).cast_signed())
}

/// A record of a picture.
pub(super) fn pack_picture(item: &Item, pack: &mut Pack) {
    pack.number(PICTURE);
    pack.item(item);
}

/// A record of a picture of a reference file under a key that is made of its name.
pub(super) fn pack_named(item: &Item, pack: &mut Pack) {
    pack.number(NAMED);
    pack.item(item);
}

/// The keys that results may give a picture of this name instead of its id: as an id, as programs do that know of none,
/// and as the name of its file, which no id can be.
pub(super) fn name_keys(name: &str) -> [Key; 2] {
    let stem = stem(name);
    [id_key(stem), file_key(stem)]
}

/// The key of a result that names the file of its picture.
pub(super) fn file_key(name: &str) -> Key {
    key_of(&format!("file\0{}", stem(name)))
}

/// A name without folders and ending.
fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A record of a mark. Its class is the id of its category until the join; the id of its picture is only written where the
/// key does not say it.
pub(super) fn pack_mark(key: Key, image: &str, mark: &Mark, pack: &mut Pack) {
    pack.number(MARK);
    pack.text(if number_of(key).is_some() { "" } else { image });
    pack.mark(mark);
}

/// A record of an annotation that cannot be read, so that its picture can be named.
pub(super) fn pack_bad(place: &Place, reason: &str, row: Option<&str>, pack: &mut Pack) {
    pack.number(BAD);
    pack.place(place);
    pack.text(reason);
    pack.maybe_text(row);
}

/// Records of whole groups, in the order of their keys.
#[derive(Default)]
pub(super) struct Records {
    bytes: Vec<u8>,
    /// The key of each, and where it ends.
    ends: Vec<(Key, usize)>,
    /// Marks of the last key, those that cannot be read included.
    marks: usize,
}

impl Records {
    /// Whether it is time to work on them, and the group of the last is complete, because one of this key comes next.
    pub(super) fn is_full_before(&self, key: Key) -> bool {
        self.bytes.len() >= PIECE && self.ends.last().is_some_and(|(last, _)| *last != key)
    }

    /// Whether a group made it so large that no other should be held beside it.
    pub(super) fn is_large(&self) -> bool {
        self.bytes.len() > 4 * PIECE
    }

    /// Adds a record; gives back how many marks its key has by now.
    pub(super) fn add(&mut self, key: Key, record: &[u8]) -> usize {
        if self.ends.last().is_none_or(|(last, _)| *last != key) {
            self.marks = 0;
        }
        self.marks += usize::from(record.first().is_some_and(|kind| matches!(u64::from(*kind), MARK | BAD)));
        self.bytes.extend_from_slice(record);
        self.ends.push((key, self.bytes.len()));
        self.marks
    }
}

/// What is known when records are brought together.
pub(super) struct Together<'a> {
    /// The file that most records are of.
    pub(super) file: &'a Arc<str>,
    /// The names of the categories.
    pub(super) by_id: &'a HashMap<String, String>,
    /// What a picture without anything on it is.
    pub(super) standing: Standing,
    /// The file is a list of results: pictures without any are none of its.
    pub(super) results: bool,
}

/// Everything that has the same id.
#[derive(Default)]
struct Group {
    pictures: Vec<Item>,
    /// Pictures whose name is what should be an id.
    named: Vec<Item>,
    marks: Vec<Mark>,
    /// Marks of categories that are not there, whose ids stand for their classes.
    unknown: Vec<Mark>,
    /// The id as it is told where there is no picture.
    image: String,
    captions: Vec<String>,
    /// What cannot be read of it.
    bad: Vec<Bad>,
}

impl Together<'_> {
    /// What whole groups of records are.
    ///
    /// # Errors
    /// When a record is damaged.
    pub(super) fn found(&self, records: &Records) -> io::Result<Vec<Found>> {
        // A name of the file of their own: threads that count on one and the same wait for each other.
        let file = Arc::from(&**self.file);
        let (mut out, mut start) = (Vec::new(), 0);
        for same in records.ends.chunk_by(|(a, _), (b, _)| a == b) {
            let mut group = Group { marks: Vec::with_capacity(same.len()), ..Group::default() };
            for (key, end) in same {
                let record = records.bytes.get(start..*end).unwrap_or_default();
                self.add(&mut group, *key, &mut Unpack::new(record, &file))?;
                start = *end;
            }
            self.close(group, &mut out);
        }
        Ok(out)
    }

    fn add(&self, group: &mut Group, key: Key, unpack: &mut Unpack<'_>) -> io::Result<()> {
        match unpack.number()? {
            PICTURE => group.pictures.push(unpack.item()?),
            NAMED => group.named.push(unpack.item()?),
            MARK => {
                let image = unpack.text()?;
                // Of a picture that is there, which comes first in most files, the id is not needed again.
                if group.pictures.is_empty() && group.image.is_empty() {
                    group.image = number_of(key).map_or_else(|| image.to_owned(), |n| n.to_string());
                }
                let class = unpack.text()?;
                match self.by_id.get(class) {
                    Some(name) => group.marks.push(unpack.mark_of(name.clone())?),
                    None => group.unknown.push(unpack.mark_of(class.to_owned())?),
                }
            }
            BAD => {
                let (place, reason) = (unpack.place()?, unpack.text()?.to_owned());
                group.bad.push(Bad { place, reason, name: None, whole: false, row: unpack.maybe_text()? });
            }
            _ => group.captions.push(unpack.text()?.to_owned()),
        }
        Ok(())
    }

    fn close(&self, mut group: Group, out: &mut Vec<Found>) {
        let named = group.named.len();
        if group.pictures.is_empty() && named == 1 {
            group.pictures = std::mem::take(&mut group.named);
        }
        // Before its picture, so that nobody takes that for one with nothing on it.
        let name = group.pictures.first().map(|item| item.name.clone());
        out.extend(group.bad.into_iter().map(|bad| Found::Bad(Bad { name: name.clone(), ..bad })));
        let mut pictures = group.pictures.into_iter();
        let Some(mut item) = pictures.next() else {
            let reason = match named {
                0 => format!("image_id {} is not in images", group.image),
                n => format!("{n} pictures have the name of image_id {}, and none has it as its id", group.image),
            };
            let bad =
                |mark: Mark| Bad { place: mark.place, reason: reason.clone(), name: None, whole: false, row: None };
            return out.extend(group.marks.into_iter().chain(group.unknown).map(|mark| Found::Bad(bad(mark))));
        };
        for again in pictures {
            let reason = format!("duplicate id in images: it is that of `{}`, which counts", item.name);
            out.push(Found::Bad(Bad { place: again.place, reason, name: Some(again.name), whole: true, row: None }));
        }
        if self.results && group.marks.is_empty() && group.unknown.is_empty() {
            return;
        }
        item.marks = group.marks;
        for mark in group.unknown {
            let reason = format!("category_id {} is not in categories", mark.class);
            let name = Some(item.name.clone());
            out.push(Found::Bad(Bad { place: mark.place, reason, name, whole: false, row: None }));
        }
        if !group.captions.is_empty() {
            item.extra.insert("captions".to_owned(), group.captions.into());
        }
        item.standing =
            if item.extra.contains_key("captions") && item.marks.is_empty() { Standing::Listed } else { self.standing };
        out.push(Found::Item(Box::new(item)));
    }
}
