//! Which classes an import adds to the project: those on pictures that it takes, and those that a file declares as its
//! label set (COCO's `categories`, YOLO's names), also where nothing has them yet.
//!
//! What always holds: a class that only pictures have that are left out is not added, declared or not. Whoever leaves
//! pictures out wants what there is to say of the others, and not the rest of a larger data set.

use std::collections::{HashMap, HashSet};

/// Names are looked at up to this number; no file has more, see [`crate::formats::read::CLASSES`].
const MOST: usize = crate::formats::read::CLASSES;

/// The classes of one import, in the order of the files.
#[derive(Default)]
pub(super) struct Classes {
    /// Classes that the project does not have.
    fresh: Vec<String>,
    /// Names on pictures as they are written, and whether any of these pictures is taken.
    met: HashMap<String, bool>,
}

impl Classes {
    /// Notes a class that is new to the project.
    pub(super) fn add(&mut self, name: &str) {
        self.fresh.push(name.to_owned());
    }

    /// Notes that a picture has this class, and whether the picture is taken.
    pub(super) fn meet(&mut self, name: &str, taken: bool) {
        if let Some(known) = self.met.get_mut(name) {
            *known |= taken;
        } else if self.met.len() < MOST {
            self.met.insert(name.to_owned(), taken);
        }
    }

    /// The classes to be added, and, without case, those that only pictures have that are left out.
    pub(super) fn part(self) -> (Vec<String>, HashSet<String>) {
        let folded = |taken: bool| {
            let some = self.met.iter().filter(move |(_, known)| **known == taken);
            some.map(|(name, _)| name.to_lowercase()).collect::<HashSet<String>>()
        };
        let (used, mut left) = (folded(true), folded(false));
        left.retain(|name| !used.contains(name));
        let added = self.fresh.into_iter().filter(|name| !left.contains(&name.to_lowercase())).collect();
        (added, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_on_pictures_that_are_left_out_is_not_added() {
        let mut classes = Classes::default();
        ["Unused", "Left", "Both", "Taken"].into_iter().for_each(|name| classes.add(name));
        let met = [("left", false), ("both", false), ("Both", true), ("Taken", true)];
        met.into_iter().for_each(|(name, taken)| classes.meet(name, taken));
        let (added, left) = classes.part();
        assert_eq!((added, left), (["Unused", "Both", "Taken"].map(str::to_owned).into(), ["left".to_owned()].into()));
    }
}
