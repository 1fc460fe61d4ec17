//! The numbers of a mark, as they stand in a file, brought into the one frame of the program: parts of the picture as it
//! is displayed. Nothing that leaves here is outside the picture.

use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::formats::dataset::{Item, Mark, POINTS_IN_PARTS, Unit};
use serde_json::Value;

/// What is forgiven at an edge, as a part of the side: six decimals, rounded twice.
const SLACK: f64 = 2e-6;

/// How a picture is displayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
    /// EXIF orientation, 1-8.
    pub(super) orientation: u8,
}

/// What was noticed about the declared size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oddity {
    /// It is that of the stored picture, which is displayed turned.
    Transposed,
    /// It is another size; the numbers are scaled.
    Other,
}

/// How the numbers of an item are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Width and height that pixels are counted in, where known.
    size: Option<(u32, u32)>,
    /// Width and height as displayed, which masks must have.
    displayed: Option<(u32, u32)>,
    /// EXIF orientation to be applied to the numbers; 1: none.
    orientation: u8,
    clamp: bool,
}

impl Frame {
    /// The frame of an item; `real` is what is known of the picture itself.
    pub(super) fn new(item: &Item, real: Option<Size>, clamp: bool) -> (Self, Option<Oddity>) {
        let declared = item.width.zip(item.height);
        let Some(real) = real else {
            return (Self { size: declared, displayed: declared, orientation: 1, clamp }, None);
        };
        let shown = (real.width, real.height);
        let turned = (5..=8).contains(&real.orientation);
        let stored = if turned { (real.height, real.width) } else { shown };
        let frame = |size, orientation| Self { size: Some(size), displayed: Some(shown), orientation, clamp };
        if item.stored_frame {
            return (frame(declared.unwrap_or(stored), real.orientation), None);
        }
        match declared {
            Some(size) if turned && size == stored && size != shown => {
                (frame(size, real.orientation), Some(Oddity::Transposed))
            }
            Some(size) if size != shown => (frame(size, 1), Some(Oddity::Other)),
            _ => (frame(shown, 1), None),
        }
    }

    /// The mark in parts of the displayed picture.
    ///
    /// # Errors
    /// Why it cannot be taken.
    pub(super) fn fit(&self, mark: &mut Mark) -> Result<(), String> {
        let pixels = mark.unit == Unit::Pixel;
        mark.shape = match &mark.shape {
            Shape::Class => Shape::Class,
            Shape::Box(b) => Shape::Box(self.boxed(*b, pixels)?),
            Shape::Polygon { parts } => Shape::Polygon { parts: self.polygon(parts, pixels)? },
            Shape::Mask { size, counts } => self.mask(*size, counts)?,
        };
        self.key_points(mark, pixels)?;
        mark.unit = Unit::Part;
        Ok(())
    }

    /// Key points go with their box, and are kept in pixels of the displayed picture.
    fn key_points(&self, mark: &mut Mark, pixels: bool) -> Result<(), String> {
        if let Some(given) = mark.attributes.remove(POINTS_IN_PARTS) {
            let points = self.placed(&given, false)?;
            let seen = points.iter().skip(2).step_by(3).filter(|v| v.as_f64().is_some_and(|v| v > 0.0)).count();
            mark.attributes.insert("num_keypoints".to_owned(), seen.into());
            mark.attributes.insert("keypoints".to_owned(), points.into());
        }
        let moved = pixels && (self.orientation > 1 || self.displayed.is_some_and(|shown| self.size != Some(shown)));
        if let Some(given) = mark.attributes.get_mut("keypoints").filter(|_| moved) {
            *given = self.placed(given, true)?.into();
        }
        Ok(())
    }

