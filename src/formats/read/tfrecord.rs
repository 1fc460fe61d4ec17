//! `TFRecord` files of `tf.train.Example` with the features of TensorFlow's object detection or of tensorflow-datasets (see
//! [`tfds`]), also compressed and in shards.
//!
//! What always holds: both checksums of every record are checked, and a record whose own is wrong is one bad row, because
//! its length is known to be right; a record is at most [`LONGEST`], picture and all; nothing of the picture is kept.

mod label_map;
mod tfds;

use super::parquet::part_of;
use super::{Reading, document_label, io_error, item, mark, near};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::formats::crc::Crc32c;
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Item, Mark, Place, ReadError, Spot, Take, Unit};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, Read};
use std::sync::Arc;

/// The longest record that is read.
pub const LONGEST: u64 = 64 << 20;
/// Fields and numbers of one example; more would take many times the memory of its bytes.
const VALUES: usize = 2_000_000;
/// The longest list of names.
const NAMES: u64 = 16 << 20;

/// Whether a file is one by its name: `data.tfrecord`, `x.tfrec.gz`, `coco_train.record-00000-of-00010`.
#[must_use]
pub fn is_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let whole = name.rsplit_once("-of-").filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit()));
    let name = whole.and_then(|(head, _)| head.rsplit_once('-')).map_or(name, |(head, _)| head);
    [".tfrecord", ".tfrecords", ".tfrec", ".record"].iter().any(|ending| name.ends_with(ending))
}

/// Whether bytes begin like a record: a length and its checksum.
#[must_use]
pub fn is_head(head: &[u8]) -> bool {
    let length = head.get(..8).and_then(|b| <[u8; 8]>::try_from(b).ok());
    let sum = head.get(8..12).and_then(|b| <[u8; 4]>::try_from(b).ok());
    length.zip(sum).is_some_and(|(length, sum)| Crc32c::default().masked(&length) == u32::from_le_bytes(sum))
}

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file cannot be read, or is cut or damaged so that no next record can be found.
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let paths = match files.is_file() {
        true => vec![String::new()],
        false => {
            let listed = files.list("").map_err(|e| io_error(files.shown(), e))?;
            let named = listed.filter(|path| path.as_ref().map_or(true, |path| is_name(path)));
            named.collect::<Result<Vec<_>, _>>().map_err(|e| io_error(files.shown(), e))?
        }
    };
    let crc = Crc32c::default();
    for path in paths {
        let (file, names) = (document_label(files, &path), class_names(files, &path));
        let lists = tfds::Lists::beside(files, &path);
        let info = |name: &String| ClassInfo { name: name.clone(), ..ClassInfo::default() };
        let classes: Vec<ClassInfo> = names.values().chain(lists.all()).map(info).collect();
        if !classes.is_empty() {
            take(Found::Classes(classes))?;
        }
        let mut input = unpacked(files, &path)?;
        let (mut record, mut n) = (Vec::new(), 0);
        while let Some(sound) = next(input.as_mut(), &crc, &mut record, n, &file)? {
            n += 1;
            let place = Place { file: Arc::clone(&file), at: Spot::Element("records", n) };
            let mut wrong = Vec::new();
            let made = match sound {
                true => example(&record, (&lists, &names), &place, &mut wrong),
                false => Err("its checksum is wrong: it was damaged".to_owned()),
            };
            match made {
                Ok(mut one) => {
                    for reason in wrong {
                        let (place, name) = (place.clone(), Some(one.name.clone()));
                        take(Found::Bad(Bad { place, reason, name, whole: false, row: None }))?;
                    }
                    one.name = near(files, &path, &one.name);
                    one.split = part_of(&path);
                    take(Found::Item(Box::new(one)))?;
                }
                Err(reason) => take(Found::Bad(Bad { place, reason, name: None, whole: true, row: None }))?,
            }
        }
    }
    Ok(())
}

/// The bytes of a file, uncompressed, whatever its name says.
fn unpacked(files: &dyn Files, path: &str) -> Result<Box<dyn Read>, ReadError> {
    let mut input = super::open(files, path)?;
    let mut head = Vec::new();
    input.by_ref().take(2).read_to_end(&mut head).map_err(|e| io_error(&document_label(files, path), e))?;
    let packed = head == [0x1f, 0x8b];
    let whole = BufReader::with_capacity(256 << 10, Cursor::new(head).chain(input));
    Ok(if packed { Box::new(BufReader::with_capacity(256 << 10, MultiGzDecoder::new(whole))) } else { Box::new(whole) })
}

