//! Deciding between two answers: what stands then, and how the history tells it.
//!
//! What always holds: a decision is one of the two answers as it was given, or all of both with the same thing once; its
//! message says what was taken, so that a picture that was decided is known by its history alone.

use super::matching::matched;
use crate::domain::annotation::{Annotation, Shape};
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Edit, Origin};
use crate::domain::geometry::BoxN;
use crate::domain::ids::ClassId;
use crate::domain::sample::{Answer, Status};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How the messages of decisions begin.
const WORD: &str = "decided: ";
/// Boxes of one class that overlap at least so much are the same object.
pub(super) const SAME: f64 = 0.5;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The one answer.
    A,
    /// The other.
    B,
    /// Both together.
    Both,
}

/// The answer that stands after a decision, and the message of the edit that says so. Both answers come with the name of
/// who gave them.
#[must_use]
pub fn decision(taken: Taken, a: (&Answer, &str), b: (&Answer, &str), labels: &LabelSet) -> (Answer, String) {
    let told = |(answer, by): (&Answer, &str)| format!("{} by {}", answer.summary(labels), name(by));
    match taken {
        Taken::A => (a.0.clone(), format!("{WORD}{}, not {}", told(a), told(b))),
        Taken::B => (b.0.clone(), format!("{WORD}{}, not {}", told(b), told(a))),
        Taken::Both => (both(a.0, b.0, labels), format!("{WORD}both {} and {}", told(a), told(b))),
    }
}

/// What whoever gave an answer is called; nobody gave what came with an import.
#[must_use]
pub fn name(by: &str) -> &str {
    if by.is_empty() { "an import" } else { by }
}

/// All annotations of both: a class of the whole picture once, boxes of the same class that lie on each other once.
#[must_use]
pub fn both(a: &Answer, b: &Answer, labels: &LabelSet) -> Answer {
    let mut annotations = a.annotations.clone();
    for new in &b.annotations {
        if !a.annotations.iter().any(|old| same(old, new, labels) || old.id == new.id) {
            annotations.push(new.clone());
        }
    }
    Answer { status: Status::Labeled, skip_reason: None, flagged: a.flagged, unsure: false, annotations }
}

/// Whether two answers differ: in how far they are, in their classes, or in boxes without a counterpart.
#[must_use]
pub fn differ(a: &Answer, b: &Answer, labels: &LabelSet) -> bool {
    let sorted = |answer: &Answer| {
        let mut classes: Vec<_> =
            answer.annotations.iter().map(|a| (a.shape.kind(), labels.resolve(a.class))).collect();
        classes.sort_unstable();
        classes
    };
    if a.status != b.status || sorted(a) != sorted(b) {
        return true;
    }
    let boxes = |answer: &Answer| {
        let mut out: BTreeMap<ClassId, Vec<BoxN>> = BTreeMap::new();
        for annotation in &answer.annotations {
            if let Shape::Box(at) = &annotation.shape {
                out.entry(labels.resolve(annotation.class)).or_default().push(*at);
            }
        }
        out
    };
    let (first, second) = (boxes(a), boxes(b));
    let none = Vec::new();
    let together = |(class, all): (&ClassId, &Vec<BoxN>)| {
        let found = matched(all, second.get(class).unwrap_or(&none));
        found.iter().filter(|iou| **iou >= SAME).count() == all.len()
    };
    !first.iter().all(together)
}

fn same(a: &Annotation, b: &Annotation, labels: &LabelSet) -> bool {
    let shape = match (&a.shape, &b.shape) {
        (Shape::Box(a), Shape::Box(b)) => a.iou(*b) >= SAME,
        (a, b) => a == b,
    };
    shape && labels.resolve(a.class) == labels.resolve(b.class)
}

