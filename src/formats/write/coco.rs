//! COCO: instances with boxes, polygons and run lengths; captions; and results files.
//!
//! What foreign readers need, all of them together: integer ids from 1, `width` and `height` on every picture,
//! `segmentation` (at least `[]`), `area` and `iscrowd` on every annotation, category ids from 1 with a `supercategory`.
//! Pictures without annotations stay listed: they have been looked at.

use super::geometry::Frame;
use super::reduce::is_set;
use super::split::{List, Parts, below, part};
use super::{About, Attributes, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::domain::mask;
use crate::formats::dataset::{Aside, Item, Mark, Outputs};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::sync::Arc;

/// Attributes that stand beside the box, not among the attributes.
const OWN: [&str; 4] = ["iscrowd", "keypoints", "num_keypoints", "area"];

/// Bytes of one write: a file is summed up as it is written, and short pieces would cost more than what is in them.
const BUFFER: usize = 256 << 10;

#[derive(Serialize)]
struct Image<'a> {
    id: u64,
    width: u32,
    height: u32,
    file_name: &'a str,
}

#[derive(Serialize)]
struct Annotation<'a> {
    id: u64,
    image_id: u64,
    category_id: usize,
    bbox: [f64; 4],
    area: f64,
    iscrowd: u8,
    segmentation: Segmentation,
    #[serde(skip_serializing_if = "Option::is_none")]
    keypoints: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_keypoints: Option<&'a Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'a str, &'a Value>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Segmentation {
    Polygons(Vec<Flat>),
    Runs { size: [u32; 2], counts: String },
}

/// Corners as one list of numbers.
#[derive(Serialize)]
pub(super) struct Flat(Vec<f64>);

pub(super) fn segmentation(frame: &Frame, mark: &Mark) -> Segmentation {
    match &mark.shape {
        Shape::Mask { size, counts } => Segmentation::Runs { size: *size, counts: mask::to_text(counts) },
        _ => Segmentation::Polygons(frame.corners(mark).into_iter().map(|c| Flat(c.concat())).collect()),
    }
}

/// A file of pictures and, after all of them, annotations.
pub(super) struct Open {
    /// What is published: pictures go here at once.
    main: BufWriter<Box<dyn Write + Send>>,
    /// Annotations stand after all pictures, so they wait here.
    aside: BufWriter<Box<dyn Aside>>,
    images: u64,
    annotations: u64,
}

fn comma(count: u64) -> &'static [u8] {
    if count == 0 { b"\n" } else { b",\n" }
}

impl Open {
    /// Begins a file with what stands before the pictures.
    pub(super) fn begin(about: &About, path: &str, categories: &[Value], out: &mut dyn Outputs) -> io::Result<Self> {
        let mut main = BufWriter::with_capacity(BUFFER, out.create(path)?);
        let aside = BufWriter::with_capacity(BUFFER, out.aside()?);
        let description = format!("lakelens export: {} v{}", about.project, about.version);
        let frame = "pixels from 0 at the top left of the picture as EXIF says it is displayed";
        let info = json!({"description": description, "version": about.version.to_string(), "frame": frame});
        let categories = json!(categories);
        write!(main, "{{\"info\":{info},\"licenses\":[],\"categories\":{categories},\"images\":[")?;
        Ok(Self { main, aside, images: 0, annotations: 0 })
    }

    /// Adds a picture.
    pub(super) fn image(&mut self, id: u64, item: &Item) -> io::Result<()> {
        self.main.write_all(comma(self.images))?;
        self.images += 1;
        let (width, height) = (item.width.unwrap_or(0), item.height.unwrap_or(0));
        Ok(serde_json::to_writer(&mut self.main, &Image { id, width, height, file_name: &item.name })?)
    }

    /// Adds an annotation, which `make` is told the number of.
    pub(super) fn annotation<T: Serialize>(&mut self, make: impl FnOnce(u64) -> T) -> io::Result<()> {
        self.aside.write_all(comma(self.annotations))?;
        self.annotations += 1;
        Ok(serde_json::to_writer(&mut self.aside, &make(self.annotations))?)
    }

    /// Puts the annotations after the pictures.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.main.write_all(b"\n],\"annotations\":[")?;
        self.aside.seek(SeekFrom::Start(0))?;
        let aside = self.aside.into_inner().map_err(io::IntoInnerError::into_error)?;
        io::copy(&mut BufReader::with_capacity(BUFFER, aside), &mut self.main)?;
        self.main.write_all(b"\n]}\n")?;
        self.main.flush()
    }
}

