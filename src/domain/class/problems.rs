//! What is wrong with a label set, in words.

use super::{ClassIndex, LabelClass, LabelSet, NAME_MOST, work};
use std::collections::{BTreeMap, HashSet};

impl LabelSet {
    /// Says what is wrong with the set: empty or repeated names, repeated hotkeys, hotkeys in `reserved`, merge loops.
    #[must_use]
    pub fn problems(&self, reserved: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let (mut names, mut keys) = (HashSet::new(), Keys::default());
        for (i, class) in self.live().enumerate() {
            work::note(1);
            let name = crate::domain::text::printable(&class.name).into_owned();
            if class.name.trim().is_empty() {
                found.push(format!("class {} has no name", i + 1));
            }
            if class.name.len() > NAME_MOST {
                let short: String = name.chars().take(20).collect();
                let bytes = class.name.len();
                found.push(format!("the name of the class `{short}…` has {bytes} bytes; {NAME_MOST} are the most"));
            }
            if !names.insert(class.name.to_lowercase()) {
                found.push(format!("two classes are called `{name}`"));
            }
            if class.hotkey.is_empty() {
                continue;
            }
            if let Some(other) = keys.add(class) {
                found.push(format!("`{name}` and `{}` share the hotkey `{}`", other.name, class.hotkey));
            }
            if reserved.contains(&class.hotkey.as_str()) {
                found.push(format!(
                    "the hotkey `{}` of `{name}` already means something else on this screen",
                    class.hotkey
                ));
            }
        }
        let index = ClassIndex::of(self);
        for class in self.classes.iter().filter(|class| index.is_circular(class.id)) {
            found.push(format!("`{}` is merged in a circle", class.name));
        }
        found
    }
}

/// Hotkeys with the classes they belong to.
#[derive(Default)]
struct Keys<'a>(BTreeMap<&'a str, (usize, &'a LabelClass)>);

impl<'a> Keys<'a> {
    /// Adds a class; gives the first of those before it whose hotkey is the beginning of its own, or the other way round.
    fn add(&mut self, class: &'a LabelClass) -> Option<&'a LabelClass> {
        let key = class.hotkey.as_str();
        let shorter = key.char_indices().filter_map(|(end, _)| self.0.get(key.get(..end)?));
        let longer = self.0.range(key..).take_while(|(other, _)| other.starts_with(key)).map(|(_, found)| found);
        let first = shorter.chain(longer).inspect(|_| work::note(1)).min_by_key(|(place, _)| *place).map(|(_, c)| *c);
        let place = self.0.len();
        self.0.entry(key).or_insert((place, class));
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_clash_where_one_begins_the_other() {
        let mut set = LabelSet::from_names(&["a", "b", "c", "d"], 1);
        for (class, key) in set.classes.iter_mut().zip([";a", "x", ";", ";ab"]) {
            class.hotkey = key.to_owned();
        }
        let told = set.problems(&["x"]);
        let wanted = [
            "the hotkey `x` of `b` already means something else on this screen",
            "`c` and `a` share the hotkey `;`",
            "`d` and `a` share the hotkey `;ab`",
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn looking_for_problems_costs_as_much_as_there_are_classes() {
        let cost = |n: usize| {
            let names: Vec<String> = (0..n).map(|i| format!("c{i}")).collect();
            let mut set = LabelSet::from_names(&names, 1);
            // Merged one into the next, and turned round.
            for i in 1..n {
                set.classes[i].merged_into = Some(set.classes[i - 1].id);
            }
            set.classes.reverse();
            work::of(|| assert!(set.problems(&[]).is_empty()))
        };
        assert!(cost(4000) < 5 * cost(1000), "{} and {}", cost(1000), cost(4000));
    }
}
