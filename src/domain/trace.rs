//! What happened to a picture and to each shape on it, told from its edits in words.
//!
//! Why here: the panel on the screen and `lakelens replay` must tell the same story. What always holds: a shape is followed
//! by its id, which moving and relabelling keep, so nothing is guessed from where shapes lie; what nobody changed is not
//! told; answers to gold pictures are never told, because they are not the picture's.

use super::annotation::{Annotation, Shape};
use super::attribute;
use super::class::LabelSet;
use super::edit::{Change, Edit, Origin};
use super::ids::AnnotationId;
use super::sample::Answer;
use jiff::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, by the clock of who did it.
    pub at: Timestamp,
    /// Who.
    pub author: String,
    /// What: `drawn as roses`, `roses → tulips, moved, overlap 0.83`, `undo: deleted (roses)`.
    pub what: String,
}

/// What the edits of a picture did to one shape, in their order.
pub fn of_shape<'a>(edits: impl IntoIterator<Item = &'a Edit>, id: AnnotationId, labels: &LabelSet) -> Vec<Step> {
    let told = |edit: &Edit| {
        let Change::Answer { before, after, .. } = &edit.change else { return None };
        shape(find(before, id), find(after, id), labels).map(|what| step(edit, what))
    };
    edits.into_iter().filter_map(told).collect()
}

/// What the edits of a picture did, in their order.
pub fn of_picture<'a>(edits: impl IntoIterator<Item = &'a Edit>, labels: &LabelSet) -> Vec<Step> {
    edits.into_iter().filter_map(|edit| what(edit, labels).map(|what| step(edit, what))).collect()
}

fn step(edit: &Edit, what: String) -> Step {
    let by = match edit.origin {
        Origin::Person => "",
        Origin::Undo(_) => "undo: ",
        Origin::Redo(_) => "redo: ",
        Origin::Import => "import: ",
    };
    Step { at: edit.at, author: edit.author.clone(), what: format!("{by}{what}") }
}

/// What one edit did to its picture; nothing if it is not told.
#[must_use]
pub fn what(edit: &Edit, labels: &LabelSet) -> Option<String> {
    match &edit.change {
        Change::Answer { before, after, .. } => Some(answers(before, after, labels)),
        Change::Verdict { after: Some(review), .. } => {
            let why = review.comment.as_ref().map(|c| format!(": {c}")).unwrap_or_default();
            Some(format!("{}{why}", review.verdict.name()))
        }
        Change::Verdict { after: None, .. } => Some("verdict withdrawn".to_owned()),
        Change::Classes { .. } | Change::Check { .. } => None,
    }
}

fn answers(before: &Answer, after: &Answer, labels: &LabelSet) -> String {
    let mut parts = Vec::new();
    let (was, is) = (before.summary(labels), after.summary(labels));
    if was != is {
        parts.push(format!("{was} → {is}"));
    }
    let old = before.annotations.iter().map(|a| a.id);
    let new = after.annotations.iter().map(|a| a.id).filter(|id| find(before, *id).is_none());
    let told = |id| shape_only(find(before, id), find(after, id), labels);
    let shapes: Vec<String> = old.chain(new).filter_map(told).collect();
    match shapes.as_slice() {
        [] => {}
        [one] => parts.push(one.clone()),
        many => parts.push(format!("{} shapes changed", many.len())),
    }
    for (was, is, name) in [(before.flagged, after.flagged, "flagged"), (before.unsure, after.unsure, "marked unsure")]
    {
        match (was, is) {
            (false, true) => parts.push(name.to_owned()),
            (true, false) => parts.push(format!("not {name} any more")),
            _ => {}
        }
    }
    if parts.is_empty() { "answered the same again".to_owned() } else { parts.join("; ") }
}

fn find(answer: &Answer, id: AnnotationId) -> Option<&Annotation> {
    answer.annotations.iter().find(|a| a.id == id)
}

fn shape_only(before: Option<&Annotation>, after: Option<&Annotation>, labels: &LabelSet) -> Option<String> {
    let drawn = |a: &Annotation| a.shape != Shape::Class;
    let any = before.is_some_and(drawn) || after.is_some_and(drawn);
    if any { shape(before, after, labels) } else { None }
}

