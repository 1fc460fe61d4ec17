//! A label set made ready to be asked again and again.
//!
//! Why: [`LabelSet::get`] and [`LabelSet::find`] look through the set, which is right for one question; a question for each
//! class, or for each row of a table, would cost the square of the number of classes. What always holds: an answer is the
//! one the set itself gives, except that classes merged in a circle stay themselves.

use super::{LabelClass, LabelSet};
use crate::domain::ids::ClassId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The classes of a label set by their ids.
#[derive(Debug)]
pub struct ClassIndex<'a> {
    classes: &'a [LabelClass],
    /// Where each id stands; of two with one id the first.
    places: HashMap<ClassId, usize>,
    /// What the class at each place counts as today.
    ends: Vec<ClassId>,
}

impl<'a> ClassIndex<'a> {
    /// Looks through the set, once.
    #[must_use]
    pub fn of(set: &'a LabelSet) -> Self {
        let classes = set.classes.as_slice();
        let mut places = HashMap::with_capacity(classes.len());
        for (place, class) in classes.iter().enumerate() {
            super::work::note(1);
            places.entry(class.id).or_insert(place);
        }
        let ends = ends(classes, &places);
        Self { classes, places, ends }
    }

    /// The class with this id, whatever its state.
    #[must_use]
    pub fn get(&self, id: ClassId) -> Option<&'a LabelClass> {
        self.classes.get(*self.places.get(&id)?)
    }

    /// Whether the set has a class with this id.
    #[must_use]
    pub fn has(&self, id: ClassId) -> bool {
        self.places.contains_key(&id)
    }

    /// The class an annotation with `id` counts as today.
    #[must_use]
    pub fn resolve(&self, id: ClassId) -> ClassId {
        self.places.get(&id).and_then(|place| self.ends.get(*place)).copied().unwrap_or(id)
    }

    /// Whether following the merges of this class leads round and round.
    #[must_use]
    pub fn is_circular(&self, id: ClassId) -> bool {
        self.get(self.resolve(id)).is_some_and(|end| end.merged_into.is_some())
    }
}

/// The end of the chain of merges of each class; each step is gone once.
fn ends(classes: &[LabelClass], places: &HashMap<ClassId, usize>) -> Vec<ClassId> {
    let mut ends: Vec<Option<ClassId>> = vec![None; classes.len()];
    // The walk that last came by each class.
    let mut walks = vec![usize::MAX; classes.len()];
    for start in 0..classes.len() {
        let (mut path, mut at) = (Vec::new(), start);
        let end = loop {
            super::work::note(1);
            let Some(class) = classes.get(at) else { break ClassId(0) };
            if let Some(end) = ends.get(at).copied().flatten() {
                break end;
            }
            if walks.get(at) == Some(&start) {
                break class.id;
            }
            if let Some(walk) = walks.get_mut(at) {
                *walk = start;
            }
            path.push(at);
            match class.merged_into.map(|next| (next, places.get(&next))) {
                None => break class.id,
                Some((next, None)) => break next,
                Some((_, Some(place))) => at = *place,
            }
        };
        for place in path {
            if let Some(slot) = ends.get_mut(place) {
                *slot = Some(end);
            }
        }
    }
    ends.into_iter().map(|end| end.unwrap_or(ClassId(0))).collect()
}

impl LabelSet {
    /// The live classes by their names in lower case; of two with one name the first.
    #[must_use]
    pub fn by_name(&self) -> HashMap<String, ClassId> {
        let mut names = HashMap::with_capacity(self.classes.len());
        for class in self.live() {
            super::work::note(1);
            if let Entry::Vacant(free) = names.entry(class.name.to_lowercase()) {
                free.insert(class.id);
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_says_what_the_set_says() {
        let mut set = LabelSet::from_names(&["a", "b", "c", "d", "e", "f", "g"], 3);
        set.classes.swap(0, 5);
        for (place, into) in [(1, 5), (2, 4), (3, 99)] {
            set.classes[place].merged_into = Some(ClassId(into));
        }
        let index = ClassIndex::of(&set);
        for id in (0..12).chain([99]).map(ClassId) {
            assert_eq!(index.get(id), set.get(id), "{id}");
            assert_eq!(index.has(id), set.get(id).is_some(), "{id}");
            assert_eq!(index.is_circular(id), [ClassId(4), ClassId(5)].contains(&id), "{id}");
            if !index.is_circular(id) {
                assert_eq!(index.resolve(id), set.resolve(id), "{id}");
            }
        }
        assert_eq!(set.by_name().get("g"), Some(&ClassId(9)));
        assert_eq!(set.by_name().get("b"), None);
    }
}
