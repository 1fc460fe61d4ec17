//! The parts of a data set, as names of folders and files and as lists of pictures say them.

use super::lines::each_line;
use super::sorter::{Key, key_of};
use super::{document_label, labelme, open};
use crate::domain::picture_name::is_picture_name;
use crate::formats::dataset::{Files, ReadError};
use std::io::{BufReader, Read};

/// The parts that have names.
const PARTS: [&str; 3] = ["train", "val", "test"];
/// Bytes of a list that are read.
const LONGEST: u64 = 64 << 20;

/// Which of the parts a word stands for.
fn called(word: &str) -> Option<usize> {
    match word.to_ascii_lowercase().as_str() {
        "train" | "training" => Some(0),
        "val" | "valid" | "validate" | "validation" => Some(1),
        "test" | "testing" => Some(2),
        _ => None,
    }
}

fn name(part: usize) -> Option<String> {
    PARTS.get(part).map(|part| (*part).to_owned())
}

/// The part of a data set that a folder name or file name stands for.
pub(super) fn split_of(path: &str) -> Option<String> {
    let stem = path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
    let last = stem.rsplit(['_', '-']).next().unwrap_or_default();
    called(last).and_then(name).or_else(|| split_of_folders(path))
}

/// The part of a data set that a folder name stands for: all there is to go by in a file about one picture, whose name,
/// such as `crash-test.txt`, is that of the picture.
pub(super) fn split_of_folders(path: &str) -> Option<String> {
    path.rsplit('/').skip(1).find_map(called).and_then(name)
}

/// The part that the cell of a table says; one that is not said to be of any has none.
pub(super) fn split_of_cell(cell: &str) -> Option<String> {
    match cell.eq_ignore_ascii_case("unassigned") {
        true => None,
        false => called(cell).and_then(name).or_else(|| Some(cell.to_owned())),
    }
}

/// Pictures that `train.txt`, `val2017.txt`, `autosplit_test.txt` and their like name, one a line.
#[derive(Default)]
pub(super) struct Lists {
    /// Hashes of names with their last folder and without ending, and the part; sorted by [`Self::sort`].
    pictures: Vec<(u64, u8)>,
}

impl Lists {
    /// Whether a file may be one of the lists, by its name.
    pub(super) fn may_be(path: &str) -> bool {
        part_of_list(path).is_some()
    }

    /// Reads one; a file whose first line is no picture is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(&mut self, files: &dyn Files, path: &str) -> Result<(), ReadError> {
        let Some(part) = part_of_list(path) else { return Ok(()) };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut is_list = None;
        let mut input = BufReader::new(open(files, path)?.take(LONGEST));
        each_line(&mut input, &document_label(files, path), &mut |_, line| {
            let line = String::from_utf8_lossy(line).trim().replace('\\', "/");
            if *is_list.get_or_insert_with(|| is_picture_name(line.rsplit('/').next().unwrap_or_default())) {
                let below = labelme::beside(folder, &line).unwrap_or(line);
                self.pictures.push((key(&below), part as u8));
            }
            Ok(())
        })
    }

    /// To be called after the last was read. Of a picture in several lists the first counts.
    pub(super) fn sort(&mut self) {
        self.pictures.sort_by_key(|(key, _)| *key);
    }

    /// The part that a picture is listed in.
    pub(super) fn part(&self, picture: &str) -> Option<String> {
        let wanted = key(picture);
        let at = self.pictures.partition_point(|(key, _)| *key < wanted);
        let (_, part) = self.pictures.get(at).filter(|(key, _)| *key == wanted)?;
        name(usize::from(*part))
    }
}

fn part_of_list(path: &str) -> Option<usize> {
    let stem = path.rsplit('/').next()?.strip_suffix(".txt")?.to_ascii_lowercase();
    let stem = stem.strip_prefix("autosplit_").unwrap_or(&stem);
    called(stem.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Lists are written from another place than where the data set lies, so that folders above the last one differ.
fn key(picture: &str) -> u64 {
    let start = picture.rmatch_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
    let end = picture.rsplit_once('.').map_or(picture, |(stem, _)| stem);
    (key_of(end.get(start..).unwrap_or(end)) & Key::from(u64::MAX)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts() {
        assert_eq!(split_of("a/instances_val.json").as_deref(), Some("val"));
        assert_eq!(split_of("valid/_annotations.coco.json").as_deref(), Some("val"));
        assert_eq!(split_of("labels/train/crash-test.txt").as_deref(), Some("test"));
        assert_eq!(split_of_folders("labels/train/crash-test.txt").as_deref(), Some("train"));
        assert_eq!(split_of_folders("test.txt"), None);
        assert_eq!(split_of_cell("VALIDATION").as_deref(), Some("val"));
        assert_eq!((split_of_cell("UNASSIGNED"), split_of_cell("fold 3").as_deref()), (None, Some("fold 3")));
        let lists = ["train.txt", "x/val2017.txt", "autosplit_test.txt", "cat_train.txt", "notes.txt", "train.csv"];
        assert_eq!(lists.map(Lists::may_be), [true, true, true, false, false, false]);
    }
}
