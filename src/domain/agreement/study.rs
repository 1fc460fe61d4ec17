//! Gathering answers picture by picture, and the report of all measures.
//!
//! What always holds: what is kept grows with the number of different answers, not with that of pictures; classes are
//! compared through merges, boxes of a class by how many there are of it, besides their places.

use super::boxes::{Boxes, Groups, Part};
use super::nominal::{Nominal, nominal};
use super::sums::Pattern;
use crate::domain::annotation::Shape;
use crate::domain::class::LabelSet;
use crate::domain::geometry::BoxN;
use crate::domain::ids::ClassId;
use crate::domain::sample::{Answer, Status};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Seed of all intervals: the same answers always give the same report.
const SEED: u64 = 1_971;

/// Agreement in classes, and in boxes where there are any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measure {
    /// In classes.
    #[serde(flatten)]
    pub labels: Nominal,
    /// In boxes; nothing where nobody drew one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boxes: Option<Boxes>,
}

/// Agreement of two people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairMeasure {
    /// One of them.
    pub a: String,
    /// The other.
    pub b: String,
    /// How far they agree.
    #[serde(flatten)]
    pub measure: Measure,
}

/// Agreement in whether a picture shows a class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassMeasure {
    /// The class.
    pub class: String,
    /// Pictures in which anybody saw it.
    pub seen: u64,
    /// How far people agree; `pictures` counts those without it too.
    #[serde(flatten)]
    pub measure: Measure,
}

/// How far everybody agrees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Agreement {
    /// Whose answers are compared, by name; `ann (again)` is what ann answered the second time.
    pub people: Vec<String>,
    /// From this overlap on (intersection over union) a box is a hit.
    pub threshold: f64,
    /// Of all.
    pub all: Measure,
    /// Of each two people with pictures in common, by name.
    pub pairs: Vec<PairMeasure>,
    /// Of each class that anybody gave, in the order of the label set.
    pub classes: Vec<ClassMeasure>,
}

/// What is compared of an answer: how far it is, and its classes, a box each.
type Value = (Status, Vec<ClassId>);

/// Answers as they are gathered.
#[derive(Clone, Debug)]
pub struct Study {
    labels: LabelSet,
    threshold: f64,
    only: Option<BTreeSet<ClassId>>,
    people: HashMap<String, usize>,
    numbers: HashMap<Value, usize>,
    values: Vec<Value>,
    patterns: HashMap<Vec<(usize, usize)>, u64>,
    pictures: usize,
    all: Groups,
    pairs: BTreeMap<(usize, usize), Groups>,
    classes: BTreeMap<ClassId, Groups>,
    boxes: bool,
}

impl Study {
    /// A study without answers; from the overlap `threshold` (`0..=1`) on a box is a hit.
    #[must_use]
    pub fn new(labels: &LabelSet, threshold: f64) -> Self {
        Self {
            labels: labels.clone(),
            threshold: threshold.clamp(0.0, 1.0),
            only: None,
            people: HashMap::new(),
            numbers: HashMap::new(),
            values: Vec::new(),
            patterns: HashMap::new(),
            pictures: 0,
            all: Groups::default(),
            pairs: BTreeMap::new(),
            classes: BTreeMap::new(),
            boxes: false,
        }
    }

    /// The same of these classes alone, as if there were no others.
    #[must_use]
    pub fn only(mut self, classes: &[ClassId]) -> Self {
        self.only = Some(classes.iter().map(|c| self.labels.resolve(*c)).collect());
        self
    }

    /// Adds the answers to one picture, one for each person. A single answer says nothing about agreement.
    pub fn add(&mut self, answers: &[(String, &Answer)]) {
        if answers.len() < 2 {
            return;
        }
        let mut given: Vec<(usize, usize, &Answer)> = Vec::with_capacity(answers.len());
        for (who, answer) in answers {
            let next = self.people.len();
            let who = *self.people.entry(who.clone()).or_insert(next);
            if given.iter().all(|g| g.0 != who) {
                given.push((who, self.number(answer), answer));
            }
        }
        given.sort_unstable_by_key(|g| g.0);
        self.add_boxes(&given);
        let pattern = given.iter().map(|g| (g.0, g.1)).collect();
        *self.patterns.entry(pattern).or_default() += 1;
        self.pictures += 1;
    }

    /// The class that an annotation counts as, where it counts.
    fn counted(&self, class: ClassId) -> Option<ClassId> {
        let class = self.labels.resolve(class);
        self.only.as_ref().is_none_or(|only| only.contains(&class)).then_some(class)
    }

