//! Between what people answer and what a column of classes can hold.
//!
//! What always holds: a column holds one class or none; what it cannot hold (skipped, flags, unsure, boxes) stays in the
//! mirror and leaves the column as it is.

use crate::domain::annotation::Annotation;
use crate::domain::class::LabelSet;
use crate::domain::ids::ClassId;
use crate::domain::sample::{Answer, Status};
use jiff::Timestamp;
use std::collections::HashMap;

/// What an answer says about the column: a class, no class, or nothing (`None`).
pub(super) fn class_text(answer: &Answer, labels: &LabelSet) -> Option<Option<String>> {
    match answer.status {
        Status::Skipped => None,
        Status::Unlabeled | Status::PreLabeled => Some(None),
        Status::Labeled => Some(answer.classes(labels).first().map(|class| labels.name(*class))),
    }
}

/// The answer that a value of the column means; `None` when the label set has no such class yet. `classes` are the live
/// ones by their names, see [`LabelSet::by_name`]: a table has many rows.
pub(super) fn answer(
    class: Option<&str>,
    classes: &HashMap<String, ClassId>,
    author: &str,
    at: Timestamp,
) -> Option<Answer> {
    let Some(name) = class.filter(|c| !c.trim().is_empty()) else { return Some(Answer::default()) };
    let class = classes.get(&name.to_lowercase())?;
    let annotations = vec![Annotation::label(*class, author, at)];
    Some(Answer { status: Status::Labeled, annotations, ..Answer::default() })
}

/// Whether two values of the column mean the same class: an empty text is none.
pub(super) fn same(a: Option<&str>, b: Option<&str>) -> bool {
    let class = |text: Option<&str>| text.filter(|t| !t.trim().is_empty()).map(str::to_lowercase);
    class(a) == class(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_columns() {
        let labels = LabelSet::from_names(&["Rose", "tulip"], 1);
        let at = Timestamp::UNIX_EPOCH;
        let classes = labels.by_name();
        let rose = answer(Some("rose"), &classes, "me", at).unwrap();
        assert_eq!(class_text(&rose, &labels), Some(Some("Rose".to_owned())));
        assert_eq!(class_text(&Answer::default(), &labels), Some(None));
        assert_eq!(answer(Some(" "), &classes, "me", at), Some(Answer::default()));
        assert_eq!(answer(Some("lily"), &classes, "me", at), None);
        let skipped = Answer { status: Status::Skipped, ..rose };
        assert_eq!(class_text(&skipped, &labels), None);
        assert!(same(Some("Rose"), Some("rose")) && same(None, Some("")) && !same(None, Some("rose")));
    }
}
