//! `TFRecord` files of `tf.train.Example`, with the features of TensorFlow's object detection.
//!
//! The framing: length, its masked CRC-32C, the bytes, theirs. The message is written by hand: three kinds of lists in a
//! map of features, nothing else. Sizes and boxes are both those of the displayed picture.

use super::geometry::Frame;
use super::reduce::is_set;
use super::split::{Parts, part};
use super::text::base;
use super::{About, Attributes, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::formats::crc::Crc32c;
use crate::formats::dataset::{Item, Mark, Outputs};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

enum Shard {
    Plain(BufWriter<Box<dyn Write + Send>>),
    Packed(Box<GzEncoder<BufWriter<Box<dyn Write + Send>>>>),
}

impl Shard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Packed(file) => file.write_all(bytes),
        }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Packed(file) => file.finish()?.flush(),
        }
    }
}

struct Open {
    shards: Vec<Shard>,
    next: usize,
}

/// Writes `TFRecord` files.
pub(super) struct TfRecord {
    about: Arc<About>,
    open: Parts<Open>,
    crc: Crc32c,
}

impl TfRecord {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default(), crc: Crc32c::default() }
    }

    fn begin(about: &About, part: &str, out: &mut dyn Outputs) -> io::Result<Open> {
        let (name, count) = (if part.is_empty() { "data" } else { part }, about.options.shards.max(1));
        let mut shards = Vec::new();
        for number in 0..count {
            let ending = if about.options.gzip { ".gz" } else { "" };
            let file = out.create(&format!("{name}-{number:05}-of-{count:05}.tfrecord{ending}"))?;
            let file = BufWriter::new(file);
            shards.push(match about.options.gzip {
                // A header without name and time: the same bytes every time.
                true => Shard::Packed(Box::new(GzEncoder::new(file, Compression::default()))),
                false => Shard::Plain(file),
            });
        }
        Ok(Open { shards, next: 0 })
    }

    fn record(&self, example: &[u8]) -> Vec<u8> {
        let length = (example.len() as u64).to_le_bytes();
        let mut out = Vec::with_capacity(example.len() + 16);
        out.extend_from_slice(&length);
        out.extend_from_slice(&self.crc.masked(&length).to_le_bytes());
        out.extend_from_slice(example);
        out.extend_from_slice(&self.crc.masked(example).to_le_bytes());
        out
    }
}

/// Protocol buffers, as far as an example needs them.
#[derive(Default)]
struct Example(Vec<u8>);

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A field of bytes: its number, their length, they themselves.
fn field(number: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(number << 3 | 2);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

impl Example {
    /// A feature: `kind` is 1 for bytes, 2 for floats, 3 for integers.
    fn put(&mut self, name: &str, kind: u8, list: &[u8]) {
        let (mut feature, mut entry) = (Vec::with_capacity(list.len() + 8), Vec::with_capacity(list.len() + 64));
        field(kind, list, &mut feature);
        field(1, name.as_bytes(), &mut entry);
        field(2, &feature, &mut entry);
        field(1, &entry, &mut self.0);
    }

    fn bytes<'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a [u8]>) {
        let mut list = Vec::new();
        values.into_iter().for_each(|value| field(1, value, &mut list));
        self.put(name, 1, &list);
    }

    fn floats(&mut self, name: &str, values: impl IntoIterator<Item = f64>) {
        let packed: Vec<u8> = values.into_iter().flat_map(|v| (v as f32).to_le_bytes()).collect();
        let mut list = Vec::new();
        field(1, &packed, &mut list);
        self.put(name, 2, &list);
    }

    fn integers(&mut self, name: &str, values: impl IntoIterator<Item = u64>) {
        let (mut packed, mut list) = (Vec::new(), Vec::new());
        values.into_iter().for_each(|value| varint(value, &mut packed));
        field(1, &packed, &mut list);
        self.put(name, 3, &list);
    }

    fn message(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() + 8);
        field(1, &self.0, &mut out);
        out
    }
}

impl Writer for TfRecord {
    fn says(&self) -> Says {
        let attributes = Attributes::Named(&["difficult", "truncated", "iscrowd"]);
        Says { class: true, classes: true, attributes, ..Says::BOXES }
    }

    fn picture(&self, _: &Item) -> Picture {
        Picture::Inside
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let example = example(&self.about, entry);
        let record = self.record(&example.message());
        let part = part(entry.item);
        let open = self.open.of(part, || Self::begin(&self.about, part, out))?;
        let at = open.next;
        open.next = (at + 1) % open.shards.len().max(1);
        open.shards.get_mut(at).map_or(Ok(()), |shard| shard.write(&record))
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        let about = &self.about;
        self.open.all(about, |part| Self::begin(about, part, out))?;
        for (_, open) in self.open.drain() {
            open.shards.into_iter().try_for_each(Shard::end)?;
        }
        let mut text = String::new();
        for (i, name) in self.about.classes.names().enumerate() {
            let _ = writeln!(text, "item {{\n  id: {}\n  name: {}\n}}", i + 1, super::text::yaml(name));
        }
        let mut file = out.create("label_map.pbtxt")?;
        file.write_all(text.as_bytes())?;
        file.flush()
    }
}

/// The features in the order of their names, as a map in TensorFlow has none.
fn example(about: &About, entry: &Entry<'_>) -> Example {
    let (item, frame) = (entry.item, Frame::of(entry.item));
    let mut made = Example::default();
    let class = |mark: &Mark| about.classes.number_of(&mark.class) as u64;
    if let Some(content) = entry.content {
        made.bytes("image/encoded", [content]);
    }
    made.bytes("image/filename", [item.name.as_bytes()]);
    made.bytes("image/format", [format(&item.name).as_bytes()]);
    made.integers("image/height", [u64::from(item.height.unwrap_or(0))]);
    made.bytes("image/source_id", [entry.id.to_string().as_bytes()]);
    made.integers("image/width", [u64::from(item.width.unwrap_or(0))]);
    let whole = || item.marks.iter().filter(|m| m.shape == Shape::Class);
    if whole().next().is_some() {
        made.bytes("image/class/text", whole().map(|m| m.class.as_bytes()));
        made.integers("image/class/label", whole().map(class));
    }
    let boxes: Vec<_> = item.marks.iter().filter_map(|m| Some((m, frame.parts(m)?))).collect();
    made.floats("image/object/bbox/xmax", boxes.iter().map(|(_, b)| b.x + b.w));
    made.floats("image/object/bbox/xmin", boxes.iter().map(|(_, b)| b.x));
    made.floats("image/object/bbox/ymax", boxes.iter().map(|(_, b)| b.y + b.h));
    made.floats("image/object/bbox/ymin", boxes.iter().map(|(_, b)| b.y));
    made.integers("image/object/class/label", boxes.iter().map(|(m, _)| class(m)));
    made.bytes("image/object/class/text", boxes.iter().map(|(m, _)| m.class.as_bytes()));
    for (feature, name) in [("difficult", "difficult"), ("is_crowd", "iscrowd"), ("truncated", "truncated")] {
        if boxes.iter().any(|(m, _)| m.attributes.contains_key(name)) {
            made.integers(&format!("image/object/{feature}"), boxes.iter().map(|(m, _)| u64::from(is_set(m, name))));
        }
    }
    made
}

/// The format of a picture by its ending, as TensorFlow names it.
fn format(name: &str) -> String {
    let ending = base(name).rsplit_once('.').map_or(String::new(), |(_, e)| e.to_ascii_lowercase());
    if matches!(ending.as_str(), "jpg" | "jpe" | "jfif") { "jpeg".to_owned() } else { ending }
}
