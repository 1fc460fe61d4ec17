//! Parquet: one row an annotation, or, as Hugging Face has it, one row a picture with the picture inside.
//!
//! What always holds: rows are written in groups of bounded size, so that memory does not grow with the data set.

use super::geometry::Frame;
use super::split::{Parts, below, part};
use super::{About, Entry, Picture, Says, Writer};
use crate::domain::annotation::Shape;
use crate::formats::dataset::{Item, Outputs};
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, Float64Array, Int32Array, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field};
use serde_json::json;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

/// Rows of a group.
const ROWS: usize = 10_000;
/// Bytes of pictures of a group.
const BYTES: usize = 32 << 20;

/// A file that is being written.
struct Table {
    file: ArrowWriter<Box<dyn Write + Send>>,
}

impl Table {
    /// `told` stands beside the columns, where Arrow's readers look for it.
    fn begin(
        path: &str,
        first: &RecordBatch,
        told: HashMap<String, String>,
        out: &mut dyn Outputs,
    ) -> io::Result<Self> {
        let settings = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("lakelens".to_owned())
            .build();
        let schema = Arc::new(first.schema().as_ref().clone().with_metadata(told));
        let file = ArrowWriter::try_new(out.create(path)?, schema, Some(settings)).map_err(io::Error::other)?;
        Ok(Self { file })
    }

    fn write(&mut self, rows: &RecordBatch) -> io::Result<()> {
        self.file.write(rows).and_then(|()| self.file.flush()).map_err(io::Error::other)
    }

    fn end(self) -> io::Result<()> {
        self.file.into_inner().map_err(io::Error::other)?.flush()
    }
}

/// Rows of annotations that wait to be written.
#[derive(Default)]
struct Rows {
    filename: Vec<String>,
    label: Vec<Option<String>>,
    places: Vec<Option<[f64; 4]>>,
    sizes: Vec<[Option<i32>; 2]>,
    split: Vec<Option<String>>,
    author: Vec<Option<String>>,
    at: Vec<Option<i64>>,
}

impl Rows {
    fn batch(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::take(self);
        let side = |i: usize| -> ArrayRef {
            Arc::new(rows.places.iter().map(|p| p.and_then(|p| p.get(i).copied())).collect::<Float64Array>())
        };
        let size = |i: usize| -> ArrayRef {
            Arc::new(rows.sizes.iter().map(|s| s.get(i).copied().flatten()).collect::<Int32Array>())
        };
        let at = TimestampMicrosecondArray::from(rows.at).with_timezone("UTC");
        RecordBatch::try_from_iter_with_nullable([
            ("filename", Arc::new(StringArray::from(rows.filename)) as ArrayRef, false),
            ("label", Arc::new(StringArray::from(rows.label)), true),
            ("x", side(0), true),
            ("y", side(1), true),
            ("w", side(2), true),
            ("h", side(3), true),
            ("width", size(0), true),
            ("height", size(1), true),
            ("split", Arc::new(StringArray::from(rows.split)), true),
            ("author", Arc::new(StringArray::from(rows.author)), true),
            ("at", Arc::new(at), true),
        ])
    }
}

fn sizes(item: &Item) -> [Option<i32>; 2] {
    [item.width, item.height].map(|v| v.and_then(|v| i32::try_from(v).ok()))
}

/// Writes one row an annotation, in pixels; one without a label for a picture with nothing on it.
pub(super) struct Labels {
    rows: Rows,
    file: Option<Table>,
}

impl Labels {
    pub(super) fn new() -> Self {
        Self { rows: Rows::default(), file: None }
    }

    fn put(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        let rows = self.rows.batch().map_err(io::Error::other)?;
        if self.file.is_none() {
            self.file = Some(Table::begin("annotations.parquet", &rows, HashMap::new(), out)?);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write(&rows))
    }
}

impl Writer for Labels {
    fn says(&self) -> Says {
        Says { class: true, classes: true, ..Says::BOXES }
    }

    fn picture(&self, item: &Item) -> Picture {
        Picture::File(format!("images/{}", item.name))
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame) = (entry.item, Frame::of(entry.item));
        let marks = item.marks.iter().map(Some).chain(item.marks.is_empty().then_some(None));
        for mark in marks {
            self.rows.filename.push(item.name.clone());
            self.rows.label.push(mark.map(|m| m.class.clone()));
            self.rows.places.push(mark.and_then(|m| frame.pixels(m)));
            self.rows.sizes.push(sizes(item));
            self.rows.split.push(item.split.clone());
            self.rows.author.push(mark.and_then(|m| m.author.clone()));
            self.rows.at.push(mark.and_then(|m| m.at).map(|at| at.as_microsecond()));
        }
        if self.rows.filename.len() >= ROWS { self.put(out) } else { Ok(()) }
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        self.put(out)?;
        self.file.take().map_or(Ok(()), Table::end)
    }
}

/// Pictures that wait to be written.
#[derive(Default)]
struct Pictures {
    bytes: Vec<Option<Vec<u8>>>,
    path: Vec<String>,
    sizes: Vec<[Option<i32>; 2]>,
    labels: ListBuilder<StringBuilder>,
    places: ListBuilder<ListBuilder<Float64Builder>>,
    categories: ListBuilder<StringBuilder>,
    held: usize,
}

