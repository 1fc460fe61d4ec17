//! One JSON object a line: everything that is known of a sample, without loss.
//!
//! `path`, `label`, `boxes`, `skip` and `reason` are keys that `lakelens label --from -` takes as well; `annotations` holds
//! the same with ids, authors, times and attributes, and whatever is neither class nor box. `lakelens import` reads all of
//! it back but the ids, which belong to one project, and the verdicts, which belong to those who gave them.

use crate::domain::annotation::{Annotation, Prediction, Shape};
use crate::domain::class::LabelSet;
use crate::domain::geometry::BoxN;
use crate::domain::ids::{AnnotationId, ClassId, Rev};
use crate::domain::review::Review;
use crate::domain::sample::{Answer, Sample, Status};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};

/// The longest line that is read.
pub const MAX_LINE: u64 = 64 << 20;

/// A box with its class, normalised `0..1` in the displayed frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassBox {
    /// The class's name.
    pub class: String,
    /// Where.
    #[serde(flatten)]
    pub place: BoxN,
    /// Free attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
}

/// One annotation with its provenance; the class by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FullAnnotation {
    /// Its id.
    pub id: AnnotationId,
    /// The class's name.
    pub class: String,
    /// Where it applies.
    #[serde(flatten)]
    pub shape: Shape,
    /// Free attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Who made it.
    pub author: String,
    /// When.
    pub at: Timestamp,
}

/// A model's guess; the class by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FullPrediction {
    /// The class's name.
    pub class: String,
    /// Where it applies.
    #[serde(flatten)]
    pub shape: Shape,
    /// Confidence, `0..=1`.
    pub score: f64,
    /// Which model.
    pub model: String,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The picture, relative to the project's source.
    pub path: String,
    /// How far it is.
    pub status: Status,
    /// Whole-picture classes.
    pub label: Vec<String>,
    /// Boxes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<ClassBox>,
    /// Put aside.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
    /// Why it was put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Marked for another look.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flagged: bool,
    /// The person was not sure.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
    /// Everything, with provenance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<FullAnnotation>,
    /// What models have guessed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<FullPrediction>,
    /// Verdicts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<Review>,
    /// Number of edits so far.
    pub rev: i64,
    /// Bytes of the file.
    pub size: u64,
    /// What changes when the file changes.
    pub etag: String,
    /// Pixels as displayed, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels as displayed, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl Record {
    /// A sample as a line, with the classes' names of today.
    #[must_use]
    pub fn new(sample: &Sample, answer: &Answer, set: &LabelSet) -> Self {
        let boxes = answer.annotations.iter().filter_map(|a| match a.shape {
            Shape::Box(place) => Some(ClassBox { class: set.name(a.class), place, attributes: a.attributes.clone() }),
            _ => None,
        });
        Self {
            path: sample.path.clone(),
            status: answer.status,
            label: answer.classes(set).into_iter().map(|c| set.name(c)).collect(),
            boxes: boxes.collect(),
            skip: answer.status == Status::Skipped,
            reason: answer.skip_reason.clone(),
            flagged: answer.flagged,
            unsure: answer.unsure,
            annotations: answer.annotations.iter().map(|a| full_annotation(a, set)).collect(),
            predictions: sample.predictions.iter().map(|p| full_prediction(p, set)).collect(),
            reviews: sample.reviews.clone(),
            rev: sample.rev.0,
            size: sample.size,
            etag: sample.etag.clone(),
            width: sample.width,
            height: sample.height,
        }
    }

    /// The answer in this line. `class` gives the id of a class by its name.
    ///
    /// # Errors
    /// The name of a class that `class` does not know.
    pub fn answer(&self, class: &dyn Fn(&str) -> Option<ClassId>) -> Result<Answer, String> {
        let known = |name: &String| class(name).ok_or_else(|| name.clone());
        let annotations = self.annotations.iter().map(|a| {
            let (class, shape, attributes) = (known(&a.class)?, a.shape.clone(), a.attributes.clone());
            Ok(Annotation { id: a.id, class, shape, attributes, author: a.author.clone(), at: a.at, verified: None })
        });
        Ok(Answer {
            status: self.status,
            skip_reason: self.reason.clone(),
            flagged: self.flagged,
            unsure: self.unsure,
            annotations: annotations.collect::<Result<_, String>>()?,
        })
    }

    /// The revision of the sample.
    #[must_use]
    pub fn rev(&self) -> Rev {
        Rev(self.rev)
    }
}

