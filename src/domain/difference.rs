//! What differs between two answers to one sample, in the words of a labelling team: a class that became another, boxes
//! that moved, an answer that came or went.
//!
//! What always holds: two answers that mean the same have no difference, whoever gave them and whenever; a box keeps its
//! identity through its id, and where that is lost (an import, another tool) through the best overlap.

use super::annotation::{Annotation, Shape};
use super::class::LabelSet;
use super::geometry::BoxN;
use super::sample::{Answer, Status};
use jiff::Timestamp;
use serde::Serialize;

/// Two boxes without a common id are the same object when they overlap at least so much (intersection over union).
const SAME: f64 = 0.5;
/// Boxes that overlap at least so much have not moved.
const STILL: f64 = 0.999_999;

/// In what way a sample differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was not answered and is.
    Added,
    /// It was answered and is not; a skipped sample is not answered.
    Removed,
    /// Its whole-picture classes are others.
    Class,
    /// Its boxes, polygons or masks are others.
    Boxes,
    /// It was put aside, or taken back from there, or the reason is another.
    Skipped,
    /// Its marks (flagged, unsure) are others.
    Marks,
}

impl Kind {
    /// All kinds, in the order in which they are told.
    pub const ALL: [Self; 6] = [Self::Added, Self::Removed, Self::Class, Self::Boxes, Self::Skipped, Self::Marks];

    /// The name in flags and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Class => "class",
            Self::Boxes => "boxes",
            Self::Skipped => "skipped",
            Self::Marks => "marks",
        }
    }

    /// The kind with this [`Kind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// What happened to the objects of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Objects {
    /// New ones.
    pub added: usize,
    /// Ones that are gone.
    pub removed: usize,
    /// Ones of another class.
    pub relabelled: usize,
    /// Ones of another place or shape, or with other attributes.
    pub moved: usize,
    /// The smallest overlap (intersection over union, `0..=1`) of a box with what it was; 1 where none moved.
    pub iou: f64,
}

/// A whole difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// In what ways, in the order of [`Kind::ALL`]; never empty.
    pub kinds: Vec<Kind>,
    /// What happened to its objects, where there are any.
    pub objects: Option<Objects>,
}

/// Compares two answers, each with the label set of its time. `None` when they mean the same.
#[must_use]
pub fn compare(before: (&Answer, &LabelSet), after: (&Answer, &LabelSet)) -> Option<Change> {
    let (was, is) = (before.0, after.0);
    let objects = objects(before, after);
    let labeled = |a: &Answer| a.status == Status::Labeled;
    let mut kinds = Vec::new();
    match (labeled(was), labeled(is)) {
        (false, true) => kinds.push(Kind::Added),
        (true, false) => kinds.push(Kind::Removed),
        (true, true) if class_names(before) != class_names(after) => kinds.push(Kind::Class),
        _ => {}
    }
    if labeled(was) && labeled(is) && objects.is_some_and(Objects::any) {
        kinds.push(Kind::Boxes);
    }
    let aside = |a: &Answer| a.status == Status::Skipped;
    if aside(was) != aside(is) || (aside(was) && was.skip_reason != is.skip_reason) {
        kinds.push(Kind::Skipped);
    }
    if (was.flagged, was.unsure) != (is.flagged, is.unsure) {
        kinds.push(Kind::Marks);
    }
    (!kinds.is_empty()).then_some(Change { kinds, objects })
}

/// What a sample says that gets `kinds` of what it `was` again: everything else stays as it `is`. Whether it is answered
/// at all, or put aside, comes back with all its annotations, because one says nothing without the other.
#[must_use]
pub fn taken_back(was: &Answer, is: &Answer, kinds: &[Kind]) -> Answer {
    let any = |wanted: &[Kind]| kinds.iter().any(|k| wanted.contains(k));
    let mut out = is.clone();
    if any(&[Kind::Added, Kind::Removed, Kind::Skipped]) {
        (out.status, out.skip_reason, out.annotations) = (was.status, was.skip_reason.clone(), was.annotations.clone());
    } else if any(&[Kind::Class, Kind::Boxes]) {
        let of = |answer: &Answer, whole: bool| -> Vec<Annotation> {
            answer.annotations.iter().filter(|a| (a.shape == Shape::Class) == whole).cloned().collect()
        };
        let from = |kind: Kind| if any(&[kind]) { was } else { is };
        out.annotations = of(from(Kind::Class), true);
        out.annotations.extend(of(from(Kind::Boxes), false));
    }
    if any(&[Kind::Marks]) {
        (out.flagged, out.unsure) = (was.flagged, was.unsure);
    }
    out
}

