//! Rows that are put into tables directly: what readers see, and what becomes of writers that meet.

use super::{few, open, stop};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use delta_kernel::parquet::arrow::ArrowWriter;
use lakelens::domain::version::At;
use lakelens::lake::delta::{DeltaError, Mode, Put, Rows};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of rows with these ids.
fn rows(folder: &Path, ids: &[&str]) -> PathBuf {
    let path = folder.join(format!("{}.parquet", ids.join("-")));
    let id: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
    let batch = RecordBatch::try_from_iter([("id", id)]).unwrap();
    let mut out = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    out.write(&batch).unwrap();
    out.close().unwrap();
    path
}

fn put<'a>(file: &'a Path, sha256: &'a str, mode: Mode) -> Rows<'a> {
    let message = "a test".to_owned();
    Rows { file, sha256, mode, source: "tests", parameters: Vec::new(), message }
}

fn ids(folder: &Path, at: &At) -> Vec<String> {
    let sheet = open(folder).first_rows(at, few(1000), &stop()).unwrap();
    let mut ids: Vec<_> = sheet.rows.iter().map(|row| row[0].text().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn writers_that_meet_come_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table");
    let first = rows(dir.path(), &["0"]);
    let sum = "00000000000000aa";
    assert_eq!(open(&table).put(&put(&first, sum, Mode::Create), &stop()).unwrap(), Put::Written(0));
    std::thread::scope(|scope| {
        for writer in 1..=4 {
            let (table, dir) = (&table, dir.path());
            scope.spawn(move || {
                for turn in 0..2 {
                    let file = rows(dir, &[&format!("{writer}{turn}")]);
                    let done = open(table).put(&put(&file, "00000000000000bb", Mode::Append), &stop()).unwrap();
                    assert!(matches!(done, Put::Written(_)));
                }
            });
        }
    });
    assert_eq!(open(&table).versions(&stop()).unwrap(), (0, 8));
    assert_eq!(ids(&table, &At::Now), ["0", "10", "11", "20", "21", "30", "31", "40", "41"]);
    assert_eq!(ids(&table, &At::Version(0)), ["0"]);
    let about = open(&table).about(&At::Now, &stop()).unwrap();
    assert_eq!((about.files, about.rows), (9, Some(9)), "readers know the numbers of rows without reading");
    assert_eq!(fs::read_dir(&table).unwrap().count(), 10, "nothing is left over");
}

#[test]
fn of_two_that_make_a_table_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table");
    let files: Vec<_> = ["1", "2"].iter().map(|id| rows(dir.path(), &[id])).collect();
    let done: Vec<_> = std::thread::scope(|scope| {
        let work = |(file, sum): (PathBuf, &'static str)| {
            let table = &table;
            scope.spawn(move || open(table).put(&put(&file, sum, Mode::Create), &stop()))
        };
        let started: Vec<_> = files.into_iter().zip(["00000000000000aa", "00000000000000bb"]).map(work).collect();
        started.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let written = done.iter().filter(|d| matches!(d, Ok(Put::Written(0)))).count();
    let told =
        done.iter().filter(|d| matches!(d, Err(DeltaError::Exists { .. } | DeltaError::NotWritable { .. }))).count();
    assert_eq!((written, told), (1, 1), "{done:?}");
    assert_eq!(ids(&table, &At::Now).len(), 1);
    assert_eq!(fs::read_dir(&table).unwrap().count(), 2, "the file of the other is removed");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = rows(dir.path(), &["1"]);
    // A file where a folder is wanted; permissions would not stop an administrator.
    fs::write(dir.path().join("plain"), "x").unwrap();
    let table = dir.path().join("plain/table");
    let error = open(&table).put(&put(&file, "00000000000000aa", Mode::Create), &stop()).unwrap_err();
    assert!(matches!(error, DeltaError::NotWritable { .. }) && error.to_string().contains("plain/table"), "{error}");
}