    /// Triples of x, y and how well it is seen (0: it is nowhere), in pixels of the displayed picture.
    fn placed(&self, given: &Value, pixels: bool) -> Result<Vec<Value>, String> {
        let (sw, sh) = self.scale(pixels)?;
        let (w, h) = self.displayed.ok_or("the size of the picture is not known, so that key points have no place")?;
        let list = given.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut out = Vec::with_capacity(list.len());
        for triple in list.chunks(3) {
            let [x, y, seen] = triple else { return Err("key points are not three numbers each".to_owned()) };
            let number = |v: &Value| v.as_f64().filter(|n| n.is_finite()).ok_or("a number of a key point is none");
            let (x, y, nowhere) = (number(x)?, number(y)?, number(seen)? == 0.0);
            if nowhere && x == 0.0 && y == 0.0 {
                out.extend(triple.iter().cloned());
                continue;
            }
            let at = self.turned(Point { x: x / sw, y: y / sh });
            // A millionth of a pixel is what division leaves behind.
            let side = |part: f64, whole: u32| Value::from((part * f64::from(whole) * 1e6).round() / 1e6);
            out.extend([side(at.x, w), side(at.y, h), seen.clone()]);
        }
        Ok(out)
    }

    fn scale(&self, pixels: bool) -> Result<(f64, f64), String> {
        match (pixels, self.size) {
            (false, _) => Ok((1.0, 1.0)),
            (true, Some((w, h))) if w > 0 && h > 0 => Ok((f64::from(w), f64::from(h))),
            (true, _) => Err("the size of the picture is not known: the file does not say it, and the picture itself \
                              cannot be read"
                .to_owned()),
        }
    }

    fn boxed(&self, b: BoxN, pixels: bool) -> Result<BoxN, String> {
        if let Some(n) = [b.x, b.y, b.w, b.h].into_iter().find(|n| !n.is_finite()) {
            return Err(format!("a number of the box must be finite (got {n})"));
        }
        let shown = || format!("x {} y {} w {} h {}", b.x, b.y, b.w, b.h);
        if b.w <= 0.0 || b.h <= 0.0 {
            return Err(format!("bbox requires w>0 and h>0: {}", shown()));
        }
        let (sw, sh) = self.scale(pixels)?;
        let part = BoxN { x: b.x / sw, y: b.y / sh, w: b.w / sw, h: b.h / sh };
        let outside = [-part.x, -part.y, part.x + part.w - 1.0, part.y + part.h - 1.0];
        let worst = outside.into_iter().fold(0.0, f64::max);
        if worst > SLACK && !self.clamp {
            let rule = if part.x < -SLACK || part.y < -SLACK {
                "bbox requires x>=0 and y>=0"
            } else {
                "bbox must fit within [0,1]: x+w<=1 and y+h<=1"
            };
            let size = self.size.filter(|_| pixels).map(|(w, h)| format!(" in {w}x{h}")).unwrap_or_default();
            return Err(format!("{rule}: {}{size} leaves the picture; --clamp cuts it off", shown()));
        }
        // What lies inside keeps its numbers to the last bit.
        let fits = part.x >= 0.0 && part.y >= 0.0 && part.x + part.w <= 1.0 && part.y + part.h <= 1.0;
        let inside = if fits { Some(part) } else { part.clamped() };
        let inside = inside.ok_or_else(|| format!("the box {} lies outside the picture", shown()))?;
        let (a, c) = (Point { x: inside.x, y: inside.y }, Point { x: inside.x + inside.w, y: inside.y + inside.h });
        if self.orientation <= 1 {
            return Ok(inside);
        }
        let (a, c) = (self.turned(a), self.turned(c));
        let (x, y) = (a.x.min(c.x), a.y.min(c.y));
        BoxN { x, y, w: a.x.max(c.x) - x, h: a.y.max(c.y) - y }.clamped().ok_or_else(|| "the box is empty".to_owned())
    }

    /// A point of the stored picture, as displayed.
    fn turned(&self, Point { x, y }: Point) -> Point {
        let (x, y) = match self.orientation {
            2 => (1.0 - x, y),
            3 => (1.0 - x, 1.0 - y),
            4 => (x, 1.0 - y),
            5 => (y, x),
            6 => (1.0 - y, x),
            7 => (1.0 - y, 1.0 - x),
            8 => (y, 1.0 - x),
            _ => (x, y),
        };
        Point { x, y }
    }