impl Pictures {
    fn batch(&mut self, single: bool) -> Result<RecordBatch, ArrowError> {
        let mut rows = std::mem::take(self);
        let bytes: BinaryArray = rows.bytes.iter().map(Option::as_deref).collect();
        let column = |name: &str, kind: DataType| Arc::new(Field::new(name, kind, true));
        let image = StructArray::from(vec![
            (column("bytes", DataType::Binary), Arc::new(bytes) as ArrayRef),
            (column("path", DataType::Utf8), Arc::new(StringArray::from(rows.path))),
        ]);
        let size = |i: usize| -> ArrayRef {
            Arc::new(rows.sizes.iter().map(|s| s.get(i).copied().flatten()).collect::<Int32Array>())
        };
        let labels = rows.labels.finish();
        let (places, categories) = (rows.places.finish(), rows.categories.finish());
        let mut columns =
            vec![("image", Arc::new(image) as ArrayRef, true), ("width", size(0), true), ("height", size(1), true)];
        if single {
            columns.push(("label", Arc::clone(labels.values()), true));
        } else {
            use arrow_array::Array;
            let objects = StructArray::from(vec![
                (column("bbox", places.data_type().clone()), Arc::new(places) as ArrayRef),
                (column("categories", categories.data_type().clone()), Arc::new(categories)),
            ]);
            columns.push(("labels", Arc::new(labels), true));
            columns.push(("objects", Arc::new(objects), true));
        }
        RecordBatch::try_from_iter_with_nullable(columns)
    }
}

/// Writes one row a picture: `image` with its bytes and its path, and what is on it.
pub(super) struct HuggingFace {
    about: Arc<About>,
    open: Parts<(Table, Pictures)>,
}

impl HuggingFace {
    pub(super) fn new(about: Arc<About>) -> Self {
        Self { about, open: Parts::default() }
    }

    fn single(about: &About) -> bool {
        about.task == "classification"
    }

    /// What `datasets` is told of the columns: that `image` is one.
    fn features(about: &About) -> HashMap<String, String> {
        let value = |kind: &str| json!({"dtype": kind, "_type": "Value"});
        let mut features = json!({"image": {"_type": "Image"}, "width": value("int32"), "height": value("int32")});
        let more = match Self::single(about) {
            true => json!({"label": value("string")}),
            false => json!({
                "labels": [value("string")],
                "objects": {"bbox": [[value("float64")]], "categories": [value("string")]},
            }),
        };
        if let (Some(all), serde_json::Value::Object(more)) = (features.as_object_mut(), more) {
            all.extend(more);
        }
        HashMap::from([("huggingface".to_owned(), json!({"info": {"features": features}}).to_string())])
    }

    fn begin(about: &About, part: &str, out: &mut dyn Outputs) -> io::Result<(Table, Pictures)> {
        let mut rows = Pictures::default();
        let first = rows.batch(Self::single(about)).map_err(io::Error::other)?;
        let name = if part.is_empty() { "train" } else { part };
        let path = below("data", "", &format!("{name}-00000-of-00001.parquet"));
        Ok((Table::begin(&path, &first, Self::features(about), out)?, rows))
    }
}

impl Writer for HuggingFace {
    fn says(&self) -> Says {
        let single = Self::single(&self.about);
        Says { class: true, classes: !single, boxes: !single, needs_class: single, size: !single, ..Says::BOXES }
    }

    fn picture(&self, _: &Item) -> Picture {
        Picture::Inside
    }

    fn item(&mut self, entry: &Entry<'_>, out: &mut dyn Outputs) -> io::Result<()> {
        let (item, frame, about) = (entry.item, Frame::of(entry.item), &self.about);
        let (file, rows) = self.open.of(part(item), || Self::begin(about, part(item), out))?;
        rows.held += entry.content.map_or(0, <[u8]>::len);
        rows.bytes.push(entry.content.map(<[u8]>::to_vec));
        rows.path.push(if entry.content.is_some() { item.name.clone() } else { entry.origin.to_owned() });
        rows.sizes.push(sizes(item));
        for mark in &item.marks {
            match frame.pixels(mark).filter(|_| mark.shape != Shape::Class) {
                Some(place) => {
                    rows.places.values().values().append_slice(&place);
                    rows.places.values().append(true);
                    rows.categories.values().append_value(&mark.class);
                }
                None => rows.labels.values().append_value(&mark.class),
            }
        }
        rows.labels.append(true);
        rows.places.append(true);
        rows.categories.append(true);
        if rows.held < BYTES && rows.path.len() < ROWS {
            return Ok(());
        }
        let batch = rows.batch(Self::single(about)).map_err(io::Error::other)?;
        file.write(&batch)
    }

    fn finish(&mut self, out: &mut dyn Outputs) -> io::Result<()> {
        let about = &self.about;
        // `datasets` gives up on a part without rows, and takes one that is not there for none.
        self.open.any(about, |part| Self::begin(about, part, out))?;
        for (_, (mut file, mut rows)) in self.open.drain() {
            let batch = rows.batch(Self::single(&self.about)).map_err(io::Error::other)?;
            file.write(&batch)?;
            file.end()?;
        }
        Ok(())
    }
}
