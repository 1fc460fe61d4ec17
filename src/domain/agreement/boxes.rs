//! Agreement in boxes: how well the boxes of two people lie on each other, and how many have a counterpart at all.
//!
//! What always holds: only boxes of the same class are counterparts; a picture in which both saw nothing is counted, and
//! one in which only one of them saw something counts against them. Polygons and masks are not compared.

use super::Figure;
use super::bootstrap;
use super::matching::matched;
use crate::domain::geometry::BoxN;
use serde::{Deserialize, Serialize};

/// Pictures are drawn again in so many groups at most, which bounds the memory whatever their number.
const GROUPS: usize = 1_000;

/// How far people agree in their boxes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Boxes {
    /// Pictures compared, once for each two people.
    pub compared: u64,
    /// Of them, pictures in which neither saw a box.
    pub empty: u64,
    /// Boxes of both, once for each two people.
    pub boxes: u64,
    /// Mean overlap (intersection over union, `0..=1`) of boxes that have a counterpart, the best assignment of all.
    pub iou: Figure,
    /// Share of boxes with a counterpart that overlaps by the threshold or more: twice the hits, by all boxes of both. 1
    /// where neither saw a box in any picture.
    pub f1: Figure,
}

/// Sums over pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Part {
    compared: f64,
    empty: f64,
    first: f64,
    second: f64,
    matched: f64,
    overlap: f64,
    hits: f64,
}

impl Part {
    /// What the boxes of two people of one class in one picture give.
    pub(super) fn of(a: &[BoxN], b: &[BoxN], threshold: f64) -> Self {
        let found = matched(a, b);
        Self {
            compared: 1.0,
            empty: f64::from(u8::from(a.is_empty() && b.is_empty())),
            first: a.len() as f64,
            second: b.len() as f64,
            matched: found.len() as f64,
            overlap: found.iter().sum(),
            // What was drawn at the threshold must not fall below it by rounding.
            hits: found.iter().filter(|iou| **iou >= threshold - 1e-9).count() as f64,
        }
    }

    /// Adds the boxes of another class of the same picture.
    pub(super) fn join(&mut self, other: Self) {
        let empty = self.empty * other.empty;
        self.add(other, 1.0);
        (self.compared, self.empty) = (1.0, empty);
    }

    /// Has anything been seen.
    pub(super) fn is_something(&self) -> bool {
        self.first + self.second > 0.0
    }

    fn add(&mut self, other: Self, weight: f64) {
        self.compared += weight * other.compared;
        self.empty += weight * other.empty;
        self.first += weight * other.first;
        self.second += weight * other.second;
        self.matched += weight * other.matched;
        self.overlap += weight * other.overlap;
        self.hits += weight * other.hits;
    }

    fn measures(&self) -> [Option<f64>; 2] {
        let boxes = self.first + self.second;
        let f1 = if boxes > 0.0 { Some(2.0 * self.hits / boxes) } else { (self.empty > 0.0).then_some(1.0) };
        [(self.matched > 0.0).then(|| self.overlap / self.matched), f1]
    }
}

/// Sums of many pictures, in groups that are drawn again.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups(Vec<Part>);

impl Groups {
    /// Adds a picture, which has a number.
    pub(super) fn add(&mut self, picture: usize, part: Part) {
        let group = picture % GROUPS;
        if self.0.len() <= group {
            self.0.resize(group + 1, Part::default());
        }
        if let Some(place) = self.0.get_mut(group) {
            place.add(part, 1.0);
        }
    }

    /// The measures with their intervals.
    pub(super) fn boxes(&self, seed: u64) -> Boxes {
        let parts: Vec<Part> = self.0.iter().filter(|p| p.compared > 0.0).copied().collect();
        let sum = |weights: &[f64]| {
            let mut all = Part::default();
            parts.iter().zip(weights).for_each(|(part, weight)| all.add(*part, *weight));
            all
        };
        let ones = vec![1; parts.len()];
        let all = sum(&vec![1.0; parts.len()]);
        let [iou, f1] = all.measures();
        let [iou_ends, f1_ends] = bootstrap::intervals(&ones, seed, |weights| sum(weights).measures());
        Boxes {
            compared: all.compared as u64,
            empty: all.empty as u64,
            boxes: (all.first + all.second) as u64,
            iou: Figure::new(iou, iou_ends),
            f1: Figure::new(f1, f1_ends),
        }
    }
}
