//! Label sets: reading, writing only what differs, and merging a change into what others changed meanwhile.

use super::base::Base;
use super::value::Row;
use crate::domain::class::{ClassIndex, LabelClass, LabelSet};
use crate::domain::ids::{ClassId, ProjectId};
use crate::store::Result;
use std::collections::{HashMap, HashSet};

/// The classes of a project, in order.
pub(in crate::store) const LABELS: &str = "SELECT id, name, hotkey, colour, parent, merged_into, retired FROM label_class WHERE project = ? ORDER BY place, id";

/// A row of [`LABELS`].
pub(in crate::store) fn class_row(r: &Row) -> Result<LabelClass> {
    Ok(LabelClass {
        id: ClassId(r.get(0)?),
        name: r.get(1)?,
        hotkey: r.get(2)?,
        colour: r.get(3)?,
        parent: r.get::<Option<i64>>(4)?.map(ClassId),
        merged_into: r.get::<Option<i64>>(5)?.map(ClassId),
        retired: r.get(6)?,
    })
}

impl dyn Base + '_ {
    /// The label set of a project, in order.
    pub(in crate::store) fn labels(&self, project: ProjectId) -> Result<LabelSet> {
        Ok(LabelSet { classes: self.rows(LABELS, [project.0], class_row)? })
    }

    /// Writes the difference of two label sets, class by class.
    pub(in crate::store) fn write_labels_singly(
        &self,
        project: ProjectId,
        before: &LabelSet,
        after: &LabelSet,
    ) -> Result<()> {
        let index = ClassIndex::of(after);
        for class in before.classes.iter().filter(|c| !index.has(c.id)) {
            self.execute("DELETE FROM label_class WHERE project = ? AND id = ?", (project.0, class.id.0))?;
        }
        for (place, class) in after.classes.iter().enumerate() {
            if before.classes.get(place) == Some(class) {
                continue;
            }
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            self.execute(
                "INSERT INTO label_class(project, id, place, name, hotkey, colour, parent, merged_into, retired)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT(project, id) DO UPDATE SET place = ?3, name = ?4, hotkey = ?5, colour = ?6, parent = ?7,
                 merged_into = ?8, retired = ?9",
                vec![
                    project.0.into(),
                    class.id.0.into(),
                    place.into(),
                    (&class.name).into(),
                    (&class.hotkey).into(),
                    class.colour.into(),
                    class.parent.map(|p| p.0).into(),
                    class.merged_into.map(|m| m.0).into(),
                    class.retired.into(),
                ],
            )?;
        }
        Ok(())
    }

    /// Whether any sample carries the class or is predicted to.
    pub(in crate::store) fn class_in_use(&self, project: ProjectId, class: ClassId) -> Result<bool> {
        let sql = "SELECT 1 FROM tally WHERE project = ? AND kind IN ('class', 'predicted') AND key = ? AND n > 0";
        Ok(self.row(sql, (project.0, class.0.to_string()), |_| Ok(()))?.is_some())
    }
}

/// What is wrong with a label set that would make names ambiguous; hotkeys may clash, people can work with that.
pub(in crate::store) fn problem(set: &LabelSet) -> Option<String> {
    let mut names = HashSet::new();
    let mut ids = HashSet::new();
    let index = ClassIndex::of(set);
    for class in &set.classes {
        if !ids.insert(class.id) {
            return Some(format!("the class number {} is there twice", class.id));
        }
        if index.is_circular(class.id) {
            return Some(format!("the class `{}` is merged in a circle or into a class that is not there", class.name));
        }
    }
    for class in set.live() {
        if class.name.trim().is_empty() {
            return Some("a class has no name; give it one".to_owned());
        }
        if !names.insert(class.name.to_lowercase()) {
            return Some(format!("two classes are called `{}`; rename or merge one", class.name));
        }
    }
    None
}

/// Takes the change `from` -> `to` into `current`, which others may have changed meanwhile. `None` if both changed the
/// same class. The order of `to` wins only if the change is one of order.
pub(in crate::store) fn merge(current: &LabelSet, from: &LabelSet, to: &LabelSet) -> Option<LabelSet> {
    let (here, old, new) = (ClassIndex::of(current), ClassIndex::of(from), ClassIndex::of(to));
    let touched = |id: ClassId| old.get(id) != new.get(id);
    let ids = from.classes.iter().chain(&to.classes).map(|c| c.id);
    if ids.clone().any(|id| touched(id) && here.get(id) != old.get(id)) {
        return None;
    }
    let order = |set: &LabelSet, other: &ClassIndex<'_>| -> Vec<ClassId> {
        set.classes.iter().map(|c| c.id).filter(|id| other.has(*id)).collect()
    };
    let now = |id: ClassId| if touched(id) { new.get(id) } else { here.get(id) };
    let standing: Vec<&LabelClass> = if order(from, &new) == order(to, &old) {
        current.classes.iter().filter_map(|c| now(c.id)).collect()
    } else {
        let rest = current.classes.iter().filter(|c| !old.has(c.id) && !new.has(c.id));
        to.classes.iter().filter_map(|c| now(c.id)).chain(rest).collect()
    };
    let mut known: HashSet<ClassId> = standing.iter().map(|c| c.id).collect();
    let mut added = Added::default();
    for (place, class) in to.classes.iter().enumerate().filter(|(_, c)| touched(c.id)) {
        let previous = place.checked_sub(1).and_then(|i| to.classes.get(i)).map(|c| c.id);
        let previous = previous.filter(|id| known.contains(id));
        if known.insert(class.id) {
            added.0.entry(previous).or_default().push(class);
        }
    }
    Some(LabelSet { classes: added.between(&standing) })
}