/// The classes with their numbers; `more` is what else is said of each.
pub(super) fn categories(about: &About, more: &Value) -> Vec<Value> {
    let one = |(i, c): (usize, &crate::formats::dataset::ClassInfo)| {
        let parent = c.parent.as_deref().unwrap_or_default();
        let mut category = json!({"id": i + 1, "name": c.name, "supercategory": parent});
        if let Some(fields) = category.as_object_mut() {
            fields.extend(more.as_object().cloned().unwrap_or_default());
            fields.extend(c.more.clone());
        }
        category
    };
    about.classes.list().iter().enumerate().map(one).collect()
}

/// Writes COCO instances.
pub(super) struct Coco {
    about: Arc<About>,
    open: Parts<Open>,
}

impl Coco {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(about: &About, part: &str, out: &mut dyn Outputs) -> io::Result<Open> {
        let path = match part {
            // What CVAT and datumaro call a data set without parts, and look for.
            "" => "annotations/instances_default.json".to_owned(),
            part => format!("annotations/instances_{part}.json"),
        };
        Open::begin(about, &path, &categories(about, &Value::Null), out)
    }
}

impl Writer for Coco {
    fn says(&self) -> Says {
        Says { polygons: true, parts: true, masks: true, attributes: Attributes::All, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(below("images", part(item), &item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, about) = (entry.item, &self.about);
        let open = self.open.of(part(item), || Self::begin(about, part(item), out))?;
        open.image(entry.id, item)?;
        let frame = Frame::of(item);
        for mark in &item.marks {
            let crowd = is_set(mark, "iscrowd");
            let area = mark.attributes.get("area").and_then(Value::as_f64);
            let others = mark.attributes.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
            open.annotation(|id| Annotation {
                id,
                image_id: entry.id,
                category_id: about.classes.number_of(&mark.class),
                bbox: frame.pixels(mark).unwrap_or_default(),
                area: area.unwrap_or_else(|| frame.area(mark)),
                iscrowd: u8::from(crowd),
                segmentation: segmentation(&frame, mark),
                keypoints: mark.attributes.get("keypoints"),
                num_keypoints: mark.attributes.get("num_keypoints"),
                attributes: others.map(|(name, value)| (name.as_str(), value)).collect(),
            })?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        let about = &self.about;
        self.open.all(about, |part| Self::begin(about, part, out))?;
        self.open.drain().try_for_each(|(_, open)| open.end())
    }
}

/// Writes COCO captions: each thing that is said of a picture.
pub(super) struct Captions {
    about: Arc<About>,
    open: Parts<Open>,
}

impl Captions {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(about: &About, part: &str, out: &mut dyn Outputs) -> io::Result<Open> {
        let path = match part {
            "" => "captions.json".to_owned(),
            part => format!("annotations/captions_{part}.json"),
        };
        Open::begin(about, &path, &[], out)
    }
}

impl Writer for Captions {
    fn says(&self) -> Says {
        Says { captions: true, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(below("images", part(item), &item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, about) = (entry.item, &self.about);
        let open = self.open.of(part(item), || Self::begin(about, part(item), out))?;
        open.image(entry.id, item)?;
        let captions = item.extra.get("captions").and_then(Value::as_array);
        for caption in captions.into_iter().flatten() {
            open.annotation(|id| json!({"id": id, "image_id": entry.id, "caption": caption}))?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        let about = &self.about;
        self.open.all(about, |part| Self::begin(about, part, out))?;
        self.open.drain().try_for_each(|(_, open)| open.end())
    }
}

#[derive(Serialize)]
struct Guess {
    image_id: u64,
    category_id: usize,
    bbox: [f64; 4],
    #[serde(skip_serializing_if = "Option::is_none")]
    segmentation: Option<Segmentation>,
    score: f64,
}

/// Writes predictions as a COCO results file; the pictures have the ids that [`Coco`] gives them.
pub(super) struct Results {
    about: Arc<About>,
    open: Parts<List>,
}

impl Results {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn begin(part: &str, out: &mut dyn Outputs) -> io::Result<List> {
        let path = if part.is_empty() { "results.json".to_owned() } else { format!("results_{part}.json") };
        List::begin(out, &path, "[", "]")
    }
}

impl Writer for Results {
    fn says(&self) -> Says {
        Says { polygons: true, parts: true, masks: true, ..Says::BOXES }
    }

    fn picture(&self, _: &Item) -> Picture {
        Picture::Nowhere
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let frame = Frame::of(entry.item);
        let part = part(entry.item);
        let list = self.open.of(part, || Self::begin(part, out))?;
        for mark in &entry.item.marks {
            let plain = matches!(mark.shape, Shape::Box(_));
            let made = Guess {
                image_id: entry.id,
                category_id: self.about.classes.number_of(&mark.class),
                bbox: frame.pixels(mark).unwrap_or_default(),
                segmentation: (!plain).then(|| segmentation(&frame, mark)),
                score: mark.score.unwrap_or(1.0),
            };
            serde_json::to_writer(list.entry()?, &made)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.open.end(&self.about, |part| Self::begin(part, out))
    }
}
