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
    parts.extend(shapes(before, after, labels));
    parts.extend(marks(before, after).map(str::to_owned));
    if parts.is_empty() { "answered the same again".to_owned() } else { parts.join("; ") }
}

/// What became of the shapes of a picture between two answers: of one in full, of several how many of what; nothing if
/// they are the same.
#[must_use]
pub fn shapes(before: &Answer, after: &Answer, labels: &LabelSet) -> Option<String> {
    let old = before.annotations.iter().map(|a| a.id);
    let new = after.annotations.iter().map(|a| a.id).filter(|id| find(before, *id).is_none());
    let both = |id| (find(before, id), find(after, id));
    let told: Vec<_> =
        old.chain(new).filter_map(|id| Some((both(id), shape_only(both(id).0, both(id).1, labels)?))).collect();
    match told.as_slice() {
        [] => None,
        [(_, one)] => Some(one.clone()),
        many => {
            let mut kinds: Vec<(String, usize)> = Vec::new();
            for kind in many.iter().map(|((old, new), _)| kind(*old, *new, labels)) {
                match kinds.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, count)) => *count += 1,
                    None => kinds.push((kind, 1)),
                }
            }
            let counted: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            Some(counted.join(", "))
        }
    }
}

/// Marks of the whole picture that were set or taken away.
pub fn marks(before: &Answer, after: &Answer) -> impl Iterator<Item = &'static str> {
    let flag = [(before.flagged, after.flagged, "flagged", "not flagged any more")];
    let unsure = (before.unsure, after.unsure, "marked unsure", "not marked unsure any more");
    flag.into_iter().chain([unsure]).filter_map(|(was, is, set, gone)| match (was, is) {
        (false, true) => Some(set),
        (true, false) => Some(gone),
        _ => None,
    })
}

fn find(answer: &Answer, id: AnnotationId) -> Option<&Annotation> {
    answer.annotations.iter().find(|a| a.id == id)
}

fn shape_only(before: Option<&Annotation>, after: Option<&Annotation>, labels: &LabelSet) -> Option<String> {
    let drawn = |a: &Annotation| a.shape != Shape::Class;
    let any = before.is_some_and(drawn) || after.is_some_and(drawn);
    let what = shape(before, after, labels).filter(|_| any)?;
    // Drawing, deleting and another class name it already.
    Some(match (before, after) {
        (Some(old), Some(new)) if old.class == new.class => format!("{}: {what}", labels.name(new.class)),
        _ => what,
    })
}

/// What happened to a shape in a word, to be counted.
fn kind(before: Option<&Annotation>, after: Option<&Annotation>, labels: &LabelSet) -> String {
    match (before, after) {
        (None, _) => "drawn".to_owned(),
        (_, None) => "deleted".to_owned(),
        (Some(old), Some(new)) if old.class != new.class => {
            format!("{} → {}", labels.name(old.class), labels.name(new.class))
        }
        (Some(old), Some(new)) if old.shape != new.shape => "moved".to_owned(),
        (Some(old), Some(new)) if old.attributes != new.attributes => "with other attributes".to_owned(),
        _ => "looked at and kept".to_owned(),
    }
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
        assert_eq!(all[2], "daisy: moved, overlap 0.60");
        assert_eq!(all.len(), 6);
    }

    #[test]
    fn several_shapes_are_told_by_what_became_of_them() {
        let labels = LabelSet::from_names(&["daisy", "roses"], 1);
        let olds = [boxed(1, 0.0), boxed(1, 0.1), boxed(1, 0.2), boxed(2, 0.3)];
        let mut news = olds.clone();
        (news[0].class, news[1].class) = (ClassId(2), ClassId(2));
        news[2].shape = boxed(1, 0.5).shape;
        let (more, old) = (boxed(2, 0.6), with(&olds.each_ref()));
        let new = with(&[&news[0], &news[1], &news[2], &more]);
        assert_eq!(shapes(&old, &new, &labels).unwrap(), "2 daisy → roses, 1 moved, 1 deleted, 1 drawn");
        assert_eq!(shapes(&new, &with(&[&news[0], &news[1], &news[2]]), &labels).unwrap(), "deleted (roses)");
        assert_eq!(shapes(&old, &old, &labels), None);
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
