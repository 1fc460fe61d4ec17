//! Items and marks as bytes, for the sorter: exact and compact. Not a file format; nothing of it is ever kept.

use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::formats::dataset::{Item, Mark, Place, Spot, Standing, Unit};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// The lists that a [`Spot::Element`] may name; others are decoded as the last of them.
const LISTS: [&str; 10] =
    ["annotations", "images", "items", "elements", "regions", "segments", "shapes", "records", "objects", "entries"];

/// Writes values one after the other.
#[derive(Debug, Default)]
pub struct Pack {
    /// What has been written.
    pub bytes: Vec<u8>,
    /// The file that most places stand in, which is then not written out each time.
    home: Option<Arc<str>>,
}

impl Pack {
    /// Most places stand in this file; it must be given to [`Unpack::new`] as well.
    #[must_use]
    pub fn of(home: &Arc<str>) -> Self {
        Self { bytes: Vec::new(), home: Some(Arc::clone(home)) }
    }

    fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// A number in as few bytes as it needs.
    pub fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    fn float(&mut self, value: f64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A text.
    pub fn text(&mut self, value: &str) {
        self.number(value.len() as u64);
        self.bytes.extend_from_slice(value.as_bytes());
    }

    /// A text, or that there is none.
    pub fn maybe_text(&mut self, value: Option<&str>) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            self.text(value);
        }
    }

    fn values(&mut self, values: &BTreeMap<String, Value>) {
        self.number(values.len() as u64);
        for (key, value) in values {
            self.text(key);
            self.text(&value.to_string());
        }
    }

    /// Where something stands.
    pub fn place(&mut self, place: &Place) {
        let at_home = self.home.as_ref().is_some_and(|home| Arc::ptr_eq(home, &place.file) || *home == place.file);
        self.byte(u8::from(at_home));
        if !at_home {
            self.text(&place.file);
        }
        let (kind, list, n) = match place.at {
            Spot::Whole => (0, 0, 0),
            Spot::Line(n) => (1, 0, n),
            Spot::Row(n) => (2, 0, n),
            Spot::Element(list, n) => (3, LISTS.iter().position(|l| *l == list).unwrap_or(LISTS.len() - 1), n),
        };
        self.byte(kind);
        self.number(list as u64);
        self.number(n);
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Class => self.byte(0),
            Shape::Box(b) => {
                self.byte(1);
                [b.x, b.y, b.w, b.h].into_iter().for_each(|v| self.float(v));
            }
            Shape::Polygon { parts } => {
                self.byte(2);
                self.number(parts.len() as u64);
                for part in parts {
                    self.number(part.len() as u64);
                    part.iter().for_each(|p| {
                        self.float(p.x);
                        self.float(p.y);
                    });
                }
            }
            Shape::Mask { size, counts } => {
                self.byte(3);
                self.number(u64::from(size[0]));
                self.number(u64::from(size[1]));
                self.number(counts.len() as u64);
                counts.iter().for_each(|c| self.number(u64::from(*c)));
            }
        }
    }

    /// A mark.
    pub fn mark(&mut self, mark: &Mark) {
        self.text(&mark.class);
        self.shape(&mark.shape);
        self.byte(u8::from(mark.unit == Unit::Pixel) | u8::from(mark.score.is_some()) << 1);
        if let Some(score) = mark.score {
            self.float(score);
        }
        self.maybe_text(mark.author.as_deref());
        self.maybe_text(mark.at.map(|at| at.to_string()).as_deref());
        self.values(&mark.attributes);
        self.place(&mark.place);
    }

    /// An item with its marks.
    pub fn item(&mut self, item: &Item) {
        self.text(&item.name);
        for side in [item.width, item.height] {
            self.number(side.map_or(0, |s| u64::from(s) + 1));
        }
        let standing = match item.standing {
            Standing::Judged => 0,
            Standing::Listed => 1,
            Standing::Skipped => 2,
            Standing::Answered => 3,
        };
        self.byte(u8::from(item.stored_frame) | standing << 1);
        self.maybe_text(item.split.as_deref());
        self.values(&item.extra);
        self.place(&item.place);
        self.number(item.marks.len() as u64);
        item.marks.iter().for_each(|m| self.mark(m));
    }
}

/// Reads them back.
#[derive(Debug)]
pub struct Unpack<'a> {
    bytes: &'a [u8],
    home: &'a Arc<str>,
    /// The last file that was not home: many stand in the same.
    file: Option<Arc<str>>,
}

fn torn() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a record of the scratch file is damaged")
}

