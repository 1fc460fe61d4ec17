//! Parquet: one row for a box, a class or a picture, as we write it and as tables have it; and Hugging Face's, one row a
//! picture with `image`, `label`, `labels` or `objects`.
//!
//! A Parquet file is read from its end, and annotation files come from front to back, so it is copied into a nameless
//! file of the scratch folder first. Pictures inside it are never read. What always holds: rows are decoded a thousand at
//! a time, on a thread of its own, so that a file that the decoder cannot cope with is an error and nothing worse, and one
//! that it does not come to an end with is given up; what the headers of a file promise is looked at before any memory is
//! asked for it.

mod headers;
mod names;
mod partitions;

use super::lines;
use super::sorter::nameless;
use super::table::{Columns, Table};
use super::{Reading, broken, document_label, documents, io_error, near, split_of};
use crate::domain::text::printable;
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Place, ReadError, Spot, Take};
use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::{ConvertedType, Type as Physical};
use ::parquet::schema::types::ColumnDescriptor;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Schema};
use names::Names;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// The longest that the decoder may take for the rows that it decodes at once. It takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
const PARTS: u32 = 30;
/// Rows that are decoded at once.
const ROWS: usize = 1000;
/// More columns than this are no table of annotations.
const COLUMNS: usize = 10_000;

/// Reads one file, or all of a folder.
///
/// # Errors
/// When a file is no Parquet, or has no column for the picture.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for path in &documents(files, &["parquet"])? {
        let file = document_label(files, &path);
        let spooled = spooled(files, &path, with)?;
        let schema = schema(&file, &spooled)?;
        if is_of_pictures(&schema) || !Names::of(&schema).is_empty() {
            pictures(files, &path, &file, &schema, &spooled, take)?;
        } else {
            table(files, &path, &file, &schema, &spooled, with, take)?;
        }
    }
    Ok(())
}

/// A copy that can be read from any place, and is gone when it is closed.
fn spooled(files: &dyn Files, path: &str, with: &Reading<'_>) -> Result<File, ReadError> {
    let mut input = super::open(files, path)?;
    let mut out = nameless(with.scratch).map_err(|e| io_error("the scratch file", e))?;
    io::copy(&mut input, &mut out).map_err(|e| io_error(&document_label(files, path), e))?;
    out.seek(SeekFrom::Start(0)).map_err(|e| io_error("the scratch file", e))?;
    Ok(out)
}

/// What the decoding thread tells.
enum Told {
    Schema(Arc<Schema>),
    Rows(RecordBatch),
    Wrong(String),
}

/// Runs the decoder and gives what it tells, until `take` has enough.
fn decode(
    file: &Arc<str>,
    spooled: &File,
    take: &mut dyn FnMut(Told) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let opened = spooled.try_clone().map_err(|e| io_error("the scratch file", e))?;
    let ((tell, told), (end, ended)) = (sync_channel(1), sync_channel::<()>(0));
    let work = move || {
        let _end = end;
        run(opened, &tell);
    };
    let decoding = thread::Builder::new().name("parquet".to_owned()).spawn(work);
    let decoding = decoding.map_err(|e| io_error("a thread for it", e))?;
    let whole = hear(file, told, PATIENCE, take)?;
    // Who reads the file next must not share its place with one who still does.
    if word(&ended, PATIENCE) == Err(RecvTimeoutError::Timeout) {
        return Err(gave_up(file));
    }
    // A panic is of no account once all that was wanted has been told.
    if decoding.join().is_err() && whole { Err(gave_up(file)) } else { Ok(()) }
}