fn shape(before: Option<&Annotation>, after: Option<&Annotation>, labels: &LabelSet) -> Option<String> {
    let name = |a: &Annotation| labels.name(a.class);
    let (old, new) = match (before, after) {
        (None, None) => return None,
        (None, Some(new)) => {
            let made = if new.shape == Shape::Class { "given" } else { "drawn as" };
            return Some(format!("{made} {}", name(new)));
        }
        (Some(old), None) => return Some(format!("deleted ({})", name(old))),
        (Some(old), Some(new)) => (old, new),
    };
    let mut parts = Vec::new();
    if old.class != new.class {
        parts.push(format!("{} → {}", name(old), name(new)));
    }
    match (&old.shape, &new.shape) {
        (a, b) if a == b => {}
        (Shape::Box(a), Shape::Box(b)) => parts.push(format!("moved, overlap {:.2}", a.iou(*b))),
        _ => parts.push("another outline".to_owned()),
    }
    parts.extend(attribute::changes(&old.attributes, &new.attributes));
    if new.verified.is_some() && new.verified != old.verified {
        parts.push("looked at and kept".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::geometry::BoxN;
    use crate::domain::ids::{ClassId, EditId, ProjectId, Rev, SampleId};
    use crate::domain::sample::Status;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn boxed(class: i64, x: f64) -> Annotation {
        let shape = Shape::Box(BoxN { x, y: 0.0, w: 0.4, h: 0.5 });
        Annotation { shape, ..Annotation::label(ClassId(class), "ann", at(0)) }
    }

    fn with(annotations: &[&Annotation]) -> Answer {
        let annotations = annotations.iter().map(|a| (*a).clone()).collect();
        Answer { status: Status::Labeled, annotations, ..Answer::default() }
    }

    fn edit(before: &Answer, after: &Answer, author: &str, second: i64) -> Edit {
        let (before, after) = (before.clone(), after.clone());
        let change = Change::Answer { sample: SampleId(1), base: Rev(0), before, after };
        Edit::by_person(ProjectId(1), change, author, at(second))
    }

    #[test]
    fn a_box_is_followed_from_its_drawing_to_its_end() {
        let labels = LabelSet::from_names(&["daisy", "roses"], 1);
        let (one, other) = (boxed(1, 0.0), boxed(2, 0.5));
        let moved = Annotation { shape: Shape::Box(BoxN { x: 0.1, y: 0.0, w: 0.4, h: 0.5 }), ..one.clone() };
        let roses = Annotation { class: ClassId(2), ..moved.clone() };
        let states = [
            Answer::default(),
            with(&[&one]),
            with(&[&one, &other]),
            with(&[&moved, &other]),
            with(&[&roses, &other]),
            with(&[&other]),
            with(&[&roses, &other]),
        ];
        let names = ["ann", "ann", "bob", "bob", "cleo", "cleo"];
        let mut edits: Vec<Edit> =
            states.windows(2).zip(names).zip(0..).map(|((w, who), at)| edit(&w[0], &w[1], who, at)).collect();
        edits[5].origin = Origin::Undo(EditId::fresh());
        let told: Vec<String> =
            of_shape(&edits, one.id, &labels).into_iter().map(|s| format!("{} {}", s.author, s.what)).collect();
        assert_eq!(
            told,
            [
                "ann drawn as daisy",
                "bob moved, overlap 0.60",
                "bob daisy → roses",
                "cleo deleted (roses)",
                "cleo undo: drawn as roses"
            ]
        );
        let all: Vec<String> = of_picture(&edits, &labels).into_iter().map(|s| s.what).collect();
        assert_eq!(all[0], "unlabeled → 1 box; drawn as daisy");
        assert_eq!(all[2], "moved, overlap 0.60");
        assert_eq!(all.len(), 6);
    }

    #[test]
    fn marks_are_told_and_gold_answers_are_not() {
        let labels = LabelSet::from_names(&["daisy"], 1);
        let (a, b) = (with(&[]), Answer { flagged: true, ..with(&[]) });
        assert_eq!(what(&edit(&a, &b, "x", 0), &labels).unwrap(), "flagged");
        assert_eq!(what(&edit(&b, &a, "x", 0), &labels).unwrap(), "not flagged any more");
        assert_eq!(what(&edit(&a, &a, "x", 0), &labels).unwrap(), "answered the same again");
        let gold = Change::Check { sample: SampleId(1), before: None, after: Some(a) };
        assert_eq!(what(&Edit::by_person(ProjectId(1), gold, "x", at(0)), &labels), None);
    }
}