/// Classes that were not there, by the class that each goes behind: the one it follows in its set; none goes to the front.
#[derive(Default)]
struct Added<'a>(HashMap<Option<ClassId>, Vec<&'a LabelClass>>);

impl<'a> Added<'a> {
    /// Puts them between the others. Of several behind one class, the one that came last stands first.
    fn between(mut self, standing: &[&'a LabelClass]) -> Vec<LabelClass> {
        let mut out = Vec::with_capacity(standing.len());
        let mut waiting = self.0.remove(&None).unwrap_or_default();
        let mut standing = standing.iter().copied();
        while let Some(class) = waiting.pop().or_else(|| standing.next()) {
            out.push(class.clone());
            waiting.extend(self.0.remove(&Some(class.id)).unwrap_or_default());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::class::work;

    #[test]
    fn changes_of_different_classes_merge_and_of_the_same_do_not() {
        let base = LabelSet::from_names(&["a", "b", "c"], 1);
        let mut renamed = base.clone();
        renamed.classes[0].name = "A!".to_owned();
        let mut others = base.clone();
        others.classes[2].retired = true;
        others.classes.push(LabelSet::from_names(&["d"], 9).classes.remove(0));
        let merged = merge(&others, &base, &renamed).unwrap();
        assert_eq!(merged.classes.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["A!", "b", "c", "d"]);
        assert!(merged.classes[2].retired);
        assert_eq!(merge(&merged, &renamed, &base).unwrap(), others);
        let mut mine = base.clone();
        mine.classes[2].name = "sea".to_owned();
        assert_eq!(merge(&others, &base, &mine), None);
    }

    #[test]
    fn removed_classes_come_back_where_they_were() {
        let base = LabelSet::from_names(&["a", "b", "c"], 1);
        let mut less = base.clone();
        less.classes.remove(1);
        assert_eq!(merge(&base, &base, &less).unwrap(), less);
        assert_eq!(merge(&less, &less, &base).unwrap(), base);
        let mut turned = base.clone();
        turned.classes.reverse();
        assert_eq!(merge(&base, &base, &turned).unwrap(), turned);
    }

    #[test]
    fn classes_that_are_added_stand_behind_the_ones_they_follow() {
        let names = |set: &LabelSet| set.classes.iter().map(|c| c.name.clone()).collect::<Vec<_>>().join(" ");
        let base = LabelSet::from_names(&["a", "b"], 1);
        let more = LabelSet::from_names(&["v", "w", "x", "y", "z"], 5).classes;
        let mut to = base.clone();
        // v w a x y b z
        to.classes.splice(1..1, more[2..4].iter().cloned());
        to.classes.splice(0..0, more[..2].iter().cloned());
        to.classes.push(more[4].clone());
        assert_eq!(names(&to), "v w a x y b z");
        assert_eq!(merge(&base, &base, &to).unwrap(), to);
        let mut others = base.clone();
        others.classes.push(LabelSet::from_names(&["theirs"], 20).classes.remove(0));
        assert_eq!(names(&merge(&others, &base, &to).unwrap()), "v w a x y b z theirs");
        // What they follow was taken away meanwhile.
        others.classes.remove(0);
        assert_eq!(names(&merge(&others, &base, &to).unwrap()), "x y v w b z theirs");
    }

    #[test]
    fn many_new_classes_are_taken_at_a_cost_that_grows_with_their_number() {
        let cost = |n: usize| {
            let names: Vec<String> = (0..n).map(|i| format!("c{i}")).collect();
            let from = LabelSet::from_names(&["first", "second"], 1);
            let mut to = from.clone();
            to.append_missing(&names);
            // Ids that do not follow the order, as other programs give them.
            to.classes[2..].reverse();
            let (mut merged, mut back) = (LabelSet::default(), LabelSet::default());
            let looks = work::of(|| {
                merged = merge(&from, &from, &to).unwrap();
                assert_eq!(problem(&merged), None);
                back = merge(&merged, &merged, &from).unwrap();
            });
            assert_eq!((merged, back), (to, from));
            looks
        };
        assert!(cost(4000) < 5 * cost(1000), "{} and {}", cost(1000), cost(4000));
    }
}
