//! Annotation files: whatever the bytes are, a reader ends with items, bad rows or an error that can be shown.

use lakelens::formats::dataset::{Files, Found, ReadError};
use lakelens::formats::read::{self, Format, Reading};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::Path;

/// Files in memory: one file, or a folder of them.
#[derive(Clone, Default)]
pub struct Memory {
    /// By their paths; an empty path is the one file that was opened.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What the one file is called.
    pub name: String,
}

impl Files for Memory {
    fn shown(&self) -> &str {
        &self.name
    }

    fn is_file(&self) -> bool {
        self.files.contains_key("")
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(bytes.clone())))
    }

    fn list(&self, folder: &str) -> io::Result<Box<dyn Iterator<Item = io::Result<String>> + '_>> {
        let inside = move |path: &&String| folder.is_empty() || path.starts_with(&format!("{folder}/"));
        let paths: Vec<String> = self.files.keys().filter(inside).cloned().collect();
        Ok(Box::new(paths.into_iter().map(Ok)))
    }
}

/// What was found, counted: pictures, marks, bad rows.
pub type Counts = (usize, usize, usize);

/// Reads the files and checks the laws: no panic, messages without control characters, and no more found than could
/// stand in so many bytes.
pub fn check(format: Format, files: &Memory, scratch: &Path) -> Result<Counts, String> {
    let bytes: usize = files.files.values().map(Vec::len).sum();
    let (mut items, mut marks, mut bad) = (0, 0, 0);
    let done = read::read(format, files, &Reading::new(scratch), &mut |found| {
        match found {
            Found::Item(item) => {
                items += 1;
                marks += item.marks.len();
                shown(&item.place.to_string());
            }
            Found::Bad(one) => {
                bad += 1;
                assert!(!one.reason.is_empty(), "a bad row without a reason at {}", one.place);
                shown(&one.place.to_string());
            }
            Found::Classes(_) | Found::Note(..) => {}
        }
        Ok(())
    });
    // A packed column can say the same value very often in few bytes, and a compressed file is longer inside.
    let dense = matches!(format, Format::Parquet | Format::TfRecord);
    assert!(
        dense || items + marks + bad <= 4 * bytes + 16,
        "{items} pictures, {marks} marks, {bad} bad in {bytes} bytes"
    );
    match done {
        Ok(()) => Ok((items, marks, bad)),
        Err(ReadError::Stopped) => panic!("nobody stopped it"),
        Err(error) => {
            shown(&error.to_string());
            Err(error.to_string())
        }
    }
}

fn shown(text: &str) {
    assert!(!text.chars().any(char::is_control), "a message with control characters: {text:?}");
}

/// What a file of this format is usually called.
pub fn usual_name(format: Format) -> &'static str {
    match format {
        Format::Jsonl => "a.jsonl",
        Format::Yolo => "labels/train/a.txt",
        Format::Voc => "Annotations/a.xml",
        Format::Cvat => "a.xml",
        Format::OpenImages => "train-annotations-bbox.csv",
        Format::Csv => "a.csv",
        Format::Parquet => "train-00000-of-00001.parquet",
        Format::TfRecord => "a.tfrecord",
        Format::ImageFolder => "cat/a.jpg",
        _ => "a.json",
    }
}

/// One input of a fuzzer: as the one file that is opened, and as a file of a folder.
pub fn input(format: Format, bytes: &[u8]) {
    let name = usual_name(format);
    let scratch = std::env::temp_dir();
    let one = |path: &str| Memory {
        files: BTreeMap::from([(path.to_owned(), bytes.to_vec())]),
        name: name.rsplit('/').next().unwrap_or_default().to_owned(),
    };
    drop(check(format, &one(""), &scratch));
    drop(check(format, &one(name), &scratch));
    if format == Format::Via {
        drop(check(format, &one("a.csv"), &scratch));
    }
}

/// Detection alone.
pub fn detect(bytes: &[u8]) {
    let files = Memory { files: BTreeMap::from([(String::new(), bytes.to_vec())]), name: "a.json".to_owned() };
    if let Err(error) = read::detect::detect(&files) {
        shown(&error.to_string());
    }
}