/// Reads the next record; whether its checksum is right, or nothing at the end.
fn next(
    input: &mut dyn Read,
    crc: &Crc32c,
    record: &mut Vec<u8>,
    before: u64,
    file: &Arc<str>,
) -> Result<Option<bool>, ReadError> {
    let wrong = |reason: &str| {
        let place = Place { file: Arc::clone(file), at: Spot::Element("records", before + 1) };
        ReadError::Broken { place, reason: reason.to_owned() }
    };
    let failed = |error: std::io::Error| match error.kind() {
        // A damaged gzip file.
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => wrong(&error.to_string()),
        std::io::ErrorKind::UnexpectedEof => wrong("the file ends in the middle of a record; it was cut off"),
        _ => io_error(file, error),
    };
    let mut read = |length: u64, out: &mut Vec<u8>| -> Result<usize, ReadError> {
        out.clear();
        (&mut *input).take(length).read_to_end(out).map_err(failed)
    };
    let mut head = Vec::new();
    match read(12, &mut head)? {
        0 => return Ok(None),
        12 if is_head(&head) => {}
        12 if before == 0 => return Err(wrong("it is no TFRecord file: the checksum of the first length is wrong")),
        12 => return Err(wrong("the checksum of its length is wrong, so nothing after it can be found")),
        _ => return Err(wrong("the file ends in the middle of a record; it was cut off")),
    }
    let length = head.get(..8).and_then(|b| <[u8; 8]>::try_from(b).ok()).map_or(0, u64::from_le_bytes);
    if length > LONGEST {
        return Err(wrong(&format!("it is longer than {} MiB", LONGEST >> 20)));
    }
    let whole = read(length, record)? as u64 == length;
    if !whole || read(4, &mut head)? != 4 {
        return Err(wrong("the file ends in the middle of a record; it was cut off"));
    }
    let sum = <[u8; 4]>::try_from(head.as_slice()).map_or(0, u32::from_le_bytes);
    Ok(Some(crc.masked(record) == sum))
}

/// Names of classes by their numbers, of the label map beside a file.
fn class_names(files: &dyn Files, path: &str) -> BTreeMap<i64, String> {
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut text = String::new();
    let usual = ["label_map.pbtxt", "labelmap.pbtxt", "label_map.txt"].map(|name| format!("{folder}{name}"));
    let found = usual.into_iter().filter(|_| !files.is_file()).chain(only_label_map(files, &folder));
    for path in found {
        if let Ok(input) = files.open(&path)
            && input.take(NAMES).read_to_string(&mut text).is_ok()
        {
            break;
        }
    }
    label_map::names(&text)
}

/// The one label map of a folder, whatever it is called: Roboflow names it after the set.
fn only_label_map(files: &dyn Files, folder: &str) -> Option<String> {
    let listed = if files.is_file() { None } else { files.list("").ok() };
    let inside = |path: &String| path.strip_prefix(folder).is_some_and(|name| !name.contains('/'));
    let mut maps = listed?.filter_map(Result::ok).filter(|path| path.ends_with(".pbtxt") && inside(path));
    maps.next().filter(|_| maps.next().is_none())
}

/// One feature: a list of bytes, of floats or of whole numbers.
enum Feature<'a> {
    Bytes(Vec<&'a [u8]>),
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

/// Protocol buffers, as far as an example needs them.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(head)
    }

    /// The next field: its number, its kind, and its bytes. A number that is no list of bytes is given as it stands.
    fn field(&mut self) -> Option<(u64, u64, &'a [u8])> {
        let key = self.varint()?;
        let before = self.0;
        let bytes = match key & 7 {
            0 => {
                self.varint()?;
                before.get(..before.len() - self.0.len())?
            }
            1 => self.bytes(8)?,
            2 => {
                let length = self.varint()?;
                self.bytes(length)?
            }
            5 => self.bytes(4)?,
            _ => return None,
        };
        Some((key >> 3, key & 7, bytes))
    }

    /// All fields, or nothing if the bytes are no message, or more than are left.
    fn fields(bytes: &'a [u8], left: &mut usize) -> Option<Vec<(u64, u64, &'a [u8])>> {
        let (mut wire, mut out) = (Wire(bytes), Vec::new());
        while !wire.0.is_empty() {
            spend(left, 1)?;
            out.push(wire.field()?);
        }
        Some(out)
    }
}