/// Whether the edits of a sample (in any order) decide between two answers of which the later one was given at `since`:
/// somebody has decided, or given another answer on their own, and that was not taken back.
#[must_use]
pub fn is_decided<'a>(edits: impl IntoIterator<Item = &'a Edit>, since: Timestamp) -> bool {
    let edits: Vec<&Edit> = edits.into_iter().collect();
    let undone = |edit: &Edit| {
        let steps = edits.iter().filter_map(|e| match e.origin {
            Origin::Undo(of) if of == edit.id => Some((e.at, true)),
            Origin::Redo(of) if of == edit.id => Some((e.at, false)),
            _ => None,
        });
        steps.max_by_key(|(at, _)| *at).is_some_and(|(_, undone)| undone)
    };
    let decides = |edit: &Edit| match &edit.change {
        Change::Answer { before, after, .. } => {
            let other = (&before.annotations, before.status) != (&after.annotations, after.status);
            edit.message.starts_with(WORD) || other
        }
        Change::Verdict { .. } | Change::Classes { .. } | Change::Check { .. } => false,
    };
    edits.iter().any(|e| e.origin == Origin::Person && e.at > since && decides(e) && !undone(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{EditId, ProjectId, Rev, SampleId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn drawn(boxes: &[(i64, f64)]) -> Answer {
        let one = |(class, x): &(i64, f64)| Annotation {
            shape: Shape::Box(BoxN { x: *x, y: 0.0, w: 0.2, h: 0.5 }),
            ..Annotation::label(ClassId(*class), "x", at(0))
        };
        Answer { status: Status::Labeled, annotations: boxes.iter().map(one).collect(), ..Answer::default() }
    }

    #[test]
    fn both_together_have_the_same_object_once() {
        let labels = LabelSet::from_names(&["daisy", "roses"], 1);
        let (a, b) = (drawn(&[(1, 0.0), (2, 0.5)]), drawn(&[(1, 0.02), (1, 0.5), (2, 0.8)]));
        let (answer, message) = decision(Taken::Both, (&a, "ann"), (&b, ""), &labels);
        assert_eq!(answer.annotations.len(), 4);
        assert_eq!(answer.annotations[..2], a.annotations);
        assert_eq!(message, "decided: both 2 boxes by ann and 3 boxes by an import");
        assert_eq!(decision(Taken::B, (&a, "ann"), (&b, "bob"), &labels).0, b);
    }

    #[test]
    fn answers_differ_in_classes_and_in_boxes_that_lie_elsewhere() {
        let labels = LabelSet::from_names(&["daisy", "roses"], 1);
        let a = drawn(&[(1, 0.0), (2, 0.5)]);
        assert!(!differ(&a, &drawn(&[(2, 0.52), (1, 0.01)]), &labels));
        assert!(differ(&a, &drawn(&[(2, 0.7), (1, 0.01)]), &labels));
        assert!(differ(&a, &drawn(&[(1, 0.0), (1, 0.5)]), &labels));
        assert!(differ(&a, &Answer { status: Status::Skipped, ..a.clone() }, &labels));
        assert!(!differ(&a, &Answer { flagged: true, ..a.clone() }, &labels));
    }

    #[test]
    fn a_decision_counts_until_it_is_taken_back() {
        let (a, b) = (drawn(&[(1, 0.0)]), drawn(&[(2, 0.0)]));
        let edit = |before: &Answer, after: &Answer, second: i64, message: &str, origin| Edit {
            message: message.to_owned(),
            origin,
            ..Edit::by_person(
                ProjectId(1),
                Change::Answer { sample: SampleId(1), base: Rev(0), before: before.clone(), after: after.clone() },
                "cleo",
                at(second),
            )
        };
        let person = Origin::Person;
        assert!(!is_decided(&[edit(&a, &b, 5, "", person)], at(9)), "before the second answer");
        assert!(!is_decided(&[edit(&a, &a, 10, "flag", person)], at(9)), "nothing of what was disputed");
        let decided = edit(&a, &a, 10, "decided: daisy by ann, not roses by bob", person);
        assert!(is_decided(std::slice::from_ref(&decided), at(9)));
        assert!(is_decided(&[edit(&a, &b, 10, "", person)], at(9)), "a third answer");
        let undo = edit(&a, &a, 11, "", Origin::Undo(decided.id));
        assert!(!is_decided(&[undo.clone(), decided.clone()], at(9)));
        let redo = edit(&a, &a, 12, "", Origin::Redo(decided.id));
        assert!(is_decided(&[undo, decided, redo], at(9)));
        let other = Origin::Undo(EditId::fresh());
        assert!(!is_decided(&[edit(&a, &b, 10, "decided: x", other)], at(9)));
    }
}
