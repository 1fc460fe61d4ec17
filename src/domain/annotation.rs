//! What a person says about a picture: classes, boxes, polygons, masks.

use super::geometry::{BoxN, Point};
use super::ids::{AnnotationId, ClassId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where an annotation applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Shape {
    /// The whole picture.
    Class,
    /// A box.
    Box(BoxN),
    /// A closed polygon, in one part or, where something hides its middle, in several.
    Polygon {
        /// The parts: each at least three corners in order, without repeating the first. No part is a hole.
        parts: Vec<Vec<Point>>,
    },
    /// A bitmap as run lengths, column-major, starting with zeros (COCO's uncompressed counts).
    Mask {
        /// Height and width of the bitmap.
        size: [u32; 2],
        /// Alternating lengths of zeros and ones.
        counts: Vec<u32>,
    },
}

impl Shape {
    /// The name of the kind as stores and files write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Box(_) => "box",
            Self::Polygon { .. } => "polygon",
            Self::Mask { .. } => "mask",
        }
    }

    /// How many numbers it holds.
    #[must_use]
    pub fn numbers(&self) -> usize {
        match self {
            Self::Class => 0,
            Self::Box(_) => 4,
            Self::Polygon { parts } => parts.iter().map(|part| 2 * part.len()).sum(),
            Self::Mask { counts, .. } => 2 + counts.len(),
        }
    }
}

/// A person has looked at one annotation and says that it is right as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One annotation with its provenance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// Stable id, kept across edits that do not touch this annotation.
    pub id: AnnotationId,
    /// The class as given; read it through [`super::class::LabelSet::resolve`].
    pub class: ClassId,
    /// Where it applies.
    #[serde(flatten)]
    pub shape: Shape,
    /// Free attributes, such as `occluded`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Who made it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// Who has looked at it since it was made or changed last. It says nothing about the picture: no difference of two
    /// answers, and no export, knows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

impl Annotation {
    /// Whether another one says the same, whoever has looked at either.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let told = |a: &Self| (a.id, a.class, a.author.clone(), a.at);
        told(self) == told(other) && self.shape == other.shape && self.attributes == other.attributes
    }

    /// A whole-picture label, as made by one key.
    #[must_use]
    pub fn label(class: ClassId, author: &str, at: Timestamp) -> Self {
        let (id, author) = (AnnotationId::fresh(), author.to_owned());
        Self { id, class, shape: Shape::Class, attributes: BTreeMap::new(), author, at, verified: None }
    }
}

/// A model's guess on a sample; never mixed with annotations, promoted to one by accepting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The class it guesses.
    pub class: ClassId,
    /// Where it applies.
    #[serde(flatten)]
    pub shape: Shape,
    /// Confidence, `0..=1`.
    pub score: f64,
    /// Which model.
    pub model: String,
}