/// What stands on a picture that gets the annotations of another as a draft; nothing where somebody has answered it, where
/// there is nothing to give, or where the same draft stands already. Its flag stays.
#[must_use]
pub fn drafted(stands: &Answer, given: &Answer, labels: &LabelSet, author: &str, at: Timestamp) -> Option<Answer> {
    let draft = given.as_draft(author, at).filter(|_| stands.takes_drafts())?;
    let after = Answer { flagged: stands.flagged, ..draft };
    let sure = |answer: &Answer| answer.confirmed(author, at);
    let same = stands.is_draft() && compare((&sure(stands), labels), (&sure(&after), labels)).is_none();
    (!same).then_some(after)
}

/// Whether two answered pictures say different things, whatever marks they have.
#[must_use]
pub fn disagree(one: &Answer, other: &Answer, labels: &LabelSet) -> bool {
    let change = compare((one, labels), (other, labels));
    change.is_some_and(|c| c.kinds.iter().any(|kind| *kind != Kind::Marks))
}

/// The names of the whole-picture classes, sorted.
fn class_names((answer, labels): (&Answer, &LabelSet)) -> Vec<String> {
    let mut names: Vec<String> = answer.classes(labels).into_iter().map(|c| labels.name(c).to_lowercase()).collect();
    names.sort_unstable();
    names
}

impl Objects {
    fn any(self) -> bool {
        self.added + self.removed + self.relabelled + self.moved > 0
    }
}

/// `None` where neither side has objects.
fn objects(before: (&Answer, &LabelSet), after: (&Answer, &LabelSet)) -> Option<Objects> {
    let of = |answer: &'_ Answer| answer.annotations.iter().filter(|a| a.shape != Shape::Class).cloned().collect();
    let (was, is): (Vec<Annotation>, Vec<Annotation>) = (of(before.0), of(after.0));
    if was.is_empty() && is.is_empty() {
        return None;
    }
    let pairs = pairs(&was, &is);
    let mut told = Objects { added: is.len() - pairs.len(), removed: was.len() - pairs.len(), ..Objects::none() };
    for (old, new) in pairs {
        let (old, new) = (&was[old], &is[new]);
        let name = |a: &Annotation, set: &LabelSet| set.name(set.resolve(a.class)).to_lowercase();
        told.relabelled += usize::from(name(old, before.1) != name(new, after.1));
        let overlap = overlap(&old.shape, &new.shape);
        told.moved += usize::from(overlap < STILL || old.attributes != new.attributes);
        told.iou = told.iou.min(overlap);
    }
    Some(told)
}

impl Objects {
    fn none() -> Self {
        Self { added: 0, removed: 0, relabelled: 0, moved: 0, iou: 1.0 }
    }
}

/// Which object was which: by id first, then boxes by the greatest overlap.
fn pairs(was: &[Annotation], is: &[Annotation]) -> Vec<(usize, usize)> {
    let ids: std::collections::HashMap<_, _> = is.iter().enumerate().map(|(i, a)| (a.id, i)).collect();
    let mut out: Vec<(usize, usize)> =
        was.iter().enumerate().filter_map(|(i, a)| Some((i, *ids.get(&a.id)?))).collect();
    let (mut old_free, mut new_free) = (vec![true; was.len()], vec![true; is.len()]);
    for (old, new) in &out {
        (old_free[*old], new_free[*new]) = (false, false);
    }
    let mut near = Vec::new();
    for (i, old) in was.iter().enumerate().filter(|(i, _)| old_free[*i]) {
        let others = is.iter().enumerate().filter(|(j, _)| new_free[*j]);
        near.extend(others.map(|(j, new)| (overlap(&old.shape, &new.shape), i, j)).filter(|(iou, ..)| *iou >= SAME));
    }
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, old, new) in near {
        if old_free[old] && new_free[new] {
            (old_free[old], new_free[new]) = (false, false);
            out.push((old, new));
        }
    }
    out
}

