//! What is not read, by what it looks like, so that a refusal can say what to do about it.

use crate::domain::picture_name::is_picture_name;

const PACKED: &str = "it is packed; unpack it and give what is in it";
const TABLE: &str = "it is a table of a kind that is not read; write it as Parquet or CSV, which are";
/// First bytes of what is not read, with what to do about it.
const KNOWN: [(&[u8], &str); 16] = [
    (b"PK\x03\x04", "it is a zip archive; unpack it and give the folder, or the annotation file in it"),
    (b"\x1f\x8b", "it is packed with gzip; unpack it (gunzip) and give what is in it"),
    (b"\xff\xfe", "its text is UTF-16; save it as UTF-8 and try again"),
    (b"\xfe\xff", "its text is UTF-16; save it as UTF-8 and try again"),
    (b"\x28\xb5\x2f\xfd", PACKED),
    (b"\xfd7zXZ", PACKED),
    (b"BZh", PACKED),
    (b"7z\xbc\xaf", PACKED),
    (b"Rar!", PACKED),
    (b"ARROW1", "it is an Arrow or Feather file; write it as Parquet, which is read"),
    (b"ORC", TABLE),
    (b"Obj\x01", TABLE),
    (b"SQLite format 3", "it is a database of SQLite; write its table as CSV"),
    (b"\x89HDF", "it is HDF5, which is not read; write its annotations as COCO, CSV or Parquet"),
    (b"MATLAB ", "it is a file of MATLAB, which is not read; write its annotations as COCO, CSV or Parquet"),
    (b"\x93NUMPY", "it is an array of NumPy, which says no names; write its annotations as COCO, CSV or Parquet"),
];

/// Why a file with these first bytes is not read; nothing for one that looks like nothing known.
pub(super) fn of_bytes(head: &[u8]) -> Option<&'static str> {
    if matches!(head, [0x80, 2..=5, ..]) {
        return Some(
            "it is a pickle of Python, which could run anything and is never opened; write JSON, CSV or Parquet",
        );
    }
    KNOWN.iter().find(|(first, _)| head.starts_with(first)).map(|(_, why)| *why)
}

/// The same for the first part of a text.
pub(super) fn of_text(head: &str) -> Option<&'static str> {
    let has = |key: &str| head.contains(&format!("\"{key}\""));
    if head.trim_start().starts_with('{') && has("classes") && has("labels") && !has("images") {
        return Some(
            "it is FiftyOne's own form of labels; export it from FiftyOne as COCODetectionDataset, YOLOv5Dataset or \
             ImageClassificationDirectoryTree",
        );
    }
    if has("crop_box") {
        return Some(
            "it holds masks of Segment Anything, which name no classes; write them as one COCO file with a category",
        );
    }
    let start = head.trim_start().to_ascii_lowercase();
    if start.starts_with("version https://git-lfs") {
        return Some("it only stands for a file that Git LFS keeps; fetch that with `git lfs pull`");
    }
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Some(
            "it is a web page, perhaps an error or a sign-in that was saved in place of the file; fetch it again",
        );
    }
    let words: Vec<&str> = head.lines().next().unwrap_or_default().split_whitespace().collect();
    let numbers = words.iter().skip(1).filter(|word| word.parse::<f64>().is_ok()).count();
    let kitti = matches!(words.len(), 15 | 16) && numbers + 1 == words.len();
    (kitti && words.first().is_some_and(|class| class.parse::<f64>().is_err()))
        .then_some("it is KITTI, which is not read; convert it to COCO or YOLO, for instance with datumaro or FiftyOne")
}

/// The same for a folder with files of these names.
pub(super) fn of_names(names: &[String]) -> Option<&'static str> {
    let any = |ending: &str| names.iter().any(|name| name.ends_with(ending));
    if any(".arrow") {
        return Some("it holds Arrow files of `datasets`; write it with to_parquet, which is read");
    }
    if any(".xlsx") || any(".xls") || any(".ods") {
        return Some("it is a spreadsheet; save the sheet as CSV in UTF-8");
    }
    if any(".tar") || any(".tar.gz") || any(".tgz") {
        return Some("it is a tar archive; unpack it and give the folder, or the annotation file in it");
    }
    if any("samples.json") && any("metadata.json") {
        return Some("it is FiftyOne's own form of a data set; export it from FiftyOne as COCODetectionDataset");
    }
    None
}

/// Whether pictures lie in folders, which may be their classes.
pub(super) fn has_pictures_in_folders(names: &[String]) -> bool {
    let in_folder = |name: &String| name.rsplit_once('/').is_some_and(|(_, own)| is_picture_name(own));
    names.iter().any(in_folder)
}