    fn number(&mut self, answer: &Answer) -> usize {
        let mut classes: Vec<ClassId> = answer.annotations.iter().filter_map(|a| self.counted(a.class)).collect();
        classes.sort_unstable();
        let value = (answer.status, classes);
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = self.values.len();
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    /// Compares the boxes of each two; who put the picture aside said nothing about boxes.
    fn add_boxes(&mut self, given: &[(usize, usize, &Answer)]) {
        let drawn: Vec<(usize, BTreeMap<ClassId, Vec<BoxN>>)> = given
            .iter()
            .filter(|(.., answer)| answer.status == Status::Labeled)
            .map(|(who, _, answer)| (*who, self.boxes_of(answer)))
            .collect();
        self.boxes |= drawn.iter().any(|(_, boxes)| !boxes.is_empty());
        for (i, (a, first)) in drawn.iter().enumerate() {
            for (b, second) in drawn.iter().skip(i + 1) {
                self.compare((*a, first), (*b, second));
            }
        }
    }

    fn boxes_of(&self, answer: &Answer) -> BTreeMap<ClassId, Vec<BoxN>> {
        let mut out: BTreeMap<ClassId, Vec<BoxN>> = BTreeMap::new();
        for annotation in &answer.annotations {
            if let (Shape::Box(at), Some(class)) = (&annotation.shape, self.counted(annotation.class)) {
                out.entry(class).or_default().push(*at);
            }
        }
        out
    }

    fn compare(
        &mut self,
        (a, first): (usize, &BTreeMap<ClassId, Vec<BoxN>>),
        (b, second): (usize, &BTreeMap<ClassId, Vec<BoxN>>),
    ) {
        let mut whole = Part::of(&[], &[], self.threshold);
        let classes: BTreeSet<ClassId> = first.keys().chain(second.keys()).copied().collect();
        for class in classes {
            let of = |boxes: &BTreeMap<ClassId, Vec<BoxN>>| boxes.get(&class).cloned().unwrap_or_default();
            let part = Part::of(&of(first), &of(second), self.threshold);
            if part.is_something() {
                self.classes.entry(class).or_default().add(self.pictures, part);
                whole.join(part);
            }
        }
        self.pairs.entry((a, b)).or_default().add(self.pictures, whole);
        self.all.add(self.pictures, whole);
    }

    /// All measures.
    #[must_use]
    pub fn report(&self) -> Agreement {
        // People in order of their names, so that nothing depends on who was met first.
        let mut people: Vec<(&String, usize)> = self.people.iter().map(|(name, number)| (name, *number)).collect();
        people.sort_unstable();
        let mut place = vec![0; people.len()];
        for (i, (_, number)) in people.iter().enumerate() {
            if let Some(place) = place.get_mut(*number) {
                *place = i;
            }
        }
        let names: Vec<String> = people.into_iter().map(|(name, _)| name.clone()).collect();
        let patterns = self.ordered(&place);
        let boxes = |groups: &Groups| self.boxes.then(|| groups.boxes(SEED));
        let all = Measure { labels: nominal(&patterns, self.values.len(), SEED), boxes: boxes(&self.all) };
        let (pairs, classes) = (self.pair_measures(&names, &place, &patterns), self.class_measures(&patterns));
        Agreement { people: names, threshold: self.threshold, all, pairs, classes }
    }

    /// The answers with people by name and values in their order.
    fn ordered(&self, place: &[usize]) -> Vec<Pattern> {
        let mut by_value: Vec<(&Value, usize)> = self.values.iter().enumerate().map(|(i, v)| (v, i)).collect();
        by_value.sort_unstable();
        let mut rank = vec![0; by_value.len()];
        for (i, (_, number)) in by_value.into_iter().enumerate() {
            if let Some(rank) = rank.get_mut(number) {
                *rank = i;
            }
        }
        let of = |list: &[usize], i: usize| list.get(i).copied().unwrap_or(i);
        let mut patterns: Vec<Pattern> = self
            .patterns
            .iter()
            .map(|(ratings, pictures)| {
                let mut ratings: Vec<_> = ratings.iter().map(|(who, v)| (of(place, *who), of(&rank, *v))).collect();
                ratings.sort_unstable();
                Pattern { ratings, pictures: *pictures }
            })
            .collect();
        patterns.sort_unstable();
        patterns
    }

    fn pair_measures(&self, names: &[String], place: &[usize], patterns: &[Pattern]) -> Vec<PairMeasure> {
        let mut found: BTreeMap<(usize, usize), BTreeMap<(usize, usize), u64>> = BTreeMap::new();
        for pattern in patterns {
            for (i, (a, first)) in pattern.ratings.iter().enumerate() {
                for (b, second) in pattern.ratings.iter().skip(i + 1) {
                    *found.entry((*a, *b)).or_default().entry((*first, *second)).or_default() += pattern.pictures;
                }
            }
        }
        let numbers = |at: usize| place.iter().position(|p| *p == at).unwrap_or(at);
        let name = |at: usize| names.get(at).cloned().unwrap_or_default();
        let measure = |((a, b), cells): ((usize, usize), BTreeMap<(usize, usize), u64>)| {
            let two = |((x, y), n): (&(usize, usize), &u64)| Pattern { ratings: vec![(a, *x), (b, *y)], pictures: *n };
            let patterns: Vec<Pattern> = cells.iter().map(two).collect();
            let (one, other) = (numbers(a), numbers(b));
            let groups = self.pairs.get(&(one.min(other), one.max(other)));
            let boxes = groups.filter(|_| self.boxes).map(|g| g.boxes(SEED));
            let labels = nominal(&patterns, self.values.len(), SEED);
            PairMeasure { a: name(a), b: name(b), measure: Measure { labels, boxes } }
        };
        found.into_iter().map(measure).collect()
    }

    /// Each class as a question of its own: is it there or not.
    fn class_measures(&self, patterns: &[Pattern]) -> Vec<ClassMeasure> {
        let mut values: Vec<&Value> = self.values.iter().collect();
        values.sort_unstable();
        let has = |value: usize, class: ClassId| values.get(value).is_some_and(|(_, all)| all.contains(&class));
        // Most classes are in few pictures: the others are counted by who answered them.
        let mut without: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
        let mut seen: BTreeMap<ClassId, BTreeMap<Vec<(usize, usize)>, u64>> = BTreeMap::new();
        for pattern in patterns {
            let who: Vec<usize> = pattern.ratings.iter().map(|r| r.0).collect();
            *without.entry(who).or_default() += pattern.pictures;
            let all = pattern.ratings.iter().filter_map(|(_, v)| values.get(*v)).flat_map(|(_, c)| c.iter().copied());
            for class in all.collect::<BTreeSet<ClassId>>() {
                let yes = pattern.ratings.iter().map(|(who, v)| (*who, usize::from(has(*v, class)))).collect();
                *seen.entry(class).or_default().entry(yes).or_default() += pattern.pictures;
            }
        }
        let order = |class: &ClassId| self.labels.classes.iter().position(|c| c.id == *class);
        let mut classes: Vec<ClassId> = seen.keys().copied().collect();
        classes.sort_by_key(|class| (order(class).unwrap_or(usize::MAX), *class));
        let measure = |class: ClassId| {
            let with = seen.get(&class).cloned().unwrap_or_default();
            let labels = nominal(&binary(&with, &without), 2, SEED);
            let boxes = self.classes.get(&class).map(|g| g.boxes(SEED));
            ClassMeasure {
                class: self.labels.name(class),
                seen: with.values().sum(),
                measure: Measure { labels, boxes },
            }
        };
        classes.into_iter().map(measure).collect()
    }
}

/// The pictures in which somebody saw a class, and all others, in which nobody did.
fn binary(with: &BTreeMap<Vec<(usize, usize)>, u64>, all: &BTreeMap<Vec<usize>, u64>) -> Vec<Pattern> {
    let mut rest = all.clone();
    for (ratings, n) in with {
        let who: Vec<usize> = ratings.iter().map(|r| r.0).collect();
        if let Some(left) = rest.get_mut(&who) {
            *left = left.saturating_sub(*n);
        }
    }
    let seen = with.iter().map(|(ratings, n)| Pattern { ratings: ratings.clone(), pictures: *n });
    let nobody = rest
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(who, pictures)| Pattern { ratings: who.into_iter().map(|who| (who, 0)).collect(), pictures });
    seen.chain(nobody).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::annotation::Annotation;
    use jiff::Timestamp;