/// Intersection over union of two boxes; of other shapes 1 if they are equal, else 0.
fn overlap(a: &Shape, b: &Shape) -> f64 {
    match (a, b) {
        _ if a == b => 1.0,
        (Shape::Box(a), Shape::Box(b)) => BoxN::iou(*a, *b),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ClassId;
    use jiff::Timestamp;

    fn boxed(class: i64, x: f64) -> Annotation {
        let shape = Shape::Box(BoxN { x, y: 0.1, w: 0.2, h: 0.2 });
        Annotation { shape, ..Annotation::label(ClassId(class), "ann", Timestamp::UNIX_EPOCH) }
    }

    fn answer(annotations: Vec<Annotation>) -> Answer {
        Answer { status: Status::Labeled, annotations, ..Answer::default() }
    }

    fn of(was: &Answer, is: &Answer) -> Option<Change> {
        let set = LabelSet::from_names(&["roses", "tulips"], 1);
        compare((was, &set), (is, &set))
    }

    #[test]
    fn the_same_by_somebody_else_is_no_difference() {
        let label = |author: &str| answer(vec![Annotation::label(ClassId(1), author, Timestamp::UNIX_EPOCH)]);
        assert_eq!(of(&label("ann"), &label("bob")), None);
        let again = |id: i64| answer(vec![boxed(id, 0.1), boxed(2, 0.6)]);
        assert_eq!(of(&again(1), &again(1)), None, "other ids, the same boxes");
    }

    #[test]
    fn every_kind_is_told() {
        let (none, rose) = (Answer::default(), answer(vec![Annotation::label(ClassId(1), "a", Timestamp::UNIX_EPOCH)]));
        let tulip = answer(vec![Annotation::label(ClassId(2), "a", Timestamp::UNIX_EPOCH)]);
        let aside = Answer { status: Status::Skipped, ..Answer::default() };
        let verified = answer(Vec::new());
        let kinds = |a, b| of(a, b).map(|c| c.kinds);
        assert_eq!(kinds(&none, &rose), Some(vec![Kind::Added]));
        assert_eq!(kinds(&none, &verified), Some(vec![Kind::Added]), "verified empty");
        assert_eq!(kinds(&rose, &none), Some(vec![Kind::Removed]));
        assert_eq!(kinds(&rose, &tulip), Some(vec![Kind::Class]));
        assert_eq!(kinds(&rose, &aside), Some(vec![Kind::Removed, Kind::Skipped]));
        assert_eq!(kinds(&rose, &Answer { flagged: true, ..rose.clone() }), Some(vec![Kind::Marks]));
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
    }

    #[test]
    fn only_what_is_chosen_comes_back() {
        let label = |class| Annotation::label(ClassId(class), "a", Timestamp::UNIX_EPOCH);
        let (rose, tulip, old, new) = (label(1), label(2), boxed(1, 0.1), boxed(1, 0.6));
        let was = Answer { flagged: true, ..answer(vec![rose.clone(), old.clone()]) };
        let is = answer(vec![tulip.clone(), new.clone()]);
        let back = |kinds: &[Kind]| taken_back(&was, &is, kinds);
        assert_eq!(back(&[Kind::Class]), answer(vec![rose, new.clone()]));
        assert_eq!(back(&[Kind::Boxes]), answer(vec![tulip, old]));
        assert_eq!(back(&[Kind::Marks]), Answer { flagged: true, ..is.clone() });
        assert_eq!(back(&[Kind::Class, Kind::Boxes, Kind::Marks]), was);
        let aside = Answer { status: Status::Skipped, skip_reason: Some("dark".to_owned()), ..Answer::default() };
        assert_eq!(taken_back(&was, &aside, &[Kind::Removed]), Answer { flagged: false, ..was.clone() });
        assert_eq!(taken_back(&aside, &is, &[Kind::Skipped]), aside);
        assert_eq!(taken_back(&was, &is, &[]), is);
    }

    #[test]
    fn boxes_are_followed_by_id_and_by_overlap() {
        let kept = boxed(1, 0.1);
        let moved = Annotation { shape: boxed(1, 0.12).shape, ..kept.clone() };
        let told = of(&answer(vec![kept.clone(), boxed(1, 0.7)]), &answer(vec![moved, boxed(2, 0.71)])).unwrap();
        assert_eq!(told.kinds, [Kind::Boxes]);
        let objects = told.objects.unwrap();
        assert_eq!((objects.added, objects.removed, objects.relabelled, objects.moved), (0, 0, 1, 2));
        assert!((objects.iou - 0.18 / 0.22).abs() < 1e-9, "{}", objects.iou);
        let gone = of(&answer(vec![kept.clone(), boxed(1, 0.7)]), &answer(vec![kept, boxed(1, 0.4)])).unwrap();
        let objects = gone.objects.unwrap();
        assert_eq!((objects.added, objects.removed, objects.moved, objects.iou), (1, 1, 0, 1.0));
    }
}
