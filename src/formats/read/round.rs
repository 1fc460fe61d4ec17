//! Circles, ellipses and turned boxes, which projects keep as polygons.

use crate::domain::annotation::Shape;
use crate::domain::geometry::Point;

/// Corners of the polygon that stands for one.
const CORNERS: u32 = 64;

/// The polygon of an ellipse by its middle and its two radii, turned by so many radians, clockwise where y goes down.
pub(super) fn ellipse(middle: Point, (rx, ry): (f64, f64), turn: f64) -> Shape {
    let (sin, cos) = turn.sin_cos();
    let corner = |n: u32| {
        let (s, c) = (f64::from(n) / f64::from(CORNERS) * std::f64::consts::TAU).sin_cos();
        Point { x: middle.x + rx * c * cos - ry * s * sin, y: middle.y + rx * c * sin + ry * s * cos }
    };
    Shape::Polygon { parts: vec![(0..CORNERS).map(corner).collect()] }
}

/// The polygon of a box by its middle and its two sides, turned about its middle as an ellipse is.
pub(super) fn turned_box(middle: Point, (w, h): (f64, f64), turn: f64) -> Shape {
    let (sin, cos) = turn.sin_cos();
    let corner = |(dx, dy): (f64, f64)| Point { x: middle.x + dx * cos - dy * sin, y: middle.y + dx * sin + dy * cos };
    let (w, h) = (w / 2.0, h / 2.0);
    Shape::Polygon { parts: vec![[(-w, -h), (w, -h), (w, h), (-w, h)].map(corner).to_vec()] }
}
