//! What a filter asks of answers, for states that no index holds: those of the past.
//!
//! What always holds: of an answer of today, [`Filter::takes_answer`] says what a store says.

use super::Filter;
use crate::domain::class::LabelSet;
use crate::domain::ids::ClassId;
use crate::domain::sample::{Answer, Status};

impl Filter {
    /// The filter without what it asks of answers: status, class, attributes, who answered, the marks, and whether it is
    /// empty.
    #[must_use]
    pub fn without_answers(&self) -> Self {
        let (status, class, by, attr) = Default::default();
        Self { status, class, by, attr, flag: None, unsure: None, empty: None, ..self.clone() }
    }

    /// Whether it takes an answer, by what [`Filter::without_answers`] leaves out. `editor` gave it, which counts where no
    /// annotation names anybody; the classes are those of the answer's time.
    #[must_use]
    pub fn takes_answer(&self, answer: &Answer, editor: Option<&str>, labels: &LabelSet) -> bool {
        let none = answer.annotations.is_empty();
        let is = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        (self.status.is_empty() || self.status.contains(&answer.status))
            && (self.class.is_empty() || self.takes_class(answer, labels))
            && (self.by.is_empty() || self.takes_author(answer, editor))
            && (self.attr.is_empty() || self.takes_attributes(answer))
            && is(self.flag, answer.flagged)
            && is(self.unsure, answer.unsure)
            && is(self.empty, answer.status == Status::Labeled && none)
    }

    fn takes_class(&self, answer: &Answer, labels: &LabelSet) -> bool {
        let wanted = |name: &String| -> Option<ClassId> {
            let folded = name.to_lowercase();
            let gone = || labels.classes.iter().find(|c| c.name.to_lowercase() == folded);
            Some(labels.resolve(labels.find(name).or_else(gone)?.id))
        };
        let wanted: Vec<ClassId> = self.class.iter().filter_map(wanted).collect();
        answer.status != Status::PreLabeled
            && answer.annotations.iter().any(|a| wanted.contains(&labels.resolve(a.class)))
    }

    fn takes_attributes(&self, answer: &Answer) -> bool {
        let any = |attributes| self.attr.iter().any(|wanted| wanted.takes(attributes));
        answer.status != Status::PreLabeled && answer.annotations.iter().any(|a| any(&a.attributes))
    }

    fn takes_author(&self, answer: &Answer, editor: Option<&str>) -> bool {
        let newest = answer.annotations.iter().max_by_key(|a| a.at).map(|a| a.author.as_str());
        matches!(answer.status, Status::Labeled | Status::Skipped)
            && newest.or(editor).is_some_and(|by| self.by.iter().any(|wanted| wanted == by))
    }
}
