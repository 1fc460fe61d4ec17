//! Parquet as pyarrow, polars, Spark and Hugging Face's `datasets` write it: nested columns, nothing in them, partitions.

use super::mutations::annotations::Memory;
use super::odd::{Seen, read, read_files};
use super::variants::boxes;
use arrow_array::builder::{Float64Builder, Int64Builder, ListBuilder, MapBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Fields};
use lakelens::formats::dataset::{Item, Standing};
use lakelens::formats::read::Format;
use std::collections::BTreeMap;
use std::sync::Arc;

fn texts(all: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(all.to_vec()))
}

/// A list of texts in each row, or nothing.
fn lists(rows: &[Option<&[&str]>]) -> ArrayRef {
    let mut out = ListBuilder::new(StringBuilder::new());
    for row in rows {
        row.unwrap_or_default().iter().for_each(|text| out.values().append_value(text));
        out.append(row.is_some());
    }
    Arc::new(out.finish())
}

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, a)| (name, a, true))).unwrap();
    let mut out = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

fn seen(columns: Vec<(&str, ArrayRef)>) -> Seen {
    read(Format::Parquet, "a.parquet", file(columns))
}

fn told<'a>(seen: &'a Seen) -> Vec<(&'a str, Vec<&'a str>, Standing)> {
    let classes = |item: &'a Item| item.marks.iter().map(|m| m.class.as_str()).collect();
    seen.items.iter().map(|item| (item.name.as_str(), classes(item), item.standing)).collect()
}

const ROWS: [&str; 3] = ["a.jpg", "b.jpg", "c.jpg"];

#[test]
fn a_list_of_classes_is_no_class() {
    let some: [Option<&[&str]>; 3] = [Some(&["cat", "a \"dog\""]), Some(&[]), None];
    let wanted = vec![
        ("a.jpg", vec!["cat", "a \"dog\""], Standing::Judged),
        ("b.jpg", vec![], Standing::Judged),
        ("c.jpg", vec![], Standing::Listed),
    ];
    for column in ["label", "labels"] {
        let seen = seen(vec![("path", texts(&ROWS)), (column, lists(&some))]);
        assert_eq!((told(&seen), seen.reasons()), (wanted.clone(), vec![]), "{column}");
    }
    // Of a box there is one.
    let number = |n: f64| -> ArrayRef { Arc::new(arrow_array::Float64Array::from(vec![n; 3])) };
    let sides = ["xmin", "ymin", "xmax", "ymax"].into_iter().zip([1., 2., 3., 4.]).map(|(name, n)| (name, number(n)));
    let one: [Option<&[&str]>; 3] = [Some(&["cat"]), Some(&["cat", "dog"]), Some(&[])];
    let columns = [("path", texts(&ROWS)), ("label", lists(&one))].into_iter().chain(sides).collect();
    let seen = read(Format::Parquet, "a.parquet", file(columns));
    assert_eq!(boxes(&seen), [("cat".to_owned(), [1., 2., 2., 2.])]);
    assert!(seen.says("the box has 2 classes, not one") && seen.says("the box has 0 classes"), "{:?}", seen.reasons());
}

#[test]
fn other_nested_columns_are_no_classes_either() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("cat");
    map.values().append_value(1);
    map.append(true).unwrap();
    let seen = seen(vec![("path", texts(&["a.jpg"])), ("label", Arc::new(map.finish()))]);
    assert!(
        seen.items.is_empty() && seen.says("`label`, holds neither texts nor lists of texts"),
        "{:?}",
        seen.reasons()
    );
}

/// The objects of a row: a class and the numbers of a box.
type Row<'a> = Option<&'a [(&'a str, [Option<f64>; 4])]>;

/// Objects with some fields of text and of number, where a cell without a value is nothing.
fn objects(rows: &[Row<'_>]) -> ArrayRef {
    let names = ["x", "y", "w", "h"];
    let numbers = names.map(|name| Field::new(name, DataType::Float64, true));
    let fields = Fields::from(
        [&[Field::new("class", DataType::Utf8, true), Field::new("kind", DataType::Utf8, true)], &numbers[..]].concat(),
    );
    let mut out = ListBuilder::new(StructBuilder::from_fields(fields, 0));
    for row in rows {
        for (class, numbers) in row.unwrap_or_default() {
            let one = out.values();
            one.field_builder::<StringBuilder>(0).unwrap().append_value(class);
            one.field_builder::<StringBuilder>(1).unwrap().append_option(numbers[0].map(|_| "box"));
            for (i, n) in numbers.iter().enumerate() {
                one.field_builder::<Float64Builder>(i + 2).unwrap().append_option(*n);
            }
            one.append(true);
        }
        out.append(row.is_some());
    }
    Arc::new(out.finish())
}

#[test]
fn json_lines_that_became_a_table_are_read_as_lines() {
    let all = [Some(0.25), Some(0.25), Some(0.5), Some(0.5)];
    let rows: [Row<'_>; 3] = [Some(&[("cat", all), ("indoors", [None; 4])]), Some(&[]), None];
    let status = texts(&["labeled", "labeled", "unlabeled"]);
    let seen = seen(vec![("path", texts(&ROWS)), ("status", status), ("annotations", objects(&rows))]);
    let wanted = vec![
        ("a.jpg", vec!["cat", "indoors"], Standing::Answered),
        ("b.jpg", vec![], Standing::Answered),
        ("c.jpg", vec![], Standing::Listed),
    ];
    assert_eq!((told(&seen), seen.reasons()), (wanted, vec![]));
    assert_eq!(boxes(&seen), [("cat".to_owned(), [0.25, 0.25, 0.5, 0.5])]);
}

#[test]
fn a_table_without_objects_in_a_row_says_nothing_of_its_picture() {
    let rows: [Row<'_>; 2] = [Some(&[]), None];
    let seen = seen(vec![("image", texts(&ROWS[..2])), ("objects", objects(&rows))]);
    assert_eq!(told(&seen), [("a.jpg", vec![], Standing::Judged), ("b.jpg", vec![], Standing::Listed)]);
}

#[test]
fn the_folders_of_a_table_say_what_its_files_do_not() {
    let of = |name: &str| file(vec![("path", texts(&[name]))]);
    let files = [
        ("split=train/label=red%20dog/0.parquet", of("a.jpg")),
        ("split=val/label=cat/0.parquet", of("b.jpg")),
        ("split=val/label=__HIVE_DEFAULT_PARTITION__/0.parquet", of("c.jpg")),
        ("split=val/label=cat/1.parquet", file(vec![("path", texts(&["d.jpg"])), ("label", texts(&["own"]))])),
    ];
    let files: BTreeMap<String, Vec<u8>> = files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes)).collect();
    let seen = read_files(Format::Parquet, Memory { files, name: "set".to_owned() });
    let mut found: Vec<(&str, Option<&str>, Vec<&str>)> = seen
        .items
        .iter()
        .map(|item| {
            let classes = item.marks.iter().map(|m| m.class.as_str()).collect();
            (item.name.as_str(), item.split.as_deref(), classes)
        })
        .collect();
    found.sort_unstable();
    let (train, val) = (Some("train"), Some("val"));
    let wanted = [
        ("a.jpg", train, vec!["red dog"]),
        ("b.jpg", val, vec!["cat"]),
        ("c.jpg", val, vec![]),
        ("d.jpg", val, vec!["own"]),
    ];
    assert_eq!((found, seen.reasons()), (wanted.to_vec(), vec![]));
}