    fn labels() -> LabelSet {
        LabelSet::from_names(&["daisy", "roses", "tulips"], 1)
    }

    fn given(class: i64) -> Answer {
        let annotations = vec![Annotation::label(ClassId(class), "x", Timestamp::UNIX_EPOCH)];
        Answer { status: Status::Labeled, annotations, ..Answer::default() }
    }

    fn drawn(boxes: &[(i64, f64)]) -> Answer {
        let one = |(class, x): &(i64, f64)| Annotation {
            shape: Shape::Box(BoxN { x: *x, y: 0.0, w: 0.2, h: 0.5 }),
            ..Annotation::label(ClassId(*class), "x", Timestamp::UNIX_EPOCH)
        };
        Answer { status: Status::Labeled, annotations: boxes.iter().map(one).collect(), ..Answer::default() }
    }

    fn study(rows: &[&[(&str, Answer)]]) -> Agreement {
        let mut study = Study::new(&labels(), 0.5);
        for row in rows {
            let row: Vec<(String, &Answer)> = row.iter().map(|(who, a)| ((*who).to_owned(), a)).collect();
            study.add(&row);
        }
        study.report()
    }

    #[test]
    fn pairs_and_classes_are_told_apart() {
        let rows: [&[(&str, Answer)]; 5] = [
            &[("bob", given(1)), ("ann", given(1))],
            &[("ann", given(2)), ("bob", given(1)), ("cleo", given(2))],
            &[("ann", given(2)), ("cleo", given(2))],
            &[("ann", given(1)), ("bob", given(1))],
            &[("ann", given(1))],
        ];
        let found = study(&rows);
        assert_eq!(found.people, ["ann", "bob", "cleo"]);
        assert_eq!((found.all.labels.pictures, found.all.labels.answers), (4, 9));
        let pairs: Vec<_> = found.pairs.iter().map(|p| (p.a.as_str(), p.b.as_str())).collect();
        assert_eq!(pairs, [("ann", "bob"), ("ann", "cleo"), ("bob", "cleo")]);
        let raw: Vec<_> = found.pairs.iter().map(|p| p.measure.labels.raw.value.unwrap()).collect();
        assert!((raw[0] - 2.0 / 3.0).abs() < 1e-9 && (raw[1] - 1.0).abs() < 1e-9 && raw[2].abs() < 1e-9);
        let classes: Vec<_> = found.classes.iter().map(|c| (c.class.as_str(), c.seen)).collect();
        assert_eq!(classes, [("daisy", 3), ("roses", 2)]);
        assert!(found.classes.iter().all(|c| c.measure.labels.pictures == 4));
        assert!(found.all.boxes.is_none());
        let turned: Vec<&[(&str, Answer)]> = rows.iter().rev().copied().collect();
        assert_eq!(study(&turned), found);
    }

