//! What a format can say, and what becomes of the marks that it cannot.
//!
//! What always holds: every change that loses something is counted under a sentence of its own.

use super::Losses;
use super::geometry::around;
use crate::domain::annotation::Shape;
use crate::domain::attribute;
use crate::domain::geometry::{BoxN, Point};
use crate::domain::mask;
use crate::formats::dataset::{Item, Mark, Unit};

/// Which attributes of marks a format has a place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attributes {
    /// Any.
    All,
    /// Only these.
    Named(&'static [&'static str]),
    /// These, and all that are true or false.
    NamedOrFlags(&'static [&'static str]),
}

/// What a format can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Says {
    /// A class of the whole picture.
    pub class: bool,
    /// Several of them.
    pub classes: bool,
    /// Boxes.
    pub boxes: bool,
    /// Polygons.
    pub polygons: bool,
    /// Polygons in several parts.
    pub parts: bool,
    /// Masks.
    pub masks: bool,
    /// Pictures with nothing on them.
    pub empty: bool,
    /// A class is all there is to say: pictures with none are left out.
    pub needs_class: bool,
    /// The size of the picture must be known.
    pub size: bool,
    /// Two pictures whose names only differ in their endings would meet.
    pub by_stem: bool,
    /// What is said of a picture in words is all there is to say; answers are not asked for.
    pub captions: bool,
    /// Which attributes.
    pub attributes: Attributes,
}

impl Says {
    /// Boxes with names, and empty pictures: what most formats say.
    pub(super) const BOXES: Self = Self {
        class: false,
        classes: false,
        boxes: true,
        polygons: false,
        parts: false,
        masks: false,
        empty: true,
        needs_class: false,
        size: true,
        by_stem: false,
        captions: false,
        attributes: Attributes::Named(&[]),
    };
}

/// Changes the marks of a picture into what a format can say. Gives back whether the picture is to be written at all.
pub fn reduce(item: &mut Item, says: &Says, lost: &mut Losses) -> bool {
    let before = item.marks.len();
    let mut kept = Vec::with_capacity(before);
    let mut classes = 0;
    for mut mark in item.marks.drain(..) {
        let left = attributes(&mut mark, says.attributes);
        if mark.shape == Shape::Class {
            classes += 1;
        }
        if !said(&mut mark, says, classes, &mut kept, lost) {
            continue;
        }
        lost.lose("attributes are not written", left);
        kept.push(mark);
    }
    item.marks = kept;
    if !item.marks.is_empty() {
        return true;
    }
    if says.needs_class {
        let what = match before {
            0 => "verified empty pictures are left out",
            _ => "pictures without a class are left out",
        };
        lost.lose(what, 1);
        return false;
    }
    if before > 0 {
        lost.lose("pictures are left out, because nothing that is on them can be written", 1);
        return false;
    }
    if !says.empty {
        lost.lose("verified empty pictures are left out", 1);
    }
    says.empty
}

/// Takes out the attributes that cannot be said; gives back how many.
fn attributes(mark: &mut Mark, says: Attributes) -> u64 {
    let (names, flags) = match says {
        Attributes::All => return 0,
        Attributes::Named(names) => (names, false),
        Attributes::NamedOrFlags(names) => (names, true),
    };
    let before = mark.attributes.len();
    mark.attributes.retain(|name, value| names.contains(&name.as_str()) || (flags && value.is_boolean()));
    (before - mark.attributes.len()) as u64
}

/// Changes one mark; further parts of it go to `kept`. Gives back whether it is written.
fn said(mark: &mut Mark, says: &Says, classes: usize, kept: &mut Vec<Mark>, lost: &mut Losses) -> bool {
    match &mark.shape {
        Shape::Class => {
            let (written, what) = match (says.class, classes) {
                (false, _) => (false, "classes of whole pictures are not written"),
                (true, 2..) if !says.classes => (false, "further classes of a picture are not written"),
                _ => return true,
            };
            lost.lose(what, 1);
            written
        }
        Shape::Box(_) if says.boxes => true,
        Shape::Box(place) if says.polygons => {
            let corners = corners(*place);
            lost.lose("boxes become polygons with four corners", 1);
            mark.shape = Shape::Polygon { parts: vec![corners] };
            true
        }
        Shape::Box(_) => {
            lost.lose("boxes are not written", 1);
            false
        }
        Shape::Polygon { parts } if says.polygons => {
            if parts.len() > 1 && !says.parts {
                lost.lose("polygons in several parts become several polygons", 1);
                let mut parts = parts.clone();
                let last = parts.pop().unwrap_or_default();
                kept.extend(
                    parts.into_iter().map(|p| Mark { shape: Shape::Polygon { parts: vec![p] }, ..mark.clone() }),
                );
                mark.shape = Shape::Polygon { parts: vec![last] };
            }
            true
        }
        Shape::Polygon { parts } => {
            let (place, what) = (around(parts), ["polygons become boxes", "polygons are not written"]);
            boxed(mark, says, place, what, lost)
        }
        Shape::Mask { .. } if says.masks => true,
        Shape::Mask { size, counts } => {
            let place = mask_parts(*size, counts);
            mark.unit = Unit::Part;
            boxed(mark, says, place, ["masks become boxes", "masks are not written"], lost)
        }
    }
}

fn boxed(mark: &mut Mark, says: &Says, place: Option<BoxN>, what: [&'static str; 2], lost: &mut Losses) -> bool {
    let Some(place) = place.filter(|_| says.boxes || says.polygons) else {
        lost.lose(what[1], 1);
        return false;
    };
    lost.lose(what[0], 1);
    mark.shape = if says.boxes { Shape::Box(place) } else { Shape::Polygon { parts: vec![corners(place)] } };
    true
}

fn mask_parts(size: [u32; 2], counts: &[u32]) -> Option<BoxN> {
    let [x, y, w, h] = mask::bounds(size, counts)?.map(f64::from);
    let (height, width) = (f64::from(size[0]), f64::from(size[1]));
    Some(BoxN { x: x / width, y: y / height, w: w / width, h: h / height })
}

fn corners(b: BoxN) -> Vec<Point> {
    let (right, bottom) = (b.x + b.w, b.y + b.h);
    [(b.x, b.y), (right, b.y), (right, bottom), (b.x, bottom)].map(|(x, y)| Point { x, y }).to_vec()
}

/// An attribute as a yes or no: formats write them as truth values, numbers or texts.
pub(super) fn is_set(mark: &Mark, name: &str) -> bool {
    mark.attributes.get(name).is_some_and(attribute::is_yes)
}
