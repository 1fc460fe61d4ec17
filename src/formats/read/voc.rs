//! Pascal VOC: a file of XML for each picture; and the XML of the first LabelMe, the one of the web, which looks like it, and
//! that of roLabelImg, which has turned boxes (read as polygons).
//!
//! The first pixel is 0 for most writers and 1, with the last pixel belonging to the box, in the VOC devkit and for
//! supervision; nothing in a file says which. `auto` reads all files once before: a coordinate of 0 anywhere means 0; else
//! `The VOC20xx Database`, or `roboflow.ai` in the folder `VOC` (what supervision writes), means 1; else 0, with a notice.

use super::sorter::{Key, key_of};
use super::xml::{self, Node, number, side};
use super::{Reading, VocOrigin, document_label, documents, item, mark, split_of_folders};
use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::natural::NameList;
use crate::formats::dataset::{Bad, Files, Found, Item, Mark, Place, ReadError, Spot, Take, Unit};
use serde_json::{Map, Value};
use std::io::{BufReader, Read};
use std::sync::Arc;

/// Reads one file, or all of a folder with its `ImageSets/Main`.
///
/// # Errors
/// When nothing can be read. A single file that is broken is a bad row.
pub fn read(files: &dyn Files, with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let paths = documents(files, &["xml"])?;
    let one = match with.voc_origin {
        VocOrigin::Zero => false,
        VocOrigin::One => true,
        VocOrigin::Auto => guess(files, &paths, take)?,
    };
    let pictures = Pictures::new(files)?;
    for path in &paths {
        let (file, path) = (document_label(files, &path), path.as_str());
        let place = Place { file: Arc::clone(&file), at: Spot::Whole };
        let mut found = 0;
        let read = trees(files, path, &mut |node| {
            found += 1;
            annotation(&node, path, &place, one, &pictures, take)
        });
        match read {
            Ok(()) if found > 0 => {}
            Ok(()) if !files.is_file() => {}
            Ok(()) => return Err(super::broken(&file, "there is no <annotation> in it; it is no Pascal VOC file")),
            // One file of many.
            Err(ReadError::Broken { place, reason }) if !files.is_file() => {
                take(Found::Bad(Bad { place, reason, name: None, whole: true, row: None }))?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn trees(files: &dyn Files, path: &str, take: &mut dyn FnMut(Node) -> Result<(), ReadError>) -> Result<(), ReadError> {
    xml::each(super::open(files, path)?, &document_label(files, path), &["annotation"], take)
}

/// Whether the first pixel is 1.
fn guess(files: &dyn Files, paths: &NameList, take: &mut Take<'_>) -> Result<bool, ReadError> {
    let (mut zero, mut one, mut any) = (false, false, false);
    for path in paths {
        let looked = trees(files, &path, &mut |node| {
            for bndbox in node.all("object").filter_map(|o| o.child("bndbox")) {
                any = true;
                let is_zero = |key: &str| number(bndbox.text_of(key), key).is_ok_and(|n| n < 0.5);
                zero |= is_zero("xmin") || is_zero("ymin");
            }
            let database = node.child("source").and_then(|s| s.text_of("database")).unwrap_or_default();
            let folder = node.text_of("folder").unwrap_or_default();
            one |= (database.starts_with("The VOC") && database.ends_with("Database"))
                || (folder == "VOC" && database == "roboflow.ai");
            Ok(())
        });
        // What is wrong with a file is said when it is read.
        if zero || matches!(looked, Err(ReadError::Io { .. })) {
            break;
        }
    }
    if any && !zero {
        let place = Place { file: document_label(files, ""), at: Spot::Whole };
        let text = if one {
            "the files look like those of the VOC devkit, so the first pixel is taken for 1; --voc-origin 0 says otherwise"
        } else {
            "nothing says whether the first pixel is 0 or 1; it is taken for 0; --voc-origin 1 says otherwise"
        };
        take(Found::Note(place, text.to_owned()))?;
    }
    Ok(one && !zero)
}

/// What the folder knows of pictures: which there are, and their part of the data set.
struct Pictures<'a> {
    files: &'a dyn Files,
    /// Hashes of the names of pictures without their endings, sorted, and the part of each: its place in [`SPLITS`].
    splits: Vec<(u64, u8)>,
}

/// The parts of a data set.
const SPLITS: [&str; 3] = ["train", "val", "test"];

fn hash(name: &str) -> u64 {
    (key_of(name) & Key::from(u64::MAX)) as u64
}

/// The names that a line of a list may mean: all of it, or what stands before a number that says more of the picture.
fn listed(line: &str) -> impl Iterator<Item = &str> {
    let whole = line.trim().trim_matches('"');
    let numbered = whole.rsplit_once([' ', '\t']).filter(|(_, number)| matches!(*number, "0" | "1" | "-1"));
    [whole].into_iter().chain(numbered.map(|(name, _)| name.trim()))
}

impl<'a> Pictures<'a> {
    fn new(files: &'a dyn Files) -> Result<Self, ReadError> {
        let mut splits = Vec::new();
        for path in documents(files, &["txt"])?.iter().filter(|_| !files.is_file()) {
            let Some((folder, name)) = path.rsplit_once('/') else { continue };
            let split = name.strip_suffix(".txt").unwrap_or(name);
            let Some(split) = SPLITS.iter().position(|known| *known == split) else { continue };
            if !folder.ends_with("ImageSets/Main") {
                continue;
            }
            let mut input = BufReader::new(super::open(files, &path)?.take(64 << 20));
            super::lines::each_line(&mut input, &document_label(files, &path), &mut |_, line| {
                let line = String::from_utf8_lossy(line);
                splits.extend(listed(&line).map(|stem| (hash(stem), split as u8)));
                Ok(())
            })?;
        }
        // Of a name in several lists the last counts.
        splits.sort_by_key(|(hash, _)| *hash);
        Ok(Self { files, splits })
    }

    /// The part of the data set that a picture is listed in, by its name without its ending.
    fn split(&self, stem: &str) -> Option<String> {
        let wanted = hash(stem);
        let end = self.splits.partition_point(|(hash, _)| *hash <= wanted);
        let (_, split) =
            end.checked_sub(1).and_then(|last| self.splits.get(last)).filter(|(hash, _)| *hash == wanted)?;
        SPLITS.get(usize::from(*split)).map(|split| (*split).to_owned())
    }

    /// The picture's name: below what was opened where it lies there, else as the file says.
    fn name(&self, xml: &str, filename: &str) -> String {
        let (folder, _) = xml.rsplit_once('/').unwrap_or(("", xml));
        let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
        let join = |parts: [&str; 3]| parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("/");
        let places =
            [join([folder, "", filename]), join([above, "JPEGImages", filename]), join([above, "images", filename])];
        let inside = |p: &&String| !filename.contains("..") && !filename.starts_with('/') && self.files.exists(p);
        match self.files.is_file() {
            true => filename.to_owned(),
            false => places.iter().find(inside).cloned().unwrap_or_else(|| filename.to_owned()),
        }
    }
}

fn annotation(
    node: &Node,
    path: &str,
    place: &Place,
    one: bool,
    pictures: &Pictures<'_>,
    take: &mut Take<'_>,
) -> Result<(), ReadError> {
    let stem = path.rsplit('/').next().and_then(|n| n.strip_suffix(".xml")).unwrap_or_default();
    let Some(filename) = node.text_of("filename").or((!stem.is_empty()).then_some(stem)) else {
        let reason = "it names no picture: <filename> is missing".to_owned();
        return take(Found::Bad(Bad { place: place.clone(), reason, name: None, whole: true, row: None }));
    };
    let mut out: Item = item(&pictures.name(path, filename), place);
    let size = node.child("size").or_else(|| node.child("imagesize"));
    out.width = size.and_then(|s| side(s.text_of("width").or_else(|| s.text_of("ncols"))));
    out.height = size.and_then(|s| side(s.text_of("height").or_else(|| s.text_of("nrows"))));
    let own = pictures.split(filename.rsplit_once('.').map_or(filename, |(stem, _)| stem));
    out.split = own.or_else(|| split_of_folders(path));
    for (n, object) in (1..).zip(node.all("object")) {
        if object.text_of("deleted") == Some("1") {
            continue;
        }
        let place = Place { file: Arc::clone(&place.file), at: Spot::Element("objects", n) };
        match thing(object, &place, one) {
            Ok(mark) => out.marks.push(mark),
            Err(reason) => {
                let name = Some(out.name.clone());
                take(Found::Bad(Bad { place, reason, name, whole: false, row: None }))?;
            }
        }
    }
    take(Found::Item(Box::new(out)))
}

fn thing(object: &Node, place: &Place, one: bool) -> Result<Mark, String> {
    let class = object.text_of("name").ok_or("the object has no <name>")?;
    let shape = if let Some(bndbox) = object.child("bndbox") {
        boxed(bndbox, one)?
    } else if let Some(turned) = object.child("robndbox") {
        robndbox(turned)?
    } else if let Some(polygon) = object.child("polygon") {
        let corner = |pt: &Node| Ok(Point { x: number(pt.text_of("x"), "x")?, y: number(pt.text_of("y"), "y")? });
        let corners = polygon.all("pt").map(corner).collect::<Result<Vec<Point>, String>>()?;
        let is_box = object.text_of("type") == Some("bounding_box");
        is_box.then(|| upright(&corners)).flatten().unwrap_or(Shape::Polygon { parts: vec![corners] })
    } else if let Some(bndbox) = object.child("segm").and_then(|s| s.child("box")) {
        boxed(bndbox, one)?
    } else {
        return Err("the object has neither <bndbox> nor <polygon>".to_owned());
    };
    let mut out = mark(class, shape, Unit::Pixel, place);
    for key in ["pose", "truncated", "difficult", "occluded"] {
        let said = object.text_of(key).filter(|v| !matches!(*v, "0" | "Unspecified" | "no"));
        if let Some(value) = said {
            out.attributes.insert(key.to_owned(), if value == "1" { true.into() } else { value.into() });
        }
    }
    if let Some(actions) = object.child("actions") {
        let value = |n: &Node| (n.name.clone(), Value::Bool(n.text == "1"));
        out.attributes
            .insert("actions".to_owned(), Value::Object(actions.children.iter().map(value).collect::<Map<_, _>>()));
    }
    for inner in object.child("attributes").into_iter().flat_map(|a| a.all("attribute")) {
        if let (Some(key), Some(value)) = (inner.text_of("name"), inner.text_of("value")) {
            out.attributes.insert(key.to_owned(), value.into());
        }
    }
    Ok(out)
}

/// The box of four corners, as the LabelMe of the web writes one.
fn upright(corners: &[Point]) -> Option<Shape> {
    let [a, b, c, d] = corners else { return None };
    let across = a.y == b.y && b.x == c.x && c.y == d.y && d.x == a.x;
    let down = a.x == b.x && b.y == c.y && c.x == d.x && d.y == a.y;
    let at = BoxN { x: a.x.min(c.x), y: a.y.min(c.y), w: (a.x - c.x).abs(), h: (a.y - c.y).abs() };
    (across || down).then_some(Shape::Box(at))
}

/// A box by its middle, turned by so many radians, as roLabelImg writes one.
fn robndbox(turned: &Node) -> Result<Shape, String> {
    let value = |key: &str| number(turned.text_of(key), key);
    let (cx, cy, w, h, angle) = (value("cx")?, value("cy")?, value("w")?, value("h")?, value("angle")?);
    Ok(match angle == 0.0 {
        true => Shape::Box(BoxN { x: cx - w / 2.0, y: cy - h / 2.0, w, h }),
        false => super::round::turned_box(Point { x: cx, y: cy }, (w, h), angle),
    })
}

fn boxed(bndbox: &Node, one: bool) -> Result<Shape, String> {
    let side = |key: &str| number(bndbox.text_of(key), key);
    let (x0, y0, x1, y1) = (side("xmin")?, side("ymin")?, side("xmax")?, side("ymax")?);
    let shift = if one { 1.0 } else { 0.0 };
    // Counted from 1 with the last pixel in the box: only the first corner moves.
    Ok(Shape::Box(BoxN { x: x0 - shift, y: y0 - shift, w: x1 - x0 + shift, h: y1 - y0 + shift }))
}