    #[test]
    fn boxes_by_overlap_and_empty_pictures() {
        let found = study(&[
            &[("ann", drawn(&[(1, 0.0), (2, 0.5)])), ("bob", drawn(&[(1, 0.05), (1, 0.5)]))],
            &[("ann", drawn(&[])), ("bob", drawn(&[]))],
            &[("ann", drawn(&[])), ("bob", drawn(&[(2, 0.1)]))],
        ]);
        let boxes = found.all.boxes.clone().unwrap();
        assert_eq!((boxes.compared, boxes.empty, boxes.boxes), (3, 1, 5));
        // One counterpart: 0.15 of 0.25 overlap. The box of the other class is none.
        assert!((boxes.iou.value.unwrap() - 0.6).abs() < 1e-9 && (boxes.f1.value.unwrap() - 0.4).abs() < 1e-9);
        assert_eq!(found.pairs[0].measure.boxes, Some(boxes));
        let daisy = found.classes[0].measure.boxes.clone().unwrap();
        assert_eq!((daisy.compared, daisy.boxes), (1, 3));
        assert!((daisy.f1.value.unwrap() - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn who_saw_nothing_together_agrees() {
        let found = study(&[
            &[("ann", drawn(&[])), ("bob", drawn(&[]))],
            &[("ann", drawn(&[(1, 0.2)])), ("cleo", drawn(&[(1, 0.2)]))],
        ]);
        let f1 = |p: &PairMeasure| p.measure.boxes.clone().unwrap().f1.value;
        assert_eq!(found.pairs.iter().map(f1).collect::<Vec<_>>(), [Some(1.0), Some(1.0)]);
    }

    #[test]
    fn classes_can_be_looked_at_alone() {
        let mut study = Study::new(&labels(), 0.5).only(&[ClassId(1)]);
        study.add(&[("ann".to_owned(), &given(2)), ("bob".to_owned(), &given(3))]);
        study.add(&[("ann".to_owned(), &given(1)), ("bob".to_owned(), &given(3))]);
        let found = study.report();
        assert_eq!(found.all.labels.raw.value, Some(0.5));
        assert_eq!(found.classes.len(), 1);
    }
}
