//! What a project can take: which names of classes and pictures, and which marks, whatever their numbers.

use super::{Become, Import, NewClasses};
use crate::domain::annotation::Shape;
use crate::domain::class::NAME_MOST;
use crate::domain::project::{Project, Task};
use crate::domain::text::printable;
use crate::formats::dataset::Mark;
use crate::formats::read::CLASSES;
use std::collections::HashSet;

/// The rules of one import.
pub(super) struct Rules {
    task: Task,
    become_what: Become,
    classes: NewClasses,
    /// Live classes by name without case; those to be added as well.
    known: HashSet<String>,
    /// Names as they were written, which most are again.
    written: HashSet<String>,
}

impl Rules {
    pub(super) fn new(project: &Project, wanted: &Import) -> Self {
        let known = project.labels.live().map(|c| c.name.to_lowercase()).collect();
        let (become_what, classes) = (wanted.how.become_what, wanted.how.classes);
        Self { task: project.task, become_what, classes, known, written: HashSet::new() }
    }

    /// Notes a class; `true` if it is new.
    pub(super) fn add(&mut self, name: &str) -> bool {
        if self.written.len() >= CLASSES || self.written.contains(name) {
            return false;
        }
        self.written.insert(name.to_owned());
        self.known.insert(name.to_lowercase())
    }

    /// What makes a mark impossible here. `before` are those of the same picture that were possible.
    pub(super) fn fault(&self, mark: &Mark, before: &[Mark]) -> Option<String> {
        // What the project has is a name there, however it came about.
        if let Err(reason) = usable(&mark.class)
            && !self.known.contains(&mark.class.to_lowercase())
        {
            return Some(reason);
        }
        if self.classes == NewClasses::Error && !self.known.contains(&mark.class.to_lowercase()) {
            return Some(format!("label '{}' not in project class_list", printable(&mark.class)));
        }
        if self.written.len() >= CLASSES && !self.known.contains(&mark.class.to_lowercase()) {
            return Some(format!("the file has more than {CLASSES} classes; no more are added"));
        }
        let whole = matches!(mark.shape, Shape::Class);
        match self.task {
            Task::Classification | Task::Multilabel if !whole => {
                let other = if matches!(mark.shape, Shape::Box(_)) { Task::Detection } else { Task::Segmentation };
                Some(self.refusal(mark.shape.kind(), other))
            }
            Task::Detection | Task::Segmentation if whole => {
                Some(self.refusal("class without a shape", Task::Multilabel))
            }
            Task::Classification if self.is_annotation(mark) => {
                let first = before.iter().find(|m| self.is_annotation(m))?;
                let other = first.class.to_lowercase() != mark.class.to_lowercase();
                other.then(|| {
                    format!(
                        "a classification project takes one class, and `{}` is given too; one made by `lakelens project \
                         create --task multilabel` can take both",
                        printable(&first.class)
                    )
                })
            }
            _ => None,
        }
    }

    /// That the task leaves no place for `what`, and the task of a project that has one.
    fn refusal(&self, what: &str, other: Task) -> String {
        format!(
            "a {} project cannot accept a {what}; one made by `lakelens project create --task {}` can",
            self.task.name(),
            other.name()
        )
    }

    fn is_annotation(&self, mark: &Mark) -> bool {
        match self.become_what {
            Become::Auto => mark.score.is_none(),
            Become::Annotations => true,
            Become::Predictions => false,
        }
    }
}

/// Whether a name can be that of a class.
pub(super) fn usable(name: &str) -> Result<(), String> {
    match name.trim() {
        "" => Err("the class has no name".to_owned()),
        long if long.len() > NAME_MOST => {
            Err(format!("the name of the class has {} bytes; {NAME_MOST} are the most", long.len()))
        }
        // So readers of text show bytes that are no UTF-8.
        odd if odd.contains(char::REPLACEMENT_CHARACTER) => Err(format!(
            "the name of the class, `{}`, is not UTF-8 text; save the file that names it as UTF-8 and try again",
            printable(odd)
        )),
        _ => Ok(()),
    }
}

/// Whether a name from a file may become the path of a sample.
pub(super) fn may_create(path: &str) -> Result<(), String> {
    let parts_fit = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if path.starts_with('/') || path.contains(":/") || !parts_fit {
        return Err("its name leads out of the project's source, so no sample is made of it".to_owned());
    }
    if path.chars().any(char::is_control) {
        return Err("its name holds control characters, so no sample is made of it".to_owned());
    }
    Ok(())
}
