//! Answers as JSON: the same keys that `label --from` reads, so that what one command prints another can take.

use crate::domain::annotation::Shape;
use crate::domain::class::LabelSet;
use crate::domain::edit::{Change, Origin};
use crate::domain::review::Review;
use crate::domain::sample::Answer;
use serde_json::{Map, Value, json};

/// An answer with class names instead of ids.
pub(crate) fn answer_json(answer: &Answer, labels: &LabelSet) -> Value {
    let names: Vec<String> = answer.classes(labels).into_iter().map(|c| labels.name(c)).collect();
    let mut out = Map::new();
    out.insert("status".to_owned(), json!(answer.status.name()));
    out.insert("label".to_owned(), json!(names));
    let boxes: Vec<Value> =
        answer.annotations.iter().filter_map(|a| box_json(&labels.name(a.class), &a.shape)).collect();
    out.insert("boxes".to_owned(), json!(boxes));
    let other = answer.annotations.iter().filter(|a| matches!(a.shape, Shape::Polygon { .. } | Shape::Mask { .. }));
    let other = other.count();
    if other > 0 {
        out.insert("masks".to_owned(), json!(other));
    }
    if let Some(reason) = &answer.skip_reason {
        out.insert("reason".to_owned(), json!(reason));
    }
    for (name, set) in [("flag", answer.flagged), ("unsure", answer.unsure)] {
        if set {
            out.insert(name.to_owned(), json!(true));
        }
    }
    Value::Object(out)
}

fn box_json(class: &str, shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Box(b) => Some(json!({ "class": class, "x": b.x, "y": b.y, "w": b.w, "h": b.h })),
        _ => None,
    }
}

fn review_json(review: Option<&Review>) -> Value {
    review.map_or(Value::Null, |r| json!({ "verdict": r.verdict.name(), "comment": r.comment, "user": r.reviewer }))
}

fn review_text(review: Option<&Review>) -> String {
    review.map_or_else(
        || "none".to_owned(),
        |r| r.comment.as_ref().map_or_else(|| r.verdict.name().to_owned(), |c| format!("{}: {c}", r.verdict.name())),
    )
}

/// What an edit changed, in one word.
pub(crate) fn what(change: &Change, origin: Origin) -> &'static str {
    match (origin, change) {
        (Origin::Undo(_), _) => "undo",
        (Origin::Redo(_), _) => "redo",
        (Origin::Import, _) => "import",
        (Origin::Person, Change::Answer { .. }) => "answer",
        (Origin::Person, Change::Verdict { .. }) => "verdict",
        (Origin::Person, Change::Classes { .. }) => "classes",
        (Origin::Person, Change::Check { .. }) => "check",
    }
}

/// What stood before and what stands after, for programs.
pub(crate) fn before_after_json(change: &Change, labels: &LabelSet) -> (Value, Value) {
    let names = |set: &LabelSet| json!(set.live().map(|c| c.name.as_str()).collect::<Vec<_>>());
    match change {
        Change::Answer { before, after, .. } => (answer_json(before, labels), answer_json(after, labels)),
        Change::Verdict { before, after, .. } => (review_json(before.as_ref()), review_json(after.as_ref())),
        Change::Classes { before, after } => (names(before), names(after)),
        Change::Check { before, after, .. } => {
            let told = |answer: &Option<Answer>| answer.as_ref().map_or(Value::Null, |a| answer_json(a, labels));
            (told(before), told(after))
        }
    }
}

/// What stood before and what stands after, for people.
pub(crate) fn before_after_text(change: &Change, labels: &LabelSet) -> (String, String) {
    let marks = |a: &Answer| {
        let flag = if a.flagged { ", flagged" } else { "" };
        let unsure = if a.unsure { ", unsure" } else { "" };
        format!("{}{flag}{unsure}", a.summary(labels))
    };
    let count = |set: &LabelSet| format!("{} classes", set.live().count());
    match change {
        Change::Answer { before, after, .. } => (marks(before), marks(after)),
        Change::Verdict { before, after, .. } => (review_text(before.as_ref()), review_text(after.as_ref())),
        Change::Classes { before, after } => (count(before), count(after)),
        Change::Check { before, after, .. } => {
            let told = |answer: &Option<Answer>| answer.as_ref().map_or_else(|| "none".to_owned(), marks);
            (told(before), told(after))
        }
    }
}
