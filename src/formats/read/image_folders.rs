//! A folder for each class (`ImageFolder`, torchvision, YOLO classify): `[train/]CLASS/…/picture.jpg`.
//!
//! The class is the first folder below the part of the data set, where there is one. Pictures in `_unlabeled`, `no_label`
//! and the like, and those in no folder, are only listed.

use super::{Reading, broken, document_label, io_error, item, mark};
use crate::domain::annotation::Shape;
use crate::domain::picture_name::is_picture_name;
use crate::formats::dataset::{Files, Found, Place, ReadError, Spot, Standing, Take, Unit};
use std::sync::Arc;

/// Folders that are no class.
const NO_CLASS: [&str; 5] = ["_unlabeled", "unlabeled", "no_label", "_no_label", "nolabel"];

/// Reads a folder of folders.
///
/// # Errors
/// When it is a file, cannot be listed, or has no pictures.
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let whole: Arc<str> = document_label(files, "");
    if files.is_file() {
        return Err(broken(&whole, "it is a file; folders named after classes are read from the folder above them"));
    }
    let mut n = 0_u64;
    for path in files.list("").map_err(|e| io_error(files.shown(), e))? {
        let path = path.map_err(|e| io_error(files.shown(), e))?;
        if !is_picture_name(&path) {
            continue;
        }
        n += 1;
        let place = Place { file: Arc::clone(&whole), at: Spot::Element("images", n) };
        let mut out = item(&path, &place);
        let mut folders: Vec<&str> = path.split('/').collect();
        folders.pop();
        let part =
            folders.first().and_then(|first| super::split_of(&format!("{first}/x"))).filter(|_| folders.len() > 1);
        if part.is_some() {
            folders.remove(0);
        }
        out.split = part;
        match folders.first() {
            Some(class) if !NO_CLASS.contains(&class.to_ascii_lowercase().as_str()) => {
                out.marks.push(mark(class, Shape::Class, Unit::Part, &place));
            }
            _ => out.standing = Standing::Listed,
        }
        take(Found::Item(Box::new(out)))?;
    }
    if n == 0 { Err(broken(&whole, "there are no pictures in it")) } else { Ok(()) }
}