/// Gives what is told to `take`; whether all was told. A thread that nobody hears any more ends at its next word.
fn hear(
    file: &Arc<str>,
    told: Receiver<Told>,
    patience: Duration,
    take: &mut dyn FnMut(Told) -> Result<bool, ReadError>,
) -> Result<bool, ReadError> {
    loop {
        match word(&told, patience) {
            Ok(Told::Wrong(why)) => return Err(broken(file, format!("it cannot be read as Parquet: {why}"))),
            Ok(other) => {
                if !take(other)? {
                    return Ok(false);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(true),
            Err(RecvTimeoutError::Timeout) => return Err(gave_up(file)),
        }
    }
}

/// What is told next. It is waited for in parts, because the time goes on while the program is suspended.
fn word<T>(told: &Receiver<T>, patience: Duration) -> Result<T, RecvTimeoutError> {
    let mut tried = (0..PARTS).map(|_| told.recv_timeout(patience / PARTS));
    tried.find(|heard| !matches!(heard, Err(RecvTimeoutError::Timeout))).unwrap_or(Err(RecvTimeoutError::Timeout))
}

fn gave_up(file: &Arc<str>) -> ReadError {
    broken(file, "it cannot be read as Parquet: the reader gave up on it")
}

/// Tells the schema and all rows. An error in telling means that nobody listens any more.
fn run(file: File, tell: &SyncSender<Told>) {
    let wrong = |e: &dyn std::fmt::Display| Told::Wrong(printable(&e.to_string()).into_owned());
    let opened = match headers::footer(&file).and_then(|()| file.try_clone().map_err(|e| e.to_string())) {
        Ok(opened) => opened,
        Err(error) => return drop(tell.send(wrong(&error))),
    };
    let builder = match ParquetRecordBatchReaderBuilder::try_new(file) {
        Ok(builder) => builder,
        Err(error) => return drop(tell.send(wrong(&error))),
    };
    if tell.send(Told::Schema(Arc::clone(builder.schema()))).is_err() {
        return;
    }
    let columns = builder.parquet_schema().columns().iter().enumerate();
    let wanted: Vec<usize> = columns.filter(|(_, column)| is_wanted(column)).map(|(i, _)| i).collect();
    if let Err(error) = headers::pages(&opened, builder.metadata(), &wanted, headers::MOST) {
        return drop(tell.send(wrong(&error)));
    }
    let mask = ProjectionMask::leaves(builder.parquet_schema(), wanted);
    let rows = match builder.with_projection(mask).with_batch_size(ROWS).build() {
        Ok(rows) => rows,
        Err(error) => return drop(tell.send(wrong(&error))),
    };
    for batch in rows {
        let told = batch.map_or_else(|e| wrong(&e), Told::Rows);
        let last = matches!(told, Told::Wrong(_));
        if tell.send(told).is_err() || last {
            return;
        }
    }
}

/// Whether a column is anything but bytes, which are pictures.
fn is_wanted(column: &ColumnDescriptor) -> bool {
    let text = matches!(column.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON);
    column.physical_type() != Physical::BYTE_ARRAY || text
}

fn schema(file: &Arc<str>, spooled: &File) -> Result<Arc<Schema>, ReadError> {
    let mut found = None;
    decode(file, spooled, &mut |told| {
        if let Told::Schema(schema) = told {
            found = Some(schema);
        }
        Ok(false)
    })?;
    let schema = found.ok_or_else(|| broken(file, "it has no columns"))?;
    match schema.fields().len() {
        n if n > COLUMNS => Err(broken(file, format!("it has {n} columns; {COLUMNS} are the most"))),
        _ => Ok(schema),
    }
}

fn each_batch(
    file: &Arc<str>,
    spooled: &File,
    take: &mut dyn FnMut(&RecordBatch) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    decode(file, spooled, &mut |told| match told {
        Told::Rows(batch) => take(&batch),
        Told::Schema(_) | Told::Wrong(_) => Ok(true),
    })
}

/// Hugging Face's columns: a picture, and lists of what is on it.
fn is_of_pictures(schema: &Schema) -> bool {
    let is = |name: &str, kind: fn(&DataType) -> bool| {
        schema.fields().iter().any(|f| f.name() == name && kind(f.data_type()))
    };
    let nested = |kind: &DataType| kind.is_nested();
    is("image", |kind| matches!(kind, DataType::Struct(_)))
        || is("objects", nested)
        || is("labels", nested)
        || is_of_lines(schema)
}

/// Our own JSON lines, or CV Explorer's, as other programs turn them into a table.
fn is_of_lines(schema: &Schema) -> bool {
    let objects = |kind: &DataType| item_of(kind).is_some_and(|inner| matches!(inner, DataType::Struct(_)));
    let has = |name: &str, kind: &dyn Fn(&DataType) -> bool| {
        schema.fields().iter().any(|f| f.name() == name && kind(f.data_type()))
    };
    ["path", "filename"].into_iter().any(|name| has(name, &|_| true))
        && !has("image", &|_| true)
        && (has("annotations", &objects) || has("boxes", &objects))
}

/// What a list is of.
fn item_of(kind: &DataType) -> Option<&DataType> {
    match kind {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => Some(item.data_type()),
        _ => None,
    }
}

/// Rows that look like those of a CSV file.
fn table(
    files: &dyn Files,
    path: &str,
    file: &Arc<str>,
    schema: &Schema,
    spooled: &File,
    with: &Reading<'_>,
    take: &mut Take<'_>,
) -> Result<(), ReadError> {
    let mut names: Vec<String> = Vec::new();
    each_batch(file, spooled, &mut |batch| {
        names = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
        Ok(false)
    })?;
    if names.is_empty() {
        // Without rows the reader has no batch either.
        names = schema.fields().iter().map(|f| f.name().clone()).collect();
    }
    let folders = partitions::of(path, &names);
    names.extend(folders.iter().map(|(name, _)| name.clone()));
    let mut columns = Columns::new(&mut names, file, with)?;
    let class = columns.class().and_then(|class| schema.field_with_name(names.get(class)?).ok());
    match class.map(|class| (class, item_of(class.data_type()))) {
        Some((_, Some(item))) if !item.is_nested() => columns.hold_lists(),
        Some((class, _)) if class.data_type().is_nested() => {
            let name = printable(class.name()).into_owned();
            let why = "holds neither texts nor lists of texts; say another column with --columns class=NAME";
            return Err(broken(file, format!("the column of the class, `{name}`, {why}")));
        }
        _ => {}
    }
    let mut parts = columns.has_boxes();
    if parts {
        each_row(file, spooled, &folders, &mut |cells| {
            parts = !columns.in_pixels(cells);
            Ok(parts)
        })?;
    }
    let mut table = Table::new(files, path, with, columns, parts);
    each_row(file, spooled, &folders, &mut |cells| table.row(cells, None, take).map(|()| true))?;
    table.finish(take)
}

fn each_row(
    file: &Arc<str>,
    spooled: &File,
    folders: &partitions::Said,
    take: &mut dyn FnMut(&[String]) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let mut cells = Vec::new();
    each_batch(file, spooled, &mut |batch| {
        for row in 0..batch.num_rows() {
            cells.clear();
            cells.extend(batch.columns().iter().map(|column| match value(column.as_ref(), row) {
                Value::Null => String::new(),
                Value::String(text) => text,
                other => other.to_string(),
            }));
            cells.extend(folders.iter().map(|(_, value)| value.clone()));
            if !take(&cells)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

fn pictures(
    files: &dyn Files,
    path: &str,
    file: &Arc<str>,
    schema: &Schema,
    spooled: &File,
    take: &mut Take<'_>,
) -> Result<(), ReadError> {
    let names = Names::of(schema);
    // What the columns do not name may be named beside them.
    let others = lines::class_names(files, path);
    let all = names.all().chain(&others).map(|name| ClassInfo { name: name.clone(), ..ClassInfo::default() });
    let all: Vec<ClassInfo> = all.collect();
    if !all.is_empty() {
        take(Found::Classes(all))?;
    }
    let columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
    let folders = partitions::of(path, &columns);
    let (split, mut n, of_lines) = (part_of(path), 0, is_of_lines(schema));
    each_batch(file, spooled, &mut |batch| {
        for row in 0..batch.num_rows() {
            n += 1;
            let place = Place { file: Arc::clone(file), at: Spot::Row(n) };
            let mut bad = Vec::new();
            let mut fields = fields_of(batch, row, &names, of_lines);
            for (name, value) in folders.iter().filter(|(_, value)| !value.is_empty()) {
                fields.entry(name.clone()).or_insert_with(|| value.clone().into());
            }
            let found = lines::of_fields(&fields, &place, &others, split.clone(), &mut bad);
            for one in bad {
                take(Found::Bad(one))?;
            }
            match found {
                Ok(mut item) => {
                    item.name = near(files, path, &item.name);
                    take(Found::Item(Box::new(item)))?;
                }
                Err((reason, name)) => take(Found::Bad(Bad { place, reason, name, whole: true, row: None }))?,
            }
        }
        Ok(true)
    })
}

/// What a row says, as one of the JSON lines.
fn fields_of(batch: &RecordBatch, row: usize, names: &Names, of_lines: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    for (column, field) in batch.columns().iter().zip(batch.schema().fields()) {
        let value = names.named(field.name(), value(column.as_ref(), row));
        match (field.name().as_str(), value) {
            ("image", Value::Object(inner)) => {
                // The name of the picture; where it has none, another column may say it.
                fields.extend(inner.get("path").filter(|p| p.is_string()).map(|p| ("image".to_owned(), p.clone())));
            }
            // A table has a cell for everything that any object has.
            (name, value) if of_lines => drop(fields.insert(name.to_owned(), without_nulls(value))),
            ("objects", Value::Array(list)) => drop(fields.insert("objects".to_owned(), by_field(&list))),
            (name, value) => drop(fields.insert(name.to_owned(), value)),
        }
    }
    if of_lines {
        return fields;
    }
    // In a table of pictures, `path` and `filename` are no more than names.
    for other in ["path", "filename"] {
        if let Some(name) = fields.remove(other) {
            fields.entry("image").or_insert(name);
        }
    }
    fields
}

/// A value without what stands as nothing in its objects.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let said = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(said.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// A list of objects as an object of lists.
fn by_field(list: &[Value]) -> Value {
    let mut out: Map<String, Value> = Map::new();
    for (name, value) in list.iter().filter_map(Value::as_object).flatten() {
        if let Value::Array(all) = out.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new())) {
            all.push(value.clone());
        }
    }
    Value::Object(out)
}

/// The part of the data set by the name of a file such as `train-00000-of-00001.parquet`.
pub(super) fn part_of(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let first = name.split(['-', '_', '.']).next().unwrap_or_default();
    split_of(&format!("{first}/x")).or_else(|| split_of(path))
}

/// A cell as a value; bytes are none.
fn value(array: &dyn Array, row: usize) -> Value {
    if row >= array.len() || array.is_null(row) {
        return Value::Null;
    }
    let list = |inner: arrow_array::ArrayRef| (0..inner.len()).map(|i| value(inner.as_ref(), i)).collect();
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::Float64 => number(array.as_primitive::<Float64Type>().value(row)),
        // As it is written, not with the digits that a wider number would have.
        DataType::Float32 => {
            number(array.as_primitive::<Float32Type>().value(row).to_string().parse().unwrap_or(f64::NAN))
        }
        DataType::List(_) => list(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            Value::Object(columns.map(|(f, column)| (f.name().clone(), value(column.as_ref(), row))).collect())
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => Value::Null,
        other => shown(array, row, other.is_numeric()),
    }
}

fn number(n: f64) -> Value {
    // What is no number is told as it stands, so that a message can name it.
    serde_json::Number::from_f64(n).map_or_else(|| n.to_string().into(), Value::Number)
}

fn shown(array: &dyn Array, row: usize, numeric: bool) -> Value {
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array, &options).ok().and_then(|f| f.value(row).try_to_string().ok());
    let Some(text) = text else { return Value::Null };
    let whole = text.parse::<i64>().ok().filter(|_| numeric).map(Value::from);
    whole.or_else(|| text.parse().ok().filter(|_| numeric).map(number)).unwrap_or(Value::String(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_says_nothing_is_given_up() {
        let file = Arc::from("a.parquet");
        let (tell, told) = sync_channel(1);
        let failed = hear(&file, told, Duration::from_millis(1), &mut |_| Ok(true)).unwrap_err();
        assert!(failed.to_string().contains("the reader gave up on it"), "{failed}");
        assert!(tell.send(Told::Schema(Arc::new(Schema::empty()))).is_err(), "it ends at its next word");
        let (tell, told) = sync_channel(1);
        tell.send(Told::Schema(Arc::new(Schema::empty()))).unwrap();
        drop(tell);
        assert!(hear(&file, told, PATIENCE, &mut |_| Ok(true)).unwrap(), "all was told");
    }
}