impl<'a> Unpack<'a> {
    /// Reads what [`Pack`] wrote. `home` is the file that most places stand in.
    #[must_use]
    pub fn new(bytes: &'a [u8], home: &'a Arc<str>) -> Self {
        Self { bytes, home, file: None }
    }

    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (head, tail) = self.bytes.split_at_checked(length).ok_or_else(torn)?;
        self.bytes = tail;
        Ok(head)
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.take(1)?.first().copied().ok_or_else(torn)
    }

    /// A number.
    pub fn number(&mut self) -> io::Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(torn())
    }

    fn count(&mut self) -> io::Result<usize> {
        let count = usize::try_from(self.number()?).map_err(|_| torn())?;
        if count > self.bytes.len() { Err(torn()) } else { Ok(count) }
    }

    fn float(&mut self) -> io::Result<f64> {
        let bytes: [u8; 8] = self.take(8)?.try_into().map_err(|_| torn())?;
        Ok(f64::from_le_bytes(bytes))
    }

    /// A text.
    pub fn text(&mut self) -> io::Result<&'a str> {
        let length = self.count()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| torn())
    }

    /// A text, if there is one.
    pub fn maybe_text(&mut self) -> io::Result<Option<String>> {
        Ok(if self.byte()? == 1 { Some(self.text()?.to_owned()) } else { None })
    }

    fn values(&mut self) -> io::Result<BTreeMap<String, Value>> {
        let mut out = BTreeMap::new();
        for _ in 0..self.count()? {
            let key = self.text()?.to_owned();
            out.insert(key, serde_json::from_str(self.text()?)?);
        }
        Ok(out)
    }

    /// Where something stands.
    pub fn place(&mut self) -> io::Result<Place> {
        let file = if self.byte()? == 1 {
            Arc::clone(self.home)
        } else {
            let name = self.text()?;
            let known = self.file.take().filter(|file| **file == *name);
            Arc::clone(self.file.insert(known.unwrap_or_else(|| Arc::from(name))))
        };
        let (kind, list, n) = (self.byte()?, self.number()?, self.number()?);
        let at = match kind {
            0 => Spot::Whole,
            1 => Spot::Line(n),
            2 => Spot::Row(n),
            _ => Spot::Element(usize::try_from(list).ok().and_then(|l| LISTS.get(l)).copied().unwrap_or("entries"), n),
        };
        Ok(Place { file, at })
    }

    fn shape(&mut self) -> io::Result<Shape> {
        Ok(match self.byte()? {
            0 => Shape::Class,
            1 => Shape::Box(BoxN { x: self.float()?, y: self.float()?, w: self.float()?, h: self.float()? }),
            2 => {
                let mut parts = Vec::new();
                for _ in 0..self.count()? {
                    let mut part = Vec::new();
                    for _ in 0..self.count()? {
                        part.push(Point { x: self.float()?, y: self.float()? });
                    }
                    parts.push(part);
                }
                Shape::Polygon { parts }
            }
            _ => {
                let narrow = |n: u64| u32::try_from(n).map_err(|_| torn());
                let size = [narrow(self.number()?)?, narrow(self.number()?)?];
                let mut counts = Vec::new();
                for _ in 0..self.count()? {
                    counts.push(narrow(self.number()?)?);
                }
                Shape::Mask { size, counts }
            }
        })
    }

    /// A mark.
    pub fn mark(&mut self) -> io::Result<Mark> {
        let class = self.text()?.to_owned();
        self.mark_of(class)
    }

    /// What follows the class of a mark, which has been read as [`Unpack::text`], as a mark of this class.
    pub fn mark_of(&mut self, class: String) -> io::Result<Mark> {
        let shape = self.shape()?;
        let flags = self.byte()?;
        let unit = if flags & 1 == 1 { Unit::Pixel } else { Unit::Part };
        let score = if flags & 2 == 2 { Some(self.float()?) } else { None };
        let author = self.maybe_text()?;
        let at = self.maybe_text()?.and_then(|text| text.parse::<Timestamp>().ok());
        Ok(Mark { class, shape, unit, score, author, at, attributes: self.values()?, place: self.place()? })
    }

    /// An item with its marks.
    pub fn item(&mut self) -> io::Result<Item> {
        let name = self.text()?.to_owned();
        let side = |n: u64| n.checked_sub(1).and_then(|n| u32::try_from(n).ok());
        let (width, height) = (side(self.number()?), side(self.number()?));
        let flags = self.byte()?;
        let standing = match flags >> 1 {
            0 => Standing::Judged,
            1 => Standing::Listed,
            2 => Standing::Skipped,
            _ => Standing::Answered,
        };
        let split = self.maybe_text()?;
        let (extra, place) = (self.values()?, self.place()?);
        let mut marks = Vec::new();
        for _ in 0..self.count()? {
            marks.push(self.mark()?);
        }
        Ok(Item { name, width, height, stored_frame: flags & 1 == 1, split, standing, marks, extra, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_back_exactly() {
        let file: Arc<str> = Arc::from("a/b.json");
        let place = Place { file: Arc::clone(&file), at: Spot::Element("annotations", 700) };
        let shapes = [
            Shape::Class,
            Shape::Box(BoxN { x: -1.5, y: 1e300, w: 0.1, h: 1.0 / 3.0 }),
            Shape::Polygon { parts: vec![vec![Point { x: 1.0, y: 2.0 }; 4], Vec::new()] },
            Shape::Mask { size: [5, 70000], counts: vec![0, 350_000] },
        ];
        let marks = shapes.map(|shape| Mark {
            class: "x\u{2028}".to_owned(),
            shape,
            unit: Unit::Pixel,
            score: Some(0.25),
            author: Some("m".to_owned()),
            at: "2026-01-02T03:04:05Z".parse().ok(),
            attributes: [("k".to_owned(), serde_json::json!({ "a": [1, 2.5, null] }))].into(),
            place: place.clone(),
        });
        let item = Item {
            name: "n".to_owned(),
            width: Some(0),
            height: None,
            stored_frame: true,
            split: Some("val".to_owned()),
            standing: Standing::Skipped,
            marks: marks.into(),
            extra: BTreeMap::new(),
            place,
        };
        let elsewhere: Arc<str> = Arc::from("b.json");
        for (mut pack, home) in [
            (Pack::default(), &file),
            (Pack::default(), &elsewhere),
            (Pack::of(&file), &file),
            (Pack::of(&elsewhere), &elsewhere),
        ] {
            pack.item(&item);
            assert_eq!(Unpack::new(&pack.bytes, home).item().unwrap(), item);
            for cut in 0..pack.bytes.len() {
                assert!(Unpack::new(&pack.bytes[..cut], home).item().is_err(), "{cut}");
            }
        }
    }
}
