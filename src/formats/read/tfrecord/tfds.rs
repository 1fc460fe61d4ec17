//! Records of `tensorflow-datasets`: `objects/bbox` has the upper, left, lower and right sides of all boxes in one list, as
//! parts of the picture, and `objects/label` their classes; `label` and `labels` are about the whole picture. The names of
//! classes lie beside the records, one a line.
//!
//! What always holds: a record that says what is on its picture in a way that is not known is never one with nothing on it.

use super::super::mark;
use super::{Feature, Said};
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::domain::text::printable;
use crate::formats::dataset::{Files, Item, Place, Standing, Unit};
use std::collections::BTreeMap;
use std::io::Read;

const OBJECTS: &str = "objects/label";
/// Features that are classes, with the files that name them.
const LISTS: [(&str, &str); 3] =
    [(OBJECTS, "objects-label.labels.txt"), ("label", "label.labels.txt"), ("labels", "labels.labels.txt")];
/// What the name of a feature has in it that says what is on a picture.
const TELLING: [&str; 7] = ["label", "class", "categor", "box", "object", "annot", "mask"];
/// Features that a message names.
const NAMED: usize = 5;

/// Names of classes by the features that use them.
pub(super) struct Lists(Vec<(&'static str, Vec<String>)>);

impl Lists {
    /// Those in the folder of a file.
    pub(super) fn beside(files: &dyn Files, path: &str) -> Self {
        let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let list = |(feature, name)| {
            let mut text = String::new();
            let input = files.open(&format!("{folder}{name}")).ok()?;
            input.take(super::NAMES).read_to_string(&mut text).ok()?;
            Some((feature, text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect()))
        };
        Self(if files.is_file() { Vec::new() } else { LISTS.into_iter().filter_map(list).collect() })
    }

    /// All names.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|(_, names)| names)
    }

    fn named(&self, feature: &str, n: i64, others: &BTreeMap<i64, String>) -> Result<String, String> {
        let own = self.0.iter().find(|(known, _)| *known == feature).map(|(_, names)| names);
        let found = own.and_then(|names| names.get(usize::try_from(n).ok()?)).or_else(|| others.get(&n));
        let file = LISTS.iter().find(|(known, _)| *known == feature).map_or("", |(_, file)| file);
        found.filter(|name| !name.is_empty()).cloned().ok_or_else(|| match own {
            Some(names) => format!("class {n} of {feature} has no name; {file} has {}", names.len()),
            None => format!("class {n} of {feature} has no name: there is no {file} beside it; put one there, with one name a line, and open the folder"),
        })
    }

    /// The classes that a feature says: as texts, else by their numbers. -1 is how one is written that nobody has said.
    fn classes(&self, said: &Said<'_>, feature: &str, others: &BTreeMap<i64, String>) -> Vec<Result<String, String>> {
        match said.texts(feature) {
            told if !told.is_empty() => told.into_iter().map(Ok).collect(),
            _ => said.integers(feature).into_iter().map(|n| self.named(feature, n, others)).collect(),
        }
    }
}

/// Takes what a record says in this way; whether it says anything.
///
/// # Errors
/// When the numbers of boxes do not fit their classes.
pub(super) fn read(
    said: &Said<'_>,
    (lists, others): (&Lists, &BTreeMap<i64, String>),
    place: &Place,
    (out, wrong): (&mut Item, &mut Vec<String>),
) -> Result<bool, String> {
    let has = |key: &str| said.0.contains_key(key);
    for feature in ["label", "labels"] {
        let unsaid = said.integers(feature) == [-1];
        for class in lists.classes(said, feature, others).into_iter().filter(|_| !unsaid) {
            match class {
                Ok(class) => out.marks.push(mark(&class, Shape::Class, Unit::Part, place)),
                Err(reason) => wrong.push(reason),
            }
        }
        if unsaid {
            out.standing = Standing::Listed;
        }
    }
    if has(OBJECTS) || has("objects/bbox") {
        out.standing = Standing::Judged;
        objects(said, lists.classes(said, OBJECTS, others), place, (out, wrong))?;
    }
    Ok([OBJECTS, "objects/bbox", "label", "labels"].into_iter().any(has))
}

fn objects(
    said: &Said<'_>,
    classes: Vec<Result<String, String>>,
    place: &Place,
    (out, wrong): (&mut Item, &mut Vec<String>),
) -> Result<(), String> {
    let numbers = said.floats("objects/bbox");
    if numbers.len() != 4 * classes.len() {
        return Err(format!(
            "objects/bbox has {} numbers, not four for each of its {} classes",
            numbers.len(),
            classes.len()
        ));
    }
    let sides = numbers.chunks_exact(4).filter_map(|four| <[f64; 4]>::try_from(four).ok());
    for (i, ([top, left, bottom, right], class)) in sides.zip(classes).enumerate() {
        let shape = Shape::Box(BoxN { x: left, y: top, w: right - left, h: bottom - top });
        match class {
            Ok(class) => {
                let mut made = mark(&class, shape, Unit::Part, place);
                for (feature, name) in
                    [("is_difficult", "difficult"), ("is_crowd", "iscrowd"), ("is_truncated", "truncated")]
                {
                    if said.integers(&format!("objects/{feature}")).get(i).is_some_and(|n| *n != 0) {
                        made.attributes.insert(name.to_owned(), 1.into());
                    }
                }
                out.marks.push(made);
            }
            Err(reason) => wrong.push(reason),
        }
    }
    Ok(())
}

/// Why a record cannot be taken of which nothing was known, where its features look as if they said what is on it.
pub(super) fn unknown(said: &Said<'_>) -> Option<String> {
    let is_empty = |feature: &Feature<'_>| match feature {
        Feature::Bytes(all) => all.is_empty(),
        Feature::Floats(all) => all.is_empty(),
        Feature::Integers(all) => all.is_empty(),
    };
    let telling = |key: &str| TELLING.iter().any(|part| key.to_ascii_lowercase().contains(part));
    let found = said.0.iter().filter(|(key, feature)| telling(key) && !is_empty(feature));
    let names: Vec<String> = found.take(NAMED).map(|(key, _)| format!("`{}`", printable(key))).collect();
    (!names.is_empty()).then(|| {
        format!(
            "what is on the picture is said in features that are not known: {}; image/object/bbox/…, image/class/… and, of \
             tensorflow-datasets, objects/bbox, objects/label and label are read",
            names.join(", ")
        )
    })
}
