//! Text files with a line for each picture: `a.jpg` in the lists of a data set, which say nothing of what is on it, and
//! `a.jpg x1,y1,x2,y2,class x1,y1,…` in pixels, as keras-yolo3 and Roboflow (`_annotations.txt` beside `_classes.txt`) have it.
//!
//! What always holds: a line without a box is a picture with nothing on it only in a file that is known for its boxes.

use super::super::{item, mark, near, split_of};
use super::{Labelled, Set};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::domain::picture_name::is_picture_name;
use crate::domain::text::printable;
use crate::formats::dataset::{Bad, Files, Found, Mark, Place, ReadError, Take, Unit};

/// A list that is being read.
pub(super) struct List<'a> {
    files: &'a dyn Files,
    path: &'a str,
    /// Its lines may have boxes.
    boxes: bool,
}

/// Whether a text begins with a line of a picture and its boxes.
pub(in crate::formats::read) fn is_of_boxes(text: &str) -> bool {
    let (name, boxes) = parts(text.lines().next().unwrap_or_default());
    is_picture(name) && boxes.first().is_some_and(|first| numbers(first).is_ok())
}

impl<'a> List<'a> {
    /// The list that a file is whose first line is this; nothing if it is none.
    pub(super) fn of(files: &'a dyn Files, path: &'a str, first: &str) -> Option<Self> {
        let known = path.rsplit('/').next() == Some("_annotations.txt");
        let boxes = known || is_of_boxes(first);
        (boxes || is_picture(first.trim())).then_some(Self { files, path, boxes })
    }

    /// Whether it says what is on its pictures.
    pub(super) fn has_boxes(&self) -> bool {
        self.boxes
    }

    /// Takes a line.
    pub(super) fn row(
        &self,
        text: &str,
        set: &Set,
        place: &Place,
        labelled: &mut Labelled,
        take: &mut Take<'_>,
    ) -> Result<(), ReadError> {
        if !self.boxes {
            return Ok(());
        }
        let (name, boxes) = parts(text);
        let name = near(self.files, self.path, name);
        let mut out = item(&name, place);
        out.split = split_of(self.path);
        for one in boxes {
            match boxed(one, set, place) {
                Ok(mark) => out.marks.push(mark),
                Err(reason) => {
                    let (place, name, row) = (place.clone(), Some(name.clone()), Some(one.to_owned()));
                    take(Found::Bad(Bad { place, reason, name, whole: false, row }))?;
                }
            }
        }
        set.place_of(&name).and_then(|at| labelled.get_mut(at)).into_iter().for_each(|slot| *slot = true);
        take(Found::Item(Box::new(out)))
    }
}

fn is_picture(name: &str) -> bool {
    is_picture_name(name.rsplit(['/', '\\']).next().unwrap_or_default())
}

/// The name in front, which may hold spaces, and the boxes.
fn parts(line: &str) -> (&str, Vec<&str>) {
    let mut name = line.trim();
    let mut boxes = Vec::new();
    while let Some((rest, last)) = name.rsplit_once([' ', '\t']).filter(|(_, last)| last.split(',').count() == 5) {
        boxes.push(last);
        name = rest.trim_end();
    }
    boxes.reverse();
    (name, boxes)
}

fn numbers(text: &str) -> Result<([f64; 4], &str), String> {
    let wrong = || format!("`{}` is not x1,y1,x2,y2,class", printable(text));
    let (corners, class) = text.rsplit_once(',').ok_or_else(wrong)?;
    let found: Vec<f64> = corners.split(',').filter_map(|n| n.parse().ok().filter(|n: &f64| n.is_finite())).collect();
    Ok((<[f64; 4]>::try_from(found).map_err(|_| wrong())?, class))
}

fn boxed(text: &str, set: &Set, place: &Place) -> Result<Mark, String> {
    let ([x0, y0, x1, y1], class) = numbers(text)?;
    let shape = Shape::Box(BoxN { x: x0, y: y0, w: x1 - x0, h: y1 - y0 });
    Ok(mark(&set.known().class(class)?, shape, Unit::Pixel, place))
}