fn full_annotation(a: &Annotation, set: &LabelSet) -> FullAnnotation {
    let (shape, attributes) = (a.shape.clone(), a.attributes.clone());
    FullAnnotation { id: a.id, class: set.name(a.class), shape, attributes, author: a.author.clone(), at: a.at }
}

fn full_prediction(p: &Prediction, set: &LabelSet) -> FullPrediction {
    FullPrediction { class: set.name(p.class), shape: p.shape.clone(), score: p.score, model: p.model.clone() }
}

/// Writes one line.
///
/// # Errors
/// When the output cannot be written.
pub fn write_line(out: &mut impl Write, record: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Reads the next line that is not blank; returns its bytes in `line`, or `false` at the end.
///
/// # Errors
/// When the input cannot be read, or the line is longer than [`MAX_LINE`].
pub fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        line.clear();
        if input.by_ref().take(MAX_LINE).read_until(b'\n', line)? == 0 {
            return Ok(false);
        }
        if line.len() as u64 == MAX_LINE && !line.ends_with(b"\n") {
            let limit = MAX_LINE >> 20;
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a line is longer than {limit} MiB")));
        }
        if !line.trim_ascii().is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::geometry::Point;
    use crate::domain::ids::{ProjectId, SampleId};

    #[test]
    fn an_answer_comes_back_without_loss() {
        let set = LabelSet::from_names(&["rose", "pink \"tulip\"\n"], 1);
        let at: Timestamp = "2026-01-02T03:04:05.123456Z".parse().unwrap();
        let label = Annotation::label(ClassId(2), "ann", at);
        let place = BoxN { x: 0.1, y: 0.2, w: 0.3, h: 1.0 / 3.0 };
        let mut boxed = Annotation { shape: Shape::Box(place), ..Annotation::label(ClassId(1), "bob", at) };
        boxed.attributes.insert("occluded".to_owned(), true.into());
        let part = vec![Point { x: 0.0, y: 0.5 }, Point { x: 1.0, y: 0.5 }, Point { x: 0.5, y: 1.0 }];
        let polygon =
            Annotation { shape: Shape::Polygon { parts: vec![part] }, ..Annotation::label(ClassId(1), "bob", at) };
        let annotations = vec![label, boxed, polygon];
        let answer = Answer { status: Status::Labeled, flagged: true, annotations, ..Answer::default() };
        let sample = Sample {
            id: SampleId(1),
            project: ProjectId(1),
            path: "a/\u{f7ff}b.jpg".to_owned(),
            size: 5,
            etag: "e".to_owned(),
            width: Some(3),
            height: None,
            orientation: None,
            missing: false,
            rev: Rev(4),
            answer: answer.clone(),
            predictions: Vec::new(),
            reviews: Vec::new(),
            notes: Vec::new(),
            likeness: None,
        };
        let mut bytes = b"\n  \n".to_vec();
        let record = Record::new(&sample, &answer, &set);
        assert_eq!((record.label.len(), record.boxes.len(), record.annotations.len()), (1, 1, 3));
        assert_eq!(record.boxes[0].attributes["occluded"], true);
        write_line(&mut bytes, &record).unwrap();
        let (mut input, mut line) = (bytes.as_slice(), Vec::new());
        assert!(read_line(&mut input, &mut line).unwrap());
        let back: Record = serde_json::from_slice(&line).unwrap();
        assert_eq!(back, record);
        let id = |name: &str| set.find(name).map(|c| c.id);
        assert_eq!(back.answer(&id).unwrap(), answer);
        assert_eq!(back.answer(&|_| None).unwrap_err(), "pink \"tulip\"\n");
        assert!(!read_line(&mut input, &mut line).unwrap());
    }
}
