//! What is not read, by what it looks like, so that a refusal can say what to do about it.

use crate::domain::picture_name::is_picture_name;

/// Why a file with these first bytes is not read; nothing for one that looks like nothing known.
pub(super) fn of_bytes(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'P', b'K', 3, 4, ..] => {
            Some("it is a zip archive; unpack it and give the folder, or the annotation file in it")
        }
        [0x1f, 0x8b, ..] => Some("it is packed with gzip; unpack it (gunzip) and give what is in it"),
        // Before UTF-16, whose mark it begins with.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("its text is UTF-16; save it as UTF-8 and try again"),
        _ => None,
    }
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
