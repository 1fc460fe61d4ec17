//! Label sets: the ordered classes of a project, their hotkeys and colours.
//!
//! Annotations name a class by its id, so renaming, merging and retiring classes rewrites no annotation: a merged class
//! points at the one it became, and [`LabelSet::resolve`] follows that when annotations are read.

use super::ids::ClassId;
use serde::{Deserialize, Serialize};

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
/// Hotkeys handed out to new classes without one, in this order. Letters that mean something else on the Label screen
/// (`n p s u x f m b e h j k l g z q`, …) are not among them.
const AUTOMATIC: &str = "123456789acirtvwy";

impl LabelSet {
    /// Makes classes from names, with automatic hotkeys and colours, ids counted from `first`.
    #[must_use]
    pub fn from_names<S: AsRef<str>>(names: &[S], first: i64) -> Self {
        let mut set = Self::default();
        for (id, name) in (first..).zip(names) {
            let hotkey = set.free_hotkey();
            let colour = u16::try_from(set.classes.len()).unwrap_or(u16::MAX);
            let (id, name) = (ClassId(id), name.as_ref().to_owned());
            set.classes.push(LabelClass { id, name, hotkey, colour, parent: None, merged_into: None, retired: false });
        }
        set
    }

    /// Appends a class with the next free id, hotkey and colour; gives its id.
    pub fn append(&mut self, name: &str) -> ClassId {
        let id = ClassId(self.classes.iter().map(|c| c.id.0).max().unwrap_or(0) + 1);
        // Past this many classes every automatic key is taken, and looking for one again would cost a pass each.
        let hotkey = if self.classes.len() < 512 { self.free_hotkey() } else { String::new() };
        let colour = u16::try_from(self.classes.len()).unwrap_or(u16::MAX);
        let name = name.to_owned();
        self.classes.push(LabelClass { id, name, hotkey, colour, parent: None, merged_into: None, retired: false });
        id
    }

    /// The first hotkey no live class has: digits, then letters, then the leader and a letter; empty when all are taken.
    #[must_use]
    pub fn free_hotkey(&self) -> String {
        let leader = ('a'..='z').map(|c| format!("{LEADER}{c}"));
        let mut candidates = AUTOMATIC.chars().map(String::from).chain(leader);
        candidates.find(|key| self.live().all(|c| c.hotkey != *key)).unwrap_or_default()
    }

    /// The classes that are offered for labelling, in order.
    pub fn live(&self) -> impl Iterator<Item = &LabelClass> {
        self.classes.iter().filter(|c| !c.retired && c.merged_into.is_none())
    }

    /// The class with this id, whatever its state.
    #[must_use]
    pub fn get(&self, id: ClassId) -> Option<&LabelClass> {
        self.classes.iter().find(|c| c.id == id)
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
        self.live().find(|c| c.name.to_lowercase() == wanted)
    }

    /// Says what is wrong with the set: empty or repeated names, repeated hotkeys, hotkeys in `reserved`, merge loops.
    #[must_use]
    pub fn problems(&self, reserved: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let live: Vec<&LabelClass> = self.live().collect();
        for (i, class) in live.iter().enumerate() {
            let name = super::text::printable(&class.name).into_owned();
            if class.name.trim().is_empty() {
                found.push(format!("class {} has no name", i + 1));
            }
            let earlier = live.get(..i).unwrap_or_default();
            if earlier.iter().any(|c| c.name.to_lowercase() == class.name.to_lowercase()) {
                found.push(format!("two classes are called `{name}`"));
            }
            if class.hotkey.is_empty() {
                continue;
            }
            let clash = |c: &&&LabelClass| c.hotkey.starts_with(&class.hotkey) || class.hotkey.starts_with(&c.hotkey);
            if let Some(other) = earlier.iter().filter(|c| !c.hotkey.is_empty()).find(clash) {
                found.push(format!("`{name}` and `{}` share the hotkey `{}`", other.name, class.hotkey));
            }
            if reserved.contains(&class.hotkey.as_str()) {
                found.push(format!(
                    "the hotkey `{}` of `{name}` already means something else on this screen",
                    class.hotkey
                ));
            }
        }
        for class in &self.classes {
            if self.get(self.resolve(class.id)).is_some_and(|end| end.merged_into.is_some()) {
                found.push(format!("`{}` is merged in a circle", class.name));
            }
        }
        found
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

    #[test]
    fn many_classes_get_distinct_keys() {
        let names: Vec<String> = (0..40).map(|i| format!("c{i}")).collect();
        let set = LabelSet::from_names(&names, 1);
        assert!(set.problems(&["n", "p"]).is_empty(), "{:?}", set.problems(&["n", "p"]));
        assert_eq!(set.classes[9].hotkey, "a");
        assert_eq!(set.classes[20].hotkey, ";d");
    }
}