    fn polygon(&self, parts: &[Vec<Point>], pixels: bool) -> Result<Vec<Vec<Point>>, String> {
        let (sw, sh) = self.scale(pixels)?;
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            if part.len() < 3 {
                return Err(format!("a part of the polygon has {} corners; three are the least", part.len()));
            }
            let mut corners = Vec::with_capacity(part.len());
            for corner in part {
                let at = Point { x: corner.x / sw, y: corner.y / sh };
                if !at.x.is_finite() || !at.y.is_finite() {
                    return Err("a number of the polygon is not finite".to_owned());
                }
                let outside = [-at.x, -at.y, at.x - 1.0, at.y - 1.0].into_iter().fold(0.0, f64::max);
                if outside > SLACK && !self.clamp {
                    let (x, y) = (corner.x, corner.y);
                    return Err(format!(
                        "the corner {x}, {y} of the polygon leaves the picture; --clamp moves it to the edge"
                    ));
                }
                corners.push(self.turned(Point { x: at.x.clamp(0.0, 1.0), y: at.y.clamp(0.0, 1.0) }));
            }
            out.push(corners);
        }
        if out.is_empty() { Err("the polygon has no parts".to_owned()) } else { Ok(out) }
    }

    fn mask(&self, size: [u32; 2], counts: &[u32]) -> Result<Shape, String> {
        let sum: u64 = counts.iter().map(|c| u64::from(*c)).sum();
        let [height, width] = size;
        let pixels = u64::from(width) * u64::from(height);
        if sum != pixels || pixels == 0 {
            return Err(format!("the run lengths are {sum} pixels together, but {width} x {height} are {pixels}"));
        }
        if counts.iter().skip(1).step_by(2).all(|ones| *ones == 0) {
            return Err("the mask is empty".to_owned());
        }
        if let Some((w, h)) = self.displayed
            && (w, h) != (width, height)
        {
            return Err(format!("mask {width}x{height} does not match image {w}x{h} as it is displayed"));
        }
        Ok(Shape::Mask { size, counts: counts.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::dataset::{Place, Spot, Standing};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn place() -> Place {
        Place { file: Arc::from("f"), at: Spot::Whole }
    }

    fn item(width: u32, height: u32) -> Item {
        let (width, height) = (Some(width), Some(height));
        let (name, extra) = ("a.jpg".to_owned(), BTreeMap::new());
        Item {
            name,
            width,
            height,
            stored_frame: false,
            split: None,
            standing: Standing::Judged,
            marks: vec![],
            extra,
            place: place(),
        }
    }

    fn fitted(frame: &Frame, x: f64, y: f64, w: f64, h: f64) -> Result<BoxN, String> {
        frame.boxed(BoxN { x, y, w, h }, true)
    }

    #[test]
    fn a_size_that_is_the_stored_one_turns_the_box() {
        // labelling.md: stored 80 x 50, orientation 6, displayed 50 x 80.
        let real = Size { width: 50, height: 80, orientation: 6 };
        let (frame, odd) = Frame::new(&item(80, 50), Some(real), false);
        assert_eq!(odd, Some(Oddity::Transposed));
        let b = fitted(&frame, 0.0, 0.0, 8.0, 10.0).unwrap();
        // The stored top left is the displayed top right.
        assert!(
            (b.x - 0.8).abs() < 1e-12 && b.y == 0.0 && (b.w - 0.2).abs() < 1e-12 && (b.h - 0.1).abs() < 1e-12,
            "{b:?}"
        );
        let (frame, odd) = Frame::new(&item(50, 80), Some(real), false);
        assert_eq!((odd, fitted(&frame, 5.0, 8.0, 5.0, 8.0).unwrap()), (None, BoxN { x: 0.1, y: 0.1, w: 0.1, h: 0.1 }));
        let (frame, odd) = Frame::new(&item(100, 160), Some(real), false);
        assert_eq!(odd, Some(Oddity::Other));
        assert_eq!(fitted(&frame, 0.0, 0.0, 50.0, 80.0).unwrap(), BoxN { x: 0.0, y: 0.0, w: 0.5, h: 0.5 });
    }

    #[test]
    fn key_points_go_with_their_box() {
        let real = Size { width: 50, height: 80, orientation: 6 };
        let mark = |key: &str, points: &[f64], unit| Mark {
            class: "a".to_owned(),
            shape: Shape::Class,
            unit,
            score: None,
            author: None,
            at: None,
            attributes: BTreeMap::from([(key.to_owned(), Value::from(points.to_vec()))]),
            place: place(),
        };
        let points = |mark: &Mark| -> Vec<f64> {
            mark.attributes["keypoints"].as_array().unwrap().iter().filter_map(Value::as_f64).collect()
        };
        let put = |declared: (u32, u32), mut mark: Mark| {
            Frame::new(&item(declared.0, declared.1), Some(real), false).0.fit(&mut mark).map(|()| mark)
        };
        let given = [8.0, 10.0, 2.0, 0.0, 0.0, 0.0];
        let pixels = |declared| points(&put(declared, mark("keypoints", &given, Unit::Pixel)).unwrap());
        assert_eq!(pixels((50, 80)), given, "of the displayed picture they stay");
        assert_eq!(pixels((80, 50)), [40.0, 8.0, 2.0, 0.0, 0.0, 0.0], "of the stored one they are turned");
        assert_eq!(pixels((100, 160)), [4.0, 5.0, 2.0, 0.0, 0.0, 0.0], "of another size they are scaled");
        let parts = put((50, 80), mark(POINTS_IN_PARTS, &[0.5, 0.25, 1.0, 0.0, 0.0, 0.0], Unit::Part)).unwrap();
        assert_eq!(points(&parts), [25.0, 20.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!((parts.attributes.len(), &parts.attributes["num_keypoints"]), (2, &Value::from(1)));
        // Ours are pixels already, beside a box in parts.
        assert_eq!(points(&put((50, 80), mark("keypoints", &given, Unit::Part)).unwrap()), given);
        assert!(put((50, 80), mark(POINTS_IN_PARTS, &[0.5, 0.25], Unit::Part)).is_err());
        let mut lost = mark(POINTS_IN_PARTS, &given, Unit::Part);
        let nowhere = Item { width: None, ..item(1, 1) };
        assert!(Frame::new(&nowhere, None, false).0.fit(&mut lost).unwrap_err().contains("not known"));
    }

    #[test]
    fn what_leaves_the_picture_is_refused_or_cut() {
        let strict = Frame::new(&item(100, 100), None, false).0;
        let clamp = Frame::new(&item(100, 100), None, true).0;
        let told = fitted(&strict, 90.0, 0.0, 10.01, 5.0).unwrap_err();
        assert!(told.contains("x+w<=1") && told.contains("--clamp") && told.contains("100x100"), "{told}");
        assert_eq!(fitted(&clamp, 90.0, 0.0, 10.01, 5.0).unwrap().w, 1.0 - 0.9);
        assert!(fitted(&strict, 0.0, 0.0, 0.0, 5.0).unwrap_err().contains("w>0"));
        assert!(fitted(&clamp, 200.0, 0.0, 5.0, 5.0).unwrap_err().contains("outside"));
        assert!(fitted(&clamp, f64::NAN, 0.0, 5.0, 5.0).unwrap_err().contains("finite"));
        assert!(strict.mask([5, 5], &[25]).unwrap_err().contains("empty"));
        assert!(strict.mask([5, 5], &[20, 5]).unwrap_err().contains("does not match image 100x100"));
    }

    proptest! {
        #[test]
        fn nothing_leaves_the_picture(
            x in -50.0..150.0, y in -50.0..150.0, w in -5.0..200.0, h in -5.0..200.0, o in 1_u8..9, clamp: bool,
        ) {
            let real = Size { width: 100, height: 70, orientation: o };
            let turned = (5..=8).contains(&o);
            let frame = Frame::new(&if turned { item(70, 100) } else { item(100, 70) }, Some(real), clamp).0;
            if let Ok(b) = fitted(&frame, x, y, w, h) {
                prop_assert!(b.x >= 0.0 && b.y >= 0.0 && b.w > 0.0 && b.h > 0.0);
                prop_assert!(b.x + b.w <= 1.0 + 1e-15 && b.y + b.h <= 1.0 + 1e-15, "{:?}", b);
            }
        }
    }
}