/// Takes so much from what is left; nothing, and nothing is left, if it is not enough.
fn spend(left: &mut usize, n: usize) -> Option<()> {
    let rest = left.checked_sub(n);
    *left = rest.unwrap_or(0);
    rest.map(|_| ())
}

/// The features of an example; `left` is how many fields and numbers it may have.
fn features<'a>(example: &'a [u8], left: &mut usize) -> Option<BTreeMap<&'a str, Feature<'a>>> {
    let mut out = BTreeMap::new();
    for (_, _, map) in Wire::fields(example, left)?.into_iter().filter(|(n, ..)| *n == 1) {
        for (_, _, entry) in Wire::fields(map, left)?.into_iter().filter(|(n, ..)| *n == 1) {
            let fields = Wire::fields(entry, left)?;
            let of =
                |wanted: u64| fields.iter().find(|(n, kind, _)| *n == wanted && *kind == 2).map(|(.., bytes)| *bytes);
            let (Some(key), Some(value)) = (of(1), of(2)) else { continue };
            if let Some(feature) = feature(value, left)? {
                out.insert(std::str::from_utf8(key).ok()?, feature);
            }
        }
    }
    Some(out)
}

fn feature<'a>(bytes: &'a [u8], left: &mut usize) -> Option<Option<Feature<'a>>> {
    let Some((kind, _, list)) = Wire::fields(bytes, left)?.into_iter().next() else { return Some(None) };
    let values = Wire::fields(list, left)?;
    Some(Some(match kind {
        1 => Feature::Bytes(values.into_iter().map(|(.., bytes)| bytes).collect()),
        2 => {
            spend(left, values.iter().map(|(.., bytes)| bytes.len() / 4).sum())?;
            let quads = values.iter().flat_map(|(.., bytes)| bytes.chunks_exact(4));
            Feature::Floats(quads.filter_map(|b| <[u8; 4]>::try_from(b).ok()).map(f32::from_le_bytes).collect())
        }
        3 => {
            let mut all = Vec::new();
            for (.., packed) in values {
                let mut wire = Wire(packed);
                while !wire.0.is_empty() {
                    spend(left, 1)?;
                    all.push(wire.varint()?.cast_signed());
                }
            }
            Feature::Integers(all)
        }
        _ => return Some(None),
    }))
}

/// What an example says.
struct Said<'a>(BTreeMap<&'a str, Feature<'a>>);

impl Said<'_> {
    fn texts(&self, key: &str) -> Vec<String> {
        match self.0.get(key) {
            Some(Feature::Bytes(all)) => all.iter().map(|b| String::from_utf8_lossy(b).into_owned()).collect(),
            _ => Vec::new(),
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.texts(key).into_iter().next().filter(|text| !text.trim().is_empty())
    }

    fn floats(&self, key: &str) -> Vec<f64> {
        match self.0.get(key) {
            // As it was written, not with the digits that a wider number would have.
            Some(Feature::Floats(all)) => all.iter().map(|f| f.to_string().parse().unwrap_or(f64::NAN)).collect(),
            Some(Feature::Integers(all)) => all.iter().map(|n| *n as f64).collect(),
            _ => Vec::new(),
        }
    }

    fn integers(&self, key: &str) -> Vec<i64> {
        match self.0.get(key) {
            Some(Feature::Integers(all)) => all.clone(),
            _ => Vec::new(),
        }
    }

    fn side(&self, key: &str) -> Option<u32> {
        self.integers(key).first().and_then(|n| u32::try_from(*n).ok()).filter(|n| *n > 0)
    }

    /// Names of classes: as texts, else by their numbers.
    fn classes(&self, texts: &str, labels: &str, names: &BTreeMap<i64, String>) -> Vec<Result<String, String>> {
        let told = self.texts(texts);
        if !told.is_empty() {
            return told.into_iter().map(Ok).collect();
        }
        let named = |n: i64| names.get(&n).cloned().ok_or_else(|| no_name(n));
        self.integers(labels).into_iter().map(named).collect()
    }
}

