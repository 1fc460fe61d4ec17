//! What people have answered with Label Studio and a project cannot keep: ratings, texts, numbers and the like about whole
//! pictures, and what relates two regions. It is counted and told once.

use super::super::document_label;
use crate::formats::dataset::{Files, Found, Place, ReadError, Spot, Take};
use serde_json::Value;
use std::collections::BTreeMap;

/// Questions that are told apart; a form has a few.
const QUESTIONS: usize = 1000;
/// Questions that are named.
const NAMED: usize = 8;
/// Keys of JSON-MIN that hold no answer of a person, beside the data of the task: they cannot be told from answers where they
/// are no numbers or lists.
const OWN: [&str; 6] = ["id", "annotation_id", "annotator", "lead_time", "created_at", "updated_at"];

/// Answers that are passed over, by their questions.
#[derive(Default)]
pub(super) struct Passed {
    questions: BTreeMap<String, u64>,
    /// Answers to more questions than are told apart.
    others: u64,
}

impl Passed {
    /// Counts a region that is no shape and no class.
    pub(super) fn region(&mut self, region: &Value) {
        let text = |key: &str| region.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        match (text("from_name"), text("type")) {
            (Some(asked), Some(kind)) if asked != kind => self.count(&format!("{asked} ({kind})")),
            (asked, kind) => self.count(asked.or(kind).unwrap_or("without a name")),
        }
    }

    /// Counts a key of JSON-MIN that is no shape and no class. Texts may be data of the task, and are not counted.
    pub(super) fn field(&mut self, key: &str, value: &Value) {
        let answer = match value {
            Value::Number(_) => !OWN.contains(&key),
            Value::Array(list) => !list.is_empty(),
            Value::Object(fields) => !fields.is_empty() && !OWN.contains(&key),
            _ => false,
        };
        if answer {
            self.count(key);
        }
    }

    fn count(&mut self, question: &str) {
        if let Some(n) = self.questions.get_mut(question) {
            *n += 1;
        } else if self.questions.len() < QUESTIONS {
            self.questions.insert(question.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    /// Says what was passed over, if anything was.
    pub(super) fn tell(self, files: &dyn Files, take: &mut Take<'_>) -> Result<(), ReadError> {
        let all = self.questions.values().sum::<u64>() + self.others;
        if all == 0 {
            return Ok(());
        }
        let mut most: Vec<(&String, &u64)> = self.questions.iter().collect();
        most.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let mut named: Vec<String> = most.iter().take(NAMED).map(|(what, n)| format!("{what} {n}")).collect();
        if most.len() > NAMED {
            named.push("and others".to_owned());
        }
        let (answers, are) = if all == 1 { ("answer", "is") } else { ("answers", "are") };
        let told = format!(
            "{all} {answers} that {are} neither a class nor a shape {are} left out (ratings, texts, relations and the like): {}",
            named.join(", ")
        );
        let place = Place { file: document_label(files, ""), at: Spot::Whole };
        take(Found::Note(place, told))
    }
}
