//! The formats of CV Explorer: its JSON lines, and its two data sets of pictures that stay where they are.

use super::geometry::Frame;
use super::{About, Entry, Losses, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::domain::mask;
use crate::formats::dataset::{Aside, Item, Mark, Outputs};
use serde_json::{Map, Value, json};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::sync::Arc;

type File = BufWriter<Box<dyn Write + Send>>;

/// A box whose right and lower edges stay inside after the addition that CV Explorer checks.
fn inside(b: BoxN) -> BoxN {
    let end = |from: f64, length: f64| if from + length > 1.0 { 1.0 - from } else { length };
    BoxN { w: end(b.x, b.w), h: end(b.y, b.h), ..b }
}

fn line_mark(frame: &Frame, mark: &Mark) -> Value {
    let mut made = Map::new();
    made.insert("label".to_owned(), mark.class.as_str().into());
    let kind = match &mark.shape {
        Shape::Class => "classification",
        Shape::Mask { .. } => "mask",
        Shape::Box(_) | Shape::Polygon { .. } => "bbox",
    };
    made.insert("ann_type".to_owned(), kind.into());
    if let Some(b) = frame.parts(mark).map(inside) {
        made.insert("bbox_json".to_owned(), json!({"x": b.x, "y": b.y, "w": b.w, "h": b.h}));
    }
    if let Shape::Mask { size, counts } = &mark.shape {
        made.insert("mask_json".to_owned(), json!({"size": size, "counts": mask::to_text(counts)}));
    }
    Value::Object(made)
}

/// One object a line: `{"filename","annotations":[{"label","ann_type","bbox_json"}]}`.
pub(super) struct Lines {
    about: Arc<About>,
    open: super::split::Parts<File>,
    lost: Losses,
}

impl Lines {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: super::split::Parts::default(), lost: Losses::default() }
    }

    fn begin(part: &str, out: &mut dyn Outputs) -> io::Result<File> {
        let name = if part.is_empty() { "annotations" } else { part };
        Ok(BufWriter::new(out.create(&format!("{name}.jsonl"))?))
    }
}