/// Why a class that is a number cannot be taken.
fn no_name(n: i64) -> String {
    format!(
        "class {n} has no name: the records have no image/object/class/text, and no label_map.pbtxt beside them says it; put \
         one there and open the folder"
    )
}

/// Features that name a picture.
const NAMES_OF_PICTURES: [&str; 9] = [
    "image/filename",
    "image/source_id",
    "image/path",
    "image/file_name",
    "filename",
    "file_name",
    "image_path",
    "image_name",
    "path",
];
/// Features that say what is on a picture, even where they hold nothing.
const KNOWN: [&str; 7] = [
    "image/class/text",
    "image/class/label",
    "image/object/class/text",
    "image/object/class/label",
    "image/object/bbox/xmin",
    "image/object/bbox/ymin",
    "image/object/bbox/xmax",
];

fn example(
    record: &[u8],
    (lists, names): (&tfds::Lists, &BTreeMap<i64, String>),
    place: &Place,
    wrong: &mut Vec<String>,
) -> Result<Item, String> {
    let mut left = VALUES;
    let said = features(record, &mut left).ok_or_else(|| match left {
        0 => format!("it has more than {VALUES} values"),
        _ => "it is no tf.train.Example".to_owned(),
    })?;
    let said = Said(said);
    let name = NAMES_OF_PICTURES.into_iter().find_map(|key| said.text(key));
    let mut out = item(
        &name.ok_or("it names no picture: image/filename and image/source_id are missing, and others that could")?,
        place,
    );
    (out.width, out.height) = (said.side("image/width"), said.side("image/height"));
    for class in said.classes("image/class/text", "image/class/label", names) {
        match class {
            Ok(class) => out.marks.push(mark(&class, Shape::Class, Unit::Part, place)),
            Err(reason) => wrong.push(reason),
        }
    }
    let other = tfds::read(&said, (lists, names), place, (&mut out, &mut *wrong))?;
    if !other
        && !KNOWN.iter().any(|key| said.0.contains_key(key))
        && let Some(reason) = tfds::unknown(&said)
    {
        return Err(reason);
    }
    let sides = ["xmin", "ymin", "xmax", "ymax"].map(|side| said.floats(&format!("image/object/bbox/{side}")));
    let classes = said.classes("image/object/class/text", "image/object/class/label", names);
    if sides.iter().any(|side| side.len() != classes.len()) {
        let counts: Vec<String> = sides.iter().map(|side| side.len().to_string()).collect();
        return Err(format!("it has {} classes of objects, but {} numbers of boxes", classes.len(), counts.join(", ")));
    }
    let scores = said.floats("image/object/score");
    for (i, class) in classes.into_iter().enumerate() {
        let [left, top, right, bottom] =
            [0, 1, 2, 3].map(|side: usize| sides.get(side).and_then(|all| all.get(i)).copied().unwrap_or(f64::NAN));
        let shape = Shape::Box(BoxN { x: left, y: top, w: right - left, h: bottom - top });
        match class {
            Ok(class) => {
                let mut made: Mark = mark(&class, shape, Unit::Part, place);
                made.score = scores.get(i).copied().filter(|s| (0.0..=1.0).contains(s));
                for (feature, name) in [("difficult", "difficult"), ("is_crowd", "iscrowd"), ("truncated", "truncated")]
                {
                    if said.integers(&format!("image/object/{feature}")).get(i).is_some_and(|n| *n != 0) {
                        made.attributes.insert(name.to_owned(), 1.into());
                    }
                }
                out.marks.push(made);
            }
            Err(reason) => wrong.push(reason),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_known_by_their_names() {
        for name in
            ["a.tfrecord", "x/train-00000-of-00001.tfrecord", "b.tfrec.gz", "c.record-00003-of-00010", "d.TFRECORDS"]
        {
            assert!(is_name(name), "{name}");
        }
        for name in ["a.json", "tfrecord", "record.txt", "x-of-3"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
