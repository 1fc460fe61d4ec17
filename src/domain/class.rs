//! Label sets: the ordered classes of a project, their hotkeys and colours.
//!
//! Annotations name a class by its id, so renaming, merging and retiring classes rewrites no annotation: a merged class
//! points at the one it became, and [`LabelSet::resolve`] follows that when annotations are read. There may be a hundred
//! thousand classes: whatever is done for each of them must not look through all of them, see [`ClassIndex`].

mod append;
mod index;
mod problems;

pub use append::Appender;
pub use index::ClassIndex;

use super::ids::ClassId;
use serde::{Deserialize, Serialize};

/// Bytes that the name of a class has at most; what is longer is a text that came into the wrong place.
pub const NAME_MOST: usize = 200;

/// One class of a label set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelClass {
    /// Stable id.
    pub id: ClassId,
    /// What people call it; unique among the live classes of the project, compared without case.
    pub name: String,
    /// The keys that assign it, in key-map notation without spaces: `1`, `r`, or `;a` after the leader. Empty: none.
    #[serde(default)]
    pub hotkey: String,
    /// Index into the theme's class ramp (colour and shape), taken modulo the ramp's length.
    pub colour: u16,
    /// A broader class, for hierarchical label sets.
    #[serde(default)]
    pub parent: Option<ClassId>,
    /// The class this one was merged into; it is then no longer offered.
    #[serde(default)]
    pub merged_into: Option<ClassId>,
    /// No longer offered, but existing annotations keep it.
    #[serde(default)]
    pub retired: bool,
}

/// The classes of a project in the order people gave them, retired and merged ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelSet {
    /// All classes, in order.
    pub classes: Vec<LabelClass>,
}

/// The leader key: classes past the single-key ones get `;` and a letter.
pub const LEADER: char = ';';

impl LabelSet {
    /// The classes that are offered for labelling, in order.
    pub fn live(&self) -> impl Iterator<Item = &LabelClass> {
        self.classes.iter().filter(|c| !c.retired && c.merged_into.is_none())
    }

    /// The class with this id, whatever its state.
    #[must_use]
    pub fn get(&self, id: ClassId) -> Option<&LabelClass> {
        let first = self.classes.first()?.id.0;
        // Ids are mostly in order: the class stands where its number says, or before that where classes were removed.
        let likely = usize::try_from(id.0.saturating_sub(first)).unwrap_or(0).saturating_add(1);
        let (before, after) = self.classes.split_at(likely.min(self.classes.len()));
        before.iter().rev().chain(after).find(|class| {
            work::note(1);
            class.id == id
        })
    }

    /// The class an annotation with `id` counts as today: the end of the chain of merges.
    #[must_use]
    pub fn resolve(&self, id: ClassId) -> ClassId {
        let mut at = id;
        for _ in 0..self.classes.len() {
            match self.get(at).and_then(|c| c.merged_into) {
                Some(next) => at = next,
                None => return at,
            }
        }
        at
    }

    /// The name an annotation with `id` shows today; `class 17` if the id is unknown.
    #[must_use]
    pub fn name(&self, id: ClassId) -> String {
        self.get(self.resolve(id)).map_or_else(|| format!("class {id}"), |c| c.name.clone())
    }

    /// The live class with this name, compared without case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&LabelClass> {
        let wanted = name.to_lowercase();
        self.live().find(|class| {
            work::note(1);
            class.name.to_lowercase() == wanted
        })
    }
}

/// Counts the classes that are looked at, for tests: what it costs to ask a label set is a number, not a time.
pub(crate) mod work {
    #[cfg(test)]
    thread_local! {
        static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    /// So many classes are looked at.
    pub(crate) fn note(classes: usize) {
        #[cfg(test)]
        LOOKS.with(|looks| looks.set(looks.get() + classes));
        let _ = classes;
    }

    /// How many classes something looks at.
    #[cfg(test)]
    pub(crate) fn of(what: impl FnOnce()) -> usize {
        let before = LOOKS.with(std::cell::Cell::get);
        what();
        LOOKS.with(std::cell::Cell::get) - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_classes_count_as_what_they_became() {
        let mut set = LabelSet::from_names(&["rose", "roses", "tulip"], 1);
        set.classes[0].merged_into = Some(ClassId(2));
        assert_eq!(set.resolve(ClassId(1)), ClassId(2));
        assert_eq!(set.name(ClassId(1)), "roses");
        assert_eq!(set.live().count(), 2);
        set.classes[1].merged_into = Some(ClassId(1));
        assert!(set.problems(&[]).iter().any(|p| p.contains("circle")));
    }
}