impl Writer for Lines {
    fn says(&self) -> Says {
        Says { class: true, classes: true, masks: true, size: false, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(format!("images/{}", item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let item = entry.item;
        if item.name.contains('/') {
            self.lost.lose("names have folders in them, which CV Explorer refuses", 1);
        }
        let part = super::split::part(item);
        let file = self.open.of(part, || Self::begin(part, out))?;
        let frame = Frame::of(item);
        let marks: Vec<Value> = item.marks.iter().map(|m| line_mark(&frame, m)).collect();
        serde_json::to_writer(&mut *file, &json!({"filename": item.name, "annotations": marks}))?;
        file.write_all(b"\n")
    }

    fn losses(&self) -> Losses {
        self.lost.clone()
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.open.all(&self.about, |part| Self::begin(part, out))?;
        self.open.drain().try_for_each(|(_, mut file)| file.flush())
    }
}

/// What stands last in both of its data sets of pictures that are not copied.
fn metadata(about: &About, format: &str, images: u64, annotations: u64, more: &[(&str, Value)]) -> Value {
    let mut made = json!({
        "schema_version": 1,
        "project_name": about.project,
        "version": about.version,
        "task_type": about.task,
        "class_list": about.classes.names().collect::<Vec<_>>(),
        "source_volume": about.source,
        "image_count": images,
        "annotation_count": annotations,
        "format": format,
        "images_copied": false,
        "source_images_verified": false,
        "status": "ready",
    });
    if let Value::Object(object) = &mut made {
        object.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    made
}

fn write_json(path: &str, value: &Value, out: &mut dyn Outputs) -> io::Result<()> {
    let mut file = BufWriter::new(out.create(path)?);
    serde_json::to_writer_pretty(&mut file, value)?;
    file.write_all(b"\n")?;
    file.flush()
}

/// `coco_reference`: boxes as parts of the picture, pictures by where they lie.
pub(super) struct Reference {
    about: Arc<About>,
    open: Option<(File, BufWriter<Box<dyn Aside>>)>,
    images: u64,
    annotations: u64,
    refused: Vec<String>,
}

impl Reference {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: None, images: 0, annotations: 0, refused: Vec::new() }
    }

    fn begin(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        let mut file = BufWriter::new(out.create("annotations.json")?);
        let info = json!({
            "description": format!("CV Explorer export: {} v{}", self.about.project, self.about.version),
            "version": "1.0",
            "reference_images": true,
            "bbox_format": "relative_xywh",
        });
        write!(file, "{{\"info\":{info},\"images\":[")?;
        self.open = Some((file, BufWriter::new(out.aside()?)));
        Ok(())
    }
}

/// A box as CV Explorer takes it: all numbers finite, a size, inside the picture.
fn is_sound(b: BoxN) -> bool {
    let finite = [b.x, b.y, b.w, b.h].iter().all(|v| v.is_finite());
    finite && b.x >= 0.0 && b.y >= 0.0 && b.w > 0.0 && b.h > 0.0 && b.x + b.w <= 1.0 + 1e-9 && b.y + b.h <= 1.0 + 1e-9
}

impl Writer for Reference {
    fn says(&self) -> Says {
        Says { masks: true, size: false, ..Says::BOXES }
    }

    fn picture(&self, _: &Item) -> Picture {
        Picture::Nowhere
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        self.begin(out)?;
        let Some((file, aside)) = &mut self.open else { return Ok(()) };
        let frame = Frame::of(entry.item);
        file.write_all(if self.images == 0 { b"".as_slice() } else { b"," })?;
        self.images += 1;
        write!(file, "{}", json!({"id": entry.id, "file_name": entry.origin}))?;
        for mark in &entry.item.marks {
            let Some(b) = frame.parts(mark).filter(|b| is_sound(*b)) else {
                self.refused.push(entry.item.name.clone());
                continue;
            };
            aside.write_all(if self.annotations == 0 { b"".as_slice() } else { b"," })?;
            self.annotations += 1;
            let mut made = json!({
                "id": self.annotations,
                "image_id": entry.id,
                "category_id": self.about.classes.number_of(&mark.class),
                "iscrowd": 0,
                "bbox_normalized": [b.x, b.y, b.w, b.h],
            });
            if let (Shape::Mask { size, counts }, Value::Object(object)) = (&mark.shape, &mut made) {
                object.insert("segmentation".to_owned(), json!({"size": size, "counts": mask::to_text(counts)}));
                object.insert("area".to_owned(), mask::area(counts).into());
            }
            write!(aside, "{made}")?;
        }
        Ok(())
    }

    fn refusal(&self) -> Option<String> {
        refusal(&self.refused, "coco_reference takes only boxes that have a size and lie inside their picture")
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.begin(out)?;
        let Some((mut file, mut aside)) = self.open.take() else { return Ok(()) };
        file.write_all(b"],\"annotations\":[")?;
        aside.seek(SeekFrom::Start(0))?;
        io::copy(&mut aside.into_inner().map_err(io::IntoInnerError::into_error)?, &mut file)?;
        let one = |(i, name): (usize, &str)| json!({"id": i + 1, "name": name});
        let categories: Vec<Value> = self.about.classes.names().enumerate().map(one).collect();
        write!(file, "],\"categories\":{}}}", Value::Array(categories))?;
        file.flush()?;
        let more = [("bbox_format", "relative_xywh".into()), ("requires_dimension_materialization", true.into())];
        let told = metadata(&self.about, "coco_reference", self.images, self.annotations, &more);
        write_json("metadata.json", &told, out)
    }
}

fn refusal(names: &[String], what: &str) -> Option<String> {
    let shown: Vec<_> = names.iter().take(10).map(|n| crate::domain::text::printable(n).into_owned()).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    let (count, shown) = (names.len(), shown.join(", "));
    (count > 0).then(|| format!("{what}; that is not so for {count}: {shown}{more}; leave them out with --filter"))
}

/// `hf_jsonl`: one class a picture, by its number.
pub(super) struct HfJsonl {
    about: Arc<About>,
    open: Option<File>,
    images: u64,
    refused: Vec<String>,
}

impl HfJsonl {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: None, images: 0, refused: Vec::new() }
    }

    fn file(&mut self, out: &mut dyn Outputs) -> io::Result<&mut File> {
        if self.open.is_none() {
            self.open = Some(BufWriter::new(out.create("train.jsonl")?));
        }
        self.open.as_mut().ok_or_else(|| io::Error::other("the file is closed"))
    }
}

impl Writer for HfJsonl {
    fn says(&self) -> Says {
        // Boxes are let through to be refused.
        Says { class: true, classes: true, size: false, ..Says::BOXES }
    }

    fn picture(&self, _: &Item) -> Picture {
        Picture::Nowhere
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let found = match entry.item.marks.as_slice() {
            [mark] if mark.shape == Shape::Class => self.about.classes.index(&mark.class),
            _ => None,
        };
        let Some(label) = found else {
            self.refused.push(entry.item.name.clone());
            return Ok(());
        };
        self.images += 1;
        let line =
            format!("{{\"sample_id\": {}, \"image\": {}, \"label\": {label}}}\n", entry.id, Value::from(entry.origin));
        self.file(out)?.write_all(line.as_bytes())
    }

    fn refusal(&self) -> Option<String> {
        refusal(&self.refused, "hf_jsonl takes exactly one class a picture")
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.file(out)?.flush()?;
        self.open = None;
        let names: Vec<&str> = self.about.classes.names().collect();
        let numbers: Map<String, Value> =
            names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), i.into())).collect();
        write_json("classes.json", &json!({"names": names, "label2id": numbers}), out)?;
        write_json("metadata.json", &metadata(&self.about, "hf_jsonl", self.images, self.images, &[]), out)
    }
}
